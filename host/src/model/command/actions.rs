//! Actions: done when they are applied, and leave the Model equal.

use serde::{Deserialize, Serialize};

use super::super::value::accept;
use super::super::{Catalog, Model, ModuleType, Name, Num, Refusal, Value};
use super::{Edit, within};

/// An action of the transport, which is always possible.
macro_rules! transport {
    ($($(#[$doc:meta])* $command:ident: $text:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $command;

            impl Edit for $command {
                fn describe(&self) -> String {
                    $text.into()
                }

                fn edit(&self, _: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
                    Ok(false)
                }

                fn is_action(&self) -> bool {
                    true
                }
            }
        )*
    };
}

transport! {
    /// Action: beats go on from where they stand.
    StartTransportCommand: "start";
    /// Action: beats stand still at beat 0.
    StopTransportCommand: "stop";
    /// Action: beats stand still where they are.
    PauseTransportCommand: "pause";
    /// Action: to beat 0, carrying on as it was.
    ResetTransportCommand: "reset";
    /// Action: ends every sound now.
    PanicCommand: "panic";
}

/// Action: looks at the plugins on the disk again, and makes the modules of a type anew, by the plugin that provides it
/// now; without a type, those whose plugin has changed. The old ones ring out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadTypeCommand {
    /// The type.
    pub module_type: Option<Name>,
}

impl Edit for ReloadTypeCommand {
    fn describe(&self) -> String {
        let what = self.module_type.as_deref().unwrap_or("what was built again");
        format!("reload {what}")
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        if let Some(module_type) = &self.module_type {
            model.known(catalog, module_type)?;
        }
        Ok(false)
    }

    fn is_action(&self) -> bool {
        true
    }
}

/// Action: to a beat, carrying on as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeekCommand {
    /// The beat, at least 0.
    pub beat: Num,
}

impl Edit for SeekCommand {
    fn describe(&self) -> String {
        format!("seek to beat {}", self.beat.get())
    }

    fn edit(&self, _: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        within("beat", self.beat, 0.0..=1e9, "0 to 1000000000")?;
        Ok(false)
    }

    fn is_action(&self) -> bool {
        true
    }
}

/// Values that one note can have of its own.
pub const MOST_LOCKS: usize = 16;

/// Action: plays a note on a module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerEventCommand {
    /// Name of the module.
    pub module: Name,
    /// MIDI note number, 0 to 127.
    pub note: Option<Num>,
    /// 0 to 1.
    pub velocity: Option<Num>,
    /// Slot, from 0.
    pub slot: Option<u16>,
    /// Beats until it ends; `None`: it is never ended.
    pub length: Option<Num>,
    /// Parameters that have another value for this note alone, by key or alias, in the order in which they are set; at
    /// most [`MOST_LOCKS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<(Name, Value)>,
}

/// A value for one note alone, as it travels to the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lock {
    /// The parameter is one of the slot that the note plays.
    pub of_slot: bool,
    /// Index of the parameter among its like.
    pub index: usize,
    /// The value.
    pub value: f64,
}

impl TriggerEventCommand {
    /// Its locks as a module of that type knows them.
    ///
    /// # Errors
    /// [`Refusal`]: too many, no such parameter, one that cannot be locked, or a value that it does not take.
    pub fn locks(&self, known: &ModuleType) -> Result<Vec<Lock>, Refusal> {
        if self.locks.len() > MOST_LOCKS {
            return Err(Refusal::TooManyLocks { module: self.module.clone(), count: self.locks.len() });
        }
        self.locks.iter().map(|(name, value)| self.lock(known, name, value)).collect()
    }

    fn lock(&self, known: &ModuleType, name: &Name, value: &Value) -> Result<Lock, Refusal> {
        let found = known.manifest.locks().find(|(_, _, param)| param.answers(name));
        let Some((of_slot, index, param)) = found else { return Err(self.no_lock(known, name)) };
        let refuse = |takes| Refusal::BadValue {
            path: format!("{}:trigger {}", self.module, param.key),
            value: value.to_string(),
            takes,
        };
        let value = accept(&param.kind, value).map_err(refuse)?.wire(&param.kind);
        Ok(Lock { of_slot, index, value: value.expect("what can be locked is a number") })
    }

    /// Why a name is none of a parameter that can be locked.
    fn no_lock(&self, known: &ModuleType, name: &Name) -> Refusal {
        let lockable: Vec<&str> = known.manifest.locks().map(|(_, _, param)| param.key.as_str()).collect();
        if known.manifest.params.iter().chain(known.slot_params()).any(|param| param.answers(name)) {
            let can = lockable.iter().map(|key| (*key).to_owned()).collect();
            return Refusal::NotLockable { module: self.module.clone(), param: name.clone(), can };
        }
        let nearest = cantus_manifest::nearest(name, lockable).map(str::to_owned);
        let owner = format!("{} ({})", self.module, known.manifest.name);
        Refusal::UnknownKey { owner, what: "parameter", name: name.clone(), nearest }
    }
}

impl Edit for TriggerEventCommand {
    fn describe(&self) -> String {
        let locks: Vec<String> = self.locks.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let with = if locks.is_empty() { "" } else { " with " };
        format!("trigger {}{with}{}", self.module, locks.join(", "))
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        let (module, known) = model.typed(catalog, &self.module)?;
        if known.event_in.is_empty() {
            let module_type = module.module_type.clone();
            return Err(Refusal::NoNotes { module: self.module.clone(), module_type });
        }
        if let Some(slot) = self.slot.filter(|s| usize::from(*s) >= module.slots.len()) {
            let (module, count) = (self.module.clone(), module.slots.len());
            return Err(Refusal::UnknownSlot { module, slot: u32::from(slot) + 1, count });
        }
        self.note.map_or(Ok(()), |v| within("note", v, 0.0..=127.0, "0 to 127"))?;
        self.velocity.map_or(Ok(()), |v| within("velocity", v, 0.0..=1.0, "0 to 1"))?;
        self.length.map_or(Ok(()), |v| within("length", v, 0.0..=65_536.0, "0 to 65536 beats"))?;
        self.locks(known)?;
        Ok(false)
    }

    fn is_action(&self) -> bool {
        true
    }
}

/// Action: tells a module to do something its manifest declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeActionCommand {
    /// Name of the module.
    pub module: Name,
    /// Key of the action.
    pub action: Name,
}

impl Edit for InvokeActionCommand {
    fn describe(&self) -> String {
        format!("{}:{}()", self.module, self.action)
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        let (module, known) = model.typed(catalog, &self.module)?;
        let actions = &known.manifest.actions;
        if known.missing || actions.iter().any(|a| a.key == *self.action) {
            return Ok(false);
        }
        let nearest = cantus_manifest::nearest(&self.action, actions.iter().map(|a| a.key.as_str()));
        Err(Refusal::UnknownKey {
            owner: format!("{} ({})", self.module, module.module_type),
            what: "action",
            name: self.action.clone(),
            nearest: nearest.map(str::to_owned),
        })
    }

    fn is_action(&self) -> bool {
        true
    }
}

/// Action: reads a sound file again; what plays it gets the new one when it is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadAssetCommand {
    /// The file, as slots name it.
    pub file: Name,
}

impl Edit for ReloadAssetCommand {
    fn describe(&self) -> String {
        format!("read {} again", self.file)
    }

    fn edit(&self, _: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        Ok(false)
    }

    fn is_action(&self) -> bool {
        true
    }
}
