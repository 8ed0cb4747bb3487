//! Finds, checks and opens plugin libraries, and makes instances of what they provide.
//!
//! Per file: canonicalise, read without running any of its code, open, check contract and layouts, register. What fails
//! is collected with its reason; the rest goes on. Libraries are never closed.

mod file;
mod library;
mod registry;
mod search;

use std::path::{Path, PathBuf};

pub use registry::{Choice, ModuleRegistry, Plugin};
pub use search::{Found, Search};

/// A library that was not loaded, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not load plugin {}: {reason}", .path.display())]
pub struct LoadError {
    /// The file.
    pub path: PathBuf,
    /// Why, and what to do.
    pub reason: Reason,
}

impl LoadError {
    fn new(path: &Path, reason: Reason) -> LoadError {
        LoadError { path: path.to_owned(), reason }
    }
}

/// Why a library was not loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is no such file or folder, or it cannot be read.
    #[error("{0}; check the path")]
    Unreadable(String),
    /// A folder that somebody named has none.
    #[error("there is no library in it; build a plugin and copy it there")]
    Empty,
    /// It is no shared library, or a damaged one.
    #[error("it is not a shared library, or it was cut short ({0}); build or copy it again")]
    NotALibrary(String),
    /// It is for another processor.
    #[error("it was built for {found}, this program for {expected}; build it for this machine")]
    OtherMachine {
        /// What it is for.
        found: String,
        /// What would fit.
        expected: String,
    },
    /// It is a library, but has no manifest.
    #[error(
        "it is not a Cantus plugin: it has no section {}; a plugin calls cantus_plugin_api::export!",
        cantus_manifest::SECTION
    )]
    NoManifest,
    /// Its manifest is not one.
    #[error("{0}")]
    Manifest(String),
    /// The system's loader refused it.
    #[error("the system could not open it: {0}")]
    Open(String),
    /// Its contract is not ours.
    #[error("{0}")]
    Contract(String),
    /// What it says when running is not what its section says.
    #[error("the manifest it presents is not the one in its file; rebuild it from scratch")]
    ManifestDiffers,
    /// Another file with the same plugin was found before.
    #[error("plugin \"{id}\" was already loaded from {}; this one is not used", .first.display())]
    Shadowed {
        /// The plugin's id.
        id: String,
        /// The file that won.
        first: PathBuf,
    },
    /// Several plugins provide a type, and nobody chose.
    #[error("type {module_type} is provided by {}; choose one with --use {module_type}=PLUGIN", .plugins.join(" and "))]
    Ambiguous {
        /// The type.
        module_type: String,
        /// Ids of the plugins.
        plugins: Vec<String>,
    },
    /// Somebody chose a plugin that does not provide the type.
    #[error("--use {module_type}={plugin}: {}", match .providers.as_slice() { [] => "no plugin provides that type".to_owned(), p => format!("it is provided by {}", p.join(", ")) })]
    BadChoice {
        /// The type.
        module_type: String,
        /// The plugin that was chosen.
        plugin: String,
        /// Those that would do.
        providers: Vec<String>,
    },
}
