//! Whose code a thread runs: what to blame if that ends the program.

use std::cell::Cell;

thread_local! {
    /// Id of the instance; 0: none. Neither made nor dropped by any code, so that a handler of signals may read it.
    static CULPRIT: Cell<u64> = const { Cell::new(0) };
}

/// Id of the instance whose code runs on this thread, if one does. Any thread, and a handler of signals.
pub fn culprit() -> Option<u64> {
    Some(CULPRIT.get()).filter(|id| *id != 0)
}

/// From now on the code of that instance runs on this thread; 0: none.
pub(super) fn accuse(instance: u64) {
    CULPRIT.set(instance);
}

/// The code of an instance runs on this thread while this lives.
pub(crate) struct Accused(u64);

impl Accused {
    pub fn of(instance: u64) -> Accused {
        Accused(CULPRIT.replace(instance))
    }
}

impl Drop for Accused {
    fn drop(&mut self) {
        CULPRIT.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_its_own() {
        assert_eq!(culprit(), None);
        let outer = Accused::of(1);
        {
            let _inner = Accused::of(2);
            assert_eq!(culprit(), Some(2));
            std::thread::spawn(|| assert_eq!(culprit(), None)).join().expect("it held");
        }
        assert_eq!(culprit(), Some(1));
        drop(outer);
        assert_eq!(culprit(), None);
    }
}
