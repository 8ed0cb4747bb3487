//! `cantus plugins lock SONG`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use cantus_host::control::Commit;
use cantus_host::lockstep::Lockstep;
use cantus_host::model::Name;
use cantus_host::session::Lock;
use cantus_lua::Options;
use clap::Args;

use crate::Failure;
use crate::console::say;
use crate::play::{on_script_thread, script};
use crate::setup::{PluginArguments, folder_of};
use crate::song::Song;

/// Writes down which plugins a song uses, to the byte, so that `--locked` plays it with no others.
#[derive(Args)]
pub struct LockSong {
    /// A script, or the folder of a session; the lock lies in the folder.
    song: PathBuf,
}

impl LockSong {
    /// Writes the lock, and prints where.
    pub fn run(&self, arguments: &PluginArguments) -> Result<(), Failure> {
        let registry = arguments.load_for(&self.song, None)?;
        let song = Song::open(&self.song, registry.catalog(), &arguments.without, arguments.lossy)?;
        let lock = on_script_thread(|| {
            let studio = Lockstep::new(registry, song.config());
            let engine: Rc<dyn Commit> = Rc::new(studio.engine().clone());
            song.begin(&*engine)?;
            let evaluated = song.evaluate(&mut script(engine.clone(), &song, Options::default(), |_| {})?);
            evaluated.map_err(|Failure(why)| Failure(format!("could not tell what the song uses: {why}")))?;
            studio.settle();
            let state = engine.state();
            let models = state.scenes.values().chain([&state.model]);
            let modules = models.flat_map(|model| model.modules.iter().map(|(_, module)| module.module_type.clone()));
            let types: BTreeSet<Name> = modules.collect();
            Ok::<Lock, Failure>(Lock::of(&studio.engine().0.borrow().registry(), &types))
        })?;
        let folder = folder_of(&self.song);
        let path = Lock::file(folder);
        let refuse = |e: std::io::Error| Failure(format!("could not write {}: {e}; check the folder", path.display()));
        lock.write(folder).map_err(refuse)?;
        say(path.display())
    }
}
