//! Registrations with the daemon, each shared by all subscribers to the same events.
//!
//! A subscriber only changes a count. A task of the registration's own, at most one at a time, then
//! registers or deregisters with the daemon as the count demands. The task waits for the daemon's
//! reply for as long as the connection lasts, because only the reply tells what is registered;
//! subscribers have their own timeouts.

use std::collections::HashMap;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::registration::{NamedBy, Registration};
use super::running::{Encoded, PendingCall, Shared, undecodable};
use crate::error::{CloseReason, Error, ProtocolError, RemoteError, Result};
use crate::rpc::calls::CallSetup;
use crate::rpc::events::{Binding, EventQueue, EventRouter, Group};
use crate::xdr::{self, Encode};

/// The identity of a registration on a connection: the procedure and its arguments. The daemon
/// refuses a second one with the same identity.
type Key = (u32, u32, Vec<u8>);

fn key(registration: &Registration) -> Key {
    let register = registration.register;
    let args = registration.args.clone();
    (register.program.number, register.number, args)
}

/// The registrations of one connection.
///
/// Its lock is taken before those of entries, and those before the engine's.
#[derive(Debug)]
pub(super) struct Registry {
    shared: Arc<Shared>,
    /// The runtime of the tasks.
    runtime: Handle,
    entries: Mutex<HashMap<Key, Arc<Entry>>>,
}

impl Registry {
    pub(super) fn new(shared: Arc<Shared>, runtime: Handle) -> Self {
        Self { shared, runtime, entries: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Entry>>> {
        // No critical section can panic halfway through a change.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One registration, from its first subscriber until the daemon has removed it.
#[derive(Debug)]
struct Entry {
    registration: Registration,
    /// The recipients of its events.
    group: Group,
    state: Mutex<EntryState>,
    /// Notified when the daemon has confirmed the registration, and when it has failed.
    settled: Notify,
}

#[derive(Debug)]
struct EntryState {
    standing: Standing,
    /// The number of subscribers.
    shares: usize,
    /// Set while a task works on the registration.
    busy: bool,
}

#[derive(Debug)]
enum Standing {
    Absent,
    /// Confirmed, with the callback ID if the daemon returned one.
    Registered(Option<i32>),
    /// Refused, or the connection has ended; the entry is no longer in the registry.
    Failed(Failure),
}

impl Entry {
    fn new(registration: Registration, group: Group) -> Self {
        Self {
            registration,
            group,
            state: Mutex::new(EntryState { standing: Standing::Absent, shares: 0, busy: false }),
            settled: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, EntryState> {
        // No critical section can panic halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the daemon has confirmed the registration.
    async fn settled(&self) -> Result<()> {
        loop {
            let mut settled = pin!(self.settled.notified());
            settled.as_mut().enable();
            match &self.lock().standing {
                Standing::Absent => {}
                Standing::Registered(_) => return Ok(()),
                Standing::Failed(failure) => {
                    return Err(failure.error(self.registration.register.name));
                }
            }
            settled.await;
        }
    }
}

/// The reason why a registration failed, which each of its subscribers gets.
#[derive(Debug)]
enum Failure {
    Remote(RemoteError),
    Protocol(ProtocolError),
    Closed(CloseReason),
    /// The request could not be sent, for this reason.
    Unsendable(String),
}

impl Failure {
    fn error(&self, procedure: &'static str) -> Error {
        match self {
            Self::Remote(error) => error.clone().into(),
            Self::Protocol(error) => error.clone().into(),
            Self::Closed(reason) => Error::Closed(reason.clone()),
            Self::Unsendable(reason) => {
                Error::InvalidArgument { procedure, reason: reason.clone() }
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Remote(error) => Self::Remote(*error),
            Error::Protocol(error) => Self::Protocol(error),
            Error::Closed(reason) | Error::NotSent(reason) => Self::Closed(reason),
            Error::InvalidArgument { reason, .. } => Self::Unsendable(reason),
            other => Self::Unsendable(other.to_string()),
        }
    }
}

/// One subscriber's share of a registration, which is removed with its last share.
pub(super) struct Share {
    registry: Arc<Registry>,
    entry: Arc<Entry>,
    queue: Arc<EventQueue>,
}

impl Registry {
    /// Joins a registration, or makes it if there is none; `queue` gets its events.
    pub(super) fn share(
        self: &Arc<Self>,
        registration: Registration,
        queue: &Arc<EventQueue>,
    ) -> Share {
        let shared = &self.shared;
        let mut entries = self.lock();
        let entry = entries.entry(key(&registration)).or_insert_with(|| {
            let group = shared.with_events(EventRouter::open_group);
            Arc::new(Entry::new(registration, group))
        });
        let entry = Arc::clone(entry);
        let mut state = entry.lock();
        state.shares += 1;
        shared.with_events(|events| events.join(entry.group, Arc::clone(queue)));
        let starts = matches!(state.standing, Standing::Absent) && !state.busy;
        state.busy |= starts;
        drop(state);
        drop(entries);
        if starts {
            self.operate(&entry);
        }
        Share { registry: Arc::clone(self), entry, queue: Arc::clone(queue) }
    }

    /// Spawns the task that brings the daemon's registration in line with the count. No lock may be
    /// held: on a runtime that has shut down the task is dropped at once.
    fn operate(self: &Arc<Self>, entry: &Arc<Entry>) {
        let (registry, entry) = (Arc::clone(self), Arc::clone(entry));
        let operation = Operation { registry, entry, done: false };
        self.runtime.spawn(operation.run());
    }
}

impl Share {
    pub(super) fn registration(&self) -> &Registration {
        &self.entry.registration
    }

    /// Waits until the daemon has confirmed the registration; no later event is missed.
    pub(super) async fn settled(&self) -> Result<()> {
        self.entry.settled().await
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let shared = &self.registry.shared;
        shared.with_events(|events| events.leave(self.entry.group, &self.queue));
        let mut state = self.entry.lock();
        state.shares -= 1;
        let unwanted = state.shares == 0 && matches!(state.standing, Standing::Registered(_));
        let starts = unwanted && !state.busy;
        state.busy |= starts;
        drop(state);
        if starts {
            self.registry.operate(&self.entry);
        }
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("event", &self.entry.registration.event.name)
            .field("standing", &self.entry.lock().standing)
            .finish_non_exhaustive()
    }
}

/// The task that works on an entry. It does not keep the connection open.
struct Operation {
    registry: Arc<Registry>,
    entry: Arc<Entry>,
    /// Set once the entry needs no more work; a new task may then be at it already.
    done: bool,
}

/// The next call that brings a registration in line with its count.
enum Action {
    Register,
    Deregister(Option<i32>),
}

impl Operation {
    async fn run(mut self) {
        while let Some(action) = self.next_action() {
            match action {
                Action::Register => self.register().await,
                Action::Deregister(callback) => self.deregister(callback).await,
            }
        }
    }

    /// Returns the next action; `None` ends the task.
    fn next_action(&mut self) -> Option<Action> {
        let mut entries = self.registry.lock();
        let mut state = self.entry.lock();
        match (&state.standing, state.shares) {
            (Standing::Absent, 1..) => return Some(Action::Register),
            (&Standing::Registered(callback), 0) => {
                state.standing = Standing::Absent;
                return Some(Action::Deregister(callback));
            }
            (Standing::Registered(_), 1..) => {}
            (Standing::Absent, 0) | (Standing::Failed(_), _) => {
                self.registry.shared.with_events(|events| events.close_group(self.entry.group));
                entries.remove(&key(&self.entry.registration));
            }
        }
        state.busy = false;
        self.done = true;
        drop(state);
        drop(entries);
        self.entry.settled.notify_waiters();
        None
    }

    async fn register(&self) {
        let registration = &self.entry.registration;
        let has_callback_id = registration.has_callback_id();
        let mut setup = CallSetup::new(registration.register);
        setup.binding = Some(Binding {
            event: registration.event.into(),
            has_callback_id,
            group: self.entry.group,
        });
        let args = Encoded(&registration.args);
        let reply = self.call(setup, &args).await;
        let callback = reply.and_then(|reply| {
            if !has_callback_id {
                return Ok(None);
            }
            let procedure = registration.register.name;
            let callback = xdr::from_slice(&reply);
            callback.map(Some).map_err(|source| undecodable(procedure, source))
        });
        self.entry.lock().standing = match callback {
            Ok(callback) => Standing::Registered(callback),
            Err(error) => Standing::Failed(error.into()),
        };
    }

    async fn deregister(&self, callback: Option<i32>) {
        let registration = &self.entry.registration;
        self.registry.shared.with_events(|events| events.unbind(self.entry.group));
        let setup = CallSetup::new(registration.deregister);
        let result = match &registration.named_by {
            NamedBy::Args(args) => self.call(setup, &Encoded(args)).await,
            NamedBy::CallbackId => self.call(setup, &callback.unwrap_or_default()).await,
        };
        if let Err(error) = result {
            // No subscriber is left to get the error; events that still arrive are dropped.
            tracing::debug!(event = registration.event.name, %error, "deregistration failed");
        }
    }

    /// Makes a call whose only time limit is the end of the connection.
    async fn call(&self, setup: CallSetup, args: &(dyn Encode + Sync)) -> Result<Bytes> {
        let call = PendingCall::begin(&self.registry.shared, setup, Duration::ZERO, args).await?;
        Ok(call.finish::<()>().await?.into_bytes())
    }
}

impl Drop for Operation {
    /// Fails the registration if the runtime shuts down meanwhile, so that no subscriber waits
    /// forever.
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let reason = self.registry.shared.end_reason();
        let reason = reason.unwrap_or(CloseReason::RuntimeGone);
        self.entry.lock().standing = Standing::Failed(Failure::Closed(reason));
        self.next_action();
    }
}
