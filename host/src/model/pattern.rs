//! Patterns: rows of steps, as people edit them.

use std::sync::Arc;

use super::value::Num;

/// A pattern. Every notation compiles to this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Rows, 1 to 65,536.
    pub rows: u32,
    /// Rows per beat, 1/1024 to 96.
    pub steps_per_beat: Num,
    /// The steps, sorted by row, then column; one at most in each place.
    pub steps: Arc<[Step]>,
}

/// A note on one row in one column. What is `None` is left to the module that plays it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0, at most 63.
    pub column: u16,
    /// MIDI note number, 0 to 127; 60 is C4.
    pub note: Option<Num>,
    /// Slot, from 0.
    pub slot: Option<u16>,
    /// 0 to 1.
    pub velocity: Option<Num>,
    /// Rows until it ends; 0: the pattern never ends it.
    pub length: Num,
}

impl Pattern {
    /// What keeps it from being a pattern, if anything does.
    pub fn problem(&self) -> Option<String> {
        let speed = self.steps_per_beat.get();
        if !(1..=65_536).contains(&self.rows) {
            return Some(format!("has {} rows; 1 to 65536 are possible", self.rows));
        }
        if !(1.0 / 1024.0..=96.0).contains(&speed) {
            return Some(format!("has {speed} steps per beat; 1/1024 to 96 are possible"));
        }
        let sorted = self.steps.is_sorted_by(|a, b| (a.row, a.column) < (b.row, b.column));
        if !sorted {
            return Some("has its steps out of order, or two in one place".into());
        }
        self.steps.iter().find_map(|step| step.problem(self.rows).map(|p| format!("row {}: {p}", step.row + 1)))
    }
}

impl Step {
    fn problem(&self, rows: u32) -> Option<String> {
        let outside = |v: Option<Num>, max: f64| v.map(Num::get).filter(|v| !(0.0..=max).contains(v));
        if self.row >= rows {
            return Some(format!("lies behind the last row, {rows}"));
        }
        if self.column > 63 {
            return Some(format!("column {} is too many; 64 are possible", self.column + 1));
        }
        if let Some(note) = outside(self.note, 127.0) {
            return Some(format!("note {note} is out of range; 0 to 127 are possible"));
        }
        if let Some(velocity) = outside(self.velocity, 1.0) {
            return Some(format!("velocity {velocity} is out of range; 0 to 1 are possible"));
        }
        outside(Some(self.length), 65_536.0)
            .map(|length| format!("length {length} is out of range; 0 to 65536 rows are possible"))
    }
}
