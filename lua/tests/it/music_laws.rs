//! The laws of lists and cycles.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::rig::{Rig, on_script_thread};

/// Runs a law over many inputs on one rig; the budget is that of a real script.
fn law<T: std::fmt::Debug, S: Strategy<Value = T>>(
    cases: u32,
    strategy: impl FnOnce() -> S + Send + 'static,
    holds: impl Fn(&mut Rig, T) -> Result<(), TestCaseError> + Send + 'static,
) {
    on_script_thread(move || {
        let rig = RefCell::new(Rig::with(|options| options.instructions = 100_000_000));
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let outcome = TestRunner::new(config).run(&strategy(), |input| holds(&mut rig.borrow_mut(), input));
        if let Err(error) = outcome {
            panic!("{error}");
        }
    });
}

fn answer(rig: &mut Rig, code: &str) -> Result<String, TestCaseError> {
    let done = rig.run(code).map_err(|error| TestCaseError::fail(format!("{error}\n{code}")))?;
    Ok(done.values.join(" "))
}

/// Text that is mini-notation.
fn notation() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![4 => "[a-e]", 1 => Just("~".to_owned()), 1 => "[0-9]{1,2}"];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let several = proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            several.clone().prop_map(|steps| format!("[{}]", steps.join(" "))),
            several.clone().prop_map(|steps| format!("<{}>", steps.join(" "))),
            several.clone().prop_map(|steps| format!("[{}]", steps.join(", "))),
            (several.clone(), 1..5u8).prop_map(|(steps, n)| format!("{{{}}}%{n}", steps.join(" "))),
            several.prop_map(|steps| format!("[{}]", steps.join(" _ "))),
            (inner.clone(), 1..4u8).prop_map(|(step, n)| format!("{step}*{n}")),
            (inner.clone(), 1..4u8).prop_map(|(step, n)| format!("{step}/{n}")),
            (inner.clone(), 1..4u8).prop_map(|(step, n)| format!("{step}!{n}")),
            (inner.clone(), 1..6u8, 0..3u8).prop_map(|(step, n, r)| format!("{step}({n},7,{r})")),
            inner.prop_map(|step| format!("{step}?")),
        ]
    })
    .prop_map(|step| format!("{step} b"))
}

#[test]
fn any_text_is_a_cycle_or_a_mistake_with_a_place() {
    let text = || prop_oneof!["[a-c~ ,.*/!@?%_<>{}()\\[\\]0-3-]{0,24}", "\\PC{0,12}", notation()];
    law(1500, text, |rig, text| {
        let code = format!("local ok, e = pcall(mini, {}) return ok, tostring(e)", quoted(&text));
        let said = answer(rig, &code)?;
        prop_assert!(said.starts_with("true ") || said.contains(": character "), "{}: {}", text, said);
        Ok(())
    });
}

/// A text as Lua writes it.
fn quoted(text: &str) -> String {
    let bytes: String = text.bytes().map(|byte| format!("\\{byte:03}")).collect();
    format!("\"{bytes}\"")
}

#[test]
fn changes_that_undo_each_other() {
    let laws = || {
        let changes = prop_oneof![
            Just("c:rev():rev()".to_owned()),
            (1..9u8, 1..9u8).prop_map(|(n, d)| format!("c:fast('{n}/{d}'):slow('{n}/{d}')")),
            (0..9u8, 1..9u8).prop_map(|(n, d)| format!("c:late('{n}/{d}'):early('{n}/{d}')")),
            (1..9u8).prop_map(|n| format!("c:late('1/{n}'):rev():rev():early('1/{n}')")),
            (1..9u8).prop_map(|n| format!("c:every({n}, function(c) return c:rev() end):every({n}, rev)")),
            (1..64u8).prop_map(|n| format!("c:transpose({n}):transpose(-{n}):velocity(0.5)")),
            Just("stack(c)".to_owned()),
            Just("c:ply(1)".to_owned()),
        ];
        (notation(), changes)
    };
    law(600, laws, |rig, (text, law)| {
        let code = format!("local c = mini('{text}') return c:show(6), ({law}):show(6)");
        let said = rig.run(&code).map_err(|error| TestCaseError::fail(format!("{error}\n{code}")))?.values;
        let plain = said[1].replace("+0@0.5", "");
        prop_assert_eq!(&said[0], &plain, "{} {}", text, law);
        Ok(())
    });
}

#[test]
fn rhythms_have_their_hits_and_turn_round() {
    let rhythm = || (1..33i64).prop_flat_map(|steps| (0..=steps, Just(steps), -40..40i64));
    law(300, rhythm, |rig, (hits, steps, turn)| {
        let code = format!(
            "local function text(list) return (table.concat(map(list, function(h) return h and 'x' or '.' end))) end \
             local plain, turned = euclid({hits}, {steps}), euclid({hits}, {steps}, {turn}) \
             return text(plain), text(turned), text(rotate(plain, {turn}))"
        );
        let said = answer(rig, &code)?;
        let said: Vec<&str> = said.split(' ').collect();
        let count = |text: &str| text.matches('x').count() as i64;
        prop_assert_eq!((count(said[0]), said[0].len() as i64), (hits, steps), "{}", said[0]);
        prop_assert_eq!(said[1], said[2]);
        prop_assert!(hits == 0 || said[0].starts_with('x'), "{}", said[0]);
        // As even as whole steps allow: two kinds of distance, one step apart.
        let onsets: Vec<usize> = said[0].match_indices('x').map(|(at, _)| at).collect();
        let next = onsets.iter().skip(1).copied().chain(onsets.first().map(|first| first + said[0].len()));
        let gaps: Vec<usize> = onsets.iter().zip(next).map(|(at, next)| next - at).collect();
        let spread = gaps.iter().max().unwrap_or(&0) - gaps.iter().min().unwrap_or(&0);
        prop_assert!(spread <= 1, "{}", said[0]);
        Ok(())
    });
}

#[test]
fn shuffling_keeps_the_values_and_repeats_with_the_seed() {
    law(
        200,
        || (proptest::collection::vec(0..9u8, 1..20), 0..1000u32),
        |rig, (values, seed)| {
            let list = values.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
            let code = format!(
                "local function again() math.randomseed({seed}) return table.concat(shuffle{{{list}}}, ',') end \
             local first = again() return first, again() == first"
            );
            let said = answer(rig, &code)?;
            let (shuffled, same) = said.split_once(' ').expect("two values");
            let mut sorted: Vec<u8> = shuffled.split(',').map(|n| n.parse().expect("a number")).collect();
            let mut expected = values.clone();
            sorted.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!((sorted, same), (expected, "true"));
            Ok(())
        },
    );
}

#[test]
fn patterns_keep_each_onset_exactly() {
    law(300, notation, |rig, text| {
        let text = text.replace(['a', 'b', 'c', 'd', 'e'], "x");
        let code = format!(
            "math.randomseed(1) local shown = mini('{text}'):show(8) \
             math.randomseed(1) pattern('p', mini('{text}'), {{cycles = 8}}) return shown"
        );
        let shown = match rig.run(&code) {
            Ok(done) => done.values[0].clone(),
            // Too fine or too long is said, with what to do.
            Err(error) => {
                prop_assert!(error.message.contains("rows"), "{}: {}", text, error);
                return Ok(());
            }
        };
        let model = rig.engine.model();
        let pattern = model.patterns.get("p").expect("there");
        let per_cycle = u64::from(pattern.rows / 8);
        prop_assert_eq!(pattern.rows, (pattern.steps_per_beat.get() * 32.0) as u32);
        // `n/d` in rows, which must be whole.
        let rows = |time: &str| {
            let (n, d) = time.split_once('/').unwrap_or((time, "1"));
            let (n, d): (u64, u64) = (n.parse().expect("a number"), d.parse().expect("a number"));
            assert_eq!(n * per_cycle % d, 0, "{text}: {time} in {per_cycle} rows");
            n * per_cycle / d
        };
        let expected: Vec<u64> =
            shown.split(", ").filter_map(|event| event.split_once('-')).map(|(begin, _)| rows(begin)).collect();
        let found: Vec<u64> = pattern.steps.iter().map(|(at, _)| u64::from(at.row)).collect();
        prop_assert_eq!(found, expected, "{}", text);
        Ok(())
    });
}
