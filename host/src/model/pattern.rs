//! Patterns: rows of steps, as people edit them.

mod edit;
mod field;
mod step;
#[cfg(test)]
mod tests;
mod text;
mod tracker;
mod words;

use super::table::Table;
use super::value::Num;

pub use edit::{PatternEdit, Selection};
pub use field::{Change, StepField};
pub use step::{Condition, Note, Ratchet, Ratio, Step, Test};
pub use words::{Radix, note_name};

/// Most rows of a pattern.
const ROWS: std::ops::RangeInclusive<u32> = 1..=65_536;
/// Columns of a row.
const COLUMNS: u16 = 64;

/// A pattern. Every notation compiles to this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Rows that are played, 1 to 65,536.
    pub rows: u32,
    /// Rows per beat, 1/1024 to 96; below 0 it plays backwards.
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
        f64::from(self.rows) / self.steps_per_beat.get().abs()
    }

    /// What keeps it from being a pattern, if anything does.
    pub fn problem(&self) -> Option<String> {
        let speed = self.steps_per_beat.get();
        if !ROWS.contains(&self.rows) {
            return Some(format!("has {} rows; 1 to 65536 are possible", self.rows));
        }
        if !(1.0 / 1024.0..=96.0).contains(&speed.abs()) {
            return Some(format!(
                "has {speed} steps per beat; 1/1024 to 96 are possible, and -96 to -1/1024 backwards"
            ));
        }
        self.steps.iter().find_map(|(cell, step)| step.problem(*cell))
    }
}
