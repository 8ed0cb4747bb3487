//! What comes out of the bench.

use crate::block::NoteId;
use crate::event::NoteOn;
use crate::raw::{Event, kind};

/// What came out of one or more quanta.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Samples of each output channel, the ports one after the other.
    pub audio: Vec<Vec<f32>>,
    /// Events in the order in which they were emitted.
    pub events: Vec<Emitted>,
    /// Events that found no room, and what was said more than once in a quantum.
    pub refused: u32,
    /// What each modulation output held at the end of each quantum.
    pub mods: Vec<Vec<f32>>,
    /// What each meter showed at the end of each quantum; one with a `count` is so many.
    pub meters: Vec<Vec<f32>>,
    /// What the module said to people, and why what it asked for could not be made: the quantum's sample, and the text.
    pub said: Vec<(u64, String)>,
}

/// One emitted event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emitted {
    /// Absolute sample.
    pub sample: u64,
    /// Event output.
    pub port: usize,
    /// What.
    pub what: Happening,
}

/// What an emitted event is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happening {
    /// A note begins.
    On(NoteOn),
    /// A value that a step locks for a note that is about to begin: the note, what is locked, the value.
    Lock(NoteId, u16, f64),
    /// A note ends.
    Off(NoteId),
    /// A note ends now.
    Choke(NoteId),
}

impl Run {
    /// Sample and note of every note-on.
    pub fn ons(&self) -> impl Iterator<Item = (u64, NoteOn)> {
        self.events.iter().filter_map(|e| if let Happening::On(on) = e.what { Some((e.sample, on)) } else { None })
    }

    /// What came out next, behind it.
    pub(super) fn append(&mut self, next: Run) {
        let join = |all: &mut Vec<Vec<f32>>, next: Vec<Vec<f32>>| {
            all.resize(next.len(), Vec::new());
            all.iter_mut().zip(next).for_each(|(all, next)| all.extend(next));
        };
        join(&mut self.audio, next.audio);
        join(&mut self.mods, next.mods);
        join(&mut self.meters, next.meters);
        self.events.extend(next.events);
        self.refused += next.refused;
    }

    /// Sample and id of every note-off.
    pub fn offs(&self) -> impl Iterator<Item = (u64, NoteId)> {
        self.events.iter().filter_map(|e| if let Happening::Off(id) = e.what { Some((e.sample, id)) } else { None })
    }
}

/// An event of the quantum that begins at `now`.
pub(super) fn emitted(now: u64, event: &Event) -> Emitted {
    let id = NoteId(event.note);
    let what = match event.kind {
        kind::NOTE_ON => Happening::On(NoteOn::from_raw(id, event.as_note())),
        kind::NOTE_OFF => Happening::Off(id),
        kind::CHOKE => Happening::Choke(id),
        kind::NOTE_PARAM => Happening::Lock(id, event.as_value().index, event.as_value().value),
        other => unreachable!("a block emits no events of kind {other}"),
    };
    Emitted { sample: now + u64::from(event.frame), port: usize::from(event.port), what }
}
