//! Where something begins in a sound.
//!
//! Spectral flux of logarithmic bands: S. Böck, F. Krebs and M. Schedl, "Evaluating the Online Capabilities of Onset
//! Detection Methods", ISMIR 2012; above a moving median: J. P. Bello et al., "A Tutorial on Onset Detection in Music
//! Signals", IEEE Transactions on Speech and Audio Processing 13(5), 2005. That finds an onset to within a window; where
//! in it the level rises is then looked up in the samples, and walked back to where the rise starts. The same samples
//! give the same onsets on every processor.

use std::ops::Add;

use cantus_plugin_api::math::sin_cos;
use cantus_plugin_api::raw::Onset;
use rustfft::FftPlannerScalar;
use rustfft::num_complex::Complex;
use rustfft::num_traits::Zero;

use super::lanes::{LANES, Lanes};

/// Seconds of the window, at least; windows overlap by three quarters.
const WINDOW: f64 = 0.016;
const OVERLAP: usize = 4;
/// Bands that are at least that many to the octave; low ones are a bin of the spectrum wide.
const BANDS_PER_OCTAVE: f64 = 6.0;
/// Of a band, what is 60 dB below the loudest window counts as nothing.
const COMPRESSION: f32 = 1000.0;
/// Of the largest flux, what is not worth a name.
const WEAKEST: f32 = 0.06;
/// Seconds before and behind an onset of which the flux has a median.
const BEFORE: f64 = 0.1;
const BEHIND: f64 = 0.07;
/// Seconds between two onsets, at least.
const APART: f64 = 0.02;
/// Of a rise, where it starts.
const START: f32 = 0.1;
/// The level is looked at in so many parts of a second.
const LEVELS_PER_SECOND: f64 = 3000.0;

/// The onsets of planar channels of one length, by frame; the strongest is 1. `rate` in Hz.
pub fn onsets(channels: &[Vec<f32>], rate: f64) -> Vec<Onset> {
    let window = ((rate * WINDOW) as usize).next_power_of_two().max(64);
    let hop = window / OVERLAP;
    let flux = flux(channels, window, rate);
    let strongest = flux.iter().copied().fold(0.0, f32::max);
    if strongest <= 0.0 {
        return Vec::new();
    }
    let mut found: Vec<Onset> = Vec::new();
    for at in peaks(&flux, strongest * WEAKEST, rate / hop as f64) {
        let frame = start(channels, at * hop, window, rate);
        let strength = flux[at] / strongest;
        match found.last_mut() {
            Some(last) if frame < last.frame + (APART * rate) as usize => last.strength = last.strength.max(strength),
            _ => found.push(Onset { frame, strength, reserved: 0 }),
        }
    }
    found
}

/// By how much the bands have grown from one window to the next. Window `n` has its middle at frame `n * hop`.
fn flux(channels: &[Vec<f32>], window: usize, rate: f64) -> Vec<f32> {
    let bands = Bands::new(window, rate);
    let (levels, loudest) = spectrogram(channels, window, &bands);
    if loudest <= f32::MIN_POSITIVE {
        return Vec::new();
    }
    let scale = COMPRESSION / loudest;
    let mut before = vec![0.0f32; bands.0.len()];
    let windows = levels.chunks_exact(bands.0.len());
    windows
        .map(|levels| {
            let grown = levels.iter().zip(&mut before).map(|(level, before)| {
                let level = (1.0 + level * scale).ln();
                (level - std::mem::replace(before, level)).max(0.0)
            });
            grown.sum()
        })
        .collect()
}

/// The amplitude of each band in each window, all channels together, and that of the loudest window. Two channels are the
/// real and the imaginary part of one transform: the power of both is in bin `k` and its mirror image.
fn spectrogram(channels: &[Vec<f32>], window: usize, bands: &Bands) -> (Vec<f32>, f32) {
    let fft = FftPlannerScalar::new().plan_fft_forward(window);
    let mut scratch = vec![Complex::zero(); fft.get_inplace_scratch_len()];
    let shape: Vec<f32> = (0..window).map(|n| blackman_harris(n, window)).collect();
    let frames = channels.first().map_or(0, Vec::len);
    // Windows that hang over the end hear it as a click; some do where the sound is shorter than a window.
    let count = frames.saturating_sub(window / 2).max(window / 2) / (window / OVERLAP) + 1;
    let mut levels = Vec::with_capacity(count * bands.0.len());
    let mut loudest = 0.0f32;
    let (mut buffer, mut power) = (vec![Complex::zero(); window], vec![Lanes::zero(); window / 2]);
    for first in (0..count).step_by(LANES) {
        power.fill(Lanes::zero());
        for pair in channels.chunks(2) {
            buffer.fill(Complex::zero());
            for lane in 0..LANES {
                let middle = (first + lane) * (window / OVERLAP);
                hear(&mut buffer, |z| &mut z.re.0[lane], &pair[0], &shape, middle);
                if let Some(second) = pair.get(1) {
                    hear(&mut buffer, |z| &mut z.im.0[lane], second, &shape, middle);
                }
            }
            fft.process_with_scratch(&mut buffer, &mut scratch);
            for (bin, sum) in power.iter_mut().enumerate() {
                *sum = *sum + (buffer[bin].norm_sqr() + buffer[(window - bin) % window].norm_sqr());
            }
        }
        let sum = |bins: &[Lanes]| bins.iter().copied().fold(Lanes::zero(), Lanes::add);
        let (whole, parts) = (sum(&power), bands.0.iter().map(|band| sum(&power[band.clone()])).collect::<Vec<_>>());
        for lane in 0..LANES.min(count - first) {
            loudest = loudest.max(whole.0[lane].sqrt());
            levels.extend(parts.iter().map(|part| part.0[lane].sqrt()));
        }
    }
    (levels, loudest)
}

/// Puts the frames around `middle`, weighed by the window's `shape`, where `place` says. Beyond the sound is silence,
/// which is there already.
fn hear(
    buffer: &mut [Complex<Lanes>],
    place: impl Fn(&mut Complex<Lanes>) -> &mut f32,
    channel: &[f32],
    shape: &[f32],
    middle: usize,
) {
    let half = shape.len() / 2;
    let before = half.saturating_sub(middle);
    let heard = &channel[(middle + before - half).min(channel.len())..(middle + half).min(channel.len())];
    for ((z, shape), sample) in buffer[before..].iter_mut().zip(&shape[before..]).zip(heard) {
        *place(z) = sample * shape;
    }
}

/// Four terms, side lobes below -92 dB: F. J. Harris, "On the Use of Windows for Harmonic Analysis with the Discrete Fourier
/// Transform", Proceedings of the IEEE 66(1), 1978.
fn blackman_harris(n: usize, window: usize) -> f32 {
    let cos = |times: f64| sin_cos(std::f64::consts::TAU * times * n as f64 / window as f64).1;
    (0.35875 - 0.48829 * cos(1.0) + 0.14128 * cos(2.0) - 0.01168 * cos(3.0)) as f32
}

/// Which bins of a spectrum each band has.
struct Bands(Vec<std::ops::Range<usize>>);

impl Bands {
    /// From the fifth bin, where no tone meets its own mirror image, against which it would beat, to 16 kHz.
    fn new(window: usize, rate: f64) -> Bands {
        let last = ((16_000.0 / rate * window as f64) as usize).min(window / 2);
        let (mut bands, mut first) = (Vec::new(), 5);
        while first < last {
            let wide = (first as f64 * (2f64.powf(1.0 / BANDS_PER_OCTAVE) - 1.0)).round().max(1.0) as usize;
            bands.push(first..(first + wide).min(last));
            first += wide;
        }
        Bands(bands)
    }
}

/// Where the flux is higher than all around it, and by `least` higher than the median.
fn peaks(flux: &[f32], least: f32, per_second: f64) -> Vec<usize> {
    let span = |seconds: f64| (seconds * per_second).round() as usize;
    let (before, behind, around) = (span(BEFORE), span(BEHIND), span(APART).max(2));
    let highest = |at: usize| {
        let (earlier, later) = (&flux[at.saturating_sub(around)..at], &flux[at + 1..(at + 1 + around).min(flux.len())]);
        earlier.iter().all(|f| *f < flux[at]) && later.iter().all(|f| *f <= flux[at])
    };
    let median = |at: usize| {
        let mut near = flux[at.saturating_sub(before)..(at + 1 + behind).min(flux.len())].to_vec();
        let middle = near.len() / 2;
        *near.select_nth_unstable_by(middle, f32::total_cmp).1
    };
    (0..flux.len()).filter(|at| flux[*at] >= least && highest(*at) && flux[*at] >= median(*at) + least).collect()
}

/// The frame at which the rise starts that a window with its middle at `middle` has found.
fn start(channels: &[Vec<f32>], middle: usize, window: usize, rate: f64) -> usize {
    let frames = channels.first().map_or(0, Vec::len);
    let part = ((rate / LEVELS_PER_SECOND) as usize).max(1);
    // Silence stands before the sound: what begins at once has a rise, too.
    let (first, last) = ((middle as i64 - window as i64) / part as i64, (middle + window / 2).min(frames) / part);
    let level = |at: i64| {
        let Ok(at) = usize::try_from(at) else { return 0.0 };
        let frames = (at * part).min(frames)..((at + 1) * part).min(frames);
        let power = channels.iter().flat_map(|c| &c[frames.clone()]).map(|x| x * x).sum::<f32>();
        (power / part as f32).sqrt()
    };
    let levels: Vec<f32> = (first..=last as i64).map(level).collect();
    let mean = |levels: &[f32]| levels.iter().sum::<f32>() / levels.len().max(1) as f32;
    // Some milliseconds of noise are as loud as the next, a single part is not.
    let near = 6.min(levels.len() / 2);
    let rise = |at: usize| mean(&levels[at..at + near]) - mean(&levels[at - near..at]);
    let steepest = (near..=levels.len() - near).max_by(|a, b| rise(*a).total_cmp(&rise(*b)).then(b.cmp(a)));
    let mut at = steepest.unwrap_or(near);
    let low = mean(&levels[at - near..at]).min(levels[at - near]);
    let high = levels[at..at + near].iter().copied().fold(0.0, f32::max);
    let risen = low + (high - low) * START;
    while at < levels.len() - 1 && levels[at] < risen {
        at += 1;
    }
    while at > 0 && levels[at - 1] >= risen {
        at -= 1;
    }
    // Within its part.
    let begin = usize::try_from((first + at as i64) * part as i64).unwrap_or(0);
    let loud = |frame: &usize| channels.iter().any(|c| c[*frame].abs() >= risen);
    (begin..(begin + part).min(frames)).find(loud).unwrap_or(begin).min(frames.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;
    /// 2 ms.
    const NEAR: usize = 96;

    /// Two seconds with something at each of these frames.
    fn with(at: &[usize], what: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        let mut sound = vec![0.0; 96_000];
        for (n, first) in at.iter().enumerate() {
            sound[*first..].iter_mut().enumerate().for_each(|(frame, x)| *x += what(n, frame));
        }
        sound
    }

    /// White noise.
    fn noise(frame: usize) -> f32 {
        cantus_plugin_api::testing::laws::noise(frame as u64, 0)
    }

    fn decay(frame: usize, seconds: f64) -> f32 {
        (-(frame as f64) / (seconds * RATE)).exp() as f32
    }

    fn frames(channels: &[Vec<f32>]) -> Vec<usize> {
        onsets(channels, RATE).iter().map(|onset| onset.frame).collect()
    }

    #[test]
    fn what_begins_is_found_within_two_milliseconds() {
        let at = [0, 7_001, 12_345, 24_000, 26_900, 50_017, 80_000];
        let click = |_: usize, frame: usize| if frame < 8 { 0.5 } else { 0.0 };
        let burst = |n: usize, frame: usize| [1.0, 0.3, 0.6][n % 3] * decay(frame, 0.03) * noise(frame + n * 97);
        let long = |n: usize, frame: usize| [1.0, 0.8][n % 2] * decay(frame, 0.06) * noise(frame + n * 31);
        let tone = |n: usize, frame: usize| {
            let hertz = [110.0, 165.0, 220.0][n % 3];
            decay(frame, 0.05) * (frame as f64 / RATE * hertz * std::f64::consts::TAU).sin() as f32
        };
        let table: [(&str, Vec<f32>); 4] = [
            ("clicks", with(&at, click)),
            ("bursts", with(&at, burst)),
            ("rattle", with(&at, long)),
            ("tones", with(&at, tone)),
        ];
        for (name, sound) in table {
            let silent = vec![0.0; sound.len()];
            let inverse: Vec<f32> = sound.iter().map(|x| -x).collect();
            for channels in [vec![sound.clone()], vec![silent, sound.clone()], vec![sound.clone(), inverse]] {
                let found = frames(&channels);
                let near = found.len() == at.len() && found.iter().zip(at).all(|(f, at)| f.abs_diff(at) <= NEAR);
                assert!(near, "{name}: {found:?}, should be {at:?}");
            }
        }
    }

    #[test]
    fn other_rates_find_the_same() {
        for rate in [8_000.0, 44_100.0, 96_000.0] {
            let at = [0.0, 0.5, 0.75, 1.5].map(|seconds: f64| (seconds * rate) as usize);
            let mut sound = vec![0.0f32; (rate * 2.0) as usize];
            for first in at {
                let fade = |frame: usize| (-(frame as f64) / (0.04 * rate)).exp() as f32;
                sound[first..].iter_mut().enumerate().for_each(|(frame, x)| *x += noise(frame) * fade(frame));
            }
            let found: Vec<usize> = onsets(&[sound], rate).iter().map(|onset| onset.frame).collect();
            let near = (rate * 0.002) as usize;
            assert!(
                found.len() == 4 && found.iter().zip(at).all(|(f, at)| f.abs_diff(at) <= near),
                "{rate}: {found:?}"
            );
        }
    }

    #[test]
    fn what_is_steady_begins_once() {
        for hertz in [40.0, 110.0, 440.0, 3_000.0] {
            let tone: Vec<f32> =
                (0..96_000).map(|n| (f64::from(n) / RATE * hertz * std::f64::consts::TAU).sin() as f32).collect();
            let found = frames(&[tone]);
            assert!(found.len() <= 1 && found.iter().all(|frame| *frame <= NEAR), "{hertz} Hz: {found:?}");
        }
        for nothing in [vec![], vec![0.0; 10], vec![0.0; 48_000]] {
            assert_eq!(frames(&[nothing]), [0usize; 0]);
        }
        assert_eq!(frames(&[]), [0usize; 0]);
        let short = frames(&[vec![1.0]]);
        assert_eq!(short, [0]);
    }

    #[test]
    fn the_louder_the_stronger_and_always_the_same() {
        let levels = [1.0, 0.1, 0.5, 0.02];
        let sound = with(&[4_800, 28_800, 52_800, 76_800], |n, frame| {
            levels[n] * decay(frame, 0.02) * cantus_plugin_api::testing::laws::noise(frame as u64, 0)
        });
        let found = onsets(std::slice::from_ref(&sound), RATE);
        let strength: Vec<f32> = found.iter().map(|onset| onset.strength).collect();
        assert_eq!(strength.len(), 4, "{found:?}");
        assert!(strength[0] == 1.0 && strength[2] < 1.0 && strength[1] < strength[2], "{strength:?}");
        assert!(strength[3] < strength[1] && strength[3] > 0.0, "{strength:?}");
        assert_eq!(found, onsets(std::slice::from_ref(&sound), RATE));
        // However loud the file is.
        let quiet: Vec<f32> = sound.iter().map(|x| x / 64.0).collect();
        assert_eq!(found, onsets(&[quiet], RATE));
    }
}
