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
        ("mute the sequencer", "mute('steps')"),
        ("solo another", "solo(constant('other', {value = 0}))"),
        ("remove what plays", "remove('h')"),
        ("replace what plays", "hold('h').seed = 5"),
    ] {
        let mut studio = holding(3);
        studio.eval(code);
        let [left, _] = studio.render(128);
        assert_eq!(left[64..], [0.0; 64], "{name}");
    }
}

/// The one frame a mark makes, of each script in turn.
fn marks<const N: usize>(studio: &mut Studio, notes: [&str; N]) -> [f32; N] {
    notes.map(|code| {
        studio.say(code).unwrap_or_else(|error| panic!("{code}: {error}"));
        let sounding: Vec<f32> = studio.render(512)[0].iter().copied().filter(|x| *x != 0.0).collect();
        assert_eq!(sounding.len(), 1, "{code}: {sounding:?}");
        sounding[0]
    })
}

#[test]
fn a_note_can_have_values_of_its_own() {
    let mut studio = Studio::playing("m = make('Mark', 'm', {level = 2, slots = {{gain = 3}, {gain = 5}}})");
    studio.skip(512);
    let notes = [
        "m:trigger{}",
        "m:trigger{amp = 1}",
        "m:trigger{slot = 2}",
        "m:trigger{slot = 2, gain = 1, level = '50%'}",
        "m:trigger{sign = 'DOWN'}",
        // What was one note's alone is not the next one's.
        "m:trigger{}",
    ];
    assert_eq!(marks(&mut studio, notes), [6.0, 3.0, 10.0, 0.5, -6.0, 6.0]);
}

#[test]
fn a_list_of_numbers_reaches_its_module() {
    let mut studio =
        Studio::playing("m = make('Mark', 'm', {weights = {1, 2}, title = 'x', slots = {{name = 'kick'}}})");
    studio.skip(512);
    let notes = ["m:trigger{}", "m.weights = {0.5} m:trigger{}", "m.weights = {} m:trigger{}"];
    assert_eq!(marks(&mut studio, notes), [3.0, 0.5, 1.0]);
    studio.say("undo()").expect("there is something");
    assert_eq!(marks(&mut studio, ["m:trigger{}"]), [0.5]);
    // Everything is sent again.
    studio.eval("panic()");
    studio.skip(512);
    assert_eq!(marks(&mut studio, ["m:trigger{}"]), [0.5]);
}

#[test]
fn a_meter_can_be_several() {
    let mut studio = Studio::playing("m = make('Mark', 'm')");
    studio.skip(512);
    marks(&mut studio, ["m:trigger{level = 3}", "m:trigger{slot = 2, level = 5}"]);
    studio.eval(
        "local m = make('Mark', 'm')
         print(m.meters.mark_1, m.meters.mark_2, m.meters.marks, m.meters.mark)
         local state = engine:getState().modules.m.meters
         for key, value in pairs(state) do print(key, value) end
         for _, meter in ipairs(meters(m)) do print(meter.key, meter.value) end",
    );
    let listed = ["mark_1\t3.0", "mark_2\t5.0", "marks\t2.0"];
    assert_eq!(studio.printed(), [&["3.0\t5.0\t2.0\tnil"], &listed[..], &listed[..]].concat());
}

#[test]
fn notes_that_wait_for_their_module_keep_what_is_their_own() {
    let mut studio = Studio::playing("");
    let marks = marks(&mut studio, ["m = make('Mark', 'm') m:trigger{level = 7}"]);
    assert_eq!(marks, [7.0]);
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
    studio.send(cantus_host::model::command::PanicCommand).expect("panic is always possible");
    studio.render(256);
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
    studio.render(256);
    let [left, _] = studio.render(64);
    assert_eq!(left, [100.0 / 256.0; 64]);
    studio.eval("for n = 1, 300 do constant('d' .. n, {value = 1/512}) end");
    let [left, _] = studio.render(64);
    assert_eq!(left, [100.0 / 256.0 + 300.0 / 512.0; 64]);
}

#[test]
fn a_module_replaced_under_its_name_leaves_no_note() {
    let mut studio = holding(2);
    // Of another type, but with the same port and so the same cable: the notes of the old one end, and its own begins.
    studio.eval("remove('steps') make('Stumbles', 'steps') connect('steps', 'h')");
    let [left, _] = studio.render(128);
    assert_eq!(left[64..], [1.0; 64]);
}

#[test]
#[cfg_attr(cantus_rtsan, ignore = "a panic allocates")]
fn a_source_that_panics_leaves_no_note() {
    let mut studio = Studio::playing(
        "pattern('long', {{length = 64}, rows = 64})
         connect(sequencer('steps', {pattern = 'long'}), hold('h'))
         connect(stumbles('bad', {after = 4}), 'h')",
    );
    let [left, _] = studio.render(128);
    assert_eq!(left, [2.0; 128], "one note of each");
    let [left, _] = studio.render(64 * 4);
    assert_eq!(left[64 * 3..], [1.0; 64], "the note of the one that panicked has ended");
}

#[test]
fn panic_cuts_what_rings_out() {
    let mut studio = Studio::new();
    studio.eval(
        "kick = sampler('kick', {release = 10})
         kick.slots[1].file = 'ambi_choir.flac'
         kick:trigger{length = 0.1}",
    );
    studio.start();
    studio.render(9_600);
    let [left, _] = studio.render(4_800);
    assert!(crate::rig::peak(&left) > 0.01, "it rings");
    studio.send(cantus_host::model::command::PanicCommand).expect("panic is always possible");
    studio.render(256);
    let [left, _] = studio.render(4_800);
    assert_eq!(crate::rig::peak(&left), 0.0, "it is silent");
    studio.eval("engine:getModuleRegistry():getModule('kick'):trigger{}");
    let [left, _] = studio.render(4_800);
    assert!(crate::rig::peak(&left) > 0.01, "its values and its sound are back");
}

#[test]
fn a_slip_in_a_file_name_does_not_silence_what_plays() {
    let mut studio = Studio::new();
    studio.eval("kick = sampler('kick') kick.slots[1].file = 'bd_haus.flac' kick:trigger{}");
    let [first, _] = studio.render(9_600);
    studio.eval("sampler('kick').slots[1].file = 'bd_hausss.flac'");
    studio.render(9_600);
    studio.eval("sampler('kick'):trigger{}");
    let [second, _] = studio.render(9_600);
    assert_eq!(studio.problems().len(), 1);
    assert!(crate::rig::peak(&second) > 0.5 * crate::rig::peak(&first), "the sound that was there plays on");
}

#[test]
fn edits_take_effect_before_actions_of_the_same_batch() {
    let mut studio = Studio::playing("hold('h')");
    // Both notes end with the stop that follows them, and the third begins after it.
    studio.eval(
        "h = hold('h')
         h:trigger{}
         h:trigger{}
         engine:getClock():stop()
         h:trigger{}",
    );
    let [left, _] = studio.render(64);
    assert_eq!(left, [1.0; 64]);
}

#[test]
fn an_engine_that_has_ended_says_so() {
    use cantus_host::control::{Batch, Commit, CommitError, Config, Engine, EngineThread, Origin};
    let config = Config { rate: crate::rig::RATE, root: crate::rig::pieces() };
    let (engine, _processor) = Engine::new(crate::rig::registry(), config);
    let handle = engine.handle().clone();
    drop(EngineThread::start(engine));
    let batch = Batch::new(Origin::Host, Vec::new());
    assert!(matches!(handle.commit(batch), Err(CommitError::Stopped)));
}

/// What instances hold when the engine ends before them is never freed (seen under a memory checker).
#[test]
fn instances_may_outlive_the_engine() {
    use cantus_host::control::{Config, Engine, LocalEngine};
    use cantus_host::device::Source;
    let root = crate::rig::pieces();
    let (engine, processor) =
        Engine::new(crate::rig::registry(), Config { rate: crate::rig::RATE, root: root.clone() });
    let engine = LocalEngine(std::rc::Rc::new(std::cell::RefCell::new(engine)));
    let options = cantus_lua::Options { root, ..Default::default() };
    let mut script = cantus_lua::Script::new(std::rc::Rc::new(engine.clone()), options).expect("a state can be made");
    let code = "pattern('p', 'x') k = sampler('k') k.slots[1].file = 'bd_fat.flac' connect(sequencer('s', {pattern = 'p'}), k)";
    script.eval(code, "test.lua", cantus_host::control::Origin::Host).expect("good code");
    engine.0.borrow_mut().settle();
    let mut source = Source::new(processor);
    let mut buffer = [0.0; 1024];
    source.fill(&mut buffer, 2);
    drop(script);
    drop(engine);
    source.fill(&mut buffer, 2);
    drop(source);
}

#[test]
fn meters_show_what_plays() {
    let mut studio = Studio::playing("constant('c', {value = 0.25}) output('o')");
    studio.render(64);
    let evaluation =
        studio.eval("m = engine:getModuleRegistry():getModule('o').meters return m.peak_left, m.peak_right");
    assert_eq!(evaluation.values, ["0.25", "0.25"]);
}
