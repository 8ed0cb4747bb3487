//! An ADSR envelope of straight lines.

/// Lengths in frames, and the level between decay and release, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adsr {
    pub attack: u32,
    pub decay: u32,
    pub sustain: f32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Attack,
    Decay,
    Sustain,
    Release,
    Done,
}

/// The gain of one voice. Frame k of a stage of n frames is at k/n of its line: an attack begins at 0 and the frame
/// after it is at 1; without attack the first frame is at 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    adsr: Adsr,
    stage: Stage,
    /// Where the line ends, and what it moves by in a frame.
    target: f32,
    step: f32,
    /// Frames of the line that are still to come.
    left: u32,
}

impl Envelope {
    /// Begins.
    pub fn new(adsr: Adsr) -> Envelope {
        let mut envelope = Envelope { adsr, stage: Stage::Attack, target: 0.0, step: 0.0, left: 0 };
        envelope.line(Stage::Attack, 0.0, 1.0, adsr.attack);
        envelope
    }

    /// The gain of the next frame.
    pub fn level(&self) -> f32 {
        self.target - self.step * self.left as f32
    }

    /// It was released, or is at its end.
    pub fn releasing(&self) -> bool {
        matches!(self.stage, Stage::Release | Stage::Done)
    }

    /// There is nothing more to come.
    pub fn done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Falls to 0 in `frames` frames, at least 1, from where it is; never later than it would anyway.
    pub fn release(&mut self, frames: u32) {
        let frames = frames.max(1);
        if !self.releasing() || self.left > frames {
            self.line(Stage::Release, self.level(), 0.0, frames);
        }
    }

    /// The gains of the next frames; how many there are before the end.
    pub fn fill(&mut self, gains: &mut [f32]) -> usize {
        let mut filled = 0;
        while filled < gains.len() && self.stage != Stage::Done {
            if self.stage == Stage::Sustain {
                gains[filled..].fill(self.target);
                return gains.len();
            }
            let frames = (self.left as usize).min(gains.len() - filled);
            for gain in &mut gains[filled..filled + frames] {
                *gain = self.level();
                self.left -= 1;
            }
            filled += frames;
            self.settle();
        }
        filled
    }

    fn line(&mut self, stage: Stage, from: f32, to: f32, frames: u32) {
        self.stage = stage;
        self.target = to;
        self.left = frames;
        self.step = if frames == 0 { 0.0 } else { (to - from) / frames as f32 };
        self.settle();
    }

    /// Goes on to the next stage if this one is over.
    fn settle(&mut self) {
        if self.left > 0 {
            return;
        }
        match self.stage {
            Stage::Attack => self.line(Stage::Decay, 1.0, self.adsr.sustain, self.adsr.decay),
            Stage::Decay if self.adsr.sustain > 0.0 => self.stage = Stage::Sustain,
            Stage::Decay | Stage::Release => self.stage = Stage::Done,
            Stage::Sustain | Stage::Done => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first 12 gains; released before frame `off`.
    fn gains(adsr: Adsr, off: usize, release: u32) -> Vec<f32> {
        let mut envelope = Envelope::new(adsr);
        let mut gains = vec![0.0; 12];
        let first = envelope.fill(&mut gains[..off]);
        envelope.release(release);
        let second = envelope.fill(&mut gains[first..]);
        gains.truncate(first + second);
        gains
    }

    #[test]
    fn lines_have_their_exact_lengths() {
        type Row = (&'static str, (u32, u32, f32), usize, u32, &'static [f32]);
        let table: [Row; 6] = [
            ("held", (0, 0, 1.0), 12, 1, &[1.0; 12]),
            ("no attack", (0, 2, 0.5), 4, 2, &[1.0, 0.75, 0.5, 0.5, 0.5, 0.25]),
            ("all stages", (4, 2, 0.5), 8, 4, &[0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.5, 0.5, 0.375, 0.25, 0.125]),
            ("released in the attack", (4, 0, 1.0), 2, 2, &[0.0, 0.25, 0.5, 0.25]),
            ("no sustain", (0, 4, 0.0), 12, 9, &[1.0, 0.75, 0.5, 0.25]),
            ("shortest release", (0, 0, 1.0), 3, 0, &[1.0, 1.0, 1.0, 1.0]),
        ];
        for (name, (attack, decay, sustain), off, release, expected) in table {
            assert_eq!(gains(Adsr { attack, decay, sustain }, off, release), expected, "{name}");
        }
    }

    #[test]
    fn a_second_release_can_only_hasten_it() {
        for (second, expected) in [(8, &[1.0, 0.75, 0.5, 0.25][..]), (2, &[1.0, 0.75, 0.375][..])] {
            let mut envelope = Envelope::new(Adsr { attack: 0, decay: 0, sustain: 1.0 });
            let mut gains = [0.0; 8];
            envelope.release(4);
            envelope.fill(&mut gains[..1]);
            envelope.release(second);
            let filled = 1 + envelope.fill(&mut gains[1..]);
            assert_eq!(&gains[..filled], expected, "then released in {second}");
        }
    }
}
