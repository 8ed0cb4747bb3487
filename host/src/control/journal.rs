//! The journal: the Processor's complete input, as it happened, in a file of its own.
//!
//! One record a line: eight digits of a hash, and JSON. Lines are only ever added, so what a crash leaves behind is a
//! whole journal but for its last line, which is then cut off. Three things are made from it: the same sound again
//! ([`Replay`](super::Replay)), the Model of the last moment ([`recover`]), and people's trust.

mod reader;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use reader::{Read, Recovered, Torn, read, recover};
pub use writer::Journal;

use super::batch::{Origin, When};
use super::engine::Config;
use crate::assets::ContentHash;
use crate::model::command::KeepTypeCommand;
use crate::model::{Catalog, Command, Excerpt, Name};
use crate::plugins::{Choice, ModuleRegistry};

/// Version of the records' form.
const VERSION: u32 = 1;

/// One thing that happened. Changes are numbered in the order in which they were decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// The first record.
    Header(Header),
    /// All that is there, so that recovery need not begin at the beginning.
    State {
        /// From an empty Model to that of now.
        commands: Vec<Command>,
        /// The same of each scene.
        scenes: BTreeMap<Name, Vec<Command>>,
    },
    /// A batch was applied to the Model, and handed to the Processor.
    Accepted {
        /// Its number.
        change: u64,
        /// Who sent it.
        origin: Origin,
        /// What it came to.
        commands: Vec<Command>,
    },
    /// A batch was accepted and waits for its time. It is applied under the same number.
    Waits {
        /// Its number.
        change: u64,
        /// Who sent it.
        origin: Origin,
        /// When it is due.
        when: When,
        /// What it would come to.
        commands: Vec<Command>,
    },
    /// A batch that waited will not be applied.
    Dropped {
        /// Its number.
        change: u64,
        /// Why.
        why: String,
    },
    /// What workers brought, and what is to be taken out, was handed to the Processor.
    Brought {
        /// Its number.
        change: u64,
        /// What they brought, in its order.
        results: Vec<Result>,
        /// Cables and instances that were taken out because they had faded or rung out, by when they were made.
        swept: Vec<u64>,
    },
    /// The Processor has applied a change.
    Applied {
        /// Its number.
        change: u64,
        /// Exact absolute sample of its deeds.
        sample: u64,
    },
    /// The engine ended in order.
    End {
        /// Samples it had made.
        sample: u64,
    },
}

/// What the sound depends on besides what happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the records' form.
    pub version: u32,
    /// Version of the program.
    pub cantus: String,
    /// Sample rate in Hz.
    pub rate: f64,
    /// Folder that relative sound files are looked for in.
    pub root: PathBuf,
    /// Plugins by id: version and content hash of the library.
    pub plugins: BTreeMap<String, (String, String)>,
    /// Which of them provided each type, and why.
    pub choices: Vec<Choice>,
    /// What is known of every module type, so that modules survive without their plugin.
    pub types: BTreeMap<Name, Excerpt>,
}

impl Header {
    /// Of an engine over these plugins.
    pub fn of(registry: &ModuleRegistry, config: &Config) -> Header {
        Header {
            version: VERSION,
            cantus: env!("CARGO_PKG_VERSION").into(),
            rate: config.rate,
            // It may be replayed from elsewhere.
            root: std::path::absolute(&config.root).unwrap_or_else(|_| config.root.clone()),
            plugins: registry.hashes(),
            choices: registry.choices(),
            types: registry.catalog().iter().map(|(name, known)| (name.clone(), Excerpt::of(known))).collect(),
        }
    }

    /// Keeps the types that no plugin provides now.
    pub(super) fn keep_missing(&self, catalog: &Catalog) -> Vec<Command> {
        let missing = self.types.iter().filter(|(name, _)| catalog.get(name).is_none());
        let keep = |(name, excerpt): (&Name, &Excerpt)| {
            KeepTypeCommand { module_type: name.clone(), excerpt: Some(excerpt.clone()) }.into()
        };
        missing.map(keep).collect()
    }
}

/// What a worker brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Result {
    /// An instance was made, or could not be.
    Made {
        /// Number of the task.
        ticket: u64,
    },
    /// A sound file was read.
    Loaded {
        /// Number of the task.
        ticket: u64,
        /// Its name.
        file: Name,
        /// Content hash; none if it could not be read.
        hash: Option<ContentHash>,
    },
    /// Plugins were looked at on the disk, and took the place of those that played, or could not.
    Reloaded {
        /// Number of the task.
        ticket: u64,
        /// What was made anew; none: all stayed as it was.
        anew: Option<Anew>,
        /// Those that were not what they had been, by id: version and content hash of the library.
        plugins: BTreeMap<String, (String, String)>,
    },
    /// Something was made for an instance, or could not be.
    Worked {
        /// Number of the task that has made the instance.
        ticket: u64,
        /// Which of its places had asked for it.
        place: u32,
    },
}

/// What plugins that took the place of others have led to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anew {
    /// Types whose modules were made anew.
    pub types: BTreeSet<Name>,
    /// Which plugin provides each type from then on, and why.
    pub choices: Vec<Choice>,
}

/// Digits of the hash before each record.
const DIGITS: usize = 8;

/// A record as a line.
fn line(record: &Record) -> String {
    let json = serde_json::to_string(record).expect("records can be written");
    format!("{} {json}\n", check(&json))
}

/// What stands before a record, so that a torn or damaged one is seen.
fn check(json: &str) -> String {
    blake3::hash(json.as_bytes()).to_hex()[..DIGITS].to_owned()
}
