//! The pure function from a Model and a command to the next Model.

use std::sync::Arc;

use super::Model;
use super::catalog::{Catalog, ModuleType};
use super::command::Command;
use super::graph;
use super::module::{Module, short};
use super::refusal::Refusal;

impl Model {
    /// The Model after one command.
    ///
    /// # Errors
    /// [`Refusal`]: what cannot be, why, and what to do. Cycles are found by [`Model::check`], at the end of a batch.
    pub fn apply(&self, command: &Command, catalog: &Catalog) -> Result<Model, Refusal> {
        let mut model = self.clone();
        model.edit(command, catalog)?;
        Ok(model)
    }

    /// Changes a private copy in place. False: nothing changed, and nothing was copied.
    ///
    /// # Errors
    /// As [`Model::apply`]; the copy is as it was.
    pub fn edit(&mut self, command: &Command, catalog: &Catalog) -> Result<bool, Refusal> {
        command.it().edit(self, catalog)
    }

    /// Checks what can only be judged at the end of a batch.
    ///
    /// # Errors
    /// [`Refusal::Cycle`].
    pub fn check(&self) -> Result<(), Refusal> {
        graph::order(self, &graph::edges(self))?;
        Ok(())
    }

    /// The module of that name.
    ///
    /// # Errors
    /// [`Refusal::UnknownModule`] with the nearest name.
    pub fn module(&self, name: &str) -> Result<&Module, Refusal> {
        self.modules.get(name).ok_or_else(|| Refusal::UnknownModule {
            name: short(name),
            nearest: cantus_manifest::nearest(name, self.modules.keys().map(|k| &**k)).map(str::to_owned),
        })
    }

    /// What is known of a type: from its plugin, or from what was kept of it.
    ///
    /// # Errors
    /// [`Refusal::UnknownType`] with the nearest name.
    pub fn known<'a>(&'a self, catalog: &'a Catalog, module_type: &str) -> Result<&'a Arc<ModuleType>, Refusal> {
        let kept = || self.excerpts.get(module_type).map(|excerpt| excerpt.known());
        catalog.get(module_type).or_else(kept).ok_or_else(|| Refusal::UnknownType {
            name: short(module_type),
            nearest: catalog.nearest(module_type).map(str::to_owned),
        })
    }

    /// The module of that name, and its type.
    ///
    /// # Errors
    /// [`Refusal::UnknownModule`] with the nearest name.
    pub fn typed<'a>(&'a self, catalog: &'a Catalog, name: &str) -> Result<(&'a Module, &'a Arc<ModuleType>), Refusal> {
        let module = self.module(name)?;
        Ok((module, self.known(catalog, &module.module_type)?))
    }
}
