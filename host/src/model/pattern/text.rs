//! Patterns as lines of text, as they stand in files and journals: `3: C4 s2 v0.8 l1.5 | x ?0.5 cutoff=800`. A line is a
//! row of tracker text in decimal, without columns.
//!
//! Numbers are written so that they come back to the last bit.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::table::Table;
use super::super::value::Num;
use super::tracker::numbered;
use super::words::{Radix, read};
use super::{Cell, Pattern, Step};

impl Pattern {
    /// Its steps as lines of text, those behind the last row too.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut at: Option<Cell> = None;
        for (cell, step) in self.steps.iter() {
            let column = match at {
                Some(last) if last.row == cell.row => last.column,
                _ => {
                    lines.push(format!("{}:", u64::from(cell.row) + 1));
                    0
                }
            };
            let line = lines.last_mut().expect("just pushed");
            (column..cell.column).for_each(|_| line.push_str(" |"));
            line.push_str(&format!(" {step}"));
            at = Some(*cell);
        }
        lines
    }

    /// Puts steps in that are written as [`Pattern::lines`] writes them.
    ///
    /// # Errors
    /// What is wrong in which line.
    pub fn read_line(&mut self, line: &str) -> Result<(), String> {
        let wrong = |what: &str| format!("\"{line}\": {what}; write lines such as \"3: C4 s2 v0.8 l1.5 | x\"");
        let (row, cells) = numbered(line, Radix::Decimal).map_err(|what| wrong(&what))?;
        let row = row.ok_or_else(|| wrong("there is no row"))?;
        for (column, text) in cells.split('|').enumerate() {
            let cell = Cell { row, column: column.try_into().unwrap_or(u16::MAX) };
            if let Some(step) = read(text, Some(Radix::Decimal)).map_err(|what| wrong(&what))? {
                step.problem(cell).map_or(Ok(()), |problem| Err(wrong(&problem)))?;
                self.steps.put(cell, step);
            }
        }
        Ok(())
    }
}

/// The form of a pattern in files.
#[derive(Serialize, Deserialize)]
struct File {
    rows: u32,
    steps_per_beat: Num,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steps: Vec<String>,
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        File { rows: self.rows, steps_per_beat: self.steps_per_beat, steps: self.lines() }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Pattern, D::Error> {
        let file = File::deserialize(from)?;
        let mut pattern = Pattern { rows: file.rows, steps_per_beat: file.steps_per_beat, steps: Table::default() };
        for line in &file.steps {
            pattern.read_line(line).map_err(serde::de::Error::custom)?;
        }
        Ok(pattern)
    }
}

/// A step in commands: as it stands in a line.
impl Serialize for Step {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Step, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
