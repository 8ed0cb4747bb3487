//! Checks of the file: no code of the plugin runs.

use std::path::{Path, PathBuf};

use abi_stable::library::ROOT_MODULE_LOADER_NAME;
use cantus_manifest::Manifest;
use object::read::elf::ElfFile64;
use object::{Object, ObjectSegment, ObjectSymbol, elf};

use super::verdict::{Finding, Verdict, few};
use super::{Check, file::Reason::*};
use crate::plugins::{self, Reason};

pub(super) const CHECKS: &[Check] = &[
    Check::of_file("whole", 1, "The file is a shared library, and all of it is there.", whole).gate(),
    Check::of_file("machine", 1, "It was built for this kind of processor.", machine).gate(),
    Check::of_file("manifest", 1, "It carries a manifest that reads without mistakes.", manifest).gate(),
    Check::of_file("entry", 1, "It exports the one symbol by which a plugin is found.", entry).gate(),
    Check::of_file("exports", 1, "It exports nothing else.", exports),
    Check::of_file("needs", 1, "It needs no libraries but those of every system.", needs),
    Check::of_file("run-path", 1, "It looks for libraries in no folder of the machine it was built on.", run_path),
    Check::of_file("writable-code", 1, "Nothing of it is both code and writable.", writable_code),
    Check::of_file("weight", 1, "It loads at most 5 MB.", weight),
    Check::of_file("licence", 1, "Its licence is an SPDX expression.", licence),
];

/// Libraries that every system has; what follows `.so` does not count.
const EVERYWHERE: &[&str] =
    &["ld-linux", "libc.", "libm.", "libgcc_s.", "libdl.", "libpthread.", "librt.", "libstdc++.", "linux-vdso"];

/// Bytes of a library that are loaded, at most.
const HEAVY: u64 = 5_000_000;

/// A library's file.
pub(super) struct Binary {
    pub path: PathBuf,
    bytes: Vec<u8>,
}

impl Binary {
    /// Reads it.
    pub fn read(path: &Path) -> Result<Binary, Verdict> {
        let bytes =
            std::fs::read(path).map_err(|e| Verdict::fail(format!("it could not be read: {e}; check the path")))?;
        Ok(Binary { path: path.to_owned(), bytes })
    }

    /// Its manifest, parsed and as text.
    pub fn manifest(&self) -> Result<(Manifest, String), Reason> {
        plugins::read(&self.path)
    }

    fn elf(&self) -> Result<ElfFile64<'_>, Verdict> {
        ElfFile64::parse(&*self.bytes).map_err(|_| Verdict::skip("it is no ELF file of 64 bits"))
    }

    /// The entries of its dynamic section: tag and value, and the text it stands for if it is one.
    fn dynamic(&self) -> Result<Vec<(elf::DynamicTag, u64, String)>, Verdict> {
        let broken =
            |e: object::Error| Verdict::fail(format!("its dynamic section cannot be read ({e}); build it again"));
        let table = self.elf()?.elf_dynamic_table().map_err(broken)?;
        let text = |entry| table.string(entry).map(|t| String::from_utf8_lossy(t).into_owned()).unwrap_or_default();
        Ok(table
            .iter()
            .map(|entry| (entry.tag, entry.val, if entry.is_string() { text(entry) } else { String::new() }))
            .collect())
    }
}

fn whole(file: &Binary) -> Finding {
    match file.manifest() {
        Err(reason @ (Unreadable(_) | NotALibrary(_))) => Err(Verdict::fail(reason.to_string())),
        _ => Ok(()),
    }
}

fn machine(file: &Binary) -> Finding {
    match file.manifest() {
        Err(reason @ OtherMachine { .. }) => Err(Verdict::fail(reason.to_string())),
        _ => Ok(()),
    }
}

fn manifest(file: &Binary) -> Finding {
    file.manifest().map(drop).map_err(|reason| Verdict::fail(reason.to_string()))
}

/// Names of the symbols that other libraries see.
fn exported(file: &Binary) -> Result<Vec<String>, Verdict> {
    let elf = file.elf()?;
    let symbols = elf.dynamic_symbols().filter(|s| s.is_definition() && s.is_global());
    Ok(symbols.filter_map(|s| s.name().ok().map(str::to_owned)).collect())
}

fn entry(file: &Binary) -> Finding {
    if exported(file)?.iter().any(|name| name == ROOT_MODULE_LOADER_NAME) {
        return Ok(());
    }
    Err(Verdict::fail("it does not export a Cantus plugin; call cantus_plugin_api::export! in it"))
}

fn exports(file: &Binary) -> Finding {
    let others: Vec<String> = exported(file)?.into_iter().filter(|name| name != ROOT_MODULE_LOADER_NAME).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Verdict::warn(format!(
        "it also exports {}: another library may come to call them; take #[no_mangle] away",
        few(&others)
    )))
}

fn needs(file: &Binary) -> Finding {
    let needed = file.dynamic()?.into_iter().filter(|(tag, ..)| *tag == elf::DT_NEEDED).map(|(_, _, name)| name);
    let unusual: Vec<String> = needed.filter(|name| !EVERYWHERE.iter().any(|e| name.starts_with(e))).collect();
    if unusual.is_empty() {
        return Ok(());
    }
    Err(Verdict::warn(format!(
        "it needs {}, which other machines may lack; link it statically, or say in the README what to install",
        few(&unusual)
    )))
}

fn run_path(file: &Binary) -> Finding {
    let tags = [elf::DT_RPATH, elf::DT_RUNPATH];
    let paths = file.dynamic()?.into_iter().filter(|(tag, ..)| tags.contains(tag));
    let paths: Vec<String> =
        paths.flat_map(|(_, _, path)| path.split(':').map(str::to_owned).collect::<Vec<_>>()).collect();
    let strange: Vec<String> = paths.into_iter().filter(|path| !path.starts_with("$ORIGIN")).collect();
    if strange.is_empty() {
        return Ok(());
    }
    Err(Verdict::warn(format!(
        "it looks for libraries in \"{}\", which other machines lack; link without -rpath, or with $ORIGIN",
        few(&strange)
    )))
}

fn writable_code(file: &Binary) -> Finding {
    let elf = file.elf()?;
    let endian = elf.endian();
    for segment in elf.elf_program_headers() {
        let flags = segment.p_flags.get(endian);
        let (writable, code) = (flags.0 & elf::PF_W.0 != 0, flags.0 & elf::PF_X.0 != 0);
        if segment.p_type.get(endian) == elf::PT_GNU_STACK && code {
            return Err(Verdict::fail(
                "it asks for a stack that is code; find the assembler file without .note.GNU-stack and link it with \
                 -z noexecstack",
            ));
        }
        if segment.p_type.get(endian) == elf::PT_LOAD && writable && code {
            return Err(Verdict::fail("a part of it is both code and writable; link it with -z separate-code"));
        }
    }
    if file
        .dynamic()?
        .iter()
        .any(|(tag, value, _)| *tag == elf::DT_TEXTREL || *tag == elf::DT_FLAGS && value & elf::DF_TEXTREL.0 != 0)
    {
        return Err(Verdict::fail(
            "its code is changed when it is loaded (text relocations); build all of it with -fPIC",
        ));
    }
    Ok(())
}

fn weight(file: &Binary) -> Finding {
    let loaded: u64 = file.elf()?.segments().map(|segment| segment.file_range().1).sum();
    if loaded <= HEAVY {
        return Ok(());
    }
    Err(Verdict::warn(format!(
        "{:.1} MB of it are loaded; build it with --release, and compute large tables when an instance is made",
        loaded as f64 / 1e6
    )))
}

fn licence(file: &Binary) -> Finding {
    let Ok((manifest, _)) = file.manifest() else { return Ok(()) };
    let licence = &manifest.plugin.license;
    if is_spdx(licence) {
        return Ok(());
    }
    Err(Verdict::fail(format!(
        "plugin.license is \"{licence}\", which is no SPDX expression such as \"MIT OR Apache-2.0\"; \
         https://spdx.org/licenses lists them"
    )))
}

/// Words by turns: a licence, AND, OR or WITH, a licence; brackets are not looked at.
fn is_spdx(text: &str) -> bool {
    let spaced = text.replace(['(', ')'], " ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let joint = |word: &str| ["AND", "OR", "WITH"].contains(&word);
    let licence = |word: &str| {
        !joint(word)
            && word.starts_with(|c: char| c.is_ascii_alphanumeric())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "-.+:".contains(c))
            && word.chars().any(|c| c.is_ascii_alphabetic())
    };
    words.len() % 2 == 1 && words.iter().enumerate().all(|(i, w)| if i % 2 == 0 { licence(w) } else { joint(w) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences() {
        for good in ["MIT", "MIT OR Apache-2.0", "GPL-3.0-or-later", "(MIT OR ISC) AND BSD-3-Clause", "LicenseRef-mine"]
        {
            assert!(is_spdx(good), "{good}");
        }
        for bad in ["", "MIT/Apache-2.0", "all rights reserved", "MIT OR", "OR MIT", "my licence"] {
            assert!(!is_spdx(bad), "{bad}");
        }
    }
}
