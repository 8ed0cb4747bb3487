//! While it plays: scenes, steps back and forth, tapping the tempo.

use cantus_host::control::{When, Work};
use cantus_host::model::Num;
use cantus_host::model::command::{ForgetSceneCommand, KeepSceneCommand, SetBPMCommand};
use mlua::{Lua, Result, Value};

use crate::context::{context, run, with};
use crate::error::blame;
use crate::library::{Row, call};
use crate::transaction::Afterwards;
use crate::values::{a, number, text};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "undo",
        signature: "()",
        doc: "Takes back what you did last: an evaluation of a file, or a line typed. At the prompt, after the line.",
        example: "undo()",
        function: |lua, args| {
            call(lua, args, |lua, (): ()| later(lua, "undo", Afterwards::Work(Work::Undo, When::Now)))
        },
    },
    Row {
        name: "redo",
        signature: "()",
        doc: "Does again what you took back last. At the prompt, after the line.",
        example: "redo()",
        function: |lua, args| {
            call(lua, args, |lua, (): ()| later(lua, "redo", Afterwards::Work(Work::Redo, When::Now)))
        },
    },
    Row {
        name: "engine:undo",
        signature: "()",
        doc: "As the function undo.",
        example: "engine:undo()",
        function: |lua, args| {
            call(lua, args, |lua, _: Value| later(lua, "undo", Afterwards::Work(Work::Undo, When::Now)))
        },
    },
    Row {
        name: "engine:redo",
        signature: "()",
        doc: "As the function redo.",
        example: "engine:redo()",
        function: |lua, args| {
            call(lua, args, |lua, _: Value| later(lua, "redo", Afterwards::Work(Work::Redo, When::Now)))
        },
    },
    Row {
        name: "scene",
        signature: "(name: string, keep?: boolean)",
        doc: "Keeps everything as it is now, under a name, for recall. With false it is kept no longer.",
        example: "scene(\"verse\")  scene(\"verse\", false)",
        function: |lua, args| call(lua, args, scene),
    },
    Row {
        name: "recall",
        signature: "(name: string, when?: \"bar\"|\"grid\"|number)",
        doc: "Back to a scene: what is the same in it sounds on. At once, at the next \"bar\", at the next line of the \
              session's \"grid\", or at the next multiple of so many beats. At the prompt, after the line.",
        example: "scene(\"verse\")  recall(\"verse\", \"bar\")  recall(\"verse\", 8)",
        function: |lua, args| call(lua, args, recall),
    },
    Row {
        name: "tap",
        signature: "() -> number?",
        doc: "Sets the tempo by tapping: call it on each beat. Answers the tempo from the second tap on.",
        example: "tap()",
        function: |lua, args| call(lua, args, |lua, (): ()| tap(lua)),
    },
];

/// Notes something to be done after the commit.
///
/// # Errors
/// From a file.
pub fn later(lua: &Lua, word: &str, what: Afterwards) -> Result<()> {
    let noted = with(lua, |transaction| Ok(transaction.afterwards(what)))?;
    if noted { Ok(()) } else { Err(blame(format!("{word} cannot be in a file: say it at the prompt"))) }
}

fn scene(lua: &Lua, (name, keep): (Value, Option<bool>)) -> Result<()> {
    let name = text(&name, "the name of a scene")?.into();
    match keep {
        Some(false) => run(lua, ForgetSceneCommand { name }),
        _ => run(lua, KeepSceneCommand { name, commands: None }),
    }
}

fn recall(lua: &Lua, (name, when): (Value, Value)) -> Result<()> {
    let name = text(&name, "the name of a scene")?.into();
    let bar = || with(lua, |work| Ok(Num::of(work.model.signature.beats_per_bar())));
    let when = match &when {
        Value::Nil => When::Now,
        Value::String(word) if *word == "bar" => When::NextGrid(bar()?),
        Value::String(word) if *word == "grid" => When::NextGrid(Num::ZERO),
        Value::Integer(_) | Value::Number(_) => {
            let beats = number(&when, "beats to wait for")?;
            let good = (1e-3..=1e6).contains(&beats.get());
            good.then_some(When::NextGrid(beats)).ok_or_else(|| blame("beats to wait for are 0.001 to 1000000"))?
        }
        other => {
            return Err(blame(format!("when to recall is \"bar\", \"grid\" or a number of beats, not {}", a(other))));
        }
    };
    later(lua, "recall", Afterwards::Work(Work::Recall(name), when))
}

fn tap(lua: &Lua) -> Result<Option<f64>> {
    let context = context(lua);
    let tempo = context.taps.borrow_mut().tap(context.engine.clock().seconds);
    if let Some(bpm) = tempo.and_then(Num::new) {
        run(lua, SetBPMCommand { bpm, over: Num::ZERO })?;
    }
    Ok(tempo)
}
