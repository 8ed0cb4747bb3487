//! From a file's rate to the engine's.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler};

use super::{MOST_SAMPLES, Progress, Sound};

/// Sample rates that a file may say it has, in Hz.
const RATES: std::ops::RangeInclusive<f64> = 1_000.0..=768_000.0;

/// Brings a sound to another rate (a band-limited FFT resampler); the first frame stays the first.
///
/// # Errors
/// Why it cannot be done, as a sentence.
pub(super) fn resample(sound: Sound, rate: f64, progress: &Progress) -> Result<Sound, String> {
    let Sound { channels, rate: from } = sound;
    if !RATES.contains(&from) {
        let (lowest, highest) = (RATES.start(), RATES.end());
        return Err(format!("it says its sample rate is {from} Hz; {lowest} to {highest} can be"));
    }
    if from == rate {
        return Ok(Sound { channels, rate });
    }
    let failed = |e: String| format!("could not resample it from {from} to {rate} Hz ({e})");
    let (count, frames) = (channels.len(), channels[0].len());
    if frames as f64 * count as f64 * rate / from > MOST_SAMPLES as f64 {
        return Err(format!("at {rate} Hz it would be longer than an hour of stereo; cut it"));
    }
    let mut resampler =
        Fft::<f32>::new(from as usize, rate as usize, 1024, 1, FixedSync::Input).map_err(|e| failed(e.to_string()))?;
    // Exactly as long as before, up to one frame: the resampler's own length is rounded from a fraction.
    let length = (frames as u64 * rate as u64).div_ceil(from as u64) as usize;
    let one = |(done, channel)| {
        let channel = [channel];
        let input = SequentialSliceOfVecs::new(&channel, 1, frames).map_err(|e| failed(e.to_string()))?;
        let mut output = resampler.process_all(&input, frames, None).map_err(|e| failed(e.to_string()))?.take_data();
        output.truncate(length);
        // It has room for a whole block of the resampler, however short the sound is.
        output.shrink_to_fit();
        progress.reach(super::RESAMPLED, done + 1, count);
        Ok(output)
    };
    let channels = channels.into_iter().enumerate().map(one).collect::<Result<_, String>>()?;
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
            assert_eq!(resample(sound, 48_000.0, &Progress::default()).map(|_| ()), Err(expected.to_owned()));
        }
    }

    #[test]
    fn a_short_sound_takes_little_memory() {
        let sound = Sound { channels: vec![vec![0.5]; 2], rate: 1_009.0 };
        let out = resample(sound, 48_000.0, &Progress::default()).expect("resamples");
        for channel in &out.channels {
            assert!(channel.len() == 48 && channel.capacity() < 100, "{} in {}", channel.len(), channel.capacity());
        }
    }

    #[test]
    fn resampling_keeps_onset_and_length() {
        let channels = vec![sine(44_100.0, 441.0, 44_100), sine(44_100.0, 882.0, 44_100)];
        let out = resample(Sound { channels, rate: 44_100.0 }, 48_000.0, &Progress::default()).expect("resamples");
        for (channel, hz) in out.channels.iter().zip([441.0, 882.0]) {
            assert_eq!(channel.len(), 48_000);
            let expected = sine(48_000.0, hz, 48_000);
            let worst = (2_000..46_000).map(|n| (channel[n] - expected[n]).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{hz} Hz: worst difference {worst}");
        }
    }
}
