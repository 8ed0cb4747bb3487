//! What moves parameters: modulation links and controllers.

use cantus_host::model::command::{ModulateCommand, RemoveControlCommand, SetControlCommand, UnmodulateCommand};
use cantus_host::model::{
    Command, Control, ControlKey, Endpoint, Link, LinkKey, Name, Num, Path, Refusal, accept, span,
};
use cantus_manifest::PortKind;
use mlua::{Lua, Result, Value};

use crate::context::{run, with};
use crate::error::{blame, refused};
use crate::graph::end;
use crate::handle::lookup;
use crate::library::{Row, call};
use crate::values::{Named, a, number, text, to_model};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "modulate",
        signature: "(source: cantus.Module|string, path: string, options?: cantus.Modulation)",
        doc: "Lets a modulation output move a parameter, around or from where it stands. Options: depth (1), low and \
              high (the parameter's range, \"-6dB\" too), curve (0), bipolar (true), smoothing in seconds (0), feedback (false).",
        example: "local wobble = make(\"Lfo\", \"wobble\")  modulate(wobble, \"kick.volume\", {depth = 0.3})  \
                  modulate(\"wobble.out\", \"snare.volume\", {low = 0, high = 1, bipolar = false})",
        function: |lua, args| call(lua, args, modulate),
    },
    Row {
        name: "unmodulate",
        signature: "(source: cantus.Module|string, path: string)",
        doc: "Lets a modulation output, or all of a module, no longer move a parameter.",
        example: "modulate(make(\"Lfo\", \"wobble\"), \"kick.volume\")  unmodulate(\"wobble\", \"kick.volume\")",
        function: |lua, args| call(lua, args, unmodulate),
    },
    Row {
        name: "control",
        signature: "(controller: string, path: string, options?: cantus.Control)",
        doc: "Lets a controller set a parameter. Options: low and high (the parameter's range), curve (0).",
        example: "control(\"cc 21\", \"kick.volume\", {low = 0, high = 1, curve = 0.5})  control(\"cc 22\", \"kick.volume\", {high = 1})",
        function: |lua, args| call(lua, args, control),
    },
    Row {
        name: "uncontrol",
        signature: "(controller: string, path: string)",
        doc: "Lets a controller no longer set a parameter.",
        example: "control(\"cc 21\", \"kick.volume\")  uncontrol(\"cc 21\", \"kick.volume\")",
        function: |lua, args| {
            call(lua, args, |lua, (source, to): (Value, Value)| {
                let source = text(&source, "the name of a controller")?.into();
                run(lua, RemoveControlCommand { key: ControlKey { source, to: path(&to)? } })
            })
        },
    },
];

fn path(value: &Value) -> Result<Path> {
    text(value, "the path of a parameter")?.parse().map_err(|e: String| blame(e))
}

/// The range that options name, in the parameter's unit or as text with one; what they leave out is the parameter's.
fn range(lua: &Lua, options: &Named, to: &Path) -> Result<Option<(Num, Num)>> {
    let kind = || {
        with(lua, |work| {
            let place = to.find(&work.model, &work.catalog).map_err(|r| refused(&r))?;
            Ok(place.param.kind.clone())
        })
    };
    let end = |value: &Value, key: &str| {
        if !value.is_string() {
            return number(value, key);
        }
        let kind = kind()?;
        let accepted = accept(&kind, &to_model(value)?);
        let accepted = accepted.map_err(|takes| blame(format!("{key} = {}: {to} {takes}", a(value))))?;
        accepted.wire(&kind).and_then(Num::new).ok_or_else(|| refused(&Refusal::NotANumber { path: to.to_string() }))
    };
    options.range(end, || {
        let (low, high) = span(&kind()?).ok_or_else(|| refused(&Refusal::NotANumber { path: to.to_string() }))?;
        Ok((Num::of(low), Num::of(high)))
    })
}

fn modulate(lua: &Lua, (from, to, options): (Value, Value, Value)) -> Result<()> {
    const OPTIONS: [&str; 7] = ["depth", "low", "high", "curve", "bipolar", "smoothing", "feedback"];
    let options = Named::read(&options, &OPTIONS, "modulate")?;
    let (usual, to) = (Link::default(), path(&to)?);
    let link = Link {
        depth: options.number("depth", usual.depth)?,
        range: range(lua, &options, &to)?,
        curve: options.number("curve", usual.curve)?,
        bipolar: options.flag("bipolar", usual.bipolar)?,
        smoothing: options.number("smoothing", usual.smoothing)?,
        feedback: options.flag("feedback", usual.feedback)?,
    };
    let (module, port) = end(lua, &from, "the source")?;
    let port = port.map_or_else(|| output(lua, &module), Ok)?;
    run(lua, ModulateCommand { key: LinkKey { from: Endpoint { module, port }, to }, link })
}

/// The first modulation output of a module.
fn output(lua: &Lua, module: &Name) -> Result<Name> {
    let (there, known) = lookup(lua, module)?;
    let first = known.output_keys().find(|key| known.output(key).is_some_and(|port| port.kind == PortKind::Mod));
    first.map(Name::from).ok_or_else(|| {
        let outputs = known.output_keys().collect::<Vec<_>>().join(", ");
        let outputs = if outputs.is_empty() { "none".to_owned() } else { outputs };
        blame(format!("{module} is a {} and has no modulation output; outputs: {outputs}", there.module_type))
    })
}

fn unmodulate(lua: &Lua, (from, to): (Value, Value)) -> Result<()> {
    let (module, port) = end(lua, &from, "the source")?;
    lookup(lua, &module)?;
    let to = path(&to)?;
    let keys: Vec<LinkKey> = with(lua, |work| {
        let to = to.find(&work.model, &work.catalog).map_err(|r| refused(&r))?.path(&to.module);
        // Those that it took away last time it takes away again.
        let claimed = work.claimed().filter_map(|(_, claim)| match claim {
            Command::Unmodulate(c) => Some(&c.key),
            _ => None,
        });
        let port = |key: &LinkKey| port.as_ref().is_none_or(|port| *port == key.from.port);
        let meant = |key: &&LinkKey| key.from.module == module && key.to == to && port(key);
        Ok(work.model.links.keys().chain(claimed).filter(meant).cloned().collect())
    })?;
    keys.into_iter().try_for_each(|key| run(lua, UnmodulateCommand { key }))
}

fn control(lua: &Lua, (source, to, options): (Value, Value, Value)) -> Result<()> {
    let options = Named::read(&options, &["low", "high", "curve"], "control")?;
    let to = path(&to)?;
    let curve = options.number("curve", Control::default().curve)?;
    let control = Control { range: range(lua, &options, &to)?, curve };
    let source = text(&source, "the name of a controller")?.into();
    run(lua, SetControlCommand { key: ControlKey { source, to }, control })
}
