//! Starting calls, and waiting until they may be sent.

use std::sync::Arc;
use std::time::Duration;

use super::expiry::until;
use super::shared::Shared;
use crate::error::{Error, Waiting};
use crate::rpc::admission::Ticket;
use crate::rpc::calls::CallSetup;
use crate::rpc::engine::{Hindrance, StartError};
use crate::xdr::Encode;

/// The reason why a call could not be started now.
enum Refused {
    Hindered(Hindrance),
    Start(StartError),
}

/// A call's place in the queue of long calls, released on drop.
struct QueueTicket<'a> {
    shared: &'a Shared,
    ticket: Option<Ticket>,
}

impl Drop for QueueTicket<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.with_engine(|engine| engine.leave_queue(ticket));
        }
    }
}

impl Shared {
    /// Starts a call as soon as it may be sent, or fails at its deadline.
    pub(super) async fn start(
        self: &Arc<Self>,
        mut setup: CallSetup,
        after: Duration,
        args: &(dyn Encode + Sync),
    ) -> Result<u32, Error> {
        let mut queued = QueueTicket { shared: self, ticket: None };
        let mut result = self.try_start(&mut setup, &mut queued.ticket, args);
        loop {
            let hindrance = match result {
                Ok(serial) => return Ok(serial),
                Err(Refused::Start(error)) => return Err(start_error(setup.procedure, error)),
                Err(Refused::Hindered(hindrance)) => hindrance,
            };
            let mut room = std::pin::pin!(self.room.notified());
            room.as_mut().enable();
            // Earlier changes are seen by this attempt, later ones notify `room`.
            result = self.try_start(&mut setup, &mut queued.ticket, args);
            if let Err(Refused::Hindered(_)) = result {
                let changed = until(self, setup.deadline, room.as_mut());
                if changed.await.is_none() {
                    return Err(Error::Timeout {
                        operation: setup.procedure,
                        after,
                        waiting: self.waiting_to_be_sent(hindrance),
                    });
                }
                result = self.try_start(&mut setup, &mut queued.ticket, args);
            }
        }
    }

    fn try_start(
        &self,
        setup: &mut CallSetup,
        ticket: &mut Option<Ticket>,
        args: &(dyn Encode + Sync),
    ) -> Result<u32, Refused> {
        let mut guard = self.lock();
        let state = &mut *guard;
        if let Some(hindrance) = state.engine.hindrance(setup, ticket) {
            return Err(Refused::Hindered(hindrance));
        }
        // The driver must expect descriptors before it reads on, so it sends those calls itself.
        let lone = state.engine.outbox.is_empty()
            && state.engine.unanswered() == 0
            && !setup.expects_descriptors;
        let deadline = setup.deadline;
        let setup = setup.take();
        let serial = state.engine.start_call(setup, args).map_err(Refused::Start)?;
        // A driver that has paused reading must know that somebody waits.
        let mut wake = state.engine.is_behind()
            || deadline.is_some_and(|due| state.armed.is_none_or(|armed| due < armed));
        if lone {
            wake |= !state.write_now();
        } else if !state.flush_requested {
            state.flush_requested = true;
            wake = true;
        }
        let waker = if wake { state.driver.clone() } else { None };
        drop(guard);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(serial)
    }

    /// Returns the state of a call that could not be sent in time.
    fn waiting_to_be_sent(&self, hindrance: Hindrance) -> Waiting {
        let state = self.lock();
        match hindrance {
            Hindrance::NoRoom => Waiting::Room { unsent_bytes: state.engine.outbox.len() },
            Hindrance::NoTurn => Waiting::Turn { unanswered: state.engine.unanswered_by_name() },
        }
    }
}

fn start_error(procedure: &'static str, error: StartError) -> Error {
    match error {
        StartError::Encode(error) => Error::unsendable(procedure, error),
        StartError::NoSerial => Error::InvalidArgument {
            procedure,
            reason: "a million calls are in flight on this connection".to_owned(),
        },
        StartError::Ended(reason) => Error::NotSent(reason),
    }
}
