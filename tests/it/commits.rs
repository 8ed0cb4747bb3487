//! Batches of several origins: when they are applied, what waits, what is cancelled, refused and taken back.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use cantus_host::control::{
    Accepted, Batch, Cause, Commit, CommitError, Config, Engine, EngineThread, Origin, Scenes, When, Work,
};
use cantus_host::device::{Device, Null, Source};
use cantus_host::model::command::*;
use cantus_host::model::{Command, Connection, Endpoint, Num, TempoPoint, Value};
use cantus_host::plugins::{ModuleRegistry, Search};

use crate::rig::Studio;

fn set(path: &str, value: f64) -> Command {
    SetParameterCommand { path: path.parse().expect("a path"), value: Some(Value::Num(Num::of(value))) }.into()
}

fn send(studio: &Studio, origin: Origin, commands: Vec<Command>, when: When) -> Result<Accepted, CommitError> {
    studio.engine().commit(Batch::new(origin, commands).at(when))
}

fn work(studio: &Studio, origin: Origin, work: Work) -> Result<Accepted, CommitError> {
    studio.engine().commit(Batch::of(origin, work))
}

fn client(name: &str) -> Origin {
    Origin::Client(name.into())
}

fn timer() -> Origin {
    Origin::Timer("song.lua".into())
}

fn beat(beat: f64) -> When {
    When::AtBeat(Num::of(beat))
}

fn value(studio: &Studio, path: &str) -> String {
    let (state, catalog) = (studio.engine().state(), studio.engine().catalog());
    let path: cantus_host::model::Path = path.parse().expect("a path");
    path.find(&state.model, &catalog).expect("it is there").value().to_string()
}

/// At 120 beats per minute and 48,000 Hz.
const BEAT: usize = 24_000;
const CONSTANT: &str = "constant('c', {value = 0.25}) constant('d', {value = 0})";

/// Where the sound changes, and to what.
fn changes(sound: &[f32]) -> Vec<(usize, f32)> {
    let pairs = sound.windows(2).enumerate().filter(|(_, pair)| pair[0] != pair[1]);
    pairs.map(|(i, pair)| (i + 1, pair[1])).collect()
}

#[test]
fn who_is_answered_finds_it_in_the_state() {
    let registry = Arc::new(ModuleRegistry::load(&Search::default(), &[]));
    let (engine, _processor) = Engine::new(registry, Config { rate: 48_000.0, root: ".".into() });
    let engine = EngineThread::start(engine);
    for n in 0..1_000 {
        let point = TempoPoint { bpm: Num::of(100.0), ramp: false };
        let command = SetTempoPointCommand { beat: Num::of(f64::from(n)), point };
        let accepted = engine.handle().commit(Batch::new(Origin::Repl, vec![command.into()])).expect("it can be");
        assert!(Arc::ptr_eq(&engine.handle().state().model, &accepted.model), "commit {n}");
    }
}

#[test]
fn what_is_for_later_lands_on_its_exact_sample() {
    let mut studio = Studio::playing(CONSTANT);
    for (when, value) in [
        (When::AtSample(1_000), 0.5),
        (beat(1.5), 1.0),
        (When::NextGrid(Num::ONE), 0.75),
        (When::NextGrid(Num::ZERO), 2.0),
        (beat(2.0), 1.5),
    ] {
        let before = studio.engine().state().model.clone();
        let accepted = send(&studio, timer(), vec![set("c.value", value)], when).expect("it can be");
        // The first grid line is where it stands.
        let now = matches!(when, When::NextGrid(_));
        assert_eq!(accepted.pending, !now, "{when:?}");
        assert_eq!(*studio.engine().state().model == *before, !now, "what is pending is absent from the Model");
        assert!(*accepted.model != *before, "the answer has it");
    }
    let waiting: Vec<_> = studio.engine().state().pending.iter().map(|w| (w.what.clone(), w.when)).collect();
    assert_eq!(
        waiting,
        [
            ("set c.value = 0.5".into(), When::AtSample(1000)),
            ("set c.value = 1".into(), beat(1.5)),
            ("set c.value = 1.5".into(), beat(2.0)),
        ]
    );
    let [left, _] = studio.render(3 * BEAT);
    assert_eq!(left[0], 2.0);
    assert_eq!(changes(&left), [(1_000, 0.5), (36_000, 1.0), (48_000, 1.5)]);
    assert!(studio.engine().state().pending.is_empty());
}

#[test]
fn the_next_bar_is_met_where_the_tempo_glides_and_where_the_loop_turns() {
    let mut studio = Studio::playing(CONSTANT);
    studio.send(SetLoopCommand { range: Some((Num::ONE, Num::of(3.0))) }).expect("it can be");
    studio.render(640);
    send(&studio, Origin::Repl, vec![set("c.value", 0.5)], When::NextGrid(Num::of(4.0))).expect("it can be");
    // The bar's end is never reached: the loop turns first.
    send(&studio, Origin::Repl, vec![set("d.value", 9.0)], beat(5.0)).expect("it can be");
    let [left, _] = studio.render(8 * BEAT);
    assert_eq!(changes(&left), [(3 * BEAT - 640, 0.5)]);
    assert_eq!(studio.engine().state().pending.len(), 1, "beat 5 is waited for");
    studio.send(SetLoopCommand { range: None }).expect("it can be");
    studio.send(SetBPMCommand { bpm: Num::of(999.0), over: Num::of(2.0) }).expect("it can be");
    let [left, _] = studio.render(8 * BEAT);
    assert_eq!(changes(&left).len(), 1);
    assert!(studio.engine().clock().playing);
    assert_eq!(studio.late(), 0, "all of it in time");
}

#[test]
fn beats_that_stand_still_are_waited_for_and_samples_are_not() {
    let mut studio = Studio::new();
    studio.eval(CONSTANT);
    send(&studio, timer(), vec![set("c.value", 0.5)], beat(0.0)).expect("it can be");
    send(&studio, timer(), vec![set("d.value", 1.0)], When::AtSample(100)).expect("it can be");
    let [left, _] = studio.render(256);
    assert_eq!(changes(&left), [(100, 1.25)]);
    studio.start();
    let [left, _] = studio.render(64);
    assert_eq!(left[0], 1.5, "beat 0 is the first sample that plays");
    // A grid is nothing to wait for while nothing goes on.
    studio.send(PauseTransportCommand).expect("it can be");
    studio.render(64);
    let bar = send(&studio, timer(), vec![set("c.value", 0.0)], When::NextGrid(Num::ZERO)).expect("it can be");
    assert!(!bar.pending);
}

#[test]
fn what_waits_is_checked_on_what_will_be_and_refused_to_its_origin_when_it_no_longer_can_be() {
    let mut studio = Studio::playing(CONSTANT);
    let add = AddModuleCommand { module_type: "Constant".into(), name: "e".into(), id: studio.mint() };
    let one = send(&studio, client("ann"), vec![add.into()], beat(2.0)).expect("it can be");
    // It builds on what waits before it, and not on what waits behind it.
    let two = send(&studio, client("ann"), vec![set("e.value", 1.0)], beat(3.0)).expect("it will be there");
    let early = send(&studio, client("ann"), vec![set("e.value", 1.0)], beat(1.0)).expect_err("not yet there");
    assert!(early.to_string().contains("there is no module \"e\""), "{early}");
    // Somebody else takes the name.
    let add = AddModuleCommand { module_type: "Gain".into(), name: "e".into(), id: studio.mint() };
    send(&studio, client("bob"), vec![add.into()], When::Now).expect("it is free");
    studio.render(4 * BEAT);
    let reports = studio.engine().state().reports.clone();
    let said: Vec<_> = reports.iter().map(|r| (r.batches[0], &*r.origin, r.text.contains(" \"e\""))).collect();
    assert_eq!(said, [(one.batch, "client ann", true), (two.batch, "client ann", false)], "{reports:?}");
    let text = &reports[0].text;
    assert!(text.starts_with("could not add Constant e: \"e\" is already the name of a Gain"), "{text}");
}

#[test]
fn stop_seek_and_reset_cancel_what_waits_for_beats() {
    let jumps: [Command; 3] =
        [StopTransportCommand.into(), ResetTransportCommand.into(), SeekCommand { beat: Num::of(8.0) }.into()];
    for jump in jumps {
        let mut studio = Studio::playing(CONSTANT);
        let late = send(&studio, client("bob"), vec![set("c.value", 0.5)], beat(1.0)).expect("it can be").batch;
        let later = send(&studio, client("bob"), vec![set("c.value", 0.75)], beat(2.0)).expect("it can be").batch;
        // Of what timers will not do nobody wants to hear.
        send(&studio, timer(), vec![set("c.value", 0.5)], beat(1.5)).expect("it can be");
        send(&studio, timer(), vec![set("d.value", 1.0)], When::AtSample(50_000)).expect("it can be");
        // In the same batch as the jump, and before the audio thread has heard of it.
        send(&studio, client("ann"), vec![jump.clone(), StartTransportCommand.into()], When::Now).expect("it can be");
        let first = if matches!(jump, Command::Seek(_)) { 8.0 } else { 0.0 };
        send(&studio, timer(), vec![set("c.value", 2.0)], beat(first + 1.0)).expect("it can be");
        let reports = studio.engine().state().reports.clone();
        let [report] = reports.as_slice() else { panic!("{reports:?}") };
        assert_eq!((&*report.batches, &*report.origin), (&[late, later][..], "client bob"));
        let text =
            format!("set c.value = 0.5, and 1 more, was cancelled before its beat: somebody did {}", jump.describe());
        assert!(report.text.starts_with(&text), "{}", report.text);
        let [left, _] = studio.render(3 * BEAT);
        assert_eq!(changes(&left), [(BEAT, 2.0), (50_000, 3.0)], "{}", jump.describe());
    }
}

#[test]
fn no_more_can_wait_than_there_is_room_for() {
    let studio = Studio::playing(CONSTANT);
    let wait = |n: u32| send(&studio, timer(), vec![set("c.value", 0.5)], beat(f64::from(n)));
    assert!((100..1124).all(|n| wait(n).is_ok()));
    assert_eq!(wait(2000).expect_err("full"), CommitError::TooManyPending(1024));
}

#[test]
fn each_person_takes_back_their_own_steps() {
    let studio = Studio::playing(CONSTANT);
    let now = |origin: Origin, path: &str, to: f64| {
        send(&studio, origin, vec![set(path, to)], When::Now).expect("it can be");
    };
    now(client("ann"), "c.value", 0.5);
    now(client("bob"), "d.value", 0.1);
    now(client("ann"), "c.value", 0.75);
    now(timer(), "d.value", 0.2);
    let values = || (value(&studio, "c.value"), value(&studio, "d.value"));
    let both = |c: &str, d: &str| (c.to_owned(), d.to_owned());
    work(&studio, client("ann"), Work::Undo).expect("a step");
    assert_eq!(values(), both("0.5", "0.2"));
    work(&studio, client("ann"), Work::Undo).expect("a step");
    assert_eq!(values(), both("0.25", "0.2"));
    let none = work(&studio, client("ann"), Work::Undo).expect_err("no more");
    assert_eq!(none.to_string(), "there is nothing to undo");
    work(&studio, client("bob"), Work::Undo).expect("a step");
    assert_eq!(values(), both("0.25", "0"), "over what the timer did since");
    work(&studio, client("ann"), Work::Redo).expect("a step");
    assert_eq!(values(), both("0.5", "0"));
    // What is done anew ends what can be done again.
    now(client("ann"), "c.value", 0.9);
    assert_eq!(work(&studio, client("ann"), Work::Redo).expect_err("no more"), CommitError::NoStep("redo"));
    for origin in [timer(), Origin::Host, Origin::Controller("knob".into()), Origin::Callback("song.lua".into())] {
        assert_eq!(work(&studio, origin, Work::Undo).expect_err("nobody's"), CommitError::NoStep("undo"));
    }
}

#[test]
fn a_gesture_is_one_step() {
    let studio = Studio::playing(CONSTANT);
    let turn = |gesture: u64, to: f64| {
        let batch = Batch::new(client("ann"), vec![set("c.value", to)]).in_gesture(gesture);
        studio.engine().commit(batch).expect("it can be");
    };
    (1..20).for_each(|n| turn(1, f64::from(n) / 10.0));
    send(&studio, timer(), vec![set("d.value", 0.2)], When::Now).expect("it can be");
    turn(1, 1.5);
    turn(2, 0.5);
    work(&studio, client("ann"), Work::Undo).expect("a step");
    assert_eq!(value(&studio, "c.value"), "1.5");
    work(&studio, client("ann"), Work::Undo).expect("a step");
    assert_eq!((value(&studio, "c.value"), value(&studio, "d.value")), ("0.25".into(), "0.2".into()));
    work(&studio, client("ann"), Work::Redo).expect("a step");
    assert_eq!(value(&studio, "c.value"), "1.5");
}

#[test]
fn what_others_have_changed_is_left_and_said() {
    let studio = Studio::playing(CONSTANT);
    send(&studio, client("ann"), vec![set("c.value", 0.5), set("d.value", 0.5)], When::Now).expect("it can be");
    send(&studio, client("bob"), vec![RemoveModuleCommand { name: "d".into() }.into()], When::Now)
        .expect("it is there");
    let undone = work(&studio, client("ann"), Work::Undo).expect("a step");
    assert_eq!(value(&studio, "c.value"), "0.25");
    assert_eq!(undone.skipped, ["could not set d.value = 0: there is no module \"d\""]);
}

#[test]
fn an_evaluation_is_taken_back_with_what_its_file_asked_for() {
    let mut studio = Studio::new();
    let eval = |studio: &mut Studio, code: &str| studio.eval_as(code, "song.lua");
    eval(&mut studio, "constant('c', {value = 1})");
    let before = studio.engine().state().model.clone();
    eval(&mut studio, "constant('c', {value = 2}) constant('d')");
    work(&studio, Origin::Repl, Work::Undo).expect("a step");
    let now = studio.engine().state().model.clone();
    assert!(*now == *before && now.claims == before.claims);
    eval(&mut studio, "constant('c', {value = 2}) constant('d')");
    assert_eq!(value(&studio, "c.value"), "2", "evaluated again, it counts again");
}

#[test]
fn scenes_come_back_on_the_grid_and_files_keep_what_they_ask_for() {
    let mut studio = Studio::new();
    studio.eval_as("constant('c', {value = 1})", "song.lua");
    studio.start();
    studio.send(KeepSceneCommand { name: "verse".into(), commands: None }).expect("a good name");
    studio.eval_as("constant('c', {value = 2}) constant('d', {value = 0.5})", "song.lua");
    studio.render(BEAT);
    let recall = Batch::of(client("ann"), Work::Recall("verse".into())).at(When::NextGrid(Num::ZERO));
    assert!(studio.engine().commit(recall).expect("it is kept").pending);
    let claims = studio.engine().state().model.claims.clone();
    let [left, _] = studio.render(4 * BEAT);
    assert_eq!((left[3 * BEAT - 1], left[4 * BEAT - 1]), (2.5, 1.0));
    assert_eq!(studio.engine().state().model.claims, claims);
    // It is a step like any other.
    work(&studio, client("ann"), Work::Undo).expect("a step");
    assert_eq!(value(&studio, "c.value"), "2");
    let unknown = work(&studio, Origin::Repl, Work::Recall("vers".into())).expect_err("not kept");
    assert_eq!(
        unknown.to_string(),
        "could not recall vers: there is no scene \"vers\"; did you mean \"verse\"?; scene(\"vers\") keeps one"
    );
    studio.send(ForgetSceneCommand { name: "verse".into() }).expect("a good name");
    assert!(studio.engine().state().scenes.is_empty());
}

#[test]
fn loading_touches_only_what_differs() {
    let mut studio = Studio::playing(
        "pattern('long', {{length = 64}, rows = 64}) s = sequencer('s', {pattern = 'long'}) connect(s, hold('h')) constant('c', {value = 1})",
    );
    studio.render(64);
    let catalog = studio.engine().catalog();
    let mut then = (*studio.engine().state().model).clone();
    then.edit(&set("c.value", 0.0), &catalog).expect("it is there");
    work(&studio, Origin::Repl, Work::Become(then.clone().into(), Scenes::default())).expect("it can be");
    assert!(*studio.engine().state().model == then);
    let [left, _] = studio.render(640);
    assert_eq!(left.iter().fold(f32::INFINITY, |min, x| min.min(*x)), 1.0, "the note goes on");
}

#[test]
fn callbacks_that_answer_each_other_are_cut() {
    let studio = Studio::playing(CONSTANT);
    let callback = Origin::Callback("song.lua".into());
    let mut seen = studio.engine().state().version;
    let mut cause = Cause::default();
    let mut done = 0;
    let error = loop {
        let batch = Batch::new(callback.clone(), vec![set("c.value", f64::from(done))]).because(cause);
        match studio.engine().commit(batch) {
            Ok(_) => done += 1,
            Err(error) => break error,
        }
        let state = studio.engine().state();
        cause = state.causes.since(seen).next();
        seen = state.version;
    };
    assert_eq!((done, error), (9, CommitError::Cascade));
    // Something from outside in between, and it goes on.
    send(&studio, Origin::Repl, vec![set("d.value", 1.0)], When::Now).expect("it can be");
    assert_eq!(studio.engine().state().causes.since(seen), Cause::default());
}

/// Eight producers, a million commands, a device that plays: none is lost, and each producer's batches are applied in
/// its order, for only it writes its point, and each answer's Model has what the batch wrote.
#[test]
fn a_million_commands_of_eight_producers() {
    const BATCHES: u32 = 12_500;
    let config = Config { rate: crate::rig::RATE, root: crate::rig::pieces() };
    let (engine, processor) = Engine::new(Arc::new(ModuleRegistry::load(&Search::default(), &[])), config);
    let mut device = Null::new(crate::rig::RATE, 256);
    device.start(Source::new(processor)).expect("the null device takes every source");
    let engine = EngineThread::start(engine);
    let tempo = |n: u32| Num::of(20.0 + f64::from(n) / 1024.0);
    let produce = |producer: u32| {
        let (handle, beat) = (engine.handle(), Num::of(f64::from(producer)));
        let mut waiting = std::collections::VecDeque::new();
        let mut hear = |(n, answer): (u32, Receiver<Result<Accepted, CommitError>>)| {
            let accepted = answer.recv().expect("an answer").expect("it can be");
            assert_eq!(accepted.model.tempo_map.get(&beat).expect("set").bpm, tempo(10 * n + 9), "batch {n}");
            accepted.batch
        };
        let mut numbers = Vec::new();
        for n in 0..BATCHES {
            let point = |k| TempoPoint { bpm: tempo(10 * n + k), ramp: false };
            let commands = (0..10).map(|k| SetTempoPointCommand { beat, point: point(k) }.into()).collect();
            let mut batch = Batch::new(client(&producer.to_string()), commands);
            let answer = loop {
                match handle.queue().submit(batch) {
                    Ok(answer) => break answer,
                    Err((_, back)) => batch = back,
                }
                // It is full: our own oldest answer comes first.
                numbers.extend(waiting.pop_front().map(&mut hear));
            };
            waiting.push_back((n, answer));
        }
        numbers.extend(waiting.drain(..).map(&mut hear));
        numbers
    };
    let numbers: Vec<Vec<u64>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|producer| scope.spawn(move || produce(producer))).collect();
        threads.into_iter().map(|t| t.join().expect("no producer panics")).collect()
    });
    assert!(numbers.iter().all(|n| n.len() == BATCHES as usize && n.is_sorted()), "in each producer's own order");
    let mut all: Vec<u64> = numbers.into_iter().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, (1..=8 * u64::from(BATCHES)).collect::<Vec<u64>>(), "every batch once");
    let counts = engine.handle().queue().counts();
    assert_eq!((counts.submitted, counts.taken), (100_000, 100_000));
    assert_eq!(engine.handle().state().model.tempo_map.len(), 8);
    drop(engine);
    assert!(device.stop().is_some_and(|source| source.sample() > 0), "the device played meanwhile");
}

#[test]
fn a_step_that_cannot_come_back_does_not_stand_in_the_way_of_others() {
    let mut studio = Studio::new();
    studio.eval("gain('a') gain('b') constant('c', {value = 1})");
    let wire = |from: &str, to: &str| ConnectCommand::new(Connection { from: end(from), to: end(to) }).into();
    send(&studio, client("ann"), vec![set("c.value", 0.5)], When::Now).expect("it can be");
    send(&studio, client("ann"), vec![wire("a.out", "b.in")], When::Now).expect("it can be");
    let cut = DisconnectCommand { connection: Connection { from: end("a.out"), to: end("b.in") } };
    send(&studio, client("ann"), vec![cut.into()], When::Now).expect("it is there");
    send(&studio, client("bob"), vec![wire("b.out", "a.in")], When::Now).expect("it can be");
    let undone = work(&studio, client("ann"), Work::Undo).expect("a step");
    assert_eq!(undone.skipped.len(), 1, "{:?}", undone.skipped);
    assert!(undone.skipped[0].starts_with("could not connect a.out -> b.in: "), "{:?}", undone.skipped);
    work(&studio, client("ann"), Work::Undo).expect("a step");
    work(&studio, client("ann"), Work::Undo).expect("a step");
    assert_eq!(value(&studio, "c.value"), "1");
}

fn end(text: &str) -> Endpoint {
    text.parse().expect("a port")
}

#[test]
fn samples_and_beats_that_wait_are_in_one_order() {
    let mut studio = Studio::playing(CONSTANT);
    let add = AddModuleCommand { module_type: "Constant".into(), name: "e".into(), id: studio.mint() };
    send(&studio, timer(), vec![add.into()], beat(4.0)).expect("it can be");
    let rename = RenameModuleCommand { name: "e".into(), to: "k".into() };
    send(&studio, timer(), vec![rename.into()], When::AtSample(150_000)).expect("it is there by then");
    send(&studio, timer(), vec![set("k.value", 3.0)], beat(8.0)).expect("it is called so by then");
    studio.render(9 * BEAT);
    assert_eq!((studio.engine().state().reports.len(), value(&studio, "k.value")), (0, "3".into()));
}
