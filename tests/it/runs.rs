//! The program while it plays: its journals, its prompt, and who listens.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::cli::{cantus, path, text};
use crate::rig::{bundled, program};

/// Starts the program with pipes to and from it, and a state of its own.
fn start(state: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(program());
    command.args(arguments).env_remove("CANTUS_PLUGIN_PATH").env("XDG_DATA_HOME", bundled().join("nowhere"));
    command.env("XDG_STATE_HOME", state).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program runs")
}

#[test]
fn when_nobody_listens_any_more_the_music_goes_on() {
    use std::io::Write;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let song = folder.path().join("song.lua");
    std::fs::write(&song, "print('here')\n").expect("the folder can be written");
    let mut child = start(folder.path(), &["run", path(&song), "--device", "null", "--bars", "0.25"]);
    drop((child.stdout.take(), child.stderr.take()));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"1 + 1\nprint('there')\nnonsense nonsense\n").expect("it reads");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn results_that_nobody_reads_are_no_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("song.lua"), "gain('g')\n").expect("the folder can be written");
    let (song, take, out) = (at("song.lua"), at("take.journal"), at("out.wav"));
    let played = cantus(&["run", path(&song), "--device", "null", "--bars", "0.1", "--journal", path(&take)]);
    assert!(played.status.success(), "{}", text(&played.stderr));
    for arguments in [
        &["plugins", "list"][..],
        &["plugins", "list", "--json"],
        &["plugins", "info", "Gain"],
        &["devices", "--json"],
        &["settings", "list"],
        &["settings", "help"],
        &["settings", "get", "device"],
        &["render", path(&song), "-o", path(&out), "--seconds", "0.1"],
        &["render", path(&song), "-o", path(&out), "--seconds", "0.1", "--json"],
        &["replay", path(&take), "-o", path(&out), "--seconds", "0.1"],
    ] {
        let mut child = start(folder.path(), arguments);
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("panicked"), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_find_no_room_are_an_error() {
    let full = std::fs::File::create("/dev/full").expect("Linux has it");
    let output = Command::new(program()).args(["settings", "list"]).stdout(full).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    let said = "error: could not write the result: No space left on device (os error 28); send it to another place\n";
    assert_eq!(text(&output.stderr), said);
}
