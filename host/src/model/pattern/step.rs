//! What stands in one place of a pattern.

use std::sync::Arc;

use super::super::value::{Name, Num, Value};
use super::{COLUMNS, Cell, ROWS};

/// Most locks of a step.
const LOCKS: usize = super::super::command::MOST_LOCKS;

/// A step. What is `None` is left to the module that plays it, or does not happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What is played; `None`: what the target plays of itself.
    pub note: Option<Note>,
    /// Which of several targets plays it, 1 to 255: cables with that number, and those without.
    pub instrument: Option<u8>,
    /// Slot of the target, from 0.
    pub slot: Option<u16>,
    /// 0 to 1.
    pub velocity: Option<Num>,
    /// Rows until it ends, 0 to 65,536; 0: it is held until its column has another note or an end.
    pub length: Option<Num>,
    /// Rows that it comes late, above -1 and below 1; below 0 it comes early.
    pub delay: Option<Num>,
    /// How likely it is, 0 to 1.
    pub chance: Option<Num>,
    /// In which of its pattern's turns it plays.
    pub ratio: Option<Ratio>,
    /// When it plays.
    pub condition: Option<Condition>,
    /// It is struck several times.
    pub ratchet: Option<Ratchet>,
    /// Rows that it takes to glide there from the note before, 0 to 65,536.
    pub glide: Option<Num>,
    /// Parameters of the target that have another value for this note alone, by name: numbers, texts, true and false. At
    /// most 16, each once, in the order of their names.
    pub locks: Arc<[(Name, Value)]>,
}

/// What a step plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// A MIDI note number, 0 to 127; 60 is C4.
    Pitch(Num),
    /// Nothing: the notes of its column end, and may ring out.
    Off,
    /// Nothing: the notes of its column end at once.
    Cut,
}

/// It plays in turn `at`, counted from 1, of every `of` turns of its pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// 1 to `of`.
    pub at: u8,
    /// 1 to 99.
    pub of: u8,
}

/// When a step plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What is asked.
    pub test: Test,
    /// It plays if the answer is no.
    pub not: bool,
}

/// What a condition asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// The pattern is played for the first time.
    First,
    /// The last step before it, in its column, that might not have played, did.
    Previous,
    /// The sequencer plays a fill.
    Fill,
    /// It is the first of every so many turns of the pattern, 2 to 99.
    Every(u8),
}

/// A step that is struck several times while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratchet {
    /// How often, 2 to 64.
    pub hits: u8,
    /// How its loudness goes, -1 to 1: from silence, alike, to silence.
    pub ramp: Num,
    /// How its time goes, -1 to 1: ever slower, even, ever faster.
    pub curve: Num,
}

impl Step {
    /// A step that plays a MIDI note.
    pub fn pitch(note: Num) -> Step {
        Step { note: Some(Note::Pitch(note)), ..Step::default() }
    }

    /// The MIDI note that it plays.
    pub fn number(&self) -> Option<Num> {
        if let Some(Note::Pitch(note)) = self.note { Some(note) } else { None }
    }

    /// Gives a parameter another value for this note alone. Locks stand in the order of their names.
    pub fn lock(&mut self, name: Name, value: Value) {
        let at = self.locks.partition_point(|(other, _)| *other <= name);
        let (before, behind) = self.locks.split_at(at);
        self.locks = before.iter().cloned().chain([(name, value)]).chain(behind.iter().cloned()).collect();
    }

    /// What it says, and where it is silent, what another says; of the other's locks, those of parameters it does not lock.
    pub fn or(&self, other: &Step) -> Step {
        let mut step = Step {
            note: self.note.or(other.note),
            instrument: self.instrument.or(other.instrument),
            slot: self.slot.or(other.slot),
            velocity: self.velocity.or(other.velocity),
            length: self.length.or(other.length),
            delay: self.delay.or(other.delay),
            chance: self.chance.or(other.chance),
            ratio: self.ratio.or(other.ratio),
            condition: self.condition.or(other.condition),
            ratchet: self.ratchet.or(other.ratchet),
            glide: self.glide.or(other.glide),
            locks: self.locks.clone(),
        };
        for (name, value) in other.locks.iter().filter(|(name, _)| !self.locks.iter().any(|(own, _)| own == name)) {
            step.lock(name.clone(), value.clone());
        }
        step
    }

    /// Whether it plays depends on something.
    pub fn is_conditional(&self) -> bool {
        self.chance.is_some() || self.ratio.is_some() || self.condition.is_some()
    }

    /// What keeps it from standing in that place, if anything does.
    pub fn problem(&self, at: Cell) -> Option<String> {
        let problem = self.wrong(at)?;
        Some(format!("row {}: {problem}", u64::from(at.row) + 1))
    }

    /// The same, without saying where.
    pub(super) fn wrong(&self, at: Cell) -> Option<String> {
        place(at).or_else(|| self.numbers()).or_else(|| self.turns()).or_else(|| self.bad_lock())
    }

    /// A number that is out of range.
    fn numbers(&self) -> Option<String> {
        let ratchet = self.ratchet;
        let rows = "0 to 65536 rows";
        let of = [
            ("note", self.number(), 0.0..=127.0, "0 to 127"),
            ("velocity", self.velocity, 0.0..=1.0, "0 to 1"),
            ("length", self.length, 0.0..=65_536.0, rows),
            ("delay", self.delay, 1e-9 - 1.0..=1.0 - 1e-9, "between -1 and 1 rows"),
            ("chance", self.chance, 0.0..=1.0, "0 to 1"),
            ("glide", self.glide, 0.0..=65_536.0, rows),
            ("ramp of a ratchet", ratchet.map(|r| r.ramp), -1.0..=1.0, "-1 to 1"),
            ("curve of a ratchet", ratchet.map(|r| r.curve), -1.0..=1.0, "-1 to 1"),
        ];
        let wrong = of.into_iter().find_map(|(what, value, range, said)| {
            let value = value.map(Num::get).filter(|value| !range.contains(value))?;
            Some(format!("{what} {value} is out of range; {said} are possible"))
        });
        let hits = ratchet.map(|r| r.hits).filter(|hits| !(2..=64).contains(hits));
        let hits = hits.map(|hits| format!("a ratchet of {hits} is not possible; 2 to 64 hits are"));
        let nobody = (self.instrument == Some(0)).then(|| "instruments are numbered from 1 to 255".to_owned());
        wrong.or(hits).or(nobody)
    }

    fn turns(&self) -> Option<String> {
        if let Some(Ratio { at, of }) = self.ratio.filter(|r| !(1..=r.of).contains(&r.at) || r.of > 99) {
            return Some(format!("ratio {at}:{of} is never; write 1:4 for the first of four turns, up to 99"));
        }
        match self.condition {
            Some(Condition { test: Test::Every(n), .. }) if !(2..=99).contains(&n) => {
                Some(format!("every {n} is not possible; every 2 to every 99 are"))
            }
            _ => None,
        }
    }

    fn bad_lock(&self) -> Option<String> {
        if self.locks.len() > LOCKS {
            return Some(format!("it has {} locks; {LOCKS} are possible", self.locks.len()));
        }
        self.locks.iter().enumerate().find_map(|(n, (name, value))| {
            let word = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "|=".contains(c));
            match value {
                _ if !word(name) => Some(format!("\"{name}\" is not the name of a parameter")),
                _ if self.locks[..n].iter().any(|(other, _)| other == name) => Some(format!("{name} is locked twice")),
                Value::Num(_) | Value::Flag(_) => None,
                Value::Text(text) if !word(text) => {
                    Some(format!("{name} cannot be locked to \"{text}\"; write it without blanks"))
                }
                Value::Text(text) if text.parse::<f64>().is_ok() || matches!(&**text, "true" | "false") => {
                    Some(format!("{name} is locked to the text \"{text}\"; write it without quotes"))
                }
                Value::Text(_) => None,
                Value::Int(_) | Value::List(_) => Some(format!("{name} takes a number or a word")),
            }
        })
    }
}

/// What keeps a step from standing in that place, whatever it is.
fn place(at: Cell) -> Option<String> {
    if at.row >= *ROWS.end() {
        return Some("a pattern has at most 65536 rows".to_owned());
    }
    (at.column >= COLUMNS).then(|| format!("column {} is too many; 64 are possible", u32::from(at.column) + 1))
}
