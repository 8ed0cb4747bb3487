//! A module inside the test itself, behind the same tables as one in a library.

use std::ffi::c_void;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use abi_stable::std_types::{RResult, RStr, RString};
use cantus_plugin_api::raw::{self, FactoryRef, ProcessRef, WorkRef};
use cantus_plugin_api::{
    Block, Data, Derived, Described, Event, GUARD_FRAMES, Init, Key, Module, NoteId, NoteOn, Sample, Sequence, Shape,
    Span, export,
};

use super::{AUDIO, RATE};
use crate::rt::{Build, Instance};

/// Index of the parameter that is a number.
pub const VALUE: u16 = 0;
/// Index of the parameter that is data.
pub const SOUND: u16 = 1;
/// Index of the action at which it panics.
pub const PANIC: u16 = 0;

static BURIED_ON_AUDIO: AtomicUsize = AtomicUsize::new(0);

/// How many were dropped where nothing may be.
pub fn buried_on_audio() -> usize {
    BURIED_ON_AUDIO.load(Ordering::Relaxed)
}

/// A new instance.
pub fn echo(id: u64) -> Box<Instance> {
    extern "C" fn log(_instance: u64, _level: u32, _text: RStr<'_>) {}
    let (factory, process, work) = tables();
    let init = raw::Init { size: size_of::<raw::Init>() as u32, cpu: 0, rate: RATE, seed: 1, instance: id, log };
    let made = factory.create()(RStr::from_str(Echo::TYPE), &init).into_result().expect("it can be made");
    // The SDK's hook would swallow what a failing test has to say.
    drop(std::panic::take_hook());
    let build = Build { values: 2, meters: 1, mods: 1, rate: RATE, fed: true, effect: true, tail: 0 };
    // SAFETY: just created by this factory, and given to nobody else; all tables are of one library.
    unsafe {
        let mut instance = Instance::new(id, NonNull::new(made).expect("an instance"), (factory, process), build);
        instance.employ(work);
        instance.made_by(id);
        Box::new(instance)
    }
}

/// Made once, as by a library: they are never freed.
fn tables() -> (FactoryRef, ProcessRef, WorkRef) {
    static TABLES: OnceLock<(FactoryRef, ProcessRef, WorkRef)> = OnceLock::new();
    let table = |id| export::extension(RStr::from_str(id), create).into_option().expect("the SDK has it");
    *TABLES.get_or_init(|| {
        let (factory, process, work) = (table(raw::FACTORY), table(raw::PROCESS), table(raw::WORK));
        let same = "the same layout";
        (
            factory.get(raw::FACTORY).expect(same),
            process.get(raw::PROCESS).expect(same),
            work.get(raw::WORK).expect(same),
        )
    })
}

extern "C" fn create(module_type: RStr<'_>, init: &raw::Init) -> RResult<*mut c_void, RString> {
    export::create(|_, init| export::new::<Echo>(init), module_type, init)
}

/// Puts out what comes in, what it is set to for each note that is on, its data, and what a worker makes of the value that
/// it has then; sends notes and modulation.
struct Echo {
    prepared: Derived<f32, Prepared>,
    value: f32,
    sound: Option<Sample>,
    sequence: Option<Sequence>,
    on: usize,
    sent: Option<NoteId>,
    quanta: u32,
}

/// What a worker makes.
struct Prepared(Vec<f32>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Value,
    Sound,
}

impl Key for Name {
    fn from_index(index: usize) -> Option<Self> {
        [Name::Value, Name::Sound].get(index).copied()
    }
    fn index(self) -> usize {
        self as usize
    }
}

impl Described for Echo {
    type Param = Name;
    type SlotParam = Name;
    type Action = Name;
    type Meter = Name;
    const TYPE: &'static str = "Echo";
    const SHAPE: Shape = Shape {
        inputs: &[1],
        outputs: &[1],
        mod_outputs: 1,
        params: &[Some(Span { min: 0.0, max: 1.0, default: 0.0, whole: false }), None],
        slot_params: &[],
        slots: 0,
    };
}

impl Module for Echo {
    fn new(init: &Init) -> Result<Self, String> {
        let prepared = Derived::new(init, |value| Ok(Prepared(vec![value; 8])));
        Ok(Echo { prepared, value: 0.0, sound: None, sequence: None, on: 0, sent: None, quanta: 0 })
    }

    fn reset(&mut self) {
        (self.value, self.sound, self.sequence, self.on, self.sent, self.quanta) = (0.0, None, None, 0, None, 0);
    }

    fn event(&mut self, event: Event<Self>, _: usize, _: &mut Block<'_>) {
        if let Event::Bind { .. } = event {
            self.prepared.ask(self.value);
        }
        match event {
            Event::NoteOn(_) => self.on += 1,
            Event::NoteOff(_) | Event::Choke(_) => self.on = self.on.saturating_sub(1),
            Event::Param { value, .. } => self.value = value as f32,
            Event::Action(_) => panic!("it was told to"),
            Event::Bind { data: Data::Sample(sample), .. } => self.sound = Some(sample),
            Event::Bind { data: Data::Sequence(sequence), .. } => self.sequence = Some(sequence),
            _ => {}
        }
    }

    fn process(&mut self, block: &mut Block<'_>, frames: Range<usize>) {
        if frames.start == 0 {
            self.quanta += 1;
            if let Some(note) = self.sent.take() {
                let _ = block.note_off(0, 0, note);
            } else {
                let note = NoteId(self.quanta);
                let on = NoteOn::new(note);
                self.sent = block.note_on(0, 0, on).is_ok().then_some(note);
            }
            block.modulate(0, if self.sent.is_some() { 1.0 } else { -1.0 });
            block.meter(Name::Value, self.on as f32);
        }
        let sound = self.sound.as_ref().map_or(0.0, |s| s.guarded(1)[GUARD_FRAMES] + s.guarded(0)[0]);
        let pattern = self.sequence.as_ref().map(|sequence| sequence.course(0).sections()[0].pattern());
        let step = pattern.and_then(|p| p.row(p.rows() - 1).next()).map_or(0.0, |(_, step)| step.chance);
        let prepared = self.prepared.get().map_or(0.0, |prepared| prepared.0[7]);
        let playing = if block.transport().playing() { self.value * self.on.min(4) as f32 } else { 0.0 };
        let (inputs, mut outputs) = block.audio();
        let (dry, mut wet) = (inputs.port(0).channel(0), outputs.port(0));
        for frame in frames {
            wet.channel(0)[frame] += 0.5 * dry[frame] + playing + sound + step + prepared;
        }
    }
}

/// Something is dropped.
fn bury() {
    let here = std::thread::current();
    BURIED_ON_AUDIO.fetch_add(usize::from(here.name() == Some(AUDIO)), Ordering::Relaxed);
}

impl Drop for Echo {
    fn drop(&mut self) {
        bury();
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        bury();
    }
}
