//! `help(x)`: text for a module, its slots, a type, a parameter, a function or a setting, from the manifest or the
//! function's row.

use std::fmt::Write;

use cantus_host::model::{Value as ModelValue, example};
use cantus_manifest::{Direction, Module as Manifest, NOTE_KEYS, Param, PortKind};
use mlua::{Lua, MultiValue, Result, Value};

use crate::bounds;
use crate::chain::ChainHandle;
use crate::context::{context, with};
use crate::error::blame;
use crate::facade::Facade;
use crate::handle::{OWN, method_name, own_key};
use crate::library::{Documented, Row, call, documentation};
use crate::pattern::PatternHandle;
use crate::settings;
use crate::sound;
use crate::subject::{Part, Subject, global_name, subject};
use crate::values;

/// The area's functions.
pub const ROWS: &[Row] = &[Row {
    name: "help",
    signature: "(what?: cantus.Module|cantus.Slot|cantus.Pattern|table|function|string)",
    doc: "Prints what a module, its slots, a type, a constructor, a parameter, a function, a library, an object or a \
          setting does; without anything, what there is.",
    example: "help(kick)  help(kick.slots[1])  help(\"kick.volume\")  help(connect)  help(clock)  \
              help(engine.getState)  help(\"setParam\")",
    function: |lua, args| call(lua, args, show),
}];

/// `help(x)`.
///
/// # Errors
/// When nothing is known of it.
pub fn show(lua: &Lua, args: MultiValue) -> Result<()> {
    bounds::pay(lua, 1000)?;
    let text = match args.front() {
        None | Some(Value::Nil) => contents(lua)?,
        Some(Value::String(word)) => of_word(lua, &word.to_string_lossy())?,
        Some(Value::UserData(object)) if object.is::<Facade>() => of_word(lua, object.borrow::<Facade>()?.0)?,
        Some(Value::UserData(pattern)) if pattern.is::<PatternHandle>() => of_word(lua, "pattern")?,
        Some(Value::UserData(chain)) if chain.is::<ChainHandle>() => of_word(lua, "chain")?,
        Some(function @ Value::Function(_)) => {
            let (global, method) = (global_name(lua, function)?, method_name(lua, function)?);
            match (global, method.as_deref().and_then(own_key)) {
                (Some(name), _) => of_word(lua, &name)?,
                (None, Some(own)) => format!("{}: {}", own.key, own.doc),
                (None, None) => return Err(blame("there is no help for this function")),
            }
        }
        Some(library @ Value::Table(_)) if let Some(name) = global_name(lua, library)? => of_word(lua, &name)?,
        Some(other) => {
            subject(lua, other)?.map(|of| page(lua, &of)).ok_or_else(|| blame("there is no help for this"))?
        }
    };
    bounds::pay(lua, text.len() as u64)?;
    (context(lua).print.borrow_mut())(&text);
    Ok(())
}

/// Names of types, constructors and functions.
fn contents(lua: &Lua) -> Result<String> {
    let constructors =
        with(lua, |work| Ok(work.catalog.iter().map(|(_, t)| t.constructor.to_string()).collect::<Vec<_>>()))?;
    // The musical library says of its functions what they take.
    let named = |music: bool| {
        let rows = documentation().iter().filter(|row| row.music == music);
        rows.map(|row| row.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (constructors, functions, music) = (constructors.join(", "), named(false), named(true));
    Ok(format!("modules: {constructors}\nfunctions: {functions}\nmusic: {music}\nhelp(name) tells more"))
}

fn of_word(lua: &Lua, word: &str) -> Result<String> {
    let method = |row: &&Documented| row.name.split_once(':').is_some_and(|(_, method)| method == word);
    let called = |row: &&Documented| row.name == word;
    let all = documentation();
    let own = all.iter().find(called).or_else(|| all.iter().find(method)).map(function_page);
    let within = all.iter().filter(|row| is_within(row, word));
    let first = |text: &str| text.split_once(". ").map_or(text.to_owned(), |(first, _)| format!("{first}."));
    let lines: String = within.map(|row| format!("\n  {}: {}", call_of(row), first(&row.doc))).collect();
    let members = (!lines.is_empty()).then(|| format!("{word} has{lines}"));
    if own.is_some() || members.is_some() {
        return Ok(own.into_iter().chain(members).collect::<Vec<_>>().join("\n"));
    }
    if let Ok(setting) = settings::find(word) {
        return Ok(setting.help());
    }
    let name = |word: &str| lua.create_string(word).map(Value::String);
    if let Some(found) = subject(lua, &name(word)?)? {
        return Ok(page(lua, &found));
    }
    if let Some((owner, key)) = word.rsplit_once(['.', ':'])
        && let Some(found) = subject(lua, &name(owner)?)?
    {
        return item(&found, key);
    }
    let names = with(lua, |work| {
        let types = work.catalog.iter().flat_map(|(name, t)| [name.to_string(), t.constructor.to_string()]);
        Ok(types.chain(work.model.modules.keys().map(|name| name.to_string())).collect::<Vec<_>>())
    })?;
    let functions = all.iter().map(|row| row.name.as_str());
    let hint = cantus_manifest::hint(word, names.iter().map(String::as_str).chain(functions));
    Err(blame(format!("there is no help for \"{word}\"{hint}")))
}

/// Whether a function is one of a library or an object.
fn is_within(row: &Documented, owner: &str) -> bool {
    let named = row.name.strip_prefix(owner).is_some_and(|rest| rest.starts_with(['.', ':']));
    named || row.also.as_deref() == Some(owner)
}

/// A function's page.
fn function_page(row: &Documented) -> String {
    let example = row.example.lines().map(str::trim).collect::<Vec<_>>().join("\n  ");
    format!("{}: {}\n  {example}", call_of(row), row.doc)
}

/// How a function is called, and what it answers.
fn call_of(row: &Documented) -> String {
    let Documented { name, signature, also, .. } = row;
    // What editors call a class is for people a word.
    let signature = signature.replace("cantus.", "");
    let also = also.as_ref().map_or(String::new(), |object| format!(", also {object}:{name}(...)"));
    format!("{name}{signature}{also}")
}

/// All of a module, a type, or slots of one; with the values of now, where there are some.
fn page(lua: &Lua, of: &Subject) -> String {
    let manifest = &of.known.manifest;
    let mut out = match (of.part, &manifest.slots, &of.module) {
        (Part::Whole, _, Some((name, _))) => format!("{name} is a {}: {}", manifest.name, manifest.doc),
        (Part::Whole, _, None) => format!("{}: {}", manifest.name, manifest.doc),
        (Part::Slots, Some(slots), _) => format!("{}: {} There are {}, from 1.", of.title(), slots.doc, slots.count),
        (Part::Slot(_), Some(slots), _) => format!("{} is one of {}: {}", of.title(), slots.count, slots.doc),
        (_, None, _) => format!("{}: there are none.", of.title()),
    };
    if of.part == Part::Whole {
        let _ = write!(out, "\n  {}(\"name\", {{...}})", of.known.constructor);
    }
    for line in sound::described(lua, of).iter().flat_map(|text| text.lines()) {
        let _ = write!(out, "\n  {line}");
    }
    let (values, prefix) = (of.values(), if of.part == Part::Slots { "[n]." } else { "" });
    for (index, param) in of.params().iter().enumerate() {
        let _ = write!(out, "\n  {prefix}{}", line(param, values.map(|values| &values[index])));
    }
    if sound::is_in(of.params()) {
        let methods = sound::ROWS.iter().filter_map(|row| row.name.split_once(':')).map(|(_, method)| method);
        let _ = write!(out, "\n  of its sound: {}", methods.collect::<Vec<_>>().join(", "));
    }
    if of.part == Part::Whole {
        rest(&mut out, of);
    }
    out
}

/// What a page has below the parameters.
fn rest(out: &mut String, of: &Subject) {
    let manifest = &of.known.manifest;
    if let Some(slots) = &manifest.slots {
        let _ = write!(out, "\n  slots[1] to slots[{}]: {}", slots.count, slots.doc);
        slots.params.iter().for_each(|param| _ = write!(out, "\n  slots[n].{}", line(param, None)));
    }
    for action in &manifest.actions {
        let _ = write!(out, "\n  :{}(): {}", action.key, action.doc);
    }
    if !of.known.event_in.is_empty() {
        let (fields, locks) = (NOTE_KEYS.join("=, "), locks(manifest, "; for it alone: "));
        let _ = write!(out, "\n  :trigger{{{fields}=}}: plays a note{locks}");
    }
    for meter in &manifest.meters {
        let _ = write!(out, "\n  meters.{}: {}", meter.keys(), meter.doc);
    }
    for preset in &manifest.presets {
        let _ = write!(out, "\n  preset {}: {} {}", preset.key, preset.doc, preset.shown());
    }
    let (inputs, outputs) = (ports(manifest, Direction::In), ports(manifest, Direction::Out));
    let _ = write!(out, "\n  inputs: {inputs}; outputs: {outputs}");
    let own: Vec<&str> = OWN.iter().map(|own| own.key).collect();
    let _ = write!(out, "\n  as every module: {}", own.join(", "));
    for example in &manifest.examples {
        let _ = write!(out, "\n  {}\n    {}", example.doc, example.code.trim().replace('\n', "\n    "));
    }
}

/// What can be another for one note alone, behind `before`; empty if there is nothing.
fn locks(manifest: &Manifest, before: &str) -> String {
    let keys: Vec<&str> = manifest.locks().map(|(_, _, param)| param.key.as_str()).collect();
    if keys.is_empty() { String::new() } else { format!("{before}{}=", keys.join("=, ")) }
}

/// `notes (event), out (audio)`; of several alike, the first and the last.
fn ports(manifest: &Manifest, direction: Direction) -> String {
    let of = |port: &cantus_manifest::Port| format!("{} ({})", port.keys(), port.kind.name());
    let all = PortKind::ALL.into_iter().flat_map(|kind| manifest.ports.iter().filter(move |port| port.kind == kind));
    let found: Vec<String> = all.filter(|port| port.dir == direction).map(of).collect();
    if found.is_empty() { "none".to_owned() } else { found.join(", ") }
}

/// One thing that a module, a slot or a type has.
fn item(of: &Subject, key: &str) -> Result<String> {
    let (manifest, title) = (&of.known.manifest, of.title());
    let (mut params, whole) = (of.params().iter().enumerate(), of.part == Part::Whole);
    if let Some((index, param)) = params.find(|(_, p)| p.key == key || p.aliases.iter().any(|alias| alias == key)) {
        let text = example(&param.kind).map(|text| format!("\n  {title}.{} = \"{text}\"", param.key));
        let value = of.values().map(|values| &values[index]);
        return Ok(format!("{title}.{}{}", line(param, value), text.unwrap_or_default()));
    }
    let action = manifest.actions.iter().find(|action| action.key == key);
    let meter = manifest.meters().find(|(name, meter)| name == key || meter.key == key).map(|(_, meter)| meter);
    let counted =
        |port: &cantus_manifest::Port| (1..=port.count.unwrap_or(0)).any(|n| format!("{}_{n}", port.key) == key);
    let port = manifest.ports.iter().find(|port| port.key == key && port.count.is_none() || counted(port));
    if let Some(action) = action.filter(|_| whole) {
        return Ok(format!("{title}:{key}(): {}", action.doc));
    } else if let Some(meter) = meter.filter(|_| whole) {
        return Ok(format!("{title}.meters.{key}: {}", meter.doc));
    } else if let Some(own) = own_key(key).filter(|_| whole) {
        let locks = if key == "trigger" { locks(manifest, " Here these: ") } else { String::new() };
        return Ok(format!("{title}.{key}: {}{locks}", own.doc));
    } else if let Some(port) = port.filter(|_| whole) {
        let direction = if port.dir == Direction::In { "input" } else { "output" };
        return Ok(format!("{title}.{key} ({} {direction}): {}", port.kind.name(), port.doc));
    }
    let all = of.params().iter().flat_map(|p| std::iter::once(&p.key).chain(&p.aliases));
    let others = manifest.actions.iter().map(|a| &a.key).chain(manifest.meters.iter().map(|m| &m.key));
    let keys = all.chain(others.filter(|_| whole)).map(String::as_str);
    Err(blame(values::unknown(&title, "parameter, action, meter or port", key, keys)))
}

fn line(param: &Param, value: Option<&ModelValue>) -> String {
    let now = value.map(|v| format!(" = {v}")).unwrap_or_default();
    let also = if param.aliases.is_empty() { String::new() } else { format!("; also {}", param.aliases.join(", ")) };
    format!("{}{now}: {} {}{also}", param.key, param.doc, param.kind.range())
}
