//! Reads journals: all that is whole, from the beginning to the first damaged line.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::super::batch::{Position, When};
use super::{DIGITS, Header, Record, VERSION, check};
use crate::model::{Catalog, Command, Model, Name, Num};
use crate::plugins::Choice;

/// What stands in a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// What it begins with.
    pub header: Header,
    /// All else, in order.
    pub records: Vec<Record>,
    /// Where it is damaged; what stands behind that was not read.
    pub torn: Option<Torn>,
}

/// Where a journal is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The first damaged line, from 1.
    pub line: usize,
    /// Bytes from there to the end.
    pub bytes: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl std::fmt::Display for Torn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {} {}; it and the {} bytes from there on were left out", self.line, self.why, self.bytes)
    }
}

/// Reads a journal. What is torn off or damaged is cut and said.
///
/// # Errors
/// When there is no such file, or it is no journal that can be read here.
pub fn read(path: &Path) -> Result<Read, String> {
    let failed = |cause: String| format!("could not read journal {}: {cause}", path.display());
    let bytes = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
    let mut records = Vec::new();
    let (mut at, mut torn) = (0, None);
    while at < bytes.len() {
        let end = bytes[at..].iter().position(|b| *b == b'\n').map(|n| at + n);
        let record = match end {
            Some(end) => parse(&bytes[at..end]),
            None => Err("was not written to its end"),
        };
        match record {
            Ok(record) => records.push(record),
            Err(why) => {
                torn = Some(Torn { line: records.len() + 1, bytes: bytes.len() - at, why });
                break;
            }
        }
        at = end.map_or(bytes.len(), |end| end + 1);
    }
    let no_journal = || failed("it does not begin as a journal; name a file that `cantus run` wrote".into());
    let mut records = records.into_iter();
    match records.next() {
        Some(Record::Header(header)) if header.version == VERSION => {
            Ok(Read { header, records: records.collect(), torn })
        }
        Some(Record::Header(header)) => {
            Err(failed(format!("it is of form {}; read it with cantus {}", header.version, header.cantus)))
        }
        _ => Err(no_journal()),
    }
}

impl Read {
    /// Which plugins the session wanted for which types at its end: what must be known before it can be recovered.
    pub fn providers(&self) -> Vec<Choice> {
        let from = self.records.iter().rposition(|r| matches!(r, Record::State { .. })).unwrap_or(0);
        let mut providers = BTreeMap::new();
        let commands = self.records[from..].iter().filter_map(|record| match record {
            Record::State { commands, .. } | Record::Accepted { commands, .. } => Some(commands),
            _ => None,
        });
        for command in commands.flatten() {
            if let Command::UseProvider(c) = command {
                providers.insert(&c.module_type, &c.plugin);
            }
        }
        let choice = |(module_type, plugin): (&Name, &Option<Name>)| Choice::of_session(module_type, plugin.as_ref()?);
        providers.into_iter().filter_map(choice).collect()
    }
}

fn parse(line: &[u8]) -> Result<Record, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "is no text")?;
    let (hash, json) = line.split_at_checked(DIGITS).ok_or("is too short")?;
    let json = json.strip_prefix(' ').ok_or("is damaged")?;
    if check(json) != hash {
        return Err("is damaged");
    }
    serde_json::from_str(json).map_err(|_| "is of a form that is not known here")
}

/// What a journal's session had come to.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// The Model.
    pub model: Model,
    /// Kept scenes.
    pub scenes: BTreeMap<Name, Arc<Model>>,
    /// Batches that were read after the newest full state.
    pub batches: usize,
    /// What could not be brought back, and what was torn off: sentences.
    pub notes: Vec<String>,
}

/// The session of a journal as it was at its end: from its newest full state on. Batches that were waiting for their
/// time are applied, for they were accepted.
pub fn recover(read: &Read, catalog: &Catalog) -> Recovered {
    let from = read.records.iter().rposition(|r| matches!(r, Record::State { .. }));
    let kept = read.header.keep_missing(catalog);
    let mut session = Recovered::default();
    session.apply(&kept, catalog);
    session.notes.extend(read.torn.as_ref().map(ToString::to_string));
    // What was waiting when the state was written down stands before it.
    let mut waiting: BTreeMap<u64, (When, &[Command])> = BTreeMap::new();
    for record in &read.records {
        match record {
            Record::Waits { change, when, commands, .. } => _ = waiting.insert(*change, (*when, commands)),
            Record::Dropped { change, .. } | Record::Accepted { change, .. } => _ = waiting.remove(change),
            _ => {}
        }
    }
    for record in &read.records[from.unwrap_or(0)..] {
        match record {
            Record::State { commands, scenes } => {
                session.model = Model::default();
                session.apply(&kept, catalog);
                session.apply(commands, catalog);
                session.scenes.clear();
                scenes.iter().for_each(|(name, commands)| session.keep(name, commands, catalog));
            }
            Record::Accepted { commands, .. } => {
                session.batches += 1;
                session.apply(commands, catalog);
            }
            _ => {}
        }
    }
    let mut waiting: Vec<_> = waiting.into_values().collect();
    waiting.sort_by_key(|(when, _)| match when {
        When::AtBeat(beat) | When::At(Position { beat, .. }) => (1, *beat, 0),
        When::AtSample(sample) => (0, Num::ZERO, *sample),
        When::Now | When::NextGrid(_) => (0, Num::ZERO, 0),
    });
    for (_, commands) in waiting {
        session.batches += 1;
        session.apply(commands, catalog);
    }
    session.forget_unused();
    session
}

impl Recovered {
    fn apply(&mut self, commands: &[Command], catalog: &Catalog) {
        for command in commands {
            if let Err(refusal) = self.model.edit(command, catalog) {
                self.notes.push(format!("could not {}: {refusal}", command.describe()));
            }
        }
        // Actions of a batch come behind its edits.
        for command in commands {
            match command {
                Command::KeepScene(c) => match &c.commands {
                    Some(commands) => self.keep(&c.name, commands, catalog),
                    None => _ = self.scenes.insert(c.name.clone(), Arc::new(self.model.clone())),
                },
                Command::ForgetScene(c) => _ = self.scenes.remove(&c.name),
                _ => {}
            }
        }
    }

    /// Of the types that no plugin provides only those are kept that a module is of.
    fn forget_unused(&mut self) {
        let model = &mut self.model;
        let used = |name: &Name| {
            model.modules.iter().any(|(_, module)| module.module_type == *name) || model.providers.contains(name)
        };
        let unused: Vec<Name> = model.excerpts.keys().filter(|name| !used(name)).cloned().collect();
        unused.iter().for_each(|name| _ = model.excerpts.remove(name));
    }

    fn keep(&mut self, name: &Name, commands: &[Command], catalog: &Catalog) {
        let mut scene = Recovered::default();
        scene.apply(commands, catalog);
        self.notes.extend(scene.notes.into_iter().map(|note| format!("scene {name}: {note}")));
        self.scenes.insert(name.clone(), Arc::new(scene.model));
    }
}
