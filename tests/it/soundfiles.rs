//! Sound files, as the tests write them: every coding of WAV and AIFF.

/// How samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// WAV with so many bits.
    Wav(u16),
    /// WAV with floats of so many bits.
    WavFloat(u16),
    /// WAV whose header is of the longer kind, with so many bits of which four are not used.
    WavExtensible(u16),
    /// AIFF with so many bits.
    Aiff(u16),
    /// AIFF-C of that name, with so many bits.
    Aifc(&'static [u8; 4], u16),
}

impl Coding {
    fn bits(self) -> u16 {
        match self {
            Coding::Wav(bits) | Coding::WavFloat(bits) | Coding::WavExtensible(bits) => bits,
            Coding::Aiff(bits) | Coding::Aifc(_, bits) => bits,
        }
    }

    fn is_big_endian(self) -> bool {
        matches!(self, Coding::Aiff(_) | Coding::Aifc(..)) && self != Coding::Aifc(b"sowt", 16)
    }

    fn is_float(self) -> bool {
        matches!(self, Coding::WavFloat(_) | Coding::Aifc(b"fl32" | b"FL64", _))
    }

    /// The bytes of one sample.
    fn sample(self, x: f64) -> Vec<u8> {
        let bits = self.bits();
        let mut bytes = match (self.is_float(), bits) {
            (true, 32) => (x as f32).to_le_bytes().to_vec(),
            (true, _) => x.to_le_bytes().to_vec(),
            (false, _) => {
                let whole = (x * 2f64.powi(i32::from(bits) - 1)).round() as i32;
                whole.to_le_bytes()[..usize::from(bits / 8)].to_vec()
            }
        };
        // Only WAV of 8 bits has its zero in the middle.
        if self == Coding::Wav(8) {
            bytes[0] ^= 0x80;
        }
        if self.is_big_endian() {
            bytes.reverse();
        }
        bytes
    }

    /// A whole file of these planar channels.
    pub fn file(self, rate: u32, channels: &[Vec<f64>]) -> Vec<u8> {
        self.file_with(rate, channels, &[])
    }

    /// The same with other chunks behind the samples: their names and bodies.
    pub fn file_with(self, rate: u32, channels: &[Vec<f64>], others: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
        let frames = channels[0].len();
        let data = (0..frames).flat_map(|n| channels.iter().flat_map(move |c| self.sample(c[n]))).collect::<Vec<u8>>();
        match self {
            Coding::Aiff(_) | Coding::Aifc(..) => self.aiff(rate, channels.len() as u16, frames as u32, &data, others),
            _ => self.wav(rate, channels.len() as u16, &data, others),
        }
    }

    fn wav(self, rate: u32, channels: u16, data: &[u8], others: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
        let chunk = |id: &[u8], body: &[u8]| chunk(id, (body.len() as u32).to_le_bytes(), body);
        let (bits, extensible) = (self.bits(), matches!(self, Coding::WavExtensible(_)));
        let tag = if self.is_float() { 3u16 } else { 1 };
        let mut format = if extensible { 0xfffe } else { tag }.to_le_bytes().to_vec();
        let block = channels * bits / 8;
        format.extend(channels.to_le_bytes());
        format.extend([rate, rate * u32::from(block)].map(u32::to_le_bytes).concat());
        format.extend([block, bits].map(u16::to_le_bytes).concat());
        if extensible {
            format.extend([22, bits - 4].map(u16::to_le_bytes).concat());
            format.extend((0u32).to_le_bytes());
            format.extend(tag.to_le_bytes());
            format.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
        }
        let others: Vec<u8> = others.iter().flat_map(|(id, body)| chunk(*id, body)).collect();
        // An odd chunk that nobody knows comes first.
        let chunks = [&chunk(b"junk", b"odd")[..], &chunk(b"fmt ", &format), &chunk(b"data", data), &others].concat();
        chunk(b"RIFF", &[b"WAVE", &chunks[..]].concat())
    }

    fn aiff(self, rate: u32, channels: u16, frames: u32, data: &[u8], others: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
        let chunk = |id: &[u8], body: &[u8]| chunk(id, (body.len() as u32).to_be_bytes(), body);
        let mut common = channels.to_be_bytes().to_vec();
        common.extend(frames.to_be_bytes());
        common.extend(self.bits().to_be_bytes());
        // 80 bits: exponent, and a mantissa whose first bit is set.
        let zeros = rate.leading_zeros();
        common.extend((16_383 + 31 - zeros as u16).to_be_bytes());
        common.extend((u64::from(rate << zeros) << 32).to_be_bytes());
        if let Coding::Aifc(name, _) = self {
            common.extend([&name[..], &[0, 0]].concat());
        }
        let kind = if matches!(self, Coding::Aiff(_)) { b"AIFF" } else { b"AIFC" };
        let sound = [&[0; 8], data].concat();
        let others: Vec<u8> = others.iter().flat_map(|(id, body)| chunk(*id, body)).collect();
        let chunks = [&chunk(b"NAME", b"odd")[..], &chunk(b"SSND", &sound), &chunk(b"COMM", &common), &others].concat();
        chunk(b"FORM", &[&kind[..], &chunks].concat())
    }
}

fn chunk(id: &[u8], length: [u8; 4], body: &[u8]) -> Vec<u8> {
    let padding: &[u8] = if body.len() % 2 == 1 { &[0] } else { &[] };
    [id, &length, body, padding].concat()
}
