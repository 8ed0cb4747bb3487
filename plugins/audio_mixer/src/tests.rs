//! The mixer against its manifest and the laws.

use cantus_plugin_api::testing::{Bench, laws};

use super::*;

/// 5 ms are 4 frames.
const RATE: f64 = 800.0;

fn at(bench: &mut Bench<AudioMixer>, frame: usize) -> (f32, f32) {
    let audio = bench.quantum().audio;
    (audio[0][frame], audio[1][frame])
}

#[test]
fn one_input_comes_out_as_it_went_in() {
    for port in [0, 7, 15] {
        let mut bench = Bench::<AudioMixer>::new(RATE);
        bench.feed(port, laws::noise);
        let run = bench.run(4);
        for channel in 0..2 {
            let expected: Vec<f32> = (0..256).map(|n| laws::noise(n, channel)).collect();
            assert_eq!(run.audio[channel], expected, "input {port}, channel {channel}");
        }
    }
}

#[test]
fn strips_add_up() {
    use SlotParam::{Gain, Mute, Pan};
    let root2 = std::f32::consts::SQRT_2;
    // Input 1 is always 1 left and 2 right, input 2 always 10 and 20.
    type Strips = &'static [(usize, SlotParam, f64)];
    let table: [(&str, Strips, f64, (f32, f32)); 6] = [
        ("defaults", &[], 1.0, (11.0, 22.0)),
        ("gain of one", &[(0, Gain, 3.0)], 1.0, (13.0, 26.0)),
        ("mute of one", &[(1, Mute, 1.0)], 1.0, (1.0, 2.0)),
        ("left", &[(0, Pan, -1.0), (1, Mute, 1.0)], 1.0, (root2, 0.0)),
        ("right", &[(0, Mute, 1.0), (1, Pan, 1.0), (1, Gain, 0.5)], 1.0, (0.0, 10.0 * root2)),
        ("master", &[(1, Gain, 0.0)], 0.5, (0.5, 1.0)),
    ];
    for (name, values, gain, expected) in table {
        let mut bench = Bench::<AudioMixer>::new(RATE);
        bench.feed(0, |_, channel| [1.0, 2.0][channel]);
        bench.feed(1, |_, channel| [10.0, 20.0][channel]);
        values.iter().for_each(|(slot, param, value)| bench.slot_param(*slot, *param, *value));
        bench.param(Param::Gain, gain);
        assert_eq!(at(&mut bench, 0), expected, "{name}");
    }
}

#[test]
fn unmuting_takes_five_milliseconds() {
    let mut bench = Bench::<AudioMixer>::new(RATE);
    bench.feed(0, |_, _| 1.0);
    bench.slot_param(0, SlotParam::Mute, 1.0);
    bench.slot_param_at(2, 0, SlotParam::Mute, 0.0);
    assert_eq!(bench.quantum().audio[0][..7], [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0]);
}

#[test]
fn a_ramp_goes_on_while_its_input_is_silent() {
    let mut bench = Bench::<AudioMixer>::new(RATE);
    bench.slot_param_at(62, 0, SlotParam::Gain, 0.0); // ends in the second quantum, after 2 more frames
    bench.quantum();
    bench.feed(0, |_, _| 1.0);
    assert_eq!(bench.quantum().audio[0][..4], [0.25, 0.0, 0.0, 0.0]);
}

#[test]
fn meters_show_the_peaks() {
    let mut bench = Bench::<AudioMixer>::new(RATE);
    bench.feed(3, |_, channel| [0.5, -0.25][channel]);
    bench.quantum();
    assert_eq!((bench.meter(Meter::PeakLeft), bench.meter(Meter::PeakRight)), (0.5, 0.25));
}

#[test]
fn keeps_the_laws() {
    let feed = |bench: &mut Bench<AudioMixer>| {
        bench.feed(0, |_, _| 1.0);
        bench.feed(15, |_, _| -0.5);
    };
    laws::all(feed);
    laws::moving_events_moves_effect(feed, |bench, at| {
        bench.slot_param_at(at, 15, SlotParam::Pan, 0.5);
        bench.slot_param_at(at + 3, 0, SlotParam::Mute, 1.0);
    });
}
