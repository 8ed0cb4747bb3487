//! Modulation links: from those of the Model to those that the audio thread has.
//!
//! A link counts while both its modules are ready and its source is on. Mute and solo are about what is heard and
//! played, and a modulator is neither: what it moves goes on moving while something else is solo.

use std::collections::BTreeSet;

use cantus_manifest::ParamKind;
use cantus_plugin_api::math::exp2;
use cantus_plugin_api::raw::SLOT_OF_MODULE;

use super::{Realiser, records};
use crate::control::compile::{Graph, Port};
use crate::model::{Link, LinkKey, Model, Name};
use crate::rt::message::{Change, Deed};
use crate::rt::{Cable, LinkRoute, Modulated, QUANTUM, Shape};

/// A parameter: slot of the instance, slot or [`SLOT_OF_MODULE`], and index.
pub(super) type Place = (u32, u16, u16);

/// A link that counts.
struct Wanted {
    from: Port,
    to: Place,
    kind: ParamKind,
    base: f64,
    link: Link,
}

impl Realiser {
    pub(super) fn relink(&mut self, model: &Model, graph: &mut Graph, change: &mut Change) {
        let links: Vec<Wanted> =
            model.links.iter().filter_map(|(key, link)| self.wanted_link(model, key, link)).collect();
        let moved: BTreeSet<Place> = links.iter().map(|w| w.to).collect();
        let joined: BTreeSet<(Port, Place, bool)> = links.iter().map(|w| (w.from, w.to, w.link.feedback)).collect();
        let gone = self.links.extract_if(.., |address, _| !joined.contains(address));
        change.cables.extend(gone.map(|(_, cable)| (cable, None)));
        for (place, cable) in self.targets.extract_if(.., |place, _| !moved.contains(place)).collect::<Vec<_>>() {
            change.cables.push((cable, None));
            if let Some((name, value)) = self.base(model, place) {
                let event = records::value_event(&(name, place.1, place.2), value, 0);
                change.deeds.push(Deed::Event(place.0, event));
            }
        }
        for wanted in links {
            let target = self.target(&wanted, change);
            let route = self.link(&wanted, change);
            let of = |(slot, m): &&mut (u32, Modulated)| (*slot, m.target) == (wanted.to.0, target);
            match graph.modulated.iter_mut().find(of) {
                Some((_, modulated)) => modulated.links.push(route),
                None => graph.modulated.push((wanted.to.0, modulated(&wanted, target, route))),
            }
        }
    }

    fn wanted_link(&self, model: &Model, key: &LinkKey, link: &Link) -> Option<Wanted> {
        let source = model.modules.get(&*key.from.module).filter(|module| module.enabled)?;
        let port = self.catalog.get(&source.module_type)?.output(&key.from.port)?;
        let place = key.to.find(model, &self.catalog).ok()?;
        let from = (self.instance(&key.from.module)?, port.index as u16);
        let to = (self.instance(&key.to.module)?, place.slot.unwrap_or(SLOT_OF_MODULE), place.index as u16);
        let kind = place.param.kind.clone();
        Some(Wanted { from, to, base: place.value().wire(&kind)?, kind, link: *link })
    }

    /// Slot of the state of a parameter that links move.
    fn target(&mut self, wanted: &Wanted, change: &mut Change) -> u32 {
        *self.targets.entry(wanted.to).or_insert_with(|| {
            let cable = self.cable_slots.take();
            change.cables.push((cable, Some(Box::new(Cable::target(wanted.base)))));
            cable
        })
    }

    fn link(&mut self, wanted: &Wanted, change: &mut Change) -> LinkRoute {
        let &Wanted { from, to, link, .. } = wanted;
        let cable = *self.links.entry((from, to, link.feedback)).or_insert_with(|| {
            let cable = self.cable_slots.take();
            change.cables.push((cable, Some(Box::new(Cable::link()))));
            cable
        });
        let (low, high) = link.range.map_or_else(|| range(&wanted.kind), |(low, high)| (low.get(), high.get()));
        let quanta = link.smoothing.get() * self.rate / QUANTUM as f64;
        let shape = Shape {
            follow: if quanta > 0.0 { 1.0 - exp2(-std::f64::consts::LOG2_E / quanta) } else { 1.0 },
            power: exp2(2.0 * link.curve.get()),
            bipolar: link.bipolar,
            amount: link.depth.get() * (high - low),
        };
        LinkRoute { cable, from: from.0, port: from.1, late: link.feedback, shape }
    }

    /// The module in a slot, and what a parameter of it is set to.
    fn base(&self, model: &Model, (slot, of, index): Place) -> Option<(Name, f64)> {
        let name = self.modules.keys().find(|name| self.instance(name) == Some(slot))?;
        let module = model.modules.get(name)?;
        let known = self.catalog.get(&module.module_type)?;
        let (params, values) = match of {
            SLOT_OF_MODULE => (&known.manifest.params[..], &module.params),
            slot => (known.slot_params(), module.slots.get(usize::from(slot))?),
        };
        let (param, value) = (params.get(usize::from(index))?, values.get(usize::from(index))?);
        Some((name.clone(), value.wire(&param.kind)?))
    }

    /// Sets a parameter of an instance: where links move it, what they move it from.
    pub(super) fn set(&self, slot: u32, place: &super::Place, value: f64, flags: u32, change: &mut Change) {
        match self.targets.get(&(slot, place.1, place.2)) {
            Some(target) if flags == 0 => change.deeds.push(Deed::Base { target: *target, value }),
            target => {
                change.deeds.push(Deed::Event(slot, records::value_event(place, value, flags)));
                change.deeds.extend(target.map(|target| Deed::Base { target: *target, value }));
            }
        }
    }
}

fn modulated(wanted: &Wanted, target: u32, route: LinkRoute) -> Modulated {
    let (_, slot, index) = wanted.to;
    let whole = !matches!(wanted.kind, ParamKind::Float { .. });
    Modulated { target, index, slot, range: range(&wanted.kind), whole, links: vec![route] }
}

/// Smallest and largest value of a parameter, as modules see it.
fn range(kind: &ParamKind) -> (f64, f64) {
    match kind {
        ParamKind::Float { min, max, .. } => (*min, *max),
        ParamKind::Int { min, max, .. } => (*min as f64, *max as f64),
        ParamKind::Enum { labels, .. } => (0.0, labels.len().saturating_sub(1) as f64),
        ParamKind::Bool { .. } => (0.0, 1.0),
        ParamKind::Sample | ParamKind::Pattern | ParamKind::Numbers { .. } | ParamKind::Text => (0.0, 0.0),
    }
}
