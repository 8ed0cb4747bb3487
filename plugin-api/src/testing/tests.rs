//! Each law is broken on purpose by a module with one flaw.

mod kettle;

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Bench, laws};
use crate::{Block, Described, Event, Init, Key, Module, NoteId, Shape, Span};

const NONE: u8 = 0;
const FORGETS_RESET: u8 = 1;
const QUANTISES: u8 = 2;
const DIVIDES_BY_ZERO: u8 = 3;
const SHARES: u8 = 4;
const LOOKS_BACK: u8 = 5;
const OVERMODULATES: u8 = 6;

/// How many instances with [`SHARES`] there were.
static SHARED: AtomicU32 = AtomicU32::new(0);

/// Puts its one value out.
struct Constant<const FLAW: u8> {
    value: f32,
    next: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nothing {}

impl Key for Only {
    fn from_index(index: usize) -> Option<Self> {
        (index == 0).then_some(Only::Value)
    }
    fn index(self) -> usize {
        0
    }
}

impl Key for Nothing {
    fn from_index(_: usize) -> Option<Self> {
        None
    }
    fn index(self) -> usize {
        match self {}
    }
}

impl<const FLAW: u8> Described for Constant<FLAW> {
    type Param = Only;
    type SlotParam = Nothing;
    type Action = Nothing;
    type Meter = Nothing;
    const TYPE: &'static str = "Constant";
    const SHAPE: Shape = Shape {
        inputs: &[],
        outputs: &[1],
        mod_outputs: 1,
        params: &[Some(Span { min: 0.0, max: 2.0, default: 1.0, whole: false })],
        slot_params: &[],
        slots: 0,
    };
}

impl<const FLAW: u8> Module for Constant<FLAW> {
    fn new(_: &Init) -> Result<Self, String> {
        if FLAW == SHARES {
            SHARED.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Constant { value: 1.0, next: 1.0 })
    }

    fn reset(&mut self) {
        if FLAW != FORGETS_RESET {
            (self.value, self.next) = (1.0, 1.0);
        }
    }

    fn event(&mut self, event: Event<Self>, frame: usize, block: &mut Block<'_>) {
        if FLAW == LOOKS_BACK && frame > 0 {
            block.audio().1.port(0).channel(0)[frame - 1] = 0.0;
        }
        match event {
            Event::Param { param: Only::Value, value, .. } => self.next = value as f32,
            Event::NoteParam { note: NoteId(7), param: Only::Value, value } => self.next = value as f32,
            _ => {}
        }
    }

    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        if FLAW != QUANTISES || frames.start == 0 {
            self.value = self.next;
        }
        let out = if FLAW == DIVIDES_BY_ZERO { 1.0 / self.value } else { self.value };
        let out = if FLAW == SHARES { out + SHARED.load(Ordering::Relaxed) as f32 } else { out };
        block.audio().1.port(0).channel(0)[frames].fill(out);
        block.modulate(0, if FLAW == OVERMODULATES { 2.0 * self.value } else { 0.5 * self.value });
    }
}

fn reset<const FLAW: u8>() {
    laws::reset_equals_new::<Constant<FLAW>>(|_| ());
}

fn moving<const FLAW: u8>() {
    laws::moving_events_moves_effect::<Constant<FLAW>>(|_| (), |bench, at| bench.param_at(at, Only::Value, 2.0));
}

fn finite<const FLAW: u8>() {
    laws::finite_at_extremes::<Constant<FLAW>>(|_| ());
}

fn all<const FLAW: u8>() {
    laws::all::<Constant<FLAW>>(|_| ());
}

#[test]
fn a_module_without_flaw_keeps_every_law() {
    all::<NONE>();
    reset::<NONE>();
    moving::<NONE>();
    finite::<NONE>();
}

#[test]
#[should_panic(expected = "reset after 0 quanta, no values sent, channel 0: sample 0 is 2, should be 1")]
fn a_reset_that_forgets_is_found() {
    reset::<FORGETS_RESET>();
}

#[test]
#[should_panic(expected = "moved by 1 frames, channel 0: sample 65 is 1, should be 2")]
fn events_taken_once_a_quantum_are_found() {
    moving::<QUANTISES>();
}

#[test]
#[should_panic(expected = "is inf")]
fn what_is_not_finite_is_found() {
    finite::<DIVIDES_BY_ZERO>();
}

#[test]
#[should_panic(expected = "moved by 1 frames, channel 0: sample 128 is 2, should be 1")]
fn events_taken_once_a_quantum_are_found_for_every_module() {
    all::<QUANTISES>();
}

#[test]
#[should_panic(expected = "a second instance, channel 0: sample 0 is")]
fn what_instances_share_is_found() {
    laws::instances_are_alike_and_apart::<Constant<SHARES>>(&|_| ());
}

#[test]
#[should_panic(expected = "before an event at sample 100, value 0 turned, channel 0: sample 99 is 0, should be 1")]
fn what_comes_before_its_event_is_found() {
    all::<LOOKS_BACK>();
}

#[test]
#[should_panic(expected = "modulation output 0 is")]
fn modulation_beyond_its_range_is_found() {
    all::<OVERMODULATES>();
}

#[test]
fn events_land_on_their_absolute_sample() {
    let mut bench = Bench::<Constant<NONE>>::new(64.0);
    bench.param_at(65, Only::Value, 2.0);
    assert_eq!(bench.run(2).audio[0][63..67], [1.0, 1.0, 2.0, 2.0]);
    assert_eq!(bench.now(), 128);
}

#[test]
fn a_value_of_a_note_names_it() {
    let mut bench = Bench::<Constant<NONE>>::new(64.0);
    bench.note_param(1, 7, Only::Value, 2.0);
    bench.note_param(2, 8, Only::Value, 0.5);
    assert_eq!(bench.run(1).audio[0][..4], [1.0, 2.0, 2.0, 2.0]);
}
