//! `cantus settings`: what the user wants of this machine. Settings of a session are set in its script.

use std::sync::OnceLock;

use cantus_host::model::{SESSION, Value};
use cantus_host::settings::{self, MACHINE};
use clap::Subcommand;
use serde_json::{Map, json};

use crate::Failure;
use crate::console::{say, warn};

/// Shows and changes what you want of this machine, whatever the song.
#[derive(Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Settings {
    /// Lists all settings with their values.
    List {
        /// For programs to read.
        #[arg(long)]
        json: bool,
    },
    /// Prints the value of a setting.
    Get {
        /// Its name.
        name: String,
    },
    /// Gives a setting a value.
    Set {
        /// Its name.
        name: String,
        /// The value.
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Turns on what is off, and off what is on.
    Toggle {
        /// Its name.
        name: String,
    },
    /// Lets a setting be as it comes.
    Reset {
        /// Its name.
        name: String,
    },
    /// Tells what a setting is for, or all of them.
    Help {
        /// Its name.
        name: Option<String>,
    },
}

impl Settings {
    /// Does it, and prints the value that the setting then has.
    pub fn run(&self) -> Result<(), Failure> {
        let settings = settings();
        let name = match self {
            Settings::List { json } => return list(*json),
            Settings::Help { name: None } => return MACHINE.iter().try_for_each(|setting| say(setting.help())),
            Settings::Help { name: Some(name) } => return say(known(name)?.help()),
            Settings::Get { name } => name,
            Settings::Set { name, value } => {
                settings.set(name, &known(name)?.parse(value)?)?;
                name
            }
            Settings::Toggle { name } => {
                known(name)?;
                settings.toggle(name)?;
                name
            }
            Settings::Reset { name } => {
                known(name)?;
                settings.reset(name)?;
                name
            }
        };
        say(shown(&settings.get(known(name)?.name)?))
    }
}

/// The setting of that name; of one of the session, where it is set.
fn known(name: &str) -> Result<&'static cantus_host::model::Setting, Failure> {
    if SESSION.iter().any(|setting| setting.name == name) {
        let how = format!("write setting(\"{name}\", value) in its script");
        return Err(Failure(format!("\"{name}\" is a setting of a session, not of this machine; {how}")));
    }
    settings::machine(name).map_err(|refusal| Failure(settings::outside_scripts(&refusal)))
}

fn list(as_json: bool) -> Result<(), Failure> {
    let all = settings().list();
    if as_json {
        return say(json!(all.iter().map(|(s, value)| (s.name.to_owned(), json!(value))).collect::<Map<_, _>>()));
    }
    for (setting, value) in all {
        say(format_args!("{:16} {:12} {}", setting.name, shown(&value), setting.doc))?;
    }
    Ok(())
}

/// As people type it.
fn shown(value: &Value) -> String {
    if let Value::Text(text) = value { text.to_string() } else { value.to_string() }
}

/// The user's settings, read once; says on standard error what is wrong with their file.
pub fn settings() -> &'static settings::Settings {
    static SETTINGS: OnceLock<settings::Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let Some(file) = settings::Settings::users_file() else { return Default::default() };
        let (settings, notes) = settings::Settings::open(&file);
        notes.iter().for_each(warn);
        settings
    })
}

/// The text of a setting that is known.
pub fn text(name: &str) -> String {
    settings().get(name).map_or_else(|_| String::new(), |value| shown(&value))
}

/// The number of a setting that is known.
pub fn number(name: &str) -> f64 {
    match settings().get(name) {
        Ok(Value::Int(n)) => n as f64,
        Ok(Value::Num(n)) => n.get(),
        _ => 0.0,
    }
}

/// Whether a setting that is known is on.
pub fn flag(name: &str) -> bool {
    settings().get(name) == Ok(Value::Flag(true))
}
