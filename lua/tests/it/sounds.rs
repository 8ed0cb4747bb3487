//! What scripts know of sounds, whatever the type that has them.

use std::path::Path;
use std::sync::Arc;

use cantus_host::assets::{Progress, load};

use crate::rig::{Rig, on_script_thread};

/// With a sound that is loaded: 24,685 frames at 44,100 Hz.
fn rig() -> Rig {
    let rig = Rig::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/samples/bd_808.flac");
    let asset = load(&path, 44_100.0, &Progress::default()).expect("it can be read");
    rig.engine.assets.borrow_mut().insert("bd.flac".into(), Arc::new(asset));
    rig.engine.publish();
    rig
}

#[test]
fn a_sound_is_known_once_it_is_loaded() {
    on_script_thread(|| {
        let mut rig = rig();
        for code in [
            // In a slot, and in a module that has no slots.
            "k = tone('kick') k.slots[2].file = 'bd.flac' s = k.slots[2]",
            "s = tape('tape', {reel = 'bd.flac'})",
            "k = tone('kick') k.slots[2].file = 'bd.flac' s = k.slots[2]
             print(k.slots[1]:sound(), k.slots[1]:peaks(1))
             k.slots[1].file = 'other.flac'
             print(k.slots[1]:sound(), k.slots[1]:peaks(1))",
        ] {
            let told = "local known = s:sound() \
                print(known.frames, known.channels, known.rate, known.file_rate, known.format, known.root) \
                print(known.seconds == 24685 / 44100, #known.loops, #known.cues, #known.onsets, known.onsets[1].strength) \
                print(#s:peaks(64), s:peaks(1)[1].max > 0.7, s:peaks(1, 0.999)[1].max < 0.01, s:peaks(3, 0, 1, 1)[2].min < 0)";
            rig.printed.borrow_mut().clear();
            rig.run(&format!("{code}\n{told}")).unwrap_or_else(|error| panic!("{error}"));
            let printed = rig.printed.borrow();
            let (before, known) = printed.split_at(printed.find("24685").unwrap_or(0));
            assert!(before.is_empty() || before == "nil\tnil\nnil\tnil\n", "{before}");
            assert_eq!(
                known, "24685\t1\t44100.0\t44100.0\tFLAC\tnil\ntrue\t0\t0\t1\t1.0\n64\ttrue\ttrue\ttrue\n",
                "{code}"
            );
        }
    });
}

#[test]
fn help_draws_it() {
    on_script_thread(|| {
        let mut rig = rig();
        rig.run("k = tone('kick') k.slots[1].file = 'bd.flac' help(k.slots[1]) help(k.slots[2])").expect("helps");
        let printed = rig.printed.borrow().clone();
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines[0], "kick.slots[1] is one of 4: Samples.");
        assert!(lines[1].starts_with("  █▇▄▅▄▄▂▂"), "{}", lines[1]);
        assert_eq!(lines[2], "  0.560 s, 1 channel, FLAC of 44100 Hz, 1 onset, 0 cues");
        assert_eq!(lines[3], "  file = \"bd.flac\": Sound file. a sound file");
        assert_eq!(lines[5], "  of its sound: sound, peaks");
        assert_eq!(lines[7], "  file = \"\": Sound file. a sound file", "there is nothing to draw");
        rig.printed.borrow_mut().clear();
        rig.run("help(tape('tape', {reel = 'bd.flac'})) help('slot:peaks') help(tone('kick').slots[1].sound)")
            .expect("helps");
        let printed = rig.printed.borrow();
        for part in
            ["\n  0.560 s, 1 channel,", "slot:peaks(columns: integer, ", "slot:sound() -> Sound?: What is known"]
        {
            assert!(printed.contains(part), "{part} is not in\n{printed}");
        }
    });
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    on_script_thread(|| {
        for (code, expected) in [
            ("s:peaks()", "the columns of peaks must be a whole number, not nil"),
            ("s:peaks(0)", "peaks draws 1 to 100000 columns, not 0"),
            ("s:peaks(1e9)", "peaks draws 1 to 100000 columns, not 1000000000"),
            ("s:peaks(8, 0.5, 0.5)", "peaks are drawn from start to finish: 0.5 must be less than 0.5"),
            ("s:peaks(8, 0, 1.5)", "the finish of peaks is a fraction of the sound, 0 to 1, not 1.5"),
            ("s:peaks(8, 'x')", "the start of peaks must be a number, not \"x\""),
            ("s:peaks(8, 0, 1, 2)", "the sound has 1 channel, from 1; there is no 2"),
            ("s.sound()", "call it with a colon: kick.slots[1]:sound(...)"),
            ("s:peak(8)", "kick.slots[1] has no parameter \"peak\""),
            ("s.sound = 1", "kick.slots[1] has no parameter \"sound\""),
            ("desk('d'):sound()", "d (Desk) has no parameter or action \"sound\""),
            ("for n = 1, 1000 do s:peaks(100000) end", "endless loop"),
        ] {
            let error = rig().run(&format!("s = tone('kick').slots[1] s.file = 'bd.flac' {code}")).expect_err(code);
            assert!(error.message.contains(expected), "{code}: {}", error.message);
        }
    });
}
