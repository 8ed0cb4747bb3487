//! The state as scripts read it: nested tables that are made as they are read, and never change.
//!
//! A table is a node of a [`Snapshot`], known by a number; `prelude/snapshot.lua` makes the table, and asks here for
//! what a node has under a key. What is not read costs nothing.

mod part;

pub use part::Part;

use std::cell::{Ref, RefCell};
use std::sync::Arc;

use cantus_host::control::{EngineState, StatusOf};
use cantus_host::model::{Catalog, Connection, Model, Module, ModuleType, Name};
use mlua::{Function, IntoLua, Lua, MultiValue, Result, Table, UserData, UserDataRef, Value};

use crate::bounds;
use crate::context::{context, with};
use crate::error::blame;
use crate::library::native;
use crate::values::to_lua;

/// Where the function is kept that makes the table of a snapshot.
pub const TABLE: &str = "cantus.snapshot";

/// A state, and what of it was read.
pub struct Snapshot {
    state: Arc<EngineState>,
    model: Arc<Model>,
    catalog: Arc<Catalog>,
    nodes: RefCell<Vec<Node>>,
}

impl UserData for Snapshot {}

/// A module's name, and the module.
type Entry = Arc<(Name, Module)>;

/// A table.
#[derive(Clone)]
enum Node {
    Root,
    Clock,
    Modules,
    Module(Entry),
    Parameters(Entry),
    Slots(Entry),
    Slot(Entry, usize),
    Meters(Entry),
    Connections,
    Connection(Connection),
    Patterns,
    Pattern(Name),
    Runtime,
    /// Of settled values, made at once.
    List(Vec<String>),
}

/// What stands under a key.
enum Found {
    Nothing,
    Value(Value),
    Table(Node),
}

/// The functions of the prelude.
///
/// # Errors
/// When Lua has no memory.
pub fn natives(lua: &Lua, table: &Table) -> Result<()> {
    // Answers a value, or nil and the number of a table.
    table.raw_set(
        "fetch",
        // Read by every callback: without what `native` costs, as nothing in it blames the script.
        lua.create_function(|lua, (snapshot, node, key): (UserDataRef<Snapshot>, usize, Value)| {
            let found = snapshot.find(lua, &*snapshot.node(node)?, &key)?;
            Ok(match found {
                Found::Nothing => (Value::Nil, None),
                Found::Value(value) => (value, None),
                Found::Table(node) => {
                    let mut nodes = snapshot.nodes.borrow_mut();
                    nodes.push(node);
                    (Value::Nil, Some(nodes.len() - 1))
                }
            })
        })?,
    )?;
    table.raw_set(
        "keys",
        native(lua, |lua, (snapshot, node): (UserDataRef<Snapshot>, usize)| {
            let keys = snapshot.keys(lua, &*snapshot.node(node)?)?;
            bounds::pay(lua, keys.len() as u64)?;
            Ok(keys)
        })?,
    )
}

/// The table of a state.
///
/// # Errors
/// When Lua has no memory.
pub fn table(lua: &Lua, state: Arc<EngineState>, model: Arc<Model>, catalog: Arc<Catalog>) -> Result<Table> {
    let mut nodes = Vec::with_capacity(8);
    nodes.push(Node::Root);
    let snapshot = Snapshot { state, model, catalog, nodes: RefCell::new(nodes) };
    lua.named_registry_value::<Function>(TABLE)?.call(lua.create_userdata(snapshot)?)
}

/// The table of the state as the code that runs sees it.
///
/// # Errors
/// When Lua has no memory.
pub fn now(lua: &Lua) -> Result<Table> {
    let (model, catalog) = with(lua, |work| Ok((Arc::new(work.model.clone()), work.catalog.clone())))?;
    table(lua, context(lua).engine.state(), model, catalog)
}

const ROOT: [&str; 8] =
    ["clock", "connections", "modules", "patternRuntime", "patterns", "problems", "scenes", "version"];
const CLOCK: [&str; 6] = ["beat", "beats_per_bar", "bpm", "playing", "signature", "swing"];
const MODULE: [&str; 11] =
    ["enabled", "id", "meters", "mute", "name", "parameters", "seed", "slots", "solo", "status", "type"];
const PATTERN: [&str; 4] = ["name", "rows", "steps", "steps_per_beat"];

impl Snapshot {
    fn node(&self, number: usize) -> Result<Ref<'_, Node>> {
        Ref::filter_map(self.nodes.borrow(), |nodes| nodes.get(number))
            .map_err(|_| blame("this is no part of the state"))
    }

    fn known(&self, entry: &Entry) -> Option<&Arc<ModuleType>> {
        self.model.known(&self.catalog, &entry.1.module_type).ok()
    }

    /// What a table has under a key.
    fn find(&self, lua: &Lua, node: &Node, key: &Value) -> Result<Found> {
        let text = key.as_string().and_then(|text| text.to_str().ok());
        let text = text.as_deref().unwrap_or_default();
        let at = key.as_usize().and_then(|n| n.checked_sub(1));
        let value = |value: Result<Value>| value.map(Found::Value);
        let model = &self.model;
        Ok(match node {
            Node::Root => return self.root(lua, text),
            Node::Clock => return self.clock(lua, text),
            Node::Modules => match model.modules.entry(text) {
                Some(entry) => Found::Table(Node::Module(entry.clone())),
                None => Found::Nothing,
            },
            Node::Module(entry) => return self.module(lua, entry, text),
            Node::Parameters(entry) => match self.known(entry).and_then(|known| known.manifest.param(text)) {
                Some((index, _)) => return value(to_lua(lua, &entry.1.params[index])),
                None => Found::Nothing,
            },
            Node::Slots(entry) => match at.filter(|at| *at < entry.1.slots.len()) {
                Some(at) => Found::Table(Node::Slot(entry.clone(), at)),
                None => Found::Nothing,
            },
            Node::Slot(entry, slot) => return self.slot(lua, entry, *slot, text),
            Node::Meters(entry) => match self.state.meter(&self.catalog, &entry.0, text) {
                Some(meter) => Found::Value(Value::Number(f64::from(meter))),
                None => Found::Nothing,
            },
            Node::Connections => {
                // They are counted off.
                bounds::pay(lua, at.unwrap_or(0).min(model.connections.len()) as u64 / 8)?;
                match at.and_then(|at| model.connections.keys().nth(at)) {
                    Some(cable) => Found::Table(Node::Connection(cable.clone())),
                    None => Found::Nothing,
                }
            }
            Node::Connection(cable) => match text {
                "from" => return value(cable.from.to_string().into_lua(lua)),
                "to" => return value(cable.to.to_string().into_lua(lua)),
                _ => Found::Nothing,
            },
            Node::Patterns if model.patterns.contains(text) => Found::Table(Node::Pattern(text.into())),
            Node::Patterns => Found::Nothing,
            Node::Pattern(name) => return self.pattern(lua, name, text),
            Node::Runtime => match text {
                "playhead" => Found::Value(Value::Number(context(lua).later.turn.get().clock().beat)),
                "patterns" => Found::Table(Node::Patterns),
                _ => Found::Nothing,
            },
            Node::List(list) => match at.and_then(|at| list.get(at)) {
                Some(text) => return value(text.as_str().into_lua(lua)),
                None => Found::Nothing,
            },
        })
    }

    fn root(&self, lua: &Lua, key: &str) -> Result<Found> {
        let list = |list: Vec<String>| Found::Table(Node::List(list));
        Ok(match key {
            "clock" => Found::Table(Node::Clock),
            "connections" => Found::Table(Node::Connections),
            "modules" => Found::Table(Node::Modules),
            "patternRuntime" => Found::Table(Node::Runtime),
            "patterns" => Found::Table(Node::Patterns),
            "problems" => list(self.state.status.problems().iter().map(ToString::to_string).collect()),
            "scenes" => list(self.state.scenes.keys().map(ToString::to_string).collect()),
            "version" => Found::Value(self.state.version.into_lua(lua)?),
            _ => Found::Nothing,
        })
    }

    fn clock(&self, lua: &Lua, key: &str) -> Result<Found> {
        let model = &self.model;
        Ok(match key {
            "bpm" => Found::Value(Value::Number(model.bpm.get())),
            "signature" => Found::Value(model.signature.to_string().into_lua(lua)?),
            "beats_per_bar" => Found::Value(Value::Number(model.signature.beats_per_bar())),
            "swing" => Found::Value(Value::Number(model.swing.amount.get())),
            "playing" => Found::Value(Value::Boolean(context(lua).later.turn.get().now.clock.playing)),
            "beat" => Found::Value(Value::Number(context(lua).later.turn.get().clock().beat)),
            _ => Found::Nothing,
        })
    }

    fn module(&self, lua: &Lua, entry: &Entry, key: &str) -> Result<Found> {
        let (name, module) = &**entry;
        Ok(match key {
            "parameters" => Found::Table(Node::Parameters(entry.clone())),
            "slots" => Found::Table(Node::Slots(entry.clone())),
            "meters" => Found::Table(Node::Meters(entry.clone())),
            "name" => Found::Value((&**name).into_lua(lua)?),
            "type" => Found::Value((&*module.module_type).into_lua(lua)?),
            "id" => Found::Value(Value::Integer(module.id.0.cast_signed())),
            "seed" => Found::Value(Value::Integer(module.seed.cast_signed())),
            "enabled" => Found::Value(Value::Boolean(module.enabled)),
            "mute" => Found::Value(Value::Boolean(module.mute)),
            "solo" => Found::Value(Value::Boolean(module.solo)),
            "status" => Found::Value(status(&self.state, name).into_lua(lua)?),
            _ => Found::Nothing,
        })
    }

    fn slot(&self, lua: &Lua, entry: &Entry, slot: usize, key: &str) -> Result<Found> {
        let slots = self.known(entry).and_then(|known| known.manifest.slots.as_ref());
        match slots.and_then(|slots| slots.param(key)) {
            Some((index, _)) => to_lua(lua, &entry.1.slots[slot][index]).map(Found::Value),
            None => Ok(Found::Nothing),
        }
    }

    fn pattern(&self, lua: &Lua, name: &Name, key: &str) -> Result<Found> {
        let Some(pattern) = self.model.patterns.get(name) else { return Ok(Found::Nothing) };
        Ok(match key {
            "name" => Found::Value((&**name).into_lua(lua)?),
            "rows" => Found::Value(pattern.rows.into_lua(lua)?),
            "steps_per_beat" => Found::Value(Value::Number(pattern.steps_per_beat.get())),
            "steps" => Found::Table(Node::List(pattern.lines())),
            _ => Found::Nothing,
        })
    }

    /// The keys of a table, in order.
    fn keys(&self, lua: &Lua, node: &Node) -> Result<MultiValue> {
        let list = |n: usize| (1..=n).map(|n| n.into_lua(lua)).collect::<Result<Vec<_>>>();
        let texts = |texts: &[&str]| texts.iter().map(|text| text.into_lua(lua)).collect::<Result<Vec<_>>>();
        let known = |entry| self.known(entry).map(|known| &known.manifest);
        let keys = match node {
            Node::Root => texts(&ROOT),
            Node::Clock => texts(&CLOCK),
            Node::Module(_) => texts(&MODULE),
            Node::Pattern(_) => texts(&PATTERN),
            Node::Runtime => texts(&["patterns", "playhead"]),
            Node::Connection(_) => texts(&["from", "to"]),
            Node::Modules => texts(&self.model.modules.keys().map(|name| &**name).collect::<Vec<_>>()),
            Node::Patterns => texts(&self.model.patterns.keys().map(|name| &**name).collect::<Vec<_>>()),
            Node::Connections => list(self.model.connections.len()),
            Node::Slots(entry) => list(entry.1.slots.len()),
            Node::List(entries) => list(entries.len()),
            Node::Parameters(entry) => {
                let params = known(entry).into_iter().flat_map(|manifest| &manifest.params);
                texts(&params.map(|param| param.key.as_str()).collect::<Vec<_>>())
            }
            Node::Slot(entry, _) => {
                let params = known(entry).and_then(|manifest| manifest.slots.as_ref());
                let params = params.into_iter().flat_map(|slots| &slots.params);
                texts(&params.map(|param| param.key.as_str()).collect::<Vec<_>>())
            }
            Node::Meters(entry) => {
                let meters = known(entry).into_iter().flat_map(|manifest| &manifest.meters);
                texts(&meters.map(|meter| meter.key.as_str()).collect::<Vec<_>>())
            }
        };
        keys.map(MultiValue::from_iter)
    }
}

/// How a module is: `ready`, `loading`, or what is wrong.
pub fn status(state: &EngineState, name: &str) -> String {
    match state.status.modules.get(name) {
        None => "ready".into(),
        Some(StatusOf::Loading { .. }) => "loading".into(),
        Some(StatusOf::Missing(why) | StatusOf::Faulted(why)) => why.clone(),
    }
}
