//! Musical time in scripts: what is run ahead lands on its exact sample.

use crate::rig::Studio;

/// Samples of a beat at 120 beats a minute.
pub const BEAT: usize = 24_000;

/// A module that puts out what it is told, at once.
const SETUP: &str = "constant('c', {value = 0}) c = engine:getModuleRegistry():getModule('c')
    local n = 0 function step() n = n + 1 c.value = n / 64 end ";

/// Where the sound changes from what it was before, and to how many 64ths.
pub fn steps(before: f32, sound: &[f32]) -> Vec<(usize, u32)> {
    let mut steps = Vec::new();
    let mut last = before;
    for (at, value) in sound.iter().enumerate() {
        if *value != last {
            steps.push((at, (value * 64.0).round() as u32));
            last = *value;
        }
    }
    steps
}

/// What a script does within so many beats.
fn played(code: &str, beats: f64) -> Vec<(usize, u32)> {
    let mut studio = Studio::new();
    studio.eval(&format!("{SETUP} {code}"));
    studio.start();
    let [left, _] = studio.render((beats * BEAT as f64) as usize);
    assert_eq!((studio.complaints(), studio.late()), (vec![], 0), "{code}");
    steps(0.0, &left)
}

#[test]
fn everything_lands_on_its_exact_sample() {
    let beat = |beat: f64| (beat * BEAT as f64) as usize;
    for (code, beats, expected) in [
        ("every(1, step)", 3.0, vec![0, beat(1.0), beat(2.0)]),
        ("every('1/8', step, {offset = 0.25})", 1.5, vec![beat(0.25), beat(0.75), beat(1.25)]),
        ("at(1.5, step)", 3.0, vec![beat(1.5)]),
        ("setTimeout(step, 10)", 1.0, vec![480]),
        ("setInterval(step, 12.5)", 0.08, vec![600, 1200, 1800]),
        ("setInterval(step, 1000 / 7)", 1.0, vec![6857, 13714, 20571]),
        ("clock.run(function() for _ = 1, 3 do step() clock.sync(1) end end)", 4.0, vec![0, beat(1.0), beat(2.0)]),
        ("clock.run(function() for _ = 1, 3 do clock.sync(1) step() end end)", 4.0, vec![0, beat(1.0), beat(2.0)]),
        ("clock.run(function() clock.sleep(0.1) step() clock.sleep('50ms') step() end)", 1.0, vec![4800, 7200]),
        ("clock.run(function() clock.sleep(0.1) clock.sync(0.5) step() end)", 1.0, vec![beat(0.5)]),
        (
            "clock.run(function() clock.sync(1, 0.25) step() clock.sleep(0.01) step() end)",
            1.0,
            vec![beat(0.25), beat(0.25) + 480],
        ),
        ("every(2, function() step() clock.sync(0.5) step() end)", 3.0, vec![0, beat(0.5), beat(2.0), beat(2.5)]),
        ("every('1/4t', step)", 1.5, vec![0, 16_000, 32_000]),
        ("every('bar', step)", 5.0, vec![0, beat(4.0)]),
        (
            "at(1, function() clock.run(function() step() clock.sleep(0.1) step() end) end)",
            2.0,
            vec![beat(1.0), beat(1.0) + 4800],
        ),
        ("every(1, function() clock.run(function() clock.sync(0.5) step() end) end)", 2.0, vec![beat(0.5), beat(1.5)]),
        ("setInterval(function() clock.run(step) end, 250)", 1.1, vec![12_000, 24_000]),
        (
            "tempo_at(0, 60, {ramp = true}) tempo_at(4, 240)
             clock.run(function() clock.sync(4, 3) step() clock.sleep(0.1) step() end)",
            3.0,
            vec![64_000, 68_800],
        ),
        // Run ahead, when the tempo of then is still to come.
        ("at(1, function() bpm(60) end) at(1.05, function() clock.sleep(0.1) step() end)", 2.0, vec![31_200]),
        ("tempo_at(0, 120) tempo_at(1, 60) at(1.05, function() setTimeout(step, 100) end)", 2.0, vec![31_200]),
        ("at(1, function() bpm(60, {over = 1}) end) at(1.05, function() setTimeout(step, 100) end)", 2.0, vec![30_011]),
        ("bpm(90) every(1, step)", 3.0, vec![0, 32_000, 64_000]),
        ("loop(1, 3) every(1, step)", 6.0, (0..6).map(|n| beat(f64::from(n))).collect()),
        ("loop(1, 3) at(2, step)", 6.0, vec![beat(2.0), beat(4.0)]),
    ] {
        let got: Vec<usize> = played(code, beats).into_iter().map(|(at, _)| at).collect();
        assert_eq!(got, expected, "{code}");
    }
}

/// A studio in which `step` makes the sound rise, playing, and a file as it was evaluated.
pub fn stage(code: &str) -> Studio {
    let mut studio = Studio::new();
    studio.eval(SETUP);
    studio.eval_as(&song(code), "song.lua");
    studio.start();
    studio
}

/// A file that goes on where it was.
pub fn song(code: &str) -> String {
    format!(
        "local c, hits = engine:getModuleRegistry():getModule('c'), keep('hits', {{n = 0}})
         local function step() hits.n = hits.n + 1 c.value = hits.n / 64 end {code}"
    )
}

#[test]
fn a_file_that_is_evaluated_again_stays_in_step() {
    let mut studio = stage("every(1, step)");
    // So near to beat 2 that what happens there was run already.
    studio.render(2 * BEAT - 640);
    studio.eval_as(&song("every(0.5, step)"), "song.lua");
    let [left, _] = studio.render(BEAT + 640);
    let at: Vec<usize> = steps(0.0, &left).into_iter().map(|(at, _)| at).collect();
    // What it was before it was heard, beat 2 once, and then the new rhythm.
    assert_eq!(at, [0, 640, 640 + BEAT / 2]);
    assert_eq!((studio.complaints(), studio.late()), (vec![], 0));
}

#[test]
fn a_failing_file_changes_nothing() {
    let mut studio = stage("every(1, step)");
    studio.render(BEAT / 2);
    for wrong in ["every(0.25, step) error('no')", "every(0.25, step) every()", "keep('hits', 1).n = 50 +"] {
        assert!(studio.try_eval_as(&song(wrong), "song.lua").is_err(), "{wrong}");
    }
    let [left, _] = studio.render(2 * BEAT);
    let at: Vec<usize> = steps(0.0, &left).into_iter().map(|(at, _)| at).collect();
    assert_eq!(at, [0, BEAT / 2, BEAT / 2 + BEAT]);
    let timers = studio.say("return #timers(), timers()[1].what, timers()[1].file").expect("runs");
    assert_eq!(timers.values, ["1", "every(1)", "song.lua"]);
}

#[test]
fn an_empty_file_ends_its_timers_and_no_others() {
    let mut studio = stage("every(1, step) clock.run(function() while true do clock.sync(4) end end)");
    studio.say("every(1, function() end)").expect("runs");
    studio.eval_as("", "song.lua");
    assert_eq!(studio.say("return #timers(), timers()[1].file").expect("runs").values, ["1", "prompt"]);
}

#[test]
fn what_fails_fails_alone() {
    let mut studio = stage(
        "clock.run(function() clock.sync(1) c.value = 0.5 error('oops') end)
         every(1, function(beat) if beat == 1 then c.value = 0.5 c.pitch = 1 end step() end)
         clock.run(function() while true do clock.sync(0.5) end end)",
    );
    let [left, _] = studio.render(3 * BEAT);
    let at: Vec<usize> = steps(0.0, &left).into_iter().map(|(at, _)| at).collect();
    // Nothing of a call that failed is done; the next beat it is called again.
    assert_eq!(at, [0, 2 * BEAT]);
    assert_eq!(
        studio.complaints(),
        [
            "song.lua:2: oops; this coroutine has ended".to_owned(),
            "song.lua:3: c (Constant) has no parameter or action \"pitch\" (in every(1))".to_owned(),
        ]
    );
    assert_eq!(studio.say("return #timers()").expect("runs").values, ["2"]);
}

#[test]
fn jumps_of_the_transport() {
    // Where it is told to go, and the beats that are heard in the next two.
    for (jump, expected) in [
        ("seek(10)", vec![10.0, 11.0]),
        ("seek(10.5)", vec![11.0, 12.0]),
        ("stop() play()", vec![0.0, 1.0]),
        ("engine:getClock():reset()", vec![0.0, 1.0]),
        ("pause() play()", vec![2.0, 3.0]),
        ("stop()", vec![]),
        ("hush() play()", vec![]),
    ] {
        let mut studio = Studio::new();
        studio.say("heard = {} every(1, function(beat) heard[#heard + 1] = beat end) play()").expect("runs");
        studio.render(BEAT + BEAT / 2);
        studio.say("heard = {}").expect("runs");
        studio.say(jump).expect("runs");
        studio.render(2 * BEAT - BEAT / 8);
        let heard = studio.say("return table.unpack(heard)").expect("runs").values;
        let expected: Vec<String> = expected.iter().map(|beat: &f64| beat.to_string()).collect();
        assert_eq!((heard, studio.late()), (expected, 0), "{jump}");
    }
}

#[test]
fn a_turn_of_the_loop_in_which_scripts_slept_does_not_silence_them() {
    let mut studio = Studio::new();
    studio.say("heard = {} loop(0, 8) every(0.5, function(beat) heard[#heard + 1] = beat end) play()").expect("runs");
    studio.render(7 * BEAT + BEAT / 4);
    studio.skip(2 * BEAT);
    studio.say("heard = {}").expect("runs");
    // From beat 1.25 of the next lap to 2.625.
    studio.render(BEAT + BEAT / 2 - BEAT / 8);
    let heard = studio.say("return table.unpack(heard)").expect("runs").values;
    assert_eq!(heard, ["1.5", "2", "2.5"]);
    assert_eq!(studio.complaints(), [""; 0]);
    assert_eq!(studio.printed(), ["prompt:1: every(0.5) left out 4 calls, for which there was no time"]);
}

#[test]
fn nothing_is_lost_of_what_is_asked_for_on_one_beat() {
    let many = "local n = 0 for _ = 1, 2000 do at(1, function() n = n + 1 c.value = n / 4000 end) end";
    let mut studio = Studio::new();
    studio.eval(&format!("{SETUP} {many}"));
    studio.start();
    let [left, _] = studio.render(BEAT + BEAT / 8);
    let steps = steps(0.0, &left);
    // As many as the audio thread takes at once on the beat, the rest right behind.
    assert_eq!((steps[0].0, steps[steps.len() - 1].1), (BEAT, 32));
    assert!(steps[steps.len() - 1].0 < BEAT + 480, "{steps:?}");
    assert_eq!(studio.complaints(), Vec::<String>::new());
}

#[test]
fn at_the_next_bar() {
    let mut studio = stage("every(1, step)");
    studio.render(BEAT + BEAT / 2);
    studio.eval_as(&song("quantize('bar') c.value = 1 every(0.5, step)"), "song.lua");
    assert_eq!(studio.say("return c.value").expect("runs").values, [(2.0 / 64.0).to_string()]);
    let [left, _] = studio.render(3 * BEAT + BEAT / 2);
    let at: Vec<(usize, u32)> = steps(0.0, &left);
    let half = BEAT / 2;
    // Until beat 4 the old rhythm; there the new value, which its first step changes at once.
    assert_eq!(at, [(0, 2), (half, 3), (half + BEAT, 4), (half + 2 * BEAT, 5), (3 * BEAT, 6)]);
    assert_eq!((studio.complaints(), studio.late()), (vec![], 0));
}

#[test]
fn a_turn_reads_what_the_turns_before_it_have_written() {
    // Ahead of their time, when nothing of it is published.
    let mut studio = stage("c.value = 1 every(1/16, function() c.value = c.value * 0.5 end)");
    let [left, _] = studio.render(BEAT / 4);
    let last = left[left.len() - 1];
    assert_eq!(last, 0.0625);
}

#[test]
fn random_numbers_of_timers_are_their_own() {
    let drawn = |code: &str| {
        let mut studio = Studio::new();
        studio.say("drawn = {}").expect("runs");
        studio.say(code).expect("runs");
        studio.start();
        studio.render(3 * BEAT);
        studio.say("return table.unpack(drawn)").expect("runs").values
    };
    let draw = "every(1, function() drawn[#drawn + 1] = math.random(1000000) end)";
    let alone = drawn(draw);
    // The last of them ahead of its time.
    assert_eq!(alone.len(), 4);
    assert_eq!(alone, drawn(&format!("{draw} every(0.5, function() math.random() end)")), "others do not matter");
    assert_ne!(alone, drawn(&format!("setting('seed', 7) {draw}")));
}

#[test]
fn callbacks_hear_what_has_changed() {
    let mut studio = Studio::new();
    studio.eval(SETUP);
    studio.render(4800);
    studio
        .say(
            "told = {}
             id = engine:onStateChange(function(state) told[#told + 1] = 'all ' .. state.clock.bpm end)
             engine:onStateChange(function(state) told[#told + 1] = state.modules.c.parameters.value end, 'c.value')
             engine:onStateChange(function(state) told[#told + 1] = 'clock' end, {'clock', 'scenes'})",
        )
        .expect("runs");
    let told = |studio: &mut Studio, line: &str| {
        studio.say(&format!("told = {{}} {line}")).expect("runs");
        studio.render(4800);
        studio.say("return table.concat(told, ', ')").expect("runs").values.remove(0)
    };
    assert_eq!(told(&mut studio, "bpm(100) bpm(90)"), "all 90.0, clock");
    assert_eq!(told(&mut studio, "engine:getModuleRegistry():getModule('c').value = 0.5"), "all 90.0, 0.5");
    assert_eq!(told(&mut studio, "return 1"), "");
    assert_eq!(told(&mut studio, "assert(engine:removeStateChangeCallback(id))"), "");
    assert_eq!(told(&mut studio, "bpm(80)"), "clock");
    assert_eq!(studio.complaints(), Vec::<String>::new());
    // One that fails is kept; one that answers itself is cut off.
    studio
        .say("engine:onStateChange(function(state) fails = (fails or 0) + 1 error('no') end, 'clock')")
        .expect("runs");
    studio.say("engine:onStateChange(function(state) bpm(state.clock.bpm + 1) end, 'clock')").expect("runs");
    studio.say("bpm(60)").expect("runs");
    studio.render(48_000);
    let complaints = studio.complaints();
    assert_eq!(complaints[0], "prompt:1: no (in a callback of onStateChange, which is kept)");
    assert!(complaints[1].contains("callbacks have answered each other's changes 8 times"), "{complaints:?}");
    assert_eq!(complaints.len(), 2, "each is said once: {complaints:?}");
    assert_eq!(studio.say("return bpm(), fails").expect("runs").values, ["68", "9"]);
}

#[test]
fn waiting_is_possible_only_where_something_waits() {
    let mut studio = Studio::new();
    for (code, expected) in [
        ("clock.sync(1) return 1", "prompt:1: clock.sync can wait only in a function of clock.run"),
        ("coroutine.wrap(function() clock.sleep(1) end)()", "prompt:1: clock.sleep can wait only in a function of"),
        ("every(0, print)", "prompt:1: every: 0 beats is too short"),
        ("every('1/0', print)", "prompt:1: every: \"1/0\" is no time in beats"),
        ("every('inf', print)", "prompt:1: every: \"inf\" is no time in beats"),
        ("setInterval(print, 0)", "prompt:1: setInterval: 0 milliseconds is too short"),
        ("setTimeout(print, -1)", "prompt:1: setTimeout: -0.001 s is out of range"),
        ("every(1)", "prompt:1: every takes a function, not nil"),
        ("every(1e7, print)", "prompt:1: every: 1e7 beats is too long; at most 1000000 is possible"),
        ("every(1, print, {offset = 1e308})", "prompt:1: every: an offset of 1e308 beats is out of range; -1000000 to"),
        ("at(1e300, print)", "prompt:1: at(1e300): the music does not come that far; beat 1000000000 is the last"),
        ("clock.sync(1, 1e17)", "prompt:1: clock.sync: an offset of 1e17 beats is out of range"),
        ("clock.sync(1e300)", "prompt:1: clock.sync: 1e300 beats is too long"),
        ("clock.cancel('x')", "prompt:1: what is cancelled is named by the number it was given, not by \"x\""),
    ] {
        let error = studio.say(code).expect_err(code).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    studio.say("clock.run(function() coroutine.yield() end)").expect("runs");
    studio.say("clock.run(function() coroutine.wrap(function() clock.sync(1) end)() end)").expect("runs");
    studio.render(64);
    let complaints = studio.complaints();
    assert!(complaints[0].starts_with("prompt:1: coroutine.yield outside of a coroutine; to wait"), "{complaints:?}");
    assert!(complaints[1].starts_with("prompt:1: clock.sync can wait only in"), "{complaints:?}");
}

#[test]
fn coroutines_that_end_close_what_they_hold() {
    let mut studio = Studio::new();
    studio
        .say(
            "closed = 0
             local function hold() return setmetatable({}, {__close = function() closed = closed + 1 end}) end
             a = clock.run(function() local _ <close> = hold() clock.sync(100, 50) end)
             b = every(1, function() local _ <close> = hold() clock.sleep(100) end) play()",
        )
        .expect("runs");
    studio.render(BEAT + BEAT / 2);
    studio.say("assert(clock.cancel(a)) assert(clock.cancel(b)) assert(not clock.cancel(a))").expect("runs");
    assert_eq!(studio.say("return closed, #timers()").expect("runs").values, ["3", "0"]);
}
