//! Memory that modules see: samples, sequences and lists of numbers behind counted handles. Made and freed on control
//! only.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cantus_plugin_api::GUARD_FRAMES;
use cantus_plugin_api::raw::{
    Bind, Course, Event, Handle, Lock, Loop, NumbersData, Onset, PatternData, SampleData, Section, SequenceData, Step,
    kind,
};

/// A sound as modules see it.
pub struct SampleMemory {
    record: SampleData,
    // Vectors: pointers into a box must not be followed any more once the box has moved.
    _channels: Vec<*const f32>,
    samples: Vec<f32>,
    said: Said,
}

/// What is said of a sound beside its samples.
#[derive(Default)]
pub struct Said {
    /// MIDI note at which it was recorded.
    pub root: Option<f64>,
    /// Parts to be repeated.
    pub loops: Vec<Loop>,
    /// Marked frames, rising.
    pub cues: Vec<usize>,
    /// Where something begins, rising.
    pub onsets: Vec<Onset>,
}

/// A pattern as modules see it. Sequences that play it keep it.
pub struct PatternMemory {
    record: PatternData,
    steps: Vec<Step>,
    _locks: Vec<Lock>,
}

/// What a sequencer plays, as modules see it.
pub struct SequenceMemory {
    record: SequenceData,
    _courses: Vec<Course>,
    _sections: Vec<Vec<Section>>,
    _patterns: Vec<Arc<PatternMemory>>,
}

/// A course of a sequence: the beat from which on it counts, its length in beats, and its sections. What a section says of
/// its pattern is filled in.
pub type Part = (f64, f64, Vec<(Arc<PatternMemory>, Section)>);

/// A list of numbers as modules see it.
pub struct NumbersMemory {
    record: NumbersData,
    _values: Vec<f64>,
}

// SAFETY: all are immutable but for the atomic count, and own what their pointers lead to.
unsafe impl Send for SampleMemory {}
// SAFETY: as above.
unsafe impl Sync for SampleMemory {}
// SAFETY: as above.
unsafe impl Send for PatternMemory {}
// SAFETY: as above.
unsafe impl Sync for PatternMemory {}
// SAFETY: as above.
unsafe impl Send for SequenceMemory {}
// SAFETY: as above.
unsafe impl Sync for SequenceMemory {}
// SAFETY: as above.
unsafe impl Send for NumbersMemory {}
// SAFETY: as above.
unsafe impl Sync for NumbersMemory {}

fn head<T>() -> Handle {
    Handle { size: size_of::<T>(), holders: AtomicUsize::new(0) }
}

impl SampleMemory {
    /// Lays planar channels of one length out, with silence on both sides of each; `rate` in Hz.
    pub fn new(planar: &[Vec<f32>], rate: f64, said: Said) -> Arc<SampleMemory> {
        let frames = planar.first().map_or(0, Vec::len);
        let stride = frames + 2 * GUARD_FRAMES;
        let mut samples = vec![0.0f32; stride * planar.len()];
        for (channel, data) in planar.iter().enumerate() {
            let first = channel * stride + GUARD_FRAMES;
            samples[first..first + frames].copy_from_slice(data);
        }
        let base = samples.as_ptr();
        // One base for all, so that a channel's pointer may be followed into the silence around it.
        let channels: Vec<*const f32> =
            (0..planar.len()).map(|c| base.wrapping_add(c * stride + GUARD_FRAMES)).collect();
        let record = SampleData {
            head: head::<SampleData>(),
            channels: channels.as_ptr(),
            channel_count: channels.len(),
            frames,
            rate,
            root: said.root.unwrap_or(f64::NAN),
            loops: said.loops.as_ptr(),
            loop_count: said.loops.len(),
            cues: said.cues.as_ptr(),
            cue_count: said.cues.len(),
            onsets: said.onsets.as_ptr(),
            onset_count: said.onsets.len(),
        };
        Arc::new(SampleMemory { record, _channels: channels, samples, said })
    }
}

impl SampleMemory {
    /// The samples of a channel, without the silence around them.
    pub fn channel(&self, channel: usize) -> Option<&[f32]> {
        let stride = self.record.frames + 2 * GUARD_FRAMES;
        let padded = self.samples.chunks_exact(stride).nth(channel)?;
        Some(&padded[GUARD_FRAMES..GUARD_FRAMES + self.record.frames])
    }

    /// Where something begins, rising.
    pub fn onsets(&self) -> &[Onset] {
        &self.said.onsets
    }
}

impl PatternMemory {
    /// Lays rows out flat, in the order in which they are played; the steps are sorted by row, then column. `rows` and
    /// `steps_per_beat` are above 0.
    pub fn new(
        (rows, steps_per_beat, backwards): (u32, f64, bool),
        seed: u64,
        steps: Vec<Step>,
        locks: Vec<Lock>,
    ) -> Arc<PatternMemory> {
        let record = PatternData {
            seed,
            rows,
            stride: size_of::<Step>() as u32,
            steps_per_beat,
            steps: steps.as_ptr(),
            step_count: steps.len(),
            locks: locks.as_ptr(),
            lock_count: locks.len(),
            backwards: backwards.into(),
            reserved: 0,
        };
        Arc::new(PatternMemory { record, steps, _locks: locks })
    }
}

impl SequenceMemory {
    /// Lays courses out, in the order of their beats; at least one.
    pub fn new(origin: u64, parts: Vec<Part>) -> Arc<SequenceMemory> {
        let (mut courses, mut sections, mut patterns) = (Vec::new(), Vec::new(), Vec::<Arc<PatternMemory>>::new());
        for (from, beats, part) in parts {
            let laid: Vec<Section> = part
                .iter()
                .map(|(pattern, section)| Section { pattern: &raw const pattern.record, ..*section })
                .collect();
            courses.push(Course { from, beats, sections: laid.as_ptr(), section_count: laid.len() });
            sections.push(laid);
            for (pattern, _) in part {
                if !patterns.iter().any(|kept| Arc::ptr_eq(kept, &pattern)) {
                    patterns.push(pattern);
                }
            }
        }
        let beats = |of: fn(&Step) -> f32| -> f64 {
            let steps = patterns.iter().flat_map(|p| p.steps.iter().map(|step| (step, p.record.steps_per_beat)));
            steps.fold(0.0, |most, (step, pace)| f64::max(most, f64::from(of(step)) / pace))
        };
        let paces = patterns.iter().map(|pattern| pattern.record.steps_per_beat);
        let record = SequenceData {
            head: head::<SequenceData>(),
            origin,
            courses: courses.as_ptr(),
            course_count: courses.len(),
            early: beats(|step| -step.delay),
            late: beats(Step::late),
            slowest: paces.fold(f64::INFINITY, f64::min),
        };
        Arc::new(SequenceMemory { record, _courses: courses, _sections: sections, _patterns: patterns })
    }
}

impl NumbersMemory {
    /// Keeps a list.
    pub fn new(values: Vec<f64>) -> Arc<NumbersMemory> {
        let record = NumbersData { head: head::<NumbersData>(), values: values.as_ptr(), count: values.len() };
        Arc::new(NumbersMemory { record, _values: values })
    }
}

/// One of them.
#[derive(Clone)]
pub enum Data {
    /// A sound.
    Sample(Arc<SampleMemory>),
    /// What a sequencer plays.
    Sequence(Arc<SequenceMemory>),
    /// A list of numbers.
    Numbers(Arc<NumbersMemory>),
}

impl Data {
    fn head(&self) -> &Handle {
        match self {
            Data::Sample(memory) => &memory.record.head,
            Data::Sequence(memory) => &memory.record.head,
            Data::Numbers(memory) => &memory.record.head,
        }
    }

    /// Some module holds it.
    pub fn held(&self) -> bool {
        // Acquire: all reads through dropped handles come before whatever follows.
        self.head().holders.load(Ordering::Acquire) != 0
    }

    fn owners(&self) -> usize {
        match self {
            Data::Sample(memory) => Arc::strong_count(memory),
            Data::Sequence(memory) => Arc::strong_count(memory),
            Data::Numbers(memory) => Arc::strong_count(memory),
        }
    }
}

/// Memory that a Change's binds point to: it lives until the Change is home again.
#[derive(Default)]
pub struct Handles(Vec<Data>);

impl Handles {
    /// Control thread: a bind event for `data`.
    pub fn bind(&mut self, index: u16, slot: u16, data: Option<&Data>) -> Event {
        let (what, handle) = match data {
            None => (0, 0),
            Some(Data::Sample(m)) => (1, (&raw const m.record).expose_provenance()),
            Some(Data::Sequence(m)) => (2, (&raw const m.record).expose_provenance()),
            Some(Data::Numbers(m)) => (3, (&raw const m.record).expose_provenance()),
        };
        self.0.extend(data.cloned());
        Event::with_bind(kind::BIND, 0, 0, Bind { index, slot, what, handle })
    }
}

/// Keeps every piece of memory that was ever given out until nobody can hold it any more.
#[derive(Default)]
pub struct Keeper(Vec<Data>);

impl Keeper {
    /// Keeps what a Change is about to give out.
    pub fn keep(&mut self, handles: &Handles) {
        for data in &handles.0 {
            if !self.0.iter().any(|kept| std::ptr::eq(kept.head(), data.head())) {
                self.0.push(data.clone());
            }
        }
    }

    /// How much is kept.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Takes out what nobody can get any more: the host has dropped its own, every Change that binds it has come home,
    /// and no module holds it. A module takes hold only of what a Change on its way brings, so it stays so. To be
    /// dropped on a worker: sounds can be large.
    pub fn sweep(&mut self) -> Vec<Data> {
        self.0.extract_if(.., |data| data.owners() == 1 && !data.held()).collect()
    }
}

impl Drop for Keeper {
    /// Instances may outlive the engine: what they hold is never freed.
    fn drop(&mut self) {
        self.0.drain(..).filter(Data::held).for_each(std::mem::forget);
    }
}
