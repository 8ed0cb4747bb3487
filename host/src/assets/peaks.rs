//! The lowest and highest samples of a sound, kept so that it can be drawn at any zoom without looking at all of it.

use std::ops::Range;

/// Frames of the smallest block.
const BLOCK: usize = 64;
/// Blocks of one level in one of the next.
const FANOUT: usize = 4;
/// A level of so few blocks is the last.
const FEW: usize = 16;

/// The lowest and highest of some samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// The lowest.
    pub min: f32,
    /// The highest.
    pub max: f32,
}

impl Peak {
    const NONE: Peak = Peak { min: f32::INFINITY, max: f32::NEG_INFINITY };

    fn of(samples: &[f32]) -> Peak {
        samples.iter().fold(Peak::NONE, |peak, x| peak.with(Peak { min: *x, max: *x }))
    }

    /// Of these and others together.
    pub(super) fn with(self, other: Peak) -> Peak {
        Peak { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

/// Per channel, levels of blocks of 64, 256, 1024, ... frames, up to a level of at most 16; the last block of each may
/// be shorter.
///
/// They are f32 as the samples are: exact, also beyond ±1, and about a twenty-fifth of a sound's memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peaks(Box<[Channel]>);

type Channel = Box<[Box<[Peak]>]>;

impl Peaks {
    /// Of planar samples.
    pub fn new(channels: &[Vec<f32>]) -> Peaks {
        Peaks(channels.iter().map(|samples| levels(samples)).collect())
    }

    /// What to draw in each of `count` columns, which share the frames of `range` evenly. `samples` are all samples of
    /// that channel: they are read where a column begins or ends within a block, so a peak is in the column that
    /// contains it and in no other. Each column costs as much at any zoom. Columns narrower than a frame show the
    /// frame they begin in.
    ///
    /// Empty if the range is empty or goes beyond the sound, or there is no such channel.
    pub fn columns(&self, channel: usize, samples: &[f32], range: Range<usize>, count: usize) -> Vec<Peak> {
        let (Some(levels), false) = (self.0.get(channel), range.is_empty()) else { return Vec::new() };
        if range.end > samples.len() {
            return Vec::new();
        }
        let edge = |column: usize| range.start + (column as u128 * range.len() as u128 / count as u128) as usize;
        (0..count).map(|c| peak(levels, samples, edge(c)..edge(c + 1).max(edge(c) + 1))).collect()
    }
}

fn levels(samples: &[f32]) -> Channel {
    let mut levels: Vec<Box<[Peak]>> = vec![samples.chunks(BLOCK).map(Peak::of).collect()];
    while let Some(last) = levels.last().filter(|last| last.len() > FEW) {
        let join = |blocks: &[Peak]| blocks.iter().copied().fold(Peak::NONE, Peak::with);
        levels.push(last.chunks(FANOUT).map(join).collect());
    }
    levels.into()
}

/// Goes from the beginning to the end in the largest steps that fit.
fn peak(levels: &[Box<[Peak]>], samples: &[f32], range: Range<usize>) -> Peak {
    let (mut found, mut at) = (Peak::NONE, range.start);
    while at < range.end {
        let fits = |(size, _): &(usize, _)| at.is_multiple_of(*size) && at + size <= range.end;
        let sizes = std::iter::successors(Some(BLOCK), |size| Some(size * FANOUT));
        match sizes.zip(levels).take_while(fits).last() {
            Some((size, level)) => {
                found = found.with(level[at / size]);
                at += size;
            }
            None => {
                let next = (at / BLOCK + 1) * BLOCK;
                let next = next.min(range.end);
                found = found.with(Peak::of(&samples[at..next]));
                at = next;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_is_in_its_column_and_in_no_other_at_every_zoom() {
        const FRAMES: usize = 40_000;
        for spike in [0, 63, 64, 4_095, 4_096, 20_011, FRAMES - 1] {
            let mut samples = vec![0.0; FRAMES];
            samples[spike] = 1.0;
            let peaks = Peaks::new(std::slice::from_ref(&samples));
            for (range, count) in [
                (0..FRAMES, 1),
                (0..FRAMES, 7),
                (0..FRAMES, 640),
                (0..FRAMES, FRAMES),
                (spike..FRAMES, 13),
                (0..spike + 1, 1),
                (spike / 2..(spike + 900).min(FRAMES), 100),
                (spike..spike + 1, 1),
            ] {
                let count = count.min(range.len());
                let columns = peaks.columns(0, &samples, range.clone(), count);
                assert_eq!(columns.len(), count);
                let with: Vec<usize> = (0..count).filter(|c| columns[*c].max == 1.0).collect();
                // The last column that begins at the spike or before.
                let begins = |column: &usize| range.start + column * range.len() / count <= spike;
                assert_eq!(with, [(0..count).rev().find(begins).unwrap()], "spike {spike}, {count} of {range:?}");
            }
        }
    }

    #[test]
    fn columns_are_what_all_samples_say() {
        let mut x = 1u32;
        let mut noise = || {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 8) as f32 / 8_388_608.0 - 1.0
        };
        let channels: Vec<Vec<f32>> = (0..2).map(|_| (0..10_007).map(|_| noise()).collect()).collect();
        let peaks = Peaks::new(&channels);
        for (start, end) in [(0, 10_007), (1, 10_006), (63, 65), (64, 320), (4_000, 10_007), (777, 778)] {
            for (channel, samples) in channels.iter().enumerate() {
                let columns = peaks.columns(channel, samples, start..end, 1);
                assert_eq!(columns, [Peak::of(&samples[start..end])], "channel {channel}, {start}..{end}");
            }
        }
    }

    #[test]
    fn columns_narrower_than_a_frame_show_it() {
        let samples = vec![0.0, 1.0, 2.0];
        let peaks = Peaks::new(std::slice::from_ref(&samples));
        let columns = peaks.columns(0, &samples, 1..3, 4);
        assert_eq!(
            columns.iter().map(|p| (p.min, p.max)).collect::<Vec<_>>(),
            [(1.0, 1.0), (1.0, 1.0), (2.0, 2.0), (2.0, 2.0)]
        );
        for (channel, range, count) in [(1, 0..3, 4), (0, 0..4, 4), (0, 2..2, 4), (0, 0..3, 0)] {
            assert_eq!(peaks.columns(channel, &samples, range, count), []);
        }
    }

    #[test]
    fn levels_are_built_until_few_blocks_are_left() {
        let peaks = Peaks::new(&[vec![0.5; 64 * 100 + 1]]);
        assert_eq!(peaks.0[0].iter().map(|level| level.len()).collect::<Vec<_>>(), [101, 26, 7]);
    }
}
