//! Telling callbacks of changes of the state.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cantus_host::control::{EngineState, Notice, Observers, Origin, Subscription};
use mlua::{Table, Value};

use crate::agenda::Rhythm;
use crate::error::ScriptError;
use crate::later::{Observer, Task, Turn};
use crate::random::Stream;
use crate::snapshot;

use super::Script;
use super::player::{Call, Ended};

/// When the state has changed, and what it was.
pub(super) struct Changes {
    observers: Observers,
    notice: Rc<RefCell<Option<Notice>>>,
    before: Arc<EngineState>,
    /// What is being told, if not all have heard of it yet.
    telling: Option<Telling>,
    _subscription: Subscription,
}

/// A change, and who is still to be told of it.
struct Telling {
    notice: Notice,
    left: VecDeque<u64>,
    /// What they are told, when one was.
    table: Option<Table>,
}

impl Changes {
    /// Of what comes after a state.
    pub fn since(state: &Arc<EngineState>) -> Changes {
        let (observers, notice) = (Observers::since(state), Rc::<RefCell<Option<Notice>>>::default());
        let told = notice.clone();
        let subscription = observers.subscribe(move |notice| {
            told.replace(Some(notice.clone()));
            Ok(())
        });
        Changes { observers, notice, before: state.clone(), telling: None, _subscription: subscription }
    }

    /// What has changed, if anything, and what was before.
    fn next(&mut self, state: &Arc<EngineState>, now: Duration) -> Option<(Notice, Arc<EngineState>)> {
        // Our own cannot fail.
        let _ = self.observers.dispatch(state, now);
        let notice = self.notice.take()?;
        let before = std::mem::replace(&mut self.before, notice.state.clone());
        Some((notice, before))
    }
}

impl Script {
    /// Tells callbacks of what has changed, as many as there is time for.
    pub(super) fn tell_changes(&mut self) {
        let context = self.context.clone();
        let Some(mut telling) = self.changes.telling.take().or_else(|| self.what_changed()) else { return };
        while let Some(id) = telling.left.pop_front() {
            // One of those before it may have ended it.
            let Some(observer) = context.later.observers.borrow().get(&id).cloned() else { continue };
            let made = match &telling.table {
                Some(table) => Ok(table.clone()),
                None => {
                    let state = telling.notice.state.clone();
                    let (model, catalog) = (state.model.clone(), state.catalog.clone());
                    snapshot::table(&self.sandbox.lua, state, model, catalog)
                }
            };
            match made {
                Ok(made) => self.tell(id, &observer, telling.table.insert(made).clone(), &telling.notice),
                Err(error) => self.complain(&ScriptError::from_lua(&error, "callbacks", None)),
            }
            if self.took_long() {
                self.changes.telling = Some(telling);
                return;
            }
        }
    }

    /// Whether some have not heard yet of a change.
    pub(super) fn is_telling(&self) -> bool {
        self.changes.telling.is_some()
    }

    /// What has changed, and whom it concerns.
    fn what_changed(&mut self) -> Option<Telling> {
        let context = self.context.clone();
        let state = context.engine.state();
        let now = Duration::from_secs_f64(context.engine.clock().seconds);
        let (notice, before) = self.changes.next(&state, now)?;
        let concerns =
            |parts: &[snapshot::Part]| parts.is_empty() || parts.iter().any(|part| !part.same(&before, &notice.state));
        let observers = context.later.observers.borrow();
        let concerned = observers.iter().filter(|(_, observer)| concerns(&observer.parts));
        let left = concerned.map(|(id, _)| *id).collect();
        drop(observers);
        Some(Telling { notice, left, table: None })
    }

    /// Calls one of them.
    fn tell(&mut self, id: u64, observer: &Observer, state: Table, notice: &Notice) {
        let (context, owner) = (self.context.clone(), observer.owner.clone());
        let call = Call { owner: owner.clone(), origin: Origin::Callback(owner.clone()), cause: notice.cause };
        let lineage = observer.lineage.child(observer.told.replace(observer.told.get() + 1));
        let turn = Turn { now: self.moment(), lineage, cause: notice.cause, ..Turn::default() };
        let random = Stream::of(notice.state.model.seed(), lineage);
        let before = context.random.swap(random);
        let (thread, result) = match self.callee(id, false) {
            Ok(thread) => {
                let result = self.turn(&call, &thread, Value::Table(state), turn);
                (Some(thread), result)
            }
            Err(error) => (None, Err(error)),
        };
        let random = context.random.swap(before);
        if let (Ok((Ended::Waits(wait), from)), Some(thread)) = (&result, &thread) {
            let task = Task {
                owner,
                version: 0,
                cause: notice.cause,
                label: "onStateChange".into(),
                random,
                lineage,
                turns: 0,
                waits: true,
                parent: None,
                children: false,
                instant: (0, 0),
                place: observer.place.clone(),
                complaint: None,
            };
            self.go_on(thread.clone(), task, Rhythm::Once(*wait), *from);
        }
        let said = result.as_ref().err().map(ToString::to_string);
        let before = observer.complaint.replace(said.clone());
        let Err(error) = result.map_err(|error| error.or_at(observer.place.as_ref())) else { return };
        if said != before {
            let mut error = error.clone();
            error.message.push_str(" (in a callback of onStateChange, which is kept)");
            self.complain(&error);
        }
        thread.iter().for_each(|thread| self.close_failed(&call, thread, &error, turn));
    }
}
