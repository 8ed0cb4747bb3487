//! What pulls audio: a sound card, nothing at all in real time, or a render.

mod cpal;
mod edge;
mod null;
mod offline;
mod source;

pub use self::cpal::{Card, Cpal, list};
pub use edge::Edge;
pub use null::Null;
pub use offline::Offline;
pub use source::Source;

/// Pulls audio out of a [`Source`]. The output does not depend on which device does it, nor on its block size.
pub trait Device {
    /// Begins to pull; the device owns the source until `stop`.
    ///
    /// # Errors
    /// Why it cannot play, and what to do.
    fn start(&mut self, source: Source) -> Result<(), DeviceError>;

    /// Stops pulling and gives the source back, if it can be had.
    fn stop(&mut self) -> Option<Source>;
}

/// Why a device cannot play.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// There is none.
    #[error("there is no sound device to play on; `--device null` plays to nobody, and `cantus render` needs none")]
    None,
    /// It refused.
    #[error("could not {attempt} sound device \"{device}\": {cause}; `cantus devices` lists all")]
    Refused {
        /// What was attempted.
        attempt: &'static str,
        /// Its name.
        device: String,
        /// What it said.
        cause: String,
    },
}
