//! The same contract later: the first extension has grown, the second has broken its promise, and a third is new.

#![allow(non_local_definitions)] // abi_stable's derives need it since rustc 1.79.

use abi_stable::StableAbi;
use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::std_types::{ROption, RStr};
use cantus_plugin_api::extension_table;
use cantus_plugin_api::raw::Extension;

/// Id of [`Grown`].
pub const GROWN: &str = "cantus.test.grown/1";
/// Id of [`Broken`].
pub const BROKEN: &str = "cantus.test.broken/1";
/// Id of [`Later`].
pub const LATER: &str = "cantus.test.later/1";

/// Two functions; there was one.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = GrownRef, prefix_fields = GrownPrefix)))]
pub struct Grown {
    /// Says who answers.
    #[sabi(last_prefix_field)]
    pub first: extern "C" fn() -> u32,
    /// Says who answers, too.
    pub second: extern "C" fn() -> u32,
}

/// One function; it took another argument.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = BrokenRef, prefix_fields = BrokenPrefix)))]
pub struct Broken {
    /// Says who answers.
    #[sabi(last_prefix_field)]
    pub only: extern "C" fn(u64) -> u32,
}

/// What nobody had before.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = LaterRef, prefix_fields = LaterPrefix)))]
pub struct Later {
    /// Says who answers.
    #[sabi(last_prefix_field)]
    pub new: extern "C" fn() -> u32,
}

extension_table!(GrownRef, GrownPrefix);
extension_table!(BrokenRef, BrokenPrefix);
extension_table!(LaterRef, LaterPrefix);

extern "C" fn first() -> u32 {
    1
}

extern "C" fn second() -> u32 {
    2
}

extern "C" fn only(number: u64) -> u32 {
    number as u32
}

extern "C" fn new() -> u32 {
    3
}

/// What a plugin of this time has.
pub fn extension(id: RStr<'_>) -> ROption<Extension> {
    match id.as_str() {
        GROWN => ROption::RSome(Extension::new(Grown { first, second }.leak_into_prefix())),
        BROKEN => ROption::RSome(Extension::new(Broken { only }.leak_into_prefix())),
        LATER => ROption::RSome(Extension::new(Later { new }.leak_into_prefix())),
        _ => ROption::RNone,
    }
}
