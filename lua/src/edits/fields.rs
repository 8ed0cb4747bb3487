//! What a pattern has under a name: `beat.rows = 32`, and its methods.

use cantus_host::model::command::ShapePatternCommand;
use cantus_host::model::{Name, Num};
use mlua::{Lua, Result, Table, Value};

use crate::error::blame;
use crate::facade::METHODS;
use crate::forms;
use crate::pattern::PatternHandle;
use crate::values::{self, number, whole};

use super::{OBJECT, ROWS, look, perform};

/// What a pattern has besides methods.
const FIELDS: [&str; 3] = ["name", "rows", "steps_per_beat"];

/// Sets what a pattern has of rows, of steps per beat, or of both.
///
/// # Errors
/// When there is no such pattern any more, or it cannot have so many.
pub(super) fn shape(lua: &Lua, this: &PatternHandle, rows: Option<u32>, speed: Option<Num>) -> Result<()> {
    let now = look(lua, &this.name, |pattern| Ok((pattern.rows, pattern.steps_per_beat)))?;
    let (rows, steps_per_beat) = (rows.unwrap_or(now.0), speed.unwrap_or(now.1));
    perform(lua, this, ShapePatternCommand { pattern: this.name.clone(), rows, steps_per_beat })
}

/// `p.rows = 32`.
///
/// # Errors
/// When it cannot be set.
pub fn set_field(lua: &Lua, this: &PatternHandle, key: &Value, value: &Value) -> Result<()> {
    let name = &this.name;
    let key = match key {
        Value::String(key) => key.to_string_lossy(),
        _ => return Err(blame(format!("pattern {name}: write a step with set, as in {name}:set(1, 1, \"C4\")"))),
    };
    match key.as_str() {
        "rows" => shape(lua, this, Some(whole(value, "rows")?), None),
        "steps_per_beat" => shape(lua, this, None, Some(number(value, "steps_per_beat")?)),
        "name" => Err(blame(format!("the name of pattern {name} cannot be set"))),
        key => {
            method(lua, name, key)?;
            Err(blame(format!("pattern {name}.{key} cannot be set; call it: {name}:{key}(...)")))
        }
    }
}

/// The method of that key.
///
/// # Errors
/// With the nearest field or method, if there is none.
pub fn method(lua: &Lua, name: &Name, key: &str) -> Result<Value> {
    let methods: Table = lua.named_registry_value::<Table>(METHODS)?.raw_get(OBJECT)?;
    let found: Value = methods.raw_get(key)?;
    if !found.is_nil() {
        return Ok(found);
    }
    let known = ROWS.iter().chain(forms::ROWS).filter_map(|row| row.name.split_once(':')).map(|(_, method)| method);
    Err(blame(values::unknown(&format!("pattern {name}"), "field or method", key, FIELDS.into_iter().chain(known))))
}
