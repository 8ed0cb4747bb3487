//! What workers are given to do, and what becomes of what they bring.

use std::sync::Arc;

use super::engine::{Config, Engine};
use super::journal;
use super::realise::{Task, Ticket};
use super::reload::{Anew, reload};
use super::workers::Done;
use crate::assets::{self, Asset, Progress};
use crate::model::Name;
use crate::rt::Instance;

impl Engine {
    /// Has a worker do something.
    pub(super) fn start(&mut self, task: Task) {
        let (registry, config) = (self.registry(), self.config.clone());
        match task {
            Task::Make { ticket, module_type, id, seed } => self.workers.start(move || {
                let make = || registry.instantiate(&module_type, id.0, seed, config.rate).map(Box::new);
                Done::Made(ticket, guarded("making it", make))
            }),
            Task::Reload { ticket, types } => {
                let (model, silent) = self.realiser.to_reload(&self.model);
                self.tried = model.clone();
                if let Some(held) = &mut self.held {
                    held.reloads.insert(ticket, (model, silent));
                    return;
                }
                self.workers.start(move || {
                    let work = || reload(&registry, Anew::Asked(types), &model, &silent, config.rate).map(Box::new);
                    Done::Reloaded(ticket, guarded("looking at plugins", work))
                });
            }
            Task::Load { ticket, file, progress } => self.workers.start(move || {
                let result = guarded("reading it", || load(&config, &file, &progress));
                Done::Loaded(ticket, file, result)
            }),
        }
    }

    /// Takes what a worker has done.
    pub(super) fn finish(&mut self, done: Done) {
        self.errands -= usize::from(matches!(done, Done::Worked(..)));
        match (done, &mut self.held) {
            (Done::Nothing, _) => {}
            (done, Some(held)) => held.done.push(done),
            (Done::Made(ticket, result), None) => self.take_made(ticket, result),
            (Done::Loaded(ticket, file, result), None) => self.take_loaded(ticket, file, result),
            (Done::Reloaded(ticket, result), None) => self.take_reloaded(ticket, result),
            (Done::Worked(errand, result), None) => self.take_worked(errand, result),
        }
    }

    pub(super) fn take_made(&mut self, ticket: Ticket, result: Result<Box<Instance>, String>) {
        let orphan = self.realiser.made(ticket, result, &self.model, &mut self.brought.change);
        self.brought.results.push(journal::Result::Made { ticket });
        match orphan {
            Some(orphan) => self.workers.bury(orphan),
            None => self.brought.replan = true,
        }
    }

    pub(super) fn take_loaded(&mut self, ticket: Ticket, file: Name, result: Result<Arc<Asset>, String>) {
        let hash = result.as_ref().ok().map(|asset| asset.hash);
        self.brought.results.push(journal::Result::Loaded { ticket, file, hash });
        if let Some(orphan) = self.realiser.loaded(ticket, result, &mut self.brought.change) {
            self.workers.bury(orphan);
        }
    }
}

/// Turns a panic of our own or of a library into a message: nothing may stay loading for ever.
pub(super) fn guarded<T>(what: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    result.unwrap_or_else(|_| Err(format!("{what} panicked; please report it")))
}

/// Reads a sound file.
fn load(config: &Config, file: &Name, progress: &Progress) -> Result<Arc<Asset>, String> {
    assets::load(&assets::find(&config.root, file), config.rate, progress).map(Arc::new)
}
