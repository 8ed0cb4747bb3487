//! What notes do: they begin, make others go, and are let go.

use cantus_plugin_api::{NoteId, NoteOn, Sample};

use crate::choice::Layers;
use crate::multi_sampler::{NewNote, Param, SlotParam, Steal, Style, Voicing};
use crate::part::style;
use crate::values::{Locks, Name};
use crate::voice::{Start, Voice};
use crate::{MOST_HELD, MOST_WAITING, MultiSampler};

/// Who plays what.
#[derive(Clone, Copy)]
pub struct Call {
    pub note: NoteId,
    pub slot: usize,
    pub column: usize,
    /// `None`: the sound's own.
    pub pitch: Option<f32>,
    pub velocity: f32,
    pub locks: Locks,
}

/// What a note begins from.
#[derive(Clone, Copy)]
pub struct Before {
    /// The pitch of the note before, if there was one that had a pitch.
    pub pitch: Option<f64>,
    /// Where both envelopes of the note before stand if they go on from there, else 0.
    pub levels: [f32; 2],
}

/// A note that is held while only one may sound.
#[derive(Clone, Copy)]
pub struct Held {
    /// In its first slot.
    pub call: Call,
    /// All its slots.
    pub layers: Layers,
}

impl Held {
    fn calls(&self) -> impl Iterator<Item = Call> {
        self.layers.slots().iter().map(|slot| Call { slot: *slot, ..self.call })
    }
}

impl MultiSampler {
    fn voicing(&self) -> Voicing {
        Voicing::from_value(self.room.values.get(Param::Voicing))
    }

    /// Begins a note in all slots that it plays.
    pub fn note_on(&mut self, on: NoteOn) {
        let waiting = self.waiting.iter().position(|(note, _)| *note == on.note);
        let mut locks = waiting.map_or(Locks::NONE, |at| self.waiting.swap_remove(at).1);
        if let Some(seconds) = on.glide {
            locks.set(Name::Module(Param::Glide), f64::from(seconds).clamp(0.0, 10.0));
        }
        let layers = self.turns.choose(&on, &self.room.values, &self.sounds);
        let Some(slot) = layers.slots().first().copied() else { return };
        let (pitch, velocity) = (on.pitch, on.velocity.unwrap_or(1.0));
        let call = Call { note: on.note, slot, column: on.column, pitch, velocity, locks };
        match self.voicing() {
            Voicing::Poly => {
                self.make_way(&call);
                self.begun += 1;
                let before = Before { pitch: self.last, levels: [0.0; 2] };
                layers.slots().iter().for_each(|slot| self.play(Call { slot: *slot, ..call }, before));
            }
            voicing => self.hold(Held { call, layers }, voicing),
        }
    }

    /// A value of one note, which sounds, or is about to begin.
    pub fn lock(&mut self, note: NoteId, name: Name, value: f64) {
        let mut sounds = false;
        for voice in self.voices.of_note(note) {
            voice.lock(name, value, &self.room);
            sounds = true;
        }
        if sounds {
            return;
        }
        match self.waiting.iter_mut().find(|(waiting, _)| *waiting == note) {
            Some((_, locks)) => locks.set(name, value),
            None => {
                // Those of notes that never came.
                if self.waiting.len() == MOST_WAITING {
                    self.waiting.remove(0);
                }
                let mut locks = Locks::NONE;
                locks.set(name, value);
                self.waiting.push((note, locks));
            }
        }
    }

    /// What a new note does to earlier ones of its column.
    fn make_way(&mut self, call: &Call) {
        let earlier = |voice: &Voice| voice.call.column == call.column;
        let values = self.room.values.note(call.slot, &call.locks);
        match NewNote::from_value(values.get(Param::NewNote)) {
            NewNote::Continue => {}
            NewNote::Release => self.voices.release(earlier, &self.room),
            NewNote::Cut => self.voices.fade(earlier),
        }
    }

    fn hold(&mut self, note: Held, voicing: Voicing) {
        if self.held.len() == MOST_HELD {
            self.held.remove(0);
        }
        self.held.push(note);
        self.play_alone(&note, voicing);
    }

    /// A note sounds alone: legato, those of its layers that sound already go on as it; all else fades out, and the other
    /// layers begin.
    fn play_alone(&mut self, note: &Held, voicing: Voicing) {
        let levels = self.voices.latest(|_| true).map_or([0.0; 2], |voice| voice.levels());
        let before = Before { pitch: self.last, levels };
        let earlier = self.begun;
        self.begun += 1;
        if voicing == Voicing::Legato {
            for call in note.calls() {
                if let Some(voice) = self.voices.latest(|voice| voice.call.slot == call.slot && !voice.releasing()) {
                    voice.become_note(call, self.begun, &self.room);
                    self.last = voice.pitch(&self.room);
                }
            }
        }
        self.voices.fade(|voice| voice.number <= earlier);
        for call in note.calls() {
            let goes_on = |voice: &Voice| voice.number == self.begun && voice.call.slot == call.slot;
            if !self.voices.sounding().any(goes_on) {
                self.play(call, before);
            }
        }
    }

    /// A layer of the latest note begins.
    fn play(&mut self, call: Call, before: Before) {
        let Some(sample) = self.sounds[call.slot].clone() else { return };
        let values = self.room.values.note(call.slot, &call.locks);
        let next = style(&values) == Style::Next;
        let first = if next { self.carry_on(call.slot, &sample) } else { None };
        let start = Start { call, number: self.begun, sample, first, before };
        let Some(voice) = Voice::new(start, &self.room) else { return };
        self.last = voice.pitch(&self.room);
        let values = &self.room.values;
        let group = |slot| values.of_slot(slot, SlotParam::Choke);
        if group(call.slot) > 0.0 {
            // Not the other layers of the note.
            let same = |voice: &Voice| group(voice.call.slot) == group(call.slot) && voice.number != self.begun;
            self.voices.fade(same);
        }
        let steal = Steal::from_value(values.get(Param::Steal));
        let polyphony = values.get(Param::Polyphony) as usize;
        self.voices.begin(voice, polyphony, steal);
    }

    /// The frame of a slot's sound at which its last note has ended, or is: that one fades out.
    fn carry_on(&mut self, slot: usize, sample: &Sample) -> Option<usize> {
        let heard = self.voices.all().filter(|voice| voice.call.slot == slot && voice.plays(sample));
        let latest = heard.max_by_key(|voice| voice.number);
        let frame = latest.map(|voice| voice.frame()).or(self.resume[slot].map(|(_, frame)| frame));
        self.voices.fade(|voice| voice.call.slot == slot);
        frame
    }

    /// A note is let go.
    pub fn note_off(&mut self, note: NoteId) {
        let values = &self.room.values;
        let is_gated = |call: &Call| values.note(call.slot, &call.locks).slot(SlotParam::Gate) != 0.0;
        let ends = self.held.last().is_some_and(|held| held.call.note == note && is_gated(&held.call));
        self.held.retain(|held| held.call.note != note);
        match self.held.last().copied().filter(|_| ends) {
            // What was held before it comes back, also where its sound has ended meanwhile.
            Some(before) => self.play_alone(&before, self.voicing()),
            None => self.voices.of_note(note).for_each(|voice| voice.let_go(&self.room)),
        }
    }
}
