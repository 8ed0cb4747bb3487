//! What scripts do with patterns they hold.

use cantus_host::control::{Origin, When};
use cantus_host::model::Num;

use crate::rig::{Rig, on_script_thread, table};

/// Of the pattern p after an edit, or the error: its rows and lines.
fn edited(rows: &'static [(&str, &str)]) {
    const BEFORE: &str = "p = pattern('p', {rows = 4, steps = {'1: C4 v0.5 | x s2', '3: E4 l2'}}) ";
    const AFTER: &str =
        " local s = engine:getState():clone().patterns.p print(s.rows .. '; ' .. table.concat(s.steps, '; '))";
    on_script_thread(move || {
        for (code, expected) in rows {
            let mut rig = Rig::new();
            let answer = match rig.run(&format!("{BEFORE}{code}{AFTER}")) {
                Ok(_) => rig.printed.borrow().trim_end().to_owned(),
                Err(error) => error.to_string().replace("song.lua:1: ", "!"),
            };
            assert_eq!(answer, *expected, "{code}");
        }
    });
}

#[test]
fn each_edit_does_what_it_says() {
    edited(&[
        ("", "4; 1: C4 v0.5 | x s2; 3: E4 l2"),
        (
            "p:set(2, 3, 'C5 s2 v0.8 ?0.5 cutoff=800')",
            "4; 1: C4 v0.5 | x s2; 2: | | C5 s2 v0.8 ?0.5 cutoff=800; 3: E4 l2",
        ),
        ("p:set(1, 1, 61):set(1, 2, true):set(3, 1)", "4; 1: C#4 | x"),
        ("p:set(1, 1, {note = 'D4', slot = 1, length = 0}):set(3, 1, false)", "4; 1: D4 s1 l0 | x s2"),
        ("p:set(2, 1, p:get(1, 1)):set(1, 1, p:get(9, 9))", "4; 1: | x s2; 2: C4 v0.5; 3: E4 l2"),
        (
            "print(p:get(1, 1, 'note'), p:get(1, 1, 'length'), p:get(1, 2, 'slot'), p:get(1, 2, 'note'), p:get(2, 1, 'chance'))",
            "60.0\t1.0\t2.0\tnil\tnil\n4; 1: C4 v0.5 | x s2; 3: E4 l2",
        ),
        ("p:clear()", "4;"),
        ("p:clear{row = 1, column = 2}", "4; 1: C4 v0.5; 3: E4 l2"),
        ("p:clear{rows = {2, 4}}", "4; 1: C4 v0.5 | x s2"),
        ("p:insert(1)", "4; 2: C4 v0.5 | x s2; 4: E4 l2"),
        ("p:insert(1, 2, 1)", "4; 1: | x s2; 3: C4 v0.5; 5: E4 l2"),
        ("p:delete(1, 2)", "4; 1: E4 l2"),
        ("p:delete(2, 1, {1, 2})", "4; 1: C4 v0.5 | x s2; 2: E4 l2"),
        ("p:paste(p:copy(), 2)", "4; 1: C4 v0.5 | x s2; 2: C4 v0.5 | x s2; 4: E4 l2"),
        ("p:paste(p:copy{row = 1}, 3, 1, {mix = true})", "4; 1: C4 v0.5 | x s2; 3: E4 l2 | x s2"),
        (
            "pattern('q', 'x x'):paste(p:cut{column = 1}, 1, 2) p = pattern('q') print(p:get(3, 2), p:get(1, 1))",
            "E4 l2\tx\n4; 1: | x s2",
        ),
        (
            "local c = p:copy{rows = {1, 3}} print(c, #c, c.rows, c.columns)",
            "3 steps of 3 rows and 2 columns\t3\t3\t2\n4; 1: C4 v0.5 | x s2; 3: E4 l2",
        ),
        ("p:transpose(12, {row = 3})", "4; 1: C4 v0.5 | x s2; 3: E5 l2"),
        ("p:rotate(-1)", "4; 2: E4 l2; 4: C4 v0.5 | x s2"),
        ("p:reverse():reverse{column = 1}", "4; 1: C4 v0.5; 3: E4 l2; 4: | x s2"),
        ("p:double()", "8; 1: C4 v0.5 | x s2; 3: E4 l2; 5: C4 v0.5 | x s2; 7: E4 l2"),
        ("p:halve()", "2; 1: C4 v0.5 | x s2; 3: E4 l2"),
        ("p:expand()", "8; 1: C4 v0.5 | x s2; 5: E4 l4"),
        ("p:shrink()", "2; 1: C4 v0.5 | x s2; 2: E4 l1"),
        ("p:set(2, 1, 'x'):interpolate('velocity')", "4; 1: C4 v0.5 | x s2; 2: x v0.75; 3: E4 l2"),
        (
            "p:set(2, 1, 'x'):interpolate('velocity', {column = 1, curve = 0.5})",
            "4; 1: C4 v0.5 | x s2; 2: x v0.625; 3: E4 l2",
        ),
        (
            "p:set(1, 1, 'x gain=1'):set(2, 1, 'x'):set(3, 1, 'x gain=2'):interpolate('gain')",
            "4; 1: x gain=1 | x s2; 2: x gain=1.5; 3: x gain=2",
        ),
        ("p:randomise('note', 'C5', 72):randomize('glide', 2, 2, {column = 2})", "4; 1: C5 v0.5 | C5 s2 g2; 3: C5 l2"),
        ("p:legato()", "4; 1: C4 v0.5 l2 | x s2 l4; 3: E4 l2"),
        ("p:euclid(3, 4)", "4; 1: x | x s2; 2: x; 3: x"),
        (
            "p:euclid(1, 2, {rows = {1, 2}, columns = {1, 3}, rotation = 1, step = 'C4'})",
            "4; 2: C4 | C4 | C4; 3: E4 l2",
        ),
        ("p:change('velocity', '+0.25'):change('note', '-12', {row = 1})", "4; 1: C3 v0.75 | x s2 v1; 3: E4 v1 l2"),
        ("p:change('gain', 2, {row = 3}):change('note', 'C4')", "4; 1: C4 v0.5 | C4 s2; 3: C4 l2 gain=2"),
        ("p:resize(2)", "2; 1: C4 v0.5 | x s2; 3: E4 l2"),
        ("p.rows = 8 p.steps_per_beat = -2 print(p.steps_per_beat)", "-2.0\n8; 1: C4 v0.5 | x s2; 3: E4 l2"),
    ]);
}

#[test]
fn mistakes_are_named() {
    edited(&[
        ("p:transpse(1)", "!pattern p has no field or method \"transpse\"; did you mean \"transpose\"?"),
        ("print(p.row)", "!pattern p has no field or method \"row\"; did you mean \"rows\"?"),
        ("p.row = 1", "!pattern p has no field or method \"row\"; did you mean \"rows\"?"),
        ("p.name = 'q'", "!the name of pattern p cannot be set"),
        ("p.clear = 1", "!pattern p.clear cannot be set; call it: p:clear(...)"),
        ("p[1] = 'x'", "!pattern p: write a step with set, as in p:set(1, 1, \"C4\")"),
        ("p.rows = 0", "!pattern \"p\" has 0 rows; 1 to 65536 are possible"),
        ("p.clear()", "!call it with a colon, on a pattern: beat:clear(...)"),
        ("p:clear(3)", "!clear: a selection is a table such as {rows = {1, 8}, column = 2}, not 3"),
        ("p:clear{3}", "!what a selection is given in a table has names; write {rows = 3}"),
        ("p:clear{rws = 3}", "!a selection has no option \"rws\"; did you mean \"rows\"?"),
        ("p:clear{rows = 1, row = 2}", "!a selection has rows or row, not both"),
        ("p:clear{rows = {1}}", "!rows are the first and the last, as in rows = {1, 8}"),
        ("p:clear{rows = {0, 3}}", "!rows are numbered from 1"),
        ("p:clear{column = 1.5}", "!a column must be a whole number, not 1.5"),
        ("p:clear{rows = {3, 1}}", "!pattern \"p\" has no rows 3 to 1; 1 to 65536 are possible"),
        ("p:clear{column = 65}", "!pattern \"p\" has no columns 65 to 65; 1 to 64 are possible"),
        ("p:copy{rows = {3, 1}}", "!a selection has its first row and column before its last"),
        ("p:insert(1, 0)", "!insert: it takes at least one row"),
        ("p:paste('x')", "!paste takes what copy or cut has answered, not \"x\""),
        ("p:paste(p:copy(), 1, 64)", "!pattern \"p\" has no columns 64 to 65; 1 to 64 are possible"),
        ("print(p:copy().size)", "!a clip has no field \"size\""),
        ("p:set(0, 1, 'x')", "!rows are numbered from 1"),
        ("p:set(1, 65, 'x')", "!pattern \"p\" row 1: column 65 is too many; 64 are possible"),
        (
            "p:set(1, 1, 'H4')",
            "!pattern p row 1: \"H4\": H4 is not a note; a cell begins with a note such as C-4 or 61.5, with OFF, CUT, x for none, or ... if it is empty; write a step such as \"C4 v0.8\"",
        ),
        ("p:set(1, 1, {nte = 1})", "!pattern p row 1: a step has no option \"nte\"; did you mean \"note\"?"),
        (
            "p:set(1, 1, print)",
            "!pattern p row 1: a function is not a step; write \"C4 v0.8\", a note, true or a table",
        ),
        ("p:transpose(64)", "!pattern \"p\" row 3: note 128 is out of range; 0 to 127 are possible"),
        ("p:rotate(1.5)", "!the rows of rotate must be a whole number from -65536 to 65536"),
        ("p:resize(3):halve()", "!pattern \"p\" has 3 rows; only an even number of them can be halved"),
        ("p:interpolate('velocty')", "!a step has no field \"velocty\"; did you mean \"velocity\"?"),
        ("p:interpolate('wav')", "!a step has no field \"wav\"; did you mean \"wave\"?"),
        (
            "p:interpolate('note', {curve = 3})",
            "!pattern \"p\" cannot be interpolated with a curve of 3; -1 to 1 are possible",
        ),
        (
            "p:randomise('velocity', 1, 0)",
            "!pattern \"p\" cannot get a random velocity from 1 to 0; the first is the least",
        ),
        ("p:euclid(5, 4)", "!pattern \"p\" cannot have 5 hits in 4 steps; 0 to 4 are possible"),
        (
            "p:euclid(1, 1, {rows = {1, 65536}, columns = {1, 64}})",
            "!euclid: pattern p would have 4194307 steps; at most 131072 are possible",
        ),
        (
            "p:change('velocity', 'louder')",
            "!\"louder\" is no change; write \"+0.3\", \"-2\", \"*2\", \"/2\" or \"0.5\"",
        ),
        (
            "p:change('delay', '+1')",
            "!pattern \"p\" row 1: delay 1 is out of range; between -1 and 1 rows are possible",
        ),
        ("p:later('bar'):reverse()", "!later cannot be in a file: say it at the prompt, or write quantize"),
        ("p:later('soon')", "!when it is done is \"bar\", \"grid\" or a number of beats, not \"soon\""),
        ("remove(p) p:clear()", "!there is no pattern \"p\" any more"),
    ]);
}

#[test]
fn an_edit_is_a_command() {
    table(&[("p = pattern('p', 'x x') print(p:rotate(1) == p, p:later(4) == p)", "true\ttrue")]);
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.say("p = pattern('p', 'C4 D4 E4 F4')").expect("runs");
        rig.say("p:transpose(12, {rows = {1, 2}}):transpose(0)").expect("runs");
        assert_eq!(rig.last(), ["transpose pattern p rows 1 to 2 by 12"], "what changes nothing is nothing");
        rig.say("p:transpose(12) error('no')").expect_err("fails");
        rig.say("assert(p:get(1, 1, 'note') == 72)").expect("a failing line changes nothing");
    });
}

/// The claim of a pattern is what it is in the end: the same file again finds nothing to do.
#[test]
fn a_file_that_edits_what_it_wrote_can_be_run_again() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        let code = "pattern('p', 'C4 D4 E4 F4'):transpose(12):randomise('velocity', 0, 1):reverse()";
        rig.run(code).expect("runs");
        let (model, count) = (rig.engine.model(), rig.engine.batches.borrow().len());
        rig.run(code).expect("runs again");
        assert_eq!((rig.engine.model(), rig.engine.batches.borrow().len()), (model, count));
    });
}

#[test]
fn random_numbers_are_the_scripts_own() {
    on_script_thread(|| {
        let velocities = |code: &str| {
            let mut rig = Rig::new();
            rig.run(&format!("p = pattern('p', 'x x x x') {code} for i = 1, 4 do print(p:get(i, 1, 'velocity')) end"))
                .expect("runs");
            rig.printed.take()
        };
        let once = velocities("p:randomise('velocity', 0, 1)");
        assert_eq!(once, velocities("p:randomise('velocity', 0, 1)"));
        assert_ne!(once, velocities("p:randomise('velocity', 0, 1):randomise('velocity', 0, 1)"));
        assert_ne!(once, velocities("math.random() p:randomise('velocity', 0, 1)"));
    });
}

#[test]
fn later_edits_are_batches_of_their_own() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.say("p = pattern('p', 'C4 D4 E4 F4', {steps_per_beat = -2}) signature('7/8')").expect("runs");
        for (code, grid) in [("'bar'", 3.5), ("'grid'", 0.0), ("8", 8.0), ("'row'", 0.5), ("'pattern'", 2.0)] {
            rig.say(&format!("q = p:later({code}) q:transpose(1):reverse() q.rows = 3 assert(p.rows == 4)"))
                .expect(code);
            let batches = rig.engine.batches.borrow();
            let batch = batches.last().expect("one");
            let grid = When::NextGrid(Num::of(grid));
            assert_eq!(
                (batch.work.describe(), batch.when, &batch.origin),
                ("transpose pattern p by 1 and 2 more".into(), grid, &Origin::Repl),
                "{code}"
            );
            drop(batches);
            // This engine has no clock: what is to be later is done.
            rig.say("p.rows = 4").expect("runs");
        }
        rig.say("p:later('bar'):transpose(1) p:later(1):transpose(1) p:set(1, 1, 'C4')").expect("runs");
        let count = rig.engine.batches.borrow().len();
        let last: Vec<String> = rig.engine.batches.borrow()[count - 3..].iter().map(|b| b.work.describe()).collect();
        assert_eq!(last, ["set pattern p row 1 column 1", "transpose pattern p by 1", "transpose pattern p by 1"]);
        let error = rig.say("p:later('bar'):transpose(100)").expect_err("checked at once");
        assert!(error.to_string().starts_with("prompt:1: pattern \"p\" row 1: note"), "{error}");
        assert_eq!(rig.engine.batches.borrow().len(), count);
    });
}

#[test]
fn help_tells_what_a_pattern_can() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.say("p = pattern('p', 'x') help(p) help(p.legato)").expect("helps");
        let text = rig.printed.borrow().clone();
        for part in [
            "pattern(name: string",
            "\n  pattern:set(row: integer",
            "\n  pattern:transpose(semitones: number, selection?: Selection) -> Pattern: Moves the notes by so many semitones.",
            "pattern:legato(selection?: Selection) -> Pattern: Lets each note last",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    });
}
