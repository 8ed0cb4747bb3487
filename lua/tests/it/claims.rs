//! Files claim what they ask for: evaluating them again writes only what they ask for differently.

use crate::rig::{Rig, on_script_thread};

/// What a prompt answers.
fn ask(rig: &mut Rig, code: &str) -> String {
    rig.say(code).map_or_else(|error| error.to_string(), |done| done.values.join(" "))
}

const SONG: &str = "
bpm(124)
kick = tone('kick', {volume = 0.8, slots = {{file = 'bd.flac'}}})
kick.wave = 'sine'
seq = steps('seq', {pattern = pattern('beat', 'x . x .')})
mix = desk('mix')
connect(seq, kick)
connect(kick, mix)
connect('kick', mix, {to = 'in_3'})
connect(mix, out)
disconnect(seq, 'kick')
";

#[test]
fn the_same_file_twice_commits_nothing() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.say("tone('ghost') connect(tone('hum'), out)").expect("runs");
        let song = format!("{SONG} disconnect('hum', out) remove('ghost')");
        for (code, expected) in [(song.as_str(), Some(2)), (&song, None), (&song, None)] {
            assert_eq!(rig.run(code).expect("runs").batch, expected);
        }
        // Nor if everything was there before: only the claims are noted, once.
        assert_eq!(rig.file("copy.lua", SONG).expect("runs").commands, 0);
        assert_eq!(rig.file("copy.lua", SONG).expect("runs").batch, None);
    });
}

/// All that a file asks for is written once more, whatever was done since; of what it does not speak stays as it is.
#[test]
fn restating_a_file() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run(SONG).expect("runs");
        rig.say("tone('own') kick.voices = 3").expect("runs");
        let before = rig.engine.model();
        rig.say("kick.volume = 0.1 kick.slots[1].file = 'sd.flac' bpm(90) remove(mix) connect(seq, kick)")
            .expect("runs");
        assert_ne!(rig.engine.model(), before);
        rig.say("restate('song.lua')").expect("runs");
        assert_eq!(rig.engine.model(), before);
        assert_eq!(rig.say("restate('song.lua')").expect("runs").batch, None);
        for (line, error) in [
            (
                "restate('sonh.lua')",
                "prompt:1: no file \"sonh.lua\" has asked for anything; did you mean \"song.lua\"?",
            ),
            ("restate()", "prompt:1: the file must be text, not nil"),
        ] {
            assert_eq!(ask(&mut rig, line), error);
        }
    });
}

/// `[first, said at the prompt, second, asked at the prompt, answer]`
const TURNED: &[[&str; 5]] = &[
    // What was turned live stays until its own line is edited.
    [
        "k = tone('k') k.volume = 0.8 k.voices = 2",
        "k.volume = 0.3",
        "k = tone('k') k.volume = 0.8 k.voices = 2",
        "k.volume",
        "0.3",
    ],
    [
        "k = tone('k') k.volume = 0.8 k.voices = 2",
        "k.volume = 0.3",
        "k = tone('k') k.volume = 0.8 k.voices = 3",
        "k.volume",
        "0.3",
    ],
    ["k = tone('k') k.volume = 0.8", "k.volume = 0.3", "k = tone('k') k.volume = 0.7", "k.volume", "0.7"],
    // An alias is the same parameter.
    ["k = tone('k') k.volume = 0.8", "k.volume = 0.3", "k = tone('k') k.amp = 0.8", "k.volume", "0.3"],
    // The script reads what it wrote all the same.
    [
        "k = tone('k') k.volume = 0.8",
        "k.volume = 0.3",
        "k = tone('k') k.volume = 0.8 assert(k.volume == 0.8)",
        "k.volume",
        "0.3",
    ],
    // A line taken out.
    ["k = tone('k') k.volume = 0.8", "", "k = tone('k')", "k.volume", "1"],
    ["bpm(90)", "", "", "bpm()", "120"],
    ["tone('k') tone('b')", "", "tone('b')", "#engine:getModuleRegistry():getModuleNames()", "1"],
    ["k = tone('k') connect(k, out)", "", "k = tone('k')", "#engine:getConnectionManager():getConnections()", "0"],
    [
        "pattern('a', 'x') pattern('b', 'x')",
        "",
        "pattern('b', 'x')",
        "#engine:getPatternRuntime():getPatternNames()",
        "1",
    ],
    // A cable that was pulled out stays out, one that was drawn stays.
    [
        "k, d = tone('k'), desk('d') connect(k, d)",
        "disconnect(k, d)",
        "k, d = tone('k'), desk('d') connect(k, d)",
        "#engine:getConnectionManager():getConnections()",
        "0",
    ],
    [
        "k = tone('k') connect(k, out)",
        "disconnect(k, out)",
        "k = tone('k') connect(k, out, {gain = 0.5})",
        "#engine:getConnectionManager():getConnections()",
        "1",
    ],
    // A module that was removed stays away until something new is said of it.
    ["k = tone('k') k.voices = 2", "remove(k)", "k = tone('k') k.voices = 2", "k", "nil"],
    ["k = tone('k') k.voices = 2", "remove(k)", "k = tone('k') k.voices = 3", "k.voices", "3"],
];

#[test]
fn edited_turned_and_taken_out() {
    on_script_thread(|| {
        for [first, said, second, asked, answer] in TURNED {
            let mut rig = Rig::new();
            rig.run(first).expect("runs");
            rig.say(said).expect("is said");
            rig.run(second).expect("runs again");
            assert_eq!(ask(&mut rig, asked), *answer, "{first} | {said} | {second}");
        }
    });
}

#[test]
fn two_files_on_one_parameter() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.file("a.lua", "tone('k').volume = 0.5").expect("runs");
        rig.file("b.lua", "tone('k').volume = 0.25").expect("runs");
        assert_eq!(ask(&mut rig, "k.volume"), "0.25");
        rig.file("b.lua", "tone('k')").expect("runs");
        assert_eq!(ask(&mut rig, "k.volume"), "0.5");
        rig.file("b.lua", "").expect("runs");
        assert_eq!(ask(&mut rig, "k.volume"), "0.5");
        rig.file("a.lua", "").expect("runs");
        assert_eq!(ask(&mut rig, "k"), "nil");
    });
}

#[test]
fn a_failing_file_claims_nothing() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run("k = tone('k') k.volume = 0.5").expect("runs");
        let before = rig.engine.model();
        rig.run("k = tone('k') k.volume = 0.7 error('no')").expect_err("fails");
        let after = rig.engine.model();
        assert_eq!(*after, *before);
        assert!(after.claims == before.claims, "the claims are others");
        rig.run("k = tone('k')").expect("runs");
        assert_eq!(ask(&mut rig, "k.volume"), "1");
    });
}

#[test]
fn circles() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        let two = "a, b = make('Echo', 'a'), make('Echo', 'b') ";
        rig.run(&format!("{two} connect(a, b)")).expect("runs");
        // Turned round: the old cable is gone in the end.
        rig.run(&format!("{two} connect(b, a)")).expect("is no circle");
        // With another file's cable it is one.
        let error = rig.file("b.lua", "connect('a', 'b')").expect_err("a circle");
        assert_eq!(error.line, Some(1));
        assert!(error.message.contains("b.lua:1 (a.out -> b.in)"), "{error}");
        assert!(!error.message.contains("song.lua"), "{error}");
    });
}

#[test]
fn the_prompt_claims_nothing() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.say("k = tone('k') k.volume = 0.5").expect("runs");
        assert!(rig.engine.model().claims.is_empty());
        assert_eq!(rig.say("k.volume = 0.5").expect("runs").batch, None);
    });
}
