//! `cantus plugins which TYPE [SONG]`

use std::path::PathBuf;

use cantus_host::plugins::ModuleRegistry;
use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::console::say;
use crate::setup::PluginArguments;

/// Who may say which plugin provides a type, from the first to the last.
const ORDER: &str =
    "--use, the session, its cantus.lock, the setting \"providers\", what comes with Cantus, the only one";

/// Tells which plugin provides a type, and why.
#[derive(Args)]
pub struct Which {
    /// A type such as `plugins list` names.
    #[arg(value_name = "TYPE")]
    module_type: String,
    /// For this script or session.
    song: Option<PathBuf>,
    /// For programs to read.
    #[arg(long)]
    json: bool,
}

impl Which {
    /// Prints it.
    pub fn run(&self, arguments: &PluginArguments) -> Result<(), Failure> {
        let registry = match &self.song {
            None => arguments.load()?,
            Some(song) => arguments.load_for(song, None)?,
        };
        let name = &*self.module_type;
        if registry.candidates(name).next().is_none() {
            let near = cantus_manifest::did_you_mean(registry.catalog().nearest(name));
            let why = "no plugin provides it";
            return Err(Failure(format!(
                "there is no module type \"{name}\": {why}{near}; `cantus plugins list` shows all"
            )));
        }
        if self.json { say(self.as_json(&registry)) } else { say(self.as_text(&registry)) }
    }

    fn as_json(&self, registry: &ModuleRegistry) -> serde_json::Value {
        let name = &*self.module_type;
        let provider = registry.provider(name);
        let row = |plugin: &std::sync::Arc<cantus_host::plugins::Plugin>| {
            let used = provider.is_some_and(|provider| std::sync::Arc::ptr_eq(provider, plugin));
            let known = &plugin.manifest.plugin;
            json!({"plugin": known.id, "version": known.version, "path": plugin.path, "bundled": plugin.bundled, "used": used})
        };
        let candidates: Vec<_> = registry.candidates(name).map(row).collect();
        json!({"type": name, "because": registry.provided_by(name).map(|by| by.to_string()), "candidates": candidates})
    }

    fn as_text(&self, registry: &ModuleRegistry) -> String {
        let name = &*self.module_type;
        let provider = registry.provider(name);
        let mut text = match provider.zip(registry.provided_by(name)) {
            Some((plugin, by)) => format!("{name} comes from {plugin}: {by}\n  {}\n", plugin.path.display()),
            None => format!("{name} comes from nowhere: several plugins provide it, and none was chosen\n"),
        };
        let others: Vec<_> = registry
            .candidates(name)
            .filter(|plugin| provider.is_none_or(|provider| !std::sync::Arc::ptr_eq(provider, plugin)))
            .map(|plugin| format!("  {plugin}  {}\n    --use {name}={plugin}\n", plugin.path.display()))
            .collect();
        if !others.is_empty() {
            text += &format!("also provided by\n{}", others.concat());
        }
        text + &format!("who says so, from the first to the last: {ORDER}")
    }
}
