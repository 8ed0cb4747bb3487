//! Nothing clicks, no note hangs, and what is removed rings out.

use std::sync::Arc;

use cantus_host::control::Commit;
use cantus_host::model::command::*;
use cantus_host::model::{Cable, Connection, Endpoint};

use crate::rig::{Studio, peak, ramp};

/// Evaluates `change` while `code` plays: it goes to `settled`, by steps no larger than so many ramps of a signal of 1
/// make together. Returns what was heard.
fn check(name: &str, code: &str, change: &str, ramps: f32, settled: f32) -> Vec<f32> {
    check_all(&format!("{name}, before another change in its quantum"), code, &[change, ELSEWHERE], ramps, settled);
    check_all(&format!("{name}, after another change in its quantum"), code, &[ELSEWHERE, change], ramps, settled);
    check_all(name, code, &[change], ramps, settled)
}

/// A change that leads to another plan, and to the same sound.
const ELSEWHERE: &str = "gain('elsewhere').enabled = false";

fn check_all(name: &str, code: &str, changes: &[&str], ramps: f32, settled: f32) -> Vec<f32> {
    let mut studio = Studio::playing(&format!("{code} gain('elsewhere')"));
    let [mut heard, _] = studio.render(128);
    for change in changes {
        studio.say(change).unwrap_or_else(|error| panic!("{error}"));
    }
    let [after, _] = studio.render(64 * 10);
    heard.extend(after);
    let steps = heard[127..].windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let worst = steps.fold(0.0, f32::max);
    assert!(worst <= ramps / 240.0 + 1e-6, "{name}: a step of {worst}");
    assert_eq!(heard.last(), Some(&settled), "{name}");
    heard.split_off(128)
}

#[test]
fn whatever_changes_on_the_way_of_audio_ramps() {
    let one = "constant('a')";
    let chain = "connect(constant('a'), gain('g'))";
    let long = "connect(constant('c'), wire('x')) connect('x', wire('y'))";
    for (name, code, change, ramps, settled) in [
        ("connect", "constant('a') gain('g', {gain = 0.5})", "connect('a', 'g')", 1.0, 0.5),
        ("disconnect", chain, "disconnect('a', 'g')", 2.0, 1.0),
        (
            "disconnect from what stays",
            "g = gain('g', {gain = 0.5}) connect(constant('a'), g)",
            "disconnect('a', 'g')",
            2.0,
            1.0,
        ),
        ("cable gain", chain, "connect('a', 'g', {gain = 0.25})", 0.75, 0.25),
        ("mute", one, "mute('a')", 1.0, 0.0),
        ("unmute", "mute(constant('a'))", "mute('a', false)", 1.0, 1.0),
        ("solo", "constant('a') constant('b', {value = 0.5})", "solo('b')", 1.0, 0.5),
        ("no more solo", "constant('a') solo(constant('b', {value = 0.5}))", "solo('b', false)", 1.0, 1.5),
        ("disable a source", one, "constant('a').enabled = false", 1.0, 0.0),
        ("enable a source", "constant('a').enabled = false", "constant('a').enabled = true", 1.0, 1.0),
        ("disable an effect", "connect(constant('a'), gain('g', {gain = 0}))", "gain('g').enabled = false", 1.0, 1.0),
        (
            "enable an effect",
            "connect(constant('a'), gain('g', {gain = 0})) gain('g').enabled = false",
            "gain('g').enabled = true",
            1.0,
            0.0,
        ),
        ("remove a source", one, "remove('a')", 1.0, 0.0),
        ("remove an effect", chain, "remove('g')", 2.0, 1.0),
        ("remove a source before an effect", chain, "remove('a')", 1.0, 0.0),
        ("remove all", chain, "remove('a') remove('g')", 1.0, 0.0),
        ("replace a source", one, "a = constant('a', {value = 0.5}) a.seed = 5", 1.5, 0.5),
        ("replace a source by another type", one, "remove('a') hold('a')", 1.0, 0.0),
        ("replace an effect", chain, "remove('g') connect('a', wire('g'))", 2.0, 1.0),
        ("a new seed", one, "constant('a').seed = 5", 2.0, 1.0),
        ("rename", chain, "rename('a', 'b') rename('g', 'a')", 0.0, 1.0),
        ("a new effect", one, "connect('a', gain('g', {gain = 0.5}))", 1.5, 0.5),
        ("a new sink", one, "output('o', {volume = 0.5})", 1.5, 0.5),
        ("no more derived routes", one, "setting('auto_route', false)", 1.0, 0.0),
        ("as feedback", "connect(constant('a'), gain('g'))", "connect('a', 'g', {feedback = true})", 4.0, 2.0),
        (
            "a cable turned round",
            long,
            "disconnect('c', 'x') disconnect('x', 'y') connect('c', 'y') connect('y', 'x')",
            4.0,
            1.0,
        ),
    ] {
        check(name, code, change, ramps, settled);
    }
}

#[test]
fn ramps_are_straight_lines_of_five_milliseconds() {
    let down: Vec<f32> = ramp(1.0, 0.0).into_iter().chain([0.0; 400]).collect();
    let up: Vec<f32> = ramp(0.0, 1.0).into_iter().chain([1.0; 400]).collect();
    for (name, code, change, expected) in [
        ("mute", "constant('a')", "mute('a')", &down),
        ("unmute", "mute(constant('a'))", "mute('a', false)", &up),
        ("remove", "constant('a')", "remove('a')", &down),
        ("disable", "constant('a')", "constant('a').enabled = false", &down),
        ("enable", "constant('a').enabled = false", "constant('a').enabled = true", &up),
        ("disable an effect", "connect(constant('a'), gain('g', {gain = 0}))", "gain('g').enabled = false", &up),
    ] {
        let heard = check(name, code, change, 1.0, expected[639]);
        let worst = heard.iter().zip(expected).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-6, "{name}: {heard:?}");
    }
}

#[test]
fn a_ramp_turns_round_from_where_it_is() {
    let mut studio = Studio::playing("constant('a')");
    studio.render(64);
    studio.eval("mute('a')");
    let [down, _] = studio.render(64);
    studio.eval("mute('a', false)");
    let [up, _] = studio.render(256);
    assert_eq!(down, ramp(1.0, 0.0)[..64]);
    assert_eq!(up[..240], ramp(down[63], 1.0));
    assert_eq!(up[240..], [1.0; 16]);
}

/// A note is held on a Tail that sounds on for so many frames.
fn tail(frames: usize) -> Studio {
    let mut studio = Studio::playing(&format!("t = make('Tail', 't', {{frames = {frames}}}) t:trigger{{}}"));
    assert_eq!(studio.render(128)[0], [1.0; 128]);
    studio
}

/// How long what was heard was 1, and then how long until it was 0 for good.
fn heard(left: &[f32]) -> (usize, usize) {
    let whole = left.iter().take_while(|x| **x == 1.0).count();
    let fading = left[whole..].iter().take_while(|x| **x != 0.0).count();
    assert!(left[whole + fading..].iter().all(|x| *x == 0.0), "silence for good");
    (whole, fading)
}

#[test]
fn what_is_removed_or_off_rings_out() {
    for (name, frames, change, expected) in [
        ("remove", 1_000, "remove('t')", (1_000, 0)),
        ("disable", 1_000, "make('Tail', 't').enabled = false", (1_000, 0)),
        ("replace", 1_000, "make('Tail', 't').seed = 5", (1_000, 0)),
        ("replace by another type", 1_000, "remove('t') constant('t', {value = 0})", (1_000, 0)),
        ("remove what does not end", 1_000_000, "remove('t')", (240_000, 239)),
        ("disable what does not end", 1_000_000, "make('Tail', 't').enabled = false", (240_000, 239)),
        ("mute", 1_000, "mute('t')", (0, 239)),
    ] {
        let mut studio = tail(frames);
        studio.eval(change);
        let [left, _] = studio.render(250_000);
        assert_eq!(heard(&left), expected, "{name}");
    }
}

#[test]
fn what_is_removed_while_it_is_mute_stays_so() {
    let mut studio = tail(1_000);
    studio.eval("mute('t')");
    studio.eval("remove('t')");
    assert_eq!(heard(&studio.render(2_000)[0]), (0, 239));
}

#[test]
fn what_has_rung_out_is_freed() {
    for frames in [0, 20_000, 1_000_000] {
        let mut studio = tail(frames);
        // The instance holds its meters as long as it lives.
        let meters = studio.engine().state().meters.get("t").expect("it is made").clone();
        studio.eval("remove('t')");
        studio.render(frames.min(200_000) + 128);
        assert!(Arc::strong_count(&meters) > 1, "{frames}: it rings out");
        studio.render(60_000);
        studio.eval("return 1"); // the script has seen the state of now
        // A worker frees it.
        let freed = (0..1_000_000).any(|_| {
            std::thread::yield_now();
            studio.problems().is_empty() && Arc::strong_count(&meters) == 1
        });
        assert!(freed, "{frames}: it is gone");
    }
}

#[test]
fn a_name_is_free_while_its_module_rings_out() {
    let mut studio = tail(1_000);
    studio.eval("remove('t')");
    studio.eval("make('Tail', 't'):trigger{}");
    let [left, _] = studio.render(2_000);
    assert_eq!(left[..1_000], [2.0; 1_000], "the old and the new one");
    assert_eq!(left[1_000..], [1.0; 1_000]);
}

#[test]
fn what_is_off_takes_no_notes_until_it_is_on_again() {
    let mut studio = tail(0);
    studio.eval("t = make('Tail', 't') t.enabled = false t:trigger{}");
    let [left, _] = studio.render(32_000);
    assert_eq!(heard(&left), (0, 0));
    studio.eval("t = make('Tail', 't') t.enabled = true");
    assert_eq!(studio.render(640)[0], [0.0; 640]);
    studio.eval("make('Tail', 't'):trigger{}");
    assert_eq!(studio.render(640)[0], [1.0; 640]);
}

#[test]
fn panic_ends_what_rings_out() {
    let mut studio = tail(1_000_000);
    studio.eval("remove('t')");
    assert_eq!(studio.render(640)[0], [1.0; 640]);
    studio.send(PanicCommand).expect("panic is always possible");
    let [left, _] = studio.render(640);
    let off = left.iter().zip(ramp(1.0, 0.0)).map(|(x, expected)| (x - expected).abs()).fold(0.0, f32::max);
    assert!(off < 1e-5 && left[239..] == [0.0; 401], "without a step: {off}");
}

#[test]
fn a_tail_is_heard_through_what_is_removed_with_it() {
    let mut studio = Studio::playing("t = make('Tail', 't', {frames = 1000}) connect(t, gain('g')) t:trigger{}");
    studio.render(64);
    studio.eval("remove('t') remove('g')");
    let [left, _] = studio.render(30_000);
    assert_eq!(heard(&left), (1_000, 0));
}

#[test]
fn events_over_feedback_come_a_quantum_later_on_their_frame() {
    let mut studio = Studio::playing("r = make('Relay', 'r') connect(r, click('c'))");
    let round = Connection { from: Endpoint::new("r", "notes_out"), to: Endpoint::new("r", "notes") };
    let cable = Cable { feedback: true, ..Cable::default() };
    studio.send(ConnectCommand { connection: round.clone(), cable }).expect("a module may hear itself");
    studio.eval("engine:getModuleRegistry():getModule('r'):trigger{}");
    let clicks = |left: &[f32]| (0..left.len()).filter(|n| left[*n] != 0.0).collect::<Vec<_>>();
    assert_eq!(clicks(&studio.render(320)[0]), [0, 64, 128, 192, 256]);
    // Into a module that runs before its source, too; and a change elsewhere loses nothing.
    studio.send(DisconnectCommand { connection: round }).expect("it is there");
    studio.send(PanicCommand).expect("panic is always possible");
    studio.render(640);
    studio.eval("b = make('Relay', 'b') r = make('Relay', 'r') connect(b, r)");
    let back = Connection { from: Endpoint::new("r", "notes_out"), to: Endpoint::new("b", "notes") };
    studio.send(ConnectCommand { connection: back, cable }).expect("with delay it can be");
    studio.eval("engine:getModuleRegistry():getModule('b'):trigger{}");
    assert_eq!(clicks(&studio.render(64)[0]), [0]);
    studio.eval("constant('other', {value = 0})");
    assert_eq!(clicks(&studio.render(192)[0]), [0, 64, 128]);
    studio.eval("engine:getClock():stop()");
    assert_eq!(clicks(&studio.render(192)[0]), [] as [usize; 0], "what was on its way when it stopped does not come");
}

#[test]
fn a_note_on_its_way_does_not_hang() {
    let mut studio = Studio::playing("make('Relay', 'r') hold('h')");
    let late = Connection { from: Endpoint::new("r", "notes_out"), to: Endpoint::new("h", "notes") };
    let cable = Cable { feedback: true, ..Cable::default() };
    studio.send(ConnectCommand { connection: late, cable }).expect("they fit");
    studio.eval("engine:getModuleRegistry():getModule('r'):trigger{}");
    let [left, _] = studio.render(192);
    assert_eq!(left, [[0.0; 64], [1.0; 64], [1.0; 64]].concat());
    studio.eval("engine:getModuleRegistry():getModule('r'):trigger{} ");
    studio.render(64);
    studio.eval("engine:getClock():stop()");
    assert_eq!(studio.render(192)[0][64..], [0.0; 128]);
}

#[test]
fn a_recording_does_not_click_either() {
    let code = "s = sampler('s') s.slots[1] = {file = 'ambi_choir.flac', style = 'loop'} s:trigger{} scene('now')";
    let step = |left: &[f32]| left.windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max);
    let mut alone = Studio::playing(code);
    alone.render(48_000);
    let [alone, _] = alone.render(24_000);
    let bound = step(&alone) + peak(&alone) / 240.0;
    for change in [
        "s.enabled = false",
        "s.enabled = false clock.run(function() clock.sleep(0.05) s.enabled = true end)",
        "mute('s')",
        "remove('s')",
        "s.slots[1].file = 'ambi_piano.flac'",
        "s.slots[1].file = ''",
        "s.slots[1] = {style = 'once', finish = 0.1}",
        "stop()",
        "hush()",
        "panic()",
        "rename('s', 't')",
    ] {
        let mut studio = Studio::playing(code);
        studio.render(48_000);
        let [mut heard, _] = studio.render(64);
        studio.say(change).unwrap_or_else(|error| panic!("{error}"));
        heard.extend(studio.render(23_936).into_iter().next().expect("the left one"));
        assert!(step(&heard) <= bound, "{change}: a step of {}, not {bound}", step(&heard));
    }
}
