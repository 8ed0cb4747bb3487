//! What is heard where everything was ended at once.

use super::fade::ramp_frames;
use super::{OUT_CHANNELS, QUANTUM};

/// Brings the output from where it was to where it is, without a step: of what was last heard, the difference to what comes
/// next fades out in 5 ms.
pub(super) struct Landing {
    last: [f32; OUT_CHANNELS],
    away: [f32; OUT_CHANNELS],
    /// Frames of the way that are left, and of all of it.
    left: u64,
    frames: u64,
    begins: bool,
    out: [[f32; QUANTUM]; OUT_CHANNELS],
}

impl Landing {
    /// Control thread: `rate` in Hz.
    pub fn new(rate: f64) -> Landing {
        let still = [0.0; OUT_CHANNELS];
        let out = [[0.0; QUANTUM]; OUT_CHANNELS];
        Landing { last: still, away: still, left: 0, frames: ramp_frames(rate), begins: false, out }
    }

    /// The next quantum does not go on from the last.
    pub fn begin(&mut self) {
        self.begins = true;
    }

    /// What is heard of a quantum.
    pub fn pass<'a>(&'a mut self, out: [&'a [f32; QUANTUM]; OUT_CHANNELS]) -> [&'a [f32; QUANTUM]; OUT_CHANNELS] {
        if std::mem::take(&mut self.begins) {
            self.left = self.frames;
            self.away = std::array::from_fn(|channel| self.last[channel] - out[channel][0]);
        }
        if self.left == 0 {
            self.last = out.map(|channel| channel[QUANTUM - 1]);
            return out;
        }
        self.out = out.map(|channel| *channel);
        let part = |n: usize| self.left.saturating_sub(n as u64 + 1) as f32 / self.frames as f32;
        for (out, away) in self.out.iter_mut().zip(self.away) {
            out.iter_mut().enumerate().for_each(|(n, x)| *x += away * part(n));
        }
        self.left = self.left.saturating_sub(QUANTUM as u64);
        self.last = self.out.map(|channel| channel[QUANTUM - 1]);
        self.out.each_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second has 800 frames: it takes 4.
    #[test]
    fn what_was_heard_goes_over_into_what_is() {
        let mut landing = Landing::new(800.0);
        let mut next = |value: f32, begins: bool| {
            if begins {
                landing.begin();
            }
            landing.pass([&[value; QUANTUM]; OUT_CHANNELS])[1][..5].to_vec()
        };
        assert_eq!(next(1.0, false), [1.0; 5]);
        assert_eq!(next(0.0, true), [0.75, 0.5, 0.25, 0.0, 0.0]);
        assert_eq!(next(2.0, false), [2.0; 5]);
        assert_eq!(next(2.0, true), [2.0; 5], "what goes on is as it is");
    }
}
