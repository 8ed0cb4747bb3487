//! What workers bring back: their words, and their results as turns of the files that asked.

use cantus_host::control::Cause;
use mlua::{Function, MultiValue, Table, Value};

use crate::agenda::{Due, Rhythm, Wait};
use crate::error::ScriptError;
use crate::later::Task;
use crate::random::{Lineage, Stream};
use crate::workers::{ANSWER, Job, Under};

use super::Script;

/// Seconds between two looks while a worker is under way, or something waits for its time.
pub(super) const LOOK: f64 = 0.002;

impl Script {
    /// Begins a job.
    pub(super) fn begin_job(&self, job: Job) {
        let now = self.moment();
        // What waited for a bar was asked for when that began.
        let sample = job.now.sample_of(job.due).max(now.clock.sample);
        self.context.workers.borrow_mut().begin(job, sample);
    }

    /// Ends a job, if there is one of that number.
    pub(super) fn forget_job(&self, id: u64) {
        if self.context.workers.borrow_mut().cancel(id) {
            self.drop_call(id);
        }
    }

    /// Prints what workers print, and lets what they have found be done at its time. Where time is virtual it stands
    /// still until all jobs are done: nothing of a later time is done before, and what they read, such as meters, does
    /// not go on.
    pub(super) fn bring_results(&mut self) {
        let workers = &self.context.workers;
        workers.borrow_mut().collect(self.lockstep);
        let printed = workers.borrow_mut().printed();
        let ended = workers.borrow_mut().ended();
        self.print(&printed);
        for (id, job) in ended {
            if let Err(error) = self.bring(id, job) {
                self.drop_call(id);
                self.complain(&error);
            }
        }
    }

    /// What a job has brought is a coroutine from now on, under the job's number.
    fn bring(&self, id: u64, job: Under) -> Result<(), ScriptError> {
        let lua = &self.sandbox.lua;
        let failed = |error: mlua::Error| ScriptError::from_lua(&error, &job.owner, None);
        let to: Table = self.sandbox.calls.raw_get(id).map_err(failed)?;
        let (name, values) = match job.ended {
            Some(Ok(values)) => ("done", values.iter().map(|value| value.to_lua(lua)).collect::<mlua::Result<_>>()),
            Some(Err(error)) if !to.contains_key("failed").map_err(failed)? => return Err(error),
            Some(Err(error)) => ("failed", lua.create_string(error.to_string()).map(|text| vec![Value::String(text)])),
            None => return Ok(()),
        };
        let Some(function) = to.raw_get::<Option<Function>>(name).map_err(failed)? else {
            self.drop_call(id);
            return Ok(());
        };
        let mut with: MultiValue = values.map_err(failed)?.into_iter().collect();
        with.push_front(Value::Function(function));
        let body = lua.named_registry_value::<Function>(ANSWER).and_then(|answer| answer.call::<Function>(with));
        let thread = body.and_then(|body| lua.create_thread(body)).map_err(failed)?;
        self.sandbox.calls.raw_set(id, thread).map_err(failed)?;
        let now = self.moment();
        let due = if job.sample > now.clock.sample { Due::Sample(job.sample) } else { Due::Now };
        let (lineage, turns) = (Lineage::of(&job.stream), 0);
        let random = Stream::of(self.context.engine.state().model.seed(), lineage);
        let (owner, label) = (job.owner.clone(), "worker".into());
        let (version, parent, children, place, complaint) = (0, None, false, None, None);
        let instant = (now.clock.sample, 0);
        let task = Task {
            owner,
            version,
            cause: Cause::default(),
            label,
            random,
            lineage,
            turns,
            waits: true,
            parent,
            children,
            instant,
            place,
            complaint,
        };
        self.context.later.agenda.borrow_mut().add(id, Rhythm::Once(Wait::Until(due)), task, None, &now);
        Ok(())
    }

    /// When to look next: soon if a worker is under way.
    pub(super) fn look_again(&self, due: Option<f64>) -> Option<f64> {
        if !self.context.workers.borrow().under_way() {
            return due;
        }
        Some(due.unwrap_or(LOOK).min(LOOK))
    }
}
