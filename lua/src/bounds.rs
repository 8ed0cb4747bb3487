//! How much of each thing scripts may ask for. What is held outside of Lua its limit of memory does not see, and what is
//! done outside the count of instructions does not see: both are paid for here.

use cantus_host::control::PENDING;
use mlua::{Lua, MultiValue, Result, Value};

use crate::context::context;

/// Instructions that a call of a native function counts for.
const CALL: u64 = 10;
/// Bytes of text that a native function is given for one instruction more.
const TEXT: usize = 256;
/// Instructions that a command counts for: it is kept, checked again, merged and journalled.
pub const COMMAND: u64 = 1000;
/// Instructions that looking for a file counts for.
pub const FILE: u64 = 5000;
/// Instructions that a step of a pattern counts for.
pub const STEP: u64 = 16;
/// Rows and notes of all lanes of a pattern: each takes about 300 bytes while it is read.
pub const CELLS: usize = 1 << 17;
/// Timers and coroutines that wait at a time, of all files; one more is an error of who asks for it. Each takes about a
/// kilobyte of Lua's memory: were it full, no script that ends them could be evaluated.
pub const TASKS: usize = 10_000;
/// Callbacks of `onStateChange` at a time, of all files; one more is an error of who asks for it.
pub const OBSERVERS: usize = 1000;
/// Things that one evaluation may want done after its commit; one more is an error.
pub const AFTERWARDS: usize = 100;
/// Batches of timers that may wait for their time; when there are more, those behind them are run later. Room is left for
/// what people send.
pub const WAITING: usize = PENDING - 64;
/// Entries of a table of options or rows.
pub const ENTRIES: usize = 100_000;
/// Timers and coroutines that may begin one another at one instant; one more is an error, else they would never let go.
pub const GENERATIONS: u32 = 64;

/// Pays for a call of a native function.
///
/// # Errors
/// When the budget is used up.
pub fn pay_call(lua: &Lua, args: &MultiValue) -> Result<()> {
    let bytes: usize =
        args.iter().map(|arg| if let Value::String(text) = arg { text.as_bytes().len() } else { 0 }).sum();
    context(lua).budget.spend(lua, CALL + (bytes / TEXT) as u64)
}

/// Pays for a text that is long.
///
/// # Errors
/// When the budget is used up.
pub fn pay_text(lua: &Lua, value: &Value) -> Result<()> {
    let length = if let Value::String(text) = value { text.as_bytes().len() / TEXT } else { 0 };
    if length == 0 { Ok(()) } else { pay(lua, length as u64) }
}

/// Pays for something that takes so many instructions.
///
/// # Errors
/// When the budget is used up.
pub fn pay(lua: &Lua, instructions: u64) -> Result<()> {
    context(lua).budget.spend(lua, instructions)
}
