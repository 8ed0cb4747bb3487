//! `help(x)`: text for a module, a type or a function, from the manifest or the function's row.

use std::fmt::Write;

use cantus_host::model::{Module, ModuleType, Value as ModelValue};
use cantus_manifest::{Param, ParamKind};
use mlua::{Lua, MultiValue, Result, Table, Value};

use crate::context::{context, with};
use crate::error::blame;
use crate::handle::{Handle, lookup};
use crate::library::{Documented, Row, call, documentation};
use crate::sandbox::SHARED;
use crate::settings;
use crate::values::a;

/// The area's functions.
pub const ROWS: &[Row] = &[Row {
    name: "help",
    doc: "Prints and answers what a module, a type, a constructor, a function or a setting does; without anything, what there is.",
    example: "help(kick)  help(connect)  assert(help(\"setParam\"):find(\"path\"))",
    function: |lua, args| call(lua, args, show),
}];

/// `help(x)`.
///
/// # Errors
/// When nothing is known of it.
pub fn show(lua: &Lua, args: MultiValue) -> Result<String> {
    let text = match args.front() {
        None | Some(Value::Nil) => contents(lua)?,
        Some(Value::UserData(data)) if data.is::<Handle>() => {
            let name = data.borrow::<Handle>()?.name.clone();
            let (module, known) = lookup(lua, &name)?;
            format!("{name} is a {}", of_type(&known, Some(&module)))
        }
        Some(Value::String(word)) => of_word(lua, &word.to_string_lossy())?,
        Some(function @ Value::Function(_)) => {
            let shared: Table = lua.named_registry_value(SHARED)?;
            let mut found = None;
            for pair in shared.pairs::<Value, Value>() {
                if let (Value::String(name), value) = pair?
                    && value.to_pointer() == function.to_pointer()
                {
                    found = Some(name.to_string_lossy());
                }
            }
            of_word(lua, &found.ok_or_else(|| blame("there is no help for this function"))?)?
        }
        Some(other) => return Err(blame(format!("there is no help for {}", a(other)))),
    };
    (context(lua).print.borrow_mut())(&text);
    Ok(text)
}

/// Names of types, constructors and functions.
fn contents(lua: &Lua) -> Result<String> {
    let constructors =
        with(lua, |work| Ok(work.catalog.iter().map(|(_, t)| t.constructor.to_string()).collect::<Vec<_>>()))?;
    // The musical library says of its functions what they take.
    let named = |music: bool| {
        let rows = documentation().iter().filter(|row| row.shape.is_some() == music && !row.name.contains(['.', ':']));
        rows.map(|row| row.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (constructors, functions, music) = (constructors.join(", "), named(false), named(true));
    Ok(format!("modules: {constructors}\nfunctions: {functions}\nmusic: {music}\nhelp(name) tells more"))
}

fn of_word(lua: &Lua, word: &str) -> Result<String> {
    let method = |row: &&Documented| row.name.split_once(':').is_some_and(|(_, method)| method == word);
    let called = |row: &&Documented| row.name == word;
    let all = documentation();
    if let Some(row) = all.iter().find(called).or_else(|| all.iter().find(method)) {
        return Ok(page(row));
    }
    if let Ok(setting) = settings::find(word) {
        return Ok(setting.help());
    }
    let (known, names) = with(lua, |work| {
        let known = work.catalog.iter().find(|(name, t)| ***name == *word || *t.constructor == *word);
        let names = work.catalog.iter().flat_map(|(name, t)| [name.to_string(), t.constructor.to_string()]);
        Ok((known.map(|(_, t)| t.clone()), names.collect::<Vec<_>>()))
    })?;
    if let Some(known) = known {
        return Ok(of_type(&known, None));
    }
    if let Ok((module, known)) = lookup(lua, word) {
        return Ok(format!("{word} is a {}", of_type(&known, Some(&module))));
    }
    let near =
        cantus_manifest::nearest(word, names.iter().map(String::as_str).chain(all.iter().map(|row| row.name.as_str())));
    let hint = near.map(|n| format!("; did you mean \"{n}\"?")).unwrap_or_default();
    Err(blame(format!("there is no help for \"{word}\"{hint}")))
}

/// A function's page.
fn page(row: &Documented) -> String {
    let Documented { name, doc, example, shape } = row;
    let call = shape.as_ref().map_or(String::new(), |shape| {
        let also = shape.also.as_ref().map_or(String::new(), |object| format!(", also {object}:{name}(...)"));
        format!("\n  {name}({}) -> {}{also}", shape.params, shape.returns)
    });
    let example = example.lines().map(str::trim).collect::<Vec<_>>().join("\n  ");
    format!("{name}: {doc}{call}\n  {example}")
}

/// A type's page; with the values of a module, if one is given.
fn of_type(known: &ModuleType, module: Option<&Module>) -> String {
    let manifest = &known.manifest;
    let mut out = format!("{}: {}\n  {}(\"name\", {{...}})", manifest.name, manifest.doc, known.constructor);
    for (index, param) in manifest.params.iter().enumerate() {
        line(&mut out, "", param, module.map(|m| &m.params[index]));
    }
    if let Some(slots) = &manifest.slots {
        let _ = write!(out, "\n  slots[1] to slots[{}]: {}", slots.count, slots.doc);
        slots.params.iter().for_each(|param| line(&mut out, "slots[n].", param, None));
    }
    for action in &manifest.actions {
        let _ = write!(out, "\n  :{}(): {}", action.key, action.doc);
    }
    if !known.event_in.is_empty() {
        out.push_str("\n  :trigger{note=, velocity=, slot=, length=}: plays a note");
    }
    let ports = |keys: Vec<&str>| if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
    let (inputs, outputs) = (ports(known.input_keys().collect()), ports(known.output_keys().collect()));
    let _ = write!(out, "\n  inputs: {inputs}; outputs: {outputs}");
    for example in &manifest.examples {
        let _ = write!(out, "\n  {}\n    {}", example.doc, example.code.trim().replace('\n', "\n    "));
    }
    out
}

fn line(out: &mut String, prefix: &str, param: &Param, value: Option<&ModelValue>) {
    let takes = match &param.kind {
        ParamKind::Float { min, max, default, unit } => format!("{min} to {max} {} ({default})", unit.sign()),
        ParamKind::Int { min, max, default } => format!("{min} to {max} ({default})"),
        ParamKind::Bool { default } => format!("true or false ({default})"),
        ParamKind::Enum { labels, default } => format!("\"{}\" (\"{default}\")", labels.join("\", \"")),
        ParamKind::Sample => "a sound file".to_owned(),
        ParamKind::Pattern => "a pattern".to_owned(),
    };
    let now = value.map(|v| format!(" = {v}")).unwrap_or_default();
    let _ = write!(out, "\n  {prefix}{}{now}: {} {takes}", param.key, param.doc);
}
