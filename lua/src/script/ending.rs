//! How tasks end: coroutines close what they hold, in turns of their own.

use cantus_host::control::{Cause, Origin};
use mlua::thread::ThreadStatus;
use mlua::{Function, Result, Thread, Value};

use crate::agenda::Due;
use crate::budget;
use crate::error::ScriptError;
use crate::later::{Task, Turn};
use crate::random::Stream;

use super::Script;
use super::player::{Call, SHARE};

impl Script {
    /// Ends tasks, observers and jobs, at a time. What coroutines do at their end has one share of the budget, for all of
    /// them.
    pub(super) fn forget_all(&mut self, ids: impl IntoIterator<Item = u64>, due: Due) {
        if let Some(ending) = &mut self.ending {
            // One that ends ends others, which whoever ended that ends too.
            ending.extend(ids);
            return;
        }
        self.ending = Some(ids.into_iter().collect());
        let context = self.context.clone();
        context.budget.begin(SHARE);
        while let Some(id) = self.ending.as_mut().and_then(|ending| ending.pop_front()) {
            self.forget(id, due);
        }
        self.ending = None;
        if let Some(mut error) = context.budget.expired() {
            error.message.push_str(" (while coroutines that were to end closed what they held)");
            self.complain(&error);
        }
    }

    fn forget(&mut self, id: u64, due: Due) {
        let context = self.context.clone();
        self.forget_job(id);
        if context.later.observers.borrow_mut().remove(&id).is_some() {
            self.drop_call(id);
        }
        let task = context.later.agenda.borrow_mut().remove(id);
        let Some(task) = task else { return };
        if task.waits {
            if let Ok(thread) = self.sandbox.calls.raw_get::<Thread>(id) {
                self.close_task(&task, &thread, due);
            }
        } else if task.children {
            let children = context.later.agenda.borrow().which(|task| task.parent == Some(id));
            self.ending.iter_mut().for_each(|ending| ending.extend(&children));
        }
        self.drop_call(id);
    }

    /// Ends everything that anybody has asked for.
    pub(super) fn forget_everything(&mut self) {
        let context = self.context.clone();
        self.give_up_all();
        let tasks = context.later.agenda.borrow().which(|_| true);
        let observers: Vec<u64> = context.later.observers.borrow().keys().copied().collect();
        let jobs = context.workers.borrow().which(|_| true);
        self.forget_all(tasks.into_iter().chain(observers).chain(jobs), Due::Now);
    }

    /// Ends everything that a file has asked for, but for what an evaluation did, at a time.
    pub(super) fn forget_file(&mut self, file: &str, but: u64, due: Due) {
        let context = self.context.clone();
        let tasks = context.later.agenda.borrow().which(|task| &*task.owner == file && task.version != but);
        let observers = context.later.observers.borrow();
        let of_file = observers.iter().filter(|(_, observer)| &*observer.owner == file);
        let observed: Vec<u64> = of_file.map(|(id, _)| *id).collect();
        drop(observers);
        let jobs = context.workers.borrow().which(|owner| owner == file);
        self.forget_all(tasks.into_iter().chain(observed).chain(jobs), due);
    }

    /// Lets a coroutine that waits run what it has left for its end.
    fn close_task(&mut self, task: &Task, thread: &Thread, due: Due) {
        let (owner, now) = (task.owner.clone(), self.moment());
        let call = Call { origin: Origin::Timer(owner.clone()), owner, cause: Cause::default() };
        let turn = Turn { now, due, version: task.version, lineage: task.lineage, ..Turn::default() };
        self.close(&call, thread, None, turn);
    }

    /// Lets a call or coroutine that an error has ended run what it has left for its end.
    pub(super) fn close_failed(&mut self, call: &Call, thread: &Thread, error: &ScriptError, turn: Turn) {
        self.context.budget.begin(SHARE);
        let said = error.to_string();
        if thread.status() == ThreadStatus::Error && budget::put_back(&self.sandbox.lua, thread, &said).is_ok() {
            self.close(call, thread, Some(said), turn);
        }
    }

    /// A turn in which a coroutine is closed; of one that has failed, after what it has `said`.
    fn close(&mut self, call: &Call, thread: &Thread, said: Option<String>, turn: Turn) {
        if thread.status() == ThreadStatus::Finished || self.context.budget.is_expired() {
            return;
        }
        let closer = closer(&self.sandbox.lua, self.sandbox.close.clone(), said);
        let closer = closer.map_err(|error| ScriptError::from_lua(&error, &call.owner, None));
        let turn = Turn { task: None, lineage: turn.lineage.child("end"), ..turn };
        let random = Stream::of(self.context.engine.state().model.seed(), turn.lineage);
        let before = self.context.random.swap(random);
        let closed = closer.and_then(|closer| self.part_of_turn(call, &closer, thread, turn));
        self.context.random.swap(before);
        if let Err(mut error) = closed
            && !self.context.budget.is_expired()
        {
            error.message.push_str(" (while a coroutine that has ended closed what it held)");
            // Of many that fail alike at once one is heard.
            let now = (turn.now.clock.sample, error.to_string());
            if self.context.later.complaint.replace(now.clone()) != now {
                self.complain(&error);
            }
        }
    }
}

/// What closes a coroutine, and fails if that does; that it fails as the coroutine did is no news.
fn closer(lua: &mlua::Lua, close: Function, said: Option<String>) -> Result<Thread> {
    let closer = lua.create_function(move |_, thread: Thread| {
        let (well, why): (bool, Value) = close.call(thread)?;
        let why = why.to_string()?;
        if well || said.as_ref().is_some_and(|said| said.contains(&why)) {
            Ok(())
        } else {
            Err(mlua::Error::runtime(why))
        }
    })?;
    lua.create_thread(closer)
}
