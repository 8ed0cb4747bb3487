//! What modules ask for, and how long they take.

use cantus_host::control::{Batch, Commit, Origin, Work};
use cantus_host::model::command::TriggerEventCommand;
use cantus_host::model::{Num, Path};

use crate::rig::Studio;

fn value(studio: &Studio, path: &str) -> String {
    let (state, catalog) = (studio.engine().state(), studio.engine().catalog());
    let path: Path = path.parse().expect("a path");
    path.find(&state.model, &catalog).expect("it is there").value().to_string()
}

fn note(studio: &Studio, velocity: f64) {
    let velocity = Some(Num::of(velocity));
    let note = TriggerEventCommand { module: "l".into(), velocity, ..TriggerEventCommand::default() };
    studio.send(note).expect("it takes notes");
}

#[test]
fn what_a_module_asks_for_is_a_command_like_any_other() {
    let mut studio = Studio::new();
    studio.eval("make('Learner', 'l')");
    note(&studio, 0.5);
    let [left, _] = studio.render(192);
    // Asked for in the first quantum, set before the second.
    assert_eq!((left[0], left[64], left[128]), (0.0, 0.5, 0.5));
    assert_eq!((value(&studio, "l.value"), value(&studio, "l.slots[2].level")), ("0.5".into(), "0.5".into()));
    // Nobody has done it: what is taken back is the evaluation before it.
    studio.engine().commit(Batch::of(Origin::Repl, Work::Undo)).expect("a step");
    assert!(!studio.engine().state().model.modules.contains("l"));
    studio.engine().commit(Batch::of(Origin::Repl, Work::Redo)).expect("a step");
    assert_eq!(value(&studio, "l.value"), "0.5");
    // What is as it is asked for changes nothing.
    studio.render(64);
    let version = studio.engine().state().version;
    note(&studio, 0.5);
    studio.render(192);
    assert_eq!(studio.engine().state().version, version);
    // What the parameter does not take is refused, and said.
    note(&studio, 1.0);
    studio.render(192);
    assert_eq!((value(&studio, "l.value"), value(&studio, "l.slots[2].level")), ("0.5".into(), "1".into()));
    let reports = studio.engine().state().reports.clone();
    let said: Vec<_> = reports.iter().map(|r| (&*r.origin, &*r.text)).collect();
    let text = "could not set l.value = 1: l.value = 1: it takes a number from 0 to 0.75";
    assert_eq!(said, [("module l", text)]);
}

#[test]
fn how_long_a_module_takes_is_seen() {
    let mut studio = Studio::playing("constant('a') constant('b') sampler('s')");
    studio.render(64 * 30);
    let state = studio.engine().state();
    let loads: Vec<f32> = ["a", "b", "s"].iter().map(|name| state.load(name).expect("it is made")).collect();
    assert!(loads.iter().all(|load| *load > 0.0), "{loads:?}");
    let (_, most) = state.heaviest().expect("there are some");
    assert_eq!(most, loads.iter().fold(0.0, |max, load| load.max(max)));
}
