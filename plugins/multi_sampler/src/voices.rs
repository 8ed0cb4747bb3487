//! The voices of a sampler: who sounds, who has to go.

use cantus_plugin_api::NoteId;

use crate::multi_sampler::Steal;
use crate::room::Room;
use crate::voice::Voice;

/// Voices that may sound, and as many that may fade out beside them.
pub const MOST: usize = 256;

/// A note, with all its layers, that may have to go for a new one.
struct Other {
    number: u64,
    loudness: f32,
    /// All its layers are.
    released: bool,
    /// One of its layers has the pitch and the slot of the new voice.
    same: bool,
}

/// Voices that sound, and voices that were stolen, choked or stopped and fade out: of neither more than [`MOST`]. When there
/// are more of the second, the quietest is cut. Never allocates after it was made.
pub struct Voices {
    /// A voice stays where it is: it is large, and added up in an order that does not depend on when another has ended.
    slots: Vec<Option<Voice>>,
    /// Notes beside a new one, while it is asked who goes.
    others: Vec<Other>,
    /// Frames of a fade.
    fade: u32,
}

impl Voices {
    /// None; a fade takes `fade` frames.
    pub fn new(fade: u32) -> Voices {
        Voices { slots: Vec::with_capacity(2 * MOST), others: Vec::with_capacity(MOST), fade }
    }

    /// Drops all.
    pub fn clear(&mut self) {
        self.slots.clear();
    }

    /// Those that sound, without those that fade out; in no order.
    pub fn sounding(&self) -> impl Iterator<Item = &Voice> {
        self.slots.iter().flatten().filter(|voice| voice.place.is_some())
    }

    fn sounding_mut(&mut self) -> impl Iterator<Item = &mut Voice> {
        self.all().filter(|voice| voice.place.is_some())
    }

    /// Those that sound and those that fade out.
    pub fn all(&mut self) -> impl Iterator<Item = &mut Voice> {
        self.slots.iter_mut().flatten()
    }

    /// The latest that sounds and that `which` says.
    pub fn latest(&mut self, which: impl Fn(&Voice) -> bool) -> Option<&mut Voice> {
        self.sounding_mut().filter(|voice| which(voice)).max_by_key(|voice| voice.number)
    }

    /// Begins a voice of a note, of which at most `polyphony` sound at once: while there are too many, one goes.
    pub fn begin(&mut self, mut voice: Voice, polyphony: usize, steal: Steal) {
        let polyphony = polyphony.clamp(1, MOST);
        // There are no more notes than voices.
        while self.sounding().count() >= polyphony {
            self.count(&voice);
            if self.others.len() < polyphony && self.sounding().count() < MOST {
                break;
            }
            let Some(number) = self.victim(steal) else { break };
            self.fade(|voice| voice.number == number);
        }
        voice.place = self.free_place();
        match self.slots.iter().position(Option::is_none) {
            Some(free) => self.slots[free] = Some(voice),
            None if self.slots.len() < 2 * MOST => self.slots.push(Some(voice)),
            None => {}
        }
    }

    /// The first place that no voice has.
    fn free_place(&self) -> Option<usize> {
        let mut taken = [false; MOST];
        self.sounding().filter_map(|voice| voice.place).for_each(|place| taken[place] = true);
        taken.iter().position(|taken| !taken)
    }

    /// Counts the notes beside that of a new voice, the oldest first.
    fn count(&mut self, new: &Voice) {
        self.others.clear();
        let sounding = self.slots.iter().flatten().filter(|voice| voice.place.is_some());
        let others = sounding.filter(|voice| voice.number != new.number);
        self.others.extend(others.map(|voice| Other {
            number: voice.number,
            loudness: voice.loudness(),
            released: voice.releasing(),
            same: (voice.call.pitch, voice.call.slot) == (new.call.pitch, new.call.slot),
        }));
        self.others.sort_unstable_by_key(|other| other.number);
        self.others.dedup_by(|layer, first| {
            let one = layer.number == first.number;
            if one {
                first.loudness += layer.loudness;
                first.released &= layer.released;
                first.same |= layer.same;
            }
            one
        });
    }

    /// Which of the others goes.
    fn victim(&self, steal: Steal) -> Option<u64> {
        let mut others = self.others.iter();
        let oldest = self.others.first();
        let released = || self.others.iter().find(|other| other.released).or(oldest);
        let victim = match steal {
            Steal::Released => released(),
            Steal::Oldest => oldest,
            Steal::Quietest => others.min_by(|a, b| a.loudness.total_cmp(&b.loudness)),
            Steal::SameNote => others.find(|other| other.same).or_else(released),
        };
        victim.map(|other| other.number)
    }

    /// Lets a note go.
    pub fn release(&mut self, which: impl Fn(&Voice) -> bool, room: &Room) {
        self.sounding_mut().filter(|voice| which(voice)).for_each(|voice| voice.release(room));
    }

    /// The voices of a note.
    pub fn of_note(&mut self, note: NoteId) -> impl Iterator<Item = &mut Voice> {
        self.sounding_mut().filter(move |voice| voice.call.note == note)
    }

    /// Fades out those that `which` says.
    pub fn fade(&mut self, which: impl Fn(&Voice) -> bool) {
        for slot in &mut self.slots {
            match slot {
                Some(voice) if voice.place.is_none() || !which(voice) => {}
                // Nobody would miss it.
                Some(voice) if voice.is_unheard() => *slot = None,
                Some(voice) => {
                    voice.fade(self.fade);
                    voice.place = None;
                }
                None => {}
            }
        }
        let fading = |slot: &Option<Voice>| slot.as_ref().is_some_and(|voice| voice.place.is_none());
        for _ in MOST..self.slots.iter().filter(|slot| fading(slot)).count() {
            let loudness = |slot: &Option<Voice>| slot.as_ref().map_or(0.0, Voice::loudness);
            let fading = self.slots.iter_mut().filter(|slot| fading(slot));
            let quietest = fading.min_by(|a, b| loudness(a).total_cmp(&loudness(b)));
            quietest.into_iter().for_each(|slot| *slot = None);
        }
    }

    /// Adds the sound of all and forgets those that have ended; of each that has, `ended` is told.
    pub fn render(&mut self, room: &mut Room, left: &mut [f32], right: &mut [f32], mut ended: impl FnMut(&Voice)) {
        for slot in &mut self.slots {
            if let Some(voice) = slot
                && !voice.render(room, left, right)
            {
                ended(voice);
                *slot = None;
            }
        }
    }
}
