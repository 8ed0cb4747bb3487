//! Turns the difference between two Models into what must be done: instances to make, files to load, and a Change for
//! the audio thread.

mod data;
mod notes;
mod patterns;
mod records;
mod renames;
mod report;
mod time;

use std::collections::BTreeMap;
use std::sync::Arc;

use cantus_manifest::{ParamKind, PortKind};
use cantus_plugin_api::raw::{SLOT_OF_MODULE, flag};

use super::compile::Ready;
use super::slots::SlotPool;
use crate::assets::{Asset, Progress};
use crate::model::command::TriggerEventCommand;
use crate::model::{Catalog, Connection, Model, Module, ModuleId, ModuleType, Name, Value, carrying};
use crate::rt::message::{Change, Deed, Slabs};
use crate::rt::{Cable, Instance, Meters, PatternMemory};

/// Something for a worker.
#[derive(Debug)]
pub(super) enum Task {
    /// Make an instance.
    Make { module_type: Name, id: ModuleId, seed: u64 },
    /// Read a sound file.
    Load { file: Name, progress: Progress },
}

/// What stands behind the Model: instances, cables, files and patterns, each with how it is.
pub(super) struct Realiser {
    catalog: Arc<Catalog>,
    modules: BTreeMap<Name, Live>,
    cables: BTreeMap<Connection, u32>,
    instance_slots: SlotPool,
    cable_slots: SlotPool,
    /// What every data parameter that is not empty wants.
    wanted: BTreeMap<Place, Wanted>,
    /// Files that are wanted and not ready.
    files: BTreeMap<Name, File>,
    /// Files that are ready, as they are published.
    assets: Arc<BTreeMap<Name, Arc<Asset>>>,
    /// Percents of all files that load, added up, when last looked.
    progress: u32,
    patterns: BTreeMap<Name, Arc<PatternMemory>>,
    tasks: Vec<Task>,
}

struct Live {
    id: ModuleId,
    module_type: Name,
    slot: u32,
    state: State,
    /// What it shows, once it is made.
    meters: Option<Meters>,
    /// Notes that came before the module and its first data were ready; `None` since they are.
    waiting: Option<Vec<TriggerEventCommand>>,
}

enum State {
    Making,
    Ready,
    /// Never made.
    Failed(String),
    /// In the plan, but misbehaving.
    Faulted(String),
}

enum File {
    Loading(Progress),
    Missing(String),
}

/// A data parameter of a module: slot or [`SLOT_OF_MODULE`], and index.
type Place = (Name, u16, u16);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Sample(Name),
    Pattern(Name),
}

impl Realiser {
    pub fn new(catalog: Arc<Catalog>) -> Realiser {
        Realiser {
            catalog,
            modules: BTreeMap::new(),
            cables: BTreeMap::new(),
            instance_slots: SlotPool::default(),
            cable_slots: SlotPool::default(),
            wanted: BTreeMap::new(),
            files: BTreeMap::new(),
            assets: Arc::default(),
            progress: 0,
            patterns: BTreeMap::new(),
            tasks: Vec::new(),
        }
    }

    /// Puts into `change` what makes the audio thread's `old` into `new`; a new tempo is reached over so many beats.
    /// True: the plan must be compiled anew.
    pub fn realise(&mut self, old: &Model, new: &Model, over: f64, change: &mut Change) -> bool {
        time::realise(old, new, over, change);
        let renamed = renames::between(old, new);
        let mut replan = renamed.is_some();
        let old = match &renamed {
            None => old,
            Some(renames) => {
                self.rename(renames, old, change);
                &renames.applied(old)
            }
        };
        let changed_patterns = self.change_patterns(old, new);
        let mut replaced = Vec::new();
        old.modules.diff(&new.modules, |name, before, after| match (before, after) {
            (Some(before), Some(after)) if before.module_type == after.module_type && before.seed == after.seed => {
                self.change_values(name, before, after, change);
            }
            (before, after) => {
                if before.is_some() {
                    self.remove_module(name, change);
                    replaced.push(name);
                    replan = true;
                }
                if let Some(after) = after {
                    self.add_module(name, after);
                }
            }
        });
        replan |= rewired(old, new);
        if replan {
            // A cable of a module that was replaced by another of its name is a new one: its notes end.
            self.change_cables(new, |c| replaced.contains(&&c.from.module) || replaced.contains(&&c.to.module), change);
        }
        self.forget_files();
        self.rebind(change, |wanted| matches!(wanted, Wanted::Pattern(n) if changed_patterns.contains(n)));
        self.make_room(change);
        replan
    }

    /// What every module shows.
    pub fn meters(&self) -> BTreeMap<Name, Meters> {
        self.modules.iter().filter_map(|(name, live)| Some((name.clone(), live.meters.clone()?))).collect()
    }

    /// Sound files that are ready, by name. It is the same as before unless some file came or went.
    pub fn assets(&self) -> &Arc<BTreeMap<Name, Arc<Asset>>> {
        &self.assets
    }

    /// What has come up for workers since last asked.
    pub fn take_tasks(&mut self) -> Vec<Task> {
        std::mem::take(&mut self.tasks)
    }

    fn add_module(&mut self, name: &Name, module: &Module) {
        let (id, module_type) = (module.id, module.module_type.clone());
        let live = Live {
            id,
            module_type,
            slot: self.instance_slots.take(),
            state: State::Making,
            meters: None,
            waiting: Some(Vec::new()),
        };
        self.modules.insert(name.clone(), live);
        let Some(known) = self.catalog.get(&module.module_type).cloned() else { return };
        for (slot, index, kind, value) in data_values(module, &known) {
            self.want((name.clone(), slot, index), kind, value);
        }
        let module_type = module.module_type.clone();
        self.tasks.push(Task::Make { module_type, id: module.id, seed: module.seed });
    }

    fn remove_module(&mut self, name: &Name, change: &mut Change) {
        let Some(live) = self.modules.remove(name) else { return };
        match live.state {
            State::Making | State::Failed(_) => self.instance_slots.free(live.slot),
            State::Ready | State::Faulted(_) => change.instances.push((live.slot, None)),
        }
        self.wanted.retain(|(module, _, _), _| module != name);
    }

    /// From the event cables there are to those that are to be. Whatever the Model was before, these are what the audio
    /// thread has; those that are `cut` end, even if they come again.
    fn change_cables(&mut self, new: &Model, cut: impl Fn(&Connection) -> bool, change: &mut Change) {
        let mut carries = carrying(new);
        for connection in new.connections.keys().filter(|c| !self.carries_events(c, new)) {
            carries.remove(connection);
        }
        let goes = |c: &Connection| cut(c) || !carries.contains(c);
        change.cables.extend(self.cables.extract_if(.., |c, _| goes(c)).map(|(_, slot)| (slot, None)));
        for connection in carries.keys().filter(|c| !self.cables.contains_key(*c)).cloned().collect::<Vec<_>>() {
            let slot = self.cable_slots.take();
            self.cables.insert(connection, slot);
            change.cables.push((slot, Some(Box::new(Cable::new()))));
        }
    }

    fn carries_events(&self, connection: &Connection, model: &Model) -> bool {
        let source = model.modules.get(&connection.from.module).and_then(|m| self.catalog.get(&m.module_type));
        source.and_then(|t| t.output(&connection.from.port)).is_some_and(|port| port.kind == PortKind::Event)
    }

    fn change_values(&mut self, name: &Name, before: &Module, after: &Module, change: &mut Change) {
        let Some(known) = self.catalog.get(&after.module_type).cloned() else { return };
        for (index, (old, new)) in before.params.iter().zip(&*after.params).enumerate() {
            if old != new {
                let place = (name.clone(), SLOT_OF_MODULE, index as u16);
                self.change_value(place, &known.manifest.params[index].kind, new, change);
            }
        }
        let params = known.manifest.slots.as_ref().map_or(&[][..], |s| &s.params);
        for (slot, (old, new)) in before.slots.iter().zip(&*after.slots).enumerate() {
            if Arc::ptr_eq(old, new) {
                continue;
            }
            for (index, (old, new)) in old.iter().zip(&**new).enumerate() {
                if old != new {
                    self.change_value((name.clone(), slot as u16, index as u16), &params[index].kind, new, change);
                }
            }
        }
    }

    fn change_value(&mut self, place: Place, kind: &ParamKind, value: &Value, change: &mut Change) {
        if kind.is_data() {
            self.want(place.clone(), kind, value);
            self.bind(&place, change);
        } else if let (Some(slot), Some(value)) = (self.instance(&place.0), value.wire(kind)) {
            change.deeds.push(Deed::Event(slot, records::value_event(&place, value, 0)));
        }
    }

    /// Makes the slabs larger if slots were given out that they do not have.
    fn make_room(&mut self, change: &mut Change) {
        let grown = (self.instance_slots.grow(), self.cable_slots.grow());
        if grown.0 || grown.1 {
            let instances = (0..self.instance_slots.room()).map(|_| None).collect();
            let cables = (0..self.cable_slots.room()).map(|_| None).collect();
            change.slabs = Some(Slabs { instances, cables });
        }
    }

    /// A worker has made an instance, or could not. It is given back if nobody waits for it any more.
    pub fn made(
        &mut self,
        id: ModuleId,
        result: Result<Box<Instance>, String>,
        model: &Model,
        change: &mut Change,
    ) -> Option<Box<Instance>> {
        let waits = |live: &Live| live.id == id && matches!(live.state, State::Making);
        let Some((name, live)) = self.modules.iter_mut().find(|(_, live)| waits(live)) else { return result.ok() };
        let name = name.clone();
        match result {
            Err(text) => {
                live.state = State::Failed(text);
                live.waiting = None;
            }
            Ok(instance) => {
                live.state = State::Ready;
                live.meters = Some(instance.meters());
                change.instances.push((live.slot, Some(instance)));
                if let Some(module) = model.modules.get(&name) {
                    self.send_all_values(&name, module, change);
                }
                self.play_waiting(&name, change);
            }
        }
        None
    }

    /// Every value of every module, for when all of them were reset.
    pub fn send_everything(&self, model: &Model, change: &mut Change) {
        for (name, module) in model.modules.iter() {
            self.send_all_values(name, module, change);
        }
    }

    /// Every value of a module, to be taken at once; slots that are as the manifest has them are left out.
    fn send_all_values(&self, name: &Name, module: &Module, change: &mut Change) {
        let (Some(slot_of), Some(known)) = (self.instance(name), self.catalog.get(&module.module_type)) else { return };
        let mut send = |place: Place, kind: &ParamKind, value: &Value| match value.wire(kind) {
            Some(value) if !kind.is_data() => {
                change.deeds.push(Deed::Event(slot_of, records::value_event(&place, value, flag::SNAP)));
            }
            _ => self.bind(&place, change),
        };
        for (index, (param, value)) in known.manifest.params.iter().zip(&*module.params).enumerate() {
            send((name.clone(), SLOT_OF_MODULE, index as u16), &param.kind, value);
        }
        let params = known.manifest.slots.as_ref().map_or(&[][..], |s| &s.params);
        for (slot, values) in module.slots.iter().enumerate() {
            if !Arc::ptr_eq(values, &known.slot_defaults[slot]) {
                for (index, (param, value)) in params.iter().zip(&**values).enumerate() {
                    send((name.clone(), slot as u16, index as u16), &param.kind, value);
                }
            }
        }
    }

    /// A Change has come home: the slots it emptied can be used again.
    pub fn came_home(&mut self, change: &Change) {
        let emptied = change.instances.iter().filter(|(_, dead)| dead.is_some());
        emptied.for_each(|(slot, _)| self.instance_slots.free(*slot));
        let emptied = change.cables.iter().filter(|(_, dead)| dead.is_some());
        emptied.for_each(|(slot, _)| self.cable_slots.free(*slot));
    }
}

impl Ready for Realiser {
    fn instance(&self, name: &str) -> Option<u32> {
        let live = self.modules.get(name)?;
        matches!(live.state, State::Ready | State::Faulted(_)).then_some(live.slot)
    }

    fn cable(&self, connection: &Connection) -> Option<u32> {
        self.cables.get(connection).copied()
    }
}

/// Cables or what is heard of them differ.
fn rewired(old: &Model, new: &Model) -> bool {
    let mut rewired = old.connections != new.connections || old.auto_route() != new.auto_route();
    old.modules.diff(&new.modules, |_, before, after| {
        let state = |m: &Module| (m.enabled, m.mute, m.solo);
        rewired |= before.map(state) != after.map(state);
    });
    rewired
}

/// All data parameters of a module: slot, index, kind, value.
fn data_values<'a>(
    module: &'a Module,
    known: &'a ModuleType,
) -> impl Iterator<Item = (u16, u16, &'a ParamKind, &'a Value)> {
    let own = known.manifest.params.iter().zip(&*module.params).enumerate();
    let own = own.map(|(i, (p, v))| (SLOT_OF_MODULE, i as u16, &p.kind, v));
    let params = known.manifest.slots.as_ref().map_or(&[][..], |s| &s.params);
    let slots = module.slots.iter().enumerate().flat_map(move |(slot, values)| {
        params.iter().zip(&**values).enumerate().map(move |(i, (p, v))| (slot as u16, i as u16, &p.kind, v))
    });
    own.chain(slots).filter(|(_, _, kind, _)| kind.is_data())
}
