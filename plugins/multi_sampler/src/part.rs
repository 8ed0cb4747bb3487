//! Which part of a sound a note plays, and how.

use std::ops::Range;

use cantus_plugin_api::{LoopDirection, Numbers, Sample};

use crate::fit::{Fit, fit};
pub use crate::multi_sampler::Style;
use crate::multi_sampler::{LoopMode, Param, SlotParam};
use crate::slices::Slices;
use crate::tape::{Loop, Tape};
use crate::values::NoteValues;

/// Which part of a sound is played and how, in frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Of the whole sound.
    pub frames: usize,
    /// Those that are played, but for a loop.
    pub stretch: Range<usize>,
    /// The loop that it stays in.
    pub around: Option<Loop>,
    /// It is played from its end.
    pub backward: bool,
    /// It is played in grains, which know by themselves what of it.
    pub grains: bool,
}

impl Part {
    /// That of a note's values; of a loop that is left when the note is `released`, what follows it.
    pub fn new(note: &Note<'_>, sample: &Sample, rate: f64) -> Part {
        let values = &note.values;
        let frames = sample.frames();
        let whole = whole(values, frames);
        let slices = Slices::new(values, sample, note.points);
        let by_slices = fit(values) == Some(Fit::Slices) && !slices.is_off();
        let slice = if by_slices { note.slice } else { Slices::of_note(values, note.pitch, sample) };
        let stretch = if slices.is_off() { whole } else { slices.range(&whole, slice) };
        let grains = style(values) == Style::Grain || matches!(fit(values), Some(Fit::Grains | Fit::Stretch));
        let around = match style(values) {
            Style::Once => None,
            Style::Grain => Some((stretch.clone(), LoopMode::Forward)),
            Style::Next => Some((stretch.clone(), values.turn())),
            Style::Loop if note.released && values.slot(SlotParam::LoopRelease) != 0.0 => None,
            Style::Loop => {
                let set = between(values, [SlotParam::LoopStart, SlotParam::LoopFinish], frames);
                let (range, turn) = of_file(sample, &set, values.turn()).unwrap_or((set, values.turn()));
                let clamped =
                    range.start.clamp(stretch.start, stretch.end)..range.end.clamp(stretch.start, stretch.end);
                Some((clamped, turn))
            }
        };
        let fade = (values.slot(SlotParam::LoopFade) * rate).round() as usize;
        let around = around.filter(|(range, _)| !range.is_empty());
        let around = around.map(|(range, turn)| Loop { range, turn, fade });
        let backward = values.get(Param::Speed) < 0.0;
        Part { frames, stretch, around, backward, grains }
    }

    /// There is nothing to play.
    pub fn is_empty(&self) -> bool {
        self.stretch.is_empty()
    }

    /// Where a note begins that is to begin at that fraction of the part.
    pub fn place(&self, position: f64) -> usize {
        let ahead = (position * self.stretch.len() as f64).round() as usize;
        let ahead = ahead.min(self.stretch.len() - 1);
        if self.backward { self.stretch.end - 1 - ahead } else { self.stretch.start + ahead }
    }

    /// It begins at the sound's own first frame, or plays from its own last one.
    pub fn begins_whole(&self, first: usize) -> bool {
        first == if self.backward { self.frames - 1 } else { 0 }
    }

    /// Its end is not the sound's own.
    pub fn is_cropped(&self) -> bool {
        let whole = if self.backward { self.stretch.start == 0 } else { self.stretch.end == self.frames };
        self.around.is_none() && !whole
    }

    /// What is played from a frame on.
    pub fn tape(&self, first: usize) -> Tape {
        let Range { start, end } = &self.stretch;
        let first = match &self.around {
            // What is beyond the loop could never come to it.
            Some(around) if self.backward => first.max(around.range.start),
            Some(around) => first.min(around.range.end - 1),
            None => first,
        };
        Tape::new(
            self.frames,
            first.clamp(*start, (*end).max(start + 1) - 1),
            &self.stretch,
            self.backward,
            self.around.as_ref(),
        )
    }
}

/// From start to finish, of a sound of so many frames.
pub fn whole(values: &NoteValues<'_>, frames: usize) -> Range<usize> {
    between(values, [SlotParam::Start, SlotParam::Finish], frames)
}

/// Between two places, whichever way round they are given.
fn between(values: &NoteValues<'_>, places: [SlotParam; 2], frames: usize) -> Range<usize> {
    let [one, other] = places.map(|param| (values.slot(param) * frames as f64).round() as usize);
    one.min(other)..one.max(other)
}

/// The loop that a file names, and how it goes round, as long as the whole is set and goes forward.
fn of_file(sample: &Sample, set: &Range<usize>, turn: LoopMode) -> Option<(Range<usize>, LoopMode)> {
    let named = sample.loops().first().filter(|_| *set == (0..sample.frames()))?;
    let turn = match named.direction {
        LoopDirection::PING_PONG if turn == LoopMode::Forward => LoopMode::PingPong,
        LoopDirection::BACKWARD if turn == LoopMode::Forward => LoopMode::Backward,
        _ => turn,
    };
    Some((named.start..named.end, turn))
}

/// What a part is chosen by.
pub struct Note<'a> {
    pub values: NoteValues<'a>,
    pub pitch: Option<f32>,
    /// Where slices begin, if a list says so.
    pub points: Option<&'a Numbers>,
    /// It was let go.
    pub released: bool,
    /// Which slice it has come to, if it plays one after the other.
    pub slice: i64,
}

/// How a note's sound is played.
pub fn style(values: &NoteValues<'_>) -> Style {
    Style::from_value(values.slot(SlotParam::Style))
}
