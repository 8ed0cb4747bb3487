//! Laws: what must be the same, to the bit.

use cantus_plugin_api::Cpu;

use super::Check;
use super::score::Score;
use super::stage::{QUANTA, RATE, Stage};
use super::stand::Take;
use super::verdict::{Finding, Verdict};

pub(super) const CHECKS: &[Check] = &[
    Check::of_module("same-again", 5, "Two new instances play the same.", same_again),
    Check::of_module("reset", 5, "An instance that was used and reset plays as a new one.", reset),
    Check::of_module("alone", 5, "What another instance does is not heard.", alone),
    Check::of_module(
        "instructions",
        5,
        "It plays the same with all instructions that a processor may have.",
        instructions,
    ),
];

/// A piece in which everything is turned.
pub(super) fn wild(stage: &Stage<'_>, number: u64) -> Score {
    let mut score = stage.score();
    score.turn_all(&stage.module, &mut stage.random(number), 37, QUANTA);
    score
}

fn same_again(stage: &Stage<'_>) -> Finding {
    for (what, score) in [("an ordinary piece", stage.score()), ("a piece in which all values move", wild(stage, 6))] {
        let (one, two) = (stage.take(&score, QUANTA)?, stage.take(&score, QUANTA)?);
        if let Some(difference) = one.difference(&two) {
            return Err(Verdict::fail(format!(
                "two new instances play {what} otherwise: {difference}; take all chance from Init::seed, and use neither \
                 clock nor address nor static"
            )));
        }
    }
    Ok(())
}

fn reset(stage: &Stage<'_>) -> Finding {
    let score = stage.score();
    let fresh = stage.take(&score, QUANTA)?;
    for quanta in [1, 2, 5, 37, QUANTA] {
        let mut stand = stage.stand()?;
        stand.play(&wild(stage, 7), quanta).whole()?;
        stand.reset();
        if let Some(difference) = fresh.difference(&stand.play(&score, QUANTA).whole()?) {
            return Err(Verdict::fail(format!(
                "used for {quanta} quanta and reset, it plays otherwise than a new one: {difference} (new, reset); put \
                 everything in reset to what new makes it"
            )));
        }
    }
    Ok(())
}

fn alone(stage: &Stage<'_>) -> Finding {
    let score = stage.score();
    let expected = stage.take(&score, QUANTA)?;
    let (mut one, mut other) = (stage.stand()?, stage.stand()?);
    let (noisy, mut take) = (wild(stage, 8), Take::default());
    for _ in 0..QUANTA {
        other.play(&noisy, 1).whole()?;
        one.play_on(&score, 1, &mut take);
    }
    let Some(difference) = expected.difference(&take.whole()?) else { return Ok(()) };
    Err(Verdict::fail(format!(
        "it plays otherwise while a second instance plays: {difference} (alone, beside it); keep everything in the \
         instance, nothing in a static"
    )))
}

fn instructions(stage: &Stage<'_>) -> Finding {
    let score = wild(stage, 9);
    let run = |cpu| stage.stand_at(RATE, cpu)?.play(&score, QUANTA).whole();
    let portable = run(Cpu::PORTABLE)?;
    for cpu in Cpu::all().skip(1) {
        if let Some(difference) = portable.difference(&run(cpu)?) {
            return Err(Verdict::warn(format!(
                "with the instructions {cpu:?} it plays otherwise: {difference} (portable, these); do the same operations \
                 in the same order, without fused ones"
            )));
        }
    }
    Ok(())
}
