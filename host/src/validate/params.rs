//! Checks of instances and their values.

use cantus_plugin_api::raw::{QUANTUM, kind};

use super::Check;
use super::processing::finite_take;
use super::score::{ANY, Score};
use super::stage::{Knob, KnobKind, QUANTA, RATE, Stage, knobs};
use super::verdict::{Finding, Outcome, Verdict};

pub(super) const CHECKS: &[Check] = &[
    Check::of_module("creates", 3, "An instance can be made, warmed up and reset.", creates),
    Check::of_module("destroys", 3, "An instance can be ended at any moment.", destroys),
    Check::of_module("rates", 3, "It runs at every sample rate.", rates),
    Check::of_module("leaks", 3, "An instance that was ended leaves no memory behind.", leaks),
    Check::of_module("defaults", 3, "A new instance has the values that the manifest says.", defaults),
    Check::of_module("extremes", 3, "Every value may be at either end of its range, and between.", extremes),
    Check::of_module("on-time", 4, "Nothing that happens at a frame is heard before that frame.", on_time),
    Check::of_module("presets", 5, "Every preset can be played.", presets),
    Check::of_module("glides", 5, "A value that is turned is heard without a click.", glides),
];

/// Instances that are made and ended, to see what they leave.
const MANY: usize = 100;

fn creates(stage: &Stage<'_>) -> Finding {
    stage.stand().map(drop)
}

fn destroys(stage: &Stage<'_>) -> Finding {
    let score = stage.score();
    for quanta in [0, 1, 2, 40, QUANTA] {
        (stage.hooks.doing)(&format!("an instance was ended after {quanta} quanta"));
        let mut stand = stage.stand()?;
        stand.play(&score, quanta).whole()?;
    }
    Ok(())
}

fn rates(stage: &Stage<'_>) -> Finding {
    let mut rare = Ok(());
    for rate in [8000.0, 22_050.0, 44_100.0, 44_100.5, 48_000.0, 88_200.0, 96_000.0, 192_000.0] {
        (stage.hooks.doing)(&format!("it ran at {rate} Hz"));
        let score = Score::typical(&stage.module, rate, stage.seed);
        let run = || {
            let take = stage.stand_at(rate, cantus_plugin_api::Cpu::best())?.play(&score, QUANTA).whole()?;
            finite_take(&take)
        };
        let usual = [44_100.0, 48_000.0, 96_000.0].contains(&rate);
        match run() {
            Err(verdict) if usual => return Err(verdict.of(&format!("at {rate} Hz"))),
            Err(verdict) => rare = Err(Verdict { outcome: Outcome::Warn, ..verdict.of(&format!("at {rate} Hz")) }),
            Ok(()) => {}
        }
    }
    rare
}

/// How often it is looked whether memory is left behind.
const ROUNDS: usize = 3;

fn leaks(stage: &Stage<'_>) -> Finding {
    let score = stage.score();
    let run =
        |times: usize| -> Finding { (0..times).try_for_each(|_| stage.stand()?.play(&score, 2).whole().map(drop)) };
    // The first ones may set up what all of them share.
    run(8)?;
    // What is left behind is left behind each time; other threads of this process come and go with some memory.
    let mut left = usize::MAX;
    for _ in 0..ROUNDS {
        let before = in_use();
        run(MANY)?;
        left = left.min(in_use().saturating_sub(before));
    }
    // Less than a pointer per instance is somebody else's.
    if left < 8 * MANY {
        return Ok(());
    }
    Err(Verdict::fail(format!(
        "{MANY} instances left {left} bytes behind, {} each; free in Drop what new has made",
        left / MANY
    )))
}

/// Bytes that have been allocated and not freed.
pub(super) fn in_use() -> usize {
    // SAFETY: asks for numbers.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}

fn defaults(stage: &Stage<'_>) -> Finding {
    let told = stage.score();
    let untold =
        Score { events: told.events.iter().filter(|(_, e)| e.kind != kind::PARAM).copied().collect(), ..told.clone() };
    let own = stage.take(&untold, QUANTA)?;
    let Some(difference) = own.difference(&stage.take(&told, QUANTA)?) else { return Ok(()) };
    // Which one it is.
    for knob in knobs(&stage.module) {
        let mut one = untold.clone();
        one.events.insert(0, (0, knob.event(knob.default)));
        one.events[0].1.flags = cantus_plugin_api::raw::flag::SNAP;
        if own.difference(&stage.take(&one, QUANTA)?).is_some() {
            return Err(Verdict::fail(format!(
                "{} of a new instance is not {}, which the manifest says; begin with it in new and in reset",
                knob.name, knob.default
            )));
        }
    }
    Err(Verdict::fail(format!(
        "a new instance plays otherwise than one that is sent the manifest's defaults: {difference}; begin with them in \
         new and in reset"
    )))
}

fn extremes(stage: &Stage<'_>) -> Finding {
    for knob in knobs(&stage.module) {
        for value in [knob.min, knob.max, knob.between(0.5)] {
            let place = format!("{} = {value}", knob.name);
            (stage.hooks.doing)(&place);
            let mut score = stage.score();
            score.snap(0, &knob, value);
            let run = || finite_take(&stage.take(&score, 16)?);
            run().map_err(|verdict| verdict.of(&place))?;
        }
    }
    Ok(())
}

fn presets(stage: &Stage<'_>) -> Finding {
    let presets = &stage.module.manifest.presets;
    if presets.is_empty() {
        return Err(Verdict::skip("it has none"));
    }
    for preset in presets {
        let place = format!("the preset {}", preset.key);
        (stage.hooks.doing)(&place);
        let mut score = stage.score();
        let own = preset.values.iter().map(|(key, setting)| (None, key, setting));
        let of_slots = preset.slots.iter().flat_map(|(slot, values)| {
            let slot = slot.parse::<u16>().unwrap_or(1).saturating_sub(1);
            values.iter().map(move |(key, setting)| (Some(slot), key, setting))
        });
        for (slot, key, setting) in own.chain(of_slots) {
            if let Some((knob, value)) = stage.setting(slot, key, setting) {
                score.snap(0, &knob, value);
            }
        }
        let run = || finite_take(&stage.take(&score, QUANTA)?);
        run().map_err(|verdict| verdict.of(&place))?;
    }
    Ok(())
}

fn on_time(stage: &Stage<'_>) -> Finding {
    let score = stage.score();
    let quiet = stage.take(&score, 8)?;
    for frame in [1, 31, 63] {
        let at = 4 * QUANTUM as u64 + frame;
        let compare = |what: &str, other: &Score| -> Finding {
            let take = stage.take(other, 8)?;
            let early = quiet
                .audio
                .iter()
                .zip(&take.audio)
                .find_map(|(a, b)| (0..at as usize).find(|n| a[*n].to_bits() != b[*n].to_bits()));
            let before = |take: &super::stand::Take| take.events.iter().filter(|(s, _)| *s < at).count();
            match early {
                Some(heard) => Err(Verdict::fail(format!(
                    "{what} at frame {frame} of a quantum is heard {} frames too early; make sound only of the frames \
                     that process is asked for",
                    at as usize - heard
                ))),
                None if before(&quiet) != before(&take) => Err(Verdict::fail(format!(
                    "{what} at frame {frame} of a quantum changes the notes before it; emit them at their own frames"
                ))),
                None => Ok(()),
            }
        };
        for port in 0..stage.module.event_in.len() as u16 {
            let mut other = score.clone();
            other.note_on(at, port, 9999, cantus_plugin_api::raw::Note { pitch: 60.0, velocity: 1.0, ..ANY });
            compare("a note", &other)?;
        }
        let knobs = knobs(&stage.module);
        let turned = |knobs: &[Knob]| {
            let mut other = score.clone();
            let far = |knob: &Knob| if knob.default < knob.max { knob.max } else { knob.min };
            knobs.iter().for_each(|knob| other.snap(at, knob, far(knob)));
            other
        };
        if compare("a value", &turned(&knobs)).is_err() {
            for knob in &knobs {
                compare(&format!("{} that is set", knob.name), &turned(std::slice::from_ref(knob)))?;
            }
            compare("several values that are set", &turned(&knobs))?;
        }
    }
    Ok(())
}

/// Turns each number from end to end while a constant comes in: what goes out may not jump most of the way in one frame.
fn glides(stage: &Stage<'_>) -> Finding {
    let module = &stage.module;
    if module.audio_in.is_empty() || module.audio_out.is_empty() {
        return Err(Verdict::skip("it has no audio that comes in and goes out"));
    }
    let (from, quanta) = (40 * QUANTUM, 40 + RATE as usize / 10 / QUANTUM);
    for knob in knobs(module).into_iter().filter(|knob| knob.kind == KnobKind::Float) {
        let mut score = Score::still(module).hearing(Some(|_, _| 0.25));
        score.snap(0, &knob, knob.min);
        score.turn(from as u64, &knob, knob.max);
        let take = stage.take(&score, quanta)?;
        for samples in &take.audio {
            let heard = &samples[from - 1..];
            let (low, high) = heard.iter().fold((f32::MAX, f32::MIN), |(low, high), x| (low.min(*x), high.max(*x)));
            let jump = heard.windows(2).fold(0.0f32, |most, pair| most.max((pair[1] - pair[0]).abs()));
            if jump > 0.02 && jump > (high - low) / 4.0 {
                return Err(Verdict::warn(format!(
                    "{} that is turned from {} to {} makes a constant input jump by {jump} from one frame to the next; \
                     keep it in a Smooth",
                    knob.name, knob.min, knob.max
                )));
            }
        }
    }
    Ok(())
}
