//! Actions on modules: notes and what manifests declare.

use cantus_plugin_api::raw::{Event, SLOT_OF_MODULE, Value as Wire, kind};

use super::{File, Realiser, Wanted, records};
use crate::model::command::{InvokeActionCommand, TriggerEventCommand};
use crate::model::{Model, Name};
use crate::rt::message::{Change, Deed};

/// Notes that can wait for one module; more are not played.
const WAITING: usize = 64;

impl Realiser {
    /// Plays a note: at once, or when the module and its first data are ready, if that is still to come.
    pub fn trigger(&mut self, command: &TriggerEventCommand, change: &mut Change) {
        match self.modules.get_mut(&command.module).map(|live| &mut live.waiting) {
            Some(Some(waiting)) if waiting.len() < WAITING => waiting.push(command.clone()),
            Some(Some(_)) => {}
            _ => {
                if let Some(instance) = self.instance(&command.module) {
                    change.deeds.push(Deed::Trigger(records::note(instance, command)));
                }
            }
        }
    }

    /// Forgets notes that have not sounded yet.
    pub fn forget_waiting(&mut self) {
        self.modules.values_mut().filter_map(|live| live.waiting.as_mut()).for_each(Vec::clear);
    }

    pub(super) fn play_waiting(&mut self, name: &Name, change: &mut Change) {
        let loading = self.wanted.iter().any(|((module, _, _), wanted)| {
            module == name
                && matches!(wanted, Wanted::Sample(f) if matches!(self.files.get(f), Some(File::Loading(..))))
        });
        let Some(instance) = self.instance(name).filter(|_| !loading) else { return };
        let waiting = self.modules.get_mut(name).and_then(|live| live.waiting.take());
        change
            .deeds
            .extend(waiting.into_iter().flatten().map(|command| Deed::Trigger(records::note(instance, &command))));
    }

    /// Tells a module to do something.
    pub fn action(&self, command: &InvokeActionCommand, model: &Model, change: &mut Change) {
        let Some(instance) = self.instance(&command.module) else { return };
        let known = model.modules.get(&command.module).and_then(|m| self.catalog.get(&m.module_type));
        let index = known.and_then(|k| k.manifest.actions.iter().position(|a| a.key == *command.action));
        if let Some(index) = index {
            let value = Wire { index: index as u16, slot: SLOT_OF_MODULE, reserved: 0, value: 0.0 };
            change.deeds.push(Deed::Event(instance, Event::with_value(kind::ACTION, 0, 0, value)));
        }
    }
}
