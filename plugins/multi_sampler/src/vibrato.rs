//! A vibrato.

use std::f64::consts::PI;

use cantus_plugin_api::math::sin;

/// A pitch that goes up and down, from its own upward at the onset. It is asked now and then; where it is moves on from
/// there at the rate that it had since, so that a rate that is turned makes no jump.
#[derive(Default)]
pub struct Vibrato {
    /// Turns it has gone through at `age`, 0 to 1, and how many a frame it goes on by.
    phase: f64,
    rate: f64,
    age: u64,
}

impl Vibrato {
    /// Semitones at a frame after the onset, of that depth; from there on it goes through `rate` turns a frame.
    pub fn semitones(&mut self, age: u64, rate: f64, depth: f64) -> f64 {
        self.phase = (self.phase + self.rate * (age - self.age) as f64).fract();
        (self.rate, self.age) = (rate, age);
        if depth > 0.0 { depth * sin(2.0 * PI * self.phase) } else { 0.0 }
    }
}
