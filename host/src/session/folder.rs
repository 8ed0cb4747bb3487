//! A session with all that lies in its folder: opened, kept while it is worked on, saved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Leftovers, SessionError, Sounds, load, load_scenes, remove_scene, save, save_scene, scene_names};
use crate::assets;
use crate::control::EngineState;
use crate::model::{Catalog, Model, ModuleId, Name};

/// Where a session lies, and what its files say that no Model can hold.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    path: Option<PathBuf>,
    leftovers: Leftovers,
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
    pub scenes: BTreeMap<Name, Arc<Model>>,
    /// What people should know, a sentence each.
    pub notes: Vec<String>,
}

/// Reads a session with its scenes. `mint` gives ids that were never given out.
///
/// # Errors
/// [`SessionError`] of the first file that cannot be read.
pub fn open(path: &Path, catalog: &Catalog, mint: &mut dyn FnMut() -> ModuleId) -> Result<Opened, SessionError> {
    let session = load(path, catalog, mint)?;
    let (mut notes, mut scenes) = (session.notes, BTreeMap::new());
    let mut folder = Folder { path: Some(path.into()), leftovers: session.leftovers, of_scenes: BTreeMap::new() };
    for (name, scene) in load_scenes(path, catalog, mint)? {
        notes.extend(scene.notes);
        folder.of_scenes.insert(name.clone(), scene.leftovers);
        scenes.insert(name, Arc::new(scene.model));
    }
    Ok(Opened { folder, model: Arc::new(session.model), scenes, notes })
}

impl Folder {
    /// Where it was opened or saved last.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Sound files that are not those it was saved with, a sentence each.
    pub fn other_sounds(&self, state: &EngineState) -> Vec<String> {
        let other = self.leftovers.differing(&sounds(state));
        other.iter().map(|file| format!("sound file \"{file}\" is not the one the session was saved with")).collect()
    }

    /// Writes a state to a folder, which is then the one it is kept in: the sound files that are not in it and lie in
    /// `root`, the scenes, and last the Model. Scenes that lie there and are not kept are removed.
    ///
    /// # Errors
    /// [`SessionError::Write`]; what was written before is there.
    pub fn save(
        &mut self,
        path: &Path,
        state: &EngineState,
        catalog: &Catalog,
        root: &Path,
    ) -> Result<(), SessionError> {
        let scenes = || state.scenes.iter();
        let models = scenes().map(|(_, scene)| scene).chain([&state.model]);
        let files: BTreeSet<&Name> = models.flat_map(|model| model.sound_files(catalog)).collect();
        files.into_iter().try_for_each(|file| copy(file, root, path))?;
        for (name, scene) in scenes() {
            let none = Leftovers::default();
            save_scene(path, name, scene, catalog, self.of_scenes.get(name).unwrap_or(&none))?;
        }
        save(path, &state.model, catalog, &sounds(state), &self.leftovers)?;
        let there = scene_names(path)?;
        there.iter().filter(|name| !state.scenes.contains_key(*name)).try_for_each(|name| remove_scene(path, name))?;
        self.path = Some(path.to_owned());
        Ok(())
    }
}

fn sounds(state: &EngineState) -> Sounds {
    state.assets.iter().map(|(name, asset)| (name.clone(), asset.hash)).collect()
}

/// Copies a sound file to the same place below another folder, unless something is there already. One that is missing,
/// or lies elsewhere, is left where it is.
fn copy(file: &str, root: &Path, folder: &Path) -> Result<(), SessionError> {
    let from = assets::find(root, file);
    let Some(below) =
        from.strip_prefix(root).ok().filter(|p| p.components().all(|c| matches!(c, Component::Normal(_))))
    else {
        return Ok(());
    };
    let to = folder.join(below);
    if !from.is_file() || assets::find(folder, file).exists() {
        return Ok(());
    }
    let made = to.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::copy(&from, &to)).map_err(|e| SessionError::write(&to, &e)).map(drop)
}
