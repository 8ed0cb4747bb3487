//! A Lua state over an engine, and the life of an evaluation.

mod afterwards;
mod ahead;
mod anew;
mod ending;
mod garbage;
mod memory;
mod observers;
mod player;
mod quantized;
mod results;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use cantus_host::control::{Cause, Commit, Origin};
use cantus_host::model::{Catalog, Name};
use cantus_host::session;
use cantus_host::settings::Settings;
use mlua::chunk::ChunkMode;
use mlua::thread::ThreadStatus;
use mlua::{Function, MultiValue, Table, Value};

use crate::budget::{self, Budget};
use crate::constructors;
use crate::context::{Complain, Context, Print};
use crate::error::{Place, ScriptError};
use crate::kept;
use crate::later::Turn;
use crate::random::{Lineage, Stream};
use crate::sandbox::Sandbox;
use crate::transaction::{Transaction, Transport};
use crate::workers::{Limits, Workers};

use ahead::Ahead;
use garbage::Garbage;
use observers::Changes;
use player::moment;
use quantized::Quantized;

/// What scripts may use, and where their words go.
pub struct Options {
    /// VM instructions of one evaluation.
    pub instructions: u64,
    /// Bytes of Lua memory while a script runs.
    pub memory: usize,
    /// Wall time of one evaluation, when people wait for it; `None` offline, where results must not depend on it.
    pub wall: Option<Duration>,
    /// How long before its time what is timed is run, so that what it does can be on time.
    pub lookahead: Duration,
    /// Jobs of `worker` that run at a time, at least 1; each on a thread, with budgets as above.
    pub workers: usize,
    /// Time is virtual: it stands still while workers run.
    pub lockstep: bool,
    /// Set on any thread when the state is no longer wanted: what runs then ends, and nothing more is changed.
    pub stop: Arc<AtomicBool>,
    /// Folder of the sound files and of the program, whose `lib/` `require` looks in.
    pub root: PathBuf,
    /// The user's settings of this machine.
    pub settings: Settings,
    /// The session that is open, for saving it. The engine has been brought to it.
    pub session: session::Folder,
    /// Where `print` and `help` go, a text without line end at a time.
    pub print: Print,
    /// Where errors of timers, coroutines and callbacks go: nobody waits for them.
    pub complain: Complain,
}

impl Default for Options {
    /// 100 million instructions, 64 MB, no wall limit, 50 ms ahead, 2 workers, virtual time, the working directory, settings as they come and
    /// kept nowhere, no session, standard output and standard error.
    fn default() -> Options {
        Options {
            instructions: 100_000_000,
            memory: 64 << 20,
            wall: None,
            lookahead: Duration::from_millis(50),
            workers: 2,
            lockstep: true,
            stop: Arc::default(),
            root: PathBuf::from("."),
            settings: Settings::default(),
            session: session::Folder::default(),
            print: Box::new(|text| println!("{text}")),
            complain: Box::new(|error| eprintln!("{error}")),
        }
    }
}

/// What an evaluation that ended well has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// Number of the batch that was committed; `None` if there was nothing to change.
    pub batch: Option<u64>,
    /// Commands in that batch, besides the note of what the file asks for.
    pub commands: usize,
    /// What the script asked of the transport last.
    pub transport: Option<Transport>,
    /// What the chunk returned, as text; at a prompt, the values of an expression.
    pub values: Vec<String>,
}

/// One Lua state. Not `Send`: make and use it on one thread, whose stack has [`Script::STACK`] bytes.
pub struct Script {
    context: Rc<Context>,
    sandbox: Sandbox,
    memory: usize,
    /// Seconds.
    lookahead: f64,
    garbage: Garbage,
    lockstep: bool,
    ahead: Ahead,
    changes: Changes,
    /// What will have been used, ever, when a look at what is due has taken long.
    look_ends: u64,
    /// What is still to end, while something ends.
    ending: Option<VecDeque<u64>>,
    /// Evaluations that wait for their time.
    quantized: Vec<Quantized>,
    complain: Complain,
    /// The prompt's environment, which lives on from line to line.
    prompt: Table,
    /// Lines that the prompt has evaluated well.
    lines: u64,
    catalog: Arc<Catalog>,
    constructors: Vec<Name>,
    notes: Vec<String>,
    /// Where scripts made modules and set parameters, by path; the last that did.
    places: BTreeMap<String, Place>,
    /// The session's folder, and what only its files know.
    session: session::Folder,
    loaded: Option<PathBuf>,
}

impl Script {
    /// Bytes of stack that the script's thread needs: C recurses on it, and running out of it would end the process.
    pub const STACK: usize = 16 << 20;

    /// A Lua state over an engine, with bindings for every type in its catalog.
    ///
    /// # Errors
    /// When Lua has no memory.
    pub fn new(engine: Rc<dyn Commit>, options: Options) -> Result<Script, ScriptError> {
        let Options { instructions, memory, wall, lookahead, workers, lockstep, .. } = options;
        let Options { stop, root, settings, mut session, print, complain, .. } = options;
        session.belongs_to(&engine.state().model);
        let catalog = engine.catalog();
        let limits = Limits { instructions, memory, wall, settings: settings.clone() };
        let context = Context::new(engine, Budget::new(instructions, wall, memory).until(stop), print, root, settings);
        context.workers.replace(Workers::new(workers, limits));
        let context = Rc::new(context);
        let failed = |e: mlua::Error| ScriptError::from_lua(&e, "cantus", None);
        let sandbox = Sandbox::new(context.clone()).map_err(failed)?;
        let prompt = sandbox.environment(true).map_err(failed)?;
        let (constructors, notes) = constructors::generate(&sandbox.lua, &sandbox.shared, &catalog).map_err(failed)?;
        let (lookahead, ahead, places) = (lookahead.as_secs_f64(), Ahead::default(), BTreeMap::new());
        let garbage = Garbage::of(&sandbox.lua);
        let changes = Changes::since(&context.engine.state());
        // From here on it is seen when the music jumps.
        context.later.agenda.borrow_mut().look(&moment(&*context.engine));
        Ok(Script {
            context,
            sandbox,
            memory,
            lookahead,
            garbage,
            lockstep,
            ahead,
            changes,
            look_ends: 0,
            ending: None,
            quantized: Vec::new(),
            complain,
            prompt,
            lines: 0,
            catalog,
            constructors,
            notes,
            places,
            session,
            loaded: None,
        })
    }

    /// What people should know of the bindings: constructors that could not be defined, and what to use instead.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The files that the last evaluation, and timers and callbacks since, have required, whether they were there or not.
    pub fn required(&self) -> Vec<PathBuf> {
        self.context.required.borrow().iter().cloned().collect()
    }

    /// The program of a session that was loaded since this was asked last: it was evaluated, and is to be watched.
    pub fn loaded(&mut self) -> Option<PathBuf> {
        self.loaded.take()
    }

    /// Every word that a script finds: functions, constructors, libraries; ascending.
    pub fn words(&self) -> Vec<String> {
        self.sandbox.words()
    }

    /// The line that made a module or set a parameter, by its path (`kick`, `kick.slots[1].file`): where a problem that
    /// shows itself later, such as a missing sound file, comes from.
    pub fn place_of(&self, path: &str) -> Option<&Place> {
        self.places.get(path)
    }

    /// Evaluates a file. Its name in messages, and as the batch's origin, is its path below the root, else the path.
    ///
    /// # Errors
    /// When it cannot be read, and as [`Script::eval`].
    pub fn eval_file(&mut self, path: &Path) -> Result<Evaluation, ScriptError> {
        let name = path.strip_prefix(&*self.context.program.borrow()).unwrap_or(path).display().to_string();
        let code = std::fs::read_to_string(path).map_err(|e| {
            let advice = match e.kind() {
                std::io::ErrorKind::NotFound => "check the path",
                _ => "it must be a text file in UTF-8",
            };
            ScriptError::of(&name, format!("could not read the script: {e}; {advice}"))
        })?;
        // Some editors put a mark before the first character.
        self.eval(code.trim_start_matches('\u{feff}'), &name, Origin::File(name.as_str().into()))
    }

    /// Evaluates code under a name. From [`Origin::Repl`] globals live on, an expression gives its values, and a
    /// module's name stands for the module; any other origin gets a fresh environment. A file claims what it asks for:
    /// the next time only what it then asks for differently is written, and what it no longer asks for is taken back.
    ///
    /// # Errors
    /// [`ScriptError`]: nothing was changed, and nothing was committed; but for what is done after the commit (saving,
    /// loading, undo, settings of the machine), whose errors begin so.
    pub fn eval(&mut self, code: &str, name: &str, origin: Origin) -> Result<Evaluation, ScriptError> {
        self.refresh(name)?;
        self.begin(name, &origin);
        let outcome = self.run(code, name, origin == Origin::Repl);
        let mut work = self.context.work.take().expect("put in at the beginning");
        let staged = std::mem::take(&mut work.staged);
        let line = self.line(&mut work, name, &origin);
        let sent = outcome.and_then(|values| Ok((values, self.send(&work, name, &origin, Cause::default())?)));
        let settled = kept::settle(&self.sandbox.lua, sent.is_ok());
        match settled.map_err(|e| ScriptError::from_lua(&e, name, None)).and(sent) {
            Ok((values, sent)) => {
                let (batch, commands) = sent.as_ref().map_or((None, 0), |sent| (Some(sent.batch), sent.edits));
                match (line, sent) {
                    (Some(line), Some(sent)) if sent.pending => self.begin_at(line, sent, staged, name, &origin),
                    _ => self.begin_anew(staged, name, &origin, line),
                }
                self.after(&work, name, &origin)?;
                self.places.extend(work.places());
                self.lines += u64::from(origin == Origin::Repl);
                Ok(Evaluation { batch, commands, transport: work.transport, values })
            }
            Err(error) => {
                self.drop_staged(&staged, name);
                // What a script that ran out of memory left behind must not be the next one's burden.
                let _collected = self.sandbox.lua.gc_collect();
                Err(error)
            }
        }
    }

    /// Tells of an error that nobody waits for.
    fn complain(&mut self, error: &ScriptError) {
        (self.complain)(error);
    }

    /// Constructors for the types there are now.
    fn refresh(&mut self, name: &str) -> Result<(), ScriptError> {
        let catalog = self.context.engine.catalog();
        if Arc::ptr_eq(&catalog, &self.catalog) {
            return Ok(());
        }
        let (lua, shared) = (&self.sandbox.lua, &self.sandbox.shared);
        let old = std::mem::take(&mut self.constructors);
        let removed = old.iter().try_for_each(|constructor| shared.raw_set(&**constructor, Value::Nil));
        let made = removed.and_then(|()| constructors::generate(lua, shared, &catalog));
        (self.constructors, self.notes) = made.map_err(|e| ScriptError::from_lua(&e, name, None))?;
        self.catalog = catalog;
        Ok(())
    }

    /// Starts the transaction over the Model of now.
    fn begin(&self, name: &str, origin: &Origin) {
        let context = &self.context;
        let (state, now) = (context.engine.state(), self.moment());
        // A line at the prompt draws other numbers than the line before.
        let stream = if *origin == Origin::Repl { format!("{name} {}", self.lines) } else { name.to_owned() };
        context.random.swap(Stream::of(state.model.seed(), stream));
        context.work.replace(Some(Transaction::new(state.model.clone(), state.catalog.clone(), now.clock, origin)));
        context.file.replace(name.to_owned());
        context.required.borrow_mut().clear();
        let (version, lineage) = (context.later.mint(), Lineage::of(name));
        context.later.turn.set(Turn { now, version, lineage, ..Turn::default() });
        context.budget.begin(1);
    }

    /// Runs the code to its end on a Lua thread of its own: after an error its stack is still there to be read.
    fn run(&self, code: &str, name: &str, prompt: bool) -> Result<Vec<String>, ScriptError> {
        let lua = &self.sandbox.lua;
        let function = self.load(code, name, prompt).map_err(|e| ScriptError::from_lua(&e, name, None))?;
        let thread = lua.create_thread(function).map_err(|e| ScriptError::from_lua(&e, name, None))?;
        self.limit_memory_of_evaluation()?;
        lua.gc_restart();
        let result = thread.resume::<MultiValue>(());
        lua.gc_stop();
        self.limit_memory(false)?;
        if let Some(error) = self.context.budget.expired() {
            return Err(error);
        }
        let values = result.map_err(|e| {
            let mut error = self.sandbox.explain(&e, name, &thread);
            if error.line.is_none() && error.file == name {
                // `return f()` has left nothing on the stack; it ends the script.
                error.line =
                    code.lines().enumerate().filter(|(_, line)| line.contains("return")).last().map(|(i, _)| i + 1);
                error.line = error.line.or(Some(1));
            }
            error
        })?;
        if thread.status() == ThreadStatus::Resumable {
            let place = budget::place_in(&thread).unwrap_or_else(|| Place { file: name.to_owned(), line: 1 });
            return Err(ScriptError::at(place, "coroutine.yield outside of a coroutine"));
        }
        Ok(values.iter().map(|v| v.to_string().unwrap_or_else(|_| "?".to_owned())).collect())
    }

    fn load(&self, code: &str, name: &str, prompt: bool) -> mlua::Result<Function> {
        let environment = if prompt { self.prompt.clone() } else { self.sandbox.environment(false)? };
        let chunk = |code: &str| {
            let chunk = self.sandbox.lua.load(code).set_name(format!("@{name}")).set_mode(ChunkMode::Text);
            chunk.set_environment(environment.clone()).into_function()
        };
        if prompt && let Ok(expression) = chunk(&format!("return {code}")) {
            return Ok(expression);
        }
        // A first line for the shell is not Lua; the lines keep their numbers.
        if code.starts_with('#') { chunk(&format!("--{code}")) } else { chunk(code) }
    }
}
