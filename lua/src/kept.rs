//! What `keep` has given out is as it was when the evaluation fails: a failing script changes nothing.
//!
//! The tables of a kept value are copied, each by itself, before an evaluation gets it, and filled again if it fails. So
//! timers that hold them see nothing of it either.

use std::collections::BTreeSet;

use mlua::{Lua, Result, Table, Value};

use crate::bounds;

/// Where the tables of an evaluation and their copies are, one after the other.
pub const SAVED: &str = "cantus.saved";

/// Entries of a value that are copied at the most; of a larger one what a failing evaluation has changed stays changed.
const MOST: usize = 20_000;

/// Copies what a kept value holds.
///
/// # Errors
/// When the budget is used up, or Lua has no memory.
pub fn save(lua: &Lua, value: &Value) -> Result<()> {
    let Value::Table(whole) = value else { return Ok(()) };
    let (mut tables, mut seen) = (vec![whole.clone()], BTreeSet::from([whole.to_pointer()]));
    let (mut copies, mut entries) = (Vec::new(), 0);
    while let Some(table) = tables.get(copies.len()) {
        let (table, copy) = (table.clone(), lua.create_table()?);
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            entries += 1;
            if entries > MOST {
                return Ok(());
            }
            for within in [&key, &value] {
                if let Value::Table(within) = within
                    && seen.insert(within.to_pointer())
                {
                    tables.push(within.clone());
                }
            }
            copy.raw_set(key, value)?;
        }
        copy.set_metatable(table.metatable())?;
        copies.push(copy);
    }
    bounds::pay(lua, 10 * (entries + tables.len()) as u64)?;
    let saved: Table = lua.named_registry_value(SAVED)?;
    for (table, copy) in tables.into_iter().zip(copies) {
        saved.raw_push(table)?;
        saved.raw_push(copy)?;
    }
    Ok(())
}

/// The evaluation has ended: if not well, all that was saved is as it was.
///
/// # Errors
/// When Lua has no memory.
pub fn settle(lua: &Lua, well: bool) -> Result<()> {
    let saved: Table = lua.named_registry_value(SAVED)?;
    if saved.raw_len() == 0 {
        return Ok(());
    }
    // What was saved twice was saved first as it had been.
    let places = if well { 0 } else { saved.raw_len() };
    for at in (1..places).step_by(2).rev() {
        restore(&saved.raw_get(at)?, &saved.raw_get(at + 1)?)?;
    }
    lua.set_named_registry_value(SAVED, lua.create_table()?)
}

fn restore(table: &Table, copy: &Table) -> Result<()> {
    let keys = table.pairs::<Value, Value>().map(|pair| pair.map(|(key, _)| key)).collect::<Result<Vec<_>>>()?;
    keys.into_iter().try_for_each(|key| table.raw_set(key, Value::Nil))?;
    for pair in copy.pairs::<Value, Value>() {
        let (key, value) = pair?;
        table.raw_set(key, value)?;
    }
    table.set_metatable(copy.metatable())
}
