//! TrackerSequencer: plays the rows of a pattern as notes, each on its exact sample.
//!
//! Where it is in the pattern is a function of the beat alone, so any change (another pattern, a seek, a new tempo)
//! carries on in phase. What it keeps is only the notes it has begun, so that each is ended.

#![forbid(unsafe_code)]

mod held;

use std::ops::Range;

use cantus_plugin_api::{Block, Data, Event, Full, Init, Module, NoteId, NoteOn, Pattern, Playhead, Row, Stretch, raw};

use held::{End, Held};
use tracker_sequencer::{Meter, Param, event_out};

cantus_plugin_api::export!(TrackerSequencer);

/// The instance.
pub struct TrackerSequencer {
    pattern: Option<Pattern>,
    transpose: f32,
    velocity: f32,
    playhead: Playhead,
    held: Held,
    last_note: u32,
}

impl TrackerSequencer {
    fn bind(&mut self, pattern: Option<Pattern>, frame: usize, block: &mut Block<'_>) {
        self.pattern = pattern;
        self.end_all(frame, block);
    }

    /// Ends every note; what finds no room ends in the next quantum.
    fn end_all(&mut self, frame: usize, block: &mut Block<'_>) {
        self.held.end_all(|note| block.note_off(event_out::NOTES, frame, note).is_ok());
    }

    /// Ends the notes that end in the stretch before sample `to`.
    fn end_due(&mut self, stretch: &Stretch, to: u64, block: &mut Block<'_>) {
        while let Some((note, sample)) = self.held.due(stretch, to) {
            if block.note_off(event_out::NOTES, frame_of(sample, block), note).is_err() {
                return;
            }
            self.held.remove(note);
        }
    }

    /// Begins the notes of a row. A note that finds no room is left out; the host counts it.
    fn begin(&mut self, pattern: &Pattern, row: Row, block: &mut Block<'_>) {
        let rows = u64::from(pattern.rows());
        let in_pattern = (row.index % rows) as u32;
        for step in pattern.row(in_pattern) {
            let beat = (row.index as f64 + f64::from(step.length)) / pattern.steps_per_beat();
            let end = if step.length > 0.0 { End::Beat(beat) } else { End::Never };
            let full = self.begin_note(step, end, frame_of(row.sample, block), block);
            if full.is_err() {
                break;
            }
        }
        block.meter(Meter::Row, in_pattern as f32);
    }

    fn begin_note(&mut self, step: &raw::Step, end: End, frame: usize, block: &mut Block<'_>) -> Result<(), Full> {
        if let Some(oldest) = self.held.in_the_way() {
            block.note_off(event_out::NOTES, frame, oldest)?;
            self.held.remove(oldest);
        }
        // 0 means no note.
        self.last_note = self.last_note.checked_add(1).unwrap_or(1);
        let on = self.note(step, NoteId(self.last_note));
        block.note_on(event_out::NOTES, frame, on)?;
        self.held.push(on.note, end);
        Ok(())
    }

    fn note(&self, step: &raw::Step, note: NoteId) -> NoteOn {
        let velocity = if step.velocity.is_nan() { 1.0 } else { step.velocity };
        let left_open = step.velocity.is_nan() && self.velocity == 1.0;
        NoteOn {
            note,
            pitch: (!step.pitch.is_nan()).then_some(step.pitch + self.transpose),
            velocity: (!left_open).then_some(velocity * self.velocity),
            slot: (step.slot != raw::ABSENT_SLOT).then_some(usize::from(step.slot)),
            column: usize::from(step.column),
        }
    }
}

impl Module for TrackerSequencer {
    fn new(_init: &Init) -> Result<Self, String> {
        Ok(TrackerSequencer {
            pattern: None,
            transpose: 0.0,
            velocity: 1.0,
            playhead: Playhead::default(),
            held: Held::new(),
            last_note: 0,
        })
    }

    fn reset(&mut self) {
        (self.pattern, self.transpose, self.velocity) = (None, 0.0, 1.0);
        self.last_note = 0;
        self.playhead.reset();
        self.held.clear();
    }

    fn event(&mut self, event: Event<Self>, frame: usize, block: &mut Block<'_>) {
        match event {
            Event::Param { param: Param::Transpose, value, .. } => self.transpose = value as f32,
            Event::Param { param: Param::Velocity, value, .. } => self.velocity = value as f32,
            Event::Bind { param: Param::Pattern, data: Data::Pattern(pattern) } => {
                self.bind(Some(pattern), frame, block);
            }
            Event::Bind { param: Param::Pattern, .. } => self.bind(None, frame, block),
            _ => {}
        }
    }

    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        let zero = block.sample();
        for stretch in block.transport().stretches(zero + frames.start as u64..zero + frames.end as u64) {
            if stretch.jumped() || !stretch.moving() {
                self.end_all(frame_of(stretch.from, block), block);
            }
            if let Some(pattern) = self.pattern.take() {
                while let Some(row) = self.playhead.next(&stretch, pattern.steps_per_beat()) {
                    self.end_due(&stretch, row.sample + 1, block);
                    self.begin(&pattern, row, block);
                }
                self.pattern = Some(pattern);
            }
            self.end_due(&stretch, stretch.to, block);
        }
    }
}

fn frame_of(sample: u64, block: &Block<'_>) -> usize {
    (sample - block.sample()) as usize
}

#[cfg(test)]
mod tests;
