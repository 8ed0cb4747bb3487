//! The events one instance gets in one quantum.

use cantus_plugin_api::raw::{Event, kind};

/// Room kept for note-offs and chokes, so that a flood of notes never makes one hang.
const RESERVE: usize = 64;

/// A list of events sorted by frame, of fixed room. When it is full, notes and values are refused; ends of notes still
/// find the reserve.
pub(super) struct EventList {
    events: Vec<Event>,
    room: usize,
}

/// There was no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl EventList {
    /// Control thread: room for `room` events, and the reserve.
    pub fn new(room: usize) -> EventList {
        EventList { events: Vec::with_capacity(room + RESERVE), room }
    }

    /// Puts an event behind all that are not later. A value takes the place of one for the same parameter and frame, so
    /// that there is always room for every value.
    pub fn push(&mut self, event: Event) -> Result<(), NoRoom> {
        if matches!(event.kind, kind::PARAM | kind::BIND)
            && let Some(earlier) = self.events.iter_mut().find(|e| same_value(e, &event))
        {
            *earlier = event;
            return Ok(());
        }
        let ends = matches!(event.kind, kind::NOTE_OFF | kind::CHOKE);
        let room = if ends { self.room + RESERVE } else { self.room };
        if self.events.len() >= room {
            return Err(NoRoom);
        }
        let at = self.events.iter().rposition(|e| e.frame <= event.frame).map_or(0, |i| i + 1);
        self.events.insert(at, event);
        Ok(())
    }

    /// How many more notes and values find room.
    pub fn room(&self) -> usize {
        self.room.saturating_sub(self.events.len())
    }

    /// All of them, sorted.
    pub fn as_slice(&self) -> &[Event] {
        &self.events
    }

    pub fn clear(&mut self) {
        self.events.clear();
    }
}

/// Both set the same parameter of the same slot at the same frame. Values and binds begin with index and slot.
fn same_value(a: &Event, b: &Event) -> bool {
    a.kind == b.kind && a.frame == b.frame && a.payload[..4] == b.payload[..4]
}
