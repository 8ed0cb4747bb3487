//! A value that glides: what keeps a turned knob from clicking.

/// A value that moves in a straight line to where it was last set, in a fixed number of frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smooth {
    now: f32,
    target: f32,
    step: f32,
    left: u32,
    frames: u32,
}

impl Smooth {
    /// Stands at `value`; each later change takes `seconds`.
    pub fn new(value: f32, seconds: f64, rate: f64) -> Smooth {
        Smooth { now: value, target: value, step: 0.0, left: 0, frames: (seconds * rate).round().max(1.0) as u32 }
    }

    /// Goes to `value` from where it is: at once with `snap`.
    pub fn set(&mut self, value: f32, snap: bool) {
        self.target = value;
        if snap {
            self.now = value;
            self.left = 0;
        } else {
            self.left = self.frames;
            self.step = (value - self.now) / self.frames as f32;
        }
    }

    /// Where it will come to rest.
    pub fn target(&self) -> f32 {
        self.target
    }

    /// It stands still.
    pub fn resting(&self) -> bool {
        self.left == 0
    }

    /// Passes over `frames` frames: as calling [`advance`](Smooth::advance) so often, without looking.
    pub fn skip(&mut self, frames: usize) {
        for _ in 0..frames.min(self.left as usize) {
            self.advance();
        }
    }

    /// Goes one frame on: its value there.
    #[inline]
    pub fn advance(&mut self) -> f32 {
        if self.left > 0 {
            self.left -= 1;
            self.now = if self.left == 0 { self.target } else { self.now + self.step };
        }
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glides_and_ends_exactly() {
        let mut s = Smooth::new(0.0, 0.5, 8.0); // 4 frames
        assert_eq!(s.advance(), 0.0);
        s.set(1.0, false);
        assert_eq!([s.advance(), s.advance(), s.advance(), s.advance(), s.advance()], [0.25, 0.5, 0.75, 1.0, 1.0]);
        s.set(0.0, true);
        assert_eq!(s.advance(), 0.0);
        assert!(s.resting());
    }

    #[test]
    fn skipping_is_not_looking() {
        let (mut looked, mut skipped) = (Smooth::new(0.0, 0.5, 8.0), Smooth::new(0.0, 0.5, 8.0));
        for frames in [0, 1, 2, 5] {
            looked.set(1.0, false);
            skipped.set(1.0, false);
            (0..frames).for_each(|_| _ = looked.advance());
            skipped.skip(frames);
            assert_eq!(looked, skipped, "{frames} frames");
        }
    }

    #[test]
    fn turns_round_from_where_it_is() {
        let mut s = Smooth::new(0.0, 0.5, 8.0);
        s.set(1.0, false);
        s.advance();
        s.advance();
        s.set(0.0, false);
        assert_eq!([s.advance(), s.advance(), s.advance(), s.advance()], [0.375, 0.25, 0.125, 0.0]);
    }
}
