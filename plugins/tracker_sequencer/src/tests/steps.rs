//! What steps say: chance, turns, conditions, ratchets, ends, delays, locks, grooves.

use cantus_plugin_api::raw::{Lock, Step, StepAction, StepCondition};
use cantus_plugin_api::testing::TestNumbers;

use super::*;

/// A note of 60 in a place, one row long.
fn on(row: u32, column: u16) -> Step {
    step(row, column, 60.0, 1.0)
}

/// In which of so many turns of 4 rows a step on row 0 plays; a row is a sample.
fn turns(steps: &[Step], count: u64) -> Vec<u64> {
    let run = played(&TestPattern::new(4, 16.0, steps), count);
    run.ons().filter(|(_, note)| note.pitch == Some(60.0)).map(|(sample, _)| sample / 4).collect()
}

/// So many turns of 4 rows of a sample.
fn played(pattern: &TestPattern, turns: u64) -> Run {
    let mut run = playing(pattern, 60.0).run(turns.div_ceil(16) as usize);
    run.events.retain(|event| event.sample < turns * 4);
    run
}

#[test]
fn ratios_and_conditions_count_the_turns_of_the_pattern() {
    let condition = |condition, every, negated| Step { condition, every, negated, ..on(0, 0) };
    for (name, step, expected) in [
        ("2:3", Step { ratio_at: 2, ratio_of: 3, ..on(0, 0) }, &[1, 4, 7][..]),
        ("first", condition(StepCondition::FIRST, 1, 0), &[0]),
        ("not first", condition(StepCondition::FIRST, 1, 1), &[1, 2, 3, 4, 5, 6, 7, 8]),
        ("every 4", condition(StepCondition::EVERY, 4, 0), &[0, 4, 8]),
        ("not every 2", condition(StepCondition::EVERY, 2, 1), &[1, 3, 5, 7]),
        ("fill", condition(StepCondition::FILL, 1, 0), &[]),
        ("not fill", condition(StepCondition::FILL, 1, 1), &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("one nobody knows", condition(StepCondition(99), 1, 0), &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ] {
        assert_eq!(turns(&[step], 9), expected, "{name}");
    }
}

#[test]
fn a_fill_is_played_while_it_is_on() {
    let fill = Step { condition: StepCondition::FILL, ..on(0, 0) };
    let mut bench = playing(&TestPattern::new(4, 16.0, &[fill]), 60.0);
    bench.param_at(7, Param::Fill, 1.0);
    bench.param_at(17, Param::Fill, 0.0);
    let ons: Vec<u64> = bench.quantum().ons().map(|(sample, _)| sample).collect();
    assert_eq!(ons, [8, 12, 16]);
}

#[test]
fn a_step_may_depend_on_the_one_before() {
    let asked = Step { pitch: 61.0, ratio_at: 2, ratio_of: 2, ..on(0, 0) };
    let yes = Step { condition: StepCondition::PREVIOUS, previous: 0, ..on(1, 0) };
    assert_eq!(turns(&[asked, yes], 6), [1, 3, 5]);
    assert_eq!(turns(&[asked, Step { negated: 1, ..yes }], 6), [0, 2, 4]);
    assert_eq!(turns(&[asked, Step { previous: u32::MAX, ..yes }], 6), []);
    // One that asks about itself, as a broken host might say.
    assert_eq!(turns(&[asked, Step { previous: 1, ..yes }], 6), []);
}

#[test]
fn chance_is_a_function_of_the_place() {
    let steps = [Step { chance: 0.3, ..on(0, 0) }];
    let all = turns(&steps, 4000);
    let share = all.len() as f64 / 4000.0;
    assert!((share - 0.3).abs() < 0.03, "{share}");
    // Joined anywhere it decides alike.
    for turn in [1, 17, 100] {
        let mut bench = playing(&TestPattern::new(4, 16.0, &steps), 60.0);
        bench.seek(0, turn as f64 / 4.0);
        let run = bench.run(16);
        let sought: Vec<u64> = run.ons().map(|(sample, _)| sample / 4 + turn).collect();
        let expected: Vec<u64> = all.iter().copied().filter(|t| (turn..turn + 256).contains(t)).collect();
        assert_eq!(sought, expected, "from turn {turn}");
    }
    // Others decide otherwise: another column, another row, another seed.
    for other in [Step { chance: 0.3, ..on(0, 1) }, Step { chance: 0.3, ..on(2, 0) }] {
        assert_ne!(turns(&[other], 400), turns(&steps, 400));
    }
    let mut bench = Sequencer::seeded(RATE, 7);
    bench.bind_sequence(Param::Pattern, &TestPattern::new(4, 16.0, &steps).endless());
    bench.play(60.0);
    let run = bench.run(25);
    assert_ne!(run.ons().map(|(sample, _)| sample / 4).collect::<Vec<_>>(), turns(&steps, 400));
}

#[test]
fn a_ratchet_divides_what_the_step_lasts() {
    let ratchet = |hits, ramp, curve, length| Step { hits, ramp, curve, velocity: 0.8, length, ..on(0, 0) };
    // A row is 16 samples.
    for (name, step, expected) in [
        ("even", ratchet(4, 0.0, 0.0, 1.0), &[(0, 0.8), (4, 0.8), (8, 0.8), (12, 0.8)][..]),
        ("over two rows", ratchet(2, 0.0, 0.0, 2.0), &[(0, 0.8), (16, 0.8)]),
        ("to silence", ratchet(3, 1.0, 0.0, 3.0), &[(0, 0.8), (16, 0.4), (32, 0.0)]),
        ("from silence", ratchet(3, -1.0, 0.0, 3.0), &[(0, 0.0), (16, 0.4), (32, 0.8)]),
        ("ever faster", ratchet(4, 0.0, 1.0, 4.0), &[(0, 0.8), (32, 0.8), (45, 0.8), (55, 0.8)]),
        ("ever slower", ratchet(4, 0.0, -1.0, 4.0), &[(0, 0.8), (4, 0.8), (16, 0.8), (36, 0.8)]),
        ("open", ratchet(2, 0.0, 0.0, 0.0), &[(0, 0.8), (8, 0.8)]),
    ] {
        let run = playing(&TestPattern::new(8, 1.0, &[step]), 60.0).run(2);
        let ons: Vec<(u64, f32)> = run.ons().map(|(sample, on)| (sample, on.velocity.expect("said"))).collect();
        assert_eq!(ons, expected, "{name}");
        assert_eq!(run.offs().count(), expected.len(), "{name}");
    }
}

#[test]
fn delays_move_a_step_by_parts_of_a_row() {
    let delayed = |row, delay| Step { delay, pitch: 60.0 + row as f32, ..on(row, 0) };
    // A row is 16 samples; row 4 begins again at 64.
    let pattern = TestPattern::new(4, 1.0, &[delayed(0, -0.25), delayed(1, 0.5), delayed(3, -0.75)]);
    let run = playing(&pattern, 60.0).run(2);
    let ons: Vec<(u64, f32)> = run.ons().map(|(sample, on)| (sample, on.pitch.expect("said"))).collect();
    // What should come before the beginning comes with it.
    assert_eq!(ons, [(0, 60.0), (24, 61.0), (36, 63.0), (60, 60.0), (88, 61.0), (100, 63.0), (124, 60.0)]);
    // Each lasts a row from where it begins.
    let offs: Vec<u64> = run.offs().map(|(sample, _)| sample).collect();
    assert_eq!(offs[..4], [16, 40, 52, 76]);
}

#[test]
fn what_was_heard_before_an_edit_is_not_heard_again_and_nothing_is_left_out() {
    let delays = [-0.9, -0.4, 0.0, 0.3, 0.9];
    let steps: Vec<Step> = (0..40).map(|row| Step { delay: delays[row as usize % 5], ..on(row, 0) }).collect();
    let pattern = TestPattern::new(40, 2.0, &steps);
    let all: Vec<u64> = playing(&pattern, 60.0).run(6).ons().map(|(sample, _)| sample).collect();
    for at in 0..300 {
        let mut bench = playing(&pattern, 60.0);
        let mut run = bench.run((at / 64) as usize);
        bench.bind_sequence_at(at, Param::Pattern, &pattern.endless());
        run.events.extend(bench.run(6 - (at / 64) as usize).events);
        assert_eq!(run.ons().map(|(sample, _)| sample).collect::<Vec<_>>(), all, "edited at {at}");
    }
}

#[test]
fn ends_end_the_notes_of_their_column() {
    let open = |row, column| step(row, column, 60.0 + f32::from(column), 0.0);
    let end = |row, column, action| Step { action, ..step(row, column, f32::NAN, 0.0) };
    let pattern = TestPattern::new(
        8,
        1.0,
        &[open(0, 0), open(0, 1), open(0, 2), end(1, 0, StepAction::OFF), end(2, 1, StepAction::CUT), open(3, 2)],
    );
    assert_eq!(
        shown(&playing(&pattern, 60.0).run(2)),
        [
            (0, '+', 60.0),
            (0, '+', 61.0),
            (0, '+', 62.0),
            (16, '-', 60.0),
            (32, '!', 61.0),
            (48, '-', 62.0),
            (48, '+', 62.0)
        ]
    );
}

#[test]
fn a_step_without_a_length_lasts_as_long_as_the_sequencer_says() {
    for (length, off) in [(1.0, Some(16)), (2.5, Some(40)), (0.0, None)] {
        let mut bench = playing(&TestPattern::new(64, 1.0, &[step(0, 0, 60.0, f32::NAN)]), 60.0);
        bench.param(Param::Length, length);
        assert_eq!(bench.run(4).offs().map(|(sample, _)| sample).next(), off, "{length}");
    }
}

#[test]
fn locks_come_before_their_note_and_glides_are_in_seconds() {
    let mut pattern =
        TestPattern::new(64, 2.0, &[on(0, 0), Step { first_lock: 1, lock_count: 2, glide: 3.0, ..on(1, 3) }]);
    pattern.locks = [(9, 0.5), (3, 0.25), (4, -1.0)].map(|(lock, value)| Lock { lock, reserved: [0; 3], value }).into();
    let run = playing(&pattern, 30.0).quantum();
    let second: Vec<(u64, char, f32)> = shown(&run).into_iter().filter(|(sample, ..)| *sample == 16).collect();
    assert_eq!(second, [(16, '-', 60.0), (16, '=', 3000.25), (16, '=', 3999.0), (16, '+', 60.0)]);
    // 3 rows of half a beat of 2 seconds.
    assert_eq!(run.ons().map(|(_, on)| on.glide).collect::<Vec<_>>(), [None, Some(3.0)]);
}

#[test]
fn a_note_finds_room_with_all_its_locks_or_not_at_all() {
    let mut pattern = TestPattern::new(64, 2.0, &[Step { lock_count: 4, ..on(0, 0) }, on(0, 1)]);
    pattern.locks = vec![Lock { lock: 0, reserved: [0; 3], value: 1.0 }; 4];
    let mut bench = playing(&pattern, 60.0);
    bench.room(5, 1);
    let run = bench.quantum();
    assert_eq!((shown(&run)[0], run.refused), ((0, '+', 60.0), 1));
}

#[test]
fn columns_have_ways_of_their_own() {
    let mut bench = playing(&TestPattern::new(4, 1.0, &[on(0, 0), on(0, 1), Step { instrument: 9, ..on(0, 2) }]), 60.0);
    bench.slot_param(0, SlotParam::Transpose, 12.0);
    bench.slot_param(0, SlotParam::Velocity, 0.5);
    bench.slot_param(1, SlotParam::Instrument, 2.0);
    bench.slot_param(2, SlotParam::Instrument, 2.0);
    let notes: Vec<_> = bench.quantum().ons().map(|(_, on)| (on.pitch, on.velocity, on.instrument)).collect();
    assert_eq!(notes, [(Some(72.0), Some(0.5), None), (Some(60.0), None, Some(2)), (Some(60.0), None, Some(9))]);
}

#[test]
fn columns_are_muted_on_their_sample() {
    let columns = |pattern: &TestPattern, set: &[(u64, usize, SlotParam, f64)]| {
        let mut bench = playing(pattern, 60.0);
        set.iter().for_each(|(at, slot, param, value)| bench.slot_param_at(*at, *slot, *param, *value));
        let run = bench.quantum();
        shown(&run).into_iter().filter(|(_, what, _)| *what != '=').collect::<Vec<_>>()
    };
    let pattern = TestPattern::new(4, 1.0, &[step(0, 0, 60.0, 3.0), step(0, 1, 61.0, 3.0), step(2, 0, 62.0, 1.0)]);
    let (a, b) = ((0, '+', 60.0), (0, '+', 61.0));
    let all = [a, b, (32, '+', 62.0), (48, '-', 60.0), (48, '-', 61.0), (48, '-', 62.0)];
    assert_eq!(columns(&pattern, &[]), all);
    let muted = [a, b, (20, '-', 60.0), (48, '-', 61.0)];
    assert_eq!(columns(&pattern, &[(20, 0, SlotParam::Mute, 1.0)]), muted);
    assert_eq!(columns(&pattern, &[(20, 1, SlotParam::Solo, 1.0)]), muted);
    let back = [(20, 0, SlotParam::Mute, 1.0), (30, 0, SlotParam::Mute, 0.0)];
    assert_eq!(columns(&pattern, &back), [a, b, (20, '-', 60.0), (32, '+', 62.0), (48, '-', 61.0), (48, '-', 62.0)]);
}

#[test]
fn grooves_move_rows_by_the_grid_of_the_bar() {
    let steps: Vec<Step> = (0..3).map(|row| Step { velocity: 0.5, ..on(row, 0) }).collect();
    let mut bench = playing(&TestPattern::new(3, 1.0, &steps), 60.0);
    let (delays, velocities) = (TestNumbers::new(&[0.0, 0.5, 0.0, -0.25]), TestNumbers::new(&[1.0, 0.5]));
    bench.bind_numbers(Param::Groove, &delays);
    bench.bind_numbers(Param::GrooveVelocity, &velocities);
    let ons: Vec<(u64, f32)> = bench.run(2).ons().map(|(sample, on)| (sample, on.velocity.expect("said"))).collect();
    let expected = [(0, 0.5), (24, 0.25), (32, 0.5), (44, 0.25), (64, 0.5), (88, 0.25), (96, 0.5), (108, 0.25)];
    assert_eq!(ons, expected);
    let mut bench = playing(&TestPattern::new(3, 1.0, &steps), 60.0);
    bench.bind_numbers(Param::Groove, &delays);
    bench.bind_numbers(Param::GrooveVelocity, &velocities);
    bench.param(Param::GrooveAmount, 0.5);
    let ons: Vec<(u64, f32)> = bench.quantum().ons().map(|(sample, on)| (sample, on.velocity.expect("said"))).collect();
    assert_eq!(ons, [(0, 0.5), (20, 0.375), (32, 0.5), (46, 0.375)]);
}

#[test]
fn its_own_swing_is_added_to_the_sessions() {
    let mut bench = playing(&scale(), 60.0);
    bench.swing(0.5, 0.5);
    bench.param(Param::Swing, 0.25);
    let ons: Vec<u64> = bench.quantum().ons().map(|(sample, _)| sample).take(4).collect();
    assert_eq!(ons, [0, 12, 16, 28]);
}

#[test]
fn the_human_hand_is_the_same_in_every_run_and_nobody_is_left_out() {
    let steps: Vec<Step> = (0..64).map(|row| Step { velocity: 0.5, length: 0.1, ..on(row, 0) }).collect();
    let pattern = TestPattern::new(64, 4.0, &steps);
    let human = |seed| {
        let mut bench = Bench::<TrackerSequencer>::seeded(48_000.0, seed);
        bench.bind_sequence(Param::Pattern, &pattern.endless());
        bench.param(Param::Humanise, 0.02);
        bench.param(Param::HumaniseVelocity, 0.5);
        bench.play(120.0);
        bench.run(6_100).ons().map(|(sample, on)| (sample, on.velocity.expect("said"))).collect::<Vec<_>>()
    };
    let all = human(1);
    assert_eq!(all, human(1));
    assert_ne!(all, human(2));
    // The 65th row is at 390,000, which may be early.
    let off = all.iter().take(64).enumerate().map(|(row, (sample, _))| *sample as i64 - row as i64 * 6000);
    let off: Vec<i64> = off.collect();
    assert!(off.len() == 64 && off.iter().all(|off| off.abs() <= 960), "{off:?}");
    assert!(off.iter().any(|off| *off < -300) && off.iter().any(|off| *off > 300), "{off:?}");
    assert!(all.iter().all(|(_, velocity)| (0.25..=0.75).contains(velocity)), "{all:?}");
    assert!(all.iter().any(|(_, v)| *v < 0.4) && all.iter().any(|(_, v)| *v > 0.6), "{all:?}");
}

#[test]
fn where_it_is_sent_its_first_row_is_heard_even_if_it_should_have_come_early() {
    let early = |pitch| TestPattern::new(4, 1.0, &[Step { delay: -0.5, ..step(0, 0, pitch, 0.25) }]);
    let (first, second) = (early(60.0), early(61.0));
    let mut bench = playing(&first, 60.0);
    // Sent there at beat 2, sample 32.
    let parts = [(&first, 4, u32::MAX, 0.0)];
    let sent = [(0.0, &parts[..], f64::INFINITY), (2.0, &[(&second, 4, u32::MAX, 7.0)], f64::INFINITY)];
    bench.bind_sequence_at(32, Param::Pattern, &TestSequence::new(&sent));
    let ons: Vec<(u64, Option<f32>)> = bench.run(2).ons().map(|(sample, on)| (sample, on.pitch)).collect();
    assert_eq!(ons, [(0, Some(60.0)), (32, Some(68.0)), (88, Some(68.0))]);
}

#[test]
fn what_was_heard_before_a_pause_is_not_heard_after_it() {
    let pattern = TestPattern::new(2, 1.0, &[Step { delay: 0.9, ..on(0, 0) }, Step { delay: 0.1, ..on(1, 0) }]);
    for edited in [false, true] {
        let mut bench = playing(&pattern, 60.0);
        bench.quantum();
        // At beat 7.75, soon after what was heard at 6.9 and 7.1.
        bench.pause(124);
        bench.run(2);
        if edited {
            bench.bind_sequence_at(200, Param::Pattern, &pattern.endless());
        }
        bench.quantum();
        bench.play(60.0);
        // Beats go on at sample 256; then come 8.9, 9.1 and so on.
        let ons: Vec<u64> = bench.run(2).ons().map(|(sample, _)| sample).collect();
        assert_eq!(ons, [274, 278, 306, 310, 338, 342, 370, 374], "edited: {edited}");
    }
    let pattern = TestPattern::new(2, 1.0, &[Step { delay: 0.5, ..on(1, 0) }]);
    // Sought while it stands still: what is over by then does not come.
    let mut bench = playing(&pattern, 60.0);
    bench.pause(0);
    bench.seek(64, 1.75);
    bench.run(3);
    bench.play(60.0);
    assert_eq!(bench.quantum().ons().map(|(sample, _)| sample).collect::<Vec<_>>(), [192 + 28, 192 + 60]);
}

#[test]
fn another_pattern_begins_with_its_first_row_even_if_it_should_have_come_early() {
    let mut bench = playing(&TestPattern::new(4, 1.0, &[]), 60.0);
    let other = TestPattern::new(4, 1.0, &[Step { delay: -0.25, ..on(0, 0) }]);
    bench.bind_sequence_at(64, Param::Pattern, &another(&other));
    bench.run(1);
    assert_eq!(bench.run(2).ons().map(|(sample, _)| sample).collect::<Vec<_>>(), [64, 124, 188]);
}

#[test]
fn a_slower_tempo_and_an_edit_on_one_sample_leave_nothing_out() {
    let pattern = TestPattern::new(1, 1.0, &[on(0, 0)]);
    for (bpm, then) in [(130.0, 118.0), (130.0, 100.0), (97.3, 180.0)] {
        for beat in 1..24u64 {
            let exact = |beat: u64, bpm: f64| (beat as f64 * 60.0 * 48_000.0 / bpm + 0.5 + 1e-6).floor() as u64;
            let at = exact(beat, bpm);
            let mut bench = Bench::<TrackerSequencer>::new(48_000.0);
            bench.bind_sequence(Param::Pattern, &pattern.endless());
            bench.play(bpm);
            let mut run = bench.run((at / 64) as usize);
            bench.tempo(at, then);
            bench.bind_sequence_at(at, Param::Pattern, &pattern.endless());
            run.events.extend(bench.run(1000).events);
            let ons: Vec<u64> = run.ons().map(|(sample, _)| sample).collect();
            let before: Vec<u64> = (0..beat).map(|k| exact(k, bpm)).collect();
            assert_eq!(ons[..beat as usize], before, "{bpm} to {then}");
            // The rest of its way is in the new tempo, less than a sample.
            assert!(ons[beat as usize].abs_diff(at) <= 1, "{bpm} to {then} at beat {beat}: {ons:?}");
            assert!(ons[beat as usize + 1] - at > 12_000, "{bpm} to {then} at beat {beat}: {ons:?}");
        }
    }
}

#[test]
fn a_ratchet_goes_on_after_an_edit() {
    let pattern = TestPattern::new(16, 1.0, &[Step { hits: 8, curve: 0.5, delay: 0.2, ..step(0, 0, 60.0, 5.0) }]);
    let all: Vec<u64> = playing(&pattern, 60.0).run(4).ons().map(|(sample, _)| sample).collect();
    assert_eq!(all.len(), 8);
    for at in 0..120 {
        let mut bench = playing(&pattern, 60.0);
        let mut run = bench.run((at / 64) as usize);
        bench.bind_sequence_at(at, Param::Pattern, &pattern.endless());
        run.events.extend(bench.run(4 - (at / 64) as usize).events);
        assert_eq!(run.ons().map(|(sample, _)| sample).collect::<Vec<_>>(), all, "edited at {at}");
    }
}

#[test]
fn where_a_chain_is_over_its_open_notes_end() {
    for (rows, end) in [(3, 48), (12, 192)] {
        let pattern = TestPattern::new(rows, 1.0, &[step(1, 0, 60.0, 0.0)]);
        let mut bench = Sequencer::new(RATE);
        bench.bind_sequence(Param::Pattern, &TestSequence::new(&[(0.0, &[(&pattern, rows, 1, 0.0)], f64::INFINITY)]));
        bench.play(60.0);
        assert_eq!(shown(&bench.run(5)), [(16, '+', 60.0), (end, '-', 60.0)]);
    }
}

#[test]
fn a_slow_row_comes_early_behind_fast_ones() {
    let fast = TestPattern::new(16, 4.0, &[]);
    let slow = TestPattern::new(2, 1.0, &[Step { delay: -0.5, ..on(0, 0) }]);
    let mut bench = Sequencer::new(RATE);
    let parts = [(&fast, 16, 1, 0.0), (&slow, 2, 1, 0.0)];
    bench.bind_sequence(Param::Pattern, &TestSequence::new(&[(0.0, &parts, 6.0)]));
    bench.play(60.0);
    let ons: Vec<u64> = bench.run(4).ons().map(|(sample, _)| sample).collect();
    assert_eq!(ons, [56, 56 + 96, 56 + 192]);
}
