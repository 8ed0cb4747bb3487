//! From a file's bytes to samples at the file's own rate.

use std::io::Cursor;

use cantus_manifest::MOST_CHANNELS;
use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::metadata::{Direction, Loop, Metadata};
use super::{DECODED, MOST_SAMPLES, Progress, Sound, aiff, wav};

/// Broken parts of a file, one after the other, after which nothing more is hoped for.
const MOST_BROKEN: usize = 1_000;
/// Silence in place of what was lost, in frames; a longer gap is a slip in the file's clock.
const MOST_LOST: usize = 10 * 48_000;

/// What a file has in it, at its own rate.
pub(super) struct Decoded {
    pub sound: Sound,
    pub metadata: Metadata,
    pub format: &'static str,
}

/// Decodes a whole file; what it is, its first bytes say.
///
/// # Errors
/// Why it cannot be played and what to do, as a sentence without the path.
pub(super) fn decode(bytes: &[u8], progress: &Progress) -> Result<Decoded, String> {
    let (pcm, format) = if wav::is(bytes) {
        (wav::read(bytes)?, "WAV")
    } else if aiff::is(bytes) {
        (aiff::read(bytes)?, "AIFF")
    } else {
        return decode_coded(without_id3(bytes), progress);
    };
    let (pcm, metadata) = pcm;
    Ok(Decoded { sound: pcm.decode(progress)?, metadata, format })
}

/// What follows the ID3 tags that many programs put before MP3, and some before FLAC.
fn without_id3(mut bytes: &[u8]) -> &[u8] {
    while let [b'I', b'D', b'3', _, _, _, length @ ..] = bytes {
        let Some(length) = length.first_chunk::<4>() else { break };
        let length = length.iter().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
        bytes = bytes.get(10 + length..).unwrap_or_default();
    }
    bytes
}

/// FLAC, Vorbis and MP3. Broken parts are skipped and are silent, so that what follows stays where it belongs.
fn decode_coded(bytes: &[u8], progress: &Progress) -> Result<Decoded, String> {
    let broken = |e: Error| format!("could not decode it ({e}); WAV, AIFF, FLAC, OGG Vorbis and MP3 can be played");
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let mut file = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(broken)?;
    let track = file.default_track(TrackType::Audio).ok_or("it has no sound in it")?.clone();
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or("it does not say how it is coded")?;
    let (format, options) = options(parameters, &track);
    let mut decoder = symphonia::default::get_codecs().make_audio_decoder(parameters, &options).map_err(broken)?;
    let metadata = comments(&mut *file);
    let (mut planes, mut rate, mut start) = (Planes::default(), parameters.sample_rate, None);
    let (mut failures, mut failure) = (0, None);
    while failures < MOST_BROKEN {
        let packet = match file.next_packet() {
            Ok(Some(packet)) if packet.track_id == track.id => packet,
            Ok(Some(_)) => continue,
            Err(Error::DecodeError(e)) => {
                (failures, failure) = (failures + 1, failure.or(Some(Error::DecodeError(e))));
                continue;
            }
            // What was cut off has its end where it was cut.
            Ok(None) | Err(_) => break,
        };
        match decoder.decode(&packet) {
            Ok(decoded) => {
                rate = rate.or(Some(decoded.spec().rate()));
                // A recording of a stream begins when the recording began.
                let start = *start.get_or_insert(packet.pts.get().max(0));
                planes.silence_until(place(&packet, &options).saturating_sub(start));
                planes.add(&decoded)?;
                failures = 0;
            }
            Err(e) => (failures, failure) = (failures + 1, failure.or(Some(e))),
        }
        progress.reach(DECODED, planes.frames(), track.num_frames.map_or(usize::MAX, |n| n as usize));
    }
    match failure {
        Some(failure) if planes.frames() == 0 => Err(broken(failure)),
        _ => {
            let sound = planes.finish(rate.ok_or("it does not say its sample rate")?.into())?;
            Ok(Decoded { sound, metadata, format })
        }
    }
}

/// What the format is called, and how it is decoded: without what the encoder put before and after the sound. Of an MP3
/// that does not say how much that is, the length is only estimated, and nothing is cut.
fn options(parameters: &AudioCodecParameters, track: &Track) -> (&'static str, AudioDecoderOptions) {
    let (name, gapless) = match parameters.codec {
        CODEC_ID_MP3 => ("MP3", track.delay.is_some()),
        CODEC_ID_VORBIS => ("OGG Vorbis", true),
        CODEC_ID_FLAC => ("FLAC", true),
        _ => ("another", true),
    };
    let mut options = AudioDecoderOptions::default();
    options.gapless = gapless;
    (name, options)
}

/// The frame of the whole sound that a packet's first one is.
fn place(packet: &Packet, options: &AudioDecoderOptions) -> i64 {
    let cut = if options.gapless { packet.trim_start.get() } else { 0 };
    packet.pts.get().saturating_add_unsigned(cut)
}

/// `LOOPSTART` with `LOOPEND` or `LOOPLENGTH`, as games write them into FLAC and Vorbis.
fn comments(file: &mut dyn FormatReader) -> Metadata {
    let mut log = file.metadata();
    let tags = log.skip_to_latest().map_or(&[][..], |revision| &revision.media.tags);
    let number = |key: &str| {
        let tag = tags.iter().find(|tag| tag.raw.key.eq_ignore_ascii_case(key))?;
        tag.raw.value.to_string().trim().parse::<u32>().ok().map(|n| n as usize)
    };
    let range = || {
        let start = number("LOOPSTART")?;
        Some(start..number("LOOPEND").or_else(|| Some(start + number("LOOPLENGTH")?))?)
    };
    let loops = range().map(|range| Loop { range, direction: Direction::Forward });
    Metadata { loops: loops.into_iter().collect(), ..Metadata::default() }
}

/// Refuses more channels than a module can have, whatever is in them: each costs memory before it has a sample.
pub(super) fn check_channels(count: usize) -> Result<(), String> {
    match count {
        0 => Err("it says that it has no channels; it is not a whole file".into()),
        _ if count > MOST_CHANNELS.into() => Err(format!(
            "it says that it has {count} channels, and {MOST_CHANNELS} can be played; split it or mix it down"
        )),
        _ => Ok(()),
    }
}

/// Channels as they grow.
#[derive(Default)]
pub(super) struct Planes {
    channels: Vec<Vec<f32>>,
    part: Vec<Vec<f32>>,
}

impl Planes {
    /// Frames so far.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Adds what was decoded, at the end.
    pub fn add(&mut self, decoded: &GenericAudioBufferRef<'_>) -> Result<(), String> {
        check_channels(decoded.spec().channels().count())?;
        decoded.copy_to_vecs_planar(&mut self.part);
        let frames = self.frames();
        self.channels.resize_with(self.part.len().max(self.channels.len()), || vec![0.0; frames]);
        let new = self.part.first().map_or(0, Vec::len);
        if (frames + new) * self.channels.len() > MOST_SAMPLES {
            return Err("it is longer than an hour of stereo; cut it".into());
        }
        for (index, all) in self.channels.iter_mut().enumerate() {
            all.extend(self.part.get(index).into_iter().flatten());
            all.resize(frames + new, 0.0);
        }
        Ok(())
    }

    /// Adds silence up to this frame, unless that is behind or far away.
    fn silence_until(&mut self, frame: i64) {
        let (now, until) = (self.frames(), usize::try_from(frame).unwrap_or(0));
        if (now..=now + MOST_LOST).contains(&until) {
            self.channels.iter_mut().for_each(|channel| channel.resize(until, 0.0));
        }
    }

    /// The sound, at that rate in Hz; what is not a number is silent.
    pub fn finish(mut self, rate: f64) -> Result<Sound, String> {
        if self.frames() == 0 {
            return Err("it is empty".into());
        }
        self.channels.iter_mut().flatten().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
        Ok(Sound { channels: self.channels, rate })
    }
}
