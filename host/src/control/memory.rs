//! Memory that plugins see: samples and patterns behind counted handles, freed on control only.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cantus_plugin_api::GUARD_FRAMES;
use cantus_plugin_api::raw::{ABSENT_SLOT, Bind, Event, Handle, PatternData, SampleData, Step, kind};

use crate::assets::Sound;
use crate::model::{Num, Pattern};

/// A sound as plugins see it.
pub struct SampleMemory {
    record: SampleData,
    _channels: Box<[*const f32]>,
    _samples: Box<[f32]>,
}

/// A pattern as plugins see it.
pub struct PatternMemory {
    record: PatternData,
    _steps: Box<[Step]>,
}

// SAFETY: both are immutable but for the atomic count, and own what their pointers lead to.
unsafe impl Send for SampleMemory {}
// SAFETY: as above.
unsafe impl Sync for SampleMemory {}
// SAFETY: as above.
unsafe impl Send for PatternMemory {}
// SAFETY: as above.
unsafe impl Sync for PatternMemory {}

fn head<T>() -> Handle {
    Handle { size: size_of::<T>(), holders: AtomicUsize::new(0) }
}

impl SampleMemory {
    /// Lays a sound out, with silence on both sides of every channel.
    pub fn new(sound: &Sound) -> Arc<SampleMemory> {
        let frames = sound.channels.first().map_or(0, Vec::len);
        let stride = frames + 2 * GUARD_FRAMES;
        let mut samples = vec![0.0f32; stride * sound.channels.len()].into_boxed_slice();
        for (channel, data) in sound.channels.iter().enumerate() {
            let first = channel * stride + GUARD_FRAMES;
            samples[first..first + frames].copy_from_slice(data);
        }
        let channels: Box<[*const f32]> =
            (0..sound.channels.len()).map(|c| samples[c * stride + GUARD_FRAMES..].as_ptr()).collect();
        let record = SampleData {
            head: head::<SampleData>(),
            channels: channels.as_ptr(),
            channel_count: channels.len(),
            frames,
            rate: sound.rate,
        };
        Arc::new(SampleMemory { record, _channels: channels, _samples: samples })
    }
}

impl PatternMemory {
    /// Lays a pattern's rows out flat.
    pub fn new(pattern: &Pattern) -> Arc<PatternMemory> {
        let or_nan = |v: Option<Num>| v.map_or(f32::NAN, |v| v.get() as f32);
        let steps: Box<[Step]> = pattern
            .steps
            .iter()
            .map(|s| Step {
                row: s.row,
                column: s.column,
                slot: s.slot.unwrap_or(ABSENT_SLOT),
                pitch: or_nan(s.note),
                velocity: or_nan(s.velocity),
                length: s.length.get() as f32,
                reserved: 0,
            })
            .collect();
        let record = PatternData {
            head: head::<PatternData>(),
            rows: pattern.rows,
            stride: size_of::<Step>() as u32,
            steps_per_beat: pattern.steps_per_beat.get(),
            steps: steps.as_ptr(),
            step_count: steps.len(),
        };
        Arc::new(PatternMemory { record, _steps: steps })
    }
}

/// One of either.
#[derive(Clone)]
pub(super) enum Data {
    Sample(Arc<SampleMemory>),
    Pattern(Arc<PatternMemory>),
}

impl Data {
    fn same(&self, other: &Data) -> bool {
        match (self, other) {
            (Data::Sample(a), Data::Sample(b)) => Arc::ptr_eq(a, b),
            (Data::Pattern(a), Data::Pattern(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// Memory that must live until a Change has come home.
#[derive(Default)]
pub struct Handles(Vec<Data>);

impl Handles {
    /// A bind event for `data`, which is kept.
    pub(super) fn bind(&mut self, index: u16, slot: u16, data: Option<&Data>) -> Event {
        let (what, handle): (u32, *const c_void) = match data {
            None => (0, std::ptr::null()),
            Some(Data::Sample(m)) => (1, (&raw const m.record).cast()),
            Some(Data::Pattern(m)) => (2, (&raw const m.record).cast()),
        };
        self.0.extend(data.cloned());
        Event::with_bind(kind::BIND, 0, 0, Bind { index, slot, what, handle })
    }

    /// Passes everything on to be kept until nobody holds it.
    pub(super) fn kept(&self, keeper: &mut Keeper) {
        self.0.iter().for_each(|data| keeper.keep(data));
    }
}

/// Keeps every piece of memory that was ever given out until nobody holds it.
#[derive(Default)]
pub(super) struct Keeper(Vec<Data>);

impl Keeper {
    pub fn keep(&mut self, data: &Data) {
        if !self.0.iter().any(|kept| kept.same(data)) {
            self.0.push(data.clone());
        }
    }

    /// Takes out what nobody can get any more: the host has dropped its own copies, Changes on their way have come
    /// home, and plugins hold none. To be dropped on a worker: sounds can be large.
    pub fn sweep(&mut self) -> Vec<impl Send + 'static> {
        let free = |data: &Data| {
            // A plugin takes hold only while a Change that holds the `Arc` is being applied, so a count of 1 stays 1.
            let (shared, head) = match data {
                Data::Sample(m) => (Arc::strong_count(m), &m.record.head),
                Data::Pattern(m) => (Arc::strong_count(m), &m.record.head),
            };
            // Acquire: all reads through dropped handles come before the memory goes.
            shared == 1 && head.holders.load(Ordering::Acquire) == 0
        };
        let (dead, alive) = std::mem::take(&mut self.0).into_iter().partition(free);
        self.0 = alive;
        dead
    }
}
