//! Patterns, chains and time as the sequencer plays them: what it once got wrong, and what must hold.
//!
//! `click` plays one frame of each note's velocity, so that a velocity says which step it was. At 120 beats per minute a
//! beat is 24,000 frames, a row of four to a beat 6,000.

use cantus_host::control::{Batch, Commit, Origin};
use cantus_host::model::command::{QueueChainEntryCommand, SetSettingCommand};
use cantus_host::model::{Anchor, Num, Value};

use crate::rig::Studio;

/// Frame and velocity of every click in the next so many frames.
fn clicks(studio: &mut Studio, frames: usize) -> Vec<(usize, f32)> {
    let [left, _] = studio.render(frames);
    left.iter().enumerate().filter(|(_, x)| **x != 0.0).map(|(n, x)| (n, *x)).collect()
}

/// A sequencer `s` that plays `what`, after `code`, into a click.
fn playing(code: &str, what: &str) -> Studio {
    Studio::playing(&format!("{code} s = sequencer('s', {{pattern = '{what}'}}) connect(s, click('c'))"))
}

/// Patterns whose steps have velocities of their own: a has 4 rows of 0.1 to 0.4, b has 2 of 0.5 and 0.6.
const TWO: &str = "
    pattern('a', {rows = 4, steps = {'1: x v0.125', '2: x v0.25', '3: x v0.375', '4: x v0.5'}})
    pattern('b', {rows = 2, steps = {'1: x v0.625', '2: x v0.75'}})
";

/// Which rows come one after the other, and whether each comes a row after the one before.
fn rows(studio: &mut Studio, count: usize) -> Vec<f32> {
    let clicks = clicks(studio, 6_000 * count);
    let frames: Vec<usize> = clicks.iter().map(|(frame, _)| *frame).collect();
    assert_eq!(frames, (0..count).map(|n| n * 6_000).collect::<Vec<_>>());
    clicks.into_iter().map(|(_, velocity)| velocity * 8.0).collect()
}

#[test]
fn the_first_step_is_played_first() {
    // D8: the playhead moved before it played, and step 0 was left out.
    assert_eq!(rows(&mut playing(TWO, "a"), 5), [1.0, 2.0, 3.0, 4.0, 1.0]);
}

#[test]
fn a_chain_goes_over_where_its_pattern_ends() {
    // D9: the old pattern's first step was played once more at the boundary, and the new one's never.
    let song = format!("{TWO} chain('song', {{'a', 'b'}})");
    assert_eq!(rows(&mut playing(&song, "song"), 9), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
}

#[test]
fn repeats_take_no_time_and_turns_go_on() {
    // D10: each repeat took 376 frames more, and ratios from 2 on never played.
    let song = "
        pattern('a', {rows = 4, steps = {'1: x v0.5', '3: x v1 2:3'}})
        pattern('b', {rows = 4, steps = {'1: x v0.25 2:2'}})
        chain('song', {{'a', 2}, 'b'})
    ";
    let found = clicks(&mut playing(song, "song"), 24_000 * 8);
    // The turns of a are bars 0, 1, 3, 4, 6, 7; its second of three plays in bars 1 and 6.
    let expected = [(0, 0.5), (1, 0.5), (1, 1.0), (3, 0.5), (4, 0.5), (5, 0.25), (6, 0.5), (6, 1.0), (7, 0.5)];
    let expected = expected.map(|(bar, velocity)| (24_000 * bar + if velocity == 1.0 { 12_000 } else { 0 }, velocity));
    assert_eq!(found, expected);
}

#[test]
fn a_pattern_that_stands_in_a_chain_twice_is_played_twice() {
    // D13: progress was looked up by name and fell back to the first.
    let song = format!("{TWO} chain('song', {{'a', 'b', {{'a', transpose = 12}}, {{'b', 2}}}})");
    let found = rows(&mut playing(&song, "song"), 18);
    assert_eq!(found, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 5.0, 6.0, 1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn an_hour_of_a_chain_drifts_by_nothing() {
    // D11: steps were whole numbers of frames. The rows of a are 7 to a beat at 97 beats per minute.
    let song = "
        pattern('a', {rows = 7, steps_per_beat = 7, steps = {'1: x v1'}})
        pattern('b', {rows = 10, steps_per_beat = 3, steps = {'2: x v0.5'}})
        chain('song', {{'a', 2}, {'b', 3}, {'a', rows = 3}})
        engine:getClock():setBPM(97)
    ";
    // Beats of a lap: 2 + 10 + 3/7, all times 21: 261.
    let mut studio = playing(song, "song");
    let beats = |lap: u64| -> Vec<(u64, f32)> {
        let of = [(0, 1.0), (21, 1.0), (42 + 7, 0.5), (42 + 77, 0.5), (42 + 147, 0.5), (252, 1.0)];
        of.into_iter().map(|(at, velocity)| (lap * 261 + at, velocity)).collect()
    };
    // A beat is 60 * 48,000 / 97 frames; all in one fraction, rounded.
    let exact = |of_21: u64| (2 * of_21 * 60 * 48_000 + 97 * 21) / (2 * 97 * 21);
    let mut expected = (0..).flat_map(beats).map(|(at, velocity)| (exact(at), velocity));
    for minute in 0..60u64 {
        for (frame, velocity) in clicks(&mut studio, 48_000 * 60) {
            assert_eq!(Some((minute * 48_000 * 60 + frame as u64, velocity)), expected.next());
        }
    }
    assert!(expected.next().is_some_and(|(frame, _)| frame >= 60 * 48_000 * 60), "all of the hour came");
}

#[test]
fn a_pause_goes_on_where_it_was_and_a_stop_from_the_beginning() {
    // D14: a pause was a stop and a reset.
    let mut studio = playing(TWO, "a");
    assert_eq!(clicks(&mut studio, 9_024), [(0, 0.125), (6_000, 0.25)]);
    studio.eval("engine:getClock():pause()");
    assert_eq!(clicks(&mut studio, 48_000), []);
    studio.eval("engine:getClock():play()");
    assert_eq!(clicks(&mut studio, 9_024), [(2_976, 0.375), (8_976, 0.5)]);
    studio.eval("engine:getClock():stop()");
    assert_eq!(clicks(&mut studio, 48_000), []);
    studio.eval("engine:getClock():play()");
    assert_eq!(clicks(&mut studio, 64), [(0, 0.125)]);
}

#[test]
fn each_sequencer_has_a_playhead_of_its_own() {
    // D15: two on one pattern shared one. Here the second was sent to its beginning at beat 0.75.
    let mut studio = playing(TWO, "a");
    studio.eval("t = sequencer('t', {pattern = 'a', velocity = 0.5}) connect(t, click('d')) player(t, 1, 0.75)");
    let found: Vec<f32> = clicks(&mut studio, 6_000 * 5).iter().map(|(_, velocity)| velocity * 16.0).collect();
    // Rows 1 to 4 of the first are 2 to 8, of the second 1 to 4; the second's come along from beat 0.
    assert_eq!(found, [2.0 + 1.0, 4.0 + 2.0, 6.0 + 3.0, 8.0 + 1.0, 2.0 + 2.0]);
}

#[test]
fn notes_slots_and_velocities_are_what_the_step_says() {
    // D16: the index was sent as the note, and neither pitch nor velocity existed.
    let mut studio = Studio::playing(
        "pattern('p', {rows = 2, steps = {'1: C5 s2 v0.5', '2: x'}})
        s = sequencer('s', {pattern = 'p'})
        kit = sampler('kit', {slots = {{file = 'bd_808.flac'}, {file = 'bd_808.flac'}}})
        connect(s, kit)",
    );
    studio.render(12_000);
    studio.say("print(position(s).row, position(s).turn, position(s).pattern)").expect("it plays");
    assert_eq!(studio.printed(), ["1\t2\tp"]);
}

#[test]
fn it_plays_backwards_and_fast_and_slow() {
    let backwards = TWO.replace("rows = 4", "rows = 4, steps_per_beat = -4");
    assert_eq!(rows(&mut playing(&backwards, "a"), 5), [4.0, 3.0, 2.0, 1.0, 4.0]);
    let slow = TWO.replace("rows = 4", "rows = 4, steps_per_beat = 0.5");
    let found = clicks(&mut playing(&slow, "a"), 100_000);
    assert_eq!(found, [(0, 0.125), (48_000, 0.25), (96_000, 0.375)]);
}

#[test]
fn onsets_follow_a_changing_tempo_across_the_boundaries_of_a_chain() {
    // Rows at eighths of a beat; a ramp from 60 to 120 beats per minute over 8 beats, evenly in time: 256,000 frames.
    let song = "
        pattern('a', {rows = 3, steps_per_beat = 8, steps = {'1: x', '2: x', '3: x'}})
        pattern('b', {rows = 5, steps_per_beat = -8, steps = {'1: x', '2: x', '3: x', '4: x', '5: x'}})
        chain('song', {'a', {'b', 2}})
        engine:getClock():setBPM(60)
    ";
    let mut studio = playing(song, "song");
    studio
        .send(cantus_host::model::command::SetBPMCommand { bpm: Num::of(120.0), over: Num::of(8.0) })
        .expect("it can be");
    let found: Vec<usize> = clicks(&mut studio, 256_000).into_iter().map(|(frame, _)| frame).collect();
    // beat(n) = n / 48000 + n^2 / (2 * 48000 * 256000): the positive root, rounded.
    let exact = |beat: f64| {
        let (a, b, c) = (1.0 / (2.0 * 48_000.0 * 256_000.0), 1.0 / 48_000.0, -beat);
        ((-b + (b * b - 4.0 * a * c).sqrt()) / (2.0 * a) + 0.5 + 1e-6).floor() as usize
    };
    let expected: Vec<usize> = (0..64).map(|row| exact(f64::from(row) / 8.0)).take_while(|at| *at < 256_000).collect();
    assert_eq!(found, expected);
}

#[test]
fn swing_is_the_same_across_repeats_and_boundaries() {
    let song = format!("{TWO} chain('song', {{{{'b', 3}}, {{'a', rows = 2}}}}) swing(0.6)");
    let found: Vec<usize> = clicks(&mut playing(&song, "song"), 96_000).into_iter().map(|(frame, _)| frame).collect();
    let expected: Vec<usize> = (0..8).flat_map(|pair| [pair * 12_000, pair * 12_000 + 7_200]).collect();
    assert_eq!(found, expected);
}

/// What chance, ratios, conditions, humanising and follow actions decide in 16 bars.
const DECIDED: &str = "
    pattern('a', {rows = 8, steps = {'1: x v0.5 ?0.5', '2: x v0.25 first', '3: x ?0.5 | x v0.1 pre', '5: x v0.75 2:3',
        '6: x ?0.3 r3:0.5', '8: x v0.3 ?0.7 !every3'}})
    pattern('b', {rows = 6, steps_per_beat = 3, steps = {'1: x v0.9 ?0.4', '4: x v0.8 1:2', '6: x ?0.5'}})
    chain('song', {{'a', 2, follow = {next = 2, again = 1}}, {'b', follow = 'any'}, {'a', rows = 3}})
    s = sequencer('s', {pattern = 'song', humanise = '8ms', humanise_velocity = 0.3, groove = {0, 0.2, -0.1}})
    connect(s, click('c'))
";

#[test]
fn what_is_left_to_chance_is_a_function_of_the_place() {
    let mut straight = Studio::playing(DECIDED);
    let all = clicks(&mut straight, 24_000 * 64);
    assert!(all.len() > 60, "{all:?}");
    // Rendered again.
    assert_eq!(clicks(&mut Studio::playing(DECIDED), 24_000 * 64), all);
    // Sought: from bar 4 on, whatever was played before.
    let mut sought = Studio::playing(DECIDED);
    sought.render(24_000 * 3 / 64 * 64);
    sought.eval("engine:getClock():seek(16)");
    let from: usize = 24_000 * 16;
    let later = |all: &[(usize, f32)]| -> Vec<(usize, f32)> {
        // What lies a few milliseconds around the seek may have been early before it.
        let kept = all.iter().filter(|(frame, _)| *frame > from + 3_000);
        kept.map(|(frame, velocity)| (frame - from, *velocity)).collect()
    };
    let found: Vec<(usize, f32)> =
        clicks(&mut sought, 24_000 * 48).into_iter().filter(|(frame, _)| *frame > 3_000).collect();
    assert_eq!(found, later(&all));
    // Printed and run: a session that was loaded decides alike.
    straight.say("print(engine:getScript())").expect("there is one");
    let script = straight.printed().join("\n");
    assert_eq!(clicks(&mut Studio::playing(&script), 24_000 * 64), all);
    // Another seed decides otherwise.
    let mut other = Studio::new();
    other.send(SetSettingCommand { name: "seed".into(), value: Some(Value::Int(99)) }).expect("there is a seed");
    other.eval(DECIDED);
    other.start();
    assert_ne!(clicks(&mut other, 24_000 * 64), all);
}

#[test]
fn chance_does_not_depend_on_the_chain_around_it() {
    let chance = "pattern('p', {rows = 4, steps = {'1: x ?0.5', '2: x ?0.5', '3: x ?0.5', '4: x ?0.5'}}) pattern('r', {rows = 4})";
    let of = |code: &str, what: &str| clicks(&mut playing(&format!("{chance} {code}"), what), 24_000 * 32);
    let alone = of("", "p");
    let chained = of("chain('song', {{'p', 3}, 'r', 'p'})", "song");
    let expected = alone.into_iter().filter(|(frame, _)| frame / 24_000 % 5 != 3).collect::<Vec<_>>();
    assert_eq!(chained, expected);
}

#[test]
fn an_instrument_reaches_its_target_alone() {
    let mut studio = Studio::playing(
        "pattern('p', {rows = 3, steps = {'1: x i1', '2: x i2', '3: x'}})
        s = sequencer('s', {pattern = 'p'})
        connect(s, click('one'), {instrument = 1})
        connect(s, click('two'), {instrument = 2})
        connect(s, click('all'))
        for name, gain in pairs{one = 1, two = 2, all = 4} do connect(name, out, {gain = gain}) end",
    );
    assert_eq!(clicks(&mut studio, 18_000), [(0, 5.0), (6_000, 6.0), (12_000, 7.0)]);
    // Another number of a cable that is there counts from then on; the first of these was made before.
    studio.eval("connect('s', 'one', {instrument = 2})");
    assert_eq!(clicks(&mut studio, 18_000), [(0, 5.0), (6_000, 7.0), (12_000, 7.0)]);
}

#[test]
fn one_pattern_locks_parameters_of_different_targets() {
    let code = |step: &str, two: &str| {
        format!(
            "pattern('p', {{rows = 2, steps = {{'1: x v0.5 {step}', '2: x'}}}})
            s = sequencer('s', {{pattern = 'p'}})
            kit = sampler('kit', {{slots = {{{{file = 'bd_808.flac'}}}}}})
            connect(s, kit) connect(s, click('{two}'))",
        )
    };
    let loudest = |step: &str| {
        let mut studio = Studio::playing(&code(step, "c"));
        studio.render(3_000)[0][100..].iter().fold(0.0f32, |most, x| most.max(x.abs()))
    };
    let plain = loudest("");
    assert!(plain > 0.01, "{plain}");
    for (lock, factor) in
        [("volume=0.5", 0.5), ("vol=0.5", 0.5), ("volume=-6.0206dB", 0.5), ("volume=0", 0.0), ("cutof=1", 1.0)]
    {
        let locked = loudest(lock);
        assert!((locked / plain - factor).abs() < 1e-3, "{lock}: {} times as loud", locked / plain);
    }
    // The lock is of one note alone.
    let mut studio = Studio::playing(&code("volume=0", "c"));
    studio.render(6_016);
    assert!(studio.render(3_000)[0][100..].iter().any(|x| x.abs() > 0.01));
}

#[test]
fn an_edit_is_in_phase_and_ends_nothing() {
    let mut studio = Studio::playing(
        "pattern('long', {rows = 8, steps = {'1: x l6', '5: x l2'}}) s = sequencer('s', {pattern = 'long'}) connect(s, hold('h'))",
    );
    studio.render(12_032);
    studio.eval("pattern('long', {rows = 8, steps = {'1: x l6', '4: x', '5: x l2'}})");
    let [left, _] = studio.render(36_000);
    let at = |frame: usize| left[frame - 12_032];
    assert_eq!([13_000, 18_001, 24_001, 36_001, 40_000].map(at), [1.0, 2.0, 2.0, 0.0, 0.0]);
}

#[test]
fn columns_and_tracks_are_muted_and_come_back_in_phase() {
    let mut studio = playing("pattern('p', {rows = 1, steps = {'1: x v0.25 | x v0.5'}})", "p");
    let mut heard = |code: &str| {
        studio.eval(code);
        let found = clicks(&mut studio, 6_016);
        found.iter().map(|(_, velocity)| *velocity).collect::<Vec<_>>()
    };
    for (code, expected) in [
        ("", vec![0.75, 0.75]),
        ("sequencer('s').slots[1].mute = true", vec![0.5]),
        ("sequencer('s').slots[1].mute = false sequencer('s').slots[1].solo = true", vec![0.25]),
        ("sequencer('s').slots[1].solo = false sequencer('s').mute = true", vec![]),
        ("sequencer('s').mute = false", vec![0.75]),
    ] {
        assert_eq!(heard(code), expected, "{code}");
    }
}

#[test]
fn who_is_sent_to_an_entry_goes_there_at_the_bar_and_is_seen_to_wait() {
    let song = format!("{TWO} chain('song', {{{{'a', 99}}, {{'b', 99}}}})");
    let mut studio = playing(&song, "song");
    studio.render(30_016);
    studio.say("queue(s, 2)").expect("there is an entry");
    let pending = studio.engine().state().pending.iter().map(|waiting| waiting.what.clone()).collect::<Vec<_>>();
    assert!(pending.len() == 1 && pending[0].contains("queue entry 2 of s at beat 4"), "{pending:?}");
    let found = clicks(&mut studio, 90_000);
    let around: Vec<(usize, f32)> = found.into_iter().map(|(frame, v)| (frame + 30_016, v)).collect();
    let first_of_b = around.iter().find(|(_, velocity)| *velocity > 0.6);
    assert_eq!(first_of_b, Some(&(96_000, 0.625)), "{around:?}");
    assert_eq!(studio.engine().state().model.players.get("s"), Some(&Anchor { entry: 1, beat: Num::of(4.0) }));
    // From the beginning it is as it was: sent to the second entry at beat 4. The quantum had 48 frames left.
    studio.eval("engine:getClock():seek(0)");
    let again = clicks(&mut studio, 120_000);
    assert_eq!(again.iter().find(|(_, velocity)| *velocity > 0.6), Some(&(96_048, 0.625)));
    // At its own next row, and when its pattern is over.
    studio.say("queue(s, 1, 'pattern')").expect("there is an entry");
    studio.render(12_000);
    assert_eq!(studio.engine().state().model.players.get("s").map(|anchor| anchor.beat.get() % 0.5), Some(0.0));
}

#[test]
fn a_chain_that_ends_is_silent_and_can_be_sent_on() {
    let song = format!("{TWO} chain('song', {{'b', 'a'}}, {{loop = false}})");
    let mut studio = playing(&song, "song");
    assert_eq!(rows(&mut studio, 6), [5.0, 6.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(clicks(&mut studio, 24_000), []);
    let anchor = Some(Anchor { entry: 1, beat: Num::of(4.0) });
    let send = QueueChainEntryCommand { module: "s".into(), anchor };
    studio.engine().commit(Batch::new(Origin::Host, vec![send.into()])).expect("it is there");
    assert_eq!(clicks(&mut studio, 96_000 - 60_000 + 64), [(96_000 - 60_000, 0.125)]);
}

#[test]
fn what_comes_early_comes_once_where_a_loop_turns() {
    let mut studio = playing("pattern('p', {rows = 4, steps = {'1: x d-0.5', '3: x v0.5'}}) loop(0, 1)", "p");
    let found = clicks(&mut studio, 72_000);
    let expected: Vec<(usize, f32)> =
        (0..3).flat_map(|turn| [(turn * 24_000, 1.0), (turn * 24_000 + 12_000, 0.5)]).collect();
    assert_eq!(found, expected);
}

#[test]
fn tracks_of_different_lengths_run_free() {
    let mut studio = Studio::playing(
        "for n, rows in ipairs{3, 4, 5} do
            pattern('p' .. n, {rows = rows, steps = {'1: x v' .. 2^n / 16}})
            chain('c' .. n, {'p' .. n})
            connect(sequencer('s' .. n, {pattern = 'c' .. n}), click('k' .. n))
        end",
    );
    let sum = |row: usize| {
        [3, 4, 5].iter().zip([0.125, 0.25, 0.5]).filter(|(n, _)| row.is_multiple_of(**n)).map(|(_, v)| v).sum()
    };
    let expected: Vec<(usize, f32)> =
        (0..60).map(|row| (row * 6_000, sum(row))).filter(|(_, velocity): &(usize, f32)| *velocity > 0.0).collect();
    assert_eq!(clicks(&mut studio, 360_000), expected);
}
