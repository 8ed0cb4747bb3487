//! Does a plugin library keep the contract? Checks for plugin authors, one function and one row each.
//!
//! [`validate`] runs every check in a process of its own, so that a library that crashes, hangs or
//! ends the program is a [`Verdict`] like any other. What runs in there is [`Order::run`]: a check of a file reads
//! it, a check of a library opens it, and a check of a module puts an instance on a stand: blocks built by hand on the
//! raw contract, without an engine.
//!
//! Adding a check: one function and one row in the file of its area. What a check must know of the process it runs in
//! comes through [`Hooks`]. Linux only: it reads `/proc` and lays memory out by pages.

mod clerk;
mod data;
mod docs;
mod file;
mod laws;
mod load;
mod memory;
mod params;
mod place;
mod processing;
mod realtime;
mod runner;
mod score;
mod sound;
mod stage;
mod stand;
mod threads;
mod verdict;

use std::path::{Path, PathBuf};

pub use place::libraries;
pub use runner::{Asked, Row, Wanted, types_of, validate};
pub use verdict::{Outcome, Verdict};

use file::Binary;
use load::Shelf;
use stage::Stage;
use verdict::Finding;

/// One check: what it is called, how much it asks for, and what it sees to.
pub struct Check {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// 1 reads the file, 2 opens it, 3 makes instances, 4 plays them, 5 is what a listed plugin keeps, 7 uses several
    /// threads and much time, 9 watches what must not happen on the audio thread.
    pub level: u8,
    /// What is so when it passes, in a sentence.
    pub doc: &'static str,
    /// When it fails, no check of a higher rank means anything.
    pub gate: bool,
    run: Run,
}

/// What a check looks at.
#[derive(Clone, Copy)]
enum Run {
    /// The file. No code of the plugin runs.
    File(fn(&Binary) -> Finding),
    /// The library, opened or not.
    Library(fn(&Shelf<'_>) -> Finding),
    /// The same, and that nothing is printed meanwhile.
    Quietly(fn(&Shelf<'_>) -> Finding),
    /// One module type.
    Module(fn(&Stage<'_>) -> Finding),
}

impl Check {
    const fn of_file(name: &'static str, level: u8, doc: &'static str, run: fn(&Binary) -> Finding) -> Check {
        Check { name, level, doc, gate: false, run: Run::File(run) }
    }

    const fn of_library(name: &'static str, level: u8, doc: &'static str, run: fn(&Shelf<'_>) -> Finding) -> Check {
        Check { name, level, doc, gate: false, run: Run::Library(run) }
    }

    const fn of_module(name: &'static str, level: u8, doc: &'static str, run: fn(&Stage<'_>) -> Finding) -> Check {
        Check { name, level, doc, gate: false, run: Run::Module(run) }
    }

    const fn gate(self) -> Check {
        Check { gate: true, ..self }
    }

    const fn quietly(self) -> Check {
        let run = if let Run::Library(run) = self.run { Run::Quietly(run) } else { self.run };
        Check { run, ..self }
    }

    /// It looks at one module type after the other.
    pub fn of_each_module(&self) -> bool {
        matches!(self.run, Run::Module(_))
    }

    /// Nothing may be printed while it runs.
    fn quiet(&self) -> bool {
        matches!(self.run, Run::Quietly(_))
    }
}

/// All checks, by area.
const AREAS: [&[Check]; 10] = [
    file::CHECKS,
    load::CHECKS,
    params::CHECKS,
    processing::CHECKS,
    data::CHECKS,
    laws::CHECKS,
    sound::CHECKS,
    docs::CHECKS,
    threads::CHECKS,
    realtime::CHECKS,
];

/// All checks, in the order in which they are run: the gates come first.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    AREAS.into_iter().flatten()
}

/// The check of that name.
pub fn check(name: &str) -> Option<&'static Check> {
    checks().find(|check| check.name == name)
}

/// What the process that runs a check lends to it.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Runs something as the audio thread would; returns how often it did what it must not, and what it did first.
    pub watched: fn(&mut dyn FnMut()) -> (u32, &'static str),
    /// Runs an example of a manifest, with the library of that path loaded, and plays it for a while. What is wrong.
    pub example: fn(&Path, &str) -> Result<(), String>,
    /// Says what is being done, for whoever finds this process dead.
    pub doing: fn(&str),
}

/// One run of one check.
pub struct Order {
    /// The check.
    pub check: &'static Check,
    /// The library.
    pub path: PathBuf,
    /// For a check of modules: which type.
    pub module_type: Option<String>,
    /// Seed of everything random in it.
    pub seed: u64,
}

impl Order {
    /// Runs it, in this process: the library may end it.
    pub fn run(&self, hooks: &Hooks) -> Verdict {
        self.finding(hooks).err().unwrap_or(Verdict::PASS)
    }

    fn finding(&self, hooks: &Hooks) -> Finding {
        let binary = Binary::read(&self.path)?;
        match self.check.run {
            Run::File(run) => run(&binary),
            Run::Library(run) | Run::Quietly(run) => run(&Shelf::new(&binary, self.seed, hooks)?),
            Run::Module(run) => {
                let shelf = Shelf::new(&binary, self.seed, hooks)?;
                run(&Stage::new(&shelf, self.module_type.as_deref().unwrap_or_default())?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn checks_are_named_once_and_say_what_they_see_to() {
        let mut names = HashSet::new();
        for check in checks() {
            let Check { name, doc, level, .. } = check;
            assert!(names.insert(name), "two checks are called {name}");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
            assert!(doc.starts_with(char::is_uppercase) && doc.ends_with('.'), "{name}: {doc}");
            assert!([1, 2, 3, 4, 5, 7, 9].contains(level), "{name}: level {level}");
        }
        assert!(names.len() >= 50, "{}", names.len());
    }
}
