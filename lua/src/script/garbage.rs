//! When garbage is collected: never inside of a call that has a time to keep, but behind it, a little at a time.
//!
//! While a script is evaluated Lua collects by itself, and the budget's hook collects all when half of the memory is in
//! use. Calls and coroutines leave their garbage for the end of a look at what is due; a look spends at most
//! [`SLICE`] on it, far less than the lookahead.

use std::time::{Duration, Instant};

use mlua::Lua;
use mlua::state::{GcIncParams, GcMode};

/// Time of one look.
const SLICE: Duration = Duration::from_micros(100);
/// Bytes that come before anything is collected again, at the least.
const GROWTH: usize = 1 << 20;

/// What is known of the heap.
#[derive(Default)]
pub(super) struct Garbage {
    /// Bytes in use at which the next cycle begins.
    next: usize,
    /// A cycle is under way.
    collecting: bool,
}

impl Garbage {
    /// Of a state, which collects no more by itself.
    pub fn of(lua: &Lua) -> Garbage {
        // Steps of 1 KB: what one does takes microseconds.
        lua.gc_set_mode(GcMode::Incremental(GcIncParams::default().step_size(10).step_multiplier(100)));
        lua.gc_stop();
        Garbage { next: lua.used_memory() + GROWTH, collecting: false }
    }

    /// Collects a little, if there is enough.
    pub fn collect(&mut self, lua: &Lua) {
        if !self.collecting && lua.used_memory() < self.next {
            return;
        }
        self.collecting = true;
        let end = Instant::now() + SLICE;
        while Instant::now() < end {
            // What cannot be collected now can be later.
            if lua.gc_step().unwrap_or(true) {
                let used = lua.used_memory();
                *self = Garbage { next: used + (used / 2).max(GROWTH), collecting: false };
                return;
            }
        }
    }
}
