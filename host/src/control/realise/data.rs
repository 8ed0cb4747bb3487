//! Data parameters: what they want, and how it comes to them.

use std::sync::Arc;

use cantus_manifest::ParamKind;

use super::{File, Place, Realiser, Task, Ticket, Wanted};
use crate::assets::{Asset, Progress};
use crate::model::{Name, Value};
use crate::rt::message::{Change, Deed};
use crate::rt::{Data, NumbersMemory};

impl Realiser {
    /// Notes what a data parameter wants, and begins to load a file that nobody wanted before.
    pub(super) fn want(&mut self, place: Place, kind: &ParamKind, value: &Value) {
        self.stale = true;
        let wanted = match (kind, value) {
            (_, Value::Text(text)) if text.is_empty() => None,
            (_, Value::List(list)) if list.is_empty() => None,
            (ParamKind::Sample, Value::Text(text)) => {
                if !self.files.contains_key(text) && !self.assets.contains_key(text) {
                    self.read(text);
                }
                Some(Wanted::Sample(text.clone()))
            }
            (ParamKind::Pattern, Value::Text(text)) => Some(Wanted::Pattern(text.clone())),
            (_, Value::List(list)) => Some(Wanted::Numbers(list.clone())),
            _ => None,
        };
        match wanted {
            Some(wanted) => _ = self.wanted.insert(place, wanted),
            None => _ = self.wanted.remove(&place),
        }
    }

    /// Reads a file again that something wants. Until it is read, what was read before plays on.
    pub fn reload(&mut self, file: &Name) {
        let wanted = self.wanted.values().any(|w| matches!(w, Wanted::Sample(f) if f == file));
        self.stale = true;
        if wanted && !matches!(self.files.get(file), Some(File::Loading(..))) {
            self.read(file);
        }
    }

    fn read(&mut self, file: &Name) {
        let (ticket, progress) = (self.count(), Progress::default());
        self.files.insert(file.clone(), File::Loading(ticket, progress.clone()));
        self.tasks.push(Task::Load { ticket, file: file.clone(), progress });
    }

    /// Sends a data parameter what it wants, if the module is ready and it is there.
    pub(super) fn bind(&self, place: &Place, change: &mut Change) {
        let Some(instance) = self.instance(&place.0) else { return };
        let data = match self.wanted.get(place) {
            None => None,
            Some(Wanted::Pattern(name)) => self.sequence(&place.0, name).map(Data::Sequence),
            Some(Wanted::Numbers(list)) => {
                Some(Data::Numbers(NumbersMemory::new(list.iter().map(|number| number.get()).collect())))
            }
            Some(Wanted::Sample(file)) => match self.assets.get(file) {
                Some(asset) => Some(Data::Sample(asset.memory.clone())),
                // What is not there (yet) leaves what was: a slip in a file's name does not silence the music.
                None => return,
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
        let wanted = |file: &Name| wanted.values().any(|w| matches!(w, Wanted::Sample(f) if f == file));
        self.files.retain(|file, _| wanted(file));
        if !self.assets.keys().all(wanted) {
            Arc::make_mut(&mut self.assets).retain(|file, _| wanted(file));
        }
    }

    /// Looks how far files are.
    pub fn progress(&mut self) {
        let percent = |file: &File| if let File::Loading(_, progress) = file { progress.percent().into() } else { 0 };
        let now = self.files.values().map(percent).sum();
        self.stale |= std::mem::replace(&mut self.progress, now) != now;
    }

    /// A worker has read a file, or could not. It is given back if nobody waits for it any more.
    pub fn loaded(
        &mut self,
        ticket: Ticket,
        result: Result<Arc<Asset>, String>,
        change: &mut Change,
    ) -> Option<Arc<Asset>> {
        let waits = |file: &File| matches!(file, File::Loading(other, _) if *other == ticket);
        let Some((file, state)) = self.files.iter_mut().find(|(_, file)| waits(file)) else { return result.ok() };
        let file = file.clone();
        self.stale = true;
        let mut orphan = None;
        match result {
            Ok(asset) => {
                // The same bytes under another name are kept once.
                let twin = self.assets.values().find(|known| known.hash == asset.hash).cloned();
                orphan = twin.is_some().then(|| asset.clone());
                Arc::make_mut(&mut self.assets).insert(file.clone(), twin.unwrap_or(asset));
                self.files.remove(&file);
            }
            Err(text) => *state = File::Missing(text),
        }
        self.rebind(change, |wanted| matches!(wanted, Wanted::Sample(f) if *f == file));
        let names: Vec<Name> = self.modules.keys().cloned().collect();
        for name in names {
            self.play_waiting(&name, change);
        }
        orphan
    }
}
