//! How everything is that is not as wanted.

use cantus_manifest::Param;
use cantus_plugin_api::raw::{SLOT_OF_MODULE, Value as Wire};

use super::super::state::{Status, StatusOf};
use super::{File, Place, Realiser, State, Ticket, Wanted};
use crate::model::command::span;
use crate::model::{Name, Path, Value};

impl Realiser {
    /// The parameter that an instance speaks of, and a value near a number. `None`: there is no such thing (any more).
    pub fn asked(&self, ticket: Ticket, value: &Wire) -> Option<(Path, Value)> {
        let (name, live) = self.modules.iter().find(|(_, live)| live.ticket == ticket)?;
        let known = self.catalog.get(&live.module_type)?;
        let slot = (value.slot != SLOT_OF_MODULE).then_some(value.slot);
        let params = if slot.is_some() { known.slot_params() } else { &known.manifest.params[..] };
        let param = params.get(usize::from(value.index)).filter(|param| span(&param.kind).is_some())?;
        let path = Path { module: name.clone(), slot, param: param.key.as_str().into() };
        Some((path, Value::of_number(value.value, &param.kind)))
    }

    /// The module whose instance that task has made; none that rings out.
    pub fn name(&self, ticket: Ticket) -> Option<&Name> {
        self.modules.iter().find(|(_, live)| live.ticket == ticket).map(|(name, _)| name)
    }

    /// The module whose instance, made by that task, is in that slot: none that rings out.
    pub fn at(&self, slot: u32, ticket: Ticket) -> Option<&Name> {
        self.modules.iter().find(|(_, live)| (live.slot, live.ticket) == (slot, ticket)).map(|(name, _)| name)
    }

    /// A module misbehaved on the audio thread. Returns its name.
    pub fn faulted(&mut self, ticket: Ticket, text: String) -> Option<Name> {
        let (name, live) = self.modules.iter_mut().find(|(_, live)| live.ticket == ticket)?;
        live.state = State::Faulted(text);
        self.stale = true;
        Some(name.clone())
    }

    /// How everything is that is not ready. `None`: as it was when last asked.
    pub fn status(&mut self) -> Option<Status> {
        std::mem::take(&mut self.stale).then(|| self.look())
    }

    fn look(&self) -> Status {
        let mut status = Status { reloading: self.is_reloading(), ..Status::default() };
        for (name, live) in &self.modules {
            let is = match &live.state {
                State::Making => StatusOf::Loading { percent: 0 },
                State::Missing => StatusOf::Missing(format!(
                    "no plugin provides the type {}; install one that does, or remove {name}",
                    live.module_type
                )),
                State::Failed(text) | State::Faulted(text) => StatusOf::Faulted(text.clone()),
                State::Ready => continue,
            };
            status.modules.insert(name.clone(), is);
        }
        for (place, wanted) in &self.wanted {
            let is = match wanted {
                Wanted::Numbers(_) => continue,
                Wanted::Pattern(name) if self.playable(name) => continue,
                Wanted::Pattern(name) => {
                    StatusOf::Missing(format!("there is no pattern \"{name}\"; make it with pattern(\"{name}\", ...)"))
                }
                Wanted::Sample(file) => match self.files.get(file) {
                    None if self.assets.contains_key(file) => continue,
                    Some(File::Missing(text)) => StatusOf::Missing(format!("sound file \"{file}\": {text}")),
                    Some(File::Loading(_, progress)) => StatusOf::Loading { percent: progress.percent() },
                    None => StatusOf::Loading { percent: 0 },
                },
            };
            status.data.insert(self.path(place), is);
        }
        status
    }

    /// `kick.slots[1].file`
    fn path(&self, (name, slot, index): &Place) -> String {
        let known = self.modules.get(name).and_then(|live| self.catalog.get(&live.module_type));
        let key = |params: &[Param]| params.get(usize::from(*index)).map_or_else(String::new, |p| p.key.clone());
        if *slot == SLOT_OF_MODULE {
            format!("{name}.{}", known.map_or_else(String::new, |k| key(&k.manifest.params)))
        } else {
            let slots = known.and_then(|k| k.manifest.slots.as_ref());
            format!("{name}.slots[{}].{}", slot + 1, slots.map_or_else(String::new, |s| key(&s.params)))
        }
    }
}
