//! The program: exit codes, messages on standard error, and what is left behind.

use std::path::Path;
use std::process::{Command, Output};

use cantus_plugin_api::Cpu;

use crate::rig::{bundled, fixture, pieces, program, registry};

pub fn cantus(arguments: &[&str]) -> Output {
    // Whatever the user has installed stays out of it.
    let mut command = Command::new(program());
    command.args(arguments).env_remove("CANTUS_PLUGIN_PATH").env("XDG_DATA_HOME", bundled().join("nowhere"));
    command.env("XDG_STATE_HOME", bundled().join("state"));
    command.output().expect("the program runs")
}

/// Runs the program as a shell does, with this before it.
#[cfg(unix)]
fn cantus_behind(before: &str, arguments: &[&str]) -> Output {
    let line = format!("{before}; exec \"$0\" \"$@\"");
    Command::new("sh").args(["-c", &line]).arg(program()).args(arguments).output().expect("there is a shell")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Renders a script of this text; returns the output, and whether a file was left in the folder.
fn render(code: &str, more: &[&str]) -> (Output, Vec<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("song.lua");
    std::fs::write(&script, code).expect("the folder can be written");
    let out = folder.path().join("song.wav");
    let mut arguments = vec!["render", path(&script), "-o", path(&out), "--seconds", "0.25"];
    arguments.extend(more);
    let output = cantus(&arguments);
    let left = std::fs::read_dir(folder.path())
        .expect("it is there")
        .filter_map(|e| Some(text(e.ok()?.file_name().as_encoded_bytes())));
    (output, left.filter(|name| name != "song.lua").collect())
}

pub fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders are UTF-8")
}

#[test]
fn a_render_says_what_came_out() {
    let samples = pieces().join("samples");
    let (output, left) = render(
        &format!("sampler('k', {{slots = {{ {{file = '{}/bd_haus.flac'}} }} }}):trigger{{}}", path(&samples)),
        &["--json"],
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(left, ["song.wav"]);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(said["seconds"], 0.25);
    assert!(said["peak_dbfs"].as_f64().expect("not silent") > -6.0, "{said}");
}

#[test]
fn plugins_use_the_instructions_that_were_asked_for() {
    let probes = crate::rig::fixture("probes");
    for (more, number) in
        [(vec![], Cpu::best().number()), (vec!["--cpu", "best"], Cpu::best().number()), (vec!["--cpu", "portable"], 0)]
    {
        let more = [vec!["--plugins", path(&probes), "--json"], more].concat();
        let (output, _) = render("make('Width', 'w')", &more);
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let peak = 10f64.powf(said["peak_dbfs"].as_f64().expect("not silent") / 20.0);
        assert_eq!((peak * 100.0).round(), f64::from(number + 1), "{more:?}: {said}");
    }
}

#[test]
fn bars_are_as_long_as_the_tempo_map_says() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (song, out) = (folder.path().join("song.lua"), folder.path().join("song.wav"));
    for (code, seconds) in [
        ("", 2.0),
        ("bpm(60)", 4.0),
        ("tempo_at(0, 60)", 4.0),
        ("tempo_at(2, 60)", 3.0),
        ("signature('3/4') tempo_at(1, 240)", 1.0),
        // From 60 to 120 in four beats: at 90 in the mean.
        ("tempo_at(0, 60, {ramp = true}) tempo_at(4, 120)", 8.0 / 3.0),
        ("tempo_at(1, 60) loop(0, 2)", 3.0),
    ] {
        std::fs::write(&song, code).expect("the folder can be written");
        let output = cantus(&["render", path(&song), "-o", path(&out), "--bars", "1", "--json"]);
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let got = said["seconds"].as_f64().expect("a number");
        assert!((got - seconds).abs() <= 0.5 / 48_000.0 + 1e-9, "{code}: {got} s, not {seconds}");
    }
}

#[test]
fn what_fails_leaves_nothing_behind() {
    for (code, expected) in [
        ("kick = sampler(\"kick\"\n", "song.lua:"),
        ("x = 1\nkick = samplr('kick')\n", "song.lua:2: "),
        ("kick = sampler('kick')\nkick.volum = 1\n", "song.lua:2: "),
        ("\n\nmake('Nonesuch', 'x')\n", "song.lua:3: there is no module type \"Nonesuch\""),
        ("while true do end\n", "song.lua:1: "),
        (
            "sampler('kick').slots[1].file = 'nowhere.flac'\n",
            "song.lua:1: kick.slots[1].file: sound file \"nowhere.flac\": could not open it",
        ),
    ] {
        let (output, left) = render(code, &[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{code}{said}");
        assert!(said.contains(expected), "{code}{said}");
        assert_eq!(left, Vec::<String>::new(), "{code}");
    }
}

#[test]
fn what_is_missing_can_be_allowed() {
    let (output, left) = render("sampler('kick').slots[1].file = 'nowhere.flac'\n", &["--allow-missing"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(left, ["song.wav"]);
}

#[test]
fn a_missing_script_is_an_error() {
    let output = cantus(&["render", "nowhere.lua", "-o", "nowhere.wav"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("nowhere.lua"), "{}", text(&output.stderr));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in
        [&["render"][..], &["nonsense"], &["render", "a.lua", "-o", "b.wav", "--bars", "none"], &["plugins"]]
    {
        assert_eq!(cantus(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn plugins_are_listed_and_described() {
    let output = cantus(&["plugins", "list"]);
    assert!(output.status.success());
    let list = text(&output.stdout);
    for module_type in ["AudioMixer", "AudioOutput", "Gain", "MultiSampler", "TrackerSequencer"] {
        assert!(list.contains(module_type), "{list}");
    }
    assert_eq!(text(&output.stderr), "", "nothing to complain of");

    let info = text(&cantus(&["plugins", "info", "MultiSampler"]).stdout);
    for word in ["sampler(\"x\")", "volume", "slots[1] to slots[128]", "file", "root", "stop()", "\npresets\n  pad  "] {
        assert!(info.contains(word), "{word}\n{info}");
    }
    for module_type in ["MultiSampler", "Filter", "TrackerSequencer", "AudioMixer"] {
        let info = text(&cantus(&["plugins", "info", module_type]).stdout);
        assert!(info.lines().all(|line| line == line.trim_end()), "{info}");
    }
    let registry = registry();
    let known = registry.catalog().get("MultiSampler").expect("it is bundled");
    for param in known.manifest.params.iter().filter(|param| !param.aliases.is_empty()) {
        let also = format!("{}; also {}", param.doc, param.aliases.join(", "));
        assert!(info.contains(&also), "{also}\n{info}");
    }
    for meter in &known.manifest.meters {
        let line = info.lines().rfind(|line| line.trim_start().starts_with(&format!("{} ", meter.keys())));
        assert!(line.is_some_and(|line| line.contains(meter.unit.name())), "{}\n{info}", meter.keys());
    }
    let wrong = cantus(&["plugins", "info", "MultiSampel"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("did you mean \"MultiSampler\"?"), "{}", text(&wrong.stderr));
}

#[test]
fn a_plugin_from_elsewhere_can_be_chosen() {
    let second = fixture("second_gain");
    let provider = |more: &[&str]| {
        let mut arguments = vec!["plugins", "list", "--json", "--plugins", path(&second)];
        arguments.extend(more);
        let output = cantus(&arguments);
        let rows: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let rows = rows.as_array().expect("a list");
        let gains: Vec<_> = rows.iter().filter(|r| r["type"] == "Gain").collect();
        assert_eq!(gains.len(), 2, "both are listed");
        let used = gains.iter().find(|r| r["used"] == true).expect("one is used");
        used["plugin"].as_str().expect("text").to_owned()
    };
    assert_eq!(provider(&[]), "cantus.gain", "the default does not change because another one is there");
    assert_eq!(provider(&["--use", "Gain=fixture.second-gain"]), "fixture.second-gain");
}

#[test]
fn a_choice_that_cannot_be_is_an_error() {
    for choice in ["Gain=nobody", "Nonesuch=cantus.gain"] {
        let output = cantus(&["plugins", "list", "--use", choice]);
        assert_eq!(output.status.code(), Some(1), "{choice}");
        assert!(text(&output.stderr).starts_with(&format!("error: --use {choice}: ")), "{}", text(&output.stderr));
    }
}

#[test]
fn an_empty_plugin_folder_is_worth_a_word() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = cantus(&["plugins", "list", "--plugins", path(folder.path())]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("there is no library in it"), "{}", text(&output.stderr));
}

#[test]
fn silence_is_worth_a_word() {
    let (output, left) = render("gain('g')\n", &[]);
    assert!(output.status.success());
    assert_eq!(left, ["song.wav"]);
    assert!(text(&output.stderr).contains("warning: it is silent"), "{}", text(&output.stderr));
}

#[test]
fn devices_are_listed() {
    let output = cantus(&["devices", "--json"]);
    assert!(output.status.success());
    let devices = serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON");
    assert_eq!(devices.as_array().expect("a list").last().expect("at least one")["name"], "null");
    let listed = cantus(&["devices"]);
    assert!(text(&listed.stdout).ends_with("  null  plays to nobody\n"), "{}", text(&listed.stdout));
    let none = cantus_host::device::DeviceError::None.to_string();
    assert!(none.contains("; `--device null` plays to nobody"), "{none}");
}

#[test]
fn run_plays_in_real_time_on_the_null_device() {
    let piece = pieces().join("beat.lua");
    let began = std::time::Instant::now();
    let output = cantus(&["run", path(&piece), "--device", "null", "--bars", "0.25"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(began.elapsed().as_secs_f64() > 0.3, "a beat takes its time");
    assert!(text(&output.stderr).contains("playing to nobody; Ctrl-C ends it\n"), "{}", text(&output.stderr));
}

#[test]
fn a_performance_is_replayed_and_gone_on_with() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("song.lua"), "constant('c', {value = 0.5})\n").expect("the folder can be written");
    let (song, take, out) = (at("song.lua"), at("take.journal"), at("take.wav"));
    let probes = fixture("probes");
    let device = ["--device", "null", "--bars", "0.1", "--plugins", path(&probes)];
    let run = |more: &[&str]| cantus(&[&["run", path(&song)], &device[..], more].concat());
    let first = run(&["--journal", path(&take)]);
    assert!(first.status.success(), "{}", text(&first.stderr));
    // It takes no file's place.
    assert!(!run(&["--journal", path(&take)]).status.success());
    let replayed = cantus(&["replay", path(&take), "-o", path(&out), "--plugins", path(&probes)]);
    assert!(replayed.status.success(), "{}", text(&replayed.stderr));
    let mut wav = hound::WavReader::open(&out).expect("a WAV file");
    let samples: Vec<f32> = wav.samples().map(|s| s.expect("a sample")).collect();
    assert!(samples.len() > 2 * 9_600 && samples[samples.len() - 1] == 0.5, "{}", samples.len());
    let recover = format!("--recover={}", path(&take));
    let second = run(&[&recover]);
    let said = "it goes on from where the journal ends, 2 batches after its last full state";
    assert!(second.status.success() && text(&second.stderr).contains(said), "{}", text(&second.stderr));
    let nothing = run(&["--recover=nothing.journal"]);
    assert!(text(&nothing.stderr).starts_with("error: could not read journal nothing.journal: "));
}

#[cfg(unix)]
#[test]
fn a_render_destroys_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let samples = pieces().join("samples");
    std::fs::copy(samples.join("bd_fat.flac"), at("kick.flac")).expect("the recording is there");
    std::fs::write(at("song.lua"), "sampler('k').slots[1].file = 'kick.flac'\n").expect("the folder can be written");
    std::fs::create_dir(at("folder")).expect("the folder can be written");
    std::os::unix::fs::symlink(at("song.lua"), at("link.wav")).expect("the folder can be written");
    for (out, expected) in [
        ("song.lua", "it is what is to be played"),
        ("link.wav", "it is what is to be played"),
        ("kick.flac", "the script plays it"),
        ("folder", "it is there and is not a file"),
        ("nowhere/song.wav", "its folder is not there"),
    ] {
        let before = std::fs::read(at("kick.flac")).expect("it is there");
        let output = cantus(&["render", path(&at("song.lua")), "-o", path(&at(out)), "--seconds", "0.1"]);
        assert_eq!(output.status.code(), Some(1), "{out}");
        assert!(text(&output.stderr).contains(expected), "{out}: {}", text(&output.stderr));
        assert_eq!(std::fs::read(at("kick.flac")).expect("it is there"), before);
        assert!(std::fs::read_to_string(at("song.lua")).expect("it is there").starts_with("sampler"));
    }
    let output = cantus(&["render", path(&at("song.lua")), "-o", path(&at("long.wav")), "--seconds", "1000000"]);
    assert!(text(&output.stderr).contains("holds at most 4.1 hours"), "{}", text(&output.stderr));
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("it is there").flatten().map(|e| e.file_name()).collect();
    left.sort();
    assert_eq!(left, ["folder", "kick.flac", "link.wav", "song.lua"], "nothing is left behind");
}

#[test]
fn a_replay_destroys_no_sound_that_it_plays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("samples")).expect("the folder can be written");
    for copy in ["samples/kick.flac", "samples/other.flac"] {
        std::fs::copy(pieces().join("samples/bd_fat.flac"), at(copy)).expect("the recording is there");
    }
    std::fs::write(at("song.lua"), "sampler('k').slots[1].file = 'kick.flac'\n").expect("the folder can be written");
    let (song, take) = (at("song.lua"), at("take.journal"));
    let played = cantus(&["run", path(&song), "--device", "null", "--bars", "0.1", "--journal", path(&take)]);
    assert!(played.status.success(), "{}", text(&played.stderr));
    let kick = std::fs::read(at("samples/kick.flac")).expect("it is there");
    for (out, expected) in [
        ("samples/kick.flac", Some("the journal plays it; choose another name\n")),
        ("take.journal", Some("it is what is to be played; choose another name\n")),
        // It lies there, but nothing plays it.
        ("samples/other.flac", None),
    ] {
        let output = cantus(&["replay", path(&take), "-o", path(&at(out)), "--seconds", "0.1"]);
        assert_eq!(output.status.success(), expected.is_none(), "{out}: {}", text(&output.stderr));
        assert!(text(&output.stderr).ends_with(expected.unwrap_or("")), "{out}: {}", text(&output.stderr));
        assert!(std::fs::read(at("samples/kick.flac")).expect("it is there") == kick, "{out}");
    }
}

#[cfg(unix)]
#[test]
fn a_render_takes_its_place_whole_or_not_at_all() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (song, out) = (folder.path().join("song.lua"), folder.path().join("song.wav"));
    std::fs::write(&song, "gain('g')\n").expect("the folder can be written");
    std::fs::write(&out, "old").expect("the folder can be written");
    std::fs::set_permissions(&out, PermissionsExt::from_mode(0o640)).expect("it is ours");
    let render = |before: &str| cantus_behind(before, &["render", path(&song), "-o", path(&out), "--seconds", "1"]);
    // As on a full disk: no file may be longer than 4 KB.
    let full = render("trap '' XFSZ; ulimit -f 8");
    let said = format!("error: could not write {}: ", out.display());
    assert_eq!(full.status.code(), Some(1));
    assert!(text(&full.stderr).starts_with(&said), "{}", text(&full.stderr));
    assert!(text(&full.stderr).ends_with("; make room or choose another place\n"), "{}", text(&full.stderr));
    assert_eq!(std::fs::read(&out).expect("it is there"), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 2, "nothing is left behind");
    // What was left by one that was killed and had the number of this one: in a container they come again and again.
    let good = render(&format!("touch '{}'/.song.wav.$$.partial", folder.path().display()));
    assert!(good.status.success(), "{}", text(&good.stderr));
    assert!(std::fs::read(&out).expect("it is there").starts_with(b"RIFF"));
    let mode = out.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "who may read it may read it");
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("song.lua");
    std::fs::write(&script, "gain('g')\n").expect("the folder can be written");
    let out = folder.path().join("song.wav");
    let mut command = Command::new(program());
    command.args(["render", path(&script), "-o", path(&out), "--seconds", "14000"]);
    let child = command.stderr(std::process::Stdio::piped()).spawn().expect("the program runs");
    let count = || std::fs::read_dir(folder.path()).expect("it is there").count();
    while count() < 2 {
        std::thread::yield_now(); // until it writes
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill can be run");
    assert!(killed.success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("interrupted"), "{}", text(&output.stderr));
    assert_eq!(count(), 1, "only the script is left");
}

/// That `make rtsan` would find something, were it there.
#[cfg(cantus_rtsan)]
#[test]
fn what_a_plugin_must_not_do_ends_the_sanitized_program() {
    let misfits = fixture("misfits");
    let (output, _) = render("allocates('bad')", &["--plugins", path(&misfits)]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(43), "{said}");
    assert!(said.contains("RealtimeSanitizer: unsafe-library-call") && said.contains("alloc"), "{said}");
}

#[test]
fn what_cannot_be_played_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (empty, nowhere) = (path(folder.path()), folder.path().join("nowhere.lua"));
    for (arguments, code, expected) in [
        (
            ["run", empty, "--device", "null"],
            1,
            "this folder is no session; name a script, or begin a session with `cantus new`",
        ),
        (["run", path(&nowhere), "--device", "null"], 1, "(os error 2); check the path"),
        (["run", path(&nowhere), "--bars", "-1"], 2, "more than 0 and at most 1000000 is possible"),
        (["render", path(&nowhere), "--seconds", "-1"], 2, "more than 0 and at most 1000000 is possible"),
    ] {
        let output = cantus(&arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}
