//! Laws that every module keeps: [`all`] is one line in a plugin's tests. Those that need to be told more are asked
//! for by themselves.

mod all;

use std::fmt::Debug;

use crate::cpu::Cpu;

use super::bench::Bench;
use super::run::{Emitted, Happening, Run};
use crate::module::{Key, Module, Span};
use crate::raw::QUANTUM;

pub use all::all;
#[cfg(test)]
pub(super) use all::instances_are_alike_and_apart;

/// Quanta that a law listens to.
const QUANTA: usize = 16;

/// An instance that was used and reset does, to the bit, what a new one does: at whatever moment it was reset, whatever
/// values it had, and whether or not it is sent its defaults again. `play` makes it sound.
///
/// # Panics
/// With the first difference.
pub fn reset_equals_new<M: Module>(play: impl Fn(&mut Bench<M>)) {
    let outcome = |mut bench: Bench<M>| {
        play(&mut bench);
        bench.run(QUANTA)
    };
    let (expected, bare) = (outcome(Bench::new(8000.0)), outcome(Bench::silent_host(Cpu::best(), 8000.0, 1)));
    for quanta in [0, 1, 2, 5, QUANTA] {
        let used = || {
            let mut bench = Bench::new(8000.0);
            play(&mut bench);
            bench.run(quanta);
            set_all(&mut bench, |span| if span.default < span.max { span.max } else { span.min });
            bench.quantum();
            bench
        };
        let (mut told, mut untold) = (used(), used());
        told.reset();
        assert_same(&format!("reset after {quanta} quanta"), &outcome(told), &expected);
        untold.silent_reset();
        assert_same(&format!("reset after {quanta} quanta, no values sent"), &outcome(untold), &bare);
    }
}

/// What happens k frames later has the same effect, to the bit, k frames later; before it nothing changes. `prepare`
/// sets up something that does not change with time (silence, a constant input); `act` does one or more things at the
/// absolute sample it is given.
///
/// # Panics
/// With the first difference.
pub fn moving_events_moves_effect<M: Module>(prepare: impl Fn(&mut Bench<M>), act: impl Fn(&mut Bench<M>, u64)) {
    let run = |at: Option<usize>| {
        let mut bench = Bench::new(8000.0);
        prepare(&mut bench);
        if let Some(at) = at {
            act(&mut bench, at as u64);
        }
        bench.run(QUANTA)
    };
    let (quiet, first) = (run(None), run(Some(QUANTUM)));
    for moved in [1, 2, 31, 63, 64, 65, 100] {
        let later = run(Some(QUANTUM + moved));
        for (channel, samples) in later.audio.iter().enumerate() {
            let expected: Vec<f32> = quiet.audio[channel][..QUANTUM + moved]
                .iter()
                .chain(&first.audio[channel][QUANTUM..QUANTA * QUANTUM - moved])
                .copied()
                .collect();
            assert_same_samples(&format!("moved by {moved} frames, channel {channel}"), samples, &expected);
        }
        let moved_event = |e: &Emitted| Emitted { sample: e.sample + moved as u64, ..*e };
        let last = (QUANTA * QUANTUM) as u64;
        let expected: Vec<Emitted> = first.events.iter().map(moved_event).filter(|e| e.sample < last).collect();
        assert_same_events(&format!("moved by {moved} frames"), &later.events, &expected);
    }
}

/// Whatever its values and inputs, what comes out is finite, and events come in order. `play` makes it sound.
///
/// # Panics
/// With the values and the frame at which it was not.
pub fn finite_at_extremes<M: Module>(play: impl Fn(&mut Bench<M>)) {
    type Input = fn(u64, usize) -> f32;
    let inputs: [(&str, Input); 5] = [
        ("silence", |_, _| 0.0),
        ("noise", noise),
        ("constant 1", |_, _| 1.0),
        ("noise of a million", |n, c| 1e6 * noise(n, c)),
        ("denormal noise", |n, c| f32::MIN_POSITIVE * 0.5 * noise(n, c)),
    ];
    type Value = fn(Span) -> f64;
    let values: [(&str, Value); 3] = [("default", |s| s.default), ("smallest", |s| s.min), ("largest", |s| s.max)];
    for (input, signal) in inputs {
        for (others, other) in values {
            for turned in 0..=M::SHAPE.params.len() + M::SHAPE.slot_params.len() {
                let mut bench = Bench::<M>::new(8000.0);
                (0..M::SHAPE.inputs.len()).for_each(|port| bench.feed(port, signal));
                play(&mut bench);
                set_all(&mut bench, other);
                turn(&mut bench, turned);
                let place = format!("{input}, values {others}, number {turned} turned");
                assert_finite(&place, &bench.run(QUANTA));
            }
        }
    }
}

/// White noise from -1 to 1, the same at the same place for ever (the finaliser of SplitMix64).
pub fn noise(sample: u64, channel: usize) -> f32 {
    let mut z = (sample * 64 + channel as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

/// Sets every value of the module and of its first and last slot.
fn set_all<M: Module>(bench: &mut Bench<M>, value: impl Fn(Span) -> f64) {
    for (param, span) in spans::<M::Param>(M::SHAPE.params) {
        bench.param(param, value(span));
    }
    for slot in ends(M::SHAPE.slots) {
        for (param, span) in spans::<M::SlotParam>(M::SHAPE.slot_params) {
            bench.slot_param(slot, param, value(span));
        }
    }
}

/// Turns one value to and fro between its ends, every 40 frames: number `turned` of the module's, then the slots'.
fn turn<M: Module>(bench: &mut Bench<M>, turned: usize) {
    let times = (0..).map(|n| n * 40).take_while(|at| *at < (QUANTA * QUANTUM) as u64);
    for at in times {
        let value = |span: Span| if at % 80 == 0 { span.min } else { span.max };
        for (param, span) in spans::<M::Param>(M::SHAPE.params).filter(|(p, _)| p.index() == turned) {
            bench.param_at(at, param, value(span));
        }
        let in_slot = turned.checked_sub(M::SHAPE.params.len());
        for (param, span) in spans::<M::SlotParam>(M::SHAPE.slot_params).filter(|(p, _)| Some(p.index()) == in_slot) {
            ends(M::SHAPE.slots).for_each(|slot| bench.slot_param_at(at, slot, param, value(span)));
        }
    }
}

fn spans<K: Key>(spans: &'static [Option<Span>]) -> impl Iterator<Item = (K, Span)> {
    spans.iter().enumerate().filter_map(|(index, span)| Some((K::from_index(index)?, (*span)?)))
}

/// The first and the last of `count`.
fn ends(count: usize) -> impl Iterator<Item = usize> {
    (0..count).filter(move |i| *i == 0 || *i + 1 == count)
}

fn assert_finite(place: &str, run: &Run) {
    for (channel, samples) in run.audio.iter().enumerate() {
        if let Some(frame) = samples.iter().position(|x| !x.is_finite()) {
            panic!("{place}: channel {channel}, sample {frame} is {}", samples[frame]);
        }
    }
    for (what, series) in [("modulation output", &run.mods), ("meter", &run.meters)] {
        for (number, values) in series.iter().enumerate() {
            if let Some(quantum) = values.iter().position(|x| !x.is_finite()) {
                panic!("{place}: {what} {number}, quantum {quantum} is {}", values[quantum]);
            }
        }
    }
    assert!(run.events.is_sorted_by_key(|e| e.sample), "{place}: events go back in time: {:?}", run.events);
}

fn assert_same(place: &str, got: &Run, expected: &Run) {
    for (channel, (got, expected)) in got.audio.iter().zip(&expected.audio).enumerate() {
        assert_same_samples(&format!("{place}, channel {channel}"), got, expected);
    }
    assert_same_events(place, &got.events, &expected.events);
    let series = |run: &Run| [("modulation output", run.mods.clone()), ("meter", run.meters.clone())];
    for ((what, got), (_, expected)) in series(got).into_iter().zip(series(expected)) {
        for (number, (got, expected)) in got.iter().zip(&expected).enumerate() {
            if let Some((quantum, got, expected)) = first_difference(got, expected, |x| x.to_bits()) {
                panic!("{place}: {what} {number}, quantum {quantum} is {got}, should be {expected}");
            }
        }
    }
}

fn assert_same_samples(place: &str, got: &[f32], expected: &[f32]) {
    let bits = |x: &f32| x.to_bits();
    if let Some((frame, got, expected)) = first_difference(got, expected, bits) {
        panic!("{place}: sample {frame} is {got}, should be {expected}");
    }
}

fn assert_same_events(place: &str, got: &[Emitted], expected: &[Emitted]) {
    let key = |e: &Emitted| match e.what {
        Happening::On(on) => (e.sample, e.port, 1, on.note, on.pitch.map(f32::to_bits), on.velocity.map(f32::to_bits)),
        Happening::Off(note) => (e.sample, e.port, 2, note, None, None),
        Happening::Choke(note) => (e.sample, e.port, 3, note, None, None),
        Happening::Lock(note, lock, value) => {
            (e.sample, e.port, 4, note, Some(lock.into()), Some((value as f32).to_bits()))
        }
    };
    if let Some((index, got, expected)) = first_difference(got, expected, key) {
        panic!("{place}: event {index} is {got:?}, should be {expected:?}");
    }
    assert_eq!(got.len(), expected.len(), "{place}: number of events");
}

fn first_difference<T: Debug + Copy, K: PartialEq>(
    got: &[T],
    expected: &[T],
    key: impl Fn(&T) -> K,
) -> Option<(usize, T, T)> {
    let pairs = got.iter().zip(expected).enumerate();
    pairs.map(|(i, (g, e))| (i, *g, *e)).find(|(_, g, e)| key(g) != key(e))
}
