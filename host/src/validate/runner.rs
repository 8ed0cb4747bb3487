//! Runs checks, each in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Check, Outcome, Verdict, check, checks};
use crate::plugins;
use crate::plugins::child::{self, Ending, Ran};

/// What is asked for.
pub struct Asked {
    /// The library.
    pub path: PathBuf,
    /// The program that runs one check: `cantus-probe`.
    pub probe: PathBuf,
    /// Checks of this level and those below.
    pub level: u8,
    /// Nothing but the checks of these names, whatever their level; empty: all.
    pub only: Vec<String>,
    /// Seed of everything random.
    pub seed: u64,
    /// How long one check may take.
    pub timeout: Duration,
}

/// One check of the library, or of one of its module types.
pub struct Wanted {
    /// The check.
    pub check: &'static Check,
    /// Which type it looks at, if it looks at one.
    pub module_type: Option<String>,
}

/// What came of it.
pub struct Row {
    /// Name of the check.
    pub check: &'static str,
    /// Its level.
    pub level: u8,
    /// What it sees to.
    pub doc: &'static str,
    /// The module type it looked at, if it looked at one.
    pub module_type: Option<String>,
    /// How it ended.
    pub verdict: Verdict,
}

/// The module types of a library, read from its file; none if it has none.
pub fn types_of(path: &Path) -> Vec<String> {
    let manifest = plugins::read(path).map(|(manifest, _)| manifest);
    manifest.map(|m| m.modules.into_iter().map(|module| module.name).collect()).unwrap_or_default()
}

impl Asked {
    /// All that is to be run, the gates first.
    ///
    /// # Errors
    /// A name that no check has, with the nearest that one has.
    pub fn wanted(&self) -> Result<Vec<Wanted>, String> {
        for name in &self.only {
            if check(name).is_none() {
                let near = cantus_manifest::hint(name, checks().map(|check| check.name));
                return Err(format!("there is no check \"{name}\"{near}; `cantus plugins validate --list` shows all"));
            }
        }
        let named = |check: &Check| self.only.iter().any(|name| name == check.name);
        let chosen = checks().filter(|c| if self.only.is_empty() { c.level <= self.level } else { named(c) });
        let types = types_of(&self.path);
        let of = |check: &'static Check| -> Vec<Wanted> {
            let one = |module_type| Wanted { check, module_type };
            // A file without types is still asked, and says why it has none.
            if check.of_each_module() && !types.is_empty() {
                types.iter().cloned().map(Some).map(one).collect()
            } else {
                vec![one(None)]
            }
        };
        let (gates, others): (Vec<_>, Vec<_>) = chosen.flat_map(of).partition(|wanted| wanted.check.gate);
        Ok(gates.into_iter().chain(others).collect())
    }
}

/// Runs all that is asked for, several at once; `done` is told of each as it ends, and says whether to go on. The rows
/// are in the order of the checks. When a gate fails, what comes behind it is skipped.
///
/// # Errors
/// A name that no check has.
pub fn validate(asked: &Asked, done: &(dyn Fn(&Row) -> bool + Sync)) -> Result<Vec<Row>, String> {
    let wanted = asked.wanted()?;
    let (gates, others): (Vec<Wanted>, Vec<Wanted>) = wanted.into_iter().partition(|wanted| wanted.check.gate);
    let mut rows: Vec<Row> = Vec::new();
    let mut shut = None;
    for wanted in gates {
        let row = wanted.row(match shut {
            None => asked.run(&wanted),
            Some(name) => behind(name),
        });
        if row.verdict.outcome.is_bad() {
            shut = shut.or(Some(row.check));
        }
        let go_on = done(&row);
        rows.push(row);
        if !go_on {
            return Ok(rows);
        }
    }
    match shut {
        Some(name) => rows.extend(others.iter().map(|wanted| wanted.row(behind(name)))),
        None => rows.extend(asked.run_all(&others, done)),
    }
    Ok(rows)
}

fn behind(gate: &str) -> Verdict {
    Verdict::skip(format!("it means nothing while \"{gate}\" fails"))
}

impl Wanted {
    fn row(&self, verdict: Verdict) -> Row {
        let Check { name, level, doc, .. } = *self.check;
        Row { check: name, level, doc, module_type: self.module_type.clone(), verdict }
    }
}

impl Asked {
    /// As many at once as the machine has processors.
    fn run_all(&self, all: &[Wanted], done: &(dyn Fn(&Row) -> bool + Sync)) -> Vec<Row> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(all.len());
        let next = AtomicUsize::new(0);
        let rows: Mutex<Vec<(usize, Row)>> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some((n, wanted)) = take_next(&next, all) {
                        let row = wanted.row(self.run(wanted));
                        if !done(&row) {
                            next.store(all.len(), Ordering::Relaxed);
                        }
                        rows.lock().unwrap_or_else(PoisonError::into_inner).push((n, row));
                    }
                });
            }
        });
        let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
        rows.sort_by_key(|(n, _)| *n);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// Runs one check in a process of its own.
    pub fn run(&self, wanted: &Wanted) -> Verdict {
        let place = tempfile::NamedTempFile::new();
        let Ok(result) = place else {
            return Verdict::fail("there is no room for its result; make some in the folder for temporary files");
        };
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let mut command = Command::new(&self.probe);
        command.arg("check").arg(wanted.check.name).arg(path).arg("--seed").arg(self.seed.to_string());
        command.arg("--result").arg(result.path());
        if let Some(module_type) = &wanted.module_type {
            command.arg("--type").arg(module_type);
        }
        let ran = child::run(&mut command, self.timeout);
        let said = std::fs::read_to_string(result.path()).unwrap_or_default();
        judge(wanted.check, ran, &said, self.timeout)
    }
}

fn take_next<'a>(next: &AtomicUsize, all: &'a [Wanted]) -> Option<(usize, &'a Wanted)> {
    let n = next.fetch_add(1, Ordering::Relaxed);
    all.get(n).map(|wanted| (n, wanted))
}

/// What a check came to, from how its process ended and what it wrote to its result.
fn judge(check: &Check, ran: std::io::Result<Ran>, said: &str, timeout: Duration) -> Verdict {
    let ran = match ran {
        Ok(ran) => ran,
        Err(e) => {
            return Verdict::fail(format!("the program that runs checks could not be started: {e}; install it anew"));
        }
    };
    let verdict = serde_json::from_str::<Verdict>(said).ok();
    let doing = if verdict.is_some() || said.is_empty() { String::new() } else { format!(" while {said}") };
    match (ran.ending, verdict) {
        (Ending::TooLong, _) => Verdict {
            outcome: Outcome::Hang,
            text: format!(
                "it did not come back within {} s{doing}; look for a loop without end",
                timeout.as_secs_f64()
            ),
        },
        (Ending::Exited(0), Some(_)) if check.quiet() && !(ran.out.is_empty() && ran.err.is_empty()) => {
            let printed = if ran.out.is_empty() { ran.err } else { ran.out };
            let printed: String = printed.trim_end().chars().take(80).collect();
            Verdict::fail(format!("it printed {printed:?}; say what is worth saying with Init::log while it is made"))
        }
        (Ending::Exited(0), Some(verdict)) => verdict,
        (ending, _) => Verdict {
            outcome: Outcome::Crash,
            text: format!("{ending}{doing}{}; run it in a debugger, or under AddressSanitizer", last_words(&ran.err)),
        },
    }
}

/// The last line of what it said, if it said something.
fn last_words(err: &str) -> String {
    let last = err.lines().rev().find(|line| !line.trim().is_empty());
    last.map_or_else(String::new, |line| format!(", saying {:?}", line.trim().chars().take(80).collect::<String>()))
}
