//! The manifest: the one home of what a plugin's modules are.
//!
//! A manifest is a TOML text. The SDK's `export!` macro embeds it in the plugin library in the section
//! [`SECTION`], so a host reads it without running any of the plugin's code, and generates from it the names the
//! plugin's own code uses. Lua bindings, help, range checks and sessions all come from the same text.
//!
//! This crate parses and checks. It opens no library and no file, and knows no module type.

mod check;
mod preset;
mod text;
mod types;
mod words;

pub use check::{HANDLE_KEYS, LUA_WORDS, NOTE_KEYS, Problem};
pub use preset::{Preset, Setting};
pub use text::{did_you_mean, hint, nearest, snake_case};
pub use types::{
    Action, Direction, Example, Kind, Manifest, Meter, Module, Param, ParamKind, Plugin, Port, PortKind, Slots, Unit,
};

/// The schema this crate reads: `schema = 1`.
pub const SCHEMA: u32 = 1;

/// Most channels of an audio port, and of a sound file.
pub const MOST_CHANNELS: u16 = 64;

/// Most numbers of a parameter that is a list of them.
pub const MOST_NUMBERS: usize = 1024;

/// Most characters of a parameter that is text.
pub const LONGEST_TEXT: usize = 256;

/// Name of the library section that holds the manifest's bytes (ELF; at most 16 bytes, so that Mach-O fits too).
pub const SECTION: &str = ".cantusmanifest";

/// Why a manifest was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not TOML, or a field is missing, unknown or of the wrong type.
    #[error("could not read the manifest: {0}")]
    Toml(#[from] toml::de::Error),
    /// The text reads, but says something that cannot be.
    #[error("could not accept the manifest: {}", list(.0))]
    Check(Vec<Problem>),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
}

impl Manifest {
    /// Parses and checks a manifest. All problems are collected.
    ///
    /// # Errors
    /// [`Error::Toml`] with line and column, or [`Error::Check`] with every broken rule.
    pub fn parse(text: &str) -> Result<Manifest, Error> {
        let manifest: Manifest = toml::from_str(text)?;
        let problems = check::check(&manifest);
        if problems.is_empty() { Ok(manifest) } else { Err(Error::Check(problems)) }
    }
}

impl Module {
    /// Checks a module that comes from [`Module::excerpt`].
    ///
    /// # Errors
    /// [`Error::Check`] with every broken rule.
    pub fn check_excerpt(&self) -> Result<(), Error> {
        let problems = check::check_excerpt(self);
        if problems.is_empty() { Ok(()) } else { Err(Error::Check(problems)) }
    }
}

#[cfg(test)]
mod tests;
