//! Many jobs, and their ends.

use super::*;

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
