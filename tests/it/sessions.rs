//! Session files: what is read is what was written; what cannot be resolved is kept; what is broken changes nothing.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use cantus_host::assets::ContentHash;
use cantus_host::control::{Batch, Commit, Origin};
use cantus_host::model::command::*;
use cantus_host::model::{Catalog, Claims, Command, Model, ModuleId, Name, Value};
use cantus_host::session::{self, Leftovers, Loaded, SessionError, Sounds, VERSION};

use crate::model::walk::{Dice, Walk};
use crate::model::{catalog, said, without};
use crate::rig::Studio;

/// Ids that were never given out.
fn mint() -> impl FnMut() -> ModuleId {
    let mut last = 1_000_000;
    move || {
        last += 1;
        ModuleId(last)
    }
}

fn read(text: &str, catalog: &Catalog) -> Result<Loaded, SessionError> {
    session::from_text(text, Path::new("session.toml"), catalog, &mut mint())
}

fn load(text: &str, catalog: &Catalog) -> Loaded {
    read(text, catalog).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn write(model: &Model, catalog: &Catalog) -> String {
    session::to_text(model, catalog, &Sounds::new(), &Leftovers::default()).expect("it can be written")
}

fn write_again(loaded: &Loaded, catalog: &Catalog) -> String {
    session::to_text(&loaded.model, catalog, &Sounds::new(), &loaded.leftovers).expect("it can be written")
}

/// A Model that random commands led to, with claims on some of them.
fn random(seed: u64, catalog: &Catalog) -> Model {
    let mut walk = Walk::new(seed, catalog);
    walk.files.push("odd \"name\" \\ \n é.wav".into());
    let length = walk.dice.below(80);
    let mut model = walk.model(&Model::default(), length);
    for file in ["song.lua", "lib/a b.lua"] {
        let mut claims = Claims::default();
        for _ in 0..walk.dice.below(12) {
            let command = walk.edit(&model);
            if let Some((path, claim)) = command.it().claim(&model) {
                claims.put(path, claim);
            }
        }
        model.edit(&SetClaimsCommand { file: file.into(), claims }.into(), catalog).expect("claims are taken");
    }
    model
}

#[test]
fn what_is_read_is_what_was_written() {
    let catalog = catalog();
    let walks = if std::env::var("CANTUS_SOAK").is_ok() { 5_000 } else { 200 };
    let mut claimed = 0;
    for seed in 0..walks {
        let model = random(seed, &catalog);
        let text = write(&model, &catalog);
        let loaded = load(&text, &catalog);
        assert_eq!(said(&loaded.model), said(&model), "walk {seed}\n{text}");
        assert_eq!(loaded.model, model, "walk {seed}: equal by text, so equal");
        assert_eq!(loaded.model.claims, model.claims, "walk {seed}: == leaves claims out\n{text}");
        assert_eq!((loaded.notes, loaded.leftovers.is_empty()), (vec![], true), "walk {seed}");
        assert_eq!(write(&loaded.model, &catalog), text, "walk {seed}: and it is written the same way");
        claimed += model.claims.iter().map(|(_, claims)| claims.len()).sum::<usize>();
    }
    assert!(claimed > 500, "{claimed}");
}

#[test]
fn types_whose_plugin_is_missing_come_back() {
    let (all, some) = (catalog(), without("Fx"));
    for seed in 0..60 {
        let model = random(seed, &all);
        let text = write(&model, &all);
        let kept = load(&text, &some);
        assert_eq!(kept.notes, Vec::<String>::new(), "walk {seed}");
        assert_eq!(write_again(&kept, &some), text, "walk {seed}: to the byte");
        // Not even the type is known: its modules and all that touches them are left over.
        let head = text.find("[types]").map_or(text.len(), |at| at);
        let tail = text[head..].find("\n[claims").map_or("", |at| &text[head + at..]);
        let bare = format!("{}{tail}", &text[..head]);
        let less = load(&bare, &some);
        let had =
            model.modules.iter().any(|(_, module)| &*module.module_type == "Fx") || model.providers.contains("Fx");
        assert_eq!(less.notes.is_empty(), !had, "walk {seed}: {:?}", less.notes);
        let back = load(&write_again(&less, &some), &all);
        assert_eq!(said(&back.model), said(&model), "walk {seed}");
    }
}

#[test]
fn what_is_known_of_a_missing_type_may_change() {
    let session = |most: &str| {
        let text = format!(
            "version = 1\n[modules.verb]\ntype = \"Verb\"\nparams = {{ mix = {most} }}\n[types]\nVerb = \"\"\"\nplugin = \"test.verb\"\n\
             [module]\ntype = \"Verb\"\nkind = \"effect\"\ndoc = \"\"\n[[module.param]]\nkey = \"mix\"\ndoc = \"\"\ntype = \"float\"\n\
             min = 0.0\nmax = {most}\ndefault = 0.0\n\"\"\"\n"
        );
        load(&text, &catalog()).model
    };
    let (now, then) = (session("1.0"), session("2.0"));
    let mut model = now.clone();
    for command in now.diff(&then, &catalog()) {
        model.edit(&command, &catalog()).unwrap_or_else(|refusal| panic!("{}: {refusal}", command.describe()));
    }
    assert_eq!(said(&model), said(&then));
}

/// A session with everything in it, by hand.
const SESSION: &str = include_str!("sessions/session.toml");

#[test]
fn a_session_reads_well() {
    let catalog = catalog();
    let loaded = load(SESSION, &catalog);
    let leftovers = &loaded.leftovers;
    let sounds = Sounds::from([("kick.wav".into(), ContentHash::of(b"kick"))]);
    let written = session::to_text(&loaded.model, &catalog, &sounds, leftovers).expect("it can be written");
    assert_eq!(written, SESSION, "written as it was read");
    assert_eq!(loaded.notes, Vec::<String>::new());
    let value = |path: &str| {
        let path: cantus_host::model::Path = path.parse().expect("a path");
        path.find(&loaded.model, &catalog).map(|place| place.value().to_string()).map_err(|e| e.to_string())
    };
    assert_eq!(value("kick.volume"), Ok("0.8".into()));
    assert_eq!(value("kick.slots[2].start"), Ok("0.25".into()));
    assert_eq!(loaded.model.signature.to_string(), "7/8");
}

#[test]
fn sounds_that_are_others_are_named() {
    let leftovers = load(SESSION, &catalog()).leftovers;
    for (now, expected) in [("kick", vec![]), ("snare", vec![Name::from("kick.wav")])] {
        let sounds = Sounds::from([("kick.wav".into(), ContentHash::of(now.as_bytes()))]);
        assert_eq!(leftovers.differing(&sounds), expected, "{now}");
    }
    assert_eq!(leftovers.differing(&Sounds::new()), Vec::<Name>::new(), "not there is not another");
    let loaded = load(SESSION, &catalog());
    assert_eq!(write_again(&loaded, &catalog()), SESSION, "the hash of a file that is missing is kept");
}

#[test]
fn an_older_version_is_brought_up() {
    let old = "version = 0\ntempo = 99.0\n[[modules]]\nname = \"kick\"\ntype = \"Kit\"\n\
               [[patterns]]\nname = \"beat\"\nrows = 4\nsteps_per_beat = 4.0\nsteps = [\"1: C4\"]\n";
    let loaded = load(old, &catalog());
    assert_eq!(loaded.model.bpm.get(), 99.0);
    assert_eq!(&*loaded.model.module("kick").expect("it is there").module_type, "Kit");
    assert_eq!(loaded.model.patterns.get("beat").expect("it is there").lines(), ["1: C4"]);
    assert_eq!(loaded.notes, ["session.toml: it is of version 0, and will be saved as 1"]);
    let again = load(&write(&loaded.model, &catalog()), &catalog());
    assert_eq!((again.model, again.notes), (loaded.model, vec![]));
}

#[test]
fn what_means_nothing_is_kept() {
    let text = "version = 1\ncolour = \"red\"\n[future]\na = 1979-05-27T07:32:00Z\n[settings]\nwarp = 9\n\
                [modules.kick]\ntype = \"Kit\"\nposition = [1, 2]\n[modules.kick.params]\nvolume = 9.0\nwobble = 0.5\n\
                [modules.kick.slots]\n2 = { spin = 1 }\n9 = { start = 0.5 }\n\
                [connections]\n\"kick.side -> out.in\" = {}\n[patterns.beat]\nrows = 4\nsteps_per_beat = 4.0\ntags = [\"x\"]\n\
                [claims.\"a.lua\"]\nkick = { Levitate = { name = \"kick\" } }\n";
    let catalog = catalog();
    let loaded = load(text, &catalog);
    assert_eq!(loaded.notes.len(), 11, "{:#?}", loaded.notes);
    assert!(
        loaded.notes[0].starts_with("session.toml:6: settings.warp: there is no setting \"warp\""),
        "{:?}",
        loaded.notes
    );
    let wobble = "session.toml:12: modules.kick.params.wobble: kick (Kit) has no parameter \"wobble\"; it is kept as it is, and does nothing";
    assert!(loaded.notes.iter().any(|note| note == wobble), "{:#?}", loaded.notes);
    let again = write_again(&loaded, &catalog);
    let parsed = |text: &str| text.parse::<toml::Table>().expect("TOML");
    for (section, key) in
        [("future", "a"), ("settings", "warp"), ("connections", "kick.side -> out.in"), ("claims", "a.lua")]
    {
        assert_eq!(parsed(&again)[section][key], parsed(text)[section][key], "{again}");
    }
    assert_eq!(parsed(&again)["colour"], parsed(text)["colour"]);
    assert_eq!(parsed(&again)["modules"], parsed(text)["modules"]);
    assert_eq!(parsed(&again)["patterns"]["beat"]["tags"], parsed(text)["patterns"]["beat"]["tags"]);
    assert_eq!(write_again(&load(&again, &catalog), &catalog), again, "for good");

    // It follows its module through a rename, gives way to what is set, and goes with the module.
    let mut changed = loaded.clone();
    let mut edit = |command: Command| changed.model.edit(&command, &catalog).expect("it can be").then_some(());
    edit(RenameModuleCommand { name: "kick".into(), to: "bd".into() }.into());
    edit(SetParameterCommand { path: "bd.volume".parse().expect("a path"), value: Some(Value::Int(2)) }.into());
    let renamed = parsed(&write_again(&changed, &catalog));
    assert_eq!(renamed["modules"]["bd"]["params"]["wobble"].as_float(), Some(0.5));
    assert_eq!(renamed["modules"]["bd"]["params"]["volume"].as_float(), Some(2.0));
    assert_eq!(renamed["modules"]["bd"]["position"], parsed(text)["modules"]["kick"]["position"]);
    changed.model.edit(&RemoveModuleCommand { name: "bd".into() }.into(), &catalog).expect("it is there");
    assert_eq!(parsed(&write_again(&changed, &catalog)).get("modules"), None);
}

/// What is left over of `text` when these commands have been done, as TOML.
fn after(text: &str, commands: &[Command]) -> toml::Table {
    let catalog = catalog();
    let mut loaded = load(text, &catalog);
    for command in commands {
        loaded.model.edit(command, &catalog).unwrap_or_else(|refusal| panic!("{refusal}"));
    }
    write_again(&loaded, &catalog).parse().expect("TOML")
}

#[test]
fn what_is_left_over_belongs_to_its_modules() {
    let text = "version = 1\n[modules.fx]\ntype = \"Fx\"\nparams = { warp = 1 }\n[modules.x]\ntype = \"Gone\"\n\
                [connections]\n\"x.out -> fx.in\" = {}\n\"fx.out -> out.in\" = { colour = \"red\" }\n\
                [controls]\n\"cc 1 => x.size\" = {}\n[players]\nx = { entry = 1, beat = 0.0 }\n";
    let add = |module_type: &str, name: &str| -> Command {
        AddModuleCommand { module_type: module_type.into(), name: name.into(), id: ModuleId(7) }.into()
    };
    let remove = |name: &str| -> Command { RemoveModuleCommand { name: name.into() }.into() };
    let rename = |name: &str, to: &str| -> Command { RenameModuleCommand { name: name.into(), to: to.into() }.into() };
    let kept = |file: &toml::Table, section: &str, key: &str| file.get(section).and_then(|s| s.get(key)).is_some();
    let as_read = after(text, &[]);
    assert_eq!(as_read["modules"]["fx"]["params"]["warp"].as_integer(), Some(1));
    assert_eq!(as_read["connections"]["fx.out -> out.in"]["colour"].as_str(), Some("red"));
    assert!(kept(&as_read, "connections", "x.out -> fx.in") && kept(&as_read, "controls", "cc 1 => x.size"));
    let renamed = after(text, &[rename("fx", "wet")]);
    assert_eq!(renamed["modules"]["wet"]["params"]["warp"].as_integer(), Some(1));
    assert_eq!(renamed["connections"]["wet.out -> out.in"]["colour"].as_str(), Some("red"));
    assert!(kept(&renamed, "connections", "x.out -> wet.in") && !kept(&renamed, "connections", "x.out -> fx.in"));
    // Another module of that name has nothing to do with it.
    let again = after(text, &[remove("fx"), add("Fx", "fx")]);
    assert_eq!(again["modules"]["fx"].get("params"), None);
    assert_eq!(again.get("connections"), None);
    let other = after(text, &[add("Kit", "x")]);
    assert_eq!(other["modules"]["x"]["type"].as_str(), Some("Kit"));
    assert!(!kept(&other, "connections", "x.out -> fx.in") && !kept(&other, "controls", "cc 1 => x.size"));
    assert!(!kept(&other, "players", "x"));
}

#[test]
fn what_means_nothing_is_kept_wherever_it_stands() {
    let text = "version = 1\nswing = { amount = 0.6, unit = 0.25, curve = 1 }\n\
                [tempo_map]\n\"8.0\" = { bpm = 90.0, shape = 2 }\n\
                [chains.c]\nentries = [{ pattern = \"a\", colour = 3 }]\n";
    let notes = load(text, &catalog()).notes;
    let lost = "session.toml:5: chains.c.entries.0.colour: it means nothing here, and will not be saved again";
    assert!(notes.iter().any(|note| note == lost), "{notes:#?}");
    let kept = after(text, &[]);
    assert_eq!(kept["swing"]["curve"].as_integer(), Some(1), "{kept}");
    assert_eq!(kept["tempo_map"]["8"]["shape"].as_integer(), Some(2), "{kept}");
}

#[test]
fn names_of_every_kind_have_an_order() {
    let (catalog, mut model) = (catalog(), Model::default());
    for n in 0..40 {
        for name in [format!("{n}"), format!("{n}a"), format!("a{n}"), format!("{n}e{n}")] {
            let pattern = cantus_host::model::Pattern::new(4, cantus_host::model::Num::ONE);
            model.edit(&SetPatternCommand { name: name.into(), pattern }.into(), &catalog).expect("a good name");
        }
    }
    let text = write(&model, &catalog);
    assert_eq!(load(&text, &catalog).model, model);
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with("[patterns.")).take(3).collect();
    assert_eq!(heads, ["[patterns.0]", "[patterns.0e0]", "[patterns.1]"]);
}

#[test]
fn what_is_broken_is_named_with_its_line() {
    let first = "could not read session \"session.toml\": ";
    let mend = "mend that line, or take it out";
    for (text, expected) in [
        ("", format!("version: there is none, so it is no session or not all of one (line 1); {mend}")),
        ("bpm = 120", format!("version: there is none, so it is no session or not all of one (line 1); {mend}")),
        ("version = 1\nbpm = 5", format!("bpm: tempo 5 is out of range; 20 to 999 is possible (line 2); {mend}")),
        ("version = -1", format!("version: a version is a whole number from 0 (line 1); {mend}")),
        ("version = 1\n\n[modules]\nkick = 3", format!("modules.kick: a module is a table (line 4); {mend}")),
        ("version = 1\n[modules.kick]\n", format!("modules.kick: missing field `type` (line 2); {mend}")),
        (
            "version = 1\n[patterns.a]\nrows = 1\nsteps_per_beat = 4\nsteps = [\"1: H\"]",
            format!(
                "patterns.a: \"1: H\": H is not a note; a cell begins with a note such as C-4 or 61.5, with OFF, CUT, x for none, or ... if it is empty; write lines such as \"3: C4 s2 v0.8 l1.5 | x\" (line 2); {mend}"
            ),
        ),
        ("version = 1\nmodules = 3", format!("modules: modules must be a table (line 2); {mend}")),
        ("version = 1\n[tempo_map]\nx = { bpm = 90 }", format!("tempo_map.x: \"x\" is not a beat (line 3); {mend}")),
        ("version = 1\n[connections]\nx = {}", {
            format!("connections.x: \"x\" is not a cable; write \"module.output -> module.input\" (line 3); {mend}")
        }),
        ("version = 1\nbpm = nope", {
            "invalid float, expected `nan` (line 2); mend that line, or take an older copy".into()
        }),
    ] {
        let error = read(text, &catalog()).expect_err(text).to_string();
        assert_eq!(error, format!("{first}{expected}"), "\n{text}");
    }
    let newer = format!("version = {}\n", VERSION + 1);
    let error = read(&newer, &catalog()).expect_err("from the future").to_string();
    assert!(error.ends_with("(line 1); take a newer Cantus"), "{error}");
}

#[test]
fn bytes_that_fell_over_panic_nothing() {
    let (catalog, some) = (catalog(), without("Fx"));
    let (mut broken, mut whole) = (0, 0);
    for seed in 0..1500 {
        let mut dice = Dice::new(seed);
        let mut bytes =
            if seed % 5 == 0 { SESSION.to_owned() } else { write(&random(seed % 40, &catalog), &catalog) }.into_bytes();
        if dice.below(4) == 0 {
            bytes.truncate(dice.below(bytes.len()));
        }
        for _ in 0..dice.below(4) {
            let at = dice.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte = [dice.below(256) as u8, b'9', b'-', b'\n', b'"', b'.'][dice.below(6)];
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        match read(&text, if dice.flip() { &catalog } else { &some }) {
            Ok(_) => whole += 1,
            Err(error) => {
                broken += 1;
                let (SessionError::Syntax { line, .. }
                | SessionError::Newer { line, .. }
                | SessionError::Bad { line, .. }) = error
                else {
                    panic!("{error}")
                };
                assert!((1..=text.lines().count() + 1).contains(&line), "line {line} of {}", text.lines().count());
            }
        }
    }
    assert!(broken > 200 && whole > 200, "{broken} broken, {whole} whole");
}

#[test]
fn a_reader_finds_the_old_or_the_new() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let catalog = catalog();
    let models: Vec<Model> = [1, 2].into_iter().map(|seed| random(seed, &catalog)).collect();
    let texts: Vec<String> = models.iter().map(|model| write(model, &catalog)).collect();
    let save = |n: usize| session::save(folder.path(), &models[n], &catalog, &Sounds::new(), &Leftovers::default());
    save(0).expect("the folder can be written");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::Acquire) || reads == 0 {
                let text = std::fs::read_to_string(session::file(folder.path())).expect("it is always there");
                assert!(texts.contains(&text), "half of one:\n{text}");
                reads += 1;
            }
        });
        (0..200).for_each(|n| _ = save(n % 2).expect("the folder can be written"));
        done.store(true, Ordering::Release);
        reader.join().expect("whole every time");
    });
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 1, "nothing is left behind");
}

#[test]
fn a_write_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(session::file(folder.path())).expect("the folder can be written");
    std::fs::write(session::file(folder.path()).join("precious"), "x").expect("the folder can be written");
    let (model, catalog) = (Model::default(), catalog());
    let error = session::save(folder.path(), &model, &catalog, &Sounds::new(), &Leftovers::default());
    let error = error.expect_err("a folder is in its place").to_string();
    assert!(
        error.starts_with("could not write session") && error.ends_with("; check the folder and the room on the disk"),
        "{error}"
    );
    assert!(session::file(folder.path()).join("precious").exists());
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 1, "nothing is left behind");
    let error = session::load(folder.path(), &catalog, &mut mint()).expect_err("it is no file");
    assert!(matches!(error, SessionError::Read { .. }), "{error}");
}

#[test]
fn scenes_lie_beside_the_session() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let catalog = catalog();
    let none = session::load_scenes(folder.path(), &catalog, &mut mint()).expect("there are none");
    assert_eq!((none.0.len(), none.1), (0, vec![]));
    let models = [("verse", random(3, &catalog)), ("chorus-2", random(4, &catalog))];
    for (name, model) in &models {
        session::save_scene(folder.path(), name, model, &catalog, &Leftovers::default()).expect("it can be written");
    }
    for other in ["verse copy.toml", ".#verse.toml", "verse.toml~", "notes.txt"] {
        std::fs::write(folder.path().join("scenes").join(other), "no scene").expect("the folder can be written");
    }
    let (scenes, notes) = session::load_scenes(folder.path(), &catalog, &mut mint()).expect("they are good");
    assert_eq!(scenes.keys().map(|name| &**name).collect::<Vec<_>>(), ["chorus-2", "verse"]);
    let lie = |name: &str| folder.path().join("scenes").join(name).display().to_string();
    let alone = |name| format!("{}: a scene cannot have that name; it is left alone", lie(name));
    assert_eq!(notes, [".#verse.toml", "verse copy.toml"].map(alone));
    for (name, model) in &models {
        assert_eq!(scenes[*name].model, *model, "{name}");
    }
    session::remove_scene(folder.path(), "verse").expect("it is there");
    session::remove_scene(folder.path(), "verse").expect("gone is gone");
    assert_eq!(session::load_scenes(folder.path(), &catalog, &mut mint()).expect("it is good").0.len(), 1);
}

#[test]
fn loading_leaves_alone_what_stays() {
    const BEGIN: &str = "pad = sampler('pad', {slots = {{file = 'ambi_choir.flac'}}})  pad:trigger{note = 60}
        other = sampler('other', {volume = 0.5, slots = {{file = 'ambi_piano.flac'}}})
        connect(pad, gain('level', {gain = 0.5}))  connect('level', out)";
    let (mut alone, mut loading) = (Studio::playing(BEGIN), Studio::playing(BEGIN));
    assert_eq!(alone.render(24_000), loading.render(24_000));
    let (state, catalog) = (loading.engine().state(), loading.engine().catalog());
    let sounds: Sounds = state.assets.iter().map(|(name, asset)| (name.clone(), asset.hash)).collect();
    assert_eq!(sounds.len(), 2, "both are loaded");
    let folder = tempfile::tempdir().expect("a temporary folder");
    session::save(folder.path(), &state.model, &catalog, &sounds, &Leftovers::default()).expect("it can be written");
    // Somebody goes on working, and then goes back.
    loading.eval("remove('other')  gain('new')  engine:getClock():setBPM(90)");
    let before = loading.engine().state().model.module("pad").expect("it is there").id;
    let loaded = session::load(folder.path(), &catalog, &mut || loading.mint()).expect("it is good");
    assert_eq!(loaded.leftovers.differing(&sounds), Vec::<Name>::new());
    let now = loading.engine().state().model.clone();
    let commands = now.diff(&loaded.model, &catalog);
    let described: Vec<String> =
        commands.iter().map(Command::describe).filter(|c| !c.starts_with("note what")).collect();
    assert_eq!(described, ["set the tempo to 120 bpm", "remove new", "restore MultiSampler other"]);
    loading.engine().commit(Batch::new(Origin::Host, commands)).expect("a diff can be done");
    assert_eq!(loading.engine().state().model.module("pad").expect("it is there").id, before);
    assert_eq!(*loading.engine().state().model, loaded.model);
    let (a, b) = (alone.render(24_000), loading.render(24_000));
    assert!(crate::rig::rms(&a[0]) > 0.001, "it still sounds");
    assert_eq!(a, b, "the note that was held goes on as if nothing had happened");
}
