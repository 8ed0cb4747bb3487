//! What joins instances, as the audio thread remembers it from quantum to quantum. It outlives plans, which name it by
//! its slot.

use super::QUANTUM;
use super::buffer::Quantum;
use super::fade::{Fade, Gain};
use super::modulation::{Follower, Target};
use super::notes::Notes;

/// The state of one cable, one modulation link, or one parameter that links move.
#[expect(clippy::large_enum_variant, reason = "each is in a box of its own")]
pub enum Cable {
    /// An audio cable.
    Audio(Strand),
    /// An event cable.
    Events(Notes),
    /// A modulation link.
    Link(Follower),
    /// A parameter that links move.
    Target(Target),
}

/// An audio cable: its gain, and the last quantum of its source, if it is one that takes a quantum.
pub struct Strand {
    pub(super) fade: Fade,
    /// By channel of the source.
    pub(super) last: Box<[Quantum]>,
}

impl Cable {
    /// Control thread: an audio cable from so many channels, shut; `rate` in Hz.
    pub fn audio(channels: usize, rate: f64) -> Cable {
        Cable::Audio(Strand { fade: Fade::new(0.0, rate), last: vec![Quantum::SILENT; channels].into() })
    }

    /// Control thread: an event cable; `late` if it takes a quantum.
    pub fn events(late: bool) -> Cable {
        Cable::Events(Notes::new(late))
    }

    /// Control thread: a modulation link.
    pub fn link() -> Cable {
        Cable::Link(Follower::default())
    }

    /// Control thread: a parameter that is at `base`.
    pub fn target(base: f64) -> Cable {
        Cable::Target(Target::new(base))
    }

    /// Drops everything transient: the instances were reset.
    pub(super) fn reset(&mut self) {
        match self {
            Cable::Audio(strand) => {
                strand.fade.settle();
                strand.last.fill(Quantum::SILENT);
            }
            Cable::Events(notes) => notes.forget(),
            Cable::Link(follower) => *follower = Follower::default(),
            Cable::Target(target) => target.forget(),
        }
    }
}

impl Strand {
    /// Its gain in the quantum that begins at a sample, and its source's quantum before.
    pub(super) fn of(&mut self, quantum: u64) -> (Gain<'_>, &[Quantum]) {
        (self.fade.of(quantum), &self.last)
    }

    /// Keeps a quantum of a channel of its source for the next quantum.
    pub(super) fn keep(&mut self, channel: usize, samples: &[f32; QUANTUM]) {
        if let Some(last) = self.last.get_mut(channel) {
            last.0 = *samples;
        }
    }
}

/// Room for the state of what joins instances, by slot.
pub(super) type Cables = [Option<Box<Cable>>];

/// The audio cable in a slot.
pub(super) fn strand(cables: &mut Cables, slot: u32) -> Option<&mut Strand> {
    match cables.get_mut(slot as usize)?.as_deref_mut()? {
        Cable::Audio(strand) => Some(strand),
        _ => None,
    }
}

/// The event cable in a slot.
pub(super) fn notes(cables: &mut Cables, slot: u32) -> Option<&mut Notes> {
    match cables.get_mut(slot as usize)?.as_deref_mut()? {
        Cable::Events(notes) => Some(notes),
        _ => None,
    }
}

/// The link in a slot.
pub(super) fn follower(cables: &mut Cables, slot: u32) -> Option<&mut Follower> {
    match cables.get_mut(slot as usize)?.as_deref_mut()? {
        Cable::Link(follower) => Some(follower),
        _ => None,
    }
}

/// The modulated parameter in a slot.
pub(super) fn target(cables: &mut Cables, slot: u32) -> Option<&mut Target> {
    match cables.get_mut(slot as usize)?.as_deref_mut()? {
        Cable::Target(target) => Some(target),
        _ => None,
    }
}
