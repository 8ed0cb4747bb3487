//! Which rows of a pattern begin in a stretch of samples. A pure function of position, with a cursor so that a change
//! of tempo neither drops nor doubles a row.

use std::ops::Range;

use crate::transport::Transport;

/// A row that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Rows since beat 0: `index % pattern.rows()` is the row, `index / pattern.rows()` the cycle.
    pub index: u64,
    /// Absolute sample at which it begins.
    pub sample: u64,
}

/// Walks over the rows of one pattern, each exactly once.
#[derive(Clone, Debug, Default)]
pub struct Playhead {
    /// The next row to emit; `None` when the position must be asked afresh.
    cursor: Option<u64>,
    /// The stretch last asked for.
    stretch: Range<u64>,
    epoch: u32,
    steps_per_beat: f64,
}

impl Playhead {
    /// Forgets the position.
    pub fn reset(&mut self) {
        *self = Playhead::default();
    }

    /// The next row that begins before sample `to`, if there is one; call until there is none. `from` is the first
    /// sample of the stretch: a row that should have begun before it begins there, because the tempo changed. Rows that
    /// passed while nobody asked (stretches that do not follow on from each other) are not made up for.
    pub fn next(&mut self, transport: Transport<'_>, steps_per_beat: f64, from: u64, to: u64) -> Option<Row> {
        if !transport.playing() {
            self.cursor = None;
            return None;
        }
        let follows = (from..to) == self.stretch || from == self.stretch.end && !transport.jumped();
        if !follows || transport.epoch() != self.epoch || steps_per_beat != self.steps_per_beat {
            self.cursor = None;
        }
        (self.stretch, self.epoch, self.steps_per_beat) = (from..to, transport.epoch(), steps_per_beat);
        let index = *self.cursor.get_or_insert_with(|| first_row(transport, steps_per_beat, from));
        let sample = sample_of_row(transport, steps_per_beat, index).max(from as i64) as u64;
        if sample >= to {
            return None;
        }
        self.cursor = Some(index + 1);
        Some(Row { index, sample })
    }
}

fn sample_of_row(transport: Transport<'_>, steps_per_beat: f64, index: u64) -> i64 {
    transport.sample_of(index as f64 / steps_per_beat)
}

/// The first row that begins at `from` or later.
fn first_row(transport: Transport<'_>, steps_per_beat: f64, from: u64) -> u64 {
    let mut index = (transport.beat_at(from) * steps_per_beat - 1.0).floor().max(0.0) as u64;
    while sample_of_row(transport, steps_per_beat, index) < from as i64 {
        index += 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::{self, Segment, flag};

    /// The rows that begin in `from..to` at 8 Hz, of 2 per beat, as (index, sample).
    fn rows(head: &mut Playhead, segment: Segment, epoch: u32, playing: bool, from: u64, to: u64) -> Vec<(u64, u64)> {
        rows_of(head, segment, epoch, if playing { flag::PLAYING } else { 0 }, from, to)
    }

    fn rows_of(head: &mut Playhead, segment: Segment, epoch: u32, flags: u32, from: u64, to: u64) -> Vec<(u64, u64)> {
        let record = raw::Transport {
            size: size_of::<raw::Transport>() as u32,
            flags,
            epoch,
            beats_per_bar: 4.0,
            rate: 8.0,
            segments: &raw const segment,
            segment_count: 1,
        };
        // SAFETY: the record points to the test's own segments.
        let transport = unsafe { Transport::new(&record) };
        let next = || head.next(transport, 2.0, from, to).map(|row| (row.index, row.sample));
        std::iter::from_fn(next).collect()
    }

    /// 8 samples a beat, so 4 a row.
    const STEADY: Segment = Segment { sample: 0, beat: 0.0, bpm: 60.0 };

    #[test]
    fn each_row_comes_once_however_the_samples_are_split() {
        for split in [1, 3, 4, 5, 100] {
            let mut head = Playhead::default();
            let parts = (0..20).step_by(split);
            let all: Vec<_> =
                parts.flat_map(|from| rows(&mut head, STEADY, 0, true, from, (from + split as u64).min(20))).collect();
            assert_eq!(all, [(0, 0), (1, 4), (2, 8), (3, 12), (4, 16)], "in parts of {split}");
        }
    }

    #[test]
    fn joins_at_the_next_row() {
        for (from, first) in [(0, (0, 0)), (1, (1, 4)), (4, (1, 4)), (5, (2, 8))] {
            let got = rows(&mut Playhead::default(), STEADY, 0, true, from, from + 8);
            assert_eq!(got.first(), Some(&first), "from {from}");
        }
    }

    #[test]
    fn what_passes_while_nobody_asks_is_not_made_up_for() {
        let mut head = Playhead::default();
        assert_eq!(rows(&mut head, STEADY, 0, true, 0, 6), [(0, 0), (1, 4)]);
        assert_eq!(rows(&mut head, STEADY, 0, true, 30, 38), [(8, 32), (9, 36)]);
        assert_eq!(rows(&mut head, STEADY, 0, true, 0, 2), [(0, 0)]);
    }

    #[test]
    fn a_jump_within_an_epoch_is_followed() {
        let mut head = Playhead::default();
        assert_eq!(rows(&mut head, STEADY, 0, true, 0, 6), [(0, 0), (1, 4)]);
        let round = Segment { sample: 6, beat: 0.0, bpm: 60.0 };
        let jumped = flag::PLAYING | flag::JUMPED;
        // Two stretches of the quantum that jumped: still each row once.
        assert_eq!(rows_of(&mut head, round, 0, jumped, 6, 10), [(0, 6)]);
        assert_eq!(rows_of(&mut head, round, 0, jumped, 10, 15), [(1, 10), (2, 14)]);
    }

    #[test]
    fn a_faster_tempo_lets_a_late_row_begin_at_once() {
        let mut head = Playhead::default();
        assert_eq!(rows(&mut head, STEADY, 0, true, 0, 6), [(0, 0), (1, 4)]);
        // From sample 6 on the anchor says that row 3 began at sample 5.
        let faster = Segment { sample: 5, beat: 1.5, bpm: 120.0 };
        assert_eq!(rows(&mut head, faster, 0, true, 6, 10), [(2, 6), (3, 6), (4, 7), (5, 9)]);
    }

    #[test]
    fn a_slower_tempo_doubles_nothing() {
        let mut head = Playhead::default();
        rows(&mut head, STEADY, 0, true, 0, 6);
        // From sample 6 on the anchor says that row 1 is still to come, at sample 7.
        let slower = Segment { sample: 7, beat: 0.5, bpm: 30.0 };
        assert_eq!(rows(&mut head, slower, 0, true, 6, 20), [(2, 15)]);
    }

    #[test]
    fn a_new_epoch_or_a_pause_asks_the_position_afresh() {
        let mut head = Playhead::default();
        assert_eq!(rows(&mut head, STEADY, 0, true, 0, 6), [(0, 0), (1, 4)]);
        let back = Segment { sample: 6, beat: 0.0, bpm: 60.0 };
        assert_eq!(rows(&mut head, back, 1, true, 6, 11), [(0, 6), (1, 10)]);
        assert_eq!(rows(&mut head, back, 1, false, 11, 30), []);
        let on = Segment { sample: 30, beat: 7.0, bpm: 60.0 };
        assert_eq!(rows(&mut head, on, 1, true, 30, 31), [(14, 30)]);
    }
}
