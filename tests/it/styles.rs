//! How the sampler sounds, style by style: a real recording, rendered and compared with what was heard before.
//!
//! A golden says of a render the first frames after the onset, and of each 10 ms the root mean square and the peak, left
//! and right. `CANTUS_GOLDEN=1` writes them anew; look at the difference, and listen.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::rig::{RATE, Studio, peak, rms};

/// Frames of a golden: 0.4 s.
const FRAMES: usize = 19_200;
/// By how much a number may be another on another processor.
const TOLERANCE: f64 = 2e-6;

/// Name, and what is set and played. `s` is a sampler at 120 bpm whose first slot holds a breakbeat, `slot` is that slot.
const STYLES: &[(&str, &str)] = &[
    ("once", "s:trigger{}"),
    ("once_backward", "s.speed = -1 s:trigger{}"),
    ("once_pitched", "s:trigger{note = 65.5}"),
    ("once_linear", "s.interpolation = 'linear' s:trigger{note = 65.5}"),
    ("once_cubic", "s.interpolation = 'cubic' s:trigger{note = 65.5}"),
    ("once_sinc8", "s.interpolation = 'sinc8' s:trigger{note = 65.5}"),
    ("region", "slot.start = 0.25 slot.finish = 0.3 s:trigger{}"),
    ("gate", "s:trigger{length = 0.25}"),
    ("one_shot", "slot.gate = false slot.finish = 0.1 s:trigger{length = 0.25}"),
    ("loop_forward", "slot.style = 'loop' slot.loop_start = 0.02 slot.loop_finish = 0.07 s:trigger{}"),
    (
        "loop_backward",
        "slot.style = 'loop' slot.loop_mode = 'backward' slot.loop_start = 0.02 slot.loop_finish = 0.07 s:trigger{}",
    ),
    (
        "loop_ping_pong",
        "slot.style = 'loop' slot.loop_mode = 'ping_pong' slot.loop_start = 0.02 slot.loop_finish = 0.07 s:trigger{}",
    ),
    (
        "loop_mixed",
        "slot.style = 'loop' slot.loop_fade = '20ms' slot.loop_start = 0.02 slot.loop_finish = 0.07 s:trigger{}",
    ),
    (
        "loop_until_release",
        "slot.style = 'loop' slot.loop_release = true s.release = 1
         slot.loop_start = 0.02 slot.loop_finish = 0.05 s:trigger{length = 0.3}",
    ),
    ("next", "slot.style = 'next' for n = 0, 3 do at(n * 0.2, function() s:trigger{length = 0.1} end) end"),
    ("grain", "slot.style = 'grain' s.grain_rate = 0.25 s:trigger{}"),
    ("grain_sprayed", "slot.style = 'grain' s.grain_spray = 0.2 s.grain_density = 8 s:trigger{note = 67}"),
    ("grain_frozen", "slot.style = 'grain' s.grain_rate = 0 s.position = 0.4 s.grain_size = '30ms' s:trigger{}"),
    ("grain_linear", "slot.style = 'grain' s.grain_window = 'linear' s.grain_density = 0.5 s:trigger{}"),
    ("grain_exponential", "slot.style = 'grain' s.grain_window = 'exponential' s.grain_density = 1 s:trigger{}"),
    ("grain_gaussian", "slot.style = 'grain' s.grain_window = 'gaussian' s:trigger{}"),
    ("grain_hamming", "slot.style = 'grain' s.grain_window = 'hamming' s.speed = -1 s:trigger{}"),
    (
        "slices_by_count",
        "slot.slice_by = 'count' slot.slices = 16
         for n, note in ipairs{60, 64, 67, 75} do at((n - 1) * 0.2, function() s:trigger{note = note, length = 0.2} end) end",
    ),
    (
        "slices_by_onset",
        "slot.slice_by = 'onsets'
         for n, note in ipairs{61, 63, 62, 60} do at((n - 1) * 0.2, function() s:trigger{note = note, length = 0.2} end) end",
    ),
    (
        "slices_by_list",
        "slot.slice_by = 'list' slot.slice_points = {0, 0.1, 0.5, 0.6}
         for n, note in ipairs{62, 60, 63} do at((n - 1) * 0.2, function() s:trigger{note = note} end) end",
    ),
    ("fit_by_pitch", "slot.fit_beats = 2 s:trigger{}"),
    ("fit_by_slices", "slot.fit_beats = 2 slot.fit = 'slices' slot.slice_by = 'onsets' s:trigger{}"),
    ("fit_by_grains", "slot.fit_beats = 6 slot.fit = 'grains' s:trigger{}"),
    ("fit_stretched", "slot.fit_beats = 6 slot.fit = 'stretch' s:trigger{}"),
    ("fit_stretched_and_pitched", "slot.fit_rows = 8 slot.fit = 'stretch' s:trigger{note = 65}"),
    (
        "legato_glide",
        "s.voicing = 'legato' s.glide = '80ms'
         s:trigger{length = 0.5} at(0.3, function() s:trigger{note = 72, length = 0.5} end)",
    ),
    ("vibrato", "s.vibrato_rate = 8 s.vibrato_depth = 1 s:trigger{}"),
    ("envelope", "s.attack = '50ms' s.decay = '100ms' s.sustain = 0.3 s.decay_curve = 1 s:trigger{length = 0.5}"),
    (
        "filter",
        "s.cutoff = 300 s.resonance = 0.6 s.steep = true s.mod_cutoff = 48 s.mod_decay = '150ms' s:trigger{}",
    ),
    ("drive", "s.drive = 24 s:trigger{velocity = 0.5}"),
    (
        "locks",
        "for n = 0, 3 do
             at(n * 0.2, function() s:trigger{length = 0.1, speed = 1 + n / 2, cutoff = 500 * 2 ^ n, start = n * 0.2} end)
         end",
    ),
];

fn render(code: &str) -> [Vec<f32>; 2] {
    let setup = "engine:getClock():setBPM(120) s = sampler('s', {volume = 0.5})
                 slot = s.slots[1] slot.file = 'loop_breakbeat.flac'";
    let mut studio = Studio::playing(&format!("{setup}\n{code}"));
    let out = studio.render(FRAMES);
    assert_eq!((studio.problems(), studio.complaints()), (Vec::new(), Vec::new()), "{code}");
    out
}

fn described(out: &[Vec<f32>; 2]) -> String {
    let mut text = String::new();
    let mut row = |numbers: [f64; 4]| {
        let numbers = numbers.map(|x| format!("{x:>10.6}"));
        writeln!(text, "{}", numbers.join(" ")).expect("text takes all");
    };
    let onset = out[0].iter().position(|x| *x != 0.0).unwrap_or(0);
    for n in (onset..onset + 16).step_by(2) {
        row([out[0][n], out[1][n], out[0][n + 1], out[1][n + 1]].map(f64::from));
    }
    for (left, right) in out[0].chunks(480).zip(out[1].chunks(480)) {
        row([rms(left), rms(right), f64::from(peak(left)), f64::from(peak(right))]);
    }
    text
}

/// The first row in which two descriptions differ.
fn difference(heard: &str, expected: &str) -> Option<String> {
    let numbers = |line: &str| -> Vec<f64> { line.split_whitespace().filter_map(|x| x.parse().ok()).collect() };
    let near = |a: &str, b: &str| {
        let (a, b) = (numbers(a), numbers(b));
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= TOLERANCE)
    };
    let lines = heard.lines().count().max(expected.lines().count());
    (0..lines).find_map(|n| {
        let [heard, expected] = [heard, expected].map(|text| text.lines().nth(n).unwrap_or("nothing"));
        (!near(heard, expected)).then(|| format!("row {}:\n  heard    {heard}\n  expected {expected}", n + 1))
    })
}

/// For ears: where it lies.
fn write_wav(name: &str, out: &[Vec<f32>; 2]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.wav"));
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE as u32,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut file = hound::WavWriter::create(&path, spec).expect("the target folder can be written");
    for (left, right) in out[0].iter().zip(&out[1]) {
        file.write_sample(*left).and_then(|()| file.write_sample(*right)).expect("it can be written");
    }
    file.finalize().expect("it can be written");
    path
}

#[test]
fn every_style_sounds_as_it_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/styles");
    let mut wrong = Vec::new();
    for (name, code) in STYLES {
        let (out, path) = (render(code), folder.join(format!("{name}.txt")));
        let heard = described(&out);
        if std::env::var_os("CANTUS_GOLDEN").is_some() {
            std::fs::write(&path, &heard).expect("the sources can be written");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if let Some(difference) = difference(&heard, &expected) {
            wrong.push(format!("{name}, {}: {difference}", write_wav(name, &out).display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_styles_sound_alike() {
    let heard: Vec<_> = STYLES.iter().map(|(name, code)| (name, described(&render(code)))).collect();
    for (n, (name, one)) in heard.iter().enumerate() {
        for (other, another) in &heard[..n] {
            assert!(difference(one, another).is_some(), "{name} is {other}");
        }
    }
}

#[test]
fn scripts_see_where_voices_are() {
    let mut studio = Studio::playing(
        "s = sampler('s') s.slots[1].file = 'loop_breakbeat.flac' s:trigger{} s:trigger{start = 0.5}
         every(0.5, function() print(s.meters.voices, s.meters.playhead_1, s.meters.playhead_2, s.meters.playhead_3) end)",
    );
    studio.render(36_000);
    let seen: Vec<Vec<f64>> = studio
        .printed()
        .iter()
        .map(|line| line.split('\t').filter_map(|number| number.parse().ok()).collect())
        .collect();
    assert!(seen.len() >= 3 && seen[1..].iter().all(|row| row[0] == 2.0 && row[3] == -1.0), "{seen:?}");
    for two in seen[1..].windows(2) {
        // Half a beat of a sound of 1.905 seconds.
        let moved = [two[1][1] - two[0][1], two[1][2] - two[0][2]];
        assert!(moved.iter().all(|moved| (moved - 0.25 / 1.905).abs() < 0.01), "{seen:?}");
    }
    studio.eval("print(meters('s'))");
    let printed = studio.printed().join("\n");
    assert_eq!(printed.matches("playhead_1 to playhead_32 = ").count(), 1, "{printed}");
    assert_eq!(printed.lines().count(), 3, "{printed}");
}
