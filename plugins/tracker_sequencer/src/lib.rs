//! TrackerSequencer: plays the rows of patterns as notes, each on its exact sample.
//!
//! Where it is in what it plays, and which steps play, are functions of the beat and the seed alone, so any change (an
//! edit, another pattern, a seek, a new tempo) carries on in phase. What it keeps is only what is about to be heard and the
//! notes it has begun, so that each is ended.
//!
//! The way of a step: `Playhead` gives a row out, as much before its time as delays and grooves need; `turns` decides
//! whether the step plays; `groove` says when; it waits in `hits`; when its time comes it is a note, and is `held` until
//! its end.

#![forbid(unsafe_code)]

mod columns;
mod groove;
mod held;
mod hits;
mod turns;

use std::ops::Range;

use cantus_plugin_api::raw::{self, StepAction};
use cantus_plugin_api::{
    Block, Data, Event, Full, Init, Module, NoteId, NoteOn, Playhead, Reach, Row, Sequence, Stretch,
};

use columns::Columns;
use groove::Groove;
use held::{End, Held, Note};
use hits::{Hit, Hits, What, loudness, part};
use tracker_sequencer::{Meter, Param, SlotParam, event_out};
use turns::Turn;

cantus_plugin_api::export!(TrackerSequencer);

/// Most beats that it looks back for what is still to be heard when it joins.
const FAR_BACK: f64 = 16.0;

/// The instance.
pub struct TrackerSequencer {
    seed: u64,
    sequence: Option<Sequence>,
    transpose: f32,
    velocity: f32,
    /// Rows that a note lasts whose step says nothing.
    length: f32,
    fill: bool,
    /// Added to the session's swing.
    swing: f64,
    groove: Groove,
    columns: Columns,
    playhead: Playhead,
    hits: Hits,
    held: Held,
    joined: Joined,
    /// Absolute sample up to which it has played.
    played: u64,
    last_note: u32,
}

/// Since when it plays without a gap.
#[derive(Clone, Copy)]
struct Joined {
    /// Absolute sample.
    at: u64,
    /// Nothing of it has been heard before: a row that begins there sounds, even if it should have come early.
    afresh: bool,
}

impl TrackerSequencer {
    /// Something else is to be played. Another version of the same thing goes on under the notes that sound.
    fn bind(&mut self, sequence: Option<Sequence>, frame: usize, block: &mut Block<'_>) {
        let origin = |sequence: &Option<Sequence>| sequence.as_ref().map(Sequence::origin);
        let another = origin(&sequence) != origin(&self.sequence);
        if another {
            self.end(|_| true, frame, block);
        }
        let at = block.sample() + frame as u64;
        self.joined = Joined { at, afresh: another || self.joined.afresh };
        self.sequence = sequence;
        self.hits.clear();
        self.playhead.rejoin();
    }

    /// Ends notes; what finds no room ends in the next quantum.
    fn end(&mut self, which: impl Fn(&Note) -> bool, frame: usize, block: &mut Block<'_>) {
        self.held.end(which, |note| block.note_off(event_out::NOTES, frame, note).is_ok());
    }

    /// Another column is heard, or one less.
    fn hear(&mut self, frame: usize, block: &mut Block<'_>) {
        let columns = &self.columns;
        self.held.end(
            |note| !columns.heard(note.column.into()),
            |note| block.note_off(event_out::NOTES, frame, note).is_ok(),
        );
    }

    fn set_column(&mut self, number: usize, param: SlotParam, value: f64) {
        let column = self.columns.get_mut(number);
        match param {
            SlotParam::Mute => column.mute = value != 0.0,
            SlotParam::Solo => self.columns.solo(number, value != 0.0),
            SlotParam::Transpose => column.transpose = value as f32,
            SlotParam::Velocity => column.velocity = value as f32,
            SlotParam::Instrument => column.instrument = value as u8,
        }
    }

    fn set(&mut self, param: Param, value: f64) {
        match param {
            Param::Transpose => self.transpose = value as f32,
            Param::Velocity => self.velocity = value as f32,
            Param::Length => self.length = value as f32,
            Param::Fill => self.fill = value != 0.0,
            Param::Swing => self.swing = value,
            Param::GrooveAmount => self.groove.amount = value,
            Param::Humanise => self.groove.humanise = value,
            Param::HumaniseVelocity => self.groove.humanise_velocity = value,
            Param::Pattern | Param::Groove | Param::GrooveVelocity => {}
        }
    }

    /// How much before their time rows are wanted, and how far back they may still be heard. Where a loop turns, its
    /// first row comes again.
    fn reach(&self, sequence: &Sequence, stretch: &Stretch, turn: Option<f64>) -> Reach {
        let (early, late) = self.groove.reach();
        let off = self.groove.humanise * stretch.bpm_at(stretch.from).max(stretch.bpm_at(stretch.to)) / 60.0;
        Reach {
            early: sequence.early() + early / sequence.slowest() + off,
            back: (sequence.late() + late / sequence.slowest() + off).min(FAR_BACK),
            until: turn.filter(|turn| stretch.beat_at(stretch.from) < *turn).unwrap_or(f64::INFINITY),
        }
    }

    fn play(&mut self, sequence: &Sequence, stretch: &Stretch, block: &mut Block<'_>) {
        let reach = self.reach(sequence, stretch, block.transport().loop_range().map(|range| range.end));
        while let Some(row) = self.playhead.next(stretch, sequence, reach) {
            self.come(&row, sequence, stretch);
            block.meter(Meter::Row, row.pattern().shown(row.row) as f32);
            block.meter(Meter::Entry, row.section.entry() as f32 + 1.0);
            block.meter(Meter::Turn, row.turn as f32);
        }
        if stretch.moving() {
            // Whatever might have come early has been given.
            self.joined.afresh = false;
        }
        if let Some(beat) = self.playhead.over() {
            self.held.close(beat);
        }
        self.hits.gather(stretch, &self.held);
        while let Some((sample, what)) = self.hits.next() {
            let frame = (sample - block.sample()) as usize;
            match what {
                What::End(note) => {
                    self.held.end_one(note, || block.note_off(event_out::NOTES, frame, note).is_ok());
                }
                What::Hit(hit) => self.hit(sequence, hit, stretch, sample, block),
            }
        }
    }

    /// The steps of a row that play are to be heard soon.
    fn come(&mut self, row: &Row<'_>, sequence: &Sequence, stretch: &Stretch) {
        let sample = |beat: f64| stretch.sample_of(stretch.swing().warp(beat));
        // What was heard before an edit is not heard again.
        let over = |beat: f64| sample(beat) < self.joined.at as i64 && self.playhead.passed(stretch, beat);
        let afresh = self.joined.afresh || !over(sequence.course(row.place.0).from());
        let to_come = afresh && !over(row.beat);
        let (turn, bpm) = (Turn::of(row, self.seed, self.fill), stretch.bpm_at(sample(row.beat).max(0) as u64));
        let pace = row.pattern().steps_per_beat();
        for (index, step) in row.pattern().row(row.row) {
            let beat = row.beat + self.groove.late(row, step, &turn, bpm);
            let lasts = self.rows(step) / pace;
            let at = |number: u8| beat + lasts * part(step, number);
            let first = if to_come { Some(0) } else { (0..step.hits.max(1)).find(|number| !over(at(*number))) };
            let Some(number) = first.filter(|_| turn.plays(step)) else { continue };
            let loudness = self.groove.loudness(row, step, &turn);
            let hit = Hit { step: (row.place.0, row.place.1, index), beat, number, loudness };
            self.hits.push(at(number), hit, step.action == StepAction::PLAY);
        }
    }

    /// Rows that a step lasts; 0: until its column has another note or an end.
    fn rows(&self, step: &raw::Step) -> f64 {
        let rows = if step.length.is_nan() { self.length } else { step.length };
        f64::from(if rows == 0.0 && step.hits > 1 { 1.0 } else { rows })
    }

    /// A step is heard: a note, one of a ratchet's, or the end of notes.
    fn hit(&mut self, sequence: &Sequence, hit: Hit, stretch: &Stretch, sample: u64, block: &mut Block<'_>) {
        let (course, section, index) = hit.step;
        let section = &sequence.course(course).sections()[section];
        let pattern = section.pattern();
        let Some(step) = pattern.step(index) else { return };
        let (column, frame) = (step.column as u8, (sample - block.sample()) as usize);
        let of_column = |note: &Note| note.column == column;
        match step.action {
            StepAction::PLAY => {}
            StepAction::OFF => return self.end(of_column, frame, block),
            StepAction::CUT => {
                return self.held.end(of_column, |note| block.choke(event_out::NOTES, frame, note).is_ok());
            }
            _ => return,
        }
        let lasts = self.rows(step) / pattern.steps_per_beat();
        // What comes later than it should comes later as a whole.
        let late = hit.number == 0 && stretch.sample_of(stretch.swing().warp(hit.beat)) < sample as i64;
        let beat = if late { stretch.swing().unwarp(stretch.beat_at(sample)) } else { hit.beat };
        let hit = Hit { beat, ..hit };
        let at = |number: u8| hit.beat + lasts * part(step, number);
        if hit.number + 1 < step.hits {
            let number = hit.number + 1;
            self.hits.follow(stretch, at(number), Hit { number, ..hit });
        }
        if !self.columns.heard(column.into()) {
            return;
        }
        self.end(|note| of_column(note) && note.end == End::Open, frame, block);
        let end = match self.playhead.over() {
            _ if lasts > 0.0 => End::Beat(at(hit.number + 1)),
            Some(beat) => End::Beat(beat),
            None => End::Open,
        };
        let seconds = |rows: f32| rows as f64 / pattern.steps_per_beat() * 60.0 / stretch.bpm_at(sample);
        let on = NoteOn {
            glide: (!step.glide.is_nan()).then(|| seconds(step.glide) as f32),
            ..self.note(step, section.transpose(), hit)
        };
        // A note that finds no room is left out; the host counts it.
        let begun = self.begin(on, pattern.locks(step), end, frame, block);
        if let (Ok(id), End::Beat(beat)) = (begun, end) {
            self.hits.end(stretch, beat, id);
        }
    }

    fn begin(
        &mut self,
        on: NoteOn,
        locks: &[raw::Lock],
        end: End,
        frame: usize,
        block: &mut Block<'_>,
    ) -> Result<NoteId, Full> {
        if let Some(oldest) = self.held.in_the_way() {
            block.note_off(event_out::NOTES, frame, oldest)?;
            self.held.remove(oldest);
        }
        // 0 means no note.
        let id = NoteId(self.last_note.checked_add(1).unwrap_or(1));
        block.note_on_locked(event_out::NOTES, frame, NoteOn { note: id, ..on }, locks)?;
        self.last_note = id.0;
        self.held.push(Note { id, column: on.column as u8, end });
        Ok(id)
    }

    fn note(&self, step: &raw::Step, transpose: f32, hit: Hit) -> NoteOn {
        let column = self.columns.get(step.column.into());
        let factor = self.velocity * column.velocity * hit.loudness * loudness(step, hit.number);
        let velocity = if step.velocity.is_nan() { 1.0 } else { step.velocity };
        let left_open = step.velocity.is_nan() && factor == 1.0;
        let instrument = if step.instrument == 0 { column.instrument } else { step.instrument };
        NoteOn {
            pitch: (!step.pitch.is_nan()).then_some(step.pitch + transpose + self.transpose + column.transpose),
            velocity: (!left_open).then_some((velocity * factor).clamp(0.0, 1.0)),
            slot: (step.slot != raw::ABSENT_SLOT).then_some(usize::from(step.slot)),
            column: usize::from(step.column),
            instrument: (instrument != 0).then_some(instrument),
            ..NoteOn::new(NoteId(0))
        }
    }
}

impl Module for TrackerSequencer {
    fn new(init: &Init) -> Result<Self, String> {
        Ok(TrackerSequencer {
            seed: init.seed(),
            sequence: None,
            transpose: 0.0,
            velocity: 1.0,
            length: 1.0,
            fill: false,
            swing: 0.0,
            groove: Groove::default(),
            columns: Columns::new(),
            playhead: Playhead::default(),
            hits: Hits::new(),
            held: Held::new(),
            joined: Joined { at: 0, afresh: true },
            played: 0,
            last_note: 0,
        })
    }

    fn reset(&mut self) {
        self.sequence = None;
        (self.transpose, self.velocity, self.length) = (0.0, 1.0, 1.0);
        (self.fill, self.swing) = (false, 0.0);
        (self.groove, self.columns) = (Groove::default(), Columns::new());
        self.playhead.reset();
        self.hits.clear();
        self.held.clear();
        self.joined = Joined { at: 0, afresh: true };
        (self.played, self.last_note) = (0, 0);
    }

    fn event(&mut self, event: Event<Self>, frame: usize, block: &mut Block<'_>) {
        match event {
            Event::Param { param, value, .. } => self.set(param, value),
            Event::SlotParam { slot, param, value, .. } => {
                self.set_column(slot, param, value);
                if matches!(param, SlotParam::Mute | SlotParam::Solo) {
                    self.hear(frame, block);
                }
            }
            Event::Bind { param: Param::Pattern, data: Data::Sequence(sequence) } => {
                self.bind(Some(sequence), frame, block);
            }
            Event::Bind { param: Param::Pattern, .. } => self.bind(None, frame, block),
            Event::Bind { param, data } => {
                let numbers = if let Data::Numbers(numbers) = data { Some(numbers) } else { None };
                match param {
                    Param::Groove => self.groove.delay(numbers),
                    Param::GrooveVelocity => self.groove.velocities = numbers,
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        let zero = block.sample();
        for stretch in block.transport().stretches(zero + frames.start as u64..zero + frames.end as u64) {
            let mut swing = stretch.swing();
            swing.amount = (swing.amount + self.swing).clamp(0.25, 0.75);
            let stretch = stretch.swung(swing);
            if stretch.jumped() || !stretch.moving() {
                self.end(|_| true, (stretch.from - zero) as usize, block);
            }
            if stretch.jumped() || stretch.from != self.played {
                self.joined = Joined { at: stretch.from, afresh: true };
                self.hits.clear();
            }
            if !stretch.moving() {
                self.joined.at = stretch.to;
            }
            self.played = stretch.to;
            if let Some(sequence) = self.sequence.take() {
                self.play(&sequence, &stretch, block);
                self.sequence = Some(sequence);
            } else {
                // Without a sequence only ends are left that found no room.
                self.end(|note| note.end == End::Now, (stretch.from - zero) as usize, block);
            }
        }
    }
}

#[cfg(test)]
mod tests;
