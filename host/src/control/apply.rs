//! The Engine's decisions: what a batch becomes, whether it can be done, and what follows from it.

use std::borrow::Cow;
use std::sync::Arc;

use super::batch::{Accepted, Batch, Cause, CommitError, When, Work};
use super::engine::Engine;
use super::history::Direction;
use super::journal::Record;
use super::queue::{Answer, Envelope};
use super::schedule::{PENDING, Pending, Report};
use crate::model::{Command, Model, Name, Refusal};
use crate::rt::message::{At, Change, Deed, TransportChange};

/// Reports that are kept; when there are more, the oldest go.
const REPORTS: usize = 64;

/// Batches after which the journal gets all that is there.
const CHECKPOINT: u32 = 1000;

/// What a batch comes to on some Model.
struct Outcome<'a> {
    model: Model,
    commands: Cow<'a, [Command]>,
    /// What could not be done any more.
    skipped: Vec<String>,
}

impl Engine {
    /// Applies a batch whole or not at all, or keeps it until its time, and answers.
    pub(super) fn answer(&mut self, Envelope { batch, reply }: Envelope) {
        let answer = self.take(batch);
        if answer.is_ok() {
            self.publish();
        }
        match &self.journal {
            Some(journal) => journal.answer(reply, answer),
            // A producer that does not wait for the answer is no fault.
            None => _ = reply.send(answer),
        }
    }

    fn take(&mut self, batch: Batch) -> Answer {
        if batch.cause > Cause::DEEPEST {
            return Err(CommitError::Cascade);
        }
        let number = self.numbers + 1;
        let expected = match batch.when {
            When::Now => None,
            _ => Some(self.foresee(&batch).map(|o| (Arc::new(o.model), o.commands.into_owned(), o.skipped))?),
        };
        let (origin, when) = (batch.origin.clone(), batch.when);
        match (self.schedule.keep(number, batch, &self.model, &self.handle.telemetry), expected) {
            (None, Some((model, commands, skipped))) => {
                self.numbers = number;
                self.note(|| Record::Waits { change: number, origin, when, commands });
                self.pending = Arc::new(self.schedule.waiting());
                Ok(Accepted { batch: number, model, skipped, pending: true })
            }
            (None, None) => unreachable!("what is for now is never kept"),
            (Some((batch, at)), _) => self.apply(number, batch, at),
        }
    }

    /// What a batch will come to at its time, if nothing else comes.
    fn foresee<'a>(&self, batch: &'a Batch) -> Result<Outcome<'a>, CommitError> {
        if self.schedule.is_full() {
            return Err(CommitError::TooManyPending(PENDING));
        }
        let mut model = (*self.model).clone();
        for earlier in self.schedule.before(batch.when, &self.model, &self.handle.telemetry) {
            if let Ok(outcome) = self.outcome(earlier, model.clone()) {
                model = outcome.model;
            }
        }
        self.outcome(batch, model)
    }

    /// Applies what is due.
    pub(super) fn apply_due(&mut self) {
        while let Some((pending, at)) = self.schedule.due(&self.model, &self.handle.telemetry) {
            let Pending { number, batch, .. } = pending;
            let origin = batch.origin.to_string();
            if let Err(error) = self.apply(number, batch, at) {
                self.report(number, origin, format!("{error}; it was accepted before, and nothing of it was done"));
            }
            self.pending = Arc::new(self.schedule.waiting());
        }
    }

    /// Says what became of a batch that was accepted and is not applied.
    pub(super) fn report(&mut self, batch: u64, origin: String, text: String) {
        self.note(|| Record::Dropped { change: batch, why: text.clone() });
        let reports = Arc::make_mut(&mut self.reports);
        if reports.len() == REPORTS {
            reports.remove(0);
        }
        reports.push(Report { batch, origin, text });
    }

    /// Applies a batch now; the audio thread does so when it is due.
    pub(super) fn apply(&mut self, number: u64, batch: Batch, at: At) -> Answer {
        let Outcome { model, commands, skipped } = self.outcome(&batch, (*self.model).clone())?;
        self.numbers = self.numbers.max(number);
        let origin = || batch.origin.clone();
        self.note(|| Record::Accepted { change: number, origin: origin(), commands: commands.to_vec() });
        self.causes.because(batch.cause);
        let mut change = Box::new(Change { number, at, ..Change::default() });
        let old = std::mem::replace(&mut self.model, Arc::new(model));
        self.remember(&batch, &old);
        let over = commands.iter().rev().find_map(|command| match command {
            Command::SetBPM(c) => Some(c.over.get()),
            _ => None,
        });
        let replan = self.realiser.realise(&old, &self.model, over.unwrap_or(0.0), &mut change);
        for command in commands.iter() {
            self.act(command, &mut change);
        }
        self.send(change, replan);
        self.checkpoint();
        Ok(Accepted { batch: number, model: self.model.clone(), skipped, pending: false })
    }

    /// Now and then writes down all that is there, so that recovery need not begin at the beginning.
    fn checkpoint(&mut self) {
        let Some(journal) = &self.journal else { return };
        self.since_checkpoint += 1;
        if self.since_checkpoint == CHECKPOINT {
            self.since_checkpoint = 0;
            journal.state(self.model.clone(), self.scenes.clone(), self.handle.catalog.clone());
        }
    }

    /// Puts down what a person did, so that it can be taken back.
    fn remember(&mut self, batch: &Batch, old: &Arc<Model>) {
        let Some(person) = batch.origin.person() else { return };
        let direction = match batch.work {
            Work::Undo => Some(Direction::Undo),
            Work::Redo => Some(Direction::Redo),
            Work::Commands(_) | Work::Recall(_) | Work::Become(_) => None,
        };
        match direction {
            Some(direction) => self.history.moved(&person, direction, old.clone(), self.model.clone()),
            None if **old == *self.model && old.claims == self.model.claims => {}
            None => self.history.did(person, batch.gesture, old.clone(), self.model.clone()),
        }
    }

    /// What a batch comes to on a Model.
    fn outcome<'a>(&self, batch: &'a Batch, mut model: Model) -> Result<Outcome<'a>, CommitError> {
        let before = model.clone();
        let (commands, skipped) = match &batch.work {
            Work::Commands(commands) => {
                self.edit_all(&mut model, commands)?;
                (Cow::from(commands), Vec::new())
            }
            Work::Undo => self.step(batch, Direction::Undo, &mut model)?,
            Work::Redo => self.step(batch, Direction::Redo, &mut model)?,
            Work::Recall(name) => {
                let scene = self.scene(name).map_err(|refusal| refused(None, batch.work.describe(), refusal))?;
                let scene = Model { claims: model.claims.clone(), ..(**scene).clone() };
                let commands = model.diff(&scene, &self.handle.catalog);
                self.edit_all(&mut model, &commands)?;
                (commands.into(), Vec::new())
            }
            Work::Become(then) => {
                let commands = model.diff(then, &self.handle.catalog);
                self.edit_all(&mut model, &commands)?;
                (commands.into(), Vec::new())
            }
        };
        if !model.connections.same(&before.connections) || !model.links.same(&before.links) {
            model.check().map_err(|refusal| refused(None, "connect modules".into(), refusal))?;
        }
        Ok(Outcome { model, commands, skipped })
    }

    fn edit_all(&self, model: &mut Model, commands: &[Command]) -> Result<(), CommitError> {
        for (index, command) in commands.iter().enumerate() {
            let edited = model.edit(command, &self.handle.catalog);
            edited.map_err(|refusal| refused(Some(index), command.describe(), refusal))?;
        }
        Ok(())
    }

    /// A person's step back or forth, as far as it can be done; what cannot be, because others have changed it, is left
    /// out and said.
    fn step(
        &self,
        batch: &Batch,
        direction: Direction,
        model: &mut Model,
    ) -> Result<(Cow<'static, [Command]>, Vec<String>), CommitError> {
        let person = batch.origin.person();
        let commands = person.and_then(|p| self.history.commands(&p, direction, &self.handle.catalog));
        let (mut done, mut skipped) = (Vec::new(), Vec::new());
        for command in commands.ok_or(CommitError::NoStep(direction.verb()))? {
            match model.edit(&command, &self.handle.catalog) {
                Ok(_) => done.push(command),
                Err(refusal) => skipped.push(format!("could not {}: {refusal}", command.describe())),
            }
        }
        Ok((done.into(), skipped))
    }

    fn scene(&self, name: &Name) -> Result<&Arc<Model>, Refusal> {
        self.scenes.get(name).ok_or_else(|| Refusal::UnknownScene {
            name: name.clone(),
            nearest: cantus_manifest::nearest(name, self.scenes.keys().map(|k| &**k)).map(str::to_owned),
        })
    }

    /// Does an action; edits are done already.
    fn act(&mut self, command: &Command, change: &mut Change) {
        let mut transport = |what| change.deeds.push(Deed::Transport(what));
        match command {
            Command::StartTransport(_) => {
                transport(TransportChange::Start);
                self.schedule.play(true);
            }
            Command::StopTransport(_) => {
                transport(TransportChange::Stop);
                self.schedule.play(false);
                self.jump(command, 0.0);
                self.realiser.forget_waiting();
            }
            Command::PauseTransport(_) => {
                transport(TransportChange::Pause);
                self.schedule.play(false);
            }
            Command::ResetTransport(_) => {
                transport(TransportChange::Reset);
                self.jump(command, 0.0);
            }
            Command::Seek(c) => {
                transport(TransportChange::Seek(c.beat.get()));
                self.jump(command, c.beat.get());
            }
            // Ids that a journal or a session brought are not given out again.
            Command::AddModule(c) => self.handle.give_no_more(c.id),
            Command::RestoreModule(c) => self.handle.give_no_more(c.id),
            Command::TriggerEvent(c) => self.realiser.trigger(c, change),
            Command::InvokeAction(c) => self.realiser.action(c, &self.model, change),
            Command::ReloadAsset(c) => self.realiser.reload(&c.file),
            Command::KeepScene(c) => self.keep_scene(c.name.clone(), c.commands.as_deref()),
            Command::ForgetScene(c) => _ = Arc::make_mut(&mut self.scenes).remove(&c.name),
            Command::Panic(_) => {
                self.realiser.end_now(change);
                change.deeds.push(Deed::Panic);
                self.realiser.forget_waiting();
                self.realiser.send_everything(&self.model, change);
            }
            _ => {}
        }
    }

    /// A new epoch of the transport: what waited for beats of the old one is cancelled.
    fn jump(&mut self, command: &Command, beat: f64) {
        for Pending { number, batch, .. } in self.schedule.jump(beat) {
            let text = format!(
                "{} was cancelled before its beat: somebody did {}; do it again if you still want it",
                batch.work.describe(),
                command.describe()
            );
            self.report(number, batch.origin.to_string(), text);
        }
        self.pending = Arc::new(self.schedule.waiting());
    }

    fn keep_scene(&mut self, name: Name, commands: Option<&[Command]>) {
        let model = match commands {
            None => self.model.clone(),
            Some(commands) => {
                let mut model = Model::default();
                // What it names was there when it was kept; what is not any more cannot be in it.
                commands.iter().for_each(|command| _ = model.edit(command, &self.handle.catalog));
                // As those of the Model: a module that is made later must not be taken for one of the scene.
                model.modules.iter().for_each(|(_, module)| self.handle.give_no_more(module.id));
                Arc::new(model)
            }
        };
        Arc::make_mut(&mut self.scenes).insert(name, model);
    }
}

fn refused(command: Option<usize>, attempt: String, refusal: Refusal) -> CommitError {
    CommitError::Refused { command, attempt, refusal }
}
