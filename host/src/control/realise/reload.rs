//! New instances in the place of old ones that play.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Realiser, Task, Ticket};
use crate::control::reload::NewInstances;
use crate::model::command::TriggerEventCommand;
use crate::model::{Catalog, Model, Module, ModuleId, Name};
use crate::rt::Instance;
use crate::rt::message::{Change, Deed};

/// An instance that nobody waits for any more, as it was made.
type Orphan = Box<Instance>;

/// What is to be looked at again.
#[derive(Default)]
pub(super) struct Reloading {
    /// A worker is at it.
    now: Option<Ticket>,
    /// Asked for meanwhile: types, of none those that have changed alone.
    then: Option<BTreeSet<Name>>,
}

/// A module as it was before another took its place.
#[derive(Default)]
struct Was {
    /// Where it was ready.
    slot: Option<u32>,
    /// It may be heard, and rings out.
    played: bool,
    /// Notes that came before it was ready.
    waiting: Option<(u64, Vec<TriggerEventCommand>)>,
}

impl Realiser {
    /// Has a worker look at the disk again, and make the modules of a type anew; `None`: of those alone that have changed.
    pub fn reload_plugins(&mut self, module_type: Option<&Name>) {
        self.reloading.then.get_or_insert_default().extend(module_type.cloned());
        self.stale = true;
    }

    /// What was asked for at one moment is one task. One after the other: each begins with what the one before has led to.
    pub(super) fn reload_next(&mut self) {
        if self.reloading.now.is_none()
            && let Some(types) = self.reloading.then.take()
        {
            let ticket = self.count();
            self.reloading.now = Some(ticket);
            self.tasks.push(Task::Reload { ticket, types });
        }
    }

    /// What a reload is to look at: a Model without what is left out, and the modules that could not be made.
    pub fn to_reload(&self, model: &Arc<Model>) -> (Arc<Model>, BTreeSet<ModuleId>) {
        let failed = self.modules.iter().filter(|(_, live)| matches!(live.state, super::State::Failed(_)));
        let failed = failed.filter_map(|(name, _)| Some(model.modules.get(name)?.id)).collect();
        let mut model = model.clone();
        for name in &self.without {
            if model.modules.contains(&**name) {
                Arc::make_mut(&mut model).modules.remove(&**name);
            }
        }
        (model, failed)
    }

    /// A worker has done so.
    pub fn has_reloaded(&mut self, ticket: Ticket) {
        self.stale = true;
        if self.reloading.now == Some(ticket) {
            self.reloading.now = None;
        }
    }

    /// Plugins are being looked at.
    pub(super) fn is_reloading(&self) -> bool {
        self.reloading.now.is_some() || self.reloading.then.is_some()
    }

    /// Puts new instances in the place of all modules of these types, over other manifests: the old ones ring out. What
    /// has changed since they were made is made once more. Instances that nobody waits for any more are given back.
    pub fn replace(
        &mut self,
        catalog: Arc<Catalog>,
        model: &Model,
        types: &BTreeSet<Name>,
        mut instances: NewInstances,
        change: &mut Change,
    ) -> Vec<Orphan> {
        let modules: Vec<(&Name, &Module)> =
            model.modules.iter().filter(|(_, module)| types.contains(&module.module_type)).collect();
        let mut orphans = Vec::new();
        // What was is of the old manifests.
        let was: Vec<Was> = modules.iter().map(|(name, _)| self.take_away(name, change, &mut orphans)).collect();
        self.catalog = catalog;
        for ((name, module), was) in modules.into_iter().zip(was) {
            let fits = |(seed, instance): (u64, Box<Instance>)| (seed == module.seed).then_some(instance);
            match instances.remove(&module.id).and_then(fits) {
                None => self.add_module(name, module, was.played),
                Some(instance) => self.put_in_place(name, module, was, instance, change),
            }
        }
        self.forget_files();
        self.make_room(change);
        orphans.extend(instances.into_values().map(|(_, instance)| instance));
        orphans
    }

    /// Takes a module away: what was handed over rings out; what was made, and not yet, never will be.
    fn take_away(&mut self, name: &Name, change: &mut Change, orphans: &mut Vec<Orphan>) -> Was {
        let slot = self.instance(name);
        let Some(live) = self.modules.get_mut(name) else { return Was::default() };
        let waiting = live.waiting.take();
        let made = change.instances.iter().position(|(to, instance)| *to == live.slot && instance.is_some());
        if let Some(at) = made {
            live.state = super::State::Making;
            let (slot, instance) = change.instances.remove(at);
            orphans.extend(instance);
            change.deeds.retain(|deed| !deed.is_to(slot));
        }
        Was { slot, waiting, played: self.remove_module(name, change) }
    }

    /// Puts a new instance in the place of what was.
    fn put_in_place(&mut self, name: &Name, module: &Module, was: Was, instance: Box<Instance>, change: &mut Change) {
        self.enlist(name, module, was.played);
        if let Some(live) = self.modules.get_mut(name) {
            live.waiting = was.waiting;
        }
        self.put_in(name, instance, module, change);
        let both = was.slot.zip(self.instance(name)).filter(|_| was.played);
        change.deeds.extend(both.map(|(from, to)| Deed::TakeOver { from, to }));
    }

    /// A module's instance is there: it gets all its values.
    pub(super) fn put_in(&mut self, name: &Name, mut instance: Box<Instance>, module: &Module, change: &mut Change) {
        let Some(live) = self.modules.get_mut(name) else { return };
        live.state = super::State::Ready;
        let slot = live.slot;
        instance.made_by(live.ticket);
        if live.replaces {
            instance.fade_in();
        }
        self.stale = true;
        self.meters.put(name.clone(), instance.meters());
        change.instances.push((slot, Some(instance)));
        if !module.enabled {
            change.deeds.push(Deed::Enable(slot, false));
        }
        self.send_all_values(name, module, change);
        self.play_waiting(name, change);
    }
}
