//! What comes of a check.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a check ended, the better the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is so.
    Pass,
    /// It means nothing here.
    Skip,
    /// It is worth a look; nothing breaks.
    Warn,
    /// It is not so.
    Fail,
    /// The library ended the process.
    Crash,
    /// It took too long.
    Hang,
}

impl Outcome {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Skip => "skip",
            Outcome::Warn => "warn",
            Outcome::Fail => "fail",
            Outcome::Crash => "crash",
            Outcome::Hang => "hang",
        }
    }

    /// Whether the plugin must be mended.
    pub fn is_bad(self) -> bool {
        self >= Outcome::Fail
    }
}

/// How a check ended, and why: what was seen, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Verdict {
    /// How.
    pub outcome: Outcome,
    /// Why; empty for what passes.
    pub text: String,
}

/// What a check function returns: nothing to say, or what to say.
pub(super) type Finding = Result<(), Verdict>;

impl Verdict {
    /// It is so.
    pub const PASS: Verdict = Verdict { outcome: Outcome::Pass, text: String::new() };

    /// It is not so.
    pub fn fail(text: impl Into<String>) -> Verdict {
        Verdict { outcome: Outcome::Fail, text: text.into() }
    }

    /// It is worth a look.
    pub fn warn(text: impl Into<String>) -> Verdict {
        Verdict { outcome: Outcome::Warn, text: text.into() }
    }

    /// It means nothing here.
    pub fn skip(text: impl Into<String>) -> Verdict {
        Verdict { outcome: Outcome::Skip, text: text.into() }
    }

    /// The same, said of something: a value, a moment.
    pub(super) fn of(self, what: &str) -> Verdict {
        Verdict { text: format!("{what}: {}", self.text), ..self }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.outcome.name(), self.text)
    }
}

/// The first few of a list, and how many more there are.
pub(super) fn few(items: &[String]) -> String {
    const MOST: usize = 3;
    let shown = items[..items.len().min(MOST)].join("; ");
    match items.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
