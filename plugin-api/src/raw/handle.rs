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

/// A pattern, compiled to flat rows.
#[repr(C)]
#[derive(StableAbi)]
pub struct Pattern {
    /// The head.
    pub head: Handle,
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
}

/// One step: a note on one row in one column.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Step {
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0.
    pub column: u16,
    /// Slot, from 0, or [`ABSENT_SLOT`].
    pub slot: u16,
    /// MIDI note number, or NaN: the receiver's default.
    pub pitch: f32,
    /// 0 to 1, or NaN: the receiver's default.
    pub velocity: f32,
    /// Rows until the note ends; 0: it is never ended by the pattern.
    pub length: f32,
    /// Always 0.
    pub reserved: u32,
}
