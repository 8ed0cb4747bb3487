//! The language over a fake engine: no plugin, no sound, types that exist only here.

mod bindings;
mod broken;
mod chains;
mod claims;
mod cycles;
mod edits;
mod forms;
mod guards;
mod listings;
mod looks;
mod music;
mod music_laws;
mod music_wrong;
mod patterns;
mod performing;
mod presets;
mod rig;
mod sounds;
mod transactions;
mod types;
mod workers;
