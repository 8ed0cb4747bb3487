//! What is known of the sounds that modules have: `kick.slots[1]:sound()`, `kick.slots[1]:peaks(64)`.

use std::ops::Range;
use std::sync::Arc;

use cantus_host::assets::{Asset, Direction, Peak};
use cantus_host::control::StatusOf;
use cantus_host::model::{Name, Value as ModelValue};
use cantus_host::outline;
use cantus_manifest::{Param, ParamKind};
use mlua::{Lua, Result, Table, Value};

use crate::bounds;
use crate::context::context;
use crate::error::blame;
use crate::facade::METHODS;
use crate::handle::Handle;
use crate::library::{Row, call};
use crate::listing::printed_as;
use crate::slots::Slot;
use crate::subject::{Subject, subject};
use crate::values;

/// The area's functions: methods of slots, and of modules that have a sound outside of slots.
pub const ROWS: &[Row] = &[
    Row {
        name: "slot:sound",
        signature: "() -> cantus.Sound?",
        doc: "What is known of the slot's sound: how long it is, its pitch, its loops and cue points, and where something \
              begins in it. nil until it is loaded: a render stands still for that, what is played live does not.",
        example: "local sound = kick.slots[1]:sound()  \
                  if sound then print(sound.seconds, sound.root, #sound.onsets) end",
        function: |lua, args| call(lua, args, sound),
    },
    Row {
        name: "slot:peaks",
        signature: "(columns: integer, start?: number, finish?: number, channel?: integer) \
                    -> {min: number, max: number}[]?",
        doc: "The lowest and highest sample in each of so many columns, for drawing the slot's sound from start to \
              finish, which are fractions of its length; of one channel, from 1, or of all. nil until it is loaded.",
        example: "for _, peak in ipairs(kick.slots[1]:peaks(8, 0, 0.5) or {}) do print(peak.min, peak.max) end",
        function: |lua, args| call(lua, args, peaks),
    },
];

/// The object whose methods they are.
const OBJECT: &str = "slot";
/// Columns of the outline in a page of help.
const OUTLINE: usize = 64;
/// Instructions that a column counts for, and each thing that is told of a sound.
const COLUMN: u64 = 20;

/// Whether one of the parameters takes a sound.
pub fn is_in(params: &[Param]) -> bool {
    params.iter().any(|param| param.kind == ParamKind::Sample)
}

/// The method of that key of whatever has these parameters, if one of them takes a sound.
///
/// # Errors
/// When Lua has no memory.
pub fn method(lua: &Lua, params: &[Param], key: &str) -> Result<Option<Value>> {
    if !is_in(params) {
        return Ok(None);
    }
    lua.named_registry_value::<Table>(METHODS)?.raw_get::<Table>(OBJECT)?.raw_get(key)
}

/// What a page of help says of the sound: its outline and figures, or why there are none.
pub fn described(lua: &Lua, of: &Subject) -> Option<String> {
    let (key, file) = wanted(of)?;
    let state = context(lua).engine.state();
    if let Some(asset) = state.assets.get(file) {
        return Some(summary(asset));
    }
    match state.status.data.get(&of.path(key)?.to_string())? {
        StatusOf::Loading { percent } => Some(format!("loading, {percent} %")),
        StatusOf::Missing(why) | StatusOf::Faulted(why) => Some(why.clone()),
    }
}

/// The first parameter that takes a sound, and the file that it is to have.
fn wanted(of: &Subject) -> Option<(&str, &Name)> {
    of.params().iter().zip(of.values()?).find_map(|(param, value)| match (&param.kind, value) {
        (ParamKind::Sample, ModelValue::Text(file)) => Some((param.key.as_str(), file)),
        _ => None,
    })
}

/// The sound of what stands before the colon, if it is loaded.
fn loaded(lua: &Lua, this: &Value, method: &str) -> Result<Option<Arc<Asset>>> {
    let has_sound = |value: &Value| value.as_userdata().is_some_and(|data| data.is::<Slot>() || data.is::<Handle>());
    if !has_sound(this) {
        return Err(blame(format!("call it with a colon: kick.slots[1]:{method}(...)")));
    }
    let of = subject(lua, this)?;
    let file = of.as_ref().and_then(wanted).map(|(_, file)| file);
    Ok(file.and_then(|file| context(lua).engine.state().assets.get(file).cloned()))
}

/// `slot:sound()`.
fn sound(lua: &Lua, this: Value) -> Result<Option<Table>> {
    let Some(asset) = loaded(lua, &this, "sound")? else { return Ok(None) };
    let (said, onsets) = (&asset.metadata, asset.memory.onsets());
    bounds::pay(lua, (said.loops.len() + said.cues.len() + onsets.len() + OUTLINE) as u64 * COLUMN)?;
    let table = lua.create_table()?;
    table.raw_set("seconds", asset.seconds())?;
    table.raw_set("frames", asset.frames)?;
    table.raw_set("channels", asset.channels)?;
    table.raw_set("rate", asset.rate)?;
    table.raw_set("file_rate", asset.source_rate)?;
    table.raw_set("format", asset.format)?;
    table.raw_set("root", said.pitch.map(|pitch| f64::from(pitch.note) + pitch.cents / 100.0))?;
    let loops = said.loops.iter().map(|l| {
        let entry = lua.create_table()?;
        entry.raw_set("start", fraction(&asset, l.range.start))?;
        entry.raw_set("finish", fraction(&asset, l.range.end))?;
        entry.raw_set("mode", mode(l.direction))?;
        Ok(entry)
    });
    table.raw_set("loops", lua.create_sequence_from(loops.collect::<Result<Vec<_>>>()?)?)?;
    let cues = said.cues.iter().map(|cue| {
        let entry = place(lua, &asset, cue.frame)?;
        entry.raw_set("name", cue.label.as_str())?;
        Ok(entry)
    });
    table.raw_set("cues", lua.create_sequence_from(cues.collect::<Result<Vec<_>>>()?)?)?;
    let onsets = onsets.iter().map(|onset| {
        let entry = place(lua, &asset, onset.frame)?;
        entry.raw_set("strength", onset.strength)?;
        Ok(entry)
    });
    table.raw_set("onsets", lua.create_sequence_from(onsets.collect::<Result<Vec<_>>>()?)?)?;
    printed_as(lua, &table, summary(&asset))?;
    Ok(Some(table))
}

/// A frame of a sound, in everything that scripts count in.
fn place(lua: &Lua, asset: &Asset, frame: usize) -> Result<Table> {
    let entry = lua.create_table()?;
    entry.raw_set("frame", frame)?;
    entry.raw_set("seconds", frame as f64 / asset.rate)?;
    entry.raw_set("place", fraction(asset, frame))?;
    Ok(entry)
}

fn fraction(asset: &Asset, frame: usize) -> f64 {
    frame as f64 / asset.frames as f64
}

fn mode(direction: Direction) -> &'static str {
    match direction {
        Direction::Forward => "forward",
        Direction::PingPong => "ping_pong",
        Direction::Backward => "backward",
    }
}

/// `slot:peaks(columns, start, finish, channel)`.
fn peaks(
    lua: &Lua,
    (this, columns, start, finish, channel): (Value, Value, Value, Value, Value),
) -> Result<Option<Vec<Table>>> {
    let count = values::whole(&columns, "the columns of peaks")? as usize;
    if !(1..=bounds::ENTRIES).contains(&count) {
        return Err(blame(format!("peaks draws 1 to {} columns, not {count}", bounds::ENTRIES)));
    }
    let (start, finish) = (edge(&start, "start", 0.0)?, edge(&finish, "finish", 1.0)?);
    if start >= finish {
        return Err(blame(format!("peaks are drawn from start to finish: {start} must be less than {finish}")));
    }
    let channel = if channel.is_nil() { None } else { Some(values::whole(&channel, "the channel of peaks")?) };
    let Some(asset) = loaded(lua, &this, "peaks")? else { return Ok(None) };
    let channels = match channel.map(|channel| channel as usize) {
        None => 0..asset.channels,
        Some(channel) if (1..=asset.channels).contains(&channel) => channel - 1..channel,
        Some(channel) => {
            return Err(blame(format!(
                "the sound has {}, from 1; there is no {channel}",
                of("channel", asset.channels)
            )));
        }
    };
    bounds::pay(lua, (count * channels.len()) as u64 * COLUMN)?;
    // However near the two are, a frame lies between them.
    let first = ((start * asset.frames as f64) as usize).min(asset.frames - 1);
    let last = ((finish * asset.frames as f64).ceil() as usize).max(first + 1);
    let column = |peak: Peak| {
        let entry = lua.create_table()?;
        entry.raw_set("min", peak.min)?;
        entry.raw_set("max", peak.max)?;
        Ok(entry)
    };
    asset.columns(channels, first..last, count).into_iter().map(column).collect::<Result<_>>().map(Some)
}

/// A fraction of the length; `without` it is given.
fn edge(value: &Value, what: &str, without: f64) -> Result<f64> {
    if value.is_nil() {
        return Ok(without);
    }
    let place = values::number(value, &format!("the {what} of peaks"))?.get();
    if (0.0..=1.0).contains(&place) {
        return Ok(place);
    }
    Err(blame(format!("the {what} of peaks is a fraction of the sound, 0 to 1, not {place}")))
}

/// The outline and figures of a sound, in two lines.
fn summary(asset: &Asset) -> String {
    let level = |peak: Peak| peak.max.max(-peak.min);
    let levels: Vec<f32> = asset.columns(0..asset.channels, 0..asset.frames, OUTLINE).into_iter().map(level).collect();
    let outline: String = outline::rows(&levels, 1).collect();
    let said = &asset.metadata;
    let root = said.pitch.map(|pitch| format!(", root {}", f64::from(pitch.note) + pitch.cents / 100.0));
    let loops = said.loops.first().map(|l| {
        let Range { start, end } = l.range;
        let edges = (fraction(asset, start), fraction(asset, end));
        format!(", loop {:.3} to {:.3} {}", edges.0, edges.1, mode(l.direction))
    });
    format!(
        "{outline}\n{:.3} s, {}, {} of {} Hz, {}, {}{}{}",
        asset.seconds(),
        of("channel", asset.channels),
        asset.format,
        asset.source_rate,
        of("onset", asset.memory.onsets().len()),
        of("cue", said.cues.len()),
        root.unwrap_or_default(),
        loops.unwrap_or_default()
    )
}

/// `1 onset`, `2 onsets`.
fn of(what: &str, count: usize) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
