//! What a voice plays: a sound, which part of it, and how it goes from one part to another without a click.

use std::ops::Range;

use cantus_plugin_api::{GUARD_FRAMES, QUANTUM, Random, Sample};

use crate::grains::{Cloud, Setting};
use crate::part::Part;
use crate::reader::{Desk, Interpolation, Reader, step_of};
use crate::room::Room;

/// How a sound is read: from a tape, or in grains.
#[expect(clippy::large_enum_variant, reason = "nothing is allocated on the audio thread")]
enum Player {
    Tape(Reader),
    Grains(Cloud),
}

/// A sound as one voice plays it.
pub struct Source {
    sample: Sample,
    part: Part,
    player: Player,
    /// What was played before, and fades out: how many frames are left of it.
    before: Option<(Player, u32)>,
    /// It fades out beside what is played now, which begins at once; else one goes over into the other.
    beside: bool,
    /// What is taken off at the beginning, less and less: a sound that begins in the middle begins at 0, and moves as it
    /// does.
    offset: [f32; 2],
    settling: u32,
    /// Frames of a fade.
    fade: u32,
    /// What its grains draw from, as it begins.
    random: Random,
}

impl Player {
    /// What plays a part from a frame on, or in grains; its step is to be set.
    fn new(part: &Part, first: usize, grains: Setting, random: &Random, fade: u32) -> Player {
        if part.grains {
            Player::Grains(Cloud::new(part, first, grains, random.clone(), fade))
        } else {
            Player::Tape(Reader::new(part.tape(first)))
        }
    }

    fn set_step(&mut self, step: u64) {
        match self {
            Player::Tape(reader) => reader.set_step(step),
            Player::Grains(cloud) => cloud.set_step(step),
        }
    }

    fn frame(&self) -> usize {
        match self {
            Player::Tape(reader) => reader.tape().frame(reader.place()),
            Player::Grains(cloud) => cloud.frame(),
        }
    }

    fn is_over(&self) -> bool {
        match self {
            Player::Tape(reader) => reader.left() == 0,
            Player::Grains(cloud) => cloud.is_over(),
        }
    }

    /// Frames before it ends.
    fn left(&self) -> usize {
        match self {
            Player::Tape(reader) => reader.left(),
            Player::Grains(_) => usize::MAX,
        }
    }

    /// What comes next, then silence; a mono sound on both channels.
    fn read(&mut self, sample: &Sample, how: Interpolation, desk: &mut Desk, left: &mut [f32], right: &mut [f32]) {
        let reader = match self {
            Player::Tape(reader) => reader,
            Player::Grains(cloud) => return cloud.read(sample, how, desk, left, right),
        };
        let there = reader.left().min(left.len());
        let ((left, after_left), (right, after_right)) = (left.split_at_mut(there), right.split_at_mut(there));
        if sample.channels() > 1 {
            reader.read([sample.guarded(0), sample.guarded(1)], how, desk, [left, right]);
        } else {
            reader.read([sample.guarded(0)], how, desk, [&mut *left]);
            right.copy_from_slice(left);
        }
        after_left.fill(0.0);
        after_right.fill(0.0);
        reader.advance(there + after_left.len());
    }
}

impl Source {
    /// A part of a sound from a frame on, or in grains, as the voice of that number.
    pub fn new(sample: Sample, part: Part, first: usize, grains: Setting, number: u64, room: &Room) -> Source {
        let (random, fade) = (Random::new(room.seed, number), room.fade);
        let player = Player::new(&part, first, grains, &random, fade);
        let (before, beside, offset, settling) = (None, false, [0.0; 2], 0);
        let mut source = Source { sample, part, player, before, beside, offset, settling, fade, random };
        source.settle_from(source.player.frame());
        source
    }

    /// What begins at a frame in the middle of the sound begins at 0, and moves as the sound does. Grains open by
    /// themselves.
    fn settle_from(&mut self, first: usize) {
        self.offset = [0, 1].map(|channel| self.sample.guarded(channel)[GUARD_FRAMES + first]);
        let opens = self.part.grains || self.part.begins_whole(first);
        self.settling = if opens { 0 } else { self.fade };
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
        self.player.set_step(step);
        if let Some((before, _)) = &mut self.before {
            before.set_step(step);
        }
    }

    /// The frames that are played, but for a loop.
    pub fn stretch(&self) -> &Range<usize> {
        &self.part.stretch
    }

    /// It is played in grains, and is to be told how.
    pub fn takes_grains(&self) -> bool {
        self.part.grains
    }

    /// How the next grains are.
    pub fn set_grains(&mut self, setting: Setting) {
        if let Player::Grains(cloud) = &mut self.player {
            cloud.set(&self.part, setting);
        }
    }

    /// Which frame of the sound is heard now.
    pub fn frame(&self) -> usize {
        self.player.frame()
    }

    /// It has come to its end.
    pub fn is_over(&self) -> bool {
        self.player.is_over() && self.before.is_none()
    }

    /// Goes over to another part, or the same one in another way; from where it is, if that lies in it. Not while it
    /// still goes over to the last one: false, and it is to be asked again.
    pub fn go_over(&mut self, part: &Part, grains: Setting) -> bool {
        if self.part == *part || (self.part.grains && part.grains) {
            self.part.clone_from(part);
            return true;
        }
        if self.before.is_some() {
            return false;
        }
        let here = self.frame();
        let mut player = match &self.player {
            // As far between two frames, and as fast.
            Player::Tape(reader) if !part.grains => Player::Tape(reader.moved(part.tape(here))),
            _ => Player::new(part, here, grains, &self.random, self.fade),
        };
        // What is past the end does not begin again.
        let past = if part.backward { here < part.stretch.start } else { here >= part.stretch.end };
        if let (Player::Tape(reader), true, None) = (&mut player, past, &part.around) {
            reader.finish();
        }
        self.before = Some((std::mem::replace(&mut self.player, player), self.fade));
        (self.part, self.beside) = (part.clone(), false);
        true
    }

    /// Begins another part from its beginning; what was played fades out beside it. As [`Source::go_over`], not while
    /// something still fades.
    pub fn jump(&mut self, part: &Part, grains: Setting) -> bool {
        if self.before.is_some() || part.is_empty() {
            return false;
        }
        let first = part.place(0.0);
        let player = Player::new(part, first, grains, &self.random, self.fade);
        self.before = Some((std::mem::replace(&mut self.player, player), self.fade));
        (self.part, self.beside) = (part.clone(), true);
        self.settle_from(first);
        true
    }

    /// Puts the next frames into both channels, silence behind its end; a quantum at most.
    pub fn read(&mut self, how: Interpolation, desk: &mut Desk, left: &mut [f32], right: &mut [f32]) {
        let remaining = self.player.left();
        self.player.read(&self.sample, how, desk, left, right);
        let there = remaining.min(left.len());
        self.settle(&mut left[..there], &mut right[..there]);
        self.fade_at_crop(remaining, &mut left[..there], &mut right[..there]);
        self.mix_before(how, desk, left, right);
    }

    /// Mixes in what was played before it went over.
    fn mix_before(&mut self, how: Interpolation, desk: &mut Desk, left: &mut [f32], right: &mut [f32]) {
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

    fn settle(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.settling == 0 {
            return;
        }
        for (l, r) in left.iter_mut().zip(right) {
            let weight = self.settling as f32 / self.fade as f32;
            *l -= weight * self.offset[0];
            *r -= weight * self.offset[1];
            self.settling = self.settling.saturating_sub(1);
        }
    }

    /// The last frames before a crop go down in a straight line.
    fn fade_at_crop(&self, remaining: usize, left: &mut [f32], right: &mut [f32]) {
        if !self.part.is_cropped() || self.part.grains {
            return;
        }
        let first = remaining.saturating_sub(self.fade as usize);
        for (frame, (l, r)) in left.iter_mut().zip(right).enumerate().skip(first) {
            let weight = remaining.saturating_sub(frame) as f32 / (self.fade + 1) as f32;
            *l *= weight;
            *r *= weight;
        }
    }
}
