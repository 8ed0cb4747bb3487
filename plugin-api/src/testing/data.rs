//! Samples, patterns and lists of numbers that a test owns.

use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::raw::{
    ABSENT_SLOT, GUARD_FRAMES, Handle, Loop, LoopDirection, NumbersData, Onset, PatternData, SampleData, Step,
};

/// A sound of a test. Clones are the same sound.
#[derive(Clone)]
pub struct TestSample(Rc<Kept<SampleData, SampleMemory>>);

/// A pattern of a test. Clones are the same pattern.
#[derive(Clone)]
pub struct TestPattern(Rc<Kept<PatternData, Vec<Step>>>);

/// A list of numbers of a test. Clones are the same list.
#[derive(Clone)]
pub struct TestNumbers(Rc<Kept<NumbersData, Vec<f64>>>);

/// What a sample's record points to.
#[derive(Clone, Default)]
struct SampleMemory {
    planes: Vec<Vec<f32>>,
    loops: Vec<Loop>,
    cues: Vec<usize>,
    onsets: Vec<Onset>,
    /// Frame 0 of each plane.
    firsts: Vec<*const f32>,
}

impl TestSample {
    /// One channel at `rate` Hz.
    pub fn mono(rate: f64, frames: &[f32]) -> TestSample {
        TestSample::planar(rate, &[frames])
    }

    /// Two channels of the same length at `rate` Hz.
    pub fn stereo(rate: f64, left: &[f32], right: &[f32]) -> TestSample {
        TestSample::planar(rate, &[left, right])
    }

    fn planar(rate: f64, channels: &[&[f32]]) -> TestSample {
        let frames = channels[0].len();
        assert!(channels.iter().all(|c| c.len() == frames), "channels of different length");
        let guard = [0.0; GUARD_FRAMES];
        let planes = channels.iter().map(|c| [&guard[..], c, &guard[..]].concat()).collect();
        TestSample::of(rate, f64::NAN, SampleMemory { planes, ..SampleMemory::default() })
    }

    fn of(rate: f64, root: f64, mut memory: SampleMemory) -> TestSample {
        memory.firsts = memory.planes.iter().map(|p| p.as_ptr().wrapping_add(GUARD_FRAMES)).collect();
        let record = SampleData {
            head: head::<SampleData>(),
            channels: memory.firsts.as_ptr(),
            channel_count: memory.firsts.len(),
            frames: memory.planes[0].len() - 2 * GUARD_FRAMES,
            rate,
            root,
            loops: memory.loops.as_ptr(),
            loop_count: memory.loops.len(),
            cues: memory.cues.as_ptr(),
            cue_count: memory.cues.len(),
            onsets: memory.onsets.as_ptr(),
            onset_count: memory.onsets.len(),
        };
        TestSample(Rc::new(Kept::new(record, memory)))
    }

    /// Another sound, of which the file says more.
    fn with(&self, more: impl FnOnce(&mut SampleMemory)) -> TestSample {
        let mut memory = self.0.memory().clone();
        more(&mut memory);
        TestSample::of(self.0.record().rate, self.0.record().root, memory)
    }

    /// The same sound with one more part that is to be repeated: from `start` to before `end`.
    pub fn with_loop(&self, start: usize, end: usize, direction: LoopDirection) -> TestSample {
        assert!(start < end && end <= self.0.record().frames, "a loop of {start} to {end}");
        self.with(|memory| memory.loops.push(Loop { start, end, direction, reserved: 0 }))
    }

    /// The same sound with these frames marked.
    pub fn with_cues(&self, frames: &[usize]) -> TestSample {
        assert!(frames.is_sorted(), "cues go back");
        self.with(|memory| memory.cues = frames.to_vec())
    }

    /// The same sound, recorded at that MIDI note.
    pub fn with_root(&self, note: f64) -> TestSample {
        TestSample::of(self.0.record().rate, note, self.0.memory().clone())
    }

    /// The same sound with these onsets: frame and strength.
    pub fn with_onsets(&self, onsets: &[(usize, f32)]) -> TestSample {
        assert!(onsets.is_sorted_by_key(|(frame, _)| *frame), "onsets go back");
        let onsets = onsets.iter().map(|(frame, strength)| Onset { frame: *frame, strength: *strength, reserved: 0 });
        self.with(|memory| memory.onsets = onsets.collect())
    }

    /// How many handles the module holds.
    pub fn holders(&self) -> usize {
        self.0.record().head.holders.load(Ordering::Acquire)
    }

    pub(crate) fn handle(&self) -> usize {
        std::ptr::from_ref(self.0.record()).expose_provenance()
    }
}

impl TestPattern {
    /// A pattern of `rows` rows. The steps may come in any order.
    pub fn new(rows: u32, steps_per_beat: f64, steps: &[Step]) -> TestPattern {
        assert!(rows > 0 && steps.iter().all(|s| s.row < rows), "a step beyond the last row");
        let mut steps = steps.to_vec();
        steps.sort_by_key(|s| (s.row, s.column));
        let record = PatternData {
            head: head::<PatternData>(),
            rows,
            stride: size_of::<Step>() as u32,
            steps_per_beat,
            steps: steps.as_ptr(),
            step_count: steps.len(),
        };
        TestPattern(Rc::new(Kept::new(record, steps)))
    }

    /// How many handles the module holds.
    pub fn holders(&self) -> usize {
        self.0.record().head.holders.load(Ordering::Acquire)
    }

    pub(super) fn handle(&self) -> usize {
        std::ptr::from_ref(self.0.record()).expose_provenance()
    }
}

impl TestNumbers {
    /// These numbers.
    pub fn new(values: &[f64]) -> TestNumbers {
        let values = values.to_vec();
        let record = NumbersData { head: head::<NumbersData>(), values: values.as_ptr(), count: values.len() };
        TestNumbers(Rc::new(Kept::new(record, values)))
    }

    /// How many handles the module holds.
    pub fn holders(&self) -> usize {
        self.0.record().head.holders.load(Ordering::Acquire)
    }

    pub(super) fn handle(&self) -> usize {
        std::ptr::from_ref(self.0.record()).expose_provenance()
    }
}

/// A step without slot and velocity; `length` in rows, 0 for a note that the pattern never ends.
pub fn step(row: u32, column: u16, pitch: f32, length: f32) -> Step {
    Step { row, column, slot: ABSENT_SLOT, pitch, velocity: f32::NAN, length, reserved: 0 }
}

fn head<T>() -> Handle {
    Handle { size: size_of::<T>(), holders: AtomicUsize::new(0) }
}

/// A record and the memory it points to, at addresses that stay.
struct Kept<R: Record, D>(Option<Box<(R, D)>>);

trait Record {
    fn head(&self) -> &Handle;
}

impl Record for SampleData {
    fn head(&self) -> &Handle {
        &self.head
    }
}

impl Record for PatternData {
    fn head(&self) -> &Handle {
        &self.head
    }
}

impl Record for NumbersData {
    fn head(&self) -> &Handle {
        &self.head
    }
}

impl<R: Record, D> Kept<R, D> {
    fn new(record: R, memory: D) -> Self {
        Kept(Some(Box::new((record, memory))))
    }

    fn record(&self) -> &R {
        &self.0.as_ref().expect("there until it is dropped").0
    }

    fn memory(&self) -> &D {
        &self.0.as_ref().expect("there until it is dropped").1
    }
}

impl<R: Record, D> Drop for Kept<R, D> {
    /// A module that outlives its data must not read freed memory: what is still held is leaked.
    fn drop(&mut self) {
        if self.record().head().holders.load(Ordering::Acquire) > 0 {
            std::mem::forget(self.0.take());
        }
    }
}
