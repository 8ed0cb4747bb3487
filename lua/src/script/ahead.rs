//! The Model as what is run ahead of its time is to find it.

use std::cell::RefCell;
use std::sync::Arc;

use cantus_host::control::Commit;
use cantus_host::model::{Command, Model};

/// What this thread has sent and what waits for its time: the published Model does not have it yet.
#[derive(Default)]
pub struct Ahead(RefCell<Pending>);

#[derive(Default)]
struct Pending {
    /// Batches that wait.
    batches: Vec<(u64, Vec<Command>)>,
    /// The published Model that `model` was made from.
    from: Arc<Model>,
    model: Arc<Model>,
}

impl Ahead {
    /// The base of a transaction for a time that is still to come.
    pub fn base(&self, engine: &dyn Commit) -> Arc<Model> {
        let state = engine.state();
        let mut pending = self.0.borrow_mut();
        if pending.batches.is_empty() {
            return state.model.clone();
        }
        let count = pending.batches.len();
        pending.batches.retain(|(batch, _)| state.pending.iter().any(|waiting| waiting.batch == *batch));
        if pending.batches.len() == count && Arc::ptr_eq(&pending.from, &state.model) {
            return pending.model.clone();
        }
        let (mut model, catalog) = ((*state.model).clone(), engine.catalog());
        for command in pending.batches.iter().flat_map(|(_, commands)| commands) {
            // What is refused when it is due is said then.
            let _ = model.edit(command, &catalog);
        }
        (pending.from, pending.model) = (state.model.clone(), Arc::new(model));
        pending.model.clone()
    }

    /// A batch was accepted and waits.
    pub fn waits(&self, batch: u64, commands: Vec<Command>) {
        let mut pending = self.0.borrow_mut();
        pending.batches.push((batch, commands));
        // Laid out anew.
        pending.from = Arc::default();
    }
}
