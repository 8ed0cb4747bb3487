//! MultiSampler: plays the sounds of 128 slots as notes.
//!
//! A note begins on its exact frame; at the root note it is the sound bit for bit. Whatever cuts a note short (stealing,
//! choking, a stop, a crop) or moves it to another part of its sound takes 5 ms.
//!
//! From the inside out: `kernel` (what is between two frames), `tape` (which frame comes when), `reader` (where a voice is
//! on its tape), `grains` and `window`, `part` and `fit` (what of a sound is played), `source` (how a voice goes over to another part),
//! `voice` (with envelopes and filter), `voices` (who sounds), `room` (what they share), and here what events do.

#![forbid(unsafe_code)]

mod align;
mod choice;
mod envelope;
mod filter;
mod fit;
mod grain;
mod grains;
mod kernel;
mod part;
mod reader;
mod room;
mod slices;
mod source;
mod tape;
mod values;
mod voice;
mod voices;
mod window;

use std::ops::Range;

use cantus_plugin_api::{Block, Data, Event, Glide, Init, Module, NoteId, NoteOn, Peak, Sample};

use choice::Turns;
use multi_sampler::{Action, Meter, Param, SLOTS, SlotParam, output};
use part::Style;
use room::Room;
use values::{Locks, Name, choice};
use voice::{Call, Start, Voice};
use voices::{Steal, Voices};

cantus_plugin_api::export!(MultiSampler);

/// Voices that show where they are.
const PLAYHEADS: usize = 32;
/// Notes that may have locks before they begin.
const MOST_WAITING: usize = 64;
/// Notes that are remembered while one sounds alone.
const MOST_HELD: usize = 16;

/// The instance.
pub struct MultiSampler {
    room: Room,
    sounds: Vec<Option<Sample>>,
    /// Of each slot, the frame at which its last note ended.
    resume: Vec<usize>,
    turns: Turns,
    voices: Voices,
    /// Notes that are held, the latest last, while only one may sound.
    held: Vec<Call>,
    /// Locks of notes that are not on yet.
    waiting: Vec<(NoteId, Locks)>,
    /// How many voices have begun.
    begun: u64,
    /// Semitones by which the last note lay above its sound.
    last: Option<f64>,
    peak: Peak,
}

/// Whether notes sound together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voicing {
    Poly,
    Mono,
    Legato,
}

impl MultiSampler {
    fn voicing(&self) -> Voicing {
        choice(self.room.values.get(Param::Voicing), &[Voicing::Poly, Voicing::Mono, Voicing::Legato])
    }

    fn set(&mut self, param: Param, value: f64, glide: Glide) {
        self.room.values.set(param, value);
        let room = &self.room;
        match param {
            Param::Volume | Param::Pan | Param::Dynamics => {
                self.voices.all().for_each(|voice| voice.regain(room, glide));
            }
            Param::Speed => self.voices.all().for_each(Voice::repart),
            Param::Voicing => self.held.clear(),
            _ => self.voices.all().for_each(Voice::touch),
        }
    }

    fn set_slot(&mut self, slot: usize, param: SlotParam, value: f64, glide: Glide) {
        self.room.values.set_slot(slot, param, value);
        let room = &self.room;
        let voices = self.voices.all().filter(|voice| voice.call.slot == slot);
        match param {
            SlotParam::Gain | SlotParam::Pan => voices.for_each(|voice| voice.regain(room, glide)),
            _ => voices.for_each(Voice::repart),
        }
    }

    fn bind(&mut self, slot: usize, param: SlotParam, data: Data) {
        match (param, data) {
            _ if slot >= SLOTS => {}
            (SlotParam::File, data) => {
                self.sounds[slot] = if let Data::Sample(sample) = data { Some(sample) } else { None };
                self.resume[slot] = 0;
            }
            (SlotParam::SlicePoints, data) => {
                self.room.points[slot] = if let Data::Numbers(numbers) = data { Some(numbers) } else { None };
                self.voices.all().filter(|voice| voice.call.slot == slot).for_each(Voice::repart);
            }
            _ => {}
        }
    }

    fn note_on(&mut self, on: NoteOn) {
        let waiting = self.waiting.iter().position(|(note, _)| *note == on.note);
        let locks = waiting.map_or(Locks::NONE, |at| self.waiting.swap_remove(at).1);
        let (layers, count) = self.turns.choose(&on, &self.room.values, &self.sounds);
        if count > 0 {
            self.make_way(on.column);
        }
        let (column, pitch, velocity) = (on.column, on.pitch, on.velocity.unwrap_or(1.0));
        for slot in &layers[..count] {
            let call = Call { note: on.note, slot: *slot, column, pitch, velocity, locks };
            match self.voicing() {
                Voicing::Poly => self.play(call, 0.0),
                voicing => return self.hold(call, voicing),
            }
        }
    }

    /// A value of one note, which sounds, or is about to begin.
    fn lock(&mut self, note: NoteId, name: Name, value: f64) {
        let mut sounds = false;
        for voice in self.voices.of_note(note) {
            voice.lock(name, value, &self.room);
            sounds = true;
        }
        if sounds {
            return;
        }
        match self.waiting.iter_mut().find(|(waiting, _)| *waiting == note) {
            Some((_, locks)) => locks.set(name, value),
            None => {
                // Those of notes that never came.
                if self.waiting.len() == MOST_WAITING {
                    self.waiting.remove(0);
                }
                let mut locks = Locks::NONE;
                locks.set(name, value);
                self.waiting.push((note, locks));
            }
        }
    }

    /// What a new note does to earlier ones of its column.
    fn make_way(&mut self, column: usize) {
        let earlier = |voice: &Voice| voice.call.column == column;
        match choice(self.room.values.get(Param::NewNote), &NewNote::ALL) {
            NewNote::Continue => {}
            NewNote::Release => self.voices.release(earlier, &self.room),
            NewNote::Cut => self.voices.fade(earlier),
        }
    }

    fn hold(&mut self, call: Call, voicing: Voicing) {
        if self.held.len() == MOST_HELD {
            self.held.remove(0);
        }
        self.held.push(call);
        self.play_alone(call, voicing);
    }

    /// A note that sounds alone begins, or the one that sounds becomes it.
    fn play_alone(&mut self, call: Call, voicing: Voicing) {
        let sounding = self.voices.latest(|voice| !voice.releasing());
        let level = match sounding {
            Some(voice) if voicing == Voicing::Legato && voice.call.slot == call.slot => {
                let semitones = voice.become_note(call, &self.room);
                self.last = Some(semitones);
                return;
            }
            Some(voice) => voice.level(),
            None => 0.0,
        };
        self.voices.fade(|_| true);
        self.play(call, level);
    }

    /// A voice begins, its envelope at a level.
    fn play(&mut self, call: Call, level: f32) {
        let Some(sample) = self.sounds[call.slot].clone() else { return };
        let values = self.room.values.note(call.slot, &call.locks);
        let semitones = values.semitones(call.pitch, &sample);
        let above = self.last.map_or(0.0, |last| last - semitones);
        let first = match part::style(&values) {
            Style::Next => Some(self.carry_on(call.slot)),
            Style::Once | Style::Loop | Style::Grain => None,
        };
        self.last = Some(semitones);
        self.begun += 1;
        let start = Start { call, number: self.begun, sample, first, level, above };
        let Some(voice) = Voice::new(start, &self.room) else { return };
        let values = &self.room.values;
        let group = |slot| values.of_slot(slot, SlotParam::Choke);
        if group(call.slot) > 0.0 {
            // Not the other layers of the note.
            let same = |voice: &Voice| group(voice.call.slot) == group(call.slot) && voice.call.note != call.note;
            self.voices.fade(same);
        }
        let steal =
            choice(values.get(Param::Steal), &[Steal::Released, Steal::Oldest, Steal::Quietest, Steal::SameNote]);
        let polyphony = values.get(Param::Polyphony) as usize;
        self.voices.begin(voice, polyphony, steal);
    }

    /// The frame at which a slot's last note has ended, or is: that one fades out.
    fn carry_on(&mut self, slot: usize) -> usize {
        let latest = self.voices.latest(|voice| voice.call.slot == slot).map(|voice| voice.frame());
        self.voices.fade(|voice| voice.call.slot == slot);
        latest.unwrap_or(self.resume[slot])
    }

    fn note_off(&mut self, note: NoteId) {
        let held = self.held.len();
        self.held.retain(|call| call.note != note);
        let values = &self.room.values;
        let gated = |voice: &Voice| values.note(voice.call.slot, &voice.call.locks).slot(SlotParam::Gate) != 0.0;
        let sounds = self.voices.of_note(note).any(|voice| !voice.releasing());
        let before = self.held.last().copied().filter(|_| sounds && self.held.len() < held);
        match before {
            // What was held before it comes back.
            Some(call) => self.play_alone(call, self.voicing()),
            None => self.voices.release(|voice| voice.call.note == note && gated(voice), &self.room),
        }
    }
}

/// What a note does to earlier ones of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewNote {
    Continue,
    Release,
    Cut,
}

impl NewNote {
    const ALL: [NewNote; 3] = [NewNote::Continue, NewNote::Release, NewNote::Cut];
}

impl Module for MultiSampler {
    fn new(init: &Init) -> Result<Self, String> {
        let room = Room::new(init);
        Ok(MultiSampler {
            sounds: vec![None; SLOTS],
            resume: vec![0; SLOTS],
            turns: Turns::new(init.seed()),
            voices: Voices::new(room.fade),
            held: Vec::with_capacity(MOST_HELD),
            waiting: Vec::with_capacity(MOST_WAITING),
            begun: 0,
            last: None,
            peak: Peak::new(room.rate),
            room,
        })
    }

    fn reset(&mut self) {
        self.room.reset();
        self.sounds.fill(None);
        self.resume.fill(0);
        self.waiting.clear();
        self.turns.reset();
        self.voices.clear();
        self.held.clear();
        (self.begun, self.last) = (0, None);
        self.peak = Peak::new(self.room.rate);
    }

    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        match event {
            Event::NoteOn(on) => self.note_on(on),
            Event::NoteOff(note) => self.note_off(note),
            Event::Choke(note) => {
                self.held.retain(|call| call.note != note);
                self.voices.fade(|voice| voice.call.note == note);
            }
            Event::Param { param, value, glide } => self.set(param, value, glide),
            Event::SlotParam { slot, param, value, glide } => self.set_slot(slot, param, value, glide),
            Event::SlotBind { slot, param, data } => self.bind(slot, param, data),
            Event::Action(Action::Stop) => {
                self.held.clear();
                self.voices.fade(|_| true);
            }
            Event::NoteParam { note, param, value } => self.lock(note, Name::Module(param), value),
            Event::NoteSlotParam { note, param, value } => self.lock(note, Name::Slot(param), value),
            _ => {}
        }
    }

    fn process(&mut self, block: &mut Block<'_>, range: Range<usize>) {
        let bpm = block.transport().bpm_at(block.sample() + range.start as u64);
        if bpm > 0.0 && bpm != self.room.bpm {
            self.room.bpm = bpm;
            self.voices.all().for_each(Voice::touch);
        }
        let (_, mut outputs) = block.audio();
        let mut out = outputs.port(output::OUT);
        let (left, right) = out.stereo(range);
        let resume = &mut self.resume;
        self.voices.render(&mut self.room, left, right, |voice| resume[voice.call.slot] = voice.frame());
        self.peak.hear(left);
        self.peak.hear(right);
        block.meter(Meter::Voices, self.voices.sounding().len() as f32);
        block.meter(Meter::Peak, self.peak.level());
        let places = self.voices.sounding().iter().map(Voice::along).map(|along| along as f32);
        for (n, place) in places.chain(std::iter::repeat(-1.0)).take(PLAYHEADS).enumerate() {
            block.meter_at(Meter::Playhead, n, place);
        }
    }
}

#[cfg(test)]
mod tests;
