//! The forms in which scripts write a pattern, made of the pattern: tracker text, a table, mini-notation. What each gives,
//! `pattern` reads back to an equal pattern.

use cantus_host::model::{Cell, Note, Num, Pattern, Radix, Step, note_name};
use mlua::{Lua, Result, Table, Value};

use crate::bounds;
use crate::context::with;
use crate::error::blame;
use crate::library::{Row, call};
use crate::pattern::PatternHandle;
use crate::step;
use crate::values::{self, a};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "tracker",
        signature: "(text: string) -> cantus.PatternTable",
        doc: "Reads tracker text, a line for each row: note, slot, velocity and delay in two hex digits or .., then words, \
          and | between cells. The result is a table that pattern takes. Notes are C-4, C#4, 61.5, OFF, CUT, x for none \
          and ... for an empty cell; slots 01 to 80, velocities 00 to 80, which is 1, delays 00 to FF, in 256ths of a row. \
          Words: i2 instrument, s2 slot, v0.8 velocity, l1.5 length, d-0.25 delay, g2 glide, ?0.5 chance, 2:4 ratio, \
          first, pre, fill and every4 conditions, or !first, r4:-0.5:0.2 ratchet with ramp and curve, cutoff=800 lock. \
          Rows follow one another, or have a number from 1 and a colon, 0A:. The first line may be a header, rows 64 \
          steps_per_beat 4 hex; after decimal, columns have three digits, 001 to 128. # and -- begin remarks.",
        example: "pattern(\"beat\", tracker [[
                C-4 01 80 .. | ...
                ... .. .. .. | G-4 02 40 80 ?0.5
                D#4 01 60 .. | OFF
              ]])
              pattern(\"sparse\", tracker [[
                rows 64 steps_per_beat 8 decimal
                1: C-4 001 128 ...
                33: x cutoff=800 r4
              ]])",
        function: |lua, args| call(lua, args, read),
    },
    Row {
        name: "pattern:tracker",
        signature: "(radix?: \"hex\"|\"decimal\") -> string",
        doc: "The pattern as tracker text, in hex unless you say \"decimal\"; tracker reads it.",
        example: "local beat = pattern(\"beat\", \"C4 . x .\")  print(beat:tracker())  \
              pattern(\"again\", tracker(beat:tracker(\"decimal\")))",
        function: |lua, args| call(lua, args, text),
    },
    Row {
        name: "pattern:table",
        signature: "() -> cantus.PatternTable",
        doc: "The pattern as a table that is yours to change: rows, steps_per_beat, and for each row that has any its step, \
          or a list of them by column with false where there is none; behind has those that are behind the last row. \
          pattern reads it.",
        example: "local t = pattern(\"beat\", \"C4 . x .\"):table()  t[3].velocity = 0.5  pattern(\"softer\", t)",
        function: |lua, args| call(lua, args, |lua, this: Value| made(&this, "table", lua, |made| table(lua, made))),
    },
    Row {
        name: "pattern:mini",
        signature: "() -> string, cantus.PatternOptions",
        doc: "The pattern in mini-notation, and the options with which pattern makes it of mini(text): rows, \
          steps_per_beat, and lanes if it has several columns. Steps that are more than a note stand in backquotes.",
        example: "local beat = pattern(\"beat\", \"C4 = x .\")  local text, options = beat:mini()  \
              assert(text == \"c4 _ x ~\")  pattern(\"again\", mini(text), options)",
        function: |lua, args| call(lua, args, |lua, this: Value| made(&this, "mini", lua, |made| mini(lua, made))),
    },
];

/// Does something with the pattern that a method is called on.
fn made<T>(this: &Value, method: &str, lua: &Lua, f: impl FnOnce(&Pattern) -> Result<T>) -> Result<T> {
    let name = match this {
        Value::UserData(data) if data.is::<PatternHandle>() => data.borrow::<PatternHandle>()?.name.clone(),
        other => {
            return Err(blame(format!("call it with a colon, as in beat:{method}(); this has {} before it", a(other))));
        }
    };
    let found = with(lua, |work| Ok(work.model.patterns.get(&name).cloned()))?;
    let found = found.ok_or_else(|| blame(format!("there is no pattern \"{name}\" any more")))?;
    bounds::pay(lua, bounds::STEP * found.steps.len() as u64)?;
    f(&found).map_err(|problem| blame(format!("{name}:{method}: {problem}")))
}

/// `tracker(text)`.
fn read(lua: &Lua, text: Value) -> Result<Table> {
    let text = values::text(&text, "what tracker reads")?;
    let steps = steps_of(&text);
    bounds::pay(lua, text.len() as u64 + bounds::STEP * steps as u64)?;
    if steps > bounds::CELLS {
        return Err(blame(format!(
            "tracker: these are {steps} steps, more than {}; write several patterns, and play them one after the other \
             with chain",
            bounds::CELLS
        )));
    }
    let made = Pattern::from_tracker(&text).map_err(|problem| blame(format!("tracker: {problem}")))?;
    table(lua, &made)
}

/// How many cells of tracker text are not empty.
fn steps_of(text: &str) -> usize {
    let empty = |cell: &&str| {
        let behind_number = cell.split_once(':').map_or(*cell, |(_, behind)| behind);
        behind_number.chars().all(|c| c.is_whitespace() || ".-".contains(c))
    };
    text.split(['|', '\n']).filter(|cell| !empty(cell)).count()
}

fn text(lua: &Lua, (this, radix): (Value, Value)) -> Result<String> {
    made(&this, "tracker", lua, |made| {
        let radix = match &radix {
            Value::Nil => Radix::Hex,
            Value::String(word) if &*word.to_string_lossy() == "hex" => Radix::Hex,
            Value::String(word) if &*word.to_string_lossy() == "decimal" => Radix::Decimal,
            other => return Err(blame(format!("it is \"hex\" or \"decimal\", not {}", a(other)))),
        };
        bounds::pay(lua, bounds::STEP * u64::from(made.rows) * u64::from(columns(made)))?;
        Ok(made.tracker(radix))
    })
}

/// Columns up to the last that has a step.
fn columns(pattern: &Pattern) -> u16 {
    pattern.steps.keys().map(|cell| cell.column + 1).max().unwrap_or(1)
}

/// The pattern as a plain table.
fn table(lua: &Lua, pattern: &Pattern) -> Result<Table> {
    let (table, behind) = (lua.create_table()?, lua.create_table()?);
    table.raw_set("rows", pattern.rows)?;
    table.raw_set("steps_per_beat", step::plain(pattern.steps_per_beat))?;
    let mut steps = pattern.steps.iter().peekable();
    while let Some((Cell { row, column }, step)) = steps.next() {
        let step = step::table(lua, step)?;
        let alone = *column == 0 && steps.peek().is_none_or(|(next, _)| next.row != *row);
        let entry = if alone { step } else { chord(lua, &mut steps, *row, *column, step)? };
        let to = if *row < pattern.rows { &table } else { &behind };
        to.raw_set(*row + 1, entry)?;
    }
    if !behind.is_empty() {
        table.raw_set("behind", behind)?;
    }
    Ok(table)
}

/// The steps of a row by column, from the first of them on.
fn chord<'a>(
    lua: &Lua,
    steps: &mut std::iter::Peekable<impl Iterator<Item = (&'a Cell, &'a Step)>>,
    row: u32,
    column: u16,
    first: Table,
) -> Result<Table> {
    let list = lua.create_table()?;
    (1..=column).try_for_each(|hole| list.raw_set(hole, false))?;
    list.raw_set(column + 1, first)?;
    let mut next = column + 2;
    while let Some((cell, step)) = steps.next_if(|(cell, _)| cell.row == row) {
        (next..=cell.column).try_for_each(|hole| list.raw_set(hole, false))?;
        list.raw_set(cell.column + 1, step::table(lua, step)?)?;
        next = cell.column + 2;
    }
    Ok(list)
}

/// Characters and steps of a text that `mini` reads.
const LONGEST: usize = 100_000;
const MOST: usize = 20_000;
/// Rows that are written by a sign each, `~ ~ ~` and `c4 _ _`; more are `~@9` and `c4@9`.
const SIGNS: u32 = 8;

/// The pattern in mini-notation, and the options that make it again.
fn mini(lua: &Lua, pattern: &Pattern) -> Result<(String, Table)> {
    if let Some(cell) = pattern.steps.keys().find(|cell| cell.row >= pattern.rows) {
        return Err(blame(format!(
            "row {} is behind the last row, which is {}; no cycle has that: use table or tracker",
            cell.row + 1,
            pattern.rows
        )));
    }
    let columns = columns(pattern);
    let mut cells = vec![Vec::new(); columns.into()];
    pattern.steps.iter().for_each(|(cell, step)| cells[usize::from(cell.column)].push((cell.row, step)));
    let written: Vec<Vec<String>> = cells.iter().map(|cells| sequence(cells, pattern.rows)).collect();
    let atoms: usize = written.iter().map(Vec::len).sum();
    let text = written.iter().map(|atoms| atoms.join(" ")).collect::<Vec<_>>().join(", ");
    if text.len() > LONGEST || atoms > MOST {
        return Err(blame(format!(
            "its text would have {} characters and {atoms} steps; mini reads {LONGEST} and {MOST}: use table or tracker",
            text.len()
        )));
    }
    bounds::pay(lua, text.len() as u64)?;
    let options = lua.create_table()?;
    options.raw_set("rows", pattern.rows)?;
    options.raw_set("steps_per_beat", step::plain(pattern.steps_per_beat))?;
    if columns > 1 {
        options.raw_set("lanes", true)?;
    }
    Ok((text, options))
}

/// A column in mini-notation; its steps by row.
fn sequence(cells: &[(u32, &Step)], rows: u32) -> Vec<String> {
    let (mut out, mut at) = (Vec::new(), 0);
    for (i, (row, step)) in cells.iter().enumerate() {
        spread(&mut out, "~".to_owned(), "~", row - at);
        let free = cells.get(i + 1).map_or(rows, |(next, _)| *next) - row;
        // Of a step that lasts one row, a cycle says nothing: that is what it lasts without a length.
        let held = step.length.map(Num::get).filter(|l| l.fract() == 0.0 && (2.0..=f64::from(free)).contains(l));
        let length = step.length.filter(|_| held.is_none());
        let held = held.map_or(1, |rows| rows as u32);
        spread(&mut out, atom(&Step { length, ..(*step).clone() }), "_", held);
        at = row + held;
    }
    spread(&mut out, "~".to_owned(), "~", rows - at);
    out
}

/// Something that takes so many rows.
fn spread(out: &mut Vec<String>, atom: String, further: &str, rows: u32) {
    if rows > SIGNS {
        out.push(format!("{atom}@{rows}"));
    } else if rows > 0 {
        out.push(atom);
        out.extend((1..rows).map(|_| further.to_owned()));
    }
}

/// A step as a word of mini-notation, if that says all, else in backquotes.
fn atom(step: &Step) -> String {
    let is = |other: Step| *step == other;
    if is(Step::default()) {
        return "x".to_owned();
    }
    if is(Step { velocity: Some(Num::ONE), ..Step::default() }) {
        return "X".to_owned();
    }
    if let Some(Note::Pitch(note)) = step.note
        && is(Step::pitch(note))
    {
        return note_name(note.get()).map_or_else(|| note.get().to_string(), |name| name.to_lowercase());
    }
    // A backquote within is doubled.
    format!("`{}`", step.to_string().replace('`', "``"))
}
