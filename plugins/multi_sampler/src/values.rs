//! What the module and its slots are set to, and what is set for one note alone.

use cantus_plugin_api::math::{exp2, pan_gains};
use cantus_plugin_api::{Described, Key, Sample};

use crate::MultiSampler;
use crate::envelope::Ahdsr;
use crate::filter::{Kind, Setting};
use crate::multi_sampler::{LoopMode, Param, SLOTS, SlotParam};

/// Values that may be set for one note.
const MOST_LOCKS: usize = 16;
/// The note that the cutoff follows the pitch from, and that of a sound whose file names none.
const MIDDLE: f64 = 60.0;
/// The highest cutoff, in Hz: there a low-pass lets all through.
const HIGHEST: f64 = 20_000.0;

/// A parameter of the module, or of the slot that a note plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Module(Param),
    Slot(SlotParam),
}

/// All values, as in the manifest. Labels are their indices.
pub struct Values {
    module: Vec<f64>,
    /// Slot by slot.
    slots: Vec<f64>,
}

/// Values of one note: they stand before those of the module and its slot. Those beyond the sixteenth are not heard.
#[derive(Clone, Copy, Debug)]
pub struct Locks {
    list: [(Name, f64); MOST_LOCKS],
    len: usize,
}

impl Locks {
    pub const NONE: Locks = Locks { list: [(Name::Module(Param::Volume), 0.0); MOST_LOCKS], len: 0 };

    pub fn set(&mut self, name: Name, value: f64) {
        let known = self.list[..self.len].iter_mut().find(|(locked, _)| *locked == name);
        match known {
            Some((_, locked)) => *locked = value,
            None if self.len < MOST_LOCKS => {
                self.list[self.len] = (name, value);
                self.len += 1;
            }
            None => {}
        }
    }

    fn get(&self, name: Name) -> Option<f64> {
        self.list[..self.len].iter().find(|(locked, _)| *locked == name).map(|(_, value)| *value)
    }
}

impl Values {
    /// All at their defaults.
    pub fn new() -> Values {
        let shape = MultiSampler::SHAPE;
        let defaults = |spans: &[Option<cantus_plugin_api::Span>]| -> Vec<f64> {
            spans.iter().map(|span| span.map_or(0.0, |span| span.default)).collect()
        };
        Values { module: defaults(shape.params), slots: defaults(shape.slot_params).repeat(SLOTS) }
    }

    /// As new, without allocating.
    pub fn reset(&mut self) {
        let default = |span: &Option<cantus_plugin_api::Span>| span.map_or(0.0, |span| span.default);
        let shape = MultiSampler::SHAPE;
        self.module.iter_mut().zip(shape.params).for_each(|(value, span)| *value = default(span));
        for slot in self.slots.chunks_mut(shape.slot_params.len()) {
            slot.iter_mut().zip(shape.slot_params).for_each(|(value, span)| *value = default(span));
        }
    }

    pub fn set(&mut self, param: Param, value: f64) {
        self.module[param.index()] = value;
    }

    /// Slots count from 0; of one that is not there nothing happens.
    pub fn set_slot(&mut self, slot: usize, param: SlotParam, value: f64) {
        if let Some(held) = self.slots.get_mut(slot * MultiSampler::SHAPE.slot_params.len() + param.index()) {
            *held = value;
        }
    }

    /// A value of the module.
    pub fn get(&self, param: Param) -> f64 {
        self.module[param.index()]
    }

    /// A value of a slot.
    pub fn of_slot(&self, slot: usize, param: SlotParam) -> f64 {
        self.slots[slot * MultiSampler::SHAPE.slot_params.len() + param.index()]
    }

    /// What a note of a slot is set to.
    pub fn note<'a>(&'a self, slot: usize, locks: &'a Locks) -> NoteValues<'a> {
        NoteValues { values: self, slot, locks }
    }
}

/// What one note is set to: by its locks, else by its slot and the module.
#[derive(Clone, Copy)]
pub struct NoteValues<'a> {
    values: &'a Values,
    slot: usize,
    locks: &'a Locks,
}

impl NoteValues<'_> {
    pub fn get(&self, param: Param) -> f64 {
        self.locks.get(Name::Module(param)).unwrap_or_else(|| self.values.get(param))
    }

    pub fn slot(&self, param: SlotParam) -> f64 {
        self.locks.get(Name::Slot(param)).unwrap_or_else(|| self.values.of_slot(self.slot, param))
    }

    /// Seconds as frames.
    pub fn frames(&self, param: Param, rate: f64) -> u32 {
        frames(self.get(param), rate)
    }

    /// The envelope of its level. A fall to the sustain level in no time would click.
    pub fn level(&self, fade: u32, rate: f64) -> Ahdsr {
        Ahdsr {
            attack: self.frames(Param::Attack, rate),
            hold: self.frames(Param::Hold, rate),
            decay: self.frames(Param::Decay, rate).max(fade),
            sustain: self.get(Param::Sustain) as f32,
            curves: [Param::AttackCurve, Param::DecayCurve, Param::ReleaseCurve].map(|param| self.get(param) as f32),
        }
    }

    /// The envelope of its cutoff and pitch.
    pub fn modulation(&self, rate: f64) -> Ahdsr {
        Ahdsr {
            attack: self.frames(Param::ModAttack, rate),
            hold: self.frames(Param::ModHold, rate),
            decay: self.frames(Param::ModDecay, rate),
            sustain: self.get(Param::ModSustain) as f32,
            curves: [0.0; 3],
        }
    }

    /// The filter of a note, while the second envelope is at a level.
    pub fn filter(&self, pitch: Option<f32>, velocity: f32, modulation: f32) -> Setting {
        let track = pitch.map_or(0.0, |pitch| f64::from(pitch) - MIDDLE);
        let semitones = self.get(Param::KeyTrack) * track
            + self.get(Param::VelocityTrack) * f64::from(velocity - 1.0)
            + self.get(Param::ModCutoff) * f64::from(modulation);
        let cutoff = (self.get(Param::Cutoff) * exp2(semitones / 12.0)).clamp(20.0, HIGHEST);
        let kind = Kind::from_value(self.get(Param::Filter));
        let kind = if kind == Kind::Low && cutoff >= HIGHEST { Kind::Off } else { kind };
        Setting { kind, steep: self.get(Param::Steep) != 0.0, cutoff, resonance: self.get(Param::Resonance) }
    }

    /// Gains of the left and of the right channel.
    pub fn gains(&self, velocity: f32) -> (f32, f32) {
        let (left, right) = pan_gains(self.get(Param::Pan) as f32);
        let (slot_left, slot_right) = pan_gains(self.slot(SlotParam::Pan) as f32);
        let dynamics = self.get(Param::Dynamics) as f32;
        let level = (self.get(Param::Volume) * self.slot(SlotParam::Gain)) as f32;
        let gain = level * (1.0 + dynamics * (velocity - 1.0));
        (gain * left * slot_left, gain * right * slot_right)
    }

    /// The note at which a sound plays at its own speed.
    pub fn root(&self, sample: &Sample) -> f64 {
        let set = self.slot(SlotParam::Root);
        if set >= 0.0 { set } else { sample.root().unwrap_or(MIDDLE) }
    }

    /// The pitch of a note, which is that of its sound if it names none; `None` if it says which slice is played: then the
    /// sound plays at its own pitch, whatever that is.
    fn key(&self, pitch: Option<f32>, sample: &Sample) -> Option<f64> {
        let by_note = self.slot(SlotParam::SliceBy) != 0.0 && self.slot(SlotParam::Slice) < 0.0;
        (!by_note).then(|| pitch.map_or_else(|| self.root(sample), f64::from))
    }

    /// Semitones by which what is played lies above what is written.
    fn shift(&self) -> f64 {
        self.get(Param::Transpose) + self.get(Param::Bend)
    }

    /// The pitch at which a note is heard, but for what moves.
    pub fn heard(&self, pitch: Option<f32>, sample: &Sample) -> Option<f64> {
        self.key(pitch, sample).map(|key| key + self.shift())
    }

    /// Semitones by which it lies above its sound, but for what moves.
    pub fn semitones(&self, pitch: Option<f32>, sample: &Sample) -> f64 {
        let above = self.key(pitch, sample).map_or(0.0, |key| key - self.root(sample));
        above + self.slot(SlotParam::Tune) / 100.0 + self.shift()
    }

    /// How its loop goes round.
    pub fn turn(&self) -> LoopMode {
        LoopMode::from_value(self.slot(SlotParam::LoopMode))
    }
}

/// Seconds as frames.
pub fn frames(seconds: f64, rate: f64) -> u32 {
    (seconds * rate).round() as u32
}
