//! Lua beside the script thread: what goes in, what comes back, and what ends it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use cantus_lua::{Evaluation, Options, ScriptError};

use crate::rig::{Rig, on_script_thread};

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

#[test]
fn what_is_cancelled_says_nothing() {
    on_script_thread(|| {
        let mut ears = Ears::live(1);
        // One that runs without end, one that waits behind it, and one behind both.
        ears.say("a = worker('print(\"a\") while true do end', nil, print, print)");
        assert_eq!(ears.listen(), ["a"]);
        ears.say("b = worker('print(\"b\")', nil, print)  c = worker('return \"c\"', nil, print)");
        let listed = ears.say("local t = timers() return #t, t[1].what, t[1].file, t[1].id == a");
        assert_eq!(listed, ["3", "worker", "prompt", "true"]);
        assert_eq!(ears.say("return clock.cancel(b), clock.cancel(b)"), ["true", "false"]);
        assert_eq!(ears.say("return clock.cancel(a)"), ["true"]);
        assert_eq!(ears.say("return clock.cancel(a)"), ["false"]);
        assert_eq!(ears.listen(), ["c"]);
        assert_eq!(ears.say("return clock.cancel(c), #timers()"), ["false", "0"]);
        // One that was never begun, and one whose result waits to be given.
        ears.say("assert(clock.cancel(worker('print(\"d\")')))");
        ears.say("a = worker('while true do end') worker('while true do end')");
        ears.say("hush()");
        ears.say("worker('return \"e\"', nil, print)");
        assert_eq!(ears.listen(), ["e"]);
    });
}

#[test]
fn nobody_waits_for_what_never_ends() {
    on_script_thread(|| {
        let mut ears = Ears::live(2);
        ears.say("for _ = 1, 4 do worker('while true do end') end");
        ears.say("worker('while true do print(1) end')");
        assert_eq!(ears.hear(), [""; 0], "looking does not wait");
        assert!(ears.rig.script.tick().is_some_and(|seconds| seconds < 0.01), "it is looked at again soon");
        // Ends the test, too.
        drop(ears);
    });
}

#[test]
fn a_full_pool_refuses() {
    on_script_thread(|| {
        let full = "song.lua:1: all workers are busy: 1 run at a time, and 32 more wait already; wait for a result, end \
                    one with clock.cancel, or let one do more";
        let jobs = |count: u32| format!("for i = 1, {count} do worker('return ...', i, function(i) print(i) end) end");
        let refused = |answer: Result<Evaluation, ScriptError>| answer.expect_err("it is full").to_string();
        let mut ears = Ears::with(|options| options.workers = 1);
        assert_eq!(refused(ears.rig.run(&jobs(34))), full);
        assert_eq!(ears.hear(), [""; 0], "nothing of that was begun");
        ears.run(&jobs(33));
        assert_eq!(refused(ears.rig.file("song.lua", &jobs(34))), full);
        assert!(refused(ears.rig.say("worker('')")).starts_with("prompt:1: all workers are busy"));
        // Its own end when it begins anew.
        ears.run(&jobs(33));
        let expected: Vec<String> = (1..=33).map(|i| i.to_string()).collect();
        assert_eq!(ears.hear(), expected);
        ears.say("worker('return \"room\"', nil, print)");
        assert_eq!(ears.hear(), ["room"]);
        ears.say("for i = 1, 100 do assert(clock.cancel(worker(''))) end");
    });
}

#[test]
fn a_job_begins_and_ends_with_its_evaluation() {
    on_script_thread(|| {
        let mut ears = Ears::new();
        assert!(ears.rig.run("worker('print(1)', nil, print) error('no')").is_err());
        assert_eq!((ears.hear(), ears.say("return #timers()")), (vec![], vec!["0".to_owned()]));
        ears.run("worker('return \"old\"', nil, print)");
        assert!(ears.rig.run("error('no')").is_err());
        assert_eq!(ears.hear(), ["old"], "what fails ends nothing");
        ears.run("worker('return \"old\"', nil, print)");
        ears.rig.file("other.lua", "worker('return \"other\"', nil, print)").expect("runs");
        ears.run("worker('return \"new\"', nil, print)");
        assert_eq!(ears.hear(), ["other", "new"]);
        // Also when its result is there and waits.
        ears.run("worker('return 1', nil, function() clock.sleep(100) print('old') end)");
        assert_eq!(ears.hear(), [""; 0]);
        assert_eq!(ears.say("return #timers()"), ["1"]);
        ears.run("");
        assert_eq!(ears.say("return #timers()"), ["0"]);
    });
}

#[test]
fn results_come_in_the_order_of_the_requests() {
    on_script_thread(|| {
        for _ in 0..10 {
            let mut ears = Ears::with(|options| options.workers = 4);
            ears.run(
                "for i = 8, 1, -1 do
                     worker('local n = ... print(n) for i = 1, n * 20000 do end print(-n) return n * 10', i, print)
                 end",
            );
            let printed = (1..=8).rev().flat_map(|n| [n, -n]);
            let expected: Vec<String> = printed.chain((1..=8).rev().map(|n| n * 10)).map(|n| n.to_string()).collect();
            assert_eq!(ears.hear(), expected);
        }
    });
}

#[test]
fn random_numbers_are_the_jobs_own() {
    on_script_thread(|| {
        let drawn = |before: &str, code: &str| {
            let mut ears = Ears::new();
            ears.run(&format!("{before} {code}"));
            ears.hear()
        };
        let draw = "worker('return math.random(1000000)', nil, function(n) print(n, math.random(1000000)) end)";
        let alone = drawn("", draw);
        assert_eq!(alone, drawn("every(1, print) math.random() tone('k')", draw), "others do not matter");
        let two = drawn("", &format!("{draw} {draw}"));
        assert_eq!(two[0], alone[0]);
        assert_ne!(two[1], two[0], "each has its own");
        assert_ne!(alone, drawn("setting('seed', 7)", draw));
        let (job, done) = alone[0].split_once('\t').expect("two numbers");
        assert_ne!(job, done);
        let again = "worker('local a = math.random() math.randomseed() print(a == math.random())')";
        assert_eq!(drawn("", again), ["true"]);
    });
}

#[test]
fn a_job_leaves_nothing_behind() {
    on_script_thread(|| {
        let mut ears = Ears::with(|options| options.workers = 1);
        ears.say("x = 1");
        ears.say("worker('x = 2  string.y = 3', nil, nil, function() end)  worker('x = 2 math.randomseed(1)')");
        ears.say("worker('print(x, string.y, state.x)')");
        assert_eq!(ears.hear(), ["nil\tnil\tnil"]);
        assert_eq!(ears.say("return x"), ["1"]);
    });
}

#[test]
fn libraries_are_found() {
    on_script_thread(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("lib")).expect("it is empty");
        std::fs::write(folder.path().join("lib/a.lua"), "return {n = 7}").expect("the folder is there");
        let mut ears = Ears::with(|options| options.root = folder.path().to_owned());
        ears.say("worker('return require(\"a\").n', nil, print)");
        assert_eq!(ears.hear(), ["7"]);
    });
}

#[test]
fn a_worker_may_say_more_than_there_is_room_for() {
    on_script_thread(|| {
        let mut ears = Ears::new();
        ears.run("worker('for i = 1, 1000 do print(i) end')");
        let expected: Vec<String> = (1..=1000).map(|i| i.to_string()).collect();
        assert_eq!(ears.hear(), expected);
        // And may be told to end while it speaks.
        let mut ears = Ears::live(1);
        ears.say("a = worker('while true do print(1) end')");
        ears.listen();
        ears.say("clock.cancel(a)  worker('return 2', nil, print)");
        let heard = std::iter::repeat_with(|| ears.listen()).flatten().find(|line| line != "1");
        assert_eq!(heard.as_deref(), Some("2"));
    });
}
