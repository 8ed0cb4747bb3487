//! Where a voice is in its sound, and how it reads between the frames.

use std::ops::Range;

use cantus_plugin_api::GUARD_FRAMES;

/// One frame, in 32.32 fixed point.
const ONE: u64 = 1 << 32;
/// The fastest step: 4096 frames per frame.
const FASTEST: u64 = ONE << 12;

/// A position that moves through a stretch of a sample, once or round and round.
///
/// It counts in 32.32 fixed point: a ratio of 1, and any with at most 32 binary places, is exact for ever; any other is
/// off by at most n / 2^33 frames after n frames. Samples may have up to 2^31 frames, 12 hours at 48 kHz.
#[derive(Clone, Debug)]
pub struct Reader {
    position: u64,
    step: u64,
    stretch: Range<u64>,
    looping: bool,
}

impl Reader {
    /// At the beginning of a stretch of frames.
    pub fn new(stretch: Range<usize>, looping: bool) -> Reader {
        let stretch = stretch.start as u64..stretch.end.min(1 << 31) as u64;
        Reader { position: stretch.start * ONE, step: ONE, stretch, looping }
    }

    /// Moves by `ratio` frames per frame from now on.
    pub fn set_ratio(&mut self, ratio: f64) {
        self.step = ((ratio * ONE as f64).round() as u64).clamp(1, FASTEST);
    }

    /// Frames that can still be read.
    pub fn left(&self) -> usize {
        if self.looping && !self.stretch.is_empty() {
            return usize::MAX;
        }
        (self.stretch.end * ONE).saturating_sub(self.position).div_ceil(self.step) as usize
    }

    /// Reads from where it stands, without moving; `guarded` is one channel with its guard frames.
    pub fn read(&self, guarded: &[f32], out: &mut [f32]) {
        let whole = self.step == ONE && self.position.is_multiple_of(ONE);
        let first = (self.position / ONE) as usize;
        if whole && first + out.len() <= self.stretch.end as usize {
            out.copy_from_slice(&guarded[GUARD_FRAMES + first..][..out.len()]);
            return;
        }
        let mut position = self.position;
        for x in out {
            let frame = position / ONE;
            let between = ((position as u32) >> 8) as f32 / (1 << 24) as f32;
            *x = cubic(self.around(guarded, frame), between);
            position = self.after(position, 1);
        }
    }

    /// Moves by as many steps as were read.
    pub fn advance(&mut self, frames: usize) {
        self.position = self.after(self.position, frames as u64);
    }

    fn after(&self, position: u64, steps: u64) -> u64 {
        let position = position + steps * self.step;
        let (start, end) = (self.stretch.start * ONE, self.stretch.end * ONE);
        if self.looping && position >= end { start + (position - start) % (end - start) } else { position }
    }

    /// The frame, the one before it and the two after it. Round the seam of a loop they come from its other side.
    #[inline]
    fn around(&self, guarded: &[f32], frame: u64) -> [f32; 4] {
        let at = GUARD_FRAMES + frame as usize;
        let inside = frame > self.stretch.start && frame + 2 < self.stretch.end;
        if !self.looping || inside {
            let near = &guarded[at - 1..at + 3];
            return [near[0], near[1], near[2], near[3]];
        }
        let Range { start, end } = self.stretch;
        let len = end - start;
        [len - 1, 0, 1, 2].map(|ahead| guarded[GUARD_FRAMES + (start + (frame - start + ahead) % len) as usize])
    }
}

/// The Catmull-Rom spline through four frames, `t` of the way (0 to 1) from the second to the third: exactly the second
/// at 0.
#[inline]
fn cubic([a, b, c, d]: [f32; 4], t: f32) -> f32 {
    let c1 = 0.5 * (c - a);
    let c2 = a - 2.5 * b + 2.0 * c - 0.5 * d;
    let c3 = 0.5 * (d - a) + 1.5 * (b - c);
    ((c3 * t + c2) * t + c1) * t + b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(frames: &[f32]) -> Vec<f32> {
        let guard = [0.0; GUARD_FRAMES];
        [&guard[..], frames, &guard[..]].concat()
    }

    fn read(frames: &[f32], stretch: Range<usize>, looping: bool, ratio: f64, most: usize) -> Vec<f32> {
        let mut reader = Reader::new(stretch, looping);
        reader.set_ratio(ratio);
        let mut out = vec![0.0; reader.left().min(most)];
        let middle = out.len() / 2; // in two parts, as a quantum may be
        reader.read(&guarded(frames), &mut out[..middle]);
        reader.advance(middle);
        reader.read(&guarded(frames), &mut out[middle..]);
        out
    }

    #[test]
    fn reads_a_ramp_at_any_speed() {
        let ramp: Vec<f32> = (0..100).map(|n| n as f32).collect();
        for (ratio, len) in [(1.0, 97), (2.0, 49), (0.5, 194), (0.3, 324), (0.75, 130), (4000.0, 1)] {
            let got = read(&ramp, 1..98, false, ratio, 1000);
            assert_eq!(got.len(), len, "ratio {ratio}");
            for (n, x) in got.iter().enumerate() {
                let expected = 1.0 + n as f64 * ratio;
                assert!((f64::from(*x) - expected).abs() < 1e-4, "ratio {ratio}, frame {n}: {x} {expected}");
            }
        }
    }

    #[test]
    fn goes_round() {
        let frames = [9.0, 1.0, 2.0, 3.0, 9.0];
        let table: [(f64, &[f32]); 3] = [
            (1.0, &[1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0]),
            (2.0, &[1.0, 3.0, 2.0, 1.0, 3.0, 2.0, 1.0]),
            // Between 3 and 1, with 2 before and after: the seam is as smooth as the rest.
            (0.5, &[1.0, 1.3125, 2.0, 2.6875, 3.0, 2.0, 1.0]),
        ];
        for (ratio, expected) in table {
            assert_eq!(read(&frames, 1..4, true, ratio, 7), expected, "ratio {ratio}");
        }
    }

    #[test]
    fn an_empty_stretch_has_nothing() {
        assert_eq!(Reader::new(3..3, true).left(), 0);
        assert_eq!(Reader::new(3..3, false).left(), 0);
    }
}
