//! __Type__: makes a sound come and go in time with the beat.
//!
//! `manifest.toml` says what there is to connect and to turn; `export!` makes the names used here of it.

#![forbid(unsafe_code)]

use std::ops::Range;

use cantus_plugin_api::{Block, Event, Glide, Init, Module, Smooth};

use __type__::{Param, input, output};

cantus_plugin_api::export!(__Type__);

/// One module in a session: what it keeps between two calls.
pub struct __Type__ {
    /// Takes 5 ms to a new value, so that it does not click.
    depth: Smooth,
    per_beat: f64,
    /// What `per_beat` becomes with the next beat, where it is loud either way and nothing jumps.
    next: f64,
    /// The beat before this frame.
    beat: f64,
}

impl Module for __Type__ {
    /// Before it plays: here you may allocate, and compute what takes long.
    fn new(init: &Init) -> Result<Self, String> {
        Ok(__Type__ { depth: Smooth::new(1.0, 0.005, init.rate()), per_beat: 2.0, next: 2.0, beat: f64::NAN })
    }

    /// As new, every value at the manifest's default. From here on nothing may allocate, lock, print or wait: this is
    /// the audio thread.
    fn reset(&mut self) {
        self.depth.set(1.0, Glide::Snap);
        (self.per_beat, self.next, self.beat) = (2.0, 2.0, f64::NAN);
    }

    /// Something happens, at one of the 64 frames that are made at a time.
    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        match event {
            Event::Param { param: Param::Depth, value, glide } => self.depth.set(value as f32, glide),
            Event::Param { param: Param::PerBeat, value, .. } => self.next = value,
            _ => {}
        }
    }

    /// Makes the frames from one event to the next.
    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        let (transport, start) = (block.transport(), block.sample());
        let (inputs, mut outputs) = block.audio();
        let (dry, mut wet) = (inputs.port(input::IN), outputs.port(output::OUT));
        for frame in frames {
            let beat = transport.beat_at(start + frame as u64);
            if beat.floor() != self.beat {
                (self.beat, self.per_beat) = (beat.floor(), self.next);
            }
            let cycle = (beat * self.per_beat).rem_euclid(1.0);
            let dip = 1.0 - (2.0 * cycle - 1.0).abs(); // 0 on the beat, 1 between two
            let gain = 1.0 - self.depth.advance() * dip as f32;
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
    fn is_silent_between_two_beats() {
        let mut bench = Bench::<__Type__>::new(8.0); // 8 frames a second
        bench.feed(input::IN, |_frame, _channel| 1.0);
        bench.param(Param::PerBeat, 1.0);
        bench.play(60.0); // a beat a second
        assert_eq!(bench.quantum().audio[0][..9], [1.0, 0.75, 0.5, 0.25, 0.0, 0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn keeps_the_laws() {
        laws::all::<__Type__>(|bench| {
            bench.feed(input::IN, |_frame, _channel| 1.0);
            bench.play(120.0);
        });
    }
}
