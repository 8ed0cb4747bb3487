//! What an event cable remembers: the notes that are on, so that none can hang, and what it carries a quantum later; and
//! which notes it carries, with what steps lock for them.

use std::sync::Arc;

use cantus_plugin_api::raw::{Event, SLOT_OF_LOCK, Value, kind};

use super::QUANTUM;
use super::events::EventList;
use super::instance::OUT_EVENTS;

/// Notes that can be on at once on one cable. When there are more, the oldest is ended.
const HELD: usize = 256;

/// Values that can come before one note.
const LOCKS: usize = 64;

/// Which notes an event cable carries, and what is locked for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routing {
    /// It carries notes of that instrument, and of none; 0: all.
    pub instrument: u8,
    /// What is locked, by its number; `None`: the receiver has no such parameter.
    pub locks: Arc<[Option<LockTarget>]>,
}

/// The parameter of a receiver that a step locks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LockTarget {
    /// Index of the parameter.
    pub index: u16,
    /// `SLOT_OF_MODULE` or `SLOT_OF_NOTE`.
    pub slot: u16,
    /// It takes whole numbers.
    pub whole: bool,
    /// Its least value.
    pub min: f64,
    /// Its greatest value.
    pub max: f64,
}

impl Routing {
    /// A step's value as the receiver knows it.
    fn translated(&self, event: &Event) -> Option<Event> {
        let said = event.as_value();
        let target = self.locks.get(usize::from(said.index)).copied().flatten()?;
        let value = if said.value.is_finite() { said.value.clamp(target.min, target.max) } else { return None };
        let value = if target.whole { value.round() } else { value };
        let payload = Value { index: target.index, slot: target.slot, reserved: 0, value };
        Some(Event { port: event.port, ..Event::with_value(kind::NOTE_PARAM, event.frame, event.note, payload) })
    }
}

/// Gives out note ids that no receiver has seen for a long time.
#[derive(Default)]
pub(super) struct NoteIds(u32);

impl NoteIds {
    pub fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(1).max(1);
        self.0
    }
}

/// The state of one event cable.
pub struct Notes {
    held: Vec<Held>,
    /// What its source emitted in the quantum before, if it takes one.
    late: Vec<Event>,
    /// Values for a note that is about to begin.
    locks: Vec<Event>,
    routing: Routing,
}

struct Held {
    /// The sender's id.
    sent: u32,
    /// The receiver's id.
    received: u32,
    /// Its end found no room and is still owed.
    owed: bool,
}

impl Notes {
    /// Control thread; `late` if it takes a quantum.
    pub(super) fn new(late: bool) -> Notes {
        Notes {
            held: Vec::with_capacity(HELD),
            late: Vec::with_capacity(if late { OUT_EVENTS } else { 0 }),
            locks: Vec::with_capacity(LOCKS),
            routing: Routing::default(),
        }
    }

    /// Carries other notes from now on, and other values with them. What it did before comes back, to be freed.
    pub(super) fn route(&mut self, routing: &mut Routing) {
        std::mem::swap(&mut self.routing, routing);
    }

    /// Carries what the sender emitted in a quantum to the receiver's port. At each frame of `cuts`, one bit each, all
    /// notes that began before it end. Returns how many events found no room there.
    pub(super) fn carry<'a>(
        &mut self,
        events: impl Iterator<Item = &'a Event>,
        port: u16,
        mut cuts: u64,
        ids: &mut NoteIds,
        to: &mut EventList,
    ) -> u32 {
        self.settle(to);
        let mut refused = 0;
        for event in events {
            let event = Event { port, frame: event.frame.min(QUANTUM as u16 - 1), ..*event };
            self.cut(&mut cuts, event.frame, to);
            let placed = match event.kind {
                kind::NOTE_ON => self.begin(event, ids, to),
                kind::NOTE_OFF | kind::CHOKE => self.end(event, to),
                kind::NOTE_PARAM if event.as_value().slot == SLOT_OF_LOCK => self.lock(event, to),
                // Values and binds come from the Model alone.
                _ => true,
            };
            refused += u32::from(!placed);
        }
        self.cut(&mut cuts, QUANTUM as u16 - 1, to);
        refused
    }

    /// Carries what the sender emitted in the quantum before, each event on the same frame of this one. Notes that would
    /// begin after a cut do not begin: they were sent before it.
    pub(super) fn carry_late(&mut self, port: u16, cuts: u64, ids: &mut NoteIds, to: &mut EventList) -> u32 {
        let late = std::mem::take(&mut self.late);
        let first_cut = cuts.trailing_zeros();
        let events = late.iter().filter(|e| !begins(e) || u32::from(e.frame) < first_cut);
        let refused = self.carry(events, port, cuts, ids, to);
        self.late = late;
        refused
    }

    /// Keeps what the sender emits in this quantum for the next, but for notes that begin before a cut.
    pub(super) fn keep<'a>(&mut self, events: impl Iterator<Item = &'a Event>, cuts: u64) {
        let last_cut = (u64::BITS - cuts.leading_zeros()).saturating_sub(1);
        self.late.clear();
        let room = self.late.capacity();
        let kept = events.filter(|e| !begins(e) || u32::from(e.frame) >= last_cut);
        self.late.extend(kept.take(room));
    }

    /// Ends all notes at each frame of `cuts` up to `frame`, and takes those frames out.
    fn cut(&mut self, cuts: &mut u64, frame: u16, to: &mut EventList) {
        while *cuts != 0 && cuts.trailing_zeros() <= u32::from(frame) {
            self.end_all(cuts.trailing_zeros() as u16, to);
            *cuts &= *cuts - 1;
        }
    }

    /// A value for one note alone: of one that is on, or of the next that begins.
    fn lock(&mut self, event: Event, to: &mut EventList) -> bool {
        let Some(event) = self.routing.translated(&event) else { return true };
        match self.held.iter().find(|held| held.sent == event.note && !held.owed) {
            Some(held) => to.push(Event { note: held.received, ..event }).is_ok(),
            None if self.locks.len() < LOCKS => {
                self.locks.push(event);
                true
            }
            None => false,
        }
    }

    /// All or nothing: a note without its values is another note.
    fn begin(&mut self, event: Event, ids: &mut NoteIds, to: &mut EventList) -> bool {
        let of = event.as_note().instrument;
        let carried = of == 0 || self.routing.instrument == 0 || of == self.routing.instrument;
        self.locks.retain(|lock| carried && lock.note == event.note);
        if !carried {
            return true;
        }
        let placed = to.room() > self.locks.len() && self.strike(event, ids, to);
        self.locks.clear();
        placed
    }

    fn strike(&mut self, event: Event, ids: &mut NoteIds, to: &mut EventList) -> bool {
        if self.held.len() == HELD {
            let oldest = self.held.remove(0);
            let end = Event::bare(kind::NOTE_OFF, event.frame, oldest.received);
            if to.push(end).is_err() {
                self.held.insert(0, oldest);
                return false;
            }
        }
        let received = ids.next();
        for lock in &self.locks {
            // There is room for it.
            let _ = to.push(Event { note: received, ..*lock });
        }
        let placed = to.push(Event { note: received, ..event }).is_ok();
        if placed {
            self.held.push(Held { sent: event.note, received, owed: false });
        }
        placed
    }

    /// Ends of notes that are not on are dropped: the note was ended already.
    fn end(&mut self, event: Event, to: &mut EventList) -> bool {
        let Some(at) = self.held.iter().position(|h| h.sent == event.note && !h.owed) else { return true };
        let placed = to.push(Event { note: self.held[at].received, ..event }).is_ok();
        if placed {
            self.held.remove(at);
        } else {
            self.held[at].owed = true;
        }
        placed
    }

    /// Sends what is owed from an earlier quantum.
    pub(super) fn settle(&mut self, to: &mut EventList) {
        self.held.retain(|h| !h.owed || to.push(Event::bare(kind::NOTE_OFF, 0, h.received)).is_err());
    }

    /// Ends every note that is on. What finds no room stays owed.
    pub(super) fn end_all(&mut self, frame: u16, to: &mut EventList) {
        self.held.retain_mut(|h| {
            h.owed = to.push(Event::bare(kind::NOTE_OFF, frame, h.received)).is_err();
            h.owed
        });
    }

    /// Forgets every note: their receivers were reset.
    pub(super) fn forget(&mut self) {
        self.held.clear();
        self.late.clear();
        self.locks.clear();
    }
}

/// It begins a note, or is a value for one.
fn begins(event: &Event) -> bool {
    matches!(event.kind, kind::NOTE_ON | kind::NOTE_PARAM)
}
