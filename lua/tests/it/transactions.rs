//! An evaluation is a transaction.

use cantus_host::control::{CommitError, Origin};
use cantus_host::model::Refusal;
use cantus_lua::Transport;

use crate::rig::{Rig, on_script_thread};

const SONG: &str = "
bpm(124)
kick = tone('kick', {volume = 0.8, slots = {{file = 'bd.flac'}}})
seq = steps('seq', {pattern = pattern('beat', 'x . x .')})
connect(seq, kick)
connect(kick, out)
";

#[test]
fn one_batch_then_none() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        let first = rig.run(SONG).expect("runs");
        assert_eq!((first.batch, first.commands, first.transport), (Some(1), 9, None));
        assert_eq!(
            rig.last(),
            [
                "set the tempo to 124 bpm",
                "add Tone kick",
                "set kick.slots[1].file = \"bd.flac\"",
                "set kick.volume = 0.8",
                "set pattern beat",
                "add Steps seq",
                "set seq.pattern = \"beat\"",
                "connect seq.notes -> kick.notes",
                "connect kick.out -> out.in",
                "note what song.lua asks for",
            ]
        );
        let second = rig.run(SONG).expect("runs again");
        assert_eq!((second.batch, second.commands), (None, 0));
        assert_eq!(rig.engine.batches.borrow().len(), 1);
    });
}

#[test]
fn there_and_back_is_nothing() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        let song = "k = tone('kick') k.volume = 0.5 k.volume = 0.8";
        assert_eq!(rig.run(song).expect("runs").commands, 2);
        assert_eq!(rig.run(song).expect("runs").commands, 0);
    });
}

/// Sets of one value collapse, whatever other values are set between them; not over anything else.
#[test]
fn sets_in_turn_are_one_each() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.say("k = tone('k') j = tone('j')").expect("runs");
        for (line, last) in [
            (
                "for n = 1, 9 do k.volume = n / 10 j.volume = n / 10 k.voices = n end",
                &["set k.volume = 0.9", "set j.volume = 0.9", "set k.voices = 9"][..],
            ),
            (
                "k.volume = 0.1 k.voices = 2 mute(k, true) k.voices = 3 k.volume = 0.4",
                &["set k.volume = 0.1", "set k.voices = 2", "mute k", "set k.voices = 3", "set k.volume = 0.4"],
            ),
        ] {
            rig.say(line).expect("runs");
            assert_eq!(rig.last(), last, "{line}");
        }
    });
}

#[test]
fn a_failing_script_changes_nothing() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run(SONG).expect("runs");
        let before = rig.engine.model();
        for bad in ["kick = tone('kick') kick.volume = 0.1 error('no')", "bpm(90) remove('seq') nothing()", "bpm(91) +"]
        {
            rig.run(bad).expect_err("fails");
            assert_eq!(*rig.engine.model(), *before);
        }
        assert_eq!(rig.engine.batches.borrow().len(), 1);
        rig.run("bpm(92)").expect("goes on");
    });
}

#[test]
fn it_reads_what_it_wrote_and_what_was_accepted() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run("k = tone('kick') k.volume = 0.5 assert(k.volume == 0.5)").expect("runs");
        rig.say("assert(getParam('kick.volume') == 0.5)").expect("reads");
    });
}

#[test]
fn transport() {
    on_script_thread(|| {
        for (code, expected, commands) in [
            ("", None, 0),
            ("bpm(90)", None, 1),
            ("engine:getClock():start()", Some(Transport::Start), 1),
            ("c = engine:getClock() c:play() assert(c:isPlaying()) c:pause()", Some(Transport::Pause), 2),
            (
                "c = engine:getClock() c:seek(4) assert(c:getBeat() == 4) c:stop() assert(c:getBeat() == 0)",
                Some(Transport::Stop),
                2,
            ),
            ("k = tone('k') k:trigger{note = 'C4', slot = 2} k:stop()", None, 3),
        ] {
            let mut rig = Rig::new();
            let done = rig.run(code).expect("runs");
            assert_eq!((done.transport, done.commands), (expected, commands), "{code}");
        }
    });
}

#[test]
fn a_note_takes_along_what_is_its_alone() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run("k = tone('k') k:trigger{wave = 'saw', note = 60, gain = '50%'} k:trigger{}").expect("runs");
        assert_eq!(rig.last()[1..3], ["trigger k with gain = \"50%\", wave = \"saw\"", "trigger k"]);
    });
}

#[test]
fn a_cycle_names_every_line() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        let code = "a, b, c = desk('a'), make('Echo', 'b'), desk('c')\nconnect(a, b)\nconnect(c, out)\nconnect(b, c)\n\nconnect(c, a)";
        let error = rig.run(code).expect_err("a cycle");
        assert_eq!(error.line, Some(6));
        let text = error.to_string();
        for part in [
            "song.lua:6: these cables go round in a circle",
            "song.lua:2 (a.out -> b.in)",
            "song.lua:4 (b.out -> c.in_1)",
            "song.lua:6 (c.out -> a.in_1)",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("song.lua:3"), "{text}");
        // A cycle that is undone before the end is none.
        rig.run("a, b = desk('a'), desk('b') connect(a, b) connect(b, a) disconnect(a, b)").expect("no cycle");
    });
}

#[test]
fn the_engines_refusal_names_the_line() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        let refusal = Refusal::UnknownModule { name: "kick".into(), nearest: None };
        let refused = CommitError::Refused { command: Some(1), attempt: "set kick.volume".into(), refusal };
        rig.engine.refuse.replace(Some(refused));
        let error = rig.run("k = tone('kick')\nk.volume = 0.5").expect_err("refused");
        assert_eq!(error.to_string(), "song.lua:2: could not set kick.volume: there is no module \"kick\"");
        rig.engine.refuse.replace(Some(CommitError::Stopped));
        let error = rig.run("tone('kick')").expect_err("refused");
        assert_eq!(error.to_string(), "song.lua: the engine has stopped; start it again");
    });
}

#[test]
fn environments() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run("x = 1 kick = tone('kick')").expect("runs");
        rig.file("other.lua", "assert(x == nil and kick == nil)").expect("a file begins afresh");
        rig.say("y = 20").expect("runs");
        assert_eq!(rig.say("y + 1, kick.volume").expect("lives on").values, ["21", "1"]);
        assert!(rig.say("for i = 1, 2 do").expect_err("more to come").incomplete);
        let batch = rig.engine.batches.borrow().last().map(|b| b.origin.clone());
        assert_eq!(batch, Some(Origin::File("song.lua".into())));
    });
}

#[test]
fn random_numbers_are_the_scripts_own() {
    on_script_thread(|| {
        let numbers = |rig: &mut Rig, name: &str| {
            let origin = Origin::File(name.into());
            rig.script.eval("return math.random(1000000), math.random()", name, origin).expect("runs").values
        };
        let mut rig = Rig::new();
        let first = numbers(&mut rig, "a.lua");
        assert_eq!(first, numbers(&mut rig, "a.lua"));
        assert_eq!(first, numbers(&mut Rig::new(), "a.lua"));
        assert_ne!(first, numbers(&mut rig, "b.lua"));
        rig.say("setting('seed', 2)").expect("it can be set");
        assert_ne!(first, numbers(&mut rig, "a.lua"));
    });
}

/// What a failing script has done to what is kept is undone, also for who holds it.
#[test]
fn what_is_kept_is_as_it_was() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        let code = "local m = keep('m', function() return {n = 0, list = {1}, own = sequins{1, 2}, f = print} end) m.n = m.n + 1 ";
        rig.run(&format!("{code} setInterval(function() print(m.n, m.list[1], m.own:peek(), m.x) end, 10)"))
            .expect("runs");
        for fails in [
            "error('no')",
            "while true do end",
            "tone('1')",
            "local again = keep('m') again.n = again.n + 1 error('no')",
            "setmetatable(m, {__index = function() return 'no' end}) m.list[1], m.list[2] = nil, 5 m.list = m m.x = 1 m.own() error('no')",
        ] {
            rig.run(&format!("{code} m.n = m.n + 100 {fails}")).expect_err(fails);
        }
        rig.engine.seconds.set(0.011);
        rig.script.tick();
        assert_eq!(rig.printed.borrow().lines().next(), Some("1\t1\tnil\tnil"));
        let values =
            rig.run(&format!("{code} return m.n, m.list[1], #m.list, m.own(), m.f == print")).expect("runs").values;
        assert_eq!(values, ["2", "1", "1", "1", "true"]);
    });
}
