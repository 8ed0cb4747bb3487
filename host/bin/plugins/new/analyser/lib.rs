//! __Type__: shows how loud a sound is, and passes it on as it is.
//!
//! `manifest.toml` says what there is to connect and to turn; `export!` makes the names used here of it.

#![forbid(unsafe_code)]

use std::ops::Range;

use cantus_plugin_api::{Block, Event, Init, Module, Peak};

use __type__::{Meter, Param, input, output};

cantus_plugin_api::export!(__Type__);

/// One module in a session: what it keeps between two calls.
pub struct __Type__ {
    rate: f64,
    window: f64,
    peaks: [Peak; 2],
    /// The mean square.
    square: f64,
}

impl Module for __Type__ {
    /// Before it plays: here you may allocate, and compute what takes long.
    fn new(init: &Init) -> Result<Self, String> {
        let rate = init.rate();
        Ok(__Type__ { rate, window: 0.3, peaks: [Peak::new(rate), Peak::new(rate)], square: 0.0 })
    }

    /// As new, every value at the manifest's default. From here on nothing may allocate, lock, print or wait: this is
    /// the audio thread.
    fn reset(&mut self) {
        (self.window, self.square) = (0.3, 0.0);
        self.peaks.iter_mut().for_each(Peak::reset);
    }

    /// Something happens, at one of the 64 frames that are made at a time.
    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        if let Event::Param { param: Param::Window, value, .. } = event {
            self.window = value;
        }
    }

    /// Hears the frames from one event to the next.
    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        // Each frame the mean goes this part of the way to the frame's own square.
        let pace = (1.0 / (self.window * self.rate)).min(1.0);
        let (inputs, mut outputs) = block.audio();
        let (from, mut to) = (inputs.port(input::IN), outputs.port(output::OUT));
        for (channel, peak) in self.peaks.iter_mut().enumerate() {
            let heard = &from.channel(channel)[frames.clone()];
            to.channel(channel)[frames.clone()].copy_from_slice(heard);
            peak.hear(heard);
        }
        for (left, right) in from.channel(0)[frames.clone()].iter().zip(&from.channel(1)[frames]) {
            let square = 0.5 * (f64::from(*left).powi(2) + f64::from(*right).powi(2));
            self.square += (square - self.square) * pace;
        }
        block.meter(Meter::Peak, self.peaks[0].level().max(self.peaks[1].level()));
        block.meter(Meter::Level, self.square.sqrt() as f32);
    }
}

#[cfg(test)]
mod tests {
    use cantus_plugin_api::testing::{Bench, laws};

    use super::*;

    #[test]
    fn shows_peak_and_level_and_changes_nothing() {
        let mut bench = Bench::<__Type__>::new(8000.0);
        bench.feed(input::IN, |frame, _channel| if frame % 2 == 0 { 0.5 } else { 0.0 });
        let heard = bench.run(300).audio.remove(0); // 2.4 s
        assert_eq!(heard[..4], [0.5, 0.0, 0.5, 0.0]);
        let (peak, level) = (bench.meter(Meter::Peak), bench.meter(Meter::Level));
        assert!(peak == 0.5 && (level - 0.125_f32.sqrt()).abs() < 0.001, "peak {peak}, level {level}");
    }

    #[test]
    fn keeps_the_laws() {
        laws::all::<__Type__>(|bench| bench.feed(input::IN, laws::noise));
    }
}
