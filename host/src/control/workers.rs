//! Threads that load, decode, make and free, so that the control thread never waits for a disk.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use super::realise::Ticket;
use super::reload::Reloaded;
use crate::assets::Asset;
use crate::model::Name;
use crate::rt::{Instance, Parcel};

/// What a worker brings back.
pub(super) enum Done {
    /// An instance was made, or not.
    Made(Ticket, Result<Box<Instance>, String>),
    /// A sound file was read, or not.
    Loaded(Ticket, Name, Result<Arc<Asset>, String>),
    /// Plugins were looked at on the disk, or could not be used.
    Reloaded(Ticket, Result<Box<Reloaded>, String>),
    /// Something was made for an instance, or not.
    Worked(Errand, Result<Parcel, String>),
    /// Something was freed, or a job panicked.
    Nothing,
}

/// Who asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Errand {
    /// Slot of the instance.
    pub slot: u32,
    /// The task that has made the instance.
    pub ticket: Ticket,
    /// Which of its places.
    pub place: u32,
}

type Job = Box<dyn FnOnce() -> Done + Send>;

/// A pool of threads, and one more for what modules have made: that may take for ever, and nothing else waits for it.
/// Jobs wait in line without bound: each comes from a batch, and those are bounded, or from a place of an instance, which
/// asks for one thing at a time.
pub(super) struct Workers {
    jobs: Sender<Job>,
    errands: Sender<Job>,
    done: Receiver<Done>,
    /// Jobs whose results somebody waits for.
    pending: usize,
}

impl Workers {
    /// Starts `count` threads and one more; each result wakes the control thread through `wake`.
    pub fn new(count: usize, wake: impl Fn() + Send + Sync + 'static) -> Workers {
        let ((jobs, line), (errands, line_of_errands)) = (channel(), channel());
        let (results, done) = channel();
        let wake = Arc::new(wake);
        let line = Arc::new(Mutex::new(line));
        for n in 0..count {
            employ(format!("worker {n}"), line.clone(), results.clone(), wake.clone());
        }
        employ("errands".into(), Arc::new(Mutex::new(line_of_errands)), results, wake);
        Workers { jobs, errands, done, pending: 0 }
    }

    /// Puts a job in line. After the last engine is gone nobody takes it, and it is dropped.
    pub fn start(&mut self, job: impl FnOnce() -> Done + Send + 'static) {
        self.pending += 1;
        let _ = self.jobs.send(Box::new(job));
    }

    /// Puts a job in the line of what modules want made.
    pub fn start_errand(&mut self, job: impl FnOnce() -> Done + Send + 'static) {
        self.pending += 1;
        let _ = self.errands.send(Box::new(job));
    }

    /// Drops something on a worker.
    pub fn bury(&mut self, dead: impl Send + 'static) {
        self.start(move || {
            drop(dead);
            Done::Nothing
        });
    }

    /// The next result, if there is one.
    pub fn next(&mut self) -> Option<Done> {
        let done = self.done.try_recv().ok()?;
        self.pending -= 1;
        Some(done)
    }

    /// Waits for the next result; `None` if no job is under way.
    pub fn wait(&mut self) -> Option<Done> {
        if self.pending == 0 {
            return None;
        }
        let done = self.done.recv().ok()?;
        self.pending -= 1;
        Some(done)
    }
}

/// Starts a thread that does what comes in a line, until nobody can put anything there any more.
fn employ(
    name: String,
    line: Arc<Mutex<Receiver<Job>>>,
    results: Sender<Done>,
    wake: Arc<impl Fn() + Send + Sync + 'static>,
) {
    let work = move || {
        loop {
            let job = line.lock().map(|line| line.recv());
            let Ok(Ok(job)) = job else { return };
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).unwrap_or(Done::Nothing);
            if results.send(result).is_err() {
                return;
            }
            wake();
        }
    };
    std::thread::Builder::new().name(name).spawn(work).expect("the system has room for threads");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_modules_have_made_holds_up_nothing_else() {
        let mut workers = Workers::new(1, || {});
        let (go_on, until) = channel::<()>();
        workers.start_errand(move || {
            let _ = until.recv();
            Done::Made(1, Err("made for a module".into()))
        });
        workers.start_errand(|| Done::Made(2, Err("made after it".into())));
        workers.start(|| Done::Made(3, Err("made".into())));
        let mut order = Vec::new();
        while let Some(Done::Made(ticket, _)) = workers.wait() {
            order.push(ticket);
            let _ = go_on.send(());
        }
        assert_eq!(order, [3, 1, 2]);
    }
}
