//! What the parts of a manifest are called, and what a parameter takes, in words: one home for help, lists and messages.

use crate::types::{Kind, Meter, ParamKind, Port, PortKind, Unit};

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 9] = [
        Kind::Sequencer,
        Kind::Instrument,
        Kind::Effect,
        Kind::Mixer,
        Kind::Modulator,
        Kind::Analyser,
        Kind::Utility,
        Kind::Source,
        Kind::Sink,
    ];

    /// As in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Sequencer => "sequencer",
            Kind::Instrument => "instrument",
            Kind::Effect => "effect",
            Kind::Mixer => "mixer",
            Kind::Modulator => "modulator",
            Kind::Analyser => "analyser",
            Kind::Utility => "utility",
            Kind::Source => "source",
            Kind::Sink => "sink",
        }
    }
}

impl PortKind {
    /// All kinds.
    pub const ALL: [PortKind; 3] = [PortKind::Audio, PortKind::Event, PortKind::Mod];

    /// As in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            PortKind::Audio => "audio",
            PortKind::Event => "event",
            PortKind::Mod => "mod",
        }
    }
}

impl Port {
    /// What there is under its key: `in`, or `in_1 to in_3`.
    pub fn keys(&self) -> String {
        counted(&self.key, self.count)
    }
}

impl Meter {
    /// What there is under its key: `peak`, or `peak_1 to peak_8`.
    pub fn keys(&self) -> String {
        counted(&self.key, self.count)
    }
}

fn counted(key: &str, count: Option<u16>) -> String {
    count.map_or_else(|| key.to_owned(), |count| format!("{key}_1 to {key}_{count}"))
}

impl Unit {
    /// As in a manifest, `""` for a plain number.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Gain => "gain",
            Unit::Note => "note",
            other => other.sign(),
        }
    }

    /// A number with its unit: `0.5 s`, `-6 dB`, `2`.
    pub fn with(self, number: f64) -> String {
        let sign = self.sign();
        if sign.is_empty() { format!("{number}") } else { format!("{number} {sign}") }
    }
}

impl ParamKind {
    /// As in a manifest: `float`, `enum`.
    pub fn name(&self) -> &'static str {
        match self {
            ParamKind::Float { .. } => "float",
            ParamKind::Int { .. } => "int",
            ParamKind::Bool { .. } => "bool",
            ParamKind::Enum { .. } => "enum",
            ParamKind::Sample => "sample",
            ParamKind::Pattern => "pattern",
            ParamKind::Numbers { .. } => "numbers",
            ParamKind::Text => "text",
        }
    }

    /// What the number counts; a plain one where there is none.
    pub fn unit(&self) -> Unit {
        if let ParamKind::Float { unit, .. } = self { *unit } else { Unit::None }
    }

    /// All it can be, and in brackets what it is in a new module: `0 to 10 s (0.5)`.
    pub fn range(&self) -> String {
        match self {
            ParamKind::Float { min, max, default, unit } => format!("{min} to {} ({default})", unit.with(*max)),
            ParamKind::Int { min, max, default } => format!("{min} to {max} ({default})"),
            ParamKind::Bool { default } => format!("true or false ({default})"),
            ParamKind::Enum { labels, default } => format!("\"{}\" (\"{default}\")", labels.join("\", \"")),
            ParamKind::Sample => "a sound file".to_owned(),
            ParamKind::Pattern => "a pattern".to_owned(),
            ParamKind::Numbers { min, max } => format!("a list of numbers from {min} to {max}"),
            ParamKind::Text => "a line of text".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_manifests_are_written_with() {
        let quoted = |name: &str| format!("\"{name}\"");
        for kind in Kind::ALL {
            assert_eq!(toml::Value::try_from(kind).expect("text").to_string(), quoted(kind.name()));
        }
        for kind in PortKind::ALL {
            assert_eq!(toml::Value::try_from(kind).expect("text").to_string(), quoted(kind.name()));
        }
        use Unit::*;
        for unit in [None, Gain, Decibels, Seconds, Hertz, Note, Semitones, Cents, Beats, Percent] {
            assert_eq!(toml::Value::try_from(unit).expect("text").to_string(), quoted(unit.name()));
        }
    }

    #[test]
    fn ranges_read_well() {
        let float = |unit| ParamKind::Float { min: -1.0, max: 2.0, default: 0.5, unit };
        let labels = vec!["sine".to_owned(), "saw".to_owned()];
        for (kind, expected) in [
            (float(Unit::None), "-1 to 2 (0.5)"),
            (float(Unit::Gain), "-1 to 2 (0.5)"),
            (float(Unit::Seconds), "-1 to 2 s (0.5)"),
            (ParamKind::Int { min: 1, max: 16, default: 4 }, "1 to 16 (4)"),
            (ParamKind::Bool { default: true }, "true or false (true)"),
            (ParamKind::Enum { labels, default: "saw".into() }, "\"sine\", \"saw\" (\"saw\")"),
        ] {
            assert_eq!(kind.range(), expected);
        }
    }
}
