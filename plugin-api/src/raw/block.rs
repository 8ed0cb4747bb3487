//! What one call of `process` gets.

use std::ffi::c_void;

use abi_stable::StableAbi;

use super::event::Event;

/// The instance is well.
pub const INSTANCE_OK: u32 = 0;
/// The instance panicked or gave up; the report says why. It is never called again.
pub const INSTANCE_FAILED: u32 = 1;

/// Bits in `flags` fields.
pub mod flag {
    /// Port: a cable ends or begins here.
    pub const CONNECTED: u32 = 1;
    /// Port: all samples are 0. An output may be left so.
    pub const SILENT: u32 = 2;
    /// Event: take the value at once, without smoothing.
    pub const SNAP: u32 = 1;
    /// Event: go to the value in a straight line until the quantum ends; the module's own smoothing does not count.
    pub const RAMP: u32 = 2;
    /// Transport: beats go on at the quantum's first frame.
    pub const PLAYING: u32 = 1;
    /// Transport: there is a loop range.
    pub const LOOPING: u32 = 2;
    /// Segment: its beats do not follow on from the segment before: a stop, seek, reset or the turn of a loop.
    pub const JUMPED: u32 = 1;
    /// Segment: the jump is the turn of a loop.
    pub const LOOPED: u32 = 2;
}

/// One quantum of one instance. Grows at its tail only.
#[repr(C)]
#[derive(StableAbi)]
pub struct Block {
    /// Size of this record in bytes.
    pub size: u32,
    /// Frames to make: [`QUANTUM`](super::QUANTUM).
    pub frames: u32,
    /// Absolute sample of the first frame.
    pub sample: u64,
    /// Audio inputs, in the manifest's order.
    pub inputs: *const Port,
    /// How many.
    pub input_count: u32,
    /// How many outputs.
    pub output_count: u32,
    /// Audio outputs, in the manifest's order; their samples are 0 on entry.
    pub outputs: *const Port,
    /// Events in, sorted by frame.
    pub events: *const Event,
    /// How many.
    pub event_count: u32,
    /// How many meters.
    pub meter_count: u32,
    /// Meters, in the manifest's order; they keep their value from quantum to quantum.
    pub meters: *mut f32,
    /// Events out.
    pub writer: *mut EventWriter,
    /// Where the music is.
    pub transport: *const Transport,
    /// Where a failing instance says why.
    pub report: *mut Report,
    /// Modulation outputs, -1 to 1, in the manifest's order; they keep their value from quantum to quantum.
    pub mods: *mut f32,
    /// How many.
    pub mod_count: u32,
    /// How many of `made`.
    pub made_count: u32,
    /// What workers have made for the instance since its last quantum.
    pub made: *const Made,
    /// One bit for each place at which it asks for something; see [`Work`](super::Work). Null: nobody would make it.
    pub asked: *mut u64,
    /// Where it says something to people; empty on entry.
    pub said: *mut Report,
}

/// What a worker has made for an instance.
#[repr(C)]
#[derive(Clone, Copy, Debug, StableAbi)]
pub struct Made {
    /// The place that asked for it.
    pub place: u32,
    /// Always 0.
    pub reserved: u32,
    /// What [`Work::make`](super::Work::make) gave: the instance may take it out and leave what it had. Valid during the
    /// call. Null: it could not be made.
    pub value: *mut c_void,
}

/// An audio port: planar channels of one quantum, each aligned to 64 bytes. Inputs are read only.
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct Port {
    /// One pointer per channel.
    pub channels: *const *mut f32,
    /// How many channels.
    pub channel_count: u32,
    /// [`flag`] bits.
    pub flags: u32,
}

/// Where a module puts its events. When `len` reaches `capacity - reserve` only note-offs and chokes are still taken;
/// what is refused is counted in `refused`.
#[repr(C)]
#[derive(StableAbi)]
pub struct EventWriter {
    /// Room for `capacity` events.
    pub events: *mut Event,
    /// Events written.
    pub len: u32,
    /// Room in all.
    pub capacity: u32,
    /// Room kept for note-offs.
    pub reserve: u32,
    /// Events refused in this quantum.
    pub refused: u32,
}

/// Where the music is in one quantum. Signature, swing and loop range are the quantum's: a change of them inside it
/// counts from its first frame.
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct Transport {
    /// Size of this record in bytes.
    pub size: u32,
    /// [`flag`] bits.
    pub flags: u32,
    /// The first segment's epoch.
    pub epoch: u32,
    /// Length of a bar in beats; a beat is a quarter note, so a bar of 6/8 has 3.
    pub beats_per_bar: f32,
    /// The signature's lower number: 4 for quarters, 8 for eighths.
    pub beat_unit: u32,
    /// Always 0.
    pub reserved: u32,
    /// Sample rate in Hz.
    pub rate: f64,
    /// Where in a pair of swing units the second one begins: 0.5 (straight) to 0.75.
    pub swing: f64,
    /// Swing unit in beats.
    pub swing_unit: f64,
    /// First beat of the loop, if the flags say that there is one.
    pub loop_start: f64,
    /// The beat at which the loop turns.
    pub loop_end: f64,
    /// All segments that touch the quantum, at least one, in rising order of their samples. The first is anchored at
    /// or before the quantum's first frame, the others inside it. What comes after the quantum is not in it.
    pub segments: *const Segment,
    /// How many.
    pub segment_count: usize,
}

impl Transport {
    /// In 4/4, straight, without a loop. It points to `segments`, of which there is at least one.
    pub fn new(rate: f64, segments: &[Segment]) -> Transport {
        Transport {
            size: size_of::<Transport>() as u32,
            flags: if segments[0].moving() { flag::PLAYING } else { 0 },
            epoch: segments[0].epoch,
            beats_per_bar: 4.0,
            beat_unit: 4,
            reserved: 0,
            rate,
            swing: 0.5,
            swing_unit: 0.25,
            loop_start: 0.0,
            loop_end: 0.0,
            segments: segments.as_ptr(),
            segment_count: segments.len(),
        }
    }
}

/// A stretch of the transport, anchored to a sample: from there on the tempo changes linearly with time, stays, or
/// stands still. Beats are computed from the anchor afresh, never added up.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Segment {
    /// Absolute sample of the anchor.
    pub sample: u64,
    /// Beat at that sample.
    pub beat: f64,
    /// Beats per minute at that sample; 0 when beats stand still.
    pub bpm: f64,
    /// Beats per minute gained with each sample; 0 when the tempo stays.
    pub slope: f64,
    /// [`flag`] bits.
    pub flags: u32,
    /// Counts stops, seeks and resets: beats of different epochs are not comparable.
    pub epoch: u32,
}

/// A failing instance's last words, or what one that is well has to say.
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct Report {
    /// Bytes of `text` in use.
    pub len: u32,
    /// UTF-8, cut to fit.
    pub text: [u8; 252],
}

impl Report {
    /// Nothing said.
    pub const EMPTY: Report = Report { len: 0, text: [0; 252] };

    /// Puts a text in, cut to fit.
    pub fn set(&mut self, text: &str) {
        self.len = 0;
        self.push(text);
    }

    /// Puts a text behind what is there, cut to fit. False: it was cut.
    pub fn push(&mut self, text: &str) -> bool {
        let from = (self.len as usize).min(self.text.len());
        let len = text.floor_char_boundary(self.text.len() - from);
        self.text[from..from + len].copy_from_slice(&text.as_bytes()[..len]);
        self.len = (from + len) as u32;
        len == text.len()
    }

    /// The text.
    pub fn text(&self) -> &str {
        let len = (self.len as usize).min(self.text.len());
        str::from_utf8(&self.text[..len]).unwrap_or("(not UTF-8)")
    }
}

impl std::fmt::Write for Report {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.push(text) { Ok(()) } else { Err(std::fmt::Error) }
    }
}
