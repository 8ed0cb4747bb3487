//! Beats and samples: the one place where one is turned into the other, for host and plugins.

use crate::raw::{self, Segment, flag};

/// Added before rounding down, with one half: beats such as 1/3 come out on the sample they mean, not one early.
const NUDGE: f64 = 0.5 + 1.0 / (1u64 << 20) as f64;

/// Where the music is in one quantum.
#[derive(Clone, Copy)]
pub struct Transport<'a> {
    raw: &'a raw::Transport,
}

impl<'a> Transport<'a> {
    /// Reads a transport record.
    pub fn new(raw: &'a raw::Transport) -> Transport<'a> {
        Transport { raw }
    }

    /// Beats go on.
    pub fn playing(&self) -> bool {
        self.raw.flags & flag::PLAYING != 0
    }

    /// Beats do not follow on from the quantum before: a start, stop, seek or reset.
    pub fn jumped(&self) -> bool {
        self.raw.flags & flag::JUMPED != 0
    }

    /// Counts stops, seeks and resets.
    pub fn epoch(&self) -> u32 {
        self.raw.epoch
    }

    /// Sample rate in Hz.
    pub fn rate(&self) -> f64 {
        self.raw.rate
    }

    /// Beats of a bar.
    pub fn beats_per_bar(&self) -> f64 {
        f64::from(self.raw.beats_per_bar)
    }

    fn segments(&self) -> &'a [Segment] {
        // SAFETY: the host passes at least one live segment with every transport.
        unsafe { std::slice::from_raw_parts(self.raw.segments, self.raw.segment_count) }
    }

    /// The beat at an absolute sample. While stopped: where beats stand still.
    pub fn beat_at(&self, sample: u64) -> f64 {
        let segments = self.segments();
        let at = segments.partition_point(|s| s.sample <= sample).saturating_sub(1);
        if self.playing() { beat_at(&segments[at], sample, self.raw.rate) } else { segments[at].beat }
    }

    /// Absolute sample of a beat: exact, and the same wherever it is asked from. May lie before sample 0.
    pub fn sample_of(&self, beat: f64) -> i64 {
        let segments = self.segments();
        let at = segments.partition_point(|s| s.beat <= beat).saturating_sub(1);
        sample_of(&segments[at], beat, self.raw.rate)
    }
}

/// The beat at an absolute sample of a segment, `rate` in Hz.
pub fn beat_at(segment: &Segment, sample: u64, rate: f64) -> f64 {
    let frames = sample as i64 - segment.sample as i64;
    segment.beat + frames as f64 * segment.bpm / (60.0 * rate)
}

/// The absolute sample of a beat of a segment, `rate` in Hz: `floor(x + 0.5 + 2^-20)`.
pub fn sample_of(segment: &Segment, beat: f64, rate: f64) -> i64 {
    let frames = (beat - segment.beat) * (60.0 * rate) / segment.bpm;
    segment.sample as i64 + (frames + NUDGE).floor() as i64
}
