//! The same Model over other manifests: when a plugin was replaced while it is used.
//!
//! Values lie in the order of their manifest, so a Model belongs to a [`Catalog`]. Brought to another one it says the same
//! by the same keys; what the new manifests have no place for is listed, all of it.

use super::record::ModuleRecord;
use super::{Catalog, Endpoint, Model, Module, ModuleType, Name, Path, SlotNumber};

impl Model {
    /// The same over the manifests of `new`; it was made over those of `old`.
    ///
    /// # Errors
    /// All that it uses and that `new` does not have, a sentence each.
    pub fn relaid(&self, old: &Catalog, new: &Catalog) -> Result<Model, Vec<String>> {
        let mut relay = Relay { model: self.clone(), old, new, lost: Vec::new() };
        for (name, module) in self.modules.iter() {
            relay.module(name, module);
        }
        relay.wires(self);
        for module_type in self.excerpts.keys().filter(|t| new.get(t).is_some()) {
            relay.model.excerpts.remove(module_type);
        }
        if relay.lost.is_empty() { Ok(relay.model) } else { Err(relay.lost) }
    }
}

struct Relay<'a> {
    model: Model,
    old: &'a Catalog,
    new: &'a Catalog,
    lost: Vec<String>,
}

impl Relay<'_> {
    fn module(&mut self, name: &Name, module: &Module) {
        let Ok(was) = self.model.known(self.old, &module.module_type).cloned() else { return };
        let Some(is) = self.new.get(&module.module_type) else {
            if self.old.get(&module.module_type).is_some() {
                self.lose(format!("{name}: nothing provides {} any more", module.module_type));
            }
            return;
        };
        if same_values(&was, is) {
            return;
        }
        let seed = self.model.seed();
        let record = ModuleRecord::of(name, module, &was, seed);
        let lost: Vec<String> = parts(&record)
            .filter_map(|part| part.build(name, module.id, is, seed).err())
            .map(|refusal| refusal.to_string())
            .collect();
        match record.build(name, module.id, is, seed) {
            Ok(module) => self.model.modules.put(name.clone(), module),
            Err(_) => self.lost.extend(lost),
        }
    }

    /// Cables, links and controls must lead where they led.
    fn wires(&mut self, before: &Model) {
        for cable in before.connections.keys() {
            self.port(before, &cable.from, |known, port| known.output(port).map(|port| (port.kind, true)));
            self.port(before, &cable.to, |known, port| known.input(port).map(|port| (port.kind, false)));
        }
        for link in before.links.keys() {
            self.port(before, &link.from, |known, port| known.output(port).map(|port| (port.kind, true)));
            self.path(before, &link.to);
        }
        before.controls.keys().for_each(|control| self.path(before, &control.to));
    }

    fn port<T: PartialEq>(&mut self, before: &Model, end: &Endpoint, of: impl Fn(&ModuleType, &str) -> Option<T>) {
        let Some(module) = before.modules.get(&end.module) else { return };
        let Ok(was) = before.known(self.old, &module.module_type) else { return };
        let Some(is) = self.new.get(&module.module_type) else { return };
        let (led, leads) = (of(was, &end.port), of(is, &end.port));
        if led.is_some() && led != leads {
            self.lose(format!("{end}: {} has no such port", module.module_type));
        }
    }

    fn path(&mut self, before: &Model, path: &Path) {
        let Ok(place) = path.find(before, self.old) else { return };
        let module_type = &place.module.module_type;
        let Some(is) = self.new.get(module_type) else { return };
        let params = if path.slot.is_some() { is.slot_params() } else { &is.manifest.params[..] };
        let slot = path.slot.is_none_or(|slot| usize::from(slot) < is.slot_defaults.len());
        let param = params.iter().find(|param| param.answers(&place.param.key));
        if !slot
            || param
                .is_none_or(|param| std::mem::discriminant(&param.kind) != std::mem::discriminant(&place.param.kind))
        {
            self.lose(format!("{path}: {module_type} has no such parameter"));
        }
    }

    /// Several cables may lead to one port.
    fn lose(&mut self, what: String) {
        if !self.lost.contains(&what) {
            self.lost.push(what);
        }
    }
}

/// Values of one lie in the order and the ranges of the other.
fn same_values(a: &ModuleType, b: &ModuleType) -> bool {
    let kinds = |known: &ModuleType| {
        let of = |params: &[cantus_manifest::Param]| -> Vec<_> {
            params.iter().map(|param| (param.key.clone(), param.kind.clone())).collect()
        };
        (of(&known.manifest.params), of(known.slot_params()), known.slot_defaults.len())
    };
    kinds(a) == kinds(b)
}

/// A record for each of its values, with that alone.
fn parts(record: &ModuleRecord) -> impl Iterator<Item = ModuleRecord> {
    let bare = ModuleRecord { params: Default::default(), slots: Default::default(), ..record.clone() };
    let one = bare.clone();
    let params = record.params.iter().map(move |(key, value)| {
        let params = [(key.clone(), value.clone())].into();
        ModuleRecord { params, ..one.clone() }
    });
    let slots = record.slots.iter().flat_map(|(slot, values)| values.iter().map(move |value| (*slot, value)));
    params.chain(slots.map(move |(slot, (key, value)): (SlotNumber, _)| {
        let slots = [(slot, [(key.clone(), value.clone())].into())].into();
        ModuleRecord { slots, ..bare.clone() }
    }))
}

#[cfg(test)]
mod tests {
    use cantus_manifest::Manifest;

    use super::*;
    use crate::model::command::{AddModuleCommand, ConnectCommand, SetParameterCommand};
    use crate::model::{Command, ModuleId, Value};

    /// A type T with these parameters, each from 0 to 9, slots with a `level`, and an input and output of these names.
    fn catalog(params: &[&str], slots: u16, port: &str) -> Catalog {
        let param = |key: &&str| {
            format!("[[module.param]]\nkey = \"{key}\"\ndoc = \"d\"\ntype = \"int\"\nmin = 0\nmax = 9\ndefault = 1\n")
        };
        let text = format!(
            "schema = 1\n[plugin]\nid = \"org.example.t\"\nname = \"T\"\nversion = \"1.0.0\"\nlicense = \"MIT\"\n\
             description = \"A test.\"\n[[module]]\ntype = \"T\"\nkind = \"effect\"\ndoc = \"d\"\n\
             port = [{{ key = \"{port}\", dir = \"in\", kind = \"audio\" }}, {{ key = \"out\", dir = \"out\", kind = \"audio\" }}]\n\
             {}[module.slots]\ncount = {slots}\ndoc = \"d\"\n[[module.slots.param]]\nkey = \"level\"\ndoc = \"d\"\n\
             type = \"int\"\nmin = 0\nmax = 9\ndefault = 1\n",
            params.iter().map(param).collect::<String>()
        );
        let manifest = Manifest::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        Catalog::new([ModuleType::new(manifest.modules[0].clone(), "org.example.t")])
    }

    fn model(catalog: &Catalog) -> Model {
        let set = |path: &str, value: i64| -> Command {
            SetParameterCommand { path: path.parse().expect("a path"), value: Some(Value::Int(value)) }.into()
        };
        let add = |name: &str, id| -> Command {
            AddModuleCommand { module_type: "T".into(), name: name.into(), id: ModuleId(id) }.into()
        };
        let cable = ConnectCommand::new("a.out -> b.in".parse().expect("a cable"));
        let commands = [add("a", 1), add("b", 2), set("a.x", 5), set("a.slots[2].level", 7), cable.into()];
        commands.iter().fold(Model::default(), |model, command| model.apply(command, catalog).expect("it can be"))
    }

    #[test]
    fn values_keep_their_keys_when_their_places_change() {
        let (old, new) = (catalog(&["x", "y"], 2, "in"), catalog(&["first", "y", "x"], 4, "in"));
        let before = model(&old);
        let after = before.relaid(&old, &new).expect("all of it is there");
        let value =
            |path: &str| path.parse::<Path>().expect("a path").find(&after, &new).expect("there").value().clone();
        for (path, expected) in
            [("a.x", 5), ("a.first", 1), ("b.x", 1), ("a.slots[2].level", 7), ("a.slots[4].level", 1)]
        {
            assert_eq!(value(path), Value::Int(expected), "{path}");
        }
        assert_eq!(after.relaid(&new, &old).as_ref(), Ok(&before), "there and back");
        assert_eq!(before.relaid(&old, &catalog(&["x", "y"], 2, "in")).as_ref(), Ok(&before), "to the same");
    }

    #[test]
    fn all_that_is_missing_is_listed() {
        let (old, new) = (catalog(&["x", "y"], 2, "in"), catalog(&["y"], 1, "input"));
        let lost = model(&old).relaid(&old, &new).expect_err("much is missing");
        let expected = ["\"x\"", "slot", "b.in: T has no such port"];
        assert_eq!(lost.len(), expected.len(), "{lost:?}");
        for (lost, expected) in lost.iter().zip(expected) {
            assert!(lost.contains(expected), "{lost}: {expected}");
        }
    }
}
