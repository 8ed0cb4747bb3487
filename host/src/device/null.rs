//! Plays to nobody, at the pace of real time: for machines without a sound card, and for tests of everything live.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Device, DeviceError, Source};
use crate::rt::OUT_CHANNELS;

/// The null device.
pub struct Null {
    rate: f64,
    block: usize,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Source>>,
}

impl Null {
    /// `rate` in Hz, `block` in frames.
    pub fn new(rate: f64, block: usize) -> Null {
        Null { rate, block: block.max(1), stop: Arc::default(), thread: None }
    }
}

impl Device for Null {
    fn start(&mut self, mut source: Source) -> Result<(), DeviceError> {
        let (rate, block, stop) = (self.rate, self.block, self.stop.clone());
        stop.store(false, Ordering::Release);
        let play = move || {
            let mut buffer = vec![0.0; block * OUT_CHANNELS];
            let (begin, mut frames) = (Instant::now(), 0usize);
            while !stop.load(Ordering::Acquire) {
                source.fill(&mut buffer, OUT_CHANNELS);
                frames += block;
                let due = begin + Duration::from_secs_f64(frames as f64 / rate);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            source
        };
        let refused =
            |e: std::io::Error| DeviceError::Refused { attempt: "start", device: "null".into(), cause: e.to_string() };
        self.thread = Some(std::thread::Builder::new().name("null device".into()).spawn(play).map_err(refused)?);
        Ok(())
    }

    fn stop(&mut self) -> Option<Source> {
        self.stop.store(true, Ordering::Release);
        self.thread.take()?.join().ok()
    }
}

impl Drop for Null {
    fn drop(&mut self) {
        self.stop();
    }
}
