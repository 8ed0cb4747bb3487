//! Edits of patterns: their rows of the tables, and laws over random patterns.

use cantus_host::model::{PatternEdit, Selection, StepField};

use super::walk::{Dice, Walk};
use super::*;

fn command(pattern: &str, selection: Selection, edit: PatternEdit) -> Command {
    EditPatternCommand { pattern: pattern.into(), edit, selection }.into()
}

/// The pattern that [`rows`] are about.
pub fn tune() -> Command {
    let mut pattern = Pattern::new(4, num(4.0));
    for line in ["1: C4 v0.5 | x", "2: x cutoff=800", "4: E4 v1"] {
        pattern.read_line(line).expect(line);
    }
    SetPatternCommand { name: "tune".into(), pattern }.into()
}

/// A row for every edit of patterns.
pub fn rows() -> Vec<(Command, &'static str)> {
    let all = Selection::default;
    let part = |rows, columns| Selection { rows: Some(rows), columns: Some(columns) };
    let tune = |selection, edit| command("tune", selection, edit);
    let velocity = StepField::Velocity;
    let step = Step { velocity: Some(num(0.5)), ..Step::pitch(num(61.0)) };
    vec![
        (tune(part((0, 2), (0, 1)), PatternEdit::Clear), "clear pattern tune rows 1 to 3 columns 1 to 2"),
        (tune(part((1, 1), (0, 0)), PatternEdit::Insert), "insert into pattern tune row 2 column 1"),
        (
            tune(Selection { rows: None, columns: Some((0, 0)) }, PatternEdit::Delete),
            "delete from pattern tune column 1",
        ),
        (
            tune(part((0, 1), (0, 1)), PatternEdit::Paste { steps: vec![(0, 0, step.clone())], mix: false }),
            "paste 1 steps into pattern tune rows 1 to 2 columns 1 to 2",
        ),
        (
            tune(all(), PatternEdit::Paste { steps: vec![(2, 3, step.clone())], mix: true }),
            "mix 1 steps into pattern tune",
        ),
        (tune(all(), PatternEdit::Transpose(num(-12.0))), "transpose pattern tune by -12"),
        (tune(all(), PatternEdit::Rotate(1)), "rotate pattern tune by 1"),
        (tune(all(), PatternEdit::Reverse), "reverse pattern tune"),
        (tune(all(), PatternEdit::Double), "double pattern tune"),
        (tune(all(), PatternEdit::Halve), "halve pattern tune"),
        (tune(all(), PatternEdit::Expand), "expand pattern tune"),
        (command("beat", all(), PatternEdit::Shrink), "shrink pattern beat"),
        (
            tune(all(), PatternEdit::Interpolate { field: velocity.clone(), curve: num(0.5) }),
            "interpolate velocity of pattern tune",
        ),
        (
            tune(all(), PatternEdit::Randomise { field: velocity, low: num(0.25), high: num(0.75), seed: u32::MAX }),
            "randomise velocity of pattern tune from 0.25 to 0.75",
        ),
        (tune(all(), PatternEdit::Legato), "join the notes of pattern tune"),
        (
            tune(part((0, 7), (0, 0)), PatternEdit::Euclid { hits: 3, steps: 8, rotation: -1, step }),
            "spread 3 of 8 over pattern tune rows 1 to 8 column 1",
        ),
        (
            tune(
                all(),
                PatternEdit::Change {
                    field: StepField::Lock("cutoff".into()),
                    change: "*2".parse().expect("a change"),
                },
            ),
            "change cutoff of pattern tune by *2",
        ),
    ]
}

/// Random patterns, each with dice and a walk of its own.
fn patterns(mut check: impl FnMut(&mut Dice, &Model, &str, &Pattern)) {
    let catalog = catalog();
    let walks = if std::env::var("CANTUS_SOAK").is_ok() { 20_000 } else { 200 };
    for seed in 0..walks {
        let model = Walk::new(seed, &catalog).model(&Model::default(), 60);
        let mut dice = Dice::new(seed + 1);
        model.patterns.iter().for_each(|(name, pattern)| check(&mut dice, &model, name, pattern));
    }
}

fn edited(pattern: &Pattern, selection: &Selection, edit: &PatternEdit) -> Option<Pattern> {
    let edited = pattern.edited(selection, edit).ok()?;
    assert_eq!(edited.problem(), None, "{edit:?}");
    // It is as if its steps had been put in one by one.
    assert_eq!(edited.steps, edited.steps.iter().map(|(cell, step)| (*cell, step.clone())).collect(), "{edit:?}");
    assert!(edited.steps.iter().all(|(cell, step)| edited.steps.get(cell) == Some(step)), "{edit:?}");
    Some(edited)
}

/// One edit after the other.
fn both(pattern: &Pattern, selection: &Selection, edits: [PatternEdit; 2]) -> Option<Pattern> {
    let [first, second] = edits;
    edited(&edited(pattern, selection, &first)?, selection, &second)
}

#[test]
fn what_is_done_can_be_done_back() {
    let mut checked = [0; 5];
    patterns(|dice, _, name, pattern| {
        let selection = dice.selection();
        let by = dice.below(40) as i32 - 20;
        let back = |edits: [PatternEdit; 2]| both(pattern, &selection, edits).expect("it can be");
        assert_eq!(back([PatternEdit::Rotate(by), PatternEdit::Rotate(-by)]), *pattern, "{name}: rotated");
        assert_eq!(back([PatternEdit::Reverse, PatternEdit::Reverse]), *pattern, "{name}: reversed");
        assert_eq!(back([PatternEdit::Insert, PatternEdit::Delete]), *pattern, "{name}: inserted");
        let legato = back([PatternEdit::Legato, PatternEdit::Legato]);
        assert_eq!(Some(legato), edited(pattern, &selection, &PatternEdit::Legato), "{name}: joined");
        let all = Selection::default();
        let doubled = both(pattern, &all, [PatternEdit::Double, PatternEdit::Halve]).expect("it can be");
        assert_eq!(doubled.rows, pattern.rows);
        assert!(doubled.played().eq(pattern.played()), "{name}: doubled");
        checked[0] += 1;
        let delay = |step: &Step| step.delay.is_none_or(|delay| delay.get() > -0.5);
        if pattern.steps.iter().all(|(_, step)| delay(step))
            && let Some(stretched) = both(pattern, &all, [PatternEdit::Expand, PatternEdit::Shrink])
        {
            assert_eq!(stretched, *pattern, "{name}: expanded");
            checked[1] += 1;
        }
        let [up, down] = [1.0, -1.0].map(|sign| PatternEdit::Transpose(num(sign * f64::from(by))));
        if let Some(moved) = both(pattern, &selection, [up, down]) {
            for ((_, was), (_, is)) in pattern.steps.iter().zip(moved.steps.iter()) {
                let near = was.number().zip(is.number()).is_none_or(|(a, b)| (a.get() - b.get()).abs() < 1e-9);
                assert!(near && Step { note: was.note, ..is.clone() } == *was, "{name}: transposed");
            }
            checked[2] += 1;
        }
    });
    assert!(checked[..3].iter().all(|count| *count > 100), "{checked:?}");
}

#[test]
fn a_copy_pasted_onto_itself_changes_nothing() {
    patterns(|dice, _, name, pattern| {
        let selection = dice.selection();
        let (top, bottom) = selection.rows.unwrap_or((0, pattern.rows - 1));
        let (left, right) = selection.columns.unwrap_or((0, 63));
        let inside = |cell: &Cell| (top..=bottom).contains(&cell.row) && (left..=right).contains(&cell.column);
        let steps = pattern.steps.iter().filter(|(cell, _)| inside(cell));
        let steps: Vec<_> = steps.map(|(cell, step)| (cell.row - top, cell.column - left, step.clone())).collect();
        for mix in [false, true] {
            let paste = PatternEdit::Paste { steps: steps.clone(), mix };
            assert_eq!(edited(pattern, &selection, &paste).as_ref(), Some(pattern), "{name}");
        }
        let cleared = edited(pattern, &selection, &PatternEdit::Clear).expect("it can be");
        assert_eq!(edited(&cleared, &selection, &PatternEdit::Paste { steps, mix: true }).as_ref(), Some(pattern));
    });
}

/// Random edits: they keep to their selection, and the difference of the Models says what they did.
#[test]
fn edits_keep_to_their_selection_and_can_be_taken_back() {
    let catalog = catalog();
    let (mut done, mut refused) = (0, 0);
    patterns(|dice, model, name, pattern| {
        for _ in 0..20 {
            let (selection, edit) = dice.pattern_edit();
            let Some(after) = edited(pattern, &selection, &edit) else {
                refused += 1;
                continue;
            };
            done += 1;
            assert_eq!(edited(pattern, &selection, &edit).as_ref(), Some(&after), "{edit:?}: the same each time");
            let (top, bottom) = selection.rows.unwrap_or((0, pattern.rows - 1));
            let (left, right) = selection.columns.unwrap_or((0, 63));
            let moves = matches!(edit, PatternEdit::Insert | PatternEdit::Delete);
            let last = if moves { u32::MAX } else { bottom };
            let whole =
                matches!(edit, PatternEdit::Double | PatternEdit::Halve | PatternEdit::Expand | PatternEdit::Shrink);
            let outside = |(cell, _): &(&Cell, &Step)| {
                !((top..=last).contains(&cell.row) && (left..=right).contains(&cell.column))
            };
            assert!(whole || pattern.steps.iter().filter(outside).eq(after.steps.iter().filter(outside)), "{edit:?}");
            let then = model.apply(&command(name, selection, edit.clone()), &catalog).expect("it can be");
            assert_eq!(then.pattern(name), Ok(&after));
            for (from, to) in [(model, &then), (&then, model)] {
                let got =
                    from.diff(to, &catalog).iter().fold(from.clone(), |m, c| m.apply(c, &catalog).expect("it can be"));
                assert_eq!(said(&got), said(to), "{edit:?}");
            }
        }
    });
    assert!(done > 1000 && refused > 50, "{done} done, {refused} refused");
}

/// A pattern that is as long as it can be.
#[test]
fn a_long_pattern_is_edited() {
    let (all, step) = (Selection::default(), Step::pitch(num(60.0)));
    let columns = Selection { rows: None, columns: Some((62, 63)) };
    let fill = PatternEdit::Euclid { hits: 1, steps: 2, rotation: 0, step };
    let full = edited(&Pattern::new(65_536, num(4.0)), &columns, &fill).expect("it can be");
    assert_eq!(full.steps.len(), 65_536);
    let turned = full.edited(&all, &PatternEdit::Rotate(-1)).expect("it can be");
    assert_eq!(turned.steps.keys().last(), Some(&Cell { row: 65_535, column: 63 }));
    assert_eq!(turned.edited(&all, &PatternEdit::Rotate(1)), Ok(full));
    for edit in [PatternEdit::Insert, PatternEdit::Double, PatternEdit::Expand] {
        assert!(turned.edited(&all, &edit).is_err(), "{edit:?}");
    }
}
