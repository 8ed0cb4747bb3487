//! The voices of a sampler: who sounds, who has to go.

use cantus_plugin_api::NoteId;

use crate::voice::Voice;

/// Voices that may sound, and as many that may fade out beside them.
pub const MOST: usize = 64;

/// Voices that sound, oldest first, and voices that were stolen, choked or stopped and fade out. Neither list grows
/// beyond [`MOST`]; when the second is full, its quietest voice is cut. Never allocates after it was made.
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

    /// How many sound, without those that fade out.
    pub fn count(&self) -> usize {
        self.sounding.len()
    }

    /// Those that sound and those that fade out.
    pub fn all(&mut self) -> impl Iterator<Item = &mut Voice> {
        self.sounding.iter_mut().chain(&mut self.fading)
    }

    /// Begins a voice, at most `polyphony` at once: while there are too many the oldest that is released goes, else the
    /// oldest.
    pub fn begin(&mut self, voice: Voice, polyphony: usize) {
        while self.sounding.len() >= polyphony.clamp(1, MOST) {
            let released = self.sounding.iter().position(Voice::releasing);
            self.fade_out(released.unwrap_or(0));
        }
        self.sounding.push(voice);
    }

    /// Releases a note in `frames` frames.
    pub fn release(&mut self, note: NoteId, frames: u32) {
        self.sounding.iter_mut().filter(|v| v.note == note).for_each(|v| v.release(frames));
    }

    /// Fades out those that `which` says.
    pub fn fade(&mut self, which: impl Fn(&Voice) -> bool) {
        while let Some(index) = self.sounding.iter().position(&which) {
            self.fade_out(index);
        }
    }

    fn fade_out(&mut self, index: usize) {
        let mut voice = self.sounding.remove(index);
        voice.release(self.fade);
        if self.fading.len() == MOST {
            let by_loudness = |a: &(usize, f32), b: &(usize, f32)| a.1.total_cmp(&b.1);
            let quietest = self.fading.iter().map(Voice::loudness).enumerate().min_by(by_loudness);
            self.fading.remove(quietest.map_or(0, |(index, _)| index));
        }
        self.fading.push(voice);
    }

    /// Adds the sound of all and forgets those that have ended.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32]) {
        self.sounding.retain_mut(|voice| voice.render(left, right));
        self.fading.retain_mut(|voice| voice.render(left, right));
    }
}
