//! Chains: patterns one after the other, and from where on a module plays them.

mod follow;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::value::{Name, Num};

pub use follow::{Follow, Go};

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
    /// Semitones that are added to each note, -127 to 127.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub transpose: Num,
    /// Rows that are played each time, 1 to 65,536: the first ones of the pattern, or more than it has, as it goes round.
    /// `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u32>,
    /// What comes after it.
    #[serde(default, skip_serializing_if = "Follow::is_plain")]
    pub follow: Follow,
}

impl ChainEntry {
    /// A pattern, once.
    pub fn new(pattern: impl Into<Name>) -> ChainEntry {
        ChainEntry {
            pattern: pattern.into(),
            repeats: 1,
            enabled: true,
            transpose: Num::ZERO,
            rows: None,
            follow: Follow::default(),
        }
    }

    /// What keeps it from standing in a chain, if anything does.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match self {
            _ if !(1..=99).contains(&self.repeats) => Some("repeats from 1 to 99 are possible"),
            _ if self.transpose.get().abs() > 127.0 => Some("transposing by -127 to 127 semitones is possible"),
            _ if self.rows.is_some_and(|rows| !(1..=65_536).contains(&rows)) => Some("1 to 65536 rows are possible"),
            _ => self.follow.problem(),
        }
    }
}

fn is_zero(n: &Num) -> bool {
    *n == Num::ZERO
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
