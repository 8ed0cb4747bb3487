//! Turns the difference between two Models into what must be done: instances to make, files to load, and a Change for
//! the audio thread.

mod data;
mod links;
mod locks;
mod notes;
mod patterns;
mod records;
mod reload;
mod renames;
mod report;
pub(super) mod time;
mod wires;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cantus_manifest::ParamKind;
use cantus_plugin_api::raw::{SLOT_OF_MODULE, flag};

use super::compile::Port;
use super::slots::SlotPool;
use crate::assets::{Asset, Progress};
use crate::model::command::TriggerEventCommand;
use crate::model::{Catalog, Model, Module, ModuleId, ModuleType, Name, Num, Table, Value};
use crate::rt::message::{Change, Deed, Slabs};
use crate::rt::{Instance, Meters, PatternMemory};

/// Something for a worker.
#[derive(Debug)]
pub(super) enum Task {
    /// Make an instance.
    Make { ticket: Ticket, module_type: Name, id: ModuleId, seed: u64 },
    /// Read a sound file.
    Load { ticket: Ticket, file: Name, progress: Progress },
    /// Look at the plugins on the disk again, and make the modules of these types anew.
    Reload { ticket: Ticket, types: BTreeSet<Name> },
}

/// The number of a task. What was asked for twice is brought twice, in any order: each is known by its ticket.
pub(super) type Ticket = u64;

/// What stands behind the Model: instances, cables, files and patterns, each with how it is.
pub(super) struct Realiser {
    catalog: Arc<Catalog>,
    rate: f64,
    modules: BTreeMap<Name, Live>,
    /// Retired instances that ring out, by slot: when they were retired, and what they are.
    ghosts: BTreeMap<u32, (u64, Arc<ModuleType>)>,
    /// Counts cables that were made, instances that were retired and tasks: an order that a replay has, too.
    count: u64,
    /// Cables that are wanted.
    wires: BTreeMap<wires::Address, wires::Wire>,
    /// Cables that are not wanted any more, in the order in which they ceased to be.
    leaving: Vec<wires::Leaving>,
    /// Slots of the states of links: from where, to where, whether as feedback.
    links: BTreeMap<(Port, links::Place, bool), u32>,
    /// Slots of the states of parameters that links move.
    targets: BTreeMap<links::Place, u32>,
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
    /// The Model whose patterns and chains are laid out.
    patterns_of: Model,
    /// What their steps lock.
    locks: locks::Locks,
    reloading: reload::Reloading,
    /// Modules that are not to be made.
    without: BTreeSet<Name>,
    tasks: Vec<Task>,
    /// What every module that is made shows.
    meters: Table<Name, Meters>,
    /// Something may not be any more as the status last said.
    stale: bool,
}

struct Live {
    /// Of the instance that is made or was made last.
    ticket: Ticket,
    module_type: Name,
    slot: u32,
    state: State,
    /// It takes the place of one that may sound.
    replaces: bool,
    /// Notes that came before the module and its first data were ready, of the last batch that had such; `None` since they
    /// are.
    waiting: Option<(u64, Vec<TriggerEventCommand>)>,
}

enum State {
    Making,
    Ready,
    /// No plugin provides its type.
    Missing,
    /// Never made.
    Failed(String),
    /// In the plan, but misbehaving.
    Faulted(String),
}

enum File {
    Loading(Ticket, Progress),
    Missing(String),
}

/// A data parameter of a module: slot or [`SLOT_OF_MODULE`], and index.
type Place = (Name, u16, u16);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Sample(Name),
    Pattern(Name),
    Numbers(Arc<[Num]>),
}

impl Realiser {
    /// `rate` in Hz.
    pub fn new(catalog: Arc<Catalog>, rate: f64) -> Realiser {
        Realiser {
            catalog,
            rate,
            modules: BTreeMap::new(),
            ghosts: BTreeMap::new(),
            count: 0,
            wires: BTreeMap::new(),
            leaving: Vec::new(),
            links: BTreeMap::new(),
            targets: BTreeMap::new(),
            instance_slots: SlotPool::default(),
            cable_slots: SlotPool::default(),
            wanted: BTreeMap::new(),
            files: BTreeMap::new(),
            assets: Arc::default(),
            progress: 0,
            patterns: BTreeMap::new(),
            patterns_of: Model::default(),
            locks: locks::Locks::default(),
            reloading: reload::Reloading::default(),
            without: BTreeSet::new(),
            tasks: Vec::new(),
            meters: Table::default(),
            stale: false,
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
        let locks = self.locks.len();
        let plays_another = self.change_patterns(old, new);
        // Cables must know what is locked before it comes.
        replan |= self.locks.len() != locks;
        old.modules.diff(&new.modules, |name, before, after| match (before, after) {
            (Some(before), Some(after)) if before.module_type == after.module_type && before.seed == after.seed => {
                self.change_values(name, before, after, change);
                self.change_enabled(name, before, after, change);
            }
            (before, after) => {
                let replaces = before.is_some() && self.remove_module(name, change);
                replan |= before.is_some();
                if let Some(after) = after {
                    self.add_module(name, after, replaces);
                }
            }
        });
        replan |= rewired(old, new);
        self.forget_files();
        plays_another.iter().for_each(|place| self.bind(place, change));
        self.make_room(change);
        replan
    }

    /// From now on modules of these names are not made.
    pub fn leave_out(&mut self, names: impl IntoIterator<Item = Name>) {
        self.without.extend(names);
    }

    /// What every module shows.
    pub fn meters(&self) -> &Table<Name, Meters> {
        &self.meters
    }

    /// Sound files that are ready, by name. It is the same as before unless some file came or went.
    pub fn assets(&self) -> &Arc<BTreeMap<Name, Arc<Asset>>> {
        &self.assets
    }

    /// How many places of instances and of cables are given out.
    pub fn places(&self) -> (u32, u32) {
        (self.instance_slots.used(), self.cable_slots.used())
    }

    /// What has come up for workers since last asked.
    pub fn take_tasks(&mut self) -> Vec<Task> {
        self.reload_next();
        std::mem::take(&mut self.tasks)
    }

    /// Has a module made.
    fn add_module(&mut self, name: &Name, module: &Module, replaces: bool) {
        if let Some(ticket) = self.enlist(name, module, replaces) {
            let module_type = module.module_type.clone();
            self.tasks.push(Task::Make { ticket, module_type, id: module.id, seed: module.seed });
        }
    }

    /// Notes a module, and what it wants. `None`: nothing can make it.
    fn enlist(&mut self, name: &Name, module: &Module, replaces: bool) -> Option<Ticket> {
        self.stale = true;
        let ticket = self.count();
        let live = Live {
            ticket,
            module_type: module.module_type.clone(),
            slot: self.instance_slots.take(),
            state: State::Making,
            replaces,
            waiting: Some((0, Vec::new())),
        };
        if self.without.contains(name) {
            let state = State::Failed("it is left out, as was asked for".into());
            self.modules.insert(name.clone(), Live { state, waiting: None, ..live });
            return None;
        }
        let Some(known) = self.catalog.get(&module.module_type).cloned() else {
            self.modules.insert(name.clone(), Live { state: State::Missing, waiting: None, ..live });
            return None;
        };
        self.modules.insert(name.clone(), live);
        for (slot, index, kind, value) in data_values(module, &known) {
            self.want((name.clone(), slot, index), kind, value);
        }
        Some(ticket)
    }

    /// The next number.
    fn count(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// True: it was playing. If it makes sound, it rings out.
    fn remove_module(&mut self, name: &Name, change: &mut Change) -> bool {
        let Some(live) = self.modules.remove(name) else { return false };
        self.stale = true;
        self.meters.remove(name);
        self.wanted.retain(|(module, _, _), _| module != name);
        if matches!(live.state, State::Making | State::Missing | State::Failed(_)) {
            self.instance_slots.free(live.slot);
            return false;
        }
        match self.catalog.get(&live.module_type).filter(|known| !known.audio_out.is_empty()) {
            Some(known) => {
                let known = known.clone();
                let retired = self.count();
                self.ghosts.insert(live.slot, (retired, known));
                change.deeds.push(Deed::Retire(live.slot));
            }
            None => change.instances.push((live.slot, None)),
        }
        true
    }

    fn change_enabled(&self, name: &Name, before: &Module, after: &Module, change: &mut Change) {
        if before.enabled != after.enabled
            && let Some(slot) = self.instance(name)
        {
            change.deeds.push(Deed::Enable(slot, after.enabled));
        }
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
            self.set(slot, &place, value, 0, change);
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
        ticket: Ticket,
        result: Result<Box<Instance>, String>,
        model: &Model,
        change: &mut Change,
    ) -> Option<Box<Instance>> {
        let waits = |live: &Live| live.ticket == ticket && matches!(live.state, State::Making);
        let Some((name, live)) = self.modules.iter_mut().find(|(_, live)| waits(live)) else { return result.ok() };
        let name = name.clone();
        self.stale = true;
        match result {
            Err(text) => {
                live.state = State::Failed(text);
                live.waiting = None;
            }
            Ok(instance) => match model.modules.get(&name) {
                Some(module) => self.put_in(&name, instance, module, change),
                None => return Some(instance),
            },
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
            Some(value) if !kind.is_data() => self.set(slot_of, &place, value, flag::SNAP, change),
            _ if kind.is_data() => self.bind(&place, change),
            _ => {}
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

    /// A Change that took effect at a sample has come home: the slots it emptied can be used again.
    pub fn came_home(&mut self, change: &Change, sample: u64) {
        let emptied = change.instances.iter().filter(|(_, dead)| dead.is_some());
        emptied.for_each(|(slot, _)| self.instance_slots.free(*slot));
        let emptied = change.cables.iter().filter(|(_, dead)| dead.is_some());
        emptied.for_each(|(slot, _)| self.cable_slots.free(*slot));
        self.closed(change, sample);
    }

    /// Slot of a module's instance, if it is ready.
    fn instance(&self, name: &str) -> Option<u32> {
        let live = self.modules.get(name)?;
        matches!(live.state, State::Ready | State::Faulted(_)).then_some(live.slot)
    }
}

/// Cables or what is heard of them differ.
fn rewired(old: &Model, new: &Model) -> bool {
    let mut rewired = old.connections != new.connections || old.links != new.links;
    rewired |= old.auto_route() != new.auto_route();
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
