//! Chains, and where in a chain a module plays.

use serde::{Deserialize, Serialize};

use super::super::chain::ENTRIES;
use super::super::module::short;
use super::super::{Anchor, Catalog, Chain, ChainEntry, Model, Name, Num, Refusal};
use super::patterns::good_name;
use super::{Command, Edit, within};

/// Puts a chain in, in the place of one of that name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetChainCommand {
    /// Its name.
    pub name: Name,
    /// The chain.
    #[serde(flatten)]
    pub chain: Chain,
}

impl Edit for SetChainCommand {
    fn describe(&self) -> String {
        format!("set chain {}", self.name)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        good_name("chain", &self.name)?;
        if model.patterns.contains(&*self.name) {
            return Err(Refusal::Taken { name: self.name.clone(), what: "pattern" });
        }
        model.put_chain(&self.name, self.chain.clone())
    }

    fn claim(&self, after: &Model) -> Option<(Name, Command)> {
        claim_chain(&self.name, after)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(RemoveChainCommand { name: self.name.clone() }.into())
    }
}

/// Removes a chain; sequencers that name it fall silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveChainCommand {
    /// Its name.
    pub name: Name,
}

impl Edit for RemoveChainCommand {
    fn describe(&self) -> String {
        format!("remove chain {}", self.name)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        Ok(model.chains.remove(&*self.name))
    }

    fn claim(&self, after: &Model) -> Option<(Name, Command)> {
        claim_chain(&self.name, after)
    }
}

/// Puts an entry into a chain, before the one at that place or at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsertChainEntryCommand {
    /// Name of the chain.
    pub chain: Name,
    /// Place, from 0.
    pub at: u32,
    /// The entry.
    pub entry: ChainEntry,
}

/// Puts an entry in the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetChainEntryCommand {
    /// Name of the chain.
    pub chain: Name,
    /// Place, from 0.
    pub at: u32,
    /// The entry.
    pub entry: ChainEntry,
    /// What must stand there, so that nothing else is lost; `None`: whatever does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<ChainEntry>,
}

/// Takes an entry out of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveChainEntryCommand {
    /// Name of the chain.
    pub chain: Name,
    /// Place, from 0.
    pub at: u32,
    /// What must stand there, so that nothing else is lost; `None`: whatever does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<ChainEntry>,
}

/// A command that changes the list of a chain's entries, at a place among `$places`, if `$was` stands there.
macro_rules! entry {
    ($command:ident, $verb:literal, |$this:ident, $entries:ident, $at:ident| $places:expr, $was:expr, $change:expr) => {
        impl Edit for $command {
            fn describe(&self) -> String {
                format!(concat!($verb, " entry {} of chain {}"), u64::from(self.at) + 1, self.chain)
            }

            fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
                let ($this, $at) = (self, self.at as usize);
                let mut chain = model.chain(&self.chain)?.clone();
                let mut $entries = chain.entries.to_vec();
                let bad = |problem| Err(Refusal::BadChain { name: self.chain.clone(), problem });
                if !$places.contains(&$at) {
                    return bad(format!("has no place {}; it has {} entries", $at + 1, $entries.len()));
                }
                let was: Option<&ChainEntry> = $was;
                if was.is_some_and(|was| $entries[$at] != *was) {
                    return bad(format!("has another entry {} by now; change it by hand if need be", $at + 1));
                }
                $change;
                chain.entries = $entries.into();
                model.put_chain(&self.chain, chain)
            }

            fn claim(&self, after: &Model) -> Option<(Name, Command)> {
                claim_chain(&self.chain, after)
            }
        }
    };
}

entry!(
    InsertChainEntryCommand,
    "insert",
    |this, entries, at| 0..=entries.len(),
    None,
    entries.insert(at, this.entry.clone())
);
entry!(
    SetChainEntryCommand,
    "set",
    |this, entries, at| 0..entries.len(),
    this.was.as_ref(),
    entries[at] = this.entry.clone()
);
entry!(RemoveChainEntryCommand, "remove", |this, entries, at| 0..entries.len(), this.was.as_ref(), entries.remove(at));

/// Says where in its chain a module is: entry `entry` begins at beat `beat`. No anchor: entry 0 at beat 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueChainEntryCommand {
    /// Name of the module.
    pub module: Name,
    /// Where; `None`: as it comes.
    pub anchor: Option<Anchor>,
}

impl Edit for QueueChainEntryCommand {
    fn describe(&self) -> String {
        match self.anchor {
            Some(Anchor { entry, beat }) => {
                format!("queue entry {} of {} at beat {}", u64::from(entry) + 1, self.module, beat.get())
            }
            None => format!("let {} play its chain from beat 0", self.module),
        }
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        model.module(&self.module)?;
        if let Some(anchor) = self.anchor {
            within("beat", anchor.beat, -1e9..=1e9, "-1000000000 to 1000000000")?;
            within("entry", Num::of(f64::from(anchor.entry)), 0.0..=(ENTRIES - 1) as f64, "1 to 1024")?;
        }
        if model.players.get(&*self.module) == self.anchor.as_ref() {
            return Ok(false);
        }
        match self.anchor {
            Some(anchor) => model.players.put(self.module.clone(), anchor),
            None => _ = model.players.remove(&*self.module),
        }
        Ok(true)
    }
}

/// A file that touches a chain claims all of it, as it then is.
fn claim_chain(name: &Name, after: &Model) -> Option<(Name, Command)> {
    let command = match after.chains.get(&**name) {
        Some(chain) => SetChainCommand { name: name.clone(), chain: chain.clone() }.into(),
        None => RemoveChainCommand { name: name.clone() }.into(),
    };
    Some((format!("chain {name}").into(), command))
}

impl Model {
    /// The chain of that name.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] with the nearest name.
    pub fn chain(&self, name: &str) -> Result<&Chain, Refusal> {
        self.chains.get(name).ok_or_else(|| Refusal::Unknown {
            what: "chain",
            name: short(name),
            nearest: cantus_manifest::nearest(name, self.chains.keys().map(|k| &**k)).map(str::to_owned),
        })
    }

    fn put_chain(&mut self, name: &Name, chain: Chain) -> Result<bool, Refusal> {
        let wrong = chain.entries.iter().enumerate().find_map(|(at, entry)| Some((at + 1, entry.problem()?)));
        let problem = match wrong {
            _ if chain.entries.len() > ENTRIES => Some(format!("has more than {ENTRIES} entries")),
            Some((at, problem)) => Some(format!("entry {at}: {problem}")),
            None => None,
        };
        if let Some(problem) = problem {
            return Err(Refusal::BadChain { name: name.clone(), problem });
        }
        let changed = self.chains.get(&**name) != Some(&chain);
        if changed {
            self.chains.put(name.clone(), chain);
        }
        Ok(changed)
    }
}
