//! Evaluations that begin at a bar: the old is done before it, the new from it on.

use cantus_host::control::Commit;
use cantus_host::model::command::RemoveModuleCommand;

use crate::rig::Studio;

/// Samples of a beat at 120 beats a minute.
const BEAT: usize = 24_000;

/// A file that says at which beats it does something.
fn says(word: &str, beats: f64) -> String {
    format!("every({beats}, function(beat) print('{word} ' .. beat) end)")
}

/// A studio that plays, in which such a file was evaluated, and beat 1.5 is reached.
fn stage(word: &str, beats: f64) -> Studio {
    let mut studio = Studio::new();
    studio.eval("constant('c', {value = 0})");
    studio.eval_as(&says(word, beats), "song.lua");
    studio.start();
    studio.render(BEAT + BEAT / 2);
    studio.printed();
    studio
}

/// What is said within so many beats, and whether all was well.
fn said(studio: &mut Studio, beats: f64) -> Vec<String> {
    studio.render((beats * BEAT as f64) as usize);
    assert_eq!((studio.complaints(), studio.late()), (vec![], 0));
    studio.printed()
}

#[test]
fn the_bar_is_the_first_beat_of_the_new_and_none_of_the_old() {
    for (beats, expected) in [(1.0, vec!["old 2.0", "old 3.0", "new 4.0", "new 5.0"]), (4.0, vec!["new 4.0"])] {
        let mut studio = stage("old", beats);
        studio.eval_as(&format!("quantize('bar') {}", says("new", beats)), "song.lua");
        assert_eq!(said(&mut studio, 4.0), expected);
    }
    let mut studio = stage("old", 4.0);
    studio.say(&format!("quantize('bar') {}", says("typed", 1.0))).expect("runs");
    assert_eq!(said(&mut studio, 4.0), ["old 4.0", "typed 4.0", "typed 5.0"]);
}

#[test]
fn a_bar_that_was_run_already_is_the_olds() {
    let mut studio = stage("old", 1.0);
    // 20 ms before the bar; scripts run 50 ms ahead.
    studio.render(2 * BEAT + BEAT / 2 - 960);
    studio.printed();
    studio.eval_as(&format!("quantize(1) {}", says("new", 1.0)), "song.lua");
    assert_eq!(said(&mut studio, 2.5), ["new 5.0", "new 6.0"]);
}

#[test]
fn times_are_counted_from_the_bar() {
    let mut studio = stage("old", 1.0);
    studio.eval_as(
        "clock.run(function() print('run ' .. engine:getClock():getBeat()) clock.sleep(0.25) print('slept ' .. engine:getClock():getBeat()) end)
         setTimeout(function(beat) print('timeout ' .. beat) end, 500)
         quantize('bar')
         setInterval(function(beat) print('interval ' .. beat) end, 750)",
        "song.lua",
    );
    let expected = ["old 2.0", "old 3.0", "run 4.0", "slept 4.5", "timeout 5.0", "interval 5.5", "interval 7.0"];
    assert_eq!(said(&mut studio, 6.0), expected);
}

#[test]
fn from_the_bar_on_all_find_what_it_has_changed() {
    let mut studio = Studio::new();
    studio.eval("constant('c', {value = 0})");
    let other = "local c = engine:getModuleRegistry():getModule('c') every(1, function(b) print(b, c.value) end)";
    studio.eval_as(other, "other.lua");
    studio.start();
    studio.render(BEAT + BEAT / 2);
    studio.printed();
    studio.eval_as("quantize('bar') constant('c', {value = 0.5})", "song.lua");
    assert_eq!(said(&mut studio, 4.0), ["2.0\t0.0", "3.0\t0.0", "4.0\t0.5", "5.0\t0.5"]);
}

#[test]
fn what_does_not_begin_ends_nothing() {
    let new = |word: &str| format!("quantize('bar') constant('c', {{value = 1}}) {}", says(word, 1.0));
    let both = |studio: &mut Studio| {
        studio.render(5 * BEAT);
        studio.printed()
    };
    // Somebody moves the transport.
    let mut studio = stage("old", 1.0);
    studio.eval_as(&new("new"), "song.lua");
    studio.say("seek(1.5)").expect("runs");
    assert_eq!(both(&mut studio), ["old 2.0", "old 3.0", "old 4.0", "old 5.0", "old 6.0"]);
    // The same when scripts have run ahead over the bar.
    let mut studio = stage("old", 1.0);
    studio.eval_as(&new("new"), "song.lua");
    studio.render(2 * BEAT + BEAT / 2 - 640);
    assert_eq!(studio.printed(), ["old 2.0", "old 3.0", "new 4.0"]);
    studio.say("seek(1.5)").expect("runs");
    assert_eq!(both(&mut studio), ["old 2.0", "old 3.0", "old 4.0", "old 5.0", "old 6.0"]);
    // Somebody takes away what it needs.
    let mut studio = stage("old", 1.0);
    studio.eval_as(&format!("quantize('bar') setParam('c', 'value', 1) {}", says("new", 1.0)), "song.lua");
    studio.render(2 * BEAT);
    studio.send(RemoveModuleCommand { name: "c".into() }).expect("is there");
    studio.printed();
    let said = both(&mut studio);
    assert!(said.ends_with(&["old 5.0", "old 6.0", "old 7.0", "old 8.0"].map(String::from)), "{said:?}");
    // A newer evaluation takes its place.
    let mut studio = stage("old", 1.0);
    studio.eval_as(&new("new"), "song.lua");
    studio.render(BEAT);
    studio.eval_as(&new("newest"), "song.lua");
    studio.printed();
    assert_eq!(both(&mut studio), ["old 3.0", "newest 4.0", "newest 5.0", "newest 6.0", "newest 7.0"]);
    assert_eq!(studio.say("return #timers()").expect("runs").values, ["1"]);
}

#[test]
fn what_does_not_begin_is_not_heard() {
    let mut studio = stage("old", 4.0);
    let new = "quantize('bar') setParam('d', 'value', 1) every(1/64, function() setParam('c', 'value', 1) end)";
    studio.eval("constant('d', {value = 0})");
    studio.eval_as(new, "song.lua");
    // Scripts have run ahead over the bar, when somebody takes away what it needs.
    studio.render(2 * BEAT + BEAT / 2 - 640);
    studio.send(RemoveModuleCommand { name: "d".into() }).expect("is there");
    let [left, _] = studio.render(BEAT);
    assert_eq!(left.iter().position(|value| *value != 0.0), None);
    assert_eq!(studio.engine().state().reports.len(), 1, "{:?}", studio.engine().state().reports);
}

#[test]
fn what_waits_for_a_bar_that_a_loop_keeps_out_of_reach_begins_where_that_turns() {
    let mut studio = stage("old", 1.0);
    studio.eval_as(&format!("quantize('bar') c = constant('c', {{value = 1}}) {}", says("new", 1.0)), "song.lua");
    studio.say("loop(0, 3)").expect("runs");
    assert_eq!(said(&mut studio, 2.0), ["old 2.0", "new 0.0"]);
    assert_eq!(studio.say("return getParam('c', 'value')").expect("runs").values, ["1"]);
}

#[test]
fn none_begins_of_many_that_are_cancelled_at_once() {
    for line in ["stop() play()", "hush() play()"] {
        let mut studio = stage("old", 1.0);
        for (value, beats) in [(0.25, 1.0), (0.75, 2.0), (0.5, 4.0)] {
            let line = format!(
                "quantize('bar') setParam('c', 'value', {value}) {} engine:onStateChange(function() print('told') end)",
                says("new", beats)
            );
            studio.say(&line).expect("runs");
        }
        studio.say(line).expect("runs");
        studio.render(6 * BEAT);
        let said = studio.printed();
        assert!(said.iter().all(|said| said.starts_with("old")), "{line}: {said:?}");
        let timers = if line.starts_with("hush") { "0" } else { "1" };
        assert_eq!(studio.say("return #timers()").expect("runs").values, [timers], "{line}");
    }
}

#[test]
fn what_one_was_the_first_to_keep_the_one_in_its_place_keeps() {
    let mut studio = stage("old", 4.0);
    let count = "local m = keep('m', {n = 0}) m.n = m.n + 1 print(m.n)";
    (0..3).for_each(|_| _ = studio.eval_as(&format!("quantize('bar') {count}"), "song.lua"));
    assert_eq!(studio.printed(), ["1", "2", "3"]);
    // None of them has begun: the next is the first.
    studio.say("stop() play()").expect("runs");
    studio.render(BEAT);
    studio.printed();
    studio.eval_as(count, "song.lua");
    studio.eval_as(count, "song.lua");
    assert_eq!(studio.printed(), ["1", "2"]);
}

#[test]
fn what_a_file_no_longer_asks_for_does_not_come_at_the_bar() {
    let made = |studio: &Studio| studio.engine().state().model.modules.get("d").is_some();
    for (newer, expected) in [(says("old", 1.0), 0), (format!("quantize('bar') {}", says("old", 1.0)), 1)] {
        let mut studio = stage("old", 1.0);
        studio.eval_as(&format!("quantize('bar') constant('d', {{value = 1}}) {}", says("new", 1.0)), "song.lua");
        studio.eval_as(&newer, "song.lua");
        assert_eq!(studio.engine().state().pending.len(), expected);
        studio.render(4 * BEAT);
        assert!(!made(&studio), "{newer}");
    }
}

#[test]
fn what_an_evaluation_cancels_goes_on_until_the_bar() {
    let mut studio = stage("old", 4.0);
    studio.say(&format!("id = {}", says("beat", 1.0))).expect("runs");
    studio.say("quantize('bar') clock.cancel(id)").expect("runs");
    assert_eq!(said(&mut studio, 4.0), ["beat 2.0", "beat 3.0", "old 4.0"]);
}
