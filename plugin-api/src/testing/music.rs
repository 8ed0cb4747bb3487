//! The bench's transport.

use crate::raw::{self, Segment, flag};
use crate::swing::Swing;

/// What is done to it takes effect at an absolute sample, at most one quantum ahead of what has been played; what was
/// to happen later is forgotten.
pub(super) struct Music {
    rate: f64,
    bpm: f64,
    pub swing: Swing,
    /// Sorted by sample; the first is in force now.
    segments: Vec<Segment>,
}

impl Music {
    pub(super) fn new(rate: f64) -> Music {
        let still = Segment { sample: 0, beat: 0.0, bpm: 0.0, slope: 0.0, flags: 0, epoch: 0 };
        Music { rate, bpm: 120.0, swing: Swing::STRAIGHT, segments: vec![still] }
    }

    pub(super) fn play(&mut self, at: u64, bpm: f64) {
        self.bpm = bpm;
        let now = self.now(at);
        self.go(Segment { bpm, ..now });
    }

    pub(super) fn pause(&mut self, at: u64) {
        let now = self.now(at);
        self.go(Segment { bpm: 0.0, ..now });
    }

    pub(super) fn stop(&mut self, at: u64) {
        let now = self.now(at);
        self.go(Segment { bpm: 0.0, beat: 0.0, flags: flag::JUMPED, epoch: now.epoch + 1, ..now });
    }

    pub(super) fn seek(&mut self, at: u64, beat: f64) {
        let now = self.now(at);
        self.go(Segment { beat, flags: flag::JUMPED, epoch: now.epoch + 1, ..now });
    }

    pub(super) fn turn(&mut self, at: u64, beat: f64) {
        let now = self.now(at);
        self.go(Segment { beat, flags: flag::JUMPED | flag::LOOPED, ..now });
    }

    pub(super) fn tempo(&mut self, at: u64, bpm: f64) {
        self.bpm = bpm;
        let now = self.now(at);
        self.go(Segment { bpm: if now.moving() { bpm } else { 0.0 }, ..now });
    }

    /// A segment that carries on from what is in force at a sample.
    fn now(&self, at: u64) -> Segment {
        let last = self.segments[self.segments.partition_point(|s| s.sample <= at).saturating_sub(1)];
        let bpm = if last.moving() { self.bpm } else { 0.0 };
        Segment { sample: at, beat: last.beat_at(at, self.rate), bpm, flags: 0, ..last }
    }

    /// Of several at one sample the last one counts, but a jump among them stays one.
    fn go(&mut self, mut segment: Segment) {
        let replaced = self.segments.iter().filter(|s| s.sample == segment.sample);
        segment.flags |= replaced.fold(0, |flags, s| flags | s.flags);
        self.segments.retain(|s| s.sample < segment.sample);
        self.segments.push(segment);
    }

    /// The record of the quantum at `now`; valid until the music is touched again.
    pub(super) fn record(&mut self, now: u64) -> raw::Transport {
        let current = self.segments.partition_point(|s| s.sample <= now).saturating_sub(1);
        self.segments.drain(..current);
        let swing = (self.swing.amount, self.swing.unit);
        raw::Transport { swing: swing.0, swing_unit: swing.1, ..raw::Transport::new(self.rate, &self.segments) }
    }
}
