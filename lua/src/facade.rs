//! The engine's objects as scripts see them: userdata whose methods are rows of [`library`](crate::library).

use mlua::{FromLua, Lua, MetaMethod, Result, Table, UserData, UserDataFields, UserDataMethods, Value};

use crate::error::{blame, located};
use crate::values::{self, a};

/// Where the methods of all objects are kept: object, then method.
pub const METHODS: &str = "cantus.methods";

/// One object, known by the name its methods have in their rows.
#[derive(Clone, Copy)]
pub struct Facade(pub &'static str);

fn method(lua: &Lua, object: &str, key: &Value) -> Result<Value> {
    let key = values::text(key, "the name of a method")?;
    let methods: Table = lua.named_registry_value::<Table>(METHODS)?.raw_get(object)?;
    let found: Value = methods.raw_get(key.as_str())?;
    if !found.is_nil() {
        return Ok(found);
    }
    let known = methods.pairs::<String, Value>().filter_map(|p| p.ok().map(|(k, _)| k)).collect::<Vec<_>>();
    Err(blame(values::unknown(object, "method", &key, known.iter().map(String::as_str))))
}

impl UserData for Facade {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "engine");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: Value| {
            method(lua, this.0, &key).map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, this, _: mlua::MultiValue| {
            Err::<(), _>(located(lua, blame(format!("{} belongs to Cantus and cannot be changed", this.0))))
        });
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(this.0));
    }
}

/// The object before the colon; refuses calls with a dot.
pub struct This;

impl FromLua for This {
    fn from_lua(value: Value, _: &Lua) -> Result<This> {
        match &value {
            Value::UserData(data) if data.is::<Facade>() => Ok(This),
            other => {
                Err(blame(format!("call it with a colon, as in engine:getClock(); this has {} before it", a(other))))
            }
        }
    }
}
