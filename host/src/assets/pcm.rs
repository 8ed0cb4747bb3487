//! Samples one after the other, as WAV and AIFF have them.

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoderOptions};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

use super::decode::{Planes, check_channels};
use super::{DECODED, Progress, Sound};

/// Frames decoded at once.
const PART: usize = 4096;

/// Where the samples are and how they are coded. Everything but `data` is what a header says, unchecked.
pub(super) struct Pcm<'a> {
    pub codec: AudioCodecId,
    /// Bytes of one sample.
    pub place: usize,
    pub channels: u16,
    /// In Hz.
    pub rate: f64,
    /// Interleaved; half a frame at the end is none.
    pub data: &'a [u8],
}

impl Pcm<'_> {
    /// All of it, planar.
    ///
    /// # Errors
    /// Why it cannot be played, as a sentence.
    pub fn decode(&self, progress: &Progress) -> Result<Sound, String> {
        check_channels(self.channels.into())?;
        let rate = self.rate.round();
        let mut parameters = AudioCodecParameters::new();
        // The rate is only handed through; what it may be is checked where it is used.
        parameters
            .for_codec(self.codec)
            .with_sample_rate(rate as u32)
            .with_channels(Channels::Discrete(self.channels))
            .with_max_frames_per_packet(PART as u64);
        let broken = |e| format!("could not decode it ({e}); save it again as WAV or FLAC");
        let mut decoder = symphonia::default::get_codecs()
            .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
            .map_err(broken)?;
        let part = PART * self.place * usize::from(self.channels);
        let mut planes = Planes::default();
        for (done, data) in self.data.chunks(part).enumerate() {
            let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, data);
            planes.add(&decoder.decode_ref(&packet).map_err(broken)?)?;
            progress.reach(DECODED, (done + 1) * part, self.data.len());
        }
        planes.finish(rate)
    }
}
