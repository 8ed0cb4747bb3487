//! Settings: named, typed, bounded values that are not a module's.
//!
//! Session settings are part of the Model; machine settings are the user's configuration. Both are described by the
//! same records, so that one set of commands, one help and one check serves both.

use cantus_manifest::ParamKind;

use super::Model;
use super::refusal::Refusal;
use super::value::{Name, Num, Value, accept};

/// What a setting is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Its name, lower case with `_`.
    pub name: &'static str,
    /// What it is for, as a sentence.
    pub doc: &'static str,
    /// What it holds.
    pub kind: SettingKind,
    /// When a new value counts.
    pub bound: Bound,
}

/// What a setting holds, with its default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SettingKind {
    /// On or off.
    Flag(bool),
    /// A whole number: default, smallest, largest.
    Int(i64, i64, i64),
    /// A number: default, smallest, largest.
    Num(f64, f64, f64),
    /// Text, such as the name of a device; empty: whatever there is.
    Text(&'static str),
}

/// When a new value of a setting counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// At once.
    Now,
    /// When the engine starts again.
    Start,
}

impl Setting {
    /// The value it has when nobody has set it.
    pub fn default(&self) -> Value {
        match self.kind {
            SettingKind::Flag(v) => Value::Flag(v),
            SettingKind::Int(v, ..) => Value::Int(v),
            SettingKind::Num(v, ..) => Value::Num(Num::of(v)),
            SettingKind::Text(v) => Value::Text(v.into()),
        }
    }

    /// What it makes of a value.
    ///
    /// # Errors
    /// [`Refusal::BadValue`] with the range.
    pub fn accept(&self, wanted: &Value) -> Result<Value, Refusal> {
        let kind = match self.kind {
            SettingKind::Flag(default) => ParamKind::Bool { default },
            SettingKind::Int(default, min, max) => ParamKind::Int { min, max, default },
            SettingKind::Num(default, min, max) => ParamKind::Float { min, max, default, unit: Default::default() },
            SettingKind::Text(_) => return self.text(wanted),
        };
        accept(&kind, wanted).map_err(|takes| self.refuse(wanted, takes))
    }

    /// What it makes of a value written as text, as at a console: `true`, `0.5`, or text as it stands.
    ///
    /// # Errors
    /// As [`Setting::accept`].
    pub fn parse(&self, text: &str) -> Result<Value, Refusal> {
        match (self.kind, text) {
            (SettingKind::Flag(_), "true" | "on") => Ok(Value::Flag(true)),
            (SettingKind::Flag(_), "false" | "off") => Ok(Value::Flag(false)),
            _ => self.accept(&Value::Text(text.into())),
        }
    }

    /// The other value of what is on or off; `None` for anything else.
    pub fn toggled(&self, value: &Value) -> Option<Value> {
        if let (SettingKind::Flag(_), Value::Flag(on)) = (self.kind, value) { Some(Value::Flag(!on)) } else { None }
    }

    /// What it is for, what it takes, and when a new value counts.
    pub fn help(&self) -> String {
        let takes = match self.kind {
            SettingKind::Flag(_) => "true or false".to_owned(),
            SettingKind::Int(_, min, max) => format!("a whole number from {min} to {max}"),
            SettingKind::Num(_, min, max) => format!("a number from {min} to {max}"),
            SettingKind::Text(_) => "text".to_owned(),
        };
        let counts = match self.bound {
            Bound::Now => "counts at once",
            Bound::Start => "counts from the next start on",
        };
        format!("{}: {} Takes {takes}; comes as {}; {counts}.", self.name, self.doc, self.default())
    }

    /// The one of that name in a list.
    ///
    /// # Errors
    /// [`Refusal::UnknownSetting`] with the nearest name.
    pub fn find(list: &'static [Setting], name: &str) -> Result<&'static Setting, Refusal> {
        list.iter().find(|s| s.name == name).ok_or_else(|| Refusal::UnknownSetting {
            name: name.into(),
            nearest: cantus_manifest::nearest(name, list.iter().map(|s| s.name)).map(str::to_owned),
        })
    }

    fn text(&self, wanted: &Value) -> Result<Value, Refusal> {
        if let Value::Text(_) = wanted { Ok(wanted.clone()) } else { Err(self.refuse(wanted, "takes text".into())) }
    }

    fn refuse(&self, wanted: &Value, takes: String) -> Refusal {
        Refusal::BadValue { path: format!("setting {}", self.name), value: wanted.to_string(), takes }
    }
}

/// The session settings, sorted by name.
pub const SESSION: &[Setting] = &[
    Setting {
        name: "auto_route",
        doc: "Audio outputs that nothing connects go to the first sink, or to out.",
        kind: SettingKind::Flag(true),
        bound: Bound::Now,
    },
    Setting {
        name: "grid",
        doc: "Beats of the musical division that changes wait for when they are to wait; 0 is a bar.",
        kind: SettingKind::Num(0.0, 0.0, 1024.0),
        bound: Bound::Now,
    },
    Setting {
        name: "rate",
        doc: "Sample rate in Hz of the engine that opens the session; a device at another rate is resampled at its edge.",
        kind: SettingKind::Int(48_000, 8_000, 192_000),
        bound: Bound::Start,
    },
    Setting {
        name: "seed",
        doc: "What everything random follows from: new modules take their seed from it and their name.",
        kind: SettingKind::Int(1, 0, i64::MAX),
        bound: Bound::Now,
    },
];

/// The session setting of that name.
///
/// # Errors
/// [`Refusal::UnknownSetting`] with the nearest name.
pub fn session(name: &str) -> Result<&'static Setting, Refusal> {
    Setting::find(SESSION, name)
}

impl Model {
    /// The value of a session setting.
    ///
    /// # Errors
    /// [`Refusal::UnknownSetting`] with the nearest name.
    pub fn setting(&self, name: &str) -> Result<Value, Refusal> {
        let setting = session(name)?;
        Ok(self.settings.get(name).cloned().unwrap_or_else(|| setting.default()))
    }

    /// Audio outputs that nothing connects are heard.
    pub fn auto_route(&self) -> bool {
        self.setting("auto_route") != Ok(Value::Flag(false))
    }

    /// What everything random follows from.
    pub fn seed(&self) -> u64 {
        if let Ok(Value::Int(seed)) = self.setting("seed") { seed.unsigned_abs() } else { 1 }
    }

    /// Sample rate in Hz that the session asks for.
    pub fn rate(&self) -> f64 {
        if let Ok(Value::Int(rate)) = self.setting("rate") { rate as f64 } else { 48_000.0 }
    }

    /// Beats of the division that changes wait for.
    pub fn grid(&self) -> f64 {
        match self.setting("grid") {
            Ok(Value::Num(beats)) if beats > Num::ZERO => beats.get(),
            _ => self.signature.beats_per_bar(),
        }
    }

    /// Sets a session setting; `None`: back to how it comes. False: nothing changed.
    pub(super) fn set_setting(&mut self, name: &Name, value: Option<&Value>) -> Result<bool, Refusal> {
        let setting = session(name)?;
        let value = value.map(|v| setting.accept(v)).transpose()?.filter(|v| *v != setting.default());
        let changed = self.settings.get(name) != value.as_ref();
        match value {
            _ if !changed => {}
            Some(value) => self.settings.put(name.clone(), value),
            None => _ = self.settings.remove(name),
        }
        Ok(changed)
    }
}
