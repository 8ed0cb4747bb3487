//! The program while it plays: its journals, its prompt, and who listens.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::cli::{cantus, path, text};
use crate::rig::{bundled, program};

/// What a performance on the null device begins with.
const NOBODY: &str = "playing to nobody; Ctrl-C ends it\n";

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
fn a_line_that_is_no_text_is_named_and_the_next_one_counts() {
    use std::io::Write;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let song = folder.path().join("song.lua");
    std::fs::write(&song, "").expect("the folder can be written");
    let mut child = start(folder.path(), &["run", path(&song), "--device", "null", "--bars", "0.25"]);
    child.stdin.take().expect("a pipe").write_all(b"x = '\xff'\n20 + 1\r\n20 + 2").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stdout), "21\n22\n");
    let said =
        "error: could not read that line: invalid utf-8 sequence of 1 bytes from index 5; type it again in UTF-8\n";
    assert_eq!(text(&output.stderr), format!("{NOBODY}{said}"));
}

/// Lines that belong together are evaluated together, as editors send them.
#[test]
fn what_goes_on_in_the_next_line() {
    use std::io::Write;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let song = folder.path().join("song.lua");
    std::fs::write(&song, "").expect("the folder can be written");
    let mut child = start(folder.path(), &["run", path(&song), "--device", "null", "--bars", "0.25"]);
    let lines = b"function twice(n)\n\n  return 2 * n\nend\ntwice(\n21)\nprint(\n\ntwice(4))\ntwice(";
    child.stdin.take().expect("a pipe").write_all(lines).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stdout), "42\n");
    let said = "8\nerror: prompt:1: unexpected symbol near <eof>\n";
    assert_eq!(text(&output.stderr), format!("{NOBODY}{said}"));
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

/// A session whose script can be broken, with journals of its own.
struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new(code: &str) -> Stage {
        let stage = Stage { folder: tempfile::tempdir().expect("a temporary folder") };
        std::fs::create_dir(stage.song()).expect("the folder can be written");
        std::fs::write(stage.song().join("session.toml"), "version = 1\nbpm = 90.0\n").expect("it can be written");
        stage.write(code);
        stage
    }

    fn song(&self) -> PathBuf {
        self.folder.path().join("song")
    }

    fn write(&self, code: &str) {
        std::fs::write(self.song().join("main.lua"), code).expect("the folder can be written");
    }

    fn begin(&self, more: &[&str]) -> Child {
        start(self.folder.path(), &[&["run", path(&self.song()), "--device", "null"], more].concat())
    }

    /// Plays a little; what was said.
    fn run(&self, more: &[&str]) -> (bool, String) {
        let output = self.begin(&[&["--bars", "0.05"], more].concat()).wait_with_output().expect("it ends");
        (output.status.success(), text(&output.stderr))
    }

    /// Plays until it is killed; the journal that is left.
    fn killed(&self) -> PathBuf {
        let before = self.journals();
        let mut child = self.begin(&[]);
        // Two batches: what the session says, and that beats go on.
        let applied =
            |path: &PathBuf| std::fs::read_to_string(path).expect("it is there").matches("{\"Applied\":").count() > 1;
        let new = loop {
            let new = self.journals().into_iter().find(|path| !before.contains(path)).filter(applied);
            match new {
                Some(new) => break new,
                None => std::thread::sleep(std::time::Duration::from_millis(1)),
            }
        };
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        new
    }

    /// All there are, the oldest first.
    fn journals(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder.path().join("cantus/journals")).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = files.map(|file| file.path()).collect();
        files.sort();
        files
    }
}

#[test]
fn a_start_that_fails_takes_no_journals_place() {
    let stage = Stage::new("gain('g')\n");
    let killed = stage.killed();
    stage.write("gain('g'\n");
    for _ in 0..22 {
        let (good, said) = stage.run(&[]);
        assert!(
            !good && said.contains(&format!("did not end in order; --recover={} goes on", killed.display())),
            "{said}"
        );
    }
    assert_eq!(stage.journals(), [killed]);
    // One that was named can be named again.
    let named = stage.folder.path().join("it.journal");
    assert!(!stage.run(&["--journal", path(&named)]).0 && !named.exists());
    stage.write("gain('g')\n");
    let (good, said) = stage.run(&["--recover"]);
    assert!(good && said.contains("it goes on from where the journal ends"), "{said}");
    let (good, said) = stage.run(&["--journal", path(&named)]);
    assert!(good && named.exists() && !said.contains("did not end in order"), "{said}");
}

#[test]
fn the_last_performance_that_broke_off_is_kept() {
    let stage = Stage::new("gain('g')\n");
    let broken = std::fs::read(stage.killed()).expect("it is there");
    assert!(stage.run(&[]).0);
    let [first, ended] = &stage.journals()[..] else { panic!("{:?}", stage.journals()) };
    let name = first.file_name().expect("it has one").to_string_lossy();
    let at = |minute: usize| first.with_file_name(format!("{}{minute:015}.journal", &name[..name.len() - 23]));
    let ended = std::fs::read(ended).expect("it is there");
    let header = &ended[..=ended.iter().position(|b| *b == b'\n').expect("a line")];
    stage.journals().iter().for_each(|path| std::fs::remove_file(path).expect("it is there"));
    // Two broke off, and the others ended; in some nothing was played, and the last two have just begun.
    let empty = |minute: &usize| minute % 4 == 3 || *minute == 40;
    for minute in 1..=40 {
        let journal = match minute {
            1 | 2 => &*broken,
            _ if empty(&minute) => header,
            _ => &*ended,
        };
        std::fs::write(at(minute), journal).expect("the folder can be written");
    }
    let (good, said) = stage.run(&[]);
    assert!(good && !said.contains("did not end in order"), "{said}");
    let left: Vec<usize> = (1..=40).filter(|minute| at(*minute).exists()).collect();
    // With the new one twenty in which something was played.
    let played: Vec<usize> = (3..40).filter(|minute| !empty(minute)).collect();
    assert_eq!(left, [&[2], &played[played.len() - 19..], &[39, 40]].concat());
    assert_eq!(stage.journals().len(), left.len() + 1);
}

/// Where nothing is to be heard, as on a machine without a sound card.
#[cfg(target_os = "linux")]
#[test]
fn what_is_rendered_where_there_is_no_device_is_recovered_too() {
    let stage = Stage::new("setting('rate', 44100)\n");
    let named = stage.folder.path().join("it.journal");
    assert!(stage.run(&["--journal", path(&named)]).0);
    // What the session comes to by itself is another thing.
    stage.write("");
    let (out, recover) = (stage.folder.path().join("out.wav"), format!("--recover={}", named.display()));
    let render = |more: &[&str]| {
        let song = stage.song();
        let arguments = [&["run", path(&song), "--bars", "0.05", "--or-render", path(&out)], more].concat();
        let mut command = Command::new(program());
        command.args(arguments).env_remove("CANTUS_PLUGIN_PATH").env("ALSA_CONFIG_PATH", "/dev/null");
        let folder = stage.folder.path();
        command.env("XDG_DATA_HOME", folder).env("XDG_STATE_HOME", folder).env("XDG_CONFIG_HOME", folder);
        let output = command.output().expect("the program runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        let wav = hound::WavReader::open(&out).expect("a WAV file");
        (wav.spec().sample_rate, text(&output.stderr).contains("it goes on from where the journal ends"))
    };
    assert_eq!(render(&[]), (48_000, false));
    assert_eq!(render(&[&recover]), (44_100, true));
    assert_eq!(stage.journals(), Vec::<PathBuf>::new(), "nothing was performed");
}

#[test]
fn a_performance_ends_by_a_word() {
    use std::io::Write;
    for word in ["exit", "quit", "exit()"] {
        let stage = Stage::new("");
        let mut child = stage.begin(&[]);
        child.stdin.take().expect("a pipe").write_all(format!("1 + 1\n{word}\n").as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{word}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "2\n", "{word}");
    }
}
