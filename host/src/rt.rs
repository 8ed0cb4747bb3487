//! What the audio thread runs, and nothing else.
//!
//! Nothing in here allocates, frees, locks, prints, makes a system call, blocks or panics, but for constructors and
//! `Drop`, which run on control threads: everything the audio thread uses is born and buried there. What crosses, in
//! both directions, is in [`message`].

mod buffer;
mod cable;
mod clock;
mod events;
mod fade;
mod input;
mod instance;
mod landing;
mod memory;
pub mod message;
mod modulation;
mod notes;
mod plan;
mod processor;
mod ring;
mod telemetry;
mod tempo;
mod work;

pub use buffer::Quantum;
pub use cable::Cable;
pub(crate) use clock::Clock;
pub use clock::{SHORTEST_LOOP, samples_of};
pub(crate) use fade::ramp_frames;
pub use input::{InputSpec, Tap};
pub use instance::{Build, Fault, Instance, Meters};
pub use memory::{Data, Handles, Keeper, NumbersMemory, Part, PatternMemory, Said, SampleMemory, SequenceMemory};
pub use modulation::{LinkRoute, Modulated, Shape};
pub use notes::{LockTarget, Routing};
pub use plan::{EventRoute, Kept, Plan, StepSpec};
pub use processor::Processor;
pub use telemetry::{Reading, Telemetry};
pub use tempo::{TempoMap, TempoPoint};
pub(crate) use work::Errands;
pub use work::{Delivery, Desk, Parcel};

/// Frames that every call of the Processor makes.
pub const QUANTUM: usize = cantus_plugin_api::QUANTUM;

/// Channels of `out`.
pub const OUT_CHANNELS: usize = 2;
