//! The bench itself.

use std::any::Any;

use abi_stable::std_types::RStr;

use super::data::{TestNumbers, TestSample, TestSequence};
use super::music::Music;
use super::run::{Run, emitted};
use crate::block::{Block, NoteId};
use crate::cpu::Cpu;
use crate::derived::Made;
use crate::event::NoteOn;
use crate::export::{self, Desk, Erased};
use crate::module::{Init, Key, Module, Span};
use crate::raw::{self, Event, QUANTUM, SLOT_OF_MODULE, SLOT_OF_NOTE, flag, kind};
use crate::swing::Swing;

/// Events a quantum has room for, unless a test says otherwise, and how many of them are kept for note-offs.
const ROOM: (u32, u32) = (1024, 512);

/// Runs one module. Times are absolute samples; what is not given a time happens at the next quantum's first frame.
pub struct Bench<M: Module> {
    instance: Box<dyn Erased>,
    rate: f64,
    now: u64,
    music: Music,
    /// Absolute sample and event, in the order in which they were asked for.
    waiting: Vec<(u64, Event)>,
    signals: Vec<Option<Signal>>,
    inputs: Bus,
    outputs: Bus,
    meters: Vec<f32>,
    mods: Vec<f32>,
    written: Vec<Event>,
    room: (u32, u32),
    desk: Desk,
    /// What was made in the last quantum, by its place.
    made: Vec<(u32, Option<Made>)>,
    /// Data the module was given; dropped after the instance.
    kept: Vec<Box<dyn Any>>,
    names: std::marker::PhantomData<M>,
}

/// What an input hears: absolute sample and channel to amplitude.
type Signal = Box<dyn Fn(u64, usize) -> f32>;

/// A note of which the receiver chooses everything: slot, pitch and velocity.
pub fn note(id: u32) -> NoteOn {
    NoteOn::new(NoteId(id))
}

impl<M: Module> Bench<M> {
    /// A new instance at `rate` Hz, at sample 0, stopped at beat 0; its inputs are not connected.
    ///
    /// # Panics
    /// If the module refuses to be made.
    pub fn new(rate: f64) -> Bench<M> {
        Bench::on(Cpu::best(), rate)
    }

    /// The same, on what a processor has.
    ///
    /// # Panics
    /// If the module refuses to be made.
    pub fn on(cpu: Cpu, rate: f64) -> Bench<M> {
        Bench::made(cpu, rate, 1)
    }

    /// The same, with another seed than 1.
    ///
    /// # Panics
    /// If the module refuses to be made.
    pub fn seeded(rate: f64, seed: u64) -> Bench<M> {
        Bench::made(Cpu::best(), rate, seed)
    }

    fn made(cpu: Cpu, rate: f64, seed: u64) -> Bench<M> {
        let mut bench = Bench::silent_host(cpu, rate, seed);
        bench.send_defaults();
        bench
    }

    /// As `new`, but no value is sent: the module is what it made of itself.
    pub(super) fn silent_host(cpu: Cpu, rate: f64, seed: u64) -> Bench<M> {
        extern "C" fn log(_instance: u64, _level: u32, _text: RStr<'_>) {}
        let init = raw::Init { size: size_of::<raw::Init>() as u32, cpu: cpu.number(), rate, seed, instance: 1, log };
        let instance = export::new::<M>(&Init::new(init)).unwrap_or_else(|text| panic!("{}: {text}", M::TYPE));
        let meters = (0..).take_while(|&i| M::Meter::from_index(i).is_some()).count();
        Bench {
            desk: instance.desk(),
            made: Vec::new(),
            instance,
            rate,
            now: 0,
            music: Music::new(rate),
            waiting: Vec::new(),
            signals: M::SHAPE.inputs.iter().map(|_| None).collect(),
            inputs: Bus::new(M::SHAPE.inputs),
            outputs: Bus::new(M::SHAPE.outputs),
            meters: vec![0.0; meters],
            mods: vec![0.0; M::SHAPE.mod_outputs],
            written: vec![Event::bare(0, 0, 0); ROOM.0 as usize],
            room: ROOM,
            kept: Vec::new(),
            names: std::marker::PhantomData,
        }
    }

    /// Resets the module; the bench itself is as new too.
    pub fn reset(&mut self) {
        self.silent_reset();
        self.send_defaults();
    }

    /// As `reset`, but no value is sent.
    pub(super) fn silent_reset(&mut self) {
        self.instance.reset();
        (self.now, self.music, self.room) = (0, Music::new(self.rate), ROOM);
        self.waiting.clear();
        self.signals.fill_with(|| None);
        self.meters.fill(0.0);
        self.mods.fill(0.0);
    }

    fn send_defaults(&mut self) {
        let defaults = |spans: &'static [Option<Span>]| {
            spans.iter().enumerate().filter_map(|(index, span)| span.map(|s| (index, s.default)))
        };
        for (index, value) in defaults(M::SHAPE.params) {
            self.value(0, kind::PARAM, index, SLOT_OF_MODULE, value, true);
        }
        for slot in 0..M::SHAPE.slots as u16 {
            for (index, value) in defaults(M::SHAPE.slot_params) {
                self.value(0, kind::PARAM, index, slot, value, true);
            }
        }
    }

    /// Sets a parameter at once.
    pub fn param(&mut self, param: M::Param, value: f64) {
        self.value(self.now, kind::PARAM, param.index(), SLOT_OF_MODULE, value, true);
    }

    /// Turns a parameter, at a sample: modules smooth it.
    pub fn param_at(&mut self, at: u64, param: M::Param, value: f64) {
        self.value(at, kind::PARAM, param.index(), SLOT_OF_MODULE, value, false);
    }

    /// Sets a slot's parameter at once. Slots count from 0.
    pub fn slot_param(&mut self, slot: usize, param: M::SlotParam, value: f64) {
        self.value(self.now, kind::PARAM, param.index(), slot as u16, value, true);
    }

    /// Turns a slot's parameter, at a sample. Slots count from 0.
    pub fn slot_param_at(&mut self, at: u64, slot: usize, param: M::SlotParam, value: f64) {
        self.value(at, kind::PARAM, param.index(), slot as u16, value, false);
    }

    /// Gives a slot a sound. Slots count from 0.
    pub fn bind_sample(&mut self, slot: usize, param: M::SlotParam, sample: &TestSample) {
        self.bind_at(self.now, param.index(), slot as u16, 1, sample.handle());
        self.kept.push(Box::new(sample.clone()));
    }

    /// Takes a slot's sound away. Slots count from 0.
    pub fn unbind_sample(&mut self, slot: usize, param: M::SlotParam) {
        self.bind_at(self.now, param.index(), slot as u16, 0, 0);
    }

    /// Gives the module something to play.
    pub fn bind_sequence(&mut self, param: M::Param, sequence: &TestSequence) {
        self.bind_sequence_at(self.now, param, sequence);
    }

    /// Gives the module something to play, at a sample.
    pub fn bind_sequence_at(&mut self, at: u64, param: M::Param, sequence: &TestSequence) {
        self.bind_at(at, param.index(), SLOT_OF_MODULE, 2, sequence.handle());
        self.kept.push(Box::new(sequence.clone()));
    }

    /// Takes away what the module plays.
    pub fn unbind_sequence(&mut self, param: M::Param) {
        self.unbind_sequence_at(self.now, param);
    }

    /// Takes away what the module plays, at a sample.
    pub fn unbind_sequence_at(&mut self, at: u64, param: M::Param) {
        self.bind_at(at, param.index(), SLOT_OF_MODULE, 0, 0);
    }

    /// Gives the module a list of numbers.
    pub fn bind_numbers(&mut self, param: M::Param, numbers: &TestNumbers) {
        self.bind_at(self.now, param.index(), SLOT_OF_MODULE, 3, numbers.handle());
        self.kept.push(Box::new(numbers.clone()));
    }

    /// Gives a slot a list of numbers. Slots count from 0.
    pub fn bind_slot_numbers(&mut self, slot: usize, param: M::SlotParam, numbers: &TestNumbers) {
        self.bind_at(self.now, param.index(), slot as u16, 3, numbers.handle());
        self.kept.push(Box::new(numbers.clone()));
    }

    /// Begins a note, at a sample.
    pub fn note_on(&mut self, at: u64, on: NoteOn) {
        let event = Event::with_note(kind::NOTE_ON, 0, on.note.0, on.to_raw());
        self.waiting.push((at, event));
    }

    /// Ends a note, at a sample.
    pub fn note_off(&mut self, at: u64, note: u32) {
        self.waiting.push((at, Event::bare(kind::NOTE_OFF, 0, note)));
    }

    /// Ends a note without its release, at a sample.
    pub fn choke(&mut self, at: u64, note: u32) {
        self.waiting.push((at, Event::bare(kind::CHOKE, 0, note)));
    }

    /// Sets a parameter for one note alone, at a sample: before its note-on, or while it sounds.
    pub fn note_param(&mut self, at: u64, note: u32, param: M::Param, value: f64) {
        self.lock(at, note, param.index(), SLOT_OF_MODULE, value);
    }

    /// The same, of a parameter of the slot that the note plays.
    pub fn note_slot_param(&mut self, at: u64, note: u32, param: M::SlotParam, value: f64) {
        self.lock(at, note, param.index(), SLOT_OF_NOTE, value);
    }

    fn lock(&mut self, at: u64, note: u32, index: usize, slot: u16, value: f64) {
        let payload = raw::Value { index: index as u16, slot, reserved: 0, value };
        self.waiting.push((at, Event::with_value(kind::NOTE_PARAM, 0, note, payload)));
    }

    /// Tells the module to do something, at a sample.
    pub fn action(&mut self, at: u64, action: M::Action) {
        self.value(at, kind::ACTION, action.index(), SLOT_OF_MODULE, 0.0, false);
    }

    /// Connects an input to a signal: absolute sample and channel to amplitude.
    pub fn feed(&mut self, input: usize, signal: impl Fn(u64, usize) -> f32 + 'static) {
        self.signals[input] = Some(Box::new(signal));
    }

    /// Disconnects an input.
    pub fn unplug(&mut self, input: usize) {
        self.signals[input] = None;
    }

    /// Starts the transport where it stands, or changes its tempo.
    pub fn play(&mut self, bpm: f64) {
        self.music.play(self.now, bpm);
    }

    /// Changes the tempo, at a sample; this and what follows, at most one quantum ahead.
    pub fn tempo(&mut self, at: u64, bpm: f64) {
        self.music.tempo(at, bpm);
    }

    /// Stops the transport where it stands, at a sample.
    pub fn pause(&mut self, at: u64) {
        self.music.pause(at);
    }

    /// Stops the transport and goes to beat 0, at a sample.
    pub fn stop(&mut self, at: u64) {
        self.music.stop(at);
    }

    /// Goes to a beat, at a sample.
    pub fn seek(&mut self, at: u64, beat: f64) {
        self.music.seek(at, beat);
    }

    /// Goes to a beat within the same epoch, as a loop does at its end, at a sample.
    pub fn turn(&mut self, at: u64, beat: f64) {
        self.music.turn(at, beat);
    }

    /// Swings: the second of each pair of `unit` beats begins at `amount` of the pair.
    pub fn swing(&mut self, amount: f64, unit: f64) {
        self.music.swing = Swing { amount, unit };
    }

    /// Gives each quantum room for `capacity` events, at most 1024, `reserve` of them for note-offs only.
    pub fn room(&mut self, capacity: u32, reserve: u32) {
        assert!(reserve <= capacity && capacity <= ROOM.0, "at most {} events", ROOM.0);
        self.room = (capacity, reserve);
    }

    /// Absolute sample of the next quantum's first frame.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// What a meter shows.
    pub fn meter(&self, meter: M::Meter) -> f32 {
        self.meters[meter.index()]
    }

    /// What number `n`, from 0, of a meter with a `count` shows.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn meter_at(&self, meter: M::Meter, n: usize) -> f32 {
        let place = meter.index() + n;
        assert!(M::Meter::from_index(place) == Some(meter), "the meter has no number {n}");
        self.meters[place]
    }

    /// What is on a modulation output, -1 to 1.
    pub fn modulation(&self, output: usize) -> f32 {
        self.mods[output]
    }

    /// Runs 64 frames.
    pub fn quantum(&mut self) -> Run {
        self.run(1)
    }

    /// Runs `quanta` times 64 frames.
    pub fn run(&mut self, quanta: usize) -> Run {
        let series = |count| vec![Vec::new(); count];
        let (audio, mods) = (series(self.outputs.planes.len()), series(self.mods.len()));
        let mut run = Run { audio, mods, meters: series(self.meters.len()), ..Run::default() };
        for _ in 0..quanta {
            self.quantum_into(&mut run);
        }
        run
    }

    fn quantum_into(&mut self, run: &mut Run) {
        let events = self.due();
        self.fill_inputs();
        self.outputs.clear();
        let mut writer = raw::EventWriter {
            events: self.written.as_mut_ptr(),
            len: 0,
            capacity: self.room.0,
            reserve: self.room.1,
            refused: 0,
        };
        let transport = self.music.record(self.now);
        let (mut report, mut said, mut asked) = (raw::Report::EMPTY, raw::Report::EMPTY, 0);
        let made: Vec<raw::Made> = self.made.iter_mut().map(hand_over).collect();
        let mut block = raw::Block {
            size: size_of::<raw::Block>() as u32,
            frames: QUANTUM as u32,
            sample: self.now,
            inputs: self.inputs.lay_out(),
            input_count: self.inputs.channels.len() as u32,
            output_count: self.outputs.channels.len() as u32,
            outputs: self.outputs.lay_out(),
            events: events.as_ptr(),
            event_count: events.len() as u32,
            meter_count: self.meters.len() as u32,
            meters: self.meters.as_mut_ptr(),
            writer: &raw mut writer,
            transport: &raw const transport,
            report: &raw mut report,
            mods: self.mods.as_mut_ptr(),
            mod_count: self.mods.len() as u32,
            made_count: made.len() as u32,
            made: made.as_ptr(),
            asked: &raw mut asked,
            said: &raw mut said,
        };
        // SAFETY: everything the record points to is a local of this function or owned by this bench, laid out just
        // now with the counts given, and nothing else touches it before `process` returns. Handles inside events
        // point into `self.kept`.
        self.instance.process(&mut unsafe { Block::new(&raw mut block) });
        for (channel, plane) in run.audio.iter_mut().zip(&self.outputs.planes) {
            channel.extend_from_slice(&plane.0);
        }
        for (series, value) in run.mods.iter_mut().chain(&mut run.meters).zip(self.mods.iter().chain(&self.meters)) {
            series.push(*value);
        }
        run.refused += writer.refused;
        run.said.extend((said.len > 0).then(|| (self.now, said.text().to_owned())));
        self.work(asked, run);
        run.events.extend(self.written[..writer.len as usize].iter().map(|e| emitted(self.now, e)));
        self.now += QUANTUM as u64;
    }

    /// Makes what the module has asked for, as a worker would, and drops what it has given back.
    fn work(&mut self, asked: u64, run: &mut Run) {
        self.made.clear();
        for place in (0..u64::BITS).filter(|place| asked & 1 << place != 0) {
            let made = self.desk.make(place);
            run.said.extend(made.as_ref().err().map(|text| (self.now, text.clone())));
            self.made.push((place, made.ok()));
        }
    }

    /// The events of the next quantum, sorted by frame; those of one frame stay in order.
    fn due(&mut self) -> Vec<Event> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let (now, end) = (self.now, self.now + QUANTUM as u64);
        let (mut due, later): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|(at, _)| *at < end);
        self.waiting = later;
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().map(|(at, event)| Event { frame: at.saturating_sub(now) as u16, ..event }).collect()
    }

    fn fill_inputs(&mut self) {
        let mut planes = self.inputs.planes.iter_mut();
        for (port, signal) in self.signals.iter().enumerate() {
            let mut silent = true;
            for (channel, plane) in planes.by_ref().take(self.inputs.channels[port]).enumerate() {
                for (frame, x) in plane.0.iter_mut().enumerate() {
                    *x = signal.as_ref().map_or(0.0, |signal| signal(self.now + frame as u64, channel));
                    silent &= *x == 0.0;
                }
            }
            let connected = if signal.is_some() { flag::CONNECTED } else { 0 };
            self.inputs.flags[port] = connected | if silent { flag::SILENT } else { 0 };
        }
    }

    fn value(&mut self, at: u64, kind: u16, index: usize, slot: u16, value: f64, snap: bool) {
        let payload = raw::Value { index: index as u16, slot, reserved: 0, value };
        let mut event = Event::with_value(kind, 0, 0, payload);
        event.flags = if snap { flag::SNAP } else { 0 };
        self.waiting.push((at, event));
    }

    fn bind_at(&mut self, at: u64, index: usize, slot: u16, what: u32, handle: usize) {
        let payload = raw::Bind { index: index as u16, slot, what, handle };
        self.waiting.push((at, Event::with_bind(kind::BIND, 0, 0, payload)));
    }
}

/// What was made, as the module sees it.
fn hand_over((place, made): &mut (u32, Option<Made>)) -> raw::Made {
    let value = made.as_mut().map_or(std::ptr::null_mut(), |made| std::ptr::from_mut(made).cast());
    raw::Made { place: *place, reserved: 0, value }
}

/// One quantum of one channel.
#[derive(Clone)]
#[repr(align(64))]
struct Plane([f32; QUANTUM]);

/// The audio ports of one direction.
struct Bus {
    /// Of each port.
    channels: &'static [usize],
    /// Of each port.
    flags: Vec<u32>,
    planes: Vec<Plane>,
    pointers: Vec<*mut f32>,
    ports: Vec<raw::Port>,
}

impl Bus {
    fn new(channels: &'static [usize]) -> Bus {
        let planes = vec![Plane([0.0; QUANTUM]); channels.iter().sum()];
        Bus { channels, flags: vec![flag::CONNECTED; channels.len()], planes, pointers: Vec::new(), ports: Vec::new() }
    }

    fn clear(&mut self) {
        self.planes.iter_mut().for_each(|plane| plane.0.fill(0.0));
    }

    /// Takes fresh pointers to everything: valid until the planes are touched otherwise.
    fn lay_out(&mut self) -> *const raw::Port {
        self.pointers.clear();
        self.pointers.extend(self.planes.iter_mut().map(|plane| plane.0.as_mut_ptr()));
        self.ports.clear();
        let mut first = 0;
        for (&count, &flags) in self.channels.iter().zip(&self.flags) {
            let channels = self.pointers.as_ptr().wrapping_add(first);
            self.ports.push(raw::Port { channels, channel_count: count as u32, flags });
            first += count;
        }
        self.ports.as_ptr()
    }
}
