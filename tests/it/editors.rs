//! What editors are told: `cantus new` and `cantus types`, and a checker of Lua types that reads the definitions.

use std::path::Path;
use std::process::Command;

use crate::cli::{cantus, path, text};
use crate::rig::{pieces, registry};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// What it says on standard output.
fn good(arguments: &[&str]) -> String {
    let output = cantus(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// What it says on standard error.
fn bad(arguments: &[&str]) -> String {
    let output = cantus(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    text(&output.stderr)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the folder can be written");
}

/// Names in a folder, ascending.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("it is there").flatten();
    let mut names: Vec<_> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_new_song_is_there_to_be_written_on() {
    let folder = folder();
    let song = folder.path().join("first-song");
    let said = good(&["new", path(&song)]);
    assert!(said.ends_with(&format!("hear it with\n  cantus run {}\n", song.display())), "{said}");
    let all = [".gitignore", ".luarc.json", ".types", "lib", "main.lua", "samples", "session.toml"];
    assert_eq!(names(&song), all);
    assert_eq!(names(&song.join(".types")), ["cantus.d.lua", "modules.d.lua"]);
    // It plays and renders as it is.
    let rendered = cantus(&["render", path(&song), "-o", path(&folder.path().join("a.wav")), "--seconds", "0.1"]);
    assert!(rendered.status.success(), "{}", text(&rendered.stderr));
    assert!(!text(&rendered.stderr).contains("error"), "{}", text(&rendered.stderr));
    let journal = folder.path().join("it.journal");
    good(&["run", path(&song), "--device", "null", "--bars", "0.1", "--journal", path(&journal)]);
    // The example in it plays, once its sounds are there.
    for sound in ["kick", "snare", "hat"] {
        let to = song.join("samples").join(format!("{sound}.flac"));
        std::fs::copy(pieces().join("samples/bd_haus.flac"), to).expect("it can be copied");
    }
    let main = read(&song.join("main.lua"));
    let (head, example) = main.split_once("take the dashes away:\n--\n").expect("there is an example");
    let example: String =
        example.lines().map(|line| line.trim_start_matches("-- ").trim_start_matches("--").to_owned() + "\n").collect();
    assert!(example.contains("connect(steps, drums)"), "{example}");
    write(&song.join("main.lua"), &format!("{head}\n{}", example.replace(".wav", ".flac")));
    let out = folder.path().join("b.wav");
    let figures = good(&["render", path(&song), "-o", path(&out), "--seconds", "1", "--json"]);
    let figures: serde_json::Value = serde_json::from_str(&figures).expect("JSON");
    assert!(figures["peak_dbfs"].as_f64().expect("not silent") > -20.0, "{figures}");
}

#[test]
fn a_new_song_takes_nothing_away() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("full")).expect("the folder can be written");
    write(&at("full/mine.txt"), "mine");
    write(&at("file"), "mine");
    std::fs::create_dir(at("empty")).expect("the folder can be written");
    for (name, expected) in [
        ("full", "something is there already; choose another name"),
        ("file", "something is there already; choose another name"),
        ("-x y", "a song is named with at most 64 letters"),
        (".hidden", "a song is named with at most 64 letters"),
        ("a b", "a song is named with at most 64 letters"),
    ] {
        let error = bad(&["new", "--", path(&at(name))]);
        assert!(error.starts_with(&format!("error: could not make {}: {expected}", at(name).display())), "{error}");
    }
    assert_eq!(names(&at("full")), ["mine.txt"]);
    assert_eq!(names(folder.path()), ["empty", "file", "full"]);
    good(&["new", path(&at("empty"))]);
    good(&["new", path(&at("deep/er"))]);
}

#[test]
fn a_song_has_its_modules_as_globals() {
    let folder = folder();
    let (song, at) = (folder.path(), |name: &str| folder.path().join(name));
    write(&at("song.lua"), "kick = sampler('kick')\nsequencer('seq')\n");
    let all =
        |script: &str| ["cantus.d.lua", "modules.d.lua", script].map(|name| path(&at(".types").join(name)).to_owned());
    let said = good(&["types", path(&at("song.lua"))]);
    let [functions, modules, session] = all("session.d.lua");
    assert_eq!(said.lines().collect::<Vec<_>>(), [&functions, &modules, path(&at(".luarc.json")), &session]);
    let definitions = read(Path::new(&session));
    assert!(
        definitions.ends_with("\n---@type MultiSampler\nkick = {}\n\n---@type TrackerSequencer\nseq = {}\n"),
        "{definitions}"
    );
    let definitions = read(Path::new(&modules));
    for (name, known) in registry().catalog().iter().filter(|(_, known)| known.plugin.starts_with("cantus.")) {
        assert!(definitions.contains(&format!("\n---@class {name}: cantus.Module\n")), "{name}");
        assert!(definitions.contains(&format!("\nfunction {}(name, options) end\n", known.constructor)), "{name}");
    }
    serde_json::from_str::<serde_json::Value>(&read(&at(".luarc.json"))).expect("JSON");
    // Of an error in it, nothing is lost.
    write(&at("song.lua"), "kick = samplr('kick')\n");
    let error = bad(&["types", path(&at("song.lua"))]);
    assert!(error.starts_with("error: could not tell what the song makes: song.lua:1: "), "{error}");
    assert!(read(Path::new(&session)).contains("kick = {}"));
    // A folder needs no session; its `main.lua` will do.
    write(&at("main.lua"), "desk = mixer('desk')\n");
    good(&["types", path(song)]);
    assert!(read(Path::new(&session)).ends_with("---@type AudioMixer\ndesk = {}\n"));
    let error = bad(&["types", path(&at("nowhere"))]);
    assert!(error.contains("it is neither a folder nor a script; name one that is there"), "{error}");
}

#[test]
fn what_somebody_else_has_there_stays() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    write(&at(".luarc.json"), "{}");
    let output = cantus(&["types", path(folder.path())]);
    assert!(output.status.success());
    let said = text(&output.stderr);
    assert!(said.contains("stays as it is; add \"workspace.library\": [\".types\"] to it"), "{said}");
    assert_eq!(read(&at(".luarc.json")), "{}");
    // One that knows of them is nothing to talk about.
    write(&at(".luarc.json"), "{\"workspace.library\": [\".types\", \"mine\"]}");
    assert_eq!(text(&cantus(&["types", path(folder.path())]).stderr), "");
    write(&at(".types/modules.d.lua"), "-- mine");
    let error = bad(&["types", path(folder.path())]);
    assert!(error.contains("modules.d.lua: somebody else's file is there; move it away first"), "{error}");
    assert_eq!(read(&at(".types/modules.d.lua")), "-- mine");
}

/// What `emmylua_check` has to say of types in a folder, as `file:line: what`; `None` where it is not installed.
fn checked(folder: &Path) -> Option<Vec<String>> {
    let Ok(output) = Command::new("emmylua_check").args(["-f", "json"]).arg(folder).output() else {
        eprintln!("skipped: emmylua_check is not installed; `cargo install emmylua_check` brings it");
        return None;
    };
    let files: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut found = Vec::new();
    for file in files.as_array().expect("a list of files") {
        let name = Path::new(file["file"].as_str().expect("a path")).file_name().expect("of a file");
        for diagnostic in file["diagnostics"].as_array().expect("a list") {
            let code = diagnostic["code"].as_str().unwrap_or_default();
            // Whether a list may be too short is not what is looked at, nor what is not used.
            if !["unused", "need-check-nil", "unnecessary-assert"].contains(&code) {
                let line = diagnostic["range"]["start"]["line"].as_u64().expect("a line") + 1;
                found.push(format!("{}:{line}: {code}", name.to_string_lossy()));
            }
        }
    }
    found.sort();
    Some(found)
}

/// Lines with a mistake, and what it is.
const MISTAKES: &[(&str, &str)] = &[
    ("hat.volume = true", "assign-type-mismatch"),
    ("hat.pan = 'left'", "assign-type-mismatch"),
    ("hat.volum = 1", "inject-field"),
    ("print(hat.volum)", "undefined-field"),
    ("hat.slots[1].gian = 1", "inject-field"),
    ("hat:stopp()", "undefined-field"),
    ("sampler('h', { polyphony = 'many' })", "param-type-mismatch"),
    ("connect(3, hat)", "param-type-mismatch"),
    ("bpm('fast')", "param-type-mismatch"),
    ("conect(hat, hat)", "undefined-global"),
    ("engine:getClok()", "undefined-field"),
    ("hat.mute = 'yes'", "assign-type-mismatch"),
    ("clock.snyc(1)", "undefined-field"),
];

#[test]
fn a_checker_finds_mistakes_and_nothing_else() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    good(&["types", path(folder.path())]);
    let mut expected = Vec::new();
    let mut mistakes = "local hat = sampler('hat')\n".to_owned();
    for (number, (line, code)) in MISTAKES.iter().enumerate() {
        mistakes += &format!("{line}\n");
        expected.push(format!("mistakes.lua:{}: {code}", number + 2));
    }
    expected.sort();
    write(&at("mistakes.lua"), &mistakes);
    let known = "local kick, snare, seq, desk = sampler('kick'), sampler('snare'), sequencer('seq'), mixer('desk')\n";
    let uses = "kick.volume = '-6dB' kick.volume = kick.volume * 2 kick.slots[1] = {gain = 1} kick.slots[2].gain = kick.slots[1].gain\n\
                seq.pattern = pattern('p', 'x .') kick:trigger('C4') kick:trigger{note = 60} print(kick.meters.peak + 1)\n\
                for _, m in ipairs(modules()) do m.volume = 1 end for _, s in ipairs(kick.slots) do s.pan = 0 end\n\
                local bass = make('MultiSampler', 'bass') bass.volume = 0.5 gain{gain = '-6dB'} kick.mute = true\n";
    // A type of which the functions' examples speak.
    write(&at("lfo.lua"), "---@meta\n---@class Lfo: cantus.Module\nlocal Lfo = {}\n");
    write(&at("uses.lua"), &format!("{known}{uses}"));
    for (number, row) in cantus_lua::documentation().iter().enumerate() {
        write(&at(&format!("function_{number}.lua")), &format!("{known}{}\n", row.example));
    }
    let examples = registry();
    let examples =
        examples.plugins().iter().filter(|p| p.bundled).flat_map(|p| &p.manifest.modules).flat_map(|m| &m.examples);
    for (number, example) in examples.enumerate() {
        write(&at(&format!("module_{number}.lua")), &example.code);
    }
    if let Some(found) = checked(folder.path()) {
        assert_eq!(found, expected);
    }
}
