//! The voices of an instrument: a fixed pool that never allocates.

use crate::block::NoteId;
use crate::raw::QUANTUM;

/// Seconds in which a voice fades that is stolen or choked.
const FADE: f64 = 0.005;

/// The voices of an instrument: who plays which note, who has to go for a new one, who fades out.
///
/// A voice `V` is whatever the module makes of it: phase, envelope, place in a sound. The pool keeps it, from its
/// [`start`](Voices::start) on, until [`render`](Voices::render) is told that it has ended. A pool of `most` voices has
/// as many places again for those that are stolen or choked: they go on sounding there and are faded out in 5 ms. When
/// those places are full, too, the softest of them is cut.
///
/// [`new`](Voices::new) allocates, so it belongs into [`Module::new`](crate::Module::new); all the rest is for the audio
/// thread. Voices are dropped there: they may hold numbers, [`Sample`](crate::Sample)s and arrays, but no `Vec` or `Box`
/// of their own.
///
/// # Example
///
/// A whole instrument:
///
/// ```standalone_crate
/// use std::ops::Range;
///
/// use cantus_plugin_api::math::{semitones_to_ratio, sin};
/// use cantus_plugin_api::{Block, Event, Glide, Init, Module, Smooth, Voices};
/// use organ::{Param, output};
///
/// // The manifest says: type Organ, an event input `notes`, an audio output `out` of one channel, a parameter `release`
/// // in seconds.
/// cantus_plugin_api::export!("doc/organ.toml", Organ);
///
/// struct Organ {
///     voices: Voices<Pipe>,
///     rate: f64,
///     release: f64,
/// }
///
/// /// One voice: a sine with an attack of 2 ms.
/// struct Pipe {
///     turns: f64,
///     turns_per_frame: f64,
///     level: Smooth,
/// }
///
/// impl Module for Organ {
///     fn new(init: &Init) -> Result<Self, String> {
///         Ok(Organ { voices: Voices::new(8, init.rate()), rate: init.rate(), release: 0.1 })
///     }
///
///     fn reset(&mut self) {
///         self.voices.clear();
///         self.release = 0.1;
///     }
///
///     fn event(&mut self, event: Event<Self>, _frame: usize, _block: &mut Block<'_>) {
///         match event {
///             Event::NoteOn(on) => {
///                 let hz = 440.0 * semitones_to_ratio(f64::from(on.pitch.unwrap_or(69.0)) - 69.0);
///                 let mut level = Smooth::new(0.0, 0.002, self.rate);
///                 level.set(0.1 * on.velocity.unwrap_or(1.0), Glide::Own);
///                 self.voices.start(on.note, Pipe { turns: 0.0, turns_per_frame: hz / self.rate, level });
///             }
///             Event::NoteOff(note) => {
///                 let (release, rate) = (self.release, self.rate);
///                 self.voices.release(note, |pipe| {
///                     pipe.level = Smooth::new(pipe.level.advance(), release, rate);
///                     pipe.level.set(0.0, Glide::Own);
///                 });
///             }
///             Event::Choke(note) => self.voices.choke(note),
///             Event::Param { param: Param::Release, value, .. } => self.release = value,
///             _ => {}
///         }
///     }
///
///     fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
///         let (_, mut outputs) = block.audio();
///         let mut port = outputs.port(output::OUT);
///         self.voices.render([&mut port.channel(0)[frames]], |pipe, [out]| {
///             for x in out.iter_mut() {
///                 *x += pipe.level.advance() * sin(pipe.turns * std::f64::consts::TAU) as f32;
///                 pipe.turns = (pipe.turns + pipe.turns_per_frame).fract();
///             }
///             // It goes on until its release has come to its end.
///             !(pipe.level.resting() && pipe.level.target() == 0.0)
///         });
///     }
/// }
///
/// # fn main() {
/// use cantus_plugin_api::testing::{Bench, note};
///
/// let mut bench = Bench::<Organ>::new(48_000.0);
/// (0..10).for_each(|n| bench.note_on(0, note(n))); // two are stolen
/// bench.note_off(4_800, 9);
/// let heard = bench.run(150).audio[0].iter().fold(0.0f32, |most, x| most.max(x.abs()));
/// assert!((0.7..1.0).contains(&heard), "{heard}");
/// # }
/// ```
pub struct Voices<V> {
    /// A voice stays where it is: in what order they are added up does not depend on when another one has ended.
    places: Vec<Option<Place<V>>>,
    most: usize,
    limit: usize,
    /// How many have begun.
    begun: u64,
    /// What a fading voice loses with every frame.
    step: f32,
}

struct Place<V> {
    voice: V,
    note: NoteId,
    /// It came before all that have a higher one.
    number: u64,
    released: bool,
    /// It was rendered at least once.
    heard: bool,
    /// It was stolen or choked: how much of it is still heard.
    fading: Option<f32>,
}

impl<V> Place<V> {
    fn sounds(&self) -> bool {
        self.fading.is_none()
    }
}

impl<V> Voices<V> {
    /// Room for `most` voices, at least 1, that sound at once, at `rate` Hz. Worker thread: allocates all that it will
    /// ever need.
    pub fn new(most: usize, rate: f64) -> Voices<V> {
        let most = most.max(1);
        let places = (0..2 * most).map(|_| None).collect();
        Voices { places, most, limit: most, begun: 0, step: 1.0 / (FADE * rate).round().max(1.0) as f32 }
    }

    /// From the next start on at most so many sound, 1 to as many as there is room for: for a parameter that says so.
    pub fn limit(&mut self, most: usize) {
        self.limit = most.clamp(1, self.most);
    }

    /// Begins a voice of a note, which may have several. If there are too many, one goes for it: of those of other notes
    /// the oldest that was released, else the oldest.
    pub fn start(&mut self, note: NoteId, voice: V) -> &mut V {
        while self.len() >= self.limit {
            self.steal(note);
        }
        self.begun += 1;
        let place = Place { voice, note, number: self.begun, released: false, heard: false, fading: None };
        let free = self.free();
        &mut self.places[free].insert(place).voice
    }

    /// A place that is free, or that of the softest of those that fade out: there are more places than may sound.
    fn free(&self) -> usize {
        let left = |place: &Option<Place<V>>| match place {
            None => -1.0,
            Some(place) => place.fading.unwrap_or(f32::INFINITY),
        };
        let places = self.places.iter().enumerate();
        places.min_by(|(_, a), (_, b)| left(a).total_cmp(&left(b))).map_or(0, |(index, _)| index)
    }

    fn steal(&mut self, for_note: NoteId) {
        let sounding = self.places.iter_mut().flatten().filter(|place| place.sounds());
        let number = sounding.min_by_key(|place| (place.note == for_note, !place.released, place.number));
        if let Some(number) = number.map(|place| place.number) {
            self.fade(|place| place.number == number);
        }
    }

    fn fade(&mut self, mut which: impl FnMut(&Place<V>) -> bool) {
        for slot in &mut self.places {
            match slot {
                Some(place) if place.sounds() && which(place) => {
                    place.fading = Some(1.0);
                    // Nobody would miss it.
                    if !place.heard {
                        *slot = None;
                    }
                }
                _ => {}
            }
        }
    }

    /// A note has ended: `release` is called for each of its voices, once in the voice's life.
    pub fn release(&mut self, note: NoteId, release: impl FnMut(&mut V)) {
        self.release_which(|place| place.note == note, release);
    }

    /// All notes have ended: the same, of every voice.
    pub fn release_all(&mut self, release: impl FnMut(&mut V)) {
        self.release_which(|_| true, release);
    }

    fn release_which(&mut self, which: impl Fn(&Place<V>) -> bool, mut release: impl FnMut(&mut V)) {
        for place in self.places.iter_mut().flatten().filter(|place| place.sounds() && !place.released) {
            if which(place) {
                place.released = true;
                release(&mut place.voice);
            }
        }
    }

    /// Fades the voices of a note out, in 5 ms.
    pub fn choke(&mut self, note: NoteId) {
        self.fade(|place| place.note == note);
    }

    /// Fades the voices out of which `which` says so, in 5 ms: those of a group, such as the open and the closed hat.
    pub fn choke_if(&mut self, mut which: impl FnMut(&V) -> bool) {
        self.fade(|place| which(&place.voice));
    }

    /// Fades all voices out, in 5 ms.
    pub fn choke_all(&mut self) {
        self.fade(|_| true);
    }

    /// Drops all voices at once, those that fade out, too: for [`Module::reset`](crate::Module::reset).
    pub fn clear(&mut self) {
        self.places.fill_with(|| None);
        (self.limit, self.begun) = (self.most, 0);
    }

    /// How many sound, without those that fade out.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Nothing is heard: no voice sounds or fades out.
    pub fn is_empty(&self) -> bool {
        self.places.iter().all(Option::is_none)
    }

    /// The voices that sound, without those that fade out, each with its note; in no order.
    pub fn iter(&self) -> impl Iterator<Item = (NoteId, &V)> {
        self.places.iter().flatten().filter(|place| place.sounds()).map(|place| (place.note, &place.voice))
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (NoteId, &mut V)> {
        let sounding = self.places.iter_mut().flatten().filter(|place| place.sounds());
        sounding.map(|place| (place.note, &mut place.voice))
    }

    /// The voices that a note has, if any, those that were released, too.
    pub fn of(&mut self, note: NoteId) -> impl Iterator<Item = &mut V> {
        self.iter_mut().filter(move |(other, _)| *other == note).map(|(_, voice)| voice)
    }

    /// Adds the sound of all voices to `out`: `C` channels of as many frames, at most a quantum. `render` adds the sound of
    /// one to what it is given, and answers whether it goes on; one that has ended is dropped.
    ///
    /// # Panics
    /// If a channel has more than 64 frames or fewer than the first.
    pub fn render<const C: usize>(
        &mut self,
        mut out: [&mut [f32]; C],
        mut render: impl FnMut(&mut V, [&mut [f32]; C]) -> bool,
    ) {
        let frames = out.first().map_or(0, |channel| channel.len());
        for slot in &mut self.places {
            let Some(place) = slot else { continue };
            place.heard |= frames > 0;
            let goes_on = match &mut place.fading {
                None => render(&mut place.voice, out.each_mut().map(|channel| &mut channel[..frames])),
                Some(left) => {
                    let mut alone = [[0.0; QUANTUM]; C];
                    let goes_on = render(&mut place.voice, alone.each_mut().map(|channel| &mut channel[..frames]));
                    let mut gain = *left;
                    for (channel, alone) in out.iter_mut().zip(&alone) {
                        gain = *left;
                        for (x, alone) in channel.iter_mut().zip(&alone[..frames]) {
                            gain = (gain - self.step).max(0.0);
                            *x += gain * alone;
                        }
                    }
                    *left = gain;
                    goes_on && gain > 0.0
                }
            };
            if !goes_on {
                *slot = None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
