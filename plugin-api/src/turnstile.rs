//! A value that one thread at a time may touch, and for which nobody waits.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

/// A value behind a turnstile: whoever finds somebody inside does without it. Nobody ever waits, so it may be used on the
/// audio thread.
pub(crate) struct Turnstile<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

/// Somebody is inside, as long as this lives; who shares it shares the value.
pub(crate) struct Inside<'a, T>(&'a Turnstile<T>, PhantomData<&'a mut T>);

// SAFETY: the value is reached only through an `Inside`, of which `taken` lets there be one at a time; so it is passed
// from thread to thread, but never shared.
unsafe impl<T: Send> Sync for Turnstile<T> {}

impl<T> Turnstile<T> {
    pub fn new(value: T) -> Turnstile<T> {
        Turnstile { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// The value; `None` if somebody is inside.
    pub fn enter(&self) -> Option<Inside<'_, T>> {
        // Acquire: what the last one inside did comes before what this one does.
        (!self.taken.swap(true, Ordering::Acquire)).then_some(Inside(self, PhantomData))
    }
}

impl<T> Deref for Inside<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `enter` made this the only one inside.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Inside<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and `&mut self` is the only way through it.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Inside<'_, T> {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
