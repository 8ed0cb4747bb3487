//! What several subcommands begin with: plugins.

use std::path::PathBuf;
use std::sync::Arc;

use cantus_host::plugins::{Choice, ModuleRegistry, Reason, Search};
use cantus_plugin_api::Cpu;
use clap::{Args, ValueEnum};

use crate::Failure;
use crate::console::warn;
use crate::settings::text;

/// Where plugins come from, and how they run.
#[derive(Args)]
pub struct PluginArguments {
    /// Folder (or library) to look for plugins in before all others; may be given several times.
    #[arg(long = "plugins", value_name = "DIR", global = true)]
    folders: Vec<PathBuf>,
    /// Which plugin provides a type that several have.
    #[arg(long = "use", value_name = "TYPE=PLUGIN", global = true)]
    choices: Vec<Choice>,
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
    /// A choice that cannot be: to play something else instead would be wrong.
    pub fn load(&self) -> Result<Arc<ModuleRegistry>, Failure> {
        let more = text("plugins");
        let more = std::env::split_paths(&more).filter(|folder| !folder.as_os_str().is_empty());
        let folders: Vec<PathBuf> = self.folders.iter().cloned().chain(more).collect();
        let registry = ModuleRegistry::load(&Search::of_program(&folders), &self.choices);
        for failure in registry.failures() {
            if let Reason::BadChoice { .. } = failure.reason {
                return Err(Failure(failure.reason.to_string()));
            }
            warn(failure);
        }
        Ok(Arc::new(match self.cpu {
            Instructions::Best => registry,
            Instructions::Portable => registry.with_cpu(Cpu::PORTABLE),
        }))
    }
}
