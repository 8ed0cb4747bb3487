//! Several numbers in one, so that transforms of as many windows are one transform: each lane has what it would have
//! alone, bit for bit, on every processor.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use rustfft::num_traits::{FromPrimitive, Num, One, Signed, Zero};

/// How many.
pub const LANES: usize = 4;

/// A number in each lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lanes(pub [f32; LANES]);

macro_rules! lane_by_lane {
    ($($operation:ident $method:ident),*) => {$(
        impl $operation for Lanes {
            type Output = Lanes;

            #[inline(always)]
            fn $method(self, other: Lanes) -> Lanes {
                Lanes(std::array::from_fn(|lane| self.0[lane].$method(other.0[lane])))
            }
        }
    )*};
}

lane_by_lane!(Add add, Sub sub, Mul mul, Div div, Rem rem);

impl Lanes {
    fn each(self, f: impl Fn(f32) -> f32) -> Lanes {
        Lanes(self.0.map(f))
    }
}

impl Neg for Lanes {
    type Output = Lanes;

    #[inline(always)]
    fn neg(self) -> Lanes {
        self.each(|x| -x)
    }
}

impl Zero for Lanes {
    fn zero() -> Lanes {
        Lanes([0.0; LANES])
    }

    fn is_zero(&self) -> bool {
        *self == Lanes::zero()
    }
}

impl One for Lanes {
    fn one() -> Lanes {
        Lanes([1.0; LANES])
    }
}

// Transforms do nothing of what follows, but ask for numbers that can.

impl Num for Lanes {
    type FromStrRadixErr = <f32 as Num>::FromStrRadixErr;

    fn from_str_radix(text: &str, radix: u32) -> Result<Lanes, Self::FromStrRadixErr> {
        f32::from_str_radix(text, radix).map(|x| Lanes([x; LANES]))
    }
}

impl Signed for Lanes {
    fn abs(&self) -> Lanes {
        self.each(f32::abs)
    }

    fn abs_sub(&self, other: &Lanes) -> Lanes {
        (*self - *other).each(|x| x.max(0.0))
    }

    fn signum(&self) -> Lanes {
        self.each(f32::signum)
    }

    fn is_positive(&self) -> bool {
        self.0.iter().all(|x| x.is_sign_positive())
    }

    fn is_negative(&self) -> bool {
        self.0.iter().all(|x| x.is_sign_negative())
    }
}

impl FromPrimitive for Lanes {
    fn from_i64(n: i64) -> Option<Lanes> {
        Some(Lanes([n as f32; LANES]))
    }

    fn from_u64(n: u64) -> Option<Lanes> {
        Some(Lanes([n as f32; LANES]))
    }

    fn from_f64(x: f64) -> Option<Lanes> {
        Some(Lanes([x as f32; LANES]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_has_what_it_would_have_alone() {
        use rustfft::FftPlannerScalar;
        use rustfft::num_complex::Complex;
        const SIZE: usize = 1024;
        let noise = |n: usize, lane: usize| cantus_plugin_api::testing::laws::noise(n as u64, lane);
        let of = |n: usize| std::array::from_fn(|lane| noise(n, lane));
        let mut together: Vec<_> = (0..SIZE).map(|n| Complex::new(Lanes(of(n)), Lanes(of(n + SIZE)))).collect();
        FftPlannerScalar::new().plan_fft_forward(SIZE).process(&mut together);
        for lane in 0..LANES {
            let mut alone: Vec<_> = (0..SIZE).map(|n| Complex::new(noise(n, lane), noise(n + SIZE, lane))).collect();
            FftPlannerScalar::new().plan_fft_forward(SIZE).process(&mut alone);
            let taken: Vec<_> = together.iter().map(|z| Complex::new(z.re.0[lane], z.im.0[lane])).collect();
            assert!(taken == alone, "lane {lane}");
        }
    }
}
