//! What is refused, word for word.

use cantus_host::model::{PatternEdit, Selection};

use super::*;

fn edit(pattern: &str, selection: Selection, edit: PatternEdit) -> Command {
    EditPatternCommand { pattern: pattern.into(), edit, selection }.into()
}

#[test]
fn refusals_blame_and_advise() {
    let (catalog, model) = (catalog(), begun());
    let bad_name = |name: &str| {
        format!(
            "\"{name}\" cannot be a name; use at most 64 letters, digits, _ and -, beginning with a letter, and not \"out\""
        )
    };
    let kinds = |cable: &str, from: &str, to: &str| {
        format!(
            "{cable} cannot be: one carries {from}, the other {to}; connect audio to audio and events to events, and let modulation move a parameter"
        )
    };
    let long = "x".repeat(65);
    let table: Vec<(Command, String)> = vec![
        (
            add("Kitt", "a"),
            "there is no module type \"Kitt\"; did you mean \"Kit\"?; `cantus plugins list` shows all".into(),
        ),
        (add("Fx", "kick"), "\"kick\" is already the name of a Kit; choose another name or remove it first".into()),
        (add("Fx", "out"), bad_name("out")),
        (add("Fx", "a b"), bad_name("a b")),
        (add("Fx", &long), bad_name(&format!("{}...", &long[..64]))),
        (
            AddModuleCommand {
                module_type: "Fx".into(),
                name: "echo".into(),
                id: model.module("kick").expect("there").id,
            }
            .into(),
            format!(
                "module {} is there already, as \"kick\"; leave the id to the engine",
                model.module("kick").expect("there").id.0
            ),
        ),
        (
            RemoveModuleCommand { name: "kik".into() }.into(),
            "there is no module \"kik\"; did you mean \"kick\"?".into(),
        ),
        (
            RenameModuleCommand { name: "kick".into(), to: "seq".into() }.into(),
            "\"seq\" is already the name of a Steps; choose another name or remove it first".into(),
        ),
        (RenameModuleCommand { name: "kick".into(), to: "1".into() }.into(), bad_name("1")),
        (
            MuteModuleCommand { name: "kik".into(), mute: true }.into(),
            "there is no module \"kik\"; did you mean \"kick\"?".into(),
        ),
        (set("kick.volum", Value::Int(1)), "kick (Kit) has no parameter \"volum\"; did you mean \"volume\"?".into()),
        (
            set("kick.volume", Value::Int(5)),
            "kick.volume = 5: it takes a number from 0 to 2, or text such as \"-6dB\"".into(),
        ),
        (
            set("kick.level", text("loud")),
            "kick.volume = \"loud\": it takes a number from 0 to 2, or text such as \"-6dB\"".into(),
        ),
        (set("kick.slots[5].start", Value::Int(1)), "kick has no slot 5; slots 1 to 4 are possible".into()),
        (set("fx.slots[1].start", Value::Int(1)), "fx has no slot 1; it has none".into()),
        (
            set("kick.slots[3].fiel", Value::Int(1)),
            "kick.slots[3] has no parameter \"fiel\"; did you mean \"file\"?".into(),
        ),
        (ClearSlotCommand { module: "fx".into(), slot: 0 }.into(), "fx has no slot 1; it has none".into()),
        (connect(("seq", "nots"), ("kick", "notes")), "seq has no output \"nots\"; it has \"notes\"".into()),
        (connect(("seq", "notes"), ("fx", "inn")), "fx has no input \"inn\"; it has \"in\"".into()),
        (connect(("kick", "out"), ("out", "left")), "out has no input \"left\"; it has \"in\"".into()),
        (connect(("seq", "notes"), ("fx", "in")), kinds("seq.notes -> fx.in", "events", "audio")),
        (connect(("seq", "notes"), ("out", "in")), kinds("seq.notes -> out.in", "events", "audio")),
        (connect(("lfo", "out"), ("fx", "in")), kinds("lfo.out -> fx.in", "modulation", "audio")),
        (
            connect(("kick", "out"), ("tri", "in")),
            "kick.out -> tri.in cannot be: 2 channels do not go into 3; one count must be a multiple of the other"
                .into(),
        ),
        (
            ConnectCommand {
                connection: cable(("kick", "out"), ("fx", "in")),
                cable: Cable { gain: num(17.0), ..Cable::default() },
            }
            .into(),
            "gain 17 is out of range; -16 to 16 is possible".into(),
        ),
        (modulate("kick.out", "fx.mix"), kinds("kick.out ~> fx.mix", "audio", "modulation")),
        (modulate("lfo.out", "fx.mx"), "fx (Fx) has no parameter \"mx\"; did you mean \"mix\"?".into()),
        (modulate("lfo.out", "kick.slots[1].file"), "kick.slots[1].file cannot be moved: it is no number".into()),
        (
            ModulateCommand {
                key: link("lfo.out", "fx.mix"),
                link: Link { range: Some((num(0.0), num(2.0))), ..Link::default() },
            }
            .into(),
            "range of fx.mix = 2: it lies within 0 to 1".into(),
        ),
        (
            ModulateCommand { key: link("lfo.out", "fx.mix"), link: Link { depth: num(2.0), ..Link::default() } }
                .into(),
            "depth 2 is out of range; -1 to 1 is possible".into(),
        ),
        (
            MoveControlCommand { source: "cc 1".into(), position: num(1.5) }.into(),
            "position 1.5 is out of range; 0 to 1 is possible".into(),
        ),
        (
            SetBPMCommand { bpm: num(1000.0), over: Num::ZERO }.into(),
            "tempo 1000 is out of range; 20 to 999 is possible".into(),
        ),
        (
            SetTimeSignatureCommand { signature: Signature { beats: 4, unit: 3 } }.into(),
            "unit of a signature 3 is out of range; 1, 2, 4, 8, 16 or 32 is possible".into(),
        ),
        (
            SetLoopCommand { range: Some((num(4.0), num(4.0))) }.into(),
            "length of the loop 0 is out of range; 1/64 beat and more is possible".into(),
        ),
        (SeekCommand { beat: num(-1.0) }.into(), "beat -1 is out of range; 0 to 1000000000 is possible".into()),
        (
            SeekCommand { beat: num(1e19) }.into(),
            "beat 10000000000000000000 is out of range; 0 to 1000000000 is possible".into(),
        ),
        (
            set_pattern("fill", 4, 1e-15),
            "pattern \"fill\" has 0.000000000000001 steps per beat; 1/1024 to 96 are possible, and -96 to -1/1024 backwards".into(),
        ),
        (set_pattern("fill", 0, 4.0), "pattern \"fill\" has 0 rows; 1 to 65536 are possible".into()),
        (
            set_pattern("song", 4, 4.0),
            "\"song\" is already the name of a chain; choose another name or remove it first".into(),
        ),
        (
            set_chain("beat", &[]),
            "\"beat\" is already the name of a pattern; choose another name or remove it first".into(),
        ),
        (set_chain("intro", &[entry("beat", 0)]), "chain \"intro\" entry 1: repeats from 1 to 99 are possible".into()),
        (
            RemoveChainEntryCommand { chain: "song".into(), at: 1, was: None }.into(),
            "chain \"song\" has no place 2; it has 1 entries".into(),
        ),
        (
            RemoveChainEntryCommand { chain: "song".into(), at: 0, was: Some(entry("beat", 1)) }.into(),
            "chain \"song\" has another entry 1 by now; change it by hand if need be".into(),
        ),
        (
            ClearStepCommand { pattern: "baet".into(), row: 0, column: 0 }.into(),
            "there is no pattern \"baet\"; did you mean \"beat\"?".into(),
        ),
        (
            SetStepCommand { pattern: "beat".into(), row: 0, column: 64, step: Step::default() }.into(),
            "pattern \"beat\" row 1: column 65 is too many; 64 are possible".into(),
        ),
        (
            edit("baet", Selection::default(), PatternEdit::Reverse),
            "there is no pattern \"baet\"; did you mean \"beat\"?".into(),
        ),
        (
            edit("tune", Selection { rows: Some((3, 1)), columns: None }, PatternEdit::Clear),
            "pattern \"tune\" has no rows 4 to 2; 1 to 65536 are possible".into(),
        ),
        (
            edit("tune", Selection { rows: None, columns: Some((0, 64)) }, PatternEdit::Clear),
            "pattern \"tune\" has no columns 1 to 65; 1 to 64 are possible".into(),
        ),
        (
            edit("tune", Selection::default(), PatternEdit::Transpose(num(64.0))),
            "pattern \"tune\" row 4: note 128 is out of range; 0 to 127 are possible".into(),
        ),
        (
            edit("tune", Selection::default(), PatternEdit::Shrink),
            "pattern \"tune\" row 2: two steps would come into column 1 of row 1".into(),
        ),
        (
            edit("tune", Selection { rows: Some((0, 1)), columns: None }, PatternEdit::Double),
            "pattern \"tune\" changes its length as a whole; select nothing".into(),
        ),
        (
            SetSettingCommand { name: "gird".into(), value: None }.into(),
            "there is no setting \"gird\"; did you mean \"grid\"?; `settings()` shows all".into(),
        ),
        (
            SetSettingCommand { name: "auto_route".into(), value: Some(Value::Int(7)) }.into(),
            "setting auto_route = 7: it takes true or false".into(),
        ),
        (trigger("fx", None, None), "fx is a Fx and takes no notes; trigger an instrument".into()),
        (trigger("kick", Some(200), None), "kick has no slot 201; slots 1 to 4 are possible".into()),
        (trigger("kick", None, Some(128.0)), "note 128 is out of range; 0 to 127 is possible".into()),
        (
            locked(&[("volume", Value::Num(num(1.0))), ("stat", Value::Num(num(0.5)))]),
            "kick (Kit) has no parameter \"stat\"; did you mean \"start\"?".into(),
        ),
        (
            locked(&[("voices", Value::Int(2))]),
            "voices of kick cannot be set for one note alone; these can: volume, mode, start".into(),
        ),
        (
            TriggerEventCommand {
                module: "seq".into(),
                locks: vec![("pattern".into(), text("a"))],
                ..Default::default()
            }
            .into(),
            "pattern of seq cannot be set for one note alone; none of its parameters can".into(),
        ),
        (
            locked(&[("level", Value::Int(5))]),
            "kick:trigger volume = 5: it takes a number from 0 to 2, or text such as \"-6dB\"".into(),
        ),
        (
            locked(&[("mode", text("lop"))]),
            "kick:trigger mode = \"lop\": it takes one of \"once\", \"loop\", \"grain\"; did you mean \"loop\"?".into(),
        ),
        (
            locked(&vec![("start", Value::Int(1)); 17]),
            "a note of kick cannot have 17 values of its own; at most 16 are possible".into(),
        ),
        (
            InvokeActionCommand { module: "kick".into(), action: "stopp".into() }.into(),
            "kick (Kit) has no action \"stopp\"; did you mean \"stop\"?".into(),
        ),
    ];
    for (command, expected) in table {
        let mut after = model.clone();
        let refused = after.edit(&command, &catalog).expect_err(&command.describe());
        assert_eq!(refused.to_string(), expected, "{}", command.describe());
        assert_eq!(said(&after), said(&model), "{}: nothing changed", command.describe());
    }
}

#[test]
fn circles_are_refused_with_their_names() {
    let catalog = catalog();
    let commands = [add("Fx", "a"), add("Fx", "b"), add("Lfo", "lfo"), add("Steps", "s"), add("Steps", "t")];
    let begun = commands.iter().fold(Model::default(), |m, c| m.apply(c, &catalog).expect("it can be"));
    let (there, back) = (connect(("a", "out"), ("b", "in")), connect(("b", "out"), ("a", "in")));
    let feedback = Cable { feedback: true, ..Cable::default() };
    let as_feedback = ConnectCommand { connection: cable(("b", "out"), ("a", "in")), cable: feedback };
    let notes = [connect(("s", "notes"), ("t", "thru")), connect(("t", "notes"), ("s", "thru"))];
    for (commands, circle) in [
        (vec![there.clone(), back], Some("a -> b -> a")),
        (vec![there, as_feedback.into()], None),
        (vec![connect(("a", "out"), ("a", "in"))], Some("a -> a")),
        (vec![modulate("lfo.out", "lfo.speed")], Some("lfo -> lfo")),
        (notes.into(), Some("s -> t -> s")),
    ] {
        let model = commands.iter().fold(begun.clone(), |m, c| m.apply(c, &catalog).expect("each is possible"));
        let expected = circle
            .map(|c| format!("these cables go round in a circle: {c}; take one of them out, or make it feedback"));
        assert_eq!(model.check().err().map(|e| e.to_string()), expected);
    }
}
