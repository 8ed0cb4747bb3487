//! Evaluations that wait for the next bar: what they ask for later begins when what they change is applied.

use cantus_host::control::Origin;

use crate::later::Staged;

use super::Script;

/// An evaluation whose batch waits.
pub(super) struct Quantized {
    batch: u64,
    staged: Staged,
    name: String,
    origin: Origin,
}

impl Script {
    /// What was asked for begins when the batch is applied.
    pub(super) fn begin_when_applied(&mut self, batch: u64, staged: Staged, name: &str, origin: &Origin) {
        self.give_up(name, origin);
        self.quantized.push(Quantized { batch, staged, name: name.to_owned(), origin: origin.clone() });
    }

    /// The batch of a file that waits.
    pub(super) fn waits_of(&self, name: &str, origin: &Origin) -> Option<u64> {
        let again = |old: &&Quantized| matches!(origin, Origin::File(_)) && old.name == name;
        self.quantized.iter().find(again).map(|old| old.batch)
    }

    /// A newer evaluation of a file takes the place of one that waits.
    pub(super) fn give_up(&mut self, name: &str, origin: &Origin) {
        let again = |old: &mut Quantized| matches!(origin, Origin::File(_)) && old.name == name;
        for old in self.quantized.extract_if(.., again).collect::<Vec<_>>() {
            self.drop_staged(&old.staged, name);
        }
    }

    /// None that waits is to begin.
    pub(super) fn give_up_all(&mut self) {
        for old in std::mem::take(&mut self.quantized) {
            self.drop_staged(&old.staged, &old.name);
        }
    }

    /// Begins what waited for batches that are applied now.
    pub(super) fn begin_quantized(&mut self) {
        if self.quantized.is_empty() {
            return;
        }
        let state = self.context.engine.state();
        let waits = |batch: u64| state.pending.iter().any(|waiting| waiting.batch == batch);
        let due: Vec<Quantized> = self.quantized.extract_if(.., |one| !waits(one.batch)).collect();
        for Quantized { batch, staged, name, origin } in due {
            // Refused or cancelled, which is said where all such reports are.
            if state.reports.iter().any(|report| report.batch == batch) {
                self.drop_staged(&staged, &name);
            } else {
                self.begin_anew(staged, &name, &origin);
            }
        }
    }
}
