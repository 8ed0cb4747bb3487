//! How a library presents itself, and the two tables every plugin has.

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi_stable::library::RootModule;
use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{ROption, RResult, RStr, RString};
use abi_stable::type_layout::TypeLayout;

use super::block::Block;

/// Id of the [`Factory`] extension.
pub const FACTORY: &str = "cantus.factory/1.draft";
/// Id of the [`Process`] extension.
pub const PROCESS: &str = "cantus.process/1.draft";

/// Id of the [`Work`] extension. A plugin may lack it.
pub const WORK: &str = "cantus.work/1.draft";

/// What ids of extensions end with that are not released.
const DRAFT: &str = ".draft";

/// What a library exports: its one symbol. Frozen: no field is ever added, moved or changed.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = RootRef, prefix_fields = RootPrefix)))]
pub struct Root {
    /// Size of this table in bytes.
    pub size: usize,
    /// Version of the contract the plugin was built with: its [`super::CONTRACT`].
    pub contract: RStr<'static>,
    /// The manifest, as embedded in the library's section.
    pub manifest: RStr<'static>,
    /// The extension of that id, if the plugin has it. Any thread.
    #[sabi(last_prefix_field)]
    pub extension: extern "C" fn(id: RStr<'_>) -> ROption<Extension>,
}

impl RootModule for RootRef {
    abi_stable::declare_root_module_statics! {RootRef}

    const BASE_NAME: &'static str = "cantus_plugin";
    const NAME: &'static str = "cantus_plugin";
    // The generation of the root, not the crate's version: it stays 1.0.0 for ever.
    const VERSION_STRINGS: VersionStrings = VersionStrings::new("1.0.0");
}

/// An extension table with its layout; see [`Extension::get`].
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct Extension {
    layout: &'static TypeLayout,
    table: *const c_void,
}

/// Tables that can travel as an [`Extension`].
///
/// # Safety
/// `Self` is a prefix-type reference (a pointer to a table that lives as long as the program), so that it may be
/// rebuilt from the pointer alone.
pub unsafe trait Table: StableAbi + Copy + 'static {
    /// The pointer inside.
    fn to_raw(self) -> *const c_void;
    /// # Safety
    /// `raw` came from [`Table::to_raw`] of a type with a compatible layout, and its table is never freed.
    unsafe fn from_raw(raw: *const c_void) -> Self;
}

impl Extension {
    /// Wraps a table.
    pub fn new<T: Table>(table: T) -> Extension {
        Extension { layout: T::LAYOUT, table: table.to_raw() }
    }

    /// The table under an id, if its layout fits the one this side was built with. A draft's must be the same. One that
    /// was released only grows, so the one side may have more at its end than the other: what a table lacks reads as
    /// absent.
    ///
    /// # Errors
    /// A short text: what differs, where.
    pub fn get<T: Table>(&self, id: &str) -> Result<T, String> {
        let newer = check_layout_compatibility(T::LAYOUT, self.layout);
        let older = check_layout_compatibility(self.layout, T::LAYOUT);
        let fits = if id.ends_with(DRAFT) { newer.and(older) } else { newer.or(older) };
        fits.map_err(|e| short(&e.to_string()))?;
        // SAFETY: one layout was just found to begin as the other; accessors ask the table what it has, and libraries are
        // never unloaded.
        Ok(unsafe { T::from_raw(self.table) })
    }
}

/// abi_stable explains a difference on tens of kilobytes; the lines that matter name the field and the error.
fn short(report: &str) -> String {
    let lines: Vec<&str> = report.lines().map(str::trim).filter(|l| l.starts_with("Error:")).collect();
    if lines.is_empty() { report.chars().take(200).collect() } else { lines[..lines.len().min(3)].join("; ") }
}

/// What a new instance is told.
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct Init {
    /// Size of this record in bytes.
    pub size: u32,
    /// CPU path: 0 is portable, 1 AVX2, 2 AVX-512 (F and VL). One that the processor lacks counts as 0.
    pub cpu: u32,
    /// Sample rate in Hz; fixed for the instance's life.
    pub rate: f64,
    /// Seed of everything random in the instance; a value of the Model.
    pub seed: u64,
    /// Id of the instance in the host's messages.
    pub instance: u64,
    /// Where log lines go; `text` is valid during the call only. Worker threads only.
    pub log: extern "C" fn(instance: u64, level: u32, text: RStr<'_>),
}

/// Makes and ends instances. Called on worker threads, never on the audio thread.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = FactoryRef, prefix_fields = FactoryPrefix)))]
pub struct Factory {
    /// A new instance of a type of the manifest, or a message for people.
    pub create: extern "C" fn(module_type: RStr<'_>, init: &Init) -> RResult<*mut c_void, RString>,
    /// Ends an instance that nobody calls any more.
    #[sabi(last_prefix_field)]
    pub destroy: unsafe extern "C" fn(instance: *mut c_void),
}

/// The audio half of an instance: never called by two threads at once.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = ProcessRef, prefix_fields = ProcessPrefix)))]
pub struct Process {
    /// Runs one quantum. Returns [`super::INSTANCE_OK`] or [`super::INSTANCE_FAILED`]; a failed instance is never
    /// called again. Audio thread.
    pub process: unsafe extern "C" fn(instance: *mut c_void, block: *mut Block) -> u32,
    /// Drops everything transient and puts every value to its default. Audio thread, or before the first `process`.
    #[sabi(last_prefix_field)]
    pub reset: unsafe extern "C" fn(instance: *mut c_void) -> u32,
}

/// What workers do for instances: they make what an instance asks for in its quantum, through the bits of
/// [`Block::asked`]. While something is made for a place, the instance asks for nothing more there; what was made comes to
/// it in [`Block::made`], and the old value, left in its stead, goes back to [`free`](Work::free). Worker threads.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = WorkRef, prefix_fields = WorkPrefix)))]
pub struct Work {
    /// What workers need of an instance, once, before its first `process`: it may outlive the instance. Null: it never asks
    /// for anything.
    pub desk: unsafe extern "C" fn(instance: *mut c_void) -> *mut c_void,
    /// Makes what was asked for at that place, 0 to 63, or says in a sentence for people why it cannot.
    pub make: unsafe extern "C" fn(desk: *mut c_void, place: u32) -> RResult<*mut c_void, RString>,
    /// Frees what `make` gave.
    pub free: unsafe extern "C" fn(made: *mut c_void),
    /// Ends a desk that nobody uses any more.
    #[sabi(last_prefix_field)]
    pub close: unsafe extern "C" fn(desk: *mut c_void),
}

/// Lets a table of functions travel as an extension: of a struct that derives abi_stable's `StableAbi` as a `Prefix`, the
/// names of its `prefix_ref` and `prefix_fields`.
#[macro_export]
macro_rules! extension_table {
    ($reference:ident, $prefix:ident) => {
        // SAFETY: a prefix reference is one pointer to a table; `Extension::get` checks the layout before rebuilding.
        unsafe impl $crate::raw::Table for $reference {
            fn to_raw(self) -> *const ::core::ffi::c_void {
                self.0.to_raw_ptr().cast()
            }
            unsafe fn from_raw(raw: *const ::core::ffi::c_void) -> Self {
                use $crate::export::abi::{PrefixRef, WithMetadata_};
                // SAFETY: the caller checked the layout and keeps the library loaded.
                $reference(unsafe { PrefixRef::from_raw(raw.cast::<WithMetadata_<$prefix, $prefix>>()) })
            }
        }
    };
}
extension_table!(FactoryRef, FactoryPrefix);
extension_table!(ProcessRef, ProcessPrefix);
extension_table!(WorkRef, WorkPrefix);

/// The tables of an opened plugin.
#[derive(Clone, Copy)]
pub struct Opened {
    /// The manifest's text.
    pub manifest: &'static str,
    /// Makes and ends instances.
    pub factory: FactoryRef,
    /// Runs instances.
    pub process: ProcessRef,
    /// Makes what they ask for, if the plugin has it.
    pub work: Option<WorkRef>,
    root: RootRef,
}

impl Opened {
    /// Another extension, if the plugin has it.
    ///
    /// # Errors
    /// It has another layout: the plugin can be used without it.
    pub fn extension<T: Table>(&self, id: &'static str) -> Result<Option<T>, String> {
        fetch(self.root, id)
    }
}

/// Checks a root and fetches its tables.
///
/// # Errors
/// A sentence: another contract, an extension that is missing or has another layout.
pub fn open(root: RootRef) -> Result<Opened, String> {
    let contract = root.contract().as_str();
    if contract != super::CONTRACT {
        return Err(format!(
            "it was built with plugin-api {contract}, this program with {}; while the contract is a draft both must be \
             the same: rebuild the plugin",
            super::CONTRACT
        ));
    }
    Ok(Opened {
        manifest: root.manifest().as_str(),
        factory: fetch(root, FACTORY)?.ok_or_else(|| format!("it has no extension \"{FACTORY}\""))?,
        process: fetch(root, PROCESS)?.ok_or_else(|| format!("it has no extension \"{PROCESS}\""))?,
        work: fetch(root, WORK)?,
        root,
    })
}

/// A table, if the library has it.
fn fetch<T: Table>(root: RootRef, id: &'static str) -> Result<Option<T>, String> {
    let found = root.extension()(RStr::from_str(id)).into_option();
    let table = found.map(|extension| extension.get(id));
    table.transpose().map_err(|e| format!("extension \"{id}\" has another layout: {e}"))
}

impl Root {
    /// The leaked, final form of a root; called once per library by `export!`.
    pub fn leak(self) -> RootRef {
        self.leak_into_prefix()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export;

    extern "C" fn create(_: RStr<'_>, _: &Init) -> RResult<*mut c_void, RString> {
        RResult::RErr("nothing is made here".into())
    }

    extern "C" fn all(id: RStr<'_>) -> ROption<Extension> {
        export::extension(id, create)
    }

    extern "C" fn without_work(id: RStr<'_>) -> ROption<Extension> {
        if id.as_str() == WORK { ROption::RNone } else { all(id) }
    }

    extern "C" fn with_other_work(id: RStr<'_>) -> ROption<Extension> {
        all(if id.as_str() == WORK { RStr::from_str(PROCESS) } else { id })
    }

    extern "C" fn without_process(id: RStr<'_>) -> ROption<Extension> {
        if id.as_str() == PROCESS { ROption::RNone } else { all(id) }
    }

    #[test]
    fn work_may_be_lacking_but_not_be_another() {
        type Get = extern "C" fn(RStr<'_>) -> ROption<Extension>;
        let opened = |extension: Get| open(export::root(b"", extension)).map(|opened| opened.work.is_some());
        assert_eq!((opened(all), opened(without_work)), (Ok(true), Ok(false)));
        let said = opened(with_other_work).expect_err("it is another table");
        assert!(said.starts_with("extension \"cantus.work/1.draft\" has another layout: "), "{said}");
        assert_eq!(opened(without_process), Err("it has no extension \"cantus.process/1.draft\"".into()));
    }
}
