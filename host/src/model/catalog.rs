//! What the loaded manifests say, as `apply` needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cantus_manifest::{Direction, Kind, Module as Manifest, Param, PortKind};

use super::value::{Name, Value};

/// Every module type that can be instantiated. Immutable: loading a plugin makes a new one.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    types: BTreeMap<Name, Arc<ModuleType>>,
    /// Types that several plugins provide, of which nobody has chosen one.
    undecided: BTreeSet<Name>,
}

/// One module type: its manifest, and what is computed from it once.
#[derive(Clone, Debug)]
pub struct ModuleType {
    /// The manifest's table.
    pub manifest: Manifest,
    /// Id of the plugin that provides it.
    pub plugin: Name,
    /// The plugin is not there: this is what was kept of it.
    pub missing: bool,
    /// The plugin came with the program.
    pub bundled: bool,
    /// Name of its Lua constructor.
    pub constructor: Name,
    /// Audio inputs, counted ports spread out.
    pub audio_in: Vec<AudioPort>,
    /// Audio outputs.
    pub audio_out: Vec<AudioPort>,
    /// Keys of event inputs.
    pub event_in: Vec<Name>,
    /// Keys of event outputs.
    pub event_out: Vec<Name>,
    /// Keys of modulation outputs.
    pub mod_out: Vec<Name>,
    /// Value of each parameter of a new module.
    pub defaults: Arc<[Value]>,
    /// Values of each slot of a new module; all slots share one allocation.
    pub slot_defaults: Arc<[Arc<[Value]>]>,
}

/// An audio port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioPort {
    /// Its key.
    pub key: Name,
    /// Its channels.
    pub channels: u16,
}

/// Where a port is found: its kind, and its index among those of its kind and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRef {
    /// What it carries.
    pub kind: PortKind,
    /// Its index.
    pub index: usize,
}

impl ModuleType {
    /// Computes a type from its manifest.
    pub fn new(manifest: Manifest, plugin: &str) -> ModuleType {
        let audio = |dir| -> Vec<AudioPort> {
            let ports = manifest.ports(dir, PortKind::Audio);
            ports.into_iter().map(|(key, port)| AudioPort { key: key.into(), channels: port.channels }).collect()
        };
        let keys = |dir, kind| manifest.ports(dir, kind).into_iter().map(|(key, _)| key.into()).collect();
        let slot_defaults = manifest.slots.as_ref().map_or_else(Vec::new, |slots| {
            let one: Arc<[Value]> = slots.params.iter().map(|p| Value::default_of(&p.kind)).collect();
            vec![one; usize::from(slots.count)]
        });
        ModuleType {
            plugin: plugin.into(),
            missing: false,
            bundled: false,
            constructor: manifest.constructor().into(),
            audio_in: audio(Direction::In),
            audio_out: audio(Direction::Out),
            event_in: keys(Direction::In, PortKind::Event),
            event_out: keys(Direction::Out, PortKind::Event),
            mod_out: keys(Direction::Out, PortKind::Mod),
            defaults: manifest.params.iter().map(|p| Value::default_of(&p.kind)).collect(),
            slot_defaults: slot_defaults.into(),
            manifest,
        }
    }

    /// A type whose plugin is not there, from what was kept of it.
    pub fn missing(manifest: Manifest, plugin: &str) -> ModuleType {
        ModuleType { missing: true, ..ModuleType::new(manifest, plugin) }
    }

    /// Parameters of each slot.
    pub fn slot_params(&self) -> &[Param] {
        self.manifest.slots.as_ref().map_or(&[], |slots| &slots.params)
    }

    /// An effect: audio goes in and out, and disabled it passes on what comes in.
    pub fn is_effect(&self) -> bool {
        self.manifest.kind == Kind::Effect && !self.audio_in.is_empty() && !self.audio_out.is_empty()
    }

    /// Where what nothing connects goes.
    pub fn is_sink(&self) -> bool {
        self.manifest.kind == Kind::Sink
    }

    /// The input of that key.
    pub fn input(&self, key: &str) -> Option<PortRef> {
        port(&self.audio_in, &self.event_in, &[], key)
    }

    /// The output of that key.
    pub fn output(&self, key: &str) -> Option<PortRef> {
        port(&self.audio_out, &self.event_out, &self.mod_out, key)
    }

    /// Keys of all inputs.
    pub fn input_keys(&self) -> impl Iterator<Item = &str> {
        self.audio_in.iter().map(|p| &*p.key).chain(self.event_in.iter().map(|k| &**k))
    }

    /// Keys of all outputs.
    pub fn output_keys(&self) -> impl Iterator<Item = &str> {
        let others = self.event_out.iter().chain(&self.mod_out);
        self.audio_out.iter().map(|p| &*p.key).chain(others.map(|k| &**k))
    }
}

fn port(audio: &[AudioPort], event: &[Name], modulation: &[Name], key: &str) -> Option<PortRef> {
    let at = |kind, index: Option<usize>| index.map(|index| PortRef { kind, index });
    let among = |keys: &[Name]| keys.iter().position(|k| **k == *key);
    at(PortKind::Audio, audio.iter().position(|p| *p.key == *key))
        .or_else(|| at(PortKind::Event, among(event)))
        .or_else(|| at(PortKind::Mod, among(modulation)))
}

impl Catalog {
    /// A catalog of these types.
    pub fn new(types: impl IntoIterator<Item = ModuleType>) -> Catalog {
        let types = types.into_iter().map(|t| (t.manifest.name.as_str().into(), Arc::new(t))).collect();
        Catalog { types, undecided: BTreeSet::new() }
    }

    /// The same; of these types it is not decided which plugin provides them.
    pub fn undecided(self, undecided: BTreeSet<Name>) -> Catalog {
        Catalog { undecided, ..self }
    }

    /// Several plugins provide that type, and one is yet to be chosen.
    pub fn is_undecided(&self, module_type: &str) -> bool {
        self.undecided.contains(module_type)
    }

    /// The type of that name.
    pub fn get(&self, module_type: &str) -> Option<&Arc<ModuleType>> {
        self.types.get(module_type)
    }

    /// All types, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Arc<ModuleType>)> {
        self.types.iter()
    }

    /// The known type name closest to a word.
    pub fn nearest(&self, word: &str) -> Option<&str> {
        cantus_manifest::nearest(word, self.types.keys().map(|k| &**k))
    }
}
