//! __Type__: a small synthesizer; each voice is a sine that bends another's phase.
//!
//! `manifest.toml` says what there is to connect and to turn; `export!` makes the names used here of it.

#![forbid(unsafe_code)]

use std::ops::Range;

use cantus_plugin_api::math::{semitones_to_ratio, sin};
use cantus_plugin_api::{Block, Event, Glide, Init, Module, NoteId, NoteOn, Smooth};

use __type__::{Param, output};

cantus_plugin_api::export!(__Type__);

/// Notes that sound at once.
const VOICES: usize = 8;
/// Seconds in which a note rises, and in which one that is choked falls.
const RISE: f64 = 0.005;

/// One module in a session: what it keeps between two calls.
pub struct __Type__ {
    rate: f64,
    /// These take 5 ms to a new value, so that they do not click.
    volume: Smooth,
    brightness: Smooth,
    release: f64,
    voices: [Voice; VOICES],
}

/// One note.
#[derive(Clone, Copy, Default)]
struct Voice {
    /// None: nothing sounds.
    note: Option<NoteId>,
    /// Where in its cycle it is, 0 to 1, and how far it goes in a frame.
    phase: f64,
    step: f64,
    /// How loud it is, where that goes, and which part of the way it goes in a frame.
    level: f64,
    target: f64,
    pace: f64,
}

impl Voice {
    fn next(&mut self, brightness: f32) -> f32 {
        self.level += (self.target - self.level) * self.pace;
        if self.target == 0.0 && self.level < 1e-4 {
            *self = Voice::default();
            return 0.0;
        }
        self.phase = (self.phase + self.step).fract();
        let turn = std::f64::consts::TAU * self.phase;
        let bent = turn + f64::from(brightness) * self.level * sin(turn);
        (self.level * sin(bent)) as f32
    }
}

impl __Type__ {
    /// The part of the way that a level goes in a frame, so that nearly all of it takes so many seconds.
    fn pace(&self, seconds: f64) -> f64 {
        (4.0 / (seconds * self.rate)).min(1.0)
    }

    fn begin(&mut self, on: NoteOn) {
        let pace = self.pace(RISE);
        // A free voice is the softest of all; else the softest makes room.
        let softest = self.voices.iter_mut().min_by(|a, b| a.level.total_cmp(&b.level));
        if let Some(voice) = softest {
            let pitch = f64::from(on.pitch.unwrap_or(60.0));
            let hertz = 440.0 * semitones_to_ratio(pitch - 69.0);
            let target = f64::from(on.velocity.unwrap_or(1.0));
            *voice = Voice { note: Some(on.note), step: hertz / self.rate, target, pace, ..*voice };
        }
    }

    fn end(&mut self, note: NoteId, seconds: f64) {
        let pace = self.pace(seconds);
        for voice in self.voices.iter_mut().filter(|voice| voice.note == Some(note)) {
            (voice.target, voice.pace) = (0.0, pace);
        }
    }
}

impl Module for __Type__ {
    /// Before it plays: here you may allocate, and compute what takes long.
    fn new(init: &Init) -> Result<Self, String> {
        let rate = init.rate();
        Ok(__Type__ {
            rate,
            volume: Smooth::new(0.25, 0.005, rate),
            brightness: Smooth::new(2.0, 0.005, rate),
            release: 0.3,
            voices: [Voice::default(); VOICES],
        })
    }

    /// As new, every value at the manifest's default. From here on nothing may allocate, lock, print or wait: this is
    /// the audio thread.
    fn reset(&mut self) {
        self.volume.set(0.25, Glide::Snap);
        self.brightness.set(2.0, Glide::Snap);
        self.release = 0.3;
        self.voices = [Voice::default(); VOICES];
    }

    /// Something happens, at one of the 64 frames that are made at a time.
    fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
        match event {
            Event::NoteOn(on) => self.begin(on),
            Event::NoteOff(note) => self.end(note, self.release),
            Event::Choke(note) => self.end(note, RISE),
            Event::Param { param: Param::Volume, value, glide } => self.volume.set(value as f32, glide),
            Event::Param { param: Param::Brightness, value, glide } => self.brightness.set(value as f32, glide),
            Event::Param { param: Param::Release, value, .. } => self.release = value,
            _ => {}
        }
    }

    /// Makes the frames from one event to the next.
    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        let (_, mut outputs) = block.audio();
        let mut out = outputs.port(output::OUT);
        for frame in frames {
            let (volume, brightness) = (self.volume.advance(), self.brightness.advance());
            let voices = self.voices.iter_mut().filter(|voice| voice.note.is_some());
            let sum: f32 = voices.map(|voice| voice.next(brightness)).sum();
            for channel in 0..out.channels() {
                out.channel(channel)[frame] = volume * sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cantus_plugin_api::testing::{Bench, laws, note};

    use super::*;

    #[test]
    fn a_note_sounds_from_its_frame_to_its_end() {
        let mut bench = Bench::<__Type__>::new(8000.0);
        bench.note_on(10, note(1));
        let heard = bench.run(10).audio.remove(0);
        assert_eq!(heard[..10], [0.0; 10]);
        assert!(heard[200..].iter().any(|x| x.abs() > 0.2), "{heard:?}");
        bench.note_off(640, 1);
        bench.run(100); // 0.8 s, and its release takes 0.3
        assert_eq!(bench.quantum().audio[0], [0.0; 64]);
    }

    #[test]
    fn keeps_the_laws() {
        laws::all::<__Type__>(|bench| {
            bench.note_on(5, note(1));
            bench.note_off(300, 1);
        });
    }
}
