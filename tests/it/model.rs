//! Tables of commands: what each does to the Model, and what is refused.

use cantus_host::control::Commit;
use cantus_host::model::{
    AddModuleCommand, Catalog, Command, ConnectCommand, Connection, DisconnectCommand, Endpoint, InvokeActionCommand,
    Model, ModuleId, Num, Pattern, RemoveModuleCommand, RemovePatternCommand, SeekCommand, SetBPMCommand,
    SetParameterCommand, SetPatternCommand, SetSlotCommand, StartTransportCommand, TriggerEventCommand, Value,
};

use crate::rig::Studio;

fn num(value: f64) -> Num {
    Num::new(value).expect("finite")
}

fn add(module_type: &str, name: &str) -> Command {
    AddModuleCommand { module_type: module_type.into(), name: name.into(), id: ModuleId(7) }.into()
}

fn set(module: &str, param: &str, value: Value) -> Command {
    SetParameterCommand { module: module.into(), param: param.into(), value }.into()
}

fn slot(module: &str, slot: u16, param: &str, value: Value) -> Command {
    SetSlotCommand { module: module.into(), slot, param: param.into(), value }.into()
}

fn cable(from: (&str, &str), to: (&str, &str)) -> Connection {
    let end = |(module, port): (&str, &str)| Endpoint { module: module.into(), port: port.into() };
    Connection { from: end(from), to: end(to) }
}

fn connect(from: (&str, &str), to: (&str, &str)) -> Command {
    ConnectCommand { connection: cable(from, to) }.into()
}

fn trigger(module: &str, slot: Option<u16>, note: Option<f64>) -> Command {
    TriggerEventCommand { module: module.into(), note: note.map(num), velocity: None, slot, length: None }.into()
}

fn pattern(rows: u32) -> Pattern {
    Pattern { rows, steps_per_beat: num(4.0), steps: [].into() }
}

/// A sampler `kick`, a sequencer `steps`, a gain `g`, all unconnected.
fn begin(catalog: &Catalog) -> Model {
    let commands = [add("MultiSampler", "kick"), add("TrackerSequencer", "steps"), add("Gain", "g"), add("Gain", "h")];
    commands.iter().fold(Model::default(), |model, c| model.apply(c, catalog).expect("an empty Model takes them"))
}

#[test]
fn edits_change_what_they_say() {
    let studio = Studio::new();
    let catalog = studio.engine().catalog();
    let model = begin(&catalog);
    let table: Vec<(Command, &str)> = vec![
        (add("AudioMixer", "mix"), "add AudioMixer mix"),
        (RemoveModuleCommand { name: "kick".into() }.into(), "remove kick"),
        (set("g", "gain", Value::Num(num(0.5))), "set g.gain = 0.5"),
        (set("g", "volume", Value::Text("-6dB".into())), "set g.volume = \"-6dB\""),
        (slot("kick", 0, "file", Value::Text("a.wav".into())), "set kick.slots[1].file = \"a.wav\""),
        (connect(("steps", "notes"), ("kick", "notes")), "connect steps.notes -> kick.notes"),
        (connect(("g", "out"), ("out", "in")), "connect g.out -> out.in"),
        (SetBPMCommand { bpm: num(90.0) }.into(), "set the tempo to 90 bpm"),
        (SetPatternCommand { name: "beat".into(), pattern: pattern(16) }.into(), "set pattern beat"),
    ];
    for (command, described) in table {
        let after = model.apply(&command, &catalog).unwrap_or_else(|e| panic!("{described}: {e}"));
        assert_ne!(after, model, "{described}");
        let again = after.apply(&command, &catalog);
        let settled = again.is_ok_and(|again| again == after);
        assert!(settled || described.starts_with("remove"), "{described} twice");
        assert_eq!(command.describe(), described);
    }
}

#[test]
fn actions_leave_the_model_equal() {
    let studio = Studio::new();
    let catalog = studio.engine().catalog();
    let model = begin(&catalog);
    for command in [
        StartTransportCommand.into(),
        SeekCommand { beat: num(4.0) }.into(),
        trigger("kick", Some(3), Some(60.0)),
        InvokeActionCommand { module: "kick".into(), action: "stop".into() }.into(),
    ] {
        let mut after = model.clone();
        assert_eq!(after.edit(&command, &catalog), Ok(false), "{}", command.describe());
        assert_eq!(after, model);
    }
}

#[test]
fn what_removes_removes() {
    let studio = Studio::new();
    let catalog = studio.engine().catalog();
    let model = begin(&catalog);
    let there = connect(("steps", "notes"), ("kick", "notes"));
    let with = model.apply(&there, &catalog).expect("they fit");
    let gone = DisconnectCommand { connection: cable(("steps", "notes"), ("kick", "notes")) }.into();
    assert_eq!(with.apply(&gone, &catalog).expect("it is there"), model);
    let removed = with.apply(&RemoveModuleCommand { name: "kick".into() }.into(), &catalog).expect("it is there");
    assert!(removed.connections.is_empty(), "a module takes its cables along");
    let set = SetPatternCommand { name: "beat".into(), pattern: pattern(16) }.into();
    let with = model.apply(&set, &catalog).expect("a good pattern");
    assert_eq!(with.apply(&RemovePatternCommand { name: "beat".into() }.into(), &catalog).expect("it is there"), model);
}

#[test]
fn refusals_blame_and_advise() {
    let studio = Studio::new();
    let catalog = studio.engine().catalog();
    let model = begin(&catalog);
    let table: Vec<(Command, &str)> = vec![
        (
            add("MultiSampel", "a"),
            "there is no module type \"MultiSampel\"; did you mean \"MultiSampler\"?; `cantus plugins list` shows all",
        ),
        (add("Gain", "kick"), "\"kick\" is already the name of a MultiSampler; choose another name or remove it first"),
        (
            add("Gain", "out"),
            "\"out\" cannot be a name; use at most 64 letters, digits, _ and -, beginning with a letter, and not \"out\"",
        ),
        (
            add("Gain", "a b"),
            "\"a b\" cannot be a name; use at most 64 letters, digits, _ and -, beginning with a letter, and not \"out\"",
        ),
        (RemoveModuleCommand { name: "kik".into() }.into(), "there is no module \"kik\"; did you mean \"kick\"?"),
        (set("g", "gian", Value::Int(1)), "g (Gain) has no parameter \"gian\"; did you mean \"gain\"?"),
        (set("g", "gain", Value::Int(5)), "g.gain = 5: it takes a number from 0 to 4"),
        (set("g", "gain", Value::Text("loud".into())), "g.gain = \"loud\": it takes a number from 0 to 4"),
        (slot("kick", 128, "gain", Value::Int(1)), "kick has no slot 129; slots 1 to 128 are possible"),
        (slot("g", 0, "gain", Value::Int(1)), "g has no slot 1; it has none"),
        (slot("kick", 2, "fiel", Value::Int(1)), "kick.slots[3] has no parameter \"fiel\"; did you mean \"file\"?"),
        (connect(("steps", "nots"), ("kick", "notes")), "steps has no output \"nots\"; it has \"notes\""),
        (connect(("steps", "notes"), ("g", "inn")), "g has no input \"inn\"; it has \"in\""),
        (
            connect(("steps", "notes"), ("g", "in")),
            "steps.notes -> g.in cannot be: one carries audio, the other events; connect audio to audio and events to events",
        ),
        (
            connect(("steps", "notes"), ("out", "in")),
            "steps.notes -> out.in cannot be: one carries audio, the other events; connect audio to audio and events to events",
        ),
        (SetBPMCommand { bpm: num(1000.0) }.into(), "tempo 1000 is out of range; 20 to 999 is possible"),
        (SeekCommand { beat: num(-1.0) }.into(), "beat -1 is out of range; 0 to 1000000000 is possible"),
        (
            SeekCommand { beat: num(1e19) }.into(),
            "beat 10000000000000000000 is out of range; 0 to 1000000000 is possible",
        ),
        (
            SetPatternCommand { name: "beat".into(), pattern: Pattern { steps_per_beat: num(1e-15), ..pattern(4) } }
                .into(),
            "pattern \"beat\" has 0.000000000000001 steps per beat; 1/1024 to 96 are possible",
        ),
        (trigger("g", None, None), "g is a Gain and takes no notes; trigger an instrument"),
        (trigger("kick", Some(200), None), "kick has no slot 201; slots 1 to 128 are possible"),
        (trigger("kick", None, Some(128.0)), "note 128 is out of range; 0 to 127 is possible"),
        (
            InvokeActionCommand { module: "kick".into(), action: "stopp".into() }.into(),
            "kick (MultiSampler) has no action \"stopp\"; did you mean \"stop\"?",
        ),
        (
            SetPatternCommand { name: "beat".into(), pattern: pattern(0) }.into(),
            "pattern \"beat\" has 0 rows; 1 to 65536 are possible",
        ),
    ];
    for (command, expected) in table {
        let refused = model.apply(&command, &catalog).expect_err(&command.describe());
        assert_eq!(refused.to_string(), expected, "{}", command.describe());
    }
}

#[test]
fn a_circle_is_refused_with_its_names() {
    let studio = Studio::new();
    let catalog = studio.engine().catalog();
    let model = begin(&catalog);
    let around = [connect(("g", "out"), ("h", "in")), connect(("h", "out"), ("g", "in"))];
    let model = around.iter().fold(model, |model, c| model.apply(c, &catalog).expect("each by itself is possible"));
    let refused = model.check().expect_err("together they are not").to_string();
    assert_eq!(refused, "these cables go round in a circle: g -> h -> g; take one of them out");
}
