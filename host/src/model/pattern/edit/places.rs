//! Edits that move steps, take them out and put others in.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::super::value::Num;
use super::super::{Cell, Pattern, ROWS, Step};
use super::{Area, Entry, entry};

impl Pattern {
    /// Every step in the place that it is given, `None` for nowhere.
    pub(super) fn moved(&self, to: impl Fn(Cell) -> Result<Option<Cell>, String>) -> Result<Pattern, String> {
        let place = |old: &Entry| {
            Ok(match to(old.0)? {
                Some(cell) if cell == old.0 => Some(old.clone()),
                Some(cell) => Some(Arc::new((cell, old.1.clone()))),
                None => None,
            })
        };
        let entries = self.steps.entries().filter_map(|old| place(old).transpose());
        self.of(self.rows, entries.collect::<Result<_, String>>()?)
    }

    pub(super) fn inserted(&self, area: Area) -> Result<Pattern, String> {
        self.moved(|cell| {
            if !area.has_column(cell.column) || cell.row < area.first.row {
                return Ok(Some(cell));
            }
            let row = cell.row + area.height();
            let far = || format!("row {}: its step would move behind row 65536, the last there can be", cell.row + 1);
            if row < *ROWS.end() { Ok(Some(Cell { row, ..cell })) } else { Err(far()) }
        })
    }

    pub(super) fn deleted(&self, area: Area) -> Result<Pattern, String> {
        self.moved(|cell| {
            Ok(match cell {
                cell if area.has(cell) => None,
                cell if area.has_column(cell.column) && cell.row > area.last.row => {
                    Some(Cell { row: cell.row - area.height(), ..cell })
                }
                cell => Some(cell),
            })
        })
    }

    pub(super) fn rotated(&self, area: Area, by: i32) -> Result<Pattern, String> {
        let height = i64::from(area.height());
        self.moved(|cell| {
            if !area.has(cell) {
                return Ok(Some(cell));
            }
            let within = (i64::from(cell.row - area.first.row) + i64::from(by)).rem_euclid(height);
            Ok(Some(Cell { row: area.first.row + within as u32, ..cell }))
        })
    }

    pub(super) fn reversed(&self, area: Area) -> Result<Pattern, String> {
        let turned = |cell: Cell| Cell { row: area.last.row - (cell.row - area.first.row), ..cell };
        self.moved(|cell| Ok(Some(if area.has(cell) { turned(cell) } else { cell })))
    }

    pub(super) fn pasted(&self, area: Area, steps: &[(u32, u16, Step)], mix: bool) -> Result<Pattern, String> {
        let new = steps.iter().filter_map(|(row, column, step)| {
            let (row, column) = (area.first.row.checked_add(*row)?, area.first.column.checked_add(*column)?);
            let cell = Cell { row, column };
            area.has(cell).then(|| entry(cell, step.clone()))
        });
        let mut entries = new.collect::<Result<Vec<Entry>, String>>()?;
        // Of two in one place the last stays.
        entries.extend(self.steps.entries().filter(|old| mix || !area.has(old.0)).cloned());
        self.of(self.rows, entries)
    }

    pub(super) fn filled(&self, area: Area, rhythm: &[bool], by: i32, step: &Step) -> Result<Pattern, String> {
        let mut entries: Vec<Entry> = self.steps.entries().filter(|old| !area.has(old.0)).cloned().collect();
        for row in area.first.row..=area.last.row {
            let at = i64::from(row - area.first.row) + i64::from(by);
            if rhythm[at.rem_euclid(rhythm.len() as i64) as usize] {
                for column in area.first.column..=area.last.column {
                    entries.push(entry(Cell { row, column }, step.clone())?);
                }
            }
        }
        self.of(self.rows, entries)
    }

    pub(super) fn doubled(&self) -> Result<Pattern, String> {
        let (rows, all) = (self.rows, self.rows * 2);
        let stays = |old: &&Entry| !(rows..all).contains(&old.0.row);
        let first = self.steps.entries().take_while(|old| old.0.row < rows);
        let copy = first.map(|old| Arc::new((Cell { row: old.0.row + rows, ..old.0 }, old.1.clone())));
        self.of(all, self.steps.entries().filter(stays).cloned().chain(copy).collect())
    }

    /// Half its rows.
    pub(super) fn half(&self) -> Result<u32, String> {
        let odd = || format!("has {} rows; only an even number of them can be halved", self.rows);
        if self.rows.is_multiple_of(2) { Ok(self.rows / 2) } else { Err(odd()) }
    }

    pub(super) fn expanded(&self) -> Result<Pattern, String> {
        self.stretched(self.rows * 2, 2.0, |row, delay| {
            // As much later as earlier: it may be nearer to the row before or behind.
            let (row, delay) = (i64::from(row) * 2, delay * 2.0);
            match delay {
                ..=-1.0 => (row - 1, delay + 1.0),
                1.0.. => (row + 1, delay - 1.0),
                _ => (row, delay),
            }
        })
    }

    pub(super) fn shrunk(&self) -> Result<Pattern, String> {
        self.stretched(self.half()?, 0.5, |row, delay| (i64::from(row / 2), (delay + f64::from(row % 2)) * 0.5))
    }

    /// Every step where `place` says, by row and delay, and what it counts in rows so many times as much.
    fn stretched(&self, rows: u32, times: f64, place: impl Fn(u32, f64) -> (i64, f64)) -> Result<Pattern, String> {
        let mut taken = BTreeSet::new();
        let mut stretch = |(cell, step): &(Cell, Step)| {
            let line = cell.row + 1;
            let (row, delay) = place(cell.row, step.delay.map_or(0.0, Num::get));
            let row = u32::try_from(row).map_err(|_| format!("row {line}: its step would come before the pattern"))?;
            let cell = Cell { row, ..*cell };
            if !taken.insert(cell) {
                return Err(format!(
                    "row {line}: two steps would come into column {} of row {}",
                    cell.column + 1,
                    row + 1
                ));
            }
            let scaled = |number: Option<Num>| number.map(|number| Num::of(number.get() * times));
            let own = step.delay.is_some() || delay != 0.0;
            let (length, glide) = (scaled(step.length), scaled(step.glide));
            entry(cell, Step { length, glide, delay: own.then(|| Num::of(delay)), ..step.clone() })
        };
        let entries = self.steps.entries().map(|old| stretch(old)).collect::<Result<Vec<_>, String>>()?;
        self.of(rows, entries)
    }
}
