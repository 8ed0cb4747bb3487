//! Nothing steps further than the sound itself does, and a fade of 5 ms.

use super::*;

pub const RATE: f64 = 48_000.0;
/// Frames of a period, and of the sound.
pub const PERIOD: usize = 480;
const FRAMES: usize = 100 * PERIOD;
/// The largest step of the sound, and of a fade.
pub const SLOPE: f32 = 2.0 * std::f32::consts::PI / PERIOD as f32;
pub const FADE: f32 = 1.0 / 240.0;

/// A sine in slot 0, and the same in slot 1.
pub fn sampler(interpolation: f64) -> Sampler {
    let turn = |n: usize| 2.0 * std::f32::consts::PI * n as f32 / PERIOD as f32;
    let sine: Vec<f32> = (0..FRAMES).map(|n| turn(n).sin()).collect();
    let sample = TestSample::mono(RATE, &sine);
    let mut bench = Sampler::new(RATE);
    for slot in 0..2 {
        bench.bind_sample(slot, SlotParam::File, &sample);
        bench.slot_param(slot, SlotParam::LoopStart, 0.1);
        bench.slot_param(slot, SlotParam::LoopFinish, 0.9);
    }
    bench.param(Param::Interpolation, interpolation);
    bench
}

/// What happens at a frame while note 1 sounds, how many voices are heard then, and how many times faster.
type Row = (&'static str, fn(&mut Sampler), fn(&mut Sampler, u64), f32, f32);

const TABLE: &[Row] = &[
    ("nothing", |_| {}, |_, _| {}, 1.0, 1.0),
    ("note-off", |_| {}, |b, at| b.note_off(at, 1), 1.0, 1.0),
    ("shortest release", |b| b.param(Param::Release, 0.005), |b, at| b.note_off(at, 1), 1.0, 1.0),
    ("bent release", |b| b.param(Param::ReleaseCurve, -1.0), |b, at| b.note_off(at, 1), 3.0, 1.0),
    ("choke", |_| {}, |b, at| b.choke(at, 1), 1.0, 1.0),
    ("stop", |_| {}, |b, at| b.action(at, Action::Stop), 1.0, 1.0),
    ("another note", |_| {}, |b, at| b.note_on(at, note(2)), 2.0, 1.0),
    ("in the middle", |b| b.param(Param::Position, 0.5013), |b, at| b.note_on(at, note(2)), 2.0, 1.0),
    ("stolen", |b| b.param(Param::Polyphony, 1.0), |b, at| b.note_on(at, note(2)), 2.0, 1.0),
    (
        "stolen again and again",
        |b| b.param(Param::Polyphony, 1.0),
        |b, at| (0..9).for_each(|n| b.note_on(at + 60 * n, note(2 + n as u32))),
        5.0,
        1.0,
    ),
    ("mono", |b| b.param(Param::Voicing, 1.0), |b, at| b.note_on(at, note(2)), 2.0, 1.0),
    (
        "legato",
        |b| b.param(Param::Voicing, 2.0),
        |b, at| b.note_on(at, NoteOn { pitch: Some(67.0), ..note(2) }),
        1.0,
        1.5,
    ),
    (
        "legato of another slot",
        |b| b.param(Param::Voicing, 2.0),
        |b, at| b.note_on(at, NoteOn { slot: Some(1), ..note(2) }),
        2.0,
        1.0,
    ),
    ("cut by a new note", |b| b.param(Param::NewNote, 2.0), |b, at| b.note_on(at, note(2)), 2.0, 1.0),
    ("round a loop", |b| b.slot_param(0, SlotParam::Style, 1.0), |_, _| {}, 1.0, 1.0),
    ("into a loop behind it", |_| {}, |b, at| change(b, at, SlotParam::Style, 1.0, 0.05), 2.0, 1.0),
    ("next", |b| b.slot_param(0, SlotParam::Style, 2.0), |b, at| b.note_on(at, note(2)), 2.0, 1.0),
    ("start past it", |_| {}, |b, at| b.slot_param_at(at, 0, SlotParam::Start, 0.5013), 2.0, 1.0),
    ("finish before it", |_| {}, |b, at| b.slot_param_at(at, 0, SlotParam::Finish, 0.001), 2.0, 1.0),
    (
        "a loop somewhere else",
        |b| b.slot_param(0, SlotParam::Style, 1.0),
        |b, at| {
            b.slot_param_at(at, 0, SlotParam::LoopFinish, 0.9512);
            b.slot_param_at(at, 0, SlotParam::LoopStart, 0.9);
        },
        2.0,
        1.0,
    ),
    (
        "a start that is moved and moved",
        |b| b.slot_param(0, SlotParam::Style, 1.0),
        |b, at| (1..20).for_each(|n| b.slot_param_at(at + 32 * n, 0, SlotParam::Start, n as f64 * 0.0511)),
        2.0,
        1.0,
    ),
    ("into grains", |_| {}, |b, at| b.slot_param_at(at, 0, SlotParam::Style, 3.0), 2.0, 1.0),
    (
        "out of grains",
        |b| b.slot_param(0, SlotParam::Style, 3.0),
        |b, at| b.slot_param_at(at, 0, SlotParam::Style, 0.0),
        2.0,
        1.0,
    ),
    (
        "grains of another size",
        |b| b.slot_param(0, SlotParam::Style, 3.0),
        |b, at| (0..20).for_each(|n| b.param_at(at + 50 * n, Param::GrainSize, 0.01 + n as f64 * 0.01)),
        2.0,
        1.0,
    ),
    ("backward", |_| {}, |b, at| b.param_at(at, Param::Speed, -1.0), 2.0, 1.0),
    ("backward and faster", |_| {}, |b, at| b.param_at(at, Param::Speed, -2.0), 2.0, 2.0),
    (
        "there and back",
        |b| b.slot_param(0, SlotParam::LoopMode, 2.0),
        |b, at| change(b, at, SlotParam::Style, 1.0, 0.05),
        2.0,
        1.0,
    ),
    ("faster", |_| {}, |b, at| b.param_at(at, Param::Speed, 3.0), 1.0, 3.0),
    ("volume", |_| {}, |b, at| b.param_at(at, Param::Volume, 0.0), 1.0, 1.0),
    ("pan", |_| {}, |b, at| b.param_at(at, Param::Pan, 1.0), 1.5, 1.0),
    ("gain", |_| {}, |b, at| b.slot_param_at(at, 0, SlotParam::Gain, 0.0), 1.0, 1.0),
    ("cutoff", |_| {}, |b, at| b.param_at(at, Param::Cutoff, 300.0), 2.0, 1.0),
    ("drive", |_| {}, |b, at| b.param_at(at, Param::Drive, 12.0), 1.0, 4.0),
    ("high", |_| {}, |b, at| b.param_at(at, Param::Filter, 2.0), 2.0, 1.0),
    ("steep", |b| b.param(Param::Cutoff, 300.0), |b, at| b.param_at(at, Param::Steep, 1.0), 2.0, 1.0),
    ("filter off", |b| b.param(Param::Cutoff, 200.0), |b, at| b.param_at(at, Param::Filter, 0.0), 2.0, 1.0),
];

/// Another value, in a loop from a hundredth of the sound to `end`.
fn change(bench: &mut Sampler, at: u64, param: SlotParam, value: f64, end: f64) {
    bench.slot_param_at(at, 0, SlotParam::LoopStart, 0.01);
    bench.slot_param_at(at, 0, SlotParam::LoopFinish, end);
    bench.slot_param_at(at, 0, param, value);
}

/// How far it goes from a frame to the next, and which that is.
pub fn largest_step(heard: &[f32]) -> (f32, usize) {
    let steps = heard.windows(2).map(|two| (two[1] - two[0]).abs()).zip(1..);
    steps.max_by(|a, b| a.0.total_cmp(&b.0)).expect("there are two frames")
}

#[test]
fn nothing_steps() {
    for (name, prepare, act, voices, faster) in TABLE {
        for (interpolation, at) in [(0.0, 5000), (1.0, 5013), (3.0, 6131), (3.0, 9999)] {
            let mut bench = sampler(interpolation);
            prepare(&mut bench);
            bench.note_on(0, note(1));
            act(&mut bench, at);
            let out = bench.run(300).audio.remove(0);
            let (step, frame) = largest_step(&out);
            let bound = voices * (faster * SLOPE + FADE) * 1.01;
            assert!(step < bound, "{name}, at {at}: a step of {step} at frame {frame}, not {bound}");
        }
    }
}
