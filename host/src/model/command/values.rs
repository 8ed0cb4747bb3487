//! Values: parameters, slots, controllers.

use std::sync::Arc;

use cantus_manifest::ParamKind;
use serde::{Deserialize, Serialize};

use super::super::value::accept;
use super::super::{Catalog, Control, ControlKey, Model, Name, Num, Path, Refusal, Value};
use super::{Command, Edit, claim, within};

/// Sets a parameter, of a module or of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetParameterCommand {
    /// Which.
    pub path: Path,
    /// What it is to be, see [`accept`]; `None`: its default.
    pub value: Option<Value>,
}

impl Edit for SetParameterCommand {
    fn describe(&self) -> String {
        match &self.value {
            Some(value) => format!("set {} = {value}", self.path),
            None => format!("set {} as it comes", self.path),
        }
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        let place = self.path.find(model, catalog)?;
        let index = place.index;
        let value = match &self.value {
            None => Value::default_of(&place.param.kind),
            Some(value) => accept(&place.param.kind, value).map_err(|takes| Refusal::BadValue {
                path: place.path(&self.path.module).to_string(),
                value: value.to_string(),
                takes,
            })?,
        };
        if *place.value() == value {
            return Ok(false);
        }
        let module = model.modules.edit(&*self.path.module).expect("just found");
        let values = match self.path.slot {
            None => &mut module.params,
            Some(slot) => &mut Arc::make_mut(&mut module.slots)[usize::from(slot)],
        };
        Arc::make_mut(values)[index] = value;
        Ok(true)
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(&self.path, self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(SetParameterCommand { path: self.path.clone(), value: None }.into())
    }

    fn canonical(&mut self, model: &Model, catalog: &Catalog) {
        self.path.canonical(model, catalog);
    }
}

/// Sets every parameter of a slot to its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearSlotCommand {
    /// Name of the module.
    pub module: Name,
    /// Slot, from 0.
    pub slot: u16,
}

impl Edit for ClearSlotCommand {
    fn describe(&self) -> String {
        format!("clear {}.slots[{}]", self.module, u32::from(self.slot) + 1)
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        let (module, known) = model.typed(catalog, &self.module)?;
        let slot = usize::from(self.slot);
        let Some(default) = known.slot_defaults.get(slot) else {
            let count = module.slots.len();
            return Err(Refusal::UnknownSlot { module: self.module.clone(), slot: u32::from(self.slot) + 1, count });
        };
        if module.slots[slot] == *default {
            return Ok(false);
        }
        let default = default.clone();
        let module = model.modules.edit(&*self.module).expect("just found");
        Arc::make_mut(&mut module.slots)[slot] = default;
        Ok(true)
    }
}

/// Lets a controller set a parameter. One controller can set several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetControlCommand {
    /// Which controller, and what it sets.
    pub key: ControlKey,
    /// How.
    pub control: Control,
}

impl Edit for SetControlCommand {
    fn describe(&self) -> String {
        format!("control {}", self.key)
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        let place = self.key.to.find(model, catalog)?;
        let (low, high) =
            span(&place.param.kind).ok_or_else(|| Refusal::NotANumber { path: self.key.to.to_string() })?;
        within_range(self.control.range, low, high, &self.key.to)?;
        within("curve", self.control.curve, -1.0..=1.0, "-1 to 1")?;
        let key = ControlKey { source: self.key.source.clone(), to: place.path(&self.key.to.module) };
        let changed = model.controls.get(&key) != Some(&self.control);
        if changed {
            model.controls.put(key, self.control);
        }
        Ok(changed)
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(&self.key, self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(RemoveControlCommand { key: self.key.clone() }.into())
    }

    fn canonical(&mut self, model: &Model, catalog: &Catalog) {
        self.key.to.canonical(model, catalog);
    }
}

/// Takes a parameter from a controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveControlCommand {
    /// Which controller, and what it sets.
    pub key: ControlKey,
}

impl Edit for RemoveControlCommand {
    fn describe(&self) -> String {
        format!("remove control {}", self.key)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        Ok(model.controls.remove(&self.key))
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(&self.key, self)
    }

    fn canonical(&mut self, model: &Model, catalog: &Catalog) {
        self.key.to.canonical(model, catalog);
    }
}

/// A controller was moved: sets every parameter it controls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveControlCommand {
    /// Name of the controller.
    pub source: Name,
    /// Where it stands, 0 to 1.
    pub position: Num,
}

impl Edit for MoveControlCommand {
    fn describe(&self) -> String {
        format!("move {} to {}", self.source, self.position.get())
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        within("position", self.position, 0.0..=1.0, "0 to 1")?;
        let controlled = model.controls.iter().filter(|(key, _)| key.source == self.source);
        let controlled: Vec<(Path, Control)> = controlled.map(|(key, c)| (key.to.clone(), *c)).collect();
        let mut changed = false;
        for (path, control) in controlled {
            let kind = &path.find(model, catalog)?.param.kind;
            let value = Some(control.value(self.position.get(), kind));
            changed |= SetParameterCommand { path, value }.edit(model, catalog)?;
        }
        Ok(changed)
    }
}

impl Control {
    /// What a parameter of that kind becomes at a position from 0 to 1.
    fn value(&self, position: f64, kind: &ParamKind) -> Value {
        let (low, high) = self.range.map_or_else(|| span(kind).unwrap_or((0.0, 1.0)), |(l, h)| (l.get(), h.get()));
        Value::of_number(low + (high - low) * position.powf(4f64.powf(self.curve.get())), kind)
    }
}

/// Smallest and largest number of a parameter; `None`: it is no number.
pub fn span(kind: &ParamKind) -> Option<(f64, f64)> {
    match kind {
        ParamKind::Float { min, max, .. } => Some((*min, *max)),
        ParamKind::Int { min, max, .. } => Some((*min as f64, *max as f64)),
        ParamKind::Bool { .. } => Some((0.0, 1.0)),
        ParamKind::Enum { labels, .. } => Some((0.0, labels.len().saturating_sub(1) as f64)),
        ParamKind::Sample | ParamKind::Pattern | ParamKind::Numbers { .. } | ParamKind::Text => None,
    }
}

/// Refuses a range that leaves the parameter's. It may run downwards.
pub(super) fn within_range(range: Option<(Num, Num)>, low: f64, high: f64, path: &Path) -> Result<(), Refusal> {
    let outside = range.into_iter().flat_map(|(a, b)| [a, b]).find(|n| !(low..=high).contains(&n.get()));
    outside.map_or(Ok(()), |n| {
        Err(Refusal::BadValue {
            path: format!("range of {path}"),
            value: n.get().to_string(),
            takes: format!("lies within {low} to {high}"),
        })
    })
}
