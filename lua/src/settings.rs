//! Settings by name: those of the session, which the Model has, and those of the machine, which the user has.

use cantus_host::model::command::SetSettingCommand;
use cantus_host::model::{Refusal, SESSION, Setting, Value as ModelValue, session_setting};
use cantus_host::settings::{MACHINE, machine};
use mlua::{Lua, Result, Table, Value};

use crate::context::{context, run, with};
use crate::error::{blame, refused};
use crate::library::{Row, call};
use crate::listing::printed_as;
use crate::values::{text, to_lua, to_model};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "setting",
        signature: "(name: string, value?: cantus.Value) -> any",
        doc: "Sets a setting, if a value is given; and answers it. Settings of the session belong to it; those of the \
              machine are the user's, and files can only read them. help(\"grid\") tells what one is for.",
        example: "setting(\"grid\", 4)  assert(setting(\"grid\") == 4)  print(setting(\"device\"))",
        function: |lua, args| call(lua, args, setting),
    },
    Row {
        name: "toggle_setting",
        signature: "(name: string) -> boolean",
        doc: "Turns on a setting that is off, and off one that is on; and answers it.",
        example: "assert(toggle_setting(\"auto_route\") == false)",
        function: |lua, args| call(lua, args, toggle),
    },
    Row {
        name: "reset_setting",
        signature: "(name: string) -> any",
        doc: "Lets a setting be as it comes; and answers it.",
        example: "setting(\"grid\", 4)  assert(reset_setting(\"grid\") == 0)",
        function: |lua, args| call(lua, args, reset),
    },
    Row {
        name: "settings",
        signature: "() -> table<string, any>",
        doc: "All settings, of the session and of the machine, with their values, as a table.",
        example: "for name, value in pairs(settings()) do print(name, value) end",
        function: |lua, args| call(lua, args, |lua, (): ()| settings(lua)),
    },
];

/// The setting of that name, of the session or of the machine.
///
/// # Errors
/// [`Refusal::UnknownSetting`] with the nearest name.
pub fn find(name: &str) -> std::result::Result<&'static Setting, Refusal> {
    session_setting(name).or_else(|_| machine(name)).map_err(|_| Refusal::UnknownSetting {
        name: name.into(),
        nearest: cantus_manifest::nearest(name, all().map(|s| s.name)).map(str::to_owned),
    })
}

fn all() -> impl Iterator<Item = &'static Setting> {
    SESSION.iter().chain(MACHINE)
}

fn named(name: &Value) -> Result<&'static Setting> {
    find(&text(name, "the name of a setting")?).map_err(|r| refused(&r))
}

fn get(lua: &Lua, setting: &'static Setting) -> Result<ModelValue> {
    let machine = &context(lua).settings;
    with(lua, |work| match session_setting(setting.name) {
        Ok(_) => work.model.setting(setting.name).map_err(|r| refused(&r)),
        Err(_) => Ok(work.machine(setting, machine)),
    })
}

fn set(lua: &Lua, setting: &'static Setting, value: Option<ModelValue>) -> Result<()> {
    if session_setting(setting.name).is_ok() {
        return run(lua, SetSettingCommand { name: setting.name.into(), value });
    }
    let value = value.map(|value| setting.accept(&value)).transpose().map_err(|r| refused(&r))?;
    with(lua, |work| work.set_machine(setting, value).map_err(blame))
}

fn setting(lua: &Lua, (name, value): (Value, Value)) -> Result<Value> {
    let setting = named(&name)?;
    if !value.is_nil() {
        let value = to_model(&value).map_err(|e| blame(format!("setting {}: {e}", setting.name)))?;
        set(lua, setting, Some(value))?;
    }
    to_lua(lua, &get(lua, setting)?)
}

fn toggle(lua: &Lua, name: Value) -> Result<Value> {
    let setting = named(&name)?;
    let other = setting.toggled(&get(lua, setting)?);
    let other = other.ok_or_else(|| blame(format!("setting {} is neither on nor off; set it", setting.name)))?;
    set(lua, setting, Some(other))?;
    to_lua(lua, &get(lua, setting)?)
}

fn reset(lua: &Lua, name: Value) -> Result<Value> {
    let setting = named(&name)?;
    set(lua, setting, None)?;
    to_lua(lua, &get(lua, setting)?)
}

fn settings(lua: &Lua) -> Result<Table> {
    let (table, mut lines) = (lua.create_table()?, Vec::new());
    for setting in all() {
        let value = get(lua, setting)?;
        lines.push(format!("{} = {value}", setting.name));
        table.raw_set(setting.name, to_lua(lua, &value)?)?;
    }
    printed_as(lua, &table, lines.join("\n"))?;
    Ok(table)
}
