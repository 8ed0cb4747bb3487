//! The parts of the state that callbacks may be told of.

use std::sync::Arc;

use cantus_host::control::EngineState;
use cantus_host::model::{Catalog, Model, Name, Path};
use cantus_manifest::hint;

use super::{CLOCK, ROOT};

/// What of a module is told of with all of it. Meters are not: they are sampled when they are read.
const WHOLE: [&str; 10] = ["enabled", "id", "mute", "name", "parameters", "seed", "slots", "solo", "status", "type"];

/// A part of the state that somebody wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Tempo, signature, swing, loop; playing or not, and jumps.
    Clock,
    /// All modules.
    Modules,
    /// All cables.
    Connections,
    /// All patterns.
    Patterns,
    /// What waits for its time.
    Pending,
    /// What is missing or has failed.
    Problems,
    /// Kept scenes.
    Scenes,
    /// A module.
    Module(Name),
    /// A pattern.
    Pattern(Name),
    /// A parameter.
    Value(Path),
}

impl Part {
    /// `clock`, `modules.kick.parameters.volume` as a callback reads it, or `kick.volume`, `kick`; of what is there.
    ///
    /// # Errors
    /// The end of a sentence: what is not there would never be told of.
    pub fn read(text: &str, model: &Model, catalog: &Catalog) -> Result<Part, String> {
        let (first, rest) = text.split_once('.').unwrap_or((text, ""));
        Ok(match (first, rest) {
            ("", _) => return Err("is empty; write such as \"clock\" or \"kick.volume\"".into()),
            ("clock", key) if key.is_empty() || CLOCK.contains(&key) => Part::Clock,
            ("clock", key) => return Err(format!("the clock has no \"{key}\"{}", hint(key, CLOCK))),
            ("modules", "") => Part::Modules,
            ("connections", _) => Part::Connections,
            ("patterns", "") => Part::Patterns,
            ("patterns", rest) => {
                let name = rest.split('.').next().unwrap_or(rest);
                let names = model.patterns.keys().map(|name| &**name);
                if !model.patterns.contains(name) {
                    return Err(format!("there is no pattern \"{name}\"{}", hint(name, names)));
                }
                Part::Pattern(name.into())
            }
            ("pending", _) => Part::Pending,
            ("problems", _) => Part::Problems,
            ("scenes", _) => Part::Scenes,
            ("modules", path) => return Part::of_module(path, model, catalog),
            _ => return Part::of_module(text, model, catalog),
        })
    }

    /// `kick`, `kick.volume`, `kick.slots[1].file`; what else a module has is told of with all of it.
    fn of_module(path: &str, model: &Model, catalog: &Catalog) -> Result<Part, String> {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        if !model.modules.contains(name) {
            let names = model.modules.keys().map(|name| &**name).chain(ROOT);
            return Err(format!("there is no module \"{name}\"{}", hint(name, names)));
        }
        let key = rest.strip_prefix("parameters.").unwrap_or(rest);
        let value = format!("{name}.{key}").parse::<Path>().and_then(|path| match path.find(model, catalog) {
            Ok(_) => Ok(path),
            Err(refusal) => Err(refusal.to_string()),
        });
        match value {
            Ok(path) => Ok(Part::Value(path)),
            Err(_) if key.is_empty() || WHOLE.contains(&key.split(['[', '.']).next().unwrap_or(key)) => {
                Ok(Part::Module(name.into()))
            }
            Err(why) => Err(why),
        }
    }

    /// Whether it is the same in two states.
    pub fn same(&self, before: &EngineState, after: &EngineState) -> bool {
        let (a, b) = (&*before.model, &*after.model);
        match self {
            Part::Clock => {
                (a.bpm, a.signature, a.swing, a.loop_range) == (b.bpm, b.signature, b.swing, b.loop_range)
                    && a.tempo_map == b.tempo_map
                    && before.orders == after.orders
            }
            Part::Modules => a.modules == b.modules && before.status == after.status,
            Part::Connections => a.connections == b.connections,
            Part::Patterns => a.patterns == b.patterns,
            Part::Pending => before.pending == after.pending,
            Part::Problems => before.status == after.status,
            Part::Scenes => Arc::ptr_eq(&before.scenes, &after.scenes),
            Part::Module(name) => {
                a.modules.get(name) == b.modules.get(name)
                    && before.status.modules.get(name) == after.status.modules.get(name)
            }
            Part::Pattern(name) => a.patterns.get(name) == b.patterns.get(name),
            Part::Value(path) => {
                let find = |state: &EngineState| Some(path.find(&state.model, &state.catalog).ok()?.value().clone());
                find(before) == find(after)
            }
        }
    }
}
