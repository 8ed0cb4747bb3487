//! Checks of data: sounds, patterns and lists that a module is given.

use cantus_manifest::ParamKind;
use cantus_plugin_api::raw::{Loop, LoopDirection, Onset, Step, StepAction, StepCondition};

use super::Check;
use super::processing::finite_take;
use super::score::{Score, noise, numbers, pattern, plain, sequence, sound};
use super::stage::{QUANTA, RATE, Socket, Stage, sockets};
use super::verdict::{Finding, Verdict};
use crate::rt::{Data, Said, SampleMemory};

pub(super) const CHECKS: &[Check] = &[
    Check::of_module(
        "odd-data",
        4,
        "It bears data that is empty, tiny, of many channels or full of odd steps.",
        odd_data,
    ),
    Check::of_module("rebinds", 4, "Its data may change and go while it plays.", rebinds),
    Check::of_module("releases", 4, "It holds no data any more after a reset, and none when it was ended.", releases),
];

/// What a parameter of that kind may be given beyond the ordinary.
fn odd(kind: &ParamKind) -> Vec<(&'static str, Data)> {
    let channel = |frames: usize, channel: usize| (0..frames as u64).map(|n| noise(n, channel)).collect::<Vec<f32>>();
    match kind {
        ParamKind::Sample => vec![
            ("a sound without a frame", sound(&[vec![]], RATE)),
            ("a sound of one frame", sound(&[vec![1.0]], RATE)),
            ("a sound of three frames", sound(&[vec![1.0, -1.0, 1.0]], RATE)),
            ("a sound of one channel", sound(&[channel(5000, 0)], RATE)),
            ("a sound of eight channels", sound(&[0, 1, 2, 3, 4, 5, 6, 7].map(|c| channel(300, c)), RATE)),
            ("a sound with marks everywhere", marked(channel(1000, 0))),
        ],
        ParamKind::Pattern => vec![
            ("a pattern without a step", pattern(4, 4.0, &[])),
            ("a pattern of one row", pattern(1, 96.0, &[(0, 60.0)])),
            ("a slow pattern", pattern(1, 0.01, &[(0, 60.0)])),
            ("a pattern that is full", crowd(Step::new(0, 0))),
            ("a pattern of rolls", crowd(Step { hits: 64, length: 1.0, ramp: -1.0, curve: 1.0, ..Step::new(0, 0) })),
            ("a pattern of chance", crowd(Step { chance: 0.5, delay: 0.99, ratio_of: 99, ..Step::new(0, 0) })),
            ("a pattern of early steps", crowd(Step { delay: -0.99, length: 0.0, ..Step::new(0, 0) })),
            ("a pattern of ends", crowd(Step { action: StepAction::CUT, ..Step::new(0, 0) })),
            ("steps that do what does not exist yet", crowd(Step { action: StepAction(200), ..Step::new(0, 0) })),
            ("conditions that do not exist yet", crowd(Step { condition: StepCondition(200), ..Step::new(0, 0) })),
        ],
        ParamKind::Numbers { min, max } => vec![
            ("a list without a number", numbers(&[])),
            ("a list of one number", numbers(&[*max])),
            (
                "a list of 1024 numbers",
                numbers(&(0..1024).map(|n| if n % 2 == 0 { *min } else { *max }).collect::<Vec<_>>()),
            ),
        ],
        _ => Vec::new(),
    }
}

/// Loops, cues and onsets at both ends.
fn marked(frames: Vec<f32>) -> Data {
    let end = frames.len();
    let span = |start, end, direction| Loop { start, end, direction, reserved: 0 };
    let said = Said {
        root: Some(127.5),
        loops: vec![span(0, end, LoopDirection::PING_PONG), span(end - 1, end, LoopDirection(99))],
        cues: vec![0, 0, end],
        onsets: [0, 1, end - 1].map(|frame| Onset { frame, strength: 1.0, reserved: 0 }).to_vec(),
    };
    Data::Sample(SampleMemory::new(&[frames], RATE, said))
}

/// Sixteen rows of 64 such steps.
fn crowd(step: Step) -> Data {
    let steps = (0..16).flat_map(|row| (0..64).map(move |column| Step { row, column, pitch: 60.0, ..step }));
    sequence(16, 16.0, steps.collect())
}

fn each(stage: &Stage<'_>, mut run: impl FnMut(&Socket) -> Finding) -> Finding {
    let sockets = sockets(&stage.module);
    if sockets.is_empty() {
        return Err(Verdict::skip("it has no parameter that is data"));
    }
    sockets.iter().try_for_each(|socket| run(socket).map_err(|verdict| verdict.of(&socket.name)))
}

fn odd_data(stage: &Stage<'_>) -> Finding {
    each(stage, |socket| {
        for (what, data) in odd(&socket.kind) {
            (stage.hooks.doing)(&format!("{} was {what}", socket.name));
            let mut score = stage.score();
            score.bind(0, socket, Some(&data));
            let run = || finite_take(&stage.take(&score, 32)?);
            run().map_err(|verdict| verdict.of(what))?;
        }
        Ok(())
    })
}

fn rebinds(stage: &Stage<'_>) -> Finding {
    each(stage, |socket| {
        (stage.hooks.doing)(&format!("{} changed while it played", socket.name));
        finite_take(&stage.take(&changing(stage, socket), QUANTA)?)
    })
}

/// A piece in which data comes, goes and is another.
fn changing(stage: &Stage<'_>, socket: &Socket) -> Score {
    let mut score = stage.score();
    for (n, (_, data)) in odd(&socket.kind).iter().enumerate() {
        let at = 500 * (n as u64 + 1);
        score.bind(at + 7, socket, Some(data));
        score.bind(at + 200, socket, None);
        score.bind(at + 201, socket, Some(&plain(&socket.kind, RATE)));
    }
    score
}

/// For each data parameter: what happens to it, and a piece in which that happens.
pub(super) fn changes(stage: &Stage<'_>) -> Result<Vec<(String, Score)>, Verdict> {
    let mut pieces = Vec::new();
    each(stage, |socket| {
        pieces.push((format!("a change of {}", socket.name), changing(stage, socket)));
        Ok(())
    })?;
    Ok(pieces)
}

fn releases(stage: &Stage<'_>) -> Finding {
    each(stage, |socket| {
        let data = plain(&socket.kind, RATE);
        let mut score = stage.score();
        score.bind(0, socket, Some(&data));
        let mut stand = stage.stand()?;
        stand.play(&score, QUANTA).whole()?;
        stand.reset();
        if data.held() {
            return Err(Verdict::fail(
                "after a reset its data is still held; put it to Data::None, and drop all voices",
            ));
        }
        stand.play(&score, QUANTA).whole()?;
        drop(stand);
        if data.held() {
            return Err(Verdict::fail(
                "an instance that was ended still holds its data; never forget or leak a handle",
            ));
        }
        Ok(())
    })
}
