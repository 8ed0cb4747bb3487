//! Functions of the SDK's own, so that a render has the same bytes whatever mathematics library the system brings. Any
//! thread; they never allocate. Square roots and what else the language defines to the bit are not among them.
//!
//! ```
//! use cantus_plugin_api::math::{db_to_gain, exp, pan_gains, semitones_to_ratio, sin, tanh};
//!
//! assert_eq!(semitones_to_ratio(12.0), 2.0);
//! assert_eq!(pan_gains(0.0), (1.0, 1.0));
//! assert!((db_to_gain(-6.0) - 0.5012).abs() < 1e-4);
//! assert!((sin(std::f64::consts::FRAC_PI_6) - 0.5).abs() < 1e-15);
//! // What falls to e^-1 in 10 ms loses this much with every frame at 48 kHz.
//! assert!((exp(-1.0 / (0.01 * 48_000.0)) - 0.99792).abs() < 1e-5);
//! assert!(tanh(3.0) < 1.0);
//! ```

/// 2 to the power of `x`, within 1e-12 of the true value relatively; plain arithmetic, the same on every machine.
///
/// Splits `x` into a whole and a fractional part of at most one half and sums the Taylor series of e^(f ln 2), 13 terms.
pub fn exp2(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let x = x.clamp(-1022.0, 1023.0);
    let whole = (x + 0.5).floor();
    let f = (x - whole) * std::f64::consts::LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..=13 {
        term *= f / f64::from(n);
        sum += term;
    }
    sum * f64::from_bits(((whole as i64 + 1023) as u64) << 52)
}

/// e to the power of `x`: see [`exp2`].
pub fn exp(x: f64) -> f64 {
    exp2(x * std::f64::consts::LOG2_E)
}

/// The logarithm of `x` to base 2, within 1e-12 of the true value; plain arithmetic, the same on every machine. Not a
/// number for `x` below 0; minus infinity for 0 and what is too small to be normal.
///
/// Splits `x` into a power of 2 and a factor m of 0.7 to 1.4, and sums the series of 2 artanh((m - 1) / (m + 1)), 11 terms.
pub fn log2(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x < f64::MIN_POSITIVE {
        return f64::NEG_INFINITY;
    }
    let bits = x.to_bits();
    let (mut whole, mut m) = ((bits >> 52) as i64 - 1023, f64::from_bits(bits & !(0x7ff << 52) | 1023 << 52));
    if m > std::f64::consts::SQRT_2 {
        (whole, m) = (whole + 1, m / 2.0);
    }
    let s = (m - 1.0) / (m + 1.0);
    let mut power = s;
    let mut sum = 0.0;
    for n in 0..11 {
        sum += power / f64::from(2 * n + 1);
        power *= s * s;
    }
    whole as f64 + sum * (2.0 * std::f64::consts::LOG2_E)
}

/// The natural logarithm of `x`: see [`log2`].
pub fn ln(x: f64) -> f64 {
    log2(x) * std::f64::consts::LN_2
}

/// `x`, 0 or more, to the power of `y`, above 0.
pub fn pow(x: f64, y: f64) -> f64 {
    if x == 0.0 { 0.0 } else { exp2(y * log2(x)) }
}

/// The sine of `x` in radians, within 1e-15 for `x` of at most some thousands; plain arithmetic, the same on every
/// machine.
///
/// Takes whole quarters of a turn off and sums the Taylor series of what is left, 10 terms.
pub fn sin(x: f64) -> f64 {
    sin_cos(x).0
}

/// The sine and cosine of `x` in radians: see [`sin`].
pub fn sin_cos(x: f64) -> (f64, f64) {
    // A quarter of a turn in three parts, the first two of 33 bits, so that their products with whole numbers are exact
    // (W. Cody and W. Waite, "Software Manual for the Elementary Functions").
    const PARTS: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];
    let quarter = (x / std::f64::consts::FRAC_PI_2 + 0.5).floor();
    let x = PARTS.iter().fold(x, |x, part| x - quarter * part);
    let (mut sin, mut cos) = (0.0, 0.0);
    for n in (0..10).rev() {
        let n = f64::from(2 * n);
        sin = 1.0 - sin * x * x / ((n + 2.0) * (n + 3.0));
        cos = 1.0 - cos * x * x / ((n + 1.0) * (n + 2.0));
    }
    let sin = sin * x;
    match quarter.rem_euclid(4.0) as u8 {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// The cosine of `x` in radians: see [`sin`].
pub fn cos(x: f64) -> f64 {
    sin_cos(x).1
}

/// The tangent of `x` in radians: see [`sin`].
pub fn tan(x: f64) -> f64 {
    let (sin, cos) = sin_cos(x);
    sin / cos
}

/// The hyperbolic tangent of `x`, within 1e-12 of the true value relatively: a soft way to keep a signal between -1 and 1.
///
/// Sums the Taylor series of sinh and cosh, 10 terms each, for `x` of at most 1; beyond that it is made of [`exp`].
pub fn tanh(x: f64) -> f64 {
    if x.abs() > 1.0 {
        let fallen = exp(-2.0 * x.abs());
        return (1.0 - fallen).copysign(x) / (1.0 + fallen);
    }
    let (mut sinh, mut cosh) = (0.0, 0.0);
    for n in (0..10).rev() {
        let n = f64::from(2 * n);
        sinh = 1.0 + sinh * x * x / ((n + 2.0) * (n + 3.0));
        cosh = 1.0 + cosh * x * x / ((n + 1.0) * (n + 2.0));
    }
    sinh * x / cosh
}

/// How much faster a sound plays when it is moved by `semitones`.
pub fn semitones_to_ratio(semitones: f64) -> f64 {
    exp2(semitones / 12.0)
}

/// Decibels to amplitude: 0 dB is 1.
pub fn db_to_gain(db: f64) -> f64 {
    // 10^(db/20) = 2^(db * log2(10) / 20)
    exp2(db * (std::f64::consts::LOG2_10 / 20.0))
}

/// A pan of -1 (left) to 1 (right) as left and right gain, of equal power; the middle is 1 and 1.
///
/// Left is `sqrt(1 - pan)`, right `sqrt(1 + pan)`: the sum of their squares is always 2.
pub fn pan_gains(pan: f32) -> (f32, f32) {
    ((1.0 - pan).max(0.0).sqrt(), (1.0 + pan).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log2_undoes_exp2() {
        for n in -400..400 {
            let x = f64::from(n) * 0.037;
            assert!((log2(exp2(x)) - x).abs() < 1e-12, "{x}: {}", log2(exp2(x)));
            assert!((log2(x.abs()) - x.abs().log2()).abs() < 1e-12 || n == 0, "{x}");
        }
        assert_eq!((log2(1.0), log2(8.0), log2(0.0)), (0.0, 3.0, f64::NEG_INFINITY));
        assert_eq!((pow(0.0, 2.0), pow(0.25, 2.0), pow(0.25, 0.5)), (0.0, 0.0625, 0.5));
    }

    #[test]
    fn exp2_is_exact_enough() {
        for i in -4000..=4000 {
            let x = f64::from(i) / 97.0;
            assert!((exp2(x) / x.exp2() - 1.0).abs() < 1e-12, "{x}: {} {}", exp2(x), x.exp2());
        }
        assert_eq!(exp2(3.0), 8.0);
        assert_eq!(exp2(-2.0), 0.25);
        assert_eq!(semitones_to_ratio(12.0), 2.0);
        assert_eq!(semitones_to_ratio(0.0), 1.0);
    }

    #[test]
    fn sines_are_exact_enough() {
        for n in -5000..=5000 {
            let x = f64::from(n) * 0.037;
            let (sin, cos) = sin_cos(x);
            assert!((sin - x.sin()).abs() < 1e-15 && (cos - x.cos()).abs() < 1e-15, "{x}: {sin} {cos}");
        }
        assert_eq!((sin(0.0), sin_cos(0.0).1), (0.0, 1.0));
        assert!((tan(std::f64::consts::FRAC_PI_4) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn powers_of_e_and_what_is_made_of_them() {
        for n in -2000..=2000 {
            let x = f64::from(n) * 0.01;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "exp {x}: {} {}", exp(x), x.exp());
            assert!((ln(exp(x)) - x).abs() < 1e-12, "ln {x}: {}", ln(exp(x)));
            assert!((tanh(x) - x.tanh()).abs() <= 1e-12 * x.tanh().abs(), "tanh {x}: {} {}", tanh(x), x.tanh());
        }
        assert_eq!((exp(0.0), ln(1.0), tanh(0.0), cos(0.0)), (1.0, 0.0, 0.0, 1.0));
        assert_eq!((tanh(1000.0), tanh(-1000.0), tanh(f64::NEG_INFINITY)), (1.0, -1.0, -1.0));
        assert!(tanh(f64::NAN).is_nan() && exp(f64::NAN).is_nan() && ln(-1.0).is_nan());
    }

    #[test]
    fn decibels() {
        assert!((db_to_gain(-6.0) - 0.501_187_233_627_272).abs() < 1e-12);
        assert_eq!(db_to_gain(0.0), 1.0);
    }

    #[test]
    fn pan_keeps_power() {
        assert_eq!(pan_gains(0.0), (1.0, 1.0));
        assert_eq!(pan_gains(-1.0), (std::f32::consts::SQRT_2, 0.0));
        let (l, r) = pan_gains(0.3);
        assert!((l * l + r * r - 2.0).abs() < 1e-6);
    }
}
