//! An engine and an offline device on one thread, in lockstep: how everything is rendered and tested.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::control::{Config, Engine, LocalEngine};
use crate::device::{Device, Offline, Source};
use crate::plugins::ModuleRegistry;
use crate::rt::{OUT_CHANNELS, QUANTUM};

/// Virtual time: it goes on only in [`pull`](Lockstep::pull), and stands still while anything loads.
pub struct Lockstep {
    // Before the engine, so that instances are destroyed while what they hold is still kept.
    device: Offline,
    engine: LocalEngine,
}

impl Lockstep {
    /// An engine with an empty Model at sample 0.
    pub fn new(registry: Arc<ModuleRegistry>, config: Config) -> Lockstep {
        let (engine, processor) = Engine::new(registry, config);
        let mut device = Offline::default();
        device.start(Source::new(processor)).expect("the offline device takes every source");
        Lockstep { engine: LocalEngine(Rc::new(RefCell::new(engine))), device }
    }

    /// The engine, for producers on this thread.
    pub fn engine(&self) -> &LocalEngine {
        &self.engine
    }

    /// Waits until nothing is being made or loaded.
    pub fn settle(&self) {
        self.engine.0.borrow_mut().settle();
    }

    /// The next frames, interleaved stereo. The engine does its work before every quantum, whatever the length of the
    /// slice; what was committed before takes effect at the next one.
    pub fn pull(&mut self, interleaved: &mut [f32]) {
        self.pull_with(interleaved, || {});
    }

    /// The same with producers in lockstep, too: what they do in `before`, which is called before every quantum, takes
    /// effect in it.
    pub fn pull_with(&mut self, interleaved: &mut [f32], mut before: impl FnMut()) {
        let mut rest = interleaved;
        while !rest.is_empty() {
            if self.device.left() == 0 {
                self.settle();
                before();
                self.engine.0.borrow_mut().settle_if_loading();
            }
            let now = match self.device.left() {
                0 => QUANTUM,
                left => left,
            };
            let (part, later) = rest.split_at_mut(rest.len().min(now * OUT_CHANNELS));
            self.device.pull(part);
            rest = later;
        }
        self.engine.0.borrow_mut().tick();
    }
}
