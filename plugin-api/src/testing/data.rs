//! Samples and patterns that a test owns.

use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::raw::{ABSENT_SLOT, GUARD_FRAMES, Handle, PatternData, SampleData, Step};

/// A sound of a test. Clones are the same sound.
#[derive(Clone)]
pub struct TestSample(Rc<Kept<SampleData, SampleMemory>>);

/// A pattern of a test. Clones are the same pattern.
#[derive(Clone)]
pub struct TestPattern(Rc<Kept<PatternData, Vec<Step>>>);

/// The planes, and the pointers to their frame 0.
type SampleMemory = (Vec<Vec<f32>>, Vec<*const f32>);

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
        let planes: Vec<Vec<f32>> = channels.iter().map(|c| [&guard[..], c, &guard[..]].concat()).collect();
        let firsts: Vec<*const f32> = planes.iter().map(|p| p.as_ptr().wrapping_add(GUARD_FRAMES)).collect();
        let record = SampleData {
            head: head::<SampleData>(),
            channels: firsts.as_ptr(),
            channel_count: firsts.len(),
            frames,
            rate,
        };
        TestSample(Rc::new(Kept::new(record, (planes, firsts))))
    }

    /// How many handles the module holds.
    pub fn holders(&self) -> usize {
        self.0.record().head.holders.load(Ordering::Acquire)
    }

    pub(super) fn handle(&self) -> usize {
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

impl<R: Record, D> Kept<R, D> {
    fn new(record: R, memory: D) -> Self {
        Kept(Some(Box::new((record, memory))))
    }

    fn record(&self) -> &R {
        &self.0.as_ref().expect("there until it is dropped").0
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
