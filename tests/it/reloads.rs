//! What is looked at again on the disk while it plays: what is taken and what is not, who is told, and what a journal
//! makes of it.

use std::sync::Arc;

use cantus_host::control::journal::{Header, Journal, read};
use cantus_host::control::{Batch, Commit, Config, Origin, Replay};
use cantus_host::model::Num;
use cantus_host::model::command::{ReloadTypeCommand, TriggerEventCommand, UseProviderCommand};
use cantus_host::plugins::{ModuleRegistry, Search};

use crate::rig::{RATE, Studio, fixture, pieces};
use crate::swap::{playing, put, rebuild, registry, replaced, with};

/// What was reported.
fn reports(studio: &Studio) -> Vec<String> {
    studio.engine().state().reports.iter().map(|report| report.text.clone()).collect()
}

#[test]
fn a_performance_with_swaps_is_replayed_sample_by_sample() {
    let (folder, paths) = with(&["second_gain"]);
    let path = folder.path().join("it.journal");
    let config = Config { rate: RATE, root: pieces() };
    let plugins = registry(folder.path());
    let mut studio = Studio::with(plugins.clone(), pieces());
    let journal = Journal::create(&path, Header::of(&plugins, &config)).expect("a new file");
    studio.engine().0.borrow_mut().record(journal);
    studio.eval("constant('c', {value = 0.5}) connect('c', gain('g', {gain = 2})) make('CannotBeMade', 'x')");
    studio.start();
    let good = std::fs::read(&paths[0]).expect("it is there");
    let lacking = replaced(&good, "key = \"gain\"", "key = \"loud\"");
    let mut heard = Vec::new();
    for (line, library) in [
        ("use('Gain', 'fixture.second-gain')", &good[..]),
        ("undo()", &good),
        ("engine:reload('Gain') use('Gain', 'fixture.second-gain')", &lacking),
        ("g.gain = 1", &good),
        ("use('Gain')", &good),
        ("use('Gain', 'fixture.second-gain')", &good),
        ("engine:reload('Gain') gain('h') connect('g', 'h')", &good[..good.len() / 2]),
        ("engine:reload('CannotBeMade')", &good),
        ("engine:reload('Gain')", &good),
    ] {
        put(&paths[0], library);
        studio.say(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        heard.extend(studio.render(640)[0].iter().copied());
    }
    assert_eq!(heard.last(), Some(&0.5), "turned over twice");
    assert_eq!(reports(&studio).len(), 2, "{:?}", reports(&studio));
    // Two that wait for each other: the first is refused, the second is not, and tickets go on as they did.
    put(&paths[0], &lacking);
    let other = paths[0].with_file_name("libother.so").with_extension(std::env::consts::DLL_EXTENSION);
    put(&other, &replaced(&good, "fixture.second-gain", "fixture.decent-gain"));
    let by = |plugin: &str| UseProviderCommand { module_type: "Gain".into(), plugin: Some(plugin.into()) };
    studio.say("use('Gain') g.gain = 2").expect("it can be asked for");
    heard.extend(studio.render(640)[0].iter().copied());
    for plugin in ["fixture.second-gain", "fixture.decent-gain"] {
        let (batch, engine) = (Batch::new(Origin::Host, vec![by(plugin).into()]), studio.engine().0.borrow());
        engine.handle().queue().submit(batch).map_err(|(busy, _)| busy).expect("there is room");
    }
    heard.extend(studio.render(640)[0].iter().copied());
    studio.say("gain('i') connect('h', 'i')").expect("it can be made");
    heard.extend(studio.render(640)[0].iter().copied());
    assert_eq!((heard.last(), reports(&studio).len()), (Some(&-0.5), 3), "{:?}", reports(&studio));
    drop(studio);
    put(&paths[0], &good);
    let mut replay = Replay::new(plugins, config, read(&path).expect("a journal"));
    let mut again = vec![0.0; 2 * heard.len()];
    replay.pull(&mut again);
    assert_eq!(replay.notes(), &[] as &[String]);
    let differs = heard.iter().zip(again.iter().step_by(2)).position(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!(differs, None, "the frame that differs");
}

#[test]
fn what_could_not_be_made_before_holds_up_nothing() {
    let (folder, paths) = with(&["misfits"]);
    let mut studio = playing(folder.path(), "make('Panics', 'p') make('CannotBeMade', 'x')");
    let problems = studio.problems();
    assert!(problems.len() == 1 && problems[0].contains("its tables are missing"), "{problems:?}");
    let build = |studio: &Studio| studio.engine().0.borrow().registry().hashes()["fixture.misfits"].clone();
    let before = build(&studio);
    rebuild(&paths[0]);
    studio.say("engine:reload()").expect("it can be asked for");
    studio.render(640);
    assert_ne!(build(&studio), before);
    assert_eq!((studio.problems(), reports(&studio)), (problems, Vec::new()));
}

#[test]
fn what_was_refused_is_not_chosen_any_more() {
    let (folder, paths) = with(&["second_gain"]);
    let good = std::fs::read(&paths[0]).expect("it is there");
    put(&paths[0], &replaced(&good, "key = \"gain\"", "key = \"loud\""));
    let mut studio = playing(folder.path(), "constant('c', {value = 0.5}) connect('c', gain('g', {gain = 2}))");
    studio.say("use('Gain', 'fixture.second-gain')").expect("it can be asked for");
    assert_eq!(studio.render(640)[0], [1.0; 640]);
    assert_eq!(reports(&studio).len(), 1);
    assert!(studio.engine().state().model.providers.is_empty(), "nobody finds later what never played");
    studio.say("undo()").expect("that was done");
    assert_eq!(studio.render(640)[0], [1.0; 640]);
}

#[test]
fn a_broken_build_is_told_of_each_time_somebody_asks_for_it() {
    let (folder, paths) = with(&["second_gain"]);
    let mut studio = playing(folder.path(), "use('Gain', 'fixture.second-gain') constant('c') connect('c', gain('g'))");
    let before = studio.render(64)[0][63];
    put(&paths[0], b"no library");
    for (asked, line) in (1..).zip(["engine:reload('Gain')", "engine:reload('Gain')", "engine:reload()"]) {
        studio.say(line).expect("it can be asked for");
        assert_eq!(studio.render(640)[0], [before; 640]);
        let told = reports(&studio);
        assert!(told.len() == asked && told[asked - 1].contains("it is not a shared library"), "{told:?}");
    }
}

#[test]
fn a_plugin_that_is_put_there_can_be_used() {
    let (folder, _) = with(&["second_gain"]);
    let mut studio = playing(folder.path(), "");
    studio.try_eval("make('Moods', 'm')").expect_err("there is no such type");
    let name = fixture("moods").file_name().expect("a file").to_owned();
    std::fs::copy(fixture("moods"), folder.path().join(name)).expect("the folder can be written");
    studio.say("engine:reload()").expect("it can be asked for");
    studio.problems();
    studio.eval("make('Moods', 'm')");
    assert_eq!((studio.problems(), reports(&studio)), (Vec::new(), Vec::new()));
}

#[test]
fn use_settles_what_nobody_has_decided() {
    let (folder, paths) = with(&["second_gain"]);
    let other = replaced(&std::fs::read(&paths[0]).expect("it is there"), "fixture.second-gain", "fixture.decent-gain");
    put(&paths[0].with_file_name("libanother.so").with_extension(std::env::consts::DLL_EXTENSION), &other);
    let mut search = Search::default();
    search.add(folder.path(), true, false);
    search.add(&fixture("probes"), true, false);
    let mut studio = Studio::with(Arc::new(ModuleRegistry::load(&search, &[])), pieces());
    studio.try_eval("make('Gain', 'g')").expect_err("nobody has decided");
    studio.try_eval("use('Moods', 'fixture.moods')").expect_err("nobody knows that type");
    studio.say("use('Gain', 'fixture.decent-gain')").expect("one of them is meant");
    studio.problems();
    studio.eval("connect(constant('c', {value = 0.5}), make('Gain', 'g'))");
    studio.start();
    assert_eq!((studio.problems(), reports(&studio)), (Vec::new(), Vec::new()));
    assert_eq!(studio.render(64)[0], [-0.5; 64]);
}

#[test]
fn a_session_is_loaded_over_the_plugins_it_wants() {
    let (folder, paths) = with(&["second_gain"]);
    let other = replaced(&std::fs::read(&paths[0]).expect("it is there"), "key = \"gain\"", "key = \"loud\"");
    put(&paths[0], &other);
    let session = |name: &str, key: &str| {
        let text = format!(
            "version = 1\n[modules.c]\ntype = \"Constant\"\nparams = {{ value = 0.5 }}\n[modules.g]\ntype = \"Gain\"\n\
             params = {{ {key} = 0.5 }}\n[connections.\"c.out -> g.in\"]\n[providers]\nGain = \"fixture.second-gain\"\n\
             [types]\nGain = '''\nplugin = \"cantus.gain\"\n[module]\ntype = \"Gain\"\nkind = \"effect\"\ndoc = \"\"\n'''\n"
        );
        std::fs::create_dir_all(folder.path().join(name)).expect("the folder can be written");
        std::fs::write(folder.path().join(name).join("session.toml"), text).expect("the folder can be written");
    };
    session("good", "loud");
    session("bad", "gain");
    let mut studio = Studio::with(registry(folder.path()), folder.path().into());
    studio.say("constant('d', {value = 0.25}) connect('d', gain('e', {gain = 2}))").expect("it can be made");
    studio.start();
    assert_eq!(studio.render(64)[0], [0.5; 64]);

    let error = studio.say("engine:load('bad')").expect_err("it uses what that plugin does not have").to_string();
    assert!(error.contains("g.gain"), "{error}");
    studio.say("engine:load('nowhere')").expect_err("it is not there");
    assert_eq!((studio.render(640)[0].clone(), studio.problems()), (vec![0.5; 640], Vec::new()), "nothing was touched");
    studio.say("undo()").expect("what was done before is not forgotten");
    studio.say("redo()").expect("neither is that");
    studio.render(640);

    // Between two looks it becomes one that lacks something.
    let whole = std::fs::read(&paths[0]).expect("it is there");
    put(&paths[0], &replaced(&whole, "key = \"loud\"", "key = \"mild\""));
    let error = studio.say("engine:load('good')").expect_err("it is another build").to_string();
    assert!(error.contains("g.loud") && !error.contains("put back"), "{error}");
    studio.render(6400);
    assert_eq!((studio.render(64)[0].clone(), studio.problems()), (vec![0.5; 64], Vec::new()), "put back");
    put(&paths[0], &whole);
    studio.say("engine:reload()").expect("it can be asked for");
    studio.render(640);

    studio.say("engine:load('good')").expect("that plugin has all it uses");
    studio.render(6400);
    assert_eq!((studio.render(64)[0].clone(), studio.problems()), (vec![-0.5; 64], Vec::new()));
    assert_eq!(reports(&studio), [""; 0]);
}

#[test]
#[cfg_attr(cantus_rtsan, ignore = "a panic allocates")]
fn what_rings_out_does_not_speak_for_what_took_its_place() {
    let (folder, _) = with(&["second_gain"]);
    let mut studio = playing(folder.path(), "make('Panics', 'p')");
    studio.render(640);
    let trigger =
        TriggerEventCommand { module: "p".into(), note: Some(Num::of(60.0)), ..TriggerEventCommand::default() };
    // The old one gets its note, panics, and rings out; the new one does not.
    let reload = ReloadTypeCommand { module_type: Some("Panics".into()) };
    studio.engine().commit(Batch::new(Origin::Host, vec![trigger.clone().into(), reload.into()])).expect("it is known");
    studio.render(6400);
    assert_eq!(studio.problems(), [""; 0]);
    studio.send(trigger).expect("it is there");
    studio.render(640);
    assert!(studio.problems()[0].starts_with("p: it panicked"), "{:?}", studio.problems());
}
