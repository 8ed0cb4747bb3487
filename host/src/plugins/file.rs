//! What can be known of a library without running any of its code.

use std::path::Path;

use cantus_manifest::{Manifest, SECTION};
use object::{Object, ObjectSection, ObjectSegment};

use super::Reason;

/// Reads and checks a library file, and returns the manifest in it, parsed and as text.
///
/// A file that was cut short would kill the process inside the system's loader, so every loadable part must lie
/// inside the file.
pub(super) fn read(path: &Path) -> Result<(Manifest, String), Reason> {
    let bytes = std::fs::read(path).map_err(|e| Reason::Unreadable(e.to_string()))?;
    let file = object::File::parse(&*bytes).map_err(|e| Reason::NotALibrary(e.to_string()))?;
    let (found, expected) = (format!("{:?}", file.architecture()).to_lowercase(), std::env::consts::ARCH);
    if found != expected {
        return Err(Reason::OtherMachine { found, expected: expected.to_owned() });
    }
    if file.kind() != object::ObjectKind::Dynamic {
        return Err(Reason::NotALibrary("it is a program or an object file".into()));
    }
    for segment in file.segments() {
        let (offset, size) = segment.file_range();
        if offset.checked_add(size).is_none_or(|end| end > bytes.len() as u64) {
            return Err(Reason::NotALibrary("a part of it lies behind its end".into()));
        }
    }
    let section = file.section_by_name(SECTION).ok_or(Reason::NoManifest)?;
    let data = section.data().map_err(|e| Reason::NotALibrary(e.to_string()))?;
    let text = str::from_utf8(data).map_err(|_| Reason::Manifest("its manifest is not UTF-8".into()))?;
    let manifest = Manifest::parse(text).map_err(|e| Reason::Manifest(e.to_string()))?;
    Ok((manifest, text.to_owned()))
}
