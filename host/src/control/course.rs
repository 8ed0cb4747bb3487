//! When the music will come to a place, as far as it is known what will be done to the tempo.

use super::batch::When;
use super::laps::{Loop, Place};
use super::realise::time::realise;
use super::state::ClockReading;
use crate::model::Model;
use crate::rt::message::{At, Change, Deed};
use crate::rt::{Clock, Reading};

/// What the transport will do from where it was seen to a place ahead. It goes as the audio thread does: its samples are
/// exact.
pub struct Course {
    clock: Clock,
    place: At,
    /// The sample at which something was done to it last.
    since: u64,
}

impl Course {
    /// Of a transport that was seen somewhere, whose tempo is as in a Model, to a place.
    pub fn new(seen: &ClockReading, model: &Model, place: Place) -> Course {
        let ClockReading { sample, rate, beat, bpm, slope, playing, epoch, lap, .. } = *seen;
        let reading = Reading { sample, beat, bpm, slope, playing, epoch, lap, ..Reading::default() };
        let mut change = Change::default();
        realise(&Model::default(), model, 0.0, &mut change);
        let map = change.tempo.unwrap_or_default();
        let clock = Clock::seen(&reading, model.bpm.get(), map, Loop::of(model).0, rate);
        let place = At::Beat { beat: place.beat, lap: place.lap, epoch };
        Course { clock, place, since: sample }
    }

    /// The tempo will be another from a time on, in so many beats; ascending. What comes behind the place is nothing.
    pub fn then(&mut self, when: When, old: &Model, new: &Model, over: f64) {
        let at = match when {
            When::AtSample(sample) => At::Sample(sample),
            When::At(position) => At::Beat { beat: position.beat.get(), lap: position.lap, epoch: position.epoch },
            When::Now | When::AtBeat(_) | When::NextGrid(_) => At::Now,
        };
        let since = self.due(at);
        if since > self.sample() {
            return;
        }
        self.since = since;
        let mut change = Change::default();
        realise(old, new, over, &mut change);
        if let Some(mut map) = change.tempo {
            self.clock.swap_map(&mut map, self.since);
        }
        for deed in change.deeds {
            if let Deed::Transport(change) = deed {
                self.clock.change(change, self.since);
            }
        }
    }

    /// The sample at which the music will come to the place; if that is over, now.
    pub fn sample(&mut self) -> u64 {
        self.due(self.place)
    }

    fn due(&mut self, at: At) -> u64 {
        self.clock.due(at, self.since, u64::MAX).unwrap_or(self.since).max(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Position;
    use crate::model::Num;

    #[test]
    fn samples_of_places_behind_other_tempos() {
        // At 8 Hz a beat of 60 beats a minute is 8 samples.
        let tempo = |bpm: f64| Model { bpm: Num::of(bpm), ..Model::default() };
        let at = |beat: f64| When::At(Position { epoch: 0, lap: 0, beat: Num::of(beat) });
        let seen = ClockReading { sample: 100, rate: 8.0, beat: 1.0, bpm: 60.0, playing: true, ..Default::default() };
        for (when, over, beat, expected) in [
            (at(2.0), 0.0, 1.5, 104),
            (at(2.0), 0.0, 2.0, 108),
            (at(2.0), 0.0, 3.0, 112),
            (When::AtSample(104), 0.0, 3.0, 110),
            // From 60 to 120 in a beat and a half, at 90 in the mean: 8 samples.
            (at(2.0), 1.5, 3.5, 116),
            (at(2.0), 1.5, 4.5, 120),
        ] {
            let mut course = Course::new(&seen, &tempo(60.0), Place { lap: 0, beat });
            course.then(when, &tempo(60.0), &tempo(120.0), over);
            assert_eq!(course.sample(), expected, "{when:?} over {over}, to {beat}");
        }
        // In the middle of that glide.
        let gliding = ClockReading { bpm: 90.0, slope: 60.0 / 8.0, ..seen };
        for (beat, expected) in [(1.875, 104), (2.875, 108)] {
            assert_eq!(Course::new(&gliding, &tempo(120.0), Place { lap: 0, beat }).sample(), expected);
        }
    }
}
