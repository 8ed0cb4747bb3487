//! `pattern(...)` from Lua's side; the signs themselves are tested with the notation.

use crate::rig::{Rig, on_script_thread, table};

/// `row.column:note/slot*length@velocity` of each step of pattern `p`, behind the number of rows.
fn shown(rig: &Rig) -> String {
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
fn forms() {
    on_script_thread(|| {
        for (code, expected) in [
            ("'x . X .'", "4/4 0.0:x*1 2.0:x*1@1"),
            ("'x .', {steps_per_beat = 2}", "2/2 0.0:x*1"),
            ("{'x', '.', per_beat = 3}", "2/3 0.0:x*1"),
            ("{'x', false, 'C4', 62, '='}", "5/4 0.0:x*1 2.0:60*1 3.0:62*2"),
            ("'C4 = =', {slot = 2, velocity = 0.5}", "3/4 0.0:60/1*3@0.5"),
            ("'x x', {length = 0, note = 'D4'}", "2/4 0.0:62*0 1.0:62*0"),
            ("{{note = 'C4', slot = 1, length = 2, velocity = 0.25}}", "1/4 0.0:60/0*2@0.25"),
            ("{{'C4', 64, {note = 67, slot = 2}}, '='}", "2/4 0.0:60*2 0.1:64*2 0.2:67/1*2"),
            ("{{[2] = 64, [4] = 67}}", "1/4 0.0:64*1 0.1:67*1"),
            ("{{'C4', 64, velocity = 0.5}}", "1/4 0.0:60*1@0.5 0.1:64*1@0.5"),
            ("{rows = 16, [1] = 'x', [5] = {note = 'C4'}}", "16/4 0.0:x*1 4.0:60*1"),
            ("'x', {rows = 8}", "8/4 0.0:x*1"),
            ("{lanes = {{'x...', slot = 1}, {'.x.X', slot = 2}}}", "4/4 0.0:x/0*1 1.1:x/1*1 3.1:x/1*1@1"),
            ("{lanes = {'x .', {'C4', 'D4'}}}, {velocity = 0.5}", "2/4 0.0:x*1@0.5 0.1:60*1@0.5 1.1:62*1@0.5"),
        ] {
            let mut rig = Rig::new();
            rig.run(&format!("pattern('p', {code})")).unwrap_or_else(|e| panic!("{code}: {e}"));
            assert_eq!(shown(&rig), expected, "{code}");
        }
    });
}

#[test]
fn handles_and_mistakes() {
    table(&[
        ("p = pattern('p', 'x .') print(p, p.rows, p.steps_per_beat, pattern('p') == p)", "p\t2\t4.0\ttrue"),
        ("s = steps('s') s.pattern = pattern('p', 'x') print(s.pattern)", "p"),
        ("s = steps('s', {pattern = 'p'}) print(s.pattern)", "p"),
        ("p = pattern('p', 'x') remove(p) print(#engine:getPatternRuntime():getPatternNames())", "0"),
        (
            "pattern('p')",
            "song.lua:1: there is no pattern \"p\"; to make it, say its rows: pattern(\"p\", \"x . x .\")",
        ),
        (
            "pattern('p', 'x . q')",
            "song.lua:1: pattern \"p\": row 3: \"q\" is not a step; write x, X, ., =, a note such as C4 or a number 0 to 127",
        ),
        (
            "pattern('p', {'x', 'q'})",
            "song.lua:1: pattern \"p\": row 2: \"q\" is not a step; write x, X, ., = or a note such as C4",
        ),
        (
            "pattern('p', {'x .', 'x x'})",
            "song.lua:1: pattern \"p\": row 1: \"x .\" is several steps; side by side they are lanes = {{\"x .\"}, ...}",
        ),
        (
            "pattern('p', {lanes = {'x', '. ='}})",
            "song.lua:1: pattern \"p\": lane 2, row 2: = has no note before it to make longer",
        ),
        (
            "pattern('p', {lanes = {'x', 'q'}})",
            "song.lua:1: pattern \"p\": lane 2, row 1: \"q\" is not a step; write x, X, ., =, a note such as C4 or a number 0 to 127",
        ),
        (
            "pattern('p', {{{60}, {64}}})",
            "song.lua:1: pattern \"p\": row 1: what a note of a chord is given in a table has names; write {note = 60}",
        ),
        (
            "pattern('p', {{{[2] = 60}}})",
            "song.lua:1: pattern \"p\": row 1: what a note of a chord is given in a table has names; write {note = 60}",
        ),
        (
            "local t = {} t[1] = t pattern('p', t)",
            "song.lua:1: pattern \"p\": row 1: what a note of a chord is given in a table has names; write {note = ...}",
        ),
        (
            "pattern('p', {lanes = {{'x...', 1}}})",
            "song.lua:1: pattern \"p\": lane 1, row 2: 1 behind \"x...\", which is all the steps, means nothing; what \
             else they have is named: {\"x...\", slot = 1}",
        ),
        (
            "pattern('p', {'x...', '..x.'})",
            "song.lua:1: pattern \"p\": row 1: \"x...\" is several steps; side by side they are lanes = {{\"x...\"}, ...}",
        ),
        (
            "pattern('p', {{nte = 60}})",
            "song.lua:1: pattern \"p\": row 1: a step has no option \"nte\"; did you mean \"note\"?",
        ),
        (
            "pattern('p', 'x', {step_per_beat = 4})",
            "song.lua:1: pattern \"p\": it has no option \"step_per_beat\"; did you mean \"steps_per_beat\"?",
        ),
        ("pattern('p', '')", "song.lua:1: pattern \"p\" has 0 rows; 1 to 65536 are possible"),
        (
            "pattern('p', 'x', {velocity = 2})",
            "song.lua:1: pattern \"p\" row 1: velocity 2 is out of range; 0 to 1 are possible",
        ),
        ("pattern('p', {rows = 4, [9] = 'x'})", "song.lua:1: pattern \"p\": there are 9 steps but rows = 4"),
        ("pattern('p', 12)", "song.lua:1: pattern \"p\": rows are text or a list, not 12"),
    ]);
}

/// One chord may stand on every row of every lane: it is counted and paid for while it is read.
#[test]
fn no_more_is_read_than_a_pattern_holds() {
    const CHORD: &str = "local chord, rows = {}, {} for i = 1, 64 do chord[i] = i end \
                         for i = 1, 65536 do rows[i] = chord end pattern('p', rows)";
    on_script_thread(|| {
        let error = Rig::with(|o| o.instructions = 100_000_000).run(CHORD).expect_err("too much");
        assert_eq!(
            error.to_string(),
            "song.lua:1: pattern \"p\": row 2049: these are more than 131072 rows and notes; write several patterns, and \
             play them one after the other with chain"
        );
        let error = Rig::with(|o| o.instructions = 1_000_000).run(CHORD).expect_err("too much");
        assert!(error.message.starts_with("stopped"), "{error}");
    });
}
