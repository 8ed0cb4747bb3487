//! The state as scripts read it: nested tables that are made as they are read, and never change.
//!
//! A table is a [`node`] of a [`Snapshot`], known by a number; `prelude/snapshot.lua` makes the table, and asks here for
//! what a node has under a key. What is not read costs nothing, and what was read is not kept.

mod node;
mod part;

pub use part::Part;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use cantus_host::control::{EngineState, Position, StatusOf, Waiting, When};
use cantus_host::model::{Catalog, Connection, Model, Module, Name, Pattern};
use mlua::{Either, Function, IntoLua, Lua, MultiValue, Result, Table, UserData, UserDataRef, Value};

use crate::bounds;
use crate::context::{context, with};
use crate::library::native;
use crate::values::to_lua;

use node::{Kind, Node};

/// Where the function is kept that makes the table of a snapshot.
pub const TABLE: &str = "cantus.snapshot";

/// A state.
pub struct Snapshot {
    state: Arc<EngineState>,
    model: Arc<Model>,
    catalog: Arc<Catalog>,
    /// Texts that were read, by the number of their table.
    lists: RefCell<BTreeMap<i64, Vec<String>>>,
}

impl UserData for Snapshot {}

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
    // Read by every callback: without what `native` costs, as nothing in them blames the script. They answer a value, or
    // nil and the number of a table.
    table.raw_set(
        "field",
        lua.create_function(|lua, (snapshot, number, key): (UserDataRef<Snapshot>, i64, Either<String, Value>)| {
            Ok(match key {
                Either::Left(key) => snapshot.field(lua, Node::of(number), &key)?.answer(),
                Either::Right(_) => Found::Nothing.answer(),
            })
        })?,
    )?;
    table.raw_set(
        "entry",
        lua.create_function(|lua, (snapshot, number, key): (UserDataRef<Snapshot>, i64, Value)| {
            Ok(match key.as_usize().and_then(|n| n.checked_sub(1)) {
                Some(at) => snapshot.entry(lua, Node::of(number), at)?.answer(),
                None => Found::Nothing.answer(),
            })
        })?,
    )?;
    table.raw_set(
        "keys",
        native(lua, |lua, (snapshot, number): (UserDataRef<Snapshot>, i64)| {
            let keys = snapshot.keys(lua, Node::of(number))?;
            bounds::pay(lua, keys.len() as u64)?;
            Ok(keys)
        })?,
    )
}

impl Found {
    fn value(lua: &Lua, value: impl IntoLua) -> Result<Found> {
        value.into_lua(lua).map(Found::Value)
    }

    /// A module or a pattern at an index, if there is one.
    fn table(kind: Kind, at: Option<usize>) -> Found {
        at.map_or(Found::Nothing, |at| Found::Table(Node { at, ..kind.node() }))
    }

    /// For the prelude: a value, or nil and the number of a table.
    fn answer(self) -> (Value, Option<i64>) {
        match self {
            Found::Nothing => (Value::Nil, None),
            Found::Value(value) => (value, None),
            Found::Table(node) => (Value::Nil, Some(node.number())),
        }
    }
}

/// The table of a state.
///
/// # Errors
/// When Lua has no memory.
pub fn table(lua: &Lua, state: Arc<EngineState>, model: Arc<Model>, catalog: Arc<Catalog>) -> Result<Table> {
    let snapshot = Snapshot { state, model, catalog, lists: RefCell::default() };
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

const ROOT: [&str; 9] =
    ["clock", "connections", "modules", "patternRuntime", "patterns", "pending", "problems", "scenes", "version"];
const CLOCK: [&str; 6] = ["beat", "beats_per_bar", "bpm", "playing", "signature", "swing"];
const MODULE: [&str; 11] =
    ["enabled", "id", "meters", "mute", "name", "parameters", "seed", "slots", "solo", "status", "type"];
const PATTERN: [&str; 4] = ["name", "rows", "steps", "steps_per_beat"];

impl Snapshot {
    fn module(&self, node: Node) -> Option<&(Name, Module)> {
        self.model.modules.nth(node.at)
    }

    fn connection(&self, node: Node) -> Option<&Connection> {
        self.model.connections.nth(node.at).map(|entry| &entry.0)
    }

    fn pattern(&self, node: Node) -> Option<&(Name, Pattern)> {
        self.model.patterns.nth(node.at)
    }

    /// What is known of a module by its type, if that is there.
    fn manifest(&self, node: Node) -> Option<&cantus_manifest::Module> {
        let known = self.model.known(&self.catalog, &self.module(node)?.1.module_type).ok()?;
        Some(&known.manifest)
    }

    /// What a table has under a key.
    fn field(&self, lua: &Lua, node: Node, key: &str) -> Result<Found> {
        match node.kind {
            Kind::Root => self.root(lua, key),
            Kind::Clock => self.clock(lua, key),
            Kind::Modules => Ok(Found::table(Kind::Module, self.model.modules.position(key))),
            Kind::Patterns => Ok(Found::table(Kind::Pattern, self.model.patterns.position(key))),
            Kind::Module => self.of_module(lua, node, key),
            Kind::Parameters => self.parameter(lua, node, key),
            Kind::Slot => self.of_slot(lua, node, key),
            Kind::Meters => {
                let module = self.module(node);
                let meter = module.and_then(|(name, _)| self.state.meter(name, key));
                Ok(meter.map_or(Found::Nothing, |meter| Found::Value(Value::Number(f64::from(meter)))))
            }
            Kind::Connection => match (key, self.connection(node)) {
                ("from", Some(cable)) => Found::value(lua, cable.from.to_string()),
                ("to", Some(cable)) => Found::value(lua, cable.to.to_string()),
                _ => Ok(Found::Nothing),
            },
            Kind::Pattern => self.of_pattern(lua, node, key),
            Kind::Runtime => match key {
                "playhead" => Found::value(lua, context(lua).later.turn.get().clock().beat),
                "patterns" => Ok(Found::Table(Kind::Patterns.node())),
                _ => Ok(Found::Nothing),
            },
            _ => Ok(Found::Nothing),
        }
    }

    /// What a list has at an index, from 0.
    fn entry(&self, lua: &Lua, list: Node, at: usize) -> Result<Found> {
        let there = at < self.len(list);
        match list.kind {
            _ if !there => Ok(Found::Nothing),
            Kind::Connections => Ok(Found::Table(Node { at, ..Kind::Connection.node() })),
            Kind::Slots => Ok(Found::Table(Node { slot: at, ..list.part(Kind::Slot) })),
            _ => self.texts(list, |texts| Found::value(lua, texts[at].as_str())),
        }
    }

    /// How many entries a list has.
    fn len(&self, list: Node) -> usize {
        match list.kind {
            Kind::Connections => self.model.connections.len(),
            Kind::Slots => self.module(list).map_or(0, |(_, module)| module.slots.len()),
            _ => self.texts(list, |texts| texts.len()),
        }
    }

    /// Looks at a list of texts, which is made when it is read first.
    fn texts<R>(&self, list: Node, look: impl FnOnce(&[String]) -> R) -> R {
        let mut lists = self.lists.borrow_mut();
        look(lists.entry(list.number()).or_insert_with(|| match list.kind {
            Kind::Pending => self.state.pending.iter().map(waits).collect(),
            Kind::Problems => self.state.status.problems().iter().map(ToString::to_string).collect(),
            Kind::Scenes => self.state.scenes.keys().map(ToString::to_string).collect(),
            Kind::Steps => self.pattern(list).map(|(_, pattern)| pattern.lines()).unwrap_or_default(),
            _ => Vec::new(),
        }))
    }

    fn root(&self, lua: &Lua, key: &str) -> Result<Found> {
        let kind = match key {
            "clock" => Kind::Clock,
            "connections" => Kind::Connections,
            "modules" => Kind::Modules,
            "patternRuntime" => Kind::Runtime,
            "patterns" => Kind::Patterns,
            "pending" => Kind::Pending,
            "problems" => Kind::Problems,
            "scenes" => Kind::Scenes,
            "version" => return Found::value(lua, self.state.version),
            _ => return Ok(Found::Nothing),
        };
        Ok(Found::Table(kind.node()))
    }

    fn clock(&self, lua: &Lua, key: &str) -> Result<Found> {
        let model = &self.model;
        match key {
            "bpm" => Found::value(lua, model.bpm.get()),
            "signature" => Found::value(lua, model.signature.to_string()),
            "beats_per_bar" => Found::value(lua, model.signature.beats_per_bar()),
            "swing" => Found::value(lua, model.swing.amount.get()),
            "playing" => Found::value(lua, context(lua).later.turn.get().now.clock.playing),
            "beat" => Found::value(lua, context(lua).later.turn.get().clock().beat),
            _ => Ok(Found::Nothing),
        }
    }

    fn of_module(&self, lua: &Lua, node: Node, key: &str) -> Result<Found> {
        let Some((name, module)) = self.module(node) else { return Ok(Found::Nothing) };
        match key {
            "parameters" => Ok(Found::Table(node.part(Kind::Parameters))),
            "slots" => Ok(Found::Table(node.part(Kind::Slots))),
            "meters" => Ok(Found::Table(node.part(Kind::Meters))),
            "name" => Found::value(lua, &**name),
            "type" => Found::value(lua, &*module.module_type),
            "id" => Found::value(lua, module.id.0.cast_signed()),
            "seed" => Found::value(lua, module.seed.cast_signed()),
            "enabled" => Found::value(lua, module.enabled),
            "mute" => Found::value(lua, module.mute),
            "solo" => Found::value(lua, module.solo),
            "status" => Found::value(lua, status(&self.state, name)),
            _ => Ok(Found::Nothing),
        }
    }

    fn parameter(&self, lua: &Lua, node: Node, key: &str) -> Result<Found> {
        let index = self.manifest(node).and_then(|manifest| Some(manifest.param(key)?.0));
        match (index, self.module(node)) {
            (Some(index), Some((_, module))) => to_lua(lua, &module.params[index]).map(Found::Value),
            _ => Ok(Found::Nothing),
        }
    }

    fn of_slot(&self, lua: &Lua, node: Node, key: &str) -> Result<Found> {
        let slots = self.manifest(node).and_then(|manifest| manifest.slots.as_ref());
        let index = slots.and_then(|slots| Some(slots.param(key)?.0));
        let slot = self.module(node).and_then(|(_, module)| module.slots.get(node.slot));
        match (index, slot) {
            (Some(index), Some(slot)) => to_lua(lua, &slot[index]).map(Found::Value),
            _ => Ok(Found::Nothing),
        }
    }

    fn of_pattern(&self, lua: &Lua, node: Node, key: &str) -> Result<Found> {
        let Some((name, pattern)) = self.pattern(node) else { return Ok(Found::Nothing) };
        match key {
            "name" => Found::value(lua, &**name),
            "rows" => Found::value(lua, pattern.rows),
            "steps_per_beat" => Found::value(lua, pattern.steps_per_beat.get()),
            "steps" => Ok(Found::Table(node.part(Kind::Steps))),
            _ => Ok(Found::Nothing),
        }
    }

    /// The keys of a table, in order.
    fn keys(&self, lua: &Lua, node: Node) -> Result<MultiValue> {
        fn texts<'a>(lua: &Lua, texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<Value>> {
            texts.into_iter().map(|text| text.into_lua(lua)).collect()
        }
        let manifest = || self.manifest(node);
        let keys = match node.kind {
            kind if kind.is_list() => (1..=self.len(node)).map(|n| n.into_lua(lua)).collect(),
            Kind::Root => texts(lua, ROOT),
            Kind::Clock => texts(lua, CLOCK),
            Kind::Module => texts(lua, MODULE),
            Kind::Pattern => texts(lua, PATTERN),
            Kind::Runtime => texts(lua, ["patterns", "playhead"]),
            Kind::Connection => texts(lua, ["from", "to"]),
            Kind::Modules => texts(lua, self.model.modules.keys().map(|name| &**name)),
            Kind::Patterns => texts(lua, self.model.patterns.keys().map(|name| &**name)),
            Kind::Parameters => {
                let params = manifest().into_iter().flat_map(|manifest| &manifest.params);
                texts(lua, params.map(|param| param.key.as_str()))
            }
            Kind::Slot => {
                let slots = manifest().and_then(|manifest| manifest.slots.as_ref());
                let params = slots.into_iter().flat_map(|slots| &slots.params);
                texts(lua, params.map(|param| param.key.as_str()))
            }
            Kind::Meters => {
                let keys = manifest().into_iter().flat_map(|manifest| manifest.meters()).map(|(key, _)| key);
                let keys: Vec<String> = keys.collect();
                texts(lua, keys.iter().map(String::as_str))
            }
            _ => Ok(Vec::new()),
        };
        keys.map(MultiValue::from_iter)
    }
}

/// A batch that waits: `transpose pattern beat by 12, at beat 16, from the prompt`.
fn waits(waiting: &Waiting) -> String {
    let Waiting { what, origin, when, .. } = waiting;
    let due = match when {
        When::AtSample(sample) => format!(", at sample {sample}"),
        When::AtBeat(beat) | When::At(Position { beat, .. }) => format!(", at beat {}", beat.get()),
        When::Now | When::NextGrid(_) => String::new(),
    };
    format!("{what}{due}, from {origin}")
}

/// How a module is: `ready`, `loading`, or what is wrong.
pub fn status(state: &EngineState, name: &str) -> String {
    match state.status.modules.get(name) {
        None => "ready".into(),
        Some(StatusOf::Loading { .. }) => "loading".into(),
        Some(StatusOf::Missing(why) | StatusOf::Faulted(why)) => why.clone(),
    }
}
