//! Every onset is on its exact sample, ten minutes in.

use crate::rig::Studio;

#[test]
fn ten_minutes_of_steps_are_on_their_exact_samples() {
    let mut studio = Studio::playing(
        r#"
        engine:getClock():setBPM(137.3)
        pattern("every", "x x x", {steps_per_beat = 3})
        connect(sequencer("steps", {pattern = "every"}), click("click"))
        "#,
    );
    // Step k begins at k beats / 3 of 60 / 137.3 seconds: k * 60 * 48000 * 10 / (1373 * 3) samples, rounded.
    let exact = |k: u64| (k * 60 * 48_000 * 10 + 1373 * 3 / 2) / (1373 * 3);
    let mut k = 0;
    for minute in 0..10u64 {
        let [left, _] = studio.render(48_000 * 60);
        for (frame, _) in left.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            assert_eq!(minute * 48_000 * 60 + frame as u64, exact(k), "step {k}");
            k += 1;
        }
    }
    assert_eq!(k, 4119);
}

#[test]
fn the_first_step_is_at_frame_0() {
    let mut studio = Studio::playing(
        r#"
        pattern("one", "x . . .")
        connect(sequencer("steps", {pattern = "one"}), click("click"))
        "#,
    );
    let [left, right] = studio.render(48_000);
    // 120 bpm, 4 rows per beat, 4 rows: one click each 24,000 samples.
    let onsets: Vec<usize> = (0..left.len()).filter(|n| left[*n] != 0.0).collect();
    assert_eq!(onsets, [0, 24_000]);
    assert_eq!(left, right);
}

#[test]
fn a_change_of_tempo_is_in_phase() {
    let mut studio = Studio::playing(
        r#"
        pattern("every", "x")
        connect(sequencer("steps", {pattern = "every", }), click("click"))
        "#,
    );
    // 120 bpm: a row is 6,000 samples. At 60 it is 12,000, from the beat reached.
    let [before, _] = studio.render(9_024);
    studio.eval("engine:getClock():setBPM(60)");
    let [after, _] = studio.render(30_000);
    let onsets = |wave: &[f32], from: usize| -> Vec<usize> {
        wave.iter().enumerate().filter(|(_, x)| **x != 0.0).map(|(n, _)| n + from).collect()
    };
    assert_eq!(onsets(&before, 0), [0, 6_000]);
    // Half of the second row is left (2,976 of 6,000 samples): it takes twice as long now.
    assert_eq!(onsets(&after, 9_024), [9_024 + 5_952, 9_024 + 17_952, 9_024 + 29_952]);
}
