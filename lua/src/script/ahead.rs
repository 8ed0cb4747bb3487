//! The Model as what is run ahead of its time is to find it.

use std::cell::RefCell;
use std::sync::Arc;

use cantus_host::control::{Commit, Course, EngineState, Place, Position, When};
use cantus_host::model::{Command, Model, Num};

use crate::agenda::Moment;

/// What this thread has sent and what waits for its time: the published Model does not have it yet.
#[derive(Default)]
pub struct Ahead(RefCell<Pending>);

#[derive(Default)]
struct Pending {
    /// Batches that wait.
    batches: Vec<(u64, Vec<Command>)>,
    /// Tempos that are still to come, or that the audio thread may not have come to yet.
    tempos: Vec<Tempo>,
    /// The published Model that `model` was made from.
    from: Arc<Model>,
    model: Arc<Model>,
}

/// From when on the tempo is another.
struct Tempo {
    when: When,
    old: Arc<Model>,
    new: Model,
    /// Beats.
    over: f64,
}

impl Tempo {
    fn is_over(&self, now: &Moment) -> bool {
        let place = now.place();
        match self.when {
            When::At(at) => at < Position { epoch: now.clock.epoch, lap: place.lap, beat: Num::of(place.beat) },
            When::AtSample(sample) => sample < now.clock.sample,
            When::Now | When::AtBeat(_) | When::NextGrid(_) => true,
        }
    }
}

impl Ahead {
    /// What is done at a time makes the tempo another, if it does.
    pub fn tempo(&self, when: When, old: &Arc<Model>, new: &Model, commands: &[Command]) {
        if old.bpm == new.bpm && old.tempo_map == new.tempo_map {
            return;
        }
        let over = commands.iter().rev().find_map(|command| match command {
            Command::SetBPM(set) => Some(set.over.get()),
            _ => None,
        });
        let tempo = Tempo { when, old: old.clone(), new: new.clone(), over: over.unwrap_or(0.0) };
        self.0.borrow_mut().tempos.push(tempo);
    }

    /// The sample at which the music will come to a place, if its tempo will be another until then.
    pub fn sample_of(&self, place: Place, engine: &dyn Commit, now: &Moment) -> Option<u64> {
        let tempos = &mut self.0.borrow_mut().tempos;
        tempos.retain(|tempo| !tempo.is_over(now));
        if tempos.is_empty() && now.clock.slope == 0.0 && engine.state().model.tempo_map.is_empty() {
            return None;
        }
        let model = tempos.first().map_or_else(|| engine.state().model.clone(), |first| first.old.clone());
        let mut course = Course::new(&now.clock, &model, place);
        tempos.iter().for_each(|tempo| course.then(tempo.when, &tempo.old, &tempo.new, tempo.over));
        Some(course.sample())
    }

    /// The base of a transaction for a time that is still to come.
    pub fn base(&self, state: &EngineState) -> Arc<Model> {
        let mut pending = self.0.borrow_mut();
        if pending.batches.is_empty() {
            return state.model.clone();
        }
        let count = pending.batches.len();
        pending.batches.retain(|(batch, _)| state.pending.iter().any(|waiting| waiting.batch == *batch));
        if pending.batches.len() == count && Arc::ptr_eq(&pending.from, &state.model) {
            return pending.model.clone();
        }
        let mut model = (*state.model).clone();
        for command in pending.batches.iter().flat_map(|(_, commands)| commands) {
            // What is refused when it is due is said then.
            let _ = model.edit(command, &state.catalog);
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
