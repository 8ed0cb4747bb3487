//! Being told when the state has changed.

use std::rc::Rc;

use mlua::{Lua, Result, Value};

use crate::bounds::OBSERVERS;
use crate::budget;
use crate::context::{change, context, with};
use crate::error::blame;
use crate::facade::This;
use crate::later::{Observer, end, keep_call};
use crate::library::{Row, call};
use crate::snapshot::Part;
use crate::transaction::Transaction;
use crate::values::{function, module_name, text};

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "engine:onStateChange",
        signature: "(body: fun(state: cantus.State), filter?: string|cantus.Module|(string|cantus.Module)[]) -> integer",
        doc: "Calls a function with the new state whenever the state has changed, whoever changed it, once however much \
              has: at most every 10 ms, and not for what it changes itself eight times in a row. The state reads like \
              the one of getState and never changes. With a filter, or a list of them, only when that part has: \
              \"clock\", \"modules\", \"connections\", \"patterns\", \"scenes\", \"problems\", a module that \
              is there, or a parameter of one, such as \"kick.volume\". Answers a number for removeStateChangeCallback; it ends when its file is \
              evaluated again.",
        example: "local id = engine:onStateChange(function(state) print(state.clock.bpm) end)  \
              engine:onStateChange(function(state) print(state.modules.kick.parameters.volume) end, \"kick.volume\")  \
              assert(engine:removeStateChangeCallback(id))",
        function: |lua, args| {
            call(lua, args, |lua, (_, body, filter): (This, Value, Value)| on_state_change(lua, &body, &filter))
        },
    },
    Row {
        name: "engine:removeStateChangeCallback",
        signature: "(id: integer) -> boolean",
        doc: "Ends what onStateChange began, by its number. Answers whether there was one, whatever it is given.",
        example: "assert(engine:removeStateChangeCallback(123456) == false)",
        function: |lua, args| call(lua, args, |lua, (_, id): (This, Value)| remove(lua, &id)),
    },
];

fn on_state_change(lua: &Lua, body: &Value, filter: &Value) -> Result<u64> {
    let body = function(body, "onStateChange")?;
    let parts = match filter {
        Value::Nil => Vec::new(),
        Value::Table(list) => list.sequence_values::<Value>().map(|entry| part(lua, &entry?)).collect::<Result<_>>()?,
        filter => vec![part(lua, filter)?],
    };
    let context = context(lua);
    let staying = |work: &Transaction| context.later.staying(work, &context.file.borrow()).1;
    let there = with(lua, |work| Ok(staying(work) + work.staged.observers.len()))?;
    if there >= OBSERVERS {
        return Err(blame(format!(
            "onStateChange: there are {OBSERVERS} callbacks already, and more are not possible; end some with \
             removeStateChangeCallback"
        )));
    }
    let id = context.later.mint();
    keep_call(lua, id, body)?;
    let (owner, turn, place) = (context.file.borrow().as_str().into(), context.later.turn.get(), budget::place(lua));
    change(lua, |work| {
        let lineage = turn.lineage.child(format_args!("onStateChange {}", work.staged.observers.len()));
        let (told, complaint) = Default::default();
        let observer = Observer { owner, parts, lineage, told, place, complaint };
        work.staged.observers.push((id, Rc::new(observer)));
        Ok(id)
    })
}

fn part(lua: &Lua, filter: &Value) -> Result<Part> {
    let what = "a filter of onStateChange";
    let text = match filter {
        Value::UserData(_) => module_name(lua, filter, what)?.to_string(),
        filter => text(filter, what)?,
    };
    let part = with(lua, |work| Ok(Part::read(&text, &work.model, &work.catalog)))?;
    part.map_err(|why| blame(format!("the filter \"{text}\" of onStateChange: {why}")))
}

fn remove(lua: &Lua, id: &Value) -> Result<bool> {
    let Some(id) = id.as_integer().and_then(|id| u64::try_from(id).ok()) else { return Ok(false) };
    let there = context(lua).later.observers.borrow().contains_key(&id);
    change(lua, |work| Ok(end(&mut work.staged, id, there)))
}
