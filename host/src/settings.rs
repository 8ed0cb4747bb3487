//! Machine settings: what the user wants of this machine, whatever the session. Typed, bounded, and kept in the user's
//! configuration, `cantus/settings.toml`; never part of a Model or a journal.
//!
//! [`Settings`] may be read and written on any thread but the audio thread. Who wants to hear of changes keeps a
//! [`Watch`] on its own thread and calls [`Watch::dispatch`] there.

mod watch;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use etcetera::BaseStrategy;
use toml_edit::DocumentMut;

use crate::files::{self, Lines};
use crate::model::{Bound, Refusal, Setting, SettingKind, Value};

pub use watch::{Change, Guard, Watch};

/// The machine settings, sorted by name.
pub const MACHINE: &[Setting] = &[
    Setting {
        name: "device",
        doc: "Sound device that `cantus run` plays on, as `cantus devices` names it; empty: the system's choice.",
        kind: SettingKind::Text(""),
        bound: Bound::Start,
    },
    Setting {
        name: "plugins",
        doc: "Folders to look for plugins in, after those of --plugins, with : between them (; on Windows).",
        kind: SettingKind::Text(""),
        bound: Bound::Start,
    },
    Setting {
        name: "progress",
        doc: "Rendering shows how far it is, on a terminal.",
        kind: SettingKind::Flag(true),
        bound: Bound::Start,
    },
    Setting {
        name: "providers",
        doc: "Which plugins provide types that several have, as TYPE=PLUGIN or TYPE=PLUGIN@VERSION with blanks between.",
        kind: SettingKind::Text(""),
        bound: Bound::Start,
    },
    Setting {
        name: "script_memory",
        doc: "Megabytes that scripts may use.",
        kind: SettingKind::Int(64, 8, 4096),
        bound: Bound::Start,
    },
    Setting {
        name: "script_seconds",
        doc: "Seconds that one evaluation may take while music plays.",
        kind: SettingKind::Num(5.0, 0.1, 600.0),
        bound: Bound::Start,
    },
    Setting {
        name: "workers",
        doc: "How many jobs of scripts run at a time beside the music, each with as much memory as scripts have.",
        kind: SettingKind::Int(2, 1, 16),
        bound: Bound::Start,
    },
];

/// A setting could not be read or changed; it is as it was.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// There is none of that name, or it does not take the value.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Only what is on or off can be toggled.
    #[error("could not toggle setting \"{0}\": it is neither on nor off; set it to a value")]
    NotAFlag(&'static str),
    /// The file cannot be changed without losing what is in it.
    #[error("could not write settings \"{}\": {cause}; {remedy}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
}

/// The machine setting of that name.
///
/// # Errors
/// [`Refusal::UnknownSetting`] with the nearest name.
pub fn machine(name: &str) -> Result<&'static Setting, Refusal> {
    Setting::find(MACHINE, name)
}

/// A refusal's text for who is not in a script: where all settings are shown is then another place.
pub fn outside_scripts(refusal: &Refusal) -> String {
    refusal.to_string().replace("`settings()`", "`cantus settings list`")
}

/// The user's settings: cheap to clone, usable from any thread but the audio thread. Each change is written at once.
#[derive(Clone, Debug, Default)]
pub struct Settings(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// `None`: nothing is kept.
    file: Option<PathBuf>,
    /// Those that are not as they come.
    values: Mutex<BTreeMap<&'static str, Value>>,
}

impl Settings {
    /// The file in the user's configuration, if the user has one: `~/.config/cantus/settings.toml`, or where
    /// `$XDG_CONFIG_HOME` says.
    pub fn users_file() -> Option<PathBuf> {
        Some(etcetera::choose_base_strategy().ok()?.config_dir().join("cantus").join("settings.toml"))
    }

    /// The settings of a file, which need not be there; and what is wrong with it, a sentence each. What cannot be used
    /// is at its default here, and stays in the file.
    pub fn open(file: &Path) -> (Settings, Vec<String>) {
        let (values, notes) = match std::fs::read_to_string(file) {
            Ok(text) => read(&text, file),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Default::default(),
            Err(e) => (BTreeMap::new(), vec![format!("{}: {e}; settings are as they come", file.display())]),
        };
        (Settings(Arc::new(Shared { file: Some(file.to_owned()), values: Mutex::new(values) })), notes)
    }

    /// The value of a setting.
    ///
    /// # Errors
    /// [`SettingsError::Refused`] with the nearest name.
    pub fn get(&self, name: &str) -> Result<Value, SettingsError> {
        let setting = machine(name)?;
        Ok(self.values().get(setting.name).cloned().unwrap_or_else(|| setting.default()))
    }

    /// Gives a setting a value, and writes it down.
    ///
    /// # Errors
    /// [`SettingsError`]; nothing is changed then.
    pub fn set(&self, name: &str, value: &Value) -> Result<(), SettingsError> {
        let setting = machine(name)?;
        let value = setting.accept(value)?;
        self.put(setting, Some(value).filter(|value| *value != setting.default()))
    }

    /// Turns on what is off, and off what is on.
    ///
    /// # Errors
    /// [`SettingsError`]; nothing is changed then.
    pub fn toggle(&self, name: &str) -> Result<(), SettingsError> {
        let setting = machine(name)?;
        let other = setting.toggled(&self.get(name)?).ok_or(SettingsError::NotAFlag(setting.name))?;
        self.set(name, &other)
    }

    /// Lets a setting be as it comes.
    ///
    /// # Errors
    /// As [`Settings::set`].
    pub fn reset(&self, name: &str) -> Result<(), SettingsError> {
        self.put(machine(name)?, None)
    }

    /// Every setting with its value, by name.
    pub fn list(&self) -> Vec<(&'static Setting, Value)> {
        let values = self.values();
        let of = |setting: &'static Setting| values.get(setting.name).cloned().unwrap_or_else(|| setting.default());
        MACHINE.iter().map(|setting| (setting, of(setting))).collect()
    }

    /// For who wants to hear of changes, on the thread that calls this.
    pub fn watch(&self) -> Watch {
        Watch::new(self.clone())
    }

    fn values(&self) -> MutexGuard<'_, BTreeMap<&'static str, Value>> {
        // Nobody panics while holding it; and if, the values are whole.
        self.0.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, setting: &'static Setting, value: Option<Value>) -> Result<(), SettingsError> {
        let mut values = self.values();
        if let Some(file) = &self.0.file {
            archive(file, setting.name, value.as_ref())?;
        }
        match value {
            Some(value) => _ = values.insert(setting.name, value),
            None => _ = values.remove(setting.name),
        }
        Ok(())
    }
}

/// What a file says, and what is wrong with it.
fn read(text: &str, file: &Path) -> (BTreeMap<&'static str, Value>, Vec<String>) {
    let (mut values, mut notes) = (BTreeMap::new(), Vec::new());
    let mut note = |line: usize, what: String| notes.push(format!("{}:{line}: {what}", file.display()));
    let lines = Lines::of(text);
    let table: toml::Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(e) => {
            let line = lines.at(e.span().map_or(0, |span| span.start));
            note(line, format!("{}; settings are as they come until that line is mended", e.message()));
            return (values, notes);
        }
    };
    for (name, value) in table {
        let line = lines.of_key(&[&name]);
        let value = value.try_into::<Value>().unwrap_or_else(|_| Value::Text("a table or a list".into()));
        match machine(&name).and_then(|setting| Ok((setting, setting.accept(&value)?))) {
            Ok((setting, value)) => _ = values.insert(setting.name, value),
            Err(refusal @ Refusal::UnknownSetting { .. }) => {
                note(line, format!("{}; it is left as it is", outside_scripts(&refusal)));
            }
            Err(refusal) => note(line, format!("{refusal}; it is as it comes until then")),
        }
    }
    (values, notes)
}

/// Changes one line of the file; all else, comments too, stays. What another program wrote meanwhile is not lost.
fn archive(path: &Path, name: &str, value: Option<&Value>) -> Result<(), SettingsError> {
    let failed = |cause: String, remedy| SettingsError::Write { path: path.to_owned(), cause, remedy };
    let broken = |cause: String| failed(cause, "check the file and its folder");
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|e| broken(e.to_string()))?;
    // Until this is dropped every other program waits.
    let _lock = locked(&path.with_extension("lock")).map_err(|e| broken(e.to_string()))?;
    let text = match std::fs::read_to_string(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|e| broken(e.to_string()))?,
    };
    let mut file: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| {
        let line = Lines::of(&text).at(e.span().map_or(0, |span| span.start));
        failed(format!("line {line}: {}", e.message()), "mend that line, or remove the file")
    })?;
    let value: Option<toml_edit::Value> = value.map(|value| match value {
        Value::Flag(v) => (*v).into(),
        Value::Int(v) => (*v).into(),
        Value::Num(v) => v.get().into(),
        Value::Text(v) => (&**v).into(),
        Value::List(v) => v.iter().map(|number| number.get()).collect::<toml_edit::Array>().into(),
    });
    match (value, file.get_mut(name).and_then(toml_edit::Item::as_value_mut)) {
        (None, _) => _ = file.remove(name),
        (Some(new), None) => file[name] = new.into(),
        (Some(mut new), Some(there)) => {
            // What stands behind it on the line stays there.
            *new.decor_mut() = there.decor().clone();
            *there = new;
        }
    }
    files::write(path, file.to_string().as_bytes()).map_err(|e| broken(e.to_string()))
}

fn locked(path: &Path) -> std::io::Result<File> {
    let file = File::create(path)?;
    file.lock()?;
    Ok(file)
}
