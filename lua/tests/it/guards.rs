//! What replaces Lua's own functions behaves like them where they behave.

use proptest::prelude::*;

use crate::rig::{Rig, on_script_thread, table};

#[test]
fn order() {
    table(&[
        (
            "for k in pairs{b = 1, a = 2, [3] = 0, [1] = 0, [true] = 0, [1.5] = 0} do print(k) end",
            "1\n1.5\n3\na\nb\ntrue",
        ),
        ("for k, v in pairs{'x', 'y'} do print(k, v) end", "1\tx\n2\ty"),
        ("local t = {c = 1, a = 2, b = 3} for k in pairs(t) do t[k] = nil print(k) end print(next(t))", "a\nb\nc\nnil"),
        ("local t = {c = 1, a = 2} print(next(t), next(t, 'a'), next(t, 'c'))", "a\tc\tnil"),
        (
            "for k in pairs(setmetatable({}, {__pairs = function() return function(_, k) return not k and 'own' or nil end end})) do print(k) end",
            "own",
        ),
        ("local n = 0 for k in pairs(math) do n = n + 1 end print(n > 20)", "true"),
        ("print(next({}), #{1, 2})", "nil\t2"),
        (
            "local t = {a = 1, b = 2, [1] = 3} for k in next, t do print(k) t[k] = nil end print(next(t))",
            "1\na\nb\nnil",
        ),
        (
            "local t = {[{}] = 1, [{}] = 2, x = 0} local n = 0 for k in next, t do n, t[k] = n + 1 end print(n, next(t))",
            "3\tnil",
        ),
        ("print(next({1, 2, 3}, 1.5), next({x = 1}, 'a'), next({x = 1}, true))", "2\tx\tnil"),
        // No table of ours shows what it is made of, and no iterator is Lua's own.
        (
            "local raw = pairs({}) local s = engine:getState() print(pcall(raw, s), getmetatable(s)) \
             for _, object in ipairs{s, s.clock, ring{1}, sequins{1}, mini('a'), math, clock} do \
             local step, all = pairs(object) print(rawequal(all, object), pcall(next, object)) end",
            "true\tfalse\n\
             true\tfalse\tsong.lua:1: next does not see into the state; read it by its keys, or with pairs\n\
             true\tfalse\tsong.lua:1: next does not see into the state; read it by its keys, or with pairs\n\
             true\tfalse\tsong.lua:1: next does not see into a ring; read it by its keys, or with pairs\n\
             true\tfalse\tsong.lua:1: next does not see into a sequins; read it by its keys, or with pairs\n\
             true\tfalse\tsong.lua:1: next does not see into a cycle; read it by its keys, or with pairs\n\
             true\tfalse\tsong.lua:1: next does not see into math; read it by its keys, or with pairs\n\
             true\tfalse\tsong.lua:1: next does not see into clock; read it by its keys, or with pairs",
        ),
        // Nothing that pairs gives out leads to the library itself.
        (
            "for _, l in ipairs{math, string, table, utf8, coroutine} do \
             local step, state = pairs(l) print(pcall(function() state.upper = 1 end)) step(state) end \
             print(('x'):upper(), string.upper('x'))",
            "false\tsong.lua:1: math belongs to Cantus and cannot be changed\n\
             false\tsong.lua:1: string belongs to Cantus and cannot be changed\n\
             false\tsong.lua:1: table belongs to Cantus and cannot be changed\n\
             false\tsong.lua:1: utf8 belongs to Cantus and cannot be changed\n\
             false\tsong.lua:1: coroutine belongs to Cantus and cannot be changed\n\
             X\tX",
        ),
    ]);
}

#[test]
fn many_keys_are_put_in_order() {
    on_script_thread(|| {
        let mut rig = Rig::with(|o| o.instructions = 100_000_000);
        let code = "local t = {} for i = 1, 100001 do t['k' .. i] = i end local n = 0 for _ in pairs(t) do n = n + 1 end return n";
        assert_eq!(rig.run(code).expect("runs").values, ["100001"]);
    });
}

/// What is done for each note must not leave garbage behind.
#[test]
fn functions_of_handles_are_the_same_each_time() {
    table(&[(
        "local k, j = tone('k'), tone('j') print(k.trigger == k.trigger, k.stop == j.stop, k.help == k.help, k.stop == k.help)",
        "true\ttrue\ttrue\tfalse",
    )]);
}

#[test]
fn nothing_shows_an_address() {
    table(&[
        (
            "local t, f = {}, print print(t, {}, f) print(f, t)",
            "table: 1\ttable: 2\tfunction: 3\nfunction: 3\ttable: 1",
        ),
        (
            "print(('%s|%5.1f|%-4s|%%p'):format({}, 1.25, 'a'), tostring({}), tostring(ring{{}}))",
            "table: 1|  1.2|a   |%p\ttable: 2\tring{table: 3}",
        ),
        ("print(tostring(setmetatable({}, {__tostring = function() return 'own' end})), tostring(nil))", "own\tnil"),
        ("print(coroutine.create(print), engine, tone('k'))", "thread: 1\tengine\tk (Tone)"),
        (
            "print(pcall(string.format, '%p', 'text'))",
            "false\tsong.lua:1: string.format: %p would differ from run to run; compare the values themselves, or use %s",
        ),
        (
            "print(pcall(string.format, '%d', {}))",
            "false\tsong.lua:1: bad argument #2 to 'format' (number expected, got string)",
        ),
    ]);
}

/// Words of the musical library and constructors may be names of a script's own, which nobody else sees.
#[test]
fn names_of_ones_own() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        for (code, values) in [
            ("note, tone, range = 60, 0.5, 3 return note + tone + range, _G.note, note_name(61)", "63.5 60 C#4"),
            ("return note('C4'), tone('t').name, #range(1, 3)", "60 t 3"),
        ] {
            assert_eq!(rig.run(code).expect("runs").values.join(" "), values, "{code}");
        }
    });
}

#[test]
fn caught_errors_are_text() {
    table(&[
        (
            "local ok, e = pcall(tone, 1)\nprint('caught ' .. e)",
            "caught song.lua:1: the name of a module must be text, not 1",
        ),
        ("print(select(2, pcall(error, {1})) ~= nil, type(select(2, pcall(error, {1}))))", "true\ttable"),
        (
            "print(xpcall(tone, function(e) return 'seen ' .. e end, 1))",
            "false\tseen song.lua:1: the name of a module must be text, not 1",
        ),
        (
            "print(coroutine.resume(coroutine.create(function() tone(1) end)))",
            "false\tsong.lua:1: the name of a module must be text, not 1",
        ),
        (
            "local co = coroutine.wrap(function() pcall(function() coroutine.yield('over pcall') end) end) print(co())",
            "over pcall",
        ),
        ("print(load('return x', 'c', 't', {x = 5})(), load('y = 2')() , y)", "5\tnil\t2"),
        ("local parts = {'return ', '4'} local i = 0 print(load(function() i = i + 1 return parts[i] end)())", "4"),
        ("print(('abc'):upper(), #('é'), utf8.len('é'), ('x'):rep(3, '-'))", "ABC\t2\t1\tx-x-x"),
        (
            "local t = {1, 3} table.insert(t, 2, 2) table.remove(t, 1) print(table.concat(t, ','), table.unpack(t))",
            "2,3\t2\t3",
        ),
    ]);
}

/// Texts and patterns in which everything happens soon.
fn case() -> impl Strategy<Value = (String, String)> {
    let piece = prop::sample::select(vec![
        "a", "b", ".", "%a", "%d", "%S", "[ab]", "[^a]", "[a-c%d]", "[]]", "*", "+", "-", "?", "(", ")", "()", "%1",
        "^", "$", "%f[%w]", "%b()", "%", "[", "x",
    ]);
    let text = prop::sample::select(vec!["a", "b", "c", "1", " ", "(", ")", "]", "x", "ab"]);
    (prop::collection::vec(text, 0..12), prop::collection::vec(piece, 0..7)).prop_map(|(t, p)| (t.concat(), p.concat()))
}

const CALLS: &str = "
local out = {}
local function note(...)
  for i = 1, select('#', ...) do out[#out + 1] = tostring((select(i, ...))) end
  out[#out + 1] = ';'
end
local function try(f, ...)
  local r = {pcall(f, ...)}
  -- Messages differ in wording; that there is one must agree.
  if r[1] then note(table.unpack(r)) else note('error') end
end
try(string.find, text, pat)
try(string.find, text, pat, 2)
try(string.find, text, pat, -2, true)
try(string.match, text, pat)
try(string.match, text, pat, -3)
try(string.gsub, text, pat, '<%0>')
try(string.gsub, text, pat, {a = 1, b = 'B'}, 2)
try(string.gsub, text, pat, function(x) return x end)
try(function() for a, b in string.gmatch(text, pat) do note(a, b) end end)
return table.concat(out, ' ')
";

#[test]
fn patterns_of_text_agree_with_lua() {
    on_script_thread(|| {
        let rig = std::cell::RefCell::new(Rig::new());
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
            cases: 3000,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let lua = mlua::Lua::new();
        let result = runner.run(&case(), |(text, pattern)| {
            let code = format!("local text, pat = {text:?}, {pattern:?}\n{CALLS}");
            let theirs: String = lua.load(&code).eval().expect("plain Lua");
            let ours = rig.borrow_mut().run(&code).map_err(|e| TestCaseError::fail(e.to_string()))?.values.join("");
            prop_assert_eq!(ours, theirs, "{} in {}", pattern, text);
            Ok(())
        });
        if let Err(error) = result {
            panic!("{error}");
        }
    });
}
