//! `engine` and what it gives out: clock, module registry, connection manager, parameter router, pattern runtime.

use cantus_host::model::Num;
use cantus_host::model::command::{
    PauseTransportCommand, ReloadTypeCommand, ResetTransportCommand, SeekCommand, StartTransportCommand,
    StopTransportCommand,
};
use mlua::{Lua, MultiValue, Result, Table, Value};

use crate::context::{run, with};
use crate::error::blame;
use crate::facade::{Facade, This};
use crate::handle::Handle;
use crate::library::{Row, call};
use crate::pattern::PatternHandle;
use crate::values::{number, text};
use crate::{graph, params, session, snapshot, time};

/// Methods of `engine`.
pub const ENGINE: &[Row] = &[
    Row {
        name: "engine:getClock",
        signature: "() -> cantus.Clock",
        doc: "The clock: tempo and transport.",
        example: "local clock = engine:getClock()  clock:setBPM(124)",
        function: |lua, args| call(lua, args, |_, _: This| Ok(Facade("clock"))),
    },
    Row {
        name: "engine:getModuleRegistry",
        signature: "() -> cantus.Registry",
        doc: "The registry of module types and modules.",
        example: "assert(#engine:getModuleRegistry():getModuleNames() > 0)",
        function: |lua, args| call(lua, args, |_, _: This| Ok(Facade("registry"))),
    },
    Row {
        name: "engine:getConnectionManager",
        signature: "() -> cantus.Connections",
        doc: "The cables.",
        example: "engine:getConnectionManager():connect(\"kick\", \"desk\")",
        function: |lua, args| call(lua, args, |_, _: This| Ok(Facade("connections"))),
    },
    Row {
        name: "engine:getParameterRouter",
        signature: "() -> cantus.Parameters",
        doc: "The parameters, by path.",
        example: "engine:getParameterRouter():set(\"kick.volume\", 0.5)",
        function: |lua, args| call(lua, args, |_, _: This| Ok(Facade("parameters"))),
    },
    Row {
        name: "engine:getPatternRuntime",
        signature: "() -> cantus.Patterns",
        doc: "The patterns.",
        example: "pattern(\"beat\", \"x .\")  assert(engine:getPatternRuntime():getPattern(\"beat\"))",
        function: |lua, args| call(lua, args, |_, _: This| Ok(Facade("patterns"))),
    },
    Row {
        name: "engine:getState",
        signature: "() -> cantus.State",
        doc: "The state as the script sees it: clock, modules, connections, patterns, patternRuntime, scenes and problems, \
              as nested tables that never change; but clock.beat, patternRuntime.playhead and meters, which are sampled \
              when they are read. clone() answers a copy of all of it that is yours.",
        example: "local state = engine:getState()  assert(state.modules.kick.parameters.volume == kick.volume)  \
              for name, module in pairs(state.modules) do print(name, module.type) end  \
              local mine = state.clone()  mine.clock.bpm = 1",
        function: |lua, args| call(lua, args, |lua, _: This| snapshot::now(lua)),
    },
    Row {
        name: "engine:getScript",
        signature: "() -> string",
        doc: "As the function script.",
        example: "assert(engine:getScript() == script())",
        function: |lua, args| call(lua, args, |lua, _: This| session::script(lua)),
    },
    Row {
        name: "engine:reload",
        signature: "(type?: string|cantus.Module)",
        doc: "Looks at the plugins on the disk again, and makes all modules of a type anew, by the plugin that provides it \
              now; without a type, all whose plugin was built again. They play on from where the music is; the old ones \
              ring out. What cannot be made plays on as it was, and that is told.",
        example: "engine:reload(kick)  engine:reload(kick.type)  engine:reload()",
        function: |lua, args| call(lua, args, |lua, (_, what): (This, Value)| reload(lua, &what)),
    },
];

fn reload(lua: &Lua, what: &Value) -> Result<()> {
    let module_type = match what {
        Value::UserData(module) if module.is::<Handle>() => {
            let name = module.borrow::<Handle>()?.name(lua);
            let gone = || blame(format!("there is no module \"{name}\" any more"));
            let module_type =
                with(lua, |work| Ok(work.model.modules.get(&name).map(|module| module.module_type.clone())))?;
            Some(module_type.ok_or_else(gone)?)
        }
        Value::Nil => None,
        what => Some(text(what, "the name of a type")?.into()),
    };
    run(lua, ReloadTypeCommand { module_type })
}

/// Methods of the clock.
pub const CLOCK: &[Row] = &[
    Row {
        name: "clock:setBPM",
        signature: "(bpm: number)",
        doc: "Sets the tempo, 20 to 999 beats per minute.",
        example: "engine:getClock():setBPM(120)",
        function: |lua, args| call(lua, args, |lua, (_, bpm): (This, Value)| time::set_bpm(lua, &bpm, Num::ZERO)),
    },
    Row {
        name: "clock:getBPM",
        signature: "() -> number",
        doc: "The tempo in beats per minute.",
        example: "assert(engine:getClock():getBPM() >= 20)",
        function: |lua, args| call(lua, args, |lua, _: This| with(lua, |work| Ok(work.model.bpm.get()))),
    },
    Row {
        name: "clock:start",
        signature: "()",
        doc: "Lets the music go on from where it stands.",
        example: "engine:getClock():start()",
        function: |lua, args| call(lua, args, |lua, _: This| run(lua, StartTransportCommand)),
    },
    Row {
        name: "clock:play",
        signature: "()",
        doc: "Another name of start.",
        example: "engine:getClock():play()",
        function: |lua, args| call(lua, args, |lua, _: This| run(lua, StartTransportCommand)),
    },
    Row {
        name: "clock:stop",
        signature: "()",
        doc: "Stops the music and goes to beat 0.",
        example: "engine:getClock():stop()",
        function: |lua, args| call(lua, args, |lua, _: This| run(lua, StopTransportCommand)),
    },
    Row {
        name: "clock:pause",
        signature: "()",
        doc: "Stops the music where it is.",
        example: "engine:getClock():pause()",
        function: |lua, args| call(lua, args, |lua, _: This| run(lua, PauseTransportCommand)),
    },
    Row {
        name: "clock:reset",
        signature: "()",
        doc: "Goes to beat 0 and carries on as it was.",
        example: "engine:getClock():reset()",
        function: |lua, args| call(lua, args, |lua, _: This| run(lua, ResetTransportCommand)),
    },
    Row {
        name: "clock:seek",
        signature: "(beat: number)",
        doc: "Goes to a beat and carries on as it was.",
        example: "engine:getClock():seek(16)",
        function: |lua, args| {
            call(lua, args, |lua, (_, beat): (This, Value)| run(lua, SeekCommand { beat: number(&beat, "the beat")? }))
        },
    },
    Row {
        name: "clock:isPlaying",
        signature: "() -> boolean",
        doc: "Whether beats go on.",
        example: "engine:getClock():start()  assert(engine:getClock():isPlaying())",
        function: |lua, args| call(lua, args, |lua, _: This| with(lua, |work| Ok(work.clock.playing))),
    },
    Row {
        name: "clock:getBeat",
        signature: "() -> number",
        doc: "The beat at which the evaluation began, or to which the script went.",
        example: "engine:getClock():seek(8)  assert(engine:getClock():getBeat() == 8)",
        function: |lua, args| call(lua, args, |lua, _: This| with(lua, |work| Ok(work.clock.beat))),
    },
];

/// Methods of the other objects.
pub const PARTS: &[Row] = &[
    Row {
        name: "registry:getModule",
        signature: "(name: string) -> cantus.AnyModule?",
        doc: "The module of a name, or nil.",
        example: "assert(engine:getModuleRegistry():getModule(\"kick\") == kick)",
        function: |lua, args| {
            call(lua, args, |lua, (_, name): (This, Value)| module(lua, &text(&name, "the name of a module")?))
        },
    },
    Row {
        name: "registry:getModuleNames",
        signature: "() -> string[]",
        doc: "The names of all modules, in order.",
        example: "for _, name in ipairs(engine:getModuleRegistry():getModuleNames()) do print(name) end",
        function: |lua, args| {
            call(lua, args, |lua, _: This| {
                with(lua, |work| Ok(work.model.modules.keys().map(|n| n.to_string()).collect::<Vec<_>>()))
            })
        },
    },
    Row {
        name: "registry:getTypes",
        signature: "() -> string[]",
        doc: "The names of all module types, in order.",
        example: "print(table.concat(engine:getModuleRegistry():getTypes(), \", \"))",
        function: |lua, args| {
            call(lua, args, |lua, _: This| {
                with(lua, |work| Ok(work.catalog.iter().map(|(n, _)| n.to_string()).collect::<Vec<_>>()))
            })
        },
    },
    Row {
        name: "connections:connect",
        signature: "(source: cantus.Module|string, target: cantus.Module|string, how?: cantus.How)",
        doc: "As the function connect.",
        example: "engine:getConnectionManager():connect(kick, desk)",
        function: |lua, args| {
            call(lua, args, |lua, (_, from, to, how): (This, Value, Value, Value)| graph::connect(lua, (from, to, how)))
        },
    },
    Row {
        name: "connections:disconnect",
        signature: "(source: cantus.Module|string, target: cantus.Module|string, how?: cantus.How)",
        doc: "As the function disconnect.",
        example: "engine:getConnectionManager():disconnect(kick, desk)",
        function: |lua, args| {
            call(lua, args, |lua, (_, from, to, how): (This, Value, Value, Value)| {
                graph::disconnect(lua, (from, to, how))
            })
        },
    },
    Row {
        name: "connections:getConnections",
        signature: "() -> {from: string, to: string}[]",
        doc: "All cables, each a table with from and to such as \"kick.out\".",
        example: "for _, cable in ipairs(engine:getConnectionManager():getConnections()) do print(cable.from, cable.to) end",
        function: |lua, args| call(lua, args, |lua, _: This| connections(lua)),
    },
    Row {
        name: "parameters:set",
        signature: "(path: string, value: cantus.Value) or (module: cantus.Module|string, parameter: string, value: cantus.Value)",
        doc: "As the function setParam.",
        example: "engine:getParameterRouter():set(\"kick.volume\", 0.5)",
        function: |lua, args| {
            call(lua, args, |lua, mut args: MultiValue| {
                lua.unpack::<This>(args.pop_front().unwrap_or(Value::Nil))?;
                params::set_param(lua, args)
            })
        },
    },
    Row {
        name: "parameters:get",
        signature: "(path: string) -> any or (module: cantus.Module|string, parameter: string) -> any",
        doc: "As the function getParam.",
        example: "assert(engine:getParameterRouter():get(\"kick.volume\") == kick.volume)",
        function: |lua, args| {
            call(lua, args, |lua, mut args: MultiValue| {
                lua.unpack::<This>(args.pop_front().unwrap_or(Value::Nil))?;
                params::get_param(lua, args)
            })
        },
    },
    Row {
        name: "patterns:getPattern",
        signature: "(name: string) -> cantus.Pattern?",
        doc: "The pattern of a name, or nil.",
        example: "assert(engine:getPatternRuntime():getPattern(\"nothing\") == nil)",
        function: |lua, args| {
            call(lua, args, |lua, (_, name): (This, Value)| {
                let name = text(&name, "the name of a pattern")?;
                with(lua, |work| Ok(work.model.patterns.contains(&*name).then(|| PatternHandle::new(name.into()))))
            })
        },
    },
    Row {
        name: "patterns:getPatternNames",
        signature: "() -> string[]",
        doc: "The names of all patterns, in order.",
        example: "for _, name in ipairs(engine:getPatternRuntime():getPatternNames()) do print(name) end",
        function: |lua, args| {
            call(lua, args, |lua, _: This| {
                with(lua, |work| Ok(work.model.patterns.keys().map(|n| n.to_string()).collect::<Vec<_>>()))
            })
        },
    },
];

/// The module of a name, if there is one.
///
/// # Errors
/// Outside of an evaluation.
pub fn module(lua: &Lua, name: &str) -> Result<Option<Handle>> {
    with(lua, |work| Ok(work.model.modules.get(name).map(|module| Handle::new(name.into(), module.id))))
}

fn connections(lua: &Lua) -> Result<Table> {
    let cables = with(lua, |work| Ok(work.model.connections.keys().cloned().collect::<Vec<_>>()))?;
    let tables = cables
        .into_iter()
        .map(|cable| lua.create_table_from([("from", cable.from.to_string()), ("to", cable.to.to_string())]));
    lua.create_sequence_from(tables.collect::<Result<Vec<_>>>()?)
}
