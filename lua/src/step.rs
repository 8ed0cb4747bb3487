//! Steps of patterns as tables: `{note = "C4", velocity = 0.8, ratchet = 4, locks = {cutoff = 800}}`.

use cantus_host::model::{Condition, Note, Num, Ratchet, Ratio, Step, Value as ModelValue, note_name};
use mlua::{Lua, Result, Table, Value};

use crate::error::blame;
use crate::values::{self, Key, a, number};

/// What a step says of itself.
pub const KEYS: [&str; 12] = [
    "note",
    "instrument",
    "slot",
    "velocity",
    "length",
    "delay",
    "chance",
    "ratio",
    "condition",
    "ratchet",
    "glide",
    "locks",
];

/// Those of some keys and of a step's own.
pub fn and(keys: &[&'static str]) -> Vec<&'static str> {
    [keys, &KEYS].concat()
}

/// Reads those fields a table has.
///
/// # Errors
/// For a field of the wrong type.
pub fn read(table: &Table) -> Result<Step> {
    let optional = |key: &str| table.raw_get::<Value>(key).map(|v| Some(v).filter(|v| !v.is_nil()));
    let num = |key: &str| optional(key)?.map(|v| number(&v, key)).transpose();
    let mut step = Step {
        note: optional("note")?.map(|v| note(&v)).transpose()?,
        instrument: optional("instrument")?.map(|v| small(&v, "instrument", 255)).transpose()?,
        slot: optional("slot")?.map(|v| values::slot(&v)).transpose()?,
        velocity: num("velocity")?,
        length: num("length")?,
        delay: num("delay")?,
        chance: optional("chance")?.map(|v| chance(&v)).transpose()?,
        ratio: optional("ratio")?.map(|v| ratio(&v)).transpose()?,
        condition: optional("condition")?.map(|v| condition(&v)).transpose()?,
        ratchet: optional("ratchet")?.map(|v| ratchet(&v)).transpose()?,
        glide: num("glide")?,
        ..Step::default()
    };
    if let Some(locks) = optional("locks")? {
        let Value::Table(locks) = locks else {
            return Err(blame(format!("locks are a table such as {{cutoff = 800}}, not {}", a(&locks))));
        };
        values::no_list(&locks, "cutoff", "locks")?;
        for (key, value) in values::sorted(&locks)? {
            let Key::Text(name) = key else { continue };
            step.lock(name.as_str().into(), lock(&name, &value)?);
        }
    }
    Ok(step)
}

/// A number, like `C4`, or `OFF` or `CUT`.
///
/// # Errors
/// For anything else.
pub fn note(value: &Value) -> Result<Note> {
    if let Value::String(text) = value {
        match &*text.to_string_lossy() {
            "OFF" | "===" => return Ok(Note::Off),
            "CUT" | "^^^" => return Ok(Note::Cut),
            _ => {}
        }
    }
    values::note(value).map(Note::Pitch)
}

/// A whole number from 1 that is not large.
fn small(value: &Value, what: &str, most: u8) -> Result<u8> {
    let number = values::whole(value, what)?;
    let small = u8::try_from(number).ok().filter(|n| (1..=most).contains(n));
    small.ok_or_else(|| blame(format!("{what} must be a whole number from 1 to {most}, not {number}")))
}

fn chance(value: &Value) -> Result<Num> {
    let wrong = || blame(format!("chance is a number from 0 to 1, or such as \"50%\", not {}", a(value)));
    match value {
        Value::String(text) => {
            let text = text.to_string_lossy();
            let percent = text.trim().strip_suffix('%').and_then(|n| n.trim_end().parse::<f64>().ok());
            percent.and_then(|n| Num::new(n / 100.0)).ok_or_else(wrong)
        }
        value => number(value, "chance").map_err(|_| wrong()),
    }
}

fn ratio(value: &Value) -> Result<Ratio> {
    let wrong = || blame(format!("ratio is \"1:4\" or {{1, 4}}, the first of four turns, not {}", a(value)));
    match value {
        Value::String(text) => text.to_string_lossy().parse().map_err(|()| wrong()),
        Value::Table(table) => match &list(table)?[..] {
            [at, of] => Ok(Ratio { at: small(at, "ratio", 99)?, of: small(of, "ratio", 99)? }),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

fn condition(value: &Value) -> Result<Condition> {
    let read = |text: &str| text.replace(' ', "").parse().ok();
    let found = if let Value::String(text) = value { read(&text.to_string_lossy()) } else { None };
    let advice = "\"first\", \"pre\", \"fill\" or \"every 4\", or with ! before it";
    found.ok_or_else(|| blame(format!("condition is {advice}, not {}", a(value))))
}

fn ratchet(value: &Value) -> Result<Ratchet> {
    let wrong =
        || blame(format!("ratchet is 4, {{hits = 4, ramp = -0.5, curve = 0}} or \"r4:-0.5\", not {}", a(value)));
    let hits = |value: &Value| small(value, "the hits of a ratchet", 64);
    let shape = |value: Option<&Value>, what| match value {
        None | Some(Value::Nil) => Ok(Num::ZERO),
        Some(value) => number(value, &format!("{what} of a ratchet")),
    };
    match value {
        Value::String(text) => text.to_string_lossy().parse().map_err(|()| wrong()),
        Value::Table(table) if table.raw_len() > 0 => match &list(table)?[..] {
            [n, rest @ ..] if rest.len() <= 2 => {
                Ok(Ratchet { hits: hits(n)?, ramp: shape(rest.first(), "ramp")?, curve: shape(rest.get(1), "curve")? })
            }
            _ => Err(wrong()),
        },
        Value::Table(table) => {
            values::only_names(table, &["hits", "ramp", "curve"], "a ratchet")?;
            let get = |key: &str| table.raw_get::<Value>(key);
            let (ramp, curve) = (get("ramp")?, get("curve")?);
            Ok(Ratchet {
                hits: hits(&get("hits")?)?,
                ramp: shape(Some(&ramp), "ramp")?,
                curve: shape(Some(&curve), "curve")?,
            })
        }
        Value::Integer(_) | Value::Number(_) => Ok(Ratchet { hits: hits(value)?, ramp: Num::ZERO, curve: Num::ZERO }),
        _ => Err(wrong()),
    }
}

/// The values of a list that has no names.
fn list(table: &Table) -> Result<Vec<Value>> {
    values::only_keys(table, &[], "a list")?;
    Ok(values::sorted(table)?.into_iter().map(|(_, value)| value).collect())
}

fn lock(name: &str, value: &Value) -> Result<ModelValue> {
    match value {
        Value::Integer(_) | Value::Number(_) => number(value, &format!("the lock of {name}")).map(ModelValue::Num),
        Value::Boolean(flag) => Ok(ModelValue::Flag(*flag)),
        Value::String(text) => Ok(ModelValue::Text(text.to_string_lossy().into())),
        other => Err(blame(format!("{name} is locked to a number, a word, true or false, not {}", a(other)))),
    }
}

/// A number as scripts like to see it.
pub fn plain(number: Num) -> Value {
    let value = number.get();
    let whole = value.fract() == 0.0 && value.abs() < 1e15;
    if whole { Value::Integer(value as i64) } else { Value::Number(value) }
}

/// A step as a table that [`read`] reads back.
///
/// # Errors
/// When Lua has no memory.
pub fn table(lua: &Lua, step: &Step) -> Result<Table> {
    let table = lua.create_table()?;
    let text = |text: String| lua.create_string(text).map(Value::String);
    let put = |key: &str, value: Option<Value>| value.map_or(Ok(()), |value| table.raw_set(key, value));
    put("note", step.note.map(|note| self::text_of(note).map_or_else(|n| Ok(plain(n)), text)).transpose()?)?;
    put("instrument", step.instrument.map(|n| Value::Integer(n.into())))?;
    put("slot", step.slot.map(|slot| Value::Integer(i64::from(slot) + 1)))?;
    put("velocity", step.velocity.map(plain))?;
    put("length", step.length.map(plain))?;
    put("delay", step.delay.map(plain))?;
    put("chance", step.chance.map(plain))?;
    put("ratio", step.ratio.map(|ratio| text(ratio.to_string())).transpose()?)?;
    put("condition", step.condition.map(|condition| text(condition.to_string())).transpose()?)?;
    put("ratchet", step.ratchet.map(|ratchet| ratchet_value(lua, &ratchet)).transpose()?)?;
    put("glide", step.glide.map(plain))?;
    if !step.locks.is_empty() {
        let locks = lua.create_table()?;
        for (name, value) in step.locks.iter() {
            locks.raw_set(lua.create_string(name.as_bytes())?, values::to_lua(lua, value)?)?;
        }
        put("locks", Some(Value::Table(locks)))?;
    }
    Ok(table)
}

/// A note in letters, or its number.
fn text_of(note: Note) -> std::result::Result<String, Num> {
    match note {
        Note::Off => Ok("OFF".to_owned()),
        Note::Cut => Ok("CUT".to_owned()),
        Note::Pitch(number) => note_name(number.get()).ok_or(number),
    }
}

fn ratchet_value(lua: &Lua, ratchet: &Ratchet) -> Result<Value> {
    let hits = i64::from(ratchet.hits);
    if (ratchet.ramp, ratchet.curve) == (Num::ZERO, Num::ZERO) {
        return Ok(Value::Integer(hits));
    }
    let table = lua.create_table()?;
    table.raw_set("hits", hits)?;
    table.raw_set("ramp", plain(ratchet.ramp))?;
    table.raw_set("curve", plain(ratchet.curve))?;
    Ok(Value::Table(table))
}
