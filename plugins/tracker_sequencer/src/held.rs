//! The notes a sequencer has begun and not yet ended.

use cantus_plugin_api::{NoteId, Stretch};

/// Notes that can be held at once. When full, the oldest is ended to make room.
pub const MOST: usize = 256;

/// When a note ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// As soon as there is room for its note-off.
    Now,
    /// At that beat, swung as the rows are.
    Beat(f64),
    /// When the transport or the pattern changes.
    Never,
}

/// Notes that are on, oldest first. Never grows beyond [`MOST`], so it never allocates after it was made.
pub struct Held {
    notes: Vec<(NoteId, End)>,
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

    /// The oldest, if there is no room for another.
    pub fn in_the_way(&self) -> Option<NoteId> {
        if self.notes.len() < MOST { None } else { self.notes.first().map(|(note, _)| *note) }
    }

    /// Keeps a note. There must be room.
    pub fn push(&mut self, note: NoteId, end: End) {
        debug_assert!(self.notes.len() < MOST);
        self.notes.push((note, end));
    }

    /// A note was ended.
    pub fn remove(&mut self, note: NoteId) {
        self.notes.retain(|(n, _)| *n != note);
    }

    /// Ends all. What `ended` refuses ends as soon as there is room.
    pub fn end_all(&mut self, mut ended: impl FnMut(NoteId) -> bool) {
        self.notes.retain_mut(|(note, end)| {
            *end = End::Now;
            !ended(*note)
        });
    }

    /// The note that ends first of those that end in the stretch before sample `to`, and its sample: the stretch's first
    /// if it should have ended before. Of several at one sample, the oldest.
    pub fn due(&self, stretch: &Stretch, to: u64) -> Option<(NoteId, u64)> {
        let sample_of = |end: End| match end {
            End::Now => Some(stretch.from),
            End::Beat(beat) => Some(stretch.sample_of(stretch.swing().warp(beat)).max(stretch.from as i64) as u64),
            End::Never => None,
        };
        let ends = self.notes.iter().filter_map(|(note, end)| sample_of(*end).map(|at| (*note, at)));
        ends.filter(|(_, at)| *at < to).min_by_key(|(_, at)| *at)
    }
}
