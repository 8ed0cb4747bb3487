//! How far the loading of a file is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Percent by which it goes on: who watches sees at most 20 changes per file.
const STEP: f64 = 5.0;

/// Shared by the worker that loads a file, which writes it, and the control thread, which looks now and then.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU8>);

impl Progress {
    /// Percent done, in steps of 5.
    pub fn percent(&self) -> u8 {
        // Relaxed: the number is for eyes, nothing is read because of it.
        self.0.load(Ordering::Relaxed)
    }

    /// `done` of `all` of that part of the work, which lies between these two percentages. Never goes back.
    pub(super) fn reach(&self, [from, to]: [u8; 2], done: usize, all: usize) {
        let share = (done as f64 / all.max(1) as f64).min(1.0);
        let percent = f64::from(from) + share * f64::from(to - from);
        self.0.fetch_max(((percent / STEP).floor() * STEP) as u8, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_goes_in_steps_and_never_back() {
        let progress = Progress::default();
        for (part, done, all, expected) in [
            ([0, 20], 0, 1_000, 0),
            ([0, 20], 499, 1_000, 5),
            ([0, 20], 1_000, 1_000, 20),
            ([0, 20], 5, 0, 20),
            ([20, 80], 1, 2, 50),
            ([20, 80], 0, 2, 50),
            // A header that promises less than there is.
            ([20, 80], 7, 2, 80),
        ] {
            progress.reach(part, done, all);
            assert_eq!(progress.percent(), expected, "{part:?} {done}/{all}");
        }
    }
}
