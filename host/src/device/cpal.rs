//! The one file that talks to the sound card.

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig};
use std::sync::Arc;

use super::edge::Edge;
use super::{Device, DeviceError, Source};
use crate::rt::Telemetry;

/// Frames that the largest block of a device may have.
const LARGEST_BLOCK: usize = 16_384;

/// A sound card, as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// It is the system's choice.
    pub default: bool,
    /// Channels it plays by itself.
    pub channels: u16,
    /// Sample rate it runs at by itself, in Hz.
    pub rate: u32,
}

/// Keeps the system's sound library from writing to standard error while a card is looked for.
#[cfg(target_os = "linux")]
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    // Heard on this thread as long as it lives; what it holds is of no interest: errors are returned as well.
    let _held = alsa::Output::local_error_handler();
    work()
}

#[cfg(not(target_os = "linux"))]
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// All sound cards that can play.
pub fn list() -> Vec<Card> {
    quietly(list_all)
}

fn list_all() -> Vec<Card> {
    let host = cpal::default_host();
    let default = host.default_output_device().and_then(|d| d.id().ok());
    let cards = host.output_devices().into_iter().flatten().filter_map(|device| {
        let config = device.default_output_config().ok()?;
        let is_default = default.is_some() && device.id().ok() == default;
        Some(Card { name: name(&device), default: is_default, channels: config.channels(), rate: config.sample_rate() })
    });
    cards.collect()
}

fn name(device: &cpal::Device) -> String {
    device.description().map(|d| d.name().to_owned()).unwrap_or_else(|_| "unknown".into())
}

/// A sound card that plays.
pub struct Cpal {
    device: cpal::Device,
    rate: f64,
    telemetry: Arc<Telemetry>,
    stream: Option<cpal::Stream>,
}

impl Cpal {
    /// Opens the card of that name, or the system's choice. `rate` is the engine's, in Hz.
    ///
    /// # Errors
    /// [`DeviceError`]: there is none, or none of that name.
    pub fn open(wanted: Option<&str>, rate: f64, telemetry: Arc<Telemetry>) -> Result<Cpal, DeviceError> {
        let host = cpal::default_host();
        let device = quietly(|| match wanted {
            None => host.default_output_device().filter(|d| d.default_output_config().is_ok()),
            Some(wanted) => host.output_devices().into_iter().flatten().find(|d| name(d) == wanted),
        });
        let missing = || match wanted {
            None => DeviceError::None,
            Some(wanted) => DeviceError::Refused {
                attempt: "find",
                device: wanted.to_owned(),
                cause: "there is none of that name".into(),
            },
        };
        Ok(Cpal { device: device.ok_or_else(missing)?, rate, telemetry, stream: None })
    }

    /// Its name.
    pub fn name(&self) -> String {
        name(&self.device)
    }

    fn refused(&self, attempt: &'static str, cause: impl ToString) -> DeviceError {
        DeviceError::Refused { attempt, device: self.name(), cause: cause.to_string() }
    }

    /// The card's own configuration: at the engine's rate if it can, else at its own, as floats if it can.
    fn config(&self) -> Result<(StreamConfig, SampleFormat), DeviceError> {
        let own = self.device.default_output_config().map_err(|e| self.refused("ask", e))?;
        let wanted = self.rate as u32;
        let formats = self.device.supported_output_configs().map_err(|e| self.refused("ask", e))?;
        let fits = |c: &cpal::SupportedStreamConfigRange| {
            c.channels() == own.channels() && c.min_sample_rate() <= wanted && wanted <= c.max_sample_rate()
        };
        let mut fitting: Vec<_> = formats.filter(fits).map(|c| c.with_sample_rate(wanted)).collect();
        fitting.sort_by_key(|c| (c.sample_format() != SampleFormat::F32, c.sample_format() != own.sample_format()));
        let chosen = fitting.into_iter().next().unwrap_or(own);
        Ok((chosen.config(), chosen.sample_format()))
    }

    fn build<T: SizedSample + FromSample<f32> + Send + 'static>(
        &self,
        config: StreamConfig,
        source: Source,
    ) -> Result<cpal::Stream, DeviceError> {
        let channels = usize::from(config.channels);
        let edge = Edge::new(source, self.rate, f64::from(config.sample_rate), channels);
        let mut edge = edge.map_err(|e| self.refused("resample for", e))?;
        let mut buffer = vec![0.0f32; LARGEST_BLOCK * channels];
        let play = move |out: &mut [T], _: &cpal::OutputCallbackInfo| {
            let room = buffer.len();
            for out in out.chunks_mut(room) {
                let made = &mut buffer[..out.len()];
                edge.fill(made);
                for (to, x) in out.iter_mut().zip(made) {
                    *to = T::from_sample(*x);
                }
            }
        };
        let telemetry = self.telemetry.clone();
        let complain = move |error: cpal::Error| match error.kind() {
            ErrorKind::Xrun => telemetry.count_late(),
            ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated => telemetry.lose_device(),
            _ => {}
        };
        self.device.build_output_stream(config, play, complain, None).map_err(|e| self.refused("start", e))
    }
}

impl Device for Cpal {
    fn start(&mut self, source: Source) -> Result<(), DeviceError> {
        let (config, format) = quietly(|| self.config())?;
        let stream = quietly(|| match format {
            SampleFormat::F32 => self.build::<f32>(config, source),
            SampleFormat::I16 => self.build::<i16>(config, source),
            SampleFormat::I32 => self.build::<i32>(config, source),
            SampleFormat::U8 => self.build::<u8>(config, source),
            SampleFormat::F64 => self.build::<f64>(config, source),
            other => Err(self.refused("start", format!("it takes samples as {other} only"))),
        })?;
        stream.play().map_err(|e| self.refused("start", e))?;
        self.stream = Some(stream);
        Ok(())
    }

    /// The stream's callback owns the source; it ends with the stream.
    fn stop(&mut self) -> Option<Source> {
        self.stream.take();
        None
    }
}
