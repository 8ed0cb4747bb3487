//! Presets: values of a module that go well together, under a name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::types::{Module, Param, ParamKind};
use crate::{LONGEST_TEXT, MOST_NUMBERS};

/// Values under a name. What it does not name stays as it is.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Name in Lua, `[a-z][a-z0-9_]*`.
    pub key: String,
    /// Name for people; the key unless given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// One sentence.
    pub doc: String,
    /// The module's own parameters, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Setting>,
    /// Those of its slots, by the slot's number, from 1: `slots.1 = { gain = 0.5 }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, BTreeMap<String, Setting>>,
}

/// What a preset sets a parameter to: in the parameter's unit, a label by its name.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Setting {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Number(f64),
    /// A label, or text.
    Text(String),
    /// Numbers in a row.
    Numbers(Vec<f64>),
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Setting::Flag(on) => write!(f, "{on}"),
            Setting::Int(n) => write!(f, "{n}"),
            Setting::Number(x) => write!(f, "{x}"),
            Setting::Text(text) => write!(f, "{text:?}"),
            Setting::Numbers(list) => {
                let numbers: Vec<String> = list.iter().map(f64::to_string).collect();
                write!(f, "{{{}}}", numbers.join(", "))
            }
        }
    }
}

impl Preset {
    /// The name to show to people.
    pub fn title(&self) -> &str {
        if self.name.is_empty() { &self.key } else { &self.name }
    }

    /// All it sets, the module's own first: the slot, from 0, the parameter's key and what it is set to.
    pub fn settings(&self) -> impl Iterator<Item = (Option<u16>, &str, &Setting)> {
        let own = self.values.iter().map(|(key, setting)| (None, key.as_str(), setting));
        let of_slots = self.slots.iter().filter_map(|(slot, values)| Some((slot_number(slot)?, values)));
        own.chain(of_slots.flat_map(|(slot, values)| values.iter().map(move |(key, s)| (Some(slot), key.as_str(), s))))
    }

    /// All it sets, as people read it: `volume = 0.5, slots[1].gain = 2`.
    pub fn shown(&self) -> String {
        let of = |(slot, key, setting): (Option<u16>, &str, &Setting)| match slot {
            None => format!("{key} = {setting}"),
            Some(slot) => format!("slots[{}].{key} = {setting}", u32::from(slot) + 1),
        };
        self.settings().map(of).collect::<Vec<_>>().join(", ")
    }
}

impl Module {
    /// The preset of that key.
    pub fn preset(&self, key: &str) -> Option<&Preset> {
        self.presets.iter().find(|preset| preset.key == key)
    }
}

/// A slot's number in a manifest, as it is counted here: from 0.
fn slot_number(text: &str) -> Option<u16> {
    text.parse::<u16>().ok()?.checked_sub(1)
}

/// Calls `add` with place and text of each rule that a preset of a module breaks, beyond those of its key.
pub(crate) fn check(module: &Module, preset: &Preset, mut add: impl FnMut(String, String)) {
    let place = format!("{}.preset.{}", module.name, preset.key);
    if preset.doc.trim().is_empty() {
        add(place.clone(), "has no doc; say in a sentence what it is good for".into());
    }
    if preset.values.is_empty() && preset.slots.is_empty() {
        add(place.clone(), "sets nothing; give it values = { ... }".into());
    }
    values(&place, &module.params, &preset.values, &mut add);
    let (params, count) = module.slots.as_ref().map_or((&[][..], 0), |slots| (&slots.params[..], slots.count));
    for (slot, settings) in &preset.slots {
        let place = format!("{place}.slots.{slot}");
        match slot_number(slot) {
            Some(number) if number < count && slot.starts_with(|c: char| c != '0' && c != '+') => {
                values(&place, params, settings, &mut add);
            }
            _ if count == 0 => add(place, "the module has no slots".into()),
            _ => add(place, format!("is no slot; they are 1 to {count}")),
        }
    }
}

fn values(place: &str, params: &[Param], given: &BTreeMap<String, Setting>, add: &mut impl FnMut(String, String)) {
    for (key, setting) in given {
        let place = format!("{place}.{key}");
        match params.iter().find(|param| param.key == *key) {
            None => {
                let near = crate::hint(key, params.iter().map(|param| param.key.as_str()));
                add(place, format!("there is no parameter \"{key}\"{near}"));
            }
            Some(param) if param.kind.is_bound() => {
                add(place, "a preset has no sounds and no patterns: they are the session's".into());
            }
            Some(param) if !takes(&param.kind, setting) => {
                add(place, format!("is {setting}; it takes {}", param.kind.range()));
            }
            Some(_) => {}
        }
    }
}

fn takes(kind: &ParamKind, setting: &Setting) -> bool {
    match (kind, setting) {
        (ParamKind::Float { min, max, .. }, Setting::Number(x)) => x >= min && x <= max,
        (ParamKind::Float { min, max, .. }, Setting::Int(n)) => (*n as f64) >= *min && (*n as f64) <= *max,
        (ParamKind::Int { min, max, .. }, Setting::Int(n)) => n >= min && n <= max,
        (ParamKind::Bool { .. }, Setting::Flag(_)) => true,
        (ParamKind::Enum { labels, .. }, Setting::Text(label)) => labels.contains(label),
        (ParamKind::Numbers { min, max }, Setting::Numbers(list)) => {
            list.len() <= MOST_NUMBERS && list.iter().all(|x| x >= min && x <= max)
        }
        (ParamKind::Text, Setting::Text(text)) => {
            text.chars().count() <= LONGEST_TEXT && !text.contains(char::is_control)
        }
        _ => false,
    }
}
