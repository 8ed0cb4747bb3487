//! What was read from a session and could not be resolved: kept as it is, and written again.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Sounds;
use crate::model::{Model, ModuleId, Name};

/// What a session's file says and the Model cannot hold. It is inert: nothing looks at it until it is written again, and
/// what the Model then says of the same key goes before it. What belongs to a module, a pattern or the like follows it
/// through a rename, and goes with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leftovers {
    /// Sections and entries of sections.
    whole: Table,
    /// Keys within entries that are in the Model: section, entry, key.
    parts: Table,
    /// Who the modules are that `parts` speaks of.
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

    /// Puts everything in where the file has nothing.
    pub(super) fn add_to(&self, file: &mut Table, model: &Model) {
        for (section, value) in &self.whole {
            fill(file, section, value, 1);
        }
        for (section, entries) in &self.parts {
            let there = file.get_mut(section).and_then(Value::as_table_mut);
            let (Some(there), Some(entries)) = (there, entries.as_table()) else { continue };
            for (entry, value) in entries {
                let named = if section == "modules" { self.now_called(entry, model) } else { entry.as_str().into() };
                if there.contains_key(&*named) {
                    fill(there, &named, value, usize::MAX);
                }
            }
        }
    }

    /// The name of a module by now: the id is the same, unless the module was there before the session was loaded.
    fn now_called(&self, name: &str, model: &Model) -> Name {
        let id = self.ids.get(name);
        let renamed = model.modules.iter().find(|(_, module)| Some(&module.id) == id);
        renamed.map_or_else(|| name.into(), |(name, _)| name.clone())
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
