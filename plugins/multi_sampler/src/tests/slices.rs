//! Slices, sounds that are made to last some beats, what files say, and values of one note alone.

use cantus_plugin_api::LoopDirection;
use cantus_plugin_api::testing::TestNumbers;

use super::*;

fn pitched(id: u32, pitch: f32) -> NoteOn {
    NoteOn { pitch: Some(pitch), ..note(id) }
}

/// The first frame of each note's sound, from the second one on, where what was taken off a beginning is gone, less 1.
fn begins(bench: &mut Sampler, pitches: &[f32]) -> Vec<f32> {
    let mut begins = Vec::new();
    for (id, pitch) in (1..).zip(pitches) {
        bench.note_on(bench.now(), pitched(id, *pitch));
        // The offset is gone after 4 frames.
        begins.push(left(bench)[4] - 5.0);
        bench.action(bench.now(), Action::Stop);
        bench.quantum();
    }
    begins
}

#[test]
fn notes_play_slices() {
    let sample = counting(100).with_cues(&[0, 30, 70]).with_onsets(&[(3, 1.0), (20, 0.9), (40, 0.1), (60, 0.5)]);
    let points = TestNumbers::new(&[0.0, 0.25, 0.2, 0.5]);
    type Row = (&'static str, &'static [(SlotParam, f64)], &'static [f32], &'static [f32]);
    let table: [Row; 7] = [
        ("off", &[], &[60.0], &[0.0]),
        (
            "count",
            &[(SlotParam::SliceBy, 1.0), (SlotParam::Slices, 4.0)],
            &[60.0, 61.0, 63.0, 64.0, 59.0],
            &[0.0, 25.0, 75.0, 0.0, 75.0],
        ),
        ("cues", &[(SlotParam::SliceBy, 2.0)], &[60.0, 61.0, 62.0, 63.0], &[0.0, 30.0, 70.0, 0.0]),
        ("onsets", &[(SlotParam::SliceBy, 3.0)], &[60.0, 61.0, 62.0, 63.0], &[0.0, 20.0, 60.0, 0.0]),
        (
            "all onsets",
            &[(SlotParam::SliceBy, 3.0), (SlotParam::SliceStrength, 0.0)],
            &[61.0, 62.0, 63.0],
            &[20.0, 40.0, 60.0],
        ),
        ("list", &[(SlotParam::SliceBy, 4.0)], &[60.0, 61.0, 62.0], &[0.0, 25.0, 50.0]),
        (
            "by number",
            &[(SlotParam::SliceBy, 1.0), (SlotParam::Slices, 4.0), (SlotParam::Slice, 2.0)],
            &[60.0],
            &[50.0],
        ),
    ];
    for (name, set, pitches, expected) in table {
        let mut bench = with(&sample);
        bench.bind_slot_numbers(0, SlotParam::SlicePoints, &points);
        set.iter().for_each(|(param, value)| bench.slot_param(0, *param, *value));
        assert_eq!(begins(&mut bench, pitches), expected, "{name}");
    }
}

#[test]
fn a_slice_ends_where_the_next_begins() {
    let mut bench = with(&counting(40));
    bench.slot_param(0, SlotParam::SliceBy, 1.0);
    bench.slot_param(0, SlotParam::Slices, 4.0);
    bench.note_on(0, pitched(1, 60.0));
    // The last 4 frames fade out.
    assert_eq!(left(&mut bench), padded(0, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 5.6, 4.8, 9.0 * 0.4, 2.0]));
}

#[test]
fn what_the_file_says() {
    // Recorded an octave higher than C4, with a loop.
    let sample = counting(40).with_root(72.0).with_loop(3, 6, LoopDirection::PING_PONG);
    let mut bench = with(&sample);
    bench.slot_param(0, SlotParam::Style, 1.0);
    bench.note_on(0, pitched(1, 72.0));
    assert_eq!(left(&mut bench)[..10], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 5.0, 4.0, 4.0]);
    // What is set goes before it.
    let mut bench = with(&sample);
    bench.slot_param(0, SlotParam::Style, 1.0);
    bench.slot_param(0, SlotParam::Root, 60.0);
    bench.slot_param(0, SlotParam::LoopFinish, 0.1);
    bench.note_on(0, pitched(1, 60.0));
    assert_eq!(left(&mut bench)[..6], [1.0, 2.0, 3.0, 4.0, 1.0, 2.0]);
}

#[test]
fn sounds_are_made_to_last_some_beats_by_pitch() {
    // At 800 Hz and 60 beats a minute two beats are 1600 frames.
    for (param, value) in [(SlotParam::FitBeats, 2.0), (SlotParam::FitRows, 8.0)] {
        let mut bench = with(&counting(400));
        bench.play(60.0);
        bench.slot_param(0, param, value);
        bench.note_on(0, note(1));
        let out = bench.run(26).audio.remove(0);
        assert_eq!(out[..1600].iter().rposition(|x| *x != 0.0), Some(1599));
        assert!((out[800] - 201.0).abs() < 0.3 && out[1600] == 0.0, "{} {}", out[800], out[1600]);
    }
}

#[test]
fn slices_come_in_their_time() {
    // Four slices of 100 frames with a click each, in two beats of 800 frames at 60 beats a minute.
    let mut clicks = vec![0.0; 400];
    (0..4).for_each(|n| clicks[100 * n] = 1.0);
    for faster in [1.0, 2.5] {
        let mut bench = with(&TestSample::mono(RATE, &clicks));
        bench.play(60.0 * faster);
        bench.slot_param(0, SlotParam::SliceBy, 1.0);
        bench.slot_param(0, SlotParam::Slices, 4.0);
        bench.slot_param(0, SlotParam::FitBeats, 2.0);
        bench.slot_param(0, SlotParam::Fit, 1.0);
        bench.note_on(7, note(1));
        let out = bench.run(30).audio.remove(0);
        // The first is heard; of those that begin in the middle the first frame is what is taken off.
        let heard: Vec<usize> = (0..out.len()).filter(|n| out[*n].abs() > 0.7).collect();
        let apart = 1600.0 / faster / 4.0;
        let expected: Vec<usize> = (0..4).map(|n| 7 + (apart * f64::from(n)).ceil() as usize).collect();
        assert_eq!(heard.first(), expected.first());
        for at in &expected[1..] {
            assert!(out[at + 1] < -0.5, "{faster}: at {at}: {:?}", &out[at - 2..at + 4]);
            assert_eq!(out[at - 1], 0.0, "{faster}: before {at}");
        }
    }
}

#[test]
fn a_stretched_sound_lasts_as_long_as_it_should_at_its_own_pitch() {
    const RATE: f64 = 48_000.0;
    let sine: Vec<f32> = (0..48_000).map(|n| (2.0 * std::f32::consts::PI * n as f32 / 100.0).sin()).collect();
    for (fit, beats) in [(2.0, 1.0), (2.0, 4.0), (3.0, 1.0), (3.0, 3.0)] {
        let render = || {
            let mut bench = Sampler::new(RATE);
            bench.bind_sample(0, SlotParam::File, &TestSample::mono(RATE, &sine));
            bench.play(120.0);
            bench.slot_param(0, SlotParam::Fit, fit);
            bench.slot_param(0, SlotParam::FitBeats, beats);
            bench.note_on(0, note(1));
            bench.run(1700).audio.remove(0)
        };
        let out = render();
        let last = out.iter().rposition(|x| x.abs() > 1e-3).expect("it sounds") as f64;
        let expected = beats * 24_000.0;
        assert!((last - expected).abs() < 6000.0, "{fit}, {beats} beats: {last} frames, not {expected}");
        let inside = &out[4800..(expected as usize - 4800)];
        let crossings = inside.windows(2).filter(|two| two[0] < 0.0 && two[1] >= 0.0).count() as f64;
        let pitch = crossings * 100.0 / inside.len() as f64;
        assert!((pitch - 1.0).abs() < 0.05, "{fit}, {beats} beats: {pitch} times its pitch");
        assert_eq!(out, render(), "the same bytes each time");
        if fit == 3.0 {
            // Grains that fit one another keep the level.
            let level = |part: &[f32]| (part.iter().map(|x| x * x).sum::<f32>() / part.len() as f32).sqrt();
            assert!(inside.chunks(960).all(|part| level(part) > 0.6), "{beats} beats");
        }
    }
}

#[test]
fn one_note_may_have_values_of_its_own() {
    let mut bench = with(&counting(100));
    bench.note_param(0, 2, Param::Volume, 0.5);
    bench.note_slot_param(0, 2, SlotParam::Start, 0.5);
    bench.note_on(0, note(1));
    assert_eq!(left(&mut bench)[..3], [1.0, 2.0, 3.0], "it was not for this one");
    bench.action(bench.now(), Action::Stop);
    bench.quantum();
    bench.note_on(bench.now(), note(2));
    assert_eq!(left(&mut bench)[4..7], [27.5, 28.0, 28.5]);
    bench.action(bench.now(), Action::Stop);
    bench.quantum();
    bench.note_on(bench.now(), note(2));
    assert_eq!(left(&mut bench)[..3], [1.0, 2.0, 3.0], "nor for the next of that name");
    // While it sounds.
    bench.note_param(bench.now() + 3, 2, Param::Transpose, 12.0);
    let out = left(&mut bench);
    assert_eq!([out[1] - out[0], out[10] - out[9]], [1.0, 2.0]);
}
