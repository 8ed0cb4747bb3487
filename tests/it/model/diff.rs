//! `diff`: applied, it leads from one Model to the other, and touches nothing else.

use cantus_host::model::command::*;
use cantus_host::model::{Catalog, ChainEntry, Command, Model, ModuleId};

use super::oracle::said;
use super::walk::{Dice, Walk};
use super::{add, catalog, entry, num, set_chain};

/// Applies commands one by one; each must change something.
fn apply(from: &Model, commands: &[Command], catalog: &Catalog) -> Model {
    let mut model = from.clone();
    for command in commands {
        let changed = model.edit(command, catalog).unwrap_or_else(|e| panic!("{}: {e}", command.describe()));
        assert!(changed, "{} changes nothing", command.describe());
    }
    model.check().expect("no circle");
    model
}

#[test]
fn leads_from_any_model_to_any_other() {
    let catalog = catalog();
    let walks = if std::env::var("CANTUS_SOAK").is_ok() { 20_000 } else { 400 };
    for seed in 0..walks {
        let mut walk = Walk::new(seed, &catalog);
        let length = |walk: &mut Walk<'_>| walk.dice.below(60);
        let common = length(&mut walk);
        let common = walk.model(&Model::default(), common);
        let (to_a, to_b) = (length(&mut walk), length(&mut walk));
        let (a, b) = (walk.model(&common, to_a), walk.model(&common, to_b));
        for (from, to) in [(&a, &b), (&b, &a), (&Model::default(), &a), (&a, &Model::default()), (&a, &a)] {
            let diff = from.diff(to, &catalog);
            let got = apply(from, &diff, &catalog);
            assert_eq!(said(&got), said(to), "walk {seed}");
            assert_eq!(got, *to, "walk {seed}: equal by text, so equal");
            assert_eq!(*from == *to, said(from) == said(to), "walk {seed}: == agrees with the text");
            assert_eq!(diff.is_empty(), said(from) == said(to), "walk {seed}: nothing to do is nothing done");
        }
    }
}

/// Ids of the modules, by name.
fn ids(model: &Model) -> Vec<(String, ModuleId)> {
    model.modules.iter().map(|(name, module)| (name.to_string(), module.id)).collect()
}

#[test]
fn modules_keep_their_ids() {
    let catalog = catalog();
    for seed in 0..200 {
        let mut walk = Walk::new(seed, &catalog);
        let a = walk.model(&Model::default(), 30);
        let b = walk.model(&a, 15);
        let back = apply(&b, &b.diff(&a, &catalog), &catalog);
        // Equal modules may have changed places without a trace.
        let moved = ids(&back) != ids(&a);
        assert!(!moved || said(&back) == said(&a), "walk {seed}");
        for (name, module) in back.modules.iter() {
            let there = b.modules.iter().find(|(_, m)| m.id == module.id);
            let was = a.modules.iter().find(|(_, m)| m.id == module.id);
            assert!(there.is_some() || was.is_some(), "walk {seed}: {name} has an id from nowhere");
        }
    }
}

#[test]
fn names_that_change_places_are_renamed() {
    let catalog = catalog();
    let model = |names: [&str; 3]| {
        let mut model = Model::default();
        for (id, name) in (1..).zip(names) {
            let add = AddModuleCommand { module_type: "Kit".into(), name: name.into(), id: ModuleId(id) };
            model.edit(&add.into(), &catalog).expect("they are free");
            let path = cantus_host::model::Path::new(name, "voices");
            let set = SetParameterCommand { path, value: Some(cantus_host::model::Value::Int(id as i64)) };
            model.edit(&set.into(), &catalog).expect("it is there");
        }
        model
    };
    for (from, to, commands) in [
        (["a", "b", "c"], ["b", "a", "c"], 3),
        (["a", "b", "c"], ["b", "c", "a"], 4),
        (["a", "b", "c"], ["b", "c", "d"], 3),
        (["a", "b", "c"], ["a", "b", "d"], 1),
    ] {
        let (from, to) = (model(from), model(to));
        // Seeds follow from the first name, so they are carried along.
        let diff = from.diff(&to, &catalog);
        let renames = diff.iter().filter(|c| matches!(c, Command::RenameModule(_))).count();
        assert_eq!(renames, commands, "{:?}", diff.iter().map(Command::describe).collect::<Vec<_>>());
        assert_eq!(ids(&apply(&from, &diff, &catalog)), ids(&to));
    }
}

#[test]
fn an_equal_module_that_stays_keeps_an_id_that_another_had() {
    let catalog = catalog();
    let seeded = |model: &mut Model, name: &str, id: u64| {
        let add = AddModuleCommand { module_type: "Kit".into(), name: name.into(), id: ModuleId(id) };
        model.edit(&add.into(), &catalog).expect("it is free");
        model.edit(&SetSeedCommand { name: name.into(), seed: Some(1) }.into(), &catalog).expect("it is there");
    };
    let (mut from, mut to) = (Model::default(), Model::default());
    seeded(&mut from, "a", 1);
    [("a", 2), ("b", 1)].into_iter().for_each(|(name, id)| seeded(&mut to, name, id));
    let diff = from.diff(&to, &catalog);
    let described: Vec<String> = diff.iter().map(Command::describe).collect();
    assert_eq!(described, ["restore Kit b"], "a is as it is to be");
    let got = apply(&from, &diff, &catalog);
    assert_eq!((&got, ids(&got)), (&to, vec![("a".into(), ModuleId(1)), ("b".into(), ModuleId(2))]));
}

#[test]
fn a_step_is_a_step() {
    let catalog = catalog();
    let mut walk = Walk::new(3, &catalog);
    let mut model = walk.model(&Model::default(), 200);
    let set = |model: &mut Model, command: Command| model.edit(&command, &catalog).expect("it can be");
    set(&mut model, add("Kit", "one"));
    let before = model.clone();
    let path = cantus_host::model::Path::slot("one", 2, "start");
    set(&mut model, SetParameterCommand { path, value: Some(cantus_host::model::Value::Num(num(0.5))) }.into());
    let back = model.diff(&before, &catalog);
    let described: Vec<String> = back.iter().map(Command::describe).collect();
    assert_eq!(described, ["set one.slots[3].start = 0"]);
}

/// From a chain of these entries to one of those: what is done.
fn of_chains(from: &[ChainEntry], to: &[ChainEntry]) -> Vec<String> {
    let catalog = catalog();
    let model = |entries| Model::default().apply(&set_chain("song", entries), &catalog).expect("a good chain");
    let (from, to) = (model(from), model(to));
    let diff = from.diff(&to, &catalog);
    assert_eq!(apply(&from, &diff, &catalog), to);
    diff.iter().map(|command| command.describe().replace(" of chain song", "")).collect()
}

#[test]
fn a_chain_is_changed_entry_by_entry_from_its_end() {
    for (from, to, expected) in [
        ("", "a b", "insert entry 1, insert entry 1"),
        ("a b c", "", "remove entry 3, remove entry 2, remove entry 1"),
        ("a b c", "a x b c", "insert entry 2"),
        ("a b c", "a c", "remove entry 2"),
        ("a b c", "a x c", "set entry 2"),
        ("a b c", "c a b", "remove entry 3, insert entry 1"),
        ("a b c d", "b x d e", "insert entry 5, set entry 3, remove entry 1"),
        ("a b c d e", "x b c d y", "set entry 5, set entry 1"),
    ] {
        let entries = |text: &str| text.split_whitespace().map(|name| entry(name, 1)).collect::<Vec<_>>();
        assert_eq!(of_chains(&entries(from), &entries(to)).join(", "), expected, "{from} to {to}");
    }
    let mut dice = Dice::new(1);
    let mut random = || (0..dice.below(12)).map(|_| entry("a", 1 + dice.below(3) as u32)).collect::<Vec<_>>();
    for _ in 0..1000 {
        of_chains(&random(), &random());
    }
    // What could be too long on the way is set as a whole.
    let mut full: Vec<ChainEntry> = (0..1024).map(|n| entry(&n.to_string(), 1)).collect();
    let before = full.clone();
    full.rotate_left(1);
    assert_eq!(of_chains(&before, &full), ["set chain song"]);
    assert_eq!(of_chains(&before[1..], &full), ["insert entry 1024"]);
}
