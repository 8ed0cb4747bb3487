//! Cables: from those of the Model, and what is derived from it, to those that the audio thread has.
//!
//! A cable is known by the slots it joins, not by names: what is renamed keeps it, and what is replaced under its name
//! gets another one. A cable that is not wanted any more is closed, and taken out when it is faded out. The cables of
//! a module that rings out stay as they are until it has.

use std::collections::BTreeMap;

use cantus_manifest::PortKind;

use super::Realiser;
use crate::control::compile::{AudioCable, EventCable, Graph, Node, OUT_SLOT, Port, compile};
use crate::model::{Model, OUT, audible, carrying, routes};
use crate::rt::message::{Change, Deed};
use crate::rt::{Cable, QUANTUM, Routing, ramp_frames};

/// What a cable is known by. One that takes a quantum is another one than one that does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub from: Port,
    pub to: Port,
    pub feedback: bool,
    pub audio: bool,
}

/// A cable that the Model wants.
pub(super) struct Wire {
    /// Slot of its state.
    pub cable: u32,
    /// What it was told.
    pub gain: f32,
    /// Its place among all cables there ever were.
    pub born: u64,
    /// Which notes it was told to carry.
    pub routing: Routing,
}

/// A cable that goes on for a while.
pub(super) struct Leaving {
    pub address: Address,
    pub born: u64,
    pub cable: u32,
    pub until: Until,
}

/// How long a cable goes on that is not wanted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Its source has rung out.
    RungOut,
    /// It is closed, and the audio thread has not said when.
    Closed,
    /// That absolute sample.
    Sample(u64),
}

/// A cable as the Model wants it.
struct Wanted {
    address: Address,
    gain: f32,
    /// Of its source.
    channels: usize,
    /// Which notes it carries.
    routing: Routing,
}

impl Realiser {
    /// Brings cables and links to what the Model wants, and compiles the plan.
    pub fn plan(&mut self, model: &Model, change: &mut Change) {
        let mut graph = Graph { nodes: self.nodes(), ..Graph::default() };
        self.rewire(model, &mut graph, change);
        self.relink(model, &mut graph, change);
        change.plan = Some(Box::new(compile(&graph)));
        self.make_room(change);
    }

    /// What is ready, by name, and behind it what rings out.
    fn nodes(&self) -> Vec<Node> {
        let ready = self.modules.keys().filter_map(|name| {
            let (slot, module_type) = (self.instance(name)?, &self.modules[name].module_type);
            Some(Node { slot, module_type: self.catalog.get(module_type)?.clone() })
        });
        let mut ghosts: Vec<_> = self.ghosts.iter().collect();
        ghosts.sort_by_key(|(_, (retired, _))| *retired);
        let ghosts = ghosts.into_iter().map(|(slot, (_, known))| Node { slot: *slot, module_type: known.clone() });
        ready.chain(ghosts).collect()
    }

    fn rewire(&mut self, model: &Model, graph: &mut Graph, change: &mut Change) {
        let wanted = self.wanted_cables(model);
        let by_address: BTreeMap<Address, f32> = wanted.iter().map(|w| (w.address, w.gain)).collect();
        let unwanted = self.wires.extract_if(.., |address, _| !by_address.contains_key(address));
        // Not by slot: which slots are free depends on when the audio thread gave them back, and sums on their order.
        let mut unwanted: Vec<_> = unwanted.collect();
        unwanted.sort_by_key(|(_, wire)| wire.born);
        for (address, wire) in unwanted {
            let until = if address.audio && self.ghosts.contains_key(&address.from.0) {
                Until::RungOut
            } else {
                change.deeds.push(Deed::Close { cable: wire.cable, to: address.to.0 });
                Until::Closed
            };
            self.leaving.push(Leaving { address, born: wire.born, cable: wire.cable, until });
        }
        let there = |slot: u32| slot == OUT_SLOT || graph.nodes.iter().any(|node| node.slot == slot);
        let ends = |a: &Address| there(a.to.0) && (there(a.from.0) || !a.audio);
        let gone = self.leaving.extract_if(.., |leaving| !ends(&leaving.address));
        change.cables.extend(gone.map(|leaving| (leaving.cable, None)));
        for Wanted { address, gain, channels, routing } in wanted {
            let cable = self.wire(address, gain, channels, change);
            self.route(address, routing, change);
            let Address { from, to, feedback, audio } = address;
            if audio {
                graph.audio.push(AudioCable { cable, from, to, feedback, wanted: true });
            } else {
                graph.events.push(EventCable { cable, from, to, feedback });
            }
        }
        for Leaving { address: Address { from, to, feedback, audio }, cable, .. } in &self.leaving {
            if *audio {
                graph.audio.push(AudioCable {
                    cable: *cable,
                    from: *from,
                    to: *to,
                    feedback: *feedback,
                    wanted: false,
                });
            } else {
                graph.ended.push((*cable, to.0));
            }
        }
    }

    /// Slot of a cable that is wanted: it is made if it is not there, and told its gain if that is another.
    fn wire(&mut self, address: Address, gain: f32, channels: usize, change: &mut Change) -> u32 {
        let gain_of = |cable| Deed::Gain { cable, from: address.from.0, to: address.to.0, gain };
        if let Some(wire) = self.wires.get_mut(&address) {
            if wire.gain != gain {
                wire.gain = gain;
                change.deeds.push(gain_of(wire.cable));
            }
            return wire.cable;
        }
        let cable = self.cable_slots.take();
        let state = if address.audio { Cable::audio(channels, self.rate) } else { Cable::events(address.feedback) };
        change.cables.push((cable, Some(Box::new(state))));
        if address.audio {
            change.deeds.push(gain_of(cable));
        }
        let born = self.count();
        self.wires.insert(address, Wire { cable, gain, born, routing: Routing::default() });
        cable
    }

    /// Tells an event cable which notes it carries, if that is not what it was told.
    fn route(&mut self, address: Address, routing: Routing, change: &mut Change) {
        if let Some(wire) = self.wires.get_mut(&address).filter(|wire| wire.routing != routing) {
            wire.routing = routing.clone();
            change.routings.push((wire.cable, routing));
        }
    }

    /// The cables between what is ready, in the order in which they are added up.
    fn wanted_cables(&self, model: &Model) -> Vec<Wanted> {
        let (heard, carrying) = (audible(model), carrying(model));
        let mut wanted = Vec::new();
        let mut locks = BTreeMap::new();
        for connection in routes(model, &self.catalog) {
            let (from, to) = (&connection.from, &connection.to);
            let (Some(module), Some(slot)) = (model.modules.get(&*from.module), self.instance(&from.module)) else {
                continue;
            };
            let source = self.catalog.get(&module.module_type).and_then(|t| Some((t, t.output(&from.port)?)));
            let (Some((known, output)), Some(to)) = (source, self.input(model, &to.module, &to.port)) else { continue };
            let cable = model.connections.get(&connection).copied().unwrap_or_default();
            let audio = output.kind == PortKind::Audio;
            if !audio && !carrying.contains(&connection) {
                continue;
            }
            let known_there = model.modules.get(&*connection.to.module).and_then(|m| self.catalog.get(&m.module_type));
            let routing = match known_there.filter(|_| !audio) {
                None => Routing::default(),
                Some(known) => {
                    let name = known.manifest.name.as_str();
                    let locks = locks.entry(name).or_insert_with(|| self.locks.targets(known)).clone();
                    Routing { instrument: cable.instrument.unwrap_or(0), locks }
                }
            };
            // Round a feedback cable through what is off there is no way.
            let shut = !heard.contains(&from.module) || cable.feedback && !module.enabled;
            wanted.push(Wanted {
                address: Address { from: (slot, output.index as u16), to, feedback: cable.feedback, audio },
                gain: if shut { 0.0 } else { cable.gain.get() as f32 },
                channels: known.audio_out.get(output.index).filter(|_| audio).map_or(0, |port| port.channels.into()),
                routing,
            });
        }
        wanted
    }

    fn input(&self, model: &Model, module: &str, port: &str) -> Option<Port> {
        if module == OUT {
            return Some((OUT_SLOT, 0));
        }
        let known = self.catalog.get(&model.modules.get(module)?.module_type)?;
        Some((self.instance(module)?, known.input(port)?.index as u16))
    }

    /// A Change has taken effect at a sample: what it closed is faded out soon after.
    pub(super) fn closed(&mut self, change: &Change, sample: u64) {
        for deed in &change.deeds {
            let Deed::Close { cable, .. } = deed else { continue };
            let closed = self.leaving.iter_mut().find(|l| l.cable == *cable && l.until == Until::Closed);
            if let Some(leaving) = closed {
                leaving.until = Until::Sample(sample + ramp_frames(self.rate) + QUANTUM as u64);
            }
        }
    }

    /// Everything ends now. What is still being made has nothing to fade in beside. The cables of what rings out are
    /// closed: nothing is added where they lead, not even zeros, which would turn -0 into 0.
    pub fn end_now(&mut self, change: &mut Change) {
        self.modules.values_mut().for_each(|live| live.replaces = false);
        let ringing = self.leaving.iter().filter(|leaving| leaving.until == Until::RungOut);
        change.deeds.extend(ringing.map(|l| Deed::Close { cable: l.cable, to: l.address.to.0 }));
    }

    /// Takes out the cables that are faded out at an absolute sample, and says which, by when they were made. If there are
    /// any, the plan must be compiled anew before the Change is sent.
    pub fn sweep(&mut self, now: u64, change: &mut Change) -> Vec<u64> {
        let gone = self.leaving.extract_if(.., |l| matches!(l.until, Until::Sample(sample) if sample <= now));
        let gone: Vec<Leaving> = gone.collect();
        change.cables.extend(gone.iter().map(|leaving| (leaving.cable, None)));
        gone.into_iter().map(|leaving| leaving.born).collect()
    }

    /// Takes out what was taken out then, when a journal is replayed: cables that are faded out, and instances that have
    /// rung out.
    pub fn sweep_again(&mut self, swept: &[u64], change: &mut Change) {
        let gone = self.leaving.extract_if(.., |l| l.until != Until::RungOut && swept.contains(&l.born));
        change.cables.extend(gone.map(|leaving| (leaving.cable, None)));
        let gone = self.ghosts.extract_if(.., |_, (retired, _)| swept.contains(retired));
        change.instances.extend(gone.map(|(slot, _)| (slot, None)));
    }

    /// The instance in a slot, that was retired, has rung out: says which, by when it was retired. The plan must be
    /// compiled anew before the Change is sent.
    pub fn rung_out(&mut self, slot: u32, change: &mut Change) -> Option<u64> {
        let (retired, _) = self.ghosts.remove(&slot)?;
        change.instances.push((slot, None));
        Some(retired)
    }
}
