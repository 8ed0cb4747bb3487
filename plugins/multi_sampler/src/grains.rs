//! A sound in grains: short overlapping parts of it, each under a window, so that where they are taken from and how fast
//! they are played have nothing to do with each other.

use std::ops::{Range, RangeInclusive};

use cantus_plugin_api::{QUANTUM, Random, Sample};

use crate::align::best;
use crate::grain::{Grain, Setting};
use crate::kernel::ONE;
use crate::multi_sampler::LoopMode;
use crate::part::Part;
use crate::reader::{Desk, Interpolation};
use crate::tape::Tape;

/// Grains that are heard at once. One more waits until the oldest, which is told to, has closed.
const MOST: usize = 18;
/// As many, and those that begin in a quantum; one more does not.
const KEPT: usize = MOST + QUANTUM;
/// Seconds from an onset on that are heard once alone.
const ATTACK: f64 = 0.005;

/// The grains of a voice.
#[derive(Clone, Debug)]
pub struct Cloud {
    part: Part,
    setting: Setting,
    /// The sound, from its beginning and from its end.
    tapes: [Tape; 2],
    step: u64,
    /// The oldest first.
    grains: [Grain; KEPT],
    live: usize,
    /// Frames until the next one.
    until: f64,
    /// The frame of the sound that is heard when a fade has passed, so that what begins there has the time to open and
    /// what ends there the time to close; and frames since that was so.
    ahead: f64,
    since: u64,
    /// The loop has turned their place, and them, round.
    turned: bool,
    begun: bool,
    /// The place has left the part.
    through: bool,
    /// Onsets from this frame on are still to come.
    coming: usize,
    random: Random,
    /// Frames of a fade.
    fade: u32,
}

/// Something that the place comes to.
#[derive(Clone, Copy)]
enum Mark {
    /// An onset of the sound, at that frame.
    Hit(usize),
    /// The end of the loop.
    Turn,
    /// The end.
    End,
}

impl Cloud {
    /// Of a part of a sound, from a frame on. A fade that is there only not to click has `fade` frames.
    pub fn new(part: &Part, first: usize, setting: Setting, random: Random, fade: u32) -> Cloud {
        let tape = |backward| {
            let first = if backward { part.frames.saturating_sub(1) } else { 0 };
            Tape::new(part.frames, first, &(0..part.frames), backward, None)
        };
        let ahead = first as f64 + setting.rate * f64::from(fade);
        Cloud {
            part: part.clone(),
            setting,
            tapes: [tape(false), tape(true)],
            step: ONE,
            grains: [Grain::NONE; KEPT],
            live: 0,
            until: 0.0,
            ahead,
            since: 0,
            turned: false,
            begun: false,
            through: false,
            coming: ahead.max(0.0) as usize + 1,
            random,
            fade,
        }
    }

    /// Goes on in a part of the same sound.
    pub fn set(&mut self, part: &Part, setting: Setting) {
        if setting.rate != self.setting.rate {
            self.arrive();
            // Those that it turns round before come again.
            if setting.rate * self.setting.rate <= 0.0 {
                self.coming = self.ahead.max(0.0) as usize;
            }
        }
        if let (Some(to), Some(from)) = (setting.position, self.setting.position) {
            let moved = (to - from) * part.stretch.len() as f64;
            self.ahead += if part.backward { -moved } else { moved };
        }
        self.part.clone_from(part);
        self.setting = setting;
    }

    pub fn set_step(&mut self, step: u64) {
        self.step = step;
    }

    /// The frame of the sound that the next grain begins at.
    pub fn frame(&self) -> usize {
        let bounds = self.bounds();
        let last = bounds.end.max(bounds.start + 1) - 1;
        (self.place() as usize).clamp(bounds.start, last).min(self.part.frames.saturating_sub(1))
    }

    /// Frames in which its last grain has not ended: none if there is none left and none to come.
    pub fn left(&self, sample: &Sample) -> usize {
        match self.mark(sample) {
            _ if self.through => {
                self.grains[..self.live].iter().map(|grain| grain.wait + grain.left).max().unwrap_or(0) as usize
            }
            (Mark::End, frames) => frames.max(1) as usize,
            _ => usize::MAX,
        }
    }

    /// Adds what is heard next to silence.
    pub fn read(&mut self, sample: &Sample, how: Interpolation, desk: &mut Desk, left: &mut [f32], right: &mut [f32]) {
        left.fill(0.0);
        right.fill(0.0);
        let mut done = 0;
        loop {
            let (mark, due) = self.mark(sample);
            let frames = due.min(self.until as u64);
            let rest = (left.len() - done) as u64;
            let passed = frames.min(rest);
            self.since += passed;
            self.until -= passed as f64;
            done += passed as usize;
            if frames >= rest {
                break;
            }
            match mark {
                _ if due > frames || !self.begun => self.begin(sample, desk, done as u32),
                Mark::Hit(onset) => self.hit(sample, desk, onset, done as u32),
                Mark::Turn => self.turn(),
                Mark::End => self.end(done as u32),
            }
        }
        self.add(sample, how, desk, left, right);
    }

    /// Frames by which the place moves in a frame.
    fn velocity(&self) -> f64 {
        if self.turned { -self.setting.rate } else { self.setting.rate }
    }

    /// What is `ahead` now.
    fn arrive(&mut self) {
        self.ahead += self.velocity() * self.since as f64;
        self.since = 0;
    }

    /// Where the sound is heard now.
    fn place(&self) -> f64 {
        self.ahead + self.velocity() * (self.since as f64 - f64::from(self.fade))
    }

    /// The frames that the place goes through: those before a loop once.
    fn bounds(&self) -> Range<usize> {
        let Part { stretch, around, .. } = &self.part;
        let Some(around) = around else { return stretch.clone() };
        let Range { start, end } = around.range;
        let now = self.ahead + self.velocity() * self.since as f64;
        let before = now < start as f64 && !self.part.backward;
        let behind = now >= end as f64 && self.part.backward;
        (if before { stretch.start } else { start })..(if behind { stretch.end } else { end })
    }

    /// What the place comes to next, and in how many frames.
    fn mark(&self, sample: &Sample) -> (Mark, u64) {
        let velocity = self.velocity();
        if self.through || velocity == 0.0 {
            return (Mark::End, u64::MAX);
        }
        let (mark, range) = match &self.part.around {
            Some(around) => (Mark::Turn, &around.range),
            None => (Mark::End, &self.part.stretch),
        };
        let edge = if velocity > 0.0 { range.end } else { range.start };
        let (mark, edge) = match self.onsets(sample).1 {
            Some(onset) if onset < edge => (Mark::Hit(onset), onset),
            _ => (mark, edge),
        };
        let frames = ((edge as f64 - self.ahead) / velocity).ceil().max(0.0) as u64;
        (mark, frames.saturating_sub(self.since))
    }

    /// Of a sound that is stretched forward, the onset that was last and the one that is next.
    fn onsets(&self, sample: &Sample) -> (Option<usize>, Option<usize>) {
        if !self.setting.aligned || self.falls() || self.velocity() <= 0.0 {
            return (None, None);
        }
        let onsets = sample.onsets();
        let next = onsets.partition_point(|onset| onset.frame < self.coming);
        let frame = |at: usize| onsets.get(at).map(|onset| onset.frame);
        (next.checked_sub(1).and_then(frame), frame(next))
    }

    /// An onset is heard once, in its time, and sharp: all grains close up to it, and the sound goes on from there as it
    /// is. None before reads so far, none behind it reads its attack again.
    fn hit(&mut self, sample: &Sample, desk: &Desk, onset: usize, at: u32) {
        self.arrive();
        self.close(at);
        // Of those that come in the same frame the first is heard for all.
        self.coming = onset.max(self.ahead as usize) + 1;
        self.until = (self.setting.size / self.setting.density).max(1.0);
        let (len, ratio) = (self.setting.size.max(2.0) as u32, self.step as f64 / ONE as f64);
        // They open before it, as far as there is something before it.
        let before = (onset.saturating_sub(self.part.stretch.start) as f64 / ratio).min(f64::from(self.fade)) as u32;
        let frame = onset as i64 - (f64::from(before) * ratio) as i64;
        self.push_whole(sample, desk, frame, at + self.fade - before, len, before);
    }

    /// Goes round the loop, from where it has come to its end.
    fn turn(&mut self) {
        self.arrive();
        let Some(around) = &self.part.around else { return };
        let (start, end) = (around.range.start as f64, around.range.end as f64);
        let past = if self.velocity() > 0.0 { self.ahead - end } else { start - self.ahead };
        self.turned = match around.turn {
            LoopMode::Forward => false,
            LoopMode::Backward => true,
            LoopMode::PingPong => !self.turned,
        };
        let past = past.max(0.0) % (end - start);
        self.ahead = if self.velocity() > 0.0 { start + past } else { end - past };
        self.coming = around.range.start;
    }

    /// All close, and none begins any more.
    fn end(&mut self, at: u32) {
        self.close(at);
        (self.through, self.until) = (true, f64::INFINITY);
    }

    fn close(&mut self, at: u32) {
        self.grains[..self.live].iter_mut().for_each(|grain| grain.close(at, self.fade));
    }

    /// The next grain begins, `at` frames from here.
    fn begin(&mut self, sample: &Sample, desk: &Desk, at: u32) {
        if let Some(wait) = self.make_room(at) {
            self.until += f64::from(wait);
            return;
        }
        let Setting { size, density, spray, aligned, .. } = self.setting;
        self.until += (size / density).max(1.0);
        self.arrive();
        let len = size.max(2.0) as u32;
        let (room, falls) = (self.room(sample, len), self.falls());
        let spread = self.random.either_way() * spray;
        let mut frame = ((self.place() + spread) as i64).clamp(*room.start(), *room.end());
        if aligned && self.live > 0 {
            let latest = self.latest(at);
            frame = desk.cpu.run(
                #[inline(always)]
                || best(sample, latest, frame, &room, falls),
            );
        }
        if aligned && !self.begun {
            self.push_whole(sample, desk, frame, at, len, 0);
        } else {
            self.push(sample, desk, frame, at, 0, len);
        }
        self.begun = true;
    }

    /// While there is no room for one more, the oldest closes: frames until then.
    fn make_room(&mut self, at: u32) -> Option<u32> {
        let grains = &mut self.grains[..self.live];
        let is_live = |grain: &&mut Grain| grain.wait + grain.left > at;
        if grains.iter_mut().filter(is_live).count() < MOST {
            return None;
        }
        let oldest = grains.iter_mut().find(is_live)?;
        oldest.close(at, self.fade);
        Some(oldest.wait + oldest.left - at)
    }

    /// They are played backward.
    fn falls(&self) -> bool {
        self.part.backward != self.turned
    }

    /// Where grains of `len` frames may begin, so that they read nothing beyond the part; as near as can be.
    fn room(&self, sample: &Sample, len: u32) -> RangeInclusive<i64> {
        let Range { start, end } = self.segment(sample);
        let (first, last) = (start as i64, end.max(start + 1) as i64 - 1);
        // What the end comes before is heard until then.
        let heard = match self.mark(sample) {
            (Mark::End | Mark::Hit(_), frames) => u64::from(len).min(frames.saturating_add(u64::from(self.fade))),
            (Mark::Turn, _) => u64::from(len),
        };
        let span = (heard as f64 * (self.step as f64 / ONE as f64)).floor() as i64;
        if self.falls() { (first + span).min(last)..=last } else { first..=(last + 1 - span).max(first) }
    }

    /// The frames that grains may read: from one onset, but for its attack, to the next.
    fn segment(&self, sample: &Sample) -> Range<usize> {
        let (bounds, (last, next)) = (self.bounds(), self.onsets(sample));
        let attack = (ATTACK * sample.rate()) as usize + 1;
        let end = next.map_or(bounds.end, |next| next.clamp(bounds.start, bounds.end));
        let start = last
            .filter(|last| self.begun && *last >= bounds.start)
            .map_or(bounds.start, |last| (last + attack).min(end));
        start..end
    }

    /// The frame of the sound that the latest grain has come to.
    fn latest(&self, at: u32) -> i64 {
        let grain = &self.grains[self.live - 1];
        let there = grain.position + u64::from(at.saturating_sub(grain.wait)) * self.step;
        let there = (there / ONE).cast_signed();
        if grain.falls { self.part.frames as i64 - 1 - there } else { there }
    }

    /// The sound as it is, not under half a window: half a grain, and a whole one. Both open in so many frames.
    fn push_whole(&mut self, sample: &Sample, desk: &Desk, frame: i64, at: u32, len: u32, opens: u32) {
        let before = self.live;
        self.push(sample, desk, frame, at, len / 2, len);
        self.push(sample, desk, frame, at, 0, len);
        for grain in &mut self.grains[before..self.live] {
            grain.opens = 1.0 / opens.max(1) as f32;
        }
    }

    /// A grain at a frame of the sound, whose window is `age` frames old; it closes where the part ends before it does.
    fn push(&mut self, sample: &Sample, desk: &Desk, frame: i64, at: u32, age: u32, len: u32) {
        let (bounds, falls) = (self.segment(sample), self.falls());
        let there = if falls { frame + 1 - bounds.start as i64 } else { bounds.end as i64 - frame };
        let there = ((there.max(1) as u64) * ONE).div_ceil(self.step).min(u64::from(u32::MAX)) as u32;
        let (whole, frame) = (len - age, frame.clamp(0, self.part.frames.saturating_sub(1) as i64));
        let place = if falls { self.part.frames as i64 - 1 - frame } else { frame };
        if self.live == KEPT {
            return;
        }
        let Setting { density, window, .. } = self.setting;
        self.grains[self.live] = Grain {
            position: place as u64 * ONE,
            age,
            len,
            wait: at,
            heard: 0,
            left: whole.min(there),
            opens: 1.0,
            closes: if there < whole { 1.0 / self.fade as f32 } else { 1.0 },
            gain: 1.0 / (density as f32 * desk.shapes[window as usize].mean).max(1.0),
            window,
            falls,
        };
        self.live += 1;
    }

    /// Adds all grains, each from where it begins.
    fn add(&mut self, sample: &Sample, how: Interpolation, desk: &mut Desk, left: &mut [f32], right: &mut [f32]) {
        let mut live = 0;
        for n in 0..self.live {
            let mut grain = self.grains[n];
            let first = grain.wait.min(left.len() as u32);
            let frames = (left.len() as u32 - first).min(grain.left);
            grain.wait -= first;
            if frames > 0 {
                let part = first as usize..(first + frames) as usize;
                let tape = &self.tapes[usize::from(grain.falls)];
                grain.add(tape, self.step, sample, how, desk, [&mut left[part.clone()], &mut right[part]]);
            }
            if grain.left > 0 {
                self.grains[live] = grain;
                live += 1;
            }
        }
        self.live = live;
    }
}
