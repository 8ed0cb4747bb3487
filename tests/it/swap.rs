//! Other plugins in the place of those that play: what is heard, and what stays behind.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cantus_host::control::Commit;
use cantus_host::model::command::{ReloadTypeCommand, UseProviderCommand};
use cantus_host::plugins::{ModuleRegistry, Reason, Search};

use crate::rig::{Studio, bundled, fixture, peak, pieces, ramp};

/// The bundled plugins, the probes, the misfits, and the libraries of a folder before them.
pub fn registry(folder: &Path) -> Arc<ModuleRegistry> {
    let mut search = Search::default();
    search.add(folder, false, false);
    search.add(&bundled(), false, true);
    search.add(&fixture("probes"), true, false);
    search.add(&fixture("misfits"), true, false);
    let registry = ModuleRegistry::load(&search, &[]);
    let unexpected = registry.failures().iter().find(|failure| !matches!(failure.reason, Reason::Shadowed { .. }));
    assert_eq!(unexpected, None);
    Arc::new(registry)
}

/// A folder with a copy of a fixture's library.
pub fn with(fixtures: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = |name: &&str| {
        let path = folder.path().join(fixture(name).file_name().expect("a file"));
        std::fs::copy(fixture(name), &path).expect("the folder can be written");
        path
    };
    let paths = fixtures.iter().map(copy).collect();
    (folder, paths)
}

/// Builds a library again, so to speak: the same, and one byte behind its end that nobody reads.
pub fn rebuild(library: &Path) {
    let mut bytes = std::fs::read(library).expect("it is there");
    bytes.push(0);
    put(library, &bytes);
}

/// The bytes of a library with a word in it replaced by another that is as long.
pub fn replaced(library: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = library.to_vec();
    let places: Vec<usize> =
        (0..bytes.len() - from.len()).filter(|i| bytes[*i..].starts_with(from.as_bytes())).collect();
    assert!(!places.is_empty(), "{from} is in there");
    places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to.as_bytes()));
    bytes
}

/// Puts another library in a place, whole from one moment to the next.
pub fn put(library: &Path, bytes: &[u8]) {
    let new = library.with_extension("new");
    std::fs::write(&new, bytes).expect("the folder can be written");
    std::fs::rename(&new, library).expect("the folder can be written");
}

pub fn playing(folder: &Path, code: &str) -> Studio {
    let mut studio = Studio::with(registry(folder), pieces());
    studio.eval(code);
    studio.start();
    studio
}

fn reload(studio: &Studio, module_type: &str) {
    studio.send(ReloadTypeCommand { module_type: Some(module_type.into()) }).expect("the type is known");
}

/// Largest step from one sample to the next.
fn steepest(samples: &[f32]) -> f32 {
    samples.windows(2).fold(0.0, |max, pair| max.max((pair[1] - pair[0]).abs()))
}

#[test]
fn an_effect_crosses_over_to_another_provider() {
    let (folder, _) = with(&["second_gain"]);
    let mut studio = playing(folder.path(), "constant('c', {value = 0.5}) connect('c', gain('g'))");
    assert_eq!(studio.render(128)[0], [0.5; 128]);
    let turn = |plugin: Option<&str>| {
        let plugin = plugin.map(Into::into);
        studio.send(UseProviderCommand { module_type: "Gain".into(), plugin }).expect("it is known");
    };
    turn(Some("fixture.second-gain"));
    let [over, _] = studio.render(320);
    // Half of the signal leaves the one, and half comes into the other, turned over: nothing jumps.
    let crossed: Vec<f32> = ramp(1.0, -1.0).iter().map(|gain| 0.5 * gain).collect();
    for (frame, (heard, expected)) in over.iter().zip(crossed.iter().chain(&[-0.5; 80])).enumerate() {
        assert!((heard - expected).abs() < 1e-5, "frame {frame}: {heard}, should be {expected}");
    }
}

#[test]
fn what_is_turned_back_is_as_it_was() {
    let (folder, _) = with(&["second_gain"]);
    let mut studio = playing(folder.path(), "constant('c', {value = 0.5}) connect('c', gain('g'))");
    for (line, heard) in
        [("use('Gain', 'fixture.second-gain@0.1.0')", -0.5), ("undo()", 0.5), ("redo()", -0.5), ("use('Gain')", 0.5)]
    {
        studio.say(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        studio.render(640);
        assert_eq!(studio.render(64)[0], [heard; 64], "{line}");
    }
    assert_eq!(studio.problems(), [""; 0]);
}

#[test]
fn a_new_build_is_taken_without_a_click_or_a_hanging_note() {
    let (folder, paths) = with(&["second_gain"]);
    let code = "use('Gain', 'fixture.second-gain') constant('c', {value = 0.5}) connect('c', gain('g'))";
    let mut studio = playing(folder.path(), code);
    assert_eq!(studio.render(128)[0], [-0.5; 128]);
    for build in 0..3 {
        rebuild(&paths[0]);
        reload(&studio, "Gain");
        let [left, _] = studio.render(640);
        assert!(left.iter().all(|x| (x + 0.5).abs() < 1e-6), "build {build}: {:?}", &left[..300]);
    }
    assert_eq!(studio.engine().state().reports.len(), 0, "{:?}", studio.engine().state().reports);
}

/// What a sequencer plays on a module in a second, when types are reloaded meanwhile.
fn played(module: &str, reloaded: &[&str]) -> Vec<f32> {
    let (folder, _) = with(&["second_gain"]);
    let code = format!(
        "local steps = sequencer('steps')
        steps.pattern = pattern('p', 'x . x x . x . x', {{steps_per_beat = 8}})
        connect(steps, {module})"
    );
    let mut studio = playing(folder.path(), &code);
    let mut heard = Vec::new();
    for part in 0..16 {
        heard.extend(studio.render(3000)[0].iter().copied());
        if part % 3 == 0 {
            reloaded.iter().for_each(|module_type| reload(&studio, module_type));
        }
    }
    assert_eq!(studio.engine().state().reports.len(), 0);
    heard
}

#[test]
fn a_sequencer_that_is_made_anew_goes_on_where_the_music_is() {
    // Each note is one frame long: each is there, once, on its frame.
    let clicks = |reloaded: &[&str]| {
        let heard = played("make('Click', 'c')", reloaded);
        heard.iter().enumerate().filter(|(_, x)| **x != 0.0).map(|(at, x)| (at, *x)).collect::<Vec<_>>()
    };
    let as_it_was = clicks(&[]);
    assert_eq!(as_it_was.len(), 10, "{as_it_was:?}");
    assert_eq!(clicks(&["TrackerSequencer"]), as_it_was);
}

#[test]
fn an_instrument_that_is_made_anew_rings_out_beside_the_new_one() {
    let kit = "sampler('kit', {slots = {{file = 'bd_fat.flac'}}})";
    let as_it_was = played(kit, &[]);
    for types in [&["MultiSampler"][..], &["MultiSampler", "TrackerSequencer", "AudioMixer"]] {
        let heard = played(kit, types);
        assert!(peak(&heard) > 0.5 * peak(&as_it_was), "{types:?}");
        let (was, is) = (steepest(&as_it_was), steepest(&heard));
        assert!(is <= was * 1.05, "{types:?}: a click, {is} from one sample to the next; {was} without");
    }
}

#[test]
fn what_is_left_out_stays_so() {
    let (folder, _) = with(&[]);
    let mut studio = Studio::with(registry(folder.path()), pieces());
    studio.engine().0.borrow_mut().leave_out(["g".into()]);
    studio.eval("gain('g')");
    let left_out = ["g: it is left out, as was asked for"];
    assert_eq!(studio.problems(), left_out);
    reload(&studio, "Gain");
    assert_eq!(studio.problems(), left_out);
}

#[test]
fn what_cannot_be_taken_leaves_all_as_it_was() {
    let (folder, paths) = with(&["second_gain"]);
    let code = "use('Gain', 'fixture.second-gain') constant('c', {value = 0.5}) connect('c', gain('g', {gain = 2}))";
    let mut studio = playing(folder.path(), code);
    assert_eq!(studio.render(64)[0], [-0.5; 64]);
    let good = std::fs::read(&paths[0]).expect("it is there");
    let replaced = |from: &str, to: &str| replaced(&good, from, to);
    for (what, bytes, said) in [
        ("cut short", good[..good.len() / 2].to_vec(), "cut short"),
        ("another key", replaced("key = \"gain\"", "key = \"loud\""), "has no parameter \"gain\""),
        ("another port", replaced("key = \"in\"", "key = \"ip\""), "g.in: Gain has no such port"),
    ] {
        put(&paths[0], &bytes);
        reload(&studio, "Gain");
        assert_eq!(studio.render(640)[0], [-0.5; 640], "{what}");
        let state = studio.engine().state();
        let last = state.reports.last().map(|report| report.text.clone()).unwrap_or_default();
        assert!(last.contains(said), "{what}: {last}");
    }
    std::fs::write(&paths[0], &good).expect("the folder can be written");
    reload(&studio, "Gain");
    let [left, _] = studio.render(640);
    assert!(left.iter().all(|x| (x + 0.5).abs() < 1e-6), "{left:?}");
}

#[test]
fn a_library_may_be_written_over_while_it_plays() {
    let (folder, paths) = with(&["second_gain"]);
    let mut studio = playing(folder.path(), "use('Gain', 'fixture.second-gain') constant('c') connect('c', gain('g'))");
    let before = peak(&studio.render(64)[0]);
    // In place: the same file, with nothing but zeros.
    let length = paths[0].metadata().expect("it is there").len() as usize;
    std::fs::write(&paths[0], vec![0; length]).expect("the folder can be written");
    studio.eval("gain('another')");
    assert_eq!(peak(&studio.render(6400)[0]), before);
    assert_eq!(studio.problems(), [""; 0]);
}

/// What a process has that must not become more.
#[cfg(target_os = "linux")]
fn possessions() -> [usize; 3] {
    let count = |folder: &str| std::fs::read_dir(folder).expect("there is /proc").count();
    let maps = std::fs::read_to_string("/proc/self/maps").expect("there is /proc");
    // Memory of the allocator comes and goes with its arenas.
    let named = maps.lines().filter(|line| line.contains(std::env::consts::DLL_SUFFIX) || line.contains("/tmp/"));
    [count("/proc/self/fd"), count("/proc/self/task"), named.count()]
}

/// In a process of its own, where nothing else comes and goes.
#[cfg(target_os = "linux")]
#[test]
#[cfg_attr(cantus_rtsan, ignore = "the sanitizer has threads and mappings of its own")]
fn a_hundred_reloads_leave_nothing_behind() {
    const ALONE: &str = "CANTUS_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let this = std::env::current_exe().expect("it runs");
        let mut command = std::process::Command::new(this);
        command.args(["--exact", "swap::a_hundred_reloads_leave_nothing_behind"]).env(ALONE, "1");
        let output = command.output().expect("it can be run");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let (folder, paths) = with(&["second_gain"]);
    let code = "
        kit = sampler('kit') kit.slots[1].file = 'bd_fat.flac'
        steps = sequencer('steps') steps.pattern = pattern('p', 'x x x x', {steps_per_beat = 16})
        connect(steps, kit) connect(kit, gain('g')) connect('g', mixer('desk')) connect('desk', output('main'))
        use('Gain', 'fixture.second-gain')";
    let mut studio = playing(folder.path(), code);
    studio.render(48_000);
    let types = ["MultiSampler", "TrackerSequencer", "AudioMixer", "AudioOutput", "Gain"];
    let rest = |studio: &mut Studio| {
        // What is retired rings out, at most 5 s.
        studio.render(6 * 48_000);
        (possessions(), studio.engine().0.borrow_mut().census())
    };
    types.iter().for_each(|module_type| reload(&studio, module_type));
    let before = rest(&mut studio);
    for _ in 0..100 {
        types.iter().for_each(|module_type| reload(&studio, module_type));
        studio.render(640);
    }
    assert_eq!(rest(&mut studio), before, "descriptors, threads, mappings; instances, cables, shared handles");
    for _ in 0..10 {
        rebuild(&paths[0]);
        reload(&studio, "Gain");
        studio.render(640);
    }
    let ([descriptors, threads, mappings], census) = rest(&mut studio);
    assert_eq!(([descriptors, threads], census), ([before.0[0], before.0[1]], before.1), "new builds");
    let copies = mappings - before.0[2];
    assert!(copies <= 10 * 8, "{copies} mappings more for 10 copies of a library");
    assert_eq!(studio.engine().state().reports.len(), 0);
}
