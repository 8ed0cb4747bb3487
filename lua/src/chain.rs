//! `chain(name, entries, options)`: patterns one after the other, and what scripts do with a chain they hold.

use cantus_host::model::command::{
    InsertChainEntryCommand, RemoveChainCommand, RemoveChainEntryCommand, SetChainCommand, SetChainEntryCommand,
};
use cantus_host::model::{Chain, ChainEntry, Follow, Name, Num};
use mlua::{Lua, MetaMethod, Result, Table, UserData, UserDataFields, UserDataMethods, Value};

use crate::context::{run, with};
use crate::error::{blame, located, refused};
use crate::facade::METHODS;
use crate::library::{Row, call};
use crate::pattern::PatternHandle;
use crate::values::{self, Key, Named, a, flag, number, only_keys, sorted, text, whole};

/// What an entry says by name.
const ENTRY: [&str; 6] = ["pattern", "repeats", "enabled", "transpose", "rows", "follow"];

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "chain",
        signature: "(name: string, entries?: table, options?: {loop: boolean}) -> cantus.Chain",
        doc: "Patterns one after the other, by name. An entry is a pattern, {\"b\", 4} for four times, or {pattern =, \
          repeats =, enabled =, transpose =, rows =, follow =}: semitones, rows that are played each time, and what comes \
          after it: \"next\", \"previous\", \"first\", \"last\", \"again\", \"any\", \"other\", \"end\", the number \
          of an entry, or weights as in {next = 3, any = 1}. After the last comes the first, unless {loop = false}. \
          Without entries it is the chain that is there.",
        example: "pattern(\"a\", \"x . x .\")  pattern(\"b\", \"x x x x\")  \
              seq.pattern = chain(\"song\", {\"a\", {\"b\", 4}, {pattern = \"a\", repeats = 2, transpose = 12, follow = {next = 3, first = 1}}}, {loop = false})",
        function: |lua, args| call(lua, args, chain),
    },
    Row {
        name: "remove_chain",
        signature: "(chain: cantus.Chain|string)",
        doc: "Removes a chain; what plays it falls silent.",
        example: "chain(\"song\", {\"a\"})  remove_chain(\"song\")",
        function: |lua, args| call(lua, args, |lua, name: Value| run(lua, RemoveChainCommand { name: named(&name)? })),
    },
    Row {
        name: "chain:get",
        signature: "(place: integer) -> cantus.Entry?",
        doc: "The entry in a place, from 1, as a table; nil if there is none. #song is how many there are.",
        example: "pattern(\"a\", \"x .\")  local song = chain(\"song\", {{\"a\", 4}})  assert(song:get(1).repeats == 4 and #song == 1)",
        function: |lua, args| call(lua, args, get),
    },
    Row {
        name: "chain:set",
        signature: "(place: integer, entry: string|cantus.Pattern|cantus.Entry) -> cantus.Chain",
        doc: "Puts an entry in the place of another.",
        example: "pattern(\"a\", \"x .\")  chain(\"song\", {\"a\", \"a\"}):set(2, {\"a\", 4, transpose = 12})",
        function: |lua, args| {
            call(lua, args, |lua, (this, at, entry): (Value, Value, Value)| {
                let (chain, at, entry) = (receiver(&this, "set")?, place(&at, "set")?, read_entry(&entry, "set")?);
                run(lua, SetChainEntryCommand { chain, at, entry, was: None }).map(|()| this)
            })
        },
    },
    Row {
        name: "chain:insert",
        signature: "(place: integer, entry: string|cantus.Pattern|cantus.Entry) -> cantus.Chain",
        doc: "Puts an entry before the one in a place, or behind the last.",
        example: "pattern(\"a\", \"x .\")  local song = chain(\"song\", {\"a\"})  song:insert(1, {\"a\", 2}):insert(#song + 1, \"a\")",
        function: |lua, args| {
            call(lua, args, |lua, (this, at, entry): (Value, Value, Value)| {
                let (chain, at, entry) =
                    (receiver(&this, "insert")?, place(&at, "insert")?, read_entry(&entry, "insert")?);
                run(lua, InsertChainEntryCommand { chain, at, entry }).map(|()| this)
            })
        },
    },
    Row {
        name: "chain:remove",
        signature: "(place: integer) -> cantus.Chain",
        doc: "Takes the entry in a place out.",
        example: "pattern(\"a\", \"x .\")  chain(\"song\", {\"a\", {\"a\", 2}}):remove(1)",
        function: |lua, args| {
            call(lua, args, |lua, (this, at): (Value, Value)| {
                let (chain, at) = (receiver(&this, "remove")?, place(&at, "remove")?);
                run(lua, RemoveChainEntryCommand { chain, at, was: None }).map(|()| this)
            })
        },
    },
    Row {
        name: "chain:move",
        signature: "(from: integer, to: integer) -> cantus.Chain",
        doc: "Moves the entry in a place to another; those between make room.",
        example: "pattern(\"a\", \"x .\")  pattern(\"b\", \". x\")  chain(\"song\", {\"a\", \"a\", \"b\"}):move(3, 1)",
        function: |lua, args| call(lua, args, move_entry),
    },
];

/// A chain as scripts hold it. `tostring` gives its name.
#[derive(Clone, Debug)]
pub struct ChainHandle {
    /// Its name.
    pub name: Name,
}

/// The chain before the colon.
fn receiver(this: &Value, method: &str) -> Result<Name> {
    match this {
        Value::UserData(data) if data.is::<ChainHandle>() => Ok(data.borrow::<ChainHandle>()?.name.clone()),
        _ => Err(blame(format!("call it with a colon, on a chain: song:{method}(...)"))),
    }
}

/// The name of a chain, given as a handle or as text.
fn named(value: &Value) -> Result<Name> {
    match value {
        Value::UserData(data) if data.is::<ChainHandle>() => Ok(data.borrow::<ChainHandle>()?.name.clone()),
        name => Ok(text(name, "the name of a chain")?.into()),
    }
}

/// A place as people count, from 1; the result counts from 0.
fn place(value: &Value, method: &str) -> Result<u32> {
    let from_one = whole(value, &format!("{method}: the place of an entry"))?.checked_sub(1);
    from_one.ok_or_else(|| blame(format!("{method}: the entries of a chain are numbered from 1")))
}

fn read_entry(value: &Value, method: &str) -> Result<ChainEntry> {
    entry(value).map_err(|problem| blame(format!("{method}: {problem}")))
}

fn move_entry(lua: &Lua, (this, from, to): (Value, Value, Value)) -> Result<Value> {
    let name = receiver(&this, "move")?;
    let (from, to) = (place(&from, "move")?, place(&to, "move")?);
    let entry = with(lua, |work| {
        let entries = &work.model.chain(&name).map_err(|r| refused(&r))?.entries;
        let there = entries.get(from as usize).filter(|_| (to as usize) < entries.len()).cloned();
        let missing = || blame(format!("move: chain \"{name}\" has no such places; it has {} entries", entries.len()));
        there.ok_or_else(missing)
    })?;
    run(lua, RemoveChainEntryCommand { chain: name.clone(), at: from, was: None })?;
    run(lua, InsertChainEntryCommand { chain: name, at: to, entry })?;
    Ok(this)
}

fn get(lua: &Lua, (this, at): (Value, Value)) -> Result<Option<Table>> {
    let (name, at) = (receiver(&this, "get")?, place(&at, "get")?);
    let entry = with(lua, |work| {
        let chain = work.model.chain(&name).map_err(|r| refused(&r))?;
        Ok(chain.entries.get(at as usize).cloned())
    })?;
    let Some(ChainEntry { pattern, repeats, enabled, transpose, rows, follow }) = entry else { return Ok(None) };
    let table = lua.create_table()?;
    table.raw_set("pattern", pattern.to_string())?;
    table.raw_set("repeats", repeats)?;
    table.raw_set("enabled", enabled)?;
    if transpose != Num::ZERO {
        table.raw_set("transpose", transpose.get())?;
    }
    table.raw_set("rows", rows)?;
    if !follow.is_plain() {
        table.raw_set("follow", follow.to_string())?;
    }
    Ok(Some(table))
}

impl UserData for ChainHandle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "chain");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(this.name.to_string()));
        methods.add_meta_method(MetaMethod::Len, |lua, this, ()| {
            let count = with(lua, |work| Ok(work.model.chains.get(&*this.name).map_or(0, |chain| chain.entries.len())));
            count.map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: Value| {
            field(lua, &this.name, &key).map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, this, _: mlua::MultiValue| {
            let advice = format!("write an entry with set, as in {}:set(1, \"pattern\")", this.name);
            Err::<(), _>(located(lua, blame(advice)))
        });
        methods.add_meta_function(MetaMethod::Eq, |_, (a, b): (Value, Value)| {
            Ok(receiver(&a, "").ok().is_some_and(|name| receiver(&b, "").is_ok_and(|other| other == name)))
        });
    }
}

fn field(lua: &Lua, name: &Name, key: &Value) -> Result<Value> {
    let key = text(key, "what a chain is asked for")?;
    if key == "name" {
        return lua.create_string(name.as_bytes()).map(Value::String);
    }
    let methods: Table = lua.named_registry_value::<Table>(METHODS)?.raw_get("chain")?;
    let found: Value = methods.raw_get(key.as_str())?;
    if !found.is_nil() {
        return Ok(found);
    }
    let known = ROWS.iter().filter_map(|row| row.name.strip_prefix("chain:")).chain(["name"]);
    Err(blame(values::unknown(&format!("chain {name}"), "field or method", &key, known)))
}

fn chain(lua: &Lua, (name, entries, options): (Value, Value, Value)) -> Result<ChainHandle> {
    let name = text(&name, "the name of a chain")?;
    let entries = match &entries {
        Value::Nil => {
            with(lua, |work| work.model.chain(&name).map(|_| ()).map_err(|r| refused(&r)))?;
            return Ok(ChainHandle { name: name.into() });
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
    Ok(ChainHandle { name: name.into() })
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
