//! Patterns as text: one line per row that has steps, `3: C4 s2 v0.8 l1.5 | x`.
//!
//! A line is the row, from 1, then the columns between `|`. An empty column has nothing in it. A step is a note (`C4`,
//! `61.5`, or `x` for none), then in any order `s` and a slot from 1, `v` and a velocity, `l` and a length in rows; a
//! length of 1 is left out. Numbers are written so that they come back to the last bit.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::table::Table;
use super::super::unit::note_number;
use super::super::value::Num;
use super::{Cell, Pattern, Step};

/// The name of a whole note number from 12 (`C0`) to 127 (`G9`).
pub fn note_name(note: f64) -> Option<String> {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    let whole = note.fract() == 0.0 && (12.0..=127.0).contains(&note);
    whole.then(|| format!("{}{}", NAMES[note as usize % 12], note as usize / 12 - 1))
}

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
            line.push_str(&format!(" {}", written(step)));
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
        let (row, columns) = line.split_once(':').ok_or_else(|| wrong("there is no row"))?;
        let row = row.trim().parse::<u32>().ok().and_then(|row| row.checked_sub(1));
        let row = row.ok_or_else(|| wrong("rows are numbered from 1"))?;
        for (column, text) in columns.split('|').enumerate() {
            let cell = Cell { row, column: column.try_into().unwrap_or(u16::MAX) };
            if let Some(step) = read(text).map_err(|what| wrong(&what))? {
                step.problem(cell).map_or(Ok(()), |problem| Err(wrong(&problem)))?;
                self.steps.put(cell, step);
            }
        }
        Ok(())
    }
}

fn written(step: &Step) -> String {
    let mut text = match step.note.map(Num::get) {
        None => "x".to_owned(),
        Some(note) => note_name(note).unwrap_or_else(|| note.to_string()),
    };
    if let Some(slot) = step.slot {
        text.push_str(&format!(" s{}", u32::from(slot) + 1));
    }
    if let Some(velocity) = step.velocity {
        text.push_str(&format!(" v{}", velocity.get()));
    }
    if step.length != Num::ONE {
        text.push_str(&format!(" l{}", step.length.get()));
    }
    text
}

fn read(text: &str) -> Result<Option<Step>, String> {
    let mut words = text.split_whitespace();
    let Some(note) = words.next() else { return Ok(None) };
    let number = |text: &str| text.parse().ok().and_then(Num::new);
    let mut step = Step::default();
    if note != "x" {
        let note = note_number(note).and_then(Num::new).or_else(|| number(note));
        step.note = Some(note.ok_or("a step begins with a note or x")?);
    }
    for word in words {
        let field = word.get(..1).and_then(|sign| Some((sign, word.get(1..)?)));
        match field {
            Some(("s", slot)) => {
                let slot = slot.parse::<u16>().ok().and_then(|slot| slot.checked_sub(1));
                step.slot = Some(slot.ok_or_else(|| format!("{word} is not a slot"))?);
            }
            Some(("v", v)) => step.velocity = Some(number(v).ok_or_else(|| format!("{word} is not a velocity"))?),
            Some(("l", l)) => step.length = number(l).ok_or_else(|| format!("{word} is not a length"))?,
            _ => return Err(format!("{word} says nothing")),
        }
    }
    Ok(Some(step))
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
        to.serialize_str(&written(self))
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Step, D::Error> {
        let wrong = || "a step is a note or x, and what else it has".to_owned();
        let step = read(&String::deserialize(from)?).and_then(|step| step.ok_or_else(wrong));
        step.map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back() {
        for line in [
            "1: C4",
            "2: x",
            "16: F#3 s2 v0.8 l1.5 | x",
            "3: | | 61.5 v0.1",
            "1: A#0 l0",
            "9: G9 | C0 s128",
            "1: 11.25",
        ] {
            let mut pattern = Pattern::new(16, Num::of(4.0));
            pattern.read_line(line).expect(line);
            assert_eq!(pattern.lines(), [line]);
        }
    }

    #[test]
    fn mistakes_are_named() {
        let advice = "write lines such as \"3: C4 s2 v0.8 l1.5 | x\"";
        for (line, expected) in [
            ("C4", "there is no row"),
            ("0: C4", "rows are numbered from 1"),
            ("1: H4", "a step begins with a note or x"),
            ("1: C4 s0", "s0 is not a slot"),
            ("1: C4 v2", "row 1: velocity 2 is out of range; 0 to 1 are possible"),
            ("1: C4 vNaN", "vNaN is not a velocity"),
            ("1: C4 é", "é says nothing"),
        ] {
            let mut pattern = Pattern::new(16, Num::of(4.0));
            assert_eq!(pattern.read_line(line), Err(format!("\"{line}\": {expected}; {advice}")));
        }
    }
}
