//! The laws for every module, free of charge.

use super::{
    QUANTA, assert_finite, assert_same, assert_same_events, assert_same_samples, ends, finite_at_extremes,
    moving_events_moves_effect, noise, reset_equals_new, set_all, spans,
};
use crate::event::NoteOn;
use crate::module::{Key, Module, Span};
use crate::random::Random;
use crate::raw::QUANTUM;
use crate::testing::bench::{Bench, note};
use crate::testing::run::{Emitted, Run};

/// Id of the notes that laws play: not one that a test would choose.
const NOTE: u32 = 1_000_000;
/// Walks of chance, and quanta of each.
const WALKS: u64 = 8;
const STEPS: usize = 48;

/// Every law that holds whatever a module does. `play` makes it do something: it connects inputs, binds data, plays
/// notes or starts the transport, and always does the same.
///
/// - A reset instance does what a new one does ([`reset_equals_new`]).
/// - What comes out is finite for noise, silence and extreme values ([`finite_at_extremes`]), and whatever parameters,
///   notes, actions, inputs and transport do at random; modulation stays between -1 and 1.
/// - The same input gives the same output, whatever another instance does at the same time.
/// - Nothing is heard of an event before its frame.
/// - If the module does nothing by itself, moving a note or a parameter's event by k frames moves its effect by k
///   ([`moving_events_moves_effect`]).
///
/// Sound, events, modulation and meters are compared, each to the bit.
///
/// # Panics
/// With the first difference, or the first value that should not be.
pub fn all<M: Module>(play: impl Fn(&mut Bench<M>)) {
    reset_equals_new(&play);
    finite_at_extremes(&play);
    instances_are_alike_and_apart(&play);
    nothing_comes_before_its_event(&play);
    for constant in [0.0, 0.5] {
        moves_if_it_rests::<M>(constant);
    }
    for seed in 0..WALKS {
        endures_chance(&play, seed);
    }
}

/// The same input, the same output, though another instance plays something else beside it.
pub(in crate::testing) fn instances_are_alike_and_apart<M: Module>(play: &impl Fn(&mut Bench<M>)) {
    let new = || {
        let mut bench = Bench::<M>::new(8000.0);
        play(&mut bench);
        bench
    };
    let expected = new().run(QUANTA);
    assert_same("a second instance", &new().run(QUANTA), &expected);
    let (mut one, mut other, mut run) = (new(), new(), Run::default());
    set_all(&mut other, |span| if span.default < span.max { span.max } else { span.min });
    for _ in 0..QUANTA {
        other.quantum();
        run.append(one.quantum());
    }
    assert_same("an instance beside another", &run, &expected);
}

/// Before an event's frame all is as without it.
fn nothing_comes_before_its_event<M: Module>(play: &impl Fn(&mut Bench<M>)) {
    const AT: usize = QUANTUM + 36;
    let run = |turned: Option<usize>| {
        let mut bench = Bench::<M>::new(8000.0);
        play(&mut bench);
        if let Some(turned) = turned {
            disturb(&mut bench, AT as u64, turned);
        }
        bench.run(2)
    };
    let quiet = run(None);
    let early = |run: &Run| -> Vec<Emitted> { run.events.iter().filter(|e| e.sample < AT as u64).copied().collect() };
    for turned in 0..=values::<M>() {
        let disturbed = run(Some(turned));
        let place = format!("before an event at sample {AT}, value {turned} turned");
        for (channel, (got, expected)) in disturbed.audio.iter().zip(&quiet.audio).enumerate() {
            assert_same_samples(&format!("{place}, channel {channel}"), &got[..AT], &expected[..AT]);
        }
        assert_same_events(&place, &early(&disturbed), &early(&quiet));
    }
}

/// Notes and parameters, moved, of a module whose output stands still as long as its inputs do.
fn moves_if_it_rests<M: Module>(constant: f32) {
    let prepare =
        |bench: &mut Bench<M>| (0..M::SHAPE.inputs.len()).for_each(|port| bench.feed(port, move |_, _| constant));
    let mut bench = Bench::<M>::new(8000.0);
    prepare(&mut bench);
    let quiet = bench.run(QUANTA);
    let still = |series: &Vec<f32>| series.iter().all(|x| x.to_bits() == series[0].to_bits());
    if quiet.events.is_empty() && quiet.audio.iter().all(still) {
        for turned in 0..=values::<M>() {
            moving_events_moves_effect::<M>(prepare, |bench, at| disturb(bench, at, turned));
        }
    }
}

/// A note of 100 frames, and 20 frames after its beginning value number `turned` of the module's, then of its slots',
/// goes to its other end.
fn disturb<M: Module>(bench: &mut Bench<M>, at: u64, turned: usize) {
    bench.note_on(at, NoteOn { pitch: Some(67.3), velocity: Some(0.7), ..note(NOTE) });
    let far = |span: Span| if span.default < span.max { span.max } else { span.min };
    for (param, span) in spans::<M::Param>(M::SHAPE.params).filter(|(p, _)| p.index() == turned) {
        bench.param_at(at + 20, param, far(span));
    }
    let in_slot = turned.checked_sub(M::SHAPE.params.len());
    for (param, span) in spans::<M::SlotParam>(M::SHAPE.slot_params).filter(|(p, _)| Some(p.index()) == in_slot) {
        ends(M::SHAPE.slots).for_each(|slot| bench.slot_param_at(at + 20, slot, param, far(span)));
    }
    bench.note_off(at + 100, NOTE);
}

/// How many values a module and one of its slots have.
fn values<M: Module>() -> usize {
    M::SHAPE.params.len() + M::SHAPE.slot_params.len()
}

/// Anything may happen at any frame: what comes out is finite and in order.
fn endures_chance<M: Module>(play: &impl Fn(&mut Bench<M>), seed: u64) {
    let mut chance = Random::new(seed, 0);
    let mut bench = Bench::<M>::new(8000.0);
    (0..M::SHAPE.inputs.len()).for_each(|port| bench.feed(port, noise));
    play(&mut bench);
    for step in 0..STEPS {
        for _ in 0..chance.below(4) {
            happen(&mut bench, &mut chance);
        }
        let (place, run) = (format!("walk {seed}, quantum {step}"), bench.quantum());
        assert_finite(&place, &run);
        for (output, values) in run.mods.iter().enumerate() {
            assert!(values.iter().all(|x| x.abs() <= 1.0), "{place}: modulation output {output} is {values:?}");
        }
    }
}

/// One thing at random, in the next quantum.
fn happen<M: Module>(bench: &mut Bench<M>, chance: &mut Random) {
    let at = bench.now() + chance.below(QUANTUM) as u64;
    let id = NOTE + chance.below(8) as u32;
    match chance.below(12) {
        0 | 1 => {
            let (pitch, velocity) = (Some((chance.unit() * 127.0) as f32), Some(chance.unit() as f32));
            let slot = (M::SHAPE.slots > 0 && chance.below(2) == 0).then(|| chance.below(M::SHAPE.slots));
            bench.note_on(at, NoteOn { pitch, velocity, slot, ..note(id) });
        }
        2 => bench.note_off(at, id),
        3 => bench.choke(at, id),
        4 | 5 => {
            if let Some((param, span)) = pick(&spans(M::SHAPE.params).collect::<Vec<_>>(), chance) {
                bench.param_at(at, param, within(span, chance));
            }
        }
        6 => {
            if let Some((param, span)) = pick(&spans(M::SHAPE.slot_params).collect::<Vec<_>>(), chance) {
                bench.slot_param_at(at, chance.below(M::SHAPE.slots.max(1)), param, within(span, chance));
            }
        }
        7 => {
            if let Some((param, span)) = pick(&spans(M::SHAPE.params).collect::<Vec<_>>(), chance) {
                bench.note_param(at, id, param, within(span, chance));
            }
        }
        8 => {
            let actions: Vec<M::Action> = (0..).map_while(M::Action::from_index).collect();
            pick(&actions, chance).into_iter().for_each(|action| bench.action(at, action));
        }
        9 => {
            if let Some(port) = pick(&(0..M::SHAPE.inputs.len()).collect::<Vec<_>>(), chance) {
                if chance.below(2) == 0 { bench.unplug(port) } else { bench.feed(port, noise) }
            }
        }
        10 => bench.play(1.0 + 900.0 * chance.unit()),
        _ => match chance.below(5) {
            0 => bench.pause(at),
            1 => bench.stop(at),
            2 => bench.seek(at, 1000.0 * chance.unit()),
            3 => bench.turn(at, 8.0 * chance.unit()),
            _ => bench.tempo(at, 1.0 + 900.0 * chance.unit()),
        },
    }
}

/// One of them, if there are any.
fn pick<T: Copy>(list: &[T], chance: &mut Random) -> Option<T> {
    (!list.is_empty()).then(|| list[chance.below(list.len())])
}

/// A value of the range: every second time one of its ends.
fn within(span: Span, chance: &mut Random) -> f64 {
    let value = match chance.below(4) {
        0 => span.min,
        1 => span.max,
        _ => span.min + (span.max - span.min) * chance.unit(),
    };
    if span.whole { value.round() } else { value }
}
