//! What loading sounds costs: `cargo bench --bench assets`.
//!
//! A minute of stereo at 48 kHz, made of the pieces' recordings, which are loaded as FLAC beside it.

use std::path::{Path, PathBuf};

use cantus_host::assets::{Progress, load, onsets};
use divan::Bencher;

const RATE: f64 = 48_000.0;
/// Frames of a minute.
const MINUTE: usize = 60 * 48_000;

fn main() {
    divan::main();
}

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lua/examples/samples");
    let files = std::fs::read_dir(folder).expect("the recordings are there").flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "flac")).collect();
    files.sort();
    files
}

/// One recording after the other, again and again; two at a time, so that the channels differ.
fn minute() -> [Vec<f32>; 2] {
    let sounds: Vec<_> =
        recordings().iter().map(|path| load(path, RATE, &Progress::default()).expect("it can be read")).collect();
    [0, 1].map(|first| {
        let all = sounds.iter().cycle().skip(first).flat_map(|sound| sound.memory.channel(0).unwrap_or_default());
        all.copied().take(MINUTE).collect()
    })
}

/// Where something begins in a minute of stereo: the aim is under 60 ms, a thousandth of real time.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn onsets_of_a_minute(bencher: Bencher) {
    let minute = minute();
    bencher.bench_local(|| onsets(&minute, RATE));
}

/// The recordings as they are, 22 s of FLAC at 44.1 kHz, mostly mono: all that a worker does to load them.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn loading_the_recordings(bencher: Bencher) {
    let files = recordings();
    let load = |path: &PathBuf| load(path, 44_100.0, &Progress::default()).expect("it can be read").frames;
    bencher.bench_local(|| files.iter().map(load).sum::<usize>());
}
