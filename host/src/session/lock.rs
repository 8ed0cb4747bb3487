//! The lock of a session, `cantus.lock`: which plugins it was made with, to the byte.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::assets::ContentHash;
use crate::files;
use crate::model::Name;
use crate::plugins::{Builds, By, Choice, ModuleRegistry, Reason, Wanted};

/// What the file begins with.
const HEAD: &str = "# Which plugins this session was made with. Written by `cantus plugins lock`.\n\n";
/// Version of its form.
const VERSION: u32 = 1;

/// Which plugins provide what a session uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    version: u32,
    #[serde(default, rename = "plugin")]
    plugins: Vec<Pin>,
}

/// The plugins that it names.
impl std::fmt::Display for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plugins: Vec<String> = self.plugins.iter().map(|pin| format!("{}@{}", pin.id, pin.version)).collect();
        write!(f, "{}", plugins.join(", "))
    }
}

/// A plugin, and what it provides for the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pin {
    id: String,
    version: String,
    hash: ContentHash,
    types: Vec<String>,
}

impl Lock {
    /// Where the lock of a folder lies.
    pub fn file(folder: &Path) -> PathBuf {
        folder.join("cantus.lock")
    }

    /// The lock of a folder, if it has one.
    ///
    /// # Errors
    /// It cannot be read: a sentence.
    pub fn read(folder: &Path) -> Result<Option<Lock>, String> {
        let path = Lock::file(folder);
        let refuse = |why: String| {
            format!("could not read lock \"{}\": {why}; write it anew with `cantus plugins lock`", path.display())
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(refuse(e.to_string())),
        };
        let lock: Lock = toml::from_str(&text).map_err(|e| refuse(e.message().to_owned()))?;
        if lock.version != VERSION {
            return Err(refuse(format!("it is of version {}, this program reads {VERSION}", lock.version)));
        }
        Ok(Some(lock))
    }

    /// What provides these types now.
    pub fn of(registry: &ModuleRegistry, types: &BTreeSet<Name>) -> Lock {
        let mut plugins: Vec<Pin> = Vec::new();
        for (name, plugin) in types.iter().filter_map(|name| Some((name, registry.provider(name)?))) {
            let known = &plugin.manifest.plugin;
            match plugins.iter_mut().find(|pin| pin.id == known.id && pin.version == known.version) {
                Some(pin) => pin.types.push(name.to_string()),
                None => plugins.push(Pin {
                    id: known.id.clone(),
                    version: known.version.clone(),
                    hash: plugin.hash,
                    types: vec![name.to_string()],
                }),
            }
        }
        plugins.sort_by(|a, b| (&a.id, &a.version).cmp(&(&b.id, &b.version)));
        Lock { version: VERSION, plugins }
    }

    /// The builds that it names.
    pub fn builds(&self) -> Builds {
        self.plugins.iter().map(|pin| (format!("{}@{}", pin.id, pin.version), pin.hash)).collect()
    }

    /// Writes it into a folder.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let text = toml::to_string(self).map_err(std::io::Error::other)?;
        files::write(&Lock::file(folder), format!("{HEAD}{text}").as_bytes())
    }

    /// What it says of who is to provide what.
    pub fn choices(&self) -> Vec<Choice> {
        let of = |pin: &Pin| {
            let plugin = Wanted { id: pin.id.clone(), version: Some(pin.version.clone()) };
            let choice = move |t: &String| Choice { by: By::Lock, module_type: t.clone(), plugin: plugin.clone() };
            pin.types.iter().map(choice).collect::<Vec<_>>()
        };
        self.plugins.iter().flat_map(of).collect()
    }

    /// What is not as it says: sentences. None: everything is, to the byte.
    pub fn differences(&self, registry: &ModuleRegistry) -> Vec<String> {
        let not_locked = |pin: &Pin| Reason::NotLocked(format!("{}@{}", pin.id, pin.version));
        let of = |pin: &Pin, name: &String| {
            let wanted = format!("{name} was locked to {}@{}", pin.id, pin.version);
            match registry.provider(name) {
                None if registry.failures().iter().any(|failure| failure.reason == not_locked(pin)) => {
                    Some(format!("{wanted}, and that is another build of it now"))
                }
                None => Some(format!("{wanted}, and nothing provides it")),
                Some(plugin) if plugin.hash == pin.hash => None,
                Some(plugin)
                    if plugin.manifest.plugin.id == pin.id && plugin.manifest.plugin.version == pin.version =>
                {
                    Some(format!("{wanted}, and that is another build of it now"))
                }
                Some(plugin) => Some(format!("{wanted}, and comes from {plugin} now")),
            }
        };
        self.plugins.iter().flat_map(|pin| pin.types.iter().filter_map(move |name| of(pin, name))).collect()
    }
}
