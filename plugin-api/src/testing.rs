//! A bench that runs one module in a unit test, without a host, and laws that every module must keep.
//!
//! ```standalone_crate
//! # use std::ops::Range;
//! # use cantus_plugin_api::{Block, Event, Init, Module};
//! # use softer::{Param, input, output};
//! # cantus_plugin_api::export!("doc/softer.toml", Softer);
//! # struct Softer {
//! #     amount: f32,
//! # }
//! # impl Module for Softer {
//! #     fn new(_: &Init) -> Result<Self, String> {
//! #         Ok(Softer { amount: 0.0 })
//! #     }
//! #     fn reset(&mut self) {
//! #         self.amount = 0.0;
//! #     }
//! #     fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
//! #         if let Event::Param { param: Param::Amount, value, .. } = event {
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
//! # fn main() {
//! use cantus_plugin_api::testing::{Bench, laws};
//!
//! // `Softer` is the module on the crate's page.
//! let mut bench = Bench::<Softer>::new(48_000.0);
//! bench.feed(input::IN, |_sample, _channel| 1.0);
//! bench.param(Param::Amount, 0.0);
//! bench.param_at(3, Param::Amount, 0.75);
//! assert_eq!(bench.quantum().audio[0][..5], [1.0, 1.0, 1.0, 0.25, 0.25]);
//!
//! laws::reset_equals_new::<Softer>(|bench| bench.feed(input::IN, |_, _| 1.0));
//! # }
//! ```
//!
//! The module is driven as by the host: through [`Erased`](crate::export::Erased), in quanta of 64 frames, every value
//! sent with `snap` in the first. What it asks of workers is made between two quanta, as offline. Unlike the host's, a
//! panic of the module goes through to the test. The bench allocates and is for tests only.

mod bench;
mod data;
pub mod laws;
mod music;
mod run;

pub use bench::{Bench, note};
pub use data::{TestNumbers, TestPattern, TestSample, TestSequence, step};
pub use run::{Emitted, Happening, Run};

#[cfg(test)]
mod tests;
