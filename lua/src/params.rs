//! Parameters by path: `setParam("kick.volume", 0.5)`, `getParam("kick.slots[1].gain")`; and the tempo.

use cantus_host::model::{Name, SetBPMCommand};
use mlua::{Lua, MultiValue, Result, Value};

use crate::context::{run, with};
use crate::error::blame;
use crate::library::{Row, call};
use crate::values::{self, module_name, text};
use crate::{handle, slots};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "setParam",
        doc: "Sets a parameter, by path or by module and name.",
        example: "setParam(\"kick.volume\", 0.5)  setParam(kick, \"volume\", 0.6)  \
                  setParam(\"kick.slots[1].gain\", 1)  assert(kick.volume == 0.6)",
        function: |lua, args| call(lua, args, set_param),
    },
    Row {
        name: "getParam",
        doc: "The value of a parameter, by path or by module and name.",
        example: "kick.volume = 0.5  assert(getParam(\"kick.volume\") == 0.5)  assert(getParam(kick, \"volume\") == 0.5)",
        function: |lua, args| call(lua, args, get_param),
    },
    Row {
        name: "bpm",
        doc: "Sets the tempo in beats per minute, if one is given; and answers it.",
        example: "bpm(124)  assert(bpm() == 124)",
        function: |lua, args| call(lua, args, bpm),
    },
    Row {
        name: "tempo",
        doc: "Another name of bpm.",
        example: "tempo(90)  assert(tempo() == 90)",
        function: |lua, args| call(lua, args, bpm),
    },
];

/// Where a parameter is.
#[derive(Debug, PartialEq)]
struct Path {
    module: Name,
    /// From 0.
    slot: Option<u16>,
    key: String,
}

impl Path {
    /// Reads `kick.volume` or `kick.slots[1].gain`.
    fn parse(path: &str) -> Result<Path> {
        Self::split(path)
            .ok_or_else(|| blame(format!("\"{path}\" is not a path; write \"kick.volume\" or \"kick.slots[1].gain\"")))
    }

    fn split(path: &str) -> Option<Path> {
        let (module, rest) = path.split_once('.')?;
        let (slot, key) = match rest.strip_prefix("slots[") {
            Some(rest) => {
                let (number, key) = rest.split_once("].")?;
                (Some(number.trim().parse::<u16>().ok()?.checked_sub(1)?), key)
            }
            None => (None, rest),
        };
        let plain = !module.is_empty() && !key.is_empty() && !key.contains('.');
        plain.then(|| Path { module: module.into(), slot, key: key.to_owned() })
    }

    /// The path at the beginning of the arguments, and what follows it.
    fn of(args: &MultiValue, follows: usize) -> Result<(Path, Value)> {
        let at = |i: usize| args.get(i).cloned().unwrap_or(Value::Nil);
        if args.len() <= 1 + follows {
            return Ok((Path::parse(&text(&at(0), "the path of a parameter")?)?, at(1)));
        }
        let (module, key) = (module_name(&at(0), "the first argument")?, text(&at(1), "the name of a parameter")?);
        Ok((Path { module, slot: None, key }, at(2)))
    }
}

/// `setParam(path, value)` or `setParam(module, key, value)`.
///
/// # Errors
/// When there is no such parameter or it does not take the value.
pub fn set_param(lua: &Lua, args: MultiValue) -> Result<()> {
    let (path, value) = Path::of(&args, 1)?;
    match path.slot {
        Some(slot) => slots::set(lua, &path.module, slot, &path.key, &value),
        None => handle::set(lua, &path.module, &path.key, &value),
    }
}

/// `getParam(path)` or `getParam(module, key)`.
///
/// # Errors
/// When there is no such parameter.
pub fn get_param(lua: &Lua, args: MultiValue) -> Result<Value> {
    let (path, _) = Path::of(&args, 0)?;
    match path.slot {
        Some(slot) => slots::get(lua, &path.module, slot, &path.key),
        None => handle::get(lua, &path.module, &path.key),
    }
}

fn bpm(lua: &Lua, wanted: Value) -> Result<f64> {
    if !wanted.is_nil() {
        set_bpm(lua, &wanted)?;
    }
    with(lua, |work| Ok(work.model.bpm.get()))
}

/// Sets the tempo.
///
/// # Errors
/// When it is not a number or out of range.
pub fn set_bpm(lua: &Lua, bpm: &Value) -> Result<()> {
    run(lua, SetBPMCommand { bpm: values::number(bpm, "the tempo")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let path = |module: &str, slot, key: &str| Some(Path { module: module.into(), slot, key: key.into() });
        for (text, expected) in [
            ("kick.volume", path("kick", None, "volume")),
            ("kick.slots[1].gain", path("kick", Some(0), "gain")),
            ("kick.slots[0].gain", None),
            ("kick.slots[x].gain", None),
            ("kick.slots[1]", None),
            ("kick", None),
            (".volume", None),
            ("kick.", None),
            ("a.b.c", None),
        ] {
            assert_eq!(Path::split(text), expected, "{text}");
        }
    }
}
