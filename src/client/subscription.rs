//! Subscriptions: queues of the events that were registered for.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::connection::Connect;
use super::registration::Registration;
use super::registry::Share;
use super::running::until;
use crate::error::{CloseReason, Error, Result};
use crate::rpc::events::{Batch, EventQueue, MessageKind, Taken};

/// A subscriber's events from one or several registrations, in the order of their arrival.
pub(crate) struct RawSubscription {
    shares: Vec<Share>,
    left_out: Vec<Error>,
    events: EventReader,
    /// Dropped last: dropping the shares needs it to deregister.
    conn: Connect,
}

/// The reading end of a queue: takes whole batches, returns single events.
pub(crate) struct EventReader {
    queue: Arc<EventQueue>,
    batch: Batch,
    /// The index of the first event of `batch` that was not returned yet.
    next: usize,
    /// The number of events lost after those of `batch`.
    lagged: u64,
}

/// An item of a subscription.
#[derive(Debug)]
pub(crate) enum Next<'a> {
    /// Kind and body of one message.
    Message(MessageKind, &'a [u8]),
    /// This many events were lost here.
    Lagged(u64),
    Ended(CloseReason),
}

impl Connect {
    /// Subscribes; once the daemon has confirmed, no event is missed. Registrations are left out that
    /// fail with an error that is `dispensable`, unless those are all.
    ///
    /// The timeout is that of this handle's calls. A registration that times out is removed when
    /// the daemon confirms it later, unless somebody else wants it by then.
    pub(crate) async fn subscribe_raw(
        &self,
        registrations: Vec<Registration>,
        dispensable: fn(&Error) -> bool,
    ) -> Result<RawSubscription> {
        let options = self.options();
        let queue = EventQueue::new(options.max_queued_events, options.max_queued_event_bytes);
        let deadline = self.deadline(false);
        let share = |registration| self.registry().share(registration, &queue);
        // All are requested before the first is waited for.
        let sharing: Vec<_> = registrations.into_iter().map(share).collect();
        let mut shares = Vec::with_capacity(sharing.len());
        let mut left_out = Vec::new();
        for share in sharing {
            let procedure = share.registration().register.name;
            let settled = until(self.shared(), deadline.at, share.settled()).await;
            let expired = || Error::Timeout {
                operation: procedure,
                after: deadline.after,
                waiting: self.shared().waiting_for_reply(),
            };
            match settled.unwrap_or_else(|| Err(expired())) {
                Ok(()) => shares.push(share),
                Err(error) if dispensable(&error) => left_out.push(error),
                Err(error) => return Err(error),
            }
        }
        if shares.is_empty()
            && let Some(error) = left_out.pop()
        {
            return Err(error);
        }
        Ok(RawSubscription {
            shares,
            left_out,
            events: EventReader { queue, batch: Batch::default(), next: 0, lagged: 0 },
            conn: self.clone(),
        })
    }
}

impl RawSubscription {
    /// Returns the kinds of message that the daemon has agreed to send.
    pub(crate) fn message_kinds(&self) -> impl Iterator<Item = MessageKind> {
        let registrations = self.shares.iter().map(Share::registration);
        registrations.map(Registration::message_kind)
    }

    /// Returns the errors of the registrations that are left out.
    pub(crate) fn left_out(&self) -> &[Error] {
        &self.left_out
    }

    pub(crate) fn split(&mut self) -> (&Connect, &mut EventReader) {
        (&self.conn, &mut self.events)
    }
}

impl EventReader {
    /// Polls the next event or gap, in order. Returns nothing but `Ended` after the end.
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
                Poll::Ready(Taken::Ended(reason)) => return Poll::Ready(Next::Ended(reason)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl fmt::Debug for RawSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.shares).finish()
    }
}
