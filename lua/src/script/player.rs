//! What is done while no script is evaluated: functions that are called, coroutines that go on.

use cantus_host::control::{Accepted, Batch, Cause, Commit, CommitError, Loop, Origin, When};
use cantus_host::model::{Command, Name};
use mlua::thread::ThreadStatus;
use mlua::{Function, IntoLuaMulti, MultiValue, Table, Thread, Value};

use crate::agenda::{Due, Moment, Place as Beat, Rhythm, Wait};
use crate::bounds::WAITING;
use crate::budget;
use crate::error::{Place, ScriptError};
use crate::later::{KEPT, Staged, Task, Turn};
use crate::random::Stream;
use crate::transaction::Transaction;

use super::Script;
use super::results::LOOK;

/// Calls and coroutines of one look at the most: those behind them are not forgotten, but come with the next.
const TURNS: usize = 2_000;
/// What a call may use is this part of what an evaluation may; and what all those of a look may, but for the last of them.
pub(super) const SHARE: u64 = 10;

/// What is called or goes on, and on whose behalf.
pub(super) struct Call {
    /// The file.
    pub owner: Name,
    /// As what it is committed.
    pub origin: Origin,
    /// What it follows from.
    pub cause: Cause,
}

/// A batch that was accepted.
pub(super) struct Sent {
    /// Its number.
    pub batch: u64,
    /// Commands, besides the note of what the file asks for.
    pub edits: usize,
    /// It waits for its time.
    pub pending: bool,
    /// What waits.
    pub commands: Vec<Command>,
}

/// How a call or coroutine ended its turn.
pub(super) enum Ended {
    /// It is done.
    Whole,
    /// It waits.
    Waits(Wait),
}

/// How it ended, and where beats are counted from that it waits for.
type Turned = (Ended, (Beat, bool));

impl Script {
    /// Does what is due: calls functions, lets coroutines go on, tells of changes. Call it often: before every quantum
    /// where time is virtual, else as soon as the answer says. Answers the seconds until something will be due.
    pub fn tick(&mut self) -> Option<f64> {
        let context = self.context.clone();
        let later = &context.later;
        self.look_ends = context.budget.spent() + context.budget.part(SHARE);
        self.tell_changes();
        self.begin_quantized();
        for _ in 0..TURNS {
            self.bring_results();
            let now = self.moment();
            let ahead = self.ahead_of(&now);
            let mut agenda = later.agenda.borrow_mut();
            if let Some(before) = agenda.look(&now) {
                self.quantized.iter_mut().for_each(|one| one.follow_loop(before, &now));
            }
            let held = |id, task: &Task, place| self.quantized.iter().any(|one| one.holds(id, task, place, &now));
            let Some((id, due)) = agenda.next(&now, ahead, held) else { break };
            drop(agenda);
            self.reach(now.place_of(due));
            self.task(id, due, now);
            if self.took_long() {
                break;
            }
        }
        // Jobs of the last turn begin in its quantum, also where the loop has come to its bound.
        self.bring_results();
        self.tell_skipped();
        self.garbage.collect(&self.sandbox.lua);
        let now = self.moment();
        let frames = later.agenda.borrow().frames(&now);
        let soonest = if self.is_full() { LOOK } else { 0.0 };
        let due = frames.map(|frames| ((frames - self.ahead_of(&now)) / now.clock.rate).max(soonest));
        // What waits for its time may lead the music elsewhere, where something is to be heard at once.
        let watch = !context.engine.state().pending.is_empty();
        let due = if watch { Some(due.map_or(LOOK, |due| due.min(LOOK))) } else { due };
        self.look_again(if self.is_telling() { Some(0.0) } else { due })
    }

    /// In how many frames something is due at the latest that is done now: never less than what the device takes at once.
    /// While so much waits for its time that no more may, that is only what need not wait.
    fn ahead_of(&self, now: &Moment) -> f64 {
        let horizon = self.context.engine.horizon();
        if self.is_full() { horizon } else { horizon.max(self.lookahead * now.clock.rate) }
    }

    fn is_full(&self) -> bool {
        self.context.engine.state().pending.len() >= WAITING
    }

    /// Whether a look has taken long: whoever waits for this thread comes first, and what is left with the next look.
    pub(super) fn took_long(&self) -> bool {
        self.context.later.exhausted.take() || self.context.budget.spent() >= self.look_ends
    }

    /// Where the music is, as this thread sees it.
    pub(super) fn moment(&self) -> Moment {
        moment(&*self.context.engine)
    }

    /// Does a task, and says when it is to be done again.
    fn task(&mut self, id: u64, due: Due, now: Moment) {
        let context = self.context.clone();
        let agenda = &context.later.agenda;
        let Some(task) = agenda.borrow_mut().get_mut(id).cloned() else { return };
        let origin = Origin::Timer(task.owner.clone());
        let call = Call { owner: task.owner.clone(), origin, cause: task.cause };
        let before = context.random.swap(task.random);
        let lineage = task.lineage.child(format_args!("turn {}", task.turns));
        let turn = Turn { now, due, task: Some(id), version: task.version, lineage, ..Turn::default() };
        let turn = Turn { cause: task.cause, sample: self.sample_ahead(due, &now), ..turn };
        let (clock, (since, generation)) = (turn.clock(), task.instant);
        let generation = if since == clock.sample { generation } else { 0 };
        let (turn, beat) = (Turn { generation, ..turn }, clock.beat);
        let (thread, result) = match self.callee(id, task.waits) {
            Ok(thread) => {
                let result = self.turn(&call, &thread, beat, turn);
                (Some(thread), result)
            }
            Err(error) => (None, Err(error)),
        };
        let random = context.random.swap(before);
        if let Some(task) = agenda.borrow_mut().get_mut(id) {
            (task.random, task.instant) = (random, (clock.sample, generation + 1));
            task.turns += 1;
        }
        let over = self.judge(id, &task, &result);
        if let (Err(error), Some(thread)) = (&result, &thread) {
            self.close_failed(&call, thread, error, turn);
        }
        let now = self.moment();
        let there = agenda.borrow_mut().get_mut(id).is_some();
        match (result, thread) {
            _ if over || !there => self.forget_all([id], due),
            (Ok((Ended::Waits(wait), from)), _) if task.waits => agenda.borrow_mut().wait(id, wait, from, &now),
            (Ok((Ended::Waits(wait), from)), Some(thread)) => {
                // The function is called again in time; this call of it goes on by itself.
                let instant = (clock.sample, generation + 1);
                let random = Stream::of(context.engine.state().model.seed(), lineage);
                let (waits, parent, complaint) = (true, Some(id), None);
                let task = Task { waits, parent, random, lineage, turns: 0, instant, complaint, ..task };
                self.go_on(thread, task, Rhythm::Once(wait), from);
                self.next_time(id, &now);
            }
            _ => self.next_time(id, &now),
        }
    }

    /// The sample of a beat that is still to come, whatever the tempo does until then.
    fn sample_ahead(&self, due: Due, now: &Moment) -> Option<u64> {
        match due {
            Due::Beat(place) if now.clock.playing && place > now.place() => {
                self.ahead.sample_of(place, &*self.context.engine, now)
            }
            _ => None,
        }
    }

    /// A call that waits is a task from now on.
    pub(super) fn go_on(&mut self, thread: Thread, task: Task, rhythm: Rhythm, from: (Beat, bool)) {
        let context = self.context.clone();
        let later = &context.later;
        let (id, now) = (later.mint(), self.moment());
        if let Some(parent) = task.parent
            && let Some(parent) = later.agenda.borrow_mut().get_mut(parent)
        {
            parent.children = true;
        }
        match self.sandbox.calls.raw_set(id, thread) {
            Ok(()) => later.agenda.borrow_mut().add(id, rhythm, task, Some(from), &now),
            Err(error) => self.complain(&ScriptError::from_lua(&error, &task.owner, task.place)),
        }
    }

    /// A task has had its turn.
    fn next_time(&self, id: u64, now: &Moment) {
        let ended = self.context.later.agenda.borrow_mut().again(id, now);
        if ended.is_some() {
            self.drop_call(id);
        }
    }

    /// Says what went wrong, once; answers whether the task is over.
    fn judge(&mut self, id: u64, task: &Task, result: &Result<Turned, ScriptError>) -> bool {
        let context = self.context.clone();
        let result = result.as_ref().map_err(|error| error.clone().or_at(task.place.as_ref()));
        let said = result.as_ref().err().map(ToString::to_string);
        if let Some(task) = context.later.agenda.borrow_mut().get_mut(id) {
            task.complaint.clone_from(&said);
        }
        let Err(error) = result else { return false };
        let endless = context.budget.expired().is_some();
        let now = (self.moment().clock.sample, error.to_string());
        let alike = context.later.complaint.replace(now.clone()) == now;
        if (said != task.complaint || endless) && !alike {
            let mut error = error.clone();
            error.message = match (task.waits, endless) {
                (true, _) => format!("{}; this coroutine has ended", error.message),
                (false, true) => format!("{}; {} has ended", error.message, task.label),
                (false, false) => format!("{} (in {})", error.message, task.label),
            };
            self.complain(&error);
        }
        task.waits || endless
    }

    /// The Lua thread that is to go on; of a function a new one.
    pub(super) fn callee(&self, id: u64, waits: bool) -> Result<Thread, ScriptError> {
        let failed = |error: mlua::Error| ScriptError::from_lua(&error, "timers", None);
        let calls = &self.sandbox.calls;
        if waits {
            return calls.raw_get(id).map_err(failed);
        }
        let function: Function = calls.raw_get(id).map_err(failed)?;
        // Never that of an earlier call: a script may still hold it, and let it go on.
        self.sandbox.lua.create_thread(function).map_err(failed)
    }

    /// One turn: a transaction of its own, which is committed for its time if it ends well.
    pub(super) fn turn(
        &mut self,
        call: &Call,
        thread: &Thread,
        args: impl IntoLuaMulti,
        turn: Turn,
    ) -> Result<Turned, ScriptError> {
        self.context.budget.begin(SHARE);
        self.part_of_turn(call, thread, args, turn)
    }

    /// The same with what is left of a share that others draw on, too.
    pub(super) fn part_of_turn(
        &mut self,
        call: &Call,
        thread: &Thread,
        args: impl IntoLuaMulti,
        turn: Turn,
    ) -> Result<Turned, ScriptError> {
        let context = self.context.clone();
        let state = context.engine.state();
        let base = match turn.due {
            Due::Now => state.model.clone(),
            _ => self.ahead.base(&state),
        };
        let mut work = Transaction::new(base, state.catalog.clone(), turn.clock(), &call.origin);
        work.when = turn.when();
        context.work.replace(Some(work));
        let file = context.file.replace(call.owner.to_string());
        let outer = context.later.turn.replace(Turn { thread: Value::Thread(thread.clone()).to_pointer(), ..turn });
        let resumed = self.resume(thread, args, &call.owner);
        let work = context.work.take().expect("put in before");
        if resumed.is_err() {
            self.drop_staged(&work.staged, &call.owner);
            context.later.exhausted.set(context.budget.is_expired());
            if resumed.as_ref().is_err_and(|error| error.message.contains(budget::OUT_OF_MEMORY)) {
                // What it has left behind must not be the burden of others.
                let _collected = self.sandbox.lua.gc_collect();
                context.later.exhausted.set(true);
            }
        }
        let done = resumed.and_then(|ended| Ok((ended, self.settle(call, work, turn)?)));
        context.later.turn.set(outer);
        context.file.replace(file);
        done
    }

    fn resume(&self, thread: &Thread, args: impl IntoLuaMulti, owner: &str) -> Result<Ended, ScriptError> {
        let context = &self.context;
        // What one that could not wait has noted is not another's.
        context.later.wait.set(None);
        self.limit_memory(true)?;
        let result = thread.resume::<MultiValue>(args);
        self.limit_memory(false)?;
        if let Some(error) = context.budget.expired() {
            return Err(error);
        }
        result.map_err(|e| self.sandbox.explain(&e, owner, thread))?;
        if thread.status() != ThreadStatus::Resumable {
            return Ok(Ended::Whole);
        }
        context.later.wait.take().map(Ended::Waits).ok_or_else(|| {
            let place = budget::place_in(thread).unwrap_or_else(|| Place { file: owner.to_owned(), line: 1 });
            ScriptError::at(place, "coroutine.yield outside of a coroutine; to wait, use clock.sync or clock.sleep")
        })
    }

    /// Commits what a turn has done, and begins what it has asked for.
    fn settle(&mut self, call: &Call, mut work: Transaction, turn: Turn) -> Result<(Beat, bool), ScriptError> {
        let name = &*call.owner;
        let staged = std::mem::take(&mut work.staged);
        let sent = match self.send(&work, name, &call.origin, call.cause) {
            Ok(sent) => sent,
            Err(error) => {
                self.drop_staged(&staged, name);
                return Err(error);
            }
        };
        if let Some(Sent { batch, pending, commands, .. }) = sent {
            self.ahead.tempo(work.when, work.base(), &work.model, &commands);
            if pending {
                self.ahead.waits(batch, commands);
            }
        }
        self.begin_staged(staged, Some(turn.from(true)), turn.due);
        self.after(&work, name, &call.origin)?;
        Ok(turn.from(!work.has_asked()))
    }

    /// Commits a transaction for its time.
    pub(super) fn send(
        &self,
        work: &Transaction,
        name: &str,
        origin: &Origin,
        cause: Cause,
    ) -> Result<Option<Sent>, ScriptError> {
        let commands = work.finish(name)?;
        // An evaluation that waits for a bar lets its timers begin there, whatever it changes; and what it was before
        // and still waits must not come.
        let (person, replaced) = (origin.person().is_some(), self.waits_of(name, origin));
        let waits = person && (work.when != When::Now || replaced.is_some());
        if commands.is_empty() && !waits {
            return Ok(None);
        }
        let edits = commands.iter().filter(|(command, _)| !matches!(command, Command::SetClaims(_))).count();
        let batch = commands.iter().map(|(command, _)| command.clone()).collect::<Vec<_>>();
        let batch = Batch::new(origin.clone(), batch).at(work.when).because(cause);
        let batch = batch.instead_of(replaced).with(self.begins_with());
        let commands_of = if work.when == When::Now { Vec::new() } else { batch.commands().to_vec() };
        match self.context.engine.commit(batch) {
            Ok(Accepted { batch, pending, .. }) => Ok(Some(Sent { batch, edits, pending, commands: commands_of })),
            // Nobody hears what was to happen on beats that will not come.
            Err(CommitError::Over) if !person => Ok(None),
            Err(error) => Err(work.refused(name, &commands, &error)),
        }
    }

    /// Begins what was asked for: tasks count beats from a place on; what is to end does at a time.
    pub(super) fn begin_staged(&mut self, staged: Staged, from: Option<(Beat, bool)>, due: Due) {
        let now = self.moment();
        let context = self.context.clone();
        for (id, rhythm, task) in staged.tasks {
            context.later.agenda.borrow_mut().add(id, rhythm, task, from, &now);
        }
        staged.jobs.into_iter().for_each(|job| self.begin_job(job));
        context.later.observers.borrow_mut().extend(staged.observers);
        self.forget_all(staged.ended, due);
    }

    /// What was asked for will not be.
    pub(super) fn drop_staged(&self, staged: &Staged, owner: &str) {
        staged.new_ids().for_each(|id| self.drop_call(id));
        let kept = self.sandbox.lua.named_registry_value::<Table>(KEPT);
        if let Ok(Some(kept)) = kept.and_then(|files| files.raw_get::<Option<Table>>(owner)) {
            staged.kept.iter().for_each(|name| _ = kept.raw_set(&**name, Value::Nil));
        }
    }

    pub(super) fn drop_call(&self, id: u64) {
        // A table that is there takes nil without needing memory.
        let _ = self.sandbox.calls.raw_set(id, Value::Nil);
    }
}

/// Where the music is.
pub(super) fn moment(engine: &dyn Commit) -> Moment {
    let state = engine.state();
    Moment { clock: engine.clock(), around: Loop::of(&state.model), start: state.orders.start }
}
