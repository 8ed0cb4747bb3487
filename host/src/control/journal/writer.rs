//! Writes records on a thread of its own, so that neither the control thread nor the sound ever waits for a disk.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::super::batch::{Accepted, CommitError, Scenes};
use super::{Header, Record, line};
use crate::model::{Catalog, Model};

/// A power cut loses no more than this.
const SYNC: Duration = Duration::from_secs(1);

type Answer = Result<Accepted, CommitError>;

/// What the writer is told to do, in order.
enum Task {
    Write(Record),
    State {
        model: Arc<Model>,
        scenes: Scenes,
        catalog: Arc<Catalog>,
    },
    /// To be given when all before it is written.
    Answer(SyncSender<Answer>, Answer),
}

/// A journal that is being written; dropping it ends it.
pub struct Journal {
    tasks: Option<Sender<Task>>,
    failure: Arc<Mutex<Option<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Journal {
    /// Begins a journal in a new file.
    ///
    /// # Errors
    /// Why the file cannot be made; one of that name is not touched.
    pub fn create(path: &Path, header: Header) -> Result<Journal, String> {
        let header = line(&Record::Header(header));
        let begin = || {
            let mut file = OpenOptions::new().append(true).create_new(true).open(path)?;
            file.write_all(header.as_bytes())?;
            Journal::go_on(file, path)
        };
        begin().map_err(|e| format!("could not begin journal {}: {e}; name another file", path.display()))
    }

    /// Writes behind what is in the file.
    fn go_on(file: File, path: &Path) -> std::io::Result<Journal> {
        let (tasks, line) = channel();
        let failure = Arc::new(Mutex::new(None));
        let writer = Writer { file, path: path.to_owned(), failure: failure.clone(), unsynced: None };
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || writer.live(&line))?;
        Ok(Journal { tasks: Some(tasks), failure, thread: Some(thread) })
    }

    /// Control thread: a record, behind all others. Never waits.
    pub(in crate::control) fn write(&mut self, record: Record) {
        self.tell(Task::Write(record));
    }

    /// Control thread: all that is there. It is turned into commands on the writer's thread.
    pub(in crate::control) fn state(&mut self, model: Arc<Model>, scenes: Scenes, catalog: Arc<Catalog>) {
        self.tell(Task::State { model, scenes, catalog });
    }

    /// Control thread: an answer that is given when all before it is written.
    pub(in crate::control) fn answer(&mut self, to: SyncSender<Answer>, answer: Answer) {
        self.tell(Task::Answer(to, answer));
    }

    /// Why it is no longer written, once.
    pub(in crate::control) fn failure(&self) -> Option<String> {
        self.failure.lock().ok()?.take()
    }

    fn tell(&mut self, task: Task) {
        if let Some(tasks) = &self.tasks
            && let Err(lost) = tasks.send(task)
        {
            // The writer is gone: what was asked for is answered all the same, and it is said once.
            give(lost.0);
            self.tasks = None;
            if let Ok(mut failure) = self.failure.lock() {
                *failure = Some("the journal has failed; what you do from here on is not kept: start again".into());
            }
        }
    }
}

fn give(task: Task) {
    if let Task::Answer(to, answer) = task {
        // A producer that does not wait for the answer is no fault.
        let _ = to.send(answer);
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Writer {
    file: File,
    path: PathBuf,
    failure: Arc<Mutex<Option<String>>>,
    /// When the oldest was written that the disk may not have yet.
    unsynced: Option<Instant>,
}

impl Writer {
    fn live(mut self, tasks: &Receiver<Task>) {
        let mut broken = false;
        loop {
            let wait = self.unsynced.map_or(SYNC, |since| SYNC.saturating_sub(since.elapsed()));
            let first = match tasks.recv_timeout(wait) {
                Ok(task) => Some(task),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let tasks: Vec<Task> = first.into_iter().chain(tasks.try_iter()).collect();
            let written = if broken { Ok(()) } else { self.write(&tasks) };
            tasks.into_iter().for_each(give);
            if let Err(error) = written.and_then(|()| self.sync(SYNC)) {
                broken = true;
                self.fail(&error);
            }
        }
        if let Err(error) = self.sync(Duration::ZERO) {
            self.fail(&error);
        }
    }

    fn write(&mut self, tasks: &[Task]) -> std::io::Result<()> {
        let lines: String = tasks.iter().filter_map(text).collect();
        if !lines.is_empty() {
            self.file.write_all(lines.as_bytes())?;
            self.unsynced.get_or_insert_with(Instant::now);
        }
        Ok(())
    }

    /// Has the disk take what is older than that.
    fn sync(&mut self, age: Duration) -> std::io::Result<()> {
        if self.unsynced.is_some_and(|since| since.elapsed() >= age) {
            self.file.sync_data()?;
            self.unsynced = None;
        }
        Ok(())
    }

    /// Says so, once: nothing is written or taken to the disk from here on.
    fn fail(&mut self, error: &std::io::Error) {
        self.unsynced = None;
        let path = self.path.display();
        let text = format!(
            "could not write journal {path}: {error}; the music goes on, but what you do from here on is not kept: make \
             room and start again"
        );
        if let Ok(mut failure) = self.failure.lock() {
            *failure = Some(text);
        }
    }
}

fn text(task: &Task) -> Option<String> {
    match task {
        Task::Write(record) => Some(line(record)),
        Task::State { model, scenes, catalog } => {
            let commands = |model: &Model| Model::default().diff(model, catalog);
            let scenes = scenes.iter().map(|(name, scene)| (name.clone(), commands(scene)));
            Some(line(&Record::State { commands: commands(model), scenes: scenes.collect() }))
        }
        Task::Answer(..) => None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn when_the_disk_is_full_it_is_said_once_and_everybody_is_answered() {
        let full = Path::new("/dev/full");
        let file = OpenOptions::new().append(true).open(full).expect("Linux has it");
        let mut journal = Journal::go_on(file, full).expect("a thread");
        for _ in 0..3 {
            let (reply, answer) = sync_channel(1);
            journal.write(Record::End { sample: 0 });
            journal.answer(reply, Err(CommitError::Cascade));
            assert!(answer.recv().is_ok());
        }
        let text = (0..).find_map(|_| journal.failure()).expect("it is said");
        let why = "could not write journal /dev/full: No space left on device (os error 28); the music goes on, ";
        assert!(text.starts_with(why), "{text}");
        assert_eq!(journal.failure(), None);
    }
}
