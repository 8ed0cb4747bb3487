//! Tempo, signature, swing, loop.

use cantus_host::model::command::{
    RemoveTempoPointCommand, SetBPMCommand, SetLoopCommand, SetSwingCommand, SetTempoPointCommand,
    SetTimeSignatureCommand,
};
use cantus_host::model::{Num, Signature, Swing, TempoPoint};
use mlua::{Lua, Result, Value};

use crate::context::{run, with};
use crate::error::blame;
use crate::library::{Row, call};
use crate::values::{Named, beats, number, whole};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "bpm",
        signature: "(bpm?: number, options?: {over: number}) -> number",
        doc: "Sets the tempo in beats per minute, if one is given; and answers it. With {over = 8} it gets there within \
              8 beats.",
        example: "bpm(124)  assert(bpm() == 124)  bpm(90, {over = 8})",
        function: |lua, args| call(lua, args, bpm),
    },
    Row {
        name: "tempo",
        signature: "(bpm?: number, options?: {over: number}) -> number",
        doc: "Another name of bpm.",
        example: "tempo(90)  assert(tempo() == 90)",
        function: |lua, args| call(lua, args, bpm),
    },
    Row {
        name: "tempo_at",
        signature: "(beat: number, bpm: number, options?: {ramp: boolean})",
        doc: "Sets the tempo from a beat on. With {ramp = true} it moves from there to the next such point.",
        example: "tempo_at(0, 120, {ramp = true})  tempo_at(64, 140)",
        function: |lua, args| call(lua, args, tempo_at),
    },
    Row {
        name: "remove_tempo",
        signature: "(beat: number)",
        doc: "Takes away what tempo_at has set at a beat.",
        example: "tempo_at(64, 140)  remove_tempo(64)",
        function: |lua, args| {
            call(lua, args, |lua, beat: Value| run(lua, RemoveTempoPointCommand { beat: number(&beat, "the beat")? }))
        },
    },
    Row {
        name: "signature",
        signature: "(signature?: string) -> string or (beats: integer, unit: integer) -> string",
        doc: "Sets the time signature, if one is given, as \"7/8\" or two numbers; and answers it as text.",
        example: "signature(\"7/8\")  signature(7, 8)  assert(signature() == \"7/8\")",
        function: |lua, args| call(lua, args, signature),
    },
    Row {
        name: "swing",
        signature: "(amount?: number, unit?: number|string) -> number, number",
        doc: "Sets the swing, if one is given: where in a pair of units the second begins, 0.5 to 0.75, and the unit in \
              beats (0.25); and answers both.",
        example: "swing(0.6)  swing(2/3, \"1/8\")  assert(swing() == 2/3)",
        function: |lua, args| call(lua, args, swing),
    },
    Row {
        name: "loop",
        signature: "(start: number|string, finish: number|string)",
        doc: "Lets the transport go round between two beats.",
        example: "loop(16, 32)  loop(0, \"2 bars\")",
        function: |lua, args| call(lua, args, set_loop),
    },
    Row {
        name: "noloop",
        signature: "()",
        doc: "Lets the transport go straight on.",
        example: "loop(16, 32)  noloop()",
        function: |lua, args| call(lua, args, |lua, (): ()| run(lua, SetLoopCommand { range: None })),
    },
];

fn bpm(lua: &Lua, (wanted, options): (Value, Value)) -> Result<f64> {
    if !wanted.is_nil() {
        let over = Named::read(&options, &["over"], "bpm")?.number("over", Num::ZERO)?;
        set_bpm(lua, &wanted, over)?;
    }
    with(lua, |work| Ok(work.model.bpm.get()))
}

/// Sets the tempo, within so many beats.
///
/// # Errors
/// When it is not a number or out of range.
pub fn set_bpm(lua: &Lua, bpm: &Value, over: Num) -> Result<()> {
    run(lua, SetBPMCommand { bpm: number(bpm, "the tempo")?, over })
}

fn tempo_at(lua: &Lua, (beat, bpm, options): (Value, Value, Value)) -> Result<()> {
    let ramp = Named::read(&options, &["ramp"], "tempo_at")?.flag("ramp", false)?;
    let point = TempoPoint { bpm: number(&bpm, "the tempo")?, ramp };
    run(lua, SetTempoPointCommand { beat: number(&beat, "the beat")?, point })
}

fn signature(lua: &Lua, (beats, unit): (Value, Value)) -> Result<String> {
    if let Value::String(text) = &beats {
        let text = text.to_string_lossy();
        let parts = text.split_once('/').and_then(|(b, u)| Some((b.trim().parse().ok()?, u.trim().parse().ok()?)));
        let wrong = || blame(format!("\"{text}\" is not a time signature; write \"7/8\" or 7, 8"));
        let (beats, unit) = parts.ok_or_else(wrong)?;
        run(lua, SetTimeSignatureCommand { signature: Signature { beats, unit } })?;
    } else if !beats.is_nil() {
        if unit.is_nil() {
            let beats = whole(&beats, "the beats of a bar")?;
            return Err(blame(format!("a signature has a unit as well; write signature(\"{beats}/4\")")));
        }
        let (beats, unit) = (whole(&beats, "the beats of a bar")?, whole(&unit, "the unit of a signature")?);
        run(lua, SetTimeSignatureCommand { signature: Signature { beats, unit } })?;
    }
    with(lua, |work| Ok(work.model.signature.to_string()))
}

fn swing(lua: &Lua, (amount, unit): (Value, Value)) -> Result<(f64, f64)> {
    if !amount.is_nil() {
        let usual = Swing::default().unit;
        let unit = if unit.is_nil() { usual } else { Num::of(beats(lua, &unit, "swing")?) };
        run(lua, SetSwingCommand { swing: Swing { amount: number(&amount, "the swing")?, unit } })?;
    }
    with(lua, |work| Ok((work.model.swing.amount.get(), work.model.swing.unit.get())))
}

fn set_loop(lua: &Lua, (start, end): (Value, Value)) -> Result<()> {
    let beat = |value: &Value| beats(lua, value, "loop").map(Num::of);
    let range = (beat(&start)?, beat(&end)?);
    run(lua, SetLoopCommand { range: Some(range) })
}
