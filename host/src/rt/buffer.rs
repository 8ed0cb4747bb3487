//! Audio memory: one quantum of one channel, aligned to a cache line, many of them in an arena.

use std::ptr::NonNull;

use super::QUANTUM;

/// One quantum of one channel.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub struct Quantum(pub [f32; QUANTUM]);

impl Quantum {
    /// Silence.
    pub const SILENT: Quantum = Quantum([0.0; QUANTUM]);
}

/// The buffers of a plan. Plugins get pointers into it, so it is reached through pointers only.
pub(super) struct Arena {
    first: NonNull<Quantum>,
    len: usize,
}

// SAFETY: the arena owns its memory; whoever has the plan has the arena.
unsafe impl Send for Arena {}

impl Arena {
    /// Control thread: allocates `len` silent buffers.
    pub fn new(len: usize) -> Arena {
        let memory = Box::into_raw(vec![Quantum::SILENT; len].into_boxed_slice());
        Arena { first: NonNull::new(memory.cast()).expect("boxes are not null"), len }
    }

    /// The samples of a buffer.
    pub fn pointer(&self, index: u32) -> *mut f32 {
        assert!((index as usize) < self.len, "buffer {index} of {}", self.len);
        // SAFETY: just checked to lie inside.
        unsafe { self.first.add(index as usize).cast().as_ptr() }
    }

    /// A buffer to read.
    pub fn get(&self, index: u32) -> &[f32; QUANTUM] {
        // SAFETY: `pointer` checks the index; the plan's steps run one after the other, so nobody writes now.
        unsafe { &*self.pointer(index).cast() }
    }

    /// A buffer to write.
    pub fn get_mut(&mut self, index: u32) -> &mut [f32; QUANTUM] {
        // SAFETY: `pointer` checks the index, and `&mut self` keeps others out.
        unsafe { &mut *self.pointer(index).cast() }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: `new` made this box of this length, and only `drop` takes it back.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.first.as_ptr(), self.len)) });
    }
}
