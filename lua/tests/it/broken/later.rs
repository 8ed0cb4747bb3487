//! What goes wrong when nobody waits for it.

/// `[name, script that ends well, beginning of what is complained of when time goes on]`
pub const CLASSES: &[(&str, &str, &str)] = &[
    (
        "error in a timer",
        "every(1, print)\nsetTimeout(function()\nerror('late') end, 5)",
        "song.lua:3: late (in setTimeout)",
    ),
    (
        "error as the answer of a timer",
        "\nsetTimeout(function() return tone(1) end, 5)",
        "song.lua:2: the name of a module",
    ),
    ("loop in a timer", "setTimeout(function() while true do end end, 5)", "song.lua:1: stopped"),
    (
        "loop in pcall in a timer",
        "setTimeout(function() while true do pcall(function() while true do end end) end end, 5)",
        "song.lua:1: stopped",
    ),
    ("loop at intervals", "setInterval(function() while true do end end, 5)", "song.lua:1: stopped"),
    (
        "loop in a coroutine that waits",
        "clock.run(function()\nclock.sleep(0.01)\nwhile true do end end)",
        "song.lua:3: stopped",
    ),
    (
        "loop in a coroutine of before",
        "local c = coroutine.wrap(function() coroutine.yield() while true do end end) c()\nsetTimeout(c, 5)",
        "song.lua:1: stopped",
    ),
    ("loop in a callback", "engine:onStateChange(function() while true do end end) bpm(121)", "song.lua:1: stopped"),
    (
        "memory in a timer",
        "setTimeout(function() local s = 'x' while true do s = s .. s end end, 5)",
        "song.lua:1: not enough memory",
    ),
    (
        "wrong value in a timer",
        "setTimeout(function()\nlocal k = tone('there') k.volume = 5 end, 5)",
        "song.lua:2: there.volume = 5",
    ),
    ("modules in a timer", "setTimeout(function() for i = 1, 1e9 do tone('k' .. i) end end, 5)", "song.lua:1: stopped"),
    ("timers in a timer", "setTimeout(function() for i = 1, 1e9 do every(1, print) end end, 5)", "song.lua:1: "),
    ("prints in a timer", "setTimeout(function() while true do print('flood') end end, 5)", "song.lua:1: stopped"),
    (
        "yield in a timer",
        "setTimeout(function()\ncoroutine.yield() end, 5)",
        "song.lua:2: coroutine.yield outside of a coroutine",
    ),
    (
        "wait in a coroutine of its own",
        "clock.run(function() coroutine.wrap(function()\nclock.sync(1) end)() end)",
        "song.lua:2: clock.sync can wait only",
    ),
    (
        "wait across pcall in C",
        "clock.run(function() table.sort({2, 1}, function()\nclock.sleep(1) end) end)",
        "song.lua:2: ",
    ),
    (
        "timers that begin one another",
        "local function f() setTimeout(f, 0) end f()",
        "song.lua:1: setTimeout: 64 timers or coroutines have begun one another at one instant",
    ),
    (
        "sleep of no time",
        "clock.run(function() while true do clock.sleep(0) end end)",
        "song.lua:1: clock.sleep: 64 timers or coroutines have begun",
    ),
    (
        "coroutines that begin one another",
        "local function f() clock.run(f) end f()",
        "song.lua:1: clock.run: 64 timers or coroutines have begun",
    ),
    ("undo in a timer", "setTimeout(function() for i = 1, 1e9 do undo() end end, 5)", "song.lua:1: undo: 100 things"),
    (
        "loop at the end of a coroutine",
        "local id = clock.run(function() local x <close> = setmetatable({}, {__close = function() while true do end end}) clock.sleep(9) end) setTimeout(function() clock.cancel(id) end, 5)",
        "song.lua:1: stopped",
    ),
    (
        "error with a table in a timer",
        "setTimeout(function()\nerror({}) end, 5)",
        "song.lua:2: the error is a table; throw text (in setTimeout)",
    ),
];
