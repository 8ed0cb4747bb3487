//! What can be known of a library without running any of its code.

use std::path::Path;

use cantus_manifest::{Manifest, SECTION};
use object::read::{ReadCache, ReadRef};
use object::{Object, ObjectSection, ObjectSegment};

use super::Reason;

/// Longest manifest that is read, in bytes.
const LONGEST: u64 = 4 << 20;

/// Reads and checks a library file, and returns the manifest in it, parsed and as text. Reads no more of the file than
/// that takes.
pub(crate) fn read(path: &Path) -> Result<(Manifest, String), Reason> {
    let file = std::fs::File::open(path).map_err(|e| Reason::Unreadable(e.to_string()))?;
    examine(&ReadCache::new(file))
}

/// The same, of a file's bytes: any bytes there may be.
///
/// # Errors
/// Why it is no plugin of this machine.
pub fn read_library(bytes: &[u8]) -> Result<(Manifest, String), Reason> {
    examine(bytes)
}

/// A file that was cut short would kill the process inside the system's loader, so every loadable part must lie
/// inside the file.
fn examine<'a, R: ReadRef<'a>>(data: R) -> Result<(Manifest, String), Reason> {
    let file = object::File::parse(data).map_err(|e| Reason::NotALibrary(e.to_string()))?;
    let (found, expected) = (format!("{:?}", file.architecture()).to_lowercase(), std::env::consts::ARCH);
    if found != expected {
        return Err(Reason::OtherMachine { found, expected: expected.to_owned() });
    }
    if file.kind() != object::ObjectKind::Dynamic {
        return Err(Reason::NotALibrary("it is a program or an object file".into()));
    }
    let len = data.len().map_err(|()| Reason::Unreadable("its length is not known".into()))?;
    for segment in file.segments() {
        let (offset, size) = segment.file_range();
        if offset.checked_add(size).is_none_or(|end| end > len) {
            return Err(Reason::NotALibrary("a part of it lies behind its end".into()));
        }
    }
    let section = file.section_by_name(SECTION).ok_or(Reason::NoManifest)?;
    if section.size() > LONGEST {
        return Err(Reason::Manifest(format!("its manifest is longer than {} MB", LONGEST >> 20)));
    }
    let data = section.data().map_err(|e| Reason::NotALibrary(e.to_string()))?;
    let text = str::from_utf8(data).map_err(|_| Reason::Manifest("its manifest is not UTF-8".into()))?;
    let manifest = Manifest::parse(text).map_err(|e| Reason::Manifest(e.to_string()))?;
    Ok((manifest, text.to_owned()))
}
