//! Windowed-sinc kernels: what a sound is between its frames, and how it is kept below half the output's rate.
//!
//! A kernel is a table of rows, one for each of a number of phases between two frames; a place between two phases takes a
//! mixture of their rows. Kernels that play a sound faster are longer and cut off lower, by as much as it is faster:
//! Julius O. Smith, "Digital Audio Resampling", with the window of J. F. Kaiser.

use std::f64::consts::PI;
use std::sync::OnceLock;

use cantus_plugin_api::QUANTUM;
use cantus_plugin_api::math::{exp2, sin};

use crate::reader::LAID;
use crate::window::Shape;

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

/// All kernels, and the windows of grains; made once, which takes some milliseconds.
pub struct Kernels {
    short: Kernel,
    /// By how much faster the sound is: each for a quarter of an octave more than the one before.
    long: Vec<Kernel>,
    /// One for each of [`Window::ALL`](crate::window::Window::ALL).
    pub shapes: [Shape; 5],
}

impl Kernels {
    /// Worker thread, the first time.
    pub fn get() -> &'static Kernels {
        static ALL: OnceLock<Kernels> = OnceLock::new();
        ALL.get_or_init(|| Kernels {
            short: Kernel::short(),
            long: (0..=PER_OCTAVE * OCTAVES).map(|n| Kernel::long(exp2(n as f64 / PER_OCTAVE as f64))).collect(),
            shapes: Shape::all(),
        })
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

    /// The sound of each channel at places one `step` apart; `tapes` begin `reach - 1` frames before the first.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "a plain loop is what becomes wide instructions")]
    pub fn read<const CHANNELS: usize>(
        &self,
        mut place: u64,
        step: u64,
        tapes: [&[f32; LAID]; 2],
        outs: &mut [&mut [f32]; CHANNELS],
    ) {
        let mut sums = [[[0.0; LANES]; QUANTUM]; CHANNELS];
        for n in 0..outs[0].len() {
            let (phase, between) = self.phase(place);
            let rows = &self.lanes[phase * self.width..][..2 * self.width];
            let (before, after) = rows.split_at(self.width);
            let mut sum = [[0.0; LANES]; CHANNELS];
            for part in 0..self.width {
                let weights: [f32; LANES] = mixed(&before[part].0, &after[part].0, between);
                for channel in 0..CHANNELS {
                    let frames = &tapes[channel][(place / ONE) as usize + part * LANES..][..LANES];
                    for i in 0..LANES {
                        sum[channel][i] += weights[i] * frames[i];
                    }
                }
            }
            for channel in 0..CHANNELS {
                sums[channel][n] = sum[channel];
            }
            place += step;
        }
        add_up(&sums, outs);
    }

    /// The same of the short one.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "as above")]
    pub fn read_short<const CHANNELS: usize>(
        &self,
        mut place: u64,
        step: u64,
        tapes: [&[f32; LAID]; 2],
        outs: &mut [&mut [f32]; CHANNELS],
    ) {
        let mut sums = [[[0.0; 2 * SHORT]; QUANTUM]; CHANNELS];
        for n in 0..outs[0].len() {
            let (phase, between) = self.phase(place);
            let (before, after) = self.lanes[phase].0.split_at(2 * SHORT);
            let weights: [f32; 2 * SHORT] = mixed(before, after, between);
            for channel in 0..CHANNELS {
                let frames = &tapes[channel][(place / ONE) as usize..][..2 * SHORT];
                for i in 0..2 * SHORT {
                    sums[channel][n][i] = weights[i] * frames[i];
                }
            }
            place += step;
        }
        add_up(&sums, outs);
    }
}

/// Weights between those of two phases.
#[inline(always)]
fn mixed<const LANES: usize>(before: &[f32], after: &[f32], between: f32) -> [f32; LANES] {
    let (before, after, mut weights) = (&before[..LANES], &after[..LANES], [0.0; LANES]);
    for i in 0..LANES {
        weights[i] = before[i] + between * (after[i] - before[i]);
    }
    weights
}

/// Adds up the lanes of each frame, in an order that does not depend on how many are added at once. They come from memory,
/// so that what fills them is compiled into lanes as wide as they are.
#[inline(always)]
fn add_up<const LANES: usize, const CHANNELS: usize>(
    sums: &[[[f32; LANES]; QUANTUM]; CHANNELS],
    outs: &mut [&mut [f32]; CHANNELS],
) {
    for channel in 0..CHANNELS {
        for n in 0..outs[channel].len() {
            let (mut lanes, mut half) = (sums[channel][n], LANES / 2);
            while half > 0 {
                for i in 0..half {
                    lanes[i] += lanes[i + half];
                }
                half /= 2;
            }
            outs[channel][n] = lanes[0];
        }
    }
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
