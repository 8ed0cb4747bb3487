//! The clock, at 8 Hz unless said otherwise: a beat is 8 samples at 60 beats per minute, 4 at 120.

mod walk;

use super::*;
use crate::rt::QUANTUM;
use crate::rt::tempo::TempoPoint;
use TransportChange::{Loop, Pause, Reset, Seek, Signature, Start, Stop, Swing};

/// Samples for which a clock is laid out at once.
const LENGTH: u64 = QUANTUM as u64;

fn tempo(bpm: f64) -> TransportChange {
    TransportChange::Tempo { bpm, over: 0.0 }
}

fn ramp(bpm: f64, over: f64) -> TransportChange {
    TransportChange::Tempo { bpm, over }
}

fn map(points: &[(f64, f64, bool)]) -> Box<TempoMap> {
    Box::new(TempoMap::new(points.iter().map(|&(beat, bpm, ramp)| TempoPoint { beat, bpm, ramp }).collect()))
}

/// At 60 beats per minute, playing from sample and beat 0 on.
fn playing(rate: f64) -> Clock {
    let mut clock = Clock::new(rate, 60.0);
    clock.change(Start, 0);
    clock
}

/// The segments of one quantum: sample, beat, tempo, flags and epoch.
fn laid(clock: &mut Clock, changes: &[(u64, TransportChange)]) -> Vec<(u64, f64, f64, u32, u32)> {
    for (sample, change) in changes {
        clock.change(*change, *sample);
    }
    clock.advance(LENGTH);
    clock.segments.iter().map(|s| (s.sample, s.beat, s.bpm, s.flags, s.epoch)).collect()
}

#[test]
fn every_change_is_on_its_exact_sample() {
    const J: u32 = flag::JUMPED;
    const L: u32 = flag::JUMPED | flag::LOOPED;
    for (changes, expected) in [
        (&[(5, Start)][..], &[(0, 0.0, 0.0, 0, 0), (5, 0.0, 60.0, 0, 0)][..]),
        (&[(0, Start), (12, Pause), (20, Start)], &[(0, 0.0, 60.0, 0, 0), (12, 1.5, 0.0, 0, 0), (20, 1.5, 60.0, 0, 0)]),
        (&[(0, Start), (12, Stop), (20, Start)], &[(0, 0.0, 60.0, 0, 0), (12, 0.0, 0.0, J, 1), (20, 0.0, 60.0, 0, 1)]),
        (&[(0, Start), (12, Reset)], &[(0, 0.0, 60.0, 0, 0), (12, 0.0, 60.0, J, 1)]),
        (&[(7, Reset)], &[(0, 0.0, 0.0, 0, 0), (7, 0.0, 0.0, J, 1)]),
        (&[(0, Start), (12, Seek(9.0))], &[(0, 0.0, 60.0, 0, 0), (12, 9.0, 60.0, J, 1)]),
        (&[(0, Start), (4, tempo(120.0))], &[(0, 0.0, 60.0, 0, 0), (4, 0.5, 120.0, 0, 0)]),
        (&[(4, tempo(120.0)), (8, Start)], &[(0, 0.0, 0.0, 0, 0), (4, 0.0, 0.0, 0, 0), (8, 0.0, 120.0, 0, 0)]),
        // Several at one sample: the last one counts, and a jump stays one.
        (&[(0, Start), (8, Stop), (8, Start)], &[(0, 0.0, 60.0, 0, 0), (8, 0.0, 60.0, J, 1)]),
        (&[(0, Start), (8, Seek(3.0)), (8, Seek(4.0))], &[(0, 0.0, 60.0, 0, 0), (8, 4.0, 60.0, J, 2)]),
        // Loops: 2 beats are 16 samples.
        (
            &[(0, Start), (3, Loop(Some((1.0, 3.0))))],
            &[
                (0, 0.0, 60.0, 0, 0),
                (3, 0.375, 60.0, 0, 0),
                (24, 1.0, 60.0, L, 0),
                (40, 1.0, 60.0, L, 0),
                (56, 1.0, 60.0, L, 0),
            ],
        ),
        // From behind its end it plays on, until it gets back in.
        (&[(0, Start), (32, Loop(Some((1.0, 3.0))))], &[(0, 0.0, 60.0, 0, 0), (32, 4.0, 60.0, 0, 0)]),
        (
            &[(0, Loop(Some((1.0, 3.0)))), (0, Start), (8, Seek(3.0)), (40, Seek(2.0))],
            &[(0, 0.0, 60.0, 0, 0), (8, 3.0, 60.0, J, 1), (40, 2.0, 60.0, J, 2), (48, 1.0, 60.0, L, 2)],
        ),
        // A seek on the sample of a turn is a seek.
        (&[(0, Loop(Some((0.0, 2.0)))), (0, Start), (16, Seek(5.0))], &[(0, 0.0, 60.0, 0, 0), (16, 5.0, 60.0, J, 1)]),
        (&[(0, Loop(Some((1.0, 1.01)))), (0, Start)], &[(0, 0.0, 60.0, 0, 0)]),
    ] {
        assert_eq!(laid(&mut Clock::new(8.0, 60.0), changes), expected, "{changes:?}");
    }
}

#[test]
fn notes_end_where_beats_do_not_go_on() {
    for (started, change, ends) in [
        (true, Stop, true),
        (false, Stop, true),
        (true, Pause, true),
        (false, Pause, false),
        (true, Seek(1.0), true),
        (true, Reset, true),
        (true, Start, false),
        (true, tempo(90.0), false),
        (true, Loop(None), false),
    ] {
        let mut clock = Clock::new(8.0, 60.0);
        if started {
            clock.change(Start, 0);
        }
        assert_eq!(clock.change(change, 5), ends, "{change:?}, started: {started}");
    }
}

#[test]
fn a_ramp_shorter_than_a_sample_is_a_step() {
    // At 8 Hz a sample is 1/8 of a beat at 60.
    for beats in [5e-324, 1e-12, 0.1] {
        let mut clock = playing(8.0);
        let glide = laid(&mut clock, &[(8, ramp(120.0, beats))]);
        let mut clock = playing(8.0);
        clock.swap_map(&mut map(&[(1.0, 60.0, true), (1.0 + beats.max(f64::EPSILON), 120.0, false)]), 0);
        for segments in [glide, laid(&mut clock, &[])] {
            assert!(segments.iter().all(|s| [60.0, 120.0].contains(&s.2)), "{beats}: {segments:?}");
            assert_eq!(segments.last().map(|s| s.2), Some(120.0), "{beats}: {segments:?}");
        }
        let slopes = clock.segments.iter().map(|s| s.slope);
        assert!(slopes.into_iter().all(|slope| slope == 0.0), "{beats}");
    }
}

#[test]
fn a_note_is_as_long_as_the_tempo_says_that_begins_with_it() {
    // At 120 from sample 16 on, where beat 2 is: a beat is 4 samples.
    let mut clock = playing(8.0);
    clock.swap_map(&mut map(&[(2.0, 120.0, false)]), 0);
    assert_eq!([15, 16].map(|sample| clock.end_of(1.0, sample) - sample), [8, 4]);
    // As if it had been asked after the quantum was laid out, when nothing but two points lie on one sample.
    for laid_out in [false, true] {
        let mut clock = Clock::new(8.0, 60.0);
        clock.swap_map(&mut map(&[(0.0, 60.0, true), (5e-324, 120.0, false)]), 0);
        clock.change(Start, 0);
        if laid_out {
            clock.change(Start, 0);
        }
        assert_eq!(clock.end_of(1.0, 0), 4, "laid out: {laid_out}");
    }
    // While beats stand still, it is the tempo at which they would go on.
    assert_eq!(Clock::new(8.0, 120.0).end_of(1.0, 5), 9);
}

#[test]
fn what_ends_between_samples_is_continued_from_there() {
    // 60 to 120 in 4 beats are 4 * 480 / 90 = 21 1/3 samples; at sample 21 a third of a sample is still to come.
    let mut clock = playing(8.0);
    let segments = laid(&mut clock, &[(0, ramp(120.0, 4.0))]);
    assert_eq!(segments.len(), 2);
    assert_eq!((segments[1].0, segments[1].2), (21, 120.0));
    assert!((segments[1].1 - (4.0 - 1.0 / 12.0)).abs() < 1e-12, "{segments:?}");
    assert_eq!(clock.last().sample_of(4.0, 8.0), 21);
    // The middle of the ramp, by time: 10 2/3 samples, at 90.
    let slope = clock.segments[0].slope;
    assert!((slope * 64.0 / 3.0 - 60.0).abs() < 1e-12, "{slope}");
}

#[test]
fn a_ramp_waits_while_beats_stand_still_and_is_dropped_by_a_jump() {
    let after = |changes: &[(u64, TransportChange)]| {
        let mut clock = playing(8.0);
        laid(&mut clock, &[&[(0, ramp(120.0, 4.0))], changes].concat());
        clock.segments.iter().map(|s| s.bpm).collect::<Vec<_>>()
    };
    let at_8 = 60.0 + 8.0 * 60.0 * 3.0 / 64.0;
    for (changes, expected) in [
        (&[(8, Pause), (40, Start)][..], vec![60.0, 0.0, at_8, 120.0]),
        (&[(8, Stop), (40, Start)], vec![60.0, 0.0, 120.0]),
        (&[(8, Seek(0.0))], vec![60.0, 120.0]),
        (&[(8, Reset)], vec![60.0, 120.0]),
        (&[(8, tempo(200.0))], vec![60.0, 200.0]),
    ] {
        let got = after(changes);
        let same = got.len() == expected.len() && got.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(same, "{changes:?}: {got:?}, should be {expected:?}");
    }
    let mut clock = playing(8.0);
    clock.change(ramp(120.0, 4.0), 0);
    clock.reset(8);
    clock.advance(LENGTH);
    assert_eq!(clock.last().bpm, 120.0);
}

#[test]
fn a_ramp_is_as_long_in_a_loop() {
    let mut clock = playing(8.0);
    let segments = laid(&mut clock, &[(0, Loop(Some((0.0, 1.0)))), (0, ramp(120.0, 4.0))]);
    let last_ramp = segments.iter().rposition(|s| s.2 != 120.0).expect("it begins at 60");
    // Three turns, then the end of the ramp and the fourth turn, both at 21 1/3.
    assert_eq!((last_ramp, segments[last_ramp + 1].0), (3, 21), "{segments:?}");
}

#[test]
fn a_loop_that_ends_on_a_point_of_the_map_turns() {
    let mut clock = playing(8.0);
    clock.swap_map(&mut map(&[(1.0, 60.0, true), (3.0, 120.0, false)]), 0);
    let segments = laid(&mut clock, &[(0, Loop(Some((1.0, 3.0))))]);
    // 2 beats from 60 to 120 are 10 2/3 samples.
    let samples: Vec<_> = segments.iter().map(|s| (s.0, s.3 & flag::LOOPED)).collect();
    assert_eq!(samples, [(0, 0), (8, 0), (19, 2), (29, 2), (40, 2), (51, 2), (61, 2)]);
}

#[test]
fn the_map_counts_from_its_first_point_on() {
    let bpm_at = |points: &[(f64, f64, bool)], beat: f64| {
        let mut clock = playing(8.0);
        clock.swap_map(&mut map(points), 0);
        clock.change(Seek(beat), 0);
        clock.change(tempo(30.0), 0);
        clock.last().bpm
    };
    let points = &[(4.0, 120.0, true), (8.0, 60.0, false), (8.0, 80.0, false), (12.0, 100.0, true)][..];
    // Linear in time: in the middle by beats the square is half way, (120^2 + 60^2) / 2.
    for (points, beat, bpm) in [
        (&[][..], 5.0, 30.0),
        (points, 0.0, 30.0),
        (points, 3.9, 30.0),
        (points, 4.0, 120.0),
        (points, 6.0, 9000.0f64.sqrt()),
        (points, 8.0, 80.0),
        (points, 11.0, 80.0),
        (points, 12.0, 100.0),
        (points, 99.0, 100.0),
    ] {
        assert_eq!(bpm_at(points, beat), bpm, "{points:?} at beat {beat}");
    }
    // The old one comes back, to be freed elsewhere.
    let mut clock = playing(8.0);
    let (mut first, mut second) = (map(points), map(&[]));
    clock.swap_map(&mut first, 0);
    clock.swap_map(&mut second, 0);
    assert_eq!(second, map(points));
}

/// Runs a clock for so many samples and shows each segment that begins; in steps of any length.
fn run(clock: &mut Clock, samples: u64, step: u64, mut show: impl FnMut(&Segment)) {
    let mut seen = 0;
    for from in (0..samples).step_by(step as usize) {
        clock.begin();
        clock.advance(from + step);
        clock.segments.iter().filter(|s| s.sample > seen || from == 0).for_each(&mut show);
        seen = clock.last().sample;
    }
}

/// `numerator / denominator`, rounded half up.
fn rounded(numerator: u128, denominator: u128) -> u64 {
    ((2 * numerator + denominator) / (2 * denominator)) as u64
}

#[test]
fn ten_hours_of_a_tempo_map_are_exact() {
    const RATE: u64 = 48_000;
    // 16 beats each at 120, from 90 to 150, at 150, and from 100 to 120; a ramp takes as long as its mean tempo.
    let tempos = [(120.0, false), (90.0, true), (150.0, false), (100.0, true)];
    let lengths = [120, 120, 150, 110].map(|mean| 16 * 60 * u128::from(RATE) * 6600 / mean); // in 1/6600 samples
    let points: Vec<_> = (0..5000).map(|n| (16.0 * n as f64, tempos[n % 4].0, tempos[n % 4].1)).collect();
    let mut clock = playing(RATE as f64);
    clock.swap_map(&mut map(&points), 0);
    let (mut point, mut exact) = (0, 0);
    run(&mut clock, 10 * 3600 * RATE, 5 * RATE, |segment| {
        let begins = rounded(exact, 6600);
        assert_eq!(segment.sample, begins, "point {point}");
        assert_eq!(segment.sample_of(16.0 * point as f64, RATE as f64) as u64, begins, "point {point}");
        exact += lengths[point % 4];
        point += 1;
        let next = segment.sample_of(16.0 * point as f64, RATE as f64) as u64;
        assert_eq!(next, rounded(exact, 6600), "point {point}, from the one before");
    });
    assert!(point > 4_400, "{point}");
}

#[test]
fn ten_minutes_of_loop_turns_are_exact() {
    const RATE: u128 = 48_000;
    for (bpm, tenths, start, length) in [(137.3, 1373, 1, 64 * 3), (120.0, 1200, 0, 64), (999.0, 9990, 2, 1)] {
        for step in [64, 1024] {
            if step == 1024 && length == 1 {
                continue; // more turns than there is room for
            }
            let mut clock = playing(RATE as f64);
            let end = start as f64 + length as f64 / 64.0;
            clock.change(tempo(bpm), 0);
            clock.change(Loop(Some((start as f64, end))), 0);
            // The turn behind 64ths of a beat: each is RATE * 60 * 10 / tenths / 64 samples.
            let mut sixty_fourths = 64 * start as u128;
            let mut turns = 0;
            run(&mut clock, 10 * 60 * RATE as u64, step, |segment| {
                if segment.flags & flag::LOOPED != 0 {
                    sixty_fourths += length as u128;
                    let exact = rounded(sixty_fourths * RATE * 600, tenths * 64);
                    assert_eq!(segment.sample, exact, "turn {turns} of {length}/64 beats at {bpm}");
                    assert_eq!(segment.sample_of(start as f64, RATE as f64) as u64, exact, "turn {turns}");
                    turns += 1;
                }
            });
            assert!(turns >= 456, "{turns}");
        }
    }
}

#[test]
fn how_long_beats_take() {
    for (beats, points, around, expected) in [
        (4.0, &[][..], None, 32),
        (0.4, &[], None, 3),
        (4.0, &[(0.0, 120.0, false)], None, 16),
        (4.0, &[(1.0, 120.0, false), (3.0, 240.0, false)], None, 8 + 8 + 2),
        // Its end is nobody's business yet, or is where it ends: 4 beats from 60 to 120 are 21 1/3 samples.
        (4.0, &[(4.0, 120.0, false)], None, 32),
        (4.0, &[(0.0, 60.0, true), (4.0, 120.0, false)], None, 21),
        (6.0, &[(0.0, 60.0, true), (4.0, 120.0, false)], None, 29),
        // Up to beat 3, then two more turns of two beats and a half beat of another.
        (7.5, &[], Some((1.0, 3.0)), 60),
        (7.5, &[(2.0, 120.0, false)], Some((1.0, 3.0)), 8 + 8 + 4 + 12 + 12 + 4),
        // Behind the turn the map does not count.
        (8.0, &[(4.0, 999.0, false)], Some((0.0, 4.0)), 64),
    ] {
        let got = samples_of(beats, 60.0, *map(points), around, 8.0);
        assert_eq!(got, expected, "{beats} beats, {points:?}, {around:?}");
    }
}

#[test]
fn when_a_stamp_is_due() {
    let beat = |beat| At::Beat { beat, lap: 0, epoch: 1 };
    let next_lap = |beat| At::Beat { beat, lap: 1, epoch: 1 };
    let none: &[(u64, TransportChange)] = &[];
    for (name, changes, at, now, due) in [
        ("now", none, At::Now, 5, Some(5)),
        ("a sample", none, At::Sample(63), 0, Some(63)),
        ("a later quantum", none, At::Sample(64), 0, None),
        ("a sample that has passed", none, At::Sample(3), 5, Some(3)),
        ("a beat", none, beat(2.0), 0, Some(16)),
        ("a later beat", none, beat(8.0), 0, None),
        ("a beat that has passed", none, beat(0.5), 12, Some(4)),
        ("the beat that it is", none, beat(1.5), 12, Some(12)),
        ("another epoch", none, At::Beat { beat: 2.0, lap: 0, epoch: 0 }, 3, Some(3)),
        ("after a change of tempo", &[(8, tempo(120.0))], beat(2.0), 8, Some(12)),
        ("in a ramp", &[(0, ramp(120.0, 4.0))], beat(4.0), 0, Some(21)),
        ("beats stand still", &[(8, Pause)], beat(2.0), 9, Some(9)),
        ("in a loop", &[(0, Loop(Some((0.0, 4.0))))], beat(2.0), 0, Some(16)),
        ("where the loop turns", &[(0, Loop(Some((0.0, 4.0))))], beat(4.0), 0, Some(32)),
        ("beyond the loop", &[(0, Loop(Some((0.0, 4.0))))], beat(6.0), 0, Some(32)),
        ("in the next lap", &[(0, Loop(Some((0.0, 4.0))))], next_lap(2.0), 0, Some(48)),
        ("where the next lap begins", &[(0, Loop(Some((0.0, 4.0))))], next_lap(0.0), 0, Some(32)),
        ("in a lap that begins later", &[(0, Loop(Some((0.0, 9.0))))], next_lap(0.0), 0, None),
        ("in a lap that does not come", none, next_lap(2.0), 4, Some(4)),
        ("at a beat that has passed, of a lap that does not come", none, next_lap(0.25), 12, Some(12)),
        ("in a lap that is over", &[(0, Loop(Some((0.0, 1.0)))), (9, Loop(None))], beat(4.0), 9, Some(9)),
        ("beyond a loop that turns later", &[(0, Loop(Some((0.0, 8.0))))], beat(9.0), 0, None),
    ] {
        let mut clock = playing(8.0);
        clock.change(Reset, 0); // epoch 1
        for (sample, change) in changes {
            clock.change(*change, *sample);
        }
        assert_eq!(clock.due(at, now, LENGTH), due, "{name}");
    }
}

#[test]
fn when_there_is_no_room_the_newest_counts() {
    let mut clock = playing(8.0);
    for n in 1..=20 {
        clock.change(tempo(60.0 + n as f64), n);
    }
    clock.advance(LENGTH);
    assert_eq!(clock.segments.len(), ROOM);
    let exact: f64 = (0..20).map(|n| (60.0 + n as f64) / 480.0).sum();
    let last = clock.last();
    assert_eq!((last.sample, last.bpm), (20, 80.0));
    assert!((last.beat - exact).abs() < 0.1, "{} for {exact}", last.beat);
    clock.begin();
    assert_eq!(clock.segments, [last]);
}

#[test]
fn the_record_says_what_counts() {
    let mut clock = playing(8.0);
    laid(
        &mut clock,
        &[
            (8, Signature { beats: 6, unit: 8 }),
            (9, Swing { amount: 0.6, unit: 0.5 }),
            (10, Loop(Some((4.0, 8.0)))),
            (10, Stop),
        ],
    );
    let record = clock.record();
    assert_eq!((record.beats_per_bar, record.beat_unit, record.rate), (3.0, 8, 8.0));
    assert_eq!((record.swing, record.swing_unit), (0.6, 0.5));
    assert_eq!((record.loop_start, record.loop_end), (4.0, 8.0));
    assert_eq!((record.flags, record.epoch), (flag::PLAYING | flag::LOOPING, 0), "at its first frame");
    let stopped =
        Reading { sample: 64, beat: 0.0, bpm: 60.0, slope: 0.0, playing: false, epoch: 1, lap: 0, beats_per_bar: 3.0 };
    assert_eq!(clock.reading(64), stopped);
}
