//! MultiSampler: plays the sounds of 128 slots as notes.
//!
//! A note begins on its exact frame with the sound's own first sample; at the root note it is the sound bit for bit.
//! Whatever cuts a note short (stealing, choking, a stop, a crop) fades it out in 5 ms.

#![forbid(unsafe_code)]

mod envelope;
mod reader;
mod slot;
mod voice;
mod voices;

use std::ops::Range;

use cantus_plugin_api::math::{pan_gains, semitones_to_ratio};
use cantus_plugin_api::{Block, Data, Event, Glide, Init, Module, NoteOn, Peak, Smooth};

use envelope::Adsr;
use multi_sampler::{Action, Meter, Param, SLOTS, SlotParam, output};
use reader::Reader;
use slot::Slot;
use voice::{Start, Voice};
use voices::Voices;

cantus_plugin_api::export!(MultiSampler);

/// Seconds of a fade that is there only not to click, and of a change of gain.
const FADE: f64 = 0.005;

/// The instance.
pub struct MultiSampler {
    rate: f64,
    slots: Vec<Slot>,
    voices: Voices,
    values: Values,
    left: Smooth,
    right: Smooth,
    peak: Peak,
}

/// The module's parameters; times in frames.
#[derive(Clone, Copy)]
struct Values {
    volume: f32,
    pan: f32,
    adsr: Adsr,
    release: u32,
    polyphony: usize,
    transpose: f64,
    speed: f64,
}

impl Values {
    fn new(rate: f64) -> Values {
        let adsr = Adsr { attack: 0, decay: 0, sustain: 1.0 };
        Values { volume: 1.0, pan: 0.0, adsr, release: frames(0.01, rate), polyphony: 32, transpose: 0.0, speed: 1.0 }
    }
}

fn frames(seconds: f64, rate: f64) -> u32 {
    (seconds * rate).round() as u32
}

impl MultiSampler {
    fn set(&mut self, param: Param, value: f64, glide: Glide) {
        let values = &mut self.values;
        match param {
            Param::Volume => values.volume = value as f32,
            Param::Pan => values.pan = value as f32,
            Param::Attack => values.adsr.attack = frames(value, self.rate),
            // A fall to the sustain level in no time would click.
            Param::Decay => values.adsr.decay = frames(value.max(FADE), self.rate),
            Param::Sustain => values.adsr.sustain = value as f32,
            Param::Release => values.release = frames(value, self.rate),
            Param::Polyphony => values.polyphony = value as usize,
            Param::Transpose => {
                values.transpose = value;
                self.retune(|_| true);
            }
            Param::Speed => {
                values.speed = value;
                self.retune(|_| true);
            }
        }
        if matches!(param, Param::Volume | Param::Pan) {
            let (left, right) = pan_gains(self.values.pan);
            self.left.set(self.values.volume * left, glide);
            self.right.set(self.values.volume * right, glide);
        }
    }

    fn set_slot(&mut self, index: usize, param: SlotParam, value: f64, glide: Glide) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        slot.set(param, value);
        match param {
            SlotParam::Gain | SlotParam::Pan => {
                let gains = slot.gains();
                self.voices.all().filter(|v| v.slot == index).for_each(|v| v.set_gains(gains, glide));
            }
            SlotParam::Root | SlotParam::Tune => self.retune(|slot| slot == index),
            _ => {}
        }
    }

    /// Gives the voices of some slots the speed they should have now.
    fn retune(&mut self, which: impl Fn(usize) -> bool) {
        for voice in self.voices.all().filter(|v| which(v.slot)) {
            tune(voice, &self.slots[voice.slot], &self.values, self.rate);
        }
    }

    fn begin(&mut self, on: NoteOn) {
        let index = on.slot.unwrap_or(0);
        let Some(slot) = self.slots.get(index) else { return };
        let Some(sample) = &slot.sample else { return };
        let length = sample.frames();
        let place = |fraction: f64| (fraction * length as f64).round() as usize;
        // Whichever way round they are given.
        let stretch = place(slot.start.min(slot.finish))..place(slot.start.max(slot.finish));
        if stretch.is_empty() {
            return;
        }
        let cropped = stretch.end < length && !slot.looping;
        let mut voice = Voice::new(Start {
            note: on.note,
            slot: index,
            pitch: on.pitch,
            velocity: on.velocity.unwrap_or(1.0),
            sample: sample.clone(),
            reader: Reader::new(stretch, slot.looping),
            adsr: self.values.adsr,
            gains: slot.gains(),
            glide: Smooth::new(1.0, FADE, self.rate),
            crop_fade: if cropped { frames(FADE, self.rate) as usize } else { 0 },
        });
        tune(&mut voice, slot, &self.values, self.rate);
        if slot.choke > 0 {
            let (slots, group) = (&self.slots, slot.choke);
            self.voices.fade(|v| slots[v.slot].choke == group);
        }
        self.voices.begin(voice, self.values.polyphony);
    }
}

fn tune(voice: &mut Voice, slot: &Slot, values: &Values, rate: f64) {
    let ratio = semitones_to_ratio(slot.semitones(voice.pitch) + values.transpose) * values.speed;
    voice.set_ratio(ratio * voice.natural_ratio(rate));
}

impl Module for MultiSampler {
    fn new(init: &Init) -> Result<Self, String> {
        let rate = init.rate();
        let unity = Smooth::new(1.0, FADE, rate);
        Ok(MultiSampler {
            rate,
            slots: std::iter::repeat_with(|| Slot::NEW).take(SLOTS).collect(),
            voices: Voices::new(frames(FADE, rate)),
            values: Values::new(rate),
            left: unity,
            right: unity,
            peak: Peak::new(rate),
        })
    }

    fn reset(&mut self) {
        self.slots.fill_with(|| Slot::NEW);
        self.voices.clear();
        self.values = Values::new(self.rate);
        self.left.set(1.0, Glide::Snap);
        self.right.set(1.0, Glide::Snap);
        self.peak.reset();
    }

    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        match event {
            Event::NoteOn(on) => self.begin(on),
            Event::NoteOff(note) => self.voices.release(note, self.values.release),
            Event::Choke(note) => self.voices.fade(|v| v.note == note),
            Event::Param { param, value, glide } => self.set(param, value, glide),
            Event::SlotParam { slot, param, value, glide } => self.set_slot(slot, param, value, glide),
            Event::SlotBind { slot, param: SlotParam::File, data } => {
                if let Some(slot) = self.slots.get_mut(slot) {
                    slot.sample = if let Data::Sample(sample) = data { Some(sample) } else { None };
                }
            }
            Event::Action(Action::Stop) => self.voices.fade(|_| true),
            _ => {}
        }
    }

    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        let (_, mut outputs) = block.audio();
        let mut out = outputs.port(output::OUT);
        let (left, right) = out.stereo(frames);
        self.voices.render(left, right);
        left.iter_mut().for_each(|x| *x *= self.left.advance());
        right.iter_mut().for_each(|x| *x *= self.right.advance());
        self.peak.hear(left);
        self.peak.hear(right);
        block.meter(Meter::Voices, self.voices.count() as f32);
        block.meter(Meter::Peak, self.peak.level());
    }
}

#[cfg(test)]
mod tests;
