//! Patterns and chains, laid out for modules.

use std::collections::BTreeSet;
use std::sync::Arc;

use cantus_plugin_api::raw;

use super::{Place, Realiser, Wanted, records};
use crate::model::{Chain, Model, Name, courses, origin};
use crate::rt::{Part, SequenceMemory};

impl Realiser {
    /// Lays out what differs, and what every module plays that has to do with it; answers those modules' parameters.
    pub(super) fn change_patterns(&mut self, old: &Model, new: &Model) -> BTreeSet<Place> {
        let mut changed = BTreeSet::new();
        old.patterns.diff(&new.patterns, |name, _, after| {
            let before = match after {
                Some(pattern) => self.patterns.insert(name.clone(), records::lay_out(name, pattern, &mut self.locks)),
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
        changed.extend(chains);
        let mut sent = BTreeSet::new();
        old.players.diff(&new.players, |module, _, _| _ = sent.insert(module.clone()));
        self.patterns_of.clone_from(new);
        let concerned = |(place, wanted): (&Place, &Wanted)| match wanted {
            Wanted::Pattern(name) if changed.contains(name) || sent.contains(&place.0) => Some(place.clone()),
            _ => None,
        };
        self.wanted.iter().filter_map(concerned).collect()
    }

    /// What a module plays that is to play a pattern or chain of that name; `None`: there is none.
    pub(super) fn sequence(&self, module: &str, name: &Name) -> Option<Arc<SequenceMemory>> {
        let model = &self.patterns_of;
        let seed = model.modules.get(module)?.seed;
        let parts = courses(model, module, seed, name).into_iter().map(|course| {
            let section = |section: crate::model::Section| {
                let pattern = self.patterns.get(&section.pattern)?.clone();
                Some((pattern, laid(&section)))
            };
            (course.from, course.beats, course.sections.into_iter().filter_map(section).collect())
        });
        let parts: Vec<Part> = parts.collect();
        (!parts.is_empty()).then(|| SequenceMemory::new(origin(name), parts))
    }

    /// Whether there is a pattern or a chain of that name of which something can be played.
    pub(super) fn playable(&self, name: &Name) -> bool {
        let chain = self.patterns_of.chains.get(&**name);
        let plays = |chain: &Chain| {
            chain.entries.iter().any(|entry| entry.enabled && self.patterns.contains_key(&entry.pattern))
        };
        self.patterns.contains_key(name) || chain.is_some_and(plays)
    }
}

/// A section without its pattern.
fn laid(section: &crate::model::Section) -> raw::Section {
    raw::Section {
        pattern: std::ptr::null(),
        start: section.start,
        rows: section.rows,
        repeats: section.repeats,
        turn: section.turn,
        turns: section.turns,
        entry: section.entry,
        transpose: section.transpose,
    }
}
