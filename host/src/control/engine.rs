//! The Engine: the one consumer of commands, and the one that talks to the audio thread.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use rtrb::{Consumer, Producer, RingBuffer};

use super::batch::{Accepted, Batch, CommitError};
use super::handle::EngineHandle;
use super::queue::{Answer, CommandQueue, Envelope};
use super::realise::{Realiser, Task};
use super::state::{EngineState, Status};
use super::workers::{Done, Workers};
use crate::assets::{self, Asset, Progress};
use crate::model::{Command, Model, ModuleId, Name};
use crate::plugins::ModuleRegistry;
use crate::rt::message::{Change, Deed, FromAudio, ToAudio, TransportChange};
use crate::rt::{Fault, Keeper, Meters, Processor};

/// Changes that can be on their way in each direction. When the inbound ring is full, the Engine keeps the rest in
/// order; when the outbound ring is full, the Processor waits with the next Change.
const RING: usize = 1024;
/// How long the control thread sleeps when nobody wakes it.
const TICK: Duration = Duration::from_millis(2);
/// Threads that load and free.
const WORKERS: usize = 2;

/// What an engine is made with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Sample rate in Hz, for the engine's life.
    pub rate: f64,
    /// Folder that relative sound files are looked for in: there, then in its `samples/`.
    pub root: PathBuf,
}

/// Checks and applies batches, realises Models, publishes states. Lives on one thread, the control thread, and does
/// no I/O there.
pub struct Engine {
    config: Arc<Config>,
    registry: Arc<ModuleRegistry>,
    handle: EngineHandle,
    model: Arc<Model>,
    status: Arc<Status>,
    meters: Arc<BTreeMap<Name, Meters>>,
    realiser: Realiser,
    workers: Workers,
    keeper: Keeper,
    to_audio: Producer<ToAudio>,
    from_audio: Consumer<FromAudio>,
    /// What workers have brought since the last Change, and whether the plan must be compiled anew: sent as one.
    brought: Box<Change>,
    replan: bool,
    /// Changes that found the ring full.
    backlog: VecDeque<Box<Change>>,
    batches: u64,
    version: u64,
}

impl Engine {
    /// An engine with an empty Model, and its Processor, which a device is to run.
    pub fn new(registry: Arc<ModuleRegistry>, config: Config) -> (Engine, Processor) {
        let (to_audio, inbox) = RingBuffer::new(RING);
        let (outbox, from_audio) = RingBuffer::new(RING);
        let state = EngineState::new(0, Arc::default());
        let EngineState { model, status, meters, .. } = state.clone();
        let handle = EngineHandle {
            queue: CommandQueue::new(),
            state: Arc::new(ArcSwap::from_pointee(state)),
            catalog: registry.catalog().clone(),
            ids: Arc::new(AtomicU64::new(1)),
            telemetry: Arc::default(),
        };
        let processor = Processor::new(config.rate, model.bpm.get(), inbox, outbox, handle.telemetry.clone());
        let queue = handle.queue.clone();
        let engine = Engine {
            realiser: Realiser::new(registry.catalog().clone(), config.rate),
            config: Arc::new(config),
            registry,
            handle,
            model,
            status,
            meters,
            workers: Workers::new(WORKERS, move || queue.wake()),
            keeper: Keeper::default(),
            to_audio,
            from_audio,
            brought: Box::default(),
            replan: false,
            backlog: VecDeque::new(),
            batches: 0,
            version: 0,
        };
        (engine, processor)
    }

    /// For producers and observers.
    pub fn handle(&self) -> &EngineHandle {
        &self.handle
    }

    /// Does all there is to do and returns; never waits.
    pub fn tick(&mut self) {
        self.hear_audio();
        while let Some(done) = self.workers.next() {
            self.finish(done);
        }
        if self.realiser.progressed() {
            self.status = Arc::new(self.realiser.status());
        }
        self.replan |= self.realiser.sweep(self.handle.telemetry.reading().sample, &mut self.brought);
        self.send_brought();
        while let Some(envelope) = self.handle.queue.pop() {
            self.answer(envelope);
        }
        self.flush();
        self.publish();
        let dead = self.keeper.sweep();
        if !dead.is_empty() {
            self.workers.bury(dead);
        }
    }

    /// Nothing is being made or loaded: what is not ready will not be.
    pub fn settled(&self) -> bool {
        !self.status.loading()
    }

    /// Waits until nothing is being made or loaded. For offline use: the audio thread need not run.
    pub fn settle(&mut self) {
        self.tick();
        while !self.settled() {
            let Some(done) = self.workers.wait() else { break };
            self.finish(done);
        }
        self.tick();
    }

    /// Lives on this thread until told to stop.
    pub(super) fn live(mut self, stop: &AtomicBool) {
        self.handle.queue.consumed_by(std::thread::current());
        while !stop.load(Ordering::Acquire) {
            self.tick();
            std::thread::park_timeout(TICK);
        }
    }

    /// Takes what the audio thread has sent.
    fn hear_audio(&mut self) {
        while let Ok(message) = self.from_audio.pop() {
            match message {
                FromAudio::Applied { sample, change } => {
                    self.realiser.came_home(&change, sample);
                    // Instances are destroyed, plans and memory freed, on a worker.
                    self.workers.bury(change);
                }
                FromAudio::RungOut { slot } => self.replan |= self.realiser.rung_out(slot, &mut self.brought),
                FromAudio::Fault { instance, fault } => {
                    let text = match fault {
                        Fault::Failed(report) => format!(
                            "it panicked and is silent from now on ({}); remove it and add it again",
                            report.text()
                        ),
                        Fault::NotFinite => {
                            "its output was not a number and such quanta are silent; look for a division by zero in it"
                                .to_owned()
                        }
                    };
                    self.realiser.faulted(ModuleId(instance), text);
                    self.status = Arc::new(self.realiser.status());
                }
            }
        }
    }

    /// Takes what a worker has done.
    fn finish(&mut self, done: Done) {
        match done {
            Done::Made { id, result } => {
                let orphan = self.realiser.made(id, result, &self.model, &mut self.brought);
                orphan.map_or_else(|| self.replan = true, |orphan| self.workers.bury(orphan));
            }
            Done::Loaded { file, result } => {
                if let Some(orphan) = self.realiser.loaded(&file, result, &mut self.brought) {
                    self.workers.bury(orphan);
                }
            }
            Done::Nothing => return,
        }
        self.status = Arc::new(self.realiser.status());
    }

    /// Sends what workers have brought, before anything that builds on it.
    fn send_brought(&mut self) {
        let replan = std::mem::take(&mut self.replan);
        if replan || !self.brought.is_empty() {
            let change = std::mem::take(&mut self.brought);
            self.send(change, replan);
        }
    }

    /// Applies a batch whole or not at all, and answers.
    fn answer(&mut self, Envelope { batch, reply }: Envelope) {
        let answer = self.apply(&batch);
        if answer.is_ok() {
            self.publish();
        }
        // A producer that does not wait for the answer is no fault.
        let _ = reply.send(answer);
    }

    fn apply(&mut self, batch: &Batch) -> Answer {
        let mut model = (*self.model).clone();
        for (index, command) in batch.commands.iter().enumerate() {
            model.edit(command, &self.handle.catalog).map_err(|refusal| CommitError::Refused {
                command: Some(index),
                attempt: command.describe(),
                refusal,
            })?;
        }
        if !model.connections.same(&self.model.connections) || !model.links.same(&self.model.links) {
            let whole = |refusal| CommitError::Refused { command: None, attempt: "connect modules".into(), refusal };
            model.check().map_err(whole)?;
        }
        self.batches += 1;
        let mut change = Box::new(Change { batch: self.batches, ..Change::default() });
        let old = std::mem::replace(&mut self.model, Arc::new(model));
        let over = batch.commands.iter().rev().find_map(|command| match command {
            Command::SetBPM(c) => Some(c.over.get()),
            _ => None,
        });
        let replan = self.realiser.realise(&old, &self.model, over.unwrap_or(0.0), &mut change);
        for command in &batch.commands {
            self.act(command, &mut change);
        }
        self.send(change, replan);
        Ok(Accepted { batch: self.batches, model: self.model.clone() })
    }

    /// Puts an action into a Change; edits are in it already.
    fn act(&mut self, command: &Command, change: &mut Change) {
        let mut transport = |what| change.deeds.push(Deed::Transport(what));
        match command {
            Command::StartTransport(_) => transport(TransportChange::Start),
            Command::StopTransport(_) => {
                transport(TransportChange::Stop);
                self.realiser.forget_waiting();
            }
            Command::PauseTransport(_) => transport(TransportChange::Pause),
            Command::ResetTransport(_) => transport(TransportChange::Reset),
            Command::Seek(c) => transport(TransportChange::Seek(c.beat.get())),
            Command::TriggerEvent(c) => self.realiser.trigger(c, change),
            Command::InvokeAction(c) => self.realiser.action(c, &self.model, change),
            Command::ReloadAsset(c) => self.realiser.reload(&c.file),
            Command::Panic(_) => {
                self.realiser.end_now(change);
                change.deeds.push(Deed::Panic);
                self.realiser.forget_waiting();
                self.realiser.send_everything(&self.model, change);
            }
            _ => {}
        }
    }

    /// Starts what is to be loaded, and hands a Change over.
    fn send(&mut self, mut change: Box<Change>, replan: bool) {
        for task in self.realiser.take_tasks() {
            self.start(task);
        }
        if replan {
            self.realiser.plan(&self.model, &mut change);
        }
        self.status = Arc::new(self.realiser.status());
        if replan || !change.instances.is_empty() {
            self.meters = Arc::new(self.realiser.meters());
        }
        self.keeper.keep(&change.handles);
        self.backlog.push_back(change);
        self.flush();
    }

    fn flush(&mut self) {
        while let Some(change) = self.backlog.pop_front() {
            if let Err(rtrb::PushError::Full(ToAudio::Change(change))) = self.to_audio.push(ToAudio::Change(change)) {
                self.backlog.push_front(change);
                return;
            }
        }
    }

    fn start(&mut self, task: Task) {
        let (registry, config) = (self.registry.clone(), self.config.clone());
        match task {
            Task::Make { module_type, id, seed } => self.workers.start(move || {
                let make = || registry.instantiate(&module_type, id.0, seed, config.rate).map(Box::new);
                Done::Made { id, result: guarded("making it", make) }
            }),
            Task::Load { file, progress } => self.workers.start(move || {
                let result = guarded("reading it", || load(&config, &file, &progress));
                Done::Loaded { file, result }
            }),
        }
    }

    fn publish(&mut self) {
        let last = self.handle.state.load();
        let assets = self.realiser.assets();
        let same = Arc::ptr_eq(&last.meters, &self.meters) && Arc::ptr_eq(&last.assets, assets);
        if !Arc::ptr_eq(&last.model, &self.model) || last.status != self.status || !same {
            self.version += 1;
            let (model, status) = (self.model.clone(), self.status.clone());
            let (meters, assets) = (self.meters.clone(), assets.clone());
            self.handle.state.store(Arc::new(EngineState { version: self.version, model, status, meters, assets }));
        }
    }
}

/// Turns a panic of our own or of a library into a message: nothing may stay loading for ever.
fn guarded<T>(what: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    result.unwrap_or_else(|_| Err(format!("{what} panicked; please report it")))
}

/// Reads a sound file.
fn load(config: &Config, file: &Name, progress: &Progress) -> Result<Arc<Asset>, String> {
    assets::load(&assets::find(&config.root, file), config.rate, progress).map(Arc::new)
}

impl Drop for Engine {
    /// Whoever waits for an answer is told that none will come.
    fn drop(&mut self) {
        self.handle.queue.close();
    }
}
