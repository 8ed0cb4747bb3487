//! Clock and playhead together, on random walks, against an oracle that goes through time sample by sample.
//!
//! The oracle anchors nothing to samples, so that it rounds nothing, and asks for no sample of a beat: a row begins at
//! the first sample `s` with `beat(s + 0.5 - 2^-20)` beyond it, which is what rounding its time says.

use cantus_plugin_api::testing::TestPattern;
use cantus_plugin_api::{Playhead, Reach, Swing as Swung, Transport};
use proptest::prelude::*;

use super::*;

const RATE: f64 = 64.0;
const PER_BEAT: f64 = 4.0;
/// From a sample to the latest time that is rounded to it.
const AHEAD: f64 = 0.5 - 1.0 / (1u64 << 20) as f64;

type Walk = Vec<(u64, TransportChange)>;
type Points = Vec<(f64, f64, bool)>;

/// A stretch of time in which beats follow one formula, from the true time at which it begins.
#[derive(Clone, Copy)]
struct Piece {
    time: f64,
    beat: f64,
    bpm: f64,
    slope: f64,
    until: f64,
}

impl Piece {
    fn beat(&self, time: f64) -> f64 {
        let t = time - self.time;
        self.beat + t * (self.bpm + 0.5 * self.slope * t) / (60.0 * RATE)
    }
}

struct Oracle {
    playing: bool,
    base: f64,
    /// Beats and tempos of both ends.
    ramp: Option<[(f64, f64); 2]>,
    map: Points,
    around: Option<(f64, f64)>,
    swing: Swung,
    piece: Piece,
    cursor: Option<u64>,
}

impl Oracle {
    /// The tempo from a beat on, from the duration of its ramp: beats over mean tempo.
    fn piece(&self, time: f64, beat: f64) -> Piece {
        let next = self.map.iter().position(|p| p.0 > beat).unwrap_or(self.map.len());
        let mut until = self.map.get(next).map_or(f64::INFINITY, |p| p.0);
        let (mut ends, mut bpm) = (self.ramp.filter(|r| beat < r[1].0), self.base);
        if next > 0 {
            let (a, b) = (self.map[next - 1], self.map.get(next));
            bpm = a.1;
            ends = b.filter(|_| a.2).map(|b| [(a.0, a.1), (b.0, b.1)]);
        }
        let mut slope = 0.0;
        if let Some([from, to]) = ends {
            let frames = (to.0 - from.0) * 60.0 * RATE / (0.5 * (from.1 + to.1));
            slope = (to.1 - from.1) / frames;
            let whole = Piece { time: 0.0, beat: from.0, bpm: from.1, slope, until: to.0 };
            bpm += solve(&whole, beat, frames) * slope + (from.1 - bpm);
            until = until.min(to.0);
        }
        if let Some((_, end)) = self.around.filter(|range| beat < range.1) {
            until = until.min(end);
        }
        match self.playing {
            true => Piece { time, beat, bpm, slope, until },
            false => Piece { time, beat, bpm: 0.0, slope: 0.0, until: f64::INFINITY },
        }
    }

    /// Goes on to a time, through every end on the way.
    fn advance(&mut self, to: f64) {
        while self.piece.beat(to) > self.piece.until {
            let end = self.piece.until;
            let time = self.piece.time + solve(&Piece { time: 0.0, ..self.piece }, end, to - self.piece.time);
            let turn = self.around.filter(|range| range.1 == end);
            let beat = turn.map_or(end, |range| range.0);
            if let Some([from, to]) = self.ramp.as_mut().filter(|_| turn.is_some()) {
                (from.0, to.0) = (from.0 + beat - end, to.0 + beat - end);
            }
            self.cursor = self.cursor.filter(|_| turn.is_none());
            self.piece = self.piece(time, beat);
        }
    }

    fn change(&mut self, change: TransportChange, sample: f64) {
        self.advance(sample + AHEAD);
        let mut beat = self.piece.beat(sample);
        let jumps = match change {
            Start | Pause => None,
            Stop | Reset => Some(0.0),
            Seek(beat) => Some(beat),
            _ => None,
        };
        if let Some(to) = jumps {
            (beat, self.cursor, self.ramp) = (to, None, None);
        }
        match change {
            Start => self.playing = true,
            Stop | Pause => self.playing = false,
            Loop(range) => self.around = range,
            TransportChange::Tempo { bpm, over } => {
                let gliding = self.ramp.filter(|r| beat < r[1].0);
                let from = gliding.map_or(self.base, |[from, to]| {
                    let square = |x: f64| x * x;
                    (square(from.1) + (square(to.1) - square(from.1)) * (beat - from.0) / (to.0 - from.0)).sqrt()
                });
                self.ramp = (over > 0.0).then_some([(beat, from), (beat + over, bpm)]);
                self.base = bpm;
            }
            _ => {}
        }
        self.piece = self.piece(sample, beat);
    }

    /// The rows that begin at a sample.
    fn rows(&mut self, sample: u64) -> Vec<(u64, u64)> {
        self.advance(sample as f64 + AHEAD);
        if !self.playing {
            return Vec::new();
        }
        let swung = |index: u64| self.swing.warp(index as f64 / PER_BEAT);
        let earliest = self.piece.beat(sample as f64 + AHEAD - 1.0);
        let first = || (0..).find(|index| swung(*index) >= earliest).unwrap_or(0);
        let from = self.cursor.unwrap_or_else(first);
        let next = (from..).find(|index| swung(*index) >= self.piece.beat(sample as f64 + AHEAD)).unwrap_or(from);
        self.cursor = Some(next);
        (from..next).map(|index| (index, sample)).collect()
    }
}

/// When a beat is reached, between 0 and `longest`: bisection.
fn solve(piece: &Piece, beat: f64, longest: f64) -> f64 {
    let (mut low, mut high) = (0.0, longest);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if piece.beat(middle) < beat { low = middle } else { high = middle }
    }
    high
}

/// All rows, and the beat at each sample, of a walk in quanta of any length. What is swung counts for its quantum.
fn walked(points: &Points, walk: &Walk, quantum: u64, end: u64) -> (Vec<(u64, u64)>, Vec<f64>) {
    let mut clock = Clock::new(RATE, 60.0);
    let mut head = Playhead::default();
    let sequence = TestPattern::new(1, PER_BEAT, &[]).endless().sequence();
    let (mut rows, mut beats) = (Vec::new(), Vec::new());
    clock.swap_map(&mut map(points), 0);
    for from in (0..end).step_by(quantum as usize) {
        let to = from + quantum;
        clock.begin();
        for (sample, change) in walk.iter().filter(|(sample, _)| (from..to).contains(sample)) {
            clock.change(*change, *sample);
        }
        clock.advance(to);
        let record = clock.record();
        // SAFETY: the clock keeps the segments of its record until it is touched again.
        let transport = unsafe { Transport::new(&record) };
        for stretch in transport.stretches(from..to) {
            let next = || head.next(&stretch, &sequence, Reach::default());
            rows.extend(std::iter::from_fn(next).map(|row| (row.turn, row.sample)));
            beats.extend((stretch.from..stretch.to).map(|sample| stretch.beat_at(sample)));
        }
    }
    (rows, beats)
}

fn expected(points: &Points, walk: &Walk, quantum: u64, end: u64) -> (Vec<(u64, u64)>, Vec<f64>) {
    let still = Piece { time: 0.0, beat: 0.0, bpm: 0.0, slope: 0.0, until: f64::INFINITY };
    let mut oracle = Oracle {
        playing: false,
        base: 60.0,
        ramp: None,
        map: points.clone(),
        around: None,
        swing: Swung::STRAIGHT,
        piece: still,
        cursor: None,
    };
    let (mut rows, mut beats) = (Vec::new(), Vec::new());
    for sample in 0..end {
        let swung = walk.iter().filter(|(at, _)| at / quantum == sample / quantum);
        for (_, change) in swung {
            if let TransportChange::Swing { amount, unit } = change {
                oracle.swing = Swung { amount: *amount, unit: *unit };
            }
        }
        for (_, change) in walk.iter().filter(|(at, _)| *at == sample) {
            oracle.change(*change, sample as f64);
        }
        rows.extend(oracle.rows(sample));
        beats.push(oracle.piece.beat(sample as f64));
    }
    (rows, beats)
}

fn changes() -> impl Strategy<Value = TransportChange> {
    let bpm = || 40.0..240.0f64;
    prop_oneof![
        4 => Just(Start),
        1 => Just(Stop),
        1 => Just(Pause),
        1 => Just(Reset),
        2 => (0.0..20.0f64).prop_map(Seek),
        3 => bpm().prop_map(tempo),
        3 => (bpm(), 0.5..8.0f64).prop_map(|(bpm, over)| ramp(bpm, over)),
        3 => (0.0..8.0f64, 1.0..4.0f64).prop_map(|(start, length)| Loop(Some((start, start + length)))),
        1 => Just(Loop(None)),
        2 => (0.5..0.75f64, prop_oneof![Just(0.25), Just(0.5)]).prop_map(|(amount, unit)| Swing { amount, unit }),
    ]
}

fn walks() -> impl Strategy<Value = (Points, Walk)> {
    let point = (1.0..6.0f64, 40.0..240.0f64, any::<bool>());
    let points = prop::collection::vec(point, 0..4).prop_map(|points| {
        let mut beat = 0.0;
        points
            .into_iter()
            .map(|(gap, bpm, ramp)| {
                beat += gap;
                (beat, bpm, ramp)
            })
            .collect()
    });
    let walk = prop::collection::vec((0u64..120, changes()), 0..16).prop_map(|steps| {
        let mut sample = 0;
        let later = steps.into_iter().map(|(gap, change)| {
            sample += gap;
            (sample, change)
        });
        [(0, Start)].into_iter().chain(later).collect()
    });
    (points, walk)
}

proptest! {
    #[test]
    fn every_row_once_on_its_exact_sample((points, walk) in walks(), quantum in prop_oneof![Just(64u64), 1u64..64]) {
        let end = (1500 / quantum + 1) * quantum;
        let ((rows, beats), (want, exact)) = (walked(&points, &walk, quantum, end), expected(&points, &walk, quantum, end));
        let off = beats.iter().zip(&exact).position(|(a, b)| (a - b).abs() > 1e-9);
        prop_assert_eq!(off, None, "beats {:?}", off.map(|n| (beats[n], exact[n])));
        prop_assert_eq!(rows, want);
    }

    #[test]
    fn the_quantum_does_not_matter((points, walk) in walks()) {
        let walk: Walk = walk.into_iter().filter(|(_, change)| !matches!(change, Swing { .. })).collect();
        let (rows, beats) = walked(&points, &walk, 64, 64 * 24);
        for quantum in [1, 24, 48] {
            let other = walked(&points, &walk, quantum, 64 * 24);
            prop_assert_eq!(&rows, &other.0, "quantum {}", quantum);
            prop_assert_eq!(&beats, &other.1, "quantum {}", quantum);
        }
    }
}
