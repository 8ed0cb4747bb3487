//! Paths: the one way to name a value, `module.parameter` or `module.slots[3].parameter`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use cantus_manifest::Param;

use super::Model;
use super::catalog::{Catalog, ModuleType};
use super::module::Module;
use super::refusal::Refusal;
use super::value::{Name, Value};

/// Where a value is. Slots count from 0 here, from 1 in text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// Name of the module.
    pub module: Name,
    /// Slot, from 0; `None`: a value of the module itself.
    pub slot: Option<u16>,
    /// Key or alias of the parameter.
    pub param: Name,
}

/// A path that was found in a Model.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The module.
    pub module: &'a Module,
    /// Its type.
    pub module_type: &'a ModuleType,
    /// Slot, from 0.
    pub slot: Option<u16>,
    /// Index of the parameter.
    pub index: usize,
    /// The parameter.
    pub param: &'a Param,
}

impl Place<'_> {
    /// The path of this place in the module of that name.
    pub fn path(&self, module: &Name) -> Path {
        Path { module: module.clone(), slot: self.slot, param: self.param.key.as_str().into() }
    }

    /// The value there.
    pub fn value(&self) -> &Value {
        match self.slot {
            None => &self.module.params[self.index],
            Some(slot) => &self.module.slots[usize::from(slot)][self.index],
        }
    }
}

impl Path {
    /// A parameter of a module.
    pub fn new(module: impl Into<Name>, param: impl Into<Name>) -> Path {
        Path { module: module.into(), slot: None, param: param.into() }
    }

    /// A parameter of a slot, from 0.
    pub fn slot(module: impl Into<Name>, slot: u16, param: impl Into<Name>) -> Path {
        Path { module: module.into(), slot: Some(slot), param: param.into() }
    }

    /// Finds the value.
    ///
    /// # Errors
    /// [`Refusal`]: no such module, slot or parameter, with the nearest name.
    pub fn find<'a>(&self, model: &'a Model, catalog: &'a Catalog) -> Result<Place<'a>, Refusal> {
        let (module, module_type) = model.typed(catalog, &self.module)?;
        let manifest = &module_type.manifest;
        let params = match (self.slot, &manifest.slots) {
            (None, _) => &manifest.params[..],
            (Some(slot), Some(slots)) if usize::from(slot) < module.slots.len() => &slots.params[..],
            (Some(slot), _) => {
                let (slot, count) = (u32::from(slot) + 1, module.slots.len());
                return Err(Refusal::UnknownSlot { module: self.module.clone(), slot, count });
            }
        };
        let named = |p: &Param| p.key == *self.param || p.aliases.iter().any(|a| **a == *self.param);
        let owner = || match self.slot {
            None => format!("{} ({})", self.module, module.module_type),
            Some(slot) => format!("{}.slots[{}]", self.module, u32::from(slot) + 1),
        };
        let index = params.iter().position(named).ok_or_else(|| unknown(owner(), &self.param, params))?;
        Ok(Place { module, module_type, slot: self.slot, index, param: &params[index] })
    }

    /// Names the parameter by its key, not by an alias.
    pub(super) fn canonical(&mut self, model: &Model, catalog: &Catalog) {
        if let Ok(Place { param, .. }) = self.find(model, catalog)
            && *param.key != *self.param
        {
            self.param = param.key.as_str().into();
        }
    }
}

pub(super) fn unknown(owner: String, key: &Name, params: &[Param]) -> Refusal {
    let keys = params.iter().map(|p| p.key.as_str());
    let aliases = params.iter().flat_map(|p| &p.aliases).map(String::as_str);
    let nearest = cantus_manifest::nearest(key, keys).or_else(|| cantus_manifest::nearest(key, aliases));
    let nearest = nearest.map(str::to_owned);
    Refusal::UnknownKey { owner, what: "parameter", name: key.clone(), nearest }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.slot {
            None => write!(f, "{}.{}", self.module, self.param),
            Some(slot) => write!(f, "{}.slots[{}].{}", self.module, u32::from(slot) + 1, self.param),
        }
    }
}

impl std::str::FromStr for Path {
    type Err = String;

    fn from_str(text: &str) -> Result<Path, String> {
        let wrong = || format!("\"{text}\" is not a path; write \"module.parameter\" or \"module.slots[1].parameter\"");
        let (module, rest) = text.split_once('.').filter(|(module, _)| !module.is_empty()).ok_or_else(wrong)?;
        let (slot, param) = match rest.strip_prefix("slots[") {
            None => (None, rest),
            Some(rest) => {
                let (number, param) = rest.split_once("].").ok_or_else(wrong)?;
                let slot = number.parse::<u16>().ok().and_then(|n| n.checked_sub(1)).ok_or_else(wrong)?;
                (Some(slot), param)
            }
        };
        if param.is_empty() || param.contains(['.', '[', ']']) {
            return Err(wrong());
        }
        Ok(Path { module: module.into(), slot, param: param.into() })
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Path, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_grammar() {
        for (text, expected) in [
            ("kick.volume", Some(Path::new("kick", "volume"))),
            ("kick.slots[1].file", Some(Path::slot("kick", 0, "file"))),
            ("my-kick_2.slots[128].start", Some(Path::slot("my-kick_2", 127, "start"))),
            ("kick", None),
            (".volume", None),
            ("kick.", None),
            ("kick.slots[0].file", None),
            ("kick.slots[-1].file", None),
            ("kick.slots[1]", None),
            ("kick.slots[1]file", None),
            ("kick.slots[99999].file", None),
            ("kick.a.b", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Path>().ok(), expected, "{text}");
            if let Some(path) = expected {
                assert_eq!(path.to_string(), text);
            }
        }
    }
}
