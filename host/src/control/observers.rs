//! Who is told when the state has changed.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use super::batch::Cause;
use super::state::EngineState;

/// Time between two notices at the least: what happens in between is told as one.
const PACE: Duration = Duration::from_millis(10);

/// That something has changed.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The newest state.
    pub state: Arc<EngineState>,
    /// What a batch must carry that is sent because of this notice.
    pub cause: Cause,
}

type Callback = Box<dyn FnMut(&Notice) -> Result<(), String>>;

/// The callbacks of one thread. They are called on that thread, where it calls [`dispatch`](Observers::dispatch).
#[derive(Clone, Default)]
pub struct Observers(Rc<List>);

#[derive(Default)]
struct List {
    callbacks: RefCell<Vec<(u64, Rc<RefCell<Callback>>)>>,
    next: Cell<u64>,
    /// The version they were told of last, and when.
    seen: Cell<u64>,
    told: Cell<Option<Duration>>,
    telling: Cell<bool>,
}

/// A callback is called as long as this lives.
#[must_use = "a callback whose subscription is dropped is not called"]
pub struct Subscription {
    id: u64,
    list: Weak<List>,
}

impl Observers {
    /// Nobody; what changes after that state will be told.
    pub fn since(state: &EngineState) -> Observers {
        let observers = Observers::default();
        observers.0.seen.set(state.version);
        observers
    }

    /// Calls back whenever the state has changed, until the subscription is dropped. One that fails or panics is
    /// reported and kept. Inside of a callback it counts from the next notice on.
    pub fn subscribe(&self, callback: impl FnMut(&Notice) -> Result<(), String> + 'static) -> Subscription {
        let id = self.0.next.get();
        self.0.next.set(id + 1);
        self.0.callbacks.borrow_mut().push((id, Rc::new(RefCell::new(Box::new(callback)))));
        Subscription { id, list: Rc::downgrade(&self.0) }
    }

    /// Tells everybody of the newest state, once however much has changed, if something has and the last notice is 10
    /// ms ago; inside of a callback nobody. `now` is a time of any origin: the wall's, or the virtual one offline.
    /// Answers what failed.
    pub fn dispatch(&self, state: &Arc<EngineState>, now: Duration) -> Vec<String> {
        let list = &*self.0;
        let soon = list.told.get().is_some_and(|told| now < told + PACE);
        if list.telling.get() || soon || state.version == list.seen.get() {
            return Vec::new();
        }
        let notice = Notice { state: state.clone(), cause: state.causes.since(list.seen.get()).next() };
        list.seen.set(state.version);
        list.told.set(Some(now));
        list.telling.set(true);
        let callbacks = list.callbacks.borrow().clone();
        let failures = callbacks.into_iter().filter_map(|(id, callback)| list.tell(id, &callback, &notice).err());
        let failures = failures.collect();
        list.telling.set(false);
        failures
    }
}

impl List {
    fn tell(&self, id: u64, callback: &RefCell<Callback>, notice: &Notice) -> Result<(), String> {
        // One of those before it may have ended its subscription.
        if !self.callbacks.borrow().iter().any(|(other, _)| *other == id) {
            return Ok(());
        }
        let called = catch_unwind(AssertUnwindSafe(|| callback.borrow_mut()(notice)));
        called
            .unwrap_or_else(|_| Err("it panicked; please report it".into()))
            .map_err(|text| format!("a callback on changes of the state failed and is kept: {text}"))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(list) = self.list.upgrade() {
            // What the callback owns may end subscriptions, too: it is dropped when the list is free again.
            let mut callbacks = list.callbacks.borrow_mut();
            let ended = callbacks.iter().position(|(id, _)| *id == self.id).map(|at| callbacks.remove(at));
            drop(callbacks);
            drop(ended);
        }
    }
}
