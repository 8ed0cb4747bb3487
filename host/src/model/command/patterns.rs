//! Patterns and steps.

use serde::{Deserialize, Serialize};

use super::super::module::{LONGEST_NAME, short};
use super::super::{Catalog, Cell, Model, Name, Num, Pattern, PatternEdit, Refusal, Selection, Step};
use super::{Command, Edit};

/// Puts a pattern in, in the place of one of that name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPatternCommand {
    /// Its name.
    pub name: Name,
    /// The pattern.
    #[serde(flatten)]
    pub pattern: Pattern,
}

impl Edit for SetPatternCommand {
    fn describe(&self) -> String {
        format!("set pattern {}", self.name)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        good_name("pattern", &self.name)?;
        if model.chains.contains(&*self.name) {
            return Err(Refusal::Taken { name: self.name.clone(), what: "chain" });
        }
        let bad = |problem| Refusal::BadPattern { name: self.name.clone(), problem };
        self.pattern.problem().map_or(Ok(()), |problem| Err(bad(problem)))?;
        let changed = model.patterns.get(&*self.name) != Some(&self.pattern);
        if changed {
            model.patterns.put(self.name.clone(), self.pattern.clone());
        }
        Ok(changed)
    }

    fn claim(&self, after: &Model) -> Option<(Name, Command)> {
        claim_pattern(&self.name, after)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(RemovePatternCommand { name: self.name.clone() }.into())
    }
}

/// Removes a pattern; sequencers that name it fall silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovePatternCommand {
    /// Its name.
    pub name: Name,
}

impl Edit for RemovePatternCommand {
    fn describe(&self) -> String {
        format!("remove pattern {}", self.name)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        Ok(model.patterns.remove(&*self.name))
    }

    fn claim(&self, after: &Model) -> Option<(Name, Command)> {
        claim_pattern(&self.name, after)
    }
}

/// Sets the length and the pace of a pattern. Steps behind the last row are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapePatternCommand {
    /// Name of the pattern.
    pub pattern: Name,
    /// Rows, 1 to 65,536.
    pub rows: u32,
    /// Rows per beat, 1/1024 to 96; below 0 it plays backwards.
    pub steps_per_beat: Num,
}

impl Edit for ShapePatternCommand {
    fn describe(&self) -> String {
        let speed = self.steps_per_beat.get();
        format!("set pattern {} to {} rows, {speed} per beat", self.pattern, self.rows)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        let &ShapePatternCommand { rows, steps_per_beat, .. } = self;
        let there = model.pattern(&self.pattern)?;
        if (there.rows, there.steps_per_beat) == (rows, steps_per_beat) {
            return Ok(false);
        }
        let bad = |problem| Refusal::BadPattern { name: self.pattern.clone(), problem };
        Pattern::new(rows, steps_per_beat).problem().map_or(Ok(()), |problem| Err(bad(problem)))?;
        let pattern = model.patterns.edit(&*self.pattern).expect("just found");
        (pattern.rows, pattern.steps_per_beat) = (rows, steps_per_beat);
        Ok(true)
    }

    fn claim(&self, after: &Model) -> Option<(Name, Command)> {
        claim_pattern(&self.pattern, after)
    }
}

/// Puts a step in, in the place of one that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetStepCommand {
    /// Name of the pattern.
    pub pattern: Name,
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0.
    pub column: u16,
    /// The step.
    pub step: Step,
}

impl Edit for SetStepCommand {
    fn describe(&self) -> String {
        let (row, column) = (u64::from(self.row) + 1, u32::from(self.column) + 1);
        format!("set pattern {} row {row} column {column}", self.pattern)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        let cell = Cell { row: self.row, column: self.column };
        let there = model.pattern(&self.pattern)?;
        let bad = |problem| Refusal::BadPattern { name: self.pattern.clone(), problem };
        self.step.problem(cell).map_or(Ok(()), |problem| Err(bad(problem)))?;
        let changed = there.steps.get(&cell) != Some(&self.step);
        if changed {
            model.patterns.edit(&*self.pattern).expect("just found").steps.put(cell, self.step.clone());
        }
        Ok(changed)
    }

    fn claim(&self, after: &Model) -> Option<(Name, Command)> {
        claim_pattern(&self.pattern, after)
    }
}

/// Takes a step out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearStepCommand {
    /// Name of the pattern.
    pub pattern: Name,
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0.
    pub column: u16,
}

impl Edit for ClearStepCommand {
    fn describe(&self) -> String {
        let (row, column) = (u64::from(self.row) + 1, u32::from(self.column) + 1);
        format!("clear pattern {} row {row} column {column}", self.pattern)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        let cell = Cell { row: self.row, column: self.column };
        if !model.pattern(&self.pattern)?.steps.contains(&cell) {
            return Ok(false);
        }
        Ok(model.patterns.edit(&*self.pattern).expect("just found").steps.remove(&cell))
    }

    fn claim(&self, after: &Model) -> Option<(Name, Command)> {
        claim_pattern(&self.pattern, after)
    }
}

/// Does something with part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditPatternCommand {
    /// Name of the pattern.
    pub pattern: Name,
    /// What is done.
    pub edit: PatternEdit,
    /// The part.
    #[serde(default)]
    pub selection: Selection,
}

impl Edit for EditPatternCommand {
    fn describe(&self) -> String {
        self.edit.describe(&self.pattern, &self.selection)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        let there = model.pattern(&self.pattern)?;
        let bad = |problem| Refusal::BadPattern { name: self.pattern.clone(), problem };
        let edited = there.edited(&self.selection, &self.edit).map_err(bad)?;
        let changed = edited != *there;
        if changed {
            model.patterns.put(self.pattern.clone(), edited);
        }
        Ok(changed)
    }

    fn claim(&self, after: &Model) -> Option<(Name, Command)> {
        claim_pattern(&self.pattern, after)
    }
}

/// Refuses a name that cannot be.
pub(super) fn good_name(what: &'static str, name: &Name) -> Result<(), Refusal> {
    let fits = (1..=LONGEST_NAME).contains(&name.len()) && !name.chars().any(char::is_control);
    let problem = || format!("cannot be called so: a name has 1 to {LONGEST_NAME} bytes and no control characters");
    match what {
        _ if fits => Ok(()),
        "chain" => Err(Refusal::BadChain { name: short(name), problem: problem() }),
        _ => Err(Refusal::BadPattern { name: short(name), problem: problem() }),
    }
}

/// A file that touches a pattern claims all of it, as it then is.
fn claim_pattern(name: &Name, after: &Model) -> Option<(Name, Command)> {
    let command = match after.patterns.get(&**name) {
        Some(pattern) => SetPatternCommand { name: name.clone(), pattern: pattern.clone() }.into(),
        None => RemovePatternCommand { name: name.clone() }.into(),
    };
    Some((format!("pattern {name}").into(), command))
}

impl Model {
    /// The pattern of that name.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] with the nearest name.
    pub fn pattern(&self, name: &str) -> Result<&Pattern, Refusal> {
        self.patterns.get(name).ok_or_else(|| Refusal::Unknown {
            what: "pattern",
            name: short(name),
            nearest: cantus_manifest::nearest(name, self.patterns.keys().map(|k| &**k)).map(str::to_owned),
        })
    }
}
