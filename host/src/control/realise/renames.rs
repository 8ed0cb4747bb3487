//! Modules that go by another name: what stands behind them stays.

use std::collections::BTreeMap;

use super::Realiser;
use crate::model::{Connection, Model, ModuleId, Name, Table};
use crate::rt::message::Change;

/// New names by old ones.
pub struct Renames(BTreeMap<Name, Name>);

/// The modules that have another name in `new` than in `old`, if there are any.
pub fn between(old: &Model, new: &Model) -> Option<Renames> {
    let (mut gone, mut came) = (BTreeMap::<ModuleId, &Name>::new(), BTreeMap::<ModuleId, &Name>::new());
    old.modules.diff(&new.modules, |name, before, after| {
        if before.map(|m| m.id) != after.map(|m| m.id) {
            before.map(|m| gone.insert(m.id, name));
            after.map(|m| came.insert(m.id, name));
        }
    });
    let renames = gone.iter().filter_map(|(id, from)| Some(((*from).clone(), (*came.get(id)?).clone())));
    let renames: BTreeMap<Name, Name> = renames.collect();
    (!renames.is_empty()).then_some(Renames(renames))
}

impl Renames {
    fn name(&self, name: &Name) -> Name {
        self.0.get(name).unwrap_or(name).clone()
    }

    fn connection(&self, connection: &Connection) -> Connection {
        let mut renamed = connection.clone();
        renamed.from.module = self.name(&connection.from.module);
        renamed.to.module = self.name(&connection.to.module);
        renamed
    }

    /// It keeps its name, and another one gets it: so it goes.
    fn goes(&self, name: &Name) -> bool {
        !self.0.contains_key(name) && self.0.values().any(|to| to == name)
    }

    /// The modules and cables of a Model under their new names, without the modules that go.
    pub fn applied(&self, model: &Model) -> Model {
        let left = |name: &Name| self.goes(name);
        let modules = model.modules.iter().filter(|(name, _)| !left(name));
        let modules: Table<_, _> = modules.map(|(name, module)| (self.name(name), module.clone())).collect();
        let cables = model.connections.iter().filter(|(c, _)| !left(&c.from.module) && !left(&c.to.module));
        let connections = cables.map(|(c, cable)| (self.connection(c), *cable)).collect();
        Model { modules, connections, ..model.clone() }
    }
}

impl Realiser {
    /// Gives everything that stands behind modules their new names, when those that had these names are gone.
    pub(super) fn rename(&mut self, renames: &Renames, old: &Model, change: &mut Change) {
        for name in old.modules.keys().filter(|name| renames.goes(name)) {
            self.remove_module(name, change);
        }
        let modules = std::mem::take(&mut self.modules);
        self.modules = modules.into_iter().map(|(name, live)| (renames.name(&name), live)).collect();
        let meters = self.meters.iter().map(|(name, meters)| (renames.name(name), meters.clone()));
        self.meters = meters.collect();
        self.stale = true;
        let wanted = std::mem::take(&mut self.wanted);
        self.wanted = wanted.into_iter().map(|((n, slot, i), w)| ((renames.name(&n), slot, i), w)).collect();
    }
}
