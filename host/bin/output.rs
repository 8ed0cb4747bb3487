//! The file a render writes: checked before, whole or not there after.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use cantus_host::assets::find;
use cantus_host::files::Partial;
use cantus_host::model::Name;
use hound::{SampleFormat, WavSpec, WavWriter};

use crate::Failure;

/// Bytes that a WAV file can count, less its head.
const MOST_BYTES: u64 = u32::MAX as u64 - 1024;

/// Where a render goes.
pub struct Output {
    /// As the user wrote it.
    shown: PathBuf,
    /// Behind all links.
    path: PathBuf,
}

impl Output {
    /// Looks at the place before anything is done: its folder must be there, and what it replaces must be a file, and
    /// not what it is made from.
    pub fn new(out: &Path, sources: &[PathBuf]) -> Result<Output, Failure> {
        let refuse = |why: &str| Failure(format!("could not write {}: {why}", out.display()));
        let path = out.canonicalize().unwrap_or_else(|_| out.to_owned());
        if path.exists() && !path.is_file() {
            return Err(refuse("it is there and is not a file; choose another name"));
        }
        if sources.iter().any(|source| source.canonicalize().is_ok_and(|source| source == path)) {
            return Err(refuse("it is what is to be played; choose another name"));
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(refuse("its folder is not there; make it first"));
        }
        Ok(Output { shown: out.to_owned(), path })
    }

    fn refuse(&self, why: impl std::fmt::Display) -> Failure {
        Failure(format!("could not write {}: {why}", self.shown.display()))
    }

    /// Refuses what a WAV file cannot count. `rate` in Hz.
    pub fn fits(&self, frames: u64, bits: u16, rate: f64) -> Result<(), Failure> {
        let most = MOST_BYTES / (2 * u64::from(bits / 8));
        if frames <= most {
            return Ok(());
        }
        let hours = most as f64 / rate / 3600.0;
        Err(self.refuse(format!("a WAV file of {bits} bits holds at most {hours:.1} hours; render less at a time")))
    }

    /// Refuses to replace a sound file that `player` plays; `root` is where files are looked for.
    pub fn is_none_of<'a>(
        &self,
        mut sounds: impl Iterator<Item = &'a Name>,
        root: &Path,
        player: &str,
    ) -> Result<(), Failure> {
        let played = sounds.any(|file| find(root, file).canonicalize().is_ok_and(|file| file == self.path));
        if played { Err(self.refuse(format!("{player} plays it; choose another name"))) } else { Ok(()) }
    }

    /// A new WAV file beside it, stereo, that takes its place when it is whole; `rate` in Hz, 16 or 24 bits, or 32 for
    /// floats.
    pub fn begin(&self, rate: f64, bits: u16) -> Result<Wav<'_>, Failure> {
        let sample_format = if bits == 32 { SampleFormat::Float } else { SampleFormat::Int };
        let spec = WavSpec { channels: 2, sample_rate: rate as u32, bits_per_sample: bits, sample_format };
        let begin = || {
            let partial = Partial::begin(&self.path)?;
            let file = BufWriter::new(partial.file().try_clone()?);
            Ok(Wav { output: self, writer: WavWriter::new(file, spec)?, partial, bits })
        };
        begin().map_err(|e: hound::Error| self.refuse(format!("{e}; check the folder")))
    }

    fn broke_off(&self, why: impl std::fmt::Display) -> Failure {
        self.refuse(format!("{why}; make room or choose another place"))
    }
}

/// A WAV file in the making; dropped before its end, nothing of it is left.
pub struct Wav<'a> {
    output: &'a Output,
    writer: WavWriter<BufWriter<File>>,
    partial: Partial,
    bits: u16,
}

impl Wav<'_> {
    /// Interleaved frames; what is beyond full scale is clipped, but for floats.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), Failure> {
        let full = f64::from(1u32 << (self.bits - 1));
        let Wav { writer, bits, .. } = self;
        let mut one = |x: f32| match bits {
            32 => writer.write_sample(x),
            _ => writer.write_sample((f64::from(x) * full).round().clamp(-full, full - 1.0) as i32),
        };
        interleaved.iter().try_for_each(|x| one(*x)).map_err(|e| self.output.broke_off(e))
    }

    /// Ends it, and puts it in its place.
    pub fn finish(self) -> Result<(), Failure> {
        let Wav { output, writer, partial, .. } = self;
        writer.finalize().map_err(|e| output.broke_off(e))?;
        partial.keep().map_err(|e| output.broke_off(e))
    }
}
