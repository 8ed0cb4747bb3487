//! The state as a value: what is wanted, and the pure function that changes it.
//!
//! Nothing in here touches audio, files, clocks or threads.
//!
//! A [`Model`] is changed by [`Command`]s alone (`command/`, one file per area), compared by [`Model::diff`], and read
//! by everybody. What is derived from it (routes, order, who is heard) is in `graph`.

mod apply;
mod catalog;
mod chain;
mod claims;
pub mod command;
mod diff;
mod graph;
mod module;
mod path;
mod pattern;
mod record;
mod refusal;
mod relay;
mod setting;
mod song;
mod table;
mod time;
mod unit;
mod value;
mod wire;

pub use catalog::{AudioPort, Catalog, ModuleType, PortRef};
pub use chain::{Anchor, Chain, ChainEntry, Follow, Go};
pub use claims::{Asked, Claims, merge};
pub use command::{Command, Edit, span};
pub use graph::{Cycle, Edge, audible, carrying, edges, order, routes};
pub(crate) use module::is_name;
pub use module::{Module, ModuleId};
pub use path::{Path, Place};
pub use pattern::{
    Cell, Change, Condition, Note, Pattern, PatternEdit, Radix, Ratchet, Ratio, Selection, Step, StepField, Test,
    note_name,
};
pub use record::{Excerpt, ModuleRecord, SlotNumber};
pub use refusal::Refusal;
pub use setting::{Bound, SESSION, Setting, SettingKind, session as session_setting};
pub use song::{Course, Playing, Section, courses, origin, playing};
pub use table::Table;
pub use time::{Signature, Swing, TempoPoint};
pub use unit::{duration, note_number, seconds};
pub use value::{Name, Num, Value, accept, example};
pub use wire::{Cable, Connection, Control, ControlKey, Endpoint, Link, LinkKey};

/// Name of the endpoint that is the loudspeaker: part of every Model, not a module.
pub const OUT: &str = "out";
/// Channels of that endpoint.
pub const OUT_CHANNELS: u16 = 2;

/// The whole state of a session. Cloning it is a few reference counts.
///
/// Two are equal if they sound and look alike: module ids and claims are not compared.
#[derive(Clone, Debug)]
pub struct Model {
    /// Beats per minute, 20 to 999, wherever the tempo map says nothing else.
    pub bpm: Num,
    /// Tempo by beat: from each point on, until the next one.
    pub tempo_map: Table<Num, TempoPoint>,
    /// How beats make bars.
    pub signature: Signature,
    /// How far every second division falls behind.
    pub swing: Swing,
    /// Beats from and to which the transport goes round; `None`: it goes straight on.
    pub loop_range: Option<(Num, Num)>,
    /// Modules by name.
    pub modules: Table<Name, Module>,
    /// Cables, each once.
    pub connections: Table<Connection, Cable>,
    /// Modulation links, each once.
    pub links: Table<LinkKey, Link>,
    /// Patterns by name.
    pub patterns: Table<Name, Pattern>,
    /// Chains by name. No chain has the name of a pattern.
    pub chains: Table<Name, Chain>,
    /// Where in its chain, and from which beat on, a module plays; by the module's name.
    pub players: Table<Name, Anchor>,
    /// What turning a controller sets.
    pub controls: Table<ControlKey, Control>,
    /// Session settings that are not as they come; see [`setting`](Setting).
    pub settings: Table<Name, Value>,
    /// Which plugin provides a type, where several do.
    pub providers: Table<Name, Name>,
    /// What is known of types whose plugin is not there.
    pub excerpts: Table<Name, Excerpt>,
    /// What each file last asked for.
    pub claims: Table<Name, Claims>,
}

impl Default for Model {
    fn default() -> Model {
        Model {
            bpm: Num::of(120.0),
            tempo_map: Table::default(),
            signature: Signature::default(),
            swing: Swing::default(),
            loop_range: None,
            modules: Table::default(),
            connections: Table::default(),
            links: Table::default(),
            patterns: Table::default(),
            chains: Table::default(),
            players: Table::default(),
            controls: Table::default(),
            settings: Table::default(),
            providers: Table::default(),
            excerpts: Table::default(),
            claims: Table::default(),
        }
    }
}

impl PartialEq for Model {
    fn eq(&self, other: &Model) -> bool {
        // Taken apart, so that a new field cannot be forgotten.
        let Model { bpm, tempo_map, signature, swing, loop_range, modules, connections, links, .. } = self;
        let Model { patterns, chains, players, controls, settings, providers, excerpts, claims: _, .. } = self;
        (*bpm, *signature, *swing, *loop_range) == (other.bpm, other.signature, other.swing, other.loop_range)
            && *tempo_map == other.tempo_map
            && *modules == other.modules
            && *connections == other.connections
            && *links == other.links
            && *patterns == other.patterns
            && *chains == other.chains
            && *players == other.players
            && *controls == other.controls
            && *settings == other.settings
            && *providers == other.providers
            && *excerpts == other.excerpts
    }
}

impl Eq for Model {}
