//! The memory that scripts may use while they run.

use crate::error::ScriptError;

use super::Script;

/// Room for an evaluation, as a part of all memory.
const ROOM: usize = 16;

impl Script {
    /// Keeps scripts within their memory, or lets the host do what it must.
    pub(super) fn limit_memory(&self, on: bool) -> Result<(), ScriptError> {
        self.set_memory(if on { self.memory } else { 0 })
    }

    /// The same for an evaluation: some is left for it also when timers and coroutines hold all there is, or nobody could
    /// end them.
    pub(super) fn limit_memory_of_evaluation(&self) -> Result<(), ScriptError> {
        let (lua, room) = (&self.sandbox.lua, self.memory / ROOM);
        if lua.used_memory() + room > self.memory {
            lua.gc_collect().map_err(|e| ScriptError::from_lua(&e, "cantus", None))?;
        }
        self.set_memory(self.memory.max(lua.used_memory() + room))
    }

    fn set_memory(&self, bytes: usize) -> Result<(), ScriptError> {
        let limited = self.sandbox.lua.set_memory_limit(bytes);
        limited.map(|_| ()).map_err(|e| ScriptError::of("cantus", e.to_string()))
    }
}
