//! The seqlock under load.

use super::*;

#[test]
fn a_reading_is_of_one_instant() {
    let telemetry = Telemetry::default();
    let at = |n: u32| Reading {
        sample: u64::from(n),
        beat: f64::from(n),
        bpm: f64::from(n),
        slope: f64::from(n),
        playing: n % 2 == 1,
        epoch: n,
        lap: n,
        beats_per_bar: n as f32,
    };
    std::thread::scope(|scope| {
        scope.spawn(|| (1..=100_000).for_each(|n| telemetry.publish(at(n))));
        let mut last = 0;
        while last < 100_000 {
            let reading = telemetry.reading();
            assert_eq!(reading, at(reading.epoch));
            assert!(reading.epoch >= last, "{} after {last}", reading.epoch);
            last = reading.epoch;
        }
    });
}
