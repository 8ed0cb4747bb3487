//! Cycles in mini-notation: when they play what, and the patterns they become.

use crate::rig::{Rig, on_script_thread};

/// `[mini-notation or cycle, what show says]`
const CYCLES: &[(&str, &str)] = &[
    ("mini('')", ""),
    ("mini('a b')", "0-1/2 a, 1/2-1 b"),
    ("mini('a ~ - b')", "0-1/4 a, 3/4-1 b"),
    ("mini('a [b c]')", "0-1/2 a, 1/2-3/4 b, 3/4-1 c"),
    ("mini('a [b [c d]]')", "0-1/2 a, 1/2-3/4 b, 3/4-7/8 c, 7/8-1 d"),
    ("mini('a b . c')", "0-1/4 a, 1/4-1/2 b, 1/2-1 c"),
    ("mini('a _ b')", "0-2/3 a, 2/3-1 b"),
    ("mini('a@3 b')", "0-3/4 a, 3/4-1 b"),
    ("mini('a@1.5 b')", "0-3/5 a, 3/5-1 b"),
    ("mini('a!2 b')", "0-1/3 a, 1/3-2/3 a, 2/3-1 b"),
    ("mini('a ! b')", "0-1/3 a, 1/3-2/3 a, 2/3-1 b"),
    ("mini('a! b')", "0-1/3 a, 1/3-2/3 a, 2/3-1 b"),
    ("mini('a!2!2 b')", "0-1/5 a, 1/5-2/5 a, 2/5-3/5 a, 3/5-4/5 a, 4/5-1 b"),
    ("mini(('[~]'):rep(50))", ""),
    ("mini('a*2 b')", "0-1/4 a, 1/4-1/2 a, 1/2-1 b"),
    ("mini('a*1.5')", "0-2/3 a, 2/3-4/3 a, 4/3-2 a"),
    ("mini('a/2')", "0-2 a"),
    ("mini('a/2 b')", "0-1/2 a, 1/2-1 b, 3/2-2 b"),
    ("mini('a*<1 2>')", "0-1 a, 1-3/2 a, 3/2-2 a"),
    ("mini('<a b>')", "0-1 a, 1-2 b"),
    ("mini('<a b> c')", "0-1/2 a, 1/2-1 c, 1-3/2 b, 3/2-2 c"),
    ("mini('<a <b c>>')", "0-1 a, 1-2 b, 2-3 a, 3-4 c"),
    ("mini('<a b>*2')", "0-1/2 a, 1/2-1 b"),
    ("mini('<a@2 b>')", "0-2 a, 2-3 b"),
    ("mini('<a, b c>')", "0-1 a, 0-1 b, 1-2 a, 1-2 c"),
    ("mini('{a b, c}')", "0-1/2 a, 0-1/2 c, 1/2-1 b, 1/2-1 c"),
    ("mini('{a b c}%2')", "0-1/2 a, 1/2-1 b, 1-3/2 c, 3/2-2 a, 2-5/2 b, 5/2-3 c"),
    ("mini('[a, b] c')", "0-1/2 a, 0-1/2 b, 1/2-1 c"),
    ("mini('a, b c')", "0-1 a, 0-1/2 b, 1/2-1 c"),
    ("mini('a(3,8)')", "0-1/8 a, 3/8-1/2 a, 3/4-7/8 a"),
    ("mini('a(3,8,2)')", "1/8-1/4 a, 1/2-5/8 a, 3/4-7/8 a"),
    ("mini('a(<1 2>,4)')", "0-1/4 a, 1-5/4 a, 3/2-7/4 a"),
    ("mini('[a b](1,2)')", "0-1/4 a, 1/4-1/2 b"),
    ("mini('a?1 b?0')", "1/2-1 b"),
    ("mini('c-4 60 -3 open-hat 808bd')", "0-1/5 c-4, 1/5-2/5 60, 2/5-3/5 -3, 3/5-4/5 open-hat, 4/5-1 808bd"),
    ("mini('a b'):fast(2)", "0-1/4 a, 1/4-1/2 b, 1/2-3/4 a, 3/4-1 b"),
    ("mini('a b'):slow('3/2')", "0-3/4 a, 3/4-3/2 b, 3/2-9/4 a, 9/4-3 b"),
    ("mini('a b c'):rev()", "0-1/3 c, 1/3-2/3 b, 2/3-1 a"),
    ("mini('a b'):late(0.25)", "1/4-3/4 a, 3/4-5/4 b"),
    ("mini('a b'):early(1/3)", "1/6-2/3 b, 2/3-7/6 a"),
    ("rotate(mini('a b'), '1/2')", "0-1/2 b, 1/2-1 a"),
    ("reverse(mini('a b'))", "0-1/2 b, 1/2-1 a"),
    ("mini('a'):stack('b', 'c d')", "0-1 a, 0-1 b, 0-1/2 c, 1/2-1 d"),
    ("mini('a'):cat('b c')", "0-1 a, 1-3/2 b, 3/2-2 c"),
    ("cat('<a b>', 'c')", "0-1 a, 1-2 c, 2-3 b, 3-4 c"),
    ("mini('a b'):ply(2)", "0-1/4 a, 1/4-1/2 a, 1/2-3/4 b, 3/4-1 b"),
    ("mini('a b'):degrade(1)", ""),
    ("mini('a b'):degrade(0)", "0-1/2 a, 1/2-1 b"),
    ("mini('a b'):sometimes(1, function(c) return c:transpose(12) end)", "0-1/2 a+12, 1/2-1 b+12"),
    ("mini('a b'):sometimes(0, function(c) return c:transpose(12) end)", "0-1/2 a, 1/2-1 b"),
    ("mini('a b'):off(1/8, function(c) return c:velocity(0.5) end)", "0-1/2 a, 1/8-5/8 a@0.5, 1/2-1 b, 5/8-9/8 b@0.5"),
    ("mini('a b'):palindrome()", "0-1/2 a, 1/2-1 b, 1-3/2 b, 3/2-2 a"),
    ("mini('a b'):every(2, rev)", "0-1/2 b, 1/2-1 a, 1-3/2 a, 3/2-2 b"),
    ("mini('<a b>'):struct({true, false, true})", "0-1/3 a, 2/3-1 a, 1-4/3 b, 5/3-2 b"),
    ("mini('a b'):struct('x f x x')", "0-1/4 a, 1/2-3/4 b, 3/4-1 b"),
    ("mini('[a, b] c'):segment(2)", "0-1/2 a, 0-1/2 b, 1/2-1 c"),
    // What has not begun in a step does not go on in it.
    ("mini('a/2 b'):segment(2)", "0-1/2 a, 1/2-1 b, 3/2-2 b"),
    ("mini('a/2'):segment(1)", "0-1 a, 1-2 a"),
    ("mini('a b'):transpose(-5):velocity(0.25):transpose(1)", "0-1/2 a-4@0.25, 1/2-1 b-4@0.25"),
];

#[test]
fn cycles() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        for (code, expected) in CYCLES {
            let shown = rig.run(&format!("return {code}:show()")).unwrap_or_else(|error| panic!("{code}: {error}"));
            assert_eq!(shown.values, [*expected], "{code}");
        }
    });
}

/// The pattern `p`: rows, steps of a beat, and `row.column:note/slot*length@velocity` of each step.
fn pattern(rig: &Rig) -> String {
    let model = rig.engine.model();
    let pattern = model.patterns.get("p").expect("there");
    let steps = pattern.steps.iter().map(|(at, step)| {
        let note = step.number().map_or("x".into(), |n| n.get().to_string());
        let slot = step.slot.map(|s| format!("/{s}")).unwrap_or_default();
        let velocity = step.velocity.map(|v| format!("@{}", v.get())).unwrap_or_default();
        format!(" {}.{}:{note}{slot}*{}{velocity}", at.row, at.column, step.length.map_or(1.0, |length| length.get()))
    });
    format!("{}/{}{}", pattern.rows, pattern.steps_per_beat.get(), steps.collect::<String>())
}

#[test]
fn cycles_become_patterns() {
    on_script_thread(|| {
        for (code, expected) in [
            ("mini('c4 e4 ~ 67')", "4/1 0.0:60*1 1.0:64*1 3.0:67*1"),
            ("mini('c4 [e4 g4]')", "4/1 0.0:60*2 2.0:64*1 3.0:67*1"),
            ("mini('[c4, e4] g4')", "2/0.5 0.0:60*1 0.1:64*1 1.0:67*1"),
            ("mini('<c4 d4> e4')", "4/0.5 0.0:60*1 1.0:64*1 2.0:62*1 3.0:64*1"),
            ("mini('c4*7')", "7/1.75 0.0:60*1 1.0:60*1 2.0:60*1 3.0:60*1 4.0:60*1 5.0:60*1 6.0:60*1"),
            ("mini('c4/3')", "3/0.25 0.0:60*3"),
            ("mini('bd sn'), {slots = {bd = 1, sn = 2}}", "2/0.5 0.0:x/0*1 1.0:x/1*1"),
            ("mini('1 2'), {as = 'slot'}", "2/0.5 0.0:x/0*1 1.0:x/1*1"),
            ("mini('1 2'), {slots = {['1'] = 3}}", "2/0.5 0.0:x/2*1 1.0:2*1"),
            ("mini('x X'), {note = 'D4', slot = 2, velocity = 0.5}", "2/0.5 0.0:62/1*1@0.5 1.0:62/1*1@1"),
            ("mini('c4 e4'), {length = 0}", "2/0.5 0.0:60*0 1.0:64*0"),
            ("mini('c4 e4'), {cycle = 2}", "2/1 0.0:60*1 1.0:64*1"),
            ("mini('c4 e4'), {cycle = '2 bars'}", "2/0.25 0.0:60*1 1.0:64*1"),
            ("mini('c4'), {cycle = 4096}", "4/0.0009765625 0.0:60*4"),
            ("mini('c4 e4'), {cycles = 2}", "4/0.5 0.0:60*1 1.0:64*1 2.0:60*1 3.0:64*1"),
            ("mini('c4 e4'), {steps_per_beat = 4}", "16/4 0.0:60*8 8.0:64*8"),
            ("mini('c4 x'):transpose(12):velocity(0.5)", "2/0.5 0.0:72*1@0.5 1.0:72*1@0.5"),
            ("mini('bd'):transpose(2), {slots = {bd = 1}}", "1/0.25 0.0:62/0*1"),
            ("mini('~ ~')", "1/0.25"),
            ("mini('c4 e4 g4'):late('1/6')", "6/1.5 1.0:60*2 3.0:64*2 5.0:67*2"),
        ] {
            let mut rig = Rig::new();
            rig.run(&format!("pattern('p', {code})")).unwrap_or_else(|e| panic!("{code}: {e}"));
            assert_eq!(pattern(&rig), expected, "{code}");
        }
        for (signature, code, expected) in [
            // Sixteen rows in three beats would be 5.333... a beat, which no number of the machine is.
            ("3/4", "mini('c4*2')", "6/2 0.0:60*3 3.0:60*3"),
            ("7/8", "mini('c4*2')", "14/4 0.0:60*7 7.0:60*7"),
            ("6/8", "mini('c4*3')", "3/1 0.0:60*1 1.0:60*1 2.0:60*1"),
        ] {
            let mut rig = Rig::new();
            rig.run(&format!("signature('{signature}') pattern('p', {code})"))
                .unwrap_or_else(|e| panic!("{code}: {e}"));
            assert_eq!(pattern(&rig), expected, "{code} in {signature}");
        }
    });
}
