//! The numbers of a step, by name, and what is done with them: `velocity`, `cutoff`; `+0.3`, `*2`, `=0.5`.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::unit::note_number;
use super::super::value::{Name, Num, Value};
use super::{Note, Step};

/// A number that a step has, counted as people do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepField {
    /// MIDI note.
    Note,
    /// Instrument, from 1.
    Instrument,
    /// Slot, from 1.
    Slot,
    /// 0 to 1; 1 where a step says nothing.
    Velocity,
    /// Rows; 1 where a step says nothing.
    Length,
    /// Rows; 0 where a step says nothing.
    Delay,
    /// 0 to 1; 1 where a step says nothing.
    Chance,
    /// Rows.
    Glide,
    /// A parameter of the target, by name.
    Lock(Name),
}

impl StepField {
    /// All that are no locks.
    pub const ALL: [StepField; 8] = [
        StepField::Note,
        StepField::Instrument,
        StepField::Slot,
        StepField::Velocity,
        StepField::Length,
        StepField::Delay,
        StepField::Chance,
        StepField::Glide,
    ];

    /// What it is called.
    pub fn name(&self) -> &str {
        match self {
            StepField::Note => "note",
            StepField::Instrument => "instrument",
            StepField::Slot => "slot",
            StepField::Velocity => "velocity",
            StepField::Length => "length",
            StepField::Delay => "delay",
            StepField::Chance => "chance",
            StepField::Glide => "glide",
            StepField::Lock(name) => name,
        }
    }

    /// The number that a step has there, its own or that of a step that says nothing. `None`: it has none.
    pub fn get(&self, step: &Step) -> Option<f64> {
        if !self.suits(step) {
            return None;
        }
        let or = |own: Option<Num>, usual: f64| Some(own.map_or(usual, Num::get));
        match self {
            StepField::Note => step.number().map(Num::get),
            StepField::Instrument => step.instrument.map(f64::from),
            StepField::Slot => step.slot.map(|slot| f64::from(slot) + 1.0),
            StepField::Velocity => or(step.velocity, 1.0),
            StepField::Length => or(step.length, 1.0),
            StepField::Delay => or(step.delay, 0.0),
            StepField::Chance => or(step.chance, 1.0),
            StepField::Glide => step.glide.map(Num::get),
            StepField::Lock(name) => step
                .locks
                .iter()
                .find(|(lock, _)| lock == name)
                .and_then(|(_, value)| if let Value::Num(number) = value { Some(number.get()) } else { None }),
        }
    }

    /// Gives a step that number. Whether the step may then be is [`Step::problem`]'s.
    ///
    /// # Errors
    /// Where there is no such number: of an instrument or a slot, and of nothing that is infinite.
    pub(super) fn put(&self, step: &mut Step, value: f64) -> Result<(), String> {
        let number = Num::new(value).ok_or_else(|| format!("{} would be infinite", self.name()))?;
        let counted = |most: f64| {
            let fits = value.fract() == 0.0 && (1.0..=most).contains(&value);
            let wrong = || format!("{} {value} is not possible; 1 to {most} are", self.name());
            if fits { Ok(value) } else { Err(wrong()) }
        };
        match self {
            StepField::Note => step.note = Some(Note::Pitch(number)),
            StepField::Instrument => step.instrument = Some(counted(255.0)? as u8),
            StepField::Slot => step.slot = Some((counted(65_536.0)? - 1.0) as u16),
            StepField::Velocity => step.velocity = Some(number),
            StepField::Length => step.length = Some(number),
            StepField::Delay => step.delay = Some(number),
            StepField::Chance => step.chance = Some(number),
            StepField::Glide => step.glide = Some(number),
            StepField::Lock(name) => {
                let mut locks = step.locks.to_vec();
                match locks.iter_mut().find(|(lock, _)| lock == name) {
                    Some((_, value)) => *value = Value::Num(number),
                    None => {
                        let at = locks.partition_point(|(lock, _)| lock < name);
                        locks.insert(at, (name.clone(), Value::Num(number)));
                    }
                }
                step.locks = locks.into();
            }
        }
        Ok(())
    }

    /// Whether a step may have it: what ends notes has a place in time, and no more.
    pub(super) fn suits(&self, step: &Step) -> bool {
        let ends = matches!(step.note, Some(Note::Off | Note::Cut));
        !ends || matches!(self, StepField::Instrument | StepField::Delay | StepField::Chance)
    }

    /// What lies between two of them is a whole number, too.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self, StepField::Note | StepField::Instrument | StepField::Slot)
    }
}

impl Display for StepField {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What becomes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// So much is added: `+0.3`, `-2`.
    Add(Num),
    /// It is multiplied: `*2`.
    Multiply(Num),
    /// It is divided: `/2`. By 0 it cannot be.
    Divide(Num),
    /// It is this, whatever it was: `0.5`, `=0.5`, `=-0.5`, `C4`.
    Set(Num),
}

impl Change {
    /// What becomes of the number that a step has there; `None`: nothing. Velocity and chance stop at 0 and at 1, as a
    /// fader does, unless they are set; all else that leaves its range is another note, or elsewhere in time, and so
    /// refused by who puts it in.
    ///
    /// # Errors
    /// When a length would be 0, which would hold the note.
    pub(super) fn of(self, field: &StepField, step: &Step) -> Result<Option<f64>, String> {
        if let Change::Set(to) = self {
            return Ok(field.suits(step).then_some(to.get()));
        }
        let is_held = *field == StepField::Length && step.length == Some(Num::ZERO);
        let Some(was) = field.get(step).filter(|_| !is_held) else { return Ok(None) };
        let value = match self {
            Change::Add(by) => was + by.get(),
            Change::Multiply(by) => was * by.get(),
            Change::Divide(by) => was / by.get(),
            Change::Set(to) => to.get(),
        };
        match field {
            StepField::Velocity | StepField::Chance => Ok(Some(value.clamp(0.0, 1.0))),
            StepField::Length if value <= 0.0 => Err(format!("length {was} would be {value}; it is more than 0")),
            _ => Ok(Some(value)),
        }
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Change::Add(by) => write!(f, "{:+}", by.get()),
            Change::Multiply(by) => write!(f, "*{}", by.get()),
            Change::Divide(by) => write!(f, "/{}", by.get()),
            Change::Set(to) => write!(f, "={}", to.get()),
        }
    }
}

impl FromStr for Change {
    type Err = String;

    /// Reads what `Display` writes, and a number or a note alone, which is set.
    fn from_str(text: &str) -> Result<Change, String> {
        let wrong = || format!("\"{text}\" is no change; write \"+0.3\", \"-2\", \"*2\", \"/2\" or \"0.5\"");
        let said = text.trim();
        let (sign, rest) = match said.split_at_checked(1) {
            Some((sign @ ("+" | "-" | "*" | "/" | "="), rest)) => (sign, rest.trim()),
            _ => ("=", said),
        };
        let number = rest.parse().ok().or_else(|| note_number(rest)).and_then(Num::new).ok_or_else(wrong)?;
        match sign {
            "+" => Ok(Change::Add(number)),
            "-" => Ok(Change::Add(Num::of(-number.get()))),
            "*" => Ok(Change::Multiply(number)),
            "/" if number != Num::ZERO => Ok(Change::Divide(number)),
            "/" => Err(format!("\"{text}\": nothing can be divided by 0")),
            _ => Ok(Change::Set(number)),
        }
    }
}

/// In commands: as it is written.
impl Serialize for Change {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Change, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_written_and_read() {
        for (text, expected, written) in [
            ("+0.3", Change::Add(Num::of(0.3)), "+0.3"),
            (" - 2 ", Change::Add(Num::of(-2.0)), "-2"),
            ("--2", Change::Add(Num::of(2.0)), "+2"),
            ("*2", Change::Multiply(Num::of(2.0)), "*2"),
            ("*-0.5", Change::Multiply(Num::of(-0.5)), "*-0.5"),
            ("/ 4", Change::Divide(Num::of(4.0)), "/4"),
            ("0.5", Change::Set(Num::of(0.5)), "=0.5"),
            ("=-0.5", Change::Set(Num::of(-0.5)), "=-0.5"),
            ("C4", Change::Set(Num::of(60.0)), "=60"),
            ("+0", Change::Add(Num::ZERO), "+0"),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
            assert_eq!(expected.to_string(), written, "{text}");
            assert_eq!(written.parse(), Ok(expected), "{text}");
        }
        for text in ["", "+", "loud", "*x", "1e999", "é", "+1+1"] {
            let wrong = format!("\"{text}\" is no change; write \"+0.3\", \"-2\", \"*2\", \"/2\" or \"0.5\"");
            assert_eq!(text.parse::<Change>(), Err(wrong));
        }
        assert_eq!("/0".parse::<Change>(), Err("\"/0\": nothing can be divided by 0".to_owned()));
    }
}
