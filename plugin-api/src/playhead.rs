//! Which rows of a pattern begin in a stretch of samples. A pure function of position, with a cursor so that a change
//! of tempo neither drops nor doubles a row.

use crate::transport::Transport;

/// A row that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Rows since beat 0: `index % pattern.rows()` is the row, `index / pattern.rows()` the cycle.
    pub index: u64,
    /// Absolute sample at which it begins.
    pub sample: u64,
}

/// Walks over the rows of one pattern, each exactly once.
#[derive(Clone, Debug, Default)]
pub struct Playhead {
    /// The next row to emit; `None` when the position must be asked afresh.
    cursor: Option<u64>,
    epoch: u32,
    steps_per_beat: f64,
}

impl Playhead {
    /// Forgets the position.
    pub fn reset(&mut self) {
        *self = Playhead::default();
    }

    /// The next row that begins before sample `to`, if there is one; call until there is none. `from` is the first
    /// sample of the stretch: a row that should have begun before it begins there.
    pub fn next(&mut self, transport: Transport<'_>, steps_per_beat: f64, from: u64, to: u64) -> Option<Row> {
        if !transport.playing() {
            self.cursor = None;
            return None;
        }
        if transport.epoch() != self.epoch || steps_per_beat != self.steps_per_beat {
            *self = Playhead { cursor: None, epoch: transport.epoch(), steps_per_beat };
        }
        let index = *self.cursor.get_or_insert_with(|| first_row(transport, steps_per_beat, from));
        let sample = sample_of_row(transport, steps_per_beat, index).max(from as i64) as u64;
        if sample >= to {
            return None;
        }
        self.cursor = Some(index + 1);
        Some(Row { index, sample })
    }
}

fn sample_of_row(transport: Transport<'_>, steps_per_beat: f64, index: u64) -> i64 {
    transport.sample_of(index as f64 / steps_per_beat)
}

/// The first row that begins at `from` or later.
fn first_row(transport: Transport<'_>, steps_per_beat: f64, from: u64) -> u64 {
    let mut index = (transport.beat_at(from) * steps_per_beat - 1.0).floor().max(0.0) as u64;
    while sample_of_row(transport, steps_per_beat, index) < from as i64 {
        index += 1;
    }
    index
}
