//! Values: what a parameter can hold, and how what people write becomes one.

use std::sync::Arc;

use cantus_manifest::{LONGEST_TEXT, MOST_NUMBERS, ParamKind, Unit};
use serde::{Deserialize, Deserializer, Serialize};

use super::unit;

/// A name or other short text, shared.
pub type Name = Arc<str>;

/// A finite number. Equal if its bits are; -0 is 0. Sorted as numbers are.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Num(u64);

impl Num {
    /// 0.
    pub const ZERO: Num = Num(0);
    /// 1.
    pub const ONE: Num = Num(1f64.to_bits());

    /// A number known to be finite.
    ///
    /// # Panics
    /// If it is not.
    pub fn of(value: f64) -> Num {
        Num::new(value).expect("a finite number")
    }

    /// `None` for NaN and the infinities.
    pub fn new(value: f64) -> Option<Num> {
        value.is_finite().then(|| Num((value + 0.0).to_bits()))
    }

    /// The number.
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl Ord for Num {
    fn cmp(&self, other: &Num) -> std::cmp::Ordering {
        // Finite, and one zero only: all orders agree.
        self.get().total_cmp(&other.get())
    }
}

impl PartialOrd for Num {
    fn partial_cmp(&self, other: &Num) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Num {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.get())
    }
}

impl<'de> Deserialize<'de> for Num {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Num, D::Error> {
        Num::new(f64::deserialize(from)?).ok_or_else(|| serde::de::Error::custom("a number is finite"))
    }
}

impl std::fmt::Debug for Num {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.get())
    }
}

/// What a parameter holds, or what somebody wants it to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Num(Num),
    /// A label, a file, a pattern's name; or a number with its unit, before it is accepted.
    Text(Name),
    /// Numbers in a row.
    List(Arc<[Num]>),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Flag(v) => write!(f, "{v}"),
            Value::Int(v) => write!(f, "{v}"),
            Value::Num(v) => write!(f, "{}", v.get()),
            Value::Text(v) => write!(f, "\"{v}\""),
            Value::List(v) => {
                let numbers: Vec<String> = v.iter().map(|number| number.get().to_string()).collect();
                write!(f, "{{{}}}", numbers.join(", "))
            }
        }
    }
}

impl Value {
    /// The value as it travels to a module; `None` for data.
    pub fn wire(&self, kind: &ParamKind) -> Option<f64> {
        match (self, kind) {
            (Value::Text(label), ParamKind::Enum { labels, .. }) => {
                labels.iter().position(|l| **l == **label).map(|i| i as f64)
            }
            (Value::Flag(v), _) => Some(f64::from(u8::from(*v))),
            (Value::Int(v), _) => Some(*v as f64),
            (Value::Num(v), _) => Some(v.get()),
            (Value::Text(_) | Value::List(_), _) => None,
        }
    }

    /// The value of a parameter that is nearest to a number; data is empty.
    pub fn of_number(x: f64, kind: &ParamKind) -> Value {
        match kind {
            ParamKind::Float { .. } => Value::Num(Num::new(x).unwrap_or(Num::ZERO)),
            ParamKind::Int { .. } => Value::Int(x.round() as i64),
            ParamKind::Bool { .. } => Value::Flag(x >= 0.5),
            ParamKind::Enum { labels, .. } => {
                let index = (x.round().max(0.0) as usize).min(labels.len().saturating_sub(1));
                Value::Text(labels[index].as_str().into())
            }
            ParamKind::Sample | ParamKind::Pattern | ParamKind::Text => Value::Text("".into()),
            ParamKind::Numbers { .. } => Value::List(Arc::default()),
        }
    }

    /// The default of a parameter.
    pub fn default_of(kind: &ParamKind) -> Value {
        match kind {
            ParamKind::Float { default, .. } => Value::Num(Num::new(*default).expect("checked with the manifest")),
            ParamKind::Int { default, .. } => Value::Int(*default),
            ParamKind::Bool { default } => Value::Flag(*default),
            ParamKind::Enum { default, .. } => Value::Text(default.as_str().into()),
            ParamKind::Sample | ParamKind::Pattern | ParamKind::Text => Value::Text("".into()),
            ParamKind::Numbers { .. } => Value::List(Arc::default()),
        }
    }
}

/// Turns what somebody wrote into a value of that kind: whole numbers into numbers, `"-6dB"` into a gain, `"250ms"`
/// into seconds, `"C4"` into a note, 0 and 1 into off and on, a label in capitals into the label.
///
/// # Errors
/// The end of a sentence: what it takes instead, with the range.
pub fn accept(kind: &ParamKind, wanted: &Value) -> Result<Value, String> {
    match kind {
        ParamKind::Float { min, max, unit, .. } => number(wanted, *min, *max, *unit),
        ParamKind::Int { min, max, .. } => {
            let number = match wanted {
                Value::Int(v) => Some(*v),
                // Beyond that it would be turned into the nearest there is.
                Value::Num(v) => (v.get().fract() == 0.0 && v.get().abs() < 2f64.powi(63)).then(|| v.get() as i64),
                Value::Text(text) => text.trim().parse().ok(),
                Value::Flag(_) | Value::List(_) => None,
            };
            let number = number.filter(|v| (min..=max).contains(&v));
            number.map(Value::Int).ok_or_else(|| format!("takes a whole number from {min} to {max}"))
        }
        ParamKind::Bool { .. } => match wanted {
            Value::Flag(v) => Ok(Value::Flag(*v)),
            Value::Int(0) => Ok(Value::Flag(false)),
            Value::Int(1) => Ok(Value::Flag(true)),
            _ => Err("takes true or false".into()),
        },
        ParamKind::Enum { labels, .. } => label(wanted, labels),
        ParamKind::Sample => text(wanted, "takes the path of a sound file as text"),
        ParamKind::Pattern => text(wanted, "takes the name of a pattern as text"),
        ParamKind::Numbers { min, max } => numbers(wanted, *min, *max),
        ParamKind::Text => {
            let good = |text: &str| text.chars().count() <= LONGEST_TEXT && !text.contains(char::is_control);
            let given = text(wanted, "takes text of one line");
            match given? {
                Value::Text(text) if !good(&text) => {
                    Err(format!("takes text of one line, of at most {LONGEST_TEXT} characters"))
                }
                value => Ok(value),
            }
        }
    }
}

fn numbers(wanted: &Value, min: f64, max: f64) -> Result<Value, String> {
    let Value::List(list) = wanted else { return Err(format!("takes a list of numbers from {min} to {max}")) };
    if list.len() > MOST_NUMBERS {
        return Err(format!("takes at most {MOST_NUMBERS} numbers, not {}", list.len()));
    }
    match list.iter().position(|number| !(min..=max).contains(&number.get())) {
        None => Ok(wanted.clone()),
        Some(at) => Err(format!("takes numbers from {min} to {max}; number {} is {}", at + 1, list[at].get())),
    }
}

fn number(wanted: &Value, min: f64, max: f64, unit: Unit) -> Result<Value, String> {
    let number = match wanted {
        Value::Num(v) => Some(v.get()),
        Value::Int(v) => Some(*v as f64),
        Value::Text(text) => unit::parse(text, unit),
        Value::Flag(_) | Value::List(_) => None,
    };
    // Written so that NaN is refused.
    let number = number.filter(|v| *v >= min && *v <= max).and_then(Num::new);
    number.map(Value::Num).ok_or_else(|| {
        let example = unit::example(unit, min, max);
        let example = example.map(|text| format!(", or text such as \"{text}\"")).unwrap_or_default();
        format!("takes a number from {} to {}{example}", unit.with(min), unit.with(max))
    })
}

/// Text that says a value of that kind as people write it, where that is more than the number: `"-6dB"`.
pub fn example(kind: &ParamKind) -> Option<&'static str> {
    if let ParamKind::Float { min, max, unit, .. } = kind { unit::example(*unit, *min, *max) } else { None }
}

fn label(wanted: &Value, labels: &[String]) -> Result<Value, String> {
    let Value::Text(text) = wanted else {
        return Err(format!("takes one of \"{}\"", labels.join("\", \"")));
    };
    if let Some(label) = labels.iter().find(|label| label.eq_ignore_ascii_case(text)) {
        return Ok(if **label == **text { wanted.clone() } else { Value::Text(label.as_str().into()) });
    }
    let hint = cantus_manifest::hint(text, labels.iter().map(String::as_str));
    Err(format!("takes one of \"{}\"{hint}", labels.join("\", \"")))
}

fn text(wanted: &Value, otherwise: &str) -> Result<Value, String> {
    if let Value::Text(_) = wanted { Ok(wanted.clone()) } else { Err(otherwise.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn num(v: f64) -> Value {
        Value::Num(Num::new(v).expect("finite"))
    }

    #[test]
    fn accepted_values() {
        let gain = ParamKind::Float { min: 0.0, max: 2.0, default: 1.0, unit: Unit::Gain };
        let time = ParamKind::Float { min: 0.0, max: 10.0, default: 0.0, unit: Unit::Seconds };
        let note = ParamKind::Float { min: 0.0, max: 127.0, default: 60.0, unit: Unit::Note };
        let plain = ParamKind::Float { min: 0.0, max: 1.0, default: 0.0, unit: Unit::None };
        let most = ParamKind::Int { min: 0, max: i64::MAX, default: 1 };
        let whole = ParamKind::Int { min: 1, max: 64, default: 1 };
        let flag = ParamKind::Bool { default: false };
        let mode = ParamKind::Enum { labels: vec!["once".into(), "loop".into()], default: "once".into() };
        let text = |t: &str| Value::Text(t.into());
        let slices = ParamKind::Numbers { min: 0.0, max: 1.0 };
        let list = |v: &[f64]| Value::List(v.iter().map(|v| Num::of(*v)).collect());
        for (kind, wanted, expected) in [
            (&gain, num(0.5), Ok(num(0.5))),
            (&gain, Value::Int(1), Ok(num(1.0))),
            (&gain, text("0dB"), Ok(num(1.0))),
            (&gain, text("50%"), Ok(num(0.5))),
            (&gain, text("-inf dB"), Ok(num(0.0))),
            (&gain, num(3.0), Err("takes a number from 0 to 2, or text such as \"-6dB\"")),
            (&gain, text("loud"), Err("takes a number from 0 to 2, or text such as \"-6dB\"")),
            (&gain, text("1e999"), Err("takes a number from 0 to 2, or text such as \"-6dB\"")),
            (&gain, Value::Flag(true), Err("takes a number from 0 to 2, or text such as \"-6dB\"")),
            (&plain, num(2.0), Err("takes a number from 0 to 1")),
            (&time, text("250ms"), Ok(num(0.25))),
            (&time, text("2 s"), Ok(num(2.0))),
            (&time, text("2 Hz"), Err("takes a number from 0 s to 10 s, or text such as \"250ms\"")),
            (&note, text("C4"), Ok(num(60.0))),
            (&whole, num(3.0), Ok(Value::Int(3))),
            (&whole, num(3.5), Err("takes a whole number from 1 to 64")),
            (&whole, Value::Int(0), Err("takes a whole number from 1 to 64")),
            (&flag, Value::Int(1), Ok(Value::Flag(true))),
            (&flag, text("yes"), Err("takes true or false")),
            (&mode, text("loop"), Ok(text("loop"))),
            (&whole, text("3"), Ok(Value::Int(3))),
            (&most, num(9_223_372_036_854_775_808.0), Err("takes a whole number from 0 to 9223372036854775807")),
            (&mode, text("LOOP"), Ok(text("loop"))),
            (&mode, Value::Int(1), Err("takes one of \"once\", \"loop\"")),
            (&mode, text("loup"), Err("takes one of \"once\", \"loop\"; did you mean \"loop\"?")),
            (&ParamKind::Sample, text("bd.flac"), Ok(text("bd.flac"))),
            (&slices, list(&[]), Ok(list(&[]))),
            (&slices, list(&[0.0, 1.0]), Ok(list(&[0.0, 1.0]))),
            (&slices, list(&[0.0, 1.5]), Err("takes numbers from 0 to 1; number 2 is 1.5")),
            (&slices, list(&[0.5; 1025]), Err("takes at most 1024 numbers, not 1025")),
            (&slices, num(0.5), Err("takes a list of numbers from 0 to 1")),
            (&plain, list(&[0.5]), Err("takes a number from 0 to 1")),
            (&ParamKind::Text, text(&"ä".repeat(256)), Ok(text(&"ä".repeat(256)))),
            (&ParamKind::Text, text(&"a".repeat(257)), Err("takes text of one line, of at most 256 characters")),
            (&ParamKind::Text, text("a\nb"), Err("takes text of one line, of at most 256 characters")),
            (&ParamKind::Text, list(&[]), Err("takes text of one line")),
            (&ParamKind::Sample, num(1.0), Err("takes the path of a sound file as text")),
        ] {
            assert_eq!(accept(kind, &wanted), expected.map_err(str::to_owned), "{wanted:?}");
        }
    }

    #[test]
    fn numbers_are_finite() {
        assert_eq!(Num::new(f64::NAN), None);
        assert_eq!(Num::new(f64::INFINITY), None);
        assert_eq!(Num::new(-0.0), Num::new(0.0));
    }
}
