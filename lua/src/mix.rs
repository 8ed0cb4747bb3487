//! Who is heard, and what modules are called: `mute`, `solo`, `rename`.

use cantus_host::model::Name;
use cantus_host::model::command::{
    EnableModuleCommand, MuteModuleCommand, RenameModuleCommand, SetSeedCommand, SoloModuleCommand,
};
use mlua::{Lua, Result, Value};

use crate::context::{run, with};
use crate::error::blame;
use crate::handle::{Handle, lookup};
use crate::library::{Row, call};
use crate::values::{a, flag, module_name, text};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "mute",
        signature: "(module: cantus.Module|string, on?: boolean)",
        doc: "Mutes a module: it is not heard, and sends no notes. With false it is heard again.",
        example: "mute(kick)  assert(kick.mute)  mute(\"kick\", false)  assert(not kick.mute)",
        function: |lua, args| call(lua, args, |lua, (module, on): (Value, Value)| set_by(lua, &module, "mute", on)),
    },
    Row {
        name: "solo",
        signature: "(module: cantus.Module|string, on?: boolean)",
        doc: "Makes a module solo: only what is solo, with all that leads to and from it, is heard. With false it is no \
              longer.",
        example: "solo(kick)  assert(kick.solo)  solo(kick, false)",
        function: |lua, args| call(lua, args, |lua, (module, on): (Value, Value)| set_by(lua, &module, "solo", on)),
    },
    Row {
        name: "rename",
        signature: "(module: cantus.Module|string, to: string) -> cantus.AnyModule",
        doc: "Gives a module another name; it sounds on, and every reference follows. At the prompt; a file that is \
              then changed to the new name has made that module.",
        example: "local drum = rename(kick, \"drum\")  assert(drum.name == \"drum\")",
        function: |lua, args| call(lua, args, rename),
    },
];

fn set_by(lua: &Lua, module: &Value, key: &str, on: Value) -> Result<()> {
    let name = module_name(lua, module, "the first argument")?;
    set(lua, &name, key, &if on.is_nil() { Value::Boolean(true) } else { on })
}

/// `kick.mute = true`, and so for `solo`, `enabled` and `seed`.
///
/// # Errors
/// When it does not take the value, or there is no such module.
pub fn set(lua: &Lua, name: &Name, key: &str, value: &Value) -> Result<()> {
    let (what, name) = (format!("{name}.{key}"), name.clone());
    match key {
        "mute" => run(lua, MuteModuleCommand { name, mute: flag(value, &what)? }),
        "solo" => run(lua, SoloModuleCommand { name, solo: flag(value, &what)? }),
        "enabled" => run(lua, EnableModuleCommand { name, enabled: flag(value, &what)? }),
        _ => {
            let seed = value.as_integer().and_then(|seed| u64::try_from(seed).ok());
            let wrong = || blame(format!("{what} must be a whole number from 0, not {}", a(value)));
            run(lua, SetSeedCommand { name, seed: Some(seed.ok_or_else(wrong)?) })
        }
    }
}

fn rename(lua: &Lua, (module, to): (Value, Value)) -> Result<Handle> {
    if with(lua, |transaction| Ok(transaction.is_file()))? {
        let advice = "say it at the prompt, and then write the new name here: it stays the same module";
        return Err(blame(format!("rename cannot be in a file: {advice}")));
    }
    let name = module_name(lua, &module, "the first argument")?;
    let to: Name = text(&to, "the new name")?.into();
    let (module, _) = lookup(lua, &name)?;
    run(lua, RenameModuleCommand { name, to: to.clone() })?;
    Ok(Handle::new(to, module.id))
}
