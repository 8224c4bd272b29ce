//! Deadlines of waits other than those for a reply.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::clock::now;
use super::shared::Shared;
use crate::rpc::alarms::AlarmKey;

/// The end of a wait, and the timeout that has led to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    /// `None` if it never passes.
    pub(crate) at: Option<Instant>,
    pub(crate) after: Duration,
}

impl Deadline {
    /// Creates a deadline from now on. A timeout that the clock cannot represent is none.
    pub(crate) fn new(timeout: Option<Duration>) -> Self {
        Self {
            at: timeout.and_then(|timeout| now().checked_add(timeout)),
            after: timeout.unwrap_or_default(),
        }
    }
}

/// A deadline of a wait.
///
/// The driver task has the timer, so any executor can wait for it. Once the driver task has ended,
/// it never fires.
#[derive(Debug)]
pub(crate) struct Expiry {
    shared: Arc<Shared>,
    at: Option<Instant>,
    alarm: Option<AlarmKey>,
}

impl Expiry {
    /// Creates a deadline; `None` never passes.
    pub(crate) fn new(shared: &Arc<Shared>, at: Option<Instant>) -> Self {
        Self { shared: Arc::clone(shared), at, alarm: None }
    }

    pub(crate) fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
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

/// Returns the output of `waiting`, or `None` once the deadline has passed.
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

/// A timeout that passes when the daemon takes none of the sent bytes meanwhile.
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

    /// Returns the number of unsent bytes once the daemon has taken none for the whole timeout.
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
