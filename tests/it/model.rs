//! Tables of commands: what each does to the Model, and what is refused.

mod catalog;
mod claims;
mod diff;
mod edits;
mod oracle;
mod refusals;
pub mod walk;

use cantus_host::model::command::*;
use cantus_host::model::{
    Anchor, Cable, Cell, Chain, ChainEntry, Command, Connection, Control, ControlKey, Endpoint, Excerpt, Link, LinkKey,
    Model, ModuleId, Num, Path, Pattern, Signature, Step, Swing, TempoPoint, Value, audible,
};

pub use catalog::{catalog, without};
pub use oracle::said;

/// A number.
pub fn num(value: f64) -> Num {
    Num::of(value)
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

/// Adds a module.
pub fn add(module_type: &str, name: &str) -> Command {
    // Each name its own id.
    let id = name.bytes().fold(7, |id, byte| id * 31 + u64::from(byte));
    AddModuleCommand { module_type: module_type.into(), name: name.into(), id: ModuleId(id) }.into()
}

fn set(path: &str, value: impl Into<Option<Value>>) -> Command {
    SetParameterCommand { path: path.parse().expect("a path"), value: value.into() }.into()
}

/// A cable between ports.
pub fn cable(from: (&str, &str), to: (&str, &str)) -> Connection {
    Connection { from: Endpoint::new(from.0, from.1), to: Endpoint::new(to.0, to.1) }
}

fn connect(from: (&str, &str), to: (&str, &str)) -> Command {
    ConnectCommand::new(cable(from, to)).into()
}

fn link(from: &str, to: &str) -> LinkKey {
    LinkKey { from: from.parse().expect("a port"), to: to.parse().expect("a path") }
}

fn modulate(from: &str, to: &str) -> Command {
    ModulateCommand { key: link(from, to), link: Link::default() }.into()
}

fn control(source: &str, to: &str) -> ControlKey {
    ControlKey { source: source.into(), to: to.parse().expect("a path") }
}

fn trigger(module: &str, slot: Option<u16>, note: Option<f64>) -> Command {
    TriggerEventCommand { module: module.into(), note: note.map(num), slot, ..TriggerEventCommand::default() }.into()
}

/// A note of kick with values of its own.
fn locked(locks: &[(&str, Value)]) -> Command {
    let locks = locks.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    TriggerEventCommand { module: "kick".into(), locks, ..TriggerEventCommand::default() }.into()
}

fn set_pattern(name: &str, rows: u32, steps_per_beat: f64) -> Command {
    SetPatternCommand { name: name.into(), pattern: Pattern::new(rows, num(steps_per_beat)) }.into()
}

/// An entry of a chain.
pub fn entry(pattern: &str, repeats: u32) -> ChainEntry {
    ChainEntry { repeats, ..ChainEntry::new(pattern) }
}

/// Puts a chain in.
pub fn set_chain(name: &str, entries: &[ChainEntry]) -> Command {
    SetChainCommand { name: name.into(), chain: Chain { entries: entries.into(), repeat: true } }.into()
}

/// What the tables begin with: a module of each type, a pattern and a chain, some joined.
fn begin() -> Vec<Command> {
    vec![
        add("Kit", "kick"),
        add("Steps", "seq"),
        add("Fx", "fx"),
        add("Lfo", "lfo"),
        add("Tri", "tri"),
        set_pattern("beat", 16, 4.0),
        set_chain("song", &[entry("beat", 2)]),
        connect(("kick", "out"), ("fx", "in")),
        modulate("lfo.out", "fx.mix"),
        SetControlCommand { key: control("cc 1", "kick.volume"), control: Control::default() }.into(),
        SetTempoPointCommand { beat: num(8.0), point: TempoPoint { bpm: num(90.0), ramp: false } }.into(),
        set("kick.slots[2].file", text("a.wav")),
        SetStepCommand { pattern: "beat".into(), row: 0, column: 0, step: Step::default() }.into(),
        edits::tune(),
    ]
}

fn begun() -> Model {
    let catalog = catalog();
    begin().iter().fold(Model::default(), |model, c| model.apply(c, &catalog).expect("an empty Model takes them"))
}

/// A row for every edit there is: the command, and what it says of itself.
pub fn edits() -> Vec<(Command, &'static str)> {
    let step = Step::pitch(num(60.0));
    let excerpt = Excerpt::of(catalog().get("Fx").expect("there"));
    let gone = without("Fx");
    assert!(gone.get("Fx").is_none());
    let mut rows = vec![
        (add("Fx", "echo"), "add Fx echo"),
        (
            RestoreModuleCommand {
                name: "other".into(),
                id: ModuleId(1),
                module: serde_json::from_str(r#"{"type": "Kit", "mute": true, "slots": {"2": {"start": 0.5}}}"#)
                    .expect("a record"),
            }
            .into(),
            "restore Kit other",
        ),
        (RemoveModuleCommand { name: "kick".into() }.into(), "remove kick"),
        (RenameModuleCommand { name: "kick".into(), to: "bd".into() }.into(), "rename kick to bd"),
        (EnableModuleCommand { name: "fx".into(), enabled: false }.into(), "disable fx"),
        (MuteModuleCommand { name: "fx".into(), mute: true }.into(), "mute fx"),
        (SoloModuleCommand { name: "fx".into(), solo: true }.into(), "solo fx"),
        (SetSeedCommand { name: "fx".into(), seed: Some(5) }.into(), "set fx.seed = 5"),
        (set("kick.volume", Value::Num(num(0.5))), "set kick.volume = 0.5"),
        (set("kick.level", text("-6dB")), "set kick.level = \"-6dB\""),
        (set("kick.mode", text("loop")), "set kick.mode = \"loop\""),
        (set("kick.slots[1].file", text("b.wav")), "set kick.slots[1].file = \"b.wav\""),
        (set("kick.slots[2].file", None), "set kick.slots[2].file as it comes"),
        (ClearSlotCommand { module: "kick".into(), slot: 1 }.into(), "clear kick.slots[2]"),
        (connect(("seq", "notes"), ("kick", "notes")), "connect seq.notes -> kick.notes"),
        (
            ConnectCommand {
                connection: cable(("fx", "out"), ("fx", "in")),
                cable: Cable { gain: num(0.5), feedback: true, instrument: None },
            }
            .into(),
            "connect fx.out -> fx.in at 0.5 as feedback",
        ),
        (DisconnectCommand { connection: cable(("kick", "out"), ("fx", "in")) }.into(), "disconnect kick.out -> fx.in"),
        (modulate("lfo.other", "kick.slots[1].start"), "modulate lfo.other ~> kick.slots[1].start by 1"),
        (UnmodulateCommand { key: link("lfo.out", "fx.mix") }.into(), "stop modulating lfo.out ~> fx.mix"),
        (
            SetControlCommand { key: control("cc 2", "kick.mode"), control: Control::default() }.into(),
            "control cc 2 => kick.mode",
        ),
        (RemoveControlCommand { key: control("cc 1", "kick.volume") }.into(), "remove control cc 1 => kick.volume"),
        (MoveControlCommand { source: "cc 1".into(), position: num(0.25) }.into(), "move cc 1 to 0.25"),
        (SetBPMCommand { bpm: num(90.0), over: Num::ZERO }.into(), "set the tempo to 90 bpm"),
        (SetBPMCommand { bpm: num(140.0), over: num(8.0) }.into(), "bring the tempo to 140 bpm within 8 beats"),
        (
            SetTempoPointCommand { beat: num(4.0), point: TempoPoint { bpm: num(80.0), ramp: true } }.into(),
            "set the tempo at beat 4 to 80 bpm, and move to the next",
        ),
        (RemoveTempoPointCommand { beat: num(8.0) }.into(), "remove the tempo at beat 8"),
        (
            SetTimeSignatureCommand { signature: Signature { beats: 7, unit: 8 } }.into(),
            "set the time signature to 7/8",
        ),
        (
            SetSwingCommand { swing: Swing { amount: num(0.625), unit: num(0.25) } }.into(),
            "set the swing to 0.625 of 0.25 beats",
        ),
        (SetLoopCommand { range: Some((num(4.0), num(8.0))) }.into(), "loop from beat 4 to 8"),
        (set_pattern("fill", 8, 4.0), "set pattern fill"),
        (RemovePatternCommand { name: "beat".into() }.into(), "remove pattern beat"),
        (
            ShapePatternCommand { pattern: "beat".into(), rows: 8, steps_per_beat: num(2.0) }.into(),
            "set pattern beat to 8 rows, 2 per beat",
        ),
        (SetStepCommand { pattern: "beat".into(), row: 3, column: 1, step }.into(), "set pattern beat row 4 column 2"),
        (ClearStepCommand { pattern: "beat".into(), row: 0, column: 0 }.into(), "clear pattern beat row 1 column 1"),
        (set_chain("intro", &[entry("fill", 1)]), "set chain intro"),
        (RemoveChainCommand { name: "song".into() }.into(), "remove chain song"),
        (
            RemoveChainEntryCommand { chain: "song".into(), at: 0, was: Some(entry("beat", 2)) }.into(),
            "remove entry 1 of chain song",
        ),
        (
            InsertChainEntryCommand { chain: "song".into(), at: 0, entry: entry("fill", 3) }.into(),
            "insert entry 1 of chain song",
        ),
        (
            SetChainEntryCommand { chain: "song".into(), at: 0, entry: entry("fill", 3), was: None }.into(),
            "set entry 1 of chain song",
        ),
        (
            QueueChainEntryCommand { module: "lfo".into(), anchor: Some(Anchor { entry: 1, beat: num(16.0) }) }.into(),
            "queue entry 2 of lfo at beat 16",
        ),
        (SetSettingCommand { name: "grid".into(), value: Some(Value::Num(num(2.0))) }.into(), "set setting grid = 2"),
        (
            UseProviderCommand { module_type: "Fx".into(), plugin: Some("other.fx".into()) }.into(),
            "use other.fx for Fx",
        ),
        (KeepTypeCommand { module_type: "Gone".into(), excerpt: Some(renamed(&excerpt)) }.into(), "keep type Gone"),
        (
            SetClaimsCommand {
                file: "a.lua".into(),
                claims: [("kick".into(), add("Kit", "kick"))].into_iter().collect(),
            }
            .into(),
            "note what a.lua asks for",
        ),
    ];
    rows.extend(edits::rows());
    rows
}

/// An excerpt of a type that no plugin provides.
fn renamed(excerpt: &Excerpt) -> Excerpt {
    excerpt.text().replace("\"Fx\"", "\"Gone\"").parse().expect("an excerpt")
}

/// Commands that cannot be done twice.
fn only_once(command: &Command) -> bool {
    matches!(
        command,
        Command::RestoreModule(_)
            | Command::RemoveModule(_)
            | Command::RenameModule(_)
            | Command::InsertChainEntry(_)
            | Command::RemoveChainEntry(_)
            | Command::EditPattern(_)
    )
}

#[test]
fn edits_change_what_they_say() {
    let (catalog, model) = (catalog(), begun());
    for (command, described) in edits() {
        let mut after = model.clone();
        assert_eq!(after.edit(&command, &catalog), Ok(true), "{described}");
        let claims = matches!(command, Command::SetClaims(_));
        assert_eq!(said(&after) == said(&model), claims, "{described}: only claims are not compared");
        assert_eq!(after == model, claims, "{described}");
        if !only_once(&command) {
            assert_eq!(after.edit(&command, &catalog), Ok(false), "{described} twice");
        }
        assert_eq!(command.describe(), described);
        assert!(!command.is_action(), "{described}");
        let back = after.diff(&model, &catalog).iter().fold(after, |m, c| m.apply(c, &catalog).expect("it can be"));
        assert_eq!(said(&back), said(&model), "{described}, and back");
    }
}

#[test]
fn every_edit_is_in_the_table() {
    let kind = |command: &Command| format!("{command:?}").split('(').next().unwrap_or_default().to_owned();
    let mut kinds: Vec<String> = edits().iter().map(|(command, _)| kind(command)).collect();
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds.len(), 39, "{kinds:?}: a new command needs a row");
}

#[test]
fn commands_are_written_and_read() {
    for (command, described) in edits().into_iter().chain(actions()) {
        let json = serde_json::to_string(&command).expect("it can be written");
        let read: Command = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{json}: {e}"));
        assert_eq!(read, command, "{described}: {json}");
    }
    // Sessions hold claims, so edits.
    for (command, described) in edits() {
        let toml = toml::to_string(&command).unwrap_or_else(|e| panic!("{described}: {e}"));
        let read: Command = toml::from_str(&toml).unwrap_or_else(|e| panic!("{toml}: {e}"));
        assert_eq!(read, command, "{described}: {toml}");
    }
}

fn actions() -> Vec<(Command, &'static str)> {
    vec![
        (StartTransportCommand.into(), "start"),
        (StopTransportCommand.into(), "stop"),
        (PauseTransportCommand.into(), "pause"),
        (ResetTransportCommand.into(), "reset"),
        (SeekCommand { beat: num(4.0) }.into(), "seek to beat 4"),
        (trigger("kick", Some(3), Some(60.0)), "trigger kick"),
        (
            locked(&[("level", text("-6dB")), ("start", text("25%")), ("mode", text("LOOP"))]),
            "trigger kick with level = \"-6dB\", start = \"25%\", mode = \"LOOP\"",
        ),
        (InvokeActionCommand { module: "kick".into(), action: "stop".into() }.into(), "kick:stop()"),
        (ReloadAssetCommand { file: "a.wav".into() }.into(), "read a.wav again"),
        (PanicCommand.into(), "panic"),
        (KeepSceneCommand { name: "verse".into(), commands: None }.into(), "keep scene verse"),
        (KeepSceneCommand { name: "empty".into(), commands: Some(Vec::new()) }.into(), "keep scene empty"),
        (ForgetSceneCommand { name: "verse".into() }.into(), "forget scene verse"),
    ]
}

#[test]
fn actions_leave_the_model_equal() {
    let (catalog, model) = (catalog(), begun());
    for (command, described) in actions() {
        let mut after = model.clone();
        assert_eq!(after.edit(&command, &catalog), Ok(false), "{described}");
        assert_eq!(said(&after), said(&model));
        assert!(command.is_action() && command.it().claim(&model).is_none(), "{described}");
        assert_eq!(command.describe(), described);
    }
}

#[test]
fn a_module_takes_along_what_it_has() {
    let catalog = catalog();
    let model = begun();
    let queue = QueueChainEntryCommand { module: "kick".into(), anchor: Some(Anchor { entry: 0, beat: num(1.0) }) };
    let model = model.apply(&queue.into(), &catalog).expect("it is there");
    let model = model.apply(&modulate("lfo.out", "kick.volume"), &catalog).expect("it is there");
    let about = |model: &Model| said(model).keys().filter(|path| path.contains("kick")).count();
    assert!(about(&model) > 8);
    let gone = model.apply(&RemoveModuleCommand { name: "kick".into() }.into(), &catalog).expect("it is there");
    assert_eq!(about(&gone), 0, "{:?}", said(&gone));
    // Renaming keeps all of it, and who the module is.
    let renamed = model
        .apply(&RenameModuleCommand { name: "kick".into(), to: "bd".into() }.into(), &catalog)
        .expect("it is there");
    let expected: Vec<(String, String)> = said(&model).into_iter().map(|(k, v)| (k.replace("kick", "bd"), v)).collect();
    assert_eq!(said(&renamed), expected.into_iter().collect());
    assert_eq!(renamed.module("bd").expect("there").id, model.module("kick").expect("there").id);
}

#[test]
fn steps_behind_the_end_are_kept() {
    let catalog = catalog();
    let model = begun();
    let shape = |rows| Command::from(ShapePatternCommand { pattern: "beat".into(), rows, steps_per_beat: num(4.0) });
    let step = SetStepCommand { pattern: "beat".into(), row: 12, column: 0, step: Step::default() };
    let model = model.apply(&step.into(), &catalog).expect("a good step");
    let short = model.apply(&shape(8), &catalog).expect("a good length");
    let played =
        |model: &Model| model.pattern("beat").expect("there").played().map(|(at, _)| at.row).collect::<Vec<_>>();
    assert_eq!((played(&model), played(&short)), (vec![0, 12], vec![0]));
    assert_eq!(short.apply(&shape(16), &catalog).expect("a good length"), model);
    assert!(short.pattern("beat").expect("there").steps.contains(&Cell { row: 12, column: 0 }));
}

#[test]
fn controllers_move_what_they_control() {
    let catalog = catalog();
    let mut model = begun();
    for (to, range, curve) in [
        ("kick.volume", Some((num(2.0), num(0.0))), 0.0),
        ("kick.voices", None, 0.0),
        ("kick.mode", None, 0.0),
        ("kick.mono", None, 0.0),
        ("fx.mix", None, 1.0),
    ] {
        let set = SetControlCommand { key: control("cc 9", to), control: Control { range, curve: num(curve) } };
        model.edit(&set.into(), &catalog).expect("it can be");
    }
    let shown = ["kick.volume", "kick.voices", "kick.mode", "kick.mono", "fx.mix"];
    for (position, expected) in [
        (0.0, ["2", "1", "\"once\"", "false", "0"]),
        (0.5, ["1", "33", "\"loop\"", "true", "0.0625"]),
        (1.0, ["0", "64", "\"grain\"", "true", "1"]),
    ] {
        model
            .edit(&MoveControlCommand { source: "cc 9".into(), position: num(position) }.into(), &catalog)
            .expect("it can be");
        let value = |path: &str| {
            path.parse::<Path>().expect("a path").find(&model, &catalog).expect("there").value().to_string()
        };
        assert_eq!(shown.map(value), expected, "at {position}");
    }
}

#[test]
fn solo_and_mute_decide_who_is_heard() {
    let catalog = catalog();
    let commands = [
        add("Steps", "s1"),
        add("Kit", "k1"),
        add("Steps", "s2"),
        add("Kit", "k2"),
        add("Fx", "desk"),
        connect(("s1", "notes"), ("k1", "notes")),
        connect(("s2", "notes"), ("k2", "notes")),
        connect(("k1", "out"), ("desk", "in")),
        connect(("k2", "out"), ("desk", "in")),
    ];
    let model = commands.iter().fold(Model::default(), |m, c| m.apply(c, &catalog).expect("it can be"));
    for (solo, mute, expected) in [
        (&[][..], &[][..], "desk k1 k2 s1 s2"),
        (&[], &["k1"], "desk k2 s1 s2"),
        (&["k1"], &[], "desk k1 s1"),
        (&["s1"], &[], "desk k1 s1"),
        (&["desk"], &[], "desk k1 k2 s1 s2"),
        (&["k1", "k2"], &[], "desk k1 k2 s1 s2"),
        (&["k1"], &["k1"], "desk s1"),
    ] {
        let mut model = model.clone();
        let name = |n: &&str| cantus_host::model::Name::from(*n);
        for name in solo.iter().map(name) {
            model.edit(&SoloModuleCommand { name, solo: true }.into(), &catalog).expect("there");
        }
        for name in mute.iter().map(name) {
            model.edit(&MuteModuleCommand { name, mute: true }.into(), &catalog).expect("there");
        }
        let heard = audible(&model).into_iter().map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(heard, expected, "solo {solo:?}, mute {mute:?}");
    }
}

#[test]
fn what_is_kept_of_a_type_holds_its_modules() {
    let (all, less) = (catalog(), without("Kit"));
    let excerpt = Excerpt::of(all.get("Kit").expect("there"));
    let read: Excerpt = excerpt.text().parse().expect("it is read again");
    assert_eq!(read, excerpt);
    assert_eq!(read.known().defaults, all.get("Kit").expect("there").defaults);
    let keep = KeepTypeCommand { module_type: "Kit".into(), excerpt: Some(excerpt) };
    let mut model = Model::default();
    assert!(model.edit(&add("Kit", "kick"), &less).is_err(), "an unknown type is an error");
    assert_eq!(model.edit(&keep.clone().into(), &less), Ok(true));
    assert_eq!(model.edit(&add("Kit", "kick"), &less), Ok(true), "unless something is kept of it");
    assert_eq!(model.edit(&set("kick.slots[2].start", Value::Num(num(0.5))), &less), Ok(true));
    assert!(model.known(&less, "Kit").expect("kept").missing && !model.known(&all, "Kit").expect("there").missing);
    let forget = KeepTypeCommand { module_type: "Kit".into(), excerpt: None };
    assert!(model.edit(&forget.into(), &less).is_err(), "a module is of it");
    assert_eq!(Model::default().edit(&keep.into(), &all), Ok(false), "what is there needs no keeping");
}
