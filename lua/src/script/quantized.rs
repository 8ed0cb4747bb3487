//! Evaluations that wait for the next bar: what they change is applied there, and what they ask for later takes the place
//! of what their file did before, from that beat on.
//!
//! Both are on the agenda until then. Of the old nothing is run at that beat or behind it, however far ahead scripts run;
//! the new begins there. When the batch is applied, the old ends; when it is not, because somebody else's change is in
//! its way or the transport goes elsewhere, the new does, and the old goes on.

use cantus_host::control::{Loop, Origin, Position, When};
use cantus_host::model::{Command, Name, Num};

use crate::agenda::{Due, Moment, Place as Beat, Rhythm};
use crate::later::{Staged, Task};
use crate::transaction::Transaction;

use super::Script;
use super::player::Sent;

/// An evaluation whose batch waits.
pub(super) struct Quantized {
    batch: u64,
    /// What it changes, until scripts have run ahead to its beat.
    commands: Vec<Command>,
    /// Where it begins, and in which epoch of the transport.
    line: Beat,
    epoch: u32,
    /// The evaluation.
    version: u64,
    /// What begins and ends when it is applied.
    staged: Staged,
    name: String,
    origin: Origin,
}

impl Quantized {
    /// Whether a task is not to be run at a place: one that is to end there; or a new one whose beat will not come.
    pub fn holds(&self, id: u64, task: &Task, place: Beat, now: &Moment) -> bool {
        let comes = now.clock.epoch == self.epoch;
        if task.version == self.version {
            return !comes;
        }
        let ends = self.is_of(&task.owner, &self.origin) || self.staged.ended.contains(&id);
        comes && ends && place >= self.line
    }

    /// The loop is another than `before`: it begins where its batch does.
    pub fn follow_loop(&mut self, before: Loop, now: &Moment) {
        self.line = now.around.relaid(before, now.place(), self.line).unwrap_or(self.line);
    }

    /// Whether an evaluation of that name takes its place.
    fn is_of(&self, name: &str, origin: &Origin) -> bool {
        matches!(origin, Origin::File(_)) && self.name == name
    }
}

impl Script {
    /// The line of the grid at which an evaluation is to begin, if it waits for one: the next at which nothing was run yet
    /// of what its file did before.
    pub(super) fn line(&self, work: &mut Transaction, name: &str, origin: &Origin) -> Option<Beat> {
        let When::NextGrid(grid) = work.when else { return None };
        let now = self.moment();
        if !now.clock.playing {
            return None;
        }
        let grid = if grid > Num::ZERO { grid.get() } else { self.context.engine.state().model.grid() };
        let agenda = self.context.later.agenda.borrow();
        let old = agenda.which(|task| matches!(origin, Origin::File(_)) && &*task.owner == name);
        let last = agenda.last_of(&old).filter(|last| *last >= now.place());
        let line = now.line(grid, last.map_or((now.place(), true), |last| (last, false)));
        work.when = When::At(Position { epoch: now.clock.epoch, lap: line.lap, beat: Num::of(line.beat) });
        Some(line)
    }

    /// What an evaluation has asked for is on the agenda from a beat on.
    pub(super) fn begin_at(&mut self, line: Beat, sent: Sent, mut staged: Staged, name: &str, origin: &Origin) {
        staged.kept.append(&mut self.give_up(name, origin));
        let Sent { batch, commands, .. } = sent;
        let (now, turn) = (self.moment(), self.context.later.turn.get());
        let mut tasks = std::mem::take(&mut staged.tasks);
        self.move_to(line, &mut tasks);
        for (id, rhythm, task) in tasks {
            if staged.ended.contains(&id) {
                self.drop_call(id);
            } else {
                self.context.later.agenda.borrow_mut().add(id, rhythm, task, Some((line, true)), &now);
            }
        }
        let (epoch, version) = (turn.now.clock.epoch, turn.version);
        let (name, origin) = (name.to_owned(), origin.clone());
        self.quantized.push(Quantized { batch, commands, line, epoch, version, staged, name, origin });
    }

    /// Lets what was asked for in an evaluation begin on a beat.
    pub(super) fn move_to(&self, line: Beat, tasks: &mut [(u64, Rhythm, Task)]) {
        let (now, asked) = (self.moment(), self.context.later.turn.get().now.clock.sample);
        let later = now.sample_of(Due::Beat(line)).saturating_sub(asked);
        tasks.iter_mut().for_each(|(_, rhythm, _)| *rhythm = rhythm.moved(line, later));
    }

    /// Scripts have run ahead to a beat: what is done from here on finds what begins here.
    pub(super) fn reach(&mut self, place: Beat) {
        for one in self.quantized.iter_mut().filter(|one| one.line <= place) {
            if !one.commands.is_empty() {
                self.ahead.waits(one.batch, std::mem::take(&mut one.commands));
            }
        }
    }

    /// The batch that waits of the evaluation that the turn comes of.
    pub(super) fn begins_with(&self) -> Option<u64> {
        let version = self.context.later.turn.get().version;
        self.quantized.iter().find(|one| one.version == version).map(|one| one.batch)
    }

    /// The batch of a file that waits.
    pub(super) fn waits_of(&self, name: &str, origin: &Origin) -> Option<u64> {
        self.quantized.iter().find(|old| old.is_of(name, origin)).map(|old| old.batch)
    }

    /// A newer evaluation of a file takes the place of one that waits. What that was the first to keep stays, as the newer
    /// has found it there: its names.
    pub(super) fn give_up(&mut self, name: &str, origin: &Origin) -> Vec<Name> {
        let mut kept = Vec::new();
        let given_up: Vec<Quantized> = self.quantized.extract_if(.., |old| old.is_of(name, origin)).collect();
        for mut old in given_up {
            kept.append(&mut old.staged.kept);
            self.take_back(&old);
        }
        kept
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
        for one in due {
            // Refused or cancelled, which is said where all such reports are.
            if state.reports.iter().any(|report| report.batches.contains(&one.batch)) {
                self.take_back(&one);
                continue;
            }
            if let Origin::File(_) = one.origin {
                self.forget_file(&one.name, one.version, Due::Beat(one.line));
            }
            self.begin_staged(one.staged, Some((one.line, true)), Due::Beat(one.line));
        }
    }

    /// An evaluation is not applied: what it has begun ends, and what it would have ended goes on.
    fn take_back(&mut self, one: &Quantized) {
        let begun = self.context.later.agenda.borrow().which(|task| task.version == one.version);
        self.forget_all(begun, Due::Now);
        self.drop_staged(&one.staged, &one.name);
        self.context.later.agenda.borrow_mut().let_go(&self.moment());
    }
}
