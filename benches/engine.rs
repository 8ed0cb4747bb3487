//! What the engine costs, on the offline device: `cargo bench`.
//!
//! Beside each row stands the bound it is measured against. Builds the plugins first if need be.

#[path = "../tests/it/rig.rs"]
mod rig;

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use cantus_host::control::journal::{Header, Journal, read, recover};
use cantus_host::control::{
    Batch, Commit, Config, Engine, EngineState, EngineThread, LocalEngine, Origin, Scenes, When, Work,
};
use cantus_host::device::Source;
use cantus_host::model::command::{AddModuleCommand, SetBPMCommand, SetParameterCommand};
use cantus_host::model::{Command, Model, ModuleId, Num, Value};
use cantus_host::session::{Folder, open};
use divan::Bencher;
use rig::Studio;

fn main() {
    divan::main();
}

/// A second of each piece. Real time is 1 s; the aim is under 25 ms (2.5 % of a core).
#[divan::bench(args = ["beat.lua", "chords.lua", "sixteen.lua"], sample_count = 20)]
fn one_second_of(bencher: Bencher, piece: &str) {
    bencher.with_inputs(|| Studio::piece(piece)).bench_local_values(|mut studio| studio.render(48_000));
}

/// A second of 64 sequencers, each with a pattern of 64 rows and 16 columns of its own, all full: 8,192 notes. Alone, the
/// aim is under 20 ms (2 % of a core); and with a module behind each that counts its notes.
#[divan::bench(args = [false, true], sample_count = 20)]
fn one_second_of_64_sequencers(bencher: Bencher, heard: bool) {
    let connect = if heard { "connect(s, hold('h' .. n))" } else { "" };
    let code = format!(
        "local row = {{}} for column = 1, 16 do row[column] = {{note = 40 + column, velocity = 0.5, chance = 0.9}} end
         local rows = {{}} for n = 1, 64 do rows[n] = row end
         for n = 1, 64 do
             local s = sequencer('s' .. n, {{pattern = pattern('p' .. n, rows)}}) {connect}
         end"
    );
    bencher.with_inputs(|| Studio::playing(&code)).bench_local_values(|mut studio| studio.render(48_000));
}

/// Evaluating a piece that changes nothing any more, all of it: the aim is under 10 ms.
#[divan::bench(sample_count = 20)]
fn evaluating_sixteen_again(bencher: Bencher) {
    let mut studio = Studio::piece("sixteen.lua");
    let code = std::fs::read_to_string(Path::new("lua/examples/sixteen.lua")).expect("the piece is there");
    bencher.bench_local(|| studio.eval(&code));
}

/// A batch of one command from the producer to the answer: the aim is under 20 us.
#[divan::bench(sample_count = 1000)]
fn one_set_to_its_answer(bencher: Bencher) {
    let mut studio = Studio::piece("sixteen.lua");
    studio.render(512);
    let mut bpm = 100.0;
    bencher.bench_local(|| {
        bpm = if bpm > 900.0 { 100.0 } else { bpm + 1.0 };
        let command = SetBPMCommand { bpm: Num::of(bpm), over: Num::ZERO };
        let batch = Batch::new(Origin::Host, vec![command.into()]);
        let answer = studio.engine().commit(batch);
        answer.expect("a good tempo").batch
    });
}

/// 1,000 batches for later, one beat after the other, each to its answer: the aim is under 0.1 ms for each, 100 ms.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn a_thousand_for_later(bencher: Bencher) {
    bencher.with_inputs(|| Studio::playing("gain('g0500')")).bench_local_refs(|studio| {
        for n in 0..1000 {
            let later = Batch::new(Origin::Repl, vec![set(f64::from(n) / 1000.0)]).at(beat(f64::from(1000 + n)));
            assert!(studio.engine().commit(later).expect("it can wait").pending);
        }
    });
}

fn beat(beat: f64) -> When {
    When::AtBeat(Num::of(beat))
}

fn config() -> Config {
    Config { rate: rig::RATE, root: rig::pieces() }
}

fn thousand() -> Model {
    let catalog = rig::registry().catalog().clone();
    (0..1000).fold(Model::default(), |model, n| {
        let add = AddModuleCommand { module_type: "Gain".into(), name: format!("g{n:04}").into(), id: ModuleId(n + 1) };
        model.apply(&add.into(), &catalog).expect("a good name")
    })
}

fn set(gain: f64) -> Command {
    let value = Some(Value::Num(Num::of(gain)));
    SetParameterCommand { path: "g0500.gain".parse().expect("a path"), value }.into()
}

/// A tempo that is not the last one.
fn tempo(n: &mut u32) -> Batch {
    *n = (*n + 1) % 800;
    let command = SetBPMCommand { bpm: Num::of(f64::from(100 + *n)), over: Num::ZERO };
    Batch::new(Origin::Repl, vec![command.into()])
}

/// `apply` of one parameter among 1,000 modules: 0.8 us is the reference.
#[divan::bench]
fn apply_among_a_thousand(bencher: Bencher) {
    let (model, set) = (thousand(), set(0.5));
    let catalog = rig::registry().catalog().clone();
    bencher.bench_local(|| model.apply(&set, &catalog));
}

/// One parameter among 1,000 modules, and the state with it published: 1 to 3 us is the reference, the aim 20 us.
#[divan::bench]
fn publish_among_a_thousand(bencher: Bencher) {
    let catalog = rig::registry().catalog().clone();
    let state = ArcSwap::from_pointee(EngineState::of(thousand().into(), catalog.clone()));
    let sets = [set(0.5), set(0.25)];
    let mut n = 0;
    bencher.bench_local(|| {
        n += 1;
        let now = state.load_full();
        let model = now.model.apply(&sets[n % 2], &catalog).expect("a gain").into();
        state.store(Arc::new(EngineState { version: now.version + 1, model, ..(*now).clone() }));
    });
}

/// From 1,000 modules to the same with another value: 0.5 us is the reference.
#[divan::bench]
fn diff_of_one_value_among_a_thousand(bencher: Bencher) {
    let catalog = rig::registry().catalog().clone();
    let before = thousand();
    let after = before.apply(&set(0.5), &catalog).expect("a gain");
    bencher.bench_local(|| before.diff(&after, &catalog));
}

/// From nothing to 1,000 modules, as commands; the reference is 6 to 7 ms for modules of 48 values each.
#[divan::bench(sample_count = 20)]
fn diff_from_nothing_to_a_thousand(bencher: Bencher) {
    let catalog = rig::registry().catalog().clone();
    let after = thousand();
    bencher.bench_local(|| Model::default().diff(&after, &catalog));
}

/// One step back among 1,000 modules, to its answer: the aim is under 10 ms.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn one_undo_to_its_answer(bencher: Bencher) {
    let mut studio = Studio::new();
    let send = |studio: &Studio, work| studio.engine().commit(Batch::of(Origin::Repl, work)).expect("it can be").batch;
    send(&studio, Work::Become(thousand().into(), Scenes::default()));
    studio.render(64);
    let does = || {
        studio.render(64);
        send(&studio, Work::Commands(vec![set(0.5)]));
        studio.engine().clone()
    };
    let undo = |engine: LocalEngine| engine.commit(Batch::of(Origin::Repl, Work::Undo)).expect("it was done").batch;
    bencher.with_inputs(does).bench_local_values(undo);
}

/// A script of 200 lines that changes nothing any more: the aim is under 2 ms, and 0.05 ms the reference without Lua.
#[divan::bench(sample_count = 100)]
fn evaluating_two_hundred_lines_again(bencher: Bencher) {
    let mut studio = Studio::new();
    let line = |n| format!("gain('g{n}', {{gain = 0.{n}}})\n");
    let code: String = (100..300).map(line).collect();
    studio.eval_as(&code, "song.lua");
    bencher.bench_local(|| {
        let done = studio.eval_as(&code, "song.lua");
        assert_eq!(done.batch, None);
    });
}

/// A batch of one command from the producer to the answer, written down before: the disk's time is in it.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn one_set_to_its_answer_with_a_journal(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut engine, _processor) = Engine::new(rig::registry(), config());
    let header = Header::of(&rig::registry(), &config());
    engine.record(Journal::create(&folder.path().join("it.journal"), header).expect("a new file"));
    let engine = EngineThread::start(engine);
    let mut n = 0;
    bencher.bench_local(|| engine.handle().commit(tempo(&mut n)).expect("a good tempo").batch);
}

/// Reading a journal of 10,000 batches, to the Model it comes to: 100,000 commands/s are the reference, so 100 ms.
#[divan::bench(sample_count = 20)]
fn recovering_ten_thousand_batches(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("it.journal");
    let (mut engine, processor) = Engine::new(rig::registry(), config());
    engine.record(Journal::create(&path, Header::of(&rig::registry(), &config())).expect("a new file"));
    let mut source = Source::new(processor);
    let engine = EngineThread::start(engine);
    let mut n = 0;
    for batch in 0..10_000 {
        engine.handle().commit(tempo(&mut n)).expect("a good tempo");
        if batch % 500 == 0 {
            source.fill(&mut [0.0; 128], 2);
        }
    }
    drop(engine);
    let catalog = rig::registry().catalog().clone();
    bencher.bench_local(|| recover(&read(&path).expect("a journal"), &catalog));
}

/// A session of 1,000 modules, from its file to the Model; reading 1.2 MB of TOML takes 34 ms, is the reference.
#[divan::bench(sample_count = 20)]
fn loading_a_session_of_a_thousand(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let catalog = rig::registry().catalog().clone();
    let state = EngineState::of(thousand().into(), catalog.clone());
    let saved = Folder::default().save(folder.path(), &state, &catalog, folder.path(), false);
    saved.expect("the folder can be written");
    let mut last = 0;
    let mut mint = || {
        last += 1;
        ModuleId(last)
    };
    bencher.bench_local(|| open(folder.path(), &catalog, &mut mint).expect("it was saved").model);
}
