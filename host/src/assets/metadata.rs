//! What a sound file says beside its samples.

use std::ops::Range;

use cantus_plugin_api::raw::{self, LoopDirection, Onset};

use crate::rt::Said;

/// Loops, cue points and pitch, as far as the file says. Frames count from the first of the sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// By where they begin; the first is the one that a sampler holds a note with.
    pub loops: Vec<Loop>,
    /// By frame.
    pub cues: Vec<Cue>,
    /// The pitch at which it was recorded.
    pub pitch: Option<Pitch>,
}

/// A part that is to be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Frames of it; never empty.
    pub range: Range<usize>,
    /// How it goes round.
    pub direction: Direction,
}

/// How a loop goes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the end to the beginning.
    Forward,
    /// To and fro.
    PingPong,
    /// Always backwards.
    Backward,
}

/// A place with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// Frame of it.
    pub frame: usize,
    /// Its name; may be empty.
    pub label: String,
}

/// A pitch, as note and deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pitch {
    /// MIDI note, 0 to 127.
    pub note: u8,
    /// By how many cents the sound is above that note; may be negative.
    pub cents: f64,
}

impl Metadata {
    /// The same for a sound of `frames` frames after its rate was multiplied by `ratio`: all places lie within it.
    pub(super) fn placed(mut self, ratio: f64, frames: usize) -> Metadata {
        let place = |frame: usize, last: usize| ((frame as f64 * ratio + 0.5).floor() as usize).min(last);
        for found in &mut self.loops {
            found.range = place(found.range.start, frames)..place(found.range.end, frames);
        }
        self.loops.retain(|l| !l.range.is_empty());
        self.loops.sort_by_key(|l| (l.range.start, l.range.end));
        for cue in &mut self.cues {
            cue.frame = place(cue.frame, frames.saturating_sub(1));
        }
        self.cues.sort_by_key(|cue| cue.frame);
        self
    }
}

impl Metadata {
    /// The same as modules get it, with where something begins.
    pub(super) fn said(&self, onsets: Vec<Onset>) -> Said {
        let found = |l: &Loop| {
            let direction = match l.direction {
                Direction::Forward => LoopDirection::FORWARD,
                Direction::PingPong => LoopDirection::PING_PONG,
                Direction::Backward => LoopDirection::BACKWARD,
            };
            raw::Loop { start: l.range.start, end: l.range.end, direction, reserved: 0 }
        };
        Said {
            root: self.pitch.map(|pitch| f64::from(pitch.note) + pitch.cents / 100.0),
            loops: self.loops.iter().map(found).collect(),
            cues: self.cues.iter().map(|cue| cue.frame).collect(),
            onsets,
        }
    }
}

/// Text as old programs write it: up to the first zero, UTF-8 or else Latin-1.
pub(super) fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|b| *b == 0).next().unwrap_or_default();
    let latin = || bytes.iter().map(|b| char::from(*b)).collect();
    std::str::from_utf8(bytes).map_or_else(|_| latin(), str::to_owned).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(range: Range<usize>) -> Loop {
        Loop { range, direction: Direction::Forward }
    }

    #[test]
    fn places_are_moved_with_the_rate_and_lie_within_the_sound() {
        let cue = |frame| Cue { frame, label: frame.to_string() };
        let said = Metadata {
            loops: vec![forward(40..60), forward(10..30), forward(90..95), forward(20..20)],
            cues: vec![cue(70), cue(3), cue(usize::MAX)],
            pitch: None,
        };
        // Twice the rate, and 100 frames of it.
        let placed = said.placed(2.0, 100);
        assert_eq!(placed.loops, vec![forward(20..60), forward(80..100)]);
        assert_eq!(placed.cues.iter().map(|c| (c.frame, &*c.label)).next(), Some((6, "3")));
        assert_eq!(placed.cues.iter().map(|c| c.frame).collect::<Vec<_>>(), [6, 99, 99]);
    }

    #[test]
    fn text_ends_at_zero_and_may_be_latin() {
        for (bytes, expected) in [
            (&b"verse\0chorus"[..], "verse"),
            ("Prélude".as_bytes(), "Prélude"),
            (b"Pr\xe9lude \0", "Prélude"),
            (b"", ""),
        ] {
            assert_eq!(text(bytes), expected);
        }
    }
}
