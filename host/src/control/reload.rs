//! Other plugins in the place of those that play, while they play.
//!
//! A worker looks at the disk again, opens what has changed beside what is open, and makes new instances of what is
//! provided anew. When all of them are there, they take the place of the old ones in one Change: manifests, Model, scenes
//! and instances at one moment. The old ones ring out. Until then, and if something of it cannot be, all is as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::engine::Engine;
use super::journal;
use super::realise::Ticket;
use crate::model::{Model, ModuleId, Name};
use crate::plugins::{By, Choice, ModuleRegistry};
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

/// Worker thread: looks at the disk again, and makes new instances of the types in `wanted`, and of those that another
/// plugin provides than in `registry`. `rate` in Hz.
///
/// # Errors
/// Something could not be made: a sentence. All is to stay as it was.
pub(super) fn reload(
    old: &ModuleRegistry,
    wanted: &BTreeSet<Name>,
    model: &Model,
    rate: f64,
) -> Result<Reloaded, String> {
    let of_session = model.providers.iter().filter_map(|(module_type, plugin)| {
        Some(Choice { by: By::Session, module_type: module_type.to_string(), plugin: plugin.parse().ok()? })
    });
    let registry = old.again(of_session.collect());
    let new_failures = || registry.failures().iter().filter(|failure| !old.failures().contains(failure));
    let is_anew = |name: &Name| match (old.provider(name), registry.provider(name)) {
        // A library that could not be loaded leaves what there was, which is not made anew.
        (Some(was), Some(is)) if Arc::ptr_eq(was, is) => {
            wanted.contains(name) && new_failures().all(|failure| failure.path != is.path)
        }
        (_, is) => is.is_some(),
    };
    let types: BTreeSet<Name> = registry.catalog().iter().map(|(name, _)| name.clone()).filter(is_anew).collect();
    let mut instances = BTreeMap::new();
    for (name, module) in model.modules.iter().filter(|(_, module)| types.contains(&module.module_type)) {
        let made = registry.instantiate(&module.module_type, module.id.0, module.seed, rate);
        let instance = made.map_err(|why| format!("could not reload {name}: {why}; the old one plays on"))?;
        instances.insert(module.id, (module.seed, Box::new(instance)));
    }
    let complaints = new_failures().map(ToString::to_string).collect();
    Ok(Reloaded { registry: Arc::new(registry), types, instances, complaints })
}

impl Engine {
    /// A worker has looked at the disk again, or failed.
    pub(super) fn take_reloaded(&mut self, ticket: Ticket, result: Result<Box<Reloaded>, String>) {
        self.realiser.has_reloaded(ticket);
        let before = self.registry.hashes();
        self.take_plugins(result);
        let mut plugins = self.registry.hashes();
        plugins.retain(|id, now| before.get(id) != Some(now));
        self.brought.results.push(journal::Result::Reloaded { ticket, plugins });
    }

    fn take_plugins(&mut self, result: Result<Box<Reloaded>, String>) {
        match result {
            Ok(reloaded) => {
                let complaints = reloaded.complaints.iter().cloned();
                complaints.for_each(|text| self.report(Vec::new(), ORIGIN.into(), text));
                if let Err(lost) = self.replace(*reloaded) {
                    let lost: String = lost.iter().map(|lost| format!("\n  {lost}")).collect();
                    let text = format!(
                        "could not take another plugin, which does not have all that is used:{lost}\nthe old one plays on"
                    );
                    self.report(Vec::new(), ORIGIN.into(), text);
                }
            }
            Err(text) => self.report(Vec::new(), ORIGIN.into(), text),
        }
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
