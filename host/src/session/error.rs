//! Why a session was not read or written.

use std::path::{Path, PathBuf};

use super::VERSION;
use crate::model::Name;

/// A session could not be read or written. Nothing was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SessionError {
    /// The file cannot be read at all.
    #[error("could not read session \"{}\": {cause}; check the file", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// The file is not TOML.
    #[error("could not read session \"{}\": {cause} (line {line}); mend that line, or take an older copy", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        cause: String,
    },
    /// A later version of Cantus wrote it.
    #[error("could not read session \"{}\": it is of version {version}, and up to {VERSION} is known (line {line}); take a newer Cantus", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Its version.
        version: i64,
    },
    /// Something in it cannot be.
    #[error("could not read session \"{}\": {key}: {cause} (line {line}); mend that line, or take it out", path.display())]
    Bad {
        /// The file.
        path: PathBuf,
        /// Line, from 1: of the key, or of what it lies in.
        line: usize,
        /// Where in the file, such as `modules.kick.type`.
        key: String,
        /// What is wrong.
        cause: String,
    },
    /// The file cannot be written.
    #[error("could not write session \"{}\": {cause}; check the folder and the room on the disk", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// A sound file of it would not be found.
    #[error("could not load session \"{}\": its \"{file}\" is not the one in \"{}\"; play it by itself, with `cantus run {}`", path.display(), root.display(), path.display())]
    Elsewhere {
        /// The folder.
        path: PathBuf,
        /// The sound file.
        file: Name,
        /// Where it is looked for.
        root: PathBuf,
    },
    /// Other plugins provide its types than when it was saved, and lack something of what it uses.
    #[error(
        "could not play session \"{}\" with other plugins than it was saved with: {}\n  choose others with --use, or play it \
         with --lossy: what they lack is then kept, and does nothing",
        path.display(),
        lost.iter().map(|lost| format!("\n  {lost}")).collect::<String>()
    )]
    Lacking {
        /// The folder.
        path: PathBuf,
        /// What they lack, a sentence each.
        lost: Vec<String>,
    },
    /// A sound file was not copied.
    #[error("could not copy sound file \"{}\" to \"{}\": {cause}; check both, and the room on the disk", from.display(), to.display())]
    Sound {
        /// The file.
        from: PathBuf,
        /// Where to.
        to: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// What is there would be lost.
    #[error("could not save the session to \"{}\": {cause}; choose another folder, or say that it is to be replaced", path.display())]
    InTheWay {
        /// The folder.
        path: PathBuf,
        /// What is there.
        cause: String,
    },
}

impl SessionError {
    pub(super) fn read(path: &Path, cause: &std::io::Error) -> SessionError {
        SessionError::Read { path: path.to_owned(), cause: cause.to_string() }
    }

    pub(super) fn write(path: &Path, cause: &(impl std::fmt::Display + ?Sized)) -> SessionError {
        SessionError::Write { path: path.to_owned(), cause: cause.to_string() }
    }
}
