//! Plain data: what goes from one Lua state into another, by value.

use std::cmp::Ordering;
use std::ffi::c_void;

use mlua::{Lua, Result, Table, Value};

use crate::error::blame;
use crate::values::a;

/// Values of one message at the most.
const VALUES: usize = 100_000;
/// Bytes of all its texts at the most.
const BYTES: usize = 4 << 20;
/// Tables in tables at the most.
const DEPTH: usize = 64;

/// What is no such data hears this.
const ONLY: &str = "; only numbers, texts, true, false and tables of these can";

/// A value that belongs to no state.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// Nothing.
    Nil,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A text, or any bytes.
    Text(Box<[u8]>),
    /// A table: keys with their values, numbers first.
    Table(Vec<(Plain, Plain)>),
}

/// Copies values for one message; together they must not become too many.
pub struct Packing {
    /// The end of the sentence that refuses: `cannot be sent to a worker`.
    cannot: &'static str,
    /// Where in a value it is: `args.list[3]`.
    path: String,
    /// The tables around it.
    open: Vec<*const c_void>,
    values: usize,
    bytes: usize,
}

impl Packing {
    /// Of a message; `cannot` is the end of a sentence: `cannot be sent to a worker`.
    pub fn new(cannot: &'static str) -> Packing {
        Packing { cannot, path: String::new(), open: Vec::new(), values: 0, bytes: 0 }
    }

    /// What the copying is worth in instructions.
    pub fn cost(&self) -> u64 {
        (self.values + self.bytes / 16) as u64
    }

    /// A copy of a value that scripts know by a name.
    ///
    /// # Errors
    /// Naming the part of it that is no plain data, is too deep or too much.
    pub fn copy(&mut self, value: &Value, name: &str) -> Result<Plain> {
        name.clone_into(&mut self.path);
        self.value(value)
    }

    fn value(&mut self, value: &Value) -> Result<Plain> {
        self.values += 1;
        if let Value::String(text) = value {
            self.bytes += text.as_bytes().len();
        }
        if self.values > VALUES || self.bytes > BYTES {
            let (path, cannot) = (&self.path, self.cannot);
            return Err(blame(format!(
                "{path}: so much {cannot} at once; at most {VALUES} values, and {} MB of text",
                BYTES >> 20
            )));
        }
        match value {
            Value::Nil => Ok(Plain::Nil),
            Value::Boolean(flag) => Ok(Plain::Flag(*flag)),
            Value::Integer(number) => Ok(Plain::Whole(*number)),
            Value::Number(number) => Ok(Plain::Number(*number)),
            Value::String(text) => Ok(Plain::Text((&*text.as_bytes()).into())),
            Value::Table(table) => self.table(table),
            Value::UserData(_) => match a(value).as_str() {
                named @ ("a module" | "a pattern") => Err(self.wrong(named, "; send its name")),
                _ => Err(self.wrong("an object", ONLY)),
            },
            other => Err(self.wrong(&a(other), ONLY)),
        }
    }

    fn wrong(&self, what: &str, advice: &str) -> mlua::Error {
        blame(format!("{}: {what} {}{advice}", self.path, self.cannot))
    }

    fn table(&mut self, table: &Table) -> Result<Plain> {
        if table.metatable().is_some() {
            return Err(self.wrong("a table with a metatable", "; send what is in it, as a table of its own"));
        }
        let this = table.to_pointer();
        if self.open.contains(&this) {
            return Err(self.wrong("a table that contains itself", "; leave that out"));
        }
        if self.open.len() == DEPTH {
            return Err(self.wrong(&format!("a table in {DEPTH} others"), "; send something flatter"));
        }
        self.open.push(this);
        let mut entries = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            if let Value::Table(_) | Value::Function(_) | Value::UserData(_) | Value::Thread(_) = key {
                return Err(self.wrong(&format!("{} as a key", a(&key)), "; use names and numbers"));
            }
            entries.push((self.value(&key)?, value));
        }
        // In the table they lie in no order; which of several is complained of must not depend on the run.
        entries.sort_by(|(a, _), (b, _)| order(a, b));
        let length = self.path.len();
        let mut copied = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            self.path.push_str(&step(&key));
            let value = self.value(&value)?;
            self.path.truncate(length);
            copied.push((key, value));
        }
        self.open.pop();
        Ok(Plain::Table(copied))
    }
}

/// How a key is written behind its table.
fn step(key: &Plain) -> String {
    match key {
        Plain::Whole(n) => format!("[{n}]"),
        Plain::Number(n) => format!("[{n}]"),
        Plain::Flag(flag) => format!("[{flag}]"),
        Plain::Text(text) => {
            let text = String::from_utf8_lossy(text);
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let name = text.chars().all(word) && !text.starts_with(|c: char| c.is_ascii_digit()) && !text.is_empty();
            if name { format!(".{text}") } else { format!("[\"{text}\"]") }
        }
        Plain::Nil | Plain::Table(_) => String::new(),
    }
}

fn order(a: &Plain, b: &Plain) -> Ordering {
    let rank = |key: &Plain| match key {
        Plain::Whole(_) | Plain::Number(_) => 0,
        Plain::Text(_) => 1,
        _ => 2,
    };
    let number = |key: &Plain| match key {
        Plain::Whole(n) => *n as f64,
        Plain::Number(n) => *n,
        Plain::Flag(flag) => f64::from(u8::from(*flag)),
        _ => 0.0,
    };
    match (a, b) {
        (Plain::Text(a), Plain::Text(b)) => a.cmp(b),
        (a, b) => rank(a).cmp(&rank(b)).then(number(a).total_cmp(&number(b))),
    }
}

impl Plain {
    /// The value in a state.
    ///
    /// # Errors
    /// When Lua has no memory.
    pub fn to_lua(&self, lua: &Lua) -> Result<Value> {
        Ok(match self {
            Plain::Nil => Value::Nil,
            Plain::Flag(flag) => Value::Boolean(*flag),
            Plain::Whole(number) => Value::Integer(*number),
            Plain::Number(number) => Value::Number(*number),
            Plain::Text(text) => Value::String(lua.create_string(text)?),
            Plain::Table(entries) => {
                let table = lua.create_table()?;
                for (key, value) in entries {
                    table.raw_set(key.to_lua(lua)?, value.to_lua(lua)?)?;
                }
                Value::Table(table)
            }
        })
    }
}
