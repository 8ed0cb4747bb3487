//! The Engine as others hold it: from other threads, from its own thread, and as a running thread.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::batch::{Accepted, Batch, Commit, CommitError};
use super::engine::Engine;
use super::queue::{Answer, CommandQueue};
use super::state::{ClockReading, EngineState};
use crate::model::{Catalog, ModuleId};
use crate::plugins::{Choice, ModuleRegistry};
use crate::rt::Telemetry;

/// How long a producer waits for plugins that are being looked at, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(1);

/// What producers and observers hold: cheap to clone, usable from any thread but the audio thread.
#[derive(Clone)]
pub struct EngineHandle {
    pub(super) queue: Arc<CommandQueue>,
    pub(super) state: Arc<ArcSwap<EngineState>>,
    pub(super) ids: Arc<AtomicU64>,
    pub(super) telemetry: Arc<Telemetry>,
    /// Who provides what, now. Replaced by the Engine alone.
    pub(super) registry: Arc<ArcSwap<ModuleRegistry>>,
    pub(super) rate: f64,
}

impl EngineHandle {
    /// The queue, for producers that do not wait.
    pub fn queue(&self) -> &CommandQueue {
        &self.queue
    }

    /// That id is somebody's.
    pub(super) fn give_no_more(&self, id: ModuleId) {
        self.ids.fetch_max(id.0.saturating_add(1), Ordering::Relaxed);
    }

    /// The engine's sample rate in Hz.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Figures of the running Processor.
    pub fn telemetry(&self) -> &Arc<Telemetry> {
        &self.telemetry
    }

    /// Hands a batch over, waiting for room in the producer's own order, and returns the answer. Not on the control
    /// thread, which gives the answers.
    ///
    /// # Errors
    /// [`CommitError`]: nothing was applied.
    pub fn execute_immediate(&self, mut batch: Batch) -> Answer {
        loop {
            match self.queue.submit(batch) {
                Ok(answer) => return answer.recv().unwrap_or(Err(CommitError::Stopped)),
                Err(_) if self.queue.closed() => return Err(CommitError::Stopped),
                Err((_, back)) => {
                    batch = back;
                    self.queue.wake();
                    std::thread::park_timeout(Duration::from_micros(200));
                }
            }
        }
    }
}

impl Commit for EngineHandle {
    fn commit(&self, batch: Batch) -> Result<Accepted, CommitError> {
        self.execute_immediate(batch)
    }

    fn state(&self) -> Arc<EngineState> {
        self.state.load_full()
    }

    fn mint(&self) -> ModuleId {
        ModuleId(self.ids.fetch_add(1, Ordering::Relaxed))
    }

    fn clock(&self) -> ClockReading {
        // What it was told first: what the audio thread shows is then not older.
        let orders = self.state.load().orders;
        ClockReading::of(self.telemetry.reading(), orders, self.rate)
    }

    fn catalog_by(&self, of_session: &[Choice]) -> Arc<Catalog> {
        let registry = self.registry.load();
        registry.catalog_by(registry.choices_with(of_session.iter().cloned()))
    }

    fn wait_for_plugins(&self) -> bool {
        let end = Instant::now() + PATIENCE;
        while self.state().status.reloading && Instant::now() < end {
            std::thread::sleep(LOOK);
        }
        !self.state().status.reloading
    }

    fn horizon(&self) -> f64 {
        self.telemetry.horizon(self.rate)
    }
}

/// An engine on the thread of its only producer: offline, where everything runs in lockstep.
#[derive(Clone)]
pub struct LocalEngine(pub Rc<RefCell<Engine>>);

impl Commit for LocalEngine {
    fn commit(&self, batch: Batch) -> Result<Accepted, CommitError> {
        let mut engine = self.0.borrow_mut();
        let answer = engine.handle().queue.submit(batch).map_err(|(busy, _)| busy)?;
        engine.tick();
        drop(engine);
        // At once, but for a journal that is written first.
        answer.recv().unwrap_or(Err(CommitError::Stopped))
    }

    fn state(&self) -> Arc<EngineState> {
        self.0.borrow().handle().state()
    }

    fn mint(&self) -> ModuleId {
        self.0.borrow().handle().mint()
    }

    fn clock(&self) -> ClockReading {
        self.0.borrow().handle().clock()
    }

    fn catalog_by(&self, of_session: &[Choice]) -> Arc<Catalog> {
        self.0.borrow().handle().catalog_by(of_session)
    }

    fn wait_for_plugins(&self) -> bool {
        self.0.borrow_mut().settle();
        true
    }

    fn horizon(&self) -> f64 {
        self.0.borrow().handle().horizon()
    }
}

/// A running control thread; dropping it ends it.
pub struct EngineThread {
    handle: EngineHandle,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl EngineThread {
    /// Starts the control thread.
    pub fn start(engine: Engine) -> EngineThread {
        let (handle, stop) = (engine.handle().clone(), Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("control".into()).spawn(move || engine.live(&stopped));
        EngineThread { handle, stop, thread: Some(thread.expect("the system has room for a thread")) }
    }

    /// For producers and observers.
    pub fn handle(&self) -> &EngineHandle {
        &self.handle
    }
}

impl Drop for EngineThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.handle.queue.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
