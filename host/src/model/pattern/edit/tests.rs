//! What each edit makes of a pattern, line by line.

use super::*;

fn read(rows: u32, lines: &[&str]) -> Pattern {
    let mut pattern = Pattern::new(rows, Num::of(4.0));
    lines.iter().for_each(|line| pattern.read_line(line).expect(line));
    pattern
}

/// The pattern after it, as `rows; line; line`, or why not.
fn after(rows: u32, before: &str, selection: &Selection, edit: &PatternEdit) -> String {
    let lines: Vec<&str> = before.split("; ").filter(|line| !line.is_empty()).collect();
    match read(rows, &lines).edited(selection, edit) {
        Ok(pattern) => std::iter::once(pattern.rows.to_string()).chain(pattern.lines()).collect::<Vec<_>>().join("; "),
        Err(problem) => format!("!{problem}"),
    }
}

fn check(edit: &PatternEdit, rows: u32, table: &[(&str, Selection, &str)]) {
    for (before, selection, expected) in table {
        assert_eq!(after(rows, before, selection, edit), *expected, "{edit:?} {selection:?} of {before}");
    }
}

fn all() -> Selection {
    Selection::default()
}

/// Rows and columns as people count.
fn rows(from: u32, to: u32) -> Selection {
    Selection { rows: Some((from - 1, to - 1)), columns: None }
}

fn part(rows: (u32, u32), columns: (u16, u16)) -> Selection {
    Selection { rows: Some((rows.0 - 1, rows.1 - 1)), columns: Some((columns.0 - 1, columns.1 - 1)) }
}

#[test]
fn selections_are_within_what_can_be() {
    check(
        &PatternEdit::Clear,
        4,
        &[
            ("1: C4 | D4; 3: E4; 6: F4", all(), "4; 6: F4"),
            ("1: C4 | D4; 3: E4; 6: F4", rows(3, 6), "4; 1: C4 | D4"),
            ("1: C4 | D4; 3: E4", part((1, 4), (1, 1)), "4; 1: | D4"),
            ("1: C4", rows(3, 2), "!has no rows 3 to 2; 1 to 65536 are possible"),
            ("1: C4", rows(1, 65_537), "!has no rows 1 to 65537; 1 to 65536 are possible"),
            ("1: C4", part((1, 1), (1, 65)), "!has no columns 1 to 65; 1 to 64 are possible"),
        ],
    );
}

#[test]
fn rows_come_in_and_go() {
    let before = "1: C4 | D4; 2: E4; 4: F4 | G4";
    check(
        &PatternEdit::Insert,
        4,
        &[
            (before, rows(2, 3), "4; 1: C4 | D4; 4: E4; 6: F4 | G4"),
            (before, part((1, 1), (2, 2)), "4; 1: C4; 2: E4 | D4; 4: F4; 5: | G4"),
            ("65536: C4", rows(9, 9), "!row 65536: its step would move behind row 65536, the last there can be"),
        ],
    );
    check(
        &PatternEdit::Delete,
        4,
        &[
            (before, rows(2, 3), "4; 1: C4 | D4; 2: F4 | G4"),
            (before, part((1, 1), (2, 2)), "4; 1: C4; 2: E4; 3: | G4; 4: F4"),
            ("5: C4", rows(1, 1), "4; 4: C4"),
        ],
    );
}

#[test]
fn steps_are_pasted() {
    let [c, d, e] = [60.0, 62.0, 64.0].map(|note| Step::pitch(Num::of(note)));
    let steps = vec![(0, 0, c.clone()), (1, 1, d), (1, 1, e), (9, 0, c)];
    let paste = |mix| PatternEdit::Paste { steps: steps.clone(), mix };
    let before = "2: G4 | G4; 3: | G4";
    check(
        &paste(false),
        4,
        &[(before, part((2, 3), (1, 2)), "4; 2: C4; 3: | E4"), ("", rows(4, 5), "4; 4: C4; 5: | E4")],
    );
    check(
        &paste(true),
        4,
        &[(before, part((2, 3), (1, 2)), "4; 2: G4 | G4; 3: | G4"), ("", all(), "4; 1: C4; 2: | E4")],
    );
}

#[test]
fn steps_move_within_the_selection() {
    let before = "1: C4 | D4; 2: E4 v0.5; 6: F4";
    check(
        &PatternEdit::Rotate(-1),
        4,
        &[
            (before, all(), "4; 1: E4 v0.5; 4: C4 | D4; 6: F4"),
            (before, part((1, 2), (1, 1)), "4; 1: E4 v0.5 | D4; 2: C4; 6: F4"),
        ],
    );
    check(&PatternEdit::Rotate(i32::MIN), 3, &[("1: C4", all(), "3; 2: C4")]);
    check(&PatternEdit::Reverse, 4, &[(before, all(), "4; 3: E4 v0.5; 4: C4 | D4; 6: F4")]);
}

#[test]
fn lengths_change() {
    let before = "1: C4 l2 g1 d0.25; 2: x l0; 3: D4; 6: E4";
    check(
        &PatternEdit::Double,
        4,
        &[
            (before, all(), "8; 1: C4 l2 d0.25 g1; 2: x l0; 3: D4; 5: C4 l2 d0.25 g1; 6: x l0; 7: D4"),
            ("1: C4", rows(1, 2), "!changes its length as a whole; select nothing"),
        ],
    );
    check(&PatternEdit::Halve, 4, &[("1: C4; 3: D4", all(), "2; 1: C4; 3: D4")]);
    check(
        &PatternEdit::Expand,
        4,
        &[
            (before, all(), "8; 1: C4 l4 d0.5 g2; 3: x l0; 5: D4; 11: E4"),
            ("1: C4 d0.75; 2: C4 d-0.5", all(), "!row 2: two steps would come into column 1 of row 2"),
            ("1: C4 d0.75; 3: C4 d-0.5", all(), "8; 2: C4 d0.5; 4: C4 d0"),
            ("1: C4 d-0.5", all(), "!row 1: its step would come before the pattern"),
            ("1: C4 l40000", all(), "!row 1: length 80000 is out of range; 0 to 65536 rows are possible"),
        ],
    );
    check(
        &PatternEdit::Shrink,
        4,
        &[
            ("1: C4 l3 d0.5; 4: D4 d-0.5; 6: E4", all(), "2; 1: C4 l1.5 d0.25; 2: D4 d0.25; 3: E4 d0.5"),
            ("1: C4; 2: D4", all(), "!row 2: two steps would come into column 1 of row 1"),
        ],
    );
    for edit in [PatternEdit::Halve, PatternEdit::Shrink] {
        check(&edit, 3, &[("1: C4", all(), "!has 3 rows; only an even number of them can be halved")]);
    }
    check(&PatternEdit::Double, 40_000, &[("1: C4", all(), "!has 80000 rows; 1 to 65536 are possible")]);
}

#[test]
fn notes_move() {
    check(
        &PatternEdit::Transpose(Num::of(12.5)),
        4,
        &[
            ("1: C4 v0.5 | OFF; 2: x; 3: D4", rows(1, 2), "4; 1: 72.5 v0.5 | OFF; 2: x; 3: D4"),
            ("1: C4; 3: G9", all(), "!row 3: note 139.5 is out of range; 0 to 127 are possible"),
        ],
    );
}

#[test]
fn what_lies_between_is_filled() {
    let of = |field, curve| PatternEdit::Interpolate { field, curve: Num::of(curve) };
    check(
        &of(StepField::Velocity, 0.0),
        8,
        &[
            ("1: C4 v0; 2: x | x; 3: OFF; 5: x", all(), "8; 1: C4 v0; 2: x v0.25 | x; 3: OFF; 5: x"),
            ("1: C4 v0; 2: x; 3: x v0.5; 5: x", rows(1, 3), "8; 1: C4 v0; 2: x v0.25; 3: x v0.5; 5: x"),
        ],
    );
    check(&of(StepField::Velocity, 0.5), 8, &[("1: x v0; 3: x; 5: x", all(), "8; 1: x v0; 3: x v0.25; 5: x")]);
    check(&of(StepField::Note, 0.0), 8, &[("1: C4; 2: x; 3: OFF; 4: D4", all(), "8; 1: C4; 2: C#4; 3: OFF; 4: D4")]);
    check(&of(StepField::Slot, 0.0), 8, &[("1: x s1; 2: x; 3: x s4", all(), "8; 1: x s1; 2: x s3; 3: x s4")]);
    check(
        &of(StepField::Lock("cutoff".into()), 0.0),
        8,
        &[
            (
                "1: x; 2: x cutoff=800; 3: x; 6: x cutoff=0",
                all(),
                "8; 1: x; 2: x cutoff=800; 3: x cutoff=600; 6: x cutoff=0",
            ),
            ("1: x cutoff=open; 2: x; 3: x cutoff=1", all(), "8; 1: x cutoff=open; 2: x; 3: x cutoff=1"),
        ],
    );
    let wrong = "!cannot be interpolated with a curve of 2; -1 to 1 are possible";
    check(&of(StepField::Delay, 2.0), 8, &[("1: x", all(), wrong)]);
}

#[test]
fn random_numbers_follow_from_the_seed_and_the_place() {
    let of = |field, low, high, seed| PatternEdit::Randomise { field, low: Num::of(low), high: Num::of(high), seed };
    let lines: Vec<String> = (1..=1000).map(|row| format!("{row}: x | OFF | x")).collect();
    let pattern = read(1000, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let numbers = |field: &StepField, selection: &Selection, edit: &PatternEdit| -> Vec<(Cell, f64)> {
        let edited = pattern.edited(selection, edit).expect("it can be");
        edited.steps.iter().filter_map(|(cell, step)| Some((*cell, field.get(step)?))).collect()
    };
    let glide = of(StepField::Glide, 1.0, 3.0, 7);
    let drawn = numbers(&StepField::Glide, &all(), &glide);
    assert!(drawn.len() == 2000 && drawn.iter().all(|(_, value)| (1.0..=3.0).contains(value)));
    let mean = drawn.iter().map(|(_, value)| value).sum::<f64>() / 2000.0;
    assert!((mean - 2.0).abs() < 0.05, "{mean}");
    let mut values: Vec<u64> = drawn.iter().map(|(_, value)| value.to_bits()).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 2000, "each another");
    // A part gets what it gets as part of the whole.
    let some = numbers(&StepField::Glide, &part((10, 20), (3, 3)), &glide);
    assert_eq!(
        some,
        drawn.iter().filter(|(cell, _)| cell.column == 2 && (9..20).contains(&cell.row)).copied().collect::<Vec<_>>()
    );
    assert_ne!(drawn, numbers(&StepField::Glide, &all(), &of(StepField::Glide, 1.0, 3.0, 8)));
    let slots = numbers(&StepField::Slot, &all(), &of(StepField::Slot, 0.5, 3.5, 1));
    for slot in [1.0, 2.0, 3.0] {
        let count = slots.iter().filter(|(_, value)| *value == slot).count();
        assert!((600..740).contains(&count), "slot {slot} {count} times");
    }
    check(
        &of(StepField::Note, 60.2, 60.8, 0),
        4,
        &[("1: x", all(), "!cannot get a random note from 61 to 60; the first is the least")],
    );
    check(
        &of(StepField::Chance, 2.0, 2.0, 0),
        4,
        &[("1: x", all(), "!row 1: chance 2 is out of range; 0 to 1 are possible")],
    );
}

#[test]
fn notes_are_joined() {
    check(
        &PatternEdit::Legato,
        8,
        &[
            ("1: C4 | D4 l0; 4: E4; 6: OFF", all(), "8; 1: C4 l3 | D4 l8; 4: E4 l2; 6: OFF"),
            ("1: C4; 4: E4", rows(1, 3), "8; 1: C4 l3; 4: E4"),
            ("1: C4 d0.25; 3: E4 d-0.5", all(), "8; 1: C4 l1.25 d0.25; 3: E4 l6.5 d-0.5"),
            ("1: C4 l9 d0.75; 2: E4 d-0.75", all(), "8; 1: C4 l9 d0.75; 2: E4 l7.75 d-0.75"),
        ],
    );
}

#[test]
fn hits_are_spread() {
    let of = |hits, steps, rotation| PatternEdit::Euclid { hits, steps, rotation, step: Step::pitch(Num::of(60.0)) };
    let column = part((1, 8), (1, 1));
    check(&of(3, 8, 0), 8, &[("2: x | x", column.clone(), "8; 1: C4; 2: | x; 4: C4; 7: C4")]);
    check(&of(3, 8, 2), 8, &[("", column.clone(), "8; 2: C4; 5: C4; 7: C4")]);
    check(&of(3, 8, -1), 8, &[("", column.clone(), "8; 2: C4; 5: C4; 8: C4")]);
    check(&of(1, 3, 0), 8, &[("", column.clone(), "8; 1: C4; 4: C4; 7: C4")]);
    check(&of(1, 2, 0), 4, &[("", part((2, 4), (1, 2)), "4; 2: C4 | C4; 4: C4 | C4")]);
    for (hits, steps, wrong) in [
        (0, 0, "!cannot have a rhythm of 0 steps; 1 to 1024 are possible"),
        (0, 1025, "!cannot have a rhythm of 1025 steps; 1 to 1024 are possible"),
        (9, 8, "!cannot have 9 hits in 8 steps; 0 to 8 are possible"),
    ] {
        check(&of(hits, steps, 0), 8, &[("", column.clone(), wrong)]);
    }
}

#[test]
fn numbers_change() {
    for (field, change, before, expected) in [
        (StepField::Velocity, "+0.3", "1: x v0.5 | x | OFF; 2: x v0.9", "2; 1: x v0.8 | x v1 | OFF; 2: x v1"),
        (StepField::Velocity, "-2", "1: x v0.5", "2; 1: x v0"),
        (StepField::Velocity, "=2", "1: x", "!row 1: velocity 2 is out of range; 0 to 1 are possible"),
        (StepField::Chance, "/2", "1: x", "2; 1: x ?0.5"),
        (StepField::Length, "*2", "1: x l0; 2: x", "2; 1: x l0; 2: x l2"),
        (StepField::Length, "0.5", "1: x l0; 2: OFF", "2; 1: x l0.5; 2: OFF"),
        (StepField::Length, "-1", "1: x l2; 2: x", "!row 2: length 1 would be 0; it is more than 0"),
        (StepField::Delay, "+0.25", "1: OFF; 2: x d0.5", "2; 1: OFF d0.25; 2: x d0.75"),
        (StepField::Delay, "+0.5", "2: x d0.5", "!row 2: delay 1 is out of range; between -1 and 1 rows are possible"),
        (StepField::Note, "+12", "1: x; 2: C4", "2; 1: x; 2: C5"),
        (StepField::Note, "C4", "1: x; 2: D4 | OFF", "2; 1: C4; 2: C4 | OFF"),
        (StepField::Slot, "+1", "1: x s2; 2: x", "2; 1: x s3; 2: x"),
        (StepField::Slot, "/2", "1: x s3", "!row 1: slot 1.5 is not possible; 1 to 65536 are"),
        (StepField::Instrument, "=2", "1: x; 2: OFF", "2; 1: x i2; 2: OFF i2"),
        (StepField::Glide, "*2", "1: x g1; 2: x", "2; 1: x g2; 2: x"),
        (StepField::Lock("mix".into()), "*2", "1: x a=2 mix=1; 2: x", "2; 1: x a=2 mix=2; 2: x"),
        (StepField::Lock("mix".into()), "3", "1: x mix=wet; 2: x a=1 z=1", "2; 1: x mix=3; 2: x a=1 mix=3 z=1"),
        (StepField::Lock("mix".into()), "*1e308", "1: x mix=1e308", "!row 1: mix would be infinite"),
        (StepField::Lock("a b".into()), "1", "1: x", "!row 1: \"a b\" is not the name of a parameter"),
    ] {
        let edit = PatternEdit::Change { field, change: change.parse().expect(change) };
        check(&edit, 2, &[(before, all(), expected)]);
    }
}

/// What stays is the very same, not a copy.
#[test]
fn what_is_left_alone_is_shared() {
    let lines: Vec<String> = (1..=1000).map(|row| format!("{row}: C4")).collect();
    let pattern = read(1000, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let edited = pattern.edited(&rows(10, 19), &PatternEdit::Transpose(Num::ONE)).expect("it can be");
    let shared = pattern.steps.entries().zip(edited.steps.entries()).filter(|(a, b)| Arc::ptr_eq(a, b)).count();
    assert_eq!(shared, 990);
}
