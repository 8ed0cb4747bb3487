//! The state scripts live in: allowed libraries, guards, environments. The guards themselves are `prelude/*.lua`.

use std::rc::Rc;
use std::sync::LazyLock;

use cantus_host::model::note_number;
use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, LuaOptions, LuaString, MultiValue, Result, StdLib, Table, Thread, Value};

use crate::budget;
use crate::context::{Context, context};
use crate::error::{ScriptError, blame, in_script, message_of};
use crate::facade::{Facade, METHODS};
use crate::handle::MADE;
use crate::kept::SAVED;
use crate::later::{CALLS, KEPT};
use crate::library::{self, native};
use crate::values::{a, duration};
use crate::{engine, require, snapshot, step, workers};

/// How the chunk names of our own Lua begin; errors name the script's lines, never these.
pub const PRELUDE: &str = "[cantus ";

/// Where the table of everything that scripts share is kept.
pub const SHARED: &str = "cantus.shared";

/// Our own Lua in the order it runs. What the last answers makes environments; `music/` is the musical library.
pub const FILES: [(&str, &str); 23] = [
    ("players", include_str!("../prelude/players.lua")),
    ("workers", include_str!("../prelude/workers.lua")),
    ("sandbox", include_str!("../prelude/sandbox.lua")),
    ("order", include_str!("../prelude/order.lua")),
    ("snapshot", include_str!("../prelude/snapshot.lua")),
    ("music/define", include_str!("../prelude/music/define.lua")),
    ("music/notes", include_str!("../prelude/music/notes.lua")),
    ("music/scales", include_str!("../prelude/music/scales.lua")),
    ("music/chords", include_str!("../prelude/music/chords.lua")),
    ("music/rhythm", include_str!("../prelude/music/rhythm.lua")),
    ("music/lists", include_str!("../prelude/music/lists.lua")),
    ("music/ranges", include_str!("../prelude/music/ranges.lua")),
    ("music/chance", include_str!("../prelude/music/chance.lua")),
    ("music/sequins", include_str!("../prelude/music/sequins.lua")),
    ("music/ring", include_str!("../prelude/music/ring.lua")),
    ("music/fractions", include_str!("../prelude/music/fractions.lua")),
    ("music/cycle", include_str!("../prelude/music/cycle.lua")),
    ("music/shapes", include_str!("../prelude/music/shapes.lua")),
    ("music/reading", include_str!("../prelude/music/reading.lua")),
    ("music/mini", include_str!("../prelude/music/mini.lua")),
    ("music/changes", include_str!("../prelude/music/changes.lua")),
    ("music/compile", include_str!("../prelude/music/compile.lua")),
    ("environment", include_str!("../prelude/environment.lua")),
];

/// A Lua state, ready for scripts.
pub struct Sandbox {
    /// The state.
    pub lua: Lua,
    /// What all environments show, read-only.
    pub shared: Table,
    /// The functions and coroutines that are kept, by number.
    pub calls: Table,
    /// Ends a coroutine that waits, and lets it run what it has left for that.
    pub close: Function,
    /// Makes an environment; an argument of `true` makes one that finds modules by their names.
    environment: Function,
}

impl Sandbox {
    /// Makes a state. Its hook is installed before anything runs.
    ///
    /// # Errors
    /// When Lua has no memory.
    pub fn new(context: Rc<Context>) -> Result<Sandbox> {
        let libraries = StdLib::COROUTINE | StdLib::TABLE | StdLib::STRING | StdLib::UTF8 | StdLib::MATH;
        let lua = Lua::new_with(libraries, LuaOptions::default())?;
        context.budget.install(&lua)?;
        lua.set_app_data(context);
        let (raw, own, methods, shared) =
            (lua.globals(), lua.create_table()?, lua.create_table()?, lua.create_table()?);
        library::install(&lua, &raw, &own, &methods)?;
        lua.set_named_registry_value(METHODS, methods)?;
        lua.set_named_registry_value(SHARED, &shared)?;
        let calls = lua.create_table()?;
        lua.set_named_registry_value(CALLS, &calls)?;
        lua.set_named_registry_value(KEPT, lua.create_table()?)?;
        lua.set_named_registry_value(SAVED, lua.create_table()?)?;
        lua.set_named_registry_value(MADE, lua.create_table()?)?;
        own.raw_set("engine", Facade("engine"))?;
        own.raw_set("out", cantus_host::model::OUT)?;
        let natives = natives(&lua)?;
        let mut last = Value::Nil;
        for (index, (name, _)) in FILES.iter().enumerate() {
            let chunk = lua.load(&compiled()[index][..]).set_name(chunk_name(name)).set_mode(ChunkMode::Binary);
            last = chunk.call((&raw, &shared, &natives, &own))?;
        }
        lua.set_named_registry_value(snapshot::TABLE, natives.raw_get::<Function>("snapshot")?)?;
        lua.set_named_registry_value(workers::ANSWER, natives.raw_get::<Function>("answer")?)?;
        let environment = lua.unpack(last)?;
        let close = raw.get::<Table>("coroutine")?.get("close")?;
        Ok(Sandbox { lua, shared, calls, close, environment })
    }

    /// A fresh environment over the shared one. `by_name`: what is unknown may be a module's name, as at a prompt.
    ///
    /// # Errors
    /// When Lua has no memory.
    pub fn environment(&self, by_name: bool) -> Result<Table> {
        self.environment.call(by_name)
    }

    /// Every word that a script finds: functions, constructors, libraries; ascending.
    pub fn words(&self) -> Vec<String> {
        let pairs = self.shared.pairs::<String, Value>();
        let mut words: Vec<String> = pairs.filter_map(|pair| pair.ok().map(|(word, _)| word)).collect();
        words.sort_unstable();
        words
    }

    /// What has ended a thread, for people; a word that nothing has for its name gets the nearest.
    pub fn explain(&self, error: &mlua::Error, name: &str, thread: &Thread) -> ScriptError {
        let mut error = ScriptError::from_lua(error, name, budget::place_in(thread));
        // `attempt to call a nil value (global 'smapler')`
        let global = error.message.split_once("a nil value (global '").and_then(|(_, rest)| rest.split_once('\''));
        let Some((word, _)) = global else { return error };
        let words = self.words();
        let near = cantus_manifest::nearest(word, words.iter().map(String::as_str));
        let advice = if ["io", "os", "debug", "package", "dofile", "loadfile"].contains(&word) {
            "; scripts reach neither files nor the system".to_owned()
        } else if near == Some(word) {
            "; this code has an _ENV of its own, in which it is not".to_owned()
        } else if near.is_none() && error.message.contains("attempt to call") {
            "; nothing has that name: help() lists all functions, and `cantus plugins list` all modules".to_owned()
        } else {
            cantus_manifest::did_you_mean(near)
        };
        error.message.push_str(&advice);
        error
    }
}

/// The name of a prelude file's chunk.
pub fn chunk_name(file: &str) -> String {
    format!("={PRELUDE}{file}]")
}

/// The prelude compiled, once a process: reading it takes several times longer than all else about a new state.
fn compiled() -> &'static [Vec<u8>] {
    static COMPILED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let lua = Lua::new_with(StdLib::NONE, LuaOptions::default()).expect("a state without libraries");
        let compile = |(name, code): &(&str, &str)| {
            let chunk = lua.load(*code).set_name(chunk_name(name)).set_mode(ChunkMode::Text);
            // With its lines, for what goes wrong in it.
            chunk.into_function().map(|function| function.dump(false))
        };
        FILES.iter().map(compile).collect::<Result<_>>().expect("our own code is Lua; every test runs it")
    });
    &COMPILED
}

/// What the prelude needs from Rust.
fn natives(lua: &Lua) -> Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("spend", native(lua, |lua, steps: u64| context(lua).budget.spend(lua, steps))?)?;
    table.raw_set("caught", native(lua, caught)?)?;
    table.raw_set(
        "emit",
        native(lua, |lua, text: mlua::LuaString| {
            // Words cost more than instructions: somebody has to read them.
            context(lua).budget.spend(lua, 1000 + text.as_bytes().len() as u64)?;
            (context(lua).print.borrow_mut())(&text.to_string_lossy());
            Ok(())
        })?,
    )?;
    table.raw_set("source", native(lua, require::source)?)?;
    table.raw_set("begun", native(lua, |lua, ()| Ok(context(lua).budget.begun()))?)?;
    table.raw_set(
        "module",
        native(lua, |lua, name: Value| match name {
            Value::String(name) => engine::module(lua, &name.to_string_lossy()),
            _ => Ok(None),
        })?,
    )?;
    snapshot::natives(lua, &table)?;
    table.raw_set("length", native(lua, |_, args: MultiValue| length(&args))?)?;
    table.raw_set("blame", native(lua, |_, text: LuaString| Err::<(), _>(blame(text.to_string_lossy())))?)?;
    table.raw_set("a", native(lua, |_, value: Value| Ok(a(&value)))?)?;
    table.raw_set("beats", native(lua, |lua, text: LuaString| duration(lua, &text.to_string_lossy()))?)?;
    table.raw_set(
        "note",
        native(lua, |_, name: LuaString| Ok(note_number(&name.to_string_lossy()).map(|n| n as i64)))?,
    )?;
    table.raw_set("step_keys", step::KEYS)?;
    // What a cell of tracker text says, or what is wrong with it.
    table.raw_set(
        "step",
        native(lua, |lua, text: LuaString| match text.to_string_lossy().parse() {
            Ok(step) => Ok((Some(step::table(lua, &step)?), None)),
            Err(problem) => Ok((None, Some::<String>(problem))),
        })?,
    )?;
    table.raw_set(
        "hint",
        native(lua, |_, (word, known): (LuaString, Vec<String>)| {
            Ok(cantus_manifest::hint(&word.to_string_lossy(), known.iter().map(String::as_str)))
        })?,
    )?;
    Ok(table)
}

/// An error that a script has caught, as text; any other value as it is. Catching is paid for by the depth of the stack.
fn caught(lua: &Lua, value: Value) -> Result<Value> {
    context(lua).budget.spend(lua, budget::depth(lua))?;
    let text = match &value {
        Value::String(text) if text.as_bytes().starts_with(PRELUDE.as_bytes()) => {
            in_script(lua, text.to_string_lossy())
        }
        Value::Error(error) => match error.downcast_ref::<ScriptError>() {
            Some(known) => known.to_string(),
            None => message_of(error),
        },
        _ => return Ok(value),
    };
    lua.create_string(text).map(Value::String)
}

/// Length of a table for functions that would trust its `__len`.
fn length(args: &MultiValue) -> Result<usize> {
    let Some(Value::Table(table)) = args.front() else {
        let got = args.front().map_or("nothing".to_owned(), a);
        return Err(blame(format!("takes a table, not {got}")));
    };
    match table.metatable() {
        Some(meta) if !meta.raw_get::<Value>("__len")?.is_nil() => Err(blame("takes no table with a __len of its own")),
        _ => Ok(table.raw_len()),
    }
}
