//! A state-variable filter for two channels.
//!
//! The filter is the one of Vadim Zavarishin, "The Art of VA Filter Design", chapter 4, in the form of Andrew Simper,
//! "Linear Trapezoidal Integrated State Variable Filter": it may be moved as fast as one likes.

use std::f64::consts::PI;

use cantus_plugin_api::math::tan;

pub use crate::multi_sampler::Filter as Kind;

/// How it is set for the next frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    pub kind: Kind,
    /// It is there twice: 24 dB an octave instead of 12.
    pub steep: bool,
    /// In Hz.
    pub cutoff: f64,
    /// 0 to 1: none to all but endless.
    pub resonance: f64,
}

/// What its two stages do to a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Factors {
    g: f32,
    /// Damping of the stages.
    k: [f32; 2],
    /// What follows from both.
    a1: [f32; 2],
}

/// A filter, and what it remembers of two channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    setting: Setting,
    now: Factors,
    target: Factors,
    /// Frames until `now` is `target`.
    left: u32,
    /// What each stage let through before, and frames until that is heard no more.
    before: [Kind; 2],
    fading: u32,
    /// Frames of such a fade.
    fade: u32,
    /// By stage and channel.
    memory: [[[f32; 2]; 2]; 2],
}

impl Factors {
    fn new(g: f32, k: [f32; 2]) -> Factors {
        Factors { g, k, a1: k.map(|k| 1.0 / (1.0 + g * (g + k))) }
    }
}

impl Setting {
    /// What each of the stages lets through.
    fn kinds(&self) -> [Kind; 2] {
        [self.kind, if self.steep { self.kind } else { Kind::Off }]
    }
}

impl Filter {
    /// At rest; it takes `fade` frames to let through something else.
    pub fn new(setting: Setting, rate: f64, fade: u32) -> Filter {
        let factors = factors(&setting, rate);
        let (left, fading, before, memory) = (0, 0, setting.kinds(), [[[0.0; 2]; 2]; 2]);
        Filter { setting, now: factors, target: factors, left, before, fading, fade: fade.max(1), memory }
    }

    /// Moves to a setting in `frames` frames, at least 1. While it goes over from one kind to another it takes no third:
    /// set it again.
    pub fn set(&mut self, mut setting: Setting, rate: f64, frames: u32) {
        if self.fading > 0 {
            (setting.kind, setting.steep) = (self.setting.kind, self.setting.steep);
        }
        if self.setting == setting {
            return;
        }
        let before = self.setting.kinds();
        if setting.kinds() != before {
            if self.setting.kind == Kind::Off {
                *self = Filter::new(setting, rate, self.fade);
            }
            (self.before, self.fading) = (before, self.fade);
        }
        self.setting = setting;
        self.target = factors(&setting, rate);
        self.left = frames.max(1);
    }

    /// It goes over from one kind to another.
    pub fn goes_over(&self) -> bool {
        self.fading > 0
    }

    /// The largest that it remembers: how loud it may still ring.
    pub fn ringing(&self) -> f32 {
        if self.setting.kind == Kind::Off {
            return 0.0;
        }
        self.memory.iter().flatten().flatten().fold(0.0, |most, x| most.max(x.abs()))
    }

    /// Filters both channels, equally long.
    #[inline(always)]
    pub fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let fading = left.len().min(self.fading as usize);
        let ((first_left, left), (first_right, right)) = (left.split_at_mut(fading), right.split_at_mut(fading));
        if fading > 0 {
            let (now, before, fade) = (self.setting.kinds(), self.before, self.fade as f32);
            let mut remaining = self.fading as f32;
            self.stages::<2>(first_left, first_right, |stage, channel, out| {
                let (new, old) = (let_through(now[stage], out), let_through(before[stage], out));
                let heard = new + remaining / fade * (old - new);
                remaining -= if stage == 1 && channel == 1 { 1.0 } else { 0.0 };
                heard
            });
            self.fading -= fading as u32;
        }
        match (self.setting.kind, self.setting.steep) {
            (Kind::Off, _) => {}
            (Kind::Low, false) => self.stages::<1>(left, right, |_, _, out| let_through(Kind::Low, out)),
            (Kind::Low, true) => self.stages::<2>(left, right, |_, _, out| let_through(Kind::Low, out)),
            (Kind::High, false) => self.stages::<1>(left, right, |_, _, out| let_through(Kind::High, out)),
            (Kind::High, true) => self.stages::<2>(left, right, |_, _, out| let_through(Kind::High, out)),
            (Kind::Band, false) => self.stages::<1>(left, right, |_, _, out| let_through(Kind::Band, out)),
            (Kind::Band, true) => self.stages::<2>(left, right, |_, _, out| let_through(Kind::Band, out)),
            (Kind::Notch, false) => self.stages::<1>(left, right, |_, _, out| let_through(Kind::Notch, out)),
            (Kind::Notch, true) => self.stages::<2>(left, right, |_, _, out| let_through(Kind::Notch, out)),
        }
    }

    #[inline(always)]
    fn stages<const STAGES: usize>(
        &mut self,
        left: &mut [f32],
        right: &mut [f32],
        mut heard: impl FnMut(usize, usize, &Outputs) -> f32,
    ) {
        for (l, r) in left.iter_mut().zip(right) {
            if self.left > 0 {
                self.move_on();
            }
            let mut both = [*l, *r];
            let g = self.now.g;
            for (stage, memory) in self.memory.iter_mut().enumerate().take(STAGES) {
                let (k, a1) = (self.now.k[stage], self.now.a1[stage]);
                for (channel, (x, state)) in both.iter_mut().zip(memory).enumerate() {
                    let v3 = *x - state[1];
                    let v1 = a1 * (state[0] + g * v3);
                    let v2 = state[1] + g * v1;
                    *state = [2.0 * v1 - state[0], 2.0 * v2 - state[1]];
                    *x = heard(stage, channel, &Outputs { x: *x, band: v1, low: v2, k });
                }
            }
            [*l, *r] = both;
        }
    }

    fn move_on(&mut self) {
        let part = 1.0 / self.left as f32;
        let towards = |now: &mut f32, target: f32| *now += (target - *now) * part;
        towards(&mut self.now.g, self.target.g);
        self.now.k.iter_mut().zip(self.target.k).for_each(|(now, target)| towards(now, target));
        self.now = Factors::new(self.now.g, self.now.k);
        self.left -= 1;
    }
}

/// What a stage makes of a frame.
struct Outputs {
    x: f32,
    band: f32,
    low: f32,
    k: f32,
}

#[inline(always)]
fn let_through(kind: Kind, out: &Outputs) -> f32 {
    match kind {
        Kind::Off => out.x,
        Kind::Low => out.low,
        Kind::High => out.x - out.k * out.band - out.low,
        // As loud at its middle as what comes in.
        Kind::Band => out.k * out.band,
        Kind::Notch => out.x - out.k * out.band,
    }
}

fn factors(setting: &Setting, rate: f64) -> Factors {
    let g = tan(PI * setting.cutoff.clamp(10.0, 0.49 * rate) / rate) as f32;
    // Without resonance as flat as can be: the poles of Butterworth, of order 2 and 4.
    let flat: [f64; 2] =
        if setting.steep { [1.847_759_065_022_573_5, 0.765_366_864_730_179_6] } else { [std::f64::consts::SQRT_2; 2] };
    let loosest = 0.02;
    let last = usize::from(setting.steep);
    let damped = flat[last] + (loosest - flat[last]) * setting.resonance.clamp(0.0, 1.0);
    let mut k = flat;
    k[last] = damped;
    Factors::new(g, k.map(|k| k as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    /// Decibels by which a sine of that frequency comes out louder, on the right channel.
    fn response(setting: Setting, hertz: f64) -> f64 {
        let mut filter = Filter::new(setting, RATE, 240);
        let mut right: Vec<f32> = (0..48_000).map(|n| (2.0 * PI * hertz * f64::from(n) / RATE).sin() as f32).collect();
        let mut left = vec![0.0; right.len()];
        for (left, right) in left.chunks_mut(50).zip(right.chunks_mut(50)) {
            filter.run(left, right);
        }
        assert!(left.iter().all(|x| *x == 0.0), "channels do not hear one another");
        let peak = right[24_000..].iter().fold(0.0f32, |most, x| most.max(x.abs()));
        20.0 * f64::from(peak).log10()
    }

    #[test]
    fn what_is_let_through() {
        let setting = |kind, steep| Setting { kind, steep, cutoff: 1000.0, resonance: 0.0 };
        let table = [
            (Kind::Low, [0.0, -3.0, -12.0], [0.0, -3.0, -24.0]),
            (Kind::High, [-12.0, -3.0, 0.0], [-24.0, -3.0, 0.0]),
            (Kind::Notch, [0.0, -100.0, 0.0], [0.0, -100.0, 0.0]),
        ];
        for (kind, gentle, steep) in table {
            for (is_steep, expected) in [(false, gentle), (true, steep)] {
                for (hertz, expected) in [500.0, 1000.0, 2000.0].into_iter().zip(expected) {
                    let heard = response(setting(kind, is_steep), hertz);
                    let near = (heard - expected).abs() < 0.7 || (expected == -100.0 && heard < -60.0);
                    let near = near || (kind == Kind::Notch && expected == 0.0 && heard > -9.0);
                    assert!(near, "{kind:?}, steep {is_steep}, {hertz} Hz: {heard:.1} dB, not {expected}");
                }
            }
        }
        assert!(response(setting(Kind::Band, false), 1000.0).abs() < 0.1);
        assert!(response(setting(Kind::Band, true), 250.0) < -18.0);
    }

    #[test]
    fn resonance_lifts_the_cutoff() {
        let at = |resonance| response(Setting { kind: Kind::Low, steep: true, cutoff: 1000.0, resonance }, 1000.0);
        assert!(at(0.5) > at(0.0) + 5.0 && at(0.95) > at(0.5) + 10.0, "{} {} {}", at(0.0), at(0.5), at(0.95));
    }

    #[test]
    fn moving_makes_no_step_and_does_not_depend_on_parts() {
        let setting = |cutoff| Setting { kind: Kind::Low, steep: true, cutoff, resonance: 0.9 };
        let run = |len: usize| {
            let mut filter = Filter::new(setting(200.0), RATE, 240);
            filter.set(setting(8000.0), RATE, 64);
            let (mut left, mut right) = (vec![1.0; 128], vec![0.5; 128]);
            for (left, right) in left.chunks_mut(len).zip(right.chunks_mut(len)) {
                filter.run(left, right);
            }
            left
        };
        assert_eq!(run(128), run(7));
        assert!(run(128).iter().all(|x| x.abs() < 4.0));
    }

    #[test]
    fn going_over_to_another_kind_makes_no_step() {
        const KINDS: [Kind; 5] = [Kind::Off, Kind::Low, Kind::High, Kind::Band, Kind::Notch];
        let setting = |kind, steep| Setting { kind, steep, cutoff: 300.0, resonance: 0.3 };
        let slope = 2.0 * PI * 100.0 / RATE + 1.0 / 240.0;
        for (from, to) in KINDS.iter().flat_map(|from| KINDS.map(|to| (*from, to))) {
            for steep in [false, true] {
                let mut filter = Filter::new(setting(from, false), RATE, 240);
                let mut left: Vec<f32> =
                    (0..2400).map(|n| (2.0 * PI * 100.0 * f64::from(n) / RATE).sin() as f32).collect();
                let mut right = left.clone();
                for (n, (left, right)) in left.chunks_mut(32).zip(right.chunks_mut(32)).enumerate() {
                    if n > 37 {
                        filter.set(setting(to, steep), RATE, 32);
                    }
                    filter.run(left, right);
                }
                let largest = left[600..].windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max);
                assert!(f64::from(largest) < 1.6 * slope, "{from:?} to {to:?}, steep {steep}: a step of {largest}");
                assert_eq!(left, right);
            }
        }
    }
}
