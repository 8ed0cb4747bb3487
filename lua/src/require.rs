//! Where `require` finds code: `<root>/lib/a/b.lua` for `a.b`, and nothing outside.

use std::path::Path;

use mlua::{Lua, Result, Value};

use crate::bounds;
use crate::context::context;
use crate::error::blame;
use crate::values::text;

/// The code of a module and the name of its chunk.
///
/// # Errors
/// When the name is not one, or there is no such file.
pub fn source(lua: &Lua, name: Value) -> Result<(String, String)> {
    let name = text(&name, "the name of a library")?;
    let part = |p: &str| !p.is_empty() && p.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !name.split('.').all(part) {
        return Err(blame(format!("require \"{name}\": names are letters, digits and _, with dots for folders")));
    }
    let chunk = format!("lib/{}.lua", name.replace('.', "/"));
    let context = context(lua);
    bounds::pay(lua, bounds::FILE)?;
    let root = context.program.borrow();
    context.required.borrow_mut().insert(root.join(&chunk));
    let code = read(&root, &chunk).map_err(|why| blame(format!("could not require \"{name}\": {why}")))?;
    bounds::pay(lua, code.len() as u64)?;
    Ok((code, chunk))
}

fn read(root: &Path, chunk: &str) -> std::result::Result<String, String> {
    let missing = |e: std::io::Error| format!("{chunk}: {e}; put it beside the script");
    // A link may point anywhere: what counts is where the file is.
    let library = root.join("lib").canonicalize().map_err(missing)?;
    let path = root.join(chunk).canonicalize().map_err(missing)?;
    if !path.starts_with(library) {
        return Err(format!("{chunk} lies outside of lib/; copy it there"));
    }
    if !path.is_file() {
        // A pipe would be waited for without end.
        return Err(format!("{chunk} is no file"));
    }
    std::fs::read_to_string(path).map_err(missing)
}
