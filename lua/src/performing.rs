//! While it plays: scenes, steps back and forth, tapping the tempo.

use cantus_host::control::{When, Work};
use cantus_host::model::command::{
    ForgetSceneCommand, KeepSceneCommand, PanicCommand, PauseTransportCommand, SeekCommand, SetBPMCommand,
    StartTransportCommand, StopTransportCommand,
};
use cantus_host::model::{Command, Num};
use mlua::{Lua, Result, Value};

use crate::bounds::AFTERWARDS;
use crate::context::{change, context, run, with};
use crate::error::blame;
use crate::later::end;
use crate::library::{Row, call};
use crate::transaction::Afterwards;
use crate::values::{a, beats, number, text};

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
        name: "quantize",
        signature: "(when: \"bar\"|\"grid\"|number)",
        doc: "Lets all that this evaluation changes, and its timers, begin together: at the next \"bar\", at the next line \
              of the session's \"grid\", or at the next multiple of so many beats. What is evaluated goes on as it was \
              until then.",
        example: "quantize(\"bar\")  kick.volume = 0.5",
        function: |lua, args| {
            call(lua, args, |lua, when: Value| {
                let when = grid(lua, &when, "when it begins")?;
                change(lua, |work| {
                    work.when = when;
                    Ok(())
                })
            })
        },
    },
    Row {
        name: "restate",
        signature: "(file: string)",
        doc: "Lets everything be once more as a file says it, whatever was changed since by hand. At the prompt.",
        example: "restate(\"main.lua\")",
        function: |lua, args| call(lua, args, restate),
    },
    Row {
        name: "play",
        signature: "()",
        doc: "Lets the music go on from where it stands.",
        example: "play()",
        function: |lua, args| call(lua, args, |lua, (): ()| run(lua, StartTransportCommand)),
    },
    Row {
        name: "stop",
        signature: "()",
        doc: "Stops the music and goes to beat 0. Timers that count beats wait; those that count time go on.",
        example: "stop()",
        function: |lua, args| call(lua, args, |lua, (): ()| run(lua, StopTransportCommand)),
    },
    Row {
        name: "pause",
        signature: "()",
        doc: "Stops the music where it is.",
        example: "pause()  play()",
        function: |lua, args| call(lua, args, |lua, (): ()| run(lua, PauseTransportCommand)),
    },
    Row {
        name: "seek",
        signature: "(beat: number|string)",
        doc: "Goes to a beat and carries on as it was.",
        example: "seek(16)  seek(\"4 bars\")",
        function: |lua, args| {
            call(lua, args, |lua, beat: Value| run(lua, SeekCommand { beat: Num::of(beats(lua, &beat, "seek")?) }))
        },
    },
    Row {
        name: "hush",
        signature: "()",
        doc: "Silence: stops the music, ends every sound and all timers, coroutines and callbacks. Nothing that was made \
              is lost: play() lets the music go on, and what a file does in time begins again when it is saved.",
        example: "hush()",
        function: |lua, args| call(lua, args, hush),
    },
    Row {
        name: "panic",
        signature: "()",
        doc: "Ends every sound at once. The music goes on.",
        example: "panic()",
        function: |lua, args| call(lua, args, |lua, (): ()| run(lua, PanicCommand)),
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
    let noted = change(lua, |transaction| {
        if transaction.later().len() >= AFTERWARDS {
            return Err(blame(format!("{word}: {AFTERWARDS} things to be done afterwards are the most at once")));
        }
        Ok(transaction.afterwards(what))
    })?;
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
    let when = if when.is_nil() { When::Now } else { grid(lua, &when, "when to recall")? };
    later(lua, "recall", Afterwards::Work(Work::Recall(name), when))
}

/// The next line of a grid; `what` begins the sentence if it is none.
///
/// # Errors
/// When it is none.
pub fn grid(lua: &Lua, when: &Value, what: &str) -> Result<When> {
    let bar = || with(lua, |work| Ok(Num::of(work.model.signature.beats_per_bar())));
    Ok(match when {
        Value::String(word) if *word == "bar" => When::NextGrid(bar()?),
        Value::String(word) if *word == "grid" => When::NextGrid(Num::ZERO),
        Value::Integer(_) | Value::Number(_) => {
            let beats = number(when, "beats to wait for")?;
            let good = (1e-3..=1e6).contains(&beats.get());
            good.then_some(When::NextGrid(beats)).ok_or_else(|| blame("beats to wait for are 0.001 to 1000000"))?
        }
        other => return Err(blame(format!("{what} is \"bar\", \"grid\" or a number of beats, not {}", a(other)))),
    })
}

fn restate(lua: &Lua, file: Value) -> Result<()> {
    let file = text(&file, "the file")?;
    let claims = with(lua, |work| {
        if work.is_file() {
            return Err(blame("restate cannot be in a file: say it at the prompt"));
        }
        let claims = work.model.claims.get(&*file).map(|claims| claims.iter().map(|(_, c)| c.clone()).collect());
        claims.ok_or_else(|| {
            let files = work.model.claims.keys().map(|file| &**file);
            blame(format!("no file \"{file}\" has asked for anything{}", cantus_manifest::hint(&file, files)))
        })
    })?;
    // What needs something else comes behind it, wherever it stands.
    let mut left: Vec<Command> = claims;
    loop {
        let (count, mut refused) = (left.len(), None);
        left.retain(|command| run(lua, command.clone()).map_err(|error| refused.get_or_insert(error)).is_err());
        match refused {
            None => return Ok(()),
            Some(error) if left.len() == count => return Err(error),
            Some(_) => {}
        }
    }
}

fn hush(lua: &Lua, (): ()) -> Result<()> {
    run(lua, StopTransportCommand)?;
    run(lua, PanicCommand)?;
    let context = context(lua);
    let tasks = context.later.agenda.borrow().which(|_| true);
    let observers: Vec<u64> = context.later.observers.borrow().keys().copied().collect();
    let jobs = context.workers.borrow().which(|_| true);
    change(lua, |work| {
        let new: Vec<u64> = work.staged.new_ids().collect();
        tasks.into_iter().chain(observers).chain(jobs).chain(new).for_each(|id| _ = end(&mut work.staged, id, true));
        Ok(())
    })
}

fn tap(lua: &Lua) -> Result<Option<f64>> {
    let context = context(lua);
    context.may_change()?;
    let tempo = context.taps.borrow_mut().tap(context.engine.clock().seconds);
    if let Some(bpm) = tempo.and_then(Num::new) {
        run(lua, SetBPMCommand { bpm, over: Num::ZERO })?;
    }
    Ok(tempo)
}
