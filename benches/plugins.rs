//! What loading plugins costs: `cargo bench --bench plugins`.

use std::path::PathBuf;
use std::process::Command;

use cantus_host::plugins::{Caution, Known, ModuleRegistry, Prober, Search};
use divan::Bencher;

#[path = "../tests/it/rig.rs"]
mod rig;

fn main() {
    divan::main();
}

/// Ten plugins that were seen before, from reading their files to the types that can be made: the aim is under 20 ms. Half
/// of them came with the program; of the others, which are as `cantus plugins new` has them built, copies are opened.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn ten_known_plugins(bencher: Bencher) {
    let strangers = ["probes", "misfits", "second_gain", "orderly", "second_sampler"];
    let state = tempfile::tempdir().expect("a temporary folder");
    let shipped = |name: &&str| {
        let to = state.path().join(rig::fixture(name).file_name().expect("a file"));
        // Without what debuggers read, as in the profile of the scaffold.
        let stripped = Command::new("strip").arg("-g").arg("-o").arg(&to).arg(rig::fixture(name)).status();
        assert!(stripped.is_ok_and(|status| status.success()), "`strip` is missing; install binutils");
        to
    };
    let mut search = Search::default();
    search.add(&rig::bundled(), false, true);
    strangers.iter().map(shipped).for_each(|path| search.add(&path, true, false));
    let probe: PathBuf = rig::program().with_file_name("cantus-probe");
    let caution = Caution { prober: Some(Prober::new(&probe)), known: Some(state.path().join("known.json")) };
    let load = || ModuleRegistry::load_with(&search, &[], caution.clone());
    let first = load();
    assert_eq!((first.failures(), first.plugins().len()), (&[][..], 10), "and now they are known");
    assert_eq!(Known::open(&state.path().join("known.json")).bad().count(), 0);
    bencher.bench_local(load);
}
