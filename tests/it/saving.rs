//! Saving and loading while it plays: nobody's work is lost, and what is loaded is what was saved.

use std::path::Path;

use cantus_host::control::Commit;

use crate::rig::{Studio, pieces, registry};

/// A folder with two sounds, and a studio that plays one of them.
fn studio() -> (tempfile::TempDir, Studio) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("root");
    std::fs::create_dir(&root).expect("it can be made");
    copy("bd_haus.flac", &root.join("kick.flac"));
    let mut studio = Studio::with(registry(), root);
    say(&mut studio, "k = sampler('k', {slots = {{file = 'kick.flac'}}})");
    assert_eq!(studio.problems(), Vec::<String>::new());
    (folder, studio)
}

fn copy(piece: &str, to: &Path) {
    std::fs::copy(pieces().join("samples").join(piece), to).expect("it can be copied");
}

fn say(studio: &mut Studio, line: &str) {
    studio.say(line).unwrap_or_else(|error| panic!("{line}: {error}"));
}

/// Why a line fails.
fn refused(studio: &mut Studio, line: &str) -> String {
    studio.say(line).expect_err(line).to_string()
}

#[test]
fn what_others_have_put_there_stays() {
    let (folder, mut studio) = studio();
    let kept = folder.path().join("root/kept");
    std::fs::create_dir_all(kept.join("scenes")).expect("it can be made");
    std::fs::write(kept.join("session.toml"), "version = 1\nbpm = 77.0\n").expect("it can be written");
    std::fs::write(kept.join("scenes/level.toml"), "mine = true").expect("it can be written");
    let error = refused(&mut studio, "save('kept')");
    assert!(error.contains("a session is there already; choose another folder"), "{error}");
    say(&mut studio, "save('kept', {replace = true})");
    assert!(kept.join("scenes/level.toml").exists(), "it is no scene of ours");
    // It is ours now, until somebody edits it.
    say(&mut studio, "save('kept') bpm(99)");
    say(&mut studio, "save()");
    let text = std::fs::read_to_string(kept.join("session.toml")).expect("it is there");
    assert!(text.contains("bpm = 99"), "{text}");
    std::fs::write(kept.join("session.toml"), text.replace("99", "101")).expect("it can be written");
    let error = refused(&mut studio, "save()");
    assert!(error.contains("its session.toml was changed by somebody else"), "{error}");
    std::fs::remove_file(kept.join("scenes/level.toml")).expect("it is there");
    say(&mut studio, "engine:load()");
    assert_eq!(studio.engine().state().model.bpm.get(), 101.0);
    say(&mut studio, "save()");
}

#[test]
fn scenes_come_and_go_with_the_session() {
    let (folder, mut studio) = studio();
    let scene = |name: &str| folder.path().join("root/kept/scenes").join(format!("{name}.toml"));
    say(&mut studio, "scene('verse') scene('chorus')");
    say(&mut studio, "save('kept')");
    assert!(scene("verse").exists() && scene("chorus").exists());
    say(&mut studio, "scene('verse', false)");
    say(&mut studio, "save()");
    assert!(!scene("verse").exists() && scene("chorus").exists());
}

#[test]
fn the_sounds_that_are_saved_are_those_that_play() {
    let (folder, mut studio) = studio();
    let bytes = |path: &str| std::fs::read(folder.path().join("root").join(path)).expect("it is there");
    say(&mut studio, "save('kept')");
    assert_eq!(bytes("kept/kick.flac"), bytes("kick.flac"));
    copy("bd_808.flac", &folder.path().join("root/kick.flac"));
    say(&mut studio, "save()");
    assert_eq!(bytes("kept/kick.flac"), bytes("kick.flac"), "not the one of before");
    // Somebody else's is not replaced.
    std::fs::create_dir(folder.path().join("root/other")).expect("it can be made");
    copy("bd_haus.flac", &folder.path().join("root/other/kick.flac"));
    let error = refused(&mut studio, "save('other')");
    assert!(error.contains("other/kick.flac is another sound file; choose another folder"), "{error}");
    assert!(!folder.path().join("root/other/session.toml").exists());
    // What lies elsewhere is said to be missed.
    copy("bd_fat.flac", &folder.path().join("fat.flac"));
    say(&mut studio, "k.slots[2].file = '../fat.flac'");
    say(&mut studio, "save('deep/er')");
    let said = studio.printed();
    assert!(said.iter().any(|line| line.contains("fat.flac lies outside of")), "{said:?}");
}

#[test]
fn a_session_is_loaded_whole_or_not_at_all() {
    let (folder, mut studio) = studio();
    say(&mut studio, "scene('theirs') bpm(60)");
    say(&mut studio, "save('b')");
    say(&mut studio, "scene('theirs', false) scene('mine') bpm(90)");
    copy("bd_808.flac", &folder.path().join("root/b/kick.flac"));
    let error = refused(&mut studio, "engine:load('b')");
    assert!(error.contains("its \"kick.flac\" is not the one in"), "{error}");
    let scenes =
        |studio: &Studio| -> Vec<String> { studio.engine().state().scenes.keys().map(ToString::to_string).collect() };
    assert_eq!((scenes(&studio), studio.engine().state().model.bpm.get()), (vec!["mine".into()], 90.0));
    copy("bd_haus.flac", &folder.path().join("root/b/kick.flac"));
    say(&mut studio, "engine:load('b')");
    assert_eq!((scenes(&studio), studio.engine().state().model.bpm.get()), (vec!["theirs".into()], 60.0));
    // What was done to the session of before is not done to this one.
    let error = refused(&mut studio, "undo()");
    assert!(error.contains("nothing to undo"), "{error}");
}

/// Loading puts the other session's program in the place of what was to be done later; what it asks for is there
/// already, as it was saved.
#[test]
fn loading_evaluates_the_program() {
    let (folder, mut studio) = studio();
    let theirs = folder.path().join("root/b");
    let write = |file: &str, code: &str| {
        std::fs::create_dir_all(theirs.join(file).parent().expect("a folder")).expect("it can be made");
        std::fs::write(theirs.join(file), code).expect("it can be written");
    };
    let program = "local deep = require 'deep' gain('g', {gain = 0.5}) every(1, function() print(deep.word) end)";
    write("main.lua", program);
    write("lib/deep.lua", "return {word = 'theirs'}");
    // Made in the other folder, a knob turned since, and saved.
    let mut other = Studio::with(registry(), theirs.clone());
    other.eval_as(program, "main.lua");
    say(&mut other, "g.gain = 0.25");
    say(&mut other, "save('.')");
    say(&mut studio, "every(1, function() print('ours') end) play()");
    studio.render(128);
    assert_eq!(studio.printed(), ["ours"]);
    say(&mut studio, "engine:load('b')");
    assert_eq!(studio.printed(), [format!("loaded {}", theirs.display())]);
    studio.render(60_000);
    assert_eq!(studio.printed(), ["theirs", "theirs"]);
    let state = studio.engine().state();
    assert!(state.model == other.engine().state().model, "as it was saved");
    // It is evaluated by its own name: its claims are its own.
    studio.eval_as("gain('g', {gain = 0.75})", "main.lua");
    assert_eq!(studio.say("return g.gain").expect("it runs").values, ["0.75"]);
    assert_eq!(studio.engine().state().model.claims.keys().map(|file| &**file).collect::<Vec<_>>(), ["main.lua"]);
    // A program that fails is said, over the session that is loaded.
    write("main.lua", "error('no')");
    let error = refused(&mut studio, "engine:load('b')");
    assert!(error.contains("main.lua:1: no"), "{error}");
    assert_eq!(studio.say("return g.gain, #timers()").expect("it runs").values, ["0.25", "0"]);
}
