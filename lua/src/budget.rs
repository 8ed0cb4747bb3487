//! What a script may use, and the one place that talks to the raw parts of Lua.
//!
//! A count hook, installed once and never removed, covers every Lua thread. Its callback draws on the evaluation's
//! budget; functions of ours that take long draw on it themselves by [`Budget::spend`]. Once it is used up, every firing
//! fails again and asks to be called after the very next instruction, so that no `pcall` can swallow the end.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_int};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mlua::{Error, HookTriggers, Lua, Thread, VmState, ffi};

use crate::error::{Place, ScriptError, frames, is_prelude};

/// Instructions between two firings of the hook. Cost is the same for 100 and 100,000; short reacts sooner.
const STRIDE: u32 = 200;

/// Without a wall limit a script may still take a microsecond for each instruction, fifty times what it takes, and within
/// these bounds: single instructions on texts of many megabytes take milliseconds. No sound script comes near, so that
/// nothing that ends well depends on how fast the machine is.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// Bytes by which memory has grown that count for an instruction.
const GROWTH: usize = 64;

/// What a script hears that needs more memory than it may have.
pub const OUT_OF_MEMORY: &str = "not enough memory; the script holds more than it may: keep less data, or look for a \
                                 function that calls itself without end";

/// What an evaluation may use: VM instructions, and wall time when live.
pub struct Budget {
    instructions: u64,
    wall: Option<Duration>,
    /// Bytes.
    memory: usize,
    /// Bytes in use at which the hook collects, if it does not later. Lua's own collector falls behind when scripts drop
    /// many handles: an object with a destructor is freed one cycle late, and an emergency frees none at all.
    collect_at: Cell<usize>,
    /// What is used now is this part of all.
    part: Cell<u64>,
    /// How often something has begun.
    begun: Cell<u64>,
    /// Set on any thread when what runs is no longer wanted.
    stop: Arc<AtomicBool>,
    left: Cell<u64>,
    /// Instructions of all that has ended.
    spent: Cell<u64>,
    /// Instructions since the clock was looked at.
    unseen: Cell<u64>,
    /// Bytes that were in use at the last firing.
    used: Cell<usize>,
    deadline: Cell<Option<Instant>>,
    /// Set at the first failure, until the next evaluation begins.
    expired: RefCell<Option<ScriptError>>,
}

impl Budget {
    /// A budget that is not used up until [`Budget::begin`] was called.
    pub fn new(instructions: u64, wall: Option<Duration>, memory: usize) -> Budget {
        let (left, deadline, expired) = (Cell::new(u64::MAX), Cell::new(None), RefCell::new(None));
        let (collect_at, used) = (Cell::new(0), Cell::new(usize::MAX));
        let (part, begun, spent, unseen, stop) =
            (Cell::new(1), Cell::new(0), Cell::new(0), Cell::new(0), Arc::default());
        Budget {
            instructions,
            wall,
            memory,
            collect_at,
            part,
            begun,
            stop,
            left,
            spent,
            unseen,
            used,
            deadline,
            expired,
        }
    }

    /// The same, and it is used up as soon as another thread sets the flag.
    pub fn until(self, stop: Arc<AtomicBool>) -> Budget {
        Budget { stop, ..self }
    }

    /// Installs the hook. Call it once, before any Lua thread is made: older threads never get it.
    ///
    /// # Errors
    /// When Lua has no memory.
    pub fn install(self: &Rc<Self>, lua: &Lua) -> mlua::Result<()> {
        let budget = self.clone();
        lua.set_global_hook(HookTriggers::new().every_nth_instruction(STRIDE), move |lua, _| {
            let grown = budget.collect(lua)?;
            let verdict = budget.spend(lua, u64::from(STRIDE) + (grown / GROWTH) as u64);
            // An expired thread fires again after its next instruction, also after a pcall.
            set_stride(lua, if verdict.is_err() { 1 } else { STRIDE });
            verdict.map(|()| VmState::Continue)
        })
    }

    /// A new evaluation begins, which may use so large a part: 1 is all.
    pub fn begin(&self, part: u64) {
        self.spent.set(self.spent());
        self.part.set(part);
        self.begun.set(self.begun.get() + 1);
        self.left.set(self.part(part));
        let patience = || Duration::from_micros(self.instructions / part).clamp(PATIENCE.0, PATIENCE.1);
        let wall = self.wall.map_or_else(patience, |wall| wall / part as u32);
        self.deadline.set(Some(Instant::now() + wall));
        self.unseen.set(0);
        self.used.set(usize::MAX);
        self.expired.replace(None);
    }

    /// Collects if much is in use; the next time half way from what is left to the limit. Answers the bytes by which what
    /// is in use has grown: a text of many megabytes takes one instruction.
    fn collect(&self, lua: &Lua) -> mlua::Result<usize> {
        let used = lua.used_memory();
        let grown = used.saturating_sub(self.used.get());
        // To collect all takes longer than a call of a timer has: it does so only when memory is at its end.
        let soon = if self.part.get() == 1 { self.memory / 2 } else { self.memory / 8 * 7 };
        // What a script holds is not collected anew in every turn.
        if used > soon.max(self.collect_at.get()) {
            // The first pass runs destructors, the second frees.
            lua.gc_collect()?;
            lua.gc_collect()?;
            let used = lua.used_memory();
            self.collect_at.set(used + self.memory.saturating_sub(used) / 2);
        }
        self.used.set(lua.used_memory());
        Ok(grown)
    }

    /// A number that is another for each that begins.
    pub fn begun(&self) -> u64 {
        self.begun.get()
    }

    /// Instructions of so large a part.
    pub fn part(&self, part: u64) -> u64 {
        self.instructions / part
    }

    /// Instructions that were ever used.
    pub fn spent(&self) -> u64 {
        self.spent.get() + self.part(self.part.get()).saturating_sub(self.left.get())
    }

    /// How many instructions are left.
    pub fn left(&self) -> u64 {
        if self.is_expired() { 0 } else { self.left.get() }
    }

    /// The evaluation has used up its budget and must end, whatever it catches.
    pub fn is_expired(&self) -> bool {
        self.expired.borrow().is_some()
    }

    /// Why and where it was used up first.
    pub fn expired(&self) -> Option<ScriptError> {
        self.expired.borrow().clone()
    }

    /// Whether the time is over. The clock is looked at only now and then: that takes as long as ten instructions.
    fn is_late(&self, steps: u64) -> bool {
        let unseen = self.unseen.get() + steps;
        let look = unseen >= u64::from(STRIDE);
        self.unseen.set(if look { 0 } else { unseen });
        look && self.deadline.get().is_some_and(|end| Instant::now() >= end)
    }

    /// Draws `steps` instructions.
    ///
    /// # Errors
    /// When there are not so many left, or the time is over; then for every later call too.
    pub fn spend(&self, lua: &Lua, steps: u64) -> mlua::Result<()> {
        if let Some(error) = self.expired() {
            return Err(Error::external(error));
        }
        let message = if self.stop.load(Ordering::Relaxed) {
            "stopped: it was cancelled".to_owned()
        } else if let Some(left) = self.left.get().checked_sub(steps) {
            self.left.set(left);
            if !self.is_late(steps) {
                return Ok(());
            }
            match self.wall {
                Some(wall) => {
                    let wall = wall.as_secs_f64() / self.part.get() as f64;
                    format!("stopped: the script ran for more than {wall} s; is there an endless loop?")
                }
                None => "stopped: the script takes much too long for what it does; are its texts too long?".to_owned(),
            }
        } else {
            let allowed = self.part(self.part.get());
            format!("stopped: the script used up its {allowed} instructions; is there an endless loop?")
        };
        let file = || crate::context::context(lua).file.borrow().clone();
        let place = place(lua).unwrap_or_else(|| Place { file: file(), line: 1 });
        let mut error = ScriptError::at(place, message);
        error.traceback = lua.traceback(None, 0).ok().and_then(|text| frames(&text.to_string_lossy()));
        self.expired.replace(Some(error.clone()));
        set_stride(lua, 1);
        Err(Error::external(error))
    }
}

/// The line of the script that runs now: the innermost one that is neither C's nor the prelude's.
pub fn place(lua: &Lua) -> Option<Place> {
    for level in 0.. {
        let found = lua.inspect_stack(level, |debug| {
            let source = debug.source();
            let file = file_of(source.source.as_deref()?, source.short_src.as_deref()?);
            Some(Place { file, line: debug.current_line()? }).filter(|p| source.what != "C" && !is_prelude(&p.file))
        });
        if let Some(place) = found? {
            return Some(place);
        }
    }
    None
}

/// About how many calls are open, if they are many; else 0. Lua's `pcall` takes that long to catch an error.
pub fn depth(lua: &Lua) -> u64 {
    let mut level = 1000;
    while lua.inspect_stack(level, |_| ()).is_some() {
        level *= 2;
    }
    if level == 1000 { 0 } else { level as u64 }
}

/// The line where a thread stands that does not run: it yielded, or an error ended it (Lua keeps its stack then).
pub fn place_in(thread: &Thread) -> Option<Place> {
    let state = thread.state();
    for level in 0.. {
        // SAFETY: all zero is a value of this plain C struct; Lua fills it in before we read it.
        let mut debug: ffi::lua_Debug = unsafe { std::mem::zeroed() };
        // SAFETY: mlua keeps `state` alive while `thread` is; Lua's manual allows looking at the stack of any thread
        // that does not run, and both calls neither allocate nor raise with these arguments.
        let found = unsafe {
            ffi::lua_getstack(state, level, &mut debug) != 0 && ffi::lua_getinfo(state, c"Sl".as_ptr(), &mut debug) != 0
        };
        if !found {
            return None;
        }
        // SAFETY: `lua_getinfo` with "S" has set both to texts that end with 0; `source` belongs to the function,
        // which the thread's stack holds.
        let (source, short) = unsafe { (CStr::from_ptr(debug.source), CStr::from_ptr(debug.short_src.as_ptr())) };
        let file = file_of(&source.to_string_lossy(), &short.to_string_lossy());
        if let Ok(line @ 1..) = usize::try_from(debug.currentline)
            && !is_prelude(&file)
        {
            return Some(Place { file, line });
        }
    }
    None
}

/// Whether the thread that runs can wait: not in a function that a native one calls in the middle of its work.
pub fn can_wait(lua: &Lua) -> bool {
    // SAFETY: mlua holds its lock and says which thread runs now; the call only reads that thread's own fields.
    lua.exec_raw_lua(|raw| unsafe { ffi::lua_isyieldable(raw.state()) != 0 })
}

/// Puts back what an error has said that ended a thread: mlua takes it off the thread's stack, where Lua looks for it when
/// what the thread holds is closed.
///
/// # Errors
/// When Lua has no memory.
pub fn put_back(lua: &Lua, thread: &Thread, said: &str) -> mlua::Result<()> {
    let ended = thread.state();
    // SAFETY: mlua calls this protected, with `said` on top of `state`, and keeps `ended` alive while `thread` is; both
    // belong to one Lua state. Lua's manual allows pushing on a thread that does not run; room for it was checked.
    unsafe {
        lua.exec_raw(said, |state| {
            if ffi::lua_checkstack(ended, 1) != 0 {
                ffi::lua_xmove(state, ended, 1);
            }
        })
    }
}

/// `@song.lua` is a file, `=name` a name; anything else is code, of which Lua shows the beginning.
fn file_of(source: &str, short: &str) -> String {
    source.strip_prefix(['@', '=']).unwrap_or(short).to_owned()
}

/// When the hook fires next on the thread that runs now.
fn set_stride(lua: &Lua, stride: u32) {
    let stride = c_int::try_from(stride).unwrap_or(c_int::MAX);
    lua.exec_raw_lua(|raw| {
        let state = raw.state();
        // SAFETY: mlua holds its lock and says which thread runs now; both calls only read and write that thread's
        // own hook fields, and the hook stays the function mlua put there.
        unsafe {
            if ffi::lua_gethookcount(state) != stride {
                ffi::lua_sethook(state, ffi::lua_gethook(state), ffi::LUA_MASKCOUNT, stride);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether all is collected when so many megabytes of 64 are in use, in an evaluation and in a call of a timer.
    #[test]
    fn when_the_hook_collects_all() {
        for (megabytes, part, expected) in [(20, 1, false), (40, 1, true), (40, 10, false), (60, 10, true)] {
            let lua = Lua::new();
            let budget = Rc::new(Budget::new(1_000_000, None, 64 << 20));
            budget.install(&lua).expect("installed");
            lua.gc_stop();
            budget.begin(part);
            let code = format!(
                "local held = ('x'):rep({megabytes} << 20)
                 local weak = setmetatable({{{{}}}}, {{__mode = 'v'}})
                 for _ = 1, 1000 do end
                 return weak[1] == nil and #held > 0"
            );
            let collected: bool = lua.load(code).eval().expect("it runs");
            assert_eq!(collected, expected, "{megabytes} MB, a part of {part}");
        }
    }
}
