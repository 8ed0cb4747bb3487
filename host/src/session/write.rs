//! From a Model to a session's file.

use std::collections::BTreeMap;

use serde::Serialize;
use toml::{Table, Value};

use super::{Leftovers, Sounds, VERSION, form};
use crate::assets::ContentHash;
use crate::model::{Catalog, Excerpt, Model, ModuleRecord, Name};

/// The file's text.
///
/// # Errors
/// What no file can hold.
pub(super) fn document(
    model: &Model,
    catalog: &Catalog,
    sounds: &Sounds,
    leftovers: &Leftovers,
) -> Result<String, String> {
    let mut file = table(model, catalog, sounds, leftovers).map_err(|e| e.to_string())?;
    leftovers.add_to(&mut file, model);
    Ok(form::text(&file))
}

fn table(model: &Model, catalog: &Catalog, sounds: &Sounds, leftovers: &Leftovers) -> Result<Table, toml::ser::Error> {
    // Taken apart, so that a new field cannot be forgotten.
    let Model { bpm, tempo_map, signature, swing, loop_range, modules, connections, links, .. } = model;
    let Model { patterns, chains, players, controls, settings, providers, excerpts: _, claims, .. } = model;
    let mut file = Table::new();
    file.insert("version".into(), VERSION.into());
    file.insert("bpm".into(), bpm.get().into());
    file.insert("signature".into(), signature.to_string().into());
    file.insert("swing".into(), Value::try_from(swing)?);
    if let Some(range) = loop_range {
        file.insert("loop".into(), Value::try_from(range)?);
    }
    let records = modules.iter().map(|(name, module)| {
        let known = model.known(catalog, &module.module_type).expect("modules are of known types");
        (name, ModuleRecord::of(name, module, known, model.seed()))
    });
    section(&mut file, "settings", settings.iter())?;
    section(&mut file, "tempo_map", tempo_map.iter().map(|(beat, point)| (beat.get(), point)))?;
    section(&mut file, "modules", records)?;
    section(&mut file, "players", players.iter())?;
    section(&mut file, "connections", connections.iter())?;
    section(&mut file, "links", links.iter())?;
    section(&mut file, "controls", controls.iter())?;
    section(&mut file, "patterns", patterns.iter())?;
    section(&mut file, "chains", chains.iter())?;
    section(&mut file, "providers", providers.iter())?;
    section(&mut file, "sounds", hashes(model, catalog, sounds, leftovers))?;
    section(&mut file, "types", types(model, catalog))?;
    section(&mut file, "claims", claims.iter())?;
    Ok(file)
}

/// A section with an entry for each; none if there are none.
fn section(
    file: &mut Table,
    name: &str,
    entries: impl Iterator<Item = (impl ToString, impl Serialize)>,
) -> Result<(), toml::ser::Error> {
    let entries = entries.map(|(key, value)| Ok((key.to_string(), Value::try_from(value)?)));
    let entries = entries.collect::<Result<Table, toml::ser::Error>>()?;
    if !entries.is_empty() {
        file.insert(name.into(), entries.into());
    }
    Ok(())
}

/// What is known of every type that a module is of or that has a provider, and of those that are kept without either.
fn types<'a>(model: &'a Model, catalog: &'a Catalog) -> impl Iterator<Item = (&'a Name, Excerpt)> {
    let mut types: BTreeMap<&Name, Excerpt> = model.excerpts.iter().map(|(name, e)| (name, e.clone())).collect();
    let of_modules = model.modules.iter().map(|(_, module)| &module.module_type);
    for module_type in of_modules.chain(model.providers.keys()) {
        if let Some(known) = catalog.get(module_type) {
            types.entry(module_type).or_insert_with(|| Excerpt::of(known));
        }
    }
    types.into_iter()
}

/// The hash of every sound file that a module asks for: of now, else as it was read.
fn hashes(
    model: &Model,
    catalog: &Catalog,
    sounds: &Sounds,
    leftovers: &Leftovers,
) -> impl Iterator<Item = (Name, ContentHash)> {
    let hash = |file: &Name| Some((file.clone(), *sounds.get(file).or_else(|| leftovers.sounds.get(file))?));
    model.sound_files(catalog).filter_map(hash).collect::<Sounds>().into_iter()
}
