//! What workers make for modules, and what modules say.

use std::cell::RefCell;
use std::rc::Rc;

use cantus_host::control::journal::{Header, Journal, Record, Result as Brought, read};
use cantus_host::control::{Batch, Commit, Config, Engine, LocalEngine, Origin, Replay};
use cantus_host::device::Source;
use cantus_host::model::command::{
    AddModuleCommand, PanicCommand, RemoveModuleCommand, SetParameterCommand, TriggerEventCommand,
};
use cantus_host::model::{Command, ModuleId, Num, Value};

use crate::rig::{RATE, Studio, pieces, registry};

/// What is heard at the beginning of each of so many quanta.
fn quanta(studio: &mut Studio, count: usize) -> Vec<f32> {
    let [left, _] = studio.render(64 * count);
    left.chunks_exact(64).for_each(|quantum| assert_eq!(quantum, [quantum[0]; 64], "all of a quantum alike"));
    left.chunks_exact(64).map(|quantum| quantum[0]).collect()
}

fn reports(studio: &Studio) -> Vec<(String, String)> {
    studio.engine().state().reports.iter().map(|r| (r.origin.clone(), r.text.clone())).collect()
}

#[test]
fn what_is_asked_for_is_there_one_quantum_later() {
    let mut studio = Studio::new();
    studio.eval("make('Brewer', 'b', {value = 0.5})");
    assert_eq!(quanta(&mut studio, 3), [0.0, 0.5, 0.5]);
    studio.eval("setParam('b.value', 0.25)");
    assert_eq!(quanta(&mut studio, 3), [0.5, 0.25, 0.25], "the old one until then");
    studio.eval("setParam('b.weights', {0.5, 1.5})");
    assert_eq!(quanta(&mut studio, 2), [0.25, 0.5]);
    // Of what is asked for in one quantum the last counts.
    studio.eval("setParam('b.value', 0.75) setParam('b.weights', {})");
    assert_eq!(quanta(&mut studio, 3), [0.5, 0.75, 0.75]);
    assert_eq!(reports(&studio), []);
}

#[test]
fn a_panic_of_the_engine_forgets_it_and_it_comes_again() {
    let mut studio = Studio::new();
    studio.eval("make('Brewer', 'b', {value = 0.5})");
    assert_eq!(quanta(&mut studio, 2), [0.0, 0.5]);
    studio.send(PanicCommand).expect("always possible");
    studio.skip(480); // what was heard lands
    let heard = quanta(&mut studio, 1);
    assert_eq!(heard, [0.5]);
}

#[test]
fn what_cannot_be_made_is_reported_and_the_old_one_stays() {
    let mut studio = Studio::new();
    studio.eval("make('Brewer', 'b', {value = 0.5})");
    quanta(&mut studio, 2);
    studio.eval("setParam('b.value', -0.5)");
    assert_eq!(quanta(&mut studio, 3), [0.5; 3]);
    studio.eval("setParam('b.value', -1.5)");
    assert_eq!(quanta(&mut studio, 3), [0.5; 3]);
    studio.eval("setParam('b.value', 0.25)");
    assert_eq!(quanta(&mut studio, 2), [0.5, 0.25]);
    let said = reports(&studio);
    let origins: Vec<_> = said.iter().map(|(origin, _)| &**origin).collect();
    assert_eq!(origins, ["module b"; 2], "{said:?}");
    let text = "could not prepare what \"b\" asked for: -0.5 is sour; it goes on with what it had before";
    assert_eq!(said[0].1, text);
    assert!(
        said[1].1.starts_with("could not prepare what \"b\" asked for: it panicked: -1.5 is too bitter ("),
        "{said:?}"
    );
    assert_eq!(studio.problems(), Vec::<String>::new(), "the module itself is well");
}

#[test]
fn what_a_module_says_is_a_report_at_most_once_a_second() {
    let mut studio = Studio::new();
    studio.eval("make('Brewer', 'b')");
    let note = |studio: &Studio, velocity: f64| {
        let velocity = Some(Num::of(velocity));
        studio
            .send(TriggerEventCommand { module: "b".into(), velocity, ..Default::default() })
            .expect("it takes notes");
    };
    let refused = |studio: &Studio| studio.engine().0.borrow().handle().telemetry().refused_events();
    for (n, velocity) in [0.5, 0.25, 0.75].into_iter().enumerate() {
        note(&studio, velocity);
        studio.skip(64);
        assert_eq!(refused(&studio), n as u64 + 1, "the second of each quantum is counted");
    }
    let first = ("module b".to_owned(), "a note of 0.5".to_owned());
    assert_eq!(reports(&studio), std::slice::from_ref(&first));
    studio.skip(48_000);
    note(&studio, 0.125);
    studio.skip(64);
    let last = "a note of 0.125 (2 more before it were not shown)";
    assert_eq!(reports(&studio), [first, ("module b".into(), last.into())]);
}

/// An engine whose source is pulled by hand, as a device would: results come when they are there.
struct Live {
    engine: LocalEngine,
    source: Source,
    heard: Vec<f32>,
}

impl Live {
    fn new() -> Live {
        let (engine, processor) = Engine::new(registry(), Config { rate: RATE, root: pieces() });
        Live { engine: LocalEngine(Rc::new(RefCell::new(engine))), source: Source::new(processor), heard: Vec::new() }
    }

    fn send(&self, command: impl Into<Command>) {
        self.engine.commit(Batch::new(Origin::Host, vec![command.into()])).expect("it can be done");
    }

    fn brewer(&self, value: f64) {
        self.send(AddModuleCommand { module_type: "Brewer".into(), name: "b".into(), id: ModuleId(7) });
        self.set(value);
    }

    fn set(&self, value: f64) {
        let path = "b.value".parse().expect("a path");
        self.send(SetParameterCommand { path, value: Some(Value::Num(Num::of(value))) });
    }

    /// A quantum: the control thread comes by after it.
    fn quantum(&mut self) -> f32 {
        let mut quantum = [0.0; 128];
        self.source.fill(&mut quantum, 2);
        self.engine.0.borrow_mut().tick();
        self.heard.extend(quantum);
        quantum[0]
    }

    /// Plays until that is heard.
    fn until(&mut self, value: f32) {
        while self.quantum() != value {
            std::thread::yield_now();
        }
    }
}

#[test]
fn it_is_heard_again_at_the_same_sample() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("it.journal");
    let mut live = Live::new();
    let config = Config { rate: RATE, root: pieces() };
    let header = Header::of(&registry(), &config);
    live.engine.0.borrow_mut().record(Journal::create(&path, header).expect("a new file"));
    live.brewer(0.5);
    live.until(0.5);
    for n in 1..20 {
        let value = f64::from(n) / 32.0;
        // Some are asked for while another is being made, some twice, some never heard.
        live.set(value);
        (0..n % 4).for_each(|_| _ = live.quantum());
        if n % 7 == 0 {
            live.send(RemoveModuleCommand { name: "b".into() });
            live.quantum();
            live.brewer(value);
        }
        if n % 3 == 0 {
            live.until(value as f32);
        }
        if n % 5 == 0 {
            live.send(PanicCommand);
        }
    }
    live.until(19.0 / 32.0);
    let Live { engine, source, heard } = live;
    drop(source);
    drop(engine);
    let journal = read(&path).expect("a journal");
    let results = journal.records.iter().filter_map(|record| match record {
        Record::Brought { results, .. } => Some(results),
        _ => None,
    });
    let worked = results.flatten().filter(|result| matches!(result, Brought::Worked { .. })).count();
    assert!(worked > 8, "{worked} were made");
    let mut replay = Replay::new(registry(), config, journal);
    let mut again = vec![0.0; heard.len()];
    replay.pull(&mut again);
    assert_eq!(replay.notes(), &[] as &[String]);
    let differs = heard.iter().zip(&again).position(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!(differs.map(|at| (at / 2, heard[at], again[at])), None, "frame, then, now");
}

#[test]
fn a_module_may_go_while_something_is_made_for_it() {
    let mut live = Live::new();
    for round in 0..20 {
        live.brewer(0.5);
        live.engine.0.borrow_mut().settle();
        (0..round % 5).for_each(|_| _ = live.quantum());
        live.set(0.25);
        (0..round % 3).for_each(|_| _ = live.quantum());
        live.send(RemoveModuleCommand { name: "b".into() });
        live.quantum();
    }
    live.engine.0.borrow_mut().settle();
    live.until(0.0);
    assert_eq!(live.engine.state().reports.len(), 0);
}
