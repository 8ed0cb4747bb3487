//! The rules a manifest must keep beyond its syntax, each with a sentence that names the place.

use std::collections::HashSet;

use crate::MOST_CHANNELS;
use crate::preset;
use crate::text::snake_case;
use crate::types::{Direction, Kind, Manifest, Module, Param, ParamKind, PortKind, Slots};

/// One broken rule: where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path inside the manifest, such as `Gain.gain`.
    pub place: String,
    /// What is wrong and what to do.
    pub text: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// Keys a handle has of its own: no parameter or action may be called so.
pub const HANDLE_KEYS: &[&str] =
    &["name", "type", "id", "enabled", "mute", "solo", "slots", "meters", "status", "seed", "help", "trigger"];

/// What every note says of itself in `kick:trigger{...}`: no parameter that may be locked is called so.
pub const NOTE_KEYS: &[&str] = &["note", "velocity", "slot", "length"];

/// Lua's words: nothing that scripts write may be called so.
pub const LUA_WORDS: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// What `export!` cannot make a Rust name of, or names itself.
const RUST_WORDS: &[&str] = &[
    "as", "async", "await", "const", "continue", "crate", "dyn", "enum", "extern", "fn", "impl", "let", "loop",
    "match", "mod", "move", "mut", "pub", "ref", "self", "static", "struct", "super", "trait", "type", "unsafe", "use",
    "where", "yield",
];

/// Enums that `export!` makes for every module: no parameter with labels may be called so.
const GENERATED_ENUMS: &[&str] = &["param", "slot_param", "action", "meter"];

/// Most like ports or meters.
const MOST_COUNT: u16 = 64;

/// Of [`HANDLE_KEYS`], those that mean nothing on a slot and may be used there.
const SLOT_KEYS: &[&str] = &["name", "enabled", "mute", "solo"];

/// Where a key stands: what else it could be taken for depends on it.
#[derive(Clone, Copy, PartialEq)]
enum On {
    Handle,
    Slot,
    /// A table of its own, such as `meters`.
    Table,
}

/// Every broken rule of a manifest.
pub(crate) fn check(manifest: &Manifest) -> Vec<Problem> {
    let mut out = Check::default();
    if manifest.schema != crate::SCHEMA {
        out.add("schema", format!("is {}, this program reads {}", manifest.schema, crate::SCHEMA));
    }
    let id = &manifest.plugin.id;
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
    if !id.contains('.') || !id.chars().all(good) {
        out.add("plugin.id", format!("\"{id}\" is not a reverse domain name of [a-z0-9.-]"));
    }
    if !is_semver(&manifest.plugin.version) {
        out.add("plugin.version", format!("\"{}\" is not a version like 1.2.3", manifest.plugin.version));
    }
    if manifest.modules.is_empty() {
        out.add("module", "there is none; add a [[module]] table".into());
    }
    let mut types = HashSet::new();
    for module in &manifest.modules {
        if !types.insert(&module.name) {
            out.add(&module.name, "is declared twice".into());
        }
        check_module(&mut out, module);
    }
    out.0
}

/// Every rule that an excerpt of a module breaks; those about prose are left out.
pub(crate) fn check_excerpt(module: &Module) -> Vec<Problem> {
    let mut out = Check::default();
    check_module(&mut out, module);
    out.0.retain(|problem| !problem.text.starts_with("has no doc"));
    out.0
}

#[derive(Default)]
struct Check(Vec<Problem>);

impl Check {
    fn add(&mut self, place: &str, text: String) {
        self.0.push(Problem { place: place.to_owned(), text });
    }
}

fn check_module(out: &mut Check, module: &Module) {
    let name = &module.name;
    if !name.starts_with(|c: char| c.is_ascii_uppercase()) || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        out.add(name, "a type is written like TapeDelay: [A-Z][A-Za-z0-9]*".into());
    }
    let constructor = module.constructor();
    check_key(out, &format!("{name}.constructor"), &constructor, On::Table);
    let place = snake_case(name);
    if RUST_WORDS.contains(&place.as_str()) || LUA_WORDS.contains(&place.as_str()) {
        out.add(name, format!("\"{place}\" is a word of Rust or Lua; choose another type name"));
    }
    if module.doc.trim().is_empty() {
        out.add(name, "has no doc; say in a sentence what it does".into());
    }
    let mut keys = HashSet::new();
    let own = module.actions.iter().map(|a| &a.key);
    let all = module.params.iter().flat_map(|p| std::iter::once(&p.key).chain(&p.aliases)).chain(own);
    for key in all {
        // Without their dashes: `a_1` and `a1` would be one name in Rust.
        if !keys.insert(key.replace('_', "")) {
            out.add(&format!("{name}.{key}"), "is declared twice".into());
        }
    }
    for param in &module.params {
        check_param(out, name, param, On::Handle);
    }
    for action in &module.actions {
        check_key(out, &format!("{name}.{}", action.key), &action.key, On::Handle);
    }
    check_meters(out, module);
    if let Some(slots) = &module.slots {
        check_slots(out, name, slots);
    }
    check_ports(out, module);
    let mut presets = HashSet::new();
    for preset in &module.presets {
        let place = format!("{name}.preset.{}", preset.key);
        check_key(out, &place, &preset.key, On::Table);
        if !presets.insert(&preset.key) {
            out.add(&place, "is declared twice".into());
        }
        preset::check(module, preset, |place, text| out.add(&place, text));
    }
}

fn check_meters(out: &mut Check, module: &Module) {
    let (name, mut meters) = (&module.name, HashSet::new());
    for meter in &module.meters {
        let place = format!("{name}.meters.{}", meter.key);
        check_key(out, &place, &meter.key, On::Table);
        if meter.count.is_some_and(|n| !(1..=MOST_COUNT).contains(&n)) {
            out.add(&place, format!("count is from 1 to {MOST_COUNT}"));
            return;
        }
    }
    for (key, _) in module.meters() {
        if !meters.insert(key.clone()) {
            out.add(&format!("{name}.meters.{key}"), "is declared twice".into());
        }
    }
}

fn check_slots(out: &mut Check, name: &str, slots: &Slots) {
    if slots.count == 0 {
        out.add(&format!("{name}.slots"), "count is 0; give it at least 1 or leave it out".into());
    }
    let mut keys = HashSet::new();
    for param in &slots.params {
        for key in std::iter::once(&param.key).chain(&param.aliases) {
            if !keys.insert(key.replace('_', "")) {
                out.add(&format!("{name}.slots.{key}"), "is declared twice".into());
            }
        }
        check_param(out, &format!("{name}.slots"), param, On::Slot);
    }
}

fn check_ports(out: &mut Check, module: &Module) {
    let name = &module.name;
    let mut keys = HashSet::new();
    for dir in [Direction::In, Direction::Out] {
        for kind in [PortKind::Audio, PortKind::Event, PortKind::Mod] {
            for (key, port) in module.ports(dir, kind) {
                let place = format!("{name}.{key}");
                if !keys.insert(key.clone()) {
                    out.add(&place, "two ports have this name".into());
                }
                if !is_key(&port.key) {
                    out.add(&place, "a port is named like dry_in: [a-z][a-z0-9_]*".into());
                }
                if port.count.is_some_and(|n| !(1..=MOST_COUNT).contains(&n)) {
                    out.add(&place, format!("count is from 1 to {MOST_COUNT}"));
                    return;
                }
                if kind == PortKind::Mod && dir == Direction::In {
                    out.add(&place, "modulation has outputs only; what it moves are parameters".into());
                }
                if kind == PortKind::Audio && !(1..=MOST_CHANNELS).contains(&port.channels) {
                    out.add(&place, format!("has {} channels; 1 to {MOST_CHANNELS} are possible", port.channels));
                }
            }
        }
    }
    if module.kind == Kind::Sink && module.ports(Direction::Out, PortKind::Audio).len() != 1 {
        out.add(name, "a sink has exactly one audio output, which feeds `out`".into());
    }
}

fn check_param(out: &mut Check, owner: &str, param: &Param, on: On) {
    let place = format!("{owner}.{}", param.key);
    for key in std::iter::once(&param.key).chain(&param.aliases) {
        check_key(out, &place, key, on);
    }
    if param.doc.trim().is_empty() {
        out.add(&place, "has no doc; say in a sentence what it does".into());
    }
    if param.lock && (param.kind.is_data() || param.kind == ParamKind::Text) {
        out.add(&place, "cannot be locked: only a number, on and off, or a label can be another for one note".into());
    }
    if let Some(key) = NOTE_KEYS.iter().find(|key| param.lock && param.answers(key)) {
        out.add(&place, format!("cannot be locked: \"{key}\" means something else of a note; choose another key"));
    }
    match &param.kind {
        ParamKind::Float { min, max, default, .. } => {
            if ![min, max, default].iter().all(|v| v.is_finite()) {
                out.add(&place, "min, max and default must be finite".into());
            } else if min >= max || default < min || default > max {
                out.add(&place, format!("needs min < max and a default between: {min} .. {max}, default {default}"));
            }
        }
        ParamKind::Int { min, max, default } => {
            if min >= max || default < min || default > max {
                out.add(&place, format!("needs min < max and a default between: {min} .. {max}, default {default}"));
            }
        }
        ParamKind::Enum { labels, default } => {
            if GENERATED_ENUMS.contains(&param.key.as_str()) {
                out.add(&place, "a parameter with labels cannot have this key; choose another".into());
            }
            if labels.is_empty() || !labels.contains(default) {
                out.add(&place, format!("default \"{default}\" is not one of its labels"));
            }
            if labels.iter().collect::<HashSet<_>>().len() != labels.len() || !labels.iter().all(|l| is_key(l)) {
                out.add(&place, "labels must differ and be written like ping_pong: [a-z][a-z0-9_]*".into());
            }
        }
        ParamKind::Numbers { min, max } => {
            if !min.is_finite() || !max.is_finite() || min >= max {
                out.add(&place, format!("needs min < max, both finite: {min} .. {max}"));
            }
        }
        ParamKind::Bool { .. } | ParamKind::Sample | ParamKind::Pattern | ParamKind::Text => {}
    }
}

fn check_key(out: &mut Check, place: &str, key: &str, on: On) {
    if !is_key(key) {
        out.add(place, format!("\"{key}\" must be written like this_one: [a-z][a-z0-9_]*"));
        return;
    }
    let on_handle = HANDLE_KEYS.contains(&key) && (on == On::Handle || on == On::Slot && !SLOT_KEYS.contains(&key));
    if LUA_WORDS.contains(&key) || on_handle {
        out.add(place, format!("\"{key}\" means something else in Lua or on a handle; choose another key"));
    } else if key == "self" {
        out.add(place, "\"self\" cannot be a name in Rust; choose another key".into());
    }
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn is_semver(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or("");
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() == 3 && parts.iter().all(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_digit()))
}
