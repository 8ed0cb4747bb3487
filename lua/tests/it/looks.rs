//! What is done at one look at what is due: how much, what of that which asks for too much, and how it ends.

use std::cell::RefCell;
use std::rc::Rc;

use cantus_lua::Options;

use crate::rig::{Rig, on_script_thread};

/// A rig whose complaints are kept.
fn rig(change: impl FnOnce(&mut Options)) -> (Rig, Rc<RefCell<Vec<String>>>) {
    let complaints = Rc::<RefCell<Vec<String>>>::default();
    let heard = complaints.clone();
    let rig = Rig::with(|options| {
        options.complain = Box::new(move |error| heard.borrow_mut().push(error.to_string()));
        change(options);
    });
    (rig, complaints)
}

#[test]
fn whoever_waits_comes_between_what_takes_long() {
    on_script_thread(|| {
        let (mut rig, _) = rig(|options| options.instructions = 200_000);
        let spin = "for i = 1, 30 do clock.run(function() print(i) while true do end end) end";
        let busy = "for i = 1, 30 do clock.run(function() print(i) for n = 1, 6000 do end end) end";
        let told = "for i = 1, 30 do engine:onStateChange(function() print(i) for n = 1, 6000 do end end) end";
        // How many begin at a look: of what never ends one, of what takes half of a look's share a few.
        for (code, at_once) in [(spin, 1..=1), (busy, 2..=4), (told, 2..=4)] {
            rig.say("hush()").expect("runs");
            rig.script.tick();
            rig.printed.take();
            rig.say(code).expect("runs");
            rig.say("bpm(bpm() + 1)").expect("runs");
            rig.engine.seconds.set(rig.engine.seconds.get() + 1.0);
            let mut all = Vec::new();
            for _ in 0..30 {
                rig.script.tick();
                let printed = rig.printed.take();
                let now: Vec<&str> = printed.lines().collect();
                assert!(
                    now.is_empty() || at_once.contains(&now.len()) || all.len() + now.len() == 30,
                    "{code}: {now:?}"
                );
                all.extend(now.into_iter().map(String::from));
            }
            // None is lost, and none comes twice.
            assert_eq!(all, (1..=30).map(|i: i32| i.to_string()).collect::<Vec<_>>(), "{code}");
        }
    });
}

#[test]
fn scripts_run_as_far_ahead_as_the_device_takes_at_once() {
    on_script_thread(|| {
        // A quantum; and a block of 4096 frames with 4 ms, beyond the 50 ms that scripts run ahead by themselves.
        for (horizon, still, ahead) in [(64.0, 0.149, 0.151), (4288.0, 0.110, 0.111)] {
            let (mut rig, _) = rig(|_| {});
            rig.engine.horizon.set(horizon);
            rig.run("setTimeout(function() print('now') end, 200)").expect("runs");
            rig.engine.seconds.set(still);
            let wait = rig.script.tick().expect("something is due");
            assert_eq!(*rig.printed.borrow(), "", "{horizon}");
            assert!((still + wait) < ahead, "{horizon}: {wait}");
            rig.engine.seconds.set(ahead);
            rig.script.tick();
            assert_eq!(*rig.printed.borrow(), "now\n", "{horizon}");
        }
    });
}

#[test]
fn calls_that_wait_are_bounded() {
    on_script_thread(|| {
        let (mut rig, complaints) = rig(|options| options.instructions = 100_000_000);
        rig.run("for i = 1, 100 do setInterval(function() clock.sleep(100000) end, 1) end").expect("runs");
        for _ in 0..200 {
            rig.script.tick();
            rig.engine.seconds.set(rig.engine.seconds.get() + 0.001);
        }
        assert_eq!(
            complaints.borrow()[0],
            "song.lua:1: clock.sleep: 10000 timers and coroutines are waiting already, and more are not possible; end \
             some with clock.cancel, or let one do the work of many (in setInterval)"
        );
        assert_eq!(rig.say("return #timers()").expect("runs").values, ["10000"]);
        rig.run("").expect("runs");
        assert_eq!(rig.say("return #timers()").expect("runs").values, ["0"]);
    });
}

#[test]
fn what_holds_all_memory_can_be_ended() {
    // Each holds some 100 KB on its stack while it waits.
    let hoard = "local function deep(n) if n == 0 then clock.sleep(1000) else deep(n - 1) end return n end
                 for i = 1, 1000 do clock.run(deep, 2000) end";
    for end in ["hush()", ""] {
        on_script_thread(move || {
            let (mut rig, complaints) = rig(|options| options.memory = 8 << 20);
            rig.run(hoard).expect("runs");
            (0..1000).for_each(|_| _ = rig.script.tick());
            assert!(complaints.borrow()[0].contains("not enough memory"), "{complaints:?}");
            if end.is_empty() { rig.run(end) } else { rig.say(end) }.expect("runs");
            assert_eq!(rig.say("return #timers()").expect("runs").values, ["0"]);
            rig.say("local t = {} for i = 1, 100000 do t[i] = i end").expect("has room again");
        });
    }
}

#[test]
fn what_is_closed_is_closed_in_a_turn_of_its_own() {
    let hold = "local kick = tone('kick')
        local function hold(value) return setmetatable({}, {__close = function(_, why)
            print('closed', why) kick.volume = value if value > 1 then error('stuck') end
        end}) end ";
    let late = "local kick <const> = engine:getModuleRegistry():getModule('kick')";
    // What is done at the prompt once it runs, what is printed, what the volume is, and what is complained of.
    let rows = [
        (
            "clock.run(function() local _ <close> = hold(0.25) clock.sleep(9) end)",
            "hush()",
            "closed\tnil",
            "0.25",
            vec![],
        ),
        (
            "clock.run(function() local _ <close> = hold(0.25) clock.sleep(0) error('oops') end)",
            "",
            "closed\tsong.lua:5: oops",
            "0.25",
            vec!["song.lua:5: oops; this coroutine has ended"],
        ),
        (
            "setTimeout(function() local _ <close> = hold(0.25) local _ <close> = hold(0.5) error('oops') end, 0)",
            "",
            "closed\tsong.lua:5: oops\nclosed\tsong.lua:5: oops",
            "0.25",
            vec!["song.lua:5: oops (in setTimeout)"],
        ),
        (
            "clock.run(function() local _ <close> = hold(1.5) clock.sleep(9) end)",
            "hush()",
            "closed\tnil",
            "1",
            vec!["song.lua:3: stuck (while a coroutine that has ended closed what it held)"],
        ),
    ];
    on_script_thread(move || {
        for (code, then, printed, volume, expected) in rows {
            let (mut rig, complaints) = rig(|_| {});
            rig.run(&format!("{hold}\n{code}")).expect("runs");
            (0..3).for_each(|_| _ = rig.script.tick());
            rig.say(then).expect("runs");
            assert_eq!(rig.printed.borrow().trim_end(), printed, "{code}");
            assert_eq!(rig.say(&format!("{late} return kick.volume")).expect("runs").values, [volume], "{code}");
            assert_eq!(*complaints.borrow(), expected, "{code}");
        }
    });
}

/// Random numbers of all that a script begins, in the order in which they are drawn, while beats stand still.
fn drawn(code: &str) -> Vec<String> {
    let (mut rig, complaints) = rig(|_| {});
    rig.run(&format!("local function draw() print(math.random(1000000000)) end {code}")).expect("runs");
    for _ in 0..5 {
        rig.engine.seconds.set(rig.engine.seconds.get() + 0.01);
        rig.script.tick();
    }
    assert_eq!(*complaints.borrow(), Vec::<String>::new());
    rig.printed.take().lines().map(String::from).collect()
}

#[test]
fn random_numbers_of_all_that_begins_are_its_own() {
    on_script_thread(|| {
        for (code, at_least) in [
            ("for i = 1, 3 do setInterval(function() clock.run(draw) end, 10) end", 12),
            ("for i = 1, 3 do clock.run(draw) setTimeout(draw, 10) end", 6),
            ("for i = 1, 3 do setInterval(function() draw() clock.sleep(0.01) draw() end, 10) end", 15),
            (
                "for i = 1, 3 do setTimeout(function() worker('return math.random(1000000000)', nil, print) end, 5) end",
                3,
            ),
            ("for i = 1, 3 do engine:onStateChange(draw) end bpm(99)", 3),
            ("for i = 1, 3 do setInterval(function() draw() setTimeout(draw, 0) end, 10) end", 15),
        ] {
            let once = drawn(code);
            let mut different = once.clone();
            different.sort();
            different.dedup();
            assert!(different.len() == once.len() && once.len() >= at_least, "{code}: {once:?}");
            assert_eq!(once, drawn(code), "{code}");
        }
        let alone = drawn("setInterval(function() clock.run(draw) end, 20)");
        let beside = drawn(
            "setInterval(function() clock.run(draw) end, 20) setInterval(function() clock.run(math.random) end, 10)",
        );
        assert_eq!(alone, beside, "others do not matter");
    });
}

#[test]
fn coroutines_that_end_one_another_do_so_in_turn() {
    on_script_thread(|| {
        let (mut rig, complaints) = rig(|_| {});
        rig.run(
            "local last
             for i = 1, 5000 do
                 local before = last
                 last = clock.run(function()
                     local _ <close> = setmetatable({}, {__close = function() if before then clock.cancel(before) end end})
                     clock.sleep(9)
                 end)
             end
             setTimeout(function() clock.cancel(last) end, 0)",
        )
        .expect("runs");
        (0..10).for_each(|_| _ = rig.script.tick());
        assert_eq!(rig.say("return #timers()").expect("runs").values, ["0"]);
        assert_eq!(*complaints.borrow(), Vec::<String>::new());
    });
}

#[test]
fn what_a_coroutine_could_not_wait_for_it_does_not_wait_for() {
    on_script_thread(|| {
        let (mut rig, complaints) = rig(|_| {});
        rig.run(
            "clock.run(function() pcall(string.gsub, 'x', 'x', function() clock.sync(1) end) coroutine.yield() end)",
        )
        .expect("runs");
        rig.script.tick();
        assert_eq!(complaints.borrow().len(), 1, "{complaints:?}");
        assert!(complaints.borrow()[0].starts_with("song.lua:1: coroutine.yield outside of a coroutine"));
    });
}
