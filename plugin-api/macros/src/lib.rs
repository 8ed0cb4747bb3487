//! `export!`: the one line that turns structs and a manifest into a Cantus plugin.

mod names;

use std::path::PathBuf;

use cantus_manifest::{Manifest, Module, SECTION};
use proc_macro::TokenStream;
use proc_macro2::TokenStream as Code;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token};

/// `export!(Gain);` or `export!(Reverb, Delay);`: exports the plugin of this crate.
///
/// The manifest is `manifest.toml` beside Cargo.toml, or else `../../manifests/<package>.toml`; a package of several
/// libraries names each one's own: `export!("tape.toml", Tape)`, beside Cargo.toml. Each struct must carry
/// the name of one of the manifest's types, and each type must have its struct. For a type `Gain` a module `gain` is
/// generated with the enums `Param`, `SlotParam`, `Action` and `Meter`, an enum for every enum parameter, and the
/// constants of its ports in `input`, `output`, `event_in` and `event_out`: code that names what the manifest lacks does
/// not compile.
#[proc_macro]
pub fn export(input: TokenStream) -> TokenStream {
    match expand(input) {
        Ok(code) => code.into(),
        Err(text) => quote! { compile_error!(#text); }.into(),
    }
}

fn expand(input: TokenStream) -> Result<Code, String> {
    let Input { manifest, structs } =
        syn::parse(input).map_err(|e| format!("export! takes the names of structs, as in export!(Gain): {e}"))?;
    let path = find_manifest(manifest)?;
    let shown = path.display();
    let text = std::fs::read_to_string(&path).map_err(|e| format!("could not read the manifest {shown}: {e}"))?;
    let manifest = Manifest::parse(&text).map_err(|e| format!("{shown}: {e}"))?;
    for module in &manifest.modules {
        if !structs.iter().any(|s| *s == module.name) {
            return Err(format!("{shown} declares the type {0}; add its struct: export!({0})", module.name));
        }
    }
    let mut described = Vec::new();
    for name in &structs {
        let module = manifest.modules.iter().find(|m| *name == m.name);
        let module =
            module.ok_or_else(|| format!("{shown} declares no type \"{name}\"; add it or rename the struct"))?;
        described.push(names::module(name, module));
    }
    let path = path.to_str().ok_or_else(|| format!("the path {shown} is not UTF-8"))?;
    Ok(library(path, text.len(), &structs, &manifest.modules, &described))
}

/// What stands between the brackets.
struct Input {
    manifest: Option<String>,
    structs: Vec<Ident>,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Input> {
        let manifest = if input.peek(LitStr) {
            let path = input.parse::<LitStr>()?.value();
            input.parse::<Token![,]>()?;
            Some(path)
        } else {
            None
        };
        let structs = Punctuated::<Ident, Token![,]>::parse_terminated(input)?.into_iter().collect();
        Ok(Input { manifest, structs })
    }
}

/// The named manifest or `manifest.toml` beside Cargo.toml, or `../../manifests/<package>.toml`.
fn find_manifest(named: Option<String>) -> Result<PathBuf, String> {
    let dir = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").map_err(|_| "export! needs to be built by cargo")?);
    let package = std::env::var("CARGO_PKG_NAME").map_err(|_| "export! needs to be built by cargo")?;
    if let Some(named) = named {
        return Ok(dir.join(named));
    }
    let own = dir.join("manifest.toml");
    let shared = dir.join("../../manifests").join(format!("{package}.toml"));
    if own.exists() {
        Ok(own)
    } else if shared.exists() {
        shared.canonicalize().map_err(|e| e.to_string())
    } else {
        Err(format!("found no manifest for this plugin: write {}", own.display()))
    }
}

/// Everything around the modules: section, factory, root.
fn library(path: &str, len: usize, structs: &[Ident], modules: &[Module], described: &[Code]) -> Code {
    let types: Vec<&str> =
        structs.iter().filter_map(|s| modules.iter().find(|m| *s == m.name)).map(|m| &*m.name).collect();
    quote! {
        #(#described)*

        #[cfg(panic = "abort")]
        compile_error!("a plugin is built with panic = \"unwind\": with \"abort\" a panic in it would end the host");

        const _: () = {
            use ::cantus_plugin_api::{Init, export, raw};
            use export::abi::{ROption, RResult, RStr, RString};

            #[used]
            #[unsafe(link_section = #SECTION)]
            static SECTION: [u8; #len] = *include_bytes!(#path);

            fn create_any(module_type: &str, init: &Init) -> Result<Box<dyn export::Erased>, String> {
                match module_type {
                    #(#types => export::new::<#structs>(init),)*
                    other => Err(format!("this plugin has no type \"{other}\"")),
                }
            }

            extern "C" fn create(module_type: RStr<'_>, init: &raw::Init) -> RResult<*mut ::core::ffi::c_void, RString> {
                export::create(create_any, module_type, init)
            }

            extern "C" fn extension(id: RStr<'_>) -> ROption<raw::Extension> {
                export::extension(id, create)
            }

            extern "C" fn load() -> export::abi::RootModuleResult {
                export::load(|| export::root(&SECTION, extension))
            }

            // The name that abi_stable looks for.
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            static HEADER: export::abi::LibHeader = export::header(load);
        };
    }
}
