//! `cantus-probe check`: one check of one plugin.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use cantus_host::control::{Batch, Commit, Config, Origin, StatusOf};
use cantus_host::lockstep::Lockstep;
use cantus_host::model::command::StartTransportCommand;
use cantus_host::plugins::{ModuleRegistry, Search};
use cantus_host::validate::{self, Hooks, Order, Verdict};
use cantus_lua::{Options, Script, ScriptError};
use clap::Args;

/// Runs one check of one plugin.
#[derive(Args)]
pub struct Check {
    /// Its name.
    name: String,
    /// The library.
    path: PathBuf,
    /// Which type it looks at, if it looks at one.
    #[arg(long = "type", value_name = "TYPE")]
    module_type: Option<String>,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to write what came of it; before that, what is being done.
    #[arg(long, value_name = "FILE")]
    result: PathBuf,
}

/// Where the verdict goes.
static RESULT: OnceLock<PathBuf> = OnceLock::new();
/// Rate at which examples are played, in Hz, and for how many frames.
const EXAMPLE: (f64, usize) = (48_000.0, 24_000);

impl Check {
    /// Runs it, and writes the verdict down when all is over.
    pub fn run(self) -> ExitCode {
        // A check may go to another folder.
        let _ = RESULT.set(std::path::absolute(&self.result).unwrap_or(self.result));
        let hooks = Hooks { watched, example, doing };
        let verdict = match validate::check(&self.name) {
            None => Verdict::skip(format!("there is no check \"{}\"", self.name)),
            Some(check) => {
                let Check { path, module_type, seed, .. } = self;
                Order { check, path, module_type, seed }.run(&hooks)
            }
        };
        let text = serde_json::to_string(&verdict).unwrap_or_default();
        write(&text)
    }
}

fn doing(what: &str) {
    write(what);
}

fn write(text: &str) -> ExitCode {
    let Some(result) = RESULT.get() else { return ExitCode::FAILURE };
    std::fs::write(result, text).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

/// Stands between the plugin and the C library.
#[cfg(not(cantus_rtsan))]
fn watched(work: &mut dyn FnMut()) -> (u32, &'static str) {
    let ((), count, first) = crate::allocator::as_audio_thread(work);
    (count, first)
}

/// Another program watches.
#[cfg(cantus_rtsan)]
fn watched(work: &mut dyn FnMut()) -> (u32, &'static str) {
    work();
    (0, "")
}

/// Runs an example with the plugin and those that came with the program, and plays it for half a second.
fn example(library: &Path, code: &str) -> Result<(), String> {
    let mut search = Search::default();
    search.add(library, true, false);
    if let Some(folder) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        search.add(folder, false, true);
    }
    let (rate, frames) = EXAMPLE;
    let root = library.parent().unwrap_or(Path::new(".")).to_owned();
    let registry = Arc::new(ModuleRegistry::load(&search, &[]));
    let mut lockstep = Lockstep::new(registry, Config { rate, root: root.clone() });
    let wrong = Rc::<RefCell<Vec<String>>>::default();
    let heard = wrong.clone();
    let complain = Box::new(move |error: &ScriptError| heard.borrow_mut().push(error.to_string()));
    let engine: Rc<dyn Commit> = Rc::new(lockstep.engine().clone());
    let options = Options { root, complain, print: Box::new(|_: &str| ()), ..Options::default() };
    let mut script = Script::new(engine, options).map_err(|e| e.to_string())?;
    script.eval(code, "example", Origin::Host).map_err(|e| e.to_string())?;
    let start = Batch::new(Origin::Host, vec![StartTransportCommand.into()]);
    lockstep.engine().commit(start).map_err(|e| e.to_string())?;
    lockstep.pull_with(&mut vec![0.0; 2 * frames], || _ = script.tick());
    lockstep.settle();
    // The sounds of an example need not be there.
    let state = lockstep.engine().state();
    let bad = state.status.modules.iter().find_map(|(name, status)| match status {
        StatusOf::Missing(reason) | StatusOf::Faulted(reason) => Some(format!("{name}: {reason}")),
        StatusOf::Loading { .. } => None,
    });
    wrong.take().into_iter().next().or(bad).map_or(Ok(()), Err)
}
