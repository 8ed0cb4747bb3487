//! The Cantus engine: a library without a language and without a program.
//!
//! The way of a change, top to bottom:
//!
//! ```text
//! Batch -> CommandQueue -> Engine (control thread): Model::edit -> realise -> Change -> Processor (audio thread)
//!                            ^-- EngineState (arc-swap) <-- Applied, Fault, and every box to be freed --'
//! ```
//!
//! - [`model`]: the state as a value, and the commands that change it. Pure: no audio, no file, no clock.
//! - [`plugins`]: finds, checks and opens plugin libraries; the [`ModuleRegistry`](plugins::ModuleRegistry).
//! - [`rt`]: everything the audio thread runs. Never allocates, frees, locks, prints, blocks or panics.
//! - [`control`]: the [`Engine`](control::Engine), which turns Models into Changes, the workers that load,
//!   and the [journal](control::journal): all that happens, on the disk, for replay and recovery.
//! - [`assets`]: sound files, read, decoded and resampled on workers.
//! - [`device`]: sound card, null and offline, behind one trait.
//! - [`session`]: Models as files, for people to read and for later versions to understand.
//! - [`culprit`]: which instance a thread is at, for when that ends the program.
//! - [`files`]: files that people would miss, whole or not there.
//! - [`settings`]: what the user wants of this machine, in a file of the user's.
//! - [`lockstep`]: engine and offline device on one thread.
//! - `validate`: whether a plugin library keeps the contract, by checks in processes of their own. Linux only.
//! - [`outline`]: levels as a picture in text.
//!
//! What this crate must not know: Lua, the command line, and any module type by name.

#![cfg_attr(cantus_rtsan, feature(sanitize))]

pub mod assets;
pub mod control;
pub mod culprit;
pub mod device;
pub mod files;
pub mod lockstep;
pub mod model;
pub mod outline;
pub mod plugins;
pub mod rt;
pub mod session;
pub mod settings;
#[cfg(target_os = "linux")]
pub mod validate;

/// Version of the plugin contract this host speaks.
pub const CONTRACT: &str = cantus_plugin_api::raw::CONTRACT;
