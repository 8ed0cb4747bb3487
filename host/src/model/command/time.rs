//! Tempo, signature, swing, loop.

use serde::{Deserialize, Serialize};

use super::super::{Catalog, Model, Name, Num, Refusal, Signature, Swing, TempoPoint};
use super::{Command, Edit, claim, replace, within};

/// Sets the tempo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBPMCommand {
    /// Beats per minute, 20 to 999.
    pub bpm: Num,
    /// Beats in which it gets there, evenly in time, 0 to 1024; 0: at once.
    #[serde(default = "zero")]
    pub over: Num,
}

fn zero() -> Num {
    Num::ZERO
}

fn tempo(bpm: Num) -> Result<(), Refusal> {
    within("tempo", bpm, 20.0..=999.0, "20 to 999")
}

impl Edit for SetBPMCommand {
    fn describe(&self) -> String {
        match self.over {
            Num::ZERO => format!("set the tempo to {} bpm", self.bpm.get()),
            over => format!("bring the tempo to {} bpm within {} beats", self.bpm.get(), over.get()),
        }
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        tempo(self.bpm)?;
        within("length of a ramp", self.over, 0.0..=1024.0, "0 to 1024 beats")?;
        Ok(replace(&mut model.bpm, self.bpm))
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim("session bpm", self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(SetBPMCommand { bpm: Model::default().bpm, over: Num::ZERO }.into())
    }
}

/// Sets the tempo from a beat on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTempoPointCommand {
    /// The beat, at least 0.
    pub beat: Num,
    /// The tempo.
    #[serde(flatten)]
    pub point: TempoPoint,
}

impl Edit for SetTempoPointCommand {
    fn describe(&self) -> String {
        let ramp = if self.point.ramp { ", and move to the next" } else { "" };
        format!("set the tempo at beat {} to {} bpm{ramp}", self.beat.get(), self.point.bpm.get())
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        tempo(self.point.bpm)?;
        within("beat", self.beat, 0.0..=1e9, "0 to 1000000000")?;
        let changed = model.tempo_map.get(&self.beat) != Some(&self.point);
        if changed {
            model.tempo_map.put(self.beat, self.point);
        }
        Ok(changed)
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(format!("tempo {}", self.beat.get()), self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(RemoveTempoPointCommand { beat: self.beat }.into())
    }
}

/// Takes a point out of the tempo map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveTempoPointCommand {
    /// Its beat.
    pub beat: Num,
}

impl Edit for RemoveTempoPointCommand {
    fn describe(&self) -> String {
        format!("remove the tempo at beat {}", self.beat.get())
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        Ok(model.tempo_map.remove(&self.beat))
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim(format!("tempo {}", self.beat.get()), self)
    }
}

/// Sets the time signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTimeSignatureCommand {
    /// The signature.
    #[serde(flatten)]
    pub signature: Signature,
}

impl Edit for SetTimeSignatureCommand {
    fn describe(&self) -> String {
        format!("set the time signature to {}", self.signature)
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        let Signature { beats, unit } = self.signature;
        within("beats of a bar", Num::of(beats.into()), 1.0..=64.0, "1 to 64")?;
        if !unit.is_power_of_two() || unit > 32 {
            return Err(Refusal::OutOfRange {
                what: "unit of a signature",
                value: unit.into(),
                range: "1, 2, 4, 8, 16 or 32",
            });
        }
        Ok(replace(&mut model.signature, self.signature))
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim("session signature", self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(SetTimeSignatureCommand { signature: Signature::default() }.into())
    }
}

/// Sets the swing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetSwingCommand {
    /// The swing.
    #[serde(flatten)]
    pub swing: Swing,
}

impl Edit for SetSwingCommand {
    fn describe(&self) -> String {
        format!("set the swing to {} of {} beats", self.swing.amount.get(), self.swing.unit.get())
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        within("swing", self.swing.amount, 0.5..=0.75, "0.5 to 0.75")?;
        within("unit of swing", self.swing.unit, 0.0625..=1.0, "1/16 to 1 beats")?;
        Ok(replace(&mut model.swing, self.swing))
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim("session swing", self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(SetSwingCommand { swing: Swing::default() }.into())
    }
}

/// Lets the transport go round between two beats, or straight on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetLoopCommand {
    /// First beat, and the one before which it turns; at least 1/64 apart.
    pub range: Option<(Num, Num)>,
}

impl Edit for SetLoopCommand {
    fn describe(&self) -> String {
        match self.range {
            Some((start, end)) => format!("loop from beat {} to {}", start.get(), end.get()),
            None => "do not loop".into(),
        }
    }

    fn edit(&self, model: &mut Model, _: &Catalog) -> Result<bool, Refusal> {
        if let Some((start, end)) = self.range {
            within("beat", start, 0.0..=1e9, "0 to 1000000000")?;
            within("beat", end, 0.0..=1e9, "0 to 1000000000")?;
            let length = Num::of(end.get() - start.get());
            within("length of the loop", length, 1.0 / 64.0..=1e9, "1/64 beat and more")?;
        }
        Ok(replace(&mut model.loop_range, self.range))
    }

    fn claim(&self, _: &Model) -> Option<(Name, Command)> {
        claim("session loop", self)
    }

    fn withdrawal(&self) -> Option<Command> {
        Some(SetLoopCommand { range: None }.into())
    }
}
