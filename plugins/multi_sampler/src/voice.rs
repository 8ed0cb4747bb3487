//! One note that sounds.

use cantus_plugin_api::{Glide, NoteId, QUANTUM, Sample, Smooth};

use crate::envelope::{Adsr, Envelope};
use crate::reader::Reader;

/// A note, from its onset to the end of its sound or release.
pub struct Voice {
    pub note: NoteId,
    pub slot: usize,
    pub pitch: Option<f32>,
    velocity: f32,
    sample: Sample,
    reader: Reader,
    envelope: Envelope,
    left: Smooth,
    right: Smooth,
    /// Frames over which its end fades out, if that is not the sample's own; else 0.
    crop_fade: usize,
}

/// What a voice begins with.
pub struct Start {
    pub note: NoteId,
    pub slot: usize,
    pub pitch: Option<f32>,
    pub velocity: f32,
    pub sample: Sample,
    pub reader: Reader,
    pub adsr: Adsr,
    /// Gain of the left and of the right channel, before velocity.
    pub gains: (f32, f32),
    /// A gain of 1, at rest, that glides as it should.
    pub glide: Smooth,
    pub crop_fade: usize,
}

impl Voice {
    /// Begins.
    pub fn new(start: Start) -> Voice {
        let mut voice = Voice {
            note: start.note,
            slot: start.slot,
            pitch: start.pitch,
            velocity: start.velocity,
            sample: start.sample,
            reader: start.reader,
            envelope: Envelope::new(start.adsr),
            left: start.glide,
            right: start.glide,
            crop_fade: start.crop_fade,
        };
        voice.set_gains(start.gains, Glide::Snap);
        voice
    }

    /// Its slot's gain of the left and of the right channel.
    pub fn set_gains(&mut self, (left, right): (f32, f32), glide: Glide) {
        self.left.set(left * self.velocity, glide);
        self.right.set(right * self.velocity, glide);
    }

    /// How fast the sound plays: 1 as it is.
    pub fn set_ratio(&mut self, ratio: f64) {
        self.reader.set_ratio(ratio);
    }

    /// The speed at which its sample plays unchanged, at an engine of `rate` Hz.
    pub fn natural_ratio(&self, rate: f64) -> f64 {
        self.sample.rate() / rate
    }

    /// Fades out in `frames` frames.
    pub fn release(&mut self, frames: u32) {
        self.envelope.release(frames);
    }

    /// It was told to end.
    pub fn releasing(&self) -> bool {
        self.envelope.releasing()
    }

    /// How loud it is, for choosing whom to miss least.
    pub fn loudness(&self) -> f32 {
        self.envelope.level() * self.left.target().max(self.right.target())
    }

    /// Adds its sound; false when it has none left. At most a quantum at once.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> bool {
        let (mut gains, mut heard) = ([0.0; QUANTUM], [0.0; QUANTUM]);
        let most = left.len().min(self.reader.left());
        let frames = self.envelope.fill(&mut gains[..most]);
        let (gains, heard) = (&mut gains[..frames], &mut heard[..frames]);
        self.fade_at_crop(gains);
        self.reader.read(self.sample.guarded(0), heard);
        add(left, heard, gains, &mut self.left);
        if self.sample.channels() > 1 {
            self.reader.read(self.sample.guarded(1), heard);
        }
        add(right, heard, gains, &mut self.right);
        self.reader.advance(frames);
        frames == left.len() && !self.envelope.done() && self.reader.left() > 0
    }

    /// The last frames before a crop go down in a straight line.
    fn fade_at_crop(&self, gains: &mut [f32]) {
        let left = self.reader.left();
        let first = left.saturating_sub(self.crop_fade);
        for (frame, gain) in gains.iter_mut().enumerate().skip(first) {
            *gain *= (left - frame) as f32 / (self.crop_fade + 1) as f32;
        }
    }
}

/// Adds `heard` to `to` with both gains.
fn add(to: &mut [f32], heard: &[f32], gains: &[f32], glide: &mut Smooth) {
    let frames = to.iter_mut().zip(heard).zip(gains);
    if glide.resting() {
        let rest = glide.target();
        frames.for_each(|((to, heard), gain)| *to += heard * (gain * rest));
    } else {
        frames.for_each(|((to, heard), gain)| *to += heard * (gain * glide.advance()));
    }
}
