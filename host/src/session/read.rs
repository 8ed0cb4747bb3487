//! From a session's file to a Model, through the same commands as everything else.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::error::SessionError;
use super::migrate::migrate;
use super::{Leftovers, Loaded, VERSION};
use crate::assets::ContentHash;
use crate::files::Lines;
use crate::model::command::{
    ConnectCommand, KeepTypeCommand, ModulateCommand, QueueChainEntryCommand, RestoreModuleCommand, SetBPMCommand,
    SetChainCommand, SetClaimsCommand, SetControlCommand, SetLoopCommand, SetPatternCommand, SetSettingCommand,
    SetSwingCommand, SetTempoPointCommand, SetTimeSignatureCommand, UseProviderCommand,
};
use crate::model::{
    Catalog, Claims, Command, Connection, ControlKey, Excerpt, LinkKey, Model, ModuleId, ModuleRecord, Name, Num,
    Refusal, Signature, SlotNumber, Value as Setting,
};

/// Why an entry is not in the Model.
enum Problem {
    /// The session is broken.
    Broken(String),
    /// This Cantus or its plugins cannot make anything of it: it is kept.
    Unknown(String),
}

impl From<Refusal> for Problem {
    /// What plugins decide may be different tomorrow; what Cantus decides is wrong.
    fn from(refusal: Refusal) -> Problem {
        let said = refusal.to_string();
        match refusal {
            Refusal::UnknownType { .. }
            | Refusal::UnknownModule { .. }
            | Refusal::UnknownKey { .. }
            | Refusal::UnknownSlot { .. }
            | Refusal::BadValue { .. }
            | Refusal::UnknownPort { .. }
            | Refusal::PortKinds { .. }
            | Refusal::Channels { .. }
            | Refusal::NotANumber { .. }
            | Refusal::UnknownSetting { .. } => Problem::Unknown(said),
            _ => Problem::Broken(said),
        }
    }
}

impl From<String> for Problem {
    fn from(said: String) -> Problem {
        Problem::Broken(said)
    }
}

impl From<toml::de::Error> for Problem {
    fn from(error: toml::de::Error) -> Problem {
        Problem::Broken(error.message().to_owned())
    }
}

/// Of a key that nobody knows.
const MEANINGLESS: &str = "it means nothing here";

/// Reads a file's text.
pub(super) fn read(
    text: &str,
    path: &FilePath,
    catalog: &Catalog,
    mint: &mut dyn FnMut() -> ModuleId,
) -> Result<Loaded, SessionError> {
    let hash = ContentHash::of(text.as_bytes());
    let text = text.trim_start_matches('\u{feff}');
    let source = Source { lines: Lines::of(text), path };
    let mut file: Table = toml::from_str(text).map_err(|e| source.syntax(&e))?;
    let version = source.version(file.remove("version"))?;
    migrate(&mut file, version);
    let (model, leftovers) = Default::default();
    let (notes, lost) = Default::default();
    let mut reader = Reader { source, catalog, mint, model, leftovers, notes, replaced: BTreeMap::new(), lost };
    if version < VERSION {
        reader.notes.push(format!("{}: it is of version {version}, and will be saved as {VERSION}", path.display()));
    }
    reader.all(&mut file)?;
    // What is left over of the file's keys.
    for (key, value) in file {
        reader.unknown(&[&key], value, MEANINGLESS);
    }
    reader.model.check().map_err(|refusal| reader.source.bad(&["connections"], refusal.to_string()))?;
    Ok(Loaded { model: reader.model, leftovers: reader.leftovers, notes: reader.notes, lost: reader.lost, hash })
}

/// Where it is read from, for messages.
struct Source<'a> {
    lines: Lines<'a>,
    path: &'a FilePath,
}

impl Source<'_> {
    fn line(&self, keys: &[&str]) -> usize {
        self.lines.of_key(keys)
    }

    fn syntax(&self, error: &toml::de::Error) -> SessionError {
        let line = self.lines.at(error.span().map_or(0, |span| span.start));
        SessionError::Syntax { path: self.path.to_owned(), line, cause: error.message().to_owned() }
    }

    fn bad(&self, keys: &[&str], cause: impl Into<String>) -> SessionError {
        let (path, line) = (self.path.to_owned(), self.line(keys));
        SessionError::Bad { path, line, key: keys.join("."), cause: cause.into() }
    }

    /// The version of the file.
    fn version(&self, version: Option<Value>) -> Result<i64, SessionError> {
        match version {
            Some(Value::Integer(version)) if version > VERSION => {
                Err(SessionError::Newer { path: self.path.to_owned(), line: self.line(&["version"]), version })
            }
            Some(Value::Integer(version)) if version >= 0 => Ok(version),
            Some(_) => Err(self.bad(&["version"], "a version is a whole number from 0")),
            None => Err(self.bad(&["version"], "there is none, so it is no session or not all of one")),
        }
    }
}

struct Reader<'a> {
    source: Source<'a>,
    catalog: &'a Catalog,
    mint: &'a mut dyn FnMut() -> ModuleId,
    model: Model,
    leftovers: Leftovers,
    notes: Vec<String>,
    /// Types that another plugin provides than when it was saved, and which that was.
    replaced: BTreeMap<String, Name>,
    lost: Vec<String>,
}

impl Reader<'_> {
    /// Everything that is known, in the order in which one thing needs another.
    fn all(&mut self, file: &mut Table) -> Result<(), SessionError> {
        self.one(file, "bpm", |r, value| r.edit(SetBPMCommand { bpm: value.try_into()?, over: Num::ZERO }))?;
        self.one(file, "signature", |r, value| r.edit(SetTimeSignatureCommand { signature: signature(&value)? }))?;
        self.one(file, "swing", |r, value| {
            let (swing, unknown) = known(value)?;
            for (key, value) in unknown.into_iter().filter_map(|(key, value)| Some((key, value?))) {
                r.unknown(&["swing", &key], value, MEANINGLESS);
            }
            r.edit(SetSwingCommand { swing })
        })?;
        self.one(file, "loop", |r, value| r.edit(SetLoopCommand { range: Some(value.try_into()?) }))?;
        self.section(file, "settings", |r, name, value| {
            r.edit(SetSettingCommand { name: name.into(), value: Some(value.try_into()?) })
        })?;
        self.section(file, "tempo_map", |r, beat, value| {
            let number = beat.parse().ok().and_then(Num::new).ok_or_else(|| format!("\"{beat}\" is not a beat"))?;
            let point = r.entry("tempo_map", beat, number.get(), value)?;
            let beat = number;
            r.edit(SetTempoPointCommand { beat, point })
        })?;
        self.section(file, "types", Self::kept)?;
        self.section(file, "modules", Self::module)?;
        self.section(file, "patterns", |r, name, value| {
            let pattern = r.entry("patterns", name, name, value)?;
            r.edit(SetPatternCommand { name: name.into(), pattern })
        })?;
        self.section(file, "chains", |r, name, value| {
            let chain = r.entry("chains", name, name, value)?;
            r.edit(SetChainCommand { name: name.into(), chain })
        })?;
        self.section(file, "players", |r, module, value| {
            let anchor = r.entry("players", module, module, value)?;
            r.edit(QueueChainEntryCommand { module: module.into(), anchor: Some(anchor) })
        })?;
        self.wires(file)?;
        self.section(file, "providers", |r, module_type, value| {
            r.edit(UseProviderCommand { module_type: module_type.into(), plugin: Some(value.try_into()?) })
        })?;
        self.section(file, "sounds", |r, name, value| {
            let hash = value.try_into().map_err(|e: toml::de::Error| Problem::Unknown(e.message().to_owned()))?;
            r.leftovers.sounds.insert(name.into(), hash);
            Ok(())
        })?;
        self.section(file, "claims", Self::claims)
    }

    fn wires(&mut self, file: &mut Table) -> Result<(), SessionError> {
        self.section(file, "connections", |r, key, value| {
            let connection: Connection = key.parse()?;
            let cable = r.entry("connections", key, &connection, value)?;
            r.edit(ConnectCommand { connection, cable })
        })?;
        self.section(file, "links", |r, key, value| {
            let link_key: LinkKey = key.parse()?;
            let link = r.entry("links", key, &link_key, value)?;
            r.edit(ModulateCommand { key: link_key, link })
        })?;
        self.section(file, "controls", |r, key, value| {
            let control_key: ControlKey = key.parse()?;
            let control = r.entry("controls", key, &control_key, value)?;
            r.edit(SetControlCommand { key: control_key, control })
        })
    }

    /// A type whose plugin is not there. One that is there is known better than the file does.
    fn kept(&mut self, name: &str, value: Value) -> Result<(), Problem> {
        if let Some(known) = self.catalog.get(name) {
            let saved = value.as_str().and_then(|text| text.parse::<Excerpt>().ok());
            if let Some(saved) = saved.filter(|saved| saved.known().plugin != known.plugin) {
                self.replaced.insert(name.to_owned(), saved.known().plugin.clone());
            }
            return Ok(());
        }
        let excerpt = value.try_into().map_err(|e: toml::de::Error| Problem::Unknown(e.message().to_owned()))?;
        let kept = self.edit(KeepTypeCommand { module_type: name.into(), excerpt: Some(excerpt) });
        kept.map_err(|problem| match problem {
            Problem::Broken(said) | Problem::Unknown(said) => Problem::Unknown(said),
        })
    }

    fn module(&mut self, name: &str, mut value: Value) -> Result<(), Problem> {
        let table = value.as_table_mut().ok_or_else(|| "a module is a table".to_owned())?;
        let (params, slots) = (table.remove("params"), table.remove("slots"));
        let mut record: ModuleRecord = self.entry("modules", name, name, value)?;
        let known = self.model.known(self.catalog, &record.module_type)?.clone();
        let bare = record.clone();
        let replaced = self.replaced.get(&*record.module_type).map(|was| format!("{} of {was}", record.module_type));
        // A value that this type does not take, or has no place for, is kept beside the module.
        let fits = |alone: ModuleRecord| {
            let built = alone.build(&name.into(), ModuleId(0), &known, 0);
            built.map(|_| ()).map_err(|refusal| refusal.to_string())
        };
        for (key, value) in inner(params, "params")? {
            let accepted = setting(&value).and_then(|value| {
                let params = [(key.as_str().into(), value.clone())].into();
                fits(ModuleRecord { params, ..bare.clone() }).map(|()| value)
            });
            match accepted {
                Ok(accepted) => _ = record.params.insert(key.into(), accepted),
                Err(why) => {
                    self.lost.extend(replaced.as_ref().map(|was| format!("{name}.{key} ({was}): {why}")));
                    self.unknown_part(&["modules", name, "params", &key], value, &why);
                }
            }
        }
        for (slot, values) in inner(slots, "slots")? {
            for (key, value) in inner(Some(values), "a slot")? {
                let accepted = slot.parse().and_then(|number: SlotNumber| {
                    let value = setting(&value)?;
                    let values = [(key.as_str().into(), value.clone())].into();
                    fits(ModuleRecord { slots: [(number, values)].into(), ..bare.clone() }).map(|()| (number, value))
                });
                match accepted {
                    Ok((slot, value)) => _ = record.slots.entry(slot).or_default().insert(key.into(), value),
                    Err(why) => {
                        let lost = replaced.as_ref().map(|was| format!("{name}.slots[{slot}].{key} ({was}): {why}"));
                        self.lost.extend(lost);
                        self.unknown_part(&["modules", name, "slots", &slot, &key], value, &why);
                    }
                }
            }
        }
        let id = (self.mint)();
        self.leftovers.is(name, id);
        self.edit(RestoreModuleCommand { name: name.into(), id, module: record })
    }

    /// What a file asks for. Commands of a later version are kept beside those that are known.
    fn claims(&mut self, file: &str, value: Value) -> Result<(), Problem> {
        let mut claims = Claims::default();
        for (path, value) in inner(Some(value), "claims")? {
            match value.clone().try_into::<Command>() {
                Ok(command) => claims.put(path.into(), command),
                Err(why) => self.unknown_part(&["claims", file, &path], value, why.message()),
            }
        }
        if claims.is_empty() {
            self.leftovers.only_parts("claims", file);
        }
        self.edit(SetClaimsCommand { file: file.into(), claims })
    }

    fn edit(&mut self, command: impl Into<Command>) -> Result<(), Problem> {
        self.model.edit(&command.into(), self.catalog)?;
        Ok(())
    }

    /// A value of the file's top.
    fn one(
        &mut self,
        file: &mut Table,
        key: &str,
        take: impl FnOnce(&mut Self, Value) -> Result<(), Problem>,
    ) -> Result<(), SessionError> {
        let Some(value) = file.remove(key) else { return Ok(()) };
        match take(self, value.clone()) {
            Ok(()) => {}
            Err(Problem::Broken(why)) => return Err(self.source.bad(&[key], why)),
            Err(Problem::Unknown(why)) => self.unknown(&[key], value, &why),
        }
        Ok(())
    }

    /// Every entry of a section.
    fn section(
        &mut self,
        file: &mut Table,
        name: &str,
        mut take: impl FnMut(&mut Self, &str, Value) -> Result<(), Problem>,
    ) -> Result<(), SessionError> {
        let entries = inner(file.remove(name), name).map_err(|why| self.source.bad(&[name], why))?;
        for (key, value) in entries {
            match take(self, &key, value.clone()) {
                Ok(()) => {}
                Err(Problem::Broken(why)) => return Err(self.source.bad(&[name, &key], why)),
                Err(Problem::Unknown(why)) => {
                    // A cable to a port, a link to a parameter that the other plugin had.
                    let wires = ["connections", "links", "controls"].contains(&name) && !self.replaced.is_empty();
                    self.lost.extend(wires.then(|| format!("{key}: {why}")));
                    self.unknown(&[name, &key], value, &why);
                }
            }
        }
        Ok(())
    }

    /// What an entry of a section says; keys that mean nothing are kept under the entry's key as it will be written.
    fn entry<T: DeserializeOwned>(
        &mut self,
        section: &str,
        key: &str,
        written: impl ToString,
        value: Value,
    ) -> Result<T, toml::de::Error> {
        let (read, unknown) = known(value)?;
        for (unknown, value) in unknown {
            let path = [section, key, &unknown];
            match value {
                Some(value) => {
                    self.note(&path, MEANINGLESS);
                    self.leftovers.keep_part(&[section, &written.to_string(), &unknown], value);
                }
                None => self.say(&path, "it means nothing here, and will not be saved again"),
            }
        }
        Ok(read)
    }

    fn unknown(&mut self, path: &[&str], value: Value, why: &str) {
        self.note(path, why);
        self.leftovers.keep(path, value);
    }

    fn unknown_part(&mut self, path: &[&str], value: Value, why: &str) {
        self.note(path, why);
        self.leftovers.keep_part(path, value);
    }

    fn note(&mut self, path: &[&str], why: &str) {
        self.say(path, &format!("{why}; it is kept as it is, and does nothing"));
    }

    fn say(&mut self, path: &[&str], what: &str) {
        let (file, line) = (self.source.path.display(), self.source.line(path));
        self.notes.push(format!("{file}:{line}: {}: {what}", path.join(".")));
    }
}

/// Keys that mean nothing, each with what stands there. What lies deeper, in lists, has no place to be put back to: none.
type Unknown = Vec<(String, Option<Value>)>;

/// What a table says, and its keys that mean nothing.
fn known<T: DeserializeOwned>(value: Value) -> Result<(T, Unknown), toml::de::Error> {
    let mut unknown = Vec::new();
    let read = serde_ignored::deserialize(value.clone(), |path| {
        let key = path.to_string();
        let shallow = matches!(path, serde_ignored::Path::Map { parent: serde_ignored::Path::Root, .. });
        unknown.push((key.clone(), value.get(&key).filter(|_| shallow).cloned()));
    })?;
    Ok((read, unknown))
}

fn inner(value: Option<Value>, what: &str) -> Result<Table, String> {
    match value {
        None => Ok(Table::new()),
        Some(Value::Table(table)) => Ok(table),
        Some(_) => Err(format!("{what} must be a table")),
    }
}

/// A value that a parameter may have.
fn setting(value: &Value) -> Result<Setting, String> {
    value.clone().try_into().map_err(|_| "no parameter has such a value".to_owned())
}

fn signature(value: &Value) -> Result<Signature, String> {
    let text = value.as_str().unwrap_or_default();
    let parts = text.split_once('/').and_then(|(b, u)| Some((b.trim().parse().ok()?, u.trim().parse().ok()?)));
    let (beats, unit) = parts.ok_or_else(|| format!("{value} is not a time signature; write \"7/8\""))?;
    Ok(Signature { beats, unit })
}
