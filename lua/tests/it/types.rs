//! Definitions for editors, as text.

use cantus_host::control::Commit;
use cantus_host::model::{Catalog, ModuleType};
use cantus_lua::{Documented, documentation, types};
use cantus_manifest::Manifest;

use crate::rig::{Rig, on_script_thread};

/// Two types with one of everything, two that share a constructor, one whose constructor is taken.
const MANIFEST: &str = r#"
schema = 1
[plugin]
id = "test.types"
name = "Types"
version = "1.0.0"
license = "MIT"
description = "Types of the tests."

[[module]]
type = "Tone"
kind = "instrument"
doc = """
Sings,
  or hums."""
port = [{ key = "notes", dir = "in", kind = "event" }, { key = "out", dir = "out", kind = "audio" }]
param = [
  { key = "volume", aliases = ["amp"], doc = "How loud.", type = "float", min = 0.0, max = 2.0, default = 1.0, unit = "gain" },
  { key = "pan", doc = "Where.", type = "float", min = -1.0, max = 1.0, default = 0.0, lock = true },
  { key = "voices", doc = "How many.", type = "int", min = 1, max = 16, default = 4 },
  { key = "glide", doc = "Slides.", type = "bool", default = false },
  { key = "wave", doc = "Shape.", type = "enum", labels = ["sine", "saw"], default = "sine" },
]
action = [{ key = "stop", doc = "Falls silent." }]
preset = [{ key = "thin", doc = "Goes well with others.", values = { volume = 0.25, wave = "saw" } }]
meter = [{ key = "peak", doc = "How loud it was.", unit = "gain" }, { key = "place", doc = "Where.", count = 2 }]
[module.slots]
count = 4
doc = "Samples."
param = [{ key = "file", doc = "Sound file.", type = "sample" }]

[[module]]
type = "Steps"
kind = "sequencer"
doc = "Plays a pattern."
port = [{ key = "notes", dir = "out", kind = "event" }]
param = [{ key = "pattern", doc = "What it plays.", type = "pattern" }]

[[module]]
type = "Echo"
constructor = "space"
kind = "effect"
doc = "Repeats."

[[module]]
type = "Hall"
constructor = "space"
kind = "effect"
doc = "Reverberates."

[[module]]
type = "Patch"
constructor = "connect"
kind = "effect"
doc = "Has an unlucky constructor."
"#;

fn catalog() -> Catalog {
    let manifest = Manifest::parse(MANIFEST).expect("a good manifest");
    Catalog::new(manifest.modules.into_iter().map(|m| ModuleType::new(m, "test.types")))
}

/// `CANTUS_GOLDEN=1` writes what is to be compared with; look at the difference.
fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/types").join(name);
    if std::env::var_os("CANTUS_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("the sources can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name}");
}

#[test]
fn modules_have_classes_and_constructors() {
    golden("modules.d.lua", &types::modules(&catalog()));
}

#[test]
fn functions_have_parameters_and_ways_to_call_them() {
    let row = |name: &str, signature: &str| Documented {
        name: name.into(),
        signature: signature.into(),
        doc: "Does it.".into(),
        example: "it()  it()".into(),
        also: None,
        music: false,
    };
    let also = Documented { also: Some("ring".into()), ..row("turn", "(ring: ring, by?: number) -> ring") };
    let text = types::functions(&[
        row("it", "(module: cantus.Module|string, how?: {over: number}) -> number, string or (...: any)"),
        row("make", "(type: `T`) -> T"),
        row("odd", "what is this"),
        also,
        row("clock:setBPM", "(bpm: number)"),
        row("clock.run", "(f: fun(): number) -> integer"),
        row("clock.sleep", "(beats: number)"),
        row("string.find", "(text: string)"),
        row("string.words", "(text: string) -> string[]"),
    ]);
    // What stands at the top of every such file is looked at elsewhere.
    let (_, own) = text.split_once("out = \"out\"\n").expect("the head ends so");
    golden("functions.d.lua", own);
    assert!(text.starts_with(types::MARK));
}

#[test]
fn a_session_has_its_modules() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run(
            "tone('kick') steps('seq') tone('my-kick') tone('tone') tone('connect') \
             keep_type('Old', 'plugin = \"o.o\"\\n[module]\\ntype = \"Old\"\\nkind = \"effect\"\\ndoc = \"\"') missing('Old', 'old')",
        )
        .expect("it runs");
        let text = types::session(&rig.engine.model(), &rig.engine.catalog());
        golden("session.d.lua", &text);
    });
}

/// What Lua has that editors know by themselves.
const LUAS: [&str; 28] = [
    "_VERSION",
    "assert",
    "coroutine",
    "error",
    "getmetatable",
    "ipairs",
    "load",
    "math",
    "next",
    "pairs",
    "pcall",
    "print",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "require",
    "select",
    "setmetatable",
    "string",
    "table",
    "tonumber",
    "tostring",
    "type",
    "utf8",
    "warn",
    "xpcall",
    "_G",
];

#[test]
fn every_word_that_a_script_finds_is_defined() {
    on_script_thread(|| {
        let rig = Rig::new();
        let text = types::functions(documentation()) + &types::modules(&rig.engine.catalog());
        for word in rig.script.words() {
            let defined = [format!("\nfunction {word}("), format!("\n{word} = ")].iter().any(|d| text.contains(d));
            // Several types share it: there is nothing that it makes.
            assert!(defined || LUAS.contains(&&*word) || word == "space", "{word} is not defined");
        }
    });
}
