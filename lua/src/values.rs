//! Values on their way between scripts and the Model.

use std::sync::Arc;

use cantus_host::model::{Name, Num, Value as ModelValue, note_number};
use cantus_manifest::hint;
use mlua::{Function, Lua, Result, Table, Value};

use crate::bounds::ENTRIES;
use crate::chain::ChainHandle;
use crate::error::blame;
use crate::handle::Handle;
use crate::pattern::PatternHandle;

/// What a script writes into a parameter.
///
/// # Errors
/// For what no parameter holds.
pub fn to_model(value: &Value) -> Result<ModelValue> {
    Ok(match value {
        Value::Boolean(v) => ModelValue::Flag(*v),
        Value::Integer(v) => ModelValue::Int(*v),
        Value::Number(v) => {
            ModelValue::Num(Num::new(*v).ok_or_else(|| blame(format!("{v} cannot be a value; it must be finite")))?)
        }
        Value::String(v) => ModelValue::Text(v.to_string_lossy().into()),
        Value::UserData(data) if data.is::<PatternHandle>() => {
            ModelValue::Text(data.borrow::<PatternHandle>()?.name.clone())
        }
        Value::UserData(data) if data.is::<ChainHandle>() => {
            ModelValue::Text(data.borrow::<ChainHandle>()?.name.clone())
        }
        Value::Table(table) => ModelValue::List(list(table)?),
        other => return Err(blame(format!("{} cannot be the value of a parameter", a(other)))),
    })
}

/// Numbers that stand in a table from 1 on.
fn list(table: &Table) -> Result<Arc<[Num]>> {
    let entries = sorted(table)?;
    let entry = |(at, (key, value)): (usize, (Key, Value))| match key {
        Key::At(n) if n == at as i64 + 1 => number(&value, &format!("number {n} of the list")),
        Key::At(_) => Err(blame(format!("number {} of the list must be a number, not nil", at + 1))),
        Key::Text(_) => Err(blame("a table with names cannot be the value of a parameter")),
    };
    entries.into_iter().enumerate().map(entry).collect()
}

/// What a script reads from a parameter.
///
/// # Errors
/// When Lua has no memory.
pub fn to_lua(lua: &Lua, value: &ModelValue) -> Result<Value> {
    Ok(match value {
        ModelValue::Flag(v) => Value::Boolean(*v),
        ModelValue::Int(v) => Value::Integer(*v),
        ModelValue::Num(v) => Value::Number(v.get()),
        ModelValue::Text(v) => Value::String(lua.create_string(v.as_bytes())?),
        ModelValue::List(v) => Value::Table(lua.create_sequence_from(v.iter().map(|number| number.get()))?),
    })
}

/// The text of a value that must be text; `what` begins the sentence if it is none.
///
/// # Errors
/// `{what} must be text, not nil`.
pub fn text(value: &Value, what: &str) -> Result<String> {
    match value {
        Value::String(text) => Ok(text.to_string_lossy()),
        other => Err(blame(format!("{what} must be text, not {}", a(other)))),
    }
}

/// The name of a module, given as a handle or as text.
///
/// # Errors
/// For anything else.
pub fn module_name(lua: &Lua, value: &Value, what: &str) -> Result<Name> {
    match value {
        Value::UserData(data) if data.is::<Handle>() => Ok(data.borrow::<Handle>()?.name(lua)),
        Value::String(text) => Ok(text.to_string_lossy().into()),
        other => Err(blame(format!("{what} must be a module or its name, not {}", a(other)))),
    }
}

/// A finite number.
///
/// # Errors
/// For anything else.
pub fn number(value: &Value, what: &str) -> Result<Num> {
    let number = match value {
        Value::Integer(v) => Num::new(*v as f64),
        Value::Number(v) => Num::new(*v),
        _ => None,
    };
    number.ok_or_else(|| blame(format!("{what} must be a number, not {}", a(value))))
}

/// The function that something takes.
///
/// # Errors
/// For anything else.
pub fn function(value: &Value, what: &str) -> Result<Function> {
    match value {
        Value::Function(function) => Ok(function.clone()),
        other => Err(blame(format!("{what} takes a function, not {}", a(other)))),
    }
}

/// Beats: a number, or text as [`duration`] reads it; `what` begins the sentence if it is none.
///
/// # Errors
/// For anything else.
pub fn beats(lua: &Lua, value: &Value, what: &str) -> Result<f64> {
    let Value::String(text) = value else { return Ok(number(value, &format!("the beats of {what}"))?.get()) };
    let text = text.to_string_lossy();
    let wrong =
        || blame(format!("{what}: \"{text}\" is no time in beats; write 1, 0.25, \"1/8\", \"1/8t\" or \"2 bars\""));
    duration(lua, &text)?.ok_or_else(wrong)
}

/// Beats of a note value such as `"1/8"` (a quarter is a beat), `"2 beats"`, or `"bar"` in the session's signature.
///
/// # Errors
/// Outside of an evaluation.
pub fn duration(lua: &Lua, text: &str) -> Result<Option<f64>> {
    let bar = crate::context::with(lua, |work| Ok(work.model.signature.beats_per_bar()))?;
    Ok(cantus_host::model::duration(text, bar))
}

/// Seconds: a number, of which so many are a second, or a time such as `"250ms"` or `"2s"`; `what` begins the sentence if
/// it is none.
///
/// # Errors
/// For anything else.
pub fn seconds(value: &Value, per_second: f64, what: &str) -> Result<f64> {
    let Value::String(text) = value else {
        return Ok(number(value, &format!("the time of {what}"))?.get() / per_second);
    };
    let text = text.to_string_lossy();
    let wrong = || blame(format!("{what}: \"{text}\" is no time; write a number, \"250ms\" or \"2s\""));
    cantus_host::model::seconds(&text, per_second).ok_or_else(wrong)
}

/// True or false.
///
/// # Errors
/// For anything else.
pub fn flag(value: &Value, what: &str) -> Result<bool> {
    if let Value::Boolean(flag) = value {
        return Ok(*flag);
    }
    Err(blame(format!("{what} must be true or false, not {}", a(value))))
}

/// A whole number from 0 on.
///
/// # Errors
/// For anything else.
pub fn whole(value: &Value, what: &str) -> Result<u32> {
    let number = match value {
        Value::Integer(v) => u32::try_from(*v).ok(),
        Value::Number(v) => (v.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(v)).then_some(*v as u32),
        _ => None,
    };
    number.ok_or_else(|| blame(format!("{what} must be a whole number, not {}", a(value))))
}

/// Options by name: a table with no other keys than those that are known, or nothing.
pub struct Named(Option<Table>);

impl Named {
    /// The options of a call; `what` begins the sentence if they are none.
    ///
    /// # Errors
    /// Naming the nearest known key.
    pub fn read(value: &Value, known: &[&str], what: &str) -> Result<Named> {
        match value {
            Value::Nil => Ok(Named(None)),
            Value::Table(table) => {
                only_names(table, known, what)?;
                Ok(Named(Some(table.clone())))
            }
            other => Err(blame(format!("the options of {what} are a table, not {}", a(other)))),
        }
    }

    fn get<T>(&self, key: &str, read: impl FnOnce(&Value, &str) -> Result<T>) -> Result<Option<T>> {
        let Some(table) = &self.0 else { return Ok(None) };
        let value = table.raw_get::<Value>(key)?;
        if value.is_nil() { Ok(None) } else { read(&value, key).map(Some) }
    }

    /// The number of that key, or what it is without.
    ///
    /// # Errors
    /// When it is something else.
    pub fn number(&self, key: &str, without: Num) -> Result<Num> {
        Ok(self.get(key, number)?.unwrap_or(without))
    }

    /// The text of that key, if it is there.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(&self, key: &str) -> Result<Option<String>> {
        self.get(key, text)
    }

    /// The flag of that key, or what it is without.
    ///
    /// # Errors
    /// When it is something else.
    pub fn flag(&self, key: &str, without: bool) -> Result<bool> {
        Ok(self.get(key, flag)?.unwrap_or(without))
    }

    /// `low` and `high` as `read` reads them; if only one is there, the other is that of `whole`.
    ///
    /// # Errors
    /// Those of `read` and `whole`.
    pub fn range(
        &self,
        read: impl Fn(&Value, &str) -> Result<Num>,
        whole: impl FnOnce() -> Result<(Num, Num)>,
    ) -> Result<Option<(Num, Num)>> {
        match (self.get("low", &read)?, self.get("high", &read)?) {
            (Some(low), Some(high)) => Ok(Some((low, high))),
            (None, None) => Ok(None),
            (low, high) => whole().map(|(lowest, highest)| Some((low.unwrap_or(lowest), high.unwrap_or(highest)))),
        }
    }
}

/// Bytes of a text that is still shown when it is wrong.
const SHOWN: usize = 500;

/// What is wrong, in words: `nil`, `a table`.
pub fn a(value: &Value) -> String {
    match value {
        Value::Nil => "nil".into(),
        Value::Integer(v) => v.to_string(),
        // Else 1e308 would have 309 digits.
        Value::Number(v) if v.abs() >= 1e16 => format!("{v:e}"),
        Value::Number(v) => v.to_string(),
        Value::Boolean(v) => v.to_string(),
        Value::String(text) if text.as_bytes().len() > SHOWN => "a long text".into(),
        Value::String(text) => format!("\"{}\"", text.to_string_lossy()),
        Value::UserData(data) if data.is::<Handle>() => "a module".into(),
        Value::UserData(data) if data.is::<PatternHandle>() => "a pattern".into(),
        Value::UserData(data) if data.is::<ChainHandle>() => "a chain".into(),
        other => format!("a {}", other.type_name()),
    }
}

/// What a note says of itself in `kick:trigger{...}`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// MIDI note number.
    pub note: Option<Num>,
    /// 0 to 1.
    pub velocity: Option<Num>,
    /// Slot, from 0.
    pub slot: Option<u16>,
    /// Beats.
    pub length: Option<Num>,
}

impl Fields {
    /// Keys of the fields.
    pub const KEYS: &[&str] = cantus_manifest::NOTE_KEYS;

    /// Reads those fields a table has; what a slot is called, `slot` knows.
    ///
    /// # Errors
    /// For a field of the wrong type.
    pub fn read(table: &Table, slot: impl FnOnce(&Value) -> Result<u16>) -> Result<Fields> {
        let optional = |key: &str| table.raw_get::<Value>(key).map(|v| Some(v).filter(|v| !v.is_nil()));
        Ok(Fields {
            note: optional("note")?.map(|v| note(&v)).transpose()?,
            velocity: optional("velocity")?.map(|v| number(&v, "velocity")).transpose()?,
            slot: optional("slot")?.map(|v| slot(&v)).transpose()?,
            length: optional("length")?.map(|v| number(&v, "length")).transpose()?,
        })
    }
}

/// A note, as a number or like `C4`.
///
/// # Errors
/// For anything else.
pub fn note(value: &Value) -> Result<Num> {
    if let Value::String(text) = value {
        let text = text.to_string_lossy();
        let number = note_number(&text).and_then(Num::new);
        return number.ok_or_else(|| blame(format!("\"{text}\" is not a note; write C4, F#3 or a number 0 to 127")));
    }
    number(value, "note")
}

/// A slot as people count, from 1; the result counts from 0.
///
/// # Errors
/// For what is not a whole number of at least 1.
pub fn slot(value: &Value) -> Result<u16> {
    let number = match value {
        Value::Integer(v) => Some(*v),
        Value::Number(v) if v.fract() == 0.0 => Some(*v as i64),
        _ => None,
    };
    let slot = number.and_then(|n| u16::try_from(n.checked_sub(1)?).ok());
    slot.ok_or_else(|| {
        let given = number.map_or_else(|| a(value), |n| n.to_string());
        blame(format!("a slot is a whole number from 1, not {given}"))
    })
}

/// Refuses keys of a table that mean nothing.
///
/// # Errors
/// Naming the nearest known key.
pub fn only_keys(table: &Table, known: &[&str], what: &str) -> Result<()> {
    for (key, _) in sorted(table)? {
        if let Key::Text(key) = key
            && !known.contains(&key.as_str())
        {
            return Err(blame(unknown(what, "option", &key, known.iter().copied())));
        }
    }
    Ok(())
}

/// Refuses as well what has no name: in lists that are options it would mean nothing.
///
/// # Errors
/// Naming the nearest known key, or what to write.
pub fn only_names(table: &Table, known: &[&str], what: &str) -> Result<()> {
    no_list(table, known[0], what)?;
    only_keys(table, known, what)
}

/// Refuses what has no name; `name` is one that it might have.
///
/// # Errors
/// With what to write.
pub fn no_list(table: &Table, name: &str, what: &str) -> Result<()> {
    let Some((Key::At(_), first)) = sorted(table)?.into_iter().next() else { return Ok(()) };
    let value = if let Value::Table(_) = first { "...".to_owned() } else { a(&first) };
    Err(blame(format!("what {what} is given in a table has names; write {{{name} = {value}}}")))
}

/// `{what} has no {kind} "{key}"; did you mean ...?`
pub fn unknown<'a>(what: &str, kind: &str, key: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    format!("{what} has no {kind} \"{key}\"{}", hint(key, known))
}

/// A key of an options table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A place in a list, from 1.
    At(i64),
    /// A name.
    Text(String),
}

/// A table's entries in an order that does not depend on the run: numbers ascending, then names.
///
/// # Errors
/// For keys that are neither whole numbers nor text.
pub fn sorted(table: &Table) -> Result<Vec<(Key, Value)>> {
    let mut entries = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        if entries.len() == ENTRIES {
            return Err(blame(format!("this table has more than {ENTRIES} entries; that is too many")));
        }
        let (key, value) = pair?;
        let key = match key {
            Value::Integer(n) => Key::At(n),
            Value::String(text) => Key::Text(text.to_string_lossy()),
            other => return Err(blame(format!("{} cannot be a key here; use names and whole numbers", a(&other)))),
        };
        entries.push((key, value));
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(entries)
}
