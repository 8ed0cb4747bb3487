//! Definitions for editors, in LuaCATS: what a script finds, with types, ranges and documentation, from the rows of the
//! functions and the manifests of the modules. Pure text; nothing here reads or writes a file.

mod signature;

use std::collections::BTreeMap;
use std::fmt::Write;

use cantus_host::model::{Catalog, Model, ModuleType, example};
use cantus_manifest::{Param, ParamKind, Unit};
use mlua::{Lua, Table};

use crate::constructors::defined;
use crate::handle::OWN;
use crate::library::Documented;
use crate::print::is_free;
use crate::sound;
use signature::{Way, ways};

/// How every file of definitions begins: what does not begin so is somebody else's.
pub const MARK: &str = "---@meta _\n-- Written by `cantus types`; what is changed here is lost the next time.\n";

/// What every file needs and no row says.
const HEAD: &str = include_str!("types/head.lua");

/// Definitions of the functions, and of what they take and answer.
pub fn functions<'a>(rows: impl IntoIterator<Item = &'a Documented>) -> String {
    let mut out = format!("{MARK}\n{}\n{HEAD}", base());
    let lua = Lua::new();
    let (mut objects, mut members, mut globals) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for row in rows {
        if let Some(object) = &row.also {
            let list: &mut Vec<_> = objects.entry(object.as_str()).or_default();
            list.push(as_method(row, object));
        }
        if let Some((object, _)) = row.name.split_once(':') {
            objects.entry(object).or_default().push(row.clone());
        } else if let Some((library, name)) = row.name.split_once('.') {
            // Editors know Lua's own.
            if !is_luas(&lua, library, name) {
                members.entry(library).or_insert_with(Vec::new).push(row);
            }
        } else {
            globals.push(row);
        }
    }
    for (object, rows) in objects {
        // Capitals, because a function or a library may have the object's own name.
        let local = capitalised(object);
        let _ = write!(out, "\n---@class cantus.{local}\n{}local {local} = {{}}\n", besides(object));
        rows.iter().for_each(|row| function(&mut out, row, &format!("{local}{}", &row.name[object.len()..])));
    }
    let _ =
        write!(out, "\n---Clock, modules, cables, parameters and patterns.\n---@type cantus.Engine\nengine = {{}}\n");
    for (library, rows) in members {
        if !is_luas(&lua, library, "") {
            // Without a class, editors take any name for one of its functions.
            let _ = write!(out, "\n---@class cantus.{}Library\n{library} = {{}}\n", capitalised(library));
        }
        rows.iter().for_each(|row| function(&mut out, row, &row.name));
    }
    globals.iter().for_each(|row| function(&mut out, row, &row.name));
    out
}

/// Definitions of all module types, and of the functions that make them.
pub fn modules(catalog: &Catalog) -> String {
    let mut out = MARK.to_owned();
    for (_, known) in catalog.iter() {
        class(&mut out, known);
    }
    for (name, constructor) in defined(catalog) {
        let doc = catalog.get(name).map_or("", |known| &known.manifest.doc);
        let _ = write!(
            out,
            "\n---{}\n---@param name? string\n---@param options? {name}.Options\n---@return {name}\n\
             ---@overload fun(options: {name}.Options): {name}\nfunction {constructor}(name, options) end\n",
            line(doc)
        );
    }
    out
}

/// Definitions of a session's modules, under their names.
pub fn session(model: &Model, catalog: &Catalog) -> String {
    let mut out = MARK.to_owned();
    // What the manifests that are loaded do not define.
    for (_, excerpt) in model.excerpts.iter().filter(|(name, _)| catalog.get(name).is_none()) {
        class(&mut out, excerpt.known());
    }
    for (name, module) in model.modules.iter().filter(|(name, _)| is_free(name, catalog)) {
        let _ = write!(out, "\n---@type {}\n{name} = {{}}\n", module.module_type);
    }
    out
}

/// What all modules have.
fn base() -> String {
    let mut out = "---A module.\n---@class cantus.Module\n".to_owned();
    // Slots, meters and notes are those of its type.
    for own in OWN.iter().filter(|own| !["slots", "meters", "trigger", "help"].contains(&own.key)) {
        let _ = writeln!(out, "---@field {} {} {}", own.key, own.lua_type, own.doc);
    }
    let help = OWN.iter().find(|own| own.key == "help").map_or("", |own| own.doc);
    let _ = write!(out, "local Module = {{}}\n\n---{help}\nfunction Module:help() end\n");
    out
}

/// Whether Lua itself has it in a library; without a name, whether it has the library.
fn is_luas(lua: &Lua, library: &str, name: &str) -> bool {
    let found = lua.globals().get::<Option<Table>>(library).ok().flatten();
    found.is_some_and(|found| name.is_empty() || found.contains_key(name).unwrap_or(false))
}

/// `Clock`, of what rows call `clock`.
fn capitalised(object: &str) -> String {
    let mut letters = object.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    format!("{}{}", first.map(String::from).unwrap_or_default(), letters.as_str())
}

/// What an object has that is no method.
fn besides(object: &str) -> &'static str {
    match object {
        "pattern" => {
            "---@field name string Its name, which is what `tostring` gives.\n\
             ---@field rows integer How many rows it has. What stands behind the last is kept.\n\
             ---@field steps_per_beat number How many rows make a beat; below 0 it plays backwards.\n"
        }
        "chain" => "---@field name string Its name, which is what `tostring` gives.\n---@operator len: integer\n",
        "ring" => "---@field [integer] any\n",
        "sequins" => "---@field [integer] any\n---@overload fun(): any\n",
        _ => "",
    }
}

/// One line of a comment.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A function as the method of its first argument.
fn as_method(row: &Documented, object: &str) -> Documented {
    let (first, rest) = row.signature.split_at(row.signature.find([',', ')']).unwrap_or(0));
    let rest = rest.strip_prefix(", ").unwrap_or(rest);
    debug_assert!(first.starts_with('('), "{}", row.signature);
    Documented { name: format!("{object}:{}", row.name), signature: format!("({rest}"), ..row.clone() }
}

fn function(out: &mut String, row: &Documented, name: &str) {
    let ways = ways(&row.signature);
    let unknown =
        Way { params: vec![signature::Param { name: "...", optional: false, lua_type: "any" }], returns: vec!["any"] };
    let (first, others) = ways.split_first().map_or((&unknown, &[][..]), |(first, others)| (first, others));
    let _ = write!(out, "\n---{}\n---```lua\n", line(&row.doc));
    row.example.lines().for_each(|code| _ = writeln!(out, "---{}", code.trim_start()));
    out.push_str("---```\n");
    if row.signature.contains("`T`") {
        out.push_str("---@generic T: cantus.Module\n");
    }
    for param in &first.params {
        let optional = if param.optional { "?" } else { "" };
        let _ = writeln!(out, "---@param {}{optional} {}", param.name, param.lua_type);
    }
    first.returns.iter().for_each(|returned| _ = writeln!(out, "---@return {returned}"));
    others.iter().for_each(|way| _ = writeln!(out, "---@overload {}", way.as_type()));
    let names: Vec<&str> = first.params.iter().map(|param| param.name).collect();
    let _ = writeln!(out, "function {name}({}) end", names.join(", "));
}

/// The classes of a type: itself, its slots, its meters, and what its constructor takes.
fn class(out: &mut String, known: &ModuleType) {
    let (manifest, name) = (&known.manifest, &known.manifest.name);
    if let Some(slots) = &manifest.slots {
        let _ = write!(
            out,
            "\n---{} There are {}, from 1.\n---@class {name}.Slot: cantus.Slot\n",
            line(&slots.doc),
            slots.count
        );
        fields(out, &slots.params, "");
        let _ = write!(out, "\n---@class (exact) {name}.SlotOptions\n");
        fields(out, &slots.params, "?");
    }
    if !manifest.meters.is_empty() {
        let _ = write!(out, "\n---@class {name}.Meters\n");
        for (key, meter) in manifest.meters() {
            let _ = writeln!(out, "---@field {key} number {}", line(&meter.doc));
        }
    }
    if !manifest.presets.is_empty() {
        let _ = write!(out, "\n---What `preset` can set.\n---@alias {name}.Preset\n");
        for preset in &manifest.presets {
            let _ = writeln!(out, "---| \"{}\" # {} {}", preset.key, line(&preset.doc), line(&preset.shown()));
        }
    }
    if manifest.locks().next().is_some() {
        let _ =
            write!(out, "\n---A note, and what is another for it alone.\n---@class (exact) {name}.Note: cantus.Note\n");
        manifest.locks().for_each(|(_, _, param)| field(out, param, "?"));
    }
    let _ = write!(out, "\n---@class (exact) {name}.Options\n");
    fields(out, &manifest.params, "?");
    for own in OWN.iter().filter(|own| own.set && own.key != "slots") {
        let _ = writeln!(out, "---@field {}? {} {}", own.key, own.lua_type, own.doc);
    }
    if manifest.slots.is_some() {
        let _ = writeln!(out, "---@field slots? table<integer, {name}.SlotOptions> What its slots are set to, from 1.");
        let _ = writeln!(out, "---@field [integer] {name}.SlotOptions The same, without `slots`.");
    }
    // What has a sound outside of slots answers as a slot does.
    let slot = if sound::is_in(&manifest.params) { ", cantus.Slot" } else { "" };
    let _ = write!(out, "\n---{}\n---@class {name}: cantus.Module{slot}\n", line(&manifest.doc));
    fields(out, &manifest.params, "");
    if manifest.slots.is_some() {
        let _ = writeln!(out, "---@field slots table<integer, {name}.Slot|{name}.SlotOptions>");
    }
    if !manifest.meters.is_empty() {
        let _ = writeln!(out, "---@field meters {name}.Meters What it shows, sampled now.");
    }
    let _ = writeln!(out, "local {name} = {{}}");
    for action in &manifest.actions {
        let _ = write!(out, "\n---{}\nfunction {name}:{}() end\n", line(&action.doc), action.key);
    }
    if !known.event_in.is_empty() {
        let note = if manifest.locks().next().is_some() { format!("{name}.Note") } else { "cantus.Note".into() };
        let _ = write!(
            out,
            "\n---Plays a note.\n---@param what? number|string|{note}\nfunction {name}:trigger(what) end\n"
        );
    }
}

/// A field for each parameter and each of its other names. `optional` is what stands behind a name that need not be there.
fn fields(out: &mut String, params: &[Param], optional: &str) {
    params.iter().for_each(|param| field(out, param, optional));
}

fn field(out: &mut String, param: &Param, optional: &str) {
    let (takes, what) = (lua_type(&param.kind), format!("{}{}", line(&param.doc), range(&param.kind)));
    let _ = writeln!(out, "---@field {}{optional} {takes} {what}", param.key);
    for alias in &param.aliases {
        let _ = writeln!(out, "---@field {alias}{optional} {takes} Another name of {}.", param.key);
    }
}

/// What its type does not say: the range, and in brackets what it is in a new module.
fn range(kind: &ParamKind) -> String {
    match kind {
        ParamKind::Float { .. } | ParamKind::Int { .. } => {
            let text = example(kind).map(|text| format!(", or \"{text}\"")).unwrap_or_default();
            format!(" {}{text}", kind.range())
        }
        ParamKind::Bool { default } => format!(" ({default})"),
        ParamKind::Enum { default, .. } => format!(" (\"{default}\")"),
        ParamKind::Numbers { .. } => format!(" {}", kind.range()),
        ParamKind::Sample | ParamKind::Pattern | ParamKind::Text => String::new(),
    }
}

/// What a parameter is set to. Read, it is a number where text with a unit is one, too.
fn lua_type(kind: &ParamKind) -> String {
    match kind {
        ParamKind::Float { unit: Unit::None, .. } => "number".into(),
        ParamKind::Float { .. } => "number|string".into(),
        ParamKind::Int { .. } => "integer".into(),
        ParamKind::Bool { .. } => "boolean".into(),
        ParamKind::Enum { labels, .. } => format!("\"{}\"", labels.join("\"|\"")),
        ParamKind::Sample | ParamKind::Text => "string".into(),
        ParamKind::Numbers { .. } => "number[]".into(),
        ParamKind::Pattern => "string|cantus.Pattern".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::documentation;

    #[test]
    fn every_function_has_a_signature_that_reads() {
        for row in documentation() {
            assert!(!ways(&row.signature).is_empty(), "{}: {}", row.name, row.signature);
        }
    }
}
