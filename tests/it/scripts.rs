//! A Model printed as a script: run in an empty session it makes an equal one.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use cantus_host::control::{Accepted, Batch, ClockReading, Commit, CommitError, EngineState, Origin};
use cantus_host::model::command::*;
use cantus_host::model::{Catalog, Control, ControlKey, Model, ModuleId, ModuleType};
use cantus_host::session::{self, Leftovers, Sounds};
use cantus_lua::{Options, Script, ScriptError, print};
use cantus_manifest::Manifest;

use crate::model::walk::Walk;
use crate::model::{catalog, said, without};
use crate::rig::Studio;

/// An engine without sound: applies batches to a Model.
struct Silent {
    catalog: Arc<Catalog>,
    state: RefCell<Arc<EngineState>>,
}

impl Commit for Silent {
    fn commit(&self, batch: Batch) -> Result<Accepted, CommitError> {
        let (mut model, version) = ((*self.state.borrow().model).clone(), self.state.borrow().version + 1);
        for (index, command) in batch.commands().iter().enumerate() {
            let refused = |refusal| CommitError::Refused { command: Some(index), attempt: command.describe(), refusal };
            model.edit(command, &self.catalog).map_err(refused)?;
        }
        let model = Arc::new(model);
        let state = EngineState::of(model.clone(), self.catalog.clone());
        self.state.replace(Arc::new(EngineState { version, ..state }));
        Ok(Accepted { batch: version, model, skipped: Vec::new(), pending: false })
    }

    fn state(&self) -> Arc<EngineState> {
        self.state.borrow().clone()
    }

    fn mint(&self) -> ModuleId {
        static LAST: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        ModuleId(LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }

    fn clock(&self) -> ClockReading {
        ClockReading::default()
    }
}

/// An empty session over these types.
fn empty(catalog: &Catalog) -> (Rc<Silent>, Script) {
    let catalog = Arc::new(catalog.clone());
    let state = EngineState { version: 1, ..EngineState::of(Arc::default(), catalog.clone()) };
    let engine = Rc::new(Silent { catalog, state: RefCell::new(Arc::new(state)) });
    let script = Script::new(engine.clone(), Options::default()).expect("a state can be made");
    (engine, script)
}

/// The Model that a script leads to.
fn run(code: &str, catalog: &Catalog) -> Result<Model, ScriptError> {
    let (engine, mut script) = empty(catalog);
    script.eval(code, "printed.lua", Origin::File("printed.lua".into()))?;
    let model = engine.state().model.clone();
    Ok((*model).clone())
}

/// Prints, runs, compares, and prints again.
fn there_and_back(model: &Model, catalog: &Catalog, what: &str) {
    let code = print(model, catalog);
    let again = run(&code, catalog).unwrap_or_else(|error| panic!("{what}: {error}\n{code}"));
    assert_eq!(said(&again), said(model), "{what}\n{code}");
    assert_eq!(again, *model, "{what}: equal by text, so equal");
    assert_eq!(print(&again, catalog), code, "{what}: and it prints the same");
}

#[test]
fn what_is_printed_makes_the_same() {
    let (catalog, some) = (catalog(), without("Fx"));
    let walks = if std::env::var("CANTUS_SOAK").is_ok() { 5_000 } else { 250 };
    for seed in 0..walks {
        let mut walk = Walk::new(seed, &catalog);
        walk.files.push("odd \"name\" \\ \r\n\u{1}2 é.wav".into());
        let length = walk.dice.below(80);
        let model = walk.model(&Model::default(), length);
        there_and_back(&model, &catalog, &format!("walk {seed}"));
        // The same where a type is missing.
        let text =
            session::to_text(&model, &catalog, &Sounds::new(), &Leftovers::default()).expect("it can be written");
        let mut ids = 0..;
        let loaded = session::from_text(&text, "s".as_ref(), &some, &mut || ModuleId(ids.next().expect("endless")));
        there_and_back(&loaded.expect("just written").model, &some, &format!("walk {seed} without Fx"));
    }
}

#[test]
fn a_script_reads_well() {
    let text = include_str!("sessions/session.toml");
    let mut ids = 0..;
    let mint = &mut || ModuleId(ids.next().expect("endless"));
    let some = without("Lfo");
    let loaded = session::from_text(text, "session.toml".as_ref(), &some, mint).expect("it is good");
    let code = print(&loaded.model, &some);
    assert_eq!(code, include_str!("scripts/session.lua"));
    there_and_back(&loaded.model, &some, "by hand");
}

/// A pattern in some notation, and how it is printed.
#[test]
fn patterns_are_printed_as_people_write_them() {
    for written in [
        r#"pattern("p", "x... x... x... x...")"#,
        r#"pattern("p", "x..X ..x.")"#,
        r#"pattern("p", "C4 = . . | E4 . G4 x")"#,
        r#"pattern("p", "C4 . | E4 .", {steps_per_beat = 2})"#,
        r#"pattern("p", {"x.x. ..x.", note = "C2", slot = 3, velocity = 0.5})"#,
        r#"pattern("p", {"x... ....", length = 0})"#,
        r#"pattern("p", {lanes = {{"x... ..x.", slot = 1}, "....", {".x.. X...", slot = 2, velocity = 0.25}}})"#,
        r#"pattern("p", {steps_per_beat = 3, lanes = {"x==", "61.5 . ."}})"#,
        r#"pattern("p", "....")"#,
        r#"pattern("p", {rows = 8, steps = {"1: C4 v0.5", "3: E4 v0.75", "9: x"}})"#,
        r#"pattern("p", {rows = 200, steps = {}})"#,
    ] {
        let model = run(written, &catalog()).unwrap_or_else(|error| panic!("{error}\n{written}"));
        let code = print(&model, &catalog());
        let line = code.lines().last().expect("a line");
        // Lanes that are shorter than the longest are filled up.
        assert_eq!(line.replace("\".... ....\"", "\"....\""), written);
        there_and_back(&model, &catalog(), written);
    }
}

#[test]
fn any_name_can_be_printed() {
    let (_, script) = empty(&catalog());
    let words: Vec<String> = script.words();
    assert!(words.len() > 60, "{words:?}");
    let mut model = Model::default();
    let names = ["end", "my-kick", "nil", "_ENV", "a"].into_iter().chain(words.iter().map(String::as_str));
    let module = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') && name != "out";
    for (id, name) in (1..).zip(names.filter(|name| module(name))) {
        let add = AddModuleCommand { module_type: "Kit".into(), name: name.into(), id: ModuleId(id) };
        model.edit(&add.into(), &catalog()).expect("they are free");
    }
    let key = ControlKey { source: "say \"cc\" => 1\n".into(), to: "end.volume".parse().expect("a path") };
    model.edit(&SetControlCommand { key, control: Control::default() }.into(), &catalog()).expect("it is there");
    there_and_back(&model, &catalog(), "every word");
}

#[test]
fn constructors_that_scripts_lack_are_made() {
    let text = include_str!("model/catalog.toml").replace("type = \"Kit\"", "type = \"Kit\"\nconstructor = \"fx\"");
    let text = text.replace("type = \"Tri\"", "type = \"Tri\"\nconstructor = \"connect\"");
    let manifest = Manifest::parse(&text).expect("a good manifest");
    let catalog = Catalog::new(manifest.modules.into_iter().map(|m| ModuleType::new(m, "test.catalog")));
    let model = run("make('Kit', 'a')  make('Fx', 'b')  make('Tri', 'c')  lfo('d')", &catalog);
    let model = model.expect("make makes all");
    let code = print(&model, &catalog);
    for line in ["a = make(\"Kit\", \"a\")", "b = make(\"Fx\", \"b\")", "c = make(\"Tri\", \"c\")", "d = lfo(\"d\")"] {
        assert!(code.contains(line), "{code}");
    }
    there_and_back(&model, &catalog, "make");
}

#[test]
fn pieces_printed_sound_the_same() {
    for piece in ["beat.lua", "chop.lua", "chords.lua", "sixteen.lua", "tracker.lua"] {
        let (mut written, mut printed) = (Studio::piece(piece), Studio::new());
        let catalog = written.engine().catalog();
        let model = written.engine().state().model.clone();
        printed.eval(&print(&model, &catalog));
        printed.start();
        assert_eq!(printed.problems(), Vec::<String>::new());
        assert_eq!(said(&printed.engine().state().model), said(&model), "{piece}");
        assert_eq!(written.render(96_000), printed.render(96_000), "{piece}");
    }
}
