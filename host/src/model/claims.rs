//! Claims: what each file last asked for, and what a new evaluation of it is to change.
//!
//! A claim is a command under the path of what it sets ([`Edit::claim`](super::Edit::claim)). A new evaluation is a
//! three-way merge: only where it asks for something else than the last one did is anything written. So the same file
//! twice changes nothing, a knob turned live stays until its own line is edited, and a line taken out falls back to what
//! another file asks for, else to how the thing comes.

use std::collections::BTreeMap;

use super::Model;
use super::catalog::Catalog;
use super::command::{Command, SetClaimsCommand};
use super::refusal::Refusal;
use super::table::Table;
use super::value::Name;

/// What a file asked for, by path.
pub type Claims = Table<Name, Command>;

/// A command that a file asked for, and what it claims by it, as [`Edit::claim`](super::Edit::claim) says of the Model
/// after it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The command.
    pub command: Command,
    /// The claim, by path; `None`: an action, or something else that is done each time.
    pub claim: Option<(Name, Command)>,
}

/// What brings all that `file` asks for now to the Model: commands, each with the index of what asked for it (none for
/// what is withdrawn), the claims themselves last. With `withdraw` off, what the file asked for earlier and does not
/// mention now stays claimed: a block of it was evaluated, not all.
pub fn merge(
    model: &Model,
    catalog: &Catalog,
    file: &Name,
    asked: &[Asked],
    withdraw: bool,
) -> Vec<(Command, Option<usize>)> {
    let before = model.claims.get(&**file).cloned().unwrap_or_default();
    let last = last_of(asked);
    let mut after = if withdraw { Claims::default() } else { before.clone() };
    for (path, index) in &last {
        let (path, claim) = asked[*index].claim.as_ref().filter(|(p, _)| p == path).expect("indexed by its path");
        after.put(path.clone(), claim.clone());
    }
    let mut merge = Merge { model: model.clone(), catalog, asked, back: Vec::new(), out: Vec::new() };
    // Ascending: a module goes before what is set on it, which then needs no taking back.
    before.diff(&after, |path, old, new| {
        if let (Some(old), None) = (old, new) {
            merge.withdraw(path, old, file);
        }
    });
    for (index, asked) in asked.iter().enumerate() {
        match &asked.claim {
            None => merge.write(index),
            Some((path, claim)) if last.get(path) == Some(&index) => {
                if before.get(&**path) != Some(claim) || merge.came_back(asked) {
                    merge.write(index);
                }
            }
            Some(_) => {}
        }
    }
    let mut out = merge.out;
    if before != after {
        out.push((SetClaimsCommand { file: file.clone(), claims: after }.into(), None));
    }
    out
}

/// By path, the index of the command that says last what it is. Removing a module unsays what was said of it.
fn last_of(asked: &[Asked]) -> BTreeMap<Name, usize> {
    let mut last = BTreeMap::new();
    for (index, Asked { claim, .. }) in asked.iter().enumerate() {
        let Some((path, claim)) = claim else { continue };
        if let Command::RemoveModule(removed) = claim {
            last.retain(|_, earlier: &mut usize| !asked[*earlier].needs(&removed.name));
        }
        last.insert(path.clone(), index);
    }
    last
}

impl Asked {
    /// It can do nothing without that module.
    fn needs(&self, module: &Name) -> bool {
        self.command.needs().contains(&module)
    }

    /// What is to be done if the claim is to hold.
    fn written(&self) -> &Command {
        match (&self.command, &self.claim) {
            // The claim has no id.
            (Command::AddModule(_), _) | (_, None) => &self.command,
            (_, Some((_, claim))) => claim,
        }
    }
}

struct Merge<'a> {
    model: Model,
    catalog: &'a Catalog,
    asked: &'a [Asked],
    /// Modules that others have removed and that are back.
    back: Vec<Name>,
    out: Vec<(Command, Option<usize>)>,
}

impl Merge<'_> {
    fn run(&mut self, command: &Command, index: Option<usize>) -> Result<(), Refusal> {
        if self.model.edit(command, self.catalog)? || command.is_action() {
            self.out.push((command.clone(), index));
        }
        Ok(())
    }

    /// It is about a module that is back.
    fn came_back(&self, asked: &Asked) -> bool {
        self.back.iter().any(|name| asked.needs(name))
    }

    /// Does what the file asks for. If a module it needs was taken away by somebody else, that comes back first, with
    /// all the file says of it.
    fn write(&mut self, index: usize) {
        let command = self.asked[index].written();
        if self.run(command, Some(index)).is_ok() {
            return;
        }
        let lost = command.needs().into_iter().filter(|name| !self.model.modules.contains(&***name));
        let lost: Vec<Name> = lost.cloned().collect();
        for (earlier, asked) in self.asked[..index].iter().enumerate() {
            let adds = matches!(&asked.command, Command::AddModule(c) if lost.contains(&c.name));
            // The file removes what stands in the way of something else of that name.
            let clears = matches!((&asked.command, command), (Command::RemoveModule(gone), Command::AddModule(c)) if gone.name == c.name);
            if asked.claim.is_some() && (adds || clears || lost.iter().any(|name| asked.needs(name))) {
                // What is refused here was refused to the file before, or is refused again below.
                let _ = self.run(asked.written(), Some(earlier));
            }
        }
        self.back.extend(lost);
        if self.run(command, Some(index)).is_err() {
            // The engine refuses it too, and says so.
            self.out.push((command.clone(), Some(index)));
        }
    }

    /// Takes back what the file no longer asks for. What somebody else has taken away already stays so.
    fn withdraw(&mut self, path: &Name, claim: &Command, file: &Name) {
        let claims = self.model.claims.clone();
        let other = claims.iter().filter(|(name, _)| *name != file).find_map(|(_, claims)| claims.get(&**path));
        let back = match other {
            Some(Command::AddModule(_)) => None,
            Some(other) => Some(other.clone()),
            None => claim.it().withdrawal(),
        };
        if let Some(back) = back {
            let _ = self.run(&back, None);
        }
    }
}

impl Model {
    /// Gives every claim on a module the module's new name.
    pub(super) fn rename_claims(&mut self, from: &Name, to: &Name) {
        let renamed = |claims: &Claims| {
            let mut out = Claims::default();
            for (path, command) in claims.iter() {
                let mut command = command.clone();
                command.rename(from, to);
                // Only what names modules can change its path.
                let path = command.it().claim(self).map_or_else(|| path.clone(), |(path, _)| path);
                out.put(path, command);
            }
            out
        };
        let changed = self.claims.iter().map(|(file, claims)| (file.clone(), claims, renamed(claims)));
        let changed: Vec<(Name, Claims)> =
            changed.filter(|(_, old, new)| *old != new).map(|(file, _, new)| (file, new)).collect();
        for (file, claims) in changed {
            self.claims.put(file, claims);
        }
    }
}
