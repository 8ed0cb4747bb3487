//! Where a voice is on its tape, and what it hears there.

use cantus_plugin_api::{Cpu, QUANTUM};

use crate::kernel::{Kernels, LANES, LONGEST, ONE};
pub use crate::multi_sampler::Interpolation;
use crate::tape::Tape;
use crate::window::Shape;

/// The fastest step: 128 frames per frame, seven octaves.
const FASTEST: u64 = 128 * ONE;
/// At least the frames of a tape that the longest kernel needs for a quantum at the fastest step. A power of 2, so that a
/// place is kept inside by masking it, which costs less than a check: no place is outside.
pub const LAID: usize = (QUANTUM * 128 + 2 * LONGEST + LANES).next_power_of_two();

/// The step that moves by `ratio` frames a frame; not less than the smallest and not more than the fastest there is.
pub fn step_of(ratio: f64) -> u64 {
    ((ratio * ONE as f64).round() as u64).clamp(1, FASTEST)
}

/// Room in which tapes are laid out to be read: one for all voices, as they are read one after the other.
pub struct Desk {
    tapes: [Box<[f32; LAID]>; 2],
    /// What the work may be compiled for.
    pub cpu: Cpu,
    kernels: &'static Kernels,
    /// The windows of grains.
    pub shapes: &'static [Shape; 5],
}

impl Desk {
    /// Worker thread.
    pub fn new(cpu: Cpu) -> Desk {
        let kernels = Kernels::get();
        Desk { tapes: [Box::new([0.0; LAID]), Box::new([0.0; LAID])], cpu, kernels, shapes: &kernels.shapes }
    }
}

impl Desk {
    /// Reads channels, each between its guard frames, from a position of a tape on; at most a quantum.
    pub fn read<const CHANNELS: usize>(
        &mut self,
        tape: &Tape,
        position: u64,
        step: u64,
        sounds: [&[f32]; CHANNELS],
        how: Interpolation,
        outs: &mut [&mut [f32]; CHANNELS],
    ) {
        let frames = outs[0].len();
        if frames == 0 {
            return;
        }
        let (place, first) = (position % ONE, (position / ONE).cast_signed());
        if step == ONE && place == 0 {
            for (channel, out) in outs.iter_mut().enumerate() {
                tape.read(sounds[channel], first, out);
            }
            return;
        }
        let kernel = match how {
            Interpolation::Sinc8 => Some(self.kernels.short()),
            Interpolation::Sinc => Some(self.kernels.long(step)),
            _ => None,
        };
        let (reach, needs) = match (how, kernel) {
            (Interpolation::Sinc8, Some(kernel)) => (kernel.reach, 2 * kernel.reach),
            (_, Some(kernel)) => (kernel.reach, kernel.needs()),
            (Interpolation::Linear, None) => (1, 2),
            (_, None) => (2, 4),
        };
        let last = (place + (frames as u64 - 1) * step) / ONE;
        let len = last as usize + needs;
        for (channel, laid) in self.tapes.iter_mut().enumerate().take(CHANNELS) {
            tape.read(sounds[channel], first - (reach as i64 - 1), &mut laid[..len]);
        }
        let [first, second] = &self.tapes;
        let tapes = [&**first, &**second];
        self.cpu.run(
            #[inline(always)]
            || match (how, kernel) {
                (Interpolation::Sinc8, Some(kernel)) => kernel.read_short(place, step, tapes, outs),
                (_, Some(kernel)) => kernel.read(place, step, tapes, outs),
                (Interpolation::Linear, None) => linear(place, step, tapes, outs),
                (_, None) => cubic(place, step, tapes, outs),
            },
        );
    }
}

/// A position that moves along a tape.
///
/// It counts in 32.32 fixed point: a ratio of 1, and any with at most 32 binary places, is exact for ever; any other is
/// off by at most n / 2^33 frames after n frames. Samples may have up to 2^31 frames, 12 hours at 48 kHz.
#[derive(Clone, Debug)]
pub struct Reader {
    tape: Tape,
    position: u64,
    step: u64,
}

impl Reader {
    /// At the beginning of a tape, at its own speed.
    pub fn new(tape: Tape) -> Reader {
        Reader { tape, position: 0, step: ONE }
    }

    /// What it reads.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Moves by so much from now on.
    pub fn set_step(&mut self, step: u64) {
        self.step = step;
    }

    /// At the beginning of another tape, as far between two frames and as fast as here.
    pub fn moved(&self, tape: Tape) -> Reader {
        Reader { tape, position: self.position % ONE, step: self.step }
    }

    /// Goes to the end of its tape.
    pub fn finish(&mut self) {
        self.position = self.position.max(self.tape.lead() * ONE);
    }

    /// Frames that can still be read before the tape ends.
    pub fn left(&self) -> usize {
        if self.tape.period().is_some() {
            return usize::MAX;
        }
        (self.tape.lead() * ONE).saturating_sub(self.position).div_ceil(self.step) as usize
    }

    /// The whole frames of the tape that lie behind it.
    pub fn place(&self) -> i64 {
        (self.position / ONE).cast_signed()
    }

    /// Moves by as many steps as were read.
    pub fn advance(&mut self, frames: usize) {
        self.position += frames as u64 * self.step;
        let Some(period) = self.tape.period() else { return };
        // Round a loop it could count for ever; the longest kernel still looks back on the loop alone.
        let whole = self.position / ONE;
        let rounds = whole.saturating_sub(self.tape.lead() + LONGEST as u64) / period;
        self.position -= rounds * period * ONE;
    }

    /// Reads channels, each between its guard frames, from where it stands, without moving; at most a quantum.
    pub fn read<const CHANNELS: usize>(
        &self,
        sounds: [&[f32]; CHANNELS],
        how: Interpolation,
        desk: &mut Desk,
        mut outs: [&mut [f32]; CHANNELS],
    ) {
        let (position, step) = (self.position, self.step);
        desk.read(&self.tape, position, step, sounds, how, &mut outs);
    }
}

/// The frame of each of the next places, and how far it is from there to the next frame, 0 to 1.
#[inline(always)]
fn places(mut place: u64, step: u64, count: usize) -> ([u32; QUANTUM], [f32; QUANTUM]) {
    let (mut frames, mut between) = ([0; QUANTUM], [0.0; QUANTUM]);
    for n in 0..count.min(QUANTUM) {
        frames[n] = (place >> 32) as u32;
        between[n] = ((place as u32) >> 8) as f32 / (1 << 24) as f32;
        place += step;
    }
    (frames, between)
}

/// The frames of a tape at some places, and those `ahead` of them.
#[inline(always)]
fn gather(tape: &[f32; LAID], frames: &[u32; QUANTUM], ahead: u32, count: usize) -> [f32; QUANTUM] {
    let mut there = [0.0; QUANTUM];
    for n in 0..count.min(QUANTUM) {
        there[n] = tape[(frames[n] + ahead) as usize & (LAID - 1)];
    }
    there
}

#[inline(always)]
fn linear<const CHANNELS: usize>(place: u64, step: u64, tapes: [&[f32; LAID]; 2], outs: &mut [&mut [f32]; CHANNELS]) {
    let count = outs[0].len().next_multiple_of(LANES);
    let (frames, between) = places(place, step, count);
    for channel in 0..CHANNELS {
        let (a, b) = (gather(tapes[channel], &frames, 0, count), gather(tapes[channel], &frames, 1, count));
        let mut heard = [0.0; QUANTUM];
        for n in 0..count.min(QUANTUM) {
            heard[n] = a[n] + between[n] * (b[n] - a[n]);
        }
        copy(&heard, outs[channel]);
    }
}

/// The spline through four frames: exactly the second at its place.
#[inline(always)]
fn cubic<const CHANNELS: usize>(place: u64, step: u64, tapes: [&[f32; LAID]; 2], outs: &mut [&mut [f32]; CHANNELS]) {
    let count = outs[0].len().next_multiple_of(LANES);
    let (frames, t) = places(place, step, count);
    for channel in 0..CHANNELS {
        let (a, b) = (gather(tapes[channel], &frames, 0, count), gather(tapes[channel], &frames, 1, count));
        let (c, d) = (gather(tapes[channel], &frames, 2, count), gather(tapes[channel], &frames, 3, count));
        let mut heard = [0.0; QUANTUM];
        for n in 0..count.min(QUANTUM) {
            let c1 = 0.5 * (c[n] - a[n]);
            let c2 = a[n] - 2.5 * b[n] + 2.0 * c[n] - 0.5 * d[n];
            let c3 = 0.5 * (d[n] - a[n]) + 1.5 * (b[n] - c[n]);
            heard[n] = ((c3 * t[n] + c2) * t[n] + c1) * t[n] + b[n];
        }
        copy(&heard, outs[channel]);
    }
}

#[inline(always)]
fn copy(heard: &[f32; QUANTUM], out: &mut [f32]) {
    let frames = out.len();
    out.copy_from_slice(&heard[..frames]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use cantus_plugin_api::GUARD_FRAMES;

    const ALL: [Interpolation; 4] =
        [Interpolation::Linear, Interpolation::Cubic, Interpolation::Sinc8, Interpolation::Sinc];

    fn once(frames: usize) -> Reader {
        Reader::new(Tape::new(frames, 0, &(0..frames), false, None))
    }

    fn guarded(sound: &[f32]) -> Vec<f32> {
        [&[0.0; GUARD_FRAMES], sound, &[0.0; GUARD_FRAMES]].concat()
    }

    /// What is heard of a sound at a ratio, in parts as long as a quantum's can be.
    fn heard(sound: &[f32], ratio: f64, how: Interpolation, cpu: Cpu, most: usize) -> Vec<f32> {
        let sound = guarded(sound);
        let (mut reader, mut desk) = (once(sound.len() - 2 * GUARD_FRAMES), Desk::new(cpu));
        reader.set_step(step_of(ratio));
        let mut out = vec![0.0; reader.left().min(most)];
        let mut rest = &mut out[..];
        for len in [64, 1, 13, 50].into_iter().cycle() {
            let (part, later) = rest.split_at_mut(len.min(rest.len()));
            rest = later;
            if part.is_empty() {
                break;
            }
            reader.read([&sound], how, &mut desk, [part]);
            reader.advance(part.len());
        }
        out
    }

    #[test]
    fn a_ramp_stays_a_ramp() {
        let ramp: Vec<f32> = (0..2000).map(|n| n as f32 / 2000.0).collect();
        for how in ALL {
            for ratio in [1.0, 2.0, 0.5, 0.3, 0.75, 7.9] {
                let out = heard(&ramp, ratio, how, Cpu::best(), 10_000);
                for (n, x) in out.iter().enumerate() {
                    let place = n as f64 * ratio;
                    // Kernels look beyond the ends, where the ramp is none.
                    if (300.0..1700.0).contains(&place) && *x != 0.0 {
                        let off = (f64::from(*x) - place / 2000.0).abs();
                        assert!(off < 1e-5, "{how:?}, ratio {ratio}, frame {n}: off by {off:e}");
                    }
                }
            }
        }
    }

    /// Decibels by which all else lies below a sine of `hertz` that is played `ratio` times faster.
    fn purity(hertz: f64, ratio: f64, how: Interpolation) -> f64 {
        let turn = 2.0 * std::f64::consts::PI * hertz / 48_000.0;
        let sound: Vec<f32> = (0..(20_000.0 * ratio) as i32).map(|n| (turn * f64::from(n)).sin() as f32).collect();
        let out = heard(&sound, ratio, how, Cpu::best(), 20_000);
        let out = &out[1000..19_000];
        // What the sine is that fits best.
        let at = |n: usize| turn * ratio * n as f64;
        let dot = |f: fn(f64) -> f64| -> f64 { out.iter().enumerate().map(|(n, x)| f64::from(*x) * f(at(n))).sum() };
        let sums = |f: fn(f64) -> f64| -> f64 { (0..out.len()).map(|n| f(at(n))).sum() };
        let (ss, cc, sc) = (sums(|x| x.sin().powi(2)), sums(|x| x.cos().powi(2)), sums(|x| x.sin() * x.cos()));
        let (xs, xc) = (dot(f64::sin), dot(f64::cos));
        let det = ss * cc - sc * sc;
        let (a, b) = ((xs * cc - xc * sc) / det, (xc * ss - xs * sc) / det);
        let rest = |(n, x): (usize, &f32)| (f64::from(*x) - a * at(n).sin() - b * at(n).cos()).powi(2);
        let rest: f64 = out.iter().enumerate().map(rest).sum();
        10.0 * (rest / (out.len() as f64 * (a * a + b * b) / 2.0)).log10()
    }

    #[test]
    fn sines_stay_pure() {
        for (how, hertz, ratio, bound) in [
            (Interpolation::Sinc, 997.0, 1.9, -90.0),
            (Interpolation::Sinc, 5000.0, 1.9, -90.0),
            (Interpolation::Sinc, 5000.0, 0.7, -90.0),
            (Interpolation::Sinc, 1000.0, 11.3, -90.0),
            (Interpolation::Sinc8, 997.0, 1.9, -60.0),
            (Interpolation::Cubic, 997.0, 1.9, -60.0),
            (Interpolation::Linear, 997.0, 1.9, -40.0),
        ] {
            let purity = purity(hertz, ratio, how);
            assert!(purity < bound, "{how:?}, {hertz} Hz {ratio} times faster: {purity:.1} dB");
        }
    }

    #[test]
    fn what_is_too_high_is_not_heard() {
        // 14 kHz, 1.9 times faster, is above half the rate: it would come back at 21.4 kHz.
        let sound: Vec<f32> =
            (0..20_000).map(|n| (0.29 * 2.0 * std::f64::consts::PI * f64::from(n)).sin() as f32).collect();
        let loud =
            |how| heard(&sound, 1.9, how, Cpu::best(), 10_000)[500..9500].iter().fold(0.0f32, |a, x| a.max(x.abs()));
        assert!(loud(Interpolation::Sinc) < 0.02, "{}", loud(Interpolation::Sinc));
        assert!(loud(Interpolation::Cubic) > 0.5);
    }

    #[test]
    fn every_processor_hears_the_same() {
        let noise: Vec<f32> = (0..3000).map(|n| cantus_plugin_api::testing::laws::noise(n, 0)).collect();
        for how in ALL {
            for ratio in [0.3, 1.1, 1.9, 5.0, 30.0] {
                let bits = |cpu| heard(&noise, ratio, how, cpu, 2000).into_iter().map(f32::to_bits).collect::<Vec<_>>();
                for cpu in Cpu::all() {
                    assert_eq!(bits(cpu), bits(Cpu::PORTABLE), "{how:?}, ratio {ratio}, {cpu:?}");
                }
            }
        }
    }

    #[test]
    fn an_hour_is_exact_to_a_hundredth_of_a_cent() {
        for cents in -2400..=2400 {
            let ratio = (f64::from(cents) / 1200.0).exp2();
            let step = (ratio * ONE as f64).round();
            // The place after an hour, and the pitch of a sound that would be there.
            let frames = 3600.0 * 48_000.0;
            let off = 1200.0 * ((step * frames) / (ratio * ONE as f64 * frames)).log2();
            assert!(off.abs() < 0.01, "{cents} cents: {off}");
            let (mut reader, at) = (once(1 << 31), frames as usize / 2);
            reader.set_step(step_of(ratio));
            reader.advance(at);
            reader.advance(frames as usize - at);
            assert_eq!(u128::from(reader.position), step as u128 * frames as u128, "no step is lost");
        }
    }

    #[test]
    fn goes_round_for_ever() {
        use crate::multi_sampler::LoopMode;
        use crate::tape::Loop;
        let sound = guarded(&(0..100).map(|n| n as f32).collect::<Vec<_>>());
        for turn in [LoopMode::Forward, LoopMode::Backward, LoopMode::PingPong] {
            let around = Loop { range: 20..27, turn, fade: 3 };
            let mut reader = Reader::new(Tape::new(100, 3, &(0..100), false, Some(&around)));
            let mut desk = Desk::new(Cpu::best());
            reader.set_step(step_of(0.75));
            let mut once = |frames: usize| {
                let mut out = [0.0; 64];
                reader.read([&sound], Interpolation::Sinc, &mut desk, [&mut out]);
                reader.advance(frames);
                out
            };
            let period = 4 * 14; // at 0.75 frames a frame, whichever way it turns
            (0..10).for_each(|_| _ = once(64));
            let early = once(0);
            (0..1000).for_each(|_| _ = once(period));
            assert_eq!(once(0), early, "{turn:?}");
            assert!(reader.position < 1000 * ONE);
        }
    }

    #[test]
    fn an_empty_stretch_has_nothing() {
        assert_eq!(Reader::new(Tape::new(8, 3, &(3..3), false, None)).left(), 0);
    }
}
