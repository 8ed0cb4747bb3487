//! Modules and types as they are written down: by key, and only what is not as it comes.

use std::collections::BTreeMap;
use std::sync::Arc;

use cantus_manifest::{Module as Manifest, Param};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::catalog::ModuleType;
use super::module::{Module, ModuleId, seed_of};
use super::path::unknown;
use super::refusal::Refusal;
use super::value::{Name, Value, accept};

/// A module as commands, journals and sessions hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleRecord {
    /// Its type's name.
    #[serde(rename = "type")]
    pub module_type: Name,
    /// Seed of everything random in it; `None`: what a new module of that name has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// False: an effect is dry, anything else silent.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub enabled: bool,
    /// It is not heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mute: bool,
    /// Only it is heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub solo: bool,
    /// Parameters that are not at their default, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<Name, Value>,
    /// Slots that are not as they come, by number from 1: parameters that are not at their default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<SlotNumber, BTreeMap<Name, Value>>,
}

/// A slot as people count, from 1. Written as text, because files have no other keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotNumber(pub u16);

impl Serialize for SlotNumber {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl std::str::FromStr for SlotNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<SlotNumber, String> {
        let number = text.parse().ok().filter(|n| *n > 0);
        number.map(SlotNumber).ok_or_else(|| format!("\"{text}\" is not a slot"))
    }
}

impl<'de> Deserialize<'de> for SlotNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<SlotNumber, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

fn yes() -> bool {
    true
}

impl ModuleRecord {
    /// Writes a module down. `seed` is that of the session.
    pub fn of(name: &str, module: &Module, known: &ModuleType, seed: u64) -> ModuleRecord {
        let slots = module.slots.iter().zip(&*known.slot_defaults).enumerate();
        let slots = slots.filter(|(_, (values, defaults))| !Arc::ptr_eq(values, defaults));
        let slots = slots.map(|(slot, (values, defaults))| {
            (SlotNumber(slot as u16 + 1), changed(known.slot_params(), values, defaults))
        });
        ModuleRecord {
            module_type: module.module_type.clone(),
            seed: (module.seed != seed_of(seed, name)).then_some(module.seed),
            enabled: module.enabled,
            mute: module.mute,
            solo: module.solo,
            params: changed(&known.manifest.params, &module.params, &known.defaults),
            slots: slots.filter(|(_, values)| !values.is_empty()).collect(),
        }
    }

    /// Makes the module. `seed` is that of the session.
    ///
    /// # Errors
    /// [`Refusal`]: a key the type does not have, or a value it does not take.
    pub fn build(&self, name: &Name, id: ModuleId, known: &ModuleType, seed: u64) -> Result<Module, Refusal> {
        let module_type = &self.module_type;
        let params =
            filled(&known.manifest.params, &known.defaults, &self.params, name, || format!("{name} ({module_type})"))?;
        let mut slots = known.slot_defaults.clone();
        for (SlotNumber(number), values) in &self.slots {
            let Some(slot) = usize::from(*number).checked_sub(1).filter(|slot| *slot < slots.len()) else {
                return Err(Refusal::UnknownSlot {
                    module: name.clone(),
                    slot: u32::from(*number),
                    count: slots.len(),
                });
            };
            let owner = format!("{name}.slots[{number}]");
            let filled = filled(known.slot_params(), &known.slot_defaults[slot], values, &owner, || owner.clone())?;
            Arc::make_mut(&mut slots)[slot] = filled;
        }
        let &ModuleRecord { enabled, mute, solo, .. } = self;
        let seed = self.seed.unwrap_or_else(|| seed_of(seed, name));
        Ok(Module { id, module_type: module_type.clone(), seed, enabled, mute, solo, params, slots })
    }
}

fn changed(params: &[Param], values: &[Value], defaults: &[Value]) -> BTreeMap<Name, Value> {
    let all = params.iter().zip(values).zip(defaults);
    let changed = all.filter(|((_, value), default)| value != default);
    changed.map(|((param, value), _)| (param.key.as_str().into(), value.clone())).collect()
}

fn filled(
    params: &[Param],
    defaults: &Arc<[Value]>,
    wanted: &BTreeMap<Name, Value>,
    path: &str,
    owner: impl Fn() -> String,
) -> Result<Arc<[Value]>, Refusal> {
    let mut values = defaults.clone();
    for (key, value) in wanted {
        let index = params.iter().position(|p| *p.key == **key || p.aliases.iter().any(|a| **a == **key));
        let index = index.ok_or_else(|| unknown(owner(), key, params))?;
        let accepted = accept(&params[index].kind, value).map_err(|takes| Refusal::BadValue {
            path: format!("{path}.{key}"),
            value: value.to_string(),
            takes,
        })?;
        if values[index] != accepted {
            Arc::make_mut(&mut values)[index] = accepted;
        }
    }
    Ok(values)
}

/// What is kept of a type so that its modules survive without their plugin: its manifest without prose.
#[derive(Clone, Debug)]
pub struct Excerpt {
    known: Arc<ModuleType>,
    /// The manifest as TOML; what equality is judged by.
    text: Name,
}

impl PartialEq for Excerpt {
    fn eq(&self, other: &Excerpt) -> bool {
        self.text == other.text
    }
}

impl Eq for Excerpt {}

/// The form of an excerpt in files.
#[derive(Serialize, Deserialize)]
struct File {
    plugin: Name,
    module: Manifest,
}

impl Excerpt {
    /// What is to be kept of a type.
    pub fn of(known: &ModuleType) -> Excerpt {
        Excerpt::new(&known.plugin, known.manifest.excerpt())
    }

    fn new(plugin: &str, manifest: Manifest) -> Excerpt {
        let file = File { plugin: plugin.into(), module: manifest };
        let text = toml::to_string(&file).expect("manifests can be written");
        Excerpt { known: Arc::new(ModuleType::missing(file.module, plugin)), text: text.into() }
    }

    /// The type.
    pub fn known(&self) -> &Arc<ModuleType> {
        &self.known
    }

    /// As TOML.
    pub fn text(&self) -> &Name {
        &self.text
    }
}

impl std::str::FromStr for Excerpt {
    type Err = String;

    fn from_str(text: &str) -> Result<Excerpt, String> {
        let File { plugin, module } = toml::from_str(text).map_err(|e| e.to_string())?;
        module.check_excerpt().map_err(|e| e.to_string())?;
        Ok(Excerpt::new(&plugin, module))
    }
}

impl Serialize for Excerpt {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Excerpt {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Excerpt, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
