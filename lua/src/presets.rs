//! Presets of the manifests: `preset(kick, "punchy")` sets one, `presets(kick)` lists them.

use cantus_manifest::{Preset, Setting};
use mlua::{IntoLua, Lua, Result, Table, Value};

use crate::error::blame;
use crate::handle::lookup;
use crate::library::{Row, call};
use crate::listing::list;
use crate::subject::some_subject;
use crate::values::{module_name, text, unknown};
use crate::{handle, slots};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "preset",
        signature: "(module: cantus.Module|string, key: string)",
        doc: "Sets what a preset of a module's type says, as if each value were set by itself; what it does not name stays \
              as it is.",
        example: "preset(kick, presets(kick)[1].key)  preset(\"kick\", \"thin\")",
        function: |lua, args| call(lua, args, apply),
    },
    Row {
        name: "presets",
        signature: "(of: cantus.Module|function|string) -> cantus.Preset[]",
        doc: "The presets of a module or a type, in order: each a table with key, name, doc, values and slots.",
        example: "for _, p in ipairs(presets(kick)) do print(p.key, p.doc) end  assert(presets(kick)[1].values.volume)",
        function: |lua, args| call(lua, args, presets),
    },
];

fn apply(lua: &Lua, (module, key): (Value, Value)) -> Result<()> {
    let (name, key) = (module_name(lua, &module, "the first argument")?, text(&key, "the name of a preset")?);
    let (_, known) = lookup(lua, &name)?;
    let manifest = &known.manifest;
    let Some(preset) = manifest.preset(&key) else {
        let keys = manifest.presets.iter().map(|preset| preset.key.as_str());
        return Err(blame(unknown(&name, "preset", &key, keys)));
    };
    for (slot, param, setting) in preset.settings() {
        let value = value(lua, setting)?;
        match slot {
            None => handle::set(lua, &name, param, &value)?,
            Some(slot) => slots::set(lua, &name, slot, param, &value)?,
        }
    }
    Ok(())
}

fn presets(lua: &Lua, of: Value) -> Result<Table> {
    let known = some_subject(lua, &of)?.known;
    let entry = |preset: &Preset| {
        let (values, slots) = (lua.create_table()?, lua.create_table()?);
        for (slot, param, setting) in preset.settings() {
            let setting = value(lua, setting)?;
            match slot.map(|slot| u32::from(slot) + 1) {
                None => values.raw_set(param, setting)?,
                Some(slot) => {
                    let of_slot = slots.raw_get::<Option<Table>>(slot)?.map_or_else(|| lua.create_table(), Ok)?;
                    of_slot.raw_set(param, setting)?;
                    slots.raw_set(slot, of_slot)?;
                }
            }
        }
        let table = lua.create_table_from([("values", values), ("slots", slots)])?;
        for (key, text) in [("key", preset.key.as_str()), ("name", preset.title()), ("doc", &preset.doc)] {
            table.raw_set(key, text)?;
        }
        Ok((table, format!("{}: {} {}", preset.key, preset.doc, preset.shown())))
    };
    list(lua, known.manifest.presets.iter().map(entry).collect::<Result<_>>()?)
}

/// As a script would write it.
fn value(lua: &Lua, setting: &Setting) -> Result<Value> {
    match setting {
        Setting::Flag(on) => on.into_lua(lua),
        Setting::Int(n) => n.into_lua(lua),
        Setting::Number(x) => x.into_lua(lua),
        Setting::Text(text) => text.as_str().into_lua(lua),
        Setting::Numbers(list) => list.clone().into_lua(lua),
    }
}
