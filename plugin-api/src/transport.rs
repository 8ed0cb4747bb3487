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
    ///
    /// # Safety
    /// `raw.segments` points to `raw.segment_count` segments, at least one, live for `'a` and sorted by sample.
    pub unsafe fn new(raw: &'a raw::Transport) -> Transport<'a> {
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
        // SAFETY: as promised to `new`.
        unsafe { std::slice::from_raw_parts(self.raw.segments, self.raw.segment_count) }
    }

    /// The beat at an absolute sample. While stopped: where beats stand still.
    pub fn beat_at(&self, sample: u64) -> f64 {
        let segments = self.segments();
        let at = segments.partition_point(|s| s.sample <= sample).saturating_sub(1);
        if self.playing() { segments[at].beat_at(sample, self.raw.rate) } else { segments[at].beat }
    }

    /// Absolute sample of a beat: exact, and the same wherever it is asked from. May lie before sample 0.
    pub fn sample_of(&self, beat: f64) -> i64 {
        let segments = self.segments();
        let at = segments.partition_point(|s| s.beat <= beat).saturating_sub(1);
        segments[at].sample_of(beat, self.raw.rate)
    }
}

impl Segment {
    /// The beat at an absolute sample, `rate` in Hz.
    pub fn beat_at(&self, sample: u64, rate: f64) -> f64 {
        let frames = sample as i64 - self.sample as i64;
        self.beat + frames as f64 * self.bpm / (60.0 * rate)
    }

    /// The absolute sample of a beat, `rate` in Hz: `floor(x + 0.5 + 2^-20)`, the only rounding there is. Beats beyond
    /// what samples can count stay at the last one.
    pub fn sample_of(&self, beat: f64, rate: f64) -> i64 {
        let frames = (beat - self.beat) * (60.0 * rate) / self.bpm;
        (self.sample as i64).saturating_add((frames + NUDGE).floor() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At 8 Hz: 60 beats per minute (8 samples a beat) to sample 16, then 120 (4 samples a beat).
    const SEGMENTS: [Segment; 2] =
        [Segment { sample: 0, beat: 0.0, bpm: 60.0 }, Segment { sample: 16, beat: 2.0, bpm: 120.0 }];

    fn record(flags: u32, segments: &[Segment]) -> raw::Transport {
        raw::Transport {
            size: size_of::<raw::Transport>() as u32,
            flags,
            epoch: 3,
            beats_per_bar: 4.0,
            rate: 8.0,
            segments: segments.as_ptr(),
            segment_count: segments.len(),
        }
    }

    #[test]
    fn beats_and_samples_across_a_change_of_tempo() {
        let record = record(flag::PLAYING, &SEGMENTS);
        // SAFETY: the record points to the test's own segments.
        let transport = unsafe { Transport::new(&record) };
        for (sample, beat) in [(0, 0.0), (4, 0.5), (15, 1.875), (16, 2.0), (18, 2.5), (24, 4.0)] {
            assert_eq!(transport.beat_at(sample), beat, "sample {sample}");
            assert_eq!(transport.sample_of(beat), sample as i64, "beat {beat}");
        }
        assert_eq!(transport.sample_of(-1.0), -8);
    }

    #[test]
    fn a_beat_between_samples_is_rounded_half_up() {
        let segment = SEGMENTS[0];
        for (beat, sample) in [(0.05, 0), (0.0625, 1), (0.0626, 1), (1.0 / 3.0, 3), (0.18, 1), (0.1875, 2)] {
            assert_eq!(segment.sample_of(beat, 8.0), sample, "beat {beat}");
        }
        // A whole sample that arithmetic puts a hair too low is not one early.
        assert_eq!(segment.sample_of(0.0625 - 1e-12, 8.0), 1);
    }

    #[test]
    fn every_beat_of_ten_hours_is_on_its_exact_sample() {
        let segment = Segment { sample: 0, beat: 0.0, bpm: 137.3 };
        for k in (0..10 * 60 * 138).step_by(7) {
            let (numerator, denominator) = (k * 60 * 48_000 * 10, 1373);
            let exact = (2 * numerator + denominator) / (2 * denominator);
            assert_eq!(segment.sample_of(k as f64, 48_000.0), exact, "beat {k}");
        }
    }

    #[test]
    fn beats_stand_still_while_stopped() {
        let record = record(0, &[Segment { sample: 5, beat: 1.5, bpm: 60.0 }]);
        // SAFETY: the record points to the test's own segments.
        let transport = unsafe { Transport::new(&record) };
        assert_eq!([5, 6, 600].map(|sample| transport.beat_at(sample)), [1.5; 3]);
    }
}
