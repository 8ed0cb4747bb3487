//! However far somebody has gone, all of it can be taken back, and done again.

use std::sync::Arc;

use cantus_host::control::{Accepted, Batch, Commit, CommitError, Origin, Work};
use cantus_host::lockstep::Lockstep;
use cantus_host::model::command::{
    InsertChainEntryCommand, KeepSceneCommand, QueueChainEntryCommand, RemoveChainCommand, RemoveChainEntryCommand,
    RemoveModuleCommand, SetBPMCommand, SetChainEntryCommand, SetClaimsCommand, StartTransportCommand,
};
use cantus_host::model::{Anchor, Claims, Command, Model, Num};

use crate::alike::{begin_anew, engine, piece, registry, render};
use crate::model::walk::Walk;
use crate::model::{entry, set_chain};

/// Frames that are compared.
const COMPARED: usize = 64 * 200;
/// Steps between two quanta.
const TURN: usize = 32;

fn by(origin: Origin, lockstep: &Lockstep, work: Work) -> Result<Accepted, CommitError> {
    lockstep.engine().commit(Batch::of(origin, work))
}

fn by_host(lockstep: &Lockstep, commands: Vec<Command>) {
    by(Origin::Host, lockstep, Work::Commands(commands)).expect("it can be");
}

fn model(lockstep: &Lockstep) -> Arc<Model> {
    lockstep.engine().state().model.clone()
}

/// A piece that sounds, all of it asked for by a file.
fn start() -> Lockstep {
    let lockstep = engine();
    by_host(&lockstep, piece());
    let mut claims = Claims::default();
    let of_the_piece = piece();
    let claimed = of_the_piece.iter().filter_map(|command| command.it().claim(&model(&lockstep)));
    claimed.for_each(|(path, claim)| claims.put(path, claim));
    by_host(&lockstep, vec![SetClaimsCommand { file: "song.lua".into(), claims }.into(), StartTransportCommand.into()]);
    lockstep
}

/// Random batches of a person until so many commands are done, heard now and then; how many frames that took.
fn walk(lockstep: &mut Lockstep, seed: u64, count: usize) -> usize {
    let registry = registry();
    let mut walk = Walk::new(seed, registry.catalog());
    walk.files = ["", "bd_fat.flac", "bd_haus.flac", "nowhere.wav"].map(Into::into).to_vec();
    let (mut done, mut played) = (0, 0);
    while done < count {
        let now = model(lockstep);
        let commands: Vec<Command> = (0..1 + walk.dice.below(3)).map(|_| walk.edit(&now)).collect();
        let more = commands.len();
        let mut batch = Batch::new(Origin::Repl, commands);
        batch.gesture = (walk.dice.below(4) == 0).then(|| walk.dice.below(3) as u64);
        // What cannot be done does not count.
        if lockstep.engine().commit(batch).is_ok() {
            done += more;
        }
        if walk.dice.below(100) == 0 {
            let frames = 64 * (1 + walk.dice.below(4));
            render(lockstep, frames);
            played += frames;
        }
    }
    played
}

/// Steps of that kind until there is none; how many they were. Now and then the audio thread gets its turn: so many
/// Changes at once as come here it does not take.
fn all(lockstep: &mut Lockstep, step: &Work) -> usize {
    for steps in 0.. {
        if steps % TURN == 0 {
            render(lockstep, 64);
        }
        match by(Origin::Repl, lockstep, step.clone()) {
            Ok(accepted) => assert_eq!(accepted.skipped, [""; 0], "{} {steps}", step.describe()),
            Err(CommitError::NoStep(_)) => return steps,
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("there is an end to everything")
}

fn assert_same(now: &Model, then: &Model, what: &str) {
    assert!(now == then, "{what}: {:#?}", now.diff(then, registry().catalog()));
    assert!(now.claims == then.claims, "{what}: {:#?}\nis not\n{:#?}", now.claims, then.claims);
}

#[test]
fn all_of_a_long_walk_can_be_taken_back_and_done_again() {
    let soak = std::env::var("CANTUS_SOAK").is_ok();
    for seed in 0..if soak { 100 } else { 1 } {
        let mut walked = start();
        let mut begin = (*model(&walked)).clone();
        let played = walk(&mut walked, seed, 10_000);
        let end = model(&walked);
        let steps = all(&mut walked, &Work::Undo);
        assert!(steps > 2_000, "{steps} steps");
        // Where modules are in their chains is not undone.
        begin.players = model(&walked).players.clone();
        assert_same(&model(&walked), &begin, "taken back");

        let mut fresh = engine();
        // Modules see the sample: it is the same.
        render(&mut fresh, played + 64 * (steps / TURN + 1));
        by_host(&fresh, Model::default().diff(&begin, registry().catalog()));
        begin_anew(&mut walked);
        begin_anew(&mut fresh);
        let (undone, new) = (render(&mut walked, COMPARED), render(&mut fresh, COMPARED));
        assert!(new.iter().any(|x| x.abs() > 0.01), "the piece is heard");
        let differs = undone.iter().zip(&new).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs.map(|at| (at / 2, undone[at], new[at])), None, "walk {seed}");

        assert_eq!(all(&mut walked, &Work::Redo), steps);
        assert_same(&model(&walked), &end, "done again");
    }
}

/// A chain of these patterns.
fn chain(patterns: &str) -> Command {
    set_chain("song", &patterns.split_whitespace().map(|name| entry(name, 1)).collect::<Vec<_>>())
}

fn insert(at: u32, pattern: &str) -> Command {
    InsertChainEntryCommand { chain: "song".into(), at, entry: entry(pattern, 1) }.into()
}

fn replace(at: u32, pattern: &str) -> Command {
    SetChainEntryCommand { chain: "song".into(), at, entry: entry(pattern, 1), was: None }.into()
}

fn remove(at: u32) -> Command {
    RemoveChainEntryCommand { chain: "song".into(), at, was: None }.into()
}

#[test]
fn of_a_chain_everybody_takes_back_their_own_entries() {
    let moved = "could not set entry 2 of chain song: chain \"song\" has another entry 2 by now; change it by hand if \
                 need be";
    let gone = "could not remove entry 1 of chain song: there is no chain \"song\"";
    // What ann does with the chain "a b c", what bob does then; the chain when ann has taken hers back, and what of it
    // could not be.
    for (ann, bob, back, skipped) in [
        (insert(0, "x"), replace(2, "y"), "a y c", None),
        (insert(0, "x"), insert(4, "y"), "a b c y", None),
        (remove(1), replace(1, "y"), "a b y", None),
        (replace(1, "x"), remove(0), "x c", Some("could not set entry 2")),
        (replace(1, "x"), insert(0, "y"), "y a x c", Some(moved)),
        (chain("c a b"), replace(1, "y"), "y b c", None),
        (insert(0, "x"), RemoveChainCommand { name: "song".into() }.into(), "", Some(gone)),
    ] {
        let what = format!("{}, {}", ann.describe(), bob.describe());
        let lockstep = engine();
        by_host(&lockstep, vec![chain("a b c")]);
        for (who, command) in [("ann", ann), ("bob", bob)] {
            by(Origin::Client(who.into()), &lockstep, Work::Commands(vec![command])).expect("it can be");
        }
        let there = || {
            let model = model(&lockstep);
            let entries = model.chains.get("song").map(|chain| chain.entries.clone()).unwrap_or_default();
            entries.iter().map(|entry| entry.pattern.to_string()).collect::<Vec<_>>().join(" ")
        };
        let together = there();
        let undone = by(Origin::Client("ann".into()), &lockstep, Work::Undo).expect("a step");
        assert_eq!(there(), back, "{what}");
        assert_eq!(undone.skipped.len(), usize::from(skipped.is_some()), "{what}: {:?}", undone.skipped);
        assert!(
            undone.skipped.iter().all(|text| text.starts_with(skipped.unwrap_or_default())),
            "{:?}",
            undone.skipped
        );
        by(Origin::Client("ann".into()), &lockstep, Work::Redo).expect("a step");
        assert_eq!(there(), together, "{what}, done again");
    }
}

#[test]
fn where_a_module_is_in_its_chain_is_not_taken_back() {
    let lockstep = engine();
    by_host(&lockstep, piece());
    let queue = |entry: u32| -> Command {
        let anchor = (entry > 0).then_some(Anchor { entry, beat: Num::of(4.0) });
        QueueChainEntryCommand { module: "snare".into(), anchor }.into()
    };
    let tempo = |bpm: f64| -> Command { SetBPMCommand { bpm: Num::of(bpm), over: Num::ZERO }.into() };
    let does = |work: Work| by(Origin::Repl, &lockstep, work).expect("it can be");
    let now = || {
        let model = model(&lockstep);
        (model.bpm.get(), model.players.get("snare").map(|anchor| anchor.entry))
    };
    does(Work::Commands(vec![queue(1)]));
    assert_eq!(by(Origin::Repl, &lockstep, Work::Undo).expect_err("no step"), CommitError::NoStep("undo"));
    does(Work::Commands(vec![KeepSceneCommand { name: "verse".into(), commands: None }.into()]));
    does(Work::Commands(vec![tempo(90.0), queue(2)]));
    does(Work::Undo);
    assert_eq!(now(), (120.0, Some(2)));
    does(Work::Commands(vec![queue(3)]));
    does(Work::Redo);
    assert_eq!(now(), (90.0, Some(3)), "nor does it end what can be done again");
    // A scene has it, and it stays when that is taken back; a module has it, and comes back with it.
    does(Work::Recall("verse".into()));
    assert_eq!(now(), (120.0, Some(1)));
    does(Work::Undo);
    assert_eq!(now(), (90.0, Some(1)));
    does(Work::Commands(vec![RemoveModuleCommand { name: "snare".into() }.into()]));
    assert_eq!(now(), (90.0, None));
    does(Work::Undo);
    assert_eq!(now(), (90.0, Some(1)));
    does(Work::Redo);
    assert_eq!(now(), (90.0, None));
}
