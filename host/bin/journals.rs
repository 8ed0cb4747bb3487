//! Where journals of performances lie: in the user's state folder, the newest of each song.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use cantus_host::assets::ContentHash;
use cantus_host::control::journal::{self, Read, Record};
use etcetera::BaseStrategy;

use crate::crash;

/// Journals that are kept of each song, and one that broke off.
const KEPT: usize = 20;

/// The journals of one song.
pub struct Journals {
    folder: PathBuf,
    /// What their names begin with.
    name: String,
}

impl Journals {
    /// Of a script or a session's folder. `None`: the user has no folder for such things.
    pub fn of(song: &Path) -> Option<Journals> {
        let folders = etcetera::choose_base_strategy().ok()?;
        let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir()).join("cantus").join("journals");
        let path = song.canonicalize().ok()?;
        let hash = ContentHash::of(path.as_os_str().as_encoded_bytes()).to_string();
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Some(Journals { folder, name: format!("{stem}-{}-", &hash[..16]) })
    }

    /// The newest that something was played in, and what stands in it.
    pub fn newest(&self) -> Option<(PathBuf, Read)> {
        let played = self.all().into_iter().rev().filter(|path| played(path));
        played.filter_map(|path| journal::read(&path).ok().map(|read| (path, read))).next()
    }

    /// What the last performance said when it crashed, if it did; whether or not something was played in it.
    pub fn last_crash(&self) -> Option<String> {
        std::fs::read_to_string(crash::file(self.all().last()?)).ok()
    }

    /// A name for a new one; old ones are removed. `None`: there is no place for it.
    pub fn begin(&self) -> Option<PathBuf> {
        std::fs::create_dir_all(&self.folder).ok()?;
        self.remove_old();
        let milliseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Some(self.folder.join(format!("{}{milliseconds:015}.journal", self.name)))
    }

    /// Keeps the newest that something was played in, and makes room for one more. One that broke off stays, however old
    /// it is, until another one does: it may be all that is left of what somebody did.
    fn remove_old(&self) {
        let broke_off = |path: &PathBuf| journal::read(path).is_ok_and(|read| broke_off(&read));
        let mut kept = Vec::new();
        for path in self.all().into_iter().rev() {
            let keep = match played(&path) {
                true if kept.len() < KEPT - 1 => true,
                true => broke_off(&path) && !kept.iter().any(broke_off),
                // It may have just begun, if nothing newer was played.
                false if kept.is_empty() => continue,
                false => false,
            };
            if keep {
                kept.push(path);
            } else {
                // One that cannot be removed is only one more.
                let _ = std::fs::remove_file(crash::file(&path));
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// From the oldest to the newest: their names say when.
    fn all(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok).map(|e| e.path());
        let ours = |path: &PathBuf| {
            let name = path.file_name().map_or_else(Default::default, |name| name.to_string_lossy());
            name.starts_with(&self.name) && name.ends_with(".journal")
        };
        let mut all: Vec<PathBuf> = files.filter(ours).collect();
        all.sort();
        all
    }
}

/// The performance of a journal did not end in order.
pub fn broke_off(journal: &Read) -> bool {
    !matches!(journal.records.last(), Some(Record::End { .. }))
}

/// Something was played in a journal. It may be long, so it is read only up to there; texts in it have their quotes
/// escaped, and are not taken for a record.
fn played(journal: &Path) -> bool {
    let applied = |line: String| line.contains(" {\"Applied\":");
    File::open(journal).is_ok_and(|file| BufReader::new(file).lines().map_while(Result::ok).any(applied))
}

/// The journal of a performance that has not begun. If it never does, such as for an error in the script, the journal is
/// removed again: it would stand before those that are worth something. To be dropped after the engine that writes it.
pub struct Unplayed {
    path: Option<PathBuf>,
    begun: AtomicBool,
}

impl Unplayed {
    /// Of this file, if there is one.
    pub fn new(path: Option<PathBuf>) -> Unplayed {
        Unplayed { path, begun: AtomicBool::new(false) }
    }

    /// The performance begins: it stays.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }
}

impl Drop for Unplayed {
    fn drop(&mut self) {
        if let (Some(path), false) = (&self.path, *self.begun.get_mut()) {
            let _ = std::fs::remove_file(path);
        }
    }
}
