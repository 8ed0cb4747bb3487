//! A module whose code does not come back holds up all sound, and nothing can end it but the end of the program: it is
//! named, and the program can be ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cantus_host::control::{Commit, EngineHandle};
use cantus_host::rt::Telemetry;

use crate::console::tell;
use crate::interrupted;

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(100);
/// How long a module may work on 64 frames before it is named.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it is waited for when nobody is there to end the program, and after Ctrl-C.
const GIVE_UP: [Duration; 2] = [Duration::from_secs(20), Duration::from_secs(1)];

/// Looks from now on, until the program ends. `alone`: nobody is there to end it.
pub fn watch(engine: &Arc<Telemetry>, name: impl Fn(u64) -> String + Send + 'static, alone: bool) {
    let telemetry = engine.clone();
    let look = move || {
        let mut stall = Stall::default();
        loop {
            std::thread::sleep(LOOK);
            let seen = telemetry.at_work().map(|id| (id, telemetry.reading().sample));
            let (told, since) = (stall.told, stall.look(seen, Instant::now()));
            let Some((id, since)) = since else { continue };
            if since >= PATIENCE && !told {
                stall.told = true;
                let name = name(id);
                tell(format_args!(
                    "error: the module {name} does not come back, and no sound can be made; Ctrl-C ends it, and \
                     --without {name} plays without it"
                ));
            }
            let [alone_for, after_all] = GIVE_UP;
            if since >= PATIENCE && (interrupted() && since >= PATIENCE + after_all || alone && since >= alone_for) {
                std::process::exit(1);
            }
        }
    };
    // Without it a module that does not come back is not named.
    let _ = std::thread::Builder::new().name("stall".into()).spawn(look);
}

/// The name of a module by its id.
pub fn names(engine: EngineHandle) -> impl Fn(u64) -> String {
    move |id| {
        let state = engine.state();
        let found = state.model.modules.iter().find(|(_, module)| module.id.0 == id);
        found.map_or_else(|| format!("of number {id}"), |(name, _)| name.to_string())
    }
}

/// How long one instance has been at work on one quantum.
#[derive(Default)]
struct Stall {
    /// Instance and sample, and when they were seen first.
    seen: Option<((u64, u64), Instant)>,
    told: bool,
}

impl Stall {
    /// What is seen now: for how long it has been so.
    fn look(&mut self, now: Option<(u64, u64)>, at: Instant) -> Option<(u64, Duration)> {
        match (now, self.seen) {
            (Some(now), Some((seen, since))) if now == seen => Some((now.0, at.saturating_duration_since(since))),
            (now, _) => {
                *self = Stall { seen: now.map(|now| (now, at)), told: false };
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_and_the_same_quantum_counts() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut stall = Stall::default();
        let mut look = |now, ms: u64| stall.look(now, at(ms)).map(|(id, since)| (id, since.as_millis()));
        assert_eq!(look(Some((7, 64)), 0), None);
        assert_eq!(look(Some((7, 64)), 100), Some((7, 100)));
        assert_eq!(look(Some((7, 128)), 200), None, "the next quantum");
        assert_eq!(look(Some((8, 128)), 300), None, "another module");
        assert_eq!(look(None, 400), None, "none");
        assert_eq!(look(Some((8, 128)), 500), None);
        assert_eq!(look(Some((8, 128)), 9500), Some((8, 9000)));
    }
}
