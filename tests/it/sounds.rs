//! Sound files of every kind we read, through the sampler, at the right pitch and level.

use std::path::{Path, PathBuf};

use cantus_host::assets::{Direction, Loop, Progress, load};
use cantus_host::control::{Commit, StatusOf};
use hound::{SampleFormat, WavSpec, WavWriter};

use crate::rig::{Studio, peak, registry};
use crate::soundfiles::Coding;

/// Folder of the coded sounds.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sounds")
}

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

/// What the files of [`Coding`] and the fixtures hold: silence, then a sine from a tenth of a second on, 441 Hz in the
/// first channel and 882 Hz in the second, amplitude one half.
fn burst(rate: f64, channel: usize, frames: usize) -> Vec<f64> {
    let hz = [441.0, 882.0][channel];
    let sine = |t: f64| if t < 0.0 { 0.0 } else { 0.5 * (std::f64::consts::TAU * hz * t).sin() };
    (0..frames).map(|n| sine(n as f64 / rate - 0.1)).collect()
}

/// Sees that a file of half a second holds bursts at the right place, pitch and level; `error` is how far a sample may
/// be from what it should be.
fn check(path: &Path, channels: usize, error: f64) {
    let progress = Progress::default();
    let asset = load(path, 48_000.0, &progress).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(progress.percent(), 100);
    assert_eq!((asset.channels, asset.frames, asset.rate), (channels, 24_000, 48_000.0), "{}", path.display());
    for channel in 0..channels {
        let sound = asset.memory.channel(channel).expect("it has that channel");
        let expected = burst(48_000.0, channel, 24_000);
        // How well it fits around the onset if it is moved by so many frames.
        let misfit = |lag: i64| -> f64 {
            let at = |n: i64| f64::from(sound[(n + lag) as usize]) - expected[n as usize];
            (4_700..5_200).map(|n| at(n).powi(2)).sum()
        };
        let lag = (-40..=40).min_by(|a, b| misfit(*a).total_cmp(&misfit(*b)));
        let name = format!("{}, channel {channel}", path.display());
        assert_eq!(lag, Some(0), "{name}: the onset is moved");
        let steady = 6_000..22_000;
        let hz = 441.0 * (channel + 1) as f64;
        let found = frequency(&sound[steady.clone()]);
        assert!((found / hz - 1.0).abs() < 1e-4, "{name}: {found} Hz, not {hz}");
        let worst = steady.map(|n| (f64::from(sound[n]) - expected[n]).abs()).fold(0.0, f64::max);
        assert!(worst < error, "{name}: off by {worst}");
    }
}

#[test]
fn every_coding_of_wav_and_aiff_is_exact() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for coding in [
        Coding::Wav(8),
        Coding::Wav(16),
        Coding::Wav(24),
        Coding::Wav(32),
        Coding::WavFloat(32),
        Coding::WavFloat(64),
        Coding::WavExtensible(16),
        Coding::WavExtensible(24),
        Coding::Aiff(8),
        Coding::Aiff(16),
        Coding::Aiff(24),
        Coding::Aiff(32),
        Coding::Aifc(b"NONE", 16),
        Coding::Aifc(b"sowt", 16),
        Coding::Aifc(b"fl32", 32),
        Coding::Aifc(b"FL64", 64),
    ] {
        for (rate, channels) in [(48_000, 1), (48_000, 2), (44_100, 2), (22_050, 1), (96_000, 1)] {
            let frames = rate as usize / 2;
            let wave: Vec<_> = (0..channels).map(|c| burst(rate.into(), c, frames)).collect();
            let path = folder.path().join(format!("{coding:?}-{rate}-{channels}"));
            std::fs::write(&path, coding.file(rate, &wave)).expect("the folder can be written");
            // One step of 8 bits; what resampling does to the edges of a burst.
            let error = if format!("{coding:?}").contains("(8)") { 0.008 } else { 2e-4 };
            check(&path, channels, error);
        }
    }
}

#[test]
fn coded_files_begin_where_they_should() {
    for (file, channels, error) in [
        ("mono-22050.mp3", 1, 0.03),
        ("mono-44100.mp3", 1, 0.03),
        ("stereo-48000.mp3", 2, 0.03),
        ("mono-22050.ogg", 1, 0.02),
        ("mono-48000.ogg", 1, 0.02),
        ("stereo-44100.ogg", 2, 0.02),
        ("mono-44100.flac", 1, 2e-4),
        ("stereo-22050.flac", 2, 2e-4),
    ] {
        check(&fixtures().join(file), channels, error);
    }
}

#[test]
fn files_of_every_kind_play_at_their_pitch() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in ["mono-22050.mp3", "mono-44100.mp3", "mono-22050.ogg", "mono-48000.ogg", "mono-44100.flac"] {
        std::fs::copy(fixtures().join(file), folder.path().join(file)).expect("the fixture is there");
    }
    for (name, coding, rate) in [("a.wav", Coding::Wav(16), 44_100), ("a.aiff", Coding::Aiff(16), 44_100)] {
        let wave = [burst(rate.into(), 0, rate as usize / 2)];
        std::fs::write(folder.path().join(name), coding.file(rate, &wave)).expect("the folder can be written");
    }
    for entry in std::fs::read_dir(folder.path()).expect("it is there").flatten() {
        let name = entry.file_name().into_string().expect("it has a plain name");
        let wave = play(folder.path(), &name, "s:trigger{slot = 3}");
        // The burst lasts for four tenths of a second, and its edges are none of its periods.
        let found = frequency(&wave[480..18_720]);
        assert!((found / 441.0 - 1.0).abs() < 1e-4, "{name}: {found} Hz");
    }
}

#[test]
fn broken_parts_are_skipped_and_what_follows_stays_in_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in ["mono-44100.mp3", "stereo-48000.mp3", "stereo-44100.ogg", "mono-44100.flac"] {
        let mut bytes = std::fs::read(fixtures().join(file)).expect("the fixture is there");
        let (whole, late) = (bytes.len(), bytes.len() * 3 / 4);
        bytes[late..late + 100].fill(0x55);
        let path = folder.path().join(file);
        std::fs::write(&path, &bytes).expect("the folder can be written");
        let asset = load(&path, 48_000.0, &Progress::default()).unwrap_or_else(|e| panic!("{file}: {e}"));
        let sound = asset.memory.channel(0).expect("it has that channel");
        // An MP3 does not say which of its frames one is, so what is lost there is lost.
        if !file.ends_with("mp3") {
            let expected = burst(48_000.0, 0, 24_000);
            let worst = (22_000..23_500).map(|n| (f64::from(sound[n]) - expected[n]).abs()).fold(0.0, f64::max);
            assert!(worst < 0.02, "{file}: off by {worst} after the gap");
        }
        assert!((20_000..=24_000).contains(&asset.frames), "{file}: {} frames", asset.frames);
        // Cut off: what is there is played.
        std::fs::write(&path, &bytes[..whole * 7 / 8]).expect("the folder can be written");
        let cut = load(&path, 48_000.0, &Progress::default()).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!((8_000..=asset.frames).contains(&cut.frames), "{file}: {} frames", cut.frames);
    }
}

#[test]
fn what_cannot_be_played_says_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let empty_wav = Coding::Wav(16).file(48_000, &[vec![]]);
    for (name, bytes, expected) in [
        ("nothing", &b""[..], "could not decode it"),
        ("text", b"this is not a sound, however long one looks at it", "could not decode it"),
        ("empty.wav", &empty_wav, "it is empty"),
        ("head.wav", &empty_wav[..20], "it does not say how it is coded; it is not a whole WAV file"),
        ("form.aiff", b"FORM\0\0\0\x04AIFF", "it does not say how it is coded; it is not a whole AIFF file"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("the folder can be written");
        let error = load(&path, 48_000.0, &Progress::default()).expect_err(name);
        assert!(error.starts_with(expected), "{name}: {error}");
    }
}

#[test]
fn flac_sounds_like_wav() {
    // One of the recordings, against another program's measure of it.
    let path = crate::rig::pieces().join("samples/bd_808.flac");
    let asset = load(&path, 44_100.0, &Progress::default()).expect("it can be read");
    assert_eq!((asset.channels, asset.source_rate, asset.frames, asset.format), (1, 44_100.0, 24_685, "FLAC"));
    let sound = asset.memory.channel(0).expect("it has one channel");
    assert!((peak(sound) - 0.763_245).abs() < 1e-4, "{}", peak(sound));
}

#[test]
fn loops_of_games_are_read() {
    let asset = load(&fixtures().join("stereo-44100.ogg"), 48_000.0, &Progress::default()).expect("it can be read");
    assert_eq!(asset.metadata.loops, [Loop { range: 4_800..19_200, direction: Direction::Forward }]);
}

#[test]
fn the_state_shows_what_is_loaded() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wave = [burst(48_000.0, 0, 24_000)];
    for name in ["a.wav", "b.wav"] {
        std::fs::write(folder.path().join(name), Coding::Wav(16).file(48_000, &wave))
            .expect("the folder can be written");
    }
    let mut studio = Studio::with(registry(), folder.path().to_owned());
    studio.eval("s = sampler('s') s.slots[1].file = 'a.wav' s.slots[2].file = 'b.wav' s.slots[3].file = 'none.wav'");
    studio.problems();
    let before = studio.engine().state();
    let names: Vec<&str> = before.assets.keys().map(|name| &**name).collect();
    assert_eq!(names, ["a.wav", "b.wav"]);
    let (a, b) = (&before.assets["a.wav"], &before.assets["b.wav"]);
    assert!(std::sync::Arc::ptr_eq(a, b), "the same bytes are kept once");
    assert_eq!((a.format, a.channels, a.seconds()), ("WAV", 1, 0.5));
    let [peak] = a.columns(0..1, 0..a.frames, 1)[..] else { panic!("one column") };
    assert!((peak.max - 0.5).abs() < 0.001 && (peak.min + 0.5).abs() < 0.001, "{peak:?}");
    // A value that is set copies nothing; a file that is not wanted any more is not there.
    studio.eval("s = sampler('s') s.volume = 0.5");
    assert!(std::sync::Arc::ptr_eq(&before.assets, &studio.engine().state().assets));
    studio.eval("s = sampler('s') s.slots[2].file = ''");
    assert_eq!(studio.engine().state().assets.len(), 1);
}

#[test]
fn the_state_shows_how_far_a_file_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wave = [burst(44_100.0, 0, 44_100 * 20), burst(44_100.0, 1, 44_100 * 20)];
    std::fs::write(folder.path().join("long.wav"), Coding::Wav(24).file(44_100, &wave)).expect("it can be written");
    let mut studio = Studio::with(registry(), folder.path().to_owned());
    studio.eval("s = sampler('s') s.slots[1].file = 'long.wav'");
    let mut seen = Vec::new();
    loop {
        // Any command lets the engine look.
        studio.start();
        match studio.engine().state().status.data.get("s.slots[1].file") {
            Some(StatusOf::Loading { percent }) => seen.push(*percent),
            other => break assert_eq!(other, None),
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(seen.is_sorted() && seen.iter().all(|percent| percent % 5 == 0), "{seen:?}");
    seen.dedup();
    assert!((2..=21).contains(&seen.len()), "{seen:?}");
}

#[test]
fn a_file_that_is_read_again_is_heard() {
    use cantus_host::model::command::ReloadAssetCommand;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("x.wav");
    let write = |value: f32| {
        let spec =
            WavSpec { channels: 1, sample_rate: 48_000, bits_per_sample: 32, sample_format: SampleFormat::Float };
        let mut wav = WavWriter::create(&path, spec).expect("the folder can be written");
        (0..48_000).for_each(|_| wav.write_sample(value).expect("there is room"));
        wav.finalize().expect("there is room");
    };
    write(0.25);
    let mut studio = Studio::with(registry(), folder.path().to_owned());
    studio.eval("s = sampler('s', {attack = 0}) s.slots[1].file = 'x.wav'");
    let mut level = |before: &mut dyn FnMut(&Studio)| {
        before(&studio);
        studio.problems(); // it is read
        studio.eval("engine:getModuleRegistry():getModule('s'):trigger{length = 0.1}");
        let level = peak(&studio.render(2_400)[0]);
        studio.render(48_000);
        (level, studio.problems().len())
    };
    let reload = |studio: &Studio| _ = studio.send(ReloadAssetCommand { file: "x.wav".into() }).expect("always");
    let (first, problems) = level(&mut |_| {});
    assert!(first > 0.0 && problems == 0);
    assert_eq!(level(&mut |_| write(0.5)), (first, 0), "nobody has said so");
    assert_eq!(level(&mut |studio| reload(studio)), (2.0 * first, 0));
    assert_eq!(level(&mut |studio| reload(studio)), (2.0 * first, 0), "it is the same");
    std::fs::remove_file(&path).expect("it is there");
    assert_eq!(level(&mut |studio| reload(studio)), (2.0 * first, 1), "it is missing; what was read plays on");
    write(0.25);
    assert_eq!(level(&mut |studio| reload(studio)), (first, 0));
}
