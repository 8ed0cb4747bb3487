//! Handles: immutable host memory that crosses by pointer. Clone and drop only count; the host frees on control.

use std::sync::atomic::AtomicUsize;

use abi_stable::StableAbi;

/// Frames of silence that stand before and after every channel of a sample, so that interpolation needs no edges.
pub const GUARD_FRAMES: usize = 64;
/// The receiver chooses the slot.
pub const ABSENT_SLOT: u16 = u16::MAX;
/// The value is the module's own, not a slot's.
pub const SLOT_OF_MODULE: u16 = u16::MAX;
/// The value is for whatever slot the note plays.
pub const SLOT_OF_NOTE: u16 = u16::MAX - 1;
/// The value is for what a step locks: its index is that of a [`Lock`].
pub const SLOT_OF_LOCK: u16 = u16::MAX - 2;

/// The head of every handle.
#[repr(C)]
#[derive(StableAbi)]
pub struct Handle {
    /// Size in bytes of the record this is the head of.
    pub size: usize,
    /// How many hold it outside the host. The host frees the memory, on control, once it is 0 and nobody can get it.
    pub holders: AtomicUsize,
}

/// A decoded sound at the engine's rate.
#[repr(C)]
#[derive(StableAbi)]
pub struct Sample {
    /// The head.
    pub head: Handle,
    /// One pointer per channel, to frame 0; [`GUARD_FRAMES`] zeros stand before it and after the last frame.
    pub channels: *const *const f32,
    /// 1 or 2 or more.
    pub channel_count: usize,
    /// Frames of sound.
    pub frames: usize,
    /// Frames per second: the engine's.
    pub rate: f64,
    /// MIDI note at which it was recorded, 60 is C4, cents as fractions; NaN if the file does not say.
    pub root: f64,
    /// Parts to be repeated that the file names, by where they begin.
    pub loops: *const Loop,
    /// How many.
    pub loop_count: usize,
    /// Frames that the file marks, rising.
    pub cues: *const usize,
    /// How many.
    pub cue_count: usize,
    /// Where something begins in it, rising.
    pub onsets: *const Onset,
    /// How many.
    pub onset_count: usize,
}

/// A part of a sample that is to be repeated.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, StableAbi)]
pub struct Loop {
    /// First frame.
    pub start: usize,
    /// The frame behind the last: later than the first, and at most the sample's length.
    pub end: usize,
    /// How it goes round.
    pub direction: LoopDirection,
    /// Always 0.
    pub reserved: u32,
}

/// How a loop goes round: one of the constants, or a way that this build does not know.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, StableAbi)]
pub struct LoopDirection(pub u32);

impl LoopDirection {
    /// From the end to the beginning.
    pub const FORWARD: LoopDirection = LoopDirection(0);
    /// To and fro.
    pub const PING_PONG: LoopDirection = LoopDirection(1);
    /// Always backwards.
    pub const BACKWARD: LoopDirection = LoopDirection(2);
}

/// A frame at which something begins in a sample.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Onset {
    /// The frame.
    pub frame: usize,
    /// How clearly it begins: above 0, and 1 for the strongest of the sample.
    pub strength: f32,
    /// Always 0.
    pub reserved: u32,
}

/// A list of numbers.
#[repr(C)]
#[derive(StableAbi)]
pub struct Numbers {
    /// The head.
    pub head: Handle,
    /// The numbers.
    pub values: *const f64,
    /// How many.
    pub count: usize,
}

/// What a sequencer plays: a pattern or a chain of them, laid out so that what is played at a beat is a function of the
/// beat alone.
#[repr(C)]
#[derive(StableAbi)]
pub struct Sequence {
    /// The head.
    pub head: Handle,
    /// Of what pattern or chain it is made: another version of the same one has the same number.
    pub origin: u64,
    /// By the beat from which on each counts.
    pub courses: *const Course,
    /// How many; at least one.
    pub course_count: usize,
    /// Most beats that a step of any of its patterns comes early, at least 0.
    pub early: f64,
    /// Most beats from the row of a step to the last that is struck of it, at least 0.
    pub late: f64,
    /// Rows per beat of the slowest of them.
    pub slowest: f64,
}

/// What is played from a beat on, until the next course's beat.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Course {
    /// The beat at which its first section begins.
    pub from: f64,
    /// Beats after which its first section begins again; infinite: silence follows.
    pub beats: f64,
    /// The sections, one after the other.
    pub sections: *const Section,
    /// How many; 0 is silence.
    pub section_count: usize,
}

/// A pattern that is played once or several times in a row.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Section {
    /// The pattern.
    pub pattern: *const Pattern,
    /// Beats from the course's first section to its own beginning.
    pub start: f64,
    /// Rows that are played each time: the first ones of the pattern, at least 1, at most all.
    pub rows: u32,
    /// How many times; `u32::MAX` never ends.
    pub repeats: u32,
    /// Turns of its pattern that come before it in the course.
    pub turn: u32,
    /// Turns of its pattern in all of the course.
    pub turns: u32,
    /// Entry of the chain, from 0.
    pub entry: u32,
    /// Semitones that are added to each note.
    pub transpose: f32,
}

/// A pattern, compiled to flat rows, in the order in which they are played.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Pattern {
    /// Says which pattern it is, for what is left to chance.
    pub seed: u64,
    /// Rows of the pattern, at least 1.
    pub rows: u32,
    /// Bytes from one step to the next: a step may grow.
    pub stride: u32,
    /// Rows per beat, greater than 0.
    pub steps_per_beat: f64,
    /// The steps, sorted by row, then column.
    pub steps: *const Step,
    /// How many.
    pub step_count: usize,
    /// What the steps lock.
    pub locks: *const Lock,
    /// How many.
    pub lock_count: usize,
    /// 1 if it is played backwards: row 0 is the last that people see.
    pub backwards: u32,
    /// Always 0.
    pub reserved: u32,
}

/// One step: a note or the end of notes on one row in one column.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Step {
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0, at most 63.
    pub column: u16,
    /// Slot, from 0, or [`ABSENT_SLOT`].
    pub slot: u16,
    /// MIDI note number, or NaN: the receiver's default.
    pub pitch: f32,
    /// 0 to 1, or NaN: the receiver's default.
    pub velocity: f32,
    /// Rows until the note ends; 0: until its column has another note or an end; NaN: the player's default.
    pub length: f32,
    /// Rows that it comes late; below 0 early. Above -1, below 1.
    pub delay: f32,
    /// How likely it is, 0 to 1.
    pub chance: f32,
    /// Rows in which its pitch glides there from the note before; NaN: the receiver's default.
    pub glide: f32,
    /// What it does.
    pub action: StepAction,
    /// Which target plays it, 1 to 255; 0: all.
    pub instrument: u8,
    /// It plays in this turn, from 1, of every [`ratio_of`](Step::ratio_of) turns of its pattern.
    pub ratio_at: u8,
    /// 1 to 99.
    pub ratio_of: u8,
    /// When it plays.
    pub condition: StepCondition,
    /// The number of [`StepCondition::EVERY`].
    pub every: u8,
    /// 1: it plays when the condition does not hold.
    pub negated: u8,
    /// How often it is struck while it lasts, 1 to 64.
    pub hits: u8,
    /// How the loudness of its hits goes, -1 to 1: from silence, alike, to silence.
    pub ramp: f32,
    /// How their time goes, -1 to 1: ever slower, even, ever faster.
    pub curve: f32,
    /// Index of the step that [`StepCondition::PREVIOUS`] asks about: the last before it in its column of which it is not
    /// certain that it plays, but for those that ask so themselves. `u32::MAX`: there is none.
    pub previous: u32,
    /// Index of its first lock.
    pub first_lock: u32,
    /// How many locks it has.
    pub lock_count: u16,
    /// Always 0.
    pub reserved: [u16; 3],
}

/// What a step does: one of the constants, or something that this build does not know.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, StableAbi)]
pub struct StepAction(pub u8);

impl StepAction {
    /// It plays a note.
    pub const PLAY: StepAction = StepAction(0);
    /// The notes of its column end, and may ring out.
    pub const OFF: StepAction = StepAction(1);
    /// The notes of its column end at once.
    pub const CUT: StepAction = StepAction(2);
}

/// When a step plays: one of the constants, or something that this build does not know.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, StableAbi)]
pub struct StepCondition(pub u8);

impl StepCondition {
    /// Always.
    pub const NONE: StepCondition = StepCondition(0);
    /// In the first turn of its pattern.
    pub const FIRST: StepCondition = StepCondition(1);
    /// If the step at [`Step::previous`] plays; not if there is none.
    pub const PREVIOUS: StepCondition = StepCondition(2);
    /// During fills.
    pub const FILL: StepCondition = StepCondition(3);
    /// In the first of every [`Step::every`] turns.
    pub const EVERY: StepCondition = StepCondition(4);
}

/// A value that a step has for one parameter of whatever plays it. The host knows which parameter that is, target by
/// target.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Lock {
    /// Number of what is locked.
    pub lock: u16,
    /// Always 0.
    pub reserved: [u16; 3],
    /// The value.
    pub value: f64,
}
