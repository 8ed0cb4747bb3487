//! The sampler against its manifest and the laws.

use cantus_plugin_api::testing::{Bench, TestSample, laws, note};
use cantus_plugin_api::{NoteId, NoteOn};

use super::*;

mod clicks;
mod fuzz;
mod grains;
mod passages;
mod pitch;
mod slices;
mod voices;

type Sampler = Bench<MultiSampler>;

/// 5 ms are 4 frames.
const RATE: f64 = 800.0;

/// Slot 0 holds 1, 2, 3, ...: frame n is n + 1.
fn counting(frames: usize) -> TestSample {
    let counted: Vec<f32> = (1..=frames).map(|n| n as f32).collect();
    TestSample::mono(RATE, &counted)
}

/// Slot 0 holds an endless 1.
fn ones() -> TestSample {
    TestSample::mono(RATE, &[1.0; 5000])
}

fn with(sample: &TestSample) -> Sampler {
    let mut bench = Sampler::new(RATE);
    bench.bind_sample(0, SlotParam::File, sample);
    // The spline is at each frame exactly the frame.
    bench.param(Param::Interpolation, 1.0);
    bench
}

fn left(bench: &mut Sampler) -> Vec<f32> {
    bench.quantum().audio.remove(0)
}

fn padded(silence: usize, sound: &[f32]) -> Vec<f32> {
    let mut frames = vec![0.0; silence];
    frames.extend_from_slice(sound);
    frames.resize(64, 0.0);
    frames
}

#[test]
fn a_note_is_its_sample_from_its_exact_frame_on() {
    for onset in [0, 1, 30, 60] {
        let mut bench = with(&counting(4));
        bench.note_on(onset, note(1));
        assert_eq!(left(&mut bench), padded(onset as usize, &[1.0, 2.0, 3.0, 4.0]), "onset {onset}");
    }
}

#[test]
fn a_long_sample_comes_out_bit_for_bit_over_many_quanta() {
    let sounds = [0, 1].map(|channel| (0..1000).map(|n| laws::noise(n, channel)).collect::<Vec<f32>>());
    let mut bench = with(&TestSample::stereo(RATE, &sounds[0], &sounds[1]));
    bench.note_on(13, note(1));
    let audio = bench.run(17).audio;
    for channel in 0..2 {
        assert_eq!(audio[channel][13..1013], sounds[channel], "channel {channel}");
        assert!(audio[channel][..13].iter().chain(&audio[channel][1013..]).all(|x| *x == 0.0), "channel {channel}");
    }
}

#[test]
fn what_a_note_says_is_heard() {
    let on = NoteOn::new(NoteId(1));
    let table: [(&str, NoteOn, &[f32]); 6] = [
        ("nothing", on, &[1.0, 2.0, 3.0, 4.0, 5.0]),
        ("velocity", NoteOn { velocity: Some(0.5), ..on }, &[0.5, 1.0, 1.5, 2.0, 2.5]),
        ("an octave up", NoteOn { pitch: Some(72.0), ..on }, &[1.0, 3.0, 5.0]),
        ("an octave up of the other slot", NoteOn { pitch: Some(60.0), slot: Some(1), ..on }, &[10.0]),
        ("an empty slot", NoteOn { slot: Some(2), ..on }, &[]),
        ("no such slot", NoteOn { slot: Some(500), ..on }, &[]),
    ];
    for (name, on, expected) in table {
        let mut bench = with(&counting(5));
        bench.bind_sample(1, SlotParam::File, &TestSample::mono(RATE, &[10.0, 20.0]));
        bench.slot_param(1, SlotParam::Root, 48.0);
        bench.note_on(3, on);
        assert_eq!(left(&mut bench), padded(3, expected), "{name}");
    }
}

#[test]
fn what_values_do() {
    use Param::{Attack, Pan, Speed, Transpose, Volume};
    let root2 = std::f32::consts::SQRT_2;
    let slot = |param, value| move |b: &mut Sampler| b.slot_param(0, param, value);
    let own = |param, value| move |b: &mut Sampler| b.param(param, value);
    type Set = Box<dyn Fn(&mut Sampler)>;
    let table: [(&str, Set, &[f32]); 17] = [
        ("volume", Box::new(own(Volume, 2.0)), &[2.0, 4.0, 6.0, 8.0]),
        ("pan left", Box::new(own(Pan, -1.0)), &[root2, 2.0 * root2, 3.0 * root2, 4.0 * root2]),
        ("pan right", Box::new(own(Pan, 1.0)), &[]),
        ("slot gain", Box::new(slot(SlotParam::Gain, 0.5)), &[0.5, 1.0, 1.5, 2.0]),
        ("slot pan", Box::new(slot(SlotParam::Pan, 1.0)), &[]),
        ("transpose", Box::new(own(Transpose, 12.0)), &[1.0, 3.0]),
        ("speed", Box::new(own(Speed, 2.0)), &[1.0, 3.0]),
        ("tune", Box::new(slot(SlotParam::Tune, 1200.0)), &[1.0, 3.0]),
        // Of 3 and 4, less and less of 3 is taken off, also behind them.
        ("start", Box::new(slot(SlotParam::Start, 0.5)), &[0.0, 1.75, -1.5, -0.75]),
        ("position", Box::new(own(Param::Position, 0.5)), &[0.0, 1.75, -1.5, -0.75]),
        ("backward", Box::new(own(Speed, -1.0)), &[4.0, 3.0, 2.0, 1.0]),
        ("backward from the start", Box::new(own(Speed, -2.0)), &[4.0, 2.0]),
        ("bend", Box::new(own(Param::Bend, 12.0)), &[1.0, 3.0]),
        ("dynamics of a velocity of 1", Box::new(own(Param::Dynamics, 0.5)), &[1.0, 2.0, 3.0, 4.0]),
        ("hold", Box::new(own(Param::Hold, 3.0 / RATE)), &[1.0, 2.0, 3.0, 4.0]),
        ("nothing between start and finish", Box::new(slot(SlotParam::Start, 1.0)), &[]),
        ("attack of 4 frames", Box::new(own(Attack, 4.0 / RATE)), &[0.0, 0.5, 1.5, 3.0]),
    ];
    for (name, set, expected) in table {
        let mut bench = with(&counting(4));
        set(&mut bench);
        bench.note_on(0, note(1));
        assert_eq!(left(&mut bench), padded(0, expected), "{name}");
    }
}

#[test]
fn a_crop_fades_out_and_a_loop_goes_round() {
    let mut bench = with(&TestSample::mono(RATE, &[5.0; 16]));
    bench.slot_param(0, SlotParam::Finish, 0.5);
    bench.note_on(0, note(1));
    assert_eq!(left(&mut bench), padded(0, &[5.0, 5.0, 5.0, 5.0, 4.0, 3.0, 2.0, 1.0]));

    type Row = (&'static str, f64, f64, &'static [f32]);
    let table: [Row; 4] = [
        ("forward", 1.0, 0.0, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 3.0, 4.0, 5.0, 6.0, 3.0]),
        ("backward", 1.0, 1.0, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 5.0, 4.0, 3.0, 6.0]),
        ("there and back", 1.0, 2.0, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 5.0, 4.0, 3.0, 3.0, 4.0]),
        ("backward round it", -1.0, 0.0, &[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 6.0, 5.0, 4.0, 3.0, 6.0]),
    ];
    for (name, speed, mode, expected) in table {
        let mut bench = with(&counting(8));
        bench.slot_param(0, SlotParam::Style, 1.0);
        bench.slot_param(0, SlotParam::LoopMode, mode);
        bench.slot_param(0, SlotParam::LoopStart, 0.25);
        bench.slot_param(0, SlotParam::LoopFinish, 0.75);
        bench.param(Param::Speed, speed);
        bench.note_on(0, note(1));
        assert_eq!(left(&mut bench)[..expected.len()], *expected, "{name}");
    }
}

/// Slot n sounds as 10 to the power of n.
fn powers(set: &[(usize, SlotParam, f64)]) -> Sampler {
    let mut bench = Sampler::new(RATE);
    bench.param(Param::Interpolation, 1.0);
    for slot in 0..4 {
        bench.bind_sample(slot, SlotParam::File, &TestSample::mono(RATE, &[10f32.powi(slot as i32); 30]));
        bench.slot_param(slot, SlotParam::Root, 60.0);
    }
    set.iter().for_each(|(slot, param, value)| bench.slot_param(*slot, *param, *value));
    bench
}

/// Which slots play, for each of some notes.
fn played(bench: &mut Sampler, notes: &[(f32, f32)]) -> Vec<f32> {
    let mut heard = Vec::new();
    for (id, (pitch, velocity)) in (1..).zip(notes) {
        bench.param(Param::Dynamics, 0.0);
        bench.note_on(bench.now(), NoteOn { pitch: Some(*pitch), velocity: Some(*velocity), ..note(id) });
        heard.push(left(bench)[0]);
        bench.quantum();
    }
    heard
}

#[test]
fn who_plays_a_note() {
    use SlotParam::{HighKey, HighVelocity, LowKey, LowVelocity, RoundRobin};
    type Row = (&'static str, f64, &'static [(usize, SlotParam, f64)], &'static [(f32, f32)], &'static [f32]);
    let table: [Row; 7] = [
        ("the first slot", 0.0, &[], &[(60.0, 1.0), (10.0, 0.1)], &[1.0, 1.0]),
        ("all zones", 1.0, &[], &[(60.0, 1.0)], &[1111.0]),
        (
            "keys",
            1.0,
            &[(0, HighKey, 59.0), (1, LowKey, 60.0), (2, LowKey, 72.0), (3, HighKey, 0.0)],
            &[(59.0, 1.0), (60.0, 1.0), (72.0, 1.0)],
            &[1.0, 10.0, 110.0],
        ),
        (
            "velocities",
            1.0,
            &[(0, HighVelocity, 0.5), (1, LowVelocity, 0.5), (2, LowVelocity, 1.0), (3, HighKey, 0.0)],
            &[(60.0, 0.2), (60.0, 0.5), (60.0, 0.7), (60.0, 1.0)],
            &[1.0, 11.0, 10.0, 110.0],
        ),
        ("by velocity", 2.0, &[], &[(60.0, 0.0), (60.0, 0.3), (60.0, 0.6), (60.0, 1.0)], &[1.0, 10.0, 100.0, 1000.0]),
        (
            "in turn",
            0.0,
            &[(0, RoundRobin, 1.0), (2, RoundRobin, 1.0), (3, RoundRobin, 1.0)],
            &[(60.0, 1.0); 4],
            &[1.0, 100.0, 1000.0, 1.0],
        ),
        (
            "in turn within a zone",
            1.0,
            &[(0, RoundRobin, 2.0), (1, RoundRobin, 2.0), (3, HighKey, 0.0)],
            &[(60.0, 1.0); 3],
            &[101.0, 110.0, 101.0],
        ),
    ];
    for (name, select, set, notes, expected) in table {
        let mut bench = powers(set);
        bench.param(Param::Select, select);
        assert_eq!(played(&mut bench, notes), expected, "{name}");
    }
    // At random: all come, never one twice in a row, and the same in every run.
    let random = || {
        let mut bench = powers(&[0, 1, 2, 3].map(|slot| (slot, RoundRobin, 1.0)));
        bench.param(Param::RoundRobinOrder, 1.0);
        played(&mut bench, &[(60.0, 1.0); 40])
    };
    let order = random();
    assert!(order.windows(2).all(|two| two[0] != two[1]), "{order:?}");
    assert!([1.0, 10.0, 100.0, 1000.0].iter().all(|slot| order.contains(slot)), "{order:?}");
    assert_eq!(order, random());
}

#[test]
fn slot_gain_glides_and_pitch_changes_at_once() {
    let mut bench = with(&ones());
    bench.note_on(0, note(1));
    bench.slot_param_at(2, 0, SlotParam::Gain, 0.0);
    assert_eq!(left(&mut bench), padded(0, &[1.0, 1.0, 0.75, 0.5, 0.25]));
    let mut bench = with(&counting(9));
    bench.note_on(0, note(1));
    bench.param_at(3, Param::Transpose, 12.0);
    assert_eq!(left(&mut bench), padded(0, &[1.0, 2.0, 3.0, 4.0, 6.0, 8.0]));
}

#[test]
fn a_sample_of_another_rate_keeps_its_pitch() {
    let mut bench = with(&TestSample::mono(2.0 * RATE, &[1.0, 2.0, 3.0, 4.0, 5.0]));
    bench.note_on(0, note(1));
    assert_eq!(left(&mut bench), padded(0, &[1.0, 3.0, 5.0]));
}

#[test]
fn a_slot_lets_go_of_its_sample_once_its_notes_have() {
    let sample = ones();
    let mut bench = with(&sample);
    bench.note_on(0, note(1));
    bench.quantum();
    assert_eq!(sample.holders(), 2);
    bench.unbind_sample(0, SlotParam::File);
    assert_eq!(left(&mut bench), [1.0; 64]);
    assert_eq!(sample.holders(), 1);
    bench.note_off(bench.now(), 1);
    bench.quantum();
    assert_eq!(sample.holders(), 0);
}

#[test]
fn keeps_the_laws() {
    let noise: Vec<f32> = (0..500).map(|n| laws::noise(n, 0)).collect();
    let sample = TestSample::stereo(8000.0, &noise, &noise);
    let bind = |bench: &mut Sampler| {
        for slot in [0, 127] {
            bench.bind_sample(slot, SlotParam::File, &sample);
        }
    };
    let play = |bench: &mut Sampler, at: u64| {
        bench.note_on(at, NoteOn { pitch: Some(67.3), ..note(1) });
        bench.note_on(at + 9, NoteOn { slot: Some(127), velocity: Some(0.3), ..note(2) });
        bench.note_off(at + 100, 1);
    };
    let both = |bench: &mut Sampler| {
        bind(bench);
        play(bench, 70);
        play(bench, 500);
    };
    laws::all(both);
    laws::moving_events_moves_effect(bind, |bench, at| {
        play(bench, at);
        bench.param_at(at + 20, Param::Pan, 0.5);
        bench.slot_param_at(at + 50, 127, SlotParam::Gain, 2.0);
    });
}

#[test]
fn the_peak_falls_to_half_in_a_tenth_of_a_second() {
    let mut bench = with(&counting(1));
    bench.note_on(0, note(1));
    let peaks = [0, 1].map(|_| {
        bench.quantum();
        bench.meter(Meter::Peak)
    });
    let half = 0.5f32.powf(64.0 / 80.0);
    assert!(peaks[0] == 1.0 && (peaks[1] - half).abs() < 1e-3, "{peaks:?}, not 1 and {half}");
}
