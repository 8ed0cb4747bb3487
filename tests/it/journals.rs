//! What is written down of a performance: the same sound again, and the session after a crash.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cantus_host::control::journal::{Header, Journal, Read, Record, read, recover};
use cantus_host::control::{
    Batch, Commit, Config, Engine, EngineHandle, EngineThread, Origin, Replay, Scenes, When, Work,
};
use cantus_host::device::Source;
use cantus_host::model::command::*;
use cantus_host::model::{Catalog, Command, Model, Num, TempoPoint, Value};
use cantus_host::plugins::{ModuleRegistry, Search};

use crate::model::walk::{Dice, Walk};
use crate::rig::{RATE, Studio, pieces, registry};

fn config() -> Config {
    Config { rate: RATE, root: pieces() }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A journal of an engine over no plugins.
fn plain(path: &Path) -> Result<Journal, String> {
    let header = Header {
        version: 1,
        cantus: "test".into(),
        rate: RATE,
        root: pieces(),
        plugins: Default::default(),
        choices: Vec::new(),
        types: Default::default(),
    };
    Journal::create(path, header)
}

fn point(beat: u32) -> Command {
    let point = TempoPoint { bpm: Num::of(100.0), ramp: false };
    SetTempoPointCommand { beat: Num::of(f64::from(beat)), point }.into()
}

/// Something done that leaves the Model equal, now and then.
fn action(dice: &mut Dice, model: &Model) -> Option<Command> {
    let names: Vec<_> = model.modules.keys().collect();
    let module = (**dice.pick(&names)?).clone();
    let note = Some(Num::of(60.0 + dice.below(12) as f64));
    Some(match dice.below(16) {
        0..8 => {
            TriggerEventCommand { module, note, length: Some(Num::of(0.1)), ..TriggerEventCommand::default() }.into()
        }
        8 => SeekCommand { beat: Num::of(dice.below(8) as f64) }.into(),
        9 => ResetTransportCommand.into(),
        10 => PanicCommand.into(),
        11 => PauseTransportCommand.into(),
        12 => StartTransportCommand.into(),
        _ => return None,
    })
}

/// Random edits, notes and jumps, by two who do not wait for each other, while a device that nobody drives evenly plays.
fn perform(engine: &EngineHandle, seed: u64, count: usize) {
    let catalog = engine.catalog();
    let mut walk = Walk::new(seed, &catalog);
    walk.files = vec!["".into(), "samples/bd_haus.flac".into(), "nothing.wav".into()];
    let origin = Origin::Client(format!("person {seed}").into());
    for _ in 0..count {
        let model = engine.state().model.clone();
        let mut commands: Vec<Command> = (0..1 + walk.dice.below(3)).map(|_| walk.edit(&model)).collect();
        commands.extend(action(&mut walk.dice, &model));
        let when = match walk.dice.below(6) {
            0 => When::NextGrid(Num::of(0.25)),
            1 => When::AtSample(engine.clock().sample + 100 * walk.dice.below(50) as u64),
            _ => When::Now,
        };
        let work = match walk.dice.below(12) {
            0 => Work::Undo,
            1 => Work::Redo,
            _ => Work::Commands(commands),
        };
        // What the other one has made impossible is refused.
        let _ = engine.commit(Batch::of(origin.clone(), work).at(when));
    }
}

/// Plays blocks of random sizes until told to stop; answers all of it.
fn play(source: &mut Source, stop: &AtomicBool) -> Vec<f32> {
    let (mut dice, mut out) = (Dice::new(5), Vec::new());
    while !stop.load(Ordering::Acquire) {
        let mut block = vec![0.0; 2 * (1 + dice.below(300))];
        source.fill(&mut block, 2);
        out.extend(block);
        std::thread::yield_now();
    }
    out
}

#[test]
#[cfg_attr(cantus_rtsan, ignore = "what is chosen at random may panic, and a panic allocates")]
fn a_performance_can_be_heard_again() {
    let folder = folder();
    let path = folder.path().join("it.journal");
    let (mut engine, processor) = Engine::new(registry(), config());
    engine.record(Journal::create(&path, Header::of(&registry(), &config())).expect("a new file"));
    let mut source = Source::new(processor);
    let engine = EngineThread::start(engine);
    let stop = AtomicBool::new(false);
    let heard = std::thread::scope(|scope| {
        let player = scope.spawn(|| play(&mut source, &stop));
        let handle = engine.handle();
        let piece = Studio::piece("beat.lua").engine().state().model.clone();
        handle.commit(Batch::of(Origin::Repl, Work::Become(piece, Scenes::default()))).expect("it is a good piece");
        let wait = |until: &dyn Fn() -> bool| {
            while !until() {
                std::thread::yield_now();
            }
        };
        wait(&|| !handle.state().status.loading());
        let start = handle.clock().sample;
        handle.commit(Batch::new(Origin::Repl, vec![StartTransportCommand.into()])).expect("always possible");
        // A beat of it, before anybody changes it.
        wait(&|| handle.clock().sample > start + 48_000);
        let people: Vec<_> = (1..3).map(|seed| scope.spawn(move || perform(handle, seed, 300))).collect();
        people.into_iter().for_each(|person| person.join().expect("nobody panics"));
        stop.store(true, Ordering::Release);
        player.join().expect("the device does not panic")
    });
    drop(engine);
    drop(source);
    let journal = read(&path).expect("a journal");
    assert_eq!(journal.torn, None);
    let accepted = journal.records.iter().filter(|r| matches!(r, Record::Accepted { .. })).count();
    assert!(accepted > 50, "{accepted} were not refused");
    let mut replay = Replay::new(registry(), config(), journal);
    let mut again = vec![0.0; heard.len()];
    // In blocks of another size.
    again.chunks_mut(2 * 777).for_each(|block| replay.pull(block));
    assert_eq!(replay.notes(), &[] as &[String]);
    assert!(heard.iter().any(|x| *x != 0.0), "something was heard");
    let differs = heard.iter().zip(&again).position(|(a, b)| a.to_bits() != b.to_bits());
    if let Some(at) = differs {
        let (frame, kept) = (at / 2, folder.keep());
        panic!("frame {frame} was {}, again {}; the journal is kept in {}", heard[at], again[at], kept.display());
    }
}

/// Not a test by itself: the performer that is killed. Prints each batch that was answered.
#[test]
fn child() {
    let Some(path) = std::env::var_os("CANTUS_KILLED") else { return };
    let (mut engine, _processor) = Engine::new(Arc::new(ModuleRegistry::load(&Search::default(), &[])), config());
    engine.record(plain(&PathBuf::from(path)).expect("a new file"));
    let engine = EngineThread::start(engine);
    let mut out = std::io::stdout();
    for n in 0.. {
        engine.handle().commit(Batch::new(Origin::Repl, vec![point(n)])).expect("a tempo");
        writeln!(out, "done {n}").and_then(|()| out.flush()).expect("somebody listens");
    }
}

#[test]
fn whoever_is_killed_loses_nothing_that_was_answered() {
    let (folder, mut dice) = (folder(), Dice::new(1));
    for round in 0..50 {
        let path = folder.path().join(format!("{round}.journal"));
        let mut child = Process::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "journals::child", "--nocapture"])
            .env("CANTUS_KILLED", &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started again");
        let said = BufReader::new(child.stdout.take().expect("a pipe"));
        let done = said.lines().map_while(Result::ok).filter(|line| line.starts_with("done "));
        let last = done.take(1 + dice.below(100)).last().expect("it says something");
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        let last: u32 = last["done ".len()..].parse().expect("a number");
        let recovered = recover(&read(&path).expect("a journal"), &Catalog::default());
        assert!(recovered.notes.len() <= 1, "{:?}", recovered.notes);
        let beats: Vec<f64> = recovered.model.tempo_map.keys().map(|beat| beat.get()).collect();
        assert!(beats.len() > last as usize, "round {round}: {} of {}", beats.len(), last + 1);
        assert_eq!(beats, (0..beats.len()).map(|n| n as f64).collect::<Vec<_>>());
    }
}

/// A journal of ten batches, a scene, and one that waits.
fn ten(path: &Path) -> (Model, Read) {
    let (mut engine, processor) = Engine::new(Arc::new(ModuleRegistry::load(&Search::default(), &[])), config());
    engine.record(plain(path).expect("a new file"));
    let engine = EngineThread::start(engine);
    let send = |batch: Batch| engine.handle().commit(batch).expect("it can be");
    (0..10).for_each(|n| drop(send(Batch::new(Origin::Repl, vec![point(n)]))));
    send(Batch::new(Origin::Repl, vec![KeepSceneCommand { name: "verse".into(), commands: None }.into(), point(10)]));
    let model = send(Batch::new(Origin::Repl, vec![point(11)]).at(When::AtBeat(Num::of(8.0)))).model;
    drop((engine, processor));
    ((*model).clone(), read(path).expect("a journal"))
}

#[test]
fn what_was_there_is_there_again() {
    let folder = folder();
    let (model, journal) = ten(&folder.path().join("ten.journal"));
    let recovered = recover(&journal, &Catalog::default());
    assert!(recovered.model == model, "with what was waiting");
    assert_eq!(recovered.notes, [""; 0]);
    assert_eq!(recovered.scenes.keys().map(|name| &**name).collect::<Vec<_>>(), ["verse"]);
    assert_eq!(recovered.scenes["verse"].tempo_map.len(), 11);
    assert!(matches!(journal.records.last(), Some(Record::End { .. })));
    // From a full state on, all before it does not matter.
    let at = journal.records.len() - 3;
    let mut records = journal.records.clone();
    let commands = Model::default().diff(&model, &Catalog::default());
    records.insert(at, Record::State { commands, scenes: Default::default() });
    records.drain(..5);
    let recovered = recover(&Read { records, ..journal }, &Catalog::default());
    assert!(recovered.model == model);
}

#[test]
fn what_is_torn_or_damaged_is_cut_and_said() {
    let folder = folder();
    let path = folder.path().join("ten.journal");
    let (_, whole) = ten(&path);
    let bytes = std::fs::read(&path).expect("it is there");
    let first = bytes.iter().position(|b| *b == b'\n').expect("a line") + 1;
    let damaged = folder.path().join("damaged.journal");
    let read_back = |bytes: &[u8]| {
        std::fs::write(&damaged, bytes).expect("it can be written");
        read(&damaged)
    };
    // Torn off anywhere: what is whole is there.
    for end in (first..bytes.len()).step_by(7) {
        let torn = read_back(&bytes[..end]).expect("its head is whole");
        let lines = bytes[..end].iter().filter(|b| **b == b'\n').count();
        assert_eq!(torn.records[..], whole.records[..lines - 1]);
        let partial = !bytes[..end].ends_with(b"\n");
        assert_eq!(torn.torn.map(|t| (t.line, t.why)), partial.then_some((lines + 1, "was not written to its end")));
    }
    // A bit that is not as it was.
    let mut dice = Dice::new(3);
    for _ in 0..200 {
        let at = first + dice.below(bytes.len() - first);
        let mut other = bytes.clone();
        other[at] ^= 1 << dice.below(8);
        let cut = read_back(&other).expect("its head is whole");
        let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
        assert_eq!(cut.records[..], whole.records[..line - 2], "byte {at}");
        let torn = cut.torn.expect("said");
        assert_eq!(torn.line, line);
        let recovered = recover(&read(&damaged).expect("as before"), &Catalog::default());
        assert_eq!(recovered.notes, [torn.to_string()]);
    }
    let path = damaged.display().to_string();
    let says = |bytes: &[u8]| read_back(bytes).expect_err("no journal").replace(&path, "it");
    let nothing = "could not read journal it: it does not begin as a journal; name a file that `cantus run` wrote";
    assert_eq!(says(b""), nothing);
    assert_eq!(says(&bytes[first..]), nothing);
    assert_eq!(says(b"RIFF\0\0\0\0WAVE"), nothing);
}

#[test]
fn a_journal_takes_no_files_place() {
    let folder = folder();
    let path = folder.path().join("mine.journal");
    std::fs::write(&path, "mine").expect("it can be written");
    let error = plain(&path).err().expect("it is there");
    assert!(error.starts_with("could not begin journal ") && error.ends_with("; name another file"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "mine");
}

#[test]
fn modules_without_their_plugin_are_kept() {
    let folder = folder();
    let path = folder.path().join("it.journal");
    let (mut engine, _processor) = Engine::new(registry(), config());
    engine.record(Journal::create(&path, Header::of(&registry(), &config())).expect("a new file"));
    let engine = EngineThread::start(engine);
    let id = engine.handle().mint();
    let commands: Vec<Command> = vec![
        AddModuleCommand { module_type: "Gain".into(), name: "g".into(), id }.into(),
        SetParameterCommand { path: "g.gain".parse().expect("a path"), value: Some(Value::Num(Num::of(0.5))) }.into(),
    ];
    let model = engine.handle().commit(Batch::new(Origin::Repl, commands)).expect("it can be").model;
    drop(engine);
    let without = Catalog::default();
    let recovered = recover(&read(&path).expect("a journal"), &without);
    assert_eq!(recovered.notes, [""; 0]);
    assert_eq!(recovered.model.modules, model.modules);
    assert_eq!(recovered.model.excerpts.keys().map(|name| &**name).collect::<Vec<_>>(), ["Gain"]);
    let nothing = Arc::new(ModuleRegistry::load(&Search::default(), &[]));
    let mut replay = Replay::new(nothing, config(), read(&path).expect("a journal"));
    replay.pull(&mut [0.0; 256]);
    assert!(replay.engine().handle().state().model.excerpts.contains("Gain"));
}
