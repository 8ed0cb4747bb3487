//! Glide and vibrato.

use super::*;

#[test]
fn a_note_glides_from_the_one_before() {
    let mut bench = with(&counting(4000));
    bench.param(Param::Glide, 64.0 / RATE);
    bench.note_on(0, note(1));
    bench.action(60, Action::Stop);
    bench.quantum();
    bench.note_on(bench.now(), NoteOn { pitch: Some(72.0), ..note(2) });
    let out = bench.run(2).audio.remove(0);
    let speeds = [out[11] - out[10], out[45] - out[44], out[100] - out[99]];
    assert!((speeds[0] - 1.0).abs() < 0.01 && (speeds[1] - 2f32.sqrt()).abs() < 0.01, "{speeds:?}");
    assert!((speeds[2] - 2.0).abs() < 0.01, "{speeds:?}");
}

#[test]
fn a_glide_comes_from_the_pitch_of_the_note_before() {
    let of = |pitch: Option<f32>, slot: usize, id: u32| NoteOn { pitch, slot: Some(slot), ..note(id) };
    // The root of slot 0 is 48, that of slot 1 is 60; in slot 2 pitches are slices.
    let table = [
        ("the same note of another slot", of(Some(60.0), 0, 1), of(Some(60.0), 1, 2), 1.0),
        ("an octave below", of(Some(48.0), 0, 1), of(Some(60.0), 1, 2), 0.5),
        ("from a root", of(None, 0, 1), of(None, 1, 2), 0.5),
        ("from a slice", of(Some(61.0), 2, 1), of(Some(72.0), 1, 2), 2.0),
        ("to a slice", of(Some(72.0), 1, 1), of(Some(61.0), 2, 2), 1.0),
    ];
    for (name, first, second, speed) in table {
        let mut bench = with(&counting(4000));
        for slot in [1, 2] {
            bench.bind_sample(slot, SlotParam::File, &counting(4000));
        }
        bench.slot_param(0, SlotParam::Root, 48.0);
        bench.slot_param(2, SlotParam::SliceBy, 1.0);
        bench.param(Param::Glide, 10.0);
        bench.note_on(0, first);
        bench.action(32, Action::Stop);
        bench.quantum();
        bench.note_on(bench.now(), second);
        let out = left(&mut bench);
        assert!((out[21] - out[20] - speed).abs() < 0.01, "{name}: {}", out[21] - out[20]);
    }
}

#[test]
fn all_layers_of_a_note_glide_from_the_note_before() {
    let mut bench = with(&counting(4000));
    bench.bind_sample(1, SlotParam::File, &counting(4000));
    bench.param(Param::Select, 1.0);
    bench.param(Param::Glide, 10.0);
    bench.note_on(0, NoteOn { pitch: Some(60.0), ..note(1) });
    bench.action(32, Action::Stop);
    bench.quantum();
    bench.note_on(bench.now(), NoteOn { pitch: Some(72.0), ..note(2) });
    let out = left(&mut bench);
    assert!((out[21] - out[20] - 2.0).abs() < 0.01, "{}", out[21] - out[20]);
}

#[test]
fn vibrato_stays_where_it_is_when_its_rate_is_turned() {
    let mut bench = with(&counting(5000));
    bench.param(Param::VibratoDepth, 12.0);
    bench.param(Param::VibratoRate, RATE / 512.0);
    bench.note_on(0, note(1));
    // After a quarter of a turn it is an octave up.
    bench.param_at(128, Param::VibratoRate, 0.0);
    let out = bench.run(10).audio.remove(0);
    let speeds = [out[132] - out[131], out[600] - out[599]];
    assert!(speeds.iter().all(|speed| (speed - 2.0).abs() < 1e-3), "{speeds:?}");
}

#[test]
fn vibrato_is_the_same_however_a_quantum_is_split() {
    let heard = |split: bool| {
        let mut bench = with(&counting(5000));
        bench.param(Param::VibratoDepth, 3.0);
        bench.note_on(7, note(1));
        bench.param_at(501, Param::VibratoRate, 7.7);
        if split {
            (0..90).for_each(|n| bench.note_off(n * 13 + n % 7, 99));
        }
        bench.run(20).audio
    };
    assert_eq!(heard(false), heard(true));
}

#[test]
fn a_note_may_bring_its_own_glide() {
    let gliding = |own: Option<f32>, module: f64| {
        let mut bench = with(&counting(4000));
        bench.param(Param::Glide, module);
        bench.note_on(0, note(1));
        bench.note_on(64, NoteOn { pitch: Some(72.0), glide: own, ..note(2) });
        bench.run(4).audio.remove(0)
    };
    assert_eq!(gliding(Some(1.0), 5.0), gliding(None, 1.0));
    assert_ne!(gliding(Some(1.0), 5.0), gliding(None, 5.0));
}
