//! Lua that takes long, beside the script thread: jobs on a pool of Lua states, which read the session as it was and
//! answer with plain data. What a job brings back is done on the script thread, as a coroutine of the file that asked.
//!
//! ```text
//! worker(code, args) -> staged -> begun with the evaluation -> Pool: line -> thread, a state of its own
//!                                                                              | Action: print, ended
//! done(result) <- a turn at its time <- Script::tick <- Workers::collect <-----'
//! ```
//!
//! Where time is virtual the script waits for all jobs before time goes on, and takes what they bring in the order of
//! their numbers: nothing depends on which thread was faster.

mod job;
mod plain;
mod pool;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cantus_host::model::Name;
use cantus_host::rt::QUANTUM;
use mlua::chunk::ChunkMode;
use mlua::{Lua, Result, Value};

use crate::budget;
use crate::context::{change, context};
use crate::error::{ScriptError, blame, message_of};
use crate::later::keep_call;
use crate::library::{Row, call};
use crate::values::{a, function};

pub use job::{Job, Limits};
pub use plain::Plain;

use job::Action;
use plain::Packing;
use pool::Pool;

/// Where the function is kept that makes a coroutine's body of a function and what it is to be called with.
pub const ANSWER: &str = "cantus.answer";

/// Jobs that may wait while all threads are busy; more are refused.
const WAITING: usize = 32;

/// The area's functions.
pub const ROWS: &[Row] = &[Row {
    name: "worker",
    signature: "(code: string, args?: any, done?: fun(...: any), failed?: fun(message: string)) -> integer",
    doc: "Runs Lua that takes long, beside the music. The code is text; it gets args as ... and finds the session as it \
          was when this was called in state, which it can only read. done is called with what it returns, one quantum \
          after this call, or as soon as it is there; failed with what went wrong. Both may wait with clock.sync. What \
          goes in and comes back is copied: numbers, texts, true, false and tables of these. Answers a number for \
          clock.cancel; it ends when its file is evaluated again.",
    example: "worker([[ local notes, list = ..., {} for i = 1, notes do list[i] = math.random(48, 72) end return list ]], \
              1000, function(list) kick:trigger(list[1]) end)  \
              local id = worker(\"return #state.connections\", nil, print, print)  assert(clock.cancel(id))",
    function: |lua, args| call(lua, args, worker),
}];

/// A job that was begun and not yet answered for.
pub struct Under {
    /// The file that asked for it, or the prompt.
    pub owner: Name,
    /// The sample at which what it brings is to take effect.
    pub sample: u64,
    /// What names the random numbers of the function that gets the result.
    pub stream: String,
    /// What it has printed.
    pub printed: Vec<String>,
    /// What has become of it.
    pub ended: Option<std::result::Result<Vec<Plain>, ScriptError>>,
    stop: Arc<AtomicBool>,
}

/// The jobs of a script. Dropping it cancels them all, and waits for none.
#[derive(Default)]
pub struct Workers {
    jobs: BTreeMap<u64, Under>,
    pool: Option<Pool>,
    size: usize,
    limits: Limits,
}

impl Workers {
    /// So many threads at the most, at least one, each job within these limits.
    pub fn new(size: usize, limits: Limits) -> Workers {
        Workers { jobs: BTreeMap::new(), pool: None, size: size.max(1), limits }
    }

    /// Whether there is such a job.
    pub fn has(&self, id: u64) -> bool {
        self.jobs.contains_key(&id)
    }

    /// The jobs whose owner is one of those, ascending.
    pub fn which(&self, holds: impl Fn(&str) -> bool) -> Vec<u64> {
        self.jobs.iter().filter(|(_, job)| holds(&job.owner)).map(|(id, _)| *id).collect()
    }

    /// All jobs with their owners, ascending.
    pub fn list(&self) -> impl Iterator<Item = (u64, &str)> {
        self.jobs.iter().map(|(id, job)| (*id, &*job.owner))
    }

    /// Begins a job. `sample` is when it was asked for, or begins if that is later.
    pub fn begin(&mut self, job: Job, sample: u64) {
        let (id, chunk) = (job.id, job.chunk.clone());
        let mut under = Under {
            owner: job.owner.clone(),
            sample: sample + QUANTUM as u64,
            stream: format!("{} done", job.stream),
            printed: Vec::new(),
            ended: None,
            stop: job.stop.clone(),
        };
        let pool = self.pool.get_or_insert_with(|| Pool::new(self.size, self.limits.clone()));
        if let Err(error) = pool.start(job) {
            let why = format!("could not start a worker: {error}; end what else runs and try again");
            under.ended = Some(Err(ScriptError::of(&chunk, why)));
        }
        self.jobs.insert(id, under);
    }

    /// Ends a job, whose result nobody gets. False: there is none.
    pub fn cancel(&mut self, id: u64) -> bool {
        let Some(job) = self.jobs.remove(&id) else { return false };
        job.stop.store(true, Ordering::Relaxed);
        self.pool.iter().for_each(|pool| pool.withdraw(id));
        true
    }

    /// Whether something is still to come.
    pub fn under_way(&self) -> bool {
        self.jobs.values().any(|job| job.ended.is_none())
    }

    /// Takes in what workers have sent; with `wait`, until no job is under way.
    pub fn collect(&mut self, wait: bool) {
        while let Some(pool) = &self.pool {
            let action = if wait && self.under_way() { pool.wait() } else { pool.next() };
            // Of jobs that were cancelled nobody wants to hear.
            match action {
                Some(Action::Print(id, text)) => self.jobs.entry(id).and_modify(|job| job.printed.push(text)),
                Some(Action::Ended(id, outcome)) => {
                    self.jobs.entry(id).and_modify(|job| _ = job.ended.get_or_insert(outcome))
                }
                None => return,
            };
        }
    }

    /// What was printed since last asked, by number of the job.
    pub fn printed(&mut self) -> Vec<String> {
        self.jobs.values_mut().flat_map(|job| std::mem::take(&mut job.printed)).collect()
    }

    /// The jobs that have ended, by number. They are no jobs any more.
    pub fn ended(&mut self) -> Vec<(u64, Under)> {
        self.jobs.extract_if(.., |_, job| job.ended.is_some()).collect()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.jobs.values().for_each(|job| job.stop.store(true, Ordering::Relaxed));
    }
}

fn worker(lua: &Lua, (code, args, done, failed): (Value, Value, Value, Value)) -> Result<u64> {
    let context = context(lua);
    context.may_change()?;
    let (code, chunk) = code_of(lua, &code)?;
    let mut packing = Packing::new("cannot be sent to a worker");
    let args = packing.copy(&args, "args")?;
    context.budget.spend(lua, packing.cost())?;
    let calls = lua.create_table()?;
    for (name, value) in [("done", done), ("failed", failed)] {
        if !value.is_nil() {
            calls.raw_set(name, function(&value, &format!("{name} of worker"))?)?;
        }
    }
    let owner: Name = context.file.borrow().as_str().into();
    has_room(lua, &owner)?;
    let id = context.later.mint();
    keep_call(lua, id, calls)?;
    let (turn, state) = (context.later.turn.get(), context.engine.state());
    change(lua, |work| {
        let stream = turn.lineage.child(format_args!("worker {}", work.staged.jobs.len())).to_string();
        let (model, catalog, stop) = (Arc::new(work.model.clone()), work.catalog.clone(), Arc::default());
        let (now, due, root) = (turn.now, turn.due, context.program.borrow().clone());
        work.staged.jobs.push(Job {
            id,
            owner,
            code,
            chunk,
            args,
            stream,
            root,
            state,
            model,
            catalog,
            now,
            due,
            stop,
        });
        Ok(id)
    })
}

/// The code, which must be Lua, and its name in messages.
fn code_of(lua: &Lua, code: &Value) -> Result<(String, String)> {
    let code = match code {
        Value::String(code) => code.to_string_lossy(),
        Value::Function(_) => {
            return Err(blame(
                "worker takes its code as text: a function cannot leave its script; write it between [[ and ]], and \
                 give it what it needs as args",
            ));
        }
        other => return Err(blame(format!("worker takes its code as text, not {}", a(other)))),
    };
    let context = context(lua);
    context.budget.spend(lua, code.len() as u64)?;
    let place = budget::place(lua).map_or_else(|| context.file.borrow().clone(), |place| place.to_string());
    let chunk = format!("{place} [worker]");
    // What is no Lua is wrong at once.
    let read = lua.load(&*code).set_name(format!("@{chunk}")).set_mode(ChunkMode::Text).into_function();
    read.map_err(|error| blame(format!("the code of worker cannot be read: {}", message_of(&error))))?;
    Ok((code, chunk))
}

/// Refuses a job too many. Those of a file that is evaluated again end when it begins anew.
fn has_room(lua: &Lua, owner: &Name) -> Result<()> {
    let context = context(lua);
    let workers = context.workers.borrow();
    change(lua, |work| {
        let again = work.is_file();
        let ends = |(id, other): &(u64, &str)| (again && *other == &**owner) || work.staged.ended.contains(id);
        let new = work.staged.jobs.iter().filter(|job| !work.staged.ended.contains(&job.id)).count();
        if workers.list().filter(|job| !ends(job)).count() + new < workers.size + WAITING {
            return Ok(());
        }
        Err(blame(format!(
            "all workers are busy: {} run at a time, and {WAITING} more wait already; wait for a result, end one with \
             clock.cancel, or let one do more",
            workers.size
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_way_is_told_to_stop_when_nobody_is_left_to_answer() {
        let stop = Arc::<AtomicBool>::default();
        let job = Under {
            owner: "song.lua".into(),
            sample: 0,
            stream: String::new(),
            printed: Vec::new(),
            ended: None,
            stop: stop.clone(),
        };
        let mut workers = Workers::new(1, Limits::default());
        workers.jobs.insert(1, job);
        drop(workers);
        assert!(stop.load(Ordering::Relaxed));
    }
}
