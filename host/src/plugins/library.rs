//! The one place that opens libraries. They are never closed: abi_stable keeps pointers into every library it checked.

use std::env::consts::DLL_SUFFIX;
use std::path::Path;

use abi_stable::library::{LibraryError, lib_header_from_path};
use cantus_plugin_api::raw::{self, Opened, RootRef};
use tempfile::TempPath;

use super::Reason;

/// A copy of a library, to be tried out and opened in its place: somebody may write over the file itself while it is open,
/// which would change the program as it runs; and the system opens a file of one name only once, whatever has become of
/// it. When it is open it is in memory, and may be dropped.
pub(super) fn copy(path: &Path) -> Result<TempPath, Reason> {
    let failed = |e: std::io::Error| Reason::Open(format!("a copy of it could not be made: {e}"));
    let copy = tempfile::Builder::new().prefix("cantus-").suffix(DLL_SUFFIX).tempfile().map_err(failed)?;
    std::fs::copy(path, copy.path()).map_err(failed)?;
    Ok(copy.into_temp_path())
}

/// Opens a library that [`super::file::read`] has accepted, and fetches its tables.
pub(crate) fn open(path: &Path) -> Result<Opened, Reason> {
    bind_now(path)?;
    // Not `RootModule::load_from_file`: that remembers one library per type, whatever the path.
    let header = lib_header_from_path(path).map_err(|e| Reason::Contract(short(&e)))?;
    let root = header.init_root_module::<RootRef>().map_err(|e| Reason::Contract(short(&e)))?;
    raw::open(root).map_err(Reason::Contract)
}

/// Opens it once with all symbols bound, so that a missing one is an error now and not the end of the program at the
/// first call.
#[cfg(unix)]
fn bind_now(path: &Path) -> Result<(), Reason> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: this runs the library's initialisers; whoever put it in the search path vouches for them.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
    std::mem::forget(library.map_err(|e| Reason::Open(e.to_string()))?);
    Ok(())
}

#[cfg(not(unix))]
fn bind_now(_path: &Path) -> Result<(), Reason> {
    Ok(())
}

/// abi_stable explains a layout error on tens of kilobytes; the lines that matter say `Error:`.
fn short(error: &LibraryError) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| l.starts_with("Error:")).collect();
    match error {
        LibraryError::AbiInstability(_) => {
            format!(
                "its root has another layout than this program's ({}); rebuild it",
                lines[..lines.len().min(2)].join("; ")
            )
        }
        LibraryError::GetSymbolError { .. } => "it does not export a Cantus plugin; call export! in it".to_owned(),
        LibraryError::InvalidAbiHeader(_) => "it was built with another abi_stable; rebuild it".to_owned(),
        _ => text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect(),
    }
}
