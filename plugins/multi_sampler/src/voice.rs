//! One note that sounds.

use cantus_plugin_api::math::{exp2, semitones_to_ratio, sin};
use cantus_plugin_api::{Glide, NoteId, Numbers, QUANTUM, Random, Sample, Smooth};

use crate::envelope::Envelope;
use crate::filter::{self, Filter, Kind, Setting};
use crate::fit::{Fit, beats, fit, fitted, grains};
use crate::multi_sampler::{Param, SlotParam};
use crate::part::{Note, Part, Style, style};
use crate::reader::{Desk, Interpolation};
use crate::slices::Slices;
use crate::source::{Grains, Source};
use crate::values::{Locks, Name, NoteValues, Values, choice};

/// Frames after which what moves by itself (glide, vibrato, the second envelope) is looked at again, from the onset on.
const TICK: u64 = 32;
/// Seconds that a filter may ring on when its sound has ended.
const RING: f64 = 0.1;
/// The note that the cutoff follows the pitch from.
const MIDDLE: f64 = 60.0;

/// What all voices share.
pub struct Room<'a> {
    pub values: &'a Values,
    /// Of each slot, where its slices begin if a list says so.
    pub points: &'a [Option<Numbers>],
    pub desk: &'a mut Desk,
    /// Frames per second.
    pub rate: f64,
    /// Frames of a fade that is there only not to click.
    pub fade: u32,
    /// Of everything random.
    pub seed: u64,
    /// Beats per minute now.
    pub bpm: f64,
}

impl Room<'_> {
    fn beats_per_frame(&self) -> f64 {
        self.bpm / 60.0 / self.rate
    }
}

/// Who plays what.
#[derive(Clone, Copy)]
pub struct Call {
    pub note: NoteId,
    pub slot: usize,
    pub column: usize,
    /// `None`: the sound's own.
    pub pitch: Option<f32>,
    pub velocity: f32,
    pub locks: Locks,
}

/// A note, from its onset to the end of its sound or release.
pub struct Voice {
    pub call: Call,
    /// It began before all that have a higher number.
    pub number: u64,
    source: Source,
    level: Envelope,
    modulation: Envelope,
    filter: Filter,
    left: Smooth,
    right: Smooth,
    /// Semitones by which it is still off its pitch, and how many frames that takes.
    glide: (f64, u64),
    /// Frames since its onset, and since the glide began.
    age: u64,
    gliding: u64,
    /// It was let go.
    released: bool,
    /// Of a sound that is fitted slice by slice, beats since its onset, and which slice that is.
    through: f64,
    playing: i64,
    /// Its sound has ended, and only the filter rings.
    rings: bool,
    /// Its part has changed, and it could not go over to it yet.
    changed: bool,
    /// Something it looks at has changed.
    touched: bool,
    /// Something moved by itself when it looked last.
    moved: bool,
}

/// How a voice begins.
pub struct Start {
    pub call: Call,
    pub number: u64,
    pub sample: Sample,
    /// Frame of the sound; `None`: where the values say.
    pub first: Option<usize>,
    /// The level that its envelope begins at.
    pub level: f32,
    /// Semitones by which the note before lies above it.
    pub above: f64,
}

impl Voice {
    /// Begins; `None` if there is nothing to play.
    pub fn new(start: Start, room: &Room<'_>) -> Option<Voice> {
        let Start { call, number, sample, first, level, above } = start;
        let values = room.values.note(call.slot, &call.locks);
        let note =
            Note { values, pitch: call.pitch, points: room.points[call.slot].as_ref(), released: false, slice: 0 };
        let part = Part::new(&note, &sample, room.rate);
        if part.is_empty() {
            return None;
        }
        let first = first.unwrap_or_else(|| part.place(values.get(Param::Position)));
        let gains = values.gains(call.velocity);
        let setting = grains(&values, &part.stretch, &sample, room.rate, room.bpm);
        let random = Random::new(room.seed, number);
        let source =
            Source::new(sample, part, first, Grains { setting: &setting, random: &random, rate: room.rate }, room.fade);
        let glide = Smooth::new(0.0, f64::from(room.fade) / room.rate, room.rate);
        let still = Setting { kind: Kind::Off, steep: false, cutoff: 1000.0, resonance: 0.0 };
        let level = Envelope::new(values.level(room.fade, room.rate), level);
        let modulation = Envelope::new(values.modulation(room.rate), 0.0);
        let mut voice = Voice {
            call,
            number,
            source,
            level,
            modulation,
            filter: Filter::new(still, room.rate, room.fade),
            left: glide,
            right: glide,
            glide: (above, u64::from(values.frames(Param::Glide, room.rate))),
            age: 0,
            gliding: 0,
            released: false,
            through: 0.0,
            playing: 0,
            rings: false,
            changed: false,
            touched: true,
            moved: false,
        };
        voice.left.set(gains.0, Glide::Snap);
        voice.right.set(gains.1, Glide::Snap);
        let setting = voice.setting(room.values);
        voice.filter = Filter::new(setting, room.rate, room.fade);
        Some(voice)
    }

    fn values<'a>(&'a self, values: &'a Values) -> NoteValues<'a> {
        values.note(self.call.slot, &self.call.locks)
    }

    /// Its gains are others now.
    pub fn regain(&mut self, values: &Values, glide: Glide) {
        let (left, right) = self.values(values).gains(self.call.velocity);
        self.left.set(left, glide);
        self.right.set(right, glide);
    }

    /// Its part of the sound is another now.
    pub fn repart(&mut self) {
        self.changed = true;
    }

    /// Its pitch or filter are others now.
    pub fn touch(&mut self) {
        self.touched = true;
    }

    /// A value of its own.
    pub fn lock(&mut self, name: Name, value: f64, room: &Room<'_>) {
        self.call.locks.set(name, value);
        self.changed = true;
        self.regain(room.values, Glide::Own);
    }

    /// Goes on as another note, from the pitch where it is; answers how many semitones that lies above its sound.
    pub fn become_note(&mut self, call: Call, room: &Room<'_>) -> f64 {
        let from = self.semitones(room.values);
        self.call = call;
        let to = self.values(room.values).semitones(self.call.pitch, self.source.sample());
        self.glide = (from - to, u64::from(self.values(room.values).frames(Param::Glide, room.rate)));
        self.gliding = 0;
        self.changed = true;
        self.regain(room.values, Glide::Own);
        to
    }

    /// Lets it go.
    pub fn release(&mut self, values: &Values, rate: f64) {
        if self.released {
            return;
        }
        self.released = true;
        self.changed = true;
        let (release, modulation) =
            (self.values(values).frames(Param::Release, rate), self.values(values).frames(Param::ModRelease, rate));
        self.level.release(release);
        self.modulation.release(modulation);
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

    /// Where its envelope stands.
    pub fn level(&self) -> f32 {
        self.level.level()
    }

    /// Which frame of its sound is heard now.
    pub fn frame(&self) -> usize {
        self.source.frame()
    }

    /// The same as a fraction of the sound.
    pub fn along(&self) -> f64 {
        self.source.frame() as f64 / self.source.sample().frames() as f64
    }

    /// Semitones by which it lies above its sound, but for vibrato and envelope.
    pub fn semitones(&self, values: &Values) -> f64 {
        let (above, frames) = self.glide;
        let left = frames.saturating_sub(self.gliding) as f64 / frames.max(1) as f64;
        self.values(values).semitones(self.call.pitch, self.source.sample()) + above * left
    }

    /// Adds its sound; false when it has none left. At most a quantum at once.
    pub fn render(&mut self, room: &mut Room<'_>, left: &mut [f32], right: &mut [f32]) -> bool {
        let mut done = 0;
        while done < left.len() && !self.level.done() {
            if self.age.is_multiple_of(TICK) || self.changed || self.touched {
                self.tick(room);
            }
            let sliced = fit(&self.values(room.values)) == Some(Fit::Slices);
            if self.source.is_over() && !sliced && !self.rings && !self.ring(room.rate) {
                return false;
            }
            let mut frames = (left.len() - done).min((TICK - self.age % TICK) as usize);
            if sliced {
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
    fn next_slice(&mut self, room: &Room<'_>) -> usize {
        let (slice, beats) = self.slice(room);
        let around = style(&self.values(room.values)) != Style::Once;
        if slice != self.playing && (around || self.through < self::beats(&self.values(room.values))) {
            let part = Part::new(&Note { slice, ..self.note(room) }, self.source.sample(), room.rate);
            let setting = grains(&self.values(room.values), &part.stretch, self.source.sample(), room.rate, room.bpm);
            let random = Random::new(room.seed, self.number);
            if self.source.jump(&part, Grains { setting: &setting, random: &random, rate: room.rate }) {
                self.playing = slice;
            }
        } else if slice != self.playing {
            self.level.fade(room.fade);
        }
        // Sums are not exact; a millionth of a frame is not another one.
        (beats / room.beats_per_frame() - 1e-6).ceil().max(1.0) as usize
    }

    /// Something moves by itself.
    fn moves(&self, room: &Room<'_>) -> bool {
        let values = self.values(room.values);
        let bends = values.get(Param::ModPitch) != 0.0 || values.get(Param::ModCutoff) != 0.0;
        self.gliding < self.glide.1
            || values.get(Param::VibratoDepth) > 0.0
            || (bends && !self.modulation.resting())
            || self.filter.goes_over()
            || fit(&values).is_some()
    }

    /// Looks at what moves.
    fn tick(&mut self, room: &Room<'_>) {
        let moves = self.moves(room);
        // What has come to rest is looked at once more.
        if !(moves || self.moved || self.touched || self.changed) {
            return;
        }
        (self.touched, self.moved) = (false, moves);
        let speed = self.values(room.values).get(Param::Speed);
        if self.changed {
            let part = Part::new(&self.note(room), self.source.sample(), room.rate);
            let setting = grains(&self.values(room.values), &part.stretch, self.source.sample(), room.rate, room.bpm);
            let random = Random::new(room.seed, self.number);
            let grains = Grains { setting: &setting, random: &random, rate: room.rate };
            self.changed = !self.source.go_over(&part, grains);
        }
        if self.source.takes_grains() {
            let values = self.values(room.values);
            let setting = grains(&values, self.source.stretch(), self.source.sample(), room.rate, room.bpm);
            self.source.set_grains(&setting);
        }
        let values = self.values(room.values);
        let seconds = self.age as f64 / room.rate;
        let depth = values.get(Param::VibratoDepth);
        let turn = 2.0 * std::f64::consts::PI * (values.get(Param::VibratoRate) * seconds).fract();
        let vibrato = if depth > 0.0 { depth * sin(turn) } else { 0.0 };
        let envelope = f64::from(self.modulation.level()) * values.get(Param::ModPitch);
        let semitones = self.semitones(room.values) + vibrato + envelope;
        let fitted = if fit(&values) == Some(Fit::Repitch) { self.fitted(room) } else { 1.0 };
        let ratio = fitted * speed.abs() * semitones_to_ratio(semitones) * self.source.natural_ratio(room.rate);
        self.source.set_ratio(ratio);
        let setting = self.setting(room.values);
        self.filter.set(setting, room.rate, TICK as u32);
    }

    /// What the part of its sound is chosen by.
    fn note<'a>(&'a self, room: &'a Room<'_>) -> Note<'a> {
        let (values, points) = (self.values(room.values), room.points[self.call.slot].as_ref());
        Note { values, pitch: self.call.pitch, points, released: self.released, slice: self.playing }
    }

    /// How many times faster its sound is to be, so that it lasts as many beats as it should.
    fn fitted(&self, room: &Room<'_>) -> f64 {
        fitted(&self.values(room.values), self.source.stretch(), self.source.sample(), room.bpm)
    }

    /// Of a sound that is fitted slice by slice: the slice that it has come to, and beats until the next one.
    fn slice(&self, room: &Room<'_>) -> (i64, f64) {
        let values = self.values(room.values);
        let slices = Slices::new(&values, self.source.sample(), room.points[self.call.slot].as_ref());
        let frames = self.source.sample().frames() as f64;
        let place = |param| (values.slot(param) * frames).round() as usize;
        let (start, finish) = (place(SlotParam::Start), place(SlotParam::Finish));
        let whole = start.min(finish)..start.max(finish);
        let count = slices.count(&whole);
        // A slice has as much of the time as it has of the sound.
        let beat_of = |frame: usize| beats(&values) * (frame - whole.start) as f64 / whole.len().max(1) as f64;
        let rounds = (self.through / beats(&values)).floor();
        let within = self.through - rounds * beats(&values);
        let end = |n: usize| beat_of(slices.range(&whole, n as i64).end);
        let slice = (0..count).find(|n| within < end(*n) - 1e-9).unwrap_or(count - 1);
        (rounds as i64 * count as i64 + slice as i64, end(slice) - within)
    }

    /// What its filter is set to.
    fn setting(&self, values: &Values) -> Setting {
        const KINDS: [Kind; 5] = [Kind::Off, Kind::Low, Kind::High, Kind::Band, Kind::Notch];
        const HIGHEST: f64 = 20_000.0;
        let values = self.values(values);
        let track = f64::from(self.call.pitch.unwrap_or(MIDDLE as f32)) - MIDDLE;
        let semitones = values.get(Param::KeyTrack) * track
            + values.get(Param::VelocityTrack) * f64::from(self.call.velocity - 1.0)
            + values.get(Param::ModCutoff) * f64::from(self.modulation.level());
        let cutoff = (values.get(Param::Cutoff) * exp2(semitones / 12.0)).clamp(20.0, HIGHEST);
        let kind = values.choice(Param::Filter, &KINDS);
        let kind = if kind == Kind::Low && cutoff >= HIGHEST { Kind::Off } else { kind };
        let (steep, resonance) = (values.get(Param::Steep) != 0.0, values.get(Param::Resonance));
        Setting { kind, steep, cutoff, resonance }
    }

    /// Its sound has ended: what the filter still has fades out. False if that is nothing.
    fn ring(&mut self, rate: f64) -> bool {
        self.rings = true;
        self.level.fade((RING * rate) as u32);
        self.filter.ringing() > 1e-5
    }

    /// Frames of a tick.
    fn part(&mut self, room: &mut Room<'_>, to_left: &mut [f32], to_right: &mut [f32]) {
        const HOW: [Interpolation; 4] =
            [Interpolation::Linear, Interpolation::Cubic, Interpolation::Sinc8, Interpolation::Sinc];
        let all = to_left.len();
        let (mut levels, mut left, mut right) = ([0.0; QUANTUM], [0.0; QUANTUM], [0.0; QUANTUM]);
        let frames = self.level.fill(&mut levels[..all]);
        let (levels, left, right) = (&levels[..frames], &mut left[..frames], &mut right[..frames]);
        let (how, decibels) = {
            let values = self.values(room.values);
            (choice(values.get(Param::Interpolation), &HOW), values.get(Param::Drive))
        };
        self.source.read(how, room.desk, left, right);
        filter::drive(decibels, left);
        filter::drive(decibels, right);
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
