//! __Type__: a slow wave, which moves parameters of other modules.
//!
//! `manifest.toml` says what there is to connect and to turn; `export!` makes the names used here of it.

#![forbid(unsafe_code)]

use std::ops::Range;

use cantus_plugin_api::math::sin;
use cantus_plugin_api::{Block, Event, Init, Module};

use __type__::{Param, Shape, mod_out};

cantus_plugin_api::export!(__Type__);

/// One module in a session: what it keeps between two calls.
pub struct __Type__ {
    frames_per_second: f64,
    rate: f64,
    shape: Shape,
    /// Where in its cycle it is, 0 to 1.
    phase: f64,
}

impl __Type__ {
    /// From -1 to 1.
    fn value(&self) -> f64 {
        match self.shape {
            Shape::Sine => sin(std::f64::consts::TAU * self.phase).clamp(-1.0, 1.0),
            Shape::Triangle => 1.0 - (4.0 * (self.phase + 0.25).fract() - 2.0).abs(),
            Shape::Square => f64::from(u8::from(self.phase < 0.5)) * 2.0 - 1.0,
        }
    }
}

impl Module for __Type__ {
    /// Before it plays: here you may allocate, and compute what takes long.
    fn new(init: &Init) -> Result<Self, String> {
        Ok(__Type__ { frames_per_second: init.rate(), rate: 1.0, shape: Shape::Sine, phase: 0.0 })
    }

    /// As new, every value at the manifest's default. From here on nothing may allocate, lock, print or wait: this is
    /// the audio thread.
    fn reset(&mut self) {
        (self.rate, self.shape, self.phase) = (1.0, Shape::Sine, 0.0);
    }

    /// Something happens, at one of the 64 frames that are made at a time.
    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        match event {
            Event::Param { param: Param::Rate, value, .. } => self.rate = value,
            Event::Param { param: Param::Shape, value, .. } => self.shape = Shape::from_value(value),
            _ => {}
        }
    }

    /// Makes the frames from one event to the next. What it moves goes straight to each new value in 64 frames.
    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        self.phase = (self.phase + self.rate * frames.len() as f64 / self.frames_per_second).fract();
        block.modulate(mod_out::OUT, self.value() as f32);
    }
}

#[cfg(test)]
mod tests {
    use cantus_plugin_api::testing::{Bench, laws};

    use super::*;

    #[test]
    fn goes_up_and_down() {
        let table = [
            (Shape::Sine, [1.0, 0.0, -1.0, 0.0, 1.0]),
            (Shape::Triangle, [1.0, 0.0, -1.0, 0.0, 1.0]),
            (Shape::Square, [1.0, -1.0, -1.0, 1.0, 1.0]),
        ];
        for (shape, expected) in table {
            let mut bench = Bench::<__Type__>::new(64.0); // 64 frames a second
            bench.param(Param::Rate, 0.25); // a quarter of the way in each 64
            bench.param(Param::Shape, shape as usize as f64);
            let heard = bench.run(5).mods.remove(0);
            let near = heard.iter().zip(expected).all(|(heard, expected)| (heard - expected).abs() < 1e-6);
            assert!(near, "{shape:?}: {heard:?}, should be {expected:?}");
        }
    }

    #[test]
    fn keeps_the_laws() {
        laws::all::<__Type__>(|_| ());
    }
}
