//! One instance of a plugin's module, and the one wrapper around every call into it.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cantus_plugin_api::raw::{self, Event, EventWriter, FactoryRef, INSTANCE_OK, ProcessRef, Report, kind};

use super::QUANTUM;
use super::buffer::Arena;
use super::events::EventList;
use super::plan::{Input, Mix, Plan, SILENCE, Step, StepSpec};

/// Events an instance may emit in a quantum; a quarter is kept for ends of notes.
const OUT_EVENTS: u32 = 512;
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
pub type Meters = Arc<[AtomicU32]>;

/// An instance. Born and buried on control threads; dropping it destroys it.
pub struct Instance {
    id: u64,
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
    report: Box<Report>,
    failed: bool,
    fault: Option<Fault>,
    seen_not_finite: bool,
}

// SAFETY: the contract lets an instance be called on any thread, by one at a time.
unsafe impl Send for Instance {}

impl Instance {
    /// Worker thread: takes over an instance that the factory made. `values` is how many values the module has in all,
    /// so that they find room in one quantum.
    ///
    /// # Safety
    /// `raw` came from the `create` of this factory, `process` belongs to the same library, and nobody else uses it.
    pub unsafe fn new(
        id: u64,
        raw: NonNull<c_void>,
        (factory, process): (FactoryRef, ProcessRef),
        values: usize,
        meters: usize,
    ) -> Instance {
        let silence = Event::bare(0, 0, 0);
        Instance {
            id,
            raw,
            process: process.process(),
            reset: process.reset(),
            destroy: factory.destroy(),
            events: EventList::new(values + 512),
            fresh: true,
            emitted: vec![silence; OUT_EVENTS as usize],
            triggered: Vec::with_capacity(TRIGGERED),
            shown: vec![0.0; meters].into(),
            meters: (0..meters).map(|_| AtomicU32::new(0)).collect(),
            report: Box::new(Report::EMPTY),
            failed: false,
            fault: None,
            seen_not_finite: false,
        }
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
        }
        self.events.clear();
        self.triggered.clear();
        self.fresh = true;
    }

    /// It panicked, and is silent.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// What it emitted in this quantum.
    pub(super) fn emitted(&self) -> &[Event] {
        &self.emitted
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

    /// Puts a triggered note in; it ends at absolute sample `end`. False: no room.
    pub(super) fn trigger(&mut self, event: Event, end: Option<u64>) -> bool {
        if self.triggered.len() == TRIGGERED {
            let (oldest, _) = self.triggered.remove(0);
            let _ = self.events.push(Event::bare(kind::NOTE_OFF, event.frame, oldest));
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
        let silent = |n: &u16| Input { channels: vec![SILENCE; usize::from(*n)], connected: false };
        let mut buffers = SILENCE + 1;
        let mut own = |n: &u16| -> Vec<u32> {
            let first = buffers;
            buffers += u32::from(*n);
            (first..buffers).collect()
        };
        let outputs = outputs.iter().map(&mut own).collect();
        let spec = StepSpec { inputs: inputs.iter().map(silent).collect(), outputs, ..StepSpec::default() };
        let nowhere = std::array::from_fn(|_| Mix { to: SILENCE, from: Box::default() });
        let mut plan = Plan::new(buffers as usize, vec![spec], nowhere);
        let Plan { steps, arena, .. } = &mut plan;
        self.run(&steps[0], arena, 0, transport);
    }

    /// Runs one quantum: outputs are cleared, the module is called, its output is checked. The events are used up.
    pub(super) fn run(&mut self, step: &Step, arena: &mut Arena, sample: u64, transport: &raw::Transport) -> u32 {
        for buffer in &step.written {
            arena.get_mut(*buffer).fill(0.0);
        }
        self.emitted.clear();
        self.fresh = false;
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
        for (cell, value) in self.meters.iter().zip(&self.shown) {
            cell.store(value.to_bits(), Ordering::Relaxed);
        }
        refused
    }

    /// The one call into a plugin on the audio thread. Returns how many events it could not emit.
    fn call(&mut self, step: &Step, sample: u64, transport: &raw::Transport) -> u32 {
        let events = self.events.as_slice();
        let mut writer = EventWriter {
            events: self.emitted.as_mut_ptr(),
            len: 0,
            capacity: OUT_EVENTS,
            reserve: OUT_EVENTS / 4,
            refused: 0,
        };
        let mut block = raw::Block {
            size: size_of::<raw::Block>() as u32,
            frames: QUANTUM as u32,
            sample,
            inputs: step.inputs.as_ptr(),
            input_count: step.inputs.len() as u32,
            output_count: step.outputs.len() as u32,
            outputs: step.outputs.as_ptr(),
            events: events.as_ptr(),
            event_count: events.len() as u32,
            meter_count: self.shown.len() as u32,
            meters: self.shown.as_mut_ptr(),
            writer: &raw mut writer,
            transport,
            report: &raw mut *self.report,
        };
        // SAFETY: `raw` is live until `drop` and `&mut self` keeps others out; everything in the block is live during
        // the call, and the plan gives each output a buffer of its own.
        let status = unsafe { (self.process)(self.raw.as_ptr(), &raw mut block) };
        let len = writer.len.min(OUT_EVENTS) as usize;
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
        // SAFETY: `new` was promised the only use of it, and libraries are never unloaded.
        unsafe { (self.destroy)(self.raw.as_ptr()) };
    }
}
