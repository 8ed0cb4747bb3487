//! Scripts that are broken, each in its own way: every one ends within its budget, with file and line, changes nothing,
//! and leaves a state on which the next script runs. What each is called says what is wrong with it.

mod endless;
mod language;
mod later;
mod refused;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::rig::{Rig, on_script_thread};

/// `[name, code, beginning of the error]`
type Class = (&'static str, &'static str, &'static str);

const ENDLESS: &str = "stopped: the script used up its 2000000 instructions; is there an endless loop?";
const MEMORY: &str = "not enough memory; the script holds more than it may: keep less data, or look for a function that \
                      calls itself without end";

/// `[code, beginning of the error]`; ENDLESS and MEMORY may come on any line of the script that `?` allows.
const BROKEN: &[(&str, &str)] = &[
    // Slips.
    ("x = = 1", "song.lua:1: unexpected symbol near '='"),
    ("bpm(90)\nfor i = 1, 3 do", "song.lua:2: 'end' expected"),
    ("\nx = 'no end", "song.lua:2: unfinished string near <eof>"),
    ("smapler('kick')", "song.lua:1: attempt to call a nil value (global 'smapler')"),
    ("\ntonee('kick')", "song.lua:2: attempt to call a nil value (global 'tonee'); did you mean \"tone\"?"),
    ("kick.volume = 1", "song.lua:1: attempt to index a nil value (global 'kick')"),
    ("local t = {}\nt.a.b = 1", "song.lua:2: attempt to index a nil value (field 'a')"),
    ("return 1 + {}", "song.lua:1: attempt to perform arithmetic on a table value"),
    ("error('mine')", "song.lua:1: mine"),
    ("\nerror({code = 1})", "song.lua:2: the error is a table; throw text"),
    ("\nerror()", "song.lua:2: nil"),
    ("\nerror('no place', 0)", "song.lua:2: no place"),
    ("assert(false)", "song.lua:1: assertion failed!"),
    ("assert(nil, 'because')", "song.lua:1: because"),
    ("function f()\n  tone(1)\nend\nf()", "song.lua:2: the name of a module must be text"),
    ("\npcall(1, 2)\nlocal ok, e = pcall(tone, 1) error(e, 0)", "song.lua:3: the name of a module must be text"),
    ("coroutine.wrap(function()\n  tone(1)\nend)()", "song.lua:2: the name of a module must be text"),
    ("coroutine.wrap(function()\n  error('inside')\nend)()", "song.lua:2: inside"),
    ("\ncoroutine.yield()", "song.lua:2: coroutine.yield outside of a coroutine"),
    ("goto nowhere", "song.lua:1: no visible label 'nowhere'"),
    ("table.concat({{}})", "song.lua:1: invalid value (table) at index 1 in table for 'concat'"),
    ("local s = 'x'\ns:bad()", "song.lua:2: attempt to call a nil value (method 'bad')"),
    ("table.sort({3, 2, 1, 4, 5}, function() return true end)\nerror('sorted')", "song.lua:"),
    // What does not end.
    ("while true do end", "song.lua:1: stopped"),
    ("\nrepeat until false", "song.lua:2: stopped"),
    ("while true do pcall(function() while true do end end) end", "song.lua:1: stopped"),
    ("while true do pcall(error) end", "song.lua:1: stopped"),
    ("local function f() return pcall(f) or f() end f()", "song.lua:1: stopped"),
    ("\ncoroutine.wrap(function() while true do end end)()", "song.lua:2: stopped"),
    ("while true do coroutine.resume(coroutine.create(function() while true do end end)) end", "song.lua:1: stopped"),
    ("while true do local c = coroutine.wrap(function() coroutine.yield() end) c() c() end", "song.lua:1: stopped"),
    ("xpcall(function() while true do end end, function() while true do end end)", "song.lua:1: stopped"),
    ("xpcall(error, function() while true do end end)", "song.lua:1: stopped"),
    ("local t = setmetatable({}, {__index = function() while true do end end}) print(t.x)", "song.lua:1: stopped"),
    ("local t = setmetatable({}, {__tostring = function() while true do end end}) print(t)", "song.lua:1: stopped"),
    ("do local x <close> = setmetatable({}, {__close = function() while true do end end}) end", "song.lua:1: stopped"),
    ("table.sort({2, 1}, function() while true do end end)", "song.lua:1: stopped"),
    ("('x'):gsub('x', function() while true do end end)", "song.lua:1: stopped"),
    ("load(function() while true do end end) error('went on')", "song.lua:1: stopped"),
    ("load('while true do end', '@part.lua')()", "part.lua:1: stopped"),
    ("while true do tone('kick') end", "song.lua:1: stopped"),
    // What takes C or the matcher too long.
    ("\n(('a'):rep(10000)):find('.-.-.-b')", "song.lua:2: stopped"),
    ("pcall(string.match, ('a'):rep(10000), '.-.-b') error('went on')", "song.lua:1: stopped"),
    ("for _ in (('a'):rep(10000)):gmatch('.-.-b') do end", "song.lua:1: stopped"),
    ("(('a'):rep(20000)):gsub('.-.-b', '')", "song.lua:1: stopped"),
    ("local s = ('a'):rep(1000000) while true do s:find('b', 1, true) end", "song.lua:1: stopped"),
    ("local s = ('a'):rep(1000000) while true do s:upper() end", "song.lua:1: stopped"),
    ("local t = {} for i = 1, 20000 do t[i] = i end while true do table.insert(t, 1, 0) end", "song.lua:1: stopped"),
    ("local t = {} for i = 1, 90000 do t[i] = -i end while true do table.sort(t) end", "song.lua:1: stopped"),
    ("string.rep('', 1e9) string.rep('x', 1e11)", "song.lua:1: the resulting text is too long; 16 MB are possible"),
    ("(('x'):rep(1e6)):gsub('x', ('y'):rep(1e4))", "song.lua:1: "),
    ("table.move({}, 1, 1e8, 2)", "song.lua:1: table.move moves at most 1000000 values"),
    (
        "table.insert(setmetatable({}, {__len = function() return 1e8 end}), 1, 1)",
        "song.lua:1: takes no table with a __len of its own",
    ),
    (
        "local t = {} for i = 1, 100001 do t[i] = i end table.sort(t)",
        "song.lua:1: table.sort sorts at most 100000 values",
    ),
    // What takes too much memory or stack.
    ("local t, s = {}, ('x'):rep(50000)\nwhile true do t[#t + 1] = s .. #t end", "song.lua:2: not enough memory"),
    ("local s = 'x'\nwhile true do s = s .. s end", "song.lua:2: not enough memory"),
    ("local t = {}\nfor i = 1, 1e9 do t[i] = i end", "song.lua:2: "),
    ("local function f(a, b, c, d, e) return 1 + f(a, b, c, d, e) end f()", "song.lua:1: stack overflow"),
    ("local function f() return 1 + f() end f()", "song.lua:1: "),
    ("local function f() pcall(f) error('deep') end f()", "song.lua:1: "),
    (
        "local t = setmetatable({}, {}) getmetatable(t).__index = t print(t.x)",
        "song.lua:1: '__index' chain too long; possible loop",
    ),
    ("local function f(s) return (s:gsub('x', f)) end f('x')", "song.lua:1: "),
    ("(('('):rep(40) .. (')'):rep(40)):find(('('):rep(40) .. (')'):rep(40))", "song.lua:1: too many captures"),
    ("('x'):find('%')", "song.lua:1: malformed pattern (ends with '%')"),
    ("('x'):find('[a')", "song.lua:1: malformed pattern (missing ']')"),
    // What is not allowed.
    ("setmetatable({}, {__gc = function() end})", "song.lua:1: __gc is not possible here"),
    ("local f, e = load('\\27Lua') error(e, 0)", "song.lua:1: attempt to load a binary chunk"),
    ("string.dump(print)", "song.lua:1: attempt to call a nil value (field 'dump')"),
    (
        "require('../secret')",
        "song.lua:1: require \"../secret\": names are letters, digits and _, with dots for folders",
    ),
    ("require('nothing')", "song.lua:1: could not require \"nothing\""),
    ("dofile('x')", "song.lua:1: attempt to call a nil value (global 'dofile')"),
    ("os.exit()", "song.lua:1: attempt to index a nil value (global 'os')"),
    ("io.open('x')", "song.lua:1: attempt to index a nil value (global 'io')"),
    ("debug.sethook()", "song.lua:1: attempt to index a nil value (global 'debug')"),
    ("collectgarbage('stop')", "song.lua:1: attempt to call a nil value (global 'collectgarbage')"),
    ("math.sin = nil", "song.lua:1: math belongs to Cantus and cannot be changed"),
    ("rawset(math, 'sin', 1)", "song.lua:1: math belongs to Cantus and cannot be changed"),
    ("bpm = 120", "song.lua:1: 'bpm' belongs to Cantus; choose another name, or make it local"),
    ("tone = tone('kick')\nsnare = tone('snare')", "song.lua:2: attempt to call a module value (global 'tone')"),
    ("getmetatable('').__index = nil", "song.lua:1: attempt to index a boolean value"),
    ("setmetatable(_G, {})", "song.lua:1: cannot change a protected metatable"),
    ("engine.x = 1", "song.lua:1: engine belongs to Cantus and cannot be changed"),
];

/// Evaluates one that must fail, and looks at all that must hold then.
fn check(rig: &mut Rig, name: &str, code: &str, expected: &str) -> Result<(), String> {
    let (before, batches) = (rig.engine.model(), rig.engine.batches.borrow().len());
    let begin = Instant::now();
    let Err(error) = rig.run(code) else { return Err(format!("\n{name}: ended well:\n{code}")) };
    let (took, text) = (begin.elapsed(), error.to_string());
    let whole = |part: &str, all: &str| !text.contains(part) || text.ends_with(all);
    let unchanged = *rig.engine.model() == *before && rig.engine.batches.borrow().len() == batches;
    for (holds, what) in [
        (text.starts_with(expected), "what was expected"),
        (error.line.is_some(), "with a line"),
        (whole(": stopped: the script used", ENDLESS) && whole("not enough memory", MEMORY), "the whole sentence"),
        (!text.contains("[cantus") && !text.contains("runtime error"), "free of what is ours"),
        (text.chars().count() < 5000, "short"),
        (unchanged, "without a change"),
        (took < Duration::from_secs(20), "soon"),
    ] {
        if !holds {
            let text: String = text.chars().take(300).collect();
            return Err(format!("\n{name}: not {what}, {took:?}:\n{code}\n got {text}\nnot {expected}"));
        }
    }
    Ok(())
}

#[test]
fn every_one_ends_with_file_and_line() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run("bpm(100) tone('there')").expect("runs");
        let more = BROKEN.iter().map(|(code, expected)| ("no name", *code, *expected));
        let named = [language::CLASSES, endless::CLASSES, refused::CLASSES].concat();
        let locals = (0..200).map(|n| format!("local a{n} = 1 ")).collect::<String>();
        let mut wrong = Vec::new();
        for (name, code, expected) in named.into_iter().chain(more) {
            wrong.extend(check(&mut rig, name, &code.replace("LOCALS", &locals), expected).err());
            rig.run("bpm(100) tone('there') assert(('ab'):upper() == 'AB')").expect("the state is well");
        }
        assert!(wrong.is_empty(), "{}", wrong.concat());
        rig.run("local n = 0 for i = 1, 1e5 do n = n + i end bpm(101)").expect("the state is well");
    });
}

#[test]
fn classes_are_many_and_distinct() {
    let named = [language::CLASSES, endless::CLASSES, refused::CLASSES].concat();
    let names: std::collections::BTreeSet<&str> =
        named.iter().map(|class| class.0).chain(later::CLASSES.iter().map(|class| class.0)).collect();
    assert_eq!(names.len(), named.len() + later::CLASSES.len(), "each has a name of its own");
    assert!(names.len() >= 60, "{}", names.len());
}

#[test]
fn what_goes_wrong_later_is_said_with_file_and_line() {
    on_script_thread(|| {
        let mut wrong = Vec::new();
        for (name, code, expected) in later::CLASSES {
            let said = Rc::<RefCell<Vec<String>>>::default();
            let heard = said.clone();
            let mut rig = Rig::with(|o| o.complain = Box::new(move |error| heard.borrow_mut().push(error.to_string())));
            rig.run("bpm(100) tone('there')").expect("runs");
            rig.run(code).unwrap_or_else(|error| panic!("{name}: {error}"));
            let (before, batches) = (rig.engine.model(), rig.engine.batches.borrow().len());
            let begin = Instant::now();
            for _ in 0..20 {
                rig.engine.seconds.set(rig.engine.seconds.get() + 0.01);
                rig.script.tick();
            }
            let (took, said) = (begin.elapsed(), said.take());
            let unchanged = *rig.engine.model() == *before && rig.engine.batches.borrow().len() == batches;
            rig.run("bpm(101) assert(('ab'):upper() == 'AB')").unwrap_or_else(|error| panic!("{name}: {error}"));
            let first = said.first().map(String::as_str).unwrap_or_default();
            if !first.starts_with(expected) || said.len() != 1 || !unchanged || took > Duration::from_secs(20) {
                let count = said.len();
                wrong.push(format!(
                    "\n{name} ({took:?}, unchanged: {unchanged}, {count} said)\n got {first}\nnot {expected}"
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.concat());
    });
}

/// Whatever begins however many, one look takes no longer than a share of the budget, and all that fail alike say so once.
#[test]
fn timers_that_multiply_let_go() {
    on_script_thread(|| {
        let said = Rc::<RefCell<Vec<String>>>::default();
        let heard = said.clone();
        let mut rig = Rig::with(|o| o.complain = Box::new(move |error| heard.borrow_mut().push(error.to_string())));
        rig.run("local function f() clock.run(f) clock.run(f) end f()").expect("runs");
        for _ in 0..30 {
            let begin = Instant::now();
            rig.script.tick();
            assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        }
        assert!(said.borrow().len() <= 2, "{:?}", said.borrow());
        rig.run("").expect("they end with their file");
        assert_eq!(rig.run("return #timers()").expect("runs").values, ["0"]);
    });
}

/// What a hundred coroutines do at their end has one share of the budget, and its own limit of memory.
#[test]
fn ends_of_coroutines_are_bounded() {
    on_script_thread(|| {
        for (end, expected) in [
            ("while true do end", "song.lua:1: stopped"),
            ("local s = 'x' while true do s = s .. s end", "song.lua: not enough memory"),
            ("error('no')", "song.lua:1: no (while a coroutine that has ended closed what it held)"),
        ] {
            let said = Rc::<RefCell<Vec<String>>>::default();
            let heard = said.clone();
            let mut rig = Rig::with(|o| {
                o.instructions = 20_000_000;
                o.complain = Box::new(move |error| heard.borrow_mut().push(error.to_string()));
            });
            let holds = format!(
                "for _ = 1, 100 do clock.run(function() local x <close> = setmetatable({{}}, {{__close = function() {end} \
                 end}}) clock.sleep(100) end) end"
            );
            rig.run(&holds).expect("runs");
            rig.script.tick();
            let begin = Instant::now();
            rig.run("").expect("they end");
            assert!(begin.elapsed() < Duration::from_secs(20), "{end}: {:?}", begin.elapsed());
            let said = said.take();
            // Once, of all that fail alike; and that their share is used up.
            assert!(said.len() <= 2 && said[0].starts_with(expected), "{end}: {said:?}");
            assert!(said[1..].iter().all(|text| text.starts_with("song.lua:1: stopped")), "{end}: {said:?}");
        }
    });
}

/// What was stopped while it was loaded can be required again, at a prompt too.
#[test]
fn a_library_that_was_stopped_is_not_loading_for_ever() {
    on_script_thread(|| {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("lib")).expect("made");
        std::fs::write(folder.path().join("lib/slow.lua"), "while true do end").expect("written");
        let root = folder.path().to_owned();
        let mut rig = Rig::with(|o| o.root = root);
        for _ in 0..2 {
            let error = rig.say("require('slow')").expect_err("stops").to_string();
            assert!(error.starts_with("lib/slow.lua:1: stopped"), "{error}");
        }
    });
}

#[test]
fn wall_time() {
    on_script_thread(|| {
        let mut rig = Rig::with(|o| (o.instructions, o.wall) = (u64::MAX, Some(Duration::from_millis(50))));
        let begin = Instant::now();
        let error = rig.run("\nwhile true do pcall(function() while true do end end) end").expect_err("stops");
        assert_eq!(
            error.to_string(),
            "song.lua:2: stopped: the script ran for more than 0.05 s; is there an endless loop?"
        );
        assert!(begin.elapsed() < Duration::from_secs(2));
    });
}

/// A handle has a destructor: Lua's collector alone would not keep up with a script that drops many.
#[test]
fn dropped_handles_are_collected() {
    on_script_thread(|| {
        let mut rig = Rig::with(|o| o.memory = 4 << 20);
        let error = rig.run("while true do tone('kick') end").expect_err("stops");
        assert_eq!(error.to_string(), format!("song.lua:1: {ENDLESS}"));
    });
}

#[test]
fn tracebacks_name_the_calls() {
    on_script_thread(|| {
        let deep = |call: &str| format!("local function f()\n  {call}\nend\nf()\n");
        // Lua's own error, one of ours, one within the library, and one that the budget ends.
        for call in ["error('deep')", "connect(3, 4)", "scale('C4', 'majr')", "while true do end"] {
            let error = Rig::new().run(&deep(call)).expect_err("fails");
            let trace = error.traceback.expect("a traceback");
            assert_eq!(trace, "stack traceback:\n\tsong.lua:2: in local 'f'\n\tsong.lua:4: in main chunk", "{call}");
        }
        assert_eq!(Rig::new().run("x = = 1").expect_err("fails").traceback, None);
    });
}

#[test]
fn files() {
    on_script_thread(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_owned();
        let put = |name: &str, code: &str| {
            std::fs::create_dir_all(root.join("lib/deep")).expect("made");
            std::fs::write(root.join(name), code).expect("written");
        };
        put("lib/scale.lua", "local M = {} M.root = ... return M");
        put("lib/deep/er.lua", "global_of_er = 7 return require('scale')");
        put("lib/bad.lua", "\nx = = 1");
        put("lib/wrong.lua", "\n\nreturn nothing.at_all");
        put("lib/a.lua", "local b = require('b') return b");
        put("lib/b.lua", "local a = require('a') return a");
        put("secret.lua", "return 1");
        std::os::unix::fs::symlink(root.join("secret.lua"), root.join("lib/link.lua")).expect("linked");
        let set_root = root.clone();
        let mut rig = Rig::with(|o| o.root = set_root);
        for (code, expected) in [
            ("return require('scale').root, require('scale') == require('deep.er'), global_of_er", "scale true 7"),
            ("require('bad')", "lib/bad.lua:2: unexpected symbol near '='"),
            ("require('wrong')", "lib/wrong.lua:3: attempt to index a nil value (global 'nothing')"),
            ("require('a')", "lib/b.lua:1: require \"a\" goes round in a circle: a -> b -> a"),
            (
                "require('link')",
                "main.lua:1: could not require \"link\": lib/link.lua lies outside of lib/; copy it there",
            ),
        ] {
            put("main.lua", code);
            let answer = match rig.script.eval_file(&root.join("main.lua")) {
                Ok(done) => done.values.join(" "),
                Err(error) => error.to_string(),
            };
            assert_eq!(answer, expected, "{code}");
        }
        let error = rig.script.eval_file(&root.join("none.lua")).expect_err("no file").to_string();
        assert!(error.starts_with("none.lua: could not read the script"), "{error}");
    });
}
