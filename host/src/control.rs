//! The control thread: takes batches, edits the Model, and sends the audio thread what follows from it.

mod batch;
mod compile;
mod engine;
mod handle;
mod queue;
mod realise;
mod slots;
mod state;
mod workers;

pub use batch::{Accepted, Batch, Commit, CommitError, EngineBusy, Origin};
pub use engine::{Config, Engine};
pub use handle::{EngineHandle, EngineThread, LocalEngine};
pub use queue::CommandQueue;
pub use state::{ClockReading, EngineState, Problem, Status, StatusOf};
