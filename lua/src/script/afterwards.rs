//! What is done once an evaluation is committed: steps back and forth, saving and loading the session.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cantus_host::control::{Accepted, Batch, CommitError, EngineState, Origin, Scenes, When, Work};
use cantus_host::model::command::UseProviderCommand;
use cantus_host::model::{Catalog, Model};
use cantus_host::plugins::Choice;
use cantus_host::session::{self, Folder, Opened};

use crate::error::ScriptError;
use crate::transaction::{Afterwards, Transaction};

use super::Script;

impl Script {
    /// Does what is to be done once a transaction is committed.
    pub(super) fn after(&mut self, work: &Transaction, name: &str, origin: &Origin) -> Result<(), ScriptError> {
        work.settle(&self.context.settings).map_err(|e| ScriptError::of(name, e.to_string()))?;
        let mut later = work.later().iter();
        later.try_for_each(|asked| self.ask(asked, work.when, origin)).map_err(|why| ScriptError::of(name, why))
    }

    /// Does what an evaluation or a turn asked for afterwards, at a time of its own, or else at that of all it does.
    fn ask(&mut self, asked: &Afterwards, when: When, origin: &Origin) -> Result<(), String> {
        match asked {
            Afterwards::Work(work, own) => {
                let when = if *own == When::Now { when } else { *own };
                // Steps are a person's, also if a callback takes them back.
                let person = origin.person();
                let own = person.is_some() || matches!(work, Work::Commands(_));
                let on_behalf = if own { origin.clone() } else { Origin::Repl };
                match self.context.engine.commit(Batch::of(on_behalf, work.clone()).at(when)) {
                    Ok(accepted) => self.print(&accepted.skipped),
                    // Nobody hears what was to happen on beats that will not come.
                    Err(CommitError::Over) if person.is_none() => {}
                    Err(error) => return Err(error.to_string()),
                }
                Ok(())
            }
            Afterwards::Save { path, replace } => self.save(path.as_deref(), *replace),
            Afterwards::Load(path) => self.load_session(path.as_deref()),
        }
    }

    pub(super) fn print(&self, lines: &[String]) {
        lines.iter().for_each(|line| (self.context.print.borrow_mut())(line));
    }

    fn save(&mut self, path: Option<&Path>, replace: bool) -> Result<(), String> {
        let path = self.folder("save", path)?;
        let state = self.context.engine.state();
        let saved = self.session.save(&path, &state, &state.catalog, &self.context.root, replace);
        self.print(&saved.map_err(|e| e.to_string())?);
        self.print(&[format!("saved to {}", path.display())]);
        Ok(())
    }

    /// Puts another session in the place of this one, ends what was to be done later, and evaluates its program: what
    /// that asked for is in the session already. Nobody's step: what was done before was done to another session.
    ///
    /// One that wants other plugins is read over their manifests first, and nothing is touched unless it is whole there.
    /// Then all else is taken away, the plugins change places, and it is read again over what they are now.
    fn load_session(&mut self, path: Option<&Path>) -> Result<(), String> {
        let path = self.folder("load", path)?;
        let before = self.context.engine.state();
        let (now, wanted) = (providers(&before.model), session::providers(&path));
        let (accepted, folder, notes) = if now == wanted {
            self.become_session(&path)?
        } else {
            self.open_session(&path, &self.context.engine.catalog_by(&wanted))?;
            let turned = self.turn_to(&wanted).and_then(|()| self.become_session(&path));
            turned.map_err(|why| self.put_back(&before, why))?
        };
        self.session = folder;
        self.session.belongs_to(&accepted.model);
        self.print(&notes);
        self.print(&[format!("loaded {}", path.display())]);
        self.forget_everything();
        let program = path.join("main.lua");
        self.context.program.replace(path);
        if !program.is_file() {
            return Ok(());
        }
        self.loaded = Some(program.clone());
        self.eval_file(&program).map(|_| ()).map_err(|e| e.to_string())
    }

    /// Reads a session over the manifests there are, and puts it in the place of what is there.
    fn become_session(&self, path: &Path) -> Result<(Accepted, Folder, Vec<String>), String> {
        let Opened { folder, model, scenes, notes, .. } = self.open_session(path, &self.context.engine.catalog())?;
        Ok((self.turn_into(model, scenes)?, folder, notes))
    }

    fn open_session(&self, path: &Path, catalog: &Catalog) -> Result<Opened, String> {
        let engine = &self.context.engine;
        let opened = session::open(path, catalog, &mut || engine.mint()).map_err(|e| e.to_string())?;
        opened.is_whole().map_err(|e| e.to_string())?;
        opened.sounds_lie_in(&self.context.root, catalog).map_err(|e| e.to_string())?;
        Ok(opened)
    }

    /// Puts back what was before another session was to be loaded. Answers why that is not there, and what is not there
    /// of this one.
    fn put_back(&self, before: &EngineState, why: String) -> String {
        // If that takes too long, too, the plugins are still those of before.
        let _ = self.turn_to(&providers(&before.model));
        let catalog = self.context.engine.catalog();
        let relaid = |model: &Arc<Model>| model.relaid(&before.catalog, &catalog).map(Arc::new);
        let scenes: Result<BTreeMap<_, _>, Vec<String>> =
            before.scenes.iter().map(|(name, scene)| Ok((name.clone(), relaid(scene)?))).collect();
        let put = relaid(&before.model).and_then(|model| Ok((model, scenes?)));
        let put = put.map_err(|lost| lost.join("; "));
        match put.and_then(|(model, scenes)| self.turn_into(model, scenes.into())) {
            Ok(_) => why,
            Err(lost) => format!("{why}; and what was there could not be put back: {lost}"),
        }
    }

    /// To nothing but these providers.
    fn turn_to(&self, providers: &[Choice]) -> Result<(), String> {
        let (engine, mut empty) = (&self.context.engine, Model::default());
        for choice in providers {
            let plugin = Some(choice.plugin.to_string().into());
            let command = UseProviderCommand { module_type: choice.module_type.as_str().into(), plugin };
            // Of a type that nobody knows nothing can be chosen: what it was is told when the session is read.
            let _ = empty.edit(&command.into(), &engine.catalog());
        }
        self.turn_into(empty.into(), Scenes::default())?;
        match engine.wait_for_plugins() {
            true => Ok(()),
            false => Err("could not load the session: its plugins are still being looked at; try again".into()),
        }
    }

    fn turn_into(&self, model: Arc<Model>, scenes: Scenes) -> Result<Accepted, String> {
        let session = Batch::of(Origin::Host, Work::Become(model, scenes));
        self.context.engine.commit(session).map_err(|e| e.to_string())
    }

    fn folder(&self, verb: &str, path: Option<&Path>) -> Result<PathBuf, String> {
        let path = path.or(self.session.path()).map(Path::to_owned);
        path.ok_or_else(|| {
            format!("could not {verb} the session: it has no folder yet; name one: engine:{verb}(\"song\")")
        })
    }

    /// Says what was left out because it was too late: no error of anybody's.
    pub(super) fn tell_skipped(&self) {
        let mut agenda = self.context.later.agenda.borrow_mut();
        let skipped = agenda.skipped();
        let lines: Vec<String> = skipped
            .into_iter()
            .filter_map(|(id, count)| {
                let task = agenda.get_mut(id)?;
                let place = task.place.as_ref().map_or_else(|| task.owner.to_string(), ToString::to_string);
                let calls = if count == 1 { "1 call".to_owned() } else { format!("{count} calls") };
                Some(format!("{place}: {} left out {calls}, for which there was no time", task.label))
            })
            .collect();
        drop(agenda);
        self.print(&lines);
    }
}

/// What a session says of who is to provide what.
fn providers(model: &Model) -> Vec<Choice> {
    model.providers.iter().filter_map(|(module_type, plugin)| Choice::of_session(module_type, plugin)).collect()
}
