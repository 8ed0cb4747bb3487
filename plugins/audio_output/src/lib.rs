//! AudioOutput: the last volume and a safety limiter before the sound leaves.
//!
//! What stays within 0.98 passes bit for bit; see `limiter` for what is louder.

#![forbid(unsafe_code)]

mod limiter;

use std::ops::Range;

use cantus_plugin_api::{Block, Event, Glide, Init, Module, Peak, Smooth};

use audio_output::{Meter, Param, input, output};
use limiter::Limiter;

cantus_plugin_api::export!(AudioOutput);

/// Seconds a change of volume takes.
const RAMP: f64 = 0.005;

/// The instance.
pub struct AudioOutput {
    volume: Smooth,
    limiter: Limiter,
    peaks: [Peak; 2],
}

impl Module for AudioOutput {
    fn new(init: &Init) -> Result<Self, String> {
        let rate = init.rate();
        Ok(AudioOutput {
            volume: Smooth::new(1.0, RAMP, rate),
            limiter: Limiter::new(rate),
            peaks: [Peak::new(rate), Peak::new(rate)],
        })
    }

    fn reset(&mut self) {
        self.volume.set(1.0, Glide::Snap);
        self.limiter.reset();
        self.peaks.iter_mut().for_each(Peak::reset);
    }

    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        match event {
            Event::Param { param: Param::Volume, value, glide } => self.volume.set(value as f32, glide),
            Event::Param { param: Param::Limiter, value, .. } => self.limiter.switch(value != 0.0),
            _ => {}
        }
    }

    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        let (inputs, mut outputs) = block.audio();
        let from = inputs.port(input::IN);
        let mut to = outputs.port(output::OUT);
        let (left, right) = to.stereo(frames.clone());
        let heard = from.channel(0)[frames.clone()].iter().zip(&from.channel(1)[frames]);
        for ((left, right), (l, r)) in left.iter_mut().zip(right.iter_mut()).zip(heard) {
            let volume = self.volume.advance();
            (*left, *right) = self.limiter.next(volume * l, volume * r);
        }
        self.peaks[0].hear(left);
        self.peaks[1].hear(right);
        block.meter(Meter::PeakLeft, self.peaks[0].level());
        block.meter(Meter::PeakRight, self.peaks[1].level());
        block.meter(Meter::Reduction, self.limiter.gain());
    }
}

#[cfg(test)]
mod tests {
    use cantus_plugin_api::testing::{Bench, laws};

    use super::*;

    #[test]
    fn what_is_soft_enough_passes_bit_for_bit() {
        let mut bench = Bench::<AudioOutput>::new(800.0);
        let signal = |n, channel| limiter::CEILING * laws::noise(n, channel);
        bench.feed(input::IN, signal);
        let run = bench.run(100);
        for channel in 0..2 {
            let expected: Vec<f32> = (0..6400).map(|n| signal(n, channel)).collect();
            assert_eq!(run.audio[channel], expected, "channel {channel}");
        }
        assert_eq!(bench.meter(Meter::Reduction), 1.0);
    }

    #[test]
    fn nothing_is_louder_than_one_while_the_limiter_is_on() {
        for (limiter, volume, loudest) in [(1.0, 1.0, 0.98), (1.0, 4.0, 0.98), (0.0, 1.0, 9.0), (0.0, 0.5, 4.5)] {
            let mut bench = Bench::<AudioOutput>::new(800.0);
            bench.feed(input::IN, |n, channel| 9.0 * [1.0, -0.5][channel] * (n % 2) as f32);
            bench.param(Param::Limiter, limiter);
            bench.param(Param::Volume, volume);
            let audio = bench.run(4).audio;
            let peak = audio.iter().flatten().fold(0.0, |peak: f32, x| peak.max(x.abs()));
            assert!((peak - loudest).abs() < 1e-6, "limiter {limiter}, volume {volume}: {peak}");
            assert_eq!(bench.meter(Meter::PeakLeft), peak);
        }
    }

    #[test]
    fn keeps_the_laws() {
        let feed = |bench: &mut Bench<AudioOutput>| bench.feed(input::IN, |_, _| 0.75);
        laws::all(feed);
        laws::moving_events_moves_effect(feed, |bench, at| {
            bench.param_at(at, Param::Volume, 3.0);
            bench.param_at(at + 100, Param::Limiter, 0.0);
        });
    }
}
