//! Constructors, generated from the manifests: one global per module type.

use std::collections::BTreeMap;

use cantus_host::model::command::AddModuleCommand;
use cantus_host::model::{Catalog, Name};
use mlua::{Lua, Result, Table, Value, Variadic};

use crate::context::{context, run, with};
use crate::error::blame;
use crate::handle::{Handle, apply_options};
use crate::library::{Row, call, native};
use crate::print::is_taken;
use crate::values::{self, a};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "make",
        signature: "(type: `T`, name?: string, options?: table) -> T",
        doc: "A module of a type, by the type's name: what the type's own constructor does. If a module of that type has \
          the name already, it is that one; options set its parameters.",
        example: "local again = make(kick.type, \"kick\")  assert(again == kick)",
        function: |lua, args| call(lua, args, make),
    },
    Row {
        name: "missing",
        signature: "(type: string, name?: string, options?: table) -> cantus.AnyModule",
        doc: "A module whose plugin is not there, of a type that keep_type has told of: silent, with all its values. If \
              the plugin is there after all, what make does.",
        example: "keep_type(\"Old\", 'plugin = \"org.example.old\"\\n[module]\\ntype = \"Old\"\\nkind = \"effect\"\\ndoc = \"\"')  \
                  local old = missing(\"Old\", \"old\")  assert(old.type == \"Old\")",
        function: |lua, args| call(lua, args, make),
    },
];

fn make(lua: &Lua, (module_type, arguments): (Value, Variadic<Value>)) -> Result<Handle> {
    let module_type: Name = values::text(&module_type, "the first argument of make, a type,")?.into();
    let default = with(lua, |work| Ok(work.catalog.get(&module_type).map(|t| t.constructor.clone())))?;
    construct(lua, &module_type, &default.unwrap_or_else(|| module_type.clone()), &arguments)
}

/// Makes a module or finds it, and sets what the options name.
fn construct(lua: &Lua, module_type: &Name, default: &Name, arguments: &[Value]) -> Result<Handle> {
    let options = || arguments.get(1).cloned().unwrap_or(Value::Nil);
    let (name, options): (Name, Value) = match arguments {
        [] => (default.clone(), Value::Nil),
        [Value::Table(table)] => (default.clone(), Value::Table(table.clone())),
        // Said, and nil: a slip in a variable's name, most likely.
        [name, ..] => (values::text(name, "the name of a module")?.into(), options()),
    };
    // A module that is there needs no new id, and none is used up.
    let there = with(lua, |work| Ok(work.model.modules.get(&name).map(|m| m.id)))?;
    let id = there.unwrap_or_else(|| context(lua).engine.mint());
    run(lua, AddModuleCommand { module_type: module_type.clone(), name: name.clone(), id })?;
    match options {
        Value::Nil => {}
        Value::Table(options) => apply_options(lua, &name, &options)?,
        other => return Err(blame(format!("the options of {name} must be a table, not {}", a(&other)))),
    }
    Ok(Handle::new(name, id))
}

/// Puts a constructor for each type into `shared`; answers their names, and what people should know of.
///
/// # Errors
/// When Lua has no memory.
pub fn generate(lua: &Lua, shared: &Table, catalog: &Catalog) -> Result<(Vec<Name>, Vec<String>)> {
    let (mut names, mut notes) = (Vec::new(), Vec::new());
    for (constructor, types) in by_constructor(catalog) {
        if !shared.raw_get::<Value>(&**constructor)?.is_nil() {
            notes.push(format!("{constructor} is a function of Cantus; {}", instead(&types)));
            continue;
        }
        let default = constructor.clone();
        let function = if let Some(module_type) = whose(&types, catalog) {
            let others: Vec<&Name> = types.iter().copied().filter(|name| *name != module_type).collect();
            if !others.is_empty() {
                notes.push(format!("{constructor} makes a {module_type}; for others {}", instead(&others)));
            }
            let module_type = module_type.clone();
            native(lua, move |lua, arguments: Variadic<Value>| construct(lua, &module_type, &default, &arguments))?
        } else {
            let note = format!("{constructor} could be several types; {}", instead(&types));
            notes.push(note.clone());
            native(lua, move |_, _: mlua::MultiValue| Err::<(), _>(blame(note.clone())))?
        };
        shared.raw_set(&**constructor, function)?;
        names.push(constructor.clone());
    }
    Ok((names, notes))
}

fn by_constructor(catalog: &Catalog) -> BTreeMap<&Name, Vec<&Name>> {
    let mut types: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
    for (name, module_type) in catalog.iter() {
        types.entry(&module_type.constructor).or_default().push(name);
    }
    types
}

/// Of several types that claim one constructor the one that comes with Cantus has it, else none.
fn whose<'a>(types: &[&'a Name], catalog: &Catalog) -> Option<&'a Name> {
    let bundled = |name: &&Name| catalog.get(name).is_some_and(|known| known.bundled);
    match (types, &types.iter().copied().filter(bundled).collect::<Vec<_>>()[..]) {
        ([only], _) | (_, [only]) => Some(*only),
        _ => None,
    }
}

/// The types that scripts have a constructor for, each with it; others need `make`.
pub fn defined(catalog: &Catalog) -> impl Iterator<Item = (&Name, &Name)> {
    let all = by_constructor(catalog).into_iter().filter(|(constructor, _)| !is_taken(constructor));
    all.filter_map(|(constructor, types)| Some((whose(&types, catalog)?, constructor)))
}

fn instead(types: &[&Name]) -> String {
    let calls: Vec<String> = types.iter().map(|t| format!("make(\"{t}\", \"name\")")).collect();
    format!("use {}", calls.join(" or "))
}
