//! One module type, ready to be tried.

use std::sync::Arc;

use abi_stable::std_types::RStr;
use cantus_manifest::{Param, ParamKind, Setting};
use cantus_plugin_api::raw::{Opened, SLOT_OF_MODULE};
use cantus_plugin_api::{Cpu, Random};

use super::Hooks;
use super::load::Shelf;
use super::score::Score;
use super::stand::{Stand, Take};
use super::verdict::Verdict;
use crate::model::ModuleType;

/// The rate of all checks that are not about rates, in Hz.
pub(super) const RATE: f64 = 48_000.0;
/// Quanta that a check listens to, where nothing asks for more: a sixth of a second.
pub(super) const QUANTA: usize = 128;

/// A module type of an opened library.
pub(super) struct Stage<'a> {
    pub module: Arc<ModuleType>,
    pub tables: Opened,
    pub seed: u64,
    pub hooks: &'a Hooks,
}

/// A value of a module that is a number: which, and where it may be.
#[derive(Clone, Debug)]
pub(super) struct Knob {
    /// As people write it: `gain`, `slots[1].gain`.
    pub name: String,
    pub index: u16,
    /// From 0, or [`SLOT_OF_MODULE`].
    pub slot: u16,
    pub min: f64,
    pub max: f64,
    pub default: f64,
    pub kind: KnobKind,
    /// It may be set for one note alone.
    pub lock: bool,
}

/// What a number of a module stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum KnobKind {
    /// Any number between its ends.
    Float,
    /// Whole numbers, on and off, labels.
    Whole,
}

/// A value of a module that is data.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    /// As people write it.
    pub name: String,
    pub index: u16,
    pub slot: u16,
    pub kind: ParamKind,
}

impl<'a> Stage<'a> {
    /// Opens the library.
    pub fn new(shelf: &'a Shelf<'a>, module_type: &str) -> Result<Stage<'a>, Verdict> {
        let found = shelf.manifest.modules.iter().find(|m| m.name == module_type);
        let manifest = found.ok_or_else(|| Verdict::fail(format!("its manifest has no type \"{module_type}\"")))?;
        let module = Arc::new(ModuleType::new(manifest.clone(), &shelf.manifest.plugin.id));
        let tables = shelf.open()?;
        (shelf.hooks.doing)(&format!("{module_type} was tried"));
        Ok(Stage { module, tables, seed: shelf.seed, hooks: shelf.hooks })
    }

    /// A new instance, as the host makes it: warmed up and reset.
    pub fn stand(&self) -> Result<Stand, Verdict> {
        self.stand_at(RATE, Cpu::best())
    }

    /// The same at another rate, in Hz, or with other instructions.
    pub fn stand_at(&self, rate: f64, cpu: Cpu) -> Result<Stand, Verdict> {
        Stand::new(&self.module, self.tables, rate, cpu, self.hooks)
    }

    /// A piece that makes the module do something.
    pub fn score(&self) -> Score {
        Score::typical(&self.module, RATE, self.seed)
    }

    /// What a new instance makes of a piece. A module that gives up or panics fails the check.
    pub fn take(&self, score: &Score, quanta: usize) -> Result<Take, Verdict> {
        self.stand()?.play(score, quanta).whole()
    }

    /// The number that a preset's setting stands for, and whose; data has none.
    pub fn setting(&self, slot: Option<u16>, key: &str, setting: &Setting) -> Option<(Knob, f64)> {
        let manifest = &self.module.manifest;
        let found = match slot {
            None => manifest.param(key),
            Some(_) => manifest.slots.as_ref().and_then(|slots| slots.param(key)),
        };
        let (index, param) = found?;
        let value = match (setting, &param.kind) {
            (Setting::Flag(on), _) => f64::from(u8::from(*on)),
            (Setting::Int(n), _) => *n as f64,
            (Setting::Number(x), _) => *x,
            (Setting::Text(label), ParamKind::Enum { labels, .. }) => labels.iter().position(|l| l == label)? as f64,
            _ => return None,
        };
        let knob = knob(key.to_owned(), slot.unwrap_or(SLOT_OF_MODULE), index as u16, param)?;
        Some((knob, value))
    }

    /// A stream of random numbers of its own for `number`.
    pub fn random(&self, number: u64) -> Random {
        Random::new(self.seed, number)
    }
}

/// All numbers of a module; of its slots those of the first and the last.
pub(super) fn knobs(module: &ModuleType) -> Vec<Knob> {
    each(module, false).filter_map(|(name, slot, index, param)| knob(name, slot, index, param)).collect()
}

/// All numbers of a module and of all of its slots.
pub(super) fn all_knobs(module: &ModuleType) -> Vec<Knob> {
    each(module, true).filter_map(|(name, slot, index, param)| knob(name, slot, index, param)).collect()
}

/// All data of a module; of its slots that of the first and the last.
pub(super) fn sockets(module: &ModuleType) -> Vec<Socket> {
    let data = each(module, false).filter(|(.., param)| param.kind.is_data());
    data.map(|(name, slot, index, param)| Socket { name, index, slot, kind: param.kind.clone() }).collect()
}

fn each(module: &ModuleType, all: bool) -> impl Iterator<Item = (String, u16, u16, &Param)> {
    let own = module.manifest.params.iter().enumerate();
    let own = own.map(|(index, param)| (param.key.clone(), SLOT_OF_MODULE, index as u16, param));
    let slots = module.manifest.slots.iter().flat_map(move |slots| {
        let chosen = (0..slots.count).filter(move |slot| all || *slot == 0 || slot + 1 == slots.count);
        let of = move |slot: u16| {
            let of_slot = slots.params.iter().enumerate();
            of_slot.map(move |(i, param)| (format!("slots[{}].{}", slot + 1, param.key), slot, i as u16, param))
        };
        chosen.flat_map(of)
    });
    own.chain(slots)
}

fn knob(name: String, slot: u16, index: u16, param: &Param) -> Option<Knob> {
    let (min, max, default, kind) = match &param.kind {
        ParamKind::Float { min, max, default, .. } => (*min, *max, *default, KnobKind::Float),
        ParamKind::Int { min, max, default } => (*min as f64, *max as f64, *default as f64, KnobKind::Whole),
        ParamKind::Bool { default } => (0.0, 1.0, f64::from(u8::from(*default)), KnobKind::Whole),
        ParamKind::Enum { labels, default } => {
            let place = labels.iter().position(|label| label == default).unwrap_or(0);
            (0.0, labels.len().saturating_sub(1) as f64, place as f64, KnobKind::Whole)
        }
        _ => return None,
    };
    Some(Knob { name, index, slot, min, max, default, kind, lock: param.lock })
}

/// A type's name as the contract passes it.
pub(super) fn type_name(name: &str) -> RStr<'_> {
    RStr::from_str(name)
}
