//! What native functions reach through the Lua state.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use cantus_host::control::{Commit, Taps};
use cantus_host::model::Command;
use cantus_host::settings::Settings;
use mlua::{Lua, Result};

use crate::bounds;
use crate::budget::{self, Budget};
use crate::error::{ScriptError, blame, refused};
use crate::later::Later;
use crate::random::Random;
use crate::transaction::Transaction;
use crate::workers::Workers;

/// Takes what scripts print, a text without line end at a time.
pub type Print = Box<dyn FnMut(&str)>;

/// Takes errors of what nobody waits for.
pub type Complain = Box<dyn FnMut(&ScriptError)>;

/// One per Lua state. Holds no Lua value: a circle through the state could never be freed.
pub struct Context {
    /// The engine.
    pub engine: Rc<dyn Commit>,
    /// What the evaluation may still use.
    pub budget: Rc<Budget>,
    /// The evaluation's random numbers.
    pub random: Random,
    /// Where `print` goes.
    pub print: RefCell<Print>,
    /// Folder of the sound files, where paths of sessions begin.
    pub root: PathBuf,
    /// Folder of the program, whose `lib/` `require` looks in: the same, until another session is loaded.
    pub program: RefCell<PathBuf>,
    /// The user's settings of this machine.
    pub settings: Settings,
    /// Name of the script that is evaluated.
    pub file: RefCell<String>,
    /// Files that the evaluation has required, found or not.
    pub required: RefCell<BTreeSet<PathBuf>>,
    /// What is to be done later, and what is being done now.
    pub later: Later,
    /// What runs beside it.
    pub workers: RefCell<Workers>,
    /// It is a worker's: scripts read, and change nothing.
    pub reads_only: bool,
    /// Taps that show the tempo.
    pub taps: RefCell<Taps>,
    /// The evaluation, while there is one.
    pub work: RefCell<Option<Transaction>>,
}

impl Context {
    /// Of a state in which nothing has happened yet.
    pub fn new(engine: Rc<dyn Commit>, budget: Budget, print: Print, root: PathBuf, settings: Settings) -> Context {
        let (random, file, required, later, workers) = Default::default();
        let (budget, print, program) = (Rc::new(budget), RefCell::new(print), RefCell::new(root.clone()));
        let (taps, work) = Default::default();
        Context {
            engine,
            budget,
            random,
            print,
            root,
            program,
            settings,
            file,
            required,
            later,
            workers,
            reads_only: false,
            taps,
            work,
        }
    }

    /// Refuses what a worker may not do.
    ///
    /// # Errors
    /// In a worker.
    pub fn may_change(&self) -> Result<()> {
        if !self.reads_only {
            return Ok(());
        }
        Err(blame(
            "a worker only reads the session, and does not wait; return what is to be done, and do it in the function \
             that worker calls with the result",
        ))
    }
}

/// The state's context.
pub fn context(lua: &Lua) -> Rc<Context> {
    lua.app_data_ref::<Rc<Context>>().expect("put in when the state was made").clone()
}

/// Looks at the evaluation.
///
/// # Errors
/// Those of `f`; and outside of an evaluation.
pub fn with<R>(lua: &Lua, f: impl FnOnce(&mut Transaction) -> Result<R>) -> Result<R> {
    let context = context(lua);
    let mut work = context.work.borrow_mut();
    f(work.as_mut().ok_or_else(|| blame("this works only while a script is evaluated"))?)
}

/// Changes the evaluation.
///
/// # Errors
/// Those of `f`; outside of an evaluation, and in a worker.
pub fn change<R>(lua: &Lua, f: impl FnOnce(&mut Transaction) -> Result<R>) -> Result<R> {
    context(lua).may_change()?;
    with(lua, f)
}

/// Does a command in the evaluation, and pays for it if it is recorded.
///
/// # Errors
/// When it is refused, or the budget is used up.
pub fn run(lua: &Lua, command: impl Into<Command>) -> Result<()> {
    let recorded = change(lua, |work| {
        let before = work.recorded();
        work.run(command.into(), || budget::place(lua)).map_err(|r| refused(&r))?;
        Ok(work.recorded() > before)
    })?;
    if recorded { bounds::pay(lua, bounds::COMMAND) } else { Ok(()) }
}
