//! Patterns and chains, laid out for modules.

use std::collections::BTreeSet;
use std::sync::Arc;

use cantus_plugin_api::raw::Step;

use super::{Realiser, records};
use crate::model::{Chain, Model, Name};
use crate::rt::PatternMemory;

/// Rows of a chain that ends: more than are played in a life.
const ENDLESS: u32 = u32::MAX;
/// Steps of a chain, all repeats together.
const MOST_STEPS: usize = 1 << 20;

impl Realiser {
    /// Lays out what differs; answers the names.
    pub(super) fn change_patterns(&mut self, old: &Model, new: &Model) -> BTreeSet<Name> {
        let mut changed = BTreeSet::new();
        old.patterns.diff(&new.patterns, |name, _, after| {
            let before = match after {
                Some(pattern) => self.patterns.insert(name.clone(), records::lay_out(pattern)),
                None => self.patterns.remove(name),
            };
            self.stale |= before.is_some() != after.is_some();
            changed.insert(name.clone());
        });
        let mut chains = BTreeSet::new();
        old.chains.diff(&new.chains, |name, _, _| _ = chains.insert(name.clone()));
        let uses = |chain: &Chain| chain.entries.iter().any(|entry| changed.contains(&entry.pattern));
        chains.extend(new.chains.iter().filter(|(_, chain)| uses(chain)).map(|(name, _)| name.clone()));
        self.stale |= !chains.is_empty();
        for name in chains {
            // A name that went from the chains to the patterns is laid out already.
            match new.chains.get(&*name) {
                Some(chain) => match one_after_the_other(chain, new) {
                    Some(memory) => _ = self.patterns.insert(name.clone(), memory),
                    None => _ = self.patterns.remove(&name),
                },
                None if new.patterns.contains(&*name) => {}
                None => _ = self.patterns.remove(&name),
            }
            changed.insert(name);
        }
        changed
    }
}

/// The patterns of a chain as one; `None`: nothing of it can be played. Entries whose pattern is not there, or is at
/// another pace than the first, are left out, and so is what comes after [`MOST_STEPS`].
fn one_after_the_other(chain: &Chain, model: &Model) -> Option<Arc<PatternMemory>> {
    let entries = chain.entries.iter().filter(|entry| entry.enabled);
    let entries: Vec<_> = entries.filter_map(|e| Some((model.patterns.get(&*e.pattern)?, e.repeats))).collect();
    let pace = entries.first()?.0.steps_per_beat;
    let (mut rows, mut steps) = (0u32, Vec::<Step>::new());
    'all: for (pattern, repeats) in entries.into_iter().filter(|(pattern, _)| pattern.steps_per_beat == pace) {
        for _ in 0..repeats {
            let step = |(cell, step)| records::step(cell, step);
            steps.extend(pattern.played().map(step).map(|step| Step { row: step.row + rows, ..step }));
            rows = rows.saturating_add(pattern.rows);
            if steps.len() > MOST_STEPS || rows > ENDLESS / 2 {
                break 'all;
            }
        }
    }
    Some(PatternMemory::new(if chain.repeat { rows } else { ENDLESS }, pace.get(), steps.into()))
}
