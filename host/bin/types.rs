//! `cantus types [SONG]`

use std::path::{Path, PathBuf};
use std::rc::Rc;

use cantus_host::control::Commit;
use cantus_host::files;
use cantus_host::lockstep::Lockstep;
use cantus_host::model::Catalog;
use cantus_host::session;
use cantus_lua::{Options, documentation, types};
use clap::Args;

use crate::Failure;
use crate::console::{say, warn};
use crate::play::{on_script_thread, script};
use crate::setup::PluginArguments;
use crate::song::Song;

/// Folder of the definitions, beside a song.
pub const FOLDER: &str = ".types";
/// What tells editors of them.
const LUARC: &str = include_str!("new/luarc.json");
/// Its name.
const LUARC_NAME: &str = ".luarc.json";

/// Writes definitions for editors: functions, modules, and what a song has made, with types and documentation.
#[derive(Args)]
pub struct Types {
    /// A script, or a folder, best that of a session; the definitions go to `.types` in the folder.
    #[arg(default_value = ".")]
    song: PathBuf,
}

impl Types {
    /// Writes them, and prints where.
    pub fn run(&self, plugins: &PluginArguments) -> Result<(), Failure> {
        let is_script = self.song.extension().is_some_and(|extension| extension == "lua");
        let folder = match (self.song.is_dir(), is_script) {
            (true, _) => &*self.song,
            (false, true) if self.song.is_file() => parent(&self.song),
            _ => {
                let why = "it is neither a folder nor a script; name one that is there";
                return Err(Failure(format!("could not write types for {}: {why}", self.song.display())));
            }
        };
        let registry = plugins.load_for(&self.song, None)?;
        for path in write(folder, registry.catalog())? {
            say(path.display())?;
        }
        // A folder without a session may still have a script.
        let main = folder.join("main.lua");
        let song = match (is_script, session::file(folder).is_file()) {
            (true, _) | (_, true) => Some(&*self.song),
            _ => Some(&*main).filter(|main| main.is_file()),
        };
        if let Some(song) = song {
            let song = Song::open(song, registry.catalog(), &plugins.without, plugins.lossy)?;
            let text = on_script_thread(|| {
                let studio = Lockstep::new(registry.clone(), song.config());
                let engine: Rc<dyn Commit> = Rc::new(studio.engine().clone());
                song.begin(&*engine)?;
                let evaluated = song.evaluate(&mut script(engine.clone(), &song, Options::default(), |_| {})?);
                // What was there before fits better than nothing.
                evaluated.map_err(|Failure(why)| Failure(format!("could not tell what the song makes: {why}")))?;
                Ok(types::session(&engine.state().model, registry.catalog()))
            })?;
            say(put(&folder.join(FOLDER), "session.d.lua", &text)?.display())?;
        }
        Ok(())
    }
}

/// Writes the definitions of functions and modules, and what tells editors of them, into a folder. Answers what was
/// written.
pub fn write(folder: &Path, catalog: &Catalog) -> Result<Vec<PathBuf>, Failure> {
    let types = folder.join(FOLDER);
    std::fs::create_dir_all(&types).map_err(|e| refuse(&types, &e))?;
    let mut written = vec![
        put(&types, "cantus.d.lua", &types::functions(documentation()))?,
        put(&types, "modules.d.lua", &types::modules(catalog))?,
    ];
    written.extend(tell_editors(folder)?);
    Ok(written)
}

/// Writes `.luarc.json`, if there is none; what somebody has there is theirs.
fn tell_editors(folder: &Path) -> Result<Option<PathBuf>, Failure> {
    let path = folder.join(LUARC_NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) if text.contains(FOLDER) => Ok(None),
        Ok(_) => {
            let advice =
                format!("add \"workspace.library\": [\"{FOLDER}\"] to it, so that the editor finds the definitions");
            warn(format_args!("{} is there already and stays as it is; {advice}", path.display()));
            Ok(None)
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            files::write(&path, LUARC.as_bytes()).map_err(|e| refuse(&path, &e))?;
            Ok(Some(path))
        }
        Err(e) => Err(refuse(&path, &e)),
    }
}

/// Puts a file of definitions in its place, unless it is somebody else's.
fn put(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    if std::fs::read_to_string(&path).is_ok_and(|there| !there.starts_with(types::MARK)) {
        return Err(Failure(format!(
            "could not write {}: somebody else's file is there; move it away first",
            path.display()
        )));
    }
    files::write(&path, text.as_bytes()).map_err(|e| refuse(&path, &e))?;
    Ok(path)
}

fn refuse(path: &Path, why: &std::io::Error) -> Failure {
    Failure(format!("could not write {}: {why}; check the folder", path.display()))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
