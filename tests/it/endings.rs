//! What has ended, and what failed, is gone: it is not told of anything, holds nothing, and cannot be woken.

use cantus_lua::Options;

use crate::rig::{Studio, pieces, registry};

/// Samples of a beat at 120 beats a minute.
const BEAT: usize = 24_000;

#[test]
fn callbacks_end_with_their_file_and_with_hush() {
    let ends: [fn(&mut Studio); 2] =
        [|studio| _ = studio.eval_as("", "song.lua"), |studio| _ = studio.say("hush()").expect("runs")];
    for (index, end) in ends.into_iter().enumerate() {
        let mut studio = Studio::new();
        studio.eval_as("engine:onStateChange(function(state) print(state.clock.bpm) end)", "song.lua");
        let told = |studio: &mut Studio, bpm: u32| {
            studio.say(&format!("bpm({bpm})")).expect("runs");
            studio.render(4800);
            studio.printed()
        };
        assert_eq!(told(&mut studio, 90), ["90.0"]);
        end(&mut studio);
        studio.render(4800);
        studio.printed();
        assert_eq!(told(&mut studio, 100), [""; 0], "end {index}");
    }
}

#[test]
fn what_a_failing_evaluation_asked_for_leaves_nothing_behind() {
    let mut studio = Studio::new();
    studio.try_eval_as("keep('m', {n = 5}) error('no')", "song.lua").expect_err("it fails");
    studio.eval_as("print(keep('m', {n = 1}).n)", "song.lua");
    assert_eq!(studio.printed(), ["1"]);
    // Nor does what it asked for hold any memory.
    let options = Options { memory: 16 << 20, ..Options::default() };
    let mut studio = Studio::with_options(registry(), pieces(), options);
    let code = "local text = string.rep('x', 1 << 20) setTimeout(function() print(text) end, 1000) error('no')";
    for _ in 0..40 {
        let error = studio.try_eval_as(code, "song.lua").expect_err("it fails").to_string();
        assert!(error.ends_with("no"), "{error}");
    }
}

#[test]
fn a_call_that_has_ended_is_nobody_elses() {
    let mut studio = Studio::new();
    studio.say("every(1, function() ended = ended or coroutine.running() end)").expect("runs");
    studio.start();
    studio.render(BEAT / 2);
    studio.say("setTimeout(function() clock.sleep(100) woke = true end, 1)").expect("runs");
    studio.render(BEAT / 4);
    let line = "return coroutine.status(ended), (coroutine.resume(ended)), woke";
    assert_eq!(studio.say(line).expect("runs").values, ["dead", "false", "nil"]);
    assert_eq!(studio.complaints(), [""; 0]);
}
