//! The language of Cantus: Lua over the engine.
//!
//! One [`Script`] is one Lua state on one thread. Each evaluation is a transaction: it edits a private copy of the
//! Model, so that every call is checked at once and an error carries the script's own line; only if it ends without an
//! error is one [`Batch`](cantus_host::control::Batch) committed.
//!
//! ```text
//! Script::eval -> environment -> chunk on a Lua thread -> natives -> Transaction { Model, commands }
//!                                                                      '-> Commit::commit, once, at the end
//! ```
//!
//! - `script`, `transaction`, `error`: the life of an evaluation.
//! - `budget`: instructions, wall time, stack reading. The only file that touches the raw parts of Lua. `bounds`: how much of
//!   what Lua does not count.
//! - `sandbox`, `require`, `prelude/`: what scripts get in the place of Lua's own functions, and their environments.
//! - `matcher`, `strings`, `random`: replacements for functions of C that could hang or differ from run to run.
//! - `library`: the list of all native functions; every area (`graph`, `params`, `engine`, ...) is a table of rows.
//! - `prelude/music/`: the musical library, in Lua. Notes, scales, chords, rhythms, lists, chance, sequences, and cycles in
//!   mini-notation, from text (`reading`, `mini`) over functions of time in exact fractions (`cycle`, `shapes`, `changes`)
//!   to the rows of a pattern (`compile`). `music` reads what it says of itself.
//! - `handle`, `slots`, `pattern`, with `edits`: what scripts hold. `notation`, `step`, `forms`: how patterns are written, in
//!   and out. `subject`, `listing`, `help`, `sound`: what they may ask about it.
//! - `workers`: Lua that takes long, in states of its own beside the script thread.
//! - `print`: the way back, from a Model to the script that makes it.
//! - `agenda`, `later`, `script/player`: what scripts do in time; `timers`: the words for it. `snapshot`, `observing`: what
//!   they hear of others.
//! - [`watchdog`]: threads for scripts that may get stuck.
//! - [`types`]: definitions for editors.
//!
//! What this crate must not know: any module type by name, sound devices, plugins, files beyond scripts and sessions. Lua can do
//! nothing here that a [`Command`](cantus_host::model::Command) cannot.

mod agenda;
mod bounds;
mod budget;
mod chain;
mod constructors;
mod context;
mod edits;
mod engine;
mod error;
mod facade;
mod forms;
mod graph;
mod handle;
mod help;
mod kept;
mod later;
mod library;
mod listing;
mod matcher;
mod mix;
mod modulation;
mod music;
mod notation;
mod observing;
mod params;
mod pattern;
mod performing;
mod players;
mod presets;
mod print;
mod random;
mod require;
mod sandbox;
mod script;
mod session;
mod settings;
mod slots;
mod snapshot;
mod sound;
mod step;
mod strings;
mod subject;
mod time;
mod timers;
mod transaction;
pub mod types;
mod values;
pub mod watchdog;
mod words;
mod workers;

pub use context::{Complain, Print};
pub use error::{Place, ScriptError};
pub use library::{Documented, documentation};
pub use print::{is_taken, print};
pub use script::{Evaluation, Options, Script};
pub use transaction::Transport;
