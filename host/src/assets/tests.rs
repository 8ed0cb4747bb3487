//! Whole files through the parsers: what they say, and what is left of it when they are broken.

use proptest::prelude::*;

use super::decode::{Decoded, decode};
use super::{Cue, Direction, Loop, Metadata, Pitch, Progress, aiff, wav};

fn chunk(length: fn(u32) -> [u8; 4], id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let padding: &[u8] = if body.len() % 2 == 1 { &[0] } else { &[] };
    [id, &length(body.len() as u32), body, padding].concat()
}

fn little(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    chunk(u32::to_le_bytes, id, body)
}

fn big(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    chunk(u32::to_be_bytes, id, body)
}

fn le(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

/// A WAV of 8 frames, mono, 16 bits, 8000 Hz, with these chunks after its samples.
fn wav_with(chunks: &[Vec<u8>]) -> Vec<u8> {
    let format = [&[1, 0, 1, 0][..], &le(&[8_000, 16_000]), &[2, 0, 16, 0]].concat();
    let data: Vec<u8> = (0..8i16).flat_map(|n| (n * 1_000).to_le_bytes()).collect();
    let body = [b"WAVE".to_vec(), little(b"fmt ", &format), little(b"data", &data), chunks.concat()].concat();
    little(b"RIFF", &body)
}

/// A WAV that says all that a WAV can.
fn talking_wav() -> Vec<u8> {
    let label = |id: u32, text: &[u8]| little(b"labl", &[&id.to_le_bytes()[..], text].concat());
    wav_with(&[
        // Manufacturer, product, period, note 57 and a half, no SMPTE, two loops, no more; each: id, kind, first, last,
        // fraction, count.
        little(b"smpl", &le(&[0, 0, 0, 57, 1 << 31, 0, 0, 2, 0, 0, 1, 4, 6, 0, 0, 1, 0, 1, 3, 0, 0])),
        // Two points; each: id, place, chunk, its start, block's start, frame.
        little(b"cue ", &le(&[2, 7, 0, 0, 0, 0, 5, 3, 0, 0, 0, 0, 2])),
        little(b"LIST", &[b"adtl".to_vec(), label(3, b"odd"), label(7, b"chorus\0")].concat()),
    ])
}

/// An AIFF of 8 frames, mono, 8 bits, 48000 Hz, that says all that an AIFF can.
fn talking_aiff() -> Vec<u8> {
    let common = [&[0, 1, 0, 0, 0, 8, 0, 8][..], &[0x40, 0x0e, 0xbb, 0x80, 0, 0, 0, 0, 0, 0]].concat();
    let markers = [
        &[0, 3][..],
        &[0, 1, 0, 0, 0, 2, 4, b'h', b'e', b'r', b'e', 0],
        &[0, 2, 0, 0, 0, 6, 5, b't', b'h', b'e', b'r', b'e'],
        &[0, 9, 0, 0, 0, 99, 0, 0],
    ]
    .concat();
    // Note 60, 10 cents down, ranges, gain; the loop while a note is held goes to and fro, none after.
    let instrument = [60, 0xf6, 0, 127, 0, 127, 0, 0, 0, 2, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0];
    let sound = [&[0; 8][..], &[0, 16, 32, 48, 64, 80, 96, 112]].concat();
    let chunks = [big(b"COMM", &common), big(b"MARK", &markers), big(b"INST", &instrument), big(b"SSND", &sound)];
    big(b"FORM", &[b"AIFF".to_vec(), chunks.concat()].concat())
}

fn loops(of: &[(usize, usize, Direction)]) -> Vec<Loop> {
    of.iter().map(|(start, end, direction)| Loop { range: *start..*end, direction: *direction }).collect()
}

fn cues(of: &[(usize, &str)]) -> Vec<Cue> {
    of.iter().map(|(frame, label)| Cue { frame: *frame, label: (*label).to_owned() }).collect()
}

fn decoded(bytes: &[u8]) -> Decoded {
    decode(bytes, &Progress::default()).expect("it can be read")
}

#[test]
fn a_wav_says_loops_cues_and_pitch() {
    let Decoded { sound, metadata, format } = decoded(&talking_wav());
    assert_eq!((format, sound.rate, sound.channels[0].len()), ("WAV", 8_000.0, 8));
    let expected = Metadata {
        loops: loops(&[(1, 4, Direction::Forward), (4, 7, Direction::PingPong)]),
        cues: cues(&[(2, "odd"), (5, "chorus")]),
        pitch: Some(Pitch { note: 57, cents: 50.0 }),
    };
    assert_eq!(metadata.clone().placed(1.0, 8), expected);
    // At six times the rate everything is six times as far.
    let placed = metadata.placed(6.0, 48);
    assert_eq!(placed.cues, cues(&[(12, "odd"), (30, "chorus")]));
    assert_eq!(placed.loops[0].range, 6..24);
}

#[test]
fn an_aiff_says_loops_cues_and_pitch() {
    let Decoded { sound, metadata, format } = decoded(&talking_aiff());
    assert_eq!((format, sound.rate), ("AIFF", 48_000.0));
    assert_eq!(sound.channels, [[0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]]);
    let expected = Metadata {
        loops: loops(&[(2, 6, Direction::PingPong)]),
        cues: cues(&[(2, "here"), (6, "there"), (7, "")]),
        pitch: Some(Pitch { note: 60, cents: 10.0 }),
    };
    assert_eq!(metadata.placed(1.0, 8), expected);
}

#[test]
fn more_channels_than_a_module_can_have_are_refused() {
    // One frame of 8 bits each; the file alone is 64 KB.
    let wav = |channels: u16| {
        let format = [&[1, 0][..], &channels.to_le_bytes(), &le(&[1_009, 0]), &[0, 0, 8, 0]].concat();
        let data = little(b"data", &vec![200; channels.into()]);
        little(b"RIFF", &[b"WAVE".to_vec(), little(b"fmt ", &format), data].concat())
    };
    let aiff = |channels: u16| {
        let rate = [0x40, 0x0e, 0xbb, 0x80, 0, 0, 0, 0, 0, 0];
        let common = [&channels.to_be_bytes()[..], &[0, 0, 0, 1, 0, 8], &rate].concat();
        let sound = big(b"SSND", &[vec![0; 8], vec![50; channels.into()]].concat());
        big(b"FORM", &[b"AIFF".to_vec(), big(b"COMM", &common), sound].concat())
    };
    for file in [&wav as &dyn Fn(u16) -> Vec<u8>, &aiff] {
        assert_eq!(decoded(&file(64)).sound.channels.len(), 64);
        for (channels, expected) in [
            (0, "it says that it has no channels; it is not a whole file"),
            (65, "it says that it has 65 channels, and 64 can be played; split it or mix it down"),
            (u16::MAX, "it says that it has 65535 channels, and 64 can be played; split it or mix it down"),
        ] {
            let refused = decode(&file(channels), &Progress::default()).map(|d| d.sound.channels.len());
            assert_eq!(refused, Err(expected.to_owned()));
        }
    }
}

#[test]
fn lengths_that_do_not_hold_are_not_believed() {
    let good = wav_with(&[]);
    let data = good.windows(4).position(|w| w == b"data").expect("it has one") + 4;
    for (what, riff, length, expected) in [
        ("as it is", None, 16u32, 8),
        ("longer than the file", None, 1_000, 8),
        ("half a frame at the end", None, 15, 7),
        ("the file says it is longer", Some(1_000u32), 16, 8),
        ("the file says it is shorter", Some(4), 16, 8),
        ("never finished, zero", Some(0), 0, 8),
        ("never finished, highest", Some(u32::MAX), u32::MAX, 8),
    ] {
        let mut bytes = good.clone();
        bytes[data..data + 4].copy_from_slice(&length.to_le_bytes());
        if let Some(riff) = riff {
            bytes[4..8].copy_from_slice(&riff.to_le_bytes());
        }
        assert_eq!(decoded(&bytes).sound.channels[0].len(), expected, "{what}");
    }
    // Cut anywhere within the samples.
    assert_eq!(decoded(&good[..good.len() - 5]).sound.channels[0].len(), 5);
}

#[test]
fn long_wav_says_its_length_elsewhere() {
    let mut bytes = wav_with(&[little(b"junk", &[0xff; 64])]);
    let data = bytes.windows(4).position(|w| w == b"data").expect("it has one");
    bytes[data + 4..data + 8].fill(0xff);
    bytes[..4].copy_from_slice(b"RF64");
    bytes.splice(12..12, little(b"ds64", &[&[0; 8][..], &16u64.to_le_bytes(), &[0; 12]].concat()));
    assert_eq!(decoded(&bytes).sound.channels[0].len(), 8);
}

#[test]
fn an_id3_tag_before_the_sound_is_skipped() {
    let flac = include_bytes!("../../../tests/fixtures/sounds/mono-44100.flac");
    // 200 bytes of what looks like MP3; the length has seven bits per byte.
    let tag = [&b"ID3\x04\0\0\0\0\x01\x48"[..], &[0xff, 0xfb].repeat(100)].concat();
    assert_eq!(decoded(&[&tag[..], flac].concat()).sound.channels[0].len(), 22_050);
}

/// Files to break.
fn corpus() -> Vec<Vec<u8>> {
    let mut files = vec![talking_wav(), talking_aiff()];
    files.push(include_bytes!("../../../tests/fixtures/sounds/mono-22050.mp3").to_vec());
    files.push(include_bytes!("../../../tests/fixtures/sounds/mono-22050.ogg").to_vec());
    files.push(include_bytes!("../../../tests/fixtures/sounds/mono-44100.flac")[..6_000].to_vec());
    files
}

/// Some bytes changed, some taken out, the rest cut.
fn broken(mut bytes: Vec<u8>, changes: &[(usize, u8)], hole: (usize, usize), cut: usize) -> Vec<u8> {
    for (place, byte) in changes {
        let place = place % bytes.len();
        bytes[place] = *byte;
    }
    let start = hole.0 % bytes.len();
    bytes.drain(start..(start + hole.1).min(bytes.len()));
    bytes.truncate(cut);
    bytes
}

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let (wav, aiff) = (wav::read(bytes), aiff::read(bytes));
    for metadata in [wav.map(|(_, m)| m), aiff.map(|(_, m)| m)].into_iter().flatten() {
        let placed = metadata.placed(1.1, 100);
        prop_assert!(placed.loops.iter().all(|l| l.range.start < l.range.end && l.range.end <= 100));
        prop_assert!(placed.cues.iter().all(|c| c.frame < 100));
    }
    if let Ok(Decoded { sound, .. }) = decode(bytes, &Progress::default()) {
        let frames = sound.channels[0].len();
        prop_assert!(frames > 0 && sound.channels.iter().all(|c| c.len() == frames));
        prop_assert!(sound.channels.iter().flatten().all(|x| x.is_finite()));
    }
    Ok(())
}

proptest! {
    #[test]
    fn random_bytes_are_refused_without_a_fuss(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        start in prop::sample::select(vec![&b""[..], b"RIFF\0\0\0\0WAVE", b"FORM\0\0\0\0AIFC", b"OggS\0\x02", b"fLaC\0\0\0\x22"]),
    ) {
        check(&[start, &bytes].concat())?;
    }

    #[test]
    fn broken_files_are_played_or_refused(
        file in prop::sample::select(corpus()),
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..8),
        hole in (any::<usize>(), 0usize..40),
        cut in 0usize..8_000,
    ) {
        check(&broken(file, &changes, hole, cut))?;
    }

    #[test]
    fn broken_headers_are_played_or_refused(
        file in prop::sample::select(corpus()),
        changes in prop::collection::vec((0usize..120, any::<u8>()), 1..5),
    ) {
        check(&broken(file, &changes, (0, 0), usize::MAX))?;
    }
}
