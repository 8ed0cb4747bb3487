//! The plan: what one quantum does, in order. Compiled on control, replaced whole.

use cantus_plugin_api::raw;

use super::buffer::Arena;
use super::cable::{Cables, strand};
use super::input::{Input, InputSpec, Spread, spread};
use super::modulation::Modulated;
use super::{OUT_CHANNELS, QUANTUM};

/// Buffer 0 of every plan is silence; nobody writes to it.
pub(crate) const SILENCE: u32 = 0;

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
    /// It takes one quantum.
    pub late: bool,
}

/// What the compiler says of one module: buffers by index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepSpec {
    /// Slot of the instance.
    pub instance: u32,
    /// Audio inputs.
    pub inputs: Vec<InputSpec>,
    /// Per audio output the buffer of each channel, each its own.
    pub outputs: Vec<Vec<u32>>,
    /// When it is off, its first input goes to its first output.
    pub dry: bool,
    /// Events in, in the order in which events of one frame are taken.
    pub events: Vec<EventRoute>,
    /// Slots of event cables that have gone and may owe ends of notes.
    pub ended: Vec<u32>,
    /// Parameters that are modulated.
    pub modulated: Vec<Modulated>,
}

/// Something that is kept at the end of the quantum, for the next.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// What an audio cable takes from these buffers.
    Audio {
        /// Slot of the cable.
        cable: u32,
        /// Slot of the instance it comes from.
        from: u32,
        /// Its audio output.
        port: u16,
        /// By channel.
        channels: Vec<u32>,
    },
    /// What an event cable takes.
    Events {
        /// Slot of the cable.
        cable: u32,
        /// Slot of the sending instance.
        from: u32,
        /// Its event output.
        port: u16,
    },
    /// What a modulation link takes.
    Link {
        /// Slot of the link's state.
        cable: u32,
        /// Slot of the modulating instance.
        from: u32,
        /// Its modulation output.
        port: u16,
    },
}

/// One step of a plan, with pointers resolved.
pub(super) struct Step {
    pub instance: u32,
    pub inputs: Box<[Input]>,
    pub input_ports: Box<[raw::Port]>,
    pub outputs: Box<[raw::Port]>,
    /// Buffers of all output channels.
    pub written: Box<[u32]>,
    /// How the first input comes to the first output when it is off; without channels: not at all.
    pub dry: Spread,
    pub events: Box<[EventRoute]>,
    pub ended: Box<[u32]>,
    pub modulated: Box<[Modulated]>,
    /// What the ports point to.
    _channels: Box<[Box<[*mut f32]>]>,
}

/// What one quantum does.
pub struct Plan {
    pub(super) steps: Box<[Step]>,
    pub(super) arena: Arena,
    pub(super) kept: Box<[Kept]>,
    pub(super) out: Input,
}

// SAFETY: the pointers in the steps lead into the plan's own arena and channel lists; whoever has the plan has all.
unsafe impl Send for Plan {}

impl Plan {
    /// Control thread: allocates `buffers` buffers (of which 0 is silence) and resolves the steps. `out` is what goes to
    /// the loudspeaker: [`OUT_CHANNELS`] channels.
    ///
    /// # Panics
    /// If a step names a buffer that is not there: a mistake of the compiler's.
    pub fn new(buffers: usize, steps: Vec<StepSpec>, out: InputSpec, kept: Vec<Kept>) -> Plan {
        assert_eq!(out.channels.len(), OUT_CHANNELS, "channels of out");
        let arena = Arena::new(buffers.max(1));
        let read = |input: &InputSpec| -> Vec<u32> {
            let sources = input.cables.iter().flat_map(|source| &source.channels);
            sources.chain(&input.channels).copied().collect()
        };
        for buffer in steps.iter().flat_map(|s| &s.inputs).chain([&out]).flat_map(read) {
            assert!((buffer as usize) < buffers.max(1), "buffer {buffer} of {buffers}");
        }
        let steps = steps.into_iter().map(|spec| Step::new(spec, &arena)).collect();
        Plan { steps, out: Input::new(out, &arena), arena, kept: kept.into() }
    }

    /// Silence: what a new Processor plays.
    pub fn empty() -> Plan {
        let out = InputSpec { channels: (1..).take(OUT_CHANNELS).collect(), ..InputSpec::default() };
        Plan::new(1 + OUT_CHANNELS, Vec::new(), out, Vec::new())
    }

    /// A channel of what goes to the loudspeaker.
    pub(super) fn out(&self, channel: usize) -> &[f32; QUANTUM] {
        self.arena.get(self.out.now[channel])
    }

    /// Keeps, for audio cables that take a quantum from `next` on and did not before, what their sources made last.
    pub(super) fn hand_over(&self, next: &Plan, cables: &mut Cables) {
        let kept_here = |cable: u32| self.kept.iter().any(|k| matches!(k, Kept::Audio { cable: c, .. } if *c == cable));
        for kept in &next.kept {
            if let Kept::Audio { cable, from, port, .. } = kept
                && !kept_here(*cable)
                && let Some(step) = self.steps.iter().find(|step| step.instance == *from)
            {
                self.keep(*cable, step.output(*port), cables);
            }
        }
    }

    /// Keeps a quantum of what a cable takes.
    pub(super) fn keep(&self, cable: u32, channels: &[u32], cables: &mut Cables) {
        if let Some(strand) = strand(cables, cable) {
            channels.iter().enumerate().for_each(|(c, buffer)| strand.keep(c, self.arena.get(*buffer)));
        }
    }
}

impl Step {
    fn new(spec: StepSpec, arena: &Arena) -> Step {
        let inputs: Box<[Input]> = spec.inputs.into_iter().map(|input| Input::new(input, arena)).collect();
        let dry = match (inputs.first(), spec.outputs.first()) {
            (Some(from), Some(to)) if spec.dry => spread(from.now.len(), to.len()),
            _ => Box::default(),
        };
        let mut channels: Vec<Box<[*mut f32]>> = Vec::new();
        // A list's own memory does not move when its box does.
        let port =
            |list: &[*mut f32], flags| raw::Port { channels: list.as_ptr(), channel_count: list.len() as u32, flags };
        let mut output = |buffers: &Vec<u32>| {
            channels.push(buffers.iter().map(|b| arena.pointer(*b)).collect());
            port(channels.last().expect("just pushed"), raw::flag::CONNECTED)
        };
        Step {
            instance: spec.instance,
            outputs: spec.outputs.iter().map(&mut output).collect(),
            input_ports: inputs.iter().map(|input| port(&input.pointers, raw::flag::SILENT)).collect(),
            inputs,
            written: spec.outputs.into_iter().flatten().collect(),
            dry,
            events: spec.events.into(),
            ended: spec.ended.into(),
            modulated: spec.modulated.into(),
            _channels: channels.into(),
        }
    }

    /// The buffers of an audio output.
    fn output(&self, port: u16) -> &[u32] {
        let channels = |ports: &[raw::Port]| ports.iter().map(|port| port.channel_count as usize).sum::<usize>();
        let first = channels(self.outputs.get(..usize::from(port)).unwrap_or_default());
        let count = channels(self.outputs.get(usize::from(port)..usize::from(port) + 1).unwrap_or_default());
        self.written.get(first..first + count).unwrap_or_default()
    }

    /// Gathers what comes in at every input.
    pub fn gather(&mut self, arena: &mut Arena, cables: &mut Cables, quantum: u64) {
        for (input, port) in self.inputs.iter_mut().zip(&mut self.input_ports) {
            let sounds = input.gather(arena, cables, quantum);
            // Anew: what was taken before the list was written to must not be followed.
            port.channels = input.pointers.as_ptr();
            let connected = if input.connected || sounds { raw::flag::CONNECTED } else { 0 };
            port.flags = connected | if sounds { 0 } else { raw::flag::SILENT };
        }
    }
}
