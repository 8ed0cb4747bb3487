//! AudioMixer: brings sixteen stereo inputs together, each with gain, pan and mute.
//!
//! At its defaults it is bit-transparent: one input comes out as it went in.

#![forbid(unsafe_code)]

use std::ops::Range;

use cantus_plugin_api::math::pan_gains;
use cantus_plugin_api::{Block, Event, Glide, Init, Module, Peak, Smooth};

use audio_mixer::{Meter, Param, SLOTS, SlotParam, input, output};

cantus_plugin_api::export!(AudioMixer);

/// Seconds a change of gain, pan or mute takes.
const RAMP: f64 = 0.005;

/// The instance.
pub struct AudioMixer {
    strips: [Strip; SLOTS],
    gain: Smooth,
    peaks: [Peak; 2],
}

/// What stands between one input and the mix.
struct Strip {
    gain: f32,
    pan: f32,
    mute: bool,
    left: Smooth,
    right: Smooth,
}

impl Strip {
    fn new(rate: f64) -> Strip {
        let unity = Smooth::new(1.0, RAMP, rate);
        Strip { gain: 1.0, pan: 0.0, mute: false, left: unity, right: unity }
    }

    fn reset(&mut self) {
        (self.gain, self.pan, self.mute) = (1.0, 0.0, false);
        self.aim(Glide::Snap);
    }

    fn set(&mut self, param: SlotParam, value: f64, glide: Glide) {
        match param {
            SlotParam::Gain => self.gain = value as f32,
            SlotParam::Pan => self.pan = value as f32,
            SlotParam::Mute => self.mute = value != 0.0,
        }
        self.aim(glide);
    }

    fn aim(&mut self, glide: Glide) {
        let gain = if self.mute { 0.0 } else { self.gain };
        let (left, right) = pan_gains(self.pan);
        self.left.set(gain * left, glide);
        self.right.set(gain * right, glide);
    }
}

/// Adds `from` to `to`, as loud as `gain` says. Nothing at all when the gain rests at 0.
fn add(to: &mut [f32], from: &[f32], gain: &mut Smooth) {
    if !gain.resting() {
        to.iter_mut().zip(from).for_each(|(to, from)| *to += gain.advance() * from);
    } else if gain.target() != 0.0 {
        let gain = gain.target();
        to.iter_mut().zip(from).for_each(|(to, from)| *to += gain * from);
    }
}

impl Module for AudioMixer {
    fn new(init: &Init) -> Result<Self, String> {
        let rate = init.rate();
        Ok(AudioMixer {
            strips: std::array::from_fn(|_| Strip::new(rate)),
            gain: Smooth::new(1.0, RAMP, rate),
            peaks: [Peak::new(rate), Peak::new(rate)],
        })
    }

    fn reset(&mut self) {
        self.strips.iter_mut().for_each(Strip::reset);
        self.gain.set(1.0, Glide::Snap);
        self.peaks.iter_mut().for_each(Peak::reset);
    }

    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        match event {
            Event::Param { param: Param::Gain, value, glide } => self.gain.set(value as f32, glide),
            Event::SlotParam { slot, param, value, glide } => {
                if let Some(strip) = self.strips.get_mut(slot) {
                    strip.set(param, value, glide);
                }
            }
            _ => {}
        }
    }

    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        let (inputs, mut outputs) = block.audio();
        let mut mix = outputs.port(output::OUT);
        let (left, right) = mix.stereo(frames.clone());
        for (port, strip) in input::IN.zip(&mut self.strips) {
            let from = inputs.port(port);
            if from.connected() && !from.silent() {
                add(left, &from.channel(0)[frames.clone()], &mut strip.left);
                add(right, &from.channel(1)[frames.clone()], &mut strip.right);
            } else {
                strip.left.skip(frames.len());
                strip.right.skip(frames.len());
            }
        }
        for (left, right) in left.iter_mut().zip(right.iter_mut()) {
            let gain = self.gain.advance();
            *left *= gain;
            *right *= gain;
        }
        self.peaks[0].hear(left);
        self.peaks[1].hear(right);
        block.meter(Meter::PeakLeft, self.peaks[0].level());
        block.meter(Meter::PeakRight, self.peaks[1].level());
    }
}

#[cfg(test)]
mod tests;
