//! What is made on workers, and what is said: on the bench.

use std::ops::Range;

use super::{Nothing, Only};
use crate::testing::{Bench, laws};
use crate::{Block, Derived, Described, Event, Init, Module, Shape, Span};

/// Puts out what is made of its one value: nothing of one below 0. Says each value that is not 1.
struct Kettle {
    tea: Derived<f64, Vec<f32>>,
    cups: usize,
}

impl Described for Kettle {
    type Param = Only;
    type SlotParam = Nothing;
    type Action = Nothing;
    type Meter = Nothing;
    const TYPE: &'static str = "Kettle";
    const SHAPE: Shape = Shape {
        inputs: &[],
        outputs: &[1],
        mod_outputs: 0,
        params: &[Some(Span { min: -1.0, max: 2.0, default: 1.0, whole: false })],
        slot_params: &[],
        slots: 0,
    };
}

impl Module for Kettle {
    fn new(init: &Init) -> Result<Self, String> {
        let make = |value| if value < 0.0 { Err(format!("{value} is cold")) } else { Ok(vec![value as f32]) };
        Ok(Kettle { tea: Derived::new(init, make), cups: 0 })
    }

    fn reset(&mut self) {
        self.cups = 0;
    }

    fn event(&mut self, event: Event<Self>, _frame: usize, block: &mut Block<'_>) {
        if let Event::Param { param: Only::Value, value, .. } = event {
            self.tea.ask(value);
            if value != 1.0 {
                // The second in a quantum is refused.
                let _ = block.say(format_args!("{value} after {} cups{}", self.cups, "!".repeat(300)));
            }
        }
    }

    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        self.cups += usize::from(self.tea.renewed());
        let tea = self.tea.get().map_or(0.0, |tea| tea[0]);
        block.audio().1.port(0).channel(0)[frames].fill(tea);
    }
}

/// What is heard at the beginning of each quantum.
fn heard(bench: &mut Bench<Kettle>, quanta: usize) -> Vec<f32> {
    bench.run(quanta).audio[0].iter().step_by(64).copied().collect()
}

#[test]
fn what_is_asked_for_comes_one_quantum_later_and_the_last_counts() {
    let mut bench = Bench::<Kettle>::new(8.0);
    assert_eq!(heard(&mut bench, 3), [0.0, 1.0, 1.0]);
    bench.param_at(bench.now(), Only::Value, 0.25);
    bench.param_at(bench.now() + 7, Only::Value, 0.5);
    bench.param_at(bench.now() + 65, Only::Value, 2.0);
    assert_eq!(heard(&mut bench, 4), [1.0, 0.5, 2.0, 2.0]);
}

#[test]
fn what_fails_is_said_and_leaves_the_old_one() {
    let mut bench = Bench::<Kettle>::new(8.0);
    heard(&mut bench, 2);
    bench.param(Only::Value, -1.0);
    let run = bench.run(1);
    let said: Vec<_> = run.said.iter().map(|(sample, text)| (*sample, &text[..17.min(text.len())])).collect();
    assert_eq!(said, [(128, "-1 after 1 cups!!"), (128, "-1 is cold")]);
    assert_eq!(run.said[0].1.len(), 252, "cut to fit");
    assert_eq!(heard(&mut bench, 2), [1.0, 1.0]);
    bench.param(Only::Value, 2.0);
    bench.param(Only::Value, 0.5);
    let run = bench.run(1);
    assert_eq!((run.said.len(), run.refused), (1, 1));
    assert_eq!(heard(&mut bench, 1), [0.5]);
}

#[test]
fn a_reset_forgets_what_is_there_and_what_is_under_way() {
    let mut bench = Bench::<Kettle>::new(8.0);
    heard(&mut bench, 2);
    bench.param(Only::Value, 0.5);
    heard(&mut bench, 1); // 0.5 is under way
    bench.silent_reset();
    assert_eq!(heard(&mut bench, 3), [0.0; 3]);
    laws::reset_equals_new::<Kettle>(|_| ());
    laws::finite_at_extremes::<Kettle>(|_| ());
}
