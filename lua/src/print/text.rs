//! Lua's own spelling: numbers, text, tables.

use cantus_host::model::Num;
use cantus_manifest::LUA_WORDS;

/// Columns of a line; a table that does not fit has a line for each entry.
const WIDTH: usize = 110;

/// A number that reads back to the last bit, in as few signs as that takes.
pub fn number(n: Num) -> String {
    let (plain, short) = (n.get().to_string(), format!("{:e}", n.get()));
    if plain.len() <= short.len().max(12) { plain } else { short }
}

/// Whether it can be the name of a variable.
pub fn is_identifier(word: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    word.starts_with(letter) && word.chars().all(|c| letter(c) || c.is_ascii_digit()) && !LUA_WORDS.contains(&word)
}

/// Text in quotes, on one line.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() && c.is_ascii() => out.push_str(&format!("\\{:03}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Text of several lines as it stands, where that is possible.
pub fn long(text: &str) -> String {
    if text.contains('\r') {
        return quoted(text);
    }
    let level = (0..).map(|n| "=".repeat(n)).find(|level| !format!("{text}]").contains(&format!("]{level}]")));
    let level = level.expect("some level does not stand in it");
    // The first line end does not count.
    format!("[{level}[\n{text}]{level}]")
}

/// What stands in a table, in order.
#[derive(Default)]
pub struct Fields(Vec<(String, Entry)>);

enum Entry {
    Value(String),
    Table(Fields),
}

impl Fields {
    /// `key = value`, already spelt.
    pub fn put(&mut self, key: &str, value: String) {
        self.0.push((named(key), Entry::Value(value)));
    }

    /// `key = {...}`.
    pub fn table(&mut self, key: &str, value: Fields) {
        self.0.push((named(key), Entry::Table(value)));
    }

    /// The next place, already spelt.
    pub fn value(&mut self, value: String) {
        self.0.push((String::new(), Entry::Value(value)));
    }

    /// A table in the next place.
    pub fn item(&mut self, value: Fields) {
        self.0.push((String::new(), Entry::Table(value)));
    }

    /// `[place] = {...}`.
    pub fn at(&mut self, place: u16, value: Fields) {
        self.0.push((format!("[{place}] = "), Entry::Table(value)));
    }

    /// A number that is not as it comes.
    pub fn number(&mut self, key: &str, value: Num, usual: Num) {
        if value != usual {
            self.put(key, number(value));
        }
    }

    /// A flag that is not as it comes.
    pub fn flag(&mut self, key: &str, value: bool, usual: bool) {
        if value != usual {
            self.put(key, value.to_string());
        }
    }

    /// `low` and `high`.
    pub fn range(&mut self, range: Option<(Num, Num)>) {
        if let Some((low, high)) = range {
            self.put("low", number(low));
            self.put("high", number(high));
        }
    }

    /// `, {...}`, or nothing if there is nothing to say.
    pub fn as_argument(&self) -> String {
        if self.0.is_empty() { String::new() } else { format!(", {}", self.line()) }
    }

    /// The table, behind so many columns: on one line if it fits.
    pub fn written(&self, column: usize) -> String {
        self.lines(column, "")
    }

    fn lines(&self, column: usize, indent: &str) -> String {
        let line = self.line();
        if column + line.len() <= WIDTH {
            return line;
        }
        let inner = format!("{indent}  ");
        let mut out = String::from("{\n");
        for (key, entry) in &self.0 {
            let value = match entry {
                Entry::Value(value) => value.clone(),
                Entry::Table(table) => table.lines(inner.len() + key.len(), &inner),
            };
            out += &format!("{inner}{key}{value},\n");
        }
        out + indent + "}"
    }

    fn line(&self) -> String {
        let entries = self.0.iter().map(|(key, entry)| match entry {
            Entry::Value(value) => format!("{key}{value}"),
            Entry::Table(table) => format!("{key}{}", table.line()),
        });
        format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
    }
}

fn named(key: &str) -> String {
    if is_identifier(key) { format!("{key} = ") } else { format!("[{}] = ", quoted(key)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling() {
        for (n, expected) in [
            (120.0, "120"),
            (0.1, "0.1"),
            (-2.5, "-2.5"),
            (2.0 / 3.0, "0.6666666666666666"),
            (1e300, "1e300"),
            (5e-324, "5e-324"),
            (1e-7, "0.0000001"),
        ] {
            assert_eq!(number(Num::of(n)), expected);
        }
        for (text, expected) in [("a", r#""a""#), ("a\"b\\\n\u{1}2é", r#""a\"b\\\n\0012é""#)] {
            assert_eq!(quoted(text), expected);
        }
        for (text, expected) in [("a\nb\n", "[[\na\nb\n]]"), ("a]]b]", "[=[\na]]b]]=]"), ("a\r", "\"a\\r\"")] {
            assert_eq!(long(text), expected);
        }
        assert_eq!((is_identifier("kick_2"), is_identifier("my-kick"), is_identifier("end")), (true, false, false));
    }
}
