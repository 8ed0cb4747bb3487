//! What there is and what it takes: lists, help, and values written with their units.

use crate::rig::{Rig, on_script_thread, table};

#[test]
fn what_there_is() {
    table(&[
        (
            "tone('b') tone('a') desk('d') for i, m in ipairs(modules()) do print(i, m) end",
            "1\ta (Tone)\n2\tb (Tone)\n3\td (Desk)",
        ),
        ("tone('b') tone('a') desk('d') print(modules())", "a (Tone)\nb (Tone)\nd (Desk)"),
        (
            "tone('a') desk('d') print(#modules('Tone'), #modules('tone'), #modules('mixer'), #modules('sink'))",
            "1\t1\t1\t0",
        ),
        ("print(#modules(), modules())", "0"),
        ("local e = make('Echo', 'e') print(modules('space')[1] == e, #modules('space'))", "true\t1"),
        (
            "for _, t in ipairs(types()) do print(t.type, t.constructor, t.kind) end",
            "Desk\tdesk\tmixer\nEcho\tspace\teffect\nHall\tspace\teffect\nLfo\tlfo\tmodulator\n\
             Patch\tconnect\teffect\nSteps\tsteps\tsequencer\nSweep\tsweep\teffect\nTape\ttape\tinstrument\nTone\ttone\tinstrument",
        ),
        (
            "print(types('mixer'), types('Tone')[1].plugin, types('tone')[1].doc)",
            "Desk (desk, mixer): Brings sounds together.\ttest.types\tSings.",
        ),
    ]);
}

#[test]
fn what_it_takes() {
    table(&[
        (
            "for _, p in ipairs(parameters(tone('kick', {volume = 0.5, wave = 'saw'}))) do \
             print(p.key, p.path, p.kind, p.value, p.min, p.max, p.default, p.unit, p.labels and #p.labels, p.aliases[1], p.doc) end",
            "volume\tkick.volume\tfloat\t0.5\t0.0\t2.0\t1.0\tgain\tnil\tamp\tHow loud.\n\
             voices\tkick.voices\tint\t4\t1\t16\t4\tnil\tnil\tnil\tHow many.\n\
             glide\tkick.glide\tbool\tfalse\tnil\tnil\tfalse\tnil\tnil\tnil\tSlides.\n\
             wave\tkick.wave\tenum\tsaw\tnil\tnil\tsine\tnil\t2\tnil\tShape.",
        ),
        (
            "tone('kick') print(#parameters('kick'), #parameters('Tone'), #parameters('tone'), #parameters(tone))",
            "4\t4\t4\t4",
        ),
        (
            "tone('kick') print(parameters('kick')[1].value, parameters('Tone')[1].value, parameters('Tone')[1].path)",
            "1.0\tnil\tnil",
        ),
        (
            "k = tone('kick') k.slots[2].gain = 2 for _, p in ipairs(parameters(k.slots[2])) do print(p.key, p.path, p.value) end",
            "file\tkick.slots[2].file\t\ngain\tkick.slots[2].gain\t2.0",
        ),
        (
            "k = tone('kick') print(#parameters(k.slots), #parameters('kick.slots'), parameters('kick.slots[2]')[2].path)",
            "2\t2\tkick.slots[2].gain",
        ),
        ("print(parameters('tone.slots')[2].max, parameters('Desk'))", "4.0"),
        (
            "print(parameters(tone('kick')))",
            "volume = 1: How loud. 0 to 2 (1)\nvoices = 4: How many. 1 to 16 (4)\n\
          glide = false: Slides. true or false (false)\nwave = \"sine\": Shape. \"sine\", \"saw\" (\"sine\")",
        ),
        (
            "for _, a in ipairs(actions(tone('kick'))) do print(a.key, a.doc) end print(#actions('Desk'))",
            "stop\tFalls silent.\n0",
        ),
        (
            "local m = meters(sweep('s'))[1] print(m.key, m.value, m.unit, m.doc, meters('s'))",
            "peak\t0.0\tgain\tHow loud it was.\tpeak = 0: How loud it was.",
        ),
        ("print(meters('Sweep')[1].value)", "nil"),
        (
            "k = tone('kick') for i, s in pairs(k.slots) do s.gain = i end for i, s in ipairs(k.slots) do print(i, s, s.gain) end",
            "1\tkick.slots[1]\t1.0\n2\tkick.slots[2]\t2.0\n3\tkick.slots[3]\t3.0\n4\tkick.slots[4]\t4.0",
        ),
        ("for i, x in ipairs{'a', 'b'} do print(i, x) end", "1\ta\n2\tb"),
        ("modules('Ton')", "song.lua:1: there is no type, constructor or kind \"Ton\"; did you mean \"Tone\"?"),
        ("modules(1)", "song.lua:1: a type, a constructor or a kind must be text, not 1"),
        ("parameters('kik')", "song.lua:1: there is no module or type \"kik\""),
        ("tone('kick') parameters('kik')", "song.lua:1: there is no module or type \"kik\"; did you mean \"kick\"?"),
        ("tone('kick') parameters('kick.slots[9]')", "song.lua:1: kick has no slot 9; slots 1 to 4 are possible"),
        ("parameters(print)", "song.lua:1: this function makes no modules of one type"),
        ("parameters()", "song.lua:1: give a module, its slots or the name of a type, not nil"),
        ("k = tone('kick') remove(k) parameters(k)", "song.lua:1: there is no module \"kick\""),
    ]);
}

#[test]
fn values_with_units() {
    on_script_thread(|| {
        for (set, expected) in [
            ("cutoff = '1.2kHz'", "1200.0"),
            ("cutoff = 'A4'", "440.0"),
            ("lpf = ' 440 hz '", "440.0"),
            (
                "cutoff = '50%'",
                "s.cutoff = \"50%\": it takes a number from 20 Hz to 20000 Hz, or text such as \"1.2kHz\"",
            ),
            ("cutoff = 10", "s.cutoff = 10: it takes a number from 20 Hz to 20000 Hz, or text such as \"1.2kHz\""),
            ("cutoff = 1/0", "s.cutoff: inf cannot be a value; it must be finite"),
            ("cutoff = true", "s.cutoff = true: it takes a number from 20 Hz to 20000 Hz, or text such as \"1.2kHz\""),
            ("cutoff = {}", "s.cutoff = {}: it takes a number from 20 Hz to 20000 Hz, or text such as \"1.2kHz\""),
            ("time = '250ms'", "0.25"),
            ("time = '11s'", "s.time = \"11s\": it takes a number from 0 s to 10 s, or text such as \"250ms\""),
            ("every = '1/4'", "1.0"),
            ("every = '1/8.'", "0.75"),
            ("every = '3 beats'", "3.0"),
            ("level = '-6 dB'", "-6.0"),
            (
                "level = '-inf dB'",
                "s.level = \"-inf dB\": it takes a number from -60 dB to 6 dB, or text such as \"-6dB\"",
            ),
            ("root = 'F#3'", "54.0"),
            ("root = 'H3'", "s.root = \"H3\": it takes a number from 0 to 127, or text such as \"C4\""),
            ("bend = '50ct'", "0.5"),
            ("tune = '-1st'", "-100.0"),
            ("mix = '30%'", "30.0"),
            ("shape = '30%'", "0.3"),
            ("shape = 2", "s.shape = 2: it takes a number from 0 to 1"),
        ] {
            for code in [
                format!("s = sweep('s') s.{set}"),
                format!("s = sweep('s', {{{set}}})"),
                format!("sweep('s') setParam('s.{}", set.replacen(" = ", "', ", 1) + ")"),
            ] {
                let mut rig = Rig::new();
                let key = set.split(' ').next().expect("it begins with a key");
                let answer = match rig.run(&format!("{code} print(getParam('s.{key}'))")) {
                    Ok(_) => rig.printed.borrow().trim_end().to_owned(),
                    Err(error) => error.message.replace("s.lpf", "s.cutoff"),
                };
                assert_eq!(answer, expected, "{code}");
            }
        }
    });
}

#[test]
fn silence_and_labels() {
    table(&[
        ("k = tone('kick') k.amp = '-inf dB' print(k.volume, getParam('kick.amp'))", "0.0\t0.0"),
        ("k = tone('kick') k.wave = 'SAW' print(k.wave)", "saw"),
        ("k = tone('kick') k.voices = '3' print(k.voices)", "3"),
        ("k = tone('kick') k.glide = 'on'", "song.lua:1: kick.glide = \"on\": it takes true or false"),
        (
            "k = tone('kick') k.amb = 1",
            "song.lua:1: kick (Tone) has no parameter or action \"amb\"; did you mean \"amp\"?",
        ),
        (
            "tone('kick') make('Lfo', 'w') modulate('w', 'kick.volume', {low = '-6dB', high = 'loud'})",
            "song.lua:1: high = \"loud\": kick.volume takes a number from 0 to 2, or text such as \"-6dB\"",
        ),
        (
            "sweep('s') make('Lfo', 'w') modulate('w', 's.cutoff', {low = 'A4', high = '1kHz'}) print(script():match('low = [^}]*'))",
            "low = 440, high = 1000",
        ),
        (
            "sweep('s') control('cc 1', 's.time', {low = '250ms'}) print(script():match('low = [^}]*'))",
            "low = 0.25, high = 10",
        ),
    ]);
}

/// `[what help is given, how its answer begins]`.
const HELP: &[(&str, &str)] = &[
    (
        "kick.slots",
        "kick.slots: Samples. There are 4, from 1.\n  [n].file: Sound file. a sound file\n  [n].gain: How loud. 0 to 4 (1)",
    ),
    (
        "kick.slots[2]",
        "kick.slots[2] is one of 4: Samples.\n  file = \"\": Sound file. a sound file\n  gain = 1: How loud. 0 to 4 (1)",
    ),
    (
        "'kick.slots[2]'",
        "kick.slots[2] is one of 4: Samples.\n  file = \"\": Sound file. a sound file\n  gain = 1: How loud. 0 to 4 (1)",
    ),
    (
        "'tone.slots'",
        "Tone.slots: Samples. There are 4, from 1.\n  [n].file: Sound file. a sound file\n  [n].gain: How loud. 0 to 4 (1)",
    ),
    ("'kick.volume'", "kick.volume = 1: How loud. 0 to 2 (1); also amp\n  kick.volume = \"-6dB\""),
    ("'kick.amp'", "kick.volume = 1: How loud. 0 to 2 (1); also amp\n  kick.volume = \"-6dB\""),
    ("'tone.wave'", "Tone.wave: Shape. \"sine\", \"saw\" (\"sine\")"),
    ("'kick.slots[1].gain'", "kick.slots[1].gain = 1: How loud. 0 to 4 (1)"),
    ("'kick:stop'", "kick:stop(): Falls silent."),
    ("'kick.out'", "kick.out (audio output): "),
    ("'d.in_2'", "d.in_2 (audio input): "),
    ("'s.peak'", "s.meters.peak: How loud it was."),
    ("'kick.mute'", "kick.mute: Whether it is not heard, and sends no notes."),
    ("'steps.slots'", "Steps.slots: there are none."),
    ("'getParam'", "getParam(path: string) -> any or (module: Module|string, parameter: string) -> any: The value of"),
    ("clock.sync", "clock.sync(beats: number|string"),
    ("engine", "engine has\n  engine:undo(): As the function undo.\n  engine:redo()"),
    ("'engine'", "engine has\n  engine:undo(): As the function undo.\n  engine:redo()"),
    ("engine.onStateChange", "engine:onStateChange("),
    ("engine:getClock()", "clock has\n  "),
    ("clock", "clock has\n  clock."),
    ("math", "math has\n  math.random("),
    ("'cycle'", "cycle has\n  transpose(notes"),
    ("math.random", "math.random(m?: integer"),
    ("string.find", "string.find("),
    ("'kick.volum'", "!there is no help"),
];

#[test]
fn help_on_parts() {
    on_script_thread(|| {
        for (what, expected) in HELP {
            let mut rig = Rig::new();
            let code = format!("kick = tone('kick') d = desk('d') s = sweep('s') help({what})");
            match rig.run(&code) {
                Ok(_) => {
                    let said = rig.printed.borrow().trim_end_matches('\n').to_owned();
                    assert!(said.starts_with(expected), "{what}\n{said}\n---\n{expected}");
                }
                Err(error) => {
                    let message = "kick has no parameter, action, meter or port \"volum\"; did you mean \"volume\"?";
                    assert!(expected.starts_with('!'), "{what}: {error}");
                    assert_eq!(error.message, message);
                }
            }
        }
        let mut rig = Rig::new();
        // Once: at a prompt an answer is shown as well.
        let answered = rig.say("help(sweep('s'), help(desk('d')))").expect("helps");
        assert_eq!(answered.values, [""; 0]);
        let text = rig.printed.borrow().clone();
        for part in [
            "\n  meters.peak: How loud it was.\n",
            "\n  inputs: in (audio); outputs: out (audio)\n",
            "\n  inputs: in_1 to in_3 (audio); outputs: out (audio)\n",
            "\n  as every module: name, type, id, enabled, mute,",
            "\n  cutoff = 1000: Where it cuts. 20 to 20000 Hz (1000); also lpf\n",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    });
}
