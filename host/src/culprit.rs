//! Whose code a thread runs: what to blame if that ends the program.

use std::cell::Cell;

use crate::rt::Telemetry;

thread_local! {
    /// Id of the instance; 0: none; [`AUDIO`]. Nothing is run to make or to drop it, so that a handler of signals may read
    /// it, and the audio thread may have one.
    static CULPRIT: Cell<u64> = const { Cell::new(0) };
}

/// This thread makes the sound: the telemetry knows which instance is at work.
const AUDIO: u64 = u64::MAX;

/// Id of the instance whose code runs on this thread, if one does. Any thread, and a handler of signals.
pub fn culprit(telemetry: &Telemetry) -> Option<u64> {
    match CULPRIT.get() {
        0 => None,
        AUDIO => telemetry.at_work(),
        id => Some(id),
    }
}

/// The code of an instance runs on this thread while this lives.
pub(crate) struct Accused(u64);

impl Accused {
    /// Worker: the code of that instance.
    pub fn of(instance: u64) -> Accused {
        Accused(CULPRIT.replace(instance))
    }

    /// Audio thread: that of one after the other.
    pub fn all() -> Accused {
        Accused::of(AUDIO)
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
        let telemetry = Telemetry::default();
        assert_eq!(culprit(&telemetry), None);
        let outer = Accused::of(1);
        {
            let _inner = Accused::of(2);
            assert_eq!(culprit(&telemetry), Some(2));
            std::thread::scope(|scope| _ = scope.spawn(|| assert_eq!(culprit(&telemetry), None)));
        }
        assert_eq!(culprit(&telemetry), Some(1));
        let audio = Accused::all();
        assert_eq!(culprit(&telemetry), None);
        drop((audio, outer));
        assert_eq!(culprit(&telemetry), None);
    }
}
