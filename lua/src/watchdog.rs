//! Threads for scripts that may get stuck. Budgets end every script that can be ended; a thread that does not come back
//! all the same, or panics, is left to itself, with all it holds, and another takes its place. Nothing that makes sound
//! ever waits for either.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crate::Script;

/// How often threads may panic: more is no accident, and another would do so too.
const PANICS: usize = 3;

/// A thread's sign of life, and whether it is still wanted.
#[derive(Clone, Debug, Default)]
pub struct Pulse {
    beats: Arc<AtomicU64>,
    lost: Arc<AtomicBool>,
}

impl Pulse {
    /// It lives. False: it was given up, and another has taken its place; it must end.
    pub fn beat(&self) -> bool {
        self.beats.fetch_add(1, Ordering::Relaxed);
        !self.lost.load(Ordering::Relaxed)
    }

    /// Set when it is given up, for [`Options::stop`](crate::Options::stop).
    pub fn lost(&self) -> Arc<AtomicBool> {
        self.lost.clone()
    }

    fn count(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }
}

/// What has become of a thread that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does not come back.
    Stuck,
    /// It panicked.
    Panicked,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// A thread could not be started.
    #[error("could not start the script's thread: {0}; end what else runs and try again")]
    Start(#[from] io::Error),
    /// One after the other panicked.
    #[error("the script thread panicked {PANICS} times; please report it")]
    Panicked,
}

/// Does work on a thread with the [stack](Script::STACK) that scripts need, and answers what it does. When its pulse has
/// stood still for `patience`, or it panics, the thread is left to itself, `replaced` is told, and the work begins anew
/// on another; it is told how many were before.
///
/// # Errors
/// [`Lost`].
pub fn supervise<T: Send + 'static>(
    patience: Duration,
    work: impl Fn(Pulse, usize) -> T + Clone + Send + 'static,
    mut replaced: impl FnMut(Fate),
) -> Result<T, Lost> {
    let mut panics = 0;
    for before in 0.. {
        let (pulse, work, (sender, result)) = (Pulse::default(), work.clone(), channel());
        let heart = pulse.clone();
        let thread = Builder::new().name("script".into()).stack_size(Script::STACK);
        thread.spawn(move || {
            let done = work(heart, before);
            // Whoever gets the result may end the process: what the work held must have found its end before.
            drop(work);
            // Who gets a result that comes after all has gone.
            _ = sender.send(done);
        })?;
        let (mut count, mut seen) = (pulse.count(), Instant::now());
        let fate = loop {
            match result.recv_timeout(patience / 8) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Disconnected) => break Fate::Panicked,
                Err(RecvTimeoutError::Timeout) if pulse.count() != count => {
                    (count, seen) = (pulse.count(), Instant::now());
                }
                Err(RecvTimeoutError::Timeout) if seen.elapsed() >= patience => break Fate::Stuck,
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        pulse.lost.store(true, Ordering::Relaxed);
        panics += usize::from(fate == Fate::Panicked);
        if panics == PANICS {
            return Err(Lost::Panicked);
        }
        replaced(fate);
    }
    unreachable!("threads cannot be counted to their end")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(80);

    #[test]
    fn a_thread_that_does_not_come_back_is_replaced() {
        let ((sender, never), (late, heard)) = (channel::<()>(), channel());
        let never = Arc::new(Mutex::new(never));
        let mut fates = Vec::new();
        let answer = supervise(
            PATIENCE,
            move |pulse, before| {
                if before < 2 {
                    // Nobody ever sends.
                    let _ = never.lock().map(|never| never.recv());
                    let _ = late.send(pulse.beat());
                }
                (before, pulse.beat())
            },
            |fate| fates.push(fate),
        );
        assert_eq!((answer.expect("the third comes back"), fates), ((2, true), vec![Fate::Stuck; 2]));
        // Those that come back after all hear that they are no longer wanted.
        drop(sender);
        assert_eq!(heard.iter().take(2).collect::<Vec<_>>(), [false, false]);
    }

    /// Set when it is dropped, which takes as long as it can to be in time for nobody.
    #[derive(Clone)]
    struct Held {
        answered: Arc<AtomicBool>,
        let_go: Arc<AtomicBool>,
    }

    impl Drop for Held {
        fn drop(&mut self) {
            if std::thread::current().name() == Some("script") {
                let mut turns = 0..10_000;
                while turns.next().is_some() && !self.answered.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
                self.let_go.store(!self.answered.load(Ordering::SeqCst), Ordering::SeqCst);
            }
        }
    }

    #[test]
    fn what_the_work_holds_is_let_go_before_it_is_answered() {
        let held = Held { answered: Arc::default(), let_go: Arc::default() };
        let (answered, let_go) = (held.answered.clone(), held.let_go.clone());
        let work = move |_, _| {
            let _held = &held;
        };
        supervise(Duration::from_secs(60), work, |_| {}).expect("it comes back");
        let before = let_go.load(Ordering::SeqCst);
        answered.store(true, Ordering::SeqCst);
        assert!(before, "the answer came first");
    }

    #[test]
    fn one_that_shows_life_is_waited_for() {
        let end = Instant::now() + 4 * PATIENCE;
        let work = move |pulse: Pulse, before| {
            while Instant::now() < end {
                pulse.beat();
                std::thread::yield_now();
            }
            before
        };
        assert_eq!(supervise(PATIENCE, work, |_| {}).expect("it comes back"), 0);
    }

    #[test]
    fn one_that_panics_is_replaced_a_few_times() {
        let panics = |often| {
            let mut fates = Vec::new();
            let work = move |_, before| {
                if before < often {
                    std::panic::resume_unwind(Box::new("quietly"));
                }
                before
            };
            (supervise(PATIENCE, work, |fate| fates.push(fate)).ok(), fates)
        };
        assert_eq!(panics(1), (Some(1), vec![Fate::Panicked]));
        assert_eq!(panics(PANICS), (None, vec![Fate::Panicked; PANICS - 1]));
    }
}
