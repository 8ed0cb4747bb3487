//! Where plugin libraries are looked for.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::{LoadError, Reason};

/// The places, first to last: what is found first wins.
#[derive(Clone, Debug, Default)]
pub struct Search {
    places: Vec<Place>,
    /// Anybody on this machine may put libraries there, and that is well.
    trusting: bool,
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
    /// Number of its place.
    pub place: usize,
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

    /// The same, which takes libraries even from places that anybody on this machine may write to.
    pub fn trusting(self) -> Search {
        Search { trusting: true, ..self }
    }

    /// Adds a folder or file behind the others.
    pub fn add(&mut self, path: &Path, named: bool, bundled: bool) {
        self.places.push(Place { path: path.to_owned(), named, bundled });
    }

    /// Every library file in every place, each once, and what named places lack.
    pub fn files(&self) -> (Vec<Found>, Vec<LoadError>) {
        let (mut files, mut errors): (Vec<Found>, Vec<LoadError>) = (Vec::new(), Vec::new());
        for (number, place) in self.places.iter().enumerate() {
            let paths = match list(&place.path) {
                Ok(paths) => paths,
                Err(e) => {
                    let unreadable = || LoadError::new(&place.path, Reason::Unreadable(e.to_string()));
                    errors.extend(place.named.then(unreadable));
                    continue;
                }
            };
            if paths.is_empty() && place.named {
                errors.push(LoadError::new(&place.path, Reason::Empty));
            }
            for named in paths {
                let path = named.canonicalize().unwrap_or_else(|_| named.clone());
                if files.iter().any(|f| f.path == path) {
                    continue;
                }
                // Whoever can write to where the program lies can change the program.
                match writable(&named, &path, &place.path).filter(|_| !self.trusting && !place.bundled) {
                    Some(what) => errors.push(LoadError::new(&path, Reason::Writable(what))),
                    None => files.push(Found { path, named: place.named, bundled: place.bundled, place: number }),
                }
            }
        }
        (files, errors)
    }
}

/// Of a library as it was found and where it leads, the folders they lie in, and where it was looked for, what anybody on
/// this machine may write to.
#[cfg(unix)]
fn writable(named: &Path, path: &Path, place: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    const BY_ALL: u32 = 0o002;
    let by_all = |path: &&Path| path.metadata().is_ok_and(|data| data.permissions().mode() & BY_ALL != 0);
    let all = [Some(named), named.parent(), Some(path), path.parent(), Some(place)];
    all.into_iter().flatten().find(by_all).map(Path::to_owned)
}

#[cfg(not(unix))]
fn writable(_named: &Path, _path: &Path, _place: &Path) -> Option<PathBuf> {
    None
}

/// Beside a library in a plugin's own folder.
const MANIFEST: &str = "manifest.toml";

/// The library files of a folder, by name, then those of the plugins that have folders of their own in it: a library,
/// its manifest, and what else they brought. A file is itself.
fn list(place: &Path) -> std::io::Result<Vec<PathBuf>> {
    if place.metadata()?.is_file() {
        return Ok(vec![place.to_owned()]);
    }
    let all = entries(place)?;
    let is_library = |path: &PathBuf| path.extension().is_some_and(|e| e == std::env::consts::DLL_EXTENSION);
    let own = all.iter().filter(|path| path.join(MANIFEST).is_file());
    let within = own.filter_map(|folder| entries(folder).ok()).flatten();
    Ok(all.iter().cloned().chain(within).filter(is_library).collect())
}

/// What lies in a folder, by name.
fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}
