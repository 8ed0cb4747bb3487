//! What steps lock: numbers for names, and what they mean to each module.

use std::collections::BTreeMap;
use std::sync::Arc;

use cantus_manifest::ParamKind;
use cantus_plugin_api::raw::{SLOT_OF_MODULE, SLOT_OF_NOTE};

use crate::model::{ModuleType, Name, Value, accept, span};
use crate::rt::LockTarget;

/// Everything that a step of any pattern ever locked, by number: a name, and a value that is not a number, such as a
/// label, of which each module has a number of its own. It only grows: modules hold numbers.
#[derive(Default)]
pub(super) struct Locks {
    all: Vec<(Name, Option<Value>)>,
    numbers: BTreeMap<(Name, Option<String>), u16>,
}

impl Locks {
    /// The number of what is locked, and the number that travels with it. `None`: there are too many.
    pub fn number(&mut self, name: &Name, value: &Value) -> Option<(u16, f64)> {
        let (other, number) = match value {
            Value::Num(number) => (None, number.get()),
            other => (Some(other), 0.0),
        };
        let key = (name.clone(), other.map(Value::to_string));
        let next = u16::try_from(self.all.len()).ok();
        let lock = match self.numbers.get(&key) {
            Some(lock) => *lock,
            None => {
                let lock = next?;
                self.all.push((name.clone(), other.cloned()));
                self.numbers.insert(key, lock);
                lock
            }
        };
        Some((lock, number))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// What each means to a module, by number.
    pub fn targets(&self, known: &ModuleType) -> Arc<[Option<LockTarget>]> {
        self.all.iter().map(|(name, value)| target(known, name, value.as_ref())).collect()
    }
}

/// The parameter that answers to a name and may be locked; `None`: there is none, or it does not take that.
fn target(known: &ModuleType, name: &str, value: Option<&Value>) -> Option<LockTarget> {
    let (of_slot, index, param) = known.manifest.locks().find(|(_, _, param)| param.answers(name))?;
    let fixed = match value {
        None => None,
        Some(value) => Some(accept(&param.kind, value).ok()?.wire(&param.kind)?),
    };
    let range = match (fixed, &param.kind) {
        (None, ParamKind::Bool { .. }) => (0.0, 1.0),
        (None, kind) => span(kind)?,
        (Some(value), _) => (value, value),
    };
    Some(LockTarget {
        index: index as u16,
        slot: if of_slot { SLOT_OF_NOTE } else { SLOT_OF_MODULE },
        whole: !matches!(param.kind, ParamKind::Float { .. }),
        min: range.0,
        max: range.1,
    })
}
