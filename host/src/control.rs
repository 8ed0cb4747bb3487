//! The control thread: takes batches, edits the Model, and sends the audio thread what follows from it.

mod batch;
mod state;

pub use batch::{Accepted, Batch, Commit, CommitError, EngineBusy, Origin};
pub use state::{ClockReading, EngineState, Status, StatusOf};
