//! What the musical library says of mistakes.

use crate::rig::{Rig, on_script_thread, table};

/// `[code, error]`
const WRONG: &[(&str, &str)] = &[
    ("\nnote('H4')", "song.lua:2: note: it must be a note such as \"C4\", \"F#3\" or 60, not \"H4\""),
    (
        "local s =\n  scale('C4', 'dorain')",
        "song.lua:2: scale: there is no scale \"dorain\"; did you mean \"dorian\"?; scales() lists all",
    ),
    (
        "chord('C4', 'mai7')",
        "song.lua:1: chord: there is no chord \"mai7\"; did you mean \"maj7\"?; chords() lists all",
    ),
    ("scale('C4', 'major', 0)", "song.lua:1: scale: the number of octaves must be a whole number from 1 to 10, not 0"),
    (
        "chord_degree('iix', 60)",
        "song.lua:1: chord_degree: \"iix\" is not a degree; write \"i\" to \"vii\", with 7, 9, 11 or 13 behind it, or 1 to 7",
    ),
    ("note_name(5)", "song.lua:1: note_name: a note with a name must be a whole number from 12 to 127, not 5"),
    (
        "transpose({60, print}, 1)",
        "song.lua:1: transpose: it must be a note such as \"C4\", \"F#3\" or 60, not a function",
    ),
    ("arp({}, 'up')", "song.lua:1: arp: there is nothing in the notes; it takes at least one value"),
    ("euclid(9, 8)", "song.lua:1: euclid: the number of hits must be a whole number from 0 to 8, not 9"),
    ("bools(1, 2)", "song.lua:1: bools: it takes ones and zeros, not 2"),
    (
        "beats('1/x')",
        "song.lua:1: beats: it must be a duration such as \"1/8\", \"1/8t\", \"1/4d\", \"2 bars\" or a number of beats, not \"1/x\"",
    ),
    ("map(1, print)", "song.lua:1: map: it must be a list, not 1"),
    ("map({1}, 1)", "song.lua:1: map: what is done with each value must be a function, not 1"),
    ("map({1}, function() end)", "song.lua:1: map: the function gave nothing for value 1; it must answer with a value"),
    ("\nmap({1}, function(n)\n  return n.x.y\nend)", "song.lua:3: attempt to index a number value (local 'n')"),
    ("range(1, 1e9)", "song.lua:1: range: that would be a list of 1000000000 values; 100000 are possible"),
    ("clamp(1, 3, 2)", "song.lua:1: clamp: the low end 3 is above the high end 2"),
    ("choose({})", "song.lua:1: choose: there is nothing in the list; it takes at least one value"),
    ("chance(2)", "song.lua:1: chance: the probability must be a number from 0 to 1, not 2"),
    ("weighted({1, 2}, {1})", "song.lua:1: weighted: there are 2 values but 1 weights"),
    ("sequins{1}:stp(2)", "song.lua:1: a sequins has no method \"stp\"; did you mean \"step\"?"),
    ("sequins{1}.reset()", "song.lua:1: reset: call it with a colon, as in sequins:reset(); this has nil before it"),
    ("local s = sequins{1} s[3] = 2", "song.lua:1: sequins: there is no place 3; places 1 to 2 are possible"),
    ("local s = sequins{1} local t = sequins{s} s[1] = t", "song.lua:1: sequins: it cannot be within itself"),
    ("ring{1}.x = 2", "song.lua:1: a ring cannot be changed; make another"),
    ("mini('a').x = 2", "song.lua:1: a cycle cannot be changed; its methods make another"),
    ("mini('a'):fasst(2)", "song.lua:1: a cycle has no method \"fasst\"; did you mean \"fast\"?"),
    ("mini('a'):fast(0)", "song.lua:1: fast: the factor must be above 0, not 0"),
    (
        "mini('a'):late('soon')",
        "song.lua:1: late: the number of cycles must be a number or a fraction such as \"1/3\", not \"soon\"",
    ),
    (
        "mini('a'):every(2, function() end)",
        "song.lua:1: every: what the function answers must be a cycle, as mini(\"bd sn\") makes it, or such text, not nil",
    ),
    ("fast(3, 2)", "song.lua:1: fast: it must be a cycle, as mini(\"bd sn\") makes it, or such text, not 3"),
    ("mini(3)", "song.lua:1: mini: mini-notation must be text, not 3"),
    ("mini('a [b')", "song.lua:1: mini \"a [b\": character 3: \"[\" is never closed; add \"]\""),
    (
        "mini('a [b>')",
        "song.lua:1: mini \"a [b>\": character 5: \">\" closes nothing; \"[\" must be closed first, with \"]\"",
    ),
    (
        "mini('é b]')",
        "song.lua:1: mini \"é b]\": character 1: \"é\" means nothing here; write words, notes, numbers, ~ for a rest, and the signs []<>{}(),.*/!@?%_",
    ),
    ("mini('a b]')", "song.lua:1: mini \"a b]\": character 4: \"]\" closes nothing; take it away or open it before"),
    ("mini('a*')", "song.lua:1: mini \"a*\": character 3: how many times faster must follow, but the text ends"),
    ("mini('a*x')", "song.lua:1: mini \"a*x\": character 3: how many times faster must follow, but there is \"x\""),
    ("mini('a(9,8)')", "song.lua:1: mini \"a(9,8)\": character 2: 9 hits do not fit into 8 steps"),
    (
        "mini('x . x .')",
        "song.lua:1: mini \"x . x .\": character 7: \".\" stands between groups of steps, and one of them is empty; a rest is ~",
    ),
    (
        "pattern('p', mini('bd sn bd hh'), {slots = {hh = 3}})",
        "song.lua:1: pattern \"p\": \"bd\", \"sn\" are neither notes nor names of slots; name their slots: slots = {bd = 1, sn = 2}",
    ),
    (
        "mini('{a b}%0')",
        "song.lua:1: mini \"{a b}%0\": character 7: the steps of a cycle must be a number from 0.001 to 1000, not 0",
    ),
    ("mini('a?2')", "song.lua:1: mini \"a?2\": character 3: the probability must be a number from 0 to 1, not 2"),
    ("mini('a *2')", "song.lua:1: mini \"a *2\": character 3: \"*\" must stand right behind a step, as in bd*2"),
    (
        "\npattern('p', mini('bd ~ sm'), {slots = {bd = 1, sn = 2}})",
        "song.lua:2: pattern \"p\": \"sm\" is neither a note nor the name of a slot; did you mean \"sn\"?; name its slot: slots = {sm = 1}",
    ),
    (
        "pattern('p', mini('a'), {slot = 1, slts = {}})",
        "song.lua:1: pattern \"p\": with a cycle there is no option \"slts\"; did you mean \"slots\"?; options are cycle, cycles, slots, as, steps_per_beat, rows, lanes, note, instrument, slot, velocity, length, delay, chance, ratio, condition, ratchet, glide, locks",
    ),
    (
        "pattern('p', mini('a'), {as = 'nte'})",
        "song.lua:1: pattern \"p\": as is \"note\" or \"slot\", what numbers mean, not \"nte\"",
    ),
    (
        "pattern('p', mini('<60!7> <60!11>'))",
        "song.lua:1: pattern \"p\": it repeats only after 77 cycles, more than 64; say how many to play: cycles = 16",
    ),
    (
        "pattern('p', mini('60*500'))",
        "song.lua:1: pattern \"p\": its onsets need 500 rows in a cycle of 4 beats, more than 96 a beat; make it longer: cycle = 6",
    ),
    (
        "pattern('p', mini('60*3'), {steps_per_beat = 4})",
        "song.lua:1: pattern \"p\": with steps_per_beat = 4 a cycle has 16 rows, but its onsets need a multiple of 3",
    ),
    ("pattern('p', mini('200'))", "song.lua:1: pattern \"p\" row 1: note 200 is out of range; 0 to 127 are possible"),
    (
        "pattern('p', mini('bd'), {slots = {bd = 'one'}})",
        "song.lua:1: pattern \"p\": row 1: a slot is a whole number from 1, not \"one\"",
    ),
    (
        "return (pcall(scale, 'C4', 'x')) or chord('C4', 'y')",
        "song.lua:1: chord: there is no chord \"y\"; chords() lists all",
    ),
];

#[test]
fn mistakes() {
    table(WRONG);
}

/// What asks for too much is told so before it has used up the budget of a usual script.
#[test]
fn too_much() {
    on_script_thread(|| {
        for (code, expected) in [
            (
                "mini('[a!1000]!1000')",
                "mini \"[a!1000]!1000\": character 2: these are more than 20000 steps; play fewer of them again",
            ),
            (
                "mini('[a*1000]*1000'):show()",
                "the cycle has too many events; 100000 are possible: use fewer or smaller factors",
            ),
            (
                "mini('[[~ ~]*1000]*1000'):show()",
                "the cycle has too many events; 100000 are possible: use fewer or smaller factors",
            ),
            (
                "pattern('p', mini('60*997 60*991'))",
                "pattern \"p\": its onsets need more than 65536 rows over 1 cycles; use factors that have more in common",
            ),
            (
                "pattern('p', mini('60*300'), {cycles = 256, cycle = 8})",
                "pattern \"p\": its onsets need more than 65536 rows over 256 cycles; use factors that have more in common",
            ),
            (
                "mini('60'):fast('1/99991'):fast('1/99989'):show(1)",
                "the times of this cycle need fractions of more than nine digits; use fewer or rounder factors",
            ),
            (
                "pattern('p', mini('60'), {steps_per_beat = 96, cycles = 1024})",
                "pattern \"p\": it would have 393216 rows, more than 65536; use fewer cycles or factors",
            ),
            ("pattern('p', mini(('60, '):rep(64) .. '60'))", "pattern \"p\": more than 64 notes begin at once"),
            ("stretch({1, 2}, 100000)", "stretch: that would be a list of 200000 values; 100000 are possible"),
            ("range(1, math.huge)", "range: the last number must be a number, not inf"),
            ("mini(('['):rep(50))", "groups lie more than 40 deep; that is too deep"),
            (
                "mini(('a '):rep(60000))",
                "character 100001: the text is too long; 100000 characters are possible, stack() joins several",
            ),
        ] {
            let error = Rig::with(|options| options.instructions = 100_000_000).run(code).expect_err(code);
            assert!(error.message.ends_with(expected), "{code}: {error}");
            assert_eq!(error.line, Some(1), "{code}");
        }
    });
}
