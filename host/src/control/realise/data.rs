//! Data parameters: what they want, and how it comes to them.

use std::sync::Arc;

use cantus_manifest::ParamKind;

use super::super::compile::Ready;
use super::{File, Place, Realiser, Task, Wanted};
use crate::model::{Name, Value};
use crate::rt::message::{Change, Deed};
use crate::rt::{Data, SampleMemory};

impl Realiser {
    /// Notes what a data parameter wants, and begins to load a file that nobody wanted before.
    pub(super) fn want(&mut self, place: Place, kind: &ParamKind, value: &Value) {
        let Value::Text(text) = value else { return };
        if text.is_empty() {
            self.wanted.remove(&place);
            return;
        }
        let wanted = match kind {
            ParamKind::Sample => {
                if !self.files.contains_key(text) {
                    self.files.insert(text.clone(), File::Loading);
                    self.tasks.push(Task::Load { file: text.clone() });
                }
                Wanted::Sample(text.clone())
            }
            _ => Wanted::Pattern(text.clone()),
        };
        self.wanted.insert(place, wanted);
    }

    /// Sends a data parameter what it wants, if the module is ready and it is there.
    pub(super) fn bind(&self, place: &Place, change: &mut Change) {
        let Some(instance) = self.instance(&place.0) else { return };
        let data = match self.wanted.get(place) {
            None => None,
            Some(Wanted::Pattern(name)) => self.patterns.get(name).map(|m| Data::Pattern(m.clone())),
            Some(Wanted::Sample(file)) => match self.files.get(file) {
                Some(File::Ready(memory)) => Some(Data::Sample(memory.clone())),
                // What is not there (yet) leaves what was: a slip in a file's name does not silence the music.
                Some(File::Missing(_) | File::Loading) | None => return,
            },
        };
        let event = change.handles.bind(place.2, place.1, data.as_ref());
        change.deeds.push(Deed::Event(instance, event));
    }

    pub(super) fn rebind(&self, change: &mut Change, which: impl Fn(&Wanted) -> bool) {
        for place in self.wanted.iter().filter(|(_, wanted)| which(wanted)).map(|(place, _)| place) {
            self.bind(place, change);
        }
    }

    /// Drops files that nobody wants any more.
    pub(super) fn forget_files(&mut self) {
        let wanted = &self.wanted;
        self.files.retain(|file, _| wanted.values().any(|w| matches!(w, Wanted::Sample(f) if f == file)));
    }

    /// A worker has read a file, or could not. It is given back if nobody waits for it any more.
    pub fn loaded(
        &mut self,
        file: &Name,
        result: Result<Arc<SampleMemory>, String>,
        change: &mut Change,
    ) -> Option<Arc<SampleMemory>> {
        let Some(state) = self.files.get_mut(file) else { return result.ok() };
        *state = match result {
            Ok(memory) => File::Ready(memory),
            Err(text) => File::Missing(text),
        };
        self.rebind(change, |wanted| matches!(wanted, Wanted::Sample(f) if f == file));
        let names: Vec<Name> = self.modules.keys().cloned().collect();
        for name in names {
            self.play_waiting(&name, change);
        }
        None
    }
}
