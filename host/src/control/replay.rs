//! The sound of a journal again: what happened then happens now, each at the sample at which it happened.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::batch::{Batch, Origin};
use super::engine::{Config, Engine};
use super::journal::{self, Read, Record};
use super::realise::Ticket;
use super::reload::{Anew, reload};
use super::workers::{Done, Errand};
use crate::device::Source;
use crate::model::{Command, Model, ModuleId};
use crate::plugins::ModuleRegistry;
use crate::rt::message::At;
use crate::rt::{OUT_CHANNELS, QUANTUM};

/// A journal that is played, on one thread, as fast as it can be.
pub struct Replay {
    // Before the engine, so that instances are destroyed while what they hold is still kept.
    source: Source,
    engine: Engine,
    events: VecDeque<Event>,
    end: u64,
    notes: Vec<String>,
}

/// Something that reached the Processor.
struct Event {
    number: u64,
    sample: u64,
    what: What,
}

enum What {
    Batch(Origin, Vec<Command>),
    Brought(Vec<journal::Result>, Vec<u64>),
}

impl Replay {
    /// Plays a journal from its beginning, with sound files in the folder it names unless `config` names another.
    pub fn new(registry: Arc<ModuleRegistry>, config: Config, journal: Read) -> Replay {
        let mut notes: Vec<String> = journal.torn.iter().map(ToString::to_string).collect();
        notes.extend(registry.changed(&journal.header.plugins));
        let (mut engine, processor) = Engine::new(registry, config);
        engine.held = Some(Held::default());
        let kept = Batch::new(Origin::Host, journal.header.keep_missing(&engine.catalog));
        notes.extend(engine.apply(0, kept, At::Now).err().map(|error| error.to_string()));
        let (events, end) = events(journal.records);
        Replay { source: Source::new(processor), engine, events, end, notes }
    }

    /// Absolute sample at which the engine ended, or of the last thing that is known of it.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// What is not as it was: sentences. Complete at the end.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The engine, to look at.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The next frames, interleaved stereo.
    pub fn pull(&mut self, interleaved: &mut [f32]) {
        let mut rest = interleaved;
        while !rest.is_empty() {
            if self.source.left() == 0 {
                self.happen();
            }
            let now = if self.source.left() == 0 { QUANTUM } else { self.source.left() };
            let (part, later) = rest.split_at_mut(rest.len().min(now * OUT_CHANNELS));
            self.source.serve(part, OUT_CHANNELS);
            rest = later;
        }
    }

    /// What happens in the next quantum.
    fn happen(&mut self) {
        let end = self.source.sample() + QUANTUM as u64;
        while self.events.front().is_some_and(|event| event.sample < end) {
            let Some(Event { number, sample, what }) = self.events.pop_front() else { break };
            match what {
                What::Batch(origin, commands) => {
                    let answer = self.engine.apply(number, Batch::new(origin, commands), At::Sample(sample));
                    self.notes.extend(answer.err().map(|error| format!("batch {number}: {error}")));
                }
                What::Brought(results, swept) => {
                    self.engine.take_out_again(swept);
                    self.bring(results, sample);
                }
            }
        }
        self.engine.tick();
    }

    /// Hands over what workers brought then, as soon as they have brought it now.
    fn bring(&mut self, results: Vec<journal::Result>, sample: u64) {
        for result in results {
            self.bring_one(result);
        }
        self.engine.send_brought(At::Sample(sample));
    }

    fn bring_one(&mut self, result: journal::Result) {
        match result {
            journal::Result::Made { ticket } => {
                match self.engine.wait_for(|done| matches!(done, Done::Made(other, _) if *other == ticket)) {
                    Some(Done::Made(_, result)) => self.engine.take_made(ticket, result),
                    _ => self.notes.push("a module was made then, and is not now".into()),
                }
            }
            journal::Result::Reloaded { ticket, anew, plugins } => {
                let new = self.engine.reload_again(ticket, anew).into_iter();
                let new: Vec<String> = new.chain(self.engine.registry().changed(&plugins)).collect();
                self.notes.extend(new.into_iter().filter(|note| !self.notes.contains(note)).collect::<Vec<_>>());
            }
            journal::Result::Loaded { ticket, file, hash } => {
                match self.engine.wait_for(|done| matches!(done, Done::Loaded(other, ..) if *other == ticket)) {
                    Some(Done::Loaded(_, file, result)) => {
                        if result.as_ref().ok().map(|asset| asset.hash) != hash {
                            self.notes.push(format!("sound file \"{file}\" is not what it was then"));
                        }
                        self.engine.take_loaded(ticket, file, result);
                    }
                    _ => self.notes.push(format!("sound file \"{file}\" was read then, and is not now")),
                }
            }
            journal::Result::Worked { ticket, place } => {
                // It may have been asked for in the quantum before.
                self.engine.hear_audio();
                let is = |errand: &Errand| (errand.ticket, errand.place) == (ticket, place);
                match self.engine.wait_for(|done| matches!(done, Done::Worked(errand, _) if is(errand))) {
                    Some(Done::Worked(errand, result)) => self.engine.take_worked(errand, result),
                    _ => self.notes.push("something was prepared for a module then, and is not now".into()),
                }
            }
        }
    }
}

/// What waits in a replay for the moment at which it came then.
#[derive(Default)]
pub(super) struct Held {
    /// Results of workers.
    pub done: Vec<Done>,
    /// What reloads began with: the Model, and the modules that did not play.
    pub reloads: BTreeMap<Ticket, (Arc<Model>, BTreeSet<ModuleId>)>,
}

impl Engine {
    /// Makes anew what was made anew then; `None`: nothing was. What went wrong.
    fn reload_again(&mut self, ticket: Ticket, anew: Option<journal::Anew>) -> Option<String> {
        let begun = self.held.as_mut().and_then(|held| held.reloads.remove(&ticket));
        let failed = match (anew, begun) {
            (Some(anew), Some((model, silent))) => {
                let result = reload(&self.registry(), Anew::Exactly(anew), &model, &silent, self.handle.rate);
                let failed = result.as_ref().err().cloned();
                self.take_reloaded(ticket, result.map(Box::new));
                return failed;
            }
            (None, Some(_)) => None,
            (_, None) => Some("plugins were looked at again then, and are not now".into()),
        };
        // What waited for it begins as it did then.
        self.realiser.has_reloaded(ticket);
        self.brought.results.push(journal::Result::Reloaded { ticket, anew: None, plugins: BTreeMap::new() });
        failed
    }

    /// Waits for a result of a worker and takes it out of what is held. `None`: none such is under way.
    fn wait_for(&mut self, wanted: impl Fn(&Done) -> bool) -> Option<Done> {
        loop {
            let done = &mut self.held.as_mut()?.done;
            if let Some(at) = done.iter().position(&wanted) {
                return Some(done.remove(at));
            }
            let done = self.workers.wait()?;
            self.finish(done);
        }
    }
}

/// What reached the Processor, in its order, and where the journal ends. What was never applied left no sound.
fn events(records: Vec<Record>) -> (VecDeque<Event>, u64) {
    let mut events = VecDeque::new();
    let mut samples = BTreeMap::new();
    let mut end = 0;
    for record in records {
        match record {
            Record::Accepted { change, origin, commands } => {
                events.push_back(Event { number: change, sample: 0, what: What::Batch(origin, commands) });
            }
            Record::Brought { change, results, swept } => {
                events.push_back(Event { number: change, sample: 0, what: What::Brought(results, swept) });
            }
            Record::Applied { change, sample } => {
                samples.insert(change, sample);
                end = end.max(sample);
            }
            Record::End { sample } => end = sample,
            Record::Header(_) | Record::State { .. } | Record::Waits { .. } | Record::Dropped { .. } => {}
        }
    }
    events.retain_mut(|event| {
        let sample = samples.get(&event.number);
        event.sample = sample.copied().unwrap_or(0);
        sample.is_some()
    });
    (events, end)
}
