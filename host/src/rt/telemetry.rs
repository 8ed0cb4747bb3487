//! What changes with every quantum: written by the audio thread, sampled by whoever reads.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};

use super::QUANTUM;

/// Seconds before its time that a Change is handed over, besides the block of the device.
const AHEAD: f64 = 0.004;

/// Figures of the running Processor. Counters are since the start, and each is right by itself.
#[derive(Debug, Default)]
pub struct Telemetry {
    /// Odd while `words` are being written.
    version: AtomicU64,
    words: [AtomicU64; WORDS],
    block: AtomicU32,
    /// Id of the instance whose code runs now; 0: none.
    at_work: AtomicU64,
    refused: AtomicU64,
    late_callbacks: AtomicU64,
    late_changes: AtomicU64,
    worst_lateness: AtomicU64,
    lost: AtomicBool,
}

/// Where the music is: all of one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Absolute sample of the next quantum.
    pub sample: u64,
    /// Beat at that sample.
    pub beat: f64,
    /// Beats per minute there; while beats stand still, those with which they would go on.
    pub bpm: f64,
    /// Beats per minute that are gained with each sample, while beats go on.
    pub slope: f64,
    /// Beats go on.
    pub playing: bool,
    /// Counts stops, seeks and resets.
    pub epoch: u32,
    /// Counts the turns of the loop in this epoch.
    pub lap: u32,
    /// Length of a bar in beats.
    pub beats_per_bar: f32,
}

const WORDS: usize = 7;

impl Reading {
    fn to_words(self) -> [u64; WORDS] {
        let flags = u64::from(self.epoch) << 1 | u64::from(self.playing);
        let bar = u64::from(self.beats_per_bar.to_bits());
        [self.sample, self.beat.to_bits(), self.bpm.to_bits(), flags, bar, self.lap.into(), self.slope.to_bits()]
    }

    fn from_words([sample, beat, bpm, flags, bar, lap, slope]: [u64; WORDS]) -> Reading {
        Reading {
            sample,
            beat: f64::from_bits(beat),
            bpm: f64::from_bits(bpm),
            slope: f64::from_bits(slope),
            playing: flags & 1 != 0,
            epoch: (flags >> 1) as u32,
            lap: lap as u32,
            beats_per_bar: f32::from_bits(bar as u32),
        }
    }
}

impl Telemetry {
    /// Audio thread, the only writer: a seqlock made of atomics (H.-J. Boehm, "Can seqlocks get along with programming
    /// language memory models?", 2012). It never waits.
    pub(super) fn publish(&self, reading: Reading) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        for (word, value) in self.words.iter().zip(reading.to_words()) {
            word.store(value, Ordering::Relaxed);
        }
        self.version.store(version + 2, Ordering::Release);
    }

    /// Where the music is. Any thread but the audio thread: it tries again while one is being written.
    pub fn reading(&self) -> Reading {
        loop {
            let before = self.version.load(Ordering::Acquire);
            let words = std::array::from_fn(|i| self.words[i].load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && before == self.version.load(Ordering::Relaxed) {
                return Reading::from_words(words);
            }
            std::hint::spin_loop();
        }
    }

    /// Audio thread: the code of an instance begins to run, or, with 0, none does any more.
    pub(super) fn work(&self, instance: u64) {
        self.at_work.store(instance, Ordering::Relaxed);
    }

    /// Id of the instance whose code the audio thread runs now: what to blame if that never ends. Any thread, and
    /// a handler of signals.
    pub fn at_work(&self) -> Option<u64> {
        Some(self.at_work.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    pub(super) fn refuse(&self, events: u32) {
        self.refused.fetch_add(u64::from(events), Ordering::Relaxed);
    }

    /// A Change took effect so many samples after its stamp.
    pub(super) fn count_late_change(&self, samples: u64) {
        self.late_changes.fetch_add(1, Ordering::Relaxed);
        self.worst_lateness.fetch_max(samples, Ordering::Relaxed);
    }

    /// Says how many frames, at the engine's rate, the device asks for at once.
    pub fn set_block(&self, frames: u32) {
        self.block.store(frames, Ordering::Relaxed);
    }

    /// Counts device callbacks that could not be served in time.
    pub fn count_late(&self) {
        self.late_callbacks.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the device has gone.
    pub fn lose_device(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    /// The device has gone: nothing pulls any more.
    pub fn device_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Frames, at the engine's rate, that the device asked for last; 0 before the first time.
    pub fn block(&self) -> u32 {
        self.block.load(Ordering::Relaxed)
    }

    /// Frames, at the engine's rate in Hz, before its time in which a Change must be handed over to be on time.
    pub fn horizon(&self, rate: f64) -> f64 {
        match self.block() {
            0 => QUANTUM as f64,
            block => f64::from(block) + AHEAD * rate,
        }
    }

    /// Events that found no room.
    pub fn refused_events(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Device callbacks that came too late.
    pub fn late_callbacks(&self) -> u64 {
        self.late_callbacks.load(Ordering::Relaxed)
    }

    /// Changes that took effect after their stamp.
    pub fn late_changes(&self) -> u64 {
        self.late_changes.load(Ordering::Relaxed)
    }

    /// By how many samples the latest of them was late.
    pub fn worst_lateness(&self) -> u64 {
        self.worst_lateness.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
