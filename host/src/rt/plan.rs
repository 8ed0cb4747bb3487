//! The plan: what one quantum does, in order. Compiled on control, replaced whole.

use cantus_plugin_api::raw::{self, flag};

use super::buffer::Arena;
use super::{OUT_CHANNELS, QUANTUM};

/// Buffer 0 of every plan is silence; nobody writes to it.
pub(crate) const SILENCE: u32 = 0;

/// A buffer that is the sum of others.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// The buffer to write.
    pub to: u32,
    /// Buffers and gains, added up in this order.
    pub from: Box<[(u32, f32)]>,
}

/// The way of events from one instance to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRoute {
    /// Slot of the sending instance.
    pub from: u32,
    /// Its event output.
    pub from_port: u16,
    /// Event input of the step's instance.
    pub to_port: u16,
    /// Slot of the cable.
    pub cable: u32,
}

/// What the compiler says of one module: buffers by index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepSpec {
    /// Slot of the instance.
    pub instance: u32,
    /// What to add up first, for inputs that are not one cable alone.
    pub mixes: Vec<Mix>,
    /// Per audio input the buffer of each channel; no buffer at all: unconnected.
    pub inputs: Vec<Input>,
    /// Per audio output the buffer of each channel, each its own.
    pub outputs: Vec<Vec<u32>>,
    /// Events in, in the order in which events of one frame are taken.
    pub events: Vec<EventRoute>,
}

/// An audio input of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Buffer of each channel.
    pub channels: Vec<u32>,
    /// A cable ends here.
    pub connected: bool,
}

/// One step of a plan, with pointers resolved.
pub(super) struct Step {
    pub instance: u32,
    pub mixes: Box<[Mix]>,
    pub events: Box<[EventRoute]>,
    pub inputs: Box<[raw::Port]>,
    pub outputs: Box<[raw::Port]>,
    /// Buffers of all output channels.
    pub written: Box<[u32]>,
    /// What the ports point to.
    _channels: Box<[Box<[*mut f32]>]>,
}

/// What one quantum does.
pub struct Plan {
    pub(super) steps: Box<[Step]>,
    pub(super) arena: Arena,
    out: [Mix; OUT_CHANNELS],
}

// SAFETY: the pointers in the steps lead into the plan's own arena and channel lists; whoever has the plan has all.
unsafe impl Send for Plan {}

impl Plan {
    /// Control thread: allocates `buffers` buffers (of which 0 is silence) and resolves the steps.
    ///
    /// # Panics
    /// If a step names a buffer that is not there: a mistake of the compiler's.
    pub fn new(buffers: usize, steps: Vec<StepSpec>, out: [Mix; OUT_CHANNELS]) -> Plan {
        let arena = Arena::new(buffers.max(1));
        for mix in steps.iter().flat_map(|s| &s.mixes).chain(&out) {
            for buffer in mix.from.iter().map(|(buffer, _)| *buffer).chain([mix.to]) {
                assert!((buffer as usize) < buffers.max(1), "buffer {buffer} of {buffers}");
            }
        }
        let steps = steps.into_iter().map(|spec| Step::new(spec, &arena)).collect();
        Plan { steps, arena, out }
    }

    /// Silence: what a new Processor plays.
    pub fn empty() -> Plan {
        let mix = |to| Mix { to, from: Box::default() };
        Plan::new(1 + OUT_CHANNELS, Vec::new(), [mix(1), mix(2)])
    }

    /// Adds buffers up into one.
    pub(super) fn mix(arena: &mut Arena, mix: &Mix) {
        // Compiled so that no mix reads what it writes; the copy of 256 bytes keeps that out of the types.
        let mut sum = [0.0f32; QUANTUM];
        for (from, gain) in &mix.from {
            for (to, x) in sum.iter_mut().zip(arena.get(*from)) {
                *to += gain * x;
            }
        }
        *arena.get_mut(mix.to) = sum;
    }

    /// Adds up what goes to the loudspeaker.
    pub(super) fn mix_out(&mut self) {
        for mix in &self.out {
            Plan::mix(&mut self.arena, mix);
        }
    }

    /// A channel of what goes to the loudspeaker.
    pub(super) fn out(&self, channel: usize) -> &[f32; QUANTUM] {
        self.arena.get(self.out[channel].to)
    }
}

impl Step {
    fn new(spec: StepSpec, arena: &Arena) -> Step {
        let mut channels: Vec<Box<[*mut f32]>> = Vec::new();
        let mut port = |buffers: &[u32], flags: u32| {
            channels.push(buffers.iter().map(|b| arena.pointer(*b)).collect());
            let list = channels.last().expect("just pushed");
            // The list's own memory does not move when its box does.
            raw::Port { channels: list.as_ptr(), channel_count: list.len() as u32, flags }
        };
        let flags = |connected| if connected { flag::CONNECTED } else { flag::SILENT };
        let inputs = spec.inputs.iter().map(|i| port(&i.channels, flags(i.connected))).collect();
        let outputs = spec.outputs.iter().map(|o| port(o, flag::CONNECTED)).collect();
        Step {
            instance: spec.instance,
            mixes: spec.mixes.into(),
            events: spec.events.into(),
            inputs,
            outputs,
            written: spec.outputs.into_iter().flatten().collect(),
            _channels: channels.into(),
        }
    }
}
