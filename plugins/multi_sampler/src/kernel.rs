//! Windowed-sinc kernels: what a sound is between its frames, and how it is kept below half the output's rate.
//!
//! A kernel is a table of rows, one for each of a number of phases between two frames; a place between two phases takes a
//! mixture of their rows. Kernels that play a sound faster are longer and cut off lower, by as much as it is faster:
//! Julius O. Smith, "Digital Audio Resampling", with the window of J. F. Kaiser.

use std::f64::consts::PI;
use std::sync::OnceLock;

use cantus_plugin_api::math::{exp2, sin, sin_cos};

/// Floats that are worked on at once.
pub const LANES: usize = 16;
/// One frame, in 32.32 fixed point.
pub const ONE: u64 = 1 << 32;

/// Frames on either side of a place that the kernel of an unchanged or slower sound reads.
const HALF: usize = 16;
/// Phases of that kernel: between two of them it is off by less than -110 dB.
const PHASES: usize = 512;
/// Kernels for faster sounds in each octave, and how many octaves: beyond them what is too high folds back.
const PER_OCTAVE: usize = 4;
const OCTAVES: usize = 4;
/// The window's form: beyond its first zero a kernel is below -100 dB.
const BETA: f64 = 10.06;
/// The same of the short kernel, which is below -60 dB.
const SHORT_BETA: f64 = 5.65;
/// Frames on either side that the short kernel reads.
pub const SHORT: usize = 4;
/// Frames on either side that the longest reads.
pub const LONGEST: usize = HALF << OCTAVES;

/// A line of the processor's cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Lanes([f32; LANES]);

/// A kernel: for each phase a row, one after the other.
pub struct Kernel {
    /// Frames on either side of a place that it reads.
    pub reach: usize,
    phases: usize,
    /// Lanes of a row.
    width: usize,
    lanes: Vec<Lanes>,
}

/// The form of a grain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Up and down in straight lines.
    Linear,
    /// Ever faster up, ever slower down.
    Exponential,
    Gaussian,
    Hann,
    /// Hann on a step, whose edges rise from 0 in a sixteenth.
    Hamming,
}

/// Places of a window, but for the last.
pub const WINDOW: usize = 1024;

/// The levels of a window from its beginning to its end.
pub struct Levels {
    pub levels: Vec<f32>,
    pub mean: f32,
}

impl Levels {
    fn new(window: Window) -> Levels {
        let levels: Vec<f32> = (0..=WINDOW).map(|n| window.at(n as f64 / WINDOW as f64) as f32).collect();
        let mean = levels.iter().sum::<f32>() / WINDOW as f32;
        Levels { levels, mean }
    }
}

/// All kernels and windows; made once, which takes some milliseconds.
pub struct Kernels {
    windows: [Levels; 5],
    short: Kernel,
    /// By how much faster the sound is: each for a quarter of an octave more than the one before.
    long: Vec<Kernel>,
}

impl Kernels {
    /// Worker thread, the first time.
    pub fn get() -> &'static Kernels {
        static ALL: OnceLock<Kernels> = OnceLock::new();
        ALL.get_or_init(|| Kernels {
            windows: Window::ALL.map(Levels::new),
            short: Kernel::short(),
            long: (0..=PER_OCTAVE * OCTAVES).map(|n| Kernel::long(exp2(n as f64 / PER_OCTAVE as f64))).collect(),
        })
    }

    /// The levels of a window.
    pub fn window(&self, window: Window) -> &Levels {
        &self.windows[window as usize]
    }

    /// Of 8 frames, whatever the speed.
    pub fn short(&self) -> &Kernel {
        &self.short
    }

    /// Of at least 32 frames: the one whose cut-off is next below that of a sound that moves by `step` a frame.
    pub fn long(&self, step: u64) -> &Kernel {
        let faster = step as f64 / ONE as f64;
        let enough = |kernel: &&Kernel| kernel.reach as f64 >= faster * HALF as f64;
        self.long.iter().find(enough).unwrap_or(&self.long[self.long.len() - 1])
    }
}

impl Window {
    pub const ALL: [Window; 5] = [Window::Linear, Window::Exponential, Window::Gaussian, Window::Hann, Window::Hamming];

    /// Its level at a part of its length, 0 at both ends.
    fn at(self, along: f64) -> f64 {
        let rise = 1.0 - (2.0 * along - 1.0).abs();
        let hann = 0.5 - 0.5 * sin_cos(2.0 * PI * along).1;
        match self {
            Window::Linear => rise,
            Window::Exponential => (exp2(6.0 * rise) - 1.0) / 63.0,
            Window::Gaussian => {
                let bell = |x: f64| exp2(-6.0 * x * x);
                (bell(1.0 - rise) - bell(1.0)) / (1.0 - bell(1.0))
            }
            Window::Hann => hann,
            Window::Hamming => (0.08 + 0.92 * hann) * (8.0 * rise).min(1.0),
        }
    }
}

impl Kernel {
    fn long(faster: f64) -> Kernel {
        let reach = (HALF as f64 * faster).ceil() as usize;
        let width = (2 * reach).div_ceil(LANES);
        let phases = (PHASES as f64 / faster).ceil() as usize;
        let mut lanes = Vec::with_capacity((phases + 1) * width);
        for phase in 0..=phases {
            let row = row(reach, phase as f64 / phases as f64, faster, BETA);
            let padded = |at: usize| row.get(at).copied().unwrap_or(0.0);
            lanes.extend((0..width).map(|n| Lanes(std::array::from_fn(|lane| padded(n * LANES + lane)))));
        }
        Kernel { reach, phases, width, lanes }
    }

    /// Each line holds the row of a phase and that of the next one.
    fn short() -> Kernel {
        let rows: Vec<Vec<f32>> = (0..=PHASES).map(|n| row(SHORT, n as f64 / PHASES as f64, 1.0, SHORT_BETA)).collect();
        let line = |two: &[Vec<f32>]| Lanes(std::array::from_fn(|n| two[n / (2 * SHORT)][n % (2 * SHORT)]));
        Kernel { reach: SHORT, phases: PHASES, width: 1, lanes: rows.windows(2).map(line).collect() }
    }

    /// Frames of the tape that a place needs, from `reach - 1` before it on: the last ones may be weighed with 0.
    pub fn needs(&self) -> usize {
        self.width * LANES
    }

    /// Its phase before a place, and how far it is from there to the next, 0 to 1.
    #[inline(always)]
    fn phase(&self, place: u64) -> (usize, f32) {
        let phase = u64::from(place as u32) * self.phases as u64;
        ((phase >> 32) as usize, ((phase as u32) >> 8) as f32 / (1 << 24) as f32)
    }

    /// The sound of each channel at a place, of which only what is between frames counts; `tapes` begin `reach - 1`
    /// frames before.
    #[inline(always)]
    pub fn at<const CHANNELS: usize>(&self, place: u64, tapes: [&[f32]; CHANNELS]) -> [f32; CHANNELS] {
        let (phase, between) = self.phase(place);
        let rows = &self.lanes[phase * self.width..][..2 * self.width];
        let (before, after) = rows.split_at(self.width);
        let tapes = tapes.map(|tape| tape[..self.width * LANES].as_chunks::<LANES>().0);
        let mut sums = [[0.0; LANES]; CHANNELS];
        for (n, (before, after)) in before.iter().zip(after).enumerate() {
            let weights: [f32; LANES] = std::array::from_fn(|i| before.0[i] + between * (after.0[i] - before.0[i]));
            for (sum, tape) in sums.iter_mut().zip(tapes) {
                (0..LANES).for_each(|i| sum[i] += weights[i] * tape[n][i]);
            }
        }
        sums.map(sum)
    }

    /// The same of the short one.
    #[inline(always)]
    pub fn at_short<const CHANNELS: usize>(&self, place: u64, tapes: [&[f32]; CHANNELS]) -> [f32; CHANNELS] {
        let (phase, between) = self.phase(place);
        let rows = &self.lanes[phase].0;
        let weights: [f32; 2 * SHORT] = std::array::from_fn(|i| rows[i] + between * (rows[i + 2 * SHORT] - rows[i]));
        tapes.map(|tape| {
            let tape = &tape[..2 * SHORT];
            let mut products: [f32; 2 * SHORT] = std::array::from_fn(|i| weights[i] * tape[i]);
            (0..4).for_each(|i| products[i] += products[i + 4]);
            (products[0] + products[2]) + (products[1] + products[3])
        })
    }
}

/// In an order that does not depend on how many are added at once.
#[inline(always)]
fn sum(mut lanes: [f32; LANES]) -> f32 {
    for half in [8, 4, 2, 1] {
        (0..half).for_each(|i| lanes[i] += lanes[i + half]);
    }
    lanes[0]
}

/// The weights of the frames from `reach - 1` before a place to `reach` after it, for a phase of 0 to 1; together 1.
fn row(reach: usize, phase: f64, faster: f64, beta: f64) -> Vec<f32> {
    let weight = |n: usize| {
        let distance = n as f64 - (reach as f64 - 1.0) - phase;
        let along = distance / reach as f64;
        if along.abs() >= 1.0 {
            return 0.0;
        }
        let x = PI * distance / faster;
        let sinc = if x == 0.0 { 1.0 } else { sin(x) / x };
        sinc * bessel(beta * (1.0 - along * along).sqrt())
    };
    let weights: Vec<f64> = (0..2 * reach).map(weight).collect();
    let all: f64 = weights.iter().sum();
    weights.iter().map(|weight| (weight / all) as f32).collect()
}

/// The modified Bessel function of the first kind, of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum, mut n) = (1.0, 1.0, 1.0);
    while term > sum * 1e-12 {
        term *= quarter / (n * n);
        sum += term;
        n += 1.0;
    }
    sum
}
