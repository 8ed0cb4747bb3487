//! An engine brought to what was kept somewhere: a session that is loaded, a performance that goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::batch::{Accepted, Batch, Commit, CommitError, Origin, Work};
use crate::model::command::{ForgetSceneCommand, KeepSceneCommand};
use crate::model::{Command, Model, Name};

/// Brings an engine to a Model, as one batch, and to those scenes: all others are forgotten. What stays sounds on.
///
/// # Errors
/// [`CommitError`]: the Model is as it was.
pub fn bring(
    engine: &dyn Commit,
    origin: &Origin,
    model: Arc<Model>,
    scenes: &BTreeMap<Name, Arc<Model>>,
) -> Result<Accepted, CommitError> {
    let (empty, catalog, now) = (Model::default(), engine.catalog(), engine.state().scenes.clone());
    let keep = |(name, scene): (&Name, &Arc<Model>)| -> Command {
        KeepSceneCommand { name: name.clone(), commands: Some(empty.diff(scene, &catalog)) }.into()
    };
    let gone = now.keys().filter(|name| !scenes.contains_key(*name));
    let forget = gone.map(|name| ForgetSceneCommand { name: name.clone() }.into());
    let commands: Vec<Command> = forget.chain(scenes.iter().map(keep)).collect();
    if !commands.is_empty() {
        engine.commit(Batch::new(origin.clone(), commands))?;
    }
    engine.commit(Batch::of(origin.clone(), Work::Become(model)))
}
