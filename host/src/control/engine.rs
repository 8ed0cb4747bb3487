//! The Engine: the one consumer of commands, and the one that talks to the audio thread.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use rtrb::{Consumer, Producer, RingBuffer};

use super::batch::Scenes;
use super::handle::EngineHandle;
use super::history::History;
use super::journal::{self, Journal, Record};
use super::queue::CommandQueue;
use super::realise::Realiser;
use super::replay::Held;
use super::schedule::{Reports, Schedule, Waiting};
use super::state::{Causes, EngineState, Status};
use super::workers::Workers;
use super::works::Sayings;
use crate::model::{Catalog, Model, Name};
use crate::plugins::ModuleRegistry;
use crate::rt::message::{At, Change, FromAudio, ToAudio};
use crate::rt::{Fault, Instance, Keeper, Processor};

/// Changes that can be on their way in each direction. When the inbound ring is full, the Engine keeps the rest in
/// order; when the outbound ring is full, the Processor waits with the next Change.
const RING: usize = 1024;
/// Changes that can wait for that ring. When there are more, the Engine takes no batches until the audio thread has
/// caught up, and producers find the queue full.
const BACKLOG: usize = 4096;
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

/// What an engine holds, to see that it does not become more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// Places of instances on the audio thread.
    pub instances: u32,
    /// Places of cables and links there.
    pub cables: u32,
    /// Sounds, patterns and lists that modules may hold.
    pub handles: usize,
    /// Instances of this process that were made and not destroyed, of whatever engine.
    pub alive: usize,
}

/// What workers have brought since the last Change: sent as one.
#[derive(Default)]
pub(super) struct Brought {
    pub(super) change: Box<Change>,
    pub(super) results: Vec<journal::Result>,
    /// What was taken out, by when it was made.
    pub(super) swept: Vec<u64>,
    /// The plan must be compiled anew.
    pub(super) replan: bool,
}

/// Checks and applies batches, realises Models, publishes states. Lives on one thread, the control thread, and does
/// no I/O there.
pub struct Engine {
    pub(super) config: Arc<Config>,
    /// Its manifests, in whose order the values of the Model lie.
    pub(super) catalog: Arc<Catalog>,
    pub(super) handle: EngineHandle,
    pub(super) model: Arc<Model>,
    /// Kept Models.
    pub(super) scenes: Scenes,
    pub(super) history: History,
    pub(super) schedule: Schedule,
    /// The Model after these pending batches, in this order, as it was foreseen; until one is applied.
    pub(super) foreseen: Option<(Vec<u64>, Model)>,
    /// What waits, as it was published, and what became of it.
    pub(super) pending: Arc<Vec<Waiting>>,
    pub(super) reports: Reports,
    status: Arc<Status>,
    pub(super) realiser: Realiser,
    pub(super) workers: Workers,
    /// Errands that workers are about.
    pub(super) errands: usize,
    pub(super) sayings: Sayings,
    /// The Model that plugins were looked at for last.
    pub(super) tried: Arc<Model>,
    keeper: Keeper,
    to_audio: Producer<ToAudio>,
    from_audio: Consumer<FromAudio>,
    pub(super) brought: Brought,
    /// What waits for the moment at which it came: when a journal is replayed.
    pub(super) held: Option<Held>,
    pub(super) journal: Option<Journal>,
    pub(super) since_checkpoint: u32,
    /// Changes that found the ring full.
    backlog: VecDeque<Box<Change>>,
    /// Numbers given out to Changes.
    pub(super) numbers: u64,
    pub(super) causes: Causes,
}

impl Engine {
    /// An engine with an empty Model, and its Processor, which a device is to run.
    pub fn new(registry: Arc<ModuleRegistry>, config: Config) -> (Engine, Processor) {
        let (to_audio, inbox) = RingBuffer::new(RING);
        let (outbox, from_audio) = RingBuffer::new(RING);
        let catalog = registry.catalog().clone();
        let state = EngineState { catalog: catalog.clone(), ..EngineState::default() };
        let EngineState { model, scenes, pending, reports, status, .. } = state.clone();
        let handle = EngineHandle {
            queue: CommandQueue::new(),
            state: Arc::new(ArcSwap::from_pointee(state)),
            ids: Arc::new(AtomicU64::new(1)),
            telemetry: Arc::default(),
            registry: Arc::new(ArcSwap::new(registry)),
            rate: config.rate,
        };
        let processor = Processor::new(config.rate, model.bpm.get(), inbox, outbox, handle.telemetry.clone());
        let queue = handle.queue.clone();
        let engine = Engine {
            schedule: Schedule::new(config.rate),
            foreseen: None,
            history: History::default(),
            realiser: Realiser::new(catalog.clone(), config.rate),
            config: Arc::new(config),
            catalog,
            handle,
            model,
            scenes,
            pending,
            reports,
            status,
            workers: Workers::new(WORKERS, move || queue.wake()),
            errands: 0,
            sayings: Sayings::default(),
            tried: Arc::default(),
            keeper: Keeper::default(),
            to_audio,
            from_audio,
            brought: Brought::default(),
            held: None,
            journal: None,
            since_checkpoint: 0,
            backlog: VecDeque::new(),
            numbers: 0,
            causes: Causes::default(),
        };
        (engine, processor)
    }

    /// From now on modules of these names are not made: they are there, and silent, as if they could not be.
    pub fn leave_out(&mut self, names: impl IntoIterator<Item = Name>) {
        self.realiser.leave_out(names);
    }

    /// For producers and observers.
    pub fn handle(&self) -> &EngineHandle {
        &self.handle
    }

    /// Does all there is to do and returns; never waits.
    pub fn tick(&mut self) {
        self.hear_audio();
        self.hear_journal();
        while let Some(done) = self.workers.next() {
            self.finish(done);
        }
        self.realiser.progress();
        if self.held.is_none() {
            let sample = self.handle.telemetry.reading().sample;
            self.brought.swept.extend(self.realiser.sweep(sample, &mut self.brought.change));
        }
        self.send_brought(At::Now);
        // All that is done now is done at one moment: what is due at it comes before what comes in.
        self.schedule.look(&self.handle.telemetry, &self.model);
        self.apply_due();
        while self.has_room()
            && let Some(envelope) = self.handle.queue.pop()
        {
            self.answer(envelope);
            self.apply_due();
        }
        self.flush();
        self.publish();
        let dead = self.keeper.sweep();
        if !dead.is_empty() {
            self.workers.bury(dead);
        }
    }

    /// The audio thread keeps up; offline it need not.
    fn has_room(&self) -> bool {
        self.backlog.len() < BACKLOG || self.handle.telemetry.block() == 0
    }

    /// What it holds, when workers have done all they were asked.
    pub fn census(&mut self) -> Census {
        self.tick();
        while let Some(done) = self.workers.wait() {
            self.finish(done);
        }
        let (instances, cables) = self.realiser.places();
        Census { instances, cables, handles: self.keeper.count(), alive: Instance::alive() }
    }

    /// Who provides what, now.
    pub fn registry(&self) -> Arc<ModuleRegistry> {
        self.handle.registry.load_full()
    }

    /// Nothing is being made or loaded: what is not ready will not be.
    pub fn settled(&self) -> bool {
        !self.status.loading() && self.errands == 0
    }

    /// The same, at no cost if nothing is.
    pub(crate) fn settle_if_loading(&mut self) {
        if !self.settled() {
            self.settle();
        }
    }

    /// Waits until nothing is being made or loaded. For offline use: the audio thread need not run.
    pub fn settle(&mut self) {
        loop {
            self.tick();
            if self.settled() {
                return;
            }
            while !self.settled() {
                let Some(done) = self.workers.wait() else { return self.tick() };
                self.finish(done);
                self.look();
            }
        }
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
    pub(super) fn hear_audio(&mut self) {
        while let Ok(message) = self.from_audio.pop() {
            match message {
                FromAudio::Applied { sample, change } => {
                    self.note(|| Record::Applied { change: change.number, sample });
                    self.realiser.came_home(&change, sample);
                    // Instances are destroyed, plans and memory freed, on a worker.
                    self.workers.bury(change);
                }
                FromAudio::RungOut { slot } => self.take_out(slot),
                FromAudio::Request { ticket, value } => self.grant(ticket, &value),
                FromAudio::Said { ticket, text } => self.hear_saying(ticket, text.text()),
                FromAudio::Work { slot, ticket, desk, places } => self.put_to_work((slot, ticket), &desk, places),
                FromAudio::Fault { ticket, fault } => {
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
                    self.realiser.faulted(ticket, text);
                }
            }
        }
    }

    /// The instance in a slot has rung out. In a replay that is known already.
    fn take_out(&mut self, slot: u32) {
        if self.held.is_none() {
            self.brought.swept.extend(self.realiser.rung_out(slot, &mut self.brought.change));
        }
    }

    /// In a replay: takes out what was taken out then.
    pub(super) fn take_out_again(&mut self, swept: Vec<u64>) {
        self.realiser.sweep_again(&swept, &mut self.brought.change);
        self.brought.swept = swept;
    }

    /// Sends what workers have brought, before anything that builds on it.
    pub(super) fn send_brought(&mut self, at: At) {
        let Brought { change, results, swept, replan } = &self.brought;
        // What leaves no trace in the sound now may do so in what comes.
        if *replan || !change.is_empty() || !results.is_empty() || !swept.is_empty() {
            let Brought { mut change, results, swept, replan } = std::mem::take(&mut self.brought);
            let replan = replan || !swept.is_empty();
            self.numbers += 1;
            (change.number, change.at) = (self.numbers, at);
            self.note(|| Record::Brought { change: change.number, results, swept });
            self.send(change, replan);
        }
    }

    /// Writes down from now on what happens. Nothing must have happened yet.
    pub fn record(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }

    pub(super) fn note(&mut self, record: impl FnOnce() -> Record) {
        if let Some(journal) = &mut self.journal {
            journal.write(record());
        }
    }

    /// The music goes on when the disk is full; everybody is told.
    fn hear_journal(&mut self) {
        if let Some(text) = self.journal.as_ref().and_then(Journal::failure) {
            self.report(Vec::new(), "the program".into(), text);
        }
    }

    /// Starts what is to be loaded, and hands a Change over.
    pub(super) fn send(&mut self, mut change: Box<Change>, replan: bool) {
        for task in self.realiser.take_tasks() {
            self.start(task);
        }
        if replan {
            self.realiser.plan(&self.model, &mut change);
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

    fn look(&mut self) {
        if let Some(status) = self.realiser.status() {
            self.status = Arc::new(status);
        }
    }

    pub(super) fn publish(&mut self) {
        self.look();
        let last = self.handle.state.load();
        let assets = self.realiser.assets();
        let same = Arc::ptr_eq(&last.model, &self.model)
            && last.status == self.status
            && last.meters.same(self.realiser.meters())
            && Arc::ptr_eq(&last.assets, assets)
            && Arc::ptr_eq(&last.catalog, &self.catalog)
            && Arc::ptr_eq(&last.scenes, &self.scenes)
            && Arc::ptr_eq(&last.pending, &self.pending)
            && Arc::ptr_eq(&last.reports, &self.reports)
            && last.orders == self.schedule.orders();
        if same {
            return;
        }
        self.causes.count();
        self.handle.state.store(Arc::new(EngineState {
            version: self.causes.version(),
            causes: self.causes,
            orders: self.schedule.orders(),
            model: self.model.clone(),
            catalog: self.catalog.clone(),
            scenes: self.scenes.clone(),
            pending: self.pending.clone(),
            reports: self.reports.clone(),
            status: self.status.clone(),
            meters: self.realiser.meters().clone(),
            assets: assets.clone(),
        }));
    }
}

impl Drop for Engine {
    /// Whoever waits for an answer is told that none will come.
    fn drop(&mut self) {
        self.hear_audio();
        let sample = self.handle.telemetry.reading().sample;
        self.note(|| Record::End { sample });
        self.handle.queue.close();
    }
}
