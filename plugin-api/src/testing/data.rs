//! Samples, patterns and lists of numbers that a test owns.

use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::raw::{
    Course, GUARD_FRAMES, Handle, Lock, Loop, LoopDirection, NumbersData, Onset, PatternData, SampleData, Section,
    SequenceData, Step,
};

/// A sound of a test. Clones are the same sound.
#[derive(Clone)]
pub struct TestSample(Rc<Kept<SampleData, SampleMemory>>);

/// What a test lets a sequencer play. Clones are the same sequence.
#[derive(Clone)]
pub struct TestSequence(Rc<Kept<SequenceData, SequenceMemory>>);

/// A pattern of a test.
#[derive(Clone)]
pub struct TestPattern {
    /// Rows, at least 1.
    pub rows: u32,
    /// Rows per beat, greater than 0.
    pub steps_per_beat: f64,
    /// In any order, on rows that there are.
    pub steps: Vec<Step>,
    /// What steps lock.
    pub locks: Vec<Lock>,
}

/// A part of a chain of a test: a pattern, rows of it that are played, how often, and semitones.
pub type TestPart<'a> = (&'a TestPattern, u32, u32, f32);

/// What a sequence's record points to.
#[derive(Default)]
struct SequenceMemory {
    records: Vec<PatternData>,
    patterns: Vec<TestPattern>,
    sections: Vec<Vec<Section>>,
    courses: Vec<Course>,
}

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
    /// A pattern without locks.
    pub fn new(rows: u32, steps_per_beat: f64, steps: &[Step]) -> TestPattern {
        TestPattern { rows, steps_per_beat, steps: steps.to_vec(), locks: Vec::new() }
    }

    /// It, round and round.
    pub fn endless(&self) -> TestSequence {
        TestSequence::new(&[(0.0, &[(self, self.rows, u32::MAX, 0.0)], f64::INFINITY)])
    }
}

impl TestSequence {
    /// Courses: from which beat on each counts, its parts one after the other, and after how many beats they begin again.
    /// Turns of a pattern are counted per address.
    pub fn new(courses: &[(f64, &[TestPart<'_>], f64)]) -> TestSequence {
        let mut memory = SequenceMemory::default();
        let parts = || courses.iter().flat_map(|(_, parts, _)| parts.iter());
        for (pattern, ..) in parts() {
            assert!(
                pattern.rows > 0 && pattern.steps.iter().all(|s| s.row < pattern.rows),
                "a step beyond the last row"
            );
            let mut kept = (*pattern).clone();
            kept.steps.sort_by_key(|s| (s.row, s.column));
            let seed = memory.patterns.len() as u64;
            memory.records.push(PatternData { seed, ..record(&kept) });
            memory.patterns.push(kept);
        }
        let (mut entry, patterns) = (0, memory.records.as_ptr());
        for (from, parts, beats) in courses {
            let (mut start, mut sections) = (0.0, Vec::<Section>::new());
            for (place, (pattern, rows, repeats, transpose)) in parts.iter().enumerate() {
                let plays = |parts: &[TestPart<'_>]| -> u32 {
                    let same = parts.iter().filter(|(other, ..)| std::ptr::eq(*other, *pattern));
                    same.fold(0, |turns, (_, _, repeats, _)| turns.saturating_add(*repeats))
                };
                sections.push(Section {
                    pattern: patterns.wrapping_add(entry),
                    start,
                    rows: *rows,
                    repeats: *repeats,
                    turn: plays(&parts[..place]),
                    turns: plays(parts),
                    entry: entry as u32,
                    transpose: *transpose,
                });
                start += f64::from(*rows) * f64::from(*repeats) / pattern.steps_per_beat;
                entry += 1;
            }
            let (first, section_count) = (sections.as_ptr(), sections.len());
            memory.sections.push(sections);
            memory.courses.push(Course { from: *from, beats: *beats, sections: first, section_count });
        }
        let beats = |of: fn(&Step) -> f32| -> f64 {
            let steps =
                parts().flat_map(|(pattern, ..)| pattern.steps.iter().map(|step| (step, pattern.steps_per_beat)));
            steps.fold(0.0, |most, (step, pace)| f64::max(most, f64::from(of(step)) / pace))
        };
        let record = SequenceData {
            head: head::<SequenceData>(),
            origin: 1,
            courses: memory.courses.as_ptr(),
            course_count: memory.courses.len(),
            early: beats(|step| -step.delay),
            late: beats(Step::late),
            slowest: parts().fold(96.0, |slowest, (pattern, ..)| slowest.min(pattern.steps_per_beat)),
        };
        TestSequence(Rc::new(Kept::new(record, memory)))
    }

    /// As a version of something else: sequences are of origin 1 otherwise.
    ///
    /// # Panics
    /// If there are clones of it.
    pub fn called(mut self, origin: u64) -> TestSequence {
        let kept = Rc::get_mut(&mut self.0).and_then(|kept| kept.0.as_mut());
        kept.expect("nobody else has it").0.origin = origin;
        self
    }

    /// What modules hold a handle of.
    pub(crate) fn record(&self) -> &SequenceData {
        self.0.record()
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
    Step { pitch, length, ..Step::new(row, column) }
}

/// The record of a pattern, which points to its steps and locks.
fn record(pattern: &TestPattern) -> PatternData {
    PatternData {
        seed: 0,
        rows: pattern.rows,
        stride: size_of::<Step>() as u32,
        steps_per_beat: pattern.steps_per_beat,
        steps: pattern.steps.as_ptr(),
        step_count: pattern.steps.len(),
        locks: pattern.locks.as_ptr(),
        lock_count: pattern.locks.len(),
        backwards: 0,
        reserved: 0,
    }
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

impl Record for SequenceData {
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
