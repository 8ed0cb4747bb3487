//! Parameters by path: `setParam("kick.volume", 0.5)`, `getParam("kick.slots[1].gain")`.

use cantus_host::model::Path;
use mlua::{Lua, MultiValue, Result, Value};

use crate::error::blame;
use crate::library::{Row, call};
use crate::values::{module_name, text};
use crate::{handle, slots};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "setParam",
        signature: "(path: string, value: cantus.Value) or (module: cantus.Module|string, parameter: string, value: cantus.Value)",
        doc: "Sets a parameter, by path or by module and name.",
        example: "setParam(\"kick.volume\", 0.5)  setParam(kick, \"volume\", 0.6)  \
                  setParam(\"kick.slots[1].gain\", 1)  assert(kick.volume == 0.6)",
        function: |lua, args| call(lua, args, set_param),
    },
    Row {
        name: "getParam",
        signature: "(path: string) -> any or (module: cantus.Module|string, parameter: string) -> any",
        doc: "The value of a parameter, by path or by module and name.",
        example: "kick.volume = 0.5  assert(getParam(\"kick.volume\") == 0.5)  assert(getParam(kick, \"volume\") == 0.5)",
        function: |lua, args| call(lua, args, get_param),
    },
];

/// The path at the beginning of the arguments, and what follows it.
fn path(lua: &Lua, args: &MultiValue, follows: usize) -> Result<(Path, Value)> {
    let at = |i: usize| args.get(i).cloned().unwrap_or(Value::Nil);
    if args.len() <= 1 + follows {
        let path = text(&at(0), "the path of a parameter")?.parse().map_err(|e: String| blame(e))?;
        return Ok((path, at(1)));
    }
    let (module, key) = (module_name(lua, &at(0), "the first argument")?, text(&at(1), "the name of a parameter")?);
    Ok((Path::new(module, key), at(2)))
}

/// `setParam(path, value)` or `setParam(module, key, value)`.
///
/// # Errors
/// When there is no such parameter or it does not take the value.
pub fn set_param(lua: &Lua, args: MultiValue) -> Result<()> {
    let (path, value) = path(lua, &args, 1)?;
    match path.slot {
        Some(slot) => slots::set(lua, &path.module, slot, &path.param, &value),
        None => handle::set(lua, &path.module, &path.param, &value),
    }
}

/// `getParam(path)` or `getParam(module, key)`.
///
/// # Errors
/// When there is no such parameter.
pub fn get_param(lua: &Lua, args: MultiValue) -> Result<Value> {
    let (path, _) = path(lua, &args, 0)?;
    match path.slot {
        Some(slot) => slots::get(lua, &path.module, slot, &path.param),
        None => handle::get(lua, &path.module, &path.param),
    }
}
