//! Renders as fast as the machine can, on the caller's thread.

use super::{Device, DeviceError, Source};
use crate::rt::OUT_CHANNELS;

/// The offline device: blocks of any size, whenever the caller asks.
#[derive(Default)]
pub struct Offline {
    source: Option<Source>,
}

impl Offline {
    /// The next frames, interleaved, [`OUT_CHANNELS`] channels; silence when nothing was started.
    pub fn pull(&mut self, interleaved: &mut [f32]) {
        match &mut self.source {
            // Nothing is ever late here, so nobody need know how much is taken at once.
            Some(source) => source.serve(interleaved, OUT_CHANNELS),
            None => interleaved.fill(0.0),
        }
    }
}

impl Offline {
    /// Frames that are left of the quantum made last; more need another one.
    pub fn left(&self) -> usize {
        self.source.as_ref().map_or(0, Source::left)
    }
}

impl Device for Offline {
    fn start(&mut self, source: Source) -> Result<(), DeviceError> {
        self.source = Some(source);
        Ok(())
    }

    fn stop(&mut self) -> Option<Source> {
        self.source.take()
    }
}
