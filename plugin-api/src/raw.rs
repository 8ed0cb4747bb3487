//! The contract itself: what crosses between host and plugin, byte for byte.
//!
//! Everything here is `repr(C)` and layout-checked by abi_stable when a plugin is opened. The [`Root`] is frozen for
//! ever; every other table is an *extension*, fetched by id and checked on its own. While ids end in `.draft`, host and
//! plugin must come from the same version of this crate ([`CONTRACT`]).
//!
//! # Old and new
//!
//! An extension that is released keeps its id for ever and only grows at its end. Either side may be the older: what a
//! table lacks reads as absent ([`Extension::get`]). One that breaks that promise is refused alone, in both directions, and
//! the plugin goes on without it if it can. `tests/it/ages.rs` holds host and plugin of two times against each other.
//!
//! # What stands in the way of 1.0
//!
//! - No effect with memory (a reverb, a delay), no modulator and no analyser but the templates run on the drafts yet, and
//!   no plugin by people who did not make the contract.
//! - No kind of event carries MIDI messages yet, for sources and sinks of MIDI.
//! - Latency and tail are the manifest's, for good: what depends on a value (a look-ahead, a delay time) cannot say so.
//! - Channel counts are the manifest's: a module that takes what it is given needs a type for each count.
//! - What a step locks travels by number, which host and sequencer agree on in each quantum; a sequencer by outsiders has not
//!   tried that.
//! - Libraries of macOS and Windows were never opened.
//! - From the first release on, a built plugin of each is kept and loaded by the tests; there is none yet.
//!
//! Module authors never use these types: the safe SDK around them is the rest of the crate.

mod block;
mod event;
mod handle;
mod root;

pub use block::{Block, EventWriter, INSTANCE_FAILED, INSTANCE_OK, Made, Port, Report, Segment, Transport, flag};
pub use event::{Bind, Event, Note, Value, kind};
pub use handle::{
    ABSENT_SLOT, Course, GUARD_FRAMES, Handle, Lock, Loop, LoopDirection, Numbers as NumbersData, Onset,
    Pattern as PatternData, SLOT_OF_LOCK, SLOT_OF_MODULE, SLOT_OF_NOTE, Sample as SampleData, Section,
    Sequence as SequenceData, Step, StepAction, StepCondition,
};
pub use root::{
    Extension, FACTORY, Factory, FactoryRef, Init, Opened, PROCESS, Process, ProcessRef, Root, RootRef, Table, WORK,
    Work, WorkRef, open,
};

/// Version of the contract that this copy of the crate was built with.
pub const CONTRACT: &str = env!("CARGO_PKG_VERSION");

/// Frames in a quantum: every call of `process` covers exactly so many.
pub const QUANTUM: usize = 64;
