//! What a voice plays: a sound, which part of it, and how it goes from one part to another without a click.

use std::ops::Range;

use cantus_plugin_api::{QUANTUM, Random, Sample};

use crate::grain::Setting;
use crate::part::Part;
use crate::passage::Passage;
use crate::reader::{Desk, Interpolation, step_of};
use crate::room::Room;

/// A sound as one voice plays it.
pub struct Source {
    sample: Sample,
    now: Passage,
    /// What was played before, and fades out: how many frames are left of it.
    before: Option<(Passage, u32)>,
    /// It fades out beside what is played now, which begins at once; else one goes over into the other.
    beside: bool,
    /// Frames of a fade.
    fade: u32,
    /// What its grains draw from, as it begins.
    random: Random,
}

impl Source {
    /// A part of a sound from a frame on, or in grains, as the voice of that number.
    pub fn new(sample: Sample, part: Part, first: usize, grains: Setting, number: u64, room: &Room) -> Source {
        let (random, fade) = (Random::new(room.seed, number), room.fade);
        let now = Passage::new(part, first, grains, &random, fade);
        Source { sample, now, before: None, beside: false, fade, random }
    }

    /// The speed at which its sound plays unchanged, at an engine of `rate` Hz.
    pub fn natural_ratio(&self, rate: f64) -> f64 {
        self.sample.rate() / rate
    }

    pub fn sample(&self) -> &Sample {
        &self.sample
    }

    /// Frames of the sound for each that is heard.
    pub fn set_ratio(&mut self, ratio: f64) {
        let step = step_of(ratio);
        self.now.set_step(step);
        if let Some((before, _)) = &mut self.before {
            before.set_step(step);
        }
    }

    /// The frames that are played, but for a loop.
    pub fn stretch(&self) -> &Range<usize> {
        &self.now.part.stretch
    }

    /// It is played in grains, and is to be told how.
    pub fn takes_grains(&self) -> bool {
        self.now.part.grains
    }

    /// How the next grains are.
    pub fn set_grains(&mut self, setting: Setting) {
        self.now.set_grains(setting);
    }

    /// Which frame of the sound is heard now.
    pub fn frame(&self) -> usize {
        self.now.frame()
    }

    /// It has come to its end.
    pub fn is_over(&self) -> bool {
        self.now.left(&self.sample) == 0 && self.before.is_none()
    }

    /// It still goes over from one part to another.
    pub fn goes_over(&self) -> bool {
        self.before.is_some()
    }

    /// Frames in which it neither comes to its end nor has gone over.
    pub fn steady(&self) -> usize {
        let before = self.before.as_ref().map_or(usize::MAX, |(_, left)| *left as usize);
        match self.now.left(&self.sample) {
            0 => before,
            left => before.min(left),
        }
    }

    /// Goes over to another part, or the same one in another way: from where it is, if that lies in it; to the beginning of
    /// one that has nothing in common with this. Not while it still goes over to the last one: false, and it is to be asked
    /// again.
    pub fn go_over(&mut self, part: &Part, grains: Setting) -> bool {
        let now = &self.now.part;
        if now == part || (now.grains && part.grains) {
            self.now.part.clone_from(part);
            return true;
        }
        if !part.is_empty() && (part.stretch.end <= now.stretch.start || part.stretch.start >= now.stretch.end) {
            return self.jump(part, grains);
        }
        if self.before.is_some() {
            return false;
        }
        let next = self.now.carry_on(part.clone(), grains, &self.random);
        self.begin(next, false);
        true
    }

    /// Begins another part from its beginning; what was played fades out beside it. As [`Source::go_over`], not while
    /// something still fades.
    pub fn jump(&mut self, part: &Part, grains: Setting) -> bool {
        if self.before.is_some() || part.is_empty() {
            return false;
        }
        let next = Passage::new(part.clone(), part.place(0.0), grains, &self.random, self.fade);
        self.begin(next, true);
        true
    }

    fn begin(&mut self, next: Passage, beside: bool) {
        self.before = Some((std::mem::replace(&mut self.now, next), self.fade));
        self.beside = beside;
    }

    /// Puts the next frames into both channels, silence behind its end; a quantum at most.
    pub fn read(&mut self, how: Interpolation, desk: &mut Desk, left: &mut [f32], right: &mut [f32]) {
        self.now.read(&self.sample, how, desk, left, right);
        let Some((before, remaining)) = &mut self.before else { return };
        let (mut old_left, mut old_right) = ([0.0; QUANTUM], [0.0; QUANTUM]);
        let (old_left, old_right) = (&mut old_left[..left.len()], &mut old_right[..left.len()]);
        before.read(&self.sample, how, desk, old_left, old_right);
        let weight = |n: usize| remaining.saturating_sub(n as u32) as f32 / (self.fade + 1) as f32;
        for (new, old) in [(&mut *left, old_left), (right, old_right)] {
            let kept = if self.beside { 0.0 } else { 1.0 };
            new.iter_mut().zip(old).enumerate().for_each(|(n, (new, old))| *new += weight(n) * (*old - kept * *new));
        }
        *remaining = remaining.saturating_sub(left.len() as u32);
        if *remaining == 0 {
            self.before = None;
        }
    }
}
