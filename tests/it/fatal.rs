//! Modules that take the program with them: who it was is said, and it can be played without them.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};

use crate::cli::{path, text};
use crate::rig::{bundled, fixture, program};

/// A song in which a module of a type plays a note.
struct Song(tempfile::TempDir);

impl Song {
    fn of(module_type: &str) -> Song {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let code = format!("bad = make('{module_type}', 'bad')\nat(1, function() bad:trigger{{note = 60}} end)\n");
        std::fs::write(folder.path().join("song.lua"), code).expect("the folder can be written");
        Song(folder)
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(program());
        command.args(arguments).args(["--plugins", path(&fixture("fatal"))]).current_dir(self.0.path());
        command.env_remove("CANTUS_PLUGIN_PATH").env("XDG_DATA_HOME", bundled().join("nowhere"));
        command.env("XDG_STATE_HOME", self.0.path().join("state"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
    }

    fn cantus(&self, arguments: &[&str]) -> Output {
        self.start(arguments).wait_with_output().expect("it ends")
    }
}

const RUN: &[&str] = &["run", "song.lua", "--device", "null", "--bars", "0.5"];

#[test]
#[cfg_attr(cantus_rtsan, ignore = "the report of a crash is written where nothing else may be")]
fn a_crash_names_the_module_and_the_next_start_offers_to_play_without_it() {
    for (module_type, signal) in [("Overflows", "SIGSEGV"), ("Aborts", "SIGABRT"), ("AbortsElsewhere", "SIGABRT")] {
        let song = Song::of(module_type);
        let said =
            format!("Cantus crashed ({signal}) while bad ({module_type}) was at work; --without bad plays without it");
        let crashed = song.cantus(RUN);
        assert!(crashed.status.signal().is_some(), "{module_type}: {:?}", crashed.status);
        assert!(text(&crashed.stderr).contains(&said), "{module_type}: {}", text(&crashed.stderr));

        let rendered = song.cantus(&["render", "song.lua", "-o", "out.wav", "--seconds", "1"]);
        assert!(
            rendered.status.signal().is_some() && text(&rendered.stderr).contains(&said),
            "{}",
            text(&rendered.stderr)
        );

        let without = song.cantus(&[RUN, &["--without", "bad"]].concat());
        assert_eq!(without.status.code(), Some(0), "{}", text(&without.stderr));
        let offered = text(&without.stderr);
        assert!(offered.contains(&said), "{offered}");
        let again = text(&song.cantus(&[RUN, &["--without", "bad"]].concat()).stderr);
        assert!(!again.contains("crashed"), "the last one ended in order: {again}");
    }
}

#[test]
fn a_module_that_does_not_come_back_is_named_and_the_program_can_be_ended() {
    let song = Song::of("Endless");
    let mut child = song.start(RUN);
    let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let named = said.find(|line| line.contains("does not come back")).expect("it is named");
    assert!(named.contains("the module bad does not come back") && named.contains("--without bad"), "{named}");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it is there");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}
