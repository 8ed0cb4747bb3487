//! What waits for its time: pending batches, and when they are due.

use std::sync::Arc;

use super::batch::{Batch, When};
use crate::model::{Model, Num};
use crate::rt::message::At;
use crate::rt::{QUANTUM, Reading, Telemetry};

/// Batches that can be pending. When there are more, they are refused.
pub const PENDING: usize = 1024;
/// Seconds before its time that a batch is handed over, besides the block of the device.
const AHEAD: f64 = 0.004;

/// A pending batch as everybody sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Its number.
    pub batch: u64,
    /// Who sent it.
    pub origin: String,
    /// What it does.
    pub what: String,
    /// When it is due: a sample or a beat.
    pub when: When,
}

/// A batch that waits, with its number.
pub struct Pending {
    pub number: u64,
    pub batch: Batch,
    stamp: Stamp,
}

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stamp {
    Sample(u64),
    Beat(f64),
}

/// Keeps what waits, and what the transport will be when all that was handed over has been done.
pub struct Schedule {
    rate: f64,
    pending: Vec<Pending>,
    playing: bool,
    /// Counts stops, seeks and resets, as the audio thread does.
    epoch: u32,
    /// Where the last of them led.
    start: f64,
}

impl Schedule {
    /// Nothing waits; `rate` in Hz.
    pub fn new(rate: f64) -> Schedule {
        Schedule { rate, pending: Vec::new(), playing: false, epoch: 0, start: 0.0 }
    }

    /// What waits, in the order in which it came.
    pub fn waiting(&self) -> Vec<Waiting> {
        let waiting = |p: &Pending| Waiting {
            batch: p.number,
            origin: p.batch.origin.to_string(),
            what: p.batch.work.describe(),
            when: match p.stamp {
                Stamp::Sample(sample) => When::AtSample(sample),
                Stamp::Beat(beat) => When::AtBeat(Num::of(beat)),
            },
        };
        self.pending.iter().map(waiting).collect()
    }

    /// No more can wait.
    pub fn is_full(&self) -> bool {
        self.pending.len() >= PENDING
    }

    /// The transport was told to start (true), or to pause.
    pub fn play(&mut self, playing: bool) {
        self.playing = playing;
    }

    /// The transport was told to go to a beat, in a new epoch. What was to happen at beats of the old one never will.
    pub fn jump(&mut self, beat: f64) -> Vec<Pending> {
        self.epoch = self.epoch.wrapping_add(1);
        self.start = beat;
        self.pending.extract_if(.., |p| matches!(p.stamp, Stamp::Beat(_))).collect()
    }

    /// Keeps a batch until its time; gives it back if that is now, with the stamp it is to be handed over with.
    pub fn keep(&mut self, number: u64, batch: Batch, model: &Model, telemetry: &Telemetry) -> Option<(Batch, At)> {
        let now = self.now(telemetry);
        let stamp = match batch.when {
            When::Now => return Some((batch, At::Now)),
            When::AtSample(sample) => Stamp::Sample(sample),
            When::AtBeat(beat) => Stamp::Beat(beat.get()),
            When::NextGrid(_) if !self.playing => return Some((batch, At::Now)),
            When::NextGrid(grid) => Stamp::Beat(self.next_grid(grid.get(), &now, model)),
        };
        if self.frames_until(stamp, &now, model).is_some_and(|frames| frames < self.horizon(telemetry)) {
            return Some((batch, self.at(stamp)));
        }
        self.pending.push(Pending { number, batch, stamp });
        None
    }

    /// Takes the batch that is due first, if one is.
    pub fn due(&mut self, model: &Model, telemetry: &Telemetry) -> Option<(Pending, At)> {
        if self.pending.is_empty() {
            return None;
        }
        let (now, horizon) = (self.now(telemetry), self.horizon(telemetry));
        let frames = |p: &Pending| self.frames_until(p.stamp, &now, model);
        let due = self.pending.iter().enumerate().filter_map(|(i, p)| Some((frames(p)?, i)));
        let (_, index) = due.filter(|(frames, _)| *frames < horizon).min_by(|a, b| a.0.total_cmp(&b.0))?;
        let pending = self.pending.remove(index);
        let at = self.at(pending.stamp);
        Some((pending, at))
    }

    /// The pending batches that are due before one that would wait until `when`, in that order: what it builds on.
    pub fn before(&self, when: When, model: &Model, telemetry: &Telemetry) -> Vec<&Batch> {
        let now = self.now(telemetry);
        let stamp = match when {
            When::Now => return Vec::new(),
            When::AtSample(sample) => Stamp::Sample(sample),
            When::AtBeat(beat) => Stamp::Beat(beat.get()),
            When::NextGrid(grid) => Stamp::Beat(self.next_grid(grid.get(), &now, model)),
        };
        let frames = |stamp| self.frames_until(stamp, &now, model).unwrap_or(f64::INFINITY);
        let due = |s: Stamp| match (s, stamp) {
            // Of two beats the earlier comes first, even while beats stand still.
            (Stamp::Beat(a), Stamp::Beat(b)) => a - b,
            (s, stamp) => frames(s) - frames(stamp),
        };
        let earlier = self.pending.iter().map(|p| (due(p.stamp), &p.batch)).filter(|(by, _)| *by <= 0.0);
        let mut earlier: Vec<_> = earlier.collect();
        earlier.sort_by(|a, b| a.0.total_cmp(&b.0));
        earlier.into_iter().map(|(_, batch)| batch).collect()
    }

    fn at(&self, stamp: Stamp) -> At {
        match stamp {
            Stamp::Sample(sample) => At::Sample(sample),
            Stamp::Beat(beat) => At::Beat { beat, epoch: self.epoch },
        }
    }

    /// Where the music is; where it is about to be, if it was told to go there and has not heard of it.
    fn now(&self, telemetry: &Telemetry) -> Reading {
        let now = telemetry.reading();
        if now.epoch == self.epoch { now } else { Reading { beat: self.start, ..now } }
    }

    /// Frames from now in which a batch must be handed over to come in time. Offline nothing can come in between.
    fn horizon(&self, telemetry: &Telemetry) -> f64 {
        match telemetry.block() {
            0 => QUANTUM as f64,
            block => f64::from(block) + AHEAD * self.rate,
        }
    }

    /// Frames until it is due: at the fastest tempo there is, so never too late. `None`: as things are, never.
    fn frames_until(&self, stamp: Stamp, now: &Reading, model: &Model) -> Option<f64> {
        match stamp {
            Stamp::Sample(sample) => Some(sample.saturating_sub(now.sample) as f64),
            Stamp::Beat(_) if !self.playing => None,
            Stamp::Beat(beat) if turn(model, now.beat).is_some_and(|end| beat > end) => None,
            Stamp::Beat(beat) => Some((beat - now.beat).max(0.0) * 60.0 * self.rate / fastest(model, now, beat)),
        }
    }

    /// The next beat of a grid that can still be met.
    fn next_grid(&self, grid: f64, now: &Reading, model: &Model) -> f64 {
        let grid = if grid > 0.0 { grid } else { model.grid() };
        let next = (now.beat / grid - 1e-9).ceil() * grid;
        turn(model, now.beat).map_or(next, |end| next.min(end))
    }
}

/// Where the loop turns, if the music goes towards that.
fn turn(model: &Model, beat: f64) -> Option<f64> {
    model.loop_range.map(|(_, end)| end.get()).filter(|end| beat < *end)
}

/// The fastest tempo on the way from here to a beat, in beats per minute; rather too fast than too slow.
fn fastest(model: &Model, now: &Reading, to: f64) -> f64 {
    let points = || model.tempo_map.iter().map(|(beat, point)| (beat.get(), point.bpm.get()));
    // The tempo may already glide to the point behind it.
    let last = points().find(|(beat, _)| *beat > to).map_or(to, |(beat, _)| beat);
    let ahead = points().filter(|(beat, _)| now.beat < *beat && *beat <= last).map(|(_, bpm)| bpm);
    // Before the map's first point the tempo may glide to the Model's own.
    let base = points().next().is_none_or(|(beat, _)| now.beat < beat).then(|| model.bpm.get());
    ahead.chain(base).fold(now.bpm, f64::max)
}

/// What became of something that was accepted before: for whoever sent it, and all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Counts reports.
    pub number: u64,
    /// The batch.
    pub batch: u64,
    /// Who sent it.
    pub origin: String,
    /// What became of it, and what to do.
    pub text: String,
}

/// The last reports, oldest first.
pub type Reports = Arc<Vec<Report>>;
