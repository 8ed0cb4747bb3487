//! What joins modules: cables, modulation links, controls.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::path::Path;
use super::value::{Name, Num};

/// One end of a cable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Name of the module, or [`OUT`](super::OUT).
    pub module: Name,
    /// Key of the port.
    pub port: Name,
}

impl Endpoint {
    /// The port of that key of that module.
    pub fn new(module: impl Into<Name>, port: impl Into<Name>) -> Endpoint {
        Endpoint { module: module.into(), port: port.into() }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.module, self.port)
    }
}

impl std::str::FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Endpoint, String> {
        match text.split_once('.') {
            Some((module, port)) if !module.is_empty() && !port.is_empty() => Ok(Endpoint::new(module, port)),
            _ => Err(format!("\"{text}\" is not a port; write \"module.port\"")),
        }
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Endpoint, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// From where to where a cable goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Connection {
    /// An output.
    pub from: Endpoint,
    /// An input of the same kind.
    pub to: Endpoint,
}

impl Connection {
    /// It ends or begins at that module.
    pub fn touches(&self, name: &str) -> bool {
        *self.from.module == *name || *self.to.module == *name
    }
}

impl std::fmt::Display for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {}", self.from, self.to)
    }
}

impl std::str::FromStr for Connection {
    type Err = String;

    /// Reads what `Display` writes: `kick.out -> desk.in_1`.
    fn from_str(text: &str) -> Result<Connection, String> {
        let wrong = || format!("\"{text}\" is not a cable; write \"module.output -> module.input\"");
        let (from, to) = text.split_once(" -> ").ok_or_else(wrong)?;
        Ok(Connection { from: from.parse()?, to: to.parse()? })
    }
}

/// What a cable does on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cable {
    /// What audio is multiplied by, -16 to 16; 1 for events.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub gain: Num,
    /// It takes one quantum, and may lead back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub feedback: bool,
    /// Of events: it carries the notes of that instrument, 1 to 255, and those of none. `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<u8>,
}

impl Default for Cable {
    fn default() -> Cable {
        Cable { gain: Num::ONE, feedback: false, instrument: None }
    }
}

/// From where to where a modulation link goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkKey {
    /// A modulation output.
    pub from: Endpoint,
    /// The parameter it moves.
    pub to: Path,
}

impl LinkKey {
    /// It ends or begins at that module.
    pub fn touches(&self, name: &str) -> bool {
        *self.from.module == *name || *self.to.module == *name
    }
}

impl std::fmt::Display for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ~> {}", self.from, self.to)
    }
}

impl std::str::FromStr for LinkKey {
    type Err = String;

    /// Reads what `Display` writes: `lfo.out ~> kick.volume`.
    fn from_str(text: &str) -> Result<LinkKey, String> {
        let wrong = || format!("\"{text}\" is not a link; write \"module.output ~> module.parameter\"");
        let (from, to) = text.split_once(" ~> ").ok_or_else(wrong)?;
        Ok(LinkKey { from: from.parse()?, to: to.parse()? })
    }
}

/// What a modulation link does with the source's value m, -1 to 1, once a quantum: it is smoothed; shaped to
/// `sign(m) * |m|^(4^curve)`; brought to 0 to 1 if it is not `bipolar`; multiplied by `depth` and by the width of
/// `range`; and added to what the parameter is set to, with what other links add, in their order. The sum stays in the
/// parameter's range, and the module comes to it in a straight line across the quantum; whole numbers, switches and
/// labels are rounded. A source that is off, failed or not ready adds nothing; mute and solo change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// How much, -1 to 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub depth: Num,
    /// What depth 1 spans, in the parameter's unit; `None`: all of its range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(Num, Num)>,
    /// -1 to 1: above 0 small values become smaller, below 0 larger.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub curve: Num,
    /// The value swings to both sides of the parameter; else only in the direction of depth.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub bipolar: bool,
    /// Seconds, 0 to 10, in which the link follows a step of the source to 63 %.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub smoothing: Num,
    /// It takes one quantum, and may lead back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub feedback: bool,
}

impl Default for Link {
    fn default() -> Link {
        Link { depth: Num::ONE, range: None, curve: Num::ZERO, bipolar: true, smoothing: Num::ZERO, feedback: false }
    }
}

/// Which controller sets which parameter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ControlKey {
    /// Name of the controller, such as `cc 21` or `nano/cc 21/channel 1`.
    pub source: Name,
    /// The parameter it sets.
    pub to: Path,
}

impl std::fmt::Display for ControlKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} => {}", self.source, self.to)
    }
}

impl std::str::FromStr for ControlKey {
    type Err = String;

    /// Reads what `Display` writes: `cc 21 => kick.volume`. The name of a controller may have arrows of its own.
    fn from_str(text: &str) -> Result<ControlKey, String> {
        let wrong = || format!("\"{text}\" is not a control; write \"controller => module.parameter\"");
        let (source, to) = text.rsplit_once(" => ").ok_or_else(wrong)?;
        Ok(ControlKey { source: source.into(), to: to.parse()? })
    }
}

/// What a controller at position p, 0 to 1, sets: `low + (high - low) * p^(4^curve)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Value at 0 and at 1, in the parameter's unit; `None`: all of its range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(Num, Num)>,
    /// -1 to 1: above 0 it moves slowly at first, below 0 quickly.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub curve: Num,
}

impl Default for Control {
    fn default() -> Control {
        Control { range: None, curve: Num::ZERO }
    }
}

fn one() -> Num {
    Num::ONE
}

fn yes() -> bool {
    true
}

fn is_one(n: &Num) -> bool {
    *n == Num::ONE
}

fn is_zero(n: &Num) -> bool {
    *n == Num::ZERO
}
