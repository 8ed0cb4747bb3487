//! Musical time in scripts where the way of the music changes: loops that come and go, seeks, stalls, evaluations anew.

use cantus_host::control::{Batch, Commit, Origin, When};
use cantus_host::model::command::SetParameterCommand;
use cantus_host::model::{Num, Value};

use crate::rig::Studio;
use crate::timers::{BEAT, song, stage, steps};

/// Nearer to a beat than scripts run ahead: what happens there was run already.
const JUST_BEFORE: usize = 1280;

/// The samples at which the sound changes within so many.
fn hits(studio: &mut Studio, frames: usize) -> Vec<usize> {
    let before = studio.say("return c.value").expect("runs").values[0].parse().expect("a number");
    let [left, _] = studio.render(frames);
    steps(before, &left).into_iter().map(|(at, _)| at).collect()
}

/// The same after some samples that are not looked at and a line.
fn after(code: &str, skipped: usize, line: &str, beats: usize) -> Vec<usize> {
    let mut studio = stage(code);
    studio.render(skipped);
    studio.say(line).expect("runs");
    let hits = hits(&mut studio, beats * BEAT);
    assert_eq!((studio.complaints(), studio.late()), (vec![], 0), "{code}; {line}");
    hits
}

#[test]
fn loops_that_come_and_go() {
    let beat = |beat: f64| (beat * BEAT as f64) as usize;
    let soon = |n: usize| JUST_BEFORE + n * BEAT;
    let sync = "clock.run(function() while true do clock.sync(4) step() end end)";
    for (code, skipped, line, expected) in [
        // Behind the music, which goes on.
        (sync, beat(6.0), "loop(2, 5)", vec![beat(2.0)]),
        ("every(4, step)", beat(6.0), "loop(2, 5)", vec![beat(2.0)]),
        ("at(8, step)", beat(6.0), "loop(2, 5)", vec![beat(2.0)]),
        // It turns where scripts have run ahead to: that is heard as the first beat of the next lap.
        ("every(1, step)", 4 * BEAT - JUST_BEFORE, "loop(0, 4)", (0..4).map(soon).collect()),
        (sync, 4 * BEAT - JUST_BEFORE, "loop(0, 4)", vec![soon(0)]),
        // What it kept out of reach comes, on time.
        ("loop(1, 3) every(4, step)", beat(6.0), "noloop()", vec![beat(2.0)]),
        // It does not turn where scripts have run ahead to: that is heard on the beat behind it.
        ("loop(0, 4) every(1, step)", 4 * BEAT - JUST_BEFORE, "noloop()", (0..4).map(soon).collect()),
        ("loop(0, 4) every(1, step)", 4 * BEAT - JUST_BEFORE, "loop(0, 8)", (0..4).map(soon).collect()),
    ] {
        assert_eq!(after(code, skipped, line, 4), expected, "{code}; {line}");
    }
}

#[test]
fn a_timer_moves_the_music_on_its_beat() {
    let mut studio = stage("every(1, function(beat) print(beat) step() end) at(2, function() seek(8) end)");
    assert_eq!(hits(&mut studio, 4 * BEAT), [0, BEAT, 2 * BEAT, 3 * BEAT]);
    // What was run ahead for the beat that did not come is not heard.
    assert_eq!(studio.printed(), ["0.0", "1.0", "2.0", "8.0", "9.0", "10.0"]);
    assert_eq!((studio.complaints(), studio.late()), (vec![], 0));
}

#[test]
fn a_file_that_is_evaluated_again_does_not_double_a_beat() {
    let code = "clock.run(function() while true do clock.sync(1) step() end end)";
    let mut studio = stage(code);
    studio.render(2 * BEAT - JUST_BEFORE);
    studio.eval_as(&song(code), "song.lua");
    assert_eq!(studio.say("return c.value").expect("runs").values, [(2.0 / 64.0).to_string()]);
    let [left, _] = studio.render(2 * BEAT);
    assert_eq!([left[JUST_BEFORE], left[JUST_BEFORE + BEAT]], [3.0 / 64.0, 4.0 / 64.0]);
}

#[test]
fn what_a_file_has_not_asked_for_before_begins_on_the_next_beat() {
    let timer = |word: &str, beats: &str| format!("every({beats}, function(beat) print('{word} ' .. beat) end) ");
    let wait = |word: &str| {
        let body = "print('WORD ' .. engine:getClock():getBeat())".replace("WORD", word);
        format!("clock.run(function() while true do clock.sync(1) {body} end end) ")
    };
    for (old, new, expected) in [
        // Beside one that goes on, whichever stands first.
        (timer("old", "4"), timer("old", "4") + &timer("new", "1"), vec!["old 4.0", "new 4.0", "new 5.0"]),
        (timer("old", "4"), timer("new", "1") + &timer("old", "4"), vec!["old 4.0", "new 4.0", "new 5.0"]),
        (timer("old", "4"), timer("old", "4") + &timer("new", "4"), vec!["old 4.0", "new 4.0"]),
        (wait("old"), wait("old") + &wait("new"), vec!["old 3.0", "old 4.0", "new 4.0", "old 5.0", "new 5.0"]),
        // In the place of one that is gone.
        (timer("old", "4"), timer("new", "1"), vec!["old 4.0", "new 5.0"]),
    ] {
        let mut studio = Studio::new();
        studio.say("seek(3) play()").expect("runs");
        studio.eval_as(&old, "song.lua");
        studio.render(BEAT - JUST_BEFORE);
        studio.eval_as(&new, "song.lua");
        studio.render(BEAT + JUST_BEFORE);
        assert_eq!(
            (studio.printed(), studio.complaints()),
            (expected.into_iter().map(String::from).collect(), vec![]),
            "{new}"
        );
    }
}

#[test]
fn a_value_that_is_there_already_takes_its_beat() {
    for first in ["0", "0.5"] {
        let mut studio = Studio::new();
        let run = "for _, value in ipairs {0.5, 1} do c.value = value clock.sync(1) end";
        studio.eval(&format!(
            "constant('c', {{value = {first}}}) local c = engine:getModuleRegistry():getModule('c')
             clock.run(function() {run} end)"
        ));
        studio.start();
        let [left, _] = studio.render(2 * BEAT);
        assert_eq!([left[BEAT - 1], left[BEAT]], [0.5, 1.0], "from {first}");
    }
}

#[test]
fn scenes_are_recalled_on_their_beat() {
    let mut studio = stage("c.value = 1");
    studio.say("scene('verse')").expect("runs");
    studio.say("c.value = 0.5").expect("runs");
    studio.say("at(2, function() recall('verse') end)").expect("runs");
    let [left, _] = studio.render(3 * BEAT);
    assert_eq!([left[2 * BEAT - 1], left[2 * BEAT]], [0.5, 1.0]);
}

#[test]
fn as_much_can_be_asked_for_again() {
    let mut studio = Studio::new();
    for code in [
        "for _ = 1, 6000 do every(1, function() end) end",
        "for _ = 1, 600 do engine:onStateChange(function() end) end",
    ] {
        studio.eval_as(code, "song.lua");
        studio.eval_as(code, "song.lua");
    }
}

#[test]
fn callbacks_that_answer_themselves_by_a_timer_are_cut_off() {
    let mut studio = Studio::new();
    let answer = "setTimeout(function() bpm(bpm() + 1) end, 0)";
    studio.say(&format!("engine:onStateChange(function() {answer} end, 'clock')")).expect("runs");
    studio.say("bpm(60)").expect("runs");
    studio.render(48_000);
    let complaints = studio.complaints();
    assert!(complaints[0].contains("callbacks have answered each other's changes 8 times"), "{complaints:?}");
    assert_eq!(studio.say("return bpm()").expect("runs").values, ["68"]);
}

#[test]
fn a_coroutine_that_slept_does_not_catch_up() {
    let mut studio = stage("clock.run(function() while true do clock.sync(1/16) step() end end)");
    studio.render(BEAT);
    studio.skip(2 * BEAT);
    studio.say("before = c.value").expect("runs");
    studio.render(64);
    // The one that was due, and those that are due in what scripts run ahead.
    let steps = studio.say("return (c.value - before) * 64 <= 3").expect("runs").values;
    assert_eq!(steps, ["true"]);
}

#[test]
fn nothing_is_late_into_another_tempo() {
    for (code, line) in [
        ("tempo_at(0, 999) tempo_at(2, 60) loop(0, 4) every(4, step, {offset = 0.01})", ""),
        ("tempo_at(0, 60) tempo_at(16, 999) every(1/64, step, {offset = 0.003})", "seek(16)"),
        ("bpm(60) every(1/4, step) setInterval(step, 7)", "bpm(180, {over = 16})"),
        ("bpm(60) every(1/4, step) setInterval(step, 7)", "bpm(960, {over = 16})"),
    ] {
        let mut studio = stage(code);
        studio.render(BEAT);
        // What is due within the quantum of the start itself cannot be on time.
        let before = studio.late();
        studio.say(line).expect("runs");
        studio.render(8 * BEAT);
        assert_eq!(studio.late(), before, "{code}; {line}");
    }
}

#[test]
fn what_waits_for_a_grid_begins_where_a_loop_turns_before_it() {
    let mut studio = stage("");
    studio.render(BEAT + BEAT / 2);
    let (path, value) = ("c.value".parse().expect("a path"), Some(Value::Num(Num::ONE)));
    let batch = Batch::new(Origin::Host, vec![SetParameterCommand { path, value }.into()]);
    let batch = batch.at(When::NextGrid(Num::of(4.0)));
    studio.engine().commit(batch).expect("is possible");
    studio.say("loop(0, 3)").expect("runs");
    assert_eq!(hits(&mut studio, 3 * BEAT), [BEAT + BEAT / 2]);
}
