//! What is about to be heard: hits of steps whose rows have come, and ends of notes, in the order of time.

use cantus_plugin_api::math;
use cantus_plugin_api::raw::Step;
use cantus_plugin_api::{NoteId, Stretch};

use crate::held::{End, Held};

/// Hits that can wait at once. When there are more, notes are left out; ends of notes still find the reserve.
pub const MOST: usize = 1024;
/// Room kept for ends of notes.
const RESERVE: usize = 128;

/// A step that will be heard.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// Course, section, and index of the step in its pattern.
    pub step: (usize, usize, u32),
    /// Beat of the grid at which the first of its hits comes.
    pub beat: f64,
    /// Which of its hits it is, from 0.
    pub number: u8,
    /// What its velocity is multiplied by.
    pub loudness: f32,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// A note ends.
    End(NoteId),
    /// A step is heard.
    Hit(Hit),
}

/// When something happens: its absolute sample, and its place among what happens at that one.
type When = (u64, u32);

/// Everything that waits, of fixed room: it never allocates after it was made.
pub struct Hits {
    waiting: Vec<(f64, Hit)>,
    /// What happens in the stretch that is played, the last first.
    due: Vec<(When, What)>,
    /// Counts what was due in it.
    count: u32,
}

impl Hits {
    /// None.
    pub fn new() -> Hits {
        Hits { waiting: Vec::with_capacity(MOST), due: Vec::with_capacity(2 * MOST), count: 0 }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Lets a hit wait for a beat of the grid: one of a note, or the end of notes.
    pub fn push(&mut self, beat: f64, hit: Hit, of_note: bool) {
        if self.waiting.len() < if of_note { MOST - RESERVE } else { MOST } {
            self.waiting.push((beat, hit));
        }
    }

    /// Finds what happens in a stretch: hits that wait, and ends of notes that are held, which come before hits.
    pub fn gather(&mut self, stretch: &Stretch, held: &Held) {
        self.due.clear();
        self.count = 0;
        // A little is added, as the sample of a beat is rounded up.
        let limit = stretch.last_beat() + 1e-3;
        for note in held.iter() {
            let sample = match note.end {
                End::Beat(beat) if beat <= limit => sample_of(stretch, beat),
                End::Now => stretch.from,
                _ => continue,
            };
            self.insert(stretch, sample, What::End(note.id));
        }
        if !stretch.moving() {
            return;
        }
        let (due, count) = (&mut self.due, &mut self.count);
        self.waiting.retain(|(beat, hit)| {
            let sample = if *beat <= limit { sample_of(stretch, *beat) } else { u64::MAX };
            sample >= stretch.to || !insert(due, count, sample, What::Hit(*hit))
        });
    }

    /// Lets a hit come at a beat of the grid, in the stretch that is played or after it.
    pub fn follow(&mut self, stretch: &Stretch, beat: f64, hit: Hit) {
        let sample = sample_of(stretch, beat);
        if sample >= stretch.to || !insert(&mut self.due, &mut self.count, sample, What::Hit(hit)) {
            self.push(beat, hit, true);
        }
    }

    /// Lets a note that has just begun end at a beat of the grid, if that is in the stretch that is played.
    pub fn end(&mut self, stretch: &Stretch, beat: f64, note: NoteId) {
        self.insert(stretch, sample_of(stretch, beat), What::End(note));
    }

    /// The next thing that happens in the stretch, and its sample.
    pub fn next(&mut self) -> Option<(u64, What)> {
        self.due.pop().map(|((sample, _), what)| (sample, what))
    }

    fn insert(&mut self, stretch: &Stretch, sample: u64, what: What) {
        if sample < stretch.to {
            // A note that finds no room here is found again among those that are held.
            insert(&mut self.due, &mut self.count, sample, what);
        }
    }
}

/// Puts something among what is due, the last first. False: there is no room.
fn insert(due: &mut Vec<(When, What)>, count: &mut u32, sample: u64, what: What) -> bool {
    if due.len() == due.capacity() {
        return false;
    }
    *count += 1;
    let rank = if let What::Hit(_) = what { 1 << 31 } else { 0 };
    let when = (sample, rank | *count);
    let at = due.partition_point(|(other, _)| *other > when);
    due.insert(at, (when, what));
    true
}

/// Absolute sample of a beat of the grid; the stretch's first if it is over.
fn sample_of(stretch: &Stretch, beat: f64) -> u64 {
    stretch.sample_of(stretch.swing().warp(beat)).max(stretch.from as i64) as u64
}

/// Where the hits of a step begin, as a part of what it lasts: hit `number` of all, or its end.
pub fn part(step: &Step, number: u8) -> f64 {
    let even = f64::from(number) / f64::from(step.hits.max(1));
    if step.curve == 0.0 || even == 0.0 { even } else { math::pow(even, math::exp2(-f64::from(step.curve))) }
}

/// What the velocity of a hit is multiplied by.
pub fn loudness(step: &Step, number: u8) -> f32 {
    let last = step.hits.saturating_sub(1);
    if step.ramp == 0.0 || last == 0 {
        return 1.0;
    }
    let way = f32::from(number) / f32::from(last);
    if step.ramp > 0.0 { 1.0 - step.ramp * way } else { 1.0 + step.ramp * (1.0 - way) }
}
