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
