//! Why a command was refused: what was attempted, why it cannot be, and what to do.

use super::graph::Cycle;
use super::value::Name;

/// A refused command. The Model is as it was.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No plugin provides the type.
    #[error("there is no module type \"{name}\"{}; `cantus plugins list` shows all", did_you_mean(.nearest))]
    UnknownType {
        /// What was asked for.
        name: Name,
        /// The closest type there is.
        nearest: Option<String>,
    },
    /// No module has the name.
    #[error("there is no module \"{name}\"{}", did_you_mean(.nearest))]
    UnknownModule {
        /// What was asked for.
        name: Name,
        /// The closest name there is.
        nearest: Option<String>,
    },
    /// A module of another type has the name.
    #[error("\"{name}\" is already the name of a {module_type}; choose another name or remove it first")]
    NameTaken {
        /// The name.
        name: Name,
        /// Type of the module that has it.
        module_type: Name,
    },
    /// A name that cannot be one.
    #[error(
        "\"{name}\" cannot be a name; use at most 64 letters, digits, _ and -, beginning with a letter, and not \"out\""
    )]
    BadName {
        /// The name.
        name: Name,
    },
    /// The type has no such parameter, slot parameter or action.
    #[error("{owner} has no {what} \"{name}\"{}", did_you_mean(.nearest))]
    UnknownKey {
        /// The module and its type, or its slots.
        owner: String,
        /// "parameter" or "action".
        what: &'static str,
        /// What was asked for.
        name: Name,
        /// The closest key there is.
        nearest: Option<String>,
    },
    /// A slot that is not there.
    #[error("{module} has no slot {slot}; {}", match .count { 0 => "it has none".to_owned(), n => format!("slots 1 to {n} are possible") })]
    UnknownSlot {
        /// The module's name.
        module: Name,
        /// The slot as people count, from 1.
        slot: u32,
        /// How many there are.
        count: usize,
    },
    /// A value outside of what the parameter takes.
    #[error("{path} = {value}: it {takes}")]
    BadValue {
        /// Path of the parameter.
        path: String,
        /// What was given.
        value: String,
        /// What it takes, with the range.
        takes: String,
    },
    /// A port that is not there.
    #[error("{module} has no {dir} \"{port}\"; it has {}", if .has.is_empty() { "none".to_owned() } else { .has.join(", ") })]
    UnknownPort {
        /// The module's name.
        module: Name,
        /// "input" or "output".
        dir: &'static str,
        /// What was asked for.
        port: Name,
        /// What there is.
        has: Vec<String>,
    },
    /// A cable between ports that do not fit.
    #[error("{connection} cannot be: one carries audio, the other events; connect audio to audio and events to events")]
    PortKinds {
        /// The cable.
        connection: String,
    },
    /// Cables that lead back to where they come from.
    #[error("{0}")]
    Cycle(#[from] Cycle),
    /// A module that cannot be played.
    #[error("{module} is a {module_type} and takes no notes; trigger an instrument")]
    NoNotes {
        /// The module's name.
        module: Name,
        /// Its type.
        module_type: Name,
    },
    /// A pattern that cannot be one.
    #[error("pattern \"{name}\" {problem}")]
    BadPattern {
        /// Its name.
        name: Name,
        /// What is wrong.
        problem: String,
    },
    /// A tempo, beat, note or velocity out of range.
    #[error("{what} {value} is out of range; {range} is possible")]
    OutOfRange {
        /// What it is.
        what: &'static str,
        /// What was given.
        value: f64,
        /// What can be.
        range: &'static str,
    },
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|n| format!("; did you mean \"{n}\"?")).unwrap_or_default()
}
