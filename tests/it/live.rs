//! What commands do to the music that is playing.

use cantus_host::control::{Batch, Commit, Origin};
use cantus_host::model::command::*;
use cantus_host::model::{
    Cable, Chain, ChainEntry, Command, Connection, Endpoint, Num, Pattern, Signature, Swing, Value,
};

use crate::rig::{Studio, ramp};

fn rename(name: &str, to: &str) -> Command {
    RenameModuleCommand { name: name.into(), to: to.into() }.into()
}

fn send(studio: &Studio, commands: Vec<Command>) {
    studio.engine().commit(Batch::new(Origin::Host, commands)).expect("it can be done");
}

/// A note that is held, on a module that plays how many notes are on.
const HELD: &str =
    "pattern('long', {{length = 64}, rows = 64}) s = sequencer('s', {pattern = 'long'}) connect(s, hold('h'))";

#[test]
fn what_is_renamed_sounds_on() {
    let mut studio = Studio::playing(HELD);
    let [before, _] = studio.render(128);
    assert_eq!(before, [1.0; 128]);
    for names in [[("h", "other"), ("s", "seq")], [("other", "x"), ("seq", "y")]] {
        send(&studio, names.iter().map(|(from, to)| rename(from, to)).collect());
        let [left, _] = studio.render(128);
        assert_eq!(left, [1.0; 128], "{names:?}");
    }
    // Its cable has followed: what ends the sequencer ends the note.
    studio.send(RemoveModuleCommand { name: "y".into() }).expect("it is there");
    let [left, _] = studio.render(128);
    assert_eq!(left[64..], [0.0; 64]);
}

#[test]
fn names_that_change_places_carry_their_modules_along() {
    let mut studio = Studio::playing("constant('a', {value = 0.25}) constant('b', {value = 0.5})");
    send(&studio, vec![rename("a", "c"), rename("b", "a"), rename("c", "b")]);
    let set = |path: &str| SetParameterCommand { path: path.parse().expect("a path"), value: Some(Value::Int(0)) };
    studio.send(set("b.value")).expect("it is there");
    let [left, _] = studio.render(64);
    assert_eq!(left, [0.5; 64], "what was a is silent");
    // A name that another module gets: what had it goes.
    send(&studio, vec![RemoveModuleCommand { name: "b".into() }.into(), rename("a", "b")]);
    let [left, _] = studio.render(64);
    assert_eq!(left, [0.5; 64]);
    studio.send(set("b.value")).expect("it is there");
    let [left, _] = studio.render(64);
    assert_eq!(left, [0.0; 64]);
}

#[test]
fn a_cable_has_a_gain() {
    let connection = Connection { from: Endpoint::new("a", "out"), to: Endpoint::new("g", "in") };
    let mut studio = Studio::playing("connect(constant('a', {value = 0.5}), gain('g'))");
    studio.render(64);
    let mut before = 1.0;
    for gain in [0.5, -2.0, 0.0, 1.0] {
        let cable = Cable { gain: Num::of(gain), ..Cable::default() };
        studio.send(ConnectCommand { connection: connection.clone(), cable }).expect("they fit");
        let expected: Vec<f32> =
            ramp(before, gain as f32).into_iter().chain([gain as f32; 16]).map(|g| 0.5 * g).collect();
        let [left, right] = studio.render(256);
        assert_eq!((left, right), (expected.clone(), expected), "gain {gain}");
        before = gain as f32;
    }
}

/// Frames at which clicks begin, of a sequencer at four steps a beat that plays `plays`.
fn onsets(studio: &mut Studio, frames: usize) -> Vec<usize> {
    let [left, _] = studio.render(frames);
    (0..frames).filter(|n| left[*n] != 0.0).collect()
}

/// A click on every row, 120 beats per minute: every 6,000 frames at one row a quarter of a beat.
fn clicks(rows: &str) -> Studio {
    let code = format!("pattern('p', '{rows}') s = sequencer('s', {{pattern = 'p'}}) connect(s, click('c'))");
    let mut studio = Studio::new();
    studio.eval(&code);
    studio
}

#[test]
fn time_follows_the_model() {
    for (name, commands, expected) in [
        ("straight", vec![], vec![0, 6_000, 12_000, 18_000]),
        ("tempo", vec![SetBPMCommand { bpm: Num::of(60.0), over: Num::ZERO }.into()], vec![0, 12_000]),
        (
            "swing",
            vec![SetSwingCommand { swing: Swing { amount: Num::of(0.75), unit: Num::of(0.25) } }.into()],
            vec![0, 9_000, 12_000, 21_000],
        ),
        (
            "loop",
            vec![SetLoopCommand { range: Some((Num::ZERO, Num::of(0.375))) }.into()],
            vec![0, 6_000, 9_000, 15_000, 18_000],
        ),
        (
            "tempo map",
            vec![
                SetTempoPointCommand {
                    beat: Num::of(0.5),
                    point: cantus_host::model::TempoPoint { bpm: Num::of(240.0), ramp: false },
                }
                .into(),
            ],
            vec![0, 6_000, 12_000, 15_000, 18_000, 21_000],
        ),
    ] as [(&str, Vec<Command>, Vec<usize>); 5]
    {
        let mut studio = clicks("x x x x");
        send(&studio, commands);
        studio.start();
        assert_eq!(onsets(&mut studio, 23_000), expected, "{name}");
    }
}

#[test]
fn a_tempo_glides_and_arrives() {
    let mut studio = clicks("x x x x");
    studio.start();
    // From 120 to 60 within a beat, evenly in time: at 90 on average, so 32,000 frames.
    studio.send(SetBPMCommand { bpm: Num::of(60.0), over: Num::ONE }).expect("it can be");
    let found = onsets(&mut studio, 60_000);
    assert_eq!((found[0], found[4], found[5], found[6]), (0, 32_000, 44_000, 56_000), "{found:?}");
}

#[test]
fn a_signature_is_told() {
    let studio = Studio::new();
    studio.send(SetTimeSignatureCommand { signature: Signature { beats: 7, unit: 8 } }).expect("it can be");
    assert_eq!(studio.engine().state().model.signature.beats_per_bar(), 3.5);
}

#[test]
fn a_chain_plays_its_patterns_one_after_the_other() {
    let entry = |pattern: &str, repeats, enabled| ChainEntry { repeats, enabled, ..ChainEntry::new(pattern) };
    let chain = |repeat, entries: &[ChainEntry]| -> Command {
        SetChainCommand { name: "song".into(), chain: Chain { entries: entries.into(), repeat } }.into()
    };
    let entries = [entry("a", 2, true), entry("b", 1, true), entry("a", 9, false), entry("nothing", 1, true)];
    for (repeat, expected) in
        [(true, vec![0, 12_000, 30_000, 36_000, 48_000, 66_000]), (false, vec![0, 12_000, 30_000])]
    {
        let mut studio = clicks("x");
        studio.eval("pattern('a', 'x .') pattern('b', '. x')");
        send(&studio, vec![chain(repeat, &entries)]);
        let path = "s.pattern".parse().expect("a path");
        studio.send(SetParameterCommand { path, value: Some(Value::Text("song".into())) }).expect("it is there");
        assert_eq!(studio.problems(), Vec::<String>::new());
        studio.start();
        assert_eq!(onsets(&mut studio, 70_000), expected, "repeat {repeat}");
    }
    // An edit of one of its patterns is heard in the chain.
    let mut studio = clicks("x");
    studio.eval("pattern('a', 'x .') pattern('b', '. x')");
    send(&studio, vec![chain(true, &entries)]);
    studio.eval("setParam('s', 'pattern', 'song')");
    studio.send(SetPatternCommand { name: "a".into(), pattern: Pattern::new(2, Num::of(4.0)) }).expect("a good one");
    studio.start();
    assert_eq!(onsets(&mut studio, 40_000), [30_000]);
}

/// The last frame of the next so many quanta that every ramp has arrived in it.
fn level(studio: &mut Studio) -> f32 {
    studio.render(256)[0][255]
}

#[test]
fn the_seed_of_last_is_what_plays_however_many_are_being_made() {
    let mut studio = Studio::new();
    let id = studio.engine().mint();
    send(&studio, vec![AddModuleCommand { module_type: "Lot".into(), name: "a".into(), id }.into()]);
    for seed in 1..=20 {
        send(&studio, vec![SetSeedCommand { name: "a".into(), seed: Some(seed) }.into()]);
    }
    assert_eq!(level(&mut studio), 20.0);
}

#[test]
fn what_is_mute_is_not_heard_and_what_is_solo_alone_is() {
    let mut studio = Studio::playing("constant('a', {value = 0.25}) constant('b', {value = 0.5})");
    let mute = |name: &str, mute| Command::from(MuteModuleCommand { name: name.into(), mute });
    let solo = |name: &str, solo| Command::from(SoloModuleCommand { name: name.into(), solo });
    for (command, heard) in [
        (mute("a", true), 0.5),
        (mute("a", false), 0.75),
        (solo("a", true), 0.25),
        (solo("b", true), 0.75),
        (solo("a", false), 0.5),
        (mute("b", true), 0.0),
    ] {
        let described = command.describe();
        studio.send(command).expect("it is there");
        assert_eq!(level(&mut studio), heard, "{described}");
    }
}

#[test]
fn notes_end_when_their_sequencer_is_mute_or_their_module_off() {
    for command in [
        Command::from(MuteModuleCommand { name: "s".into(), mute: true }),
        EnableModuleCommand { name: "s".into(), enabled: false }.into(),
        EnableModuleCommand { name: "h".into(), enabled: false }.into(),
        SoloModuleCommand { name: "other".into(), solo: true }.into(),
    ] {
        let mut studio = Studio::playing(&format!("{HELD} constant('other', {{value = 0}})"));
        assert_eq!(level(&mut studio), 1.0);
        let described = command.describe();
        studio.send(command).expect("it is there");
        studio.render(64);
        assert_eq!(level(&mut studio), 0.0, "{described}");
        // Nothing hangs on the other side either.
        let back = [
            Command::from(MuteModuleCommand { name: "s".into(), mute: false }),
            EnableModuleCommand { name: "s".into(), enabled: true }.into(),
            EnableModuleCommand { name: "h".into(), enabled: true }.into(),
            SoloModuleCommand { name: "other".into(), solo: false }.into(),
        ];
        send(&studio, back.into());
        assert_eq!(level(&mut studio), 0.0, "{described}, and back");
    }
}

#[test]
fn an_effect_that_is_off_is_dry() {
    let mut studio = Studio::playing("connect(constant('a', {value = 0.25}), gain('g', {gain = 2}))");
    let gain_is_an_effect = studio.engine().catalog().get("Gain").is_some_and(|t| t.is_effect());
    assert!(gain_is_an_effect);
    for (name, enabled, heard) in [("g", true, 0.5), ("g", false, 0.25), ("a", false, 0.0), ("a", true, 0.25)] {
        studio.send(EnableModuleCommand { name: name.into(), enabled }).expect("it is there");
        assert_eq!(level(&mut studio), heard, "{name} {enabled}");
    }
}

#[test]
fn feedback_comes_a_quantum_later() {
    let mut studio = Studio::playing("connect(constant('a', {value = 1}), gain('g'))");
    let connection = Connection { from: Endpoint::new("g", "out"), to: Endpoint::new("g", "in") };
    let cable = |gain, feedback| ConnectCommand {
        connection: connection.clone(),
        cable: Cable { gain: Num::of(gain), feedback, instrument: None },
    };
    assert!(studio.send(cable(0.5, false)).is_err(), "a circle without delay");
    assert_eq!(level(&mut studio), 1.0);
    studio.send(cable(0.5, true)).expect("with delay it can be");
    let [left, _] = studio.render(64 * 8);
    let gains: Vec<f32> = ramp(0.0, 0.5).into_iter().chain([0.5; 512]).take(left.len()).collect();
    let mut expected = vec![1.0; 64]; // of the quantum before
    for (frame, gain) in gains.iter().enumerate() {
        expected.push(1.0 + gain * expected[frame]);
    }
    assert_eq!(left, expected[64..]);
    studio.send(EnableModuleCommand { name: "g".into(), enabled: false }).expect("it is there");
    assert_eq!(level(&mut studio), 1.0, "no way round through what is off");
}

#[test]
fn a_solo_module_whose_name_another_gets_frees_the_rest() {
    let mut studio = Studio::playing(&format!("{HELD} constant('x', {{value = 0}}) constant('y', {{value = 0}})"));
    studio.send(SoloModuleCommand { name: "x".into(), solo: true }).expect("it is there");
    studio.render(64);
    assert_eq!(level(&mut studio), 0.0);
    send(&studio, vec![RemoveModuleCommand { name: "x".into() }.into(), rename("y", "x")]);
    studio.send(SeekCommand { beat: Num::ZERO }).expect("it can be");
    assert_eq!(level(&mut studio), 1.0, "the sequencer is heard again");
}
