//! Where modules are in what they play, and where they are sent.

use cantus_host::control::{Position, When, Work};
use cantus_host::model::command::QueueChainEntryCommand;
use cantus_host::model::{self, Anchor, Name, Num, Playing, Value as ModelValue};
use cantus_manifest::ParamKind;
use mlua::{Lua, Result, Table, Value};

use crate::agenda::Place;
use crate::context::{context, run, with};
use crate::error::blame;
use crate::handle::lookup;
use crate::library::{Row, call};
use crate::performing::{self, later};
use crate::transaction::Afterwards;
use crate::values::{module_name, number, whole};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "player",
        signature: "(module: cantus.Module|string, entry?: integer, beat?: number)",
        doc: "Says where a module is in its chain: the entry, from 1, that begins at a beat. Without them it plays the \
              chain from beat 0.",
        example: "player(seq, 2, 16)  player(seq)",
        function: |lua, args| call(lua, args, player),
    },
    Row {
        name: "queue",
        signature: "(module: cantus.Module|string, entry?: integer, when?: \"row\"|\"pattern\"|\"bar\"|\"grid\"|number)",
        doc: "Sends a module to an entry of its chain (1), or to the beginning of its pattern: at the next \"bar\" unless \
              said otherwise, at its own next \"row\", when its \"pattern\" is over, at the next line of the session's \
              \"grid\", or at the next multiple of so many beats. Until then it is pending. At the prompt, after the line.",
        example: "pattern(\"a\", \"x .\")  pattern(\"b\", \". x\")  seq.pattern = chain(\"song\", {\"a\", \"b\"})  \
              queue(seq, 2)  queue(seq, 1, \"pattern\")  queue(seq, 2, 8)",
        function: |lua, args| call(lua, args, queue),
    },
    Row {
        name: "position",
        signature: "(module: cantus.Module|string) -> table?",
        doc: "Where a module is in what it plays: pattern, entry of the chain, row, turn (how often the pattern has come, from \
              1), next_row and next_turn in beats; nil where it plays nothing.",
        example: "pattern(\"beat\", \"x . x .\")  seq.pattern = \"beat\"  assert(position(seq).row == 1)",
        function: |lua, args| call(lua, args, position),
    },
];

fn player(lua: &Lua, (module, entry, beat): (Value, Value, Value)) -> Result<()> {
    let module = module_name(lua, &module, "the first argument")?;
    let anchor = if entry.is_nil() && beat.is_nil() {
        None
    } else {
        let from_one = whole(&entry, "the entry of a chain")?.checked_sub(1);
        let entry = from_one.ok_or_else(|| blame("the entries of a chain are numbered from 1"))?;
        Some(Anchor { entry, beat: number(&beat, "the beat at which the entry begins")? })
    };
    run(lua, QueueChainEntryCommand { module, anchor })
}

fn queue(lua: &Lua, (module, entry, when): (Value, Value, Value)) -> Result<()> {
    let module = module_name(lua, &module, "queue: the first argument")?;
    let from_one = if entry.is_nil() { 1 } else { whole(&entry, "the entry of a chain")? };
    let entry = from_one.checked_sub(1).ok_or_else(|| blame("the entries of a chain are numbered from 1"))?;
    let (place, when) = place(lua, &module, &when)?;
    let anchor = Some(Anchor { entry, beat: Num::of(place.beat) });
    let command = QueueChainEntryCommand { module, anchor };
    with(lua, |work| {
        // What cannot be is said here, and not when its time has come.
        work.model.apply(&command.clone().into(), &work.catalog).map(|_| ()).map_err(|r| crate::error::refused(&r))
    })?;
    later(lua, "queue", Afterwards::Work(Work::Commands(vec![command.into()]), when))
}

/// The next such place from where the music is, and when that is; while beats stand still it is the bar they stand at or
/// the next one.
fn place(lua: &Lua, module: &Name, when: &Value) -> Result<(Place, When)> {
    let turn = context(lua).later.turn.get();
    let (now, from) = (turn.now, turn.now.place_of(turn.due));
    let (bar, grid) = with(lua, |work| Ok((work.model.signature.beats_per_bar(), work.model.grid())))?;
    let of_its_own = |next: fn(&Playing) -> f64| -> Result<Place> {
        let Some(playing) = playing(lua, module, from.beat)? else { return Ok(now.line(bar, (from, false))) };
        let beat = next(&playing);
        Ok(match now.around.0 {
            Some((start, end)) if from.beat < end && beat >= end => Place { lap: from.lap + 1, beat: start },
            _ => Place { beat, ..from },
        })
    };
    let place = match when {
        Value::Nil => now.line(bar, (from, false)),
        Value::String(word) if *word == "row" => of_its_own(|playing| playing.next_row)?,
        Value::String(word) if *word == "pattern" => of_its_own(|playing| playing.next_turn)?,
        when => match performing::grid(lua, when, "when it is sent, besides \"row\" and \"pattern\",")? {
            When::NextGrid(beats) if beats > Num::ZERO => now.line(beats.get(), (from, false)),
            _ => now.line(grid, (from, false)),
        },
    };
    if !now.clock.playing {
        return Ok((now.line(bar, (from, true)), When::Now));
    }
    let beat = Num::new(place.beat).ok_or_else(|| blame(format!("{module} never comes there")))?;
    Ok((place, When::At(Position { epoch: now.clock.epoch, lap: place.lap, beat })))
}

/// Where a module is in what it plays at a beat.
fn playing(lua: &Lua, module: &Name, beat: f64) -> Result<Option<Playing>> {
    let (found, known) = lookup(lua, module)?;
    let is_pattern = |(param, _): &(&cantus_manifest::Param, &ModelValue)| param.kind == ParamKind::Pattern;
    let Some((_, ModelValue::Text(name))) = known.manifest.params.iter().zip(&*found.params).find(is_pattern) else {
        return Err(blame(format!("{module} ({}) plays no patterns", found.module_type)));
    };
    with(lua, |work| {
        let courses = model::courses(&work.model, module, found.seed, name);
        Ok(model::playing(&work.model, &courses, beat))
    })
}

fn position(lua: &Lua, module: Value) -> Result<Option<Table>> {
    let module = module_name(lua, &module, "position: the first argument")?;
    let beat = context(lua).later.turn.get().clock().beat;
    let Some(playing) = playing(lua, &module, beat)? else { return Ok(None) };
    let table = lua.create_table()?;
    table.raw_set("pattern", playing.pattern.to_string())?;
    table.raw_set("entry", u64::from(playing.entry) + 1)?;
    table.raw_set("row", u64::from(playing.row) + 1)?;
    table.raw_set("turn", playing.turn + 1)?;
    table.raw_set("next_row", playing.next_row)?;
    table.raw_set("next_turn", playing.next_turn)?;
    Ok(Some(table))
}
