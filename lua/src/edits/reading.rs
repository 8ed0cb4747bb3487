//! What edits of patterns are given: parts of a pattern, steps, fields, clips.

use std::sync::Arc;

use cantus_host::model::{Cell, Change, Name, Num, Pattern, PatternEdit, Selection, Step, StepField};
use mlua::{Lua, MetaMethod, Result, Table, UserData, UserDataFields, UserDataMethods, Value};

use crate::context::with;
use crate::error::{blame, located};
use crate::step;
use crate::values::{self, a, number, whole};

/// Keys of a selection.
const KEYS: [&str; 4] = ["rows", "row", "columns", "column"];

/// A selection, and what else its table says.
pub struct Part {
    /// The selection.
    pub selection: Selection,
    table: Option<Table>,
}

impl Part {
    /// `{rows = {1, 8}, column = 2}`; `others` may stand beside that.
    ///
    /// # Errors
    /// Naming the nearest key.
    pub fn read(value: &Value, others: &[&str], method: &str) -> Result<Part> {
        let table = match value {
            Value::Nil => return Ok(Part { selection: Selection::default(), table: None }),
            Value::Table(table) => table,
            other => {
                let wrong = format!(
                    "{method}: a selection is a table such as {{rows = {{1, 8}}, column = 2}}, not {}",
                    a(other)
                );
                return Err(blame(wrong));
            }
        };
        values::only_names(table, &[&KEYS[..], others].concat(), "a selection")?;
        let range = |many: &str, one: &str| match (table.raw_get::<Value>(many)?, table.raw_get::<Value>(one)?) {
            (Value::Nil, Value::Nil) => Ok(None),
            (range, Value::Nil) | (Value::Nil, range) => ends(&range, one).map(Some),
            _ => Err(blame(format!("a selection has {many} or {one}, not both"))),
        };
        let (rows, columns) = (range("rows", "row")?, range("columns", "column")?);
        let columns = columns.map(|(left, right)| (narrow(left), narrow(right)));
        Ok(Part { selection: Selection { rows, columns }, table: Some(table.clone()) })
    }

    /// What else it says under a key.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn other<T>(&self, key: &str, read: impl FnOnce(&Value, &str) -> Result<T>) -> Result<Option<T>> {
        let Some(table) = &self.table else { return Ok(None) };
        let value = table.raw_get::<Value>(key)?;
        if value.is_nil() { Ok(None) } else { read(&value, key).map(Some) }
    }
}

/// `{1, 8}` or `3`, from 0.
fn ends(value: &Value, what: &str) -> Result<(u32, u32)> {
    let Value::Table(table) = value else {
        let one = from_one(value, what)?;
        return Ok((one, one));
    };
    if table.raw_len() != 2 {
        return Err(blame(format!("{what}s are the first and the last, as in {what}s = {{1, 8}}")));
    }
    Ok((from_one(&table.raw_get(1)?, what)?, from_one(&table.raw_get(2)?, what)?))
}

/// A row or a column as people count, from 0.
fn from_one(value: &Value, what: &str) -> Result<u32> {
    let number = whole(value, &format!("a {what}"))?.checked_sub(1);
    number.ok_or_else(|| blame(format!("{what}s are numbered from 1")))
}

/// A column; what is too far is refused by the command.
fn narrow(column: u32) -> u16 {
    u16::try_from(column).unwrap_or(u16::MAX)
}

/// A place, counted from 1.
///
/// # Errors
/// When it is none.
pub fn at(row: &Value, column: &Value) -> Result<Cell> {
    Ok(Cell { row: from_one(row, "row")?, column: narrow(from_one(column, "column")?) })
}

/// So many rows from one on, of some columns.
///
/// # Errors
/// When they are none.
pub fn some_rows(row: &Value, count: &Value, columns: &Value, method: &str) -> Result<Selection> {
    let row = from_one(row, "row")?;
    let count = if count.is_nil() { 1 } else { whole(count, &format!("the rows of {method}"))? };
    let last = row.saturating_add(count).checked_sub(1).filter(|_| count > 0);
    let last = last.ok_or_else(|| blame(format!("{method}: it takes at least one row")))?;
    let columns = if columns.is_nil() { None } else { Some(ends(columns, "column")?) };
    Ok(Selection { rows: Some((row, last)), columns: columns.map(|(left, right)| (narrow(left), narrow(right))) })
}

/// Rows to move by, either way.
///
/// # Errors
/// When it is no whole number.
pub fn rows(value: &Value, what: &str) -> Result<i32> {
    let rows = number(value, what)?.get();
    let good = rows.fract() == 0.0 && rows.abs() <= f64::from(u16::MAX) + 1.0;
    if good { Ok(rows as i32) } else { Err(blame(format!("{what} must be a whole number from -65536 to 65536"))) }
}

/// A step, as text, note, true or table.
///
/// # Errors
/// When it is none.
pub fn step(value: &Value) -> Result<Step> {
    match value {
        Value::Boolean(true) => Ok(Step::default()),
        Value::String(text) => {
            let text = text.to_string_lossy();
            text.parse().map_err(|e| blame(format!("\"{text}\": {e}; write a step such as \"C4 v0.8\"")))
        }
        Value::Integer(_) | Value::Number(_) => values::note(value).map(Step::pitch),
        Value::Table(table) => {
            values::only_names(table, &step::KEYS, "a step")?;
            step::read(table)
        }
        other => Err(blame(format!("{} is not a step; write \"C4 v0.8\", a note, true or a table", a(other)))),
    }
}

/// A number of a step by its name: one that every step may have, or a parameter that can be locked, of any type there is
/// or in the pattern.
///
/// # Errors
/// With the nearest name.
pub fn field(lua: &Lua, pattern: &Name, value: &Value) -> Result<StepField> {
    let name = values::text(value, "the field of a step")?;
    if let Some(field) = StepField::ALL.into_iter().find(|field| field.name() == name) {
        return Ok(field);
    }
    with(lua, |work| {
        let locks = work.catalog.iter().flat_map(|(_, known)| known.manifest.locks());
        let locks: Vec<&str> = locks
            .map(|(_, _, param)| param)
            .flat_map(|param| std::iter::once(param.key.as_str()).chain(param.aliases.iter().map(String::as_str)))
            .collect();
        let there = work.model.patterns.get(&**pattern);
        let mut steps = there.into_iter().flat_map(|pattern| pattern.steps.iter());
        if locks.contains(&name.as_str()) || steps.any(|(_, step)| step.locks.iter().any(|(lock, _)| **lock == *name)) {
            return Ok(StepField::Lock(name.as_str().into()));
        }
        let fields = StepField::ALL;
        Err(blame(values::unknown("a step", "field", &name, fields.iter().map(StepField::name).chain(locks))))
    })
}

/// A number of a field; a note also by its name.
///
/// # Errors
/// When it is none.
pub fn amount(value: &Value, field: &StepField, what: &str) -> Result<Num> {
    if *field == StepField::Note { values::note(value) } else { number(value, what) }
}

/// What becomes of a number: a number alone is set.
///
/// # Errors
/// When it is none.
pub fn change(value: &Value) -> Result<Change> {
    match value {
        Value::String(text) => text.to_string_lossy().parse().map_err(blame),
        value => number(value, "a change").map(Change::Set),
    }
}

/// How many steps there can be after an edit.
pub fn steps_after(pattern: &Pattern, selection: &Selection, edit: &PatternEdit) -> usize {
    let there = pattern.steps.len();
    let new = match edit {
        PatternEdit::Double => there,
        PatternEdit::Paste { steps, .. } => steps.len(),
        PatternEdit::Euclid { hits, steps, .. } => {
            let (from, to) = selection.rows.unwrap_or((0, pattern.rows.saturating_sub(1)));
            let (left, right) = selection.columns.unwrap_or((0, 63));
            let rounds = u64::from(to.saturating_sub(from)) / u64::from(*steps).max(1) + 1;
            (rounds * u64::from(*hits) * u64::from(right.saturating_sub(left).saturating_add(1))) as usize
        }
        _ => 0,
    };
    there + new
}

/// Steps that were copied.
#[derive(Clone, Debug)]
pub struct Clip {
    rows: u32,
    columns: u16,
    /// The steps, by row and column within it.
    pub steps: Arc<[(u32, u16, Step)]>,
}

impl Clip {
    /// The steps of a part of a pattern.
    ///
    /// # Errors
    /// When the part ends before it begins.
    pub fn of(pattern: &Pattern, selection: &Selection) -> std::result::Result<Clip, String> {
        let (top, bottom) = selection.rows.unwrap_or((0, pattern.rows - 1));
        let width = pattern.steps.keys().map(|cell| cell.column).max().unwrap_or(0);
        let (left, right) = selection.columns.unwrap_or((0, width));
        if top > bottom || left > right {
            return Err("a selection has its first row and column before its last".to_owned());
        }
        let inside = |cell: &Cell| (top..=bottom).contains(&cell.row) && (left..=right).contains(&cell.column);
        let steps = pattern.steps.iter().filter(|(cell, _)| inside(cell));
        let steps = steps.map(|(cell, step)| (cell.row - top, cell.column - left, step.clone())).collect();
        Ok(Clip { rows: bottom - top + 1, columns: right - left + 1, steps })
    }

    /// What it covers, put in a place.
    pub fn placed(&self, at: Cell) -> Selection {
        let (row, column) = (at.row.saturating_add(self.rows - 1), at.column.saturating_add(self.columns - 1));
        Selection { rows: Some((at.row, row)), columns: Some((at.column, column)) }
    }
}

/// The clip that is pasted.
///
/// # Errors
/// When it is none.
pub fn clip(value: &Value) -> Result<Clip> {
    match value {
        Value::UserData(data) if data.is::<Clip>() => Ok(data.borrow::<Clip>()?.clone()),
        other => Err(blame(format!("paste takes what copy or cut has answered, not {}", a(other)))),
    }
}

impl UserData for Clip {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "clip");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Len, |_, this, ()| Ok(this.steps.len()));
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| {
            Ok(format!("{} steps of {} rows and {} columns", this.steps.len(), this.rows, this.columns))
        });
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: Value| {
            let key = values::text(&key, "what a clip is asked for").map_err(|e| located(lua, e))?;
            match key.as_str() {
                "rows" => Ok(this.rows),
                "columns" => Ok(u32::from(this.columns)),
                _ => Err(located(lua, blame(values::unknown("a clip", "field", &key, ["rows", "columns"])))),
            }
        });
    }
}
