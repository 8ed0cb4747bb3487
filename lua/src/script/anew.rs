//! How a file that is evaluated again goes on: what it asks for takes the place of what it asked for before.

use cantus_host::control::Origin;

use crate::agenda::{Due, Place as Beat};
use crate::later::Staged;

use super::Script;

/// A timer that is to end: how people see it, and the beat it was done on last.
type Old = (String, Option<Beat>);

impl Script {
    /// What a script has asked for begins, and what its file asked for before ends. What carries on does not do again
    /// what was done ahead of its time; what is new begins on the next beat there is.
    pub(super) fn begin_anew(&mut self, mut staged: Staged, name: &str, origin: &Origin, line: Option<Beat>) {
        self.give_up(name, origin);
        let (version, due) = (self.context.later.turn.get().version, line.map_or(Due::Now, Due::Beat));
        let mut old = Vec::new();
        if let Origin::File(_) = origin {
            old = self.old(name, version);
            self.forget_file(name, version, due);
        }
        let mut tasks = std::mem::take(&mut staged.tasks);
        line.into_iter().for_each(|line| self.move_to(line, &mut tasks));
        let done = carried_on(old, &tasks.iter().map(|(.., task)| task.label.as_str()).collect::<Vec<_>>());
        let now = self.moment();
        for ((id, rhythm, task), done) in tasks.into_iter().zip(done) {
            let done = done.filter(|done| *done >= now.place());
            let from = line.map(|line| (line, true)).or(done.map(|done| (done, false)));
            self.context.later.agenda.borrow_mut().add(id, rhythm, task, from, &now);
        }
        self.begin_staged(staged, None, due);
    }

    /// The timers of a file, but for those of an evaluation.
    fn old(&self, file: &str, but: u64) -> Vec<Old> {
        let mut agenda = self.context.later.agenda.borrow_mut();
        let old = agenda.which(|task| &*task.owner == file && task.version != but && task.parent.is_none());
        let timer = |id| Some((agenda.get_mut(id)?.label.clone(), agenda.last_of(&[id])));
        old.into_iter().filter_map(timer).collect()
    }
}

/// The beat on which each of the new was done last: as the old of the same label, in order; those of another label may
/// be what has become of the old that are gone.
fn carried_on(mut old: Vec<Old>, new: &[&str]) -> Vec<Option<Beat>> {
    let same = new.iter().map(|label| old.iter().position(|(other, _)| other == label).map(|at| old.remove(at).1));
    let same: Vec<Option<Option<Beat>>> = same.collect();
    let gone = old.iter().filter_map(|(_, last)| *last).reduce(|a, b| if b > a { b } else { a });
    same.into_iter().map(|last| last.unwrap_or(gone)).collect()
}
