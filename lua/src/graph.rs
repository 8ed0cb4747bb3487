//! Cables: `connect`, `disconnect`, `remove`.

use std::sync::Arc;

use cantus_host::model::command::{
    ConnectCommand, DisconnectCommand, RemoveChainCommand, RemoveModuleCommand, RemovePatternCommand,
};
use cantus_host::model::{Cable, Command, Connection, Endpoint, ModuleType, Name, OUT};
use cantus_manifest::PortKind;
use mlua::{Lua, Result, Value};

use crate::budget;
use crate::chain::ChainHandle;
use crate::context::{run, with};
use crate::error::blame;
use crate::handle::lookup;
use crate::library::{Row, call};
use crate::pattern::PatternHandle;
use crate::values::{self, Key, a, module_name, text};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "connect",
        signature: "(source: cantus.Module|string, target: cantus.Module|string, how?: cantus.How)",
        doc: "Draws a cable from a module to a module or to `out`. The ports are found by themselves; say \"event\" or \
              \"audio\", or {from = \"out\", to = \"in_3\"}, or write \"desk.in_3\", to choose. A cable that is there \
              already is the one. Options: gain (1); feedback: it takes one quantum, and may lead back; \
              of notes instrument: those of that instrument of a pattern, and of none.",
        example: "connect(seq, kick)  connect(seq, snare, {instrument = 2})  connect(kick, desk, {gain = 0.5})  connect(\"snare\", \"desk.in_3\")  \
                  connect(desk, out)  connect(desk, \"desk.in_1\", {feedback = true, gain = 0.25})",
        function: |lua, args| call(lua, args, connect),
    },
    Row {
        name: "disconnect",
        signature: "(source: cantus.Module|string, target: cantus.Module|string, how?: cantus.How)",
        doc: "Pulls out all cables from one module to another, or those that a third argument names as in `connect`.",
        example: "connect(kick, desk)  disconnect(kick, desk)",
        function: |lua, args| call(lua, args, disconnect),
    },
    Row {
        name: "remove",
        signature: "(what: cantus.Module|string|cantus.Pattern|cantus.Chain)",
        doc: "Removes a module with its cables, a pattern or a chain.",
        example: "remove(snare)",
        function: |lua, args| call(lua, args, remove),
    },
];

/// What a call says of the cable.
struct Wanted {
    from: (Name, Option<Name>),
    to: (Name, Option<Name>),
    kind: Option<PortKind>,
    cable: Cable,
}

impl Wanted {
    fn read(lua: &Lua, from: &Value, to: &Value, how: &Value) -> Result<Wanted> {
        let mut wanted = Wanted {
            from: end(lua, from, "the source")?,
            to: end(lua, to, "the target")?,
            kind: None,
            cable: Cable::default(),
        };
        match how {
            Value::Nil => {}
            Value::String(_) => wanted.kind = Some(kind(how)?),
            Value::Table(ports) => {
                values::only_keys(ports, &["from", "to", "kind", "gain", "feedback", "instrument"], "connect")?;
                for (key, value) in values::sorted(ports)? {
                    match key {
                        Key::Text(key) => wanted.option(&key, &value)?,
                        Key::At(_) => return Err(blame("name the ports: {from = \"out\", to = \"in\"}")),
                    }
                }
            }
            other => {
                let what = "how to connect is \"event\", \"audio\" or {from = \"out\", to = \"in\"}";
                return Err(blame(format!("{what}, not {}", a(other))));
            }
        }
        Ok(wanted)
    }

    fn option(&mut self, key: &str, value: &Value) -> Result<()> {
        match key {
            "from" => self.from.1 = Some(text(value, "from")?.into()),
            "to" => self.to.1 = Some(text(value, "to")?.into()),
            "gain" => self.cable.gain = values::number(value, "gain")?,
            "feedback" => self.cable.feedback = values::flag(value, "feedback")?,
            "instrument" => {
                let number = u8::try_from(values::whole(value, "instrument")?).ok().filter(|number| *number > 0);
                self.cable.instrument =
                    Some(number.ok_or_else(|| blame("the instrument of a cable is a number from 1 to 255"))?);
            }
            _ => self.kind = Some(kind(value)?),
        }
        Ok(())
    }

    /// Whether a cable is one of those that are meant.
    fn means(&self, cable: &Connection, source: &ModuleType) -> bool {
        let port = |wanted: &Option<Name>, port: &Name| wanted.as_ref().is_none_or(|w| w == port);
        cable.from.module == self.from.0
            && cable.to.module == self.to.0
            && port(&self.from.1, &cable.from.port)
            && port(&self.to.1, &cable.to.port)
            && self.kind.is_none_or(|kind| source.output(&cable.from.port).is_some_and(|p| p.kind == kind))
    }
}

/// A module and perhaps a port: a handle, `"kick"` or `"kick.out"`.
///
/// # Errors
/// For anything else.
pub fn end(lua: &Lua, value: &Value, what: &str) -> Result<(Name, Option<Name>)> {
    let name = module_name(lua, value, what)?;
    Ok(match name.split_once('.') {
        Some((module, port)) => (module.into(), Some(port.into())),
        None => (name, None),
    })
}

fn kind(value: &Value) -> Result<PortKind> {
    match text(value, "kind")?.as_str() {
        "audio" => Ok(PortKind::Audio),
        "event" => Ok(PortKind::Event),
        other => Err(blame(format!("\"{other}\" is not a kind of cable; \"event\" and \"audio\" are"))),
    }
}

/// `connect(source, target [, how])`.
///
/// # Errors
/// When a module or port is not there, or none fit.
pub fn connect(lua: &Lua, (from, to, how): (Value, Value, Value)) -> Result<()> {
    let mut wanted = Wanted::read(lua, &from, &to, &how)?;
    let (_, source) = lookup(lua, &wanted.from.0)?;
    let target = if &*wanted.to.0 == OUT { None } else { Some(lookup(lua, &wanted.to.0)?.1) };
    // If both ports are named, the Model judges. Otherwise they are found, and a cable that is there already will do.
    if let (Some(from_port), Some(to_port)) = (&wanted.from.1, &wanted.to.1) {
        return draw(lua, &wanted, from_port.clone(), to_port.clone());
    }
    let taken = ports_taken(lua, &wanted.to.0)?;
    let (from_port, to_port, kind) =
        find_ports(&wanted, &source, target.as_ref(), &|p| taken.iter().any(|t| **t == *p))?;
    wanted.kind = Some(kind);
    let there = with(lua, |work| {
        let there = |cable: &&Connection| wanted.means(cable, &source);
        // Which of several it was last time it is again, even if somebody has pulled it out.
        let claimed = work.claimed().filter_map(|(_, claim)| match claim {
            Command::Connect(c) => Some(&c.connection),
            _ => None,
        });
        Ok(claimed.chain(work.model.connections.keys()).find(there).cloned())
    })?;
    match there {
        Some(cable) => draw(lua, &wanted, cable.from.port, cable.to.port),
        None => draw(lua, &wanted, from_port, to_port),
    }
}

fn draw(lua: &Lua, wanted: &Wanted, from: Name, to: Name) -> Result<()> {
    let from = Endpoint { module: wanted.from.0.clone(), port: from };
    let to = Endpoint { module: wanted.to.0.clone(), port: to };
    run(lua, ConnectCommand { connection: Connection { from, to }, cable: wanted.cable })
}

/// Inputs of a module that cables lead to.
fn ports_taken(lua: &Lua, module: &Name) -> Result<Vec<Name>> {
    with(lua, |work| {
        let cables = work.model.connections.keys().filter(|cable| cable.to.module == *module);
        Ok(cables.map(|cable| cable.to.port.clone()).collect())
    })
}

/// The ports that are meant, where the call names at most one of them.
fn find_ports(
    wanted: &Wanted,
    source: &ModuleType,
    target: Option<&Arc<ModuleType>>,
    taken: &dyn Fn(&str) -> bool,
) -> Result<(Name, Name, PortKind)> {
    let nothing_said = wanted.from.1.is_none() && wanted.to.1.is_none() && wanted.kind.is_none();
    if let Some(target) = target
        && nothing_said
    {
        return source.default_ports(target, taken).ok_or_else(|| no_ports(wanted, source, Some(target)));
    }
    // A port that is named but not there is for the Model to refuse: any partner will do.
    let from_kind = wanted.from.1.as_ref().map(|port| source.output(port).map_or(PortKind::Audio, |p| p.kind));
    let to_kind = wanted.to.1.as_ref().and_then(|port| Some(target?.input(port)?.kind));
    let only_audio = target.is_none().then_some(PortKind::Audio);
    let kinds = match wanted.kind.or(from_kind).or(to_kind).or(only_audio) {
        Some(kind) => vec![kind],
        None => vec![PortKind::Event, PortKind::Audio],
    };
    for kind in kinds {
        let from = wanted.from.1.clone().or_else(|| first_output(source, kind));
        let to = wanted.to.1.clone().or_else(|| free_input(target, kind, taken));
        if let (Some(from), Some(to)) = (from, to) {
            return Ok((from, to, kind));
        }
    }
    Err(no_ports(wanted, source, target.map(|t| &**t)))
}

fn first_output(source: &ModuleType, kind: PortKind) -> Option<Name> {
    match kind {
        PortKind::Audio => source.audio_out.first().map(|p| p.key.clone()),
        PortKind::Event => source.event_out.first().cloned(),
        PortKind::Mod => None,
    }
}

fn free_input(target: Option<&Arc<ModuleType>>, kind: PortKind, taken: &dyn Fn(&str) -> bool) -> Option<Name> {
    let Some(target) = target else { return (kind == PortKind::Audio).then(|| "in".into()) };
    match kind {
        PortKind::Audio => {
            let free = target.audio_in.iter().find(|p| !taken(&p.key));
            free.or(target.audio_in.first()).map(|p| p.key.clone())
        }
        PortKind::Event => target.event_in.first().cloned(),
        PortKind::Mod => None,
    }
}

fn no_ports(wanted: &Wanted, source: &ModuleType, target: Option<&ModuleType>) -> mlua::Error {
    let list = |keys: Vec<&str>| if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
    let outputs = list(source.output_keys().collect());
    let inputs = target.map_or_else(|| "in (audio)".to_owned(), |t| list(t.input_keys().collect()));
    let (from, to) = (&wanted.from.0, &wanted.to.0);
    blame(format!(
        "could not connect {from} to {to}: no ports fit; outputs of {from}: {outputs}; inputs of {to}: {inputs}"
    ))
}

/// `disconnect(source, target [, how])`.
///
/// # Errors
/// When a module is not there.
pub fn disconnect(lua: &Lua, (from, to, how): (Value, Value, Value)) -> Result<()> {
    let wanted = Wanted::read(lua, &from, &to, &how)?;
    let (_, source) = lookup(lua, &wanted.from.0)?;
    if &*wanted.to.0 != OUT {
        lookup(lua, &wanted.to.0)?;
    }
    let cables: Vec<Connection> = with(lua, |work| {
        // Those that it pulled out last time it pulls out again.
        let claimed = work.claimed().filter_map(|(_, claim)| match claim {
            Command::Disconnect(c) => Some(&c.connection),
            _ => None,
        });
        let cables = work.model.connections.keys().chain(claimed);
        Ok(cables.filter(|cable| wanted.means(cable, &source)).cloned().collect())
    })?;
    cables.into_iter().try_for_each(|connection| run(lua, DisconnectCommand { connection }))
}

fn remove(lua: &Lua, what: Value) -> Result<()> {
    if let Value::UserData(data) = &what
        && let Ok(pattern) = data.borrow::<PatternHandle>()
    {
        return run(lua, RemovePatternCommand { name: pattern.name.clone() });
    }
    if let Value::UserData(data) = &what
        && let Ok(chain) = data.borrow::<ChainHandle>()
    {
        return run(lua, RemoveChainCommand { name: chain.name.clone() });
    }
    let name = module_name(lua, &what, "what is to be removed")?;
    let command = RemoveModuleCommand { name: name.clone() };
    let removed = with(lua, |work| {
        let gone = !work.model.modules.contains(&*name);
        Ok(gone && work.claim_again(&command.clone().into(), || budget::place(lua)))
    })?;
    if removed { Ok(()) } else { run(lua, command) }
}
