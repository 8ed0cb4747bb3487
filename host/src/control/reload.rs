//! Other plugins in the place of those that play, while they play.
//!
//! A worker looks at the disk again, opens what has changed beside what is open, and makes new instances of what is
//! provided anew. When all of them are there, they take the place of the old ones in one Change: manifests, Model, scenes
//! and instances at one moment. The old ones ring out. Until then, and if something that plays could not be made, all is as
//! it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::batch::{Batch, Origin};
use super::engine::Engine;
use super::journal;
use super::realise::Ticket;
use crate::model::command::UseProviderCommand;
use crate::model::{Command, Model, ModuleId, Name};
use crate::plugins::{Choice, LoadError, ModuleRegistry, Plugin};
use crate::rt::Instance;
use crate::rt::message::At;

/// Who reports what became of it.
const ORIGIN: &str = "plugins";

/// What a worker brings.
pub(super) struct Reloaded {
    registry: Arc<ModuleRegistry>,
    /// Types whose modules are made anew.
    types: BTreeSet<Name>,
    /// The new instances, each with the seed it was made with.
    instances: NewInstances,
    /// What is wrong with plugins and is to be told.
    complaints: Vec<String>,
}

/// New instances by who they are, each with the seed it was made with.
pub(super) type NewInstances = BTreeMap<ModuleId, (u64, Box<Instance>)>;

/// What a worker is to make anew.
#[derive(Debug)]
pub(super) enum Anew {
    /// These types, and those that another plugin provides than before.
    Asked(BTreeSet<Name>),
    /// As it was when the journal was written.
    Exactly(journal::Anew),
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
    let choices = match &anew {
        Anew::Asked(_) => {
            old.choices_with(model.providers.iter().filter_map(|(name, plugin)| Choice::of_session(name, plugin)))
        }
        Anew::Exactly(then) => then.choices.clone(),
    };
    let registry = old.again(choices);
    // A library that could not be loaded leaves what there was, which is not made anew.
    let failed = |plugin: &Arc<Plugin>| registry.failures().iter().any(|failure| failure.is_of(&plugin.path));
    let types = match anew {
        Anew::Exactly(then) => then.types,
        Anew::Asked(wanted) => {
            let is_anew = |name: &Name| match (old.provider(name), registry.provider(name)) {
                (Some(was), Some(is)) if Arc::ptr_eq(was, is) => wanted.contains(name) && !failed(is),
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
    // Of what is open each build that cannot be taken is told; of the rest what is new.
    let told = |failure: &&LoadError| {
        !old.failures().contains(failure) || old.plugins().iter().any(|plugin| failure.is_of(&plugin.path))
    };
    let complaints = registry.failures().iter().filter(told).map(ToString::to_string).collect();
    Ok(Reloaded { registry: Arc::new(registry), types, instances, complaints })
}

impl Engine {
    /// A worker has looked at the disk again, or failed.
    pub(super) fn take_reloaded(&mut self, ticket: Ticket, result: Result<Box<Reloaded>, String>) {
        self.realiser.has_reloaded(ticket);
        let before = self.registry().hashes();
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
        let mut plugins = self.registry().hashes();
        plugins.retain(|id, now| before.get(id) != Some(now));
        let anew = match taken {
            Ok(types) => Some(journal::Anew { types, choices: self.registry().choices() }),
            Err(text) => {
                self.report(Vec::new(), ORIGIN.into(), text);
                None
            }
        };
        let refused = anew.is_none();
        self.brought.results.push(journal::Result::Reloaded { ticket, anew, plugins });
        if refused && self.held.is_none() {
            self.take_choices_back();
        }
    }

    /// The session chooses again what it chose before what could not be taken: nobody is to find later what never played.
    fn take_choices_back(&mut self) {
        let registry = self.registry();
        let types = registry.catalog().iter().map(|(name, _)| name);
        let back = |module_type: &Name| {
            let said = registry.said_by_session(module_type).map(|said| Name::from(said.to_string()));
            let now = self.model.providers.get(module_type);
            // What was chosen since then is yet to be tried.
            let tried = now == self.tried.providers.get(module_type);
            (tried && now != said.as_ref())
                .then(|| Command::from(UseProviderCommand { module_type: module_type.clone(), plugin: said }))
        };
        let commands: Vec<Command> = types.filter_map(back).collect();
        if !commands.is_empty() {
            self.send_brought(At::Now);
            // The types are known: there is nothing to refuse.
            let _ = self.take(Batch::new(Origin::Host, commands));
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
        self.handle.registry.store(registry);
        (self.catalog, self.model, self.scenes) = (new.clone(), model, scenes.into());
        self.foreseen = None;
        let orphans = self.realiser.replace(new, &self.model, &types, instances, &mut self.brought.change);
        self.workers.bury(orphans);
        self.brought.replan = true;
        Ok(())
    }
}
