//! Lua beside the music: what it brings back lands on its exact sample, whatever the threads and the device do.

use crate::rig::Studio;

/// Samples of a beat at 120 beats a minute.
const BEAT: usize = 24_000;
/// The engine's quantum, after which a result takes effect.
const LATER: usize = 64;

/// A module that puts out what it is told, at once.
const SETUP: &str = "constant('c', {value = 0}) c = engine:getModuleRegistry():getModule('c')
    local n = 0 local function step() n = n + 1 c.value = n / 64 end ";

/// Where the sound changes.
fn changes(sound: &[f32]) -> Vec<usize> {
    let before = std::iter::once(&0.0).chain(sound);
    sound.iter().zip(before).enumerate().filter(|(_, (now, before))| now != before).map(|(at, _)| at).collect()
}

#[test]
fn a_result_lands_one_quantum_after_its_request() {
    for (code, beats, expected) in [
        ("worker('', nil, step)", 1, vec![LATER]),
        ("worker('for i = 1, 1000000 do end', nil, step)", 1, vec![LATER]),
        ("worker('error(1)', nil, nil, step)", 1, vec![LATER]),
        ("every(1, function() worker('', nil, step) end)", 3, vec![LATER, BEAT + LATER, 2 * BEAT + LATER]),
        ("setTimeout(function() worker('', nil, step) end, 12.5)", 1, vec![600 + LATER]),
        ("worker('', nil, function() clock.sync(1) step() clock.sleep(0.01) step() end)", 2, vec![BEAT, BEAT + 480]),
        ("worker('', nil, function() step() worker('', nil, step) end)", 1, vec![LATER, 2 * LATER]),
        (
            "every(1, function() local id = worker('', nil, step) clock.sleep(0.01) clock.cancel(id) end)",
            1,
            vec![LATER],
        ),
    ] {
        let mut studio = Studio::new();
        studio.eval(&format!("{SETUP} {code}"));
        studio.start();
        let [left, _] = studio.render(beats * BEAT);
        assert_eq!((changes(&left), studio.complaints(), studio.late()), (expected, vec![], 0), "{code}");
    }
}

#[test]
fn a_request_of_the_prompt() {
    let mut studio = Studio::new();
    studio.eval(SETUP);
    studio.start();
    studio.render(BEAT);
    studio.say("worker('return state.clock.beat', nil, function(beat) c.value = beat / 4 end)").expect("runs");
    let [left, _] = studio.render(BEAT);
    assert_eq!((changes(&left), left[LATER]), (vec![LATER], 0.25));
}

#[test]
fn what_waits_for_a_bar_asks_there() {
    let mut studio = Studio::new();
    studio.eval(SETUP);
    studio.start();
    studio.render(3 * BEAT);
    studio.eval_as(
        "local c = constant('c') quantize('bar') c.value = 0.5 worker('', nil, function() c.value = 1 end)",
        "song.lua",
    );
    let [left, _] = studio.render(2 * BEAT);
    assert_eq!((changes(&left), studio.late()), (vec![BEAT, BEAT + LATER], 0));
}

/// Numbers of workers that read, draw and take long, as sound.
const PIECE: &str = "
    local c = constant('c', {value = 0})
    every('1/8', function(beat)
        for i = 1, 3 do
            worker([[
                local n, sum = ..., 0
                for _ = 1, n * 3000 do sum = sum + math.random() end
                return sum / n / 3000 * state.clock.bpm / 120 + state.modules.c.parameters.value / 10
            ]], i, function(value) c.value = value * math.random() end)
        end
    end)";

#[test]
fn the_same_bytes_whatever_the_device_does() {
    let render = |block: usize| {
        let mut studio = Studio::playing(PIECE);
        let sound = studio.render_in_blocks(2 * BEAT, block);
        assert_eq!((studio.complaints(), studio.late()), (vec![], 0));
        sound
    };
    let [first, _] = render(512);
    assert!(changes(&first).len() >= 4, "the workers are heard");
    for block in [512, 64, 100, 4096] {
        assert!(render(block)[0] == first, "blocks of {block}");
    }
}

#[test]
fn what_workers_read_stands_still_with_the_time() {
    let mut studio = Studio::new();
    studio.eval("local t = tail('t', {frames = 1000000}) t:trigger{length = 0.1}");
    studio.start();
    studio.render(BEAT / 2);
    let code = "local m, n = state.modules.t.meters, 0
        local before = m.left for i = 1, 1000000 do n = n + 1 end return before, m.left";
    let line = format!(
        "seen = 0 every(0.25, function()
             worker([[{code}]], nil, function(a, b) assert(a > 0 and a == b, a .. ' and then ' .. b) seen = seen + 1 end)
         end)"
    );
    studio.say(&line).expect("runs");
    studio.render(BEAT);
    assert_eq!(studio.complaints(), Vec::<String>::new());
    assert_ne!(studio.say("return seen").expect("runs").values, ["0"]);
}
