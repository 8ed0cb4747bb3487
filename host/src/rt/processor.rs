//! The audio thread's whole work: take Changes, run the plan, one quantum after the other.

use std::sync::Arc;
use std::time::Instant;

use cantus_plugin_api::raw::Event;
use rtrb::{Consumer, Producer};

use super::cable::{Cable, follower, notes, strand, target};
use super::clock::Clock;
use super::instance::Instance;
use super::landing::Landing;
use super::message::{Change, Deed, FromAudio, Slabs, ToAudio, Trigger};
use super::modulation::{modulate, modulation};
use super::notes::NoteIds;
use super::plan::{Kept, Plan, Step};
use super::telemetry::Telemetry;
use super::{OUT_CHANNELS, QUANTUM};

/// Runs quanta of exactly [`QUANTUM`] frames, aligned to the absolute sample clock.
pub struct Processor {
    sample: u64,
    clock: Clock,
    plan: Box<Plan>,
    slabs: Slabs,
    /// Changes applied in this quantum, and where. They go home when it has run: until then events point into their
    /// memory.
    taken: Vec<(u64, Box<Change>)>,
    /// Frames of this quantum at which every note ends, one bit each.
    cuts: u64,
    ids: NoteIds,
    landing: Landing,
    inbox: Consumer<ToAudio>,
    outbox: Producer<FromAudio>,
    telemetry: Arc<Telemetry>,
}

impl Processor {
    /// Control thread: silent, stopped at beat 0, `rate` in Hz.
    pub fn new(
        rate: f64,
        bpm: f64,
        inbox: Consumer<ToAudio>,
        outbox: Producer<FromAudio>,
        telemetry: Arc<Telemetry>,
    ) -> Processor {
        let clock = Clock::new(rate, bpm);
        telemetry.publish(clock.reading(0));
        Processor {
            sample: 0,
            clock,
            plan: Box::new(Plan::empty()),
            slabs: Slabs { instances: Vec::new(), cables: Vec::new() },
            taken: Vec::with_capacity(outbox.buffer().capacity()),
            cuts: 0,
            ids: NoteIds::default(),
            landing: Landing::new(rate),
            inbox,
            outbox,
            telemetry,
        }
    }

    /// Absolute sample of the next quantum.
    pub fn sample(&self) -> u64 {
        self.sample
    }

    /// Its figures.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Makes one quantum: [`OUT_CHANNELS`] channels of [`QUANTUM`] frames.
    #[cfg_attr(cantus_rtsan, sanitize(realtime = "nonblocking"))]
    pub fn quantum(&mut self) -> [&[f32; QUANTUM]; OUT_CHANNELS] {
        self.clock.begin();
        self.cuts = 0;
        self.receive();
        self.clock.advance(self.end());
        self.run();
        self.send_home();
        self.report();
        self.sample = self.end();
        self.telemetry.publish(self.clock.reading(self.sample));
        let plan = &self.plan;
        self.landing.pass(std::array::from_fn(|channel| plan.out(channel)))
    }

    /// Absolute sample behind the quantum.
    fn end(&self) -> u64 {
        self.sample + QUANTUM as u64
    }

    /// Takes the Changes that are due in this quantum, as long as there is room to send them home.
    fn receive(&mut self) {
        let mut now = self.sample;
        while self.taken.len() < self.outbox.slots() {
            let Ok(ToAudio::Change(change)) = self.inbox.peek() else { return };
            let Some(due) = self.clock.due(change.at, now, self.end()) else { return };
            let Ok(ToAudio::Change(mut change)) = self.inbox.pop() else { return };
            if due < now {
                self.telemetry.count_late_change(now - due);
            }
            now = now.max(due);
            self.apply(&mut change, now);
            self.taken.push((now, change));
        }
    }

    /// Sends the Changes of this quantum home, with all that they replaced.
    fn send_home(&mut self) {
        for (sample, change) in self.taken.drain(..) {
            if let Err(full) = self.outbox.push(FromAudio::Applied { sample, change }) {
                // Cannot be: `receive` took no more than there is room for. Freeing here would be worse than a leak.
                std::mem::forget(full);
            }
        }
    }

    /// Puts everything of a Change in its place, and what was there into the Change; deeds are done at a sample of this
    /// quantum.
    fn apply(&mut self, change: &mut Change, sample: u64) {
        if let Some(slabs) = &mut change.slabs {
            for (to, from) in slabs.instances.iter_mut().zip(&mut self.slabs.instances) {
                std::mem::swap(to, from);
            }
            for (to, from) in slabs.cables.iter_mut().zip(&mut self.slabs.cables) {
                std::mem::swap(to, from);
            }
            std::mem::swap(slabs, &mut self.slabs);
        }
        for (slot, instance) in &mut change.instances {
            if let Some(place) = self.slabs.instances.get_mut(*slot as usize) {
                std::mem::swap(place, instance);
            }
        }
        for (slot, cable) in &mut change.cables {
            if let Some(place) = self.slabs.cables.get_mut(*slot as usize) {
                std::mem::swap(place, cable);
            }
        }
        for (slot, routing) in &mut change.routings {
            if let Some(notes) = notes(&mut self.slabs.cables, *slot) {
                notes.route(routing);
            }
        }
        for delivery in &change.made {
            if let Some(instance) = self.instance(delivery.slot) {
                instance.deliver(delivery);
            }
        }
        if let Some(plan) = &mut change.plan {
            // The plan that ran last: one that another Change brought in this quantum has not.
            let last = self.taken.iter().find_map(|(_, taken)| taken.plan.as_deref()).unwrap_or(&self.plan);
            last.hand_over(plan, &mut self.slabs.cables);
            std::mem::swap(plan, &mut self.plan);
        }
        if let Some(map) = &mut change.tempo {
            self.clock.swap_map(map, sample);
        }
        for deed in &change.deeds {
            self.act(deed, sample);
        }
    }

    fn act(&mut self, deed: &Deed, sample: u64) {
        let frame = (sample - self.sample) as u16;
        match deed {
            Deed::Transport(change) => {
                if self.clock.change(*change, sample) {
                    self.cuts |= 1 << frame;
                    let instances = self.slabs.instances.iter_mut().flatten();
                    instances.for_each(|instance| instance.end_all_triggered(self.sample, frame));
                }
            }
            Deed::Event(slot, event) => {
                if let Some(instance) = self.instance(*slot)
                    && !instance.hear(Event { frame, ..*event })
                {
                    self.telemetry.refuse(1);
                }
            }
            Deed::Trigger(trigger) => self.trigger(trigger, sample),
            Deed::Gain { cable, from, to, gain } => self.set_gain(*cable, (*from, *to), *gain, sample),
            Deed::Close { cable, to } => self.close(*cable, *to, sample),
            Deed::Enable(slot, on) => {
                let quantum = self.sample;
                if let Some(instance) = self.instance(*slot) {
                    if !on {
                        instance.end_all_triggered(quantum, frame);
                    }
                    instance.enable(*on, sample);
                }
            }
            Deed::Retire(slot) => {
                let quantum = self.sample;
                if let Some(instance) = self.instance(*slot) {
                    instance.end_all_triggered(quantum, frame);
                    instance.ring.retire(sample);
                    if instance.fresh() {
                        instance.ring.settle();
                    }
                }
            }
            Deed::TakeOver { from, to } => {
                let heard = self.instance(*from).is_some_and(|from| !from.fresh());
                if let Some(to) = self.instance(*to).filter(|_| !heard) {
                    to.ring.settle();
                }
            }
            Deed::Base { target: slot, value } => {
                if let Some(target) = target(&mut self.slabs.cables, *slot) {
                    target.set(*value);
                }
            }
            Deed::Panic => {
                self.landing.begin();
                self.clock.reset(sample);
                self.ids = NoteIds::default();
                self.slabs.cables.iter_mut().flatten().for_each(|cable| cable.reset());
                self.slabs.instances.iter_mut().flatten().for_each(|instance| instance.reset());
            }
        }
    }

    fn set_gain(&mut self, cable: u32, (from, to): (u32, u32), gain: f32, sample: u64) {
        let fresh = self.instance(from).is_none_or(|instance| instance.fresh());
        let at_once = fresh || self.instance(to).is_some_and(|instance| instance.takes_over());
        if let Some(strand) = strand(&mut self.slabs.cables, cable) {
            if at_once {
                strand.fade.snap(gain);
            } else {
                strand.fade.set(gain, sample);
            }
        }
    }

    fn close(&mut self, cable: u32, to: u32, sample: u64) {
        let frame = (sample - self.sample) as u16;
        let Slabs { instances, cables } = &mut self.slabs;
        let to = instances.get_mut(to as usize).and_then(Option::as_deref_mut);
        match cables.get_mut(cable as usize).and_then(Option::as_deref_mut) {
            Some(Cable::Audio(strand)) => strand.fade.set(0.0, sample),
            Some(Cable::Events(notes)) => to.into_iter().for_each(|to| notes.end_all(frame, &mut to.events)),
            _ => {}
        }
    }

    fn instance(&mut self, slot: u32) -> Option<&mut Instance> {
        self.slabs.instances.get_mut(slot as usize)?.as_deref_mut()
    }

    fn trigger(&mut self, trigger: &Trigger, sample: u64) {
        let frame = (sample - self.sample) as u16;
        let event = Event { note: self.ids.next(), frame, ..trigger.event };
        let locks = &*trigger.locks;
        let end = trigger.length.map(|beats| self.clock.end_of(beats, sample));
        if let Some(instance) = self.instance(trigger.instance)
            && !instance.trigger(event, locks, end)
        {
            self.telemetry.refuse(1);
        }
    }

    /// Runs the plan.
    fn run(&mut self) {
        let transport = self.clock.record();
        let Plan { steps, arena, .. } = &mut *self.plan;
        let mut refused = 0;
        // Looking at a clock costs about as much as a small module: one is timed a quantum.
        let timed = (self.sample / QUANTUM as u64).checked_rem(steps.len() as u64);
        for (index, step) in steps.iter_mut().enumerate() {
            step.gather(arena, &mut self.slabs.cables, self.sample);
            refused += carry(step, &mut self.slabs, self.cuts, &mut self.ids);
            let Slabs { instances, cables } = &mut self.slabs;
            for modulated in &step.modulated {
                refused += u32::from(!modulate(modulated, step.instance, cables, instances));
            }
            if let Some(instance) = instances.get_mut(step.instance as usize).and_then(Option::as_deref_mut) {
                instance.end_triggered(self.sample);
                let begin = (timed == Some(index as u64)).then(Instant::now);
                self.telemetry.work(instance.id());
                refused += instance.run(step, arena, self.sample, &transport);
                begin.into_iter().for_each(|begin| instance.took(begin.elapsed()));
            }
        }
        self.telemetry.work(0);
        if refused > 0 {
            self.telemetry.refuse(refused);
        }
        self.plan.out.gather(&mut self.plan.arena, &mut self.slabs.cables, self.sample);
        self.keep();
    }

    /// Keeps what takes a quantum for the next one.
    fn keep(&mut self) {
        let Slabs { instances, cables } = &mut self.slabs;
        for kept in &self.plan.kept {
            match kept {
                Kept::Audio { cable, channels, .. } => self.plan.keep(*cable, channels, cables),
                Kept::Events { cable, from, port } => {
                    let from = instances.get(*from as usize).and_then(Option::as_deref);
                    let emitted = from.map_or(&[][..], Instance::emitted).iter().filter(|e| e.port == *port);
                    if let Some(notes) = notes(cables, *cable) {
                        notes.keep(emitted, self.cuts);
                    }
                }
                Kept::Link { cable, from, port } => {
                    if let Some(follower) = follower(cables, *cable) {
                        follower.keep(modulation(instances, *from, *port));
                    }
                }
            }
        }
    }

    /// Passes on what instances have to say, ask for and are to be blamed for; what finds no room is kept for the next quantum,
    /// or counted.
    fn report(&mut self) {
        for (slot, instance) in self.slabs.instances.iter_mut().enumerate() {
            let Some(instance) = instance else { continue };
            if let Some(fault) = instance.fault()
                && self.outbox.push(FromAudio::Fault { ticket: instance.ticket(), fault }).is_ok()
            {
                instance.fault_reported();
            }
            for request in instance.requests() {
                let room = self.outbox.slots() > self.outbox.buffer().capacity() / 2;
                let message = FromAudio::Request { ticket: instance.ticket(), value: request.as_value() };
                if !room || self.outbox.push(message).is_err() {
                    self.telemetry.refuse(1);
                }
            }
            instance.told_requests();
            talk(instance, slot as u32, &mut self.outbox, &self.telemetry);
            if instance.ring.is_over() && self.outbox.push(FromAudio::RungOut { slot: slot as u32 }).is_ok() {
                instance.ring.tell();
            }
        }
    }
}

/// Passes on what an instance says, which is counted if there is no room, and what it wants made, which is kept.
fn talk(instance: &mut Instance, slot: u32, outbox: &mut Producer<FromAudio>, telemetry: &Telemetry) {
    instance.errands.done();
    if let Some(text) = instance.said() {
        let room = outbox.slots() > outbox.buffer().capacity() / 2;
        if !room || outbox.push(FromAudio::Said { ticket: instance.ticket(), text: *text }).is_err() {
            telemetry.refuse(1);
        }
        instance.said_is_told();
    }
    if let Some((desk, places)) = instance.errands.asked()
        && outbox.push(FromAudio::Work { slot, ticket: instance.ticket(), desk, places }).is_ok()
    {
        instance.errands.told();
    }
}

/// Carries events to the instance of a step. Returns how many found no room.
fn carry(step: &Step, slabs: &mut Slabs, cuts: u64, ids: &mut NoteIds) -> u32 {
    let Slabs { instances, cables } = slabs;
    let mut refused = 0;
    for route in &step.events {
        let Some(notes) = notes(cables, route.cable) else { continue };
        let failed = instances.get(route.from as usize).and_then(Option::as_deref).is_none_or(Instance::failed);
        if route.late || failed {
            let Some(to) = instances.get_mut(step.instance as usize).and_then(Option::as_deref_mut) else { continue };
            if failed {
                notes.end_all(0, &mut to.events);
            } else {
                refused += notes.carry_late(route.to_port, cuts, ids, &mut to.events);
            }
            continue;
        }
        let pair = instances.get_disjoint_mut([route.from as usize, step.instance as usize]);
        let Ok([Some(from), Some(to)]) = pair else { continue };
        let events = from.emitted().iter().filter(|e| e.port == route.from_port);
        refused += notes.carry(events, route.to_port, cuts, ids, &mut to.events);
    }
    if let Some(to) = instances.get_mut(step.instance as usize).and_then(Option::as_deref_mut) {
        step.ended.iter().for_each(|cable| notes(cables, *cable).into_iter().for_each(|n| n.settle(&mut to.events)));
    }
    refused
}

#[cfg(test)]
mod tests;
