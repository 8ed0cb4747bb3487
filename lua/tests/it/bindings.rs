//! Constructors, handles, cables, the engine's objects, help, and the examples of all functions.

use crate::rig::{Rig, on_script_thread, table};

#[test]
fn handles() {
    table(&[
        ("k = tone('kick', {volume = '0dB'}) print(k.volume, k.name, k.type, k)", "1.0\tkick\tTone\tkick (Tone)"),
        ("k = tone() print(k.name)", "tone"),
        ("k = tone{voices = 2} print(k.name, k.voices)", "tone\t2"),
        ("k = tone('kick') k.amp = 0.5 print(k.volume)", "0.5"),
        ("k = tone('kick', {amp = '50%'}) print(k.volume)", "0.5"),
        ("k = tone('kick') k.glide = true k.wave = 'saw' print(k.glide, k.wave)", "true\tsaw"),
        ("print(tone('kick') == tone('kick'), tone('a') == tone('b'))", "true\tfalse"),
        (
            "k = tone('kick') for name, value in pairs(k) do print(name, value) end",
            "volume\t1.0\nvoices\t4\nglide\tfalse\nwave\tsine",
        ),
        ("k = make('Tone', 'kick', {voices = 3}) print(k.voices)", "3"),
        ("k = tone('kick') k.slots[2].gain = 0.5 print(#k.slots, k.slots[2].gain, k.slots[1].gain)", "4\t0.5\t1.0"),
        (
            "k = tone('kick', {slots = {{file = 'bd.flac'}, {gain = 2}}}) print(k.slots[1].file, k.slots[2].gain)",
            "bd.flac\t2.0",
        ),
        ("k = tone('kick', {[2] = {file = 'sn.flac'}}) print(k.slots[2].file, k.slots[2])", "sn.flac\tkick.slots[2]"),
        ("k = tone('kick') k.slots[1] = {file = 'a', gain = 3} print(k.slots[1].file, k.slots[1].gain)", "a\t3.0"),
        ("k = tone('kick') print(k.status, type(k), type(engine))", "ready\tuserdata\tuserdata"),
        (
            "k = tone('kick') remove(k) print(k) print(engine:getModuleRegistry():getModule('kick'))",
            "kick (removed)\nnil",
        ),
        ("tone('kick') setParam('kick.slots[1].gain', 2) print(getParam('kick.slots[1].gain'))", "2.0"),
        (
            "k = tone('kick') setParam(k, 'volume', 0.25) print(getParam('kick', 'volume'), getParam('kick.volume'))",
            "0.25\t0.25",
        ),
        ("print(bpm(), bpm(99), tempo())", "120.0\t99.0\t99.0"),
    ]);
}

#[test]
fn the_state_reads_like_tables() {
    const SESSION: &str = "k = tone('kick') tone('snare') desk('spk') connect(k, 'spk') k.slots[2].file = 'bd.flac' \
                           pattern('p', 'C4 . D4 .') local s = engine:getState() ";
    let rows = [
        ("print(type(s), s.clock.bpm, s.modules.kick.parameters.volume, s.modules.none)", "table\t120.0\t1.0\tnil"),
        ("for name, module in pairs(s.modules) do print(name, module.type) end", "kick\tTone\nsnare\tTone\nspk\tDesk"),
        ("print(s.modules.kick.slots[2].file, #s.modules.kick.slots, s.modules.kick.slots[5])", "bd.flac\t4\tnil"),
        (
            "print(#s.connections, s.connections[1].from, s.connections[1].to, s.connections[2])",
            "1\tkick.out\tspk.in_1\tnil",
        ),
        ("for n, line in ipairs(s.patterns.p.steps) do print(n, line) end", "1\t1: C4\n2\t3: D4"),
        ("print(s.patternRuntime.patterns.p.rows, s.patterns.p.steps[0], s.patterns.p.steps.x)", "4\tnil\tnil"),
        ("print(s.modules == s.modules, s.modules.kick == s.modules.snare)", "true\tfalse"),
        ("print(s[1], s[true], s.modules[{}], s.clock[0.5])", "nil\tnil\tnil\tnil"),
        ("print(#s.clone().connections, s.clone().modules.kick.slots[2].file)", "1\tbd.flac"),
        (
            "print(pcall(function() s.clock.bpm = 1 end))",
            "false\tsong.lua:1: the state cannot be changed; to change \
          the session, set its modules' parameters",
        ),
    ];
    on_script_thread(move || {
        for (code, said) in rows {
            let mut rig = Rig::new();
            rig.run(&format!("{SESSION}{code}")).expect(code);
            assert_eq!(rig.printed.borrow().trim_end(), said, "\n{code}");
        }
    });
}

/// `[code, error]`
const WRONG: &[(&str, &str)] = &[
    (
        "tone('kick', {volum = 1})",
        "song.lua:1: kick (Tone) has no parameter or action \"volum\"; did you mean \"volume\"?",
    ),
    (
        "k = tone('kick')\nk.volme = 1",
        "song.lua:2: kick (Tone) has no parameter or action \"volme\"; did you mean \"volume\"?",
    ),
    ("k = tone('kick')\n\nprint(k.pan)", "song.lua:3: kick (Tone) has no parameter or action \"pan\""),
    (
        "k = tone('kick') k.volume = 3",
        "song.lua:1: kick.volume = 3: it takes a number from 0 to 2, or text such as \"-6dB\"",
    ),
    ("k = tone('kick') k.volume = 0/0", "song.lua:1: kick.volume: NaN cannot be a value; it must be finite"),
    ("k = tone('kick') k.stop = 2", "song.lua:1: kick.stop is an action; call it: kick:stop()"),
    ("s = sweep('s') print(s.peak)", "song.lua:1: s.peak is a meter; read it as s.meters.peak"),
    ("tone('d') mute('e')", "song.lua:1: there is no module \"e\""),
    ("tone('kick', {volume = 1, amp = 2})", "song.lua:1: kick: amp and volume are the same parameter; set one of them"),
    ("signature(7)", "song.lua:1: a signature has a unit as well; write signature(\"7/4\")"),
    ("k = tone('kick') print(k + 1)", "song.lua:1: attempt to perform arithmetic on a module value (global 'k')"),
    ("k = tone('kick') print(#k)", "song.lua:1: attempt to get length of a module value (global 'k')"),
    ("p = pattern('p', 'x') print(p * 2)", "song.lua:1: attempt to perform arithmetic on a pattern value (global 'p')"),
    ("k = tone('kick') k.volume = nil", "song.lua:1: kick.volume cannot be nil; give it a value"),
    (
        "k = tone('kick') k.wave = 'sew'",
        "song.lua:1: kick.wave = \"sew\": it takes one of \"sine\", \"saw\"; did you mean \"saw\"?",
    ),
    ("k = tone('kick') k.name = 'snare'", "song.lua:1: kick.name cannot be set; write rename(\"kick\", \"new\")"),
    ("k = tone('kick') k.slots[5].gain = 1", "song.lua:1: kick has no slot 5; slots 1 to 4 are possible"),
    ("k = tone('kick') k.slots[0].gain = 1", "song.lua:1: a slot is a whole number from 1, not 0"),
    (
        "k = tone('kick') k.slots[1].gian = 1",
        "song.lua:1: kick.slots[1] has no parameter \"gian\"; did you mean \"gain\"?",
    ),
    (
        "k = tone('kick') print(k.slots[1].fil)",
        "song.lua:1: kick.slots[1] has no parameter \"fil\"; did you mean \"file\"?",
    ),
    ("k = tone('kick') k:trigger{nte = 60}", "song.lua:1: trigger has no option \"nte\"; did you mean \"note\"?"),
    ("k = tone('kick') k:trigger{note = 'H4'}", "song.lua:1: \"H4\" is not a note; write C4, F#3 or a number 0 to 127"),
    ("k = tone('kick') k:trigger{velocity = 2}", "song.lua:1: velocity 2 is out of range; 0 to 1 is possible"),
    ("k = tone('kick') k:trigger{wve = 'saw'}", "song.lua:1: trigger has no option \"wve\"; did you mean \"wave\"?"),
    (
        "k = tone('kick') k:trigger{voices = 3}",
        "song.lua:1: voices of kick cannot be set for one note alone; these can: wave, gain",
    ),
    ("k = tone('kick') k:trigger{gain = 5}", "song.lua:1: kick:trigger gain = 5: it takes a number from 0 to 4"),
    ("k = tone('kick') k:trigger{gain = {}}", "song.lua:1: kick:trigger gain = {}: it takes a number from 0 to 4"),
    ("k = tone('kick') k.trigger{note = 60}", "song.lua:1: call it with a colon: kick:trigger(...)"),
    (
        "k = tone('kick') k:stopp()",
        "song.lua:1: kick (Tone) has no parameter or action \"stopp\"; did you mean \"stop\"?",
    ),
    ("s = steps('seq') s:trigger()", "song.lua:1: seq is a Steps and takes no notes; trigger an instrument"),
    (
        "tone('kick') steps('kick')",
        "song.lua:1: \"kick\" is already the name of a Tone; choose another name or remove it first",
    ),
    (
        "tone('out')",
        "song.lua:1: \"out\" cannot be a name; use at most 64 letters, digits, _ and -, beginning with a letter, and not \"out\"",
    ),
    (
        "make('Ton', 'x')",
        "song.lua:1: there is no module type \"Ton\"; did you mean \"Tone\"?; `cantus plugins list` shows all",
    ),
    ("tone(12)", "song.lua:1: the name of a module must be text, not 12"),
    ("tone('a', 3)", "song.lua:1: the options of a must be a table, not 3"),
    (
        "space('x')",
        "song.lua:1: space could be several types; use make(\"Echo\", \"name\") or make(\"Hall\", \"name\")",
    ),
    ("setParam('kik.volume', 1)", "song.lua:1: there is no module \"kik\""),
    (
        "setParam('volume', 1)",
        "song.lua:1: \"volume\" is not a path; write \"module.parameter\" or \"module.slots[1].parameter\"",
    ),
    ("remove('kick')", "song.lua:1: there is no module \"kick\""),
    ("bpm(5)", "song.lua:1: tempo 5 is out of range; 20 to 999 is possible"),
    ("engine.getClock()", "song.lua:1: call it with a colon, as in engine:getClock(); this has nil before it"),
    ("engine:getClok()", "song.lua:1: engine has no method \"getClok\"; did you mean \"getClock\"?"),
    ("help('conect')", "song.lua:1: there is no help for \"conect\"; did you mean \"connect\"?"),
];

#[test]
fn wrong_words() {
    table(WRONG);
}

const ALL: &str = " for _, c in ipairs(engine:getConnectionManager():getConnections()) do print(c.from, c.to) end";

#[test]
fn cables() {
    on_script_thread(|| {
        for (code, expected) in [
            ("connect(s, k)", "seq.notes>kick.notes"),
            ("connect('seq', 'kick') connect(s, k)", "seq.notes>kick.notes"),
            ("connect(s, k, 'event')", "seq.notes>kick.notes"),
            ("connect(k, d) connect(b, d) connect(k, d)", "bass.out>desk.in_2 kick.out>desk.in_1"),
            ("connect(k, 'desk.in_3') connect(b, d)", "bass.out>desk.in_1 kick.out>desk.in_3"),
            ("connect('kick.out', d)", "kick.out>desk.in_1"),
            ("connect(k, d, {to = 'in_2'}) connect(k, d)", "kick.out>desk.in_2"),
            ("connect(k, d) connect(k, d, {to = 'in_2'})", "kick.out>desk.in_1 kick.out>desk.in_2"),
            ("connect(k, out)", "kick.out>out.in"),
            ("connect(k, out) connect(k, 'out', 'audio')", "kick.out>out.in"),
            ("connect(k, d) connect(s, k) disconnect(k, d)", "seq.notes>kick.notes"),
            ("connect(k, d) connect(k, d, {to = 'in_2'}) disconnect(k, 'desk.in_1')", "kick.out>desk.in_2"),
            ("connect(k, d) remove(d)", ""),
            (
                "connect(k, s)",
                "!song.lua:1: could not connect kick to seq: no ports fit; outputs of kick: out; inputs of seq: none",
            ),
            (
                "connect(s, out)",
                "!song.lua:1: could not connect seq to out: no ports fit; outputs of seq: notes; inputs of out: in (audio)",
            ),
            (
                "connect(k, d, {to = 'in_9'})",
                "!song.lua:1: desk has no input \"in_9\"; it has \"in_1\", \"in_2\", \"in_3\"",
            ),
            ("connect(k, d, 'midi')", "!song.lua:1: \"midi\" is not a kind of cable; \"event\" and \"audio\" are"),
            ("connect(k, nil)", "!song.lua:1: the target must be a module or its name, not nil"),
            ("connect(k, 'dek')", "!song.lua:1: there is no module \"dek\"; did you mean \"desk\"?"),
        ] {
            let mut rig = Rig::new();
            let all = format!("s, k, b, d = steps('seq'), tone('kick'), tone('bass'), desk('desk') {code}{ALL}");
            let answer = match rig.run(&all) {
                Ok(_) => rig.printed.borrow().trim_end().replace('\t', ">").replace('\n', " "),
                Err(error) => format!("!{error}"),
            };
            assert_eq!(answer, expected, "{code}");
        }
    });
}

#[test]
fn a_constructor_that_is_taken_is_reported() {
    on_script_thread(|| {
        let rig = Rig::new();
        assert_eq!(
            rig.script.notes(),
            [
                "connect is a function of Cantus; use make(\"Patch\", \"name\")",
                "space could be several types; use make(\"Echo\", \"name\") or make(\"Hall\", \"name\")",
            ]
        );
    });
}

#[test]
fn every_example_runs() {
    on_script_thread(|| {
        for row in cantus_lua::documentation() {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let mut rig = Rig::with(|options| options.root = folder.path().to_owned());
            rig.file("main.lua", "tone('tom')").expect("runs");
            let code = format!(
                "local kick, snare, seq, desk = tone('kick'), tone('snare'), steps('seq'), make('Desk', 'desk')\n{}",
                row.example
            );
            if let Err(error) = rig.say(&code) {
                panic!("{}: {error}\n{}", row.name, row.example);
            }
            assert!(row.doc.ends_with('.'), "{}: {}", row.name, row.doc);
        }
    });
}

#[test]
fn help_tells() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run("kick = tone('kick', {volume = 0.5}) help('kick') help(tone) help('Steps') help(print == nil and 1 or 'setBPM') help() help(euclid) help('transpose') help('peek') help('kick.trigger') help(kick.trigger)")
            .expect("helps");
        let text = rig.printed.borrow().clone();
        let list =
            |line: &str| text.lines().find_map(|l| l.strip_prefix(line)).expect(line).split(", ").collect::<Vec<_>>();
        let listed = [list("functions: "), list("music: ")].concat();
        for row in cantus_lua::documentation() {
            assert!(listed.contains(&row.name.as_str()), "{} is not in\n{text}", row.name);
        }
        for part in [
            "kick is a Tone: Sings.",
            "volume = 0.5: How loud. 0 to 2 (1); also amp",
            ":stop(): Falls silent.",
            "slots[1] to slots[4]",
            "Steps: Plays a pattern.",
            "clock:setBPM(bpm: number): Sets the tempo",
            "functions: ",
            "music: note, note_name",
            "-> boolean[]: A rhythm of",
            "euclid(hits: integer, steps: integer, rotation?: integer) -> boolean[]",
            "transpose(notes: any, semitones: number) -> any, also cycle:transpose(...)",
            "sequins:peek() -> any: The value",
            "\n  :trigger{note=, velocity=, slot=, length=}: plays a note; for it alone: wave=, gain=",
            "\ntrigger: Plays a note: kick:trigger{note = ",
            "for it alone, of those that may be locked. Here these: wave=, gain=",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    });
}

/// One rule for whatever takes beats.
#[test]
fn durations() {
    table(&[(
        "signature('3/4')
         for _, text in ipairs{'1/8', '1/8d', '1/8T', '1/4..', '2 beats', 'beat', '2 bars', '1.5 bars', '1/ 8', '0.25', 'soon', '1/0'} do
           local ok, number = pcall(beats, text)
           assert(pcall(every, text, print) == ok, text)
           print(text, ok and number)
         end",
        "1/8\t0.5\n1/8d\t0.75\n1/8T\t0.33333333333333\n1/4..\t1.75\n2 beats\t2\nbeat\t1\n2 bars\t6\n1.5 bars\t4.5\n1/ 8\t0.5\n\
         0.25\t0.25\nsoon\tfalse\n1/0\tfalse",
    )]);
}

/// A prompt goes on: the same line draws other numbers, and the same session the same ones.
#[test]
fn lines_at_the_prompt_draw_on() {
    on_script_thread(|| {
        let draw = || {
            let mut rig = Rig::new();
            let mut line = |code| rig.say(code).map(|done| done.values.join(" ")).unwrap_or_default();
            [line("math.random(1000000)"), line("error('no', math.random())"), line("math.random(1000000)")]
        };
        let [first, failed, second] = draw();
        assert!(first != second && failed.is_empty(), "{first} {failed} {second}");
        assert_eq!(draw(), [first, failed, second]);
    });
}

#[test]
fn filters_name_what_is_there() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.run(
            "local k = tone('k') pattern('beat', 'x')
             for _, filter in ipairs{'clock', 'clock.bpm', 'modules', 'connections', 'patterns', 'patterns.beat.steps', 'scenes',
               'pending', 'problems', 'k', 'modules.k', 'k.volume', 'k.amp', 'modules.k.parameters.volume', 'k.slots[1].gain', 'k.slots',
               'k.mute', 'k.solo', 'k.status', 'k.enabled', 'modules.k.parameters', 'k.slots[2]', k} do
               engine:onStateChange(print, filter)
             end
             for _, id in pairs{-1, 1.5, 'x', {}, print, 99999} do assert(not engine:removeStateChangeCallback(id)) end
             assert(not engine:removeStateChangeCallback() and not engine:removeStateChangeCallback(nil))",
        )
        .expect("runs");
    });
}
