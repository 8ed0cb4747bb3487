//! Presets: what manifests suggest, as ordinary settings.

use crate::rig::{Rig, on_script_thread, table};

#[test]
fn a_preset_sets_what_it_names() {
    table(&[
        (
            "k = tone('kick', {glide = true}) preset(k, 'thin') print(k.volume, k.voices, k.wave, k.glide)",
            "0.25\t1\tsaw\ttrue",
        ),
        (
            "k = tone('kick') preset('kick', 'wide') print(k.volume, k.glide, k.slots[1].gain, k.slots[2].gain, k.slots[4].gain)",
            "2.0\ttrue\t2.0\t1.0\t0.5",
        ),
        ("preset(tone('kick'), 'thn')", "song.lua:1: kick has no preset \"thn\"; did you mean \"thin\"?"),
        ("preset(desk('d'), 'thin')", "song.lua:1: d has no preset \"thin\""),
        ("preset('kik', 'thin')", "song.lua:1: there is no module \"kik\""),
        ("preset(tone('kick'))", "song.lua:1: the name of a preset must be text, not nil"),
    ]);
}

#[test]
fn presets_are_listed_and_helped_with() {
    const THIN: &str = "thin: Goes well with others. voices = 1, volume = 0.25, wave = \"saw\"";
    const WIDE: &str = "wide: Fills all. glide = true, volume = 2, slots[1].gain = 2, slots[4].gain = 0.5";
    on_script_thread(|| {
        for (code, expected) in [
            ("print(presets(tone('kick')))", format!("{THIN}\n{WIDE}")),
            ("print(presets('Tone'))", format!("{THIN}\n{WIDE}")),
            ("print(#presets(desk('d')), presets(desk))", "0\t".into()),
            ("local p = presets(tone)[1] print(p.key, p.name, p.doc, p.values.wave, next(p.slots))", {
                "thin\tThin saw\tGoes well with others.\tsaw\tnil".into()
            }),
            ("local p = presets(tone)[2] print(p.name, p.slots[1].gain, p.slots[4].gain)", "wide\t2.0\t0.5".into()),
        ] {
            let mut rig = Rig::new();
            rig.run(code).unwrap_or_else(|error| panic!("{code}: {error}"));
            assert_eq!(rig.printed.borrow().trim_end_matches('\n'), expected, "{code}");
        }
        let mut rig = Rig::new();
        rig.run("help(tone)").expect("helps");
        let said = rig.printed.borrow();
        assert!(said.contains(&format!("\n  preset {THIN}\n  preset {WIDE}\n")), "{said}");
    });
}

/// A preset in a file is claimed value by value: saved again, it leaves alone what was turned by hand; without its
/// line, all is as before.
#[test]
fn a_file_claims_what_a_preset_sets() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        let shown = |rig: &mut Rig| {
            rig.printed.borrow_mut().clear();
            rig.say("print(tone('kick').volume, tone('kick').wave)").expect("it is there");
            rig.printed.borrow().trim_end().to_owned()
        };
        rig.file("song.lua", "preset(tone('kick'), 'thin')").expect("runs");
        assert_eq!(shown(&mut rig), "0.25\tsaw");
        rig.say("tone('kick').volume = 0.5").expect("it is turned");
        rig.file("song.lua", "preset(tone('kick'), 'thin') -- again").expect("runs");
        assert_eq!(shown(&mut rig), "0.5\tsaw");
        rig.file("song.lua", "tone('kick')").expect("runs");
        assert_eq!(shown(&mut rig), "1.0\tsine");
    });
}
