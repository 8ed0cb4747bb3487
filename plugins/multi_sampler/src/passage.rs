//! A part of a sound as it is played: it neither begins nor ends with a step.

use cantus_plugin_api::{Random, Sample};

use crate::grain::Setting;
use crate::grains::Cloud;
use crate::part::Part;
use crate::reader::{Desk, Interpolation, Reader};

/// How a sound is read: from a tape, or in grains.
#[expect(clippy::large_enum_variant, reason = "nothing is allocated on the audio thread")]
enum Player {
    Tape(Reader),
    Grains(Cloud),
}

/// What is played of a part, from where it began.
///
/// What begins in the middle of the sound begins at 0, and moves as the sound does: what is heard first is taken off, less
/// and less. What ends before the sound does fades out before. Grains open and close by themselves, but for the first of
/// those that fit one another, with which the sound begins as it is.
pub struct Passage {
    pub part: Part,
    player: Player,
    /// The frames of a fade.
    fade: u32,
    /// What is taken off, and for how many frames; `None` before the first.
    offset: Option<[f32; 2]>,
    settling: u32,
    /// Once it fades out, frames until it is silent: from then on it takes as long as that, however fast it plays.
    closing: Option<u32>,
}

impl Passage {
    /// From a frame on, or in grains; its step is to be set. A fade takes `fade` frames.
    pub fn new(part: Part, first: usize, grains: Setting, random: &Random, fade: u32) -> Passage {
        let opens = part.begins_whole(first) || (part.grains && !grains.aligned);
        let settling = if opens { 0 } else { fade };
        let player = if part.grains {
            Player::Grains(Cloud::new(&part, first, grains, random.clone(), fade))
        } else {
            Player::Tape(Reader::new(part.tape(first)))
        };
        Passage { part, player, fade, offset: None, settling, closing: None }
    }

    /// Another part from where this one is, or from its end if that lies behind; as far between two frames, and as fast.
    /// The one is to be mixed into the other.
    pub fn carry_on(&self, part: Part, grains: Setting, random: &Random) -> Passage {
        let here = self.frame();
        let past = if part.backward { here < part.stretch.start } else { here >= part.stretch.end };
        let mut next = Passage::new(part, here, grains, random, self.fade);
        next.settling = 0;
        if let (Player::Tape(reader), Player::Tape(before)) = (&mut next.player, &self.player) {
            *reader = before.moved(next.part.tape(here));
        }
        if let (Player::Tape(reader), true, None) = (&mut next.player, past, &next.part.around) {
            reader.finish();
        }
        next
    }

    pub fn set_step(&mut self, step: u64) {
        match &mut self.player {
            Player::Tape(reader) => reader.set_step(step),
            Player::Grains(cloud) => cloud.set_step(step),
        }
    }

    /// How the next grains are.
    pub fn set_grains(&mut self, setting: Setting) {
        if let Player::Grains(cloud) = &mut self.player {
            cloud.set(&self.part, setting);
        }
    }

    /// Which frame of the sound is heard now.
    pub fn frame(&self) -> usize {
        match &self.player {
            Player::Tape(reader) => reader.tape().frame(reader.place()),
            Player::Grains(cloud) => cloud.frame(),
        }
    }

    /// Frames before its end, as fast as it plays now; of grains no more than that.
    pub fn left(&self, sample: &Sample) -> usize {
        match (&self.player, self.closing) {
            (_, Some(closing)) => closing as usize,
            (Player::Tape(reader), None) if self.part.is_cropped() => reader.left(),
            (Player::Tape(reader), None) => reader.left().max(self.settling as usize),
            (Player::Grains(cloud), None) => cloud.left(sample),
        }
    }

    /// What comes next, silence behind its end.
    pub fn read(&mut self, sample: &Sample, how: Interpolation, desk: &mut Desk, left: &mut [f32], right: &mut [f32]) {
        let reader = match &mut self.player {
            Player::Tape(reader) => reader,
            Player::Grains(cloud) => {
                cloud.read(sample, how, desk, left, right);
                return self.settle(left, right);
            }
        };
        let remaining = reader.left();
        // It fades out from here on, if it does so within these frames.
        let fades = if self.closing.is_some() { 0 } else { remaining.saturating_sub(self.fade as usize) };
        if self.closing.is_none() && self.part.is_cropped() && fades < left.len() {
            self.closing = Some(remaining.min(self.fade as usize) as u32);
        }
        let there = self.closing.map_or(remaining, |closing| fades + closing as usize).min(left.len());
        {
            let (left, right) = (&mut left[..there], &mut right[..there]);
            if sample.channels() > 1 {
                reader.read([sample.guarded(0), sample.guarded(1)], how, desk, [left, right]);
            } else {
                reader.read([sample.guarded(0)], how, desk, [&mut *left]);
                right.copy_from_slice(left);
            }
            reader.advance(there);
        }
        left[there..].fill(0.0);
        right[there..].fill(0.0);
        self.settle(left, right);
        self.close(fades, left, right);
    }

    /// Takes off what is left of what was heard first.
    fn settle(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.settling == 0 || left.is_empty() {
            return;
        }
        let [first_left, first_right] = *self.offset.get_or_insert([left[0], right[0]]);
        for (l, r) in left.iter_mut().zip(right) {
            let weight = self.settling as f32 / self.fade as f32;
            *l -= weight * first_left;
            *r -= weight * first_right;
            self.settling = self.settling.saturating_sub(1);
        }
    }

    /// From frame `fades` on it goes down in a straight line, if it fades out.
    fn close(&mut self, fades: usize, left: &mut [f32], right: &mut [f32]) {
        let Some(closing) = &mut self.closing else { return };
        for (l, r) in left.iter_mut().zip(right).skip(fades) {
            let weight = *closing as f32 / (self.fade + 1) as f32;
            *l *= weight;
            *r *= weight;
            *closing = closing.saturating_sub(1);
        }
    }
}
