//! Cables and modulation links.

use cantus_manifest::PortKind;
use serde::{Deserialize, Serialize};

use super::super::catalog::ModuleType;
use super::super::{Cable, Catalog, Connection, Endpoint, Link, LinkKey, Model, Name, Num, OUT, OUT_CHANNELS, Refusal};
use super::values::{span, within_range};
use super::{Command, Edit, claim, within};

/// Draws a cable. Drawing it again sets its gain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectCommand {
    /// From where to where.
    #[serde(flatten)]
    pub connection: Connection,
    /// What it does on the way.
    #[serde(flatten)]
    pub cable: Cable,
}

impl ConnectCommand {
    /// A plain cable.
    pub fn new(connection: Connection) -> ConnectCommand {
        ConnectCommand { connection, cable: Cable::default() }
    }
}

impl Edit for ConnectCommand {
    fn describe(&self) -> String {
        let Cable { gain, feedback, instrument } = self.cable;
        let gain = if gain == Num::ONE { String::new() } else { format!(" at {}", gain.get()) };
        let feedback = if feedback { " as feedback" } else { "" };
        let instrument = instrument.map(|n| format!(" for instrument {n}")).unwrap_or_default();
        format!("connect {}{gain}{feedback}{instrument}", self.connection)
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        let kind = model.check_ends(catalog, &self.connection)?;
        within("gain", self.cable.gain, -16.0..=16.0, "-16 to 16")?;
        if kind == PortKind::Event && self.cable.gain != Num::ONE {
            return Err(Refusal::OutOfRange { what: "gain of events", value: self.cable.gain.get(), range: "only 1" });
        }
        if let Some(instrument) = self.cable.instrument
            && (kind != PortKind::Event || instrument == 0)
        {
            let range = if kind == PortKind::Event { "1 to 255" } else { "only for events" };
            return Err(Refusal::OutOfRange { what: "instrument of a cable", value: instrument.into(), range });
        }
        let changed = model.connections.get(&self.connection) != Some(&self.cable);
        if changed {
            model.connections.put(self.connection.clone(), self.cable);
        }
        Ok(changed)
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(&self.connection, self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(DisconnectCommand { connection: self.connection.clone() }.into())
    }
}

/// Pulls a cable out. What it carries fades within 5 ms, and its notes end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisconnectCommand {
    /// The cable.
    #[serde(flatten)]
    pub connection: Connection,
}

impl Edit for DisconnectCommand {
    fn describe(&self) -> String {
        format!("disconnect {}", self.connection)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        Ok(model.connections.remove(&self.connection))
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(&self.connection, self)
    }
}

/// Lets a modulation output move a parameter. Doing it again changes how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModulateCommand {
    /// From where to where.
    #[serde(flatten)]
    pub key: LinkKey,
    /// How.
    #[serde(flatten)]
    pub link: Link,
}

impl Edit for ModulateCommand {
    fn describe(&self) -> String {
        format!("modulate {} by {}", self.key, self.link.depth.get())
    }

    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal> {
        let LinkKey { from, to } = &self.key;
        let (_, source) = model.typed(catalog, &from.module)?;
        let port = source.output(&from.port).ok_or_else(|| unknown_port(from, "output", source.output_keys()))?;
        let place = to.find(model, catalog)?;
        if port.kind != PortKind::Mod {
            let (connection, from) = (self.key.to_string(), carries(port.kind));
            return Err(Refusal::PortKinds { connection, from, to: "modulation" });
        }
        let (low, high) = span(&place.param.kind).ok_or_else(|| Refusal::NotANumber { path: to.to_string() })?;
        within("depth", self.link.depth, -1.0..=1.0, "-1 to 1")?;
        within("curve", self.link.curve, -1.0..=1.0, "-1 to 1")?;
        within("smoothing", self.link.smoothing, 0.0..=10.0, "0 to 10 s")?;
        within_range(self.link.range, low, high, to)?;
        let key = LinkKey { from: from.clone(), to: place.path(&to.module) };
        let changed = model.links.get(&key) != Some(&self.link);
        if changed {
            model.links.put(key, self.link);
        }
        Ok(changed)
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(&self.key, self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(UnmodulateCommand { key: self.key.clone() }.into())
    }

    fn canonical(&mut self, model: &Model, catalog: &Catalog) {
        self.key.to.canonical(model, catalog);
    }
}

/// Takes a modulation link away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmodulateCommand {
    /// The link.
    #[serde(flatten)]
    pub key: LinkKey,
}

impl Edit for UnmodulateCommand {
    fn describe(&self) -> String {
        format!("stop modulating {}", self.key)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        Ok(model.links.remove(&self.key))
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(&self.key, self)
    }

    fn canonical(&mut self, model: &Model, catalog: &Catalog) {
        self.key.to.canonical(model, catalog);
    }
}

fn carries(kind: PortKind) -> &'static str {
    match kind {
        PortKind::Audio => "audio",
        PortKind::Event => "events",
        PortKind::Mod => "modulation",
    }
}

fn unknown_port<'a>(end: &Endpoint, dir: &'static str, has: impl Iterator<Item = &'a str>) -> Refusal {
    let has = has.map(|k| format!("\"{k}\"")).collect();
    Refusal::UnknownPort { module: end.module.clone(), dir, port: end.port.clone(), has }
}

impl Model {
    /// Whether a cable can be: both ports there, of one kind, with channels that fit. Answers what it carries.
    fn check_ends(&self, catalog: &Catalog, connection: &Connection) -> Result<PortKind, Refusal> {
        let Connection { from, to } = connection;
        let (_, source) = self.typed(catalog, &from.module)?;
        let output = source.output(&from.port).ok_or_else(|| unknown_port(from, "output", source.output_keys()))?;
        let (taken, into) = if &*to.module == OUT {
            if &*to.port != "in" {
                return Err(unknown_port(to, "input", ["in"].into_iter()));
            }
            (PortKind::Audio, OUT_CHANNELS)
        } else {
            let (_, target) = self.typed(catalog, &to.module)?;
            let input = target.input(&to.port).ok_or_else(|| unknown_port(to, "input", target.input_keys()))?;
            (input.kind, target.audio_in.get(input.index).map_or(0, |port| port.channels))
        };
        if output.kind != taken {
            let (from, to) = (carries(output.kind), carries(taken));
            return Err(Refusal::PortKinds { connection: connection.to_string(), from, to });
        }
        if taken == PortKind::Audio {
            let channels = source.audio_out[output.index].channels;
            if !channels.is_multiple_of(into) && !into.is_multiple_of(channels) {
                return Err(Refusal::Channels { connection: connection.to_string(), from: channels, to: into });
            }
        }
        Ok(taken)
    }
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
