//! What fuzzing starts from and has found, `tests/fuzz/corpus`, on any toolchain: each file, and the same with a few bytes
//! changed.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

#[path = "../fuzz/laws.rs"]
mod laws;

/// Names and bytes of a folder's files, by name.
fn files(folder: &str, extension: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().expect("it has one").to_string_lossy().into_owned();
        (name, std::fs::read(&path).expect("it can be read"))
    };
    let mut files: Vec<_> = paths.map(read).filter(|(name, _)| name.ends_with(extension)).collect();
    files.sort();
    files
}

static MANIFESTS: LazyLock<Vec<(String, Vec<u8>)>> =
    LazyLock::new(|| [files("tests/fuzz/corpus/manifest", ""), files("manifests", ".toml")].concat());
static LIBRARIES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| files("tests/fuzz/corpus/library", ""));

/// Those that are accepted.
fn accepted(files: &[(String, Vec<u8>)], law: fn(&[u8]) -> bool) -> Vec<&str> {
    files.iter().filter(|(_, bytes)| law(bytes)).map(|(name, _)| name.as_str()).collect()
}

fn manifest(bytes: &[u8]) -> bool {
    laws::manifest(&String::from_utf8_lossy(bytes))
}

#[test]
fn files_of_the_corpora_keep_the_laws() {
    let good = accepted(&MANIFESTS, manifest);
    let own = ["audio_mixer.toml", "audio_output.toml", "gain.toml", "multi_sampler.toml", "tracker_sequencer.toml"];
    assert!(good.contains(&"all.toml") && own.iter().all(|name| good.contains(name)), "{good:?}");
    assert!(MANIFESTS.len() >= good.len() + 8, "most of them are bad ones");
    let good = accepted(&LIBRARIES, laws::library);
    assert_eq!(good, if cfg!(target_arch = "x86_64") { vec!["good"] } else { vec![] });
    assert!(LIBRARIES.len() >= 20, "{}", LIBRARIES.len());
}

/// How a file is changed: at a place, in one of a few ways.
type Change = (u8, prop::sample::Index, u64);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((0u8..7, any::<prop::sample::Index>(), any::<u64>()), 1..6)
}

/// Numbers that are at an end of something.
const ENDS: [u64; 8] = [0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, u64::MAX - 8, u64::MAX];

fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for (how, place, value) in changes {
        let at = place.index(out.len() + 1);
        let end = (at + (*value % 32) as usize).min(out.len());
        match how {
            0 => out.truncate(at),
            1 => out.insert(at, *value as u8),
            2 => drop(out.drain(at..end)),
            3 => {
                let part = out[at..end].to_vec();
                out.splice(at..at, part);
            }
            _ if at == out.len() => out.push(*value as u8),
            4 => out[at] ^= 1 << (value % 8),
            5 => out[at] = *value as u8,
            _ => {
                let number = ENDS[(*value % ENDS.len() as u64) as usize].to_le_bytes();
                out.iter_mut().skip(at).zip(number).for_each(|(byte, new)| *byte = new);
            }
        }
    }
    out
}

proptest! {
    #[test]
    fn changed_manifests_keep_the_laws(of in any::<prop::sample::Index>(), changes in changes()) {
        let (_, bytes) = of.get(&MANIFESTS[..]);
        manifest(&changed(bytes, &changes));
    }

    #[test]
    fn changed_libraries_keep_the_laws(of in any::<prop::sample::Index>(), changes in changes()) {
        let (_, bytes) = of.get(&LIBRARIES[..]);
        laws::library(&changed(bytes, &changes));
    }
}
