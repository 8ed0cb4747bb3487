//! What belongs to the session as a whole: settings, providers, types kept without their plugin, claims.

use serde::{Deserialize, Serialize};

use super::super::claims::Claims;
use super::super::module::{is_name, short};
use super::super::{Catalog, Excerpt, Model, Name, Refusal, Value};
use super::{Command, Edit, claim};

/// Sets a session setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetSettingCommand {
    /// Its name.
    pub name: Name,
    /// What it is to be; `None`: its default.
    pub value: Option<Value>,
}

impl Edit for SetSettingCommand {
    fn describe(&self) -> String {
        match &self.value {
            Some(value) => format!("set setting {} = {value}", self.name),
            None => format!("set setting {} as it comes", self.name),
        }
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        model.set_setting(&self.name, self.value.as_ref())
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(format!("setting {}", self.name), self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(SetSettingCommand { name: self.name.clone(), value: None }.into())
    }
}

/// Says which plugin is to provide a type: its modules are made anew by that, and the old ones ring out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseProviderCommand {
    /// The type.
    pub module_type: Name,
    /// Id of the plugin, with `@version` if it matters; `None`: whichever is chosen elsewhere.
    pub plugin: Option<Name>,
}

impl Edit for UseProviderCommand {
    fn describe(&self) -> String {
        match &self.plugin {
            Some(plugin) => format!("use {plugin} for {}", self.module_type),
            None => format!("use any plugin for {}", self.module_type),
        }
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        if !catalog.is_undecided(&self.module_type) {
            model.known(catalog, &self.module_type)?;
        }
        if model.providers.get(&*self.module_type) == self.plugin.as_ref() {
            return Ok(false);
        }
        match &self.plugin {
            Some(plugin) => model.providers.put(self.module_type.clone(), plugin.clone()),
            None => _ = model.providers.remove(&*self.module_type),
        }
        Ok(true)
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(format!("provider {}", self.module_type), self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(UseProviderCommand { module_type: self.module_type.clone(), plugin: None }.into())
    }
}

/// Keeps what is known of a type whose plugin is not there, so that its modules can be kept; or forgets it, when no
/// module is of it. A type that is there needs no keeping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepTypeCommand {
    /// The type.
    pub module_type: Name,
    /// What is known; `None`: forget it.
    pub excerpt: Option<Excerpt>,
}

impl Edit for KeepTypeCommand {
    fn describe(&self) -> String {
        match self.excerpt {
            Some(_) => format!("keep type {}", self.module_type),
            None => format!("forget type {}", self.module_type),
        }
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        let there = model.excerpts.get(&*self.module_type);
        if there == self.excerpt.as_ref() || catalog.get(&self.module_type).is_some() && there.is_none() {
            return Ok(false);
        }
        let bad = |problem: &str| {
            Err(Refusal::BadExcerpt { module_type: self.module_type.clone(), problem: problem.to_owned() })
        };
        let used = || model.modules.iter().any(|(_, module)| module.module_type == self.module_type);
        match &self.excerpt {
            Some(excerpt) if *excerpt.known().manifest.name != *self.module_type => bad("it is of another type"),
            // Values lie in the order of the manifest.
            _ if there.is_some() && used() => bad("modules are of it; remove them first"),
            Some(excerpt) => {
                model.excerpts.put(self.module_type.clone(), excerpt.clone());
                Ok(true)
            }
            None => Ok(model.excerpts.remove(&*self.module_type)),
        }
    }
}

/// Says what a file asks for, all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetClaimsCommand {
    /// The file.
    pub file: Name,
    /// Its claims; none: nothing any more.
    pub claims: Claims,
}

impl Edit for SetClaimsCommand {
    fn describe(&self) -> String {
        format!("note what {} asks for", self.file)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        let nothing = Claims::default();
        if model.claims.get(&*self.file).unwrap_or(&nothing) == &self.claims {
            return Ok(false);
        }
        if self.claims.is_empty() {
            model.claims.remove(&*self.file);
        } else {
            model.claims.put(self.file.clone(), self.claims.clone());
        }
        Ok(true)
    }
}

/// Action: keeps a Model under a name, to be recalled. It is no part of the Model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepSceneCommand {
    /// The scene's name.
    pub name: Name,
    /// What leads from an empty Model to it; `None`: the Model of now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commands: Option<Vec<Command>>,
}

impl Edit for KeepSceneCommand {
    fn describe(&self) -> String {
        format!("keep scene {}", self.name)
    }

    fn edit(&self, _: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        scene_name(&self.name)?;
        let mut kept = Model::default();
        for command in self.commands.iter().flatten() {
            kept.edit(command, catalog)?;
        }
        kept.check()?;
        Ok(false)
    }

    fn is_action(&self) -> bool {
        true
    }
}

/// Action: a kept scene is kept no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgetSceneCommand {
    /// The scene's name; one that is not kept stays so.
    pub name: Name,
}

impl Edit for ForgetSceneCommand {
    fn describe(&self) -> String {
        format!("forget scene {}", self.name)
    }

    fn edit(&self, _: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        scene_name(&self.name)?;
        Ok(false)
    }

    fn is_action(&self) -> bool {
        true
    }
}

/// Scenes are kept in files of their names.
fn scene_name(name: &Name) -> Result<(), Refusal> {
    if is_name(name) { Ok(()) } else { Err(Refusal::BadName { name: short(name) }) }
}
