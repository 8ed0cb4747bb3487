//! An engine and an offline device on one thread, in lockstep: how everything is rendered and tested.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::control::{Config, Engine, LocalEngine};
use crate::device::{Device, Offline, Source};
use crate::plugins::ModuleRegistry;

/// Virtual time: it goes on only in [`pull`](Lockstep::pull), and stands still while anything loads.
pub struct Lockstep {
    engine: LocalEngine,
    device: Offline,
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

    /// The next frames, interleaved stereo. What was committed before takes effect at the next quantum.
    pub fn pull(&mut self, interleaved: &mut [f32]) {
        self.settle();
        while !self.engine.0.borrow().flushed() {
            self.device.receive();
            self.engine.0.borrow_mut().tick();
        }
        self.device.pull(interleaved);
        self.engine.0.borrow_mut().tick();
    }
}
