//! Checks of what an instance does with a quantum: memory, numbers, events and transport.

use std::collections::HashSet;

use cantus_plugin_api::raw::{Bind, Event, Note, QUANTUM, SLOT_OF_MODULE, SLOT_OF_NOTE, Segment, Value, flag, kind};

use super::Check;
use super::score::{ANY, STILL, Score, Signal, noise};
use super::stage::{QUANTA, Stage, all_knobs, knobs};
use super::stand::{Take, said};
use super::verdict::{Finding, Verdict};

pub(super) const CHECKS: &[Check] = &[
    Check::of_module("finite", 4, "Whatever comes in, finite numbers go out.", finite),
    Check::of_module("memory", 4, "It writes and reads nothing but what it was given.", memory),
    Check::of_module("splits", 4, "It plays the same, however events cut the quantum into pieces.", splits),
    Check::of_module("unknown", 4, "Events that it does not know change nothing.", unknown),
    Check::of_module("unconnected", 4, "It runs with nothing connected.", unconnected),
    Check::of_module("shows", 4, "Meters and modulation are finite, and modulation lies between -1 and 1.", shows),
    Check::of_module("events-out", 4, "The events that it emits are in order and name what there is.", events_out),
    Check::of_module("little-room", 4, "It bears that its events find no room.", little_room),
    Check::of_module(
        "odd-notes",
        4,
        "It bears notes that end twice, never began, come in crowds or out of range.",
        odd_notes,
    ),
    Check::of_module("transport", 4, "It bears every tempo, jump, loop and stop.", transport),
];

/// Every sample is a finite number.
pub(super) fn finite_take(take: &Take) -> Finding {
    for (channel, samples) in take.audio.iter().enumerate() {
        if let Some(frame) = samples.iter().position(|x| !x.is_finite()) {
            return Err(Verdict::fail(format!(
                "channel {channel} of its output is {} at frame {frame}; look for a division by 0, the root of what is \
                 below 0, or feedback that grows",
                samples[frame]
            )));
        }
    }
    Ok(())
}

fn finite(stage: &Stage<'_>) -> Finding {
    let inputs: [(&str, Signal); 7] = [
        ("silence", |_, _| 0.0),
        ("noise", noise),
        ("an impulse", |n, _| if n == 100 { 1.0 } else { 0.0 }),
        ("a constant 1", |_, _| 1.0),
        ("a square wave at full scale", |n, _| if n / 50 % 2 == 0 { 1.0 } else { -1.0 }),
        ("numbers of 1e-30", |n, c| 1e-30 * noise(n, c)),
        ("noise of a million", |n, c| 1e6 * noise(n, c)),
    ];
    for (name, signal) in inputs {
        for (others, part) in [("as they begin", None), ("smallest", Some(0.0)), ("largest", Some(1.0))] {
            let mut score = stage.score().hearing(Some(signal));
            for knob in all_knobs(&stage.module).iter().filter(|_| part.is_some()) {
                score.snap(0, knob, knob.between(part.unwrap_or(0.0)));
            }
            let place = format!("{name} comes in and all values are {others}");
            (stage.hooks.doing)(&place);
            let run = || finite_take(&stage.take(&score, 32)?);
            run().map_err(|verdict| verdict.of(&place))?;
        }
    }
    Ok(())
}

fn memory(stage: &Stage<'_>) -> Finding {
    let mut wild = stage.score();
    wild.turn_all(&stage.module, &mut stage.random(2), 10, QUANTA);
    let cases = [
        ("an ordinary piece", stage.score()),
        ("changing values", wild),
        ("nothing connected", stage.score().hearing(None)),
    ];
    for (name, score) in cases {
        (stage.hooks.doing)(&format!(
            "{name} played, in memory that ends where its buffers end and inputs that cannot be written"
        ));
        if stage.take(&score, QUANTA)?.spoilt {
            return Err(Verdict::fail(format!(
                "with {name} it wrote before the beginning of a buffer; count from 0 to 63"
            )));
        }
    }
    Ok(())
}

fn splits(stage: &Stage<'_>) -> Finding {
    let score = stage.score();
    let whole = stage.take(&score, QUANTA)?;
    let mut random = stage.random(3);
    let mut cut = score.clone();
    for quantum in 0..QUANTA as u64 {
        for _ in 0..random.below(6) {
            cut.add(quantum * QUANTUM as u64 + random.below(QUANTUM) as u64, Event::bare(60_000, 0, 0));
        }
    }
    let Some(difference) = whole.difference(&stage.take(&cut, QUANTA)?) else { return Ok(()) };
    Err(Verdict::fail(format!(
        "it plays otherwise when events cut the quantum into pieces: {difference}; do in process what is done per frame, \
         and only for the frames that it is asked for"
    )))
}

fn unknown(stage: &Stage<'_>) -> Finding {
    let score = stage.score();
    let plain = stage.take(&score, QUANTA)?;
    let value = |index| Value { index, slot: SLOT_OF_MODULE, reserved: 0, value: 1.0 };
    let bind = |index| Bind { index, slot: SLOT_OF_MODULE, what: 0, handle: 0 };
    for (what, event) in [
        ("an event of a kind that does not exist yet", Event::bare(4711, 0, 1)),
        ("a parameter that the manifest lacks", Event::with_value(kind::PARAM, 0, 0, value(9999))),
        ("a lock of a parameter that the manifest lacks", Event::with_value(kind::NOTE_PARAM, 0, 1, value(9999))),
        ("an action that the manifest lacks", Event::with_value(kind::ACTION, 0, 0, value(9999))),
        ("data that the manifest lacks", Event::with_bind(kind::BIND, 0, 0, bind(9999))),
    ] {
        let mut other = score.clone();
        [0, 700, 5000].into_iter().for_each(|at| other.add(at, event));
        if let Some(difference) = plain.difference(&stage.take(&other, QUANTA).map_err(|v| v.of(what))?) {
            return Err(Verdict::fail(format!("{what} changes what it plays: {difference}; skip what is unknown")));
        }
    }
    Ok(())
}

fn unconnected(stage: &Stage<'_>) -> Finding {
    finite_take(&stage.take(&Score::nothing(), QUANTA)?).map_err(|v| v.of("with nothing connected and no event"))?;
    finite_take(&stage.take(&stage.score().hearing(None), QUANTA)?).map_err(|v| v.of("with nothing connected"))
}

fn shows(stage: &Stage<'_>) -> Finding {
    let mut score = stage.score();
    score.turn_all(&stage.module, &mut stage.random(4), 100, QUANTA);
    let take = stage.take(&score, QUANTA)?;
    let names: Vec<String> = stage.module.manifest.meters().map(|(key, _)| key).collect();
    for values in &take.meters {
        if let Some(n) = values.iter().position(|v| !v.is_finite()) {
            return Err(Verdict::fail(format!("the meter {} shows {}; show a finite number", names[n], values[n])));
        }
    }
    for values in &take.mods {
        if let Some(n) = values.iter().position(|v| !(-1.0..=1.0).contains(v)) {
            let name = &stage.module.mod_out[n];
            return Err(Verdict::fail(format!("the modulation output {name} is {}; keep it from -1 to 1", values[n])));
        }
    }
    Ok(())
}

fn events_out(stage: &Stage<'_>) -> Finding {
    let mut wild = stage.score();
    wild.turn_all(&stage.module, &mut stage.random(5), 100, QUANTA);
    for score in [stage.score(), wild] {
        legal(stage, &stage.take(&score, QUANTA)?)?;
    }
    Ok(())
}

/// What was emitted is in order, and names ports and parameters that there are.
pub(super) fn legal(stage: &Stage<'_>, take: &Take) -> Finding {
    let mut on = HashSet::new();
    let mut last = 0;
    for emitted in &take.events {
        let (sample, event) = emitted;
        let refuse = |why: &str| Err(Verdict::fail(format!("it emits an event of {}: {why}", said(emitted))));
        if *sample < last {
            return refuse("it comes behind one that is later; emit in the order of the frames");
        }
        if usize::from(event.frame) >= QUANTUM {
            return refuse("a quantum has the frames 0 to 63; keep it for its own quantum");
        }
        last = *sample;
        if event.kind != kind::REQUEST && usize::from(event.port) >= stage.module.event_out.len() {
            return refuse("the manifest has no such event output; use the constants of event_out");
        }
        match event.kind {
            kind::NOTE_ON if !on.insert((event.port, event.note)) => {
                return refuse("that note is on already; number notes anew");
            }
            kind::NOTE_ON if event.as_note().velocity > 1.0 || event.as_note().velocity < 0.0 => {
                return refuse("its velocity is not from 0 to 1");
            }
            kind::NOTE_OFF | kind::CHOKE => drop(on.remove(&(event.port, event.note))),
            kind::NOTE_ON | kind::NOTE_PARAM => {}
            kind::REQUEST => {
                let asked = event.as_value();
                let knobs = all_knobs(&stage.module);
                match knobs.iter().find(|knob| (knob.index, knob.slot) == (asked.index, asked.slot)) {
                    None => return refuse("it asks for a parameter that the manifest lacks"),
                    Some(knob) if !(knob.min..=knob.max).contains(&asked.value) => {
                        let text = format!("it asks for {} = {}, out of its range; clamp it", knob.name, asked.value);
                        return refuse(&text);
                    }
                    Some(_) => {}
                }
            }
            _ => return refuse("modules emit notes, locks and requests only"),
        }
    }
    Ok(())
}

fn little_room(stage: &Stage<'_>) -> Finding {
    for room in [(8, 4), (1, 0), (0, 0)] {
        (stage.hooks.doing)(&format!("there was room for {} events", room.0));
        let take = stage.take(&Score { room, ..stage.score() }, QUANTA)?;
        if take.most > room.0 {
            return Err(Verdict::fail(format!(
                "it says that it wrote {} events where there was room for {}; look at Full",
                take.most, room.0
            )));
        }
        finite_take(&take)?;
    }
    Ok(())
}

fn odd_notes(stage: &Stage<'_>) -> Finding {
    if stage.module.event_in.is_empty() {
        return Err(Verdict::skip("it has no event input"));
    }
    let notes = [
        ("a pitch of -1000", Note { pitch: -1000.0, ..ANY }),
        ("a pitch of 1000", Note { pitch: 1000.0, ..ANY }),
        ("a velocity of 0", Note { velocity: 0.0, ..ANY }),
        ("slot 65534", Note { slot: 65_534, ..ANY }),
        ("column 63", Note { column: 63, ..ANY }),
        ("column 255", Note { column: 255, ..ANY }),
        ("a glide of 0 s", Note { glide: 0.0, ..ANY }),
        ("a glide of 100 s", Note { glide: 100.0, pitch: 20.0, ..ANY }),
        ("nothing said", ANY),
    ];
    let run = |what: &str, fill: &dyn Fn(&mut Score)| -> Finding {
        (stage.hooks.doing)(what);
        let mut score = stage.score();
        fill(&mut score);
        let take = || finite_take(&stage.take(&score, QUANTA)?);
        take().map_err(|verdict| verdict.of(what))
    };
    for (what, note) in notes {
        run(&format!("a note with {what}"), &|score| {
            score.note_on(300, 0, 9001, note);
            score.note_on(900, 0, 9002, note);
            score.ends(2000, 0, 9001, kind::NOTE_OFF);
        })?;
    }
    run("ends of notes that never began", &|score| {
        [kind::NOTE_OFF, kind::CHOKE].into_iter().for_each(|kind| score.ends(10, 0, 77_777, kind));
    })?;
    run("a note that begins twice and ends three times", &|score| {
        [100, 100, 200].into_iter().for_each(|at| score.note_on(at, 0, 9003, ANY));
        [200, 300, 300].into_iter().for_each(|at| score.ends(at, 0, 9003, kind::NOTE_OFF));
        score.ends(400, 0, 9003, kind::CHOKE);
    })?;
    run("400 notes in one frame, which end in one", &|score| {
        (0..400).for_each(|n| score.note_on(640, 0, 10_000 + n, ANY));
        (0..400).for_each(|n| score.ends(1280, 0, 10_000 + n, kind::NOTE_OFF));
    })?;
    run("locks of notes that never begin, and at both ends", &|score| {
        for (n, knob) in knobs(&stage.module).iter().filter(|knob| knob.lock).enumerate() {
            let note = 20_000 + n as u32;
            score.add(500, knob.lock_event(88_888, knob.max));
            score.add(600, knob.lock_event(note, if n % 2 == 0 { knob.min } else { knob.max }));
            score.note_on(600, 0, note, ANY);
        }
        let value = Value { index: 9999, slot: SLOT_OF_NOTE, reserved: 0, value: 1.0 };
        score.add(700, Event::with_value(kind::NOTE_PARAM, 0, 20_000, value));
    })
}

fn transport(stage: &Stage<'_>) -> Finding {
    let go = |sample: u64, beat: f64, bpm: f64| Segment { sample, beat, bpm, ..STILL };
    let jump = |segment: Segment, epoch| Segment { flags: flag::JUMPED, epoch, ..segment };
    let turn = |segment: Segment| Segment { flags: flag::JUMPED | flag::LOOPED, ..segment };
    let cases: [(&str, Vec<Segment>); 9] = [
        ("a transport that stands still", vec![STILL]),
        ("a tempo of 1", vec![go(0, 0.0, 1.0)]),
        ("a tempo of 999", vec![go(0, 0.0, 999.0)]),
        ("a tempo that rises in every frame", vec![Segment { slope: 0.05, ..go(0, 0.0, 60.0) }]),
        ("a jump within a quantum", vec![go(0, 0.0, 120.0), jump(go(100, 64.0, 120.0), 1)]),
        ("a jump back", vec![go(0, 1000.0, 120.0), jump(go(3333, 0.5, 120.0), 1)]),
        ("loops that turn within a quantum", (0..40).map(|n| turn(go(n * 50, 1.0, 600.0))).collect()),
        (
            "a stop, and a start elsewhere",
            vec![go(0, 0.0, 120.0), jump(Segment { sample: 90, ..STILL }, 1), go(200, 0.0, 90.0)],
        ),
        ("ten hours of music before it", vec![go(0, 72_000.0, 120.0)]),
    ];
    for (what, segments) in cases {
        (stage.hooks.doing)(what);
        let score = Score { segments, ..stage.score() };
        let run = || {
            let take = stage.take(&score, QUANTA)?;
            finite_take(&take)?;
            legal(stage, &take)
        };
        run().map_err(|verdict| verdict.of(what))?;
    }
    Ok(())
}
