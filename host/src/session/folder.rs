//! A session with all that lies in its folder: opened, kept while it is worked on, saved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Leftovers, SessionError, Sounds, file, load, load_scenes, remove_scene, save, save_scene};
use crate::assets::{self, ContentHash};
use crate::control::{EngineState, Scenes};
use crate::files;
use crate::model::{Catalog, Model, ModuleId, Name};

/// Where a session lies, and what its files say that no Model can hold.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    path: Option<PathBuf>,
    /// Of `session.toml`, as it was read or written last.
    seen: Option<ContentHash>,
    leftovers: Leftovers,
    /// Of every scene that was read or written.
    of_scenes: BTreeMap<Name, Leftovers>,
}

/// A session as it was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// To be kept, for saving.
    pub folder: Folder,
    /// What is wanted.
    pub model: Arc<Model>,
    /// Its scenes.
    pub scenes: Scenes,
    /// What people should know, a sentence each.
    pub notes: Vec<String>,
    /// What plugins lack that provide a type in the place of those it was saved with, a sentence each.
    pub lost: Vec<String>,
}

/// Reads a session with its scenes. `mint` gives ids that were never given out.
///
/// # Errors
/// [`SessionError`] of the first file that cannot be read.
pub fn open(path: &Path, catalog: &Catalog, mint: &mut dyn FnMut() -> ModuleId) -> Result<Opened, SessionError> {
    let session = load(path, catalog, mint)?;
    let (mut notes, mut lost) = (session.notes, session.lost);
    let (mut scenes, mut of_scenes) = (BTreeMap::new(), BTreeMap::new());
    let (loaded, more) = load_scenes(path, catalog, mint)?;
    notes.extend(more);
    for (name, scene) in loaded {
        notes.extend(scene.notes);
        lost.extend(scene.lost);
        of_scenes.insert(name.clone(), scene.leftovers);
        scenes.insert(name, Arc::new(scene.model));
    }
    let folder = Folder { path: Some(path.into()), seen: Some(session.hash), leftovers: session.leftovers, of_scenes };
    Ok(Opened { folder, model: Arc::new(session.model), scenes: scenes.into(), notes, lost })
}

impl Opened {
    /// Plugins that provide a type in the place of those it was saved with have all that it uses.
    ///
    /// # Errors
    /// [`SessionError::Lacking`], with everything that they lack.
    pub fn is_whole(&self) -> Result<(), SessionError> {
        if self.lost.is_empty() {
            return Ok(());
        }
        Err(SessionError::Lacking { path: self.folder.path.clone().unwrap_or_default(), lost: self.lost.clone() })
    }

    /// Its sound files can be played from `root`: where a relative name means another file there, it is not this
    /// session that would be heard.
    ///
    /// # Errors
    /// [`SessionError::Elsewhere`].
    pub fn sounds_lie_in(&self, root: &Path, catalog: &Catalog) -> Result<(), SessionError> {
        let path = self.folder.path.clone().unwrap_or_default();
        let models = self.scenes.values().chain([&self.model]);
        for name in models.flat_map(|model| model.sound_files(catalog)) {
            let (own, found) = (assets::find(&path, name), assets::find(root, name));
            if own.is_file() && !same_place(&own, &found) && !same_bytes(&own, &found) {
                return Err(SessionError::Elsewhere { path, file: name.clone(), root: root.to_owned() });
            }
        }
        Ok(())
    }
}

impl Folder {
    /// Where it was opened or saved last.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// It has been brought into an engine, which has come to this Model.
    pub fn belongs_to(&mut self, model: &Model) {
        self.leftovers.belong_to(model);
    }

    /// Sound files that are not those it was saved with, a sentence each.
    pub fn other_sounds(&self, state: &EngineState) -> Vec<String> {
        let other = self.leftovers.differing(&sounds(state));
        other.iter().map(|file| format!("sound file \"{file}\" is not the one the session was saved with")).collect()
    }

    /// Writes a state to a folder, which is then the one it is kept in: the sound files that lie in `root`, the scenes,
    /// and last the Model. Scenes that were read or written here and are not kept are removed. Answers what people
    /// should know, a sentence each.
    ///
    /// # Errors
    /// [`SessionError::InTheWay`] unless `replace`: what is in the folder is not what was read or written here last.
    /// [`SessionError::Write`]; what was written before is there.
    pub fn save(
        &mut self,
        path: &Path,
        state: &EngineState,
        catalog: &Catalog,
        root: &Path,
        replace: bool,
    ) -> Result<Vec<String>, SessionError> {
        let in_the_way = |cause: String| SessionError::InTheWay { path: path.to_owned(), cause };
        let ours = self.path.as_deref().is_some_and(|own| same_place(own, path));
        let there = std::fs::read(file(path)).ok().map(|text| ContentHash::of(&text));
        if there.is_some() && !replace {
            if !ours {
                return Err(in_the_way("a session is there already".into()));
            } else if there != self.seen {
                return Err(in_the_way("its session.toml was changed by somebody else".into()));
            }
        }
        let models = state.scenes.values().chain([&state.model]);
        let sound_files: BTreeSet<&Name> = models.flat_map(|model| model.sound_files(catalog)).collect();
        let mut notes = Vec::new();
        for name in sound_files {
            match place(name, root, path) {
                Place::Copy { to, replaced: true, .. } if !ours && !replace => {
                    return Err(in_the_way(format!("{} is another sound file", to.display())));
                }
                Place::Copy { from, to, .. } => copy(&from, &to)?,
                Place::Outside(from) => notes.push(format!(
                    "sound file {} lies outside of {} and is not copied; where it is not, it will be missing",
                    from.display(),
                    root.display()
                )),
                Place::There => {}
            }
        }
        self.write(path, state, catalog)?;
        self.path = Some(path.to_owned());
        Ok(notes)
    }

    fn write(&mut self, path: &Path, state: &EngineState, catalog: &Catalog) -> Result<(), SessionError> {
        for (name, scene) in state.scenes.iter() {
            save_scene(path, name, scene, catalog, self.of_scenes.entry(name.clone()).or_default())?;
        }
        self.seen = Some(save(path, &state.model, catalog, &sounds(state), &self.leftovers)?);
        let gone: Vec<Name> =
            self.of_scenes.extract_if(.., |name, _| !state.scenes.contains_key(name)).map(|(name, _)| name).collect();
        gone.iter().try_for_each(|name| remove_scene(path, name))
    }
}

fn sounds(state: &EngineState) -> Sounds {
    state.assets.iter().map(|(name, asset)| (name.clone(), asset.hash)).collect()
}

fn same_place(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// What is to be done about a sound file, so that a folder has it.
enum Place {
    /// Nothing: it is there, or missing everywhere, or found from anywhere.
    There,
    /// It is found from `root` alone.
    Outside(PathBuf),
    /// The bytes of one are to be those of the other.
    Copy { from: PathBuf, to: PathBuf, replaced: bool },
}

fn place(name: &str, root: &Path, folder: &Path) -> Place {
    let from = assets::find(root, name);
    if !from.is_file() || Path::new(name).is_absolute() {
        return Place::There;
    }
    let Some(below) =
        from.strip_prefix(root).ok().filter(|p| p.components().all(|c| matches!(c, Component::Normal(_))))
    else {
        return if same_place(&from, &assets::find(folder, name)) { Place::There } else { Place::Outside(from) };
    };
    let to = assets::find(folder, name);
    match to.exists() {
        false => Place::Copy { to: folder.join(below), from, replaced: false },
        true if same_place(&from, &to) || same_bytes(&from, &to) => Place::There,
        true => Place::Copy { from, to, replaced: true },
    }
}

fn same_bytes(a: &Path, b: &Path) -> bool {
    let size = |path: &Path| path.metadata().ok().map(|metadata| metadata.len());
    let bytes = |path: &Path| std::fs::read(path).ok();
    size(a) == size(b) && bytes(a).is_some_and(|a| bytes(b) == Some(a))
}

fn copy(from: &Path, to: &Path) -> Result<(), SessionError> {
    let made = to.parent().map_or(Ok(()), std::fs::create_dir_all);
    let copied = made.and_then(|()| files::write(to, &std::fs::read(from)?));
    copied.map_err(|e| SessionError::Sound { from: from.into(), to: to.into(), cause: e.to_string() })
}
