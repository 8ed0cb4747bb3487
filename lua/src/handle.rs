//! A module as scripts hold it: `kick.volume = 0.5`, `kick:trigger{note = 60}`, `kick.slots[1].file = "bd.flac"`.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use cantus_host::model::command::{InvokeActionCommand, SetParameterCommand, TriggerEventCommand};
use cantus_host::model::{Module, ModuleId, ModuleType, Name, Num, Path, Refusal, Value as ModelValue};
use cantus_manifest::{Param, ParamKind, Unit};
use mlua::{
    Function, IntoLua, Lua, MetaMethod, MultiValue, Result, UserData, UserDataFields, UserDataMethods, UserDataRef,
    Value,
};

use crate::bounds;
use crate::context::{context, run, with};
use crate::error::{blame, located, refused};
use crate::library::native;
use crate::mix;
use crate::slots::{self, Slots};
use crate::snapshot::status;
use crate::sound;
use crate::subject::name_in;
use crate::values::{self, Fields, Key, to_lua, to_model};

/// What every handle answers to, besides what its manifest declares.
pub struct Own {
    /// Its key, one of [`HANDLE_KEYS`](cantus_manifest::HANDLE_KEYS).
    pub key: &'static str,
    /// Its type, as in editor definitions.
    pub lua_type: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Whether it can be set.
    pub set: bool,
}

const fn own(key: &'static str, lua_type: &'static str, set: bool, doc: &'static str) -> Own {
    Own { key, lua_type, doc, set }
}

/// All of them.
pub const OWN: [Own; 12] = [
    own("name", "string", false, "Its name; rename gives it another."),
    own("type", "string", false, "The name of its type."),
    own("id", "integer", false, "What it is known by, whatever it is called."),
    own("enabled", "boolean", true, "Whether it does its work; an effect that does not lets through what comes in."),
    own("mute", "boolean", true, "Whether it is not heard, and sends no notes."),
    own("solo", "boolean", true, "Whether only it, and what else is solo, is heard."),
    own("seed", "integer", true, "What everything random in it follows from, from 0."),
    own("slots", "table<integer, cantus.Slot>", true, "Its slots, from 1."),
    own("meters", "table<string, number>", false, "What it shows, sampled now."),
    own("status", "string", false, "\"ready\", \"loading\", or what is wrong."),
    own(
        "trigger",
        "function",
        false,
        "Plays a note: kick:trigger{note = \"C4\", velocity = 0.8, slot = 1, length = 2}, and what \
         parameters are for it alone, of those that may be locked.",
    ),
    own("help", "function", false, "Tells what it can do, with its values: kick:help()."),
];

/// What a handle has of that key.
pub fn own_key(key: &str) -> Option<&'static Own> {
    OWN.iter().find(|own| own.key == key)
}

/// Where the functions of handles are kept, by key. Actions of one name are one function, whatever module has them.
pub const MADE: &str = "cantus.handles";

/// A module: the same one whatever it is called, and where that is gone, the one that has its name.
#[derive(Clone, Debug)]
pub struct Handle {
    id: Cell<ModuleId>,
    /// What it was called when it was last looked for.
    name: RefCell<Name>,
}

impl Handle {
    /// A module that is there.
    pub fn new(name: Name, id: ModuleId) -> Handle {
        Handle { id: Cell::new(id), name: RefCell::new(name) }
    }

    /// What the script calls it now; outside of an evaluation, what it was called last.
    pub fn name(&self, lua: &Lua) -> Name {
        let mut name = self.name.borrow_mut();
        let found = with(lua, |work| {
            let (modules, id) = (&work.model.modules, self.id.get());
            let there = modules.get(&*name).map(|module| module.id);
            if there == Some(id) {
                return Ok(None);
            }
            let moved = modules.iter().find(|(_, module)| module.id == id).map(|(name, _)| (name.clone(), id));
            Ok(moved.or_else(|| Some((name.clone(), there?))))
        });
        if let Ok(Some((now, id))) = found {
            *name = now;
            self.id.set(id);
        }
        name.clone()
    }
}

/// What fills the slots of a module with sounds, if it has no parameter of that name.
pub const SAMPLES: &str = "samples";

/// The module of a name and its type, as the script sees them.
///
/// # Errors
/// When there is none.
pub fn lookup(lua: &Lua, name: &str) -> Result<(Module, Arc<ModuleType>)> {
    with(lua, |work| {
        let (module, known) = work.model.typed(&work.catalog, name).map_err(|r| refused(&r))?;
        Ok((module.clone(), known.clone()))
    })
}

/// Sets everything an options table names: parameters, `slots = {...}` and `[2] = {...}` as slots, `samples = "folder"`.
///
/// # Errors
/// At the first that cannot be.
pub fn apply_options(lua: &Lua, name: &Name, options: &mlua::Table) -> Result<()> {
    let (_, known) = lookup(lua, name)?;
    let options = values::sorted(options)?;
    once(&options, name, &known.manifest.params)?;
    for (key, value) in options {
        match key {
            Key::At(slot) => slots::apply(lua, name, values::slot(&Value::Integer(slot))?, &value)?,
            Key::Text(key) => set(lua, name, &key, &value)?,
        }
    }
    Ok(())
}

/// Refuses a parameter that a table sets under two of its names: one of them would be lost.
///
/// # Errors
/// Naming both.
pub fn once(options: &[(Key, Value)], owner: &str, params: &[Param]) -> Result<()> {
    for param in params.iter().filter(|param| !param.aliases.is_empty()) {
        let is_named = |key: &str| param.key == key || param.aliases.iter().any(|alias| alias == key);
        let text = |(key, _): &'_ (Key, Value)| if let Key::Text(key) = key { Some(key.clone()) } else { None };
        let mut named = options.iter().filter_map(text).filter(|key| is_named(key));
        if let (Some(first), Some(second)) = (named.next(), named.next()) {
            return Err(blame(format!("{owner}: {first} and {second} are the same parameter; set one of them")));
        }
    }
    Ok(())
}

/// `kick.key = value`.
///
/// # Errors
/// When there is no such parameter or it does not take the value.
pub fn set(lua: &Lua, name: &Name, key: &str, value: &Value) -> Result<()> {
    match own_key(key) {
        Some(_) if key == "slots" => return slots::apply_all(lua, name, value),
        None if key == SAMPLES && lookup(lua, name)?.1.manifest.param(key).is_none() => {
            return slots::fill(lua, name, value);
        }
        Some(own) if own.set => return mix::set(lua, name, key, value),
        Some(own) => return Err(cannot_be_set(name, own)),
        None => {}
    }
    if let Value::Integer(_) | Value::Number(_) = value
        && with(lua, |work| {
            Ok(work.model.typed(&work.catalog, name).is_ok_and(|(_, t)| t.manifest.param(key).is_some()))
        })?
    {
        let value = to_model(value).map_err(|e| blame(format!("{name}.{key}: {e}")))?;
        return run(lua, SetParameterCommand { path: Path::new(name.clone(), key), value: Some(value) });
    }
    let (module, known) = lookup(lua, name)?;
    if value.is_nil() {
        return Err(blame(format!("{name}.{key} cannot be nil; give it a value")));
    }
    let mut value = to_model(value).map_err(|e| blame(format!("{name}.{key}: {e}")))?;
    let mut param = key;
    if known.manifest.param(key).is_none() {
        param = in_milliseconds(&known, key).ok_or_else(|| unknown(name, &module, &known, key))?;
        value = match value {
            ModelValue::Int(ms) => ModelValue::Num(Num::of(ms as f64 / 1000.0)),
            ModelValue::Num(ms) => ModelValue::Num(Num::of(ms.get() / 1000.0)),
            other => other,
        };
    }
    run(lua, SetParameterCommand { path: Path::new(name.clone(), param), value: Some(value) })
}

fn cannot_be_set(name: &str, own: &Own) -> mlua::Error {
    let advice = match own.key {
        "name" => format!("write rename(\"{name}\", \"new\")"),
        key if own.lua_type == "function" => format!("call it: {name}:{key}()"),
        _ => "it is only to be read".to_owned(),
    };
    blame(format!("{name}.{} cannot be set; {advice}", own.key))
}

/// `kick.key = number`, where the same was set just before: what loops and envelopes do, a thousand times a second.
fn set_again(lua: &Lua, this: &Handle, key: &Value, value: &Value) -> Option<std::result::Result<(), Refusal>> {
    let number = match value {
        Value::Integer(number) => ModelValue::Int(*number),
        Value::Number(number) => ModelValue::Num(Num::new(*number)?),
        _ => return None,
    };
    let Value::String(key) = key else { return None };
    let (key, name, context) = (key.to_str().ok()?, this.name(lua), context(lua));
    context.work.borrow_mut().as_mut()?.set_again(&name, &key, number)
}

/// `kick.key` for a parameter.
///
/// # Errors
/// When there is no such parameter.
pub fn get(lua: &Lua, name: &Name, key: &str) -> Result<Value> {
    let (module, known) = lookup(lua, name)?;
    if let Some((index, _)) = known.manifest.param(key) {
        return to_lua(lua, &module.params[index]);
    }
    let seconds = in_milliseconds(&known, key).and_then(|seconds| known.manifest.param(seconds));
    match seconds.map(|(index, _)| &module.params[index]) {
        Some(ModelValue::Num(seconds)) => Ok(Value::Number(seconds.get() * 1000.0)),
        _ => Err(unknown(name, &module, &known, key)),
    }
}

/// The parameter that is meant by a time whose name says that it is in milliseconds: `attack` by `attackMs`.
fn in_milliseconds<'a>(known: &ModuleType, key: &'a str) -> Option<&'a str> {
    let seconds = key.strip_suffix("Ms")?;
    let (_, param) = known.manifest.param(seconds)?;
    matches!(param.kind, ParamKind::Float { unit: Unit::Seconds, .. }).then_some(seconds)
}

fn unknown(name: &str, module: &Module, known: &ModuleType, key: &str) -> mlua::Error {
    let manifest = &known.manifest;
    if manifest.actions.iter().any(|action| action.key == key) {
        return blame(format!("{name}.{key} is an action; call it: {name}:{key}()"));
    }
    if manifest.meters.iter().any(|meter| meter.key == key) {
        return blame(format!("{name}.{key} is a meter; read it as {name}.meters.{key}"));
    }
    let keys = manifest.params.iter().map(|p| &p.key).chain(manifest.actions.iter().map(|a| &a.key));
    let aliases = manifest.params.iter().flat_map(|p| &p.aliases).map(String::as_str);
    let nearest = cantus_manifest::nearest(key, keys.map(String::as_str).chain(OWN.iter().map(|own| own.key)));
    let nearest = nearest.or_else(|| cantus_manifest::nearest(key, aliases)).map(str::to_owned);
    let owner = format!("{name} ({})", module.module_type);
    refused(&Refusal::UnknownKey { owner, what: "parameter or action", name: key.into(), nearest })
}

fn index(lua: &Lua, this: &Handle, key: &Value) -> Result<Value> {
    let name = this.name(lua);
    let Value::String(key) = key else {
        return Err(blame(format!("{name}[...]: write {name}.slots[1] for a slot")));
    };
    let key = key.to_string_lossy();
    let (module, known) = lookup(lua, &name)?;
    let text = |t: &str| lua.create_string(t).map(Value::String);
    Ok(match key.as_str() {
        "name" => text(&name)?,
        "type" => text(&module.module_type)?,
        "id" => Value::Integer(module.id.0.cast_signed()),
        "enabled" => Value::Boolean(module.enabled),
        "mute" => Value::Boolean(module.mute),
        "solo" => Value::Boolean(module.solo),
        "seed" => Value::Integer(module.seed.cast_signed()),
        "status" => text(&status(&context(lua).engine.state(), &name))?,
        "meters" => Value::Table(meters(lua, &name, &known)?),
        "slots" => Value::UserData(lua.create_userdata(Slots { module: this.clone() })?),
        "trigger" => method(lua, &key, |lua| native(lua, trigger))?,
        "help" => method(lua, &key, |lua| native(lua, |lua, args: MultiValue| crate::help::show(lua, args)))?,
        key => match known.manifest.param(key) {
            Some((index, _)) => to_lua(lua, &module.params[index])?,
            None if known.manifest.actions.iter().any(|a| a.key == key) => method(lua, key, |lua| action(lua, key))?,
            None => match sound::method(lua, &known.manifest.params, key)? {
                Some(method) => method,
                None => get(lua, &name, key)?,
            },
        },
    })
}

/// A function that every handle has under that key: made once, as each note asks for it.
fn method(lua: &Lua, key: &str, make: impl FnOnce(&Lua) -> Result<Function>) -> Result<Value> {
    let made = lua.named_registry_value::<mlua::Table>(MADE)?;
    if let Some(there) = made.raw_get::<Option<Function>>(key)? {
        return Ok(Value::Function(there));
    }
    let function = make(lua)?;
    made.raw_set(key, &function)?;
    Ok(Value::Function(function))
}

/// What a function that handles have is called.
///
/// # Errors
/// When Lua has no memory.
pub fn method_name(lua: &Lua, function: &Value) -> Result<Option<String>> {
    name_in(&lua.named_registry_value(MADE)?, function)
}

/// What the module shows, sampled now; 0 until it is made.
fn meters(lua: &Lua, name: &str, known: &ModuleType) -> Result<mlua::Table> {
    let state = context(lua).engine.state();
    let values = lua.create_table()?;
    for (key, _) in known.manifest.meters() {
        let value = state.meter(name, &key).unwrap_or(0.0);
        values.raw_set(key, value)?;
    }
    Ok(values)
}

/// The handle a method is called on.
fn receiver(value: &Value, method: &str) -> Result<UserDataRef<Handle>> {
    match value {
        Value::UserData(data) if data.is::<Handle>() => data.borrow(),
        _ => Err(blame(format!("call it with a colon: kick:{method}(...)"))),
    }
}

fn trigger(lua: &Lua, (this, what): (Value, Value)) -> Result<()> {
    let module = receiver(&this, "trigger")?.name(lua);
    let mut locks = Vec::new();
    let fields = match &what {
        Value::Nil => Fields::default(),
        Value::Table(table) => {
            values::no_list(table, Fields::KEYS[0], "trigger")?;
            locks = own_values(lua, &module, table)?;
            Fields::read(table, |slot| slots::number(lua, &module, slot))?
        }
        note => Fields { note: Some(values::note(note)?), ..Fields::default() },
    };
    let Fields { note, velocity, slot, length } = fields;
    run(lua, TriggerEventCommand { module, note, velocity, slot, length, locks })
}

/// What a note is given besides: values of parameters for it alone, in the order of their names.
fn own_values(lua: &Lua, module: &Name, table: &mlua::Table) -> Result<Vec<(Name, ModelValue)>> {
    let mut given = values::sorted(table)?;
    given.retain(|(key, _)| !matches!(key, Key::Text(key) if Fields::KEYS.contains(&key.as_str())));
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let (_, known) = lookup(lua, module)?;
    let value = |(key, value): (Key, Value)| {
        let Key::Text(key) = key else { return Err(blame("what trigger is given in a table has names")) };
        // What cannot be locked is refused by the command, which says what can.
        if !known.manifest.params.iter().chain(known.slot_params()).any(|param| param.answers(&key)) {
            let lockable = known.manifest.locks().map(|(_, _, param)| param.key.as_str());
            let keys = Fields::KEYS.iter().copied().chain(lockable);
            return Err(blame(values::unknown("trigger", "option", &key, keys)));
        }
        let value = to_model(&value).map_err(|e| blame(format!("{module}:trigger {key}: {e}")))?;
        Ok((key.as_str().into(), value))
    };
    given.into_iter().map(value).collect()
}

fn action(lua: &Lua, key: &str) -> Result<Function> {
    let action: Name = key.into();
    native(lua, move |lua, this: Value| {
        let module = receiver(&this, &action)?.name(lua);
        run(lua, InvokeActionCommand { module, action: action.clone() })
    })
}

/// All parameters with their values.
fn list(lua: &Lua, this: &Handle) -> Result<(Function, mlua::Table)> {
    let (module, known) = lookup(lua, &this.name(lua))?;
    let values = module.params.iter().map(|v| to_lua(lua, v)).collect::<Result<Vec<_>>>()?;
    pairs_of(lua, known.manifest.params.iter().map(|p| p.key.clone()).zip(values).collect())
}

/// What `pairs` gives for keys and values, in their order.
pub fn pairs_of<K: IntoLua + 'static>(lua: &Lua, entries: Vec<(K, Value)>) -> Result<(Function, mlua::Table)> {
    let entries = std::cell::RefCell::new(entries.into_iter());
    let next = native(lua, move |lua, _: MultiValue| match entries.borrow_mut().next() {
        Some((key, value)) => Ok((key.into_lua(lua)?, value)),
        None => Ok((Value::Nil, Value::Nil)),
    })?;
    Ok((next, lua.create_table()?))
}

impl UserData for Handle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "module");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: Value| {
            bounds::pay_text(lua, &key)?;
            index(lua, this, &key).map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, this, (key, value): (Value, Value)| {
            if let Some(done) = set_again(lua, this, &key, &value) {
                return done.map_err(|refusal| located(lua, refused(&refusal)));
            }
            let key = values::text(&key, "the name of a parameter");
            key.and_then(|key| set(lua, &this.name(lua), &key, &value)).map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::Pairs, |lua, this, ()| list(lua, this).map_err(|e| located(lua, e)));
        methods.add_meta_method(MetaMethod::ToString, |lua, this, ()| {
            let name = this.name(lua);
            let known = lookup(lua, &name);
            Ok(known.map_or_else(|_| format!("{name} (removed)"), |(m, _)| format!("{name} ({})", m.module_type)))
        });
        methods.add_meta_function(MetaMethod::Eq, |lua, (a, b): (Value, Value)| {
            let name = |v: &Value| v.as_userdata().and_then(|d| d.borrow::<Handle>().ok()).map(|h| h.name(lua));
            Ok(name(&a).is_some() && name(&a) == name(&b))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handle_has_no_manifest_takes() {
        let mut own: Vec<_> = OWN.iter().map(|own| own.key).collect();
        let mut kept: Vec<_> = cantus_manifest::HANDLE_KEYS.to_vec();
        own.sort_unstable();
        kept.sort_unstable();
        assert_eq!(own, kept);
    }
}
