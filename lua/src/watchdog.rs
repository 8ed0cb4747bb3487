//! Threads for scripts that may get stuck. Budgets end every script that can be ended; a thread that does not come back
//! all the same cannot be: it is left to itself, with all it holds, and another takes its place. Nothing that makes sound
//! ever waits for either.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crate::Script;

/// A thread's sign of life.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// It lives.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a thread has no result.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// It could not be started.
    #[error("could not start the script's thread: {0}; end what else runs and try again")]
    Start(#[from] io::Error),
    /// It panicked.
    #[error("the script thread panicked; please report it")]
    Panicked,
}

/// Does work on a thread with the [stack](Script::STACK) that scripts need, and answers what it does. When its pulse has
/// stood still for `patience`, the thread is left to itself, `stuck` is called, and the work begins anew on another; it
/// is told how many were left before.
///
/// # Errors
/// [`Lost`].
pub fn supervise<T: Send + 'static>(
    patience: Duration,
    work: impl Fn(Pulse, usize) -> T + Clone + Send + 'static,
    mut stuck: impl FnMut(),
) -> Result<T, Lost> {
    for left in 0.. {
        let (pulse, work, (sender, result)) = (Pulse::default(), work.clone(), channel());
        let heart = pulse.clone();
        let thread = Builder::new().name("script".into()).stack_size(Script::STACK);
        // Who gets a result that comes after all has gone.
        thread.spawn(move || _ = sender.send(work(heart, left)))?;
        let (mut count, mut seen) = (pulse.count(), Instant::now());
        while seen.elapsed() < patience {
            match result.recv_timeout(patience / 8) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Disconnected) => return Err(Lost::Panicked),
                Err(RecvTimeoutError::Timeout) if pulse.count() == count => {}
                Err(RecvTimeoutError::Timeout) => (count, seen) = (pulse.count(), Instant::now()),
            }
        }
        stuck();
    }
    unreachable!("threads cannot be counted to their end")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::Receiver;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(80);

    #[test]
    fn a_thread_that_does_not_come_back_is_replaced() {
        // Nobody ever sends.
        let (sender, never) = channel::<()>();
        let never = Arc::new(Mutex::new(never));
        let mut stuck = 0;
        let answer = supervise(
            PATIENCE,
            move |_, left| {
                if left < 2 {
                    let never: Arc<Mutex<Receiver<()>>> = never.clone();
                    let _ = never.lock().map(|never| never.recv());
                }
                left
            },
            || stuck += 1,
        );
        assert_eq!((answer.expect("the third comes back"), stuck), (2, 2));
        drop(sender);
    }

    #[test]
    fn one_that_shows_life_is_waited_for() {
        let end = Instant::now() + 4 * PATIENCE;
        let work = move |pulse: Pulse, left| {
            while Instant::now() < end {
                pulse.beat();
                std::thread::yield_now();
            }
            left
        };
        assert_eq!(supervise(PATIENCE, work, || {}).expect("it comes back"), 0);
    }

    #[test]
    fn one_that_panics_is_not_replaced() {
        let work = |_, _| -> usize { std::panic::resume_unwind(Box::new("quietly")) };
        assert!(matches!(supervise(PATIENCE, work, || {}), Err(Lost::Panicked)));
    }
}
