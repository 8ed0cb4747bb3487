//! Tempo, signature and swing.

use serde::{Deserialize, Serialize};

use super::value::Num;

/// The tempo from a beat on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TempoPoint {
    /// Beats per minute, 20 to 999.
    pub bpm: Num,
    /// From here to the next point the tempo moves evenly in time and arrives exactly; else it stays until there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ramp: bool,
}

/// A time signature, such as 7/8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Units of a bar, 1 to 64.
    pub beats: u32,
    /// What a unit is: 1, 2, 4, 8, 16 or 32, of a whole note; 4 is a beat.
    pub unit: u32,
}

impl Default for Signature {
    fn default() -> Signature {
        Signature { beats: 4, unit: 4 }
    }
}

impl Signature {
    /// Beats (quarter notes) of a bar: 3.5 in 7/8.
    pub fn beats_per_bar(self) -> f64 {
        f64::from(self.beats) * 4.0 / f64::from(self.unit)
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.beats, self.unit)
    }
}

/// Of every two units the second begins at `amount` of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swing {
    /// 0.5 is straight, 2/3 a triplet, 0.75 the most.
    pub amount: Num,
    /// Beats, 1/16 to 1; 1/4 swings sixteenths.
    pub unit: Num,
}

impl Default for Swing {
    fn default() -> Swing {
        Swing { amount: Num::of(0.5), unit: Num::of(0.25) }
    }
}
