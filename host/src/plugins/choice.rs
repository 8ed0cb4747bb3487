//! Which plugin provides a type that several have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::{LoadError, Plugin, Reason};
use crate::model::Name;

/// A plugin that somebody wants: `org.example.better`, or `org.example.better@1.2.0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wanted {
    /// Its id.
    pub id: String,
    /// Its version, if that matters.
    pub version: Option<String>,
}

impl Wanted {
    /// This plugin is meant.
    pub fn is(&self, plugin: &Plugin) -> bool {
        let known = &plugin.manifest.plugin;
        self.id == known.id && self.version.as_ref().is_none_or(|version| *version == known.version)
    }
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Wanted, String> {
        let (id, version) = text.split_once('@').map_or((text, None), |(id, version)| (id, Some(version)));
        if id.is_empty() || version.is_some_and(str::is_empty) {
            return Err(format!("\"{text}\" is not PLUGIN or PLUGIN@VERSION"));
        }
        Ok(Wanted { id: id.into(), version: version.map(Into::into) })
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.version {
            None => write!(f, "{}", self.id),
            Some(version) => write!(f, "{}@{version}", self.id),
        }
    }
}

/// Why a plugin provides a type; what comes first goes before what comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum By {
    /// Somebody said so when the program began: `--use`.
    CommandLine,
    /// The session says so.
    Session,
    /// The lock of the session says so.
    Lock,
    /// The user's settings say so.
    User,
    /// It came with this program, and nobody said anything.
    Bundled,
    /// There is no other.
    Only,
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            By::CommandLine => "--use says so",
            By::Session => "the session says so",
            By::Lock => "cantus.lock says so",
            By::User => "the setting \"providers\" says so",
            By::Bundled => "it comes with Cantus, and nothing else was chosen",
            By::Only => "no other plugin provides it",
        })
    }
}

/// Which plugin is to provide a type, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Who says so.
    pub by: By,
    /// The type.
    pub module_type: String,
    /// The plugin.
    pub plugin: Wanted,
}

impl Choice {
    /// What a session says of a type. `None`: that is no plugin.
    pub fn of_session(module_type: &str, plugin: &str) -> Option<Choice> {
        Some(Choice { by: By::Session, module_type: module_type.into(), plugin: plugin.parse().ok()? })
    }
}

/// `--use TYPE=PLUGIN`, or `TYPE=PLUGIN (the session says so)`.
impl std::fmt::Display for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Choice { by, module_type, plugin } = self;
        match by {
            By::CommandLine => write!(f, "--use {module_type}={plugin}"),
            by => write!(f, "{module_type}={plugin} ({by})"),
        }
    }
}

/// As on the command line: `TYPE=PLUGIN` or `TYPE=PLUGIN@VERSION`.
impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Choice, String> {
        match text.split_once('=') {
            Some((module_type, plugin)) if !module_type.is_empty() && !plugin.is_empty() => {
                Ok(Choice { by: By::CommandLine, module_type: module_type.into(), plugin: plugin.parse()? })
            }
            _ => Err(format!("\"{text}\" is not TYPE=PLUGIN or TYPE=PLUGIN@VERSION")),
        }
    }
}

/// Who provides a type, and why.
#[derive(Clone)]
pub(super) struct Provider {
    pub plugin: Arc<Plugin>,
    pub by: By,
}

/// Who provides each type, and the types of which that is not decided. Choices that cannot be are failures, and the next
/// best is taken.
pub(super) fn choose(
    plugins: &[Arc<Plugin>],
    choices: &[Choice],
    failures: &mut Vec<LoadError>,
) -> (BTreeMap<Name, Provider>, BTreeSet<Name>) {
    let mut all: BTreeMap<Name, Vec<&Arc<Plugin>>> = BTreeMap::new();
    for plugin in plugins {
        for module in &plugin.manifest.modules {
            all.entry(module.name.as_str().into()).or_default().push(plugin);
        }
    }
    // The last word of who may say the most counts.
    let mut ordered: Vec<&Choice> = choices.iter().rev().collect();
    ordered.sort_by_key(|choice| choice.by);
    for choice in &ordered {
        let there = all.get(&*choice.module_type).map_or(&[][..], |plugins| plugins.as_slice());
        if !there.iter().any(|plugin| choice.plugin.is(plugin)) {
            let reason = Reason::BadChoice {
                choice: (*choice).clone(),
                providers: there.iter().map(|p| p.to_string()).collect(),
            };
            failures.push(LoadError::new(Path::new(&choice.plugin.id), reason));
        }
    }
    let (mut chosen, mut undecided) = (BTreeMap::new(), BTreeSet::new());
    for (name, candidates) in all {
        let of_type = ordered.iter().filter(|choice| *choice.module_type == *name);
        match one_of(&candidates, of_type) {
            Some((plugin, by)) => _ = chosen.insert(name, Provider { plugin, by }),
            None => {
                let plugins = candidates.iter().map(|p| p.manifest.plugin.id.clone()).collect();
                let reason = Reason::Ambiguous { module_type: name.to_string(), plugins };
                failures.push(LoadError::new(&candidates[0].path, reason));
                undecided.insert(name);
            }
        }
    }
    (chosen, undecided)
}

/// The choice, else the bundled plugin, else the only one. Of several versions that would do, the one that was found
/// first.
fn one_of<'a>(
    candidates: &[&Arc<Plugin>],
    mut choices: impl Iterator<Item = &'a &'a Choice>,
) -> Option<(Arc<Plugin>, By)> {
    let found = |choice: &&Choice| Some((*candidates.iter().find(|p| choice.plugin.is(p))?, choice.by));
    let bundled = || Some((*candidates.iter().find(|p| p.bundled)?, By::Bundled));
    let first = candidates[0];
    let alone =
        || candidates.iter().all(|p| p.manifest.plugin.id == first.manifest.plugin.id).then_some((first, By::Only));
    let (plugin, by) = choices.find_map(found).or_else(bundled).or_else(alone)?;
    Some((plugin.clone(), by))
}

/// Puts the newest first, of versions of one plugin that lie in one place.
pub(super) fn newest_first(a: &str, b: &str) -> std::cmp::Ordering {
    match (Version::parse(a), Version::parse(b)) {
        (Ok(a), Ok(b)) => b.cmp(&a),
        _ => std::cmp::Ordering::Equal,
    }
}
