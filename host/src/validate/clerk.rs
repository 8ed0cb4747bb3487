//! A worker for one instance on a stand: what it asks for in a quantum is there in the next, as offline.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;

use cantus_plugin_api::raw::{Block, Opened};

use crate::rt::{Delivery, Desk, Errands};

/// What workers make for an instance.
pub(super) struct Clerk {
    errands: Errands,
    made: Vec<Delivery>,
}

impl Clerk {
    /// For a new instance.
    ///
    /// # Safety
    /// `instance` was made by the factory of these tables, lives, and nobody else uses it.
    pub unsafe fn new(instance: NonNull<c_void>, tables: &Opened) -> Clerk {
        // SAFETY: as the caller promises; the tables are of one library.
        let desk = tables.work.and_then(|table| unsafe { Desk::open(instance, table) });
        Clerk { errands: desk.map_or_else(Errands::none, Errands::at), made: Vec::new() }
    }

    /// Something is on its way.
    pub fn is_busy(&self) -> bool {
        !self.made.is_empty()
    }

    /// Puts into a block what was made, and where to ask for more.
    pub fn fill(&mut self, block: &mut Block) {
        self.made.iter().for_each(|delivery| self.errands.deliver(delivery));
        self.errands.fill(block);
    }

    /// The quantum is over: what came is freed, and what was asked for is made.
    pub fn work(&mut self) {
        self.errands.done();
        self.made.clear();
        let Some((desk, asked)) = self.errands.asked() else { return };
        self.errands.told();
        self.made.extend(ask(&desk, asked));
    }
}

/// Makes what was asked for: a bit for each place.
fn ask(desk: &Arc<Desk>, asked: u64) -> impl Iterator<Item = Delivery> {
    let places = (0..u64::BITS).filter(move |place| asked >> place & 1 == 1);
    places.map(|place| Delivery { slot: 0, place, parcel: desk.make(place).ok() })
}
