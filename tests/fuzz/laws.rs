//! What holds whatever stands in a file: for the fuzzer, and for the test that replays its corpora.

#![allow(dead_code)] // each target uses its own part of it

use cantus_host::plugins::read_library;
use cantus_manifest::{Direction, Manifest, Module, PortKind};

/// Any text is a manifest or refused; what is accepted keeps its own rules.
///
/// # Panics
/// With the rule that is broken.
pub fn manifest(text: &str) -> bool {
    let Ok(manifest) = Manifest::parse(text) else { return false };
    for module in &manifest.modules {
        has_its_names(module);
        is_kept(module);
    }
    true
}

/// Everything is found under its own name, and under no other.
fn has_its_names(module: &Module) {
    for (index, param) in module.params.iter().enumerate() {
        for name in std::iter::once(&param.key).chain(&param.aliases) {
            assert_eq!(module.param(name).map(|(at, _)| at), Some(index), "{name} of {}", module.name);
        }
    }
    for preset in &module.presets {
        assert_eq!(module.preset(&preset.key), Some(preset));
        for (slot, key, _) in preset.settings() {
            let own = module.param(key).is_some();
            let of_slot = module.slots.as_ref().is_some_and(|slots| slots.param(key).is_some());
            assert!(if slot.is_some() { of_slot } else { own }, "{key} of the preset {}", preset.key);
        }
    }
    let ends = [Direction::In, Direction::Out];
    let ports = || ends.into_iter().flat_map(|dir| PortKind::ALL.into_iter().map(move |kind| module.ports(dir, kind)));
    let mut names: Vec<String> = ports().flatten().map(|(key, _)| key).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "ports of {} share a name", module.name);
    assert!(!module.constructor().is_empty());
}

/// A session keeps an excerpt of it as text: that reads as it was, and is accepted again.
fn is_kept(module: &Module) {
    for module in [module.clone(), module.excerpt()] {
        let text = toml::to_string(&module).unwrap_or_else(|e| panic!("{module:?}: {e}"));
        let back: Module = toml::from_str(&text).unwrap_or_else(|e| panic!("{text}\n{e}"));
        assert_eq!(back, module, "{text}");
        assert!(back.check_excerpt().is_ok(), "{text}");
    }
}

/// Any bytes are a library with a manifest or refused, with a sentence that is short enough to read.
///
/// # Panics
/// With the rule that is broken.
pub fn library(bytes: &[u8]) -> bool {
    match read_library(bytes) {
        Ok((found, text)) => {
            assert_eq!(Manifest::parse(&text).ok(), Some(found));
            true
        }
        Err(reason) => {
            assert!(!reason.to_string().is_empty());
            false
        }
    }
}
