//! Claims: what a file asks for again and again, beside what others do.

use cantus_host::model::command::*;
use cantus_host::model::{Asked, Catalog, Command, Model, ModuleId, Name, Path, Value, merge};

use super::{add, cable, catalog, num};

/// Evaluates a file as the language does: on a copy, each command at once; then the merge is applied to `model`.
/// Answers what was done, without the note of the claims.
fn evaluate(model: &mut Model, catalog: &Catalog, file: &str, commands: &[Command]) -> Vec<String> {
    let mut copy = model.clone();
    let mut asked = Vec::new();
    for command in commands {
        copy.edit(command, catalog).unwrap_or_else(|e| panic!("{}: {e}", command.describe()));
        asked.push(Asked { command: command.clone(), claim: command.it().claim(&copy) });
    }
    let mut done = Vec::new();
    for (command, _) in merge(model, catalog, &Name::from(file), &asked, true) {
        model.edit(&command, catalog).unwrap_or_else(|e| panic!("{}: {e}", command.describe()));
        if !matches!(command, Command::SetClaims(_)) {
            done.push(command.describe());
        }
    }
    done
}

fn set(path: &str, value: f64) -> Command {
    SetParameterCommand { path: path.parse().expect("a path"), value: Some(Value::Num(num(value))) }.into()
}

fn value(model: &Model, catalog: &Catalog, path: &str) -> String {
    let path: Path = path.parse().expect("a path");
    path.find(model, catalog).map_or_else(|e| e.to_string(), |place| place.value().to_string())
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let (catalog, mut model) = (catalog(), Model::default());
    let file = [add("Kit", "kick"), set("kick.volume", 0.8), connect("kick", "out")];
    assert_eq!(evaluate(&mut model, &catalog, "a.lua", &file).len(), 3);
    let before = model.clone();
    assert_eq!(evaluate(&mut model, &catalog, "a.lua", &file), Vec::<String>::new());
    assert_eq!(model, before);
}

fn connect(from: &str, to: &str) -> Command {
    ConnectCommand::new(cable((from, "out"), (to, "in"))).into()
}

#[test]
fn a_knob_turned_live_stays_until_its_line_is_edited() {
    let (catalog, mut model) = (catalog(), Model::default());
    let kick = add("Kit", "kick");
    evaluate(&mut model, &catalog, "a.lua", &[kick.clone(), set("kick.volume", 0.8), set("kick.slots[1].start", 0.25)]);
    model.edit(&set("kick.volume", 0.5), &catalog).expect("it is there");
    for (start, volume, expected) in [(0.5, 0.8, "0.5"), (0.5, 0.9, "0.9"), (0.5, 0.8, "0.8")] {
        let file = [kick.clone(), set("kick.volume", volume), set("kick.slots[1].start", start)];
        evaluate(&mut model, &catalog, "a.lua", &file);
        assert_eq!(value(&model, &catalog, "kick.volume"), expected);
        assert_eq!(value(&model, &catalog, "kick.slots[1].start"), start.to_string());
    }
}

#[test]
fn a_line_taken_out_falls_back() {
    let (catalog, mut model) = (catalog(), Model::default());
    let kick = add("Kit", "kick");
    evaluate(&mut model, &catalog, "a.lua", &[kick.clone(), add("Fx", "fx"), set("kick.volume", 0.8)]);
    evaluate(&mut model, &catalog, "b.lua", &[kick.clone(), set("kick.volume", 0.3)]);
    assert_eq!(value(&model, &catalog, "kick.volume"), "0.3", "the last to speak");
    let done = evaluate(&mut model, &catalog, "b.lua", std::slice::from_ref(&kick));
    assert_eq!(done, ["set kick.volume = 0.8"], "to what the other file asks for");
    let done = evaluate(&mut model, &catalog, "a.lua", &[kick]);
    assert_eq!(done, ["remove fx", "set kick.volume as it comes"]);
    assert_eq!(value(&model, &catalog, "kick.volume"), "1");
    assert_eq!(evaluate(&mut model, &catalog, "a.lua", &[]), Vec::<String>::new(), "the other still asks for it");
    assert_eq!(evaluate(&mut model, &catalog, "b.lua", &[]), ["remove kick"]);
    assert_eq!(model, Model::default());
    assert!(model.claims.is_empty());
}

#[test]
fn everything_a_file_can_ask_for_is_taken_back() {
    let (catalog, mut model) = (catalog(), Model::default());
    let everything: Vec<Command> = super::edits().into_iter().map(|(command, _)| command).collect();
    let asked: Vec<Command> = super::begin().into_iter().chain(everything).collect();
    let takes: Vec<Command> = asked.into_iter().filter(|c| !takes_away(c)).collect();
    assert!(takes.len() > 20);
    evaluate(&mut model, &catalog, "a.lua", &takes);
    assert_ne!(model, Model::default());
    evaluate(&mut model, &catalog, "a.lua", &[]);
    // Where somebody is in a chain is nobody's claim.
    assert_eq!(super::oracle::said(&model), super::oracle::said(&Model::default()));
}

/// Commands that take away, or that no file claims.
fn takes_away(command: &Command) -> bool {
    matches!(
        command,
        Command::RemoveModule(_)
            | Command::RenameModule(_)
            | Command::Disconnect(_)
            | Command::Unmodulate(_)
            | Command::RemoveControl(_)
            | Command::RemovePattern(_)
            | Command::RemoveChain(_)
            | Command::RemoveTempoPoint(_)
            | Command::ClearSlot(_)
            | Command::MoveControl(_)
            | Command::RestoreModule(_)
            | Command::KeepType(_)
            | Command::SetClaims(_)
    )
}

#[test]
fn what_somebody_removed_stays_away_until_it_is_needed() {
    let (catalog, mut model) = (catalog(), Model::default());
    let file = |volume| [add("Kit", "kick"), set("kick.volume", volume), set("kick.slots[1].start", 0.5)];
    evaluate(&mut model, &catalog, "a.lua", &file(0.8));
    model.edit(&RemoveModuleCommand { name: "kick".into() }.into(), &catalog).expect("it is there");
    assert_eq!(evaluate(&mut model, &catalog, "a.lua", &file(0.8)), Vec::<String>::new());
    let done = evaluate(&mut model, &catalog, "a.lua", &file(0.9));
    assert_eq!(done, ["add Kit kick", "set kick.volume = 0.9", "set kick.slots[1].start = 0.5"]);
}

#[test]
fn every_command_says_which_modules_it_needs_and_names() {
    let (catalog, model) = (catalog(), super::begun());
    for (mut command, described) in super::edits().into_iter().chain(super::actions()) {
        for name in ["kick", "seq", "fx", "lfo", "tri"] {
            let gone = RemoveModuleCommand { name: name.into() };
            let less = model.apply(&gone.into(), &catalog).expect("it is there");
            let needs = command.needs().contains(&&name.into());
            assert_eq!(less.apply(&command, &catalog).is_err(), needs, "{described} without {name}");
        }
        for name in ["kick", "seq", "fx", "lfo", "tri", "echo", "other"] {
            command.rename(&name.into(), &"another".into());
            let said = format!("{command:?}");
            let left = ["module", "name"].iter().any(|key| said.contains(&format!("{key}: \"{name}\"")));
            assert!(!left || matches!(command, Command::SetClaims(_)), "{described}, {name} renamed: {said}");
        }
    }
}

#[test]
fn a_rename_renames_claims() {
    let (catalog, mut model) = (catalog(), Model::default());
    let add =
        |name: &str| Command::from(AddModuleCommand { module_type: "Kit".into(), name: name.into(), id: ModuleId(1) });
    evaluate(&mut model, &catalog, "a.lua", &[add("kick"), set("kick.volume", 0.8)]);
    model.edit(&RenameModuleCommand { name: "kick".into(), to: "bd".into() }.into(), &catalog).expect("it is there");
    assert_eq!(evaluate(&mut model, &catalog, "a.lua", &[add("bd"), set("bd.volume", 0.8)]), Vec::<String>::new());
    assert_eq!(evaluate(&mut model, &catalog, "a.lua", &[]), ["remove bd"]);
}

#[test]
fn removing_unsays_what_was_said_before() {
    let (catalog, mut model) = (catalog(), Model::default());
    let remove = RemoveModuleCommand { name: "kick".into() };
    let file = [add("Kit", "kick"), set("kick.volume", 0.8), remove.into(), add("Kit", "kick")];
    evaluate(&mut model, &catalog, "a.lua", &file);
    assert_eq!(value(&model, &catalog, "kick.volume"), "1");
    // Something else of that name comes in its place.
    let remove = RemoveModuleCommand { name: "kick".into() };
    let done = evaluate(&mut model, &catalog, "a.lua", &[remove.into(), add("Fx", "kick")]);
    assert_eq!(done, ["remove kick", "add Fx kick"]);
}
