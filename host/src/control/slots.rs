//! Places in a slab of the audio thread: given out, taken back, and made more.

/// Gives out slot numbers.
#[derive(Default)]
pub(super) struct SlotPool {
    free: Vec<u32>,
    next: u32,
    room: u32,
}

impl SlotPool {
    /// A slot nobody uses.
    pub fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }

    /// Nobody uses it any more, the audio thread included.
    pub fn free(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// How many are given out.
    pub fn used(&self) -> u32 {
        self.next - self.free.len() as u32
    }

    /// True if the slab must grow to hold all slots given out.
    pub fn grow(&mut self) -> bool {
        let grows = self.next > self.room;
        if grows {
            self.room = self.next.next_power_of_two().max(64);
        }
        grows
    }

    /// How many slots the slab has.
    pub fn room(&self) -> u32 {
        self.room
    }
}
