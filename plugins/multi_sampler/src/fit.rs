//! Sounds that are made to last some beats, and how grains are.

use std::ops::Range;

use cantus_plugin_api::Sample;

use crate::grain::Setting;
pub use crate::multi_sampler::Fit;
use crate::multi_sampler::{GrainWindow, Param, SlotParam};
use crate::values::NoteValues;

/// Times that a stretched sound is faster, at most: of any that is to be faster still no more than a grain is heard.
const FASTEST: f64 = 1e6;

/// How a note's sound is made to last some beats, if it is.
pub fn fit(values: &NoteValues<'_>) -> Option<Fit> {
    let how = Fit::from_value(values.slot(SlotParam::Fit));
    (beats(values) > 0.0).then_some(how)
}

/// How many beats a note's sound is to last; 0 is as long as it does.
pub fn beats(values: &NoteValues<'_>) -> f64 {
    let beats = values.slot(SlotParam::FitBeats);
    if beats > 0.0 { beats } else { values.slot(SlotParam::FitRows) / 4.0 }
}

/// How many times faster a sound is to be, so that it lasts as many beats as it should.
pub fn fitted(values: &NoteValues<'_>, stretch: &Range<usize>, sample: &Sample, bpm: f64) -> f64 {
    let seconds = beats(values) * 60.0 / bpm;
    stretch.len() as f64 / sample.rate() / seconds
}

/// How a note's grains are. What plays the sound backward takes its place backward, too.
pub fn grains(values: &NoteValues<'_>, stretch: &Range<usize>, sample: &Sample, rate: f64, bpm: f64) -> Setting {
    let natural = sample.rate() / rate * values.get(Param::Speed).signum();
    if let Some(how @ (Fit::Grains | Fit::Stretch)) = fit(values) {
        let aligned = how == Fit::Stretch;
        return Setting {
            size: (if aligned { 0.06 } else { 0.08 }) * rate,
            density: if aligned { 2.0 } else { 4.0 },
            rate: fitted(values, stretch, sample, bpm).min(FASTEST) * natural,
            spray: 0.0,
            window: GrainWindow::Hann,
            aligned,
            position: None,
        };
    }
    Setting {
        size: values.get(Param::GrainSize) * rate,
        density: values.get(Param::GrainDensity),
        rate: values.get(Param::GrainRate) * natural,
        spray: values.get(Param::GrainSpray) * sample.rate(),
        window: GrainWindow::from_value(values.get(Param::GrainWindow)),
        aligned: false,
        position: Some(values.get(Param::Position)),
    }
}
