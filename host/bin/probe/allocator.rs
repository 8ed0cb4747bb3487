//! Stands between the program and the C library: counts what the audio thread must not do.
//!
//! Every library in the process, plugins included, calls these functions, because an executable's symbols come first.
//! They pass everything on. What they do not see: a lock that nobody else holds, and a plugin that calls the kernel without
//! the C library.

#![allow(dead_code)] // each program uses its own part of it

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_long, c_void};

thread_local! {
    /// This thread makes audio now. Const and without destructor: looking at it allocates nothing.
    static AUDIO: Cell<bool> = const { Cell::new(false) };
    static SINS: Cell<u32> = const { Cell::new(0) };
    static FIRST: Cell<&'static str> = const { Cell::new("") };
    static ALLOCATIONS: Cell<(u32, usize)> = const { Cell::new((0, 0)) };
}

/// Runs `work` as the audio thread does; returns how often it did what it must not, and what it did first.
pub fn as_audio_thread<T>(work: impl FnOnce() -> T) -> (T, u32, &'static str) {
    SINS.set(0);
    FIRST.set("");
    AUDIO.set(true);
    let result = work();
    AUDIO.set(false);
    (result, SINS.get(), FIRST.get())
}

/// Runs `work`; returns how often it allocated, and how many bytes in all.
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, u32, usize) {
    ALLOCATIONS.set((0, 0));
    let result = work();
    let (count, bytes) = ALLOCATIONS.get();
    (result, count, bytes)
}

fn allocates(what: &'static str, size: usize) {
    let (count, bytes) = ALLOCATIONS.get();
    ALLOCATIONS.set((count.wrapping_add(1), bytes.wrapping_add(size)));
    saw(what);
}

fn saw(what: &'static str) {
    if AUDIO.get() {
        if SINS.get() == 0 {
            FIRST.set(what);
        }
        SINS.set(SINS.get() + 1);
    }
}

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(memory: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_free(memory: *mut c_void);
    fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void;
}

/// Out of memory.
const ENOMEM: c_int = 12;

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    allocates("malloc", size);
    // SAFETY: as the caller of malloc promises.
    unsafe { __libc_malloc(size) }
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    allocates("calloc", count.wrapping_mul(size));
    // SAFETY: as the caller of calloc promises.
    unsafe { __libc_calloc(count, size) }
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(memory: *mut c_void, size: usize) -> *mut c_void {
    allocates("realloc", size);
    // SAFETY: as the caller of realloc promises.
    unsafe { __libc_realloc(memory, size) }
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(memory: *mut c_void) {
    saw("free");
    // SAFETY: as the caller of free promises.
    unsafe { __libc_free(memory) }
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_memalign(out: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    allocates("posix_memalign", size);
    // SAFETY: as the caller of posix_memalign promises.
    unsafe {
        *out = __libc_memalign(alignment, size);
        if (*out).is_null() { ENOMEM } else { 0 }
    }
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    allocates("aligned_alloc", size);
    // SAFETY: as the caller of aligned_alloc promises.
    unsafe { __libc_memalign(alignment, size) }
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap(
    at: *mut c_void,
    len: usize,
    prot: c_int,
    flags: c_int,
    fd: c_int,
    offset: c_long,
) -> *mut c_void {
    saw("mmap");
    // SAFETY: as the caller of mmap promises.
    let result =
        unsafe { kernel(number::MMAP, at as c_long, len as c_long, prot.into(), flags.into(), fd.into(), offset) };
    errno(result) as *mut c_void
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn munmap(at: *mut c_void, len: usize) -> c_int {
    saw("munmap");
    // SAFETY: as the caller of munmap promises.
    errno(unsafe { kernel(number::MUNMAP, at as c_long, len as c_long, 0, 0, 0, 0) }) as c_int
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, bytes: *const c_void, len: usize) -> isize {
    saw("write");
    // SAFETY: as the caller of write promises.
    errno(unsafe { kernel(number::WRITE, fd.into(), bytes as c_long, len as c_long, 0, 0, 0) }) as isize
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn syscall(
    n: c_long,
    a: c_long,
    b: c_long,
    c: c_long,
    d: c_long,
    e: c_long,
    f: c_long,
) -> c_long {
    saw("syscall");
    // SAFETY: as the caller of syscall promises.
    errno(unsafe { kernel(n, a, b, c, d, e, f) })
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn writev(fd: c_int, parts: *const c_void, count: c_int) -> isize {
    saw("writev");
    // SAFETY: as the caller of writev promises.
    errno(unsafe { kernel(number::WRITEV, fd.into(), parts as c_long, count.into(), 0, 0, 0) }) as isize
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn read(fd: c_int, bytes: *mut c_void, len: usize) -> isize {
    saw("read");
    // SAFETY: as the caller of read promises.
    errno(unsafe { kernel(number::READ, fd.into(), bytes as c_long, len as c_long, 0, 0, 0) }) as isize
}

/// Its mode stands where C's variable arguments begin.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    saw("open");
    // SAFETY: as the caller of open64 promises.
    errno(unsafe { kernel(number::OPENAT, HERE, path as c_long, flags.into(), mode.into(), 0, 0) }) as c_int
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanosleep(time: *const c_void, left: *mut c_void) -> c_int {
    saw("nanosleep");
    // SAFETY: as the caller of nanosleep promises.
    errno(unsafe { kernel(number::NANOSLEEP, time as c_long, left as c_long, 0, 0, 0, 0) }) as c_int
}

/// Returns an error's number, and leaves errno alone.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_nanosleep(clock: c_int, flags: c_int, time: *const c_void, left: *mut c_void) -> c_int {
    saw("clock_nanosleep");
    let (time, left) = (time as c_long, left as c_long);
    // SAFETY: as the caller of clock_nanosleep promises.
    -unsafe { kernel(number::CLOCK_NANOSLEEP, clock.into(), flags.into(), time, left, 0, 0) } as c_int
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sched_yield() -> c_int {
    saw("sched_yield");
    // SAFETY: takes nothing.
    errno(unsafe { kernel(number::SCHED_YIELD, 0, 0, 0, 0, 0, 0) }) as c_int
}

/// Paths begin at the current folder (AT_FDCWD).
const HERE: c_long = -100;

unsafe extern "C" {
    fn __errno_location() -> *mut c_int;
}

/// The C library's way to say that something failed.
fn errno(result: c_long) -> c_long {
    if (-4095..0).contains(&result) {
        // SAFETY: glibc gives every thread its own.
        unsafe { *__errno_location() = -result as c_int };
        return -1;
    }
    result
}

#[cfg(target_arch = "x86_64")]
mod number {
    pub const READ: i64 = 0;
    pub const WRITE: i64 = 1;
    pub const WRITEV: i64 = 20;
    pub const SCHED_YIELD: i64 = 24;
    pub const NANOSLEEP: i64 = 35;
    pub const CLOCK_NANOSLEEP: i64 = 230;
    pub const OPENAT: i64 = 257;
    pub const MMAP: i64 = 9;
    pub const MUNMAP: i64 = 11;
}
#[cfg(target_arch = "aarch64")]
mod number {
    pub const OPENAT: i64 = 56;
    pub const READ: i64 = 63;
    pub const WRITE: i64 = 64;
    pub const WRITEV: i64 = 66;
    pub const NANOSLEEP: i64 = 101;
    pub const CLOCK_NANOSLEEP: i64 = 115;
    pub const SCHED_YIELD: i64 = 124;
    pub const MMAP: i64 = 222;
    pub const MUNMAP: i64 = 215;
}

/// Asks the kernel directly: looking the C library's own function up would allocate.
#[cfg(target_arch = "x86_64")]
unsafe fn kernel(n: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) -> c_long {
    let result;
    // SAFETY: the kernel's calling convention on x86-64; what the call does is the caller's.
    unsafe {
        std::arch::asm!("syscall", inlateout("rax") n => result, in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
            in("r8") e, in("r9") f, lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result
}
#[cfg(target_arch = "aarch64")]
unsafe fn kernel(n: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) -> c_long {
    let result;
    // SAFETY: the kernel's calling convention on AArch64; what the call does is the caller's.
    unsafe {
        std::arch::asm!("svc 0", in("x8") n, inlateout("x0") a => result, in("x1") b, in("x2") c, in("x3") d, in("x4") e,
            in("x5") f, options(nostack));
    }
    result
}
