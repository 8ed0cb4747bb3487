//! What the engine costs, on the offline device: `cargo bench`.
//!
//! Beside each row stands the bound it is measured against. Builds the plugins first if need be.

#[path = "../tests/it/rig.rs"]
mod rig;

use std::path::Path;

use cantus_host::control::{Batch, Commit, Origin};
use cantus_host::model::command::{AddModuleCommand, SetBPMCommand, SetParameterCommand};
use cantus_host::model::{Command, Model, Num, Value};
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

fn thousand() -> Model {
    let studio = Studio::new();
    let catalog = studio.engine().catalog();
    (0..1000).fold(Model::default(), |model, n| {
        let name = format!("g{n:04}").into();
        let add = AddModuleCommand { module_type: "Gain".into(), name, id: studio.mint() };
        model.apply(&add.into(), &catalog).expect("a good name")
    })
}

/// `apply` of one parameter among 1,000 modules: 0.8 us is the reference.
#[divan::bench]
fn apply_among_a_thousand(bencher: Bencher) {
    let model = thousand();
    let catalog = rig::registry().catalog().clone();
    let value = Value::Num(Num::new(0.5).expect("finite"));
    let set: Command = SetParameterCommand { path: "g0500.gain".parse().expect("a path"), value: Some(value) }.into();
    bencher.bench_local(|| model.apply(&set, &catalog));
}
