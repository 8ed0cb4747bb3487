//! What was read from a session and could not be resolved: kept as it is, and written again.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Sounds;
use crate::model::{Connection, ControlKey, LinkKey, Model, ModuleId, Name};

/// What a session's file says and the Model cannot hold. It is inert: nothing looks at it until it is written again, and
/// what the Model then says of the same key goes before it. What belongs to modules follows them through a rename, and
/// goes with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leftovers {
    /// Sections and entries of sections.
    whole: Table,
    /// Keys within entries that are in the Model: section, entry, key.
    parts: Table,
    /// Who the modules are that were in the Model.
    ids: BTreeMap<Name, ModuleId>,
    /// Hashes of the sound files.
    pub(super) sounds: Sounds,
}

impl Leftovers {
    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.parts.is_empty()
    }

    /// Sound files whose content is not what the session was saved with, by their names, ascending. Files that are not
    /// in `now` are not looked at: they may be on their way, or missing, which the status says.
    pub fn differing(&self, now: &Sounds) -> Vec<Name> {
        let other = |(file, hash): &(&Name, _)| now.get(*file).is_some_and(|now| now != *hash);
        self.sounds.iter().filter(other).map(|(file, _)| file.clone()).collect()
    }

    /// Keeps what stands at a path.
    pub(super) fn keep(&mut self, path: &[&str], value: Value) {
        put(&mut self.whole, path, value);
    }

    /// Keeps what stands at a path within an entry that is in the Model.
    pub(super) fn keep_part(&mut self, path: &[&str], value: Value) {
        put(&mut self.parts, path, value);
    }

    /// What was kept within an entry is all there is of it.
    pub(super) fn only_parts(&mut self, section: &str, entry: &str) {
        let entries = self.parts.get_mut(section).and_then(Value::as_table_mut);
        if let Some(value) = entries.and_then(|entries| entries.remove(entry)) {
            self.keep(&[section, entry], value);
        }
    }

    /// Remembers who a module is.
    pub(super) fn is(&mut self, name: &str, id: ModuleId) {
        self.ids.insert(name.into(), id);
    }

    /// The modules are those of this Model, by their names: what was read has been brought into an engine, where some
    /// may have been there before.
    pub fn belong_to(&mut self, model: &Model) {
        let ids = std::mem::take(&mut self.ids).into_keys();
        self.ids = ids.filter_map(|name| Some((name.clone(), model.modules.get(&name)?.id))).collect();
    }

    /// Puts everything in where the file has nothing.
    pub(super) fn add_to(&self, file: &mut Table, model: &Model) {
        let now = |name: &Name| self.now_called(name, model);
        for (section, value) in &self.whole {
            match value {
                Value::Table(entries) => {
                    let entries = entries.iter();
                    let entries =
                        entries.filter_map(|(key, value)| Some((key_now(section, key, &now)?, value.clone())));
                    let entries: Table = entries.collect();
                    if !entries.is_empty() {
                        fill(file, section, &entries.into(), 1);
                    }
                }
                value => fill(file, section, value, 1),
            }
        }
        for (section, entries) in &self.parts {
            let there = file.get_mut(section).and_then(Value::as_table_mut);
            let (Some(there), Some(entries)) = (there, entries.as_table()) else { continue };
            for (key, value) in entries {
                if let Some(key) = key_now(section, key, &now).filter(|key| there.contains_key(key)) {
                    fill(there, &key, value, usize::MAX);
                }
            }
        }
    }

    /// The name by now of what had a name in the file. `None`: it is gone, or something else has the name.
    fn now_called(&self, name: &Name, model: &Model) -> Option<Name> {
        match self.ids.get(name) {
            Some(id) => model.modules.iter().find(|(_, module)| module.id == *id).map(|(name, _)| name.clone()),
            None => (!model.modules.contains(name)).then(|| name.clone()),
        }
    }
}

/// The key of an entry with the names of modules that its modules have by now. `None`: one of them is gone.
fn key_now(section: &str, key: &str, now: &impl Fn(&Name) -> Option<Name>) -> Option<String> {
    let rename = |name: &mut Name| now(name).map(|by_now| *name = by_now);
    // What is not such a key is kept as it is.
    match section {
        "modules" | "players" => Some(now(&key.into())?.to_string()),
        "connections" => key.parse::<Connection>().map_or(Some(key.to_owned()), |mut cable| {
            rename(&mut cable.from.module)?;
            rename(&mut cable.to.module)?;
            Some(cable.to_string())
        }),
        "links" => key.parse::<LinkKey>().map_or(Some(key.to_owned()), |mut link| {
            rename(&mut link.from.module)?;
            rename(&mut link.to.module)?;
            Some(link.to_string())
        }),
        "controls" => key.parse::<ControlKey>().map_or(Some(key.to_owned()), |mut control| {
            rename(&mut control.to.module)?;
            Some(control.to_string())
        }),
        _ => Some(key.to_owned()),
    }
}

fn put(table: &mut Table, path: &[&str], value: Value) {
    match path {
        [] => {}
        [key] => _ = table.insert((*key).to_owned(), value),
        [key, rest @ ..] => {
            let inner = table.entry((*key).to_owned()).or_insert_with(|| Table::new().into());
            if let Value::Table(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Puts a value in if there is none; of tables, down to `depth`, each value.
fn fill(table: &mut Table, key: &str, value: &Value, depth: usize) {
    match (table.get_mut(key), value) {
        (None, _) => _ = table.insert(key.to_owned(), value.clone()),
        (Some(Value::Table(there)), Value::Table(more)) if depth > 0 => {
            more.iter().for_each(|(key, value)| fill(there, key, value, depth - 1));
        }
        _ => {}
    }
}
