//! Where the music comes to, and when, as it goes around in the transport's loop.

use crate::model::Model;

/// A beat in a lap of the loop. Ascending as the music comes to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Place {
    /// Turns of the loop before, in this epoch.
    pub lap: u32,
    /// The beat.
    pub beat: f64,
}

/// The transport's loop: its first beat, and the beat at which it turns; `None`: the music goes straight on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loop(pub Option<(f64, f64)>);

impl Loop {
    /// That of a Model.
    pub fn of(model: &Model) -> Loop {
        Loop(model.loop_range.map(|(start, end)| (start.get(), end.get())))
    }

    /// The loop, if the music at that beat goes towards its turn.
    pub fn turn(self, beat: f64) -> Option<(f64, f64)> {
        self.0.filter(|(_, end)| beat < *end)
    }

    /// Beats from a place to another; below 0 if that is over, of which the loop may know no more how long.
    pub fn beats(self, from: Place, to: Place) -> f64 {
        if to.lap < from.lap { -self.beats(to, from).max(0.0) } else { self.straight(from, to) - from.beat }
    }

    /// The beat at which the music would be on a place if the loop did not turn from another on, which is not in a later
    /// lap.
    fn straight(self, from: Place, to: Place) -> f64 {
        match self.turn(from.beat) {
            Some((start, end)) if to.lap > from.lap => {
                end + f64::from(to.lap - from.lap - 1) * (end - start) + to.beat - start
            }
            _ => to.beat,
        }
    }

    /// The place at which the music is when it would be at a beat if the loop did not turn from another place on.
    pub fn folded(self, from: Place, beat: f64) -> Place {
        match self.turn(from.beat) {
            Some((start, end)) if beat >= end => {
                let laps = ((beat - end) / (end - start)).floor();
                Place { lap: from.lap + 1 + laps as u32, beat: start + (beat - end) - laps * (end - start) }
            }
            _ => Place { lap: from.lap, beat },
        }
    }

    /// A place ahead of another; where the loop turns, if that keeps it out of reach.
    pub fn within(self, from: Place, place: Place) -> Place {
        match self.turn(from.beat) {
            Some((start, end)) if place.beat >= end => Place { lap: place.lap + 1, beat: start },
            _ => place,
        }
    }

    /// Where a place is that was ahead of the music while the loop was another: as far ahead as it was, but not beyond
    /// the next turn. `None`: it was not ahead.
    pub fn relaid(self, before: Loop, now: Place, place: Place) -> Option<Place> {
        let straight = || Place { lap: now.lap, beat: before.straight(now, place) };
        (place >= now).then(|| self.within(now, if self == before { place } else { straight() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRAIGHT: Loop = Loop(None);

    const fn around(start: f64, end: f64) -> Loop {
        Loop(Some((start, end)))
    }

    const fn at(lap: u32, beat: f64) -> Place {
        Place { lap, beat }
    }

    #[test]
    fn ways_in_the_laps_of_a_loop() {
        for (way, from, to, beats) in [
            (STRAIGHT, at(0, 2.5), at(0, 4.0), 1.5),
            (around(1.0, 3.0), at(4, 2.5), at(4, 2.75), 0.25),
            (around(1.0, 3.0), at(4, 2.5), at(5, 1.0), 0.5),
            (around(1.0, 3.0), at(4, 2.5), at(6, 1.5), 3.0),
            // Behind the loop the music goes on.
            (around(1.0, 3.0), at(0, 3.5), at(0, 5.0), 1.5),
        ] {
            assert_eq!(way.beats(from, to), beats, "{from:?} to {to:?}");
            assert_eq!(way.beats(to, from), -beats, "{to:?} back to {from:?}");
            assert_eq!(way.folded(from, from.beat + beats), to, "{beats} from {from:?}");
        }
    }

    #[test]
    fn what_a_loop_keeps_out_of_reach_is_where_it_turns() {
        for (place, expected) in
            [(at(0, 2.5), at(0, 2.5)), (at(0, 3.0), at(1, 1.0)), (at(0, 7.0), at(1, 1.0)), (at(1, 2.0), at(1, 2.0))]
        {
            assert_eq!(around(1.0, 3.0).within(at(0, 2.0), place), expected, "{place:?}");
        }
        assert_eq!(around(1.0, 3.0).within(at(0, 3.5), at(0, 7.0)), at(0, 7.0), "the music is behind the loop");
    }

    #[test]
    fn places_keep_their_distance_when_the_loop_is_another() {
        // Seen from beat 3.
        for (place, before, then, expected) in [
            (at(0, 4.0), STRAIGHT, STRAIGHT, Some(at(0, 4.0))),
            (at(0, 3.5), STRAIGHT, around(0.0, 3.5), Some(at(1, 0.0))),
            (at(0, 4.0), STRAIGHT, around(1.0, 3.5), Some(at(1, 1.0))),
            (at(1, 0.5), around(0.5, 3.5), STRAIGHT, Some(at(0, 3.5))),
            (at(2, 0.5), around(0.5, 3.5), STRAIGHT, Some(at(0, 6.5))),
            (at(1, 1.0), around(0.5, 3.5), around(2.0, 8.0), Some(at(0, 4.0))),
            (at(0, 2.5), STRAIGHT, around(0.0, 2.0), None),
        ] {
            assert_eq!(then.relaid(before, at(0, 3.0), place), expected, "{place:?} {before:?} {then:?}");
        }
    }
}
