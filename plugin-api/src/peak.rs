//! How loud a signal is, for a meter that people look at.

use crate::math::exp2;

/// Seconds in which a peak falls to half.
const HALF_LIFE: f64 = 0.1;
/// Below this (-120 dB) a peak is 0.
const FLOOR: f32 = 1e-6;

/// The peak of a signal, as amplitude: rises at once and falls to half in 0.1 s, so that a glance sees a short one.
///
/// # Example
///
/// ```
/// # use cantus_plugin_api::{Block, Peak};
/// let mut peak = Peak::new(48_000.0);
/// peak.hear(&[0.25, -0.5]);
/// peak.hear(&[0.0; 4_800]);
/// assert_eq!(peak.level(), 0.25); // half of it, a tenth of a second later
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Peak {
    level: f32,
    half_lives_per_frame: f64,
}

impl Peak {
    /// Silent; `rate` in Hz.
    pub fn new(rate: f64) -> Peak {
        Peak { level: 0.0, half_lives_per_frame: 1.0 / (HALF_LIFE * rate) }
    }

    /// Hears a stretch of one channel.
    pub fn hear(&mut self, frames: &[f32]) {
        let loudest = frames.iter().fold(0.0, |loudest: f32, x| loudest.max(x.abs()));
        let fallen = self.level * exp2(-(frames.len() as f64) * self.half_lives_per_frame) as f32;
        self.level = if fallen > FLOOR { fallen.max(loudest) } else { loudest };
    }

    /// The amplitude to show, 0 or more.
    pub fn level(&self) -> f32 {
        self.level
    }

    /// Silent again.
    pub fn reset(&mut self) {
        self.level = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_at_once_and_halves_in_a_tenth_of_a_second() {
        let mut peak = Peak::new(80.0); // half in 8 frames
        for (heard, shown) in [(&[0.25, -1.0][..], 1.0), (&[0.0; 8], 0.5), (&[0.0; 16], 0.125), (&[0.0; 800], 0.0)] {
            peak.hear(heard);
            assert_eq!(peak.level(), shown, "{heard:?}");
        }
    }
}
