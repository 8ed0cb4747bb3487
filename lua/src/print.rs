//! The ScriptManager: a Model as one Lua script, to read, to keep and to go on from.
//!
//! Run in an empty session it gives an equal Model. The same Model always gives the same text, whatever led to it; a file
//! of the user's is never touched.

mod pattern;
mod text;

use cantus_host::model::{
    Cable, Catalog, Chain, ChainEntry, Control, Link, Model, ModuleRecord, ModuleType, Name, Num, OUT, Swing, Value,
};

use crate::constructors::defined;
use crate::library::{Documented, documentation};
use text::{Fields, is_identifier, number, quoted};

/// What stands at the top: all that a script cannot say.
const TOP: &str = "\
-- A session of Cantus, printed. In an empty session this script makes it again.
-- Not in here: what each file asks for, what can be undone, what waits for its time, scenes, the ids of modules,
-- where the music stands, and what only the session's files know: hashes of the sounds, and keys that mean nothing.
";

/// Names that a script finds besides native functions and constructors; a test holds them against the sandbox.
const TAKEN: [&str; 31] = [
    "_ENV",
    "_G",
    "_VERSION",
    "assert",
    "coroutine",
    "engine",
    "error",
    "getmetatable",
    "ipairs",
    "load",
    "math",
    "next",
    "out",
    "pairs",
    "pcall",
    "print",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "require",
    "select",
    "setmetatable",
    "string",
    "table",
    "tonumber",
    "tostring",
    "type",
    "utf8",
    "warn",
    "xpcall",
];

/// The script of a Model.
///
/// # Panics
/// If a module is of a type that neither the catalog nor the Model knows.
pub fn print(model: &Model, catalog: &Catalog) -> String {
    let printer = Printer { model, catalog };
    let parts = [
        printer.settings(),
        printer.time(),
        printer.types(),
        model.patterns.iter().map(|(name, pattern)| pattern::line(name, pattern)).collect(),
        model.chains.iter().map(|(name, chain)| self::chain(name, chain)).collect(),
        printer.modules(),
        printer.players(),
        printer.wires(),
        model.providers.iter().map(|(t, plugin)| format!("use({}, {})\n", quoted(t), quoted(plugin))).collect(),
    ];
    parts.iter().filter(|part| !part.is_empty()).fold(TOP.to_owned(), |script, part| format!("{script}\n{part}"))
}

struct Printer<'a> {
    model: &'a Model,
    catalog: &'a Catalog,
}

impl Printer<'_> {
    fn settings(&self) -> String {
        let line = |(name, v): (&Name, &Value)| format!("setting({}, {})\n", quoted(name), value(v));
        self.model.settings.iter().map(line).collect()
    }

    fn time(&self) -> String {
        let (model, usual) = (self.model, Model::default());
        let mut out = String::new();
        if model.bpm != usual.bpm {
            out += &format!("bpm({})\n", number(model.bpm));
        }
        for (beat, point) in model.tempo_map.iter() {
            let ramp = if point.ramp { ", {ramp = true}" } else { "" };
            out += &format!("tempo_at({}, {}{ramp})\n", number(*beat), number(point.bpm));
        }
        if model.signature != usual.signature {
            out += &format!("signature(\"{}\")\n", model.signature);
        }
        if model.swing != usual.swing {
            let Swing { amount, unit } = model.swing;
            out += &match unit == usual.swing.unit {
                true => format!("swing({})\n", number(amount)),
                false => format!("swing({}, {})\n", number(amount), number(unit)),
            };
        }
        if let Some((start, end)) = model.loop_range {
            out += &format!("loop({}, {})\n", number(start), number(end));
        }
        out
    }

    fn types(&self) -> String {
        let kept = self.model.excerpts.iter();
        kept.map(|(name, e)| format!("keep_type({}, {})\n", quoted(name), text::long(e.text()))).collect()
    }

    fn modules(&self) -> String {
        let line = |(name, module): (&Name, _)| {
            let known = self.known(module);
            let record = ModuleRecord::of(name, module, known, self.model.seed());
            let options = options(&record).written(name.len() * 2 + known.constructor.len() + 10);
            let options = if options == "{}" { String::new() } else { format!(", {options}") };
            let variable = if is_free(name, self.catalog) { format!("{name} = ") } else { String::new() };
            format!("{variable}{}{}{options})\n", self.maker(known), quoted(name))
        };
        self.model.modules.iter().map(line).collect()
    }

    fn known(&self, module: &cantus_host::model::Module) -> &ModuleType {
        self.model.known(self.catalog, &module.module_type).expect("modules are of known types")
    }

    /// What makes a module of a type, up to its name: its constructor, if scripts have that.
    fn maker(&self, known: &ModuleType) -> String {
        let constructor = &known.constructor;
        let own = defined(self.catalog).any(|(_, defined)| defined == constructor);
        match known.missing {
            true => format!("missing({}, ", quoted(&known.manifest.name)),
            false if own => format!("{constructor}("),
            false => format!("make({}, ", quoted(&known.manifest.name)),
        }
    }

    fn players(&self) -> String {
        let line = |(module, anchor): (&Name, &cantus_host::model::Anchor)| {
            format!("player({}, {}, {})\n", quoted(module), u64::from(anchor.entry) + 1, number(anchor.beat))
        };
        self.model.players.iter().map(line).collect()
    }

    fn wires(&self) -> String {
        let mut out = String::new();
        for (cable, Cable { gain, feedback, instrument }) in self.model.connections.iter() {
            let to = if &*cable.to.module == OUT { OUT.to_owned() } else { quoted(&cable.to.to_string()) };
            let mut how = Fields::default();
            how.number("gain", *gain, Num::ONE);
            how.flag("feedback", *feedback, false);
            instrument.iter().for_each(|number| how.put("instrument", number.to_string()));
            out += &format!("connect({}, {to}{})\n", quoted(&cable.from.to_string()), how.as_argument());
        }
        let usual = Link::default();
        for (key, link) in self.model.links.iter() {
            let mut how = Fields::default();
            how.number("depth", link.depth, usual.depth);
            how.range(link.range);
            how.number("curve", link.curve, usual.curve);
            how.flag("bipolar", link.bipolar, usual.bipolar);
            how.number("smoothing", link.smoothing, usual.smoothing);
            how.flag("feedback", link.feedback, usual.feedback);
            let (from, to) = (quoted(&key.from.to_string()), quoted(&key.to.to_string()));
            out += &format!("modulate({from}, {to}{})\n", how.as_argument());
        }
        for (key, control) in self.model.controls.iter() {
            let mut how = Fields::default();
            how.range(control.range);
            how.number("curve", control.curve, Control::default().curve);
            let (source, to) = (quoted(&key.source), quoted(&key.to.to_string()));
            out += &format!("control({source}, {to}{})\n", how.as_argument());
        }
        out
    }
}

/// Whether a variable can have that name.
pub fn is_free(name: &str, catalog: &Catalog) -> bool {
    is_identifier(name) && !is_taken(name) && !catalog.iter().any(|(_, known)| *known.constructor == *name)
}

/// Whether a script finds something of that name besides constructors.
pub fn is_taken(name: &str) -> bool {
    let library = |row: &Documented| row.name.split_once('.').is_some_and(|(library, _)| library == name);
    TAKEN.contains(&name) || documentation().iter().any(|row| row.name == name || library(row))
}

/// What is not as it comes, as a constructor's options.
fn options(record: &ModuleRecord) -> Fields {
    let ModuleRecord { module_type: _, seed, enabled, mute, solo, params, slots } = record;
    let mut options = Fields::default();
    params.iter().for_each(|(key, v)| options.put(key, value(v)));
    options.flag("enabled", *enabled, true);
    options.flag("mute", *mute, false);
    options.flag("solo", *solo, false);
    if let Some(seed) = seed {
        options.put("seed", seed.to_string());
    }
    if !slots.is_empty() {
        let mut list = Fields::default();
        for (place, (number, values)) in (1..).zip(slots) {
            let mut slot = Fields::default();
            values.iter().for_each(|(key, v)| slot.put(key, value(v)));
            // Without gaps up to here: the place says the number.
            if place == number.0 { list.item(slot) } else { list.at(number.0, slot) }
        }
        options.table("slots", list);
    }
    options
}

fn value(value: &Value) -> String {
    match value {
        Value::Flag(v) => v.to_string(),
        Value::Int(v) => v.to_string(),
        Value::Num(v) => number(*v),
        Value::Text(v) => quoted(v),
        Value::List(v) => format!("{{{}}}", v.iter().map(|n| number(*n)).collect::<Vec<_>>().join(", ")),
    }
}

fn chain(name: &Name, Chain { entries, repeat }: &Chain) -> String {
    let mut list = Fields::default();
    for ChainEntry { pattern, repeats, enabled, transpose, rows, follow } in entries.iter() {
        let mut entry = Fields::default();
        let plain = *transpose == Num::ZERO && rows.is_none() && follow.is_plain() && *enabled;
        if plain && *repeats == 1 {
            list.value(quoted(pattern));
            continue;
        }
        entry.value(quoted(pattern));
        if *repeats != 1 {
            entry.value(repeats.to_string());
        }
        entry.number("transpose", *transpose, Num::ZERO);
        rows.iter().for_each(|rows| entry.put("rows", rows.to_string()));
        entry.flag("enabled", *enabled, true);
        if !follow.is_plain() {
            entry.put("follow", quoted(&follow.to_string()));
        }
        list.item(entry);
    }
    let end = if *repeat { "" } else { ", {loop = false}" };
    format!("chain({}, {}{end})\n", quoted(name), list.written(name.len() + 10))
}
