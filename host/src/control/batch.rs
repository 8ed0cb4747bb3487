//! What producers send, and what they are answered.

use std::sync::Arc;

use super::state::{ClockReading, EngineState};
use crate::model::{Catalog, Command, Model, ModuleId, Name, Refusal};

/// Commands that are applied together or not at all.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Who sends it.
    pub origin: Origin,
    /// In the order in which they are applied.
    pub commands: Vec<Command>,
}

/// Who sends a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An evaluation of a file.
    File(Name),
    /// A line typed by a person.
    Repl,
    /// The program itself.
    Host,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::File(name) => f.write_str(name),
            Origin::Repl => f.write_str("the prompt"),
            Origin::Host => f.write_str("the program"),
        }
    }
}

/// A batch was applied to the Model and handed to the audio thread.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The batch's number.
    pub batch: u64,
    /// The Model after it: the base of the producer's next transaction.
    pub model: Arc<Model>,
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

    /// The state as last published.
    fn state(&self) -> Arc<EngineState>;

    /// The module types there are.
    fn catalog(&self) -> Arc<Catalog>;

    /// A module id that was never given out.
    fn mint(&self) -> ModuleId;

    /// Where the music is, sampled now.
    fn clock(&self) -> ClockReading;
}
