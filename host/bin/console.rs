//! What the program says: results on standard output, everything else on standard error. Whoever listens may go away at
//! any time, as `head` does; that is no fault of theirs, and no reason to stop the music.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};

use terminal_size::{Width, terminal_size};

use crate::Failure;

/// Says a result, which ends with its line. When nobody reads it any more, nobody misses it.
///
/// # Errors
/// When it could not be written for another reason, such as a full disk.
pub fn say(result: impl Display) -> Result<(), Failure> {
    let out = stdout();
    let result = fitted(result.to_string(), &out);
    match writeln!(out.lock(), "{result}") {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure(format!("could not write the result: {e}; send it to another place")))
        }
        _ => Ok(()),
    }
}

/// Tells people something: progress, a warning, an error. There is nobody to be told that it could not be.
pub fn tell(message: impl Display) {
    let err = stderr();
    let message = fitted(message.to_string(), &err);
    let _ = writeln!(err.lock(), "{message}");
}

/// A text as wide as the terminal it is for; as it is where there is none: a program may read it.
fn fitted(text: String, to: &impl IsTerminal) -> String {
    match to.is_terminal().then(terminal_size).flatten() {
        Some((Width(columns), _)) if columns >= 20 => folded(&text, usize::from(columns)),
        _ => text,
    }
}

/// Folds lines that are longer than so many characters between words, and sets what follows in by two more blanks.
pub fn folded(text: &str, width: usize) -> String {
    text.split('\n').map(|line| fold(line, width)).collect::<Vec<_>>().join("\n")
}

fn fold(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let indent = " ".repeat(line.len() - line.trim_start_matches(' ').len() + 2);
    let (mut out, mut column) = (String::new(), 0);
    for word in line.split_inclusive(' ') {
        let (shown, all) = (word.trim_end().chars().count(), word.chars().count());
        if column + shown > width && column > indent.len() {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(&indent);
            column = indent.len();
        }
        out.push_str(word);
        column += all;
    }
    out
}

/// `1 change`, `2 changes`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Tells people of something that will not be as they want it.
pub fn warn(message: impl Display) {
    tell(format_args!("warning: {message}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_words() {
        for (text, expected) in [
            ("short", "short"),
            ("just as long", "just as long"),
            ("a line that is longer", "a line that\n  is longer"),
            ("  set in already, and\nnext", "  set in\n    already,\n    and\nnext"),
            ("a_word_that_is_longer than it", "a_word_that_is_longer\n  than it"),
            ("", ""),
        ] {
            assert_eq!(folded(text, 12), expected, "{text}");
        }
        assert_eq!(counted(1, "change", "changes"), "1 change");
        assert_eq!(counted(2, "change", "changes"), "2 changes");
    }
}
