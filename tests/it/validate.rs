//! Every check of plugins finds what it is for, and lets pass what is in order.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cantus_host::validate::{self, Asked, Outcome, Outcome::*, Verdict, Wanted};

use crate::rig::{bundled, fixture, program};

/// A change of a library's bytes.
type Change = fn(&mut Vec<u8>);

/// Where a bad plugin comes from.
#[derive(Clone, Copy)]
enum Bad {
    /// A module type of a fixture.
    Type(&'static str, &'static str),
    /// A fixture as it is.
    Library(&'static str),
    /// The fixture `moods` in another mood.
    Mood(&'static [u8; 4]),
    /// The orderly fixture, changed.
    Bytes(Change),
}
use Bad::*;

/// A check, a plugin that it must find bad, how, and in which words.
const TABLE: &[(&str, Bad, Outcome, &str)] = &[
    ("whole", Bytes(|b| *b = b"not a library".to_vec()), Fail, "it was cut short"),
    ("whole", Bytes(|b| b.truncate(b.len() / 2)), Fail, "build or copy it again"),
    // e_machine, for AArch64 or x86-64, whichever this is not
    ("machine", Bytes(|b| b[18] = if b[18] == 62 { 183 } else { 62 }), Fail, "build it for this machine"),
    ("manifest", Library("no_plugin"), Fail, "a plugin calls cantus_plugin_api::export!"),
    ("manifest", Bytes(|b| write(b, b"schema = 1", b"schemo = 1")), Fail, "unknown field `schemo`"),
    ("entry", Bytes(|b| write(b, b"_1as_0lib_1header", b"_1as_0lib_1headed")), Fail, "call cantus_plugin_api::export!"),
    ("exports", Library("moods"), Warn, "fixture_moods_are_seen"),
    (
        "needs",
        Bytes(|b| write(b, b"libgcc_s.so.1", b"libxyz_s.so.1")),
        Warn,
        "libxyz_s.so.1, which other machines may lack",
    ),
    ("run-path", Bytes(|b| needed_becomes_run_path(b)), Warn, "link without -rpath"),
    ("writable-code", Bytes(|b| change_header(b, GNU_STACK, |h| h[4] |= 1)), Fail, "-z noexecstack"),
    ("writable-code", Bytes(|b| change_header(b, LOAD, |h| h[4] |= 3)), Fail, "both code and writable"),
    ("weight", Bytes(|b| change_header(b, LOAD, |h| h[34] += 96)), Warn, "build it with --release"),
    ("licence", Bytes(|b| write(b, b"MIT OR Apache-2.0", b"MIT or Apache-2.0")), Fail, "https://spdx.org/licenses"),
    ("opens", Mood(b"dies"), Crash, "it crashed (SIGABRT) while it was opened"),
    ("opens", Mood(b"quit"), Crash, "it ended the program, with exit code 0 while it was opened"),
    ("opens", Mood(b"hang"), Hang, "it did not come back within 3 s while it was opened"),
    ("opens", Library("wrong_layout"), Fail, "another layout"),
    ("same-manifest", Mood(b"lies"), Fail, "rebuild it from scratch"),
    ("quick", Mood(b"slow"), Warn, "do the work when an instance is made"),
    ("quiet", Mood(b"talk"), Fail, "it printed \"made"),
    ("no-trace", Mood(b"move"), Fail, "the current folder of the process"),
    ("no-trace", Mood(b"work"), Fail, "threads of the process"),
    ("no-trace", Mood(b"open"), Fail, "open files of the process"),
    ("no-trace", Mood(b"file"), Fail, "with left behind"),
    ("copies", Mood(b"twin"), Fail, "another copy of it is there"),
    ("unknown-type", Mood(b"any!"), Fail, "compare the whole name"),
    ("creates", Type("misfits", "CannotBeMade"), Fail, "its tables are missing"),
    ("creates", Type("misfits", "PanicsWhenMade"), Fail, "it panicked: not today"),
    ("destroys", Type("unruly", "AbortsAtTheEnd"), Crash, "while an instance was ended after 0 quanta"),
    ("rates", Type("unruly", "OneRate"), Fail, "at 44100 Hz: it could not make"),
    ("leaks", Type("unruly", "LeavesMemory"), Fail, "free in Drop"),
    ("defaults", Type("unruly", "OtherDefaults"), Fail, "level of a new instance is not 1"),
    ("extremes", Type("unruly", "PanicsAtTheTop"), Fail, "level = 2: it panicked: it is too much"),
    ("on-time", Type("unruly", "Hasty"), Fail, "level that is set at frame 1 of a quantum is heard 1 frames too early"),
    ("presets", Type("unruly", "Divides"), Fail, "the preset nothing: channel 0"),
    ("glides", Type("unruly", "Clicks"), Warn, "level that is turned from 0 to 1"),
    ("finite", Type("unruly", "Divides"), Fail, "silence comes in and all values are smallest: channel 0"),
    ("finite", Type("misfits", "NotFinite"), Fail, "NaN at frame 0"),
    ("memory", Type("wild", "WritesBehind"), Crash, "it crashed (SIGSEGV)"),
    ("memory", Type("wild", "WritesInput"), Crash, "inputs that cannot be written"),
    ("memory", Type("wild", "WritesBefore"), Fail, "before the beginning of a buffer"),
    ("splits", Type("unruly", "PerCall"), Fail, "only for the frames that it is asked for"),
    ("unknown", Type("unruly", "PerCall"), Fail, "skip what is unknown"),
    ("unconnected", Type("unruly", "NeedsCable"), Fail, "it panicked: nothing is connected"),
    ("shows", Type("unruly", "ShowsNothingReal"), Fail, "the meter shown shows NaN"),
    ("shows", Type("unruly", "Overmodulates"), Fail, "keep it from -1 to 1"),
    ("events-out", Type("unruly", "Backwards"), Fail, "emit in the order of the frames"),
    ("little-room", Type("unruly", "NeedsRoom"), Fail, "it panicked: there is always room"),
    ("odd-notes", Type("unruly", "TwoSlots"), Fail, "a note with slot 65534: it panicked"),
    ("transport", Type("unruly", "HangsAtJumps"), Hang, "while a jump within a quantum"),
    ("odd-data", Type("unruly", "NeedsFrames"), Fail, "sound: a sound without a frame: it panicked"),
    ("rebinds", Type("unruly", "NeedsFrames"), Fail, "it panicked: a sound has frames"),
    ("releases", Type("unruly", "Keeps"), Fail, "still held"),
    ("same-again", Type("unruly", "Random"), Fail, "take all chance from Init::seed"),
    ("reset", Type("unruly", "Forgetful"), Fail, "put everything in reset to what new makes it"),
    ("alone", Type("unruly", "Shares"), Fail, "nothing in a static"),
    ("works", Type("unruly", "Mute"), Warn, "nothing comes out of it"),
    ("level", Type("unruly", "Loud"), Warn, "+28 dBFS"),
    ("latency", Type("unruly", "Early"), Fail, "after 0 frames, and the manifest says latency = 100"),
    ("falls-silent", Type("unruly", "Drone"), Warn, "it still plays, at 0.25"),
    ("subnormal", Type("unruly", "Crawls"), Warn, "smaller than numbers are fast with"),
    ("sentences", Library("unruly"), Fail, "say in a sentence what each is"),
    ("example", Type("unruly", "Mute"), Warn, "it has no [[module.example]]"),
    ("examples", Library("unruly"), Fail, "the example \"It does not run.\" does not run"),
    ("moves", Type("unruly", "PerThread"), Fail, "nothing in a thread-local"),
    ("parallel", Type("unruly", "Crowded"), Fail, "4 instances play at once"),
    ("fuzz", Type("unruly", "Divides"), Fail, "of seed 1: channel"),
    ("long", Type("unruly", "Grows"), Fail, "bytes more within 40 s"),
    ("calls-playing", Type("misfits", "Allocates"), Fail, "and neither lock, wait, print nor read files"),
    ("calls-playing", Type("unruly", "Sleeps"), Fail, "nanosleep"),
    ("calls-values", Type("unruly", "AllocatesWhenTurned"), Fail, "turning level calls malloc"),
    ("calls-data", Type("unruly", "AllocatesWhenBound"), Fail, "a change of sound calls malloc"),
    ("calls-reset", Type("unruly", "AllocatesWhenReset"), Fail, "a reset after 0 quanta calls"),
    ("stack", Type("unruly", "DeepStack"), Crash, "a stack of 64 KiB; keep large arrays in the instance"),
    #[cfg(target_arch = "x86_64")]
    ("float-mode", Type("wild", "Flushes"), Fail, "put it back before process returns"),
];

/// Checks that no bad plugin shows, and why.
const NOT_SHOWN: &[&str] = &[
    "instructions", // what differs depends on the processor of whoever runs this
];

/// What means nothing to bundled modules: check and type.
const SKIPPED: &[(&str, &[&str])] = &[
    ("glides", &["MultiSampler", "TrackerSequencer"]),
    ("odd-notes", &["AudioMixer", "AudioOutput", "Gain", "TrackerSequencer"]),
    ("odd-data", &["AudioMixer", "AudioOutput", "Gain"]),
    ("rebinds", &["AudioMixer", "AudioOutput", "Gain"]),
    ("releases", &["AudioMixer", "AudioOutput", "Gain"]),
    ("calls-data", &["AudioMixer", "AudioOutput", "Gain"]),
    ("latency", &["MultiSampler", "TrackerSequencer"]),
    ("presets", &["Gain"]),
    ("falls-silent", &["TrackerSequencer"]),
    ("subnormal", &["TrackerSequencer"]),
];

const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const GNU_STACK: u32 = 0x6474_e551;

/// Writes a text over another of the same length, everywhere.
fn write(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let places: Vec<usize> = (0..bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "{} is in there", String::from_utf8_lossy(from));
    places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to));
}

fn number(bytes: &[u8], at: usize, len: usize) -> usize {
    bytes[at..at + len].iter().rev().fold(0, |n, byte| n << 8 | usize::from(*byte))
}

/// Changes the last program header of that kind, and makes room for what it may then promise.
fn change_header(bytes: &mut Vec<u8>, kind: u32, change: impl Fn(&mut [u8])) {
    let (first, size, count) = (number(bytes, 32, 8), number(bytes, 54, 2), number(bytes, 56, 2));
    let mut headers = (0..count).map(|n| first + n * size);
    let at = headers.rfind(|at| number(bytes, *at, 4) == kind as usize).expect("there is one");
    change(&mut bytes[at..at + size]);
    bytes.resize(bytes.len() + (7 << 20), 0);
}

/// The first library that it needs is where it looks for libraries.
fn needed_becomes_run_path(bytes: &mut [u8]) {
    let (first, size, count) = (number(bytes, 32, 8), number(bytes, 54, 2), number(bytes, 56, 2));
    let header = (0..count).map(|n| first + n * size).find(|at| number(bytes, *at, 4) == DYNAMIC as usize);
    let table = number(bytes, header.expect("there is one") + 8, 8);
    let entry = (0..).map(|n| table + 16 * n).find(|at| number(bytes, *at, 8) == 1).expect("it needs something");
    bytes[entry] = 29;
}

impl Bad {
    /// The library, and the type in it that is meant.
    fn find(self, folder: &Path, row: usize) -> (PathBuf, Option<String>) {
        let changed = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = std::fs::read(fixture(name)).expect("the fixture is built");
            change(&mut bytes);
            let path = folder.join(format!("row_{row}.so"));
            std::fs::write(&path, bytes).expect("a temporary folder can be written");
            path
        };
        match self {
            Type(library, module_type) => (fixture(library), Some(module_type.to_owned())),
            Library(library) => (fixture(library), None),
            Mood(mood) => {
                (changed("moods", &|b| write(b, b"the mood = calm", &[b"the mood = ", &mood[..]].concat())), None)
            }
            Bytes(change) => (changed("orderly", &|b| change(b)), None),
        }
    }
}

/// Runs one check of a library.
fn run(check: &str, path: &Path, module_type: Option<String>, seconds: u64) -> Verdict {
    let check = validate::check(check).unwrap_or_else(|| panic!("there is a check {check}"));
    asked(path, seconds).run(&Wanted { check, module_type })
}

fn asked(path: &Path, seconds: u64) -> Asked {
    let timeout = Duration::from_secs(seconds);
    let probe = bundled().join("cantus-probe");
    Asked { path: path.to_owned(), probe, level: 9, only: Vec::new(), seed: 1, timeout }
}

#[test]
fn every_check_finds_what_it_is_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut wrong = Vec::new();
    for (row, (check, bad, outcome, words)) in TABLE.iter().enumerate() {
        let (path, module_type) = bad.find(folder.path(), row);
        let about = validate::check(check).is_some_and(|check| check.of_each_module());
        let seconds = if *outcome == Hang { 3 } else { 60 };
        let verdict = run(check, &path, module_type.clone().filter(|_| about), seconds);
        if verdict.outcome != *outcome || !verdict.text.contains(words) {
            wrong.push(format!("{check}, {module_type:?}: \"{verdict}\", not \"{}: {words}\"", outcome.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_check_lets_pass_what_is_in_order() {
    for check in validate::checks() {
        let module_type = check.of_each_module().then(|| "Orderly".to_owned());
        let verdict = run(check.name, &fixture("orderly"), module_type, 60);
        assert_eq!(verdict, Verdict::PASS, "{}", check.name);
    }
}

#[test]
fn every_check_is_seen_to_fail() {
    let shown: HashSet<&str> = TABLE.iter().map(|(check, ..)| *check).chain(NOT_SHOWN.iter().copied()).collect();
    let not: Vec<&str> = validate::checks().map(|check| check.name).filter(|name| !shown.contains(name)).collect();
    assert_eq!(not, Vec::<&str>::new());
}

#[test]
fn every_bundled_plugin_passes_at_the_highest_level() {
    let libraries = validate::libraries(&bundled()).expect("the plugins are built");
    assert!(libraries.len() >= 5, "{libraries:?}");
    let mut wrong = Vec::new();
    for library in libraries {
        let rows = validate::validate(&asked(&library, 60), &|_| true).expect("nothing is named");
        let may_skip = |check: &str, module_type: &Option<String>| {
            let types = SKIPPED.iter().find(|(name, _)| *name == check).map_or(&[][..], |(_, types)| types);
            types.iter().any(|t| Some(*t) == module_type.as_deref())
        };
        for row in rows {
            let fine = match row.verdict.outcome {
                Pass => !may_skip(row.check, &row.module_type),
                Skip => may_skip(row.check, &row.module_type),
                _ => false,
            };
            if !fine {
                wrong.push(format!("{} {:?}: {}", row.check, row.module_type, row.verdict));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs `cantus plugins validate`; returns whether it went well, and both outputs.
fn validated(arguments: &[&str], path: &Path) -> (bool, String, String) {
    let output = Command::new(program()).args(["plugins", "validate"]).args(arguments).arg(path).output();
    let output = output.expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_program_says_what_does_not_pass() {
    let only = ["--only", "whole", "--only", "on-time", "--only", "glides"];
    let (well, out, err) = validated(&only, &fixture("orderly"));
    assert_eq!((well, &*err), (true, ""), "{out}");
    assert!(out.contains("3 passed, 0 skipped, 0 warned, 0 failed, 0 crashed, 0 hung (level 5, seed 1)"), "{out}");

    let (well, out, err) = validated(&["--only", "defaults", "--seed", "7"], &fixture("unruly"));
    assert!(!well && err.starts_with("error: ") && err.contains("mend the plugin"), "{err}");
    assert!(out.contains("fail  defaults       OtherDefaults: level of a new instance is not 1"), "{out}");
    assert!(out.contains("seed 7"), "{out}");

    let (well, out, _) = validated(&["--only", "glides", "--json"], &fixture("second_gain"));
    let rows: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert!(well && rows[0]["check"] == "glides" && rows[0]["outcome"] == "pass" && rows[0]["type"] == "Gain", "{out}");

    let (well, _, err) = validated(&["--only", "on-tame"], &fixture("orderly"));
    assert!(!well && err.contains("there is no check \"on-tame\"; did you mean \"on-time\"?"), "{err}");
    let (well, out, _) = validated(&["--only", "fuzz"], &fixture("no_plugin"));
    assert!(!well && out.contains("it is not a Cantus plugin"), "{out}");
    let (well, _, err) = validated(&[], &fixture("nowhere"));
    assert!(!well && err.contains("check the path"), "{err}");
}

#[test]
fn behind_a_gate_that_fails_nothing_is_run() {
    let rows = validate::validate(&asked(&fixture("no_plugin"), 60), &|_| true).expect("nothing is named");
    let not_skipped: Vec<_> =
        rows.iter().filter(|r| r.verdict.outcome != Skip).map(|r| (r.check, r.verdict.outcome)).collect();
    assert_eq!(not_skipped, [("whole", Pass), ("machine", Pass), ("manifest", Fail)]);
}
