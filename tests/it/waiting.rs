//! What waits for its time: what takes its place, what is too late, and what time does meanwhile.

use crate::rig::Studio;

/// Samples of a beat at 120 beats a minute.
const BEAT: usize = 24_000;

#[test]
fn times_as_text_are_those_of_parameters() {
    for wait in [
        "setTimeout(f, 250)",
        "setTimeout(f, '250')",
        "setTimeout(f, '250 ms')",
        "setTimeout(f, '0.25 S')",
        "clock.run(function() clock.sleep(0.25) f() end)",
        "clock.run(function() clock.sleep('0.25') f() end)",
        "clock.run(function() clock.sleep('.25s') f() end)",
    ] {
        let mut studio = Studio::new();
        studio.eval("constant('c', {value = 0})");
        studio.say(&format!("local function f() c.value = 0.5 end {wait}")).expect("runs");
        let [left, _] = studio.render(BEAT);
        assert_eq!(left.iter().position(|x| *x != 0.0), Some(12_000), "{wait}");
    }
    let error = Studio::new().say("setTimeout(print, '2 beats')").expect_err("not seconds").to_string();
    assert!(error.ends_with("setTimeout: \"2 beats\" is no time; write a number, \"250ms\" or \"2s\""), "{error}");
}
