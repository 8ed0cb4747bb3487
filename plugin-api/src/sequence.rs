//! What a sequencer plays: a pattern, or a chain of them, as the host has laid it out.
//!
//! A [`Sequence`] has courses, by the beat from which on each counts; a course has sections, one after the other; a section
//! plays a pattern once or several times. [`Playhead`](crate::Playhead) walks over its rows.

use crate::handle::{handle, slice};
use crate::raw::{self, Lock, StepAction, StepCondition};
use crate::testing::TestSequence;

handle! {
    /// What is to be played: a pattern, or a chain of them. A [`Playhead`](crate::Playhead) walks over it.
    Sequence, raw::SequenceData
}

impl Sequence {
    /// Of what pattern or chain it is made: another version of the same one has the same number.
    pub fn origin(&self) -> u64 {
        self.raw().origin
    }

    /// Most beats that a step of any of its patterns comes early, at least 0.
    pub fn early(&self) -> f64 {
        self.raw().early
    }

    /// Most beats from the row of a step to the last that is struck of it, at least 0.
    pub fn late(&self) -> f64 {
        self.raw().late
    }

    /// Rows per beat of the slowest of its patterns.
    pub fn slowest(&self) -> f64 {
        self.raw().slowest
    }

    /// How many courses it has: at least one.
    pub fn courses(&self) -> usize {
        self.raw().course_count
    }

    /// The course of that number.
    ///
    /// # Panics
    /// If there is none.
    pub fn course(&self, index: usize) -> Course<'_> {
        // SAFETY: the host lays `course_count` of them out, which live as long as the record.
        Course(&unsafe { slice(self.raw().courses, self.raw().course_count) }[index])
    }
}

impl TestSequence {
    /// A handle as modules hold it.
    pub fn sequence(&self) -> Sequence {
        // SAFETY: what is still held when the test drops its own is never freed.
        unsafe { Sequence::from_raw(self.record()) }
    }
}

/// What is played from a beat on, until the next course's beat.
#[derive(Clone, Copy)]
pub struct Course<'a>(&'a raw::Course);

impl<'a> Course<'a> {
    /// The beat at which its first section begins.
    pub fn from(self) -> f64 {
        self.0.from
    }

    /// Beats after which its first section begins again; infinite: silence follows.
    pub fn beats(self) -> f64 {
        self.0.beats
    }

    /// Its sections, in order; none is silence.
    pub fn sections(self) -> &'a [Section] {
        // SAFETY: the host lays `section_count` of them out, which live as long as the sequence's record, and a section is
        // nothing but the record.
        unsafe { slice(self.0.sections.cast::<Section>(), self.0.section_count) }
    }
}

/// A pattern that is played once or several times in a row.
#[repr(transparent)]
pub struct Section(raw::Section);

impl Section {
    /// The pattern.
    pub fn pattern(&self) -> Pattern<'_> {
        // SAFETY: the host keeps the patterns as long as the sequence's record.
        Pattern(unsafe { &*self.0.pattern })
    }

    /// Beats from the course's beginning to its own.
    pub fn start(&self) -> f64 {
        self.0.start
    }

    /// Rows that are played each time: the first ones of the pattern, at least 1.
    pub fn rows(&self) -> u32 {
        self.0.rows
    }

    /// How many times; `None` never ends.
    pub fn repeats(&self) -> Option<u32> {
        (self.0.repeats != u32::MAX).then_some(self.0.repeats)
    }

    /// How often its pattern has been played in the course when it is played for the `repeat`-th time, from 0, in the
    /// `lap`-th round of the course, from 0.
    pub fn turn(&self, lap: u64, repeat: u64) -> u64 {
        lap * u64::from(self.0.turns) + u64::from(self.0.turn) + repeat
    }

    /// Entry of the chain, from 0.
    pub fn entry(&self) -> u32 {
        self.0.entry
    }

    /// Semitones that are added to each note.
    pub fn transpose(&self) -> f32 {
        self.0.transpose
    }
}

/// A pattern, compiled to flat rows, in the order in which they are played.
#[derive(Clone, Copy)]
pub struct Pattern<'a>(&'a raw::PatternData);

impl<'a> Pattern<'a> {
    /// Says which pattern it is, for what is left to chance.
    pub fn seed(self) -> u64 {
        self.0.seed
    }

    /// Rows, at least 1.
    pub fn rows(self) -> u32 {
        self.0.rows
    }

    /// Rows per beat, greater than 0.
    pub fn steps_per_beat(self) -> f64 {
        self.0.steps_per_beat
    }

    /// The row as people see it, where row `row` is played: patterns that go backwards count from the end.
    pub fn shown(self, row: u32) -> u32 {
        if self.0.backwards != 0 { self.0.rows - 1 - row } else { row }
    }

    /// The steps of one row, in the order of their columns, each with its index.
    pub fn row(self, row: u32) -> impl Iterator<Item = (u32, &'a raw::Step)> {
        let (mut low, mut high) = (0, self.0.step_count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at(middle).row < row { low = middle + 1 } else { high = middle }
        }
        (low..self.0.step_count).map(move |i| (i as u32, self.at(i))).take_while(move |(_, step)| step.row == row)
    }

    /// The step of that index, if there is one.
    pub fn step(self, index: u32) -> Option<&'a raw::Step> {
        ((index as usize) < self.0.step_count).then(|| self.at(index as usize))
    }

    /// What a step locks.
    pub fn locks(self, step: &raw::Step) -> &'a [Lock] {
        // SAFETY: the host lays `lock_count` of them out, which live as long as the pattern.
        let locks: &'a [Lock] = unsafe { slice(self.0.locks, self.0.lock_count) };
        let first = step.first_lock as usize;
        locks.get(first..first + usize::from(step.lock_count)).unwrap_or(&[])
    }

    fn at(self, index: usize) -> &'a raw::Step {
        debug_assert!(index < self.0.step_count);
        // SAFETY: the host lays `step_count` steps out, `stride` bytes apart, each beginning with the fields known here.
        unsafe { &*self.0.steps.cast::<u8>().add(index * self.0.stride as usize).cast() }
    }
}

impl raw::Step {
    /// Rows from its own to the last that is struck of it, at least 0.
    pub fn late(&self) -> f32 {
        // `max` takes a length that is not said as none.
        self.delay.max(0.0) + if self.hits > 1 { self.length.max(1.0) } else { 0.0 }
    }

    /// A step in a place that leaves everything to whoever plays it.
    pub const fn new(row: u32, column: u16) -> raw::Step {
        raw::Step {
            row,
            column,
            slot: raw::ABSENT_SLOT,
            pitch: f32::NAN,
            velocity: f32::NAN,
            length: f32::NAN,
            delay: 0.0,
            chance: 1.0,
            glide: f32::NAN,
            action: StepAction::PLAY,
            instrument: 0,
            ratio_at: 1,
            ratio_of: 1,
            condition: StepCondition::NONE,
            every: 1,
            negated: 0,
            hits: 1,
            ramp: 0.0,
            curve: 0.0,
            previous: u32::MAX,
            first_lock: 0,
            lock_count: 0,
            reserved: [0; 3],
        }
    }
}
