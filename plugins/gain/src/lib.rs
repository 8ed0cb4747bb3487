//! Gain: makes a signal louder or softer. The smallest plugin.
//!
//! What it is (ports, parameters, ranges) stands in its manifest, `manifests/gain.toml`; `export!` turns that into the
//! names used here.

#![forbid(unsafe_code)]

use std::ops::Range;

use cantus_plugin_api::{Block, Event, Glide, Init, Module, Smooth};

use gain::{Param, input, output};

cantus_plugin_api::export!(Gain);

/// Seconds a change of gain takes: short enough to follow a hand, long enough not to click.
const RAMP: f64 = 0.005;

/// The instance: nothing but the gain, on its way to where it was set.
pub struct Gain {
    gain: Smooth,
}

impl Module for Gain {
    fn new(init: &Init) -> Result<Self, String> {
        Ok(Gain { gain: Smooth::new(1.0, RAMP, init.rate()) })
    }

    fn reset(&mut self) {
        self.gain.set(1.0, Glide::Snap);
    }

    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        if let Event::Param { param: Param::Gain, value, glide } = event {
            self.gain.set(value as f32, glide);
        }
    }

    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        let (inputs, mut outputs) = block.audio();
        let dry = inputs.port(input::IN);
        let mut wet = outputs.port(output::OUT);
        for frame in frames {
            let gain = self.gain.advance();
            for channel in 0..wet.channels() {
                wet.channel(channel)[frame] = gain * dry.channel(channel)[frame];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cantus_plugin_api::testing::{Bench, laws};

    use super::*;

    #[test]
    fn glides_to_a_new_gain() {
        let mut bench = Bench::<Gain>::new(800.0); // 5 ms are 4 frames
        bench.feed(input::IN, |_, channel| [1.0, -2.0][channel]);
        bench.param_at(2, Param::Gain, 0.5);
        let out = bench.quantum().audio;
        assert_eq!(out[0][..8], [1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.5, 0.5]);
        assert_eq!(out[1][..8], [-2.0, -2.0, -1.75, -1.5, -1.25, -1.0, -1.0, -1.0]);
    }

    #[test]
    fn keeps_the_laws() {
        laws::all::<Gain>(|bench| bench.feed(input::IN, |_, _| 1.0));
    }
}
