//! A delay line: what was written comes out later.

/// Below this (-300 dB) what is written counts as 0: so what is fed back ends, and is never denormal.
const SILENCE: f32 = 1e-15;

/// A delay line of one channel. Write a frame, and read what was written some frames ago, at as many places as you like.
///
/// [`new`](Delay::new) allocates, so it belongs into [`Module::new`](crate::Module::new); all the rest is for the audio
/// thread. Times to read at are in frames: 1 is the frame written last, [`longest`](Delay::longest) the oldest that is
/// kept; what is shorter or longer counts as these, and what was never written is 0. So a loop that reads first and then
/// writes delays by exactly the frames it reads at.
///
/// # Example
///
/// An echo:
///
/// ```
/// use cantus_plugin_api::Delay;
///
/// let mut line = Delay::new(1.0, 8.0); // up to 1 second at 8 Hz
/// let mut echo = |dry: f32| {
///     let late = line.read(3);
///     line.write(dry + 0.5 * late);
///     dry + late
/// };
/// let heard: Vec<f32> = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0].into_iter().map(&mut echo).collect();
/// assert_eq!(heard, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.5, 0.0]);
///
/// // Between two frames: in a straight line, or, smoother, along a curve through four.
/// for frame in 0..8 {
///     line.write(frame as f32);
/// }
/// assert_eq!((line.read_linear(2.5), line.read_hermite(2.5)), (5.5, 5.5));
/// ```
#[derive(Clone, Debug)]
pub struct Delay {
    /// A whole power of 2 of them.
    frames: Vec<f32>,
    longest: usize,
    /// Where the next frame is written.
    at: usize,
}

impl Delay {
    /// Silent; remembers `seconds`, at least one frame, at `rate` Hz. Worker thread: allocates.
    pub fn new(seconds: f64, rate: f64) -> Delay {
        let longest = (seconds * rate).ceil().max(1.0) as usize;
        Delay { frames: vec![0.0; (longest + 1).next_power_of_two()], longest, at: 0 }
    }

    /// Most frames that it delays by.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Writes the next frame.
    #[inline]
    pub fn write(&mut self, x: f32) {
        self.frames[self.at] = if x.abs() < SILENCE { 0.0 } else { x };
        self.at = (self.at + 1) & (self.frames.len() - 1);
    }

    /// What was written so many frames ago.
    #[inline]
    pub fn read(&self, frames: usize) -> f32 {
        let ago = frames.clamp(1, self.longest);
        self.frames[self.at.wrapping_sub(ago) & (self.frames.len() - 1)]
    }

    /// The same at a fraction of a frame: on the straight line between its neighbours. Cheap; dull where the delay moves.
    #[inline]
    pub fn read_linear(&self, frames: f64) -> f32 {
        let (whole, part) = self.split(frames);
        let (newer, older) = (self.read(whole), self.read(whole + 1));
        newer + part * (older - newer)
    }

    /// The same on the cubic Hermite curve (Catmull-Rom) through its four neighbours: for choruses and what sounds of its
    /// own, such as strings.
    #[inline]
    pub fn read_hermite(&self, frames: f64) -> f32 {
        let (whole, t) = self.split(frames);
        let [before, a, b, after] = [whole - 1, whole, whole + 1, whole + 2].map(|frames| self.read(frames));
        let slope = 0.5 * (b - before);
        let bend = before - 2.5 * a + 2.0 * b - 0.5 * after;
        let twist = 0.5 * (after - before) + 1.5 * (a - b);
        a + t * (slope + t * (bend + t * twist))
    }

    /// Forgets all that was written.
    pub fn clear(&mut self) {
        self.frames.fill(0.0);
        self.at = 0;
    }

    /// Whole frames, and the part of one that is left. What is not a number is the shortest time.
    #[inline]
    fn split(&self, frames: f64) -> (usize, f32) {
        let frames = frames.max(1.0).min(self.longest as f64);
        (frames as usize, frames.fract() as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of 8 frames that were written: 1 to 8, the 8 last.
    fn counted() -> Delay {
        let mut line = Delay::new(1.0, 8.0);
        (1..=8).for_each(|n| line.write(n as f32));
        line
    }

    #[test]
    fn reads_what_was_written() {
        let line = counted();
        let rows: &[(f64, f32)] = &[
            (1.0, 8.0),
            (3.0, 6.0),
            (3.25, 5.75),
            (8.0, 1.0),
            (0.0, 8.0),
            (-5.0, 8.0),
            (99.0, 1.0),
            (f64::NAN, 8.0),
            (f64::INFINITY, 1.0),
        ];
        for (frames, heard) in rows {
            assert_eq!(line.read_linear(*frames), *heard, "linear, {frames}");
            assert_eq!(line.read_hermite(*frames), *heard, "hermite, {frames}");
        }
        assert_eq!((line.read(0), line.read(1), line.read(8), line.read(9)), (8.0, 8.0, 1.0, 1.0));
    }

    #[test]
    fn a_curve_is_nearer_to_a_sine_than_a_line() {
        let sine = |frame: f64| crate::math::sin(frame * 0.7) as f32;
        let mut line = Delay::new(1.0, 32.0);
        (0..32).for_each(|n| line.write(sine(f64::from(n))));
        let worst = |read: &dyn Fn(f64) -> f32| {
            let times = (0..100).map(|n| 4.0 + f64::from(n) * 0.2);
            times.map(|t| (read(t) - sine(32.0 - t)).abs()).fold(0.0, f32::max)
        };
        let (straight, curved) = (worst(&|t| line.read_linear(t)), worst(&|t| line.read_hermite(t)));
        assert!(curved < 0.25 * straight, "{curved} {straight}");
    }

    #[test]
    fn what_is_fed_back_ends() {
        let mut line = Delay::new(1.0, 4.0);
        line.write(1.0);
        for _ in 0..1000 {
            let late = line.read(2);
            line.write(0.5 * late);
            assert!(late == 0.0 || late.is_normal(), "{late}");
        }
        assert_eq!((1..=4).map(|n| line.read(n)).collect::<Vec<_>>(), [0.0; 4]);
    }

    #[test]
    fn forgets_and_is_as_new() {
        let mut line = counted();
        line.clear();
        assert_eq!((1..=8).map(|n| line.read(n)).collect::<Vec<_>>(), [0.0; 8]);
        assert_eq!(Delay::new(0.0, 48_000.0).longest(), 1);
    }
}
