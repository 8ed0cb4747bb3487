//! An envelope of attack, hold, decay, sustain and release, each line straight or bent.

use cantus_plugin_api::math::exp2;

/// Lengths in frames, and the level between decay and release, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ahdsr {
    pub attack: u32,
    pub hold: u32,
    pub decay: u32,
    pub sustain: f32,
    /// How the lines of attack, decay and release are bent: 0 is straight, 1 moves fast at first, as a capacitor does, -1
    /// slowly at first.
    pub curves: [f32; 3],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Attack,
    Hold,
    Decay,
    Sustain,
    Release,
    Done,
}

/// A level that moves through its stages. Frame k of a stage of n frames is at k/n of its line: an attack begins where the
/// envelope stood and the frame after it is at 1; without attack the first frame is at 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    form: Ahdsr,
    stage: Stage,
    line: Line,
}

/// From where it is to a target.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    target: f32,
    /// Frames that are still to come.
    left: u32,
    /// Of a straight one, what it moves by in a frame.
    step: f32,
    /// Of a bent one, how far it is from where it would come at last, by what that is multiplied in a frame, and where it
    /// would come.
    bend: Option<(f64, f64, f64)>,
}

impl Line {
    const REST: Line = Line { target: 0.0, left: 0, step: 0.0, bend: None };
    /// Times that a line of curve 1 halves its distance from where it would come at last.
    const HALVINGS: f64 = 8.0;

    fn new(from: f32, to: f32, frames: u32, curve: f32) -> Line {
        let step = if frames == 0 { 0.0 } else { (to - from) / frames as f32 };
        let bend = (curve != 0.0 && frames > 0).then(|| {
            let halvings = Line::HALVINGS * f64::from(curve);
            // It stops when it has gone this part of the way to where it would come.
            let part = 1.0 - exp2(-halvings);
            let distance = f64::from(to - from) / part;
            (-distance, exp2(-halvings / f64::from(frames)), f64::from(from) + distance)
        });
        Line { target: to, left: frames, step, bend }
    }

    fn level(&self) -> f32 {
        match self.bend {
            Some((away, _, limit)) if self.left > 0 => (limit + away) as f32,
            _ => self.target - self.step * self.left as f32,
        }
    }

    fn fill(&mut self, levels: &mut [f32]) {
        for level in levels {
            *level = self.level();
            self.advance();
        }
    }

    fn advance(&mut self) {
        self.left -= 1;
        if let Some((away, factor, _)) = &mut self.bend {
            *away *= *factor;
        }
    }
}

impl Envelope {
    /// Begins at a level: 0 of what was silent.
    pub fn new(form: Ahdsr, level: f32) -> Envelope {
        let mut envelope = Envelope { form, stage: Stage::Attack, line: Line::REST };
        envelope.go(Stage::Attack, level, 1.0, form.attack, form.curves[0]);
        envelope
    }

    /// The level of the next frame.
    pub fn level(&self) -> f32 {
        self.line.level()
    }

    /// It was released, or is at its end.
    pub fn releasing(&self) -> bool {
        matches!(self.stage, Stage::Release | Stage::Done)
    }

    /// There is nothing more to come.
    pub fn done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// It stays where it is until it is released.
    pub fn resting(&self) -> bool {
        matches!(self.stage, Stage::Sustain | Stage::Done)
    }

    /// Falls to 0 in `frames` frames, at least 1, from where it is; never later than it would anyway.
    pub fn release(&mut self, frames: u32) {
        self.fall(frames, self.form.curves[2]);
    }

    /// The same in a straight line.
    pub fn fade(&mut self, frames: u32) {
        self.fall(frames, 0.0);
    }

    fn fall(&mut self, frames: u32, curve: f32) {
        let frames = frames.max(1);
        if !self.releasing() || self.line.left > frames {
            self.go(Stage::Release, self.level(), 0.0, frames, curve);
        }
    }

    /// The levels of the next frames; how many there are before the end.
    pub fn fill(&mut self, levels: &mut [f32]) -> usize {
        let mut filled = 0;
        while filled < levels.len() && self.stage != Stage::Done {
            if self.stage == Stage::Sustain {
                levels[filled..].fill(self.line.target);
                return levels.len();
            }
            let frames = (self.line.left as usize).min(levels.len() - filled);
            self.line.fill(&mut levels[filled..filled + frames]);
            filled += frames;
            self.settle();
        }
        filled
    }

    /// Passes over frames without looking.
    pub fn skip(&mut self, mut frames: usize) {
        while frames > 0 && !self.resting() {
            let part = frames.min(self.line.left as usize);
            (0..part).for_each(|_| self.line.advance());
            frames -= part;
            self.settle();
        }
    }

    fn go(&mut self, stage: Stage, from: f32, to: f32, frames: u32, curve: f32) {
        self.stage = stage;
        self.line = Line::new(from, to, frames, curve);
        self.settle();
    }

    /// Goes on to the next stage if this one is over.
    fn settle(&mut self) {
        if self.line.left > 0 {
            return;
        }
        let form = self.form;
        match self.stage {
            Stage::Attack => self.go(Stage::Hold, 1.0, 1.0, form.hold, 0.0),
            Stage::Hold => self.go(Stage::Decay, 1.0, form.sustain, form.decay, form.curves[1]),
            Stage::Decay if form.sustain > 0.0 => self.stage = Stage::Sustain,
            Stage::Decay | Stage::Release => {
                self.stage = Stage::Done;
                self.line = Line::REST;
            }
            Stage::Sustain | Stage::Done => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(attack: u32, hold: u32, decay: u32, sustain: f32) -> Ahdsr {
        Ahdsr { attack, hold, decay, sustain, curves: [0.0; 3] }
    }

    /// The first 12 levels; released before frame `off`.
    fn levels(form: Ahdsr, off: usize, release: u32) -> Vec<f32> {
        let mut envelope = Envelope::new(form, 0.0);
        let mut levels = vec![0.0; 12];
        let first = envelope.fill(&mut levels[..off]);
        envelope.release(release);
        let second = envelope.fill(&mut levels[first..]);
        levels.truncate(first + second);
        levels
    }

    #[test]
    fn lines_have_their_exact_lengths() {
        type Row = (&'static str, Ahdsr, usize, u32, &'static [f32]);
        let table: [Row; 7] = [
            ("held", form(0, 0, 0, 1.0), 12, 1, &[1.0; 12]),
            ("no attack", form(0, 0, 2, 0.5), 4, 2, &[1.0, 0.75, 0.5, 0.5, 0.5, 0.25]),
            (
                "all stages",
                form(4, 0, 2, 0.5),
                8,
                4,
                &[0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.5, 0.5, 0.375, 0.25, 0.125],
            ),
            ("hold", form(2, 3, 2, 0.0), 12, 9, &[0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 0.5]),
            ("released in the attack", form(4, 0, 0, 1.0), 2, 2, &[0.0, 0.25, 0.5, 0.25]),
            ("no sustain", form(0, 0, 4, 0.0), 12, 9, &[1.0, 0.75, 0.5, 0.25]),
            ("shortest release", form(0, 0, 0, 1.0), 3, 0, &[1.0, 1.0, 1.0, 1.0]),
        ];
        for (name, form, off, release, expected) in table {
            assert_eq!(levels(form, off, release), expected, "{name}");
        }
    }

    #[test]
    fn a_second_release_can_only_hasten_it() {
        for (second, expected) in [(8, &[1.0, 0.75, 0.5, 0.25][..]), (2, &[1.0, 0.75, 0.375][..])] {
            let mut envelope = Envelope::new(form(0, 0, 0, 1.0), 0.0);
            let mut levels = [0.0; 8];
            envelope.release(4);
            envelope.fill(&mut levels[..1]);
            envelope.release(second);
            let filled = 1 + envelope.fill(&mut levels[1..]);
            assert_eq!(&levels[..filled], expected, "then released in {second}");
        }
    }

    #[test]
    fn a_retrigger_rises_from_where_it_is() {
        let mut envelope = Envelope::new(form(4, 0, 0, 1.0), 0.0);
        let mut levels = [0.0; 5];
        envelope.fill(&mut levels[..2]);
        let mut envelope = Envelope::new(form(2, 0, 0, 1.0), envelope.level());
        envelope.fill(&mut levels[2..]);
        assert_eq!(levels, [0.0, 0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn bent_lines_begin_and_end_where_straight_ones_do() {
        for curve in [-1.0, -0.3, 0.3, 1.0] {
            let form = Ahdsr { curves: [curve; 3], ..form(1000, 0, 1000, 0.25) };
            let mut envelope = Envelope::new(form, 0.0);
            let mut levels = [0.0; 3000];
            envelope.fill(&mut levels[..2500]);
            envelope.release(500);
            assert_eq!(envelope.fill(&mut levels[2500..]), 500);
            let half = |from: f32, to: f32, middle: f32| (middle - from) / (to - from);
            for (name, half) in [
                ("attack", half(0.0, 1.0, levels[500])),
                ("decay", half(1.0, 0.25, levels[1500])),
                ("release", half(0.25, 0.0, levels[2750])),
            ] {
                assert_eq!(half > 0.5, curve > 0.0, "{name}, curve {curve}: {half} at half time");
            }
            assert_eq!([levels[0], levels[2000]], [0.0, 0.25]);
            assert!((levels[1000] - 1.0).abs() < 1e-6 && levels[2999] < 0.01, "curve {curve}");
            let largest = levels.windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max);
            assert!(largest < 0.012, "curve {curve}: a step of {largest}");
        }
    }

    #[test]
    fn skipping_is_not_looking() {
        let form = Ahdsr { curves: [0.5, 0.0, -0.5], ..form(7, 3, 11, 0.5) };
        for frames in [0, 1, 7, 10, 20, 30] {
            let (mut looked, mut skipped) = (Envelope::new(form, 0.2), Envelope::new(form, 0.2));
            looked.fill(&mut vec![0.0; frames]);
            skipped.skip(frames);
            assert_eq!(looked, skipped, "{frames} frames");
        }
    }
}
