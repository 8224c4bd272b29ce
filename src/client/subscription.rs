//! Event registrations with the daemon, shared by all subscriptions to the same thing.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::Notify;

use super::Connect;
use super::raw::Encoded;
use crate::error::{CloseReason, Error, ProtocolError, Result};
use crate::protocol::{EventInfo, ProcedureInfo};
use crate::rpc::calls::CallSetup;
use crate::rpc::events::{Batch, Binding, EventQueue, MessageKind, Route, Taken};
use crate::xdr;

/// Events that are held for a consumer that is behind.
const MAX_EVENTS: usize = 65_536;
/// Bytes of events that are held for a consumer that is behind.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// How to have the daemon send one kind of event.
#[derive(Debug, Clone)]
pub struct Registration {
    pub(crate) event: &'static EventInfo,
    pub(crate) register: &'static ProcedureInfo,
    pub(crate) deregister: &'static ProcedureInfo,
    /// Encoded arguments of the registration.
    pub(crate) args: Vec<u8>,
    /// Encoded arguments of the deregistration; `None` where they are the callback id that the
    /// registration returned.
    pub(crate) deregister_args: Option<Vec<u8>>,
}

/// What tells registrations on one connection apart; the daemon refuses a second equal one.
type Key = (u32, u32, Vec<u8>);

impl Registration {
    /// The kind of message that it brings.
    pub(crate) fn message_kind(&self) -> MessageKind {
        (self.event.program.number, self.event.number)
    }

    /// Whether those messages begin with a callback id.
    pub(crate) fn has_callback_id(&self) -> bool {
        self.deregister_args.is_none()
    }

    fn key(&self) -> Key {
        (
            self.register.program.number,
            self.register.number,
            self.args.clone(),
        )
    }
}

/// The registrations of one connection.
#[derive(Debug, Default)]
pub(super) struct Registry {
    entries: Mutex<HashMap<Key, Entry>>,
    /// Told when an entry stops being busy.
    settled: Notify,
}

#[derive(Debug)]
enum Entry {
    /// Being registered or deregistered.
    Busy,
    Active {
        callback: Option<i32>,
        subscriptions: usize,
    },
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        // No critical section can panic halfway through a change.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, key: Key, entry: Option<Entry>) {
        let mut entries = self.lock();
        match entry {
            Some(entry) => entries.insert(key, entry),
            None => entries.remove(&key),
        };
        drop(entries);
        self.settled.notify_waiters();
    }
}

/// What [`Connect::join`] found.
enum Joined {
    Active(Option<i32>),
    /// Somebody else is about to change that.
    Busy,
    /// Nothing; the registration is the caller's to make.
    First,
}

/// What one subscriber gets by one or several registrations, all in the order of its arrival.
pub(crate) struct RawSubscription {
    conn: Connect,
    shares: Vec<Share>,
    events: EventReader,
}

/// One subscriber's share of a registration; dropping it deregisters when it was the last.
struct Share {
    conn: Connect,
    registration: Registration,
    callback: Option<i32>,
    queue: Arc<EventQueue>,
}

/// The reading end of a queue: takes whole batches, hands out single events.
pub(crate) struct EventReader {
    queue: Arc<EventQueue>,
    batch: Batch,
    /// The first event of `batch` that was not handed out.
    next: usize,
    /// Events lost behind those of `batch`.
    lagged: u64,
}

/// What a subscription brings.
#[derive(Debug)]
pub(crate) enum Next<'a> {
    /// Kind and body of one message.
    Message(MessageKind, &'a [u8]),
    /// So many events were lost here.
    Lagged(u64),
    Ended(CloseReason),
}

impl Connect {
    /// Subscribes; from the daemon's confirmation on no event is missed. What the daemon does not
    /// know is left out, unless that is all.
    ///
    /// Each registration runs in a task of its own: were this future dropped in the middle of it, it
    /// would be completed and undone there.
    pub(crate) async fn subscribe_raw(
        &self,
        registrations: Vec<Registration>,
    ) -> Result<RawSubscription> {
        let queue = EventQueue::new(MAX_EVENTS, MAX_BYTES);
        let runtime = &self.inner.runtime;
        let attach = |registration| {
            let conn = self.clone();
            runtime.spawn(conn.attach(registration, Arc::clone(&queue)))
        };
        let attaching: Vec<_> = registrations.into_iter().map(attach).collect();
        let mut shares = Vec::with_capacity(attaching.len());
        let mut unsupported = None;
        for attached in attaching {
            let gone = Err(Error::Closed(CloseReason::RuntimeGone));
            match attached.await.unwrap_or(gone) {
                Ok(share) => shares.push(share),
                Err(error) if error.is_unsupported() => unsupported = Some(error),
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = unsupported.filter(|_| shares.is_empty()) {
            return Err(error);
        }
        Ok(RawSubscription {
            conn: self.clone(),
            shares,
            events: EventReader {
                queue,
                batch: Batch::default(),
                next: 0,
                lagged: 0,
            },
        })
    }

    async fn attach(self, registration: Registration, queue: Arc<EventQueue>) -> Result<Share> {
        let registry = &self.inner.registry;
        let callback = loop {
            let mut settled = std::pin::pin!(registry.settled.notified());
            settled.as_mut().enable();
            match self.join(&registration, &queue) {
                Joined::Active(callback) => break callback,
                Joined::Busy => settled.await,
                Joined::First => break self.register(&registration, &queue).await?,
            }
        };
        Ok(Share {
            conn: self,
            registration,
            callback,
            queue,
        })
    }

    /// Takes part in a registration that exists, or claims it for being made.
    fn join(&self, registration: &Registration, queue: &Arc<EventQueue>) -> Joined {
        let mut entries = self.inner.registry.lock();
        match entries.get_mut(&registration.key()) {
            Some(Entry::Busy) => Joined::Busy,
            Some(Entry::Active {
                callback,
                subscriptions,
            }) => {
                *subscriptions += 1;
                let route = Route::new(registration.event.into(), *callback);
                self.inner
                    .shared
                    .with_engine(|engine| engine.attach_queue(route, queue));
                Joined::Active(*callback)
            }
            None => {
                entries.insert(registration.key(), Entry::Busy);
                Joined::First
            }
        }
    }

    async fn register(
        &self,
        registration: &Registration,
        queue: &Arc<EventQueue>,
    ) -> Result<Option<i32>> {
        let has_callback_id = registration.has_callback_id();
        let mut setup = CallSetup::new(registration.register);
        setup.binding = Some(Binding {
            event: registration.event.into(),
            has_callback_id,
            queue: Arc::clone(queue),
        });
        let args = Encoded(&registration.args);
        let reply = self.call_info(setup, &args).await;
        let callback = reply.and_then(|reply| {
            if !has_callback_id {
                return Ok(None);
            }
            let procedure = registration.register.name;
            let callback = xdr::from_slice(&reply);
            callback
                .map(Some)
                .map_err(|source| ProtocolError::Reply { procedure, source }.into())
        });
        let entry = callback.as_ref().ok();
        let entry = entry.map(|callback| Entry::Active {
            callback: *callback,
            subscriptions: 1,
        });
        self.inner.registry.settle(registration.key(), entry);
        callback
    }

    async fn deregister(self, registration: Registration, callback: Option<i32>) {
        let setup = CallSetup::new(registration.deregister);
        let callback = callback.unwrap_or_default();
        let result = match &registration.deregister_args {
            Some(args) => self.call_info(setup, &Encoded(args)).await,
            None => self.call_info(setup, &callback).await,
        };
        if let Err(error) = result {
            // Nobody is left to be told; events that still come are dropped.
            tracing::debug!(event = registration.event.name, %error, "deregistration failed");
        }
        self.inner.registry.settle(registration.key(), None);
    }
}

impl RawSubscription {
    /// The kinds of message that the daemon has agreed to send.
    pub(crate) fn message_kinds(&self) -> impl Iterator<Item = MessageKind> {
        let registrations = self.shares.iter().map(|share| &share.registration);
        registrations.map(Registration::message_kind)
    }

    pub(crate) fn split(&mut self) -> (&Connect, &mut EventReader) {
        (&self.conn, &mut self.events)
    }
}

impl EventReader {
    /// The next event or gap, in order. After `Ended` it says nothing else any more.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next<'_>> {
        loop {
            if self.next < self.batch.len() {
                self.next += 1;
                let (kind, body) = self.batch.get(self.next - 1).unwrap_or_default();
                return Poll::Ready(Next::Message(kind, body));
            }
            if self.lagged > 0 {
                return Poll::Ready(Next::Lagged(std::mem::take(&mut self.lagged)));
            }
            self.next = 0;
            match self.queue.poll_take(&mut self.batch, cx.waker()) {
                Poll::Ready(Taken::Batch { lagged }) => self.lagged = lagged,
                Poll::Ready(Taken::Ended(reason)) => {
                    self.batch.clear();
                    return Poll::Ready(Next::Ended(reason));
                }
                Poll::Pending => {
                    self.batch.clear();
                    return Poll::Pending;
                }
            }
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let route = Route::new(self.registration.event.into(), self.callback);
        let queue = &self.queue;
        self.conn
            .inner
            .shared
            .with_engine(|engine| engine.detach_queue(route, queue));
        let key = self.registration.key();
        let mut entries = self.conn.inner.registry.lock();
        let Some(Entry::Active { subscriptions, .. }) = entries.get_mut(&key) else {
            return;
        };
        *subscriptions -= 1;
        if *subscriptions == 0 {
            entries.insert(key, Entry::Busy);
            drop(entries);
            let conn = self.conn.clone();
            let deregistering = conn.deregister(self.registration.clone(), self.callback);
            self.conn.inner.runtime.spawn(deregistering);
        }
    }
}

impl fmt::Debug for RawSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.shares).finish()
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("event", &self.registration.event.name)
            .field("callback", &self.callback)
            .finish_non_exhaustive()
    }
}
