//! Random numbers that are the same in every run.

/// A stream of random numbers: SplitMix64 of Guy Steele, Doug Lea and Christine Flood, "Fast Splittable Pseudorandom
/// Number Generators". Never allocates; any thread.
///
/// # Example
///
/// ```
/// use cantus_plugin_api::Random;
///
/// let dice = |seed, voice| {
///     let mut random = Random::new(seed, voice);
///     [random.below(6) + 1, random.below(6) + 1, random.below(6) + 1]
/// };
/// assert_eq!(dice(7, 0), dice(7, 0)); // the same seed throws the same
/// assert_ne!(dice(7, 0), dice(7, 1)); // and each voice its own
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed (such as [`Init::seed`](crate::Init::seed)) and of a number, such as that of a voice.
    pub fn new(seed: u64, number: u64) -> Random {
        let mut streams = Random(seed);
        streams.0 = streams.bits() ^ number;
        Random(streams.bits())
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, but not, 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From -1 up to, but not, 1.
    pub fn either_way(&mut self) -> f64 {
        2.0 * self.unit() - 1.0
    }

    /// One of the whole numbers below `count`, which is at least 1.
    pub fn below(&mut self, count: usize) -> usize {
        (self.unit() * count as f64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_known_and_differ() {
        // The reference implementation's first number for seed 0.
        assert_eq!(Random(0).bits(), 0xe220_a839_7b1d_cdaf);
        assert_ne!(Random::new(1, 1), Random::new(1, 2));
        assert_ne!(Random::new(1, 1), Random::new(2, 1));
        let mut random = Random::new(7, 7);
        let mean = (0..1000).map(|_| random.unit()).sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.05, "{mean}");
        assert!((0..1000).all(|_| random.below(3) < 3));
    }
}
