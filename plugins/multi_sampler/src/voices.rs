//! The voices of a sampler: who sounds, who has to go.

use cantus_plugin_api::NoteId;

use crate::room::Room;
use crate::voice::Voice;

/// Voices that may sound, and as many that may fade out beside them.
pub const MOST: usize = 256;

/// Who goes when there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steal {
    /// The oldest that is released, else the oldest.
    Released,
    Oldest,
    Quietest,
    /// One of the same pitch and slot, else as `Released`.
    SameNote,
}

/// Voices that sound, and voices that were stolen, choked or stopped and fade out. Neither list grows beyond [`MOST`]; when
/// the second is full, its quietest voice is cut. Never allocates after it was made.
pub struct Voices {
    sounding: Vec<Voice>,
    fading: Vec<Voice>,
    /// Frames of a fade.
    fade: u32,
}

impl Voices {
    /// None; a fade takes `fade` frames.
    pub fn new(fade: u32) -> Voices {
        Voices { sounding: Vec::with_capacity(MOST), fading: Vec::with_capacity(MOST), fade }
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

    /// Begins a voice, at most `polyphony` at once: while there are too many, one goes.
    pub fn begin(&mut self, voice: Voice, polyphony: usize, steal: Steal) {
        while self.sounding.len() >= polyphony.clamp(1, MOST) {
            let Some(index) = self.victim(&voice, steal) else { break };
            self.fade_out(index);
        }
        self.sounding.push(voice);
    }

    fn victim(&self, new: &Voice, steal: Steal) -> Option<usize> {
        let oldest = |which: &dyn Fn(&Voice) -> bool| {
            let voices = self.sounding.iter().enumerate().filter(|(_, voice)| which(voice));
            voices.min_by_key(|(_, voice)| voice.number).map(|(index, _)| index)
        };
        let quietest = || {
            let loudness = self.sounding.iter().map(Voice::loudness).enumerate();
            loudness.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
        };
        let same = |voice: &Voice| (voice.call.pitch, voice.call.slot) == (new.call.pitch, new.call.slot);
        let released = || oldest(&Voice::releasing).or_else(|| oldest(&|_| true));
        match steal {
            Steal::Released => released(),
            Steal::Oldest => oldest(&|_| true),
            Steal::Quietest => quietest(),
            Steal::SameNote => oldest(&same).or_else(released),
        }
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
            voices.retain_mut(|voice| {
                let sounds = voice.render(room, left, right);
                if !sounds {
                    ended(voice);
                }
                sounds
            });
        }
    }
}
