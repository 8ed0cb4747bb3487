//! When scripts are to go on: what waits for beats, and what for samples. Knows nothing of Lua.
//!
//! Everything is asked for ahead of its time and names its exact beat or sample; the tempo of now only says how far
//! ahead that is. Beats are counted in the laps of the transport's loop, so that what comes after its turn can be asked
//! for before it. A multiple is always computed by itself, never from the one before: nothing drifts.

mod moment;

use std::collections::{BTreeMap, BTreeSet};

use cantus_host::control::Loop;
use cantus_host::model::Num;

pub use moment::{Due, Moment, Place};

/// When something is done, and done again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rhythm {
    /// On all multiples of so many beats, moved by an offset.
    Every {
        /// Beats, more than 0.
        period: f64,
        /// Beats.
        offset: f64,
    },
    /// Whenever the music comes to a beat.
    At(f64),
    /// After each so many frames since a sample.
    Interval {
        /// Frames, more than 0.
        frames: f64,
        /// Absolute sample.
        since: u64,
    },
    /// Once.
    Once(Wait),
}

/// What something waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wait {
    /// A time of its own: what begins in a turn begins at the time of that.
    Until(Due),
    /// The next multiple of so many beats, moved by an offset.
    Beat {
        /// Beats, more than 0.
        period: f64,
        /// Beats.
        offset: f64,
    },
}

impl Rhythm {
    /// The same, of something that begins on a beat so many frames after it was asked for.
    pub fn moved(self, place: Place, later: u64) -> Rhythm {
        match self {
            Rhythm::Once(Wait::Until(Due::Now)) => Rhythm::Once(Wait::Until(Due::Beat(place))),
            Rhythm::Once(Wait::Until(Due::Sample(sample))) => Rhythm::Once(Wait::Until(Due::Sample(sample + later))),
            Rhythm::Interval { frames, since } => Rhythm::Interval { frames, since: since + later },
            on_beats => on_beats,
        }
    }
}

/// Tasks by number, each with what is to be done, and when it is due.
pub struct Agenda<T> {
    entries: BTreeMap<u64, Entry<T>>,
    beats: BTreeSet<(u32, Num, u64)>,
    samples: BTreeSet<(u64, u64)>,
    /// The epoch and loop for which the beats were laid out.
    laid: (u32, Loop),
    skipped: BTreeMap<u64, u64>,
}

struct Entry<T> {
    rhythm: Rhythm,
    due: Option<Due>,
    /// Where it goes on from in this epoch, and whether that place counts; else from where the music is.
    from: Option<(Place, bool)>,
    /// How many times it was done, or left out, at intervals.
    count: u64,
    what: T,
}

impl<T> Default for Agenda<T> {
    fn default() -> Agenda<T> {
        let (entries, beats, samples, laid, skipped) = Default::default();
        Agenda { entries, beats, samples, laid, skipped }
    }
}

impl<T> Agenda<T> {
    /// What a task does.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        self.entries.get_mut(&id).map(|entry| &mut entry.what)
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The tasks of which that holds, ascending.
    pub fn which(&self, holds: impl Fn(&T) -> bool) -> Vec<u64> {
        self.entries.iter().filter(|(_, entry)| holds(&entry.what)).map(|(id, _)| *id).collect()
    }

    /// The last beat that one of these tasks was done on, in this epoch.
    pub fn last_of(&self, tasks: &[u64]) -> Option<Place> {
        let done = tasks.iter().filter_map(|id| self.entries.get(id)?.from).filter(|(_, counts)| !counts);
        done.map(|(place, _)| place).reduce(|a, b| if b > a { b } else { a })
    }

    /// Adds a task. Beats are counted from a place on, and it counts or not; `None`: from now on.
    pub fn add(&mut self, id: u64, rhythm: Rhythm, what: T, from: Option<(Place, bool)>, now: &Moment) {
        self.entries.insert(id, Entry { rhythm, due: None, from, count: 0, what });
        self.plan(id, now);
    }

    /// Takes a task out.
    pub fn remove(&mut self, id: u64) -> Option<T> {
        self.unplan(id);
        self.entries.remove(&id).map(|entry| entry.what)
    }

    /// A task goes on later. Beats are counted from a place on, and it counts or not; and not from before that which it
    /// was given when it was added. One that is long behind does not catch up: beats are then counted from now on.
    pub fn wait(&mut self, id: u64, wait: Wait, from: (Place, bool), now: &Moment) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.rhythm = Rhythm::Once(wait);
            let is_later = |last: &(Place, bool)| last.0 > from.0 || (last.0 == from.0 && !last.1);
            entry.from = Some(entry.from.filter(is_later).unwrap_or(from));
            if let (Wait::Beat { .. }, Some(Due::Beat(place))) = (wait, entry.next(now))
                && now.is_long_over(now.frames_to(place))
            {
                entry.from = None;
                *self.skipped.entry(id).or_default() += 1;
            }
        }
        self.plan(id, now);
    }

    /// A task that was done is done again, if it is one that repeats; else it is taken out.
    pub fn again(&mut self, id: u64, now: &Moment) -> Option<T> {
        let once = self.entries.get(&id).is_some_and(|entry| matches!(entry.rhythm, Rhythm::Once(_)));
        if once {
            return self.remove(id);
        }
        self.plan(id, now);
        None
    }

    /// Lays out anew what waits for beats, if they are others than they were. Answers the loop that there was, if another
    /// has taken its place.
    pub fn look(&mut self, now: &Moment) -> Option<Loop> {
        let laid = (now.clock.epoch, now.around);
        if self.laid == laid {
            return None;
        }
        let (epoch, around) = std::mem::replace(&mut self.laid, laid);
        let same = epoch == now.clock.epoch;
        let relaid = |place| now.around.relaid(around, now.place(), place).filter(|_| same);
        // The music may have gone on since it jumped.
        let begin = (!same).then_some((Place { lap: 0, beat: now.start }, true));
        let mut waiting = Vec::new();
        for (id, entry) in &mut self.entries {
            entry.from = entry.from.and_then(|(place, counts)| Some((relaid(place)?, counts))).or(begin);
            if entry.on_beats() {
                waiting.push(*id);
            }
            if let Rhythm::Once(Wait::Until(due @ Due::Beat(_))) = &mut entry.rhythm
                && let Due::Beat(place) = *due
            {
                *due = relaid(place).map_or(Due::Now, Due::Beat);
            }
        }
        waiting.into_iter().for_each(|id| self.plan(id, now));
        same.then_some(around)
    }

    /// Takes the task that is due first, if within so many frames: its number, and when it is due. It is done once it is
    /// told what comes next: [`wait`](Agenda::wait), [`again`](Agenda::again) or [`remove`](Agenda::remove). What is
    /// `held` at its place is left where it is until [`let_go`](Agenda::let_go).
    pub fn next(&mut self, now: &Moment, ahead: f64, held: impl Fn(u64, &T, Place) -> bool) -> Option<(u64, Due)> {
        loop {
            let (frames, id) = self.first(now)?;
            if frames >= ahead {
                return None;
            }
            let entry = self.entries.get_mut(&id)?;
            let due = entry.due?;
            if held(id, &entry.what, now.place_of(due)) {
                if let Due::Beat(place) = due {
                    entry.from = Some((place, true));
                }
                self.unplan(id);
                continue;
            }
            match due {
                Due::Beat(place) => entry.from = Some((place, false)),
                Due::Sample(_) => entry.count += 1,
                Due::Now => {}
            }
            self.unplan(id);
            if !now.is_long_over(frames) {
                return Some((id, due));
            }
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            match entry.leave_out(due, now) {
                0 => return Some((id, due)),
                left_out => *self.skipped.entry(id).or_default() += left_out,
            }
            self.plan(id, now);
        }
    }

    /// What was held goes on.
    pub fn let_go(&mut self, now: &Moment) {
        let held: Vec<u64> = self.entries.iter().filter(|(_, entry)| entry.due.is_none()).map(|(id, _)| *id).collect();
        held.into_iter().for_each(|id| self.plan(id, now));
    }

    /// Frames until something is due; at most 0 if it is due now.
    pub fn frames(&self, now: &Moment) -> Option<f64> {
        self.first(now).map(|(frames, _)| frames).filter(|frames| frames.is_finite())
    }

    /// How often something that repeats was left out because it was too late, by its number, since last asked.
    pub fn skipped(&mut self) -> BTreeMap<u64, u64> {
        std::mem::take(&mut self.skipped)
    }

    /// The task that is due first, and in how many frames; of several at one time the oldest.
    fn first(&self, now: &Moment) -> Option<(f64, u64)> {
        let sample = self.samples.first().map(|(sample, id)| (*sample as f64 - now.clock.sample as f64, *id));
        let beat = self.beats.first();
        let beat = beat.map(|(lap, beat, id)| (now.frames_to(Place { lap: *lap, beat: beat.get() }), *id));
        match (sample, beat) {
            (Some(a), Some(b)) => Some(if (a.0.round(), a.1) <= (b.0.round(), b.1) { a } else { b }),
            (a, b) => a.or(b),
        }
    }

    /// Says when a task is due next.
    fn plan(&mut self, id: u64, now: &Moment) {
        self.unplan(id);
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.due = entry.next(now);
        match entry.due {
            Some(Due::Now) => _ = self.samples.insert((0, id)),
            Some(Due::Sample(sample)) => _ = self.samples.insert((sample, id)),
            Some(Due::Beat(place)) => _ = self.beats.insert((place.lap, Num::of(place.beat), id)),
            None => {}
        }
    }

    fn unplan(&mut self, id: u64) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        match entry.due.take() {
            Some(Due::Now) => _ = self.samples.remove(&(0, id)),
            Some(Due::Sample(sample)) => _ = self.samples.remove(&(sample, id)),
            Some(Due::Beat(place)) => _ = self.beats.remove(&(place.lap, Num::of(place.beat), id)),
            None => {}
        }
    }
}

impl<T> Entry<T> {
    fn on_beats(&self) -> bool {
        match self.rhythm {
            Rhythm::Every { .. } | Rhythm::At(_) | Rhythm::Once(Wait::Beat { .. } | Wait::Until(Due::Beat(_))) => true,
            Rhythm::Interval { .. } | Rhythm::Once(Wait::Until(Due::Now | Due::Sample(_))) => false,
        }
    }

    /// When it is due next: after what it was done on last, and not before now if it was not done yet.
    fn next(&self, now: &Moment) -> Option<Due> {
        let (from, included) = self.from.unwrap_or((now.place(), true));
        match self.rhythm {
            Rhythm::Every { period, offset } | Rhythm::Once(Wait::Beat { period, offset }) => {
                now.multiple(period, offset, from, included).map(Due::Beat)
            }
            Rhythm::At(beat) => now.coming(beat, from, included).map(Due::Beat),
            Rhythm::Interval { frames, since } => {
                Some(Due::Sample(since + ((self.count + 1) as f64 * frames).round() as u64))
            }
            Rhythm::Once(Wait::Until(due)) => Some(due),
        }
    }

    /// Leaves out what is long over of something that repeats; how many times. The next time is then ahead.
    fn leave_out(&mut self, due: Due, now: &Moment) -> u64 {
        match (self.rhythm, due) {
            (Rhythm::Every { period, .. }, Due::Beat(place)) => {
                self.from = None;
                (now.around.beats(place, now.place()) / period).ceil().max(1.0) as u64
            }
            (Rhythm::Interval { frames, .. }, Due::Sample(sample)) => {
                let missed = ((now.clock.sample - sample) as f64 / frames).ceil() as u64;
                self.count += missed - 1;
                missed
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests;
