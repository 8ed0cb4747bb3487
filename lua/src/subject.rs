//! What a script asks about: `kick`, `kick.slots`, `kick.slots[1]`, or a type, given as such or by name.

use std::sync::Arc;

use cantus_host::model::{Module, ModuleType, Name, Path, Value as ModelValue};
use cantus_manifest::Param;
use mlua::{Lua, Result, Table, Value};

use crate::context::with;
use crate::error::blame;
use crate::facade::METHODS;
use crate::handle::{Handle, lookup};
use crate::sandbox::SHARED;
use crate::slots::{Slot, Slots, find};
use crate::values::{self, a};

/// A module or a type, or the slots of one.
pub struct Subject {
    /// The type.
    pub known: Arc<ModuleType>,
    /// The module with its name; `None`: the type itself is meant.
    pub module: Option<(Name, Module)>,
    /// Which part of it.
    pub part: Part,
}

/// Which part of a module or a type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is not in slots.
    Whole,
    /// What every slot has.
    Slots,
    /// One slot, from 0.
    Slot(u16),
}

impl Subject {
    fn of_module(name: Name, (module, known): (Module, Arc<ModuleType>), part: Part) -> Subject {
        Subject { known, module: Some((name, module)), part }
    }

    /// The parameters of that part.
    pub fn params(&self) -> &[Param] {
        if self.part == Part::Whole { &self.known.manifest.params } else { self.known.slot_params() }
    }

    /// Their values now; `None` where there is no module, or no certain slot.
    pub fn values(&self) -> Option<&[ModelValue]> {
        let (_, module) = self.module.as_ref()?;
        match self.part {
            Part::Whole => Some(&module.params),
            Part::Slots => None,
            Part::Slot(slot) => Some(&module.slots[usize::from(slot)]),
        }
    }

    /// Where a parameter of it is, if it is certain.
    pub fn path(&self, key: &str) -> Option<Path> {
        let (name, _) = self.module.as_ref()?;
        match self.part {
            Part::Whole => Some(Path::new(name.clone(), key)),
            Part::Slots => None,
            Part::Slot(slot) => Some(Path::slot(name.clone(), slot, key)),
        }
    }

    /// What a script calls it: `kick.slots[1]`, `Tone`.
    pub fn title(&self) -> String {
        let owner = self.module.as_ref().map_or(self.known.manifest.name.as_str(), |(name, _)| name);
        match self.part {
            Part::Whole => owner.to_owned(),
            Part::Slots => format!("{owner}.slots"),
            Part::Slot(slot) => format!("{owner}.slots[{}]", u32::from(slot) + 1),
        }
    }
}

/// What a value means; `None` for text that names nothing, or a function that is no constructor.
///
/// # Errors
/// For a value that can mean none of these, a module that was removed, and slots that are not there.
pub fn subject(lua: &Lua, value: &Value) -> Result<Option<Subject>> {
    match value {
        Value::UserData(data) if data.is::<Handle>() => {
            let name = data.borrow::<Handle>()?.name(lua);
            Ok(Some(Subject::of_module(name.clone(), lookup(lua, &name)?, Part::Whole)))
        }
        Value::UserData(data) if data.is::<Slots>() => {
            let name = data.borrow::<Slots>()?.module.name(lua);
            Ok(Some(Subject::of_module(name.clone(), lookup(lua, &name)?, Part::Slots)))
        }
        Value::UserData(data) if data.is::<Slot>() => {
            let (name, slot) = { data.borrow::<Slot>().map(|slot| (slot.module.name(lua), slot.slot))? };
            Ok(Some(Subject::of_module(name.clone(), find(lua, &name, slot)?, Part::Slot(slot))))
        }
        Value::String(word) => named(lua, &word.to_string_lossy()),
        Value::Function(_) => match global_name(lua, value)? {
            Some(name) => named_type(lua, &name),
            None => Ok(None),
        },
        other => Err(blame(format!("give a module, its slots or the name of a type, not {}", a(other)))),
    }
}

/// As [`subject`], which must be there; `what` begins the sentence if it is not.
///
/// # Errors
/// As [`subject`]; and with the nearest name.
pub fn some_subject(lua: &Lua, value: &Value) -> Result<Subject> {
    if let Some(found) = subject(lua, value)? {
        return Ok(found);
    }
    let Value::String(word) = value else { return Err(blame("this function makes no modules of one type")) };
    let word = word.to_string_lossy();
    let names = with(lua, |work| {
        let modules = work.model.modules.keys().map(|name| name.to_string());
        let types = work.catalog.iter().flat_map(|(name, t)| [name.to_string(), t.constructor.to_string()]);
        Ok(modules.chain(types).collect::<Vec<_>>())
    })?;
    let hint = cantus_manifest::hint(&word, names.iter().map(String::as_str));
    Err(blame(format!("there is no module or type \"{word}\"{hint}")))
}

/// `kick`, `kick.slots`, `kick.slots[1]`; the same of a type or constructor. A module goes before a type of its name.
fn named(lua: &Lua, word: &str) -> Result<Option<Subject>> {
    let (base, part) = match word.split_once(".slots") {
        None => (word, Part::Whole),
        Some((base, "")) => (base, Part::Slots),
        Some((base, number)) => {
            let number = number.strip_prefix('[').and_then(|n| n.strip_suffix(']')).and_then(|n| n.parse().ok());
            let Some(number) = number else { return Ok(None) };
            (base, Part::Slot(values::slot(&Value::Integer(number))?))
        }
    };
    if with(lua, |work| Ok(work.model.modules.contains(base)))? {
        let name: Name = base.into();
        let found = if let Part::Slot(slot) = part { find(lua, &name, slot)? } else { lookup(lua, &name)? };
        return Ok(Some(Subject::of_module(name, found, part)));
    }
    let part = if part == Part::Whole { Part::Whole } else { Part::Slots };
    Ok(named_type(lua, base)?.map(|of| Subject { part, ..of }))
}

/// The type of that name or constructor; of several that share a constructor, the first.
///
/// # Errors
/// Outside of an evaluation.
pub fn named_type(lua: &Lua, word: &str) -> Result<Option<Subject>> {
    let known = with(lua, |work| {
        let by_constructor = || work.catalog.iter().map(|(_, t)| t).find(|t| *t.constructor == *word);
        Ok(work.catalog.get(word).or_else(by_constructor).cloned())
    })?;
    Ok(known.map(|known| Subject { known, module: None, part: Part::Whole }))
}

/// The name under which scripts find a function or a library: `every`, `clock.sync`, `engine:getClock`, `clock`.
///
/// # Errors
/// When Lua has no memory.
pub fn global_name(lua: &Lua, function: &Value) -> Result<Option<String>> {
    let shared: Table = lua.named_registry_value(SHARED)?;
    if let Some(name) = name_in(&shared, function)? {
        return Ok(Some(name));
    }
    for pair in shared.pairs::<String, Value>() {
        // What scripts see of a library is empty; its metatable leads to what is in it.
        if let (library, Value::Table(proxy)) = pair?
            && let Some(meta) = proxy.metatable()
            && let Some(within) = meta.raw_get::<Option<Table>>("__index")?
            && let Some(name) = name_in(&within, function)?
        {
            return Ok(Some(format!("{library}.{name}")));
        }
    }
    for pair in lua.named_registry_value::<Table>(METHODS)?.pairs::<String, Table>() {
        let (object, methods) = pair?;
        if let Some(name) = name_in(&methods, function)? {
            return Ok(Some(format!("{object}:{name}")));
        }
    }
    Ok(None)
}

/// The name of a function in a table.
///
/// # Errors
/// When Lua has no memory.
pub fn name_in(table: &Table, function: &Value) -> Result<Option<String>> {
    for pair in table.pairs::<Value, Value>() {
        if let (Value::String(name), value) = pair?
            && value.to_pointer() == function.to_pointer()
        {
            return Ok(Some(name.to_string_lossy()));
        }
    }
    Ok(None)
}
