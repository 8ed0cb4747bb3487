//! Model -> Plan: a pure function of the Model, the manifests and which instances are ready.

use std::collections::{BTreeMap, BTreeSet};

use cantus_manifest::PortKind;

use crate::model::{Catalog, Connection, Edge, Endpoint, Model, ModuleType, Name, OUT, audible, order, routes};
use crate::rt::{EventRoute, Input, Mix, OUT_CHANNELS, Plan, StepSpec};

/// What is ready to play, by slot.
pub trait Ready {
    /// Slot of a module's instance, if it is ready.
    fn instance(&self, name: &str) -> Option<u32>;
    /// Slot of an event cable.
    fn cable(&self, connection: &Connection) -> Option<u32>;
}

/// Compiles what one quantum does. Modules that are not ready are left out, with their cables.
///
/// # Panics
/// If the Model has a cycle: [`Model::check`] comes before.
pub fn compile(model: &Model, catalog: &Catalog, ready: &impl Ready) -> Plan {
    let routes = routes(model, catalog);
    let forward = routes.iter().filter(|c| !feedback(model, c));
    let forward: Vec<Edge> = forward.cloned().map(Edge::Cable).collect();
    let names = order(model, &forward).expect("batches with cycles are refused");
    let mut compiler = Compiler {
        model,
        catalog,
        ready,
        heard: audible(model),
        into: by_target(&routes),
        outputs: BTreeMap::new(),
        buffers: 1,
    };
    names.iter().for_each(|name| compiler.outputs_of(name));
    let steps = names.iter().filter_map(|name| compiler.step(name)).collect();
    let out = compiler.out();
    Plan::new(compiler.buffers as usize, steps, out)
}

fn feedback(model: &Model, connection: &Connection) -> bool {
    model.connections.get(connection).is_some_and(|cable| cable.feedback)
}

/// The cables into each endpoint, by source name and port: the order in which they are added up.
fn by_target(routes: &BTreeSet<Connection>) -> BTreeMap<Endpoint, Vec<Connection>> {
    let mut into: BTreeMap<Endpoint, Vec<Connection>> = BTreeMap::new();
    for connection in routes {
        into.entry(connection.to.clone()).or_default().push(connection.clone());
    }
    into
}

struct Compiler<'a, R> {
    model: &'a Model,
    catalog: &'a Catalog,
    ready: &'a R,
    /// Modules whose output goes anywhere.
    heard: BTreeSet<Name>,
    into: BTreeMap<Endpoint, Vec<Connection>>,
    /// Buffers of every audio output made so far.
    outputs: BTreeMap<Endpoint, Vec<u32>>,
    /// Buffers given out so far; 0 is silence.
    buffers: u32,
}

impl<R: Ready> Compiler<'_, R> {
    fn step(&mut self, name: &Name) -> Option<StepSpec> {
        let instance = self.ready.instance(name)?;
        let module = self.model.modules.get(name)?;
        let module_type = self.catalog.get(&module.module_type)?.clone();
        let mut step = StepSpec { instance, ..StepSpec::default() };
        for port in &module_type.audio_in {
            let at = Endpoint { module: name.clone(), port: port.key.clone() };
            let input = self.input(&at, usize::from(port.channels), &mut step.mixes);
            step.inputs.push(input);
        }
        for port in &module_type.audio_out {
            step.outputs.push(self.outputs[&Endpoint::new(name.clone(), port.key.clone())].clone());
        }
        step.events = self.events(name, &module_type);
        Some(step)
    }

    /// Gives every output of a module its buffers. All have them before any step is made: a feedback cable leads to a
    /// step that comes before its source, and reads what that made in the quantum before.
    fn outputs_of(&mut self, name: &Name) {
        if self.ready.instance(name).is_none() {
            return;
        }
        let Some(known) = self.model.modules.get(name).and_then(|m| self.catalog.get(&m.module_type)) else { return };
        for port in &known.audio_out {
            let buffers = (0..port.channels).map(|_| self.buffer()).collect();
            self.outputs.insert(Endpoint::new(name.clone(), port.key.clone()), buffers);
        }
    }

    fn buffer(&mut self) -> u32 {
        self.buffers += 1;
        self.buffers - 1
    }

    /// An input: the source's own buffers if one cable of as many channels is all that comes in, else a sum.
    fn input(&mut self, at: &Endpoint, channels: usize, mixes: &mut Vec<Mix>) -> Input {
        let sources = self.sources(at);
        match sources.as_slice() {
            [] => Input { channels: vec![crate::rt::SILENCE; channels], connected: false },
            [(one, 1.0)] if one.len() == channels => Input { channels: one.clone(), connected: true },
            _ => {
                let buffers: Vec<u32> = (0..channels).map(|_| self.buffer()).collect();
                mixes.extend(buffers.iter().enumerate().map(|(c, to)| mix(*to, c, channels, &sources)));
                Input { channels: buffers, connected: true }
            }
        }
    }

    /// The buffers of every ready output that leads to an endpoint, each with the gain of its cable.
    fn sources(&self, at: &Endpoint) -> Vec<Source> {
        let cables = self.into.get(at).map_or(&[][..], Vec::as_slice);
        let gain = |c: &Connection| self.model.connections.get(c).map_or(1.0, |cable| cable.gain.get() as f32);
        // Round a feedback cable through what is off there is no way.
        let off = |c: &Connection| self.model.modules.get(&*c.from.module).is_some_and(|m| !m.enabled);
        let heard = cables.iter().filter(|c| self.heard.contains(&c.from.module));
        let heard = heard.filter(|c| !(feedback(self.model, c) && off(c)));
        heard.flat_map(|c| self.output(&c.from).into_iter().map(|(buffers, own)| (buffers, own * gain(c)))).collect()
    }

    /// What comes out of a port: its buffers; of an effect that is off, what comes in.
    fn output(&self, at: &Endpoint) -> Vec<Source> {
        let Some(module) = self.model.modules.get(&*at.module) else { return Vec::new() };
        if module.enabled {
            return self.outputs.get(at).map(|buffers| (buffers.clone(), 1.0)).into_iter().collect();
        }
        let dry = self.model.known(self.catalog, &module.module_type).ok().filter(|t| t.is_effect());
        // The first output is the first input: a disabled module has no other way through.
        let through = dry.filter(|t| t.audio_out.first().is_some_and(|port| port.key == at.port));
        let input = through.and_then(|t| t.audio_in.first()).map(|port| port.key.clone());
        input.map_or_else(Vec::new, |port| self.sources(&Endpoint { module: at.module.clone(), port }))
    }

    fn events(&self, name: &Name, module_type: &ModuleType) -> Vec<EventRoute> {
        let mut out = Vec::new();
        for (to_port, key) in module_type.event_in.iter().enumerate() {
            let at = Endpoint { module: name.clone(), port: key.clone() };
            for connection in self.into.get(&at).into_iter().flatten() {
                out.extend(self.event_route(connection, to_port as u16));
            }
        }
        out
    }

    fn event_route(&self, connection: &Connection, to_port: u16) -> Option<EventRoute> {
        let source = self.model.modules.get(&connection.from.module)?;
        let port = self.catalog.get(&source.module_type)?.output(&connection.from.port)?;
        if port.kind != PortKind::Event {
            return None;
        }
        let from = self.ready.instance(&connection.from.module)?;
        Some(EventRoute { from, from_port: port.index as u16, to_port, cable: self.ready.cable(connection)? })
    }

    fn out(&mut self) -> [Mix; OUT_CHANNELS] {
        let sources = self.sources(&Endpoint { module: OUT.into(), port: "in".into() });
        std::array::from_fn(|channel| mix(self.buffer(), channel, OUT_CHANNELS, &sources))
    }
}

/// The buffers of an output, and the gain of the cable from it.
type Source = (Vec<u32>, f32);

/// One channel of a sum. Fewer channels are repeated over more; more are folded onto fewer, each divided by how many
/// meet. Where neither count is a multiple of the other (only derived routes may be so) channels meet their like.
fn mix(to: u32, channel: usize, channels: usize, sources: &[Source]) -> Mix {
    let mut from = Vec::new();
    for (source, gain) in sources {
        let n = source.len();
        if n <= channels && channels.is_multiple_of(n) {
            from.push((source[channel % n], *gain));
        } else if n.is_multiple_of(channels) {
            let folded = (channels as f32) / (n as f32);
            from.extend(source.iter().skip(channel).step_by(channels).map(|b| (*b, gain * folded)));
        } else {
            from.extend(source.get(channel).map(|b| (*b, *gain)));
        }
    }
    Mix { to, from: from.into() }
}
