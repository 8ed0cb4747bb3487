//! Why a command was refused: what was attempted, why it cannot be, and what to do.

use super::graph::Cycle;
use super::value::Name;
use cantus_manifest::did_you_mean;

fn lockable(can: &[String]) -> String {
    match can {
        [] => "none of its parameters can".to_owned(),
        keys => format!("these can: {}", keys.join(", ")),
    }
}

/// A refused command. The Model is as it was.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No plugin provides the type.
    #[error("there is no module type \"{name}\"{}; `cantus plugins list` shows all", did_you_mean(.nearest.as_deref()))]
    UnknownType {
        /// What was asked for.
        name: Name,
        /// The closest type there is.
        nearest: Option<String>,
    },
    /// No module has the name.
    #[error("there is no module \"{name}\"{}", did_you_mean(.nearest.as_deref()))]
    UnknownModule {
        /// What was asked for.
        name: Name,
        /// The closest name there is.
        nearest: Option<String>,
    },
    /// No scene has the name.
    #[error("there is no scene \"{name}\"{}; scene(\"{name}\") keeps one", did_you_mean(.nearest.as_deref()))]
    UnknownScene {
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
    /// Another module is, or was, that one.
    #[error("module {id} is there already, as \"{name}\"; leave the id to the engine")]
    IdTaken {
        /// The id.
        id: u64,
        /// Who has it.
        name: Name,
    },
    /// The type has no such parameter, slot parameter or action.
    #[error("{owner} has no {what} \"{name}\"{}", did_you_mean(.nearest.as_deref()))]
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
    #[error(
        "{connection} cannot be: one carries {from}, the other {to}; connect audio to audio and events to events, and let modulation move a parameter"
    )]
    PortKinds {
        /// The cable.
        connection: String,
        /// What comes.
        from: &'static str,
        /// What is taken.
        to: &'static str,
    },
    /// A cable between channel counts of which neither is a multiple of the other.
    #[error("{connection} cannot be: {from} channels do not go into {to}; one count must be a multiple of the other")]
    Channels {
        /// The cable.
        connection: String,
        /// Channels that come.
        from: u16,
        /// Channels that are taken.
        to: u16,
    },
    /// A link to a parameter that is no number.
    #[error("{path} cannot be moved: it is no number")]
    NotANumber {
        /// Path of the parameter.
        path: String,
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
    /// A value for one note alone, of a parameter that cannot have one.
    #[error("{param} of {module} cannot be set for one note alone; {}", lockable(.can))]
    NotLockable {
        /// The module's name.
        module: Name,
        /// What was asked for.
        param: Name,
        /// What can be.
        can: Vec<String>,
    },
    /// More values for one note alone than a note can have.
    #[error(
        "a note of {module} cannot have {count} values of its own; at most {} are possible",
        super::command::MOST_LOCKS
    )]
    TooManyLocks {
        /// The module's name.
        module: Name,
        /// How many were asked for.
        count: usize,
    },
    /// No pattern or chain has the name.
    #[error("there is no {what} \"{name}\"{}", did_you_mean(.nearest.as_deref()))]
    Unknown {
        /// "pattern" or "chain".
        what: &'static str,
        /// What was asked for.
        name: Name,
        /// The closest name there is.
        nearest: Option<String>,
    },
    /// A chain has the pattern's name, or the other way round.
    #[error("\"{name}\" is already the name of a {what}; choose another name or remove it first")]
    Taken {
        /// The name.
        name: Name,
        /// "pattern" or "chain".
        what: &'static str,
    },
    /// A chain that cannot be one.
    #[error("chain \"{name}\" {problem}")]
    BadChain {
        /// Its name.
        name: Name,
        /// What is wrong.
        problem: String,
    },
    /// There is no such setting.
    #[error("there is no setting \"{name}\"{}; `settings()` shows all", did_you_mean(.nearest.as_deref()))]
    UnknownSetting {
        /// What was asked for.
        name: Name,
        /// The closest there is.
        nearest: Option<String>,
    },
    /// What was kept of a type cannot be read.
    #[error("what was kept of type \"{module_type}\" cannot be read: {problem}")]
    BadExcerpt {
        /// The type.
        module_type: Name,
        /// What is wrong.
        problem: String,
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
