//! Which plugins were built, again or for the first time, while others play.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cantus_host::plugins::Search;

use crate::watch::{Stamp, stamp};

/// How long a library must stay as it is before it is opened: a linker writes for a while.
const SETTLED: Duration = Duration::from_millis(100);

/// The libraries where plugins are looked for, as they were seen last.
pub struct Rebuilt {
    search: Search,
    libraries: BTreeMap<PathBuf, Library>,
}

struct Library {
    /// As it was told last; `None`: never.
    told: Option<Stamp>,
    /// As it is now, and since when.
    now: (Stamp, Instant),
}

impl Rebuilt {
    /// As they are now.
    pub fn of(search: Search, now: Instant) -> Rebuilt {
        let library = |path: PathBuf| {
            let stamp = stamp(&path);
            (path, Library { told: Some(stamp), now: (stamp, now) })
        };
        let libraries = paths(&search).map(library).collect();
        Rebuilt { search, libraries }
    }

    /// The libraries that were built, and have settled. Each build is told once.
    pub fn due(&mut self, now: Instant) -> Vec<PathBuf> {
        let mut due = Vec::new();
        for path in paths(&self.search) {
            let stamp = stamp(&path);
            let library =
                self.libraries.entry(path.clone()).or_insert_with(|| Library { told: None, now: (stamp, now) });
            if stamp != library.now.0 {
                library.now = (stamp, now);
            }
            if stamp.is_some() && library.told != Some(stamp) && now >= library.now.1 + SETTLED {
                library.told = Some(stamp);
                due.push(path);
            }
        }
        due
    }
}

/// What may not be taken is told when it is looked for.
fn paths(search: &Search) -> impl Iterator<Item = PathBuf> + use<> {
    search.files().0.into_iter().map(|found| found.path)
}

#[cfg(test)]
mod tests {
    use std::env::consts::DLL_EXTENSION;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_library_is_due_once_it_has_settled() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().canonicalize().expect("it is there");
        let library = |name: &str| place.join(name).with_extension(DLL_EXTENSION);
        let (path, other) = (library("one"), library("other"));
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let write = |path: &Path, text: &str| std::fs::write(path, text).expect("it can be written");
        write(&path, "1");
        let mut search = Search::default();
        search.add(&place, false, false);
        let mut rebuilt = Rebuilt::of(search, start);
        assert!(rebuilt.due(at(1000)).is_empty(), "nothing was built");
        write(&path, "12");
        assert!(rebuilt.due(at(1010)).is_empty(), "it may still be written");
        write(&path, "123");
        assert!(rebuilt.due(at(1100)).is_empty() && rebuilt.due(at(1199)).is_empty(), "and is");
        assert_eq!(rebuilt.due(at(1200)), std::slice::from_ref(&path));
        assert!(rebuilt.due(at(9000)).is_empty(), "once");
        std::fs::remove_file(&path).expect("it can be removed");
        write(&other, "1");
        assert!(rebuilt.due(at(9999)).is_empty(), "a new one may still be written, too");
        assert_eq!(rebuilt.due(at(19_999)), [other]);
        write(&path, "1234");
        assert!(rebuilt.due(at(20_000)).is_empty());
        assert_eq!(rebuilt.due(at(20_200)), [path], "it is there again");
    }
}
