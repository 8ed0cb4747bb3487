//! What a render sounds like, in figures and as a picture.

use cantus_host::outline;
use ebur128::{EbuR128, Mode};

use crate::Failure;

/// Columns of the picture.
const COLUMNS: usize = 64;
/// Rows of the picture.
const ROWS: usize = 4;

/// Measures interleaved stereo as it goes by.
pub struct Meter {
    loudness: EbuR128,
    rate: f64,
    frames: u64,
    peak: f32,
    /// Peak of each stretch of a hundredth of the whole, to be drawn.
    peaks: Vec<f32>,
    stretch: u64,
}

impl Meter {
    /// For `frames` frames in all, at `rate` Hz.
    pub fn new(rate: f64, frames: u64) -> Result<Meter, Failure> {
        let loudness = EbuR128::new(2, rate as u32, Mode::I).map_err(failed)?;
        Ok(Meter {
            loudness,
            rate,
            frames: 0,
            peak: 0.0,
            peaks: vec![0.0; COLUMNS],
            stretch: frames.div_ceil(COLUMNS as u64).max(1),
        })
    }

    /// The next frames.
    pub fn add(&mut self, interleaved: &[f32]) -> Result<(), Failure> {
        self.loudness.add_frames_f32(interleaved).map_err(failed)?;
        for frame in interleaved.chunks_exact(2) {
            let level = frame[0].abs().max(frame[1].abs());
            self.peak = self.peak.max(level);
            let column = ((self.frames / self.stretch) as usize).min(COLUMNS - 1);
            self.peaks[column] = self.peaks[column].max(level);
            self.frames += 1;
        }
        Ok(())
    }

    /// Seconds so far.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / self.rate
    }

    /// Highest sample, in dBFS; -inf for silence.
    pub fn peak_db(&self) -> f64 {
        20.0 * f64::from(self.peak).log10()
    }

    /// Some sample lies beyond full scale.
    pub fn clips(&self) -> bool {
        self.peak > 1.0
    }

    /// Integrated loudness in LUFS (EBU R 128); -inf for silence.
    pub fn loudness(&self) -> f64 {
        self.loudness.loudness_global().unwrap_or(f64::NEG_INFINITY)
    }

    /// The waveform's outline, in indented rows.
    pub fn picture(&self) -> String {
        let rows = outline::rows(&self.peaks, ROWS).map(|row| format!("  {row}").trim_end().to_owned());
        rows.collect::<Vec<_>>().join("\n")
    }
}

fn failed(error: ebur128::Error) -> Failure {
    Failure(format!("could not measure the loudness: {error}; please report it"))
}

/// `1:23.4`
pub fn minutes(seconds: f64) -> String {
    format!("{}:{:04.1}", (seconds / 60.0) as u64, seconds % 60.0)
}
