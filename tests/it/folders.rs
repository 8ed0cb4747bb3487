//! Sessions at work: saved and loaded at the prompt, run and rendered by the program.

use std::path::Path;
use std::process::Output;

use cantus_host::control::Commit;
use cantus_host::control::journal::{Recovered, read, recover};
use cantus_host::session;

use crate::cli::{cantus, path, text};
use crate::rig::{Studio, pieces, registry};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn good(output: &Output) {
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// The program of a session: a sampler with two of its values.
const PROGRAM: &str = "k = sampler('k', {volume = 0.5, slots = {{file = 'bd_haus.flac', gain = 0.75}}})
    connect(sequencer('s', {pattern = pattern('p', 'x . x x')}), k)";

/// A session saved at the prompt, with its program, a scene, and a volume that was turned; its studio.
fn saved(root: &Path) -> Studio {
    let samples = root.join("samples");
    std::fs::create_dir(&samples).expect("the folder can be written");
    std::fs::copy(pieces().join("samples/bd_haus.flac"), samples.join("bd_haus.flac")).expect("it is there");
    std::fs::write(root.join("main.lua"), PROGRAM).expect("the folder can be written");
    let mut studio = Studio::with(registry(), root.to_owned());
    studio.eval_as(PROGRAM, "main.lua");
    assert_eq!(studio.problems(), [""; 0]);
    for line in ["scene('loud')", "k.volume = 0.25", "save('.')"] {
        studio.say(line).unwrap_or_else(|error| panic!("{error}"));
    }
    studio
}

/// What a performance of a folder comes to.
fn run(root: &Path, more: &[&str]) -> Recovered {
    let journal = root.join("it.journal");
    let _ = std::fs::remove_file(&journal);
    let run = ["run", path(root), "--device", "null", "--bars", "0.1", "--journal", path(&journal)];
    let output = cantus(&[&run[..], more].concat());
    good(&output);
    assert!(!text(&output.stderr).contains("warning"), "{}", text(&output.stderr));
    recover(&read(&journal).expect("a journal"), registry().catalog())
}

fn value(session: &Recovered, place: &str) -> String {
    let place: cantus_host::model::Path = place.parse().expect("a path");
    place.find(&session.model, registry().catalog()).expect("it is there").value().to_string()
}

fn render(song: &Path, out: &Path) -> Vec<u8> {
    good(&cantus(&["render", path(song), "-o", path(out), "--seconds", "2"]));
    std::fs::read(out).expect("it was written")
}

#[test]
fn what_was_saved_at_the_prompt_renders_as_before() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    std::fs::copy(pieces().join("beat.lua"), at("beat.lua")).expect("it is there");
    let code = std::fs::read_to_string(at("beat.lua")).expect("it is there");
    std::fs::create_dir(at("samples")).expect("the folder can be written");
    for sample in std::fs::read_dir(pieces().join("samples")).expect("it is there").flatten() {
        std::fs::copy(sample.path(), at("samples").join(sample.file_name())).expect("it can be copied");
    }
    let mut studio = Studio::with(registry(), folder.path().to_owned());
    studio.eval_as(&code, "beat.lua");
    assert_eq!(studio.problems(), [""; 0]);
    studio.say("engine:save('kept')").expect("it can be saved");
    // With all it plays, and nothing else.
    let sounds = |folder: &str| std::fs::read_dir(at(folder)).expect("it is there").count();
    assert!((1..sounds("samples")).contains(&sounds("kept/samples")), "{}", sounds("kept/samples"));
    let original = render(&at("beat.lua"), &at("a.wav"));
    assert!(render(&at("kept"), &at("b.wav")) == original, "the same bytes");
    std::fs::write(at("kept/main.lua"), "").expect("the folder can be written");
    for own in ["main.lua", "session.toml"] {
        let output = cantus(&["render", path(&at("kept")), "-o", path(&at("kept").join(own)), "--seconds", "1"]);
        assert_eq!(output.status.code(), Some(1), "{own}");
        assert!(text(&output.stderr).contains("it is what is to be played"), "{}", text(&output.stderr));
    }
}

#[test]
fn a_knob_that_was_turned_stays_and_scenes_come_back() {
    let folder = folder();
    let studio = saved(folder.path());
    let now = run(folder.path(), &[]);
    assert!(now.model == *studio.engine().state().model, "the program changes nothing");
    assert_eq!(value(&now, "k.volume"), "0.25");
    let with = render(folder.path(), &folder.path().join("it.wav"));
    assert_eq!(now.scenes.keys().map(|name| &**name).collect::<Vec<_>>(), ["loud"]);
    assert!(*now.scenes["loud"] == *studio.engine().state().scenes["loud"]);
    // A line that asks for something else does.
    let other = PROGRAM.replace("0.75", "0.5");
    std::fs::write(folder.path().join("main.lua"), other).expect("the folder can be written");
    let now = run(folder.path(), &[]);
    assert_eq!((value(&now, "k.volume"), value(&now, "k.slots[1].gain")), ("0.25".into(), "0.5".into()));
    // Without a program it is what it is.
    std::fs::remove_file(folder.path().join("main.lua")).expect("it is there");
    assert_eq!(value(&run(folder.path(), &[]), "k.slots[1].gain"), "0.75");
    assert!(render(folder.path(), &folder.path().join("it.wav")) == with, "the same bytes");
}

#[test]
fn a_session_goes_on_from_its_journal() {
    let folder = folder();
    let studio = saved(folder.path());
    let song = ["run", path(folder.path()), "--device", "null", "--bars", "0.1"];
    let output = cantus(&[&song[..], &["--recover"]].concat());
    assert!(text(&output.stderr).contains("there is no journal of "), "{}", text(&output.stderr));
    good(&cantus(&song));
    // What the folder says by now does not matter; the program's claims hold.
    std::fs::write(session::file(folder.path()), "version = 1\n").expect("the folder can be written");
    let now = run(folder.path(), &["--recover"]);
    assert!(now.model == *studio.engine().state().model, "all of it");
    assert_eq!(value(&now, "k.volume"), "0.25");
    assert_eq!(now.scenes.keys().map(|name| &**name).collect::<Vec<_>>(), ["loud"]);
    assert!(*now.scenes["loud"] == *studio.engine().state().scenes["loud"]);
}

#[test]
fn a_session_has_its_own_rate() {
    let folder = folder();
    let mut studio = saved(folder.path());
    studio.say("setting('rate', 44100) save()").expect("it can be saved");
    let out = folder.path().join("it.wav");
    render(folder.path(), &out);
    let wav = hound::WavReader::open(&out).expect("a WAV file");
    assert_eq!((wav.spec().sample_rate, wav.duration()), (44_100, 88_200));
    run(folder.path(), &[]);
    let journal = folder.path().join("it.journal");
    assert_eq!(read(&journal).expect("a journal").header.rate, 44_100.0);
    good(&cantus(&["replay", path(&journal), "-o", path(&out), "--seconds", "0.1"]));
    let wav = hound::WavReader::open(&out).expect("a WAV file");
    assert_eq!((wav.spec().sample_rate, wav.duration()), (44_100, 4_410));
}

#[test]
fn a_broken_session_changes_nothing() {
    let folder = folder();
    let mut studio = saved(folder.path());
    let before = studio.engine().state();
    let out = folder.path().join("it.wav");
    let whole = std::fs::read_to_string(session::file(folder.path())).expect("it is there");
    let scene = folder.path().join("scenes/loud.toml");
    for (file, broken) in [(session::file(folder.path()), whole.replace("bpm = ", "bpm = 1")), (scene, "x".into())] {
        let good = std::fs::read_to_string(&file).expect("it is there");
        std::fs::write(&file, &broken).expect("the folder can be written");
        let said = format!("could not read session \"{}\": ", file.display());
        for command in [&["run", path(folder.path())][..], &["render", path(folder.path()), "-o", path(&out)]] {
            let output = cantus(command);
            assert_eq!(output.status.code(), Some(1), "{command:?}");
            assert!(text(&output.stderr).starts_with(&format!("error: {said}")), "{}", text(&output.stderr));
            assert!(!out.exists());
        }
        let error = studio.say("engine:load()").expect_err("it is broken").to_string();
        assert!(error.replace("/./", "/").contains(&said), "{error}");
        let after = studio.engine().state();
        assert!(after.model == before.model && after.scenes == before.scenes, "nothing has changed");
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), broken, "nor has the file");
        std::fs::write(&file, good).expect("the folder can be written");
    }
}

#[test]
fn loading_goes_back_and_saving_keeps_what_it_does_not_know() {
    let folder = folder();
    let mut studio = saved(folder.path());
    let before = studio.engine().state();
    studio.say("remove('s') k.volume = 2 scene('loud', false) scene('new') gain('g')").expect("it can be");
    studio.say("engine:load()").expect("it can be loaded");
    let after = studio.engine().state();
    assert!(after.model == before.model && after.model.claims == before.model.claims, "as it was saved");
    assert_eq!(after.scenes.keys().map(|name| &**name).collect::<Vec<_>>(), ["loud"], "all other scenes are gone");
    assert!(after.scenes == before.scenes);
    // A module that is made now is none of the scene's.
    studio.say("gain('g') recall('loud')").expect("it is kept");
    assert!(studio.engine().state().model == before.scenes["loud"]);
    studio.say("undo() undo() undo() k.volume = 1 save()").expect("it can be saved");
    // What a later version may say is kept; a scene that is no longer kept goes.
    let file = session::file(folder.path());
    let text = std::fs::read_to_string(&file).expect("it is there");
    std::fs::write(&file, format!("{text}\n[future]\nwarp = 9\n")).expect("the folder can be written");
    studio.say("engine:load()").expect("it can be loaded");
    studio.say("scene('loud', false) save()").expect("it can be saved");
    assert!(std::fs::read_to_string(&file).expect("it is there").contains("warp = 9"));
    let scenes = std::fs::read_dir(folder.path().join("scenes")).expect("it is there").count();
    assert_eq!(scenes, 0);
    studio.say("engine:load('nowhere')").expect_err("it is not there");
}
