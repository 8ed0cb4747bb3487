//! Plugins as `cantus plugins new` begins them: each builds, keeps its own tests, loads and is heard.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::cli::{cantus, path, text};
use crate::rig::bundled;

/// Where the libraries of these tests go: not beside the program, which would take them for bundled ones.
fn target() -> PathBuf {
    bundled().join("scaffold")
}

/// Runs cargo on a new crate as its author would, without a network and as the program was built; what it said.
fn cargo(crate_folder: &Path, arguments: &[&str]) -> String {
    // One after the other: they would wait for each other, and the output would tell of it.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(|broken| broken.into_inner());
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    std::fs::copy(lock, crate_folder.join("Cargo.lock")).expect("the folder can be written");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(arguments).args(["--offline", "--quiet"]).args(is_release().then_some("--release"));
    cargo.current_dir(crate_folder).env_remove("CARGO_BUILD_TARGET").env_remove("RUSTFLAGS");
    // What it depends on is taken from the program's own build, so it must be built as for that.
    cargo.env("CARGO_BUILD_BUILD_DIR", bundled().parent().expect("the folder of all builds"));
    cargo.env("CARGO_TARGET_DIR", target()).env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
    let output = cargo.output().expect("cargo can be run");
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}\n{said}");
    said
}

fn is_release() -> bool {
    bundled().ends_with("release")
}

/// Folder of what cargo has made.
fn built() -> PathBuf {
    target().join(if is_release() { "release" } else { "debug" })
}

/// The new crate of that name and kind in `folder`, and what the program said.
fn new(folder: &Path, name: &str, more: &[&str]) -> (PathBuf, String) {
    let place = folder.join(name);
    let output = cantus(&[&["plugins", "new", path(&place)], more].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    (place, text(&output.stdout))
}

/// What the program refuses with.
fn refused(arguments: &[&str]) -> String {
    let output = cantus(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    text(&output.stderr).trim_end().to_owned()
}

fn is_heard(kind: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = format!("own-{kind}");
    let (place, said) = new(folder.path(), &name, &["--kind", kind]);
    assert!(said.ends_with("cantus run example.lua --plugins target/release\n"), "{said}");
    cargo(&place, &["build"]);
    let tested = cargo(&place, &["test"]);
    assert!(tested.contains("test result: ok") && !tested.contains("0 passed; 0 failed; 0 ignored\n"), "{tested}");

    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let library = built().join(format!("{prefix}own_{kind}{suffix}"));
    // Only Linux has what validation needs.
    if cfg!(target_os = "linux") {
        let output = cantus(&["plugins", "validate", "--level", "9", path(&library)]);
        assert!(output.status.success(), "{kind}: {}\n{}", text(&output.stdout), text(&output.stderr));
    }

    let out = folder.path().join("out.wav");
    let example = place.join("example.lua");
    let render = ["render", path(&example), "-o", path(&out), "--bars", "4", "--json"];
    let output = cantus(&[&render[..], &["--plugins", path(&library)]].concat());
    assert!(output.status.success(), "{kind}: {}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("warning"), "{kind}: {}", text(&output.stderr));
    let figures = text(&output.stdout);
    let json = figures.lines().last().expect("it says the figures");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let peak = json["peak_dbfs"].as_f64().unwrap_or(f64::NEG_INFINITY);
    assert!((-30.0..0.0).contains(&peak), "{kind}: {figures}");

    let info = cantus(&["plugins", "info", &format!("own_{kind}"), "--plugins", path(&library)]);
    let info = text(&info.stdout);
    for part in [&format!("({kind}): "), "\npresets\n", &format!("from local.own-{kind} 0.1.0")] {
        assert!(info.contains(part), "{part} is not in\n{info}");
    }
}

#[test]
fn a_new_effect_is_heard() {
    is_heard("effect");
}

#[test]
fn a_new_instrument_is_heard() {
    is_heard("instrument");
}

#[test]
fn a_new_sequencer_is_heard() {
    is_heard("sequencer");
}

#[test]
fn a_new_modulator_is_heard() {
    is_heard("modulator");
}

#[test]
fn a_new_analyser_is_heard() {
    is_heard("analyser");
}

#[test]
fn names_that_cannot_be_are_refused_and_leave_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, more, expected) in [
        ("Wobble", &[][..], "a plugin is named with at most 64 small letters"),
        ("9lives", &[], "a plugin is named with at most 64 small letters"),
        ("a b", &[], "a plugin is named with at most 64 small letters"),
        ("loop", &[], "Loop: \"loop\" is a word of Rust or Lua; choose another type name"),
        ("self", &[], "\"self\" means something else in a plugin's code; choose another name"),
        ("test", &[], "\"test\" means something else in a plugin's code; choose another name"),
        ("option", &[], "\"option\" means something else in a plugin's code; choose another name"),
        ("pattern", &[], "scripts have a function \"pattern\" already; choose another name"),
        ("wobble", &["--id", "Wobble"], "plugin.id: \"Wobble\" is not a reverse domain name of [a-z0-9.-]"),
        ("wobble", &["--sdk", "nowhere"], "--sdk nowhere is no folder with the SDK in it"),
    ] {
        let place = folder.path().join(name);
        let said = refused(&[&["plugins", "new", path(&place)], more].concat());
        let begins = format!("error: could not make the plugin {}: ", place.display());
        assert!(said.starts_with(&begins) && said.contains(expected), "{name}: {said}\nshould say: {expected}");
        assert!(!place.exists(), "{name}");
    }
    let (place, _) = new(folder.path(), "wobble", &[]);
    let said = refused(&["plugins", "new", path(&place)]);
    assert!(said.ends_with("something is there already; choose another name"), "{said}");
}

#[test]
fn names_and_the_sdk_follow_from_what_was_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let read = |place: &Path, file: &str| std::fs::read_to_string(place.join(file)).expect("it is there");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sdk = |more: &[&str], name: &str| {
        let (place, _) = new(folder.path(), name, more);
        let text = read(&place, "Cargo.toml");
        let line = text.lines().find_map(|line| line.strip_prefix("cantus-plugin-api = "));
        line.expect("it depends on the SDK").to_owned()
    };
    let own = format!("{{ path = {:?} }}", here.join("plugin-api").display().to_string());
    for (name, more, expected) in [
        ("a", &[][..], own.as_str()),
        ("b", &["--sdk", path(here)], &own),
        ("c", &["--sdk", "https://example.org/cantus.git"], "{ git = \"https://example.org/cantus.git\" }"),
        ("d", &["--sdk", "=1.0.0-draft.1"], "\"=1.0.0-draft.1\""),
    ] {
        assert_eq!(sdk(more, name), expected, "{more:?}");
    }
    let (place, _) = new(folder.path(), "tape-echo_2", &["--id", "org.example.tape"]);
    let (manifest, code) = (read(&place, "manifest.toml"), read(&place, "src/lib.rs"));
    assert!(manifest.contains("type = \"TapeEcho2\"") && manifest.contains("id = \"org.example.tape\""), "{manifest}");
    assert!(code.contains("use tape_echo2::{Param, input, output};"), "{code}");
    for file in ["Cargo.toml", "manifest.toml", "src/lib.rs", "example.lua", "README.md", ".gitignore"] {
        let text = read(&place, file);
        assert!(!text.contains("__"), "{file} has a blank left: {text}");
    }
    // A type that is there already is worth a word.
    let (_, said) = new(folder.path(), "gain", &[]);
    assert!(said.contains("--use Gain=local.gain\ncantus.gain provides the type Gain, too"), "{said}");
}
