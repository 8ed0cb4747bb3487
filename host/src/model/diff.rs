//! From one Model to another: the commands that lead there, and only where they differ.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::{Chain, ChainEntry, ENTRIES};
use super::command::{
    ClearStepCommand, ConnectCommand, DisconnectCommand, EnableModuleCommand, InsertChainEntryCommand, KeepTypeCommand,
    ModulateCommand, MuteModuleCommand, QueueChainEntryCommand, RemoveChainCommand, RemoveChainEntryCommand,
    RemoveControlCommand, RemoveModuleCommand, RemovePatternCommand, RemoveTempoPointCommand, RenameModuleCommand,
    RestoreModuleCommand, SetBPMCommand, SetChainCommand, SetChainEntryCommand, SetClaimsCommand, SetControlCommand,
    SetLoopCommand, SetParameterCommand, SetPatternCommand, SetSeedCommand, SetSettingCommand, SetStepCommand,
    SetSwingCommand, SetTempoPointCommand, SetTimeSignatureCommand, ShapePatternCommand, SoloModuleCommand,
    UnmodulateCommand, UseProviderCommand,
};
use super::{Catalog, Command, Model, Module, ModuleId, ModuleRecord, Name, Num, Path, Pattern, Value};

impl Model {
    /// The commands that make this Model equal to `then`, claims included. What is equal is not touched; a module that
    /// only has another name is renamed and sounds on; ids of modules that come are those they have in `then`.
    ///
    /// # Panics
    /// If a module of `then` is of a type that neither the catalog nor `then` knows.
    pub fn diff(&self, then: &Model, catalog: &Catalog) -> Vec<Command> {
        let mut diff = Diff { now: self.clone(), then, catalog, out: Vec::new() };
        diff.session();
        diff.modules();
        diff.patterns();
        diff.wires();
        diff.claims();
        diff.out
    }
}

/// Edits a copy as it goes, so that what a command takes along with it is seen.
struct Diff<'a> {
    now: Model,
    then: &'a Model,
    catalog: &'a Catalog,
    out: Vec<Command>,
}

impl Diff<'_> {
    fn run(&mut self, command: impl Into<Command>) {
        let command = command.into();
        let result = self.now.edit(&command, self.catalog);
        debug_assert!(result.is_ok(), "{}: {result:?}", command.describe());
        self.out.push(command);
    }

    fn run_all(&mut self, commands: Vec<Command>) {
        commands.into_iter().for_each(|command| self.run(command));
    }

    /// Tempo and settings. The seed comes before the modules, which may depend on it.
    fn session(&mut self) {
        let (now, then) = (self.now.clone(), self.then);
        let mut out: Vec<Command> = Vec::new();
        if now.bpm != then.bpm {
            out.push(SetBPMCommand { bpm: then.bpm, over: Num::ZERO }.into());
        }
        now.tempo_map.diff(&then.tempo_map, |beat, _, point| {
            let beat = *beat;
            out.push(match point {
                Some(point) => SetTempoPointCommand { beat, point: *point }.into(),
                None => RemoveTempoPointCommand { beat }.into(),
            });
        });
        if now.signature != then.signature {
            out.push(SetTimeSignatureCommand { signature: then.signature }.into());
        }
        if now.swing != then.swing {
            out.push(SetSwingCommand { swing: then.swing }.into());
        }
        if now.loop_range != then.loop_range {
            out.push(SetLoopCommand { range: then.loop_range }.into());
        }
        now.settings.diff(&then.settings, |name, _, value| {
            out.push(SetSettingCommand { name: name.clone(), value: value.cloned() }.into());
        });
        self.run_all(out);
    }

    fn modules(&mut self) {
        let now = self.now.clone();
        let (mut gone, mut came) = (BTreeMap::<ModuleId, Name>::new(), BTreeMap::<ModuleId, Name>::new());
        now.modules.diff(&self.then.modules, |name, before, after| {
            if before.map(|m| m.id) != after.map(|m| m.id) {
                before.map(|m| gone.insert(m.id, name.clone()));
                after.map(|m| came.insert(m.id, name.clone()));
            }
        });
        // Equal modules of another id are not in the difference, and stay.
        let renamed = |id: &ModuleId, from: &Name| -> Option<Name> {
            let to = came.get(id)?;
            let same_type = now.modules.get(&**from)?.module_type == self.then.modules.get(&**to)?.module_type;
            (same_type && to != from).then(|| to.clone())
        };
        let renames: Vec<(Name, Name)> = gone.iter().filter_map(|(id, n)| Some((n.clone(), renamed(id, n)?))).collect();
        let leaving: BTreeSet<&Name> = renames.iter().map(|(from, _)| from).collect();
        let arriving: BTreeSet<&Name> = renames.iter().map(|(_, to)| to).collect();
        let mut remove: Vec<Name> = Vec::new();
        now.modules.diff(&self.then.modules, |name, before, after| {
            let Some(before) = before.filter(|_| !leaving.contains(name)) else { return };
            if arriving.contains(name) || after.is_none_or(|after| after.module_type != before.module_type) {
                remove.push(name.clone());
            }
        });
        for name in remove {
            self.run(RemoveModuleCommand { name });
        }
        self.types();
        self.rename(renames);
        self.values();
    }

    /// What is kept of types that are not there: when the modules that go are gone, before those that come.
    fn types(&mut self) {
        let mut out: Vec<Command> = Vec::new();
        self.now.excerpts.diff(&self.then.excerpts, |module_type, _, excerpt| {
            out.push(KeepTypeCommand { module_type: module_type.clone(), excerpt: excerpt.cloned() }.into());
        });
        self.now.providers.diff(&self.then.providers, |module_type, _, plugin| {
            out.push(UseProviderCommand { module_type: module_type.clone(), plugin: plugin.cloned() }.into());
        });
        self.run_all(out);
    }

    /// Renames, each when its new name is free; of a ring one goes by another name first.
    fn rename(&mut self, mut renames: Vec<(Name, Name)>) {
        while !renames.is_empty() {
            let free = renames.iter().position(|(_, to)| !self.now.modules.contains(&**to));
            let (name, to) = match free {
                Some(at) => renames.swap_remove(at),
                None => {
                    let aside: Name = (0..).map(|n| format!("_{n}")).find(|n| self.unused(n)).expect("endless").into();
                    let from = std::mem::replace(&mut renames[0].0, aside.clone());
                    (from, aside)
                }
            };
            self.run(RenameModuleCommand { name, to });
        }
    }

    fn unused(&self, name: &str) -> bool {
        !self.now.modules.contains(name) && !self.then.modules.contains(name)
    }

    /// Modules that come, and the values of those that stay.
    fn values(&mut self) {
        let (now, then) = (self.now.clone(), self.then);
        let mut out: Vec<Command> = Vec::new();
        now.modules.diff(&then.modules, |name, before, after| match (before, after) {
            (Some(before), Some(after)) => self.module(name, before, after, &mut out),
            (None, Some(after)) => {
                let known = then.known(self.catalog, &after.module_type).expect("modules are of known types");
                let module = ModuleRecord::of(name, after, known, then.seed());
                out.push(RestoreModuleCommand { name: name.clone(), id: after.id, module }.into());
            }
            (_, None) => unreachable!("those that go are gone"),
        });
        self.run_all(out);
        let mut out: Vec<Command> = Vec::new();
        self.now.players.diff(&then.players, |module, _, anchor| {
            out.push(QueueChainEntryCommand { module: module.clone(), anchor: anchor.copied() }.into());
        });
        self.run_all(out);
    }

    fn module(&self, name: &Name, before: &Module, after: &Module, out: &mut Vec<Command>) {
        let known = self.then.known(self.catalog, &after.module_type).expect("modules are of known types");
        if before.seed != after.seed {
            out.push(SetSeedCommand { name: name.clone(), seed: Some(after.seed) }.into());
        }
        if before.enabled != after.enabled {
            out.push(EnableModuleCommand { name: name.clone(), enabled: after.enabled }.into());
        }
        if before.mute != after.mute {
            out.push(MuteModuleCommand { name: name.clone(), mute: after.mute }.into());
        }
        if before.solo != after.solo {
            out.push(SoloModuleCommand { name: name.clone(), solo: after.solo }.into());
        }
        let mut set = |slot, params: &[cantus_manifest::Param], before: &[Value], after: &[Value]| {
            for ((param, _), value) in params.iter().zip(before).zip(after).filter(|((_, b), a)| b != a) {
                let path = Path { module: name.clone(), slot, param: param.key.as_str().into() };
                out.push(SetParameterCommand { path, value: Some(value.clone()) }.into());
            }
        };
        set(None, &known.manifest.params, &before.params, &after.params);
        for (slot, (before, after)) in before.slots.iter().zip(&*after.slots).enumerate() {
            if before != after {
                set(Some(slot as u16), known.slot_params(), before, after);
            }
        }
    }

    fn patterns(&mut self) {
        let (now, then) = (self.now.clone(), self.then);
        let mut out: Vec<Command> = Vec::new();
        // A name may go from one table to the other: what goes, goes first.
        now.patterns.diff(&then.patterns, |name, _, after| {
            if after.is_none() {
                out.push(RemovePatternCommand { name: name.clone() }.into());
            }
        });
        now.chains.diff(&then.chains, |name, _, after| {
            if after.is_none() {
                out.push(RemoveChainCommand { name: name.clone() }.into());
            }
        });
        now.patterns.diff(&then.patterns, |name, before, after| match (before, after) {
            (Some(before), Some(after)) => steps(name, before, after, &mut out),
            (None, Some(pattern)) => {
                out.push(SetPatternCommand { name: name.clone(), pattern: pattern.clone() }.into());
            }
            (_, None) => {}
        });
        now.chains.diff(&then.chains, |name, before, after| match (before, after) {
            (Some(before), Some(after)) if before.repeat == after.repeat => entries(name, before, after, &mut out),
            (_, Some(chain)) => out.push(SetChainCommand { name: name.clone(), chain: chain.clone() }.into()),
            (_, None) => {}
        });
        self.run_all(out);
    }

    fn wires(&mut self) {
        let (now, then) = (self.now.clone(), self.then);
        let (mut cut, mut join): (Vec<Command>, Vec<Command>) = Default::default();
        now.connections.diff(&then.connections, |connection, _, cable| {
            let connection = connection.clone();
            match cable {
                Some(cable) => join.push(ConnectCommand { connection, cable: *cable }.into()),
                None => cut.push(DisconnectCommand { connection }.into()),
            }
        });
        now.links.diff(&then.links, |key, _, link| {
            let key = key.clone();
            match link {
                Some(link) => join.push(ModulateCommand { key, link: *link }.into()),
                None => cut.push(UnmodulateCommand { key }.into()),
            }
        });
        now.controls.diff(&then.controls, |key, _, control| {
            let key = key.clone();
            match control {
                Some(control) => join.push(SetControlCommand { key, control: *control }.into()),
                None => cut.push(RemoveControlCommand { key }.into()),
            }
        });
        self.run_all(cut);
        self.run_all(join);
    }

    fn claims(&mut self) {
        let mut out: Vec<Command> = Vec::new();
        self.now.claims.diff(&self.then.claims, |file, _, claims| {
            let claims = claims.cloned().unwrap_or_default();
            out.push(SetClaimsCommand { file: file.clone(), claims }.into());
        });
        self.run_all(out);
    }
}

/// From one pattern to another, step by step: what others have done elsewhere in it stays.
fn steps(name: &Name, before: &Pattern, after: &Pattern, out: &mut Vec<Command>) {
    let pattern = name.clone();
    if (before.rows, before.steps_per_beat) != (after.rows, after.steps_per_beat) {
        let &Pattern { rows, steps_per_beat, .. } = after;
        out.push(ShapePatternCommand { pattern: pattern.clone(), rows, steps_per_beat }.into());
    }
    before.steps.diff(&after.steps, |cell, _, step| {
        let (pattern, row, column) = (pattern.clone(), cell.row, cell.column);
        out.push(match step {
            Some(step) => SetStepCommand { pattern, row, column, step: *step }.into(),
            None => ClearStepCommand { pattern, row, column }.into(),
        });
    });
}

/// From one chain to another, entry by entry: what others have done elsewhere in it stays. As many entries as can be are
/// left as they are. It goes from the end to the beginning, so that what cannot be done displaces nothing.
fn entries(name: &Name, before: &Chain, after: &Chain, out: &mut Vec<Command>) {
    let (old, new) = (&before.entries[..], &after.entries[..]);
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let stay = common(old, new);
    let (mut i, mut j) = (old.len(), new.len());
    let mut commands: Vec<Command> = Vec::new();
    while (i, j) != (0, 0) {
        let (chain, place) = (name.clone(), |i: usize| (head + i) as u32);
        if i > 0 && j > 0 && old[i - 1] == new[j - 1] {
            (i, j) = (i - 1, j - 1);
        } else if i > 0 && j > 0 && stay[i - 1][j - 1] == stay[i][j] {
            (i, j) = (i - 1, j - 1);
            let (entry, was) = (new[j].clone(), Some(old[i].clone()));
            commands.push(SetChainEntryCommand { chain, at: place(i), entry, was }.into());
        } else if i > 0 && stay[i - 1][j] == stay[i][j] {
            i -= 1;
            commands.push(RemoveChainEntryCommand { chain, at: place(i), was: Some(old[i].clone()) }.into());
        } else {
            j -= 1;
            commands.push(InsertChainEntryCommand { chain, at: place(i), entry: new[j].clone() }.into());
        }
    }
    let inserts = commands.iter().filter(|command| matches!(command, Command::InsertChainEntry(_))).count();
    if before.entries.len() + inserts > ENTRIES {
        // It could be too long on the way.
        commands = vec![SetChainCommand { name: name.clone(), chain: after.clone() }.into()];
    }
    out.append(&mut commands);
}

/// How many of the first `i` entries of one list stand, in this order, among the first `j` of another, by `[i][j]`.
fn common(old: &[ChainEntry], new: &[ChainEntry]) -> Vec<Vec<u16>> {
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for (i, a) in old.iter().enumerate() {
        for (j, b) in new.iter().enumerate() {
            common[i + 1][j + 1] = if a == b { common[i][j] + 1 } else { common[i][j + 1].max(common[i + 1][j]) };
        }
    }
    common
}
