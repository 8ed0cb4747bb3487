//! `cantus plugins`: what there is, and what becomes of it. `list` and `info TYPE` are here, the others in files of their
//! own.

mod lock;
mod new;
mod scan;
#[cfg(target_os = "linux")]
mod validate;
mod which;

use std::sync::Arc;

use cantus_host::model::ModuleType;
use cantus_host::plugins::{ModuleRegistry, Plugin};
use cantus_manifest::{Direction, Meter, Module, Param, PortKind, Preset};
use clap::Subcommand;
use serde_json::json;

use crate::Failure;
use crate::console::{folded, say};
use crate::setup::PluginArguments;

/// Width of the column of what a parameter takes.
const RANGE: usize = 28;
/// Width of what a preset sets.
const SETS: usize = 80;

/// Shows what the plugins provide, and begins new ones.
#[derive(Subcommand)]
pub enum Plugins {
    /// Lists all module types with the plugin that provides them.
    List {
        /// For programs to read.
        #[arg(long)]
        json: bool,
    },
    /// Shows all of a module type: ports, parameters, slots, actions, meters, presets, examples.
    Info {
        /// A type or constructor such as `plugins list` names.
        #[arg(value_name = "TYPE")]
        module_type: String,
    },
    /// Tells which plugin provides a type, and why.
    Which(which::Which),
    /// Writes down which plugins a song uses, to the byte, so that `--locked` plays it with no others.
    Lock(lock::LockSong),
    /// Looks at every library in the search path, tries out those that were never seen, and says what came of it.
    Scan(scan::Scan),
    /// Lets libraries be tried out again that did harm when they were.
    Forgive(scan::Forgive),
    /// Checks whether plugins keep the contract.
    #[cfg(target_os = "linux")]
    Validate(validate::Validate),
    /// Begins a plugin: a crate of its own that builds, is tested and makes sound.
    New(new::New),
}

impl Plugins {
    /// Runs one of them.
    pub fn run(&self, arguments: &PluginArguments) -> Result<(), Failure> {
        match self {
            Plugins::List { json } => list(&*arguments.load()?, *json),
            Plugins::Info { module_type } => info(&*arguments.load()?, module_type),
            Plugins::Which(which) => which.run(arguments),
            Plugins::Lock(lock) => lock.run(arguments),
            Plugins::Scan(scan) => scan.run(arguments),
            Plugins::Forgive(forgive) => forgive.run(),
            #[cfg(target_os = "linux")]
            Plugins::Validate(validate) => validate.run(),
            Plugins::New(new) => new.run(&*arguments.load()?),
        }
    }
}

/// All types of all plugins, by type; of several that provide one, the one that is used is marked.
fn list(registry: &ModuleRegistry, as_json: bool) -> Result<(), Failure> {
    let mut rows: Vec<_> =
        registry.plugins().iter().flat_map(|p| p.manifest.modules.iter().map(move |m| (m, p))).collect();
    rows.sort_by(|(a, p), (b, q)| (&a.name, &p.path).cmp(&(&b.name, &q.path)));
    let used = |module: &Module, plugin: &Arc<Plugin>| {
        registry.provider(&module.name).is_some_and(|provider| Arc::ptr_eq(provider, plugin))
    };
    if as_json {
        let rows = rows.iter().map(|(m, plugin)| {
            json!({
                "type": m.name, "constructor": m.constructor(), "kind": m.kind.name(),
                "doc": m.doc, "plugin": plugin.manifest.plugin.id, "version": plugin.manifest.plugin.version,
                "path": plugin.path, "bundled": plugin.bundled, "used": used(m, plugin),
            })
        });
        return say(json!(rows.collect::<Vec<_>>()));
    }
    for (module, plugin) in rows {
        let (id, not) = (&plugin.manifest.plugin, if used(module, plugin) { "" } else { ", not used" });
        let (name, constructor, version) = (&module.name, module.constructor(), &id.version);
        say(format_args!("{name:<20} {constructor:<12} {} ({} {version}{not})", module.doc, id.id))?;
    }
    Ok(())
}

fn info(registry: &ModuleRegistry, module_type: &str) -> Result<(), Failure> {
    let catalog = registry.catalog();
    let by_constructor = || catalog.iter().find(|(_, t)| *t.constructor == *module_type).map(|(_, t)| t);
    let Some(known) = catalog.get(module_type).or_else(by_constructor) else {
        let near = cantus_manifest::did_you_mean(catalog.nearest(module_type));
        return Err(Failure(format!(
            "there is no module type \"{module_type}\"{near}; `cantus plugins list` shows all"
        )));
    };
    say(describe(known).trim_end())?;
    if let Some(plugin) = registry.provider(&known.manifest.name) {
        let id = &plugin.manifest.plugin;
        say(format_args!("\nfrom {} {} ({})", id.id, id.version, plugin.path.display()))?;
    }
    Ok(())
}

fn describe(known: &ModuleType) -> String {
    let manifest = &known.manifest;
    let kind = manifest.kind.name();
    let mut out = format!("{} ({kind}): {}\n\n  x = {}(\"x\")\n", manifest.name, manifest.doc, known.constructor);
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            out += &format!("\n{title}\n");
            for line in lines.iter().flat_map(|text| text.lines()) {
                out += format!("  {line}").trim_end();
                out.push('\n');
            }
        }
    };
    let ports = |dir| {
        PortKind::ALL.into_iter().flat_map(move |kind| manifest.ports(dir, kind)).map(|(key, port)| {
            let carries = match port.kind {
                PortKind::Audio => format!("{} channels", port.channels),
                PortKind::Event => "events".into(),
                PortKind::Mod => "modulation".into(),
            };
            format!("{key:<14} {carries:<12} {}", port.doc)
        })
    };
    section("inputs", ports(Direction::In).collect());
    section("outputs", ports(Direction::Out).collect());
    section("parameters", manifest.params.iter().map(param).collect());
    if let Some(slots) = &manifest.slots {
        section(
            &format!("slots[1] to slots[{}]: {}", slots.count, slots.doc),
            slots.params.iter().map(param).collect(),
        );
    }
    section("actions", manifest.actions.iter().map(|a| format!("{:<14} {}", format!("{}()", a.key), a.doc)).collect());
    let meter = |m: &Meter| format!("{:<14} {:<12} {}", m.keys(), m.unit.name(), m.doc);
    section("meters", manifest.meters.iter().map(meter).collect());
    section("presets", manifest.presets.iter().map(preset).collect());
    section("examples", manifest.examples.iter().map(|e| format!("{}\n{}", e.doc, indent(&e.code))).collect());
    out
}

/// Its key, what it is good for, and below what it sets.
fn preset(preset: &Preset) -> String {
    let name = if preset.name.is_empty() { String::new() } else { format!("{}: ", preset.name) };
    let sets: String =
        folded(&preset.shown(), SETS).lines().map(|line| format!("\n{:<15}{}", "", line.trim())).collect();
    format!("{:<14} {name}{}{sets}", preset.key, preset.doc)
}

fn indent(code: &str) -> String {
    code.trim_end().lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// Its key, what it takes in a column of its own, and what it is.
fn param(param: &Param) -> String {
    let also = if param.aliases.is_empty() { String::new() } else { format!("; also {}", param.aliases.join(", ")) };
    let range = folded(&param.kind.range(), RANGE);
    let (range, more) = range.split_once('\n').unwrap_or((&range, ""));
    let more: String = more.lines().map(|line| format!("\n{:<15}{}", "", line.trim_start())).collect();
    format!("{:<14} {range:<RANGE$} {}{also}{more}", param.key, param.doc)
}
