//! Plugin libraries: what is not one is refused with a reason, and the rest is loaded.

use std::path::Path;

use cantus_host::plugins::{Choice, ModuleRegistry, Search};

use crate::rig::{bundled, fixture};

/// Loads one file; returns why it was refused.
fn refused(path: &Path) -> String {
    let mut search = Search::default();
    search.add(path, true, false);
    let registry = ModuleRegistry::load(&search, &[]);
    assert_eq!(registry.plugins().len(), 0);
    let [failure] = registry.failures() else { panic!("one failure, not {:?}", registry.failures()) };
    failure.reason.to_string()
}

/// A copy of the probes' library, changed.
fn altered(folder: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> std::path::PathBuf {
    let mut bytes = std::fs::read(fixture("probes")).expect("the fixture is built");
    change(&mut bytes);
    let path = folder.join(name).with_extension(std::env::consts::DLL_EXTENSION);
    std::fs::write(&path, bytes).expect("a temporary folder can be written");
    path
}

#[test]
fn what_is_no_plugin_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str, change: &dyn Fn(&mut Vec<u8>)| altered(folder.path(), name, change);
    let find = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).position(|w| w == text).expect("it is in there");
    for (path, expected) in [
        (folder.path().join("missing.so"), "check the path"),
        (at("text", &|b| *b = b"not a library".to_vec()), "it is not a shared library, or it was cut short"),
        (at("empty", &|b| b.clear()), "it is not a shared library, or it was cut short"),
        (at("short", &|b| b.truncate(60)), "it is not a shared library, or it was cut short"),
        (at("half", &|b| b.truncate(b.len() / 2)), "it is not a shared library, or it was cut short"),
        // e_machine, for AArch64 or x86-64, whichever this is not
        (at("machine", &|b| b[18] = if b[18] == 62 { 183 } else { 62 }), "it was built for"),
        (
            at("manifest", &|b| {
                let at = find(b, b"[plugin]");
                b[at] = b'{';
            }),
            "could not read the manifest",
        ),
        (fixture("no_plugin"), "it is not a Cantus plugin: it has no section .cantusmanifest"),
        (fixture("wrong_layout"), "its root has another layout than this program's"),
    ] {
        let said = refused(&path);
        assert!(said.contains(expected), "{}: {said}", path.display());
        assert!(said.len() < 600, "short enough to read: {} bytes", said.len());
    }
}

#[test]
fn another_draft_of_the_contract_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let version = cantus_host::CONTRACT.as_bytes();
    let path = altered(folder.path(), "draft", |bytes| {
        let places: Vec<usize> =
            (0..bytes.len() - version.len()).filter(|i| bytes[*i..*i + version.len()] == *version).collect();
        assert!(!places.is_empty(), "the contract's version is in there");
        for at in places {
            bytes[at + version.len() - 1] = b'0';
        }
    });
    let said = refused(&path);
    assert!(said.starts_with("it was built with plugin-api 1.0.0-draft.0"), "{said}");
    assert!(said.ends_with("rebuild the plugin"), "{said}");
}

#[test]
fn failures_do_not_keep_the_rest_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    altered(folder.path(), "a_bad_one", |bytes| bytes.truncate(1000));
    altered(folder.path(), "good", |_| {});
    let mut search = Search::default();
    search.add(folder.path(), true, false);
    let registry = ModuleRegistry::load(&search, &[]);
    assert_eq!(registry.failures().len(), 1);
    assert!(registry.catalog().get("Click").is_some());
}

#[test]
fn a_plugin_may_have_a_folder_of_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let own = folder.path().join("probes");
    let bare = folder.path().join("deps");
    for place in [&own, &bare] {
        std::fs::create_dir(place).expect("the folder can be written");
    }
    std::fs::write(own.join("manifest.toml"), "").expect("the folder can be written");
    let library = altered(&own, "probes", |_| {});
    altered(&bare, "other", |bytes| bytes.truncate(1000));
    let mut search = Search::default();
    search.add(folder.path(), true, false);
    let (found, errors) = search.files();
    let paths: Vec<_> = found.iter().map(|found| found.path.clone()).collect();
    assert_eq!((paths, errors.len()), (vec![library.canonicalize().expect("it is there")], 0));
}

#[test]
fn two_providers_of_one_type() {
    let second = || {
        let mut search = Search::default();
        search.add(&fixture("second_gain"), true, false);
        search
    };
    let provider = |registry: &ModuleRegistry| registry.provider("Gain").map(|p| p.manifest.plugin.id.clone());
    let choice = |plugin: &str| format!("Gain={plugin}").parse::<Choice>().expect("a choice");

    let mut both = second();
    both.add(&bundled(), false, true);
    let registry = ModuleRegistry::load(&both, &[]);
    assert_eq!(provider(&registry).as_deref(), Some("cantus.gain"), "the bundled one, if nobody chose");
    let registry = ModuleRegistry::load(&both, &[choice("fixture.second-gain")]);
    assert_eq!(provider(&registry).as_deref(), Some("fixture.second-gain"), "the chosen one");
    let registry = ModuleRegistry::load(&both, &[choice("nobody")]);
    assert_eq!(provider(&registry).as_deref(), Some("cantus.gain"));
    assert!(
        registry.failures()[0].to_string().contains("it is provided by fixture.second-gain@0.1.0, cantus.gain@0.1.0")
    );

    let registry = ModuleRegistry::load(&second(), &[]);
    assert_eq!(provider(&registry).as_deref(), Some("fixture.second-gain"), "the only one");

    let mut strangers = second();
    strangers.add(&bundled(), false, false);
    let registry = ModuleRegistry::load(&strangers, &[]);
    assert_eq!(provider(&registry), None, "nobody chose between strangers");
    let said = registry.failures()[0].reason.to_string();
    assert_eq!(said, "type Gain is provided by fixture.second-gain and cantus.gain; choose one with --use Gain=PLUGIN");
}

#[test]
fn the_same_plugin_twice_is_shadowed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = altered(folder.path(), "copy", |_| {});
    let mut search = Search::default();
    search.add(&fixture("probes"), true, false);
    search.add(&copy, true, false);
    // The same file by another way is not a second plugin.
    search.add(&fixture("probes"), true, false);
    let registry = ModuleRegistry::load(&search, &[]);
    assert_eq!(registry.plugins().len(), 1);
    let [failure] = registry.failures() else { panic!("one failure, not {:?}", registry.failures()) };
    assert!(failure.to_string().contains("plugin \"fixture.probes@0.1.0\" was already loaded from"), "{failure}");
}
