//! How an instance ends: it rings out, and is faded out.

use super::QUANTUM;
use super::buffer::Arena;
use super::fade::Fade;
use super::instance::Build;

/// What is never louder than this (-120 dB) is silent.
const SILENT: f32 = 1e-6;
/// Seconds of silence after which nothing more is waited for, unless the manifest declares a longer tail.
const QUIET: f64 = 0.5;
/// Seconds after which what still sounds is faded out.
const LONGEST: f64 = 5.0;

/// Whether an instance plays, rings out, or has ended.
pub(super) struct Ring {
    level: Fade,
    /// Something comes in that can ring out.
    fed: bool,
    /// Quanta of silence that are enough, and quanta that are the most.
    quiet: u32,
    longest: u32,
    state: State,
    /// It is not wanted any more.
    retired: bool,
    told: bool,
}

enum State {
    /// It plays.
    On,
    /// It rings out: quanta since it ended, and how many of them were silent at the end.
    Ringing { quanta: u32, silent: u32 },
    /// It is faded out, or silent.
    Off,
}

impl Ring {
    pub fn new(build: &Build) -> Ring {
        let quanta = |seconds: f64| (seconds * build.rate / QUANTUM as f64).ceil() as u32;
        Ring {
            level: Fade::new(1.0, build.rate),
            fed: build.fed,
            quiet: quanta(QUIET).max(build.tail.div_ceil(QUANTUM as u32)),
            longest: quanta(LONGEST),
            state: State::On,
            retired: false,
            told: false,
        }
    }

    /// Control thread, before it is handed over: it comes in from silence.
    pub fn fade_in(&mut self) {
        self.level.snap(0.0);
        self.level.set(1.0, 0);
    }

    /// It is on its way in from silence.
    pub fn comes_in(&self) -> bool {
        matches!(self.state, State::On) && !self.level.is_resting()
    }

    /// From an absolute sample on it only rings out.
    pub fn end(&mut self, sample: u64) {
        if matches!(self.state, State::On) {
            self.state = State::Ringing { quanta: 0, silent: 0 };
            if !self.fed {
                self.fade_out(sample);
            }
        }
    }

    /// As `end`, and for good.
    pub fn retire(&mut self, sample: u64) {
        self.retired = true;
        self.end(sample);
    }

    /// From an absolute sample on it plays again.
    pub fn go_on(&mut self, sample: u64) {
        self.state = State::On;
        self.level.set(1.0, sample);
    }

    /// What is on its way is there at once: what rings out is silent.
    pub fn settle(&mut self) {
        if !matches!(self.state, State::On) {
            self.state = State::Off;
            self.level.snap(0.0);
        }
        self.level.settle();
    }

    fn fade_out(&mut self, sample: u64) {
        self.state = State::Off;
        self.level.set(0.0, sample);
    }

    /// Listens to what an instance made in the quantum that begins at a sample, and makes it as loud as it is to be.
    pub fn run(&mut self, written: &[u32], arena: &mut Arena, sample: u64) {
        if let State::Ringing { quanta, silent } = &mut self.state {
            let loud = |buffer: &u32| arena.get(*buffer).iter().any(|x| x.abs() > SILENT);
            let over = *quanta >= self.longest || *silent >= self.quiet;
            *quanta += 1;
            *silent = if written.iter().any(loud) { 0 } else { *silent + 1 };
            if over {
                self.fade_out(sample);
            }
        }
        let gain = self.level.of(sample);
        if !gain.is_unity() {
            written.iter().for_each(|buffer| gain.scale(arena.get_mut(*buffer)));
        }
    }

    /// It takes notes.
    pub fn plays(&self) -> bool {
        matches!(self.state, State::On)
    }

    /// It is not wanted any more and has rung out, which nobody has been told.
    pub fn is_over(&self) -> bool {
        self.retired && !self.told && self.level.is_shut()
    }

    /// Somebody has been told.
    pub fn tell(&mut self) {
        self.told = true;
    }
}
