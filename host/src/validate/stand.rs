//! An instance on a stand: it is called as the host calls it, without an engine around it.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;

use abi_stable::std_types::RStr;
use cantus_plugin_api::Cpu;
use cantus_plugin_api::raw::{
    Block, Event, EventWriter, INSTANCE_OK, Init, Opened, Port, QUANTUM, Report, Segment, Transport, flag,
};

use super::Hooks;
use super::clerk::Clerk;
use super::memory::{Strips, Use};
use super::score::Score;
use super::stage::type_name;
use super::verdict::Verdict;
use crate::model::{AudioPort, ModuleType};

/// Most events that a module can be given in one quantum here, and that it can emit.
const MOST_EVENTS: usize = 16_384;

/// One instance, and the memory that it is given. Everything it gets lies between pages that it cannot touch, and what
/// it must not write cannot be written.
pub(super) struct Stand {
    module: Arc<ModuleType>,
    tables: Opened,
    instance: NonNull<c_void>,
    clerk: Clerk,
    rate: f64,
    /// Absolute sample of the next quantum.
    pub now: u64,
    /// A strip per channel, then one for events in.
    given: Strips,
    /// A strip per channel, then events out, meters and modulation.
    taken: Strips,
    failed: Option<String>,
    /// What was done in a call that must not be, and how often.
    pub sins: (u32, &'static str),
    watched: fn(&mut dyn FnMut()) -> (u32, &'static str),
}

// SAFETY: the contract lets an instance be called on any thread, by one at a time; the memory is the stand's own.
unsafe impl Send for Stand {}

/// What came out of a module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Take {
    /// Samples of each output channel, the ports one after the other.
    pub audio: Vec<Vec<f32>>,
    /// Absolute sample and event, in the order in which they were emitted.
    pub events: Vec<(u64, Event)>,
    /// Meters after each quantum.
    pub meters: Vec<Vec<f32>>,
    /// Modulation after each quantum.
    pub mods: Vec<Vec<f32>>,
    /// Events that the writer says found no room.
    pub refused: u32,
    /// The most that stood in the writer.
    pub most: u32,
    /// It panicked or gave up: its last words.
    pub failed: Option<String>,
    /// It wrote before the beginning of something.
    pub spoilt: bool,
}

impl Take {
    /// Itself, if the module did not fail.
    pub fn whole(self) -> Result<Take, Verdict> {
        match &self.failed {
            None => Ok(self),
            Some(words) => Err(Verdict::fail(format!("it panicked: {words}; nothing that the host sends may do that"))),
        }
    }

    /// The first place where two takes are not the same, to the bit.
    pub fn difference(&self, other: &Take) -> Option<String> {
        for (channel, (one, two)) in self.audio.iter().zip(&other.audio).enumerate() {
            let differs = one.iter().zip(two).position(|(a, b)| a.to_bits() != b.to_bits());
            if let Some(frame) = differs {
                return Some(format!("channel {channel}, frame {frame} is {} and {}", one[frame], two[frame]));
            }
        }
        if let Some(n) = self.events.iter().zip(&other.events).position(|(a, b)| a != b) {
            return Some(format!("event {n} is {} and {}", said(&self.events[n]), said(&other.events[n])));
        }
        if self.events.len() != other.events.len() {
            return Some(format!("it emits {} events and {}", self.events.len(), other.events.len()));
        }
        let differ = |a: &[Vec<f32>], b: &[Vec<f32>]| {
            let same = |a: &Vec<f32>, b: &Vec<f32>| a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
            a.iter().zip(b).position(|(a, b)| !same(a, b))
        };
        differ(&self.mods, &other.mods).map(|quantum| {
            format!("modulation after quantum {quantum} is {:?} and {:?}", self.mods[quantum], other.mods[quantum])
        })
    }

    /// The loudest sample.
    pub fn peak(&self) -> f32 {
        self.audio.iter().flatten().fold(0.0, |peak, x| peak.max(x.abs()))
    }
}

/// An emitted event in words.
pub(super) fn said((sample, event): &(u64, Event)) -> String {
    format!("kind {} for note {} on port {} at sample {sample}", event.kind, event.note, event.port)
}

impl Stand {
    /// As the host makes one: created, one silent quantum, reset.
    pub fn new(module: &Arc<ModuleType>, tables: Opened, rate: f64, cpu: Cpu, hooks: &Hooks) -> Result<Stand, Verdict> {
        let size = size_of::<Init>() as u32;
        let init = Init { size, cpu: cpu.number(), rate, seed: 1, instance: 1, log };
        let name = &module.manifest.name;
        let made = tables.factory.create()(type_name(name), &init).into_result();
        let instance = made.map_err(|e| Verdict::fail(format!("it could not make a {name} at {rate} Hz: {e}")))?;
        let instance =
            NonNull::new(instance).ok_or_else(|| Verdict::fail(format!("it made no {name}: a null pointer")))?;
        // SAFETY: just made, and nobody else has it.
        let clerk = unsafe { Clerk::new(instance, &tables) };
        let memory = |e| Verdict::skip(format!("there is no memory for it: {e}"));
        let strips = |ports: &[AudioPort]| vec![size_of::<f32>() * QUANTUM; channels(ports)];
        let events = MOST_EVENTS * size_of::<Event>();
        let given = [strips(&module.audio_in), vec![events]].concat();
        let shown = [module.manifest.meters().count(), module.mod_out.len()].map(|n| n * size_of::<f32>());
        let taken = [strips(&module.audio_out), vec![events, shown[0], shown[1]]].concat();
        let mut stand = Stand {
            module: module.clone(),
            tables,
            instance,
            clerk,
            rate,
            now: 0,
            given: Strips::new(&given, Use::Read).map_err(memory)?,
            taken: Strips::new(&taken, Use::Write).map_err(memory)?,
            failed: None,
            sins: (0, ""),
            watched: hooks.watched,
        };
        stand.play(&Score::nothing(), 1).whole()?;
        stand.reset();
        stand.sins = (0, "");
        Ok(stand)
    }

    /// Drops everything transient; the clock begins anew.
    pub fn reset(&mut self) {
        // What is being made comes to a new instance never: let it come before, as after a pause.
        for _ in 0..4 {
            if self.clerk.is_busy() {
                self.play(&Score::nothing(), 1);
            }
        }
        let (reset, instance) = (self.tables.process.reset(), self.instance.as_ptr());
        let mut status = INSTANCE_OK;
        // SAFETY: the instance lives until `drop`, and `&mut self` keeps others out.
        self.watch(&mut || status = unsafe { reset(instance) });
        if status != INSTANCE_OK && self.failed.is_none() {
            self.failed = Some("in reset".to_owned());
        }
        self.now = 0;
        let first = channels(&self.module.audio_out) + 1;
        self.taken.get::<f32>(first).fill(0.0);
        self.taken.get::<f32>(first + 1).fill(0.0);
    }

    fn watch(&mut self, work: &mut dyn FnMut()) {
        let (count, first) = (self.watched)(work);
        let before = if self.sins.0 == 0 { first } else { self.sins.1 };
        self.sins = (self.sins.0 + count, before);
    }

    /// Plays a piece for so many quanta, from where the clock stands.
    pub fn play(&mut self, score: &Score, quanta: usize) -> Take {
        let mut take = Take::default();
        self.play_on(score, quanta, &mut take);
        take
    }

    /// The same, behind what was played before.
    pub fn play_on(&mut self, score: &Score, quanta: usize, take: &mut Take) {
        take.audio.resize(channels(&self.module.audio_out), Vec::new());
        for _ in 0..quanta {
            if self.failed.is_some() {
                break;
            }
            self.quantum(score, take);
        }
        take.failed.clone_from(&self.failed);
        take.spoilt |= self.taken.spoilt();
    }

    fn quantum(&mut self, score: &Score, take: &mut Take) {
        let end = self.now + QUANTUM as u64;
        let count = self.fill(score, end);
        let channels_out = channels(&self.module.audio_out);
        for channel in 0..channels_out {
            self.taken.get::<f32>(channel).fill(0.0);
        }
        let silent = self.hear(score);
        let connected = if score.signal.is_some() { flag::CONNECTED } else { 0 };
        let silent = if silent { flag::SILENT } else { 0 };
        let pointers = |strips: &Strips, count| (0..count).map(|n| strips.pointer(n)).collect::<Vec<*mut f32>>();
        let pointers_in = pointers(&self.given, channels(&self.module.audio_in));
        let pointers_out = pointers(&self.taken, channels_out);
        let inputs = ports(&self.module.audio_in, &pointers_in, connected | silent);
        let outputs = ports(&self.module.audio_out, &pointers_out, flag::CONNECTED);
        let transport = self.transport(&score.segments, end);
        let record = Transport::new(self.rate, &transport);
        let (capacity, reserve) = score.room;
        // What there is room for ends with its page, so that writing on is seen.
        let written = self.taken.pointer::<Event>(channels_out).wrapping_add(MOST_EVENTS - capacity as usize);
        let mut writer = EventWriter { events: written, len: 0, capacity, reserve, refused: 0 };
        let (mut report, mut said) = (Report::EMPTY, Report::EMPTY);
        let mut block = Block {
            size: size_of::<Block>() as u32,
            frames: QUANTUM as u32,
            sample: self.now,
            inputs: inputs.as_ptr(),
            input_count: inputs.len() as u32,
            output_count: outputs.len() as u32,
            outputs: outputs.as_ptr(),
            events: self.given.pointer::<Event>(pointers_in.len()).wrapping_add(MOST_EVENTS - count),
            event_count: count as u32,
            meter_count: self.module.manifest.meters().count() as u32,
            meters: self.taken.pointer(channels_out + 1),
            writer: &raw mut writer,
            transport: &raw const record,
            report: &raw mut report,
            mods: self.taken.pointer(channels_out + 2),
            mod_count: self.module.mod_out.len() as u32,
            made_count: 0,
            made: std::ptr::null(),
            asked: std::ptr::null_mut(),
            said: &raw mut said,
        };
        self.clerk.fill(&mut block);
        let (process, instance) = (self.tables.process.process(), self.instance.as_ptr());
        let mut status = INSTANCE_OK;
        // SAFETY: the instance lives until `drop` and `&mut self` keeps others out; everything in the block lives
        // during the call, with the counts that it says.
        self.watch(&mut || status = unsafe { process(instance, &raw mut block) });
        self.clerk.work();
        if status != INSTANCE_OK {
            self.failed = Some(report.text().to_owned());
            return;
        }
        self.collect(&writer, take);
        self.now = end;
    }

    /// Lays out the events of a quantum; returns how many there are.
    fn fill(&mut self, score: &Score, end: u64) -> usize {
        let from = score.events.partition_point(|(at, _)| *at < self.now);
        let to = score.events.partition_point(|(at, _)| *at < end);
        let due = &score.events[from..to.min(from + MOST_EVENTS)];
        // They end with their page, so that reading on is seen.
        let strip = channels(&self.module.audio_in);
        let places = &mut self.given.get::<Event>(strip)[MOST_EVENTS - due.len()..];
        for (place, (at, event)) in places.iter_mut().zip(due) {
            *place = Event { frame: (at - self.now) as u16, ..*event };
        }
        due.len()
    }

    /// Lays out what the inputs hear; returns whether it is silence.
    fn hear(&mut self, score: &Score) -> bool {
        let (mut channel, mut silent) = (0, true);
        for port in &self.module.audio_in {
            for n in 0..usize::from(port.channels) {
                for (frame, x) in self.given.get::<f32>(channel).iter_mut().enumerate() {
                    *x = score.signal.map_or(0.0, |signal| signal(self.now + frame as u64, n));
                    silent &= *x == 0.0;
                }
                channel += 1;
            }
        }
        silent
    }

    /// The segments that touch the quantum that ends before `end`.
    fn transport(&self, all: &[Segment], end: u64) -> Vec<Segment> {
        let first = all.partition_point(|segment| segment.sample <= self.now).saturating_sub(1);
        let touching = all[first..].iter().take_while(|segment| segment.sample < end);
        touching.copied().collect()
    }

    fn collect(&mut self, writer: &EventWriter, take: &mut Take) {
        let channels_out = channels(&self.module.audio_out);
        for (channel, samples) in take.audio.iter_mut().enumerate() {
            samples.extend_from_slice(self.taken.get(channel));
        }
        let written = &self.taken.get::<Event>(channels_out)[MOST_EVENTS - writer.capacity as usize..];
        let written = &written[..written.len().min(writer.len as usize)];
        take.events.extend(written.iter().map(|event| (self.now + u64::from(event.frame), *event)));
        take.meters.push(self.taken.get::<f32>(channels_out + 1).to_vec());
        take.mods.push(self.taken.get::<f32>(channels_out + 2).to_vec());
        take.refused += writer.refused;
        take.most = take.most.max(writer.len);
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        // SAFETY: made by this library's factory, and nobody calls it any more.
        unsafe { self.tables.factory.destroy()(self.instance.as_ptr()) };
    }
}

fn channels(ports: &[AudioPort]) -> usize {
    ports.iter().map(|port| usize::from(port.channels)).sum()
}

fn ports(ports: &[AudioPort], channels: &[*mut f32], flags: u32) -> Vec<Port> {
    let mut first = 0;
    let port = |port: &AudioPort| {
        let laid =
            Port { channels: channels.as_ptr().wrapping_add(first), channel_count: u32::from(port.channels), flags };
        first += usize::from(port.channels);
        laid
    };
    ports.iter().map(port).collect()
}

/// What a module says while it is made is not what a check is about.
extern "C" fn log(_instance: u64, _level: u32, _text: RStr<'_>) {}
