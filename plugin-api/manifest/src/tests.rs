//! Tables of bad manifests, each with the message it yields.

use crate::{Direction, Manifest, ParamKind, PortKind};

/// A manifest without fault, of which each row of the table changes one thing.
const GOOD: &str = r#"
schema = 1

[plugin]
id = "org.example.echo"
name = "Echo"
version = "1.2.3"
license = "MIT"
description = "Echoes."

[[module]]
type = "TapeEcho"
kind = "effect"
doc = "Echoes."

[[module.port]]
key = "in"
dir = "in"
kind = "audio"
count = 2

[[module.port]]
key = "out"
dir = "out"
kind = "audio"

[[module.param]]
key = "time"
aliases = ["t"]
doc = "How late the echo comes."
type = "float"
min = 0.0
max = 2.0
default = 0.5
unit = "s"

[[module.param]]
key = "taps"
doc = "How many echoes."
type = "int"
min = 1
max = 8
default = 3

[[module.param]]
key = "mode"
doc = "Which way it goes."
type = "enum"
labels = ["mono", "ping_pong"]
default = "mono"

[module.slots]
count = 4
doc = "The heads."

[[module.slots.param]]
key = "mute"
doc = "Whether the head is silent."
type = "bool"
default = false

[[module.action]]
key = "clear"
doc = "Forgets the tape."

[[module.meter]]
key = "level"
doc = "How loud it is."

[[module.preset]]
key = "slapback"
doc = "One short echo."
values = { time = 0.1, taps = 1, mode = "ping_pong" }
slots.4 = { mute = true }
"#;

#[test]
fn a_good_manifest_reads_and_answers() {
    let manifest = Manifest::parse(GOOD).unwrap();
    let module = &manifest.modules[0];
    assert_eq!(module.constructor(), "tape_echo");
    let (index, time) = module.param("t").unwrap();
    assert_eq!((index, &*time.key), (0, "time"));
    assert!(matches!(time.kind, ParamKind::Float { max: 2.0, .. }));
    let inputs: Vec<String> = module.ports(Direction::In, PortKind::Audio).into_iter().map(|(key, _)| key).collect();
    assert_eq!(inputs, ["in_1", "in_2"]);
    let preset = module.preset("slapback").unwrap();
    assert_eq!(preset.shown(), "mode = \"ping_pong\", taps = 1, time = 0.1, slots[4].mute = true");
    assert_eq!((preset.title(), module.preset("slap")), ("slapback", None));
}

#[test]
fn a_bad_manifest_is_refused_with_place_and_reason() {
    // [what is replaced, by what, the message]
    let table = [
        ("schema = 1", "schema = 2", "schema: is 2, this program reads 1"),
        ("org.example.echo", "echo", "plugin.id: \"echo\" is not a reverse domain name of [a-z0-9.-]"),
        ("org.example.echo", "org.Echo", "plugin.id: \"org.Echo\" is not a reverse domain name of [a-z0-9.-]"),
        ("1.2.3", "1.2", "plugin.version: \"1.2\" is not a version like 1.2.3"),
        ("TapeEcho", "tape_echo", "tape_echo: a type is written like TapeDelay: [A-Z][A-Za-z0-9]*"),
        ("kind = \"effect\"\ndoc = \"Echoes.\"", "kind = \"effect\"\ndoc = \" \"", "TapeEcho: has no doc"),
        (
            "kind = \"effect\"",
            "kind = \"sink\"\nconstructor = \"9\"",
            "TapeEcho.constructor: \"9\" must be written like",
        ),
        ("key = \"taps\"", "key = \"time\"", "TapeEcho.time: is declared twice"),
        ("key = \"taps\"", "key = \"t\"", "TapeEcho.t: is declared twice"),
        ("key = \"clear\"", "key = \"taps\"", "TapeEcho.taps: is declared twice"),
        ("key = \"taps\"", "key = \"Taps\"", "TapeEcho.Taps: \"Taps\" must be written like this_one"),
        ("key = \"taps\"", "key = \"mute\"", "TapeEcho.mute: \"mute\" means something else in Lua or on a handle"),
        ("aliases = [\"t\"]", "aliases = [\"end\"]", "TapeEcho.time: \"end\" means something else in Lua"),
        ("key = \"mute\"", "key = \"status\"", "TapeEcho.slots.status: \"status\" means something else in Lua"),
        ("key = \"clear\"", "key = \"help\"", "TapeEcho.help: \"help\" means something else in Lua"),
        ("TapeEcho", "Loop", "Loop: \"loop\" is a word of Rust or Lua; choose another type name"),
        ("TapeEcho", "Repeat", "Repeat.constructor: \"repeat\" means something else in Lua"),
        ("key = \"level\"", "key = \"end\"", "TapeEcho.meters.end: \"end\" means something else in Lua"),
        ("key = \"clear\"", "key = \"self\"", "TapeEcho.self: \"self\" cannot be a name in Rust"),
        ("key = \"clear\"", "key = \"ta_ps\"", "TapeEcho.ta_ps: is declared twice"),
        ("count = 2\n", "count = 65\n", "TapeEcho.in_1: count is from 1 to 64"),
        ("key = \"level\"", "key = \"level\"\ncount = 65", "TapeEcho.meters.level: count is from 1 to 64"),
        (
            "key = \"level\"",
            "key = \"level_2\"\ndoc = \"One.\"\n[[module.meter]]\nkey = \"level\"\ncount = 2",
            "TapeEcho.meters.level_2: is declared twice",
        ),
        ("max = 2.0", "max = -2.0", "TapeEcho.time: needs min < max and a default between: 0 .. -2, default 0.5"),
        ("max = 2.0", "max = inf", "TapeEcho.time: min, max and default must be finite"),
        ("default = 3", "default = 9", "TapeEcho.taps: needs min < max and a default between: 1 .. 8, default 9"),
        ("default = \"mono\"", "default = \"stereo\"", "TapeEcho.mode: default \"stereo\" is not one of its labels"),
        ("\"ping_pong\"", "\"mono\"", "TapeEcho.mode: labels must differ and be written like ping_pong"),
        ("\"How many echoes.\"", "\"\"", "TapeEcho.taps: has no doc; say in a sentence what it does"),
        ("count = 4", "count = 0", "TapeEcho.slots: count is 0; give it at least 1 or leave it out"),
        ("key = \"out\"", "key = \"in_1\"", "TapeEcho.in_1: two ports have this name"),
        ("key = \"out\"", "key = \"Out\"", "TapeEcho.Out: a port is named like dry_in: [a-z][a-z0-9_]*"),
        ("dir = \"out\"", "dir = \"out\"\nchannels = 65", "TapeEcho.out: has 65 channels; 1 to 64 are possible"),
        ("key = \"level\"", "key = \"Level\"", "TapeEcho.meters.Level: \"Level\" must be written like this_one"),
        (
            "key = \"taps\"",
            "key = \"length\"\nlock = true",
            "TapeEcho.length: cannot be locked: \"length\" means something",
        ),
        ("unit = \"s\"", "unit = \"s\"\nlock = 1", "invalid type: integer"),
        (
            "default = \"mono\"",
            "default = \"mono\"\n[[module.param]]\nkey = \"file\"\ndoc = \"A sound.\"\ntype = \"sample\"\nlock = true",
            "TapeEcho.file: cannot be locked: only a number, on and off, or a label",
        ),
        (
            "type = \"int\"\nmin = 1\nmax = 8\ndefault = 3",
            "type = \"numbers\"\nmin = 1.0\nmax = 1.0",
            "TapeEcho.taps: needs min < max, both finite: 1 .. 1",
        ),
        ("key = \"slapback\"", "key = \"Slap\"", "TapeEcho.preset.Slap: \"Slap\" must be written like"),
        ("doc = \"One short echo.\"", "doc = \"\"", "TapeEcho.preset.slapback: has no doc"),
        (
            "taps = 1,",
            "tops = 1,",
            "TapeEcho.preset.slapback.tops: there is no parameter \"tops\"; did you mean \"taps\"?",
        ),
        ("taps = 1,", "taps = 1.0,", "TapeEcho.preset.slapback.taps: is 1; it takes 1 to 8 (3)"),
        ("taps = 1,", "taps = 9,", "TapeEcho.preset.slapback.taps: is 9; it takes 1 to 8 (3)"),
        ("time = 0.1,", "time = nan,", "TapeEcho.preset.slapback.time: is NaN; it takes 0 to 2 s (0.5)"),
        ("time = 0.1,", "t = 0.1,", "TapeEcho.preset.slapback.t: there is no parameter \"t\""),
        (
            "mode = \"ping_pong\" }",
            "mode = \"pong\" }",
            "TapeEcho.preset.slapback.mode: is \"pong\"; it takes \"mono\", ",
        ),
        ("slots.4 =", "slots.5 =", "TapeEcho.preset.slapback.slots.5: is no slot; they are 1 to 4"),
        ("slots.4 =", "slots.04 =", "TapeEcho.preset.slapback.slots.04: is no slot; they are 1 to 4"),
        ("slots.4 =", "colour =", "unknown field `colour`"),
        ("mute = true }", "mute = 1 }", "TapeEcho.preset.slapback.slots.4.mute: is 1; it takes true or false (false)"),
        (
            "slots.4 = { mute = true }",
            "[[module.preset]]\nkey = \"slapback\"\ndoc = \"Nothing.\"",
            "TapeEcho.preset.slapback: is declared twice; TapeEcho.preset.slapback: sets nothing",
        ),
        ("license = \"MIT\"", "", "missing field `license`"),
        ("kind = \"effect\"", "kind = \"toy\"", "unknown variant `toy`"),
        ("unit = \"s\"", "unit = \"parsec\"", "unknown variant `parsec`"),
        ("unit = \"s\"", "colour = \"red\"", "unknown field `colour`"),
        ("schema = 1", "schema = ", "TOML parse error at line 2, column 10"),
    ];
    for (from, to, message) in table {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from} is not in the manifest");
        let error = Manifest::parse(&text).expect_err(message).to_string();
        assert!(error.contains(message), "{to}: {error}\nshould say: {message}");
    }
}

#[test]
fn every_problem_is_collected() {
    let text = GOOD.replace("count = 4", "count = 0").replace("1.2.3", "new").replace("max = 8", "max = 0");
    let error = Manifest::parse(&text).unwrap_err().to_string();
    for place in ["plugin.version", "TapeEcho.slots", "TapeEcho.taps"] {
        assert!(error.contains(place), "{place}: {error}");
    }
}

#[test]
fn a_sink_has_one_output() {
    let text = GOOD.replace("kind = \"effect\"", "kind = \"sink\"").replace("dir = \"out\"", "dir = \"in\"");
    let error = Manifest::parse(&text).unwrap_err().to_string();
    assert!(error.contains("TapeEcho: a sink has exactly one audio output, which feeds `out`"), "{error}");
}
