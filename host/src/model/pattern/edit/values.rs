//! Edits that change what stands in steps, and leave them where they are.

use std::sync::Arc;

use cantus_plugin_api::math;

use super::super::super::value::Num;
use super::super::{COLUMNS, Cell, Note, Pattern, Step, StepField};
use super::{Area, Entry, with};

impl Pattern {
    /// Every step of an area as it is then; `None`: as it is now. Errors of it get the row.
    pub(super) fn valued(
        &self,
        area: Area,
        mut then: impl FnMut(Cell, &Step) -> Result<Option<Step>, String>,
    ) -> Result<Pattern, String> {
        let mut value = |old: &Entry| {
            let (cell, step) = &**old;
            if !area.has(*cell) {
                return Ok(old.clone());
            }
            match then(*cell, step).map_err(|e| format!("row {}: {e}", cell.row + 1))? {
                Some(now) if now != *step => super::entry(*cell, now),
                _ => Ok(old.clone()),
            }
        };
        let entries = self.steps.entries().map(&mut value).collect::<Result<_, String>>()?;
        self.of(self.rows, entries)
    }

    pub(super) fn transposed(&self, area: Area, by: Num) -> Result<Pattern, String> {
        self.valued(area, |_, step| {
            let Some(note) = step.number() else { return Ok(None) };
            with(step, &StepField::Note, note.get() + by.get()).map(Some)
        })
    }

    pub(super) fn interpolated(&self, area: Area, field: &StepField, curve: Num) -> Result<Pattern, String> {
        if !(-1.0..=1.0).contains(&curve.get()) {
            return Err(format!("cannot be interpolated with a curve of {}; -1 to 1 are possible", curve.get()));
        }
        let power = math::exp2(2.0 * curve.get());
        // Of each column, the first and the last place that has the number.
        let mut ends = [None; COLUMNS as usize];
        for (cell, step) in self.steps.iter().filter(|(cell, _)| area.has(**cell)) {
            if let Some(value) = field.get(step) {
                let here = (cell.row, value);
                let (_, last) = ends[usize::from(cell.column)].get_or_insert((here, here));
                *last = here;
            }
        }
        self.valued(area, |cell, step| {
            let Some((first, last)) = ends[usize::from(cell.column)] else { return Ok(None) };
            if !field.suits(step) || cell.row <= first.0 || cell.row >= last.0 {
                return Ok(None);
            }
            let way = f64::from(cell.row - first.0) / f64::from(last.0 - first.0);
            let curved = if power == 1.0 { way } else { math::pow(way, power) };
            let value = first.1 + (last.1 - first.1) * curved;
            // Rounding does not lead beyond the ends.
            let value = value.clamp(first.1.min(last.1), first.1.max(last.1));
            with(step, field, if field.is_whole() { value.round() } else { value }).map(Some)
        })
    }

    pub(super) fn randomised(
        &self,
        area: Area,
        field: &StepField,
        (low, high): (Num, Num),
        seed: u32,
    ) -> Result<Pattern, String> {
        let (mut low, mut high) = (low.get(), high.get());
        if field.is_whole() {
            (low, high) = (low.ceil(), high.floor());
        }
        if low > high {
            return Err(format!("cannot get a random {field} from {low} to {high}; the first is the least"));
        }
        self.valued(area, |cell, step| {
            if !field.suits(step) {
                return Ok(None);
            }
            let drawn = draw(seed, cell);
            let value =
                if field.is_whole() { low + (drawn * (high - low + 1.0)).floor() } else { low + drawn * (high - low) };
            with(step, field, value.clamp(low, high)).map(Some)
        })
    }

    pub(super) fn joined(&self, area: Area) -> Result<Pattern, String> {
        // Of each column, from behind, where its next step begins.
        let mut next = [f64::from(area.last.row) + 1.0; COLUMNS as usize];
        let mut entries: Vec<Entry> = self.steps.entries().cloned().collect();
        for old in entries.iter_mut().rev().filter(|old| area.has(old.0)) {
            let (cell, step) = &**old;
            let place = f64::from(cell.row) + step.delay.map_or(0.0, Num::get);
            let length = std::mem::replace(&mut next[usize::from(cell.column)], place) - place;
            let ends = matches!(step.note, Some(Note::Off | Note::Cut));
            // Delays can let the next one begin before it.
            if !ends && length > 0.0 && step.length != Num::new(length) {
                *old = Arc::new((*cell, Step { length: Num::new(length), ..step.clone() }));
            }
        }
        self.of(self.rows, entries)
    }
}

/// A random number from 0 to less than 1, of a seed and a place: Vigna's splitmix64 of both (public domain).
fn draw(seed: u32, cell: Cell) -> f64 {
    let place = u64::from(cell.row) << 6 | u64::from(cell.column);
    let mut z = (u64::from(seed) << 32 | place).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
        z = (z ^ (z >> shift)).wrapping_mul(factor);
    }
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}
