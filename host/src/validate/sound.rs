//! Checks of what is heard.

use cantus_manifest::Kind;
use cantus_plugin_api::raw::{QUANTUM, kind};

use super::Check;
use super::score::Score;
use super::stage::{QUANTA, RATE, Stage};
use super::stand::Take;
use super::verdict::{Finding, Verdict};

pub(super) const CHECKS: &[Check] = &[
    Check::of_module("works", 5, "Given something to do, it does something.", works),
    Check::of_module("level", 5, "What goes out is neither very loud nor off centre.", level),
    Check::of_module("latency", 5, "Nothing is heard of an input before the latency that the manifest says.", latency),
    Check::of_module("falls-silent", 5, "When nothing comes in any more, it falls silent.", falls_silent),
    Check::of_module(
        "subnormal",
        5,
        "What dies away ends, and does not crawl through numbers too small to be normal.",
        subnormal,
    ),
];

/// Amplitude of +24 dBFS.
const LOUD: f32 = 15.85;
/// Amplitude of -40 dB.
const OFFSET: f64 = 0.01;
/// What is never louder (-120 dB) is silent, and the host stops waiting for the end of it after so many seconds.
const SILENT: (f32, f64) = (1e-6, 5.0);

fn works(stage: &Stage<'_>) -> Finding {
    let module = &stage.module;
    let take = stage.take(&stage.score(), QUANTA)?;
    let moves = |shown: &[Vec<f32>]| shown.iter().flatten().any(|value| *value != 0.0);
    let shown = module.manifest.kind == Kind::Analyser && moves(&take.meters);
    if take.peak() > 0.0 || !take.events.is_empty() || moves(&take.mods) || shown {
        return Ok(());
    }
    Err(Verdict::warn(
        "with notes, noise, sounds, patterns and a running transport nothing comes out of it; if that is meant, all is \
         well, but no other check has heard it play",
    ))
}

fn level(stage: &Stage<'_>) -> Finding {
    let take = stage.take(&stage.score(), QUANTA)?;
    let peak = take.peak();
    if peak > LOUD {
        return Err(Verdict::warn(format!(
            "an ordinary piece peaks at {peak}, {:+.0} dBFS; begin with values that leave the level as it is",
            20.0 * peak.log10()
        )));
    }
    // Of what comes late, so that a transient at the beginning does not count.
    for (channel, samples) in take.audio.iter().enumerate() {
        let late = &samples[samples.len() / 2..];
        let mean = late.iter().map(|x| f64::from(*x)).sum::<f64>() / late.len() as f64;
        let rms = (late.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / late.len() as f64).sqrt();
        if mean.abs() > OFFSET && mean.abs() > 0.5 * rms {
            return Err(Verdict::warn(format!(
                "channel {channel} stands {mean:.3} off centre; take the constant part away, unless it is a control signal"
            )));
        }
    }
    Ok(())
}

fn latency(stage: &Stage<'_>) -> Finding {
    let module = &stage.module;
    if module.audio_in.is_empty() || module.audio_out.is_empty() {
        return Err(Verdict::skip("it has no audio that comes in and goes out"));
    }
    let said = module.manifest.latency as usize;
    let score = Score::still(module).hearing(Some(|n, _| if n == 640 { 1.0 } else { 0.0 }));
    let silent = stage.take(&Score::still(module).hearing(Some(|_, _| 0.0)), QUANTA)?;
    let take = stage.take(&score, QUANTA)?;
    let differs = |(a, b): (&Vec<f32>, &Vec<f32>)| a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits());
    let Some(first) = take.audio.iter().zip(&silent.audio).filter_map(differs).min() else { return Ok(()) };
    let measured = first.saturating_sub(640);
    if first < 640 || measured < said {
        return Err(Verdict::fail(format!(
            "an impulse is heard after {measured} frames, and the manifest says latency = {said}; say {measured}"
        )));
    }
    if measured > said {
        return Err(Verdict::warn(format!(
            "an impulse is first heard after {measured} frames, and the manifest says latency = {said}; say {measured}, \
             unless it is an echo"
        )));
    }
    Ok(())
}

/// What an instance plays for `seconds` after everything that came in has ended.
fn ring_out(stage: &Stage<'_>, seconds: f64) -> Result<Option<Take>, Verdict> {
    let module = &stage.module;
    let fed = !module.audio_in.is_empty() || !module.event_in.is_empty();
    if !fed || module.audio_out.is_empty() {
        return Ok(None);
    }
    let mut stand = stage.stand()?;
    let mut score = stage.score();
    let on: Vec<(u16, u32)> =
        score.events.iter().filter(|(_, e)| e.kind == kind::NOTE_ON).map(|(_, e)| (e.port, e.note)).collect();
    let end = (QUANTA * QUANTUM) as u64;
    score.events.retain(|(at, e)| *at < end && e.kind != kind::ACTION);
    on.into_iter().for_each(|(port, note)| score.ends(end, port, note, kind::NOTE_OFF));
    stand.play(&score, QUANTA).whole()?;
    let score = score.hearing(Some(|_, _| 0.0));
    stand.play(&score, (seconds * RATE) as usize / QUANTUM).whole().map(Some)
}

fn falls_silent(stage: &Stage<'_>) -> Finding {
    let seconds = SILENT.1.max(f64::from(stage.module.manifest.tail) / RATE);
    let Some(take) = ring_out(stage, seconds + 0.1)? else {
        return Err(Verdict::skip("nothing that comes in can end"));
    };
    let late = RATE as usize / 20;
    let last =
        take.audio.iter().flat_map(|samples| &samples[samples.len() - late..]).fold(0.0f32, |p, x| p.max(x.abs()));
    if last <= SILENT.0 {
        return Ok(());
    }
    Err(Verdict::warn(format!(
        "{seconds} s after its last note and input it still plays, at {last}; the host fades it out then. Let it end, or \
         say tail in the manifest"
    )))
}

fn subnormal(stage: &Stage<'_>) -> Finding {
    let Some(take) = ring_out(stage, 10.0)? else { return Err(Verdict::skip("nothing that comes in can end")) };
    let tiny = |x: &&f32| **x != 0.0 && x.abs() < f32::MIN_POSITIVE;
    let count = take.audio.iter().flatten().filter(tiny).count();
    // A gain of nearly nothing may make a few.
    if count < QUANTUM {
        return Ok(());
    }
    Err(Verdict::warn(format!(
        "{count} samples of what dies away are smaller than numbers are fast with; put what is below 1e-20 to 0"
    )))
}
