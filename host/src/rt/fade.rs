//! Gains that change without a click.

use cantus_plugin_api::{Glide, Smooth};

use super::QUANTUM;

/// Seconds in which a gain comes to where it was set.
const RAMP: f64 = 0.005;

/// Frames that a ramp takes at a rate in Hz.
pub(crate) fn ramp_frames(rate: f64) -> u64 {
    (rate * RAMP).round().max(1.0) as u64
}

/// A gain that goes to where it was last set, in a straight line from where it is, beginning on the sample.
pub(super) struct Fade {
    gain: Smooth,
    /// Absolute sample at which the quantum begins of which `curve` has the first `done` frames.
    quantum: u64,
    done: usize,
    curve: [f32; QUANTUM],
}

/// A gain in one quantum.
#[derive(Clone, Copy)]
pub(super) enum Gain<'a> {
    /// It stands still.
    Steady(f32),
    /// Frame by frame.
    Curve(&'a [f32; QUANTUM]),
}

impl Gain<'_> {
    /// Nothing comes through in all of the quantum.
    pub fn is_shut(self) -> bool {
        matches!(self, Gain::Steady(0.0))
    }

    /// What comes through is as it was.
    pub fn is_unity(self) -> bool {
        matches!(self, Gain::Steady(1.0))
    }

    /// Multiplies.
    pub fn scale(self, samples: &mut [f32; QUANTUM]) {
        match self {
            Gain::Steady(1.0) => {}
            Gain::Steady(0.0) => samples.fill(0.0),
            Gain::Steady(gain) => samples.iter_mut().for_each(|x| *x *= gain),
            Gain::Curve(curve) => samples.iter_mut().zip(curve).for_each(|(x, gain)| *x *= gain),
        }
    }

    /// Adds `from` to `sum`, multiplied by the gain and by `factor`.
    pub fn add(self, sum: &mut [f32; QUANTUM], from: &[f32; QUANTUM], factor: f32) {
        match self {
            Gain::Steady(gain) => {
                let gain = gain * factor;
                sum.iter_mut().zip(from).for_each(|(to, x)| *to += gain * x);
            }
            Gain::Curve(curve) => {
                sum.iter_mut().zip(from).zip(curve).for_each(|((to, x), gain)| *to += gain * factor * x);
            }
        }
    }

    /// Brings `wet` to what comes out of it at this gain and of `dry` at what is left to 1.
    pub fn cross(self, wet: &mut [f32; QUANTUM], dry: &[f32; QUANTUM]) {
        match self {
            Gain::Steady(1.0) => {}
            Gain::Steady(0.0) => *wet = *dry,
            Gain::Steady(gain) => {
                wet.iter_mut().zip(dry).for_each(|(wet, dry)| *wet = gain * *wet + (1.0 - gain) * dry)
            }
            Gain::Curve(curve) => wet
                .iter_mut()
                .zip(dry)
                .zip(curve)
                .for_each(|((wet, dry), gain)| *wet = gain * *wet + (1.0 - gain) * dry),
        }
    }
}

impl Fade {
    /// Control thread: stands at `gain`; `rate` in Hz.
    pub fn new(gain: f32, rate: f64) -> Fade {
        Fade { gain: Smooth::new(gain, RAMP, rate), quantum: 0, done: 0, curve: [gain; QUANTUM] }
    }

    /// Goes to `gain` from an absolute sample on, not before what was asked of it last.
    pub fn set(&mut self, gain: f32, sample: u64) {
        if gain != self.gain.target() {
            let frame = (sample % QUANTUM as u64) as usize;
            self.run_to(frame, sample - frame as u64);
            self.gain.set(gain, Glide::Own);
        }
    }

    /// Is at `gain` at once.
    pub fn snap(&mut self, gain: f32) {
        self.gain.set(gain, Glide::Snap);
        self.done = 0;
    }

    /// Is at once where it goes.
    pub fn settle(&mut self) {
        self.snap(self.gain.target());
    }

    /// It stands still.
    pub fn is_resting(&self) -> bool {
        self.gain.resting()
    }

    /// It has arrived at 0.
    pub fn is_shut(&self) -> bool {
        self.gain.resting() && self.gain.target() == 0.0
    }

    /// The gain in the quantum that begins at an absolute sample.
    pub fn of(&mut self, quantum: u64) -> Gain<'_> {
        if self.gain.resting() && (self.quantum != quantum || self.done == 0) {
            return Gain::Steady(self.gain.target());
        }
        self.run_to(QUANTUM, quantum);
        Gain::Curve(&self.curve)
    }

    /// Lays the curve of a quantum out up to a frame.
    fn run_to(&mut self, frame: usize, quantum: u64) {
        if self.quantum != quantum {
            (self.quantum, self.done) = (quantum, 0);
        }
        while self.done < frame {
            self.curve[self.done] = self.gain.advance();
            self.done += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 800 Hz: a ramp takes 4 frames.
    fn played(fade: &mut Fade, quantum: u64) -> Vec<f32> {
        let mut out = [1.0; QUANTUM];
        fade.of(quantum).scale(&mut out);
        out.to_vec()
    }

    #[test]
    fn begins_on_its_sample_from_where_it_is() {
        let mut fade = Fade::new(1.0, 800.0);
        assert!(fade.of(0).is_unity());
        fade.set(0.0, 64 + 2);
        fade.set(1.0, 64 + 4);
        let quantum = played(&mut fade, 64);
        assert_eq!(quantum[..10], [1.0, 1.0, 0.75, 0.5, 0.625, 0.75, 0.875, 1.0, 1.0, 1.0]);
        assert_eq!(played(&mut fade, 64), quantum, "asked twice");
        assert!(fade.of(128).is_unity());
        fade.set(0.0, 128 + 62);
        assert_eq!(played(&mut fade, 128)[60..], [1.0, 1.0, 0.75, 0.5]);
        assert_eq!(played(&mut fade, 192)[..4], [0.25, 0.0, 0.0, 0.0]);
        assert!(fade.of(256).is_shut() && fade.is_shut());
    }

    #[test]
    fn snaps() {
        let mut fade = Fade::new(1.0, 800.0);
        fade.set(0.0, 0);
        fade.settle();
        assert!(fade.of(0).is_shut());
        fade.snap(1.0);
        assert!(fade.of(0).is_unity());
    }

    #[test]
    fn crosses_from_wet_to_dry() {
        let mut fade = Fade::new(1.0, 800.0);
        fade.set(0.0, 1);
        let mut wet = [1.0; QUANTUM];
        fade.of(0).cross(&mut wet, &[3.0; QUANTUM]);
        assert_eq!(wet[..7], [1.0, 1.5, 2.0, 2.5, 3.0, 3.0, 3.0]);
    }
}
