//! The control thread: takes batches, edits the Model, and sends the audio thread what follows from it.

mod apply;
mod batch;
mod compile;
mod course;
mod engine;
mod handle;
mod history;
pub mod journal;
mod laps;
mod observers;
mod queue;
mod realise;
mod reload;
mod replay;
mod schedule;
mod slots;
mod state;
mod tap;
mod tasks;
mod workers;
mod works;

pub use batch::{Accepted, Batch, Bond, Cause, Commit, CommitError, EngineBusy, Origin, Position, Scenes, When, Work};
pub use course::Course;
pub use engine::{Census, Config, Engine};
pub use handle::{EngineHandle, EngineThread, LocalEngine};
pub use laps::{Loop, Place};
pub use observers::{Notice, Observers, Subscription};
pub use queue::{CommandQueue, QueueCounts};
pub use replay::Replay;
pub use schedule::{PENDING, Report, Reports, Waiting};
pub use state::{Causes, ClockReading, EngineState, Orders, Problem, Status, StatusOf};
pub use tap::Taps;
