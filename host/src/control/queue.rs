//! The command queue: many producers, one consumer, bounded.

use std::sync::atomic::{AtomicBool, Ordering};
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
}

impl CommandQueue {
    pub(super) fn new() -> Arc<CommandQueue> {
        Arc::new(CommandQueue {
            queue: ArrayQueue::new(CAPACITY),
            consumer: OnceLock::new(),
            closed: AtomicBool::new(false),
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
                if self.closed() {
                    self.close();
                }
                self.wake();
                Ok(answer)
            }
            Err(envelope) => Err((EngineBusy(CAPACITY), envelope.batch)),
        }
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
        self.queue.pop()
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
