//! __Type__: spreads some notes over a round of steps, as evenly as can be, in time with the beat.
//!
//! `manifest.toml` says what there is to connect and to turn; `export!` makes the names used here of it.

#![forbid(unsafe_code)]

use std::ops::Range;

use cantus_plugin_api::{Block, Event, Init, Module, NoteId, NoteOn, Stretch};

use __type__::{Param, event_out};

cantus_plugin_api::export!(__Type__);

/// One module in a session: what it keeps between two calls.
pub struct __Type__ {
    hits: i64,
    steps: i64,
    per_beat: f64,
    note: f32,
    /// The note that is on.
    on: Option<NoteId>,
    /// How many there have been: each note has an id of its own.
    count: u32,
}

impl __Type__ {
    const NEW: __Type__ = __Type__ { hits: 5, steps: 8, per_beat: 4.0, note: 60.0, on: None, count: 0 };

    /// Whether step number `step`, counted from beat 0, has a note.
    fn hit(&self, step: i64) -> bool {
        (step.rem_euclid(self.steps) * self.hits).rem_euclid(self.steps) < self.hits
    }

    /// Where beats go on evenly from `stretch.from` to before `stretch.to`. A note begins with its step and ends half
    /// a step later; all of that is on its exact sample, whatever tempo and swing.
    fn play(&mut self, block: &mut Block<'_>, stretch: &Stretch) {
        let swing = stretch.swing();
        let halves = 2.0 * self.per_beat;
        let first = (swing.unwarp(stretch.beat_at(stretch.from)) * halves).floor() as i64 - 1;
        for half in first.. {
            let sample = stretch.sample_of(swing.warp(half as f64 / halves));
            if sample >= stretch.to as i64 {
                break;
            }
            if sample < stretch.from as i64 {
                continue;
            }
            let frame = (sample as u64 - block.sample()) as usize;
            self.end(block, frame);
            if half % 2 == 0 && self.hit(half / 2) {
                self.begin(block, frame);
            }
        }
    }

    fn begin(&mut self, block: &mut Block<'_>, frame: usize) {
        let note = NoteId(self.count);
        let on = NoteOn { pitch: Some(self.note), ..NoteOn::new(note) };
        // There is room for hundreds of notes in 64 frames; what finds none is counted by the host.
        if block.note_on(event_out::NOTES, frame, on).is_ok() {
            self.on = Some(note);
            self.count = self.count.wrapping_add(1);
        }
    }

    fn end(&mut self, block: &mut Block<'_>, frame: usize) {
        if let Some(note) = self.on
            && block.note_off(event_out::NOTES, frame, note).is_ok()
        {
            self.on = None;
        }
    }
}

impl Module for __Type__ {
    /// Before it plays: here you may allocate, and compute what takes long.
    fn new(_init: &Init) -> Result<Self, String> {
        Ok(__Type__::NEW)
    }

    /// As new, every value at the manifest's default. From here on nothing may allocate, lock, print or wait: this is
    /// the audio thread.
    fn reset(&mut self) {
        *self = __Type__::NEW;
    }

    /// Something happens, at one of the 64 frames that are made at a time.
    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        match event {
            Event::Param { param: Param::Hits, value, .. } => self.hits = value as i64,
            Event::Param { param: Param::Steps, value, .. } => self.steps = value as i64,
            Event::Param { param: Param::PerBeat, value, .. } => self.per_beat = value,
            Event::Param { param: Param::Note, value, .. } => self.note = value as f32,
            _ => {}
        }
    }

    /// Makes the frames from one event to the next.
    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        let start = block.sample();
        for stretch in block.transport().stretches(start + frames.start as u64..start + frames.end as u64) {
            if stretch.jumped() || !stretch.moving() {
                self.end(block, (stretch.from - start) as usize);
            }
            if stretch.moving() {
                self.play(block, &stretch);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cantus_plugin_api::testing::{Bench, laws};

    use super::*;

    #[test]
    fn spreads_three_over_eight() {
        let mut bench = Bench::<__Type__>::new(8.0); // 8 frames a second
        bench.param(Param::Hits, 3.0);
        bench.play(60.0); // a beat a second: a step is 2 frames
        let run = bench.quantum();
        let ons: Vec<u64> = run.ons().map(|(sample, _)| sample).collect();
        assert_eq!(ons[..6], [0, 6, 12, 16, 22, 28]);
        let offs: Vec<u64> = run.offs().map(|(sample, _)| sample).collect();
        assert_eq!(offs[..6], [1, 7, 13, 17, 23, 29]);
    }

    #[test]
    fn a_note_ends_when_the_music_stops() {
        let mut bench = Bench::<__Type__>::new(800.0);
        bench.play(60.0); // a note lasts 100 frames
        bench.stop(70);
        let offs: Vec<u64> = bench.run(2).offs().map(|(sample, _)| sample).collect();
        assert_eq!(offs, [70]);
    }

    #[test]
    fn keeps_the_laws() {
        laws::all::<__Type__>(|bench| bench.play(120.0));
    }
}
