//! Undo and redo: what each person has done, step by step.
//!
//! A step is taken back by the commands that lead from the Model after it to the one before, on the Model of now: what
//! others have done elsewhere stays. The entries of a chain are known by their places: one that is changed back or taken
//! out must still stand where the step left it, or it is left and said; one that comes back comes to the place it had.
//! Where in its chain a module is, is not undone: it only comes back with a module that comes back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::model::{Catalog, Command, Model, Name};

/// Steps that are kept of each person. When there are more, the oldest is forgotten. Models share what they have in
/// common, so a step costs about what it changed.
const STEPS: usize = 16_384;

/// What can be taken back, and done again.
#[derive(Default)]
pub struct History {
    people: BTreeMap<Name, Steps>,
}

#[derive(Default)]
struct Steps {
    done: VecDeque<Step>,
    undone: Vec<Step>,
}

/// What one batch did, or the batches of one gesture: the Models before and after each.
#[derive(Clone)]
struct Step {
    parts: Vec<Part>,
    gesture: Option<u64>,
}

/// The Models before and after, and the manifests in whose order their values lie.
#[derive(Clone)]
pub struct Part {
    before: Arc<Model>,
    after: Arc<Model>,
    catalog: Arc<Catalog>,
}

impl Part {
    pub fn new(before: &Arc<Model>, after: &Arc<Model>, catalog: &Arc<Catalog>) -> Part {
        Part { before: before.clone(), after: after.clone(), catalog: catalog.clone() }
    }
}

/// Back or forth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Undo,
    Redo,
}

impl Direction {
    pub fn verb(self) -> &'static str {
        match self {
            Direction::Undo => "undo",
            Direction::Redo => "redo",
        }
    }
}

impl History {
    /// A person has done something: what was taken back before can no longer be done again.
    pub fn did(&mut self, person: Name, gesture: Option<u64>, part: Part) {
        let steps = self.people.entry(person).or_default();
        steps.undone.clear();
        if let Some(last) = steps.done.back_mut()
            && gesture.is_some()
            && last.gesture == gesture
        {
            match last.parts.last_mut() {
                // Nobody else has done anything in between.
                Some(last) if Arc::ptr_eq(&last.after, &part.before) => last.after = part.after,
                _ => last.parts.push(part),
            }
            return;
        }
        steps.push(Step { parts: vec![part], gesture });
    }

    /// The commands that take a person's last step back, or do it again: to be done as far as they can be. `None`:
    /// there is no such step.
    pub fn commands(&self, person: &str, direction: Direction) -> Option<Vec<Command>> {
        let steps = self.people.get(person)?;
        let step = match direction {
            Direction::Undo => steps.done.back()?,
            Direction::Redo => steps.undone.last()?,
        };
        Some(step.parts.iter().rev().flat_map(|part| way(&part.after, &part.before, &part.catalog)).collect())
    }

    /// A person's last step was taken back, or done again, and that led from one Model to another.
    pub fn moved(&mut self, person: &str, direction: Direction, part: Part) {
        let Some(steps) = self.people.get_mut(person) else { return };
        let step = Step { parts: vec![part], gesture: None };
        match direction {
            Direction::Undo => {
                steps.done.pop_back();
                steps.undone.push(step);
            }
            Direction::Redo => {
                steps.undone.pop();
                steps.push(step);
            }
        }
    }
}

/// The commands from one Model to another that a step back or forth may do.
fn way(from: &Model, to: &Model, catalog: &Catalog) -> Vec<Command> {
    let mut commands = from.diff(to, catalog);
    let restored =
        |command: &Command| if let Command::RestoreModule(c) = command { Some(c.name.clone()) } else { None };
    let restored: BTreeSet<Name> = commands.iter().filter_map(restored).collect();
    commands.retain(|command| match command {
        Command::QueueChainEntry(c) => restored.contains(&c.module),
        _ => true,
    });
    commands
}

impl Steps {
    fn push(&mut self, step: Step) {
        if self.done.len() == STEPS {
            self.done.pop_front();
        }
        self.done.push_back(step);
    }
}
