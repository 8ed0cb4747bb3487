//! The registry: which plugin provides which module type, and instances of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Arc;

use abi_stable::std_types::RStr;
use cantus_manifest::Manifest;
use cantus_plugin_api::Cpu;
use cantus_plugin_api::raw::{self, Opened, Segment};

use super::choice::{self, Provider};
use super::{By, Choice, Found, Known, LoadError, Prober, Reason, Search, Verdict, Wanted, file, library};
use crate::assets::ContentHash;
use crate::culprit::Accused;
use crate::model::{Catalog, ModuleType, Name};
use crate::rt::{Build, Instance};

/// An opened plugin.
#[derive(Clone)]
pub struct Plugin {
    /// Its manifest.
    pub manifest: Manifest,
    /// The file it came from.
    pub path: PathBuf,
    /// What that file contained.
    pub hash: ContentHash,
    /// It came with this program.
    pub bundled: bool,
    tables: Opened,
}

impl Plugin {
    /// An extension of the contract, if the plugin has it.
    ///
    /// # Errors
    /// It has another layout: the plugin can be used without it.
    pub fn extension<T: raw::Table>(&self, id: &'static str) -> Result<Option<T>, String> {
        self.tables.extension(id)
    }
}

/// Its id and version.
impl std::fmt::Display for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.manifest.plugin.id, self.manifest.plugin.version)
    }
}

/// How careful to be with libraries that were never seen.
#[derive(Clone, Debug, Default)]
pub struct Caution {
    /// What tries them out; `None`: nothing does.
    pub prober: Option<Prober>,
    /// Where it is written what came of it.
    pub known: Option<PathBuf>,
}

/// Builds of plugins: id and version, and what the library contains.
pub type Builds = BTreeSet<(String, ContentHash)>;

/// By what plugins are found and chosen, each time they are looked for.
#[derive(Clone)]
struct Terms {
    search: Search,
    caution: Caution,
    choices: Vec<Choice>,
    /// No others; `None`: all.
    only: Option<Builds>,
    cpu: Cpu,
}

/// Every module type there is, and who provides it.
pub struct ModuleRegistry {
    terms: Terms,
    plugins: Vec<Arc<Plugin>>,
    providers: BTreeMap<Name, Provider>,
    catalog: Arc<Catalog>,
    failures: Vec<LoadError>,
    notes: Vec<String>,
}

impl ModuleRegistry {
    /// Looks for plugins and opens them, whatever they do. What fails is kept in
    /// [`failures`](ModuleRegistry::failures).
    pub fn load(search: &Search, choices: &[Choice]) -> ModuleRegistry {
        ModuleRegistry::load_with(search, choices, Caution::default())
    }

    /// Looks for plugins, tries out those that were never seen, and opens those that did no harm.
    pub fn load_with(search: &Search, choices: &[Choice], caution: Caution) -> ModuleRegistry {
        ModuleRegistry::begin(search, choices, caution, None)
    }

    /// The same with nothing but these builds, now and whenever it is looked again: no other is opened.
    pub fn load_only(search: &Search, choices: &[Choice], caution: Caution, only: Builds) -> ModuleRegistry {
        ModuleRegistry::begin(search, choices, caution, Some(only))
    }

    fn begin(search: &Search, choices: &[Choice], caution: Caution, only: Option<Builds>) -> ModuleRegistry {
        let (search, choices) = (search.clone(), choices.to_vec());
        let terms = Terms { search, caution, choices, only, cpu: Cpu::best() };
        Gathering::of(&terms, &[]).registry(terms, BTreeMap::new())
    }

    /// What was chosen, with what the session says in the place of what it said before.
    pub fn choices_with(&self, of_session: impl IntoIterator<Item = Choice>) -> Vec<Choice> {
        let others = self.terms.choices.iter().filter(|choice| choice.by != By::Session).cloned();
        others.chain(of_session).collect()
    }

    /// What the session said of a type when it was looked last.
    pub fn said_by_session(&self, module_type: &str) -> Option<&Wanted> {
        let said = |choice: &&Choice| choice.by == By::Session && choice.module_type == module_type;
        self.terms.choices.iter().rev().find(said).map(|choice| &choice.plugin)
    }

    /// The types as they would be by these choices, of what is open.
    pub fn catalog_by(&self, choices: Vec<Choice>) -> Arc<Catalog> {
        let plugins = self.plugins.clone();
        let gathering = Gathering { plugins, ..Gathering::default() };
        gathering.registry(Terms { choices, ..self.terms.clone() }, self.providers.clone()).catalog
    }

    /// Looks again, and chooses by `choices`: what has not changed on the disk is kept as it is open, and what has is
    /// opened beside it. What cannot be opened or is not there any more stays as it was, and so do types that nobody would
    /// provide any more. Blocks.
    pub fn again(&self, choices: Vec<Choice>) -> ModuleRegistry {
        let mut gathering = Gathering::of(&self.terms, &self.plugins);
        let known = |plugin: &Plugin| (plugin.to_string(), plugin.path.clone());
        let there: Vec<_> = gathering.plugins.iter().map(|plugin| known(plugin)).collect();
        let gone = |plugin: &&Arc<Plugin>| {
            let (version, path) = known(plugin);
            there.iter().all(|(other, at)| *other != version && *at != path)
        };
        gathering.plugins.extend(self.plugins.iter().filter(gone).cloned());
        gathering.registry(Terms { choices, ..self.terms.clone() }, self.providers.clone())
    }

    /// The same, whose instances use these instructions instead of the widest that the processor has.
    pub fn with_cpu(self, cpu: Cpu) -> ModuleRegistry {
        ModuleRegistry { terms: Terms { cpu, ..self.terms }, ..self }
    }

    /// All opened plugins.
    pub fn plugins(&self) -> &[Arc<Plugin>] {
        &self.plugins
    }

    /// Version and content hash of every library that provides something, by the plugin's id.
    pub fn hashes(&self) -> BTreeMap<String, (String, String)> {
        let of =
            |p: &Arc<Plugin>| (p.manifest.plugin.id.clone(), (p.manifest.plugin.version.clone(), p.hash.to_string()));
        self.providers.values().map(|provider| of(&provider.plugin)).collect()
    }

    /// What is not as in `then`, each as a sentence.
    pub fn changed(&self, then: &BTreeMap<String, (String, String)>) -> Vec<String> {
        let now = self.hashes();
        let changed = then.iter().filter_map(|(id, was)| match now.get(id) {
            Some(is) if is == was => None,
            Some((version, _)) if *version == was.0 => Some(format!("plugin {id} {version} is another build now")),
            Some((version, _)) => Some(format!("plugin {id} is of version {version}, then {}", was.0)),
            None => Some(format!("plugin {id} {} is not there any more", was.0)),
        });
        changed.collect()
    }

    /// What was not loaded, and why.
    pub fn failures(&self) -> &[LoadError] {
        &self.failures
    }

    /// What is odd about plugins that were loaded: sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The types that can be instantiated.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The plugin that provides a type.
    pub fn provider(&self, module_type: &str) -> Option<&Arc<Plugin>> {
        self.providers.get(module_type).map(|provider| &provider.plugin)
    }

    /// Why that plugin provides it.
    pub fn provided_by(&self, module_type: &str) -> Option<By> {
        self.providers.get(module_type).map(|provider| provider.by)
    }

    /// Who provides every type, and why.
    pub fn choices(&self) -> Vec<Choice> {
        let of = |(name, Provider { plugin, by }): (&Name, &Provider)| {
            let known = &plugin.manifest.plugin;
            let plugin = Wanted { id: known.id.clone(), version: Some(known.version.clone()) };
            Choice { by: *by, module_type: name.to_string(), plugin }
        };
        self.providers.iter().map(of).collect()
    }

    /// All plugins that could provide a type, in the order in which they were found.
    pub fn candidates(&self, module_type: &str) -> impl Iterator<Item = &Arc<Plugin>> {
        self.plugins.iter().filter(move |plugin| plugin.manifest.modules.iter().any(|m| m.name == module_type))
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
        let _accused = Accused::of(id);
        let size = size_of::<raw::Init>() as u32;
        let init = raw::Init { size, cpu: self.terms.cpu.number(), rate, seed, instance: id, log };
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
        if let Some(work) = plugin.tables.work {
            // SAFETY: the table is of the library that made the instance.
            unsafe { instance.employ(work) };
        }
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

/// The plugins of every place.
#[derive(Default)]
struct Gathering {
    plugins: Vec<Arc<Plugin>>,
    failures: Vec<LoadError>,
    notes: Vec<String>,
}

impl Gathering {
    /// Reads and opens everything; what is open already, unchanged, is taken from `open`.
    fn of(terms: &Terms, open: &[Arc<Plugin>]) -> Gathering {
        let (files, failures) = terms.search.files();
        let mut gathering = Gathering { failures, ..Gathering::default() };
        let mut known = terms.caution.known.as_deref().map_or_else(Known::default, Known::open);
        for (found, manifest) in gathering.read(&files) {
            match gathering.open(found, manifest, terms, &mut known, open) {
                Ok(Some(plugin)) => gathering.plugins.push(plugin),
                Ok(None) => {}
                Err(reason) => gathering.failures.push(LoadError::new(&found.path, reason)),
            }
        }
        known.keep();
        gathering
    }

    /// What the files say of themselves, without running them; of versions of one plugin in one place, the newest first.
    fn read<'a>(&mut self, files: &'a [Found]) -> Vec<(&'a Found, (Manifest, String))> {
        let mut read = Vec::new();
        for found in files {
            match file::read(&found.path) {
                Ok(manifest) => read.push((found, manifest)),
                // A folder nobody named may well hold other libraries.
                Err(Reason::NoManifest) if !found.named => {}
                Err(reason) => self.failures.push(LoadError::new(&found.path, reason)),
            }
        }
        let key = |(found, (manifest, _)): &(&Found, (Manifest, String))| (found.place, manifest.plugin.clone());
        read.sort_by(|a, b| {
            let ((place, a), (other_place, b)) = (key(a), key(b));
            let same = place == other_place && a.id == b.id;
            if same { choice::newest_first(&a.version, &b.version) } else { std::cmp::Ordering::Equal }
        });
        read
    }

    /// `None`: it is none of those that are wanted.
    fn open(
        &mut self,
        found: &Found,
        (manifest, text): (Manifest, String),
        terms: &Terms,
        known: &mut Known,
        open: &[Arc<Plugin>],
    ) -> Result<Option<Arc<Plugin>>, Reason> {
        let identity = |plugin: &Manifest| (plugin.plugin.id.clone(), plugin.plugin.version.clone());
        if let Some(first) = self.plugins.iter().find(|p| identity(&p.manifest) == identity(&manifest)) {
            return Err(Reason::Shadowed { plugin: first.to_string(), first: first.path.clone() });
        }
        let hash = known.hash(&found.path).map_err(|e| Reason::Unreadable(e.to_string()))?;
        if let Some(same) = open.iter().find(|plugin| plugin.path == found.path && plugin.hash == hash) {
            return Ok(Some(same.clone()));
        }
        if let Some(only) = &terms.only {
            let version = format!("{}@{}", manifest.plugin.id, manifest.plugin.version);
            match only.iter().find(|(wanted, _)| *wanted == version) {
                // One that is open has become another version.
                None if open.iter().any(|plugin| plugin.path == found.path) => return Err(Reason::NotLocked(version)),
                None => return Ok(None),
                Some((_, wanted)) if *wanted != hash => return Err(Reason::NotLocked(version)),
                Some(_) => {}
            }
        }
        // What came with the program is replaced with the program; but a name is opened only once.
        let in_place = found.bundled && !open.iter().any(|plugin| plugin.path == found.path);
        let copy = if in_place { None } else { Some(library::copy(&found.path)?) };
        if known.hash(&found.path).ok() != Some(hash) {
            return Err(Reason::Unreadable("it was written while it was read; try again when it is whole".into()));
        }
        let path = copy.as_deref().unwrap_or(&found.path);
        self.try_out(found, path, hash, &terms.caution, known)?;
        let tables = library::open(path)?;
        if tables.manifest != text {
            return Err(Reason::ManifestDiffers);
        }
        Ok(Some(Arc::new(Plugin { manifest, path: found.path.clone(), hash, bundled: found.bundled, tables })))
    }

    /// Asks whether a library, or its copy at `path`, does harm, if it is not known.
    fn try_out(
        &mut self,
        found: &Found,
        path: &Path,
        hash: ContentHash,
        caution: &Caution,
        known: &mut Known,
    ) -> Result<(), Reason> {
        let verdict = match (known.verdict(hash), &caution.prober) {
            (Some(verdict), _) => verdict.clone(),
            (None, None) => return Ok(()),
            (None, Some(prober)) => match prober.try_out(&found.path, path) {
                Ok(None) => return Ok(()),
                Ok(Some(verdict)) => {
                    known.judge(hash, verdict.clone());
                    verdict
                }
                Err(text) => {
                    self.notes.push(text);
                    return Ok(());
                }
            },
        };
        match verdict {
            Verdict::Bad { reason, .. } => Err(Reason::Bad(reason)),
            Verdict::Good { notes } => {
                self.notes.extend(notes.iter().map(|note| format!("{}: {note}", found.path.display())));
                Ok(())
            }
        }
    }

    /// Decides who provides what; what nobody would, `before` goes on to.
    fn registry(mut self, terms: Terms, before: BTreeMap<Name, Provider>) -> ModuleRegistry {
        let (mut providers, undecided) = choice::choose(&self.plugins, &terms.choices, &mut self.failures);
        for (name, provider) in before {
            providers.entry(name).or_insert(provider);
        }
        let types = providers.iter().map(|(name, Provider { plugin, .. })| {
            let module = plugin.manifest.modules.iter().find(|m| *m.name == **name).expect("it provides the type");
            ModuleType { bundled: plugin.bundled, ..ModuleType::new(module.clone(), &plugin.manifest.plugin.id) }
        });
        let catalog = Arc::new(Catalog::new(types).undecided(undecided));
        let Gathering { plugins, failures, notes } = self;
        ModuleRegistry { terms, plugins, providers, catalog, failures, notes }
    }
}
