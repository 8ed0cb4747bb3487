//! Everything that crosses between control and audio thread. What is not here does not cross.
//!
//! Two rings carry it, each with one writer and one reader. A full inbound ring makes the Engine wait with the next
//! batch; a full outbound ring makes the Processor keep the item, and take no further Change, until the next quantum.

use cantus_plugin_api::raw::Event;

use super::cable::Cable;
use super::instance::{Fault, Instance};
use super::memory::Handles;
use super::plan::Plan;

/// Control to audio.
pub enum ToAudio {
    /// What follows from one batch.
    Change(Box<Change>),
}

/// Audio to control.
#[expect(clippy::large_enum_variant, reason = "a fault's text must travel without allocation")]
pub enum FromAudio {
    /// A Change took effect at `sample`. It comes home with everything it replaced, to be freed.
    Applied {
        /// The sample.
        sample: u64,
        /// The Change.
        change: Box<Change>,
    },
    /// A module misbehaved.
    Fault {
        /// Id of the instance.
        instance: u64,
        /// How.
        fault: Fault,
    },
}

/// What follows from one batch: all of it takes effect in one quantum, in this order.
///
/// What it puts in is swapped with what was there, so the same box carries the dead home.
#[derive(Default)]
pub struct Change {
    /// Number of the batch; 0 for what comes from a worker.
    pub batch: u64,
    /// Takes effect in the quantum that contains this sample, or in the next one if it has passed.
    pub at: u64,
    /// Larger slabs; their contents move over.
    pub slabs: Option<Slabs>,
    /// By slot: a born instance, or `None` to take one out.
    pub instances: Vec<(u32, Option<Box<Instance>>)>,
    /// By slot: a born cable, or `None` to take one out; its notes end.
    pub cables: Vec<(u32, Option<Box<Cable>>)>,
    /// A new plan.
    pub plan: Option<Box<Plan>>,
    /// What happens, in order: first what follows from edits, then actions as they were given.
    pub deeds: Vec<Deed>,
    /// Memory that the binds point to; it must live until they have been taken.
    pub handles: Handles,
}

impl Change {
    /// Nothing follows from it.
    pub fn is_empty(&self) -> bool {
        self.slabs.is_none()
            && self.instances.is_empty()
            && self.cables.is_empty()
            && self.plan.is_none()
            && self.deeds.is_empty()
    }
}

/// Room for instances and cables.
pub struct Slabs {
    /// By slot.
    pub instances: Vec<Option<Box<Instance>>>,
    /// By slot.
    pub cables: Vec<Option<Box<Cable>>>,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deed {
    /// To the transport.
    Transport(TransportChange),
    /// To the instance in that slot: a value, a bind or an action.
    Event(u32, Event),
    /// A note is played.
    Trigger(Trigger),
    /// Every instance becomes as new, and every note is forgotten; all values follow.
    Panic,
}

/// What happens to the transport.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TransportChange {
    /// Go on from here.
    Start,
    /// Stand still at beat 0.
    Stop,
    /// Stand still here.
    Pause,
    /// To beat 0, carrying on as it was.
    Reset,
    /// To that beat, carrying on as it was.
    Seek(f64),
    /// That many beats per minute from here on.
    Tempo(f64),
}

/// A note to play.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trigger {
    /// Slot of the instance.
    pub instance: u32,
    /// The note-on; its id is given by the Processor.
    pub event: Event,
    /// Beats until it ends, at the tempo of then; `None`: it is never ended.
    pub length: Option<f64>,
}
