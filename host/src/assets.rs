//! Sound files: decoded and brought to the engine's rate, on worker threads.
//!
//! WAV (8 to 32 bit and float) and FLAC, mono to many channels. Nothing in here is ever called on the audio thread.

use std::path::{Path, PathBuf};

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler};
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

/// Most samples of one file, all channels together, before and after resampling: an hour of stereo at 48 kHz.
const MOST_SAMPLES: usize = 2 * 48_000 * 3600;
/// Sample rates that a file may say it has, in Hz.
const RATES: std::ops::RangeInclusive<f64> = 1_000.0..=768_000.0;

/// A decoded sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Planar samples; all channels are equally long.
    pub channels: Vec<Vec<f32>>,
    /// Frames per second.
    pub rate: f64,
}

/// Where a session whose sounds lie in `root` finds a file: there, else in its `samples/`.
pub fn find(root: &Path, file: &str) -> PathBuf {
    let places = [root.join(file), root.join("samples").join(file)];
    let there = places.iter().position(|p| p.exists()).unwrap_or(0);
    let [first, second] = places;
    if there == 0 { first } else { second }
}

/// Decodes a file and brings it to `rate` Hz.
///
/// # Errors
/// Why it cannot be played and what to do, as a sentence without the path.
pub fn load(path: &Path, rate: f64) -> Result<Sound, String> {
    resample(decode(path)?, rate)
}

/// Decodes a file at its own rate.
///
/// # Errors
/// As [`load`].
pub fn decode(path: &Path) -> Result<Sound, String> {
    let file = std::fs::File::open(path).map_err(|e| format!("could not open it ({e}); check the path"))?;
    if !file.metadata().is_ok_and(|m| m.is_file()) {
        return Err("it is not a file; name a sound file".into());
    }
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(extension);
    }
    let broken = |e: Error| format!("could not decode it ({e}); WAV and FLAC can be played");
    let probe = symphonia::default::get_probe();
    let mut format =
        probe.probe(&hint, stream, FormatOptions::default(), MetadataOptions::default()).map_err(broken)?;
    let track = format.default_track(TrackType::Audio).ok_or("it has no sound in it")?;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or("it does not say how it is coded")?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(broken)?;
    let (id, mut rate) = (track.id, parameters.sample_rate);
    let mut channels: Vec<Vec<f32>> = Vec::new();
    let mut planes: Vec<Vec<f32>> = Vec::new();
    while let Some(packet) = format.next_packet().map_err(broken)? {
        if packet.track_id != id {
            continue;
        }
        let decoded = decoder.decode(&packet).map_err(broken)?;
        rate = rate.or(Some(decoded.spec().rate()));
        decoded.copy_to_vecs_planar(&mut planes);
        channels.resize_with(planes.len().max(channels.len()), Vec::new);
        for (all, new) in channels.iter_mut().zip(&planes) {
            all.extend_from_slice(new);
        }
        if channels.iter().map(Vec::len).sum::<usize>() > MOST_SAMPLES {
            return Err("it is longer than an hour of stereo; cut it".into());
        }
    }
    let rate = rate.ok_or("it does not say its sample rate")?;
    let frames = channels.iter().map(Vec::len).min().unwrap_or(0);
    if frames == 0 {
        return Err("it is empty".into());
    }
    for channel in &mut channels {
        channel.truncate(frames);
        channel.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
    }
    Ok(Sound { channels, rate: f64::from(rate) })
}

/// Brings a sound to another rate (a band-limited FFT resampler); the first frame stays the first.
fn resample(sound: Sound, rate: f64) -> Result<Sound, String> {
    if sound.rate == rate {
        return Ok(sound);
    }
    let failed = |e: String| format!("could not resample it from {} to {rate} Hz ({e})", sound.rate);
    let (count, frames) = (sound.channels.len(), sound.channels[0].len());
    if !RATES.contains(&sound.rate) {
        return Err(format!(
            "it says its sample rate is {} Hz; {} to {} can be",
            sound.rate,
            RATES.start(),
            RATES.end()
        ));
    }
    if frames as f64 * count as f64 * rate / sound.rate > MOST_SAMPLES as f64 {
        return Err(format!("at {rate} Hz it would be longer than an hour of stereo; cut it"));
    }
    let mut resampler = Fft::<f32>::new(sound.rate as usize, rate as usize, 1024, count, FixedSync::Input)
        .map_err(|e| failed(e.to_string()))?;
    let input = SequentialSliceOfVecs::new(&sound.channels, count, frames).map_err(|e| failed(e.to_string()))?;
    let output = resampler.process_all(&input, frames, None).map_err(|e| failed(e.to_string()))?.take_data();
    // Exactly as long as before, up to one frame: the resampler's own length is rounded from a fraction.
    let length = (frames as u64 * rate as u64).div_ceil(sound.rate as u64) as usize;
    let channel = |c| output.iter().skip(c).step_by(count).take(length).copied().collect();
    let channels = (0..count).map(channel).collect();
    Ok(Sound { channels, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: f64, hz: f64, frames: usize) -> Vec<f32> {
        (0..frames).map(|n| (std::f64::consts::TAU * hz * n as f64 / rate).sin() as f32).collect()
    }

    #[test]
    fn what_a_header_says_is_not_believed() {
        for (rate, expected) in [
            (1.0, "it says its sample rate is 1 Hz; 1000 to 768000 can be"),
            (4_000_000_007.0, "it says its sample rate is 4000000007 Hz; 1000 to 768000 can be"),
        ] {
            let sound = Sound { channels: vec![vec![0.0; 100]], rate };
            assert_eq!(resample(sound, 48_000.0), Err(expected.to_owned()));
        }
    }

    #[test]
    fn resampling_keeps_onset_and_length() {
        let sound = Sound { channels: vec![sine(44_100.0, 441.0, 44_100)], rate: 44_100.0 };
        let out = resample(sound, 48_000.0).expect("resamples");
        assert_eq!(out.channels[0].len(), 48_000);
        let expected = sine(48_000.0, 441.0, 48_000);
        let worst = (2_000..46_000).map(|n| (out.channels[0][n] - expected[n]).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "worst difference {worst}");
    }
}
