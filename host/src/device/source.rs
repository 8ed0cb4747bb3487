//! Serves blocks of any size from quanta.

use crate::culprit::Accused;
use crate::rt::{OUT_CHANNELS, Processor, QUANTUM};

/// A Processor behind a small buffer: what a device pulls from.
pub struct Source {
    processor: Processor,
    ready: [[f32; QUANTUM]; OUT_CHANNELS],
    /// Frames of `ready` that were served.
    served: usize,
}

impl Source {
    /// Control thread.
    pub fn new(processor: Processor) -> Source {
        Source { processor, ready: [[0.0; QUANTUM]; OUT_CHANNELS], served: QUANTUM }
    }

    /// Absolute sample of the next frame.
    pub fn sample(&self) -> u64 {
        self.processor.sample() - self.left() as u64
    }

    /// Frames that are left of the quantum made last.
    pub fn left(&self) -> usize {
        QUANTUM - self.served
    }

    /// Serves one callback of a device that runs at the engine's rate; see [`serve`](Source::serve).
    pub fn fill(&mut self, interleaved: &mut [f32], channels: usize) {
        self.set_block(interleaved.len() / channels.max(1));
        self.serve(interleaved, channels);
    }

    /// Says how many frames, at the engine's rate, a callback is about to take.
    pub fn set_block(&self, frames: usize) {
        self.processor.telemetry().set_block(frames as u32);
    }

    /// Fills interleaved frames of `channels` channels: the first two are left and right, one alone is their mean,
    /// others are silent. Audio thread.
    pub fn serve(&mut self, interleaved: &mut [f32], channels: usize) {
        let _accused = Accused::all();
        for frame in interleaved.chunks_exact_mut(channels.max(1)) {
            if self.served == QUANTUM {
                let quantum = self.processor.quantum();
                for (ready, made) in self.ready.iter_mut().zip(quantum) {
                    *ready = *made;
                }
                self.served = 0;
            }
            let [left, right] = [self.ready[0][self.served], self.ready[1][self.served]];
            self.served += 1;
            match frame {
                [mono] => *mono = 0.5 * (left + right),
                [l, r, others @ ..] => {
                    *l = left;
                    *r = right;
                    others.fill(0.0);
                }
                [] => {}
            }
        }
    }
}
