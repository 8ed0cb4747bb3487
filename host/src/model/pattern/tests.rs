//! Patterns as text: what is read, what is refused, and that everything comes back.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::value::{Name, Value};
use super::*;

/// A number of a range: plain, in 256ths, or one that is awkward to write.
fn num(low: f64, high: f64) -> impl Strategy<Value = Num> {
    let plain = (0..=256u32).prop_map(move |n| Num::of(low + (high - low) * f64::from(n) / 256.0));
    let awkward = (low..=high).prop_map(Num::of);
    prop_oneof![plain, awkward, Just(Num::of(low)), Just(Num::of(high.next_down())), Just(Num::of(low.max(5e-324)))]
}

fn note() -> impl Strategy<Value = Note> {
    prop_oneof![
        num(0.0, 127.0).prop_map(Note::Pitch),
        (0..128).prop_map(|n| Note::Pitch(Num::of(f64::from(n)))),
        Just(Note::Off),
        Just(Note::Cut)
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let test = prop_oneof![Just(Test::First), Just(Test::Previous), Just(Test::Fill), (2..=99u8).prop_map(Test::Every)];
    (test, any::<bool>()).prop_map(|(test, not)| Condition { test, not })
}

fn locks() -> impl Strategy<Value = Vec<(Name, Value)>> {
    let value = prop_oneof![
        num(-1e9, 1e9).prop_map(Value::Num),
        any::<bool>().prop_map(Value::Flag),
        Just(Value::Text("-6dB".into())),
        Just(Value::Text("`ä`".into()))
    ];
    proptest::collection::btree_map(prop_oneof![Just("cutoff"), Just("x"), Just("é:1")], value, 0..3)
        .prop_map(|locks| locks.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn step() -> impl Strategy<Value = Step> {
    let ratchet = (2..=64u8, num(-1.0, 1.0), prop_oneof![Just(Num::ZERO), num(-1.0, 1.0)]);
    let ratchet = ratchet.prop_map(|(hits, ramp, curve)| Ratchet { hits, ramp, curve });
    let ratio = (1..=99u8, 1..=99u8).prop_map(|(a, b)| Ratio { at: a.min(b), of: a.max(b) });
    let first = (
        option::of(note()),
        option::of(1..=255u8),
        option::of(prop_oneof![0..130u16, any::<u16>()]),
        option::of(num(0.0, 1.0)),
        option::of(num(0.0, 65_536.0)),
        option::of(num(-0.999, 0.999)),
    );
    let second = (
        option::of(num(0.0, 1.0)),
        option::of(ratio),
        option::of(condition()),
        option::of(ratchet),
        option::of(num(0.0, 9.0)),
        locks(),
    );
    (first, second).prop_map(|(first, second)| {
        let (note, instrument, slot, velocity, length, delay) = first;
        let (chance, ratio, condition, ratchet, glide, locks) = second;
        let locks = locks.into();
        Step { note, instrument, slot, velocity, length, delay, chance, ratio, condition, ratchet, glide, locks }
    })
}

/// Patterns with steps behind the last row among them, and such that play backwards.
fn pattern() -> impl Strategy<Value = Pattern> {
    let speed = prop_oneof![Just(Num::of(4.0)), Just(Num::of(-3.0)), num(1.0 / 1024.0, 96.0)];
    let steps = vec(((0..300u32, 0..5u16), step()), 0..12);
    (1..260u32, speed, steps).prop_map(|(rows, speed, steps)| Pattern {
        rows,
        steps_per_beat: speed,
        steps: steps.into_iter().map(|((row, column), step)| (Cell { row, column }, step)).collect(),
    })
}

proptest! {
    #[test]
    fn every_pattern_comes_back_from_its_text(pattern in pattern()) {
        prop_assert_eq!(pattern.problem(), None);
        for radix in [Radix::Hex, Radix::Decimal] {
            let text = pattern.tracker(radix);
            let read = Pattern::from_tracker(&text);
            prop_assert_eq!(read.as_ref(), Ok(&pattern), "\n{}", text);
        }
        let mut read = Pattern::new(pattern.rows, pattern.steps_per_beat);
        pattern.lines().iter().for_each(|line| read.read_line(line).expect("a line of a pattern"));
        prop_assert_eq!(&read, &pattern);
    }

    /// Whatever is typed is a pattern that can be, or a mistake.
    #[test]
    fn no_text_is_too_odd(text in "[-0-9A-Fxé.:|=#^?!rlvs \n]{0,40}|\\PC{0,20}") {
        if let Ok(pattern) = Pattern::from_tracker(&text) {
            prop_assert_eq!(pattern.problem(), None);
        }
        let _ = Pattern::new(4, Num::of(4.0)).read_line(&text);
        let _ = text.parse::<Step>();
    }
}

#[test]
fn tracker_text_is_written_below_each_other() {
    let mut pattern = Pattern::new(5, Num::of(2.0));
    for line in ["1: C4 s1 v1 | x ?0.5", "2: C#3 s11 v0.25 d0.5", "3: OFF | CUT l0", "5: 61.5 s200 v0.3", "12: x"] {
        pattern.read_line(line).expect(line);
    }
    let hex = "rows 5 steps_per_beat 2 hex\n\
               01: C-4  01 80 ..           | x   .. .. .. ?0.5\n\
               02: C#3  0B 20 80           | ... .. .. ..\n\
               \n\
               03: OFF  .. .. ..           | CUT .. .. .. l0\n\
               04: ...  .. .. ..           | ... .. .. ..\n\
               \n\
               05: 61.5 .. .. .. s200 v0.3 | ... .. .. ..\n\
               -- behind the last row\n\
               0C: x    .. .. ..           | ... .. .. ..\n";
    assert_eq!(pattern.tracker(Radix::Hex), hex);
    let second = pattern.tracker(Radix::Decimal);
    assert_eq!(second.lines().nth(2), Some("002: C#3  011 032 128           | ... ... ... ..."));
    assert_eq!(Pattern::new(1, Num::of(4.0)).tracker(Radix::Hex), "rows 1 steps_per_beat 4 hex\n01: ... .. .. ..\n");
}

/// `[tracker text, its rows, its lines]`
#[test]
fn tracker_text_is_read() {
    for (text, rows, lines) in [
        ("C-4", 1, vec!["1: C4"]),
        ("C-4 01 80 ..\n... .. .. ..\nE-4 .. 40 80\n", 3, vec!["1: C4 s1 v1", "3: E4 v0.5 d0.5"]),
        ("x l2\n\n---\n  D4 0A | | === ", 3, vec!["1: x l2", "3: D4 s10 | | OFF"]),
        ("# kick\n-- and so on\n-----\n^^^", 1, vec!["1: CUT"]),
        ("0A: c4 2:4\n1F: 60", 31, vec!["10: C4 2:4", "31: C4"]),
        ("10: x\nx", 17, vec!["16: x", "17: x"]),
        ("3:C4 | x", 3, vec!["3: C4 | x"]),
        ("decimal\n10: C-4 010 064 128", 10, vec!["10: C4 s10 v0.5 d0.5"]),
        ("rows 64 steps_per_beat 8 hex\nC4 80 00 FF", 64, vec!["1: C4 s128 v0 d0.99609375"]),
        ("rows 2\n5: x", 2, vec!["5: x"]),
        ("x | --- | ... .. .. | OFF", 1, vec!["1: x | | | OFF"]),
        ("x .. .. .. s200 v0.3 cutoff=800 a=up", 1, vec!["1: x s200 v0.3 a=up cutoff=800"]),
    ] {
        let pattern = Pattern::from_tracker(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        assert_eq!((pattern.rows, pattern.lines()), (rows, lines.into_iter().map(String::from).collect()), "{text}");
    }
    let pattern = Pattern::from_tracker("steps_per_beat -2.5\nx").expect("a pattern");
    assert_eq!(pattern.steps_per_beat, Num::of(-2.5));
}

#[test]
fn mistakes_in_tracker_text_are_named() {
    let note = "a cell begins with a note such as C-4 or 61.5, with OFF, CUT, x for none, or ... if it is empty";
    let columns = "columns stand right behind the note, two capital hex digits or .., in decimal three digits or ...";
    for (text, expected) in [
        ("", "it has 0 rows; 1 to 65536 are possible"),
        ("x\n\n | H4", &format!("line 3: row 02, column 2: H4 is not a note; {note}")),
        (
            "00 C-4",
            &format!("line 1: row 01, column 1: 00 is not a note; {note}; behind the number of a row stands a colon"),
        ),
        (
            "10 C-4",
            "line 1: row 01, column 1: C-4 says nothing here; between two cells stands |, and behind the number \
                    of a row a colon",
        ),
        ("zz: C4", "line 1: zz: rows are numbered from 1 in hex"),
        ("0: C4", "line 1: 0: rows are numbered from 1 in hex"),
        ("decimal\n0A: C4", "line 2: 0A: rows are numbered from 1"),
        ("5: x\n5: x", "line 2: row 05 stands behind row 05; rows go upwards"),
        ("10001: x", "line 1: row 10001: a pattern has at most 10000 rows"),
        ("x\nrows 4", "line 2: \"rows 4\" must be the first line"),
        ("rows 0", "line 1: rows 0: 1 to 65536 are possible"),
        ("rows", "line 1: behind rows stands a number; a header is such as: rows 64 steps_per_beat 4 hex"),
        ("rows 4 bpm 3", "line 1: bpm says nothing here; a header is such as: rows 64 steps_per_beat 4 hex"),
        ("hex steps_per_beat fast", "line 1: steps_per_beat fast is not a number"),
        ("steps_per_beat 0\nx", "it has 0 steps per beat; 1/1024 to 96 are possible, and -96 to -1/1024 backwards"),
        ("C4 00", "line 1: row 01, column 1: slot 00 is out of range; 01 to 80 are possible, and words such as s200"),
        (
            "C4 .. 81",
            "line 1: row 01, column 1: velocity 81 is out of range; 00 to 80 are possible, and words such as v0.3",
        ),
        (
            "decimal\nC4 ... ... 256",
            "line 2: row 001, column 1: delay 256 is out of range; 000 to 255 are possible, and \
                                     words such as d-0.25",
        ),
        ("C4 001", "line 1: row 01, column 1: 001 is not in hex; columns are two digits such as 0A, or .."),
        (
            "decimal\nC4 01",
            "line 2: row 001, column 1: 01 is not in decimal; columns are three digits such as 010, or ...",
        ),
        (
            "C4 .. .. .. ..",
            "line 1: row 01, column 1: .. is one column too many; behind the note stand slot, velocity and delay",
        ),
        ("C4 0a", &format!("line 1: row 01, column 1: 0a says nothing here; {columns}")),
        ("C4 l2 01", &format!("line 1: row 01, column 1: 01 says nothing here; {columns}")),
        ("C4 01 s2", "line 1: row 01, column 1: the slot is said twice"),
        ("C4 v0.1 v0.2", "line 1: row 01, column 1: the velocity is said twice"),
        ("C4 2:4 1:4", "line 1: row 01, column 1: the ratio is said twice"),
        (
            "... 01",
            "line 1: row 01, column 1: 01 stands behind ..., which is an empty cell; a step without a note is x",
        ),
        ("x | C4 v2", "line 1: row 01, column 2: velocity 2 is out of range; 0 to 1 are possible"),
    ] {
        assert_eq!(Pattern::from_tracker(text), Err(expected.to_owned()), "{text}");
    }
    let far = format!("{}x", "|".repeat(64));
    let expected = "line 1: row 01, column 65: column 65 is too many; 64 are possible";
    assert_eq!(Pattern::from_tracker(&far), Err(expected.to_owned()));
}

#[test]
fn lines_come_back() {
    for line in [
        "1: C4",
        "2: x",
        "16: F#3 s2 v0.8 l1.5 | x",
        "3: | | 61.5 v0.1",
        "1: A#0 l0",
        "9: G9 | C0 s128",
        "1: 11.25",
        "2: OFF | CUT",
        "1: C4 i2 s3 v0.25 l0.5 d-0.25 g2 ?0.5 2:4 !every3 r4:-0.5 cutoff=800 gain=-6dB mode=lp open=true",
        "1: x first",
        "1: x !pre r3:0:0.25",
        "1: x fill r64",
    ] {
        let mut pattern = Pattern::new(16, Num::of(4.0));
        pattern.read_line(line).expect(line);
        assert_eq!(pattern.lines(), [line]);
    }
}

#[test]
fn mistakes_in_lines_are_named() {
    let advice = "write lines such as \"3: C4 s2 v0.8 l1.5 | x\"";
    for (line, expected) in [
        ("C4", "there is no row"),
        ("0: C4", "0: rows are numbered from 1"),
        ("10: C4 0A", "0A is not in decimal; columns are three digits such as 010, or ..."),
        (
            "1: H4",
            "H4 is not a note; a cell begins with a note such as C-4 or 61.5, with OFF, CUT, x for none, or ... if it is \
             empty",
        ),
        ("1: C4 s0", "s0 is not a slot"),
        ("1: C4 s65537", "s65537 is not a slot"),
        ("1: C4 v2", "row 1: velocity 2 is out of range; 0 to 1 are possible"),
        ("1: C4 vNaN", "vNaN is not a velocity"),
        ("1: C4 é", "é says nothing here"),
        ("1: C4 r", "r is not a ratchet"),
        ("1: C4 r4:1:1:1", "r4:1:1:1 is not a ratchet"),
        ("1: C4 r1", "row 1: a ratchet of 1 is not possible; 2 to 64 hits are"),
        ("1: C4 i0", "row 1: instruments are numbered from 1 to 255"),
        ("1: C4 3:2", "row 1: ratio 3:2 is never; write 1:4 for the first of four turns, up to 99"),
        ("1: C4 every1", "row 1: every 1 is not possible; every 2 to every 99 are"),
        ("1: C4 d1", "row 1: delay 1 is out of range; between -1 and 1 rows are possible"),
        ("1: C4 a=1 a=2", "row 1: a is locked twice"),
        ("1: C4 =2", "row 1: \"\" is not the name of a parameter"),
    ] {
        let mut pattern = Pattern::new(16, Num::of(4.0));
        assert_eq!(pattern.read_line(line), Err(format!("\"{line}\": {expected}; {advice}")));
    }
}

/// `[a step, another, the first and where it is silent the second]`
#[test]
fn a_step_takes_from_another_what_it_lacks() {
    for (one, other, both) in [
        ("x", "C4 s2 v0.5 l2", "C4 s2 v0.5 l2"),
        ("OFF v1", "C4 v0.5 i3", "OFF i3 v1"),
        ("x b=1 d=2", "x a=3 b=4 c=5", "x a=3 b=1 c=5 d=2"),
    ] {
        let read = |text: &str| text.parse::<Step>().expect("a step");
        assert_eq!(read(one).or(&read(other)), read(both), "{one} or {other}");
    }
}
