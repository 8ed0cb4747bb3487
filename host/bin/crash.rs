//! What is said when the program crashes: which module was at work. Written to standard error and beside the journal, by
//! a handler of signals; then the program ends as it would have.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, OnceLock};

use cantus_host::control::{Commit, EngineHandle};
use cantus_host::culprit::culprit;
use cantus_host::model::Table;
use cantus_host::rt::Telemetry;

/// What the handler looks at: nothing of it is ever freed.
struct Watched {
    telemetry: Arc<Telemetry>,
    /// Where to write it, beside standard error.
    file: Option<std::ffi::CString>,
}

static WATCHED: OnceLock<Watched> = OnceLock::new();
/// It was said: what follows from a crash is no crash of its own.
static SAID: AtomicBool = AtomicBool::new(false);
/// Modules by id, each as `name (type)`, or null: replaced, never freed, when modules come or go.
static NAMES: AtomicPtr<Vec<(u64, String)>> = AtomicPtr::new(std::ptr::null_mut());

/// Where the report of a performance lies that ended so, by its journal.
pub fn file(journal: &Path) -> PathBuf {
    journal.with_extension("crash")
}

/// Has crashes reported from now on: those of an engine's modules by their names.
pub fn watch(engine: &EngineHandle, journal: Option<&Path>) {
    let file =
        journal.and_then(|journal| std::ffi::CString::new(file(journal).into_os_string().into_encoded_bytes()).ok());
    if WATCHED.set(Watched { telemetry: engine.telemetry().clone(), file }).is_ok() {
        handle();
    }
}

/// Keeps the names of modules for the report.
#[derive(Default)]
pub struct Names(Option<Table<cantus_host::model::Name, cantus_host::model::Module>>);

impl Names {
    /// Looks whether there are others. Those of before are never freed: the handler may be reading them.
    pub fn look(&mut self, engine: &EngineHandle) {
        let state = engine.state();
        if self.0.as_ref().is_some_and(|seen| seen.same(&state.model.modules)) {
            return;
        }
        let names = |modules: &Table<_, cantus_host::model::Module>| -> Vec<(u64, String)> {
            modules
                .iter()
                .map(|(name, m): (&cantus_host::model::Name, _)| (m.id.0, format!("{name} ({})", m.module_type)))
                .collect()
        };
        let before = self.0.as_ref().map(names);
        let now = names(&state.model.modules);
        if before.as_ref() != Some(&now) {
            NAMES.store(Box::into_raw(Box::new(now)), Ordering::Release);
        }
        self.0 = Some(state.model.modules.clone());
    }
}

/// A text that takes no memory but its own.
struct Text {
    bytes: [u8; 1024],
    len: usize,
}

impl std::fmt::Write for Text {
    fn write_str(&mut self, more: &str) -> std::fmt::Result {
        let room = &mut self.bytes[self.len..];
        let len = more.len().min(room.len());
        room[..len].copy_from_slice(&more.as_bytes()[..len]);
        self.len += len;
        Ok(())
    }
}

/// The report: two lines.
fn report(signal: i32, names: &[(u64, String)], at_work: Option<u64>, text: &mut Text) -> std::fmt::Result {
    let name = match signal {
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        11 => "SIGSEGV",
        _ => "SIGBUS",
    };
    match at_work.map(|id| (id, names.iter().find(|(known, _)| *known == id))) {
        Some((_, Some((_, module)))) => {
            let short = module.split(' ').next().unwrap_or_default();
            write!(text, "Cantus crashed ({name}) while {module} was at work; --without {short} plays without it")
        }
        Some((id, None)) => write!(
            text,
            "Cantus crashed ({name}) while module number {id} was at work, which came or went a moment ago"
        ),
        None => write!(text, "Cantus crashed ({name}) while no module was at work; please report it"),
    }?;
    text.write_str("\n")
}

#[cfg(unix)]
mod signals {
    use super::*;

    const SIGNALS: [i32; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT];
    /// Who handled them before.
    static BEFORE: OnceLock<[libc::sigaction; SIGNALS.len()]> = OnceLock::new();

    pub(super) fn handle() {
        // SAFETY: a `sigaction` of zeros is one, and every pointer is of a local. The handler does nothing that must not
        // be done in one: it reads what is never freed, writes to files, and allocates nothing.
        unsafe {
            let mut new: libc::sigaction = std::mem::zeroed();
            new.sa_sigaction = on_crash as *const () as usize;
            // Where there is a stack for it, one that overflowed can be told of, too.
            new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            let before = SIGNALS.map(|signal| {
                let mut before: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, std::ptr::null(), &raw mut before);
                before
            });
            let _ = BEFORE.set(before);
            for signal in SIGNALS {
                libc::sigaction(signal, &raw const new, std::ptr::null_mut());
            }
        }
    }

    /// Says what it can, and lets whoever handled the signal before do so: what crashed does it again.
    extern "C" fn on_crash(signal: i32, _info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
        let mut text = Text { bytes: [0; 1024], len: 0 };
        // SAFETY: what is put there is never freed.
        let names = unsafe { NAMES.load(Ordering::Acquire).as_ref() }.map_or(&[][..], |names| names);
        if let Some(watched) = WATCHED.get().filter(|_| !SAID.swap(true, Ordering::Relaxed)) {
            let _ = report(signal, names, culprit(&watched.telemetry), &mut text);
            let said = &text.bytes[..text.len];
            let _ = rustix::io::write(rustix::stdio::stderr(), said);
            let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CREATE | rustix::fs::OFlags::TRUNC;
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            if let Some(file) = watched.file.as_deref().and_then(|file| rustix::fs::open(file, flags, mode).ok()) {
                let _ = rustix::io::write(&file, said);
            }
        }
        let place = SIGNALS.iter().position(|known| *known == signal);
        if let Some((place, before)) = place.zip(BEFORE.get()) {
            // SAFETY: what the system gave is given back.
            unsafe { libc::sigaction(signal, &raw const before[place], std::ptr::null_mut()) };
        }
    }
}

#[cfg(unix)]
use signals::handle;

#[cfg(not(unix))]
fn handle() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_at_work_is_named() {
        let names = [(7, "kick (Sampler)".to_owned())];
        for (at_work, expected) in [
            (Some(7), "Cantus crashed (SIGSEGV) while kick (Sampler) was at work; --without kick plays without it\n"),
            (Some(8), "Cantus crashed (SIGSEGV) while module number 8 was at work, which came or went a moment ago\n"),
            (None, "Cantus crashed (SIGSEGV) while no module was at work; please report it\n"),
        ] {
            let mut text = Text { bytes: [0; 1024], len: 0 };
            report(11, &names, at_work, &mut text).expect("it fits");
            assert_eq!(str::from_utf8(&text.bytes[..text.len]), Ok(expected));
        }
    }
}
