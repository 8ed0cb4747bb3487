//! The words for what is done later: `clock.run`, `clock.sync`, `every`, `at`, `setTimeout`, `keep` and their like.

use cantus_host::model::{Name, Num};
use mlua::{IntoLua, Lua, Result, Table, Value, Variadic};

use crate::agenda::{Due, Rhythm, Wait};
use crate::bounds::{self, TASKS};
use crate::budget;
use crate::context::{change, context, with};
use crate::error::blame;
use crate::kept;
use crate::later::{KEPT, Task, end, keep_call};
use crate::library::{Row, call};
use crate::random::Stream;
use crate::transaction::Transaction;
use crate::values::{Named, a, beats, function, number, seconds, text};

/// Beats between two times, and by which they are moved, at the most.
const FURTHEST: f64 = 1e6;
/// The last beat that something can be asked for at: that of loops and jumps.
const LAST: f64 = 1e9;

/// The area's functions. `clock.sync` and `clock.sleep` wait in `prelude/players.lua`, as only Lua can.
pub const ROWS: &[Row] = &[
    Row {
        name: "clock.run",
        signature: "(body: fun(...: any), ...: any) -> integer",
        doc: "Runs a function as a coroutine that may wait with clock.sync and clock.sleep, once the script has ended \
              well; with what follows as its arguments. Answers its number. It ends when its file is evaluated again.",
        example: "local id = clock.run(function(times) for _ = 1, times do kick:trigger() clock.sync(1) end end, 4)  \
              clock.cancel(id)",
        function: |lua, args| call(lua, args, run_coroutine),
    },
    Row {
        name: "clock.sync",
        signature: "(beats: number|string, offset?: number) -> number",
        doc: "Waits for the next multiple of so many beats: 1, 0.25, \"1/8\", \"bar\". With an offset in beats the \
              multiples are moved by it. Answers the beat. In a coroutine of clock.run, or in a function that every, \
              at or a timer calls.",
        example: "clock.run(function() clock.sync(4) clock.sync(\"1/8\") clock.sync(1, 0.5) kick:trigger() end)",
        function: |lua, args| call(lua, args, sync),
    },
    Row {
        name: "clock.sleep",
        signature: "(seconds: number|string) -> number",
        doc: "Waits for so many seconds, or a time such as \"250ms\". It goes on while beats stand still. Where \
              clock.sync can wait.",
        example: "clock.run(function() clock.sleep(0.5) clock.sleep(\"250ms\") kick:trigger() end)",
        function: |lua, args| call(lua, args, sleep),
    },
    Row {
        name: "clock.cancel",
        signature: "(id: integer) -> boolean",
        doc: "Ends a coroutine, a timer or a worker, by its number. Answers whether there was one.",
        example: "assert(clock.cancel(clock.run(function() clock.sync(1) end)))  assert(not clock.cancel(123456))",
        function: |lua, args| call(lua, args, cancel),
    },
    Row {
        name: "every",
        signature: "(beats: number|string, body: fun(beat: number), options?: cantus.Every) -> integer",
        doc: "Calls a function on every multiple of so many beats: 1, 0.25, \"1/8\", \"bar\"; with the beat. Options: \
              offset, in beats; label, which names its random numbers. It stays in phase when the script is evaluated \
              again. Answers its number.",
        example: "every(4, function(beat) kick:trigger() end)  every(\"1/8\", function() snare:trigger() end, \
              {offset = 0.25, label = \"ghosts\"})",
        function: |lua, args| call(lua, args, every),
    },
    Row {
        name: "at",
        signature: "(beat: number|string, body: fun(beat: number)) -> integer",
        doc: "Calls a function whenever the music comes to a beat; with the beat. Answers its number.",
        example: "at(64, function() bpm(140) end)",
        function: |lua, args| call(lua, args, at),
    },
    Row {
        name: "setTimeout",
        signature: "(body: fun(beat: number), delay: number|string) -> integer",
        doc: "Calls a function once, after so many milliseconds, or a time such as \"2s\". Answers its number.",
        example: "local id = setTimeout(function() kick:trigger() end, 500)  assert(clearTimeout(id))",
        function: |lua, args| call(lua, args, set_timeout),
    },
    Row {
        name: "setInterval",
        signature: "(body: fun(beat: number), period: number|string) -> integer",
        doc: "Calls a function again and again, each so many milliseconds, or a time such as \"2s\"; it does not drift. \
              Answers its number.",
        example: "local id = setInterval(function() kick:trigger() end, 250)  clearInterval(id)",
        function: |lua, args| call(lua, args, set_interval),
    },
    Row {
        name: "clearTimeout",
        signature: "(id: integer) -> boolean",
        doc: "Another name of clock.cancel.",
        example: "clearTimeout(setTimeout(function() end, 10))",
        function: |lua, args| call(lua, args, cancel),
    },
    Row {
        name: "clearInterval",
        signature: "(id: integer) -> boolean",
        doc: "Another name of clock.cancel.",
        example: "clearInterval(setInterval(function() end, 10))",
        function: |lua, args| call(lua, args, cancel),
    },
    Row {
        name: "timers",
        signature: "() -> cantus.Timer[]",
        doc: "What is to be done later, and what workers are at: a list of tables with id, what and file.",
        example: "for _, timer in ipairs(timers()) do print(timer.id, timer.what, timer.file) end",
        function: |lua, args| call(lua, args, timers),
    },
    Row {
        name: "keep",
        signature: "(name: string, first: any) -> any",
        doc: "A value that outlives evaluations of its file, by name: the first time what is given, or what the given \
              function answers; from then on what it was. Of an evaluation that fails its tables keep nothing, if they hold \
              at most 20000 values together; what functions remember of it stays.",
        example: "local memory = keep(\"memory\", {count = 0})  memory.count = memory.count + 1  \
              assert(keep(\"memory\", 1) == memory)",
        function: |lua, args| call(lua, args, keep),
    },
];

/// Stages a task of the script that asks. Its name, if it has one, says which random numbers are its own.
fn stage(
    lua: &Lua,
    rhythm: Rhythm,
    label: String,
    name: Option<String>,
    what: impl IntoLua,
    waits: bool,
) -> Result<u64> {
    let context = context(lua);
    context.may_change()?;
    let turn = context.later.turn.get();
    let instant = turn.instant(&label)?;
    has_room(lua, &label)?;
    let id = context.later.mint();
    keep_call(lua, id, what)?;
    let owner: Name = context.file.borrow().as_str().into();
    let (beat, place) = (turn.clock().beat, budget::place(lua));
    change(lua, |work| {
        let name = name.unwrap_or_else(|| format!("{beat} {}", work.staged.tasks.len()));
        let lineage = turn.lineage.child(name);
        let (random, turns) = (Stream::of(work.model.seed(), lineage), 0);
        let (version, cause, parent, children, complaint) = (turn.version, turn.cause, None, false, None);
        let task = Task {
            owner: owner.clone(),
            version,
            cause,
            label,
            random,
            lineage,
            turns,
            waits,
            parent,
            children,
            instant,
            place,
            complaint,
        };
        work.staged.tasks.push((id, rhythm, task));
        Ok(id)
    })
}

/// Refuses what would wait when too much waits already.
fn has_room(lua: &Lua, word: &str) -> Result<()> {
    let context = context(lua);
    let staying = |work: &Transaction| context.later.staying(work, &context.file.borrow()).0;
    let waiting = with(lua, |work| Ok(staying(work) + work.staged.tasks.len()))?;
    if waiting < TASKS {
        return Ok(());
    }
    Err(blame(format!(
        "{word}: {TASKS} timers and coroutines are waiting already, and more are not possible; end some with \
         clock.cancel, or let one do the work of many"
    )))
}

fn run_coroutine(lua: &Lua, (body, args): (Value, Variadic<Value>)) -> Result<u64> {
    let body = function(&body, "clock.run")?;
    let body = if args.is_empty() { body } else { body.bind(args)? };
    let thread = lua.create_thread(body)?;
    let due = context(lua).later.turn.get().due;
    stage(lua, Rhythm::Once(Wait::Until(due)), "clock.run".into(), None, thread, true)
}

fn every(lua: &Lua, (period, body, options): (Value, Value, Value)) -> Result<u64> {
    let (body, options) = (function(&body, "every")?, Named::read(&options, &["offset", "label"], "every")?);
    let period = period_of(beats(lua, &period, "every")?, "every")?;
    let offset = offset(options.number("offset", Num::ZERO)?, "every")?;
    let label = options.text("label")?;
    let shown = format!("every({period})");
    stage(lua, Rhythm::Every { period, offset }, shown, label, body, false)
}

fn at(lua: &Lua, (beat, body): (Value, Value)) -> Result<u64> {
    let (body, beat) = (function(&body, "at")?, beats(lua, &beat, "at")?);
    if beat < 0.0 {
        return Err(blame(format!("at({beat}): the music begins at beat 0")));
    }
    if beat > LAST {
        return Err(blame(format!("at({beat:e}): the music does not come that far; beat {LAST} is the last")));
    }
    stage(lua, Rhythm::At(beat), format!("at({beat})"), None, body, false)
}

fn set_timeout(lua: &Lua, (body, delay): (Value, Value)) -> Result<u64> {
    let (body, frames) = (function(&body, "setTimeout")?, frames(lua, &delay, "setTimeout")?);
    let sample = now(lua) + frames.round() as u64;
    stage(lua, Rhythm::Once(Wait::Until(Due::Sample(sample))), "setTimeout".into(), None, body, false)
}

fn set_interval(lua: &Lua, (body, delay): (Value, Value)) -> Result<u64> {
    let (body, frames) = (function(&body, "setInterval")?, frames(lua, &delay, "setInterval")?);
    if frames < 1.0 {
        let shown = frames * 1000.0 / context(lua).later.turn.get().now.clock.rate;
        return Err(blame(format!("setInterval: {shown} milliseconds is too short; at least one sample is possible")));
    }
    let rhythm = Rhythm::Interval { frames, since: now(lua) };
    stage(lua, rhythm, "setInterval".into(), None, body, false)
}

/// The sample that the turn is done for.
fn now(lua: &Lua) -> u64 {
    context(lua).later.turn.get().clock().sample
}

/// Milliseconds, or a time as text, in frames.
fn frames(lua: &Lua, delay: &Value, what: &str) -> Result<f64> {
    let rate = context(lua).later.turn.get().now.clock.rate;
    let seconds = seconds(delay, 1000.0, what)?;
    if !(0.0..=1e6).contains(&seconds) {
        return Err(blame(format!("{what}: {seconds} s is out of range; 0 to 1000000 s is possible")));
    }
    Ok(seconds * rate)
}

/// Beats between two times: more than nothing, else it would never end.
fn period_of(beats: f64, what: &str) -> Result<f64> {
    let least = 1.0 / 1024.0;
    match beats {
        _ if beats < least => Err(blame(format!("{what}: {beats} beats is too short; at least {least} is possible"))),
        _ if beats > FURTHEST => {
            Err(blame(format!("{what}: {beats:e} beats is too long; at most {FURTHEST} is possible")))
        }
        _ => Ok(beats),
    }
}

/// Beats by which multiples are moved.
fn offset(beats: Num, what: &str) -> Result<f64> {
    let beats = beats.get();
    if beats.abs() <= FURTHEST {
        return Ok(beats);
    }
    Err(blame(format!("{what}: an offset of {beats:e} beats is out of range; -{FURTHEST} to {FURTHEST} is possible")))
}

/// Notes what the coroutine that runs waits for; it yields in Lua.
fn wait(lua: &Lua, word: &str, wait: Wait) -> Result<f64> {
    let context = context(lua);
    context.may_change()?;
    let later = &context.later;
    let turn = later.turn.get();
    if turn.thread.is_null() || !std::ptr::eq(lua.current_thread().to_pointer(), turn.thread) {
        return Err(blame(format!(
            "{word} can wait only in a function of clock.run, every, at, setTimeout or setInterval, and not in a \
             coroutine that it makes itself; write clock.run(function() ... end)"
        )));
    }
    if !budget::can_wait(lua) {
        return Err(blame(format!(
            "{word} cannot wait in a function that another calls in the middle of its work, as string.gsub and \
             table.sort do; wait before or after it"
        )));
    }
    let task = turn.task.filter(|id| later.agenda.borrow_mut().get_mut(*id).is_some_and(|task| task.waits));
    if task.is_none() {
        // A function that waits is called again meanwhile: this call of it is one more that waits.
        has_room(lua, word)?;
    }
    later.wait.set(Some(wait));
    Ok(turn.clock().beat)
}

fn sync(lua: &Lua, (period, offset): (Value, Value)) -> Result<f64> {
    let period = period_of(beats(lua, &period, "clock.sync")?, "clock.sync")?;
    let moved = if offset.is_nil() { Num::ZERO } else { number(&offset, "the offset of clock.sync")? };
    wait(lua, "clock.sync", Wait::Beat { period, offset: self::offset(moved, "clock.sync")? })
}

fn sleep(lua: &Lua, time: Value) -> Result<f64> {
    let seconds = seconds(&time, 1.0, "clock.sleep")?;
    if !(0.0..=1e6).contains(&seconds) {
        return Err(blame(format!("clock.sleep: {seconds} s is out of range; 0 to 1000000 s is possible")));
    }
    let turn = context(lua).later.turn.get();
    let (clock, frames) = (turn.clock(), (seconds * turn.now.clock.rate).round() as u64);
    if frames == 0 {
        turn.instant("clock.sleep")?;
    }
    wait(lua, "clock.sleep", Wait::Until(Due::Sample(clock.sample + frames)))
}

fn cancel(lua: &Lua, id: Value) -> Result<bool> {
    let Some(id) = id.as_integer().and_then(|id| u64::try_from(id).ok()) else {
        return Err(blame(format!("what is cancelled is named by the number it was given, not by {}", a(&id))));
    };
    let context = context(lua);
    let there = context.later.agenda.borrow_mut().get_mut(id).is_some()
        || context.later.turn.get().task == Some(id)
        || context.workers.borrow().has(id);
    change(lua, |work| Ok(end(&mut work.staged, id, there)))
}

fn timers(lua: &Lua, (): ()) -> Result<Vec<Table>> {
    let context = context(lua);
    let mut agenda = context.later.agenda.borrow_mut();
    bounds::pay(lua, agenda.len() as u64 * 20)?;
    let mut list = Vec::new();
    for id in agenda.which(|_| true) {
        let Some(task) = agenda.get_mut(id) else { continue };
        let entry = lua.create_table_from([("what", task.label.as_str()), ("file", &*task.owner)])?;
        entry.raw_set("id", id)?;
        list.push(entry);
    }
    for (id, owner) in context.workers.borrow().list() {
        let entry = lua.create_table_from([("what", "worker"), ("file", owner)])?;
        entry.raw_set("id", id)?;
        list.push(entry);
    }
    Ok(list)
}

fn keep(lua: &Lua, (name, first): (Value, Value)) -> Result<Value> {
    let name = text(&name, "the name of what is kept")?;
    let files: Table = lua.named_registry_value(KEPT)?;
    let file = context(lua).file.borrow().clone();
    let kept = match files.raw_get::<Option<Table>>(file.as_str())? {
        Some(kept) => kept,
        None => {
            let kept = lua.create_table()?;
            files.raw_set(file.as_str(), &kept)?;
            kept
        }
    };
    let there: Value = kept.raw_get(name.as_str())?;
    if !there.is_nil() {
        // A turn of a timer is no evaluation.
        if context(lua).later.turn.get().thread.is_null() {
            kept::save(lua, &there)?;
        }
        return Ok(there);
    }
    let value = if let Value::Function(make) = &first { make.call(())? } else { first };
    if value.is_nil() {
        return Err(blame(format!(
            "keep(\"{name}\"): there is nothing to keep; give a value, or a function that makes it"
        )));
    }
    kept.raw_set(name.as_str(), &value)?;
    change(lua, |work| {
        work.staged.kept.push(name.into());
        Ok(value)
    })
}
