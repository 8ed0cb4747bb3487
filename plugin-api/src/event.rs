//! Events as a module sees them: typed by its own manifest.

use crate::block::NoteId;
use crate::handle::{Numbers, Sample};
use crate::module::{Described, Key};
use crate::raw::{self, ABSENT_SLOT, SLOT_OF_MODULE, kind};
use crate::sequence::Sequence;
use crate::smooth::Glide;

/// Something that happens at a frame: what [`Module::event`](crate::Module::event) gets. `M` is the module's struct, whose
/// manifest names parameters, actions and slots. A module skips what it does not know with `_ => {}`.
pub enum Event<M: Described + ?Sized> {
    /// A note begins.
    NoteOn(NoteOn),
    /// A note ends; it may ring out.
    NoteOff(NoteId),
    /// A note ends now, without its release (but without a click: 5 ms).
    Choke(NoteId),
    /// A parameter has a new value, in its range.
    Param {
        /// Which.
        param: M::Param,
        /// On and off are 1 and 0, a label is its index.
        value: f64,
        /// How it comes there.
        glide: Glide,
    },
    /// A slot's parameter has a new value, in its range.
    SlotParam {
        /// From 0.
        slot: usize,
        /// Which.
        param: M::SlotParam,
        /// On and off are 1 and 0, a label is its index.
        value: f64,
        /// How it comes there.
        glide: Glide,
    },
    /// A parameter that the manifest says may be locked has another value for one note alone, in its range, until that
    /// note is over. It comes before the note-on at the same frame, and shapes the note's beginning, or while it sounds.
    NoteParam {
        /// The note, which may be one that is not on (yet).
        note: NoteId,
        /// Which.
        param: M::Param,
        /// On and off are 1 and 0, a label is its index.
        value: f64,
    },
    /// The same, of a parameter of the slot that the note plays.
    NoteSlotParam {
        /// The note, which may be one that is not on (yet).
        note: NoteId,
        /// Which.
        param: M::SlotParam,
        /// On and off are 1 and 0, a label is its index.
        value: f64,
    },
    /// A data parameter has new data.
    Bind {
        /// Which.
        param: M::Param,
        /// What.
        data: Data,
    },
    /// A slot's data parameter has new data.
    SlotBind {
        /// From 0.
        slot: usize,
        /// Which.
        param: M::SlotParam,
        /// What.
        data: Data,
    },
    /// The module is told to do something.
    Action(M::Action),
}

/// A note begins. What is `None` is the module's to choose.
///
/// ```
/// use cantus_plugin_api::{NoteId, NoteOn};
///
/// // A sequencer sends it with `Block::note_on`, and ends it by the same id.
/// let on = NoteOn { pitch: Some(60.5), velocity: Some(0.8), ..NoteOn::new(NoteId(1)) };
/// assert_eq!(on.slot, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoteOn {
    /// Who it is; note-off and choke name it again.
    pub note: NoteId,
    /// MIDI note number, 60 is C4; fractions are allowed.
    pub pitch: Option<f32>,
    /// 0 to 1.
    pub velocity: Option<f32>,
    /// Slot, from 0.
    pub slot: Option<usize>,
    /// Column of the pattern it stands in, from 0, at most 63.
    pub column: usize,
    /// Which of several targets plays it, 1 to 255: cables with that number carry it, and those without. The host has
    /// done so when it arrives.
    pub instrument: Option<u8>,
    /// Seconds in which its pitch glides there from the note before.
    pub glide: Option<f32>,
}

/// Data of a data parameter.
#[derive(Clone)]
pub enum Data {
    /// Nothing is set, or it is not there (yet).
    None,
    /// A decoded sound.
    Sample(Sample),
    /// What is to be played: a pattern, or a chain of them.
    Sequence(Sequence),
    /// A list of numbers, each in its range.
    Numbers(Numbers),
}

impl NoteOn {
    /// A note that leaves everything to the module that plays it.
    pub fn new(note: NoteId) -> NoteOn {
        NoteOn { note, pitch: None, velocity: None, slot: None, column: 0, instrument: None, glide: None }
    }

    pub(crate) fn from_raw(note: NoteId, raw: raw::Note) -> NoteOn {
        let given = |v: f32| if v.is_nan() { None } else { Some(v) };
        NoteOn {
            note,
            pitch: given(raw.pitch),
            velocity: given(raw.velocity),
            slot: (raw.slot != ABSENT_SLOT).then_some(usize::from(raw.slot)),
            column: usize::from(raw.column),
            instrument: (raw.instrument != 0).then_some(raw.instrument),
            glide: given(raw.glide),
        }
    }

    pub(crate) fn to_raw(self) -> raw::Note {
        raw::Note {
            pitch: self.pitch.unwrap_or(f32::NAN),
            velocity: self.velocity.unwrap_or(f32::NAN),
            slot: self.slot.map_or(ABSENT_SLOT, |s| s as u16),
            column: self.column.min(usize::from(u8::MAX)) as u8,
            instrument: self.instrument.unwrap_or(0),
            glide: self.glide.unwrap_or(f32::NAN),
        }
    }
}

impl<M: Described> Event<M> {
    /// `None` for kinds and indices this build does not know: they are skipped.
    pub(crate) fn decode(raw: &raw::Event) -> Option<Event<M>> {
        let note = NoteId(raw.note);
        match raw.kind {
            kind::NOTE_ON => Some(Event::NoteOn(NoteOn::from_raw(note, raw.as_note()))),
            kind::NOTE_OFF => Some(Event::NoteOff(note)),
            kind::CHOKE => Some(Event::Choke(note)),
            kind::PARAM => {
                let v = raw.as_value();
                let (value, glide, index) = (v.value, Glide::of(raw.flags), usize::from(v.index));
                if v.slot == SLOT_OF_MODULE {
                    M::Param::from_index(index).map(|param| Event::Param { param, value, glide })
                } else {
                    let slot = usize::from(v.slot);
                    M::SlotParam::from_index(index).map(|param| Event::SlotParam { slot, param, value, glide })
                }
            }
            kind::NOTE_PARAM => {
                let v = raw.as_value();
                let (value, index) = (v.value, usize::from(v.index));
                if v.slot == SLOT_OF_MODULE {
                    M::Param::from_index(index).map(|param| Event::NoteParam { note, param, value })
                } else {
                    M::SlotParam::from_index(index).map(|param| Event::NoteSlotParam { note, param, value })
                }
            }
            kind::BIND => {
                let b = raw.as_bind();
                // SAFETY: the host keeps the handle's memory alive during the call, of the kind `what` says.
                let data = unsafe { Data::from_raw(b.what, b.handle) };
                let index = usize::from(b.index);
                if b.slot == SLOT_OF_MODULE {
                    M::Param::from_index(index).map(|param| Event::Bind { param, data })
                } else {
                    M::SlotParam::from_index(index).map(|param| Event::SlotBind {
                        slot: usize::from(b.slot),
                        param,
                        data,
                    })
                }
            }
            kind::ACTION => M::Action::from_index(usize::from(raw.as_value().index)).map(Event::Action),
            _ => None,
        }
    }
}

impl Data {
    /// # Safety
    /// `handle` is the address of a live record of the kind that `what` names, or 0.
    unsafe fn from_raw(what: u32, handle: usize) -> Data {
        let handle = std::ptr::with_exposed_provenance::<()>(handle);
        match what {
            // SAFETY: as the caller promises.
            1 if !handle.is_null() => Data::Sample(unsafe { Sample::from_raw(handle.cast()) }),
            // SAFETY: as the caller promises.
            2 if !handle.is_null() => Data::Sequence(unsafe { Sequence::from_raw(handle.cast()) }),
            // SAFETY: as the caller promises.
            3 if !handle.is_null() => Data::Numbers(unsafe { Numbers::from_raw(handle.cast()) }),
            _ => Data::None,
        }
    }
}
