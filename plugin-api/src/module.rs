//! What a module author implements.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use crate::block::Block;
use crate::cpu::Cpu;
use crate::derived::Place;
use crate::event::Event;
use crate::raw;

/// One module type of a plugin. See the crate's page for who calls what, when and on which thread.
pub trait Module: Described + Sized + Send + 'static {
    /// A new instance. Worker thread: may allocate.
    ///
    /// # Errors
    /// A sentence for people; the module then stays in the session, silent, with that sentence as its status.
    fn new(init: &Init) -> Result<Self, String>;

    /// Drops everything transient (voices, tails, phases) and puts every value to its default. The host sends all
    /// values again afterwards. Must leave the instance as [`new`](Module::new) made it. Audio thread.
    fn reset(&mut self);

    /// Something happens at `frame` of this quantum, 0 to 63. Audio thread.
    fn event(&mut self, event: Event<Self>, frame: usize, block: &mut Block<'_>);

    /// Makes the frames of that range: reads inputs, adds to outputs (which begin at 0), emits events. Called for
    /// consecutive ranges that together cover the quantum. Audio thread.
    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>);
}

/// What `export!` generates from the manifest for each struct: the names its code may use.
pub trait Described {
    /// The module's parameters.
    type Param: Key;
    /// The parameters of each of its slots.
    type SlotParam: Key;
    /// What it can be told to do.
    type Action: Key;
    /// What it shows.
    type Meter: Key;
    /// Its type name.
    const TYPE: &'static str;
    /// What it is made of.
    const SHAPE: Shape;
}

/// What a module is made of, in the manifest's order: enough to run it without reading its manifest.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Channels of each audio input.
    pub inputs: &'static [usize],
    /// Channels of each audio output.
    pub outputs: &'static [usize],
    /// How many modulation outputs.
    pub mod_outputs: usize,
    /// The range of each parameter; `None` for data.
    pub params: &'static [Option<Span>],
    /// The range of each parameter of a slot; `None` for data.
    pub slot_params: &'static [Option<Span>],
    /// How many slots.
    pub slots: usize,
}

/// The range of a number, both ends included. On and off are 1 and 0, a label is its index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Value of a new module.
    pub default: f64,
    /// Only whole numbers.
    pub whole: bool,
}

/// A generated list of names: an enum whose variants stand in the manifest's order. Each has one place, a meter with a
/// `count` so many.
pub trait Key: Copy + Eq + 'static {
    /// The name at that place.
    fn from_index(index: usize) -> Option<Self>;
    /// Its place; the first, if it has several.
    fn index(self) -> usize;
}

/// What a new instance is told. It lives as long as [`Module::new`] and is nowhere else: keep what you need.
///
/// ```
/// # use cantus_plugin_api::{Delay, Init, Random};
/// # fn new(init: &Init) -> Result<(Delay, Random), String> {
/// if init.rate() < 8_000.0 {
///     return Err(format!("it cannot run at {} Hz; use 8000 Hz or more", init.rate()));
/// }
/// let line = Delay::new(2.0, init.rate());
/// let random = Random::new(init.seed(), 0);
/// # Ok((line, random))
/// # }
/// ```
pub struct Init {
    raw: raw::Init,
    /// The derived values that the module has made so far.
    places: RefCell<Vec<Arc<dyn Place>>>,
}

impl Init {
    pub(crate) fn new(raw: raw::Init) -> Init {
        Init { raw, places: RefCell::default() }
    }

    pub(crate) fn add_place(&self, place: Arc<dyn Place>) {
        self.places.borrow_mut().push(place);
    }

    /// All that were added.
    pub(crate) fn places(&self) -> Arc<[Arc<dyn Place>]> {
        self.places.take().into()
    }

    /// Sample rate in Hz.
    pub fn rate(&self) -> f64 {
        self.raw.rate
    }

    /// Which instructions to use: keep it, and [`run`](Cpu::run) inner loops with it.
    pub fn cpu(&self) -> Cpu {
        Cpu::of(self.raw.cpu)
    }

    /// Seed of everything random in this instance.
    pub fn seed(&self) -> u64 {
        self.raw.seed
    }

    /// Says something to people, on the program's standard error. Only in [`Module::new`]: what an instance says while it
    /// plays goes through [`Block::say`].
    pub fn log(&self, text: &str) {
        (self.raw.log)(self.raw.instance, 2, text.into());
    }
}
