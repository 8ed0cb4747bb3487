//! Actions on modules: notes and what manifests declare.

use cantus_plugin_api::raw::{Event, SLOT_OF_MODULE, Value as Wire, kind};

use super::{File, Realiser, Wanted, records};
use crate::model::command::{InvokeActionCommand, TriggerEventCommand};
use crate::model::{Model, Name};
use crate::rt::message::{Change, Deed};

impl Realiser {
    /// Plays a note: at once, or when the module and its first data are ready, if that is still to come. Until then only
    /// the notes of one batch wait, the last: what was played in vain would sound all at once.
    pub fn trigger(&mut self, command: &TriggerEventCommand, change: &mut Change) {
        match self.modules.get_mut(&command.module).map(|live| &mut live.waiting) {
            Some(Some((batch, waiting))) => {
                if std::mem::replace(batch, change.number) != change.number {
                    waiting.clear();
                }
                waiting.push(command.clone());
            }
            _ => {
                let note = self.note(command);
                change.deeds.extend(note);
            }
        }
    }

    /// Forgets notes that have not sounded yet.
    pub fn forget_waiting(&mut self) {
        self.modules.values_mut().filter_map(|live| live.waiting.as_mut()).for_each(|(_, notes)| notes.clear());
    }

    pub(super) fn play_waiting(&mut self, name: &Name, change: &mut Change) {
        let loading = self.wanted.iter().any(|((module, _, _), wanted)| {
            module == name
                && matches!(wanted, Wanted::Sample(f) if matches!(self.files.get(f), Some(File::Loading(..))))
        });
        if loading || self.instance(name).is_none() {
            return;
        }
        let waiting = self.modules.get_mut(name).and_then(|live| live.waiting.take());
        let notes = waiting.into_iter().flat_map(|(_, notes)| notes);
        change.deeds.extend(notes.filter_map(|command| self.note(&command)));
    }

    /// What plays a note, if its module is there.
    fn note(&self, command: &TriggerEventCommand) -> Option<Deed> {
        let instance = self.instance(&command.module)?;
        let known = self.catalog.get(&self.modules.get(&command.module)?.module_type);
        Some(Deed::Trigger(records::note(instance, command, known.map(|known| &**known))))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::command::AddModuleCommand;
    use crate::model::{Catalog, ModuleId, ModuleType};

    const MANIFEST: &str = r#"
        schema = 1
        [plugin]
        id = "org.example.t"
        name = "T"
        version = "1.0.0"
        license = "MIT"
        description = "A test."
        [[module]]
        type = "T"
        kind = "instrument"
        doc = "A test."
        [[module.port]]
        key = "notes"
        dir = "in"
        kind = "event"
    "#;

    #[test]
    fn while_a_module_is_made_the_notes_of_one_batch_wait() {
        let manifest = cantus_manifest::Manifest::parse(MANIFEST).expect("it is good");
        let catalog = Arc::new(Catalog::new([ModuleType::new(manifest.modules[0].clone(), "org.example.t")]));
        let mut realiser = Realiser::new(catalog.clone(), 48_000.0);
        let add = AddModuleCommand { module_type: "T".into(), name: "a".into(), id: ModuleId(1) };
        let model = Model::default().apply(&add.into(), &catalog).expect("it can be");
        realiser.realise(&Model::default(), &model, 0.0, &mut Change::default());
        let note = |n: u8| {
            let note = Some(crate::model::Num::of(n.into()));
            TriggerEventCommand { module: "a".into(), note, ..TriggerEventCommand::default() }
        };
        for (batch, n) in [(1, 60), (1, 61), (2, 62), (2, 63)] {
            realiser.trigger(&note(n), &mut Change { number: batch, ..Change::default() });
        }
        let waiting = realiser.modules["a"].waiting.as_ref();
        assert_eq!(waiting, Some(&(2, vec![note(62), note(63)])));
    }
}
