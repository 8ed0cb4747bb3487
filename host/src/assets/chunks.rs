//! Files made of chunks, as WAV and AIFF are: an id, a length, a body, and one byte more if the length is odd.
//!
//! Nothing in here believes a length: what reaches beyond the file ends with it.

/// Order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// Takes numbers from the front; `None` once there is too little left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub rest: &'a [u8],
    order: Order,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], order: Order) -> Reader<'a> {
        Reader { rest: bytes, order }
    }

    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub fn u16(&mut self) -> Option<u16> {
        let read = if self.order == Order::Little { u16::from_le_bytes } else { u16::from_be_bytes };
        self.array().map(read)
    }

    pub fn u32(&mut self) -> Option<u32> {
        let read = if self.order == Order::Little { u32::from_le_bytes } else { u32::from_be_bytes };
        self.array().map(read)
    }

    pub fn u64(&mut self) -> Option<u64> {
        let read = if self.order == Order::Little { u64::from_le_bytes } else { u64::from_be_bytes };
        self.array().map(read)
    }
}

/// One chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a> {
    pub id: [u8; 4],
    /// The length it says it has; the body may be shorter.
    pub length: u32,
    pub body: Reader<'a>,
    /// Everything from the beginning of the body to the end of the file.
    pub rest: &'a [u8],
}

/// All chunks that begin in `bytes`.
pub(super) fn chunks(bytes: &[u8], order: Order) -> impl Iterator<Item = Chunk<'_>> {
    let mut reader = Reader::new(bytes, order);
    std::iter::from_fn(move || {
        let (id, length) = (reader.array()?, reader.u32()?);
        let rest = reader.rest;
        let body = reader.take(length as usize).unwrap_or_else(|| std::mem::take(&mut reader.rest));
        if length % 2 == 1 {
            reader.u8();
        }
        Some(Chunk { id, length, body: Reader::new(body, order), rest })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_padded_and_end_with_the_file() {
        let bytes = b"odd \x03\0\0\0abc\0even\x02\0\0\0delong\xff\0\0\0fg";
        let found: Vec<_> = chunks(bytes, Order::Little).map(|c| (c.id, c.length, c.body.rest)).collect();
        assert_eq!(found, [(*b"odd ", 3, &b"abc"[..]), (*b"even", 2, b"de"), (*b"long", 255, b"fg")]);
        assert_eq!(chunks(b"odd \x01\0\0", Order::Little).count(), 0, "half a header is none");
    }
}
