//! Sessions: a Model as a folder of files that people can read, compare and mend.
//!
//! ```text
//! session.toml        the Model: tempo, modules, wires, patterns, ..., what is known of each type, hashes of the sounds
//! scenes/NAME.toml    a kept Model in the same form
//! samples/            sound files
//! main.lua, lib/      the program that is evaluated over it
//! cantus.lock          which plugins it was made with
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
mod lock;
mod migrate;
mod read;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::assets::ContentHash;
use crate::model::{Catalog, Model, ModuleId, Name, is_name};
use crate::plugins::Choice;

pub use error::SessionError;
pub use folder::{Folder, Opened, open};
pub use leftovers::Leftovers;
pub use lock::Lock;
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
    /// Of what was not understood, what plugins lack that provide a type in the place of those it was saved with.
    pub lost: Vec<String>,
    /// Of the text.
    pub hash: ContentHash,
}

/// The file of a session that has its Model.
pub fn file(folder: &Path) -> PathBuf {
    folder.join("session.toml")
}

/// Writes `session.toml` into a folder, which is made if it is not there. `sounds` has the hash of every sound file that
/// is loaded; of others the hash that was read is kept. Answers the hash of the text.
///
/// # Errors
/// [`SessionError::Write`]; an old file is then as it was.
pub fn save(
    folder: &Path,
    model: &Model,
    catalog: &Catalog,
    sounds: &Sounds,
    leftovers: &Leftovers,
) -> Result<ContentHash, SessionError> {
    put(&file(folder), model, catalog, sounds, leftovers)
}

/// Reads `session.toml` of a folder. `mint` gives ids that were never given out.
///
/// # Errors
/// [`SessionError`]: what is wrong, in which line, and what to do.
pub fn load(folder: &Path, catalog: &Catalog, mint: &mut dyn FnMut() -> ModuleId) -> Result<Loaded, SessionError> {
    get(&file(folder), catalog, mint)
}

/// Which plugins a session wants for which types: what must be known before it can be read. A file that is not there, or
/// no session, says nothing here; reading it says what is wrong.
pub fn providers(folder: &Path) -> Vec<Choice> {
    let read = std::fs::read_to_string(file(folder)).ok().and_then(|text| text.parse::<toml::Table>().ok());
    let providers = read.as_ref().and_then(|file| file.get("providers")?.as_table());
    let choice = |(name, plugin): (&String, &toml::Value)| Choice::of_session(name, plugin.as_str()?);
    providers.into_iter().flatten().filter_map(choice).collect()
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
    put(&scene_file(folder, name), model, catalog, &Sounds::new(), leftovers).map(drop)
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

/// Reads all scenes of a session, by name; and tells of files among them that cannot be scenes.
///
/// # Errors
/// As [`load`], at the first that cannot be read.
pub fn load_scenes(
    folder: &Path,
    catalog: &Catalog,
    mint: &mut dyn FnMut() -> ModuleId,
) -> Result<(BTreeMap<Name, Loaded>, Vec<String>), SessionError> {
    let scenes = folder.join("scenes");
    let entries = match std::fs::read_dir(&scenes) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Default::default()),
        Err(e) => return Err(SessionError::read(&scenes, &e)),
    };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let (mut read, mut notes) = (BTreeMap::new(), Vec::new());
    for file in files.into_iter().filter(|file| file.extension().is_some_and(|e| e == "toml")) {
        match file.file_stem().and_then(|stem| stem.to_str()).filter(|stem| is_name(stem)) {
            Some(name) => _ = read.insert(name.into(), get(&file, catalog, mint)?),
            None => notes.push(format!("{}: a scene cannot have that name; it is left alone", file.display())),
        }
    }
    Ok((read, notes))
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
) -> Result<ContentHash, SessionError> {
    let failed = |cause: &dyn std::fmt::Display| SessionError::write(path, cause);
    let text = write::document(model, catalog, sounds, leftovers).map_err(|e| failed(&e))?;
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|e| failed(&e))?;
    crate::files::write(path, text.as_bytes()).map_err(|e| failed(&e))?;
    Ok(ContentHash::of(text.as_bytes()))
}

fn get(path: &Path, catalog: &Catalog, mint: &mut dyn FnMut() -> ModuleId) -> Result<Loaded, SessionError> {
    let text = std::fs::read_to_string(path).map_err(|e| SessionError::read(path, &e))?;
    read::read(&text, path, catalog, mint)
}

fn scene_file(folder: &Path, name: &str) -> PathBuf {
    folder.join("scenes").join(format!("{name}.toml"))
}
