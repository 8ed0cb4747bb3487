//! Everything that crosses between control and audio thread. What is not here does not cross.
//!
//! Two rings carry it, each with one writer and one reader. A full inbound ring makes the Engine wait with the next
//! batch; a full outbound ring makes the Processor keep the item, and take no further Change, until the next quantum.

use std::sync::Arc;

use cantus_plugin_api::raw::{Event, Report, Value};

use super::cable::Cable;
use super::instance::{Fault, Instance};
use super::memory::Handles;
use super::notes::Routing;
use super::plan::Plan;
use super::tempo::TempoMap;
use super::work::{Delivery, Desk};

/// Control to audio.
pub enum ToAudio {
    /// What follows from one batch.
    Change(Box<Change>),
}

/// Audio to control. Texts travel in it: a box would be born on the audio thread.
pub enum FromAudio {
    /// A Change took effect. It comes home with everything it replaced, to be freed.
    Applied {
        /// Exact sample at which its deeds were done.
        sample: u64,
        /// The Change.
        change: Box<Change>,
    },
    /// A retired instance has rung out.
    RungOut {
        /// Its slot.
        slot: u32,
    },
    /// A module wants a value of its own changed.
    Request {
        /// The task that has made the instance: one that rings out is not taken for what is in its place.
        ticket: u64,
        /// Parameter, slot and value, as it said them: they may not exist.
        value: Value,
    },
    /// A module says something to people.
    Said {
        /// The task that has made the instance: one that rings out is not taken for what is in its place.
        ticket: u64,
        /// What.
        text: Report,
    },
    /// A module wants something made on a worker.
    Work {
        /// Slot of the instance.
        slot: u32,
        /// The task that has made the instance.
        ticket: u64,
        /// Where it is to be made. The audio thread only counts: the instance has one, too.
        desk: Arc<Desk>,
        /// At which places, one bit each.
        places: u64,
    },
    /// A module misbehaved.
    Fault {
        /// The task that has made the instance: one that rings out is not taken for what is in its place.
        ticket: u64,
        /// How.
        fault: Fault,
    },
}

/// When a Change is due. Changes take effect in the order in which they come: one that is not yet due holds back those
/// behind it, so hand over only what is due soon. One that comes too late takes effect at once, and is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum At {
    /// At once: at the first frame of the next quantum.
    #[default]
    Now,
    /// At an absolute sample.
    Sample(u64),
    /// At a beat of a lap in an epoch of the transport, wherever the tempo and what comes before it may put it. At once
    /// if that epoch or lap is over, or beats stand still; where the loop turns, if that comes first.
    Beat {
        /// The beat.
        beat: f64,
        /// The lap; if no loop leads there any more, that of then.
        lap: u32,
        /// The epoch.
        epoch: u32,
    },
}

/// What follows from one batch. Structure (slabs, instances, cables, plan) is switched at the start of the quantum in
/// which it is due; the tempo map and the deeds follow on the exact sample, in this order.
///
/// What it puts in is swapped with what was there, so the same box carries the dead home.
#[derive(Default)]
pub struct Change {
    /// Its number; 0 if nobody cares.
    pub number: u64,
    /// When it is due.
    pub at: At,
    /// Larger slabs; their contents move over.
    pub slabs: Option<Slabs>,
    /// By slot: a born instance, or `None` to take one out.
    pub instances: Vec<(u32, Option<Box<Instance>>)>,
    /// By slot: a born cable, or `None` to take one out that was closed long enough ago.
    pub cables: Vec<(u32, Option<Box<Cable>>)>,
    /// By slot of an event cable: which notes it carries.
    pub routings: Vec<(u32, Routing)>,
    /// What workers have made for instances, for the quantum in which it is due.
    pub made: Vec<Delivery>,
    /// A new plan.
    pub plan: Option<Box<Plan>>,
    /// A new tempo map; one without points takes the old one away.
    pub tempo: Option<Box<TempoMap>>,
    /// What happens, in order: first what follows from edits, then actions as they were given.
    pub deeds: Vec<Deed>,
    /// Memory that the binds point to; it must live until they have been taken.
    pub handles: Handles,
}

impl Deed {
    /// It is done to the instance in that slot, and to nothing else.
    pub fn is_to(&self, slot: u32) -> bool {
        match self {
            Deed::Event(to, _) | Deed::Enable(to, _) | Deed::Retire(to) => *to == slot,
            Deed::Trigger(trigger) => trigger.instance == slot,
            _ => false,
        }
    }
}

impl Change {
    /// Nothing follows from it.
    pub fn is_empty(&self) -> bool {
        self.slabs.is_none()
            && self.instances.is_empty()
            && self.cables.is_empty()
            && self.routings.is_empty()
            && self.made.is_empty()
            && self.plan.is_none()
            && self.tempo.is_none()
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
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// To the transport.
    Transport(TransportChange),
    /// To the instance in that slot: a value, a bind or an action; its frame is given by the Processor.
    Event(u32, Event),
    /// A note is played.
    Trigger(Trigger),
    /// A cable comes to that gain: at once if the instance it comes from has not run yet, or the one it leads to comes in
    /// by itself, in the place of another.
    Gain {
        /// Slot of an audio cable.
        cable: u32,
        /// Slot of the instance it comes from.
        from: u32,
        /// Slot of the instance it leads to.
        to: u32,
        /// What its audio is multiplied by.
        gain: f32,
    },
    /// A cable is not wanted any more: audio comes to gain 0, the notes of an event cable end.
    Close {
        /// Its slot.
        cable: u32,
        /// Slot of the instance it leads to.
        to: u32,
    },
    /// The instance in that slot goes on (true) or off: an effect becomes dry, anything else takes no more notes and rings
    /// out.
    Enable(u32, bool),
    /// The instance in that slot is not wanted any more: its notes end, it rings out until it is silent, at most 5 s, is
    /// faded out, and is then reported.
    Retire(u32),
    /// The second instance takes the place of the first, which was just retired: if that has never run, there is nothing to
    /// come in beside.
    TakeOver {
        /// Slot of the one that goes.
        from: u32,
        /// Slot of the one that comes.
        to: u32,
    },
    /// A parameter that links move is set.
    Base {
        /// Slot of its state among the cables.
        target: u32,
        /// In the parameter's range.
        value: f64,
    },
    /// Every instance becomes as new, for all of this quantum, every note is forgotten, whatever rings out or glides has
    /// arrived; all values follow.
    Panic,
}

/// What happens to the transport. A stop, seek or reset ends what is left of a glide of the tempo and opens a new epoch.
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
    /// The tempo wherever the tempo map does not count.
    Tempo {
        /// Beats per minute, above 0.
        bpm: f64,
        /// It glides there, linearly in time, in exactly so many beats; they wait while beats stand still. 0: at once.
        over: f64,
    },
    /// When the second beat is reached, go on at the first; from beyond it, play on. `None`: no more. Ranges shorter
    /// than [`SHORTEST_LOOP`](super::SHORTEST_LOOP) are none.
    Loop(Option<(f64, f64)>),
    /// How a bar is counted, such as 6/8.
    Signature {
        /// The upper number.
        beats: u32,
        /// The lower number.
        unit: u32,
    },
    /// The second of each pair of units comes later.
    Swing {
        /// Where in the pair: 0.5 (straight) to 0.75.
        amount: f64,
        /// In beats.
        unit: f64,
    },
}

/// A note to play.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Slot of the instance.
    pub instance: u32,
    /// The note-on; its id and frame are given by the Processor.
    pub event: Event,
    /// Values for this note alone, which come before it, in this order.
    pub locks: Box<[Value]>,
    /// Beats until it ends, at the tempo of its beginning: it ends while beats stand still, too. `None`: it is never
    /// ended.
    pub length: Option<f64>,
}
