//! One slot: a sound and how it is to be played.

use cantus_plugin_api::Sample;
use cantus_plugin_api::math::pan_gains;

use crate::multi_sampler::SlotParam;

/// The values of a slot, as in the manifest.
pub struct Slot {
    pub sample: Option<Sample>,
    pub root: f64,
    /// In cents.
    pub tune: f64,
    pub gain: f32,
    pub pan: f32,
    /// Fractions of the sample's length.
    pub start: f64,
    pub finish: f64,
    /// 0 is none.
    pub choke: u8,
    pub looping: bool,
}

impl Slot {
    /// Empty, everything at its default.
    pub const NEW: Slot = Slot {
        sample: None,
        root: 60.0,
        tune: 0.0,
        gain: 1.0,
        pan: 0.0,
        start: 0.0,
        finish: 1.0,
        choke: 0,
        looping: false,
    };

    /// Takes a value.
    pub fn set(&mut self, param: SlotParam, value: f64) {
        match param {
            SlotParam::File => {}
            SlotParam::Root => self.root = value,
            SlotParam::Tune => self.tune = value,
            SlotParam::Gain => self.gain = value as f32,
            SlotParam::Pan => self.pan = value as f32,
            SlotParam::Start => self.start = value,
            SlotParam::Finish => self.finish = value,
            SlotParam::Choke => self.choke = value as u8,
            SlotParam::Looping => self.looping = value != 0.0,
        }
    }

    /// Gain of the left and of the right channel.
    pub fn gains(&self) -> (f32, f32) {
        let (left, right) = pan_gains(self.pan);
        (self.gain * left, self.gain * right)
    }

    /// Semitones by which a note moves the sound; without a pitch the note is the root.
    pub fn semitones(&self, pitch: Option<f32>) -> f64 {
        pitch.map_or(0.0, |pitch| f64::from(pitch) - self.root) + self.tune / 100.0
    }
}
