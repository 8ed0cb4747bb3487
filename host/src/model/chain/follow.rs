//! What comes after an entry of a chain.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ENTRIES;

/// What comes after an entry: one of several ways, each as often as its weight says; none: the next entry.
///
/// As text `next`, `previous`, `first`, `last`, `again`, `any`, `other`, `end` or the number of an entry, from 1; several
/// with their weights: `next 3, any 1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Follow(pub Arc<[(Go, u8)]>);

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// To the next entry that is played; after the last to the first, or the end, as the chain says.
    Next,
    /// To the one before; from the first to the last.
    Previous,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// To the same.
    Again,
    /// To any of them.
    Any,
    /// To any other.
    Other,
    /// To the entry of that number, from 0; if it is left out, to the next one that is played.
    Entry(u32),
    /// Nowhere: silence.
    End,
}

/// The words for them, but for numbers.
const WORDS: [(&str, Go); 8] = [
    ("next", Go::Next),
    ("previous", Go::Previous),
    ("first", Go::First),
    ("last", Go::Last),
    ("again", Go::Again),
    ("any", Go::Any),
    ("other", Go::Other),
    ("end", Go::End),
];

impl Follow {
    /// The next entry comes.
    pub fn is_plain(&self) -> bool {
        self.0.is_empty()
    }

    /// Nothing but that comes; the next entry if nothing is said.
    pub fn only(&self, go: Go) -> bool {
        self.0.iter().all(|(other, _)| *other == go) && (go == Go::Next || !self.0.is_empty())
    }

    /// What keeps it from being one, if anything does.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let entry = |go: &Go| matches!(go, Go::Entry(entry) if *entry as usize >= ENTRIES);
        match self {
            _ if self.0.len() > 16 => Some("at most 16 ways may follow it"),
            _ if self.0.iter().any(|(_, weight)| *weight == 0) => Some("the weights of what follows are 1 to 255"),
            _ if self.0.iter().any(|(go, _)| entry(go)) => Some("only entries 1 to 1024 can follow it"),
            _ => None,
        }
    }

    /// The way that a number below 1 draws.
    pub fn drawn(&self, number: f64) -> Go {
        let all: f64 = self.0.iter().map(|(_, weight)| f64::from(*weight)).sum();
        let mut left = number * all;
        let drawn = self.0.iter().find(|(_, weight)| {
            left -= f64::from(*weight);
            left < 0.0
        });
        drawn.map_or(Go::Next, |(go, _)| *go)
    }
}

impl std::fmt::Display for Go {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self, WORDS.iter().find(|(_, go)| go == self)) {
            (Go::Entry(entry), _) => write!(f, "{}", u64::from(*entry) + 1),
            (_, word) => f.write_str(word.map_or("next", |(word, _)| word)),
        }
    }
}

impl std::str::FromStr for Go {
    type Err = String;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Go, String> {
        let number = || text.parse::<u32>().ok()?.checked_sub(1).map(Go::Entry);
        let word = WORDS.iter().find(|(word, _)| *word == text).map(|(_, go)| *go);
        word.or_else(number).ok_or_else(|| {
            let hint = cantus_manifest::hint(text, WORDS.iter().map(|(word, _)| *word));
            format!("\"{text}\" cannot follow an entry{hint}; write next, previous, first, last, again, any, other, end or the \
                     number of an entry")
        })
    }
}

impl std::fmt::Display for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let [(go, 1)] = &*self.0 {
            return write!(f, "{go}");
        }
        for (n, (go, weight)) in self.0.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}{go} {weight}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Follow {
    type Err = String;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Follow, String> {
        let way = |way: &str| {
            let (go, weight) = way.trim().split_once(' ').unwrap_or((way.trim(), "1"));
            let weight = weight.trim().parse().map_err(|_| format!("\"{weight}\" is no weight; 1 to 255 are"))?;
            Ok((go.parse()?, weight))
        };
        text.split(',').map(way).collect::<Result<_, String>>().map(Follow)
    }
}

impl Serialize for Follow {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Follow {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Follow, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back() {
        for text in ["next", "any", "3", "next 3, any 1", "other 2", "end 1, 12 255"] {
            assert_eq!(text.parse::<Follow>().map(|follow| follow.to_string()).as_deref(), Ok(text));
        }
        let words = "write next, previous, first, last, again, any, other, end or the number of an entry";
        let wrong = format!("\"lst\" cannot follow an entry; did you mean \"last\"?; {words}");
        assert_eq!("lst".parse::<Follow>(), Err(wrong.clone()), "{wrong}");
        assert_eq!("next x".parse::<Follow>(), Err("\"x\" is no weight; 1 to 255 are".to_owned()));
    }

    #[test]
    fn each_way_is_drawn_as_often_as_its_weight_says() {
        let follow: Follow = "next 3, end 1".parse().expect("good");
        let drawn: Vec<Go> = [0.0, 0.7499, 0.75, 0.9999].map(|number| follow.drawn(number)).into();
        assert_eq!(drawn, [Go::Next, Go::Next, Go::End, Go::End]);
    }
}
