//! Whether a step plays: a pure function of the step, the place and the seed, so that every render, replay and seek
//! decides alike.

use cantus_plugin_api::raw::{Step, StepCondition};
use cantus_plugin_api::{Pattern, Random, Row};

/// What the draws of a place are for: each has a stream of its own.
#[derive(Clone, Copy)]
pub enum Draw {
    /// Whether the step plays.
    Chance,
    /// How far it is off its time.
    Time,
    /// How far it is off its velocity.
    Velocity,
}

/// A turn of a pattern, as played by one sequencer.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    /// The pattern.
    pub pattern: Pattern<'a>,
    /// How often it was played before.
    pub number: u64,
    /// Beats between the beginning of what the sequencer plays and that of this turn.
    pub begin: f64,
    /// Of the sequencer.
    pub seed: u64,
    /// The sequencer plays a fill.
    pub fill: bool,
}

impl<'a> Turn<'a> {
    /// The turn that a row is of.
    pub fn of(row: &Row<'a>, seed: u64, fill: bool) -> Turn<'a> {
        Turn { pattern: row.pattern(), number: row.turn, begin: row.begin, seed, fill }
    }

    /// Whether a step of the pattern plays.
    pub fn plays(&self, step: &Step) -> bool {
        let turn = self.number % u64::from(step.ratio_of.max(1)) + 1;
        turn == u64::from(step.ratio_at) && self.holds(step) && self.drawn(step)
    }

    fn holds(&self, step: &Step) -> bool {
        let holds = match step.condition {
            StepCondition::FIRST => self.number == 0,
            StepCondition::FILL => self.fill,
            StepCondition::EVERY => self.number.is_multiple_of(u64::from(step.every.max(1))),
            // That step never asks so itself: this goes no deeper.
            StepCondition::PREVIOUS => self
                .pattern
                .step(step.previous)
                .is_some_and(|previous| previous.condition != StepCondition::PREVIOUS && self.plays(previous)),
            _ => return true,
        };
        holds != (step.negated != 0)
    }

    fn drawn(&self, step: &Step) -> bool {
        step.chance >= 1.0 || self.draw(step, Draw::Chance) < f64::from(step.chance)
    }

    /// A number from 0 up to, but not, 1 that belongs to the step in this turn.
    pub fn draw(&self, step: &Step, draw: Draw) -> f64 {
        // Rounded, so that the way by which a beat was reached does not matter.
        let begin = (self.begin * 4096.0).round() as i64 as u64;
        let place = u64::from(step.row) << 16 | u64::from(step.column) << 8 | draw as u64;
        let mut turn = Random::new(self.seed ^ self.pattern.seed().rotate_left(32), begin);
        Random::new(turn.bits(), place).unit()
    }
}
