//! Random values, sounds and notes: nothing panics, hangs, steps or depends on what it should not.
//!
//! `PROPTEST_CASES`, as `make soak` sets it, says how many cases of each.

use cantus_plugin_api::testing::TestNumbers;
use cantus_plugin_api::{Cpu, Described, Key, LoopDirection, Random, Span};

use super::clicks::{FADE, RATE, SLOPE, largest_step};
use super::*;

/// Seeds: fewer than the cases that are asked for, as one plays for a second.
fn seeds(usual: u64) -> std::ops::Range<u64> {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse::<u64>().ok());
    0..asked.map_or(usual, |cases| usual.max(cases / 20))
}

struct Dice(Random);

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice(Random::new(seed, 0))
    }

    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.0.below(of.len())].clone()
    }

    /// Often the bounds, and often near the lower one.
    fn within(&mut self, span: Span) -> f64 {
        let along = self.0.below(1001) as f64 / 1000.0;
        let along = self.one_of(&[0.0, 1.0, along, along, along.powi(8)]);
        let x = span.min + (span.max - span.min) * along;
        if span.whole { x.round() } else { x }
    }

    /// A parameter of the module that has a value, and one.
    fn param(&mut self) -> (Param, f64) {
        let values = MultiSampler::SHAPE.params.iter().enumerate();
        let values: Vec<_> = values.filter_map(|(index, span)| Some((Param::from_index(index)?, (*span)?))).collect();
        let (param, span) = self.one_of(&values);
        (param, self.within(span))
    }

    /// The same of a slot.
    fn slot_param(&mut self) -> (SlotParam, f64) {
        let values = MultiSampler::SHAPE.slot_params.iter().enumerate();
        let values: Vec<_> =
            values.filter_map(|(index, span)| Some((SlotParam::from_index(index)?, (*span)?))).collect();
        let (param, span) = self.one_of(&values);
        (param, self.within(span))
    }

    /// Noise, from nothing to some thousand frames, at some rate, with what a file may say of it.
    fn sample(&mut self, rate: f64) -> TestSample {
        let frames = self.one_of(&[0, 1, 2, 3, 10, 64, 240, 1000, 20_000]);
        let sound: Vec<f32> = (0..frames).map(|n| laws::noise(n, 0)).collect();
        let rate = self.one_of(&[rate, rate, 8000.0, 192_000.0]);
        let mono = self.one_of(&[true, false]);
        let sample = if mono { TestSample::mono(rate, &sound) } else { TestSample::stereo(rate, &sound, &sound) };
        if frames < 10 {
            return sample;
        }
        let mut places: Vec<usize> = (0..3).map(|_| self.0.below(frames as usize)).collect();
        places.sort_unstable();
        let strengths = [0.1, 0.9, 0.5];
        let onsets: Vec<_> = places.iter().copied().zip(strengths).collect();
        let direction = self.one_of(&[LoopDirection::PING_PONG, LoopDirection::BACKWARD]);
        sample.with_cues(&places).with_onsets(&onsets).with_loop(places[0], places[2] + 1, direction)
    }

    /// Anything that may happen.
    fn event(&mut self, bench: &mut Sampler, at: u64, rate: f64) {
        let id = 1 + self.0.below(24) as u32;
        let slot = self.one_of(&SLOTS_PLAYED);
        let ((param, value), (slot_param, slot_value)) = (self.param(), self.slot_param());
        // Not more than can be heard in time.
        let value = if param == Param::Polyphony { value.min(12.0) } else { value };
        match self.0.below(40) {
            0..12 => {
                let (pitch, velocity) = (self.0.below(128) as f32, self.0.below(128) as f32 / 127.0);
                let (pitch, velocity) = (self.one_of(&[None, Some(pitch)]), self.one_of(&[None, Some(velocity)]));
                let slot = self.one_of(&[None, Some(slot), Some(slot)]);
                bench.note_on(at, NoteOn { pitch, slot, velocity, column: self.0.below(3), ..note(id) });
            }
            12..17 => bench.note_off(at, id),
            17..19 => bench.choke(at, id),
            19 => bench.action(at, Action::Stop),
            20..26 => bench.param_at(at, param, value),
            26..32 => bench.slot_param_at(at, slot, slot_param, slot_value),
            32..34 => bench.note_param(at, id, param, value),
            34..36 => bench.note_slot_param(at, id, slot_param, slot_value),
            36 => bench.bind_sample(slot, SlotParam::File, &self.sample(rate)),
            37 => bench.unbind_sample(slot, SlotParam::File),
            38 => {
                let points = TestNumbers::new(&[0.5, 0.1, 0.1, 1.0, 0.0, 0.9, 0.2]);
                bench.bind_slot_numbers(slot, SlotParam::SlicePoints, &points);
            }
            _ => bench.play(self.one_of(&[1.0, 999.0, 120.0, 121.3])),
        }
    }

    /// What is heard of so many quanta in which up to `events` things happen each; with notes of nobody let go meanwhile,
    /// which parts the quanta.
    fn perform(&mut self, bench: &mut Sampler, rate: f64, quanta: usize, events: usize, parted: bool) -> Vec<f32> {
        for slot in SLOTS_PLAYED {
            bench.bind_sample(slot, SlotParam::File, &self.sample(rate));
        }
        bench.play(120.0);
        let mut heard = Vec::new();
        for _ in 0..quanta {
            let now = bench.now();
            for _ in 0..self.0.below(events) {
                let at = now + self.0.below(64) as u64;
                self.event(bench, at, rate);
            }
            if parted {
                (0..64).step_by(9).for_each(|n| bench.note_off(now + n, 9999));
            }
            heard.extend(bench.quantum().audio.concat());
        }
        heard
    }
}

const SLOTS_PLAYED: [usize; 4] = [0, 1, 2, 127];

#[test]
fn whatever_happens_it_is_finite() {
    for seed in seeds(60) {
        let mut dice = Dice::new(seed);
        let rate = dice.one_of(&[8000.0, 44_100.0, 48_000.0, 192_000.0]);
        let heard = dice.perform(&mut Sampler::new(rate), rate, 200, 6, false);
        let bad = heard.iter().position(|x| !x.is_finite() || x.abs() > 1e6);
        assert_eq!(bad, None, "seed {seed}");
    }
}

#[test]
fn neither_the_past_nor_parts_of_a_quantum_nor_the_processor_is_heard() {
    let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
    for seed in seeds(30) {
        let fresh = Dice::new(seed).perform(&mut Sampler::new(RATE), RATE, 80, 4, false);
        let mut used = Sampler::new(RATE);
        Dice::new(seed + 1_000_000).perform(&mut used, RATE, 40, 4, false);
        used.reset();
        let used = Dice::new(seed).perform(&mut used, RATE, 80, 4, false);
        assert!(same(&fresh, &used), "seed {seed}: reset");
        let parted = Dice::new(seed).perform(&mut Sampler::new(RATE), RATE, 80, 4, true);
        assert!(same(&fresh, &parted), "seed {seed}: in parts");
        for cpu in Cpu::all() {
            let there = Dice::new(seed).perform(&mut Sampler::on(cpu, RATE), RATE, 80, 4, false);
            assert!(same(&fresh, &there), "seed {seed}: {cpu:?}");
        }
    }
}

/// Something that happens at a frame, and how many voices more are heard then.
type Act = (&'static str, fn(&mut Sampler, u64), f32);

const ACTS: [Act; 16] = [
    ("note", |b, at| b.note_on(at, note(at as u32)), 1.0),
    (
        "note in the middle",
        |b, at| {
            b.note_param(at, at as u32, Param::Position, 0.40125);
            b.note_on(at, note(at as u32));
        },
        1.0,
    ),
    ("note-off", |b, at| b.note_off(at, 1), 0.0),
    ("choke", |b, at| b.choke(at, 1), 0.0),
    ("stop", |b, at| b.action(at, Action::Stop), 0.0),
    ("start", |b, at| b.slot_param_at(at, 0, SlotParam::Start, 0.30125), 1.0),
    ("finish", |b, at| b.slot_param_at(at, 0, SlotParam::Finish, 0.13), 1.0),
    ("backward", |b, at| b.param_at(at, Param::Speed, -1.0), 1.0),
    ("stand still", |b, at| b.param_at(at, Param::Speed, 0.0), 1.0),
    ("loop", |b, at| b.slot_param_at(at, 0, SlotParam::Style, 1.0), 1.0),
    ("grain", |b, at| b.slot_param_at(at, 0, SlotParam::Style, 3.0), 1.0),
    ("next", |b, at| b.slot_param_at(at, 0, SlotParam::Style, 2.0), 1.0),
    ("mono", |b, at| b.param_at(at, Param::Voicing, 1.0), 0.0),
    ("lock of volume", |b, at| b.note_param(at, 1, Param::Volume, 0.0), 0.0),
    (
        "filter",
        |b, at| {
            b.param_at(at, Param::Filter, 2.0);
            b.param_at(at, Param::Cutoff, 50.0);
        },
        0.5,
    ),
    (
        "fit",
        |b, at| {
            b.slot_param_at(at, 0, SlotParam::Fit, 3.0);
            b.slot_param_at(at, 0, SlotParam::FitBeats, 2.0);
        },
        1.0,
    ),
];

#[test]
fn no_two_things_that_happen_make_a_step() {
    let mut steps = Vec::new();
    for ((first, one, more), (second, other, and_more)) in ACTS.iter().flat_map(|a| ACTS.iter().map(move |b| (a, b))) {
        for apart in [0, 1, 37, 130, 250, 3000] {
            let mut bench = super::clicks::sampler(1.0);
            bench.play(120.0);
            bench.slot_param(0, SlotParam::LoopFinish, 0.3);
            bench.note_on(0, note(1));
            one(&mut bench, 6120);
            other(&mut bench, 6120 + apart);
            let (step, at) = largest_step(&bench.run(220).audio[0]);
            let bound = (1.0 + more + and_more) * (SLOPE + FADE) * 1.1;
            if step > bound {
                steps.push(format!("{first}, {apart} frames later {second}: {step:.3} at {at} ({bound:.3})"));
            }
        }
    }
    assert!(steps.is_empty(), "{}", steps.join("\n"));
}
