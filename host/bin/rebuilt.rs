//! Which plugins were built again while they play.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use cantus_host::model::Name;
use cantus_host::plugins::ModuleRegistry;

/// How long a library must stay as it is before it is opened: a linker writes for a while.
const SETTLED: Duration = Duration::from_millis(100);

/// When a file was last written, and how long it is; `None`: it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// The libraries that provide something, as they were seen last.
pub struct Rebuilt(Vec<Library>);

struct Library {
    path: PathBuf,
    types: Vec<Name>,
    /// As it is open.
    open: Stamp,
    /// As it is now, and since when.
    now: (Stamp, Instant),
}

impl Rebuilt {
    /// As they are now.
    pub fn of(registry: &ModuleRegistry, now: Instant) -> Rebuilt {
        let library = |plugin: &std::sync::Arc<cantus_host::plugins::Plugin>| {
            let types = plugin.manifest.modules.iter().map(|module| module.name.as_str().into());
            let stamp = stamp(&plugin.path);
            Library { path: plugin.path.clone(), types: types.collect(), open: stamp, now: (stamp, now) }
        };
        Rebuilt(registry.plugins().iter().map(library).collect())
    }

    /// The types of libraries that were built again, and have settled. Each build is told once.
    pub fn due(&mut self, now: Instant) -> Vec<Name> {
        let mut types = Vec::new();
        for library in &mut self.0 {
            let stamp = stamp(&library.path);
            if stamp != library.now.0 {
                library.now = (stamp, now);
            }
            if stamp.is_some() && stamp != library.open && now >= library.now.1 + SETTLED {
                library.open = stamp;
                types.extend(library.types.iter().cloned());
            }
        }
        types
    }
}

fn stamp(file: &std::path::Path) -> Stamp {
    let metadata = file.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_due_once_it_has_settled() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lib.so");
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        std::fs::write(&path, "1").expect("it can be written");
        let open = stamp(&path);
        let mut rebuilt =
            Rebuilt(vec![Library { path: path.clone(), types: vec!["Gain".into()], open, now: (open, start) }]);
        assert_eq!(rebuilt.due(at(1000)), [""; 0].map(Name::from), "nothing was built");
        std::fs::write(&path, "12").expect("it can be written");
        assert!(rebuilt.due(at(1010)).is_empty(), "it may still be written");
        std::fs::write(&path, "123").expect("it can be written");
        assert!(rebuilt.due(at(1100)).is_empty() && rebuilt.due(at(1199)).is_empty(), "and is");
        assert_eq!(rebuilt.due(at(1200)), ["Gain"].map(Name::from));
        assert!(rebuilt.due(at(9000)).is_empty(), "once");
        std::fs::remove_file(&path).expect("it can be removed");
        assert!(rebuilt.due(at(9999)).is_empty() && rebuilt.due(at(19_999)).is_empty(), "there is nothing to open");
    }
}
