//! A piece for one module: values, data, notes, input and transport, each at its absolute sample. The same seed makes the
//! same piece.

use cantus_manifest::ParamKind;
use cantus_plugin_api::raw::{
    ABSENT_SLOT, Event, Note, SLOT_OF_MODULE, SLOT_OF_NOTE, Section, Segment, Step, Value, flag, kind,
};
use cantus_plugin_api::{QUANTUM, Random};

use super::stage::{Knob, Socket, all_knobs, knobs, sockets};
use crate::model::ModuleType;
use crate::rt::{Data, Handles, NumbersMemory, PatternMemory, Said, SampleMemory, SequenceMemory};

/// What an input hears: absolute sample and channel to amplitude.
pub(super) type Signal = fn(u64, usize) -> f32;

/// A piece.
#[derive(Clone)]
pub(super) struct Score {
    /// By sample; those of one sample in their order.
    pub events: Vec<(u64, Event)>,
    /// What all inputs hear; none: nothing is connected.
    pub signal: Option<Signal>,
    /// By sample; at least one, at the first sample.
    pub segments: Vec<Segment>,
    /// Events that the module may emit in a quantum, and how many of them are kept for ends of notes.
    pub room: (u32, u32),
}

impl Score {
    /// Nothing happens: no event, no input, and the transport stands still.
    pub fn nothing() -> Score {
        Score { events: Vec::new(), signal: None, segments: vec![STILL], room: (512, 128) }
    }

    /// All values are sent, and that is all.
    pub fn still(module: &ModuleType) -> Score {
        let mut score = Score::nothing();
        all_knobs(module).iter().for_each(|knob| score.snap(0, knob, knob.default));
        score
    }

    /// The module has something to do: data, input, a running transport, and notes. `rate` in Hz.
    pub fn typical(module: &ModuleType, rate: f64, seed: u64) -> Score {
        let mut score = Score::still(module);
        score.signal = Some(noise);
        score.segments = vec![Segment { bpm: 120.0, ..STILL }];
        for socket in sockets(module) {
            score.bind(0, &socket, Some(&plain(&socket.kind, rate)));
        }
        score.notes(module, seed);
        score
    }

    /// Some notes on every event input, and every action once.
    fn notes(&mut self, module: &ModuleType, seed: u64) {
        let mut random = Random::new(seed, 1);
        for port in 0..module.event_in.len() as u16 {
            let mut at = 0;
            for n in 0..64 {
                let note = 1 + n + 1000 * u32::from(port);
                let pitch = 48.0 + random.below(24) as f32;
                self.note_on(at, port, note, Note { pitch, velocity: 0.75, ..ANY });
                self.ends(
                    at + 500 + random.below(4000) as u64,
                    port,
                    note,
                    if n % 8 == 7 { kind::CHOKE } else { kind::NOTE_OFF },
                );
                at += 200 + random.below(3000) as u64;
            }
        }
        for (index, _) in module.manifest.actions.iter().enumerate() {
            let payload = Value { index: index as u16, slot: SLOT_OF_MODULE, reserved: 0, value: 0.0 };
            self.add(3000 + 700 * index as u64, Event::with_value(kind::ACTION, 0, 0, payload));
        }
    }

    /// The same, with all inputs hearing something else.
    pub fn hearing(self, signal: Option<Signal>) -> Score {
        Score { signal, ..self }
    }

    /// Puts an event behind all that are not later.
    pub fn add(&mut self, at: u64, event: Event) {
        let place = self.events.partition_point(|(other, _)| *other <= at);
        self.events.insert(place, (at, event));
    }

    /// Sets a value at once.
    pub fn snap(&mut self, at: u64, knob: &Knob, value: f64) {
        self.add(at, Event { flags: flag::SNAP, ..knob.event(value) });
    }

    /// Turns a value.
    pub fn turn(&mut self, at: u64, knob: &Knob, value: f64) {
        self.add(at, knob.event(value));
    }

    /// Turns numbers of the module to and fro, one every `every` frames, for so many quanta.
    pub fn turn_all(&mut self, module: &ModuleType, random: &mut Random, every: u64, quanta: usize) {
        let knobs = knobs(module);
        if knobs.is_empty() {
            return;
        }
        for n in 0..(quanta * QUANTUM) as u64 / every {
            let knob = &knobs[random.below(knobs.len())];
            let value = knob.any(random);
            let flags = [0, flag::SNAP, flag::RAMP][random.below(3)];
            self.events.push((n * every, Event { flags, ..knob.event(value) }));
        }
        self.events.sort_by_key(|(at, _)| *at);
    }

    /// Gives a data parameter something, or takes it away.
    pub fn bind(&mut self, at: u64, socket: &Socket, data: Option<&Data>) {
        // A module may hold it as long as it likes, and the process of a check is short: it is never freed.
        data.cloned().into_iter().for_each(std::mem::forget);
        self.add(at, Handles::default().bind(socket.index, socket.slot, data));
    }

    /// Begins a note.
    pub fn note_on(&mut self, at: u64, port: u16, note: u32, payload: Note) {
        self.add(at, Event { port, ..Event::with_note(kind::NOTE_ON, 0, note, payload) });
    }

    /// Ends a note, in the way that the kind says.
    pub fn ends(&mut self, at: u64, port: u16, note: u32, kind: u16) {
        self.add(at, Event { port, ..Event::bare(kind, 0, note) });
    }
}

impl Knob {
    /// It takes a value.
    pub fn event(&self, value: f64) -> Event {
        let payload = Value { index: self.index, slot: self.slot, reserved: 0, value };
        Event::with_value(kind::PARAM, 0, 0, payload)
    }

    /// It takes a value for one note alone.
    pub fn lock_event(&self, note: u32, value: f64) -> Event {
        let slot = if self.slot == SLOT_OF_MODULE { SLOT_OF_MODULE } else { SLOT_OF_NOTE };
        Event::with_value(kind::NOTE_PARAM, 0, note, Value { index: self.index, slot, reserved: 0, value })
    }

    /// Some value that it may have; often one of its ends.
    pub fn any(&self, random: &mut Random) -> f64 {
        match random.below(4) {
            0 => self.min,
            1 => self.max,
            _ => self.between(random.unit()),
        }
    }

    /// The value at that part of the way from its smallest to its largest.
    pub fn between(&self, part: f64) -> f64 {
        let value = self.min + part * (self.max - self.min);
        if self.kind == super::stage::KnobKind::Whole { value.round() } else { value }
    }
}

/// A transport that stands still at beat 0.
pub(super) const STILL: Segment = Segment { sample: 0, beat: 0.0, bpm: 0.0, slope: 0.0, flags: 0, epoch: 0 };

/// A note that leaves everything to the module that plays it.
pub(super) const ANY: Note =
    Note { pitch: f32::NAN, velocity: f32::NAN, slot: ABSENT_SLOT, column: 0, instrument: 0, glide: f32::NAN };

/// White noise from -1/4 to 1/4, the same at the same place for ever.
pub(super) fn noise(sample: u64, channel: usize) -> f32 {
    0.25 * Random::new(sample, channel as u64).either_way() as f32
}

/// Ordinary data of that kind. `rate` in Hz.
pub(super) fn plain(kind: &ParamKind, rate: f64) -> Data {
    match kind {
        ParamKind::Pattern => pattern(8, 4.0, &[(0, 60.0), (2, 64.0), (3, 67.0), (6, 72.0)]),
        ParamKind::Numbers { min, max } => numbers(&[*min, *max, min + (max - min) / 2.0]),
        _ => sound(&[0, 1].map(|channel| tone(rate as usize / 2, rate, channel)), rate),
    }
}

/// A tone of 220 Hz without an offset, which dies away.
pub(super) fn tone(frames: usize, rate: f64, channel: usize) -> Vec<f32> {
    let at = |n: usize| {
        let phase = std::f64::consts::TAU * 220.0 * n as f64 / rate + channel as f64;
        (0.5 * phase.sin() * (1.0 - n as f64 / frames as f64)) as f32
    };
    (0..frames).map(at).collect()
}

/// A sound; channels are equally long. `rate` in Hz.
pub(super) fn sound(channels: &[Vec<f32>], rate: f64) -> Data {
    Data::Sample(SampleMemory::new(channels, rate, Said::default()))
}

/// A list.
pub(super) fn numbers(values: &[f64]) -> Data {
    Data::Numbers(NumbersMemory::new(values.to_vec()))
}

/// A pattern of so many rows that goes round and round; row and pitch of each step.
pub(super) fn pattern(rows: u32, steps_per_beat: f64, steps: &[(u32, f32)]) -> Data {
    let step = |(row, pitch): &(u32, f32)| Step { pitch: *pitch, velocity: 0.75, length: 1.0, ..Step::new(*row, 0) };
    sequence(rows, steps_per_beat, steps.iter().map(step).collect())
}

/// The same of whole steps, which are sorted.
pub(super) fn sequence(rows: u32, steps_per_beat: f64, steps: Vec<Step>) -> Data {
    let pattern = PatternMemory::new((rows, steps_per_beat, false), 7, steps, Vec::new());
    let section = Section {
        pattern: std::ptr::null(),
        start: 0.0,
        rows,
        repeats: u32::MAX,
        turn: 0,
        turns: u32::MAX,
        entry: 0,
        transpose: 0.0,
    };
    Data::Sequence(SequenceMemory::new(1, vec![(0.0, f64::INFINITY, vec![(pattern, section)])]))
}
