//! The session as a whole: its folder, the script that makes it, types without their plugin, who provides a type.

use std::path::PathBuf;

use cantus_host::model::command::{KeepTypeCommand, UseProviderCommand};
use cantus_host::model::{Excerpt, Name};
use mlua::{Lua, Result, Value};

use crate::context::{context, run, with};
use crate::error::blame;
use crate::facade::This;
use crate::library::{Row, call};
use crate::performing::later;
use crate::print::print;
use crate::transaction::Afterwards;
use crate::values::{Named, text};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "save",
        signature: "(path?: string, options?: {replace: boolean})",
        doc: "Saves the session to a folder, with its scenes and sound files: `cantus run` plays it. A relative path \
              begins at the folder of the script; without one it is the folder that was loaded or saved last. What \
              somebody else has put there stays, unless it is to be replaced. At the prompt, after the line.",
        example: "save(\"song\")  save()  save(\"song\", {replace = true})",
        function: |lua, args| call(lua, args, |lua, (path, options): (Value, Value)| save(lua, &path, &options)),
    },
    Row {
        name: "engine:save",
        signature: "(path?: string, options?: {replace: boolean})",
        doc: "As the function save.",
        example: "engine:save(\"song\")  engine:save()",
        function: |lua, args| {
            call(lua, args, |lua, (_, path, options): (This, Value, Value)| save(lua, &path, &options))
        },
    },
    Row {
        name: "engine:load",
        signature: "(path?: string)",
        doc: "Loads the session of a folder in the place of this one: what is the same in it sounds on. Without a path \
              it is the folder that was loaded or saved last. Its sound files must be those that lie beside the \
              script. What was to be done later ends, and its main.lua is evaluated, if it has one. What was done before cannot be taken back after it. At the prompt, after the line.",
        example: "engine:save(\"song\")  engine:load(\"song\")",
        function: |lua, args| call(lua, args, |lua, (_, path): (This, Value)| load(lua, &path)),
    },
    Row {
        name: "script",
        signature: "() -> string",
        doc: "The script that makes the session as it is now, as text: print(script()).",
        example: "kick.volume = 0.5  assert(script():find(\"volume = 0.5\", 1, true))",
        function: |lua, args| call(lua, args, |lua, (): ()| script(lua)),
    },
    Row {
        name: "use",
        signature: "(type: string, plugin?: string)",
        doc: "Says which plugin is to provide a type, where several do; by its id, with @version if that matters. Its \
              modules are made anew by that one, and the old ones ring out. Without one it is chosen elsewhere.",
        example: "use(kick.type, \"org.example.drums\")  use(kick.type)",
        function: |lua, args| call(lua, args, provide),
    },
    Row {
        name: "keep_type",
        signature: "(type: string, manifest?: string)",
        doc: "Tells of a type whose plugin is not there, by its manifest, so that missing can keep its modules. Without \
              a manifest it is forgotten.",
        example: "keep_type(\"Old\", 'plugin = \"org.example.old\"\\n[module]\\ntype = \"Old\"\\nkind = \"effect\"\\ndoc = \"\"')",
        function: |lua, args| call(lua, args, keep_type),
    },
];

fn save(lua: &Lua, path: &Value, options: &Value) -> Result<()> {
    let replace = Named::read(options, &["replace"], "save")?.flag("replace", false)?;
    later(lua, "save", Afterwards::Save { path: folder(lua, path)?, replace })
}

fn load(lua: &Lua, path: &Value) -> Result<()> {
    later(lua, "engine:load", Afterwards::Load(folder(lua, path)?))
}

fn folder(lua: &Lua, path: &Value) -> Result<Option<PathBuf>> {
    let path = (!path.is_nil()).then(|| text(path, "the path of a session's folder")).transpose()?;
    match path.as_deref() {
        Some("") => Err(blame("the path of a session's folder must not be empty")),
        path => Ok(path.map(|path| context(lua).root.join(path))),
    }
}

/// The Model as the script sees it, printed.
///
/// # Errors
/// Outside of an evaluation.
pub fn script(lua: &Lua) -> Result<String> {
    with(lua, |work| Ok(print(&work.model, &work.catalog)))
}

fn provide(lua: &Lua, (module_type, plugin): (Value, Value)) -> Result<()> {
    let plugin = (!plugin.is_nil()).then(|| text(&plugin, "the id of a plugin")).transpose()?;
    let module_type: Name = text(&module_type, "the name of a type")?.into();
    run(lua, UseProviderCommand { module_type, plugin: plugin.map(Into::into) })
}

fn keep_type(lua: &Lua, (module_type, manifest): (Value, Value)) -> Result<()> {
    let module_type: Name = text(&module_type, "the name of a type")?.into();
    let read = |manifest: String| {
        let excerpt = manifest.parse::<Excerpt>();
        excerpt.map_err(|e| blame(format!("what is known of type \"{module_type}\" cannot be read: {e}")))
    };
    let manifest = (!manifest.is_nil()).then(|| text(&manifest, "a manifest")).transpose()?;
    run(lua, KeepTypeCommand { excerpt: manifest.map(read).transpose()?, module_type })
}
