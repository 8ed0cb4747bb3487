//! What modules have made on workers, and what they say: asked for and said on the audio thread, heard here.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::engine::Engine;
use super::journal;
use super::realise::Ticket;
use super::tasks::guarded;
use super::workers::{Done, Errand};
use crate::culprit::Accused;
use crate::rt::{Delivery, Desk, Parcel};

/// Seconds of sound for which a module is not reported again once it has said something.
const SILENCE: f64 = 1.0;

/// What modules have said of late: until when each is not listened to, and how much it said meanwhile.
pub(super) type Sayings = BTreeMap<Ticket, (f64, u64)>;

impl Engine {
    /// A module wants something made. What has begun to ring out needs nothing more.
    pub(super) fn put_to_work(&mut self, (slot, ticket): (u32, Ticket), desk: &Arc<Desk>, places: u64) {
        let name = self.realiser.at(slot, ticket);
        let Some(id) = name.and_then(|name| Some(self.model.modules.get(name)?.id.0)) else { return };
        for place in (0..u64::BITS).filter(|place| places & 1 << place != 0) {
            let (desk, errand) = (desk.clone(), Errand { slot, ticket, place });
            self.errands += 1;
            self.workers.start_errand(move || {
                let _accused = Accused::of(id);
                Done::Worked(errand, guarded("making it", || desk.make(place)))
            });
        }
    }

    /// A worker has made it, or could not. The instance may be gone.
    pub(super) fn take_worked(&mut self, errand: Errand, result: Result<Parcel, String>) {
        let Errand { slot, ticket, place } = errand;
        let Some(name) = self.realiser.at(slot, ticket).cloned() else {
            self.workers.bury(result);
            return;
        };
        if let Err(text) = &result {
            let text =
                format!("could not prepare what \"{name}\" asked for: {text}; it goes on with what it had before");
            self.report(Vec::new(), format!("module {name}"), text);
        }
        self.brought.change.made.push(Delivery { slot, place, parcel: result.ok() });
        self.brought.results.push(journal::Result::Worked { ticket, place });
    }

    /// A module says something: a report, unless it said something a moment ago.
    pub(super) fn hear_saying(&mut self, ticket: Ticket, text: &str) {
        let Some(name) = self.realiser.name(ticket) else { return };
        let (origin, now) = (format!("module {name}"), self.handle.telemetry.reading().sample as f64);
        let (until, more) = self.sayings.get(&ticket).copied().unwrap_or_default();
        if now < until {
            self.sayings.insert(ticket, (until, more + 1));
            return;
        }
        let realiser = &self.realiser;
        self.sayings.retain(|ticket, _| realiser.name(*ticket).is_some());
        self.sayings.insert(ticket, (now + SILENCE * self.handle.rate, 0));
        let more = if more == 0 { String::new() } else { format!(" ({more} more before it were not shown)") };
        self.report(Vec::new(), origin, format!("{text}{more}"));
    }
}
