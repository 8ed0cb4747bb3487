//! `cantus plugins scan` and `cantus plugins forgive`

use std::path::{Path, PathBuf};

use cantus_host::plugins::{Caution, Known, ModuleRegistry};
use clap::Args;

use crate::Failure;
use crate::console::{counted, say};
use crate::setup::{PluginArguments, caution};

/// Looks at every library in the search path, tries out those that were never seen, and says what came of it.
#[derive(Args)]
pub struct Scan {
    /// Try all of them out again.
    #[arg(long)]
    again: bool,
}

impl Scan {
    /// Prints a line for each library; fails if one could not be loaded.
    pub fn run(&self, arguments: &PluginArguments) -> Result<(), Failure> {
        let (search, caution) = (arguments.search(), caution());
        if self.again {
            let mut known = known(&caution)?;
            for found in search.files().0 {
                if let Ok(hash) = known.hash(&found.path) {
                    known.forget(hash);
                }
            }
            known.keep();
        }
        let registry = ModuleRegistry::load_with(&search, &[], caution);
        for plugin in registry.plugins() {
            say(format_args!("good  {plugin}  {}", plugin.path.display()))?;
        }
        registry.notes().iter().try_for_each(|note| say(format_args!("note  {note}")))?;
        for failure in registry.failures() {
            say(format_args!("bad   {}  {}", failure.path.display(), failure.reason))?;
        }
        match registry.failures().len() as u64 {
            0 => Ok(()),
            bad => Err(Failure(format!("{} could not be loaded", counted(bad, "library", "libraries")))),
        }
    }
}

/// Lets libraries be tried out again that did harm when they were.
#[derive(Args)]
pub struct Forgive {
    /// The library, its name or its folder; all that did harm, if none is named.
    path: Option<PathBuf>,
}

impl Forgive {
    /// Prints what is forgiven.
    pub fn run(&self) -> Result<(), Failure> {
        let mut known = known(&caution())?;
        let meant = |path: &Path| {
            let named = self.path.as_deref();
            named.is_none_or(|named| {
                let absolute = named.canonicalize().unwrap_or_else(|_| named.to_owned());
                path.starts_with(&absolute) || path.file_name() == Some(named.as_os_str())
            })
        };
        let bad: Vec<_> = known
            .bad()
            .filter(|(_, _, path)| meant(path))
            .map(|(hash, reason, path)| (hash, format!("{}: {reason}", path.display())))
            .collect();
        if bad.is_empty() {
            let what = self.path.as_ref().map_or_else(String::new, |path| format!(" of {}", path.display()));
            return say(format_args!("nothing bad is known{what}"));
        }
        for (hash, text) in bad {
            known.forget(hash);
            say(format_args!("forgiven  {text}"))?;
        }
        known.keep();
        Ok(())
    }
}

fn known(caution: &Caution) -> Result<Known, Failure> {
    let none = || Failure("could not find what is known of plugins: this user has no folder for such things".into());
    Ok(Known::open(caution.known.as_ref().ok_or_else(none)?))
}
