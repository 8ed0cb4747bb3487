//! MultiSampler: plays the sounds of 128 slots as notes.
//!
//! A note begins on its exact frame; at the root note it is the sound bit for bit. Whatever cuts a note short (stealing,
//! choking, a stop, a crop) or moves it to another part of its sound takes 5 ms.
//!
//! From the inside out: `kernel` (what is between two frames), `tape` (which frame comes when), `reader` (where a voice is
//! on its tape), `grains` and `window`, `part` and `fit` (what of a sound is played), `passage` (how that begins and ends),
//! `source` (how a voice goes over to another part), `voice` (with envelopes, vibrato and filter), `voices` (who sounds),
//! `room` (what they share), `notes` (what begins and ends them), and here what else events do.

#![forbid(unsafe_code)]

mod align;
mod choice;
mod drive;
mod envelope;
mod filter;
mod fit;
mod grain;
mod grains;
mod kernel;
mod notes;
mod part;
mod passage;
mod reader;
mod room;
mod slices;
mod source;
mod tape;
mod values;
mod vibrato;
mod voice;
mod voices;
mod window;

use std::ops::Range;

use cantus_plugin_api::{Block, Data, Event, Glide, Init, Module, NoteId, Peak, Sample};

use choice::Turns;
use multi_sampler::{Action, Meter, Param, SLOTS, SlotParam, output};
use notes::Held;
use room::Room;
use values::{Locks, Name};
use voice::Voice;
use voices::Voices;

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
    /// Of each slot, the last note that ended, and at which frame of its sound.
    resume: Vec<Option<(u64, usize)>>,
    turns: Turns,
    voices: Voices,
    /// Notes that are held, the latest last, while only one may sound.
    held: Vec<Held>,
    /// Locks of notes that are not on yet.
    waiting: Vec<(NoteId, Locks)>,
    /// How many notes have begun.
    begun: u64,
    /// The pitch of the last note, if it had one.
    last: Option<f64>,
    /// Of each channel.
    peaks: [Peak; 2],
}

impl MultiSampler {
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
            SlotParam::Root | SlotParam::Tune => voices.for_each(Voice::touch),
            // What is looked at when a note begins or ends.
            SlotParam::Gate | SlotParam::Choke | SlotParam::RoundRobin => {}
            SlotParam::LowKey | SlotParam::HighKey | SlotParam::LowVelocity | SlotParam::HighVelocity => {}
            _ => voices.for_each(Voice::repart),
        }
    }

    fn bind(&mut self, slot: usize, param: SlotParam, data: Data) {
        match (param, data) {
            _ if slot >= SLOTS => {}
            (SlotParam::File, data) => {
                self.sounds[slot] = if let Data::Sample(sample) = data { Some(sample) } else { None };
                self.resume[slot] = None;
            }
            (SlotParam::SlicePoints, data) => {
                self.room.points[slot] = if let Data::Numbers(numbers) = data { Some(numbers) } else { None };
                self.voices.all().filter(|voice| voice.call.slot == slot).for_each(Voice::repart);
            }
            _ => {}
        }
    }
}

impl Module for MultiSampler {
    fn new(init: &Init) -> Result<Self, String> {
        let room = Room::new(init);
        Ok(MultiSampler {
            sounds: vec![None; SLOTS],
            resume: vec![None; SLOTS],
            turns: Turns::new(init.seed()),
            voices: Voices::new(room.fade),
            held: Vec::with_capacity(MOST_HELD),
            waiting: Vec::with_capacity(MOST_WAITING),
            begun: 0,
            last: None,
            peaks: [Peak::new(room.rate), Peak::new(room.rate)],
            room,
        })
    }

    fn reset(&mut self) {
        self.room.reset();
        self.sounds.fill(None);
        self.resume.fill(None);
        self.waiting.clear();
        self.turns.reset();
        self.voices.clear();
        self.held.clear();
        (self.begun, self.last) = (0, None);
        self.peaks.iter_mut().for_each(Peak::reset);
    }

    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        match event {
            Event::NoteOn(on) => self.note_on(on),
            Event::NoteOff(note) => self.note_off(note),
            Event::Choke(note) => {
                self.held.retain(|held| held.call.note != note);
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
        let (sounds, resume) = (&self.sounds, &mut self.resume);
        self.voices.render(&mut self.room, left, right, |voice| {
            let slot = voice.call.slot;
            let is_latest = resume[slot].is_none_or(|(number, _)| number <= voice.number);
            if is_latest && sounds[slot].as_ref().is_some_and(|sound| voice.plays(sound)) {
                resume[slot] = Some((voice.number, voice.frame()));
            }
        });
        self.peaks[0].hear(left);
        self.peaks[1].hear(right);
        block.meter(Meter::Voices, self.voices.sounding().count() as f32);
        block.meter(Meter::Peak, self.peaks[0].level().max(self.peaks[1].level()));
        let mut playheads = [-1.0; PLAYHEADS];
        for voice in self.voices.sounding() {
            let playhead = voice.place.and_then(|place| playheads.get_mut(place));
            playhead.into_iter().for_each(|playhead| *playhead = voice.along() as f32);
        }
        for (n, along) in playheads.into_iter().enumerate() {
            block.meter_at(Meter::Playhead, n, along);
        }
    }
}

#[cfg(test)]
mod tests;
