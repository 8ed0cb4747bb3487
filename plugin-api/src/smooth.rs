//! A value that glides: what keeps a turned knob from clicking.

use crate::raw::{QUANTUM, flag};

/// How a value comes to where it is set. Modules pass it on to [`Smooth::set`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glide {
    /// At once.
    Snap,
    /// As the module sees fit: a knob was turned.
    Own,
    /// In a straight line, in one quantum: the value is modulated, and the next one comes when it is there.
    Quantum,
}

impl Glide {
    pub(crate) fn of(flags: u32) -> Glide {
        match (flags & flag::SNAP != 0, flags & flag::RAMP != 0) {
            (true, _) => Glide::Snap,
            (_, true) => Glide::Quantum,
            _ => Glide::Own,
        }
    }
}

/// A value that moves in a straight line to where it was last set, in a fixed number of frames, unless the
/// [`Glide`] says otherwise. Never allocates; any thread.
///
/// # Example
///
/// ```
/// use cantus_plugin_api::{Glide, Smooth};
///
/// let mut gain = Smooth::new(0.0, 0.5, 8.0); // half a second at 8 Hz: 4 frames
/// gain.set(1.0, Glide::Own);
/// assert_eq!([gain.advance(), gain.advance(), gain.advance(), gain.advance()], [0.25, 0.5, 0.75, 1.0]);
/// gain.set(0.0, Glide::Snap);
/// assert_eq!(gain.advance(), 0.0);
/// ```
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

    /// Goes to `value` from where it is.
    pub fn set(&mut self, value: f32, glide: Glide) {
        self.target = value;
        self.left = match glide {
            Glide::Snap => 0,
            Glide::Own => self.frames,
            Glide::Quantum => QUANTUM as u32,
        };
        if self.left == 0 {
            self.now = value;
        } else {
            self.step = (value - self.now) / self.left as f32;
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
        s.set(1.0, Glide::Own);
        assert_eq!([s.advance(), s.advance(), s.advance(), s.advance(), s.advance()], [0.25, 0.5, 0.75, 1.0, 1.0]);
        s.set(0.0, Glide::Snap);
        assert_eq!(s.advance(), 0.0);
        assert!(s.resting());
    }

    #[test]
    fn follows_modulation_across_the_quantum() {
        let mut s = Smooth::new(0.0, 10.0, 8.0);
        for (value, first, last) in [(1.0, 1.0 / 64.0, 1.0), (-1.0, 1.0 - 2.0 / 64.0, -1.0)] {
            s.set(value, Glide::Quantum);
            let quantum: Vec<f32> = (0..QUANTUM).map(|_| s.advance()).collect();
            assert_eq!((quantum[0], quantum[63]), (first, last));
        }
    }

    #[test]
    fn skipping_is_not_looking() {
        let (mut looked, mut skipped) = (Smooth::new(0.0, 0.5, 8.0), Smooth::new(0.0, 0.5, 8.0));
        for frames in [0, 1, 2, 5] {
            looked.set(1.0, Glide::Own);
            skipped.set(1.0, Glide::Own);
            (0..frames).for_each(|_| _ = looked.advance());
            skipped.skip(frames);
            assert_eq!(looked, skipped, "{frames} frames");
        }
    }

    #[test]
    fn turns_round_from_where_it_is() {
        let mut s = Smooth::new(0.0, 0.5, 8.0);
        s.set(1.0, Glide::Own);
        s.advance();
        s.advance();
        s.set(0.0, Glide::Own);
        assert_eq!([s.advance(), s.advance(), s.advance(), s.advance()], [0.375, 0.25, 0.125, 0.0]);
    }
}
