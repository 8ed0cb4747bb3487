//! What scripts do later: coroutines that wait, functions that are called on beats, after times and when the state has
//! changed. What a script asks for begins when its evaluation has ended well. The words for it are in `timers` and
//! `observing`.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_void;
use std::rc::Rc;

use cantus_host::control::{Cause, ClockReading, Loop, Position, When};
use cantus_host::model::{Name, Num};
use mlua::{IntoLua, Lua, Result, Table};

use crate::agenda::{Agenda, Due, Moment, Place, Rhythm, Wait};
use crate::bounds::GENERATIONS;
use crate::error::{Place as ScriptPlace, blame};
use crate::random::{Lineage, Stream};
use crate::snapshot::Part;
use crate::transaction::Transaction;
use crate::workers::Job;

/// Where functions and coroutines are kept, by number.
pub const CALLS: &str = "cantus.calls";
/// Where the values of `keep` are kept, by file and name.
pub const KEPT: &str = "cantus.kept";

/// A function that is called, or a coroutine that goes on.
#[derive(Clone, Debug)]
pub struct Task {
    /// The file that asked for it, or the prompt.
    pub owner: Name,
    /// The evaluation that asked for it; 0: what one has asked for that has begun long since.
    pub version: u64,
    /// What it follows from: what it changes is an answer to what a callback was told in which it was asked for.
    pub cause: Cause,
    /// How people see it: `every(1)`.
    pub label: String,
    /// Its random numbers.
    pub random: Stream,
    /// What those of what it asks for follow from.
    pub lineage: Lineage,
    /// How many turns it has had.
    pub turns: u64,
    /// What is kept of it is a coroutine, not a function.
    pub waits: bool,
    /// A repeated function that waits goes on as a task of its own, which ends with it.
    pub parent: Option<u64>,
    /// Calls of it go on as tasks of their own.
    pub children: bool,
    /// The sample at which it was asked for, and how many have begun one another there.
    pub instant: (u64, u32),
    /// The line that asked for it.
    pub place: Option<ScriptPlace>,
    /// What was said of it last.
    pub complaint: Option<String>,
}

/// A function that is told of changes of the state.
#[derive(Debug)]
pub struct Observer {
    /// The file that asked for it, or the prompt.
    pub owner: Name,
    /// The parts of the state that it is told of; empty: all.
    pub parts: Vec<Part>,
    /// What its random numbers follow from.
    pub lineage: Lineage,
    /// How often it was told.
    pub told: Cell<u64>,
    /// The line that asked for it.
    pub place: Option<ScriptPlace>,
    /// What was said of it last.
    pub complaint: RefCell<Option<String>>,
}

/// Everything that is to be done, and the turn that is being done.
#[derive(Default)]
pub struct Later {
    /// Tasks.
    pub agenda: RefCell<Agenda<Task>>,
    /// Who is told of changes.
    pub observers: RefCell<BTreeMap<u64, Rc<Observer>>>,
    /// The turn.
    pub turn: Cell<Turn>,
    /// What the coroutine of the turn waits for.
    pub wait: Cell<Option<Wait>>,
    /// A call or coroutine has used up what it may.
    pub exhausted: Cell<bool>,
    /// The last complaint, and the sample it was made at: of many that fail alike at once one is heard.
    pub complaint: RefCell<(u64, String)>,
    last: Cell<u64>,
}

/// When something is being done: an evaluation, a call, a coroutine.
#[derive(Clone, Copy)]
pub struct Turn {
    /// Where the music is.
    pub now: Moment,
    /// The time that it is done for: maybe somewhat ahead.
    pub due: Due,
    /// The sample of that, if more is known of the tempo than what it is now.
    pub sample: Option<u64>,
    /// The task.
    pub task: Option<u64>,
    /// The evaluation that this is, or comes of.
    pub version: u64,
    /// What it follows from.
    pub cause: Cause,
    /// What random numbers of what it asks for follow from.
    pub lineage: Lineage,
    /// How many have begun one another at this instant.
    pub generation: u32,
    /// The Lua thread on which it may wait; none does in an evaluation.
    pub thread: *const c_void,
}

impl Default for Turn {
    fn default() -> Turn {
        let now = Moment { clock: ClockReading::default(), around: Loop::default(), start: 0.0 };
        let (due, lineage, thread) = (Due::Now, Lineage::default(), std::ptr::null());
        Turn { now, due, sample: None, task: None, version: 0, cause: Cause::default(), lineage, generation: 0, thread }
    }
}

impl Turn {
    /// The clock at the time that it is done for.
    pub fn clock(&self) -> ClockReading {
        let sample = self.sample.unwrap_or_else(|| self.now.sample_of(self.due));
        let place = self.now.place_of(self.due);
        let seconds = sample as f64 / self.now.clock.rate.max(1.0);
        ClockReading { sample, seconds, beat: place.beat, lap: place.lap, ..self.now.clock }
    }

    /// The instant of what it asks for.
    ///
    /// # Errors
    /// When too many have begun one another at one.
    pub fn instant(&self, word: &str) -> Result<(u64, u32)> {
        if self.generation < GENERATIONS {
            return Ok((self.clock().sample, self.generation + 1));
        }
        Err(blame(format!(
            "{word}: {GENERATIONS} timers or coroutines have begun one another at one instant, and time stands still; let \
             some pass between them"
        )))
    }

    /// When what it does is to be done.
    pub fn when(&self) -> When {
        match self.due {
            Due::Now => When::Now,
            Due::Sample(sample) => When::AtSample(sample),
            Due::Beat(place) => {
                When::At(Position { epoch: self.now.clock.epoch, lap: place.lap, beat: Num::of(place.beat) })
            }
        }
    }

    /// Where beats are counted from that it waits for. The beat it is done on is over; but what has begun somewhere and
    /// done nothing yet has not missed the beat it may have begun on.
    pub fn from(&self, idle: bool) -> (Place, bool) {
        (self.now.place_of(self.due), idle && !matches!(self.due, Due::Beat(_)))
    }
}

impl Later {
    /// How many tasks and observers there will be of what there is, when an evaluation has ended well: those of its file
    /// end then.
    pub fn staying(&self, work: &Transaction, file: &str) -> (usize, usize) {
        let (agenda, observers) = (self.agenda.borrow(), self.observers.borrow());
        let replaced = || match work.is_file() {
            true => {
                let version = self.turn.get().version;
                let tasks = agenda.which(|task| &*task.owner == file && task.version != version).len();
                (tasks, observers.values().filter(|observer| &*observer.owner == file).count())
            }
            false => (0, 0),
        };
        let (tasks, told) = *work.staged.replaced.get_or_init(replaced);
        (agenda.len() - tasks, observers.len() - told)
    }

    /// A number that was never given out.
    pub fn mint(&self) -> u64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }
}

/// What an evaluation, a call or a coroutine has asked for, until it has ended well.
#[derive(Default)]
pub struct Staged {
    /// Tasks with their numbers.
    pub tasks: Vec<(u64, Rhythm, Task)>,
    /// Jobs of workers.
    pub jobs: Vec<Job>,
    /// Observers with their numbers.
    pub observers: Vec<(u64, Rc<Observer>)>,
    /// Tasks, observers and jobs that are to end.
    pub ended: BTreeSet<u64>,
    /// How many tasks and observers of its file end with it, once that was asked.
    pub replaced: OnceCell<(usize, usize)>,
    /// Values that were kept for the first time, by name.
    pub kept: Vec<Name>,
}

impl Staged {
    /// The numbers of all that is new.
    pub fn new_ids(&self) -> impl Iterator<Item = u64> {
        let (tasks, jobs) = (self.tasks.iter().map(|(id, ..)| *id), self.jobs.iter().map(|job| job.id));
        tasks.chain(jobs).chain(self.observers.iter().map(|(id, _)| *id))
    }

    /// Whether that number is new: they ascend.
    fn is_new(&self, id: u64) -> bool {
        self.tasks.binary_search_by_key(&id, |(id, ..)| *id).is_ok()
            || self.jobs.binary_search_by_key(&id, |job| job.id).is_ok()
            || self.observers.binary_search_by_key(&id, |(id, _)| *id).is_ok()
    }
}

/// Keeps something to be called until it is no longer needed.
///
/// # Errors
/// When Lua has no memory.
pub fn keep_call(lua: &Lua, id: u64, what: impl IntoLua) -> Result<()> {
    lua.named_registry_value::<Table>(CALLS)?.raw_set(id, what)
}

/// Notes that something is to end that is there, or was just asked for. False: it was to end already, or there is none.
pub fn end(staged: &mut Staged, id: u64, there: bool) -> bool {
    (there || staged.is_new(id)) && staged.ended.insert(id)
}
