//! What waits for its time: pending batches, and when they are due.

use std::cmp::Ordering;
use std::sync::Arc;

use super::batch::{Batch, When};
use super::state::{ClockReading, Orders};
use crate::model::{Model, Num};
use crate::rt::message::At;
use crate::rt::{QUANTUM, Telemetry};

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
    /// A beat of a lap; of the lap in which it is reached.
    Beat(f64, Option<u32>),
}

/// Keeps what waits, and what the transport will be when all that was handed over has been done.
pub struct Schedule {
    rate: f64,
    pending: Vec<Pending>,
    orders: Orders,
    /// Where the music was when last looked, and frames from there in which a batch must be handed over.
    now: ClockReading,
    horizon: f64,
}

/// What becomes of a batch.
pub enum Kept {
    /// It is for now, or due so soon that it is handed over with its stamp.
    Due(Batch, At),
    /// It waits.
    Waits,
    /// No more can wait.
    Full,
    /// It is for a stretch of music that is over: the transport was stopped, moved or reset.
    Over,
}

impl Schedule {
    /// Nothing waits; `rate` in Hz.
    pub fn new(rate: f64) -> Schedule {
        let (pending, orders, now) = Default::default();
        Schedule { rate, pending, orders, now, horizon: QUANTUM as f64 }
    }

    /// What the transport was told.
    pub fn orders(&self) -> Orders {
        self.orders
    }

    /// What waits, in the order in which it came.
    pub fn waiting(&self) -> Vec<Waiting> {
        let waiting = |p: &Pending| Waiting {
            batch: p.number,
            origin: p.batch.origin.to_string(),
            what: p.batch.work.describe(),
            when: match p.stamp {
                Stamp::Sample(sample) => When::AtSample(sample),
                Stamp::Beat(beat, _) => When::AtBeat(Num::of(beat)),
            },
        };
        self.pending.iter().map(waiting).collect()
    }

    /// Looks where the music is. Offline nothing can come between two looks but the next quantum.
    pub fn look(&mut self, telemetry: &Telemetry, model: &Model) {
        let before = self.now;
        self.now = ClockReading::of(telemetry.reading(), self.orders, self.rate);
        if before.epoch == self.now.epoch
            && before.lap < self.now.lap
            && let Some((_, end)) = model.loop_range
        {
            // What was to happen where the loop turned is due, and not in a lap from now.
            for pending in &mut self.pending {
                if let Stamp::Beat(beat, lap @ None) = &mut pending.stamp
                    && (before.beat..=end.get()).contains(beat)
                {
                    *lap = Some(before.lap);
                }
            }
        }
        self.horizon = match telemetry.block() {
            0 => QUANTUM as f64,
            block => f64::from(block) + AHEAD * self.rate,
        };
    }

    /// The transport was told to start (true), or to pause.
    pub fn play(&mut self, playing: bool) {
        self.orders.playing = playing;
        self.now.playing = playing;
    }

    /// The transport was told to go to a beat, in a new epoch. What was to happen at beats of the old one never will.
    pub fn jump(&mut self, beat: f64) -> Vec<Pending> {
        self.orders.epoch = self.orders.epoch.wrapping_add(1);
        self.orders.start = beat;
        self.now = ClockReading { beat, lap: 0, epoch: self.orders.epoch, ..self.now };
        self.pending.extract_if(.., |p| matches!(p.stamp, Stamp::Beat(..))).collect()
    }

    /// Keeps a batch no longer. False: it does not wait.
    pub fn drop(&mut self, number: u64) -> bool {
        let at = self.pending.iter().position(|pending| pending.number == number);
        at.map(|at| self.pending.remove(at)).is_some()
    }

    /// Keeps a batch until its time; gives it back if that is now.
    pub fn keep(&mut self, number: u64, batch: Batch, model: &Model) -> Kept {
        if matches!(batch.when, When::At(position) if position.epoch != self.orders.epoch) {
            return Kept::Over;
        }
        let Some(stamp) = self.stamp(batch.when, model) else { return Kept::Due(batch, At::Now) };
        if self.frames_until(stamp, model).is_some_and(|frames| frames < self.horizon) {
            return Kept::Due(batch, self.at(stamp));
        }
        if self.pending.len() >= PENDING {
            return Kept::Full;
        }
        self.pending.push(Pending { number, batch, stamp });
        Kept::Waits
    }

    /// The stamp of a batch; `None`: it is for now.
    fn stamp(&self, when: When, model: &Model) -> Option<Stamp> {
        match when {
            When::Now => None,
            When::AtSample(sample) => Some(Stamp::Sample(sample)),
            When::AtBeat(beat) => Some(Stamp::Beat(beat.get(), None)),
            When::At(position) => Some(Stamp::Beat(position.beat.get(), Some(position.lap))),
            When::NextGrid(grid) => self.orders.playing.then(|| Stamp::Beat(self.next_grid(grid.get(), model), None)),
        }
    }

    /// Takes the batch that is due first, if one is.
    pub fn due(&mut self, model: &Model) -> Option<(Pending, At)> {
        let due = self.pending.iter().enumerate().map(|(i, p)| (self.order(p.stamp, model), i));
        let (_, index) = due.filter(|((frames, _), _)| *frames < self.horizon).min_by(|a, b| earlier(&a.0, &b.0))?;
        let pending = self.pending.remove(index);
        let at = self.at(pending.stamp);
        Some((pending, at))
    }

    /// What is pending and due before a batch that would wait until `when`, in that order: what it builds on.
    pub fn before(&self, when: When, model: &Model) -> Vec<&Pending> {
        let Some(stamp) = self.stamp(when, model) else { return Vec::new() };
        let last = self.order(stamp, model);
        let all = self.pending.iter().map(|pending| (self.order(pending.stamp, model), pending));
        let mut before: Vec<_> = all.filter(|(order, _)| earlier(order, &last).is_le()).collect();
        before.sort_by(|a, b| earlier(&a.0, &b.0));
        before.into_iter().map(|(_, pending)| pending).collect()
    }

    /// What batches are ordered by: frames, and, where beats stand still or are out of reach, the beat.
    fn order(&self, stamp: Stamp, model: &Model) -> (f64, f64) {
        let beat = if let Stamp::Beat(beat, _) = stamp { beat } else { f64::NEG_INFINITY };
        (self.frames_until(stamp, model).unwrap_or(f64::INFINITY), beat)
    }

    fn at(&self, stamp: Stamp) -> At {
        match stamp {
            Stamp::Sample(sample) => At::Sample(sample),
            Stamp::Beat(beat, lap) => At::Beat { beat, lap: lap.unwrap_or(self.now.lap), epoch: self.orders.epoch },
        }
    }

    /// Frames until it is due: at the fastest tempo there is, so never too late. `None`: as things are, never.
    fn frames_until(&self, stamp: Stamp, model: &Model) -> Option<f64> {
        let now = &self.now;
        let (beat, lap) = match stamp {
            Stamp::Sample(sample) => return Some(sample.saturating_sub(now.sample) as f64),
            Stamp::Beat(..) if !self.orders.playing => return None,
            Stamp::Beat(beat, lap) => (beat, lap.unwrap_or(now.lap)),
        };
        let turn = turn(model, now.beat);
        let (way, to) = match (model.loop_range, turn) {
            _ if lap < now.lap => (0.0, now.beat),
            (Some((start, _)), Some(end)) if lap > now.lap => {
                let round = f64::from(lap - now.lap - 1) * (end - start.get());
                (end - now.beat + round + beat - start.get(), end.max(beat))
            }
            (_, Some(end)) if beat > end => return None,
            _ => (beat - now.beat, beat),
        };
        Some(way.max(0.0) * 60.0 * self.rate / fastest(model, now, to))
    }

    /// The next beat of a grid.
    fn next_grid(&self, grid: f64, model: &Model) -> f64 {
        let now = &self.now;
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
fn fastest(model: &Model, now: &ClockReading, to: f64) -> f64 {
    let mut fastest = now.bpm;
    // Before the map's first point the tempo may glide to the Model's own.
    if model.tempo_map.keys().next().is_none_or(|first| now.beat < first.get()) {
        fastest = fastest.max(model.bpm.get());
    }
    let mut glides = false;
    for (beat, point) in model.tempo_map.iter().map(|(beat, point)| (beat.get(), point)) {
        if beat > now.beat && (beat <= to || glides) {
            fastest = fastest.max(point.bpm.get());
        }
        if beat > to {
            break;
        }
        glides = point.ramp;
    }
    fastest
}

fn earlier(a: &(f64, f64), b: &(f64, f64)) -> Ordering {
    a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
}

/// What became of something that was accepted before: for whoever sent it, and all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Counts reports.
    pub number: u64,
    /// The batches; none if it is of something else that went wrong.
    pub batches: Vec<u64>,
    /// Who sent them.
    pub origin: String,
    /// What became of them, and what to do.
    pub text: String,
}

/// The last reports, oldest first.
pub type Reports = Arc<Vec<Report>>;
