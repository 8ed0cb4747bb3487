//! The tempo as a function of the beat: a base that can glide to another, and a map that counts from its first point on.

use super::telemetry::Reading;

/// Tempos at beats. Immutable: it is swapped as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TempoMap {
    points: Box<[TempoPoint]>,
}

/// The tempo from a beat on, until the next point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TempoPoint {
    /// Where.
    pub beat: f64,
    /// Beats per minute, above 0.
    pub bpm: f64,
    /// From here the tempo glides, linearly in time, and arrives at the next point's tempo exactly at its beat. The last
    /// point has nowhere to glide.
    pub ramp: bool,
}

impl TempoMap {
    /// Control thread: the points in any order; of several at one beat the last one counts.
    pub fn new(mut points: Vec<TempoPoint>) -> TempoMap {
        points.sort_by(|a, b| a.beat.total_cmp(&b.beat));
        TempoMap { points: points.into() }
    }
}

/// What the tempo does from a beat on, until it does something else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    /// Beats per minute at that beat.
    pub bpm: f64,
    /// Beats per minute gained with each sample.
    pub slope: f64,
    /// The beat at which it does something else; infinite if it never does.
    pub until: f64,
}

impl Pace {
    /// Beats stand still.
    pub const STILL: Pace = Pace { bpm: 0.0, slope: 0.0, until: f64::INFINITY };
}

/// From one beat and tempo to another, linearly in time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ramp {
    from: (f64, f64),
    to: (f64, f64),
}

impl Ramp {
    /// What is linear in time has squares that are linear in beats, as the speed of a falling stone. A ramp that is over
    /// within a sample is a step: its slope may be beyond what numbers can say.
    fn at(&self, beat: f64, rate: f64) -> Pace {
        let ((from, slow), (to, fast)) = (self.from, self.to);
        if (to - from) * 120.0 * rate < slow + fast {
            return Pace { bpm: slow, slope: 0.0, until: to };
        }
        let per_beat = (fast * fast - slow * slow) / (to - from);
        let bpm = (slow * slow + per_beat * (beat - from)).max(0.0).sqrt();
        Pace { bpm, slope: per_beat / (120.0 * rate), until: to }
    }
}

/// The tempo in force.
pub(super) struct Tempo {
    /// Where the map does not count: beats per minute, and what leads there.
    base: f64,
    ramp: Option<Ramp>,
    pub map: Box<TempoMap>,
}

impl Tempo {
    /// Control thread.
    pub fn new(bpm: f64) -> Tempo {
        Tempo { base: bpm, ramp: None, map: Box::default() }
    }

    /// Control thread. As it was seen: it is a tempo, or glides there.
    pub fn seen(bpm: f64, map: Box<TempoMap>, seen: &Reading, rate: f64) -> Tempo {
        let mapped = map.points.first().is_some_and(|first| first.beat <= seen.beat);
        let left = (bpm * bpm - seen.bpm * seen.bpm) / (seen.slope * 120.0 * rate);
        let glides = !mapped && seen.slope != 0.0 && left > 0.0;
        let ramp = glides.then_some(Ramp { from: (seen.beat, seen.bpm), to: (seen.beat + left, bpm) });
        Tempo { base: bpm, ramp, map }
    }

    /// From a beat on, `rate` in Hz.
    pub fn at(&self, beat: f64, rate: f64) -> Pace {
        let points = &self.map.points;
        let next = points.partition_point(|p| p.beat <= beat);
        let until = points.get(next).map_or(f64::INFINITY, |p| p.beat);
        match (next.checked_sub(1).map(|i| points[i]), points.get(next)) {
            (Some(a), Some(b)) if a.ramp => Ramp { from: (a.beat, a.bpm), to: (b.beat, b.bpm) }.at(beat, rate),
            (Some(point), _) => Pace { bpm: point.bpm, slope: 0.0, until },
            (None, _) => {
                let base = self.base_at(beat, rate);
                Pace { until: base.until.min(until), ..base }
            }
        }
    }

    fn base_at(&self, beat: f64, rate: f64) -> Pace {
        match &self.ramp {
            Some(ramp) if beat < ramp.to.0 => ramp.at(beat, rate),
            _ => Pace { bpm: self.base, ..Pace::STILL },
        }
    }

    /// Makes the base another, in so many beats from `beat` on.
    pub fn set(&mut self, bpm: f64, over: f64, beat: f64, rate: f64) {
        let from = (beat, self.base_at(beat, rate).bpm);
        self.base = bpm;
        self.ramp = (over > 0.0).then_some(Ramp { from, to: (beat + over, bpm) });
    }

    /// Drops what is left of a ramp: the base is its target.
    pub fn drop_ramp(&mut self) {
        self.ramp = None;
    }

    /// Beats have gone back by so many; what is left of a ramp stays as long.
    pub fn go_back(&mut self, beats: f64) {
        if let Some(ramp) = &mut self.ramp {
            ramp.from.0 -= beats;
            ramp.to.0 -= beats;
        }
    }
}
