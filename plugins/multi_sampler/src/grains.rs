//! A sound in grains: short overlapping parts of it, each under a window, so that where they are taken from and how fast
//! they are played have nothing to do with each other.

use std::ops::Range;

use cantus_plugin_api::{GUARD_FRAMES, QUANTUM, Random, Sample};

use crate::kernel::{Levels, ONE, WINDOW, Window};
use crate::reader::{Desk, Interpolation};
use crate::tape::Tape;

/// Grains that are heard at once.
const MOST: usize = 18;
/// How far from its place a grain may be moved so that it fits the one before: in sixths of a millisecond.
const SOUGHT: usize = 60;
/// Of how much both are compared for that.
const COMPARED: usize = 64;

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
                self.begin(sample);
            }
            let frames = (left.len() - done).min(self.until as usize);
            self.add(sample, how, desk, &mut left[done..done + frames], &mut right[done..done + frames]);
            self.until -= frames as f64;
            self.moved += self.setting.rate * frames as f64;
            done += frames;
        }
    }

    /// The next grain begins.
    fn begin(&mut self, sample: &Sample) {
        let Setting { size, density, spray, aligned, .. } = self.setting;
        // A stretched sound begins as it is, not under half a window: with half a grain, and a whole one.
        let half = aligned && !self.begun;
        self.until += if half { 0.0 } else { (size / density).max(1.0) };
        if self.is_through() {
            return;
        }
        let spread = self.random.either_way() * spray;
        let mut frame = self.frame() as f64 + spread;
        if aligned && self.live > 0 {
            frame += self.best(sample, frame as i64) as f64;
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
        self.begun = true;
    }

    /// By how many frames a grain that is to begin at `frame` is moved, so that it is most like what the latest one goes on
    /// with: the correlation of W. Verhelst and M. Roelands, "An Overlap-Add Technique Based on Waveform Similarity". It is
    /// sought in coarse steps, then in single frames.
    fn best(&self, sample: &Sample, frame: i64) -> i64 {
        let sound = sample.guarded(0);
        let latest = (self.grains[self.live - 1].position / ONE).cast_signed();
        let heard = if self.backward { self.frames as i64 - 1 - latest } else { latest };
        let at = |frame: i64| {
            let frame = usize::try_from(frame + GUARD_FRAMES as i64).ok();
            frame.and_then(|frame| sound.get(frame)).copied().unwrap_or(0.0)
        };
        // Every so many milliseconds a frame, so that a search takes as long at any rate.
        let stride = (self.rate / 6000.0).max(1.0) as i64;
        let goes_on: [f32; COMPARED] = std::array::from_fn(|n| at(heard + stride * n as i64));
        let around: [f32; COMPARED + 2 * SOUGHT] =
            std::array::from_fn(|n| at(frame + stride * (n as i64 - SOUGHT as i64)));
        let rough = (0..=2 * SOUGHT).map(|n| (n as i64 - SOUGHT as i64, like(&goes_on, &around[n..n + COMPARED])));
        let rough = rough.reduce(nearer).map_or(0, |(by, _)| by * stride);
        let fine = (1 - stride..stride).map(|by| {
            let there: [f32; COMPARED] = std::array::from_fn(|n| at(frame + rough + by + stride * n as i64));
            (rough + by, like(&goes_on, &there))
        });
        fine.reduce(nearer).map_or(rough, |(by, _)| by)
    }

    /// Adds all grains; none begins meanwhile.
    fn add(&mut self, sample: &Sample, how: Interpolation, desk: &mut Desk, left: &mut [f32], right: &mut [f32]) {
        let Levels { levels, mean } = desk.window(self.setting.window);
        let gain = 1.0 / (self.setting.density as f32 * mean).max(1.0);
        for grain in &mut self.grains[..self.live] {
            let frames = left.len().min((grain.len - grain.age) as usize);
            let (mut l, mut r) = ([0.0; QUANTUM], [0.0; QUANTUM]);
            let (l, r) = (&mut l[..frames], &mut r[..frames]);
            if frames > 0 && sample.channels() > 1 {
                let sounds = [sample.guarded(0), sample.guarded(1)];
                desk.read(&self.tape, grain.position, self.step, sounds, how, &mut [&mut *l, &mut *r]);
            } else if frames > 0 {
                desk.read(&self.tape, grain.position, self.step, [sample.guarded(0)], how, &mut [&mut *l]);
                r.copy_from_slice(l);
            }
            let level = |n: usize| {
                let place = (grain.age as usize + n) as f32 * WINDOW as f32 / grain.len as f32;
                let (at, between) = (place as usize, place.fract());
                gain * (levels[at] + between * (levels[(at + 1).min(WINDOW)] - levels[at]))
            };
            left.iter_mut().zip(l).enumerate().for_each(|(n, (to, from))| *to += level(n) * *from);
            right.iter_mut().zip(r).enumerate().for_each(|(n, (to, from))| *to += level(n) * *from);
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

/// How much two parts of a sound are alike: their correlation, whatever the level of the second.
fn like(a: &[f32], b: &[f32]) -> f32 {
    let (mut product, mut energy) = ([0.0; 8], [1e-9; 8]);
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for n in 0..8 {
            product[n] += a[n] * b[n];
            energy[n] += b[n] * b[n];
        }
    }
    product.iter().sum::<f32>() / energy.iter().sum::<f32>().sqrt()
}

/// The one that is more alike; of two that are as much, the one that is moved less: silence is not moved.
fn nearer(a: (i64, f32), b: (i64, f32)) -> (i64, f32) {
    if b.1 > a.1 || (b.1 == a.1 && b.0.abs() < a.0.abs()) { b } else { a }
}
