//! `pattern(name, rows, options)`: what scripts write becomes lanes, and [`notation`] compiles them.

use cantus_host::control::When;
use cantus_host::model::command::{RemovePatternCommand, SetPatternCommand};
use cantus_host::model::{Name, Note, Num, Pattern, Refusal, Step};
use mlua::{Lua, MetaMethod, Result, Table, UserData, UserDataFields, UserDataMethods, Value};

use crate::bounds;
use crate::context::{run, with};
use crate::edits;
use crate::error::{blame, located, refused};
use crate::library::{Row, call};
use crate::notation::{self, Cell, Lane};
use crate::step;
use crate::values::{self, Key, a, number};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "pattern",
        signature: "(name: string, rows?: string|table, options?: cantus.PatternOptions) -> cantus.Pattern",
        doc: "A pattern, by name. Rows are text (\"x . X . | C4 = . OFF\": x hit, X accent, . nothing, = longer, notes, OFF and \
          CUT end them), a list of the same and of tables of what a step has: note, instrument, slot, velocity, length, \
          delay, chance, ratio (\"1:4\"), condition (\"first\", \"pre\", \"fill\", \"every 4\", \"!first\"), ratchet (4, {hits =, \
          ramp =, curve =}), glide, locks ({cutoff = 800}); or lanes = {{\"x . x .\", slot = 1}, ...} side by side. A list \
          within is notes at once, by column; false leaves one out. Options: steps_per_beat (4), rows, and what every step \
          has that does not say otherwise; a length is 1 row, 0 lets it ring. tracker(text) reads tracker text. {rows =, \
          steps = {...}} takes its rows in decimal and words, \"3: C4 s2 v0.8 l1.5 | x\". A cycle, as mini(\"bd ~ sn\") \
          makes it, lasts a bar or {cycle = beats}; it repeats within the pattern until all of it has come, or {cycles = \
          n} times, and has as many rows as its onsets need, or {steps_per_beat = n} of them; or {rows = n} in all. Its \
          numbers are notes, or with {as = \"slot\"} slots; words that are no notes are named by {slots = {bd = 1, sn = \
          2}}; with {lanes = true} what it stacks has columns of its own. Without rows it is the pattern that is there.",
        example: "pattern(\"line\", \"C4 = E4 . | G4 . X .\", {steps_per_beat = 2})  \
              pattern(\"kit\", {lanes = {{\"x...x...\", slot = 1}, {\"..x...x.\", slot = 2, velocity = 0.5}}})  \
              pattern(\"sparse\", {rows = 16, [1] = \"x\", [5] = {note = \"C4\", chance = 0.5}, [9] = {60, 64, ratchet = 3}})  \
              pattern(\"exact\", {rows = 8, steps_per_beat = 2, steps = {\"1: C4 s1 v0.8\", \"3: E4 l1.5 | x\"}})",
        function: |lua, args| call(lua, args, pattern),
    },
    Row {
        name: "remove_pattern",
        signature: "(pattern: cantus.Pattern|string)",
        doc: "Removes a pattern, by name; what plays it falls silent.",
        example: "pattern(\"beat\", \"x .\")  remove_pattern(\"beat\")",
        function: |lua, args| {
            call(lua, args, |lua, name: Value| {
                let name = match &name {
                    Value::UserData(data) if data.is::<PatternHandle>() => data.borrow::<PatternHandle>()?.name.clone(),
                    name => values::text(name, "the name of a pattern")?.into(),
                };
                run(lua, RemovePatternCommand { name })
            })
        },
    },
];

/// A pattern as scripts hold it. `tostring` gives its name.
#[derive(Clone, Debug)]
pub struct PatternHandle {
    /// Its name.
    pub name: Name,
    /// When what is done with it is to be done.
    pub when: When,
}

impl PatternHandle {
    /// The pattern of that name.
    pub fn new(name: Name) -> PatternHandle {
        PatternHandle { name, when: When::Now }
    }
}

/// What a lane and the options after the rows may say, besides what a step may.
const OPTIONS: [&str; 5] = ["steps_per_beat", "per_beat", "rows", "lanes", "behind"];

/// What a pattern of written steps says.
const STEPS: [&str; 4] = ["steps", "steps_per_beat", "per_beat", "rows"];

/// What a pattern's options say.
#[derive(Default)]
struct Options {
    steps_per_beat: Option<Num>,
    rows: Option<u32>,
    defaults: Step,
}

impl Options {
    fn read(table: &Table) -> Result<Options> {
        let speed = match table.raw_get::<Value>("steps_per_beat")? {
            Value::Nil => table.raw_get::<Value>("per_beat")?,
            speed => speed,
        };
        let rows = table.raw_get::<Value>("rows")?;
        let count = |v: &Value| {
            let rows = number(v, "rows")?.get();
            let whole = rows.fract() == 0.0 && (1.0..=65_536.0).contains(&rows);
            whole.then_some(rows as u32).ok_or_else(|| blame("rows is a whole number from 1 to 65536"))
        };
        Ok(Options {
            steps_per_beat: (!speed.is_nil()).then(|| number(&speed, "steps_per_beat")).transpose()?,
            rows: (!rows.is_nil()).then(|| count(&rows)).transpose()?,
            defaults: step::read(table)?,
        })
    }

    fn or(self, other: Options) -> Options {
        Options {
            steps_per_beat: self.steps_per_beat.or(other.steps_per_beat),
            rows: self.rows.or(other.rows),
            defaults: self.defaults.or(&other.defaults),
        }
    }
}

fn pattern(lua: &Lua, (name, rows, options): (Value, Value, Value)) -> Result<PatternHandle> {
    let name: Name = values::text(&name, "the name of a pattern")?.into();
    if rows.is_nil() && options.is_nil() {
        let there = with(lua, |work| Ok(work.model.patterns.contains(&*name)))?;
        return there.then(|| PatternHandle::new(name.clone())).ok_or_else(|| {
            blame(format!("there is no pattern \"{name}\"; to make it, say its rows: pattern(\"{name}\", \"x . x .\")"))
        });
    }
    let made = read(lua, &rows, &options).map_err(|problem| blame(format!("pattern \"{name}\": {problem}")))?;
    if let Some(problem) = made.problem() {
        return Err(refused(&Refusal::BadPattern { name, problem }));
    }
    run(lua, SetPatternCommand { name: name.clone(), pattern: made })?;
    Ok(PatternHandle::new(name))
}

fn read(lua: &Lua, rows: &Value, options: &Value) -> Result<Pattern> {
    let mut said = match options {
        Value::Nil => Options::default(),
        Value::Table(table) => {
            values::only_keys(table, &step::and(&OPTIONS), "it")?;
            Options::read(table)?
        }
        other => return Err(blame(format!("options are a table, not {}", a(other)))),
    };
    let mut room = Room { lua, left: bounds::CELLS };
    let mut behind = None;
    let lanes = match rows {
        Value::Table(table) => {
            let steps = table.raw_get::<Value>("steps")?;
            if !steps.is_nil() {
                return written(lua, table, &steps, said);
            }
            values::only_keys(table, &step::and(&OPTIONS), "it")?;
            said = said.or(Options::read(table)?);
            let rest = table.raw_get::<Value>("behind")?;
            if !rest.is_nil() {
                let rest = lane(&mut room, &rest, &said.defaults);
                behind = Some(rest.map_err(|problem| blame(format!("behind: {problem}")))?);
            }
            match table.raw_get::<Value>("lanes")? {
                Value::Nil => vec![lane(&mut room, rows, &said.defaults)?],
                Value::Table(lanes) => {
                    let lanes = lanes.sequence_values::<Value>().enumerate().map(|(i, value)| {
                        lane(&mut room, &value?, &said.defaults).map_err(|e| blame(format!("lane {}, {e}", i + 1)))
                    });
                    lanes.collect::<Result<Vec<_>>>()?
                }
                other => return Err(blame(format!("lanes are a list, not {}", a(&other)))),
            }
        }
        rows => vec![lane(&mut room, rows, &said.defaults)?],
    };
    let speed = said.steps_per_beat.unwrap_or(Num::new(4.0).expect("finite"));
    let made = notation::compile(&lanes, said.rows, speed).map_err(blame)?;
    match behind {
        None => Ok(made),
        Some(rest) => notation::behind(made, &rest).map_err(blame),
    }
}

/// `{rows = 16, steps = {"1: C4 s1 v0.8", ...}}`: what a session's file says of a pattern.
fn written(lua: &Lua, table: &Table, steps: &Value, said: Options) -> Result<Pattern> {
    values::only_keys(table, &STEPS, "a pattern with steps")?;
    if table.raw_len() > 0 {
        return Err(blame("a pattern with steps has no other rows"));
    }
    let Value::Table(lines) = steps else { return Err(blame(format!("steps are a list of lines, not {}", a(steps)))) };
    let said = said.or(Options::read(table)?);
    let silent = said.defaults == Step::default();
    let mut pattern = Pattern::new(1, said.steps_per_beat.unwrap_or(Num::new(4.0).expect("finite")));
    for line in lines.sequence_values::<Value>() {
        let line = values::text(&line?, "a line of steps")?;
        bounds::pay(lua, bounds::STEP + line.len() as u64)?;
        pattern.read_line(&line).map_err(blame)?;
    }
    let last = pattern.steps.keys().map(|cell| cell.row + 1).max();
    pattern.rows = said.rows.or(last).unwrap_or(1);
    if !silent {
        pattern.steps = pattern.steps.iter().map(|(at, step)| (*at, step.or(&said.defaults))).collect();
    }
    Ok(pattern)
}

/// What may still be read. A short script can say much: one chord may stand on every row of every lane.
struct Room<'a> {
    lua: &'a Lua,
    left: usize,
}

impl Room<'_> {
    /// Takes and pays for what stands on a row.
    fn take(&mut self, cell: Cell) -> Result<Cell> {
        let size = if let Cell::Notes(notes) = &cell { notes.len().max(1) } else { 1 };
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            blame(format!(
                "these are more than {} rows and notes; write several patterns, and play them one after the other with chain",
                bounds::CELLS
            ))
        })?;
        bounds::pay(self.lua, bounds::STEP * size as u64)?;
        Ok(cell)
    }
}

/// Text, a list, or a list of one text.
fn lane(room: &mut Room, rows: &Value, defaults: &Step) -> Result<Lane> {
    let table = match rows {
        Value::String(text) => return signs(room, &text.to_string_lossy(), defaults.clone()),
        Value::Table(table) => table,
        other => return Err(blame(format!("rows are text or a list, not {}", a(other)))),
    };
    values::only_keys(table, &step::and(&OPTIONS), "a lane")?;
    let defaults = step::read(table)?.or(defaults);
    let entries: Vec<(i64, Value)> = values::sorted(table)?
        .into_iter()
        .filter_map(|(key, value)| if let Key::At(n) = key { Some((n, value)) } else { None })
        .collect();
    if let [(1, Value::String(text))] = &entries[..] {
        return signs(room, &text.to_string_lossy(), defaults);
    }
    if let [(1, Value::String(text)), (_, stray), ..] = &entries[..] {
        beside(room, &text.to_string_lossy(), stray)?;
    }
    let mut cells = Vec::with_capacity(entries.len());
    for (n, value) in entries {
        let row = u32::try_from(n).ok().filter(|n| (1..=65_536).contains(n));
        let row = row.ok_or_else(|| blame(format!("row {n}: rows are numbered from 1 to 65536")))?;
        let cell = cell(&value).and_then(|cell| room.take(cell)).map_err(|e| blame(format!("row {n}: {e}")))?;
        cells.push((row - 1, cell));
    }
    let rows = cells.last().map_or(0, |(row, _)| row + 1);
    Ok(Lane { defaults, cells, rows })
}

/// Refuses what stands behind text that is a whole lane.
fn beside(room: &Room, text: &str, stray: &Value) -> Result<()> {
    bounds::pay(room.lua, text.len() as u64)?;
    if notation::whole(text.trim()).is_some() || notation::cells(text).is_err() {
        return Ok(());
    }
    if let Value::String(_) = stray {
        return Err(blame(format!(
            "row 1: \"{text}\" is several steps; side by side they are lanes = {{{{\"{text}\"}}, ...}}"
        )));
    }
    let (stray, number) = (a(stray), if stray.is_integer() { a(stray) } else { "1".to_owned() });
    Err(blame(format!(
        "row 2: {stray} behind \"{text}\", which is all the steps, means nothing; what else they have is named: \
         {{\"{text}\", slot = {number}}}"
    )))
}

fn signs(room: &mut Room, text: &str, defaults: Step) -> Result<Lane> {
    bounds::pay(room.lua, text.len() as u64)?;
    let cells = notation::cells(text).map_err(blame)?.into_iter().map(|cell| room.take(cell));
    let cells: Vec<(u32, Cell)> = (0..).zip(cells).map(|(row, cell)| Ok((row, cell?))).collect::<Result<_>>()?;
    let rows = cells.last().map_or(0, |(row, _)| row + 1);
    Ok(Lane { defaults, cells, rows })
}

/// One entry of a list.
fn cell(value: &Value) -> Result<Cell> {
    match value {
        Value::Boolean(false) => Ok(Cell::Empty),
        Value::Boolean(true) => Ok(notation::hit(false)),
        Value::Integer(_) | Value::Number(_) => values::note(value).map(Note::Pitch).map(notation::note),
        Value::String(text) => {
            let text = text.to_string_lossy();
            if text.split_whitespace().nth(1).is_some() {
                return Err(blame(format!(
                    "\"{text}\" is several steps; side by side they are lanes = {{{{\"{text}\"}}, ...}}"
                )));
            }
            let wrong = || blame(format!("\"{text}\" is not a step; write x, X, ., = or a note such as C4"));
            notation::whole(text.trim()).ok_or_else(wrong)
        }
        Value::Table(table) => chord(table).map(Cell::Notes),
        other => Err(blame(format!("{} is not a step; write \"x\", \"C4\", a table or false", a(other)))),
    }
}

/// A table that is a note, or several that begin together and have in common what it names; false leaves a column out.
fn chord(table: &Table) -> Result<Vec<Option<Step>>> {
    values::only_keys(table, &step::KEYS, "a step")?;
    let common = step::read(table)?;
    let notes = values::sorted(table)?.into_iter().filter(|(key, _)| matches!(key, Key::At(_)));
    let notes = notes.map(|(_, value)| match value {
        Value::Boolean(false) => Ok(None),
        Value::Table(table) => {
            values::only_names(&table, &step::KEYS, "a note of a chord")?;
            step::read(&table).map(Some)
        }
        note => Ok(Some(Step { note: Some(step::note(&note)?), ..Step::default() })),
    });
    let notes = notes.map(|note| note.map(|note| Some(note?.or(&common)))).collect::<Result<Vec<_>>>()?;
    Ok(if notes.is_empty() { vec![Some(common)] } else { notes })
}

impl UserData for PatternHandle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "pattern");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(this.name.to_string()));
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: Value| {
            field(lua, &this.name, &key).map_err(|e| located(lua, e))
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, this, (key, value): (Value, Value)| {
            edits::set_field(lua, this, &key, &value).map_err(|e| located(lua, e))
        });
        methods.add_meta_function(MetaMethod::Eq, |_, (a, b): (Value, Value)| {
            let name =
                |v: &Value| v.as_userdata().and_then(|d| d.borrow::<PatternHandle>().ok()).map(|h| h.name.clone());
            Ok(name(&a).is_some() && name(&a) == name(&b))
        });
    }
}

fn field(lua: &Lua, name: &Name, key: &Value) -> Result<Value> {
    let key = values::text(key, "what a pattern is asked for")?;
    let there = with(lua, |work| Ok(work.model.patterns.get(name).map(|p| (p.rows, p.steps_per_beat.get()))))?;
    let (rows, speed) = there.ok_or_else(|| blame(format!("there is no pattern \"{name}\" any more")))?;
    match key.as_str() {
        "name" => lua.create_string(name.as_bytes()).map(Value::String),
        "rows" => Ok(Value::Integer(i64::from(rows))),
        "steps_per_beat" => Ok(Value::Number(speed)),
        key => edits::method(lua, name, key),
    }
}
