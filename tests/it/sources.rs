//! The scripts of the documents that Cantus began with, as they stand there: every call in them works by its name.

use crate::rig::Studio;

/// What the text assumes, if anything; the script; and what must hold afterwards, at a prompt.
const SCRIPTS: &[(&str, &str, &str)] = &[
    (
        "",
        "-- Fire-and-forget: Create modules, set up routing, configure parameters
sampler(\"kick\", {volume = 0.8})
sequencer(\"seq1\")
connect(\"seq1\", \"kick\", \"event\")

-- Script completes immediately, state updates in background",
        "kick.volume == 0.8 and #engine:getConnectionManager():getConnections() == 1",
    ),
    (
        "sampler(\"kick\") bpm(99)",
        "-- Reactive sync: Keep local variables synchronized
local callbackId = engine:onStateChange(function(state)
    currentBPM = state.clock.bpm
    if state.modules.kick then
        kickVolume = state.modules.kick.parameters.volume
    end
end)
",
        "currentBPM == 99 and kickVolume == 1",
    ),
    (
        "callbackId = engine:onStateChange(function(state) end)",
        "-- Later, to stop receiving updates:
engine:removeStateChangeCallback(callbackId)",
        "not engine:removeStateChangeCallback(callbackId)",
    ),
    (
        "",
        "local callbackId = engine:onStateChange(function(state)
    -- state is complete EngineState snapshot
    -- Called whenever Engine state changes
end)",
        "true",
    ),
    (
        "callbackId = engine:onStateChange(function(state) end)",
        "success = engine:removeStateChangeCallback(callbackId)",
        "success == true",
    ),
    (
        "",
        "if engine and type(engine) == \"userdata\" then
    print(\"SUCCESS: engine global available\")
end",
        "printed == \"SUCCESS: engine global available\"",
    ),
    (
        "sampler(\"kick\")",
        "local clock = engine:getClock()
clock:setBPM(120)

local registry = engine:getModuleRegistry()
local sampler = registry:getModule(\"kick\")",
        "bpm() == 120",
    ),
    ("", "-- Simple creation\nlocal kick = sampler(\"kick\")", "kick.type == \"MultiSampler\""),
    (
        "",
        "-- Declarative configuration (idempotent - safe to re-run)
local kick = sampler(\"kick\", {
    volume = 0.8,
    speed = 1.2,
    attackMs = 5.0
})",
        "kick.volume == 0.8 and kick.speed == 1.2 and kick.attack == 0.005 and kick.attackMs == 5",
    ),
    (
        "",
        "-- Test script to verify engine global exists
if engine and type(engine) == \"userdata\" then
    print(\"SUCCESS: engine global is available\")
    local clock = engine:getClock()
    print(\"SUCCESS: engine:getClock() works\")
else
    print(\"FAILURE: engine global is nil or incorrect type\")
end",
        "printed == \"SUCCESS: engine global is available SUCCESS: engine:getClock() works\"",
    ),
    (
        "play()",
        "-- Option 1: Reactive variable binding
engine:onStateChange(function(state)
    currentBPM = state.clock.bpm
    playheadPosition = state.patternRuntime.playhead
end)",
        "currentBPM == 120 and playheadPosition > 0",
    ),
    (
        "sampler(\"kick\")",
        "-- Option 2: Watch specific module
engine:onStateChange(function(state)
    if state.modules.kick then
        kickVol = state.modules.kick.parameters.volume
    end
end)",
        "kickVol == 1",
    ),
    (
        "sampler(\"kick\")",
        "-- Option 3: Manual sync trigger
engine:onStateChange(function()
    myScriptVars = engine:getState().clone()
end)",
        "myScriptVars.modules.kick.parameters.volume == 1 and rawequal(type(myScriptVars), \"table\")",
    ),
    (
        // The toolkit of the document gave timers in seconds.
        "of = {addTimer = function(fn, seconds) setInterval(fn, seconds * 1000) end}",
        "-- Simple polling - works with existing infrastructure
function sync()
    local state = engine:getState()
    -- Update Lua variables from state
    polled = (polled or 0) + 1
end

-- Call sync() periodically
of.addTimer(sync, 0.1)  -- Every 100ms",
        "polled == 5",
    ),
    (
        "sequencer(\"seq1\")",
        "-- Uses SWIG bindings directly - no string parsing!
sampler(\"kick\", {volume=0.8})
connect(\"seq1\", \"kick\", \"event\")
setParam(\"kick\", \"volume\", 0.9)",
        "kick.volume == 0.9 and getParam(\"kick\", \"volume\") == 0.9",
    ),
];

#[test]
fn the_scripts_of_the_documents_run() {
    for (setup, script, holds) in SCRIPTS {
        let mut studio = Studio::new();
        studio.say(setup).unwrap_or_else(|error| panic!("{setup}: {error}"));
        studio.say(script).unwrap_or_else(|error| panic!("{script}\n{error}"));
        let printed = studio.printed().join(" ");
        // Something that changes: who wants to hear of it hears of it now.
        studio.render(12_000);
        studio.say("sampler(\"changed\")").expect("it can be made");
        studio.render(12_000 + 640);
        let question = format!("local printed = [[{printed}]] return {holds}");
        let answer = studio.say(&question).unwrap_or_else(|error| panic!("{question}: {error}"));
        assert_eq!((answer.values, studio.complaints()), (vec!["true".to_owned()], vec![]), "{script}\n{holds}");
    }
}

#[test]
fn every_object_of_the_engine_answers_by_its_name() {
    let mut studio = Studio::new();
    for method in [
        "getClock",
        "getModuleRegistry",
        "getConnectionManager",
        "getParameterRouter",
        "getPatternRuntime",
        "getState",
        "onStateChange",
        "removeStateChangeCallback",
        "undo",
        "redo",
        "save",
        "load",
        "executeCommand",
    ] {
        assert!(studio.say(&format!("assert(type(engine.{method}) == 'function')")).is_ok(), "engine:{method}");
    }
    for method in ["setBPM", "getBPM", "start", "play", "stop", "pause", "reset", "isPlaying", "getBeat", "seek"] {
        assert!(studio.say(&format!("assert(type(engine:getClock().{method}) == 'function')")).is_ok(), "{method}");
    }
}
