//! When a script is to be evaluated again: when it was saved, or something that it requires; and, when it failed, a few
//! times more, because what it failed for may have been passing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// How long a file must stay as it is before it is read: who saves may not be done with it.
const SETTLED: Duration = Duration::from_millis(40);
/// The same for an empty script: many programs empty a file before they write it.
const EMPTIED: Duration = Duration::from_millis(500);
/// After how long a script that failed is tried again, each time since it failed first.
const TRIES: [Duration; 3] = [Duration::from_millis(400), Duration::from_millis(1000), Duration::from_millis(2000)];

/// When a file was last written, and how long it is; `None`: it is not there.
pub type Stamp = Option<(SystemTime, u64)>;

/// A script and what it requires.
pub struct Watch {
    file: PathBuf,
    stamps: BTreeMap<PathBuf, Stamp>,
    /// When what was saved will have settled.
    settled: Option<Instant>,
    failed: Option<Failed>,
}

/// An evaluation that failed.
struct Failed {
    /// All that was read for it.
    text: Vec<Option<String>>,
    since: Instant,
    tries: usize,
}

impl Watch {
    /// Of a script that is evaluated now.
    pub fn of(file: &Path) -> Watch {
        let mut watch = Watch { file: file.to_owned(), stamps: BTreeMap::new(), settled: None, failed: None };
        watch.look_at(Vec::new());
        watch
    }

    /// Whether it is to be evaluated now.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let new: Vec<(PathBuf, Stamp)> = self.stamps.keys().map(|path| (path.clone(), stamp(path))).collect();
        // A script that is not there is about to be, or its program goes on.
        let saved = new.iter().any(|(path, stamp)| self.stamps[path] != *stamp);
        if let (true, Some((_, length))) = (saved, stamp(&self.file)) {
            self.stamps.extend(new);
            self.settled = Some(now + if length == 0 { EMPTIED } else { SETTLED });
        }
        if let Some(settled) = self.settled {
            if now < settled {
                return false;
            }
            self.settled = None;
            let text = self.text();
            // The same text fails again; each save of one that did not fail counts.
            return self.failed.as_ref().is_none_or(|failed| failed.text != text);
        }
        let Some(failed) = &mut self.failed else { return false };
        let due = TRIES.get(failed.tries).is_some_and(|after| now >= failed.since + *after);
        failed.tries += usize::from(due);
        due
    }

    /// It was evaluated, with what it requires.
    pub fn evaluated(&mut self, required: Vec<PathBuf>, well: bool, now: Instant) {
        self.look_at(required);
        let text = self.text();
        let again = self.failed.take().filter(|failed| failed.text == text);
        if !well {
            self.failed = again.or(Some(Failed { text, since: now, tries: 0 }));
        }
    }

    /// Timers and callbacks have required these since.
    pub fn also(&mut self, required: Vec<PathBuf>) {
        for path in required {
            self.stamps.entry(path).or_insert_with_key(|path| stamp(path));
        }
    }

    fn look_at(&mut self, required: Vec<PathBuf>) {
        // What was seen to change stays seen; what is new is as it is now.
        let mut stamps = BTreeMap::new();
        for path in required.into_iter().chain([self.file.clone()]) {
            let seen = self.stamps.get(&path).copied().unwrap_or_else(|| stamp(&path));
            stamps.insert(path, seen);
        }
        self.stamps = stamps;
    }

    fn text(&self) -> Vec<Option<String>> {
        self.stamps.keys().map(|path| std::fs::read_to_string(path).ok()).collect()
    }
}

/// A file as it is now.
pub fn stamp(file: &Path) -> Stamp {
    let metadata = file.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A script, what it requires, and what is done with them, at a time in milliseconds.
    #[test]
    fn when_it_is_evaluated() {
        let folder = tempfile::tempdir().expect("a folder");
        let (main, lib) = (folder.path().join("main.lua"), folder.path().join("lib.lua"));
        let write = |path: &Path, text: &str| std::fs::write(path, text).expect("it can be written");
        write(&main, "a");
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        // Whether it is due when what was saved has settled; never before.
        let due = |watch: &mut Watch, ms: u64| {
            assert!(!watch.is_due(at(ms)), "at {ms} it may not be all");
            watch.is_due(at(ms + 40))
        };
        let mut watch = Watch::of(&main);
        watch.evaluated(vec![lib.clone()], true, at(0));
        assert!(!due(&mut watch, 10), "nothing was saved");
        write(&main, "");
        assert!(!due(&mut watch, 100), "it was emptied, to be written");
        write(&main, "ab");
        assert!(due(&mut watch, 200), "it was saved");
        watch.evaluated(vec![lib.clone()], false, at(240));
        assert!(!watch.is_due(at(600)), "too soon to try again");
        for ms in [640, 1240, 2240] {
            assert!(watch.is_due(at(ms)), "tried again at {ms}");
            watch.evaluated(vec![lib.clone()], false, at(ms));
            assert!(!watch.is_due(at(ms + 1)), "once");
        }
        assert!(!watch.is_due(at(100_000)), "not for ever");
        write(&lib, "what was missing");
        assert!(due(&mut watch, 100_100), "what it requires has come");
        watch.evaluated(vec![lib.clone()], false, at(100_140));
        std::fs::remove_file(&main).expect("it can be removed");
        assert!(!due(&mut watch, 100_200), "there is nothing to evaluate");
        write(&main, "ab");
        assert!(!due(&mut watch, 100_300), "the same text fails again");
        write(&main, "abc");
        assert!(due(&mut watch, 100_400), "another text may not");
        watch.evaluated(vec![], true, at(100_440));
        write(&main, "");
        assert!(!due(&mut watch, 100_500) && watch.is_due(at(101_000)), "it is to be empty");
        watch.evaluated(vec![], true, at(101_000));
        write(&lib, "nobody requires it any more");
        assert!(!due(&mut watch, 200_000), "and it did not fail");
        watch.also(vec![lib.clone()]);
        assert!(!due(&mut watch, 200_100), "nothing was saved since a timer has required it");
        write(&lib, "and now it is saved");
        assert!(!due(&mut watch, 200_200) && watch.is_due(at(200_700)), "what a timer requires was saved");
    }
}
