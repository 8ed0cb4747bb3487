//! Where plugin libraries are looked for.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::{LoadError, Reason};

/// The places, first to last: what is found first wins.
#[derive(Clone, Debug, Default)]
pub struct Search {
    places: Vec<Place>,
}

#[derive(Clone, Debug)]
struct Place {
    path: PathBuf,
    /// Named by somebody: that it is not there, or holds libraries that are no plugins, is worth saying.
    named: bool,
    bundled: bool,
}

/// A file that may be a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Canonical path.
    pub path: PathBuf,
    /// It lies in a place that somebody named.
    pub named: bool,
    /// It came with this program.
    pub bundled: bool,
}

impl Search {
    /// The places of the program: folders or files from the command line, `$CANTUS_PLUGIN_PATH`, the user's data folder
    /// (`cantus/plugins` in it), and next to the executable.
    pub fn of_program(named: &[PathBuf]) -> Search {
        let mut search = Search::default();
        for path in named {
            search.add(path, true, false);
        }
        if let Some(list) = std::env::var_os("CANTUS_PLUGIN_PATH") {
            for path in std::env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()) {
                search.add(&path, true, false);
            }
        }
        if let Ok(base) = etcetera::choose_base_strategy() {
            search.add(&base.data_dir().join("cantus").join("plugins"), false, false);
        }
        if let Some(folder) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
            search.add(folder, false, true);
        }
        search
    }

    /// Adds a folder or file behind the others.
    pub fn add(&mut self, path: &Path, named: bool, bundled: bool) {
        self.places.push(Place { path: path.to_owned(), named, bundled });
    }

    /// Every library file in every place, each once, and what named places lack.
    pub fn files(&self) -> (Vec<Found>, Vec<LoadError>) {
        let (mut files, mut errors): (Vec<Found>, Vec<LoadError>) = (Vec::new(), Vec::new());
        for place in &self.places {
            match list(&place.path) {
                Ok(paths) => {
                    if paths.is_empty() && place.named {
                        errors.push(LoadError::new(&place.path, Reason::Empty));
                    }
                    for path in paths {
                        let path = path.canonicalize().unwrap_or(path);
                        if !files.iter().any(|f| f.path == path) {
                            files.push(Found { path, named: place.named, bundled: place.bundled });
                        }
                    }
                }
                Err(e) if place.named => errors.push(LoadError::new(&place.path, Reason::Unreadable(e.to_string()))),
                Err(_) => {}
            }
        }
        (files, errors)
    }
}

/// The library files of a folder, by name; a file is itself.
fn list(place: &Path) -> std::io::Result<Vec<PathBuf>> {
    if place.metadata()?.is_file() {
        return Ok(vec![place.to_owned()]);
    }
    let mut paths: Vec<PathBuf> = std::fs::read_dir(place)?.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == std::env::consts::DLL_EXTENSION));
    paths.sort();
    Ok(paths)
}
