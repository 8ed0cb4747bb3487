//! New instances in the place of old ones that play.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Realiser, Task, Ticket};
use crate::control::reload::NewInstances;
use crate::model::{Catalog, Model, Module, Name};
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

impl Realiser {
    /// Has a worker look at the disk again, and make the modules of a type anew; `None`: of those alone that have changed.
    pub fn reload_plugins(&mut self, module_type: Option<&Name>) {
        self.reloading.then.get_or_insert_default().extend(module_type.cloned());
        self.stale = true;
        self.reload_next();
    }

    /// One after the other: each begins with what the one before has led to.
    fn reload_next(&mut self) {
        if self.reloading.now.is_none()
            && let Some(types) = self.reloading.then.take()
        {
            let ticket = self.count();
            self.reloading.now = Some(ticket);
            self.tasks.push(Task::Reload { ticket, types });
        }
    }

    /// A worker has done so.
    pub fn has_reloaded(&mut self, ticket: Ticket) {
        self.stale = true;
        if self.reloading.now == Some(ticket) {
            self.reloading.now = None;
            self.reload_next();
        }
    }

    /// Plugins are being looked at.
    pub(super) fn is_reloading(&self) -> bool {
        self.reloading.now.is_some()
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
        let slots: Vec<Option<u32>> = modules.iter().map(|(name, _)| self.instance(name)).collect();
        // What was is of the old manifests.
        let played: Vec<bool> = modules
            .iter()
            .map(|(name, _)| self.give_up(name, change, &mut orphans) && self.remove_module(name, change))
            .collect();
        self.catalog = catalog;
        for (((name, module), replaces), before) in modules.into_iter().zip(played).zip(slots) {
            let fits = |(seed, instance): (u64, Box<Instance>)| (seed == module.seed).then_some(instance);
            match instances.remove(&module.id).and_then(fits) {
                None => self.add_module(name, module, replaces),
                Some(instance) => {
                    self.enlist(name, module, replaces);
                    self.put_in(name, instance, module, change);
                    let now = self.instance(name);
                    let both = before.zip(now).filter(|_| replaces);
                    change.deeds.extend(both.map(|(from, to)| Deed::TakeOver { from, to }));
                }
            }
        }
        self.forget_files();
        self.make_room(change);
        orphans.extend(instances.into_values().map(|(_, instance)| instance));
        orphans
    }

    /// An instance that was made, and has not been handed over, never will be. False: there is nothing left of it that
    /// could ring out.
    fn give_up(&mut self, name: &Name, change: &mut Change, orphans: &mut Vec<Orphan>) -> bool {
        let Some(slot) = self.modules.get(name).map(|live| live.slot) else { return true };
        let Some(at) = change.instances.iter().position(|(to, instance)| *to == slot && instance.is_some()) else {
            return true;
        };
        orphans.extend(change.instances.remove(at).1);
        change.deeds.retain(|deed| !deed.is_to(slot));
        if let Some(live) = self.modules.get_mut(name) {
            live.state = super::State::Making;
        }
        self.remove_module(name, change)
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
