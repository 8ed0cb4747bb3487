//! One note that sounds.

use std::ops::Range;

use cantus_plugin_api::math::semitones_to_ratio;
use cantus_plugin_api::{Glide, QUANTUM, Sample, Smooth};

use crate::drive::Drive;
use crate::envelope::Envelope;
use crate::filter::Filter;
use crate::fit::{Fit, beats, fit, fitted, grains};
use crate::grain::Setting;
use crate::multi_sampler::{Param, SLOTS, SlotParam};
use crate::notes::{Before, Call};
use crate::part::{Note, Part, Style, style, whole};
use crate::reader::Interpolation;
use crate::room::Room;
use crate::slices::Slices;
use crate::source::Source;
use crate::values::{Name, NoteValues};
use crate::vibrato::Vibrato;

/// Frames after which what moves by itself (glide, vibrato, the second envelope) is looked at again, from the onset on.
const TICK: u64 = 32;
/// Seconds that a filter may ring on when its sound has ended.
const RING: f64 = 0.1;

/// A note, from its onset to the end of its sound or release.
pub struct Voice {
    pub call: Call,
    /// That of its note, which came before all that have a higher one.
    pub number: u64,
    /// Which of the voices that sound it is, the same from its onset on; none once it only fades out.
    pub place: Option<usize>,
    source: Source,
    level: Envelope,
    modulation: Envelope,
    drive: Drive,
    filter: Filter,
    left: Smooth,
    right: Smooth,
    /// Semitones by which it is still off its pitch, and how many frames that takes.
    glide: (f64, u64),
    vibrato: Vibrato,
    /// Frames since its onset, and since the glide began.
    age: u64,
    gliding: u64,
    /// It was let go.
    released: bool,
    /// Of a sound that is fitted slice by slice: beats since its onset, which slice that is, and the beat of the next one.
    through: f64,
    playing: i64,
    until: f64,
    /// Its sound has ended, and only the filter rings.
    rings: bool,
    /// Its part has changed, and it could not go over to it yet.
    changed: bool,
    /// Something it looks at has changed.
    touched: bool,
    /// As it looked last: something moves by itself, its sound is fitted slice by slice, and how it is read.
    moves: bool,
    sliced: bool,
    how: Interpolation,
}

/// How a voice begins.
pub struct Start {
    pub call: Call,
    pub number: u64,
    pub sample: Sample,
    /// Frame of the sound; `None`: where the values say.
    pub first: Option<usize>,
    pub before: Before,
}

impl Voice {
    /// Begins; `None` if there is nothing to play.
    pub fn new(start: Start, room: &Room) -> Option<Voice> {
        let Start { call, number, sample, first, before } = start;
        let values = room.values.note(call.slot, &call.locks);
        let note =
            Note { values, pitch: call.pitch, points: room.points[call.slot].as_ref(), released: false, slice: 0 };
        let part = Part::new(&note, &sample, room.rate);
        if part.is_empty() {
            return None;
        }
        let above = before.pitch.zip(values.heard(call.pitch, &sample)).map_or(0.0, |(from, to)| from - to);
        let first = first.unwrap_or_else(|| part.place(values.get(Param::Position)));
        let fade = f64::from(room.fade) / room.rate;
        let gain = |gain| Smooth::new(gain, fade, room.rate);
        // Each layer of a note has its own.
        let chances = number * SLOTS as u64 + call.slot as u64;
        let (left, right) = values.gains(call.velocity);
        let grains = grains(&values, &part.stretch, &sample, room.rate, room.bpm);
        let modulation = Envelope::new(values.modulation(room.rate), before.levels[1]);
        let filter = values.filter(call.pitch, call.velocity, modulation.level());
        Some(Voice {
            call,
            number,
            place: None,
            source: Source::new(sample, part, first, grains, chances, room),
            level: Envelope::new(values.level(room.fade, room.rate), before.levels[0]),
            modulation,
            drive: Drive::new(values.get(Param::Drive), fade, room.rate),
            filter: Filter::new(filter, room.rate, room.fade),
            left: gain(left),
            right: gain(right),
            glide: (above, u64::from(values.frames(Param::Glide, room.rate))),
            vibrato: Vibrato::default(),
            age: 0,
            gliding: 0,
            released: false,
            through: 0.0,
            playing: 0,
            until: 0.0,
            rings: false,
            changed: false,
            touched: true,
            moves: true,
            sliced: false,
            how: Interpolation::Sinc,
        })
    }

    fn values<'a>(&'a self, room: &'a Room) -> NoteValues<'a> {
        room.values.note(self.call.slot, &self.call.locks)
    }

    /// Its gains are others now.
    pub fn regain(&mut self, room: &Room, glide: Glide) {
        let (left, right) = self.values(room).gains(self.call.velocity);
        self.left.set(left, glide);
        self.right.set(right, glide);
    }

    /// Its part of the sound is another now.
    pub fn repart(&mut self) {
        (self.changed, self.until) = (true, 0.0);
    }

    /// Its pitch or filter are others now, or the tempo.
    pub fn touch(&mut self) {
        self.touched = true;
    }

    /// A value of its own.
    pub fn lock(&mut self, name: Name, value: f64, room: &Room) {
        self.call.locks.set(name, value);
        self.repart();
        self.regain(room, Glide::Own);
    }

    /// Goes on as another note, from the pitch where it is.
    pub fn become_note(&mut self, call: Call, number: u64, room: &Room) {
        let from = self.semitones(room);
        (self.call, self.number, self.released) = (call, number, false);
        let to = self.values(room).semitones(self.call.pitch, self.source.sample());
        self.glide = (from - to, u64::from(self.values(room).frames(Param::Glide, room.rate)));
        self.gliding = 0;
        self.repart();
        self.regain(room, Glide::Own);
    }

    /// Lets it go: it may leave its loop, and is released if it has a gate.
    pub fn let_go(&mut self, room: &Room) {
        self.leave();
        if self.has_gate(room) {
            self.release(room);
        }
    }

    /// Lets it go and fall, whether it has a gate or not.
    pub fn release(&mut self, room: &Room) {
        self.leave();
        let [level, modulation] =
            [Param::Release, Param::ModRelease].map(|param| self.values(room).frames(param, room.rate));
        self.level.release(level);
        self.modulation.release(modulation);
    }

    /// It may leave its loop.
    fn leave(&mut self) {
        self.released = true;
        self.repart();
    }

    /// It ends when it is let go.
    pub fn has_gate(&self, room: &Room) -> bool {
        self.values(room).slot(SlotParam::Gate) != 0.0
    }

    /// Fades out in `frames` frames.
    pub fn fade(&mut self, frames: u32) {
        self.level.fade(frames);
    }

    /// It was told to end.
    pub fn releasing(&self) -> bool {
        self.level.releasing()
    }

    /// It has not been heard yet.
    pub fn is_unheard(&self) -> bool {
        self.age == 0
    }

    /// How loud it is, for choosing whom to miss least.
    pub fn loudness(&self) -> f32 {
        self.level.level() * self.left.target().max(self.right.target())
    }

    /// Where its envelopes stand.
    pub fn levels(&self) -> [f32; 2] {
        [self.level.level(), self.modulation.level()]
    }

    /// It plays that sound, not another that its slot had before.
    pub fn plays(&self, sample: &Sample) -> bool {
        std::ptr::eq(self.source.sample().guarded(0), sample.guarded(0))
    }

    /// Which frame of its sound is heard now.
    pub fn frame(&self) -> usize {
        self.source.frame()
    }

    /// The same as a fraction of the sound.
    pub fn along(&self) -> f64 {
        self.source.frame() as f64 / self.source.sample().frames() as f64
    }

    /// The pitch that it comes to, if it has one.
    pub fn pitch(&self, room: &Room) -> Option<f64> {
        self.values(room).heard(self.call.pitch, self.source.sample())
    }

    /// Semitones by which it lies above its sound, but for vibrato and envelope.
    fn semitones(&self, room: &Room) -> f64 {
        let (above, frames) = self.glide;
        let left = frames.saturating_sub(self.gliding) as f64 / frames.max(1) as f64;
        self.values(room).semitones(self.call.pitch, self.source.sample()) + above * left
    }

    /// Adds its sound; false when it has none left. At most a quantum at once.
    pub fn render(&mut self, room: &mut Room, left: &mut [f32], right: &mut [f32]) -> bool {
        let mut done = 0;
        while done < left.len() && !self.level.done() {
            let changes = self.changed && !self.source.goes_over();
            if changes || self.touched || (self.moves && self.age.is_multiple_of(TICK)) {
                self.tick(room);
            }
            if self.source.is_over() && !self.sliced && !self.rings && !self.ring(room.rate) {
                return false;
            }
            let mut frames = (left.len() - done).min(self.source.steady());
            if self.moves {
                frames = frames.min((TICK - self.age % TICK) as usize);
            }
            if self.sliced {
                frames = frames.min(self.next_slice(room));
                self.through += frames as f64 * room.beats_per_frame();
            }
            self.part(room, &mut left[done..done + frames], &mut right[done..done + frames]);
            done += frames;
        }
        !self.level.done()
    }

    /// Of a sound that is fitted slice by slice: begins the next one if it is its time, and answers how many frames it is
    /// until the one after that.
    fn next_slice(&mut self, room: &Room) -> usize {
        // Sums are not exact: a millionth of a frame is not another one.
        let nearly = 1e-6 * room.beats_per_frame();
        if self.through >= self.until - nearly {
            let (slice, until) = self.slice(self.through + nearly, room);
            let values = self.values(room);
            let ends = style(&values) == Style::Once && self.through >= beats(&values) - nearly;
            if slice != self.playing && ends {
                self.level.fade(room.fade);
            } else if slice != self.playing {
                let part = Part::new(&Note { slice, ..self.note(room) }, self.source.sample(), room.rate);
                if !self.source.jump(&part, self.grains(&part.stretch, room)) {
                    // Something still fades out: the next tick tries again.
                    return usize::MAX;
                }
            }
            (self.playing, self.until) = (slice, until);
        }
        ((self.until - self.through - nearly) / room.beats_per_frame()).ceil().max(1.0) as usize
    }

    /// Something moves by itself.
    fn moves(&self, room: &Room) -> bool {
        let values = self.values(room);
        let bends = values.get(Param::ModPitch) != 0.0 || values.get(Param::ModCutoff) != 0.0;
        self.gliding < self.glide.1
            || values.get(Param::VibratoDepth) > 0.0
            || (bends && !self.modulation.resting())
            || self.filter.goes_over()
    }

    /// Looks at what moves.
    fn tick(&mut self, room: &Room) {
        // What comes to rest meanwhile is looked at once more.
        (self.moves, self.touched) = (self.moves(room), false);
        let speed = self.values(room).get(Param::Speed);
        if self.changed {
            let part = Part::new(&self.note(room), self.source.sample(), room.rate);
            let grains = self.grains(&part.stretch, room);
            self.changed = !self.source.go_over(&part, grains);
        }
        if self.source.takes_grains() {
            let grains = self.grains(self.source.stretch(), room);
            self.source.set_grains(grains);
        }
        let [rate, depth] = [Param::VibratoRate, Param::VibratoDepth].map(|param| self.values(room).get(param));
        let vibrato = self.vibrato.semitones(self.age, rate / room.rate, depth);
        let values = self.values(room);
        let envelope = f64::from(self.modulation.level()) * values.get(Param::ModPitch);
        let semitones = self.semitones(room) + vibrato + envelope;
        let fitted = match fit(&values) {
            Some(Fit::Repitch) => fitted(&values, self.source.stretch(), self.source.sample(), room.bpm),
            _ => 1.0,
        };
        let ratio = fitted * speed.abs() * semitones_to_ratio(semitones) * self.source.natural_ratio(room.rate);
        let filter = values.filter(self.call.pitch, self.call.velocity, self.modulation.level());
        let (how, drive) = (Interpolation::from_value(values.get(Param::Interpolation)), values.get(Param::Drive));
        (self.sliced, self.how) = (fit(&values) == Some(Fit::Slices), how);
        self.drive.set(drive);
        self.source.set_ratio(ratio);
        self.filter.set(filter, room.rate, TICK as u32);
    }

    /// What the part of its sound is chosen by.
    fn note<'a>(&'a self, room: &'a Room) -> Note<'a> {
        let (values, points) = (self.values(room), room.points[self.call.slot].as_ref());
        Note { values, pitch: self.call.pitch, points, released: self.released, slice: self.playing }
    }

    /// How its grains are, of a stretch of its sound.
    fn grains(&self, stretch: &Range<usize>, room: &Room) -> Setting {
        grains(&self.values(room), stretch, self.source.sample(), room.rate, room.bpm)
    }

    /// Of a sound that is fitted slice by slice: the slice that it has come to so many beats after its onset, and the beat
    /// at which the next one comes. A slice has as much of the time as it has of the sound.
    fn slice(&self, through: f64, room: &Room) -> (i64, f64) {
        let (values, sample) = (self.values(room), self.source.sample());
        let slices = Slices::new(&values, sample, room.points[self.call.slot].as_ref());
        let whole = whole(&values, sample.frames());
        let (beats, frames) = (beats(&values), whole.len() as f64);
        let round = (through / beats).floor();
        let along = (through / beats - round) * frames;
        let (slice, count, range) = slices.at(&whole, whole.start + along as usize);
        let end = round * beats + (range.end - whole.start) as f64 / frames * beats;
        ((round as i64).wrapping_mul(count as i64) + slice as i64, end)
    }

    /// Its sound has ended: what the filter still has fades out. False if that is nothing.
    fn ring(&mut self, rate: f64) -> bool {
        self.rings = true;
        self.level.fade((RING * rate) as u32);
        self.filter.ringing() > 1e-5
    }

    /// Frames in which nothing is looked at.
    fn part(&mut self, room: &mut Room, to_left: &mut [f32], to_right: &mut [f32]) {
        let all = to_left.len();
        let (mut levels, mut left, mut right) = ([0.0; QUANTUM], [0.0; QUANTUM], [0.0; QUANTUM]);
        let frames = self.level.fill(&mut levels[..all]);
        let (levels, left, right) = (&levels[..frames], &mut left[..frames], &mut right[..frames]);
        self.source.read(self.how, &mut room.desk, left, right);
        self.drive.run(left, right);
        self.filter.run(left, right);
        add(to_left, left, levels, &mut self.left);
        add(to_right, right, levels, &mut self.right);
        self.modulation.skip(frames);
        self.age += frames as u64;
        self.gliding += frames as u64;
    }
}

/// Adds `heard` to `to` with both gains.
fn add(to: &mut [f32], heard: &[f32], levels: &[f32], glide: &mut Smooth) {
    let frames = to.iter_mut().zip(heard).zip(levels);
    if glide.resting() {
        let rest = glide.target();
        frames.for_each(|((to, heard), level)| *to += heard * (level * rest));
    } else {
        frames.for_each(|((to, heard), level)| *to += heard * (level * glide.advance()));
    }
}
