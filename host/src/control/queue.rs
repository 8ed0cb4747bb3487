//! The command queue: many producers, one consumer, bounded.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use crossbeam_queue::ArrayQueue;

use super::batch::{Accepted, Batch, CommitError, EngineBusy};

/// Batches that can wait. When it is full, `submit` refuses with [`EngineBusy`] and `execute_immediate` waits.
pub const CAPACITY: usize = 1024;

/// What a producer is answered.
pub type Answer = Result<Accepted, CommitError>;

pub(super) struct Envelope {
    pub batch: Batch,
    pub reply: SyncSender<Answer>,
}

/// Many producers, one consumer: the Engine. Not for the audio thread.
pub struct CommandQueue {
    queue: ArrayQueue<Envelope>,
    consumer: OnceLock<Thread>,
    closed: AtomicBool,
    submitted: AtomicU64,
    refused: AtomicU64,
    taken: AtomicU64,
}

/// What has gone through the queue since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueCounts {
    /// Batches that found room.
    pub submitted: u64,
    /// Batches that found none, each time they were tried.
    pub refused: u64,
    /// Batches that the Engine has taken; those that wait are the rest of `submitted`.
    pub taken: u64,
}

impl CommandQueue {
    pub(super) fn new() -> Arc<CommandQueue> {
        Arc::new(CommandQueue {
            queue: ArrayQueue::new(CAPACITY),
            consumer: OnceLock::new(),
            closed: AtomicBool::new(false),
            submitted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            taken: AtomicU64::new(0),
        })
    }

    /// Hands a batch over; the answer comes on the receiver.
    ///
    /// # Errors
    /// [`EngineBusy`] with the batch given back: the queue is full.
    pub fn submit(&self, batch: Batch) -> Result<Receiver<Answer>, (EngineBusy, Batch)> {
        let (reply, answer) = sync_channel(1);
        match self.queue.push(Envelope { batch, reply }) {
            Ok(()) => {
                self.submitted.fetch_add(1, Ordering::Relaxed);
                if self.closed() {
                    self.close();
                }
                self.wake();
                Ok(answer)
            }
            Err(envelope) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Err((EngineBusy(CAPACITY), envelope.batch))
            }
        }
    }

    /// Its figures; those of one moment only while nobody submits.
    pub fn counts(&self) -> QueueCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        QueueCounts { submitted: read(&self.submitted), refused: read(&self.refused), taken: read(&self.taken) }
    }

    /// The engine has ended: answers will not come.
    pub fn closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Drops everything in it, now and from now on, with the ends of the answers.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        while self.queue.pop().is_some() {}
    }

    pub(super) fn pop(&self) -> Option<Envelope> {
        let envelope = self.queue.pop()?;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(envelope)
    }

    /// Says which thread to wake when something comes in.
    pub(super) fn consumed_by(&self, thread: Thread) {
        let _ = self.consumer.set(thread);
    }

    pub(super) fn wake(&self) {
        if let Some(thread) = self.consumer.get() {
            thread.unpark();
        }
    }
}
