//! A module of the Model.

use std::sync::Arc;

use cantus_manifest::ParamKind;
use serde::{Deserialize, Serialize};

use super::Model;
use super::catalog::Catalog;
use super::value::{Name, Value};

/// Who a module is, whatever it is called. Minted outside `apply`, carried by the command, never reused, and left out
/// of equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModuleId(pub u64);

/// One module: its type and all its values, in the manifest's order.
#[derive(Clone, Debug)]
pub struct Module {
    /// Who it is; not part of equality.
    pub id: ModuleId,
    /// Its type's name.
    pub module_type: Name,
    /// Seed of everything random in it.
    pub seed: u64,
    /// False: an effect is dry, anything else silent.
    pub enabled: bool,
    /// It is not heard and sends no notes.
    pub mute: bool,
    /// While any module is solo, only what is, with all that leads to and from it, is heard.
    pub solo: bool,
    /// One value per parameter.
    pub params: Arc<[Value]>,
    /// One value per slot and slot parameter. Untouched slots share one allocation.
    pub slots: Arc<[Arc<[Value]>]>,
}

impl PartialEq for Module {
    fn eq(&self, other: &Module) -> bool {
        let Module { id: _, module_type, seed, enabled, mute, solo, params, slots } = self;
        *module_type == other.module_type
            && (*seed, *enabled, *mute, *solo) == (other.seed, other.enabled, other.mute, other.solo)
            && *params == other.params
            && *slots == other.slots
    }
}

impl Eq for Module {}

impl Model {
    /// The sound files that modules ask for, as often as they do.
    pub fn sound_files<'a>(&'a self, catalog: &'a Catalog) -> impl Iterator<Item = &'a Name> {
        self.modules.iter().flat_map(|(_, module)| {
            let known = self.known(catalog, &module.module_type).ok();
            let values = known.into_iter().flat_map(|known| {
                let of_slots = module.slots.iter().flat_map(|values| known.slot_params().iter().zip(&**values));
                known.manifest.params.iter().zip(&*module.params).chain(of_slots)
            });
            values.filter_map(|(param, value)| match (&param.kind, value) {
                (ParamKind::Sample, Value::Text(file)) if !file.is_empty() => Some(file),
                _ => None,
            })
        })
    }
}

/// Bytes of a name.
pub(super) const LONGEST_NAME: usize = 64;

/// Whether it can be the name of a module: `[A-Za-z_][A-Za-z0-9_-]*`, at most 64 bytes, and not `out`.
pub(crate) fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name != super::OUT
        && name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(good)
}

/// A name as messages show it.
pub(super) fn short(name: &str) -> Name {
    if name.len() <= LONGEST_NAME {
        name.into()
    } else {
        format!("{}...", &name[..name.floor_char_boundary(LONGEST_NAME)]).into()
    }
}

/// The seed of a new module: from the session's and its name (FNV-1a).
pub(super) fn seed_of(session: u64, name: &str) -> u64 {
    let hash = |h: u64, byte: u8| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let start = session.to_le_bytes().into_iter().fold(0xcbf2_9ce4_8422_2325, hash);
    // Within what Lua and TOML count exactly.
    name.bytes().fold(start, hash) >> 1
}
