//! Beats and samples: the one place where one is turned into the other, for host and plugins.

use std::ops::Range;

use crate::raw::{self, Segment, flag};
use crate::swing::Swing;

/// Added before rounding down, with one half: beats such as 1/3 come out on the sample they mean, not one early.
const NUDGE: f64 = 0.5 + 1.0 / (1u64 << 20) as f64;

/// Where the music is in one quantum: from [`Block::transport`](crate::Block::transport). A beat is a quarter note, and is
/// computed afresh from each absolute sample: nothing adds up.
///
/// ```
/// use cantus_plugin_api::Transport;
///
/// /// Samples of an echo of three sixteenths, while beats go on.
/// fn echo(transport: &Transport<'_>, sample: u64) -> Option<f64> {
///     let bpm = transport.bpm_at(sample);
///     (bpm > 0.0).then(|| 0.75 * 60.0 / bpm * transport.rate())
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Transport<'a> {
    raw: &'a raw::Transport,
}

/// A stretch of samples of one quantum in which beats follow one formula: part of one segment.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Absolute sample of the first frame.
    pub from: u64,
    /// Absolute sample behind the last frame.
    pub to: u64,
    segment: Segment,
    rate: f64,
    swing: Swing,
}

impl<'a> Transport<'a> {
    /// Reads a transport record.
    ///
    /// # Safety
    /// `raw.segments` points to `raw.segment_count` segments, at least one, live for `'a` and sorted by sample.
    pub unsafe fn new(raw: &'a raw::Transport) -> Transport<'a> {
        Transport { raw }
    }

    /// Beats go on at the quantum's first frame.
    pub fn playing(&self) -> bool {
        self.raw.flags & flag::PLAYING != 0
    }

    /// Counts stops, seeks and resets before the quantum's second frame.
    pub fn epoch(&self) -> u32 {
        self.raw.epoch
    }

    /// Sample rate in Hz.
    pub fn rate(&self) -> f64 {
        self.raw.rate
    }

    /// Length of a bar in beats; a beat is a quarter note.
    pub fn beats_per_bar(&self) -> f64 {
        f64::from(self.raw.beats_per_bar)
    }

    /// The signature's lower number: 4 for quarters, 8 for eighths.
    pub fn beat_unit(&self) -> u32 {
        self.raw.beat_unit
    }

    /// What is swung.
    pub fn swing(&self) -> Swing {
        Swing { amount: self.raw.swing, unit: self.raw.swing_unit }
    }

    /// The beats that are looped, if there is a loop.
    pub fn loop_range(&self) -> Option<Range<f64>> {
        (self.raw.flags & flag::LOOPING != 0).then_some(self.raw.loop_start..self.raw.loop_end)
    }

    /// The beat at an absolute sample of the quantum.
    pub fn beat_at(&self, sample: u64) -> f64 {
        self.segment_at(sample).beat_at(sample, self.raw.rate)
    }

    /// Beats per minute at an absolute sample of the quantum; 0 while beats stand still.
    pub fn bpm_at(&self, sample: u64) -> f64 {
        self.segment_at(sample).bpm_at(sample)
    }

    /// What these absolute samples of the quantum are made of: at least one stretch, in order, each following on from
    /// the one before.
    pub fn stretches(&self, samples: Range<u64>) -> impl Iterator<Item = Stretch> + use<'a> {
        stretches(self.segments(), samples, self.raw.rate, self.swing())
    }

    fn segments(&self) -> &'a [Segment] {
        // SAFETY: as promised to `new`.
        unsafe { std::slice::from_raw_parts(self.raw.segments, self.raw.segment_count) }
    }

    fn segment_at(&self, sample: u64) -> &'a Segment {
        let segments = self.segments();
        &segments[segments.partition_point(|s| s.sample <= sample).saturating_sub(1)]
    }
}

/// What `samples` are made of, where `segments` are sorted and in force.
pub(crate) fn stretches(
    segments: &[Segment],
    samples: Range<u64>,
    rate: f64,
    swing: Swing,
) -> impl Iterator<Item = Stretch> {
    segments.iter().enumerate().filter_map(move |(index, segment)| {
        let from = if index == 0 { samples.start } else { segment.sample.max(samples.start) };
        let to = segments.get(index + 1).map_or(samples.end, |next| next.sample.min(samples.end));
        (from < to).then_some(Stretch { from, to, segment: *segment, rate, swing })
    })
}

impl Stretch {
    /// Beats go on.
    pub fn moving(&self) -> bool {
        self.segment.moving()
    }

    /// Its first beat does not follow on from the sample before: a stop, seek, reset or the turn of a loop.
    pub fn jumped(&self) -> bool {
        self.segment.flags & flag::JUMPED != 0 && self.segment.sample == self.from
    }

    /// Counts stops, seeks and resets.
    pub fn epoch(&self) -> u32 {
        self.segment.epoch
    }

    /// The beat at an absolute sample.
    pub fn beat_at(&self, sample: u64) -> f64 {
        self.segment.beat_at(sample, self.rate)
    }

    /// The beat of the grid behind its last frame, not swung.
    pub fn last_beat(&self) -> f64 {
        self.swing.unwarp(self.beat_at(self.to))
    }

    /// Beats per minute at an absolute sample; 0 while beats stand still.
    pub fn bpm_at(&self, sample: u64) -> f64 {
        self.segment.bpm_at(sample)
    }

    /// The same with another swing.
    pub fn swung(self, swing: Swing) -> Stretch {
        Stretch { swing, ..self }
    }

    /// Absolute sample at which a beat is reached: the same from every stretch of the segment. It may lie outside the
    /// stretch; `i64::MAX` if it is never reached.
    pub fn sample_of(&self, beat: f64) -> i64 {
        self.segment.sample_of(beat, self.rate)
    }

    /// What is swung.
    pub fn swing(&self) -> Swing {
        self.swing
    }
}

impl Segment {
    /// Beats go on.
    pub fn moving(&self) -> bool {
        self.bpm != 0.0
    }

    /// The beat at an absolute sample, `rate` in Hz.
    pub fn beat_at(&self, sample: u64, rate: f64) -> f64 {
        let frames = self.frames_at(sample);
        self.beat + frames * (self.bpm + 0.5 * self.slope * frames) / (60.0 * rate)
    }

    /// Beats per minute at an absolute sample.
    pub fn bpm_at(&self, sample: u64) -> f64 {
        self.bpm + self.slope * self.frames_at(sample)
    }

    fn frames_at(&self, sample: u64) -> f64 {
        sample.wrapping_sub(self.sample) as i64 as f64
    }

    /// Frames from the anchor to a beat, not rounded; infinite if it is never reached. `rate` in Hz.
    ///
    /// The root of `slope / 2 * frames^2 + bpm * frames = area`, in the form that loses no digits when the slope is
    /// small, and is a plain division when it is 0.
    pub fn frames_to(&self, beat: f64, rate: f64) -> f64 {
        let area = (beat - self.beat) * (60.0 * rate);
        let square = self.bpm * self.bpm + 2.0 * self.slope * area;
        if !self.moving() || square < 0.0 {
            return f64::INFINITY.copysign(area);
        }
        2.0 * area / (self.bpm + square.sqrt())
    }

    /// The absolute sample of a beat, `rate` in Hz: `floor(x + 0.5 + 2^-20)`, the only rounding there is. Beats beyond
    /// what samples can count stay at the last one.
    pub fn sample_of(&self, beat: f64, rate: f64) -> i64 {
        (self.sample as i64).saturating_add((self.frames_to(beat, rate) + NUDGE).floor() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At 8 Hz: 60 beats per minute (8 samples a beat) to sample 16, then 120 (4 samples a beat), then standing still
    /// at beat 5, then back at beat 1, and from 60 to 120 beats per minute in 16 samples.
    const SEGMENTS: [Segment; 4] = [
        segment(0, 0.0, 60.0, 0.0),
        segment(16, 2.0, 120.0, 0.0),
        segment(28, 5.0, 0.0, 0.0),
        Segment { flags: flag::JUMPED, epoch: 1, ..segment(32, 1.0, 60.0, 3.75) },
    ];

    const fn segment(sample: u64, beat: f64, bpm: f64, slope: f64) -> Segment {
        Segment { sample, beat, bpm, slope, flags: 0, epoch: 0 }
    }

    fn transport(record: &raw::Transport) -> Transport<'_> {
        // SAFETY: each test's record points to segments that live as long as the test.
        unsafe { Transport::new(record) }
    }

    #[test]
    fn beats_and_samples_across_segments() {
        let record = raw::Transport::new(8.0, &SEGMENTS);
        let transport = transport(&record);
        // In the ramp, 8 samples are 8 * (60 + 90) / 2 / 480 beats.
        for (sample, beat, bpm) in [
            (0, 0.0, 60.0),
            (4, 0.5, 60.0),
            (15, 1.875, 60.0),
            (16, 2.0, 120.0),
            (18, 2.5, 120.0),
            (28, 5.0, 0.0),
            (31, 5.0, 0.0),
            (32, 1.0, 60.0),
            (40, 2.25, 90.0),
            (48, 4.0, 120.0),
        ] {
            assert_eq!((transport.beat_at(sample), transport.bpm_at(sample)), (beat, bpm), "sample {sample}");
            let stretch = transport.stretches(sample..sample + 1).next().expect("one stretch");
            let back = if stretch.moving() { sample as i64 } else { i64::MAX };
            assert_eq!((stretch.beat_at(sample), stretch.sample_of(beat)), (beat, back), "sample {sample}");
        }
    }

    #[test]
    fn stretches_follow_on_from_each_other() {
        let record = raw::Transport::new(8.0, &SEGMENTS);
        let shown = |from, to| -> Vec<_> {
            let stretches = transport(&record).stretches(from..to);
            stretches.map(|s| (s.from, s.to, s.moving(), s.jumped(), s.epoch())).collect()
        };
        assert_eq!(
            shown(10, 40),
            [(10, 16, true, false, 0), (16, 28, true, false, 0), (28, 32, false, false, 0), (32, 40, true, true, 1)]
        );
        assert_eq!(shown(33, 40), [(33, 40, true, false, 1)]);
        assert_eq!(shown(16, 28), [(16, 28, true, false, 0)]);
    }

    #[test]
    fn beats_that_are_never_reached() {
        let slower = segment(0, 0.0, 60.0, -3.75);
        // It stands still after 16 samples, at beat 1.
        assert_eq!([1.0, 1.1].map(|beat| slower.sample_of(beat, 8.0)), [16, i64::MAX]);
        assert_eq!(segment(0, 1.0, 0.0, 0.0).sample_of(1.0, 8.0), i64::MAX);
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
        let segment = segment(0, 0.0, 137.3, 0.0);
        for k in (0..10 * 60 * 138).step_by(7) {
            let (numerator, denominator) = (k * 60 * 48_000 * 10, 1373);
            let exact = (2 * numerator + denominator) / (2 * denominator);
            assert_eq!(segment.sample_of(k as f64, 48_000.0), exact, "beat {k}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_samples_beat_is_on_that_sample(
            bpm in 20.0..999.0f64,
            to in 20.0..999.0f64,
            frames in 1u64..1_700_000_000,
            part in 0.0..1.0f64,
            beat in 0.0..100_000.0f64,
        ) {
            let ramp = segment(7, beat, bpm, (to - bpm) / frames as f64);
            let sample = 7 + (part * frames as f64) as u64;
            proptest::prop_assert_eq!(ramp.sample_of(ramp.beat_at(sample, 48_000.0), 48_000.0), sample as i64);
        }
    }
}
