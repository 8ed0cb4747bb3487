//! Checks of the library as it is opened: what it does to the process, and what it says it is.

use std::path::Path;
use std::time::Duration;

use cantus_manifest::Manifest;
use cantus_plugin_api::Cpu;
use cantus_plugin_api::raw::{Init, Opened};

use super::file::Binary;
use super::stage::{QUANTA, RATE, Stage, type_name};
use super::verdict::{Finding, Verdict, few};
use super::{Check, Hooks};
use crate::plugins;

pub(super) const CHECKS: &[Check] = &[
    Check::of_library("opens", 2, "The system opens it, and its contract is this program's.", opens).gate(),
    Check::of_library("same-manifest", 2, "The manifest that it presents is the one in its file.", same_manifest),
    Check::of_library("quick", 2, "It is opened within a tenth of a second.", quick),
    Check::of_library("quiet", 2, "It prints nothing, whatever is done with it.", quiet).quietly(),
    Check::of_library("no-trace", 2, "Nothing of the process is another when it was opened and used.", no_trace),
    Check::of_library("copies", 2, "Two copies of it live side by side.", copies),
    Check::of_library("unknown-type", 2, "A type that it does not have is refused with a message.", unknown_type),
];

/// CPU time in which it is opened: more is worth a look, and what is wrong.
const SLOW: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// A library that may be opened.
pub(super) struct Shelf<'a> {
    pub path: &'a Path,
    pub manifest: Manifest,
    pub text: String,
    pub seed: u64,
    pub hooks: &'a Hooks,
}

impl<'a> Shelf<'a> {
    pub fn new(binary: &'a Binary, seed: u64, hooks: &'a Hooks) -> Result<Shelf<'a>, Verdict> {
        let (manifest, text) = binary.manifest().map_err(|reason| Verdict::fail(reason.to_string()))?;
        Ok(Shelf { path: &binary.path, manifest, text, seed, hooks })
    }

    /// Opens it; it stays open.
    pub fn open(&self) -> Result<Opened, Verdict> {
        (self.hooks.doing)("it was opened");
        plugins::open(self.path).map_err(|reason| Verdict::fail(reason.to_string()))
    }

    /// Makes every type and plays each for a while.
    fn use_all(&self) -> Finding {
        for module in &self.manifest.modules {
            let stage = Stage::new(self, &module.name)?;
            (self.hooks.doing)(&format!("{} was played", module.name));
            stage.take(&stage.score(), QUANTA)?;
        }
        Ok(())
    }
}

fn opens(shelf: &Shelf<'_>) -> Finding {
    shelf.open().map(drop)
}

fn same_manifest(shelf: &Shelf<'_>) -> Finding {
    if shelf.open()?.manifest == shelf.text {
        return Ok(());
    }
    Err(Verdict::fail(plugins::Reason::ManifestDiffers.to_string()))
}

fn quick(shelf: &Shelf<'_>) -> Finding {
    let before = cpu_time();
    shelf.open()?;
    let took = cpu_time().saturating_sub(before);
    let text = || format!("it took {} ms to be opened; do the work when an instance is made", took.as_millis());
    match took {
        took if took > SLOW.1 => Err(Verdict::fail(text())),
        took if took > SLOW.0 => Err(Verdict::warn(text())),
        _ => Ok(()),
    }
}

/// Time that this process has run.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: fills a local record.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Whoever runs it looks at what was printed.
fn quiet(shelf: &Shelf<'_>) -> Finding {
    // Those that cannot be made are another check's.
    let _ = shelf.use_all();
    Ok(())
}

fn no_trace(shelf: &Shelf<'_>) -> Finding {
    let place = |e: std::io::Error| Verdict::skip(format!("there is no folder to run it in: {e}"));
    let path = shelf.path.canonicalize().map_err(place)?;
    let folder = tempfile::tempdir().map_err(place)?;
    std::env::set_current_dir(folder.path()).map_err(place)?;
    let shelf = Shelf { path: &path, manifest: shelf.manifest.clone(), text: shelf.text.clone(), ..*shelf };
    let before = traces();
    shelf.open()?;
    compare("it was opened", &before)?;
    // The first instance may set up what all use; a second must not add to it.
    let _ = shelf.use_all();
    compare("its modules were used", &before)
}

/// What a library could change in the process around it: what, and how it is.
fn traces() -> Vec<(&'static str, Vec<String>)> {
    let list = |folder: &str| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| signals(status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default());
    // The list of open files holds the folder that is being read for it: of both lists alike.
    vec![
        ("the environment", std::env::vars().map(|(key, value)| format!("{key}={value}")).collect()),
        ("the current folder", vec![std::env::current_dir().unwrap_or_default().display().to_string()]),
        ("files in the current folder", list(".")),
        ("open files", list("/proc/self/fd")),
        ("threads", list("/proc/self/task")),
        ("ignored signals", line("SigIgn:")),
        ("handlers of signals", line("SigCgt:")),
        ("the mode of the processor's numbers", vec![format!("{:#x}", super::realtime::float_mode())]),
    ]
}

/// The numbers of the signals in a mask such as `/proc` shows; those that the C library takes for its threads are left
/// out.
fn signals(mask: &str) -> Vec<String> {
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap_or(0) & !(0b11 << 31);
    (1..=64).filter(|n| mask >> (n - 1) & 1 == 1).map(|n| format!("signal {n}")).collect()
}

fn compare(when: &str, before: &[(&str, Vec<String>)]) -> Finding {
    let after = traces();
    let changed = before.iter().zip(&after).find(|(was, is)| was != is);
    let Some(((what, was), (_, is))) = changed else { return Ok(()) };
    let new: Vec<String> = is.iter().filter(|x| !was.contains(x)).cloned().collect();
    let gone: Vec<String> = was.iter().filter(|x| !is.contains(x)).cloned().collect();
    let difference = if new.is_empty() { format!("without {}", few(&gone)) } else { format!("with {}", few(&new)) };
    Err(Verdict::fail(format!(
        "after {when}, {what} of the process are others, {difference}; a plugin leaves the process as it finds it"
    )))
}

fn copies(shelf: &Shelf<'_>) -> Finding {
    let failed = |e: std::io::Error| Verdict::skip(format!("it could not be copied: {e}"));
    let folder = tempfile::tempdir().map_err(failed)?;
    let copy = folder.path().join("copy.so");
    std::fs::copy(shelf.path, &copy).map_err(failed)?;
    let twin = Shelf { path: &copy, manifest: shelf.manifest.clone(), text: shelf.text.clone(), ..*shelf };
    for module in &shelf.manifest.modules {
        let one = Stage::new(shelf, &module.name)?;
        let score = one.score();
        let alone = one.take(&score, QUANTA)?;
        (shelf.hooks.doing)("a copy of it was opened beside it");
        let both =
            Stage::new(&twin, &module.name)?.take(&score, QUANTA).map_err(|v| v.of("of two copies the second"))?;
        if let Some(difference) = alone.difference(&both) {
            return Err(Verdict::fail(format!(
                "a second copy of the library plays {} otherwise: {difference}; keep nothing outside of the instance",
                module.name
            )));
        }
    }
    Ok(())
}

fn unknown_type(shelf: &Shelf<'_>) -> Finding {
    let opened = shelf.open()?;
    let known = &shelf.manifest.modules[0].name;
    let size = size_of::<Init>() as u32;
    let init = Init { size, cpu: Cpu::PORTABLE.number(), rate: RATE, seed: 1, instance: 1, log };
    let long = "X".repeat(1 << 20);
    for (name, what) in [
        ("", "no name at all"),
        ("NoSuchType", "\"NoSuchType\""),
        (&*format!("{known}x"), "a known name and one more letter"),
        (&*format!("{known}\0"), "a known name and a null character"),
        (&*known.to_lowercase(), "a known name in small letters"),
        (&*long, "a name of a million letters"),
    ] {
        (shelf.hooks.doing)(&format!("it was asked for {what}"));
        if opened.factory.create()(type_name(name), &init).is_ok() {
            return Err(Verdict::fail(format!("asked for {what}, it makes an instance; compare the whole name")));
        }
    }
    Ok(())
}

extern "C" fn log(_instance: u64, _level: u32, _text: abi_stable::std_types::RStr<'_>) {}
