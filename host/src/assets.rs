//! Sound files: read, hashed, decoded, brought to the engine's rate and measured, on worker threads.
//!
//! WAV and AIFF (integer and float), FLAC, OGG Vorbis and MP3, mono to 64 channels. Nothing in here is ever called on
//! the audio thread, and nothing believes what a file says about itself.

mod aiff;
mod chunks;
mod decode;
mod hash;
mod lanes;
mod metadata;
mod onsets;
mod pcm;
mod peaks;
mod progress;
mod resample;
#[cfg(test)]
mod tests;
mod wav;

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use hash::{ContentHash, NotAHash};
pub use metadata::{Cue, Direction, Loop, Metadata, Pitch};
pub use onsets::onsets;
pub use peaks::{Peak, Peaks};
pub use progress::Progress;

use crate::rt::SampleMemory;

/// Most samples of one file, all channels together, before and after resampling: an hour of stereo at 48 kHz.
const MOST_SAMPLES: usize = 2 * 48_000 * 3600;
/// Most bytes of one file: as many samples as above take less than that in every usual coding.
const MOST_BYTES: usize = 2 << 30;
/// Bytes read at once.
const PART: usize = 1 << 18;

/// Which percents of the work each part is.
const READ: [u8; 2] = [0, 20];
const DECODED: [u8; 2] = [20, 70];
const RESAMPLED: [u8; 2] = [70, 95];
const MEASURED: [u8; 2] = [95, 100];

/// A sound file, loaded: what modules play, and what people want to know.
pub struct Asset {
    /// The samples as modules get them, at the engine's rate.
    pub memory: Arc<SampleMemory>,
    /// What the file's bytes are called.
    pub hash: ContentHash,
    /// Loops, cue points and pitch; places are frames of `memory`.
    pub metadata: Metadata,
    /// For drawing.
    pub peaks: Peaks,
    /// `WAV`, `AIFF`, `FLAC`, `OGG Vorbis` or `MP3`; `another` if it is none of these and can be played all the same.
    pub format: &'static str,
    /// Frames per second in the file, in Hz.
    pub source_rate: f64,
    /// Frames per second in memory, in Hz.
    pub rate: f64,
    /// At least 1.
    pub channels: usize,
    /// Frames in memory; at least 1.
    pub frames: usize,
}

impl Asset {
    /// Seconds that it lasts at its own pitch.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / self.rate
    }

    /// What to draw of some channels together, in `count` columns that share the frames of `range`: see
    /// [`Peaks::columns`].
    pub fn columns(&self, channels: Range<usize>, range: Range<usize>, count: usize) -> Vec<Peak> {
        let of = |channel| {
            let samples = self.memory.channel(channel).unwrap_or_default();
            self.peaks.columns(channel, samples, range.clone(), count)
        };
        let together = |one: Vec<Peak>, other| one.into_iter().zip(other).map(|(a, b)| a.with(b)).collect();
        channels.map(of).reduce(together).unwrap_or_default()
    }
}

impl std::fmt::Debug for Asset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Asset { hash, format, source_rate, channels, frames, .. } = self;
        write!(f, "Asset({hash}: {format}, {source_rate} Hz, {channels} channels, {frames} frames)")
    }
}

/// Decoded samples.
struct Sound {
    /// Planar; at least one channel, all equally long and not empty.
    channels: Vec<Vec<f32>>,
    /// Frames per second.
    rate: f64,
}

/// Where a session whose sounds lie in `root` finds a file: there, else in its `samples/`.
pub fn find(root: &Path, file: &str) -> PathBuf {
    let places = [root.join(file), root.join("samples").join(file)];
    let there = places.iter().position(|p| p.exists()).unwrap_or(0);
    let [first, second] = places;
    if there == 0 { first } else { second }
}

/// The sound files of a folder, as they are written in sessions whose sounds lie in `root`, by name. What the folder is
/// called is looked for as [`find`] does; what lies deeper in it is not part of it.
///
/// # Errors
/// Why there are none and what to do, as a sentence without the path.
pub fn bank(root: &Path, folder: &str) -> Result<Vec<String>, String> {
    const SOUNDS: [&str; 8] = ["wav", "wave", "aif", "aiff", "aifc", "flac", "ogg", "mp3"];
    let entries =
        std::fs::read_dir(find(root, folder)).map_err(|e| format!("could not read it ({e}); name a folder"))?;
    let is_sound = |name: &String| {
        let kind = Path::new(name).extension().unwrap_or_default().to_ascii_lowercase();
        SOUNDS.iter().any(|sound| kind == *sound) && !name.starts_with('.')
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(is_sound).collect();
    if names.is_empty() {
        return Err("it has no sound files; name a folder that has some".into());
    }
    names.sort();
    Ok(names.iter().map(|name| format!("{}/{name}", folder.trim_end_matches('/'))).collect())
}

/// Loads a file and brings it to `rate` Hz. Takes as much memory as the file, its samples and their resampled form
/// together; says in `progress` how far it is.
///
/// # Errors
/// Why it cannot be played and what to do, as a sentence without the path.
pub fn load(path: &Path, rate: f64, progress: &Progress) -> Result<Asset, String> {
    let (bytes, hash) = read(path, progress)?;
    let decode::Decoded { sound, metadata, format } = decode::decode(&bytes, progress)?;
    drop(bytes);
    let source_rate = sound.rate;
    let sound = resample::resample(sound, rate, progress)?;
    let (channels, frames) = (sound.channels.len(), sound.channels[0].len());
    let peaks = Peaks::new(&sound.channels);
    let metadata = metadata.placed(rate / source_rate, frames);
    let said = metadata.said(onsets::onsets(&sound.channels, rate));
    progress.reach(MEASURED, 1, 1);
    Ok(Asset {
        memory: SampleMemory::new(&sound.channels, rate, said),
        hash,
        metadata,
        peaks,
        format,
        source_rate,
        rate,
        channels,
        frames,
    })
}

/// All bytes of a file, and their hash.
fn read(path: &Path, progress: &Progress) -> Result<(Vec<u8>, ContentHash), String> {
    let failed = |e| format!("could not open it ({e}); check the path");
    // Before it is opened: to open a pipe waits for somebody to write into it.
    let known = std::fs::metadata(path).map_err(failed)?;
    if !known.is_file() {
        return Err("it is not a file; name a sound file".into());
    }
    let mut file = File::open(path).map_err(failed)?;
    let all = known.len() as usize;
    let (mut bytes, mut hasher) = (Vec::with_capacity(all.min(MOST_BYTES)), blake3::Hasher::new());
    loop {
        // It may grow while it is read.
        let before = bytes.len();
        if all.max(before) > MOST_BYTES {
            return Err(format!("it is larger than {} MB; cut it", MOST_BYTES >> 20));
        }
        (&mut file).take(PART as u64).read_to_end(&mut bytes).map_err(|e| format!("could not read it ({e})"))?;
        if bytes.len() == before {
            return Ok((bytes, hasher.finalize().into()));
        }
        hasher.update(&bytes[before..]);
        progress.reach(READ, bytes.len(), all);
    }
}
