//! What several subcommands begin with: plugins.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cantus_host::control::journal;
use cantus_host::plugins::{Builds, By, Caution, Choice, Known, LoadError, ModuleRegistry, Prober, Reason, Search};
use cantus_host::session::{self, Lock};
use cantus_plugin_api::Cpu;
use clap::{Args, ValueEnum};

use crate::Failure;
use crate::console::{tell, warn};
use crate::settings::text;

/// Where plugins come from, and how they run.
#[derive(Args)]
pub struct PluginArguments {
    /// Folder (or library) to look for plugins in before all others; may be given several times.
    #[arg(long = "plugins", value_name = "DIR", global = true)]
    folders: Vec<PathBuf>,
    /// Which plugin provides a type that several have.
    #[arg(long = "use", value_name = "TYPE=PLUGIN[@VERSION]", global = true)]
    choices: Vec<Choice>,
    /// Only with exactly the plugins that the song's cantus.lock names.
    #[arg(long, global = true)]
    locked: bool,
    /// Although a plugin takes the place of another and does not have all that the session uses: what it lacks is kept,
    /// and does nothing.
    #[arg(long, global = true)]
    pub lossy: bool,
    /// Leave out the module of this name, as if it could not be made; may be given several times.
    #[arg(long, value_name = "MODULE", global = true)]
    pub without: Vec<String>,
    /// Take plugins even from folders that anybody on this machine may write to.
    #[arg(long, global = true)]
    trust_writable: bool,
    /// Which instructions plugins use: the widest this processor has, or those that every processor has.
    #[arg(long, value_enum, default_value_t = Instructions::Best, global = true)]
    cpu: Instructions,
}

#[derive(Clone, Copy, ValueEnum)]
enum Instructions {
    Best,
    Portable,
}

impl PluginArguments {
    /// Loads all plugins; says what could not be loaded on standard error, and goes on.
    ///
    /// # Errors
    /// A choice on the command line that cannot be: to play something else instead would be wrong.
    pub fn load(&self) -> Result<Arc<ModuleRegistry>, Failure> {
        Ok(self.load_with(users_choices(), None)?.into())
    }

    /// The same, with what a song says of who is to provide what, or the journal that it goes on from.
    ///
    /// # Errors
    /// As [`load`](PluginArguments::load), and when what is there is not what `--locked` demands.
    pub fn load_for(&self, song: &Path, journal: Option<&journal::Read>) -> Result<Arc<ModuleRegistry>, Failure> {
        let folder = folder_of(song);
        let lock = match Lock::read(folder) {
            Err(why) if self.locked => return Err(Failure(why)),
            lock => lock.inspect_err(|why| warn(why)).unwrap_or_default(),
        };
        let mut choices = users_choices();
        match journal {
            Some(journal) => choices.extend(journal.providers()),
            None if song.is_dir() => choices.extend(session::providers(song)),
            None => {}
        }
        choices.extend(lock.iter().flat_map(Lock::choices));
        let Some(lock) = lock else {
            let advice = format!("`cantus plugins lock {}` writes one", song.display());
            let none = || Failure(format!("could not open {}: it has no cantus.lock; {advice}", song.display()));
            return if self.locked { Err(none()) } else { Ok(self.load_with(choices, None)?.into()) };
        };
        let registry = self.load_with(choices, self.locked.then(|| lock.builds()))?;
        let differences = lock.differences(&registry);
        if !self.locked {
            differences.iter().for_each(warn);
        } else if differences.is_empty() {
            tell(format_args!("as it was locked, only these plugins are there: {lock}"));
        } else {
            let (song, differences) = (song.display(), differences.join("\n  "));
            return Err(Failure(format!("could not open {song} as it was locked:\n  {differences}")));
        }
        Ok(registry.into())
    }

    /// Loads plugins that provide what they did when a journal was written, whatever is chosen now but on the command line.
    ///
    /// # Errors
    /// As [`load`](PluginArguments::load).
    pub fn load_again(&self, journal: &journal::Header) -> Result<Arc<ModuleRegistry>, Failure> {
        Ok(self.load_with(journal.choices.clone(), None)?.into())
    }

    /// Where plugins are looked for.
    pub fn search(&self) -> Search {
        let more = text("plugins");
        let more = std::env::split_paths(&more).filter(|folder| !folder.as_os_str().is_empty());
        let folders: Vec<PathBuf> = self.folders.iter().cloned().chain(more).collect();
        let search = Search::of_program(&folders);
        if self.trust_writable { search.trusting() } else { search }
    }

    fn load_with(&self, mut choices: Vec<Choice>, only: Option<Builds>) -> Result<ModuleRegistry, Failure> {
        choices.extend(self.choices.iter().cloned());
        let search = self.search();
        let registry = match only {
            None => ModuleRegistry::load_with(&search, &choices, caution()),
            Some(only) => ModuleRegistry::load_only(&search, &choices, caution(), only),
        };
        for failure in registry.failures() {
            if let LoadError { reason: Reason::BadChoice { choice, .. }, .. } = failure
                && self.choices.contains(choice)
            {
                return Err(Failure(failure.reason.to_string()));
            }
            warn(failure);
        }
        registry.notes().iter().for_each(warn);
        Ok(match self.cpu {
            Instructions::Best => registry,
            Instructions::Portable => registry.with_cpu(Cpu::PORTABLE),
        })
    }
}

/// Libraries are tried out by the program beside this one, and what came of it is kept for the user.
pub fn caution() -> Caution {
    let prober = Prober::beside_program();
    if prober.is_none() {
        warn("plugins are not tried out before they are used: the program cantus-probe does not lie beside this one");
    }
    Caution { prober, known: Known::users_file() }
}

/// What the user's setting says, as far as it can be read.
fn users_choices() -> Vec<Choice> {
    let (setting, mut choices) = (text("providers"), Vec::new());
    for word in setting.split_whitespace() {
        match word.parse::<Choice>() {
            Ok(choice) => choices.push(Choice { by: By::User, ..choice }),
            Err(why) => warn(format_args!("in the setting \"providers\", {why}; it is left out")),
        }
    }
    choices
}

/// The folder of a session, or that of a script.
pub fn folder_of(song: &Path) -> &Path {
    if song.is_dir() { song } else { song.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")) }
}
