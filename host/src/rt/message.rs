//! Everything that crosses between control and audio thread. What is not here does not cross.
//!
//! Two rings carry it, each with one writer and one reader. A full inbound ring makes the Engine wait with the next
//! batch; a full outbound ring makes the Processor keep the item, and take no further Change, until the next quantum.

use cantus_plugin_api::raw::Event;

use super::cable::Cable;
use super::instance::{Fault, Instance};
use super::plan::Plan;
use crate::control::Handles;
use crate::model::ModuleId;

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
        /// Which.
        module: ModuleId,
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
    /// Transport, in order.
    pub transport: Vec<TransportChange>,
    /// Values, binds and actions, by instance slot.
    pub events: Vec<(u32, Event)>,
    /// Notes to play.
    pub triggers: Vec<Trigger>,
    /// End every sound now.
    pub panic: bool,
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
            && self.transport.is_empty()
            && self.events.is_empty()
            && self.triggers.is_empty()
            && !self.panic
    }
}

/// Room for instances and cables.
pub struct Slabs {
    /// By slot.
    pub instances: Vec<Option<Box<Instance>>>,
    /// By slot.
    pub cables: Vec<Option<Box<Cable>>>,
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
