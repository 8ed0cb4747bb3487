//! The list of all native functions. An area is a file with a table of rows; adding a function is adding a row.

use std::sync::LazyLock;

use mlua::{FromLuaMulti, Function, IntoLuaMulti, Lua, MultiValue, Result, Table};

use crate::error::located;
use crate::{
    bounds, chain, constructors, edits, engine, forms, graph, help, listing, mix, modulation, music, observing, params,
    pattern, performing, players, presets, random, session, settings, sound, strings, time, timers, words, workers,
};

/// One native function.
pub struct Row {
    /// `connect` is a global, `math.random` a member of a library, `clock:setBPM` a method of one of the engine's objects.
    pub name: &'static str,
    /// What it takes and answers, in the types of editor definitions, from which it is read: `(path: string, on?: boolean)
    /// -> number`; several ways to call it are divided by `or`.
    pub signature: &'static str,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// Lua that shows it at work; run by a test that has made `kick`, `snare`, `seq` and `desk`.
    pub example: &'static str,
    /// The function, mostly through [`call`].
    pub function: fn(&Lua, MultiValue) -> Result<MultiValue>,
}

const AREAS: &[&[Row]] = &[
    constructors::ROWS,
    graph::ROWS,
    params::ROWS,
    presets::ROWS,
    mix::ROWS,
    performing::ROWS,
    modulation::ROWS,
    time::ROWS,
    timers::ROWS,
    workers::ROWS,
    pattern::ROWS,
    forms::ROWS,
    edits::ROWS,
    chain::ROWS,
    players::ROWS,
    session::ROWS,
    settings::ROWS,
    help::ROWS,
    listing::ROWS,
    sound::ROWS,
    engine::ENGINE,
    observing::ROWS,
    words::ROWS,
    engine::CLOCK,
    engine::PARTS,
    random::ROWS,
    strings::ROWS,
];

/// What a function does, native or of the musical library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documented {
    /// How a script calls it: `connect`, `math.random`, `clock:setBPM`, `sequins:step`.
    pub name: String,
    /// What it takes and answers: `(path: string, on?: boolean) -> number`; several ways to call it are divided by `or`.
    /// Of a method, without the object.
    pub signature: String,
    /// What it does.
    pub doc: String,
    /// Lua that shows it at work.
    pub example: String,
    /// The kind of object of which the function is a method as well, by the same name and with the object as its first
    /// argument.
    pub also: Option<String>,
    /// It is of the musical library.
    pub music: bool,
}

/// What every function does: the native ones, then the musical library.
pub fn documentation() -> &'static [Documented] {
    static ALL: LazyLock<Vec<Documented>> = LazyLock::new(|| {
        let text = str::to_owned;
        let native = rows().map(|row| Documented {
            name: text(row.name),
            signature: text(row.signature),
            doc: text(row.doc),
            example: text(row.example),
            also: None,
            music: false,
        });
        native.chain(music::prose()).collect()
    });
    &ALL
}

/// All native rows.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    AREAS.iter().flat_map(|area| area.iter())
}

/// Puts all rows where they belong: globals into `own`, members into Lua's libraries in `raw`, methods into `methods`.
///
/// # Errors
/// When Lua has no memory.
pub fn install(lua: &Lua, raw: &Table, own: &Table, methods: &Table) -> Result<()> {
    for row in rows() {
        let function = lua.create_function(row.function)?;
        if let Some((object, method)) = row.name.split_once(':') {
            member(lua, methods, object)?.raw_set(method, function)?;
        } else if let Some((library, name)) = row.name.split_once('.') {
            member(lua, raw, library)?.raw_set(name, function)?;
        } else {
            own.raw_set(row.name, function)?;
        }
    }
    Ok(())
}

fn member(lua: &Lua, table: &Table, name: &str) -> Result<Table> {
    if let Some(found) = table.raw_get::<Option<Table>>(name)? {
        return Ok(found);
    }
    let made = lua.create_table()?;
    table.raw_set(name, &made)?;
    Ok(made)
}

/// Calls a typed function with Lua's arguments; its errors get the script's line.
///
/// # Errors
/// Those of the arguments and of the function.
pub fn call<A: FromLuaMulti, R: IntoLuaMulti>(
    lua: &Lua,
    args: MultiValue,
    function: impl FnOnce(&Lua, A) -> Result<R>,
) -> Result<MultiValue> {
    bounds::pay_call(lua, &args)?;
    let result = A::from_lua_args(args, 1, None, lua).and_then(|args| function(lua, args));
    result.and_then(|r| r.into_lua_multi(lua)).map_err(|error| located(lua, error))
}

/// A Lua function of a typed closure; its errors get the script's line.
///
/// # Errors
/// When Lua has no memory.
pub fn native<A: FromLuaMulti, R: IntoLuaMulti>(
    lua: &Lua,
    function: impl Fn(&Lua, A) -> Result<R> + 'static,
) -> Result<Function> {
    lua.create_function(move |lua, args: MultiValue| call(lua, args, &function))
}
