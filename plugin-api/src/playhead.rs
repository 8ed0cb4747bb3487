//! Which rows of a pattern begin in a stretch of samples. A pure function of position, with a cursor so that a change
//! of tempo or swing neither drops nor doubles a row.

use std::ops::Range;

use crate::transport::Stretch;

/// A row that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Rows since beat 0: `index % pattern.rows()` is the row, `index / pattern.rows()` the cycle.
    pub index: u64,
    /// Absolute sample at which it begins.
    pub sample: u64,
}

/// Walks over the rows of one pattern, each exactly once for each time that the transport passes it.
#[derive(Clone, Debug, Default)]
pub struct Playhead {
    /// The next row to emit; `None` when the position must be asked afresh.
    cursor: Option<u64>,
    /// The stretch last asked for.
    stretch: Range<u64>,
    steps_per_beat: f64,
}

impl Playhead {
    /// Forgets the position.
    pub fn reset(&mut self) {
        *self = Playhead::default();
    }

    /// The next row that begins in the stretch, if there is one; call until there is none, with every
    /// [stretch](crate::Transport::stretches) in order. A row that should have begun before the stretch begins with it,
    /// because the tempo or the swing changed. Rows that passed while nobody asked (stretches that do not follow on from
    /// each other) are not made up for.
    pub fn next(&mut self, stretch: &Stretch, steps_per_beat: f64) -> Option<Row> {
        let asked = stretch.from..stretch.to;
        if asked != self.stretch && (stretch.jumped() || asked.start != self.stretch.end) {
            self.cursor = None;
        }
        if steps_per_beat != self.steps_per_beat {
            self.cursor = None;
        }
        (self.stretch, self.steps_per_beat) = (asked, steps_per_beat);
        if !stretch.moving() {
            return None;
        }
        let index = *self.cursor.get_or_insert_with(|| first_row(stretch, steps_per_beat));
        let sample = sample_of_row(stretch, steps_per_beat, index).max(stretch.from as i64) as u64;
        if sample >= stretch.to {
            return None;
        }
        self.cursor = Some(index + 1);
        Some(Row { index, sample })
    }
}

fn sample_of_row(stretch: &Stretch, steps_per_beat: f64, index: u64) -> i64 {
    stretch.sample_of(stretch.swing().warp(index as f64 / steps_per_beat))
}

/// The first row that begins with the stretch or later.
fn first_row(stretch: &Stretch, steps_per_beat: f64) -> u64 {
    let beat = stretch.swing().unwarp(stretch.beat_at(stretch.from));
    let mut index = (beat * steps_per_beat - 1.0).floor().max(0.0) as u64;
    while sample_of_row(stretch, steps_per_beat, index) < stretch.from as i64 {
        index += 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::{Segment, flag};
    use crate::swing::Swing;
    use crate::transport::stretches;

    /// The rows that begin in `from..to` at 8 Hz, of 2 per beat, as (index, sample).
    fn rows(head: &mut Playhead, segments: &[Segment], from: u64, to: u64) -> Vec<(u64, u64)> {
        swung_rows(head, segments, Swing::STRAIGHT, from, to)
    }

    fn swung_rows(head: &mut Playhead, segments: &[Segment], swing: Swing, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut rows = Vec::new();
        for stretch in stretches(segments, from..to, 8.0, swing) {
            rows.extend(std::iter::from_fn(|| head.next(&stretch, 2.0)).map(|row| (row.index, row.sample)));
        }
        rows
    }

    const fn segment(sample: u64, beat: f64, bpm: f64) -> Segment {
        Segment { sample, beat, bpm, slope: 0.0, flags: 0, epoch: 0 }
    }

    const fn jump(sample: u64, beat: f64, bpm: f64) -> Segment {
        Segment { flags: flag::JUMPED, ..segment(sample, beat, bpm) }
    }

    /// 8 samples a beat, so 4 a row.
    const STEADY: [Segment; 1] = [segment(0, 0.0, 60.0)];

    #[test]
    fn each_row_comes_once_however_the_samples_are_split() {
        for split in [1, 3, 4, 5, 100] {
            let mut head = Playhead::default();
            let parts = (0..20).step_by(split);
            let all: Vec<_> =
                parts.flat_map(|from| rows(&mut head, &STEADY, from, (from + split as u64).min(20))).collect();
            assert_eq!(all, [(0, 0), (1, 4), (2, 8), (3, 12), (4, 16)], "in parts of {split}");
        }
    }

    #[test]
    fn joins_at_the_next_row() {
        for (from, first) in [(0, (0, 0)), (1, (1, 4)), (4, (1, 4)), (5, (2, 8))] {
            let got = rows(&mut Playhead::default(), &STEADY, from, from + 8);
            assert_eq!(got.first(), Some(&first), "from {from}");
        }
    }

    #[test]
    fn what_passes_while_nobody_asks_is_not_made_up_for() {
        let mut head = Playhead::default();
        assert_eq!(rows(&mut head, &STEADY, 0, 6), [(0, 0), (1, 4)]);
        assert_eq!(rows(&mut head, &STEADY, 30, 38), [(8, 32), (9, 36)]);
        assert_eq!(rows(&mut head, &STEADY, 0, 2), [(0, 0)]);
    }

    #[test]
    fn a_jump_is_followed_and_its_rows_come_again() {
        for split in [1, 2, 3, 15] {
            let mut head = Playhead::default();
            let round = [segment(0, 0.0, 60.0), jump(6, 0.0, 60.0), jump(12, 0.5, 60.0)];
            let parts = (0..15).step_by(split);
            let all: Vec<_> =
                parts.flat_map(|from| rows(&mut head, &round, from, (from + split as u64).min(15))).collect();
            assert_eq!(all, [(0, 0), (1, 4), (0, 6), (1, 10), (1, 12)], "in parts of {split}");
        }
    }

    #[test]
    fn a_faster_tempo_lets_a_late_row_begin_at_once() {
        // From sample 6 on the anchor says that row 3 began at sample 5.
        let faster = [segment(0, 0.0, 60.0), segment(6, 1.75, 120.0)];
        let all = rows(&mut Playhead::default(), &faster, 0, 10);
        assert_eq!(all, [(0, 0), (1, 4), (2, 6), (3, 6), (4, 7), (5, 9)]);
    }

    #[test]
    fn a_slower_tempo_doubles_nothing() {
        // From sample 6 on the anchor says that row 1 is still to come, at sample 7.
        let slower = [segment(0, 0.0, 60.0), segment(6, 0.5 - 1.0 / 16.0, 30.0)];
        assert_eq!(rows(&mut Playhead::default(), &slower, 0, 20), [(0, 0), (1, 4), (2, 15)]);
    }

    #[test]
    fn rows_wait_while_beats_stand_still() {
        let pause = [segment(0, 0.0, 60.0), segment(6, 0.75, 0.0), segment(30, 0.75, 60.0)];
        assert_eq!(rows(&mut Playhead::default(), &pause, 0, 37), [(0, 0), (1, 4), (2, 32), (3, 36)]);
        // A seek meanwhile.
        let sought = [segment(0, 0.0, 60.0), segment(6, 0.75, 0.0), jump(8, 7.0, 0.0), segment(30, 7.0, 60.0)];
        assert_eq!(rows(&mut Playhead::default(), &sought, 0, 31), [(0, 0), (1, 4), (14, 30)]);
    }

    #[test]
    fn a_ramp_is_followed() {
        // 60 to 120 beats per minute in 32 samples: beat(n) = n / 8 + n * n / 512.
        let ramp = [Segment { slope: 60.0 / 32.0, ..STEADY[0] }];
        assert_eq!(rows(&mut Playhead::default(), &ramp, 0, 16), [(0, 0), (1, 4), (2, 7), (3, 10), (4, 13)]);
    }

    #[test]
    fn joins_a_swung_pattern_at_the_next_row() {
        // Pairs of 4 beats: row 4, in their middle, is played at beat 3.
        let swing = Swing { amount: 0.75, unit: 2.0 };
        for (from, first) in [(18, (3, 18)), (19, (4, 24)), (24, (4, 24)), (25, (5, 26))] {
            let got = swung_rows(&mut Playhead::default(), &STEADY, swing, from, from + 8);
            assert_eq!(got.first(), Some(&first), "from {from}");
        }
    }

    #[test]
    fn swing_delays_every_second_unit_and_an_edit_neither_drops_nor_doubles_a_row() {
        let swing = |amount| Swing { amount, unit: 0.5 };
        let mut head = Playhead::default();
        let swung = swung_rows(&mut head, &STEADY, swing(0.75), 0, 12);
        assert_eq!(swung, [(0, 0), (1, 6), (2, 8)]);
        // Row 3 was to come at 14: straight, it comes at 12.
        assert_eq!(swung_rows(&mut head, &STEADY, swing(0.5), 12, 21), [(3, 12), (4, 16), (5, 20)]);
        // Row 5 has been at 20; swung it would be at 22.
        assert_eq!(swung_rows(&mut head, &STEADY, swing(0.75), 21, 31), [(6, 24), (7, 30)]);
        // Row 9 should have been at 36: it comes at once.
        assert_eq!(swung_rows(&mut head, &STEADY, swing(0.75), 31, 37), [(8, 32)]);
        assert_eq!(swung_rows(&mut head, &STEADY, swing(0.5), 37, 41), [(9, 37), (10, 40)]);
    }
}
