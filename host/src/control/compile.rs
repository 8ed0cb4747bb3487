//! Graph -> Plan: which instance runs after which, and what is where in between. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::ModuleType;
use crate::rt::{EventRoute, InputSpec, Kept, Modulated, OUT_CHANNELS, Plan, StepSpec, Tap};

/// Everything that plays, by slot: what the Model wants of it, and what goes on until it has rung out or is faded out.
#[derive(Default)]
pub(super) struct Graph {
    /// What runs. What no cable orders runs in this order.
    pub nodes: Vec<Node>,
    /// Audio cables, in the order in which they are added up.
    pub audio: Vec<AudioCable>,
    /// Event cables, in the order in which their events are taken.
    pub events: Vec<EventCable>,
    /// Event cables that have gone: slot of the cable, and of the instance to which it may owe ends of notes.
    pub ended: Vec<(u32, u32)>,
    /// Slot of an instance, and a parameter of it that links move.
    pub modulated: Vec<(u32, Modulated)>,
}

/// An instance.
pub(super) struct Node {
    pub slot: u32,
    pub module_type: Arc<ModuleType>,
}

/// An audio or event port: slot of the instance, index of the port.
pub(super) type Port = (u32, u16);

/// Slot of what is the loudspeaker.
pub(super) const OUT_SLOT: u32 = u32::MAX;

pub(super) struct AudioCable {
    pub cable: u32,
    pub from: Port,
    pub to: Port,
    pub feedback: bool,
    /// The Model has it. If it does not, it orders the plan as far as that can be, or else takes a quantum.
    pub wanted: bool,
}

pub(super) struct EventCable {
    pub cable: u32,
    pub from: Port,
    pub to: Port,
    pub feedback: bool,
}

/// Compiles what one quantum does.
pub(super) fn compile(graph: &Graph) -> Plan {
    let order = order(graph);
    let place: BTreeMap<u32, usize> = order.iter().enumerate().map(|(place, slot)| (*slot, place)).collect();
    let nodes: BTreeMap<u32, &Node> = graph.nodes.iter().map(|node| (node.slot, node)).collect();
    let mut compiler = Compiler { graph, place, outputs: BTreeMap::new(), buffers: 1, kept: Vec::new() };
    for node in order.iter().map(|slot| nodes[slot]) {
        compiler.outputs_of(node);
    }
    let steps: Vec<StepSpec> = order.iter().map(|slot| compiler.step(nodes[slot])).collect();
    let out = compiler.input((OUT_SLOT, 0), OUT_CHANNELS);
    compiler.keep_the_rest();
    Plan::new(compiler.buffers as usize, steps, out, compiler.kept)
}

/// Slots of all nodes, so that everything the Model wants leads forward, and as much as can be of what goes on.
fn order(graph: &Graph) -> Vec<u32> {
    let rank: BTreeMap<u32, usize> = graph.nodes.iter().enumerate().map(|(rank, node)| (node.slot, rank)).collect();
    let known = |(from, to): &(u32, u32)| from != to && rank.contains_key(from) && rank.contains_key(to);
    let audio = |wanted| move |c: &&AudioCable| !c.feedback && c.wanted == wanted;
    let links = graph.modulated.iter().flat_map(|(to, m)| m.links.iter().filter(|l| !l.late).map(|l| (l.from, *to)));
    let firm = graph.audio.iter().filter(audio(true)).map(|c| (c.from.0, c.to.0));
    let firm = firm.chain(graph.events.iter().filter(|c| !c.feedback).map(|c| (c.from.0, c.to.0))).chain(links);
    let firm: BTreeSet<(u32, u32)> = firm.filter(known).collect();
    let loose: BTreeSet<(u32, u32)> =
        graph.audio.iter().filter(audio(false)).map(|c| (c.from.0, c.to.0)).filter(known).collect();

    let mut waits: BTreeMap<usize, (usize, usize)> = rank.values().map(|rank| (*rank, (0, 0))).collect();
    let mut after: BTreeMap<u32, Vec<(usize, bool)>> = BTreeMap::new();
    for ((from, to), firm) in firm.iter().map(|e| (e, true)).chain(loose.iter().map(|e| (e, false))) {
        after.entry(*from).or_default().push((rank[to], firm));
        let (hard, soft) = waits.get_mut(&rank[to]).expect("every rank is there");
        *(if firm { hard } else { soft }) += 1;
    }
    let mut free: BTreeSet<(usize, usize)> =
        waits.iter().filter(|(_, (hard, _))| *hard == 0).map(|(rank, (_, soft))| (*soft, *rank)).collect();
    let mut order = Vec::with_capacity(graph.nodes.len());
    // Free of loose ends if there are such; else a loose one does not lead forward.
    while let Some((_, next)) = free.pop_first() {
        let slot = graph.nodes[next].slot;
        waits.remove(&next);
        order.push(slot);
        for (to, firm) in after.remove(&slot).unwrap_or_default() {
            let Some((hard, soft)) = waits.get_mut(&to) else { continue };
            free.remove(&(*soft, to));
            *(if firm { &mut *hard } else { &mut *soft }) -= 1;
            if *hard == 0 {
                free.insert((*soft, to));
            }
        }
    }
    order
}

struct Compiler<'a> {
    graph: &'a Graph,
    /// Where each instance stands in the plan.
    place: BTreeMap<u32, usize>,
    /// Buffers of every audio output.
    outputs: BTreeMap<Port, Vec<u32>>,
    /// Buffers given out so far; 0 is silence.
    buffers: u32,
    kept: Vec<Kept>,
}

impl Compiler<'_> {
    /// Gives every output its buffers, before any step is made: what takes a quantum may lead to a step before.
    fn outputs_of(&mut self, node: &Node) {
        for (port, audio) in node.module_type.audio_out.iter().enumerate() {
            let buffers = self.take(usize::from(audio.channels));
            self.outputs.insert((node.slot, port as u16), buffers);
        }
    }

    fn take(&mut self, count: usize) -> Vec<u32> {
        let first = self.buffers;
        self.buffers += count as u32;
        (first..self.buffers).collect()
    }

    fn step(&mut self, node: &Node) -> StepSpec {
        let (slot, known) = (node.slot, &node.module_type);
        let inputs = known.audio_in.iter().enumerate();
        let inputs = inputs.map(|(port, audio)| self.input((slot, port as u16), usize::from(audio.channels))).collect();
        let outputs = (0..known.audio_out.len()).map(|port| self.outputs[&(slot, port as u16)].clone()).collect();
        let into = self.graph.events.iter().filter(|c| c.to.0 == slot);
        let events = into.map(|c| EventRoute {
            from: c.from.0,
            from_port: c.from.1,
            to_port: c.to.1,
            cable: c.cable,
            late: c.feedback,
        });
        StepSpec {
            instance: slot,
            inputs,
            outputs,
            dry: known.is_effect(),
            events: events.collect(),
            ended: self.graph.ended.iter().filter(|(_, to)| *to == slot).map(|(cable, _)| *cable).collect(),
            modulated: self.graph.modulated.iter().filter(|(to, _)| *to == slot).map(|(_, m)| m.clone()).collect(),
        }
    }

    fn input(&mut self, at: Port, channels: usize) -> InputSpec {
        let mut input = InputSpec { channels: self.take(channels), ..InputSpec::default() };
        for cable in self.graph.audio.iter().filter(|c| c.to == at) {
            let Some(buffers) = self.outputs.get(&cable.from) else { continue };
            let backwards =
                !cable.wanted && self.place.get(&cable.to.0).is_some_and(|to| *to <= self.place[&cable.from.0]);
            let late = cable.feedback || backwards;
            if late {
                let (from, port) = cable.from;
                self.kept.push(Kept::Audio { cable: cable.cable, from, port, channels: buffers.clone() });
            }
            input.connected |= cable.wanted;
            input.cables.push(Tap { cable: cable.cable, channels: buffers.clone(), late });
        }
        input
    }

    fn keep_the_rest(&mut self) {
        let events = self.graph.events.iter().filter(|c| c.feedback);
        self.kept.extend(events.map(|c| Kept::Events { cable: c.cable, from: c.from.0, port: c.from.1 }));
        let links = self.graph.modulated.iter().flat_map(|(_, m)| &m.links).filter(|l| l.late);
        self.kept.extend(links.map(|l| Kept::Link { cable: l.cable, from: l.from, port: l.port }));
    }
}
