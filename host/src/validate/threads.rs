//! Checks with several threads, much time and much chance.

use std::sync::Barrier;

use super::Check;
use super::laws::wild;
use super::params::in_use;
use super::processing::{finite_take, legal};
use super::score::{Score, noise, plain};
use super::stage::{QUANTA, RATE, Stage, sockets};
use super::stand::{Stand, Take};
use super::verdict::{Finding, Verdict};

pub(super) const CHECKS: &[Check] = &[
    Check::of_module("moves", 7, "An instance may be made, played and ended on different threads.", moves),
    Check::of_module("parallel", 7, "Instances play on several threads at once.", parallel),
    Check::of_module("fuzz", 7, "It bears thousands of changes at random.", fuzz),
    Check::of_module("long", 7, "It plays for a minute, a day after the beginning, and takes no more memory.", long),
];

/// Runs something on a thread of its own. What panics there ends the process, as it would anywhere.
fn elsewhere<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, work);
        thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(|| std::process::abort())
    })
}

fn moves(stage: &Stage<'_>) -> Finding {
    let score = wild(stage, 10);
    let expected = stage.take(&score, QUANTA)?;
    let mut stand = stage.stand()?;
    let mut take = Take::default();
    for _ in 0..QUANTA / 8 {
        elsewhere(|| stand.play_on(&score, 8, &mut take));
    }
    elsewhere(move || drop(stand));
    let Some(difference) = expected.difference(&take.whole()?) else { return Ok(()) };
    Err(Verdict::fail(format!(
        "played on several threads, one after the other, it plays otherwise: {difference} (on one, on several); keep \
         nothing in a thread-local"
    )))
}

fn parallel(stage: &Stage<'_>) -> Finding {
    const THREADS: usize = 4;
    const ROUNDS: usize = 8;
    let score = wild(stage, 11);
    let expected = stage.take(&score, QUANTA)?;
    (stage.hooks.doing)(&format!("{THREADS} instances played at once"));
    let stands: Result<Vec<Stand>, Verdict> = (0..THREADS).map(|_| stage.stand()).collect();
    let start = Barrier::new(THREADS);
    // Several times, so that they do meet.
    let rounds = |mut stand: Stand| -> Vec<Take> {
        start.wait();
        let round = || {
            let take = stand.play(&score, QUANTA);
            stand.reset();
            take
        };
        std::iter::repeat_with(round).take(ROUNDS).collect()
    };
    let stands = stands?;
    let takes: Vec<Take> = std::thread::scope(|scope| {
        let rounds = &rounds;
        let threads: Vec<_> = stands.into_iter().map(|stand| scope.spawn(move || rounds(stand))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    });
    for take in takes {
        if let Some(difference) = expected.difference(&take.whole()?) {
            return Err(Verdict::fail(format!(
                "while {THREADS} instances play at once, it plays otherwise: {difference} (alone, at once); keep everything \
                 in the instance, nothing in a static"
            )));
        }
    }
    Ok(())
}

fn fuzz(stage: &Stage<'_>) -> Finding {
    const ROUNDS: u64 = 24;
    for round in 0..ROUNDS {
        let place = format!("round {round} of seed {}", stage.seed);
        (stage.hooks.doing)(&place);
        let mut random = stage.random(100 + round);
        let mut score = Score::typical(&stage.module, RATE, random.bits());
        let every = [1, 3, 10, 100][random.below(4)];
        score.turn_all(&stage.module, &mut random, every, QUANTA);
        for socket in sockets(&stage.module) {
            let at = random.below(8000) as u64;
            let data = plain(&socket.kind, RATE);
            score.bind(at, &socket, Some(&data).filter(|_| random.below(2) == 0));
        }
        score.segments[0].bpm = 1.0 + 998.0 * random.unit();
        score.signal = [None, Some(noise as super::score::Signal)][random.below(2)];
        let run = || {
            let take = stage.take(&score, QUANTA)?;
            finite_take(&take)?;
            legal(stage, &take)
        };
        run().map_err(|verdict| verdict.of(&place))?;
    }
    Ok(())
}

fn long(stage: &Stage<'_>) -> Finding {
    let day = 24 * 3600 * RATE as u64;
    let mut stand = stage.stand()?;
    let mut score = stage.score();
    score.events.iter_mut().for_each(|(at, _)| *at += day);
    score.segments[0].beat = 172_800.0;
    score.segments[0].sample = day;
    stand.now = day;
    let second = RATE as usize / 64;
    let mut before = 0;
    for n in 0..60 {
        // What the stand itself keeps at hand has settled by then.
        if n == 20 {
            before = in_use();
        }
        (stage.hooks.doing)(&format!("second {n} of a minute"));
        finite_take(&stand.play(&score, second).whole()?).map_err(|v| v.of(&format!("after {n} s")))?;
    }
    let grown = in_use().saturating_sub(before);
    if grown < 4096 {
        return Ok(());
    }
    Err(Verdict::fail(format!("it took {grown} bytes more within 40 s; allocate in new, and nowhere else")))
}
