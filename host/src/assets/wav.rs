//! WAV: where the samples are and how they are coded, and the chunks `smpl`, `cue ` and `LIST adtl`.
//!
//! After Microsoft's "Multimedia Programming Interface and Data Specifications 1.0" and its WAVEFORMATEXTENSIBLE.

use symphonia::core::codecs::audio::well_known::*;

use super::chunks::{Chunk, Order, Reader, chunks};
use super::metadata::{Cue, Direction, Loop, Metadata, Pitch, text};
use super::pcm::Pcm;

/// The tag of a format that says more about itself at its end.
const EXTENSIBLE: u16 = 0xfffe;

/// The file says it is a WAV.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.len() >= 12 && [b"RIFF", b"RF64", b"BW64"].iter().any(|id| bytes.starts_with(*id)) && &bytes[8..12] == b"WAVE"
}

/// Where the samples are, and what is said beside them.
///
/// # Errors
/// Why it cannot be played, as a sentence without the path.
pub(super) fn read(bytes: &[u8]) -> Result<(Pcm<'_>, Metadata), String> {
    let (mut format, mut data, mut real_length) = (None, None, None);
    let (mut metadata, mut cues, mut labels) = (Metadata::default(), Vec::new(), Vec::new());
    for chunk in chunks(bytes.get(12..).unwrap_or_default(), Order::Little) {
        match &chunk.id {
            b"fmt " => format = format.or(Some(chunk.body)),
            b"ds64" => real_length = length_of_data(chunk.body),
            b"data" if data.is_none() => data = Some(samples(&chunk, bytes, real_length)),
            b"smpl" => _ = read_sampler(chunk.body, &mut metadata),
            b"cue " => cues = read_cues(chunk.body),
            b"LIST" => labels.extend(read_labels(chunk.body)),
            _ => {}
        }
    }
    let label = |id| labels.iter().find(|(of, _)| *of == id).map_or_else(String::new, |(_, label)| label.clone());
    metadata.cues = cues.into_iter().map(|(id, frame)| Cue { frame, label: label(id) }).collect();
    let format = format.ok_or("it does not say how it is coded; it is not a whole WAV file")?;
    let data = data.ok_or("there are no samples in it; it is not a whole WAV file")?;
    let pcm = read_format(format, data).ok_or("its header is too short; it is not a whole WAV file")??;
    Ok((pcm, metadata))
}

/// What the body of `data` is, whatever its length says: of a file that was written as it was recorded, the length is
/// 0 or the highest number, and everything that follows is sound.
fn samples<'a>(chunk: &Chunk<'a>, bytes: &[u8], real_length: Option<u64>) -> &'a [u8] {
    let open_end = [[0; 4], [0xff; 4]].iter().any(|length| bytes[4..8] == *length);
    let length = match (chunk.length, real_length) {
        (0 | u32::MAX, Some(length)) => length,
        (0, None) if open_end => u64::MAX,
        (length, _) => length.into(),
    };
    let end = usize::try_from(length).unwrap_or(usize::MAX).min(chunk.rest.len());
    &chunk.rest[..end]
}

/// `ds64`, of files that may be longer than 4 GB: length of the file, then of `data`.
fn length_of_data(mut body: Reader<'_>) -> Option<u64> {
    body.u64()?;
    body.u64()
}

fn read_format<'a>(mut body: Reader<'_>, data: &'a [u8]) -> Option<Result<Pcm<'a>, String>> {
    let (mut tag, channels, rate) = (body.u16()?, body.u16()?, body.u32()?);
    let (_bytes_per_second, block, bits) = (body.u32()?, body.u16()?, body.u16()?);
    if tag == EXTENSIBLE {
        // Size of what follows, valid bits and speakers; then a GUID, whose first two bytes are a tag as above.
        body.take(8)?;
        tag = body.u16()?;
    }
    // Samples that are narrower than their place lie at its upper end.
    let place = if block == 0 || channels == 0 { bits.div_ceil(8) } else { block / channels };
    let codec = match (tag, place) {
        (1, 1) => CODEC_ID_PCM_U8,
        (1, 2) => CODEC_ID_PCM_S16LE,
        (1, 3) => CODEC_ID_PCM_S24LE,
        (1, 4) => CODEC_ID_PCM_S32LE,
        (3, 4) => CODEC_ID_PCM_F32LE,
        (3, 8) => CODEC_ID_PCM_F64LE,
        (6, 1) => CODEC_ID_PCM_ALAW,
        (7, 1) => CODEC_ID_PCM_MULAW,
        _ => {
            let what = format!("WAV coding {tag} with {bits} bits is not known");
            return Some(Err(format!("{what}; save it with 8, 16, 24 or 32 bits or as float")));
        }
    };
    Some(Ok(Pcm { codec, place: place.into(), channels, rate: rate.into(), data }))
}

/// `smpl`: the pitch, and loops whose last frame belongs to them.
fn read_sampler(mut body: Reader<'_>, metadata: &mut Metadata) -> Option<()> {
    // Manufacturer, product, frame's length.
    body.take(12)?;
    let (note, fraction) = (body.u32()?, body.u32()?);
    if let Some(note) = u8::try_from(note).ok().filter(|note| *note < 128) {
        metadata.pitch = Some(Pitch { note, cents: f64::from(fraction) / 2f64.powi(32) * 100.0 });
    }
    // SMPTE format and offset.
    body.take(8)?;
    let (count, _) = (body.u32()?, body.u32()?);
    for _ in 0..count {
        let (_id, kind, first, last) = (body.u32()?, body.u32()?, body.u32()?, body.u32()?);
        // Fraction, times to play.
        body.take(8)?;
        let direction = match kind {
            1 => Direction::PingPong,
            2 => Direction::Backward,
            _ => Direction::Forward,
        };
        metadata.loops.push(Loop { range: first as usize..last as usize + 1, direction });
    }
    Some(())
}

/// `cue `: ids and frames.
fn read_cues(mut body: Reader<'_>) -> Vec<(u32, usize)> {
    body.u32();
    std::iter::from_fn(|| {
        let id = body.u32()?;
        // Place in a playlist, chunk, its start, block's start.
        body.take(16)?;
        Some((id, body.u32()? as usize))
    })
    .collect()
}

/// `LIST adtl`: ids of cue points, and their names.
fn read_labels(mut body: Reader<'_>) -> Vec<(u32, String)> {
    if body.array() != Some(*b"adtl") {
        return Vec::new();
    }
    let label = |mut chunk: Chunk<'_>| Some((chunk.body.u32()?, text(chunk.body.rest)));
    chunks(body.rest, Order::Little).filter(|c| &c.id == b"labl").filter_map(label).collect()
}
