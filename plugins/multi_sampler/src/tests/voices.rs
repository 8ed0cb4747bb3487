//! Who sounds, from where and how long.

use super::*;

#[test]
fn a_loop_may_be_left_when_the_note_is() {
    let mut bench = with(&counting(200));
    bench.slot_param(0, SlotParam::Style, 1.0);
    bench.slot_param(0, SlotParam::LoopFinish, 0.05);
    bench.slot_param(0, SlotParam::LoopRelease, 1.0);
    bench.param(Param::Release, 10.0);
    bench.note_on(0, note(1));
    bench.run(10);
    bench.note_off(bench.now() + 3, 1);
    let out = left(&mut bench);
    assert!(out[..4].iter().all(|x| *x <= 10.0), "round and round: {out:?}");
    assert!(out[10..].windows(2).all(|two| two[1] > two[0]) && out[60] > 50.0, "on to the finish: {out:?}");
}

#[test]
fn without_a_gate_a_note_plays_to_its_end() {
    let mut bench = with(&counting(6));
    bench.slot_param(0, SlotParam::Gate, 0.0);
    bench.note_on(0, note(1));
    bench.note_off(2, 1);
    assert_eq!(left(&mut bench), padded(0, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
}

#[test]
fn next_goes_on_where_the_note_before_ended() {
    let mut bench = with(&counting(20));
    bench.slot_param(0, SlotParam::Style, 2.0);
    bench.param(Param::Release, 5.0 / RATE);
    bench.note_on(0, note(1));
    bench.note_off(4, 1);
    bench.quantum();
    // It was heard for 9 frames, until its release ended.
    bench.note_on(bench.now(), note(2));
    let out = left(&mut bench);
    assert_eq!(out[4..10], [14.0, 15.0, 16.0, 17.0, 18.0, 19.0]);
    // And from the start again at the finish.
    assert_eq!(out[10..13], [20.0, 1.0, 2.0]);
}

#[test]
fn a_new_note_may_end_those_of_its_column() {
    for (what, expected) in [(0.0, 2.0), (1.0, 1.0), (2.0, 1.0)] {
        let mut bench = with(&ones());
        bench.param(Param::NewNote, what);
        bench.note_on(0, NoteOn { column: 1, ..note(1) });
        bench.note_on(0, NoteOn { column: 2, ..note(2) });
        bench.quantum();
        bench.note_on(bench.now(), NoteOn { column: 1, ..note(3) });
        let out = left(&mut bench);
        assert_eq!(out[60], 1.0 + expected, "{what}");
    }
}

#[test]
fn one_voice_alone() {
    for (voicing, comes_back) in [(1.0, 1.0), (2.0, 3.0)] {
        let mut bench = with(&counting(4000));
        bench.param(Param::Voicing, voicing);
        bench.note_on(0, note(1));
        bench.quantum();
        bench.note_on(bench.now(), NoteOn { pitch: Some(72.0), ..note(2) });
        let second = left(&mut bench);
        assert_eq!(bench.meter(Meter::Voices), 1.0);
        bench.note_off(bench.now(), 2);
        let third = left(&mut bench);
        assert_eq!(bench.meter(Meter::Voices), 1.0, "the first is still held");
        let begins = third[10] < second[60];
        assert_eq!(begins, comes_back == 1.0, "voicing {voicing}: {} {}", second[60], third[10]);
        // At its own pitch again.
        assert_eq!(third[40] - third[39], 1.0);
        bench.note_off(bench.now(), 1);
        bench.run(2);
        assert_eq!(bench.meter(Meter::Voices), 0.0);
    }
}

#[test]
fn what_ends_a_note_and_how_fast() {
    let faded: &[f32] = &[1.0, 1.0, 1.0, 0.75, 0.5, 0.25];
    type End = fn(&mut Sampler);
    let table: [(&str, End, &[f32]); 4] = [
        ("note-off", |b| b.note_off(2, 1), &[1.0, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]),
        ("choke", |b| b.choke(2, 1), faded),
        ("stop", |b| b.action(2, Action::Stop), faded),
        (
            "note-off, then stop",
            |b| {
                b.note_off(2, 1);
                b.action(6, Action::Stop);
            },
            &[1.0, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125],
        ),
    ];
    for (name, end, expected) in table {
        let mut bench = with(&ones());
        bench.note_on(0, note(1));
        bench.note_on(0, NoteOn { slot: Some(9), ..note(2) });
        end(&mut bench);
        assert_eq!(left(&mut bench), padded(0, expected), "{name}");
        assert_eq!(bench.meter(Meter::Voices), 0.0, "{name}");
    }
}

#[test]
fn a_choke_group_has_one_voice() {
    let mut bench = with(&ones());
    for (slot, group) in [(0, 1.0), (1, 1.0), (2, 2.0), (3, 0.0)] {
        bench.bind_sample(slot, SlotParam::File, &ones());
        bench.slot_param(slot, SlotParam::Choke, group);
    }
    let voices: Vec<f32> = [0, 2, 3, 3, 1, 1, 2, 0]
        .into_iter()
        .zip(1..)
        .map(|(slot, id)| {
            bench.note_on(bench.now(), NoteOn { slot: Some(slot), ..note(id) });
            bench.quantum();
            bench.meter(Meter::Voices)
        })
        .collect();
    assert_eq!(voices, [1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0, 4.0]);
}

#[test]
fn stealing_takes_the_released_then_the_oldest_and_loses_no_onset() {
    // Slot n sounds as 10 to the power of n, so a sum shows who sounds.
    let mut bench = Sampler::new(RATE);
    for slot in 0..4 {
        bench.bind_sample(slot, SlotParam::File, &TestSample::mono(RATE, &[10f32.powi(slot as i32); 5000]));
    }
    bench.param(Param::Polyphony, 2.0);
    bench.param(Param::Release, 10.0);
    let on = |bench: &mut Sampler, at, slot: usize| bench.note_on(at, NoteOn { slot: Some(slot), ..note(slot as u32) });
    on(&mut bench, 0, 0);
    on(&mut bench, 10, 1);
    on(&mut bench, 20, 2); // the oldest, slot 0, goes
    let out = left(&mut bench);
    assert_eq!([9, 10, 19, 20, 21, 22, 23, 24].map(|n| out[n]), [1.0, 11.0, 11.0, 111.0, 110.75, 110.5, 110.25, 110.0]);
    bench.note_off(64, 2);
    on(&mut bench, 64, 3); // slot 2 is released and goes, though slot 1 is older
    let out = left(&mut bench);
    assert_eq!([0, 1, 4].map(|n| out[n]), [1110.0, 1085.0, 1010.0]);
}

#[test]
fn a_flood_of_notes_stays_bounded_and_every_onset_is_heard() {
    let mut bench = with(&TestSample::mono(RATE, &[0.0; 5000]));
    bench.bind_sample(1, SlotParam::File, &TestSample::mono(RATE, &[1.0]));
    bench.param(Param::Polyphony, 256.0);
    for id in 1..=600 {
        bench.note_on(3, note(id));
    }
    bench.note_on(3, NoteOn { slot: Some(1), ..note(601) });
    assert_eq!(left(&mut bench), padded(3, &[1.0]));
}

#[test]
fn a_note_may_say_by_itself_what_it_does_to_earlier_ones() {
    for (module, own, voices) in [(0.0, 2.0, 1.0), (2.0, 0.0, 2.0)] {
        let mut bench = with(&ones());
        bench.param(Param::NewNote, module);
        bench.note_on(0, note(1));
        bench.quantum();
        bench.note_param(bench.now(), 2, Param::NewNote, own);
        bench.note_on(bench.now(), note(2));
        bench.run(2);
        assert_eq!(bench.meter(Meter::Voices), voices, "new_note {module}, locked to {own}");
    }
}

#[test]
fn legato_goes_on_whatever_new_notes_do() {
    for what in [0.0, 1.0, 2.0] {
        let mut bench = with(&counting(4000));
        bench.param(Param::Voicing, 2.0);
        bench.param(Param::NewNote, what);
        bench.note_on(0, note(1));
        bench.note_on(32, note(2));
        assert_eq!(left(&mut bench)[63], 64.0, "new_note {what}");
    }
}

#[test]
fn a_note_without_a_gate_may_leave_its_loop_too() {
    let mut bench = with(&counting(200));
    bench.slot_param(0, SlotParam::Style, 1.0);
    bench.slot_param(0, SlotParam::LoopFinish, 0.05);
    bench.slot_param(0, SlotParam::LoopRelease, 1.0);
    bench.slot_param(0, SlotParam::Gate, 0.0);
    bench.note_on(0, note(1));
    bench.note_off(100, 1);
    let out = bench.run(6).audio.remove(0);
    assert!(out[..100].iter().all(|x| *x <= 10.0), "round and round: {out:?}");
    assert!(out.contains(&200.0), "on to the finish: {out:?}");
    assert_eq!(bench.meter(Meter::Voices), 0.0);
}

#[test]
fn a_new_note_releases_also_what_has_no_gate() {
    let mut bench = with(&ones());
    bench.slot_param(0, SlotParam::Gate, 0.0);
    bench.param(Param::NewNote, 1.0);
    bench.note_on(0, note(1));
    bench.note_off(2, 1);
    bench.note_on(32, note(2));
    let out = left(&mut bench);
    assert_eq!((out[31], out[63]), (1.0, 1.0), "{out:?}");
}

#[test]
fn without_a_gate_a_note_that_sounds_alone_plays_to_its_end() {
    for voicing in [1.0, 2.0] {
        let mut bench = with(&counting(5000));
        bench.param(Param::Voicing, voicing);
        bench.slot_param(0, SlotParam::Gate, 0.0);
        bench.note_on(0, note(1));
        bench.note_on(0, NoteOn { pitch: Some(72.0), ..note(2) });
        bench.note_off(32, 2);
        let out = left(&mut bench);
        assert_eq!(out[63] - out[31], 64.0, "voicing {voicing}");
        bench.note_on(bench.now(), note(3));
        bench.run(2);
        assert!(bench.meter_at(Meter::Playhead, 0) > 0.0, "voicing {voicing}: the first playhead is its");
    }
}

#[test]
fn mono_begins_anew_from_where_both_envelopes_are() {
    for (name, off) in [("held", 5000), ("released", 190)] {
        let mut bench = with(&ones());
        bench.param(Param::Voicing, 1.0);
        bench.param(Param::Attack, 400.0 / RATE);
        bench.param(Param::Release, 10.0);
        bench.note_on(0, note(1));
        bench.note_off(off, 1);
        bench.note_on(200, note(2));
        let out = bench.run(4).audio.remove(0);
        assert!((out[204] - 0.5).abs() < 0.03, "{name}: {} at first, then {}", out[199], out[204]);
    }
    let mut bench = with(&counting(5000));
    bench.param(Param::Voicing, 1.0);
    bench.param(Param::ModPitch, 12.0);
    bench.param(Param::ModAttack, 400.0 / RATE);
    bench.note_on(0, note(1));
    bench.note_on(200, note(2));
    let out = bench.run(4).audio.remove(0);
    let speeds = [out[199] - out[198], out[210] - out[209]];
    assert!(speeds.iter().all(|speed| (1.35..1.45).contains(speed)), "{speeds:?}");
}

/// Slots 0 to 2 sound as 1, 10 and 100: the first for all notes, then one below C4, then one from there on.
fn layers() -> Sampler {
    let mut bench = Sampler::new(RATE);
    for slot in 0..3 {
        bench.bind_sample(slot, SlotParam::File, &TestSample::mono(RATE, &[10f32.powi(slot as i32); 5000]));
        // At any pitch.
        bench.slot_param(slot, SlotParam::Root, 60.0);
    }
    bench.slot_param(1, SlotParam::HighKey, 59.0);
    bench.slot_param(2, SlotParam::LowKey, 60.0);
    bench.param(Param::Select, 1.0);
    bench
}

#[test]
fn a_note_that_sounds_alone_has_all_its_layers() {
    for (voicing, goes_on) in [(1.0, false), (2.0, true)] {
        let mut bench = layers();
        bench.param(Param::Voicing, voicing);
        bench.note_on(0, NoteOn { pitch: Some(59.0), ..note(1) });
        assert_eq!(left(&mut bench)[60], 11.0, "voicing {voicing}");
        let place = bench.meter_at(Meter::Playhead, 0);
        bench.note_on(bench.now(), NoteOn { pitch: Some(60.0), ..note(2) });
        assert_eq!(left(&mut bench)[60], 101.0, "voicing {voicing}");
        assert_eq!(bench.meter(Meter::Voices), 2.0, "voicing {voicing}");
        let places = [0, 1, 2].map(|n| bench.meter_at(Meter::Playhead, n));
        assert_eq!(places.iter().any(|now| *now > 1.5 * place), goes_on, "voicing {voicing}: {place}, then {places:?}");
        bench.note_off(bench.now(), 2);
        assert_eq!(left(&mut bench)[60], 11.0, "voicing {voicing}: the first is still held");
    }
}

#[test]
fn polyphony_counts_notes_not_layers() {
    for (polyphony, second, third) in [(1.0, 101.0, 11.0), (2.0, 112.0, 112.0), (3.0, 112.0, 123.0)] {
        let mut bench = layers();
        bench.param(Param::Polyphony, polyphony);
        bench.note_on(0, NoteOn { pitch: Some(59.0), ..note(1) });
        assert_eq!(left(&mut bench)[60], 11.0, "polyphony {polyphony}");
        bench.note_on(bench.now(), NoteOn { pitch: Some(60.0), ..note(2) });
        assert_eq!(left(&mut bench)[60], second, "polyphony {polyphony}");
        bench.note_on(bench.now(), NoteOn { pitch: Some(59.0), ..note(3) });
        assert_eq!(left(&mut bench)[60], third, "polyphony {polyphony}");
    }
}

#[test]
fn the_quietest_note_is_so_with_all_its_layers() {
    let mut bench = layers();
    bench.param(Param::Polyphony, 2.0);
    bench.param(Param::Steal, 2.0);
    // Of 1 and 10, each half as loud; of 1 alone; and what takes the place of one of them.
    bench.note_on(0, NoteOn { pitch: Some(59.0), velocity: Some(0.6), ..note(1) });
    bench.note_on(0, NoteOn { slot: Some(0), ..note(2) });
    bench.note_on(0, NoteOn { slot: Some(2), ..note(3) });
    assert_eq!(left(&mut bench)[60], 106.6);
}

#[test]
fn next_begins_a_new_file_at_its_start() {
    for (name, off) in [("the old one sounds", 500), ("the old one has ended", 70)] {
        let mut bench = with(&counting(5000));
        bench.slot_param(0, SlotParam::Style, 2.0);
        bench.note_on(0, note(1));
        bench.note_off(off, 1);
        bench.quantum();
        bench.bind_sample(0, SlotParam::File, &counting(4000));
        bench.run(2);
        bench.note_on(bench.now(), note(2));
        assert_eq!(left(&mut bench)[10], 11.0, "{name}");
    }
}

#[test]
fn next_goes_on_from_a_note_that_sounds_alone() {
    for voicing in [0.0, 1.0] {
        let mut bench = with(&counting(5000));
        bench.param(Param::Voicing, voicing);
        bench.slot_param(0, SlotParam::Style, 2.0);
        bench.note_on(0, note(1));
        bench.note_on(32, note(2));
        assert_eq!(left(&mut bench)[63], 64.0, "voicing {voicing}");
    }
}

#[test]
fn a_playhead_stays_in_its_place_while_its_voice_sounds() {
    let mut bench = with(&counting(20));
    bench.bind_sample(1, SlotParam::File, &TestSample::mono(RATE, &[0.0; 640]));
    bench.note_on(0, note(1));
    bench.note_on(0, NoteOn { slot: Some(1), ..note(2) });
    bench.note_on(10, NoteOn { slot: Some(1), ..note(3) });
    let places = |bench: &mut Sampler| {
        bench.quantum();
        [0, 1, 2, 3].map(|n| bench.meter_at(Meter::Playhead, n))
    };
    assert_eq!(places(&mut bench), [-1.0, 0.1, 54.0 / 640.0, -1.0].map(|x: f64| x as f32), "the first has ended");
    bench.note_on(bench.now(), NoteOn { slot: Some(1), ..note(4) });
    assert_eq!(places(&mut bench), [0.1, 0.2, 118.0 / 640.0, -1.0].map(|x: f64| x as f32), "another takes its place");
}

#[test]
fn a_note_that_is_held_comes_back_also_where_the_one_over_it_has_ended() {
    let mut bench = with(&ones());
    bench.bind_sample(1, SlotParam::File, &TestSample::mono(RATE, &[5.0; 10]));
    bench.param(Param::Voicing, 1.0);
    bench.note_on(0, note(1));
    bench.note_on(64, NoteOn { slot: Some(1), ..note(2) });
    bench.note_off(128 + 10, 2);
    let heard = bench.run(3).audio.remove(0);
    assert_eq!([heard[60], heard[68], heard[137], heard[138 + 10]], [1.0, 5.0, 0.0, 1.0]);
}
