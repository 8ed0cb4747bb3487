//! The state as a value: what is wanted, and the pure function that changes it.
//!
//! Nothing in here touches audio, files, clocks or threads.

mod apply;
mod catalog;
mod command;
mod graph;
mod pattern;
mod refusal;
mod table;
mod value;

use std::sync::Arc;

pub use catalog::{AudioPort, Catalog, ModuleType, PortRef};
pub use command::{
    AddModuleCommand, Command, ConnectCommand, DisconnectCommand, InvokeActionCommand, PanicCommand,
    PauseTransportCommand, RemoveModuleCommand, RemovePatternCommand, ResetTransportCommand, SeekCommand,
    SetBPMCommand, SetParameterCommand, SetPatternCommand, SetSlotCommand, StartTransportCommand, StopTransportCommand,
    TriggerEventCommand,
};
pub use graph::{Cycle, order, routes};
pub use pattern::{Pattern, Step};
pub use refusal::Refusal;
pub use table::Table;
pub use value::{Name, Num, Value, accept, note_number};

/// Name of the endpoint that is the loudspeaker: part of every Model, not a module.
pub const OUT: &str = "out";

/// Who a module is, whatever it is called. Minted outside `apply`, carried by the command, never reused, and left out
/// of equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u64);

/// The whole state of a session. Cloning it is a few reference counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Beats per minute, 20 to 999.
    pub bpm: Num,
    /// Beats of a bar.
    pub beats_per_bar: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// Modules by name.
    pub modules: Table<Name, Module>,
    /// Cables, each once.
    pub connections: Table<Connection, ()>,
    /// Patterns by name.
    pub patterns: Table<Name, Pattern>,
}

impl Default for Model {
    fn default() -> Model {
        Model {
            bpm: Num::new(120.0).expect("finite"),
            beats_per_bar: 4,
            seed: 1,
            modules: Table::default(),
            connections: Table::default(),
            patterns: Table::default(),
        }
    }
}

/// One module: its type and all its values, in the manifest's order.
#[derive(Clone, Debug)]
pub struct Module {
    /// Who it is; not part of equality.
    pub id: ModuleId,
    /// Its type's name.
    pub module_type: Name,
    /// Seed of everything random in it.
    pub seed: u64,
    /// One value per parameter.
    pub params: Arc<[Value]>,
    /// One value per slot and slot parameter. Untouched slots share one allocation.
    pub slots: Arc<[Arc<[Value]>]>,
}

impl PartialEq for Module {
    fn eq(&self, other: &Module) -> bool {
        let Module { id: _, module_type, seed, params, slots } = self;
        *module_type == other.module_type && *seed == other.seed && *params == other.params && *slots == other.slots
    }
}

impl Eq for Module {}

/// One end of a cable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Name of the module, or [`OUT`].
    pub module: Name,
    /// Key of the port.
    pub port: Name,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.module, self.port)
    }
}

/// A cable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection {
    /// An output.
    pub from: Endpoint,
    /// An input of the same kind.
    pub to: Endpoint,
}

impl std::fmt::Display for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {}", self.from, self.to)
    }
}
