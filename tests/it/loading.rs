//! Libraries that were never seen, those that did harm, and what is known of them the next time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cantus_host::plugins::{Caution, Known, ModuleRegistry, Prober, Search};

use crate::rig::{fixture, program};

/// A folder with the fixture `moods` in a mood, and a plugin that is in order.
fn folder(mood: &[u8; 4]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = |name: &str| {
        let path = folder.path().join(fixture(name).file_name().expect("a file"));
        std::fs::copy(fixture(name), &path).expect("the folder can be written");
        path
    };
    copy("second_gain");
    let moods = copy("moods");
    let mut bytes = std::fs::read(&moods).expect("just written");
    let mark = b"the mood = ";
    let at = bytes.windows(mark.len()).position(|w| w == mark).expect("it is in there") + mark.len();
    bytes[at..at + 4].copy_from_slice(mood);
    std::fs::write(&moods, bytes).expect("the folder can be written");
    (folder, moods)
}

fn load(folder: &Path, prober: &Path, patience: u64) -> ModuleRegistry {
    let mut search = Search::default();
    search.add(folder, true, false);
    let prober = Prober::new(prober).patient(Duration::from_secs(patience));
    ModuleRegistry::load_with(&search, &[], Caution { prober: Some(prober), known: Some(folder.join("known.json")) })
}

fn probe() -> PathBuf {
    program().with_file_name("cantus-probe")
}

#[test]
fn what_does_harm_is_not_opened_and_the_rest_is() {
    // Each way to do harm, and what is said of it.
    for (mood, patience, said) in [
        (b"dies", 60, "when it was tried out, it crashed (SIGABRT)"),
        (b"quit", 60, "it ended the program, with exit code 0"),
        (b"talk", 60, "it printed \"made\", where results of programs go"),
        (b"hang", 2, "it did not come back"),
    ] {
        let (folder, moods) = folder(mood);
        // The second time it is known: nothing is tried, as there is nothing that could.
        for prober in [probe(), folder.path().join("there is none")] {
            let registry = load(folder.path(), &prober, patience);
            let [failure] = registry.failures() else { panic!("one failure, not {:?}", registry.failures()) };
            assert_eq!(failure.path, moods.canonicalize().expect("it is there"));
            assert!(failure.to_string().contains(said), "{failure}");
            assert!(failure.to_string().contains("cantus plugins forgive"), "{failure}");
            assert!(registry.catalog().get("Gain").is_some(), "the rest is loaded");
            assert_eq!(registry.notes(), [""; 0]);
        }
        // What is forgiven is tried again; here it does the same again.
        let file = folder.path().join("known.json");
        let mut known = Known::open(&file);
        let bad: Vec<_> = known.bad().map(|(hash, ..)| hash).collect();
        assert_eq!(bad.len(), 1);
        bad.into_iter().for_each(|hash| known.forget(hash));
        known.keep();
        assert_eq!(Known::open(&file).bad().count(), 0);
        assert_eq!(load(folder.path(), &probe(), patience).failures().len(), 1);
    }
}

#[test]
fn what_is_odd_is_told_and_opened() {
    let (folder, _) = folder(b"work");
    for prober in [probe(), folder.path().join("there is none")] {
        let registry = load(folder.path(), &prober, 60);
        assert_eq!(registry.failures(), &[]);
        let [note] = registry.notes() else { panic!("one note, not {:?}", registry.notes()) };
        assert!(note.ends_with("it has started 1 thread(s) that run on"), "{note}");
        assert!(registry.catalog().get("Moods").is_some());
    }
}

#[test]
fn another_library_in_the_place_of_a_bad_one_is_tried_anew() {
    let (folder, moods) = folder(b"dies");
    assert_eq!(load(folder.path(), &probe(), 60).failures().len(), 1);
    std::fs::copy(fixture("moods"), &moods).expect("the folder can be written");
    let registry = load(folder.path(), &probe(), 60);
    assert_eq!(registry.failures(), &[]);
    assert!(registry.catalog().get("Moods").is_some());
}

#[test]
fn without_what_tries_them_out_plugins_are_opened_and_that_is_told() {
    let (folder, _) = folder(b"calm");
    let registry = load(folder.path(), &folder.path().join("there is none"), 60);
    assert_eq!(registry.failures(), &[]);
    assert_eq!(registry.notes().len(), 2, "{:?}", registry.notes());
    assert!(registry.notes()[0].starts_with("could not try out "), "{:?}", registry.notes());
}

#[test]
fn what_goes_wrong_before_a_library_is_touched_is_not_its_doing() {
    let (folder, _) = folder(b"calm");
    let registry = load(folder.path(), Path::new("/bin/false"), 60);
    assert_eq!(registry.failures(), &[]);
    assert!(registry.notes()[0].contains("it did not begin"), "{:?}", registry.notes());
    assert_eq!(Known::open(&folder.path().join("known.json")).bad().count(), 0);
    // Nor is anything known to be good.
    let registry = load(folder.path(), &folder.path().join("there is none"), 60);
    assert_eq!(registry.notes().len(), 2, "{:?}", registry.notes());
}

#[test]
fn a_type_that_nobody_would_provide_any_more_stays_with_who_did() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = |name: &str| folder.path().join(name).with_extension(std::env::consts::DLL_EXTENSION);
    std::fs::copy(fixture("second_gain"), copy("one")).expect("the folder can be written");
    let mut search = Search::default();
    search.add(folder.path(), true, false);
    let before = ModuleRegistry::load(&search, &[]);
    // Another plugin with the same type comes in beside it, and nobody chooses.
    let mut bytes = std::fs::read(copy("one")).expect("it is there");
    let (id, other) = (b"fixture.second-gain", b"fixture.sekond-gain");
    let places: Vec<usize> = (0..bytes.len() - id.len()).filter(|at| bytes[*at..].starts_with(id)).collect();
    places.into_iter().for_each(|at| bytes[at..at + id.len()].copy_from_slice(other));
    std::fs::write(copy("two"), bytes).expect("the folder can be written");
    let after = before.again(Vec::new());
    assert_eq!(after.provider("Gain").map(ToString::to_string).as_deref(), Some("fixture.second-gain@0.1.0"));
    assert!(after.catalog().get("Gain").is_some());
    assert!(after.failures()[0].to_string().contains("choose one with --use"), "{:?}", after.failures());
    // A new build that cannot be opened leaves the old one.
    std::fs::write(copy("one"), "cut short").expect("the folder can be written");
    assert!(after.again(Vec::new()).catalog().get("Gain").is_some());
}
