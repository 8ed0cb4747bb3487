//! What waits for its time: pending batches, and when they are due.

use std::cmp::Ordering;
use std::sync::Arc;

use super::batch::{Batch, Bond, When};
use super::laps::{Loop, Place};
use super::state::{ClockReading, Orders};
use crate::model::{Model, Num};
use crate::rt::message::At;
use crate::rt::{QUANTUM, Telemetry};

/// Batches that can be pending. When there are more, they are refused.
pub const PENDING: usize = 1024;

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
    /// A beat of the lap in which it is reached.
    Beat(f64),
    /// A beat of a lap; if a loop keeps it out of reach meanwhile, where that turns.
    Place(Place),
}

/// Keeps what waits, and what the transport will be when all that was handed over has been done.
pub struct Schedule {
    rate: f64,
    pending: Vec<Pending>,
    orders: Orders,
    /// Where the music was when last looked, and frames from there in which a batch must be handed over.
    now: ClockReading,
    horizon: f64,
    /// The tempo of now is that of there: the audio thread has come to where it was told to go.
    arrived: bool,
    /// The loop for which laps were counted.
    around: Loop,
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
        let (pending, orders, now, around) = Default::default();
        Schedule { rate, pending, orders, now, horizon: QUANTUM as f64, arrived: true, around }
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
                Stamp::Beat(beat) | Stamp::Place(Place { beat, .. }) => When::AtBeat(Num::of(beat)),
            },
        };
        self.pending.iter().map(waiting).collect()
    }

    /// Looks where the music is. Offline nothing can come between two looks but the next quantum.
    pub fn look(&mut self, telemetry: &Telemetry, model: &Model) {
        let (before, seen) = (self.now, telemetry.reading());
        self.now = ClockReading::of(seen, self.orders, self.rate);
        self.arrived = seen.epoch == self.orders.epoch;
        if before.epoch == self.now.epoch
            && before.lap < self.now.lap
            && let Some((_, end)) = model.loop_range
        {
            // What was to happen where the loop turned is due, and not in a lap from now.
            for pending in &mut self.pending {
                if let Stamp::Beat(beat) = pending.stamp
                    && (before.beat..=end.get()).contains(&beat)
                {
                    pending.stamp = Stamp::Place(Place { lap: before.lap, beat });
                }
            }
        }
        self.horizon = telemetry.horizon(self.rate);
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
        self.arrived = false;
        self.now = ClockReading { beat, lap: 0, epoch: self.orders.epoch, ..self.now };
        self.pending.extract_if(.., |p| matches!(p.stamp, Stamp::Beat(_) | Stamp::Place(_))).collect()
    }

    /// Keeps a batch no longer. False: it does not wait.
    pub fn drop(&mut self, number: u64) -> bool {
        let at = self.pending.iter().position(|pending| pending.number == number);
        at.map(|at| self.pending.remove(at)).is_some()
    }

    /// Keeps no longer what was to be only with a batch: the numbers.
    pub fn drop_with(&mut self, number: u64) -> Vec<u64> {
        self.pending
            .extract_if(.., |pending| pending.batch.bond == Some(Bond::With(number)))
            .map(|p| p.number)
            .collect()
    }

    /// Keeps a batch until its time; gives it back if that is now.
    pub fn keep(&mut self, number: u64, batch: Batch, model: &Model) -> Kept {
        self.follow_loop(model);
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
        let place = |place| Stamp::Place(Loop::of(model).within(self.here(), place));
        match when {
            When::Now => None,
            When::AtSample(sample) => Some(Stamp::Sample(sample)),
            When::AtBeat(beat) => Some(Stamp::Beat(beat.get())),
            When::At(position) => Some(place(Place { lap: position.lap, beat: position.beat.get() })),
            When::NextGrid(grid) => self.orders.playing.then(|| {
                let grid = if grid.get() > 0.0 { grid.get() } else { model.grid() };
                let beat = (self.now.beat / grid - 1e-9).ceil() * grid;
                place(Place { beat, ..self.here() })
            }),
        }
    }

    fn here(&self) -> Place {
        Place { lap: self.now.lap, beat: self.now.beat }
    }

    /// Takes the batch that is due first, if one is.
    pub fn due(&mut self, model: &Model) -> Option<(Pending, At)> {
        self.follow_loop(model);
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

    /// If the loop is another than it was, what waits for a place is due as many beats from here as it was.
    fn follow_loop(&mut self, model: &Model) {
        let (around, now) = (Loop::of(model), self.here());
        let before = std::mem::replace(&mut self.around, around);
        for pending in &mut self.pending {
            if let Stamp::Place(place) = &mut pending.stamp {
                *place = around.relaid(before, now, *place).unwrap_or(*place);
            }
        }
    }

    /// What batches are ordered by: frames, and, where beats stand still or are out of reach, the beat.
    fn order(&self, stamp: Stamp, model: &Model) -> (f64, f64) {
        let beat = match stamp {
            Stamp::Sample(_) => f64::NEG_INFINITY,
            Stamp::Beat(beat) | Stamp::Place(Place { beat, .. }) => beat,
        };
        (self.frames_until(stamp, model).unwrap_or(f64::INFINITY), beat)
    }

    fn at(&self, stamp: Stamp) -> At {
        let Place { lap, beat } = match stamp {
            Stamp::Sample(sample) => return At::Sample(sample),
            Stamp::Beat(beat) => Place { beat, ..self.here() },
            Stamp::Place(place) => place,
        };
        At::Beat { beat, lap, epoch: self.orders.epoch }
    }

    /// Frames until it is due: at the fastest tempo there is, so never too late. `None`: as things are, never.
    fn frames_until(&self, stamp: Stamp, model: &Model) -> Option<f64> {
        let (around, here) = (Loop::of(model), self.here());
        let place = match stamp {
            Stamp::Sample(sample) => return Some(sample.saturating_sub(self.now.sample) as f64),
            _ if !self.orders.playing => return None,
            // It has to wait for another loop.
            Stamp::Beat(beat) if around.turn(here.beat).is_some_and(|(_, end)| beat > end) => return None,
            Stamp::Beat(beat) => Place { beat, ..here },
            Stamp::Place(place) => place,
        };
        let bpm = match around.turn(here.beat) {
            Some((start, end)) if place.lap > here.lap => {
                let again = fastest(model, start, end, tempo_from(model, start), f64::INFINITY);
                self.fastest_to(end, model).max(again)
            }
            _ => self.fastest_to(place.beat, model),
        };
        Some(around.beats(here, place).max(0.0) * 60.0 * self.rate / bpm)
    }

    /// The fastest tempo on the way from here to a beat. Where the tempo rises, it is no higher than it can be where
    /// batches that are due are handed over.
    fn fastest_to(&self, beat: f64, model: &Model) -> f64 {
        let now = &self.now;
        let bpm = if self.arrived { now.bpm } else { tempo_from(model, now.beat) };
        let rises = self.arrived && now.slope > 0.0;
        let glides_to = if rises { bpm + now.slope * self.horizon } else { f64::INFINITY };
        fastest(model, now.beat, beat, bpm, glides_to)
    }
}

/// The tempo from a beat on, where no glide is under way.
fn tempo_from(model: &Model, beat: f64) -> f64 {
    let points = model.tempo_map.iter().take_while(|(at, _)| at.get() <= beat);
    points.last().map_or(model.bpm, |(_, point)| point.bpm).get()
}

/// The fastest tempo on the way from a beat to another, in beats per minute; rather too fast than too slow. At the first
/// it is `bpm`, and what glides there comes to `glides_to` at the most.
fn fastest(model: &Model, from: f64, to: f64, bpm: f64, mut glides_to: f64) -> f64 {
    let mut fastest = bpm;
    // Before the map's first point the tempo may glide to the Model's own.
    if model.tempo_map.keys().next().is_none_or(|first| from < first.get()) {
        fastest = fastest.max(model.bpm.get().min(glides_to));
    }
    let mut glides = false;
    for (beat, point) in model.tempo_map.iter().map(|(beat, point)| (beat.get(), point)) {
        if beat > from && glides {
            fastest = fastest.max(point.bpm.get().min(glides_to));
            glides_to = f64::INFINITY;
        }
        if beat > from && beat <= to {
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
