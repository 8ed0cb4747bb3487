//! A step as text: its note, the three columns of a tracker, and words. [`Pattern::from_tracker`](super::Pattern) has the
//! grammar.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use super::super::unit::note_number;
use super::super::value::{Num, Value};
use super::{Condition, Note, Ratchet, Ratio, Step, Test};

/// In which numbers tracker text counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Radix {
    /// Two capital digits: `0A`.
    Hex,
    /// Three digits: `010`.
    Decimal,
}

/// The name of a whole note number from 12 (`C0`) to 127 (`G9`).
pub fn note_name(note: f64) -> Option<String> {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    let whole = note.fract() == 0.0 && (12.0..=127.0).contains(&note);
    whole.then(|| format!("{}{}", NAMES[note as usize % 12], note as usize / 12 - 1))
}

impl Radix {
    /// A number in as many digits as a column has, or more if it takes them.
    pub(super) fn digits(self, number: u32) -> String {
        match self {
            Radix::Hex => format!("{number:02X}"),
            Radix::Decimal => format!("{number:03}"),
        }
    }

    /// A column in which nothing is.
    pub(super) fn blank(self) -> &'static str {
        match self {
            Radix::Hex => "..",
            Radix::Decimal => "...",
        }
    }

    /// What a word says that may stand in a column: its number, or nothing.
    fn column(self, word: &str) -> Option<Option<u32>> {
        let (width, base) = match self {
            Radix::Hex => (2, 16),
            Radix::Decimal => (3, 10),
        };
        if word == self.blank() {
            return Some(None);
        }
        let digit = |c: u8| c.is_ascii_digit() || (base == 16 && (b'A'..=b'F').contains(&c));
        let all = word.len() == width && word.bytes().all(digit);
        all.then(|| u32::from_str_radix(word, base).ok()).flatten().map(Some)
    }
}

/// A column of a tracker: which field it is, its least and its most, and the word that says what it cannot.
struct Column {
    field: &'static str,
    least: u32,
    most: u32,
    word: &'static str,
}

/// The columns of a step, in their order.
const COLUMNS: [Column; 3] = [
    Column { field: "slot", least: 1, most: 128, word: "s200" },
    Column { field: "velocity", least: 0, most: 128, word: "v0.3" },
    Column { field: "delay", least: 0, most: 255, word: "d-0.25" },
];

impl Column {
    fn read(&self, radix: Radix, word: &str, number: u32) -> Result<u32, String> {
        if (self.least..=self.most).contains(&number) {
            return Ok(number);
        }
        let (least, most) = (radix.digits(self.least), radix.digits(self.most));
        let Column { field, word: other, .. } = self;
        Err(format!("{field} {word} is out of range; {least} to {most} are possible, and words such as {other}"))
    }
}

/// What the columns of a step say, and the step without that.
pub(super) fn columns(step: &Step) -> ([Option<u32>; 3], Step) {
    let whole = |value: Option<Num>, by: f64, most: f64| {
        let number = value?.get() * by;
        (number.fract() == 0.0 && (0.0..=most).contains(&number)).then_some(number as u32)
    };
    let slot = step.slot.map(|slot| u32::from(slot) + 1).filter(|slot| *slot <= COLUMNS[0].most);
    let said = [slot, whole(step.velocity, 128.0, 128.0), whole(step.delay, 256.0, 255.0)];
    let mut rest = step.clone();
    rest.slot = rest.slot.filter(|_| said[0].is_none());
    rest.velocity = rest.velocity.filter(|_| said[1].is_none());
    rest.delay = rest.delay.filter(|_| said[2].is_none());
    (said, rest)
}

/// The note of a step, in at least three signs where a tracker has it so: `C-4` if `dashed`, else `C4`.
pub(super) fn note_text(note: Option<Note>, dashed: bool) -> String {
    let pitch = match note {
        None => return "x".to_owned(),
        Some(Note::Off) => return "OFF".to_owned(),
        Some(Note::Cut) => return "CUT".to_owned(),
        Some(Note::Pitch(pitch)) => pitch.get(),
    };
    match note_name(pitch) {
        Some(name) if dashed && name.len() == 2 => format!("{}-{}", &name[..1], &name[1..]),
        Some(name) => name,
        None => pitch.to_string(),
    }
}

/// What a step has besides its note, a blank before each word.
pub(super) fn words(step: &Step) -> String {
    let mut text = String::new();
    let mut word = |word: std::fmt::Arguments<'_>| text.push_str(&format!(" {word}"));
    step.instrument.into_iter().for_each(|n| word(format_args!("i{n}")));
    step.slot.into_iter().for_each(|slot| word(format_args!("s{}", u32::from(slot) + 1)));
    let numbers = [("v", step.velocity), ("l", step.length), ("d", step.delay), ("g", step.glide), ("?", step.chance)];
    for (sign, number) in numbers.into_iter().filter_map(|(sign, number)| Some((sign, number?.get()))) {
        word(format_args!("{sign}{number}"));
    }
    step.ratio.into_iter().for_each(|ratio| word(format_args!("{ratio}")));
    step.condition.into_iter().for_each(|condition| word(format_args!("{condition}")));
    step.ratchet.into_iter().for_each(|ratchet| word(format_args!("{ratchet}")));
    step.locks.iter().for_each(|(name, value)| word(format_args!("{name}={}", lock_text(value))));
    text
}

fn lock_text(value: &Value) -> String {
    match value {
        Value::Num(number) => number.get().to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// Reads a cell; `None` if there is nothing in it. Columns are in `radix`; without it their width tells.
///
/// # Errors
/// What is wrong, and what is expected.
pub(super) fn read(text: &str, radix: Option<Radix>) -> Result<Option<Step>, String> {
    let mut words = text.split_whitespace().peekable();
    let Some(note) = words.next() else { return Ok(None) };
    if matches!(note, "..." | "---") {
        let stray = words.enumerate().find(|(i, word)| *i > 2 || !matches!(*word, ".." | "..."));
        return stray.map_or(Ok(None), |(_, word)| {
            Err(format!("{word} stands behind {note}, which is an empty cell; a step without a note is x"))
        });
    }
    let mut step = Step { note: read_note(note)?, ..Step::default() };
    let mut at = 0;
    while let Some(said) = words.peek().and_then(|word| column(word, radix).transpose()) {
        let (radix, number) = said?;
        let word = words.next().unwrap_or_default();
        let column = COLUMNS
            .get(at)
            .ok_or_else(|| format!("{word} is one column too many; behind the note stand slot, velocity and delay"))?;
        let number = number.map(|number| column.read(radix, word, number)).transpose()?;
        match at {
            0 => step.slot = number.map(|slot| slot as u16 - 1),
            1 => step.velocity = number.map(|n| Num::of(f64::from(n) / 128.0)),
            _ => step.delay = number.map(|n| Num::of(f64::from(n) / 256.0)),
        }
        at += 1;
    }
    for word in words {
        read_word(word, &mut step)?;
    }
    Ok(Some(step))
}

fn read_note(text: &str) -> Result<Option<Note>, String> {
    let pitch = match text {
        "x" => return Ok(None),
        "OFF" | "===" => return Ok(Some(Note::Off)),
        "CUT" | "^^^" => return Ok(Some(Note::Cut)),
        // A row's number that has lost its colon.
        text if text.starts_with('0') && text[1..].starts_with(|c: char| c.is_ascii_digit()) => None,
        text => note_number(text).and_then(Num::new).or_else(|| number(text)),
    };
    let expected = "a cell begins with a note such as C-4 or 61.5, with OFF, CUT, x for none, or ... if it is empty";
    let digits = text.bytes().all(|c| c.is_ascii_hexdigit());
    let colon = if digits { "; behind the number of a row stands a colon" } else { "" };
    pitch.map(|pitch| Some(Note::Pitch(pitch))).ok_or_else(|| format!("{text} is not a note; {expected}{colon}"))
}

/// What a word says if it is a column; it must not be one of the other radix.
fn column(word: &str, radix: Option<Radix>) -> Result<Option<(Radix, Option<u32>)>, String> {
    let Some((found, said)) = [Radix::Hex, Radix::Decimal].into_iter().find_map(|r| Some((r, r.column(word)?))) else {
        return Ok(None);
    };
    match radix {
        Some(Radix::Hex) if found == Radix::Decimal => {
            Err(format!("{word} is not in hex; columns are two digits such as 0A, or .."))
        }
        Some(Radix::Decimal) if found == Radix::Hex => {
            Err(format!("{word} is not in decimal; columns are three digits such as 010, or ..."))
        }
        _ => Ok(Some((found, said))),
    }
}

fn number(text: &str) -> Option<Num> {
    text.parse().ok().and_then(Num::new)
}

/// Puts what is said into a field, once.
fn once<T>(field: &mut Option<T>, what: &str, value: T) -> Result<(), String> {
    if field.is_some() {
        return Err(format!("the {what} is said twice"));
    }
    *field = Some(value);
    Ok(())
}

/// Puts what a word says into a step.
fn read_word(word: &str, step: &mut Step) -> Result<(), String> {
    if let Some((name, value)) = word.split_once('=') {
        let value = match value {
            "true" | "false" => Value::Flag(value == "true"),
            value => number(value).map_or_else(|| Value::Text(value.into()), Value::Num),
        };
        step.lock(name.into(), value);
        return Ok(());
    }
    if let Ok(condition) = word.parse() {
        return once(&mut step.condition, "condition", condition);
    }
    if let Ok(ratio) = word.parse() {
        return once(&mut step.ratio, "ratio", ratio);
    }
    let nothing = || format!("{word} says nothing here{}", hint(word));
    let (sign, rest) = word.split_at_checked(1).ok_or_else(nothing)?;
    let value = |what: &str| number(rest).ok_or_else(|| format!("{word} is not a {what}"));
    match sign {
        "i" => {
            let instrument = rest.parse().map_err(|_| format!("{word} is not an instrument"))?;
            once(&mut step.instrument, "instrument", instrument)
        }
        "s" => {
            let slot = rest.parse::<u32>().ok().and_then(|slot| u16::try_from(slot.checked_sub(1)?).ok());
            once(&mut step.slot, "slot", slot.ok_or_else(|| format!("{word} is not a slot"))?)
        }
        "v" => once(&mut step.velocity, "velocity", value("velocity")?),
        "l" => once(&mut step.length, "length", value("length")?),
        "d" => once(&mut step.delay, "delay", value("delay")?),
        "g" => once(&mut step.glide, "glide", value("glide")?),
        "?" => once(&mut step.chance, "chance", value("chance")?),
        "r" => {
            let ratchet = word.parse().map_err(|()| format!("{word} is not a ratchet"))?;
            once(&mut step.ratchet, "ratchet", ratchet)
        }
        _ => Err(nothing()),
    }
}

/// What somebody may have meant by a word that says nothing.
fn hint(word: &str) -> &'static str {
    if note_number(word).is_some() || matches!(word, "---" | "OFF" | "CUT" | "===" | "^^^" | "x") {
        return "; between two cells stands |, and behind the number of a row a colon";
    }
    if word.bytes().all(|c| c.is_ascii_hexdigit() || c == b'.') {
        return "; columns stand right behind the note, two capital hex digits or .., in decimal three digits or ...";
    }
    ""
}

impl Display for Step {
    /// `C4 s2 v0.8`: note and words.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", note_text(self.note, false), words(self))
    }
}

impl FromStr for Step {
    type Err = String;

    /// Reads a cell that is not empty, with columns or without.
    fn from_str(text: &str) -> Result<Step, String> {
        read(text, None)?.ok_or_else(|| "a step is a note or x, and what else it has".to_owned())
    }
}

impl Display for Ratio {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.at, self.of)
    }
}

impl FromStr for Ratio {
    type Err = ();

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Ratio, ()> {
        let (at, of) = text.split_once(':').ok_or(())?;
        Ok(Ratio { at: at.parse().map_err(|_| ())?, of: of.parse().map_err(|_| ())? })
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.not { "!" } else { "" })?;
        match self.test {
            Test::First => f.write_str("first"),
            Test::Previous => f.write_str("pre"),
            Test::Fill => f.write_str("fill"),
            Test::Every(n) => write!(f, "every{n}"),
        }
    }
}

impl FromStr for Condition {
    type Err = ();

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Condition, ()> {
        let (not, text) = text.strip_prefix('!').map_or((false, text), |text| (true, text));
        let test = match text {
            "first" => Test::First,
            "pre" => Test::Previous,
            "fill" => Test::Fill,
            text => Test::Every(text.strip_prefix("every").and_then(|n| n.parse().ok()).ok_or(())?),
        };
        Ok(Condition { test, not })
    }
}

impl Display for Ratchet {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Ratchet { hits, ramp, curve } = self;
        match (*ramp == Num::ZERO, *curve == Num::ZERO) {
            (true, true) => write!(f, "r{hits}"),
            (false, true) => write!(f, "r{hits}:{}", ramp.get()),
            (_, false) => write!(f, "r{hits}:{}:{}", ramp.get(), curve.get()),
        }
    }
}

impl FromStr for Ratchet {
    type Err = ();

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Ratchet, ()> {
        let mut parts = text.strip_prefix('r').ok_or(())?.split(':');
        let hits = parts.next().and_then(|hits| hits.parse().ok()).ok_or(())?;
        let mut shape = || parts.next().map_or(Ok(Num::ZERO), |part| number(part).ok_or(()));
        let (ramp, curve) = (shape()?, shape()?);
        if parts.next().is_some() { Err(()) } else { Ok(Ratchet { hits, ramp, curve }) }
    }
}
