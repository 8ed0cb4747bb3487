//! Patterns as text: one line per row that has steps, `3: C4 s2 v0.8 l1.5 | x ?0.5 cutoff=800`.
//!
//! A line is the row, from 1, then the columns between `|`. An empty column has nothing in it. A step is a note (`C4`,
//! `61.5`, `OFF`, `CUT`, or `x` for none), then in any order:
//!
//! | word | is |
//! |---|---|
//! | `i2` | instrument: the target |
//! | `s2` | slot, from 1 |
//! | `v0.8` | velocity |
//! | `l1.5` | length in rows |
//! | `d-0.25` | delay in rows |
//! | `g2` | glide in rows |
//! | `?0.5` | chance |
//! | `2:4` | ratio: the second of four turns |
//! | `first` `pre` `fill` `every4` | condition; with `!` before it, not so |
//! | `r4` `r4:-0.5` `r4:1:0.5` | ratchet: hits, how its loudness goes, how its time goes |
//! | `cutoff=800` | lock |
//!
//! Numbers are written so that they come back to the last bit.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::table::Table;
use super::super::unit::note_number;
use super::super::value::{Num, Value};
use super::{Cell, Condition, Note, Pattern, Ratchet, Ratio, Step, Test};

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

/// A step as it stands in a line.
fn written(step: &Step) -> String {
    let mut text = match step.note {
        None => "x".to_owned(),
        Some(Note::Off) => "OFF".to_owned(),
        Some(Note::Cut) => "CUT".to_owned(),
        Some(Note::Pitch(note)) => note_name(note.get()).unwrap_or_else(|| note.get().to_string()),
    };
    let mut word = |word: std::fmt::Arguments<'_>| text.push_str(&format!(" {word}"));
    step.instrument.into_iter().for_each(|n| word(format_args!("i{n}")));
    step.slot.into_iter().for_each(|slot| word(format_args!("s{}", u32::from(slot) + 1)));
    let numbers = [("v", step.velocity), ("l", step.length), ("d", step.delay), ("g", step.glide), ("?", step.chance)];
    for (sign, number) in numbers.into_iter().filter_map(|(sign, number)| Some((sign, number?.get()))) {
        word(format_args!("{sign}{number}"));
    }
    step.ratio.into_iter().for_each(|Ratio { at, of }| word(format_args!("{at}:{of}")));
    step.condition.into_iter().for_each(|condition| word(format_args!("{condition}")));
    step.ratchet.into_iter().for_each(|ratchet| word(format_args!("{ratchet}")));
    step.locks.iter().for_each(|(name, value)| word(format_args!("{name}={}", lock_text(value))));
    text
}

fn lock_text(value: &Value) -> String {
    match value {
        Value::Num(number) => number.get().to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// Reads a step; `None` if there is nothing.
fn read(text: &str) -> Result<Option<Step>, String> {
    let mut words = text.split_whitespace();
    let Some(note) = words.next() else { return Ok(None) };
    let note = match note {
        "x" => None,
        "OFF" => Some(Note::Off),
        "CUT" => Some(Note::Cut),
        note => {
            let number = note_number(note).and_then(Num::new).or_else(|| number(note));
            Some(Note::Pitch(number.ok_or("a step begins with a note, OFF, CUT or x")?))
        }
    };
    let mut step = Step { note, ..Step::default() };
    for word in words {
        read_word(word, &mut step)?;
    }
    Ok(Some(step))
}

fn number(text: &str) -> Option<Num> {
    text.parse().ok().and_then(Num::new)
}

/// Puts what a word says into a step.
fn read_word(word: &str, step: &mut Step) -> Result<(), String> {
    if let Some((name, value)) = word.split_once('=') {
        let value = match value {
            "true" | "false" => Value::Flag(value == "true"),
            value => number(value).map_or_else(|| Value::Text(value.into()), Value::Num),
        };
        step.locks = step.locks.iter().cloned().chain([(name.into(), value)]).collect();
        return Ok(());
    }
    if let Ok(condition) = word.parse() {
        step.condition = Some(condition);
        return Ok(());
    }
    if let Some((at, of)) = word.split_once(':')
        && let (Ok(at), Ok(of)) = (at.parse(), of.parse())
    {
        step.ratio = Some(Ratio { at, of });
        return Ok(());
    }
    let (sign, rest) = word.split_at_checked(1).ok_or_else(|| format!("{word} says nothing"))?;
    let value = |what: &str| number(rest).map(Some).ok_or_else(|| format!("{word} is not a {what}"));
    match sign {
        "i" => step.instrument = Some(rest.parse().map_err(|_| format!("{word} is not an instrument"))?),
        "s" => {
            let slot = rest.parse::<u16>().ok().and_then(|slot| slot.checked_sub(1));
            step.slot = Some(slot.ok_or_else(|| format!("{word} is not a slot"))?);
        }
        "v" => step.velocity = value("velocity")?,
        "l" => step.length = value("length")?,
        "d" => step.delay = value("delay")?,
        "g" => step.glide = value("glide")?,
        "?" => step.chance = value("chance")?,
        "r" => step.ratchet = Some(word.parse().map_err(|()| format!("{word} is not a ratchet"))?),
        _ => return Err(format!("{word} says nothing")),
    }
    Ok(())
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.not { "!" } else { "" })?;
        match self.test {
            Test::First => f.write_str("first"),
            Test::Previous => f.write_str("pre"),
            Test::Fill => f.write_str("fill"),
            Test::Every(n) => write!(f, "every{n}"),
        }
    }
}

impl std::str::FromStr for Condition {
    type Err = ();

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Condition, ()> {
        let (not, text) = text.strip_prefix('!').map_or((false, text), |text| (true, text));
        let test = match text {
            "first" => Test::First,
            "pre" => Test::Previous,
            "fill" => Test::Fill,
            text => Test::Every(text.strip_prefix("every").and_then(|n| n.parse().ok()).ok_or(())?),
        };
        Ok(Condition { test, not })
    }
}

impl std::fmt::Display for Ratchet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Ratchet { hits, ramp, curve } = self;
        match (*ramp == Num::ZERO, *curve == Num::ZERO) {
            (true, true) => write!(f, "r{hits}"),
            (false, true) => write!(f, "r{hits}:{}", ramp.get()),
            (_, false) => write!(f, "r{hits}:{}:{}", ramp.get(), curve.get()),
        }
    }
}

impl std::str::FromStr for Ratchet {
    type Err = ();

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Ratchet, ()> {
        let mut parts = text.strip_prefix('r').ok_or(())?.split(':');
        let hits = parts.next().and_then(|hits| hits.parse().ok()).ok_or(())?;
        let mut shape = || parts.next().map_or(Ok(Num::ZERO), |part| number(part).ok_or(()));
        let (ramp, curve) = (shape()?, shape()?);
        if parts.next().is_some() { Err(()) } else { Ok(Ratchet { hits, ramp, curve }) }
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

/// As it stands in a line.
impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&written(self))
    }
}

impl std::str::FromStr for Step {
    type Err = String;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Step, String> {
        read(text)?.ok_or_else(|| "a step is a note or x, and what else it has".to_owned())
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
            "2: OFF | CUT",
            "1: C4 i2 s3 v0.25 l0.5 d-0.25 g2 ?0.5 2:4 !every3 r4:-0.5 cutoff=800 mode=lp open=true gain=-6dB",
            "1: x first",
            "1: x !pre r3:0:0.25",
            "1: x fill r64",
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
            ("1: H4", "a step begins with a note, OFF, CUT or x"),
            ("1: C4 s0", "s0 is not a slot"),
            ("1: C4 v2", "row 1: velocity 2 is out of range; 0 to 1 are possible"),
            ("1: C4 vNaN", "vNaN is not a velocity"),
            ("1: C4 é", "é says nothing"),
            ("1: C4 r", "r is not a ratchet"),
            ("1: C4 r4:1:1:1", "r4:1:1:1 is not a ratchet"),
            ("1: C4 r1", "row 1: a ratchet of 1 is not possible; 2 to 64 hits are"),
            ("1: C4 i0", "row 1: instruments are numbered from 1 to 255"),
            ("1: C4 3:2", "row 1: ratio 3:2 is never; write 1:4 for the first of four turns, up to 99"),
            ("1: C4 every1", "row 1: every 1 is not possible; every 2 to every 99 are"),
            ("1: C4 d1", "row 1: delay 1 is out of range; between -1 and 1 rows are possible"),
            ("1: C4 a=1 a=2", "row 1: a is locked twice"),
            ("1: C4 =2", "row 1: \"\" is not the name of a parameter"),
        ] {
            let mut pattern = Pattern::new(16, Num::of(4.0));
            assert_eq!(pattern.read_line(line), Err(format!("\"{line}\": {expected}; {advice}")));
        }
    }
}
