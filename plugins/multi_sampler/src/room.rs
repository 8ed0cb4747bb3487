//! What all voices share.

use cantus_plugin_api::{Init, Numbers};

use crate::multi_sampler::SLOTS;
use crate::reader::Desk;
use crate::values::{Values, frames};

/// Seconds of a fade that is there only not to click, and of a change of gain.
const FADE: f64 = 0.005;
/// Beats per minute before the music has gone for the first time.
const BPM: f64 = 120.0;

/// What the instance is set to and where it stands.
pub struct Room {
    pub values: Values,
    /// Of each slot, where its slices begin if a list says so.
    pub points: Vec<Option<Numbers>>,
    pub desk: Desk,
    /// Frames per second.
    pub rate: f64,
    /// Frames of a fade that is there only not to click.
    pub fade: u32,
    /// Of everything random.
    pub seed: u64,
    /// Beats per minute now, or when the music went last.
    pub bpm: f64,
}

impl Room {
    /// All values at their defaults. Worker thread.
    pub fn new(init: &Init) -> Room {
        let rate = init.rate();
        Room {
            values: Values::new(),
            points: vec![None; SLOTS],
            desk: Desk::new(init.cpu()),
            rate,
            fade: frames(FADE, rate),
            seed: init.seed(),
            bpm: BPM,
        }
    }

    /// As new, without allocating.
    pub fn reset(&mut self) {
        self.values.reset();
        self.points.fill(None);
        self.bpm = BPM;
    }

    pub fn beats_per_frame(&self) -> f64 {
        self.bpm / 60.0 / self.rate
    }
}
