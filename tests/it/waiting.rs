//! What waits for its time: what takes its place, what is too late, and what time does meanwhile.

use cantus_host::control::{Batch, Commit, CommitError, Config, Origin, Position, When};
use cantus_host::lockstep::Lockstep;
use cantus_host::model::command::{AddModuleCommand, SeekCommand, SetParameterCommand};
use cantus_host::model::{Command, ModuleId, Num, Value};

use crate::rig::{RATE, Studio, peak, pieces, registry};

/// Samples of a beat at 120 beats a minute.
const BEAT: usize = 24_000;

fn set(path: &str, value: f64) -> Command {
    SetParameterCommand { path: path.parse().expect("a path"), value: Some(Value::Num(Num::of(value))) }.into()
}

fn client(commands: Vec<Command>, when: When) -> Batch {
    Batch::new(Origin::Client("ann".into()), commands).at(when)
}

#[test]
fn a_batch_in_the_place_of_another_is_all_that_comes() {
    let mut studio = Studio::playing("constant('c', {value = 0}) constant('d', {value = 0})");
    let at = |beat: f64| When::AtBeat(Num::of(beat));
    let first = studio.engine().commit(client(vec![set("c.value", 0.5)], at(1.0))).expect("it can be");
    let second = client(vec![set("d.value", 0.25)], at(2.0)).instead_of(Some(first.batch));
    studio.engine().commit(second).expect("it can be");
    assert_eq!(studio.engine().state().pending.len(), 1);
    let [left, _] = studio.render(3 * BEAT);
    assert_eq!([left[0], left[2 * BEAT - 1], left[2 * BEAT]], [0.0, 0.0, 0.25]);
}

#[test]
fn what_is_meant_for_a_stretch_that_is_over_is_refused() {
    let studio = Studio::playing("constant('c', {value = 0})");
    let now = Position { epoch: studio.engine().clock().epoch, lap: 0, beat: Num::of(16.0) };
    studio.send(SeekCommand { beat: Num::of(8.0) }).expect("it can be");
    let over = studio.engine().commit(client(vec![set("c.value", 0.5)], When::At(now)));
    assert_eq!(over.map(|accepted| accepted.batch), Err(CommitError::Over));
}

#[test]
fn a_tempo_that_rises_on_the_way_makes_nothing_late() {
    // 24 frames into a quantum a beat becomes 3,000 frames; what waits is due 30 frames behind that.
    let code = "bpm(60) tempo_at(2 + 24 / 48000, 960) constant('c', {value = 0})";
    let mut studio = Studio::playing(code);
    let due = Num::of(2.0 + 24.0 / 48_000.0 + 30.0 / 3_000.0);
    studio.engine().commit(client(vec![set("c.value", 0.5)], When::AtBeat(due))).expect("it can be");
    let [left, _] = studio.render(3 * 48_000);
    assert_eq!((left.iter().position(|x| *x != 0.0), studio.late()), (Some(96_054), 0));
}

#[test]
fn what_was_done_ahead_in_a_lap_that_does_not_come_was_done() {
    let mut studio = Studio::playing("loop(0, 4) every(1, function(beat) print(beat) end)");
    // 27 ms before the turn; scripts run 50 ms ahead.
    studio.render(4 * BEAT - 1280);
    assert_eq!(studio.printed(), ["0.0", "1.0", "2.0", "3.0", "0.0"]);
    studio.say("noloop()").expect("runs");
    studio.render(2 * BEAT + BEAT / 2);
    // What was done for the turn falls on beat 4, where the turn would have been.
    assert_eq!((studio.printed(), studio.complaints()), (["5.0", "6.0"].map(String::from).to_vec(), vec![]));
}

#[test]
fn times_as_text_are_those_of_parameters() {
    for wait in [
        "setTimeout(f, 250)",
        "setTimeout(f, '250')",
        "setTimeout(f, '250 ms')",
        "setTimeout(f, '0.25 S')",
        "clock.run(function() clock.sleep(0.25) f() end)",
        "clock.run(function() clock.sleep('0.25') f() end)",
        "clock.run(function() clock.sleep('.25s') f() end)",
    ] {
        let mut studio = Studio::new();
        studio.eval("constant('c', {value = 0})");
        studio.say(&format!("local function f() c.value = 0.5 end {wait}")).expect("runs");
        let [left, _] = studio.render(BEAT);
        assert_eq!(left.iter().position(|x| *x != 0.0), Some(12_000), "{wait}");
    }
    let error = Studio::new().say("setTimeout(print, '2 beats')").expect_err("not seconds").to_string();
    assert!(error.ends_with("setTimeout: \"2 beats\" is no time; write a number, \"250ms\" or \"2s\""), "{error}");
}

#[test]
fn what_is_made_before_a_quantum_sounds_in_it() {
    let heard = |inside: bool| {
        let mut lockstep = Lockstep::new(registry(), Config { rate: RATE, root: pieces() });
        let engine = lockstep.engine().clone();
        let make = move || {
            let add = AddModuleCommand { module_type: "Constant".into(), name: "c".into(), id: ModuleId(7) };
            engine.commit(client(vec![add.into(), set("c.value", 0.5)], When::Now)).expect("it can be");
        };
        let mut out = vec![0.0; 2 * 512];
        if inside {
            let mut make = Some(make);
            lockstep.pull_with(&mut out, || make.take().into_iter().for_each(|make| make()));
        } else {
            make();
            lockstep.pull(&mut out);
        }
        out
    };
    assert!(peak(&heard(true)) > 0.0);
    assert_eq!(heard(true), heard(false));
}
