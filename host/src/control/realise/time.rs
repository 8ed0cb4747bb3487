//! Tempo, signature, swing and loop: from the Model to the transport.

use crate::model::Model;
use crate::rt::message::{Change, Deed, TransportChange};
use crate::rt::{TempoMap, TempoPoint};

/// What differs between two Models; a new tempo is reached over so many beats.
pub fn realise(old: &Model, new: &Model, over: f64, change: &mut Change) {
    if !old.tempo_map.same(&new.tempo_map) && old.tempo_map != new.tempo_map {
        let point = |(beat, point): (&crate::model::Num, &crate::model::TempoPoint)| TempoPoint {
            beat: beat.get(),
            bpm: point.bpm.get(),
            ramp: point.ramp,
        };
        change.tempo = Some(Box::new(TempoMap::new(new.tempo_map.iter().map(point).collect())));
    }
    let mut transport = |what| change.deeds.push(Deed::Transport(what));
    if old.bpm != new.bpm {
        transport(TransportChange::Tempo { bpm: new.bpm.get(), over });
    }
    if old.signature != new.signature {
        transport(TransportChange::Signature { beats: new.signature.beats, unit: new.signature.unit });
    }
    if old.swing != new.swing {
        transport(TransportChange::Swing { amount: new.swing.amount.get(), unit: new.swing.unit.get() });
    }
    if old.loop_range != new.loop_range {
        transport(TransportChange::Loop(new.loop_range.map(|(start, end)| (start.get(), end.get()))));
    }
}
