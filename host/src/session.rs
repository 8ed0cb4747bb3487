//! Sessions: a Model as a folder of files that people can read, compare and mend.
//!
//! ```text
//! session.toml        the Model: tempo, modules, wires, patterns, ..., what is known of each type, hashes of the sounds
//! scenes/NAME.toml    a kept Model in the same form
//! samples/            sound files
//! main.lua, lib/      the program that is evaluated over it
//! ```
//!
//! Loading gives a Model; the Engine is brought there by one batch, `now.diff(&loaded.model, catalog)`, so that what
//! stays sounds on. What cannot be resolved here (a module of a type that nobody knows, a parameter that the plugin
//! does not have, a key from a later version) becomes [`Leftovers`], which saving writes again. What Cantus itself can
//! judge, such as a tempo out of range, is an error that names file, line and key.
//!
//! Everything here reads and writes files and may take its time: not for the control or the audio thread.

mod error;
mod folder;
mod form;
mod leftovers;
mod migrate;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::assets::ContentHash;
use crate::model::{Catalog, Model, ModuleId, Name};

pub use error::SessionError;
pub use folder::{Folder, Opened, open};
pub use leftovers::Leftovers;
pub use migrate::VERSION;

/// Content hashes of sound files, by the names that slots give them.
pub type Sounds = BTreeMap<Name, ContentHash>;

/// A session as it was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What is wanted.
    pub model: Model,
    /// What could not be resolved: to be kept, and passed on to [`save`].
    pub leftovers: Leftovers,
    /// What people should know, a sentence each: what was not understood and is kept, from which version it came.
    pub notes: Vec<String>,
}

/// The file of a session that has its Model.
pub fn file(folder: &Path) -> PathBuf {
    folder.join("session.toml")
}

/// Writes `session.toml` into a folder, which is made if it is not there. `sounds` has the hash of every sound file that
/// is loaded; of others the hash that was read is kept.
///
/// # Errors
/// [`SessionError::Write`]; an old file is then as it was.
pub fn save(
    folder: &Path,
    model: &Model,
    catalog: &Catalog,
    sounds: &Sounds,
    leftovers: &Leftovers,
) -> Result<(), SessionError> {
    put(&file(folder), model, catalog, sounds, leftovers)
}

/// Reads `session.toml` of a folder. `mint` gives ids that were never given out.
///
/// # Errors
/// [`SessionError`]: what is wrong, in which line, and what to do.
pub fn load(folder: &Path, catalog: &Catalog, mint: &mut dyn FnMut() -> ModuleId) -> Result<Loaded, SessionError> {
    get(&file(folder), catalog, mint)
}

/// Writes a scene of a session to `scenes/NAME.toml`.
///
/// # Errors
/// As [`save`].
pub fn save_scene(
    folder: &Path,
    name: &str,
    model: &Model,
    catalog: &Catalog,
    leftovers: &Leftovers,
) -> Result<(), SessionError> {
    put(&scene_file(folder, name), model, catalog, &Sounds::new(), leftovers)
}

/// Removes a scene's file; that it is not there is no error.
///
/// # Errors
/// [`SessionError::Write`].
pub fn remove_scene(folder: &Path, name: &str) -> Result<(), SessionError> {
    let path = scene_file(folder, name);
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(SessionError::write(&path, &e)),
        _ => Ok(()),
    }
}

/// Reads all scenes of a session, by name.
///
/// # Errors
/// As [`load`], at the first that cannot be read.
pub fn load_scenes(
    folder: &Path,
    catalog: &Catalog,
    mint: &mut dyn FnMut() -> ModuleId,
) -> Result<BTreeMap<Name, Loaded>, SessionError> {
    let names = scene_names(folder)?.into_iter();
    names.map(|name| get(&scene_file(folder, &name), catalog, mint).map(|scene| (name, scene))).collect()
}

/// The scenes that lie in a session's folder, ascending.
fn scene_names(folder: &Path) -> Result<BTreeSet<Name>, SessionError> {
    let scenes = folder.join("scenes");
    let entries = match std::fs::read_dir(&scenes) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(e) => return Err(SessionError::read(&scenes, &e)),
    };
    let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(files.filter_map(|file| Some(unescaped(file.strip_suffix(".toml")?)?.into())).collect())
}

/// What a session's file says.
///
/// # Errors
/// [`SessionError::Write`] for a number that no file can hold.
pub fn to_text(
    model: &Model,
    catalog: &Catalog,
    sounds: &Sounds,
    leftovers: &Leftovers,
) -> Result<String, SessionError> {
    let written = write::document(model, catalog, sounds, leftovers);
    written.map_err(|cause| SessionError::Write { path: "session.toml".into(), cause })
}

/// Reads what a session's file says; `path` is for messages.
///
/// # Errors
/// As [`load`].
pub fn from_text(
    text: &str,
    path: &Path,
    catalog: &Catalog,
    mint: &mut dyn FnMut() -> ModuleId,
) -> Result<Loaded, SessionError> {
    read::read(text, path, catalog, mint)
}

fn put(
    path: &Path,
    model: &Model,
    catalog: &Catalog,
    sounds: &Sounds,
    leftovers: &Leftovers,
) -> Result<(), SessionError> {
    let failed = |cause: &dyn std::fmt::Display| SessionError::write(path, cause);
    let text = write::document(model, catalog, sounds, leftovers).map_err(|e| failed(&e))?;
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|e| failed(&e))?;
    crate::files::write(path, text.as_bytes()).map_err(|e| failed(&e))
}

fn get(path: &Path, catalog: &Catalog, mint: &mut dyn FnMut() -> ModuleId) -> Result<Loaded, SessionError> {
    let text = std::fs::read_to_string(path).map_err(|e| SessionError::read(path, &e))?;
    read::read(&text, path, catalog, mint)
}

/// `scenes/NAME.toml`. What file systems do not take, or take for something else, is written as `%` and two digits.
fn scene_file(folder: &Path, name: &str) -> PathBuf {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_- ".contains(&b) || b >= 0x80;
    let mut bytes = Vec::new();
    for byte in name.bytes() {
        if plain(byte) { bytes.push(byte) } else { bytes.extend(format!("%{byte:02x}").bytes()) }
    }
    let name = String::from_utf8(bytes).expect("only ASCII was taken out");
    folder.join("scenes").join(format!("{name}.toml"))
}

/// The name of a scene from that of its file; `None` if none is written so.
fn unescaped(name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut parts = name.split('%');
    bytes.extend(parts.next()?.bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_of_any_name_have_a_file() {
        for (name, file) in [
            ("chorus 2", "chorus 2.toml"),
            ("a/b", "a%2fb.toml"),
            ("..", "%2e%2e.toml"),
            ("100%", "100%25.toml"),
            ("Ümlaut", "Ümlaut.toml"),
            ("", ".toml"),
        ] {
            let path = scene_file(Path::new("s"), name);
            assert_eq!(path, Path::new("s/scenes").join(file));
            assert_eq!(unescaped(file.strip_suffix(".toml").expect("it ends so")).as_deref(), Some(name));
        }
        assert_eq!(unescaped("%"), None);
        assert_eq!(unescaped("%zz"), None);
    }
}
