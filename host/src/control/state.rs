//! What everybody sees: the state as published, apart from what changes with every quantum.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cantus_plugin_api::raw::Segment;

use super::batch::{Cause, Scenes};
use super::schedule::{Reports, Waiting};
use crate::assets::Asset;
use crate::model::{Catalog, Model, Name, Table};
use crate::rt::{Meters, Reading};

/// The state, immutable. A new one is published when a command or its realisation changed something.
#[derive(Clone, Debug, Default)]
pub struct EngineState {
    /// Counts publications.
    pub version: u64,
    /// How the publications so far came about.
    pub causes: Causes,
    /// What the transport was told.
    pub orders: Orders,
    /// What is wanted.
    pub model: Arc<Model>,
    /// The manifests in whose order its values lie.
    pub catalog: Arc<Catalog>,
    /// Kept Models, by name.
    pub scenes: Scenes,
    /// What waits for its time, in the order in which it came.
    pub pending: Arc<Vec<Waiting>>,
    /// What became of what waited and could not be done, the last of them.
    pub reports: Reports,
    /// What is.
    pub status: Arc<Status>,
    /// What modules show; the cells are written by the audio thread, and sampled by whoever reads.
    pub meters: Table<Name, Meters>,
    /// Sound files that are ready, by the name they are asked for by.
    pub assets: Arc<BTreeMap<Name, Arc<Asset>>>,
}

/// By depth of the cause, the last version that was published because of something of at most that depth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    last: [u64; Cause::DEEPEST.depth as usize + 1],
    /// Of what was applied last: what is realised afterwards follows from it.
    now: Cause,
}

impl Causes {
    /// The cause of everything that was published after a version: that of what came most directly from outside.
    pub fn since(&self, version: u64) -> Cause {
        let depth = self.last.iter().position(|last| *last > version).unwrap_or(0);
        Cause { depth: depth as u8 }
    }

    /// What is published from now on is because of this.
    pub(super) fn because(&mut self, cause: Cause) {
        self.now = cause;
    }

    /// Of what was applied last.
    pub(super) fn cause(&self) -> Cause {
        self.now
    }

    /// One more version.
    pub(super) fn count(&mut self) {
        let version = self.version() + 1;
        self.last[usize::from(self.now.depth.min(Cause::DEEPEST.depth))..].fill(version);
    }

    /// The last version: no cause is too deep for it.
    pub(super) fn version(&self) -> u64 {
        self.last[usize::from(Cause::DEEPEST.depth)]
    }
}

impl EngineState {
    /// A Model of which everything is as wanted.
    pub fn of(model: Arc<Model>, catalog: Arc<Catalog>) -> EngineState {
        EngineState { model, catalog, ..EngineState::default() }
    }

    /// How long a module takes, in seconds for each second of sound; the worst of late. 1 is all there is.
    pub fn load(&self, name: &str) -> Option<f32> {
        Some(f32::from_bits(self.meters.get(name)?.last()?.load(Ordering::Relaxed)))
    }

    /// The module that takes the longest, and how long.
    pub fn heaviest(&self) -> Option<(&Name, f32)> {
        let loads = self.meters.keys().filter_map(|name| Some((name, self.load(name)?)));
        loads.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The meter of that key, of a module of that name, if both are there and the module is made.
    pub fn meter(&self, name: &str, key: &str) -> Option<f32> {
        let known = self.catalog.get(&self.model.modules.get(name)?.module_type)?;
        let index = known.manifest.meters().position(|(meter, _)| meter == key)?;
        Some(f32::from_bits(self.meters.get(name)?.get(index)?.load(Ordering::Relaxed)))
    }
}

/// What is not as wanted (or not yet): everything that is not named here is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// By module name.
    pub modules: BTreeMap<Name, StatusOf>,
    /// By path, such as `kick.slots[1].file`.
    pub data: BTreeMap<String, StatusOf>,
    /// Plugins are being looked at on the disk.
    pub reloading: bool,
}

impl Status {
    /// Everything that failed or is missing.
    pub fn problems(&self) -> Vec<Problem> {
        let modules = self.modules.iter().map(|(name, status)| (name.to_string(), status));
        let data = self.data.iter().map(|(path, status)| (path.clone(), status));
        let bad = |(path, status): (String, &StatusOf)| match status {
            StatusOf::Loading { .. } => None,
            StatusOf::Missing(reason) | StatusOf::Faulted(reason) => Some(Problem { path, reason: reason.clone() }),
        };
        modules.chain(data).filter_map(bad).collect()
    }
}

impl Status {
    /// Something is being made or loaded.
    pub fn loading(&self) -> bool {
        self.reloading || self.modules.values().chain(self.data.values()).any(|s| matches!(s, StatusOf::Loading { .. }))
    }
}

/// Something that failed or is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the module, or path of the parameter, such as `kick.slots[1].file`.
    pub path: String,
    /// Why, and what to do.
    pub reason: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// How something is that is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusOf {
    /// A worker is at it.
    Loading {
        /// How far a file is, in steps of 5; of a module always 0.
        percent: u8,
    },
    /// It is not there; why, and what to do.
    Missing(String),
    /// It failed; why, and what to do. It is silent.
    Faulted(String),
}

/// What the transport was told last; the audio thread may not have heard of it yet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Orders {
    /// Beats are to go on.
    pub playing: bool,
    /// Counts stops, seeks and resets, as the audio thread does.
    pub epoch: u32,
    /// Beat to which the last of them led.
    pub start: f64,
}

/// Where the music is; where it is about to be, if it was told to go there and has not heard of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClockReading {
    /// Absolute sample of the next quantum.
    pub sample: u64,
    /// The same in seconds.
    pub seconds: f64,
    /// Samples per second.
    pub rate: f64,
    /// Beat at that sample.
    pub beat: f64,
    /// Beats per minute there; while beats stand still, those with which they would go on.
    pub bpm: f64,
    /// Beats per minute that are gained with each sample from there on.
    pub slope: f64,
    /// Beats go on.
    pub playing: bool,
    /// Counts stops, seeks and resets.
    pub epoch: u32,
    /// Turns of the loop in this epoch.
    pub lap: u32,
}

impl ClockReading {
    /// What the audio thread shows, and what it was told since; it may have been told more than is known here. `rate` in
    /// Hz.
    pub(super) fn of(seen: Reading, orders: Orders, rate: f64) -> ClockReading {
        let Reading { sample, beat, bpm, slope, lap, .. } = seen;
        let orders = if seen.epoch > orders.epoch {
            Orders { playing: seen.playing, epoch: seen.epoch, start: beat }
        } else {
            orders
        };
        let (beat, lap) = if seen.epoch == orders.epoch { (beat, lap) } else { (orders.start, 0) };
        let Orders { playing, epoch, .. } = orders;
        ClockReading { sample, seconds: sample as f64 / rate, rate, beat, bpm, slope, playing, epoch, lap }
    }

    /// Frames from there to a beat, as the tempo goes there; below 0 for what is over.
    pub fn frames_to(&self, beat: f64) -> f64 {
        self.course(|to| to.frames_to(beat, self.rate).is_finite()).frames_to(beat, self.rate)
    }

    /// The absolute sample of a beat, as the tempo goes there.
    pub fn sample_of(&self, beat: f64) -> u64 {
        self.course(|to| to.frames_to(beat, self.rate).is_finite()).sample_of(beat, self.rate).max(0) as u64
    }

    /// The beat at an absolute sample, as the tempo goes there.
    pub fn beat_at(&self, sample: u64) -> f64 {
        self.course(|to| to.bpm_at(sample) > 0.0).beat_at(sample, self.rate)
    }

    /// Where the tempo leads from there; if it would come to a stand before it reaches something, on as it is there.
    fn course(&self, reaches: impl Fn(&Segment) -> bool) -> Segment {
        let ClockReading { sample, beat, bpm, slope, epoch, .. } = *self;
        let course = Segment { sample, beat, bpm, slope, flags: 0, epoch };
        if reaches(&course) { course } else { Segment { slope: 0.0, ..course } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beat, lap, epoch and whether beats go on: as the audio thread shows them, told to play from beat 16 of epoch 4.
    fn read(epoch: u32) -> (f64, u32, u32, bool) {
        let seen = Reading { beat: 2.0, lap: 3, epoch, playing: false, ..Reading::default() };
        let clock = ClockReading::of(seen, Orders { playing: true, epoch: 4, start: 16.0 }, 8.0);
        (clock.beat, clock.lap, clock.epoch, clock.playing)
    }

    #[test]
    fn whoever_knows_more_says_where_the_music_is() {
        assert_eq!(read(3), (16.0, 0, 4, true), "the audio thread has not heard of it yet");
        assert_eq!(read(4), (2.0, 3, 4, true), "nor of the start in the same epoch");
        assert_eq!(read(5), (2.0, 3, 5, false), "it has heard of a stop that is published only now");
    }
}
