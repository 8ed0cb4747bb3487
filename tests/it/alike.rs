//! The running Processor equals a fresh one built from the Model: whatever was done before leaves no trace.

use std::sync::{Arc, OnceLock};

use cantus_host::control::{Batch, Commit, Config, Origin};
use cantus_host::lockstep::Lockstep;
use cantus_host::model::command::{
    AddModuleCommand, ConnectCommand, EnableModuleCommand, ModulateCommand, MuteModuleCommand, PanicCommand,
    ResetTransportCommand, SeekCommand, SetParameterCommand, SetPatternCommand, SetSettingCommand, SetStepCommand,
    SoloModuleCommand, StartTransportCommand, StopTransportCommand, TriggerEventCommand,
};
use cantus_host::model::{Command, Connection, Link, LinkKey, Model, ModuleId, Name, Num, Pattern, Step, Value};
use cantus_host::plugins::{ModuleRegistry, Search};

use crate::model::walk::{Dice, Walk};
use crate::rig;

/// Frames that are compared.
const COMPARED: usize = 64 * 100;

/// The bundled plugins and the probes: what misbehaves does not become as new.
pub fn registry() -> Arc<ModuleRegistry> {
    static REGISTRY: OnceLock<Arc<ModuleRegistry>> = OnceLock::new();
    let load = || {
        let mut search = Search::default();
        search.add(&rig::bundled(), false, true);
        search.add(&rig::fixture("probes"), true, false);
        Arc::new(ModuleRegistry::load(&search, &[]))
    };
    REGISTRY.get_or_init(load).clone()
}

pub fn engine() -> Lockstep {
    Lockstep::new(registry(), Config { rate: rig::RATE, root: rig::pieces() })
}

fn send(lockstep: &Lockstep, commands: Vec<Command>) -> bool {
    lockstep.engine().commit(Batch::new(Origin::Host, commands)).is_ok()
}

pub fn render(lockstep: &mut Lockstep, frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; frames * 2];
    lockstep.pull(&mut out);
    out
}

/// What every walk begins with: a sequencer that plays a sampler through an effect, modulated, by names that walks use.
pub fn piece() -> Vec<Command> {
    let cable = |from: &str, to: &str| {
        let ends = (from.parse().expect("a port"), to.parse().expect("a port"));
        ConnectCommand::new(Connection { from: ends.0, to: ends.1 })
    };
    let set = |path: &str, value: &str| SetParameterCommand {
        path: path.parse().expect("a path"),
        value: Some(Value::Text(value.into())),
    };
    let link = LinkKey { from: "my-lfo.out".parse().expect("a port"), to: "fx.gain".parse().expect("a path") };
    let step = |row| SetStepCommand { pattern: "a".into(), row, column: 0, step: Step::default() };
    let types = [
        ("MultiSampler", "kick"),
        ("TrackerSequencer", "snare"),
        ("Gain", "fx"),
        ("Stairs", "my-lfo"),
        ("Hold", "pad"),
    ];
    let add = |(n, (module_type, name)): (usize, (&str, &str))| -> Command {
        let (module_type, name): (Name, Name) = (module_type.into(), name.into());
        AddModuleCommand { module_type, name, id: ModuleId(1 + n as u64) }.into()
    };
    let modules = types.into_iter().enumerate().map(add);
    modules
        .chain([
            SetPatternCommand { name: "a".into(), pattern: Pattern::new(4, Num::of(16.0)) }.into(),
            step(0).into(),
            step(2).into(),
            set("snare.pattern", "a").into(),
            set("kick.slots[1].file", "bd_fat.flac").into(),
            cable("snare.notes", "kick.notes").into(),
            cable("kick.out", "fx.in").into(),
            cable("snare.notes", "pad.notes").into(),
            ModulateCommand { key: link, link: Link { depth: Num::of(0.25), ..Link::default() } }.into(),
        ])
        .collect()
}

/// So that most walks are heard in the end: nothing is off, mute or solo in three of four, and what nothing connects is
/// heard in three of four.
fn unmute(model: &Model, seed: u64) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for name in model.modules.keys().filter(|_| !seed.is_multiple_of(4)) {
        commands.push(EnableModuleCommand { name: name.clone(), enabled: true }.into());
        commands.push(MuteModuleCommand { name: name.clone(), mute: false }.into());
        commands.push(SoloModuleCommand { name: name.clone(), solo: false }.into());
    }
    if seed % 4 != 1 {
        commands.push(SetSettingCommand { name: "auto_route".into(), value: None }.into());
    }
    commands
}

/// A note on everything that takes one.
fn notes(model: &Model) -> Vec<Command> {
    let registry = registry();
    let plays = |t: &str| registry.catalog().get(t).is_some_and(|known| !known.event_in.is_empty());
    let note = |module: &Name| TriggerEventCommand {
        module: module.clone(),
        length: Some(Num::of(0.1)),
        ..TriggerEventCommand::default()
    };
    model.modules.iter().filter(|(_, m)| plays(&m.module_type)).map(|(name, _)| note(name).into()).collect()
}

/// Commands, some of which can be done, while it plays; the Model they lead to, and how many frames were played.
fn walk(lockstep: &mut Lockstep, seed: u64, log: &mut Vec<String>) -> (Arc<Model>, usize) {
    let registry = registry();
    let mut walk = Walk::new(seed, registry.catalog());
    walk.files = ["", "bd_fat.flac", "bd_haus.flac", "nowhere.wav"].map(Into::into).to_vec();
    let mut dice = Dice::new(seed ^ 0x5EED);
    let mut played = 0;
    assert!(send(lockstep, piece()));
    send(lockstep, vec![StartTransportCommand.into()]);
    for _ in 0..80 {
        let model = lockstep.engine().state().model.clone();
        let names: Vec<_> = model.modules.keys().cloned().collect();
        let command: Command = match (dice.below(10), dice.pick(&names)) {
            (0, Some(module)) => {
                let length = dice.flip().then(|| Num::of(0.1));
                let module = module.clone();
                TriggerEventCommand { module, length, ..TriggerEventCommand::default() }.into()
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
    let model = lockstep.engine().state().model.clone();
    send(lockstep, unmute(&model, seed));
    (lockstep.engine().state().model.clone(), played)
}

/// Everything transient is dropped, and it plays from beat 0. What loads is there before: a note on a slot whose next
/// sound loads plays the one it has, which is no trace of what was.
pub fn begin_anew(lockstep: &mut Lockstep) {
    lockstep.settle();
    // What was heard goes over into silence.
    assert!(send(lockstep, vec![PanicCommand.into(), StopTransportCommand.into()]));
    render(lockstep, 320);
    assert!(send(lockstep, vec![PanicCommand.into(), ResetTransportCommand.into(), StartTransportCommand.into()]));
}

/// True: something was heard.
fn check(seed: u64) -> bool {
    let mut log = Vec::new();
    let mut walked = engine();
    let (model, played) = walk(&mut walked, seed, &mut log);
    begin_anew(&mut walked);
    send(&walked, notes(&model));

    let mut fresh = engine();
    // Modules see the sample: it is the same.
    render(&mut fresh, played);
    let commands = Model::default().diff(&model, registry().catalog());
    assert!(send(&fresh, commands.clone()), "walk {seed}");
    begin_anew(&mut fresh);
    send(&fresh, notes(&model));
    // What walked has still to be rung out and closed is taken out in time, from under what is compared.
    let (walked, fresh) = (render(&mut walked, COMPARED), render(&mut fresh, COMPARED));
    let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
    let heard = fresh.iter().any(|x| *x != 0.0);
    if let Some(at) = walked.iter().zip(&fresh).position(|pair| !same(pair)) {
        let (from, to) = (at.saturating_sub(2), (at + 8).min(walked.len()));
        panic!(
            "walk {seed}: from frame {} on walked plays {:?}, fresh {:?}, after\n{}\nwhich leads to\n{}",
            at / 2,
            &walked[from..to],
            &fresh[from..to],
            log.join("\n"),
            commands.iter().map(Command::describe).collect::<Vec<_>>().join("\n")
        );
    }
    heard
}

#[test]
fn what_was_walked_with_equals_what_is_new() {
    let soak = std::env::var("CANTUS_SOAK").is_ok();
    let first = std::env::var("CANTUS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let count = if soak { 200_000 } else { 100 };
    let mut heard = 0;
    for seed in first..first + count {
        heard += u64::from(check(seed));
        if soak && seed % 100 == 99 {
            eprintln!("{} walks, {heard} of them heard", seed + 1 - first);
        }
    }
    assert!(heard > count / 2, "{heard} of {count} were heard");
}
