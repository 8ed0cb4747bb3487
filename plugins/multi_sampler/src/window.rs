//! The forms of grains: how each opens and closes.

use std::f64::consts::PI;

use cantus_plugin_api::QUANTUM;
use cantus_plugin_api::math::{exp2, sin_cos};

pub use crate::multi_sampler::GrainWindow as Window;

/// Terms of the polynomial that a window is made of: at most a millionth off.
const TERMS: usize = 15;

/// A window as a polynomial, which is faster to work out for many frames at once than a table is to look up.
pub struct Shape {
    /// By powers of t, which goes from -1 at the edges to 1 in the middle.
    terms: [f32; TERMS],
    /// How steeply its edges rise from 0, of its half length.
    edge: f32,
    /// Of all its levels.
    pub mean: f32,
}

impl Window {
    pub const ALL: [Window; 5] = [Window::Linear, Window::Exponential, Window::Gaussian, Window::Hann, Window::Hamming];

    /// Its level where it has risen so far towards its middle, 0 to 1, but for the edges.
    fn at(self, rise: f64) -> f64 {
        let hann = 0.5 - 0.5 * sin_cos(PI * rise).1;
        match self {
            Window::Linear => rise,
            // Ever faster up, ever slower down.
            Window::Exponential => (exp2(6.0 * rise) - 1.0) / 63.0,
            Window::Gaussian => {
                let bell = |x: f64| exp2(-6.0 * x * x);
                (bell(1.0 - rise) - bell(1.0)) / (1.0 - bell(1.0))
            }
            Window::Hann => hann,
            // On a step, whose edges rise from 0 in a sixteenth of its length.
            Window::Hamming => 0.08 + 0.92 * hann,
        }
    }

    fn edge(self) -> f64 {
        if self == Window::Hamming { 8.0 } else { 1e9 }
    }
}

impl Shape {
    /// Those of all windows. Worker thread.
    pub fn all() -> [Shape; 5] {
        Window::ALL.map(Shape::new)
    }

    /// Through the zeros of the Chebyshev polynomial, where it is about as near everywhere as it can be.
    fn new(window: Window) -> Shape {
        let nodes: [f64; TERMS] = std::array::from_fn(|n| sin_cos(PI * (n as f64 + 0.5) / TERMS as f64).1);
        // Newton's divided differences, and then their powers of t.
        let mut differences = nodes.map(|t| window.at((t + 1.0) / 2.0));
        for order in 1..TERMS {
            for n in (order..TERMS).rev() {
                differences[n] = (differences[n] - differences[n - 1]) / (nodes[n] - nodes[n - order]);
            }
        }
        let mut terms = [0.0; TERMS];
        for n in (0..TERMS).rev() {
            for power in (1..TERMS).rev() {
                terms[power] = terms[power - 1] - nodes[n] * terms[power];
            }
            terms[0] = differences[n] - nodes[n] * terms[0];
        }
        let level = |n: usize| window.at(n as f64 / 1024.0) * (window.edge() * n as f64 / 1024.0).min(1.0);
        let mean = (0..1024).map(level).sum::<f64>() / 1024.0;
        Shape { terms: terms.map(|term| term as f32), edge: window.edge() as f32, mean: mean as f32 }
    }

    /// The levels from frame `age` on of a window of `len` frames, 0 behind it.
    #[inline(always)]
    pub fn levels(&self, age: u32, len: u32) -> [f32; QUANTUM] {
        let (mut levels, halves) = ([0.0; QUANTUM], 2.0 / len as f32);
        for (n, heard) in levels.iter_mut().enumerate() {
            let rise = (1.0 - ((age + n as u32) as f32 * halves - 1.0).abs()).max(0.0);
            let t = 2.0 * rise - 1.0;
            let mut level = 0.0;
            for term in self.terms.iter().rev() {
                level = level * t + term;
            }
            *heard = level * (self.edge * rise).min(1.0);
        }
        levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_is_the_window() {
        for (window, shape) in Window::ALL.into_iter().zip(Shape::all()) {
            for len in [2, 7, 1000, 48_000] {
                for age in (0..len + 100).step_by(QUANTUM) {
                    for (n, level) in (age..).zip(shape.levels(age, len)) {
                        let rise = (1.0 - (2.0 * f64::from(n) / f64::from(len) - 1.0).abs()).max(0.0);
                        let expected = window.at(rise) * (window.edge() * rise).min(1.0);
                        assert!((f64::from(level) - expected).abs() < 2e-6, "{window:?}, frame {n} of {len}: {level}");
                    }
                }
            }
            assert_eq!((shape.levels(0, 480)[0], shape.levels(480, 480)[0]), (0.0, 0.0), "{window:?}");
            assert!((shape.levels(240, 480)[0] - 1.0).abs() < 2e-6, "{window:?}");
        }
    }
}
