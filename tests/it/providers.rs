//! Which plugin provides a type when a song is opened, and who says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::cli::text;
use crate::rig::{fixture, program};
use crate::swap::replaced;

/// A user of the program, who has nothing but a folder.
struct User {
    folder: tempfile::TempDir,
}

impl User {
    fn new() -> User {
        User { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders it lies in.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("it can be made");
        std::fs::write(&path, text).expect("it can be written");
        path
    }

    /// Copies a fixture's library, with words in it replaced by others that are as long.
    fn library(&self, name: &str, fixture_name: &str, words: &[(&str, &str)]) -> PathBuf {
        let mut bytes = std::fs::read(fixture(fixture_name)).expect("it is built");
        words.iter().for_each(|(from, to)| bytes = replaced(&bytes, from, to));
        let path = self.path(name).with_extension(std::env::consts::DLL_EXTENSION);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("it can be made");
        std::fs::write(&path, bytes).expect("it can be written");
        path
    }

    fn cantus(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.args(arguments).env_remove("CANTUS_PLUGIN_PATH").current_dir(self.folder.path());
        for folder in ["DATA", "STATE", "CONFIG"] {
            command.env(format!("XDG_{folder}_HOME"), self.path(&folder.to_lowercase()));
        }
        std::fs::create_dir_all(self.path("tmp")).expect("it can be made");
        let output = command.env("TMPDIR", self.path("tmp")).output().expect("the program runs");
        let left: Vec<_> = std::fs::read_dir(self.path("tmp")).expect("it is there").flatten().collect();
        assert!(left.is_empty(), "{arguments:?} leaves behind {left:?}");
        output
    }

    /// What it prints, when it ends well.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.cantus(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// What it complains of, when it does not.
    fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.cantus(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }
}

/// The first line of `plugins which Gain`.
fn which(user: &User, more: &[&str]) -> String {
    let said = user.says(&[&["plugins", "which", "Gain", "--plugins", "strange"], more].concat());
    said.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn what_is_said_last_counts_least() {
    let user = User::new();
    let library = |version: &str| {
        let name = format!("strange/gain{}", version.replace('.', "_"));
        user.library(&name, "second_gain", &[("version = \"0.1.0\"", &format!("version = \"{version}\""))])
    };
    library("1.2.0");
    library("1.3.0");
    let from = |plugin: &str, why: &str| format!("Gain comes from {plugin}: {why}");
    assert_eq!(which(&user, &[]), from("cantus.gain@0.1.0", "it comes with Cantus, and nothing else was chosen"));

    user.write("config/cantus/settings.toml", "providers = \"Gain=fixture.second-gain@1.2.0\"\n");
    assert_eq!(which(&user, &[]), from("fixture.second-gain@1.2.0", "the setting \"providers\" says so"));

    user.write("song/session.toml", "version = 1\n[modules.g]\ntype = \"Gain\"\n");
    let lock = ["plugins", "lock", "song", "--plugins", "strange", "--use", "Gain=fixture.second-gain@1.3.0"];
    user.says(&lock);
    assert_eq!(which(&user, &["song"]), from("fixture.second-gain@1.3.0", "cantus.lock says so"));

    let session = "version = 1\n[modules.g]\ntype = \"Gain\"\n[providers]\nGain = \"fixture.second-gain@1.2.0\"\n";
    user.write("song/session.toml", session);
    assert_eq!(which(&user, &["song"]), from("fixture.second-gain@1.2.0", "the session says so"));

    let said = which(&user, &["song", "--use", "Gain=cantus.gain"]);
    assert_eq!(said, from("cantus.gain@0.1.0", "--use says so"));
    // Of two versions in one place the newest is meant where nobody says which.
    let said = which(&user, &["--use", "Gain=fixture.second-gain"]);
    assert_eq!(said, from("fixture.second-gain@1.3.0", "--use says so"));
    let refused = user.refuses(&["plugins", "list", "--plugins", "strange", "--use", "Gain=fixture.second-gain@9.9.9"]);
    assert!(refused.contains("it is provided by fixture.second-gain@1.3.0, fixture.second-gain@1.2.0"), "{refused}");
}

#[test]
fn a_locked_song_is_played_with_the_same_bytes_or_not_at_all() {
    let user = User::new();
    let strange = user.library("strange/gain", "second_gain", &[]);
    user.write("song.lua", "gain(\"g\")");
    let refused = user.refuses(&["render", "song.lua", "-o", "a.wav", "--locked"]);
    assert!(refused.contains("it has no cantus.lock; `cantus plugins lock song.lua` writes one"), "{refused}");
    let choice = ["--plugins", "strange", "--use", "Gain=fixture.second-gain"];
    user.says(&[&["plugins", "lock", "song.lua"], &choice[..]].concat());
    let render = ["render", "song.lua", "-o", "a.wav", "--seconds", "0.1", "--locked", "--plugins", "strange"];
    user.says(&render);

    let mut bytes = std::fs::read(&strange).expect("it is there");
    bytes.push(0);
    std::fs::write(&strange, bytes).expect("it can be written");
    let refused = user.refuses(&render);
    assert!(
        refused.contains("Gain was locked to fixture.second-gain@0.1.0, and that is another build of it now"),
        "{refused}"
    );
    let refused = user.refuses(&["render", "song.lua", "-o", "a.wav", "--locked"]);
    assert!(refused.contains("Gain was locked to fixture.second-gain@0.1.0, and nothing provides it"), "{refused}");
    // Without the word it is played, and said.
    let played = user.cantus(&["render", "song.lua", "-o", "a.wav", "--seconds", "0.1"]);
    assert!(
        played.status.success() && text(&played.stderr).contains("comes from cantus.gain@0.1.0 now"),
        "{}",
        text(&played.stderr)
    );
}

#[test]
fn a_lock_names_what_the_script_chooses_and_nothing_else_is_there() {
    let user = User::new();
    user.library("strange/gain", "second_gain", &[]);
    user.write("song.lua", "use(\"Gain\", \"fixture.second-gain\")\ngain(\"g\")\n");
    user.says(&["plugins", "lock", "song.lua", "--plugins", "strange"]);
    let lock = std::fs::read_to_string(user.path("cantus.lock")).expect("it was written");
    assert!(lock.contains("id = \"fixture.second-gain\"") && !lock.contains("cantus."), "{lock}");
    let render = ["render", "song.lua", "-o", "a.wav", "--seconds", "0.1", "--locked", "--plugins", "strange"];
    let played = user.cantus(&render);
    let said = "as it was locked, only these plugins are there: fixture.second-gain@0.1.0";
    assert!(played.status.success() && text(&played.stderr).contains(said), "{}", text(&played.stderr));
    // Another build of the same version in a place before it is not in the way.
    let mut bytes = std::fs::read(user.library("before/gain", "second_gain", &[])).expect("it is there");
    bytes.push(0);
    std::fs::write(user.path("before/gain").with_extension(std::env::consts::DLL_EXTENSION), bytes).expect("it can be");
    let shadowed = [&["--plugins", "before"], &render[..]].concat();
    user.says(&shadowed);
    user.write("song.lua", "gain(\"g\")\nmixer(\"m\")\n");
    let refused = user.refuses(&render);
    assert!(refused.contains("mixer"), "{refused}");
    // What is damaged is written anew, as it says.
    user.write("cantus.lock", "what");
    assert!(user.refuses(&render).contains("write it anew with `cantus plugins lock`"));
    user.says(&["plugins", "lock", "song.lua"]);
}

/// A library of second_gain whose parameter has another name.
fn loud(user: &User) {
    user.library("strange/gain", "second_gain", &[("key = \"gain\"", "key = \"loud\"")]);
}

const LOUD: &str =
    "version = 1\n[modules.g]\ntype = \"Gain\"\nparams = { loud = 0.5 }\n[providers]\nGain = \"fixture.second-gain\"\n";

#[test]
fn a_journal_is_read_over_the_plugins_it_was_written_with() {
    let user = User::new();
    loud(&user);
    user.write("song/session.toml", LOUD);
    let run = ["run", "song", "--plugins", "strange", "--device", "null", "--bars", "0.1"];
    user.says(&[&run[..], &["--journal", "take.journal"]].concat());
    // Of a script that says nothing of plugins.
    user.write("other.lua", "assert(gain('g').loud == 0.5)\n");
    let run = ["run", "other.lua", "--plugins", "strange", "--device", "null", "--bars", "0.1"];
    let recovered = user.cantus(&[&run[..], &["--recover=take.journal"]].concat());
    let said = text(&recovered.stderr);
    assert!(recovered.status.success() && !said.contains("could not"), "{said}");

    // A session that the performance has left behind need not fit what it came to.
    user.write("left/session.toml", LOUD);
    user.write("left/main.lua", "remove('g') use('Gain')\n");
    let run = ["run", "left", "--plugins", "strange", "--device", "null", "--bars", "0.1"];
    user.says(&[&run[..], &["--journal", "left.journal"]].concat());
    user.write("left/main.lua", "");
    user.says(&[&run[..], &["--recover=left.journal"]].concat());

    user.write("config/cantus/settings.toml", "providers = \"Gain=fixture.second-gain\"\n");
    let run = ["run", "other.lua", "--plugins", "strange", "--device", "null", "--bars", "0.1"];
    user.write("other.lua", "g = gain('g', {loud = 0.5})\n");
    user.says(&[&run[..], &["--journal", "other.journal"]].concat());
    // What the session says no longer is as the settings said then.
    user.write(
        "turned/session.toml",
        "version = 1\n[modules.g]\ntype = \"Gain\"\n[providers]\nGain = \"cantus.gain\"\n",
    );
    user.write("turned/main.lua", "use('Gain')\n");
    let run = ["run", "turned", "--plugins", "strange", "--device", "null", "--bars", "0.1"];
    user.says(&[&run[..], &["--journal", "turned.journal"]].concat());
    user.write("config/cantus/settings.toml", "");
    for journal in ["other.journal", "turned.journal"] {
        user.says(&["replay", journal, "-o", "out.wav", "--plugins", "strange"]);
    }
}

#[test]
fn a_library_that_crashes_when_it_is_tried_out_leaves_nothing_behind() {
    let user = User::new();
    user.library("strange/moods", "moods", &[("the mood = calm", "the mood = dies")]);
    let tried = user.cantus(&["plugins", "list", "--plugins", "strange"]);
    assert!(text(&tried.stderr).contains("it crashed (SIGABRT)"), "{}", text(&tried.stderr));
}

#[test]
fn what_is_left_out_is_not_made_in_a_reload_either() {
    let user = User::new();
    user.library("strange/moods", "moods", &[]);
    user.write("song.lua", "make(\"Moods\", \"m\")\nat(0.1, function() engine:reload(\"Moods\") end)\n");
    let render = ["render", "song.lua", "-o", "a.wav", "--seconds", "0.5", "--plugins", "strange", "--allow-missing"];
    // It speaks whenever it is made.
    let made = |more: &[&str]| {
        let said = text(&user.cantus(&[&render[..], more].concat()).stderr);
        said.matches("what is said so is not printed").count()
    };
    assert_eq!((made(&[]), made(&["--without", "m"])), (2, 0), "with it, without it");
}

/// A session whose Gain was another plugin's, which had more than ours.
const OTHERS: &str = r#"version = 1
[types]
Gain = '''
plugin = "org.example.colours"
[module]
type = "Gain"
kind = "effect"
doc = ""
port = [{ key = "in", dir = "in", kind = "audio" }, { key = "side", dir = "in", kind = "audio" }, { key = "out", dir = "out", kind = "audio" }]
param = [
  { key = "gain", doc = "", type = "float", min = 0.0, max = 9.0, default = 1.0 },
  { key = "colour", doc = "", type = "int", min = 0, max = 9, default = 0 },
]
'''
[modules.a]
type = "Gain"
params = { gain = 0.5 }
[modules.b]
type = "Gain"
params = { gain = 8.0, colour = 3 }
[connections."a.out -> b.side"]
"#;

#[test]
fn what_another_plugin_lacks_is_listed_whole_and_kept_if_that_is_asked_for() {
    let user = User::new();
    user.write("song/session.toml", OTHERS);
    let render = ["render", "song", "-o", "a.wav", "--seconds", "0.1"];
    let refused = user.refuses(&render);
    for expected in [
        "with other plugins than it was saved with",
        "b.gain (Gain of org.example.colours)",
        "b.colour (Gain of org.example.colours)",
        "a.out -> b.side",
        "--lossy",
    ] {
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
    user.says(&[&render[..], &["--lossy"]].concat());
}

#[test]
fn places_that_anybody_may_write_to_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let user = User::new();
    let library = user.library("strange/gain", "second_gain", &[]);
    let allow =
        |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("it is ours");
    let list = ["plugins", "list", "--plugins", "strange"];
    let known = |output: &Output| text(&output.stdout).contains("fixture.second-gain");
    for (what, mode) in [(user.path("strange"), 0o777), (library.clone(), 0o666)] {
        let usual = what.metadata().expect("it is there").permissions().mode();
        assert!(known(&user.cantus(&list)), "as it comes");
        allow(&what, mode);
        let output = user.cantus(&list);
        let said = text(&output.stderr);
        let name = what.file_name().expect("a name").to_string_lossy().into_owned();
        let refused = said.contains("anybody on this machine may write to ") && said.contains(&format!("{name}; take"));
        assert!(!known(&output) && refused, "{said}");
        assert!(known(&user.cantus(&[&list[..], &["--trust-writable"]].concat())), "if that is asked for");
        allow(&what, usual);
    }
    // Nor may a link be put there that leads to a safe place.
    std::fs::create_dir(user.path("links")).expect("it can be made");
    std::os::unix::fs::symlink(&library, user.path("links").join(library.file_name().expect("a name")))
        .expect("a link");
    let list = ["plugins", "list", "--plugins", "links"];
    assert!(known(&user.cantus(&list)), "as it comes");
    allow(&user.path("links"), 0o777);
    assert!(!known(&user.cantus(&list)), "anybody may put a link there");
}
