//! AIFF and AIFF-C: where the samples are and how they are coded, and the chunks `MARK` and `INST`.
//!
//! After Apple's "Audio Interchange File Format" 1.3 and the AIFF-C draft.

use symphonia::core::codecs::audio::well_known::*;

use super::chunks::{Order, Reader, chunks};
use super::metadata::{Cue, Direction, Loop, Metadata, Pitch, text};
use super::pcm::Pcm;

/// The file says it is an AIFF.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.len() >= 12 && bytes.starts_with(b"FORM") && (&bytes[8..12] == b"AIFF" || &bytes[8..12] == b"AIFC")
}

/// Where the samples are, and what is said beside them.
///
/// # Errors
/// Why it cannot be played, as a sentence without the path.
pub(super) fn read(bytes: &[u8]) -> Result<(Pcm<'_>, Metadata), String> {
    let (mut common, mut data, mut instrument, mut markers) = (None, None, None, Vec::new());
    for chunk in chunks(bytes.get(12..).unwrap_or_default(), Order::Big) {
        match &chunk.id {
            b"COMM" => common = common.or(Some(chunk.body)),
            // Of a file that was written as it was recorded, the length is 0 and everything that follows is sound.
            b"SSND" if chunk.length == 0 => data = data.or(sound_data(Reader::new(chunk.rest, Order::Big))),
            b"SSND" => data = data.or(sound_data(chunk.body)),
            b"MARK" => markers = read_markers(chunk.body),
            b"INST" => instrument = Some(chunk.body),
            _ => {}
        }
    }
    let common = common.ok_or("it does not say how it is coded; it is not a whole AIFF file")?;
    let data = data.ok_or("there are no samples in it; it is not a whole AIFF file")?;
    let pcm = read_common(common, data).ok_or("its header is too short; it is not a whole AIFF file")??;
    let mut metadata = Metadata::default();
    if let Some(instrument) = instrument {
        read_instrument(instrument, &markers, &mut metadata);
    }
    metadata.cues = markers.into_iter().map(|(_, cue)| cue).collect();
    Ok((pcm, metadata))
}

/// `SSND`: samples begin after an offset, which follows with a block size that nobody uses.
fn sound_data(mut body: Reader<'_>) -> Option<&[u8]> {
    let (offset, _block) = (body.u32()?, body.u32()?);
    body.take(offset as usize)?;
    Some(body.rest)
}

fn read_common<'a>(mut body: Reader<'_>, data: &'a [u8]) -> Option<Result<Pcm<'a>, String>> {
    let (channels, frames, bits) = (body.u16()?, body.u32()?, body.u16()?);
    let rate = extended(body.array()?);
    let coding = body.array().unwrap_or(*b"NONE");
    // Samples that are narrower than their bytes lie at the upper end of them.
    let (codec, place) = match (&coding.to_ascii_lowercase()[..], bits.div_ceil(8)) {
        (b"none" | b"twos" | b"sowt", 1) => (CODEC_ID_PCM_S8, 1),
        (b"none" | b"twos", 2) => (CODEC_ID_PCM_S16BE, 2),
        (b"none" | b"twos", 3) | (b"in24", _) => (CODEC_ID_PCM_S24BE, 3),
        (b"none" | b"twos", 4) | (b"in32", _) => (CODEC_ID_PCM_S32BE, 4),
        (b"sowt", 2) => (CODEC_ID_PCM_S16LE, 2),
        (b"sowt", 3) | (b"42ni", _) => (CODEC_ID_PCM_S24LE, 3),
        (b"sowt", 4) | (b"23ni", _) => (CODEC_ID_PCM_S32LE, 4),
        (b"raw ", 1) => (CODEC_ID_PCM_U8, 1),
        (b"fl32", _) => (CODEC_ID_PCM_F32BE, 4),
        (b"fl64", _) => (CODEC_ID_PCM_F64BE, 8),
        (b"alaw", _) => (CODEC_ID_PCM_ALAW, 1),
        (b"ulaw", _) => (CODEC_ID_PCM_MULAW, 1),
        _ => {
            let what = format!("AIFF coding \"{}\" with {bits} bits is not known", text(&coding));
            return Some(Err(format!("{what}; save it with 8, 16, 24 or 32 bits or as float")));
        }
    };
    // What follows the last frame is no sound; 0 frames are said by who did not know yet.
    let length = if frames == 0 { usize::MAX } else { frames as usize * place * usize::from(channels) };
    let data = &data[..length.min(data.len())];
    Some(Ok(Pcm { codec, place, channels, rate, data }))
}

/// A number of 80 bits: sign, exponent of 15 bits, mantissa of 64 whose first bit stands for one.
fn extended([sign, exponent, mantissa @ ..]: [u8; 10]) -> f64 {
    let power = i32::from(u16::from_be_bytes([sign & 0x7f, exponent])) - 16_383 - 63;
    let size = u64::from_be_bytes(mantissa) as f64 * 2f64.powi(power);
    if sign & 0x80 == 0 { size } else { -size }
}

/// `MARK`: ids, places and names.
fn read_markers(mut body: Reader<'_>) -> Vec<(u16, Cue)> {
    body.u16();
    std::iter::from_fn(|| {
        let (id, frame, length) = (body.u16()?, body.u32()? as usize, body.u8()?);
        let label = text(body.take(length.into())?);
        // The name's length and the name fill an even number of bytes.
        if length.is_multiple_of(2) {
            body.u8();
        }
        Some((id, Cue { frame, label }))
    })
    .collect()
}

/// `INST`: the pitch, and loops between two markers: one while a note is held, one after.
fn read_instrument(mut body: Reader<'_>, markers: &[(u16, Cue)], metadata: &mut Metadata) -> Option<()> {
    let (note, detune) = (body.u8()?, body.u8()?.cast_signed());
    if note < 128 {
        // What a player has to add, so the sound is off by the opposite.
        metadata.pitch = Some(Pitch { note, cents: -f64::from(detune) });
    }
    // Lowest and highest note and velocity, gain.
    body.take(6)?;
    let frame = |id| markers.iter().find(|(of, _)| *of == id).map(|(_, cue)| cue.frame);
    for _ in 0..2 {
        let (mode, begin, end) = (body.u16()?, body.u16()?, body.u16()?);
        let direction = if mode == 2 { Direction::PingPong } else { Direction::Forward };
        if let (true, Some(begin), Some(end)) = (mode != 0, frame(begin), frame(end)) {
            metadata.loops.push(Loop { range: begin..end, direction });
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_numbers_of_80_bits() {
        for (bytes, expected) in [
            ([0x40, 0x0e, 0xbb, 0x80, 0, 0, 0, 0, 0, 0], 48_000.0),
            ([0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0], 44_100.0),
            ([0xbf, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], -1.0),
            ([0; 10], 0.0),
        ] {
            assert_eq!(extended(bytes), expected);
        }
        assert_eq!(extended([0x7f; 10]), f64::INFINITY);
    }
}
