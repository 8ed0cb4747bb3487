//! A bench that runs one module in a unit test, without a host, and laws that every module must keep.
//!
//! ```text
//! let mut bench = Bench::<MultiSampler>::new(8.0);
//! bench.bind_sample(0, SlotParam::File, &TestSample::mono(8.0, &[1.0, 0.5]));
//! bench.note_on(3, note(1));
//! assert_eq!(bench.quantum().audio[0][..6], [0.0, 0.0, 0.0, 1.0, 0.5, 0.0]);
//! ```
//!
//! The module is driven as by the host: through [`Erased`](crate::export::Erased), in quanta of 64 frames, every value
//! sent with `snap` in the first. Unlike the host's, a panic of the module goes through to the test. The bench
//! allocates and is for tests only.

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
