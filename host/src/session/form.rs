//! How a session's file looks: a line for each thing, so that people can read it and compare two.

use toml::{Table, Value};
use toml_edit::{Array, DocumentMut, InlineTable, Item, RawString, Table as Section, Value as Out};

/// What stands at the top, in this order; other keys follow.
const FIRST: [&str; 5] = ["version", "bpm", "signature", "swing", "loop"];
/// Sections in this order; others follow.
const SECTIONS: [&str; 13] = [
    "settings",
    "tempo_map",
    "modules",
    "players",
    "connections",
    "links",
    "controls",
    "patterns",
    "chains",
    "providers",
    "sounds",
    "types",
    "claims",
];
/// Sections whose entries are sections.
const DEEP: [&str; 4] = ["modules", "patterns", "chains", "claims"];
/// Sections whose entries have sections.
const DEEPER: [&str; 1] = ["modules"];

/// The file as text.
pub(super) fn text(file: &Table) -> String {
    let mut document = DocumentMut::new();
    let rank = |key: &str| {
        let at = |list: &[&str]| list.iter().position(|k| *k == key);
        at(&FIRST).or_else(|| at(&SECTIONS).map(|i| i + FIRST.len())).unwrap_or(usize::MAX)
    };
    let mut keys: Vec<&String> = file.keys().collect();
    keys.sort_by_key(|key| (file[*key].is_table() && !FIRST.contains(&key.as_str()), rank(key)));
    for key in keys {
        let depth = 1 + usize::from(DEEP.contains(&key.as_str())) + usize::from(DEEPER.contains(&key.as_str()));
        let depth = if FIRST.contains(&key.as_str()) { 0 } else { depth };
        document.insert(key, item(&file[key], depth));
    }
    document.to_string()
}

/// A value; down to `depth` tables are sections.
fn item(value: &Value, depth: usize) -> Item {
    match value {
        Value::Table(table) if depth > 0 => {
            let mut section = Section::new();
            // A section that only has sections needs no line of its own.
            section.set_implicit(!table.is_empty() && depth > 1 && table.values().all(Value::is_table));
            for (key, value) in sorted(table) {
                section.insert(key, item(value, depth - 1));
            }
            Item::Table(section)
        }
        value => Item::Value(inline(value, true)),
    }
}

/// Values before sections: what follows a section's head belongs to it. The type of a module goes before all else;
/// numbers go up, and before words.
fn sorted(table: &Table) -> Vec<(&String, &Value)> {
    let mut entries: Vec<(&String, &Value)> = table.iter().collect();
    let number = |key: &str| key.parse::<f64>().ok();
    let group = |(key, value): &(&String, &Value)| (value.is_table(), *key != "type", number(key).is_none());
    let within = |a: &str, b: &str| match (number(a), number(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        _ => a.cmp(b),
    };
    entries.sort_by(|a, b| group(a).cmp(&group(b)).then_with(|| within(a.0, b.0)));
    entries
}

/// A value on one line; a long list has a line for each entry.
fn inline(value: &Value, long: bool) -> Out {
    match value {
        Value::String(v) => v.as_str().into(),
        Value::Integer(v) => (*v).into(),
        Value::Float(v) => (*v).into(),
        Value::Boolean(v) => (*v).into(),
        Value::Datetime(v) => (*v).into(),
        Value::Array(list) => {
            let mut out: Array = list.iter().map(|value| inline(value, false)).collect();
            if long && list.iter().any(|value| value.is_str() || value.is_table()) {
                out.iter_mut().for_each(|value| value.decor_mut().set_prefix("\n  "));
                out.set_trailing(RawString::from("\n"));
                out.set_trailing_comma(true);
            }
            Out::Array(out)
        }
        Value::Table(table) => {
            let entries = sorted(table).into_iter().map(|(key, value)| (key.as_str(), inline(value, false)));
            Out::InlineTable(entries.collect::<InlineTable>())
        }
    }
}
