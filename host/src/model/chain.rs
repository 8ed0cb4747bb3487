//! Chains: patterns one after the other, and from where on a module plays them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::value::{Name, Num};

/// Most entries of a chain.
pub(super) const ENTRIES: usize = 1024;

/// Patterns one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// In order, at most 1024.
    pub entries: Arc<[ChainEntry]>,
    /// After the last entry comes the first; else silence.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub repeat: bool,
}

/// A pattern in a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainEntry {
    /// Name of the pattern.
    pub pattern: Name,
    /// How many times, 1 to 99.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub repeats: u32,
    /// False: it is left out.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub enabled: bool,
}

/// Where a module is in what it plays: entry `entry` begins at beat `beat`, and all else follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Entry of the chain, from 0.
    pub entry: u32,
    /// Beat at which it begins.
    pub beat: Num,
}

fn yes() -> bool {
    true
}

fn once() -> u32 {
    1
}

fn is_once(n: &u32) -> bool {
    *n == 1
}
