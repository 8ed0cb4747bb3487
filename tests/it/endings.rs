//! What has ended, and what failed, is gone: it is not told of anything, holds nothing, and cannot be woken.

use crate::rig::Studio;

/// Samples of a beat at 120 beats a minute.
const BEAT: usize = 24_000;

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
