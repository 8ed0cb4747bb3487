//! What is made of a module's values on a worker: tables, filters, spectra.

use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::module::Init;
use crate::turnstile::{Inside, Turnstile};

/// How many derived values an instance may have.
pub(crate) const MOST: usize = 64;

/// A value that takes long to make, or memory: made on a worker of what the module asks for, and handed to the audio
/// thread when it is ready. The spectrum of an impulse response, the levels of a wavetable, a long filter.
///
/// A job `J` says what is to be made: numbers, and the [`Sample`](crate::Sample) or [`Numbers`](crate::Numbers) it is to
/// be made of. It is moved and dropped on the audio thread, so it must own nothing else. What is made, `T`, may own
/// whatever it likes: it is made and dropped on workers.
///
/// | call | thread | what happens |
/// |---|---|---|
/// | [`Derived::new`] in [`Module::new`](crate::Module::new) | worker | says how it is made |
/// | [`ask`](Derived::ask) | audio | a job is noted; the host learns of it at the end of the quantum |
/// | the closure | worker | makes the value, one job of this one after the other |
/// | between two quanta | audio | the new value takes the place of the old one, which goes back to a worker |
/// | [`get`](Derived::get) | audio | the value, until the next one is there |
///
/// Offline the value is there in the quantum after the one that asked, however long it takes to make; live, when it is
/// ready. Only the latest job counts: what is asked for while another is being made waits, and is forgotten if yet another
/// follows. A job that fails or panics is reported to people under the module's name, and leaves the old value.
/// [`Module::reset`](crate::Module::reset) forgets the value and what was asked for; nothing need be done there.
///
/// A crossfade between old and new needs two of these, asked in turn.
///
/// # Example
///
/// ```standalone_crate
/// use std::ops::Range;
///
/// use cantus_plugin_api::math::tanh;
/// use cantus_plugin_api::{Block, Derived, Event, Init, Module};
/// use shaper::{Param, input, output};
///
/// // The manifest says: type Shaper, an audio input `in`, an audio output `out`, a parameter `drive`.
/// cantus_plugin_api::export!("doc/shaper.toml", Shaper);
///
/// struct Shaper {
///     curve: Derived<f64, Vec<f32>>,
/// }
///
/// /// The curve for inputs from -1 to 1, at 1025 places.
/// fn curve(drive: f64) -> Result<Vec<f32>, String> {
///     Ok((-512..=512).map(|n| tanh(drive * f64::from(n) / 512.0) as f32).collect())
/// }
///
/// impl Module for Shaper {
///     fn new(init: &Init) -> Result<Self, String> {
///         Ok(Shaper { curve: Derived::new(init, curve) })
///     }
///     fn reset(&mut self) {}
///     fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
///         if let Event::Param { param: Param::Drive, value, .. } = event {
///             self.curve.ask(value);
///         }
///     }
///     fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
///         let Some(curve) = self.curve.get() else { return }; // silence until there is one
///         let (inputs, mut outputs) = block.audio();
///         let (dry, mut wet) = (inputs.port(input::IN), outputs.port(output::OUT));
///         for channel in 0..wet.channels() {
///             for frame in frames.clone() {
///                 let place = 512.0 + 512.0 * dry.channel(channel)[frame].clamp(-1.0, 1.0);
///                 wet.channel(channel)[frame] = curve[place as usize];
///             }
///         }
///     }
/// }
///
/// # fn main() {
/// use cantus_plugin_api::testing::Bench;
///
/// let mut bench = Bench::<Shaper>::new(48_000.0);
/// bench.feed(input::IN, |_, _| 0.5);
/// let heard = bench.run(2).audio;
/// assert_eq!((heard[0][63], heard[0][64]), (0.0, (0.5f64 * 1.0).tanh() as f32)); // there after one quantum
/// # }
/// ```
pub struct Derived<J, T>(Arc<Seat<J, T>>);

/// A derived value in use: see [`Derived::get`].
pub struct Ready<'a, T>(Inside<'a, Option<T>>);

/// What a derived value shares with the host's side of the instance and with workers.
struct Seat<J, T> {
    state: Turnstile<State<J>>,
    value: Turnstile<Option<T>>,
    /// On its way to a worker.
    job: Turnstile<Option<J>>,
    make: Box<dyn Fn(J) -> Result<T, String> + Send + Sync>,
}

struct State<J> {
    /// What was asked for last and is not on its way yet.
    waiting: Option<J>,
    /// A job was given to the host and is not back yet.
    under_way: bool,
    /// What is under way was asked for before a reset.
    stale: bool,
    /// The value counts: there is one, and no reset came after it.
    valid: bool,
    /// It came since somebody looked.
    renewed: bool,
}

impl<J: Send + 'static, T: Send + 'static> Derived<J, T> {
    /// Nothing yet; `make` says how it is made of a job, on a worker, in any time. What else it needs, such as the rate, it
    /// brings along. Only in [`Module::new`](crate::Module::new).
    ///
    /// What `make` answers instead of a value is a sentence for people: what could not be done, and what to do.
    pub fn new(init: &Init, make: impl Fn(J) -> Result<T, String> + Send + Sync + 'static) -> Derived<J, T> {
        let state = State { waiting: None, under_way: false, stale: false, valid: false, renewed: false };
        let seat = Arc::new(Seat {
            state: Turnstile::new(state),
            value: Turnstile::new(None),
            job: Turnstile::new(None),
            make: Box::new(make),
        });
        init.add_place(seat.clone());
        Derived(seat)
    }

    /// Asks for another value. Audio thread; takes the place of what was asked for and is not being made yet.
    pub fn ask(&mut self, job: J) {
        if let Some(mut state) = self.0.state.enter() {
            state.waiting = Some(job);
        }
    }

    /// The value; `None` until the first one is there. Audio thread. Keep it no longer than the call: as long as it is in
    /// use, no other can take its place.
    pub fn get(&mut self) -> Option<Ready<'_, T>> {
        let valid = self.0.state.enter().is_some_and(|state| state.valid);
        self.0.value.enter().filter(|value| valid && value.is_some()).map(Ready)
    }

    /// True once after each new value. Audio thread.
    pub fn renewed(&mut self) -> bool {
        self.0.state.enter().is_some_and(|mut state| std::mem::take(&mut state.renewed))
    }
}

impl<T> Deref for Ready<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("seen by `get`")
    }
}

impl<T> DerefMut for Ready<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("seen by `get`")
    }
}

/// A derived value as the host's side of its instance sees it.
pub(crate) trait Place: Send + Sync {
    /// Audio thread, after the module's quantum: gives the next job away. True: the host is to have it made.
    fn send(&self) -> bool;
    /// Worker: makes what was asked for, an `Option<T>` in a box.
    ///
    /// # Errors
    /// A sentence for people.
    fn make(&self) -> Result<Made, String>;
    /// Audio thread, before the module's quantum: takes what was made, and leaves the old value in its stead; `None`: it
    /// could not be made.
    fn take(&self, made: Option<&mut Made>);
    /// Audio thread: as new.
    fn reset(&self);
}

/// What was made, on its way to the audio thread; or what it replaced, on its way home.
pub(crate) type Made = Box<dyn Any + Send>;

impl<J: Send, T: Send + 'static> Place for Seat<J, T> {
    fn send(&self) -> bool {
        let Some(mut state) = self.state.enter() else { return false };
        if state.under_way || state.waiting.is_none() {
            return false;
        }
        // Nobody else is inside: what was there has been taken by the worker whose result is back.
        let Some(mut job) = self.job.enter() else { return false };
        *job = state.waiting.take();
        state.under_way = true;
        true
    }

    fn make(&self) -> Result<Made, String> {
        let job = self.job.enter().and_then(|mut job| job.take());
        let job = job.ok_or("the host asked for what the module did not ask for")?;
        (self.make)(job).map(|made| -> Made { Box::new(Some(made)) })
    }

    fn take(&self, made: Option<&mut Made>) {
        let Some(mut state) = self.state.enter() else { return };
        state.under_way = false;
        let stale = std::mem::take(&mut state.stale);
        let Some(made) = made.and_then(|made| made.downcast_mut::<Option<T>>()).filter(|_| !stale) else { return };
        if let Some(mut value) = self.value.enter() {
            std::mem::swap(&mut *value, made);
            (state.valid, state.renewed) = (true, true);
        }
    }

    fn reset(&self) {
        if let Some(mut state) = self.state.enter() {
            *state = State {
                waiting: None,
                under_way: state.under_way,
                stale: state.under_way,
                valid: false,
                renewed: false,
            };
        }
    }
}
