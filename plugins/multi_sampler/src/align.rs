//! Where a grain fits the one before it: the correlation of W. Verhelst and M. Roelands, "An Overlap-Add Technique Based
//! on Waveform Similarity (WSOLA) for High Quality Time-Scale Modification of Speech", ICASSP 1993.

use std::ops::RangeInclusive;

use cantus_plugin_api::{GUARD_FRAMES, Sample};

use crate::kernel::LANES;

/// How far from its place a grain may be moved: in sixths of a millisecond.
const SOUGHT: i64 = 60;
/// As many places, in whole lanes.
const LAGS: usize = 128;
/// As many single frames between two of them, and at most.
const FINE: usize = 16;
/// Of how much both are compared.
const COMPARED: usize = 64;
/// Frames in a sixth of a millisecond, at most: of a rate of 192 kHz.
const STRIDE: usize = 32;

/// Where in `room` a grain that is to begin at `frame` of a sound is most like what follows frame `latest`: near enough
/// not to be heard as another time. With `falls` both are played backward. Sought in coarse steps, then in single frames.
#[inline(always)]
pub fn best(sample: &Sample, latest: i64, frame: i64, room: &RangeInclusive<i64>, falls: bool) -> i64 {
    let stride = ((sample.rate() / 6000.0) as usize).clamp(1, STRIDE);
    let step = stride as i64;
    // What is played backward is compared with what lies before it.
    let behind = if falls { COMPARED as i64 * step } else { 0 };
    let mut goes_on = [0.0; COMPARED];
    take(sample, latest - behind, stride, &mut goes_on);
    let mut around = [0.0; COMPARED + LAGS];
    take(sample, frame - behind - SOUGHT * step, stride, &mut around);
    let back = ((frame - room.start()) / step).clamp(0, SOUGHT);
    let ahead = ((room.end() - frame) / step).clamp(0, SOUGHT);
    let rough = nearest(&alike::<LAGS>(&goes_on, &around, 1), SOUGHT, back, ahead) * step;
    // The best of single frames lies no further from it than half way to the next.
    let (mut there, beside) = ([0.0; COMPARED * STRIDE], (stride / 2).min(FINE / 2 - 1) as i64);
    take(sample, frame - behind + rough - beside, 1, &mut there[..(COMPARED - 1) * stride + FINE]);
    let fine = nearest(&alike::<FINE>(&goes_on, &there, stride), beside, beside, beside);
    (frame + rough + fine).clamp(*room.start(), *room.end())
}

/// Every so many frames one of a sound, all its channels together; silence beyond its guard frames.
#[inline(always)]
fn take(sample: &Sample, from: i64, stride: usize, frames: &mut [f32]) {
    add(sample.guarded(0), from, stride, frames);
    if sample.channels() > 1 {
        add(sample.guarded(1), from, stride, frames);
    }
}

#[inline(always)]
fn add(sound: &[f32], from: i64, stride: usize, frames: &mut [f32]) {
    let first = from + GUARD_FRAMES as i64;
    let len = (frames.len() - 1) * stride + 1;
    let there = usize::try_from(first).ok().and_then(|first| sound.get(first..)?.get(..len));
    if let Some(there) = there {
        for n in 0..frames.len() {
            frames[n] += there[n * stride];
        }
        return;
    }
    for (n, frame) in frames.iter_mut().enumerate() {
        let at = usize::try_from(first + (n * stride) as i64).ok();
        *frame += at.and_then(|at| sound.get(at)).copied().unwrap_or(0.0);
    }
}

/// How much a part of a sound is like another that begins n frames later, for each n: their correlation, whatever the level
/// of the other. Of that, every so many frames one counts.
#[inline(always)]
fn alike<const COUNT: usize>(part: &[f32; COMPARED], other: &[f32], stride: usize) -> [f32; COUNT] {
    let mut alike = [0.0; COUNT];
    // So many at once as stay in registers.
    for first in (0..COUNT).step_by(LANES) {
        let (mut products, mut energies) = ([0.0; LANES], [1e-9; LANES]);
        for (k, x) in part.iter().enumerate() {
            let there = &other[first + k * stride..][..LANES];
            for n in 0..LANES {
                products[n] += x * there[n];
                energies[n] += there[n] * there[n];
            }
        }
        for n in 0..LANES {
            alike[first + n] = products[n] / energies[n].sqrt();
        }
    }
    alike
}

/// How far from the middle the one is that is most alike, of those so far before and behind it; of two that are as much,
/// the one that is nearer: silence is not moved.
#[inline(always)]
fn nearest(alike: &[f32], middle: i64, before: i64, behind: i64) -> i64 {
    let mut best = 0;
    for n in -before..=behind {
        let (x, most) = (alike[(middle + n) as usize], alike[(middle + best) as usize]);
        if x > most || (x == most && n.abs() < best.abs()) {
            best = n;
        }
    }
    best
}
