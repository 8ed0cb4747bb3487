//! A catalog of types that have every kind of thing a Model can hold, without any plugin.

use cantus_host::model::{Catalog, ModuleType};
use cantus_manifest::Manifest;

/// The types of `catalog.toml`.
pub fn catalog() -> Catalog {
    without("")
}

/// The same, but one is missing.
pub fn without(module_type: &str) -> Catalog {
    let manifest = Manifest::parse(include_str!("catalog.toml")).expect("a good manifest");
    let there = manifest.modules.into_iter().filter(|m| m.name != module_type);
    Catalog::new(there.map(|m| ModuleType::new(m, "test.catalog")))
}
