//! The notes a sequencer has begun and not yet ended.

use cantus_plugin_api::NoteId;

/// Notes that can be held at once. When full, the oldest is ended to make room.
pub const MOST: usize = 256;

/// When a note ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// As soon as there is room for its note-off.
    Now,
    /// At that beat of the grid, swung as the rows are.
    Beat(f64),
    /// When its column has another note or an end, or the transport or what is played changes.
    Open,
}

/// A note that is on.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// Who it is.
    pub id: NoteId,
    /// Column it stands in.
    pub column: u8,
    /// When it ends.
    pub end: End,
}

/// Notes that are on, oldest first. Never grows beyond [`MOST`], so it never allocates after it was made.
pub struct Held {
    notes: Vec<Note>,
}

impl Held {
    /// None.
    pub fn new() -> Held {
        Held { notes: Vec::with_capacity(MOST) }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.notes.clear();
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter()
    }

    /// The oldest, if there is no room for another.
    pub fn in_the_way(&self) -> Option<NoteId> {
        if self.notes.len() < MOST { None } else { self.notes.first().map(|note| note.id) }
    }

    /// Keeps a note. There must be room.
    pub fn push(&mut self, note: Note) {
        debug_assert!(self.notes.len() < MOST);
        self.notes.push(note);
    }

    /// Ends one. If `ended` refuses, it ends as soon as there is room.
    pub fn end_one(&mut self, id: NoteId, ended: impl FnOnce() -> bool) {
        let Some(at) = self.notes.iter().position(|note| note.id == id) else { return };
        if ended() {
            self.notes.remove(at);
        } else {
            self.notes[at].end = End::Now;
        }
    }

    /// Nothing comes any more that would end the open ones: they end at that beat.
    pub fn close(&mut self, beat: f64) {
        self.notes.iter_mut().filter(|note| note.end == End::Open).for_each(|note| note.end = End::Beat(beat));
    }

    /// A note was ended.
    pub fn remove(&mut self, id: NoteId) {
        self.notes.retain(|note| note.id != id);
    }

    /// Ends those notes. What `ended` refuses ends as soon as there is room.
    pub fn end(&mut self, which: impl Fn(&Note) -> bool, mut ended: impl FnMut(NoteId) -> bool) {
        self.notes.retain_mut(|note| {
            if !which(note) {
                return true;
            }
            note.end = End::Now;
            !ended(note.id)
        });
    }
}
