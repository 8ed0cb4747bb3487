//! Memory between pages that nobody may touch: a module that reads or writes beyond what it was given is stopped there.

use std::fs::File;
use std::io::Error;
use std::os::fd::{AsRawFd, FromRawFd};
use std::ptr::{null_mut, slice_from_raw_parts_mut};

use libc::{MAP_ANONYMOUS, MAP_FAILED, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ, PROT_WRITE};

/// What stands in a page before its strip.
const SLACK: u8 = 0xa5;

/// What a module may do with its strips.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Use {
    /// Read them only.
    Read,
    /// Read and write them.
    Write,
}

/// Strips of bytes, each ending where a page ends that is followed by one that cannot be touched. The same memory is
/// mapped twice: once for the module, once for the host, which may always write.
pub(super) struct Strips {
    _file: File,
    module: *mut u8,
    module_len: usize,
    host: *mut u8,
    host_len: usize,
    /// Place of each strip for the module and for the host, and its length.
    places: Vec<(usize, usize, usize)>,
    slack: Vec<(usize, usize)>,
}

impl Strips {
    /// Lays strips of these lengths out, all 0.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(lens: &[usize], access: Use) -> Result<Strips, Error> {
        // SAFETY: asks for a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let pages: Vec<usize> = lens.iter().map(|len| len.div_ceil(page).max(1) * page).collect();
        let host_len = pages.iter().sum::<usize>().max(page);
        let module_len = host_len + (pages.len() + 1) * page;
        // SAFETY: makes a file without a name in memory, which is the returned one's alone.
        let file = match unsafe { libc::memfd_create(c"strips".as_ptr(), libc::MFD_CLOEXEC) } {
            -1 => return Err(Error::last_os_error()),
            // SAFETY: just made, and nobody else has it.
            fd => unsafe { File::from_raw_fd(fd) },
        };
        file.set_len(host_len as u64)?;
        let host = map(null_mut(), host_len, PROT_READ | PROT_WRITE, MAP_SHARED, file.as_raw_fd(), 0)?;
        let module = map(null_mut(), module_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)?;
        let access = if access == Use::Read { PROT_READ } else { PROT_READ | PROT_WRITE };
        let (mut at, mut from, mut places, mut slack) = (page, 0, Vec::new(), Vec::new());
        for (len, room) in lens.iter().zip(&pages) {
            map(module.wrapping_add(at), *room, access, MAP_SHARED | MAP_FIXED, file.as_raw_fd(), from)?;
            places.push((at + room - len, from + room - len, *len));
            slack.push((from, room - len));
            (at, from) = (at + room + page, from + room);
        }
        let mut strips = Strips { _file: file, module, module_len, host, host_len, places, slack };
        for (from, len) in strips.slack.clone() {
            strips.all()[from..from + len].fill(SLACK);
        }
        Ok(strips)
    }

    fn all(&mut self) -> &mut [u8] {
        // SAFETY: `new` mapped so many bytes, writable; the module's view of them is used only while it is called.
        unsafe { &mut *slice_from_raw_parts_mut(self.host, self.host_len) }
    }

    /// Where the module finds a strip.
    pub fn pointer<T>(&self, strip: usize) -> *mut T {
        self.module.wrapping_add(self.places[strip].0).cast()
    }

    /// A strip, to be read and written by the host while no module is called.
    pub fn get<T: Plain>(&mut self, strip: usize) -> &mut [T] {
        let (_, at, len) = self.places[strip];
        // SAFETY: inside what `new` mapped, aligned because strips end with a page and lengths are whole numbers of
        // items; any bytes are a `T`.
        unsafe { &mut *slice_from_raw_parts_mut(self.host.wrapping_add(at).cast(), len / size_of::<T>()) }
    }

    /// Whether something was written before the beginning of a strip.
    pub fn spoilt(&mut self) -> bool {
        self.slack.clone().into_iter().any(|(from, len)| self.all()[from..from + len].iter().any(|b| *b != SLACK))
    }
}

impl Drop for Strips {
    fn drop(&mut self) {
        // SAFETY: `new` mapped both, and nobody has pointers into them any more.
        unsafe {
            libc::munmap(self.module.cast(), self.module_len);
            libc::munmap(self.host.cast(), self.host_len);
        }
    }
}

fn map(at: *mut u8, len: usize, access: i32, flags: i32, fd: i32, from: usize) -> Result<*mut u8, Error> {
    // SAFETY: a fixed place lies inside what was reserved before; others are the system's to choose.
    let memory = unsafe { libc::mmap(at.cast(), len, access, flags, fd, from as libc::off_t) };
    if memory == MAP_FAILED { Err(Error::last_os_error()) } else { Ok(memory.cast()) }
}

/// Types of which any bytes are a value.
///
/// # Safety
/// So it must be, and without padding that matters.
pub(super) unsafe trait Plain: Copy {}

// SAFETY: any bits are a number.
unsafe impl Plain for f32 {}
// SAFETY: a record of whole numbers.
unsafe impl Plain for cantus_plugin_api::raw::Event {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_end_with_their_page_and_notice_what_comes_before_them() {
        let mut strips = Strips::new(&[256, 0, 4096, 4100], Use::Write).expect("memory");
        let place = strips.pointer::<f32>(0);
        assert_eq!((place as usize + 256) % 4096, 0);
        strips.get::<f32>(0)[63] = 0.5;
        // SAFETY: both views are of the same memory, which lives.
        assert_eq!(unsafe { *place.add(63) }, 0.5, "the module sees what the host writes");
        assert_eq!(strips.get::<f32>(2).len(), 1024);
        assert!(!strips.spoilt());
        // SAFETY: inside the page, before the strip.
        unsafe { *place.sub(1) = 1.0 };
        assert!(strips.spoilt());
    }
}
