//! From the Model's values to the contract's records.

use std::sync::Arc;

use cantus_plugin_api::raw::{ABSENT_SLOT, Event, Note, SLOT_OF_MODULE, SLOT_OF_NOTE, Step, Value as Wire, kind};

use super::Place;
use crate::model::command::{Lock, TriggerEventCommand};
use crate::model::{ModuleType, Num, Pattern};
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
        pitch: or_nan(command.note),
        velocity: or_nan(command.velocity),
        slot: command.slot.unwrap_or(ABSENT_SLOT),
        column: 0,
        reserved: 0,
    };
    let locks = known.and_then(|known| command.locks(known).ok()).unwrap_or_default();
    Trigger {
        instance,
        event: Event::with_note(kind::NOTE_ON, 0, 0, note),
        locks: locks.iter().map(lock).collect(),
        length: command.length.map(Num::get),
    }
}

fn lock(lock: &Lock) -> Wire {
    let slot = if lock.of_slot { SLOT_OF_NOTE } else { SLOT_OF_MODULE };
    Wire { index: lock.index as u16, slot, reserved: 0, value: lock.value }
}

/// A pattern as modules see it.
pub fn lay_out(pattern: &Pattern) -> Arc<PatternMemory> {
    let steps = pattern.played().map(|(cell, step)| self::step(cell, step));
    PatternMemory::new(pattern.rows, pattern.steps_per_beat.get(), steps.collect())
}

/// A step as modules see it.
pub fn step(cell: &crate::model::Cell, s: &crate::model::Step) -> Step {
    let or_nan = |v: Option<Num>| v.map_or(f32::NAN, |v| v.get() as f32);
    Step {
        row: cell.row,
        column: cell.column,
        slot: s.slot.unwrap_or(ABSENT_SLOT),
        pitch: or_nan(s.number()),
        velocity: or_nan(s.velocity),
        length: s.length.map_or(1.0, |length| length.get() as f32),
        reserved: 0,
    }
}
