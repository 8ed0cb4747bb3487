//! How every test begins: plugins built and loaded once, an engine in lockstep, a script, a render.

#![allow(dead_code)] // each test binary uses its own part of it

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use cantus_host::control::{Accepted, Batch, Commit, CommitError, Config, LocalEngine, Origin};
use cantus_host::lockstep::Lockstep;
use cantus_host::model::command::StartTransportCommand;
use cantus_host::model::{Command, ModuleId};
use cantus_host::plugins::{ModuleRegistry, Search};
use cantus_lua::{Evaluation, Options, Script, ScriptError};

/// Sample rate of all renders here, in Hz.
pub const RATE: f64 = 48_000.0;

/// The program, built with the tests.
pub fn program() -> PathBuf {
    built();
    PathBuf::from(env!("CARGO_BIN_EXE_cantus"))
}

/// Folder of the bundled plugins: where the program lies.
pub fn bundled() -> PathBuf {
    built().clone()
}

/// The library of a fixture.
pub fn fixture(name: &str) -> PathBuf {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    built().join("examples").join(format!("{prefix}{name}{suffix}"))
}

/// Builds the plugins and fixtures as the program was built; `cargo test` by itself builds no libraries.
fn built() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_cantus")).parent().expect("the program lies in a folder").to_owned();
        let release = folder.ends_with("release");
        // All targets, as for the tests themselves: nothing is then built in two ways.
        let mut cargo = Process::new(env!("CARGO"));
        cargo.args(["build", "--workspace", "--all-targets"]).args(release.then_some("--release"));
        let output = cargo.output().expect("cargo can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder
    })
}

/// The bundled plugins, the probes and the misfits.
pub fn registry() -> Arc<ModuleRegistry> {
    static REGISTRY: OnceLock<Arc<ModuleRegistry>> = OnceLock::new();
    let load = || {
        let mut search = Search::default();
        search.add(&bundled(), false, true);
        search.add(&fixture("probes"), true, false);
        search.add(&fixture("misfits"), true, false);
        let registry = ModuleRegistry::load(&search, &[]);
        assert_eq!(registry.failures(), &[], "all of them load");
        Arc::new(registry)
    };
    REGISTRY.get_or_init(load).clone()
}

/// Folder of the pieces.
pub fn pieces() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lua/examples")
}

/// An engine in lockstep with an offline device, and a script to play it.
pub struct Studio {
    lockstep: Lockstep,
    script: Script,
    printed: Rc<RefCell<Vec<String>>>,
    complaints: Rc<RefCell<Vec<String>>>,
    /// How many files were evaluated.
    files: usize,
}

impl Studio {
    /// An empty session whose sound files lie with the pieces.
    pub fn new() -> Studio {
        Studio::with(registry(), pieces())
    }

    /// An empty session over these plugins, with sound files in `root`.
    pub fn with(registry: Arc<ModuleRegistry>, root: PathBuf) -> Studio {
        Studio::with_options(registry, root, Options::default())
    }

    /// The same, with other limits of what scripts may use.
    pub fn with_options(registry: Arc<ModuleRegistry>, root: PathBuf, options: Options) -> Studio {
        let lockstep = Lockstep::new(registry, Config { rate: RATE, root: root.clone() });
        let engine: Rc<dyn Commit> = Rc::new(lockstep.engine().clone());
        let printed = Rc::<RefCell<Vec<String>>>::default();
        let said = printed.clone();
        let print = Box::new(move |text: &str| said.borrow_mut().push(text.to_owned()));
        let complaints = Rc::<RefCell<Vec<String>>>::default();
        let heard = complaints.clone();
        let complain = Box::new(move |error: &ScriptError| heard.borrow_mut().push(error.to_string()));
        let options = Options { root, print, complain, ..options };
        let script = Script::new(engine, options).expect("a state can be made");
        Studio { lockstep, script, printed, complaints, files: 0 }
    }

    /// A session with this code evaluated, playing from beat 0.
    pub fn playing(code: &str) -> Studio {
        let mut studio = Studio::new();
        studio.eval(code);
        studio.start();
        studio
    }

    /// A session with this piece evaluated, playing from beat 0.
    pub fn piece(name: &str) -> Studio {
        let mut studio = Studio::new();
        let evaluated = studio.script.eval_file(&pieces().join(name));
        evaluated.unwrap_or_else(|error| panic!("{error}"));
        studio.start();
        assert_eq!(studio.problems(), Vec::<String>::new());
        studio
    }

    /// Evaluates; panics with the script's own error.
    pub fn eval(&mut self, code: &str) -> Evaluation {
        self.try_eval(code).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Evaluates, each time as another file: what one has asked for, the next does not take back.
    pub fn try_eval(&mut self, code: &str) -> Result<Evaluation, ScriptError> {
        self.files += 1;
        let origin = Origin::File(format!("test {}.lua", self.files).into());
        self.script.eval(code, "test.lua", origin)
    }

    /// Evaluates a line at the prompt.
    pub fn say(&mut self, line: &str) -> Result<Evaluation, ScriptError> {
        self.script.eval(line, "prompt", Origin::Repl)
    }

    /// Evaluates a file of that name, again and again if need be.
    pub fn eval_as(&mut self, code: &str, file: &str) -> Evaluation {
        self.script.eval(code, file, Origin::File(file.into())).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same; what is wrong with it.
    pub fn try_eval_as(&mut self, code: &str, file: &str) -> Result<Evaluation, ScriptError> {
        self.script.eval(code, file, Origin::File(file.into()))
    }

    /// What was printed since last asked.
    pub fn printed(&self) -> Vec<String> {
        self.printed.take()
    }

    /// Errors of timers and callbacks since last asked.
    pub fn complaints(&self) -> Vec<String> {
        self.complaints.take()
    }

    /// Changes that came too late.
    pub fn late(&self) -> u64 {
        self.lockstep.engine().0.borrow().handle().telemetry().late_changes()
    }

    /// Sends one command.
    pub fn send(&self, command: impl Into<Command>) -> Result<Accepted, CommitError> {
        self.engine().commit(Batch::new(Origin::Host, vec![command.into()]))
    }

    /// Beats go on.
    pub fn start(&self) {
        self.send(StartTransportCommand).expect("starting is always possible");
    }

    /// The engine.
    pub fn engine(&self) -> &LocalEngine {
        self.lockstep.engine()
    }

    /// An id for a module.
    pub fn mint(&self) -> ModuleId {
        self.engine().mint()
    }

    /// Everything that failed or is missing.
    pub fn problems(&self) -> Vec<String> {
        self.lockstep.settle();
        self.engine().state().status.problems().iter().map(ToString::to_string).collect()
    }

    /// Scripts do what is due.
    pub fn tick(&mut self) {
        self.script.tick();
    }

    /// The next frames pass while scripts sleep.
    pub fn skip(&mut self, frames: usize) {
        self.lockstep.pull(&mut vec![0.0; frames * 2]);
    }

    /// The next frames, left and right.
    pub fn render(&mut self, frames: usize) -> [Vec<f32>; 2] {
        self.render_in_blocks(frames, 512)
    }

    /// The next frames, pulled in blocks of that size.
    pub fn render_in_blocks(&mut self, frames: usize, block: usize) -> [Vec<f32>; 2] {
        let mut out = [Vec::with_capacity(frames), Vec::with_capacity(frames)];
        let mut buffer = vec![0.0; block * 2];
        let mut left = frames;
        while left > 0 {
            let now = left.min(block);
            let script = &mut self.script;
            self.lockstep.pull_with(&mut buffer[..now * 2], || _ = script.tick());
            for frame in buffer[..now * 2].chunks_exact(2) {
                out[0].push(frame[0]);
                out[1].push(frame[1]);
            }
            left -= now;
        }
        out
    }
}

/// The frames in which the engine brings a gain from one value to another: 5 ms.
pub fn ramp(from: f32, to: f32) -> Vec<f32> {
    let step = (to - from) / 240.0;
    let rising = std::iter::successors(Some(from), |gain| Some(gain + step));
    rising.skip(1).take(239).chain([to]).collect()
}

/// Root mean square.
pub fn rms(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    (sum / samples.len().max(1) as f64).sqrt()
}

/// Highest absolute sample.
pub fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |max, x| max.max(x.abs()))
}
