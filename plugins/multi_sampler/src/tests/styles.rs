//! Grains.

use super::*;

const RATE: f64 = 48_000.0;
const PERIOD: usize = 400;

/// A sine of 240 periods in slot 0, played in grains.
fn sampler(set: &[(Param, f64)]) -> Sampler {
    let turn = |n: usize| 2.0 * std::f32::consts::PI * n as f32 / PERIOD as f32;
    let sine: Vec<f32> = (0..240 * PERIOD).map(|n| turn(n).sin()).collect();
    let mut bench = Sampler::new(RATE);
    bench.bind_sample(0, SlotParam::File, &TestSample::mono(RATE, &sine));
    bench.slot_param(0, SlotParam::Style, 3.0);
    set.iter().for_each(|(param, value)| bench.param(*param, *value));
    bench.note_on(0, note(1));
    bench
}

/// Of half a second, after the first grains have opened.
fn heard(set: &[(Param, f64)]) -> Vec<f32> {
    sampler(set).run(600).audio.remove(0).split_off(12_000)
}

fn crossings(sound: &[f32]) -> usize {
    sound.windows(2).filter(|two| two[0] < 0.0 && two[1] >= 0.0).count()
}

fn loudest(sound: &[f32]) -> f32 {
    sound.iter().fold(0.0, |most, x| most.max(x.abs()))
}

#[test]
fn grains_as_fast_as_the_sound_are_the_sound() {
    let sine = |n: usize| (2.0 * std::f64::consts::PI * (n % PERIOD) as f64 / PERIOD as f64).sin() as f32;
    for (param, value) in [(Param::GrainDensity, 2.0), (Param::GrainDensity, 8.0), (Param::GrainSize, 0.05)] {
        for (n, x) in heard(&[(param, value)]).iter().enumerate() {
            assert!((x - sine(12_000 + n)).abs() < 2e-3, "{param:?} {value}, frame {n}: {x}");
        }
    }
}

#[test]
fn pitch_and_pace_of_grains_have_nothing_to_do_with_each_other() {
    let beats = |set: &[(Param, f64)]| crossings(&heard(set)[..24_000]);
    assert!((59..=60).contains(&beats(&[])));
    // An octave higher, at any pace; whole periods fit between two grains, so that they agree.
    for rate in [0.0, 1.0, -1.0] {
        let found = beats(&[(Param::Speed, 2.0), (Param::GrainRate, rate)]);
        assert!((119..=120).contains(&found), "rate {rate}: {found}");
    }
    let mut bench = sampler(&[(Param::GrainRate, 0.0), (Param::Position, 0.25)]);
    bench.run(2000);
    assert_eq!(bench.meter(Meter::Voices), 1.0, "they never end");
}

#[test]
fn sprayed_grains_are_the_same_in_every_run() {
    let spray = [(Param::GrainSpray, 0.5)];
    assert_eq!(heard(&spray), heard(&spray));
    assert_ne!(heard(&spray), heard(&[]));
}

#[test]
fn all_windows_open_and_close_without_a_step() {
    for window in 0..5 {
        for density in [0.25, 1.0, 16.0] {
            let set =
                [(Param::GrainWindow, f64::from(window)), (Param::GrainDensity, density), (Param::GrainSpray, 0.2)];
            let out = heard(&set);
            let step = out.windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max);
            assert!(step < 0.04 && loudest(&out) <= 1.01, "window {window}, density {density}: {step}");
            assert!(loudest(&out) > 0.1, "window {window}, density {density}: {}", loudest(&out));
        }
    }
}
