//! The pure function from a Model and a command to the next Model.

use std::sync::Arc;

use cantus_manifest::{Param, PortKind};

use super::catalog::{Catalog, ModuleType};
use super::command::Command;
use super::graph;
use super::refusal::Refusal;
use super::value::{Name, Num, Value, accept};
use super::{Connection, Endpoint, Model, Module, ModuleId, OUT};

/// Tempo in beats per minute.
const BPM: std::ops::RangeInclusive<f64> = 20.0..=999.0;

impl Model {
    /// The Model after one command.
    ///
    /// # Errors
    /// [`Refusal`]: what cannot be, why, and what to do. Cycles are found by [`Model::check`], at the end of a batch.
    pub fn apply(&self, command: &Command, catalog: &Catalog) -> Result<Model, Refusal> {
        let mut model = self.clone();
        model.edit(command, catalog)?;
        Ok(model)
    }

    /// Changes a private copy in place. False: nothing changed, and nothing was copied.
    ///
    /// # Errors
    /// As [`Model::apply`]; the copy is as it was.
    pub fn edit(&mut self, command: &Command, catalog: &Catalog) -> Result<bool, Refusal> {
        match command {
            Command::AddModule(c) => self.add(catalog, &c.module_type, &c.name, c.id),
            Command::RemoveModule(c) => self.remove(&c.name),
            Command::SetParameter(c) => self.set(catalog, &c.module, &c.param, &c.value),
            Command::SetSlot(c) => self.set_slot(catalog, &c.module, c.slot, &c.param, &c.value),
            Command::Connect(c) => self.connect(catalog, &c.connection),
            Command::Disconnect(c) => Ok(self.connections.remove(&c.connection)),
            Command::SetBPM(c) => {
                within("tempo", c.bpm, &BPM, "20 to 999")?;
                let changed = self.bpm != c.bpm;
                self.bpm = c.bpm;
                Ok(changed)
            }
            Command::SetPattern(c) => {
                if c.name.is_empty() || c.name.len() > LONGEST_NAME {
                    let problem = format!("cannot be called so: a name has 1 to {LONGEST_NAME} bytes");
                    return Err(Refusal::BadPattern { name: short(&c.name), problem });
                }
                if let Some(problem) = c.pattern.problem() {
                    return Err(Refusal::BadPattern { name: c.name.clone(), problem });
                }
                let changed = self.patterns.get(&c.name) != Some(&c.pattern);
                if changed {
                    self.patterns.put(c.name.clone(), c.pattern.clone());
                }
                Ok(changed)
            }
            Command::RemovePattern(c) => Ok(self.patterns.remove(&c.name)),
            action => self.permit(catalog, action).map(|()| false),
        }
    }

    /// Checks what can only be judged at the end of a batch.
    ///
    /// # Errors
    /// [`Refusal::Cycle`].
    pub fn check(&self) -> Result<(), Refusal> {
        graph::order(self, self.connections.keys())?;
        Ok(())
    }

    /// The module of that name.
    ///
    /// # Errors
    /// [`Refusal::UnknownModule`] with the nearest name.
    pub fn module(&self, name: &str) -> Result<&Module, Refusal> {
        self.modules.get(name).ok_or_else(|| Refusal::UnknownModule {
            name: name.into(),
            nearest: cantus_manifest::nearest(name, self.modules.keys().map(|k| &**k)).map(str::to_owned),
        })
    }

    /// The module of that name, and its type.
    fn typed<'a>(&'a self, catalog: &'a Catalog, name: &str) -> Result<(&'a Module, &'a ModuleType), Refusal> {
        let module = self.module(name)?;
        Ok((module, known(catalog, &module.module_type)?))
    }

    fn add(&mut self, catalog: &Catalog, module_type: &Name, name: &Name, id: ModuleId) -> Result<bool, Refusal> {
        if !is_name(name) {
            return Err(Refusal::BadName { name: short(name) });
        }
        let known = known(catalog, module_type)?;
        if let Some(there) = self.modules.get(name) {
            if there.module_type == *module_type {
                return Ok(false);
            }
            return Err(Refusal::NameTaken { name: name.clone(), module_type: there.module_type.clone() });
        }
        let module = Module {
            id,
            module_type: module_type.clone(),
            seed: seed_of(self.seed, name),
            params: known.defaults.clone(),
            slots: known.slot_defaults.clone(),
        };
        self.modules.put(name.clone(), module);
        Ok(true)
    }

    fn remove(&mut self, name: &Name) -> Result<bool, Refusal> {
        self.module(name)?;
        let touches = |c: &&Connection| c.from.module == *name || c.to.module == *name;
        let cables: Vec<Connection> = self.connections.keys().filter(touches).cloned().collect();
        for cable in &cables {
            self.connections.remove(cable);
        }
        Ok(self.modules.remove(name))
    }

    fn set(&mut self, catalog: &Catalog, name: &Name, key: &Name, value: &Value) -> Result<bool, Refusal> {
        let (module, known) = self.typed(catalog, name)?;
        let (index, param) = known
            .manifest
            .param(key)
            .ok_or_else(|| unknown_key(format!("{name} ({})", module.module_type), key, &known.manifest.params))?;
        let value = accept(&param.kind, value).map_err(|takes| Refusal::BadValue {
            path: format!("{name}.{}", param.key),
            value: value.to_string(),
            takes,
        })?;
        if module.params[index] == value {
            return Ok(false);
        }
        let module = self.modules.edit(name).expect("found above");
        Arc::make_mut(&mut module.params)[index] = value;
        Ok(true)
    }

    fn set_slot(
        &mut self,
        catalog: &Catalog,
        name: &Name,
        slot: u16,
        key: &Name,
        value: &Value,
    ) -> Result<bool, Refusal> {
        let (module, known) = self.typed(catalog, name)?;
        let at = usize::from(slot);
        if at >= module.slots.len() {
            let slot = u32::from(slot) + 1;
            return Err(Refusal::UnknownSlot { module: name.clone(), slot, count: module.slots.len() });
        }
        let slots = known.manifest.slots.as_ref().expect("a module with slots has them in its manifest");
        let (index, param) =
            slots.param(key).ok_or_else(|| unknown_key(format!("{name}.slots[{}]", at + 1), key, &slots.params))?;
        let value = accept(&param.kind, value).map_err(|takes| Refusal::BadValue {
            path: format!("{name}.slots[{}].{}", at + 1, param.key),
            value: value.to_string(),
            takes,
        })?;
        if module.slots[at][index] == value {
            return Ok(false);
        }
        let module = self.modules.edit(name).expect("found above");
        Arc::make_mut(&mut Arc::make_mut(&mut module.slots)[at])[index] = value;
        Ok(true)
    }

    fn connect(&mut self, catalog: &Catalog, connection: &Connection) -> Result<bool, Refusal> {
        let Connection { from, to } = connection;
        let (_, source) = self.typed(catalog, &from.module)?;
        if source.output(&from.port).is_none() {
            return Err(unknown_port(from, "output", source.output_keys()));
        }
        if &*to.module == OUT {
            if &*to.port != "in" {
                return Err(unknown_port(to, "input", ["in"].into_iter()));
            }
        } else {
            let (_, target) = self.typed(catalog, &to.module)?;
            if target.input(&to.port).is_none() {
                return Err(unknown_port(to, "input", target.input_keys()));
            }
        }
        let (from_kind, to_kind) = graph::kinds(connection, self, catalog).expect("both ports were found");
        if from_kind != to_kind {
            return Err(Refusal::PortKinds { connection: connection.to_string() });
        }
        let changed = !self.connections.contains(connection);
        if changed {
            self.connections.put(connection.clone(), ());
        }
        Ok(changed)
    }

    /// Whether an action can be done.
    fn permit(&self, catalog: &Catalog, action: &Command) -> Result<(), Refusal> {
        match action {
            Command::Seek(c) => within("beat", c.beat, &(0.0..=1e9), "0 to 1000000000"),
            Command::TriggerEvent(c) => {
                let (module, known) = self.typed(catalog, &c.module)?;
                if known.event_in.is_empty() {
                    let module_type = module.module_type.clone();
                    return Err(Refusal::NoNotes { module: c.module.clone(), module_type });
                }
                if let Some(slot) = c.slot.filter(|s| usize::from(*s) >= module.slots.len()) {
                    let (module_name, count) = (c.module.clone(), module.slots.len());
                    return Err(Refusal::UnknownSlot { module: module_name, slot: u32::from(slot) + 1, count });
                }
                c.note.map_or(Ok(()), |v| within("note", v, &(0.0..=127.0), "0 to 127"))?;
                c.velocity.map_or(Ok(()), |v| within("velocity", v, &(0.0..=1.0), "0 to 1"))?;
                c.length.map_or(Ok(()), |v| within("length", v, &(0.0..=65_536.0), "0 to 65536 beats"))
            }
            Command::InvokeAction(c) => {
                let (module, known) = self.typed(catalog, &c.module)?;
                let actions = &known.manifest.actions;
                if actions.iter().any(|a| a.key == *c.action) {
                    return Ok(());
                }
                let nearest = cantus_manifest::nearest(&c.action, actions.iter().map(|a| a.key.as_str()));
                Err(Refusal::UnknownKey {
                    owner: format!("{} ({})", c.module, module.module_type),
                    what: "action",
                    name: c.action.clone(),
                    nearest: nearest.map(str::to_owned),
                })
            }
            _ => Ok(()),
        }
    }
}

/// A module's seed: from the session's and its name, once, when it is made (FNV-1a).
fn seed_of(session: u64, name: &str) -> u64 {
    let hash = |h: u64, byte: u8| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let start = session.to_le_bytes().into_iter().fold(0xcbf2_9ce4_8422_2325, hash);
    name.bytes().fold(start, hash)
}

fn known<'a>(catalog: &'a Catalog, module_type: &Name) -> Result<&'a ModuleType, Refusal> {
    catalog.get(module_type).map(|t| &**t).ok_or_else(|| Refusal::UnknownType {
        name: module_type.clone(),
        nearest: catalog.nearest(module_type).map(str::to_owned),
    })
}

/// A name as messages show it.
fn short(name: &Name) -> Name {
    if name.len() <= LONGEST_NAME {
        name.clone()
    } else {
        format!("{}...", &name[..name.floor_char_boundary(LONGEST_NAME)]).into()
    }
}

fn unknown_key(owner: String, key: &Name, params: &[Param]) -> Refusal {
    let keys = params.iter().map(|p| p.key.as_str());
    let aliases = params.iter().flat_map(|p| &p.aliases).map(String::as_str);
    let nearest = cantus_manifest::nearest(key, keys).or_else(|| cantus_manifest::nearest(key, aliases));
    let nearest = nearest.map(str::to_owned);
    Refusal::UnknownKey { owner, what: "parameter", name: key.clone(), nearest }
}

fn unknown_port<'a>(end: &Endpoint, dir: &'static str, has: impl Iterator<Item = &'a str>) -> Refusal {
    let has = has.map(|k| format!("\"{k}\"")).collect();
    Refusal::UnknownPort { module: end.module.clone(), dir, port: end.port.clone(), has }
}

fn within(
    what: &'static str,
    value: Num,
    range: &std::ops::RangeInclusive<f64>,
    said: &'static str,
) -> Result<(), Refusal> {
    let value = value.get();
    if range.contains(&value) { Ok(()) } else { Err(Refusal::OutOfRange { what, value, range: said }) }
}

/// Bytes of a module's or pattern's name.
const LONGEST_NAME: usize = 64;

fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name != OUT
        && name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(good)
}

impl ModuleType {
    /// The ports that `connect(source, target)` means when no port is named: the first pair of one kind, events first
    /// if both have them. Of several audio inputs the first that `taken` does not hold already, else the first.
    pub fn default_ports(&self, target: &ModuleType, taken: impl Fn(&str) -> bool) -> Option<(Name, Name, PortKind)> {
        if let (Some(from), Some(to)) = (self.event_out.first(), target.event_in.first()) {
            return Some((from.clone(), to.clone(), PortKind::Event));
        }
        let from = self.audio_out.first()?;
        let to = target.audio_in.iter().find(|p| !taken(&p.key)).or(target.audio_in.first())?;
        Some((from.key.clone(), to.key.clone(), PortKind::Audio))
    }
}
