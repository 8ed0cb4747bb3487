//! Changes, as they reach the audio thread: on their exact sample, in order, and counted when late.

use std::sync::Arc;

use cantus_host::device::{Edge, Source};
use cantus_host::rt::message::TransportChange::{Loop, Pause, Seek, Start, Stop, Tempo};
use cantus_host::rt::message::{At, Change, Deed, FromAudio, Slabs, ToAudio, TransportChange, Trigger};
use cantus_host::rt::{
    Cable, EventRoute, InputSpec, Instance, Plan, Processor, StepSpec, Tap, Telemetry, TempoMap, TempoPoint,
};
use cantus_plugin_api::raw::{ABSENT_SLOT, Event, Note, SLOT_OF_MODULE, Value, kind};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::rig::registry;

/// In Hz: a beat is 16 samples at 60 beats per minute, a quantum 4 beats.
const RATE: f64 = 16.0;
/// Slots of the instances.
const HOLD: u32 = 0;
const STUMBLES: u32 = 1;
/// Slots of the cables: of what is heard, and of the notes.
const HEARD: u32 = 0;
const NOTES: u32 = 1;

/// A Processor that plays the number of notes that are on in a Hold.
struct Stage {
    processor: Processor,
    to_audio: Producer<ToAudio>,
    from_audio: Consumer<FromAudio>,
    telemetry: Arc<Telemetry>,
}

impl Stage {
    fn new() -> Stage {
        let ((to_audio, inbox), (outbox, from_audio)) = (RingBuffer::new(64), RingBuffer::new(64));
        let telemetry = Arc::<Telemetry>::default();
        let processor = Processor::new(RATE, 60.0, inbox, outbox, telemetry.clone());
        let mut stage = Stage { processor, to_audio, from_audio, telemetry };
        stage.send(At::Now, hold());
        stage
    }

    fn send(&mut self, at: At, change: Change) {
        let full = self.to_audio.push(ToAudio::Change(Box::new(Change { at, ..change })));
        assert!(full.is_ok(), "there is room");
    }

    fn deeds(&mut self, at: At, deeds: &[Deed]) {
        self.send(at, Change { deeds: deeds.to_vec(), ..Change::default() });
    }

    /// Plays quanta: each sample at which the number of notes changed, with the number, from sample 0 on.
    fn play(&mut self, quanta: usize) -> Vec<(u64, f32)> {
        let mut heard = vec![(0, 0.0)];
        for _ in 0..quanta {
            let sample = self.processor.sample();
            let [left, _] = self.processor.quantum();
            for (frame, x) in left.iter().enumerate() {
                if heard.last().is_some_and(|(_, last)| last != x) {
                    heard.push((sample + frame as u64, *x));
                }
            }
        }
        heard.split_off(1)
    }

    /// Where Changes took effect, but for the first.
    fn applied(&mut self) -> Vec<u64> {
        let mut samples = Vec::new();
        while let Ok(message) = self.from_audio.pop() {
            if let FromAudio::Applied { sample, .. } = message {
                samples.push(sample);
            }
        }
        samples.split_off(1)
    }
}

fn instance(module_type: &str) -> Option<Box<Instance>> {
    Some(Box::new(registry().instantiate(module_type, 1, 1, RATE).expect("the fixture is there")))
}

/// A Hold alone.
fn hold() -> Change {
    Change {
        slabs: Some(Slabs { instances: vec![None, None], cables: vec![None, None] }),
        instances: vec![(HOLD, instance("Hold"))],
        cables: vec![(HEARD, Some(Box::new(Cable::audio(1, RATE))))],
        plan: Some(Box::new(plan(Vec::new()))),
        deeds: vec![Deed::Gain { cable: HEARD, from: HOLD, to: u32::MAX, gain: 1.0 }],
        ..Change::default()
    }
}

/// What plays the Hold, and the Hold on both channels.
fn plan(events: Vec<EventRoute>) -> Plan {
    let step = |instance| StepSpec { instance, ..StepSpec::default() };
    let sources = events.iter().map(|route| step(route.from)).collect::<Vec<_>>();
    let hold = StepSpec { outputs: vec![vec![1]], events, ..step(HOLD) };
    Plan::new(4, [sources, vec![hold]].concat(), out(vec![1]), Vec::new())
}

/// What is heard: these buffers.
fn out(channels: Vec<u32>) -> InputSpec {
    let heard = Tap { cable: HEARD, channels, late: false };
    InputSpec { channels: vec![2, 3], connected: true, cables: vec![heard] }
}

fn note(length: Option<f64>) -> Deed {
    let note = Note { pitch: 60.0, velocity: 1.0, slot: ABSENT_SLOT, column: 0, instrument: 0, glide: f32::NAN };
    Deed::Trigger(Trigger {
        instance: HOLD,
        event: Event::with_note(kind::NOTE_ON, 0, 0, note),
        locks: Box::default(),
        length,
    })
}

fn act(change: TransportChange) -> Deed {
    Deed::Transport(change)
}

#[test]
fn deeds_are_done_on_their_exact_sample_and_in_order() {
    let beat = |beat| At::Beat { beat, lap: 0, epoch: 0 };
    let sped_up = [act(Tempo { bpm: 120.0, over: 0.0 })];
    for (name, changes, applied, heard) in [
        ("a sample", vec![(At::Sample(70), vec![note(None)])], vec![70], vec![(70, 1.0)]),
        ("a length", vec![(At::Sample(10), vec![note(Some(2.0))])], vec![10], vec![(10, 1.0), (42, 0.0)]),
        (
            "two in a quantum",
            vec![(At::Sample(5), vec![note(None)]), (At::Sample(7), vec![note(None)])],
            vec![5, 7],
            vec![(5, 1.0), (7, 2.0)],
        ),
        (
            "now comes after what came before",
            vec![(At::Sample(70), vec![note(None)]), (At::Now, vec![note(None)])],
            vec![70, 70],
            vec![(70, 2.0)],
        ),
        ("a beat", vec![(At::Now, vec![act(Start)]), (beat(5.0), vec![note(None)])], vec![0, 80], vec![(80, 1.0)]),
        (
            "a beat after a change of tempo",
            vec![(At::Now, vec![act(Start)]), (At::Sample(32), sped_up.to_vec()), (beat(5.0), vec![note(None)])],
            vec![0, 32, 56],
            vec![(56, 1.0)],
        ),
        ("a beat while stopped", vec![(beat(5.0), vec![note(None)])], vec![0], vec![(0, 1.0)]),
        (
            "a beat of an epoch that is over",
            vec![(At::Now, vec![act(Start)]), (At::Sample(9), vec![act(Seek(1.0))]), (beat(5.0), vec![note(None)])],
            vec![0, 9, 9],
            vec![(9, 1.0)],
        ),
        (
            "a beat beyond the loop",
            vec![(At::Now, vec![act(Start), act(Loop(Some((0.0, 5.0))))]), (beat(7.0), vec![note(None)])],
            vec![0, 80],
            vec![(80, 1.0)],
        ),
        (
            "a stop ends what is on, on its sample",
            vec![(At::Now, vec![act(Start), note(None)]), (At::Sample(70), vec![act(Stop), note(None), note(None)])],
            vec![0, 70],
            vec![(0, 1.0), (70, 2.0)],
        ),
        (
            "a pause ends what has not ended by then",
            vec![(At::Now, vec![act(Start), note(Some(1.0)), note(None)]), (At::Sample(40), vec![act(Pause)])],
            vec![0, 40],
            vec![(0, 2.0), (16, 1.0), (40, 0.0)],
        ),
    ] {
        let mut stage = Stage::new();
        for (at, deeds) in &changes {
            stage.deeds(*at, deeds);
        }
        assert_eq!(stage.play(3), heard, "{name}");
        assert_eq!(stage.applied(), applied, "{name}");
        assert_eq!(stage.telemetry.late_changes(), 0, "{name}");
    }
}

#[test]
fn what_comes_too_late_is_counted() {
    let mut stage = Stage::new();
    stage.deeds(At::Now, &[act(Start)]);
    stage.play(1);
    stage.deeds(At::Sample(50), &[]); // 14 samples
    stage.deeds(At::Beat { beat: 3.0, lap: 0, epoch: 0 }, &[]); // at 48: 16 samples
    stage.deeds(At::Sample(64), &[]);
    stage.deeds(At::Sample(100), &[]);
    stage.deeds(At::Sample(90), &[]); // after the one before: 10 samples
    stage.play(1);
    assert_eq!(stage.applied(), [0, 64, 64, 64, 100, 100]);
    assert_eq!((stage.telemetry.late_changes(), stage.telemetry.worst_lateness()), (3, 16));
}

#[test]
fn what_is_not_due_is_never_overtaken() {
    let mut stage = Stage::new();
    stage.deeds(At::Now, &[act(Start)]);
    stage.deeds(At::Beat { beat: 10.0, lap: 0, epoch: 0 }, &[]);
    stage.deeds(At::Now, &[act(Stop), note(None)]);
    assert_eq!(stage.play(4), [(160, 1.0)]);
    assert_eq!(stage.applied(), [0, 160, 160]);
}

#[test]
fn structure_is_there_from_the_first_frame_of_its_quantum() {
    let mut stage = Stage::new();
    stage.deeds(At::Now, &[note(None)]);
    stage.play(1);
    let none = Plan::empty();
    let away = Change { instances: vec![(HOLD, None)], plan: Some(Box::new(none)), ..Change::default() };
    stage.send(At::Sample(64 + 40), away);
    assert_eq!(stage.play(1), []);
    let mut back = hold();
    (back.slabs, back.cables) = (None, Vec::new());
    back.deeds.push(note(None));
    stage.send(At::Sample(128 + 40), back);
    assert_eq!(stage.play(1), [(128 + 40, 1.0)]);
}

#[test]
fn a_new_module_never_plays_its_defaults() {
    let mut stage = Stage::new();
    let value = |value| {
        let value = Value { index: 0, slot: SLOT_OF_MODULE, reserved: 0, value };
        Deed::Event(HOLD, Event::with_value(kind::PARAM, 0, 0, value))
    };
    let constant = StepSpec { instance: HOLD, outputs: vec![vec![1, 4]], ..StepSpec::default() };
    let constant = Change {
        instances: vec![(HOLD, instance("Constant"))],
        plan: Some(Box::new(Plan::new(5, vec![constant], out(vec![1, 4]), Vec::new()))),
        deeds: vec![value(0.25)],
        ..Change::default()
    };
    // Its default is 1. Values that come later are on their frame.
    stage.send(At::Sample(40), constant);
    stage.deeds(At::Sample(70), &[value(0.5)]);
    assert_eq!(stage.play(2), [(0, 0.25), (70, 0.5)]);
}

#[test]
fn telemetry_knows_how_much_the_device_takes_at_once() {
    let stage = Stage::new();
    let mut source = Source::new(stage.processor);
    source.fill(&mut [0.0; 2 * 96], 2);
    assert_eq!(stage.telemetry.block(), 96);
    let mut edge = Edge::new(source, 48_000.0, 96_000.0, 2).expect("both are common rates");
    edge.fill(&mut [0.0; 2 * 512]);
    assert_eq!(stage.telemetry.block(), 256, "at the engine's rate");
}

#[test]
fn notes_on_cables_end_on_the_frame_of_a_jump() {
    let route = EventRoute { from: STUMBLES, from_port: 0, to_port: 0, cable: NOTES, late: false };
    for (name, change, ends) in [
        ("stop", Stop, true),
        ("seek", Seek(3.0), true),
        ("pause", Pause, true),
        ("tempo", Tempo { bpm: 90.0, over: 0.0 }, false),
        ("loop", Loop(Some((0.0, 1.0))), false),
    ] {
        let mut stage = Stage::new();
        let add = Change {
            instances: vec![(STUMBLES, instance("Stumbles"))],
            cables: vec![(NOTES, Some(Box::new(Cable::events(false))))],
            plan: Some(Box::new(plan(vec![route]))),
            deeds: vec![act(Start)],
            ..Change::default()
        };
        stage.send(At::Now, add);
        stage.deeds(At::Sample(23), &[act(change)]);
        let expected = if ends { vec![(0, 1.0), (23, 0.0)] } else { vec![(0, 1.0)] };
        assert_eq!(stage.play(2), expected, "{name}: in the quantum in which the note begins");
    }
}

#[test]
fn a_tempo_map_comes_and_its_predecessor_goes_home() {
    let point = |beat, bpm| TempoPoint { beat, bpm, ramp: false };
    let map = |points: &[TempoPoint]| Some(Box::new(TempoMap::new(points.to_vec())));
    let mut stage = Stage::new();
    stage.deeds(At::Now, &[act(Start)]);
    stage.send(At::Sample(20), Change { tempo: map(&[point(2.0, 120.0)]), ..Change::default() });
    stage.play(1);
    // 32 samples at 60, 32 at 120.
    let reading = stage.telemetry.reading();
    assert_eq!((reading.sample, reading.beat, reading.bpm, reading.playing), (64, 6.0, 120.0, true));
    stage.send(At::Now, Change { tempo: map(&[]), ..Change::default() });
    stage.play(1);
    assert_eq!(stage.telemetry.reading().bpm, 60.0);
    let homes = std::iter::from_fn(|| stage.from_audio.pop().ok());
    let maps: Vec<TempoMap> = homes
        .filter_map(|m| match m {
            FromAudio::Applied { change, .. } => change.tempo.map(|map| *map),
            _ => None,
        })
        .collect();
    assert_eq!(maps, [TempoMap::default(), TempoMap::new(vec![point(2.0, 120.0)])]);
}
