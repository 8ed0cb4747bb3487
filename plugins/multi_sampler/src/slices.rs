//! A sound cut into slices.

use std::ops::Range;

use cantus_plugin_api::{Numbers, Sample};

use crate::multi_sampler::{SliceBy, SlotParam};
use crate::values::NoteValues;

/// Slices of a sound that are told apart: what is behind the last belongs to it.
const MOST: usize = 1024;
/// Seconds after its start in which a sound may have its first beginning.
const BEGINS: f64 = 0.02;

/// How a stretch of a sound is cut. It is counted off anew each time it is asked, so that nothing is allocated.
#[derive(Clone, Copy)]
pub struct Slices<'a> {
    by: SliceBy,
    count: usize,
    strength: f32,
    sample: &'a Sample,
    points: Option<&'a Numbers>,
}

impl<'a> Slices<'a> {
    /// As a note is set to.
    pub fn new(values: &NoteValues<'_>, sample: &'a Sample, points: Option<&'a Numbers>) -> Slices<'a> {
        let by = SliceBy::from_value(values.slot(SlotParam::SliceBy));
        let (count, strength) = (values.slot(SlotParam::Slices) as usize, values.slot(SlotParam::SliceStrength) as f32);
        Slices { by, count, strength, sample, points }
    }

    /// There are none.
    pub fn is_off(&self) -> bool {
        self.by == SliceBy::Off
    }

    /// Which slice a note plays, from 0; it may be past the last.
    pub fn of_note(values: &NoteValues<'_>, pitch: Option<f32>, sample: &Sample) -> i64 {
        match values.slot(SlotParam::Slice) as i64 {
            slice if slice >= 0 => slice,
            _ => pitch.map_or(0, |pitch| (f64::from(pitch) - values.root(sample)).round() as i64),
        }
    }

    /// Which slice of a stretch a frame lies in, how many there are, and the frames of it.
    pub fn at(&self, stretch: &Range<usize>, frame: usize) -> (usize, usize, Range<usize>) {
        if matches!(self.by, SliceBy::Off | SliceBy::Count) {
            let count = self.count(stretch);
            // The last whose edge, which is rounded down, is not past it.
            let slice = ((frame - stretch.start + 1) * count - 1) / stretch.len().max(1);
            let slice = slice.min(count - 1);
            return (slice, count, self.range(stretch, slice as i64));
        }
        let (mut slice, mut count, mut range) = (0, 1, stretch.clone());
        for cut in self.cuts(stretch) {
            if cut <= frame {
                (slice, range.start) = (count, cut);
            } else if range.end == stretch.end {
                range.end = cut;
            }
            count += 1;
        }
        (slice, count, range)
    }

    /// How many there are of a stretch; at least 1.
    fn count(&self, stretch: &Range<usize>) -> usize {
        match self.by {
            SliceBy::Off => 1,
            SliceBy::Count => self.count.max(1),
            _ => 1 + self.cuts(stretch).count(),
        }
    }

    /// The frames of a slice; past the last the first comes again.
    pub fn range(&self, stretch: &Range<usize>, slice: i64) -> Range<usize> {
        let count = self.count(stretch);
        let slice = slice.rem_euclid(count as i64) as usize;
        let edge = |n: usize| match (n, self.by) {
            (0, _) => stretch.start,
            (n, _) if n >= count => stretch.end,
            (n, SliceBy::Count) => stretch.start + stretch.len() * n / count,
            (n, _) => self.cuts(stretch).nth(n - 1).unwrap_or(stretch.end),
        };
        edge(slice)..edge(slice + 1)
    }

    /// Where the second slice and those after it begin, as they are listed: rising.
    fn cuts<'b>(&'b self, stretch: &'b Range<usize>) -> impl Iterator<Item = usize> + 'b {
        let cues = self.sample.cues().iter().copied().filter(|_| self.by == SliceBy::Cues);
        let strong = self.sample.onsets().iter().filter(|onset| onset.strength >= self.strength);
        // What begins all but at the start is the first slice.
        let begun = stretch.start + (BEGINS * self.sample.rate()) as usize;
        let onsets = strong.map(|onset| onset.frame).filter(move |frame| self.by == SliceBy::Onsets && *frame > begun);
        let frames = self.sample.frames() as f64;
        let points = self.points.map_or(&[][..], Numbers::values).iter().filter(|_| self.by == SliceBy::List);
        let points = points.map(move |point| (point * frames).round() as usize);
        let mut last = stretch.start;
        let rising = cues.chain(onsets).chain(points).filter(move |frame| {
            let rises = *frame > last && *frame < stretch.end;
            last = if rises { *frame } else { last };
            rises
        });
        rising.take(MOST - 1)
    }
}
