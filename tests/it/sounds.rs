//! Sound files of every kind we read, through the sampler, at the right pitch and level.

use std::path::Path;

use hound::{SampleFormat, WavSpec, WavWriter};

use crate::rig::{Studio, peak, registry};

/// A sine of 441 Hz, amplitude one half, two seconds long.
fn write_sine(path: &Path, rate: u32, channels: u16, bits: u16, format: SampleFormat) {
    let spec = WavSpec { channels, sample_rate: rate, bits_per_sample: bits, sample_format: format };
    let mut wav = WavWriter::create(path, spec).expect("the folder can be written");
    for n in 0..rate * 2 {
        let x = 0.5 * (std::f64::consts::TAU * 441.0 * f64::from(n) / f64::from(rate)).sin();
        for _ in 0..channels {
            match format {
                SampleFormat::Float => wav.write_sample(x as f32),
                SampleFormat::Int => wav.write_sample((x * f64::from((1i64 << (bits - 1)) as u32 - 1)).round() as i32),
            }
            .expect("there is room");
        }
    }
    wav.finalize().expect("there is room");
}

/// Cycles per second, from the first to the last upward crossing of zero.
fn frequency(wave: &[f32]) -> f64 {
    // Where a straight line between two samples crosses zero.
    let crossing = |n: usize| n as f64 + f64::from(-wave[n]) / f64::from(wave[n + 1] - wave[n]);
    let ups: Vec<f64> = (0..wave.len() - 1).filter(|n| wave[*n] < 0.0 && wave[n + 1] >= 0.0).map(crossing).collect();
    (ups.len() - 1) as f64 / (ups[ups.len() - 1] - ups[0]) * 48_000.0
}

/// Plays `code` after the sampler `s` was given `file`; half a second from a tenth of a second on.
fn play(folder: &Path, file: &str, code: &str) -> Vec<f32> {
    let mut studio = Studio::with(registry(), folder.to_owned());
    studio.eval(&format!("s = sampler('s') s.slots[3].file = '{file}' {code}"));
    assert_eq!(studio.problems(), Vec::<String>::new());
    studio.render(4_800);
    let [left, right] = studio.render(24_000);
    assert_eq!(left, right);
    left
}

#[test]
fn files_of_every_kind_sound_alike() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let int = SampleFormat::Int;
    for (rate, channels, bits, format) in [
        (48_000, 1, 16, int),
        (44_100, 1, 16, int),
        (44_100, 2, 16, int),
        (44_100, 2, 24, int),
        (22_050, 1, 8, int),
        (96_000, 2, 32, SampleFormat::Float),
        (32_000, 1, 32, int),
    ] {
        let name = format!("{rate}-{channels}-{bits}-{format:?}.wav");
        write_sine(&folder.path().join(&name), rate, channels, bits, format);
        let wave = play(folder.path(), &name, "s:trigger{slot = 3}");
        assert!((frequency(&wave) - 441.0).abs() < 0.01, "{name}: {} Hz", frequency(&wave));
        // One step of the file's own resolution, and what resampling rounds.
        let step = 2f32.powi(1 - i32::from(bits)) + 0.001;
        assert!((peak(&wave) - 0.5).abs() < step, "{name}: peak {}", peak(&wave));
    }
}

#[test]
fn notes_sound_at_their_pitch() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_sine(&folder.path().join("a.wav"), 44_100, 1, 16, SampleFormat::Int);
    for (code, hz) in [
        ("s:trigger{slot = 3}", 441.0),
        ("s:trigger{slot = 3, note = 60}", 441.0),
        ("s:trigger{slot = 3, note = 'C5'}", 882.0),
        ("s:trigger{slot = 3, note = 48}", 220.5),
        // A semitone is the twelfth root of 2.
        ("s:trigger{slot = 3, note = 61}", 441.0 * 1.059_463_094_359_295_3),
        ("s.slots[3].root = 'A4' s:trigger{slot = 3, note = 69}", 441.0),
        ("s.slots[3].tune = 100 s:trigger{slot = 3}", 441.0 * 1.059_463_094_359_295_3),
        ("s.transpose = -12 s:trigger{slot = 3}", 220.5),
    ] {
        let wave = play(folder.path(), "a.wav", code);
        assert!((frequency(&wave) / hz - 1.0).abs() < 5e-5, "{code}: {} Hz, not {hz}", frequency(&wave));
    }
}

#[test]
fn flac_sounds_like_wav() {
    // One of the recordings, against another program's measure of it.
    let sound = cantus_host::assets::decode(&crate::rig::pieces().join("samples/bd_808.flac")).expect("it can be read");
    assert_eq!((sound.channels.len(), sound.rate), (1, 44_100.0));
    assert_eq!(sound.channels[0].len(), 24_685);
    assert!((peak(&sound.channels[0]) - 0.763_245).abs() < 1e-4, "{}", peak(&sound.channels[0]));
}
