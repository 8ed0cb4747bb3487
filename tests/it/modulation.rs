//! What links do to parameters, quantum by quantum.

use cantus_host::control::Commit;
use cantus_host::model::command::*;
use cantus_host::model::{Link, LinkKey, Num, Value};

use crate::rig::Studio;

/// A link over 0 to 8 of the constant's own range, so that what it adds is easy to see.
fn wide() -> Link {
    Link { range: Some((Num::ZERO, Num::of(8.0))), ..Link::default() }
}

fn modulate(studio: &Studio, from: &str, to: &str, link: Link) {
    let key = LinkKey { from: from.parse().expect("a port"), to: to.parse().expect("a path") };
    studio.send(ModulateCommand { key, link }).expect("it can be modulated");
}

fn unmodulate(studio: &Studio, from: &str, to: &str) {
    let key = LinkKey { from: from.parse().expect("a port"), to: to.parse().expect("a path") };
    studio.send(UnmodulateCommand { key }).expect("it is there");
}

fn set(studio: &Studio, path: &str, value: f64) {
    let value = Some(Value::Num(Num::of(value)));
    studio.send(SetParameterCommand { path: path.parse().expect("a path"), value }).expect("it is there");
}

/// What is heard in each of the next quanta; all of a quantum is the same.
fn quanta(studio: &mut Studio, count: usize) -> Vec<f32> {
    let [left, _] = studio.render(64 * count);
    assert!(left.chunks(64).all(|q| q == [q[0]; 64]), "{left:?}");
    left.chunks(64).map(|q| q[0]).collect()
}

/// A constant of 10, a Dial `d` at `value`, and Stairs.
fn begin(value: f64) -> Studio {
    Studio::playing(&format!(
        "constant('c', {{value = 10}}) make('Dial', 'd', {{value = {value}}}) make('Stairs', 's') make('Stairs', 'a')"
    ))
}

#[test]
fn a_link_adds_what_it_says() {
    let n = Num::of;
    for (name, value, link, expected) in [
        ("linear", 0.5, wide(), 14.0),
        ("negative", -0.5, wide(), 6.0),
        ("half the depth", 0.5, Link { depth: n(0.5), ..wide() }, 12.0),
        ("inverse depth", 0.5, Link { depth: n(-1.0), ..wide() }, 6.0),
        ("another range", 0.5, Link { range: Some((n(100.0), n(102.0))), ..Link::default() }, 11.0),
        ("all of the range", 0.25, Link::default(), 510.0),
        ("beyond the range", 1.0, Link::default(), 1000.0),
        ("curve up", 0.5, Link { curve: n(0.5), ..wide() }, 12.0),
        ("curve up, negative", -0.5, Link { curve: n(0.5), ..wide() }, 8.0),
        ("curve down", 0.25, Link { curve: n(-0.5), ..wide() }, 14.0),
        ("to one side", 0.5, Link { bipolar: false, ..wide() }, 16.0),
        ("to one side, lowest", -1.0, Link { bipolar: false, ..wide() }, 10.0),
    ] {
        let mut studio = begin(value);
        modulate(&studio, "d.out", "c.value", link);
        assert_eq!(quanta(&mut studio, 2), [expected; 2], "{name}");
        // It comes to what sounds already, and goes.
        let mut studio = begin(value);
        assert_eq!(quanta(&mut studio, 1), [10.0], "{name}");
        modulate(&studio, "d.out", "c.value", link);
        assert_eq!(quanta(&mut studio, 2), [expected; 2], "{name}, later");
        unmodulate(&studio, "d.out", "c.value");
        assert_eq!(quanta(&mut studio, 2), [10.0; 2], "{name}, no more");
    }
}

#[test]
fn a_link_follows_its_source_quantum_by_quantum() {
    let steps = |feedback: i32| (0..18).map(move |q: i32| 10.0 + ((q - feedback).rem_euclid(16) - 8) as f32);
    let mut studio = begin(0.0);
    modulate(&studio, "s.out", "c.value", wide());
    assert_eq!(quanta(&mut studio, 18), steps(0).collect::<Vec<_>>());
    // Whichever runs first.
    for source in ["a.out", "s.out"] {
        let mut studio = begin(0.0);
        modulate(&studio, source, "c.value", Link { feedback: true, ..wide() });
        let heard = quanta(&mut studio, 18);
        assert_eq!(heard[0], 10.0, "nothing came before");
        assert_eq!(heard[1..], steps(1).collect::<Vec<_>>()[1..], "{source}");
    }
}

#[test]
fn smoothing_reaches_63_percent_in_its_time() {
    let mut studio = begin(0.0);
    modulate(&studio, "d.out", "c.value", Link { smoothing: Num::of(0.1), ..wide() });
    quanta(&mut studio, 2);
    set(&studio, "d.value", 1.0);
    let heard = quanta(&mut studio, 75); // 0.1 s
    for (n, value) in heard.iter().enumerate() {
        let expected = 10.0 + 8.0 * (1.0 - (-((n + 1) as f64) / 75.0).exp());
        assert!((f64::from(*value) - expected).abs() < 1e-5, "quantum {n}: {value}, not {expected}");
    }
}

#[test]
fn links_add_up_and_leave_one_by_one() {
    let mut studio = begin(0.5);
    modulate(&studio, "s.out", "c.value", wide());
    modulate(&studio, "d.out", "c.value", wide());
    let stairs = |from: i32, to: i32| (from..to).map(|q| (q % 16 - 8) as f32);
    assert_eq!(quanta(&mut studio, 2), stairs(0, 2).map(|s| 14.0 + s).collect::<Vec<_>>());
    // A change elsewhere, and a new base, in the middle of it.
    studio.eval("constant('other', {value = 0})");
    set(&studio, "c.value", 20.0);
    assert_eq!(quanta(&mut studio, 2), stairs(2, 4).map(|s| 24.0 + s).collect::<Vec<_>>());
    for (code, base) in [
        ("mute('d') solo('c')", 24.0),
        ("make('Dial', 'd').enabled = false", 20.0),
        ("make('Dial', 'd').enabled = true", 24.0),
        ("remove('d')", 20.0),
    ] {
        studio.eval(code);
        let now = (studio.engine().clock().sample / 64) as i32;
        assert_eq!(quanta(&mut studio, 2), stairs(now, now + 2).map(|s| base + s).collect::<Vec<_>>(), "{code}");
    }
    studio.eval("remove('s')");
    assert_eq!(quanta(&mut studio, 2), [20.0; 2]);
}

#[test]
fn a_target_follows_across_the_quantum() {
    let mut studio = Studio::playing("connect(constant('c'), gain('g')) make('Dial', 'd')");
    studio.render(64);
    modulate(&studio, "d.out", "g.gain", Link { range: Some((Num::ZERO, Num::ONE)), ..Link::default() });
    studio.render(64);
    let mut from = 1.0;
    for value in [0.5, -1.0, 1.0] {
        set(&studio, "d.value", value);
        let [left, _] = studio.render(128);
        let to = 1.0 + value as f32;
        for (frame, x) in left[..64].iter().enumerate() {
            let expected = from + (to - from) * (frame + 1) as f32 / 64.0;
            assert!((x - expected).abs() < 1e-6, "{value}, frame {frame}: {x}, not {expected}");
        }
        assert_eq!(left[63..], [to; 65]);
        from = to;
    }
}

#[test]
fn slots_whole_numbers_and_labels_are_modulated_too() {
    let mut studio =
        Studio::playing("connect(constant('c'), mixer('m'), {to = 'in_3'}) make('Dial', 'd', {value = -0.5})");
    modulate(&studio, "d.out", "m.slots[3].gain", Link { range: Some((Num::ZERO, Num::ONE)), ..Link::default() });
    assert_eq!(quanta(&mut studio, 2), [0.5; 2]);
    modulate(&studio, "d.out", "m.slots[3].mute", Link { depth: Num::of(-1.0), ..Link::default() });
    studio.render(320);
    assert_eq!(quanta(&mut studio, 1), [0.0], "0.5 of on and off is on");
    set(&studio, "d.value", -0.25);
    studio.render(320);
    assert_eq!(quanta(&mut studio, 1), [0.75], "0.25 is off");
}

#[test]
fn what_is_new_begins_where_it_is_modulated_to() {
    let mut studio = begin(0.5);
    modulate(&studio, "d.out", "c.value", wide());
    studio.render(64);
    studio.eval("constant('c').seed = 7");
    studio.render(320);
    assert_eq!(quanta(&mut studio, 1), [14.0]);
    studio.send(PanicCommand).expect("panic is always possible");
    assert_eq!(quanta(&mut studio, 2), [14.0; 2]);
}
