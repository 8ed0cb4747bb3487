//! Which rows of a sequence begin in a stretch of samples. A pure function of position, with a cursor so that a change
//! of tempo or swing neither drops nor doubles a row.

use std::ops::Range;

use crate::sequence::{Pattern, Section, Sequence};
use crate::transport::Stretch;

/// A row that begins.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// The section it is of.
    pub section: &'a Section,
    /// Where that is in the sequence: its course and its place there.
    pub place: (usize, usize),
    /// Row of the pattern, from 0, in the order in which rows are played.
    pub row: u32,
    /// How often the pattern was played before, since the course began.
    pub turn: u64,
    /// The beat of the grid at which it begins, not swung.
    pub beat: f64,
    /// The beat of the grid at which the first row of this turn begins, counted from the course's beginning.
    pub begin: f64,
    /// Absolute sample at which it begins, swung: the stretch's first if it should have begun before.
    pub sample: u64,
}

impl<'a> Row<'a> {
    /// The pattern it is of.
    pub fn pattern(&self) -> Pattern<'a> {
        self.section.pattern()
    }
}

/// How much before its time a row is wanted, and how much after its time it still is, where one joins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Beats that it is given early, at least 0.
    pub early: f64,
    /// Beats that one looks back when one joins, at least 0.
    pub back: f64,
    /// Rows from that beat on are not given: a loop turns there.
    pub until: f64,
}

impl Default for Reach {
    /// Each row at its time.
    fn default() -> Reach {
        Reach { early: 0.0, back: 0.0, until: f64::INFINITY }
    }
}

/// Walks over the rows of a sequence, each exactly once for each time that the transport passes it. Never allocates.
///
/// # Example
///
/// A sequencer's [`process`](crate::Module::process), which plays the steps of each row as notes that nothing ends:
///
/// ```
/// use std::ops::Range;
///
/// use cantus_plugin_api::{Block, NoteId, NoteOn, Playhead, Reach, Sequence};
///
/// fn play(block: &mut Block<'_>, frames: Range<usize>, sequence: &Sequence, head: &mut Playhead, last: &mut u32) {
///     let (first, transport) = (block.sample(), block.transport());
///     for stretch in transport.stretches(first + frames.start as u64..first + frames.end as u64) {
///         while let Some(row) = head.next(&stretch, sequence, Reach::default()) {
///             for (_, step) in row.pattern().row(row.row) {
///                 *last += 1;
///                 let on = NoteOn { velocity: Some(0.8), ..NoteOn::new(NoteId(*last)) };
///                 let pitch = Some(step.pitch).filter(|pitch| !pitch.is_nan());
///                 // The host counts what finds no room.
///                 let _ = block.note_on(0, (row.sample - first) as usize, NoteOn { pitch, ..on });
///             }
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Playhead {
    cursor: Cursor,
    /// The samples last asked for.
    asked: Range<u64>,
    /// The stretch they were of, and the one before it, if it led there and beats went on.
    stretch: Option<Stretch>,
    before: Option<Stretch>,
    /// The beat of a row that was not due yet.
    next: Option<(Position, f64)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Cursor {
    /// The position must be asked afresh.
    #[default]
    Lost,
    /// The next row to give out.
    At(Position),
    /// Nothing follows in that course, which is over at that beat.
    Ended(usize, f64),
}

/// A row of a sequence.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Position {
    course: usize,
    /// Rounds of the course before.
    lap: u64,
    section: usize,
    /// Rows since the section began, all repeats together.
    row: u64,
}

impl Playhead {
    /// Forgets the position: the next row is the first that begins where it is asked next.
    pub fn reset(&mut self) {
        *self = Playhead::default();
    }

    /// The sequence is another one, or another version: carries on at the same beat. What it gave out before it may give
    /// out again, if it reaches so far.
    pub fn rejoin(&mut self) {
        (self.cursor, self.next) = (Cursor::Lost, None);
    }

    /// The beat from which on there is silence, once its last row has been given.
    pub fn over(&self) -> Option<f64> {
        if let Cursor::Ended(_, beat) = self.cursor { Some(beat) } else { None }
    }

    /// Whether a beat of the grid had come before the stretch that was asked for last, as the tempo went then.
    pub fn passed(&self, stretch: &Stretch, beat: f64) -> bool {
        match &self.before {
            Some(before) => sample_of(before, beat) < before.to as i64,
            None => sample_of(stretch, beat) < stretch.from as i64,
        }
    }

    /// The next row that begins in the stretch, if there is one; call until there is none, with every
    /// [stretch](crate::Transport::stretches) in order. A row that should have begun before the stretch begins with it,
    /// because the tempo or the swing changed. Rows that passed while nobody asked (stretches that do not follow on from
    /// each other) are not made up for, but for those that `reach` looks back to.
    pub fn next<'a>(&mut self, stretch: &Stretch, sequence: &'a Sequence, reach: Reach) -> Option<Row<'a>> {
        let asked = stretch.from..stretch.to;
        if asked != self.asked {
            let follows = !stretch.jumped() && asked.start == self.asked.end;
            if !follows {
                self.cursor = Cursor::Lost;
            }
            self.before = self.stretch.filter(|before| follows && before.moving());
            (self.asked, self.stretch) = (asked, Some(*stretch));
        }
        if !stretch.moving() {
            return None;
        }
        if self.cursor == Cursor::Lost {
            self.cursor = self.join(stretch, sequence, reach.back);
        }
        if let Cursor::Ended(course, _) = self.cursor
            && course + 1 < sequence.courses()
        {
            self.cursor = first(sequence, course + 1);
        }
        let Cursor::At(position) = self.cursor else { return None };
        // Most quanta have none: a look at the beat says so. A little is added, as the sample of a beat is rounded.
        if self.next.is_some_and(|(of, beat)| of == position && beat - reach.early > stretch.last_beat() + 1e-3) {
            return None;
        }
        let row = position.row_of(sequence);
        self.next = Some((position, row.beat));
        if row.beat >= reach.until || sample_of(stretch, row.beat - reach.early) >= stretch.to as i64 {
            return None;
        }
        self.cursor = position.after(sequence);
        Some(Row { sample: sample_of(stretch, row.beat).max(stretch.from as i64) as u64, ..row })
    }

    /// The first row that has not come yet, or so many beats before it.
    fn join(&self, stretch: &Stretch, sequence: &Sequence, back: f64) -> Cursor {
        let beat = stretch.swing().unwarp(stretch.beat_at(stretch.from));
        let mut cursor = find(sequence, beat - back);
        while let Cursor::At(position) = cursor {
            let row = position.row_of(sequence).beat;
            if !self.passed(stretch, row) || back > 0.0 && row >= beat - back {
                break;
            }
            cursor = position.after(sequence);
        }
        cursor
    }
}

/// Absolute sample of a beat of the grid.
fn sample_of(stretch: &Stretch, beat: f64) -> i64 {
    stretch.sample_of(stretch.swing().warp(beat))
}

/// A row that begins before a beat, by at most two rows; the first of the sequence if there is none.
fn find(sequence: &Sequence, beat: f64) -> Cursor {
    let before = (1..sequence.courses()).take_while(|course| sequence.course(*course).from() <= beat);
    let course = before.last().unwrap_or(0);
    let of = sequence.course(course);
    if of.sections().is_empty() {
        return Cursor::Ended(course, of.from());
    }
    let since = (beat - of.from()).max(0.0);
    let lap = if of.beats().is_finite() { (since / of.beats()).floor() } else { 0.0 };
    let within = if lap > 0.0 { since - lap * of.beats() } else { since };
    let section = of.sections().partition_point(|section| section.start() <= within).max(1) - 1;
    let there = &of.sections()[section];
    let row = ((within - there.start()) * there.pattern().steps_per_beat() - 1.0).floor().max(0.0) as u64;
    Cursor::At(Position { course, lap: lap as u64, section, row: row.min(last_row(there)) })
}

/// The first row of a course.
fn first(sequence: &Sequence, course: usize) -> Cursor {
    match sequence.course(course).sections() {
        [] => Cursor::Ended(course, sequence.course(course).from()),
        _ => Cursor::At(Position { course, lap: 0, section: 0, row: 0 }),
    }
}

/// The last row of a section, all repeats together.
fn last_row(section: &Section) -> u64 {
    section.repeats().map_or(u64::MAX, |repeats| u64::from(section.rows()) * u64::from(repeats) - 1)
}

impl Position {
    /// What stands there; its sample is not known yet.
    fn row_of<'a>(&self, sequence: &'a Sequence) -> Row<'a> {
        let course = sequence.course(self.course);
        let section = &course.sections()[self.section];
        let rows = u64::from(section.rows());
        let (pace, repeat) = (section.pattern().steps_per_beat(), self.row / rows);
        let lap = if self.lap > 0 { self.lap as f64 * course.beats() } else { 0.0 };
        let beats = |row: u64| lap + section.start() + row as f64 / pace;
        Row {
            section,
            place: (self.course, self.section),
            row: (self.row % rows) as u32,
            turn: section.turn(self.lap, repeat),
            beat: course.from() + beats(self.row),
            begin: beats(repeat * rows),
            sample: 0,
        }
    }

    /// The row after it.
    fn after(self, sequence: &Sequence) -> Cursor {
        let course = sequence.course(self.course);
        let sections = course.sections();
        let next = if self.row < last_row(&sections[self.section]) {
            Position { row: self.row + 1, ..self }
        } else if self.section + 1 < sections.len() {
            Position { section: self.section + 1, row: 0, ..self }
        } else if course.beats().is_finite() {
            Position { lap: self.lap + 1, section: 0, row: 0, ..self }
        } else {
            let last = self.row_of(sequence);
            return Cursor::Ended(self.course, last.beat + 1.0 / last.pattern().steps_per_beat());
        };
        // From the next course's beat on that one counts; a row that is a rounding error before it is its first.
        let next_course = self.course + 1;
        if next_course < sequence.courses() {
            let row = next.row_of(sequence);
            if row.beat >= sequence.course(next_course).from() - 1e-6 / row.pattern().steps_per_beat() {
                return first(sequence, next_course);
            }
        }
        Cursor::At(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::{Segment, flag};
    use crate::swing::Swing;
    use crate::testing::{TestPattern, TestSequence};
    use crate::transport::stretches;

    /// The rows that begin in `from..to` at 8 Hz, of 2 per beat, as (index, sample).
    fn rows(head: &mut Playhead, segments: &[Segment], from: u64, to: u64) -> Vec<(u64, u64)> {
        swung_rows(head, segments, Swing::STRAIGHT, from, to)
    }

    fn swung_rows(head: &mut Playhead, segments: &[Segment], swing: Swing, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut rows = Vec::new();
        let sequence = TestPattern::new(3, 2.0, &[]).endless().sequence();
        for stretch in stretches(segments, from..to, 8.0, swing) {
            let next =
                || head.next(&stretch, &sequence, Reach::default()).map(|row| ((row.beat * 2.0) as u64, row.sample));
            rows.extend(std::iter::from_fn(next));
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

    /// What a chain plays from beat `from` on in 20 beats, one sample each: (beat, entry, row, turn).
    fn walked(sequence: &TestSequence, from: f64, reach: Reach) -> Vec<(f64, u32, u32, u64)> {
        let sequence = sequence.sequence();
        let mut head = Playhead::default();
        let segments = [segment(0, from, 60.0)];
        let stretches: Vec<Stretch> = (0..40)
            .flat_map(|n| stretches(&segments, n * 4..n * 4 + 4, 8.0, Swing::STRAIGHT).collect::<Vec<_>>())
            .collect();
        let mut rows = Vec::new();
        for stretch in &stretches {
            let next = || head.next(stretch, &sequence, reach);
            rows.extend(std::iter::from_fn(next).map(|r| (r.beat, r.section.entry(), r.row, r.turn)));
        }
        rows
    }

    /// Patterns of 2 rows of a beat, 3 rows of half a beat, and 1 row of 2 beats: 2 + 3 + 2 times 1 beats, then again.
    #[test]
    fn what_comes_is_the_same_wherever_one_joins() {
        let (a, b, c) = (TestPattern::new(2, 1.0, &[]), TestPattern::new(6, 2.0, &[]), TestPattern::new(1, 0.5, &[]));
        let parts: [(&TestPattern, u32, u32, f32); 4] =
            [(&a, 2, 1, 0.0), (&b, 6, 1, 0.0), (&a, 1, 2, 0.0), (&c, 1, 1, 0.0)];
        for (courses, what) in [
            (&[(0.0, &parts[..], 9.0)][..], "round and round"),
            (&[(0.0, &parts[..], f64::INFINITY)], "once"),
            (&[(0.0, &parts[..], 9.0), (4.25, &parts[1..3], 5.0)], "sent elsewhere at beat 4.25"),
            (&[(0.0, &parts[..], 9.0), (4.0, &[], f64::INFINITY)], "silent from beat 4 on"),
        ] {
            let sequence = TestSequence::new(courses);
            let all = walked(&sequence, 0.0, Reach::default());
            for quarter in 0..60 {
                let from = f64::from(quarter) / 4.0;
                let expected = all.iter().filter(|(beat, ..)| (from..from + 5.0).contains(beat));
                let got = walked(&sequence, from, Reach::default());
                let got: Vec<_> = got.into_iter().filter(|(beat, ..)| *beat < from + 5.0).collect();
                assert_eq!(got, expected.copied().collect::<Vec<_>>(), "{what}, from beat {from}");
                let late = Reach { back: 1.5, ..Reach::default() };
                let got = walked(&sequence, from, late);
                let got: Vec<_> = got.into_iter().filter(|(beat, ..)| *beat < from + 5.0).collect();
                let expected = all.iter().filter(|(beat, ..)| (from - 1.5..from + 5.0).contains(beat));
                assert_eq!(got, expected.copied().collect::<Vec<_>>(), "{what}, from beat {from}, looking back");
            }
        }
        let all = walked(&TestSequence::new(&[(0.0, &parts, 9.0)]), 0.0, Reach::default());
        let places: Vec<_> = all[..11].iter().map(|(beat, entry, row, turn)| (*beat, *entry, *row, *turn)).collect();
        assert_eq!(
            places,
            [
                (0.0, 0, 0, 0),
                (1.0, 0, 1, 0),
                (2.0, 1, 0, 0),
                (2.5, 1, 1, 0),
                (3.0, 1, 2, 0),
                (3.5, 1, 3, 0),
                (4.0, 1, 4, 0),
                (4.5, 1, 5, 0),
                (5.0, 2, 0, 1),
                (6.0, 2, 0, 2),
                (7.0, 3, 0, 0)
            ]
        );
        assert_eq!(all[11], (9.0, 0, 0, 3), "its turns go on in the next round");
    }

    #[test]
    fn rows_come_as_early_as_they_are_wanted() {
        let sequence = TestPattern::new(4, 2.0, &[]).endless().sequence();
        let mut head = Playhead::default();
        let stretch = stretches(&STEADY, 0..6, 8.0, Swing::STRAIGHT).next().expect("one");
        let reach = Reach { early: 0.5, ..Reach::default() };
        let rows = std::iter::from_fn(|| head.next(&stretch, &sequence, reach));
        // Row 2 begins at sample 8, one row is 4.
        assert_eq!(rows.map(|row| (row.row, row.sample)).collect::<Vec<_>>(), [(0, 0), (1, 4), (2, 8)]);
        // What a loop keeps out of reach is not given.
        let mut head = Playhead::default();
        let rows = std::iter::from_fn(|| head.next(&stretch, &sequence, Reach { until: 1.0, ..reach }));
        assert_eq!(rows.map(|row| row.row).collect::<Vec<_>>(), [0, 1]);
    }
}
