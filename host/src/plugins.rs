//! Finds, checks and opens plugin libraries, and makes instances of what they provide.
//!
//! Per file: canonicalise, read without running any of its code, try out in a process of its own if it was never seen,
//! open, check contract and layouts, register. What fails is collected with its reason; the rest goes on. Libraries are
//! never closed.

pub mod child;
mod choice;
mod file;
mod known;
mod library;
pub mod probe;
mod registry;
mod search;

use std::path::{Path, PathBuf};

pub use choice::{By, Choice, Wanted};
pub(crate) use file::read;
pub use file::read_library;
pub use known::{Known, Verdict};
pub(crate) use library::open;
pub use probe::Prober;
pub use registry::{Builds, Caution, ModuleRegistry, Plugin};
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

    /// It is the library at a path that was not loaded: not a type of it, or a choice, that cannot be.
    pub fn is_of(&self, path: &Path) -> bool {
        self.path == path && !matches!(self.reason, Reason::Ambiguous { .. } | Reason::BadChoice { .. })
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
    /// Anybody on this machine may write to it.
    #[error(
        "anybody on this machine may write to {}; take that right away (chmod o-w), or say --trust-writable", .0.display()
    )]
    Writable(PathBuf),
    /// It did harm when it was tried out, now or before.
    #[error(
        "when it was tried out, {0}; get another version of it, or have it tried out again with `cantus plugins forgive`"
    )]
    Bad(String),
    /// Another file with the same version of the plugin was found before.
    #[error("plugin \"{plugin}\" was already loaded from {}; this one is not used", .first.display())]
    Shadowed {
        /// The plugin's id and version.
        plugin: String,
        /// The file that won.
        first: PathBuf,
    },
    /// Only another build of it is to be used.
    #[error("the lock names another build than this one of {0}; play without --locked, or write the lock anew")]
    NotLocked(String),
    /// Several plugins provide a type, and nobody chose.
    #[error("type {module_type} is provided by {}; choose one with --use {module_type}=PLUGIN", .plugins.join(" and "))]
    Ambiguous {
        /// The type.
        module_type: String,
        /// Ids of the plugins.
        plugins: Vec<String>,
    },
    /// Somebody chose a plugin that does not provide the type.
    #[error("{choice}: {}", provided(providers))]
    BadChoice {
        /// What was chosen.
        choice: Choice,
        /// Those that would do.
        providers: Vec<String>,
    },
}

fn provided(providers: &[String]) -> String {
    if providers.is_empty() {
        "no plugin provides that type; look at `cantus plugins list`".into()
    } else {
        format!("it is provided by {}", providers.join(", "))
    }
}
