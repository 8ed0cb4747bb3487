//! `math.random` with a stream of its own for every evaluation, the same on every machine.
//!
//! xoshiro256** by Blackman and Vigna, seeded through their splitmix64 (public domain).

use std::cell::Cell;
use std::fmt::{Display, Formatter, Write};

use mlua::{Lua, MultiValue, Result, Value};

use crate::context::{context, with};
use crate::error::blame;
use crate::library::{Row, call};

/// A stream of random numbers, as far as it was drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stream([u64; 4]);

impl Stream {
    /// The stream of a seed and a name, from its beginning.
    pub fn of(seed: u64, name: impl Display) -> Stream {
        let mut hash = Fnv(seed ^ 0xcbf2_9ce4_8422_2325);
        // Hashing never fails; a `Display` that does has a name that ends there.
        let _ = write!(hash, "{name}");
        let Fnv(mut state) = hash;
        Stream(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }
}

/// Where something that draws random numbers comes from: what asked for it, and the how manieth it was there. Another for
/// each, and the same on each render, whatever others do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lineage(u64);

impl Lineage {
    /// Of a file, or the prompt.
    pub fn of(name: impl Display) -> Lineage {
        Lineage::default().child(name)
    }

    /// Of what it asks for under a name.
    pub fn child(self, name: impl Display) -> Lineage {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        // As above.
        let _ = write!(hash, "{self}/{name}");
        Lineage(hash.0)
    }
}

impl Display for Lineage {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// FNV-1a of what is written, by Fowler, Noll and Vo (public domain).
struct Fnv(u64);

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 = text.bytes().fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        Ok(())
    }
}

/// The stream that is drawn from.
#[derive(Default)]
pub struct Random(Cell<Stream>);

impl Random {
    /// Draws from this stream from now on; answers that of before.
    pub fn swap(&self, stream: Stream) -> Stream {
        self.0.replace(stream)
    }

    fn next(&self) -> u64 {
        let Stream(mut s) = self.0.get();
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        self.0.set(Stream(s));
        result
    }

    /// What other random numbers may follow from.
    pub fn seed(&self) -> u32 {
        (self.next() >> 32) as u32
    }

    /// A number from 0 to less than 1.
    fn float(&self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number from 0 to `most`, all equally likely.
    fn up_to(&self, most: u64) -> u64 {
        let mask = u64::MAX.checked_shr(most.leading_zeros()).unwrap_or(0);
        loop {
            let drawn = self.next() & mask;
            if drawn <= most {
                return drawn;
            }
        }
    }
}

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "math.random",
        signature: "(m?: integer, n?: integer) -> number",
        doc: "A random number from 0 to 1, a whole number from 1 to m, or from m to n. A script draws the same numbers \
              each time it runs.",
        example: "local die = math.random(6)  assert(die >= 1 and die <= 6)",
        function: |lua, args| call(lua, args, random),
    },
    Row {
        name: "math.randomseed",
        signature: "(seed?: number)",
        doc: "Starts another stream of random numbers; without a number, the script's own from its beginning.",
        example: "math.randomseed(7)  local a = math.random()  math.randomseed(7)  assert(a == math.random())",
        function: |lua, args| call(lua, args, randomseed),
    },
];

fn random(lua: &Lua, (low, high): (Option<i64>, Option<i64>)) -> Result<Value> {
    let context = context(lua);
    let (low, high) = match (low, high) {
        (None, _) => return Ok(Value::Number(context.random.float())),
        (Some(0), None) => return Ok(Value::Integer(context.random.next().cast_signed())),
        (Some(high), None) => (1, high),
        (Some(low), Some(high)) => (low, high),
    };
    if low > high {
        return Err(blame(format!("math.random({low}, {high}): the interval is empty")));
    }
    let drawn = context.random.up_to(high.abs_diff(low));
    Ok(Value::Integer(low.wrapping_add(drawn.cast_signed())))
}

fn randomseed(lua: &Lua, args: MultiValue) -> Result<()> {
    let context = context(lua);
    match args.front() {
        None | Some(Value::Nil) => context.random.swap(Stream::of(session_seed(lua)?, context.file.borrow())),
        Some(Value::Integer(n)) => context.random.swap(Stream::of(n.cast_unsigned(), "")),
        Some(Value::Number(n)) => context.random.swap(Stream::of(n.to_bits(), "")),
        Some(other) => return Err(blame(format!("math.randomseed takes a number, not {}", other.type_name()))),
    };
    Ok(())
}

fn session_seed(lua: &Lua) -> Result<u64> {
    with(lua, |work| Ok(work.model.seed()))
}
