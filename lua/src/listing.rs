//! What there is: `modules()`, `types()`, `parameters(kick)`, `actions(kick)`, `meters(kick)`. Each answers a list to go
//! through, which prints as a line for each entry.

use std::sync::Arc;

use cantus_host::model::{ModuleType, Name};
use cantus_manifest::{Kind, Param, ParamKind};
use mlua::{Lua, MultiValue, Result, Table, Value};

use crate::context::{context, with};
use crate::error::blame;
use crate::handle::Handle;
use crate::library::{Row, call, native};
use crate::subject::{Subject, some_subject};
use crate::values::{text, to_lua};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "modules",
        signature: "(of?: string) -> cantus.AnyModule[]",
        doc: "All modules, in the order of their names; or those of a type, a constructor or a kind.",
        example: "for _, module in ipairs(modules()) do print(module.name) end  print(modules(\"instrument\"))  \
                  assert(modules(kick.type)[1] == kick)",
        function: |lua, args| call(lua, args, modules),
    },
    Row {
        name: "types",
        signature: "(of?: string) -> cantus.Type[]",
        doc: "All module types, in order, each a table with type, constructor, kind, plugin and doc; or those of a kind.",
        example: "for _, t in ipairs(types()) do print(t.type, t.constructor, t.kind) end  print(types(\"mixer\"))",
        function: |lua, args| call(lua, args, types),
    },
    Row {
        name: "parameters",
        signature: "(of: cantus.Module|cantus.Slot|table|function|string) -> cantus.Parameter[]",
        doc: "The parameters of a module, its slots, one of them or a type, in order: each a table with key, path, kind, \
              value, min, max, default, unit, labels, aliases, lock and doc, as far as it has them.",
        example: "for _, p in ipairs(parameters(kick)) do print(p.key, p.value, p.min, p.max, p.unit) end  \
                  assert(parameters(kick.slots[1])[1].path == \"kick.slots[1].\" .. parameters(\"kick.slots\")[1].key)",
        function: |lua, args| call(lua, args, parameters),
    },
    Row {
        name: "actions",
        signature: "(of: cantus.Module|function|string) -> cantus.Named[]",
        doc: "What a module or a type can be told to do, in order: each a table with key and doc.",
        example: "for _, action in ipairs(actions(kick)) do print(action.key, action.doc) end",
        function: |lua, args| call(lua, args, actions),
    },
    Row {
        name: "meters",
        signature: "(of: cantus.Module|function|string) -> cantus.Meter[]",
        doc: "What a module or a type shows, in order: each a table with key, value, unit and doc.",
        example: "for _, meter in ipairs(meters(kick)) do print(meter.key, meter.value, meter.unit) end",
        function: |lua, args| call(lua, args, meters),
    },
];

/// Values of meters of a kind that a line shows.
const SHOWN: usize = 4;

/// An entry of a list, and how it prints.
pub type Entry<T> = (T, String);

/// A list that prints as its entries, each on a line.
///
/// # Errors
/// When Lua has no memory.
pub fn list<T: mlua::IntoLua>(lua: &Lua, entries: Vec<Entry<T>>) -> Result<Table> {
    let (values, lines): (Vec<T>, Vec<String>) = entries.into_iter().unzip();
    let list = lua.create_sequence_from(values)?;
    printed_as(lua, &list, lines.join("\n"))?;
    Ok(list)
}

/// Lets a table print as a text.
///
/// # Errors
/// When Lua has no memory.
pub fn printed_as(lua: &Lua, table: &Table, text: String) -> Result<()> {
    let meta = lua.create_table()?;
    meta.raw_set("__tostring", native(lua, move |_, _: MultiValue| Ok(text.clone()))?)?;
    table.set_metatable(Some(meta))
}

/// Which types a word names: a type, those of a constructor, or those of a kind.
fn filter(lua: &Lua, word: &Value) -> Result<Option<Vec<Arc<ModuleType>>>> {
    if word.is_nil() {
        return Ok(None);
    }
    let word = text(word, "a type, a constructor or a kind")?;
    with(lua, |work| {
        let is_named = |t: &ModuleType| *t.manifest.name == *word || *t.constructor == *word;
        let excerpts = work.model.excerpts.iter().map(|(_, excerpt)| excerpt.known());
        let all: Vec<_> = work.catalog.iter().map(|(_, t)| t).chain(excerpts).collect();
        let of = |t: &&&Arc<ModuleType>| is_named(t) || t.manifest.kind.name() == word;
        let found: Vec<_> = all.iter().filter(of).map(|t| (*t).clone()).collect();
        if !found.is_empty() || Kind::ALL.iter().any(|kind| kind.name() == word) {
            return Ok(Some(found));
        }
        let names = all.iter().flat_map(|t| [t.manifest.name.as_str(), &*t.constructor]);
        let hint = cantus_manifest::hint(&word, names.chain(Kind::ALL.iter().map(|kind| kind.name())));
        Err(blame(format!("there is no type, constructor or kind \"{word}\"{hint}")))
    })
}

fn modules(lua: &Lua, of: Value) -> Result<Table> {
    let types = filter(lua, &of)?;
    let meant =
        |module_type: &Name| types.as_ref().is_none_or(|types| types.iter().any(|t| *t.manifest.name == **module_type));
    let found: Vec<Entry<Handle>> = with(lua, |work| {
        let found = work.model.modules.iter().filter(|(_, module)| meant(&module.module_type));
        let entry = |(name, module): (&Name, &cantus_host::model::Module)| {
            (Handle::new(name.clone(), module.id), format!("{name} ({})", module.module_type))
        };
        Ok(found.map(entry).collect())
    })?;
    list(lua, found)
}

fn types(lua: &Lua, of: Value) -> Result<Table> {
    let all = || with(lua, |work| Ok(work.catalog.iter().map(|(_, t)| t.clone()).collect()));
    let found: Vec<Arc<ModuleType>> = filter(lua, &of)?.map_or_else(all, Ok)?;
    let entry = |known: &Arc<ModuleType>| {
        let (manifest, kind) = (&known.manifest, known.manifest.kind.name());
        let (name, constructor) = (manifest.name.as_str(), &*known.constructor);
        let fields = [("type", name), ("constructor", constructor), ("kind", kind), ("plugin", &known.plugin)];
        let table = lua.create_table_from(fields)?;
        table.raw_set("doc", manifest.doc.as_str())?;
        Ok((table, format!("{name} ({constructor}, {kind}): {}", manifest.doc)))
    };
    list(lua, found.iter().map(entry).collect::<Result<_>>()?)
}

fn parameters(lua: &Lua, of: Value) -> Result<Table> {
    let subject = some_subject(lua, &of)?;
    let values = subject.values();
    let entry = |(index, param): (usize, &Param)| {
        let value = values.map(|values| &values[index]);
        let table = parameter(lua, &subject, param)?;
        if let Some(value) = value {
            table.raw_set("value", to_lua(lua, value)?)?;
        }
        let now = value.map(|value| format!(" = {value}")).unwrap_or_default();
        Ok((table, format!("{}{now}: {} {}", param.key, param.doc, param.kind.range())))
    };
    list(lua, subject.params().iter().enumerate().map(entry).collect::<Result<_>>()?)
}

/// All of a parameter but its value.
fn parameter(lua: &Lua, subject: &Subject, param: &Param) -> Result<Table> {
    let table =
        lua.create_table_from([("key", param.key.as_str()), ("doc", &param.doc), ("kind", param.kind.name())])?;
    if let Some(path) = subject.path(&param.key) {
        table.raw_set("path", path.to_string())?;
    }
    match &param.kind {
        ParamKind::Float { min, max, .. } | ParamKind::Numbers { min, max } => {
            table.raw_set("min", *min)?;
            table.raw_set("max", *max)?;
        }
        ParamKind::Int { min, max, .. } => {
            table.raw_set("min", *min)?;
            table.raw_set("max", *max)?;
        }
        ParamKind::Enum { labels, .. } => table.raw_set("labels", labels.clone())?,
        ParamKind::Bool { .. } | ParamKind::Sample | ParamKind::Pattern | ParamKind::Text => {}
    }
    table.raw_set("default", to_lua(lua, &cantus_host::model::Value::default_of(&param.kind))?)?;
    unit(&table, param.kind.unit())?;
    table.raw_set("aliases", param.aliases.clone())?;
    if param.lock {
        table.raw_set("lock", true)?;
    }
    Ok(table)
}

fn unit(table: &Table, unit: cantus_manifest::Unit) -> Result<()> {
    if unit.name().is_empty() { Ok(()) } else { table.raw_set("unit", unit.name()) }
}

fn actions(lua: &Lua, of: Value) -> Result<Table> {
    let subject = some_subject(lua, &of)?;
    let entry = |action: &cantus_manifest::Action| {
        let table = lua.create_table_from([("key", action.key.as_str()), ("doc", &action.doc)])?;
        Ok((table, format!("{}: {}", action.key, action.doc)))
    };
    list(lua, subject.known.manifest.actions.iter().map(entry).collect::<Result<_>>()?)
}

fn meters(lua: &Lua, of: Value) -> Result<Table> {
    let Subject { known, module, .. } = some_subject(lua, &of)?;
    let state = context(lua).engine.state();
    let (mut tables, mut lines) = (Vec::new(), Vec::<String>::new());
    let all: Vec<(String, &cantus_manifest::Meter)> = known.manifest.meters().collect();
    for of_a_kind in all.chunk_by(|(_, one), (_, other)| std::ptr::eq(*one, *other)) {
        let (meter, mut values) = (of_a_kind[0].1, Vec::new());
        for (key, _) in of_a_kind {
            let table = lua.create_table_from([("key", key.as_str()), ("doc", &meter.doc)])?;
            unit(&table, meter.unit)?;
            let value = module.as_ref().map(|(name, _)| state.meter(name, key).unwrap_or(0.0));
            table.raw_set("value", value)?;
            values.extend(value.map(|value| meter.unit.with(f64::from(value))));
            tables.push(table);
        }
        // Of many of a kind a line shows the first.
        let more = if values.len() > SHOWN { " ..." } else { "" };
        values.truncate(SHOWN);
        let now = if values.is_empty() { String::new() } else { format!(" = {}{more}", values.join(", ")) };
        lines.push(format!("{}{now}: {}", meter.keys(), meter.doc));
    }
    let list = lua.create_sequence_from(tables)?;
    printed_as(lua, &list, lines.join("\n"))?;
    Ok(list)
}
