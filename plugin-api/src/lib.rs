//! The contract between the Cantus host and its module plugins, and the safe SDK to write them with.
//!
//! # The life of a plugin
//!
//! A plugin is a `cdylib` with one manifest, one struct per module type, one [`Module`] impl each and one line,
//! [`export!`]. The host
//!
//! 1. reads the **manifest** from the library's section: no code of the plugin runs;
//! 2. opens the library, checks versions and layouts, and never closes it again;
//! 3. calls [`Module::new`] for each instance, on a **worker thread**: allocate, compute tables, take your time. It then
//!    runs one silent quantum there, and [`Module::reset`];
//! 4. hands the instance to the **audio thread**. Every 64 frames it gets its events, each at its exact frame through
//!    [`Module::event`], and between them makes sound in [`Module::process`]. Values arrive as events only; in the
//!    first quantum every value arrives, with `snap`;
//! 5. takes the instance back and drops it, on a **worker thread**.
//!
//! # What must not happen on the audio thread
//!
//! In `event`, `process` and `reset`: no allocation, no freeing, no lock, no system call, no printing, no waiting. What
//! an event brings (samples, patterns) may be cloned and dropped there: that only counts. A panic is caught; the
//! instance is then silent for ever and the host says why. Output that is not finite is silenced.
//!
//! # Absences
//!
//! This crate knows nothing of the host, of Lua or of any module type, opens no file and starts no thread. A plugin has
//! no state but its manifest's values: what is not declared there is transient.
//!
//! # The smallest plugin
//!
//! ```
//! use std::ops::Range;
//!
//! use cantus_plugin_api::{Block, Event, Init, Module};
//! use softer::{Param, input, output};
//!
//! // The manifest says: type Softer, an audio input `in`, an audio output `out`, a parameter `amount`.
//! cantus_plugin_api::export!("doc/softer.toml", Softer);
//!
//! struct Softer {
//!     amount: f32,
//! }
//!
//! impl Module for Softer {
//!     fn new(_: &Init) -> Result<Self, String> {
//!         Ok(Softer { amount: 0.0 })
//!     }
//!     fn reset(&mut self) {
//!         self.amount = 0.0; // all values are sent again
//!     }
//!     fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
//!         if let Event::Param { param: Param::Amount, value, .. } = event {
//!             self.amount = value as f32;
//!         }
//!     }
//!     fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
//!         let (inputs, mut outputs) = block.audio();
//!         let (dry, mut wet) = (inputs.port(input::IN), outputs.port(output::OUT));
//!         for channel in 0..wet.channels() {
//!             for frame in frames.clone() {
//!                 wet.channel(channel)[frame] = (1.0 - self.amount) * dry.channel(channel)[frame];
//!             }
//!         }
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! `cantus plugins new NAME` writes a crate to begin with. [`testing`] runs a module in a unit test, without a host, and
//! [`testing::laws::all`] holds it to what every module keeps; `cantus plugins validate` does so with the library. A name
//! that the manifest lacks does not compile:
//!
//! ```compile_fail,E0599
//! # use std::ops::Range;
//! #
//! # use cantus_plugin_api::{Block, Event, Init, Module};
//! # use softer::{Param, input, output};
//! #
//! # // The manifest says: type Softer, an audio input `in`, an audio output `out`, a parameter `amount`.
//! # cantus_plugin_api::export!("doc/softer.toml", Softer);
//! #
//! # struct Softer {
//! #     amount: f32,
//! # }
//! #
//! # impl Module for Softer {
//! #     fn new(_: &Init) -> Result<Self, String> {
//! #         Ok(Softer { amount: 0.0 })
//! #     }
//! #     fn reset(&mut self) {
//! #         self.amount = 0.0; // all values are sent again
//! #     }
//! #     fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
//! if let Event::Param { param: Param::Amuont, value, .. } = event {
//! #             self.amount = value as f32;
//! #         }
//! #     }
//! #     fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
//! #         let (inputs, mut outputs) = block.audio();
//! #         let (dry, mut wet) = (inputs.port(input::IN), outputs.port(output::OUT));
//! #         for channel in 0..wet.channels() {
//! #             for frame in frames.clone() {
//! #                 wet.channel(channel)[frame] = (1.0 - self.amount) * dry.channel(channel)[frame];
//! #             }
//! #         }
//! #     }
//! # }
//! # fn main() {}
//! ```

#![allow(non_local_definitions)] // abi_stable's derives need it since rustc 1.79.

mod block;
mod cpu;
mod delay;
mod event;
pub mod export;
mod handle;
pub mod math;
mod module;
mod peak;
mod playhead;
mod random;
pub mod raw;
mod sequence;
mod smooth;
mod swing;
pub mod testing;
mod transport;
mod voices;

pub use block::{Audio, AudioMut, Block, Full, Inputs, NoteId, Outputs};
pub use cantus_plugin_macros::export;
pub use cpu::Cpu;
pub use delay::Delay;
pub use event::{Data, Event, NoteOn};
pub use handle::{Numbers, Sample};
pub use module::{Described, Init, Key, Module, Shape, Span};
pub use peak::Peak;
pub use playhead::{Playhead, Reach, Row};
pub use random::Random;
pub use raw::{GUARD_FRAMES, Loop, LoopDirection, Onset, QUANTUM};
pub use sequence::{Course, Pattern, Section, Sequence};
pub use smooth::{Glide, Smooth};
pub use swing::Swing;
pub use transport::{Stretch, Transport};
pub use voices::Voices;
