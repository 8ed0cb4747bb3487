//! A soft distortion.

use cantus_plugin_api::math::db_to_gain;
use cantus_plugin_api::{Glide, Smooth};

/// Distorts what was made louder. It may be turned at any time: without a step it comes in, changes and goes.
pub struct Drive {
    decibels: Smooth,
    /// How much of what is heard is distorted.
    wet: Smooth,
}

impl Drive {
    /// By so many decibels; 0 leaves a sound as it is. What changes takes `seconds`.
    pub fn new(decibels: f64, seconds: f64, rate: f64) -> Drive {
        let [decibels, wet] = Drive::of(decibels).map(|value| Smooth::new(value, seconds, rate));
        Drive { decibels, wet }
    }

    /// By so many decibels from now on.
    pub fn set(&mut self, decibels: f64) {
        for (smooth, value) in [&mut self.decibels, &mut self.wet].into_iter().zip(Drive::of(decibels)) {
            if smooth.target() != value {
                smooth.set(value, Glide::Own);
            }
        }
    }

    fn of(decibels: f64) -> [f32; 2] {
        [decibels as f32, if decibels > 0.0 { 1.0 } else { 0.0 }]
    }

    /// Both channels, equally long.
    pub fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.decibels.resting() && self.wet.resting() {
            let wet = self.wet.target();
            if wet > 0.0 {
                let gain = gain(self.decibels.target());
                left.iter_mut().chain(right).for_each(|x| *x = driven(*x, gain, wet));
            }
            return;
        }
        for (l, r) in left.iter_mut().zip(right) {
            let (gain, wet) = (gain(self.decibels.advance()), self.wet.advance());
            (*l, *r) = (driven(*l, gain, wet), driven(*r, gain, wet));
        }
    }
}

/// The same whether it moves or rests.
#[inline(always)]
fn driven(x: f32, gain: f32, wet: f32) -> f32 {
    x + wet * (soft(gain * x) - x)
}

fn gain(decibels: f32) -> f32 {
    db_to_gain(f64::from(decibels)) as f32
}

/// The Padé approximation of the hyperbolic tangent, which comes to rest at 1 exactly where it would turn round.
#[inline(always)]
fn soft(x: f32) -> f32 {
    let x = x.clamp(-3.0, 3.0);
    x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(decibels: f64) -> Vec<f32> {
        let mut left: Vec<f32> = (-100..=100).map(|n| n as f32 / 50.0).collect();
        let mut right = left.clone();
        Drive::new(decibels, 1.0, 4.0).run(&mut left, &mut right);
        assert_eq!(left, right);
        left
    }

    #[test]
    fn is_soft_and_bounded() {
        assert_eq!(ramp(0.0), (-100..=100).map(|n| n as f32 / 50.0).collect::<Vec<_>>());
        let ramp = ramp(24.0);
        assert!(ramp.windows(2).all(|two| two[0] <= two[1]) && ramp[0] == -1.0 && ramp[200] == 1.0 && ramp[100] == 0.0);
    }

    #[test]
    fn comes_and_goes_without_a_step() {
        let mut drive = Drive::new(0.0, 1.0, 100.0);
        let mut heard = Vec::new();
        for decibels in [0.0, 36.0, 6.0, 0.0] {
            let (mut left, mut right) = ([0.25; 101], [0.25; 101]);
            drive.set(decibels);
            drive.run(&mut left, &mut right);
            heard.extend(left);
        }
        let step = heard.windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.03 && heard[200] == 1.0 && heard[403] == 0.25, "a step of {step}");
    }
}
