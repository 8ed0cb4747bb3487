//! Which slots a note plays.

use cantus_plugin_api::{NoteOn, Random, Sample};

use crate::multi_sampler::{Param, SLOTS, Select, SlotParam};
use crate::values::Values;

/// Slots that one note may play at once.
const MOST_LAYERS: usize = 16;
/// Round-robin groups.
const GROUPS: usize = 16;

/// The slots that a note plays, each once. Those beyond the sixteenth are not heard.
#[derive(Clone, Copy)]
pub struct Layers {
    slots: [usize; MOST_LAYERS],
    count: usize,
}

impl Layers {
    const NONE: Layers = Layers { slots: [0; MOST_LAYERS], count: 0 };

    fn add(&mut self, slot: usize) {
        if self.count < MOST_LAYERS && !self.slots().contains(&slot) {
            self.slots[self.count] = slot;
            self.count += 1;
        }
    }

    /// In order.
    pub fn slots(&self) -> &[usize] {
        &self.slots[..self.count]
    }
}

/// Whose turn it is in each round-robin group.
pub struct Turns {
    random: Random,
    seed: u64,
    /// Of group 1 and so on: how many have had their turn, and the last one.
    turns: [(usize, usize); GROUPS],
}

impl Turns {
    pub fn new(seed: u64) -> Turns {
        Turns { random: Random::new(seed, 0), seed, turns: [(0, usize::MAX); GROUPS] }
    }

    pub fn reset(&mut self) {
        *self = Turns::new(self.seed);
    }

    /// The slots that a note plays; of a round-robin group only the one whose turn it is.
    pub fn choose(&mut self, on: &NoteOn, values: &Values, sounds: &[Option<Sample>]) -> Layers {
        let filled = |slot: &usize| sounds.get(*slot).is_some_and(Option::is_some);
        let group = |slot: usize| values.of_slot(slot, SlotParam::RoundRobin) as usize;
        let mut layers = Layers::NONE;
        let mut add = |slot| layers.add(slot);
        let velocity = f64::from(on.velocity.unwrap_or(1.0));
        match (on.slot, Select::from_value(values.get(Param::Select))) {
            (Some(slot), _) if slot >= SLOTS => {}
            (None, Select::Zone) => {
                let key = f64::from(on.pitch.unwrap_or(60.0));
                let within = |slot: &usize| {
                    let between =
                        |low, high, x| (values.of_slot(*slot, low)..=values.of_slot(*slot, high)).contains(&x);
                    between(SlotParam::LowKey, SlotParam::HighKey, key.round())
                        && between(SlotParam::LowVelocity, SlotParam::HighVelocity, velocity)
                };
                let meant = |slot: &usize| filled(slot) && within(slot);
                for slot in (0..SLOTS).filter(meant) {
                    let first = (0..slot).find(|other| meant(other) && group(*other) == group(slot));
                    match group(slot) {
                        0 => add(slot),
                        _ if first.is_some() => {}
                        number => self.turn(number, values, &meant).into_iter().for_each(&mut add),
                    }
                }
            }
            (slot, select) => {
                let count = (0..SLOTS).filter(filled).count();
                let place = ((velocity * count as f64) as usize).min(count.saturating_sub(1));
                let slot = match (slot, select) {
                    (None, Select::Velocity) => (0..SLOTS).filter(filled).nth(place).unwrap_or(0),
                    (slot, _) => slot.unwrap_or(0),
                };
                match group(slot) {
                    0 => Some(slot).filter(filled).into_iter().for_each(add),
                    number => self.turn(number, values, &filled).into_iter().for_each(add),
                }
            }
        }
        layers
    }

    /// The slot of a group whose turn it is, of those that are meant.
    fn turn(&mut self, group: usize, values: &Values, meant: &dyn Fn(&usize) -> bool) -> Option<usize> {
        let of_group = |slot: &usize| meant(slot) && values.of_slot(*slot, SlotParam::RoundRobin) as usize == group;
        let members = || (0..SLOTS).filter(of_group);
        let (count, (turn, last)) = (members().count(), &mut self.turns[group - 1]);
        if count == 0 {
            return None;
        }
        let random = values.get(Param::RoundRobinOrder) != 0.0;
        let slot = if random && count > 1 {
            // Not the same twice.
            let others = || members().filter(|slot| slot != last);
            others().nth(self.random.below(others().count()))
        } else {
            members().nth(*turn % count)
        };
        *turn += 1;
        *last = slot.unwrap_or(usize::MAX);
        slot
    }
}
