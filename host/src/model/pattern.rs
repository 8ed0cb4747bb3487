//! Patterns: rows of steps, as people edit them.

mod text;

use super::table::Table;
use super::value::Num;

pub use text::note_name;

/// Most rows of a pattern.
const ROWS: std::ops::RangeInclusive<u32> = 1..=65_536;
/// Columns of a row.
const COLUMNS: u16 = 64;

/// A pattern. Every notation compiles to this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Rows that are played, 1 to 65,536.
    pub rows: u32,
    /// Rows per beat, 1/1024 to 96.
    pub steps_per_beat: Num,
    /// The steps by place. Those behind the last row are kept and not played.
    pub steps: Table<Cell, Step>,
}

/// A place in a pattern. Sorted by row, then column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0, at most 63.
    pub column: u16,
}

/// A note. What is `None` is left to the module that plays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// MIDI note number, 0 to 127; 60 is C4.
    pub note: Option<Num>,
    /// Slot, from 0.
    pub slot: Option<u16>,
    /// 0 to 1.
    pub velocity: Option<Num>,
    /// Rows until it ends; 0: the pattern never ends it.
    pub length: Num,
}

impl Default for Step {
    fn default() -> Step {
        Step { note: None, slot: None, velocity: None, length: Num::ONE }
    }
}

impl Pattern {
    /// A pattern without steps.
    pub fn new(rows: u32, steps_per_beat: Num) -> Pattern {
        Pattern { rows, steps_per_beat, steps: Table::default() }
    }

    /// The steps that are played, in order.
    pub fn played(&self) -> impl Iterator<Item = (&Cell, &Step)> {
        self.steps.iter().take_while(|(cell, _)| cell.row < self.rows)
    }

    /// Beats it lasts.
    pub fn beats(&self) -> f64 {
        f64::from(self.rows) / self.steps_per_beat.get()
    }

    /// What keeps it from being a pattern, if anything does.
    pub fn problem(&self) -> Option<String> {
        let speed = self.steps_per_beat.get();
        if !ROWS.contains(&self.rows) {
            return Some(format!("has {} rows; 1 to 65536 are possible", self.rows));
        }
        if !(1.0 / 1024.0..=96.0).contains(&speed) {
            return Some(format!("has {speed} steps per beat; 1/1024 to 96 are possible"));
        }
        self.steps.iter().find_map(|(cell, step)| step.problem(*cell))
    }
}

impl Step {
    /// What keeps it from standing in that place, if anything does.
    pub fn problem(&self, at: Cell) -> Option<String> {
        let outside = |v: Option<Num>, max: f64| v.map(Num::get).filter(|v| !(0.0..=max).contains(v));
        let problem = if at.row >= *ROWS.end() {
            "a pattern has at most 65536 rows".to_owned()
        } else if at.column >= COLUMNS {
            format!("column {} is too many; 64 are possible", u32::from(at.column) + 1)
        } else if let Some(note) = outside(self.note, 127.0) {
            format!("note {note} is out of range; 0 to 127 are possible")
        } else if let Some(velocity) = outside(self.velocity, 1.0) {
            format!("velocity {velocity} is out of range; 0 to 1 are possible")
        } else {
            let length = outside(Some(self.length), 65_536.0)?;
            format!("length {length} is out of range; 0 to 65536 rows are possible")
        };
        Some(format!("row {}: {problem}", u64::from(at.row) + 1))
    }
}
