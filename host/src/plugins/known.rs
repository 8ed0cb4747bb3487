//! What is known of libraries from before: whether each could be run without harm. Kept in a file of the user's, by what
//! the library contains, so that one that was replaced is a new one, and one that was moved is not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use crate::assets::ContentHash;
use crate::files;

/// What came of trying a library out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It ran.
    Good {
        /// What is odd about it: sentences.
        notes: Vec<String>,
    },
    /// It is not opened any more.
    Bad {
        /// What it did, such as "it crashed (SIGSEGV)".
        reason: String,
        /// Where it lay then, for people.
        path: PathBuf,
    },
}

/// Verdicts, and the hashes of files that have not changed since they were hashed.
#[derive(Debug, Default)]
pub struct Known {
    /// `None`: nothing is kept.
    file: Option<PathBuf>,
    content: Content,
    /// Something is to be written down.
    changed: bool,
    /// What is to be forgotten there, too.
    forgotten: BTreeSet<ContentHash>,
}

/// The form of the file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    /// The program and the contract that the verdicts are of: with others they are not worth much.
    program: String,
    verdicts: BTreeMap<ContentHash, Verdict>,
    files: BTreeMap<PathBuf, Stamp>,
}

/// By what is seen that a file is the one that was hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    /// When it was written, in nanoseconds since 1970.
    written: u128,
    /// Which file it is, and when the system last saw it change; 0 where that is not known.
    inode: u64,
    changed: i128,
    hash: ContentHash,
}

fn program() -> String {
    format!("{} {}", env!("CARGO_PKG_VERSION"), crate::CONTRACT)
}

impl Known {
    /// The file in the user's state folder, if the user has one: `~/.local/state/cantus/plugins.json`, or where
    /// `$XDG_STATE_HOME` says.
    pub fn users_file() -> Option<PathBuf> {
        let folders = etcetera::choose_base_strategy().ok()?;
        let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir());
        Some(folder.join("cantus").join("plugins.json"))
    }

    /// What stands in a file. One that is not there, is damaged or of another version of the program says nothing.
    pub fn open(file: &Path) -> Known {
        let read = std::fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let content = read.filter(|content: &Content| content.program == program()).unwrap_or_default();
        Known { file: Some(file.to_owned()), content, ..Known::default() }
    }

    /// The hash of a library: read only if it is not the file that it was.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn hash(&mut self, path: &Path) -> std::io::Result<ContentHash> {
        let there = self.content.files.get(path);
        let stamp = |hash| stamp(path, hash);
        if let Some(known) = there
            && stamp(known.hash)? == *known
        {
            return Ok(known.hash);
        }
        // What is written while it is read has another stamp then than now, or is read again.
        let before = stamp(ContentHash::of(b""))?;
        let hash = ContentHash::of(&std::fs::read(path)?);
        self.content.files.insert(path.to_owned(), Stamp { hash, ..before });
        self.changed = true;
        Ok(hash)
    }

    /// What came of trying out what a library contains.
    pub fn verdict(&self, hash: ContentHash) -> Option<&Verdict> {
        self.content.verdicts.get(&hash)
    }

    /// Something came of it; written down at once, so that it is not tried again if something ends the program.
    pub fn judge(&mut self, hash: ContentHash, verdict: Verdict) {
        self.forgotten.remove(&hash);
        self.content.verdicts.insert(hash, verdict);
        self.changed = true;
        self.keep();
    }

    /// All that is not opened any more: what it contains, why, and where it lay.
    pub fn bad(&self) -> impl Iterator<Item = (ContentHash, &str, &Path)> {
        self.content.verdicts.iter().filter_map(|(hash, verdict)| match verdict {
            Verdict::Bad { reason, path } => Some((*hash, &**reason, &**path)),
            Verdict::Good { .. } => None,
        })
    }

    /// Nothing is known of it any more: it is tried out again.
    pub fn forget(&mut self, hash: ContentHash) {
        self.changed |= self.content.verdicts.remove(&hash).is_some();
        self.forgotten.insert(hash);
    }

    /// Writes down what is new. What another program wrote meanwhile stays. That it cannot be written is no harm: the
    /// same is found out again.
    pub fn keep(&mut self) {
        let Some(file) = self.file.as_ref().filter(|_| self.changed) else { return };
        self.changed = false;
        self.content.program = program();
        let mut all = Known::open(file).content;
        all.program = program();
        all.verdicts.retain(|hash, _| !self.forgotten.contains(hash));
        all.verdicts.extend(self.content.verdicts.iter().map(|(hash, verdict)| (*hash, verdict.clone())));
        all.files.extend(self.content.files.iter().map(|(path, stamp)| (path.clone(), stamp.clone())));
        all.files.retain(|path, _| path.exists());
        let text = serde_json::to_vec_pretty(&all).unwrap_or_default();
        let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
        let _ = folder.and_then(|()| files::write(file, &text));
    }
}

fn stamp(path: &Path, hash: ContentHash) -> std::io::Result<Stamp> {
    let metadata = path.metadata()?;
    let written = metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    #[cfg(unix)]
    let (inode, changed) = {
        use std::os::unix::fs::MetadataExt;
        (metadata.ino(), i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec()))
    };
    #[cfg(not(unix))]
    let (inode, changed) = (0, 0);
    Ok(Stamp { size: metadata.len(), written, inode, changed, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad() -> Verdict {
        Verdict::Bad { reason: "it crashed".into(), path: "lib.so".into() }
    }

    #[test]
    fn verdicts_are_of_what_a_library_contains() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, library) = (folder.path().join("state/plugins.json"), folder.path().join("lib.so"));
        std::fs::write(&library, "one").expect("it can be written");
        let mut known = Known::open(&file);
        let one = known.hash(&library).expect("it is there");
        assert_eq!((one, known.verdict(one)), (ContentHash::of(b"one"), None));
        known.judge(one, bad());

        let mut again = Known::open(&file);
        assert_eq!(again.hash(&library).ok().and_then(|hash| again.verdict(hash)), Some(&bad()), "written down");
        std::fs::write(&library, "two").expect("it can be written");
        let two = again.hash(&library).expect("it is there");
        assert_eq!((two, again.verdict(two)), (ContentHash::of(b"two"), None), "another library in its place");
        std::fs::rename(&library, folder.path().join("moved.so")).expect("it can be moved");
        std::fs::write(&library, "one").expect("it can be written");
        assert_eq!(again.hash(&library).ok().and_then(|hash| again.verdict(hash)), Some(&bad()), "the same as before");
    }

    #[test]
    fn two_programs_at_a_time_lose_nothing_and_what_is_forgiven_is_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plugins.json");
        let [a, b] = [b"a", b"b"].map(|bytes| ContentHash::of(bytes));
        let library = folder.path().join("a.so");
        std::fs::write(&library, "a").expect("it can be written");
        let (mut one, mut other) = (Known::open(&file), Known::open(&file));
        one.hash(&library).expect("it is there");
        one.judge(a, bad());
        other.judge(b, Verdict::Good { notes: Vec::new() });
        let mut both = Known::open(&file);
        assert_eq!((both.verdict(a).is_some(), both.verdict(b).is_some()), (true, true));
        assert_eq!(both.bad().map(|(hash, ..)| hash).collect::<Vec<_>>(), [a]);
        // Whether or not it is there any more.
        std::fs::remove_file(&library).expect("it can be removed");
        both.forget(a);
        both.keep();
        assert_eq!(Known::open(&file).verdict(a), None);
        assert!(Known::open(&file).verdict(b).is_some());
    }

    #[test]
    fn a_damaged_file_says_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plugins.json");
        std::fs::write(&file, "{\"program\": 7").expect("it can be written");
        assert_eq!(Known::open(&file).bad().count(), 0);
    }
}
