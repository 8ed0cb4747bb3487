//! What notes do: they begin, make others go, and are let go.

use cantus_plugin_api::{NoteId, NoteOn};

use crate::multi_sampler::{Param, SlotParam};
use crate::part::{self, Style};
use crate::values::{Locks, Name, choice};
use crate::voice::{Before, Call, Start, Voice};
use crate::voices::Steal;
use crate::{MOST_HELD, MOST_WAITING, MultiSampler};

/// Whether notes sound together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voicing {
    Poly,
    Mono,
    Legato,
}

/// What a note does to earlier ones of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewNote {
    Continue,
    Release,
    Cut,
}

impl NewNote {
    const ALL: [NewNote; 3] = [NewNote::Continue, NewNote::Release, NewNote::Cut];
}

impl MultiSampler {
    fn voicing(&self) -> Voicing {
        choice(self.room.values.get(Param::Voicing), &[Voicing::Poly, Voicing::Mono, Voicing::Legato])
    }

    /// Begins a note in all slots that it plays.
    pub fn note_on(&mut self, on: NoteOn) {
        let waiting = self.waiting.iter().position(|(note, _)| *note == on.note);
        let locks = waiting.map_or(Locks::NONE, |at| self.waiting.swap_remove(at).1);
        let (layers, count) = self.turns.choose(&on, &self.room.values, &self.sounds);
        let (column, pitch, velocity) = (on.column, on.pitch, on.velocity.unwrap_or(1.0));
        let of = |slot: &usize| Call { note: on.note, slot: *slot, column, pitch, velocity, locks };
        let Some(first) = layers[..count].first().map(of) else { return };
        match self.voicing() {
            Voicing::Poly => {
                self.make_way(&first);
                let before = Before { pitch: self.last, levels: [0.0; 2] };
                layers[..count].iter().map(of).for_each(|call| self.play(call, before));
            }
            voicing => self.hold(first, voicing),
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
        match self.room.values.note(call.slot, &call.locks).choice(Param::NewNote, &NewNote::ALL) {
            NewNote::Continue => {}
            NewNote::Release => self.voices.release(earlier, &self.room),
            NewNote::Cut => self.voices.fade(earlier),
        }
    }

    fn hold(&mut self, call: Call, voicing: Voicing) {
        if self.held.len() == MOST_HELD {
            self.held.remove(0);
        }
        self.held.push(call);
        self.play_alone(call, voicing);
    }

    /// A note that sounds alone begins, or the one that sounds becomes it.
    fn play_alone(&mut self, call: Call, voicing: Voicing) {
        let sounding = self.voices.latest(|_| true);
        let levels = sounding.as_ref().map_or([0.0; 2], |voice| voice.levels());
        if let Some(voice) = sounding
            && voicing == Voicing::Legato
            && voice.call.slot == call.slot
            && !voice.releasing()
        {
            voice.become_note(call, &self.room);
            self.last = voice.pitch(&self.room);
            return;
        }
        self.voices.fade(|_| true);
        self.play(call, Before { pitch: self.last, levels });
    }

    /// A voice begins.
    fn play(&mut self, call: Call, before: Before) {
        let Some(sample) = self.sounds[call.slot].clone() else { return };
        let values = self.room.values.note(call.slot, &call.locks);
        let first = match part::style(&values) {
            Style::Next => Some(self.carry_on(call.slot)),
            Style::Once | Style::Loop | Style::Grain => None,
        };
        self.begun += 1;
        let start = Start { call, number: self.begun, sample, first, before };
        let Some(voice) = Voice::new(start, &self.room) else { return };
        self.last = voice.pitch(&self.room);
        let values = &self.room.values;
        let group = |slot| values.of_slot(slot, SlotParam::Choke);
        if group(call.slot) > 0.0 {
            // Not the other layers of the note.
            let same = |voice: &Voice| group(voice.call.slot) == group(call.slot) && voice.call.note != call.note;
            self.voices.fade(same);
        }
        let steal =
            choice(values.get(Param::Steal), &[Steal::Released, Steal::Oldest, Steal::Quietest, Steal::SameNote]);
        let polyphony = values.get(Param::Polyphony) as usize;
        self.voices.begin(voice, polyphony, steal);
    }

    /// The frame at which a slot's last note has ended, or is: that one fades out.
    fn carry_on(&mut self, slot: usize) -> usize {
        let latest = self.voices.latest(|voice| voice.call.slot == slot).map(|voice| voice.frame());
        self.voices.fade(|voice| voice.call.slot == slot);
        latest.unwrap_or(self.resume[slot])
    }

    /// A note is let go.
    pub fn note_off(&mut self, note: NoteId) {
        let held = self.held.len();
        self.held.retain(|call| call.note != note);
        let ends = self.voices.of_note(note).any(|voice| voice.has_gate(&self.room) && !voice.releasing());
        let before = self.held.last().copied().filter(|_| ends && self.held.len() < held);
        match before {
            // What was held before it comes back.
            Some(call) => self.play_alone(call, self.voicing()),
            None => self.voices.of_note(note).for_each(|voice| voice.let_go(&self.room)),
        }
    }
}
