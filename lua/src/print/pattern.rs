//! Patterns in the signs that people write, where those say all of it; else a line for each row.

use std::collections::BTreeMap;

use cantus_host::model::{Name, Note, Num, Pattern, Step, note_name};

use super::text::{Fields, number, quoted};
use crate::notation::{self, Lane};

/// Most rows, and most columns, of a pattern that is written in signs.
const ROWS: u32 = 128;
const COLUMNS: u16 = 16;

/// The call that makes a pattern.
pub fn line(name: &Name, pattern: &Pattern) -> String {
    let said = signs(pattern, name.len() + 12).unwrap_or_else(|| steps(pattern, name.len() + 12));
    format!("pattern({}, {said})\n", quoted(name))
}

fn steps(pattern: &Pattern, column: usize) -> String {
    let mut table = Fields::default();
    table.put("rows", pattern.rows.to_string());
    table.number("steps_per_beat", pattern.steps_per_beat, Num::of(4.0));
    let mut lines = Fields::default();
    pattern.lines().iter().for_each(|line| lines.value(quoted(line)));
    table.table("steps", lines);
    table.written(column)
}

/// A column of a pattern, in signs.
struct Column {
    text: String,
    defaults: Step,
}

/// The pattern in signs, if read again they are the same pattern.
fn signs(pattern: &Pattern, at: usize) -> Option<String> {
    let last = pattern.steps.keys().map(|cell| cell.column).max().unwrap_or(0);
    if pattern.rows > ROWS || last >= COLUMNS {
        return None;
    }
    let columns = (0..=last).map(|column| Column::of(pattern, column)).collect::<Option<Vec<_>>>()?;
    let lanes = columns.iter().map(Column::lane).collect::<Option<Vec<_>>>()?;
    if notation::compile(&lanes, None, pattern.steps_per_beat).ok()? != *pattern {
        return None;
    }
    let mut speed = Fields::default();
    speed.number("steps_per_beat", pattern.steps_per_beat, Num::of(4.0));
    if let [column] = &columns[..] {
        return Some(match column.has_defaults() {
            false => format!("{}{}", quoted(&column.text), speed.as_argument()),
            true => format!("{}{}", column.table().written(at), speed.as_argument()),
        });
    }
    let mut lanes = Fields::default();
    for column in &columns {
        if column.has_defaults() { lanes.item(column.table()) } else { lanes.value(quoted(&column.text)) }
    }
    speed.table("lanes", lanes);
    Some(speed.written(at))
}

impl Column {
    /// What is common to all steps becomes the lane's default, so that a step is one sign.
    fn of(pattern: &Pattern, column: u16) -> Option<Column> {
        let in_column = pattern.steps.iter().filter(|(cell, _)| cell.column == column);
        let steps: BTreeMap<u32, &Step> = in_column.map(|(cell, step)| (cell.row, step)).collect();
        let all = || steps.values();
        let one = Num::ONE;
        let plain = all().find(|s| s.velocity != Some(one)).or(all().next());
        let lengths_differ = all().any(|s| Some(s.length) != all().next().map(|s| s.length));
        let fits = steps.iter().all(|(row, step)| {
            let length = step.length.map_or(1.0, Num::get);
            let free = steps.range(row + 1..).next().map_or(pattern.rows, |(next, _)| *next);
            length.fract() == 0.0 && length >= 1.0 && f64::from(*row) + length <= f64::from(free)
        });
        // A row that is said to be one is a default; what holds is longer.
        let length = match plain.and_then(|s| s.length) {
            Some(length) if !lengths_differ && (!fits || length == one) => Some(length),
            _ => all().find(|s| fits && s.length == Some(one)).and(Some(one)),
        };
        let same_note = steps.len() > 1
            && all().all(|s| s.number().is_some() && s.note == steps.values().next().and_then(|s| s.note));
        let defaults = Step {
            note: all().next().and_then(|s| s.note).filter(|_| same_note),
            velocity: plain.and_then(|s| s.velocity),
            slot: plain.and_then(|s| s.slot),
            length,
            ..Step::default()
        };
        let mut signs = vec![".".to_owned(); pattern.rows as usize];
        for (row, step) in steps {
            let accent = step.velocity == Some(one) && defaults.velocity != Some(one);
            let sign = match step.note.filter(|_| defaults.note.is_none()) {
                None if accent => "X".to_owned(),
                None => "x".to_owned(),
                Some(Note::Off) => "OFF".to_owned(),
                Some(Note::Cut) => "CUT".to_owned(),
                Some(Note::Pitch(note)) => note_name(note.get()).unwrap_or_else(|| number(note)),
            };
            *signs.get_mut(row as usize)? = sign;
            if defaults.length.is_none_or(|length| fits && length == one) {
                let held = (step.length.map_or(1.0, Num::get) as u32).saturating_sub(1);
                (row + 1..=row + held).try_for_each(|row| signs.get_mut(row as usize).map(|s| *s = "=".to_owned()))?;
            }
        }
        Some(Column { text: grouped(&signs, pattern.steps_per_beat), defaults })
    }

    fn has_defaults(&self) -> bool {
        self.defaults != Step::default()
    }

    /// As it will be read.
    fn lane(&self) -> Option<Lane> {
        let cells = notation::cells(&self.text).ok()?;
        let rows = u32::try_from(cells.len()).ok()?;
        Some(Lane { defaults: self.defaults.clone(), cells: (0..).zip(cells).collect(), rows })
    }

    fn table(&self) -> Fields {
        let Step { slot, velocity, length, .. } = &self.defaults;
        let note = self.defaults.number();
        let mut table = Fields::default();
        table.value(quoted(&self.text));
        if let Some(note) = note {
            table.put("note", note_name(note.get()).map_or_else(|| number(note), |name| quoted(&name)));
        }
        if let Some(slot) = slot {
            table.put("slot", (u32::from(*slot) + 1).to_string());
        }
        if let Some(velocity) = velocity {
            table.put("velocity", number(*velocity));
        }
        if let Some(length) = length {
            table.put("length", number(*length));
        }
        table
    }
}

/// A group for each beat: signs of one letter stand together, others apart.
fn grouped(signs: &[String], steps_per_beat: Num) -> String {
    let speed = steps_per_beat.get();
    let beat = if speed.fract() == 0.0 && (2.0..=16.0).contains(&speed) { speed as usize } else { 4 };
    let short = signs.iter().all(|sign| sign.len() == 1 && !sign.starts_with(|c: char| c.is_ascii_digit()));
    let (within, between) = if short { ("", " ") } else { (" ", " | ") };
    signs.chunks(beat).map(|group| group.join(within)).collect::<Vec<_>>().join(between)
}
