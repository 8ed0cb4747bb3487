//! From the Model's values to the contract's records.

use std::collections::BTreeMap;
use std::sync::Arc;

use cantus_plugin_api::raw::{
    ABSENT_SLOT, Event, Lock, Note, SLOT_OF_MODULE, SLOT_OF_NOTE, Step, StepAction, StepCondition, Value as Wire, kind,
};

use super::Place;
use super::locks::Locks;
use crate::model::command::{Lock as Locked, TriggerEventCommand};
use crate::model::{self, Cell, ModuleType, Name, Num, Pattern, Ratio, Test};
use crate::rt::PatternMemory;
use crate::rt::message::Trigger;

pub fn value_event((_, slot, index): &Place, value: f64, flags: u32) -> Event {
    let value = Wire { index: *index, slot: *slot, reserved: 0, value };
    Event { flags, ..Event::with_value(kind::PARAM, 0, 0, value) }
}

/// `known` is the type of the instance.
pub fn note(instance: u32, command: &TriggerEventCommand, known: Option<&ModuleType>) -> Trigger {
    let or_nan = |v: Option<Num>| v.map_or(f32::NAN, |v| v.get() as f32);
    let note = Note {
        instrument: 0,
        glide: f32::NAN,
        pitch: or_nan(command.note),
        velocity: or_nan(command.velocity),
        slot: command.slot.unwrap_or(ABSENT_SLOT),
        column: 0,
    };
    let locks = known.and_then(|known| command.locks(known).ok()).unwrap_or_default();
    Trigger {
        instance,
        event: Event::with_note(kind::NOTE_ON, 0, 0, note),
        locks: locks.iter().map(lock).collect(),
        length: command.length.map(Num::get),
    }
}

fn lock(lock: &Locked) -> Wire {
    let slot = if lock.of_slot { SLOT_OF_NOTE } else { SLOT_OF_MODULE };
    Wire { index: lock.index as u16, slot, reserved: 0, value: lock.value }
}

/// A pattern as modules see it, in the order in which it is played.
pub fn lay_out(name: &Name, pattern: &Pattern, locks: &mut Locks) -> Arc<PatternMemory> {
    let (rows, backwards) = (pattern.rows, pattern.steps_per_beat.get() < 0.0);
    let mut played: Vec<(Cell, &model::Step)> = pattern.played().map(|(cell, step)| (*cell, step)).collect();
    if backwards {
        played.iter_mut().for_each(|(cell, _)| cell.row = rows - 1 - cell.row);
        played.sort_by_key(|(cell, _)| *cell);
    }
    let mut locked = Vec::new();
    // By column, the last step of which it is not certain that it plays.
    let mut uncertain = BTreeMap::<u16, u32>::new();
    let steps = played.iter().enumerate().map(|(index, (cell, step))| {
        let first_lock = locked.len() as u32;
        let numbered = step.locks.iter().filter_map(|(name, value)| locks.number(name, value));
        locked.extend(numbered.map(|(lock, value)| Lock { lock, reserved: [0; 3], value }));
        let previous = uncertain.get(&cell.column).copied().unwrap_or(u32::MAX);
        let asks = step.condition.is_some_and(|condition| condition.test == Test::Previous);
        if step.is_conditional() && !asks {
            uncertain.insert(cell.column, index as u32);
        }
        Step { previous, first_lock, lock_count: (locked.len() as u32 - first_lock) as u16, ..self::step(*cell, step) }
    });
    let steps = steps.collect();
    PatternMemory::new((rows, pattern.steps_per_beat.get().abs(), backwards), model::origin(name), steps, locked)
}

/// A step as modules see it, but for its locks.
fn step(cell: Cell, step: &model::Step) -> Step {
    let or = |number: Option<Num>, absent: f32| number.map_or(absent, |number| number.get() as f32);
    let ratio = step.ratio.unwrap_or(Ratio { at: 1, of: 1 });
    let (condition, every) = match step.condition.map(|condition| condition.test) {
        None => (StepCondition::NONE, 1),
        Some(Test::First) => (StepCondition::FIRST, 1),
        Some(Test::Previous) => (StepCondition::PREVIOUS, 1),
        Some(Test::Fill) => (StepCondition::FILL, 1),
        Some(Test::Every(n)) => (StepCondition::EVERY, n),
    };
    let action = match step.note {
        Some(model::Note::Off) => StepAction::OFF,
        Some(model::Note::Cut) => StepAction::CUT,
        _ => StepAction::PLAY,
    };
    Step {
        slot: step.slot.unwrap_or(ABSENT_SLOT),
        pitch: or(step.number(), f32::NAN),
        velocity: or(step.velocity, f32::NAN),
        length: or(step.length, f32::NAN),
        delay: or(step.delay, 0.0),
        chance: or(step.chance, 1.0),
        glide: or(step.glide, f32::NAN),
        action,
        instrument: step.instrument.unwrap_or(0),
        ratio_at: ratio.at,
        ratio_of: ratio.of,
        condition,
        every,
        negated: step.condition.is_some_and(|condition| condition.not).into(),
        hits: step.ratchet.map_or(1, |ratchet| ratchet.hits),
        ramp: or(step.ratchet.map(|ratchet| ratchet.ramp), 0.0),
        curve: or(step.ratchet.map(|ratchet| ratchet.curve), 0.0),
        ..Step::new(cell.row, cell.column)
    }
}
