//! An evaluation's private copy of the Model, and the commands that lead to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use cantus_host::control::{ClockReading, CommitError, Origin, When, Work};
use cantus_host::model::{Asked, Catalog, Command, Edge, Edit, Model, Name, Path, Refusal, Setting, Value, merge};
use cantus_host::settings::{Settings, SettingsError};

use crate::error::{Place, ScriptError};
use crate::later::Staged;

/// What a script asked of the transport last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Beats are to go on.
    Start,
    /// Beats are to stand still at beat 0.
    Stop,
    /// Beats are to stand still where they are.
    Pause,
}

/// Sets that are looked through for an earlier one of the same parameter: as many as a loop over a few modules does.
const RECENT: usize = 16;

/// Something to be done after the commit.
#[derive(Clone, Debug)]
pub enum Afterwards {
    /// By the engine.
    Work(Work, When),
    /// The session is written to a folder.
    Save {
        /// `None`: the one it is in.
        path: Option<PathBuf>,
        /// Whatever lies there.
        replace: bool,
    },
    /// The session of a folder takes the place of this one; `None`: of the one it is in.
    Load(Option<PathBuf>),
}

/// Edits a copy, and keeps what led to it.
pub struct Transaction {
    /// The module types there are.
    pub catalog: Arc<Catalog>,
    /// The Model as the script sees it.
    pub model: Model,
    /// What the script asked of the transport.
    pub transport: Option<Transport>,
    /// The clock as the script sees it.
    pub clock: ClockReading,
    /// When it is to be applied.
    pub when: When,
    /// What is to be done later, once it has ended well.
    pub staged: Staged,
    /// A person types it.
    typed: bool,
    /// Settings of the machine that were set, by name; `None`: as they come.
    machine: BTreeMap<&'static str, Option<Value>>,
    base: Arc<Model>,
    /// The file that claims what the script asks for, if one does.
    file: Option<Name>,
    asked: Vec<Asked>,
    /// What was said last of each path: what says it once more is not recorded again.
    last: BTreeMap<Name, usize>,
    /// Where each was asked for.
    places: Vec<Option<Place>>,
    actions: bool,
    /// The script asked for something, if only for what was so already.
    has_asked: bool,
    later: Vec<Afterwards>,
}

/// What is committed: commands, each with the index of what asked for it.
pub type Commands = Vec<(Command, Option<usize>)>;

impl Transaction {
    /// A transaction over a Model; of a file, what it asks for is claimed.
    pub fn new(base: Arc<Model>, catalog: Arc<Catalog>, clock: ClockReading, origin: &Origin) -> Transaction {
        let file = if let Origin::File(name) = origin { Some(name.clone()) } else { None };
        let (asked, last, places, machine, later) = Default::default();
        let (model, transport, typed) = ((*base).clone(), None, *origin == Origin::Repl);
        let (actions, has_asked) = (false, false);
        let (when, staged) = Default::default();
        Transaction {
            catalog,
            model,
            transport,
            clock,
            when,
            staged,
            typed,
            machine,
            base,
            file,
            asked,
            last,
            places,
            actions,
            has_asked,
            later,
        }
    }

    /// Does a command on the copy and records it, unless it changes nothing and nobody claims it. `place` is asked only
    /// if it is recorded.
    ///
    /// # Errors
    /// [`Refusal`]; nothing changed.
    pub fn run(&mut self, mut command: Command, place: impl FnOnce() -> Option<Place>) -> Result<(), Refusal> {
        let claims = self.file.is_some();
        command.it_mut().canonical(&self.model, &self.catalog);
        let changed = self.model.edit(&command, &self.catalog)?;
        self.has_asked = true;
        let action = command.is_action();
        if !changed && !action && !claims {
            return Ok(());
        }
        self.actions |= action;
        self.follow(&command);
        let claim = if claims { command.it().claim(&self.model) } else { None };
        let said = claim.as_ref().and_then(|(path, _)| self.last.get(path));
        if changed || action || said.is_none_or(|last| self.asked[*last].claim != claim) {
            self.record(Asked { command, claim }, place());
        }
        Ok(())
    }

    /// Sets once more, to a number, what was set just before, with at most [`RECENT`] sets since: the one takes the place
    /// of the other, as the order of sets of different parameters does not matter. `None`: it was not.
    pub fn set_again(&mut self, module: &str, key: &str, number: Value) -> Option<Result<(), Refusal>> {
        let recent = self.asked.iter_mut().rev().take(RECENT);
        let mut sets = recent.map_while(|asked| match &mut asked.command {
            Command::SetParameter(set) => Some((set, &mut asked.claim)),
            _ => None,
        });
        let same = |path: &Path| path.slot.is_none() && *path.param == *key && *path.module == *module;
        let (last, claim) = sets.find(|(set, _)| same(&set.path))?;
        let before = last.value.replace(number);
        if let Err(refusal) = last.edit(&mut self.model, &self.catalog) {
            last.value = before;
            return Some(Err(refusal));
        }
        if let Some((_, Command::SetParameter(claim))) = claim {
            claim.value.clone_from(&last.value);
        }
        Some(Ok(()))
    }

    /// The Model that it began over.
    pub fn base(&self) -> &Arc<Model> {
        &self.base
    }

    /// Whether the script asked for anything, also if it changes nothing.
    pub fn has_asked(&self) -> bool {
        self.has_asked || !self.later.is_empty()
    }

    /// Commands that were recorded.
    pub fn recorded(&self) -> usize {
        self.asked.len()
    }

    /// A file is evaluated, which will be evaluated again.
    pub fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// Notes something to be done after the commit. False: not by a file, which would do it each time it is evaluated.
    pub fn afterwards(&mut self, what: Afterwards) -> bool {
        if !self.is_file() {
            self.later.push(what);
        }
        !self.is_file()
    }

    /// Notes a command to be done at another time, with those of that time that were noted just before: one batch. False:
    /// as [`Transaction::afterwards`].
    ///
    /// # Errors
    /// [`Refusal`]: it could not be done now.
    pub fn edit_later(&mut self, command: Command, when: When) -> Result<bool, Refusal> {
        self.model.clone().edit(&command, &self.catalog)?;
        if let Some(Afterwards::Work(Work::Commands(commands), same)) = self.later.last_mut()
            && *same == when
        {
            commands.push(command);
            return Ok(true);
        }
        Ok(self.afterwards(Afterwards::Work(Work::Commands(vec![command]), when)))
    }

    /// What is to be done after the commit.
    pub fn later(&self) -> &[Afterwards] {
        &self.later
    }

    /// Sets a setting of the machine, once the evaluation has ended well; `None`: as it comes. It is the user's: a file
    /// may not.
    ///
    /// # Errors
    /// The end of a sentence.
    pub fn set_machine(&mut self, setting: &'static Setting, value: Option<Value>) -> Result<(), String> {
        if !self.typed {
            let name = setting.name;
            return Err(format!(
                "setting {name} is of this machine, and files can only read it; set it at the prompt, or with \
                 `cantus settings set {name} VALUE`"
            ));
        }
        self.machine.insert(setting.name, value);
        Ok(())
    }

    /// The value of a setting of the machine as the script sees it.
    pub fn machine(&self, setting: &'static Setting, settings: &Settings) -> Value {
        match self.machine.get(setting.name) {
            Some(set) => set.clone().unwrap_or_else(|| setting.default()),
            None => settings.get(setting.name).unwrap_or_else(|_| setting.default()),
        }
    }

    /// Sets the machine's settings for good.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn settle(&self, settings: &Settings) -> Result<(), SettingsError> {
        self.machine.iter().try_for_each(|(name, value)| match value {
            Some(value) => settings.set(name, value),
            None => settings.reset(name),
        })
    }

    fn record(&mut self, asked: Asked, place: Option<Place>) {
        if matches!(asked.command, Command::RemoveModule(_)) {
            // What was said of the module may have to be said again.
            self.last.clear();
        }
        if let Some((path, _)) = &asked.claim {
            self.last.insert(path.clone(), self.asked.len());
        }
        self.asked.push(asked);
        self.places.push(place);
    }

    /// What this file asked for when it was evaluated last.
    pub fn claimed(&self) -> impl Iterator<Item = (&Name, &Command)> {
        self.file.as_ref().and_then(|file| self.base.claims.get(&**file)).into_iter().flat_map(|claims| claims.iter())
    }

    /// Asks again for what the file asked for last time, without doing it: it can be done only once. False: it did not.
    pub fn claim_again(&mut self, command: &Command, place: impl FnOnce() -> Option<Place>) -> bool {
        let there = self.claimed().any(|(_, claim)| claim == command);
        if there {
            let claim = command.it().claim(&self.model);
            self.record(Asked { command: command.clone(), claim }, place());
        }
        there
    }

    /// What the transport will do, so that the script reads what it wrote.
    fn follow(&mut self, command: &Command) {
        let asked = match command {
            Command::StartTransport(_) => Transport::Start,
            Command::StopTransport(_) => Transport::Stop,
            Command::PauseTransport(_) => Transport::Pause,
            Command::Seek(c) => return self.clock.beat = c.beat.get(),
            Command::ResetTransport(_) => return self.clock.beat = 0.0,
            _ => return,
        };
        self.transport = Some(asked);
        self.clock.playing = asked == Transport::Start;
        if asked == Transport::Stop {
            self.clock.beat = 0.0;
        }
    }

    /// The batch's commands; empty if all of them together change nothing.
    ///
    /// # Errors
    /// A cycle, naming the line of every call on it that this script made.
    pub fn finish(&self, name: &str) -> Result<Commands, ScriptError> {
        let Some(file) = &self.file else {
            if self.asked.is_empty() {
                return Ok(Commands::new());
            }
            let (now, before) = (&self.model, &self.base);
            if !now.connections.same(&before.connections) || !now.links.same(&before.links) {
                now.check().map_err(|refusal| self.cycle(name, &refusal))?;
            }
            if !self.actions && self.model == *self.base {
                return Ok(Commands::new());
            }
            return Ok(self.asked.iter().enumerate().map(|(i, asked)| (asked.command.clone(), Some(i))).collect());
        };
        if let Err(refusal) = self.model.check()
            && self.drew_all(&refusal)
        {
            return Err(self.cycle(name, &refusal));
        }
        let merged = merge(&self.base, &self.catalog, file, &self.asked, true);
        let mut after = (*self.base).clone();
        for (command, _) in &merged {
            // What is refused here the engine refuses too, and says so.
            let _ = after.edit(command, &self.catalog);
        }
        after.check().map_err(|refusal| self.cycle(name, &refusal))?;
        Ok(merged)
    }

    /// Whether the script drew a whole circle itself. The copy still has cables that the file no longer asks for: a
    /// circle with one of those may be none in the end.
    fn drew_all(&self, refusal: &Refusal) -> bool {
        matches!(refusal, Refusal::Cycle(cycle) if cycle.0.iter().all(|edge| self.drawn(edge).is_some()))
    }

    fn cycle(&self, file: &str, refusal: &Refusal) -> ScriptError {
        let Refusal::Cycle(cycle) = refusal else { return ScriptError::of(file, refusal.to_string()) };
        let mut drawn: Vec<(usize, &Edge)> =
            cycle.0.iter().filter_map(|edge| Some((self.drawn(edge)?, edge))).collect();
        drawn.sort_by_key(|(index, _)| *index);
        let places = drawn.iter().filter_map(|(i, edge)| Some(format!("{} ({edge})", self.place(*i)?)));
        let places = places.collect::<Vec<_>>().join(", ");
        let message = if places.is_empty() { refusal.to_string() } else { format!("{refusal}: {places}") };
        match drawn.last().and_then(|(i, _)| self.place(*i)) {
            Some(place) => ScriptError::at(place.clone(), message),
            None => ScriptError::of(file, message),
        }
    }

    /// The last command that drew this cable or link.
    fn drawn(&self, edge: &Edge) -> Option<usize> {
        self.asked.iter().rposition(|asked| match (&asked.command, edge) {
            (Command::Connect(c), Edge::Cable(cable)) => c.connection == *cable,
            (Command::Modulate(c), Edge::Link(link)) => c.key == *link,
            _ => false,
        })
    }

    fn place(&self, index: usize) -> Option<&Place> {
        self.places.get(index)?.as_ref()
    }

    /// Where the script made each module and set each parameter, by path: `kick`, `kick.slots[1].file`.
    pub fn places(&self) -> impl Iterator<Item = (String, Place)> {
        let claimed = |asked: &Asked| Some(asked.claim.as_ref()?.0.to_string());
        let places = self.asked.iter().zip(&self.places);
        places.filter_map(move |(asked, place)| Some((claimed(asked)?, place.clone()?)))
    }

    /// The engine's refusal, at the line of what asked for the command it names.
    pub fn refused(&self, file: &str, commands: &Commands, error: &CommitError) -> ScriptError {
        let index = match error {
            CommitError::Refused { command, .. } => command.and_then(|i| commands.get(i)?.1),
            _ => None,
        };
        match index.and_then(|i| self.place(i)) {
            Some(place) => ScriptError::at(place.clone(), error.to_string()),
            None => ScriptError::of(file, error.to_string()),
        }
    }
}
