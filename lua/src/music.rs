//! The musical library's prose. The library itself is Lua, `prelude/music/`: each function stands there with its sentence,
//! its example and its shape.

use mlua::chunk::ChunkMode;
use mlua::{Lua, LuaOptions, Result, StdLib, Table};

use crate::library::Documented;
use crate::sandbox::{FILES, chunk_name};

/// The rows of the library's functions, in their order.
///
/// # Panics
/// When our own Lua is wrong, which every test would show.
pub fn prose() -> Vec<Documented> {
    collect().expect("the library's files define functions and do nothing else")
}

/// Runs the library in a state of its own; the natives that its functions need are called only later, so most may lack.
fn collect() -> Result<Vec<Documented>> {
    let lua = Lua::new_with(StdLib::TABLE | StdLib::STRING | StdLib::MATH, LuaOptions::default())?;
    let (raw, shared, native, own, rows) =
        (lua.globals(), lua.create_table()?, lua.create_table()?, lua.create_table()?, lua.create_table()?);
    native.raw_set("rows", &rows)?;
    native.raw_set("closed", lua.create_function(|_, _: String| Ok(false))?)?;
    for (name, code) in FILES.iter().filter(|(name, _)| name.starts_with("music/")) {
        let chunk = lua.load(*code).set_name(chunk_name(name)).set_mode(ChunkMode::Text);
        chunk.call::<()>((&raw, &shared, &native, &own))?;
    }
    rows.sequence_values::<Table>().map(|row| documented(&row?)).collect()
}

fn documented(row: &Table) -> Result<Documented> {
    let name: String = row.get("name")?;
    let of: Option<String> = row.get("of")?;
    Ok(Documented {
        name: of.map_or(name.clone(), |object| format!("{object}:{name}")),
        doc: row.get("doc")?,
        example: row.get("example")?,
        signature: match (row.get::<String>("params")?, row.get::<String>("returns")?) {
            (params, returns) if returns.is_empty() => format!("({params})"),
            (params, returns) => format!("({params}) -> {returns}"),
        },
        also: row.get("also")?,
        music: true,
    })
}
