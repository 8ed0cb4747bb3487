//! What changes with every quantum: written by the audio thread, sampled by whoever reads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Figures of the running Processor. Each is right by itself; they are not of one instant.
#[derive(Debug, Default)]
pub struct Telemetry {
    sample: AtomicU64,
    beat: AtomicU64,
    playing: AtomicBool,
    refused: AtomicU64,
    late: AtomicU64,
    lost: AtomicBool,
}

impl Telemetry {
    pub(super) fn publish(&self, sample: u64, beat: f64, playing: bool) {
        self.sample.store(sample, Ordering::Relaxed);
        self.beat.store(beat.to_bits(), Ordering::Relaxed);
        self.playing.store(playing, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self, events: u32) {
        self.refused.fetch_add(u64::from(events), Ordering::Relaxed);
    }

    /// Counts device callbacks that could not be served in time.
    pub fn count_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the device has gone.
    pub fn lose_device(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    /// The device has gone: nothing pulls any more.
    pub fn device_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Absolute sample of the next quantum.
    pub fn sample(&self) -> u64 {
        self.sample.load(Ordering::Relaxed)
    }

    /// Beat at that sample.
    pub fn beat(&self) -> f64 {
        f64::from_bits(self.beat.load(Ordering::Relaxed))
    }

    /// Beats go on.
    pub fn playing(&self) -> bool {
        self.playing.load(Ordering::Relaxed)
    }

    /// Events that found no room since the start.
    pub fn refused_events(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Device callbacks that came too late since the start.
    pub fn late_callbacks(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }
}
