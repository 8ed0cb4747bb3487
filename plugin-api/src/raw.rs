//! The contract itself: what crosses between host and plugin, byte for byte.
//!
//! Everything here is `repr(C)` and layout-checked by abi_stable when a plugin is opened. The [`Root`] is frozen for
//! ever; every other table is an *extension*, fetched by id and checked on its own. While ids end in `.draft`, host and
//! plugin must come from the same version of this crate ([`CONTRACT`]).
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
    Extension, FACTORY, Factory, FactoryRef, Init, Opened, PROCESS, Process, ProcessRef, Root, RootRef, WORK, Work,
    WorkRef, open,
};

/// Version of the contract that this copy of the crate was built with.
pub const CONTRACT: &str = env!("CARGO_PKG_VERSION");

/// Frames in a quantum: every call of `process` covers exactly so many.
pub const QUANTUM: usize = 64;
