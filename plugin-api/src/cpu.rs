//! Code compiled for what the processor has.

/// Which instructions an instance may use. Whichever it is, the results are the same to the bit: wide registers do the
/// same operations in the same order, several at once.
///
/// # Example
///
/// ```
/// use cantus_plugin_api::Cpu;
///
/// fn louder(cpu: Cpu, frames: &mut [f32; 64]) {
///     cpu.run(
///         #[inline(always)]
///         || frames.iter_mut().for_each(|x| *x *= 2.0),
///     );
/// }
///
/// let mut frames = [0.25; 64];
/// louder(Cpu::best(), &mut frames); // in a module: with `Init::cpu`
/// assert_eq!(frames, [0.5; 64]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu(Features);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Features {
    /// What every processor of the architecture has; on ARM that is NEON.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Cpu {
    /// What every processor of the architecture has.
    pub const PORTABLE: Cpu = Cpu(Features::Portable);

    /// All that this processor has, the plainest first.
    pub fn all() -> impl Iterator<Item = Cpu> {
        let all = [
            Some(Features::Portable),
            #[cfg(target_arch = "x86_64")]
            std::is_x86_feature_detected!("avx2").then_some(Features::Avx2),
            #[cfg(target_arch = "x86_64")]
            (std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vl"))
                .then_some(Features::Avx512),
        ];
        all.into_iter().flatten().map(Cpu)
    }

    /// The widest that this processor has.
    pub fn best() -> Cpu {
        Cpu::all().last().unwrap_or(Cpu::PORTABLE)
    }

    /// By the number it has in the contract; what this processor lacks is as portable as possible.
    pub(crate) fn of(number: u32) -> Cpu {
        Cpu::all().find(|cpu| cpu.number() == number).unwrap_or(Cpu::PORTABLE)
    }

    /// The number it has in the contract.
    pub fn number(self) -> u32 {
        match self.0 {
            Features::Portable => 0,
            #[cfg(target_arch = "x86_64")]
            Features::Avx2 => 1,
            #[cfg(target_arch = "x86_64")]
            Features::Avx512 => 2,
        }
    }

    /// Does some work, compiled for it: the closure and what it calls that is `#[inline(always)]`. Loops over arrays of a
    /// fixed size, such as `[f32; 16]`, become wide instructions. Any thread.
    #[inline(always)]
    pub fn run<R>(self, work: impl FnOnce() -> R) -> R {
        match self.0 {
            Features::Portable => work(),
            // SAFETY: a `Cpu` is made by `all` alone, which has found the features.
            #[cfg(target_arch = "x86_64")]
            Features::Avx2 => unsafe { with_avx2(work) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Features::Avx512 => unsafe { with_avx512(work) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512vl")]
fn with_avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plainest_comes_first_and_numbers_come_back() {
        assert_eq!(Cpu::all().next(), Some(Cpu::PORTABLE));
        assert_eq!(Cpu::of(12345), Cpu::PORTABLE);
        for cpu in Cpu::all() {
            assert_eq!(Cpu::of(cpu.number()), cpu);
        }
    }

    #[test]
    fn whichever_it_is_the_results_are_the_same() {
        let frames: Vec<f32> = (0..1000).map(|n| (n as f32).sqrt() - 15.0).collect();
        let sum = |cpu: Cpu| {
            cpu.run(
                #[inline(always)]
                || {
                    let mut sums = [0.0f32; 16];
                    for lanes in frames.as_chunks::<16>().0 {
                        (0..16).for_each(|n| sums[n] += lanes[n] * (1.0 - lanes[n]));
                    }
                    sums.map(f32::to_bits)
                },
            )
        };
        for cpu in Cpu::all() {
            assert_eq!(sum(cpu), sum(Cpu::PORTABLE), "{cpu:?}");
        }
    }
}
