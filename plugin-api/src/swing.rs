//! Swing: a warp of the beat that delays every second unit and leaves the bars where they are.

/// How much is swung, and what.
///
/// # Example
///
/// ```
/// use cantus_plugin_api::Swing;
///
/// let swing = Swing { amount: 0.75, unit: 0.25 }; // of each pair of sixteenths the second comes late
/// assert_eq!([0.0, 0.25, 0.5, 0.75].map(|beat| swing.warp(beat)), [0.0, 0.375, 0.5, 0.875]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swing {
    /// Where in a pair of units the second one begins: 0.5 (straight) to 0.75.
    pub amount: f64,
    /// In beats.
    pub unit: f64,
}

impl Swing {
    /// None.
    pub const STRAIGHT: Swing = Swing { amount: 0.5, unit: 0.25 };

    /// When a beat of the grid is played, in beats. Rises with the beat; both halves of a pair are linear.
    pub fn warp(&self, beat: f64) -> f64 {
        self.bend(beat, 0.5, self.amount)
    }

    /// The beat of the grid that is played at `beat`.
    pub fn unwarp(&self, beat: f64) -> f64 {
        self.bend(beat, self.amount, 0.5)
    }

    /// Inside each pair, takes what lies at `from` of it to `to`, and everything else in proportion.
    fn bend(&self, beat: f64, from: f64, to: f64) -> f64 {
        if from == to {
            return beat; // straight is exact
        }
        let pair = 2.0 * self.unit;
        let start = (beat / pair).floor() * pair;
        let x = (beat - start) / pair;
        start + pair * if x < from { x * to / from } else { to + (x - from) * (1.0 - to) / (1.0 - from) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_of_a_pair_is_delayed() {
        let swing = Swing { amount: 0.75, unit: 1.0 };
        for (beat, played) in [(0.0, 0.0), (0.5, 0.75), (1.0, 1.5), (1.5, 1.75), (2.0, 2.0), (3.0, 3.5), (-1.0, -0.5)] {
            assert_eq!(swing.warp(beat), played, "beat {beat}");
            assert_eq!(swing.unwarp(played), beat, "beat {beat}");
        }
        assert_eq!(Swing::STRAIGHT.warp(1.0 / 3.0), 1.0 / 3.0);
    }
}
