//! A contract as it was: three extensions, of which the first will grow, the second will break its promise, and the third
//! is not there yet.

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

/// One function; later there will be two.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = GrownRef, prefix_fields = GrownPrefix)))]
pub struct Grown {
    /// Says who answers.
    #[sabi(last_prefix_field)]
    pub first: extern "C" fn() -> u32,
}

/// One function; later it will take another argument.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = BrokenRef, prefix_fields = BrokenPrefix)))]
pub struct Broken {
    /// Says who answers.
    #[sabi(last_prefix_field)]
    pub only: extern "C" fn(u32) -> u32,
}

extension_table!(GrownRef, GrownPrefix);
extension_table!(BrokenRef, BrokenPrefix);

extern "C" fn first() -> u32 {
    1
}

extern "C" fn only(number: u32) -> u32 {
    number
}

/// What a plugin of this time has.
pub fn extension(id: RStr<'_>) -> ROption<Extension> {
    match id.as_str() {
        GROWN => ROption::RSome(Extension::new(Grown { first }.leak_into_prefix())),
        BROKEN => ROption::RSome(Extension::new(Broken { only }.leak_into_prefix())),
        _ => ROption::RNone,
    }
}
