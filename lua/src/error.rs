//! Errors for people: file, line, what is wrong, what to do.

use cantus_host::model::Refusal;
use mlua::{Error, Lua};

use crate::budget;

/// A line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the chunk, as it was given to the evaluation.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Why an evaluation changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// Name of the script.
    pub file: String,
    /// Line, from 1, if there is one.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub message: String,
    /// Lua's call stack, innermost first, if there is one.
    pub traceback: Option<String>,
    /// The code ends too early: a prompt may ask for another line.
    pub incomplete: bool,
}

impl std::fmt::Display for ScriptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for ScriptError {}

/// Characters of a message that are shown: a script may throw a text of megabytes.
const LONGEST: usize = 4000;

fn short(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST) {
        message.truncate(end);
        message.push_str("...");
    }
    message
}

impl ScriptError {
    /// An error at a place.
    pub(crate) fn at(place: Place, message: impl Into<String>) -> ScriptError {
        ScriptError { line: Some(place.line), ..ScriptError::of(&place.file, message) }
    }

    /// The error, at a place if it has none of its own.
    pub(crate) fn or_at(self, place: Option<&Place>) -> ScriptError {
        match place {
            Some(place) if self.line.is_none() => {
                ScriptError { file: place.file.clone(), line: Some(place.line), ..self }
            }
            _ => self,
        }
    }

    /// An error of a file as a whole.
    pub(crate) fn of(file: &str, message: impl Into<String>) -> ScriptError {
        let message = short(message.into());
        ScriptError { file: file.to_owned(), line: None, message, traceback: None, incomplete: false }
    }

    /// What Lua reports, for people. `near` is where the script stood; it is used if the error itself has no place.
    pub(crate) fn from_lua(error: &Error, file: &str, near: Option<Place>) -> ScriptError {
        let mut found = if let Some(known) = error.downcast_ref::<ScriptError>() {
            known.clone()
        } else {
            let (place, message) = split_place(&message_of(error), file);
            match place.filter(|p| !is_prelude(&p.file)).or(near) {
                Some(place) => ScriptError::at(place, message),
                None => ScriptError::of(file, message),
            }
        };
        found.traceback = found.traceback.or_else(|| traceback_of(error));
        found.incomplete = matches!(error, Error::SyntaxError { incomplete_input: true, .. });
        found
    }
}

/// A sentence of ours on its way through Lua; [`located`] gives it the script's line.
#[derive(Debug)]
struct Blame(String);

impl std::fmt::Display for Blame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Blame {}

/// An error of a native function: what is wrong and what to do. The line is added where the function returns.
pub fn blame(message: impl Into<String>) -> Error {
    Error::external(Blame(message.into()))
}

/// A refused command as an error of a native function.
pub fn refused(refusal: &Refusal) -> Error {
    blame(refusal.to_string())
}

/// Gives an error of a native function the line of the script that called it. Errors that have a place stay.
pub fn located(lua: &Lua, error: Error) -> Error {
    let message = match &error {
        Error::BadArgument { pos, cause, .. } => match &**cause {
            Error::FromLuaConversionError { from, to, .. } => {
                format!("argument {pos} must be {}, not {}", kind(to), kind(from))
            }
            cause => cause.to_string(),
        },
        Error::ExternalError(cause) => match cause.downcast_ref::<Blame>() {
            Some(Blame(message)) => message.clone(),
            None => return error,
        },
        _ => return error,
    };
    Error::external(match budget::place(lua) {
        Some(place) => ScriptError::at(place, message),
        None => ScriptError::of(&crate::context::context(lua).file.borrow(), message),
    })
}

/// An error that Lua itself has raised in a function of ours, at the line of the script that catches it; any other text
/// as it is.
pub fn in_script(lua: &Lua, text: String) -> String {
    match one_place(&text, "") {
        Some((place, message)) if is_prelude(&place.file) => {
            budget::place(lua).map_or_else(|| message.to_owned(), |place| format!("{place}: {message}"))
        }
        _ => text,
    }
}

/// A type of Lua or Rust, as people say it.
fn kind(name: &str) -> &str {
    match name {
        "i64" | "u64" | "i32" | "u32" | "usize" => "a whole number",
        "f64" | "number" | "integer" => "a number",
        "String" | "string" => "text",
        "bool" | "boolean" => "true or false",
        "table" => "a table",
        "function" => "a function",
        other => other,
    }
}

/// The text of an error without traceback and without "runtime error:".
pub fn message_of(error: &Error) -> String {
    match error {
        Error::RuntimeError(text) | Error::SyntaxError { message: text, .. } => {
            let text = text.split("\nstack traceback:").next().unwrap_or_default();
            if text.starts_with("table: 0x") { "the error is a table; throw text".to_owned() } else { text.to_owned() }
        }
        Error::MemoryError(_) => budget::OUT_OF_MEMORY.to_owned(),
        Error::CallbackError { cause, .. } => message_of(cause),
        Error::WithContext { cause, .. } => message_of(cause),
        other => other.to_string(),
    }
}

fn traceback_of(error: &Error) -> Option<String> {
    match error {
        Error::CallbackError { traceback, .. } => frames(traceback),
        Error::RuntimeError(text) => {
            text.split_once("\nstack traceback:\n").and_then(|(_, traceback)| frames(traceback))
        }
        _ => None,
    }
}

/// A traceback of the script's own calls; `None` if there are none.
pub fn frames(traceback: &str) -> Option<String> {
    let lines = traceback.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "stack traceback:");
    // What names no line of a script: C, the prelude, and `(...tail calls...)`.
    let own: Vec<&str> =
        lines.filter(|line| !line.starts_with("[C]") && !is_prelude(line) && !line.starts_with('(')).collect();
    (!own.is_empty()).then(|| format!("stack traceback:\n\t{}", own.join("\n\t")))
}

/// Whether a chunk is ours, not the script's.
pub fn is_prelude(file: &str) -> bool {
    file.starts_with(crate::sandbox::PRELUDE)
}

/// Splits `song.lua:12: message`. A coroutine that is passed on has several places; the innermost is meant. What looks
/// like no name of a file is none, unless it is the `known` one.
fn split_place(text: &str, known: &str) -> (Option<Place>, String) {
    let (mut place, mut rest) = (None, text);
    while let Some((found, after)) = one_place(rest, known) {
        place = Some(found);
        rest = after;
    }
    (place, rest.to_owned())
}

fn one_place<'a>(text: &'a str, known: &str) -> Option<(Place, &'a str)> {
    let line_end = text.match_indices(": ").find_map(|(end, _)| {
        let start = text[..end].rfind(':')?;
        let line: usize = text[start + 1..end].parse().ok()?;
        Some((start, line, end + 2))
    });
    let (start, line, after) = line_end?;
    let file = &text[..start];
    let like_a_file = !file.contains([' ', '\n']) || file.ends_with(".lua") || file.ends_with(']');
    let plausible = !file.is_empty() && (like_a_file || file == known);
    plausible.then(|| (Place { file: file.to_owned(), line }, &text[after..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for (text, file, line, message) in [
            ("song.lua:12: no", "song.lua", 12, "no"),
            ("my song.lua:3: a: b", "my song.lua", 3, "a: b"),
            ("song.lua:5: lib/a.lua:3: no", "lib/a.lua", 3, "no"),
            ("[string \"x = = 1\"]:1: no", "[string \"x = = 1\"]", 1, "no"),
            ("a song of mine:4: no", "a song of mine", 4, "no"),
        ] {
            let expected = Place { file: file.into(), line };
            assert_eq!(split_place(text, "a song of mine"), (Some(expected), message.to_owned()), "{text}");
        }
        for text in ["no place", "the train at 10:30: late", "a: b", ":1: x"] {
            assert_eq!(split_place(text, "song.lua"), (None, text.to_owned()), "{text}");
        }
    }
}
