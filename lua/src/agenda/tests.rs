//! At 60 beats a minute and 8 Hz: a beat is 8 samples.

use cantus_host::control::{ClockReading, Loop};

use super::*;

fn at(sample: u64, beat: f64) -> Moment {
    let clock = ClockReading { sample, beat, rate: 8.0, bpm: 60.0, playing: true, ..ClockReading::default() };
    Moment { clock, around: Loop(None), start: 0.0 }
}

fn around(start: f64, end: f64, lap: u32, moment: Moment) -> Moment {
    Moment { clock: ClockReading { lap, ..moment.clock }, around: Loop(Some((start, end))), ..moment }
}

const fn place(lap: u32, beat: f64) -> Place {
    Place { lap, beat }
}

/// What is done within a stretch of music of so many samples, eight at a time: task and when it was due.
fn done(agenda: &mut Agenda<&'static str>, samples: u64, moment: impl Fn(u64) -> Moment) -> Vec<(&'static str, Due)> {
    let mut done = Vec::new();
    for sample in (0..samples).step_by(8) {
        let now = moment(sample);
        agenda.look(&now);
        while let Some((id, due)) = agenda.next(&now, 8.0, |_, _, _| false) {
            done.push((*agenda.get_mut(id).expect("it is there"), due));
            agenda.again(id, &now);
        }
    }
    done
}

fn straight(sample: u64) -> Moment {
    at(sample, sample as f64 / 8.0)
}

#[test]
fn rhythms() {
    let beats = |all: &[f64]| all.iter().map(|beat| Due::Beat(place(0, *beat))).collect::<Vec<_>>();
    for (rhythm, expected) in [
        (Rhythm::Every { period: 1.0, offset: 0.0 }, beats(&[0.0, 1.0, 2.0, 3.0])),
        (Rhythm::Every { period: 1.5, offset: 0.5 }, beats(&[0.5, 2.0, 3.5])),
        (Rhythm::Every { period: 4.0, offset: -1.0 }, beats(&[3.0])),
        (Rhythm::At(2.0), beats(&[2.0])),
        (Rhythm::At(9.0), vec![]),
        (Rhythm::Interval { frames: 10.25, since: 4 }, [14, 25].map(Due::Sample).to_vec()),
        (Rhythm::Once(Wait::Until(Due::Now)), vec![Due::Now]),
        (Rhythm::Once(Wait::Until(Due::Sample(31))), vec![Due::Sample(31)]),
        (Rhythm::Once(Wait::Beat { period: 3.0, offset: 1.0 }), beats(&[1.0])),
    ] {
        let mut agenda = Agenda::default();
        agenda.add(1, rhythm, "it", None, &straight(0));
        let got: Vec<Due> = done(&mut agenda, 32, straight).into_iter().map(|(_, due)| due).collect();
        assert_eq!(got, expected, "{rhythm:?}");
    }
}

#[test]
fn an_hour_of_an_interval_does_not_drift() {
    let mut agenda = Agenda::default();
    let period = 8.0 / 3.0;
    agenda.add(1, Rhythm::Interval { frames: period, since: 0 }, "it", None, &straight(0));
    let last = done(&mut agenda, 8 * 3600, straight).last().copied();
    assert_eq!(last, Some(("it", Due::Sample((f64::from(3 * 3600 - 1) * period).round() as u64))));
}

#[test]
fn what_is_done_already_is_not_done_again() {
    let mut agenda = Agenda::default();
    let every = Rhythm::Every { period: 1.0, offset: 0.0 };
    agenda.add(1, every, "old", None, &straight(0));
    done(&mut agenda, 16, straight);
    let last = agenda.last_of(&[1]);
    assert_eq!(last, Some(place(0, 1.0)));
    agenda.remove(1);
    agenda.add(2, every, "new", last.map(|place| (place, false)), &straight(8));
    assert_eq!(agenda.frames(&straight(8)), Some(8.0));
}

#[test]
fn loops() {
    // Beats 1 to 3 in each lap; 16 samples.
    let turning = |sample: u64| {
        let lap = (sample.max(8) - 8) / 16;
        around(1.0, 3.0, lap as u32, at(sample, (sample - 16 * lap) as f64 / 8.0))
    };
    for (rhythm, expected) in [
        (Rhythm::Every { period: 1.0, offset: 0.0 }, vec![(0, 0.0), (0, 1.0), (0, 2.0), (1, 1.0), (1, 2.0), (2, 1.0)]),
        (Rhythm::Every { period: 2.0, offset: 0.0 }, vec![(0, 0.0), (0, 2.0), (1, 2.0)]),
        (Rhythm::Every { period: 4.0, offset: 0.0 }, vec![(0, 0.0)]),
        (Rhythm::At(1.0), vec![(0, 1.0), (1, 1.0), (2, 1.0)]),
        (Rhythm::At(3.0), vec![]),
    ] {
        let mut agenda = Agenda::default();
        agenda.add(1, rhythm, "it", None, &turning(0));
        let got: Vec<Due> = done(&mut agenda, 48, turning).into_iter().map(|(_, due)| due).collect();
        let expected: Vec<Due> = expected.into_iter().map(|(lap, beat)| Due::Beat(place(lap, beat))).collect();
        assert_eq!(got, expected, "{rhythm:?}");
    }
}

#[test]
fn a_jump_lays_out_anew() {
    let mut agenda = Agenda::default();
    agenda.add(1, Rhythm::Every { period: 4.0, offset: 0.0 }, "it", None, &straight(0));
    agenda.add(2, Rhythm::At(1.0), "at", None, &straight(0));
    done(&mut agenda, 16, straight);
    let mut back = at(16, 0.0);
    back.clock.epoch = 1;
    agenda.look(&back);
    assert_eq!(agenda.next(&back, 1.0, |_, _, _| false), Some((1, Due::Beat(place(0, 0.0)))));
    agenda.again(1, &back);
    assert_eq!(agenda.next(&back, 9.0, |_, _, _| false), Some((2, Due::Beat(place(0, 1.0)))));
}

#[test]
fn a_jump_that_is_seen_late_loses_nothing() {
    let mut agenda = Agenda::default();
    agenda.add(1, Rhythm::Every { period: 1.0, offset: 0.0 }, "it", None, &straight(0));
    done(&mut agenda, 16, straight);
    let mut back = at(17, 4.125);
    (back.clock.epoch, back.start) = (1, 4.0);
    agenda.look(&back);
    assert_eq!(agenda.next(&back, 1.0, |_, _, _| false), Some((1, Due::Beat(place(0, 4.0)))));
}

#[test]
fn what_was_run_ahead_is_not_run_again_when_the_loop_is_another() {
    let last = |place, counts| Some((place, counts));
    // From beat 3: what was done, in which loop it was, the loop now, and what comes next of each half beat.
    for (done, before, now, next) in [
        (last(place(0, 3.5), false), None, None, place(0, 4.0)),
        (last(place(0, 3.5), false), None, Some((0.0, 3.5)), place(1, 0.5)),
        (last(place(0, 4.0), false), None, Some((1.0, 3.5)), place(1, 1.5)),
        (last(place(0, 4.0), true), None, Some((1.0, 3.5)), place(1, 1.0)),
        (last(place(1, 0.5), false), Some((0.5, 3.5)), None, place(0, 4.0)),
        (last(place(1, 1.0), false), Some((0.5, 3.5)), Some((2.0, 4.0)), place(1, 2.5)),
        // Over: from here on.
        (last(place(0, 2.5), false), None, Some((0.0, 2.0)), place(0, 3.0)),
    ] {
        let mut agenda = Agenda::default();
        let moment = |around| Moment { around: Loop(around), ..at(24, 3.0) };
        agenda.look(&moment(before));
        agenda.add(1, Rhythm::Every { period: 0.5, offset: 0.0 }, "it", done, &moment(before));
        agenda.look(&moment(now));
        let got = agenda.next(&moment(now), f64::MAX, |_, _, _| false);
        assert_eq!(got, Some((1, Due::Beat(next))), "{done:?} {before:?} {now:?}");
    }
}

#[test]
fn while_beats_stand_still_only_samples_come() {
    let mut agenda = Agenda::default();
    let mut still = at(0, 0.0);
    still.clock.playing = false;
    agenda.add(1, Rhythm::Every { period: 1.0, offset: 0.0 }, "beat", None, &still);
    agenda.add(2, Rhythm::Once(Wait::Until(Due::Sample(5))), "sample", None, &still);
    assert_eq!(agenda.next(&still, 100.0, |_, _, _| false), Some((2, Due::Sample(5))));
    assert_eq!(agenda.again(2, &still), Some("sample"));
    assert_eq!((agenda.next(&still, 100.0, |_, _, _| false), agenda.frames(&still)), (None, None));
    assert_eq!(agenda.next(&at(0, 0.0), 1.0, |_, _, _| false), Some((1, Due::Beat(place(0, 0.0)))));
}

#[test]
fn what_is_long_over_is_left_out_and_counted() {
    let mut agenda = Agenda::default();
    agenda.add(1, Rhythm::Every { period: 0.25, offset: 0.0 }, "every", None, &straight(0));
    agenda.add(2, Rhythm::Interval { frames: 4.0, since: 0 }, "interval", None, &straight(0));
    agenda.add(3, Rhythm::Once(Wait::Until(Due::Sample(3))), "once", None, &straight(0));
    let late = straight(80);
    let mut got = Vec::new();
    while let Some((id, due)) = agenda.next(&late, 1.0, |_, _, _| false) {
        got.push((id, due));
        agenda.again(id, &late);
    }
    assert_eq!(got, [(3, Due::Sample(3)), (1, Due::Beat(place(0, 10.0))), (2, Due::Sample(80))]);
    assert_eq!(agenda.skipped().into_iter().collect::<Vec<_>>(), [(1, 40), (2, 19)]);
}

#[test]
fn what_a_late_look_finds_of_a_lap_that_is_over_is_late() {
    let mut agenda = Agenda::default();
    let every = Rhythm::Every { period: 0.5, offset: 0.0 };
    let before = around(1.0, 3.0, 4, at(100, 2.5));
    agenda.add(1, every, "early", None, &before);
    agenda.add(2, every, "late", Some((place(5, 1.0), true)), &before);
    let after = around(1.0, 3.0, 5, at(104, 1.0));
    assert_eq!(agenda.frames(&after), Some(-4.0));
    for expected in [(1, place(4, 2.5)), (1, place(5, 1.0)), (2, place(5, 1.0))] {
        let (id, due) = agenda.next(&after, 1.0, |_, _, _| false).expect("is due");
        assert_eq!((id, due), (expected.0, Due::Beat(expected.1)));
        agenda.again(id, &after);
    }
    // Two laps later, the rest of this lap and the whole of the next are left out.
    let much = around(1.0, 3.0, 7, at(104 + 32, 1.0));
    assert_eq!(agenda.next(&much, 1.0, |_, _, _| false), Some((1, Due::Beat(place(7, 1.0)))));
    agenda.again(1, &much);
    assert_eq!(agenda.next(&much, 1.0, |_, _, _| false), Some((2, Due::Beat(place(7, 1.0)))));
    assert_eq!(agenda.skipped().values().sum::<u64>(), 14);
}

#[test]
fn beats_go_on_however_far_the_music_is() {
    for beat in [1e6, 1e9 - 1.0, 1e9] {
        for period in [1.0 / 3.0, 1.0 / 1024.0, 0.1, 1e6 / 7.0] {
            let now = at(0, beat);
            let mut last = now.multiple(period, 0.3, now.place(), true).expect("no loop");
            for _ in 0..1000 {
                let next = now.multiple(period, 0.3, last, false).expect("no loop");
                assert!(
                    next.beat > last.beat + period / 2.0 && next.beat < last.beat + period * 1.5,
                    "{beat} {period}"
                );
                last = next;
            }
        }
    }
}

#[test]
fn of_several_at_one_time_the_oldest_is_first() {
    let mut agenda = Agenda::default();
    for (id, what) in [(7, "c"), (3, "a"), (5, "b")] {
        let rhythm = if id == 5 { Rhythm::Once(Wait::Until(Due::Sample(8))) } else { Rhythm::At(1.0) };
        agenda.add(id, rhythm, what, None, &straight(0));
    }
    let order: Vec<_> = done(&mut agenda, 16, straight).into_iter().map(|(what, _)| what).collect();
    assert_eq!(order, ["a", "b", "c"]);
}

#[test]
fn places_and_samples_in_the_laps_of_a_loop() {
    let now = around(1.0, 3.0, 4, at(100, 2.5));
    for (due, sample, beat) in [
        (Due::Now, 100, place(4, 2.5)),
        (Due::Sample(102), 102, place(4, 2.75)),
        (Due::Sample(104), 104, place(5, 1.0)),
        (Due::Sample(104 + 16 + 4), 124, place(6, 1.5)),
        (Due::Beat(place(4, 2.75)), 102, place(4, 2.75)),
        (Due::Beat(place(6, 1.5)), 124, place(6, 1.5)),
    ] {
        assert_eq!((now.sample_of(due), now.place_of(due)), (sample, beat), "{due:?}");
    }
}
