//! A sound in grains: short overlapping parts of it, each under a window, so that where they are taken from and how fast
//! they are played have nothing to do with each other.

use std::ops::Range;

use cantus_plugin_api::{GUARD_FRAMES, QUANTUM, Random, Sample};

use crate::kernel::ONE;
use crate::reader::{Desk, Interpolation};
use crate::tape::Tape;
use crate::window::{Shape, Window};

/// Grains that are heard at once.
const MOST: usize = 18;
/// How far from its place a grain may be moved so that it fits the one before: in sixths of a millisecond.
const SOUGHT: usize = 60;
/// As many places, in whole lanes.
const LAGS: usize = 128;
/// As many single frames between two of them, and at most.
const FINE: usize = 16;
/// Of how much both are compared for that.
const COMPARED: usize = 64;
/// Frames in a sixth of a millisecond, at most: of a rate of 192 kHz.
const STRIDE: usize = 32;

/// How the next grains are.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Frames that one lasts.
    pub size: f64,
    /// How many are heard at once, 0.5 to 16.
    pub density: f64,
    /// Frames by which their place moves in a frame; below 0 backward.
    pub rate: f64,
    /// Frames by which they may lie off their place.
    pub spray: f64,
    pub window: Window,
    /// Each begins where it goes on best from the one before: the time of a sound is stretched.
    pub aligned: bool,
    /// Place of the first one, as a fraction of the stretch.
    pub position: f64,
    /// Frames of the sound that they are taken from.
    pub stretch: Range<usize>,
    /// Their place goes round and round; else they end with it.
    pub around: bool,
}

/// The grains of a voice.
#[derive(Clone, Debug)]
pub struct Cloud {
    setting: Setting,
    /// The sound, from its beginning or from its end.
    tape: Tape,
    frames: usize,
    backward: bool,
    step: u64,
    grains: [Grain; MOST],
    live: usize,
    /// Frames until the next one.
    until: f64,
    /// Frames of the stretch that lie behind.
    moved: f64,
    begun: bool,
    random: Random,
    rate: f64,
}

#[derive(Clone, Copy, Debug)]
struct Grain {
    /// Where it is on the tape, in 32.32.
    position: u64,
    age: u32,
    len: u32,
}

impl Cloud {
    /// Of a sound of `frames` frames, which grains play backward or not.
    pub fn new(frames: usize, backward: bool, setting: Setting, random: Random, rate: f64) -> Cloud {
        let first = if backward { frames.saturating_sub(1) } else { 0 };
        let tape = Tape::new(frames, first, &(0..frames), backward, None);
        let grains = [Grain { position: 0, age: 0, len: 0 }; MOST];
        let (step, live, until, moved, begun) = (ONE, 0, 0.0, 0.0, false);
        Cloud { setting, tape, frames, backward, step, grains, live, until, moved, begun, random, rate }
    }

    pub fn set(&mut self, setting: Setting) {
        self.setting = setting;
    }

    pub fn set_step(&mut self, step: u64) {
        self.step = step;
    }

    /// The frame that the next grain begins at.
    pub fn frame(&self) -> usize {
        let Range { start, end } = &self.setting.stretch;
        let len = (end - start).max(1) as f64;
        let ahead = self.setting.position * (len - 1.0) + self.moved;
        let ahead = if self.setting.around { ahead.rem_euclid(len) } else { ahead.clamp(0.0, len - 1.0) };
        (start + ahead as usize).min(self.frames.saturating_sub(1))
    }

    /// All places have been taken, and no grain is left.
    pub fn is_over(&self) -> bool {
        self.live == 0 && self.begun && self.is_through()
    }

    fn is_through(&self) -> bool {
        let len = self.setting.stretch.len() as f64;
        let ahead = self.setting.position * (len - 1.0) + self.moved;
        !self.setting.around && (ahead >= len || ahead < 0.0)
    }

    /// Adds what is heard next to silence.
    pub fn read(&mut self, sample: &Sample, how: Interpolation, desk: &mut Desk, left: &mut [f32], right: &mut [f32]) {
        left.fill(0.0);
        right.fill(0.0);
        let mut done = 0;
        while done < left.len() {
            while self.until < 1.0 {
                self.begin(sample, desk);
            }
            let frames = (left.len() - done).min(self.until as usize);
            self.add(sample, how, desk, &mut left[done..done + frames], &mut right[done..done + frames]);
            self.until -= frames as f64;
            self.moved += self.setting.rate * frames as f64;
            done += frames;
        }
    }

    /// The next grain begins.
    fn begin(&mut self, sample: &Sample, desk: &Desk) {
        let Setting { size, density, spray, aligned, .. } = self.setting;
        // A stretched sound begins as it is, not under half a window: with half a grain, and a whole one.
        let half = aligned && !std::mem::replace(&mut self.begun, true);
        self.until += if half { 0.0 } else { (size / density).max(1.0) };
        if self.is_through() {
            return;
        }
        let spread = self.random.either_way() * spray;
        let mut frame = self.frame() as f64 + spread;
        if aligned && self.live > 0 {
            frame += desk.cpu.run(
                #[inline(always)]
                || self.best(sample, frame as i64),
            ) as f64;
        }
        let frame = frame.clamp(0.0, self.frames.saturating_sub(1) as f64);
        let place = if self.backward { (self.frames - 1) as f64 - frame } else { frame };
        // The oldest goes if there are too many; its window is all but closed.
        if self.live == MOST {
            self.grains.copy_within(1.., 0);
            self.live -= 1;
        }
        let len = size.max(2.0) as u32;
        let age = if half { len / 2 } else { 0 };
        self.grains[self.live] = Grain { position: (place * ONE as f64) as u64, age, len };
        self.live += 1;
    }

    /// By how many frames a grain that is to begin at `frame` is moved, so that it is most like what the latest one goes on
    /// with: the correlation of W. Verhelst and M. Roelands, "An Overlap-Add Technique Based on Waveform Similarity". It is
    /// sought in coarse steps, then in single frames.
    #[inline(always)]
    fn best(&self, sample: &Sample, frame: i64) -> i64 {
        let sound = sample.guarded(0);
        let latest = (self.grains[self.live - 1].position / ONE).cast_signed();
        let heard = if self.backward { self.frames as i64 - 1 - latest } else { latest };
        let stride = ((self.rate / 6000.0) as usize).clamp(1, STRIDE);
        let mut goes_on = [0.0; COMPARED];
        take(sound, heard, stride, &mut goes_on);
        let mut around = [0.0; COMPARED + LAGS];
        take(sound, frame - (SOUGHT * stride) as i64, stride, &mut around);
        let rough = nearest(&alike::<LAGS>(&goes_on, &around, 1)[..=2 * SOUGHT]) * stride as i64;
        // The best of single frames lies no further from it than half way to the next.
        let (mut there, beside) = ([0.0; COMPARED * STRIDE], (stride / 2).min(FINE / 2 - 1));
        take(sound, frame + rough - beside as i64, 1, &mut there[..(COMPARED - 1) * stride + FINE]);
        rough + nearest(&alike::<FINE>(&goes_on, &there, stride)[..=2 * beside])
    }

    /// Adds all grains; none begins meanwhile.
    fn add(&mut self, sample: &Sample, how: Interpolation, desk: &mut Desk, left: &mut [f32], right: &mut [f32]) {
        let shape = &desk.shapes[self.setting.window as usize];
        let gain = 1.0 / (self.setting.density as f32 * shape.mean).max(1.0);
        for grain in &mut self.grains[..self.live] {
            let frames = left.len().min((grain.len - grain.age) as usize);
            let (mut l, mut r) = ([0.0; QUANTUM], [0.0; QUANTUM]);
            let is_stereo = sample.channels() > 1;
            if is_stereo {
                let sounds = [sample.guarded(0), sample.guarded(1)];
                let outs = &mut [&mut l[..frames], &mut r[..frames]];
                desk.read(&self.tape, grain.position, self.step, sounds, how, outs);
            } else {
                desk.read(&self.tape, grain.position, self.step, [sample.guarded(0)], how, &mut [&mut l[..frames]]);
            }
            let from = [&l, if is_stereo { &r } else { &l }];
            desk.cpu.run(
                #[inline(always)]
                || mix(shape, gain, grain, from, [&mut *left, &mut *right]),
            );
            grain.age += frames as u32;
            grain.position += frames as u64 * self.step;
        }
        let mut live = 0;
        for n in 0..self.live {
            if self.grains[n].age < self.grains[n].len {
                self.grains[live] = self.grains[n];
                live += 1;
            }
        }
        self.live = live;
    }
}

/// Adds what a grain reads, under its window.
#[inline(always)]
fn mix(shape: &Shape, gain: f32, grain: &Grain, from: [&[f32; QUANTUM]; 2], to: [&mut [f32]; 2]) {
    let levels = shape.levels(grain.age, grain.len);
    for (to, from) in to.into_iter().zip(from) {
        for (n, to) in to.iter_mut().enumerate().take(QUANTUM) {
            *to += gain * levels[n] * from[n];
        }
    }
}

/// Every so many frames one of a sound, which stands between its guard frames; silence beyond them.
#[inline(always)]
fn take(sound: &[f32], from: i64, stride: usize, frames: &mut [f32]) {
    let first = from + GUARD_FRAMES as i64;
    let len = (frames.len() - 1) * stride + 1;
    let there = usize::try_from(first).ok().and_then(|first| sound.get(first..)?.get(..len));
    match there {
        Some(there) if stride == 1 => frames.copy_from_slice(there),
        Some(there) => frames.iter_mut().zip(there.iter().step_by(stride)).for_each(|(frame, x)| *frame = *x),
        None => {
            for (n, frame) in frames.iter_mut().enumerate() {
                let at = usize::try_from(first + (n * stride) as i64).ok();
                *frame = at.and_then(|at| sound.get(at)).copied().unwrap_or(0.0);
            }
        }
    }
}

/// How much a part of a sound is like another that begins n frames later, for each n: their correlation, whatever the level
/// of the other. Of that, every so many frames one counts.
#[inline(always)]
fn alike<const COUNT: usize>(part: &[f32; COMPARED], other: &[f32], stride: usize) -> [f32; COUNT] {
    let (mut products, mut energies) = ([0.0; COUNT], [1e-9; COUNT]);
    for (k, x) in part.iter().enumerate() {
        let there = &other[k * stride..][..COUNT];
        for n in 0..COUNT {
            products[n] += x * there[n];
            energies[n] += there[n] * there[n];
        }
    }
    for n in 0..COUNT {
        products[n] /= energies[n].sqrt();
    }
    products
}

/// How far from the middle the one is that is most alike; of two that are as much, the one that is nearer: silence is not
/// moved.
#[inline(always)]
fn nearest(alike: &[f32]) -> i64 {
    let middle = alike.len() / 2;
    let mut best = middle;
    for (n, x) in alike.iter().enumerate() {
        if *x > alike[best] || (*x == alike[best] && n.abs_diff(middle) < best.abs_diff(middle)) {
            best = n;
        }
    }
    best as i64 - middle as i64
}
