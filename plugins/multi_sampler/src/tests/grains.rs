//! Grains.

use super::*;

const RATE: f64 = 48_000.0;
const PERIOD: usize = 400;

/// From one frame of the sine to the next, at most, and the same of a fade of 5 ms.
const SLOPE: f32 = 2.0 * std::f32::consts::PI / PERIOD as f32;
const FADE: f32 = 1.0 / 240.0;

fn sine() -> Vec<f32> {
    let turn = |n: usize| 2.0 * std::f32::consts::PI * n as f32 / PERIOD as f32;
    (0..240 * PERIOD).map(|n| turn(n).sin()).collect()
}

/// A sound in slot 0.
fn with_sound(sample: &TestSample) -> Sampler {
    let mut bench = Sampler::new(RATE);
    bench.bind_sample(0, SlotParam::File, sample);
    bench.play(120.0);
    bench
}

/// A sine of 240 periods, 2 seconds, in slot 0, played in grains.
fn sampler(set: &[(Param, f64)]) -> Sampler {
    let mut bench = with_sound(&TestSample::mono(RATE, &sine()));
    bench.slot_param(0, SlotParam::Style, 3.0);
    set.iter().for_each(|(param, value)| bench.param(*param, *value));
    bench.note_on(0, note(1));
    bench
}

/// A sound in slot 0, fitted to so many beats.
fn fitted(sample: &TestSample, fit: f64, beats: f64) -> Sampler {
    let mut bench = with_sound(sample);
    bench.slot_param(0, SlotParam::Fit, fit);
    bench.slot_param(0, SlotParam::FitBeats, beats);
    bench
}

/// Of half a second, after the first grains have opened.
fn heard(set: &[(Param, f64)]) -> Vec<f32> {
    sampler(set).run(600).audio.remove(0).split_off(12_000)
}

fn crossings(sound: &[f32]) -> usize {
    sound.windows(2).filter(|two| two[0] < 0.0 && two[1] >= 0.0).count()
}

/// The largest step from one frame to the next.
fn step(sound: &[f32]) -> f32 {
    sound.windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max)
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
            assert!(step(&out) < 0.04 && loudest(&out) <= 1.01, "window {window}, density {density}: {}", step(&out));
            assert!(loudest(&out) > 0.1, "window {window}, density {density}: {}", loudest(&out));
        }
    }
}

#[test]
fn a_grain_keeps_the_gain_and_the_window_that_it_began_with() {
    type Act = fn(&mut Sampler);
    let table: [(&str, Act); 4] = [
        ("denser", |b| b.param_at(12_120, Param::GrainDensity, 16.0)),
        ("less dense", |b| b.param_at(12_120, Param::GrainDensity, 0.5)),
        ("window", |b| b.param_at(12_120, Param::GrainWindow, 1.0)),
        ("stretched", |b| {
            b.slot_param_at(12_120, 0, SlotParam::Style, 0.0);
            b.slot_param_at(12_120, 0, SlotParam::Fit, 3.0);
            b.slot_param_at(12_120, 0, SlotParam::FitBeats, 4.0);
        }),
    ];
    for (name, act) in table {
        let mut bench = sampler(&[]);
        act(&mut bench);
        let step = step(&bench.run(300).audio[0]);
        assert!(step < 2.0 * (SLOPE + FADE), "{name}: a step of {step}");
    }
}

#[test]
fn far_shorter_grains_wait_until_long_ones_have_closed() {
    let mut bench = sampler(&[
        (Param::GrainDensity, 16.0),
        (Param::GrainSize, 1.0),
        (Param::GrainRate, 0.0),
        (Param::Position, 0.5),
    ]);
    bench.param_at(120_000, Param::GrainSize, 0.001);
    let out = bench.run(2100).audio.remove(0);
    let (during, after) = (&out[119_000..126_000], &out[126_000..]);
    assert!(step(during) < SLOPE + FADE, "a step of {}", step(during));
    // Of the same frames again and again, a millisecond.
    assert!(loudest(after) > 0.05, "the short ones are heard: {}", loudest(after));
}

#[test]
fn a_quantum_may_be_cut_anywhere() {
    for (name, size, fit) in
        [("1 ms", 0.001, 0.0), ("30 ms", 0.03, 0.0), ("in grains", 0.1, 2.0), ("stretch", 0.1, 3.0)]
    {
        let run = |cut: bool| {
            let mut bench = fitted(&TestSample::mono(RATE, &sine()).with_onsets(&[(9000, 1.0)]), fit, 2.9);
            bench.slot_param(0, SlotParam::Style, if fit > 0.0 { 0.0 } else { 3.0 });
            bench.param(Param::GrainSize, size);
            bench.param(Param::GrainDensity, 15.0);
            bench.param(Param::Speed, 1.3);
            bench.note_on(7, note(1));
            if cut {
                (0..900).for_each(|n| bench.note_off(n * 13 + n % 7, 99));
            }
            bench.run(200).audio.concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        assert!(run(false) == run(true), "{name}");
    }
}

#[test]
fn short_grains_cost_no_more_than_some_long_ones() {
    let cost = |size: f64, density: f64, speed: f64| {
        let mut bench = sampler(&[
            (Param::Interpolation, 3.0),
            (Param::GrainSize, size),
            (Param::GrainDensity, density),
            (Param::Speed, speed),
        ]);
        bench.run(10);
        let timed = |_| {
            let begun = std::time::Instant::now();
            bench.run(50);
            begun.elapsed().as_secs_f64() / 50.0
        };
        (0..9).map(timed).fold(f64::MAX, f64::min)
    };
    for speed in [1.01, 10.0] {
        let (long, short) = (cost(0.1, 4.0, speed), cost(0.001, 16.0, speed));
        println!("speed {speed}: {:.1} and {:.1} us a quantum", long * 1e6, short * 1e6);
        assert!(short < 12.0 * long, "speed {speed}: {:.1} times", short / long);
    }
}

#[test]
fn what_lies_beyond_start_and_finish_is_not_heard() {
    // Near them is silence, too: what lies between two frames is made of some around it.
    let mut sound = vec![1.0; 48_000];
    sound[23_900..36_100].fill(0.0);
    for (name, style, fit) in [("stretch", 0.0, 3.0), ("in grains", 0.0, 2.0), ("grain", 3.0, 0.0), ("next", 2.0, 3.0)]
    {
        for (beats, speed, rate) in [(1.0, 1.0, 1.0), (3.0, 1.7, 0.1), (0.2, 0.5, -2.0), (1.0, -1.0, 1.0)] {
            let mut bench = fitted(&TestSample::mono(RATE, &sound), fit, if fit > 0.0 { beats } else { 0.0 });
            bench.slot_param(0, SlotParam::Style, style);
            bench.slot_param(0, SlotParam::Start, 0.5);
            bench.slot_param(0, SlotParam::Finish, 0.75);
            bench.param(Param::Speed, speed);
            bench.param(Param::GrainRate, rate);
            bench.param(Param::GrainSpray, if fit > 0.0 { 0.0 } else { 0.3 });
            bench.note_on(0, note(1));
            let out = bench.run(800).audio.remove(0);
            assert!(loudest(&out) < 0.01, "{name}, {beats} beats, speed {speed}: {}", loudest(&out));
        }
    }
}

#[test]
fn the_last_hit_of_a_stretched_break_is_heard_whole() {
    let hit = 48_000 - 2400;
    let sound: Vec<f32> = (0..60_000).map(|n| if n < hit { 0.0 } else { laws::noise(n, 0) }).collect();
    let power = |sound: &[f32]| sound.iter().map(|x| x * x).sum::<f32>();
    for fit in [2.0, 3.0] {
        let mut bench = fitted(&TestSample::mono(RATE, &sound).with_onsets(&[(hit as usize, 1.0)]), fit, 4.0);
        bench.slot_param(0, SlotParam::Finish, 0.8);
        bench.note_on(0, note(1));
        let out = bench.run(1600).audio.remove(0);
        let heard = power(&out) / power(&sound[hit as usize..48_000]);
        // Twice as long.
        assert!((1.2..2.5).contains(&heard), "fit {fit}: {heard} of it");
        assert!(out[96_001..].iter().all(|x| *x == 0.0), "fit {fit}: it ends in its time");
    }
}

#[test]
fn turned_round_they_go_on_from_where_they_are() {
    for (name, style, fit) in [("grain", 3.0, 0.0), ("in grains", 0.0, 2.0), ("stretch", 0.0, 3.0)] {
        let mut bench = fitted(&TestSample::mono(RATE, &sine()), fit, if fit > 0.0 { 4.0 } else { 0.0 });
        bench.slot_param(0, SlotParam::Style, style);
        bench.note_on(0, note(1));
        bench.run(300);
        let before = bench.meter_at(Meter::Playhead, 0);
        bench.param(Param::Speed, -1.0);
        let out = bench.run(75).audio.remove(0);
        let after = bench.meter_at(Meter::Playhead, 0);
        assert!((before - 0.05 - after).abs() < 0.01, "{name}: from {before} to {after} in 50 ms");
        assert!(step(&out) < 2.0 * (SLOPE + FADE), "{name}: a step of {}", step(&out));
    }
}

#[test]
fn a_stretched_sound_begins_at_its_position() {
    for (fit, speed, place) in [(2.0, 1.0, 0.25), (3.0, 1.0, 0.25), (3.0, -1.0, 0.75)] {
        let mut bench = fitted(&TestSample::mono(RATE, &sine()), fit, 4.0);
        bench.param(Param::Position, 0.25);
        bench.param(Param::Speed, speed);
        bench.note_on(0, note(1));
        bench.quantum();
        let found = bench.meter_at(Meter::Playhead, 0);
        assert!((found - place).abs() < 0.001, "fit {fit}, speed {speed}: at {found}");
    }
}

#[test]
fn a_cloud_that_stands_follows_its_position() {
    let mut bench = sampler(&[(Param::GrainRate, 0.0), (Param::Position, 0.25)]);
    bench.run(10);
    bench.param(Param::Position, 0.75);
    bench.run(1);
    let found = bench.meter_at(Meter::Playhead, 0);
    assert!((found - 0.75).abs() < 0.001, "at {found}");
}

#[test]
fn a_stretched_loop_stays_in_its_loop() {
    // Where it is every tenth of a second, of 2 that last 4.
    let places = |mode: f64| {
        let mut bench = fitted(&TestSample::mono(RATE, &sine()), 3.0, 8.0);
        bench.slot_param(0, SlotParam::Style, 1.0);
        bench.slot_param(0, SlotParam::LoopStart, 0.125);
        bench.slot_param(0, SlotParam::LoopFinish, 0.25);
        bench.slot_param(0, SlotParam::LoopMode, mode);
        bench.note_on(0, note(1));
        let place = |_| {
            bench.run(75);
            bench.meter_at(Meter::Playhead, 0)
        };
        (0..25).map(place).collect::<Vec<_>>()
    };
    for (mode, ways) in [(0.0, [0.15, 0.225, 0.175]), (1.0, [0.225, 0.15, 0.2]), (2.0, [0.225, 0.15, 0.175])] {
        let places = places(mode);
        assert!(places.iter().all(|place| *place < 0.2501), "mode {mode}: {places:?}");
        // After 1.1, 1.4 and 1.7 seconds: it came to its end after 1.
        for (n, expected) in [(10, ways[0]), (13, ways[1]), (16, ways[2])] {
            assert!((places[n] - expected).abs() < 1e-3, "mode {mode}, {n}: {places:?}");
        }
    }
}

#[test]
fn places_and_sprays_are_in_seconds_of_the_sound() {
    let place = |rate: f64| {
        let mut bench = with_sound(&TestSample::mono(rate, &vec![0.1; rate as usize]));
        bench.slot_param(0, SlotParam::Style, 3.0);
        bench.note_on(0, note(1));
        bench.run(300);
        bench.meter_at(Meter::Playhead, 0)
    };
    let (same, twice) = (place(RATE), place(2.0 * RATE));
    assert!((same - twice).abs() < 1e-3, "after 0.4 s at {same} of a second, of a sound of 96 kHz at {twice}");
}

#[test]
fn both_channels_say_where_a_grain_fits() {
    let (sound, silence) = (sine(), vec![0.0; 240 * PERIOD]);
    let run = |left: &[f32], right: &[f32]| {
        let mut bench = fitted(&TestSample::stereo(RATE, left, right), 3.0, 5.7);
        bench.note_on(0, note(1));
        bench.run(1000).audio
    };
    let (one, other) = (run(&sound, &silence), run(&silence, &sound));
    assert_eq!(one[0], other[1]);
    assert!(step(&other[1][300..]) < 1.05 * SLOPE, "{}", step(&other[1]));
}

#[test]
fn each_hit_of_a_stretched_sound_is_heard_once_and_in_its_time() {
    let hits = [0, 6000, 13_001, 16_000, 30_000, 45_000, 46_300];
    let mut sound = vec![0.0; 48_000];
    hits.iter().for_each(|hit| sound[*hit] = 1.0);
    let onsets: Vec<(usize, f32)> = hits.iter().map(|hit| (*hit, 1.0)).collect();
    let sample = TestSample::mono(RATE, &sound).with_onsets(&onsets);
    for longer in [0.5, 0.8, 1.0, 1.25, 2.0, 4.0] {
        // Round and round, of which two rounds are heard.
        let mut bench = fitted(&sample, 3.0, 2.0 * longer);
        bench.slot_param(0, SlotParam::Style, 1.0);
        bench.note_on(0, note(1));
        let out = bench.run((2.0 * 48_000.0 * longer / 64.0) as usize - 2).audio.remove(0);
        let found: Vec<usize> = (0..out.len()).filter(|n| out[*n].abs() > 0.02).collect();
        let times = |round: f64| hits.map(|hit| ((hit as f64 + round * 48_000.0) * longer).round() as usize);
        let expected = [times(0.0), times(1.0)].concat();
        assert_eq!(found.len(), expected.len(), "{longer} times longer: {found:?}, not {expected:?}");
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(found.abs_diff(expected) <= 2, "{longer} times longer: at {found}, not {expected}");
            assert!(out[found] > 0.9, "{longer} times longer, at {found}: {}", out[found]);
        }
    }
}

#[test]
fn a_sound_may_be_fitted_to_next_to_nothing() {
    for (fit, style) in [(2.0, 0.0), (2.0, 1.0), (3.0, 0.0), (3.0, 1.0)] {
        for beats in [1e-18, 5e-324] {
            let sample = TestSample::mono(RATE, &sine()).with_onsets(&[(100, 1.0), (50_000, 1.0)]);
            let mut bench = fitted(&sample, fit, beats);
            bench.slot_param(0, SlotParam::Style, style);
            bench.slot_param(0, SlotParam::LoopFinish, 0.75);
            bench.note_on(0, note(1));
            let out = bench.run(100).audio.remove(0);
            assert!(loudest(&out) < 10.0, "fit {fit}, style {style}, {beats} beats: {}", loudest(&out));
        }
    }
}
