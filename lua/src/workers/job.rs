//! One job: a Lua state of its own, from its making to its end, on one thread of the pool.
//!
//! Each job has a fresh state. That costs about as much as a few thousand lines of Lua, and nothing that one job leaves
//! behind can ever be seen by another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use cantus_host::control::{Accepted, Batch, ClockReading, Commit, CommitError, EngineState, Origin};
use cantus_host::model::{Catalog, Model, ModuleId, Name};
use cantus_host::settings::Settings;
use mlua::chunk::ChunkMode;
use mlua::thread::ThreadStatus;
use mlua::{Function, Lua, MultiValue, Value};

use super::plain::{Packing, Plain};
use crate::agenda::{Due, Moment};
use crate::budget::Budget;
use crate::constructors;
use crate::context::Context;
use crate::error::ScriptError;
use crate::later::Turn;
use crate::random::Stream;
use crate::sandbox::Sandbox;
use crate::snapshot;
use crate::transaction::Transaction;

/// Values that a job may return.
const RESULTS: usize = 100;

/// What is to be run, and on what.
pub struct Job {
    /// Its number.
    pub id: u64,
    /// The file that asked for it, or the prompt.
    pub owner: Name,
    /// Its code.
    pub code: String,
    /// How messages name its code: by the line that asked for it.
    pub chunk: String,
    /// What the code gets.
    pub args: Plain,
    /// What names its random numbers.
    pub stream: String,
    /// Folder whose `lib/` `require` looks in.
    pub root: PathBuf,
    /// The state when it was asked for.
    pub state: Arc<EngineState>,
    /// The Model as who asked saw it.
    pub model: Arc<Model>,
    /// The module types there were.
    pub catalog: Arc<Catalog>,
    /// Where the music was.
    pub now: Moment,
    /// The time that it was asked for at: maybe somewhat ahead.
    pub due: Due,
    /// Set when nobody wants its result any more.
    pub stop: Arc<AtomicBool>,
}

/// What each job may use.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// VM instructions.
    pub instructions: u64,
    /// Bytes of Lua memory.
    pub memory: usize,
    /// Wall time, when people wait for it.
    pub wall: Option<Duration>,
    /// The user's settings, to be read.
    pub settings: Settings,
}

/// What comes back.
pub enum Action {
    /// A job prints.
    Print(u64, String),
    /// A job has ended.
    Ended(u64, Result<Vec<Plain>, ScriptError>),
}

/// Runs a job to its end; what comes of it goes back, unless nobody is there any more.
pub fn run(job: Job, limits: &Limits, back: &SyncSender<Action>) {
    let (id, chunk) = (job.id, job.chunk.clone());
    let whole = AssertUnwindSafe(|| {
        let mut machine = None;
        let outcome = perform(job, limits, back, &mut machine);
        let _ = back.send(Action::Ended(id, outcome));
        // Freeing much takes long: only after the answer.
        drop(machine);
    });
    if catch_unwind(whole).is_err() {
        let fault = ScriptError::of(&chunk, "a fault of Cantus itself has ended the worker; please report it");
        let _ = back.send(Action::Ended(id, Err(fault)));
    }
}

fn perform(
    job: Job,
    limits: &Limits,
    back: &SyncSender<Action>,
    machine: &mut Option<Sandbox>,
) -> Result<Vec<Plain>, ScriptError> {
    let chunk = job.chunk.clone();
    let failed = |error: mlua::Error| ScriptError::from_lua(&error, &chunk, None);
    let context = Rc::new(context(&job, limits, back.clone()));
    let sandbox = machine.insert(Sandbox::new(context.clone()).map_err(failed)?);
    let lua = &sandbox.lua;
    let (function, args) = load(sandbox, &job).map_err(failed)?;
    let thread = lua.create_thread(function).map_err(failed)?;
    lua.set_memory_limit(limits.memory).map_err(failed)?;
    context.budget.begin(1);
    let result = thread.resume::<MultiValue>(args);
    lua.set_memory_limit(0).map_err(failed)?;
    if let Some(error) = context.budget.expired() {
        return Err(error);
    }
    let values = result.map_err(|error| sandbox.explain(&error, &chunk, &thread))?;
    if thread.status() == ThreadStatus::Resumable {
        return Err(ScriptError::of(&chunk, "coroutine.yield outside of a coroutine"));
    }
    results(&values).map_err(failed)
}

/// What natives reach: an evaluation over what was, which may only be looked at.
fn context(job: &Job, limits: &Limits, back: SyncSender<Action>) -> Context {
    let id = job.id;
    let print = Box::new(move |text: &str| _ = back.send(Action::Print(id, text.to_owned())));
    let budget = Budget::new(limits.instructions, limits.wall, limits.memory).until(job.stop.clone());
    let turn = Turn { now: job.now, due: job.due, ..Turn::default() };
    let frozen = Frozen { state: job.state.clone(), clock: turn.clock() };
    let context = Context::new(Rc::new(frozen), budget, print, job.root.clone(), limits.settings.clone());
    let origin = Origin::Callback(job.owner.clone());
    let work = Transaction::new(job.model.clone(), job.catalog.clone(), turn.clock(), &origin);
    context.work.replace(Some(work));
    // `math.randomseed()` goes back to the beginning of the stream of that name.
    context.file.replace(job.stream.clone());
    context.random.swap(Stream::of(job.model.seed(), &job.stream));
    context.later.turn.set(turn);
    Context { reads_only: true, ..context }
}

/// The code as a function, and what it gets.
fn load(sandbox: &Sandbox, job: &Job) -> mlua::Result<(Function, Value)> {
    let lua: &Lua = &sandbox.lua;
    constructors::generate(lua, &sandbox.shared, &job.catalog)?;
    let environment = sandbox.environment(false)?;
    environment.raw_set("state", snapshot::now(lua)?)?;
    let code = lua.load(&*job.code).set_name(format!("@{}", job.chunk)).set_mode(ChunkMode::Text);
    Ok((code.set_environment(environment).into_function()?, job.args.to_lua(lua)?))
}

fn results(values: &MultiValue) -> mlua::Result<Vec<Plain>> {
    if values.len() > RESULTS {
        let many = values.len();
        return Err(crate::error::blame(format!("{many} results are too many; return at most {RESULTS}, or a table")));
    }
    let mut packing = Packing::new("cannot come back from a worker");
    let name = |n: usize| if n == 0 { "result".to_owned() } else { format!("result {}", n + 1) };
    values.iter().enumerate().map(|(n, value)| packing.copy(value, &name(n))).collect()
}

/// The engine as it was. Nothing can be told to it: what would is refused before.
struct Frozen {
    state: Arc<EngineState>,
    clock: ClockReading,
}

impl Commit for Frozen {
    fn commit(&self, _: Batch) -> Result<Accepted, CommitError> {
        Err(CommitError::Stopped)
    }

    fn state(&self) -> Arc<EngineState> {
        self.state.clone()
    }

    fn mint(&self) -> ModuleId {
        ModuleId(0)
    }

    fn clock(&self) -> ClockReading {
        self.clock
    }
}
