//! Lua beside the script thread: what goes in, what comes back, and what ends it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use cantus_lua::{Evaluation, Options, ScriptError};

use crate::rig::{Rig, on_script_thread};

mod pool;

/// A rig, and what is heard of it: what was printed, and complaints behind "! ".
struct Ears {
    rig: Rig,
    heard: Rc<RefCell<Vec<String>>>,
}

impl Ears {
    fn new() -> Ears {
        Ears::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Options)) -> Ears {
        let heard = Rc::<RefCell<Vec<String>>>::default();
        let (printed, complained) = (heard.clone(), heard.clone());
        let rig = Rig::with(|options| {
            options.print = Box::new(move |text| printed.borrow_mut().push(text.to_owned()));
            options.complain = Box::new(move |error| complained.borrow_mut().push(format!("! {error}")));
            change(options);
        });
        Ears { rig, heard }
    }

    /// Where time goes on although workers run, as while music plays; what never ends is not ended by its budget.
    fn live(workers: usize) -> Ears {
        Ears::with(|options| {
            (options.workers, options.lockstep, options.instructions) = (workers, false, u64::MAX);
        })
    }

    fn run(&mut self, code: &str) -> Evaluation {
        self.rig.run(code).unwrap_or_else(|error| panic!("{code}: {error}"))
    }

    fn say(&mut self, code: &str) -> Vec<String> {
        self.rig.say(code).unwrap_or_else(|error| panic!("{code}: {error}")).values
    }

    /// What is heard after two looks.
    fn hear(&mut self) -> Vec<String> {
        self.rig.script.tick();
        self.rig.script.tick();
        self.heard.take()
    }

    /// Looks until something is heard.
    fn listen(&mut self) -> Vec<String> {
        for _ in 0..10_000 {
            let heard = self.hear();
            if !heard.is_empty() {
                return heard;
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        panic!("nothing is heard");
    }
}

/// `[code of a file, what is heard]`, each on a fresh engine.
fn table(rows: &'static [(&str, &[&str])]) {
    on_script_thread(move || {
        for (code, expected) in rows {
            let mut ears = Ears::new();
            ears.run(code);
            assert_eq!(ears.hear(), *expected, "\n{code}");
        }
    });
}

#[test]
fn results_come_back() {
    table(&[
        ("worker('return 1 + 1', nil, print)", &["2"]),
        ("worker('return 1, nil, \"x\", true, 0.5', nil, print)", &["1\tnil\tx\ttrue\t0.5"]),
        ("worker('', nil, print)", &[""]),
        ("worker('return 1')", &[]),
        ("worker('return ...', 'as it is\\0', function(s) print(#s, s:sub(1, 8)) end)", &["9\tas it is"]),
        (
            "worker('local a = ... return a.n * 2, #a.list, a.list[2].x, a[true], a[0.5]',
                {n = 21, list = {1, {x = 'y'}}, [true] = 'yes', [0.5] = 'half'}, print)",
            &["42\t2\ty\tyes\thalf"],
        ),
        ("worker('return {a = {1, 2, {b = 3}}}', nil, function(t) print(t.a[3].b, #t.a) end)", &["3\t3"]),
        ("worker('print(\"one\") print(2, 3) return 4', nil, print)", &["one", "2\t3", "4"]),
        ("worker('return #euclid(3, 8), note(\"C4\")', nil, print)", &["8\t60"]),
        ("worker('return 1', nil, function(x) clock.sleep(0.01) print(x) end)", &["1"]),
        ("worker('return 1', nil, function(...) print(select(\"#\", ...)) end)", &["1"]),
        ("worker('print(\"a\")') worker('print(\"b\")')", &["a", "b"]),
    ]);
}

#[test]
fn what_goes_wrong_is_told() {
    table(&[
        (
            "\nworker('local x\\nreturn x.y', nil, nil, print)",
            &["song.lua:2 [worker]:2: attempt to index a nil value (local 'x')"],
        ),
        (
            "worker('eevry(1)')",
            &["! song.lua:1 [worker]:1: attempt to call a nil value (global 'eevry'); did you mean \"every\"?"],
        ),
        ("worker('error(\"no\")')", &["! song.lua:1 [worker]:1: no"]),
        ("worker('error(\"no\")', nil, print)", &["! song.lua:1 [worker]:1: no"]),
        ("worker('return 1', nil, function() error('oops') end)", &["! song.lua:1: oops; this coroutine has ended"]),
        ("worker('coroutine.yield()')", &["! song.lua:1 [worker]: coroutine.yield outside of a coroutine"]),
        (
            "worker('while true do end')",
            &[
                "! song.lua:1 [worker]:1: stopped: the script used up its 2000000 instructions; is there an endless loop?",
            ],
        ),
        (
            "worker('while true do pcall(function() while true do end end) end', nil, nil, print)",
            &["song.lua:1 [worker]:1: stopped: the script used up its 2000000 instructions; is there an endless loop?"],
        ),
        (
            "worker('local s = \"x\" for _ = 1, 40 do s = s .. s end')",
            &[
                "! song.lua:1 [worker]:1: not enough memory; the script holds more than it may: keep less data, or look for \
             a function that calls itself without end",
            ],
        ),
        (
            "worker('return {f = print}')",
            &[
                "! song.lua:1 [worker]: result.f: a function cannot come back from a worker; only numbers, texts, true, \
             false and tables of these can",
            ],
        ),
        (
            "worker('return 1, state', nil, nil, print)",
            &[
                "song.lua:1 [worker]: result 2: a table with a metatable cannot come back from a worker; send what is in \
             it, as a table of its own",
            ],
        ),
        (
            "worker('local t = {} for i = 1, 101 do t[i] = i end return table.unpack(t)')",
            &["! song.lua:1 [worker]: 101 results are too many; return at most 100, or a table"],
        ),
    ]);
}

#[test]
fn what_cannot_go_in_is_refused_at_once() {
    on_script_thread(|| {
        let only = "only numbers, texts, true, false and tables of these can";
        for (code, expected) in [
            (
                "worker(print)",
                "worker takes its code as text: a function cannot leave its script; write it between".into(),
            ),
            ("worker()", "worker takes its code as text, not nil".into()),
            (
                "worker('return +')",
                "the code of worker cannot be read: song.lua:1 [worker]:1: unexpected symbol near".into(),
            ),
            ("worker('', nil, 1)", "done of worker takes a function, not 1".into()),
            ("worker('', nil, nil, 'x')", "failed of worker takes a function, not \"x\"".into()),
            ("worker('', print)", format!("args: a function cannot be sent to a worker; {only}")),
            (
                "worker('', {list = {1, 2, print}})",
                format!("args.list[3]: a function cannot be sent to a worker; {only}"),
            ),
            ("worker('', {['a b'] = {[0.5] = {[true] = print}}})", {
                format!("args[\"a b\"][0.5][true]: a function cannot be sent to a worker; {only}")
            }),
            ("worker('', coroutine.create(print))", format!("args: a thread cannot be sent to a worker; {only}")),
            ("worker('', engine)", format!("args: an object cannot be sent to a worker; {only}")),
            ("worker('', {tone('k')})", "args[1]: a module cannot be sent to a worker; send its name".into()),
            (
                "worker('', {s = sequins {1, 2}})",
                "args.s: a table with a metatable cannot be sent to a worker; send".into(),
            ),
            ("worker('', engine:getState())", "args: a table with a metatable cannot be sent to a worker; send".into()),
            (
                "worker('', {[{}] = 1})",
                "args: a table as a key cannot be sent to a worker; use names and numbers".into(),
            ),
            ("local t = {} t.a = {t} worker('', t)", {
                "args.a[1]: a table that contains itself cannot be sent to a worker; leave that out".into()
            }),
            ("local t = {} for _ = 1, 64 do t = {t} end worker('', t)", "args[1][1][1][1]".into()),
            ("local t = {} for i = 1, 100000 do t[i] = i end worker('', t)", {
                "args: so much cannot be sent to a worker at once; at most 100000 values, and 4 MB of text".into()
            }),
            (
                "local s = ('x'):rep(2 ^ 20) worker('', {s, s, s, s, 'x'})",
                "args[5]: so much cannot be sent to a worker at once".into(),
            ),
        ] {
            let mut ears = Ears::new();
            let error = ears.rig.run(code).expect_err(code).to_string();
            let expected = format!("song.lua:1: {expected}");
            assert!(error.starts_with(&expected), "{code}\n{error}\n{expected}");
        }
        let mut ears = Ears::new();
        ears.run("local t = {} for _ = 1, 63 do t = {t} end worker('', t)");
        ears.run("local t = {} for i = 1, 49999 do t[i] = i end worker('return #...', t, print)");
        assert_eq!(ears.hear(), ["49999"]);
    });
}

#[test]
fn the_state_can_be_read_as_it_was() {
    on_script_thread(|| {
        let mut ears = Ears::new();
        ears.run(
            "local k = tone('k', {volume = 0.5}) bpm(90)
             worker([[
                 local k = engine:getModuleRegistry():getModule('k')
                 print(state.modules.k.parameters.volume, k.volume, bpm(), state.clock.bpm, getParam('k.volume'))
                 print(state.clock.beat, state.clock.playing, state.clone().modules.k.type, #state.connections)
             ]])
             k.volume = 0.75 bpm(120)",
        );
        ears.run("tone('k', {volume = 1})");
        // The second evaluation has ended the worker of the first.
        assert_eq!(ears.hear(), [""; 0]);
        ears.say(
            "k = tone('k', {volume = 0.5}) bpm(90) worker('print(state.modules.k.parameters.volume, bpm())') bpm(80)",
        );
        ears.say("k.volume = 0.75");
        assert_eq!(ears.hear(), ["0.5\t90.0"]);
    });
}

#[test]
fn nothing_can_be_changed() {
    on_script_thread(|| {
        for code in [
            "bpm(90)",
            "tone('x')",
            "tone('k')",
            "engine:getModuleRegistry():getModule('k').volume = 0",
            "connect('k', 'out')",
            "exec('set k.volume 1')",
            "quantize('bar')",
            "undo()",
            "hush()",
            "tap()",
            "every(1, print)",
            "setTimeout(print, 1)",
            "clock.run(print)",
            "clock.sync(1)",
            "clock.sleep(1)",
            "clock.cancel(1)",
            "engine:onStateChange(print)",
            "engine:save('x')",
            "keep('x', 1)",
            "worker('')",
        ] {
            let mut ears = Ears::new();
            ears.say("tone('k')");
            let batches = ears.rig.engine.batches.borrow().len();
            ears.say(&format!("worker([[ {code} ]])"));
            let heard = ears.hear();
            let expected = "! prompt:1 [worker]:1: a worker only reads the session, and does not wait; return what is";
            assert!(heard.len() == 1 && heard[0].starts_with(expected), "{code}: {heard:?}");
            assert_eq!(ears.rig.engine.batches.borrow().len(), batches, "{code}");
        }
        let mut ears = Ears::new();
        ears.say("worker('state.clock.bpm = 1')");
        assert!(ears.hear()[0].contains("the state cannot be changed"));
    });
}
