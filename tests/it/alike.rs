//! The running Processor equals a fresh one built from the Model: whatever was done before leaves no trace.

use std::sync::{Arc, OnceLock};

use cantus_host::control::{Batch, Commit, Config, Origin};
use cantus_host::lockstep::Lockstep;
use cantus_host::model::command::{
    PanicCommand, ResetTransportCommand, SeekCommand, StartTransportCommand, TriggerEventCommand,
};
use cantus_host::model::{Command, Model, Num};
use cantus_host::plugins::{ModuleRegistry, Search};

use crate::model::walk::{Dice, Walk};
use crate::rig;

/// Frames that are compared.
const COMPARED: usize = 64 * 100;

/// The bundled plugins and the probes: what misbehaves does not become as new.
fn registry() -> Arc<ModuleRegistry> {
    static REGISTRY: OnceLock<Arc<ModuleRegistry>> = OnceLock::new();
    let load = || {
        let mut search = Search::default();
        search.add(&rig::bundled(), false, true);
        search.add(&rig::fixture("probes"), true, false);
        Arc::new(ModuleRegistry::load(&search, &[]))
    };
    REGISTRY.get_or_init(load).clone()
}

fn engine() -> Lockstep {
    Lockstep::new(registry(), Config { rate: rig::RATE, root: rig::pieces() })
}

fn send(lockstep: &Lockstep, commands: Vec<Command>) -> bool {
    lockstep.engine().commit(Batch::new(Origin::Host, commands)).is_ok()
}

fn render(lockstep: &mut Lockstep, frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; frames * 2];
    lockstep.pull(&mut out);
    out
}

/// Commands, some of which can be done, while it plays; the Model they lead to, and how many frames were played.
fn walk(lockstep: &mut Lockstep, seed: u64, log: &mut Vec<String>) -> (Arc<Model>, usize) {
    let registry = registry();
    let mut walk = Walk::new(seed, registry.catalog());
    walk.files = ["", "bd_fat.flac", "bd_haus.flac", "nowhere.wav"].map(Into::into).to_vec();
    let mut dice = Dice::new(seed ^ 0x5EED);
    let mut played = 0;
    send(lockstep, vec![StartTransportCommand.into()]);
    for _ in 0..60 {
        let model = lockstep.engine().state().model.clone();
        let names: Vec<_> = model.modules.keys().cloned().collect();
        let command: Command = match (dice.below(10), dice.pick(&names)) {
            (0, Some(module)) => {
                let length = dice.flip().then(|| Num::of(0.1));
                let module = module.clone();
                TriggerEventCommand { module, note: None, velocity: None, slot: None, length }.into()
            }
            (1, _) if dice.below(3) == 0 => SeekCommand { beat: Num::of(dice.below(8) as f64) }.into(),
            _ => walk.edit(&model),
        };
        let described = command.describe();
        if send(lockstep, vec![command]) {
            log.push(described);
        }
        if dice.below(3) == 0 {
            let frames = 64 * (1 + dice.below(12));
            render(lockstep, frames);
            log.push(format!("(play {frames} frames)"));
            played += frames;
        }
    }
    (lockstep.engine().state().model.clone(), played)
}

/// Everything transient is dropped, and it plays from beat 0.
fn begin_anew(lockstep: &Lockstep) {
    assert!(send(lockstep, vec![PanicCommand.into(), ResetTransportCommand.into(), StartTransportCommand.into()]));
}

fn check(seed: u64) {
    let mut log = Vec::new();
    let mut walked = engine();
    let (model, played) = walk(&mut walked, seed, &mut log);
    begin_anew(&walked);

    let mut fresh = engine();
    // Modules see the sample: it is the same.
    render(&mut fresh, played);
    let commands = Model::default().diff(&model, registry().catalog());
    assert!(send(&fresh, commands), "walk {seed}");
    begin_anew(&fresh);
    // What walked has still to be rung out and closed is taken out in time, from under what is compared.
    let (walked, fresh) = (render(&mut walked, COMPARED), render(&mut fresh, COMPARED));
    let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
    if let Some(at) = walked.iter().zip(&fresh).position(|pair| !same(pair)) {
        let (from, to) = (at.saturating_sub(2), (at + 8).min(walked.len()));
        panic!(
            "walk {seed}: from frame {} on walked plays {:?}, fresh {:?}, after\n{}\n{model:#?}",
            at / 2,
            &walked[from..to],
            &fresh[from..to],
            log.join("\n")
        );
    }
}

#[test]
fn what_was_walked_with_equals_what_is_new() {
    let soak = std::env::var("CANTUS_SOAK").is_ok();
    let first = std::env::var("CANTUS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let last = if soak { 20_000 } else { 40 };
    for seed in first..first + last {
        check(seed);
        if soak && seed % 100 == 99 {
            eprintln!("{} walks", seed + 1 - first);
        }
    }
}
