//! The transport: where the music is, as a function of the absolute sample.
//!
//! Time is laid out ahead in segments, each anchored to a sample. A segment begins where something is done to the
//! transport, on that exact sample; or at a beat (a point of the tempo map, the end of a ramp, the turn of a loop), which
//! mostly falls between two samples. It is then anchored to the sample to which the contract rounds that beat, with
//! the beat and tempo it has there: so what is played on that beat begins with the segment, and nothing adds up but one
//! rounding of an `f64` per segment.

use cantus_plugin_api::raw::{self, Segment, flag};

use super::message::{At, TransportChange};
use super::telemetry::Reading;
use super::tempo::{Pace, Tempo, TempoMap};

/// Segments of one quantum. When there are more, the newest takes the place of the last; what happened between their
/// anchors goes on as the one before them said.
const ROOM: usize = 16;
/// Shortest loop, in beats; shorter ones are refused.
pub const SHORTEST_LOOP: f64 = 1.0 / 64.0;

/// The transport's state.
pub(crate) struct Clock {
    rate: f64,
    playing: bool,
    epoch: u32,
    /// Turns of the loop in this epoch.
    lap: u32,
    tempo: Tempo,
    /// Beats of a bar, and the note that such a beat is.
    signature: (u32, u32),
    /// Amount and unit.
    swing: (f64, f64),
    /// First beat, and the beat at which it turns.
    around: Option<(f64, f64)>,
    /// Of this quantum, as far as they were laid out; the first is in force at its first sample.
    segments: Vec<Segment>,
    /// The beat at which the last segment ends by itself, and whether that is the turn of the loop.
    end: Option<(f64, bool)>,
}

impl Clock {
    /// Control thread. Stopped at beat 0.
    pub fn new(rate: f64, bpm: f64) -> Clock {
        let mut segments = Vec::with_capacity(ROOM);
        segments.push(Segment { sample: 0, beat: 0.0, bpm: 0.0, slope: 0.0, flags: 0, epoch: 0 });
        Clock {
            rate,
            playing: false,
            epoch: 0,
            lap: 0,
            tempo: Tempo::new(bpm),
            signature: (4, 4),
            swing: (0.5, 0.25),
            around: None,
            segments,
            end: None,
        }
    }

    /// Control thread. As it was seen somewhere, with a tempo to be or to come to, and what it goes around in.
    pub fn seen(at: &Reading, bpm: f64, map: Box<TempoMap>, around: Option<(f64, f64)>, rate: f64) -> Clock {
        let mut clock = Clock::new(rate, bpm);
        clock.tempo = Tempo::seen(bpm, map, at, rate);
        (clock.playing, clock.epoch, clock.lap, clock.around) = (at.playing, at.epoch, at.lap, around);
        clock.segments.clear();
        clock.lay(at.sample, 0.0, at.beat, 0);
        clock
    }

    /// A quantum begins: segments of the one before are forgotten.
    pub fn begin(&mut self) {
        let last = self.last();
        self.segments.clear();
        self.segments.push(last);
    }

    /// Lays out everything that begins by itself before sample `end`, in this quantum.
    pub fn advance(&mut self, end: u64) {
        while self.lay_next(end).is_some() {}
    }

    /// Changes at a sample of this quantum, not before what was done to it last. True: notes that are on must end.
    pub fn change(&mut self, change: TransportChange, sample: u64) -> bool {
        self.advance(sample + 1);
        let (beat, played) = (self.last().beat_at(sample, self.rate), self.playing);
        match change {
            TransportChange::Start => self.playing = true,
            TransportChange::Pause => self.playing = false,
            TransportChange::Stop => {
                self.playing = false;
                return self.jump(sample, 0.0);
            }
            TransportChange::Reset => return self.jump(sample, 0.0),
            TransportChange::Seek(beat) => return self.jump(sample, beat),
            TransportChange::Tempo { bpm, over } => self.tempo.set(bpm, over, beat, self.rate),
            TransportChange::Loop(range) => {
                self.around = range.filter(|(start, end)| end - start >= SHORTEST_LOOP);
            }
            TransportChange::Signature { beats, unit } => self.signature = (beats, unit),
            TransportChange::Swing { amount, unit } => self.swing = (amount, unit),
        }
        self.lay(sample, 0.0, beat, 0);
        played && !self.playing
    }

    /// Swaps the tempo map, at a sample as `change` does.
    pub fn swap_map(&mut self, map: &mut Box<TempoMap>, sample: u64) {
        self.advance(sample + 1);
        std::mem::swap(&mut self.tempo.map, map);
        self.lay(sample, 0.0, self.last().beat_at(sample, self.rate), 0);
    }

    /// Drops what is left of a ramp, at a sample as `change` does: the tempo is the target.
    pub fn reset(&mut self, sample: u64) {
        self.advance(sample + 1);
        self.tempo.drop_ramp();
        self.lay(sample, 0.0, self.last().beat_at(sample, self.rate), 0);
    }

    /// To a beat, in a new epoch, in which no note goes on.
    fn jump(&mut self, sample: u64, beat: f64) -> bool {
        self.epoch = self.epoch.wrapping_add(1);
        self.lap = 0;
        self.tempo.drop_ramp();
        self.lay(sample, 0.0, beat, flag::JUMPED);
        true
    }

    /// When something so stamped is due, if before sample `end` of this quantum: maybe before `now`, which is then too
    /// late. Nothing may be done to the transport any more before the sample it returns; if it returns none, in all of
    /// the quantum.
    ///
    /// A beat that the loop never reaches is due when it turns, and one of a lap that will not come is due now. So a stamp
    /// is always met, if beats go on, and what waits behind it does not wait for ever. While they stand still, and in
    /// another epoch, nothing says that it will be met: it is due now, as the Model has it already.
    pub fn due(&mut self, at: At, now: u64, end: u64) -> Option<u64> {
        match at {
            At::Now => Some(now),
            At::Sample(sample) => (sample < end).then_some(sample),
            At::Beat { epoch, .. } if epoch != self.epoch || !self.playing => Some(now),
            At::Beat { lap, .. } if lap < self.lap => Some(now),
            At::Beat { beat, lap, .. } => {
                // The loop may turn at `now` itself: what waits for its end is due then.
                let mut earliest = 0;
                loop {
                    if lap > self.lap {
                        if !self.turns() {
                            return Some(now.max(earliest));
                        }
                        let (next, _) = self.lay_next(end)?;
                        earliest = next;
                        continue;
                    }
                    let sample = (self.last().sample_of(beat, self.rate).max(0) as u64).max(earliest);
                    match self.lay_next(end.min(sample.saturating_add(1))) {
                        None => return (sample < end).then_some(sample),
                        Some((turn, true)) => return Some(turn),
                        Some((next, false)) => earliest = next,
                    }
                }
            }
        }
    }

    /// Beats go on towards the turn of a loop.
    fn turns(&self) -> bool {
        self.around.is_some_and(|(_, end)| self.last().beat < end)
    }

    /// Lays out the next segment that begins by itself, if before sample `before`: its sample, and whether the loop turns
    /// there.
    fn lay_next(&mut self, before: u64) -> Option<(u64, bool)> {
        let (last, (end, turns)) = (self.last(), self.end?);
        let sample = last.sample_of(end, self.rate).max(last.sample as i64) as u64;
        if sample >= before {
            return None;
        }
        let past = (sample - last.sample) as f64 - last.frames_to(end, self.rate);
        match self.around {
            Some((start, _)) if turns => {
                self.lap = self.lap.wrapping_add(1);
                self.tempo.go_back(end - start);
                self.lay(sample, past, start, flag::JUMPED | flag::LOOPED);
            }
            _ => self.lay(sample, past, end, 0),
        }
        Some((sample, turns))
    }

    /// Lays out a segment that is anchored to a sample `past` frames after a beat.
    fn lay(&mut self, sample: u64, past: f64, beat: f64, flags: u32) {
        let Pace { bpm, slope, until } = if self.playing { self.tempo.at(beat, self.rate) } else { Pace::STILL };
        let turn = self.around.map(|(_, end)| end).filter(|end| self.playing && beat < *end && *end <= until);
        self.end = turn.map(|end| (end, true)).or(until.is_finite().then_some((until, false)));
        let on_beat = Segment { sample: 0, beat, bpm, slope, flags, epoch: self.epoch };
        let beat = beat + past * (bpm + 0.5 * slope * past) / (60.0 * self.rate);
        self.push(Segment { sample, beat, bpm: bpm + slope * past, ..on_beat });
    }

    /// Of several segments at one sample the last one counts; if one of them jumped, it has jumped, and if that was not
    /// a loop's turn, it is none.
    fn push(&mut self, mut segment: Segment) {
        let full = self.segments.len() == ROOM;
        if let Some(last) = self.segments.last_mut().filter(|last| full || last.sample == segment.sample) {
            let jumps = [last.flags, segment.flags].into_iter().filter(|f| f & flag::JUMPED != 0);
            segment.flags = jumps.reduce(|a, b| a & b).unwrap_or(0);
            *last = segment;
        } else {
            self.segments.push(segment);
        }
    }

    fn last(&self) -> Segment {
        self.segments[self.segments.len() - 1]
    }

    /// The sample at which something of so many beats ends that begins at `sample`, at the tempo of then; at least one
    /// sample later.
    pub fn end_of(&mut self, beats: f64, sample: u64) -> u64 {
        // What begins by itself on this sample has begun.
        self.advance(sample + 1);
        let last = self.last();
        let still = || self.tempo.at(last.beat_at(sample, self.rate), self.rate).bpm;
        let bpm = if self.playing { last.bpm_at(sample) } else { still() };
        let steady = Segment { sample, beat: 0.0, bpm, slope: 0.0, flags: 0, epoch: 0 };
        (steady.sample_of(beats, self.rate).max(0) as u64).max(sample + 1)
    }

    /// The record that modules see, when all of the quantum was laid out. It points into the clock.
    pub fn record(&self) -> raw::Transport {
        let mut record = raw::Transport::new(self.rate, &self.segments);
        record.beats_per_bar = self.beats_per_bar();
        record.beat_unit = self.signature.1;
        (record.swing, record.swing_unit) = self.swing;
        if let Some(range) = self.around {
            record.flags |= flag::LOOPING;
            (record.loop_start, record.loop_end) = range;
        }
        record
    }

    fn beats_per_bar(&self) -> f32 {
        self.signature.0 as f32 * 4.0 / self.signature.1 as f32
    }

    /// How things are at a sample that was laid out.
    pub fn reading(&self, sample: u64) -> Reading {
        let last = self.last();
        let (mut beat, mut lap) = (last.beat_at(sample, self.rate), self.lap);
        // A loop that turns on this very sample has turned.
        if let (Some((end, true)), Some((start, _))) = (self.end, self.around)
            && last.sample_of(end, self.rate) <= sample as i64
        {
            (beat, lap) = (start + (beat - end).max(0.0), lap.wrapping_add(1));
        }
        let Pace { bpm, slope, .. } = self.tempo.at(beat, self.rate);
        Reading {
            sample,
            beat,
            bpm,
            slope: if self.playing { slope } else { 0.0 },
            playing: self.playing,
            epoch: self.epoch,
            lap,
            beats_per_bar: self.beats_per_bar(),
        }
    }
}

/// Control thread: the samples that so many beats take from beat 0 on, if nobody changes anything meanwhile. `around` is
/// the beat a loop begins at and the one it turns at; turns count as beats that go on. `rate` in Hz.
pub fn samples_of(beats: f64, bpm: f64, map: TempoMap, around: Option<(f64, f64)>, rate: f64) -> u64 {
    let mut clock = Clock::new(rate, bpm);
    clock.swap_map(&mut Box::new(map), 0);
    clock.change(TransportChange::Loop(around), 0);
    clock.change(TransportChange::Start, 0);
    let mut last_beat = beats;
    while clock.end.is_some_and(|(end, _)| end < last_beat) {
        clock.begin();
        if let (Some((_, true)), Some((start, end))) = (clock.lay_next(u64::MAX), clock.around) {
            last_beat -= end - start;
        }
    }
    clock.last().sample_of(last_beat, rate).max(0) as u64
}

#[cfg(test)]
mod tests;
