//! Mixing, time, chains, settings, modulation and controllers.

use cantus_host::control::{Origin, When};
use cantus_host::model::Num;

use crate::rig::{Rig, on_script_thread, table};

#[test]
fn commands() {
    on_script_thread(|| {
        for (code, expected) in [
            ("connect(k, out, {gain = 0.5, feedback = true})", "connect kick.out -> out.in at 0.5 as feedback"),
            ("bpm(124, {over = 8})", "bring the tempo to 124 bpm within 8 beats"),
            ("tempo_at(16, 140, {ramp = true})", "set the tempo at beat 16 to 140 bpm, and move to the next"),
            ("signature('7/8')", "set the time signature to 7/8"),
            ("signature(6, 8)", "set the time signature to 6/8"),
            ("swing(0.6)", "set the swing to 0.6 of 0.25 beats"),
            ("swing(0.56, '1/16')", "set the swing to 0.56 of 0.25 beats"),
            ("loop(0, '2 bars')", "loop from beat 0 to 8"),
            ("loop(4, 8)", "loop from beat 4 to 8"),
            ("loop(4, 8) | noloop()", "do not loop"),
            ("mute(k)", "mute kick"),
            ("k.solo = true", "solo kick"),
            ("k.enabled = false", "disable kick"),
            ("k.seed = 7", "set kick.seed = 7"),
            ("rename(k, 'drum')", "rename kick to drum"),
            ("setting('grid', 2)", "set setting grid = 2"),
            ("modulate(l, 'kick.amp', {depth = 0.5})", "modulate l.out ~> kick.volume by 0.5"),
            ("modulate(l, 'kick.volume') | unmodulate(l, 'kick.amp')", "stop modulating l.out ~> kick.volume"),
            ("control('cc 21', 'kick.amp', {low = 0, high = 1})", "control cc 21 => kick.volume"),
            ("control('cc 21', 'kick.amp') | uncontrol('cc 21', 'kick.amp')", "remove control cc 21 => kick.volume"),
            ("tempo_at(8, 90) | remove_tempo(8)", "remove the tempo at beat 8"),
            ("pattern('p', 'x') | remove_pattern('p')", "remove pattern p"),
            ("chain('c', {'a'}) | remove_chain('c')", "remove chain c"),
            ("player(k, 2, 16)", "queue entry 2 of kick at beat 16"),
            ("player(k, 2, 16) | player(k)", "let kick play its chain from beat 0"),
            ("use('Tone', 'org.example.drums')", "use org.example.drums for Tone"),
            ("pattern('p', {rows = 8, steps = {'1: C4 s1 v0.8'}})", "set pattern p"),
            ("chain('song', {'a', {'b', 4}, {pattern = 'c', enabled = false}}, {loop = false})", "set chain song"),
        ] {
            let mut rig = Rig::new();
            rig.say("k, l = tone('kick'), make('Lfo', 'l')").expect("runs");
            for line in code.split('|') {
                rig.say(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            }
            assert_eq!(rig.last().last().map(String::as_str), Some(expected), "{code}");
        }
    });
}

#[test]
fn answers_and_mistakes() {
    table(&[
        ("k = tone('k', {mute = true}) print(k.mute, k.solo, k.enabled)", "true\tfalse\ttrue"),
        ("p = pattern('p', {steps = {'3: E4 l1.5 | x'}}) print(p.rows, p.steps_per_beat)", "3\t4.0"),
        ("print(setting('auto_route'), settings().grid)", "true\t0.0"),
        ("print((tostring(settings()):gsub('\\n.*', '')))", "auto_route = true"),
        ("print(signature(), swing())", "4/4\t0.5\t0.25"),
        ("setting('gird')", "song.lua:1: there is no setting \"gird\"; did you mean \"grid\"?; `settings()` shows all"),
        (
            "rename(tone('k'), 'd')",
            "song.lua:1: rename cannot be in a file: say it at the prompt, and then write the new name here: it stays \
             the same module",
        ),
        ("tone('k').mute = 1", "song.lua:1: k.mute must be true or false, not 1"),
        ("bpm(90, {ovr = 8})", "song.lua:1: bpm has no option \"ovr\"; did you mean \"over\"?"),
        ("swing(0.9)", "song.lua:1: swing 0.9 is out of range; 0.5 to 0.75 is possible"),
        ("signature('7')", "song.lua:1: \"7\" is not a time signature; write \"7/8\" or 7, 8"),
        ("tone('k') modulate('k', 'k.volume')", "song.lua:1: k is a Tone and has no modulation output; outputs: out"),
        (
            "tone('k') control('cc 1', 'k.volume', {low = 0.5}) print(script():match('control%b()'))",
            "control(\"cc 1\", \"k.volume\", {low = 0.5, high = 2})",
        ),
        (
            "tone('k') modulate(make('Lfo', 'l'), 'k.volume', {high = 1}) print(script():match('modulate%b()'))",
            "modulate(\"l.out\", \"k.volume\", {low = 0, high = 1})",
        ),
        ("steps('s') player('s', 0, 4)", "song.lua:1: the entries of a chain are numbered from 1"),
        (
            "steps('s') control('cc 1', 's.pattern', {low = 1})",
            "song.lua:1: s.pattern cannot be moved: it is no number",
        ),
        (
            "chain('c', {'a', {5}})",
            "song.lua:1: chain \"c\": entry 2: 5 is not a pattern; write its name, or {\"name\", 4}",
        ),
    ]);
}

#[test]
fn steps_and_scenes_come_after_the_line_and_not_from_files() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        let asked = |rig: &Rig| {
            let batches = rig.engine.batches.borrow();
            let batch = batches.last().expect("one");
            (batch.work.describe(), batch.when, batch.origin.clone())
        };
        rig.say("tone('kick')").expect("good");
        for (code, work, when) in [
            ("undo()", "undo", When::Now),
            ("engine:redo()", "redo", When::Now),
            ("scene('verse')", "keep scene verse", When::Now),
            ("recall('verse')", "recall verse", When::Now),
            ("signature('7/8') recall('verse', 'bar')", "recall verse", When::NextGrid(Num::of(3.5))),
            ("recall('verse', 'grid')", "recall verse", When::NextGrid(Num::ZERO)),
            ("recall('verse', 8)", "recall verse", When::NextGrid(Num::of(8.0))),
        ] {
            rig.say(code).unwrap_or_else(|e| panic!("{code}: {e}"));
            assert_eq!(asked(&rig), (work.to_owned(), when, Origin::Repl), "{code}");
        }
        for (code, error) in [
            ("undo()", "song.lua:1: undo cannot be in a file: say it at the prompt"),
            ("save('song')", "song.lua:1: save cannot be in a file: say it at the prompt"),
            ("engine:load()", "song.lua:1: engine:load cannot be in a file: say it at the prompt"),
            ("recall('verse')", "song.lua:1: recall cannot be in a file: say it at the prompt"),
            (
                "recall('verse', 'soon')",
                "song.lua:1: when to recall is \"bar\", \"grid\" or a number of beats, not \"soon\"",
            ),
            (
                "scene('a/b')",
                "song.lua:1: \"a/b\" cannot be a name; use at most 64 letters, digits, _ and -, beginning \
             with a letter, and not \"out\"",
            ),
        ] {
            assert_eq!(rig.run(code).expect_err(code).to_string(), error);
        }
        for (code, error) in [
            ("save()", "prompt: could not save the session: it has no folder yet; name one: engine:save(\"song\")"),
            (
                "engine:load()",
                "prompt: could not load the session: it has no folder yet; name one: engine:load(\"song\")",
            ),
            ("save('')", "prompt:1: the path of a session's folder must not be empty"),
            ("save(kick)", "prompt:1: the path of a session's folder must be text, not a module"),
        ] {
            assert_eq!(rig.say(code).expect_err(code).to_string(), error);
        }
    });
}

#[test]
fn tapping_sets_the_tempo() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        for (seconds, bpm) in [(0.0, "nil"), (0.4, "150"), (0.8, "150"), (9.0, "nil")] {
            rig.engine.seconds.set(seconds);
            assert_eq!(rig.say("tap()").expect("good").values, [bpm]);
        }
        assert_eq!(rig.engine.model().bpm, Num::of(150.0));
    });
}

#[test]
fn settings_of_the_machine_are_the_users() {
    on_script_thread(|| {
        let machine = cantus_host::settings::Settings::default();
        let mut rig = Rig::with(|options| options.settings = machine.clone());
        for (code, expected) in [
            ("setting('device')", ""),
            ("setting('device', 'USB')", "USB"),
            ("setting('device'), settings().device, settings().grid", "USB USB 0"),
            (
                "toggle_setting('progress'), toggle_setting('progress'), toggle_setting('auto_route')",
                "false true false",
            ),
            ("setting('script_memory', 99)", "99"),
            ("reset_setting('script_memory')", "64"),
        ] {
            let said = rig.say(code).map_or_else(|error| error.to_string(), |done| done.values.join(" "));
            assert_eq!(said, expected, "{code}");
        }
        assert_eq!(machine.get("device").expect("there").to_string(), "\"USB\"", "set for good");
        assert!(rig.last().iter().all(|command| !command.contains("device")), "never a command: {:?}", rig.last());
        for (code, expected) in [
            ("setting('device', 'x') error('no')", "prompt:1: no"),
            (
                "setting('devise', 'x')",
                "prompt:1: there is no setting \"devise\"; did you mean \"device\"?; `settings()` shows all",
            ),
            (
                "setting('script_memory', 1)",
                "prompt:1: setting script_memory = 1: it takes a whole number from 8 to 4096",
            ),
            ("toggle_setting('device')", "prompt:1: setting device is neither on nor off; set it"),
        ] {
            assert_eq!(rig.say(code).expect_err(code).to_string(), expected, "{code}");
            assert_eq!(machine.get("device").expect("there").to_string(), "\"USB\"", "a mistake changes nothing");
        }
        let error = rig.run("print(setting('device'))\nsetting('device', 'mine')").expect_err("files may not");
        assert_eq!(
            error.to_string(),
            "song.lua:2: setting device is of this machine, and files can only read it; set it at the prompt, or with \
             `cantus settings set device VALUE`"
        );
        assert_eq!(*rig.printed.borrow(), "USB\n", "but they may read");
        rig.say("help('grid')").expect("there is help");
        assert!(rig.printed.borrow().contains("comes as 0; counts at once"), "{}", rig.printed.borrow());
    });
}

/// A handle is of its module, whatever that is called; held by a timer, by its slots and by other evaluations as well.
#[test]
fn handles_follow_a_rename() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run("k = tone('d') s = k.slots one = s[1] setTimeout(function() k.volume = 0.5 print(k, one, k == tone('d')) end, 100)")
            .expect("runs");
        rig.say("e = tone('d') rename('d', 'kit') print(e, e.slots[1]) e:trigger(60) tone('d')").expect("runs");
        rig.engine.seconds.set(1.0);
        rig.script.tick();
        rig.say("print(e, #e.slots, e == kit, e == d, getParam('kit.volume'), d.volume)").expect("runs");
        rig.say("remove(e) print(e)").expect("runs");
        rig.say("new = tone('kit') print(e, e == new)").expect("runs");
        let expected = "kit (Tone)\tkit.slots[1]\n\
                        kit (Tone)\tkit.slots[1]\tfalse\n\
                        kit (Tone)\t4\ttrue\tfalse\t0.5\t1.0\n\
                        kit (removed)\n\
                        kit (Tone)\ttrue\n";
        assert_eq!(*rig.printed.borrow(), expected);
    });
}
