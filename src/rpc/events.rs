//! Events on their way from the wire to whoever subscribed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::header::ProcedureId;
use crate::error::CloseReason;

/// Events of one kind that came before the reply that says whom they are for.
const MAX_EARLY: usize = 1024;

/// What an event message is routed by: its procedure and, for all but the oldest kinds, the callback
/// id in its first word. Callback ids are unique only within their class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    pub(crate) program: u32,
    pub(crate) procedure: u32,
    pub(crate) callback: Option<i32>,
}

impl Route {
    pub(crate) fn new(event: ProcedureId, callback: Option<i32>) -> Self {
        Self {
            program: event.program,
            procedure: event.procedure,
            callback,
        }
    }
}

/// Connects the callback id in a registration's reply to a queue.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) event: ProcedureId,
    /// Whether the reply holds a callback id, which messages of this kind then begin with.
    pub(crate) has_callback_id: bool,
    pub(crate) queue: Arc<EventQueue>,
}

/// Message bodies, one after the other in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    messages: Vec<Message>,
}

/// What a body is of, and where it ends.
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

    /// Kind and body of the message at `index`, counted from the oldest.
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

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.messages.clear();
    }
}

/// What a subscriber takes out of its queue.
#[derive(Debug)]
pub(crate) enum Taken {
    /// The batch that was handed in now holds all that had come; `lagged` events after those did
    /// not fit and are lost.
    Batch { lagged: u64 },
    /// Nothing more will come.
    Ended(CloseReason),
}

/// A bounded queue of events that never makes the connection wait.
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
    waker: Option<Waker>,
    ended: Option<CloseReason>,
}

impl EventQueue {
    pub(crate) fn new(max_events: usize, max_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::default(),
            max_events,
            max_bytes,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in the critical sections panics, and the data has no invariant to lose.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends one event, or counts it as lost, and says whom to wake.
    fn push(&self, kind: MessageKind, body: &[u8]) -> Option<Waker> {
        let mut inner = self.lock();
        // Once one is lost all are, until the reader has seen the gap: order is part of the deal.
        if inner.lagged > 0
            || inner.batch.len() >= self.max_events
            || inner.batch.bytes.len() + body.len() > self.max_bytes
        {
            inner.lagged += 1;
        } else {
            inner.batch.push(kind, body);
        }
        inner.waker.take()
    }

    fn note_lost(&self, count: u64) {
        self.lock().lagged += count;
    }

    pub(crate) fn end(&self, reason: CloseReason) -> Option<Waker> {
        let mut inner = self.lock();
        inner.ended.get_or_insert(reason);
        inner.waker.take()
    }

    /// Takes all that came; `batch` gives its memory back to the queue.
    pub(crate) fn poll_take(&self, batch: &mut Batch, waker: &Waker) -> Poll<Taken> {
        let mut inner = self.lock();
        if inner.batch.len() > 0 || inner.lagged > 0 {
            batch.clear();
            std::mem::swap(batch, &mut inner.batch);
            let lagged = std::mem::take(&mut inner.lagged);
            return Poll::Ready(Taken::Batch { lagged });
        }
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

/// Which queue gets which events.
#[derive(Debug, Default)]
pub(crate) struct EventRouter {
    queues: BTreeMap<Route, Vec<Arc<EventQueue>>>,
    /// Kinds with a registration on its way, and what of them nobody claims yet.
    early: Vec<Early>,
}

#[derive(Debug)]
struct Early {
    program: u32,
    procedure: u32,
    registrations: usize,
    bodies: Vec<Vec<u8>>,
    /// How many more there were than are kept.
    lost: u64,
}

impl EventRouter {
    /// A registration is about to be sent: keep what comes before its reply.
    pub(crate) fn expect(&mut self, event: ProcedureId) {
        if let Some(early) = self.early_mut(event) {
            early.registrations += 1;
            return;
        }
        let ProcedureId {
            program, procedure, ..
        } = event;
        self.early.push(Early {
            program,
            procedure,
            registrations: 1,
            bodies: Vec::new(),
            lost: 0,
        });
    }

    /// A registration was answered or given up.
    pub(crate) fn settle(&mut self, event: ProcedureId) {
        if let Some(early) = self.early_mut(event) {
            early.registrations -= 1;
        }
        self.early.retain(|early| early.registrations > 0);
    }

    fn early_mut(&mut self, event: ProcedureId) -> Option<&mut Early> {
        self.early
            .iter_mut()
            .find(|early| early.program == event.program && early.procedure == event.procedure)
    }

    /// Connects a callback to its queue and delivers what came early.
    pub(crate) fn bind(
        &mut self,
        binding: &Binding,
        callback: Option<i32>,
        wakers: &mut Vec<Waker>,
    ) {
        let kind = (binding.event.program, binding.event.procedure);
        if let Some(early) = self.early_mut(binding.event) {
            early.bodies.retain(|body| {
                let ours = callback.is_none() || callback_of(body) == callback;
                if ours {
                    wakers.extend(binding.queue.push(kind, body));
                }
                !ours
            });
            binding.queue.note_lost(early.lost);
        }
        self.attach(
            Route::new(binding.event, callback),
            Arc::clone(&binding.queue),
        );
    }

    /// Has one more queue get what comes over the route.
    pub(crate) fn attach(&mut self, route: Route, queue: Arc<EventQueue>) {
        self.queues.entry(route).or_default().push(queue);
    }

    pub(crate) fn detach(&mut self, route: Route, queue: &Arc<EventQueue>) {
        if let Some(queues) = self.queues.get_mut(&route) {
            queues.retain(|other| !Arc::ptr_eq(other, queue));
            if queues.is_empty() {
                self.queues.remove(&route);
            }
        }
    }

    /// Hands one event on; one that nobody wants is dropped.
    pub(crate) fn deliver(&mut self, event: ProcedureId, body: &[u8], wakers: &mut Vec<Waker>) {
        let with_id = Route::new(event, callback_of(body));
        let without = Route::new(event, None);
        let kind = (event.program, event.procedure);
        let queues = self.queues.get(&with_id);
        if let Some(queues) = queues.or_else(|| self.queues.get(&without)) {
            wakers.extend(queues.iter().filter_map(|queue| queue.push(kind, body)));
            return;
        }
        match self.early_mut(event) {
            Some(early) if early.bodies.len() < MAX_EARLY => early.bodies.push(body.to_vec()),
            Some(early) => early.lost += 1,
            None => {}
        }
    }

    pub(crate) fn end(&mut self, reason: &CloseReason, wakers: &mut Vec<Waker>) {
        for queue in self.queues.values().flatten() {
            wakers.extend(queue.end(reason.clone()));
        }
    }
}

fn callback_of(body: &[u8]) -> Option<i32> {
    body.first_chunk().map(|word| i32::from_be_bytes(*word))
}
