//! The Processor with both rings, on two threads: everything that crosses, again and again, and home. Small, so that
//! Miri can run it: `make miri` sees pointers that are used too late, races and leaks, which a plain run does not.

mod echo;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cantus_plugin_api::raw::{ABSENT_SLOT, Event, Note, SLOT_OF_MODULE, Section, Step, Value, kind};
use rtrb::{Consumer, Producer, PushError, RingBuffer};

use super::Processor;
use crate::rt::message::{At, Change, Deed, FromAudio, Slabs, ToAudio, TransportChange, Trigger};
use crate::rt::{
    Cable, Data, Delivery, EventRoute, Fault, Handles, InputSpec, Keeper, Kept, LinkRoute, Modulated, PatternMemory,
    Plan, SampleMemory, SequenceMemory, Shape, StepSpec, Tap, Telemetry, TempoMap, TempoPoint,
};

use echo::{PANIC, SOUND, VALUE, echo};

/// In Hz: a ramp of a gain is one frame.
const RATE: f64 = 100.0;
/// Name of the thread that runs quanta.
const AUDIO: &str = "audio";

/// Slots of the instances.
const SENDER: u32 = 0;
const PLAYER: u32 = 1;
/// Slots of what joins them; what is `LATE` takes a quantum.
const NOTES: u32 = 0;
const LATE_NOTES: u32 = 1;
const LINK: u32 = 2;
const LATE_LINK: u32 = 3;
const TARGET: u32 = 4;
const FED: u32 = 5;
const LATE_FED: u32 = 6;
const HEARD: u32 = 7;
const ALSO_HEARD: u32 = 8;

fn cable(slot: u32) -> (u32, Option<Box<Cable>>) {
    let cable = match slot {
        NOTES => Cable::events(false),
        LATE_NOTES => Cable::events(true),
        LINK | LATE_LINK => Cable::link(),
        TARGET => Cable::target(0.25),
        _ => Cable::audio(1, RATE),
    };
    (slot, Some(Box::new(cable)))
}

/// The sender plays and is told of the player's notes a quantum later; the player hears the sender and, if `back`,
/// itself a quantum later, and is moved by both.
fn plan(back: bool) -> Box<Plan> {
    let notes = |from, cable, late| vec![EventRoute { from, from_port: 0, to_port: 0, cable, late }];
    let shape = Shape { follow: 0.5, power: 1.0, bipolar: true, amount: 0.25 };
    let link = |cable, from, late| LinkRoute { cable, from, port: 0, late, shape };
    let links = vec![link(LINK, SENDER, false), link(LATE_LINK, PLAYER, true)];
    let range = (0.0, 1.0);
    let modulated = Modulated { target: TARGET, index: VALUE, slot: SLOT_OF_MODULE, range, whole: false, links };
    let tap = |cable, buffer, late| Tap { cable, channels: vec![buffer], late };
    let fed = [tap(FED, 1, false)].into_iter().chain(back.then(|| tap(LATE_FED, 3, true)));
    let sender = StepSpec {
        instance: SENDER,
        inputs: vec![InputSpec { channels: vec![6], ..InputSpec::default() }],
        outputs: vec![vec![1]],
        events: notes(PLAYER, LATE_NOTES, true),
        ..StepSpec::default()
    };
    let player = StepSpec {
        instance: PLAYER,
        inputs: vec![InputSpec { channels: vec![2], connected: true, cables: fed.collect() }],
        outputs: vec![vec![3]],
        dry: true,
        events: notes(SENDER, NOTES, false),
        modulated: vec![modulated],
        ..StepSpec::default()
    };
    let heard = vec![tap(HEARD, 3, false), tap(ALSO_HEARD, 1, false)];
    let out = InputSpec { channels: vec![4, 5], connected: true, cables: heard };
    let mut kept = vec![
        Kept::Events { cable: LATE_NOTES, from: PLAYER, port: 0 },
        Kept::Link { cable: LATE_LINK, from: PLAYER, port: 0 },
    ];
    kept.extend(back.then(|| Kept::Audio { cable: LATE_FED, from: PLAYER, port: 0, channels: vec![3] }));
    Box::new(Plan::new(7, vec![sender, player], out, kept))
}

fn slabs(more: usize) -> Slabs {
    let (mut instances, mut cables) = (Vec::new(), Vec::new());
    instances.resize_with(2 + more, || None);
    cables.resize_with(9 + more, || None);
    Slabs { instances, cables }
}

fn gain(cable: u32, from: u32, gain: f32) -> Deed {
    // It leads to nothing that comes in by itself.
    Deed::Gain { cable, from, to: u32::MAX, gain }
}

fn gains() -> Vec<Deed> {
    vec![gain(FED, SENDER, 1.0), gain(LATE_FED, PLAYER, 0.5), gain(HEARD, PLAYER, 1.0), gain(ALSO_HEARD, SENDER, 0.5)]
}

fn value(value: f64) -> Event {
    Event::with_value(kind::PARAM, 0, 0, Value { index: VALUE, slot: SLOT_OF_MODULE, reserved: 0, value })
}

fn trigger(length: f64) -> Deed {
    let note = Note { pitch: 60.0, velocity: 1.0, slot: ABSENT_SLOT, column: 0, instrument: 0, glide: f32::NAN };
    let event = Event::with_note(kind::NOTE_ON, 0, 0, note);
    Deed::Trigger(Trigger { instance: PLAYER, event, locks: Box::default(), length: Some(length) })
}

/// Everything that plays.
fn begin() -> Change {
    Change {
        slabs: Some(slabs(0)),
        instances: vec![(SENDER, Some(echo(1))), (PLAYER, Some(echo(2)))],
        cables: (NOTES..=ALSO_HEARD).map(cable).collect(),
        plan: Some(plan(true)),
        deeds: [gains(), vec![Deed::Transport(TransportChange::Start)]].concat(),
        ..Change::default()
    }
}

/// What a session may do to it, one after the other; what it gives out, `keeper` keeps.
fn change(round: usize, now: u64, keeper: &mut Keeper) -> Change {
    let empty = Change { number: round as u64, ..Change::default() };
    match round % 9 {
        0 => Change { plan: Some(plan(round.is_multiple_of(2))), ..empty },
        1 => {
            let mut player = echo(3);
            player.fade_in();
            let deeds = vec![Deed::Event(PLAYER, value(0.5)), Deed::Base { target: TARGET, value: 0.5 }];
            Change { instances: vec![(PLAYER, Some(player))], deeds, ..empty }
        }
        2 => Change { slabs: Some(slabs(round)), plan: Some(plan(round.is_multiple_of(2))), ..empty },
        3 => {
            let point = |beat, bpm, ramp| TempoPoint { beat, bpm, ramp };
            let map = TempoMap::new(vec![point(0.0, 60.0 + round as f64, true), point(64.0, 240.0, false)]);
            let deeds = vec![Deed::Transport(TransportChange::Seek(1.0)), trigger(0.5)];
            Change { at: At::Sample(now + 100), tempo: Some(Box::new(map)), deeds, ..empty }
        }
        4 => {
            let data = if round.is_multiple_of(2) {
                Data::Sample(SampleMemory::new(&[vec![0.25; 8], vec![0.5; 8]], RATE, Default::default()))
            } else {
                let pattern =
                    PatternMemory::new((4, 4.0, false), 1, vec![Step { chance: 0.5, ..Step::new(3, 0) }], Vec::new());
                let section = Section {
                    pattern: std::ptr::null(),
                    start: 0.0,
                    rows: 4,
                    repeats: u32::MAX,
                    turn: 0,
                    turns: 0,
                    entry: 0,
                    transpose: 0.0,
                };
                Data::Sequence(SequenceMemory::new(1, vec![(0.0, f64::INFINITY, vec![(pattern, section)])]))
            };
            let mut handles = Handles::default();
            let deeds = [SENDER, PLAYER].map(|to| Deed::Event(to, handles.bind(SOUND, SLOT_OF_MODULE, Some(&data))));
            keeper.keep(&handles);
            Change { deeds: deeds.to_vec(), handles, ..empty }
        }
        5 => {
            let cables = vec![cable(HEARD), cable(NOTES)];
            Change {
                at: At::Beat { beat: 2.0, lap: 0, epoch: 1 },
                cables,
                deeds: vec![gain(HEARD, PLAYER, 0.5)],
                ..empty
            }
        }
        6 => Change { deeds: vec![trigger(4.0), Deed::Enable(PLAYER, false), Deed::Enable(SENDER, false)], ..empty },
        7 => {
            let close = Deed::Close { cable: NOTES, to: PLAYER };
            Change { deeds: vec![Deed::Enable(PLAYER, true), Deed::Enable(SENDER, true), close], ..empty }
        }
        _ => Change {
            instances: vec![(SENDER, Some(echo(4)))],
            cables: vec![cable(FED), (LATE_NOTES, None)],
            deeds: [vec![Deed::Panic], gains(), vec![Deed::Retire(PLAYER)]].concat(),
            ..empty
        },
    }
}

/// Control's ends of both rings, and the Processor.
fn rings(room: usize) -> (Producer<ToAudio>, Consumer<FromAudio>, Processor, Arc<Telemetry>) {
    let ((to_audio, inbox), (outbox, from_audio)) = (RingBuffer::new(room), RingBuffer::new(room));
    let telemetry = Arc::<Telemetry>::default();
    (to_audio, from_audio, Processor::new(RATE, 120.0, inbox, outbox, telemetry.clone()), telemetry)
}

fn send(to_audio: &mut Producer<ToAudio>, change: Change) {
    assert!(to_audio.push(ToAudio::Change(Box::new(change))).is_ok(), "there is room");
}

/// Buries what has come home, and makes what is asked for; the numbers of the Changes.
fn bury(from_audio: &mut Consumer<FromAudio>, numbers: &mut Vec<u64>, made: &mut Vec<Delivery>) {
    while let Ok(message) = from_audio.pop() {
        match message {
            FromAudio::Applied { change, .. } => numbers.push(change.number),
            FromAudio::Work { slot, desk, places, .. } => {
                assert_eq!(places, 1, "there is one place");
                made.push(Delivery { slot, place: 0, parcel: desk.make(0).ok() });
            }
            _ => {}
        }
    }
}

#[test]
fn everything_crosses_both_ways() {
    let rounds = if cfg!(miri) { 27 } else { 2_000 };
    let (mut to_audio, mut from_audio, mut processor, telemetry) = rings(4);
    let (mut keeper, mut numbers, over) = (Keeper::default(), Vec::new(), AtomicBool::new(false));
    // What is asked for, when there is room for the question.
    let mut made = Vec::new();
    send(&mut to_audio, begin());
    let play = || {
        while !over.load(Ordering::Acquire) {
            let [left, right] = processor.quantum();
            assert!(left.iter().chain(right).all(|x| x.is_finite()));
            std::thread::yield_now();
        }
        processor
    };
    let processor = std::thread::scope(|scope| {
        let audio = std::thread::Builder::new().name(AUDIO.into()).spawn_scoped(scope, play).expect("a thread");
        for round in 1..=rounds {
            let change =
                Change { made: std::mem::take(&mut made), ..change(round, telemetry.reading().sample, &mut keeper) };
            let mut message = ToAudio::Change(Box::new(change));
            while let Err(PushError::Full(back)) = to_audio.push(message) {
                message = back;
                bury(&mut from_audio, &mut numbers, &mut made);
                std::thread::yield_now();
            }
            drop(keeper.sweep());
        }
        while numbers.len() <= rounds && !audio.is_finished() {
            bury(&mut from_audio, &mut numbers, &mut made);
            std::thread::yield_now();
        }
        over.store(true, Ordering::Release);
        audio.join().expect("no quantum panics")
    });
    assert_eq!(numbers, (0..=rounds as u64).collect::<Vec<_>>(), "each comes home once, in order");
    drop((processor, made));
    keeper.sweep();
    assert!(keeper.sweep().is_empty(), "nothing is held any more");
    assert_eq!(echo::buried_on_audio(), 0, "what is buried is buried on control");
}

#[test]
fn what_finds_no_room_waits() {
    let (mut to_audio, mut from_audio, mut processor, _) = rings(1);
    send(&mut to_audio, begin());
    processor.quantum();
    let panic = Value { index: PANIC, slot: SLOT_OF_MODULE, reserved: 0, value: 0.0 };
    let deeds = vec![Deed::Event(PLAYER, Event::with_value(kind::ACTION, 0, 0, panic))];
    send(&mut to_audio, Change { number: 1, deeds, plan: Some(plan(false)), ..Change::default() });
    let mut came = |processor: &mut Processor| {
        processor.quantum();
        let came = match from_audio.pop() {
            Ok(FromAudio::Applied { change, .. }) => format!("change {}", change.number),
            Ok(FromAudio::Fault { ticket, fault: Fault::Failed(_) }) => format!("{ticket} failed"),
            Ok(FromAudio::Fault { ticket, fault: Fault::NotFinite }) => format!("{ticket} is not finite"),
            Ok(FromAudio::RungOut { slot }) => format!("{slot} has rung out"),
            Ok(FromAudio::Request { ticket, .. }) => format!("{ticket} asks"),
            Ok(FromAudio::Work { .. } | FromAudio::Said { .. }) => "something else".into(),
            Err(_) => "nothing".into(),
        };
        assert!(from_audio.is_empty(), "one finds room");
        came
    };
    let expected = ["change 0", "change 1", "2 failed", "nothing"];
    assert_eq!(expected.map(|_| came(&mut processor)), expected);
}
