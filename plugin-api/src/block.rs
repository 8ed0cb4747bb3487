//! One quantum, as a module sees it.

use std::fmt::{Display, Write};
use std::marker::PhantomData;
use std::ops::Range;

use crate::derived::Made;
use crate::event::NoteOn;
use crate::module::Key;
use crate::raw::{self, flag, kind};
use crate::transport::Transport;

/// Who a note is: unique among the notes a module receives, and among those it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NoteId(pub u32);

/// The event output, or what a module says, has no room left in this quantum; the host counts what was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// One quantum: inputs, outputs, event output, transport and meters of one instance. Audio thread.
///
/// Ports, meters and modulation outputs are named by what `export!` generates, such as `input::IN` and `Meter::Peak`.
///
/// ```
/// # use cantus_plugin_api::Block;
/// /// Ring modulation by the beat: both channels of the first output.
/// fn beat(block: &mut Block<'_>, frames: std::ops::Range<usize>) {
///     let (first, transport) = (block.sample(), block.transport());
///     let (inputs, mut outputs) = block.audio();
///     let (dry, mut wet) = (inputs.port(0), outputs.port(0));
///     if dry.silent() {
///         return;
///     }
///     for frame in frames {
///         let gain = transport.beat_at(first + frame as u64).fract() as f32;
///         for channel in 0..wet.channels() {
///             wet.channel(channel)[frame] = gain * dry.channel(channel)[frame];
///         }
///     }
/// }
/// ```
pub struct Block<'a> {
    raw: *mut raw::Block,
    life: PhantomData<&'a mut raw::Block>,
}

impl<'a> Block<'a> {
    /// # Safety
    /// `raw` is what the host passed to `process`: live and unshared for `'a`, with everything its counts say.
    pub(crate) unsafe fn new(raw: *mut raw::Block) -> Block<'a> {
        Block { raw, life: PhantomData }
    }

    fn raw(&self) -> &'a raw::Block {
        // SAFETY: as promised to `new`; nothing mutates the record itself during the call.
        unsafe { &*self.raw }
    }

    /// The events in, sorted by frame.
    pub(crate) fn events(&self) -> &'a [raw::Event] {
        // SAFETY: as promised to `new`.
        unsafe { slice(self.raw().events, self.raw().event_count) }
    }

    /// Absolute sample of frame 0.
    pub fn sample(&self) -> u64 {
        self.raw().sample
    }

    /// Where the music is.
    pub fn transport(&self) -> Transport<'a> {
        // SAFETY: as promised to `new`; the host passes at least one segment.
        unsafe { Transport::new(&*self.raw().transport) }
    }

    /// Inputs and outputs of all 64 frames.
    pub fn audio(&mut self) -> (Inputs<'_>, Outputs<'_>) {
        let raw = self.raw();
        // SAFETY: as promised to `new`; the outputs are reachable only through this `&mut self`.
        unsafe {
            (
                Inputs { ports: slice(raw.inputs, raw.input_count) },
                Outputs { ports: slice(raw.outputs, raw.output_count) },
            )
        }
    }

    /// Shows a value. It stays until the next.
    pub fn meter<K: Key>(&mut self, meter: K, value: f32) {
        self.meter_at(meter, 0, value);
    }

    /// Shows a value on number `n`, from 0, of a meter with a `count`. What has no place is not shown.
    pub fn meter_at<K: Key>(&mut self, meter: K, n: usize, value: f32) {
        let place = meter.index().saturating_add(n);
        if K::from_index(place) == Some(meter) && place < self.raw().meter_count as usize {
            // SAFETY: as promised to `new`, there are `meter_count` meters.
            unsafe { *self.raw().meters.add(place) = value };
        }
    }

    /// Puts a value, -1 to 1, on a modulation output (a generated constant). It stays until the next.
    pub fn modulate(&mut self, output: usize, value: f32) {
        if output < self.raw().mod_count as usize {
            // SAFETY: as promised to `new`, there are `mod_count` modulation outputs.
            unsafe { *self.raw().mods.add(output) = value };
        }
    }

    /// Emits a note on an event port at `frame`. Frames must not go back within a quantum.
    ///
    /// # Errors
    /// [`Full`]: room is kept for note-offs.
    pub fn note_on(&mut self, port: usize, frame: usize, on: NoteOn) -> Result<(), Full> {
        self.emit(port, raw::Event::with_note(kind::NOTE_ON, frame as u16, on.note.0, on.to_raw()))
    }

    /// Ends a note it has emitted.
    ///
    /// # Errors
    /// [`Full`]: even the room kept for note-offs is used up; try again in the next quantum.
    pub fn note_off(&mut self, port: usize, frame: usize, note: NoteId) -> Result<(), Full> {
        self.emit(port, raw::Event::bare(kind::NOTE_OFF, frame as u16, note.0))
    }

    /// Emits a note with values that a step locks for it, which each receiver gets as parameters of its own.
    ///
    /// # Errors
    /// [`Full`]: not all of it finds room, and nothing is emitted.
    pub fn note_on_locked(&mut self, port: usize, frame: usize, on: NoteOn, locks: &[raw::Lock]) -> Result<(), Full> {
        // SAFETY: as in `emit`.
        let writer = unsafe { &mut *self.raw().writer };
        let room = writer.capacity.saturating_sub(writer.reserve).saturating_sub(writer.len);
        if room as usize <= locks.len() {
            writer.refused += 1;
            return Err(Full);
        }
        for lock in locks {
            let value = raw::Value { index: lock.lock, slot: raw::SLOT_OF_LOCK, reserved: 0, value: lock.value };
            self.emit(port, raw::Event::with_value(kind::NOTE_PARAM, frame as u16, on.note.0, value))?;
        }
        self.note_on(port, frame, on)
    }

    /// Ends a note it has emitted at once, without its release.
    ///
    /// # Errors
    /// As [`note_off`](Block::note_off).
    pub fn choke(&mut self, port: usize, frame: usize, note: NoteId) -> Result<(), Full> {
        self.emit(port, raw::Event::bare(kind::CHOKE, frame as u16, note.0))
    }

    /// Asks the host to set a parameter of the module's own, as a person would: the value comes back as an event, is
    /// saved with the session, and may be refused. For what a module learns or measures, not for modulation: a few a
    /// second.
    ///
    /// # Errors
    /// [`Full`]: ask again in the next quantum.
    pub fn request<K: Key>(&mut self, param: K, value: f64) -> Result<(), Full> {
        self.ask(param.index(), raw::SLOT_OF_MODULE, value)
    }

    /// As [`request`](Block::request), of a parameter of a slot, counted from 0.
    ///
    /// # Errors
    /// [`Full`]: ask again in the next quantum.
    pub fn request_slot<K: Key>(&mut self, slot: usize, param: K, value: f64) -> Result<(), Full> {
        self.ask(param.index(), slot as u16, value)
    }

    fn ask(&mut self, index: usize, slot: u16, value: f64) -> Result<(), Full> {
        let payload = raw::Value { index: index as u16, slot, reserved: 0, value };
        self.emit(0, raw::Event::with_value(kind::REQUEST, 0, 0, payload))
    }

    /// Says something to people, at most once a quantum: it reaches them as a warning under the module's name. `text` may
    /// be put together on the spot, as with `format_args!`; more than 252 bytes are cut. For what a person should know or
    /// change, not for what a meter shows.
    ///
    /// ```
    /// # fn late(block: &mut cantus_plugin_api::Block<'_>, missed: usize) {
    /// // What finds no room is not worth repeating.
    /// let _ = block.say(format_args!("{missed} rows came too late; play fewer at once"));
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Full`]: something was said in this quantum already.
    pub fn say(&mut self, text: impl Display) -> Result<(), Full> {
        // SAFETY: as promised to `new`, and only this method touches the report.
        let (said, writer) = unsafe { (&mut *self.raw().said, &mut *self.raw().writer) };
        if said.len > 0 {
            writer.refused += 1;
            return Err(Full);
        }
        // What does not fit is cut.
        let _ = write!(said, "{text}");
        Ok(())
    }

    /// Passes on what workers have made since the last quantum: its place, and where it is, if it could be made.
    pub(crate) fn take_made(&mut self, mut take: impl FnMut(u32, Option<&mut Made>)) {
        // SAFETY: as promised to `new`.
        for made in unsafe { slice(self.raw().made, self.raw().made_count) } {
            // SAFETY: the host passes back what `make` of this library gave out, to this instance alone.
            take(made.place, unsafe { made.value.cast::<Made>().as_mut() });
        }
    }

    /// Tells the host which places ask for something; nothing is asked for if nobody would make it.
    pub(crate) fn ask_for(&mut self, places: impl FnOnce() -> u64) {
        // SAFETY: as promised to `new`: live, or null.
        if let Some(asked) = unsafe { self.raw().asked.as_mut() } {
            *asked |= places();
        }
    }

    fn emit(&mut self, port: usize, mut event: raw::Event) -> Result<(), Full> {
        event.port = port as u16;
        // SAFETY: as promised to `new`, and only this method touches the writer.
        let writer = unsafe { &mut *self.raw().writer };
        let ends = event.kind == kind::NOTE_OFF || event.kind == kind::CHOKE;
        let room = if ends { writer.capacity } else { writer.capacity.saturating_sub(writer.reserve) };
        if writer.len >= room {
            writer.refused += 1;
            return Err(Full);
        }
        // SAFETY: `len < capacity`, and the host gives room for `capacity` events.
        unsafe { *writer.events.add(writer.len as usize) = event };
        writer.len += 1;
        Ok(())
    }
}

/// # Safety
/// `first` points to `count` live items, or `count` is 0.
unsafe fn slice<'a, T>(first: *const T, count: u32) -> &'a [T] {
    // SAFETY: as the caller promises.
    if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(first, count as usize) } }
}

/// The audio inputs of a quantum.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    ports: &'a [raw::Port],
}

/// One audio input.
#[derive(Clone, Copy)]
pub struct Audio<'a> {
    port: &'a raw::Port,
}

impl<'a> Inputs<'a> {
    /// The input of that index (a generated constant).
    ///
    /// # Panics
    /// If the manifest has no such input.
    pub fn port(&self, index: usize) -> Audio<'a> {
        Audio { port: &self.ports[index] }
    }
}

impl<'a> Audio<'a> {
    /// How many channels: as the manifest says.
    pub fn channels(&self) -> usize {
        self.port.channel_count as usize
    }

    /// A cable ends here.
    pub fn connected(&self) -> bool {
        self.port.flags & flag::CONNECTED != 0
    }

    /// All its samples are 0.
    pub fn silent(&self) -> bool {
        self.port.flags & flag::SILENT != 0
    }

    /// Samples of one channel, all 64 frames.
    ///
    /// # Panics
    /// If there is no such channel.
    pub fn channel(&self, channel: usize) -> &'a [f32; raw::QUANTUM] {
        assert!(channel < self.channels(), "channel {channel} of {}", self.channels());
        // SAFETY: the host lays out one quantum for each of `channel_count` channels.
        unsafe { &*(*self.port.channels.add(channel)).cast::<[f32; raw::QUANTUM]>() }
    }
}

/// The audio outputs of a quantum.
pub struct Outputs<'a> {
    ports: &'a [raw::Port],
}

/// One audio output.
pub struct AudioMut<'a> {
    port: &'a raw::Port,
}

impl Outputs<'_> {
    /// The output of that index (a generated constant).
    ///
    /// # Panics
    /// If the manifest has no such output.
    pub fn port(&mut self, index: usize) -> AudioMut<'_> {
        AudioMut { port: &self.ports[index] }
    }
}

impl AudioMut<'_> {
    /// How many channels: as the manifest says.
    pub fn channels(&self) -> usize {
        self.port.channel_count as usize
    }

    /// Samples of one channel, all 64 frames. They are 0 at the beginning of the quantum.
    ///
    /// # Panics
    /// If there is no such channel.
    pub fn channel(&mut self, channel: usize) -> &mut [f32; raw::QUANTUM] {
        assert!(channel < self.channels(), "channel {channel} of {}", self.channels());
        // SAFETY: the host lays out one quantum per channel, no two of an instance's outputs overlap, and `&mut self`
        // is the only way to this port.
        unsafe { &mut *(*self.port.channels.add(channel)).cast::<[f32; raw::QUANTUM]>() }
    }

    /// The first two channels at once.
    ///
    /// # Panics
    /// If there are not two.
    pub fn stereo(&mut self, frames: Range<usize>) -> (&mut [f32], &mut [f32]) {
        assert!(self.channels() >= 2, "{} channels", self.channels());
        // SAFETY: as in `channel`; channels of a port do not overlap.
        unsafe {
            let left = &mut *(*self.port.channels).cast::<[f32; raw::QUANTUM]>();
            let right = &mut *(*self.port.channels.add(1)).cast::<[f32; raw::QUANTUM]>();
            (&mut left[frames.clone()], &mut right[frames])
        }
    }
}
