//! What can be done with part of a pattern, in one go.
//!
//! An edit reads a pattern and makes another one; the two share every step that it leaves alone. It changes nothing
//! outside of its selection, except for what is said of [`PatternEdit::Insert`] and [`PatternEdit::Delete`].

mod places;
mod rhythm;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::table::Table;
use super::super::value::Num;
use super::{COLUMNS, Cell, Change, Pattern, ROWS, Step, StepField};

/// A step in its place, as tables keep it.
type Entry = Arc<(Cell, Step)>;

/// Part of a pattern: rows and columns, from 0, both ends in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The first row and the last, also behind the last that is played; `None`: all that are played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<(u32, u32)>,
    /// The first column and the last; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<(u16, u16)>,
}

/// What is done with a selection. Numbers of rows count from 0, as cells do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PatternEdit {
    /// Takes all steps out.
    Clear,
    /// Empty rows come in, as many as are selected, at the first of them. What stands there or later in the columns moves
    /// down, behind the last row too, where it is kept.
    Insert,
    /// The rows go, and what stands later in the columns moves up, what was kept behind the last row too.
    Delete,
    /// Steps come in. What lies outside of the selection is left out.
    Paste {
        /// Rows and columns below and beside the selection's first, and what is there. Of several in one place the last.
        steps: Vec<(u32, u16, Step)>,
        /// The steps that are there stay, and the new ones come between them; else the selection is cleared first.
        mix: bool,
    },
    /// Notes move by so many semitones. If one left 0 to 127 none does, as it would be another note.
    Transpose(Num),
    /// Steps move down by so many rows, below 0 up, and come in again at the other end.
    Rotate(i32),
    /// The last row becomes the first.
    Reverse,
    /// The pattern is twice as long; its second half is a copy of the first, also where steps were kept behind the end.
    /// Of the whole pattern.
    Double,
    /// The pattern is half as long; its second half is kept behind the end. Of the whole pattern.
    Halve,
    /// The pattern is twice as long and takes twice as long: an empty row comes behind each, and all that steps count in
    /// rows is doubled. Of the whole pattern.
    Expand,
    /// The pattern is half as long and takes half as long: of each two rows the second goes into the first, half a row
    /// late, and all that steps count in rows is halved. Two steps cannot come into one place. Of the whole pattern.
    Shrink,
    /// From the first step of each column that has a number to the last, the steps between get what lies between, by
    /// their rows. Of notes, instruments and slots it is whole.
    Interpolate {
        /// Which number.
        field: StepField,
        /// -1 to 1: at first faster, straight, at first slower.
        curve: Num,
    },
    /// Each step gets a random number, which follows from the seed and its place. Of notes, instruments and slots it is
    /// whole.
    Randomise {
        /// Which number.
        field: StepField,
        /// The least.
        low: Num,
        /// The most.
        high: Num,
        /// What it follows from.
        seed: u32,
    },
    /// Each note lasts until its column has the next step, or the selection ends; delays are counted in.
    Legato,
    /// Steps spread as evenly as whole rows allow, again and again, in the place of what is there.
    Euclid {
        /// How many of `steps` rows have one.
        hits: u16,
        /// Rows until it begins again, 1 to 1024.
        steps: u16,
        /// So many rows of its beginning come last.
        rotation: i32,
        /// What stands on each.
        step: Step,
    },
    /// A number of each step that has one is changed, or set for every step.
    Change {
        /// Which number.
        field: StepField,
        /// What becomes of it.
        change: Change,
    },
}

/// A selection within a pattern.
#[derive(Clone, Copy)]
struct Area {
    first: Cell,
    last: Cell,
}

impl Selection {
    /// The places that are meant.
    fn within(&self, pattern: &Pattern) -> Result<Area, String> {
        let (from, to) = self.rows.unwrap_or((0, pattern.rows - 1));
        let (left, right) = self.columns.unwrap_or((0, COLUMNS - 1));
        let of = |what: &str, from: u32, to: u32, most: u32| {
            let good = from <= to && to < most;
            let wrong = || format!("has no {what}s {} to {}; 1 to {most} are possible", from + 1, u64::from(to) + 1);
            if good { Ok(()) } else { Err(wrong()) }
        };
        of("row", from, to, *ROWS.end())?;
        of("column", u32::from(left), u32::from(right), u32::from(COLUMNS))?;
        Ok(Area { first: Cell { row: from, column: left }, last: Cell { row: to, column: right } })
    }
}

/// ` rows 1 to 8 column 2`, or nothing.
impl std::fmt::Display for Selection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ranges = [
            ("row", self.rows.map(|(from, to)| (u64::from(from), u64::from(to)))),
            ("column", self.columns.map(|(from, to)| (u64::from(from), u64::from(to)))),
        ];
        for (what, range) in ranges {
            match range {
                None => {}
                Some((from, to)) if from == to => write!(f, " {what} {}", from + 1)?,
                Some((from, to)) => write!(f, " {what}s {} to {}", from + 1, to + 1)?,
            }
        }
        Ok(())
    }
}

impl Area {
    fn has(self, cell: Cell) -> bool {
        self.has_column(cell.column) && (self.first.row..=self.last.row).contains(&cell.row)
    }

    fn has_column(self, column: u16) -> bool {
        (self.first.column..=self.last.column).contains(&column)
    }

    /// Its rows: at least one.
    fn height(self) -> u32 {
        self.last.row - self.first.row + 1
    }
}

impl PatternEdit {
    /// What it does with the selection of a pattern of that name.
    pub fn describe(&self, pattern: &str, selection: &Selection) -> String {
        let (what, how) = match self {
            PatternEdit::Clear => ("clear".into(), String::new()),
            PatternEdit::Insert => ("insert into".into(), String::new()),
            PatternEdit::Delete => ("delete from".into(), String::new()),
            PatternEdit::Paste { steps, mix } => {
                (format!("{} {} steps into", if *mix { "mix" } else { "paste" }, steps.len()), String::new())
            }
            PatternEdit::Transpose(by) => ("transpose".into(), format!(" by {}", by.get())),
            PatternEdit::Rotate(by) => ("rotate".into(), format!(" by {by}")),
            PatternEdit::Reverse => ("reverse".into(), String::new()),
            PatternEdit::Double => ("double".into(), String::new()),
            PatternEdit::Halve => ("halve".into(), String::new()),
            PatternEdit::Expand => ("expand".into(), String::new()),
            PatternEdit::Shrink => ("shrink".into(), String::new()),
            PatternEdit::Interpolate { field, .. } => (format!("interpolate {field} of"), String::new()),
            PatternEdit::Randomise { field, low, high, .. } => {
                (format!("randomise {field} of"), format!(" from {} to {}", low.get(), high.get()))
            }
            PatternEdit::Legato => ("join the notes of".into(), String::new()),
            PatternEdit::Euclid { hits, steps, .. } => (format!("spread {hits} of {steps} over"), String::new()),
            PatternEdit::Change { field, change } => (format!("change {field} of"), format!(" by {change}")),
        };
        format!("{what} pattern {pattern}{selection}{how}")
    }
}

impl Pattern {
    /// The pattern as the edit leaves it.
    ///
    /// # Errors
    /// Why it cannot be; begins with the row, if there is one.
    pub fn edited(&self, selection: &Selection, edit: &PatternEdit) -> Result<Pattern, String> {
        let area = selection.within(self)?;
        let whole =
            matches!(edit, PatternEdit::Double | PatternEdit::Halve | PatternEdit::Expand | PatternEdit::Shrink);
        if whole && *selection != Selection::default() {
            return Err("changes its length as a whole; select nothing".to_owned());
        }
        match edit {
            PatternEdit::Clear => self.moved(|cell| Ok((!area.has(cell)).then_some(cell))),
            PatternEdit::Insert => self.inserted(area),
            PatternEdit::Delete => self.deleted(area),
            PatternEdit::Paste { steps, mix } => self.pasted(area, steps, *mix),
            PatternEdit::Transpose(by) => self.transposed(area, *by),
            PatternEdit::Rotate(by) => self.rotated(area, *by),
            PatternEdit::Reverse => self.reversed(area),
            PatternEdit::Double => self.doubled(),
            PatternEdit::Halve => Ok(Pattern { rows: self.half()?, ..self.clone() }),
            PatternEdit::Expand => self.expanded(),
            PatternEdit::Shrink => self.shrunk(),
            PatternEdit::Interpolate { field, curve } => self.interpolated(area, field, *curve),
            PatternEdit::Randomise { field, low, high, seed } => self.randomised(area, field, (*low, *high), *seed),
            PatternEdit::Legato => self.joined(area),
            PatternEdit::Euclid { hits, steps, rotation, step } => {
                let rhythm = rhythm::euclid(*hits, *steps)?;
                self.filled(area, &rhythm, *rotation, step)
            }
            PatternEdit::Change { field, change } => self.valued(area, |_, step| {
                let Some(value) = change.of(field, step)? else { return Ok(None) };
                with(step, field, value).map(Some)
            }),
        }
    }

    /// The same with these steps, in any order; of several in one place the last.
    fn of(&self, rows: u32, mut entries: Vec<Entry>) -> Result<Pattern, String> {
        let empty = Pattern::new(rows, self.steps_per_beat);
        empty.problem().map_or(Ok(()), Err)?;
        // Quick where they are in order already, as most are.
        entries.sort_by_key(|entry| entry.0);
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        Ok(Pattern { steps: Table::of_entries(entries), ..empty })
    }
}

/// A step in a place where it may stand.
fn entry(cell: Cell, step: Step) -> Result<Entry, String> {
    step.problem(cell).map_or_else(|| Ok(Arc::new((cell, step))), Err)
}

/// A step with another number.
fn with(step: &Step, field: &StepField, value: f64) -> Result<Step, String> {
    let mut step = step.clone();
    field.put(&mut step, value)?;
    Ok(step)
}
