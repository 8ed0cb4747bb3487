//! Where the music is, and where and when things are seen from there.

use cantus_host::control::{ClockReading, Loop};

pub use cantus_host::control::Place;

/// Two beats that are nearer to each other than this part of a period are one.
const SAME: f64 = 1e-9;

/// Seconds by which something repeated may be late and is still done; beyond, it is left out, and counted.
const LATEST: f64 = 0.5;

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Due {
    /// As soon as can be.
    Now,
    /// At an absolute sample.
    Sample(u64),
    /// On a beat.
    Beat(Place),
}

/// Where the music is when the agenda is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The clock.
    pub clock: ClockReading,
    /// The loop that it goes around in.
    pub around: Loop,
    /// The beat at which this epoch of the transport began.
    pub start: f64,
}

impl Moment {
    /// The place of now.
    pub fn place(&self) -> Place {
        Place { lap: self.clock.lap, beat: self.clock.beat }
    }

    /// Frames from now to a place, as the tempo goes now; infinite if beats stand still.
    pub(super) fn frames_to(&self, place: Place) -> f64 {
        if !self.clock.playing {
            return f64::INFINITY;
        }
        // A tempo that falls now may have risen by then: rather too early than too late.
        let (clock, way) = (&self.clock, self.around.beats(self.place(), place));
        clock.frames_to(clock.beat + way).min(way * 60.0 * clock.rate / clock.bpm)
    }

    /// Whether what was due in so many frames is over for so long that it is left out.
    pub(super) fn is_long_over(&self, frames: f64) -> bool {
        frames < -LATEST * self.clock.rate
    }

    /// The sample of something due, as the tempo goes now.
    pub fn sample_of(&self, due: Due) -> u64 {
        match due {
            Due::Now => self.clock.sample,
            Due::Sample(sample) => sample,
            Due::Beat(_) if !self.clock.playing => self.clock.sample,
            Due::Beat(place) => self.clock.sample_of(self.clock.beat + self.around.beats(self.place(), place)),
        }
    }

    /// The place of something due, as the tempo goes now.
    pub fn place_of(&self, due: Due) -> Place {
        let sample = match due {
            Due::Now => return self.place(),
            Due::Beat(place) => return place,
            Due::Sample(sample) => sample,
        };
        if !self.clock.playing {
            return self.place();
        }
        self.around.folded(self.place(), self.clock.beat_at(sample).max(0.0))
    }

    /// The first multiple from a place on; that place itself only if it is `included`. `None`: the loop keeps it out of
    /// reach.
    pub(super) fn multiple(&self, period: f64, offset: f64, from: Place, included: bool) -> Option<Place> {
        let first = |from: f64, included: bool| {
            let steps = (from - offset) / period;
            let near = steps.round();
            // Of large numbers the last digits say nothing.
            let same = SAME.max(4.0 * f64::EPSILON * steps.abs());
            let count = if (steps - near).abs() > same { steps.ceil() } else { near + f64::from(u8::from(!included)) };
            count * period + offset
        };
        let beat = first(from.beat, included);
        match self.around.turn(from.beat) {
            Some((start, end)) if beat >= end - SAME * period => {
                let again = first(start, true);
                (again < end - SAME * period).then_some(Place { lap: from.lap + 1, beat: again })
            }
            _ => Some(Place { lap: from.lap, beat }),
        }
    }

    /// The first line of a grid from a place on, that place itself only if it is `included`; or where the loop turns, if
    /// that comes first.
    pub fn line(&self, grid: f64, (from, included): (Place, bool)) -> Place {
        let line = self.multiple(grid, 0.0, from, included).filter(|line| line.lap == from.lap);
        let turn = || self.around.0.map_or(from, |(start, _)| Place { lap: from.lap + 1, beat: start });
        line.unwrap_or_else(turn)
    }

    /// When the music comes to a beat next, from a place on; that place itself only if it is `included`.
    pub(super) fn coming(&self, beat: f64, from: Place, included: bool) -> Option<Place> {
        let ahead = if included { beat >= from.beat } else { beat > from.beat };
        match self.around.turn(from.beat) {
            Some((start, end)) if !ahead || beat >= end => {
                (start..end).contains(&beat).then_some(Place { lap: from.lap + 1, beat })
            }
            _ => ahead.then_some(Place { lap: from.lap, beat }),
        }
    }
}
