//! Where the engine's rate ends and the device's begins.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

use super::Source;

/// Frames that the resampler makes at once, at the device's rate.
const CHUNK: usize = 256;

/// A source at the device's rate and number of channels. Made on control; fills on the audio thread.
pub struct Edge {
    source: Source,
    channels: usize,
    /// Frames of the engine for one of the device.
    ratio: f64,
    /// `None` if both rates are the same.
    resampler: Option<Resampling>,
}

struct Resampling {
    resampler: Fft<f32>,
    /// Interleaved frames at the engine's rate.
    input: Vec<f32>,
    /// Interleaved frames at the device's rate, of which the first `served` are gone.
    output: Vec<f32>,
    served: usize,
}

impl Edge {
    /// Control thread: from `rate` to `device_rate` Hz, both whole numbers.
    ///
    /// # Errors
    /// When no resampler can be made for these rates.
    pub fn new(source: Source, rate: f64, device_rate: f64, channels: usize) -> Result<Edge, String> {
        if rate == device_rate {
            return Ok(Edge { source, channels, ratio: 1.0, resampler: None });
        }
        let resampler = Fft::new(rate as usize, device_rate as usize, CHUNK, channels, FixedSync::Output);
        let resampler = resampler.map_err(|e| e.to_string())?;
        let input = vec![0.0; resampler.input_frames_max() * channels];
        let output = vec![0.0; resampler.output_frames_max() * channels];
        let served = output.len();
        let ratio = rate / device_rate;
        Ok(Edge { source, channels, ratio, resampler: Some(Resampling { resampler, input, output, served }) })
    }

    /// Fills interleaved frames. Audio thread.
    #[cfg_attr(cantus_rtsan, sanitize(realtime = "nonblocking"))]
    pub fn fill(&mut self, interleaved: &mut [f32]) {
        let Some(resampling) = &mut self.resampler else { return self.source.fill(interleaved, self.channels) };
        self.source.set_block(((interleaved.len() / self.channels) as f64 * self.ratio).ceil() as usize);
        for sample in interleaved {
            if resampling.served == resampling.output.len() {
                resampling.make(&mut self.source, self.channels);
            }
            *sample = resampling.output[resampling.served];
            resampling.served += 1;
        }
    }
}

impl Resampling {
    /// The next chunk; silence if the resampler refuses, which its own sizes rule out.
    fn make(&mut self, source: &mut Source, channels: usize) {
        let (wanted, made) = (self.resampler.input_frames_next(), self.resampler.output_frames_next());
        let input = &mut self.input[..wanted * channels];
        source.serve(input, channels);
        self.output.fill(0.0);
        let adapters = (
            InterleavedSlice::new(input, channels, wanted),
            InterleavedSlice::new_mut(&mut self.output, channels, made),
        );
        if let (Ok(input), Ok(mut output)) = adapters {
            let _ = self.resampler.process_into_buffer(&input, &mut output, None);
        }
        self.served = 0;
    }
}
