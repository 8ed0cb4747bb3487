//! The registry: which plugin provides which module type, and instances of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::ptr::NonNull;
use std::sync::Arc;

use abi_stable::std_types::RStr;
use cantus_manifest::Manifest;
use cantus_plugin_api::Cpu;
use cantus_plugin_api::raw::{self, Opened, Segment};

use super::search::Search;
use super::{LoadError, Reason, file, library};
use crate::model::{Catalog, ModuleType, Name};
use crate::rt::{Build, Instance};

/// An opened plugin.
#[derive(Clone)]
pub struct Plugin {
    /// Its manifest.
    pub manifest: Manifest,
    /// The file it came from.
    pub path: PathBuf,
    /// It came with this program.
    pub bundled: bool,
    tables: Opened,
}

/// `--use TYPE=PLUGIN`: which plugin provides a type that several have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The type.
    pub module_type: String,
    /// The plugin's id.
    pub plugin: String,
}

impl std::str::FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Choice, String> {
        match text.split_once('=') {
            Some((t, p)) if !t.is_empty() && !p.is_empty() => Ok(Choice { module_type: t.into(), plugin: p.into() }),
            _ => Err(format!("\"{text}\" is not TYPE=PLUGIN")),
        }
    }
}

/// Every module type there is, and who provides it.
pub struct ModuleRegistry {
    plugins: Vec<Arc<Plugin>>,
    providers: BTreeMap<Name, Arc<Plugin>>,
    catalog: Arc<Catalog>,
    failures: Vec<LoadError>,
    cpu: Cpu,
}

impl ModuleRegistry {
    /// Looks for plugins and opens them. What fails is kept in [`failures`](ModuleRegistry::failures).
    pub fn load(search: &Search, choices: &[Choice]) -> ModuleRegistry {
        let (files, mut failures) = search.files();
        let mut plugins: Vec<Arc<Plugin>> = Vec::new();
        for found in files {
            let result = file::read(&found.path).and_then(|(manifest, text)| {
                let id = &manifest.plugin.id;
                if let Some(first) = plugins.iter().find(|p| p.manifest.plugin.id == *id) {
                    return Err(Reason::Shadowed { id: id.clone(), first: first.path.clone() });
                }
                let tables = library::open(&found.path)?;
                if tables.manifest != text {
                    return Err(Reason::ManifestDiffers);
                }
                Ok(Plugin { manifest, path: found.path.clone(), bundled: found.bundled, tables })
            });
            match result {
                Ok(plugin) => plugins.push(Arc::new(plugin)),
                // A folder nobody named may well hold other libraries.
                Err(Reason::NoManifest) if !found.named => {}
                Err(reason) => failures.push(LoadError::new(&found.path, reason)),
            }
        }
        let providers = choose(&plugins, choices, &mut failures);
        let types = providers.iter().map(|(name, plugin)| {
            let module = plugin.manifest.modules.iter().find(|m| *m.name == **name).expect("it provides the type");
            ModuleType::new(module.clone(), &plugin.manifest.plugin.id)
        });
        let catalog = Arc::new(Catalog::new(types));
        ModuleRegistry { plugins, providers, catalog, failures, cpu: Cpu::best() }
    }

    /// The same, whose instances use these instructions instead of the widest that the processor has.
    pub fn with_cpu(self, cpu: Cpu) -> ModuleRegistry {
        ModuleRegistry { cpu, ..self }
    }

    /// All opened plugins.
    pub fn plugins(&self) -> &[Arc<Plugin>] {
        &self.plugins
    }

    /// Version and content hash of every library, by the plugin's id. Reads them; not for the control thread.
    pub fn hashes(&self) -> BTreeMap<String, (String, String)> {
        let hash = |path: &PathBuf| {
            std::fs::read(path).map_or_else(|_| String::new(), |b| blake3::hash(&b).to_hex().to_string())
        };
        let of = |p: &Arc<Plugin>| (p.manifest.plugin.id.clone(), (p.manifest.plugin.version.clone(), hash(&p.path)));
        self.plugins.iter().map(of).collect()
    }

    /// What is not as in `then`, each as a sentence.
    pub fn changed(&self, then: &BTreeMap<String, (String, String)>) -> Vec<String> {
        let now = self.hashes();
        let changed = then.iter().filter_map(|(id, was)| match now.get(id) {
            Some(is) if is == was => None,
            Some((version, _)) => Some(format!("plugin {id} is another build: {version}, then {}", was.0)),
            None => Some(format!("plugin {id} {} is not there any more", was.0)),
        });
        changed.collect()
    }

    /// What was not loaded, and why.
    pub fn failures(&self) -> &[LoadError] {
        &self.failures
    }

    /// The types that can be instantiated.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The plugin that provides a type.
    pub fn provider(&self, module_type: &str) -> Option<&Arc<Plugin>> {
        self.providers.get(module_type)
    }

    /// Makes an instance, runs one silent quantum on it and resets it. Worker thread: takes as long as it takes.
    ///
    /// # Errors
    /// Why the module could not be made, as a sentence.
    pub fn instantiate(&self, module_type: &str, id: u64, seed: u64, rate: f64) -> Result<Instance, String> {
        let (Some(plugin), Some(known)) = (self.provider(module_type), self.catalog.get(module_type)) else {
            return Err(format!("no plugin provides the type {module_type}"));
        };
        let blame =
            |text: &str| format!("plugin \"{}\" could not make a {module_type}: {text}", plugin.manifest.plugin.id);
        let size = size_of::<raw::Init>() as u32;
        let init = raw::Init { size, cpu: self.cpu.number(), rate, seed, instance: id, log };
        let create = plugin.tables.factory.create();
        let raw = create(RStr::from_str(module_type), &init).into_result().map_err(|e| blame(&e))?;
        let raw = NonNull::new(raw).ok_or_else(|| blame("it gave no instance"))?;
        let values = known.defaults.len() + known.slot_defaults.iter().map(|s| s.len()).sum::<usize>();
        let build = Build {
            values,
            meters: known.manifest.meters().count(),
            mods: known.mod_out.len(),
            rate,
            fed: !known.audio_in.is_empty() || !known.event_in.is_empty(),
            effect: known.is_effect(),
            tail: known.manifest.tail,
        };
        // SAFETY: just created by this library's factory, and given to nobody else.
        let mut instance = unsafe { Instance::new(id, raw, (plugin.tables.factory, plugin.tables.process), build) };
        let channels = |ports: &[crate::model::AudioPort]| ports.iter().map(|p| p.channels).collect::<Vec<_>>();
        let still = [Segment { sample: 0, beat: 0.0, bpm: 0.0, slope: 0.0, flags: 0, epoch: 0 }];
        let transport = raw::Transport::new(rate, &still);
        instance.warm_up(&channels(&known.audio_in), &channels(&known.audio_out), &transport);
        instance.reset();
        match instance.failure() {
            None => Ok(instance),
            Some(text) => Err(blame(&format!("it panicked in its first quantum or reset: {text}"))),
        }
    }
}

/// What a module says while it is made.
extern "C" fn log(_instance: u64, _level: u32, text: RStr<'_>) {
    // Nobody may listen any more; that is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Who provides each type: the choice, else the bundled plugin, else the only one.
fn choose(plugins: &[Arc<Plugin>], choices: &[Choice], failures: &mut Vec<LoadError>) -> BTreeMap<Name, Arc<Plugin>> {
    let mut all: BTreeMap<Name, Vec<&Arc<Plugin>>> = BTreeMap::new();
    for plugin in plugins {
        for module in &plugin.manifest.modules {
            all.entry(module.name.as_str().into()).or_default().push(plugin);
        }
    }
    for choice in choices {
        let there = all.get(choice.module_type.as_str()).map_or(&[][..], |p| p.as_slice());
        if !there.iter().any(|p| p.manifest.plugin.id == choice.plugin) {
            let reason = Reason::BadChoice {
                module_type: choice.module_type.clone(),
                plugin: choice.plugin.clone(),
                providers: there.iter().map(|p| p.manifest.plugin.id.clone()).collect(),
            };
            failures.push(LoadError::new(std::path::Path::new(&choice.plugin), reason));
        }
    }
    let mut chosen = BTreeMap::new();
    for (name, candidates) in all {
        let choice = choices.iter().rev().find(|c| *c.module_type == *name);
        let wanted = choice.and_then(|c| candidates.iter().find(|p| p.manifest.plugin.id == c.plugin));
        let only = if let [only] = candidates.as_slice() { Some(only) } else { None };
        match wanted.or_else(|| candidates.iter().find(|p| p.bundled)).or(only) {
            Some(plugin) => {
                chosen.insert(name, (*plugin).clone());
            }
            None => {
                let ids = candidates.iter().map(|p| p.manifest.plugin.id.clone()).collect();
                let reason = Reason::Ambiguous { module_type: name.to_string(), plugins: ids };
                failures.push(LoadError::new(&candidates[0].path, reason));
            }
        }
    }
    chosen
}
