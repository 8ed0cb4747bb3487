//! The forms of a pattern: tracker text, a table, mini-notation, each back to an equal pattern.

use cantus_host::control::Commit;
use cantus_host::model::Pattern;

use crate::rig::{Rig, on_script_thread, table};

/// Random numbers that are the same each time.
struct Dice(u64);

impl Dice {
    /// 0 to `n - 1`.
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A step in words: often plain, else with a few of all that a step can have.
    fn step(&mut self) -> String {
        const NOTES: [&str; 11] = ["x", "C4", "C#-4", "G9", "61.5", "5", "0.1", "60.00000000000001", "OFF", "CUT", "x"];
        const WORDS: [&[&str]; 12] = [
            &["i1", "i255"],
            &["s1", "s128", "s65536"],
            &["v0", "v1", "v0.3", "v0.5", "v5e-324"],
            &["l0", "l1", "l2", "l3", "l9", "l1.5", "l65536"],
            &["d-0.25", "d0", "d0.5", "d0.1"],
            &["g0", "g2", "g0.1"],
            &["?0", "?0.5", "?0.30000000000000004"],
            &["1:4", "99:99"],
            &["first", "!pre", "fill", "every2", "!every99"],
            &["r4", "r2:-0.5", "r64:0:0.25", "r3:0.1:-1"],
            &["cutoff=800", "mode=lp", "`=``a", "end=0.1"],
            &["open=true", "é=\"ä\\", "a=-6dB"],
        ];
        let mut text = self.pick(&NOTES).to_owned();
        let often = self.pick(&[0, 8, 3]);
        for words in WORDS {
            if often > 0 && self.below(often) == 0 {
                text = format!("{text} {}", self.pick(words));
            }
        }
        if self.below(3) == 0 && !text.contains(" l") {
            text += self.pick(&[" l1", " l2", " l3"]);
        }
        text
    }

    /// A call that makes pattern `a`; some of its steps may stand behind the last row.
    fn pattern(&mut self, behind: bool) -> String {
        let most = self.pick(&[8, 8, 8, 40]);
        let rows = 1 + self.below(most);
        let columns = 1 + self.below(4);
        let density = self.pick(&[1, 2, 6]);
        let mut lines = String::new();
        for row in 1..=rows + if behind { 9 } else { 0 } {
            let cell = |dice: &mut Dice| if dice.below(density) == 0 { dice.step() } else { String::new() };
            let cells: Vec<String> = (0..columns).map(|_| cell(self)).collect();
            lines += &format!("{:?}, ", format!("{row}: {}", cells.join(" | ")));
        }
        let speed = self.pick(&["4", "-3", "0.3", "96", "1/1024", "2.0000000000000004"]);
        format!("pattern('a', {{rows = {rows}, steps_per_beat = {speed}, steps = {{{lines}}}}})")
    }
}

#[test]
fn every_pattern_comes_back_from_each_form() {
    on_script_thread(|| {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
        for round in 0..400 {
            let (behind, mut rig) = (round % 4 == 0, Rig::with(|o| o.instructions = 50_000_000));
            let code = dice.pattern(behind);
            let pattern = |rig: &Rig, name: &str| rig.engine.model().patterns.get(name).cloned().expect("there");
            rig.run(&code).unwrap_or_else(|e| panic!("{code}: {e}"));
            let first: Pattern = pattern(&rig, "a");
            let cyclic = first.steps.keys().all(|cell| cell.row < first.rows);
            let forms = format!(
                "{code} local a = pattern('a') pattern('hex', tracker(a:tracker())) pattern('table', a:table()) \
                 pattern('decimal', tracker(a:tracker('decimal'))) \
                 if {cyclic} then local text, options = a:mini() print(text) pattern('mini', mini(text), options) end"
            );
            rig.run(&forms).unwrap_or_else(|e| panic!("{code}: {e}"));
            for form in ["hex", "decimal", "table", "mini"].into_iter().filter(|form| cyclic || *form != "mini") {
                assert_eq!(pattern(&rig, form), first, "{form} of\n{code}\n{}", rig.printed.borrow());
            }
            let script = cantus_lua::print(&rig.engine.model(), &rig.engine.catalog());
            let mut again = Rig::with(|o| o.instructions = 50_000_000);
            again.run(&script).unwrap_or_else(|e| panic!("{script}: {e}"));
            assert_eq!(pattern(&again, "a"), first, "\n{script}");
        }
    });
}

/// `[what pattern takes, its rows and lines]`
#[test]
fn tables_take_all_that_a_step_has() {
    on_script_thread(|| {
        for (code, rows, lines) in [
            ("{{note = 'OFF'}, 'CUT', 'OFF', {'===', 'CUT'}}", 4, vec!["1: OFF", "2: CUT", "3: OFF", "4: OFF | CUT"]),
            ("{{instrument = 2, delay = -0.25, glide = 2}}", 1, vec!["1: x i2 d-0.25 g2"]),
            (
                "{{chance = 0.5}, {chance = '25%'}, {ratio = '1:4'}, {ratio = {2, 3}}}",
                4,
                vec!["1: x ?0.5", "2: x ?0.25", "3: x 1:4", "4: x 2:3"],
            ),
            (
                "{{condition = 'first'}, {condition = '!pre'}, {condition = 'every 4'}, {condition = '!every4'}}",
                4,
                vec!["1: x first", "2: x !pre", "3: x every4", "4: x !every4"],
            ),
            (
                "{{ratchet = 4}, {ratchet = {4, -0.5, 0.3}}, {ratchet = {hits = 3, curve = 1}}, {ratchet = 'r4:-0.5'}}",
                4,
                vec!["1: x r4", "2: x r4:-0.5:0.3", "3: x r3:0:1", "4: x r4:-0.5"],
            ),
            ("{{locks = {mode = 'lp', cutoff = 800, open = true}}}", 1, vec!["1: x cutoff=800 mode=lp open=true"]),
            ("{{false, 60, false, {note = 64, chance = 1}}, '='}", 2, vec!["1: | C4 l2 | | E4 l2 ?1"]),
            ("{{60, 64, ratchet = 2, locks = {a = 1}}}", 1, vec!["1: C4 r2 a=1 | E4 r2 a=1"]),
            ("{rows = 2, [1] = 'x', behind = {[4] = {'C4', false, 'D4'}}}", 2, vec!["1: x", "4: C4 | | D4"]),
            (
                "{lanes = {{'x.', chance = 0.5}, {'C4 D4', instrument = 3}}}, {glide = 1}",
                2,
                vec!["1: x g1 ?0.5 | C4 i3 g1", "2: | D4 i3 g1"],
            ),
            ("'C4 OFF X', {locks = {a = 1}}", 3, vec!["1: C4 a=1", "2: OFF a=1", "3: x v1 a=1"]),
            ("{steps = {'1: C4', '2: x v1'}}, {velocity = 0.5, rows = 3}", 3, vec!["1: C4 v0.5", "2: x v1"]),
            ("tracker'C-4 01 80 .. | D4\\n... .. .. .. | OFF'", 2, vec!["1: C4 s1 v1 | D4", "2: | OFF"]),
            ("tracker'rows 8 decimal\\n10: x 012 064 128'", 8, vec!["10: x s12 v0.5 d0.5"]),
            ("tracker'C4 | D4', {velocity = 0.5, rows = 4, steps_per_beat = 2}", 4, vec!["1: C4 v0.5 | D4 v0.5"]),
            ("mini('`C4 v0.5 ?0.25 s2 a=1` ~ e4 _'), {rows = 4}", 4, vec!["1: C4 s2 v0.5 ?0.25 a=1", "3: E4 l2"]),
            ("mini('`OFF` [`x l0` `d4 40 20`]')", 4, vec!["1: OFF l2", "3: x l0", "4: D4 s64 v0.25"]),
            ("mini('`C4 v0.5`@3 `x`?0'):transpose(2):velocity(1)", 4, vec!["1: D4 v1 l3", "4: D4 v1"]),
            ("mini('`CUT`'):transpose(2)", 1, vec!["1: CUT"]),
            ("mini('`x ``=````a`')", 1, vec!["1: x `=``a"]),
            ("mini('c4 ~, ~ d4, [e4, f4] g4'), {lanes = true, rows = 2}", 2, vec!["1: C4 | | E4 | F4", "2: | D4 | G4"]),
            ("mini('c4 ~, ~ d4'), {rows = 4, cycle = 1}", 4, vec!["1: C4 l2", "3: D4 l2"]),
            (
                "mini('c4 d4'), {chance = 0.5, cycles = 2, rows = 4, steps_per_beat = 3}",
                4,
                vec!["1: C4 ?0.5", "2: D4 ?0.5", "3: C4 ?0.5", "4: D4 ?0.5"],
            ),
        ] {
            let mut rig = Rig::new();
            rig.run(&format!("pattern('p', {code})")).unwrap_or_else(|e| panic!("{code}: {e}"));
            let model = rig.engine.model();
            let pattern = model.patterns.get("p").expect("there");
            let lines: Vec<String> = lines.into_iter().map(String::from).collect();
            assert_eq!((pattern.rows, pattern.lines()), (rows, lines), "{code}");
        }
    });
}

#[test]
fn forms_and_mistakes() {
    table(&[
        (
            "print(pattern('p', {rows = 2, 'C4', steps_per_beat = 2}):tracker())",
            "rows 2 steps_per_beat 2 hex\n01: C-4 .. .. ..\n02: ... .. .. ..",
        ),
        (
            "local text, o = pattern('p', 'C4 = . x X | 61.5 . .'):mini() print(text, o.rows, o.steps_per_beat, o.lanes)",
            "c4 _ ~ x X 61.5 ~ ~\t8\t4\tnil",
        ),
        ("print((pattern('p', {{length = 1}, {length = 12}, rows = 12}):mini()))", "`x l1` `x l12` ~@10"),
        ("print((pattern('p', {{length = 12}, rows = 24}):mini()))", "x@12 ~@12"),
        ("print((pattern('p', {{false, 'C4'}, rows = 3}):mini()))", "~ ~ ~, c4 ~ ~"),
        ("local t = pattern('p', 'C4 .'):table() print(t.rows, t[1].note, t[2], t.behind)", "2\tC4\tnil\tnil"),
        (
            "local t = pattern('p', {{ratio = {1, 2}, locks = {a = 1}, ratchet = {4, 1}, velocity = 1}}):table()[1] \
             print(t.ratio, t.locks.a, t.ratchet.hits, t.ratchet.ramp, t.velocity)",
            "1:2\t1.0\t4\t1\t1",
        ),
        ("pattern('p', 'x'):tracker('octal')", "song.lua:1: p:tracker: it is \"hex\" or \"decimal\", not \"octal\""),
        (
            "pattern('p', 'x').tracker()",
            "song.lua:1: call it with a colon, as in beat:tracker(); this has nil before it",
        ),
        ("local p = pattern('p', 'x') remove_pattern('p') p:table()", "song.lua:1: there is no pattern \"p\" any more"),
        (
            "pattern('p', {rows = 2, 'x', behind = {[3] = 'x'}}):mini()",
            "song.lua:1: p:mini: row 3 is behind the last row, which is 2; no cycle has that: use table or tracker",
        ),
        (
            "pattern('p', {rows = 2, 'x', behind = {'x'}})",
            "song.lua:1: pattern \"p\": behind: row 1 is not behind the last row, which is 2",
        ),
        (
            "tracker('x\\nC4 01 99')",
            "song.lua:1: tracker: line 2: row 02, column 1: velocity 99 is out of range; 00 to 80 are possible, and words \
             such as v0.3",
        ),
        ("tracker(12)", "song.lua:1: what tracker reads must be text, not 12"),
        (
            "mini('c4 `H4`')",
            "song.lua:1: mini \"c4 `H4`\": character 4: `H4`: H4 is not a note; a cell begins with a note such as C-4 or \
             61.5, with OFF, CUT, x for none, or ... if it is empty",
        ),
        ("mini('c4 `d4')", "song.lua:1: mini \"c4 `d4\": character 4: \"`\" is never closed; add \"`\""),
        (
            "mini('`x é=1` )')",
            "song.lua:1: mini \"`x é=1` )\": character 9: \")\" closes nothing; take it away or open it before",
        ),
        (
            "pattern('p', mini('c4 d4 e4'), {rows = 4})",
            "song.lua:1: pattern \"p\": with rows = 4 its onsets have no rows of their own; they need a multiple of 3",
        ),
        (
            "pattern('p', mini('c4'), {rows = 4, cycle = 2, steps_per_beat = 2})",
            "song.lua:1: pattern \"p\": cycle, rows and steps_per_beat are one too many; leave one of them away",
        ),
        (
            "pattern('p', {{lock = {a = 1}}})",
            "song.lua:1: pattern \"p\": row 1: a step has no option \"lock\"; did you mean \"locks\"?",
        ),
        (
            "pattern('p', {{locks = 3}})",
            "song.lua:1: pattern \"p\": row 1: locks are a table such as {cutoff = 800}, not 3",
        ),
        (
            "pattern('p', {{locks = {a = {}}}})",
            "song.lua:1: pattern \"p\": row 1: a is locked to a number, a word, true or false, not a table",
        ),
        (
            "pattern('p', {{locks = {a = 'b c'}}})",
            "song.lua:1: pattern \"p\" row 1: a cannot be locked to \"b c\"; write it without blanks",
        ),
        (
            "pattern('p', {{chance = 'half'}})",
            "song.lua:1: pattern \"p\": row 1: chance is a number from 0 to 1, or such as \"50%\", not \"half\"",
        ),
        (
            "pattern('p', {{chance = 2}})",
            "song.lua:1: pattern \"p\" row 1: chance 2 is out of range; 0 to 1 are possible",
        ),
        (
            "pattern('p', {{ratio = 4}})",
            "song.lua:1: pattern \"p\": row 1: ratio is \"1:4\" or {1, 4}, the first of four turns, not 4",
        ),
        (
            "pattern('p', {{condition = 'never'}})",
            "song.lua:1: pattern \"p\": row 1: condition is \"first\", \"pre\", \"fill\" or \"every 4\", or with ! before it, \
             not \"never\"",
        ),
        (
            "pattern('p', {{ratchet = {4, 0, 0, 0}}})",
            "song.lua:1: pattern \"p\": row 1: ratchet is 4, {hits = 4, ramp = -0.5, curve = 0} or \"r4:-0.5\", not a table",
        ),
        (
            "pattern('p', {{ratchet = {ramp = 1}}})",
            "song.lua:1: pattern \"p\": row 1: the hits of a ratchet must be a whole number, not nil",
        ),
        (
            "pattern('p', {{instrument = 300}})",
            "song.lua:1: pattern \"p\": row 1: instrument must be a whole number from 1 to 255, not 300",
        ),
    ]);
}

/// `[what pattern takes, what stands in the script of the session]`: signs where they say it all.
#[test]
fn scripts_say_patterns_in_the_simplest_form() {
    on_script_thread(|| {
        for (code, expected) in [
            ("'x . X ='", "\"x.X=\""),
            ("{{length = 1}, 'x'}", "{rows = 2, steps = {\"1: x l1\", \"2: x\"}}"),
            ("'x x', {length = 1}", "{\"xx\", length = 1}"),
            ("{{length = 1}, {length = 3}, rows = 4}", "{\"xx==\", length = 1}"),
            ("{{length = 3}, rows = 4}", "\"x==.\""),
            ("'C4 OFF C4 CUT'", "\"C4 OFF C4 CUT\""),
            ("{{ratchet = 2}}", "{rows = 1, steps = {\"1: x r2\"}}"),
        ] {
            let mut rig = Rig::new();
            rig.run(&format!("pattern('p', {code})")).unwrap_or_else(|e| panic!("{code}: {e}"));
            let model = rig.engine.model();
            let script = cantus_lua::print(&model, &rig.engine.catalog());
            let line = script.lines().find(|line| line.starts_with("pattern(")).expect("a pattern").to_owned();
            assert_eq!(line, format!("pattern(\"p\", {expected})"), "{code}");
            rig.run(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(rig.engine.model().patterns.get("p"), model.patterns.get("p"), "{line}");
        }
    });
}

/// One line may have many steps: they are counted and paid for before they are read.
#[test]
fn no_more_is_read_than_a_pattern_holds() {
    const TEXT: &str = "tracker(('x|x|x|x|x|x|x|x\\n'):rep(20000))";
    on_script_thread(|| {
        let error = Rig::with(|o| o.instructions = 100_000_000).run(TEXT).expect_err("too much");
        assert_eq!(
            error.to_string(),
            "song.lua:1: tracker: these are 160000 steps, more than 131072; write several patterns, and play them one after \
             the other with chain"
        );
        let error = Rig::with(|o| o.instructions = 1_000_000).run(TEXT).expect_err("too much");
        assert!(error.message.starts_with("stopped"), "{error}");
    });
}

#[test]
fn the_readme_shows_tracker_text() {
    on_script_thread(|| {
        let readme = include_str!("../../../README.md");
        let from = readme.find("pattern(\"riff\"").expect("it is there");
        let code = &readme[from..from + readme[from..].find("```").expect("it ends")];
        let mut rig = Rig::new();
        rig.run(code).unwrap_or_else(|e| panic!("{code}: {e}"));
        let model = rig.engine.model();
        let lines = [
            "1: C4 s1 v1",
            "3: D#4 s1 v0.75 l2 d0.25 | x s2 ?0.5 r4",
            "5: 61.5 v0.5 | OFF",
            "7: G3 first | C5 s2 v1 2:4 cutoff=800",
        ];
        assert_eq!(model.patterns.get("riff").expect("there").lines(), lines);
    });
}

/// Whatever text a reader is given, it is read or refused.
#[test]
fn no_text_is_too_odd() {
    on_script_thread(|| {
        const SIGNS: [&str; 40] = [
            "C", "4", "0", "1", "9", "A", "F", "x", "X", ".", "..", "...", "-", "--", "---", "=", "|", ":", "`", "``",
            "~", "_", "@", "*", "?", "!", "<", ">", "[", "]", ",", "#", "é", "\0", "\n", " ", " ", " l", " rows ",
            "OFF",
        ];
        let mut dice = Dice(7);
        let mut rig = Rig::with(|o| o.instructions = 1_000_000_000);
        for _ in 0..3000 {
            let text: String = (0..dice.below(12)).map(|_| dice.pick(&SIGNS)).collect();
            let text = format!("{text:?}").replace("\\0", "\\000");
            let code = format!(
                "for _, f in ipairs {{tracker, mini}} do \
                   local read, made = pcall(f, {text}) \
                   if read then pcall(pattern, 'p', made) end \
                 end \
                 pcall(pattern, 'p', {text}) pcall(pattern, 'p', {{{{note = {text}, chance = {text}, ratchet = {text}}}}})"
            );
            rig.run(&code).unwrap_or_else(|e| panic!("{code}: {e}"));
        }
    });
}
