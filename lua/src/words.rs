//! Commands as a line of words, for what sends text: `engine:executeCommand("set kick volume 0.5")`.

use mlua::{Lua, MultiValue, Result, Value};

use crate::bounds;
use crate::error::blame;
use crate::facade::This;
use crate::library::{Row, call, rows};
use crate::values::text;

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "engine:executeCommand",
        signature: "(line: string) -> any",
        doc: "Does what a line of words says: the name of a function, and its arguments. Numbers, true and false stand \
              for themselves, everything else is text, in quotes if it has spaces. set, get, add and start are other \
              names of setParam, getParam, make and play. Answers what the function does.",
        example: "engine:executeCommand(\"add \" .. kick.type .. \" tom\")  \
              engine:executeCommand(\"set tom volume 0.5\")  assert(engine:executeCommand(\"get tom.volume\") == 0.5)  \
              engine:executeCommand(\"bpm 124\")  engine:executeCommand(\"start\")",
        function: |lua, args| {
            call(lua, args, |lua, (_, line): (This, Value)| execute(lua, &text(&line, "what executeCommand does")?))
        },
    },
    Row {
        name: "exec",
        signature: "(line: string) -> any",
        doc: "As engine:executeCommand.",
        example: "exec(\"set kick.volume 0.5\")",
        function: |lua, args| call(lua, args, |lua, line: Value| execute(lua, &text(&line, "what exec does")?)),
    },
];

/// Words that are functions by another name.
const ALIASES: [(&str, &str); 4] = [("set", "setParam"), ("get", "getParam"), ("add", "make"), ("start", "play")];

fn execute(lua: &Lua, line: &str) -> Result<MultiValue> {
    bounds::pay(lua, 500)?;
    let mut words = words(line)?.into_iter();
    let Some((word, _)) = words.next() else {
        return Err(blame("there is no command in an empty line; write such as \"set kick volume 0.5\""));
    };
    let name = ALIASES.iter().find(|(alias, _)| *alias == word).map_or(word.as_str(), |(_, name)| name);
    let global = |row: &&Row| !row.name.contains([':', '.']);
    let Some(row) = rows().filter(global).find(|row| row.name == name) else {
        let known = rows().filter(global).map(|row| row.name).chain(ALIASES.map(|(alias, _)| alias));
        let hint = Some(cantus_manifest::hint(&word, known)).filter(|hint| !hint.is_empty());
        let hint = hint.unwrap_or_else(|| "; help() lists all functions".into());
        return Err(blame(format!("there is no command \"{word}\"{hint}")));
    };
    let args = words.map(|(word, quoted)| if quoted { text_value(lua, &word) } else { plain(lua, &word) });
    (row.function)(lua, args.collect::<Result<MultiValue>>()?)
}

fn plain(lua: &Lua, word: &str) -> Result<Value> {
    Ok(match word {
        "true" => Value::Boolean(true),
        "false" => Value::Boolean(false),
        _ => match (word.parse::<i64>(), word.parse::<f64>()) {
            (Ok(whole), _) => Value::Integer(whole),
            (_, Ok(number)) if number.is_finite() => Value::Number(number),
            _ => return text_value(lua, word),
        },
    })
}

fn text_value(lua: &Lua, word: &str) -> Result<Value> {
    lua.create_string(word).map(Value::String)
}

/// The words of a line, and whether they stood in quotes.
fn words(line: &str) -> Result<Vec<(String, bool)>> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, quoted, after) = if first == '"' || first == '\'' {
            let (word, after) = rest[1..].split_once(first).ok_or_else(|| {
                blame(format!("the quote {first} in \"{line}\" does not end; write another {first} where it does"))
            })?;
            (word, true, after)
        } else {
            let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            (word, false, after)
        };
        words.push((word.to_owned(), quoted));
        rest = after.trim_start();
    }
    Ok(words)
}
