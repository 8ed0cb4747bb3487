//! One instance of a plugin's module, and the one wrapper around every call into it.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use cantus_plugin_api::raw::{
    self, Event, EventWriter, FactoryRef, INSTANCE_OK, ProcessRef, Report, Value, WorkRef, kind,
};

use super::buffer::Arena;
use super::events::EventList;
use super::fade::{Fade, Gain};
use super::input::InputSpec;
use super::plan::{Plan, Step, StepSpec};
use super::ring::Ring;
use super::work::{Delivery, Desk, Errands};
use super::{OUT_CHANNELS, QUANTUM};
use crate::culprit::Accused;

/// Events an instance may emit in a quantum; a quarter is kept for ends of notes.
pub(super) const OUT_EVENTS: usize = 512;
/// Instances that were made and not destroyed.
static ALIVE: AtomicUsize = AtomicUsize::new(0);
/// Notes played by triggers that can be on at once; when there are more, the oldest is ended.
const TRIGGERED: usize = 256;

/// How a module misbehaved. By value: a box would be born on the audio thread.
#[derive(Clone, Copy)]
#[expect(clippy::large_enum_variant, reason = "the text must travel without allocation")]
pub enum Fault {
    /// It panicked; its last words. It is silent from now on.
    Failed(Report),
    /// Its output was not a number; that quantum is silent.
    NotFinite,
}

/// What a module shows: written by the audio thread, sampled by whoever reads.
///
/// Behind its own meters comes how long it took lately: seconds for each second of sound.
pub type Meters = Arc<[AtomicU32]>;

/// What an instance is made of, and how it ends.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// How many values the module has in all, so that they find room in one quantum.
    pub values: usize,
    /// How many meters.
    pub meters: usize,
    /// How many modulation outputs.
    pub mods: usize,
    /// Sample rate in Hz.
    pub rate: f64,
    /// Something comes in: when that ends, it may ring out. What nothing feeds is faded out at once.
    pub fed: bool,
    /// What comes in goes out when it is off.
    pub effect: bool,
    /// Frames it may sound on after its last input or note.
    pub tail: u32,
}

/// An instance. Born and buried on control threads; dropping it destroys it.
pub struct Instance {
    id: u64,
    /// Tells it from others of the same id, which came before or after it.
    ticket: u64,
    raw: NonNull<c_void>,
    process: unsafe extern "C" fn(*mut c_void, *mut raw::Block) -> u32,
    reset: unsafe extern "C" fn(*mut c_void) -> u32,
    destroy: unsafe extern "C" fn(*mut c_void),
    pub(super) events: EventList,
    /// It has not run since it was made or reset.
    fresh: bool,
    emitted: Vec<Event>,
    triggered: Vec<(u32, u64)>,
    shown: Box<[f32]>,
    meters: Meters,
    /// Seconds of a quantum.
    quantum: f64,
    /// It ran in this quantum: what it asks for is new.
    asks: bool,
    mods: Box<[f32]>,
    /// How much is heard of it, or, if it is an effect, of what it makes of its input.
    on: Fade,
    effect: bool,
    pub(super) ring: Ring,
    pub(super) errands: Errands,
    report: Box<Report>,
    /// What it has said in this quantum.
    said: Box<Report>,
    failed: bool,
    fault: Option<Fault>,
    seen_not_finite: bool,
}

// SAFETY: the contract lets an instance be called on any thread, by one at a time.
unsafe impl Send for Instance {}

impl Instance {
    /// Worker thread: takes over an instance that the factory made.
    ///
    /// # Safety
    /// `raw` came from the `create` of this factory, `process` belongs to the same library, and nobody else uses it.
    pub unsafe fn new(
        id: u64,
        raw: NonNull<c_void>,
        (factory, process): (FactoryRef, ProcessRef),
        build: Build,
    ) -> Instance {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Instance {
            id,
            ticket: 0,
            raw,
            process: process.process(),
            reset: process.reset(),
            destroy: factory.destroy(),
            events: EventList::new(build.values + 512),
            fresh: true,
            emitted: vec![Event::bare(0, 0, 0); OUT_EVENTS],
            triggered: Vec::with_capacity(TRIGGERED),
            shown: vec![0.0; build.meters].into(),
            meters: (0..=build.meters).map(|_| AtomicU32::new(0)).collect(),
            quantum: QUANTUM as f64 / build.rate,
            asks: false,
            mods: vec![0.0; build.mods].into(),
            on: Fade::new(1.0, build.rate),
            effect: build.effect,
            ring: Ring::new(&build),
            errands: Errands::none(),
            report: Box::new(Report::EMPTY),
            said: Box::new(Report::EMPTY),
            failed: false,
            fault: None,
            seen_not_finite: false,
        }
    }

    /// How many there are in this process.
    pub fn alive() -> usize {
        ALIVE.load(Ordering::Relaxed)
    }

    /// Worker thread, when it is as new: from now on workers make what it asks for.
    ///
    /// # Safety
    /// The table belongs to the instance's library.
    pub unsafe fn employ(&mut self, table: WorkRef) {
        // SAFETY: `raw` is live until `drop`, `&mut self` keeps others out, and the table is as the caller promises.
        let desk = unsafe { Desk::open(self.raw, table) };
        self.errands = desk.map_or_else(Errands::none, Errands::at);
    }

    /// Control thread, before it is handed over: it is the one that this task has made.
    pub fn made_by(&mut self, ticket: u64) {
        self.ticket = ticket;
    }

    /// Which task has made it.
    pub(super) fn ticket(&self) -> u64 {
        self.ticket
    }

    /// Who it is.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What it shows.
    pub fn meters(&self) -> Meters {
        self.meters.clone()
    }

    /// As new: transients dropped, values at their defaults.
    pub fn reset(&mut self) {
        if !self.failed {
            // SAFETY: `raw` is live until `drop`, and `&mut self` keeps others out.
            self.failed = unsafe { (self.reset)(self.raw.as_ptr()) } != INSTANCE_OK;
            if self.failed {
                self.fault = Some(Fault::Failed(Report::EMPTY));
            }
        }
        self.events.clear();
        self.emitted.clear();
        self.triggered.clear();
        self.shown.fill(0.0);
        self.mods.fill(0.0);
        self.on.settle();
        self.ring.settle();
        self.fresh = true;
    }

    /// Control thread, before it is handed over: it takes the place of another that sounds, and comes in as that goes.
    pub fn fade_in(&mut self) {
        self.ring.fade_in();
    }

    /// It has not run since it was made or reset.
    pub(super) fn fresh(&self) -> bool {
        self.fresh
    }

    /// It has not run since it was made, and takes the place of another: what goes into it need not come in, too.
    pub(super) fn takes_over(&self) -> bool {
        self.fresh && self.ring.comes_in()
    }

    /// What is on a modulation output, -1 to 1.
    pub(super) fn modulation(&self, port: u16) -> f64 {
        let value = self.mods.get(usize::from(port)).copied().unwrap_or(0.0);
        if value.is_finite() && !self.failed { f64::from(value.clamp(-1.0, 1.0)) } else { 0.0 }
    }

    /// It goes on or off, at an absolute sample: at once if it has not run yet. What is an effect becomes dry; what is
    /// not rings out.
    pub(super) fn enable(&mut self, on: bool, sample: u64) {
        if self.effect {
            self.on.set(if on { 1.0 } else { 0.0 }, sample);
            if self.fresh {
                self.on.settle();
            }
        } else if on {
            self.ring.go_on(sample);
        } else {
            self.ring.end(sample);
        }
        if self.fresh {
            self.ring.settle();
        }
    }

    /// It panicked, and is silent.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// What it emitted in this quantum.
    pub(super) fn emitted(&self) -> &[Event] {
        &self.emitted
    }

    /// The values it asks for, once.
    pub(super) fn requests(&self) -> impl Iterator<Item = &Event> {
        self.emitted.iter().filter(|event| self.asks && event.kind == kind::REQUEST)
    }

    /// What it asks for has been passed on.
    pub(super) fn told_requests(&mut self) {
        self.asks = false;
    }

    /// What it has said to people, until that was passed on.
    pub(super) fn said(&self) -> Option<&Report> {
        (self.said.len > 0).then_some(&*self.said)
    }

    /// It was passed on, or there was no room for it.
    pub(super) fn said_is_told(&mut self) {
        self.said.len = 0;
    }

    /// Something comes from a worker.
    pub(super) fn deliver(&mut self, delivery: &Delivery) {
        self.errands.deliver(delivery);
    }

    /// So long its last quantum took: shown as the worst of late, which fades.
    pub(super) fn took(&mut self, time: Duration) {
        if let Some(cell) = self.meters.last() {
            let before = f64::from(f32::from_bits(cell.load(Ordering::Relaxed)));
            let load = (time.as_secs_f64() / self.quantum).max(before * 0.9);
            cell.store((load as f32).to_bits(), Ordering::Relaxed);
        }
    }

    /// What it is to be blamed for, once.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// The blame has been passed on.
    pub(super) fn fault_reported(&mut self) {
        self.fault = None;
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.failed.then(|| self.report.text())
    }

    /// Puts an event in. Values that come before its first quantum are there from the first frame, so that it never
    /// plays its defaults. False: no room.
    pub(super) fn hear(&mut self, event: Event) -> bool {
        let from_the_first = self.fresh && matches!(event.kind, kind::PARAM | kind::BIND);
        self.events.push(Event { frame: if from_the_first { 0 } else { event.frame }, ..event }).is_ok()
    }

    /// Puts a triggered note in, behind the values that are its alone; it ends at absolute sample `end`. What is off plays
    /// none. False: no room.
    pub(super) fn trigger(&mut self, event: Event, locks: &[Value], end: Option<u64>) -> bool {
        if !self.ring.plays() {
            return true;
        }
        // All or nothing: a note without its values is another note.
        if self.events.room() <= locks.len() {
            return false;
        }
        if self.triggered.len() == TRIGGERED {
            let (oldest, _) = self.triggered[0];
            if self.events.push(Event::bare(kind::NOTE_OFF, event.frame, oldest)).is_err() {
                return false;
            }
            self.triggered.remove(0);
        }
        for lock in locks {
            // There is room for it.
            let _ = self.events.push(Event::with_value(kind::NOTE_PARAM, event.frame, event.note, *lock));
        }
        let placed = self.events.push(event).is_ok();
        if placed {
            self.triggered.push((event.note, end.unwrap_or(u64::MAX)));
        }
        placed
    }

    /// Ends the triggered notes that are due in the quantum that begins at `sample`.
    pub(super) fn end_triggered(&mut self, sample: u64) {
        let events = &mut self.events;
        self.triggered.retain(|(note, end)| {
            let due = *end < sample + QUANTUM as u64;
            let frame = end.saturating_sub(sample).min(QUANTUM as u64 - 1) as u16;
            !due || events.push(Event::bare(kind::NOTE_OFF, frame, *note)).is_err()
        });
    }

    /// Ends all triggered notes, at a frame of the quantum that begins at `sample`; those that end earlier in it end
    /// then. What finds no room is due in the next quantum.
    pub(super) fn end_all_triggered(&mut self, sample: u64, frame: u16) {
        let events = &mut self.events;
        self.triggered.retain_mut(|(note, end)| {
            let frame = end.saturating_sub(sample).min(u64::from(frame)) as u16;
            *end = 0;
            events.push(Event::bare(kind::NOTE_OFF, frame, *note)).is_err()
        });
    }

    /// Worker thread: one quantum without events, with nothing connected.
    pub fn warm_up(&mut self, inputs: &[u16], outputs: &[u16], transport: &raw::Transport) {
        let mut buffers = 1;
        let mut own = |n: &u16| -> Vec<u32> {
            let first = buffers;
            buffers += u32::from(*n);
            (first..buffers).collect()
        };
        let outputs = outputs.iter().map(&mut own).collect();
        let input = |channels| InputSpec { channels, ..InputSpec::default() };
        let inputs = inputs.iter().map(&mut own).map(input).collect();
        let out = input(own(&(OUT_CHANNELS as u16)));
        let spec = StepSpec { inputs, outputs, ..StepSpec::default() };
        let mut plan = Plan::new(buffers as usize, vec![spec], out, Vec::new());
        let Plan { steps, arena, .. } = &mut plan;
        self.run(&steps[0], arena, 0, transport);
    }

    /// Runs one quantum: outputs are cleared, the module is called, its output is checked. The events are used up.
    pub(super) fn run(&mut self, step: &Step, arena: &mut Arena, sample: u64, transport: &raw::Transport) -> u32 {
        for buffer in &step.written {
            arena.get_mut(*buffer).fill(0.0);
        }
        self.emitted.clear();
        (self.fresh, self.asks) = (false, true);
        let refused = if self.failed { 0 } else { self.call(step, sample, transport) };
        self.events.clear();
        if self.failed || !finite(step, arena) {
            for buffer in &step.written {
                arena.get_mut(*buffer).fill(0.0);
            }
            if !self.failed && !self.seen_not_finite {
                self.seen_not_finite = true;
                self.fault = Some(Fault::NotFinite);
            }
        }
        self.cross(step, arena, sample);
        self.ring.run(&step.written, arena, sample);
        for (cell, value) in self.meters.iter().zip(&self.shown) {
            cell.store(value.to_bits(), Ordering::Relaxed);
        }
        refused
    }

    /// Between what it makes and what comes in, or silence, as it is on or off.
    fn cross(&mut self, step: &Step, arena: &mut Arena, sample: u64) {
        let gain = self.on.of(sample);
        if gain.is_unity() {
            return;
        }
        for (buffer, from) in step.written.iter().zip(&step.dry) {
            let mut dry = [0.0; QUANTUM];
            for (channel, factor) in from {
                Gain::Steady(1.0).add(&mut dry, arena.get(step.inputs[0].now[*channel]), *factor);
            }
            gain.cross(arena.get_mut(*buffer), &dry);
        }
        for buffer in step.written.iter().skip(step.dry.len()) {
            gain.scale(arena.get_mut(*buffer));
        }
    }

    /// The one call into a plugin on the audio thread. Returns how many events it could not emit.
    fn call(&mut self, step: &Step, sample: u64, transport: &raw::Transport) -> u32 {
        let events = self.events.as_slice();
        let mut writer = EventWriter {
            events: self.emitted.as_mut_ptr(),
            len: 0,
            capacity: OUT_EVENTS as u32,
            reserve: OUT_EVENTS as u32 / 4,
            refused: 0,
        };
        let mut block = raw::Block {
            size: size_of::<raw::Block>() as u32,
            frames: QUANTUM as u32,
            sample,
            inputs: step.input_ports.as_ptr(),
            input_count: step.input_ports.len() as u32,
            output_count: step.outputs.len() as u32,
            outputs: step.outputs.as_ptr(),
            events: events.as_ptr(),
            event_count: events.len() as u32,
            meter_count: self.shown.len() as u32,
            meters: self.shown.as_mut_ptr(),
            writer: &raw mut writer,
            transport,
            report: &raw mut *self.report,
            mods: self.mods.as_mut_ptr(),
            mod_count: self.mods.len() as u32,
            made_count: 0,
            made: std::ptr::null(),
            asked: std::ptr::null_mut(),
            said: &raw mut *self.said,
        };
        self.errands.fill(&mut block);
        // SAFETY: `raw` is live until `drop` and `&mut self` keeps others out; everything in the block is live during
        // the call, and the plan gives each output a buffer of its own.
        let status = unsafe { (self.process)(self.raw.as_ptr(), &raw mut block) };
        let len = (writer.len as usize).min(OUT_EVENTS);
        // SAFETY: the vector has room for `OUT_EVENTS` records, all of which were initialised when it was made.
        unsafe { self.emitted.set_len(len) };
        if status != INSTANCE_OK {
            self.failed = true;
            self.emitted.clear();
            self.fault = Some(Fault::Failed(*self.report));
        }
        writer.refused
    }
}

/// All outputs are finite. One pass over the bits: an exponent of all ones is not a number or infinite.
fn finite(step: &Step, arena: &Arena) -> bool {
    step.written.iter().all(|buffer| {
        let largest = arena.get(*buffer).iter().fold(0u32, |max, x| max.max(x.to_bits() & 0x7fff_ffff));
        largest < f32::INFINITY.to_bits()
    })
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _accused = Accused::of(self.id);
        // SAFETY: `new` was promised the only use of it, and libraries are never unloaded.
        unsafe { (self.destroy)(self.raw.as_ptr()) };
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}
