//! Modulation: one value per quantum from each link, added to what the parameter is set to.

use cantus_plugin_api::math::pow;
use cantus_plugin_api::raw::{Event, Value, flag, kind};

use super::cable::{Cables, follower, target};
use super::instance::Instance;

/// A parameter that links move.
#[derive(Clone, Debug, PartialEq)]
pub struct Modulated {
    /// Slot of its state among the cables.
    pub target: u32,
    /// Index of the parameter in the manifest.
    pub index: u16,
    /// Slot of the module, or [`SLOT_OF_MODULE`](cantus_plugin_api::raw::SLOT_OF_MODULE).
    pub slot: u16,
    /// Smallest and largest value.
    pub range: (f64, f64),
    /// Only whole numbers.
    pub whole: bool,
    /// What moves it, in the order in which it is added up.
    pub links: Vec<LinkRoute>,
}

/// The way of modulation from an instance to a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkRoute {
    /// Slot of the link's state.
    pub cable: u32,
    /// Slot of the modulating instance.
    pub from: u32,
    /// Its modulation output.
    pub port: u16,
    /// It takes one quantum.
    pub late: bool,
    /// What becomes of the value.
    pub shape: Shape,
}

/// What a link makes of its source's value m, -1 to 1: smoothed, then `sign(m) * |m|^power`, then brought to 0 to 1 if
/// it is not bipolar, then multiplied by `amount`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Share of the way to a new value that is gone in one quantum; 1: no smoothing.
    pub follow: f64,
    /// Above 0.
    pub power: f64,
    /// To both sides.
    pub bipolar: bool,
    /// In the parameter's unit.
    pub amount: f64,
}

impl Shape {
    fn apply(&self, m: f64) -> f64 {
        let curved = if self.power == 1.0 { m } else { pow(m.abs(), self.power).copysign(m) };
        self.amount * if self.bipolar { curved } else { 0.5 * (curved + 1.0) }
    }
}

/// The state of a link.
#[derive(Default)]
pub struct Follower {
    /// Smoothed value; `None` before the first: it begins where the source is.
    value: Option<f64>,
    /// The source's value of the quantum before.
    last: f64,
}

impl Follower {
    /// The smoothed value, one quantum further.
    fn follow(&mut self, m: f64, shape: &Shape) -> f64 {
        let value = self.value.map_or(m, |before| before + (m - before) * shape.follow);
        self.value = Some(value);
        value
    }

    pub(super) fn keep(&mut self, m: f64) {
        self.last = m;
    }
}

/// The state of a parameter that links move.
pub struct Target {
    /// What it is set to.
    base: f64,
    /// What its module has been told; not a number: nothing, or something else.
    told: f64,
}

impl Target {
    pub(super) fn new(base: f64) -> Target {
        Target { base, told: f64::NAN }
    }

    /// It is set: counts from the quantum in which that is done.
    pub(super) fn set(&mut self, base: f64) {
        *self = Target::new(base);
    }

    /// Its module was reset.
    pub(super) fn forget(&mut self) {
        self.told = f64::NAN;
    }
}

/// Moves a parameter of the instance in a slot: it is told, if the sum has changed. False: that found no room.
pub(super) fn modulate(
    modulated: &Modulated,
    slot: u32,
    cables: &mut Cables,
    instances: &mut [Option<Box<Instance>>],
) -> bool {
    let mut sum = 0.0;
    for link in &modulated.links {
        let Some(follower) = follower(cables, link.cable) else { continue };
        let now = if link.late { follower.last } else { modulation(instances, link.from, link.port) };
        sum += link.shape.apply(follower.follow(now, &link.shape));
    }
    let Some(target) = target(cables, modulated.target) else { return true };
    let Some(instance) = instances.get_mut(slot as usize).and_then(Option::as_deref_mut) else { return true };
    let value = (target.base + sum).clamp(modulated.range.0, modulated.range.1);
    let value = if modulated.whole { value.round() } else { value };
    if value == target.told {
        return true;
    }
    let flags = if instance.fresh() { flag::SNAP } else { flag::RAMP };
    let payload = Value { index: modulated.index, slot: modulated.slot, reserved: 0, value };
    let heard = instance.hear(Event { flags, ..Event::with_value(kind::PARAM, 0, 0, payload) });
    if heard {
        target.told = value;
    }
    heard
}

/// What is on a modulation output, -1 to 1; of an instance that is not there, 0.
pub(super) fn modulation(instances: &[Option<Box<Instance>>], slot: u32, port: u16) -> f64 {
    instances.get(slot as usize).and_then(Option::as_deref).map_or(0.0, |instance| instance.modulation(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_as_the_model_says() {
        let linear = Shape { follow: 1.0, power: 1.0, bipolar: true, amount: 2.0 };
        for (name, shape, m, expected) in [
            ("linear", linear, -0.5, -1.0),
            ("inverse", Shape { amount: -2.0, ..linear }, 0.5, -1.0),
            ("small values become smaller", Shape { power: 2.0, ..linear }, -0.5, -0.5),
            ("small values become larger", Shape { power: 0.5, ..linear }, 0.25, 1.0),
            ("one side, lowest", Shape { bipolar: false, ..linear }, -1.0, 0.0),
            ("one side, middle", Shape { bipolar: false, ..linear }, 0.0, 1.0),
            ("one side, highest", Shape { bipolar: false, ..linear }, 1.0, 2.0),
        ] {
            assert_eq!(shape.apply(m), expected, "{name}");
        }
    }

    #[test]
    fn follows_from_where_the_source_is() {
        let half = Shape { follow: 0.5, power: 1.0, bipolar: true, amount: 1.0 };
        let mut follower = Follower::default();
        let values = [1.0, 1.0, 0.0, 0.0, 1.0].map(|m| follower.follow(m, &half));
        assert_eq!(values, [1.0, 1.0, 0.5, 0.25, 0.625]);
    }
}
