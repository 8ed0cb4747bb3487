//! Modules: add, remove, rename, enable, mute, solo, seed.

use serde::{Deserialize, Serialize};

use super::super::module::{Module, ModuleId, is_name, seed_of, short};
use super::super::record::ModuleRecord;
use super::super::{Catalog, Model, Name, Refusal};
use super::{Command, Edit, claim, rename};

/// Adds a module, instantiated by its type's name through the registry. One that is there already stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddModuleCommand {
    /// Type name, as the manifest has it.
    pub module_type: Name,
    /// Name it will be known by: `[A-Za-z_][A-Za-z0-9_-]*`.
    pub name: Name,
    /// Who it will be, so that a replay makes the same one.
    pub id: ModuleId,
}

impl Edit for AddModuleCommand {
    fn describe(&self) -> String {
        format!("add {} {}", self.module_type, self.name)
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        let AddModuleCommand { module_type, name, id } = self;
        let known = model.known(catalog, module_type)?.clone();
        if let Some(there) = model.modules.get(name).filter(|there| there.module_type == *module_type) {
            let _ = there;
            return Ok(false);
        }
        model.make_way(name, *id)?;
        let module = Module {
            id: *id,
            module_type: module_type.clone(),
            seed: seed_of(model.seed(), name),
            enabled: true,
            mute: false,
            solo: false,
            params: known.defaults.clone(),
            slots: known.slot_defaults.clone(),
        };
        model.modules.put(name.clone(), module);
        Ok(true)
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(&self.name, &AddModuleCommand { id: ModuleId(0), ..self.clone() })
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(RemoveModuleCommand { name: self.name.clone() }.into())
    }
}

/// Adds a module with all its values: as undo, loading and recalling do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreModuleCommand {
    /// Name it will be known by.
    pub name: Name,
    /// Who it will be.
    pub id: ModuleId,
    /// All that is known of it.
    pub module: ModuleRecord,
}

impl Edit for RestoreModuleCommand {
    fn describe(&self) -> String {
        format!("restore {} {}", self.module.module_type, self.name)
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        let known = model.known(catalog, &self.module.module_type)?.clone();
        model.make_way(&self.name, self.id)?;
        let module = self.module.build(&self.name, self.id, &known, model.seed())?;
        model.modules.put(self.name.clone(), module);
        Ok(true)
    }
}

/// Removes a module with its cables, links and controls; it rings out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveModuleCommand {
    /// Its name.
    pub name: Name,
}

impl Edit for RemoveModuleCommand {
    fn describe(&self) -> String {
        format!("remove {}", self.name)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        let name = &self.name;
        model.module(name)?;
        for cable in model.connections.keys().filter(|c| c.touches(name)).cloned().collect::<Vec<_>>() {
            model.connections.remove(&cable);
        }
        for link in model.links.keys().filter(|l| l.touches(name)).cloned().collect::<Vec<_>>() {
            model.links.remove(&link);
        }
        for control in model.controls.keys().filter(|c| c.to.module == *name).cloned().collect::<Vec<_>>() {
            model.controls.remove(&control);
        }
        model.players.remove(name);
        Ok(model.modules.remove(name))
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(&self.name, self)
    }
}

/// Gives a module another name. Every reference follows; it sounds on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameModuleCommand {
    /// Its name.
    pub name: Name,
    /// Its new name.
    pub to: Name,
}

impl Edit for RenameModuleCommand {
    fn describe(&self) -> String {
        format!("rename {} to {}", self.name, self.to)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        let (from, to) = (&self.name, &self.to);
        let module = model.module(from)?.clone();
        if from == to {
            return Ok(false);
        }
        model.free(to)?;
        model.modules.remove(from);
        model.modules.put(to.clone(), module);
        rekey(
            &mut model.connections,
            |c| c.touches(from),
            |c| rename([&mut c.from.module, &mut c.to.module], from, to),
        );
        rekey(&mut model.links, |l| l.touches(from), |l| rename([&mut l.from.module, &mut l.to.module], from, to));
        rekey(&mut model.controls, |c| c.to.module == *from, |c| rename([&mut c.to.module], from, to));
        if let Some(anchor) = model.players.get(from).copied() {
            model.players.remove(from);
            model.players.put(to.clone(), anchor);
        }
        model.rename_claims(from, to);
        Ok(true)
    }
}

/// Gives the keys that a module's name is part of that name's successor.
fn rekey<K: Ord + Clone, V: Clone>(
    table: &mut super::super::Table<K, V>,
    touched: impl Fn(&K) -> bool,
    rename: impl Fn(&mut K),
) {
    let entries: Vec<(K, V)> = table.iter().filter(|(k, _)| touched(k)).map(|(k, v)| (k.clone(), v.clone())).collect();
    for (key, _) in &entries {
        table.remove(key);
    }
    for (mut key, value) in entries {
        rename(&mut key);
        table.put(key, value);
    }
}

/// Switches a module on or off. Off, an effect is dry and anything else silent, once it has rung out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnableModuleCommand {
    /// Its name.
    pub name: Name,
    /// On.
    pub enabled: bool,
}

/// Mutes a module: it is not heard, and sends no notes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MuteModuleCommand {
    /// Its name.
    pub name: Name,
    /// Mute.
    pub mute: bool,
}

/// Makes a module solo: only what is solo, with all that leads to and from it, is heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoloModuleCommand {
    /// Its name.
    pub name: Name,
    /// Solo.
    pub solo: bool,
}

/// Sets the seed of everything random in a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetSeedCommand {
    /// Its name.
    pub name: Name,
    /// The seed, at most 2^63 - 1; `None`: that of a new module of this name.
    pub seed: Option<u64>,
}

/// A command that sets one field of a module.
macro_rules! field {
    ($command:ident, $key:literal, $as_it_comes:expr, |$this:ident, $module:ident, $session:ident| $place:expr, $to:expr, $described:expr) => {
        impl Edit for $command {
            fn describe(&self) -> String {
                let $this = self;
                $described
            }

            fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
                let ($this, $session) = (self, model.seed());
                let to = $to;
                let $module = model.module(&self.name)?;
                if $place == to {
                    return Ok(false);
                }
                let $module = model.modules.edit(&*self.name).expect("just found");
                $place = to;
                Ok(true)
            }

            fn claim(&self, _: &Model) -> Option<(Name, Command)> {
                claim(format!("{}.{}", self.name, $key), self)
            }

            fn withdrawal(&self) -> Option<Command> {
                let name = self.name.clone();
                Some($as_it_comes(name).into())
            }
        }
    };
}

field!(
    EnableModuleCommand,
    "enabled",
    |name| EnableModuleCommand { name, enabled: true },
    |this, module, _seed| module.enabled,
    this.enabled,
    format!("{} {}", if this.enabled { "enable" } else { "disable" }, this.name)
);
field!(
    MuteModuleCommand,
    "mute",
    |name| MuteModuleCommand { name, mute: false },
    |this, module, _seed| module.mute,
    this.mute,
    format!("{} {}", if this.mute { "mute" } else { "unmute" }, this.name)
);
field!(
    SoloModuleCommand,
    "solo",
    |name| SoloModuleCommand { name, solo: false },
    |this, module, _seed| module.solo,
    this.solo,
    format!("{} {}", if this.solo { "solo" } else { "unsolo" }, this.name)
);
field!(
    SetSeedCommand,
    "seed",
    |name| SetSeedCommand { name, seed: None },
    |this, module, session| module.seed,
    this.seed.map_or_else(|| seed_of(session, &this.name), |seed| seed & (u64::MAX >> 1)),
    match this.seed {
        Some(seed) => format!("set {}.seed = {seed}", this.name),
        None => format!("set {}.seed as it comes", this.name),
    }
);

impl Model {
    /// Refuses a name that cannot be, or that a module has.
    fn free(&self, name: &Name) -> Result<(), Refusal> {
        if !is_name(name) {
            return Err(Refusal::BadName { name: short(name) });
        }
        match self.modules.get(name) {
            None => Ok(()),
            Some(there) => Err(Refusal::NameTaken { name: name.clone(), module_type: there.module_type.clone() }),
        }
    }

    /// Refuses a name or an id that a module has.
    fn make_way(&self, name: &Name, id: ModuleId) -> Result<(), Refusal> {
        self.free(name)?;
        match self.modules.iter().find(|(_, module)| module.id == id) {
            None => Ok(()),
            Some((name, _)) => Err(Refusal::IdTaken { id: id.0, name: name.clone() }),
        }
    }
}
