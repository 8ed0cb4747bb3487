//! Who hears of changed settings: callbacks, called on the thread that owns them.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::{Settings, SettingsError, machine};
use crate::model::Value;

/// A setting that has another value than when its callback was last called.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its name.
    pub name: &'static str,
    /// What it was.
    pub old: Value,
    /// What it is.
    pub new: Value,
}

type Callback = Box<dyn FnMut(&Change)>;

struct Subscriber {
    name: &'static str,
    seen: RefCell<Value>,
    callback: RefCell<Callback>,
    alive: Cell<bool>,
}

type Subscribers = RefCell<Vec<Rc<Subscriber>>>;

/// Callbacks of one thread. Not `Send`: who made it calls [`Watch::dispatch`], and there the callbacks run.
///
/// Nothing waits in a queue: a callback is called if the value is another one than it was last told of, once however
/// often it changed in between, and not at all if it is the old one again.
pub struct Watch {
    settings: Settings,
    subscribers: Rc<Subscribers>,
}

impl Watch {
    pub(super) fn new(settings: Settings) -> Watch {
        Watch { settings, subscribers: Rc::default() }
    }

    /// Calls `callback` at each [`Watch::dispatch`] that finds the setting changed, as long as the guard is kept. May be
    /// called inside a callback.
    ///
    /// # Errors
    /// [`SettingsError::Refused`] with the nearest name.
    pub fn on_change(&self, name: &str, callback: impl FnMut(&Change) + 'static) -> Result<Guard, SettingsError> {
        let (name, seen) = (machine(name)?.name, RefCell::new(self.settings.get(name)?));
        let callback: RefCell<Callback> = RefCell::new(Box::new(callback));
        let subscriber = Rc::new(Subscriber { name, seen, callback, alive: Cell::new(true) });
        self.subscribers.borrow_mut().push(subscriber.clone());
        Ok(Guard { subscriber: Rc::downgrade(&subscriber), all: Rc::downgrade(&self.subscribers) })
    }

    /// Calls the callbacks of all settings that have changed, in the order in which they were registered.
    pub fn dispatch(&self) {
        // Callbacks may register others, and drop their guards, meanwhile.
        let now = self.subscribers.borrow().clone();
        for subscriber in now {
            let Ok(new) = self.settings.get(subscriber.name) else { continue };
            // One that is being called right now, and asked for this, hears of it next time.
            let Ok(mut callback) = subscriber.callback.try_borrow_mut() else { continue };
            if subscriber.alive.get() && *subscriber.seen.borrow() != new {
                let old = subscriber.seen.replace(new.clone());
                callback(&Change { name: subscriber.name, old, new });
            }
        }
    }
}

/// Keeps a callback registered; dropped, it is called no more, not even later in the same [`Watch::dispatch`].
#[must_use = "the callback goes with it"]
pub struct Guard {
    subscriber: Weak<Subscriber>,
    all: Weak<Subscribers>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(subscriber) = self.subscriber.upgrade() else { return };
        subscriber.alive.set(false);
        if let Some(all) = self.all.upgrade() {
            all.borrow_mut().retain(|other| !Rc::ptr_eq(other, &subscriber));
        }
    }
}
