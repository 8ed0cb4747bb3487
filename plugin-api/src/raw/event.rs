//! The event record: 32 bytes, sorted by frame, unknown kinds skipped.

use abi_stable::StableAbi;

use super::handle::{Numbers, Sample, Sequence};

/// What an [`Event`] is. Numbers are never reused.
pub mod kind {
    /// A note begins; payload is [`super::Note`].
    pub const NOTE_ON: u16 = 1;
    /// A note ends and may ring on; the record's `note` says which.
    pub const NOTE_OFF: u16 = 2;
    /// A note ends now.
    pub const CHOKE: u16 = 3;
    /// A parameter's value; payload is [`super::Value`].
    pub const PARAM: u16 = 4;
    /// A handle for a data parameter; payload is [`super::Bind`].
    pub const BIND: u16 = 5;
    /// The module is told to do something; payload is [`super::Value`], `index` the action's.
    pub const ACTION: u16 = 6;
    /// From a module: it wants a parameter of its own to have another value; payload is [`super::Value`]. The host makes it
    /// a command, and sends the value back when it has been set.
    pub const REQUEST: u16 = 7;
    /// A parameter's value for one note alone; payload is [`super::Value`], the record's `note` says which. Those that come
    /// before its note-on, at the same frame, shape its beginning.
    pub const NOTE_PARAM: u16 = 8;
}

/// One event.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
// What payloads hold is part of the layout that is checked.
#[sabi(phantom_field(note: Note))]
#[sabi(phantom_field(value: Value))]
#[sabi(phantom_field(bind: Bind))]
#[sabi(phantom_field(sample: Sample))]
#[sabi(phantom_field(sequence: Sequence))]
#[sabi(phantom_field(numbers: Numbers))]
pub struct Event {
    /// Size of the record in bytes: 32.
    pub size: u16,
    /// One of [`kind`].
    pub kind: u16,
    /// Frame inside the quantum, 0 to 63.
    pub frame: u16,
    /// Event port of the module, in the manifest's order.
    pub port: u16,
    /// [`flag`](super::flag) bits.
    pub flags: u32,
    /// Id of the note it is about; 0 for none. The host makes ids unique for the receiver.
    pub note: u32,
    /// Depends on the kind.
    pub payload: [u8; 16],
}

/// Payload of a note-on. NaN and [`super::ABSENT_SLOT`] mean: the receiver's own default.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Note {
    /// MIDI note number, 60 is C4; fractions are allowed.
    pub pitch: f32,
    /// 0 to 1.
    pub velocity: f32,
    /// Slot of the receiver, from 0.
    pub slot: u16,
    /// Column of the pattern it stands in, from 0.
    pub column: u8,
    /// Which of several targets plays it, 1 to 255; 0: all.
    pub instrument: u8,
    /// Seconds in which its pitch glides there from the note before; NaN: the receiver's own.
    pub glide: f32,
}

/// Payload of a parameter change or action.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Value {
    /// Index of the parameter or action in the manifest.
    pub index: u16,
    /// Slot, or [`super::SLOT_OF_MODULE`] for a parameter of the module itself. For one note alone: the latter, or
    /// [`super::SLOT_OF_NOTE`]; from a sequencer [`super::SLOT_OF_LOCK`], which the host translates for each receiver.
    pub slot: u16,
    /// Always 0.
    pub reserved: u32,
    /// The value, in range; on and off are 1 and 0, a label is its index.
    pub value: f64,
}

/// Payload of a bind. The handle is valid during the call; clone it to keep it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, StableAbi)]
pub struct Bind {
    /// Index of the parameter in the manifest.
    pub index: u16,
    /// Slot, or [`super::SLOT_OF_MODULE`].
    pub slot: u16,
    /// 0 nothing, 1 a [`super::SampleData`], 2 a [`super::SequenceData`], 3 a [`super::NumbersData`].
    pub what: u32,
    /// Address of the handle, exposed (payloads are plain bytes); 0 for nothing.
    pub handle: usize,
}

macro_rules! payload {
    ($type:ident, $read:ident, $write:ident) => {
        impl Event {
            #[doc = concat!("The payload read as [`", stringify!($type), "`].")]
            pub fn $read(&self) -> $type {
                // SAFETY: the payload is 16 bytes, as is the type, of which every bit pattern is a value.
                unsafe { std::ptr::read_unaligned(self.payload.as_ptr().cast()) }
            }

            #[doc = concat!("An event with a [`", stringify!($type), "`] as payload.")]
            pub fn $write(kind: u16, frame: u16, note: u32, payload: $type) -> Event {
                // SAFETY: the type is 16 bytes without padding.
                let payload = unsafe { std::mem::transmute::<$type, [u8; 16]>(payload) };
                Event { size: 32, kind, frame, port: 0, flags: 0, note, payload }
            }
        }
    };
}
payload!(Note, as_note, with_note);
payload!(Value, as_value, with_value);
payload!(Bind, as_bind, with_bind);

impl Event {
    /// An event without payload.
    pub fn bare(kind: u16, frame: u16, note: u32) -> Event {
        Event { size: 32, kind, frame, port: 0, flags: 0, note, payload: [0; 16] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_part_of_the_checked_layout() {
        let fields: Vec<&str> = <Event as StableAbi>::LAYOUT.phantom_fields().into_iter().map(|f| f.name()).collect();
        assert_eq!(fields, ["note", "value", "bind", "sample", "sequence", "numbers"]);
        assert_eq!(size_of::<Event>(), 32);
    }
}
