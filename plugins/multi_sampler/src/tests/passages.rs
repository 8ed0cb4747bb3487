//! What begins or ends in the middle of a sound, or goes from one part of it to another, whatever else happens meanwhile.

use super::clicks::{FADE, PERIOD, RATE, SLOPE, largest_step, sampler};
use super::*;

/// What is done, how many quanta that is listened to, how many voices may be heard at once, and how many times faster.
type Row = (&'static str, fn(&mut Sampler), usize, f32, f32);

/// A frame of the sound where it stands at about 1.
const MIDDLE: f64 = 0.50125;

const TABLE: &[Row] = &[
    (
        "turned round within 5 ms of its onset",
        |b| {
            b.param(Param::Position, MIDDLE);
            b.note_on(0, note(1));
            b.param_at(20, Param::Speed, -1.0);
        },
        60,
        2.0,
        1.0,
    ),
    (
        "into a loop within 5 ms of its onset",
        |b| {
            b.param(Param::Position, MIDDLE);
            b.note_on(0, note(1));
            b.slot_param_at(20, 0, SlotParam::LoopStart, 0.05);
            b.slot_param_at(20, 0, SlotParam::Style, 1.0);
        },
        60,
        2.0,
        1.0,
    ),
    (
        "finish moved away while it fades out",
        |b| {
            b.slot_param(0, SlotParam::Finish, 0.105);
            b.note_on(0, note(1));
            b.slot_param_at(5040 - 120, 0, SlotParam::Finish, 1.0);
        },
        120,
        2.0,
        1.0,
    ),
    ("faster while it fades out", |b| near_the_finish(b, 2.0), 120, 1.0, 2.0),
    ("slower while it fades out", |b| near_the_finish(b, 0.25), 120, 1.0, 1.0),
    ("held while it fades out", |b| near_the_finish(b, 0.0), 120, 1.0, 1.0),
    ("a part shorter than a fade", |b| part(b, MIDDLE, MIDDLE + 0.0025), 20, 1.0, 1.0),
    ("a part of some frames", |b| part(b, MIDDLE, MIDDLE + 0.0001), 20, 1.0, 1.0),
    ("a finish where it is loudest", |b| part(b, 0.0, 4920.0 / 48_000.0), 120, 1.0, 1.0),
    ("the first frames", |b| part(b, 0.0, 0.004), 20, 1.0, 1.0),
    (
        "an onset just before the sound's own end",
        |b| {
            b.param(Param::Position, 1.0 - 120.0 / 48_000.0);
            b.note_on(10, note(1));
        },
        20,
        1.0,
        1.0,
    ),
    (
        "slice by slice, a little faster than the sound",
        |b| {
            b.play(120.0 * 1.01);
            b.slot_param(0, SlotParam::SliceBy, 1.0);
            b.slot_param(0, SlotParam::Slices, 7.0);
            b.slot_param(0, SlotParam::FitBeats, 2.0);
            b.slot_param(0, SlotParam::Fit, 1.0);
            b.note_on(0, note(1));
        },
        700,
        2.0,
        1.0,
    ),
    (
        "an onset within a loop's fade",
        |b| {
            b.slot_param(0, SlotParam::Style, 1.0);
            b.slot_param(0, SlotParam::LoopStart, 0.2 + 120.0 / 48_000.0);
            b.slot_param(0, SlotParam::LoopFinish, 0.4 + 360.0 / 48_000.0);
            b.slot_param(0, SlotParam::LoopFade, 0.1);
            // Near the seam: mixed almost wholly with what comes before the loop's beginning.
            b.param(Param::Position, 0.4 + 120.0 / 48_000.0);
            b.note_on(10, note(1));
        },
        10,
        1.0,
        1.0,
    ),
];

fn near_the_finish(bench: &mut Sampler, speed: f64) {
    bench.slot_param(0, SlotParam::Finish, 0.105);
    bench.note_on(0, note(1));
    bench.param_at(5040 - 130, Param::Speed, speed);
}

fn part(bench: &mut Sampler, start: f64, finish: f64) {
    bench.slot_param(0, SlotParam::Start, start);
    bench.slot_param(0, SlotParam::Finish, finish);
    bench.note_on(10, note(1));
}

#[test]
fn none_begins_or_ends_with_a_step() {
    for (name, act, quanta, voices, faster) in TABLE {
        let mut bench = sampler(1.0);
        for slot in 0..2 {
            bench.slot_param(slot, SlotParam::LoopStart, 0.0);
            bench.slot_param(slot, SlotParam::LoopFinish, 1.0);
        }
        act(&mut bench);
        let (step, at) = largest_step(&bench.run(*quanta).audio[0]);
        let bound = voices * (faster * SLOPE + FADE) * 1.02;
        assert!(step < bound, "{name}: a step of {step} at frame {at}, not {bound}");
    }
}

#[test]
fn what_is_not_heard_begins_with_nothing() {
    // All of it is above half the rate when it is played three times faster.
    let high: Vec<f32> = (0..48_000).map(|n| (0.29 * 2.0 * std::f64::consts::PI * f64::from(n)).sin() as f32).collect();
    let mut bench = Sampler::new(RATE);
    bench.bind_sample(0, SlotParam::File, &TestSample::mono(RATE, &high));
    bench.param(Param::Speed, 3.0);
    bench.param(Param::Position, 10_002.0 / 48_000.0);
    bench.note_on(10, note(1));
    let (step, at) = largest_step(&bench.run(4).audio[0]);
    assert!(step < 2.0 * FADE, "a step of {step} at frame {at}");
}

#[test]
fn another_slice_begins_where_it_begins() {
    type Turn = fn(&mut Sampler);
    let table: [(&str, Turn); 2] = [
        ("by its number", |b| b.slot_param_at(1000, 0, SlotParam::Slice, 1.0)),
        ("by its note, legato", |b| b.note_on(1000, NoteOn { pitch: Some(61.0), ..note(2) })),
    ];
    for (name, turn) in table {
        let mut bench = sampler(1.0);
        bench.slot_param(0, SlotParam::SliceBy, 1.0);
        bench.slot_param(0, SlotParam::Slices, 4.0);
        bench.param(Param::Voicing, 2.0);
        if name.contains("number") {
            bench.slot_param(0, SlotParam::Slice, 2.0);
        }
        // Two semitones up would be faster, where the note does not say which slice.
        let pitch = if name.contains("number") { 60.0 } else { 62.0 };
        bench.note_on(0, NoteOn { pitch: Some(pitch), ..note(1) });
        turn(&mut bench);
        bench.run(40);
        let frames = 100.0 * PERIOD as f32;
        // Of the whole sound, that many frames after it was turned.
        let expected = 0.25 + (40.0 * 64.0 - 1000.0) / frames;
        let playhead = bench.meter_at(Meter::Playhead, 0);
        assert!((playhead - expected).abs() < 2.0 / frames, "{name}: {playhead}, not {expected}");
    }
}

#[test]
fn a_slice_that_waits_is_not_heard_again() {
    let mut bench = Sampler::new(RATE);
    bench.bind_sample(0, SlotParam::File, &TestSample::mono(RATE, &[0.5; 4000]));
    bench.play(1.0);
    bench.slot_param(0, SlotParam::FitBeats, 64.0);
    bench.slot_param(0, SlotParam::Fit, 1.0);
    bench.note_on(0, note(1));
    bench.run(100);
    let at = bench.meter_at(Meter::Playhead, 0);
    bench.run(1000);
    assert_eq!(bench.meter_at(Meter::Playhead, 0), at, "it stays at its end");
}

#[test]
fn moving_what_happens_moves_what_is_heard() {
    type Row = (&'static str, fn(&mut Sampler), fn(&mut Sampler, u64));
    let table: [Row; 3] = [
        (
            "a second change within 5 ms",
            |_| {},
            |b, at| {
                b.note_on(at, note(1));
                b.param_at(at + 100, Param::Speed, -1.0);
                b.param_at(at + 110, Param::Speed, 1.0);
            },
        ),
        (
            "slices",
            |b| {
                b.play(120.0);
                b.slot_param(0, SlotParam::SliceBy, 1.0);
                b.slot_param(0, SlotParam::Slices, 8.0);
                b.slot_param(0, SlotParam::FitBeats, 0.1);
                b.slot_param(0, SlotParam::Fit, 1.0);
            },
            |b, at| {
                b.note_on(at, note(1));
                b.slot_param_at(at + 40, 0, SlotParam::Finish, 0.9);
            },
        ),
        (
            "an end that rings",
            |b| {
                b.param(Param::Cutoff, 800.0);
                b.param(Param::Resonance, 0.98);
            },
            |b, at| b.note_on(at, note(1)),
        ),
    ];
    for (name, set, act) in table {
        let turn = |n: usize| 2.0 * std::f32::consts::PI * n as f32 / 57.0;
        let sine: Vec<f32> = (0..if name == "slices" { 800 } else { 8000 }).map(|n| turn(n).sin()).collect();
        let prepare = |bench: &mut Sampler| {
            bench.bind_sample(0, SlotParam::File, &TestSample::mono(8000.0, &sine));
            set(bench);
        };
        laws::moving_events_moves_effect(prepare, act);
    }
}
