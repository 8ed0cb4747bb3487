//! Files that people write and would miss: where things stand in them; written whole, or left as they were.

use std::fs::File;
use std::io::{Result, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use toml::de::DeTable;

/// Where things stand in a TOML file.
pub(crate) struct Lines<'a> {
    /// The byte behind each line.
    ends: Vec<usize>,
    /// None if it is not TOML.
    table: Option<DeTable<'a>>,
}

impl<'a> Lines<'a> {
    /// Of a text.
    pub fn of(text: &'a str) -> Lines<'a> {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        Lines { ends, table: DeTable::parse(text).ok().map(|table| table.into_inner()) }
    }

    /// The line of a byte, from 1.
    pub fn at(&self, byte: usize) -> usize {
        self.ends.partition_point(|end| *end <= byte) + 1
    }

    /// The line of a key, or of the nearest thing that it lies in; 1 if there is nothing of it.
    pub fn of_key(&self, keys: &[&str]) -> usize {
        let (mut table, mut line) = (self.table.as_ref(), 1);
        for key in keys {
            let Some((found, value)) = table.and_then(|table| table.get_key_value(*key)) else { break };
            line = self.at(found.span().start);
            table = value.get_ref().as_table();
        }
        line
    }
}

/// A file in the making. It takes the place of another when it is whole: whatever happens, a reader finds the old file or
/// the new one. Dropped before that it is gone, and the old file is as it was. Blocks; not for the control or the audio
/// thread.
pub struct Partial {
    file: NamedTempFile,
    path: PathBuf,
}

impl Partial {
    /// Begins a file that is to be at `path`. It lies in the same folder, under a name that nothing has.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn begin(path: &Path) -> Result<Partial> {
        // Behind a link is the file that is meant.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".").suffix(".partial");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less what the user's mask takes away
        Ok(Partial { file: builder.tempfile_in(folder(&path))?, path })
    }

    /// What it is written to.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Puts it in its place, and on the disk. Who may read what was there may read it.
    ///
    /// # Errors
    /// Those of the file system; the old file is then as it was.
    pub fn keep(self) -> Result<()> {
        let Partial { file, path } = self;
        if let Ok(there) = path.metadata() {
            file.as_file().set_permissions(there.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(&path)?;
        // The new name is on the disk too, where folders can be asked for that.
        let _ = File::open(folder(&path)).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts these bytes in the place of a file, or makes it, as [`Partial`] does.
///
/// # Errors
/// Those of the file system; the old file is then as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = Partial::begin(path)?;
    partial.file().write_all(bytes)?;
    partial.keep()
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn a_file_is_replaced_whole_and_stays_whose_it_was() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.toml");
        write(&path, b"one").expect("it can be made");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"one");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).expect("it is ours");
            let link = folder.path().join("link.toml");
            std::os::unix::fs::symlink(&path, &link).expect("the folder can be written");
            write(&link, b"two").expect("it can be replaced");
            assert!(link.is_symlink(), "the link stays one");
            assert_eq!(mode(&path), 0o640);
        }
        write(&path, b"three").expect("it can be replaced");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"three");
        write(&folder.path().join("nowhere/a.toml"), b"x").expect_err("there is no such folder");
        let left = std::fs::read_dir(folder.path()).expect("it is there").count();
        assert_eq!(left, if cfg!(unix) { 2 } else { 1 }, "nothing is left behind");
    }
}
