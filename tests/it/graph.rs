//! Cables, derived routes, and notes that never hang.

use crate::rig::Studio;

/// Evaluates and renders 64 frames from beat 0; all of them are that value.
fn check(name: &str, code: &str, left: f32, right: f32) {
    let mut studio = Studio::playing(code);
    let [l, r] = studio.render(64);
    assert_eq!((l, r), (vec![left; 64], vec![right; 64]), "{name}");
    assert_eq!(studio.problems(), Vec::<String>::new(), "{name}");
}

#[test]
fn what_nothing_connects_is_heard() {
    for (name, code, heard) in [
        ("one goes to out", "constant('a', {value = 0.25})", 0.25),
        ("two are added up", "constant('a', {value = 0.25}) constant('b', {value = 0.5})", 0.75),
        ("through an effect", "connect(constant('a', {value = 0.25}), gain('g', {gain = 2}))", 0.5),
        ("a sink takes it", "constant('a', {value = 0.25}) output('master', {volume = 0.5})", 0.125),
        (
            "what is connected is not heard twice",
            "connect(constant('a', {value = 0.25}), mixer('m')) output('o')",
            0.25,
        ),
        ("an explicit cable to out", "connect(constant('a', {value = 0.25}), out)", 0.25),
        ("two cables into one input", "g = gain('g') connect(constant('a'), g) connect(constant('b'), g)", 0.98),
        (
            "behind a sink",
            "connect(output('o'), gain('g', {gain = 0.5})) connect(constant('a', {value = 0.5}), 'o')",
            0.75,
        ),
    ] {
        let code = if heard == 0.98 { format!("{code} output('limited')") } else { code.to_owned() };
        check(name, &code, heard, heard);
    }
}

#[test]
fn one_channel_goes_to_both() {
    let mut studio = Studio::playing("hold('h')");
    studio.eval("engine:getModuleRegistry():getModule('h'):trigger{}");
    let [left, right] = studio.render(64);
    assert_eq!((left, right), (vec![1.0; 64], vec![1.0; 64]));
}

/// One long note in each of `columns` columns, on a module that plays how many notes are on.
fn holding(columns: usize) -> Studio {
    let row: Vec<String> = (0..columns).map(|_| "{length = 64}".to_owned()).collect();
    let code = format!(
        "pattern('long', {{ {{ {} }} , rows = 64}})\nsteps = sequencer('steps', {{pattern = 'long'}})\n\
         connect(steps, hold('h'))",
        row.join(", ")
    );
    let mut studio = Studio::playing(&code);
    let [left, _] = studio.render(128);
    assert_eq!(left, vec![columns as f32; 128], "the notes are on");
    studio
}

#[test]
fn notes_end_with_what_holds_them() {
    for (name, code) in [
        ("stop", "engine:getClock():stop()"),
        ("pause", "engine:getClock():pause()"),
        ("disconnect", "disconnect('steps', 'h')"),
        ("remove the sequencer", "remove('steps')"),
        ("unbind the pattern", "setParam('steps', 'pattern', '')"),
        ("seek past the row", "engine:getClock():seek(8)"),
    ] {
        let mut studio = holding(3);
        studio.eval(code);
        let [left, _] = studio.render(128);
        assert_eq!(left[64..], [0.0; 64], "{name}");
    }
}

#[test]
fn a_triggered_note_ends_by_itself() {
    let mut studio = Studio::playing("hold('h')");
    // 120 bpm: a hundredth of a beat is 240 samples.
    studio.eval("engine:getModuleRegistry():getModule('h'):trigger{length = 0.01}");
    let [left, _] = studio.render(512);
    assert_eq!(left[..240], [1.0; 240]);
    assert_eq!(left[240..], [0.0; 272]);
}

#[test]
fn panic_ends_everything() {
    let mut studio = holding(2);
    studio.eval("engine:getModuleRegistry():getModule('h'):trigger{}");
    let [left, _] = studio.render(64);
    assert_eq!(left, [3.0; 64]);
    studio.send(cantus_host::model::PanicCommand).expect("panic is always possible");
    let [left, _] = studio.render(64);
    assert_eq!(left, [0.0; 64]);
}

#[test]
fn a_new_note_sounds_with_its_sound_file() {
    let mut studio = Studio::new();
    studio.eval("kick = sampler('kick') kick.slots[1].file = 'bd_haus.flac' kick:trigger{}");
    let [left, _] = studio.render(4_800);
    assert!(crate::rig::peak(&left) > 0.5, "the trigger waited for the file");
}

#[test]
fn two_hundred_modules_come_and_go() {
    let mut studio = Studio::playing("for n = 1, 200 do constant('c' .. n, {value = 1/256}) end");
    let [left, _] = studio.render(64);
    assert_eq!(left, [200.0 / 256.0; 64]);
    studio.eval("for n = 1, 200, 2 do remove('c' .. n) end");
    let [left, _] = studio.render(64);
    assert_eq!(left, [100.0 / 256.0; 64]);
    studio.eval("for n = 1, 300 do constant('d' .. n, {value = 1/512}) end");
    let [left, _] = studio.render(64);
    assert_eq!(left, [100.0 / 256.0 + 300.0 / 512.0; 64]);
}
