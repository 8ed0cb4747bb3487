//! The names that a manifest gives to a plugin's code.

use cantus_manifest::{Direction, Module, Param, ParamKind, PortKind, snake_case};
use proc_macro2::TokenStream as Code;
use quote::{format_ident, quote};
use syn::Ident;

/// The generated module of one type, and its `Described` impl.
pub fn module(name: &Ident, module: &Module) -> Code {
    let place = format_ident!("{}", snake_case(&module.name));
    let type_name = &module.name;
    let doc = format!("Names of {type_name}'s manifest.");
    let slot_params = module.slots.as_ref().map_or(&[][..], |s| &s.params);
    let slot_count = module.slots.as_ref().map_or(0, |s| usize::from(s.count));
    let param = keys("Param", "Parameters", module.params.iter().map(|p| (&*p.key, &*p.doc, 1)));
    let slot_param = keys("SlotParam", "Parameters of a slot", slot_params.iter().map(|p| (&*p.key, &*p.doc, 1)));
    let action = keys("Action", "Actions", module.actions.iter().map(|a| (&*a.key, &*a.doc, 1)));
    let meters = module.meters.iter().map(|m| (&*m.key, &*m.doc, usize::from(m.count.unwrap_or(1))));
    let meter = keys("Meter", "Meters", meters);
    let enums = module.params.iter().chain(slot_params).filter_map(labels);
    let ports = [
        ("input", Direction::In, PortKind::Audio),
        ("output", Direction::Out, PortKind::Audio),
        ("event_in", Direction::In, PortKind::Event),
        ("event_out", Direction::Out, PortKind::Event),
        ("mod_out", Direction::Out, PortKind::Mod),
    ]
    .map(|(at, dir, kind)| port_constants(module, at, dir, kind));
    let shape = shape(module, slot_params, slot_count);
    quote! {
        #[doc = #doc]
        #[allow(dead_code)]
        mod #place {
            #param
            #slot_param
            #action
            #meter
            #(#enums)*
            #(#ports)*
            /// How many slots there are.
            pub const SLOTS: usize = #slot_count;
        }

        impl ::cantus_plugin_api::Described for #name {
            type Param = #place::Param;
            type SlotParam = #place::SlotParam;
            type Action = #place::Action;
            type Meter = #place::Meter;
            const TYPE: &'static str = #type_name;
            const SHAPE: ::cantus_plugin_api::Shape = #shape;
        }
    }
}

/// The `Shape` of a module.
fn shape(module: &Module, slot_params: &[Param], slots: usize) -> Code {
    let channels = |dir| -> Vec<usize> {
        module.ports(dir, PortKind::Audio).iter().map(|(_, port)| usize::from(port.channels)).collect()
    };
    let (inputs, outputs) = (channels(Direction::In), channels(Direction::Out));
    let mod_outputs = module.ports(Direction::Out, PortKind::Mod).len();
    let (params, slot_params) = (module.params.iter().map(span), slot_params.iter().map(span));
    quote! {
        ::cantus_plugin_api::Shape {
            inputs: &[#(#inputs),*],
            outputs: &[#(#outputs),*],
            mod_outputs: #mod_outputs,
            params: &[#(#params),*],
            slot_params: &[#(#slot_params),*],
            slots: #slots,
        }
    }
}

/// The range of a parameter as an `Option<Span>`.
fn span(param: &Param) -> Code {
    let (min, max, default, whole) = match &param.kind {
        ParamKind::Float { min, max, default, .. } => (*min, *max, *default, false),
        ParamKind::Int { min, max, default } => (*min as f64, *max as f64, *default as f64, true),
        ParamKind::Bool { default } => (0.0, 1.0, f64::from(u8::from(*default)), true),
        ParamKind::Enum { labels, default } => {
            let index = labels.iter().position(|l| l == default).unwrap_or(0);
            (0.0, labels.len().saturating_sub(1) as f64, index as f64, true)
        }
        ParamKind::Sample | ParamKind::Pattern | ParamKind::Numbers { .. } | ParamKind::Text => return quote! { None },
    };
    quote! { Some(::cantus_plugin_api::Span { min: #min, max: #max, default: #default, whole: #whole }) }
}

/// An enum of keys with its `Key` impl; each has so many places.
fn keys<'a>(name: &str, doc: &str, list: impl Iterator<Item = (&'a str, &'a str, usize)>) -> Code {
    let name = format_ident!("{name}");
    let (mut variants, mut docs, mut places, mut ranges) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut place = 0usize;
    for (key, doc, count) in list {
        let last = place + count - 1;
        variants.push(camel(key));
        docs.push(doc);
        places.push(place);
        ranges.push(if count == 1 {
            quote! { #place }
        } else {
            quote! { #place..=#last }
        });
        place += count;
    }
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum #name { #(#[doc = #docs] #variants),* }

        impl ::cantus_plugin_api::Key for #name {
            fn from_index(index: usize) -> Option<Self> {
                match index { #(#ranges => Some(#name::#variants),)* _ => None }
            }
            fn index(self) -> usize {
                match self { #(#name::#variants => #places),* }
            }
        }
    }
}

/// The labels of an enum parameter as an enum of its own, made from a parameter's value.
fn labels(param: &Param) -> Option<Code> {
    let ParamKind::Enum { labels, default } = &param.kind else { return None };
    let (name, doc) = (camel(&param.key), &param.doc);
    let variants: Vec<Ident> = labels.iter().map(|l| camel(l)).collect();
    let places: Vec<usize> = (0..labels.len()).collect();
    let default = camel(default);
    Some(quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum #name { #(#variants),* }

        impl #name {
            /// The label a parameter's value stands for; the default for any other number.
            pub fn from_value(value: f64) -> Self {
                match value as usize { #(#places => #name::#variants,)* _ => #name::#default }
            }
        }
    })
}

/// Indices of ports: `IN` for one, `STRIP` as a range for a counted one.
fn port_constants(module: &Module, at: &str, dir: Direction, kind: PortKind) -> Code {
    let at = format_ident!("{at}");
    let mut first = 0usize;
    let mut constants = Vec::new();
    for port in module.ports.iter().filter(|p| p.dir == dir && p.kind == kind) {
        let name = format_ident!("{}", port.key.to_uppercase());
        let doc = &port.doc;
        let count = usize::from(port.count.unwrap_or(1));
        let end = first + count;
        constants.push(match port.count {
            None => quote! { #[doc = #doc] pub const #name: usize = #first; },
            Some(_) => quote! { #[doc = #doc] pub const #name: ::core::ops::Range<usize> = #first..#end; },
        });
        first = end;
    }
    quote! {
        #[doc = "Indices of ports."]
        pub mod #at { #(#constants)* }
    }
}

fn camel(key: &str) -> Ident {
    let mut out = String::new();
    for part in key.split('_') {
        let mut chars = part.chars();
        if let Some(c) = chars.next() {
            out.push(c.to_ascii_uppercase());
            out.extend(chars);
        }
    }
    format_ident!("{out}")
}
