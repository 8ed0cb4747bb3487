//! An evaluation's private copy of the Model, and the commands that lead to it.

use std::sync::Arc;

use cantus_host::control::{ClockReading, CommitError};
use cantus_host::model::{Catalog, Command, Edge, Model, Refusal};

use crate::error::{Place, ScriptError};

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

/// Edits a copy; what changed nothing is not recorded.
pub struct Transaction {
    /// The module types there are.
    pub catalog: Arc<Catalog>,
    /// The Model as the script sees it.
    pub model: Model,
    /// What the script asked of the transport.
    pub transport: Option<Transport>,
    /// The clock as the script sees it.
    pub clock: ClockReading,
    base: Arc<Model>,
    commands: Vec<(Command, Option<Place>)>,
    actions: bool,
}

impl Transaction {
    /// A transaction over a Model.
    pub fn new(base: Arc<Model>, catalog: Arc<Catalog>, clock: ClockReading) -> Transaction {
        let model = (*base).clone();
        Transaction { catalog, model, transport: None, clock, base, commands: Vec::new(), actions: false }
    }

    /// Does a command on the copy and records it. `place` is asked only if it is recorded.
    ///
    /// # Errors
    /// [`Refusal`]; nothing changed.
    pub fn run(&mut self, mut command: Command, place: impl FnOnce() -> Option<Place>) -> Result<(), Refusal> {
        command.it_mut().canonical(&self.model, &self.catalog);
        let changed = self.model.edit(&command, &self.catalog)?;
        let action = command.is_action();
        if !changed && !action {
            return Ok(());
        }
        self.actions |= action;
        self.follow(&command);
        self.commands.push((command, place()));
        Ok(())
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
    pub fn finish(&self, file: &str) -> Result<Vec<Command>, ScriptError> {
        if let Err(refusal) = self.model.check() {
            return Err(self.cycle(file, &refusal));
        }
        if !self.actions && self.model == *self.base {
            return Ok(Vec::new());
        }
        Ok(self.commands.iter().map(|(command, _)| command.clone()).collect())
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
        self.commands.iter().rposition(|(command, _)| match (command, edge) {
            (Command::Connect(c), Edge::Cable(cable)) => c.connection == *cable,
            (Command::Modulate(c), Edge::Link(link)) => c.key == *link,
            _ => false,
        })
    }

    fn place(&self, index: usize) -> Option<&Place> {
        self.commands.get(index)?.1.as_ref()
    }

    /// Where the script made each module and set each parameter, by path: `kick`, `kick.slots[1].file`.
    pub fn places(&self) -> impl Iterator<Item = (String, Place)> {
        let claimed = |command: &Command| Some(command.it().claim(&self.model)?.0.to_string());
        self.commands.iter().filter_map(move |(command, place)| Some((claimed(command)?, place.clone()?)))
    }

    /// The engine's refusal, at the line of the command it names.
    pub fn refused(&self, file: &str, error: &CommitError) -> ScriptError {
        let index = match error {
            CommitError::Refused { command, .. } => *command,
            CommitError::Busy(_) | CommitError::Stopped => None,
        };
        match index.and_then(|i| self.place(i)) {
            Some(place) => ScriptError::at(place.clone(), error.to_string()),
            None => ScriptError::of(file, error.to_string()),
        }
    }
}
