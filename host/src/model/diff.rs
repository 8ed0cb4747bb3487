//! From one Model to another: the commands that lead there, and only where they differ.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cantus_manifest::Param;

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
use super::{Catalog, Command, Model, Module, ModuleId, ModuleRecord, ModuleType, Name, Num, Path, Pattern, Value};

impl Model {
    /// The commands that make this Model equal to `then`, claims included. What is equal is not touched; a module that
    /// only has another name is renamed and sounds on; ids of modules that come are those they have in `then`, unless an
    /// equal module that stays has one of them.
    ///
    /// # Panics
    /// If a module of `then` is of a type that neither the catalog nor `then` knows.
    pub fn diff(&self, then: &Model, catalog: &Catalog) -> Vec<Command> {
        let mut diff = Diff { then, catalog, out: Vec::new() };
        diff.session(self);
        let now = diff.leave(self);
        diff.types(&now);
        diff.values(&now);
        diff.patterns(&now);
        diff.wires(&now);
        diff.claims(&now);
        diff.out
    }
}

/// The commands so far.
struct Diff<'a> {
    then: &'a Model,
    catalog: &'a Catalog,
    out: Vec<Command>,
}

impl<'a> Diff<'a> {
    fn push(&mut self, command: impl Into<Command>) {
        self.out.push(command.into());
    }

    /// The same on a copy, so that what a command takes along with it is seen.
    fn run(&mut self, now: &mut Model, command: impl Into<Command>) {
        let command = command.into();
        let result = now.edit(&command, self.catalog);
        debug_assert!(result.is_ok(), "{}: {result:?}", command.describe());
        self.push(command);
    }

    /// Tempo and settings. The seed comes before the modules, which may depend on it.
    fn session(&mut self, now: &Model) {
        let then = self.then;
        if now.bpm != then.bpm {
            self.push(SetBPMCommand { bpm: then.bpm, over: Num::ZERO });
        }
        now.tempo_map.diff(&then.tempo_map, |&beat, _, point| match point {
            Some(point) => self.push(SetTempoPointCommand { beat, point: *point }),
            None => self.push(RemoveTempoPointCommand { beat }),
        });
        if now.signature != then.signature {
            self.push(SetTimeSignatureCommand { signature: then.signature });
        }
        if now.swing != then.swing {
            self.push(SetSwingCommand { swing: then.swing });
        }
        if now.loop_range != then.loop_range {
            self.push(SetLoopCommand { range: then.loop_range });
        }
        now.settings.diff(&then.settings, |name, _, value| {
            self.push(SetSettingCommand { name: name.clone(), value: value.cloned() });
        });
    }

    /// Modules that go, and those that have another name. Answers the Model after that, copied only if there are any.
    fn leave<'m>(&mut self, now: &'m Model) -> Cow<'m, Model> {
        let then = self.then;
        let (mut gone, mut came) = (BTreeMap::<ModuleId, &Name>::new(), BTreeMap::<ModuleId, &Name>::new());
        now.modules.diff(&then.modules, |name, before, after| {
            if before.map(|m| (m.id, &m.module_type)) != after.map(|m| (m.id, &m.module_type)) {
                before.map(|m| gone.insert(m.id, name));
                after.map(|m| came.insert(m.id, name));
            }
        });
        // Values lie as the type has them: where something else was kept of it, its modules go and come back.
        let mut otherwise = BTreeSet::<&Name>::new();
        now.excerpts.diff(&then.excerpts, |module_type, before, _| _ = before.map(|_| otherwise.insert(module_type)));
        if gone.is_empty() && otherwise.is_empty() {
            return Cow::Borrowed(now);
        }
        // Equal modules of another id are not in the difference, and stay.
        let renamed = |id: &ModuleId, from: &Name| -> Option<Name> {
            let to = *came.get(id)?;
            let module_type = &now.modules.get(from)?.module_type;
            let same_type = *module_type == then.modules.get(to)?.module_type && !otherwise.contains(module_type);
            (same_type && to != from).then(|| to.clone())
        };
        let renames = gone.iter().filter_map(|(id, name)| Some(((*name).clone(), renamed(id, name)?)));
        let renames: Vec<(Name, Name)> = renames.collect();
        let leaving: BTreeSet<&Name> = renames.iter().map(|(from, _)| from).collect();
        let arriving: BTreeSet<&Name> = renames.iter().map(|(_, to)| to).collect();
        let mut copy = now.clone();
        now.modules.diff(&then.modules, |name, before, after| {
            let Some(before) = before.filter(|_| !leaving.contains(name)) else { return };
            if arriving.contains(name) || after.is_none_or(|after| after.module_type != before.module_type) {
                self.run(&mut copy, RemoveModuleCommand { name: name.clone() });
            }
        });
        for (name, _) in now.modules.iter().filter(|(_, module)| otherwise.contains(&module.module_type)) {
            if copy.modules.contains(name) {
                self.run(&mut copy, RemoveModuleCommand { name: name.clone() });
            }
        }
        self.rename(&mut copy, renames);
        Cow::Owned(copy)
    }

    /// Renames, each when its new name is free; of a ring one goes by another name first.
    fn rename(&mut self, now: &mut Model, mut renames: Vec<(Name, Name)>) {
        while !renames.is_empty() {
            let free = renames.iter().position(|(_, to)| !now.modules.contains(&**to));
            let (name, to) = match free {
                Some(at) => renames.swap_remove(at),
                None => {
                    let unused = |name: &String| !now.modules.contains(&**name) && !self.then.modules.contains(&**name);
                    let aside: Name = (0..).map(|n| format!("_{n}")).find(unused).expect("endless").into();
                    let from = std::mem::replace(&mut renames[0].0, aside.clone());
                    (from, aside)
                }
            };
            self.run(now, RenameModuleCommand { name, to });
        }
    }

    /// What is kept of types that are not there: when the modules that go are gone, before those that come.
    fn types(&mut self, now: &Model) {
        let then = self.then;
        now.excerpts.diff(&then.excerpts, |module_type, _, excerpt| {
            self.push(KeepTypeCommand { module_type: module_type.clone(), excerpt: excerpt.cloned() });
        });
        now.providers.diff(&then.providers, |module_type, _, plugin| {
            self.push(UseProviderCommand { module_type: module_type.clone(), plugin: plugin.cloned() });
        });
    }

    /// Modules that come, and the values of those that stay.
    fn values(&mut self, now: &Model) {
        let then = self.then;
        now.modules.diff(&then.modules, |name, before, after| match (before, after) {
            (Some(before), Some(after)) => self.module(name, before, after),
            (None, Some(after)) => {
                let module = ModuleRecord::of(name, after, self.known(after), then.seed());
                self.push(RestoreModuleCommand { name: name.clone(), id: free(after.id, now, then), module });
            }
            (_, None) => unreachable!("those that go are gone"),
        });
        now.players.diff(&then.players, |module, _, anchor| {
            self.push(QueueChainEntryCommand { module: module.clone(), anchor: anchor.copied() });
        });
    }

    fn known(&self, module: &Module) -> &'a ModuleType {
        self.then.known(self.catalog, &module.module_type).expect("modules are of known types")
    }

    fn module(&mut self, name: &Name, before: &Module, after: &Module) {
        let known = self.known(after);
        if before.seed != after.seed {
            self.push(SetSeedCommand { name: name.clone(), seed: Some(after.seed) });
        }
        if before.enabled != after.enabled {
            self.push(EnableModuleCommand { name: name.clone(), enabled: after.enabled });
        }
        if before.mute != after.mute {
            self.push(MuteModuleCommand { name: name.clone(), mute: after.mute });
        }
        if before.solo != after.solo {
            self.push(SoloModuleCommand { name: name.clone(), solo: after.solo });
        }
        let mut set = |slot, params: &[Param], before: &[Value], after: &[Value]| {
            for ((param, _), value) in params.iter().zip(before).zip(after).filter(|((_, b), a)| b != a) {
                let path = Path { module: name.clone(), slot, param: param.key.as_str().into() };
                self.push(SetParameterCommand { path, value: Some(value.clone()) });
            }
        };
        set(None, &known.manifest.params, &before.params, &after.params);
        for (slot, (before, after)) in before.slots.iter().zip(&*after.slots).enumerate() {
            if before != after {
                set(Some(slot as u16), known.slot_params(), before, after);
            }
        }
    }

    fn patterns(&mut self, now: &Model) {
        let then = self.then;
        // A name may go from one table to the other: what goes, goes first.
        now.patterns.diff(&then.patterns, |name, _, after| {
            if after.is_none() {
                self.push(RemovePatternCommand { name: name.clone() });
            }
        });
        now.chains.diff(&then.chains, |name, _, after| {
            if after.is_none() {
                self.push(RemoveChainCommand { name: name.clone() });
            }
        });
        now.patterns.diff(&then.patterns, |name, before, after| match (before, after) {
            (Some(before), Some(after)) => steps(name, before, after, &mut self.out),
            (None, Some(pattern)) => self.push(SetPatternCommand { name: name.clone(), pattern: pattern.clone() }),
            (_, None) => {}
        });
        now.chains.diff(&then.chains, |name, before, after| match (before, after) {
            (Some(before), Some(after)) if before.repeat == after.repeat => {
                entries(name, before, after, &mut self.out);
            }
            (_, Some(chain)) => self.push(SetChainCommand { name: name.clone(), chain: chain.clone() }),
            (_, None) => {}
        });
    }

    /// Everything that goes before everything that comes.
    fn wires(&mut self, now: &Model) {
        let then = self.then;
        let mut join: Vec<Command> = Vec::new();
        now.connections.diff(&then.connections, |connection, _, cable| {
            let connection = connection.clone();
            match cable {
                Some(cable) => join.push(ConnectCommand { connection, cable: *cable }.into()),
                None => self.push(DisconnectCommand { connection }),
            }
        });
        now.links.diff(&then.links, |key, _, link| {
            let key = key.clone();
            match link {
                Some(link) => join.push(ModulateCommand { key, link: *link }.into()),
                None => self.push(UnmodulateCommand { key }),
            }
        });
        now.controls.diff(&then.controls, |key, _, control| {
            let key = key.clone();
            match control {
                Some(control) => join.push(SetControlCommand { key, control: *control }.into()),
                None => self.push(RemoveControlCommand { key }),
            }
        });
        self.out.append(&mut join);
    }

    fn claims(&mut self, now: &Model) {
        let then = self.then;
        now.claims.diff(&then.claims, |file, _, claims| {
            let claims = claims.cloned().unwrap_or_default();
            self.push(SetClaimsCommand { file: file.clone(), claims });
        });
    }
}

/// The id for a module that comes: its own. If an equal of another has that and stays, then the other's, and so on.
fn free(id: ModuleId, now: &Model, then: &Model) -> ModuleId {
    let stays = now.modules.iter().find(|(_, module)| module.id == id);
    let other = stays.and_then(|(name, _)| then.modules.get(name));
    other.map_or(id, |other| free(other.id, now, then))
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
            Some(step) => SetStepCommand { pattern, row, column, step: step.clone() }.into(),
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
