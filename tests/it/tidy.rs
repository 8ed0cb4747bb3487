//! The house rules.

use std::path::{Path, PathBuf};

/// Files in which `unsafe` may stand. Each block names who guarantees what it needs (clippy checks that it does).
const UNSAFE: &[&str] = &[
    "host/bin/crash.rs",
    "host/bin/probe/allocator.rs",
    "host/src/plugins/library.rs",
    "host/src/plugins/registry.rs",
    "host/src/rt/buffer.rs",
    "host/src/rt/clock/tests/walk.rs",
    "host/src/rt/instance.rs",
    "host/src/rt/memory.rs",
    "host/src/rt/plan.rs",
    "host/src/rt/processor/tests/echo.rs", // an instance that is in no library
    "host/src/rt/work.rs",
    "host/src/validate/clerk.rs",
    "host/src/validate/load.rs",
    "host/src/validate/memory.rs",
    "host/src/validate/params.rs",
    "host/src/validate/realtime.rs",
    "host/src/validate/stand.rs",
    "lua/src/budget.rs",
    "plugin-api/macros/src/lib.rs",
    "plugin-api/src/block.rs",
    "plugin-api/src/cpu.rs",
    "plugin-api/src/event.rs",
    "plugin-api/src/export.rs",
    "plugin-api/src/handle.rs",
    "plugin-api/src/raw/event.rs",
    "plugin-api/src/raw/root.rs",
    "plugin-api/src/sequence.rs",
    "plugin-api/src/testing/bench.rs",
    "plugin-api/src/transport.rs",
    "plugin-api/src/turnstile.rs",
    "tests/fixtures/guest.rs",
    "tests/fixtures/moods.rs",
    "tests/fixtures/no_plugin.rs",
    "tests/fixtures/wild.rs",
    "tests/fixtures/wrong_layout.rs",
];

/// What runs on the audio thread: the processor, the audio half of the SDK, and the bundled plugins.
const AUDIO: &[&str] = &["host/src/rt/", "plugin-api/src/", "plugins/"];
/// In these folders, what does not.
const NOT_AUDIO: &[&str] = &["plugin-api/src/export.rs", "plugin-api/src/testing", "/tests.rs", "/tests/"];
/// What must not stand in [`AUDIO`]: locks, thread-locals, printing, threads.
const NOT_ON_AUDIO: &[&str] = &[
    "Mutex",
    "RwLock",
    "Condvar",
    "OnceLock",
    "LazyLock",
    "thread_local!",
    "println!",
    "print!(",
    "eprint",
    "dbg!",
    "std::thread",
    "std::fs",
    "std::io",
    "std::net",
    "Instant",
    "SystemTime",
    "HashMap",
    "HashSet",
];

/// Lines of a file: 400 is the budget, this is the wall.
const MOST_LINES: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of these endings that is ours: relative path and text.
fn files(endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root(), endings, &mut found);
    found.sort();
    assert!(found.len() > 10, "found {} files", found.len());
    found
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("the project can be read").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with(".git") {
                collect(&path, endings, found);
            }
        } else if endings.iter().any(|e| name.ends_with(e)) {
            let relative = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
            found.push((relative, std::fs::read_to_string(&path).expect("sources are UTF-8")));
        }
    }
}

/// Everything but comments and texts in quotes, roughly: enough to look for words of code.
fn code(text: &str) -> String {
    let line = |line: &str| {
        let code = line.split("//").next().unwrap_or("");
        code.split('"').step_by(2).collect::<String>()
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Files in which one of the words stands in code.
fn offenders(files: &[(String, String)], words: &[&str]) -> Vec<String> {
    let stands = |text: &str, word: &str| code(text).contains(word);
    let of = |(path, text): &(String, String)| {
        words.iter().filter(|w| stands(text, w)).map(|w| format!("{path}: {w}")).collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}

#[test]
fn unsafe_stands_only_where_it_is_allowed() {
    let word = |text: &str| code(text).split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == "unsafe");
    let with: Vec<String> = files(&[".rs"]).into_iter().filter(|(_, text)| word(text)).map(|(path, _)| path).collect();
    let known = |path: &String| UNSAFE.contains(&path.as_str());
    assert_eq!(with.iter().filter(|p| !known(p)).collect::<Vec<_>>(), Vec::<&String>::new(), "not allowed");
    let unused: Vec<_> = UNSAFE.iter().filter(|p| !with.iter().any(|w| w == *p)).collect();
    assert_eq!(unused, Vec::<&&str>::new(), "allowed, but not needed");
}

#[test]
fn nothing_blocks_on_the_audio_thread() {
    let audio = |path: &str| AUDIO.iter().any(|a| path.starts_with(a)) && !NOT_AUDIO.iter().any(|n| path.contains(n));
    let sources: Vec<_> = files(&[".rs"]).into_iter().filter(|(path, _)| audio(path)).collect();
    assert!(sources.len() > 20);
    // One module is timed a quantum; the system gives the time without being called. Tables are made with the first
    // instance, on a worker.
    let found: Vec<_> = offenders(&sources, NOT_ON_AUDIO);
    assert_eq!(found, ["host/src/rt/processor.rs: Instant", "plugins/multi_sampler/src/kernel.rs: OnceLock"]);
}

#[test]
fn the_program_speaks_in_one_place() {
    let words = ["println!", "print!(", "eprint", "stdout(", "stderr("];
    let sources: Vec<_> = files(&[".rs"]).into_iter().filter(|(path, _)| path.starts_with("host/bin/")).collect();
    // Elsewhere it would panic when nobody listens any more.
    // When it crashes there is no time for that.
    let allowed = ["host/bin/console.rs: stdout(", "host/bin/console.rs: stderr(", "host/bin/crash.rs: stderr("];
    assert_eq!(offenders(&sources, &words), allowed);
}

#[test]
fn host_and_language_know_no_module_type() {
    let types = ["MultiSampler", "TrackerSequencer", "AudioMixer", "AudioOutput"];
    let ours = |path: &str| ["host/", "lua/src/", "lua/prelude/"].iter().any(|f| path.starts_with(f));
    let sources = files(&[".rs", ".lua"]).into_iter().filter(|(path, _)| ours(path));
    let named: Vec<String> =
        sources.filter(|(_, text)| types.iter().any(|t| text.contains(t))).map(|(path, _)| path).collect();
    assert_eq!(named, Vec::<String>::new());
}

#[test]
fn plugins_see_only_the_contract() {
    for (path, text) in files(&["Cargo.toml"]).into_iter().filter(|(path, _)| path.starts_with("plugins/")) {
        for word in ["cantus-host", "cantus-lua", "mlua", "cpal"] {
            assert!(!text.contains(word), "{path} depends on {word}");
        }
    }
}

#[test]
fn layers_do_not_look_up() {
    for (below, above) in [
        ("host/src/rt/", &["crate::plugins", "crate::device", "crate::assets", "crate::control", "crate::model"][..]),
        ("host/src/model", &["crate::rt", "crate::control", "crate::plugins", "crate::device", "crate::assets"]),
        ("host/src/device/", &["crate::control", "crate::model", "crate::plugins"]),
        ("host/src/", &["cantus_lua", "mlua", "clap::"]),
    ] {
        let sources: Vec<_> = files(&[".rs"]).into_iter().filter(|(path, _)| path.starts_with(below)).collect();
        assert_eq!(offenders(&sources, above), Vec::<String>::new());
    }
}

#[test]
fn files_are_short_and_begin_with_what_they_are_for() {
    for (path, text) in files(&[".rs"]) {
        assert!(text.lines().count() <= MOST_LINES, "{path} has {} lines", text.lines().count());
        assert!(text.starts_with("//!"), "{path} does not say what it is for");
    }
}

#[test]
fn nothing_is_unfinished_or_switched_off() {
    let words = ["todo!", "unimplemented!", "dbg!", "#[ignore", "FIXME"];
    let sources: Vec<_> = files(&[".rs"]).into_iter().filter(|(path, _)| path != "tests/it/tidy.rs").collect();
    assert_eq!(offenders(&sources, &words), Vec::<String>::new());
}

#[test]
fn licences_are_present() {
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(root().join(file).exists(), "{file}");
    }
    for (path, text) in files(&["Cargo.toml"]) {
        assert!(text.contains("license"), "{path} names no licence");
    }
}
