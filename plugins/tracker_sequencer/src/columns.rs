//! The columns of whatever is played: which are heard, and what their steps have in common.

/// Columns that there are.
pub const COLUMNS: usize = 64;

/// What the steps of a column have in common.
#[derive(Clone, Copy)]
pub struct Column {
    /// It is not heard.
    pub mute: bool,
    /// Only columns that are solo are heard.
    pub solo: bool,
    /// Semitones that are added.
    pub transpose: f32,
    /// What velocities are multiplied by.
    pub velocity: f32,
    /// The instrument of steps that name none; 0: all targets.
    pub instrument: u8,
}

/// All columns.
pub struct Columns([Column; COLUMNS]);

impl Columns {
    /// Columns that change nothing.
    pub fn new() -> Columns {
        Columns([Column { mute: false, solo: false, transpose: 0.0, velocity: 1.0, instrument: 0 }; COLUMNS])
    }

    /// The column of that number, from 0; what is beyond the last is the last.
    pub fn get(&self, column: usize) -> &Column {
        &self.0[column.min(COLUMNS - 1)]
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, column: usize) -> &mut Column {
        &mut self.0[column.min(COLUMNS - 1)]
    }

    /// Whether a column is heard.
    pub fn heard(&self, column: usize) -> bool {
        let column = self.get(column);
        !column.mute && (column.solo || !self.0.iter().any(|other| other.solo))
    }
}
