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
pub struct Columns {
    all: [Column; COLUMNS],
    /// How many are solo.
    solos: usize,
}

impl Columns {
    /// Columns that change nothing.
    pub fn new() -> Columns {
        let plain = Column { mute: false, solo: false, transpose: 0.0, velocity: 1.0, instrument: 0 };
        Columns { all: [plain; COLUMNS], solos: 0 }
    }

    /// The column of that number, from 0; what is beyond the last is the last.
    pub fn get(&self, column: usize) -> &Column {
        &self.all[column.min(COLUMNS - 1)]
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, column: usize) -> &mut Column {
        &mut self.all[column.min(COLUMNS - 1)]
    }

    /// Only columns that are solo are heard, if any is.
    pub fn solo(&mut self, column: usize, solo: bool) {
        self.get_mut(column).solo = solo;
        self.solos = self.all.iter().filter(|column| column.solo).count();
    }

    /// Whether a column is heard.
    pub fn heard(&self, column: usize) -> bool {
        let column = self.get(column);
        !column.mute && (column.solo || self.solos == 0)
    }
}
