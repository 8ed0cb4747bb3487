//! When garbage is collected: never inside of a call that has a time to keep, but behind it, a little at a time.
//!
//! While a script is evaluated Lua collects by itself. Calls and coroutines leave their garbage for the end of a look at
//! what is due, which collects by as much as they have allocated: so collecting keeps up whatever they do, and what is
//! collected when depends on the script alone, never on how fast the machine is. A look does [`MOST`] steps at the most,
//! some milliseconds, far less than the lookahead; what is left then is left for the next.

use mlua::Lua;
use mlua::state::{GcIncParams, GcMode};

/// Bytes allocated that one step makes up for. A step goes through about 6,400 values: the whole heap is gone through
/// before it has grown by a tenth.
const STEP: usize = 8 << 10;
/// Steps of one look at the most.
const MOST: usize = 50;
/// Bytes that come before anything is collected again, at the least.
const GROWTH: usize = 1 << 20;

/// What is known of the heap.
#[derive(Default)]
pub(super) struct Garbage {
    /// Bytes in use at which the next cycle begins.
    next: usize,
    /// A cycle is under way.
    collecting: bool,
    /// Bytes in use after the last look.
    used: usize,
    /// Bytes allocated in the cycle that no step has made up for.
    owed: usize,
}

impl Garbage {
    /// Of a state, which collects no more by itself.
    pub fn of(lua: &Lua) -> Garbage {
        lua.gc_set_mode(GcMode::Incremental(GcIncParams::default().step_size(10).step_multiplier(100)));
        lua.gc_stop();
        Garbage::after_a_cycle(lua.used_memory())
    }

    fn after_a_cycle(used: usize) -> Garbage {
        Garbage { next: used + (used / 2).max(GROWTH), collecting: false, used, owed: 0 }
    }

    /// Collects a little, if there is enough.
    pub fn collect(&mut self, lua: &Lua) {
        let used = lua.used_memory();
        if !self.collecting && used < self.next {
            return;
        }
        if self.collecting {
            self.owed += used.saturating_sub(self.used);
        }
        self.collecting = true;
        for _ in 0..(self.owed / STEP).clamp(1, MOST) {
            self.owed = self.owed.saturating_sub(STEP);
            // What cannot be collected now can be later.
            if lua.gc_step().unwrap_or(true) {
                *self = Garbage::after_a_cycle(lua.used_memory());
                return;
            }
        }
        self.used = lua.used_memory();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::sync::Arc;

    use cantus_host::control::{Accepted, Batch, ClockReading, Commit, CommitError, EngineState, Origin};
    use cantus_host::model::ModuleId;

    use super::*;
    use crate::{Options, Script};

    /// Bytes in use after each of 600 looks, 300 KB of garbage before each, beside 100,000 tables that are kept.
    fn looks() -> Vec<usize> {
        let lua = Lua::new();
        lua.load("kept = {} for i = 1, 100000 do kept[i] = {i} end").exec().expect("it is Lua");
        lua.gc_collect().expect("collected");
        let mut garbage = Garbage::of(&lua);
        let call = lua.load("local t = {} for i = 1, 3000 do t[i] = {i} end").into_function().expect("it is Lua");
        let look = |_| {
            call.call::<()>(()).expect("it runs");
            garbage.collect(&lua);
            lua.used_memory()
        };
        (0..600).map(look).collect()
    }

    /// An engine in which nothing happens but time.
    struct Silent(Cell<u64>);

    impl Commit for Silent {
        fn commit(&self, _: Batch) -> Result<Accepted, CommitError> {
            Err(CommitError::Stopped)
        }

        fn state(&self) -> Arc<EngineState> {
            Arc::default()
        }

        fn mint(&self) -> ModuleId {
            ModuleId(0)
        }

        fn clock(&self) -> ClockReading {
            let sample = self.0.get();
            ClockReading { sample, seconds: sample as f64 / 1000.0, rate: 1000.0, ..ClockReading::default() }
        }
    }

    #[test]
    fn what_timers_leave_is_collected() {
        let engine = Rc::new(Silent(Cell::default()));
        let mut script = Script::new(engine.clone(), Options::default()).expect("a state can be made");
        let code = "setInterval(function() local t = {} for i = 1, 3000 do t[i] = {i} end end, 30)";
        script.eval(code, "song.lua", Origin::Repl).expect("it runs");
        let mut look = || {
            engine.0.set(engine.0.get() + 30);
            script.tick();
            script.sandbox.lua.used_memory()
        };
        let first = look();
        let most = (0..200).map(|_| look()).max().expect("some");
        assert!(most < first + (8 << 20), "from {first} bytes to {most}");
    }

    #[test]
    fn it_keeps_up_with_what_is_allocated() {
        let used = looks();
        let (first, most) = (used[0], used.iter().max().expect("some"));
        assert!(*most < first * 7 / 4, "from {first} bytes to {most}");
    }

    #[test]
    fn it_depends_on_nothing_but_the_script() {
        assert_eq!(looks(), looks());
    }
}
