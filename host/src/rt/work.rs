//! What workers do for an instance: its desk, what it asks for there, and what was made.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;

use cantus_plugin_api::raw::{self, WorkRef};

/// Places at a desk: one bit each.
const PLACES: usize = u64::BITS as usize;

/// Where workers make what an instance asks for. It outlives the instance while somebody works at it.
pub struct Desk {
    raw: NonNull<c_void>,
    table: WorkRef,
}

// SAFETY: the contract lets any thread work at a desk, several at a time at several places.
unsafe impl Send for Desk {}
// SAFETY: as above.
unsafe impl Sync for Desk {}

impl Desk {
    /// Worker: the desk of a new instance, if it ever asks for anything.
    ///
    /// # Safety
    /// `instance` is live, nobody else uses it, and the table belongs to the same library.
    pub(crate) unsafe fn open(instance: NonNull<c_void>, table: WorkRef) -> Option<Arc<Desk>> {
        // SAFETY: as the caller promises.
        let raw = NonNull::new(unsafe { (table.desk())(instance.as_ptr()) })?;
        Some(Arc::new(Desk { raw, table }))
    }

    /// Worker: makes what was asked for at a place. Takes as long as it takes.
    ///
    /// # Errors
    /// Why it cannot be made, as a sentence.
    pub fn make(&self, place: u32) -> Result<Parcel, String> {
        // SAFETY: `raw` is open until `drop`.
        let made = unsafe { (self.table.make())(self.raw.as_ptr(), place) }.into_result()?;
        let raw = NonNull::new(made).ok_or("it made nothing")?;
        Ok(Parcel { raw, free: self.table.free() })
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // SAFETY: nobody else has it any more, and libraries are never unloaded.
        unsafe { (self.table.close())(self.raw.as_ptr()) };
    }
}

/// What was made for an instance; on its way home what that had before.
pub struct Parcel {
    raw: NonNull<c_void>,
    free: unsafe extern "C" fn(*mut c_void),
}

// SAFETY: the contract lets what was made go from worker to audio thread and back.
unsafe impl Send for Parcel {}

impl Drop for Parcel {
    fn drop(&mut self) {
        // SAFETY: it came from `make` of the same table, and the instance sees it during a quantum only.
        unsafe { (self.free)(self.raw.as_ptr()) };
    }
}

/// Something for an instance from a worker.
pub struct Delivery {
    /// Slot of the instance.
    pub slot: u32,
    /// Which of its places asked for it.
    pub place: u32,
    /// `None`: it could not be made.
    pub parcel: Option<Parcel>,
}

/// The audio half of an instance's desk.
pub(crate) struct Errands {
    desk: Option<Arc<Desk>>,
    /// Places that ask and have not been passed on.
    asked: u64,
    /// What has come for this quantum.
    made: Vec<raw::Made>,
}

impl Errands {
    /// Worker: of an instance that asks for nothing.
    pub fn none() -> Errands {
        Errands { desk: None, asked: 0, made: Vec::new() }
    }

    /// Worker: of an instance with that desk.
    pub fn at(desk: Arc<Desk>) -> Errands {
        Errands { desk: Some(desk), asked: 0, made: Vec::with_capacity(PLACES) }
    }

    /// Something has come. What finds no room was not asked for: there is one at a time for each place.
    pub fn deliver(&mut self, delivery: &Delivery) {
        if self.made.len() < self.made.capacity() {
            let value = delivery.parcel.as_ref().map_or(std::ptr::null_mut(), |parcel| parcel.raw.as_ptr());
            self.made.push(raw::Made { place: delivery.place, reserved: 0, value });
        }
    }

    /// Puts into a block what has come, and where to ask for more.
    pub fn fill(&mut self, block: &mut raw::Block) {
        (block.made, block.made_count) = (self.made.as_ptr(), self.made.len() as u32);
        block.asked = if self.desk.is_some() { &raw mut self.asked } else { std::ptr::null_mut() };
    }

    /// The quantum is over: what came is on its way home.
    pub fn done(&mut self) {
        self.made.clear();
    }

    /// The desk, and the places at which something was asked for and not passed on. Only counts.
    pub fn asked(&self) -> Option<(Arc<Desk>, u64)> {
        self.desk.clone().filter(|_| self.asked != 0).map(|desk| (desk, self.asked))
    }

    /// It has been passed on.
    pub fn told(&mut self) {
        self.asked = 0;
    }
}
