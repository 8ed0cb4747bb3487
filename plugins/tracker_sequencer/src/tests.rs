//! The sequencer against its manifest and the laws.

use cantus_plugin_api::testing::{Bench, Happening, Run, TestPattern, TestSequence, laws, step};

use super::*;

mod steps;

type Sequencer = Bench<TrackerSequencer>;

/// At 60 beats per minute a beat is 16 samples, a quantum 4 beats.
const RATE: f64 = 16.0;

fn playing(pattern: &TestPattern, bpm: f64) -> Sequencer {
    let mut bench = Sequencer::new(RATE);
    bench.bind_sequence(Param::Pattern, &pattern.endless());
    bench.play(bpm);
    bench
}

/// Every event as (sample, '+' or '-', pitch of the note).
fn shown(run: &Run) -> Vec<(u64, char, f32)> {
    let mut pitches = std::collections::HashMap::new();
    let show = |event: &cantus_plugin_api::testing::Emitted| match event.what {
        Happening::On(on) => {
            pitches.insert(on.note, on.pitch.unwrap_or(f32::NAN));
            (event.sample, '+', pitches[&on.note])
        }
        Happening::Off(note) => (event.sample, '-', pitches[&note]),
        Happening::Choke(note) => (event.sample, '!', pitches[&note]),
        Happening::Lock(_, lock, value) => (event.sample, '=', f32::from(lock) * 1000.0 + value as f32),
    };
    run.events.iter().map(show).collect()
}

/// The same under another name.
fn another(pattern: &TestPattern) -> TestSequence {
    pattern.endless().called(2)
}

/// Four rows of one note each, 60 to 63, each ended by the next.
fn scale() -> TestPattern {
    TestPattern::new(4, 2.0, &[0, 1, 2, 3].map(|row| step(row, 0, 60.0 + row as f32, 1.0)))
}

#[test]
fn begins_on_frame_0_and_ends_each_note_before_the_next() {
    let run = playing(&scale(), 60.0).quantum();
    assert_eq!(
        shown(&run)[..8],
        [
            (0, '+', 60.0),
            (8, '-', 60.0),
            (8, '+', 61.0),
            (16, '-', 61.0),
            (16, '+', 62.0),
            (24, '-', 62.0),
            (24, '+', 63.0),
            (32, '-', 63.0)
        ]
    );
}

#[test]
fn every_onset_of_ten_minutes_is_on_its_exact_sample() {
    let mut bench = Bench::<TrackerSequencer>::new(48000.0);
    bench.bind_sequence(Param::Pattern, &TestPattern::new(1, 3.0, &[step(0, 0, 60.0, 0.5)]).endless());
    bench.play(137.3);
    let run = bench.run(450_000);
    let onsets: Vec<u64> = run.ons().map(|(sample, _)| sample).collect();
    let per_row = (60 * 48_000 * 10, 1373 * 3);
    let expected: Vec<u64> = (0..4119).map(|k| (2 * k * per_row.0 + per_row.1) / (2 * per_row.1)).collect();
    assert_eq!(onsets, expected);
    assert_eq!(run.offs().count(), 4119);
    assert_eq!(run.refused, 0);
}

#[test]
fn a_change_of_tempo_neither_drops_nor_doubles_a_step() {
    for at in 0..130 {
        for (bpm, then) in [(60.0, 240.0), (240.0, 60.0), (60.0, 59.0), (90.0, 91.0)] {
            let mut bench = playing(&TestPattern::new(4, 2.0, &[0, 1, 2, 3].map(|r| step(r, 0, r as f32, 1.0))), bpm);
            let mut run = bench.run((at / 64) as usize);
            bench.tempo(at, then);
            run.events.extend(bench.run(6).events);
            for (count, (_, on)) in run.ons().enumerate() {
                assert_eq!(on.pitch, Some((count % 4) as f32), "step {count}, {bpm} to {then} at {at}");
            }
            let changed = |k: u64| {
                let before = at as f64 * bpm / 960.0;
                let beat = k as f64 / 2.0;
                let exact =
                    if beat <= before { beat * 960.0 / bpm } else { at as f64 + (beat - before) * 960.0 / then };
                (exact + 0.5 + 1e-6).floor() as u64
            };
            for (k, (sample, _)) in run.ons().enumerate() {
                assert_eq!(sample, changed(k as u64), "step {k}, {bpm} to {then} at {at}");
            }
        }
    }
}

#[test]
fn another_pattern_carries_on_in_phase_and_ends_what_sounds() {
    let mut bench = playing(&scale(), 60.0);
    let other = TestPattern::new(4, 2.0, &[0, 1, 2, 3].map(|row| step(row, 0, 70.0 + row as f32, 1.0)));
    bench.bind_sequence_at(20, Param::Pattern, &another(&other));
    let run = bench.quantum();
    let expected = [(16, '+', 62.0), (20, '-', 62.0), (24, '+', 73.0), (32, '-', 73.0), (32, '+', 70.0)];
    assert_eq!(shown(&run)[4..9], expected);
}

#[test]
fn another_pace_carries_on_at_the_same_beat() {
    let mut bench = playing(&scale(), 60.0);
    let mut run = bench.quantum();
    // Bound at beat 4, which is row 16 of 4 per beat: row 0 of the second cycle.
    let fast = TestPattern::new(16, 4.0, &[step(5, 0, 80.0, 1.0), step(6, 0, 81.0, 1.0)]);
    bench.bind_sequence(Param::Pattern, &another(&fast));
    run.events.extend(bench.quantum().events);
    let last = [(64, '-', 63.0), (84, '+', 80.0), (88, '-', 80.0), (88, '+', 81.0), (92, '-', 81.0)];
    assert_eq!(shown(&run)[15..], last);
}

#[test]
fn rows_that_pass_while_there_is_no_pattern_are_not_made_up_for() {
    let mut bench = playing(&scale(), 60.0);
    bench.quantum();
    bench.unbind_sequence(Param::Pattern);
    bench.run(2);
    bench.bind_sequence_at(195, Param::Pattern, &scale().endless());
    assert_eq!(shown(&bench.quantum())[..3], [(200, '+', 61.0), (208, '-', 61.0), (208, '+', 62.0)]);
}

#[test]
fn what_ends_all_notes_on_its_exact_frame() {
    type Change = fn(&mut Sequencer, u64);
    let changes: [(&str, Change); 6] = [
        ("pause", |b, at| b.pause(at)),
        ("stop", |b, at| b.stop(at)),
        ("seek", |b, at| b.seek(at, 0.5)),
        ("loop", |b, at| b.turn(at, 0.5)),
        ("nothing to play", |b, at| b.unbind_sequence_at(at, Param::Pattern)),
        ("another pattern", |b, at| b.bind_sequence_at(at, Param::Pattern, &another(&chord()))),
    ];
    for (name, change) in changes {
        for at in [64, 65, 100, 127] {
            let mut bench = playing(&chord(), 60.0);
            let before = bench.quantum();
            let ons: Vec<NoteId> = before.ons().map(|(_, on)| on.note).collect();
            assert_eq!((ons.len(), before.offs().count()), (3, 0), "{name}");
            change(&mut bench, at);
            let offs: Vec<(u64, NoteId)> = bench.quantum().offs().take(3).collect();
            assert_eq!(offs, ons.iter().map(|&n| (at, n)).collect::<Vec<_>>(), "{name} at {at}");
        }
    }
}

/// Three notes that the pattern never ends, once in 100 beats.
fn chord() -> TestPattern {
    let chord = [60.0, 64.0, 67.0].map(|pitch| step(0, pitch as u16 - 60, pitch, 0.0));
    TestPattern::new(200, 2.0, &chord)
}

#[test]
fn a_loop_that_turns_inside_a_quantum_plays_its_rows_again() {
    let mut bench = playing(&scale(), 60.0);
    bench.turn(20, 0.5);
    bench.turn(34, 0.5);
    assert_eq!(
        shown(&bench.quantum())[3..11],
        [
            (16, '-', 61.0),
            (16, '+', 62.0),
            (20, '-', 62.0),
            (20, '+', 61.0),
            (28, '-', 61.0),
            (28, '+', 62.0),
            (34, '-', 62.0),
            (34, '+', 61.0),
        ]
    );
}

#[test]
fn swing_delays_every_second_row_and_notes_keep_touching() {
    let mut bench = playing(&scale(), 60.0);
    bench.swing(0.75, 0.5);
    assert_eq!(
        shown(&bench.quantum())[..6],
        [(0, '+', 60.0), (12, '-', 60.0), (12, '+', 61.0), (16, '-', 61.0), (16, '+', 62.0), (28, '-', 62.0)]
    );
}

#[test]
fn pause_and_play_go_on_where_they_were() {
    let mut bench = playing(&scale(), 45.0); // a quantum is 3 beats
    bench.quantum();
    bench.pause(64);
    assert_eq!(bench.run(3).ons().count(), 0);
    bench.play(60.0);
    // Beat 3 is row 6, which is row 2 of the second cycle.
    let on = bench.quantum().ons().next().map(|(sample, on)| (sample, on.pitch));
    assert_eq!(on, Some((256, Some(62.0))));
}

#[test]
fn a_pattern_longer_than_a_quantum_comes_round() {
    let mut bench = playing(&TestPattern::new(24, 1.0, &[step(0, 0, 60.0, 2.0), step(17, 1, 61.0, 30.0)]), 60.0);
    let expected = [
        (0, '+', 60.0),
        (32, '-', 60.0),
        (17 * 16, '+', 61.0),
        (24 * 16, '+', 60.0),
        (26 * 16, '-', 60.0),
        (41 * 16, '+', 61.0),
        (47 * 16, '-', 61.0),
    ];
    assert_eq!(shown(&bench.run(12)), expected);
}

#[test]
fn what_a_step_says_reaches_the_note() {
    let open = step(0, 1, f32::NAN, 1.0);
    let full = raw::Step { slot: 3, velocity: 0.5, ..step(0, 2, 60.0, 1.0) };
    let table = [
        (0.0, 1.0, (None, None, None, 1), (Some(60.0), Some(0.5), Some(3), 2)),
        (7.0, 0.5, (None, Some(0.5), None, 1), (Some(67.0), Some(0.25), Some(3), 2)),
    ];
    for (transpose, velocity, first, second) in table {
        let mut bench = playing(&TestPattern::new(64, 1.0, &[full, open]), 60.0);
        bench.param(Param::Transpose, transpose);
        bench.param(Param::Velocity, velocity);
        let run = bench.quantum();
        let notes: Vec<_> = run.ons().map(|(_, on)| (on.pitch, on.velocity, on.slot, on.column)).collect();
        assert_eq!(notes, [first, second], "transpose {transpose}, velocity {velocity}");
    }
}

#[test]
fn a_note_off_that_finds_no_room_comes_a_quantum_later() {
    let chord: Vec<raw::Step> = (0..6).map(|column| step(0, column, 60.0 + f32::from(column), 1.0)).collect();
    let mut bench = playing(&TestPattern::new(100, 2.0, &chord), 60.0);
    bench.room(8, 2); // 6 notes begin, 2 of them end at sample 8, the others find no room
    let offs = |run: Run| run.offs().map(|(sample, note)| (sample, note.0)).collect::<Vec<_>>();
    assert_eq!(offs(bench.quantum()), [(8, 1), (8, 2)]);
    assert_eq!(offs(bench.quantum()), [(64, 3), (64, 4), (64, 5), (64, 6)]);
    assert_eq!(offs(bench.quantum()), []);
}

#[test]
fn the_oldest_note_makes_room_when_too_many_are_held() {
    // 16 rows of 16 long notes are all there is room for; the 17th row ends the first one's.
    let steps: Vec<raw::Step> = (0..20 * 16).map(|n| step(n / 16, (n % 16) as u16, n as f32, 1000.0)).collect();
    let run = playing(&TestPattern::new(20, 4.0, &steps), 60.0).run(2);
    let offs: Vec<(u64, u32)> = run.offs().map(|(sample, note)| (sample, note.0)).collect();
    assert_eq!(offs[..16], (1..=16).map(|n| (64, n)).collect::<Vec<_>>());
    let on = run.ons().count();
    assert_eq!(on - offs.len(), held::MOST);
}

#[test]
fn the_meter_shows_the_row_and_handles_are_given_back() {
    let pattern = scale().endless();
    let mut bench = Sequencer::new(RATE);
    bench.bind_sequence(Param::Pattern, &pattern);
    bench.play(60.0);
    bench.run(2);
    assert_eq!((bench.meter(Meter::Row), pattern.holders()), (3.0, 1));
    assert_eq!((bench.meter(Meter::Entry), bench.meter(Meter::Turn)), (1.0, 3.0));
    bench.unbind_sequence(Param::Pattern);
    bench.quantum();
    assert_eq!(pattern.holders(), 0);
}

#[test]
fn keeps_the_laws() {
    let pattern = scale().endless();
    let play = |bench: &mut Sequencer| {
        bench.bind_sequence(Param::Pattern, &pattern);
        bench.play(6000.0);
    };
    laws::all::<TrackerSequencer>(play);
}
