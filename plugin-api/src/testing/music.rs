//! The bench's transport.

use crate::raw::{self, Segment, flag};

/// Plays, stops and seeks at the start of a quantum; changes of tempo may fall on any sample.
pub(super) struct Music {
    rate: f64,
    playing: bool,
    jumped: bool,
    epoch: u32,
    /// Sorted by sample; the first is in force now.
    segments: Vec<Segment>,
}

impl Music {
    pub(super) fn new(rate: f64) -> Music {
        let segments = vec![Segment { sample: 0, beat: 0.0, bpm: 120.0 }];
        Music { rate, playing: false, jumped: false, epoch: 0, segments }
    }

    /// The beat at a sample, at most one quantum ahead of what has been played.
    pub(super) fn beat_at(&self, sample: u64) -> f64 {
        let at = self.segments.partition_point(|s| s.sample <= sample).saturating_sub(1);
        let segment = &self.segments[at];
        if self.playing { segment.beat_at(sample, self.rate) } else { segment.beat }
    }

    pub(super) fn play(&mut self, now: u64, bpm: f64) {
        let beat = self.beat_at(now);
        self.segments = vec![Segment { sample: now, beat, bpm }];
        self.jumped |= !self.playing;
        self.playing = true;
    }

    pub(super) fn pause(&mut self, now: u64) {
        self.go(now, self.beat_at(now));
        self.playing = false;
    }

    pub(super) fn stop(&mut self, now: u64) {
        self.playing = false;
        self.seek(now, 0.0);
    }

    pub(super) fn seek(&mut self, now: u64, beat: f64) {
        self.jump(now, beat);
        self.epoch += 1;
    }

    pub(super) fn jump(&mut self, now: u64, beat: f64) {
        self.go(now, beat);
        self.jumped = true;
    }

    fn go(&mut self, now: u64, beat: f64) {
        let bpm = self.segments[0].bpm;
        self.segments = vec![Segment { sample: now, beat, bpm }];
    }

    pub(super) fn tempo(&mut self, at: u64, bpm: f64) {
        let beat = self.beat_at(at);
        self.segments.retain(|s| s.sample < at);
        self.segments.push(Segment { sample: at, beat, bpm });
    }

    /// The record of the quantum at `now`; valid until the music is touched again.
    pub(super) fn record(&mut self, now: u64) -> raw::Transport {
        let current = self.segments.partition_point(|s| s.sample <= now).saturating_sub(1);
        self.segments.drain(..current);
        let flags = if self.playing { flag::PLAYING } else { 0 } | if self.jumped { flag::JUMPED } else { 0 };
        self.jumped = false;
        raw::Transport {
            size: size_of::<raw::Transport>() as u32,
            flags,
            epoch: self.epoch,
            beats_per_bar: 4.0,
            rate: self.rate,
            segments: self.segments.as_ptr(),
            segment_count: self.segments.len(),
        }
    }
}
