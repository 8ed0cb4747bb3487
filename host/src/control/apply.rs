//! The Engine's decisions: what a batch becomes, whether it can be done, and what follows from it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use cantus_plugin_api::raw::Value as Wire;

use super::batch::{Accepted, Batch, Cause, CommitError, Origin, Scenes, When, Work};
use super::engine::Engine;
use super::history::{Direction, History, Part};
use super::journal::Record;
use super::queue::{Answer, Envelope};
use super::realise::Ticket;
use super::schedule::{Kept, PENDING, Pending, Report};
use crate::model::command::{ForgetSceneCommand, KeepSceneCommand, SetParameterCommand};
use crate::model::{Command, Model, Name, Refusal};
use crate::rt::message::{At, Change, Deed, TransportChange};

/// Reports that are kept; when there are more, the oldest go.
const REPORTS: usize = 64;

/// Batches after which the journal gets all that is there.
const CHECKPOINT: u32 = 1000;

/// What a batch comes to on some Model.
struct Outcome<'a> {
    model: Model,
    /// It is not as before.
    changed: bool,
    commands: Cow<'a, [Command]>,
    /// What could not be done any more.
    skipped: Vec<String>,
}

impl Engine {
    /// Applies a batch whole or not at all, or keeps it until its time, and answers.
    pub(super) fn answer(&mut self, Envelope { batch, reply }: Envelope) {
        let replaced = batch.replaced();
        let answer = self.take(batch);
        if answer.is_ok() {
            replaced.into_iter().for_each(|number| self.give_up(number));
            self.publish();
        }
        match &mut self.journal {
            Some(journal) => journal.answer(reply, answer),
            // A producer that does not wait for the answer is no fault.
            None => _ = reply.send(answer),
        }
    }

    pub(super) fn take(&mut self, batch: Batch) -> Answer {
        if batch.cause > Cause::DEEPEST {
            return Err(CommitError::Cascade);
        }
        let number = self.numbers + 1;
        let expected = match batch.when {
            When::Now => None,
            _ => Some(self.foresee(&batch).map(|o| (Arc::new(o.model), o.commands.into_owned(), o.skipped))?),
        };
        let origin = batch.origin.clone();
        match (self.schedule.keep(number, batch, &self.model), expected) {
            (Kept::Due(batch, at), _) => self.apply(number, batch, at),
            (Kept::Waits, Some((model, commands, skipped))) => {
                self.numbers = number;
                self.pending = Arc::new(self.schedule.waiting());
                let when = self.pending.last().map_or(When::Now, |waiting| waiting.when);
                self.note(|| Record::Waits { change: number, origin, when, commands });
                Ok(Accepted { batch: number, model, skipped, pending: true })
            }
            (Kept::Over, _) => Err(CommitError::Over),
            (Kept::Full | Kept::Waits, _) => Err(CommitError::TooManyPending(PENDING)),
        }
    }

    /// A module wants a value of its own changed: that is a command like any other. When a journal is replayed, it is
    /// there already.
    pub(super) fn grant(&mut self, ticket: Ticket, value: &Wire) {
        let Some((path, value)) = self.realiser.asked(ticket, value).filter(|_| self.held.is_none()) else { return };
        let origin = Origin::Module(path.module.clone());
        let command: Command = SetParameterCommand { path, value: Some(value) }.into();
        let mut changed = (*self.model).clone();
        let answer = match changed.edit(&command, &self.catalog) {
            Ok(false) => return,
            Ok(true) => self.take(Batch::new(origin.clone(), vec![command]).because(self.causes.cause())),
            Err(refusal) => Err(refused(None, command.describe(), refusal)),
        };
        if let Err(error) = answer {
            let (origin, text) = (origin.to_string(), error.to_string());
            // It may ask again and again.
            if self.reports.iter().all(|report| (&report.origin, &report.text) != (&origin, &text)) {
                self.report(Vec::new(), origin, text);
            }
        }
    }

    /// What a batch will come to at its time, if nothing else comes. What was foreseen for the one before it is not
    /// foreseen anew.
    fn foresee<'a>(&mut self, batch: &'a Batch) -> Result<Outcome<'a>, CommitError> {
        let mut before = self.schedule.before(batch.when, &self.model);
        before.retain(|pending| Some(pending.number) != batch.replaced());
        let numbers: Vec<u64> = before.iter().map(|pending| pending.number).collect();
        let known = self.foreseen.take().filter(|(known, _)| numbers.starts_with(known));
        let (known, mut model) = known.unwrap_or_else(|| (Vec::new(), (*self.model).clone()));
        for earlier in &before[known.len()..] {
            if let Ok(outcome) = self.outcome(&earlier.batch, model.clone()) {
                model = outcome.model;
            }
        }
        self.foreseen = Some((numbers, model.clone()));
        self.outcome(batch, model)
    }

    /// Applies what is due.
    pub(super) fn apply_due(&mut self) {
        while let Some((pending, at)) = self.schedule.due(&self.model) {
            let Pending { number, batch, .. } = pending;
            let origin = batch.origin.to_string();
            match self.apply(number, batch, at) {
                Ok(done) => done.skipped.into_iter().for_each(|text| self.report(Vec::new(), origin.clone(), text)),
                Err(error) => {
                    let text = format!("{error}; it was accepted before, and nothing of it was done");
                    self.report(vec![number], origin, text);
                    self.drop_with(number);
                }
            }
            self.pending = Arc::new(self.schedule.waiting());
        }
    }

    /// Says what became of batches that were accepted and are not applied; of none, something else that went wrong.
    pub(super) fn report(&mut self, batches: Vec<u64>, origin: String, text: String) {
        batches.iter().for_each(|batch| self.drop_waiting(*batch, &text));
        let reports = Arc::make_mut(&mut self.reports);
        let number = reports.last().map_or(1, |last| last.number + 1);
        if reports.len() == REPORTS {
            reports.remove(0);
        }
        reports.push(Report { number, batches, origin, text });
    }

    /// Another batch takes the place of one that waits.
    fn give_up(&mut self, number: u64) {
        if self.schedule.drop(number) {
            self.drop_waiting(number, "another took its place");
            self.drop_with(number);
            self.pending = Arc::new(self.schedule.waiting());
        }
    }

    /// A batch is not applied: what was to be only with it is not, either.
    fn drop_with(&mut self, number: u64) {
        self.foreseen = None;
        for number in self.schedule.drop_with(number) {
            self.drop_waiting(number, "what it belongs to was not applied");
        }
    }

    fn drop_waiting(&mut self, change: u64, why: &str) {
        self.note(|| Record::Dropped { change, why: why.into() });
    }

    /// Applies a batch now; the audio thread does so when it is due.
    pub(super) fn apply(&mut self, number: u64, batch: Batch, at: At) -> Answer {
        let Outcome { model, changed, commands, skipped } = self.outcome(&batch, (*self.model).clone())?;
        self.numbers = self.numbers.max(number);
        self.foreseen = None;
        let origin = || batch.origin.clone();
        self.note(|| Record::Accepted { change: number, origin: origin(), commands: commands.to_vec() });
        self.causes.because(batch.cause);
        let mut change = Box::new(Change { number, at, ..Change::default() });
        let old = self.model.clone();
        if changed {
            self.model = Arc::new(model);
            self.remember(&batch, &commands, &old);
        }
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
        let Some(journal) = &mut self.journal else { return };
        self.since_checkpoint += 1;
        if self.since_checkpoint == CHECKPOINT {
            self.since_checkpoint = 0;
            journal.state(self.model.clone(), self.scenes.clone(), self.catalog.clone());
        }
    }

    /// Puts down what a person did, so that it can be taken back.
    fn remember(&mut self, batch: &Batch, commands: &[Command], old: &Arc<Model>) {
        if let Work::Become(..) = batch.work {
            self.history = History::default();
            return;
        }
        let Some(person) = batch.origin.person() else { return };
        let direction = match batch.work {
            Work::Undo => Some(Direction::Undo),
            Work::Redo => Some(Direction::Redo),
            Work::Commands(_) | Work::Recall(_) | Work::Become(..) => None,
        };
        match direction {
            Some(direction) => self.history.moved(&person, direction, Part::new(old, &self.model, &self.catalog)),
            // Of nothing but where modules are in their chains there is nothing to take back.
            None if commands.iter().all(|c| c.is_action() || matches!(c, Command::QueueChainEntry(_))) => {}
            None => self.history.did(person, batch.gesture, Part::new(old, &self.model, &self.catalog)),
        }
    }

    /// What a batch comes to on a Model.
    fn outcome<'a>(&self, batch: &'a Batch, mut model: Model) -> Result<Outcome<'a>, CommitError> {
        let before = model.clone();
        let mut changed = true;
        let (commands, skipped) = match &batch.work {
            Work::Commands(commands) => {
                changed = self.edit_all(&mut model, commands)?;
                (Cow::from(commands), Vec::new())
            }
            Work::Undo => self.step(batch, Direction::Undo, &mut model)?,
            Work::Redo => self.step(batch, Direction::Redo, &mut model)?,
            Work::Recall(name) => {
                let scene = self.scene(name).map_err(|refusal| refused(None, batch.work.describe(), refusal))?;
                let scene = Model { claims: model.claims.clone(), ..(**scene).clone() };
                let commands = model.diff(&scene, &self.catalog);
                changed = self.edit_all(&mut model, &commands)?;
                (commands.into(), Vec::new())
            }
            Work::Become(then, scenes) => {
                let mut commands = self.rearrange(scenes);
                commands.extend(model.diff(then, &self.catalog));
                changed = self.edit_all(&mut model, &commands)?;
                (commands.into(), Vec::new())
            }
        };
        if !model.connections.same(&before.connections) || !model.links.same(&before.links) {
            model.check().map_err(|refusal| refused(None, "connect modules".into(), refusal))?;
        }
        Ok(Outcome { model, changed, commands, skipped })
    }

    /// To these scenes; those that are the same stay.
    fn rearrange(&self, then: &Scenes) -> Vec<Command> {
        let (empty, now) = (Model::default(), &self.scenes);
        let gone = now.keys().filter(|name| !then.contains_key(*name));
        let forget = gone.map(|name| ForgetSceneCommand { name: name.clone() }.into());
        let other = then.iter().filter(|(name, scene)| now.get(*name) != Some(scene));
        let keep = other.map(|(name, scene)| {
            KeepSceneCommand { name: name.clone(), commands: Some(empty.diff(scene, &self.catalog)) }.into()
        });
        forget.chain(keep).collect()
    }

    /// True: something changed.
    fn edit_all(&self, model: &mut Model, commands: &[Command]) -> Result<bool, CommitError> {
        let mut changed = false;
        for (index, command) in commands.iter().enumerate() {
            let edited = model.edit(command, &self.catalog);
            changed |= edited.map_err(|refusal| refused(Some(index), command.describe(), refusal))?;
        }
        Ok(changed)
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
        let commands = person.and_then(|p| self.history.commands(&p, direction));
        let (mut done, mut skipped) = (Vec::new(), Vec::new());
        for command in commands.ok_or(CommitError::NoStep(direction.verb()))? {
            let before = model.clone();
            let wires = matches!(command, Command::Connect(_) | Command::Modulate(_));
            let edited = model.edit(&command, &self.catalog);
            match edited.and_then(|_| if wires { model.check() } else { Ok(()) }) {
                Ok(()) => done.push(command),
                Err(refusal) => {
                    *model = before;
                    skipped.push(format!("could not {}: {refusal}", command.describe()));
                }
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
            Command::ReloadType(c) => self.realiser.reload_plugins(c.module_type.as_ref()),
            Command::UseProvider(_) => self.realiser.reload_plugins(None),
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
        let mut cancelled: BTreeMap<String, Vec<Pending>> = BTreeMap::new();
        for pending in self.schedule.jump(beat) {
            match &pending.batch.origin {
                // Timers go on from the new beat: nobody misses what they would have done on those that will not come.
                Origin::Timer(_) => self.drop_waiting(pending.number, &command.describe()),
                origin => cancelled.entry(origin.to_string()).or_default().push(pending),
            }
        }
        for (origin, all) in cancelled {
            let (what, more) = (all[0].batch.work.describe(), all.len() - 1);
            let more = if more == 0 { String::new() } else { format!(", and {more} more,") };
            let why = command.describe();
            let text =
                format!("{what}{more} was cancelled before its beat: somebody did {why}; do it again if need be");
            self.report(all.iter().map(|pending| pending.number).collect(), origin, text);
        }
        self.pending = Arc::new(self.schedule.waiting());
    }

    fn keep_scene(&mut self, name: Name, commands: Option<&[Command]>) {
        let model = match commands {
            None => self.model.clone(),
            Some(commands) => {
                let mut model = Model::default();
                // What it names was there when it was kept; what is not any more cannot be in it.
                commands.iter().for_each(|command| _ = model.edit(command, &self.catalog));
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
