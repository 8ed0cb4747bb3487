//! Threads that run jobs, started as they are needed, and the line in which jobs wait for them.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::job::{Action, Job, Limits, run};
use crate::script::Script;

/// Actions that wait to be looked at. Full: the worker that has another waits, or ends with the pool.
const ACTIONS: usize = 256;

/// The threads. Dropping it ends those that are idle; nobody waits for the others, which end with their job.
pub struct Pool {
    line: Arc<Line>,
    limits: Limits,
    /// The one way back.
    actions: Receiver<Action>,
    back: SyncSender<Action>,
    /// Threads at the most.
    size: usize,
}

#[derive(Default)]
struct Line {
    waiting: Mutex<Waiting>,
    more: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Threads that wait for a job.
    idle: usize,
    threads: usize,
    closed: bool,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nobody panics while holding it; and if, it is whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job, for a thread; `None`: there will be none.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        waiting.idle += 1;
        let nothing = |waiting: &mut Waiting| waiting.jobs.is_empty() && !waiting.closed;
        waiting = self.more.wait_while(waiting, nothing).unwrap_or_else(PoisonError::into_inner);
        waiting.idle -= 1;
        if waiting.closed { None } else { waiting.jobs.pop_front() }
    }
}

impl Pool {
    /// A pool without threads as yet.
    pub fn new(size: usize, limits: Limits) -> Pool {
        let (back, actions) = sync_channel(ACTIONS);
        Pool { line: Arc::default(), limits, actions, back, size }
    }

    /// Puts a job in line. Never waits; who calls it sees to it that the line does not become long.
    ///
    /// # Errors
    /// When the system has no room for a thread, and there is none yet; the job is dropped.
    pub fn start(&self, job: Job) -> Result<(), std::io::Error> {
        let mut waiting = self.line.lock();
        waiting.jobs.push_back(job);
        if waiting.jobs.len() > waiting.idle && waiting.threads < self.size {
            match self.thread(waiting.threads) {
                Ok(()) => waiting.threads += 1,
                Err(error) if waiting.threads == 0 => {
                    waiting.jobs.pop_back();
                    return Err(error);
                }
                // Those that are there do it later.
                Err(_) => {}
            }
        }
        self.line.more.notify_one();
        Ok(())
    }

    fn thread(&self, number: usize) -> Result<(), std::io::Error> {
        let (line, back, limits) = (self.line.clone(), self.back.clone(), self.limits.clone());
        let work = move || std::iter::from_fn(|| line.next()).for_each(|job| run(job, &limits, &back));
        let thread = std::thread::Builder::new().name(format!("lua worker {number}")).stack_size(Script::STACK);
        thread.spawn(work).map(|_| ())
    }

    /// Takes a job out of the line, if it has not begun.
    pub fn withdraw(&self, id: u64) {
        self.line.lock().jobs.retain(|job| job.id != id);
    }

    /// The next action, if there is one.
    pub fn next(&self) -> Option<Action> {
        self.actions.try_recv().ok()
    }

    /// Waits for the next action. Only while a job is under way: else it would wait for ever.
    pub fn wait(&self) -> Option<Action> {
        self.actions.recv().ok()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut waiting = self.line.lock();
        waiting.closed = true;
        waiting.jobs.clear();
        self.line.more.notify_all();
    }
}
