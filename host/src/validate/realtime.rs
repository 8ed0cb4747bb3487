//! Checks of what must not happen on the audio thread.

use super::Check;
use super::data::changes;
use super::laws::wild;
use super::score::Score;
use super::stage::{Knob, QUANTA, Stage, knobs};
use super::verdict::{Finding, Verdict};

pub(super) const CHECKS: &[Check] = &[
    Check::of_module(
        "calls-playing",
        9,
        "Playing allocates, frees, waits for and asks of the system nothing.",
        calls_playing,
    ),
    Check::of_module(
        "calls-values",
        9,
        "A change of a value allocates, frees, waits for and asks nothing.",
        calls_values,
    ),
    Check::of_module("calls-data", 9, "A change of data allocates, frees, waits for and asks nothing.", calls_data),
    Check::of_module("calls-reset", 9, "A reset allocates, frees, waits for and asks nothing.", calls_reset),
    Check::of_module("stack", 9, "A stack of 64 KiB is enough for it.", stack),
    Check::of_module(
        "float-mode",
        9,
        "It leaves the mode in which the processor rounds as it finds it.",
        float_mode_kept,
    ),
];

/// Bytes of stack that a quantum may need.
const STACK: usize = 64 * 1024;

/// Plays a piece on a new instance; what was done that must not be is blamed on `what`.
fn watched(stage: &Stage<'_>, what: &str, score: &Score, quanta: usize) -> Finding {
    let mut stand = stage.stand()?;
    stand.play(score, quanta).whole()?;
    blame(what, stand.sins)
}

fn blame(what: &str, (count, first): (u32, &'static str)) -> Finding {
    if count == 0 {
        return Ok(());
    }
    Err(Verdict::fail(format!(
        "{what} calls {first}{}; allocate in new, and neither lock, wait, print nor read files in process, event and reset",
        if count > 1 { format!(" and more, {count} calls in all") } else { String::new() }
    )))
}

fn calls_playing(stage: &Stage<'_>) -> Finding {
    watched(stage, "playing", &stage.score(), 4 * QUANTA)?;
    watched(stage, "playing with nothing connected", &stage.score().hearing(None), QUANTA)
}

fn calls_values(stage: &Stage<'_>) -> Finding {
    if watched(stage, "a change of values", &wild(stage, 12), QUANTA).is_ok() {
        return Ok(());
    }
    let turned = |knob: &Knob| {
        let mut score = stage.score();
        for n in 0..40 {
            score.turn(500 + 50 * n, knob, if n % 2 == 0 { knob.min } else { knob.max });
        }
        score
    };
    for knob in knobs(&stage.module) {
        watched(stage, &format!("turning {}", knob.name), &turned(&knob), 64)?;
    }
    watched(stage, "a change of values", &wild(stage, 12), QUANTA)
}

fn calls_data(stage: &Stage<'_>) -> Finding {
    for (what, score) in changes(stage)? {
        watched(stage, &what, &score, QUANTA)?;
    }
    Ok(())
}

fn calls_reset(stage: &Stage<'_>) -> Finding {
    for quanta in [0, 1, 40, QUANTA] {
        let mut stand = stage.stand()?;
        stand.play(&wild(stage, 13), quanta).whole()?;
        stand.sins = (0, "");
        stand.reset();
        blame(&format!("a reset after {quanta} quanta"), stand.sins)?;
    }
    Ok(())
}

fn stack(stage: &Stage<'_>) -> Finding {
    let mut stand = stage.stand()?;
    let score = wild(stage, 14);
    (stage.hooks.doing)("a quantum ran on a thread with a stack of 64 KiB; keep large arrays in the instance");
    let take = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || stand.play(&score, QUANTA));
        thread.ok().and_then(|thread| thread.join().ok())
    });
    take.ok_or_else(|| Verdict::skip("there is no thread for it"))?.whole().map(drop)
}

fn float_mode_kept(stage: &Stage<'_>) -> Finding {
    let before = float_mode();
    stage.take(&wild(stage, 15), QUANTA)?;
    let after = float_mode();
    if before == after {
        return Ok(());
    }
    Err(Verdict::fail(format!(
        "the mode of the processor's numbers is {after:#x} afterwards, {before:#x} before; put it back before process returns"
    )))
}

/// How the processor rounds and what it does with tiny numbers; flags of what has happened are left out.
#[cfg(target_arch = "x86_64")]
pub(super) fn float_mode() -> u32 {
    let mut mode = 0u32;
    // SAFETY: writes four bytes to a local.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut mode, options(nostack)) };
    mode & !0x3f
}

/// The same.
#[cfg(target_arch = "aarch64")]
pub(super) fn float_mode() -> u32 {
    let mode: u64;
    // SAFETY: reads a register.
    unsafe { std::arch::asm!("mrs {}, fpcr", out(reg) mode, options(nomem, nostack)) };
    mode as u32
}

/// It is not known here.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn float_mode() -> u32 {
    0
}
