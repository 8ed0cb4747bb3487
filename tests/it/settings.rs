//! Settings of the machine: typed and bounded, kept in a file of the user's, heard of on the thread that asked.

use std::cell::RefCell;
use std::path::Path;
use std::process::{Command, Output};
use std::rc::Rc;

use cantus_host::model::{Num, Value};
use cantus_host::settings::{Change, Guard, MACHINE, Settings, Watch};

use crate::rig::{bundled, program};

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

/// The settings of a file of this content, and what is wrong with it.
fn open(folder: &Path, content: &str) -> (Settings, Vec<String>) {
    let file = folder.join("settings.toml");
    std::fs::write(&file, content).expect("the folder can be written");
    let (settings, notes) = Settings::open(&file);
    let shown = format!("{}", file.display());
    (settings, notes.iter().map(|note| note.replace(&shown, "settings.toml")).collect())
}

#[test]
fn values_are_typed_and_bounded() {
    let settings = Settings::default();
    for (name, value, expected) in [
        ("device", text("USB"), Ok(text("USB"))),
        ("device", Value::Int(1), Err("setting device = 1: it takes text")),
        ("script_memory", Value::Int(128), Ok(Value::Int(128))),
        ("script_memory", Value::Num(Num::of(16.0)), Ok(Value::Int(16))),
        ("script_memory", Value::Int(7), Err("setting script_memory = 7: it takes a whole number from 8 to 4096")),
        ("script_seconds", Value::Int(2), Ok(Value::Num(Num::of(2.0)))),
        ("script_seconds", text("long"), Err("setting script_seconds = \"long\": it takes a number from 0.1 to 600")),
        ("progress", Value::Flag(false), Ok(Value::Flag(false))),
        ("progress", text("perhaps"), Err("setting progress = \"perhaps\": it takes true or false")),
        ("devise", text("x"), Err("there is no setting \"devise\"; did you mean \"device\"?; `settings()` shows all")),
    ] {
        let before = settings.get(name).ok();
        let got = settings.set(name, &value).map_err(|e| e.to_string());
        match expected {
            Ok(expected) => assert_eq!((got, settings.get(name)), (Ok(()), Ok(expected)), "{name} = {value}"),
            Err(error) => {
                assert_eq!(got, Err(error.to_owned()));
                assert_eq!(settings.get(name).ok(), before, "{name} is as it was");
            }
        }
    }
    settings.toggle("progress").expect("it is on or off");
    assert_eq!(settings.get("progress"), Ok(Value::Flag(true)));
    let error = settings.toggle("device").expect_err("it is text").to_string();
    assert_eq!(error, "could not toggle setting \"device\": it is neither on nor off; set it to a value");
    settings.reset("device").expect("it is there");
    assert_eq!(settings.get("device"), Ok(text("")));
    let listed: Vec<&str> = settings.list().iter().map(|(setting, _)| setting.name).collect();
    assert_eq!(listed, ["device", "plugins", "progress", "providers", "script_memory", "script_seconds", "workers"]);
    assert!(listed.is_sorted());
    for setting in MACHINE {
        assert!(setting.help().starts_with(&format!("{}: {}", setting.name, setting.doc)), "{}", setting.help());
        assert_eq!(setting.accept(&setting.default()), Ok(setting.default()), "{} can be as it comes", setting.name);
    }
    let help = MACHINE.iter().find(|s| s.name == "script_memory").expect("there").help();
    assert!(
        help.ends_with("Takes a whole number from 8 to 4096; comes as 64; counts from the next start on."),
        "{help}"
    );
}

#[test]
fn what_is_set_is_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("deep/er/settings.toml");
    let (settings, notes) = Settings::open(&file);
    assert_eq!(notes, Vec::<String>::new(), "no file is no mistake");
    settings.set("device", &text("a \"b\" é")).expect("the folder is made");
    settings.set("script_seconds", &Value::Num(Num::of(0.25))).expect("it can be written");
    settings.toggle("progress").expect("it can be written");
    settings.set("script_memory", &Value::Int(64)).expect("it can be written");
    let (again, notes) = Settings::open(&file);
    assert_eq!((again.list(), notes), (settings.list(), vec![]));
    for (setting, _) in settings.list() {
        settings.reset(setting.name).expect("it can be written");
    }
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "", "what is as it comes is not written");
}

#[test]
fn what_is_wrong_in_the_file_is_named_and_left() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let content = "# mine\ndevice = \"USB\" # the small one\ndevise = 1\nscript_memory = 1\nprogress = [1]\n";
    let (settings, notes) = open(folder.path(), content);
    assert_eq!(
        notes,
        [
            "settings.toml:3: there is no setting \"devise\"; did you mean \"device\"?; `cantus settings list` shows all; it is left as it is",
            "settings.toml:5: setting progress = {1}: it takes true or false; it is as it comes until then",
            "settings.toml:4: setting script_memory = 1: it takes a whole number from 8 to 4096; it is as it comes until then",
        ]
    );
    assert_eq!(settings.get("script_memory"), Ok(Value::Int(64)));
    assert_eq!(settings.get("device"), Ok(text("USB")));
    settings.set("device", &text("big")).expect("it can be written");
    let after = std::fs::read_to_string(folder.path().join("settings.toml")).expect("it is there");
    assert_eq!(after, content.replace("\"USB\"", "\"big\""), "all else is as it was, comments too");

    let broken = "device = \"USB\"\nprogress = \n";
    let (settings, notes) = open(folder.path(), broken);
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("settings.toml:2: "), "{notes:?}");
    assert_eq!(settings.get("device"), Ok(text("")));
    let error = settings.set("device", &text("x")).expect_err("it would be lost").to_string();
    assert!(error.contains(": line 2: ") && error.ends_with("; mend that line, or remove the file"), "{error}");
    assert_eq!(settings.get("device"), Ok(text("")), "nothing is changed");
    assert_eq!(std::fs::read_to_string(folder.path().join("settings.toml")).expect("it is there"), broken);
}

/// What callbacks were told, on the thread of the test.
type Told = Rc<RefCell<Vec<String>>>;

fn tell(told: &Told) -> impl FnMut(&Change) + 'static {
    let (told, here) = (told.clone(), std::thread::current().id());
    move |Change { name, old, new }| {
        assert_eq!(std::thread::current().id(), here);
        told.borrow_mut().push(format!("{name}: {old} -> {new}"));
    }
}

#[test]
fn changes_are_told_to_who_asked() {
    let (settings, told) = (Settings::default(), Told::default());
    let watch = settings.watch();
    let take = || std::mem::take(&mut *told.borrow_mut());
    let guard = watch.on_change("script_memory", tell(&told)).expect("there is one");
    assert!(watch.on_change("script_memoir", |_| {}).is_err());
    let set = |value| settings.set("script_memory", &Value::Int(value)).expect("in range");
    std::thread::scope(|scope| scope.spawn(|| set(128)).join().expect("any thread may set"));
    assert_eq!(take(), Vec::<String>::new(), "not before the owner asks");
    watch.dispatch();
    assert_eq!(take(), ["script_memory: 64 -> 128"]);
    watch.dispatch();
    set(128);
    watch.dispatch();
    assert_eq!(take(), Vec::<String>::new(), "the same value is no change");
    set(32);
    set(16);
    watch.dispatch();
    assert_eq!(take(), ["script_memory: 128 -> 16"], "once, however often");
    settings.reset("script_memory").expect("it is there");
    watch.dispatch();
    assert_eq!(take(), ["script_memory: 16 -> 64"], "back to the default is a change");
    set(99);
    drop(guard);
    watch.dispatch();
    assert_eq!(take(), Vec::<String>::new(), "not after the guard is gone");
}

#[test]
fn callbacks_may_come_and_go_inside_callbacks() {
    let (settings, told) = (Settings::default(), Told::default());
    let watch: Rc<Watch> = Rc::new(settings.watch());
    let guards: Rc<RefCell<Vec<Guard>>> = Rc::default();
    let first = {
        let (watch, guards, told, settings) = (watch.clone(), guards.clone(), told.clone(), settings.clone());
        move |_: &Change| {
            // Its own guard and the second's go, a third comes, and it changes what it is told of.
            guards.borrow_mut().clear();
            guards.borrow_mut().push(watch.on_change("device", tell(&told)).expect("there is one"));
            settings.set("device", &text("two")).expect("any text");
            told.borrow_mut().push("first".into());
        }
    };
    let registered = [watch.on_change("device", first), watch.on_change("device", tell(&told))];
    guards.borrow_mut().extend(registered.map(|guard| guard.expect("there is one")));
    settings.set("device", &text("one")).expect("any text");
    watch.dispatch();
    assert_eq!(*told.borrow(), ["first"], "the second was gone before its turn, the third is not told of the past");
    watch.dispatch();
    assert_eq!(*told.borrow(), ["first", "device: \"one\" -> \"two\""]);
    guards.borrow_mut().clear();
}

/// Runs `cantus settings ...` with this folder as the user's configuration.
fn cantus(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).env("XDG_CONFIG_HOME", folder).env("XDG_DATA_HOME", bundled().join("nowhere"));
    command.env_remove("CANTUS_PLUGIN_PATH").output().expect("the program runs")
}

#[test]
fn the_program_has_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (arguments, expected) in [
        (&["get", "script_memory"][..], Ok("64\n")),
        (&["set", "script_memory", "128"], Ok("128\n")),
        (&["get", "script_memory"], Ok("128\n")),
        (&["set", "script_seconds", "2.5"], Ok("2.5\n")),
        (&["set", "device", "12"], Ok("12\n")),
        (&["toggle", "progress"], Ok("false\n")),
        (&["set", "progress", "on"], Ok("true\n")),
        (&["reset", "script_memory"], Ok("64\n")),
        (&["list", "--json"], {
            Ok(
                "{\"device\":\"12\",\"plugins\":\"\",\"progress\":true,\"providers\":\"\",\"script_memory\":64,\"script_seconds\":2.5,\"workers\":2}\n",
            )
        }),
        (&["set", "script_seconds", "-1"], {
            Err("error: setting script_seconds = \"-1\": it takes a number from 0.1 to 600\n")
        }),
        (&["get", "devise"], {
            Err("error: there is no setting \"devise\"; did you mean \"device\"?; `cantus settings list` shows all\n")
        }),
        (&["toggle", "device"], {
            Err("error: could not toggle setting \"device\": it is neither on nor off; set it to a value\n")
        }),
        (&["set", "grid", "4"], {
            Err(
                "error: \"grid\" is a setting of a session, not of this machine; write setting(\"grid\", value) in its script\n",
            )
        }),
    ] {
        let output = cantus(folder.path(), &[&["settings"], arguments].concat());
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        match expected {
            Ok(expected) => assert_eq!((&*out, &*err, output.status.code()), (expected, "", Some(0)), "{arguments:?}"),
            Err(expected) => assert_eq!((&*out, &*err, output.status.code()), ("", expected, Some(1)), "{arguments:?}"),
        }
    }
    for arguments in [&["settings", "help"][..], &["settings", "list"], &["settings", "help", "plugins"]] {
        let out = cantus(folder.path(), arguments).stdout;
        assert!(String::from_utf8_lossy(&out).contains("Folders to look for plugins in"), "{arguments:?}");
    }
}

#[test]
fn they_have_their_effect() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("song.lua");
    let song = |code: &str| std::fs::write(&script, code).expect("the folder can be written");
    let set =
        |name: &str, value: &str| assert!(cantus(folder.path(), &["settings", "set", name, value]).status.success());
    let run = |more: &[&str]| {
        let arguments = [&["run", script.to_str().expect("UTF-8"), "--bars", "0.1"], more].concat();
        let output = cantus(folder.path(), &arguments);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    song("gain('g')\n");
    set("device", "null");
    assert_eq!(run(&[]).0, Some(0), "played to nobody");
    set("device", "no such card");
    let (code, said) = run(&[]);
    assert!(code == Some(1) && said.contains("no such card"), "{said}");
    assert_eq!(run(&["--device", "null"]).0, Some(0), "what is said at the prompt goes before");
    set("script_memory", "8");
    song("local t = {}  for i = 1, 1000000 do t[i] = {} end\n");
    let (code, said) = run(&["--device", "null"]);
    assert!(code == Some(1) && said.contains("memory"), "{said}");
    set("script_memory", "1000");
    set("script_seconds", "0.1");
    song("while true do end\n");
    let (code, said) = run(&["--device", "null"]);
    assert!(code == Some(1) && said.contains("0.1"), "{said}");
    set("plugins", "/nowhere/at/all");
    let output = cantus(folder.path(), &["plugins", "list"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/at/all"));
}
