//! Where the libraries are that somebody means.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::plugins;

/// The libraries that a path stands for: a library is itself, a crate its newest build, a folder all plugins in it.
///
/// # Errors
/// There is none: a sentence with a remedy.
pub fn libraries(path: &Path) -> Result<Vec<PathBuf>, String> {
    let refuse = |why: &str| Err(format!("could not validate {}: {why}", path.display()));
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        return refuse("there is no such file or folder; check the path");
    }
    if path.join("Cargo.toml").is_file() {
        return match built(path) {
            Some(library) => Ok(vec![library]),
            None => refuse("that plugin was not built; run `cargo build --release` in it"),
        };
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_library = |file: &PathBuf| file.extension().is_some_and(|e| e == std::env::consts::DLL_EXTENSION);
    let mut found: Vec<PathBuf> = entries.filter(is_library).filter(|file| !is_none(file)).collect();
    found.sort();
    if found.is_empty() {
        refuse("there is no plugin in it; name a library, or the folder of a crate")
    } else {
        Ok(found)
    }
}

/// A library that does not say that it is a plugin.
fn is_none(file: &Path) -> bool {
    matches!(plugins::read(file), Err(plugins::Reason::NoManifest))
}

/// What is needed of a Cargo.toml.
#[derive(Deserialize)]
struct Crate {
    package: Named,
    lib: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

/// The library of a crate: the newer of what was built with and without --release, in its own `target` or that of a
/// workspace around it.
fn built(folder: &Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let told: Crate = toml::from_str(&text).ok()?;
    let name = told.lib.and_then(|lib| lib.name).or(told.package.name)?.replace('-', "_");
    let file = format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let folder = folder.canonicalize().ok()?;
    let shared = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let targets = shared.into_iter().chain(folder.ancestors().map(|ancestor| ancestor.join("target")));
    let builds = targets.flat_map(|target| ["release", "debug"].map(|profile| target.join(profile).join(&file)));
    let dated = builds.filter_map(|build| Some((build.metadata().ok()?.modified().ok()?, build)));
    dated.max().map(|(_, build)| build)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_stands_for_what_was_built_of_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (around, inner) = (folder.path(), folder.path().join("plugins/tape"));
        std::fs::create_dir_all(&inner).expect("a folder");
        std::fs::create_dir_all(around.join("target/release")).expect("a folder");
        std::fs::write(inner.join("Cargo.toml"), "[package]\nname = \"tape-delay\"\n").expect("a file");
        let said = libraries(&inner).expect_err("it was not built");
        assert!(said.ends_with("run `cargo build --release` in it"), "{said}");
        let library = around.canonicalize().expect("it is there").join("target/release/libtape_delay.so");
        std::fs::write(&library, "").expect("a file");
        assert_eq!(libraries(&inner), Ok(vec![library.clone()]));
        assert_eq!(libraries(&library), Ok(vec![library]));
        let said = libraries(&around.join("nowhere")).expect_err("it is not there");
        assert!(said.ends_with("check the path"), "{said}");
        let said = libraries(&inner.join("..")).expect_err("it is empty");
        assert!(said.contains("there is no plugin in it"), "{said}");
    }
}
