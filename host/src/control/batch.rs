//! What producers send, and what they are answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state::{ClockReading, EngineState};
use crate::model::{Catalog, Command, Model, ModuleId, Name, Num, Refusal};
use crate::plugins::Choice;
use crate::rt::QUANTUM;

/// Work that is done whole or not at all.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Who sends it.
    pub origin: Origin,
    /// How far it is from what came from outside.
    pub cause: Cause,
    /// When it is to be applied.
    pub when: When,
    /// What is to be done.
    pub work: Work,
    /// What it has to do with a batch that waits.
    pub bond: Option<Bond>,
    /// Batches of one gesture, such as a knob being turned, are one step of undo.
    pub gesture: Option<u64>,
}

/// What a batch has to do with one that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bond {
    /// It takes its place: that is not applied.
    InsteadOf(u64),
    /// It is not to be without that: if that is not applied in the end, neither is this.
    With(u64),
}

impl Batch {
    /// The batch whose place it takes.
    pub(super) fn replaced(&self) -> Option<u64> {
        if let Some(Bond::InsteadOf(batch)) = self.bond { Some(batch) } else { None }
    }

    /// Commands, in the order in which they are applied, from outside, at once.
    pub fn new(origin: Origin, commands: Vec<Command>) -> Batch {
        Batch::of(origin, Work::Commands(commands))
    }

    /// Work from outside, at once.
    pub fn of(origin: Origin, work: Work) -> Batch {
        Batch { origin, cause: Cause::default(), when: When::Now, work, bond: None, gesture: None }
    }

    /// Its commands, if it is made of commands.
    pub fn commands(&self) -> &[Command] {
        if let Work::Commands(commands) = &self.work { commands } else { &[] }
    }

    /// The same at another time.
    pub fn at(self, when: When) -> Batch {
        Batch { when, ..self }
    }

    /// The same, as what follows from something else.
    pub fn because(self, cause: Cause) -> Batch {
        Batch { cause, ..self }
    }

    /// The same, in the place of a batch that waits.
    pub fn instead_of(self, batch: Option<u64>) -> Batch {
        Batch { bond: batch.map(Bond::InsteadOf).or(self.bond), ..self }
    }

    /// The same, if a batch that waits is applied, too.
    pub fn with(self, batch: Option<u64>) -> Batch {
        Batch { bond: batch.map(Bond::With).or(self.bond), ..self }
    }

    /// The same, as part of a gesture.
    pub fn in_gesture(self, gesture: u64) -> Batch {
        Batch { gesture: Some(gesture), ..self }
    }
}

/// Kept Models, by name.
pub type Scenes = Arc<BTreeMap<Name, Arc<Model>>>;

/// What a batch asks for. All but commands become commands when they are applied, on the Model of then; those are what
/// is journalled.
#[derive(Clone, Debug)]
pub enum Work {
    /// These commands.
    Commands(Vec<Command>),
    /// What the person did last is taken back, as far as it still can be.
    Undo,
    /// What the person took back last is done again.
    Redo,
    /// To a kept scene. What files ask for stays as it is.
    Recall(Name),
    /// To this Model, with what files asked for in it, and to these scenes: a session that is loaded. Steps of before are
    /// of another session, and nobody can take them back.
    Become(Arc<Model>, Scenes),
}

impl Work {
    /// What it does, for lists and messages.
    pub fn describe(&self) -> String {
        match self {
            Work::Commands(commands) => match commands.as_slice() {
                [] => "nothing".into(),
                [one] => one.describe(),
                [first, rest @ ..] => format!("{} and {} more", first.describe(), rest.len()),
            },
            Work::Undo => "undo".into(),
            Work::Redo => "redo".into(),
            Work::Recall(scene) => format!("recall {scene}"),
            Work::Become(..) => "load a session".into(),
        }
    }
}

/// When a batch is to be applied. Until then it is pending: checked, visible in the state, absent from the Model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// At once.
    #[default]
    Now,
    /// At an absolute sample; at once if it is over.
    AtSample(u64),
    /// At a beat, as soon as beats go on; at once if it is over. A stop, seek or reset before then cancels it. A beat
    /// that a loop keeps out of reach is waited for.
    AtBeat(Num),
    /// At a beat of a lap of the loop, if nothing stops or moves the transport before.
    At(Position),
    /// At the next beat that is a multiple of so many, or where the loop turns if that comes first; at once while beats
    /// stand still. 0: of the session's `grid`.
    NextGrid(Num),
}

/// A place in what the transport plays from one stop, seek or reset to the next: its epoch. Ascending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The epoch.
    pub epoch: u32,
    /// Turns of the loop before.
    pub lap: u32,
    /// The beat.
    pub beat: Num,
}

/// How a batch came about: the number of callbacks between it and something from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// 0: a person, a timer, a controller.
    pub depth: u8,
}

impl Cause {
    /// Deeper than this nothing is done: callbacks that answer each other would never end.
    pub const DEEPEST: Cause = Cause { depth: 8 };

    /// Of what somebody does because of what this caused.
    pub fn next(self) -> Cause {
        Cause { depth: self.depth.saturating_add(1) }
    }
}

/// Who sends a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// An evaluation of a file.
    File(Name),
    /// A line typed by a person.
    Repl,
    /// A person at an attached client of that name.
    Client(Name),
    /// A timer or coroutine of a file.
    Timer(Name),
    /// A callback of a file.
    Callback(Name),
    /// A MIDI or OSC controller of that name.
    Controller(Name),
    /// A module asked for it.
    Module(Name),
    /// The program itself.
    Host,
}

impl Origin {
    /// The person whose step it is, who can undo it: whoever edits files and types lines here is one, each client
    /// another. `None`: it is nobody's.
    pub fn person(&self) -> Option<Name> {
        match self {
            Origin::File(_) | Origin::Repl => Some("".into()),
            Origin::Client(name) => Some(name.clone()),
            Origin::Timer(_) | Origin::Callback(_) | Origin::Controller(_) | Origin::Module(_) | Origin::Host => None,
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::File(name) => f.write_str(name),
            Origin::Repl => f.write_str("the prompt"),
            Origin::Client(name) => write!(f, "client {name}"),
            Origin::Timer(file) => write!(f, "a timer of {file}"),
            Origin::Callback(file) => write!(f, "a callback of {file}"),
            Origin::Controller(name) => write!(f, "controller {name}"),
            Origin::Module(name) => write!(f, "module {name}"),
            Origin::Host => f.write_str("the program"),
        }
    }
}

/// A batch was applied to the Model and handed to the audio thread, or is pending.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The batch's number.
    pub batch: u64,
    /// The Model after it: the base of the producer's next transaction. Of a pending batch, what it will be if nothing
    /// else comes.
    pub model: Arc<Model>,
    /// What could not be taken back or done again, because others have changed it since.
    pub skipped: Vec<String>,
    /// It waits for its time.
    pub pending: bool,
}

/// The command queue has no room; try again, or wait with `execute_immediate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine is busy: its queue of {0} batches is full; try again")]
pub struct EngineBusy(pub usize);

/// Why a batch was not applied. Nothing of it was.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CommitError {
    /// No room in the queue.
    #[error(transparent)]
    Busy(#[from] EngineBusy),
    /// A command cannot be done on the Model of now.
    #[error("could not {attempt}: {refusal}")]
    Refused {
        /// Index of the command in the batch; `None` if the batch as a whole cannot be.
        command: Option<usize>,
        /// What it would have done.
        attempt: String,
        /// Why it cannot.
        refusal: Refusal,
    },
    /// There is no step to take back or to do again.
    #[error("there is nothing to {0}")]
    NoStep(&'static str),
    /// Callbacks have answered each other too often.
    #[error(
        "callbacks have answered each other's changes {} times without anything from outside; let one of them change \
         nothing when there is nothing to change",
        Cause::DEEPEST.depth
    )]
    Cascade,
    /// The transport was stopped, moved or reset.
    #[error("it was meant for a beat that will not come: the transport was stopped, moved or reset")]
    Over,
    /// Too many batches wait for their time.
    #[error("{0} batches wait for their time, and no more can; schedule fewer ahead")]
    TooManyPending(usize),
    /// The engine has ended.
    #[error("the engine has stopped; start it again")]
    Stopped,
}

/// The engine as a producer sees it, on whatever thread it runs.
pub trait Commit {
    /// Applies a batch and waits for the answer (never for sound).
    ///
    /// # Errors
    /// [`CommitError`]: nothing was applied.
    fn commit(&self, batch: Batch) -> Result<Accepted, CommitError>;

    /// The state as last published. What was accepted is in it, unless it waits for its time.
    fn state(&self) -> Arc<EngineState>;

    /// The module types there are, as last published. Whoever looks at the Model, too, takes both from one state.
    fn catalog(&self) -> Arc<Catalog> {
        self.state().catalog.clone()
    }

    /// A module id that was never given out.
    fn mint(&self) -> ModuleId;

    /// Where the music is, sampled now.
    fn clock(&self) -> ClockReading;

    /// The module types as they would be if the session said so, of plugins that are open.
    fn catalog_by(&self, _of_session: &[Choice]) -> Arc<Catalog> {
        self.catalog()
    }

    /// Waits until plugins that were asked for have taken the place of others, or could not; a few seconds at most. False:
    /// they are still being looked at.
    fn wait_for_plugins(&self) -> bool {
        !self.state().status.reloading
    }

    /// Frames before its time in which a batch must be here to be on time; where time is virtual, a quantum.
    fn horizon(&self) -> f64 {
        QUANTUM as f64
    }
}
