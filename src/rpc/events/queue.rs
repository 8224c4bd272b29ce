//! The queue of events of one subscriber.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::error::CloseReason;

/// The memory that an empty queue keeps: about as much as one read from a busy socket returns.
const KEEP_BYTES: usize = 256 * 1024;
/// The number of messages whose index entries an empty queue keeps.
const KEEP_MESSAGES: usize = 4 * 1024;

/// Message bodies, one after the other in one allocation.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    messages: Vec<Message>,
}

/// An index entry: the kind of a body and its end.
#[derive(Debug, Clone, Copy)]
struct Message {
    kind: MessageKind,
    end: usize,
}

/// The kind of a message: its program and its procedure.
pub(crate) type MessageKind = (u32, u32);

impl Batch {
    fn push(&mut self, kind: MessageKind, body: &[u8]) {
        self.bytes.extend_from_slice(body);
        let end = self.bytes.len();
        self.messages.push(Message { kind, end });
    }

    /// Returns kind and body of the message at `index`, counted from the oldest.
    pub(crate) fn get(&self, index: usize) -> Option<(MessageKind, &[u8])> {
        let message = self.messages.get(index)?;
        let begin = match index.checked_sub(1) {
            Some(before) => self.messages.get(before)?.end,
            None => 0,
        };
        Some((message.kind, self.bytes.get(begin..message.end)?))
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.messages.clear();
    }
}

/// The result of taking from a queue.
#[derive(Debug)]
pub(crate) enum Taken {
    /// The passed batch now holds all events that were queued; `lagged` events after those did not
    /// fit and are lost.
    Batch { lagged: u64 },
    /// Nothing more will come.
    Ended(CloseReason),
}

/// The result of pushing one event.
#[derive(Debug)]
pub(super) struct Pushed {
    /// The waker to call.
    pub(super) waker: Option<Waker>,
    /// Set where the queue is half full, and its reader has not been waited for.
    pub(super) is_filling: bool,
}

/// A bounded queue of events that makes the connection wait for a moment at most.
#[derive(Debug)]
pub(crate) struct EventQueue {
    inner: Mutex<Inner>,
    max_events: usize,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Inner {
    batch: Batch,
    lagged: u64,
    /// Set once reading has been delayed for the reader, until it takes something.
    was_waited_for: bool,
    waker: Option<Waker>,
    ended: Option<CloseReason>,
}

impl Inner {
    /// Keeps one allocation of moderate size, and frees what a burst took beyond it: it may be long
    /// until the next event, and many subscribers may be waiting.
    fn give_back(&mut self, mut read: Batch) {
        if read.bytes.capacity() > self.batch.bytes.capacity() {
            read.clear();
            self.batch = read;
        }
        self.batch.bytes.shrink_to(KEEP_BYTES);
        self.batch.messages.shrink_to(KEEP_MESSAGES);
    }
}

impl EventQueue {
    pub(crate) fn new(max_events: usize, max_bytes: usize) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::default(), max_events, max_bytes })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in the critical sections panics, and the data has no invariant to lose.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends one event, or counts it as lost, and returns the waker to call.
    pub(super) fn push(&self, kind: MessageKind, body: &[u8]) -> Pushed {
        let mut inner = self.lock();
        // Once one is lost all are, until the reader has seen the gap: a gap has one position.
        if inner.lagged > 0
            || inner.batch.len() >= self.max_events
            || inner.batch.bytes.len() + body.len() > self.max_bytes
        {
            inner.lagged += 1;
        } else {
            inner.batch.push(kind, body);
        }
        Pushed {
            is_filling: self.is_filling(&inner),
            waker: inner.waker.take(),
        }
    }

    fn is_filling(&self, inner: &Inner) -> bool {
        let Inner { batch, lagged, was_waited_for, .. } = inner;
        let is_half_full =
            batch.len() > self.max_events / 2 || batch.bytes.len() > self.max_bytes / 2;
        is_half_full && *lagged == 0 && !was_waited_for
    }

    /// Returns whether it makes sense to wait for the reader before more events are pushed.
    pub(super) fn wants_a_pause(&self) -> bool {
        self.is_filling(&self.lock())
    }

    /// Records that the reader was waited for, as long as it may be.
    pub(super) fn was_waited_for(&self) {
        self.lock().was_waited_for = true;
    }

    /// Counts events that were lost before they came here, and returns the waker to call.
    pub(super) fn note_lost(&self, count: u64) -> Option<Waker> {
        let mut inner = self.lock();
        inner.lagged += count;
        inner.waker.take()
    }

    /// Ends the queue after its content, and returns the waker to call.
    pub(super) fn end(&self, reason: CloseReason) -> Option<Waker> {
        let mut inner = self.lock();
        inner.ended.get_or_insert(reason);
        inner.waker.take()
    }

    /// Takes all queued events, in exchange for the memory of `batch`, whose content is dropped.
    pub(crate) fn poll_take(&self, batch: &mut Batch, waker: &Waker) -> Poll<Taken> {
        let mut inner = self.lock();
        if inner.batch.len() > 0 || inner.lagged > 0 {
            batch.clear();
            std::mem::swap(batch, &mut inner.batch);
            inner.was_waited_for = false;
            let lagged = std::mem::take(&mut inner.lagged);
            return Poll::Ready(Taken::Batch { lagged });
        }
        inner.give_back(std::mem::take(batch));
        if let Some(reason) = &inner.ended {
            return Poll::Ready(Taken::Ended(reason.clone()));
        }
        match &mut inner.waker {
            Some(old) if old.will_wake(waker) => {}
            slot => *slot = Some(waker.clone()),
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: MessageKind = (1, 2);
    const BODY: &[u8] = &[7; 64];

    fn push(queue: &EventQueue, bytes: usize) {
        for _ in 0..bytes / BODY.len() {
            queue.push(KIND, BODY);
        }
    }

    /// Takes and drops everything.
    fn drain(queue: &EventQueue, batch: &mut Batch) {
        while queue.poll_take(batch, Waker::noop()).is_ready() {}
    }

    /// Returns the address of the memory that is kept, and the size of all of it.
    fn memory(queue: &EventQueue, batch: &Batch) -> (*const u8, usize) {
        let kept = &queue.lock().batch;
        let of = |batch: &Batch| {
            batch.bytes.capacity() + batch.messages.capacity() * size_of::<Message>()
        };
        (kept.bytes.as_ptr(), of(kept) + of(batch))
    }

    #[test]
    fn a_burst_leaves_little_memory_behind_and_what_is_usual_its_own() {
        let queue = EventQueue::new(usize::MAX, usize::MAX);
        let mut batch = Batch::default();
        push(&queue, 16 * 1024 * 1024);
        queue.poll_take(&mut batch, Waker::noop()).is_ready();
        push(&queue, 16 * 1024 * 1024);
        drain(&queue, &mut batch);
        let (place, size) = memory(&queue, &batch);
        let limit = KEEP_BYTES + KEEP_MESSAGES * size_of::<Message>();
        assert!(size <= limit, "{size}");
        for _ in 0..10 {
            push(&queue, KEEP_BYTES);
            drain(&queue, &mut batch);
            assert_eq!(memory(&queue, &batch), (place, size));
        }
    }
}
