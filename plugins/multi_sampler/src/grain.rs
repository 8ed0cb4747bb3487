//! One grain: a short part of a sound under its window; and how the next ones are.

use cantus_plugin_api::{QUANTUM, Sample};

use crate::reader::{Desk, Interpolation};
use crate::tape::Tape;
use crate::window::{Shape, Window};

/// How the next grains are.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Frames that one lasts.
    pub size: f64,
    /// How many are heard at once, 0.25 to 16.
    pub density: f64,
    /// Frames by which their place moves in a frame; below 0 backward.
    pub rate: f64,
    /// Frames by which they may lie off their place.
    pub spray: f64,
    pub window: Window,
    /// Each begins where it goes on best from the one before: the time of a sound is stretched.
    pub aligned: bool,
    /// The place is moved by as much as this is moved, a fraction of the stretch.
    pub position: Option<f64>,
}

/// It keeps the gain and the window that it began with.
#[derive(Clone, Copy, Debug)]
pub struct Grain {
    /// Where it is on its tape, in 32.32.
    pub position: u64,
    /// Frames of its window that are over, and all.
    pub age: u32,
    pub len: u32,
    /// Frames until it begins, or has been heard, and until it ends.
    pub wait: u32,
    pub heard: u32,
    pub left: u32,
    /// By how much it opens and closes in a frame beside its window; at 1 that alone does.
    pub opens: f32,
    pub closes: f32,
    pub gain: f32,
    pub window: Window,
    /// It is played backward.
    pub falls: bool,
}

impl Grain {
    /// One that is over.
    pub const NONE: Grain = Grain {
        position: 0,
        age: 0,
        len: 0,
        wait: 0,
        heard: 0,
        left: 0,
        opens: 1.0,
        closes: 1.0,
        gain: 0.0,
        window: Window::Hann,
        falls: false,
    };

    /// Ends after a fade, `at` frames from here.
    pub fn close(&mut self, at: u32, fade: u32) {
        let end = at + fade;
        if self.wait + self.left > end {
            (self.left, self.closes) = (end.saturating_sub(self.wait), 1.0 / fade as f32);
        }
    }

    /// Adds its next frames.
    pub fn add(
        &mut self,
        tape: &Tape,
        step: u64,
        sample: &Sample,
        how: Interpolation,
        desk: &mut Desk,
        to: [&mut [f32]; 2],
    ) {
        let (mut left, mut right, frames) = ([0.0; QUANTUM], [0.0; QUANTUM], to[0].len());
        let is_stereo = sample.channels() > 1;
        if is_stereo {
            let sounds = [sample.guarded(0), sample.guarded(1)];
            let outs = &mut [&mut left[..frames], &mut right[..frames]];
            desk.read(tape, self.position, step, sounds, how, outs);
        } else {
            desk.read(tape, self.position, step, [sample.guarded(0)], how, &mut [&mut left[..frames]]);
        }
        let (shape, from) = (&desk.shapes[self.window as usize], [&left, if is_stereo { &right } else { &left }]);
        desk.cpu.run(
            #[inline(always)]
            || self.mix(shape, from, to),
        );
        self.age += frames as u32;
        self.heard += frames as u32;
        self.left -= frames as u32;
        self.position += frames as u64 * step;
    }

    /// Adds what it has read, under its window.
    #[inline(always)]
    fn mix(&self, shape: &Shape, from: [&[f32; QUANTUM]; 2], to: [&mut [f32]; 2]) {
        let mut levels = shape.levels(self.age, self.len);
        for (n, level) in levels.iter_mut().enumerate() {
            let (heard, left) = ((self.heard + n as u32 + 1) as f32, (self.left as i32 - n as i32) as f32);
            *level *= self.gain * (heard * self.opens).min(1.0) * (left * self.closes).min(1.0);
        }
        for (to, from) in to.into_iter().zip(from) {
            let to = &mut to[..];
            for n in 0..to.len().min(QUANTUM) {
                to[n] += levels[n] * from[n];
            }
        }
    }
}
