//! The manifest's tables, as serde reads them.

use serde::{Deserialize, Serialize};

use crate::preset::Preset;

/// A whole manifest.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this format: 1.
    pub schema: u32,
    /// Who made it.
    pub plugin: Plugin,
    /// The module types the library provides.
    #[serde(rename = "module")]
    pub modules: Vec<Module>,
}

/// Identity of the library.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// Reverse domain name, `[a-z0-9.-]`; never changes.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Semantic version of the plugin.
    pub version: String,
    /// SPDX expression.
    pub license: String,
    /// One sentence.
    pub description: String,
    /// Where to read more.
    #[serde(default)]
    pub homepage: String,
}

/// One module type.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// Type name, `[A-Z][A-Za-z0-9]*`: what `AddModuleCommand` and the registry know it by.
    #[serde(rename = "type")]
    pub name: String,
    /// Name of the Lua constructor; the type in snake_case unless given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub constructor: String,
    /// What it is in a session.
    pub kind: Kind,
    /// One sentence.
    pub doc: String,
    /// Frames by which its audio comes later than its input.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub latency: u32,
    /// Frames it may sound on after its last input or note.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tail: u32,
    /// Ports, in the order in which the module sees them.
    #[serde(default, rename = "port", skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// Values people set, in the order in which the module sees them.
    #[serde(default, rename = "param", skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    /// A repeated group of values, such as the samples of a sampler or the strips of a mixer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<Slots>,
    /// Things it can be told to do.
    #[serde(default, rename = "action", skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// Values it shows.
    #[serde(default, rename = "meter", skip_serializing_if = "Vec::is_empty")]
    pub meters: Vec<Meter>,
    /// Values that go well together.
    #[serde(default, rename = "preset", skip_serializing_if = "Vec::is_empty")]
    pub presets: Vec<Preset>,
    /// Lua that shows it at work; every one is run by the tests.
    #[serde(default, rename = "example", skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

impl Module {
    /// Name of the Lua constructor.
    pub fn constructor(&self) -> String {
        if self.constructor.is_empty() { crate::snake_case(&self.name) } else { self.constructor.clone() }
    }

    /// The parameter of that key or alias, with its index.
    pub fn param(&self, key: &str) -> Option<(usize, &Param)> {
        find(&self.params, key)
    }

    /// The parameters that may be set for one note alone: the module's own, then those of its slots that are not called
    /// as one of these; each with whether it is a slot's, and its index among its like.
    pub fn locks(&self) -> impl Iterator<Item = (bool, usize, &Param)> {
        let own = || self.params.iter().enumerate().filter(|(_, param)| param.lock);
        let of_slots = self.slots.iter().flat_map(|slots| slots.params.iter().enumerate());
        let of_slots = of_slots.filter(move |(_, param)| param.lock && !own().any(|(_, own)| own.answers(&param.key)));
        own().map(|(index, param)| (false, index, param)).chain(of_slots.map(|(index, param)| (true, index, param)))
    }

    /// What is worth keeping when the plugin is gone: everything but prose, presets, examples and actions.
    pub fn excerpt(&self) -> Module {
        let (presets, examples, actions) = (Vec::new(), Vec::new(), Vec::new());
        let mut short = Module { presets, examples, actions, doc: String::new(), ..self.clone() };
        let slots = short.slots.iter_mut();
        let params = short.params.iter_mut();
        slots.for_each(|slots| {
            slots.doc.clear();
            slots.params.iter_mut().for_each(|p| p.doc.clear());
        });
        params.for_each(|p| p.doc.clear());
        short.ports.iter_mut().for_each(|p| p.doc.clear());
        short.meters.iter_mut().for_each(|m| m.doc.clear());
        short
    }

    /// The ports of one direction and kind, each with its index among them; counted ports are spread out.
    ///
    /// A port `in` with `count = 3` is `in_1`, `in_2`, `in_3`.
    pub fn ports(&self, dir: Direction, kind: PortKind) -> Vec<(String, &Port)> {
        let ports = self.ports.iter().filter(|p| p.dir == dir && p.kind == kind);
        ports.flat_map(|port| spread(&port.key, port.count).map(move |key| (key, port))).collect()
    }

    /// The meters, in the order of their values; counted ones are spread out, as ports are.
    pub fn meters(&self) -> impl Iterator<Item = (String, &Meter)> {
        self.meters.iter().flat_map(|meter| spread(&meter.key, meter.count).map(move |key| (key, meter)))
    }
}

/// `key`, or `key_1` to `key_{count}`.
fn spread(key: &str, count: Option<u16>) -> impl Iterator<Item = String> {
    let one = count.is_none().then(|| key.to_owned());
    one.into_iter().chain((1..=count.unwrap_or(0)).map(move |n| format!("{key}_{n}")))
}

impl Param {
    /// It is called so, by its key or another of its names.
    pub fn answers(&self, name: &str) -> bool {
        self.key == name || self.aliases.iter().any(|alias| alias == name)
    }
}

fn find<'a>(params: &'a [Param], key: &str) -> Option<(usize, &'a Param)> {
    params.iter().enumerate().find(|(_, param)| param.answers(key))
}

/// What a module is in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Emits notes in time.
    Sequencer,
    /// Turns notes into sound.
    Instrument,
    /// Changes sound; disabled, it passes its input on.
    Effect,
    /// Brings several sounds together.
    Mixer,
    /// Emits values in time.
    Modulator,
    /// Listens and shows.
    Analyser,
    /// None of the others.
    Utility,
    /// Brings sound in from outside.
    Source,
    /// Takes sound out: what nothing connects goes to the first sink.
    Sink,
}

/// One port, or `count` like ports.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// Name in `connect` and paths.
    pub key: String,
    /// Into or out of the module.
    pub dir: Direction,
    /// What it carries.
    pub kind: PortKind,
    /// Audio channels, 1 to [`MOST_CHANNELS`](crate::MOST_CHANNELS); of no meaning for other kinds.
    #[serde(default = "two")]
    pub channels: u16,
    /// That many ports `key_1`, `key_2`, ..., 1 to 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u16>,
    /// One sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

fn two() -> u16 {
    2
}

/// Into or out of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the module.
    In,
    /// Out of the module.
    Out,
}

/// What a port carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PortKind {
    /// Channels of samples.
    Audio,
    /// Notes and other events.
    Event,
    /// Outputs only: one value per quantum, -1 to 1, for modulation links.
    Mod,
}

/// A value people set. (Unknown fields are refused by the flattened [`ParamKind`].)
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Param {
    /// Name in Lua, `[a-z][a-z0-9_]*`; never changes.
    pub key: String,
    /// Other names it answers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// One sentence.
    pub doc: String,
    /// It may be set for one note alone. Numbers, on and off, and labels only.
    #[serde(default, skip_serializing_if = "is_false")]
    pub lock: bool,
    /// What it holds, with range and default.
    #[serde(flatten)]
    pub kind: ParamKind,
}

/// What a parameter holds.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum ParamKind {
    /// A number in `min..=max`.
    Float {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
        /// Value of a new module.
        default: f64,
        /// What the number counts.
        #[serde(default)]
        unit: Unit,
    },
    /// A whole number in `min..=max`.
    Int {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
        /// Value of a new module.
        default: i64,
    },
    /// On or off.
    Bool {
        /// Value of a new module.
        default: bool,
    },
    /// One of a few labels; modules see its index.
    Enum {
        /// The labels, `[a-z][a-z0-9_]*`.
        labels: Vec<String>,
        /// Label of a new module.
        default: String,
    },
    /// Path of a sound file, bound as a sample. Empty: none.
    Sample,
    /// Name of a pattern, bound as flat rows. Empty: none.
    Pattern,
    /// A list of at most [`MOST_NUMBERS`](crate::MOST_NUMBERS) numbers, each in `min..=max`, bound as such. Empty in a new
    /// module.
    Numbers {
        /// Smallest number.
        min: f64,
        /// Largest number.
        max: f64,
    },
    /// One line of at most [`LONGEST_TEXT`](crate::LONGEST_TEXT) characters, for people: it is kept and never reaches the
    /// module. Empty in a new module.
    Text,
}

impl ParamKind {
    /// Whether its value reaches the module as a handle in a bind event, not as a number.
    pub fn is_data(&self) -> bool {
        self.is_bound() || matches!(self, ParamKind::Numbers { .. })
    }

    /// Whether it names something else of the session: a sound file, a pattern.
    pub fn is_bound(&self) -> bool {
        matches!(self, ParamKind::Sample | ParamKind::Pattern)
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub enum Unit {
    /// A plain number.
    #[default]
    #[serde(rename = "")]
    None,
    /// Amplitude: 1 leaves the level as it is; may be written in dB.
    #[serde(rename = "gain")]
    Gain,
    /// Decibels.
    #[serde(rename = "dB")]
    Decibels,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Hertz.
    #[serde(rename = "Hz")]
    Hertz,
    /// MIDI note number; 60 is C4.
    #[serde(rename = "note")]
    Note,
    /// Semitones.
    #[serde(rename = "st")]
    Semitones,
    /// Cents: hundredths of a semitone.
    #[serde(rename = "ct")]
    Cents,
    /// Beats.
    #[serde(rename = "beats")]
    Beats,
    /// Hundredths.
    #[serde(rename = "%")]
    Percent,
}

impl Unit {
    /// The sign behind a number, `""` for none.
    pub fn sign(self) -> &'static str {
        match self {
            Unit::None | Unit::Gain | Unit::Note => "",
            Unit::Decibels => "dB",
            Unit::Seconds => "s",
            Unit::Hertz => "Hz",
            Unit::Semitones => "st",
            Unit::Cents => "ct",
            Unit::Beats => "beats",
            Unit::Percent => "%",
        }
    }
}

/// A repeated group of values: `kick.slots[3].gain`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Slots {
    /// How many there are.
    pub count: u16,
    /// One sentence.
    pub doc: String,
    /// The values each slot has.
    #[serde(rename = "param")]
    pub params: Vec<Param>,
}

impl Slots {
    /// The slot parameter of that key or alias, with its index.
    pub fn param(&self, key: &str) -> Option<(usize, &Param)> {
        find(&self.params, key)
    }
}

/// Something a module can be told to do: `kick:stop()`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Name in Lua.
    pub key: String,
    /// One sentence.
    pub doc: String,
}

/// A value a module shows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Meter {
    /// Name in Lua.
    pub key: String,
    /// One sentence.
    pub doc: String,
    /// What it counts.
    #[serde(default)]
    pub unit: Unit,
    /// That many meters `key_1`, `key_2`, ..., 1 to 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u16>,
}

/// Lua that shows a module at work.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// One sentence.
    pub doc: String,
    /// The code.
    pub code: String,
}
