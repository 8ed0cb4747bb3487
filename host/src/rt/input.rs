//! What comes in at an audio port: one cable's source as it is, or a sum.

use super::QUANTUM;
use super::buffer::Arena;
use super::cable::{Cables, strand};
use super::fade::Gain;
use super::plan::SILENCE;

const SILENT: [f32; QUANTUM] = [0.0; QUANTUM];

/// What the compiler says of an audio input, or of `out`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputSpec {
    /// The buffer of each channel, to be written when more is to be done than to pass one source on.
    pub channels: Vec<u32>,
    /// A cable ends here.
    pub connected: bool,
    /// The cables, in the order in which they are added up.
    pub cables: Vec<Tap>,
}

/// An audio cable into an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Tap {
    /// Slot of the cable.
    pub cable: u32,
    /// The buffer of each channel of its source.
    pub channels: Vec<u32>,
    /// It takes one quantum.
    pub late: bool,
}

/// An audio input.
pub(super) struct Input {
    own: Box<[u32]>,
    pub connected: bool,
    sources: Box<[(Tap, Spread)]>,
    /// The buffer of each channel in this quantum.
    pub now: Box<[u32]>,
    pub pointers: Box<[*mut f32]>,
}

/// By channel of where it goes: channels of where it comes from, each with a factor.
pub(super) type Spread = Box<[Box<[(usize, f32)]>]>;

/// How channels become others. Fewer channels are repeated over more; more are folded onto fewer, each divided by how
/// many meet. Where neither count is a multiple of the other (only derived routes may be so) channels meet their like.
pub(super) fn spread(from: usize, to: usize) -> Spread {
    let channel = |channel: usize| -> Box<[(usize, f32)]> {
        if from > 0 && from <= to && to.is_multiple_of(from) {
            [(channel % from, 1.0)].into()
        } else if from.is_multiple_of(to) {
            (channel..from).step_by(to).map(|c| (c, to as f32 / from as f32)).collect()
        } else {
            (channel < from).then_some((channel, 1.0)).into_iter().collect()
        }
    };
    (0..to).map(channel).collect()
}

impl Input {
    /// Control thread.
    pub fn new(spec: InputSpec, arena: &Arena) -> Input {
        let to = spec.channels.len();
        let sources = spec.cables.into_iter().map(|source| {
            let spread = spread(source.channels.len(), to);
            (source, spread)
        });
        Input {
            connected: spec.connected,
            sources: sources.collect(),
            now: vec![SILENCE; to].into(),
            pointers: vec![arena.pointer(SILENCE); to].into(),
            own: spec.channels.into(),
        }
    }

    /// Gathers what comes in, in the quantum that begins at a sample. False: nothing does.
    pub fn gather(&mut self, arena: &mut Arena, cables: &mut Cables, quantum: u64) -> bool {
        let (mut open, mut last) = (0, None);
        for (source, _) in &self.sources {
            let gain = strand(cables, source.cable).map_or(Gain::Steady(0.0), |strand| strand.of(quantum).0);
            if !gain.is_shut() {
                open += 1;
                last = Some((source, gain.is_unity()));
            }
        }
        match last {
            None => self.now.fill(SILENCE),
            Some((source, true)) if open == 1 && !source.late && source.channels.len() == self.own.len() => {
                self.now.copy_from_slice(&source.channels);
            }
            Some(_) => {
                self.now.copy_from_slice(&self.own);
                self.mix(arena, cables, quantum);
            }
        }
        for (pointer, buffer) in self.pointers.iter_mut().zip(&self.now) {
            *pointer = arena.pointer(*buffer);
        }
        open > 0
    }

    fn mix(&self, arena: &mut Arena, cables: &mut Cables, quantum: u64) {
        for (channel, to) in self.own.iter().enumerate() {
            // Compiled so that no mix reads what it writes; the copy of 256 bytes keeps that out of the types.
            let mut sum = [0.0f32; QUANTUM];
            for (source, spread) in &self.sources {
                let Some(strand) = strand(cables, source.cable) else { continue };
                let (gain, last) = strand.of(quantum);
                if gain.is_shut() {
                    continue;
                }
                for (from, factor) in &spread[channel] {
                    let late = source.late.then(|| last.get(*from)).map(|quantum| quantum.map_or(&SILENT, |q| &q.0));
                    gain.add(&mut sum, late.unwrap_or_else(|| arena.get(source.channels[*from])), *factor);
                }
            }
            *arena.get_mut(*to) = sum;
        }
    }
}
