//! Deadlines of whoever waits for something else than a reply.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::clock::now;
use super::shared::Shared;
use crate::rpc::alarms::AlarmKey;

/// A point in time at which a wait ends.
///
/// The connection's driver has the timer: it can be waited for from any executor. Once the driver is
/// gone nothing is waited for any more.
#[derive(Debug)]
pub(super) struct Expiry {
    shared: Arc<Shared>,
    at: Option<Instant>,
    alarm: Option<AlarmKey>,
}

impl Expiry {
    /// Without a point in time it never comes.
    pub(super) fn new(shared: &Arc<Shared>, at: Option<Instant>) -> Self {
        Self { shared: Arc::clone(shared), at, alarm: None }
    }

    pub(super) fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        if at <= now() {
            return Poll::Ready(());
        }
        self.alarm = Some(self.shared.set_alarm(self.alarm, at, cx.waker()));
        Poll::Pending
    }
}

impl Drop for Expiry {
    fn drop(&mut self) {
        if let Some(key) = self.alarm {
            self.shared.remove_alarm(key);
        }
    }
}

/// What `waiting` gives, or nothing once the time has come.
pub(crate) async fn until<T>(
    shared: &Arc<Shared>,
    at: Option<Instant>,
    waiting: impl Future<Output = T>,
) -> Option<T> {
    let mut expiry = Expiry::new(shared, at);
    let mut waiting = pin!(waiting);
    poll_fn(|cx| match waiting.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => expiry.poll_expired(cx).map(|()| None),
    })
    .await
}

/// The end of a wait during which the daemon takes nothing of what was sent to it.
#[derive(Debug)]
pub(crate) struct Stall {
    after: Duration,
    sent: u64,
    expiry: Expiry,
}

impl Stall {
    pub(crate) fn new(shared: &Arc<Shared>, after: Duration) -> Self {
        Self {
            after,
            sent: shared.sent().0,
            expiry: Expiry::new(shared, now().checked_add(after)),
        }
    }

    /// Ready, with the number of bytes that wait to be taken, once nothing has been taken for so long.
    pub(crate) fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        while self.expiry.poll_expired(cx).is_ready() {
            let (sent, unsent) = self.expiry.shared.sent();
            if sent == self.sent {
                return Poll::Ready(unsent);
            }
            *self = Self::new(&Arc::clone(&self.expiry.shared), self.after);
        }
        Poll::Pending
    }
}
