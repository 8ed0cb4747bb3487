//! Trying a library out in a process of its own, where it may crash, hang and exit.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::child::{self, Ending};
use super::{ModuleRegistry, Search, Verdict};

/// How long a library may take until each of its types was made once.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is written down before the library is touched: until then, whatever goes wrong is not its doing.
pub const BEGUN: &str = "begun\n";
/// Most that is told of what a library prints.
const QUOTED: usize = 80;
/// Sample rate at which instances are made, in Hz.
const RATE: f64 = 48_000.0;

/// The program that tries libraries out.
#[derive(Clone, Debug)]
pub struct Prober {
    program: PathBuf,
    patience: Duration,
}

/// What that program writes down when all is over.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Found {
    /// The library was opened; if not, whoever wants to open it is told why.
    opened: bool,
    /// Threads that run on.
    threads: usize,
}

impl Prober {
    /// The program at a path.
    pub fn new(program: &Path) -> Prober {
        Prober { program: program.to_owned(), patience: PATIENCE }
    }

    /// The program `cantus-probe` beside this one, if it is there.
    pub fn beside_program() -> Option<Prober> {
        let program =
            std::env::current_exe().ok()?.with_file_name(format!("cantus-probe{}", std::env::consts::EXE_SUFFIX));
        program.is_file().then(|| Prober::new(&program))
    }

    /// The same, that waits so long.
    pub fn patient(self, patience: Duration) -> Prober {
        Prober { patience, ..self }
    }

    /// Opens a library, or `copy`, which is the same, makes an instance of each of its types and ends it, all elsewhere.
    /// `None`: it could not be opened, which whoever opens it is told. Blocks.
    ///
    /// # Errors
    /// It could not be tried out, which says nothing of the library: a sentence.
    pub fn try_out(&self, library: &Path, copy: &Path) -> Result<Option<Verdict>, String> {
        let failed =
            |e: std::io::Error| format!("could not try out {} with {}: {e}", library.display(), self.program.display());
        let result = tempfile::NamedTempFile::new().map_err(failed)?;
        let mut command = Command::new(&self.program);
        command.arg("look").arg(copy).arg("--result").arg(result.path());
        let ran = child::run(&mut command, self.patience).map_err(failed)?;
        let text = std::fs::read(result.path()).unwrap_or_default();
        if !text.starts_with(BEGUN.as_bytes()) {
            let said = last_words(&ran.err);
            return Err(failed(std::io::Error::other(format!("it did not begin ({}{said})", ran.ending))));
        }
        let found = serde_json::from_slice::<Found>(&text[BEGUN.len()..]).ok();
        let bad = |reason: String| Ok(Some(Verdict::Bad { reason, path: library.to_owned() }));
        match (ran.ending, found) {
            (Ending::Exited(0), Some(Found { opened: false, .. })) => Ok(None),
            (Ending::Exited(0), Some(found)) if ran.out.is_empty() => Ok(Some(Verdict::Good { notes: found.notes() })),
            (Ending::Exited(0), Some(_)) => {
                bad(format!("it printed {:?}, where results of programs go", quoted(&ran.out)))
            }
            // It ended well, and not where it should have: the library did.
            (ending, _) => bad(format!("{ending}{}", last_words(&ran.err))),
        }
    }
}

impl Found {
    fn notes(&self) -> Vec<String> {
        let threads = self.threads;
        (threads > 0).then(|| format!("it has started {threads} thread(s) that run on")).into_iter().collect()
    }
}

/// In the process of its own: opens a library, makes an instance of each of its types and ends it. What was found, as
/// text. What cannot be opened in order is no harm.
pub fn look(library: &Path) -> String {
    let before = threads();
    // Whether it may be taken from there has been judged, and nobody writes over it: it is opened where it lies.
    let mut search = Search::default().trusting();
    search.add(library, true, true);
    let registry = ModuleRegistry::load(&search, &[]);
    let types = registry.plugins().iter().flat_map(|plugin| &plugin.manifest.modules);
    for module in types {
        // That it cannot be made is no harm either, and said when somebody wants one.
        drop(registry.instantiate(&module.name, 1, 1, RATE));
    }
    let found = Found { opened: !registry.plugins().is_empty(), threads: threads().saturating_sub(before) };
    serde_json::to_string(&found).unwrap_or_default()
}

/// Threads of this process; 0 where that is not known.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

fn quoted(text: &str) -> String {
    let text = text.trim_end();
    if text.chars().count() > QUOTED {
        text.chars().take(QUOTED).chain("...".chars()).collect()
    } else {
        text.to_owned()
    }
}

/// The last line of what it said, if it said something.
fn last_words(err: &str) -> String {
    let last = err.lines().rev().find(|line| !line.trim().is_empty());
    last.map_or_else(String::new, |line| format!(", saying {:?}", quoted(line.trim())))
}
