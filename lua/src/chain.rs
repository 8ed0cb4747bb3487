//! `chain(name, entries, options)`: patterns one after the other.

use cantus_host::model::command::{RemoveChainCommand, SetChainCommand};
use cantus_host::model::{Chain, ChainEntry, Follow, Name};
use mlua::{Lua, Result, Table, Value};

use crate::context::{run, with};
use crate::error::{blame, refused};
use crate::library::{Row, call};
use crate::pattern::PatternHandle;
use crate::values::{Key, Named, a, flag, number, only_keys, sorted, text, whole};

/// What an entry says by name.
const ENTRY: [&str; 6] = ["pattern", "repeats", "enabled", "transpose", "rows", "follow"];

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "chain",
        signature: "(name: string, entries?: table, options?: {loop: boolean}) -> string",
        doc: "Patterns one after the other, by name. An entry is a pattern, {\"b\", 4} for four times, or {pattern =, \
          repeats =, enabled =, transpose =, rows =, follow =}: semitones, rows that are played each time, and what comes \
          after it: \"next\", \"previous\", \"first\", \"last\", \"again\", \"any\", \"other\", \"end\", the number \
          of an entry, or weights as in {next = 3, any = 1}. After the last comes the first, unless {loop = false}. \
          Answers the name, for a sequencer to play; without entries it is the chain that is there.",
        example: "pattern(\"a\", \"x . x .\")  pattern(\"b\", \"x x x x\")  \
              seq.pattern = chain(\"song\", {\"a\", {\"b\", 4}, {pattern = \"a\", repeats = 2, transpose = 12, follow = {next = 3, first = 1}}}, {loop = false})",
        function: |lua, args| call(lua, args, chain),
    },
    Row {
        name: "remove_chain",
        signature: "(name: string)",
        doc: "Removes a chain, by name; what plays it falls silent.",
        example: "chain(\"song\", {\"a\"})  remove_chain(\"song\")",
        function: |lua, args| {
            call(lua, args, |lua, name: Value| {
                run(lua, RemoveChainCommand { name: text(&name, "the name of a chain")?.into() })
            })
        },
    },
];

fn chain(lua: &Lua, (name, entries, options): (Value, Value, Value)) -> Result<String> {
    let name = text(&name, "the name of a chain")?;
    let entries = match &entries {
        Value::Nil => {
            with(lua, |work| work.model.chain(&name).map(|_| ()).map_err(|r| refused(&r)))?;
            return Ok(name);
        }
        Value::Table(entries) => entries,
        other => return Err(blame(format!("chain \"{name}\": its entries are a list, not {}", a(other)))),
    };
    only_keys(entries, &[], "the list of entries")?;
    let repeat = Named::read(&options, &["loop"], "chain")?.flag("loop", true)?;
    let read = entries.sequence_values::<Value>().enumerate().map(|(i, value)| {
        entry(&value?).map_err(|problem| blame(format!("chain \"{name}\": entry {}: {problem}", i + 1)))
    });
    let entries = read.collect::<Result<_>>()?;
    run(lua, SetChainCommand { name: name.as_str().into(), chain: Chain { entries, repeat } })?;
    Ok(name)
}

fn entry(value: &Value) -> Result<ChainEntry> {
    let Value::Table(table) = value else { return Ok(ChainEntry::new(pattern(value)?)) };
    only_keys(table, &ENTRY, "it")?;
    let get = |key: &str| table.raw_get::<Value>(key).map(|value| Some(value).filter(|value| !value.is_nil()));
    let mut entry = ChainEntry::new(pattern(&either(table, "pattern", 1)?)?);
    match either(table, "repeats", 2)? {
        Value::Nil => {}
        value => entry.repeats = whole(&value, "repeats")?,
    }
    if let Some(value) = get("enabled")? {
        entry.enabled = flag(&value, "enabled")?;
    }
    if let Some(value) = get("transpose")? {
        entry.transpose = number(&value, "transpose")?;
    }
    if let Some(value) = get("rows")? {
        entry.rows = Some(whole(&value, "rows")?);
    }
    if let Some(value) = get("follow")? {
        entry.follow = follow(&value)?;
    }
    Ok(entry)
}

/// What comes after an entry: `"any"`, an entry from 1, or a table of weights such as `{next = 3, any = 1}`.
fn follow(value: &Value) -> Result<Follow> {
    let text = match value {
        Value::Integer(entry) => entry.to_string(),
        Value::Number(_) => whole(value, "the entry that follows")?.to_string(),
        Value::String(text) => text.to_string_lossy(),
        Value::Table(ways) => {
            let ways = sorted(ways)?.into_iter().map(|(key, weight)| {
                let weight = whole(&weight, "the weight of what follows")?;
                Ok(match key {
                    Key::At(entry) => format!("{entry} {weight}"),
                    Key::Text(word) => format!("{word} {weight}"),
                })
            });
            ways.collect::<Result<Vec<_>>>()?.join(", ")
        }
        other => {
            return Err(blame(format!("what follows is a word, an entry or a table of weights, not {}", a(other))));
        }
    };
    text.parse().map_err(blame)
}

/// What a table says by name, or else by place.
fn either(table: &Table, name: &str, place: i64) -> Result<Value> {
    let named = table.raw_get::<Value>(name)?;
    if named.is_nil() { table.raw_get(place) } else { Ok(named) }
}

fn pattern(value: &Value) -> Result<Name> {
    match value {
        Value::UserData(data) if data.is::<PatternHandle>() => Ok(data.borrow::<PatternHandle>()?.name.clone()),
        Value::String(text) => Ok(text.to_string_lossy().into()),
        other => Err(blame(format!("{} is not a pattern; write its name, or {{\"name\", 4}}", a(other)))),
    }
}
