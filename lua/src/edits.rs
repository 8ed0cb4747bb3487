//! What scripts do with a pattern they hold: `beat:transpose(12, {rows = {1, 8}})`, `beat.rows = 32`. Each is one command,
//! and answers the pattern, so that one can follow another.

mod fields;
mod reading;

use cantus_host::control::When;
use cantus_host::model::command::{ClearStepCommand, EditPatternCommand, SetStepCommand};
use cantus_host::model::{Cell, Command, Name, Num, Pattern, PatternEdit, Selection};
use mlua::{Lua, Result, Value};

use crate::bounds::{self, AFTERWARDS};
use crate::context::{change, context, run, with};
use crate::error::{blame, refused};
use crate::library::{Row, call};
use crate::pattern::PatternHandle;
use crate::performing;
use crate::values::{self, number, whole};

use fields::shape;
use reading::{Clip, Part, at, clip, field, step};

pub use fields::{method, set_field};

/// The object whose methods they are.
const OBJECT: &str = "pattern";

/// The area's functions: methods of patterns.
pub const ROWS: &[Row] = &[
    Row {
        name: "pattern:set",
        signature: "(row: integer, column: integer, step?: string|number|boolean|table) -> cantus.Pattern",
        doc: "Puts a step in: text (\"C4 s2 v0.8\", \"OFF\", \"x ?0.5 cutoff=800\"), a note, true, or a table such as \
              {note = \"C4\", velocity = 0.5, chance = 0.5}. With nil or false it takes out what is there. Rows and columns count from 1.",
        example: "local p = pattern(\"riff\", \"C4 . E4 .\")  p:set(2, 1, \"G4 v0.5 ?0.5\")  p:set(3, 1, nil)  \
                  p:set(4, 2, {note = \"C3\", length = 2})",
        function: |lua, args| call(lua, args, set),
    },
    Row {
        name: "pattern:get",
        signature: "(row: integer, column: integer) -> string? or (row: integer, column: integer, field: string) -> number?",
        doc: "The step in a place, as set takes it, or one of its numbers: note, instrument, slot, velocity, length, delay, \
              chance, glide, or what a parameter is locked to. nil if there is none.",
        example: "local p = pattern(\"riff\", \"C4 . E4 .\")  assert(p:get(3, 1) == \"E4\" and p:get(3, 1, \"note\") == 64)",
        function: |lua, args| call(lua, args, get),
    },
    Row {
        name: "pattern:clear",
        signature: "(selection?: cantus.Selection) -> cantus.Pattern",
        doc: "Takes all steps of a selection out: {rows = {1, 8}, columns = {1, 2}}, {row = 3, column = 1}; without rows all \
              that are played, without columns all.",
        example: "pattern(\"beat\", \"x x x x\"):clear{rows = {3, 4}}",
        function: |lua, args| {
            call(lua, args, |lua, (this, part): (Value, Value)| edit(lua, this, "clear", &part, PatternEdit::Clear))
        },
    },
    Row {
        name: "pattern:insert",
        signature: "(row: integer, count?: integer, columns?: integer|integer[]) -> cantus.Pattern",
        doc: "Makes room at a row, for one row or so many, in all columns or some. What stands there or later moves down, \
              and is kept behind the last row.",
        example: "pattern(\"riff\", \"C4 D4 E4 .\"):insert(2)",
        function: |lua, args| {
            call(lua, args, |lua, (this, row, count, columns): (Value, Value, Value, Value)| {
                let part = reading::some_rows(&row, &count, &columns, "insert")?;
                done(lua, this, "insert", part, PatternEdit::Insert)
            })
        },
    },
    Row {
        name: "pattern:delete",
        signature: "(row: integer, count?: integer, columns?: integer|integer[]) -> cantus.Pattern",
        doc: "Takes a row or so many out, in all columns or some. What stands later moves up, also from behind the last row.",
        example: "pattern(\"riff\", \"C4 D4 E4 .\"):delete(2, 2)",
        function: |lua, args| {
            call(lua, args, |lua, (this, row, count, columns): (Value, Value, Value, Value)| {
                let part = reading::some_rows(&row, &count, &columns, "delete")?;
                done(lua, this, "delete", part, PatternEdit::Delete)
            })
        },
    },
    Row {
        name: "pattern:copy",
        signature: "(selection?: cantus.Selection) -> cantus.Clip",
        doc: "The steps of a selection, to be pasted into any pattern. Without columns it is as wide as the pattern.",
        example: "local clip = pattern(\"a\", \"C4 D4 E4 .\"):copy{rows = {1, 2}}  assert(#clip == 2 and clip.rows == 2)",
        function: |lua, args| {
            call(lua, args, |lua, (this, part): (Value, Value)| {
                copy(lua, &receiver(&this, "copy")?, &Part::read(&part, &[], "copy")?.selection)
            })
        },
    },
    Row {
        name: "pattern:cut",
        signature: "(selection?: cantus.Selection) -> cantus.Clip",
        doc: "Takes the steps of a selection out, to be pasted into any pattern.",
        example: "local a = pattern(\"a\", \"C4 D4 E4 .\")  a:paste(a:cut{row = 1}, 4)",
        function: |lua, args| {
            call(lua, args, |lua, (this, part): (Value, Value)| {
                let part = Part::read(&part, &[], "cut")?.selection;
                let clip = copy(lua, &receiver(&this, "cut")?, &part)?;
                done(lua, this, "cut", part, PatternEdit::Clear).map(|_| clip)
            })
        },
    },
    Row {
        name: "pattern:paste",
        signature: "(clip: cantus.Clip, row?: integer, column?: integer, options?: {mix: boolean}) -> cantus.Pattern",
        doc: "Puts what was copied or cut in, from a row and a column on (1, 1), in the place of what is there. With {mix = \
              true} what is there stays.",
        example: "local clip = pattern(\"a\", \"C4 D4\"):copy()  pattern(\"b\", \"x x x x\"):paste(clip, 3):paste(clip, 1, 2, {mix = true})",
        function: |lua, args| call(lua, args, paste),
    },
    Row {
        name: "pattern:transpose",
        signature: "(semitones: number, selection?: cantus.Selection) -> cantus.Pattern",
        doc: "Moves the notes by so many semitones. None moves if one would leave 0 to 127: it would be another note.",
        example: "pattern(\"riff\", \"C4 . E4 .\"):transpose(12):transpose(-7, {rows = {3, 4}})",
        function: |lua, args| {
            call(lua, args, |lua, (this, by, part): (Value, Value, Value)| {
                let by = number(&by, "the semitones of transpose")?;
                edit(lua, this, "transpose", &part, PatternEdit::Transpose(by))
            })
        },
    },
    Row {
        name: "pattern:rotate",
        signature: "(rows: integer, selection?: cantus.Selection) -> cantus.Pattern",
        doc: "Moves the steps down by so many rows, below 0 up; what leaves the selection comes in at its other end.",
        example: "pattern(\"beat\", \"x . . x\"):rotate(1):rotate(-1, {column = 1})",
        function: |lua, args| {
            call(lua, args, |lua, (this, by, part): (Value, Value, Value)| {
                let by = reading::rows(&by, "the rows of rotate")?;
                edit(lua, this, "rotate", &part, PatternEdit::Rotate(by))
            })
        },
    },
    Row {
        name: "pattern:reverse",
        signature: "(selection?: cantus.Selection) -> cantus.Pattern",
        doc: "Turns a selection round: its last row becomes its first.",
        example: "pattern(\"riff\", \"C4 D4 E4 .\"):reverse()",
        function: |lua, args| {
            call(lua, args, |lua, (this, part): (Value, Value)| edit(lua, this, "reverse", &part, PatternEdit::Reverse))
        },
    },
    Row {
        name: "pattern:double",
        signature: "() -> cantus.Pattern",
        doc: "Makes it twice as long: the second half is a copy of the first.",
        example: "assert(pattern(\"beat\", \"x . x .\"):double().rows == 8)",
        function: |lua, args| call(lua, args, |lua, this: Value| whole_of(lua, this, "double", PatternEdit::Double)),
    },
    Row {
        name: "pattern:halve",
        signature: "() -> cantus.Pattern",
        doc: "Makes it half as long: the second half is kept behind the end, and comes back when rows is set.",
        example: "assert(pattern(\"beat\", \"x . x .\"):halve().rows == 2)",
        function: |lua, args| call(lua, args, |lua, this: Value| whole_of(lua, this, "halve", PatternEdit::Halve)),
    },
    Row {
        name: "pattern:expand",
        signature: "() -> cantus.Pattern",
        doc: "Makes it twice as long by an empty row behind each; lengths, delays and glides are doubled.",
        example: "assert(pattern(\"beat\", \"x . x .\"):expand().rows == 8)",
        function: |lua, args| call(lua, args, |lua, this: Value| whole_of(lua, this, "expand", PatternEdit::Expand)),
    },
    Row {
        name: "pattern:shrink",
        signature: "() -> cantus.Pattern",
        doc: "Makes it half as long: of each two rows the second goes into the first, half a row late; lengths, delays and \
              glides are halved. Two steps of a column cannot come into one row.",
        example: "assert(pattern(\"beat\", \"x . x .\"):shrink().rows == 2)",
        function: |lua, args| call(lua, args, |lua, this: Value| whole_of(lua, this, "shrink", PatternEdit::Shrink)),
    },
    Row {
        name: "pattern:interpolate",
        signature: "(field: string, selection?: cantus.Interpolation) -> cantus.Pattern",
        doc: "Lets a number of the steps of each column go evenly from the first step that has it to the last: note, \
              instrument, slot, velocity, length, delay, chance, glide, or a parameter that is locked. {curve = 0.5} lets it \
              go slowly at first, -0.5 fast.",
        example: "local p = pattern(\"roll\", \"x x x x\"):set(1, 1, \"x v0.1\"):interpolate(\"velocity\")  \
                  assert(p:get(4, 1, \"velocity\") == 1)",
        function: |lua, args| call(lua, args, interpolate),
    },
    Row {
        name: "pattern:randomise",
        signature: "(field: string, low: number|string, high: number|string, selection?: cantus.Selection) -> cantus.Pattern",
        doc: "Gives each step a random number of a field, as interpolate names them, from low to high; of notes, instruments \
              and slots a whole one. A script draws the same numbers each time it runs.",
        example: "pattern(\"hats\", \"x x x x\"):randomise(\"velocity\", 0.3, 0.9):randomise(\"note\", \"C4\", \"G4\", {column = 1})",
        function: |lua, args| call(lua, args, randomise),
    },
    Row {
        name: "pattern:randomize",
        signature: "(field: string, low: number|string, high: number|string, selection?: cantus.Selection) -> cantus.Pattern",
        doc: "Another name of randomise.",
        example: "pattern(\"hats\", \"x x x x\"):randomize(\"velocity\", 0.3, 0.9)",
        function: |lua, args| call(lua, args, randomise),
    },
    Row {
        name: "pattern:legato",
        signature: "(selection?: cantus.Selection) -> cantus.Pattern",
        doc: "Lets each note last until the next step of its column, or the end of the selection.",
        example: "local p = pattern(\"riff\", \"C4 . E4 .\"):legato()  assert(p:get(1, 1, \"length\") == 2)",
        function: |lua, args| {
            call(lua, args, |lua, (this, part): (Value, Value)| edit(lua, this, "legato", &part, PatternEdit::Legato))
        },
    },
    Row {
        name: "pattern:euclid",
        signature: "(hits: integer, steps: integer, options?: cantus.Euclid) -> cantus.Pattern",
        doc: "Fills column 1, or another selection, with hits spread over so many rows as evenly as can be, again and again, \
              in the place of what is there. Options: column, rows, rotation (0), and step, as set takes it (\"x\").",
        example: "pattern(\"clave\", {rows = 16}):euclid(3, 8):euclid(5, 16, {column = 2, rotation = 2, step = \"C4 v0.5\"})",
        function: |lua, args| call(lua, args, euclid),
    },
    Row {
        name: "pattern:change",
        signature: "(field: string, change: string|number, selection?: cantus.Selection) -> cantus.Pattern",
        doc: "Changes a number of each step that has one, as interpolate names them: \"+0.3\", \"-2\", \"*2\", \"/2\"; or sets it, \
              for all: 0.5, \"=-0.5\", \"C4\". A step that says nothing has a velocity of 1, a length of 1, a delay of 0 and a \
              chance of 1. Velocity and chance stop at 0 and 1; what else leaves its range is an error.",
        example: "pattern(\"hats\", \"x X x X\"):change(\"velocity\", \"*0.5\"):change(\"delay\", \"+0.25\", {rows = {2, 2}})",
        function: |lua, args| call(lua, args, changed),
    },
    Row {
        name: "pattern:resize",
        signature: "(rows: integer) -> cantus.Pattern",
        doc: "Sets how many rows it has, as does setting rows. What stands behind the last is kept.",
        example: "assert(pattern(\"beat\", \"x . x .\"):resize(3).rows == 3)",
        function: |lua, args| {
            call(lua, args, |lua, (this, rows): (Value, Value)| {
                let handle = receiver(&this, "resize")?;
                shape(lua, &handle, Some(whole(&rows, "the rows of a pattern")?), None).map(|()| this)
            })
        },
    },
    Row {
        name: "pattern:later",
        signature: "(when: \"row\"|\"pattern\"|\"bar\"|\"grid\"|number) -> cantus.Pattern",
        doc: "The same pattern, but what is done with it is done later, together: at its next \"row\", when it begins \
              again (\"pattern\", counted from beat 0), at the next \"bar\", at the next line of the session's \"grid\", or at \
              the next multiple of so many beats. Until then the state has it in pending. At the prompt and in timers.",
        example: "pattern(\"riff\", \"C4 . E4 .\"):later(\"bar\"):transpose(12):reverse()",
        function: |lua, args| call(lua, args, later),
    },
];

/// The pattern before the colon.
fn receiver(this: &Value, method: &str) -> Result<PatternHandle> {
    match this {
        Value::UserData(data) if data.is::<PatternHandle>() => Ok(data.borrow::<PatternHandle>()?.clone()),
        _ => Err(blame(format!("call it with a colon, on a pattern: beat:{method}(...)"))),
    }
}

/// Looks at a pattern.
fn look<R>(lua: &Lua, name: &Name, f: impl FnOnce(&Pattern) -> Result<R>) -> Result<R> {
    with(lua, |work| f(work.model.pattern(name).map_err(|r| refused(&r))?))
}

/// Does a command, at the time that is meant.
fn perform(lua: &Lua, this: &PatternHandle, command: impl Into<Command>) -> Result<()> {
    if this.when == When::Now {
        return run(lua, command);
    }
    let noted = change(lua, |work| {
        if work.later().len() >= AFTERWARDS {
            return Err(blame(format!("later: {AFTERWARDS} things to be done afterwards are the most at once")));
        }
        work.edit_later(command.into(), this.when).map_err(|r| refused(&r))
    })?;
    bounds::pay(lua, bounds::COMMAND)?;
    if noted { Ok(()) } else { Err(blame("later cannot be in a file: say it at the prompt, or write quantize")) }
}

/// Does an edit with what stands before the colon, and answers that.
fn done(lua: &Lua, this: Value, method: &str, selection: Selection, edit: PatternEdit) -> Result<Value> {
    let handle = receiver(&this, method)?;
    let steps = look(lua, &handle.name, |pattern| Ok(reading::steps_after(pattern, &selection, &edit)))?;
    if steps > bounds::CELLS {
        return Err(blame(format!(
            "{method}: pattern {} would have {steps} steps; at most {} are possible",
            handle.name,
            bounds::CELLS
        )));
    }
    bounds::pay(lua, bounds::STEP * steps as u64)?;
    perform(lua, &handle, EditPatternCommand { pattern: handle.name.clone(), edit, selection })?;
    Ok(this)
}

fn edit(lua: &Lua, this: Value, method: &str, part: &Value, edit: PatternEdit) -> Result<Value> {
    done(lua, this, method, Part::read(part, &[], method)?.selection, edit)
}

fn whole_of(lua: &Lua, this: Value, method: &str, edit: PatternEdit) -> Result<Value> {
    done(lua, this, method, Selection::default(), edit)
}

fn set(lua: &Lua, (this, row, column, value): (Value, Value, Value, Value)) -> Result<Value> {
    let handle = receiver(&this, "set")?;
    let (Cell { row, column }, pattern) = (at(&row, &column)?, handle.name.clone());
    if matches!(value, Value::Nil | Value::Boolean(false)) {
        perform(lua, &handle, ClearStepCommand { pattern, row, column })?;
    } else {
        let step = step(&value).map_err(|e| blame(format!("pattern {pattern} row {}: {e}", u64::from(row) + 1)))?;
        perform(lua, &handle, SetStepCommand { pattern, row, column, step })?;
    }
    Ok(this)
}

fn get(lua: &Lua, (this, row, column, what): (Value, Value, Value, Value)) -> Result<Value> {
    let handle = receiver(&this, "get")?;
    let cell = at(&row, &column)?;
    let there = look(lua, &handle.name, |pattern| Ok(pattern.steps.get(&cell).cloned()))?;
    if what.is_nil() {
        let text = there.map(|step| lua.create_string(step.to_string()).map(Value::String));
        return text.unwrap_or(Ok(Value::Nil));
    }
    let field = field(lua, &handle.name, &what)?;
    Ok(there.and_then(|step| field.get(&step)).map_or(Value::Nil, Value::Number))
}

fn copy(lua: &Lua, this: &PatternHandle, selection: &Selection) -> Result<Clip> {
    let clip = look(lua, &this.name, |pattern| Clip::of(pattern, selection).map_err(blame))?;
    bounds::pay(lua, bounds::STEP * clip.steps.len() as u64)?;
    Ok(clip)
}

fn paste(lua: &Lua, (this, what, row, column, options): (Value, Value, Value, Value, Value)) -> Result<Value> {
    let clip = clip(&what)?;
    let from_one = |value: Value| if value.is_nil() { Value::Integer(1) } else { value };
    let place = at(&from_one(row), &from_one(column))?;
    let mix = values::Named::read(&options, &["mix"], "paste")?.flag("mix", false)?;
    done(lua, this, "paste", clip.placed(place), PatternEdit::Paste { steps: clip.steps.to_vec(), mix })
}

fn interpolate(lua: &Lua, (this, what, part): (Value, Value, Value)) -> Result<Value> {
    let field = field(lua, &receiver(&this, "interpolate")?.name, &what)?;
    let part = Part::read(&part, &["curve"], "interpolate")?;
    let curve = part.other("curve", number)?.unwrap_or(Num::ZERO);
    done(lua, this, "interpolate", part.selection, PatternEdit::Interpolate { field, curve })
}

fn randomise(lua: &Lua, (this, what, low, high, part): (Value, Value, Value, Value, Value)) -> Result<Value> {
    let field = field(lua, &receiver(&this, "randomise")?.name, &what)?;
    let (low, high) = (reading::amount(&low, &field, "low")?, reading::amount(&high, &field, "high")?);
    let seed = context(lua).random.seed();
    edit(lua, this, "randomise", &part, PatternEdit::Randomise { field, low, high, seed })
}

fn euclid(lua: &Lua, (this, hits, steps, options): (Value, Value, Value, Value)) -> Result<Value> {
    let count = |value: &Value, what| whole(value, what).map(|n| u16::try_from(n).unwrap_or(u16::MAX));
    let (hits, steps) = (count(&hits, "the hits of euclid")?, count(&steps, "the steps of euclid")?);
    let mut part = Part::read(&options, &["rotation", "step"], "euclid")?;
    let rotation = part.other("rotation", |value, _| reading::rows(value, "the rotation of euclid"))?.unwrap_or(0);
    let step = part.other("step", |value, _| step(value))?.unwrap_or_default();
    part.selection.columns = part.selection.columns.or(Some((0, 0)));
    done(lua, this, "euclid", part.selection, PatternEdit::Euclid { hits, steps, rotation, step })
}

fn changed(lua: &Lua, (this, what, how, part): (Value, Value, Value, Value)) -> Result<Value> {
    let field = field(lua, &receiver(&this, "change")?.name, &what)?;
    let change = reading::change(&how)?;
    edit(lua, this, "change", &part, PatternEdit::Change { field, change })
}

fn later(lua: &Lua, (this, when): (Value, Value)) -> Result<PatternHandle> {
    let PatternHandle { name, .. } = receiver(&this, "later")?;
    let beats = |beats: f64| Ok(When::NextGrid(Num::of(beats)));
    let when = match &when {
        Value::String(word) if *word == "row" => {
            look(lua, &name, |pattern| beats(1.0 / pattern.steps_per_beat.get().abs()))?
        }
        Value::String(word) if *word == "pattern" => look(lua, &name, |pattern| beats(pattern.beats()))?,
        when => performing::grid(lua, when, "when it is done")?,
    };
    Ok(PatternHandle { name, when })
}
