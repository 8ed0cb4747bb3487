//! The transport: where the music is, as a function of the absolute sample.

use cantus_plugin_api::raw::{self, Segment, flag};

use super::message::TransportChange;

/// The transport's state.
pub(super) struct Clock {
    rate: f64,
    playing: bool,
    jumped: bool,
    epoch: u32,
    beats_per_bar: f32,
    segments: [Segment; 1],
}

impl Clock {
    /// Control thread. Stopped at beat 0.
    pub fn new(rate: f64, bpm: f64) -> Clock {
        let segments = [Segment { sample: 0, beat: 0.0, bpm }];
        Clock { rate, playing: false, jumped: false, epoch: 0, beats_per_bar: 4.0, segments }
    }

    /// Changes at the beginning of the quantum that begins at `sample`. True: notes that are on must end.
    pub fn change(&mut self, change: TransportChange, sample: u64) -> bool {
        let beat = self.beat_at(sample);
        match change {
            TransportChange::Start if self.playing => false,
            TransportChange::Start => {
                self.playing = true;
                self.jump(sample, beat);
                false
            }
            TransportChange::Stop => {
                self.playing = false;
                self.new_epoch(sample, 0.0)
            }
            TransportChange::Pause => {
                let played = self.playing;
                self.playing = false;
                self.jump(sample, beat);
                played
            }
            TransportChange::Reset => self.new_epoch(sample, 0.0),
            TransportChange::Seek(beat) => self.new_epoch(sample, beat),
            TransportChange::Tempo(bpm) => {
                self.segments[0] = Segment { sample, beat, bpm };
                false
            }
        }
    }

    fn new_epoch(&mut self, sample: u64, beat: f64) -> bool {
        self.epoch = self.epoch.wrapping_add(1);
        self.jump(sample, beat);
        true
    }

    fn jump(&mut self, sample: u64, beat: f64) {
        self.jumped = true;
        self.segments[0] = Segment { sample, beat, ..self.segments[0] };
    }

    /// Beats go on.
    pub fn playing(&self) -> bool {
        self.playing
    }

    /// The beat at an absolute sample.
    pub fn beat_at(&self, sample: u64) -> f64 {
        let segment = &self.segments[0];
        if self.playing { segment.beat_at(sample, self.rate) } else { segment.beat }
    }

    /// The sample at which something of so many beats ends that begins at `sample`, at the tempo of now; at least one
    /// sample later.
    pub fn end_of(&self, beats: f64, sample: u64) -> u64 {
        let from_here = Segment { sample, beat: 0.0, bpm: self.segments[0].bpm };
        (from_here.sample_of(beats, self.rate).max(0) as u64).max(sample + 1)
    }

    /// The record that modules see. It points into the clock.
    pub fn record(&self) -> raw::Transport {
        let playing = if self.playing { flag::PLAYING } else { 0 };
        let jumped = if self.jumped { flag::JUMPED } else { 0 };
        raw::Transport {
            size: size_of::<raw::Transport>() as u32,
            flags: playing | jumped,
            epoch: self.epoch,
            beats_per_bar: self.beats_per_bar,
            rate: self.rate,
            segments: self.segments.as_ptr(),
            segment_count: self.segments.len(),
        }
    }

    /// A quantum has gone by.
    pub fn passed(&mut self) {
        self.jumped = false;
    }
}
