//! Other plugins in the place of those that play, while they play.
//!
//! A worker looks at the disk again, opens what has changed beside what is open, and makes new instances of what is
//! provided anew. When all of them are there, they take the place of the old ones in one Change: manifests, Model, scenes
//! and instances at one moment. The old ones ring out. Until then, and if something that plays could not be made, all is as
//! it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::engine::Engine;
use super::journal;
use super::realise::Ticket;
use crate::model::{Model, ModuleId, Name};
use crate::plugins::{Choice, LoadError, ModuleRegistry, Plugin};
use crate::rt::Instance;

/// Who reports what became of it.
const ORIGIN: &str = "plugins";

/// What a worker brings.
pub(super) struct Reloaded {
    registry: Arc<ModuleRegistry>,
    /// Types whose modules are made anew.
    types: BTreeSet<Name>,
    /// The new instances, each with the seed it was made with.
    instances: NewInstances,
    /// What is wrong with plugins that was not known before.
    complaints: Vec<String>,
}

/// New instances by who they are, each with the seed it was made with.
pub(super) type NewInstances = BTreeMap<ModuleId, (u64, Box<Instance>)>;

/// What a worker is to make anew.
#[derive(Debug)]
pub(super) enum Anew {
    /// These types, and those that another plugin provides than before.
    Asked(BTreeSet<Name>),
    /// These types and no others: as it was when the journal was written.
    Exactly(BTreeSet<Name>),
}

/// Worker thread: looks at the disk again, and makes new instances. Of modules that are `silent` it is no matter if they
/// cannot be made: they could not be before. `rate` in Hz.
///
/// # Errors
/// Something could not be made: a sentence. All is to stay as it was.
pub(super) fn reload(
    old: &ModuleRegistry,
    anew: Anew,
    model: &Model,
    silent: &BTreeSet<ModuleId>,
    rate: f64,
) -> Result<Reloaded, String> {
    let of_session = model.providers.iter().filter_map(|(name, plugin)| Choice::of_session(name, plugin));
    let registry = old.again(of_session.collect());
    // A library that could not be loaded leaves what there was, which is not made anew.
    let failed = |plugin: &Plugin| registry.failures().iter().find(|failure| failure.is_of(&plugin.path));
    let mut complaints: Vec<&LoadError> =
        registry.failures().iter().filter(|failure| !old.failures().contains(failure)).collect();
    let types = match anew {
        Anew::Exactly(types) => types,
        Anew::Asked(wanted) => {
            let asked = wanted.iter().filter_map(|name| failed(registry.provider(name)?));
            let again: Vec<&LoadError> = asked.filter(|failure| !complaints.contains(failure)).collect();
            complaints.extend(again);
            let is_anew = |name: &Name| match (old.provider(name), registry.provider(name)) {
                (Some(was), Some(is)) if Arc::ptr_eq(was, is) => wanted.contains(name) && failed(is).is_none(),
                (_, is) => is.is_some(),
            };
            registry.catalog().iter().map(|(name, _)| name.clone()).filter(is_anew).collect()
        }
    };
    let mut instances = BTreeMap::new();
    for (name, module) in model.modules.iter().filter(|(_, module)| types.contains(&module.module_type)) {
        match registry.instantiate(&module.module_type, module.id.0, module.seed, rate) {
            Ok(instance) => _ = instances.insert(module.id, (module.seed, Box::new(instance))),
            Err(_) if silent.contains(&module.id) => {}
            Err(why) => return Err(format!("could not reload {name}: {why}; the old one plays on")),
        }
    }
    let complaints = complaints.into_iter().map(ToString::to_string).collect();
    Ok(Reloaded { registry: Arc::new(registry), types, instances, complaints })
}

impl Engine {
    /// A worker has looked at the disk again, or failed.
    pub(super) fn take_reloaded(&mut self, ticket: Ticket, result: Result<Box<Reloaded>, String>) {
        self.realiser.has_reloaded(ticket);
        let before = self.registry.hashes();
        let refused = |lost: Vec<String>| {
            let lost: String = lost.iter().map(|lost| format!("\n  {lost}")).collect();
            format!("could not take another plugin, which does not have all that is used:{lost}\nthe old one plays on")
        };
        let taken = result.and_then(|reloaded| {
            let complaints = reloaded.complaints.iter().cloned();
            complaints.for_each(|text| self.report(Vec::new(), ORIGIN.into(), text));
            let types = reloaded.types.clone();
            self.replace(*reloaded).map(|()| types).map_err(refused)
        });
        let mut plugins = self.registry.hashes();
        plugins.retain(|id, now| before.get(id) != Some(now));
        let anew = taken.map_err(|text| self.report(Vec::new(), ORIGIN.into(), text)).ok();
        self.brought.results.push(journal::Result::Reloaded { ticket, anew, plugins });
    }

    /// Puts other plugins in the place of those that play.
    ///
    /// # Errors
    /// What is used and would be lost. Nothing is changed then.
    fn replace(&mut self, reloaded: Reloaded) -> Result<(), Vec<String>> {
        let Reloaded { registry, types, instances, .. } = reloaded;
        let (old, new) = (self.catalog.clone(), registry.catalog().clone());
        let mut lost = Vec::new();
        let mut relaid = |what: &str, model: &Arc<Model>| {
            let relaid = model.relaid(&old, &new).map(Arc::new);
            relaid.unwrap_or_else(|mut missing| {
                missing.iter_mut().for_each(|missing| missing.insert_str(0, what));
                lost.append(&mut missing);
                model.clone()
            })
        };
        let model = relaid("", &self.model);
        let scene = |(name, scene): (&Name, &Arc<Model>)| (name.clone(), relaid(&format!("scene {name}: "), scene));
        let scenes: BTreeMap<_, _> = self.scenes.iter().map(scene).collect();
        if !lost.is_empty() {
            self.workers.bury(instances);
            return Err(lost);
        }
        (self.registry, self.catalog, self.model, self.scenes) = (registry, new.clone(), model, scenes.into());
        self.foreseen = None;
        let orphans = self.realiser.replace(new, &self.model, &types, instances, &mut self.brought.change);
        self.workers.bury(orphans);
        self.brought.replan = true;
        Ok(())
    }
}
