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

/// Voices that sound, and voices that were stolen, choked or stopped and fade out. Neither list grows beyond [`MOST`]; when
/// the second is full, its quietest voice is cut. Never allocates after it was made.
pub struct Voices {
    sounding: Vec<Voice>,
    fading: Vec<Voice>,
    /// Notes beside a new one, while it is asked who goes.
    others: Vec<Other>,
    /// Frames of a fade.
    fade: u32,
}

impl Voices {
    /// None; a fade takes `fade` frames.
    pub fn new(fade: u32) -> Voices {
        let (sounding, fading) = (Vec::with_capacity(MOST), Vec::with_capacity(MOST));
        Voices { sounding, fading, others: Vec::with_capacity(MOST), fade }
    }

    /// Drops all.
    pub fn clear(&mut self) {
        self.sounding.clear();
        self.fading.clear();
    }

    /// Those that sound, without those that fade out; in no order.
    pub fn sounding(&self) -> &[Voice] {
        &self.sounding
    }

    /// Those that sound and those that fade out.
    pub fn all(&mut self) -> impl Iterator<Item = &mut Voice> {
        self.sounding.iter_mut().chain(&mut self.fading)
    }

    /// The latest that sounds and that `which` says.
    pub fn latest(&mut self, which: impl Fn(&Voice) -> bool) -> Option<&mut Voice> {
        self.sounding.iter_mut().filter(|voice| which(voice)).max_by_key(|voice| voice.number)
    }

    /// Begins a voice of a note, of which at most `polyphony` sound at once: while there are too many, one goes.
    pub fn begin(&mut self, mut voice: Voice, polyphony: usize, steal: Steal) {
        let polyphony = polyphony.clamp(1, MOST);
        // There are no more notes than voices.
        while self.sounding.len() >= polyphony {
            self.count(&voice);
            if self.others.len() < polyphony && self.sounding.len() < MOST {
                break;
            }
            let Some(number) = self.victim(steal) else { break };
            self.fade(|voice| voice.number == number);
        }
        voice.place = self.free_place();
        self.sounding.push(voice);
    }

    /// The first place that no voice has.
    fn free_place(&self) -> usize {
        let mut taken = [false; MOST];
        self.sounding.iter().for_each(|voice| taken[voice.place] = true);
        taken.iter().take_while(|taken| **taken).count()
    }

    /// Counts the notes beside that of a new voice, the oldest first.
    fn count(&mut self, new: &Voice) {
        self.others.clear();
        let others = self.sounding.iter().filter(|voice| voice.number != new.number);
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
        self.sounding.iter_mut().filter(|voice| which(voice)).for_each(|voice| voice.release(room));
    }

    /// The voices of a note.
    pub fn of_note(&mut self, note: NoteId) -> impl Iterator<Item = &mut Voice> {
        self.sounding.iter_mut().filter(move |voice| voice.call.note == note)
    }

    /// Fades out those that `which` says.
    pub fn fade(&mut self, which: impl Fn(&Voice) -> bool) {
        while let Some(index) = self.sounding.iter().position(&which) {
            self.fade_out(index);
        }
    }

    fn fade_out(&mut self, index: usize) {
        let mut voice = self.sounding.swap_remove(index);
        // Nobody would miss it.
        if voice.is_unheard() {
            return;
        }
        voice.fade(self.fade);
        if self.fading.len() == MOST {
            let loudness = self.fading.iter().map(Voice::loudness).enumerate();
            let quietest = loudness.min_by(|a, b| a.1.total_cmp(&b.1));
            self.fading.swap_remove(quietest.map_or(0, |(index, _)| index));
        }
        self.fading.push(voice);
    }

    /// Adds the sound of all and forgets those that have ended; of each that has, `ended` is told.
    pub fn render(&mut self, room: &mut Room, left: &mut [f32], right: &mut [f32], mut ended: impl FnMut(&Voice)) {
        for voices in [&mut self.sounding, &mut self.fading] {
            let mut index = 0;
            while let Some(voice) = voices.get_mut(index) {
                if voice.render(room, left, right) {
                    index += 1;
                } else {
                    ended(voice);
                    // The last takes its place: a voice is too large to move up all that follow.
                    voices.swap_remove(index);
                }
            }
        }
    }
}
