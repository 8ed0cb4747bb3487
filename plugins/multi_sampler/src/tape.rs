//! A sound as a voice plays it: its frames in the order in which they are heard, once or round a loop for ever.

use std::ops::Range;

use cantus_plugin_api::GUARD_FRAMES;

use crate::multi_sampler::LoopMode;

/// A loop in a sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Frames that are repeated; not empty.
    pub range: Range<usize>,
    /// How, after the sound has come to its end once: from its beginning; from its end to its beginning, then from its end
    /// again; or to its beginning and back.
    pub turn: LoopMode,
    /// Frames over which its end is mixed with what comes before its beginning, so that the seam is not heard. As many
    /// as there are, at most its length.
    pub fade: usize,
}

/// Which frames of a sound come when: frame 0 of a tape is the first that is heard. What comes before it, and after the
/// last one of a tape without a loop, are the sound's own neighbours, so that it is as smooth there as anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tape {
    /// The sound is played from its end: places are counted from there.
    backward: bool,
    /// Frames of the whole sound.
    frames: i64,
    /// Where it begins.
    first: i64,
    /// Where the loop takes over, or it ends.
    end: i64,
    round: Option<Round>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Round {
    start: i64,
    end: i64,
    turn: LoopMode,
    fade: i64,
}

/// Frames that lie side by side in the sound.
struct Run {
    /// The first, counted from where the tape counts.
    first: i64,
    /// They are played from the last to the first.
    falls: bool,
    /// How many there are.
    len: i64,
    /// They are mixed with those this far from them, more with each.
    mix: Option<Mix>,
}

struct Mix {
    /// How far away the others are.
    distance: i64,
    /// How many have been mixed before, and how many there are.
    done: i64,
    all: i64,
}

impl Tape {
    /// Of a sound of `frames` frames: from `first` to the end of `stretch`, or backward from there to its beginning. With
    /// a loop it stays in that once it has come to its end.
    pub fn new(frames: usize, first: usize, stretch: &Range<usize>, backward: bool, around: Option<&Loop>) -> Tape {
        let frames = frames as i64;
        let seen = |range: &Range<usize>| {
            let (start, end) = (range.start as i64, range.end as i64);
            if backward { frames - end..frames - start } else { start..end }
        };
        let stretch = seen(stretch);
        let first = first as i64;
        let first = if backward { frames - 1 - first } else { first };
        let round = around.map(|around| {
            let Range { start, end } = seen(&around.range);
            let room = match around.turn {
                LoopMode::Forward => start,
                LoopMode::Backward => frames - end,
                LoopMode::PingPong => 0,
            };
            let fade = (around.fade as i64).min(room).min(end - start);
            Round { start, end, turn: around.turn, fade }
        });
        let end = round.as_ref().map_or(stretch.end, |round| round.end);
        Tape { backward, frames, first: first.min(end), end, round }
    }

    /// Frames before its end, or before its loop takes over.
    pub fn lead(&self) -> u64 {
        (self.end - self.first).max(0) as u64
    }

    /// Frames after which its loop is where it was; `None` without one.
    pub fn period(&self) -> Option<u64> {
        let round = self.round.as_ref()?;
        let len = (round.end - round.start) as u64;
        Some(if round.turn == LoopMode::PingPong { 2 * len } else { len })
    }

    /// The frame of the sound that is heard at a place of the tape.
    pub fn frame(&self, at: i64) -> usize {
        let at = self.run(at).first;
        (if self.backward { self.frames - 1 - at } else { at }).clamp(0, self.frames - 1) as usize
    }

    /// Fills `out` from a place on with the frames of one channel, which stands between its guard frames.
    pub fn read(&self, sound: &[f32], from: i64, out: &mut [f32]) {
        let mut done = 0;
        // Once all of a round is there, it is repeated: a loop may be a single frame.
        let repeats = self.period().map(|period| (self.end - self.first).max(from) - from + period as i64);
        while done < out.len() {
            if let (Some(period), Some(repeats)) = (self.period(), repeats)
                && done as i64 >= repeats
            {
                let (there, rest) = out.split_at_mut(done);
                let round = &there[done - period as usize..];
                rest.chunks_mut(round.len()).for_each(|rest| rest.copy_from_slice(&round[..rest.len()]));
                return;
            }
            let run = self.run(from + done as i64);
            let len = run.len.min((out.len() - done) as i64) as usize;
            let part = &mut out[done..done + len];
            self.copy(sound, run.first, run.falls, part);
            if let Some(mix) = &run.mix {
                self.mix(sound, &run, mix, part);
            }
            done += len;
        }
    }

    /// What lies at a place of the tape.
    fn run(&self, at: i64) -> Run {
        let place = self.first + at;
        let Some(round) = &self.round else {
            return Run { first: place, falls: false, len: i64::MAX, mix: None };
        };
        let len = round.end - round.start;
        let rising = |place: i64| match round.turn {
            LoopMode::Forward => round.up_to_seam(place),
            LoopMode::Backward | LoopMode::PingPong => {
                Run { first: place, falls: false, len: round.end - place, mix: None }
            }
        };
        if place < round.end {
            return rising(place);
        }
        let past = place - round.end;
        match round.turn {
            LoopMode::Forward => rising(round.start + past % len),
            LoopMode::Backward => round.down_to_seam(round.end - 1 - past % len),
            LoopMode::PingPong if past % (2 * len) < len => {
                let back = past % (2 * len);
                Run { first: round.end - 1 - back, falls: true, len: len - back, mix: None }
            }
            LoopMode::PingPong => rising(round.start + past % len),
        }
    }

    fn copy(&self, sound: &[f32], first: i64, falls: bool, out: &mut [f32]) {
        let (first, falls) = if self.backward { (self.frames - 1 - first, !falls) } else { (first, falls) };
        let lowest = GUARD_FRAMES as i64 + if falls { first - (out.len() as i64 - 1) } else { first };
        let there = usize::try_from(lowest).ok().and_then(|lowest| sound.get(lowest..lowest + out.len()));
        match there {
            Some(there) if falls => out.iter_mut().zip(there.iter().rev()).for_each(|(to, from)| *to = *from),
            Some(there) => out.copy_from_slice(there),
            // Further out than the silence that stands around it.
            None => {
                for (n, to) in out.iter_mut().enumerate() {
                    let at = first + if falls { -(n as i64) } else { n as i64 };
                    let at = usize::try_from(at + GUARD_FRAMES as i64).ok();
                    *to = at.and_then(|at| sound.get(at)).copied().unwrap_or(0.0);
                }
            }
        }
    }

    fn mix(&self, sound: &[f32], run: &Run, mix: &Mix, out: &mut [f32]) {
        let mut other = [0.0; 64];
        for (n, part) in out.chunks_mut(other.len()).enumerate() {
            let done = (n * other.len()) as i64;
            let first = run.first + mix.distance + if run.falls { -done } else { done };
            let other = &mut other[..part.len()];
            self.copy(sound, first, run.falls, other);
            for (n, (to, from)) in part.iter_mut().zip(other).enumerate() {
                let weight = (mix.done + done + n as i64 + 1) as f32 / (mix.all + 1) as f32;
                *to += weight * (*from - *to);
            }
        }
    }
}

impl Round {
    /// Frames of a loop that begins again: before its end they are mixed with those before its beginning.
    fn up_to_seam(&self, place: i64) -> Run {
        let seam = self.end - self.fade;
        if place < seam {
            return Run { first: place, falls: false, len: seam - place, mix: None };
        }
        let mix = Mix { distance: self.start - self.end, done: place - seam, all: self.fade };
        Run { first: place, falls: false, len: self.end - place, mix: Some(mix) }
    }

    /// Frames of a loop that goes back: before its beginning they are mixed with those behind its end.
    fn down_to_seam(&self, place: i64) -> Run {
        let seam = self.start + self.fade;
        if place >= seam {
            return Run { first: place, falls: true, len: place - seam + 1, mix: None };
        }
        let mix = Mix { distance: self.end - self.start, done: seam - 1 - place, all: self.fade };
        Run { first: place, falls: true, len: place - self.start + 1, mix: Some(mix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first frames, of a sound that counts from 1.
    fn heard(frames: usize, tape: &Tape, from: i64, count: usize) -> Vec<f32> {
        let counting: Vec<f32> = (1..=frames).map(|n| n as f32).collect();
        let sound = [&[0.0; GUARD_FRAMES][..], &counting, &[0.0; GUARD_FRAMES]].concat();
        let mut out = vec![0.0; count];
        // In two parts, as a quantum may be.
        let (first, second) = out.split_at_mut(count / 2);
        tape.read(&sound, from, first);
        tape.read(&sound, from + first.len() as i64, second);
        out
    }

    fn around(range: Range<usize>, turn: LoopMode, fade: usize) -> Option<Loop> {
        Some(Loop { range, turn, fade })
    }

    #[test]
    fn what_is_heard() {
        type Row = (&'static str, usize, Range<usize>, bool, Option<Loop>, i64, &'static [f32]);
        let table: [Row; 10] = [
            ("forward", 2, 0..8, false, None, 0, &[3.0, 4.0, 5.0, 6.0, 7.0, 8.0]),
            ("its neighbours", 2, 2..4, false, None, -1, &[2.0, 3.0, 4.0, 5.0]),
            ("silence around it", 0, 0..8, false, None, -2, &[0.0, 0.0, 1.0, 2.0]),
            ("backward", 5, 0..8, true, None, -1, &[7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0, 0.0]),
            ("loop", 1, 0..8, false, around(2..5, LoopMode::Forward, 0), 0, &[2.0, 3.0, 4.0, 5.0, 3.0, 4.0, 5.0, 3.0]),
            (
                "there and back",
                1,
                0..8,
                false,
                around(2..5, LoopMode::PingPong, 0),
                0,
                &[2.0, 3.0, 4.0, 5.0, 5.0, 4.0, 3.0, 3.0, 4.0, 5.0, 5.0],
            ),
            (
                "always back",
                1,
                0..8,
                false,
                around(2..5, LoopMode::Backward, 0),
                0,
                &[2.0, 3.0, 4.0, 5.0, 5.0, 4.0, 3.0, 5.0],
            ),
            (
                "backward round a loop",
                6,
                0..8,
                true,
                around(2..5, LoopMode::Forward, 0),
                0,
                &[7.0, 6.0, 5.0, 4.0, 3.0, 5.0, 4.0, 3.0, 5.0],
            ),
            // 5 and 6 are mixed with 2 and 3, a third and two thirds.
            ("mixed", 3, 0..8, false, around(3..6, LoopMode::Forward, 2), 0, &[4.0, 4.0, 4.0, 4.0, 4.0, 4.0]),
            // 4 and 5 are mixed with 7 and 8 on the way down.
            (
                "mixed back",
                5,
                0..8,
                false,
                around(3..6, LoopMode::Backward, 2),
                0,
                &[6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0],
            ),
        ];
        for (name, first, stretch, backward, round, from, expected) in table {
            let tape = Tape::new(8, first, &stretch, backward, round.as_ref());
            assert_eq!(heard(8, &tape, from, expected.len()), expected, "{name}");
            for (n, frame) in expected.iter().enumerate().filter(|(_, frame)| **frame >= 1.0 && !name.contains("mixed"))
            {
                assert_eq!(tape.frame(from + n as i64) as f32 + 1.0, *frame, "{name}");
            }
        }
    }
}
