//! The audio thread neither allocates, frees nor makes a system call, plugins included.
//!
//! A program of its own, because it puts itself between every library and the C library. Linux only, where an
//! executable's `malloc` is everybody's.

#![cfg(target_os = "linux")]

// RealtimeSanitizer stands in its place when it is there (`make rtsan`).
#[cfg_attr(cantus_rtsan, path = "sanitized.rs")]
#[cfg_attr(not(cantus_rtsan), path = "../../host/bin/probe/allocator.rs")]
mod allocator;
#[path = "../it/rig.rs"]
mod rig;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use cantus_host::control::{Batch, Commit, Config, Engine, EngineState, LocalEngine, Origin};
use cantus_host::device::{Edge, Source};
use cantus_host::model::command::*;
use cantus_host::model::{Command, Connection, Endpoint, Model, ModuleId, Num, Pattern, Step, Value};
use cantus_lua::{Options, Script};

use allocator::{as_audio_thread, counted};

/// An engine whose source is pulled by hand, so that only the audio thread's part is watched.
struct Watched {
    engine: LocalEngine,
    source: Source,
    script: Script,
}

impl Watched {
    fn new() -> Watched {
        let root = rig::pieces();
        let (engine, processor) = Engine::new(rig::registry(), Config { rate: rig::RATE, root: root.clone() });
        let engine = LocalEngine(std::rc::Rc::new(std::cell::RefCell::new(engine)));
        let options = Options { root, ..Options::default() };
        let script = Script::new(std::rc::Rc::new(engine.clone()), options).expect("a state can be made");
        Watched { engine, source: Source::new(processor), script }
    }

    fn eval(&mut self, code: &str) {
        self.script.eval(code, "guard.lua", Origin::Host).unwrap_or_else(|e| panic!("{e}"));
        self.engine.0.borrow_mut().settle();
    }

    fn send(&self, command: impl Into<cantus_host::model::Command>) {
        let batch = Batch::new(Origin::Host, vec![command.into()]);
        self.engine.commit(batch).expect("it can be done");
    }

    /// Plays so many blocks of 512 frames; returns what the audio thread did that it must not.
    fn play(&mut self, blocks: usize) -> (u32, &'static str) {
        let mut buffer = vec![0.0f32; 1024];
        let mut worst = (0, "");
        for _ in 0..blocks {
            let source = &mut self.source;
            let ((), sins, first) = as_audio_thread(|| source.fill(&mut buffer, 2));
            if sins > worst.0 {
                worst = (sins, first);
            }
            self.engine.0.borrow_mut().tick();
        }
        worst
    }
}

#[test]
#[cfg_attr(cantus_rtsan, ignore = "nothing is counted here")]
fn the_guard_sees_what_it_must() {
    let ((), sins, first) = as_audio_thread(|| drop(std::hint::black_box(vec![1u8; 100])));
    assert_eq!((sins, first), (2, "malloc"), "one malloc and one free");
    let ((), sins, first) = as_audio_thread(|| drop(std::hint::black_box(vec![rt_buffer(); 1])));
    assert!(sins >= 2, "aligned memory too: {sins} {first}");
    let (_, sins, first) = as_audio_thread(|| std::io::Write::write(&mut std::io::sink(), b"x").is_ok());
    assert_eq!((sins, first), (0, ""));
    let (_, sins, first) = as_audio_thread(|| std::fs::write("/dev/null", "x").is_ok());
    assert!(sins >= 1, "{sins} {first}");
}

fn rt_buffer() -> cantus_host::rt::Quantum {
    cantus_host::rt::Quantum::SILENT
}

#[test]
#[cfg_attr(cantus_rtsan, ignore = "nothing is counted here")]
fn an_allocation_inside_a_plugin_is_seen() {
    let mut watched = Watched::new();
    watched.eval("allocates('bad')");
    let (sins, first) = watched.play(2);
    assert!(sins >= 2, "a plugin that allocates is caught: {sins} {first}");
}

#[test]
fn pieces_play_cleanly() {
    for piece in ["beat.lua", "chords.lua", "sixteen.lua", "tracker.lua"] {
        let mut watched = Watched::new();
        let code = std::fs::read_to_string(rig::pieces().join(piece)).expect("the piece is there");
        watched.eval(&code);
        watched.send(StartTransportCommand);
        assert_eq!(watched.play(2_000), (0, ""), "{piece}");
        watched.send(SeekCommand { beat: cantus_host::model::Num::new(3.0).expect("finite") });
        assert_eq!(watched.play(50), (0, ""), "{piece}: seek");
        watched.send(StopTransportCommand);
        assert_eq!(watched.play(50), (0, ""), "{piece}: stop");
    }
}

/// Every bundled module by itself, with every value moved to its bounds, notes flooding in, and modules coming and going.
#[test]
fn every_bundled_module_plays_cleanly() {
    let registry = rig::registry();
    let bundled = registry.plugins().iter().filter(|p| p.bundled);
    let mut seen = 0;
    for module in bundled.flat_map(|p| &p.manifest.modules) {
        let mut watched = Watched::new();
        let name = &module.name;
        watched.eval(&format!("pattern('p', 'x x x x', {{steps_per_beat = 16}}) make('{name}', 'm')"));
        watched.eval(&surround(module));
        watched.send(StartTransportCommand);
        assert_eq!(watched.play(20), (0, ""), "{name}");
        for (key, value) in extremes(module) {
            watched.eval(&format!("setParam('m.{key}', {value})"));
            watched.eval(flood(module));
            assert_eq!(watched.play(20), (0, ""), "{name}.{key} = {value}");
        }
        watched.eval("constant('c') connect('c', make('Gain', 'g')) remove('c') remove('m')");
        assert_eq!(watched.play(20), (0, ""), "{name}: removed");
        watched.send(PanicCommand);
        assert_eq!(watched.play(20), (0, ""), "{name}: panic");
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

/// Cables that fade, modules that ring out, modulation and feedback, again and again.
#[test]
fn changes_are_made_cleanly() {
    let mut watched = Watched::new();
    watched.eval(
        "pattern('p', 'x x x x', {length = 8})
         connect(sequencer('s', {pattern = 'p'}), make('Tail', 't', {frames = 100000}))
         connect(constant('a'), gain('g')) connect('g', 'g', {feedback = true, gain = 0.5})
         connect('s', make('Relay', 'r')) connect('r', 'r', {feedback = true}) connect('r', hold('h'))
         modulate(make('Stairs', 'stairs'), 'g.gain', {smoothing = 0.1, curve = 0.5})
         modulate('stairs', 'a.value', {feedback = true, depth = 0.001})",
    );
    watched.send(StartTransportCommand);
    assert_eq!(watched.play(20), (0, ""), "at first");
    for change in [
        "mute('a')",
        "mute('a', false) solo('t')",
        "solo('t', false) gain('g').enabled = false",
        "gain('g').enabled = true make('Tail', 't').enabled = false",
        "make('Tail', 't').enabled = true unmodulate('stairs', 'a.value')",
        "setParam('g.gain', 0.25) remove('t')",
        "make('Tail', 't', {frames = 100000}) connect('s', 't')",
        "remove('t') make('Tail', 't') connect('s', 't') remove('stairs')",
        "rename('a', 'b') disconnect('g', 'g') disconnect('r', 'r')",
        "remove('s') remove('g') remove('r')",
    ] {
        watched.eval(change);
        assert_eq!(watched.play(5), (0, ""), "{change}");
    }
    watched.send(PanicCommand);
    assert_eq!(watched.play(600), (0, ""), "rung out");
}

/// More notes, rolls and locks than there is room for, edited, sent elsewhere and muted while they play.
#[test]
fn patterns_are_played_and_edited_cleanly() {
    let mut watched = Watched::new();
    watched.eval(
        "local row = {}
         for column = 1, 64 do
             row[column] = {note = 30 + column, chance = 0.9, ratchet = 2 + column % 7, delay = (column % 9 - 4) / 5,
                 length = column % 3, glide = 1, locks = {cutoff = 100 * column, filter = 'band', nothing = 1}}
         end
         local rows = {steps_per_beat = 16}
         for n = 1, 16 do rows[n] = row end
         pattern('full', rows) pattern('ends', {rows = 3, steps = {'1: OFF | CUT', '3: x l0 fill'}})
         chain('form', {{'full', follow = {next = 2, any = 1}}, {'ends', 2}, {'full', rows = 5, transpose = 7}})
         local s = sequencer('s', {pattern = 'form', humanise = 0.1, groove = {0.9, -0.9, 0.3}, length = 0})
         connect(s, sampler('kit', {slots = {{file = 'bd_fat.flac'}}}), {instrument = 3}) connect(s, hold('h'))",
    );
    watched.send(StartTransportCommand);
    assert_eq!(watched.play(200), (0, ""), "at first");
    for change in [
        "pattern('full'):rotate(3)",
        "player('s', 3, 2)",
        "sequencer('s').slots[2].solo = true",
        "pattern('full'):change('velocity', '*0.5'):reverse()",
        "sequencer('s').slots[2].solo = false engine:getClock():setBPM(300)",
        "chain('form'):remove(2) pattern('full').steps_per_beat = -96",
        "loop(0, 1) sequencer('s').fill = true",
        "pattern('full', {rows = 1, steps = {'1: x velocity=3 cutoff=200 volume=-6dB'}})",
        "sequencer('s').pattern = 'ends' connect('s', 'h', {instrument = 2})",
        "sequencer('s').pattern = '' remove(pattern('full'))",
    ] {
        watched.eval(change);
        assert_eq!(watched.play(100), (0, ""), "{change}");
    }
}

/// What workers make for a module comes, replaces what was there and goes home; it speaks all the while.
#[test]
fn what_workers_make_comes_and_goes_cleanly() {
    let mut watched = Watched::new();
    watched.eval("make('Brewer', 'b', {value = 0.25})");
    assert_eq!(watched.play(20), (0, ""), "at first");
    for value in ["0.5", "-0.5", "-2", "0.125"] {
        watched.eval(&format!("setParam('b.value', {value})"));
        watched.eval("setParam('b.weights', {0.5, 0.5}) engine:getModuleRegistry():getModule('b'):trigger{}");
        // Asked for, made, taken; and what it replaced is freed.
        for _ in 0..4 {
            assert_eq!(watched.play(1), (0, ""), "{value}");
            watched.engine.0.borrow_mut().settle();
        }
    }
    let mut heard = [0.0f32; 2];
    watched.source.fill(&mut heard, 2);
    assert_eq!(heard, [0.125; 2]);
    watched.eval("setParam('b.value', 3) remove('b')");
    assert_eq!(watched.play(20), (0, ""), "removed");
}

/// What one change costs among ten thousand modules: the Model after it and the state that is published.
#[test]
#[cfg_attr(cantus_rtsan, ignore = "nothing is counted here")]
fn a_publication_copies_little() {
    let catalog = rig::registry().catalog().clone();
    let edit = |model: &mut Model, command: Command| assert_eq!(model.edit(&command, &catalog), Ok(true));
    let add =
        |n: u64| AddModuleCommand { module_type: "Gain".into(), name: format!("g{n:05}").into(), id: ModuleId(n) };
    let mut model = Model::default();
    (1..=10_000).for_each(|n| edit(&mut model, add(n).into()));
    let pattern = Pattern::new(64, Num::of(4.0));
    edit(&mut model, SetPatternCommand { name: "p".into(), pattern }.into());
    let step = |row| SetStepCommand { pattern: "p".into(), row, column: 0, step: Step::default() };
    (0..64).step_by(2).for_each(|row| edit(&mut model, step(row).into()));
    let meters = (1..=10_000).map(|n| (add(n).name, Arc::from([const { AtomicU32::new(0) }; 2])));
    let last = EngineState { meters: meters.collect(), ..EngineState::of(Arc::new(model), catalog.clone()) };
    let set =
        SetParameterCommand { path: "g05000.gain".parse().expect("a path"), value: Some(Value::Num(Num::of(0.5))) };
    let port = |name: &str, port: &str| Endpoint { module: name.into(), port: port.into() };
    let connect = ConnectCommand::new(Connection { from: port("g05000", "out"), to: port("g00007", "in") });
    let changes: [(&str, Command); 4] =
        [("set", set.into()), ("step", step(33).into()), ("add", add(10_001).into()), ("connect", connect.into())];
    for (what, command) in changes {
        let ((), allocations, bytes) = counted(|| {
            let mut model = (*last.model).clone();
            edit(&mut model, command);
            let mut state = EngineState { version: last.version + 1, model: Arc::new(model), ..last.clone() };
            if what == "add" {
                state.meters.put("g10001".into(), Arc::from([const { AtomicU32::new(0) }; 2]));
            }
            std::mem::forget(std::hint::black_box(Arc::new(state)));
        });
        eprintln!("{what}: {allocations} allocations, {bytes} bytes");
        assert!(allocations <= 16 && bytes <= 8 * 1024, "{what}: {allocations} allocations, {bytes} bytes");
    }
}

/// Sound into every audio input, and something to play behind every event output.
fn surround(module: &cantus_manifest::Module) -> String {
    use cantus_manifest::{Direction, PortKind};
    let inputs = module.ports(Direction::In, PortKind::Audio).into_iter();
    let fed = inputs.map(|(key, _)| format!("connect(constant('feed_{key}', {{value = 2}}), 'm.{key}')\n"));
    let outputs = module.ports(Direction::Out, PortKind::Event).into_iter();
    let heard = outputs.map(|(key, _)| format!("connect('m.{key}', click('hears_{key}'))\n"));
    fed.chain(heard).collect()
}

/// Notes, if it takes any; files of a sampler.
fn flood(module: &cantus_manifest::Module) -> &'static str {
    let takes = |kind| !module.ports(cantus_manifest::Direction::In, kind).is_empty();
    if takes(cantus_manifest::PortKind::Event) {
        "m = engine:getModuleRegistry():getModule('m')
         m.slots[1].file = 'bd_fat.flac'
         m.slots[2].file = 'loop_breakbeat.flac'
         for n = 1, 100 do m:trigger{note = 20 + n, slot = 1 + n % 2, length = n / 100} end"
    } else {
        "engine:getClock():setBPM(140)"
    }
}

/// Every parameter, those of the first slots too, at both ends of its range, by path.
fn extremes(module: &cantus_manifest::Module) -> Vec<(String, String)> {
    use cantus_manifest::ParamKind as Kind;
    let ends = |kind: &Kind| match kind {
        Kind::Float { min, max, .. } => vec![min.to_string(), max.to_string()],
        Kind::Int { min, max, .. } => vec![min.to_string(), max.to_string()],
        Kind::Bool { .. } => vec!["true".into(), "false".into()],
        Kind::Enum { labels, .. } => labels.iter().map(|l| format!("'{l}'")).collect(),
        Kind::Pattern => vec!["'p'".into(), "''".into(), "'p'".into()],
        Kind::Sample | Kind::Text => vec!["''".into()],
        Kind::Numbers { min, max } => vec![format!("{{{min}, {max}}}"), "{}".into()],
    };
    let slots = module.slots.iter().flat_map(|s| s.params.iter().flat_map(|p| (1..=2).map(move |n| (n, p))));
    let slots = slots.filter(|(_, p)| !p.kind.is_data()).map(|(n, p)| (format!("slots[{n}].{}", p.key), p));
    let own = module.params.iter().map(|p| (p.key.clone(), p));
    own.chain(slots).flat_map(|(path, p)| ends(&p.kind).into_iter().map(move |v| (path.clone(), v))).collect()
}

/// A device at another rate: the resampler at its edge is part of the audio thread.
#[test]
fn a_device_at_another_rate_plays_cleanly() {
    let mut watched = Watched::new();
    watched.eval("constant('c', {value = 0.5})");
    for rate in [44_100.0, 96_000.0] {
        let silent = Watched::new().source;
        let source = std::mem::replace(&mut watched.source, silent);
        let mut edge = Edge::new(source, rig::RATE, rate, 2).expect("both are common rates");
        let mut buffer = vec![0.0f32; 1000];
        for block in 0..40 {
            let ((), sins, first) = as_audio_thread(|| edge.fill(&mut buffer));
            assert_eq!((sins, first), (0, ""), "{rate} Hz, block {block}");
            watched.engine.0.borrow_mut().tick();
        }
        assert!(buffer.iter().all(|x| (x - 0.5).abs() < 1e-3), "a constant stays one at {rate} Hz: {}", buffer[0]);
        watched = Watched::new();
        watched.eval("constant('c', {value = 0.5})");
    }
}

/// The registry can be shared with the audio program's threads.
#[test]
fn the_registry_is_shared() {
    fn shared<T: Send + Sync>(_: &Arc<T>) {}
    shared(&rig::registry());
}
