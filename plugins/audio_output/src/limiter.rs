//! A safety limiter: nothing louder than the ceiling leaves, and nothing softer is touched.

/// The loudest amplitude that passes: -0.18 dB.
pub const CEILING: f32 = 0.98;
/// Seconds in which the gain rises from 0 to 1.
const RELEASE: f64 = 0.05;
/// Louder than any sound; keeps the arithmetic finite.
const LOUDEST: f32 = 1e30;

/// One gain for both channels, without latency. A frame above the ceiling pulls the gain down at once to exactly what
/// that frame needs; from there it rises in a straight line, by 1 in 50 ms, until it is exactly 1 again. It distorts
/// what it catches: it is there to save ears, not to make things loud.
#[derive(Clone, Debug, PartialEq)]
pub struct Limiter {
    on: bool,
    gain: f32,
    rise: f32,
}

impl Limiter {
    /// On; `rate` in Hz.
    pub fn new(rate: f64) -> Limiter {
        Limiter { on: true, gain: 1.0, rise: (1.0 / (RELEASE * rate)) as f32 }
    }

    /// Switches it. What it has turned down comes back in a straight line, too.
    pub fn switch(&mut self, on: bool) {
        self.on = on;
    }

    /// As new.
    pub fn reset(&mut self) {
        (self.on, self.gain) = (true, 1.0);
    }

    /// Limits one frame of two channels.
    #[inline]
    pub fn next(&mut self, left: f32, right: f32) -> (f32, f32) {
        let (left, right) = (left.clamp(-LOUDEST, LOUDEST), right.clamp(-LOUDEST, LOUDEST));
        let peak = left.abs().max(right.abs());
        let allowed = if self.on && peak > CEILING { CEILING / peak } else { 1.0 };
        self.gain = (self.gain + self.rise).min(allowed);
        (left * self.gain, right * self.gain)
    }

    /// The gain of the last frame, 0 to 1.
    pub fn gain(&self) -> f32 {
        self.gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_down_at_once_and_comes_back_in_a_line() {
        let mut limiter = Limiter::new(80.0); // up by 1/4 per frame
        let gains = [0.5, 1.96, 0.5, 0.5, 0.5].map(|x| {
            let (left, _) = limiter.next(x, 0.0);
            (left, limiter.gain())
        });
        assert_eq!(gains, [(0.5, 1.0), (0.98, 0.5), (0.375, 0.75), (0.5, 1.0), (0.5, 1.0)]);
    }

    #[test]
    fn both_channels_share_one_gain() {
        assert_eq!(Limiter::new(80.0).next(0.5, -1.96), (0.25, -0.98));
    }

    #[test]
    fn never_louder_than_one() {
        for x in [0.98, 0.981, 1.0, 4.0, 1e9, f32::MAX, f32::INFINITY] {
            let (left, right) = Limiter::new(80.0).next(x, -x);
            assert!(left <= 0.981 && right == -left, "{x}: {left} {right}");
        }
    }

    #[test]
    fn off_lets_everything_through() {
        let mut limiter = Limiter::new(80.0);
        limiter.switch(false);
        assert_eq!(limiter.next(3.0, -4.0), (3.0, -4.0));
    }
}
