//! From older forms of the file to the newest, a step for each version.

use toml::{Table, Value};

/// The version that is written.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// From version n to n + 1, at index n. What is not as that version had it is left alone: reading judges it.
const MIGRATIONS: &[fn(&mut Table)] = &[names_and_tempo];

/// Brings a file of that version to [`VERSION`].
pub(super) fn migrate(file: &mut Table, version: i64) {
    let from = usize::try_from(version).unwrap_or(0);
    MIGRATIONS.iter().skip(from).for_each(|step| step(file));
}

/// Version 0 had modules and patterns as lists, with their names inside, and a tempo that was called so.
fn names_and_tempo(file: &mut Table) {
    if let Some(tempo) = file.remove("tempo") {
        file.insert("bpm".into(), tempo);
    }
    for section in ["modules", "patterns"] {
        if let Some(Value::Array(list)) = file.get(section).cloned() {
            file.insert(section.into(), Value::Table(by_name(list)));
        }
    }
}

/// Tables by the name they have inside. One without a name gets its number: it is told of under that.
fn by_name(list: Vec<Value>) -> Table {
    let named = list.into_iter().enumerate().map(|(index, mut value)| {
        let name = value.as_table_mut().and_then(|table| table.remove("name"));
        let name = name.and_then(|name| name.as_str().map(str::to_owned));
        (name.unwrap_or_else(|| (index + 1).to_string()), value)
    });
    named.collect()
}
