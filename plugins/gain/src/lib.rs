//! Gain: makes a signal louder or softer. The smallest plugin: copy this folder to begin your own.
//!
//! What it is (ports, parameters, ranges) stands in its manifest, `manifests/gain.toml`; `export!` turns that into the
//! names used here.

#![forbid(unsafe_code)]

use std::ops::Range;

use cantus_plugin_api::{Block, Event, Init, Module, Smooth};

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
        self.gain.set(1.0, true);
    }

    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        if let Event::Param { param: Param::Gain, value, snap } = event {
            self.gain.set(value as f32, snap);
        }
    }

    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        let (inputs, mut outputs) = block.audio();
        let dry = inputs.port(input::IN);
        let mut wet = outputs.port(output::OUT);
        for frame in frames {
            let gain = self.gain.next();
            for channel in 0..wet.channels() {
                wet.channel(channel)[frame] = gain * dry.channel(channel)[frame];
            }
        }
    }
}
