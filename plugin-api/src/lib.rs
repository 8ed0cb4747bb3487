//! The contract between the Cantus host and its module plugins, and the safe SDK to write them with.
//!
//! # The life of a plugin
//!
//! A plugin is a `cdylib` with one manifest (ports, parameters, slots, meters: what a module *is*), one struct per module
//! type, one [`Module`] impl each and one line, [`export!`]. The host reads the manifest from the library's section, before
//! any code of the plugin runs, opens the library and never closes it again. Then, for each instance:
//!
//! | what is called | when | thread | may allocate, take its time |
//! |---|---|---|---|
//! | [`Module::new`] | once | worker | yes |
//! | [`Module::process`], one silent quantum, and [`Module::reset`] | once, to warm up | worker | no |
//! | [`Module::event`] | for what happens, each at its frame of a quantum | audio | no |
//! | [`Module::process`] | for the frames before, between and behind events, 64 in all | audio | no |
//! | [`Module::reset`] | when everything is to be as new; all values follow | audio | no |
//! | the closure of a [`Derived`] | for each job the module asks for | worker, beside the others | yes |
//! | `Drop` | once, when the module is gone and silent | worker | yes |
//!
//! Calls of one instance never overlap, but for those of `Derived`. Values arrive as events only: in the first quantum and
//! after a reset every value arrives, with [`Glide::Snap`].
//!
//! # What must not happen on the audio thread
//!
//! No allocation, no freeing, no lock, no system call, no printing, no waiting. What an event brings ([`Sample`],
//! [`Sequence`], [`Numbers`]) may be cloned and dropped there: that only counts. A panic is caught; the instance is then
//! silent for ever and the host says why. Output that is not finite is silenced.
//!
//! # Shapes and units
//!
//! Audio is planar: per port one slice of 64 `f32` per channel, left first, full scale at 1. Outputs begin at 0. A *frame*
//! counts from the beginning of the quantum (0 to 63), a *sample* from the beginning of the engine (`u64`). Parameters have
//! the units of the manifest: gains are factors, times are seconds, frequencies Hz, on and off 1 and 0, a label its index.
//! Pitches are MIDI notes (60 is C4, fractions are cents), velocities 0 to 1, pans -1 (left) to 1, beats quarter notes.
//! Slots, ports and channels count from 0.
//!
//! # What the SDK brings
//!
//! | for | there is |
//! |---|---|
//! | knobs that do not click | [`Smooth`] |
//! | the voices of an instrument | [`Voices`] |
//! | echoes, combs, choruses | [`Delay`] |
//! | chance that is the same in every run | [`Random`] |
//! | sin, exp, log that are the same on every machine | [`math`] |
//! | what takes long to compute | [`Derived`] |
//! | patterns and the time of the music | [`Transport`], [`Playhead`], [`Sequence`], [`Swing`] |
//! | wide instructions | [`Cpu`] |
//! | meters | [`Block::meter`], [`Peak`] |
//! | a word to people | [`Init::log`], [`Block::say`] |
//! | unit tests without a host | [`testing`] |
//!
//! # Absences
//!
//! This crate knows nothing of the host, of Lua or of any module type, opens no file and starts no thread. A plugin has
//! no state but its manifest's values: what is not declared there is transient.
//!
//! # The smallest plugin
//!
//! ```standalone_crate
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
mod derived;
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
mod turnstile;
mod voices;

pub use block::{Audio, AudioMut, Block, Full, Inputs, NoteId, Outputs};
pub use cantus_plugin_macros::export;
pub use cpu::Cpu;
pub use delay::Delay;
pub use derived::{Derived, Ready};
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
