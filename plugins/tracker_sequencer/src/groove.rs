//! What moves notes off the grid, and changes how loud they are: grooves and the human hand.

use cantus_plugin_api::raw::Step;
use cantus_plugin_api::{Numbers, Row};

use crate::turns::{Draw, Turn};

/// Grooves of one's own, and how far from perfect everything is.
pub struct Groove {
    /// Rows that each row is late, round and round.
    delays: Option<Numbers>,
    /// Most rows that one of them is early, and late.
    most: (f64, f64),
    /// What each row's velocity is multiplied by, round and round.
    pub velocities: Option<Numbers>,
    /// How much of both, 0 to 1.
    pub amount: f64,
    /// Seconds that a note may be off its time, at most.
    pub humanise: f64,
    /// Part of a note's velocity that it may be off, at most.
    pub humanise_velocity: f64,
}

impl Default for Groove {
    /// As the manifest says of a new module.
    fn default() -> Groove {
        let (delays, velocities, most) = (None, None, (0.0, 0.0));
        Groove { delays, most, velocities, amount: 1.0, humanise: 0.0, humanise_velocity: 0.0 }
    }
}

impl Groove {
    /// Another list of rows by which each row is late.
    pub fn delay(&mut self, delays: Option<Numbers>) {
        let values = delays.as_ref().map_or(&[][..], |delays| delays.values());
        let most = |sign: f64| values.iter().fold(0.0, |most: f64, delay| most.max(sign * delay));
        self.most = (most(-1.0), most(1.0));
        self.delays = delays;
    }

    /// Most rows by which it makes something early, and late.
    pub fn reach(&self) -> (f64, f64) {
        (self.most.0 * self.amount, self.most.1 * self.amount)
    }

    /// Beats that a step is late; below 0 early. `bpm` is the tempo.
    pub fn late(&self, row: &Row<'_>, step: &Step, turn: &Turn<'_>, bpm: f64) -> f64 {
        let rows = f64::from(step.delay) + at(&self.delays, row).unwrap_or(0.0) * self.amount;
        let mut beats = rows / row.pattern().steps_per_beat();
        if self.humanise > 0.0 {
            beats += (2.0 * turn.draw(step, Draw::Time) - 1.0) * self.humanise * bpm / 60.0;
        }
        beats
    }

    /// What a step's velocity is multiplied by.
    pub fn loudness(&self, row: &Row<'_>, step: &Step, turn: &Turn<'_>) -> f32 {
        let mut factor = 1.0 + (at(&self.velocities, row).unwrap_or(1.0) - 1.0) * self.amount;
        if self.humanise_velocity > 0.0 {
            factor *= 1.0 + (2.0 * turn.draw(step, Draw::Velocity) - 1.0) * self.humanise_velocity;
        }
        factor as f32
    }
}

/// The number of a list that belongs to a row, counted from beat 0 on.
fn at(list: &Option<Numbers>, row: &Row<'_>) -> Option<f64> {
    let values = list.as_ref()?.values();
    // A little is added, as a third of a beat times three is just below one.
    let index = (row.beat * row.pattern().steps_per_beat() + 1e-6).floor().max(0.0) as u64;
    values.get((index % values.len().max(1) as u64) as usize).copied()
}
