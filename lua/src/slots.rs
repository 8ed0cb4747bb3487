//! The slots of a module: `kick.slots[1].file = "bd.flac"`, `#kick.slots`. Scripts count from 1.

use std::sync::Arc;

use cantus_host::assets;
use cantus_host::model::command::SetParameterCommand;
use cantus_host::model::{Module, ModuleType, Name, Path, Refusal, Value as ModelValue};
use cantus_manifest::{Param, ParamKind};
use mlua::{Lua, MetaMethod, Result, Table, UserData, UserDataFields, UserDataMethods, Value};

use crate::context::{context, run};
use crate::error::{blame, located, refused};
use crate::handle::{Handle, lookup, once, pairs_of};
use crate::sound;
use crate::values::{self, Key, a, to_lua, to_model};

/// All slots of a module.
pub struct Slots {
    /// The module.
    pub module: Handle,
}

/// One slot.
pub struct Slot {
    /// The module.
    pub module: Handle,
    /// From 0.
    pub slot: u16,
}

/// `slots = { {...}, [5] = {...} }`.
///
/// # Errors
/// At the first that cannot be.
pub fn apply_all(lua: &Lua, module: &Name, value: &Value) -> Result<()> {
    let Value::Table(slots) = value else {
        return Err(blame(format!("{module}.slots takes a list of tables, not {}", a(value))));
    };
    for (key, value) in values::sorted(slots)? {
        match key {
            Key::At(slot) => apply(lua, module, values::slot(&Value::Integer(slot))?, &value)?,
            Key::Text(key) => apply(lua, module, named(lua, module, &key)?, &value)?,
        }
    }
    Ok(())
}

/// A slot, from 0, by its number from 1 or by its name.
///
/// # Errors
/// When there is none.
pub fn number(lua: &Lua, module: &Name, slot: &Value) -> Result<u16> {
    match slot {
        Value::String(name) => named(lua, module, &name.to_string_lossy()),
        number => values::slot(number),
    }
}

/// The slot of a name, which is what its text parameter `name` says.
fn named(lua: &Lua, module: &Name, wanted: &str) -> Result<u16> {
    let (found, known) = lookup(lua, module)?;
    let Some((index, _)) = known.manifest.slots.as_ref().and_then(|slots| slots.param("name")) else {
        return Err(blame(format!("{module}.slots.{wanted}: its slots have no names; they are numbered from 1")));
    };
    let names = || found.slots.iter().map(|slot| if let ModelValue::Text(name) = &slot[index] { name } else { "" });
    match names().position(|name| name == wanted) {
        Some(slot) => Ok(slot as u16),
        None => {
            let hint = cantus_manifest::hint(wanted, names().filter(|name| !name.is_empty()));
            Err(blame(format!("{module} has no slot called \"{wanted}\"{hint}")))
        }
    }
}

/// `samples = "kit"` or `samples = {"bd.flac", "sn.flac"}`: fills slots from the first on, with the sound files of a folder
/// by name or with those of a list; each is called as its file is, without what stands behind the dot.
///
/// # Errors
/// When the module takes no sounds, the folder cannot be read, or there are more sounds than slots.
pub fn fill(lua: &Lua, module: &Name, value: &Value) -> Result<()> {
    let (found, known) = lookup(lua, module)?;
    let Some(sound) = known.slot_params().iter().find(|param| param.kind == ParamKind::Sample) else {
        return Err(blame(format!("{module}.samples: {} has no slots for sounds", found.module_type)));
    };
    let files = match value {
        Value::String(folder) => {
            let folder = folder.to_string_lossy();
            let files = assets::bank(&context(lua).root, &folder);
            files.map_err(|why| blame(format!("{module}.samples = \"{folder}\": {why}")))?
        }
        Value::Table(list) => {
            let files = list.sequence_values::<Value>();
            files.map(|file| values::text(&file?, "each of a list of samples")).collect::<Result<Vec<_>>>()?
        }
        other => {
            let given = a(other);
            return Err(blame(format!("{module}.samples takes a folder or a list of sound files, not {given}")));
        }
    };
    fill_from(lua, module, 0, &sound.key, &files)
}

/// The sound files of the folder that a slot's file is set to; `None` if it is set to no folder.
fn bank(lua: &Lua, module: &Name, slot: u16, key: &str, value: &Value) -> Result<Option<Vec<String>>> {
    let Value::String(folder) = value else { return Ok(None) };
    let (folder, root) = (folder.to_string_lossy(), &context(lua).root);
    let (_, known) = find(lua, module, slot)?;
    let is_sound = |param: &Param| param.kind == ParamKind::Sample && param.answers(key);
    if folder.is_empty() || !known.slot_params().iter().any(is_sound) || !assets::find(root, &folder).is_dir() {
        return Ok(None);
    }
    let at = || format!("{module}.slots[{}].{key} = \"{folder}\"", u32::from(slot) + 1);
    assets::bank(root, &folder).map(Some).map_err(|why| blame(format!("{}: {why}", at())))
}

/// Gives each slot from `first` on one of the files, and the file's name.
fn fill_from(lua: &Lua, module: &Name, first: u16, key: &str, files: &[String]) -> Result<()> {
    let (found, known) = lookup(lua, module)?;
    let room = found.slots.len() - usize::from(first);
    if files.len() > room {
        let (sounds, from) = (files.len(), u32::from(first) + 1);
        return Err(blame(format!(
            "{module}.slots[{from}]: {sounds} sounds do not fit into {room} slots from there on; set those that you want one by one"
        )));
    }
    let named = known.slot_params().iter().any(|param| param.key == "name" && param.kind == ParamKind::Text);
    for (slot, file) in (first..).zip(files) {
        assign(lua, module, slot, key, &Value::String(lua.create_string(file)?))?;
        if named {
            let stem = std::path::Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
            assign(lua, module, slot, "name", &Value::String(lua.create_string(stem.as_bytes())?))?;
        }
    }
    Ok(())
}

/// Sets everything a table names in one slot.
///
/// # Errors
/// At the first that cannot be.
pub fn apply(lua: &Lua, module: &Name, slot: u16, value: &Value) -> Result<()> {
    let Value::Table(fields) = value else {
        let slot = u32::from(slot) + 1;
        return Err(blame(format!("{module}.slots[{slot}] takes a table such as {{key = value}}, not {}", a(value))));
    };
    let (_, known) = find(lua, module, slot)?;
    let fields = values::sorted(fields)?;
    once(&fields, &format!("{module}.slots[{}]", u32::from(slot) + 1), known.slot_params())?;
    for (key, value) in fields {
        match key {
            Key::Text(key) => set(lua, module, slot, &key, &value)?,
            Key::At(n) => {
                return Err(blame(format!("{module}.slots[{}][{n}]: name the parameter", u32::from(slot) + 1)));
            }
        }
    }
    Ok(())
}

/// The module, if it has the slot.
///
/// # Errors
/// When there is no such module or slot.
pub fn find(lua: &Lua, name: &Name, slot: u16) -> Result<(Module, Arc<ModuleType>)> {
    let (module, known) = lookup(lua, name)?;
    let count = module.slots.len();
    if usize::from(slot) >= count {
        let slot = u32::from(slot) + 1;
        return Err(refused(&Refusal::UnknownSlot { module: name.clone(), slot, count }));
    }
    Ok((module, known))
}

/// `kick.slots[n].key = value`. A folder where a sound is taken fills the slots from this one on.
///
/// # Errors
/// When there is no such slot or parameter, or it does not take the value; for a folder, as [`fill`].
pub fn set(lua: &Lua, module: &Name, slot: u16, key: &str, value: &Value) -> Result<()> {
    match bank(lua, module, slot, key, value)? {
        Some(files) => fill_from(lua, module, slot, key, &files),
        None => assign(lua, module, slot, key, value),
    }
}

fn assign(lua: &Lua, module: &Name, slot: u16, key: &str, value: &Value) -> Result<()> {
    let at = || format!("{module}.slots[{}].{key}", u32::from(slot) + 1);
    if value.is_nil() {
        return Err(blame(format!("{} cannot be nil; give it a value", at())));
    }
    let value = to_model(value).map_err(|e| blame(format!("{}: {e}", at())))?;
    run(lua, SetParameterCommand { path: Path::slot(module.clone(), slot, key), value: Some(value) })
}

/// `kick.slots[n].key`: a parameter, or else a method.
///
/// # Errors
/// When there is no such slot or parameter.
pub fn get(lua: &Lua, name: &Name, slot: u16, key: &str) -> Result<Value> {
    let (module, known) = find(lua, name, slot)?;
    let slots = known.manifest.slots.as_ref().expect("a module with slots has them in its manifest");
    if let Some((index, _)) = slots.param(key) {
        return to_lua(lua, &module.slots[usize::from(slot)][index]);
    }
    if let Some(method) = sound::method(lua, &slots.params, key)? {
        return Ok(method);
    }
    let owner = format!("{name}.slots[{}]", u32::from(slot) + 1);
    let keys = slots.params.iter().flat_map(|p| std::iter::once(&p.key).chain(&p.aliases)).map(String::as_str);
    Err(blame(values::unknown(&owner, "parameter", key, keys)))
}

/// All parameters of a slot with their values.
fn list(lua: &Lua, this: &Slot) -> Result<(mlua::Function, Table)> {
    let (module, known) = find(lua, &this.module.name(lua), this.slot)?;
    let slots = known.manifest.slots.as_ref().expect("a module with slots has them in its manifest");
    let values = module.slots[usize::from(this.slot)].iter().map(|v| to_lua(lua, v)).collect::<Result<Vec<_>>>()?;
    pairs_of(lua, slots.params.iter().map(|p| p.key.clone()).zip(values).collect())
}

/// All slots with their numbers.
fn all(lua: &Lua, this: &Slots) -> Result<(mlua::Function, Table)> {
    let (module, _) = lookup(lua, &this.module.name(lua))?;
    let slot = |slot: u16| {
        let handle = lua.create_userdata(Slot { module: this.module.clone(), slot })?;
        Ok((u32::from(slot) + 1, Value::UserData(handle)))
    };
    pairs_of(lua, (0..module.slots.len() as u16).map(slot).collect::<Result<_>>()?)
}

impl UserData for Slots {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "slots");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: Value| {
            let module = this.module.name(lua);
            let found = number(lua, &module, &key).and_then(|slot| find(lua, &module, slot).map(|_| slot));
            found.map(|slot| Slot { module: this.module.clone(), slot }).map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, this, (key, value): (Value, Value)| {
            let module = this.module.name(lua);
            let slot = number(lua, &module, &key);
            slot.and_then(|slot| apply(lua, &module, slot, &value)).map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::Len, |lua, this, ()| {
            lookup(lua, &this.module.name(lua)).map(|(module, _)| module.slots.len()).map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::Pairs, |lua, this, ()| all(lua, this).map_err(|e| located(lua, e)));
        methods.add_meta_method(MetaMethod::ToString, |lua, this, ()| Ok(format!("{}.slots", this.module.name(lua))));
    }
}

impl UserData for Slot {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "slot");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: Value| {
            let key = values::text(&key, "the name of a parameter");
            key.and_then(|key| get(lua, &this.module.name(lua), this.slot, &key)).map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, this, (key, value): (Value, Value)| {
            let key = values::text(&key, "the name of a parameter");
            key.and_then(|key| set(lua, &this.module.name(lua), this.slot, &key, &value)).map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::Pairs, |lua, this, ()| list(lua, this).map_err(|e| located(lua, e)));
        methods.add_meta_method(MetaMethod::ToString, |lua, this, ()| {
            Ok(format!("{}.slots[{}]", this.module.name(lua), u32::from(this.slot) + 1))
        });
    }
}
