//! Where journals of performances lie: in the user's state folder, the newest of each song.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cantus_host::assets::ContentHash;
use cantus_host::control::journal::{self, Record};
use etcetera::BaseStrategy;

/// Journals that are kept of each song.
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

    /// The newest of a performance: one that never began to play is none.
    pub fn newest(&self) -> Option<PathBuf> {
        let played = |read: journal::Read| read.records.iter().any(|r| matches!(r, Record::Applied { .. }));
        self.all().into_iter().rev().find(|path| journal::read(path).is_ok_and(played))
    }

    /// A name for a new one; the oldest are removed. `None`: there is no place for it.
    pub fn begin(&self) -> Option<PathBuf> {
        std::fs::create_dir_all(&self.folder).ok()?;
        let all = self.all();
        for old in all.iter().rev().skip(KEPT - 1) {
            // One that cannot be removed is only one more.
            let _ = std::fs::remove_file(old);
        }
        let milliseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Some(self.folder.join(format!("{}{milliseconds:015}.journal", self.name)))
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
pub fn broke_off(journal: &Path) -> bool {
    journal::read(journal).is_ok_and(|read| !matches!(read.records.last(), Some(Record::End { .. })))
}
