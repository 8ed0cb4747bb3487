//! A fake engine and the shortest way to run a script on it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use cantus_host::assets::Asset;
use cantus_host::control::{Accepted, Batch, ClockReading, Commit, CommitError, EngineState, Origin};
use cantus_host::model::{Catalog, Model, ModuleId, ModuleType, Name};
use cantus_lua::{Evaluation, Options, Script, ScriptError};
use cantus_manifest::Manifest;

const MANIFEST: &str = r#"
schema = 1
[plugin]
id = "test.types"
name = "Types"
version = "1.0.0"
license = "MIT"
description = "Types of the tests."

[[module]]
type = "Tone"
kind = "instrument"
doc = "Sings."
port = [{ key = "notes", dir = "in", kind = "event" }, { key = "out", dir = "out", kind = "audio" }]
param = [
  { key = "volume", aliases = ["amp"], doc = "How loud.", type = "float", min = 0.0, max = 2.0, default = 1.0, unit = "gain" },
  { key = "voices", doc = "How many.", type = "int", min = 1, max = 16, default = 4 },
  { key = "glide", doc = "Slides.", type = "bool", default = false },
  { key = "wave", doc = "Shape.", type = "enum", labels = ["sine", "saw"], default = "sine", lock = true },
]
action = [{ key = "stop", doc = "Falls silent." }]
preset = [
  { key = "thin", name = "Thin saw", doc = "Goes well with others.", values = { volume = 0.25, voices = 1, wave = "saw" } },
  { key = "wide", doc = "Fills all.", values = { glide = true, volume = 2 }, slots = { 1 = { gain = 2.0 }, 4 = { gain = 0.5 } } },
]
[module.slots]
count = 4
doc = "Samples."
param = [
  { key = "file", doc = "Sound file.", type = "sample" },
  { key = "gain", doc = "How loud.", type = "float", min = 0.0, max = 4.0, default = 1.0, lock = true },
]

[[module]]
type = "Steps"
kind = "sequencer"
doc = "Plays a pattern."
port = [{ key = "notes", dir = "out", kind = "event" }]
param = [{ key = "pattern", doc = "What it plays.", type = "pattern" }]

[[module]]
type = "Lfo"
kind = "modulator"
doc = "Moves what it is told to."
port = [{ key = "out", dir = "out", kind = "mod" }]

[[module]]
type = "Desk"
kind = "mixer"
doc = "Brings sounds together."
port = [{ key = "in", dir = "in", kind = "audio", count = 3 }, { key = "out", dir = "out", kind = "audio" }]

[[module]]
type = "Echo"
constructor = "space"
kind = "effect"
doc = "Repeats."
port = [{ key = "in", dir = "in", kind = "audio" }, { key = "out", dir = "out", kind = "audio" }]

[[module]]
type = "Hall"
constructor = "space"
kind = "effect"
doc = "Reverberates."
port = [{ key = "in", dir = "in", kind = "audio" }, { key = "out", dir = "out", kind = "audio" }]

[[module]]
type = "Sweep"
kind = "effect"
doc = "Counts in every unit."
port = [{ key = "in", dir = "in", kind = "audio" }, { key = "out", dir = "out", kind = "audio" }]
param = [
  { key = "cutoff", aliases = ["lpf"], doc = "Where it cuts.", type = "float", min = 20.0, max = 20000.0, default = 1000.0, unit = "Hz" },
  { key = "time", doc = "How long.", type = "float", min = 0.0, max = 10.0, default = 0.5, unit = "s" },
  { key = "every", doc = "How often.", type = "float", min = 0.0, max = 16.0, default = 1.0, unit = "beats" },
  { key = "level", doc = "How loud.", type = "float", min = -60.0, max = 6.0, default = 0.0, unit = "dB" },
  { key = "root", doc = "Which note.", type = "float", min = 0.0, max = 127.0, default = 60.0, unit = "note" },
  { key = "bend", doc = "How far.", type = "float", min = -12.0, max = 12.0, default = 0.0, unit = "st" },
  { key = "tune", doc = "How far, finely.", type = "float", min = -1200.0, max = 1200.0, default = 0.0, unit = "ct" },
  { key = "mix", doc = "How much.", type = "float", min = 0.0, max = 100.0, default = 50.0, unit = "%" },
  { key = "shape", doc = "Plain.", type = "float", min = 0.0, max = 1.0, default = 0.0 },
]
meter = [{ key = "peak", doc = "How loud it was.", unit = "gain" }]

[[module]]
type = "Tape"
kind = "instrument"
doc = "Plays one sound."
port = [{ key = "out", dir = "out", kind = "audio" }]
param = [{ key = "reel", doc = "Sound file.", type = "sample" }]

[[module]]
type = "Patch"
constructor = "connect"
kind = "effect"
doc = "Has an unlucky constructor."
port = [{ key = "in", dir = "in", kind = "audio" }, { key = "out", dir = "out", kind = "audio" }]
"#;

/// Applies batches to a Model, and keeps them.
pub struct Engine {
    pub batches: RefCell<Vec<Batch>>,
    pub refuse: RefCell<Option<CommitError>>,
    /// What the clock reads.
    pub seconds: Cell<f64>,
    /// Frames before its time in which a batch must be there.
    pub horizon: Cell<f64>,
    model: RefCell<Arc<Model>>,
    published: RefCell<Arc<EngineState>>,
    /// Sound files that are ready.
    pub assets: RefCell<BTreeMap<Name, Arc<Asset>>>,
    catalog: Arc<Catalog>,
    ids: Cell<u64>,
}

impl Engine {
    fn new() -> Engine {
        let manifest = Manifest::parse(MANIFEST).expect("a good manifest");
        let catalog = Catalog::new(manifest.modules.into_iter().map(|m| ModuleType::new(m, "test.types")));
        let model = Arc::new(Model::default());
        let catalog = Arc::new(catalog);
        let published = EngineState { version: 1, ..EngineState::of(model.clone(), catalog.clone()) };
        Engine {
            batches: RefCell::default(),
            refuse: RefCell::default(),
            seconds: Cell::new(0.0),
            horizon: Cell::new(64.0),
            model: RefCell::new(model),
            published: RefCell::new(Arc::new(published)),
            assets: RefCell::default(),
            catalog,
            ids: Cell::new(1),
        }
    }

    pub fn publish(&self) {
        let version = self.published.borrow().version + 1;
        let model = self.model.borrow().clone();
        let assets = Arc::new(self.assets.borrow().clone());
        self.published.replace(Arc::new(EngineState {
            version,
            assets,
            ..EngineState::of(model, self.catalog.clone())
        }));
    }

    pub fn model(&self) -> Arc<Model> {
        self.model.borrow().clone()
    }
}

impl Commit for Engine {
    fn commit(&self, batch: Batch) -> Result<Accepted, CommitError> {
        if let Some(error) = self.refuse.borrow().clone() {
            return Err(error);
        }
        let mut model = (*self.model()).clone();
        for (index, command) in batch.commands().iter().enumerate() {
            model.edit(command, &self.catalog).map_err(|refusal| CommitError::Refused {
                command: Some(index),
                attempt: command.describe(),
                refusal,
            })?;
        }
        self.model.replace(Arc::new(model));
        self.batches.borrow_mut().push(batch);
        self.publish();
        let (batch, model) = (self.batches.borrow().len() as u64, self.model());
        Ok(Accepted { batch, model, skipped: Vec::new(), pending: false })
    }

    fn state(&self) -> Arc<EngineState> {
        self.published.borrow().clone()
    }

    fn mint(&self) -> ModuleId {
        self.ids.set(self.ids.get() + 1);
        ModuleId(self.ids.get())
    }

    fn horizon(&self) -> f64 {
        self.horizon.get()
    }

    fn clock(&self) -> ClockReading {
        let sample = (self.seconds.get() * 48_000.0).round() as u64;
        ClockReading { sample, seconds: self.seconds.get(), rate: 48_000.0, bpm: 120.0, ..ClockReading::default() }
    }
}

/// An engine, a script state, and what was printed.
pub struct Rig {
    pub engine: Rc<Engine>,
    pub script: Script,
    pub printed: Rc<RefCell<String>>,
}

impl Rig {
    /// A small budget, so that what never ends ends soon.
    pub fn new() -> Rig {
        Rig::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Options)) -> Rig {
        let engine = Rc::new(Engine::new());
        let printed = Rc::new(RefCell::new(String::new()));
        let sink = printed.clone();
        let mut options = Options {
            instructions: 2_000_000,
            memory: 64 << 20,
            root: PathBuf::from("."),
            print: Box::new(move |text| {
                sink.borrow_mut().push_str(text);
                sink.borrow_mut().push('\n');
            }),
            ..Options::default()
        };
        change(&mut options);
        let script = Script::new(engine.clone(), options).expect("a state");
        Rig { engine, script, printed }
    }

    /// Evaluates `song.lua`.
    pub fn run(&mut self, code: &str) -> Result<Evaluation, ScriptError> {
        self.file("song.lua", code)
    }

    /// Evaluates a file of that name.
    pub fn file(&mut self, name: &str, code: &str) -> Result<Evaluation, ScriptError> {
        self.script.eval(code, name, Origin::File(name.into()))
    }

    /// Evaluates a line at the prompt.
    pub fn say(&mut self, code: &str) -> Result<Evaluation, ScriptError> {
        self.script.eval(code, "prompt", Origin::Repl)
    }

    /// The commands of the last batch, described.
    pub fn last(&self) -> Vec<String> {
        self.engine.batches.borrow().last().map_or(Vec::new(), |b| b.commands().iter().map(|c| c.describe()).collect())
    }
}

/// On a thread with the stack that scripts need.
pub fn on_script_thread(f: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(Script::STACK).spawn(f).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// `[code, text that print gave or error]`, each on a fresh engine.
pub fn table(rows: &'static [(&str, &str)]) {
    on_script_thread(move || {
        for (code, expected) in rows {
            let mut rig = Rig::new();
            let answer = match rig.run(code) {
                Ok(_) => rig.printed.borrow().trim_end().to_owned(),
                Err(error) => error.to_string(),
            };
            assert_eq!(answer, *expected, "\n{code}");
        }
    });
}
