//! What is played: a script, or the folder of a session with the program that is evaluated over it.

use std::path::{Path, PathBuf};

use cantus_host::control::journal::Recovered;
use cantus_host::control::{Batch, Commit, Config, Engine, EngineHandle, Origin, Work};
use cantus_host::model::{Catalog, ModuleId};
use cantus_host::session::{self, Folder, Opened};
use cantus_lua::{Evaluation, Script};

use crate::console::{tell, warn};
use crate::{Failure, crash, stall};

/// Sample rate of an engine when no session asks for another, in Hz.
const RATE: f64 = 48_000.0;

/// A script, or a session.
pub struct Song {
    /// The file or folder, as it was named.
    pub path: PathBuf,
    /// The script; that of a session need not be there.
    pub script: PathBuf,
    /// Folder of the sound files and of `lib/`.
    pub root: PathBuf,
    /// Modules that are left out.
    pub without: Vec<String>,
    session: Option<Opened>,
    recovered: Option<Recovered>,
}

impl Song {
    /// Opens it: a session is read.
    ///
    /// # Errors
    /// When a session cannot be read, or plugins lack something of what it uses, unless it is `lossy`.
    pub fn open(path: &Path, catalog: &Catalog, without: &[String], lossy: bool) -> Result<Song, Failure> {
        let without = without.to_vec();
        if !path.is_dir() {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            return Ok(Song {
                path: path.into(),
                script: path.into(),
                root: folder.into(),
                without,
                session: None,
                recovered: None,
            });
        }
        if !session::file(path).exists() {
            let path = path.display();
            let advice = "this folder is no session; name a script, or begin a session with `cantus new`";
            return Err(Failure(format!("could not open {path}: {advice}")));
        }
        let mut last = 0;
        let mut mint = || {
            last += 1;
            ModuleId(last)
        };
        let session = session::open(path, catalog, &mut mint)?;
        if !lossy {
            session.is_whole()?;
        }
        let session = Some(session);
        Ok(Song {
            path: path.into(),
            script: path.join("main.lua"),
            root: path.into(),
            without,
            session,
            recovered: None,
        })
    }

    /// Begins where a journal ends, not where its own session does.
    pub fn go_on_from(&mut self, journal: Recovered) {
        self.recovered = Some(journal);
    }

    /// What an engine for it is made with.
    pub fn config(&self) -> Config {
        let recovered = self.recovered.as_ref().map(|journal| journal.model.rate());
        let rate = recovered.or_else(|| Some(self.session.as_ref()?.model.rate()));
        Config { rate: rate.unwrap_or(RATE), root: self.root.clone() }
    }

    /// The files it is made of, besides sounds.
    pub fn files(&self) -> Vec<PathBuf> {
        vec![self.script.clone(), session::file(&self.root)]
    }

    /// Its session, for saving.
    pub fn folder(&self) -> Folder {
        self.session.as_ref().map_or_else(Folder::default, |session| session.folder.clone())
    }

    /// Before anything is made: leaves out what is to be left out, and has modules named that crash or do not come back.
    /// `alone`: nobody is there to end the program.
    pub fn watch(&self, engine: &mut Engine, journal: Option<&Path>, alone: bool) -> EngineHandle {
        engine.leave_out(self.without.iter().map(|name| name.as_str().into()));
        let handle = engine.handle().clone();
        crash::watch(&handle, journal);
        stall::watch(handle.telemetry(), stall::names(handle.clone()), alone);
        handle
    }

    /// Brings an engine to its session or to where a journal ends, and tells what people should know.
    ///
    /// # Errors
    /// When that cannot be.
    pub fn begin(&self, engine: &dyn Commit) -> Result<(), Failure> {
        if let Some(journal) = &self.recovered {
            journal.notes.iter().for_each(warn);
            let (model, scenes) = (journal.model.clone().into(), journal.scenes.clone().into());
            engine.commit(Batch::of(Origin::Host, Work::Become(model, scenes)))?;
            let count = journal.batches;
            tell(format_args!("it goes on from where the journal ends, {count} batches after its last full state"));
            return Ok(());
        }
        let Some(session) = &self.session else { return Ok(()) };
        session.notes.iter().for_each(warn);
        engine.commit(Batch::of(Origin::Host, Work::Become(session.model.clone(), session.scenes.clone())))?;
        Ok(())
    }

    /// Evaluates its script, if it has one.
    ///
    /// # Errors
    /// The script's.
    pub fn evaluate(&self, script: &mut Script) -> Result<Evaluation, Failure> {
        if self.session.is_some() && !self.script.exists() {
            return Ok(Evaluation::default());
        }
        Ok(script.eval_file(&self.script)?)
    }

    /// Tells of sound files that are not those the session was saved with. What loads must be there.
    pub fn tell_other_sounds(&self, engine: &dyn Commit) {
        self.folder().other_sounds(&engine.state()).iter().for_each(warn);
    }
}
