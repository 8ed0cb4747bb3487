//! MultiSampler: plays the sounds of 128 slots as notes.
//!
//! A note begins on its exact frame; at the root note it is the sound bit for bit. Whatever cuts a note short (stealing,
//! choking, a stop, a crop) or moves it to another part of its sound takes 5 ms.
//!
//! From the inside out: `kernel` (what is between two frames), `tape` (which frame comes when), `reader` (where a voice is
//! on its tape), `grains`, `part` and `fit` (what of a sound is played), `source` (how a voice goes over to another part), `voice` (with envelopes and filter),
//! `voices` (who sounds), and here what events do.

#![forbid(unsafe_code)]

mod choice;
mod envelope;
mod filter;
mod fit;
mod grains;
mod kernel;
mod part;
mod reader;
mod slices;
mod source;
mod tape;
mod values;
mod voice;
mod voices;

use std::ops::Range;

use cantus_plugin_api::{Block, Data, Event, Glide, Init, Module, NoteId, NoteOn, Numbers, Peak, Sample};

use choice::Turns;
use multi_sampler::{Action, Meter, Param, SLOTS, SlotParam, output};
use part::Style;
use reader::Desk;
use values::{Locks, Name, Values, choice, frames};
use voice::{Call, Room, Start, Voice};
use voices::{Steal, Voices};

cantus_plugin_api::export!(MultiSampler);

/// Seconds of a fade that is there only not to click, and of a change of gain.
const FADE: f64 = 0.005;
/// Beats per minute before the music has gone for the first time.
const BPM: f64 = 120.0;
/// Voices that show where they are.
const PLAYHEADS: usize = 32;
/// Notes that may have locks before they begin.
const MOST_WAITING: usize = 64;
/// Notes that are remembered while one sounds alone.
const MOST_HELD: usize = 16;

/// The instance.
pub struct MultiSampler {
    rate: f64,
    seed: u64,
    values: Values,
    sounds: Vec<Option<Sample>>,
    /// Of each slot, where its slices begin if a list says so.
    points: Vec<Option<Numbers>>,
    /// Of each slot, the frame at which its last note ended.
    resume: Vec<usize>,
    turns: Turns,
    voices: Voices,
    /// Notes that are held, the latest last, while only one may sound.
    held: Vec<Call>,
    /// Locks of notes that are not on yet.
    waiting: Vec<(NoteId, Locks)>,
    /// Beats per minute, as long as the music goes.
    bpm: f64,
    /// How many voices have begun.
    begun: u64,
    /// Semitones by which the last note lay above its sound.
    last: Option<f64>,
    desk: Desk,
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
    fn fade(&self) -> u32 {
        frames(FADE, self.rate)
    }

    fn room(&mut self) -> (Room<'_>, &mut Voices) {
        let fade = self.fade();
        (
            Room {
                values: &self.values,
                points: &self.points,
                desk: &mut self.desk,
                rate: self.rate,
                fade,
                seed: self.seed,
                bpm: self.bpm,
            },
            &mut self.voices,
        )
    }

    fn voicing(&self) -> Voicing {
        choice(self.values.get(Param::Voicing), &[Voicing::Poly, Voicing::Mono, Voicing::Legato])
    }

    fn set(&mut self, param: Param, value: f64, glide: Glide) {
        self.values.set(param, value);
        let values = &self.values;
        match param {
            Param::Volume | Param::Pan | Param::Dynamics => {
                self.voices.all().for_each(|voice| voice.regain(values, glide));
            }
            Param::Speed => self.voices.all().for_each(Voice::repart),
            Param::Voicing => self.held.clear(),
            _ => self.voices.all().for_each(Voice::touch),
        }
    }

    fn set_slot(&mut self, slot: usize, param: SlotParam, value: f64, glide: Glide) {
        self.values.set_slot(slot, param, value);
        let values = &self.values;
        let voices = self.voices.all().filter(|voice| voice.call.slot == slot);
        match param {
            SlotParam::Gain | SlotParam::Pan => voices.for_each(|voice| voice.regain(values, glide)),
            SlotParam::Start
            | SlotParam::Finish
            | SlotParam::Style
            | SlotParam::LoopStart
            | SlotParam::LoopFinish
            | SlotParam::LoopMode
            | SlotParam::LoopFade
            | SlotParam::LoopRelease
            | SlotParam::SliceBy
            | SlotParam::Slices
            | SlotParam::Slice
            | SlotParam::SliceStrength
            | SlotParam::Fit => voices.for_each(Voice::repart),
            _ => voices.for_each(Voice::touch),
        }
    }

    fn bind(&mut self, slot: usize, data: Data) {
        let Some(sound) = self.sounds.get_mut(slot) else { return };
        *sound = if let Data::Sample(sample) = data { Some(sample) } else { None };
        self.resume[slot] = 0;
    }

    fn note_on(&mut self, on: NoteOn) {
        let waiting = self.waiting.iter().position(|(note, _)| *note == on.note);
        let locks = waiting.map_or(Locks::NONE, |at| self.waiting.swap_remove(at).1);
        let (layers, count) = self.turns.choose(&on, &self.values, &self.sounds);
        self.make_room(on.column);
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
        let (room, voices) = self.room();
        let mut sounds = false;
        for voice in voices.of_note(note) {
            voice.lock(name, value, &room);
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
    fn make_room(&mut self, column: usize) {
        let (room, voices) = self.room();
        let earlier = |voice: &Voice| voice.call.column == column;
        match choice(room.values.get(Param::NewNote), &NewNote::ALL) {
            NewNote::Continue => {}
            NewNote::Release => voices.release(earlier, room.values, room.rate),
            NewNote::Cut => voices.fade(earlier),
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
        let (room, voices) = self.room();
        let sounding = voices.latest(|voice| !voice.releasing());
        let level = match sounding {
            Some(voice) if voicing == Voicing::Legato && voice.call.slot == call.slot => {
                let semitones = voice.become_note(call, &room);
                self.last = Some(semitones);
                return;
            }
            Some(voice) => voice.level(),
            None => 0.0,
        };
        voices.fade(|_| true);
        self.play(call, level);
    }

    /// A voice begins, its envelope at a level.
    fn play(&mut self, call: Call, level: f32) {
        let Some(sample) = self.sounds[call.slot].clone() else { return };
        let values = self.values.note(call.slot, &call.locks);
        let semitones = values.semitones(call.pitch, &sample);
        let above = self.last.map_or(0.0, |last| last - semitones);
        let first = match part::style(&values) {
            Style::Next => Some(self.carry_on(call.slot)),
            Style::Once | Style::Loop | Style::Grain => None,
        };
        self.last = Some(semitones);
        self.begun += 1;
        let start = Start { call, number: self.begun, sample, first, level, above };
        let (room, voices) = self.room();
        let Some(voice) = Voice::new(start, &room) else { return };
        let group = |slot| room.values.of_slot(slot, SlotParam::Choke);
        if group(call.slot) > 0.0 {
            // Not the other layers of the note.
            let same = |voice: &Voice| group(voice.call.slot) == group(call.slot) && voice.call.note != call.note;
            voices.fade(same);
        }
        let steal =
            choice(room.values.get(Param::Steal), &[Steal::Released, Steal::Oldest, Steal::Quietest, Steal::SameNote]);
        let polyphony = room.values.get(Param::Polyphony) as usize;
        voices.begin(voice, polyphony, steal);
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
        let values = &self.values;
        let gated = |voice: &Voice| values.note(voice.call.slot, &voice.call.locks).slot(SlotParam::Gate) != 0.0;
        let sounds = self.voices.of_note(note).any(|voice| !voice.releasing());
        let before = self.held.last().copied().filter(|_| sounds && self.held.len() < held);
        match before {
            // What was held before it comes back.
            Some(call) => self.play_alone(call, self.voicing()),
            None => self.voices.release(|voice| voice.call.note == note && gated(voice), values, self.rate),
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
        let rate = init.rate();
        Ok(MultiSampler {
            rate,
            seed: init.seed(),
            values: Values::new(),
            sounds: vec![None; SLOTS],
            points: vec![None; SLOTS],
            resume: vec![0; SLOTS],
            turns: Turns::new(init.seed()),
            voices: Voices::new(frames(FADE, rate)),
            held: Vec::with_capacity(MOST_HELD),
            waiting: Vec::with_capacity(MOST_WAITING),
            bpm: BPM,
            begun: 0,
            last: None,
            desk: Desk::new(init.cpu()),
            peak: Peak::new(rate),
        })
    }

    fn reset(&mut self) {
        self.values.reset();
        self.sounds.fill(None);
        self.points.fill(None);
        self.resume.fill(0);
        self.waiting.clear();
        self.bpm = BPM;
        self.turns.reset();
        self.voices.clear();
        self.held.clear();
        (self.begun, self.last) = (0, None);
        self.peak = Peak::new(self.rate);
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
            Event::SlotBind { slot, param: SlotParam::File, data } => self.bind(slot, data),
            Event::SlotBind { slot, param: SlotParam::SlicePoints, data } => {
                if let Some(points) = self.points.get_mut(slot) {
                    *points = if let Data::Numbers(numbers) = data { Some(numbers) } else { None };
                }
            }
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
        self.bpm = if bpm > 0.0 { bpm } else { self.bpm };
        let (_, mut outputs) = block.audio();
        let mut out = outputs.port(output::OUT);
        let (left, right) = out.stereo(range);
        let fade = self.fade();
        let MultiSampler { values, points, desk, voices, resume, rate, seed, bpm, .. } = self;
        let mut room = Room { values, points, desk, rate: *rate, fade, seed: *seed, bpm: *bpm };
        voices.render(&mut room, left, right, |voice| resume[voice.call.slot] = voice.frame());
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
